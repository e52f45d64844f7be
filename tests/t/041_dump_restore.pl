# A ledger comes through pg_dump, pg_restore and pg_upgrade: the same rows, the
# same answers, verify() clean, and it goes on where its keys are.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('old');
fill_ledger($node);
$node->safe_psql('postgres', q{
	INSERT INTO consent.event (subject, choices)
	SELECT 'many' || i, CASE WHEN i % 3 = 0 THEN '+train' ELSE '-improve' END::consent.consent FROM generate_series(1, 10000) i});
sound($node, 'sound before');

# Every row of every table, in order, as one hash a table; and the sequences.
sub contents
{
	my ($in, $database) = @_;
	my @tables = split /\n/, $in->safe_psql($database, q{
		SELECT c.oid::regclass FROM pg_class c
		WHERE c.relnamespace = 'consent'::regnamespace AND c.relkind = 'r' ORDER BY c.relname});

	return $in->safe_psql($database, join('', map { qq{
		SELECT '$_', count(*), md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) FROM $_ t;} } @tables)
		. 'SELECT last_value FROM consent.seal_no_seq; SELECT last_value FROM consent.subject_no_seq;');
}

# The private keys, which no dump holds.
sub key_directory { return dirname_of(shift->data_dir) . '/consent_ledger'; }
sub dirname_of { return shift =~ s{/[^/]+/?$}{}r; }

sub copy_keys
{
	my ($from, $to) = @_;

	system_or_bail('cp', '-rp', key_directory($from), key_directory($to));
}

my ($before, $answers);

# Test that a ledger has all that the old one had, and takes new events once it has its keys.
sub same_and_goes_on
{
	my ($in, $database, $what) = @_;

	is(contents($in, $database), $before, "$what: the same rows");
	is(answers($in, $database), $answers, "$what: the same answers");
	sound($in, "$what: sound", $database);
	my ($status, $out, $err) = $in->psql($database, q{UPDATE consent.event_log SET kind = 'x'});
	like($err, qr/UPDATE is refused on "consent\.event_log"/, "$what: guarded");
	($status, $out, $err) = $in->psql($database, 'ALTER TABLE consent.event_log DISABLE TRIGGER ALL');
	like($err, qr/ALTER TABLE is refused/, "$what: guarded against DDL");
	return if $database ne 'postgres';
	($status, $out, $err) = $in->psql($database, q{SELECT consent.opt_out('ann', 'train')});
	like($err, qr/the seal key of the ledger is missing/, "$what: nothing is recorded without the keys");
	copy_keys($node, $in);
	my ($key) = glob(key_directory($in) . '/*-seal.pem');
	rename $key, "$key.away";
	system_or_bail('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', $key);
	chmod 0600, $key;
	($status, $out, $err) = $in->psql($database, q{SELECT consent.opt_out('ann', 'train')});
	like($err, qr/does not hold the seal key of the ledger/, "$what: nothing is recorded with another key");
	rename "$key.away", $key;
	is($in->safe_psql($database, q{SELECT consent.opt_out('ann', 'train') > (SELECT max(event_id) FROM consent.event_log)}),
		't', "$what: and it goes on with them");
	sound($in, "$what: sound with a new event", $database);
}

$before = contents($node, 'postgres');
$answers = answers($node);
like($answers, qr/^unpermitted_uses\|/m, 'there is something to answer');
my $plain = $node->basedir . '/plain.sql';
my $directory = $node->basedir . '/directory';
$node->command_ok([ 'pg_dump', '-f', $plain, '-d', $node->connstr('postgres') ], 'dumped as text');
$node->command_ok([ 'pg_dump', '-Fd', '-j3', '-f', $directory, '-d', $node->connstr('postgres') ], 'dumped as a directory');

my $new = new_node('new');
$new->start;
$new->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $plain, '-d', $new->connstr('postgres') ], 'restored from text');
same_and_goes_on($new, 'postgres', 'text');
$new->safe_psql('postgres', 'CREATE DATABASE parallel');
$new->command_ok([ 'pg_restore', '-e', '-j3', '-d', $new->connstr('parallel'), $directory ], 'restored in parallel');
same_and_goes_on($new, 'parallel', 'parallel');

# Data and definitions apart, as some do it.
$new->safe_psql('postgres', 'CREATE DATABASE apart');
$new->command_ok([ 'pg_restore', '-e', '-s', '-d', $new->connstr('apart'), $directory ], 'restored the definitions');
$new->command_ok([ 'pg_restore', '-e', '-a', '-j3', '-d', $new->connstr('apart'), $directory ], 'restored the data');
same_and_goes_on($new, 'apart', 'apart');
$new->stop;

# ---- pg_upgrade ----

SKIP:
{
	skip 'from 18 on pg_upgrade looks for libraries where the server is installed only', 1
		if $node->pg_version >= 18 && !-e $node->config_data('--pkglibdir') . '/consent_ledger.so';
	my $upgraded = new_node('upgraded');
	$node->stop;
	chdir $node->basedir;
	command_ok([ 'pg_upgrade', '--no-sync', '-d', $node->data_dir, '-D', $upgraded->data_dir,
		'-b', $node->config_data('--bindir'), '-B', $upgraded->config_data('--bindir'), '-s', $node->host,
		'-p', $node->port, '-P', $upgraded->port ], 'pg_upgrade');
	$upgraded->start;
	same_and_goes_on($upgraded, 'postgres', 'upgraded');
	$upgraded->stop;
}
done_testing();
