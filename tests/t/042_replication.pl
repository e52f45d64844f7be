# A streaming standby and a logical subscriber hold the same ledger: sound,
# guarded, with the same answers, and nothing is recorded there.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $ledger = new_node('ledger', allows_streaming => 'logical');
$ledger->start;
make_ledger($ledger);
fill_ledger($ledger);

my $stored = q{
	SELECT key, state, jurisdiction, scoped FROM consent.subject ORDER BY subject_no;
	SELECT event_id, subject, choices, event_time FROM consent.event ORDER BY event_id};

# Test that another node has what the ledger has.
sub same
{
	my ($node, $what) = @_;

	is($node->safe_psql('postgres', $stored), $ledger->safe_psql('postgres', $stored), "$what: the same subjects and events");
	is(answers($node), answers($ledger), "$what: the same answers");
	sound($node, "$what: sound");
}

# What comes after the start: new subjects, new choices of known ones, an erasure.
my $more = q{
	SELECT consent.opt_out('ann', 'train');
	SELECT consent.opt_in('ben', 'improve', evidence => '{"page": "settings"}');
	SELECT consent.define_purpose('sell', regime => 'opt_out');
	INSERT INTO consent.event (subject, choices) SELECT 'new' || i, '+train, -sell' FROM generate_series(1, 5000) i;
	SELECT consent.erase_subject('cem', 'self');
};

# ---- streaming ----

$ledger->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($ledger, 'base', has_streaming => 1);
$standby->start;
$ledger->safe_psql('postgres', $more);
$ledger->wait_for_catchup($standby, 'replay', $ledger->lsn('insert'));
same($standby, 'standby');
my ($status, $out, $err) = $standby->psql('postgres', q{SELECT consent.opt_out('ann', 'train')});
like($err, qr/in a read-only transaction|during recovery/, 'standby: nothing is recorded');

# ---- logical ----

$ledger->safe_psql('postgres', 'CREATE PUBLICATION ledger FOR TABLES IN SCHEMA consent, public');
my $subscriber = new_node('subscriber', allows_streaming => 'logical');
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION consent_ledger; CREATE TABLE post (id bigint PRIMARY KEY, author text, recipient text, sent_at timestamptz)');
my $connection = $ledger->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION ledger CONNECTION '$connection' PUBLICATION ledger");
$subscriber->wait_for_subscription_sync($ledger, 'ledger');
same($subscriber, 'subscriber');

$ledger->safe_psql('postgres', $more =~ s/'cem'/'eve'/r =~ s/'new'/'newer'/r =~ s/'sell'/'resell'/r);
$ledger->safe_psql('postgres', q{SELECT consent.opt_out('new1', 'train'); SELECT consent.opt_in('new2', 'sell')});
$ledger->wait_for_catchup('ledger');
same($subscriber, 'subscriber, later');
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM pg_stat_subscription_stats WHERE apply_error_count > 0'),
	'0', 'subscriber: applied without an error');

for my $attack ('UPDATE consent.subject SET state = DEFAULT', 'DELETE FROM consent.event_log', 'TRUNCATE consent.seal',
	'DROP TABLE consent.notice', 'DROP EXTENSION consent_ledger')
{
	($status, $out, $err) = $subscriber->psql('postgres', "SET session_replication_role = replica; $attack");
	like($err, qr/is refused on/, "subscriber: $attack is refused");
}
($status, $out, $err) = $subscriber->psql('postgres', q{SELECT consent.opt_out('ann', 'train')});
isnt($status, 0, 'subscriber: nothing is recorded');

# A subscriber that takes over has the keys, and no subscription.
$subscriber->safe_psql('postgres', 'DROP SUBSCRIPTION ledger');
$subscriber->stop;

# ---- a standby takes over ----

my $keys = sub { return shift->data_dir =~ s{/[^/]+/?$}{/consent_ledger}r };
$ledger->wait_for_catchup($standby, 'replay', $ledger->lsn('insert'));
$ledger->stop;
$standby->promote;
system_or_bail('cp', '-rp', $keys->($ledger), $keys->($standby)) unless -d $keys->($standby);
cmp_ok($standby->safe_psql('postgres', q{SELECT consent.opt_out('ann', 'improve')}), '>', 0, 'a promoted standby that has the keys goes on');
is($standby->safe_psql('postgres', q{SELECT consent.permits('ann', 'improve')}), 'f', 'and asks by what it recorded');
sound($standby, 'a promoted standby: sound');
$standby->stop;
done_testing();
