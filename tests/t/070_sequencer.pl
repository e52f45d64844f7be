# Every committed seal becomes a leaf exactly once, without gaps, whatever commits
# when, and whatever dies: kill -9 at random moments under load.  Checkpoints
# are consistent with each other.  SEQUENCER_ROUNDS says how often it is killed.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{SEQUENCER_ROUNDS} // 50;
my $node = start_node('sequencer', conf => "restart_after_crash = on\nsynchronous_commit = off\nmax_connections = 50\n");
$node->safe_psql('postgres', q{SELECT consent.define_purpose('train')});

# Some forty checkpoints: is each the root over the notes of the first seals, and does
# a path that is made of these prove that the one before is its beginning?
my $consistent = q{
	WITH l AS (SELECT array_agg(convert_to(s.note, 'UTF8') ORDER BY l.leaf_index) AS notes
		FROM consent.leaf l JOIN consent.seal s USING (seal_no)),
	numbered AS (SELECT *, row_number() OVER (ORDER BY size) - 1 AS n, count(*) OVER () / 40 + 1 AS step FROM consent.checkpoint),
	c AS (SELECT size, root, lag(size) OVER w AS old_size, lag(root) OVER w AS old_root
		FROM numbered WHERE n % step = 0 WINDOW w AS (ORDER BY size))
	SELECT count(*) FROM c, l WHERE root <> consent.merkle_root(notes[1:size])
	   OR old_size IS NOT NULL AND NOT consent.verify_consistency(old_size, size, old_root, root, consent.merkle_consistency(notes[1:size], old_size))};

# Test that all that is committed is in the log, once, and that it is one log.
sub complete
{
	my ($what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql('postgres', 'SELECT count(*) FROM consent.seal_pending'), '0', "$what: nothing waits");
	is($node->safe_psql('postgres', q{
		SELECT count(*) = (SELECT count(*) FROM consent.seal), count(DISTINCT seal_no) = count(*), max(leaf_index) + 1 = count(*),
		       count(*) = (SELECT max(size) FROM consent.checkpoint)
		FROM consent.leaf JOIN consent.seal USING (seal_no)}), 't|t|t|t', "$what: each seal is one leaf, without gaps, and signed");
	is($node->safe_psql('postgres', $consistent), '0', "$what: the checkpoints are those of one growing tree");
}

sub checkpoint { $node->safe_psql('postgres', 'CALL consent.checkpoint()'); }

# ---- out of order ----

my $slow = $node->background_psql('postgres', on_error_stop => 0);
$slow->query_safe('BEGIN');
my $seal = $slow->query_safe(q{SELECT consent.opt_in('slow', 'train') / 4096});
$node->safe_psql('postgres', q{SELECT consent.opt_in('quick', 'train')});
checkpoint();
is($node->safe_psql('postgres', "SELECT count(*) FROM consent.leaf WHERE seal_no = $seal"), '0', 'what has not committed is not there');
is($node->safe_psql('postgres', "SELECT max(seal_no) > $seal FROM consent.leaf"), 't', 'what has, is, though it began later');
$slow->query_safe('COMMIT');
checkpoint();
is($node->safe_psql('postgres', 'SELECT seal_no FROM consent.leaf ORDER BY leaf_index DESC LIMIT 1'), $seal, 'what commits late comes late');
$slow->query_safe('BEGIN');
$slow->query_safe(q{SELECT consent.opt_in('slow', 'train')});
$slow->query_safe('ROLLBACK');
checkpoint();
complete('out of order');

# ---- it waits for nobody, and nobody for it ----

$slow->query_safe('BEGIN');
$slow->query_safe(q{SELECT consent.opt_in('slow', 'train'), pg_advisory_xact_lock(1)});
checkpoint();
pass('a checkpoint does not wait for a writer');
$node->safe_psql('postgres', q{SET lock_timeout = '10s'; SELECT consent.opt_in('other', 'train')});
$slow->query_safe('COMMIT');
$slow->quit;
checkpoint();
complete('beside an open transaction');

# Serializable writers read the head of the log; the sequencer does not make them fail.
my $serializable = $node->background_psql('postgres', on_error_stop => 0);
$serializable->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE');
$serializable->query_safe(q{SELECT consent.opt_in('careful', 'train')});
$node->safe_psql('postgres', q{SET default_transaction_isolation = 'serializable'; CALL consent.checkpoint()});
$serializable->query_safe(q{SELECT consent.opt_out('careful', 'train')});
$serializable->query_safe('COMMIT');
$serializable->quit;
checkpoint();
complete('serializable');

# ---- many at a time ----

