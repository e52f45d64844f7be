# consent-verify export: a test program writes full exports, a good one and such as
# an operator with all keys might sign; no server takes part.
use strict;
use warnings;

use File::Temp;
use FindBin;
use Test::More;
use Verifier;

my $tests = "$FindBin::RealBin/..";
$Verifier::program = "$tests/build/consent-verify";
my $dir = File::Temp->newdir();

is(system('make', '-s', '-C', $tests, 'build/consent-verify', 'build/tools/make_export'), 0, 'build');
is(system("$tests/build/tools/make_export", $dir), 0, 'make exports') or BAIL_OUT('no exports');
chdir($dir) or die;
my %key = map { split / / } split /\n/, slurp('keys');
my @trust = ('--log', $key{log}, '--seal', $key{seal});

good(qr/^GOOD .*Each of the 307 events is as it was sealed, in its place; 302 subjects have one commitment each\..*There are 1 run: 1 closed with all their parts and with 12000 uses as sealed, part by part and as a whole, and 0 still open/,
	'a full export', 'export', 'good', @trust);
good(qr/^GOOD/, 'is a tree as well', 'tree', 'good', @trust);
unchecked(qr/no key of seals is trusted/, 'keys are needed', 'export', 'good', @trust[0, 1]);

# ---- signed, and wrong ----

foreach (
	[ 'other-event', qr/^BAD entry 5: the events of seal 6 are not those that it sealed $/, 'another event than was sealed' ],
	[ 'other-person', qr/^BAD event 32768: subject 24576 has another commitment than before/, 'a number given to somebody else' ],
	[ 'other-kind', qr/^BAD event 32768 is of a kind that such a seal does not hold: choices in a seal of declarations $/, 'a seal of another kind' ],
	[ 'late-event', qr/^BAD event 32768 says it was recorded after the time of its seal $/, 'an event recorded after its seal' ],
	[ 'other-first', qr/^BAD the first event of the log is not the one that created the ledger $/, 'a log that begins later' ],
	[ 'other-place', qr/^BAD what is to be event 32768 has id 32769 $/, 'an event of another place' ],
	[ 'part-changed', qr/^BAD part 1 of run 8192: (its file is not what its event sealed|a block is malformed|its uses are not in order)/, 'a part that was changed' ],
	[ 'part-less', qr/^BAD run 8192 was closed with 1 part, and the log has 2 $/, 'closed with less than was sealed' ],
	[ 'part-after', qr/BAD run 8192: event 20480 is a part that came after its closing/, 'a part after the closing' ],
	[ 'part-twice', qr/^BAD run 8192 has two parts of number 1 /, 'a part twice' ],
	[ 'unknown-run', qr/^BAD event 12288 is about run 1, which was not opened before /, 'a run that was never opened' ],
	[ 'closed-twice', qr/^BAD run 8192 was closed twice, the second time by event 24576 $/, 'closed twice' ],
	[ 'other-union', qr/^BAD run 8192: the union of its parts is not what its closing event sealed $/, 'another union' ],
	[ 'other-count', qr/^BAD run 8192: its closing event counts 9001 uses, and its parts have 9000 $/, 'another count' ],
	[ 'other-subjects', qr/^BAD run 8192: its closing event counts 451 subjects, and its parts have 450 $/, 'another number of subjects' ],
	[ 'other-salt', qr/^BAD run 8192: part 2 has another salt $/, 'two salts' ],
	[ 'unordered', qr/^BAD part 1 of run 8192: its blocks are not in order /, 'blocks exchanged' ],
	[ 'other-draws', qr/^BAD run 8192: the file of its draws is not what its closing event sealed $/, 'other draws' ],
	[ 'other-missing', qr/^BAD run 8192: its closing event says that 0 transactions began to use and sealed nothing, and by its draws it is 1 $/, 'a transaction that is not counted' ],
	[ 'wrong-part-count', qr/^BAD part 1 of run 8192: its event counts other uses or blocks than it sealed /, 'a part that counts wrongly' ],
	[ 'no-run-event', qr/^BAD an event of a run does not say what such an event says/, 'an event of a run that is none' ])
{
	my ($export, $pattern, $name) = @$_;

	bad($pattern, $name, 'export', $export, @trust);
	good(qr/^GOOD/, "$name: the tree is good", 'tree', $export, @trust);
}

