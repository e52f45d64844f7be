# What the TAP tests share: clusters that have the extension.  The driver,
# tests/run, tells every cluster where it is installed, by TEMP_CONFIG.
package ConsentLedger;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(new_node start_node make_ledger fill_ledger sound);

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
# are ann, ben, cem, dan (erased), eve, fay, gus, hal; the last four in one seal.
sub fill_ledger
{
	my ($node, $database) = @_;

	$node->safe_psql($database // 'postgres', q{
		SELECT consent.define_purpose('improve', title => 'Improve our products');
		SELECT consent.define_purpose('train', parents => '{improve}');
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
	});
}

# Test that verify() finds nothing: node, what is tested, database.
sub sound
{
	my ($node, $what, $database) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database // 'postgres', 'SELECT * FROM consent.verify()'), '', $what);
}

1;
