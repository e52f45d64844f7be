/*
 * policy.c
 *		Limit a role to the rows that may be used for a purpose.
 *
 * The policy is a bare boolean call over columns: it holds on shards, where a
 * whole row has another type, and it reads no long value.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "gate/gate.h"
#include "ledger/arguments.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_gate);

static const ProtectedTable *
protected_table(const Declared *d, Oid relid)
{
	const ProtectedTable *table = declared_table_of(d, relid);

	if (!table)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" is not protected", get_rel_name(relid)),
				 errhint("Call consent.protect() for it first.")));
	return table;
}

/* ARRAY[sender, recipient], in the type that the ledger's subjects have. */
static void
append_parties(StringInfo sql, const Declared *d, const ProtectedTable *table)
{
	static const char *const types[] = {"text", "bigint", "uuid"};

	appendStringInfoString(sql, "ARRAY[");
	for (int i = 0; i < table->nparties; i++)
		appendStringInfo(sql, "%s%s::%s", i > 0 ? ", " : "",
						 quote_identifier(table->parties[i]), types[d->subject_type]);
	appendStringInfoString(sql, "]");
}

static void
append_row_key(StringInfo sql, const ProtectedTable *table)
{
	if (table->nkeys == 1)
	{
		appendStringInfo(sql, "%s::text", quote_identifier(table->row_key[0]));
		return;
	}
	appendStringInfoString(sql, "consent.row_key(");
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(sql, "%s%s::text", i > 0 ? ", " : "",
						 quote_identifier(table->row_key[i]));
	appendStringInfoString(sql, ")");
}

static char *
condition(const Declared *d, const ProtectedTable *table, const char *purpose)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfoString(&sql, "consent.permits(");
	append_parties(&sql, d, table);
	appendStringInfo(&sql, ", %s::text, %s::text, ",
					 quote_literal_cstr(purpose), quote_literal_cstr(table->known_as));
	append_row_key(&sql, table);
	appendStringInfo(&sql, ", %s)",
					 table->collected_at ? quote_identifier(table->collected_at) : "NULL::timestamptz");
	return sql.data;
}

static void
execute(const char *sql)
{
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "could not execute: %s", sql);
}

/* consent_gate_<what><role>, as an identifier of legal length. */
static char *
policy_name(const char *what, const char *role)
{
	char	   *name = psprintf("consent_gate_%s%s", what, role);

	if (strlen(name) >= NAMEDATALEN)
		name[pg_mbcliplen(name, strlen(name), NAMEDATALEN - 1)] = '\0';
	return name;
}

/*
 * Was row-level security off, or switched on by us?  Then nobody else says
 * which rows there are to see at all, and we must.
 */
static bool
rows_are_ours_to_show(Oid relid)
{
	bool		isnull;

	if (SPI_execute(psprintf("SELECT NOT c.relrowsecurity OR EXISTS ("
							 "SELECT FROM pg_catalog.pg_policy p WHERE p.polrelid = c.oid "
							 "AND p.polname OPERATOR(pg_catalog.~) '^consent_gate_rows_') "
							 "FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) %u", relid),
					true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "could not read the policies of relation %u", relid);
	return DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

static void
make_policy(const char *rel, const char *policy, const char *role,
			const char *kind, const char *using)
{
	policy = quote_identifier(policy);
	execute(psprintf("DROP POLICY IF EXISTS %s ON %s", policy, rel));
	execute(psprintf("CREATE POLICY %s ON %s AS %s FOR SELECT TO %s USING (%s)",
					 policy, rel, kind, quote_identifier(role), using));
}

/* The policy calls permits() as the role that reads. */
static void
check_role(Oid role, const char *name)
{
	if (compat_may_use_schema(get_namespace_oid(LEDGER_SCHEMA, false), role))
		return;
	ereport(WARNING,
			(errmsg("role \"%s\" may not use schema consent", name),
			 errdetail("Its queries of the table will fail until it may execute consent.permits()."),
			 errhint("SELECT consent.grant_role('trainer', '%s').", name)));
}

Datum
consent_gate(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	Oid			relid;
	const ProtectedTable *table;
	char	   *role;
	char	   *purpose;
	char	   *policy;
	char	   *rel;

	argument_refuse_null(fcinfo, 0, "table");
	argument_refuse_null(fcinfo, 1, "role");
	relid = PG_GETARG_OID(0);
	role = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	purpose = argument_required_text(fcinfo, 2, "purpose");
	declared_purpose(d, purpose, strlen(purpose));
	table = protected_table(d, relid);
	check_role(get_role_oid(role, false), role);

	rel = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									 get_rel_name(relid));
	policy = policy_name("", role);
	SPI_connect();
	if (rows_are_ours_to_show(relid))
		make_policy(rel, policy_name("rows_", role), role, "PERMISSIVE", "true");
	make_policy(rel, policy, role, "RESTRICTIVE", condition(d, table, purpose));
	execute(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", rel));
	SPI_finish();
	ereport(NOTICE,
			(errmsg("role \"%s\" sees only rows of %s that are permitted for %s", role, rel, purpose),
			 errdetail("Not limited are the table's owner, superusers and roles with BYPASSRLS."),
			 errhint("Other roles see no rows of it unless they are gated too, or have a policy.")));
	PG_RETURN_TEXT_P(cstring_to_text(policy));
}
