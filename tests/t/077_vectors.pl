# What others have published, in SQL: the proofs of transparency-dev's merkle, good and
# malformed; tests/vectors says where each comes from. Anybody can try them like this.
use strict;
use warnings;

use ConsentLedger;
use Test::More;

my $node = start_node('vectors', conf => "fsync = off\n");
$node->safe_psql('postgres', q{CREATE ROLE stranger; GRANT USAGE ON SCHEMA consent TO stranger;
	CREATE TABLE vector (kind text, valid bool, a numeric, b numeric, first text, second text, path text, name text);
	GRANT SELECT ON vector TO stranger;
	CREATE FUNCTION bytes(text) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$SELECT decode(translate($1, '-.', ''), 'hex')$$;
	CREATE FUNCTION signed(numeric) RETURNS bigint IMMUTABLE LANGUAGE sql AS $$SELECT (CASE WHEN $1 < 2^63 THEN $1 ELSE $1 - 2::numeric^64 END)::bigint$$;
	CREATE VIEW tried AS SELECT *, CASE kind WHEN 'inclusion' THEN consent.verify_inclusion(bytes(second), signed(b), signed(a), bytes(first), hashes)
		ELSE consent.verify_consistency(signed(a), signed(b), bytes(first), bytes(second), hashes) END AS found
		FROM vector, LATERAL (SELECT coalesce(array_agg(bytes(h) ORDER BY n), '{}') AS hashes
			FROM unnest(string_to_array(nullif(path, '.'), ',')) WITH ORDINALITY p (h, n)) AS h;
	GRANT SELECT ON tried TO stranger});

foreach my $kind (qw(inclusion consistency))
{
	my $file = "$ENV{work}/tree/tests/vectors/$kind.tsv";

	$node->safe_psql('postgres', "COPY vector FROM PROGRAM 'sed -n \"/^#/! s/^/$kind\\t/p\" $file'");
	is($node->safe_psql('postgres', qq{SET ROLE stranger; SELECT count(*), count(*) FILTER (WHERE valid) FROM tried WHERE kind = '$kind'}), '98|6', "$kind: the examples");
	# One is good there, with a text of 12 bytes for both roots, and none here.
	is($node->safe_psql('postgres', qq{SET ROLE stranger; SELECT name FROM tried WHERE kind = '$kind' AND found IS DISTINCT FROM valid}),
		$kind eq 'consistency' ? 'consistency/additional/sizes-are-equal-one-and-proof-is-empty' : '', "$kind: each good one verifies, and no other");
}
$node->stop;
done_testing();