# ---- changed on the way ----

# Change a file, check, and put it back.
sub changed
{
	my ($file, $change, $status, $pattern, $name) = @_;
	my $kept = slurp("good/$file");

	if ($change)
	{
		local $_ = $kept;
		$change->();
		spew("good/$file", $_);
	}
	else
	{
		unlink("good/$file") or die;
	}
	result_is($status, $pattern, $name, '', 'export', 'good', @trust);
	spew("good/$file", $kept);
}

my $flip = sub { substr($_, length() / 2, 1) ^= "\x01" };
my $cut = sub { substr($_, -1) = '' };
changed('events/000', $flip, 1, qr/^BAD (entry \d+: the events of seal|what is to be event \d+ is not)/, 'a bit in an event');
changed('events/000', sub { substr($_, 0, 2) = "\xff\xff" }, 1, qr/BAD what is to be event 4096 is not an event/, 'an event that runs into others');
changed('events/001.p/51', $cut, 1, qr/BAD the bundle of events 1 is malformed.*the events of 1 seal could not be checked/s, 'a bundle cut off');
changed('events/001.p/51', sub { $_ = '' }, 1, qr/bundle of events 1 is malformed/, 'an empty bundle');
changed('events/001.p/51', undef, 2, qr/there is no file events\/001 in good.*the events of 2 seals could not be checked/, 'no bundle');
changed('events/000', undef, 2, qr/there is no file events\/000 in good/, 'no events at all');
changed('manifests/8192/1', $flip, 1, qr/^BAD part 1 of run 8192: /, 'a bit in a part');
changed('manifests/8192/1', $cut, 1, qr/^BAD part 1 of run 8192: its file is malformed or cut off/, 'a part cut off');
changed('manifests/8192/1', sub { $_ .= "\0" }, 1, qr/^BAD part 1 of run 8192: its file is malformed or cut off/, 'more in a part');
changed('manifests/8192/1', sub { substr($_, 32) = '' }, 1, qr/^BAD part 1 of run 8192: its file is not what its event sealed/, 'nothing in a part');
changed('manifests/8192/1', sub { substr($_, 20) = '' }, 1, qr/^BAD part 1 of run 8192: its file is too short/, 'not even a salt');
changed('manifests/8192/1', sub { substr($_, 32, 4) = "\xff\xff\xff\xff" }, 1, qr/its file is malformed or cut off/, 'a name of 4 GiB');
changed('manifests/8192/1', sub { my $at = 32 + 4 + length('public.letter') + 4; substr($_, $at, 4) = "\x7f\xff\xff\xff" }, 1, qr/its file is malformed or cut off/, 'a block of 2 GiB');
changed('manifests/8192/2', undef, 2, qr/could not read good\/manifests\/8192\/2: No such file/, 'no part');
changed('manifests/8192/draws', undef, 2, qr/there is no file manifests\/8192\/draws in good/, 'no draws');
changed('manifests/8192/draws', sub { $_ = '' }, 1, qr/the file of its draws is not what/, 'empty draws');
good(qr/^GOOD/, 'the export is as it was', 'export', 'good', @trust);

# More events may be there than the head covers, and an older partial bundle.
spew('good/events/001.p/40', 'old');
spew('good/events/001.p/200', slurp('good/events/001.p/51') . "\0\3new" x 149);
good(qr/^GOOD/, 'an export that went on', 'export', 'good', @trust);

chdir('/');
done_testing();
