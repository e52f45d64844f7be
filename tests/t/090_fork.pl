# A database that has lost what was signed does not fork the log: an old base
# backup, recovery to an earlier point, a lost file.  It goes on only on
# purpose, which is recorded.
use strict;
use warnings;

use ConsentLedger;
use ForkSafety;
use PostgreSQL::Test::Utils;
use Test::More;

# ---- an old base backup, and recovery to a point in time ----

my $node = new_node('ledger', has_archiving => 1, allows_streaming => 1);
$node->start;
make_ledger($node);
fill_ledger($node);
checkpoint($node);
my $first = newest($node);
$node->backup('old');
record($node, 'a');
checkpoint($node);
$node->safe_psql('postgres', q{SELECT pg_create_restore_point('then')});
my $then = newest($node);
record($node, 'b');
checkpoint($node);
my $head = newest($node);
is(slurp_file(note_file($node)), $head, 'the file beside the keys holds the last signed checkpoint');
like(fork_of($node, $head), qr/^consistent\|(\d+)\|\1\|The log extends it\.$/, 'check_fork(): the newest');
like(fork_of($node, $first), qr/^consistent/, 'check_fork(): an older one');
like(fork_of($node, "other.example\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— other.example AAAA\n"), qr/^foreign\|\|\|/, 'check_fork(): of another log');
like(fork_of($node, 'not even a note'), qr/^foreign/, 'check_fork(): no note');
refused($node, 'SELECT consent.continue_as()', qr/55000: nothing is lost/, 'nothing lost, nothing to continue');
refused($node, 'CALL consent.adopt_checkpoint()', qr/55000: there is nothing to adopt/, 'nothing to adopt');
my $wal = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_switch_wal())');
ok($node->poll_query_until('postgres', "SELECT last_archived_wal >= '$wal' FROM pg_stat_archiver"), 'archived');

my $backup = from_backup('backup', $node, 'old', $node);
$backup->start;
goes_on_on_purpose($backup, 'old backup', $head, [$first]);
like(fork_of($backup, $then), qr/^(lost|forked)/, 'old backup: what it lost');
$backup->stop;

my $pitr = from_backup('pitr', $node, 'old', $node, has_restoring => 1, standby => 0);
$pitr->append_conf('postgresql.conf', "recovery_target_name = 'then'\nrecovery_target_action = 'promote'\n");
$pitr->start;
ok($pitr->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()'), 'recovered to a point in time');
goes_on_on_purpose($pitr, 'PITR', $head, [ $first, $then ]);

# Lost again: the next number.
my $second = newest($pitr);
$pitr->stop;
my $again = from_backup('again', $node, 'old', $pitr);
$again->start;
refused($again, "SELECT consent.continue_as('elsewhere.example')", qr{22023: the log cannot go on as "elsewhere\.example"\n.*\n.*Use "postgres\.example/3"}, 'another name');
refused($again, "SELECT consent.continue_as('postgres.example/2')", qr{22023: the log cannot go on as}, 'a number that was used');
refused($again, "SELECT consent.continue_as(NULL, \$\$$first\$\$)", qr{22023: a later checkpoint was signed}, 'not the last head');
refused($again, "SELECT consent.continue_as(NULL, 'x')", qr{22023: this is not a checkpoint of the log}, 'no head at all');
like($again->safe_psql('postgres', "SELECT consent.continue_as('postgres.example/7')"), qr{^postgres\.example/7\+}, 'a number of choice');
checkpoint($again);
sound($again, 'sound under that');
$again->stop;

# ---- the file is lost, old or damaged ----

my $file = note_file($node);
rename $file, "$file.away" or die;
record($node, 'c');
refused($node, 'CALL consent.checkpoint()', qr/55000: the file with the last signed checkpoint is missing.*\n.*\n.*adopt_checkpoint/, 'file missing');
is($node->safe_psql('postgres', 'SELECT count(*) > 0 FROM consent.seal_pending'), 't', 'file missing: what is new waits');
refused($node, "CALL consent.adopt_checkpoint(\$\$$then\$\$)", qr/22023: a later checkpoint was signed/, 'an earlier one is not adopted');
refused($node, "CALL consent.adopt_checkpoint('x')", qr/22023: this is not a checkpoint of the log/, 'nor what is none');
refused($node, 'BEGIN; CALL consent.adopt_checkpoint()', qr/25001/, 'nor in a transaction');
$node->safe_psql('postgres', 'CALL consent.adopt_checkpoint()');
is(slurp_file($file), $head, 'adopted: the file is back');
is($node->safe_psql('postgres', q{SELECT detail::json ->> 'checkpoint' FROM consent.event WHERE kind = 'checkpoint_adopted'}), $head, 'and that is recorded');
checkpoint($node);
sound($node, 'sound after that');
rename $file, "$file.new" or die;
rename "$file.away", $file or die;
record($node, 'd');
refused($node, 'CALL consent.checkpoint()', qr/55000: file ".*" does not hold the last signed checkpoint/, 'an old file');
append_to_file($file, 'x');
refused($node, 'CALL consent.checkpoint()', qr/55000: file ".*" does not hold a checkpoint of the log "postgres\.example"/, 'a damaged file');
$node->safe_psql('postgres', 'CALL consent.adopt_checkpoint()');
checkpoint($node);

# ---- a fork, signed by who adopted what was not the last ----

my $fork = from_backup('fork', $node, 'old', $node);
unlink note_file($fork);
$fork->start;
$fork->safe_psql('postgres', 'CALL consent.adopt_checkpoint()');
$fork->safe_psql('postgres', q{DO $$ BEGIN FOR i IN 1 .. 60 LOOP PERFORM consent.opt_in('other' || i, 'train'); END LOOP; END $$});
checkpoint($fork);
like(fork_of($fork, $head), qr/^forked\|\d+\|\d+\|At size \d+ the root was signed as \S+, and here it is \S+\. Both notes, and the tiles/, 'forked: check_fork() of the other side');
my $ours = $fork->safe_psql('postgres', "SELECT ours FROM consent.check_fork(\$\$$head\$\$)");
is($ours, newest($fork), 'forked: and what contradicts it');
like(fork_of($node, $ours), qr/^lost/, 'forked: the other way round there are not as many leaves');
refused($fork, "CALL consent.adopt_checkpoint(\$\$$head\$\$)", qr/nothing to adopt/, 'forked: the file is there');
system_or_bail('cp', $file, note_file($fork));
refused($fork, 'CALL consent.checkpoint()', qr/55000: the log contradicts its last signed checkpoint\n.*root was signed as/, 'forked: the file of the other');
$fork->safe_psql('postgres', 'SELECT consent.continue_as()');
checkpoint($fork);
sound($fork, 'forked: sound after it went on as another');
$fork->stop;
$node->stop;
done_testing();
