# Receipts of a live ledger, verified by the installed consent-verify: every event,
# promised and proved, through psql, on a standby; and what is not handed out.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $program = installed('consent-verify');
my $node = new_node('receipts', allows_streaming => 1, conf => "synchronous_commit = off\n");
$node->start;
make_ledger($node);
fill_ledger($node);

my %key = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT signs, vkey FROM consent.key');
is(join(' ', sort keys %key), 'checkpoint seal witness', 'three keys');
my @trust = ('--log', $key{checkpoint}, '--seal', $key{seal});

# Run the verifier: exit status, what it printed, what it complained of.
sub verify
{
	my ($receipt, @arguments) = @_;
	my ($out, $err);

	IPC::Run::run([ $program, 'receipt', '-', @arguments ], '<', \$receipt, '>', \$out, '2>', \$err);
	return ($? >> 8, $out =~ s/\s+/ /gr, $err);
}

# Ask for the receipts of some events, one in a line, and verify each: how many are as expected?
sub verified
{
	my ($server, $query, $pattern) = @_;
	my %count = (good => 0, bad => 0);

	foreach my $receipt (split /\n/, $server->safe_psql('postgres', $query))
	{
		my ($status, $out, $err) = verify($receipt, @trust);
		my $good = $status == 0 && $out =~ $pattern;

		$count{ $good ? 'good' : 'bad' }++;
		diag("$receipt\n$out\n$err") if !$good && $count{bad} < 3;
	}
	return $count{bad} > 0 ? "$count{bad} are not" : $count{good};
}

my $all = 'SELECT consent.receipt(event_id) FROM consent.event_log ORDER BY event_id';
my $events = $node->safe_psql('postgres', 'SELECT count(*) FROM consent.event_log');
my $kinds = $node->safe_psql('postgres', 'SELECT count(DISTINCT kind) FROM consent.event_log');
cmp_ok($kinds, '>=', 13, "events of $kinds kinds");

# ---- promised, then proved ----

is(verified($node, $all, qr/^PROMISED/), $events, 'before a checkpoint each event is promised');
$node->safe_psql('postgres', 'CALL consent.checkpoint()');
is(verified($node, $all, qr/^GOOD event \d+ of postgres\.example is in its log/), $events, 'after it each is proved');
my $late = $node->safe_psql('postgres', q{SELECT consent.opt_out('ann', 'train')});
is(verified($node, "SELECT consent.receipt($late)", qr/^PROMISED/), 1, 'a later one is promised');

# Who it is, and what came with it.
is(verified($node, q{SELECT consent.receipt(event_id, true) FROM consent.event_log WHERE subject_no IN
	(SELECT subject_no FROM consent.subject WHERE key IS NOT NULL) AND event_id < } . $late, qr/^GOOD .* about the subject "(ann|ben|cem|eve|fay|gus|hal)"/),
	$node->safe_psql('postgres', qq{SELECT count(*) FROM consent.event_log WHERE event_id < $late AND subject_no IN (SELECT subject_no FROM consent.subject WHERE key IS NOT NULL)}),
	'all that are not erased are identified');
is(verified($node, q{SELECT consent.receipt(event_id, evidence => true) FROM consent.evidence}, qr/This evidence came with it: \{"ip": "192\.0\.2\.1"\}/), 1, 'evidence is opened');

# ---- through psql ----

my $receipt = $node->safe_psql('postgres', "SELECT consent.receipt($late, true)");
my $port = $node->port;
foreach my $format ([ '-XAtc' ], [ '-XAqtc' ], [ '-Xt', '-c' ], [ '-Xt', '-P', 'pager=off', '-P', 'border=0', '-c' ])
{
	my ($out, $err);
	IPC::Run::run([ 'psql', '-h', $node->host, '-p', $port, '-d', 'postgres', @$format, "SELECT consent.receipt($late, true)" ], '>', \$out, '2>', \$err);
	is((verify($out, @trust))[0], 0, "psql @$format");
}

# ---- the largest seal ----

my $first = $node->safe_psql('postgres', q{
	WITH r AS (INSERT INTO consent.event (subject, choices) SELECT 's' || i, '+train' FROM generate_series(1, 5000) i RETURNING event_id)
	SELECT min(event_id) FROM r});
