# What the programs that measure have in common.
package Bench;
use strict;
use warnings;

use Exporter 'import';
use IPC::Open2;

our @EXPORT_OK = qw(psql timed each_ms median);

sub median
{
	my @sorted = sort { $a <=> $b } @_;

	return ($sorted[int($#sorted / 2)] + $sorted[int(@sorted / 2)]) / 2;
}

# Run statements, each by itself; the lines they print, or the first one.
sub psql
{
	open my $pipe, '-|', 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', 'SET client_min_messages = warning', map { ('-c', $_) } @_ or die;
	my @lines = <$pipe>;
	close $pipe or die "this failed: @_";
	chomp @lines;
	return wantarray ? @lines : $lines[0];
}

# A session that stays: one backend, which by its second run has what it needs
# in memory.  Variables of psql are given as a hash.
sub session
{
	my ($class, %variables) = @_;
	my @set = map { ('-v', "$_=$variables{$_}") } sort keys %variables;
	my $self = bless {}, $class;

	$self->{pid} = open2($self->{out}, $self->{in}, 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', @set);
	$self->run("SET client_min_messages = warning;\n\\timing on");
	return $self;
}

# Run a script; the lines it prints, with its times.
sub run
{
	my ($self, $script) = @_;
	my @lines;

	print { $self->{in} } "$script\n\\echo done with it\n";
	$self->{in}->flush;
	while (defined(my $line = readline $self->{out}))
	{
		return @lines if $line eq "done with it\n";
		push @lines, $line;
	}
	die "this failed:\n$script";
}

# Milliseconds of all its statements; settings and temporary tables do not last.
sub milliseconds
{
	my ($self, $script) = @_;
	my $sum = 0;

	$sum += $_ foreach map { /^Time: ([0-9.]+) ms/ ? $1 : () } $self->run($script);
	$self->run('RESET ALL; SET client_min_messages = warning; DISCARD TEMP;');
	return $sum;
}

# Milliseconds of a statement, as psql times it, the median of several: what,
# how often, what is done before each, settings.
sub timed
{
	my ($sql, $times, $before, $options) = @_;
	my @ms;

	local $ENV{PGOPTIONS} = '-c client_min_messages=warning ' . ($options // '');

	foreach (1 .. $times // 1)
	{
		psql($before) if $before;
		open my $pipe, '-|', 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', '\timing on', '-c', $sql or die;
		push @ms, map { /^Time: ([0-9.]+)/ ? $1 : () } <$pipe>;
		close $pipe or die "this failed: $sql";
	}
	return median(@ms);
}

# Milliseconds of one call of a script by pgbench: the script, how long.
sub each_ms
{
	my ($script, $seconds) = @_;
	my $file = "$ENV{work}/tmp/each.sql";

	open my $out, '>', $file or die "$file: $!";
	print $out $script;
	close $out;
	my $said = `pgbench -n -M prepared -T ${\($seconds // 2)} -f $file 2>&1`;
	return $said =~ /^latency average = ([0-9.]+) ms/m ? $1 : die $said;
}

1;
