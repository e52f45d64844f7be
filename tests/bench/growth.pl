# How costs grow: see tests/bench/growth.
use strict;
use warnings;

use FindBin;
use lib $FindBin::Bin;

use Bench qw(psql timed each_ms);

my $largest = $ENV{LARGEST};
my %cost; # what => { size => cost }
my @order;

sub cost
{
	my ($what, $size, $cost) = @_;

	push @order, $what unless $cost{$what};
	$cost{$what}{$size} = $cost;
	return;
}

# A database of its own for each size.
sub fresh
{
	my ($name) = @_;

	$ENV{PGDATABASE} = 'postgres';
	psql("CREATE DATABASE $name");
	$ENV{PGDATABASE} = $name;
	psql('CREATE EXTENSION consent_ledger', qq{SELECT consent.create_ledger('bench.example/$name')}, q{SELECT consent.define_purpose('train')},
		'CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text)', q{SELECT consent.protect('message', '{sender,recipient}')});
	return;
}

sub messages
{
	my ($n, $subjects) = @_;

	psql("INSERT INTO message SELECT i, 'p' || 1 + (i * 7919) % $subjects, 'p' || 1 + (i * 104729) % $subjects FROM generate_series(1::bigint, $n) i", 'VACUUM ANALYZE message');
	return;
}

# Events about so many subjects, in turn.
sub events
{
	my ($n, $subjects) = @_;

	return timed("INSERT INTO consent.event (subject, choices) SELECT 'p' || 1 + i % $subjects, CASE WHEN i / $subjects % 2 = 0 THEN '+train' ELSE '-train' END FROM generate_series(0, $n - 1) i");
}

sub sizes { return map { $_ * $largest } @_; }

sub with_subjects
{
	foreach my $n (sizes(10_000, 100_000, 1_000_000))
	{
		fresh("subjects_$n");
		cost('µs an event of a new subject, bulk', $n, 1000 * events($n, $n) / $n);
		cost('µs an event of a known subject, bulk', $n, 1000 * events($n, $n) / $n);
		psql('VACUUM ANALYZE consent.subject', 'VACUUM ANALYZE consent.event_log');
		messages(5 * $n, $n);
		cost('ms one opt_out()', $n, each_ms("\\set i random(1, $n)\nSELECT consent.opt_out('p' || :i, 'train');\n"));
		cost('ms one permits(), prepared', $n, each_ms("\\set i random(1, $n)\nSELECT consent.permits('p' || :i, 'train');\n"));
		cost('ms one verdict(at, known_at)', $n, each_ms("\\set i random(1, $n)\nSELECT consent.verdict('p' || :i, 'train', now() - interval '1 s', now());\n"));
		cost('µs a row, permits() over 5 rows a subject', $n, timed("SELECT count(*) FROM message WHERE consent.permits(ARRAY[sender, recipient], 'train')", 3) / $n / 5 * 1000);
		my $run = psql(q{SELECT consent.open_run('model', '{train}')});
		cost('µs a use, record_use() of 10 uses a subject', $n, timed("SELECT count(consent.record_use($run, 'message', id, ARRAY[sender, recipient])) FROM message") / $n / 10 * 1000);
		cost('µs a use, close_run() of it', $n, timed("SELECT consent.close_run($run)") / $n / 10 * 1000);
		cost('ms one prove_non_use()', $n, timed("SELECT length(consent.prove_non_use($run, 'nobody'))", 5, q{SELECT consent.opt_in('nobody', 'train')}));
	}
	return;
}

sub with_events
{
	my $subjects = 100_000 * $largest;

	foreach my $n (sizes(100_000, 1_000_000, 10_000_000))
	{
		fresh("events_$n");
		cost('µs an event, bulk', $n, 1000 * events($n, $subjects) / $n);
		psql('VACUUM ANALYZE consent.event_log', 'VACUUM ANALYZE consent.subject', 'CALL consent.checkpoint()', 'VACUUM consent.seal_pending');
		cost('ms one opt_out(), in so many events', $n, each_ms("\\set i random(1, $subjects)\nSELECT consent.opt_out('p' || :i, 'train');\n"));
		cost('ms one permits(), in so many events', $n, each_ms("\\set i random(1, $subjects)\nSELECT consent.permits('p' || :i, 'train');\n"));
		cost('ms one verdict(known_at), of so many events each', $n, each_ms("\\set i random(1, $subjects)\nSELECT consent.verdict('p' || :i, 'train', now(), now());\n"));
		psql('CALL consent.checkpoint()', 'VACUUM consent.seal_pending');
		cost('ms a checkpoint after one new seal', $n, timed('CALL consent.checkpoint()', 9, q{SELECT consent.opt_in('one', 'train')}));
		cost('ms a receipt', $n, timed('SELECT length(consent.receipt((SELECT min(event_id) FROM consent.event_log WHERE subject_no = 7)))', 9));
		cost('µs an event, verify()', $n, timed('SELECT count(*) FROM consent.verify()') / $n * 1000);
	}
	return;
}

