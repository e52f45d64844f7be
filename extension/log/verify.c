/*
 * verify.c
 *		Compare everything that is stored with what was sealed.
 *
 * The parts trust nothing but the signatures: first the guards and the keys,
 * then the events against their seals, then all that was derived from events
 * or declared by them against the events.  A scan reads each table once, in
 * order; what is kept in memory is one seal's hashes, or one subject's state.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "core/hash.h"
#include "core/instant.h"
#include "ledger/tables.h"
#include "log/verify.h"
#include "type/consent.h"

#define REPORT_EVERY_MS 10000
#define CLOCK_EVERY 1024

void
verify_finding(Verify *v, const char *kind, const char *thing,
			   const char *expected, const char *found)
{
	const char *columns[] = {kind, thing, expected, found};
	Datum		values[lengthof(columns)];
	bool		isnull[lengthof(columns)];
	MemoryContext old;

	v->nfindings++;
	if (!v->findings)
		return;
	old = MemoryContextSwitchTo(v->scratch);
	for (size_t i = 0; i < lengthof(columns); i++)
	{
		isnull[i] = columns[i] == NULL;
		values[i] = isnull[i] ? (Datum) 0 : CStringGetTextDatum(columns[i]);
	}
	tuplestore_putvalues(v->findings, v->desc, values, isnull);
	MemoryContextSwitchTo(old);
}

void
verify_report(Verify *v, const char *what, int64 done)
{
	TimestampTz now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(v->reported, now, REPORT_EVERY_MS))
		return;
	v->reported = now;
	ereport(NOTICE,
			(errmsg("verify: " INT64_FORMAT " %s checked after %ld s", done, what,
					(long) ((now - v->started) / USECS_PER_SEC))));
}

void
verify_progress(Verify *v, const char *what, int64 done)
{
	CHECK_FOR_INTERRUPTS();
	if (v->findings && done % CLOCK_EVERY == 0)
		verify_report(v, what, done);
}

/* ---- texts ---- */

static char *
bytes_text(bytea *bytes)
{
	size_t		len = VARSIZE_ANY_EXHDR(bytes);
	char	   *hex = palloc(2 * len + 1);

	cl_hex_encode((const uint8_t *) VARDATA_ANY(bytes), len, hex);
	return hex;
}

static char *
instant_text(TimestampTz t)
{
	char	   *text = palloc(CL_INSTANT_TEXT);

	if (!cl_instant_valid(t))
		return pstrdup("outside the years 0001 to 9999");
	cl_instant_format(t, text);
	return text;
}

static char *
date_text(DateADT date)
{
	int			year,
				month,
				day;

	if (DATE_NOT_FINITE(date))
		return pstrdup(DATE_IS_NOBEGIN(date) ? "-infinity" : "infinity");
	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

static char *
range_text(RangeType *range)
{
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound	lower,
				upper;
	bool		empty;

	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty || lower.infinite || upper.infinite)
		return pstrdup(empty ? "empty" : "without a start or an end");
	return psprintf("%c%s,%s%c", lower.inclusive ? '[' : '(',
					instant_text(DatumGetTimestampTz(lower.val)),
					instant_text(DatumGetTimestampTz(upper.val)),
					upper.inclusive ? ']' : ')');
}

char *
verify_text(Datum value, bool isnull, Oid type)
{
	Oid			output;
	bool		varlena;

	if (isnull)
		return NULL;
	switch (type)
	{
		case TEXTOID:
			return TextDatumGetCString(value);
		case BYTEAOID:
			return bytes_text(DatumGetByteaPP(value));
		case TIMESTAMPTZOID:
			return instant_text(DatumGetTimestampTz(value));
		case TSTZRANGEOID:
			return range_text(DatumGetRangeTypeP(value));
		case DATEOID:
			return date_text(DatumGetDateADT(value));
		case BOOLOID:
			return pstrdup(DatumGetBool(value) ? "true" : "false");
		default:
			getTypeOutputInfo(type, &output, &varlena);
			return OidOutputFunctionCall(output, value);
	}
}

char *
verify_column_text(Store *store, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;
	Datum		value = store_get(store, tuple, attno, &isnull);

	return verify_text(value, isnull,
					   TupleDescAttr(RelationGetDescr(store_relation(store)), attno - 1)->atttypid);
}

const char *
verify_column_name(Store *store, AttrNumber attno)
{
	return NameStr(TupleDescAttr(RelationGetDescr(store_relation(store)), attno - 1)->attname);
}

bool
verify_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* ---- all of it ---- */

PG_FUNCTION_INFO_V1(consent_verify);

/* SQL: verify(since). */
Datum
consent_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Verify		v = {0};

	InitMaterializedSRF(fcinfo, 0);
	v.findings = result->setResult;
	v.desc = result->setDesc;
	v.snapshot = RegisterSnapshot(GetActiveSnapshot());
	v.scratch = AllocSetContextCreate(CurrentMemoryContext, "consent verify",
									  ALLOCSET_DEFAULT_SIZES);
	v.started = v.reported = GetCurrentTimestamp();
	v.function = fcinfo->flinfo->fn_oid;
	v.first_seal = PG_INT64_MIN;
	verify_guards(&v);
	if (verify_tables(&v))
	{
		verify_ledger(&v);
		if (!PG_ARGISNULL(0))
			verify_since(&v, text_to_cstring(PG_GETARG_TEXT_PP(0)));
		verify_declarations(&v);
		verify_seals(&v);
		verify_last_declaration(&v);
		verify_runs(&v);
		if (v.since == 0)
			verify_subjects(&v);
		verify_sequences(&v);
		verify_log(&v);
		verify_bounds(&v);
	}
	UnregisterSnapshot(v.snapshot);
	MemoryContextDelete(v.scratch);
	return (Datum) 0;
}
