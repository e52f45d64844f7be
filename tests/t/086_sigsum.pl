# A witness written by others: Debian's sigsum-witness cosigns growth, and refuses a
# fork, a rollback and what is stale.
use strict;
use warnings;

use ConsentLedger;
use Digest::SHA qw(hmac_sha256_hex sha256_hex);
use File::Copy;
use HTTP::Tiny;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Verifier;

my $base = PostgreSQL::Test::Utils::tempdir();

# The programs of sigsum-go, from Debian's backports, unpacked and not installed.
sub sigsum_programs
{
	my $package = 'sigsum-go_0.11.1-1~bpo12+1_amd64.deb';

	return '/usr/bin' if -x '/usr/bin/sigsum-witness';
	return if `dpkg --print-architecture 2>/dev/null` ne "amd64\n";
	foreach my $from ('http://deb.debian.org/debian/pool/main/s/sigsum-go', 'http://snapshot.debian.org/archive/debian/20250401T000000Z/pool/main/s/sigsum-go')
	{
		my $answer = HTTP::Tiny->new(timeout => 30)->mirror("$from/$package", "$base/$package");

		next if !$answer->{success} ||
			sha256_hex(slurp("$base/$package")) ne 'b91e973f14371337c05d6a98c852a28e761f17876633282fd923d4c6752f5be1';
		return "$base/sigsum/usr/bin" if system('dpkg', '-x', "$base/$package", "$base/sigsum") == 0;
	}
	return;
}

my $programs = sigsum_programs() or plan skip_all => 'sigsum-go cannot be fetched from Debian here';

sub run_of { my ($out) = run_command([@_]); return $out; }

# ---- a log under the origin that sigsum wants ----

run_of('openssl', 'genpkey', '-algorithm', 'ed25519', '-out', "$base/log.pem");
my $public = substr(run_of('sh', '-c', "openssl pkey -in $base/log.pem -pubout -outform DER | od -An -v -tx1 | tr -d ' \\n'"), -64);
my $origin = 'sigsum.org/v1/tree/' . sha256_hex(pack('H*', $public));
my $node = start_node('sigsum', conf => "fsync = off\n");
my $keys = $node->data_dir =~ s{/[^/]+/?$}{/consent_ledger}r;

# The file of a key is adopted if it is there.
sub key_file { return "$keys/" . substr(hmac_sha256_hex(join('', map { pack('Q>', length) . $_ } 'consent_ledger/key/v1', $origin, shift), ''), 0, 16) . '-checkpoint.pem'; }

foreach my $database (qw(log fork))
{
	copy("$base/log.pem", key_file($database)) or die $!;
	chmod(0600, key_file($database));
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, "CREATE EXTENSION consent_ledger; SELECT consent.create_ledger('$origin')");
}

