# Thousands of mutated consent values, as text and in binary: each is refused
# with the error for that, or is taken and round trips; the server stays up.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $texts = 6000;
my $binaries = 4000;
my $seed = $ENV{CONSENT_INPUTS_SEED} // time;
srand($seed);
note("CONSENT_INPUTS_SEED=$seed");

my @seeds = (
	'',
	'+a',
	'-ai_training@2024-10-02T09:00:00Z as withdrawn',
	'~a.b until 2025-01-01T00:00:00Z, -a, +b_1.c2',
	'+ai_training@2024-10-02T09:00:00Z for [2024-10-02T09:00:00Z,) under privacy/2024-09-18, -third_party@2024-10-02T09:00:00Z as withdrawn',
	'+a@2024-10-02 11:00:00.123456+02:00:30 until 9999-12-31T23:59:59.999999Z for [0001-01-01T00:00:00Z,2024-01-01T00:00:00Z) as reaffirmed under datenschutz/fünf',
	'+a for [,2024-01-01T00:00:00Z), +a, +a for [2024-01-01T00:00:00Z,), -b as signalled');
my @tokens = ('+', '-', '~', '@', ',', ', ', ' ', '.', '[', ')', ' until ', ' for ', ' as ',
	' under ', 'infinity', '-infinity', 'BC', 'granted', 'refused', 'n/1', '/', '2024-02-29T00:00Z',
	'0001-01-01T00:00:00+00:01', '9999-12-31T23:59:59-00:01', '[,)', 'empty', "\t", "\n", "\x01",
	"\x7f", "\xc3\xa9", "\xe3\x80\x80", 'x' x 64, '"', "'", '\\', '%s', '99999999999999999999');

my $node = new_node('inputs');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION consent_ledger;
	CREATE TABLE given (n serial, bytes bytea);
	CREATE TABLE taken (value consent.consent);

	-- Does everything that goes out come back in as the same?
	CREATE FUNCTION round_trips(c consent.consent) RETURNS boolean LANGUAGE sql AS $$
		SELECT c::text::consent.consent OPERATOR(consent.=) c
			AND c::text::consent.consent::text = c::text
			AND consent.consent_send(c::text::consent.consent) = consent.consent_send(c)
			AND c::jsonb::consent.consent OPERATOR(consent.=) c
			AND (c OPERATOR(consent.||) c) OPERATOR(consent.=) c
			AND c OPERATOR(consent.@>) c
			AND consent.consent_cmp(c, c::text::consent.consent) = 0
			AND coalesce(c OPERATOR(consent.=) (SELECT consent.merge(
				consent.choice(purpose, stance, since, until, data_range, act, notice)) FROM consent.choices(c)), true)
			AND consent.verdict_of(c, 'a') IS NOT NULL
	$$;

	-- "taken", "taken, but does not round trip", or the error.
	CREATE FUNCTION try_text(bytes bytea) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		RETURN CASE WHEN round_trips(convert_from(bytes, 'UTF8')::consent.consent)
			THEN 'taken' ELSE 'taken, but does not round trip' END;
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE;
	END $$;

	CREATE FUNCTION try_binary(file text) RETURNS text LANGUAGE plpgsql AS $$
	BEGIN
		TRUNCATE taken;
		EXECUTE format('COPY taken FROM %L (FORMAT binary)', file);
		RETURN (SELECT CASE WHEN round_trips(value) THEN 'taken' ELSE 'taken, but does not round trip' END FROM taken);
	EXCEPTION WHEN OTHERS THEN
		RETURN SQLSTATE;
	END $$;
});

sub pick { return $_[rand @_]; }

# Change a string in one place: overwrite, insert, remove, repeat, cut, splice.
sub mutate_once
{
	my ($s, $token, @others) = @_;
	my $at = int(rand(length($s) + 1));
	my $n = int(rand(8));
	my $how = int(rand(7));

	return substr($s, 0, $at) . $token . substr($s, $at) if $how == 0;
	return substr($s, 0, $at) . substr($s, $at + $n > length($s) ? length($s) : $at + $n) if $how == 1;
	return substr($s, 0, $at) . substr($s, $at, $n) . substr($s, $at) if $how == 2;
	return substr($s, 0, $at) if $how == 3;
	return substr($s, 0, $at) . pick(@others) if $how == 4;
	substr($s, $at - 1, 1) = $how == 5 ? chr(int(rand(256))) : chr(ord(substr($s, $at - 1, 1)) ^ (1 << int(rand(8)))) if $at > 0;
	return $s;
}

