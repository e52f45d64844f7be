/*
 * consent_gin.c
 *		Index support for @> and ? on consent.
 *
 * A key is the stance and the purpose, "-ai_training", compared bytewise.
 */
#include "postgres.h"

#include "access/gin.h"
#include "access/stratnum.h"
#include "utils/builtins.h"

#include "type/consent.h"

#define CONTAINS_STRATEGY	7
#define SPEAKS_OF_STRATEGY	9

static Datum
make_key(char stance, const char *purpose, size_t len)
{
	text	   *key = palloc(VARHDRSZ + 1 + len);

	SET_VARSIZE(key, VARHDRSZ + 1 + len);
	*VARDATA(key) = stance;
	memcpy(VARDATA(key) + 1, purpose, len);
	return PointerGetDatum(key);
}

/* A key for every choice of a value. */
static Datum *
keys_of(const Consent *value, int32 *nkeys)
{
	Datum	   *keys = palloc(sizeof(Datum) * (consent_count(value) + 1));
	ConsentIterator it;
	cl_choice	c;

	*nkeys = 0;
	consent_iterate(value, &it);
	while (consent_next(&it, &c))
		keys[(*nkeys)++] = make_key(c.stance, c.purpose, c.purpose_len);
	return keys;
}

/* The three keys under which a purpose can be found. */
static Datum *
keys_of_purpose(const text *purpose, int32 *nkeys)
{
	static const char stances[] = {CL_GRANT, CL_REFUSAL, CL_PRESET};
	Datum	   *keys = palloc(sizeof(Datum) * lengthof(stances));

	for (int i = 0; i < lengthof(stances); i++)
		keys[i] = make_key(stances[i], VARDATA_ANY(purpose), VARSIZE_ANY_EXHDR(purpose));
	*nkeys = lengthof(stances);
	return keys;
}

PG_FUNCTION_INFO_V1(consent_gin_extract_value);
Datum
consent_gin_extract_value(PG_FUNCTION_ARGS)
{
	int32	   *nkeys = (int32 *) PG_GETARG_POINTER(1);

	PG_RETURN_POINTER(keys_of(PG_GETARG_CONSENT_PP(0), nkeys));
}

PG_FUNCTION_INFO_V1(consent_gin_extract_query);
Datum
consent_gin_extract_query(PG_FUNCTION_ARGS)
{
	int32	   *nkeys = (int32 *) PG_GETARG_POINTER(1);
	StrategyNumber strategy = PG_GETARG_UINT16(2);
	int32	   *search_mode = (int32 *) PG_GETARG_POINTER(6);
	Datum	   *keys;

	if (strategy == SPEAKS_OF_STRATEGY)
		PG_RETURN_POINTER(keys_of_purpose(PG_GETARG_TEXT_PP(0), nkeys));
	if (strategy != CONTAINS_STRATEGY)
		elog(ERROR, "unrecognized strategy number: %d", strategy);
	keys = keys_of(PG_GETARG_CONSENT_PP(0), nkeys);
	if (*nkeys == 0)
		*search_mode = GIN_SEARCH_MODE_ALL;
	PG_RETURN_POINTER(keys);
}

/* All keys must be there for @>, one for ?; unknown ones leave it open. */
static GinTernaryValue
decide(StrategyNumber strategy, const GinTernaryValue *check, int32 nkeys)
{
	bool		contains = strategy == CONTAINS_STRATEGY;
	GinTernaryValue decisive = contains ? GIN_FALSE : GIN_TRUE;
	GinTernaryValue result = contains ? GIN_MAYBE : GIN_FALSE;

	for (int32 i = 0; i < nkeys; i++)
	{
		if (check[i] == decisive)
			return decisive;
		if (check[i] == GIN_MAYBE)
			result = GIN_MAYBE;
	}
	return result;
}

PG_FUNCTION_INFO_V1(consent_gin_consistent);
Datum
consent_gin_consistent(PG_FUNCTION_ARGS)
{
	GinTernaryValue *check = (GinTernaryValue *) PG_GETARG_POINTER(0);
	StrategyNumber strategy = PG_GETARG_UINT16(1);
	int32		nkeys = PG_GETARG_INT32(3);
	bool	   *recheck = (bool *) PG_GETARG_POINTER(5);
	GinTernaryValue result = decide(strategy, check, nkeys);

	*recheck = result == GIN_MAYBE;
	PG_RETURN_BOOL(result != GIN_FALSE);
}

PG_FUNCTION_INFO_V1(consent_gin_triconsistent);
Datum
consent_gin_triconsistent(PG_FUNCTION_ARGS)
{
	GinTernaryValue *check = (GinTernaryValue *) PG_GETARG_POINTER(0);
	StrategyNumber strategy = PG_GETARG_UINT16(1);
	int32		nkeys = PG_GETARG_INT32(3);

	PG_RETURN_GIN_TERNARY_VALUE(decide(strategy, check, nkeys));
}
