# The keys of checkpoints and of a witness are changed, and keys are revoked: each
# checkpoint is signed by the key in force at its size, and verify() finds what is not.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Utils;
use Recompute;
use Test::More;
use Verifier;

my $node = start_node('keys', conf => "fsync = off\n");
my $keys = $node->data_dir =~ s{/[^/]+/?$}{/consent_ledger}r;
$Verifier::program = installed('consent-verify');

sub value { return $node->safe_psql('postgres', $_[0]); }
sub vkeys { return split /\n/, value("SELECT vkey FROM consent.key WHERE signs = '$_[0]' ORDER BY key_no"); }
sub record { return value(q{SELECT consent.opt_out('ann', 'train')}); }
sub note_of { return value('SELECT note FROM consent.seal WHERE seal_no = ' . int($_[0] / 4096)); }
sub newest { return value('SELECT note FROM consent.checkpoint ORDER BY size DESC LIMIT 1'); }
sub refused { my ($sql, $pattern, $name) = @_; my ($status, undef, $err) = $node->psql('postgres', $sql); ok($status != 0 && $err =~ $pattern, $name) or diag($err); }

value(q{SELECT consent.define_purpose('train')});
my $first = record();
value('CALL consent.checkpoint()');
my $old_head = newest();
my ($size_before) = $old_head =~ /\n(\d+)\n/;
record();

# ---- one after another ----

