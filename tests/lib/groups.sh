#!/usr/bin/env bash
#
# Run groups of tests in the workspace and count.  Called by tests/run with its
# arguments, as the workspace's owner.
#
# Programs of every language report in TAP: unit tests, the oracle, Perl tests.
# Fuzz targets report by their exit status, the others through pg_regress.

set -uo pipefail
. tests/lib/server.sh

passed=0 failed=0 skipped=0

# Print a line of progress and add to the sums: label, passed, failed, skipped, start.
result()
{
	local time

	time=$(awk -v a="$5" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", b - a }')
	printf '  %-40s %4d passed%s%s %10s\n' "$1" "$2" \
		"$([ "$3" = 0 ] || printf ', %d FAILED' "$3")" "$([ "$4" = 0 ] || printf ', %d skipped' "$4")" "$time"
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

# Count what a TAP program said: ok, not ok, skipped.  A program that dies, or
# runs another number of tests than it planned, has failed once more.
count_tap()
{
	awk -v status="$2" '
		/^ok( |$)/ && /# *[Ss][Kk][Ii][Pp]/ { skip++; next }
		/^ok( |$)/ || /^not ok .*# *TODO/ { ok++ }
		/^not ok( |$)/ && !/# *TODO/ { bad++ }
		/^1\.\.[0-9]+/ { planned = 1; plan = substr($1, 4) + 0 }
		/^1\.\.0 *# *[Ss][Kk][Ii][Pp]/ { skip++; plan++ }
		END {
			if (!bad && (status != 0 || !planned || plan != ok + skip))
				bad++
			print ok + 0, bad + 0, skip + 0
		}' "$1"
}

# Run a program that prints TAP: label, seconds allowed, command.
tap()
{
	local label=$1 limit=$2 start=$EPOCHREALTIME log counts status=0

	shift 2
	log=$work/results/${label//\//-}.log
	timeout -k 10 "$limit" "$@" >"$log" 2>&1 </dev/null || status=$?
	counts=($(count_tap "$log" "$status"))
	result "$label" "${counts[@]}" "$start"
	if [ "${counts[1]}" != 0 ]; then
		sed 's/^/    | /' "$log" | grep -v '| ok ' | tail -n 60
		[ "$status" != 124 ] || echo "    gave up after $limit s"
		[ "$status" = 0 ] || echo "    exit status $status"
	elif grep -q '# *[Ss][Kk][Ii][Pp]' "$log"; then
		grep -o '# *[Ss][Kk][Ii][Pp].*' "$log" | sort -u | sed 's/^/    /'
	fi
}

# Build programs of one folder: unit or fuzz, names.
build_programs()
{
	local group=$1 start=$EPOCHREALTIME

	shift
	make -s -j2 -C tests $(printf "build/$group/%s " "$@") >"$work/$group.log" 2>&1 && return
	cat "$work/$group.log"
	result "$group: build" 0 1 0 "$start"
	return 1
}

run_unit()
{
	local name

	build_programs unit "$@" || return
	for name; do
		tap "unit/$name" 120 "tests/build/unit/$name"
	done
}

# Each target works through its seeds and then for some seconds on what it makes of them.
run_fuzz()
{
	local name start log

	build_programs fuzz "$@" || return
	for name; do
		start=$EPOCHREALTIME log=$work/results/fuzz-$name.log
		mkdir -p "$work/tmp/corpus-$name" "tests/fuzz/seeds/$name"
		if timeout -k 10 120 "tests/build/fuzz/$name" -max_total_time="${FUZZ_SECONDS:-5}" -timeout=10 \
			-rss_limit_mb=1024 -verbosity=0 -artifact_prefix="$work/results/$name-" \
			"$work/tmp/corpus-$name" "tests/fuzz/seeds/$name" >"$log" 2>&1 </dev/null
		then
			result "fuzz/$name" 1 0 0 "$start"
		else
			result "fuzz/$name" 0 1 0 "$start"
			tail -n 40 "$log" | sed 's/^/    | /'
			for log in "$work/results/$name"-*; do
				[ ! -e "$log" ] || { echo "    the input, ${log##*/}, in base64:"; base64 "$log" | head -n 20; }
			done
		fi
	done
}

# Run tests by pg_regress or its like, print its lines as ours, and the
# differences: group, file prefix, expected output; $command has the program.
regress()
{
	local group=$1 prefix=$2 expected=$3 start=$EPOCHREALTIME out=$work/results/$1 log=$work/results/$1.log good bad status=0

	shift 3
	mkdir -p "$out"
	# A test without a file of expected output differs, rather than ends the run.
	mkdir -p "$expected"
	touch -a $(printf "$expected/%s.out " "$@")
	timeout -k 10 900 "${command[@]}" "$@" --outputdir="$out" --bindir="$bindir" --dbname="$group" \
		--load-extension=consent_ledger 2>&1 </dev/null | tee "$log" |
		sed -u -nE -e "s|^test ([^ ]+) +\.\.\. ok +([0-9]+) ms|  $prefix\1 ... ok \2 ms|p" \
			-e "s|^test ([^ ]+) +\.\.\. FAILED|  $prefix\1 ... FAILED|p" \
			-e "s|^(not ok\|ok) [0-9]+ +[-+] ([^ ]+) +([0-9]+) ms|  $prefix\2 ... \1 \3 ms|p" || status=$?
	good=$(grep -cE '^(test .*\.\.\. ok|ok [0-9])' "$log")
	bad=$(grep -cE '^(test .*\.\.\. FAILED|not ok [0-9])' "$log")
	sed -nE "s|^test ([^ ]+) +\.\.\. FAILED.*|$prefix\1|p; s|^not ok [0-9]+ +[-+] ([^ ]+) .*|$prefix\1|p" "$log" >>"$work/results/differing"
	if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
		bad=1
		tail -n 30 "$log" | sed 's/^/    | /'
	fi
	[ ! -s "$out/regression.diffs" ] || head -n 400 "$out/regression.diffs"
	result "$group" "$good" "$bad" 0 "$start"
	! grep -aE 'terminated by signal|PANIC' "$work/server.log" || true
}

# Tests build on the one named setup, and on no other.
after_setup()
{
	[ "$1" = setup ] || echo setup
	printf '%s\n' "$@"
}

run_regress()
{
	local command=("$pgxs/src/test/regress/pg_regress" --inputdir=.)

	regress regress sql/ expected $(after_setup "$@")
}

run_isolation()
{
	local command=("$pgxs/src/test/isolation/pg_isolation_regress" --inputdir=tests/isolation)

	regress isolation isolation/ tests/isolation/expected $(after_setup "$@")
}

run_oracle()
{
	tap oracle 600 tests/oracle/run
}

run_tap()
{
	local name before

	export PG_REGRESS=$pgxs/src/test/regress/pg_regress PERL5LIB=$pgxs/src/test/perl:$PWD/tests/t/lib
	export TEMP_CONFIG=$work/server.conf
	for name; do
		export TESTDIR=$work/results/t-$name TESTDATADIR=$work/results/t-$name/tmp_check
		export TESTLOGDIR=$TESTDATADIR/log
		mkdir -p "$TESTLOGDIR"
		before=$failed
		tap "t/$name" 300 perl "tests/t/$name.pl"
		if [ $failed != "$before" ]; then
			tail -n 40 "$TESTLOGDIR"/regress_log_* 2>/dev/null | cut -c 1-400 | sed 's/^/    : /'
			grep -ahE '(WARNING|ERROR|FATAL|PANIC|LOG:  server process.*terminated)' "$TESTLOGDIR"/*.log 2>/dev/null |
				tail -n 15 | sed 's/^/    : /'
		fi
	done
}

run_psql()
{
	psql -qc 'CREATE EXTENSION consent_ledger'
	psql
	exit
}

# The names of files, without folder and extension.
names()
{
	local file

	for file; do
		[ ! -e "$file" ] || basename "${file%.*}"
	done
}

# The tests of a schedule.  One that it does not list would never run, so that
# is a failure: schedule, the files there are.
scheduled()
{
	local schedule=$1 name

	shift
	for name in $(names "$@"); do
		grep -qsx "test: $name" "$schedule" || echo "$name is not in $schedule" >>"$work/unlisted"
	done
	[ ! -e "$schedule" ] || sed -n 's/^test: //p' "$schedule"
}

all_of()
{
	case $1 in
		unit) names tests/unit/*.c ;;
		fuzz) names tests/fuzz/*.c ;;
		regress) scheduled tests/schedule sql/*.sql ;;
		isolation) scheduled tests/isolation/schedule tests/isolation/specs/*.spec ;;
		oracle) names tests/oracle/run ;;
		tap) names tests/t/*.pl ;;
		psql) echo psql ;;
	esac
}

# Run a group: its name, and the tests or "all".
run_group()
{
	local group=$1

	shift
	[ "$*" != all ] || set -- $(all_of "$group")
	[ $# != 0 ] || return 0
	echo "$group"
	"run_$group" "$@"
}

# Sort the arguments into groups and files: selected[group] holds names, or "all".
declare -A selected
select_tests()
{
	local name group

	for name; do
		group=
		case $name in
			unit | fuzz | regress | isolation | oracle | tap | psql) selected[$name]=all; continue ;;
			*unit/*) group=unit ;;
			*fuzz/*) group=fuzz ;;
			*isolation/*) group=isolation ;;
			*sql/* | *expected/*) group=regress ;;
			*t/*) group=tap ;;
			*) echo "what is $name?"; exit 2 ;;
		esac
		name=$(basename "$name")
		selected[$group]+=" ${name%.*}"
	done
}

start=$EPOCHREALTIME
[ $# != 0 ] || set -- unit fuzz regress isolation oracle tap
select_tests "$@"
pgxs=$(dirname "$("$PG_CONFIG" --pgxs)")/../..
pgxs=$(cd "$pgxs" && pwd)

for group in unit fuzz; do
	[ -z "${selected[$group]-}" ] || run_group "$group" ${selected[$group]}
done
if [ -n "${selected[regress]-}${selected[isolation]-}${selected[oracle]-}${selected[tap]-}${selected[psql]-}" ]; then
	# Assertions on; `make demo` builds without.
	{ build COPT=-DUSE_ASSERT_CHECKING && start_server && try_extension; } </dev/null ||
		{ result "build" 0 1 0 "$start"; selected=(); }
fi
for group in regress isolation oracle tap psql; do
	[ -z "${selected[$group]-}" ] || run_group "$group" ${selected[$group]}
done

if [ -e "$work/unlisted" ]; then
	cat "$work/unlisted"
	failed=$((failed + $(wc -l <"$work/unlisted")))
fi
echo
if [ $skipped = 0 ]; then
	echo "$passed passed, $failed failed"
else
	echo "$passed passed, $failed failed, $skipped skipped"
fi
[ $failed = 0 ] && [ $((passed + skipped)) != 0 ]
