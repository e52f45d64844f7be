# Make a difference between the oracle and the ledger small enough to read.
package Shrink;

use strict;
use warnings;

use Exporter 'import';
use Ledger qw(psql literal when choices_literal start_ledger define declare_world recorded_batch preset_call ask_all list
	question_rows settle moment);
use Rule;
use World qw(time_of);

our @EXPORT_OK = qw(minimal);

my $database = 'oracle_shrink';
my $patience = 60; # seconds for one difference

# The least of a world that a question is still answered differently in, as
# statements to read.
sub minimal
{
	my ($world, $question) = @_;
	my $known = ($question->{known} // {})->{event} // {};
	my %people = map { $_ => 1 } grep { defined } @{ $question->{parties} // [] }, $known->{subject};
	my $problem = {
		%$world,
		rows => [ $question->{made_of} ], questions => [ {%$question} ],
		presets => [ map { { %$_, told => undef } } @{ $world->{presets} } ],
		events => { map { $_ => [ map { { %$_, told => undef } } @{ $world->{events}{$_} } ] } grep { $people{$_} } keys %{ $world->{events} } } };

	Ledger::prepare_database($database);
	my $difference = difference($problem);
	return "It is not different in a ledger of its own:\n" . statements($problem) unless $difference;
	my ($at, $failed, $until) = (0, 0, time + $patience);
	while (time < $until)
	{
		my @smaller = smaller($problem);

		last if $failed >= @smaller;
		if (my $still = difference($smaller[ $at % @smaller ]))
		{
			($problem, $difference, $failed) = ($smaller[ $at % @smaller ], $still, 0);
		}
		else
		{
			($at, $failed) = ($at + 1, $failed + 1);
		}
	}
	return statements($problem) . "-- $difference\n";
}

# The problem without one of its parts, for each that it can go without.
sub smaller
{
	my ($problem) = @_;
	my ($question) = @{ $problem->{questions} };
	my $known = ($question->{known} // {})->{event} // { no => 0 };
	my @smaller;

	foreach my $subject (sort keys %{ $problem->{events} })
	{
		my $events = $problem->{events}{$subject};

		foreach my $i (0 .. $#$events)
		{
			my @others = @$events[ grep { $_ != $i } 0 .. $#$events ];
			my @choices = @{ $events->[$i]{choices} };

			push @smaller, { %$problem, events => { %{ $problem->{events} }, $subject => \@others } }
			  if $events->[$i]{no} != $known->{no};
			next unless @choices > 1;
			foreach my $dropped (@choices)
			{
				my $event = { %{ $events->[$i] }, told => undef, choices => [ grep { $_ != $dropped } @choices ] };
				my @changed = @$events;

				$event->{time} = time_of($event) // $event->{time};
				$changed[$i] = $event;
				push @smaller, { %$problem, events => { %{ $problem->{events} }, $subject => \@changed } };
			}
		}
	}
	foreach my $preset (grep { $_->{no} != $known->{no} } @{ $problem->{presets} })
	{
		push @smaller, { %$problem, presets => [ grep { $_ != $preset } @{ $problem->{presets} } ] };
	}
	foreach my $purpose (grep { $_ ne $question->{purpose} } @{ $problem->{order} })
	{
		push @smaller, { %$problem, order => [ grep { $_ ne $purpose } @{ $problem->{order} } ] };
	}
	return @smaller;
}

# What a function returns, or nothing if it dies; what it would say is not said.
sub quietly
{
	my ($function) = @_;

	open my $stderr, '>&', \*STDERR or die;
	open STDERR, '>', '/dev/null' or die;
	my @result = eval { $function->() };
	open STDERR, '>&', $stderr or die;
	return @result;
}

# Record the problem from nothing and ask: what differs, or undef.
sub difference
{
	my ($problem) = @_;
	my ($question) = @{ $problem->{questions} };
	my $script = "TRUNCATE question, said, mail, photo, post, note;\nSELECT consent.reset_ledger() IS NULL;\n" . start_ledger() . declare_world($problem)
	  . moment(0);

	foreach my $batch (1 .. 4)
	{
		$script .= recorded_batch($batch, $problem) . moment($batch);
	}
	my @lines = quietly(sub { psql($database, $script) }) or return;
	settle($database, [$problem], @lines);
	$question = { %$question, no => 1 };
	my ($got) = grep { /^1\|/ }
	  psql($database, question_rows($question) . join(";\n", ask_all('true', 'as asked')) . ";\n");
	my $want = '1|' . Rule::verdict($problem, $question)->{verdict};

	return index("$got|", "$want|") == 0 ? undef : "the oracle says $want, the ledger $got";
}

sub statements
{
	my ($problem) = @_;
	my ($question) = @{ $problem->{questions} };
	my $text = join('', define($problem));

	foreach my $batch (1 .. 4)
	{
		foreach my $preset (grep { $_->{batch} == $batch } @{ $problem->{presets} })
		{
			$text .= 'SELECT ' . preset_call($preset) . "; -- recorded " . when($preset->{recorded}) . "\n";
		}
		foreach my $event (grep { $_->{batch} == $batch } map { @{ $problem->{events}{$_} } } sort keys %{ $problem->{events} })
		{
			my @arguments = (literal($event->{subject}), literal(choices_literal($event)));

			push @arguments, 'at => ' . literal(when($event->{time})) unless grep { defined $_->{since} } @{ $event->{choices} };
			push @arguments, map { ($_ eq 'table' || $_ eq 'row' ? { table => 'table_name', row => 'row_key' }->{$_} : $_) . ' => ' . literal($event->{$_}) }
			  grep { defined $event->{$_} } qw(actor notice jurisdiction table row);
			$text .= 'SELECT consent.record_choices(' . join(', ', @arguments) . "); -- recorded " . when($event->{recorded}) . "\n";
		}
	}
	$text .= sprintf("SELECT consent.verdict(parties => %s::text[], purpose => %s, table_name => %s, row_key => %s,\n"
		  . "  collected_at => %s, at => %s, %s => %s); -- asked by %s\n",
		map({ literal($_) } list($question->{parties}), @$question{qw(purpose table row)},
			when($question->{collected}), when($question->{at})), $question->{known_in} ? ('known_in', $question->{known_in}) : ('known_at', literal(when($question->{known_at}))), $question->{form});
	return $text;
}

1;
