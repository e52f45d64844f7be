# Uses survive what their transactions do not: rollbacks, savepoints, kill -9.
# Sets larger than work_mem spill and stay the same. Replicas make manifests.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = start_node('runs', allows_streaming => 1, conf => "restart_after_crash = on\nmax_prepared_transactions = 2\n");

sub sql { return $node->safe_psql('postgres', $_[0]) }

# The error of a statement that fails.
sub failure
{
	my ($on, $query) = @_;
	my ($result, $out, $err) = $on->psql('postgres', $query);

	return $result == 0 ? 'none' : $err;
}

sql(q{
	SELECT consent.define_purpose('train');
	CREATE TABLE post (id bigint PRIMARY KEY, name text UNIQUE, author text, reader text, at timestamptz);
	INSERT INTO post SELECT i, 'post ' || i, 'member' || i % 97, 'member' || i % 89, now() FROM generate_series(1, 60000) i;
	CREATE TABLE note (name text PRIMARY KEY, author text);
	INSERT INTO note SELECT name, author FROM post;
	ANALYZE post, note;
	SELECT consent.protect('post', '{author,reader}', collected_at => 'at');
	SELECT consent.protect('note', '{author}');
	INSERT INTO consent.event (subject, choices) SELECT 'member' || i, '+train' FROM generate_series(0, 79) i;
});
my $use = q{SELECT count(*) FROM post WHERE consent.record_use(%s, 'post', id, ARRAY[author, reader], at)};
my $whole = q{SELECT count(*), sum(hashtext(table_name || row_key || subject_no || verdict_then)) FROM consent.run_uses(%s)};

sub open_run { return sql("SELECT consent.open_run('$_[0]', '{train}')") }

# ---- a run must be committed before it is used ----

like(failure($node, sprintf("BEGIN; SELECT consent.open_run('new', '{train}') AS run \\gset\n$use", ':run')),
	qr/opened by this transaction, which is not yet committed/, 'a run is committed before it is used');
is(sql("SELECT count(*) FROM consent.run WHERE name = 'new'"), '0', 'and is not there');

# ---- savepoints and rollbacks ----

my $run = open_run('rolled back');
my $used = sql(sprintf($use, $run));
my $uses = (split /\|/, sql(sprintf($whole, $run)))[0];
cmp_ok($used, '>', 1000, 'rows are used');
my $other = open_run('savepoint');
sql(sprintf("BEGIN; SAVEPOINT a; $use; ROLLBACK TO a; SAVEPOINT b; SELECT 1; RELEASE b; COMMIT", $other));
is(sql(sprintf($whole, $other)), sql(sprintf($whole, $run)), 'what was read before ROLLBACK TO SAVEPOINT is used');
sql(sprintf("BEGIN; $use; ROLLBACK", $run));
is(sql("SELECT count(*) FROM consent.missing_parts WHERE run_id = $run"), '1', 'a transaction that rolled back shows');
my ($result, $out, $err) = $node->psql('postgres', sprintf("BEGIN; $use; SELECT 1 / 0; COMMIT", $run));
is(sql("SELECT count(*) FROM consent.missing_parts WHERE run_id = $run"), '2', 'one that failed too');
like(failure($node, sprintf("BEGIN; $use; PREPARE TRANSACTION 'x'", $run)), qr/cannot PREPARE/, 'none is prepared');
is(sql("SELECT count(*) FROM consent.missing_parts WHERE run_id = $run"), '3', 'and it shows');
sql("SELECT consent.close_run($run)");
is(sql("SELECT parts, missing, uses FROM consent.run WHERE run_id = $run"), "1|3|$uses", 'the closing event says so');

# ---- spilling ----