sub mutate
{
	my ($s, $token, @others) = @_;

	$s = mutate_once($s, $token->(), @others) for (1 .. 1 + int(rand(3)));
	return $s;
}

# What became of all of them: a count for each outcome.
sub outcomes
{
	my %count;

	$count{$_}++ for @_;
	note("$_: $count{$_}") for sort keys %count;
	return \%count;
}

# A file that COPY reads, with one value.
sub write_copy
{
	my ($file, $value) = @_;

	open(my $fh, '>:raw', $file) or die "$file: $!";
	print $fh "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length($value)), $value, pack('n', 0xffff);
	close($fh);
}

# Text
my $lines = '';
for (1 .. $texts)
{
	my $text = mutate(pick(@seeds), sub { pick(@tokens) }, @seeds);

	$text =~ tr/\0//d;
	$lines .= '\\\\x' . unpack('H*', $text) . "\n";
}
my ($status, $out, $err) = $node->psql('postgres', "COPY given (bytes) FROM STDIN;\n$lines\\.\n");
is($status, 0, 'the mutated texts are loaded');
my $count = outcomes(split /\n/, $node->safe_psql('postgres', 'SELECT try_text(bytes) FROM given ORDER BY n'));
cmp_ok($count->{taken} // 0, '>', $texts / 50, 'some mutated texts are consent values, and round trip');
cmp_ok($count->{'22P02'} // 0, '>', $texts / 10, 'many are not, and are refused as such');
is(join(' ', grep { !/^(taken|22P02|22021)$/ } sort keys %$count), '', 'nothing else happened');

# Binary
my @packed = map { pack('H*', $_) } split /\n/, $node->safe_psql('postgres', join ';',
	map { "SELECT encode(consent.consent_send('$_'), 'hex')" } @seeds);
is(scalar(@packed), scalar(@seeds), 'the seeds in binary');
my $dir = PostgreSQL::Test::Utils::tempdir();
for my $i (1 .. $binaries)
{
	my $value = $i <= @packed ? $packed[$i - 1]
		: mutate(pick(@packed), sub { pick("\0", "\1", "\xff", "\0" x 8, "\xff" x 7 . "\x7f", "\0" x 7 . "\x80", 'a', 'n/1') }, @packed);

	write_copy("$dir/$i", $value);
}
$count = outcomes(split /\n/, $node->safe_psql('postgres',
	"SELECT try_binary('$dir/' || n) FROM generate_series(1, $binaries) n"));
cmp_ok($count->{taken} // 0, '>', $binaries / 50, 'some mutated binary values are consent values, and round trip');
cmp_ok($count->{'22P03'} // 0, '>', $binaries / 10, 'many are not, and are refused as such');
is(join(' ', grep { !/^(taken|22P03)$/ } sort keys %$count), '', 'nothing else happened');

# Errors that are asked for rather than raised.
SKIP:
{
	skip 'soft errors came with PostgreSQL 16', 2 if $node->pg_version < 16;
	is($node->safe_psql('postgres', q{SELECT pg_input_is_valid('+a', 'consent.consent'), pg_input_is_valid('+A', 'consent.consent')}),
		't|f', 'validity without an error');
	is($node->safe_psql('postgres', q{SELECT sql_error_code, message FROM pg_input_error_info('+A', 'consent.consent')}),
		'22P02|invalid input syntax for type consent at byte 2: malformed purpose', 'which error it would be');
}

# The enum's labels have new OIDs when the extension is made anew.
is($node->safe_psql('postgres', q{
		SELECT consent.verdict_of('+a', 'a');
		DROP EXTENSION consent_ledger CASCADE;
		CREATE EXTENSION consent_ledger;
		SELECT consent.verdict_of('-a', 'a');}),
	"granted\ndenied", 'verdicts in a session that makes the extension anew');

unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'the server never crashed');
$node->stop;
done_testing();
