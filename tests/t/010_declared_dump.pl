# What was declared and who was granted what come through a dump, and the
# restored ledger goes on.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('dump');

$node->safe_psql('postgres', q{
	CREATE ROLE dump_recorder LOGIN;
	CREATE ROLE dump_importer LOGIN;
	CREATE ROLE dump_auditor LOGIN;
	SELECT consent.grant_role('recorder', 'dump_recorder');
	SELECT consent.grant_role('importer', 'dump_importer');
	SELECT consent.grant_role('auditor', 'dump_auditor');
	SELECT consent.define_purpose('training', since => '2024-01-01 00:00Z');
	SELECT consent.define_purpose('training.ai', regime => 'opt_out');
	SELECT consent.publish_notice('privacy', '1', 'Text.', '{training.ai}', stated_on => '2024-09-18');
	SELECT consent.set_preset('~training.ai', 'US', 'privacy/1', '2024-08-01 00:00Z');
	SELECT consent.end_preset('training.ai', 'US');
});

my $declared = q{
	SELECT p FROM consent.purpose p; SELECT n FROM consent.notice n; SELECT r FROM consent.preset_rule r;
	SELECT origin, last_declaration FROM consent.ledger};
my $granted = q{
	SELECT p.oid::regprocedure::text, a.grantee::regrole, a.privilege_type
	FROM pg_proc p, aclexplode(p.proacl) a WHERE p.pronamespace = 'consent'::regnamespace AND a.grantee::regrole::text LIKE 'dump%'
	UNION ALL
	SELECT c.oid::regclass::text, a.grantee::regrole, a.privilege_type
	FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'consent'::regnamespace AND a.grantee::regrole::text LIKE 'dump%'
	UNION ALL
	SELECT t.attrelid::regclass || '.' || t.attname, a.grantee::regrole, a.privilege_type
	FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
	WHERE c.relnamespace = 'consent'::regnamespace AND a.grantee::regrole::text LIKE 'dump%'
	ORDER BY 1, 2, 3};

my $dump = $node->basedir . '/ledger.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('postgres') ], 'dumped');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->command_ok([ 'pg_restore', '-e', '-j3', '-d', $node->connstr('other'), $dump ], 'restored');

is($node->safe_psql('other', $declared), $node->safe_psql('postgres', $declared), 'the same was declared');
is($node->safe_psql('other', $granted), $node->safe_psql('postgres', $granted), 'the same was granted');
isnt($node->safe_psql('other', $granted), '', 'and it is something');

# A repeat is still one, and a purpose's ancestors are known.
is($node->safe_psql('other', q{
	SELECT consent.define_purpose('training.ai', regime => 'opt_out') = event_id FROM consent.purpose WHERE name = 'training.ai'}),
	't', 'a repeated definition is still the same event');

$node->stop;
done_testing();
