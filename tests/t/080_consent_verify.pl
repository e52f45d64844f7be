# consent-verify: a test program writes what a ledger hands out, good and bad;
# no server takes part.
use strict;
use warnings;

use File::Temp;
use FindBin;
use Test::More;
use Verifier;

my $tests = "$FindBin::RealBin/..";
$Verifier::program = "$tests/build/consent-verify";
my $dir = File::Temp->newdir();

is(system('make', '-s', '-C', $tests, 'build/consent-verify', 'build/tools/make_ledger'), 0, 'build');
is(system("$tests/build/tools/make_ledger", $dir), 0, 'make a ledger') or BAIL_OUT('no ledger');
chdir($dir) or die;

my %key = map { split / / } split /\n/, slurp('keys');
my @log = ('--log', $key{log});
my @seal = ('--seal', $key{seal});
my @witnesses = ('--witness', $key{w1}, '--witness', $key{w2});
my @trust = (@log, @seal, @witnesses);

# ---- whom to trust ----

good(qr/checks what a consent_ledger hands out/, 'help', '--help');
good(qr/^consent-verify tested $/, 'version', '--version');
unchecked(qr/say what to check/, 'no command');
unchecked(qr/say what to check/, 'an unknown command', 'seal', 'x');
unchecked(qr/takes 1 argument;/, 'an argument missing', 'receipt', @trust);
unchecked(qr/takes 2 arguments;/, 'an argument too many', 'consistency', 'a', 'b', 'c', @trust[0, 1]);
unchecked(qr/no such option/, 'an unknown option', 'receipt', 'receipt', '--insecure');
unchecked(qr/no such option/, "another command's option", 'checkpoint', 'head-600', @trust);
unchecked(qr/no such option, or it lacks its value/, 'an option without its value', 'receipt', 'receipt', '--log');
unchecked(qr/no key of seals is trusted/, 'no key at all', 'receipt', 'receipt');
unchecked(qr/no key of a log is trusted/, 'no key of a log', 'tree', 'tree', @seal);
unchecked(qr/no key of seals is trusted/, 'no key of seals', 'tree', 'tree', @log);
unchecked(qr/has a proof under a checkpoint: give the key of its log/, 'a proof needs the key of its log', 'receipt', 'receipt', @seal);
unchecked(qr/wants a verifier key/, 'nonsense for a key', 'receipt', 'receipt', '--log', 'nonsense', @seal);
unchecked(qr/wants a key of type 01; this is of type 04/, "a witness's key for a log", 'receipt', 'receipt', '--log', $key{w1}, @seal);
unchecked(qr/wants a key of type 04; this is of type 01/, "a log's key for a witness", 'receipt', 'receipt', @log, @seal, '--witness', $key{log});
unchecked(qr/this name is taken/, 'one witness twice', 'receipt', 'receipt', @trust, '--witness', $key{w1});
unchecked(qr/--quorum counts/, 'a quorum of nobody', 'receipt', 'receipt', @log, @seal, '--quorum', 1);
unchecked(qr/a threshold is/, 'a quorum of more than all', 'receipt', 'receipt', @trust, '--quorum', 3);
unchecked(qr/does not go with/, 'a policy and a witness', 'receipt', 'receipt', '--policy', 'policy', @trust);
unchecked(qr/policy-wrong, line 8: a second quorum/, 'a policy with a mistake', 'receipt', 'receipt', '--policy', 'policy-wrong', @seal);
unchecked(qr/line 8: a second quorum/, 'lines are counted without those of options', 'receipt', 'receipt', '--policy', 'policy-wrong', '--log', $key{other_log}, @seal);
unchecked(qr/there is no file nowhere/, 'a policy that is not there', 'receipt', 'receipt', '--policy', 'nowhere', @seal);

# ---- receipts ----

good(qr/^GOOD event 12289 of example.org\/consent is in its log Proved .* as event 2 of 3 in its seal 3\. .*That seal is entry 2 of the log\./,
	'a receipt', 'receipt', 'receipt', @trust);
