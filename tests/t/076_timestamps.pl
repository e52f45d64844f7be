# Time-stamps (RFC 3161) by a local authority: asked for, checked, kept, and what
# they and a witness prove of the times and the order of events.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Tsa;

my $node = start_node('stamped', conf => "fsync = off\n");
my $dir = PostgreSQL::Test::Utils::tempdir();
my $root = Tsa::root($dir, 'root');
my $stranger = Tsa::root($dir, 'stranger');
my $day = 86400;

$root->certificate('stamps', 'stamps', -$day, $day);
$root->certificate('early', 'stamps', $day, 2 * $day);
$root->certificate('over', 'stamps', -2 * $day, -$day);
$root->certificate('serves', 'serves', -$day, $day);
$root->certificate('loose', 'loose', -$day, $day);
$stranger->certificate('other', 'stamps', -$day, $day);

sub value { return $node->safe_psql('postgres', $_[0]); }
sub grow { value(q{SELECT consent.opt_out('ann', 'train')}) for 1 .. $_[0] // 1; return value('SELECT max(event_id) FROM consent.event_log'); }
sub request { return value('SELECT encode(consent.timestamp_request(' . ($_[0] // '') . "), 'hex')"); }
sub add { return $node->psql('postgres', "SELECT consent.add_timestamp('\\x$_[0]')"); }

sub refused
{
	my ($hex, $pattern, $name) = @_;
	my ($status, undef, $err) = add($hex);

	ok($status != 0 && $err =~ $pattern, $name) or diag($err);
}

# ---- asking ----

value(q{SELECT consent.define_purpose('train')});
my $first = grow(3);
my ($status, $out, $err) = $node->psql('postgres', 'SELECT consent.timestamp_request()');
like($err, qr/the log has no checkpoint yet/, 'there is nothing to stamp yet');
value('CALL consent.checkpoint()');
my $query = $root->run('ts', '-query', '-in', do { my $f = "$dir/q.tsq"; open(my $h, '>:raw', $f) or die; print $h pack('H*', request()); close $h; $f }, '-text');
like($query, qr/Hash Algorithm: sha256.*Nonce: unspecified.*Certificate required: yes/s, 'openssl reads the request');
is(value(qq{SELECT substr(encode(consent.timestamp_request(), 'hex'), strpos(encode(consent.timestamp_request(), 'hex'), '0420') + 4, 64)}),
	value(q{SELECT encode(sha256(convert_to(split_part(note, E'\n\n', 1) || E'\n', 'UTF8')), 'hex') FROM consent.checkpoint}), 'it is about the text of the checkpoint');

# ---- taking ----

refused($root->answer('stamps', request()), qr/no registered time-stamping authority/, 'nobody is registered yet');
value("SELECT consent.register_tsa('tsa.example', '" . $root->pem('root') . "')");
is(value("SELECT consent.register_tsa('tsa.example', '" . $root->pem('root') . "') = (SELECT event_id FROM consent.timestamp_authority)"), 't', 'registered twice is once');
(undef, undef, $err) = $node->psql('postgres', "SELECT consent.register_tsa('tsa.example', '" . $root->pem('stamps') . "')");
like($err, qr/registered already, with another certificate/, 'a name has one certificate');
(undef, undef, $err) = $node->psql('postgres', q{SELECT consent.register_tsa('x', 'nonsense')});
like($err, qr/certificate of "x" cannot be read/, 'nonsense is no certificate');

my $answer = $root->answer('stamps', request());
my $middle = length($answer) / 2;
is((add($answer))[1], 't', 'an answer is taken');
is((add($answer))[1], 'f', 'once');
is((add($root->answer('stamps', request(), 1)))[1], 't', 'a token alone is taken as well');
is(value(q{SELECT string_agg(DISTINCT kind || ' by ' || name, ',') FROM consent.cosignature}), 'timestamp by tsa.example', 'it is kept');

refused('', qr/not a time-stamp/, 'nothing');
refused('30820100' . '00' x 20, qr/not a time-stamp/, 'too little');
refused($answer . '00', qr/not a time-stamp/, 'too much');
refused(substr($answer, 0, $middle) . '00', qr/not a time-stamp/, 'half of it');
refused(request(), qr/not a time-stamp/, 'the request');
refused($root->answer($_, request()), qr/no registered time-stamping authority/, "a certificate that is $_") foreach qw(early over);
foreach my $name (qw(serves loose))
{
	# openssl itself refuses to stamp with these.
	my ($out, $err);
	ok(!IPC::Run::run([ 'openssl', 'ts', '-reply', '-config', "$dir/root.cnf", '-queryfile', "$dir/request.tsq", '-signer', "$dir/$name.pem", '-inkey', "$dir/$name.key", '-out', "$dir/no.tsr" ],
		'>', \$out, '2>', \$err), "a certificate that $name does not stamp");
}
refused($stranger->answer('other', request()), qr/no registered time-stamping authority/, 'an unknown authority');
refused($root->answer('stamps', request() =~ s/(0420)(..)/$1 . sprintf('%02x', hex($2) ^ 1)/er), qr/not of a checkpoint of this log/, 'another hash');
my $sha512 = $root->run('ts', '-query', '-digest', 'ab' x 64, '-sha512', '-cert', '-out', "$dir/512.tsq");
refused($root->answer('stamps', unpack('H*', slurp_file("$dir/512.tsq"))), qr/not of a checkpoint of this log/, 'another algorithm');
my $refusal = $root->run('ts', '-query', '-digest', 'ab' x 20, '-sha1', '-cert', '-out', "$dir/sha1.tsq");
refused($root->answer('stamps', unpack('H*', slurp_file("$dir/sha1.tsq"))), qr/did not grant/, 'an answer that says no');
my ($good, $crashed) = (0, 0);
foreach my $place (map { int($_ * length($answer) / 120) * 2 } 0 .. 59)
{
	my $changed = $answer;

	substr($changed, $place, 2) = sprintf('%02x', hex(substr($answer, $place, 2)) ^ 0x10);
	my ($status, $out) = add($changed);
	$good++ if $status == 0 && $out eq 't';
}
is(value('SELECT 1'), 1, 'no changed byte makes the server fall');
is($good, 0, 'and none is taken');

# A certificate that is over by now, and was valid then.
$root->certificate('short', 'stamps', -$day, 6);
my $short_until = time() + 6;
my $kept = $root->answer('short', request(), 1);
usleep(200_000) while time() <= $short_until;
is((add($kept))[1], 't', 'what counts is that the certificate was valid at the time of the stamp');
is(value('SELECT count(*) FROM consent.verify()'), 0, 'verify() finds all of them good');

# ---- what it proves ----

is(value("SELECT not_before IS NULL, not_after_by, not_after BETWEEN now() - interval '1 min' AND now() + interval '1 min' FROM consent.proven_time($first)"),
	't|{tsa.example}|t', 'the first event is bounded from above');
my $second = grow();
is(value("SELECT not_before_by, not_before < recorded_at, not_after IS NULL, leaf_index IS NULL FROM consent.proven_time($second)"), 'tsa.example|t|t|t', 'the next one from below');
is(value("SELECT a_was FROM consent.proven_order($first, $second)"), 'before', 'so the first was before the second');
is(value("SELECT a_was FROM consent.proven_order($second, $first)"), 'after', 'and the second after the first');
my $third = grow();
is(value("SELECT a_was FROM consent.proven_order($second, $third)"), 'undecidable', 'between two stamps nothing is proven');
value('CALL consent.checkpoint()');
my $fourth = grow();
like(value("SELECT a_was || ': ' || because FROM consent.proven_order($third, $fourth)"), qr/^before: The seal of event $fourth embeds a checkpoint of size \d+, which covers/, 'a checkpoint that a seal embeds proves an order without anybody else');
is(value("SELECT a_was FROM consent.proven_order($fourth, $fourth)"), 'undecidable', 'an event and itself');
($status, $out, $err) = $node->psql('postgres', 'SELECT consent.proven_time(1)');
like($err, qr/there is no event 1$/m, 'no such event');
add($root->answer('stamps', request()));
is(value("SELECT not_before <= recorded_at AND recorded_at <= not_after FROM consent.proven_time($third)"), 't', 'both bounds hold what the ledger says');

# ---- times outside their bounds ----

my $disable = value(q{SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL;', c.oid::regclass), ' ') FROM pg_class c WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r'});

sub finds
{
	my ($change, $pattern, $name) = @_;
	my $found = value("BEGIN; ALTER EVENT TRIGGER consent_ledger_guard DISABLE; $disable $change; SELECT kind, thing, expected, found FROM consent.verify() WHERE kind <> 'guard'; ROLLBACK");

	like($found, $pattern, $name);
}

finds("UPDATE consent.event_log SET recorded_at = recorded_at - interval '1 day' WHERE event_id = $third",
	qr/^event\|event $third\|recorded not before \S+, since its seal embeds what tsa\.example said then\|recorded at /m, 'an event back-dated');
finds("UPDATE consent.event_log SET recorded_at = recorded_at + interval '1 day' WHERE event_id = $third",
	qr/^event\|event $third\|recorded by \S+, since tsa\.example saw a checkpoint then that covers it\|recorded at /m, 'an event dated forward');
finds("UPDATE consent.cosignature SET evidence = (SELECT evidence FROM consent.cosignature WHERE bound_no = 1) WHERE bound_no = 4", qr/^cosignature\|bound 4\|a time-stamp of the checkpoint by a registered authority\|none that is good$/m, 'a token moved');
finds("UPDATE consent.timestamp_authority SET certificate = '" . $stranger->pem('stranger') . "'", qr/^cosignature\|bound 1\|a time-stamp of the checkpoint by a registered authority\|none that is good$/m, 'another certificate');
finds("UPDATE consent.checkpoint SET signed_at = signed_at + interval '3 days'", qr/^leaf\|seal \d+\|in the log within 86400 s of \S+\|late: first under the checkpoint of size/m, 'a late inclusion');
$node->safe_psql('postgres', q{SELECT consent.opt_out('ann', 'train')});
like(value(q{SET consent_ledger.include_within = '1s'; SELECT count(*) FROM consent.verify() WHERE kind = 'seal_pending'}), qr/^0$/, 'a seal may wait a while');
sound($node, 'the ledger is sound');
done_testing();
