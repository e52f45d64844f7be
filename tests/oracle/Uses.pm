# Use the rows of all worlds, in every way there is to record that, and read
# back what was used and what of it is withdrawn.
#
# Each world and purpose has a run for each way.  A use is named
# purpose|table|row|subject, and is what it says: verdict then|permitted then|
# verdict now.
package Uses;

use strict;
use warnings;

use Exporter 'import';
use Ledger qw(psql list when copied item_joins $parallel);
use List::Util qw(uniq);
use Rule;
use World qw(tables);

our @EXPORT_OK = qw(prepare_uses early_manifests record_uses expected_uses recorded_uses expected_withdrawn withdrawn_uses uses_of);

my $columns = 'q.table_name, q.row_key, q.parties, q.collected';
my $from = 'use_run u JOIN use_row q USING (world)';
# What keeps the planner from passing the columns that a declaration names in place of a row.
my $outer = 'LEFT JOIN question z ON z.no = -1 - u.world';

# Ways that record what is permitted only, in WHERE; and those that record all, as manifests or by key.
my %permitted = map { $_ => 1 } ('by columns', 'by columns, parties apart', 'by row', 'by whole row');
my @all = ('by a manifest', 'by a manifest of rows', 'by an earlier manifest', 'by manifests of parallel workers', 'by a union of manifests', 'by key');

# The purposes of a world that its rows are used for: the first and the last two.
sub purposes_used { return uniq(@{ $_[0]{order} }[ 0, -2, -1 ]) }

# ---- recording ----

# Statements that make the runs, and a table of all rows.
sub prepare_uses
{
	my (@worlds) = @_;
	my $ways = list([ sort(keys %permitted), @all ]);

	return q{
		CREATE TABLE use_row (world integer, table_name text, row_key text, parties text[], collected timestamptz) WITH (parallel_workers = 2);
		CREATE TABLE use_run (world integer, purpose text, way text, run_id bigint);
		CREATE TEMP TABLE use_purpose (world integer, purpose text);
	} . "COPY use_row FROM stdin;\n" . join('', map { my $world = $_; map { copied($world->{no}, @$_{qw(table row)}, list($_->{parties}), when($_->{collected})) } @{ $world->{rows} } } @worlds) . "\\.\nCOPY use_purpose FROM stdin;\n"
	  . join('', map { my $world = $_; map { copied($world->{no}, $_) } purposes_used($world) } @worlds) . qq{\\.
		INSERT INTO use_run SELECT world, purpose, way, consent.open_run(way, ARRAY[purpose]) FROM use_purpose, unnest('$ways'::text[]) way;
		ANALYZE use_row, use_run;
	};
}

# Statements that make manifests which are recorded later, when more is known.
sub early_manifests
{
	return qq{
		CREATE TABLE use_early AS SELECT u.run_id, consent.manifest(ARRAY[u.purpose], $columns)
		FROM $from WHERE way = 'by an earlier manifest' GROUP BY u.run_id;
	};
}

# Statements that record all uses.  What they answer is not printed.
sub record_uses
{
	my %join = item_joins();
	my @asked = "SELECT count(*) FROM $from WHERE way = 'by columns' AND consent.record_use(u.run_id, $columns)";
	my $manifest = "SELECT u.run_id, consent.manifest(ARRAY[u.purpose], $columns) FROM $from";

	foreach my $n (2, 3)
	{
		my $parties = join(', ', map { "q.parties[$_]" } 1 .. $n);

		push @asked, "SELECT count(*) FROM $from WHERE way = 'by columns, parties apart' AND cardinality(q.parties) = $n"
		  . " AND consent.record_use(u.run_id, q.table_name, q.row_key, ARRAY[$parties], q.collected)";
	}
	foreach my $table (sort keys %join)
	{
		my $where = "WHERE q.table_name = '$table' AND way";

		push @asked,
		  "SELECT count(*) FROM $from $join{$table} $where = 'by row' AND consent.record_use(r, u.run_id)",
		  "SELECT count(*), count(z.no) FROM $from $join{$table} $outer $where = 'by whole row' AND consent.record_use(r, u.run_id)",
		  "SELECT consent.record_use(run_id, manifest) FROM (SELECT u.run_id, consent.manifest(r, u.purpose) FROM $from $join{$table} $where = 'by a manifest of rows' GROUP BY 1) m",
		  "SELECT consent.record_use(u.run_id, '$table', array_agg(q.row_key)) FROM $from $where = 'by key' GROUP BY u.run_id";
	}
	push @asked,
	  "SELECT consent.record_use(run_id, manifest) FROM ($manifest WHERE way = 'by a manifest' GROUP BY 1) m",
	  'SELECT consent.record_use(run_id, manifest) FROM use_early',
	  "SELECT consent.record_use(run_id, manifest) FROM (SELECT run_id, consent.manifest_union(manifest) AS manifest FROM "
	  . "($manifest WHERE way = 'by a union of manifests' GROUP BY 1, q.table_name, q.parties[1]) m GROUP BY 1) m";
	return join('', map { "$_\n\\g /dev/null\n" } @asked) . qq{
		BEGIN;
		} . ($parallel =~ s/SET /SET LOCAL /gr) . qq{
		CREATE TABLE use_parallel AS $manifest WHERE way = 'by manifests of parallel workers' GROUP BY 1;
		COMMIT;
		SELECT consent.record_use(run_id, manifest) FROM use_parallel
		\\g /dev/null
	};
}

