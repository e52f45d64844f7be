# One ledger watches another: growth is cosigned and taken back home, a fork and
# a restored past are refused, races are settled, and seals embed what was taken.
use strict;
use warnings;

use ConsentLedger;
use Digest::SHA qw(hmac_sha256_hex);
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('both');
make_ledger($node, $_) foreach map { $node->safe_psql('postgres', "CREATE DATABASE $_"); $_ } qw(watcher other);
my $log = 'postgres';

# One value of a database.
sub value { return $node->safe_psql($_[0], $_[1]); }

# Answer a request in a watching ledger: status and body.
sub ask
{
	my ($watcher, $request) = @_;
	my $quoted = $request =~ s/'/''/gr;

	return split /\|/, $node->safe_psql($watcher, "CALL consent.witness('$quoted')"), 2;
}

sub request { return value($log, 'SELECT consent.add_checkpoint_request(' . join(',', @_) . ')'); }
sub newest { return value($_[0] // $log, 'SELECT max(size) FROM consent.checkpoint'); }
sub grow { value($_[0] // $log, q{SELECT consent.define_purpose('p' || nextval('consent.seal_no_seq'))}); $node->safe_psql($_[0] // $log, 'CALL consent.checkpoint()'); }

value($_, "SELECT consent.register_log('" . value($log, q{SELECT vkey FROM consent.key WHERE signs = 'checkpoint'}) . "')") foreach qw(watcher other);
value($log, "SELECT consent.register_witness('" . value($_, q{SELECT vkey FROM consent.key WHERE signs = 'witness'}) . "')") foreach qw(watcher other);
value($log, 'SELECT consent.set_witness_quorum(2)');

# ---- growth ----

grow();
my $first = newest();
my ($status, $line) = ask('watcher', request());
is($status, 200, 'the first checkpoint is cosigned');
like($line, qr/^\x{e2}\x{80}\x{94} watcher\.example\/witness [A-Za-z0-9+\/]+=*\n$/, 'by a line of a note');
is(value($log, "SELECT consent.add_cosignature('$line')"), 1, 'the line alone is taken at home');
is(value($log, "SELECT consent.add_cosignature('$line')"), 0, 'once');
is(value($log, q{SELECT kind, size, name, accepted_at - stated_time BETWEEN '-1 min' AND '5 min' FROM consent.cosignature}),
	"cosignature|$first|watcher.example/witness|t", 'with its time');
my ($behind, $known) = ask('watcher', request());
is("$behind|$known", "409|$first\n", 'the witness says what it knows');

grow();
my $seal = value($log, 'SELECT note FROM consent.seal ORDER BY seal_no DESC LIMIT 1');
my $hash = value($log, q{SELECT encode(hash, 'base64') FROM consent.cosignature});
like($seal, qr/^bound \Q$hash\E$/m, 'a later seal embeds the cosignature');
like($seal, qr/^checkpoint $first /m, 'and the checkpoint');
my ($grown) = ask('watcher', request($first));
is($grown, 200, 'growth is cosigned, with a proof');
is((ask('watcher', request($first, $first)))[0], 409, 'a rollback is not');
is((ask('watcher', request(newest())))[0], 200, 'the same again is');
is((ask('watcher', request(newest()) =~ s/^old \d+/old 999999/r))[0], 400, 'what shrinks is no request');

# A whole note with both cosignatures, and one by a stranger that is passed over.
my $note = value($log, 'SELECT note FROM consent.checkpoint ORDER BY size DESC LIMIT 1');
my ($of_watcher) = (ask('watcher', request(newest())))[1];
my ($of_other) = (ask('other', request()))[1];
cmp_ok(value($log, "SELECT consent.add_cosignature('$note$of_other$of_watcher')"), '>=', 1, 'a note with several cosignatures is taken');
my ($code, $out, $err) = $node->psql($log, "SELECT consent.add_cosignature('" . $of_other =~ s/ (....)/ $1/r =~ s/([A-Za-z0-9])(=*)\n?$/ ($1 eq 'A' ? 'B' : 'A') . "$2\n"/er . "')");
isnt($code, 0, 'a forged one is refused');

# ---- a fork ----

# The same ledger twice, with the same keys: what one of them signs, the other cannot have.
$node->safe_psql('watcher', 'CREATE DATABASE fork TEMPLATE postgres');
my $keys = $node->data_dir =~ s{/[^/]+/?$}{/consent_ledger}r;
sub stem { return substr(hmac_sha256_hex(join('', map { pack('Q>', length) . $_ } 'consent_ledger/key/v1', 'postgres.example', shift), ''), 0, 16); }
my ($from, $to) = (stem('postgres'), stem('fork'));
system_or_bail('sh', '-c', "for f in $keys/$from-*; do cp -p \$f $keys/$to\${f#$keys/$from}; done");
grow();
my $size = newest();
is((ask('watcher', request($size - 1)))[0], 200, 'the ledger goes on');
grow('fork') until newest('fork') >= $size;
my $forked = value('fork', "SELECT consent.add_checkpoint_request($size)");
is((ask('watcher', $forked))[0], 422, 'the fork is refused');
grow('fork');
$forked = value('fork', "SELECT consent.add_checkpoint_request($size)");
is((ask('watcher', $forked))[0], 422, 'and whatever extends it');
grow();
is((ask('watcher', request($size) =~ s/\n[A-Za-z0-9+\/]{43}=\n/\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n/r))[0], 422, 'as is a wrong proof');

# ---- races ----

my $quoted = request($size) =~ s/'/''/gr;
my @outputs = ('', '');
my @psql = ('psql', '-XAtq', '-d', $node->connstr('watcher'), '-c', "CALL consent.witness('$quoted')");
my @sessions = map { IPC::Run::start(\@psql, '>', \$outputs[$_]) } 0 .. 1;
IPC::Run::finish($_) foreach @sessions;
is_deeply([ sort map { (split /\|/)[0] } @outputs ], [ 200, 409 ], 'of two at once, one is cosigned and the other told so');

# ---- what others said is verified too ----

sound($node, 'sound', $_) foreach ($log, 'watcher');
$node->safe_psql($log, q{
	ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
	ALTER TABLE consent.cosignature DISABLE TRIGGER ALL;
	UPDATE consent.cosignature SET stated_time = stated_time - interval '1 year' WHERE bound_no = 1;
	ALTER TABLE consent.cosignature ENABLE ALWAYS TRIGGER append_only;
	ALTER EVENT TRIGGER consent_ledger_guard ENABLE ALWAYS});
like(value($log, 'SELECT thing FROM consent.verify()'), qr/^bound 1: stated_time$/m, 'a time set back is named');
$node->stop;
done_testing();