$node->safe_psql('postgres', 'CALL consent.checkpoint()');
is($node->safe_psql('postgres', "SELECT count FROM consent.seal WHERE seal_no = $first / 4096"), 4096, 'a full seal');
is(verified($node, "SELECT consent.receipt($first + i) FROM unnest('{0,1,2047,2048,4094,4095}'::int[]) i", qr/ of 4096 in its seal/), 6, 'places in it');
is(verified($node, "SELECT consent.receipt(max(event_id)) FROM consent.event_log", qr/^GOOD .* as event 904 of 904 in its seal/), 1, 'and in the rest of it');

# ---- with cosignatures ----

# Two ledgers watch this one. One has cosigned an older head, both a later one, none the last.
my %witness;
foreach my $watcher (qw(early late))
{
	$node->safe_psql('postgres', "CREATE DATABASE $watcher");
	make_ledger($node, $watcher);
	$node->safe_psql($watcher, "SELECT consent.register_log('$key{checkpoint}')");
	$witness{$watcher} = $node->safe_psql($watcher, q{SELECT vkey FROM consent.key WHERE signs = 'witness'});
	$node->safe_psql('postgres', "SELECT consent.register_witness('$witness{$watcher}')");
}

# Let a watcher cosign the newest head, given the size that it knows; returns its size.
sub cosign
{
	my ($watcher, $known) = @_;
	my $request = $node->safe_psql('postgres', "SELECT consent.add_checkpoint_request($known)") =~ s/'/''/gr;
	my ($status, $line) = split /\|/, $node->safe_psql($watcher, "CALL consent.witness('$request')"), 2;

	is($status, 200, "$watcher cosigns");
	$node->safe_psql('postgres', "SELECT consent.add_cosignature('$line')");
	return $node->safe_psql('postgres', 'SELECT max(size) FROM consent.checkpoint');
}

# Record something and sign a head; its event.
sub grow
{
	my $event = $node->safe_psql('postgres', q{SELECT consent.opt_in('ann', 'train')});
	$node->safe_psql('postgres', 'CALL consent.checkpoint()');
	return $event;
}

my $before = grow();
my $known = cosign('early', 0);
my $between = grow();
my $witnessed = cosign('early', $known);
cosign('late', 0);
my $after = grow();
push @trust, map { ('--witness', $witness{$_}) } sort keys %witness;
is(verified($node, "SELECT consent.receipt(i) FROM unnest('{$before,$between}'::bigint[]) i", qr/signed this head: $witnessed entries/), 2,
	'of the heads the one that most have cosigned');
is(verified($node, "SELECT consent.receipt($between)", qr/\/witness cosigned it on .*\/witness cosigned it on .* So the quorum of your policy had seen it by/), 1, 'with both cosignatures');
my ($unseen, $lacks) = verify($node->safe_psql('postgres', "SELECT consent.receipt($after)"), @trust);
is("$unseen $lacks", '1 BAD the checkpoint lacks cosignatures that the policy asks for ', 'a receipt that they have not seen yet');
splice(@trust, 4);
is(verified($node, "SELECT consent.receipt($after)", qr/Your policy asks for no witness/), 1, 'which holds where none is asked');

# ---- what the ledger does not hand out ----

my ($status, $out, $err) = $node->psql('postgres', "SELECT consent.receipt($after + 4096)");
like($err, qr/there is no event/, 'no event beyond the last seal');
my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query_safe('BEGIN');
my $open = $session->query_safe(q{SELECT consent.opt_in('ann', 'train')});
($status, $out, $err) = $node->psql('postgres', "SELECT consent.receipt($open)");
like($err, qr/there is no event $open/, "another session's event before it commits");
$session->query_safe('COMMIT');
$session->quit;
is(verified($node, "SELECT consent.receipt($open)", qr/^PROMISED/), 1, 'and once it has');

# ---- a standby proves, and promises nothing ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('receipts_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(verified($standby, "SELECT consent.receipt($first)", qr/^GOOD/), 1, 'a standby hands out a proof');
($status, $out, $err) = $standby->psql('postgres', "SELECT consent.receipt($open)", on_error_stop => 0);
like($err, qr/not yet under a checkpoint that this standby knows/, 'and no promise');

# ---- what was changed is not vouched for ----

$node->safe_psql('postgres', qq{
	ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
	ALTER TABLE consent.event_log DISABLE TRIGGER ALL;
	UPDATE consent.event_log SET method = 'letter' WHERE event_id = $first + 7});
($status, $out, $err) = $node->psql('postgres', "SELECT consent.receipt($first)");
like($err, qr/seal \d+ does not hold the events that are there/, 'a changed event spoils the receipts of its seal');
is(verified($node, "SELECT consent.receipt($late)", qr/^GOOD/), 1, 'and no others');

$standby->stop;
$node->stop;
done_testing();
