# The bytes of docs/FORMAT.md, computed again in another language: first its
# worked example, then everything that a ledger holds.
use strict;
use warnings;

use ConsentLedger;
use Digest::SHA qw(sha256_hex);
use Encode qw(encode_utf8);
use FindBin;
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Recompute;
use Test::More;

# The worked example: each fenced block is preceded by a line "`name`:".
my $format = "$FindBin::RealBin/../../docs/FORMAT.md";
my $page = -e $format ? slurp_file($format) : "";
my %example;
$example{$1} = $2 while $page =~ /^`(\w+)`:\n+```\n(.*?)```$/msg;

SKIP:
{
	skip 'docs/FORMAT.md has no worked example', 8 unless $example{event};
	chomp(my $event = $example{event});
	chomp(my $vkey = $example{vkey});
	my $members = decode_json($event);

	is(canonical({ map { $_ => encode_utf8($members->{$_}) } keys %$members }),
		$event, 'example: the event is in canonical form');
	is(unpack('H*', leaf($event)) . "\n", $example{leaf}, 'example: leaf hash');
	chomp(my $sibling = $example{sibling});
	my $root = root(leaf($event), pack('H*', $sibling));
	is(unpack('H*', $root) . "\n", $example{root}, 'example: root of the two events');
	my $seal = seal_fields($example{seal});
	is($seal->{root}, encode_base64($root, ''), 'example: the seal has that root');
	is($members->{id}, $seal->{seal} * 4096, 'example: the event is the first of the seal');
	ok(note_verifies($example{seal}, $vkey), 'example: signature');
	chomp(my $salt = $example{salt});
	chomp(my $key = $example{key});
	is(unpack('H*', commitment(pack('H*', $salt), 'consent_ledger/subject/v1',
				$seal->{origin}, $members->{subject_no}, $key)),
		$members->{commitment}, 'example: commitment');
	chomp(my $evidence_salt = $example{evidence_salt});
	is(unpack('H*', commitment(pack('H*', $evidence_salt), 'consent_ledger/evidence/v1', '{"page": 3}')),
		$members->{evidence}, 'example: evidence');
}

# A ledger with events of all sorts, names that need escapes among them.
my $node = start_node('format');
$node->safe_psql('postgres', q{
	SELECT consent.define_purpose('training', since => '2020-01-01Z');
	SELECT consent.define_purpose('ai_training', '{training}', title => E'Training "AI"\tand\\so\non');
	SELECT consent.publish_notice('privacy', '2024-09-18', 'Wir trainieren – mit Ihren Daten.', '{ai_training}',
		stated_on => '2024-09-18', zone => 'America/Los_Angeles', published_at => '2024-09-19T00:32:21Z');
	SELECT consent.set_preset('~ai_training', jurisdiction => 'US', notice => 'privacy/2024-09-18');
	SELECT consent.opt_in('alice', 'ai_training', notice => 'privacy/2024-09-18');
	SELECT consent.opt_out(E'b"o\\b\n', 'ai_training', evidence => '{"form": "paper"}', at => '2024-10-02T09:00:00.5Z', source => 'desk');
	INSERT INTO consent.event (subject, choices, jurisdiction)
	SELECT 'ünï' || i, '+ai_training until 2099-01-01T00:00:00Z for [2024-01-01T00:00:00Z,), -training', 'DE'
	FROM generate_series(1, 5000) i;
});

my $instant = q{regexp_replace(to_char(%s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\.000000$', '') || 'Z'};
my $rows = $node->safe_psql('postgres', sprintf(q{
	SELECT json_build_object('actor', actor, 'choices', choices::text, 'commitment', encode(commitment, 'hex'),
		'detail', detail, 'event_time', %s, 'evidence', encode(evidence_hmac, 'hex'), 'external_id', external_id,
		'id', event_id::text, 'jurisdiction', jurisdiction, 'kind', kind, 'method', method,
		'nonce', encode(nonce, 'hex'), 'notice', notice, 'recorded_at', %s, 'recorded_by', recorded_by,
		'row_key', row_key, 'source', source, 'subject_no', subject_no::text, 'table_name', table_name, 'v', '1')
	FROM consent.event_log ORDER BY event_id},
	sprintf($instant, 'event_time'), sprintf($instant, 'recorded_at')));
my %leaves;
foreach my $row (split /\n/, $rows)
{
	my $members = decode_json($row);

	$_ = encode_utf8($_) foreach grep { defined } values %$members;
	push @{ $leaves{ int($members->{id} / 4096) } }, leaf(canonical($members));
}

my $vkey = $node->safe_psql('postgres', q{SELECT vkey FROM consent.key WHERE signs = 'seal'});
my $seals = $node->safe_psql('postgres',
	q{SELECT json_build_object('seal_no', seal_no::text, 'kind', kind, 'count', count::text, 'note', note) FROM consent.seal ORDER BY seal_no});
my ($wrong, $unsigned) = (0, 0);
foreach my $row (split /\n/, $seals)
{
	my $stored = decode_json($row);
	my $note = encode_utf8($stored->{note});
	my $seal = seal_fields($note);
	my $found = delete $leaves{ $stored->{seal_no} } // [];

	$wrong++ unless $seal && $seal->{origin} eq 'postgres.example'
		&& $seal->{seal} eq $stored->{seal_no} && $seal->{kind} eq $stored->{kind}
		&& $seal->{count} == @$found && $seal->{root} eq encode_base64(root(@$found), '');
	$unsigned++ unless note_verifies($note, $vkey);
}
cmp_ok(scalar(split /\n/, $seals), '>=', 9, 'a seal for each statement, and two for the large one');
is($wrong, 0, 'every seal has the root of its events');
is($unsigned, 0, 'every seal is signed by the key of the ledger');
is_deeply([ keys %leaves ], [], 'no event is outside a seal');

my $subjects = $node->safe_psql('postgres',
	q{SELECT json_build_array(subject_no::text, key, encode(salt, 'hex'), encode(commitment, 'hex')) FROM consent.subject LIMIT 200});
my $unbound = 0;
foreach my $row (split /\n/, $subjects)
{
	my ($number, $key, $salt, $commitment) = map { encode_utf8($_) } @{ decode_json($row) };

	$unbound++ unless $commitment eq unpack('H*',
		commitment(pack('H*', $salt), 'consent_ledger/subject/v1', 'postgres.example', $number, $key));
}
is($unbound, 0, 'commitments bind numbers to keys');

my ($salt, $body, $hmac) = split /\|/, $node->safe_psql('postgres', q{
	SELECT encode(salt, 'hex'), body, encode(evidence_hmac, 'hex')
	FROM consent.evidence JOIN consent.event_log USING (event_id)});
is(unpack('H*', commitment(pack('H*', $salt), 'consent_ledger/evidence/v1', $body)),
	$hmac, 'evidence is bound under a salt of its own');

done_testing();
