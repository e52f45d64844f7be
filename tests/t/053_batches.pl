# A trainer reports batch by batch, each a transaction: whatever was kept from
# one to the next, it is told what is new of each as a plain table tells it.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('batches');

sub sql { return $node->safe_psql('postgres', $_[0]) }

sql(q{
	SELECT consent.define_purpose('train');
	CREATE TABLE post (id bigint PRIMARY KEY, author text, reader text);
	CREATE TABLE note (name text PRIMARY KEY, author text);
	INSERT INTO post SELECT i, nullif('m' || i % 700, 'm0'), 'r' || i % 90 FROM generate_series(1, 20000) i;
	INSERT INTO note SELECT 'note ' || i, 'm' || i % 700 FROM generate_series(1, 3000) i;
	SELECT consent.protect('post', '{author,reader}'), consent.protect('note', '{author}');
	INSERT INTO consent.event (subject, choices) SELECT 'm' || i, '+train' FROM generate_series(0, 600) i;
	CREATE TABLE reported (run bigint, name text, key text, PRIMARY KEY (run, name, key));
	CREATE TABLE differs (batch integer, told text, truth text);

	-- what a run is told, apart from the rollback of a savepoint: what was used there is used
	CREATE FUNCTION note_reported(run bigint, name text, keys text[]) RETURNS bigint LANGUAGE sql AS $$
		WITH new AS (
			INSERT INTO reported SELECT DISTINCT $1, $2, r.key
			FROM (SELECT id::text FROM post WHERE $2 = 'post' UNION ALL SELECT n.name FROM note n WHERE $2 = 'note') r (key)
			WHERE r.key = ANY ($3) ON CONFLICT DO NOTHING RETURNING 1)
		SELECT count(*) FROM new;
	$$;

	-- one batch of keys, some of which are of no row
	CREATE FUNCTION report(batch integer, run bigint, name text, keys text[]) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
		rows bigint := (SELECT count(*) FROM (SELECT id::text FROM post WHERE name = 'post' UNION ALL SELECT n.name FROM note n WHERE report.name = 'note') r (key)
			WHERE key = ANY (keys));
		new bigint;
		told record;
	BEGIN
		SELECT * INTO told FROM consent.record_use(run, name, keys);
		new := note_reported(run, name, keys);
		IF told.added <> new OR told.already <> rows - new THEN
			INSERT INTO differs VALUES (batch, told::text, format('%s new of %s', new, rows));
		END IF;
	END $$;

	-- committed, rolled back, or a part of it, at random; of two runs and two tables
	CREATE PROCEDURE batches(runs bigint[], first integer, n integer, most integer) LANGUAGE plpgsql AS $$
	DECLARE
		run bigint := runs[1];
		name text;
		keys text[];
	BEGIN
		FOR batch IN first .. first + n - 1 LOOP
			IF random() < 0.03 THEN
				run := runs[1 + floor(random() * 2)];
			END IF;
			name := CASE WHEN random() < 0.8 THEN 'post' ELSE 'note' END;
			keys := ARRAY(SELECT CASE name WHEN 'note' THEN 'note ' ELSE '' END || floor(random() * 22000)::bigint FROM generate_series(1, 1 + (random() * most)::integer));
			PERFORM report(batch, run, name, keys);
			IF random() < 0.1 THEN
				keys := ARRAY(SELECT floor(random() * 22000)::bigint::text FROM generate_series(1, 5));
				BEGIN
					PERFORM report(batch, run, 'post', keys);
					RAISE division_by_zero;
				EXCEPTION WHEN division_by_zero THEN
					PERFORM note_reported(run, 'post', keys);
				END;
			END IF;
			IF random() < 0.1 THEN
				PERFORM report(batch, run, 'post', keys);
			END IF;
			IF random() < 0.1 THEN
				ROLLBACK;
			ELSE
				COMMIT;
			END IF;
		END LOOP;
	END $$;
});
my $one = sql("SELECT consent.open_run('one', '{train}')");
my $two = sql("SELECT consent.open_run('two', '{train}')");
my $next = 1;

sub batches
{
	my ($n, $most, $settings) = @_;

	sql("SELECT setseed(0.25); $settings; CALL batches('{$one,$two}', $next, $n, $most);");
	$next += $n;
	return;
}

# Told and truth, where they differ.
sub agree
{
	my ($what) = @_;

	is(sql('SELECT * FROM differs ORDER BY batch LIMIT 5'), '', $what);
	return;
}

batches(300, 40, 'SET work_mem = 4096');
agree('batch after batch');
batches(150, 40, 'SET work_mem = 4096');
agree('and in another session');
batches(60, 400, q{SET work_mem = 64; SET hash_mem_multiplier = 1});
agree('with memory for some of them');
cmp_ok(sql('SELECT count(*) FROM consent.run_part'), '>', 250, 'there are many parts');

# Runs under way in one session while another adds to them.
sql("CALL batches('{$one,$two}', $next, 20, 40); SELECT setseed(0.5); CALL batches('{$two,$one}', $next + 20, 20, 40)");
agree('one run after the other');

for my $run ($one, $two)
{
	is(sql(qq{WITH used AS (SELECT DISTINCT replace(table_name, 'public.', ''), row_key FROM consent.run_uses($run)), truth AS (SELECT name, key FROM reported WHERE run = $run)
		SELECT (SELECT count(*) FROM (TABLE used EXCEPT TABLE truth) d), (SELECT count(*) FROM (TABLE truth EXCEPT TABLE used) d)}),
		'0|0', 'the run has what was reported');
	sql("SELECT consent.close_run($run)");
}
sound($node, 'verify() finds nothing');

# Parts that say of themselves that they hold nothing, or what cannot be, hold what they hold.
my $wrong = sql("SELECT consent.open_run('of wrong counts', '{train}')");
sql("CALL batches('{$wrong,$wrong}', $next, 60, 200)");
for my $uses (0, -1, '9223372036854775807')
{
	sql("ALTER EVENT TRIGGER consent_ledger_guard DISABLE; ALTER TABLE consent.run_part DISABLE TRIGGER ALL;
		UPDATE consent.run_part SET uses = $uses WHERE run_id = $wrong; ALTER TABLE consent.run_part ENABLE ALWAYS TRIGGER append_only");
	sql("SET statement_timeout = '60s'; CALL batches('{$wrong,$wrong}', $next + 100, 20, 40)");
	agree("parts of $uses uses");
}

done_testing();
