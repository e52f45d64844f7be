/*
 * policy.c
 *		Limit a role to the rows that may be used for a purpose.
 *
 * The policy is a bare boolean call over columns: it holds on shards, where a
 * whole row has another type, and it reads no long value.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "commands/policy.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

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
	static const char *const types[] = {"pg_catalog.text", "pg_catalog.int8", "pg_catalog.uuid"};

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
		appendStringInfo(sql, "%s::pg_catalog.text", quote_identifier(table->row_key[0]));
		return;
	}
	appendStringInfoString(sql, "consent.row_key(");
	for (int i = 0; i < table->nkeys; i++)
		appendStringInfo(sql, "%s%s::pg_catalog.text", i > 0 ? ", " : "",
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
	appendStringInfo(&sql, ", %s::pg_catalog.text, %s::pg_catalog.text, ",
					 quote_literal_cstr(purpose), quote_literal_cstr(table->known_as));
	append_row_key(&sql, table);
	appendStringInfo(&sql, ", %s)",
					 table->collected_at ? quote_identifier(table->collected_at) : "NULL::pg_catalog.timestamptz");
	return sql.data;
}

static void
execute(const char *sql)
{
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "could not execute: %s", sql);
}

/* consent_gate_<what><role>; of a long name its start and a hash, lest two roles meet. */
static char *
policy_name(const char *what, const char *role)
{
	char	   *name = psprintf("consent_gate_%s%s", what, role);
	int			room = NAMEDATALEN - 1 - 9;

	if (strlen(name) < NAMEDATALEN)
		return name;
	return psprintf("%.*s_%08x", pg_mbcliplen(name, strlen(name), room), name,
					hash_bytes((const unsigned char *) name, strlen(name)));
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
make_policy(Oid relid, const char *rel, const char *policy, const char *role,
			const char *kind, const char *using)
{
	bool		exists = OidIsValid(get_relation_policy_oid(relid, policy, true));

	policy = quote_identifier(policy);
	if (exists)
		execute(psprintf("DROP POLICY %s ON %s", policy, rel));
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

/* Say what the role sees now. */
static void
report_limits(Oid relid, Oid role, const char *name, const char *purpose)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	const char *table = RelationGetRelationName(rel);

	if (superuser_arg(role) || has_bypassrls_privilege(role))
		ereport(WARNING,
				(errmsg("role \"%s\" still sees all rows of \"%s\"", name, table),
				 errdetail("Row-level security does not limit superusers and roles with BYPASSRLS.")));
	else if (!rel->rd_rel->relforcerowsecurity && has_privs_of_role(role, rel->rd_rel->relowner))
		ereport(WARNING,
				(errmsg("role \"%s\" still sees all rows of \"%s\"", name, table),
				 errdetail("It owns the table, or is a member of the role that does."),
				 errhint("ALTER TABLE … FORCE ROW LEVEL SECURITY limits the owner too.")));
	else
		ereport(NOTICE,
				(errmsg("role \"%s\" sees only rows of \"%s\" that are permitted for %s", name, table, purpose),
				 errhint("Other roles see no rows of it unless they are gated too, or have a policy.")));
	relation_close(rel, NoLock);
}

Datum
consent_gate(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	Oid			relid;
	Oid			role;
	const ProtectedTable *table;
	char	   *name;
	char	   *purpose;
	char	   *policy;
	char	   *rel;

	argument_refuse_null(fcinfo, 0, "table");
	argument_refuse_null(fcinfo, 1, "role");
	relid = PG_GETARG_OID(0);
	name = pstrdup(NameStr(*PG_GETARG_NAME(1)));
	role = get_role_oid(name, false);
	purpose = argument_required_text(fcinfo, 2, "purpose");
	declared_purpose(d, purpose, strlen(purpose));
	table = protected_table(d, relid);
	check_role(role, name);

	rel = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
									 get_rel_name(relid));
	policy = policy_name("", name);
	SPI_connect();
	if (rows_are_ours_to_show(relid))
		make_policy(relid, rel, policy_name("rows_", name), name, "PERMISSIVE", "true");
	make_policy(relid, rel, policy, name, "RESTRICTIVE", condition(d, table, purpose));
	execute(psprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", rel));
	SPI_finish();
	report_limits(relid, role, name, purpose);
	PG_RETURN_TEXT_P(cstring_to_text(policy));
}
