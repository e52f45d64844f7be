# Sixteen clients record choices of the same hundred people, singly, in
# statements about several people, and in statements of many slices.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('crowd', conf => "deadlock_timeout = 100ms\n");
$node->safe_psql('postgres', q{
	SELECT consent.define_purpose('improve'), consent.define_purpose('train'), consent.define_purpose('ads');
	SELECT consent.publish_notice('privacy', '1', 'We do as we say.', '{train}');
});

my $script = $node->basedir . '/one.sql';
append_to_file($script, q{
\set who random(1, 100)
\set what random(1, 6)
\set ago random(0, 50000)
\set id random(1, 1000000000000)
\if :what = 1
	SELECT consent.opt_in('p' || :who, 'train', notice => 'privacy/1');
\elif :what = 2
	SELECT consent.opt_out('p' || :who, 'train', at => now() - :ago * interval '1 second', jurisdiction => 'US-CA');
\elif :what = 3
	SELECT consent.record_choices('p' || :who, '+improve, ~ads', at => now() - :ago * interval '1 second', jurisdiction => 'FR');
\elif :what = 4
	SELECT consent.opt_out('p' || :who, 'ads', source => 'crowd', external_id => :id::text);
\elif :what = 5
	INSERT INTO consent.event (subject, choices) SELECT 'p' || 1 + (:who + i * :ago) % 100, '-improve' FROM generate_series(1, 20) i;
\else
	BEGIN;
	SELECT consent.opt_in('p' || :who, 'ads');
	SAVEPOINT s;
	SELECT consent.opt_out('p' || :who, 'ads');
	ROLLBACK TO s;
	SELECT consent.opt_in('q' || :who, 'ads');
	COMMIT;
\endif
});

# ---- one person or one slice at a time: nobody meets a deadlock ----

$node->command_checks_all(
	[ 'pgbench', '-n', '-c16', '-j2', '-t150', '--max-tries=1', '-f', $script, $node->connstr('postgres') ],
	0, [qr/number of transactions actually processed: \d+/], [], 'sixteen clients on a hundred people');
is($node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', 'no deadlock');
sound($node, 'no choice was lost: states are what the events make them');

# The state of each person is the merge of her choices, by the datatype's own aggregate.
is($node->safe_psql('postgres', q{
	SELECT s.key FROM consent.subject s JOIN consent.event_log e USING (subject_no)
	GROUP BY s.subject_no, s.key, s.state
	HAVING s.state OPERATOR(consent.<>) consent.merge(e.choices)}), '', 'each state is the merge of the events');
is($node->safe_psql('postgres', q{SELECT count(*) FROM consent.subject WHERE key LIKE 'p%'}), '100', 'each person is there once');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM consent.seal s WHERE count <> (SELECT count(*) FROM consent.event_log e WHERE e.event_id / 4096 = s.seal_no)}),
	'0', 'each seal has its events');

# Hundreds of new people at a time, of whom others make some meanwhile.
my $crowds = $node->basedir . '/crowds.sql';
append_to_file($crowds, q{
\set first random(1, 6000)
INSERT INTO consent.event (subject, choices, source) SELECT 'w' || :first + (i * 377) % 600, '-train', 'crowds' FROM generate_series(1, 600) i;
});
$node->command_checks_all(
	[ 'pgbench', '-n', '-c16', '-j2', '-t10', '--max-tries=1', '-f', $crowds, $node->connstr('postgres') ],
	0, [qr{number of transactions actually processed: 160/160}], [], 'sixteen clients, each making hundreds of people');
is($node->safe_psql('postgres', q{SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'}), '0', 'no deadlock there either');
is($node->safe_psql('postgres', q{SELECT count(*) FROM consent.event WHERE source = 'crowds'}), 160 * 600, 'each event is there');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM consent.event e JOIN consent.subject s USING (subject_no) WHERE e.source = 'crowds' AND s.key <> e.subject}), '0',
	'and is about whom it names');

# ---- many slices at a time: each wholly or not at all ----

# Loads about the same people may meet 40P01 or 40001, those about others never.
my $slices = $node->basedir . '/slices.sql';
append_to_file($slices, q{
INSERT INTO consent.event (subject, choices, source)
SELECT 'r' || abs(hashint4(i + :client_id * 7919)) % 3000, '-train', 'same' FROM generate_series(1, 9000) i;
INSERT INTO consent.event (subject, choices, source)
SELECT 's' || i % 3000 || '/' || :client_id, '-train', 'others' FROM generate_series(1, 9000) i;
});
$node->command_checks_all(
	[ 'pgbench', '-n', '-c6', '-j2', '-t1', '--max-tries=3', '--failures-detailed', '-f', $slices, $node->connstr('postgres') ],
	0, [qr/number of serialization failures/], [], 'six loads at a time');
is($node->safe_psql('postgres', q{SELECT count(*) FROM consent.event WHERE source = 'same' HAVING count(*) % 9000 <> 0}), '',
	'each load is there wholly or not at all');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM consent.event WHERE source = 'same'}), '>=', 9000,
	'one of them at least');
sound($node, 'sound after the loads');
$node->stop;
done_testing();
