# Go's golang.org/x/mod reads an exported log of 70,000 entries: every inclusion,
# many consistencies; and finds one flipped byte.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;
use Verifier;

my $source = "$ENV{work}/tree/tests/go/readlog.go";
my $gopath = '/usr/share/gocode';

plan skip_all => 'Go, or its golang.org/x/mod, is not installed here'
	if system('which go >/dev/null 2>&1') != 0 || !-d "$gopath/src/golang.org/x/mod/sumdb/tlog";

my $base = PostgreSQL::Test::Utils::tempdir();
my $entries = 70_000;

{
	local %ENV = (%ENV, GO111MODULE => 'off', GOPATH => $gopath, GOCACHE => "$base/cache", GOFLAGS => '', CGO_ENABLED => 0);
	is(system('go', 'build', '-o', "$base/readlog", $source), 0, 'it builds');
}
my $node = start_node('go', conf => "fsync = off\n");
$node->safe_psql('postgres', q{SELECT consent.define_purpose('train')});
$node->safe_psql('postgres', "DO \$\$ BEGIN FOR i IN 1..$entries - 2 LOOP PERFORM consent.opt_out('member' || i % 100, 'train'); COMMIT; END LOOP; END \$\$");
$node->safe_psql('postgres', 'CALL consent.checkpoint()');
my $vkey = $node->safe_psql('postgres', q{SELECT vkey FROM consent.key WHERE signs = 'checkpoint'});
run_command([ installed('consent-log'), 'export', '-h', $node->host, '-p', $node->port, '-d', 'postgres', "$base/log" ]);

$Verifier::program = "$base/readlog";
good(qr/^$entries entries, \d{2,} consistencies/, 'Go verifies every entry', "$base/log", $vkey);
bad(qr/^checkpoint: (unknown|note has no)/, 'not under another key', "$base/log", $node->safe_psql('postgres', q{SELECT vkey FROM consent.key WHERE signs = 'seal'}));

# One bit of a file flipped, and back.
sub flipped
{
	my ($file, $place, $pattern) = @_;
	my $kept = slurp("$base/log/$file");
	my $changed = $kept;

	substr($changed, $place, 1) ^= "\x04";
	spew("$base/log/$file", $changed);
	bad($pattern, "a byte of $file", "$base/log", $vkey);
	spew("$base/log/$file", $kept);
}

flipped('tile/entries/010', 20_000, qr/^inclusion of 2[5-7]\d\d: /);
flipped('tile/0/020', 32 * 77 + 5, qr/^(inclusion|proof) of /);
flipped('tile/1/000', 32 * 3, qr/^(inclusion|proof) of /);
flipped('checkpoint', 60, qr/^checkpoint: /);
done_testing();
