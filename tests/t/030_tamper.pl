# A superuser disables the guards and changes what is stored: verify() names it.
use strict;
use warnings;

use ConsentLedger;
use Recompute;
use PostgreSQL::Test::Utils;
use Tamper;
use Test::More;
use Tsa;

my $node = start_node('tamper');

fill_ledger($node);
$node->safe_psql('postgres', q{SELECT consent.rotate_key('witness'); SELECT consent.revoke_key(vkey, 0) FROM consent.key WHERE signs = 'witness' ORDER BY key_no LIMIT 1});
# A superuser who keeps what is to be erased.
$node->safe_psql('postgres', q{
	SELECT consent.opt_in('kim', 'train', evidence => '{"form": 7}');
	CREATE TABLE kept AS SELECT v.*, s.salt AS subject_salt, subject_no FROM consent.evidence v
		JOIN consent.event_log USING (event_id) JOIN consent.subject s USING (subject_no) WHERE s.key = 'kim';
	SELECT consent.erase_subject('kim', evidence => '{"letter": 8}')});
# This ledger and another one watch each other.
$node->safe_psql('postgres', 'CREATE DATABASE watcher');
make_ledger($node, 'watcher');
$node->safe_psql('watcher', 'CALL consent.checkpoint()');
my %watcher = map { split /\|/ } split /\n/, $node->safe_psql('watcher', 'SELECT signs, vkey FROM consent.key');
my $request = $node->safe_psql('watcher', 'SELECT consent.add_checkpoint_request()');
$node->safe_psql('postgres', qq{
	SELECT consent.register_witness('$watcher{witness}', 'https://watcher.example');
	SELECT consent.set_witness_quorum(1);
	SELECT consent.register_log('$watcher{checkpoint}')});
my $tsa = Tsa::root(PostgreSQL::Test::Utils::tempdir(), 'root');
$node->safe_psql('postgres', "SELECT consent.register_tsa('tsa.example', '" . $tsa->pem('root') . "')");
$node->safe_psql('postgres', "CALL consent.witness('$request')");
sound($node, 'the ledger is sound before');

tamper_with($node);

# ---- any column of any stored table ----

# What says nothing, as it is always the same, and what nobody signs.
my %unsigned = map { $_ => 1 } qw(ledger.singleton witnessed.stored_at);

# What findings about a table are about.
my %kinds = (ledger => 'ledger', key => 'key', purpose => 'purpose', notice => 'notice', preset_rule => 'preset',
	protected_table => 'protected_table', subject => 'subject|state|commitment', scope_state => 'state', event_log => 'event',
	evidence => 'evidence', seal => 'seal', seal_pending => 'seal_pending', run => 'run', run_salt => 'run_salt|manifest_block',
	run_draw => 'run_draw', run_part => 'run_part', manifest_block => 'manifest_block', run_subtree => 'run_subtree',
	erased_use => 'erased_use|run_subtree', witness => 'witness', witness_quorum => 'witness_quorum', witnessed => 'witnessed',
	witnessed_log => 'witnessed_log', timestamp_authority => 'timestamp_authority',
	key_revocation => 'key_revocation');

# The log is attacked in a test of its own.
my %log = map { $_ => 1 } qw(leaf tile checkpoint cosignature);

try_columns(\%kinds, \%unsigned, sub { !$log{ $_[0] } });

# ---- attacks by name ----

# Ids to attack: ann's event is alone in its seal, those of eve, fay, gus and hal share one.
my %event = map { split /\|/ } split /\n/, $node->safe_psql('postgres', q{
	SELECT DISTINCT ON (s.key) s.key, e.event_id FROM consent.event_log e JOIN consent.subject s USING (subject_no)
	WHERE s.key IS NOT NULL ORDER BY s.key, e.event_id});
my %number = map { split /\|/ } split /\n/, $node->safe_psql('postgres',
	q{SELECT coalesce(key, 'dan'), subject_no FROM consent.subject ORDER BY subject_no DESC});
my $seal = int($event{eve} / 4096);
my $columns = $node->safe_psql('postgres', q{
	SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
	WHERE attrelid = 'consent.event_log'::regclass AND attnum > 1 AND NOT attisdropped});

