# Sourced by tests/run and tests/demo/run.  Gives them a machine with all that
# a build needs, a workspace of its own outside the checkout, and a throw-away
# server in it.
#
# Servers refuse to run as root, and a checkout may belong to anybody: so the
# tree is copied to a temporary directory, and everything is built and run there
# by user postgres, or by the caller where the caller is not root.  Nothing is
# written to the checkout, to the system's extension directories or to an
# existing cluster, and nothing is left behind.

PATH=$PATH:/usr/sbin:/sbin
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

say()
{
	printf '%s\n' "$*" >&2
}

die()
{
	say "$*"
	exit 1
}

# Set PG_CONFIG to the newest PostgreSQL that can be built for and run.  (Debian's
# client package has PGXS already; the headers come with the server's own -dev.)
find_postgres()
{
	local candidate

	if [ -z "${PG_CONFIG-}" ]; then
		for candidate in $(ls -d /usr/lib/postgresql/*/bin/pg_config 2>/dev/null | sort -t/ -k5,5n)
		do
			[ -x "${candidate%pg_config}postgres" ] && [ -e "$("$candidate" --includedir-server)/postgres.h" ] &&
				PG_CONFIG=$candidate
		done
	fi
	[ -n "${PG_CONFIG-}" ]
}

fuzzer_works()
{
	echo 'int LLVMFuzzerTestOneInput(const char *d, long n) { return 0; }' |
		clang -fsanitize=fuzzer -w -x c -o /dev/null - 2>/dev/null
}

# The Debian packages still missing for $1, test or demo.
missing_packages()
{
	[ -n "${PG_CONFIG-}" ] || echo postgresql
	command -v cc >/dev/null || echo gcc libc6-dev
	echo '#include <openssl/evp.h>' | cc -E - >/dev/null 2>&1 || echo libssl-dev
	[ "$1" = demo ] && return
	echo '#include <curl/curl.h>' | cc -E - >/dev/null 2>&1 || echo libcurl4-openssl-dev
	perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
	{ command -v go >/dev/null && [ -d /usr/share/gocode/src/golang.org/x/mod ]; } || echo golang-go golang-golang-x-mod-dev
	fuzzer_works || echo clang libclang-rt-dev
}

install_missing()
{
	local missing sudo=

	find_postgres || :
	missing=$(missing_packages "$1" | xargs)
	[ -n "$missing" ] || return 0
	say "installing $missing"
	command -v apt-get >/dev/null || die "there is no apt-get here: please install what corresponds to these"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || die "please install these, or run this as root"
		sudo=sudo
	fi
	$sudo sh "$top/tests/lib/install.sh" $missing
	find_postgres || :
	missing=$(missing_packages "$1" | xargs)
	[ -z "$missing" ] || die "still missing after the installation: $missing"
}

# Run a command as the owner of the workspace.
as_owner()
{
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# Copy the files of the checkout as git sees them, or all of them where git is
# absent, to a directory.
copy_tree()
{
	(
		cd "$top"
		git -c safe.directory='*' ls-files -z --cached --others --exclude-standard 2>/dev/null ||
			find . -path ./.git -prune -o -type f ! -name '*.o' ! -name '*.so' -print0
	) | while IFS= read -r -d '' file; do
		[ ! -e "$top/$file" ] || printf '%s\0' "$file"
	done | (cd "$top" && xargs -0 -r cp --parents -t "$1")
}

# Make the workspace, and see to it that it goes away with all its servers.
make_workspace()
{
	work=$(mktemp -d "${TMPDIR:-/tmp}/consent_ledger.XXXXXX")
	trap remove_workspace EXIT
	trap 'exit 130' INT TERM HUP
	mkdir "$work"/{tree,install,tmp,results}
	copy_tree "$work/tree"
	# Tests read real data from ../shared, where it is there.
	[ -d "$top/../shared/data" ] && mkdir "$work/shared" && cp -r "$top/../shared/data" "$work/shared/data"
	chmod 755 "$work"
	chmod -R u+rwX,go+rX "$work"
	[ "$(id -u)" = 0 ] && chown -R postgres: "$work"
	bindir=$("$PG_CONFIG" --bindir)
	unset MAKEFLAGS MFLAGS MAKELEVEL ${!PG@}
	export work bindir PG_CONFIG="$bindir/pg_config" PATH="$bindir:$PATH" HOME=$work TMPDIR=$work/tmp
	export LC_ALL=C.UTF-8 LANG=C.UTF-8
	cd "$work/tree"
}

remove_workspace()
{
	local pidfile

	trap '' INT TERM HUP			# who is in a hurry twice is no reason to leave it
	cd /
	find "$work" -name postmaster.pid 2>/dev/null | while read -r pidfile; do
		as_owner "$bindir/pg_ctl" stop -s -m immediate -D "${pidfile%/*}" >/dev/null 2>&1 || :
	done
	if [ -n "${keep-}" ]; then
		say "kept: $work"
	else
		rm -rf "$work"
	fi
}
