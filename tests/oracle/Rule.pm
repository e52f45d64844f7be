# The rule of docs/concepts.md once more: naive, in another language, and by
# somebody who has not seen the code of the extension.  Each part stands under
# the sentence that it implements.
#
# A world is a hash:
#   purposes  name => { parents, regime, since }
#   tables    name => party rule: all, any or first
#   events    subject => list of { no, id, table, row, choices, time, recorded, actor, jurisdiction, notice }
#   presets   list of { no, id, choices or ends, time, recorded, jurisdiction, notice }
#   now       when questions about now are asked
# A choice is { stance, purpose, since, until, from, to, act, notice }; what it
# does not state is undef.  Instants are microseconds since 1970.
#
# A question is { parties, purpose, table, row, collected, at, known_at }.  If it
# has a hash seen, the name of each part of the rule that mattered is put there.
package Rule;

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(any max min);
use POSIX qw(strftime);

our @EXPORT_OK = qw(verdict permits counted merge consent_text choice_text instant jurisdiction_of @verdicts);

# From best to worst.
our @verdicts = qw(granted preset unknown outside_data_period expired denied);
my %rank = map { $verdicts[$_] => $_ } 0 .. $#verdicts;

# ---- what is written, and how ----

# Canonical text of an instant: UTC, microseconds when not zero.
sub instant
{
	my ($time) = @_;
	my $fraction = $time % 1_000_000;

	return strftime('%Y-%m-%dT%H:%M:%S', gmtime(($time - $fraction) / 1_000_000))
	  . ($fraction ? sprintf('.%06dZ', $fraction) : 'Z');
}

sub choice_text
{
	my ($choice) = @_;
	my $text = $choice->{stance} . $choice->{purpose};

	$text .= '@' . instant($choice->{since}) if defined $choice->{since};
	$text .= ' until ' . instant($choice->{until}) if defined $choice->{until};
	$text .= ' for [' . join(',', map { defined $_ ? instant($_) : '' } @$choice{qw(from to)}) . ')'
	  if defined $choice->{from} || defined $choice->{to};
	$text .= " as $choice->{act}" if defined $choice->{act};
	$text .= " under $choice->{notice}" if defined $choice->{notice};
	return $text;
}

