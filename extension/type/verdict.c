/*
 * verdict.c
 *		The enum of verdicts, and the verdict of a value by itself.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "type/consent.h"

/* OIDs of the enum and its labels; good until one of them is changed. */
typedef struct VerdictOids
{
	bool		valid;
	Oid			type;
	Oid			labels[CL_VERDICTS];
} VerdictOids;

static VerdictOids cached;
static uint64 invalidations = 0;

static void
forget_oids(Datum arg, int cacheid, uint32 hashvalue)
{
	cached.valid = false;
	invalidations++;
}

static Oid
lookup_label(Oid type, const char *label)
{
	HeapTuple	tuple = SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(type),
										CStringGetDatum(label));
	Oid			oid;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "label \"%s\" of enum consent.verdict is missing", label);
	oid = ((Form_pg_enum) GETSTRUCT(tuple))->oid;
	ReleaseSysCache(tuple);
	return oid;
}

static void
lookup_oids(VerdictOids *oids)
{
	Oid			schema = get_namespace_oid("consent", false);

	oids->type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
								 CStringGetDatum("verdict"), ObjectIdGetDatum(schema));
	if (!OidIsValid(oids->type))
		elog(ERROR, "enum consent.verdict is missing");
	for (int v = 0; v < CL_VERDICTS; v++)
		oids->labels[v] = lookup_label(oids->type, cl_verdict_name((cl_verdict) v));
	oids->valid = true;
}

/* A change that arrives while we look up makes us look again. */
static const VerdictOids *
verdict_oids(void)
{
	static bool registered = false;
	VerdictOids fresh;
	uint64		before;

	if (cached.valid)
		return &cached;
	if (!registered)
	{
		CacheRegisterSyscacheCallback(ENUMOID, forget_oids, (Datum) 0);
		registered = true;
	}
	do
	{
		before = invalidations;
		lookup_oids(&fresh);
	} while (before != invalidations);
	cached = fresh;
	return &cached;
}

Oid
verdict_type_oid(void)
{
	return verdict_oids()->type;
}

Datum
verdict_datum(cl_verdict v)
{
	return ObjectIdGetDatum(verdict_oids()->labels[v]);
}

cl_verdict
verdict_from_datum(Datum d)
{
	const VerdictOids *oids = verdict_oids();

	for (int v = 0; v < CL_VERDICTS; v++)
		if (oids->labels[v] == DatumGetObjectId(d))
			return (cl_verdict) v;
	elog(ERROR, "unknown value of enum consent.verdict: %u", DatumGetObjectId(d));
}

/*
 * All purposes that speak of the one asked about are prefixes of it, so that
 * their lengths tell them apart, and the longer lies within the shorter.
 */
static bool
longer_within_shorter(const void *dag, int32_t a, int32_t b)
{
	return a >= b;
}

/* The choices that speak of a purpose and had been made by then. */
static int
collect_items(const Consent *value, const char *purpose, size_t len,
			  cl_instant made_by, cl_rule_item *items)
{
	ConsentIterator it;
	cl_choice	c;
	int			n = 0;

	consent_iterate(value, &it);
	while (consent_next(&it, &c))
	{
		if (c.since > made_by ||
			!cl_purpose_within_dotted(purpose, len, c.purpose, c.purpose_len))
			continue;
		items[n] = (cl_rule_item)
		{
			.stance = c.stance,
				.has_range = c.has_range,
				.purpose = c.purpose_len,
				.since = c.since,
				.until = c.until,
				.from = c.from,
				.to = c.to,
				.tag = n
		};
		n++;
	}
	return n;
}

PG_FUNCTION_INFO_V1(consent_verdict_of);
Datum
consent_verdict_of(PG_FUNCTION_ARGS)
{
	Consent    *value;
	text	   *purpose;
	bool		now = PG_ARGISNULL(2);
	cl_rule_question q = {.within = longer_within_shorter};
	cl_rule_item *items;
	int			n;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	value = PG_GETARG_CONSENT_PP(0);
	purpose = PG_GETARG_TEXT_PP(1);
	if (!cl_purpose_valid(VARDATA_ANY(purpose), VARSIZE_ANY_EXHDR(purpose)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("malformed purpose \"%.*s\"",
						(int) VARSIZE_ANY_EXHDR(purpose), VARDATA_ANY(purpose)),
				 errhint("%s", CL_HINT_PURPOSE)));
	q.at = now ? GetCurrentStatementStartTimestamp() : PG_GETARG_TIMESTAMPTZ(2);
	q.has_collected = !PG_ARGISNULL(3);
	q.collected = q.has_collected ? PG_GETARG_TIMESTAMPTZ(3) : 0;
	items = palloc(sizeof(cl_rule_item) * (consent_count(value) + 1));
	n = collect_items(value, VARDATA_ANY(purpose), VARSIZE_ANY_EXHDR(purpose),
					  now ? CL_INSTANT_OPEN : q.at, items);
	return verdict_datum(cl_rule_decide(&q, items, n, NULL));
}
