# Sourced in the workspace, by its owner: build, install there, start a server.

# Settings with which a server finds the extension in the workspace.
server_settings()
{
	local major

	major=$("$PG_CONFIG" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
	if [ "$major" -ge 18 ]; then
		echo "extension_control_path = '$work/install$("$PG_CONFIG" --sharedir):\$system'"
	else
		echo "extension_destdir = '$work/install'"
	fi
	echo "dynamic_library_path = '$work/install$("$PG_CONFIG" --pkglibdir):\$libdir'"
	echo "max_prepared_transactions = 10"
}

# Build with the flags given, without a warning, and install in the workspace.
build()
{
	make -s -j2 PG_CONFIG="$PG_CONFIG" "$@" >"$work/build.log" 2>&1 &&
		! grep -i 'warning' "$work/build.log" >&2 &&
		make -s PG_CONFIG="$PG_CONFIG" DESTDIR="$work/install" "$@" install >>"$work/build.log" 2>&1 ||
		{ cat "$work/build.log" >&2; return 1; }
	server_settings >"$work/server.conf"
}

# Start a server that only this workspace can reach; psql finds it by PGHOST.
start_server()
{
	export PGHOST=$work/tmp PGUSER=postgres PGDATABASE=postgres

	initdb -D "$work/data" -U postgres -A trust -N -E UTF8 --no-locale >"$work/initdb.log" 2>&1 ||
		{ cat "$work/initdb.log" >&2; return 1; }
	cat "$work/server.conf" >>"$work/data/postgresql.conf"
	pg_ctl start -s -w -D "$work/data" -l "$work/server.log" \
		-o "-k $PGHOST -c listen_addresses='' -F $*" ||
		{ cat "$work/server.log" >&2; return 1; }
}

# Is there any sense in going on?  The server's log says where the script fails.
try_extension()
{
	psql -qX -v ON_ERROR_STOP=1 -c 'CREATE EXTENSION consent_ledger' -c 'DROP EXTENSION consent_ledger' ||
		{ grep -a -A 5 'ERROR' "$work/server.log" >&2; return 1; }
}

stop_server()
{
	pg_ctl stop -s -m fast -D "$work/data"
}
