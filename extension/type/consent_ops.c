/*
 * consent_ops.c
 *		Making a consent value, asking what it says, and taking it apart.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "type/consent.h"

static bool
same_purpose(const cl_choice *c, const char *purpose, size_t len)
{
	return c->purpose_len == len && memcmp(c->purpose, purpose, len) == 0;
}

/* Does a choice say all that another states? */
static bool
choice_holds(const cl_choice *a, const cl_choice *b)
{
	return same_purpose(a, b->purpose, b->purpose_len) &&
		a->stance == b->stance &&
		(b->since == CL_INSTANT_NONE || a->since == b->since) &&
		(b->until == CL_INSTANT_OPEN || a->until == b->until) &&
		(!b->has_range || (a->from == b->from && a->to == b->to)) &&
		(b->act == CL_ACT_NONE || a->act == b->act) &&
		(b->notice_len == 0 ||
		 (a->notice_len == b->notice_len &&
		  memcmp(a->notice, b->notice, b->notice_len) == 0));
}

/* Does one of the choices of a value say all that this one states? */
static bool
consent_holds(const Consent *value, const cl_choice *wanted)
{
	ConsentIterator it;
	cl_choice	c;

	consent_iterate(value, &it);
	while (consent_next(&it, &c))
		if (choice_holds(&c, wanted))
			return true;
	return false;
}

static bool
consent_contains_all(const Consent *a, const Consent *b)
{
	ConsentIterator it;
	cl_choice	wanted;

	consent_iterate(b, &it);
	while (consent_next(&it, &wanted))
		if (!consent_holds(a, &wanted))
			return false;
	return true;
}

PG_FUNCTION_INFO_V1(consent_contains);
Datum
consent_contains(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(consent_contains_all(PG_GETARG_CONSENT_PP(0),
										PG_GETARG_CONSENT_PP(1)));
}

PG_FUNCTION_INFO_V1(consent_contained);
Datum
consent_contained(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(consent_contains_all(PG_GETARG_CONSENT_PP(1),
										PG_GETARG_CONSENT_PP(0)));
}

PG_FUNCTION_INFO_V1(consent_speaks_of);
Datum
consent_speaks_of(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	text	   *purpose = PG_GETARG_TEXT_PP(1);
	ConsentIterator it;
	cl_choice	c;

	consent_iterate(value, &it);
	while (consent_next(&it, &c))
		if (same_purpose(&c, VARDATA_ANY(purpose), VARSIZE_ANY_EXHDR(purpose)))
			PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(false);
}

PG_FUNCTION_INFO_V1(consent_forget);
Datum
consent_forget(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	text	   *purpose = PG_GETARG_TEXT_PP(1);
	int			n;
	int			kept = 0;
	cl_choice  *choices = consent_choices(value, &n);

	for (int i = 0; i < n; i++)
		if (!same_purpose(&choices[i], VARDATA_ANY(purpose), VARSIZE_ANY_EXHDR(purpose)))
			choices[kept++] = choices[i];
	PG_RETURN_CONSENT(consent_build(choices, kept));
}

/* The stance, as a sign or as a word. */
static char
stance_from_text(const char *s)
{
	if (strcmp(s, "+") == 0 || strcmp(s, "grant") == 0)
		return CL_GRANT;
	if (strcmp(s, "-") == 0 || strcmp(s, "refuse") == 0)
		return CL_REFUSAL;
	if (strcmp(s, "~") == 0 || strcmp(s, "preset") == 0)
		return CL_PRESET;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown stance \"%s\"", s),
			 errhint("Stances are + or grant, - or refuse, ~ or preset.")));
}

static cl_act
act_from_text(const char *s)
{
	cl_act		act;

	if (!cl_act_parse(s, strlen(s), &act))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown act \"%s\"", s),
				 errhint("%s", CL_HINT_ACT)));
	return act;
}

static void
check_instant(TimestampTz t, const char *what)
{
	if (!cl_instant_valid(t))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s lies outside the years 0001 to 9999", what),
				 errdetail("It is %s.", timestamptz_to_str(t)),
				 errhint("Leave out what has no bound.")));
}

/* A bound as the closed lower, or the open upper, end of a half-open range. */
static cl_instant
range_bound(const RangeBound *bound, cl_instant open)
{
	TimestampTz t;

	if (bound->infinite)
		return open;
	t = DatumGetTimestampTz(bound->val);
	check_instant(t, "data range");
	return t + (bound->lower != bound->inclusive ? 1 : 0);
}

static void
set_range(cl_choice *c, RangeType *range)
{
	TypeCacheEntry *typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound	lower,
				upper;
	bool		empty;

	range_deserialize(typcache, range, &lower, &upper, &empty);
	if (empty)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("data range is empty")));
	c->from = range_bound(&lower, CL_INSTANT_NONE);
	c->to = range_bound(&upper, CL_INSTANT_OPEN);
	c->has_range = !lower.infinite || !upper.infinite;
}