sub value { return $node->safe_psql('log', $_[0]); }
sub newest { return $node->safe_psql($_[0] // 'log', 'SELECT max(size) FROM consent.checkpoint'); }
sub grow { $node->safe_psql($_[0] // 'log', q{SELECT consent.define_purpose('p' || nextval('consent.seal_no_seq'))}); $node->safe_psql($_[0] // 'log', 'CALL consent.checkpoint()'); return newest(@_); }

my $vkey = value(q{SELECT vkey FROM consent.key WHERE signs = 'checkpoint'});
like($vkey, qr/^\Q$origin\E\+/, 'the key was adopted, and has the origin that sigsum wants');
spew("$base/log.hex", "$public\n");
run_of("$programs/sigsum-key", 'from-hex', '-k', "$base/log.hex", '-o', "$base/log.pub");
is(run_of("$programs/sigsum-key", 'to-vkey', '-k', "$base/log.pub"), $vkey, 'and the verifier key that sigsum makes of it');

# ---- the witness ----

run_of("$programs/sigsum-key", 'generate', '-o', "$base/witness");
my $port = PostgreSQL::Test::Cluster::get_free_port();
$ENV{GODEBUG} = 'httpmuxgo121=0';
my $witness = IPC::Run::start([ "$programs/sigsum-witness", '-k', "$base/witness", "--log-key=$base/log.pub", "--state-file=$base/state", "127.0.0.1:$port" ], '<', \'', '>', "$base/witness.log", '2>&1');
for (1 .. 100)
{
	last if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
	usleep(50_000);
}
my $url = "http://127.0.0.1:$port";

sub ask
{
	my ($request) = @_;
	my $answer = HTTP::Tiny->new->post("$url/add-checkpoint", { content => $request });

	return ($answer->{status}, $answer->{content}, $answer->{headers}{'content-type'});
}

sub says
{
	my ($status, $pattern, $name, $database) = @_;
	local $Verifier::program = installed('consent-log');

	result_is($status, $pattern, $name, '', 'witness', '-h', $node->host, '-p', $node->port, '-d', $database // 'log', $url);
}

my $first = grow();
my ($status, $line) = ask(value('SELECT consent.add_checkpoint_request()'));
is($status, 200, 'the first checkpoint is cosigned');
my ($name) = $line =~ /^\xe2\x80\x94 (\S+) / or diag($line);
my $key = run_of("$programs/sigsum-key", 'to-vkey', '-k', "$base/witness.pub", '-n', $name, '-t', 'cosignature/v1');
value("SELECT consent.register_witness('$key', '$url')");
is(value("SELECT consent.add_cosignature(convert_from(decode('" . unpack('H*', $line) . "', 'hex'), 'UTF8'))"), 1, 'and the ledger takes it');

my $second = grow();
says(0, qr/^cosigned $second entries/, 'growth is cosigned');
is(value(qq{SELECT size, name FROM consent.cosignature ORDER BY bound_no DESC LIMIT 1}), "$second|$name", 'and kept');
says(0, qr/^cosigned $second entries/, 'the same again');
value('SELECT consent.set_witness_quorum(1)');
grow() for 1 .. 3;
my $third = grow();
says(0, qr/^cosigned $third entries/, 'growth from a size that the ledger remembers');
is(value('SELECT count(*) FROM consent.verify()'), 0, 'verify() finds its cosignatures good');
my $event = value("SELECT event_id FROM consent.event_log ORDER BY 1 OFFSET 1 LIMIT 1");
$Verifier::program = installed('consent-verify');
result_is(0, qr/^GOOD .*\Q$name\E/, 'a receipt has them', value("SELECT consent.receipt($event)"), 'receipt', '-', '--log', $vkey,
	'--seal', value(q{SELECT vkey FROM consent.key WHERE signs = 'seal'}), '--witness', $key);

# ---- what it refuses ----

($status, my $body, my $type) = ask(value("SELECT consent.add_checkpoint_request($first, $third)"));
is("$status $type $body", "409 text/x.tlog.size $third\n", 'a stale size: 409, and the size that it knows');
is((ask(value("SELECT consent.add_checkpoint_request($third, $third)") =~ s/^old $third\n/"old " . ($third + 1) . "\n"/er))[0], 400, 'an old size beyond the checkpoint: 400');
is((ask(value("SELECT consent.add_checkpoint_request($second, $second)")))[0], 409, 'a rollback: 409');
grow('fork') until newest('fork') > $third;
says(1, qr/^BAD \S+ refuses: this log does not extend what it has cosigned before \(422/, 'a fork under the same key: 422', 'fork');
grow();
is((ask(value("SELECT consent.add_checkpoint_request($third)") =~ s/\n[A-Za-z0-9+\/]{43}=\n/\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n/r))[0], 422, 'a wrong proof: 422');
isnt((ask("nonsense"))[0], 200, 'nonsense');
says(0, qr/^cosigned/, 'and goes on with the log that it knows');
$witness->kill_kill;
done_testing();
