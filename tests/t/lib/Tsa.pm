# A time-stamping authority of a test's own, by the program openssl.
package Tsa;

use strict;
use warnings;

use PostgreSQL::Test::Utils;
use Test::More;

# A root, in a directory.
sub root
{
	my ($dir, $name) = @_;
	my $self = bless { dir => $dir, name => $name }, 'Tsa';

	append_to_file("$dir/$name.cnf", <<"END");
[ca]
default_ca = it
[it]
database = $dir/$name.index
serial = $dir/$name.serial
new_certs_dir = $dir
default_md = sha256
policy = any
[any]
commonName = supplied
[stamps]
extendedKeyUsage = critical,timeStamping
[loose]
extendedKeyUsage = timeStamping
[serves]
extendedKeyUsage = critical,serverAuth
[tsa]
default_tsa = them
[them]
serial = $dir/$name.tsaserial
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
accuracy = secs:2, millisecs:500
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
END
	append_to_file("$dir/$name.index", '');
	append_to_file("$dir/$name.serial", "01\n");
	append_to_file("$dir/$name.tsaserial", "01\n");
	$self->run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.pem");
	return $self;
}

sub run
{
	my ($self, @command) = @_;
	my ($out, $err);

	IPC::Run::run([ 'openssl', @command ], '>', \$out, '2>', \$err) or BAIL_OUT("openssl @command: $err");
	return $out;
}

# A certificate under it: name, extensions, from and to when it is valid.
sub certificate
{
	my ($self, $name, $extensions, $from, $to) = @_;
	my $dir = $self->{dir};

	$self->run('req', '-new', '-newkey', 'rsa:2048', '-nodes', '-subj', "/CN=$name", '-keyout', "$dir/$name.key", '-out', "$dir/$name.csr");
	$self->run('ca', '-batch', '-notext', '-config', "$dir/$self->{name}.cnf", '-extensions', $extensions, '-cert', "$dir/$self->{name}.pem",
		'-keyfile', "$dir/$self->{name}.key", '-in', "$dir/$name.csr", '-out', "$dir/$name.pem", '-startdate', stamp($from), '-enddate', stamp($to));
}

# Seconds from now as openssl writes times.
sub stamp
{
	my ($seconds) = @_;
	my @t = gmtime(time() + $seconds);

	return sprintf('%04d%02d%02d%02d%02d%02dZ', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0]);
}

sub pem { my ($self, $name) = @_; return slurp_file("$self->{dir}/$name.pem"); }

# The answer to a request by a certificate, both in hex; with the token alone if wanted.
sub answer
{
	my ($self, $name, $request, $token) = @_;
	my $dir = $self->{dir};

	open(my $file, '>:raw', "$dir/request.tsq") or die;
	print $file pack('H*', $request);
	close($file);
	unlink("$dir/answer.tsr");
	$self->run('ts', '-reply', '-config', "$dir/$self->{name}.cnf", '-queryfile', "$dir/request.tsq", '-signer', "$dir/$name.pem",
		'-inkey', "$dir/$name.key", '-out', "$dir/answer.tsr", $token ? '-token_out' : ());
	return unpack('H*', slurp_file("$dir/answer.tsr"));
}

1;