for my $memory ('64kB', '1MB', '256MB')
{
	my $spilled = open_run("spilled $memory");

	sql(sprintf("SET work_mem = '$memory'; BEGIN; $use; SAVEPOINT a; $use; ROLLBACK TO a; $use; COMMIT", $spilled, $spilled, $spilled));
	is(sql(sprintf($whole, $spilled)), sql(sprintf($whole, $run)), "the same uses with work_mem $memory");
	sql(qq{SET work_mem = '$memory'; SELECT count(*) FROM note n WHERE consent.record_use(n, $spilled)});
	is(sql("SELECT count(*) FROM consent.run_uses($spilled) WHERE table_name = 'public.note'"),
		sql(q{SELECT count(*) FROM note WHERE consent.permits(ARRAY[author], 'train')}), 'and of text keys');
	sql("SELECT consent.close_run($spilled)");
	is(sql("SELECT missing FROM consent.run WHERE run_id = $spilled"), '0', 'nothing is missing');
}
is(sql(q{SELECT count(DISTINCT (uses, subjects)), count(DISTINCT hash), count(DISTINCT tree) FROM consent.run WHERE name LIKE 'spilled%'}),
	'1|3|3', 'neither hashes nor trees tell that they used the same');
is(sql(q{SELECT count(*) FROM pg_ls_tmpdir()}), '0', 'no temporary file stays');

# ---- by key, in many reports ----

my $keys = open_run('by key');
sql(qq{SET work_mem = '64kB';
	DO \$\$ BEGIN
		FOR i IN 0 .. 9 LOOP
			PERFORM consent.record_use($keys, 'post', array_agg(id)) FROM post WHERE id / 100 % 10 = i OR id < 200;
		END LOOP;
	END \$\$});
is(sql("SELECT count(DISTINCT row_key) FROM consent.run_uses($keys)"), '60000', 'every row is used once');
is(sql("SELECT added, already FROM consent.record_use($keys, 'post', (SELECT array_agg(id) FROM post WHERE id % 3 = 0))"), '0|20000', 'and known to be');

# ---- closing waits for those who use ----

my $waited = open_run('waited for');
my ($in, $told) = ('', '');
my $trainer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], \$in, \$told);
$in .= sprintf("BEGIN; $use;\n", $waited);
$trainer->pump until $told =~ /\d\n/;
my $closer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT consent.close_run($waited)" ]);
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND locktype = 'object'}), 'close_run waits');
is(sql("SELECT outcome IS NULL, (SELECT count(*) FROM consent.missing_parts WHERE run_id = $waited) FROM consent.run WHERE run_id = $waited"),
	't|0', 'nothing is missing of what is still under way');
$in .= "COMMIT;\n\\q\n";
$trainer->finish;
$closer->finish;
is(sql("SELECT outcome, parts, missing, uses FROM consent.run WHERE run_id = $waited"), "completed|1|0|$uses", 'and counts what they used');

# ---- kill -9 in the middle of a run ----

my $killed = open_run('killed');
($in, $told) = ('', '');
$trainer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], \$in, \$told, '2>', \my $noise);
$in .= sprintf("SELECT pg_backend_pid();\nBEGIN; $use;\n", $killed);
$trainer->pump until $told =~ /\d+\n\d+\n/;
my ($pid) = split /\n/, $told;
kill 'KILL', $pid;
eval { $in .= "\\q\n"; $trainer->finish };
ok($node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'the server is back');
is(sql("SELECT missing_parts, parts, uses FROM consent.unclosed_runs WHERE run_id = $killed"), '1|0|0', 'what the dead one read is missing');
sql(sprintf($use, $killed));
sql("SELECT consent.close_run($killed, 'failed')");
is(sql("SELECT parts, missing, uses FROM consent.run WHERE run_id = $killed"), "1|1|$uses", 'the run goes on, and says so');

# ---- the server is killed in the middle of a run ----

my $struck = open_run('struck');
($in, $told) = ('', '');
$trainer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], \$in, \$told, '2>', \$noise);
$in .= sprintf("SELECT pg_backend_pid();\nBEGIN; $use;\n", $struck);
$trainer->pump until $told =~ /\d+\n\d+\n/;
kill_server($node, (split /\n/, $told)[0]);
eval { $in .= "\\q\n"; $trainer->finish };
$node->start;
is(sql("SELECT missing_parts, parts, uses FROM consent.unclosed_runs WHERE run_id = $struck"), '1|0|0', 'what was read when the server died is missing');
sql(sprintf($use, $struck));
sql("SELECT consent.close_run($struck)");
is(sql("SELECT parts, missing, uses FROM consent.run WHERE run_id = $struck"), "1|1|$uses", 'the run goes on, and says so');
sound($node, 'sound after the server was killed');

