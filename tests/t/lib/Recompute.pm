# The formats of docs/FORMAT.md once more, in another language and from that
# page alone: canonical events, Merkle roots, commitments, seals, signed notes.
package Recompute;

use strict;
use warnings;

use Digest::SHA qw(sha256 hmac_sha256);
use Exporter 'import';
use File::Temp qw(tempfile);
use JSON::PP;
use MIME::Base64 qw(decode_base64 encode_base64);

our @EXPORT = qw(canonical leaf root commitment seal_fields note_verifies sign_note
	use_place use_value prefix_root prefix_way);

# RFC 8785 of a flat object of strings; members that are undef are left out.
# Strings are bytes of UTF-8, and so is the result.
sub canonical
{
	my ($members) = @_;
	my %escape = ('"' => '\"', '\\' => '\\\\', "\b" => '\b', "\f" => '\f',
		"\n" => '\n', "\r" => '\r', "\t" => '\t');
	my @out;

	foreach my $name (sort grep { defined $members->{$_} } keys %$members)
	{
		my $value = $members->{$name};

		$value =~ s/(["\\\x00-\x1f])/$escape{$1} \/\/ sprintf('\u%04x', ord $1)/ge;
		push @out, qq("$name":"$value");
	}
	return '{' . join(',', @out) . '}';
}

# RFC 9162: the hash of a leaf, and the root over leaf hashes.
sub leaf { return sha256("\x00" . $_[0]) }

sub root
{
	my @leaves = @_;
	my $split = 1;

	return sha256('') unless @leaves;
	return $leaves[0] if @leaves == 1;
	$split *= 2 while $split * 2 < @leaves;
	return sha256("\x01" . root(@leaves[0 .. $split - 1]) . root(@leaves[$split .. $#leaves]));
}

# HMAC-SHA-256 under a salt of parts with their lengths.
sub commitment
{
	my ($salt, @parts) = @_;

	return hmac_sha256(join('', map { pack('Q>', length $_) . $_ } @parts), $salt);
}

# Where a subject stands in the tree of a run, and her nonce in it.
sub use_place
{
	my ($salt, $origin, $run) = @_;

	return map { commitment($salt, "consent_ledger/$_/v1", $origin, $run) } qw(use use_nonce);
}

# What her leaf holds: a hash of nonce and list of rows.
sub use_value
{
	my ($nonce, $list) = @_;

	return sha256("\x03$nonce$list");
}

# The root over leaves, given as a hash of values by position, below a depth.
sub prefix_root
{
	my ($leaves, $depth) = @_;
	my @positions = keys %$leaves;
	my @sides = ({}, {});

	return sha256("\x02") unless @positions;
	return sha256("\x00$positions[0]$leaves->{$positions[0]}") if @positions == 1;
	$sides[substr(unpack('B*', $_), $depth, 1)]{$_} = $leaves->{$_} foreach @positions;
	return sha256("\x01" . prefix_root($sides[0], $depth + 1) . prefix_root($sides[1], $depth + 1));
}

# Where a way leads to, from its hashes and what it ends in: a leaf's position
# and value, or nothing.  undef if that cannot be at the end of it.
sub prefix_way
{
	my ($position, $path, @leaf) = @_;
	my $bits = unpack('B*', $position);
	my $hash = sha256(@leaf ? "\x00$leaf[0]$leaf[1]" : "\x02");

	return if @leaf && substr(unpack('B*', $leaf[0]), 0, @$path) ne substr($bits, 0, @$path);
	return if @$path && $path->[-1] eq sha256("\x02");
	foreach my $depth (reverse 0 .. $#$path)
	{
		$hash = sha256("\x01" . (substr($bits, $depth, 1) ? $path->[$depth] . $hash : $hash . $path->[$depth]));
	}
	return $hash;
}

# The labelled lines of a seal's text, in a hash; undef if it is not one.
sub seal_fields
{
	my ($note) = @_;
	my ($text) = $note =~ /\A(.*?\n)\n/s or return;
	my @lines = split /\n/, $text;
	my %fields;

	return unless shift @lines eq 'consent_ledger/seal/v1';
	foreach my $label (qw(origin kind seal count root time checkpoint bound))
	{
		my $line = shift @lines;

		return unless defined $line && $line =~ s/\A$label //;
		$fields{$label} = $line;
	}
	return @lines ? undef : \%fields;
}

# Is the note signed by this verifier key?  OpenSSL does the Ed25519.
sub note_verifies
{
	my ($note, $vkey) = @_;
	my ($name, $id, $key) = $vkey =~ /\A(.+)\+([0-9a-f]{8})\+(\S+)\z/ or return 0;
	my $typed = decode_base64($key);
	my ($text, $signatures) = $note =~ /\A(.*\n)\n((?:[^\n]+\n)+)\z/s or return 0;

	return 0 unless unpack('H8', sha256("$name\n$typed")) eq $id;
	foreach my $line (split /\n/, $signatures)
	{
		my ($signer, $blob) = $line =~ /\A\xe2\x80\x94 (\S+) (\S+)\z/ or return 0;
		my $bytes = decode_base64($blob);

		next unless $signer eq $name && unpack('H8', $bytes) eq $id;
		return ed25519_verifies(substr($typed, 1), $text, substr($bytes, 4));
	}
	return 0;
}

# A note of this text, signed by a private key in a PEM file, of which the
# verifier key is the public part.
sub sign_note
{
	my ($text, $vkey, $pem) = @_;
	my ($name, $id) = $vkey =~ /\A(.+)\+([0-9a-f]{8})\+/ or die "no verifier key";
	my ($handle, $file) = tempfile(UNLINK => 1);

	binmode $handle;
	print $handle $text;
	close $handle;
	my $signature = qx(openssl pkeyutl -sign -rawin -inkey $pem -in $file);
	return "$text\n\xe2\x80\x94 $name " . encode_base64(pack('H*', $id) . $signature, '') . "\n";
}

sub ed25519_verifies
{
	my ($public, $message, $signature) = @_;
	# SubjectPublicKeyInfo of RFC 8410
	my $der = pack('H*', '302a300506032b6570032100') . $public;
	my @files;

	foreach my $content ($der, $message, $signature)
	{
		my ($handle, $file) = tempfile(UNLINK => 1);

		binmode $handle;
		print $handle $content;
		close $handle;
		push @files, $file;
	}
	return system("openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey $files[0]"
		  . " -in $files[1] -sigfile $files[2] >/dev/null 2>&1") == 0;
}

1;