# An event again, under another id.
sub copy
{
	my ($from, $to) = @_;

	return "INSERT INTO consent.event_log SELECT $to, $columns FROM consent.event_log WHERE event_id = $from";
}

# Exchange a column of two rows.
sub exchange
{
	my ($table, $key, $a, $b, $column) = @_;

	return qq{UPDATE consent.$table t SET $column = o.$column FROM consent.$table o
		WHERE (t.$key, o.$key) IN (($a, $b), ($b, $a))};
}

sub event_changed { my $id = shift; return qr/^event\|event $id\|root \S+\|root \S+$/m }
sub event_gone { my $id = shift; return qr/^event\|event $id\|one of \d+ in seal \d+\|none$/m }

named('a column of an event that is alone in its seal',
	"UPDATE consent.event_log SET method = 'phone' WHERE event_id = $event{ann}", event_changed($event{ann}));
named('a column of one of several events',
	"UPDATE consent.event_log SET actor = 'agent' WHERE event_id = $event{fay}",
	qr/^event\|one of events $event{eve} to $event{hal}\|root/m);
named('an event deleted', "DELETE FROM consent.event_log WHERE event_id = $event{ann}", event_gone($event{ann}));
named('the first of a seal deleted', "DELETE FROM consent.event_log WHERE event_id = $event{eve}", event_gone($event{eve}));
named('the last of a seal deleted', "DELETE FROM consent.event_log WHERE event_id = $event{hal}", event_gone($event{hal}));
named('all of a seal deleted', "DELETE FROM consent.event_log WHERE event_id / 4096 = $seal",
	qr/$event{eve}.*$event{fay}.*$event{gus}.*$event{hal}/s);
named('a seal deleted', "DELETE FROM consent.seal WHERE seal_no = $seal", qr/^event\|event $event{gus}\|seal $seal\|no such seal$/m);
named('a seal deleted, events and all',
	"DELETE FROM consent.seal WHERE seal_no = $seal; DELETE FROM consent.event_log WHERE event_id / 4096 = $seal",
	qr/^seal_pending\|seal $seal\|a seal\|none$/m);
named('an event inserted into a seal', copy($event{hal}, $event{hal} + 1),
	qr/^event\|event @{[$event{hal} + 1]}\|only 4 events in seal $seal\|an event more$/m);
named('an event inserted behind all', copy($event{hal}, 4096 * 4096),
	qr/^event\|event 16777216\|seal 4096\|no such seal$/m);
named('an event inserted with a seal of its own',
	copy($event{hal}, 4096 * 4096) . "; INSERT INTO consent.seal SELECT 4096, kind, 1, root, note FROM consent.seal WHERE seal_no = $seal",
	qr/^seal\|seal 4096\|number $seal\|number 4096$/m);
named('an event duplicated in place of another',
	"DELETE FROM consent.event_log WHERE event_id = $event{gus}; " . copy($event{hal}, $event{gus}),
	qr/^event\|event $event{gus}\|a moment of recording of its own\|recorded at \S+: copied or changed$/m);
named('an event twice',
	"ALTER TABLE consent.event_log DROP CONSTRAINT event_log_pkey; DROP INDEX consent.event_log_external; " . copy($event{ann}, $event{ann}),
	qr/^event\|event $event{ann}\|one event\|two of the same id$/m);
named('events of a seal swapped',
	"ALTER TABLE consent.event_log DROP CONSTRAINT event_log_pkey; UPDATE consent.event_log SET event_id = $event{eve} + $event{gus} - event_id WHERE event_id IN ($event{eve}, $event{gus})",
	qr/^event\|event $event{eve}\|recorded at .*: exchanged or changed\nevent\|event $event{gus}\|recorded at .*: exchanged or changed$/m);
named('events of two seals swapped',
	"ALTER TABLE consent.event_log DROP CONSTRAINT event_log_pkey; UPDATE consent.event_log SET event_id = $event{ann} + $event{ben} - event_id WHERE event_id IN ($event{ann}, $event{ben})",
	qr/^event\|event $event{ann}\|root.*^event\|event $event{ben}\|root/ms);
