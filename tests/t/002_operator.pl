# docs/operator.md says which settings there are and how to watch a ledger: both as it is.
use strict;
use warnings;

use ConsentLedger;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = start_node('operator');
my $page = slurp_file("$ENV{work}/tree/docs/operator.md");

my %said = $page =~ /^\| `(consent_ledger\.\w+)` \| (\S+) \|/mg;
my %is = map { split /\|/ } grep { /\|/ } split /\n/, $node->safe_psql('postgres', q{SELECT consent.merkle_root('{}') IS NULL; SELECT name, coalesce(nullif(current_setting(name), ''), '(empty)') FROM pg_settings WHERE name LIKE 'consent_ledger.%'});
is_deeply(\%said, \%is, 'the settings and their defaults');

fill_ledger($node);
$node->safe_psql('postgres', 'CALL consent.checkpoint()');
my ($watch) = $page =~ /^## What to watch\n(.*?)^## /ms;
my @queries = grep { !/=> note/ } $watch =~ /`(SELECT [^`]*)`/g;
cmp_ok(scalar(@queries), '>', 5, scalar(@queries) . ' queries to watch by');
foreach my $query (@queries)
{
	my ($status, undef, $err) = $node->psql('postgres', $query);

	ok($status == 0, $query) or diag($err);
}
done_testing();
