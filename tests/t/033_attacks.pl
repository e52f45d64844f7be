# The tamper kit: a superuser who disables the guards, and then one who has all
# keys too.  Each attack has a name and what catches it, as docs/threat-model.md
# says; what an attack is not caught by is tested as well.
use strict;
use warnings;

use ConsentLedger;
use ForkSafety;
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Recompute;
use Tamper;
use Test::More;
use Verifier;

my $node = new_node('victim', has_archiving => 0, allows_streaming => 1, conf => "fsync = off\n");
$node->start;
make_ledger($node);
$node->safe_psql('postgres', 'CREATE DATABASE watcher');
make_ledger($node, 'watcher');
$Verifier::program = installed('consent-verify');

sub value { return $node->safe_psql('postgres', $_[0]); }
my %key = map { split /\|/ } split /\n/, value('SELECT signs, vkey FROM consent.key');
my %witness = map { split /\|/ } split /\n/, $node->safe_psql('watcher', 'SELECT signs, vkey FROM consent.key');
my @trust = ('--log', $key{checkpoint}, '--seal', $key{seal}, '--witness', $witness{witness});
my $keys = ForkSafety::key_directory($node);
my %pem = map { my $role = $_; $role => (grep { my $public = qx(openssl pkey -in $_ -pubout -outform DER | tail -c 32); index($key{$role}, encode_base64(($role eq 'witness' ? "\x04" : "\x01") . $public, '')) >= 0 } glob("$keys/*-$role.pem"))[0] } keys %key;

# Ask the witness to cosign a ledger's newest checkpoint: its status.
sub ask_witness
{
	my ($of) = @_;
	my $known = $node->safe_psql('watcher', 'SELECT coalesce(max(size), 0) FROM consent.witnessed');
	my ($ret, $request, $err) = $of->psql('postgres', "SELECT consent.add_checkpoint_request(least($known, (SELECT max(size) FROM consent.checkpoint)))");
	my ($status, $line) = split /\|/, $node->safe_psql('watcher', "CALL consent.witness('$request')"), 2;

	$of->safe_psql('postgres', "SELECT consent.add_cosignature('$line')") if $status == 200 && $of == $node;
	return $status;
}

# ---- a ledger with everything that is attacked ----

value("SELECT consent.register_witness('$witness{witness}')");
$node->safe_psql('watcher', "SELECT consent.register_log('$key{checkpoint}')");
fill_ledger($node);
value('CALL consent.checkpoint()');
ask_witness($node);
my $of_ann = value(q{SELECT consent.opt_out('ann', 'train')});
my $of_bea = value(q{SELECT consent.opt_in('bea', 'train')});
value('CALL consent.checkpoint()');
is(ask_witness($node), 200, 'the witness has cosigned');
my $receipt = value("SELECT consent.receipt($of_ann)");
result_is(0, qr/^GOOD /, 'she has a receipt', $receipt, 'receipt', '-', @trust);
my $cosigned = value('SELECT note FROM consent.checkpoint ORDER BY size DESC LIMIT 1');
value('SELECT pg_switch_wal()');
$node->backup('yesterday');
value(q{SELECT consent.opt_out('cem', 'train')}) for 1 .. 3;
value('CALL consent.checkpoint()');
is(ask_witness($node), 200, 'and again');
my $pending = value(q{SELECT consent.opt_out('dora', 'train')});
my $promise = value("SELECT consent.receipt($pending)");
sound($node, 'nothing is wrong');
tamper_with($node);

# ---- the table of the docs ----