# ---- a replica makes a manifest, the ledger records it ----

$node->backup('copy');
my $replica = PostgreSQL::Test::Cluster->new('replica');
$replica->init_from_backup($node, 'copy', has_streaming => 1);
$replica->start;
my $distributed = open_run('distributed');
$node->wait_for_catchup($replica, 'replay', $node->lsn('insert'));
like(failure($replica, sprintf($use, $distributed)), qr/cannot record uses on a hot standby/, 'a replica records no uses');
my $collect = q{SELECT consent.manifest('{train}', 'post', id, ARRAY[author, reader], at) FROM post};
my $manifest = $replica->safe_psql('postgres', $collect);
is($manifest, sql($collect), 'a replica makes the same manifest');
sql("SELECT consent.opt_out('member7', 'train')");
$node->safe_psql('postgres', "CREATE TABLE sent (m consent.manifest); INSERT INTO sent VALUES ('$manifest')");
sql("SELECT consent.record_use($distributed, m) FROM sent");
is(sql("SELECT DISTINCT s.key FROM consent.run_uses($distributed) u JOIN consent.subject s USING (subject_no) WHERE verdict_then = 'denied'"),
	'member7', 'who changed since is asked about again');
my $by_key = open_run('by key');
sql("SELECT consent.record_use($by_key, 'post', array_agg(id)) FROM post");
my $all_uses = sql(sprintf($whole, $by_key));
is(sql(sprintf($whole, $distributed)), $all_uses, 'its other uses stand, block by block');
my $mixed = open_run('beside others');
sql(sprintf("BEGIN; $use AND id %% 7 = 0; SELECT consent.record_use(%s, m), consent.record_use(%s, m) FROM sent; $use AND id %% 5 = 0; COMMIT",
	($mixed) x 4));
is(sql(sprintf($whole, $mixed)), $all_uses, 'each once, whatever else the transaction recorded');
my $taken_back = open_run('taken back');
sql("BEGIN; SAVEPOINT a; SELECT consent.record_use($taken_back, m) FROM sent; ROLLBACK TO a; COMMIT");
is(sql(sprintf($whole, $taken_back)), $all_uses, 'a manifest of which ROLLBACK TO SAVEPOINT takes nothing back');
is($replica->safe_psql('postgres', "SELECT count(*) FROM consent.run_uses($run)"), $uses, 'a replica answers auditors');
my $permitted = q{SELECT count(*) FROM post p WHERE consent.permits(ARRAY[author, reader], 'train', 'post', id::text, at) AND consent.permits(p, 'train')};
is($replica->safe_psql('postgres', $permitted), sql($permitted), 'and says what may be used');
$replica->stop;

# ---- a manifest has a limit ----

$collect = q{SELECT consent.manifest('{train}', 'note', repeat(md5(i::text), 60) || i, ARRAY['member1'], NULL) FROM generate_series(1, 150000) i};
like(failure($node, "\\set VERBOSITY verbose\n$collect"), qr/ERROR:  54000: a manifest exceeds 256 MB\nHINT:  Make several with GROUP BY/, 'a manifest has a limit');

# ---- dump and restore ----

my $file = $node->basedir . '/runs.dump';
my $kept = sql('SELECT run_id, uses, encode(hash, $$hex$$) FROM consent.run ORDER BY 1');
$node->command_ok([ 'pg_dump', '-Fc', '-f', $file, $node->connstr('postgres') ], 'dump');
sql('CREATE DATABASE again');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('again'), $file ], 'restore');
is($node->safe_psql('again', 'SELECT run_id, uses, encode(hash, $$hex$$) FROM consent.run ORDER BY 1'), $kept, 'the runs are there');
is($node->safe_psql('again', sprintf($whole, $other)), sql(sprintf($whole, $other)), 'and what they used');

sound($node, 'sound after all of that');
sound($node, 'the restored one too', 'again');
done_testing();
