# kill -9, of a backend and of the server, in the middle of a bulk load: what was
# committed is there, of what was not there is nothing, and verify() is clean.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = start_node('crash', conf => "restart_after_crash = on\n");
fill_ledger($node);

my $load = q{INSERT INTO consent.event (subject, choices)
	SELECT 'load' || i % 50000, '+train' FROM generate_series(1, 3000000) i};
my $stored = 'SELECT count(*), count(DISTINCT event_id / 4096) FROM consent.event_log';

# Begin the load, and return when it has written several slices: a handle and the backend's pid.
sub begin_load
{
	my $seals = 'SELECT last_value FROM consent.seal_no_seq';
	my $before = $node->safe_psql('postgres', $seals);
	my ($in, $out, $err) = ('', '', '');
	my $handle = IPC::Run::start([ 'psql', '-X', '-d', $node->connstr('postgres'), '-c', $load ], \$in, \$out, \$err);

	for (1 .. 300)
	{
		last if $node->safe_psql('postgres', $seals) > $before + 20;
		usleep(50_000);
	}
	my $pid = $node->safe_psql('postgres', q{
		SELECT pid FROM pg_stat_activity WHERE query LIKE 'INSERT INTO consent.event%' AND state = 'active'});
	return ($handle, $pid);
}

sub end_load
{
	my ($handle) = @_;

	eval { $handle->finish };
	return $handle->result(0);
}

# ---- a backend ----

my $before = $node->safe_psql('postgres', $stored);
my ($handle, $pid) = begin_load();
isnt($pid, '', 'a load is under way');
kill 'KILL', $pid;
isnt(end_load($handle), 0, 'the load is lost');
ok($node->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'the server is back');
is($node->safe_psql('postgres', $stored), $before, 'nothing of the load is there');
sound($node, 'sound after the death of a backend');

# ---- the server ----

($handle, $pid) = begin_load();
isnt($pid, '', 'a load is under way');
kill_server($node, $pid);
isnt(end_load($handle), 0, 'the load is lost');
$node->start;
is($node->safe_psql('postgres', $stored), $before, 'nothing of the load is there');
sound($node, 'sound after the death of the server');

# ---- committed is committed ----

# Many short transactions at a time; each tells the id of its event when it has committed.
my @clients;
for my $n (1 .. 4)
{
	my $script = $node->basedir . "/client$n.sql";

	append_to_file($script, "SELECT consent.opt_in('client$n', 'train');\n" x 20000);
	push @clients, { told => $node->basedir . "/client$n.out" };
	$clients[-1]{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-f', $script, '-o', $clients[-1]{told} ],
		'2>', $node->basedir . "/client$n.err");
}
usleep(50_000) until grep { -e $_->{told} && -s $_->{told} > 2000 } @clients;
kill_server($node);
end_load($_->{handle}) for @clients;
$node->start;
my @told = map { grep { /^\d+$/ } split /\n/, slurp_file($_->{told}) } @clients;
cmp_ok(scalar @told, '>', 50, 'clients were told of committed events');
is($node->safe_psql('postgres', 'SELECT count(*) FROM consent.event_log WHERE event_id IN (' . join(',', @told) . ')'),
	scalar @told, 'all of them are there');
sound($node, 'sound after a crash under load');

# ---- and on it goes ----

$node->safe_psql('postgres', $load =~ s/3000000/100000/r);
is($node->safe_psql('postgres', q{SELECT count(*) FROM consent.event WHERE subject LIKE 'load%'}), '100000', 'the load is repeated');
sound($node, 'sound at the end');
$node->stop;
done_testing();
