# What the TAP tests share: clusters that have the extension.  The driver,
# tests/run, tells every cluster where it is installed, by TEMP_CONFIG.
package ConsentLedger;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

our @EXPORT = qw(new_node start_node make_ledger fill_ledger kill_server sound answers installed);

# A cluster, initialised but not started.  Options are those of init, and conf:
# more lines for postgresql.conf.
sub new_node
{
	my ($name, %options) = @_;
	my $conf = delete $options{conf} // '';
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(%options);
	$node->append_conf('postgresql.conf', $conf);
	return $node;
}

# A running cluster with a ledger in database postgres.
sub start_node
{
	my $node = new_node(@_);

	$node->start;
	make_ledger($node);
	return $node;
}

# Create the extension and a ledger: node, database, subject type, test ledger or not.
sub make_ledger
{
	my ($node, $database, $type, $test) = @_;

	$database //= 'postgres';
	$type //= 'text';
	$test = $test ? 'true' : 'false';
	$node->safe_psql($database, qq{
		CREATE EXTENSION consent_ledger;
		SELECT consent.create_ledger('$database.example', '$type', $test);
	});
}

# Record something of everything that a ledger stores: node, database.  Subjects
# are ann, ben, cem, dan (erased), eve, fay, gus, hal; the last four in one seal;
# and ivy and jon (erased), of whom only runs have heard.  Runs are: one that took two parts and
# lost a third, one of the past, one that is open.
sub fill_ledger
{
	my ($node, $database) = @_;

	$node->safe_psql($database // 'postgres', q{
		SELECT consent.define_purpose('improve', title => 'Improve our products');
		SELECT consent.define_purpose('train', parents => '{improve}', since => '2020-01-01Z');
		SELECT consent.publish_notice('privacy', '1', 'We do as we say.', '{train}', '2024-09-18', 'Europe/Paris',
			'2024-09-18 08:00+00', 'en', 'https://example.org/privacy');
		SELECT consent.set_preset('~improve', 'US', 'privacy/1');
		SELECT consent.end_preset('improve', 'US');
		SELECT consent.opt_in('ann', 'train', notice => 'privacy/1', jurisdiction => 'US-CA', method => 'banner',
			evidence => '{"ip": "192.0.2.1"}', source => 'web', external_id => '1');
		SELECT consent.opt_out('ben', 'improve');
		SELECT consent.record_choices('cem', '+train, -improve');
		SELECT consent.serve_notice('ben', 'privacy/1');
		SELECT consent.opt_in('dan', 'train');
		SELECT consent.erase_subject('dan', 'admin');
		INSERT INTO consent.event (subject, choices) VALUES ('eve', '+train'), ('fay', '-train'), ('gus', '+train'), ('hal', '-train');

		CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text, sent_at timestamptz);
		INSERT INTO message SELECT i, (array['ann','cem','eve','gus'])[1 + i % 4], (array['ben','eve','fay','gus','hal','ivy'])[1 + i % 6],
			'2024-01-01Z'::timestamptz + i * interval '1 hour' FROM generate_series(1, 60) i;
		INSERT INTO message VALUES (61, 'jon', 'ann', '2024-01-31Z');
		SELECT consent.protect('message', '{sender,recipient}', collected_at => 'sent_at');
		ALTER TABLE message RENAME TO post;
		ALTER TABLE post RENAME COLUMN sender TO author;
		SELECT consent.opt_out(p, 'train', party => 'gus') FROM post p WHERE id = 3;
		SELECT consent.record_choices('eve', '+improve', table_name => 'public.message');

		SELECT consent.open_run('model', '{train}', 'partner', 'm-1', source => 'jobs', external_id => '17') AS run \gset
		SELECT count(*) FROM post p WHERE consent.record_use(p, :run);
		SELECT * FROM consent.record_use(:run, 'public.message', '{1,2,3,4,5,6,7}'::bigint[]);
		BEGIN; SELECT count(*) FROM post p WHERE consent.record_use(p, :run); ROLLBACK;
		SELECT consent.close_run(:run, 'completed', sha256('data'));
		SELECT consent.open_run('in the past', '{improve,train}', used_at => '[2024-02-01Z,2024-03-01Z)', base_runs => array[:run]) AS run \gset
		SELECT * FROM consent.record_use(:run, 'public.message', '{8,9,61}'::bigint[]);
		SELECT consent.close_run(:run, 'failed');
		SELECT consent.erase_subject('jon');
		SELECT consent.open_run('open', '{train}') AS run \gset
		SELECT count(*) FROM post p WHERE consent.record_use(p, :run);
	});
}

# Kill -9 a server, and more processes with it; return when the last one is gone.
# Where nobody collects the dead, its lock files would look as if it were alive.
sub kill_server
{
	my ($node, @others) = @_;
	my $pidfile = $node->data_dir . '/postmaster.pid';
	my ($postmaster) = split /\n/, slurp_file($pidfile);

	kill 'KILL', @others;
	$node->kill9;
	usleep(100_000) while grep { $_ !~ / \(postgres\) Z / } map { -e $_ ? slurp_file($_) : () } "/proc/$postmaster/stat";
	usleep(1_000_000);
	unlink $pidfile, $node->host . '/.s.PGSQL.' . $node->port . '.lock';
}

# Where a program was installed.
sub installed
{
	return "$ENV{work}/install$ENV{bindir}/$_[0]";
}

# What a ledger filled by fill_ledger() answers to everything that people ask of
# it: node, database.  The table of posts must be there too.
sub answers
{
	my ($node, $database) = @_;
	my $subjects = q{unnest('{ann,ben,cem,dan,eve,fay,gus,hal,ivy,jon,nobody}'::text[]) s};
	my $rows = q{post p, unnest('{improve,train}'::text[]) purpose};

	return $node->safe_psql($database // 'postgres', qq{
		SELECT s, purpose, consent.permits(s, purpose), consent.verdict(s, purpose) FROM $subjects, unnest('{improve,train}'::text[]) purpose ORDER BY 1, 2;
		SELECT s, consent.choices_of(s), (SELECT array_agg(event_id) FROM consent.history(s)) FROM $subjects ORDER BY 1;
		SELECT id, purpose, consent.permits(p, purpose), consent.verdict(p, purpose),
			consent.verdict(ARRAY[author, recipient], purpose, 'public.message', id::text, sent_at, at => '2024-09-01Z', known_at => '2024-09-01Z')
			FROM $rows ORDER BY 1, 2;
		SELECT id, purpose, e.* FROM $rows, consent.explain(p, purpose) e WHERE id % 7 = 0 ORDER BY 1, 2, 3;
		SELECT s, u FROM $subjects, consent.uses_of(s) u ORDER BY 1, u::text COLLATE "C";
		} . join('', map { qq{SELECT '$_', v FROM consent.$_ v ORDER BY v::text COLLATE "C";} }
			qw(withdrawn_uses preset_uses unpermitted_uses retroactive_uses collected_before_notice unclosed_runs
			missing_parts silent_notice_changes late_events settings_without_event)));
}

# Test that verify() finds nothing: node, what is tested, database.
sub sound
{
	my ($node, $what, $database) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database // 'postgres', 'SELECT * FROM consent.verify()'), '', $what);
}

1;