named('choices of two events swapped', exchange('event_log', 'event_id', $event{ann}, $event{ben}, 'choices'),
	qr/^event\|event $event{ann}\|root.*^event\|event $event{ben}\|root/ms);

named('notes of two seals swapped', exchange('seal', 'seal_no', $seal, int($event{ann} / 4096), 'note'),
	qr/^seal\|seal $seal\|number \d+\|number $seal$/m);
named('a seal signed by nobody', "UPDATE consent.seal SET note = replace(note, 'count 4', 'count 3') WHERE seal_no = $seal",
	qr{^seal\|seal $seal\|a signature by postgres\.example/seal, key [0-9a-f]{8}\|no good one$}m);
named('a seal that is none', "UPDATE consent.seal SET note = 'sealed, believe me' WHERE seal_no = $seal",
	qr/^seal\|seal $seal\|the signed note of a seal\|something else$/m);
named('a seal that would never reach the log', "DELETE FROM consent.seal_pending WHERE seal_no = $seal",
	qr/^seal\|seal $seal\|one leaf of the log, or pending\|neither$/m);
named('a key exchanged', "UPDATE consent.key SET vkey = (SELECT vkey FROM consent.key WHERE signs = 'witness' ORDER BY key_no LIMIT 1) WHERE signs = 'seal'",
	qr{^key\|postgres\.example/seal: vkey\|postgres\.example/seal\+}m);

named('a subject re-pointed', exchange('subject', 'subject_no', $number{ann}, $number{ben}, 'key') =~ s/key = /key = 'x' || /r . "; UPDATE consent.subject SET key = substr(key, 2) WHERE key LIKE 'x%'",
	qr/^subject\|subject $number{ann}: commitment to her key\|.*^subject\|subject $number{ben}: commitment to her key\|/ms);
named('an event re-pointed', "UPDATE consent.event_log SET subject_no = $number{ben} WHERE event_id = $event{ann}",
	qr/^commitment\|event $event{ann}, subject $number{ben}\|/m);
named('a subject deleted', "DELETE FROM consent.subject WHERE key = 'ann'",
	qr/^subject\|subject $number{ann}\|a row, since event $event{ann} is about her\|none$/m);
named('a subject inserted', "INSERT INTO consent.subject SELECT 9999, 'zoe', salt, commitment, state, NULL, NULL, false, NULL FROM consent.subject WHERE key = 'eve'",
	qr/^state\|subject 9999\|\|\+train/m);
named('a state forged', "UPDATE consent.subject SET state = '+train\@2020-01-01T00:00:00Z' WHERE key = 'ben'",
	qr/^state\|subject $number{ben}\|-improve\S+ as opted_out\|\+train\@2020-01-01T00:00:00Z$/m);
named('a refusal forgotten', "UPDATE consent.subject SET state = '' WHERE key = 'ben'", qr/^state\|subject $number{ben}\|-improve\S+ as opted_out\|$/m);
named('a scope forged', "INSERT INTO consent.scope_state VALUES ($number{ben}, 'public.messages', NULL, '+train')",
	qr/^state\|subject $number{ben}, table public\.messages\|\|\+train$/m);
named('a key erased without a word', "UPDATE consent.subject SET key = NULL, salt = NULL WHERE key = 'ann'",
	qr/^subject\|subject $number{ann}: key\|a key, since no event erased it\|$/m);
named('an erased subject found again', "UPDATE consent.subject SET key = 'dan' WHERE subject_no = $number{dan}",
	qr/^subject\|subject $number{dan}: key\|erased\|dan$/m);

named('evidence changed', "UPDATE consent.evidence SET body = '{}' WHERE event_id = $event{ann}", qr/^evidence\|event $event{ann}\|[0-9a-f]{64}\|[0-9a-f]{64}$/m);
named('evidence gone', "DELETE FROM consent.evidence WHERE event_id = $event{ann}", qr/^evidence\|event $event{ann}\|[0-9a-f]{64}\|$/m);
named('evidence of an erasure gone', q{DELETE FROM consent.evidence WHERE body = '{"letter": 8}'}, qr/^evidence\|event \d+\|[0-9a-f]{64}\|$/m);
named('evidence of an erased subject brought back', 'INSERT INTO consent.evidence SELECT event_id, salt, body FROM kept',
	qr/^evidence\|event \d+\|erased with its subject\|there$/m);
