# uses_of() finds the uses of one subject among those of many runs: whatever the
# span of the blocks they are in, it tells what the runs tell one by one.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('one_subject');

sub sql { return $node->safe_psql('postgres', $_[0]) }

# m00001 to m20000 have as many numbers, in this order.
sql(q{
	SELECT consent.define_purpose('train'), consent.define_purpose('share');
	CREATE FUNCTION m(i bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'm' || lpad(i::text, 5, '0') $$;
	CREATE TABLE post (id bigint PRIMARY KEY, author text, reader text, at timestamptz);
	CREATE TABLE note (name text PRIMARY KEY, author text);
	SELECT consent.protect('post', '{author,reader}', collected_at => 'at'), consent.protect('note', '{author}');
	INSERT INTO consent.event (subject, choices)
		SELECT m(i), CASE WHEN i % 7 = 0 THEN '+train' ELSE '+train, +share' END FROM generate_series(1, 20000) i;
});
my $first = sql("SELECT subject_no FROM consent.subject WHERE key = m(1)");
is(sql("SELECT count(*) FROM consent.subject WHERE key = m(subject_no - $first + 1)"), '20000', 'subjects are numbered in order');

my $next_id = 1;

# Use rows for a run: each an author and a reader, by numbers or as SQL of both.
sub use_pairs
{
	my ($run, $pairs) = @_;

	sql(qq{INSERT INTO post SELECT $next_id + row_number() OVER (), m(a), m(b), '2024-05-05Z' FROM ($pairs) p (a, b)});
	my ($count, $last) = split /\|/, sql("SELECT count(consent.record_use($run, 'post', id, ARRAY[author, reader], at)), max(id) FROM post WHERE id > $next_id");
	$next_id = $last;
	return $count;
}

sub open_run { return sql("SELECT consent.open_run('$_[0]', '{$_[1]}', recipient => 'r', model => 'm')") }

sub close_run { sql("SELECT consent.close_run($_[0])") }

# ---- spans of all widths ----

my $all = open_run('everybody', 'train');
use_pairs($all, 'SELECT i, i FROM generate_series(1, 20000) i');
close_run($all);
my $some = open_run('one in a hundred', 'train,share');
use_pairs($some, 'SELECT i, i + 50 FROM generate_series(1, 19900, 100) i');
close_run($some);
# As many uses of one as take many blocks, in two parts that have half of them in common.
my $often = open_run('one of them often', 'train');
use_pairs($often, 'SELECT 777, 777 FROM generate_series(1, 6000) i');
sql("SELECT count(consent.record_use($often, 'post', id, ARRAY[author, reader], at)) FROM post WHERE author = 'm00777' OR id <= 300");
# Just two subjects, so and so far apart.
my @distances = (0, 1, 8, 9, 10, 11, 98, 99, 100, 101, 998, 999, 1000, 1001, 9998, 9999, 10000, 10001);
for my $d (@distances)
{
	my $run = open_run("$d apart", $d % 2 ? 'train' : 'share');
	use_pairs($run, "VALUES (5003, 5003 + $d)");
	close_run($run) if $d % 3;
}
# Another table, its keys texts; and a time that is gone.
my $notes = open_run('notes', 'train');
sql(q{INSERT INTO note SELECT 'note ' || i, m(i) FROM generate_series(10, 20000, 13) i});
sql("SELECT count(consent.record_use($notes, 'note', name, ARRAY[author], NULL)) FROM note");
close_run($notes);
my $past = sql("SELECT consent.open_run('past', '{train}', used_at => '[2024-06-01Z,2024-07-01Z]')");
sql("SELECT consent.record_use($past, consent.manifest(ARRAY['train'], 'post', id::text, ARRAY[author, reader], at)) FROM post WHERE id % 3 = 0");
open_run('of nothing', 'train');
sql("SELECT consent.record_choices(m(i), '-train') FROM generate_series(5, 20000, 333) i");
sql("SELECT consent.record_choices(m(i), '+train for [2024-05-01T00:00Z,2024-05-03T00:00Z)') FROM unnest('{50,5003,15003}'::int[]) i");

is(sql('SELECT string_agg(DISTINCT length((last_subject - first_subject)::text)::text, NULL) FROM consent.manifest_block'),
	'12345', 'there are spans of each number of digits');

# ---- the runs one by one ----

sql(q{
	CREATE TABLE run_by_run AS
	SELECT r.run_id, r.name AS run, r.recipient, r.model, u.table_name, u.row_key, u.verdict_then, u.verdict_now,
		consent.deciding_event(r.purposes, u.subject_no, u.table_name, u.row_key, u.collected_at) AS event_id,
		r.purposes, u.permitted_then, r.used_at, u.recorded_at, u.part, u.part_event, r.closed_event, r.outcome, s.key
	FROM consent.run r CROSS JOIN LATERAL consent.run_uses(r.run_id) u JOIN consent.subject s USING (subject_no);
	CREATE INDEX ON run_by_run (key);
});

# How many of their uses differ; and that there are some.
sub same_uses
{
	my ($what, $numbers, $least, $settings) = @_;
	my $asked = "SELECT m(i) FROM ($numbers) n (i)";
	my $found = "SELECT u.*, k FROM ($asked) a (k), consent.uses_of(k) u";

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is(sql(($settings // '') . qq{WITH found AS MATERIALIZED ($found), truth AS (SELECT * FROM run_by_run WHERE key IN ($asked))
		SELECT (SELECT count(*) FROM (TABLE found EXCEPT ALL TABLE truth) d), (SELECT count(*) FROM (TABLE truth EXCEPT ALL TABLE found) d),
			(SELECT count(*) >= $least FROM found)}), '0|0|t', $what);
}

my $ends = join ',', map { 5003 + $_ } @distances;
same_uses('of both ends of each span', "SELECT DISTINCT unnest('{$ends}'::int[])", 3 * @distances);
same_uses('of those beside them', "SELECT DISTINCT unnest('{$ends}'::int[]) + d FROM unnest('{-1,2}'::int[]) d", scalar @distances);
same_uses('of the first, the last, and of nobody', 'VALUES (1), (2), (19999), (20000), (20001)', 4);
same_uses('of the one that is in many blocks', 'VALUES (776), (777), (778)', 6000);
same_uses('of them with memory for few uses', 'VALUES (776), (777), (778)', 6000, q{SET work_mem = '64kB';});
same_uses('of one in 41', 'SELECT * FROM generate_series(1, 20000, 41)', 700);

is(sql(q{SELECT array_agg(run ORDER BY n) = array_agg(run ORDER BY run_id, table_name, n)
	FROM (SELECT *, row_number() OVER () AS n FROM consent.uses_of('m05003')) u}), 't', 'run after run');

sound($node, 'verify() finds nothing');

done_testing();