my $writer = $node->basedir . '/writer.sql';
append_to_file($writer, q{
\set who random(1, 1000)
\set what random(1, 20)
\if :what < 14
	SELECT consent.opt_in('p' || :who, 'train');
\elif :what < 17
	BEGIN;
	SELECT consent.opt_out('p' || :who, 'train');
	ROLLBACK;
\elif :what < 19
	BEGIN;
	SELECT consent.opt_out('q' || :who, 'train');
	SELECT pg_sleep(0.02);
	SELECT consent.opt_in('r' || :who, 'train');
	COMMIT;
\else
	INSERT INTO consent.event (subject, choices) SELECT 'b' || :client_id || '/' || i, '+train' FROM generate_series(1, 300) i;
\endif
});
my $signer = $node->basedir . '/signer.sql';
append_to_file($signer, "CALL consent.checkpoint();\n\\sleep 10 ms\n");

# Start writers and two signers, for some seconds at most.
sub begin_load
{
	my ($seconds) = @_;
	my @load;

	for my $file ([ $writer, 8 ], [ $signer, 2 ])
	{
		push @load, IPC::Run::start([ 'pgbench', '-n', "-c$file->[1]", '-j1', "-T$seconds", '--max-tries=10', '-f', $file->[0],
			$node->connstr('postgres') ], '>', \my $out, '2>', \my $err);
	}
	return @load;
}

sub end_load { return grep { !eval { $_->finish } } @_; }

is(scalar(end_load(begin_load(4))), 0, 'writers, and two who sign at once: no error');
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM consent.checkpoint'), '>', 10, 'there were many checkpoints meanwhile');
checkpoint();
complete('many at a time');
sound($node, 'sound after the load');

# ---- killed at any moment ----

# What was seen of the log must stay: the newest checkpoint at each look.
my %seen;
sub look
{
	my $newest = eval { $node->safe_psql('postgres', 'SELECT size, root FROM consent.checkpoint ORDER BY size DESC LIMIT 1') } // return;
	my ($size, $root) = split /\|/, $newest;

	return $seen{$size} //= $root;
}

# Receipts that were handed out must verify for ever: of the last events, which are
# promised, and of some before.
my @receipts;
sub take_receipts
{
	my $some = eval { $node->safe_psql('postgres', q{
		SELECT consent.receipt(event_id) FROM (SELECT event_id FROM consent.event_log ORDER BY event_id DESC LIMIT 3) e;
		SELECT consent.receipt(event_id) FROM (SELECT event_id FROM consent.event_log
			WHERE event_id >= (SELECT (random() * max(event_id))::bigint FROM consent.event_log) ORDER BY event_id LIMIT 2) e}) } // return;

	push @receipts, split /\n/, $some;
}

for my $round (1 .. $rounds)
{
	my @load = begin_load(60);

	usleep(150_000 + rand(250_000));
	look();
	take_receipts();
	usleep(rand(200_000));
	if ($round % 2)
	{
		my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity
			WHERE query LIKE 'CALL%' AND pid <> pg_backend_pid() ORDER BY state = 'active' DESC LIMIT 1});
		kill 'KILL', $pid if $pid;
		end_load(@load);
		$node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()');
	}
	else
	{
		kill_server($node);
		end_load(@load);
		$node->start;
	}
	look();
	checkpoint();
	look();
}
complete("killed $rounds times");
is($node->safe_psql('postgres', 'SELECT count(*) FROM (VALUES ' . join(', ', map { "($_, '$seen{$_}')" } keys %seen)
	. ') v (size, root) LEFT JOIN consent.checkpoint c USING (size) WHERE c.root IS DISTINCT FROM v.root::bytea'), '0',
	'every checkpoint that was shown is still there');
sound($node, 'sound after all');

my $dir = PostgreSQL::Test::Utils::tempdir();
my %key = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT signs, vkey FROM consent.key');
run_command([ installed('consent-log'), 'export', '-h', $node->host, '-p', $node->port, '-d', 'postgres', "$dir/log" ]);
my (@promises, $bad);
sub good_receipt
{
	my ($receipt, $pattern, @more) = @_;
	my ($out, $err);

	IPC::Run::run([ installed('consent-verify'), 'receipt', '-', '--log', $key{checkpoint}, '--seal', $key{seal}, @more ], '<', \$receipt, '>', \$out, '2>', \$err);
	push @promises, $receipt if $out =~ /^PROMISED/ && !@more;
	return if $? == 0 && $out =~ $pattern;
	diag("$out$err") if $bad++ < 2;
}
good_receipt($_, qr/^(GOOD|PROMISED)/) foreach @receipts;
# A promise is compared with the whole log, which takes a second each: of some, also the last.
my @some = @promises > 8 ? (@promises[ map { $_ * $#promises / 7 } 0 .. 7 ]) : @promises;
good_receipt($_, qr/^(GOOD|KEPT)/, '--tree', "$dir/log") foreach @some;
cmp_ok(scalar(@receipts), '>', 4 * $rounds, 'there were ' . @receipts . ' receipts');
is($bad // 0, 0, 'every receipt that was ever handed out still verifies, and ' . @some . ' of ' . @promises . ' promises were kept, by the log');
$node->stop;
done_testing();
