# Run the cases of tests/bench/cases, in one session, and print how the ledger
# compares.
#
# A case is an SQL script with sections, each begun by a line "-- @NAME":
#   setup      once, not timed
#   reset      before each run, not timed
#   baseline   what people would do instead
#   ours       the same with the ledger
#   bytes      two numbers, after the last run: bytes of baseline and of ours
# "-- @title" says in a line what it is about, "-- @goal <= 0.5" what ratio of
# times is aimed at; "-- @clients 8" makes baseline and ours pgbench scripts of
# that many clients, whose ratio is that of transactions per second.
use strict;
use warnings;

use File::Basename;
use File::Temp qw(tempfile);
use FindBin;
use lib $FindBin::Bin;
use List::Util qw(min max);

use Bench qw(median);

my ($csv, $dir, @names) = @ARGV;
my ($scale, $runs) = ($ENV{SCALE}, $ENV{RUNS});
my $subjects = int(1_000_000 * $scale);
my $seconds = $scale < 1 ? 2 : 5; # of each pgbench
my $session = Bench->session(
	dir => $dir,
	messages => int(5_000_000 * $scale),
	subjects => $subjects,
	events => int(500_000 * $scale));

# Transactions per second of a script.
sub transactions
{
	my ($script, $clients) = @_;
	my ($handle, $file) = tempfile(UNLINK => 1);

	print $handle $script;
	close $handle;
	my $out = `pgbench -n -M prepared -c $clients -j 2 -T $seconds -D subjects=$subjects -f $file 2>&1`;
	return $out =~ /^tps = ([0-9.]+)/m ? $1 : die $out;
}

sub read_case
{
	my ($file) = @_;
	my (%case, $section);

	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		if ($line =~ /^-- \@(goal|clients|title) (.*)/) { $case{$1} = $2 }
		elsif ($line =~ /^-- \@(\w+)/) { $section = $1 }
		elsif (defined $section) { $case{$section} .= $line }
	}
	return \%case;
}

sub run_case
{
	my ($case) = @_;
	my (@baseline, @ours);

	$session->run($case->{setup}) if $case->{setup};
	# Transactions are counted with a warm cache: after a first time that does not count.
	foreach my $run (($case->{clients} ? 0 : 1) .. $runs)
	{
		foreach my $side ($run % 2 ? qw(baseline ours) : qw(ours baseline))
		{
			$session->run($case->{reset}) if $case->{reset};
			my $measured = $case->{clients} ? transactions($case->{$side}, $case->{clients}) : $session->milliseconds($case->{$side});

			push @{ $side eq 'ours' ? \@ours : \@baseline }, $measured if $run > 0;
		}
	}
	my @ratios = map { $ours[$_] / $baseline[$_] } 0 .. $#ours;
	my @bytes = $case->{bytes} ? grep { /^[0-9.|]+$/ } $session->run($case->{bytes}) : ();
	chomp @bytes;
	return (median(@baseline), median(@ours), median(@ratios), min(@ratios), max(@ratios),
		split /\|/, $bytes[0] // '|');
}

sub slurp
{
	open my $in, '<', $_[0] or die "$_[0]: $!";
	local $/;
	return <$in>;
}

@names = map { basename($_, '.sql') } sort glob 'tests/bench/cases/*.sql' unless @names;
open my $out, '>', $csv or die "$csv: $!";
print $out "case,title,unit,baseline,ours,ratio,ratio_min,ratio_max,goal,bytes_baseline,bytes_ours\n";
$session->run(slurp('tests/bench/data.sql'));
printf "%-44s %4s %12s %12s %7s %15s %8s %6s %6s\n", '', 'unit', 'baseline', 'ours', 'ratio', 'spread', 'goal', 'bytes', 'ours';
$| = 1;
foreach my $name (@names)
{
	my $case = read_case("tests/bench/cases/$name.sql");
	my ($baseline, $ours, $ratio, $least, $most, @bytes) = run_case($case);
	my @row = ($case->{clients} ? 'tps' : 'ms', map({ sprintf '%.1f', $_ } $baseline, $ours),
		map({ sprintf '%.2f', $_ } $ratio, $least, $most), $case->{goal} // '', map { $_ // '' } @bytes[0, 1]);

	printf "%-44s %4s %12s %12s %7s %6s - %6s %8s %6s %6s\n", $case->{title}, @row;
	print $out join(',', $name, qq("$case->{title}"), @row), "\n";
}
