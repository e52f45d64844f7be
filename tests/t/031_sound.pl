# verify() finds nothing in a ledger with which people did whatever the product
# allows: roll back, erase, rename, drop, reset; nor while others record.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = start_node('sound', conf => "deadlock_timeout = 100ms\n");
fill_ledger($node);

# Do something, which may fail, and test that the ledger is sound after it.
sub after
{
	my ($what, $sql, $database) = @_;
	my ($result, $out, $err) = $node->psql($database // 'postgres', $sql, on_error_stop => 0);

	sound($node, "sound after $what", $database);
	return $err;
}

# ---- transactions ----

after('a rollback', q{BEGIN; SELECT consent.opt_in('ann', 'train'); SELECT consent.opt_in('new', 'train', evidence => '1'); ROLLBACK});
after('savepoints', q{
	BEGIN; SELECT consent.opt_in('ann', 'train'); SAVEPOINT a; SELECT consent.opt_out('ann', 'improve'); SAVEPOINT b;
	SELECT consent.opt_in('new', 'train'); ROLLBACK TO a; SELECT consent.opt_in('newer', 'improve'); RELEASE a; COMMIT});
after('exceptions', q{DO $$ BEGIN
	FOR i IN 1..20 LOOP
		BEGIN
			PERFORM consent.opt_in('loop' || i % 7, 'train');
			IF i % 3 = 0 THEN PERFORM 1 / 0; END IF;
		EXCEPTION WHEN division_by_zero THEN PERFORM consent.opt_out('loop' || i, 'train');
		END;
	END LOOP; END $$});
like(after('a statement that fails in its middle', q{INSERT INTO consent.event (subject, choices)
	SELECT 'half' || i, CASE i WHEN 9000 THEN '+nothing' ELSE '+train' END::consent.consent FROM generate_series(1, 10000) i}),
	qr/unknown purpose/, 'which is refused');
after('an event with other events in its transaction', q{
	BEGIN; WITH a AS (INSERT INTO consent.event (subject, choices) VALUES ('cte1', '+train'), ('cte2', '-train') RETURNING event_id)
	SELECT consent.opt_in('cte' || row_number() OVER (), 'improve') FROM a;
	DECLARE c CURSOR FOR SELECT consent.opt_in('cursor' || i, 'train') FROM generate_series(1, 100) i; FETCH 30 FROM c; COMMIT});
after('names, texts and times at their limits', q{
	SELECT consent.opt_in(E'\U0001F600 "x"\\\n\t\u0001', 'train', at => '0001-01-01 00:00:00.000001Z', actor => 'import', method => repeat('é', 20000), source => E'\u2028');
	SELECT consent.opt_in(repeat('k', 1024), 'train', evidence => ('"' || repeat('e', 1000000) || '"')::json);
	SELECT consent.record_choices('limits', '~train until 9999-12-31T23:59:59.999999Z for [0001-01-01T00:00:00Z,)')});
after('a change of jurisdiction', q{
	SELECT consent.opt_in('mover', 'train', jurisdiction => 'FR', at => now() - interval '2 hours');
	SELECT consent.opt_in('mover', 'train', jurisdiction => 'US', at => now() - interval '3 hours');
	SELECT consent.opt_in('mover', 'improve', jurisdiction => 'DE', at => now() - interval '2 hours')});

# ---- declarations ----

after('declarations that were taken back, and repeated', q{
	BEGIN; SELECT consent.define_purpose('gone'); SELECT consent.publish_notice('gone', '1', 'x', '{gone}'); SELECT consent.set_preset('~gone'); ROLLBACK;
	SELECT consent.define_purpose('improve', title => 'Improve our products');
	BEGIN; SELECT consent.define_purpose('kept'); SAVEPOINT a; SELECT consent.define_purpose('lost'); ROLLBACK TO a; SELECT consent.set_preset('~kept', 'DE'); COMMIT;
	SELECT consent.end_preset('kept', 'DE');
	SELECT consent.publish_notice('empty', '1', '', '{}', language => NULL)});

# ---- tables ----

after('tables renamed, moved, declared anew and dropped', q{
	CREATE SCHEMA app; CREATE TABLE app."Odd, ""table""" ("Who" text, id uuid PRIMARY KEY, t timestamptz);
	INSERT INTO app."Odd, ""table""" SELECT 'ann', gen_random_uuid(), now() FROM generate_series(1, 10);
	SELECT consent.protect('app."Odd, ""table"""', '{Who}');
	SELECT consent.protect('app."Odd, ""table"""', '{Who}', collected_at => 't', rule => 'any');
	ALTER TABLE app."Odd, ""table""" RENAME COLUMN "Who" TO whom;
	ALTER SCHEMA app RENAME TO application;
	BEGIN; ALTER TABLE application."Odd, ""table""" RENAME TO odd; ROLLBACK;
	ALTER TABLE application."Odd, ""table""" SET SCHEMA public;
	SELECT consent.opt_out(o, 'train', party => 'ann') FROM "Odd, ""table""" o LIMIT 1;
	SELECT consent.record_choices('ann', '-improve', table_name => 'app.Odd, "table"');
	SELECT consent.open_run('odd', '{train}') AS run \gset
	SELECT count(*) FROM "Odd, ""table""" o WHERE consent.record_use(o, :run);
	DROP TABLE "Odd, ""table"""});

# ---- runs ----

after('runs closed with nothing, twice, and not at all', q{
	SELECT consent.open_run('nothing', '{train}') AS run \gset
	SELECT consent.close_run(:run, 'discarded'), consent.close_run(:run, 'discarded');
	SELECT consent.open_run('not closed', '{train}', source => 's', external_id => 'x') AS run \gset
	SELECT consent.open_run('not closed', '{train}', source => 's', external_id => 'x');
	BEGIN; SELECT consent.record_use(p, :run) FROM post p; SELECT consent.close_run(:run); ROLLBACK;
	BEGIN; SELECT consent.record_use(p, :run) FROM post p; SAVEPOINT a; SELECT consent.close_run(:run); ROLLBACK TO a; COMMIT;
	BEGIN; SELECT consent.open_run('rolled back', '{train}'); ROLLBACK;
	BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT consent.record_use(p, :run) FROM post p; COMMIT;
	SELECT consent.record_use(:run, (SELECT consent.manifest(p, 'train') FROM post p));
	INSERT INTO post VALUES (100, NULL, NULL, now()), (101, 'nobody', 'knows', now());
	SELECT * FROM consent.record_use(:run, 'public.message', '{100,101}'::bigint[]);
	BEGIN; SELECT consent.record_use(p, :run) FROM post p; SELECT consent.close_run(:run, 'failed'); COMMIT});

# ---- erasures ----

after('erasures', q{
	SELECT consent.open_run('of the erased', '{train}') AS run \gset
	BEGIN; SELECT consent.erase_subject('gus'); ROLLBACK;
	BEGIN; SELECT count(*) FROM post p WHERE consent.record_use(p, :run); SELECT consent.erase_subject('gus'); COMMIT;
	SELECT consent.erase_subject('ivy');
	SELECT count(*) FROM post p WHERE consent.record_use(p, :run);
	SELECT consent.close_run(:run);
	SELECT consent.opt_in('gus', 'train', evidence => '{"again": true}');
	SELECT consent.erase_subject('gus');
	SELECT consent.serve_notice('gus', 'privacy/1');
	SELECT consent.record_choices('gus', '~train', actor => 'admin');
	SELECT consent.opt_in('gus', 'train', evidence => '{"again": true}');
	BEGIN; SELECT consent.opt_in('short', 'train', evidence => '1'); SELECT consent.erase_subject('short'); COMMIT;
	SELECT consent.erase_subject('eve', 'admin', 'letter', '{"letter": 1}')});

# ---- the server's own ----

after('maintenance', q{VACUUM FULL; VACUUM FREEZE; REINDEX DATABASE postgres; CLUSTER consent.event_log USING event_log_pkey; ANALYZE});
after('an erasure, later', q{SELECT consent.erase_subject('hal')});

# In transactions that see less, or more, than others do.
is($node->safe_psql('postgres', q{BEGIN; SELECT consent.opt_in('inside', 'train'); SELECT consent.define_purpose('inside');
	SELECT consent.erase_subject('inside'); SELECT kind, thing FROM consent.verify(); ROLLBACK} =~ s/SELECT consent\.(\w+)\((.*?)\);/DO \$\$ BEGIN PERFORM consent.$1($2); END \$\$;/gr),
	'', 'sound within a transaction that has recorded');

# ---- ledgers of other kinds, and one for tests that is emptied ----

for my $type ('bigint', 'uuid')
{
	my $one = $type eq 'bigint' ? '-9223372036854775808' : '00000000-0000-0000-0000-000000000001';

	$node->safe_psql('postgres', "CREATE DATABASE $type");
	make_ledger($node, $type, $type);
	after("a $type ledger", qq{
		SELECT consent.define_purpose('train');
		CREATE TABLE doc (id text PRIMARY KEY, owner $type); INSERT INTO doc VALUES ('a', '$one'), ('b', NULL);
		SELECT consent.protect('doc', '{owner}');
		SELECT consent.opt_in('$one'::$type, 'train');
		SELECT consent.open_run('r', '{train}') AS run \\gset
		SELECT count(*) FROM doc d WHERE consent.record_use(d, :run);
		SELECT consent.close_run(:run);
		SELECT consent.erase_subject('$one'::$type)}, $type);
}
$node->safe_psql('postgres', 'CREATE DATABASE trial');
make_ledger($node, 'trial', 'text', 1);
for my $time ('once', 'again')
{
	after("a ledger for tests, $time", q{
		SELECT consent.define_purpose('train');
		CREATE TABLE IF NOT EXISTS doc (id bigint PRIMARY KEY, owner text); INSERT INTO doc VALUES (1, 'ann') ON CONFLICT DO NOTHING;
		SELECT consent.protect('doc', '{owner}');
		SELECT consent.opt_in('ann', 'train', evidence => '1');
		BEGIN; SELECT consent.open_run('r', '{train}') AS run \gset
		SELECT count(*) FROM doc d WHERE consent.record_use(d, :run); ROLLBACK;
		BEGIN; SELECT consent.open_run('r', '{train}') AS run \gset
		SELECT count(*) FROM doc d WHERE consent.record_use(d, :run); SELECT consent.close_run(:run); COMMIT;
		SELECT consent.erase_subject('ann')}, 'trial');
	my ($result, $out, $err) = $node->psql('trial', 'SELECT consent.reset_ledger(); SELECT * FROM consent.verify()');
	like($err, qr/there is no ledger/, "emptied $time");
	$node->safe_psql('trial', q{SELECT consent.create_ledger('trial.example', 'text', true)});
}

# ---- while others record ----

my $script = $node->basedir . '/all.sql';
append_to_file($script, q{
\set who random(1, 30)
\set what random(1, 12)
\if :what = 1
	DO $$ BEGIN PERFORM consent.erase_subject('p' || :who); EXCEPTION WHEN SQLSTATE '02000' THEN NULL; END $$;
\elif :what = 2
	SELECT consent.open_run('run', '{train}') AS run \gset
	SELECT count(*) FROM post p WHERE consent.record_use(p, :run);
	BEGIN;
	SELECT count(*) FROM post p WHERE consent.record_use(p, :run);
	ROLLBACK;
	SELECT consent.close_run(:run);
\elif :what = 3
	SELECT consent.define_purpose('p' || :client_id || '_' || :who);
\elif :what = 4
	BEGIN;
	SELECT consent.opt_in('q' || :client_id || :who, 'train', evidence => '{"form": 1}');
	SAVEPOINT a;
	SELECT consent.opt_out('q' || :client_id || :who, 'train');
	ROLLBACK TO a;
	COMMIT;
\elif :what = 5
	SELECT consent.record_choices('p' || :who, '-train', table_name => 'public.message', row_key => :who::text);
\else
	INSERT INTO consent.event (subject, choices, jurisdiction, evidence) SELECT 'p' || i, '-improve', 'DE', '{"form": 2}' FROM generate_series(:who, :who + 10) i;
\endif
});
my ($said, $errors) = ('', '');
my $crowd = IPC::Run::start([ 'pgbench', '-n', '-c6', '-T15', '--max-tries=5', '-f', $script, $node->connstr('postgres') ], \'', \$said, \$errors);
my $runs = 0;
my $findings = '';
for (my $end = time + 13; time < $end; $runs++)
{
	$findings .= $node->safe_psql('postgres', 'SELECT * FROM consent.verify()');
}
$crowd->finish;
is($findings, '', 'nothing is found while others record');
cmp_ok($runs, '>', 2, "though it was looked for $runs times");
like($said, qr/number of transactions actually processed: [1-9]\d+/, 'and they did record');
unlike($errors, qr/aborted/, 'without an error');
is($node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', 'and without a deadlock');
sound($node, 'sound at the end');
$node->stop;
done_testing();
