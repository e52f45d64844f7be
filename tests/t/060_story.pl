# The story on real data: private messages, a policy that changed, a setting that
# was on for everybody, runs that used the messages, people who said yes and no.
# Every answer to an auditor is what the oracle computes from the raw data.
use strict;
use warnings;

use lib 'tests/oracle';
use ConsentLedger;
use List::Util qw(any uniq);
use PostgreSQL::Test::Utils;
use Rule;
use Test::More;
use Time::Local qw(timegm_modern);

my $data = '../shared/data';
plan skip_all => "there is no real data in $data" unless -e "$data/CollegeMsg.txt";

my $years = 7305 * 86400; # 2004 to 2024
my $node = new_node('story');
$node->start;
make_ledger($node, 'postgres', 'bigint');

sub sql { return $node->safe_psql('postgres', "SET timezone = 'UTC'; $_[0]") }

# ---- the raw data ----

# Microseconds since 1970 of 'YYYY-MM-DD hh:mm:ss' in UTC, the time or a part of it left out.
sub instant
{
	my ($y, $mo, $d, $h, $mi, $s) = $_[0] =~ /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d))?)?/ or die $_[0];

	return 1_000_000 * timegm_modern($s // 0, $mi // 0, $h // 0, $d, $mo - 1, $y);
}

# The rows of a file of comma-separated values, as hashes.
sub csv
{
	my ($file) = @_;
	my (@rows, @names);

	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		my @fields;

		$line =~ s/\r?\n\z//;
		push @fields, $1 // $2 while $line =~ /\G(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/g;
		s/""/"/g foreach @fields;
		if (@names) { my %row; @row{@names} = @fields; push @rows, \%row }
		else { @names = @fields }
	}
	return @rows;
}

my @messages;
open my $in, '<', "$data/CollegeMsg.txt" or die;
while (<$in>)
{
	my ($sender, $recipient, $seconds) = split;

	push @messages, { id => scalar(@messages) + 1, parties => [ uniq($sender, $recipient) ], sent => 1_000_000 * ($seconds + $years), names => "$sender\t$recipient" };
}
my @members = sort { $a <=> $b } uniq(map { @{ $_->{parties} } } @messages);

# The versions of the policy that first speaks of training AI at that moment.
my @versions = csv("$data/pga_policy_versions.csv");
my ($turn) = grep { $_->{first_observed_at} =~ /^2024-09-19T00:32:21/ && $_->{mentions_ai_training} } @versions;
@versions = sort { $a->{first_observed_at} cmp $b->{first_observed_at} }
  grep { $_->{service} eq $turn->{service} && $_->{document} eq $turn->{document} } @versions;

sub purpose_name
{
	my ($name) = $_[0] =~ /(\w+)$/;

	$name =~ s/([a-z])(?=[A-Z])/$1_/g;
	$name =~ s/([A-Z])(?=[A-Z][a-z])/$1_/g;
	return lc $name;
}

