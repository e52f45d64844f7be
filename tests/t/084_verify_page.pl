# docs/consent-verify.md: the program builds as it says, its examples print what they
# print there, and it names all commands and options that there are.
use strict;
use warnings;

use File::Temp;
use FindBin;
use IPC::Run;
use Test::More;
use Verifier;

my $tests = "$FindBin::RealBin/..";
my $page = slurp("$tests/../docs/consent-verify.md");
my $dir = File::Temp->newdir();

is(system('make', '-s', '-C', $tests, 'build/tools/make_ledger'), 0, 'build what writes a ledger');
is(system("$tests/build/tools/make_ledger", $dir), 0, 'make a ledger') or BAIL_OUT('no ledger');

my ($build) = $page =~ /^<!-- build -->\n```sh\n(.*?)^```/ms;
$build =~ s/-o consent-verify/-o $dir\/consent-verify/ or die;
is(system("cd '$tests/..' && $build"), 0, 'it builds without PostgreSQL');

my %key = map { split / / } split /\n/, slurp("$dir/keys");
local %ENV = (%ENV, LOG => $key{log}, SEAL => $key{seal}, W1 => $key{w1}, PATH => "$dir:$ENV{PATH}");

# Hashes differ each time, as the keys do.
sub same_hashes
{
	my ($text) = @_;

	$text =~ s{\b[0-9a-f]{32,}\b}{HEX}g;
	$text =~ s{[A-Za-z0-9+/]{43}=}{HASH}g;
	return $text;
}

my @examples = $page =~ /^<!-- example -->\n```\n(.*?)^```/msg;
is(scalar(@examples), 4, 'there are examples');
foreach my $example (@examples)
{
	my ($command, $expected, $status) = $example =~ /\A\$ (.*?)\n(.*)^\$ echo \$\?\n(\d)\n\z/ms or die $example;
	my $out;

	IPC::Run::run([ 'sh', '-c', "cd '$dir' && $command" ], '>', \$out, '2>&1');
	is(same_hashes($out), same_hashes($expected), $command);
	is($? >> 8, $status, "exit status $status");
}

my $help = `$dir/consent-verify --help`;
my @commands = $help =~ /^  consent-verify (\w+)/mg;
my @options = $help =~ /^  (--\w+)/mg;
cmp_ok(scalar(@commands), '>=', 6, 'commands');
cmp_ok(scalar(@options), '>=', 10, 'options');
is(join(' ', $page =~ /^\| `(\w+) [A-Z]/mg), "@commands", 'the page has all commands');
is(join(' ', $page =~ /^\| `(--\w+)/mg), "@options", 'and all options');
done_testing();