named('an erased subject brought back', "UPDATE consent.subject s SET key = 'kim', salt = subject_salt FROM kept k WHERE s.subject_no = k.subject_no",
	qr/^subject\|subject \d+: key\|erased\|kim\nsubject\|subject \d+: salt\|erased\|a salt$/m);
named('an erased subject forgotten, who was to stay denied', "UPDATE consent.subject SET suppression = NULL WHERE subject_no = $number{dan}",
	qr/^subject\|subject $number{dan}: commitment to suppression\|[0-9a-f]{64}\|$/m);
named('another key for all who were erased', "UPDATE consent.ledger SET suppression_key = sha256('x')",
	qr/^ledger\|postgres\.example: commitment to suppression_key\|[0-9a-f]{64}\|[0-9a-f]{64}\n/m);
named('evidence of nothing', "INSERT INTO consent.evidence VALUES (5, '', '{}')", qr/^evidence\|event 5\|an event\|none$/m);

named("a notice's text changed", "UPDATE consent.notice SET body = 'We do as we please.'",
	qr{^notice\|privacy/1: body\|SHA-256 \S+\|SHA-256 \S+$}m);
named("a notice's text changed, and its hash", "UPDATE consent.notice SET body = 'We do.', sha256 = sha256('We do.')",
	qr{^notice\|privacy/1: sha256\|}m);
named('a notice deleted', 'DELETE FROM consent.notice', qr/^notice\|event \d+, notice_published\|its row in consent\.notice\|none$/m);
named('a purpose deleted', "DELETE FROM consent.purpose WHERE name = 'train'", qr/^purpose\|event \d+, purpose_defined\|/m);
named('a purpose inserted', "INSERT INTO consent.purpose VALUES ('sell', '{}', 'opt_out', NULL, now(), 1)",
	qr/^purpose\|sell\|event 1, purpose_defined\|no such event$/m);
