# Build, start a server and run the comparison.  Called by tests/bench/run, as
# the workspace's owner.

set -euo pipefail
. tests/lib/server.sh

build
start_server -c fsync=on -c shared_buffers=4GB -c max_wal_size=16GB -c work_mem=64MB \
	-c maintenance_work_mem=512MB -c checkpoint_timeout=1h -c autovacuum=off -c jit=off -c max_parallel_workers_per_gather=0
perl tests/bench/compare.pl "$work/results/bench.csv" "$work/tmp" "$@"
stop_server
