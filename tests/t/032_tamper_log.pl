# The log is tampered with: leaves, tiles, checkpoints, what witnesses said, and the
# file outside the database.  verify() names each.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Tamper;
use Test::More;

my $node = start_node('log');

sub value { return $node->safe_psql('postgres', $_[0]); }

# 600 leaves: two complete tiles of 256; five checkpoints, two of them cosigned.
value('CREATE DATABASE watcher');
make_ledger($node, 'watcher');
my ($cosigns) = $node->safe_psql('watcher', q{SELECT vkey FROM consent.key WHERE signs = 'witness'});
$node->safe_psql('watcher', "SELECT consent.register_log('" . value(q{SELECT vkey FROM consent.key WHERE signs = 'checkpoint'}) . "')");
value("SELECT consent.register_witness('$cosigns')");
value(q{SELECT consent.define_purpose('train')});
foreach my $round (1 .. 5)
{
	value(q{DO $$ BEGIN FOR i IN 1..120 LOOP PERFORM consent.opt_out('ann', 'train'); COMMIT; END LOOP; END $$; CALL consent.checkpoint()});
	next if $round % 2;
	my $request = value('SELECT consent.add_checkpoint_request(coalesce((SELECT max(size) FROM consent.cosignature), 0))');
	my ($status, $line) = split /\|/, $node->safe_psql('watcher', "CALL consent.witness('$request')"), 2;
	value("SELECT consent.add_cosignature('$line')");
}
value(q{SELECT consent.opt_out('ben', 'train')});
sound($node, 'the ledger is sound before');
is(value('SELECT count(*) FROM consent.tile'), 2, 'it has complete tiles');
my ($size, $last) = map { value("SELECT max($_) FROM consent.leaf") } qw(leaf_index+1 seal_no);
tamper_with($node);

# ---- any column of any table of the log ----

my %kinds = (leaf => 'leaf|seal|checkpoint', tile => 'tile', checkpoint => 'checkpoint', cosignature => 'cosignature');
try_columns(\%kinds, { 'cosignature.accepted_at' => 1 }, sub { $kinds{ $_[0] } },
	{ 'checkpoint.signed_at' => "signed_at + interval '1 day'", 'checkpoint.size' => 'size - 1' });

# ---- attacks by name ----

named('a leaf deleted', 'DELETE FROM consent.leaf WHERE leaf_index = 300', qr/^leaf\|leaf 300\|a seal\|none$/m);
named('and its seal pending again', 'INSERT INTO consent.seal_pending SELECT seal_no FROM consent.leaf WHERE leaf_index = 300; DELETE FROM consent.leaf WHERE leaf_index = 300',
	qr/^leaf\|leaf 300\|a seal\|none$/m);
named('the last leaf deleted', "DELETE FROM consent.leaf WHERE leaf_index = $size - 1; INSERT INTO consent.seal_pending VALUES ($last)",
	qr/^checkpoint\|checkpoint of size $size\|$size leaves\|@{[$size - 1]}$/m);
named('and the last checkpoint with it', "DELETE FROM consent.leaf WHERE leaf_index = $size - 1; INSERT INTO consent.seal_pending VALUES ($last); DELETE FROM consent.checkpoint WHERE size = $size",
	qr/^checkpoint_file\|\S+-checkpoint\.note\|the last signed checkpoint, which the log extends\|one of size $size, and the database has fewer leaves: it lost what was signed$/m);
named('two leaves exchanged', 'UPDATE consent.leaf t SET leaf_index = -o.leaf_index FROM consent.leaf o WHERE (t.leaf_index, o.leaf_index) IN ((400, 401), (401, 400)); UPDATE consent.leaf SET leaf_index = -leaf_index WHERE leaf_index < 0',
	qr/^tile\|tile 0\/1\|root \S+\|root /m);
named('two of the last leaves exchanged, after the last tile', "UPDATE consent.leaf t SET leaf_index = -o.leaf_index FROM consent.leaf o WHERE (t.leaf_index, o.leaf_index) IN ((540, 541), (541, 540)); UPDATE consent.leaf SET leaf_index = -leaf_index WHERE leaf_index < 0",
	qr/^checkpoint\|checkpoint of size $size\|root \S+\|root \S+ over the leaves that are there$/m);
named('a leaf twice', 'ALTER TABLE consent.leaf DROP CONSTRAINT leaf_seal; UPDATE consent.leaf SET seal_no = (SELECT seal_no FROM consent.leaf WHERE leaf_index = 7) WHERE leaf_index = 8',
	qr/^seal\|seal \d+\|one leaf of the log, or pending\|2 leaves$/m);
named('two leaves in one place', 'ALTER TABLE consent.leaf DROP CONSTRAINT leaf_pkey; INSERT INTO consent.leaf SELECT 9, max(seal_no) FROM consent.seal',
	qr/^leaf\|leaf 9\|one seal\|another seal as well$/m);