# Runs of 100,000 uses each, in one database that fills up.
sub with_runs
{
	my ($subjects, $uses, $last) = (100_000 * $largest, 100_000 * $largest, 0);
	my $run;

	fresh('runs');
	events($subjects, $subjects);
	messages($uses / 2, $subjects);
	psql('VACUUM ANALYZE consent.subject');
	foreach my $n (1, 10, 100, 1000)
	{
		psql("DO \$\$ DECLARE r bigint; BEGIN FOR i IN $last + 1 .. $n - 1 LOOP r := consent.open_run('run ' || i, '{train}'); COMMIT;
			PERFORM consent.record_use(r, 'message', id, ARRAY[sender, recipient]) FROM message; COMMIT; PERFORM consent.close_run(r); COMMIT; END LOOP; END \$\$");
		$run = psql(q{SELECT consent.open_run('model', '{train}')});
		cost('µs a use, record_use() beside so many runs', $n, timed("SELECT count(consent.record_use($run, 'message', id, ARRAY[sender, recipient])) FROM message") / $uses * 1000);
		cost('µs a use, close_run() beside so many runs', $n, timed("SELECT consent.close_run($run)") / $uses * 1000);
		psql('CALL consent.checkpoint()', 'VACUUM ANALYZE consent.manifest_block', 'VACUUM ANALYZE consent.run', 'VACUUM ANALYZE consent.run_part', 'VACUUM consent.seal_pending');
		cost('ms uses_of() in so many runs', $n, timed(q{SELECT count(*) FROM consent.uses_of('p77')}, 9));
		cost('ms withdrawn_uses of one run', $n, timed("SELECT count(*) FROM consent.withdrawn_uses WHERE run_id = $run", 5));
		cost('ms one prove_non_use() beside so many runs', $n, timed("SELECT length(consent.prove_non_use($run, 'nobody'))", 5, q{SELECT consent.opt_in('nobody', 'train')}));
		psql('CALL consent.checkpoint()');
		cost('ms prove_never_used() over so many runs', $n, timed(q{SELECT length(consent.prove_never_used('nobody', (SELECT max(size) FROM consent.checkpoint)))}, 3));
		$last = $n;
	}
	return;
}

# One run that is reported on batch by batch, each a transaction of one session.
sub with_batches
{
	my $subjects = 100_000 * $largest;

	fresh('batches');
	events($subjects, $subjects);
	messages(1_020_000 * $largest, $subjects);
	psql('VACUUM ANALYZE consent.subject', 'CREATE TABLE took (ms double precision)',
		'CREATE PROCEDURE report(run bigint, first bigint, last bigint) LANGUAGE plpgsql AS $$ BEGIN
			FOR i IN first .. last LOOP
				PERFORM consent.record_use(run, \'message\', ARRAY(SELECT generate_series(i * 100 - 99, i * 100)));
				COMMIT;
			END LOOP; END $$',
		'CREATE PROCEDURE report_timed(run bigint, first bigint, last bigint) LANGUAGE plpgsql AS $$ DECLARE
			began timestamptz := clock_timestamp(); BEGIN
			CALL report(run, first, last);
			INSERT INTO took VALUES (1000 * extract(epoch FROM clock_timestamp() - began) / (last - first + 1)); END $$');
	foreach my $n (sizes(100, 1000, 10_000))
	{
		my $run = psql(q{SELECT consent.open_run('model', '{train}')});

		psql("CALL report($run, 1, $n)", "CALL report_timed($run, $n + 1, $n + 100)");
		cost('ms a report of 100 keys after so many', $n, psql('DELETE FROM took RETURNING ms'));
	}
	return;
}

# How a cost grows, by the last step, to ten times as much: what is spent once
# shows least there.
sub growth
{
	my ($factor) = @_;

	return $factor < 1.25 ? 'constant' : $factor < 2.5 ? 'logarithmic' : $factor < 13 ? 'linear' : 'WORSE';
}

sub table
{
	my ($of) = @_;

	foreach my $what (splice @order)
	{
		my %at = %{ $cost{$what} };
		my @sizes = sort { $a <=> $b } keys %at;

		printf "%-52s %-9s", $what, $of;
		printf '%14s', sprintf('%s: %.3g', short($_), $at{$_}) foreach @sizes;
		my $factor = $at{ $sizes[-1] } / $at{ $sizes[-2] };
		printf "  %s (x %.2f for ten times as many)\n", growth($factor), $factor;
	}
	return;
}

sub short
{
	my ($n) = @_;

	return $n >= 1_000_000 ? $n / 1_000_000 . 'M' : $n >= 1000 ? $n / 1000 . 'k' : $n;
}

my %parts = (subjects => \&with_subjects, events => \&with_events, runs => \&with_runs, batches => \&with_batches);

$| = 1;
binmode STDOUT, ':raw';
foreach my $part (@ARGV ? @ARGV : qw(subjects events runs batches))
{
	$parts{$part}->();
	table($part);
}
