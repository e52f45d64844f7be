# Who takes over with less than was signed does not fork the log: a standby that
# lagged, an old dump.  Who has all of it goes on.
use strict;
use warnings;

use ConsentLedger;
use ForkSafety;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = new_node('ledger', allows_streaming => 1);
$node->start;
make_ledger($node);
fill_ledger($node);
checkpoint($node);
my $first = newest($node);

# ---- a standby that takes over ----

$node->backup('base');
my $standby = from_backup('standby', $node, 'base', undef, has_streaming => 1);
$standby->start;
record($node, 'e');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->stop;
checkpoint($node);
my $signed = newest($node);
copy_keys($node, $standby);
my $lagging = from_backup('lagging', $node, 'base');
record($node, 'f');
checkpoint($node);
my $head = newest($node);
copy_keys($node, $lagging);
$node->stop('immediate');

# It had the seals, though not yet their places: nothing is lost.
$standby->append_conf('postgresql.conf', "primary_conninfo = ''\n");
$standby->start;
$standby->promote;
record($standby, 'g');
checkpoint($standby);
is($standby->safe_psql('postgres', 'SELECT note FROM consent.checkpoint ORDER BY size DESC OFFSET 1 LIMIT 1'), $signed,
	'standby: what was signed is found again');
like(fork_of($standby, newest($standby)), qr/^consistent/, 'standby: and it goes on');
sound($standby, 'standby: sound');
$standby->stop;

$lagging->start;
goes_on_on_purpose($lagging, 'lagging standby', $head, [$first]);
$lagging->stop;

# ---- an old dump ----

$node->start;
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'dumped');
record($node, 'h');
checkpoint($node);
$head = newest($node);
my $restored = new_node('restored');
copy_keys($node, $restored);
$restored->start;
$restored->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $restored->connstr('postgres') ], 'restored');
goes_on_on_purpose($restored, 'old dump', $head, [$first]);
$restored->stop;

# A dump of all goes on where the file is.
$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'dumped again');
$restored = new_node('whole');
copy_keys($node, $restored);
$node->stop;
$restored->start;
$restored->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $restored->connstr('postgres') ], 'restored again');
record($restored, 'i');
checkpoint($restored);
like(fork_of($restored, $head), qr/^consistent/, 'a dump of all: goes on');
sound($restored, 'a dump of all: sound');
$restored->stop;
done_testing();
