# What a run used of one subject, and that it used nothing of another's: each
# proof checked in another language, the whole tree computed again from the page
# of formats alone.  What erasing, a crowd, a dump, and a superuser do to it.
use strict;
use warnings;

use ConsentLedger;
use Digest::SHA qw(sha256);
use File::Path qw(make_path);
use FindBin;
use IPC::Run;
use JSON::PP;
use MIME::Base64 qw(decode_base64);
use PostgreSQL::Test::Utils;
use Recompute;
use Test::More;

my $node = start_node('prove');
my $origin = 'postgres.example';

sub sql { return $node->safe_psql('postgres', $_[0]) }

# The error of a statement that fails.
sub failure
{
	my ($query) = @_;
	my ($result, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$query");

	return $result == 0 ? 'none' : $err;
}

# 700 members have chosen, 60 strangers have not; messages have two parties, or
# nobody; notes are known by name.
sql(q{
	SELECT consent.define_purpose('train', since => '2020-01-01Z');
	CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text);
	INSERT INTO message SELECT i, CASE WHEN i % 50 > 0 THEN 'member' || i % 640 END, CASE WHEN i % 50 > 0 THEN 'member' || i % 333 END
		FROM generate_series(1, 3000) i;
	INSERT INTO message SELECT 5000 + i, 'stranger' || i, 'member' || i FROM generate_series(1, 60) i;
	CREATE TABLE note (name text PRIMARY KEY, author text);
	INSERT INTO note SELECT 'nöte ' || i, 'member' || i FROM generate_series(600, 650) i;
	SELECT consent.protect('message', '{sender,recipient}');
	SELECT consent.protect('note', '{author}', known_as => 'notes');
	INSERT INTO consent.event (subject, choices) SELECT 'member' || i, '+train' FROM generate_series(0, 699) i;
});

sub open_run { return sql("SELECT consent.open_run('$_[0]', '{train}')") }

