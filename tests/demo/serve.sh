# Build, start a server, tell the story and ask.  Called by tests/demo/run, as the
# workspace's owner.

set -euo pipefail
. tests/lib/server.sh

# Run some of the SQL files in one session: options and files of psql.
play()
{
	psql -qX -v ON_ERROR_STOP=1 -P pager=off "$@"
}

# Whole seconds since an $EPOCHREALTIME.
since()
{
	awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f s", b - a }'
}

start=$EPOCHREALTIME
echo "Building the extension, and starting a server of its own."
build
start_server -c shared_buffers=256MB -c work_mem=64MB -c max_wal_size=4GB -c timezone=UTC -c jit=off \
	-c client_min_messages=warning
built=$(since "$start")
start=$EPOCHREALTIME
play -o /dev/null -f tests/demo/01_network.sql -f tests/demo/02_quiet_switch.sql -f tests/demo/03_runs.sql -f tests/demo/04_choices.sql
made=$(since "$start")
start=$EPOCHREALTIME
play -f tests/demo/05_report.sql -f tests/demo/06_one_member.sql -f tests/demo/07_verify.sql
answered=$(since "$start")
play -o /dev/null -f tests/demo/08_check.sql
echo
echo "Built in $built, told in $made, answered in $answered."
echo "Read on: README.md, docs/auditor.md; all that was run: tests/demo/*.sql"
[ "${1-}" != psql ] || psql
stop_server
