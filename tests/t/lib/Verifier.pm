# What the tests of consent-verify share: running it, and files.
package Verifier;

use strict;
use warnings;

use Exporter 'import';
use File::Temp;
use IPC::Run;
use Test::More;

our @EXPORT = qw(slurp spew verify result_is good bad unchecked);
our $program;

sub slurp
{
	my ($name) = @_;

	open(my $file, '<:raw', $name) or die "$name: $!";
	local $/;
	return <$file> // '';
}

sub spew
{
	my ($name, $content) = @_;

	open(my $file, '>:raw', $name) or die "$name: $!";
	print $file $content;
	close($file) or die;
}

# Run it: exit status, what it printed, what it complained of; white space as one space.
sub verify
{
	my ($input, @arguments) = @_;
	my ($out, $err);
	# A file, since a program that does not read a pipe breaks it.
	my $file = File::Temp->new;

	binmode($file);
	print $file $input;
	close($file);
	IPC::Run::run([ $program, @arguments ], '<', $file->filename, '>', \$out, '2>', \$err);
	my $status = $? & 127 ? "signal $?" : $? >> 8;
	s/\s+/ /g foreach $out, $err;
	return ($status, $out, $err);
}

sub result_is
{
	my ($status, $pattern, $name, $input, @arguments) = @_;
	my ($got, $out, $err) = verify($input, @arguments);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok($got eq $status && "$out$err" =~ $pattern, $name)
		or diag("exit status $got\n$out\n$err");
}

# What must be found: exit status 0, 1 or 2, and a pattern.
sub good { my ($pattern, $name, @arguments) = @_; result_is(0, $pattern, $name, '', @arguments) }
sub bad { my ($pattern, $name, @arguments) = @_; result_is(1, $pattern, $name, '', @arguments) }
sub unchecked { my ($pattern, $name, @arguments) = @_; result_is(2, $pattern, $name, '', @arguments) }

1;
