/*
 * consent.c
 *		Values of type consent: making, merging, comparing.
 *
 * A value is always canonical: choices sorted by purpose and data range, one
 * for each.  So equal values are equal bytes.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "type/consent.h"

static Consent *
consent_pack(const cl_choice *choices, size_t n)
{
	size_t		size = VARHDRSZ + cl_choices_packed_size(choices, n);
	Consent    *value = palloc(size);

	SET_VARSIZE(value, size);
	cl_choices_pack(choices, n, value->packed);
	return value;
}

static void
check_count(size_t n)
{
	if (n > CL_CHOICES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a consent value holds at most %d choices", CL_CHOICES_MAX)));
}

Consent *
consent_build(cl_choice *choices, size_t n)
{
	n = cl_choices_normalize(choices, n);
	check_count(n);
	return consent_pack(choices, n);
}

Consent *
consent_empty(void)
{
	return consent_pack(NULL, 0);
}

cl_choice *
consent_choices(const Consent *value, int *n)
{
	cl_choice  *choices = palloc(sizeof(cl_choice) * (consent_count(value) + 1));
	ConsentIterator it;

	*n = 0;
	consent_iterate(value, &it);
	while (consent_next(&it, &choices[*n]))
		(*n)++;
	return choices;
}

Consent *
consent_merge2(Consent *a, Consent *b)
{
	int			na,
				nb;
	cl_choice  *as;
	cl_choice  *bs;
	cl_choice  *merged;
	int			from_a = 0;
	int			from_b = 0;
	int			n = 0;
	int			i = 0;
	int			j = 0;

	if (consent_count(a) == 0)
		return b;
	if (consent_count(b) == 0)
		return a;
	as = consent_choices(a, &na);
	bs = consent_choices(b, &nb);
	merged = palloc(sizeof(cl_choice) * (na + nb));
	while (i < na || j < nb)
	{
		int			cmp = i == na ? 1 : j == nb ? -1 :
			cl_choice_key_compare(&as[i], &bs[j]);
		bool		take_b = cmp > 0 || (cmp == 0 && cl_choice_beats(&bs[j], &as[i]));

		merged[n++] = take_b ? bs[j] : as[i];
		from_a += !take_b;
		from_b += take_b;
		i += cmp <= 0;
		j += cmp >= 0;
	}
	check_count(n);
	if (from_a == n && na == n)
		return a;
	if (from_b == n && nb == n)
		return b;
	return consent_pack(merged, n);
}

bool
consent_equal(const Consent *a, const Consent *b)
{
	return consent_size(a) == consent_size(b) &&
		memcmp(consent_bytes(a), consent_bytes(b), consent_size(a)) == 0;
}

void
consent_check_choice(const cl_choice *c)
{
	const char *complaint = cl_choice_check(c);

	if (complaint != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid choice: %s", complaint),
				 errdetail("The purpose is \"%.*s\".", c->purpose_len, c->purpose)));
}

/* Field by field, choice by choice; what ends first is less. */
static int
consent_compare(const Consent *a, const Consent *b)
{
	ConsentIterator ia,
				ib;
	cl_choice	ca,
				cb;

	consent_iterate(a, &ia);
	consent_iterate(b, &ib);
	while (consent_next(&ia, &ca))
	{
		int			cmp;

		if (!consent_next(&ib, &cb))
			return 1;
		if ((cmp = cl_choice_compare(&ca, &cb)) != 0)
			return cmp < 0 ? -1 : 1;
	}
	return consent_next(&ib, &cb) ? -1 : 0;
}

/* Compare two arguments; free what was detoasted, as an index needs. */
static int
compare_args(FunctionCallInfo fcinfo)
{
	Consent    *a = PG_GETARG_CONSENT_PP(0);
	Consent    *b = PG_GETARG_CONSENT_PP(1);
	int			cmp = consent_compare(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return cmp;
}

static bool
equal_args(FunctionCallInfo fcinfo)
{
	Consent    *a = PG_GETARG_CONSENT_PP(0);
	Consent    *b = PG_GETARG_CONSENT_PP(1);
	bool		equal = consent_equal(a, b);

	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return equal;
}

PG_FUNCTION_INFO_V1(consent_eq);
Datum
consent_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(equal_args(fcinfo));
}

PG_FUNCTION_INFO_V1(consent_ne);
Datum
consent_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(!equal_args(fcinfo));
}

PG_FUNCTION_INFO_V1(consent_lt);
Datum
consent_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) < 0);
}

PG_FUNCTION_INFO_V1(consent_le);
Datum
consent_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) <= 0);
}

PG_FUNCTION_INFO_V1(consent_gt);
Datum
consent_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) > 0);
}

PG_FUNCTION_INFO_V1(consent_ge);
Datum
consent_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare_args(fcinfo) >= 0);
}

PG_FUNCTION_INFO_V1(consent_cmp);
Datum
consent_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare_args(fcinfo));
}

PG_FUNCTION_INFO_V1(consent_hash);
Datum
consent_hash(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	Datum		hash = hash_any((const unsigned char *) consent_bytes(value),
								consent_size(value));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(consent_hash_extended);
Datum
consent_hash_extended(PG_FUNCTION_ARGS)
{
	Consent    *value = PG_GETARG_CONSENT_PP(0);
	Datum		hash = hash_any_extended((const unsigned char *) consent_bytes(value),
										 consent_size(value), PG_GETARG_INT64(1));

	PG_FREE_IF_COPY(value, 0);
	return hash;
}

PG_FUNCTION_INFO_V1(consent_merge);
Datum
consent_merge(PG_FUNCTION_ARGS)
{
	PG_RETURN_CONSENT(consent_merge2(PG_GETARG_CONSENT_PP(0),
									 PG_GETARG_CONSENT_PP(1)));
}
