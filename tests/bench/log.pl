# What a large log costs: see tests/bench/log.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;
use Time::HiRes qw(time);

use Bench qw(psql timed);

my $seals = $ENV{SEALS};
my $programs = "$ENV{work}/install$ENV{bindir}";
my $dir = "$ENV{work}/tmp/log";

sub run
{
	my $start = time;

	system(@_) == 0 or die "@_";
	return 1000 * (time - $start);
}

sub line { printf "%-58s %14s\n", @_; }
sub ms { return sprintf '%.1f ms', $_[0]; }

$| = 1;
psql('CREATE EXTENSION consent_ledger', q{SELECT consent.create_ledger('bench.example/log')}, q{SELECT consent.define_purpose('train')},
	'CREATE TABLE message (id bigint PRIMARY KEY, sender text)', q{INSERT INTO message SELECT i, 'member' || i % 100000 FROM generate_series(1, 1000000) i},
	q{SELECT consent.protect('message', '{sender}')}, q{INSERT INTO consent.event (subject, choices) SELECT 'member' || i, '+train' FROM generate_series(0, 99999) i});
my $start = time;
my @writers = map {
	my $pid = fork() // die;
	exec('psql', '-XqAt', '-c', "DO \$\$ BEGIN FOR i IN 1.." . int($seals / 2) . " LOOP PERFORM consent.opt_in('w$_' || i % 50000, 'train'); COMMIT; END LOOP; END \$\$") if !$pid;
	$pid
} 1 .. 2;
waitpid($_, 0) foreach @writers;
line("$seals seals of one event, two writers", sprintf('%.0f a second', $seals / (time - $start)));
line('the first checkpoint, over all of them', ms(timed('CALL consent.checkpoint()')));
psql('VACUUM consent.seal_pending');	# as autovacuum does, which is off here
line('a checkpoint after one new seal', ms(timed('CALL consent.checkpoint()', 9, q{SELECT consent.opt_in('one', 'train')})));
line('a receipt of an event', ms(timed('SELECT length(consent.receipt((SELECT event_id FROM consent.event_log WHERE event_id >= (random() * (SELECT max(event_id) FROM consent.event_log))::bigint ORDER BY event_id LIMIT 1)))', 21)));
my $run = psql(q{SELECT consent.open_run('model', '{train}')});
psql("SELECT count(*) FROM message m WHERE consent.record_use(m, $run)");
line('closing a run of 1,000,000 uses by 100,000 people', ms(timed("SELECT consent.close_run($run)")));
psql('CALL consent.checkpoint()');
line('a proof of non-use', ms(timed("SELECT length(consent.prove_non_use($run, 'w1' || (random() * 9000)::int))", 9)));
line('a proof of use', ms(timed("SELECT length(consent.prove_use($run, 'member' || (random() * 90000)::int))", 9)));
my $head = psql('SELECT note FROM consent.checkpoint ORDER BY size DESC OFFSET 5 LIMIT 1');
line('verify(), everything', ms(timed('SELECT count(*) FROM consent.verify()')));
line('verify(), everything, one core', ms(timed('SELECT count(*) FROM consent.verify()', 1, undef, '-c max_parallel_maintenance_workers=0')));
line('verify(since => the checkpoint before the run)', ms(timed('SELECT count(*) FROM consent.verify((SELECT note FROM consent.checkpoint ORDER BY size DESC OFFSET 1 LIMIT 1))', 3)));
line('consent-log export, everything', ms(run("$programs/consent-log", 'export', '--quiet', $dir)));
psql(q{SELECT consent.opt_in('one', 'train')}, 'CALL consent.checkpoint()');
line('consent-log export, one new seal', ms(run("$programs/consent-log", 'export', '--quiet', $dir)));
my %key = map { split /\|/ } psql('SELECT signs, vkey FROM consent.key');
line('consent-verify tree', ms(run("$programs/consent-verify", 'tree', $dir, '--quiet', '--log', $key{checkpoint}, '--seal', $key{seal})));
line('bytes of the log on disk: leaves, tiles, checkpoints', psql(q{SELECT sum(pg_total_relation_size(c))::text FROM unnest('{consent.leaf,consent.tile,consent.checkpoint}'::regclass[]) c}));
