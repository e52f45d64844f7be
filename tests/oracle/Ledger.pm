# Tell a server about worlds, and ask it.
package Ledger;

use strict;
use warnings;

use Exporter 'import';
use File::Temp;
use Rule;
use World qw(tables);

our @EXPORT_OK = qw(psql literal list when microseconds choices_literal prepare_database start_ledger define declare_world
	preset_call recorded_batch moment copy_events settle copied item_joins question_rows ask_all ask_apart ask_singly $parallel);

our $parallel = q{
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; SET enable_nestloop = off;
};

# Run a script in a database and return what it prints, line by line.
sub psql
{
	my ($database, $script) = @_;
	my $file = File::Temp->new(SUFFIX => '.sql');

	print $file "SET client_min_messages = warning;\nSET timezone = 'UTC';\n$script";
	close $file;
	open my $pipe, '-|', 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $database, '-f', "$file" or die "psql: $!";
	chomp(my @lines = <$pipe>);
	close $pipe or die "psql failed\n";
	return @lines;
}

# ---- values ----

sub literal
{
	my ($text) = @_;

	return 'NULL' unless defined $text;
	$text =~ s/'/''/g;
	return "'$text'";
}

sub when
{
	my ($time) = @_;

	return undef unless defined $time;
	return $time < 0 ? '-infinity' : 'infinity' if abs $time >= 9e18;
	return Rule::instant($time);
}

sub list
{
	my ($list) = @_;

	return undef unless defined $list;
	return '{' . join(',', map { defined $_ ? qq("$_") : 'NULL' } @$list) . '}';
}

sub choices_literal { return join(', ', map { Rule::choice_text($_) } @{ $_[0]{choices} }) }

