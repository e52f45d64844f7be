# Small random worlds: purposes, people, what they chose, rows of theirs, and
# questions about them.  Made so that choices meet: few instants, few purposes.
package World;

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(any max shuffle uniq);

use Rule qw(merge);

our @EXPORT_OK = qw(make_world tables time_of);

my $day = 86_400_000_000;
my $start = 1_704_067_200_000_000; # 2024-01-01
my $later = 1_748_736_000_000_000; # 2025-06-01
my $far = 4_070_908_800_000_000; # 2099-01-01
my $number = 0; # of events and presets, in all worlds

# The protected tables, which all worlds share: party rule, columns.
sub tables
{
	return {
		mail => {
			rule => 'all', key => ['id bigint'], parties => [qw(sender reader)], collected => 'sent' },
		'public.photo' => {
			rule => 'any', key => ['id uuid'], parties => [qw(owner sitter)], collected => 'taken' },
		post => {
			rule => 'first', key => [ 'tenant integer', 'id text' ], parties => [qw(author quoted)], collected => 'at' },
		note => { rule => 'all', key => ['id text'], parties => [qw(a b c)] } };
}

sub chance { return rand() < $_[0] }
sub one_of { return $_[ int rand @_ ] }
sub between { return $_[0] + int rand($_[1] - $_[0] + 1) }
sub day { return $start + $_[0] * $day }

# An instant, often one that others use, or a microsecond beside it.
sub near { return $_[0] + (chance(0.6) ? 0 : one_of(-1, 1)) }

# A world by number, with so many groups of people and questions.
sub make_world
{
	my ($no, $groups, $questions) = @_;
	my $world = {
		no => $no, tables => { map { $_ => tables()->{$_}{rule} } keys %{ tables() } },
		order => [], purposes => {}, presets => [], events => {}, rows => [], questions => [] };

	make_purposes($world);
	make_presets($world);
	make_group($world, $_, $questions) foreach 1 .. $groups;
	return $world;
}

# Later purposes lie under earlier ones; a dotted name lies under its prefix.
sub make_purposes
{
	my ($world) = @_;

	foreach my $i (0 .. between(4, 6))
	{
		my @others = @{ $world->{order} };
		my $name = "w$world->{no}_p$i";
		my @parents;

		@parents = (shuffle @others)[ 0 .. (@others > 1 && chance(0.55) ? 1 : 0) ] if @others && chance(0.9);
		@parents = @others[ 1, 2 ] if $i == 3;
		my @prefix = @others && chance(0.2) ? (one_of(@others)) : ();
		$name = "$prefix[0].q$i" if @prefix;
		$world->{purposes}{$name} = {
			given => \@parents, parents => [ uniq(@parents, @prefix) ],
			regime => one_of('opt_in', 'opt_out'),
			since => chance(0.6) ? day(0) : chance(0.85) ? day(between(1, 7)) : $later };
		push @{ $world->{order} }, $name;
	}
	return;
}

sub above
{
	my ($world, $purpose) = @_;

	return uniq($purpose, map { above($world, $_) } @{ $world->{purposes}{$purpose}{parents} });
}

# A choice about one of the purposes; for the events that have no time, with its own.
sub make_choice
{
	my ($stance, $timed, @purposes) = @_;
	my %choice = (stance => $stance, purpose => one_of(@purposes));

	$choice{since} = day(between(1, 7)) if $timed;
	$choice{until} = chance(0.5) ? $far : day(between(2, 9)) if $stance ne '-' && chance(0.4);
	if (chance(0.35))
	{
		$choice{from} = day(between(3, 5)) if chance(0.7);
		$choice{to} = day(between(5, 7)) if chance(0.5) || !defined $choice{from};
		delete $choice{to} if defined $choice{from} && defined $choice{to} && $choice{to} <= $choice{from};
	}
	$choice{act} = one_of(qw(granted reaffirmed signalled)) if $stance eq '+' && chance(0.3);
	$choice{act} = one_of(qw(refused withdrawn objected opted_out signalled revoked invalidated)) if $stance eq '-' && chance(0.4);
	$choice{notice} = one_of('oracle/1', 'oracle/2') if chance(0.1);
	return \%choice;
}

# Switched on for everybody, off again, and on again.
sub make_presets
{
	my ($world) = @_;
	my $set = sub
	{
		my ($purpose, $place, $day, $batch) = @_;
		my $choice = make_choice('~', 0, $purpose);
		my $notice = chance(0.2) ? 'oracle/1' : undef;

		$notice = undef if $choice->{notice};
		push @{ $world->{presets} }, {
			no => ++$number, choices => [$choice], time => day($day), jurisdiction => $place,
			batch => $batch, notice => $notice };
	};

	foreach (1 .. between(2, 4))
	{
		my $purpose = one_of(@{ $world->{order} });
		my $place = one_of(undef, undef, undef, 'US', 'US-CA', 'FR');
		my ($on, $batch) = (between(1, 5), between(1, 3));

		$set->($purpose, $place, $on, $batch);
		next unless chance(0.6);
		my $off = $on + between(0, 3);
		my $last = between($batch, 4);
		push @{ $world->{presets} }, {
			no => ++$number, ends => $purpose, time => day($off), jurisdiction => $place, batch => $last };
		$set->($purpose, $place, $off + between(0, 2), between(1, 4)) if chance(0.4);
	}
	return;
}

