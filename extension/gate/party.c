/*
 * party.c
 *		The parties of a row: how they are given, and their verdicts together.
 */
#include "postgres.h"

#include "access/tupmacs.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/uuid.h"

#include "gate/gate.h"
#include "ledger/subject.h"

/* Text is taken in every ledger; other types where the subjects are of it. */
static inline void
check_type(const Declared *d, Oid type)
{
	const char *expected;

	if (type == TEXTOID ||
		(type == INT8OID && d->subject_type == SUBJECT_BIGINT) ||
		(type == UUIDOID && d->subject_type == SUBJECT_UUID))
		return;
	expected = subject_type_name(d->subject_type);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("subjects of this ledger are %s, not %s", expected, format_type_be(type)),
			 errhint("Pass the application's own key as %s.", expected)));
}

/* Only if it is canonically written. */
static void
text_party(const Declared *d, text *value, GateParty *party)
{
	party->kind = GATE_TEXT;
	party->bytes = VARDATA_ANY(value);
	party->len = VARSIZE_ANY_EXHDR(value);
	subject_check_key(d, party->bytes, party->len);
}

void
gate_party(const Declared *d, Datum value, bool isnull, Oid type, GateParty *party)
{
	memset(party, 0, sizeof(GateParty));
	party->verdict = CL_UNKNOWN;
	check_type(d, type);
	if (isnull)
		return;
	switch (type)
	{
		case INT8OID:
			party->kind = GATE_BIGINT;
			party->number = DatumGetInt64(value);
			break;
		case UUIDOID:
			party->kind = GATE_UUID;
			party->bytes = (const char *) DatumGetUUIDP(value)->data;
			party->len = UUID_LEN;
			break;
		default:
			text_party(d, DatumGetTextPP(value), party);
	}
}

char *
gate_party_key(const GateParty *party)
{
	char	   *key;

	switch (party->kind)
	{
		case GATE_TEXT:
			return pnstrdup(party->bytes, party->len);
		case GATE_BIGINT:
			key = palloc(MAXINT8LEN + 1);
			pg_lltoa(party->number, key);
			return key;
		case GATE_UUID:
			return DatumGetCString(DirectFunctionCall1(uuid_out, PointerGetDatum(party->bytes)));
		default:
			return NULL;
	}
}

/* The next element of an array; *next goes behind it. */
static Datum
next_element(const char **next, Oid type)
{
	const char *value = *next;

	if (type == INT8OID)
	{
		*next += sizeof(int64);
		return Int64GetDatum(*(const int64 *) value);
	}
	*next += type == UUIDOID ? UUID_LEN : INTALIGN(VARSIZE_ANY(value));
	return PointerGetDatum(value);
}

GateParty *
gate_parties(const Declared *d, ArrayType *array, GateParty *room, int *n)
{
	Oid			type = ARR_ELEMTYPE(array);
	const char *next = ARR_DATA_PTR(array);
	const bits8 *nulls = ARR_NULLBITMAP(array);
	GateParty  *parties = room;

	*n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	if (parties == NULL || *n > GATE_ROOM)
		parties = palloc(mul_size(Max(*n, 1), sizeof(GateParty)));
	/* Of an empty array, too: it would hide a mistake. */
	check_type(d, type);
	for (int i = 0; i < *n; i++)
	{
		bool		isnull = nulls != NULL && att_isnull(i, nulls);

		gate_party(d, isnull ? (Datum) 0 : next_element(&next, type), isnull, type, &parties[i]);
	}
	return parties;
}

cl_verdict
gate_combine(PartyRule rule, const GateParty *parties, int n)
{
	cl_verdict	verdict;

	if (n == 0)
		return CL_UNKNOWN;
	verdict = parties[0].verdict;
	if (rule == PARTY_FIRST)
		return verdict;
	for (int i = 1; i < n; i++)
		if (rule == PARTY_ANY ? parties[i].verdict < verdict : parties[i].verdict > verdict)
			verdict = parties[i].verdict;
	return verdict;
}