named('a leaf of no seal', 'INSERT INTO consent.leaf SELECT max(leaf_index) + 1, 999999 FROM consent.leaf', qr/^leaf\|seal 999999\|a seal\|none$/m);
named('a tile edited', q{UPDATE consent.tile SET hashes = set_byte(hashes, 32 * 77, (get_byte(hashes, 32 * 77) + 1) % 256) WHERE tile_index = 1},
	qr/^tile\|tile 0\/1\|hashes with root \S+\|hashes with root /m);
named('a tile edited to fit its root', q{UPDATE consent.tile SET hashes = substr(hashes, 1, 32 * 255), root = consent.merkle_root('{}')}, qr/^tile\|tile 0\/0\|256 hashes\|8160 bytes$/m);
named('a tile deleted', 'DELETE FROM consent.tile WHERE tile_index = 0', qr/^tile\|tile 0\/0\|256 hashes\|$/m);
named('all tiles deleted', 'DELETE FROM consent.tile', qr/^tile\|tile 0\/0 and 1 after it\|256 hashes\|$/m);
named('a tile that comes too early', 'INSERT INTO consent.tile SELECT 0, 2, root, hashes FROM consent.tile WHERE tile_index = 1', qr/^tile\|tile 0\/2\|\|a tile that the tree has not$/m);
named('a tile of a level that is not', 'INSERT INTO consent.tile SELECT 1, 0, root, hashes FROM consent.tile WHERE tile_index = 1', qr/^tile\|tile 1\/0\|\|a tile that the tree has not$/m);
named('a tile twice', 'ALTER TABLE consent.tile DROP CONSTRAINT tile_pkey; INSERT INTO consent.tile SELECT * FROM consent.tile WHERE tile_index = 1', qr/^tile\|tile 0\/1\|\|a second one$/m);
named('a checkpoint deleted', 'DELETE FROM consent.checkpoint WHERE size = (SELECT min(size) FROM consent.checkpoint)',
	qr/^checkpoint\|seal \d+\|it knew a checkpoint of size \d+, root \S+\|no such checkpoint$/m);
