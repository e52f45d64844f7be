# A ledger changes the key of its seals, while others record, around crashes and
# restores: every seal has the key of its place, and strangers can check it.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Tamper;
use Test::More;

my $node = start_node('keys', conf => "restart_after_crash = on\n");
fill_ledger($node);

sub keys_of { return $node->data_dir =~ s{/[^/]+/?$}{}r . '/consent_ledger'; }
sub key_files { return scalar grep { /-seal/ } glob(keys_of() . '/*.pem'); }
sub value { return $node->safe_psql('postgres', shift); }

# ---- while sixteen clients record ----

my $writers = $node->basedir . '/writers.sql';
append_to_file($writers, q{
\set who random(1, 100)
\set what random(1, 3)
\if :what = 1
	SELECT consent.opt_in('p' || :who, 'train');
\elif :what = 2
	BEGIN ISOLATION LEVEL REPEATABLE READ;
	SELECT count(*) FROM consent.purpose;
	SELECT consent.opt_out('p' || :who, 'train');
	SELECT consent.opt_in('q' || :who, 'train');
	COMMIT;
\else
	INSERT INTO consent.event (subject, choices) SELECT 'p' || 1 + (:who + i * 7) % 100, '-train' FROM generate_series(1, 20) i;
\endif
});
my ($out, $err) = ('', '');
my $crowd = IPC::Run::start([ 'pgbench', '-n', '-c16', '-j2', '-T8', '--rate=400', '--max-tries=1', '-f', $writers, $node->connstr('postgres') ],
	'>', \$out, '2>', \$err);

foreach (1 .. 20)
{
	value('SELECT consent.rotate_key()');
	value('CALL consent.checkpoint()') if $_ % 3 == 0;
}
$crowd->finish;
is($crowd->result(0), 0, 'nobody met an error while the key was changed twenty times') or diag("$out\n$err");
is(value(q{SELECT count(*) FROM consent.key WHERE signs = 'seal'}), '21', 'twenty-one keys');
cmp_ok(value(q{SELECT count(*) FROM consent.seal s WHERE EXISTS (SELECT FROM consent.key k WHERE signs = 'seal' AND k.event_id / 4096 > s.seal_no)
	AND s.seal_no > (SELECT min(event_id) / 4096 FROM consent.key k WHERE signs = 'seal' AND key_no > 3)}), '>', 40, 'others recorded in between');
value('CALL consent.checkpoint()');
sound($node, 'every seal has the key of its place');

# ---- by strangers ----

my $program = installed('consent-verify');
my @vkeys = split /\n/, value(q{SELECT vkey FROM consent.key WHERE signs = 'seal' ORDER BY key_no});
my $log = value(q{SELECT vkey FROM consent.key WHERE signs = 'checkpoint'});
my ($first, $last) = split /\|/, value('SELECT min(event_id), max(event_id) FROM consent.event_log');

sub checks
{
	my ($event, @trusted) = @_;
	my $receipt = value("SELECT consent.receipt($event)");

	IPC::Run::run([ $program, 'receipt', '-', '--log', $log, map { ('--seal', $_) } @trusted ],
		'<', \$receipt, '>', \my $said, '2>', \my $complaint);
	return $? >> 8;
}

is(checks($first, $vkeys[0]), 0, 'the receipt of the first event, by the first key');
is(checks($last, $vkeys[-1]), 0, 'that of the last, by the last key');
is(checks($last, $vkeys[0], $vkeys[-1]), 0, 'by several');
isnt(checks($last, $vkeys[0]), 0, 'but not by the first key: a receipt brings no trust of its own');
isnt(checks($first, $vkeys[-1]), 0, 'nor the other way round');

# ---- rolled back, killed ----