static void
set_purpose(cl_choice *c, const text *purpose)
{
	size_t		len = VARSIZE_ANY_EXHDR(purpose);

	c->purpose = VARDATA_ANY(purpose);
	if (!cl_purpose_valid(c->purpose, len))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("malformed purpose \"%.*s\"", (int) len, c->purpose),
				 errhint("%s", CL_HINT_PURPOSE)));
	c->purpose_len = (uint8_t) len;
}

static void
set_notice(cl_choice *c, const text *notice)
{
	size_t		len = VARSIZE_ANY_EXHDR(notice);

	c->notice = VARDATA_ANY(notice);
	if (!cl_notice_valid(c->notice, len))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("malformed notice \"%.*s\"", (int) len, c->notice),
				 errhint("%s", CL_HINT_NOTICE)));
	c->notice_len = (uint8_t) len;
}

static void
require_arg(FunctionCallInfo fcinfo, int arg, const char *what)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of a choice must not be null", what)));
}

/* An instant, or what stands for "not stated". */
static cl_instant
optional_instant(FunctionCallInfo fcinfo, int arg, const char *what, cl_instant absent)
{
	TimestampTz t;

	if (PG_ARGISNULL(arg))
		return absent;
	t = PG_GETARG_TIMESTAMPTZ(arg);
	check_instant(t, what);
	return t;
}

PG_FUNCTION_INFO_V1(consent_choice);
Datum
consent_choice(PG_FUNCTION_ARGS)
{
	cl_choice	c = {.from = CL_INSTANT_NONE,.to = CL_INSTANT_OPEN};

	require_arg(fcinfo, 0, "purpose");
	require_arg(fcinfo, 1, "stance");
	set_purpose(&c, PG_GETARG_TEXT_PP(0));
	c.stance = stance_from_text(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	c.since = optional_instant(fcinfo, 2, "since", CL_INSTANT_NONE);
	c.until = optional_instant(fcinfo, 3, "until", CL_INSTANT_OPEN);
	if (!PG_ARGISNULL(4))
		set_range(&c, PG_GETARG_RANGE_P(4));
	if (!PG_ARGISNULL(5))
		c.act = act_from_text(text_to_cstring(PG_GETARG_TEXT_PP(5)));
	if (!PG_ARGISNULL(6))
		set_notice(&c, PG_GETARG_TEXT_PP(6));
	consent_check_choice(&c);
	PG_RETURN_CONSENT(consent_build(&c, 1));
}

static Datum
range_datum(const cl_choice *c)
{
	TypeCacheEntry *typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	RangeBound	lower = {
		.val = TimestampTzGetDatum(c->from),
		.infinite = c->from == CL_INSTANT_NONE,
		.inclusive = c->from != CL_INSTANT_NONE,
		.lower = true
	};
	RangeBound	upper = {
		.val = TimestampTzGetDatum(c->to),
		.infinite = c->to == CL_INSTANT_OPEN,
	};

	return RangeTypePGetDatum(make_range_compat(typcache, &lower, &upper, false));
}

/* One row of choices(). */
static Datum
choice_row(const cl_choice *c, TupleDesc desc)
{
	Datum		values[7] = {0};
	bool		nulls[7] = {false};

	values[0] = PointerGetDatum(cstring_to_text_with_len(&c->stance, 1));
	values[1] = PointerGetDatum(cstring_to_text_with_len(c->purpose, c->purpose_len));
	values[2] = TimestampTzGetDatum(c->since);
	nulls[2] = c->since == CL_INSTANT_NONE;
	values[3] = TimestampTzGetDatum(c->until);
	nulls[3] = c->until == CL_INSTANT_OPEN;
	if (c->has_range)
		values[4] = range_datum(c);
	nulls[4] = !c->has_range;
	if (c->act != CL_ACT_NONE)
		values[5] = CStringGetTextDatum(cl_act_name((cl_act) c->act));
	nulls[5] = c->act == CL_ACT_NONE;
	if (c->notice_len > 0)
		values[6] = PointerGetDatum(cstring_to_text_with_len(c->notice, c->notice_len));
	nulls[6] = c->notice_len == 0;
	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}

/* Copy the value and describe the rows, to last for all calls. */
static void
begin_choices(FunctionCallInfo fcinfo, FuncCallContext *funcctx)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(funcctx->multi_call_memory_ctx);
	Consent    *value = (Consent *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0));
	ConsentIterator *it = palloc(sizeof(ConsentIterator));
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	funcctx->tuple_desc = BlessTupleDesc(desc);
	consent_iterate(value, it);
	funcctx->user_fctx = it;
	MemoryContextSwitchTo(oldcontext);
}

PG_FUNCTION_INFO_V1(consent_choice_rows);
Datum
consent_choice_rows(PG_FUNCTION_ARGS)
{
	FuncCallContext *funcctx;
	cl_choice	c;

	if (SRF_IS_FIRSTCALL())
		begin_choices(fcinfo, SRF_FIRSTCALL_INIT());
	funcctx = SRF_PERCALL_SETUP();
	if (consent_next(funcctx->user_fctx, &c))
		SRF_RETURN_NEXT(funcctx, choice_row(&c, funcctx->tuple_desc));
	SRF_RETURN_DONE(funcctx);
}
