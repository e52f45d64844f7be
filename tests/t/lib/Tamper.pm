# A superuser who disables the guards and changes what is stored: each attack in a
# savepoint of one session, and what verify() says of it.
package Tamper;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(tamper_with since findings named try_all try_columns);
my ($node, $disable, $since);

# Whose ledger is attacked.
sub tamper_with
{
	($node) = @_;
	$disable = $node->safe_psql('postgres', q{
		SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL;', c.oid::regclass), ' ')
		FROM pg_class c WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r'});
}

# From now on verify() looks at what came since a checkpoint: its note as an expression.
sub since { ($since) = @_ }

# What verify() finds after each attack, apart from the guards: one line a finding.
# Test that it finds the same alone and with workers.
sub findings
{
	my @attacks = @_;
	my $query = "SELECT kind, thing, expected, found FROM consent.verify(" . ($since // '') . ") WHERE kind <> 'guard';";
	my ($status, $out, $err) = $node->psql('postgres', join("\n", 'BEGIN;',
		'ALTER EVENT TRIGGER consent_ledger_guard DISABLE;', $disable,
		'SET LOCAL min_parallel_table_scan_size = 0;',
		(map { ('SAVEPOINT attack;', "$_;", '\echo -----',
				(map { ("SET LOCAL max_parallel_maintenance_workers = $_;", $query, '\echo -----') } 0, 2),
				'ROLLBACK TO attack;', '\echo =====') } @attacks), 'ROLLBACK;'), on_error_stop => 1);
	my (@found, @differ);

	foreach my $i (0 .. $#attacks)
	{
		my ($said, $alone, $with_workers) = split /^-----\n/m, (split /^=====\n?/m, "$out\n", -1)[$i] // '', -1;

		push @found, ($said // '') . ($alone // '');
		push @differ, "$attacks[$i]:\n$alone---\n$with_workers" if ($alone // '') ne ($with_workers // '');
	}
	is(join("\n", @differ), '', 'the same findings with workers');
	diag("$attacks[$#found]: $err") if $status != 0;
	return wantarray ? @found : $found[0];
}

# Attacks that must be named: what each is called, how it is done, what must be found.
my @named;

sub named { push @named, [@_] }

# Try them, all in one session.
sub try_all
{
	my @found = findings(map { $_->[1] } @named);

	like($found[$_], $named[$_][2], "named: $named[$_][0]") for 0 .. $#named;
	@named = ();
}

# Something else of the same type.
sub another
{
	my ($column, $type) = @_;

	return "$column || 'x'" if $type eq 'text';
	return "$column + 1" if $type =~ /^(bigint|integer|smallint|date)$/;
	return "$column + interval '1 second'" if $type eq 'timestamp with time zone';
	return "'1'" if $type eq 'xid8';
	return "set_byte($column, 3, (get_byte($column, 3) + 1) % 256)" if $type eq 'bytea';
	return "NOT $column" if $type eq 'boolean';
	return "array_append($column, 'train')" if $type eq 'text[]';
	return "array_append($column, 1)" if $type eq 'bigint[]';
	return "$column OPERATOR(consent.||) '-improve\@2999-01-01T00:00:00Z'" if $type eq 'consent.consent';
	return "tstzrange(lower($column), upper($column) + interval '1 second')" if $type eq 'tstzrange';
	die "no other value of type $type";
}

# Change every column of every stored table, and take every value away that may
# be: kinds of findings by table, columns that nobody signs, which tables; perhaps
# other expressions for columns.
sub try_columns
{
	my ($kinds, $unsigned, $which_tables, $others) = @_;
	my (@attacks, @what);

	for (split /\n/, $node->safe_psql('postgres', q{
		SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.attnotnull
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r' ORDER BY c.relname, a.attnum}))
	{
		my ($table, $column, $type, $notnull) = split /\|/;
		# Of a run that is open, nothing is signed about a transaction that has not committed.
		my $which = $table eq 'run_draw' ? 'run_id IN (SELECT run_id FROM consent.run WHERE closed_event IS NOT NULL)' : 'true';
		my $row = "ctid = (SELECT max(ctid) FROM consent.$table WHERE $column IS NOT NULL AND $which)";

		next if !$which_tables->($table) || $unsigned->{"$table.$column"};
		push @attacks, "UPDATE consent.$table SET $column = " . ($others->{"$table.$column"} // another($column, $type)) . " WHERE $row RETURNING '*'";
		push @what, [ $table, "another $table.$column" ];
		next if $notnull eq 't';
		push @attacks, "UPDATE consent.$table SET $column = NULL WHERE $row RETURNING '*'";
		push @what, [ $table, "no $table.$column" ];
	}
	my @found = findings(@attacks);
	for my $i (0 .. $#what)
	{
		my ($table, $what) = @{ $what[$i] };
		my $pattern = $kinds->{$table} // '-';

		like($found[$i], qr/\A\*\n(?:.*\n)*?(?:$pattern)\|[^|]+\|/, "named: $what");
	}
}

1;
