# The background worker signs checkpoints: with shared_preload_libraries and
# without, through errors, kills and promotion.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $preload = q{
shared_preload_libraries = 'consent_ledger'
consent_ledger.database = 'postgres, "Other one"'
consent_ledger.checkpoint_interval = 1
};
my $workers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'consent_ledger sequencer' AND datname = 'postgres'};
my $waiting = 'SELECT count(*) FROM consent.seal_pending';
my $signed = 'SELECT max(size) = (SELECT count(*) FROM consent.seal) FROM consent.checkpoint';

sub record { return shift->safe_psql('postgres', q{SELECT consent.opt_in('ann', 'train')}); }

# Test that what is recorded is signed before long.
sub works
{
	my ($node, $what) = @_;

	record($node);
	ok($node->poll_query_until('postgres', $signed), $what);
}

sub key_directory { return shift->data_dir =~ s{/[^/]+/?$}{}r . '/consent_ledger'; }

# ---- preloaded ----

my $node = new_node('preloaded', conf => $preload, allows_streaming => 1);
$node->start;
ok($node->poll_query_until('postgres', $workers, '1'), 'it is there before the extension is');
make_ledger($node, 'postgres', 'text', 1);
$node->safe_psql('postgres', q{SELECT consent.define_purpose('train')});
works($node, 'it signs');
is($node->safe_psql('postgres', 'SELECT consent.start_sequencer()'), 'f', 'no other one is started');
my $size = $node->safe_psql('postgres', 'SELECT count(*) FROM consent.checkpoint');
usleep(1_500_000);
is($node->safe_psql('postgres', 'SELECT count(*) FROM consent.checkpoint'), $size, 'but not when there is nothing new');

$node->safe_psql('postgres', 'ALTER SYSTEM SET consent_ledger.checkpoint_interval = 0');
$node->reload;
usleep(1_500_000);
record($node);
usleep(1_500_000);
is($node->safe_psql('postgres', $waiting), '1', 'interval 0: it waits');
$node->safe_psql('postgres', 'ALTER SYSTEM SET consent_ledger.checkpoint_interval = 1');
$node->reload;
ok($node->poll_query_until('postgres', $signed), 'and goes on when that changes');

my ($note) = glob(key_directory($node) . '/*-checkpoint.note');
rename $note, "$note.away" or die;
my $from = -s $node->logfile;
record($node);
for (1 .. 100)
{
	last if slurp_file($node->logfile, $from) =~ /ERROR/;
	usleep(100_000);
}
like(slurp_file($node->logfile, $from), qr/ERROR:  the file with the last signed checkpoint is missing/, 'an error is logged');
is($node->safe_psql('postgres', $waiting), '1', 'and nothing is done');
rename "$note.away", $note or die;
ok($node->poll_query_until('postgres', $signed), 'and it tries again');

# ---- the extension goes and comes back ----

$node->safe_psql('postgres', 'DROP EXTENSION consent_ledger');
usleep(1_500_000);
is($node->safe_psql('postgres', $workers), '1', 'preloaded, it stays without the extension');
make_ledger($node, 'postgres', 'text', 1);
$node->safe_psql('postgres', q{SELECT consent.define_purpose('train')});
works($node, 'and serves the next one');

# ---- promotion ----

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
is($standby->safe_psql('postgres', $workers), '0', 'none on a standby');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
for my $call ('CALL consent.checkpoint()', 'SELECT consent.start_sequencer()')
{
	my ($status, $out, $err) = $standby->psql('postgres', $call);
	like($err, qr/a standby cannot sign checkpoints/, "standby: $call");
}
works($node, 'one more on the primary');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$node->stop;
system_or_bail('cp', '-rp', key_directory($node), key_directory($standby));
$standby->promote;
works($standby, 'it begins with the promotion');
sound($standby, 'sound after the promotion');
$standby->stop;

# ---- without preload ----

my $plain = start_node('plain', conf => "consent_ledger.checkpoint_interval = 1\nrestart_after_crash = on\n");
$plain->safe_psql('postgres', q{SELECT consent.define_purpose('train')});
is($plain->safe_psql('postgres', 'SELECT consent.start_sequencer()'), 't', 'started');
works($plain, 'it signs');
is($plain->safe_psql('postgres', 'SELECT consent.start_sequencer()'), 'f', 'no second one is started');

my $pid = $plain->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'consent_ledger sequencer'});
kill 'KILL', $pid;
usleep(500_000);
ok($plain->poll_query_until('postgres', $workers, '1'), 'it is back after a crash');
works($plain, 'and signs');
sound($plain, 'sound after a crash');

# A ledger that counts is not dropped; a superuser who means it disables the guard.
$plain->safe_psql('postgres', 'ALTER EVENT TRIGGER consent_ledger_guard DISABLE; DROP EXTENSION consent_ledger');
ok($plain->poll_query_until('postgres', $workers, '0'), 'it ends when the extension is dropped');
$plain->stop;
done_testing();
