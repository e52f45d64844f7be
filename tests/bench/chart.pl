# Draw bench.csv as SVG: each case as the time that it takes with the ledger, of
# the time that it takes without; the thin line is from the least to the most of
# the runs, the tick is the goal.
#
#   perl tests/bench/chart.pl bench.csv > docs/bench.svg
use strict;
use warnings;

my ($least, $most) = (0.02, 20);	# of the scale, which is logarithmic
my ($left, $width, $row, $top) = (330, 480, 24, 58);
my @bars;

while (my $line = <>)
{
	next if $. == 1;
	chomp $line;
	my ($title, $unit, $baseline, $ours, $ratio, $from, $to, $goal) = $line =~ /("[^"]*"|[^,]*)(?:,|$)/g;
	my ($sign, $bound) = ($goal // '') =~ /^([<>]=) (.*)/;

	next unless $ratio;
	$title =~ s/^"|"$//g;
	# of transactions a second, more are better
	($ratio, $from, $to, $bound) = map { $_ ? 1 / $_ : $_ } $ratio, $to, $from, $bound if $unit eq 'tps';
	push @bars, { title => $title, at => $ratio, from => $from, to => $to, goal => $bound };
}

sub escaped
{
	my ($text) = @_;

	$text =~ s/&/&amp;/g;
	$text =~ s/</&lt;/g;
	return $text;
}

sub x
{
	my ($value) = @_;

	$value = $least if $value < $least;
	$value = $most if $value > $most;
	return sprintf '%.1f', $left + $width * log($value / $least) / log($most / $least);
}

my $height = $top + $row * @bars + 40;
my $right = $left + $width + 60;

print qq{<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 $right $height" width="$right" height="$height" font-family="sans-serif" font-size="12">\n};
print qq{<rect width="100%" height="100%" fill="#fff"/>\n};
print qq{<text x="10" y="22" font-size="15" font-weight="bold">Time with the ledger, where plain tables take 1</text>\n};
foreach my $tick (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
{
	my $x = x($tick);

	printf qq{<line x1="%s" x2="%s" y1="%d" y2="%d" stroke="%s"/>\n}, $x, $x, $top - 8, $top + $row * @bars, $tick == 1 ? '#444' : '#ddd';
	printf qq{<text x="%s" y="%d" text-anchor="middle" fill="#555">%s</text>\n}, $x, $top - 14, $tick;
}
foreach my $i (0 .. $#bars)
{
	my $bar = $bars[$i];
	my $y = $top + $i * $row;
	my ($x, $one) = (x($bar->{at}), x(1));

	printf qq{<text x="%d" y="%d" text-anchor="end">%s</text>\n}, $left - 10, $y + 14, escaped($bar->{title});
	printf qq{<rect x="%s" y="%d" width="%.1f" height="13" fill="%s"/>\n}, $x < $one ? $x : $one, $y + 4, abs($x - $one), $x < $one ? '#3a7d44' : '#b5532b';
	printf qq{<line x1="%s" x2="%s" y1="%d" y2="%d" stroke="#222"/>\n}, x($bar->{from}), x($bar->{to}), $y + 10.5, $y + 10.5;
	printf qq{<line x1="%s" x2="%s" y1="%d" y2="%d" stroke="#1a5fb4" stroke-width="3"/>\n}, x($bar->{goal}), x($bar->{goal}), $y + 1, $y + 20 if $bar->{goal};
	printf qq{<text x="%s" y="%d" fill="#222">%.2f</text>\n}, $left + $width + 12, $y + 14, $bar->{at};
}
printf qq{<text x="10" y="%d" fill="#555">Green: less than plain tables take. Thin line: from the least to the most of the runs. Blue: the goal.</text>\n}, $height - 14;
print "</svg>\n";
