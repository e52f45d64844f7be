# What the tests of fork safety share.
package ForkSafety;

use strict;
use warnings;

use ConsentLedger;
use Exporter 'import';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(note_file copy_keys from_backup record checkpoint newest refused fork_of goes_on_on_purpose);

sub key_directory { return shift->data_dir =~ s{/[^/]+/?$}{}r . '/consent_ledger'; }
sub note_file { my ($file) = glob(key_directory(shift) . '/*-checkpoint.note'); return $file; }
sub copy_keys { my ($from, $to) = @_; system_or_bail('cp', '-rp', key_directory($from), key_directory($to)); }

# Another node, from a base backup, with the keys of some node if any; options are those of init_from_backup().
sub from_backup
{
	my ($name, $from, $backup, $keys, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init_from_backup($from, $backup, %options);
	$node->append_conf('postgresql.conf', "archive_mode = off\n");
	copy_keys($keys, $node) if $keys;
	return $node;
}

sub record
{
	my ($node, $who, $database) = @_;

	$node->safe_psql($database // 'postgres', "SELECT consent.opt_in('$who' || i, 'train') FROM generate_series(1, 3) i");
}
sub checkpoint { shift->safe_psql('postgres', 'CALL consent.checkpoint()'); }
sub newest { return shift->safe_psql('postgres', 'SELECT note FROM consent.checkpoint ORDER BY size DESC LIMIT 1'); }

# Test that SQL fails with a message: node, SQL, pattern, what.
sub refused
{
	my ($node, $sql, $pattern, $what) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	isnt($status, 0, "$what: an error");
	like($err, $pattern, $what);
}

# What check_fork() says of a note: its verdict and the rest.
sub fork_of
{
	my ($node, $note) = @_;

	return $node->safe_psql('postgres', "SELECT verdict, size, here, detail FROM consent.check_fork(\$note\$$note\$note\$)");
}

# Test that a database that lacks something says so, and goes on under another origin.
sub goes_on_on_purpose
{
	my ($node, $what, $head, $others) = @_;
	my $had = $node->safe_psql('postgres', 'SELECT count(*) FROM consent.leaf');

	record($node, 'later');
	refused($node, 'CALL consent.checkpoint()', qr/55000: the log does not extend its last signed checkpoint\n.*lost.*\n.*continue_as/, "$what: not signed");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM consent.leaf'), $had, "$what: and nothing is put in the log");
	like(fork_of($node, $head), qr/^lost\|\d+\|$had\|A checkpoint with \d+ leaves was signed, and the database has $had: \d+ are lost/, "$what: check_fork()");
	refused($node, 'CALL consent.adopt_checkpoint()', qr/the log does not extend its last signed checkpoint/, "$what: nothing to adopt");
	my $vkey = $node->safe_psql('postgres', 'SELECT consent.continue_as()');
	like($vkey, qr{^postgres\.example/2\+}, "$what: a new key");
	checkpoint($node);
	like(newest($node), qr{^postgres\.example/2\n\d+\n\S+\n\n— postgres\.example/2 \S+\n$}, "$what: signed under the new origin");
	is($node->safe_psql('postgres', q{SELECT detail::json ->> 'last_head' FROM consent.event WHERE kind = 'log_continued'}), $head,
		"$what: which names the last head of the old one");
	record($node, 'after');
	checkpoint($node);
	sound($node, "$what: sound");
	like(fork_of($node, newest($node)), qr/^consistent/, "$what: the new head");
	like(fork_of($node, $head), qr/^(lost|forked)/, "$what: the old one still is of what was lost");
	like(fork_of($node, $_), qr/^consistent/, "$what: an older one is part of both") for @$others;
}

1;