# ---- what is to be expected ----

# By way, what was used; known at the time when it was.  Whether the parties
# together permitted a row stays as the manifest found it: what came later is
# asked about each by herself.
sub expected_uses
{
	my ($worlds, $known_at) = @_;
	my %uses;

	foreach my $world (@$worlds)
	{
		foreach my $purpose (purposes_used($world))
		{
			my $permits = sub { return Rule::permits($world, $purpose, $_[0]) };

			foreach my $row (@{ $world->{rows} })
			{
				my %question = (%$row, purpose => $purpose);
				my $then = Rule::verdict($world, { %question, known_at => $known_at, known => { batch => 3 } });
				my $now = Rule::verdict($world, \%question);
				my $permitted = $permits->($then->{verdict});
				my @parties = @{ $row->{parties} };

				foreach my $i (0 .. $#parties)
				{
					my $verdict = $then->{parties}[$i]{verdict};
					my $name = join('|', $purpose, @$row{qw(table row)}, $parties[$i] // 'nobody');
					my $hers = $permits->($verdict) || ($permitted && tables()->{ $row->{table} }{rule} ne 'all');
					my @use = ($verdict, $hers ? 't' : 'f', $now->{parties}[$i]{verdict});

					foreach my $way (@all, $permitted ? keys %permitted : ())
					{
						my $told = $way ne 'by an earlier manifest' || tables()->{ $row->{table} }{rule} eq 'all';

						$uses{$way}{$name} //= join('|', $use[0], $told ? $use[1] : '-', $use[2]);
					}
				}
			}
		}
	}
	return %uses;
}

# Of those uses by way, the ones that her verdict permitted and does not now.
sub expected_withdrawn
{
	my ($worlds, $uses) = @_;
	my %world = map { my $world = $_; map { $_ => $world } purposes_used($world) } @$worlds;
	my %withdrawn;

	foreach my $way (keys %$uses)
	{
		foreach my $name (keys %{ $uses->{$way} })
		{
			my ($purpose) = split /\|/, $name;
			my ($then, undef, $now) = split /\|/, $uses->{$way}{$name};

			$withdrawn{$way}{$name} = $uses->{$way}{$name} =~ s/\|[-tf]\|/|/r
			  if Rule::permits($world{$purpose}, $purpose, $then) && !Rule::permits($world{$purpose}, $purpose, $now);
		}
	}
	return %withdrawn;
}

# ---- what is found ----

# By way, the uses of lines "way|purpose|table|row|subject|and what follows".
sub by_way
{
	my %uses;

	foreach (@_)
	{
		my ($way, $purpose, $table, $row, $subject, @use) = split /\|/, $_, -1;

		$use[1] = '-' if $way eq 'by an earlier manifest' && @use == 3 && tables()->{$table}{rule} ne 'all';
		$uses{$way}{"$purpose|$table|$row|$subject"} = join('|', @use);
	}
	return %uses;
}

sub recorded_uses
{
	my ($database) = @_;

	return by_way(psql($database, q{SELECT way, purpose, table_name, row_key, COALESCE(s.key, 'nobody'), verdict_then, permitted_then, verdict_now
		FROM use_run u CROSS JOIN LATERAL consent.run_uses(u.run_id) LEFT JOIN consent.subject s USING (subject_no);}));
}

sub withdrawn_uses
{
	my ($database, $lookup) = @_;

	return by_way(psql($database, qq{SET consent_ledger.lookup = '$lookup';
		SELECT way, purpose, table_name, row_key, COALESCE(subject, 'nobody'), verdict_then, verdict_now
		FROM use_run u JOIN consent.withdrawn_uses w USING (run_id);}));
}

# Of each whose key matches, "way|purpose|table|row|subject".
sub uses_of
{
	my ($database, $keys) = @_;
	my %uses = by_way(psql($database, qq{SELECT way, purpose, table_name, row_key, s.key, verdict_then, permitted_then, verdict_now
		FROM consent.subject s CROSS JOIN LATERAL consent.uses_of(s.key) JOIN use_run USING (run_id) WHERE s.key ~ '^$keys';}));

	return map { my $way = $_; map { ("$way|$_" => $uses{$way}{$_}) } keys %{ $uses{$way} } } keys %uses;
}

1;
