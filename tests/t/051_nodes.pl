# Nodes that follow the ledger answer as it does, or not at all: what is missing
# there must not read as an answer.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $ledger = start_node('ledger', allows_streaming => 'logical');
my $node = new_node('node', allows_streaming => 'logical', conf => "allow_system_table_mods = on\n");
$node->start;

my $table = q{
	CREATE TABLE post (id integer PRIMARY KEY, author text, reader text);
	INSERT INTO post VALUES (1, 'ann', 'ben'), (2, 'ann', 'cem'), (3, 'eve', NULL)};
$ledger->safe_psql('postgres', qq{
	SELECT consent.define_purpose('train');
	$table;
	SELECT consent.protect('post', '{author, reader}', rule => 'first');
	SELECT consent.opt_in('ann', 'train');
	SELECT consent.opt_out('ben', 'train');
	SELECT consent.opt_in('cem', 'train');
	SELECT consent.opt_out(p, 'train', party => 'ann') FROM post p WHERE id = 2;
});
$node->safe_psql('postgres', "CREATE EXTENSION consent_ledger; $table");

sub ask
{
	my ($on, $question) = @_;
	my ($status, $out, $err) = $on->psql('postgres', $question);

	return $status == 0 ? $out : $err;
}

# Publish more of the ledger, and wait until it is there.
sub publish
{
	my ($tables) = @_;

	$ledger->safe_psql('postgres', "ALTER PUBLICATION answers ADD TABLE $tables");
	$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers REFRESH PUBLICATION');
	$node->wait_for_subscription_sync($ledger, 'answers');
}

# ---- what is not there yet ----

my $by_subject = q{SELECT consent.permits('ben', 'train')};
my $by_row = q{SELECT id, consent.permits(p, 'train') FROM post p ORDER BY id};
my $by_columns = q{SELECT consent.permits(ARRAY[author], 'train', 'post', id::text) FROM post WHERE id = 2};
my $then = q{SELECT consent.verdict('ben', 'train', at => now())};

like(ask($node, $by_subject), qr/there is no ledger in this database/, 'no ledger is no answer');
$ledger->safe_psql('postgres', 'CREATE PUBLICATION answers FOR TABLE consent.ledger, consent.purpose, consent.preset_rule, consent.protected_table');
my $connection = $ledger->connstr . ' dbname=postgres';
$node->safe_psql('postgres', "CREATE SUBSCRIPTION answers CONNECTION '$connection' PUBLICATION answers");
$node->wait_for_subscription_sync($ledger, 'answers');
like(ask($node, $by_subject), qr/"consent.subject" is not yet in sync/, 'without subjects there is no answer');

$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers DISABLE');
$ledger->safe_psql('postgres', 'ALTER PUBLICATION answers ADD TABLE consent.subject');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers ENABLE');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers REFRESH PUBLICATION WITH (copy_data = true)');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers DISABLE');
SKIP:
{
	skip 'the subjects were copied too fast', 1
		if $node->safe_psql('postgres', q{SELECT bool_and(srsubstate IN ('r', 's')) FROM pg_subscription_rel}) eq 't';
	like(ask($node, $by_subject), qr/"consent.subject" is not yet in sync/, 'nor while they are copied');
}
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers ENABLE');
$node->wait_for_subscription_sync($ledger, 'answers');
is(ask($node, $by_subject), 'f', 'then there is');
like(ask($node, $by_columns), qr/"consent.scope_state" is not yet in sync/, 'but not where choices about rows are needed');
like(ask($node, $then), qr/"consent.event_log" is not yet in sync/, 'nor about other times');
publish('consent.scope_state, consent.event_log');
is(ask($node, $_), ask($ledger, $_), "the node answers as the ledger does: $_") foreach $by_subject, $by_row, $by_columns, $then;

# ---- what the ledger's node records counts there ----

$ledger->safe_psql('postgres', q{SELECT consent.opt_in('ben', 'train')});
$ledger->wait_for_catchup('answers');
is(ask($node, $by_subject), 't', 'what was recorded since counts');

# ---- what the node read, the ledger records, asking all of it again ----

my $run = $ledger->safe_psql('postgres', q{SELECT consent.open_run('there', '{train}')});
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers DISABLE');
$ledger->safe_psql('postgres', q{SELECT consent.opt_out('ben', 'train')});
my $manifest = $node->safe_psql('postgres', q{SELECT consent.manifest('{train}', 'post', id, ARRAY[author, reader], NULL) FROM post});
is($ledger->safe_psql('postgres', "SELECT consent.record_use($run, '$manifest')"), '6', 'a manifest of the node is recorded');
is($ledger->safe_psql('postgres', "SELECT row_key, s.key, verdict_then FROM consent.run_uses($run) LEFT JOIN consent.subject s USING (subject_no) ORDER BY 1, 2"),
	"1|ann|granted\n1|ben|denied\n2|ann|denied\n2|cem|granted\n3|eve|unknown\n3||unknown", 'with what the ledger knows');
like(ask($node, "SELECT consent.record_use($run, '$manifest')"), qr/ERROR/, 'the node records nothing');
$node->safe_psql('postgres', 'ALTER SUBSCRIPTION answers ENABLE');
$ledger->safe_psql('postgres', q{SELECT consent.opt_in('ben', 'train')});
$ledger->wait_for_catchup('answers');

# ---- names are the ledger's ----

$ledger->safe_psql('postgres', 'ALTER TABLE post RENAME TO entry');
$ledger->wait_for_catchup('answers');
my ($status, $out, $err) = $node->psql('postgres', 'ALTER TABLE post RENAME TO entry');
is("$status $err", '0 ', 'the same rename on the node');
is(ask($node, $by_row =~ s/post/entry/r), ask($ledger, $by_row =~ s/post/entry/r), 'and rows are known again');
($status, $out, $err) = $node->psql('postgres', 'ALTER TABLE entry RENAME TO local');
like("$status $err", qr/^0 .*WARNING:  protected table "public.post" was renamed on a node that only follows/s, 'one of its own is not recorded');

# ---- tables that are not what they seem ----

$node->safe_psql('postgres', q{
	CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);
	INSERT INTO pg_catalog.pg_dist_partition VALUES ('consent.subject')});
like(ask($node, $by_subject), qr/"consent.subject" is a distributed table/, 'a distributed table is no answer');
$node->safe_psql('postgres', q{
	DROP TABLE pg_catalog.pg_dist_partition;
	DROP SUBSCRIPTION answers;
	ALTER EVENT TRIGGER consent_ledger_guard DISABLE;
	CREATE FOREIGN DATA WRAPPER nowhere;
	CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
	ALTER TABLE consent.subject RENAME TO subject_here;
	CREATE FOREIGN TABLE consent.subject (subject_no bigint, key text) SERVER nowhere});
like(ask($node, $by_subject), qr/"consent.subject" is not an ordinary local table/, 'nor is a foreign one');

$node->stop;
$ledger->stop;
done_testing();