my $run = open_run('spring');
sql("SELECT consent.record_use($run, 'message', (SELECT array_agg(id) FROM message WHERE id <= 2000))");
sql("SELECT consent.record_use($run, 'message', (SELECT array_agg(id) FROM message WHERE id > 1000));
	SELECT count(*) FROM note n WHERE consent.record_use(n, $run)");

like(failure("SELECT consent.use_proof($run, 1, true, 'o', 'c', 'e')"), qr/55000: run $run is not closed/, 'a run that is open proves nothing');
sql("SELECT consent.close_run($run)");

# ---- the tree, from salts and uses ----

# Salts by number, of everybody.
my %salts = map { my ($n, $salt) = split /\|/; ($n => pack('H*', $salt)) } split /\n/,
	sql("SELECT subject_no, encode(salt, 'hex') FROM consent.subject WHERE salt IS NOT NULL");

# The lists of rows of a run, by subject: from the audit functions.
sub lists
{
	my ($of) = @_;
	my %lists;
	my $last = '';
	my %code = (granted => 0, preset => 1, unknown => 2, outside_data_period => 3, expired => 4, denied => 5);

	# Keys that are numbers come before the others, by value.
	foreach (split /\n/, sql(qq{
		SELECT json_build_array(subject_no, table_name, row_key, verdict_then, permitted_then) FROM consent.run_uses($of) WHERE subject_no IS NOT NULL
		ORDER BY subject_no, table_name COLLATE "C", row_key !~ '^[0-9]+\$', CASE WHEN row_key ~ '^[0-9]+\$' THEN row_key::bigint END, row_key COLLATE "C"}))
	{
		my ($subject, $table, $key, $verdict, $permitted) = @{ JSON::PP->new->utf8->decode($_) };

		utf8::encode($key);
		$lists{$subject} .= 'T' . pack('N/a*', $table) if $last ne "$subject $table";
		$lists{$subject} .= 'U' . pack('C N/a*', $code{$verdict} + ($permitted ? 8 : 0), $key);
		$last = "$subject $table";
	}
	return \%lists;
}

# What the closing event says.
sub closing { return decode_json(sql("SELECT detail FROM consent.event_log JOIN consent.run ON event_id = closed_event WHERE run_id = $_[0]")) }

my $lists = lists($run);
my %leaves;
foreach my $subject (keys %$lists)
{
	my ($position, $nonce) = use_place($salts{$subject}, $origin, $run);

	$leaves{$position} = use_value($nonce, $lists->{$subject});
}
my $closing = closing($run);
is($closing->{subjects}, scalar(keys %$lists), 'the closing event has the number of subjects');
cmp_ok($closing->{subjects}, '>', 600, 'which are many');
is(unpack('H*', prefix_root(\%leaves, 0)), $closing->{tree}, 'and the root of the tree over them');
is(sql("SELECT encode(tree, 'hex'), subjects FROM consent.run WHERE run_id = $run"), "$closing->{tree}|$closing->{subjects}", 'so has the run');
is(sql("SELECT count(*), sum(leaves) FROM consent.run_subtree WHERE run_id = $run"), "4|$closing->{subjects}", 'stored in four subtrees');

# ---- a proof about everybody ----

# Read a proof, and say what it proves of whom: the rows, or nothing, by number.
sub check
{
	my ($text, $of, $tree) = @_;
	my $proof = decode_json($text);
	my @path = map { decode_base64($_) } split / /, $proof->{path};
	my ($position, $nonce) = use_place(pack('H*', $proof->{salt}), $origin, $of);
	my $list = defined $proof->{rows} ? decode_base64($proof->{rows}) : undef;
	my @leaf = defined $list ? ($position, use_value($nonce, $list))
		: $proof->{terminal} eq 'empty' ? () : map { decode_base64($_) } split / /, $proof->{terminal};
	my $root = prefix_way($position, \@path, @leaf);

	return ($proof->{subject_no}, 'malformed') unless canonical($proof) eq $text && $proof->{run} eq $of && $proof->{origin} eq $origin
		&& defined $list != defined $proof->{terminal} && defined $root && unpack('H*', $root) eq $tree;
	return ($proof->{subject_no}, $list);
}

my $all = q{SELECT consent.use_proof(%s, subject_no, %s, 'opened', 'closed', 'event') FROM consent.subject WHERE salt IS NOT NULL AND subject_no %s (
	SELECT subject_no FROM consent.run_uses(%s) WHERE subject_no IS NOT NULL)};
my %proved = map { check($_, $run, $closing->{tree}) } split /\n/, sql(sprintf($all, $run, 'true', 'IN', $run));
is_deeply(\%proved, $lists, 'whoever was used has a proof of it, with her rows');
my %absent = map { check($_, $run, $closing->{tree}) } split /\n/, sql(sprintf($all, $run, 'false', 'NOT IN', $run));
is_deeply([ grep { defined $_ } values %absent ], [], 'whoever was not has a proof of that');
is(scalar(keys %proved) + scalar(keys %absent), scalar(keys %salts), 'that is everybody');

my $used = sql("SELECT consent.subject_number('member7')");
my $unused = sql("SELECT consent.subject_number('member699')");
like(failure("SELECT consent.use_proof($run, $used, false, 'o', 'c', 'e')"), qr/55000: run $run used rows of subject $used\n/, 'nothing else is proved about the one');
like(failure("SELECT consent.use_proof($run, $unused, true, 'o', 'c', 'e')"), qr/55000: run $run used no rows of subject $unused\n/, 'nor about the other');
like(failure("SELECT consent.subject_number('nobody')"), qr/02000: unknown subject "nobody"/, 'nothing about somebody unknown');
like(failure("SELECT consent.use_proof(17, $used, true, 'o', 'c', 'e')"), qr/42704: run 17 does not exist/, 'nor about a run that is not there');

# What a proof shows of others is what nobody can guess: one position and value.
my $shown = decode_json(sql("SELECT consent.use_proof($run, $unused, false, 'opened', 'closed', NULL)"));
is_deeply([ sort keys %$shown ], [qw(closed key opened origin path run salt subject_no terminal v)], 'without an event of hers there is none in the proof');
is(sql("SELECT consent.fixing_event(subject_no) IS NULL FROM consent.subject WHERE key = 'stranger7'"), 't', 'of a stranger no event fixes the salt');
is(sql("SELECT consent.fixing_event($used) = min(event_id) FROM consent.event_log WHERE subject_no = $used"), 't', 'of a member the first one does');

# ---- small runs ----

my $empty = open_run('empty');
sql("SELECT consent.close_run($empty)");
is((check(sql("SELECT consent.use_proof($empty, $used, false, 'o', 'c', 'e')"), $empty, closing($empty)->{tree}))[1], undef, 'nobody is in a run that used nothing');
my $nobody = open_run('nobody');
sql("SELECT consent.record_use($nobody, 'message', '{50,100}'::bigint[]); SELECT consent.close_run($nobody)");
is(closing($nobody)->{subjects}, '0', 'rows of nobody are not in the tree');
is(closing($nobody)->{tree}, unpack('H*', sha256("\x02")), 'which is empty');
my $single = open_run('single');
sql("SELECT consent.record_use($single, 'notes', '{nöte 645}'::text[]); SELECT consent.close_run($single)");
is(closing($single)->{subjects}, '1', 'of one row there is one subject');
is(length((check(sql("SELECT consent.use_proof($single, consent.subject_number('member645'), true, 'o', 'c', 'e')"), $single, closing($single)->{tree}))[1]),
	5 + 5 + 6 + 9, 'and her list has that row');
is((check(sql("SELECT consent.use_proof($single, $used, false, 'o', 'c', 'e')"), $single, closing($single)->{tree}))[1], undef, 'a lone leaf is nobody else');
my $torn = open_run('torn');
sql("SELECT consent.record_use($torn, 'message', '{7}'::bigint[])");
sql("BEGIN; SELECT consent.record_use($torn, 'message', '{8}'::bigint[]); ROLLBACK");
sql("SELECT consent.close_run($torn)");
like(failure("SELECT consent.use_proof($torn, $unused, false, 'o', 'c', 'e')"), qr/55000: 1 part of run $torn is missing/, 'with a part missing nobody is proved absent');
is((check(sql("SELECT consent.use_proof($torn, $used, true, 'o', 'c', 'e')"), $torn, closing($torn)->{tree}))[0], $used, 'but who was used is');

# ---- all runs, in one text ----

sql('CALL consent.checkpoint()');
my @entries = split /\n/, sql("SELECT encode(convert_to(s.note, 'UTF8'), 'base64') FROM consent.leaf JOIN consent.seal s USING (seal_no) ORDER BY leaf_index") =~ s/([^=\n]{76})\n/$1/gr;
my @lines = split /\n/, sql(qq{
	SELECT consent.never_used_event(e.event_id, l.leaf_index, $unused) FROM consent.leaf l JOIN consent.seal s USING (seal_no)
	JOIN consent.event_log e ON e.event_id / 4096 = seal_no WHERE s.kind = 'run' ORDER BY l.leaf_index, e.event_id}) =~ s/\n\n/\n/gr;
my ($wrong, $ways) = (0, 0);
foreach my $index (0 .. $#entries)
{
	my $seal = seal_fields(decode_base64($entries[$index]));
	my @leaves;

	next if $seal->{kind} ne 'run';
	foreach (1 .. $seal->{count})
	{
		my $line = decode_json(shift @lines // '{}');
		my $event = $line->{event} // '{}';
		my $members = decode_json($event);

		utf8::encode($event);
		push @leaves, leaf($event);
		$wrong++ unless ($line->{index} // '') eq $index;
		next if ($members->{kind} // '') ne 'run_closed';
		my $way = decode_json(shift @lines // '{}');
		my $closed = decode_json($members->{detail});
		my ($position) = use_place($salts{$unused}, $origin, $closed->{run});
		my $root = prefix_way($position, [ map { decode_base64($_) } split / /, $way->{path} ],
			$way->{terminal} eq 'empty' ? () : map { decode_base64($_) } split / /, $way->{terminal});

		$ways++;
		$wrong++ unless $way->{run} eq $closed->{run} && unpack('H*', $root // '') eq $closed->{tree};
	}
	$wrong++ unless decode_base64($seal->{root}) eq root(@leaves);
}
is("$wrong wrong, $ways ways, " . @lines . ' left over', '0 wrong, 5 ways, 0 left over', 'the lines open every seal of a run, and show the way in each');
like(failure("SELECT consent.never_used_event(closed_event, 1, $used) FROM consent.run WHERE run_id = $run"), qr/55000: run $run used rows of subject $used\n/, 'not about who was used');

# ---- strangers check them, with the receipts ----

my $tests = "$FindBin::RealBin/..";
is(system('make', '-s', '-C', $tests, 'build/consent-verify'), 0, 'build consent-verify');
my %key = map { split /\|/ } split /\n/, sql('SELECT signs, vkey FROM consent.key');
my @trust = ('--log', $key{checkpoint}, '--seal', $key{seal});

# What consent-verify says of a proof: exit status and text.
sub verified
{
	my ($query, @options) = @_;
	my ($input, $out, $err) = (sql($query));

	IPC::Run::run([ "$tests/build/consent-verify", 'use', '-', @trust, @options ], '<', \$input, '>', \$out, '2>', \$err);
	return (($? & 127 ? "signal $?" : $? >> 8) . " $out$err") =~ s/\s+/ /gr;
}

like(verified("SELECT consent.prove_use($run, 'member7')"), qr/^0 /, 'a proof of use holds');
like(verified("SELECT consent.prove_non_use($run, 'member699')"), qr/^0 /, 'so does one of non-use');
like(verified("SELECT consent.prove_use($torn, 'member7')"), qr/^[02] .*part/, 'so does one with a part missing, and says so');
like(verified("SELECT consent.prove_use($run, 'stranger7')"), qr/^2 .*no event of hers fixes her salt/, 'about a stranger nothing is decided');
sql("SELECT consent.opt_in('latecomer', 'train')");
like(verified("SELECT consent.prove_non_use($run, 'latecomer')"), qr/^2 .*not proved that her event came into the log before/, 'nor with an event that is only promised');
sql('CALL consent.checkpoint()');
like(verified("SELECT consent.prove_non_use($run, 'latecomer')"), qr/^2 .*her event came into the log after the run was closed/, 'nor with one that came later');
like(verified("SELECT replace(consent.prove_use($run, 'member7'), 'member7', 'member8')"), qr/^1 /, 'a proof is of nobody else');

# The log as a web server would show it, of fewer than 256 entries.
my ($size, $note) = split /\|/, sql('SELECT size, note FROM consent.checkpoint ORDER BY size DESC LIMIT 1'), 2;
my $tree = $node->basedir . '/tree';
make_path("$tree/tile/0/000.p", "$tree/tile/entries/000.p");
foreach ([ 'checkpoint', "SELECT convert_to(note, 'UTF8') FROM consent.checkpoint WHERE size = $size" ],
	[ "tile/0/000.p/$size", "SELECT consent.tile(0, 0, $size)" ], [ "tile/entries/000.p/$size", "SELECT consent.entries(0, $size)" ])
{
	my ($name, $query) = @$_;

	open(my $handle, '>:raw', "$tree/$name") or die "$name: $!";
	print $handle pack('H*', sql("SELECT encode(($query), 'hex')"));
	close($handle) or die;
}
like(verified("SELECT consent.prove_never_used('member699')"), qr/^2 /, 'that no run used anything is not checked without the log');
like(verified("SELECT consent.prove_never_used('member699')", '--tree', $tree), qr/^2 .*run $torn, "torn", is undecided: transactions began/, 'with it, the part that is missing leaves it undecided');
like(verified("SELECT regexp_replace(consent.prove_never_used('member699'), '[^\n]*summer[^\n]*|[^\n]*\"empty\"[^\n]*\n', '')", '--tree', $tree), qr/^1 /, 'and nothing can be left out');

# ---- erasing ----

my $open = open_run('still open');
sql("SELECT consent.record_use($open, 'message', '{7,8,9}'::bigint[])");
my @before = use_place($salts{$used}, $origin, $run);
my @open_before = use_place($salts{$used}, $origin, $open);
sql("SELECT consent.erase_subject('member7')");
is(sql("SELECT run_id, encode(position, 'hex'), encode(nonce, 'hex') FROM consent.erased_use WHERE subject_no = $used AND run_id IN ($run, $open) ORDER BY run_id"),
	join("\n", join('|', $run, map { unpack('H*', $_) } @before), join('|', $open, map { unpack('H*', $_) } @open_before)),
	'where she stands is kept for the runs that used her rows, open ones too');
is(sql("SELECT count(*) FROM consent.erased_use WHERE run_id IN ($empty, $nobody, $single)"), '0', 'and for no other');
like(failure("SELECT consent.subject_number('member7')"), qr/55000: subject "member7" is erased/, 'nothing is proved about her any more');
like(failure("SELECT consent.use_proof($run, $used, true, 'o', 'c', 'e')"), qr/55000: subject $used is erased/, 'nor by her number');
sound($node, 'the trees are sound without her salt');
%proved = map { check($_, $run, $closing->{tree}) } split /\n/, sql(sprintf($all, $run, 'true', 'IN', $run));
is(scalar(keys %proved), $closing->{subjects} - 1, 'all others are proved as before');

# Somebody erased while a transaction holds rows of hers that it has used.
my ($in, $told) = ('', '');
my $trainer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], \$in, \$told);
$in .= "BEGIN; SELECT added FROM consent.record_use($open, 'notes', '{nöte 650}'::text[]);\n";
$trainer->pump until $told =~ /\d\n/;
my $late = sql("SELECT consent.subject_number('member650')");
sql("SELECT consent.erase_subject('member650')");
$in .= "COMMIT;\n\\q\n";
$trainer->finish;
is(sql("SELECT count(*) FROM consent.erased_use WHERE run_id = $open AND subject_no = $late"), '0', 'no place is kept of what no part held yet');
sql("SELECT consent.close_run($open)");
is(sql("SELECT count(*) FROM consent.erased_use WHERE run_id = $open AND subject_no = $late"), '1', 'closing gives her one');
sound($node, 'the tree with her is sound');

# Erasing waits for a run that is being closed, and sees it closed.
my $closed = open_run('closed meanwhile');
($in, $told) = ('', '');
my $closer = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], \$in, \$told);
$in .= "BEGIN; SELECT added FROM consent.record_use($closed, 'message', '{9}'::bigint[]); SELECT consent.close_run($closed);\n";
$closer->pump until $told =~ /\d\n\d+\n/;
my $nine = sql("SELECT consent.subject_number('member9')");
my $eraser = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT consent.erase_subject('member9')" ]);
ok($node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND relation = 'consent.erased_use'::regclass}), 'erasing waits for a run that is being closed');
$in .= "COMMIT;\n\\q\n";
$closer->finish;
$eraser->finish;
is(sql("SELECT count(*) FROM consent.erased_use WHERE run_id = $closed AND subject_no = $nine"), '1', 'and keeps where she stands in it');
sound($node, 'that tree is sound too');

# ---- a superuser ----

my $disable = sql(q{
	SELECT string_agg(format('ALTER TABLE %s DISABLE TRIGGER ALL;', c.oid::regclass), ' ')
	FROM pg_class c WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r'});

# What verify() finds after an attack, apart from the guards; and then a statement's error.
sub after_attack
{
	my ($attack, $query) = @_;
	my ($result, $out, $err) = $node->psql('postgres', qq{
		BEGIN;
		ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
		$disable
		$attack;
		SELECT kind, thing FROM consent.verify() WHERE kind <> 'guard';
		$query;
		ROLLBACK;});

	return ($out, $err);
}

my $someone = sql("SELECT consent.subject_number('member11')");
my ($found, $error) = after_attack("UPDATE consent.run_subtree SET hash = sha256(hash) WHERE run_id = $run AND bucket = 2",
	"SELECT consent.use_proof($run, subject_no, true, 'o', 'c', 'e') FROM consent.run_uses($run) JOIN consent.subject USING (subject_no) WHERE salt IS NOT NULL");
is($found, "run_subtree|run $run, bucket 2: hash", 'another subtree is named');
like($error, qr/the stored tree of run $run is not the one that it was closed with/, 'and nothing is proved with it');
($found, $error) = after_attack("DELETE FROM consent.run_subtree WHERE run_id = $run AND bucket = 1", "SELECT consent.use_proof($run, $someone, true, 'o', 'c', 'e')");
is($found, "run_subtree|run $run, bucket 1", 'a subtree that is gone is named');
like($error, qr/the stored tree of run $run is not the one that it was closed with/, 'and nothing is proved without it');
# A salt with which she stands elsewhere, where nobody is.
($found, $error) = after_attack("UPDATE consent.subject SET salt = sha256(salt) WHERE subject_no = $someone", "SELECT consent.use_proof($run, $someone, false, 'o', 'c', 'e')");
like($found, qr/^subject\|subject $someone: commitment to her key$/m, 'a subject who was moved is named');
like($found, qr/^run\|run $run: tree over its subjects$/m, 'by the tree as well');
($found) = after_attack("DELETE FROM consent.erased_use WHERE run_id = $run", 'SELECT 1');
like($found, qr/^erased_use\|run $run, subject $used$/m, 'a place that is gone is named');
($found) = after_attack("INSERT INTO consent.erased_use SELECT $run, $someone, position, nonce FROM consent.erased_use WHERE run_id = $run LIMIT 1", 'SELECT 1');
like($found, qr/^erased_use\|run $run, subject $someone$/m, 'so is one of somebody who is not erased');

# The place of one of the erased, given to another.
($found) = after_attack("UPDATE consent.erased_use e SET position = o.position FROM consent.erased_use o
	WHERE e.run_id = $run AND o.run_id = $run AND e.subject_no = $used AND o.subject_no = $nine", 'SELECT 1');
like($found, qr/^run_subtree\|run $run, subject (?:$used|$nine)$/m, 'so is a place that two have');
($found, $error) = after_attack("UPDATE consent.run SET subjects = 1::bigint << 60 WHERE run_id = $run", "SELECT consent.use_proof($run, $someone, true, 'o', 'c', 'e')");
like($found, qr/^run\|run $run: subjects$/m, 'another number of subjects is named');
like($error, qr/the stored tree of run $run is not the one that it was closed with/, 'and does no harm');

# ---- dump and restore ----

my $file = $node->basedir . '/prove.dump';
my $stored = 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY t::text COLLATE "C")) FROM consent.run_subtree t
	UNION ALL SELECT md5(string_agg(t::text, $$,$$ ORDER BY t::text COLLATE "C")) FROM consent.erased_use t';
my $proof = "SELECT consent.use_proof($run, $someone, true, 'o', 'c', 'e')";
$node->command_ok([ 'pg_dump', '-Fc', '-f', $file, $node->connstr('postgres') ], 'dump');
sql('CREATE DATABASE again');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('again'), $file ], 'restore');
is($node->safe_psql('again', $stored), sql($stored), 'the trees are there');
is($node->safe_psql('again', $proof), sql($proof), 'and prove the same');
sound($node, 'the restored ledger is sound', 'again');
done_testing();