named('a purpose copied', "INSERT INTO consent.purpose SELECT 'sell', parents, regime, title, since, event_id FROM consent.purpose WHERE name = 'improve'",
	qr/^purpose\|sell\|an event of its own\|event \d+, which is another row's$/m);
named('a preset switched on', "DELETE FROM consent.preset_rule WHERE ends", qr/^preset\|event \d+, preset_ended\|/m);
named('another regime', "UPDATE consent.purpose SET regime = 'opt_out' WHERE name = 'train'",
	qr/^purpose\|train: regime\|opt_in\|opt_out$/m);
named('the ledger deleted', 'DELETE FROM consent.ledger', qr/^ledger\|postgres\.example\|a row in consent\.ledger\|none$/m);

named('a protected table deleted', "DELETE FROM consent.protected_table WHERE table_name = 'message'",
	qr/^protected_table\|event \d+, table_protected\|its row in consent\.protected_table\|none$/m);
named('other parties', "UPDATE consent.protected_table SET parties = '{author}' WHERE table_name = 'post'",
	qr/^protected_table\|public\.message of event \d+: parties\|\{author,recipient\}\|\{author\}$/m);
named('another parent', "UPDATE consent.purpose SET parents = '{}' WHERE name = 'train'", qr/^purpose\|train: parents\|\{improve\}\|\{\}$/m);
named('a purpose that was always there', "UPDATE consent.purpose SET since = '0001-01-01Z' WHERE name = 'train'",
	qr/^purpose\|train: since\|2020-01-01T00:00:00Z\|0001-01-01T00:00:00Z$/m);
named('a time that cannot be written', "UPDATE consent.purpose SET since = '-infinity' WHERE name = 'train'",
	qr/^purpose\|train: since\|2020-01-01T00:00:00Z\|outside the years 0001 to 9999$/m);
named('a date that cannot be written', "UPDATE consent.notice SET stated_on = 'infinity'", qr{^notice\|privacy/1: stated_on\|2024-09-18\|infinity$}m);
named('a second ledger', "ALTER TABLE consent.ledger DROP CONSTRAINT ledger_singleton_check; INSERT INTO consent.ledger
	SELECT false, origin, 'uuid', test, erased_subjects, last_declaration, suppression_key FROM consent.ledger",
	qr/^ledger\|postgres\.example\|one row in consent\.ledger\|several$/m);

named('a subject given all that is of another one', qq{UPDATE consent.subject SET key = NULL WHERE subject_no = $number{ann};
	UPDATE consent.subject SET (key, salt, commitment) = (SELECT 'ann', salt, commitment FROM consent.subject WHERE subject_no = $number{ann}) WHERE subject_no = $number{ben}},
	qr/^run_subtree\|run \d+, subject \d+\|a position of her own\|that of another subject\n.*^commitment\|event $event{ben}, subject $number{ben}\|.*^subject\|subject $number{ben}: commitment to her key\|/ms);
named('a subject of whom only a run knows, deleted', "DELETE FROM consent.subject WHERE key = 'ivy'",
	qr/^subject\|subject $number{ivy}\|a row, since a run used what is hers\|none$/m);
named('a subject made up, whom no event and no use knows', "INSERT INTO consent.subject SELECT 9999, 'zoe', salt, commitment, '', NULL, NULL, false, NULL FROM consent.subject WHERE key = 'eve'",
	qr/^subject\|subject 9999\|an event or a use that made her known\|none$/m);
named('a choice about a table forgotten', "DELETE FROM consent.scope_state WHERE row_key IS NULL",
	qr/^state\|subject $number{eve}, table public\.message\|\+improve\S+\|$/m);
named('a choice about a row changed', "UPDATE consent.scope_state SET state = '+train' WHERE row_key = '3'",
	qr/^state\|subject $number{gus}, table public\.message, row 3\|-train\S+ as opted_out\|\+train$/m);

# Runs: the first one took two parts.
my ($run, $part, $other) = split /\|/, $node->safe_psql('postgres', q{
	SELECT run_id, min(part), max(part) FROM consent.run_part WHERE run_id = (SELECT min(run_id) FROM consent.run) GROUP BY run_id});
my $past = $node->safe_psql('postgres', q{SELECT run_id FROM consent.run WHERE name = 'in the past'});

named('a run deleted', "DELETE FROM consent.run WHERE run_id = $run",
	qr/^run\|event $run, run_opened\|its row in consent\.run\|none\n.*^run\|run $run\|a row in consent\.run\|none$/ms);
named('another recipient', "UPDATE consent.run SET recipient = NULL WHERE run_id = $run", qr/^run\|run $run: recipient\|partner\|$/m);
named('a run open again', "UPDATE consent.run SET closed_event = NULL, outcome = NULL, closed_at = NULL, dataset_sha256 = NULL, parts = NULL, missing = NULL, uses = NULL, hash = NULL WHERE run_id = $run",
	qr/^run\|event \d+, run_closed\|its row in consent\.run\|none$/m);
named('a run closed by the event of another one', exchange('run', 'run_id', $run, $past, 'closed_event'), qr/^run\|run $run: run_id\|$past\|$run$/m);
named('a part deleted', "DELETE FROM consent.run_part WHERE run_id = $run AND part = $part",
	qr/^run_part\|event \d+, run_part\|its row in consent\.run_part\|none\n.*^run\|run $run: number of parts\|2\|1$/ms);
named('a part deleted, blocks and all', "DELETE FROM consent.run_part WHERE run_id = $run AND part = $part; DELETE FROM consent.manifest_block WHERE run_id = $run AND part = $part",
	qr/^run_draw\|run $run: draws without a part\|1\|2$/m);
named('a part made up', "INSERT INTO consent.run_part SELECT run_id, part + 1000, event_id, tables, uses, blocks, hash, recorded_at FROM consent.run_part WHERE run_id = $run AND part = $part",
	qr/^run_part\|run $run, part @{[$part + 1000]}: part\|$part\|@{[$part + 1000]}$/m);
named('a block deleted', "DELETE FROM consent.manifest_block WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part: number of blocks\|1\|0$/m);
named('a block changed', "UPDATE consent.manifest_block SET data = set_byte(data, 11, get_byte(data, 11) # 8) WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part: hash of the blocks\|[0-9a-f]{64}\|[0-9a-f]{64}$/m);
named('a block of nonsense', "UPDATE consent.manifest_block SET data = '\\x00' WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part, block 0 of public\.message\|a block of uses\|malformed bytes$/m);
named('a block of nothing', "UPDATE consent.manifest_block SET data = '' WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part, block 0 of public\.message\|a block of uses\|malformed bytes$/m);
named('an enormous block', "UPDATE consent.manifest_block SET data = data || decode(repeat('00', 5000), 'hex') WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part, block 0 of public\.message\|a block of uses\|malformed bytes$/m);
named('a block added', "INSERT INTO consent.manifest_block SELECT run_id, part, table_name, block_no + 1, first_subject, last_subject, entries, data FROM consent.manifest_block WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part: number of blocks\|1\|2$/m);
named('a block moved to another part', "DELETE FROM consent.manifest_block WHERE run_id = $run AND part = $other; UPDATE consent.manifest_block SET part = $other WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $run, part $part: number of blocks\|1\|0$/m);
named('a block moved to another run', "UPDATE consent.manifest_block SET run_id = $past, block_no = 1 WHERE run_id = $run AND part = $part",
	qr/^manifest_block\|run $past, part $part\|\|1 blocks of a part that is not there$/m);
named('blocks of two parts exchanged', qq{UPDATE consent.manifest_block t SET data = o.data FROM consent.manifest_block o
		WHERE t.run_id = $run AND o.run_id = $run AND (t.part, o.part) IN (($part, $other), ($other, $part))},
	qr/^manifest_block\|run $run, part $part: hash of the blocks\|/m);
named('a use of an unknown subject', "UPDATE consent.manifest_block SET data = overlay(data PLACING int8send(777777) FROM 4) WHERE run_id = $run AND part = $part",
	qr/^subject\|subject 777777\|a row, since a run used what is hers\|none$/m);
named('a draw of a part deleted', "DELETE FROM consent.run_draw WHERE draw_no = $part", qr/^run_draw\|run $run, part $part\|a draw\|$/m);
named('who read and rolled back, deleted', "DELETE FROM consent.run_draw d WHERE run_id = $run AND NOT EXISTS (SELECT FROM consent.run_part p WHERE p.part = d.draw_no)",
	qr/^run_draw\|run $run: draws without a part\|1\|0$/m);
named('who read and rolled back, renamed', "UPDATE consent.run_draw d SET drawn_by = 'nobody' WHERE run_id = $run AND NOT EXISTS (SELECT FROM consent.run_part p WHERE p.part = d.draw_no)",
	qr/^run_draw\|run $run: hash of the draws\|/m);

# ---- with the private key ----

my ($pem) = glob($node->basedir . '/consent_ledger/*-seal.pem');
my $vkey = $node->safe_psql('postgres', q{SELECT vkey FROM consent.key WHERE signs = 'seal'});

# What a holder of the key makes of the text of a seal.
sub resealed
{
	my ($number, $from, $to) = @_;
	my ($text) = $node->safe_psql('postgres', "SELECT note FROM consent.seal WHERE seal_no = $number") =~ /\A(.*?\n)\n/s;

	$text =~ s/$from/$to/ or die "no $from in $text";
	return "UPDATE consent.seal SET note = \$note\$" . sign_note($text, $vkey, $pem) . "\$note\$ WHERE seal_no = $number";
}
my $alone = int($event{ann} / 4096);

named('a choice in a seal of runs', resealed($alone, 'kind choices', 'kind run') . "; UPDATE consent.seal SET kind = 'run' WHERE seal_no = $alone",
	qr/^event\|event $event{ann}\|choices, in a seal of kind choices\|choices, in a seal of kind run$/m);
named('a seal signed for another ledger', resealed($alone, 'origin \\S+', 'origin other.example'),
	qr/^seal\|seal $alone\|origin postgres\.example\|origin other\.example$/m);
named('a seal of another root, signed anew', resealed($alone, 'root \\S+', 'root ' . ('A' x 43) . '='), qr/^event\|event $event{ann}\|root A+=\|root /m);

try_all();

# ---- what verify() cannot see, by nature ----

# Test that there is nothing to be seen of it: what it is called, and how it is done.
sub unnamed
{
	my ($what, $attack) = @_;

	is(findings($attack), '', "not named, by nature: $what");
}

unnamed('a seal that says another time, signed anew by who has the private key', resealed($alone, 'time \\S+', 'time 2999-01-01T00:00:00Z'));
unnamed('who began to use for a run that is still open, and did not commit',
	"INSERT INTO consent.run_draw SELECT run_id, 999, now(), 'nobody', '1' FROM consent.run WHERE name = 'open'; DELETE FROM consent.run_draw WHERE draw_no = 999");
# Without the log, a seal that is there no more cannot be told from one whose transaction rolled back.
$node->safe_psql('postgres', q{SELECT consent.opt_out('zoe', 'train')});
my $last = $node->safe_psql('postgres', 'SELECT max(seal_no) FROM consent.seal');
unnamed('the newest seals cut off, with their events and all that follows from these, while they are not in the log',
	"DELETE FROM consent.event_log WHERE event_id / 4096 = $last; DELETE FROM consent.seal WHERE seal_no = $last;
	DELETE FROM consent.seal_pending WHERE seal_no = $last; DELETE FROM consent.subject WHERE key = 'zoe'");

# ---- sequences, which no ROLLBACK sets right ----

for ('seal_no_seq', 'subject_no_seq', 'run_draw_no_seq')
{
	my $given = $node->safe_psql('postgres', "SELECT last_value FROM consent.$_");

	named("$_ set back", "SELECT setval('consent.$_', 1)", qr/^sequence\|sequence consent\.$_\|$given or more\|1$/m);
	try_all();
	$node->safe_psql('postgres', "SELECT setval('consent.$_', $given)");
}

# ---- the guards themselves ----

# What verify() says of the guards after something was done to them.
sub guards
{
	my ($attack) = @_;

	return $node->safe_psql('postgres', qq{
		BEGIN;
		ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
		$attack;
		ALTER EVENT TRIGGER consent_ledger_guard ENABLE ALWAYS;
		SELECT thing, expected, found FROM consent.verify() WHERE kind = 'guard' ORDER BY thing COLLATE "C", expected;
		ROLLBACK;
	});
}

my $always = 'trigger append_only, enabled always';
my $start = 'for all commands, enabled always';
my $renaming = 'for {"ALTER TABLE","ALTER INDEX","ALTER FOREIGN TABLE","ALTER TYPE","ALTER SCHEMA","ALTER EXTENSION"}';
for (
	[ 'ALTER EVENT TRIGGER consent_renames_start DISABLE', "event trigger consent_renames_start|$renaming, enabled always|$renaming, disabled" ],
	[ 'ALTER EVENT TRIGGER consent_renames_end ENABLE REPLICA', "event trigger consent_renames_end|$renaming, enabled always|$renaming, not enabled always" ],
	[ 'ALTER EXTENSION consent_ledger DROP EVENT TRIGGER consent_ledger_guard; DROP EVENT TRIGGER consent_ledger_guard;
		CREATE EVENT TRIGGER consent_ledger_guard ON ddl_command_start WHEN TAG IN ($$COMMENT$$) EXECUTE FUNCTION consent.refuse_ddl()',
		"event trigger consent_ledger_guard|$start|for {COMMENT}, enabled always" ],
	[ 'ALTER TABLE consent.seal DISABLE TRIGGER append_only', "table consent.seal|$always|disabled" ],
	[ 'ALTER TABLE consent.key ENABLE TRIGGER append_only', "table consent.key|$always|not enabled always" ],
	[ 'DROP TRIGGER append_only ON consent.notice', "table consent.notice|$always|none" ],
	[ 'CREATE OR REPLACE TRIGGER append_only BEFORE INSERT OR UPDATE OF seal_no OR DELETE OR TRUNCATE ON consent.seal_pending
		EXECUTE FUNCTION consent.refuse_change(); ALTER TABLE consent.seal_pending ENABLE ALWAYS TRIGGER append_only',
		"table consent.seal_pending|no other trigger|trigger append_only\ntable consent.seal_pending|$always|none" ],
	[ 'CREATE TRIGGER more BEFORE INSERT ON consent.seal EXECUTE FUNCTION consent.refuse_change()', 'table consent.seal|no other trigger|trigger more' ],
	[ 'CREATE OR REPLACE FUNCTION consent.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$',
		'function consent.refuse_change()|consent_refuse_change of this library|something else' ],
	[ 'CREATE OR REPLACE FUNCTION consent.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$',
		'function consent.refuse_ddl()|consent_refuse_ddl of this library|something else' ],
	[ 'CREATE FUNCTION consent.permits(varchar, varchar) RETURNS boolean LANGUAGE sql AS $$SELECT true$$',
		"function consent.permits(character varying,character varying)||a function that is not the ledger's" ],
	[ 'CREATE RULE forget AS ON INSERT TO consent.event_log DO INSTEAD NOTHING', 'table consent.event_log|no rule|rules' ],
	[ 'ALTER TABLE consent.run ENABLE ROW LEVEL SECURITY', 'table consent.run|no row-level security|row-level security' ],
	[ 'CREATE TABLE more () INHERITS (consent.evidence)', 'table consent.evidence|no table that inherits from it|one or more' ],
	[ 'ALTER TABLE consent.seal SET UNLOGGED', 'table consent.seal|a table that outlives a crash|one that does not' ],
	[ 'CREATE TABLE consent.more ()', "table consent.more|$always|none\ntable consent.more||a table that is not the ledger's" ],
	[ 'DROP INDEX consent.event_log_subject', 'table consent.event_log: indexes|event_log_external unique (source, external_id), event_log_pkey unique (event_id), event_log_subject (subject_no, event_id)|event_log_external unique (source, external_id), event_log_pkey unique (event_id)' ],
	[ 'ALTER TABLE consent.subject DROP CONSTRAINT subject_key; CREATE INDEX subject_key ON consent.subject (key)',
		'table consent.subject: indexes|subject_key unique (key), subject_pkey unique (subject_no), subject_suppression (suppression)|subject_key (key), subject_pkey unique (subject_no), subject_suppression (suppression)' ],
	[ 'DROP INDEX consent.manifest_block_span; CREATE INDEX manifest_block_span ON consent.manifest_block (length(last_subject::text), last_subject, first_subject)',
		'table consent.manifest_block: indexes|manifest_block_pkey unique (run_id, part, table_name, last_subject, block_no), manifest_block_span (length((last_subject - first_subject)::text), last_subject, first_subject)|manifest_block_pkey unique (run_id, part, table_name, last_subject, block_no), manifest_block_span (length(last_subject::text), last_subject, first_subject)' ],
	[ 'ALTER TABLE consent.evidence ALTER body DROP NOT NULL; ALTER TABLE consent.evidence DISABLE TRIGGER ALL; UPDATE consent.evidence SET body = NULL; ALTER TABLE consent.evidence ENABLE ALWAYS TRIGGER append_only',
		'table consent.evidence: columns|event_id int8!, salt bytea!, body text!|event_id int8!, salt bytea!, body text' ],
	[ 'ALTER TABLE consent.evidence ALTER salt TYPE text COLLATE "C" USING encode(salt, $$hex$$)', 'table consent.evidence: columns|event_id int8!, salt bytea!, body text!|event_id int8!, salt text!, body text!' ],
	[ 'ALTER TABLE consent.evidence RENAME TO proof', "table consent.evidence|a table|none\ntable consent.proof||a table that is not the ledger's" ])
{
	my ($attack, $expected) = @$_;

	is(guards($attack), $expected, "named: $attack");
}
like($node->safe_psql('postgres', q{BEGIN; ALTER EVENT TRIGGER consent_ledger_guard DISABLE; SELECT * FROM consent.verify(); ROLLBACK}),
	qr/^guard\|event trigger consent_ledger_guard\|.*\|for all commands, disabled$/, 'named: the first of all');

sound($node, 'the ledger is sound after');
$node->stop;
done_testing();