# Sorted by purpose and then data range.
sub consent_text
{
	my @sorted = sort {
		$a->{purpose} cmp $b->{purpose}
		  || ($a->{from} // -9e18) <=> ($b->{from} // -9e18)
		  || ($a->{to} // 9e18) <=> ($b->{to} // 9e18)
	} @_;

	return join(', ', map { choice_text($_) } @sorted);
}

# ---- what lies within what ----

# The purpose itself and all above it.
sub ancestors
{
	my ($world, $purpose) = @_;

	return $world->{above}{$purpose} //= {
		$purpose => 1,
		map { %{ ancestors($world, $_) } } @{ $world->{purposes}{$purpose}{parents} }
	};
}

sub purpose_within
{
	my ($world, $inner, $outer) = @_;

	return ancestors($world, $inner->{purpose})->{ $outer->{purpose} };
}

# A scope is the subject, one table, or one row of it.
sub scope_within
{
	my ($inner, $outer) = @_;

	return 1 unless defined $outer->{table};
	return 0 unless defined $inner->{table} && $inner->{table} eq $outer->{table};
	return !defined $outer->{row} || (defined $inner->{row} && $inner->{row} eq $outer->{row});
}

sub range_within
{
	my ($inner, $outer) = @_;

	return 0 if defined $outer->{from} && !(defined $inner->{from} && $inner->{from} >= $outer->{from});
	return 0 if defined $outer->{to} && !(defined $inner->{to} && $inner->{to} <= $outer->{to});
	return 1;
}

# "A choice is at least as specific as another when its scope, its purpose and
# its data range each lie within the other's."
sub at_least_as_specific
{
	my ($world, $inner, $outer) = @_;

	return scope_within($inner, $outer) && purpose_within($world, $inner, $outer) && range_within($inner, $outer);
}

# ---- which choices count ----

sub same
{
	my ($a, $b) = @_;

	return defined $a ? defined $b && $a eq $b : !defined $b;
}

# "A preset never replaces an act." "Only the latest counts; at the same instant
# the refusal, else the one that ends sooner", and then the smaller text.
sub counts_before
{
	my ($a, $b) = @_;
	my $difference =
		 ($a->{stance} eq '~') <=> ($b->{stance} eq '~')
	  || ($b->{since} // -9e18) <=> ($a->{since} // -9e18)
	  || ($b->{stance} eq '-') <=> ($a->{stance} eq '-')
	  || ($a->{until} // 9e18) <=> ($b->{until} // 9e18)
	  || choice_text($a) cmp choice_text($b);

	return $difference < 0;
}

# "Of choices with the same scope, purpose and data range only the latest counts."
# What a choice was preferred to is kept with it, as lost.
sub merge
{
	my (%kept, @keys);

	foreach my $choice (@_)
	{
		my $key = join('|', map { $_ // '' } @$choice{qw(table row purpose from to)});
		my $other = $kept{$key};

		if (!$other)
		{
			push @keys, $key;
			$kept{$key} = {%$choice};
		}
		elsif (counts_before($choice, $other))
		{
			$kept{$key} = { %$choice, lost => [ @{ $other->{lost} // [] }, $other ] };
		}
		else
		{
			push @{ $other->{lost} }, $choice;
		}
	}
	return map { $kept{$_} } @keys;
}

# "Every choice recorded by k, with event_time <= t"; without t, every one.
sub recorded
{
	my ($event, $question, $time) = @_;

	return (!defined $question->{known_at} || $event->{recorded} <= $question->{known_at})
	  && (!defined $question->{at} || $time <= $question->{at});
}

# The choices of one event, which are a value and so merged: "a yes by admin or
# system is a preset", and that is nobody's act.
sub choices_of_event
{
	my ($event) = @_;
	my @choices;

	return @{ $event->{told} } if $event->{told};
	foreach my $choice (merge(@{ $event->{choices} }))
	{
		my %choice = (
			%$choice,
			since => $choice->{since} // $event->{time},
			table => $event->{table}, row => $event->{row}, event => $event);

		delete $choice{lost};

		if ($choice{stance} eq '+' && ($event->{actor} // 'self') =~ /^(admin|system)$/)
		{
			$choice{stance} = '~';
			$choice{by_operator} = 1;
			delete $choice{act};
		}
		push @choices, \%choice;
	}
	$event->{told} = \@choices;
	return @choices;
}

# What a subject chose that counts, in all scopes.
sub counted
{
	my ($world, $subject, $question) = @_;

	return merge(
		grep { recorded($_->{event}, $question, $_->{since}) }
		map { choices_of_event($_) } @{ $world->{events}{$subject} // [] });
}

# ---- what was switched on for everybody ----

# Where a subject is: what the latest event says that names a place; of two at
# the same instant, the bytewise greater.
sub jurisdiction_of
{
	my ($world, $subject, $question) = @_;
	my ($latest) = sort { $b->{time} <=> $a->{time} || $b->{jurisdiction} cmp $a->{jurisdiction} }
	  grep { defined $_->{jurisdiction} && recorded($_, $question, $_->{time}) } @{ $world->{events}{$subject} // [] };

	return $latest ? $latest->{jurisdiction} : undef;
}

# The presets for everybody that are on for her: those for everywhere, for where
# she is, and for what that is a part of (US speaks for US-CA); but for those that
# were switched off again, at the instant they were switched on or later.
sub for_everybody
{
	my ($world, $subject, $question) = @_;
	my $place = jurisdiction_of($world, $subject, $question);
	my @known = grep { recorded($_, $question, $_->{time}) } @{ $world->{presets} };
	my %there;

	foreach my $rule (grep { $_->{choices} } @known)
	{
		my $for = $rule->{jurisdiction};

		if (defined $for && !(defined $place && ($place eq $for || index($place, "$for-") == 0)))
		{
			push @{ $there{elsewhere} }, map { { %$_, elsewhere => 1 } } choices_of_event($rule) if $question->{seen};
			next;
		}
		push @{ $there{ $for // '' } }, choices_of_event($rule);
	}

	my @presets = map { merge(@{ $there{$_} }) } grep { $_ ne 'elsewhere' } sort keys %there;

	foreach my $preset (@presets)
	{
		$preset->{everybody} = 1;
		$preset->{ended} = any
		{
			defined $_->{ends}
			  && $_->{ends} eq $preset->{purpose}
			  && same($_->{jurisdiction}, $preset->{event}{jurisdiction})
			  && $_->{time} >= $preset->{since}
		}
		@known;
	}
	return (@presets, @{ $there{elsewhere} // [] });
}

# ---- the rule, for one party ----

# The verdict on a party, and the choices that decide it.
sub party_verdict
{
	my ($world, $party, $question) = @_;
	my $purpose = $question->{purpose};
	my $now = $question->{at} // $world->{now};
	my $seen = $question->{seen} // {};
	my $place = { table => $question->{table}, row => $question->{row}, purpose => $purpose };

	# "A missing party (NULL) is unknown."
	return { verdict => 'unknown' } unless defined $party;

	# "A choice covers the row when its scope (the subject, the table, or this very
	# row), its purpose (p itself or an ancestor) and its data range do."  Of a row
	# that is not known, only the first; of data whose collection time is not known,
	# no data range.
	my $speaks_of_it = sub { scope_within($place, $_[0]) && purpose_within($world, $place, $_[0]) };
	my $covers = sub
	{
		my ($choice) = @_;
		my $collected = $question->{collected};

		return 1 unless defined $choice->{from} || defined $choice->{to};
		return 0 unless defined $collected;
		return (!defined $choice->{from} || $choice->{from} <= $collected)
		  && (!defined $choice->{to} || $collected < $choice->{to});
	};

	# "A grant or preset speaks of a descendant purpose only if that purpose existed
	# (since) at the grant's event_time.  A refusal speaks of all descendants."
	my $existed = sub
	{
		my ($choice) = @_;

		return $choice->{stance} eq '-'
		  || $choice->{purpose} eq $purpose
		  || $world->{purposes}{$purpose}{since} <= $choice->{since};
	};

	# "A grant is in force while t < its until."
	my $in_force = sub { !defined $_[0]{until} || $now < $_[0]{until} };

	my @own = grep { $speaks_of_it->($_) } counted($world, $party, $question);
	my @everybody = grep { $speaks_of_it->($_) } for_everybody($world, $party, $question);
	my @choices = grep { $existed->($_) } @own;
	my @refusals = grep { $_->{stance} eq '-' && $covers->($_) } @choices;
	my @grants = grep { $_->{stance} eq '+' } @choices;
	my @good = grep { $covers->($_) && $in_force->($_) } @grants;

	note_choices($world, $question, $party, \@own, \@everybody, $existed, $covers, $now) if $question->{seen};

	# 1. "A refusal that covers the row stands until a later grant in force, at least
	# as specific, lifts it.  Later is strict."
	my @standing;
	foreach my $refusal (@refusals)
	{
		my @specific = grep { at_least_as_specific($world, $_, $refusal) } @good;

		if (any { $_->{since} > $refusal->{since} } @specific)
		{
			$seen->{'a refusal is lifted'} = 1;
			$seen->{'a refusal is lifted by a narrower yes'} = 1
			  if any { $_->{since} > $refusal->{since} && !at_least_as_specific($world, $refusal, $_) } @specific;
			next;
		}
		$seen->{'at the same instant the refusal stands'} = 1 if any { $_->{since} == $refusal->{since} } @specific;
		$seen->{'a later yes is not specific enough'} = 1
		  if any { $_->{since} > $refusal->{since} && !at_least_as_specific($world, $_, $refusal) } @good;
		$seen->{'a temporary yes ran out, the no is back'} = 1
		  if any { $_->{since} > $refusal->{since} && !$in_force->($_) && at_least_as_specific($world, $_, $refusal) }
			grep { $covers->($_) } @grants;
		push @standing, $refusal;
	}
	return { verdict => 'denied', deciders => \@standing } if @standing;

	# 2. "A grant on this scope and purpose that has run out, or whose data range
	# misses the row, silences the grants whose scope and purpose both contain its own
	# (and are not the same).  If a grant in force covers the row and is not silenced:
	# granted."
	my @limited = grep { !$in_force->($_) || !$covers->($_) } @grants;
	my @heard;
	foreach my $grant (@good)
	{
		my @silencing = grep {
			scope_within($_, $grant)
			  && purpose_within($world, $_, $grant)
			  && !(scope_within($grant, $_) && purpose_within($world, $grant, $_))
		} @limited;

		push @heard, $grant unless @silencing;
		$seen->{'a yes is silenced by one that ran out'} = 1 if any { $covers->($_) } @silencing;
		$seen->{'a yes is silenced by one for other data'} = 1 if any { !$covers->($_) } @silencing;
		$seen->{'a limited yes beside another of its scope and purpose'} = 1
		  if any { same($_->{table}, $grant->{table}) && same($_->{row}, $grant->{row}) && $_->{purpose} eq $grant->{purpose} } @limited;
	}
	return { verdict => 'granted', deciders => \@heard } if @heard;

	# 3. "Else, if a grant covers the row but has run out: expired.  Else, if a
	# grant's scope and purpose cover the row and only its data range does not:
	# outside_data_period."
	my @run_out = grep { $covers->($_) && !$in_force->($_) } @grants;
	my @outside = grep { !$covers->($_) } @grants;
	return { verdict => 'expired', deciders => \@run_out } if @run_out;
	return { verdict => 'outside_data_period', deciders => \@outside } if @outside;

	# 4. "Else, if a preset in force covers it (the subject's own, or one for
	# everybody): preset."
	my @presets = grep { $covers->($_) && $in_force->($_) && $existed->($_) && !$_->{ended} && !$_->{elsewhere} }
	  ((grep { $_->{stance} eq '~' } @own), @everybody);
	return { verdict => 'preset', deciders => \@presets } if @presets;

	# 5. "Else unknown."
	return { verdict => 'unknown' };
}

# ---- the row ----

# "The parties' verdicts make the row's: the worst (all, the default), the best
# (any), or the first party's (first).  A row without a party is unknown."
sub verdict
{
	my ($world, $question) = @_;
	my @parties = map { party_verdict($world, $_, $question) } @{ $question->{parties} // [] };
	my $rule = (defined $question->{table} ? $world->{tables}{ $question->{table} } : undef) // 'all';
	my @ranks = map { $rank{ $_->{verdict} } } @parties;
	my $verdict =
		!@parties         ? 'unknown'
	  : $rule eq 'first'  ? $parties[0]{verdict}
	  :                     $verdicts[ $rule eq 'any' ? min(@ranks) : max(@ranks) ];

	note_question($world, $question, $rule, $verdict, \@ranks) if $question->{seen};
	return { verdict => $verdict, parties => \@parties };
}

# "Under the regime opt_in only granted permits.  Under opt_out, granted, preset
# and unknown do."
sub permits
{
	my ($world, $purpose, $verdict) = @_;

	return $verdict eq 'granted'
	  || ($world->{purposes}{$purpose}{regime} eq 'opt_out' && $verdict =~ /^(preset|unknown)$/);
}

# ---- what a question was a case of ----

sub note_choices
{
	my ($world, $question, $party, $own, $everybody, $existed, $covers, $now) = @_;
	my $seen = $question->{seen};
	my ($purpose, $collected) = @$question{qw(purpose collected)};
	my $note = sub { $seen->{ $_[0] } = 1 };

	foreach my $choice (@$own)
	{
		foreach my $lost (@{ $choice->{lost} // [] })
		{
			my $tie = $lost->{since} == $choice->{since};

			$note->('tie: the refusal counts') if $tie && $choice->{stance} eq '-' && $lost->{stance} eq '+';
			$note->('tie: what ends sooner counts')
			  if $tie && $choice->{stance} eq $lost->{stance} && !same($choice->{until}, $lost->{until});
			$note->('a later preset does not replace an act')
			  if $lost->{stance} eq '~' && $choice->{stance} ne '~' && $lost->{since} > $choice->{since};
			$note->('an earlier act is replaced') if $choice->{stance} ne '~' && $lost->{since} < $choice->{since};
		}
		$note->('scope: subject') unless defined $choice->{table};
		$note->('scope: table') if defined $choice->{table} && !defined $choice->{row};
		$note->('scope: row') if defined $choice->{row};
		$note->("act: $choice->{act}") if defined $choice->{act};
		$note->("actor: $choice->{event}{actor}") if $choice->{stance} eq '+' && $choice->{event}{actor};
		$note->("preset: a yes by $choice->{event}{actor}") if $choice->{by_operator};
		$note->('preset: her own') if $choice->{stance} eq '~';
	}
	foreach my $choice (@$own, @$everybody)
	{
		my $ranged = defined $choice->{from} || defined $choice->{to};

		$note->('expiry: at the very instant') if defined $choice->{until} && $choice->{until} == $now;
		$note->('expiry: a microsecond before') if defined $choice->{until} && $choice->{until} == $now + 1;
		$note->('data range: collected within') if $ranged && defined $collected && $covers->($choice);
		$note->('data range: collected outside') if $ranged && defined $collected && !$covers->($choice);
		$note->('data range: collected at its start') if defined $collected && defined $choice->{from} && $choice->{from} == $collected;
		$note->('data range: collected at its end') if defined $collected && defined $choice->{to} && $choice->{to} == $collected;
		$note->('data range: no collection time') if $ranged && !defined $collected;
		next if $choice->{purpose} eq $purpose;
		$note->('purpose: by an ancestor');
		$note->('purpose: by two ways up')
		  if 1 < grep { ancestors($world, $_)->{ $choice->{purpose} } } @{ $world->{purposes}{$purpose}{parents} };
		$note->('purpose: one of two parents')
		  if 1 == grep { ancestors($world, $_)->{ $choice->{purpose} } } @{ $world->{purposes}{$purpose}{parents} }
		  and 1 < @{ $world->{purposes}{$purpose}{parents} };
		my $since = $world->{purposes}{$purpose}{since};
		$note->('purpose: came after the ' . ($choice->{stance} eq '~' ? 'preset' : 'yes')) unless $existed->($choice);
		$note->('purpose: came after the no') if $choice->{stance} eq '-' && $choice->{since} < $since;
		$note->('purpose: came at the same instant') if $choice->{stance} ne '-' && $choice->{since} == $since;
	}
	foreach my $preset (@$everybody)
	{
		my $for = $preset->{event}{jurisdiction};

		if ($preset->{elsewhere})
		{
			my $place = jurisdiction_of($world, $party, $question);

			$note->('preset: for another place');
			$note->('preset: for a place with the same beginning') if defined $place && index($place, $for) == 0;
			next;
		}
		$note->('preset: for everybody') unless defined $for;
		$note->(jurisdiction_of($world, $party, $question) eq $for ? 'preset: for her place' : 'preset: for the whole of her place') if defined $for;
		$note->('preset: ended') if $preset->{ended};
		$note->('preset: switched on again')
		  if !$preset->{ended} && any { defined $_->{ends} && $_->{ends} eq $preset->{purpose} && same($_->{jurisdiction}, $for)
			&& recorded($_, $question, $_->{time}) } @{ $world->{presets} };
	}
	note_lateness($world, $question, $party);
	return;
}

# Was something known already that happened later than what was not known yet?
sub note_lateness
{
	my ($world, $question, $party) = @_;
	my @events = @{ $world->{events}{$party} // [] };

	$question->{seen}{'party: not in the ledger'} = 1 unless @events;
	return unless defined $question->{known_at};
	my @unknown = grep { $_->{recorded} > $question->{known_at} } @events;
	my @known = grep { $_->{recorded} <= $question->{known_at} } @events;
	foreach my $late (@unknown)
	{
		$question->{seen}{'late: known later, happened earlier'} = 1 if any { $_->{time} > $late->{time} } @known;
	}
	$question->{seen}{'late: at the very recording'} = 1 if any { $_->{recorded} == $question->{known_at} } @known;
	$question->{seen}{'late: at the very recording of a preset'} = 1
	  if any { $_->{recorded} == $question->{known_at} } @{ $world->{presets} };
	return;
}

sub note_question
{
	my ($world, $question, $rule, $verdict, $ranks) = @_;
	my $seen = $question->{seen};
	my @parties = @{ $question->{parties} // [] };

	$seen->{"verdict: $verdict"} = 1;
	$seen->{ defined $question->{at} ? 'at: given' : 'at: now' } = 1;
	$seen->{ defined $question->{known_at} ? 'known at: given' : 'known at: all' } = 1;
	$seen->{"rule: $rule, where it matters"} = 1 if min(@$ranks, 9) < max(@$ranks, -1);
	$seen->{'party: NULL'} = 1 if any { !defined $_ } @parties;
	$seen->{'party: none'} = 1 unless @parties;
	$seen->{"regime: $world->{purposes}{$question->{purpose}}{regime}, $verdict"} = 1 unless defined $question->{at};
	return;
}

1;