my $new_seal = value(q{SELECT consent.rotate_key()});
my @seal = vkeys('seal');
is($seal[1], $new_seal, 'a new key of seals');
like($new_seal, qr{^postgres\.example/seal\+}, 'under the same name');
my $second = record();
ok(note_verifies(note_of($first), $seal[0]) && !note_verifies(note_of($first), $seal[1]), 'what was sealed before is by the old key');
ok(note_verifies(note_of($second), $seal[1]) && !note_verifies(note_of($second), $seal[0]), 'what is sealed after by the new one');
my $event = value(q{SELECT event_id FROM consent.event WHERE kind = 'key_rotated'});
ok(note_verifies(note_of($event), $seal[0]), 'the change itself by the old one');
my $rotation = value(q{SELECT detail::json ->> 'change' FROM consent.event WHERE kind = 'key_rotated'});
ok(note_verifies($rotation, $seal[0]) && note_verifies($rotation, $seal[1]), 'and its note by both');
is($rotation =~ s/\n\n.*//sr, "consent_ledger/key_change/v1\norigin postgres.example\nsigns seal\nold $seal[0]\nnew $seal[1]", 'which names both');

my $new_log = value(q{SELECT consent.rotate_key('checkpoint')});
my @log = vkeys('checkpoint');
value('CALL consent.checkpoint()');
ok(note_verifies(newest(), $log[1]) && !note_verifies(newest(), $log[0]), 'checkpoints that cover the change are by the new key');
ok(note_verifies(value("SELECT note FROM consent.checkpoint WHERE size = $size_before"), $log[0]), 'older ones by the old key');
like(value("SELECT verdict FROM consent.check_fork(\$n\$${old_head}\$n\$)"), qr/^consistent$/, 'and still are ours');
my $new_witness = value(q{SELECT consent.rotate_key('witness')});
like($new_witness, qr{^postgres\.example/witness\+[0-9a-f]{8}\+B}, 'a new key for witnessing others');
record();
value('CALL consent.checkpoint()');
sound($node, 'sound');
is(scalar(grep { ((stat $_)[2] & 07777) != 0600 } glob("$keys/*.pem")), 0, 'key files are for the server alone');
is(scalar(my @files = glob("$keys/*.pem")), 6, 'the old ones are there still');
refused(q{SELECT consent.rotate_key('everything')}, qr/no key signs "everything"/, 'another use');
refused(q{SELECT consent.rotate_key(NULL)}, qr/signs cannot be NULL/, 'nothing');

# ---- taken back, restarted, dumped ----

value(q{BEGIN; SELECT consent.rotate_key(); SELECT consent.opt_out('ann', 'train'); ROLLBACK});
is(scalar(@files = glob("$keys/*.pem")), 6, 'a change that is rolled back leaves no file');
value(q{BEGIN; SAVEPOINT s; SELECT consent.rotate_key(); ROLLBACK TO s; SELECT consent.opt_out('ann', 'train'); COMMIT});
is(scalar(@files = glob("$keys/*.pem")), 6, 'nor in a savepoint');
value(q{BEGIN; SELECT consent.rotate_key('checkpoint'); SELECT consent.opt_out('ann', 'train'); COMMIT});
$node->restart;
value('SELECT consent.rotate_key()');
record();
value('CALL consent.checkpoint()');
sound($node, 'sound after a restart');

# ---- read by others ----

my $dir = PostgreSQL::Test::Utils::tempdir();
run_command([ installed('consent-log'), 'export', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '--full', "$dir/log" ]);
my @trust = ((map { ('--log', $_) } vkeys('checkpoint')), map { ('--seal', $_) } vkeys('seal'));
good(qr/^GOOD /, 'the log, for who trusts all keys', 'export', "$dir/log", @trust);
bad(qr/^BAD /, 'seals by a key that is not trusted', 'tree', "$dir/log", (map { ('--log', $_) } vkeys('checkpoint')), '--seal', $seal[0]);
result_is(0, qr/^GOOD /, 'a receipt of an old event', value("SELECT consent.receipt($first)"), 'receipt', '-', @trust);
result_is(0, qr/^GOOD /, 'and of a newer one', value("SELECT consent.receipt($second)"), 'receipt', '-', @trust);

sub receipt_is { my ($status, $pattern, $name, $event, @more) = @_; result_is($status, $pattern, $name, value("SELECT consent.receipt($event)"), 'receipt', '-', @trust, @more); }
my ($place) = map { value("SELECT leaf_index FROM consent.leaf WHERE seal_no = $_ / 4096") } $second;
receipt_is(1, qr/^BAD the event: the key that sealed it is trusted for the first 2 entries of the log, and this is entry $place/, 'a receipt by a key that the user trusts no longer there', $second, '--revoked', "$seal[1]\@2");
receipt_is(0, qr/^GOOD /, 'and by one that is trusted as far', $second, '--revoked', "$seal[1]\@" . ($place + 1));
receipt_is(1, qr/^BAD the head that it is proved under: the key that signed it is trusted up to a head of 1 entry/, 'a head as well', $first, map { ('--revoked', "$_\@1") } vkeys('checkpoint'));
receipt_is(2, qr/--revoked wants the verifier key/, 'no key, no size', $first, '--revoked', $seal[1]);
receipt_is(2, qr/--revoked wants the verifier key/, 'a wrong size', $first, '--revoked', "$seal[1]\@many");
bad(qr/^BAD a seal of the log: the key that sealed it is trusted for the first 2 entries/, 'and in the log', 'tree', "$dir/log", @trust, '--revoked', "$seal[1]\@2");
good(qr/^GOOD /, 'but not where others stand', 'tree', "$dir/log", @trust, '--revoked', "$seal[0]\@1000000");

# ---- revoked ----

my ($pem) = grep { my $public = qx(openssl pkey -in $_ -pubout -outform DER | tail -c 32); index($seal[1], encode_base64("\x01$public", '')) >= 0 } glob("$keys/*-seal-*.pem");
ok($pem, 'the second key of seals is in a file of its own');
my $head = value('SELECT max(size) FROM consent.checkpoint');
refused("SELECT consent.revoke_key('nobody+12345678+AAAA', $head)", qr/is not a key of this ledger/, 'somebody else cannot be revoked');
refused("SELECT consent.revoke_key('" . (vkeys('seal'))[-1] . "', $head)", qr/the key is in force/, 'nor the key in force');
refused("SELECT consent.revoke_key('$seal[1]', 999999)", qr/no checkpoint of size 999999/, 'at a size that no checkpoint has');
value("SELECT consent.revoke_key('$seal[1]', $head)");
refused("SELECT consent.revoke_key('$seal[1]', $head)", qr/the key is revoked already/, 'twice');
sound($node, 'what it signed is under the checkpoint');
value("SELECT consent.revoke_key('$seal[0]', $size_before)");
like(value(q{SELECT thing, found FROM consent.verify() WHERE kind = 'seal'}), qr/^seal \d+\|leaf \d+$/m, 'what it signed beyond its last trusted checkpoint is named');
value("SELECT consent.revoke_key('$log[0]', 0)");
like(value(q{SELECT thing, expected FROM consent.verify() WHERE kind = 'checkpoint'}), qr/^checkpoint of size $size_before\|another key: this one is trusted up to a checkpoint of size 0$/m, 'and a checkpoint');

# ---- signed by the wrong one ----

my $disable = value(q{SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL;', c.oid::regclass), ' ') FROM pg_class c WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r'});
sub finds
{
	my ($change, $pattern, $name) = @_;

	like(value("BEGIN; ALTER EVENT TRIGGER consent_ledger_guard DISABLE; $disable $change; SELECT kind, thing, expected, found FROM consent.verify() WHERE kind <> 'guard'; ROLLBACK"), $pattern, $name);
}
my $newest = value('SELECT max(seal_no) FROM consent.seal');
my ($text) = value("SELECT note FROM consent.seal WHERE seal_no = $newest") =~ /\A(.*?\n)\n/s;
finds("UPDATE consent.seal SET note = \$note\$" . sign_note($text, $seal[1], $pem) . "\$note\$ WHERE seal_no = $newest", qr{^seal\|seal $newest\|a signature by postgres\.example/seal, key [0-9a-f]{8}\|no good one$}m, 'a seal by a key that is over');
finds("UPDATE consent.event_log SET detail = replace(detail, 'key_change/v1', 'key_change/v2') WHERE event_id = $event", qr/^key\|event $event, key_rotated\|a change signed by/m, 'a change that was not signed');
finds("DELETE FROM consent.key WHERE key_no = 4", qr/^key\|event $event, key_rotated\|its row in consent\.key\|none$/m, 'a key deleted');
finds("DELETE FROM consent.key_revocation", qr/^key_revocation\|event \d+, key_revoked\|its row/m, 'a revocation deleted');

# The same in an export, by who has both keys: consent-verify reads in the log which key is over.
$node->safe_psql('postgres', join(";\n", 'BEGIN', 'ALTER EVENT TRIGGER consent_ledger_guard DISABLE', $disable, "UPDATE consent.seal SET note = \$note\$" . sign_note($text, $seal[1], $pem) . "\$note\$ WHERE seal_no = $newest", 'COMMIT'));
value('CALL consent.checkpoint()');
run_command([ installed('consent-log'), 'export', '-h', $node->host, '-p', $node->port, '-d', 'postgres', '--full', "$dir/late" ]);
bad(qr/^BAD entry \d+ is sealed by a key that entry \d+ had replaced/, 'an export with a seal by a key that is over', 'export', "$dir/late", @trust);

# ---- keys that nobody may have ----

# The points of small order, in each spelling: with them one signature fits many texts.
my @small = map { pack('H*', $_) } qw(
	0100000000000000000000000000000000000000000000000000000000000000 ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f
	0000000000000000000000000000000000000000000000000000000000000080 0000000000000000000000000000000000000000000000000000000000000000
	c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a
	26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85 26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05
	0100000000000000000000000000000000000000000000000000000000000080 ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff
	efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f);
sub vkey_of { my ($name, $type, $public) = @_; my $typed = chr($type) . $public; return "$name+" . unpack('H8', Digest::SHA::sha256("$name\n$typed")) . '+' . encode_base64($typed, ''); }
foreach my $what ([ 4, 'register_witness' ], [ 1, 'register_log' ])
{
	my ($type, $function) = @$what;
	my $taken = grep { my ($status) = $node->psql('postgres', "SELECT consent.$function('" . vkey_of('w.example', $type, $_) . "')"); $status == 0 } @small;

	is($taken, 0, "$function() takes none of " . @small . ' keys of small order or in another spelling');
}
is(scalar(grep { (verify('', 'tree', "$dir/log", @trust, '--witness', vkey_of('w.example', 4, $_)))[0] ne '2' } @small), 0, 'nor does consent-verify');
done_testing();
