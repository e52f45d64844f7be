# Statements that stop before their end, as a procedural language may have them
# do after so many rows: what they recorded so far is sealed all the same.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('left_over');
$node->safe_psql('postgres', q{SELECT consent.define_purpose('train')});

# A function that runs a query for so many rows, in this transaction itself.
my $source = $node->basedir . '/limited.c';
append_to_file($source, q{
#include "postgres.h"
#include "executor/spi.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(limited);

Datum
limited(PG_FUNCTION_ARGS)
{
	uint64		processed;

	SPI_connect();
	SPI_execute(text_to_cstring(PG_GETARG_TEXT_PP(0)), false, PG_GETARG_INT32(1));
	processed = SPI_processed;
	SPI_finish();
	PG_RETURN_INT64((int64) processed);
}
});
my $include = `$ENV{PG_CONFIG} --includedir-server`;
chomp $include;
command_ok([ 'cc', '-shared', '-fPIC', "-I$include", '-o', $node->basedir . '/limited.so', $source ], 'the function is built');
$node->safe_psql('postgres', q{CREATE FUNCTION limited(text, integer) RETURNS bigint LANGUAGE c AS '}
	. $node->basedir . q{/limited.so'});

sub insert_ten { return "INSERT INTO consent.event (subject, choices) SELECT '$_[0]' || i, '+train' FROM generate_series(1, 10) i RETURNING event_id" }

# How many events there are of subjects whose names begin so.
sub events
{
	my ($prefix) = @_;

	return $node->safe_psql('postgres', "SELECT count(*) FROM consent.event WHERE subject LIKE '$prefix%'");
}

# Is every event in a seal, and does every seal have its events?
sub sealed
{
	my ($what) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM consent.event_log e
		LEFT JOIN consent.seal s ON s.seal_no = e.event_id / 4096 AND e.event_id % 4096 < s.count WHERE s.seal_no IS NULL
		UNION ALL
		SELECT count(*) FROM consent.seal s WHERE s.count <> (SELECT count(*) FROM consent.event_log e WHERE e.event_id / 4096 = s.seal_no)}),
		"0\n0", $what);
}

is($node->safe_psql('postgres', "SELECT limited(\$\$@{[insert_ten('a')]}\$\$, 3)"), '3', 'a statement stops after three rows');
is(events('a'), '3', 'which are recorded');
sealed('and sealed');

# Others go on, inside and outside, and savepoints keep or take what they hold.
$node->safe_psql('postgres', qq{
	BEGIN;
	SELECT limited(\$\$@{[insert_ten('b')]}\$\$, 2);
	INSERT INTO consent.event (subject, choices) VALUES ('b_after', '-train');
	SAVEPOINT s;
	SELECT limited(\$\$@{[insert_ten('c')]}\$\$, 4);
	ROLLBACK TO s;
	SELECT limited(\$\$@{[insert_ten('d')]}\$\$, 5);
	SELECT consent.opt_in('d_after', 'train');
	RELEASE s;
	INSERT INTO consent.event (subject, choices) SELECT 'e_after', '+train' FROM limited(\$\$@{[insert_ten('e')]}\$\$, 1);
	COMMIT;
});
is(join(' ', map { events($_) } qw(b c d e)), '3 0 6 2', 'what was recorded, and not rolled back, is there');
sealed('and sealed');

# Thousands of subjects, all of them new, of whom the last are left over.
my $insert_many = q{INSERT INTO consent.event (subject, choices) SELECT 'g' || i, '+train' FROM generate_series(1, 9000) i RETURNING event_id};
$node->safe_psql('postgres', qq{
	BEGIN;
	SAVEPOINT s;
	SELECT limited(\$\$$insert_many\$\$, 8000);
	ROLLBACK TO s;
	SELECT limited(\$\$$insert_many\$\$, 7000);
	RELEASE s;
	SELECT limited(\$\$$insert_many\$\$, 8000);
	COMMIT;
});
is(join(' ', events('g'), $node->safe_psql('postgres', q{SELECT count(*) FROM consent.subject WHERE key LIKE 'g%'})), '15000 8000', 'a slice that is left over makes its subjects too');
sealed('and is sealed');
is(($node->psql('postgres', "BEGIN; SELECT limited(\$\$@{[insert_ten('f')]}\$\$, 3); PREPARE TRANSACTION 'p'"))[0], 3,
	'such a transaction cannot be prepared');
$node->safe_psql('postgres', "BEGIN; SELECT limited(\$\$@{[insert_ten('f')]}\$\$, 3); ROLLBACK");
is(events('f'), '0', 'nothing of that is there, nor of what was rolled back');

# ---- uses reported by key ----

$node->safe_psql('postgres', q{
	CREATE TABLE post (id integer PRIMARY KEY, author text);
	INSERT INTO post SELECT i, 'a' || i FROM generate_series(1, 10) i;
	SELECT consent.protect('post', '{author}');
	SELECT consent.open_run('model', '{train}', external_id => 'model');
});
my $report = q{INSERT INTO consent.used_key (run_id, table_name, row_key)
	SELECT (SELECT run_id FROM consent.run), 'post', i FROM generate_series(%d, 10) i RETURNING row_key};
$node->safe_psql('postgres', 'SELECT limited($$' . sprintf($report, 1) . '$$, 2)');
$node->safe_psql('postgres', 'BEGIN; SAVEPOINT s; SELECT limited($$' . sprintf($report, 4) . '$$, 1); RELEASE s; SAVEPOINT t; SELECT limited($$'
	. sprintf($report, 6) . '$$, 3); ROLLBACK TO t; COMMIT');
is($node->safe_psql('postgres', q{SELECT string_agg(row_key, ' ' ORDER BY row_key) FROM consent.run_uses((SELECT run_id FROM consent.run))}), '1 2 4',
	'rows of a report that stops are used');
sound($node, 'sound at the end');
$node->stop;
done_testing();
