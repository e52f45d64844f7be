# A witness as a small HTTP server on loopback, whose answers a test scripts.
package HttpWitness;

use strict;
use warnings;

use IO::Socket::INET;

# Serve until killed: a function of path and body that returns status, type, body.
# Returns the address and the process.
sub serve
{
	my ($answer) = @_;
	my $socket = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "no socket: $!";
	my $pid = fork() // die;

	return ('http://127.0.0.1:' . $socket->sockport, $pid) if $pid;
	$SIG{TERM} = 'DEFAULT';
	while (my $client = $socket->accept)
	{
		my ($path, $body) = request($client);

		respond($client, $answer->($path, $body)) if defined $path;
		close($client);
	}
	exit;
}

sub request
{
	my ($client) = @_;
	my ($path, $length, $body) = (undef, 0, '');

	while (my $line = <$client>)
	{
		$path = $1 if $line =~ m{^POST (\S+) HTTP/1\.[01]};
		$length = $1 if $line =~ /^content-length: (\d+)/i;
		last if $line =~ /^\r?\n$/;
	}
	read($client, $body, $length) if $length;
	return ($path, $body);
}

sub respond
{
	my ($client, $status, $type, $body) = @_;

	print $client "HTTP/1.1 $status Status\r\nContent-Type: $type\r\nContent-Length: " . length($body) . "\r\nConnection: close\r\n\r\n$body";
}

1;
