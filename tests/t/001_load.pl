# The extension is created, dropped and created again, also where some other
# schema comes first on the path.
use strict;
use warnings;

use ConsentLedger;
use Test::More;

my $node = new_node('load');
$node->start;

my $path = q{SET search_path = elsewhere; };
$node->safe_psql('postgres', 'CREATE SCHEMA elsewhere');
for my $round (1, 2)
{
	$node->safe_psql('postgres', $path . 'CREATE EXTENSION consent_ledger');
	is($node->safe_psql('postgres', q{
		SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
		JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass
		JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE d.deptype = 'e' AND e.extname = 'consent_ledger' AND n.nspname <> 'consent'}),
		'0', "round $round: every relation is in schema consent");
	$node->safe_psql('postgres', 'DROP EXTENSION consent_ledger');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname = 'consent'}),
		'0', "round $round: dropped without a trace");
}

$node->stop;
done_testing();