my $files = key_files();
value('BEGIN; SELECT consent.rotate_key(); SELECT consent.opt_in(\'r1\', \'train\'); ROLLBACK; SELECT consent.opt_in(\'r2\', \'train\')');
value('BEGIN; SAVEPOINT s; SELECT consent.rotate_key(); ROLLBACK TO s; SELECT consent.opt_in(\'r3\', \'train\'); COMMIT; SELECT consent.opt_in(\'r4\', \'train\')');
is(key_files(), $files, 'a rollback takes the file with it');
is(value(q{SELECT count(*) FROM consent.key WHERE signs = 'seal'}), '21', 'and the old key stays');

my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe('BEGIN');
$session->query_safe('SELECT consent.rotate_key()');
is(key_files(), $files + 1, 'the file is there before the commit');
$node->stop('immediate');
$session->{run}->kill_kill;
$node->start;
value(q{SELECT consent.opt_in('r5', 'train')});
value('SELECT consent.rotate_key()');
value(q{SELECT consent.opt_in('r6', 'train'); CALL consent.checkpoint()});
sound($node, 'after a crash before the commit the old key goes on, until it is replaced');

# ---- one that was replaced ----

my ($id) = value(q{SELECT vkey FROM consent.key WHERE signs = 'seal' ORDER BY key_no DESC LIMIT 1}) =~ /\+([0-9a-f]{8})\+/;
my ($file) = glob(keys_of() . "/*-seal-$id.pem");
rename($file, "$file.away") or die;
my ($status, undef, $complaint) = $node->psql('postgres', q{SELECT consent.opt_in('r7', 'train')});
isnt($status, 0, 'without its file nothing is recorded');
like($complaint, qr/does not hold the seal key of the ledger/, 'not with the first key either');
rename("$file.away", $file) or die;
value(q{SELECT consent.opt_in('r8', 'train')});

# ---- restored elsewhere ----

my $other = new_node('elsewhere');
$other->start;
system_or_bail('cp', '-rp', keys_of(), $other->data_dir =~ s{/[^/]+/?$}{}r . '/consent_ledger');
my $dump = $node->basedir . '/dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, $node->connstr('postgres') ], 'dump');
$other->command_ok([ 'pg_restore', '-d', $other->connstr('postgres'), $dump ], 'restore');
$other->safe_psql('postgres', q{SELECT consent.opt_in('r9', 'train'); SELECT consent.rotate_key(); SELECT consent.opt_in('r10', 'train'); CALL consent.checkpoint()});
sound($other, 'a restored ledger goes on with its newest key, and changes it');

# ---- changed by hand ----

tamper_with($other);
my $newest = 'key_no = (SELECT max(key_no) FROM consent.key)';
named('a rotation forgotten', "DELETE FROM consent.key WHERE $newest", qr/^key\|event \d+, key_rotated\|its row in consent\.key\|none$/m);
named('another key', "UPDATE consent.key SET vkey = '$vkeys[0]' WHERE $newest", qr/^key\|key \d+: vkey\|postgres/m);
named('a key made checkpoint key', "UPDATE consent.key SET signs = 'checkpoint' WHERE $newest", qr/^key\|key \d+: signs\|seal\|checkpoint$/m);
named('a change that was not signed', "UPDATE consent.event_log SET detail = replace(detail, 'key_change/v1', 'key_change/v2') WHERE event_id = (SELECT event_id FROM consent.key WHERE $newest)",
	qr/^key\|event \d+, key_rotated\|a change signed by postgres\.example\/seal and the next key\|none that is good$/m);
named('a leaf before its key', "ALTER TABLE consent.leaf DROP CONSTRAINT leaf_pkey; UPDATE consent.leaf SET leaf_index = 2 - leaf_index
	+ 2 * (SELECT leaf_index - 1 FROM consent.leaf JOIN consent.key k ON seal_no = k.event_id / 4096 WHERE k.key_no = 10)
	WHERE seal_no = (SELECT min(seal_no) FROM consent.leaf WHERE seal_no > (SELECT event_id / 4096 FROM consent.key k WHERE k.key_no = 10))",
	qr/^seal\|seal \d+\|behind leaf \d+, which brought in its key\|leaf \d+$/m);
try_all();

done_testing();
