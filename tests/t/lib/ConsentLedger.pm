# What the TAP tests share: clusters that have the extension.  The driver,
# tests/run, tells every cluster where it is installed, by TEMP_CONFIG.
package ConsentLedger;

use strict;
use warnings;

use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(new_node start_node make_ledger sound);

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

# Test that verify() finds nothing: node, what is tested, database.
sub sound
{
	my ($node, $what, $database) = @_;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is($node->safe_psql($database // 'postgres', 'SELECT * FROM consent.verify()'), '', $what);
}

1;
