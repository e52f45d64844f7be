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
# times is aimed at.  Another title with its goal and its section "ours" is
# another way to do the same, against the same baseline.  "-- @clients 8" makes
# baseline and ours pgbench scripts of that many clients, whose ratio is that of
# transactions per second.
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
my $seconds = $scale < 1 ? 1 : 5; # of each pgbench
my $session = Bench->session(
	dir => $dir,
	messages => int(5_000_000 * $scale),
	subjects => $subjects,
	events => int(500_000 * $scale));
my $out;

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
	my %case = (ways => []);
	my $section;

	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		if ($line =~ /^-- \@title (.*)/) { push @{ $case{ways} }, { title => $1 } }
		elsif ($line =~ /^-- \@goal (.*)/) { $case{ways}[-1]{goal} = $1 }
		elsif ($line =~ /^-- \@clients (.*)/) { $case{clients} = $1 }
		elsif ($line =~ /^-- \@(ours|bytes)/) { $section = \$case{ways}[-1]{$1} }
		elsif ($line =~ /^-- \@(\w+)/) { $section = \$case{$1} }
		elsif (defined $section) { $$section .= $line }
	}
	return \%case;
}

sub measure
{
	my ($case, $script) = @_;

	$session->run($case->{reset}) if $case->{reset};
	return $case->{clients} ? transactions($script, $case->{clients}) : $session->milliseconds($script);
}

# Everything in turn, and back in the next run.
sub run_case
{
	my ($case) = @_;
	my @ways = @{ $case->{ways} };
	my @measured;

	$session->run($case->{setup}) if $case->{setup};
	# Transactions are counted with a warm cache: at full size after a first time that does not count.
	foreach my $run (($case->{clients} && $scale >= 1 ? 0 : 1) .. $runs)
	{
		my @turns = (-1 .. $#ways);

		@turns = reverse @turns unless $run % 2;
		$measured[$_ + 1][$run] = measure($case, $_ < 0 ? $case->{baseline} : $ways[$_]{ours}) foreach @turns;
	}
	my @baseline = @{ $measured[0] }[1 .. $runs];
	foreach my $i (0 .. $#ways)
	{
		my @ours = @{ $measured[$i + 1] }[1 .. $runs];
		my @ratios = map { $ours[$_] / $baseline[$_] } 0 .. $#ours;
		my @bytes = $ways[$i]{bytes} ? grep { /^[0-9.|]+$/ } $session->run($ways[$i]{bytes}) : ();

		chomp @bytes;
		report($case, $ways[$i], median(@baseline), median(@ours), median(@ratios), min(@ratios), max(@ratios),
			split /\|/, $bytes[0] // '|');
	}
}

sub slurp
{
	open my $in, '<', $_[0] or die "$_[0]: $!";
	local $/;
	return <$in>;
}

sub report
{
	my ($case, $way, $baseline, $ours, $ratio, $least, $most, @bytes) = @_;
	my @row = ($case->{clients} ? 'tps' : 'ms', map({ sprintf '%.1f', $_ } $baseline, $ours),
		map({ sprintf $_ < 0.1 ? '%.3f' : '%.2f', $_ } $ratio, $least, $most), $way->{goal} // '', map { $_ // '' } @bytes[0, 1]);

	printf "%-44s %4s %12s %12s %7s %6s - %6s %8s %6s %6s\n", $way->{title}, @row;
	print $out join(',', qq("$way->{title}"), @row), "\n";
}

@names = map { basename($_, '.sql') } sort glob 'tests/bench/cases/*.sql' unless @names;
open $out, '>', $csv or die "$csv: $!";
print $out "title,unit,baseline,ours,ratio,ratio_min,ratio_max,goal,bytes_baseline,bytes_ours\n";
$session->run(slurp('tests/bench/data.sql'));
printf "%-44s %4s %12s %12s %7s %15s %8s %6s %6s\n", '', 'unit', 'baseline', 'ours', 'ratio', 'spread', 'goal', 'bytes', 'ours';
$| = 1;
run_case(read_case("tests/bench/cases/$_.sql")) foreach @names;
