# How much memory a large run takes: see tests/bench/memory.
use strict;
use warnings;

use FindBin;
use IO::Handle;
use IPC::Open2;
use lib $FindBin::Bin;
use List::Util qw(max);
use Time::HiRes qw(sleep time);

use Bench qw(psql);

my $subjects = 1_000_000;

# Memory of its own that a process has, in MB; shared buffers are not its own.
sub own_memory
{
	my ($pid) = @_;

	open my $in, '<', "/proc/$pid/status" or return 0;
	my ($kilobytes) = map { /^RssAnon:\s+([0-9]+)/ ? $1 : () } <$in>;
	return ($kilobytes // 0) / 1024;
}

# Run statements in a session: seconds, and the most memory it had.
sub watched
{
	my ($before, @statements) = @_;
	my $pid = open2(my $out, my $in, 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1') or die;

	$in->autoflush(1);
	print $in "SET client_min_messages = warning; $before SELECT pg_backend_pid();\n";
	my $backend = int <$out>;
	my $start = time;
	my $watcher = open(my $watch, '-|') // die;
	if (!$watcher)
	{
		my $most = 0;

		local $SIG{TERM} = sub { print $most; exit };
		while (1)
		{
			$most = max($most, own_memory($backend));
			sleep 0.02;
		}
	}
	print $in "$_;\n" foreach @statements;
	print $in "\\q\n";
	my @said = <$out>;
	waitpid $pid, 0;
	my $seconds = time - $start;
	kill 'TERM', $watcher;
	return ($seconds, <$watch>);
}

$| = 1;
psql('CREATE EXTENSION consent_ledger', q{SELECT consent.create_ledger('bench.example/memory')}, q{SELECT consent.define_purpose('train')},
	'CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text)', q{SELECT consent.protect('message', '{sender,recipient}')},
	"INSERT INTO consent.event (subject, choices) SELECT 'p' || i, '+train' FROM generate_series(1, $subjects) i",
	'VACUUM ANALYZE consent.subject');
printf "%-36s %10s %10s %14s\n", '', 'seconds', 'uses/s', 'most memory';
foreach my $uses (split ' ', $ENV{USES})
{
	my $run = psql("SELECT consent.open_run('model', '{train}')");
	my ($seconds, $memory) = watched("SET work_mem = '$ENV{WORK_MEM}';",
		"SELECT count(consent.record_use($run, 'message', i, ARRAY['p' || 1 + (i * 7919) % $subjects, 'p' || 1 + (i * 104729) % $subjects]))"
		  . " FROM (SELECT generate_series(1, $uses / 2)::bigint) g(i)");

	printf "%-36s %10.1f %10d %11d MB\n", "record_use(), $uses uses", $seconds, $uses / $seconds, $memory;
	($seconds, $memory) = watched('', "SELECT consent.close_run($run)");
	printf "%-36s %10.1f %10d %11d MB\n", 'close_run() of it, 1000000 subjects', $seconds, $uses / $seconds, $memory;
}
