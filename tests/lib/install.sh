#!/bin/sh
#
# Install the Debian packages named, "postgresql" standing for the distribution's
# server and its development files.  Run by root, from workspace.sh.

set -eu
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
conf=/etc/postgresql-common/createcluster.conf
trap 'rm -f "$log"; [ ! -e "$conf.saved" ] || mv "$conf.saved" "$conf"' EXIT

quietly()
{
	"$@" >"$log" 2>&1 </dev/null || { cat "$log" >&2; exit 1; }
}

install()
{
	quietly apt-get install -q -y --no-install-recommends "$@"
}

quietly apt-get update -q
for package; do
	if [ "$package" = postgresql ]; then
		# The package would create and start a cluster, unless told not to.
		install postgresql-common
		cp -p "$conf" "$conf.saved"
		echo 'create_main_cluster = false' >>"$conf"
		major=$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p')
		install "postgresql-$major" "postgresql-server-dev-$major"
	else
		install "$package"
	fi
done
