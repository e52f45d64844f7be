# consent-log: the log as static files, whole at any moment, and witnesses asked
# over HTTP.  consent-verify reads what was written.
use strict;
use warnings;

use ConsentLedger;
use File::Find;
use HttpWitness;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Verifier;

$Verifier::program = installed('consent-verify');
my $program = installed('consent-log');
my $node = start_node('published', conf => "fsync = off\n");
make_ledger($node, $_) foreach map { $node->safe_psql('postgres', "CREATE DATABASE $_"); $_ } qw(other watcher);
fill_ledger($node);
my %key = map { split /\|/ } split /\n/, $node->safe_psql('postgres', 'SELECT signs, vkey FROM consent.key');
my @trust = ('--log', $key{checkpoint}, '--seal', $key{seal});
my $base = PostgreSQL::Test::Utils::tempdir();
my @connection = ('-h', $node->host, '-p', $node->port, '-d', 'postgres');

sub value { return $node->safe_psql('postgres', $_[0]); }

sub consent_log
{
	my ($command, @arguments) = @_;

	local $Verifier::program = $program;
	return verify('', $command, @connection, @arguments);
}

# What a run of it must say: exit status, pattern.
sub says
{
	my ($status, $pattern, $name, @arguments) = @_;
	my ($got, $out, $err) = consent_log(@arguments);

	ok($got eq $status && "$out$err" =~ $pattern, $name) or diag("exit status $got\n$out\n$err");
}

# Rows that seal something each, then a checkpoint.
sub grow
{
	my ($n) = @_;

	value("DO \$\$ BEGIN FOR i IN 1..$n LOOP PERFORM consent.opt_out('ann', 'train'); COMMIT; END LOOP; END \$\$; CALL consent.checkpoint()");
	return value('SELECT max(size) FROM consent.checkpoint');
}

# Names and contents of all files of a directory.
sub files
{
	my ($dir) = @_;
	my %files;

	find(sub { $files{ substr($File::Find::name, length($dir) + 1) } = slurp($_) if -f $_ }, $dir);
	return \%files;
}