# A line of COPY; no value of ours has a tab, newline or backslash.
sub copied { return join("\t", map { $_ // '\N' } @_) . "\n" }

# An expression for an instant in microseconds since 1970.
sub microseconds { return "(extract(epoch FROM $_[0]) * 1000000)::bigint" }

# ---- recording ----

# A database with a ledger, the protected tables, and one for questions.
sub prepare_database
{
	my ($database) = @_;

	psql('postgres', "DROP DATABASE IF EXISTS $database; CREATE DATABASE $database;");
	psql($database, "CREATE EXTENSION consent_ledger;" . make_tables() . start_ledger() . q{
		CREATE TABLE question (no integer PRIMARY KEY, form text, parties text[], purpose text,
			table_name text, row_key text, collected timestamptz, asked_at timestamptz, known_at timestamptz, known_in bigint)
			WITH (parallel_workers = 2);
		CREATE TABLE said (preset integer, event_id bigint);
	});
	return;
}

# A protected table's name without its schema.
sub relation { return $_[0] =~ s/.*\.//r }

# Statements that make the tables which are protected.
sub make_tables
{
	my $script = '';

	foreach my $name (sort keys %{ tables() })
	{
		my $table = tables()->{$name};
		my $key = join(', ', map { /^(\w+)/ } @{ $table->{key} });
		my @columns = (@{ $table->{key} }, map { "$_ text" } @{ $table->{parties} });

		push @columns, "$table->{collected} timestamptz" if $table->{collected};
		$script .= sprintf("CREATE TABLE %s (%s, PRIMARY KEY (%s));\n", relation($name), join(', ', @columns), $key);
	}
	return $script;
}

# Statements that start a ledger and declare what all worlds share.
sub start_ledger
{
	my $script = q{
		SELECT consent.create_ledger('oracle.example', test => true) IS NULL;
		SELECT consent.define_purpose('oracle') IS NULL;
		SELECT consent.publish_notice('oracle', v, 'Version ' || v, '{oracle}') IS NULL FROM unnest('{1,2}'::text[]) v;};

	foreach my $name (sort keys %{ tables() })
	{
		my $table = tables()->{$name};

		$script .= sprintf("SELECT consent.protect('%s', '%s', collected_at => %s, rule => '%s', known_as => %s) IS NULL;\n",
			relation($name), list($table->{parties}), literal($table->{collected}), $table->{rule},
			$name =~ /\./ ? 'NULL' : "'$name'");
	}
	return $script;
}

# Statements that define the purposes of a world.
sub define
{
	my ($world) = @_;

	return map {
		my $purpose = $world->{purposes}{$_};

		sprintf("SELECT consent.define_purpose('%s', '%s', '%s', since => '%s') IS NULL;\n",
			$_, list($purpose->{given}), $purpose->{regime}, when($purpose->{since}))
	} @{ $world->{order} };
}

sub declare_world
{
	my ($world) = @_;
	my $script = join('', define($world));

	foreach my $name (sort keys %{ tables() })
	{
		my $relation = relation($name);
		my @rows = grep { $_->{table} eq $name } @{ $world->{rows} };

		$script .= "COPY $relation FROM stdin;\n"
		  . join('', map { copied(@{ $_->{key} }, @{ $_->{parties} }, tables()->{$name}{collected} ? when($_->{collected}) : ()) } @rows)
		  . "\\.\n";
	}
	return $script;
}

# The arguments of a preset for everybody, and the function.
sub preset_call
{
	my ($preset) = @_;

	return sprintf("consent.end_preset('%s', %s, at => '%s')",
		$preset->{ends}, literal($preset->{jurisdiction}), when($preset->{time}))
	  if $preset->{ends};
	return sprintf("consent.set_preset('%s', jurisdiction => %s, notice => %s, at => '%s')",
		choices_literal($preset), literal($preset->{jurisdiction}), literal($preset->{notice}), when($preset->{time}));
}

# Statements that record events, in the order given: suffix of subjects, source.
sub copy_events
{
	my ($suffix, $source, @events) = @_;

	return "COPY consent.event (subject, choices, event_time, actor, method, notice, jurisdiction, source, external_id, table_name, row_key) FROM stdin;\n"
	  . join('', map {
			my $event = $_;

			copied("$event->{subject}$suffix", choices_literal($event),
				(grep { defined $_->{since} } @{ $event->{choices} }) ? undef : when($event->{time}),
				$event->{actor}, 'generated', @$event{qw(notice jurisdiction)}, $source, @$event{qw(no table row)})
		} @events)
	  . "\\.\n";
}

# Statements that record a batch of worlds.
sub recorded_batch
{
	my ($batch, @worlds) = @_;
	my @presets = grep { $_->{batch} == $batch } map { @{ $_->{presets} } } @worlds;
	my @events = grep { $_->{batch} == $batch } map { my $events = $_->{events}; map { @{ $events->{$_} } } sort keys %$events } @worlds;

	return join('', map { "INSERT INTO said SELECT $_->{no}, " . preset_call($_) . ";\n" } @presets)
	  . copy_events('', 'oracle', @events);
}

# Statements that print the time after a batch, and the size of a checkpoint then.
sub moment { return "CALL consent.checkpoint();\nSELECT 'moment', $_[0], " . microseconds('clock_timestamp()') . ", (SELECT max(size) FROM consent.checkpoint);\n" }

# Read back when the ledger recorded what was told, and under which id, and put
# that into the worlds; then turn "known at" of questions into instants.  The
# lines hold the moments after each batch.
sub settle
{
	my ($database, $worlds, @lines) = @_;
	my %moment = map { /^moment\|(\d)\|(\d+)/ ? ($1 => $2) : () } @lines;
	my %size = map { /^moment\|(\d)\|\d+\|(\d+)/ ? ($1 => $2) : () } @lines;
	my %recorded = map { /^(\d+)\|(\d+)\|(\d+)$/ ? ($1 => [ $2, $3 ]) : () } psql($database,
		"SELECT external_id, event_id, " . microseconds('recorded_at') . " FROM consent.event WHERE source = 'oracle';\n"
		  . "SELECT preset, event_id, " . microseconds('recorded_at') . " FROM said JOIN consent.event USING (event_id);\n");

	foreach my $world (@$worlds)
	{
		foreach my $told (@{ $world->{presets} }, map { @$_ } values %{ $world->{events} })
		{
			@$told{qw(id recorded)} = @{ $recorded{ $told->{no} } };
		}
		$world->{now} = $moment{4};
		foreach my $question (grep { $_->{known} } @{ $world->{questions} })
		{
			my $known = $question->{known};

			$question->{known_at} = $known->{event} ? $recorded{ $known->{event}{no} }[1] + $known->{offset} : $moment{ $known->{batch} };
			# Of what is known after a batch, half is asked by the checkpoint.
			$question->{known_in} = $size{ $known->{batch} } if !$known->{event} && $question->{no} % 2;
		}
	}
	return;
}

# ---- asking ----

# Lines of COPY for the table of questions.
sub question_rows
{
	return "COPY question FROM stdin;\n" . join('', map {
		copied(@$_{qw(no form)}, list($_->{parties}), @$_{qw(purpose table row)},
			when($_->{collected}), when($_->{at}), $_->{known_in} ? undef : when($_->{known_at}), $_->{known_in})
	} @_) . "\\.\n";
}

# By table: what joins its rows r to the row keys of a table q.
sub item_joins
{
	return (
		mail => 'JOIN mail r ON r.id::text = q.row_key',
		'public.photo' => 'JOIN photo r ON r.id::text = q.row_key',
		post => 'JOIN post r ON consent.row_key(r.tenant::text, r.id) = q.row_key',
		note => 'JOIN note r ON r.id = q.row_key');
}

# What is asked of each form: what it is about, and what at, known_at and known_in follow.
my %joins = item_joins();
my %form = (
	columns => [ 'q.parties, q.purpose, q.table_name, q.row_key, q.collected', 'question q' ],
	subject => [ 'q.parties[1], q.purpose', 'question q' ],
	map { $_ => [ 'r, q.purpose', "question q $joins{$_}" ] } keys %joins);

# Statements that ask all questions, or those that fit, in one query for each
# form: condition, what is asked (verdict and permits, or now: both as of now).
sub ask_all
{
	my ($condition, $what) = @_;

	return map {
		my ($about, $from) = @{ $form{$_} };
		my $fits = $_ eq 'columns' || $_ eq 'subject' ? "q.form = '$_'" : "q.form = 'item' AND q.table_name = '$_'";
		my $at = $what eq 'now' ? '' : ', at => q.asked_at, known_at => q.known_at, known_in => q.known_in';

		$what eq 'explain'
		  ? "SELECT q.no, e.party, e.verdict, e.event_id, e.notice, e.because FROM $from, consent.explain($about$at) WITH ORDINALITY e"
		  . " WHERE $fits AND $condition ORDER BY q.no, e.ordinality"
		  : "SELECT q.no, consent.verdict($about$at), consent.permits($about) FROM $from WHERE $fits AND $condition"
	} sort keys %form;
}

# Statements that ask permits() with parties written as ARRAY[...], of which the
# planner makes no array: a query for each number of them.
sub ask_apart
{
	return map {
		my $parties = join(', ', map { "q.parties[$_]" } 1 .. $_);

		"SELECT q.no, '', consent.permits(ARRAY[$parties], q.purpose, q.table_name, q.row_key, q.collected) FROM question q"
		  . " WHERE q.form = 'columns' AND cardinality(q.parties) = $_"
	} 1 .. 3;
}

# Statements that ask each question by itself, with a generic plan.
sub ask_singly
{
	my @questions = @_;
	my $script = "SET plan_cache_mode = force_generic_plan;\n";
	my %name;

	foreach my $form (sort keys %form)
	{
		my ($about, $from) = @{ $form{$form} };
		my $no = keys %name;

		$name{$form} = "ask$no";
		$script .= "PREPARE ask$no (integer) AS SELECT q.no, consent.verdict($about, at => q.asked_at, known_at => q.known_at, known_in => q.known_in),"
		  . " consent.permits($about) FROM $from WHERE q.no = \$1;\n";
	}
	return $script . join('', map { 'EXECUTE ' . $name{ $_->{form} eq 'item' ? $_->{table} : $_->{form} } . "($_->{no});\n" } @questions);
}

1;
