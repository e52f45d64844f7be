/*
 * aggregate.c
 *		The aggregates manifest() and manifest_union().
 *
 * The state is the manifest itself, an expanded object in the aggregate's
 * context.  Nothing here writes.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "ledger/arguments.h"
#include "use/columns.h"
#include "use/manifest.h"
#include "use/run.h"

PG_FUNCTION_INFO_V1(consent_manifest_add);
PG_FUNCTION_INFO_V1(consent_manifest_add_row);
PG_FUNCTION_INFO_V1(consent_manifest_combine);

typedef struct Adding
{
	Manifest   *manifest;
	UseTable   *table;
} Adding;

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("this function is part of an aggregate"),
				 errhint("Call consent.manifest() or consent.manifest_union().")));
	return context;
}

static void
add_use(const UseEntry *entry, const char *subject_key, void *arg)
{
	Adding	   *adding = arg;

	manifest_add(adding->manifest, adding->table, entry, subject_key);
}

/* The question is made once for a state, in the state's context. */
static Ask *
manifest_ask(Manifest *manifest)
{
	MemoryContext old;

	if (manifest->ask)
		return manifest->ask;
	old = MemoryContextSwitchTo(manifest->context);
	manifest->ask = ask_create(manifest->purposes, manifest->npurposes);
	MemoryContextSwitchTo(old);
	return manifest->ask;
}

static void
add_row(Manifest *manifest, AskRow *row)
{
	Adding		adding;

	ask_row(manifest_ask(manifest), row);
	adding.manifest = manifest;
	adding.table = manifest_table(manifest, row->row.table->known_as);
	row_uses(row, add_use, &adding);
}

/* Every row of an aggregate is asked about for the same purposes. */
static void
check_purposes(Manifest *manifest, ArrayType *purposes)
{
	Size		size = VARSIZE_ANY(purposes);

	if (!manifest->asked_for)
	{
		manifest->asked_for = MemoryContextAlloc(manifest->context, size);
		memcpy(manifest->asked_for, purposes, size);
	}
	else if (VARSIZE_ANY(manifest->asked_for) != size ||
			 memcmp(manifest->asked_for, purposes, size) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a manifest is about the same purposes for all rows"),
				 errhint("Make one manifest for each set of purposes, with GROUP BY.")));
}

static Manifest *
first_state(MemoryContext context, ArrayType *array)
{
	int			n;
	char	  **purposes = run_text_array(PointerGetDatum(array), &n);
	const Declared *d = declared_get();

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a manifest needs a purpose")));
	for (int i = 0; i < n; i++)
		declared_purpose(d, purposes[i], strlen(purposes[i]));
	return manifest_create(context, purposes, n);
}

/* manifest_add(state, purposes, table_name, row_key, parties, collected_at) */
Datum
consent_manifest_add(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	AskRow		row = {0};
	ArrayType  *purposes;
	Manifest   *manifest;

	argument_refuse_null(fcinfo, 1, "purposes");
	purposes = PG_GETARG_ARRAYTYPE_P(1);
	manifest = PG_ARGISNULL(0) ? first_state(context, purposes) :
		manifest_from_datum(PG_GETARG_DATUM(0), context);
	check_purposes(manifest, purposes);
	row_from_arguments(fcinfo, 2, false, &row);
	add_row(manifest, &row);
	PG_RETURN_DATUM(manifest_datum(manifest));
}

/* manifest_add(state, item, purpose) */
Datum
consent_manifest_add_row(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	AskRow		row = {0};
	Datum		purpose;
	ArrayType  *purposes;
	Manifest   *manifest;

	argument_refuse_null(fcinfo, 1, "item");
	argument_refuse_null(fcinfo, 2, "purpose");
	purpose = PG_GETARG_DATUM(2);
	purposes = construct_array(&purpose, 1, TEXTOID, -1, false, TYPALIGN_INT);
	manifest = PG_ARGISNULL(0) ? first_state(context, purposes) :
		manifest_from_datum(PG_GETARG_DATUM(0), context);
	check_purposes(manifest, purposes);
	row_from_item(PG_GETARG_DATUM(1), &row);
	add_row(manifest, &row);
	PG_RETURN_DATUM(manifest_datum(manifest));
}

/* Strict: manifest_combine(state, another state or manifest) */
Datum
consent_manifest_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	Manifest   *into = manifest_from_datum(PG_GETARG_DATUM(0), context);

	manifest_unite(into, PG_GETARG_DATUM(1));
	PG_RETURN_DATUM(manifest_datum(into));
}