# The files of one directory but for partial ones that the other has not.
sub without_partial
{
	my ($files, $other) = map { files($_) } @_;

	delete $files->{$_} foreach grep { /\.p\// && !exists $other->{$_} } keys %$files;
	return $files;
}

# ---- the tree ----

says(2, qr/the log has no checkpoint yet; CALL consent\.checkpoint\(\) signs one/, 'nothing to export', 'export', "$base/log");
my $size = grow(300);
says(0, qr/^exported $size new entries to /, 'a first export', 'export', "$base/log");
good(qr/^GOOD .*up to its head of $size entries/, 'is a good tree', 'tree', "$base/log", @trust);
my $files = files("$base/log");
is(join(' ', sort grep { !/^tile/ } keys %$files), 'checkpoint', 'nothing else is there');
is_deeply($files, { map { $_->[0], pack('H*', $_->[1]) } map { [ split /\|/ ] } split /\n/,
	value(q{SELECT path, encode(data, 'hex') FROM consent.log_files()}) }, 'file by file what log_files() gives');

says(0, qr/which has them already/, 'again', 'export', "$base/log");
is_deeply(files("$base/log"), $files, 'changes nothing');
my @inodes = map { (stat "$base/log/$_")[1] } grep { /^tile.*\/000$/ } sort keys %$files;
$size = grow(400);
says(0, qr/^exported 400 new entries /, 'growth', 'export', "$base/log");
is_deeply([ map { (stat "$base/log/$_")[1] } grep { /^tile.*\/000$/ } sort keys %$files ], \@inodes, 'leaves complete tiles alone');
is(join(' ', sort grep { /^tile\/entries/ } keys %{ files("$base/log") }), "tile/entries/000 tile/entries/001 tile/entries/002.p/" . $size % 256, 'and removes what became complete');
good(qr/^GOOD .*up to its head of $size entries/, 'the tree is good', 'tree', "$base/log", @trust);
says(0, qr/^exported $size new entries /, 'a fresh export', 'export', "$base/fresh");
is_deeply(files("$base/fresh"), without_partial("$base/log", "$base/fresh"), 'is the same as the one that grew, but for partial tiles');

# What the docs say to do without the program.
my ($recipe) = slurp("$ENV{work}/tree/docs/consent-log.md") =~ /<!-- recipe -->\n```sh\n(.*?)```/s or BAIL_OUT('no recipe');
{
	local ($ENV{PGHOST}, $ENV{PGPORT}) = ($node->host, $node->port);
	mkdir("$base/psql");
	is(system('sh', '-ec', "cd $base/psql\n$recipe"), 0, 'psql and a shell');
}
is_deeply(files("$base/psql/log"), files("$base/fresh"), 'write the same');

# ---- what is refused ----

says(2, qr/takes another number of arguments/, 'a directory is needed', 'export');
says(2, qr/takes no such option/, 'an option of another command', 'witness', '--full');
says(2, qr/could not make the directory/, 'a directory nowhere', 'export', "$base/no/where");
says(2, qr/database "nowhere" does not exist/, 'a database nowhere', 'export', '-d', 'nowhere', "$base/log");
spew("$base/file", '');
says(2, qr/could not open the directory/, 'a file for a directory', 'export', "$base/file");
$node->safe_psql('other', 'CALL consent.checkpoint()');
says(1, qr/^BAD \S+\/checkpoint is not a head that this ledger's log extends \(foreign\)/, 'another ledger', 'export', '-d', 'other', "$base/log");
is_deeply(without_partial("$base/log", "$base/fresh"), files("$base/fresh"), 'changes nothing');
spew("$base/fresh/checkpoint", 'nonsense');
says(1, qr/foreign/, 'no head', 'export', "$base/fresh");
$node->safe_psql('postgres', 'CREATE ROLE nobody LOGIN');
says(2, qr/permission denied/, 'nobody in particular', 'export', '-U', 'nobody', "$base/log");
$node->safe_psql('postgres', q{CREATE ROLE auditor LOGIN; SELECT consent.grant_role('auditor', 'auditor')});
says(0, qr/^exported/, 'an auditor', 'export', '-U', 'auditor', '--full', "$base/audit");
open(my $lock, '<', "$base/log") or die;
flock($lock, 2) or die;
says(2, qr/another process is writing to/, 'two at once', 'export', "$base/log");
close($lock);

# ---- with all that it is over ----

$size = grow(5);
says(0, qr/^exported 5 new entries /, 'an export without the events', 'export', "$base/audit");
says(0, qr/^exported 0 new entries .*which has them already/, 'and then with them', 'export', '--full', "$base/audit");
good(qr/^GOOD .*There (is|are) \d+ runs?: \d+ closed/, 'is a good full export', 'export', "$base/audit", @trust);
foreach my $purpose (qw(train improve))
{
	my $run = value("SELECT consent.open_run('later', '{$purpose}')");
	value("SELECT count(*) FROM post p WHERE consent.record_use(p, $run)") foreach 1 .. 3;
	value("SELECT consent.close_run($run)");
}
is(value('SELECT min(uses) FROM consent.run'), 0, 'one of them used nothing');
$size = grow(600);
says(0, qr/^exported \d+ new entries /, 'growth with a run', 'export', '--full', "$base/audit");
good(qr/^GOOD .*up to its head of $size entries/, 'is good as well', 'export', "$base/audit", @trust);
says(0, qr/^exported $size new entries /, 'all at once', 'export', '--full', "$base/whole");
is_deeply(without_partial("$base/audit", "$base/whole"), files("$base/whole"), 'is the same, but for partial files');
is((stat "$base/whole/events")[2] & 077, 0, 'events are for the owner alone');

# ---- while events arrive, and killed ----

my $writer = IPC::Run::start([ 'psql', '-XqAt', '-d', $node->connstr('postgres') ], '<',
	\"DO \$\$ BEGIN FOR i IN 1..1000000 LOOP PERFORM consent.opt_out('ben', 'train'); COMMIT; END LOOP; END \$\$", '>', \my $out, '2>', \my $err);
my ($seen, $rounds, $bad) = (0, 0, 0);
foreach my $round (1 .. 40)
{
	$node->safe_psql('postgres', 'CALL consent.checkpoint()');
	my $pid = fork() // die;
	if (!$pid)
	{
		open(STDERR, '>', '/dev/null');
		open(STDOUT, '>', '/dev/null');
		exec($program, 'export', @connection, '--full', "$base/killed");
	}
	usleep(rand() * 60_000);
	kill('KILL', $pid) if $round % 4;
	waitpid($pid, 0);
	next if !-e "$base/killed/checkpoint";
	$seen++;
	foreach my $command (qw(tree export))
	{
		next if $command eq 'export' && slurp("$base/killed/checkpoint") ne slurp("$base/killed/events/checkpoint");
		my ($status, $printed, $complained) = verify('', $command, "$base/killed", @trust);

		$rounds++;
		$bad++ if $status ne 0;
		diag("round $round: $command: $status $printed $complained") if $status ne 0 && $bad < 3;
	}
}
$writer->kill_kill;
cmp_ok($seen, '>', 5, 'exports were killed, and some were not');
is($bad, 0, "after each of $seen kills the tree is good ($rounds checks)");

# ---- witnesses ----

my $watching = q{SELECT vkey FROM consent.key WHERE signs = 'witness'};
$node->safe_psql('watcher', "SELECT consent.register_log('$key{checkpoint}')");
my ($url, $server) = HttpWitness::serve(sub {
	my ($path, $body) = @_;

	return (404, 'text/plain', "no such page\n") if $path ne '/w/add-checkpoint';
	my ($status, $text) = split /\|/, $node->safe_psql('watcher', "CALL consent.witness('$body')"), 2;
	return ($status, $status == 409 ? 'text/x.tlog.size' : 'text/plain', $text);
});
says(2, qr/no witness is registered with its address/, 'whom to ask', 'witness');
says(2, qr/the answer of \S+ was not kept/, 'a witness that is not registered', 'witness', "$url/w");
value("SELECT consent.register_witness('" . $node->safe_psql('watcher', $watching) . "', '$url/w')");
grow(1);
says(0, qr/^cosigned \d+ entries by \Q$url\E\/w/, 'a witness that knows another size', 'witness', "$url/w/");
is(value('SELECT max(size) FROM consent.cosignature'), value('SELECT max(size) FROM consent.checkpoint'), 'its cosignature is kept');
says(0, qr/^cosigned .*/, 'the same again', 'witness');
grow(1);
says(0, qr/^cosigned \d+ entries by/, 'all that are registered', 'witness');
says(0, qr/^exported/, 'an export', 'export', "$base/log");
good(qr/^GOOD .*witness/s, 'with the cosignature, for who trusts the witness', 'tree', "$base/log", @trust, '--witness', $node->safe_psql('watcher', $watching));
says(2, qr/does not know this log \(404: no such page\)/, 'an address that is none of a witness', 'witness', $url);
kill('TERM', $server);
waitpid($server, 0);
says(2, qr/\Q$url\E\S*: Could(?:n't| not) connect/i, 'a witness that is away', 'witness', "$url/w");

# Answers of strange witnesses.
my ($strange, $stranger) = HttpWitness::serve(sub {
	my ($path) = @_;

	return (422, 'text/plain', "fork\e[31m\n") if $path =~ /fork/;
	return (409, 'text/x.tlog.size', "999999999\n") if $path =~ /ahead/;
	return (409, 'text/x.tlog.size', "1\n") if $path =~ /stubborn/;
	return (409, 'text/x.tlog.size', "soon\n") if $path =~ /vague/;
	return (403, 'text/plain', "who are you\n") if $path =~ /stranger/;
	return (500, 'text/plain', "oops\n") if $path =~ /broken/;
	return (302, 'text/plain', '') if $path =~ /elsewhere/;
	return (200, 'text/plain', "\xff\xfe garbage") if $path =~ /garbage/;
	return (200, 'text/plain', 'x' x 1_000_000) if $path =~ /huge/;
	return (200, 'text/plain', '');
});
says(1, qr/^BAD \S+ refuses: this log does not extend what it has cosigned before \(422: fork\\u\{1b\}/, 'a witness that saw a fork', 'witness', "$strange/fork");
says(1, qr/^BAD \S+ has cosigned 999999999 entries, and this log's newest checkpoint is of \d+/, 'one that saw more', 'witness', "$strange/ahead");
says(2, qr/still knows another size/, 'one that will not have it', 'witness', "$strange/stubborn");
says(2, qr/does not say which size it knows/, 'one that is vague', 'witness', "$strange/vague");
says(2, qr/does not trust the key/, 'one that does not trust us', 'witness', "$strange/stranger");
says(2, qr/answers 500: oops/, 'one that is broken', 'witness', "$strange/broken");
says(2, qr/answers 302/, 'one that sends us elsewhere', 'witness', "$strange/elsewhere");
says(2, qr/was not kept/, 'one that answers garbage', 'witness', "$strange/garbage");
says(2, qr/answers with more than 65536 bytes/, 'one that answers too much', 'witness', "$strange/huge");
says(2, qr/was not kept/, 'one that answers nothing', 'witness', "$strange/silent");
says(2, qr/[Pp]rotocol/, 'a file for a witness', 'witness', 'file:///etc');
kill('TERM', $stranger);
waitpid($stranger, 0);

{
	local $Verifier::program = $program;
	good(qr/^consent-log publishes/, 'help', '--help');
	good(qr/^consent-log \d/, 'version', '--version');
	unchecked(qr/export or witness/, 'no command');
	unchecked(qr/export or witness/, 'another command', 'forget');
}
done_testing();