# Some people, a row of theirs in each table, what they chose, and questions.
sub make_group
{
	my ($world, $no, $questions) = @_;
	my $name = "w$world->{no}.g$no";
	my @people = map { "$name.$_" } qw(ann bob cy);
	my $purpose = one_of(@{ $world->{order} }[ 1 .. $#{ $world->{order} } ]);
	my $group = {
		people => \@people, somebody => [ @people, @people, "$name.nobody", undef ],
		purpose => $purpose, focus => [ above($world, $purpose) ], events => [] };

	$group->{rows} = [ map { make_row($world, $group, $_, $no) } sort keys %{ tables() } ];
	push @{ $world->{rows} }, @{ $group->{rows} };
	make_event($world, $group) foreach 1 .. between(4, 14);
	push @{ $world->{questions} }, make_question($world, $group) foreach 1 .. $questions;
	return;
}

sub make_row
{
	my ($world, $group, $table, $no) = @_;
	my $unique = $world->{no} * 1000 + $no;
	my %key = (
		mail => [$unique],
		'public.photo' => [ sprintf('%08x-0000-4000-8000-%012x', $world->{no}, $no) ],
		post => [ $world->{no}, chance(0.3) ? "no $no" : "n$no" ],
		note => ["note $unique"]);
	my @key = @{ $key{$table} };

	return {
		table => $table, key => \@key,
		row => @key == 1 ? $key[0] : '{' . join(',', map { / / ? qq("$_") : $_ } @key) . '}',
		parties => [ map { one_of(@{ $group->{somebody} }) } @{ tables()->{$table}{parties} } ],
		collected => !tables()->{$table}{collected} || chance(0.1) ? undef : near(day(between(3, 7))) };
}

# When an event happened whose choices say when they were made: the latest of
# those that count.
sub time_of
{
	my ($event) = @_;

	return max(grep { defined } map { $_->{since} } merge(@{ $event->{choices} }));
}

sub make_event
{
	my ($world, $group) = @_;
	my $timed = chance(0.15);
	my @purposes = chance(0.8) ? @{ $group->{focus} } : @{ $world->{order} };
	my $event = {
		no => ++$number, subject => one_of(@{ $group->{people} }), batch => between(1, 4),
		actor => chance(0.6) ? 'self' : one_of(qw(guardian agent admin import system)),
		choices => [ map { make_choice(one_of('+', '+', '+', '-', '-', '~'), $timed, @purposes) } 1 .. between(1, 2) ] };

	$event->{jurisdiction} = one_of('US', 'US-CA', 'FR', 'USA') if chance(0.4);
	$event->{notice} = one_of('oracle/1', 'oracle/2') if chance(0.1) && !any { $_->{notice} } @{ $event->{choices} };
	$event->{time} = time_of($event) // day(between(1, 7));
	if (chance(0.5))
	{
		my $row = one_of(@{ $group->{rows} });

		$event->{table} = $row->{table};
		$event->{row} = $row->{row} if chance(0.5);
	}
	push @{ $group->{events} }, $event;
	push @{ $world->{events}{ $event->{subject} } }, $event;
	return;
}

sub make_question
{
	my ($world, $group) = @_;
	my $row = one_of(@{ $group->{rows} });
	my $question = {
		form => one_of(qw(columns columns columns item item subject)), made_of => $row,
		purpose => chance(0.7) ? $group->{purpose} : one_of(@{ $world->{order} }) };

	if ($question->{form} eq 'subject')
	{
		$question->{parties} = [ one_of(@{ $group->{somebody} }) ];
	}
	elsif ($question->{form} eq 'item' || chance(0.4))
	{
		@$question{qw(table row parties collected)} = @$row{qw(table row parties collected)};
	}
	else
	{
		$question->{parties} = chance(0.05) ? undef : [ map { one_of(@{ $group->{somebody} }) } 1 .. between(0, 3) ];
		$question->{table} = $row->{table} if chance(0.75);
		$question->{row} = $row->{row} if $question->{table} && chance(0.75);
		$question->{collected} = near(day(between(3, 7))) if chance(0.8);
	}
	$question->{at} = make_at($group) if chance(0.6);
	$question->{known} =
	  chance(0.4) ? { batch => between(0, 4) } : { event => one_of(@{ $group->{events} }, @{ $world->{presets} }), offset => one_of(0, -1) }
	  if chance(0.5);
	return $question;
}

sub make_at
{
	my ($group) = @_;
	my @ends = grep { defined && $_ < $far } map { $_->{until} } map { @{ $_->{choices} } } @{ $group->{events} };

	return one_of(@ends) - between(0, 1) if @ends && chance(0.3);
	return chance(0.02) ? one_of(9e18, -9e18) : near(day(between(1, 9)));
}

1;