good(qr/w1\.example cosigned it on 2024-10-27T03:33:20Z.*had seen it by 2024-10-27T03:34:20Z/, 'says who has seen it, and when', 'receipt', 'receipt', @trust);
good(qr/had seen it by 2024-10-27T03:33:20Z/, 'one of two had seen it earlier', 'receipt', 'receipt', @trust, '--quorum', 1);
good(qr/Not proved.*That the person acted, understood or validly consented.*That no other event/, 'says what it does not prove', 'receipt', 'receipt', @trust);
good(qr/Your policy asks for no witness/, 'says that nobody else has seen it', 'receipt', 'receipt-unwitnessed', @log, @seal);
good(qr/^$/, 'quietly', 'receipt', 'receipt', @trust, '--quiet');
good(qr/^GOOD/, 'under a policy', 'receipt', 'receipt', '--policy', 'policy', @seal);
good(qr/^GOOD/, 'with the keys of others as well', 'receipt', 'receipt', @trust, '--log', $key{other_log}, '--seal', $key{other_seal});
good(qr/about the subject "subject 12289".*This evidence came with it: \{"page": 3\}/, 'who it is about', 'receipt', 'receipt-identified', @trust);
good(qr/^TEST this receipt is of a test ledger/, 'a test ledger is said to be one', 'receipt', 'receipt-test', @trust);
result_is(0, qr/^GOOD/, 'from standard input, with white space around', "\n  " . slurp('receipt') . "\n\n", 'receipt', '-', @trust);
good(qr/The log in tree extends that head/, 'compared with the log', 'receipt', 'receipt', @trust, '--tree', 'tree');
bad(qr/^BAD the log was forked: .* signed both/, 'compared with a fork', 'receipt', 'receipt', @trust, '--tree', 'fork');
unchecked(qr/the tree is older than the receipt/, 'compared with an older tree', 'receipt', 'receipt', @trust, '--tree', 'tree-300');
bad(qr/^BAD the checkpoint lacks cosignatures/, 'without its witnesses', 'receipt', 'receipt-unwitnessed', @trust);
bad(qr/^BAD the checkpoint lacks cosignatures/, 'a witness that did not see it', 'receipt', 'receipt', @trust, '--witness', $key{w3});
bad(qr/^BAD the seal is not signed by a trusted key/, 'with the seal key of another', 'receipt', 'receipt', @log, '--seal', $key{other_seal});
bad(qr/^BAD the checkpoint is not signed by a trusted key/, "with another log's key", 'receipt', 'receipt', '--log', $key{other_log}, @seal);
bad(qr/^BAD the subject's key is not the one/, 'another salt', 'receipt', 'receipt-other-salt', @trust);
bad(qr/^BAD this is not a receipt/, 'a head for a receipt', 'receipt', 'head-600', @trust);
result_is(1, qr/^BAD this is not a receipt/, 'nothing for a receipt', '', 'receipt', '-', @trust);
unchecked(qr/there is no file nowhere/, 'a receipt that is not there', 'receipt', 'nowhere', @trust);
unchecked(qr/could not read tree/, 'a directory for a receipt', 'receipt', 'tree', @trust);

# What others wrote cannot steer a terminal.
my $steering = slurp('receipt') =~ s/opted_out/\\\\u001b[2J/r;
result_is(1, qr/^BAD the event is not the one that was sealed/, 'an event with escapes', $steering, 'receipt', '-', @trust);
unchecked(qr/there is no file \\u\{1b\}\[2J\\u\{202e\}/, 'a name with escapes', 'receipt', "\x1b[2J\xe2\x80\xae", @trust);

# ---- promises ----

good(qr/^PROMISED event 12288 .* after 2024-10-26T03:33:20Z.*keep it\./, 'a promise', 'receipt', 'promise-kept', @seal);
good(qr/^KEPT.*the seal is entry 2 of the log/, 'was kept', 'receipt', 'promise-kept', @trust, '--tree', 'tree');
good(qr/^KEPT.*the seal is entry 2 of the log/, 'was kept, by a proof', 'receipt', 'promise-kept', @trust, '--proof', 'seal.tlog-proof');
bad(qr/^BAD the proof does not lead/, "another seal's proof", 'receipt', 'promise-late', @trust, '--proof', 'seal.tlog-proof');
bad(qr/this is not a tlog proof/, 'no proof', 'receipt', 'promise-kept', @trust, '--proof', 'head-600');
bad(qr/^BAD the promise is broken: seal 601 was to be in each head after 2024-10-26T03:33:20Z, and a quorum cosigned one of 600 entries without it by 2024-10-27T03:34:20Z/,
	'a broken promise', 'receipt', 'promise-broken', @trust, '--tree', 'tree');
bad(qr/^BAD the promise is broken: the log has another seal of number 3, as entry 2/, 'another seal in its place', 'receipt', 'promise-replaced', @trust, '--tree', 'tree');
good(qr/the promise is not due/, 'a promise that is not due', 'receipt', 'promise-not-due', @trust, '--tree', 'tree');
unchecked(qr/no witness says when its head was made/, 'without a witness nothing is due', 'receipt', 'promise-broken', @log, @seal, '--tree', 'tree');
unchecked(qr/the promise is due: .*without that proof the promise is broken/, 'a head alone makes it due', 'receipt', 'promise-broken', @trust, '--checkpoint', 'head-600');
good(qr/the promise is not due/, 'or not', 'receipt', 'promise-not-due', @trust, '--checkpoint', 'head-600');
unchecked(qr/no witness says when this head was made/, 'without a witness it does not', 'receipt', 'promise-broken', @log, @seal, '--checkpoint', 'head-600');
unchecked(qr/give the key of the log/, 'the log needs a key', 'receipt', 'promise-kept', @seal, '--tree', 'tree');
unchecked(qr/is no promise/, 'a proof for what is no promise', 'receipt', 'receipt', @trust, '--proof', 'seal.tlog-proof');

# ---- heads ----

my @head = (@log, @witnesses);
good(qr/^GOOD the head of the log example.org\/consent with 600 entries/, 'a head', 'checkpoint', 'head-600', @head);
bad(qr/lacks cosignatures/, 'a head that nobody has cosigned', 'checkpoint', 'head-600-unwitnessed', @head);
good(qr/asks for no witness/, 'where none is asked', 'checkpoint', 'head-600-unwitnessed', @log);
bad(qr/no trusted key is for the origin/, "another log's key", 'checkpoint', 'head-600', '--log', $key{other_log} =~ s/.*/$key{seal}/r);
bad(qr/no trusted key of the log has signed/, 'another key of that name', 'checkpoint', 'head-600', '--log', $key{other_log});
bad(qr/lines that those of a ledger do not have/, 'more lines than three', 'checkpoint', 'head-extended', @log);
bad(qr/this is not a checkpoint/, 'a receipt for a head', 'checkpoint', 'receipt', @log);
spew('forged', slurp('head-600') =~ s/\n600\n/\n601\n/r);
bad(qr/is forged/, 'a changed head', 'checkpoint', 'forged', @log);

my $grows = qr/^GOOD the head of 600 entries extends the one of 300 Proved \* The first 300 entries/;
good($grows, 'growth, by a tree', 'consistency', 'head-300', 'head-600', @head, '--tree', 'tree');
good($grows, 'growth, by a path', 'consistency', 'head-300', 'head-600', @head, '--proof', 'path-300-600');
good(qr/^GOOD/, 'the same head', 'consistency', 'head-600', 'head-600', @head);
good(qr/every log extends it/, 'from the empty log', 'consistency', 'head-0', 'head-600', @head);
bad(qr/path does not lead/, "another path", 'consistency', 'head-300', 'head-600', @head, '--proof', 'path-299-600');
bad(qr/this is not a path/, 'no path', 'consistency', 'head-300', 'head-600', @head, '--proof', 'path-nonsense');
bad(qr/path does not lead/, 'a path from a fork', 'consistency', 'fork-300', 'head-600', @head, '--proof', 'path-300-600');
bad(qr/not of this tree, both: the log was forked/, 'a fork that grew', 'consistency', 'head-300', 'fork-600', @head, '--tree', 'tree');
bad(qr/not of this tree, both: the log was forked/, 'the tree of a fork', 'consistency', 'head-300', 'head-600', @head, '--tree', 'fork');
bad(qr/^BAD the log was forked: its key signed two heads of 300 entries/, 'two heads of one size', 'consistency', 'head-300', 'fork-300', @head);
bad(qr/fewer than the 600 of the older one/, 'backwards', 'consistency', 'head-600', 'head-300', @head);
unchecked(qr/needs --tree or --proof/, 'without a path', 'consistency', 'head-300', 'head-600', @head);
unchecked(qr/the tree ends with 300 entries/, 'with too old a tree', 'consistency', 'head-300', 'head-600', @head, '--tree', 'tree-300');
bad(qr/lacks cosignatures/, 'a head without witnesses', 'consistency', 'head-300', 'head-600-unwitnessed', @head, '--tree', 'tree');

# ---- proofs of use, of which there are more where there is a server ----

bad(qr/this is not a proof of use or of non-use $/, 'a receipt for a proof of use', 'use', 'receipt', @trust);
result_is(1, qr/this is not a proof of use or of non-use/, 'nothing for one', '', 'use', '-', @trust);
unchecked(qr/is checked against the whole log/, 'a proof about all runs needs the log', 'use', 'head-600', @trust);
bad(qr/this is not a proof of use or of non-use: a line of the proof is malformed/, 'and is none', 'use', 'head-600', @trust, '--tree', 'tree');

# ---- trees ----

good(qr/^GOOD the log example.org\/consent is whole up to its head of 600 entries.*599 seals of choices, 1 of declarations, 0 of runs, with 608 events/,
	'a tree', 'tree', 'tree', @trust);
good(qr/^GOOD.* head of 256 entries/, 'a tree of one complete bundle', 'tree', 'tree-256', @trust);
good(qr/^GOOD.* head of 0 entries/, 'an empty tree', 'tree', 'tree-0', @trust);
bad(qr/^BAD there are two seals of number 17 $/, 'a number twice', 'tree', 'tree-twice', @trust);
bad(qr/^BAD entry 598: the seal names a head of 100 entries that this log never had: root \S+, which is \S+ here $/, 'a head that never was', 'tree', 'tree-never-had', @trust);
bad(qr/^BAD entry 598: the seal names a head of 600 entries, which would have it itself $/, 'a head to come', 'tree', 'tree-early', @trust);
bad(qr/^BAD entry 598 is not a seal $/, 'a checkpoint among the seals', 'tree', 'tree-no-seal', @trust);
bad(qr/^BAD entry 598 is a seal that no trusted key has signed $/, 'a seal signed by the key of the log', 'tree', 'tree-stranger', @trust);
bad(qr/BAD and more, which are not listed $/, 'not everything is listed', 'tree', 'tree', @log, '--seal', $key{other_seal});

# Change a file of the tree, check, and put it back.
sub changed
{
	my ($file, $change, $status, $pattern, $name) = @_;
	my $kept = slurp("tree/$file");
	my $content = $kept;

	if ($change)
	{
		local $_ = $content;
		$change->();
		$content = $_;
		spew("tree/$file", $content);
	}
	else
	{
		unlink("tree/$file") or die;
	}
	result_is($status, $pattern, $name, '', 'tree', 'tree', @trust);
	spew("tree/$file", $kept);
}

my $flip = sub { substr($_, 4321, 1) ^= "\x01" };
changed('tile/0/001', $flip, 1, qr/^BAD tile\/0\/001: hash 135 is not what the entries hash to $/, 'a bit in a tile');
changed('tile/0/002.p/88', sub { substr($_, 0, 1) ^= "\x80" }, 1, qr/BAD tile\/0\/002\.p\/88: hash 0 /, 'a bit in a partial tile');
changed('tile/1/000.p/2', sub { substr($_, 63, 1) ^= "\x80" }, 1, qr/^BAD tile\/1\/000\.p\/2: hash 1 is not /, 'a bit in the tile above');
changed('tile/entries/001', $flip, 1, qr/^BAD entry \d+ is a seal with a forged signature|^BAD entry \d+ is not a seal|is not a bundle/, 'a bit in an entry');
changed('tile/entries/002.p/88', sub { substr($_, -1) = '' }, 1, qr/BAD tile\/entries\/002\.p\/88: this is not a bundle of 88 entries $/, 'a bundle cut off');
changed('tile/entries/002.p/88', sub { $_ .= "\0\0" }, 1, qr/BAD tile\/entries\/002\.p\/88: this is not a bundle of 88 entries $/, 'an entry too many');
changed('tile/entries/002.p/88', sub { $_ = '' }, 1, qr/is not a bundle of 88 entries $/, 'an empty bundle');
changed('tile/0/000', sub { substr($_, -1) = '' }, 1, qr/^BAD tile\/0\/000: a tile of 256 hashes has 8192 bytes, this one 8191 /, 'a tile cut off');
changed('tile/0/000', sub { $_ .= 'x' }, 2, qr/tile\/0\/000 is longer than the 8192 bytes/, 'a tile that is too long');
changed('tile/0/000', undef, 2, qr/there is no file tile\/0\/000 in tree/, 'a tile is missing');
changed('tile/entries/000', undef, 2, qr/there is no file tile\/entries\/000 in tree/, 'a bundle is missing');
changed('checkpoint', undef, 2, qr/there is no file checkpoint in tree/, 'the head is missing');
changed('checkpoint', sub { $_ = slurp('fork-600') }, 1, qr/^BAD the entries do not hash to the root in the checkpoint/, 'the head of a fork');
changed('checkpoint', sub { $_ = slurp('head-300') }, 2, qr/there is no file tile\/entries\/001\.p\/44|./, 'an older head');
unchecked(qr/there is no file checkpoint in nowhere/, 'no tree', 'tree', 'nowhere', @trust);
good(qr/^GOOD/, 'the tree is as it was', 'tree', 'tree', @trust);

# A log that grew may serve complete tiles in place of partial ones.
rename('tree-300/tile/entries/001.p/44', 'gone') or die;
spew('tree-300/tile/entries/001', slurp('tree/tile/entries/001'));
rename('tree-300/tile/0/001.p/44', 'gone') or die;
spew('tree-300/tile/0/001', slurp('tree/tile/0/001'));
good(qr/^GOOD.* head of 300 entries/, 'complete tiles in place of partial ones', 'tree', 'tree-300', @trust);

chdir('/');
done_testing();
