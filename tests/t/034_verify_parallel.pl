# verify() with parallel workers: in read-only transactions, on a standby, with no
# worker to be had, cancelled, and when a worker fails.  That it finds the same as
# alone, 030_tamper and 032_tamper_log test for each attack.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Cluster;
use Test::More;


my $node = new_node('parallel', allows_streaming => 1,
	conf => "min_parallel_table_scan_size = 0\nmax_parallel_maintenance_workers = 2\n");
$node->start;
make_ledger($node);
fill_ledger($node);
$node->safe_psql('postgres', q{
	INSERT INTO consent.event (subject, choices) SELECT 's' || i % 5000, '+train' FROM generate_series(1, 30000) i;
	DO $$ BEGIN FOR i IN 1..300 LOOP PERFORM consent.opt_out('ann', 'train'); COMMIT; END LOOP; END $$;
	CALL consent.checkpoint()});
sound($node, 'sound, with workers');

# What verify() finds after something, and before something else.
sub finds
{
	my ($before, $after, $server) = @_;

	return ($server // $node)->safe_psql('postgres', "$before; SELECT count(*) FROM consent.verify(); $after");
}

is(finds('BEGIN READ ONLY', 'COMMIT'), 0, 'in a read-only transaction');
is(finds('BEGIN ISOLATION LEVEL SERIALIZABLE', 'COMMIT'), 0, 'in a serializable one');
is(finds('BEGIN; SAVEPOINT a', 'ROLLBACK TO a; COMMIT'), 0, 'in a savepoint');
is(finds(q{BEGIN; SELECT count(consent.opt_in('new', 'train')); SAVEPOINT a; SELECT count(consent.opt_out('new', 'train'))}, 'COMMIT'), "1\n1\n0", 'after writes of its own');
is(finds('SET max_parallel_workers = 0', ''), 0, 'with no worker to be had');
is(finds('SET max_parallel_maintenance_workers = 0', ''), 0, 'alone');
my $twice = $node->safe_psql('postgres', 'SELECT count(*) FROM consent.verify() a, consent.verify() b');
is($twice, 0, 'twice in a query');
is($node->safe_psql('postgres', q{
	BEGIN; ALTER EVENT TRIGGER consent_ledger_guard DISABLE; ALTER TABLE consent.event_log DISABLE TRIGGER ALL;
	UPDATE consent.event_log SET actor = 'agent' WHERE event_id % 4096 IN (0, 4000);
	SELECT count(*) > 300, count(*) = count(DISTINCT thing),
		string_agg(thing, ',' ORDER BY n) = string_agg(thing, ',' ORDER BY substring(thing FROM '\d+')::bigint)
	FROM consent.verify() WITH ORDINALITY AS v (kind, thing, expected, found, n) WHERE kind = 'event';
	ROLLBACK}), 't|t|t', 'changes by its own transaction, in order');

# ---- somebody stops it ----

# Let a session verify for ever, wait until it has a worker, and do something to one
# of the two; what the session says then.
sub stopped
{
	my ($what) = @_;
	my $session = $node->background_psql('postgres', on_error_stop => 0);

	$session->query_until(qr/begun/, q{\echo begun
		DO $$ BEGIN LOOP PERFORM count(*) FROM consent.verify(); END LOOP; END $$;
});
	ok($node->poll_query_until('postgres', qq{SELECT count($what) > 0 FROM pg_stat_activity WHERE leader_pid IS NOT NULL}), $what);
	my $count = $session->query('SELECT count(*) FROM consent.verify()');
	my $err = $session->{stderr};
	$session->quit;
	is($count, 0, 'and verifies again');
	return $err;
}

like(stopped('pg_cancel_backend(leader_pid)'), qr/canceling statement due to user request/, 'the leader is cancelled');
like(stopped('pg_cancel_backend(pid)'), qr/canceling statement due to user request\n.*parallel worker/s, 'a worker fails');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE '%parallel worker%'}), 0, 'no worker is left');

# ---- a standby ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('parallel_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(finds('', '', $standby), 0, 'on a standby');
$standby->stop;
$node->stop;
done_testing();