my %caught;
foreach (split /\n/, (slurp("$ENV{work}/tree/docs/threat-model.md") =~ /<!-- attacks -->\n(.*?)<!-- end of attacks -->/s)[0] // '')
{
	$caught{$1} = $2 if /^\| (.+?) \| (.+?) \|/ && $1 ne 'attack' && $1 !~ /^-+$/;
}
my %tested;

# An attack of a superuser, in a savepoint: name, SQL, what verify() says.
sub attack
{
	my ($name, $sql, $pattern) = @_;

	is($caught{$name}, '`verify()`', "the docs: $name");
	$tested{$name} = 1;
	named($name, $sql, $pattern);
}

# An attack of another kind: its name and what catches it.
sub caught_by
{
	my ($name, $by) = @_;

	is($caught{$name}, $by, "the docs: $name");
	$tested{$name} = 1;
}

my $ann_seal = int($of_ann / 4096);
my $bea_seal = int($of_bea / 4096);
my $pending_seal = int($pending / 4096);
my ($run, $part) = split /\|/, value(q{SELECT run_id, part FROM consent.run_part JOIN consent.run USING (run_id) WHERE name = 'model' ORDER BY part LIMIT 1});
my $columns = value(q{SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'consent.event_log'::regclass AND attnum > 1 AND NOT attisdropped});

attack('a column of an event is edited', "UPDATE consent.event_log SET actor = 'agent' WHERE event_id = $of_ann", qr/^event\|event $of_ann\|root/m);
attack('an event is deleted', "DELETE FROM consent.event_log WHERE event_id = $of_ann", qr/^event\|event $of_ann\|one of 1 in seal $ann_seal\|none/m);
attack('an event is inserted under an id of the past', "INSERT INTO consent.event_log SELECT $of_ann + 1, $columns FROM consent.event_log WHERE event_id = $of_ann", qr/^event\|event @{[$of_ann + 1]}\|only 1 events/m);
attack('two events are exchanged', "ALTER TABLE consent.event_log DROP CONSTRAINT event_log_pkey; UPDATE consent.event_log SET event_id = $of_ann + $of_bea - event_id WHERE event_id IN ($of_ann, $of_bea)", qr/^event\|event $of_ann\|root.*^event\|event $of_bea\|root/ms);
attack('a recorded_at is set back', "UPDATE consent.event_log SET recorded_at = recorded_at - interval '1 year' WHERE event_id = $of_ann", qr/^event\|event $of_ann\|recorded not before/m);
attack('a seal is used again under a new number', "INSERT INTO consent.seal SELECT 99999, kind, count, root, note FROM consent.seal WHERE seal_no = $ann_seal; INSERT INTO consent.event_log SELECT 99999 * 4096, $columns FROM consent.event_log WHERE event_id = $of_ann", qr/^seal\|seal 99999\|number $ann_seal/m);
attack('a state is forged, so that permits() says yes', "UPDATE consent.subject SET state = '+train\@2024-01-01T00:00:00Z' WHERE key = 'ann'", qr/^state\|subject \d+\|/m);
attack('a subject is pointed at another person', "UPDATE consent.subject SET key = 'x' || key WHERE key = 'bea'; UPDATE consent.subject SET key = 'bea' WHERE key = 'ann'", qr/^subject\|subject \d+: commitment to her key/m);
attack('the salts of two subjects are exchanged', "UPDATE consent.subject t SET salt = o.salt FROM consent.subject o WHERE (t.key, o.key) IN (('ann', 'bea'), ('bea', 'ann'))", qr/^subject\|subject \d+: commitment to her key/m);
attack('an erased key is put back', "UPDATE consent.subject SET key = 'dan' WHERE key IS NULL AND subject_no = (SELECT min(subject_no) FROM consent.subject WHERE key IS NULL)", qr/^subject\|subject \d+: key\|erased\|dan$/m);
attack('a key is erased without a word', "UPDATE consent.subject SET key = NULL, salt = NULL WHERE key = 'ann'", qr/^subject\|subject \d+: key\|a key, since no event erased it/m);
attack('the text of a notice is changed', "UPDATE consent.notice SET body = body || ' And sell it.'", qr/^notice\|/m);
attack('a block of uses is edited', "UPDATE consent.manifest_block SET data = set_byte(data, 14, get_byte(data, 14) # 1) WHERE run_id = $run AND part = $part", qr/^manifest_block\|run $run, part $part/m);
attack('a use is added to a closed run', "INSERT INTO consent.manifest_block SELECT run_id, part, table_name, block_no + 1, first_subject, last_subject, entries, data FROM consent.manifest_block WHERE run_id = $run AND part = $part", qr/^manifest_block\|run $run, part $part: number of blocks/m);
attack('a run is deleted, its parts and its events', "DELETE FROM consent.manifest_block WHERE run_id = $run; DELETE FROM consent.run_part WHERE run_id = $run; DELETE FROM consent.run WHERE run_id = $run; DELETE FROM consent.event_log WHERE kind LIKE 'run%' AND (event_id = $run OR detail::json ->> 'run' = '$run')", qr/^event\|event $run\|one of \d+ in seal \d+\|none/m);
attack('a leaf of the log is moved', "UPDATE consent.leaf t SET leaf_index = -o.leaf_index FROM consent.leaf o WHERE (t.seal_no, o.seal_no) IN (($ann_seal, $bea_seal), ($bea_seal, $ann_seal)); UPDATE consent.leaf SET leaf_index = -leaf_index WHERE leaf_index < 0", qr/^checkpoint\|checkpoint of size \d+\|root \S+\|root \S+ over the leaves/m);
attack('a leaf of the log is there twice', "INSERT INTO consent.leaf SELECT max(leaf_index) + 1, $pending_seal FROM consent.leaf", qr/^seal\|seal $pending_seal\|one leaf of the log, or pending\|1 leaves and pending/m);
attack('a tile of the log is made up', "INSERT INTO consent.tile SELECT 0, 0, root, decode(repeat(encode(root, 'hex'), 256), 'hex') FROM consent.checkpoint LIMIT 1", qr/^tile\|tile 0\/0\|\|a tile that the tree has not/m);
attack('a checkpoint is written that nobody signed', "UPDATE consent.checkpoint SET note = replace(note, E'\\n' || size || E'\\n', E'\\n' || size + 1 || E'\\n') WHERE size = (SELECT max(size) FROM consent.checkpoint)", qr/^checkpoint\|checkpoint of size \d+\|a note signed by the ledger's key/m);
attack('a cosignature is forged', 'UPDATE consent.cosignature SET evidence = set_byte(evidence, 60, (get_byte(evidence, 60) + 1) % 256) WHERE bound_no = 1', qr/^cosignature\|bound 1/m);
attack('the tail of the log is cut off, with its checkpoint', "DELETE FROM consent.checkpoint WHERE size = (SELECT max(size) FROM consent.checkpoint); DELETE FROM consent.cosignature WHERE size > (SELECT max(size) FROM consent.checkpoint); WITH gone AS (DELETE FROM consent.leaf WHERE leaf_index >= (SELECT max(size) FROM consent.checkpoint) RETURNING seal_no) INSERT INTO consent.seal_pending SELECT seal_no FROM gone", qr/^checkpoint_file\|.*it lost what was signed$/m);
try_all();

caught_by('a guard is dropped or disabled', '`verify()`');
like(value('BEGIN; ALTER EVENT TRIGGER consent_ledger_guard DISABLE; SELECT kind, thing FROM consent.verify(); ROLLBACK'), qr/^guard\|event trigger consent_ledger_guard$/m, 'named: a guard');

# ---- with the private keys ----

# SQL in a ledger, without its guards.
sub unguarded
{
	my ($of, @sql) = @_;
	my ($disable, $enable) = map { $of->safe_psql('postgres', "SELECT string_agg(format('ALTER TABLE %s $_ TRIGGER %I;', t.tgrelid::regclass, t.tgname), ' ') FROM pg_trigger t
		JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r' AND NOT t.tgisinternal") } 'DISABLE', 'ENABLE ALWAYS';

	$of->safe_psql('postgres', join(";\n", 'BEGIN', 'ALTER EVENT TRIGGER consent_ledger_guard DISABLE', $disable, @sql, $enable,
		'ALTER EVENT TRIGGER consent_ledger_guard ENABLE ALWAYS', 'COMMIT'));
}

# Rewrite the ledger of a node as who has all keys can: the event that is alone in a
# seal gets other members, its seal another signature, and so does whatever in the
# log stands on it.  Cosignatures, which nobody but the witness can make, go.
sub rewrite_history
{
	my ($of, $event, $members, $sql) = @_;
	my @seals = map { [ split /\|/, $_, 2 ] } split /\n/, $of->safe_psql('postgres', q{SELECT seal_no, replace(note, E'\n', '~') FROM consent.leaf JOIN consent.seal USING (seal_no) ORDER BY leaf_index});
	my @sizes = split /\n/, $of->safe_psql('postgres', 'SELECT size FROM consent.checkpoint ORDER BY size');
	my (@leaves, %root, @script);

	my $canonical = canonical_of($of, $event);
	my $changed = canonical({ %$canonical, %$members });
	foreach my $n (0 .. $#seals)
	{
		my ($number, $note) = @{ $seals[$n] };
		$note =~ s/~/\n/g;
		my ($text) = $note =~ /\A(.*?\n)\n/s;
		my ($known) = $text =~ /^checkpoint (\d+) /m;
		my $before = $text;

		$text =~ s/^root .*$/'root ' . encode_base64(leaf($changed), '')/me if $number == int($event / 4096);
		$text =~ s/^checkpoint \d+ .*$/"checkpoint $known " . encode_base64($root{$known}, '')/me if $known;
		$text =~ s/^bound .*$/bound none/m;
		$note = sign_note($text, $key{seal}, $pem{seal}) if $text ne $before;
		push @script, "UPDATE consent.seal SET note = \$note\$$note\$note\$, root = decode('" . ($text =~ /^root (.*)$/m)[0] . "', 'base64') WHERE seal_no = $number" if $text ne $before;
		push @leaves, leaf($note);
		foreach my $size (grep { $_ == $n + 1 } @sizes)
		{
			$root{$size} = root(@leaves);
			my $head = sign_note("postgres.example\n$size\n" . encode_base64($root{$size}, '') . "\n", $key{checkpoint}, $pem{checkpoint});
			push @script, "UPDATE consent.checkpoint SET note = \$note\$$head\$note\$, root = decode('" . unpack('H*', $root{$size}) . "', 'hex') WHERE size = $size";
		}
	}
	unguarded($of, $sql, @script, 'DELETE FROM consent.cosignature',
		'DELETE FROM consent.seal_pending', 'DELETE FROM consent.seal s WHERE NOT EXISTS (SELECT FROM consent.leaf l WHERE l.seal_no = s.seal_no)',
		'DELETE FROM consent.event_log e WHERE NOT EXISTS (SELECT FROM consent.seal s WHERE s.seal_no = e.event_id / 4096)',
		"DELETE FROM consent.subject WHERE key = 'dora'");
	# And the file outside.
	set_file_outside($of);
}

# Write the newest checkpoint of the database to the file outside.
sub set_file_outside
{
	my ($of) = @_;
	my ($name) = $pem{checkpoint} =~ m{/([^/]+)\.pem$};
	my $file = ForkSafety::key_directory($of) . "/$name.note";

	unlink($file) or die "$file: $!";
	append_to_file($file, newest($of));
}

# The members of an event, from a full export.
sub canonical_of
{
	my ($of, $event) = @_;
	my $all = pack('H*', $of->safe_psql('postgres', q{SELECT encode(string_agg(data, '' ORDER BY path), 'hex') FROM consent.export_files() WHERE path LIKE 'events/%'}));

	while (length($all))
	{
		my $json = JSON::PP->new->utf8(0)->decode(substr($all, 2, unpack('n', $all)));
		$all = substr($all, 2 + unpack('n', $all));
		return $json if $json->{id} == $event;
	}
	die "no event $event";
}


# The same for a seal that stands alone: SQL.  The event may be given, where it is not in the log.
sub reseal
{
	my ($of, $event, $members, $canonical) = @_;
	my $number = int($event / 4096);
	my ($text) = $of->safe_psql('postgres', "SELECT note FROM consent.seal WHERE seal_no = $number") =~ /\A(.*?\n)\n/s;
	my $root = encode_base64(leaf(canonical({ %{ $canonical // canonical_of($of, $event) }, %$members })), '');

	$text =~ s/^root .*$/root $root/m;
	$text =~ s/^time .*$/time $members->{recorded_at}/m if $members->{recorded_at};
	return "UPDATE consent.seal SET note = \$note\$" . sign_note($text, $key{seal}, $pem{seal}) . "\$note\$, root = decode('$root', 'base64') WHERE seal_no = $number";
}

attack('an event and its seal are signed anew, and the log is not', "UPDATE consent.event_log SET actor = 'agent' WHERE event_id = $of_ann; " . reseal($node, $of_ann, { actor => 'agent' }),
	qr/^checkpoint\|checkpoint of size \d+\|root \S+\|root \S+ over the leaves/m);
try_all();

# What is not in the log yet is not in canonical_of() either: another copy takes it in first.
$node->backup('now');
my $copy = from_backup('copy', $node, 'now', $node);
$copy->start;
$copy->safe_psql('postgres', 'CALL consent.checkpoint()');
my $members = canonical_of($copy, $pending);
$copy->stop;

# The pending event, recorded some time earlier, and its seal signed anew: SQL.
sub set_back
{
	my ($interval) = @_;
	my $at = value(qq{SELECT to_char((recorded_at - interval '$interval') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM consent.event_log WHERE event_id = $pending}) =~ s/\.000000Z/Z/r;

	return "UPDATE consent.event_log SET recorded_at = '$at' WHERE event_id = $pending; " . reseal($node, $pending, { recorded_at => $at }, $members);
}

attack('a recorded_at is set back to before what others signed, and its seal is signed anew', set_back('1 year'), qr/^event\|event $pending\|recorded not before/m);
try_all();
is(findings(set_back('1 second')), '', 'nothing tells a second from another');
caught_by("the operator's clock is wrong by less than others sign", 'nothing');

# Nobody has signed yet where somebody erased stands in a run that is open.
is(findings(q{SELECT consent.erase_subject('gus') IS NULL; UPDATE consent.erased_use SET position = sha256(position)
	WHERE run_id = (SELECT run_id FROM consent.run WHERE name = 'open') RETURNING 'changed'}), "f\nchanged\n", 'a place in an open run is not signed');
caught_by('the place of somebody erased in a run that is open is changed', 'nothing');

{
	my $hasty = from_backup('hasty', $node, 'now', $node);
	my $number = int($pending / 4096);
	my $dir = PostgreSQL::Test::Utils::tempdir();

	$hasty->start;
	my ($text) = $hasty->safe_psql('postgres', "SELECT note FROM consent.seal WHERE seal_no = $number") =~ /\A(.*?\n)\n/s;
	my $root = encode_base64(leaf(canonical({ %$members, actor => 'agent' })), '');
	$text =~ s/^root .*$/root $root/m;
	unguarded($hasty, "UPDATE consent.event_log SET actor = 'agent' WHERE event_id = $pending",
		"UPDATE consent.seal SET note = \$note\$" . sign_note($text, $key{seal}, $pem{seal}) . "\$note\$, root = decode('$root', 'base64') WHERE seal_no = $number");
	is($hasty->safe_psql('postgres', 'SELECT count(*) FROM consent.verify()'), 0, 'verify() cannot know what was sealed before the log had it');
	$hasty->safe_psql('postgres', 'CALL consent.checkpoint()');
	run_command([ installed('consent-log'), 'export', '-h', $hasty->host, '-p', $hasty->port, '-d', 'postgres', "$dir/log" ]);
	result_is(1, qr/^(BROKEN|BAD)/, 'but who holds a promise can show that it was broken', $promise, 'receipt', '-', @trust[0 .. 3], '--tree', "$dir/log");
	caught_by('an event that is not in the log yet is signed anew', 'a receipt');
	$hasty->stop;
}

{
	my $liar = from_backup('liar', $node, 'now', $node);

	$liar->start;
	is($liar->safe_psql('postgres', "SELECT consent.verdict('ann', 'train')"), 'denied', 'she had refused');
	rewrite_history($liar, $of_ann, { choices => canonical_of($liar, $of_ann)->{choices} =~ s/^-train(\S+) as opted_out/+train$1/r },
		"UPDATE consent.event_log SET choices = ('+train' || substr(choices::text, 7, strpos(choices::text, ' as ') - 7))::consent.consent WHERE event_id = $of_ann;
		UPDATE consent.subject SET state = '' WHERE key = 'ann'");
	my $expected = $liar->safe_psql('postgres', q{SELECT expected FROM consent.verify() WHERE kind = 'state'});
	unguarded($liar, "UPDATE consent.subject SET state = '$expected' WHERE key = 'ann'");
	is($liar->safe_psql('postgres', 'SELECT string_agg(kind || thing || coalesce(expected, $$$$) || coalesce(found, $$$$), chr(10)) FROM consent.verify()'), '', 'who has all keys leaves a ledger in which verify() finds nothing');
	is($liar->safe_psql('postgres', "SELECT consent.verdict('ann', 'train')"), 'granted', 'and which says that she agreed');
	is($liar->safe_psql('postgres', 'CALL consent.checkpoint(); SELECT count(*) > 0 FROM consent.checkpoint'), 't', 'nor does the file outside know');
	isnt(ask_witness($liar), 200, 'the witness does not cosign it');
	like(fork_of($liar, $cosigned), qr/^forked/, 'and the cosigned checkpoint that somebody kept shows two logs under one key');
	result_is(0, qr/^GOOD /, 'her receipt still proves what she said', $receipt, 'receipt', '-', @trust);
	caught_by('the whole history is signed anew with all keys, the file outside too', 'a witness or a receipt');
	caught_by('two people are shown two logs', 'a witness or a receipt');
	caught_by('a copy of the keys signs elsewhere', 'a witness or a receipt');
	$liar->stop;
}

{
	my $old = from_backup('old', $node, 'yesterday', $node);

	$old->start;
	refused($old, 'CALL consent.checkpoint()', qr/the log does not extend its last signed checkpoint/, 'the file outside knows more than yesterday');
	like($old->safe_psql('postgres', q{SELECT kind FROM consent.verify()}), qr/^checkpoint_file$/m, 'and verify() tells');
	caught_by("yesterday's database is restored", 'the file outside');
	set_file_outside($old);
	is($old->safe_psql('postgres', 'SELECT count(*) FROM consent.verify()'), 0, 'if the file is set back as well, verify() finds nothing');
	$old->safe_psql('postgres', q{SELECT consent.opt_in('cem', 'train'); CALL consent.checkpoint()});
	isnt(ask_witness($old), 200, 'but the witness does not cosign it');
	caught_by("yesterday's database is restored, and the file outside with it", 'a witness or a receipt');
	$old->stop;
}

# ---- what nothing catches ----

value(q{SELECT consent.opt_in('eve', 'train')});
is(value('SELECT count(*) FROM consent.verify()'), 0, 'that eve did not say so, no signature can show');
caught_by('an act is recorded that the person did not do', 'nothing');
caught_by('an act of the person is not recorded', 'nothing');
caught_by('data is used and the use is not recorded', 'nothing');

is_deeply([ sort keys %tested ], [ sort keys %caught ], 'each attack of docs/threat-model.md is tried, and no other');
cmp_ok(scalar(keys %tested), '>=', 20, scalar(keys %tested) . ' attacks');
done_testing();