named('all checkpoints deleted', 'DELETE FROM consent.checkpoint', qr/^cosignature\|bound 1\|a checkpoint of size \d+\|none$/m);
named('a checkpoint that nobody signed', "UPDATE consent.checkpoint SET note = replace(note, E'\\n$size\\n', E'\\n@{[$size + 1]}\\n') WHERE size = $size",
	qr/^checkpoint\|checkpoint of size $size\|a note signed by the ledger's key of checkpoints\|none$/m);
named('a checkpoint of another size', "UPDATE consent.checkpoint SET note = (SELECT note FROM consent.checkpoint ORDER BY size LIMIT 1) WHERE size = $size",
	qr/^checkpoint\|checkpoint of size $size: size\|\d+\|$size$/m);
named('a checkpoint back-dated', "UPDATE consent.checkpoint SET signed_at = signed_at - interval '1 year' WHERE size = $size",
	qr/^checkpoint\|checkpoint of size $size: signed_at\|not before \S+, when what it covers was sealed/m);
named('a seal put into the log before its time', "UPDATE consent.leaf SET leaf_index = -1 WHERE leaf_index = 5; UPDATE consent.leaf SET leaf_index = 5 WHERE seal_no = $last",
	qr/^leaf\|seal $last\|a place after the \d+ leaves that it knew\|leaf 5$/m);
named('a cosignature moved to another checkpoint', 'UPDATE consent.cosignature SET size = (SELECT max(size) FROM consent.checkpoint) WHERE bound_no = 1',
	qr/^cosignature\|bound 1\|a cosignature of the checkpoint by a registered witness\|none that is good$/m);
named('a cosignature forged', 'UPDATE consent.cosignature SET evidence = set_byte(evidence, 60, (get_byte(evidence, 60) + 1) % 256) WHERE bound_no = 2', qr/^cosignature\|bound 2/m);
named('a cosignature deleted', 'DELETE FROM consent.cosignature WHERE bound_no = 1', qr/^cosignature\|bound 1\|a row\|none$/m);
try_all();

# ---- since a checkpoint ----

foreach my $head (split /\n/, value('SELECT size FROM consent.checkpoint ORDER BY 1'))
{
	is(value("SELECT * FROM consent.verify((SELECT note FROM consent.checkpoint WHERE size = $head)) LIMIT 3"), '', "nothing is wrong since $head leaves");
}
my ($middle) = value('SELECT size FROM consent.checkpoint ORDER BY 1 OFFSET 2 LIMIT 1');
since("(SELECT note FROM kept)");
value("CREATE TABLE kept AS SELECT note FROM consent.checkpoint WHERE size = $middle");
my $run = value(q{CREATE TABLE post (id bigint PRIMARY KEY, author text); INSERT INTO post VALUES (1, 'dan'), (2, 'eve');
	SELECT consent.protect('post', '{author}'); INSERT INTO consent.event (subject, choices) VALUES ('dan', '+train'), ('eve', '+train');
	SELECT consent.open_run('late', '{train}')}) =~ s/.*\n//sr;
value("SELECT count(*) FROM post p WHERE consent.record_use(p, $run); SELECT consent.close_run($run)");
is(value('SELECT count(*) FROM consent.verify((SELECT note FROM kept))'), 0, 'nor with what is newer than all checkpoints');
my ($old, $new) = map { value("SELECT seal_no FROM consent.leaf WHERE leaf_index = $_") } $middle - 1, $middle;
named('since: a new event', "UPDATE consent.event_log SET actor = 'agent' WHERE event_id / 4096 = $new", qr/^event\|event @{[$new * 4096]}\|root/m);
named('since: a new event deleted', "DELETE FROM consent.event_log WHERE event_id / 4096 = $new", qr/^event\|event @{[$new * 4096]}\|one of 1 in seal $new\|none$/m);
named('since: a new seal deleted', "DELETE FROM consent.seal WHERE seal_no = $new", qr/^leaf\|leaf $middle\|seal $new\|none/m);
named('since: a tile that was completed since', q{UPDATE consent.tile SET hashes = set_byte(hashes, 32 * 200, get_byte(hashes, 32 * 200) # 1) WHERE tile_index = 1}, qr/^tile\|tile 0\/1\|hashes/m);
named('since: a leaf deleted', "DELETE FROM consent.leaf WHERE leaf_index = $middle", qr/^leaf\|leaf $middle\|a seal\|none/m);
named('since: a checkpoint', "UPDATE consent.checkpoint SET root = sha256(root) WHERE size = $size", qr/^checkpoint\|checkpoint of size $size: root/m);
named('since: a new run', "UPDATE consent.manifest_block SET data = set_byte(data, 12, get_byte(data, 12) # 1) WHERE run_id = $run", qr/^manifest_block\|run $run/m);
named('since: a new run that is gone', "DELETE FROM consent.run WHERE run_id = $run", qr/^run\|event $run, run_opened/m);
named('since: an old event is not looked at', "UPDATE consent.event_log SET actor = 'agent' WHERE event_id / 4096 = 3", qr/^$/);
named('since: the tree was cut off before it', "DELETE FROM consent.leaf WHERE leaf_index >= $middle - 1; DELETE FROM consent.tile WHERE tile_index = 1", qr/^checkpoint\|the checkpoint given, of size $middle\|$middle leaves\|@{[$middle - 1]}$/m);
named('since: the tree is another one', "DELETE FROM consent.tile WHERE tile_index = 1; DELETE FROM consent.leaf WHERE leaf_index > $middle; UPDATE consent.leaf SET leaf_index = -1 WHERE leaf_index = $middle - 1; UPDATE consent.leaf SET leaf_index = $middle - 1 WHERE seal_no = $new; UPDATE consent.leaf SET leaf_index = $middle WHERE seal_no = $old",
	qr/^checkpoint\|the checkpoint given, of size $middle\|root \S+\|root /m);
try_all();
my ($status, undef, $err) = $node->psql('postgres', q{SELECT * FROM consent.verify('nonsense')});
like($err, qr/what is given as since is not a checkpoint of this log/, 'since nonsense');
since(undef);
sound($node, 'the ledger is sound after all that');
value('CALL consent.checkpoint()');
$size = value('SELECT max(size) FROM consent.checkpoint');

# ---- a quorum that is not kept ----

value('SELECT consent.set_witness_quorum(1)');
is(value('SELECT count(*) FROM consent.verify()'), 0, 'a checkpoint may wait for its witnesses');
like(value(q{SET consent_ledger.include_within = '1s'; SELECT pg_sleep(1.2); SELECT thing, expected, found FROM consent.verify() WHERE kind = 'witness_quorum'}),
	qr/^checkpoint of size \d+\|cosigned by 1 of watcher\.example\/witness within 1 s\|not, and no later one is$/m, 'but not for long');

# ---- the file outside ----

my ($path) = grep { slurp_file($_) =~ /^postgres\.example\n/ } glob(($node->data_dir =~ s{/[^/]+/?$}{/consent_ledger}r) . '/*-checkpoint.note');
my $content = slurp_file($path);

sub outside_is
{
	my ($with, $pattern, $name) = @_;

	unlink($path);
	append_to_file($path, $with) if defined $with;
	like(value(q{SELECT found FROM consent.verify() WHERE kind = 'checkpoint_file'}), $pattern, "named: $name");
}

outside_is(undef, qr/^$/, 'the file is missing');
is(value(q{SELECT count(*) FROM consent.verify()}), 1, 'and nothing else');
outside_is('nonsense', qr/^something else$/, 'another file');
outside_is(value('SELECT note FROM consent.checkpoint ORDER BY size LIMIT 1'), qr/^one of size \d+, older than that of size $size in the database$/, 'an old file');
outside_is($node->safe_psql('watcher', 'CALL consent.checkpoint(); SELECT note FROM consent.checkpoint'), qr/^something else$/, 'the file of another ledger');
unlink($path);
append_to_file($path, $content);
sound($node, 'the ledger is sound again');
done_testing();