my (%purposes, @order);
foreach my $term (grep { $_->{dpvtype} =~ /#Purpose$/ || $_->{term} eq 'Purpose' } csv("$data/dpv_purposes.csv"))
{
	$purposes{ purpose_name($term->{term}) } = {
		parents => [ map { purpose_name($_) } split /;/, $term->{hasbroader} ],
		since => instant('2024-01-01'), title => $term->{label} };
}
@{ $purposes{$_}{parents} } = grep { $purposes{$_} } @{ $purposes{$_}{parents} } foreach keys %purposes;
$purposes{ai_training} = {
	parents => [qw(improve_existing_products_and_services commercial_research)],
	since => instant('2024-08-01'), title => 'Training of AI models' };
$purposes{$_}{regime} = $_ eq 'service_usage_analytics' ? 'opt_out' : 'opt_in' foreach keys %purposes;

# Parents first.
while (@order < keys %purposes)
{
	my %there = map { $_ => 1 } @order;
	my @next = grep { !$there{$_} && !grep { !$there{$_} } @{ $purposes{$_}{parents} } } sort keys %purposes;

	die 'the purposes have a cycle' unless @next;
	push @order, @next;
}
is(scalar @messages, 59835, 'messages');
is(scalar @members, 1899, 'members');
is(scalar @versions, 18, 'versions of the policy');
cmp_ok(scalar(grep { @{ $_->{parents} } == 2 } values %purposes), '>=', 12, 'purposes with two parents');

# ---- what is told to the ledger ----

my $world = { purposes => \%purposes, tables => { message => 'all' }, presets => [], events => {} };
my %told; # events by their number
my $events = 0;

# What a choice says, from its text.
sub parsed
{
	my ($text) = @_;
	my ($stance, $purpose, $until, $from, $act, $notice) =
	  $text =~ /^([-+~])(\w+)(?: until (\S+))?(?: for \[(\S+),\))?(?: as (\w+))?(?: under (\S+))?$/ or die $text;

	return {
		stance => $stance, purpose => $purpose, until => $until && instant($until), from => $from && instant($from),
		act => $act, notice => $notice };
}

# Record a list of events, [ member, choice, time, other columns ], in one COPY.
sub record
{
	my @columns = qw(actor method source table_name row_key);
	my $script = 'COPY consent.event (subject, choices, event_time, external_id, ' . join(', ', @columns) . ") FROM stdin;\n";

	foreach (@_)
	{
		my ($member, $choice, $time, %other) = @$_;
		my $event = {
			no => ++$events, choices => [ parsed($choice) ], time => instant($time),
			table => $other{table_name}, row => $other{row_key}, subject => $member };

		%other = (actor => 'self', method => 'settings page', source => 'story', %other);
		@$event{qw(actor method source)} = @other{qw(actor method source)};
		$script .= join("\t", $member, $choice, Rule::instant($event->{time}), $events, map { $_ // '\N' } @other{@columns}) . "\n";
		push @{ $world->{events}{$member} }, $event;
		$told{$events} = $event;
	}
	sql("$script\\.\n");
	foreach (split /\n/, sql("SELECT external_id, event_id, (extract(epoch FROM recorded_at) * 1000000)::bigint
		FROM consent.event WHERE external_id IS NOT NULL"))
	{
		my ($no, $id, $recorded) = split /\|/;

		@{ $told{$no} }{qw(id recorded)} = ($id, $recorded);
	}
	return;
}

# A time some days after another, of this member's own.
sub some_time_after
{
	my ($start, $member, $days) = @_;

	return Rule::instant(instant($start) + 1_000_000 * ($member * 7919 % ($days * 86400)));
}

sub moment { return sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint") }

sub literal { my ($text) = @_; $text =~ s/'/''/g; return "'$text'" }

sql(join('', map {
	my $purpose = $purposes{$_};

	sprintf("SELECT consent.define_purpose('%s', '{%s}', '%s', %s, '%s');\n",
		$_, join(',', @{ $purpose->{parents} }), $purpose->{regime}, literal($purpose->{title}), Rule::instant($purpose->{since}))
} @order));
sql(join('', map {
	my $version = $versions[$_ - 1];

	sprintf("SELECT consent.publish_notice('policy', '%d', 'The text whose hash is %s', '{%s}', %s, 'America/Los_Angeles', '%s');\n",
		$_, $version->{sha256}, $version->{mentions_ai_training} ? 'service_provision,ai_training' : 'service_provision',
		$version->{stated_date} ? "'$version->{stated_date}'" : 'NULL', $version->{first_observed_at})
} 1 .. @versions));
sql('CREATE TABLE message (id bigint PRIMARY KEY, sender bigint NOT NULL, recipient bigint NOT NULL, sent_at timestamptz NOT NULL);'
	  . "COPY message FROM stdin;\n" . join('', map { "$_->{id}\t$_->{names}\t" . Rule::instant($_->{sent}) . "\n" } @messages) . "\\.\n"
	  . "ANALYZE message; SELECT consent.protect('message', '{sender,recipient}', collected_at => 'sent_at', known_as => 'message');");

# The quiet switch of August.
push @{ $world->{presets} }, {
	no => 0, choices => [ parsed('~ai_training') ], time => instant('2024-08-01'),
	id => sql("SELECT consent.set_preset('~ai_training', at => '2024-08-01Z')"), recorded => 0 };

# What some had said by then.
my %first; # a message of each member
$first{$_->[1]} //= $_->[0] foreach map { my $message = $_; map { [ $message->{id}, $_ ] } @{ $message->{parties} } } @messages;
record(map {
	my $m = $_;

	(
		($m % 23 == 0 ? [ $m, '+ai_training', '2024-08-05 10:00' ] : ()),
		($m % 46 == 7 ? [ $m, '+ai_training for [2024-06-01T00:00:00Z,)', '2024-08-05 11:00' ] : ()),
		($m % 69 == 5 ? [ $m, '+ai_training until 2024-09-05T00:00:00Z', '2024-08-06 12:00' ] : ()),
		($m % 29 == 0 ? [ $m, '-ai_training as objected', '2024-08-10 08:00' ] : ()),
		($m % 31 == 0 ? [ $m, '-purpose as refused', '2024-05-01 08:00' ] : ()),
		($m % 37 == 0 ? [ $m, '+purpose', '2024-07-15 08:00' ] : ()),
		($m % 41 == 0 ? [ $m, '+improve_existing_products_and_services as reaffirmed', '2024-08-07 08:00' ] : ()),
		($m % 43 == 0 ? [ $m, '+ai_training', '2024-08-08 08:00', table_name => 'message' ] : ()),
		($m % 53 == 0 ? [ $m, '-ai_training as revoked', '2024-08-09 08:00', table_name => 'message', row_key => $first{$m} ] : ()),
		($m % 61 == 0 ? [ $m, '+ai_training', '2024-08-11 08:00', actor => 'admin' ] : ()))
} @members);

# ---- the runs ----

my @runs;

# Open a run: name, purposes, from when to when it was, other arguments.
sub open_run
{
	my ($name, $purposes, $from, $to, $more) = @_;
	my $run = { name => $name, purposes => $purposes, uses => [] };

	$run->{id} = sql(sprintf("SELECT consent.open_run('%s', '{%s}'%s%s)",
		$name, join(',', @$purposes), $from ? ", used_at => '[$from,$to)'" : '', $more // ''));
	$run->{instants} = [ instant($from), instant($to) - 1 ] if $from;
	push @runs, $run;
	return $run;
}

# What the oracle says about a party of a row under the purposes of a run, at
# its worst: verdict, permitted, choices that decide.  A member who chose nothing
# about data, tables or rows gets the same answer for all of them.
my (%judged, %particular);
sub judge
{
	my ($run, $message, $member, $instants, $known) = @_;
	my $particular = $particular{$events}{$member} //=
	  (any { defined $_->{table} || any { defined $_->{from} } @{ $_->{choices} } } @{ $world->{events}{$member} // [] }) ? 1 : 0;
	my $when = join(' ', $events, $run->{id}, @{ $instants // [] }, $known // '');

	return @{ $judged{$when}{$member}{ $particular ? $message->{id} : 0 } //=
		  judged($run->{purposes}, $message, $member, $instants, $known) };
}

sub judged
{
	my ($purposes, $message, $member, $instants, $known) = @_;
	my %rank = map { $Rule::verdicts[$_] => $_ } 0 .. $#Rule::verdicts;
	my ($worst, $permitted, @deciders) = ('granted', 1);

	foreach my $purpose (@$purposes)
	{
		foreach my $at ($instants ? @$instants : undef)
		{
			my $answer = Rule::verdict($world, {
				parties => [$member], purpose => $purpose, table => 'message', row => $message->{id},
				collected => $message->{sent}, at => $at, known_at => $known })->{parties}[0];

			$permitted &&= Rule::permits($world, $purpose, $answer->{verdict});
			@deciders = () if $rank{ $answer->{verdict} } > $rank{$worst};
			$worst = $answer->{verdict} if $rank{ $answer->{verdict} } > $rank{$worst};
			push @deciders, map { $_->{event}{id} } @{ $answer->{deciders} // [] } if $answer->{verdict} eq $worst;
		}
	}
	return [ $worst, $permitted ? 1 : 0, \@deciders ];
}

# Expect these messages to have been used for a run just now: all of them, or
# those that are permitted.  Returns how many are used, and how many are not permitted.
sub expect_uses
{
	my ($run, $which, @used) = @_;
	my ($count, $refused) = (0, 0);

	$run->{recorded} = $world->{now} = moment();
	foreach my $message (@used)
	{
		my @uses;

		foreach my $member (@{ $message->{parties} })
		{
			my ($verdict, $permitted) = judge($run, $message, $member, $run->{instants}, $run->{recorded});

			push @uses, { run => $run, message => $message, member => $member, then => $verdict, permitted => $permitted };
		}
		my $no = any { !$_->{permitted} } @uses;

		$refused++ if $no;
		next if $no && $which eq 'permitted';
		$count++;
		push @{ $run->{uses} }, @uses;
	}
	return ($count, $refused);
}

sub sent_before
{
	my ($time, $each, $rest) = @_;

	return grep { $_->{sent} < instant($time) && $_->{id} % $each == $rest } @messages;
}

# August: a training, reported back by key.
my $august = open_run('summer model', ['ai_training'], '2024-08-20', '2024-08-21', q{, model => 'm1'});
my $counts = sql("SELECT * FROM consent.record_use($august->{id}, 'message',
	(SELECT array_agg(id) FROM message WHERE sent_at < '2024-08-20Z' AND id % 8 = 1))");
my ($used, $refused) = expect_uses($august, 'all', sent_before('2024-08-20', 8, 1));
is($counts, "$used|0|0|$refused", 'August: what was used, and what of it was not permitted');
sql("SELECT consent.close_run($august->{id})");

# September: a disclosure to a partner, under two purposes, by a manifest.
my @two = qw(ai_training sell_data_to_third_parties);
my $partner = open_run('shared with a partner', \@two, '2024-09-10', '2024-09-12', q{, recipient => 'Partner'});
$counts = sql("SELECT consent.record_use($partner->{id},
	(SELECT consent.manifest('{ai_training,sell_data_to_third_parties}', 'message', id, ARRAY[sender, recipient], sent_at)
	FROM message WHERE sent_at < '2024-09-10Z' AND id % 16 = 0))");
expect_uses($partner, 'all', sent_before('2024-09-10', 16, 0));
is($counts, scalar @{ $partner->{uses} }, 'September: what was disclosed');
sql("SELECT consent.close_run($partner->{id})");

# The policy speaks of it; a quarter opts out, some opt in.
record(map {
	my $m = $_;

	(
		($m % 4 == 1 ? [ $m, '-ai_training as opted_out', some_time_after('2024-09-20', $m, 20) ] : ()),
		($m % 10 <= 3 ? [ $m, '+ai_training under policy/10', some_time_after('2024-09-22', $m, 20) ] : ()))
} @members);

# October: a training with those who had agreed, asked row by row.
my $october = open_run('autumn model', ['ai_training'], '2024-10-20', '2024-10-21', ", base_runs => '{$august->{id}}'");
$counts = sql("SELECT count(*) FROM message WHERE sent_at < '2024-10-20Z'
	AND consent.record_use($october->{id}, 'message', id, ARRAY[sender, recipient], sent_at)");
($used) = expect_uses($october, 'permitted', sent_before('2024-10-20', 1, 0));
is($counts, $used, 'October: what was permitted');
cmp_ok($used, '>', 1000, 'and there was some');
sql("SELECT consent.close_run($october->{id})");

# Now: figures about use, which silence permits.
my $figures = open_run('figures', ['service_usage_analytics']);
$counts = sql("SELECT count(*) FROM message m WHERE id % 20 = 0 AND consent.record_use(m, $figures->{id})");
($used) = expect_uses($figures, 'permitted', grep { $_->{id} % 20 == 0 } @messages);
is($counts, $used, 'now: what an opt-out regime permits');
sql("SELECT consent.close_run($figures->{id})");

# A run that nobody closed, and a transaction of it that was rolled back.
my $open = open_run('abandoned', ['ai_training']);
my $use = sub { return "SELECT count(*) FROM message WHERE id % 1000 = $_[0] AND consent.record_use($open->{id}, 'message', id, ARRAY[sender, recipient], sent_at)" };
sql("BEGIN; " . $use->(1) . "; ROLLBACK;");
$counts = sql($use->(2));
($used) = expect_uses($open, 'permitted', grep { $_->{id} % 1000 == 2 } @messages);
is($counts, $used, 'the run that was not closed');

# ---- afterwards ----

# A paper with a yes of August turns up, for some who opted out too; some withdraw
# in November, one opts out and in again, one says both at once.
record((map {
	my $m = $_;

	(
		($m % 47 == 3 ? [ $m, '+ai_training', '2024-08-12 09:00', method => 'paper', source => 'archive' ] : ()),
		($m % 52 == 1 ? [ $m, '+ai_training', '2024-08-15 09:00', method => 'paper', source => 'archive' ] : ()),
		($m % 52 == 5 ? [ $m, '+ai_training', '2024-11-15 09:00', method => 'paper', source => 'archive' ] : ()),
		($m % 10 == 3 && $m % 3 == 0 ? [ $m, '-ai_training as withdrawn', '2024-11-05 09:00' ] : ()),
		($m % 59 == 0 ? [ $m, '-service_usage_analytics as objected', '2024-11-06 09:00' ] : ()))
} @members),
	[ 9, '-ai_training as opted_out', '2024-11-20 09:00' ], [ 9, '+ai_training as granted', '2024-11-21 09:00' ],
	[ 11, '-ai_training as opted_out', '2024-11-20 09:00' ], [ 11, '+ai_training as granted', '2024-11-20 09:00' ]);

# The settings page, since it is tracked: people act, and the operator does.
my %setting = map { $_ => 'yes' } @members;
sql("CREATE TABLE setting (member bigint PRIMARY KEY, use_my_data boolean);
	INSERT INTO setting SELECT DISTINCT sender FROM message UNION SELECT recipient FROM message;
	UPDATE setting SET use_my_data = true;
	CREATE TRIGGER track AFTER INSERT OR UPDATE OR DELETE ON setting FOR EACH ROW EXECUTE FUNCTION consent.track('member', 'use_my_data', 'ai_training');");
sub set_by
{
	my ($who, $value, @who) = @_;
	my $stance = $value eq 'false' ? '-' : $who eq 'operator' ? '~' : '+';

	sql(join('', map {
		'BEGIN; ' . ($who eq 'operator' ? '' : "SELECT consent.acting($_, method => 'settings page');")
		  . "UPDATE setting SET use_my_data = $value WHERE member = $_; COMMIT;"
	} @who));
	foreach (split /\n/, sql("SELECT DISTINCT ON (subject) subject, event_id, (extract(epoch FROM event_time) * 1000000)::bigint,
		(extract(epoch FROM recorded_at) * 1000000)::bigint
		FROM consent.event WHERE subject IN ('" . join("', '", @who) . "') ORDER BY subject, event_id DESC"))
	{
		my ($member, $id, $time, $recorded) = split /\|/;

		push @{ $world->{events}{$member} }, {
			no => ++$events, id => $id, time => $time, recorded => $recorded, subject => $member,
			choices => [ { stance => $stance, purpose => 'ai_training' } ] };
		$setting{$member} = $value eq 'false' ? 'no' : 'yes';
	}
	return;
}
set_by('self', 'false', 100 .. 109);
set_by('self', 'true', 100 .. 102);
set_by('operator', 'true', 103 .. 105);
sql("ALTER TABLE setting DISABLE TRIGGER track; UPDATE setting SET use_my_data = NOT use_my_data WHERE member BETWEEN 108 AND 112;
	UPDATE setting SET use_my_data = NULL WHERE member BETWEEN 113 AND 140; ALTER TABLE setting ENABLE TRIGGER track;");
$setting{$_} = $setting{$_} eq 'yes' ? 'no' : 'yes' foreach 108 .. 112;
$setting{$_} = '' foreach 113 .. 140;

# ---- what auditors ask ----

$world->{now} = moment();
my @uses = map { @{ $_->{uses} } } @runs;
foreach my $use (@uses)
{
	my ($run, $message, $member) = @$use{qw(run message member)};

	@$use{qw(now permitted_now deciders)} = judge($run, $message, $member, undef, undef);
	next if $use->{permitted};
	my ($late, $permitted_late, $deciders) = judge($run, $message, $member, $run->{instants} // [ $run->{recorded} ], undef);

	@$use{qw(because because_of)} =
		$permitted_late      ? ('recorded_late', $deciders)
	  : $use->{permitted_now} ? ('agreed_later', $use->{deciders})
	  :                        (undef, undef);
}

# Test that two lists hold the same lines; when they do not, say which.
sub same_lines
{
	my ($what, $expected, $got) = @_;
	my (%expected, %got);

	$expected{$_}++ foreach @$expected;
	$got{$_}++ foreach split /\n/, $got;
	my @lost = grep { ($got{$_} // 0) < $expected{$_} } sort keys %expected;
	my @more = grep { ($expected{$_} // 0) < $got{$_} } sort keys %got;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	ok(!@lost && !@more && @$expected, sprintf('%s: %d', $what, scalar @$expected));
	diag(scalar(@lost) . " are missing, as $_") foreach $lost[0] // ();
	diag(scalar(@more) . " are too many, as $_") foreach $more[0] // ();
	return;
}

sub line { return join('|', map { $_ // '' } @_) }

# Test that a list of uses is this one, with these fields; and that each names an
# event that decides, where that is asked: lines are run|row|member|event|fields.
sub same_uses
{
	my ($what, $uses, $fields, $deciders, $got) = @_;
	my %deciders = map { line($_->{run}{id}, $_->{message}{id}, $_->{member}) => $deciders ? $_->{$deciders} : [] } @$uses;
	my (@wrong, @lines);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	foreach (split /\n/, $got)
	{
		my ($run, $row, $member, $event, $rest) = split /\|/, $_, 5;
		my @may = @{ $deciders{ line($run, $row, $member) } // [] };

		push @lines, line($run, $row, $member, $rest);
		push @wrong, "$_ (of @may)" unless @may ? any { $_ eq $event } @may : $event eq '';
	}
	same_lines($what, [ map { line($_->{run}{id}, $_->{message}{id}, @$_{ 'member', @$fields }) } @$uses ], join("\n", @lines));
	is("@wrong[ 0 .. (@wrong > 3 ? 2 : $#wrong) ]", '', "$what: the events that decide") if $deciders;
	return;
}

same_uses('run_uses()', \@uses, [qw(then permitted now)], undef,
	sql('SELECT r.run_id, row_key, key, NULL, verdict_then, permitted_then::integer, verdict_now
		FROM consent.run r, consent.run_uses(r.run_id) JOIN consent.subject s USING (subject_no)'));

my $view = sub { return sql("SELECT run_id, row_key, subject, $_[1] FROM consent.$_[0]") };
my @retroactive = grep { $_->{because} } @uses;
same_uses('withdrawn_uses', [ grep { $_->{permitted} && !$_->{permitted_now} } @uses ], [qw(then now)], 'deciders',
	$view->('withdrawn_uses', 'event_id, verdict_then, verdict_now'));
same_uses('preset_uses', [ grep { $_->{then} eq 'preset' } @uses ], [qw(permitted now)], undef,
	$view->('preset_uses', 'NULL, permitted_then::integer, verdict_now'));
same_uses('unpermitted_uses', [ grep { !$_->{permitted} } @uses ], [qw(then now)], undef,
	$view->('unpermitted_uses', 'NULL, verdict_then, verdict_now'));
same_uses('retroactive_uses', \@retroactive, [qw(then now because)], 'because_of',
	$view->('retroactive_uses', 'event_id, verdict_then, verdict_now, because'));
foreach my $because (qw(recorded_late agreed_later))
{
	ok((any { $_->{because} eq $because } @retroactive), "some of these: $because");
}

# Some members' own answers: those who did something particular, and others.
my %asked = map { $_ => 1 } 1, 2, 9, 11, 23, 29, 31, 37, 41, 43, 46 + 7, 53, 61, 69 + 5, 100, 103, 1899;
same_uses('uses_of()', [ grep { $asked{ $_->{member} } } @uses ], [qw(then now permitted)], 'deciders',
	sql('SELECT run_id, row_key, m, event_id, verdict_then, verdict_now, permitted_then::integer FROM unnest(ARRAY['
	  . join(',', sort { $a <=> $b } keys %asked) . "]::bigint[]) m, consent.uses_of(m) WHERE table_name = 'message'"));
is(sql('SELECT count(*) FROM consent.uses_of(4711)'), '0', 'nobody has no uses');

# Collected before any notice spoke of the purpose: the first that names it.
my %spoken = (ai_training => [ 'policy/10', instant('2024-09-19T00:32:21') ]);
same_lines('collected_before_notice', [ map {
	my $use = $_;

	map {
		my $notice = $spoken{$_};

		!$notice || $use->{message}{sent} < $notice->[1]
		  ? line($use->{run}{id}, $use->{message}{id}, $use->{member}, $_, $notice ? $notice->[0] : '') : ()
	} @{ $use->{run}{purposes} }
} @uses ], $view->('collected_before_notice', 'purpose, notice'));

# The text changed, the date did not.
my @silent;
foreach my $i (1 .. $#versions)
{
	my ($before, $after) = @versions[ $i - 1, $i ];
	my $new_date = $after->{stated_date} && (!$before->{stated_date} || $after->{stated_date} gt $before->{stated_date});

	push @silent, line('policy/' . $i, 'policy/' . ($i + 1), $before->{stated_date}, $after->{stated_date})
	  if $before->{sha256} ne $after->{sha256} && !$new_date;
}
same_lines('silent_notice_changes', \@silent, sql('SELECT label_before, label, stated_before, stated_on FROM consent.silent_notice_changes'));
is(sql("SELECT (published_at AT TIME ZONE zone)::date = stated_on, published_at::date - stated_on FROM consent.notice WHERE label = 'policy/10'"),
	't|1', 'that it was in force on the day it states depends on the zone');

# What was recorded late, and what that changed.
my @late;
foreach my $event (map { @$_ } values %{ $world->{events} })
{
	next unless $event->{time} < $event->{recorded} - 86_400_000_000;
	my ($choice) = map { Rule::choices_of_event($_) } $event;
	my ($before, $after) = map { Rule::verdict($world, {
		parties => [ $event->{subject} ], purpose => $choice->{purpose}, table => $event->{table}, row => $event->{row},
		collected => $choice->{from}, at => $event->{recorded}, known_at => $_ })->{verdict} } $event->{recorded} - 1, $event->{recorded};
	my $effect =
		$choice->{stance} ne '-' && $before eq 'denied' ? ($after eq 'denied' ? 'failed to lift a refusal' : 'lifted a refusal')
	  : $before eq $after                               ? 'changed nothing'
	  : $choice->{stance} eq '-'                        ? 'refused'
	  :                                                   'permitted more';

	push @late, line($event->{id}, $event->{subject}, @$choice{qw(purpose stance)}, $event->{recorded} - $event->{time}, @$event{qw(method source)},
		$before, $after, $effect);
}
my $late_events = sql('SELECT event_id, subject, purpose, stance, (extract(epoch FROM late_by) * 1000000)::bigint, method, source, before, after, effect
	FROM consent.late_events');
same_lines('late_events', \@late, $late_events);
foreach my $effect ('lifted a refusal', 'failed to lift a refusal', 'refused', 'permitted more', 'changed nothing')
{
	like($late_events, qr/\|$effect$/m, "some of these: $effect");
}

# Settings that nobody recorded, or that were recorded otherwise.
my @unlike;
foreach my $member (@members)
{
	my ($choice) = grep { $_->{purpose} eq 'ai_training' && !defined $_->{table} && !defined $_->{from} } Rule::counted($world, $member, {});
	my $recorded = $choice ? $choice->{stance} eq '-' ? 'no' : 'yes' : '';
	my $setting = $setting{$member};

	push @unlike, line($member, 'ai_training', $setting, $recorded)
	  if $setting ne $recorded && !($setting eq '' && $recorded eq 'no');
}
same_lines('settings_without_event', \@unlike,
	sql("SELECT subject, purpose, setting, recorded FROM consent.settings_without_event WHERE column_name = 'use_my_data'"));

is(sql('SELECT run_id, parts, uses, missing_parts FROM consent.unclosed_runs'),
	line($open->{id}, 1, scalar @{ $open->{uses} }, 1), 'unclosed_runs');
sound($node, 'the ledger verifies');
done_testing();
