# A million and a half events by one INSERT ... SELECT and one COPY, which run
# beside each other: each backend needs little memory, and every event is sealed.
# So is the memory little in which verify() goes through them, and it stops at once.
use strict;
use warnings;

use ConsentLedger;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

plan skip_all => 'memory is measured by /proc' unless -e '/proc/self/status';
my $limit = 160 * 1024;

my $node = start_node('bulk', conf => "shared_buffers = 64MB\nmax_wal_size = 4GB\ncheckpoint_timeout = 1h\n");
$node->safe_psql('postgres', q{
	SELECT consent.define_purpose('train'), consent.define_purpose('ads');
	-- the most memory that this backend ever had, in kB, shared buffers included
	CREATE FUNCTION peak() RETURNS integer LANGUAGE sql AS
		$$ SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+) kB')::integer $$;
});

# Start a session that runs SQL and then tells its peak.
sub start_session
{
	my ($sql) = @_;
	my $session = { out => '', err => '' };

	$session->{handle} = IPC::Run::start(
		[ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $sql, '-c', 'SELECT peak()' ],
		\'', \$session->{out}, \$session->{err});
	return $session;
}

sub end_session
{
	my ($session, $what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	$session->{handle}->finish;
	is($session->{err}, '', $what);
	chomp $session->{out};
	cmp_ok($session->{out} || $limit, '<', $limit, "in bounded memory: $session->{out} kB");
}

my $file = $node->basedir . '/choices.csv';
$node->safe_psql('postgres', qq{COPY (
	SELECT 'copied' || i / 20, CASE i % 3 WHEN 0 THEN '-train as withdrawn' ELSE '+train, -ads' END,
		'2024-01-01 00:00Z'::timestamptz + i * interval '1 second', 'import', 'file', i
	FROM generate_series(1, 500000) i) TO '$file' (FORMAT csv)});

my $insert = start_session(q{INSERT INTO consent.event (subject, choices)
	SELECT CASE i % 10 WHEN 0 THEN 'alone' || i ELSE 'inserted' || i / 20 END, '+train' FROM generate_series(1, 1000000) i});
my $copy = start_session("COPY consent.event (subject, choices, event_time, actor, source, external_id) FROM '$file' (FORMAT csv)");
end_session($copy, 'half a million by COPY');
end_session($insert, 'a million by INSERT');
end_session(start_session("COPY consent.event (subject, choices, event_time, actor, source, external_id) FROM '$file' (FORMAT csv)"),
	'the same file again');

# A statement changes a subject once, however often she comes round: a row has
# one version more for each change, and the next one goes past all of them.
my $versions = q{SELECT pg_relation_size('consent.subject')};
$node->safe_psql('postgres', q{INSERT INTO consent.event (subject, choices) SELECT 'round' || i, '+train' FROM generate_series(0, 99) i});
my $size = $node->safe_psql('postgres', $versions);
end_session(start_session(q{INSERT INTO consent.event (subject, choices) SELECT 'round' || i % 100, '-train' FROM generate_series(1, 200000) i}), 'a hundred people two thousand times');
cmp_ok($node->safe_psql('postgres', $versions) - $size, '<', 100_000, 'their rows were changed a few times');

# Events may come with much evidence, or be long: then a seal has fewer of them.
end_session(start_session(q{INSERT INTO consent.event (subject, choices, evidence)
	SELECT 'proven' || i, '+train', ('"' || repeat('x', 200000) || '"')::json FROM generate_series(1, 1000) i}), '200 MB of evidence');

is($node->safe_psql('postgres', q{
	SELECT rtrim(s.key, '0123456789') AS who, sum(e.events), count(*)
	FROM consent.subject s JOIN (SELECT subject_no, count(*) AS events FROM consent.event_log GROUP BY 1) e USING (subject_no) GROUP BY 1 ORDER BY 1}),
	"alone|100000|100000\ncopied|500000|25001\ninserted|900000|50000\nproven|1000|1000\nround|200100|100", 'every event is there once');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM consent.seal s
	FULL JOIN (SELECT event_id / 4096 AS seal_no, count(*), max(event_id % 4096) + 1 AS places FROM consent.event_log GROUP BY 1) e USING (seal_no)
	WHERE s.count IS DISTINCT FROM e.count OR s.count IS DISTINCT FROM e.places}),
	'0', 'every event is in a seal, and every seal has its events');
is($node->safe_psql('postgres', q{
	SELECT count(*) FROM consent.subject s JOIN (SELECT subject_no, consent.merge(choices) AS state FROM consent.event_log GROUP BY 1) e USING (subject_no)
	WHERE s.state OPERATOR(consent.<>) e.state}), '0', 'every state is the merge of the events');

# ---- verify ----

my $began = time;
my $verify = start_session('SELECT * FROM consent.verify()');
$verify->{handle}->finish;
my $took = time - $began;
chomp $verify->{out};
like($verify->{out}, qr/^\d+$/, 'all of it is sound');
cmp_ok($verify->{out}, '<', $limit, "verified in bounded memory: $verify->{out} kB");
ok($took < 11 || $verify->{err} =~ /^NOTICE:  verify: \d+ \w+ checked after \d+ s$/m, 'and tells every ten seconds how far it is');

# Stop it early and later; it may be done before.
for my $part (0, 0.4)
{
	my $delay = int(100 + $part * $took * 1000);
	my ($result, $out, $err) = $node->psql('postgres', "SET statement_timeout = $delay; SELECT * FROM consent.verify()");

	last if $result == 0;
	like($err, qr/canceling statement due to statement timeout/, "stopped after $delay ms");
}
my $session = start_session('SELECT * FROM consent.verify()');
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE '%consent.verify()%' AND state = 'active' AND pid <> pg_backend_pid()});
usleep(500_000);
$began = time;
is($node->safe_psql('postgres', q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%consent.verify()%' AND pid <> pg_backend_pid()}), 't', 'told to stop');
$session->{handle}->finish;
cmp_ok(time - $began, '<', 5, 'and stops at once');
like($session->{err}, qr/canceling statement due to user request/, 'as it was told');
$node->stop;
done_testing();
