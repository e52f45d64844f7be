# What docs/auditor.md tells auditors to ask can be asked, by an auditor.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('auditor');

$node->safe_psql('postgres', q{
	SELECT consent.define_purpose('ai_training');
	CREATE TABLE message (id bigint PRIMARY KEY, sender text, recipient text, sent_at timestamptz);
	INSERT INTO message VALUES (400033, 'ann', 'ben', '2024-07-01Z');
	SELECT consent.protect('message', '{sender, recipient}', collected_at => 'sent_at');
	SELECT consent.open_run('assistant 1', '{ai_training}');
	SELECT consent.record_use(run_id, 'message', '{400033}'::bigint[]) FROM consent.run;
	CREATE ROLE auditor;
	SELECT consent.grant_role('auditor', 'auditor');
	GRANT SELECT ON message TO auditor;
});

my @statements = map { /(.*?;)\s*$/gms } slurp_file('docs/auditor.md') =~ /^```sql\n(.*?)^```/gms;

ok(@statements >= 15, 'the handbook has statements');
foreach my $statement (@statements)
{
	my ($status, $out, $err) = $node->psql('postgres', "SET ROLE auditor; $statement");

	is($err, '', $statement =~ s/\s+/ /gr);
}

$node->stop;
done_testing();
