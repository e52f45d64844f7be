/*
 * subject.c
 *		Subjects: how their keys are spelt, and where they are found.
 *
 * A key has one spelling.  A second one would be somebody else, whose "no" is
 * not found; so what is not canonical is refused, never repaired.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "core/hash.h"
#include "ledger/spelling.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"

static const char *const subject_type_names[] = {"text", "bigint", "uuid"};

const char *
subject_type_name(SubjectType type)
{
	return subject_type_names[type];
}

static void
refuse_spelling(const Declared *d, const char *key, size_t len, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("subject \"%.*s\" is not a canonically written %s",
					(int) Min(len, 64), key, subject_type_name(d->subject_type)),
			 errdetail("Another spelling would be another subject, whose choices are not found."),
			 errhint("%s", hint)));
}

void
subject_check_key(const Declared *d, const char *key, size_t len)
{
	int64		number;

	switch (d->subject_type)
	{
		case SUBJECT_TEXT:
			if (len == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("a subject cannot be the empty string")));
			if (len > SUBJECT_KEY_MAX)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("subject is too long: %zu bytes", len),
						 errdetail("A subject's key has at most %d bytes.", SUBJECT_KEY_MAX)));
			break;
		case SUBJECT_BIGINT:
			if (!spelling_is_bigint(key, len, &number))
				refuse_spelling(d, key, len, "Write digits only, without leading zeros or spaces.");
			break;
		case SUBJECT_UUID:
			if (!spelling_is_uuid(key, len))
				refuse_spelling(d, key, len, "Write it in lower case with hyphens, or cast it to uuid first.");
			break;
	}
}

static void
refuse_type(const Declared *d, const char *given)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("subjects of this ledger are %s, not %s",
					subject_type_name(d->subject_type), given),
			 errhint("Pass the application's own key as %s.",
					 subject_type_name(d->subject_type))));
}

char *
subject_key_from_datum(const Declared *d, Datum value, Oid type)
{
	char	   *key;

	switch (type)
	{
		case INT8OID:
			if (d->subject_type != SUBJECT_BIGINT)
				refuse_type(d, "bigint");
			key = palloc(MAXINT8LEN + 1);
			pg_lltoa(DatumGetInt64(value), key);
			return key;
		case UUIDOID:
			if (d->subject_type != SUBJECT_UUID)
				refuse_type(d, "uuid");
			return DatumGetCString(DirectFunctionCall1(uuid_out, value));
		case TEXTOID:
			key = TextDatumGetCString(value);
			subject_check_key(d, key, strlen(key));
			return key;
		default:
			elog(ERROR, "unexpected type %u of a subject", type);
	}
}

void
subject_row_from_tuple(Store *store, HeapTuple tuple, SubjectRow *row)
{
	bool		isnull;
	Datum		value;

	row->subject_no = DatumGetInt64(store_get(store, tuple, Anum_subject_subject_no, &isnull));
	value = store_get(store, tuple, Anum_subject_state, &isnull);
	row->state = (Consent *) PG_DETOAST_DATUM_COPY(value);
	value = store_get(store, tuple, Anum_subject_jurisdiction, &isnull);
	row->jurisdiction = isnull ? NULL : TextDatumGetCString(value);
	row->scoped = DatumGetBool(store_get(store, tuple, Anum_subject_scoped, &isnull));
	row->erased = false;
}

int64
subject_greatest_number(Store *subjects)
{
	StoreScan  *scan = store_scan(subjects, "subject_pkey", GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple = store_previous(scan);
	bool		isnull;
	int64		greatest = 0;

	if (tuple != NULL)
		greatest = DatumGetInt64(store_get(subjects, tuple, Anum_subject_subject_no, &isnull));
	store_end(scan);
	return greatest;
}

static bool
find_by_key(const char *key, size_t len, Snapshot snapshot, SubjectRow *row)
{
	Store	   *store = store_open("subject", AccessShareLock);
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_text(&scankey, Anum_subject_key, key, len);
	scan = store_scan(store, "subject_key", snapshot, 1, &scankey);
	tuple = store_next(scan);
	if (tuple)
		subject_row_from_tuple(store, tuple, row);
	store_end(scan);
	store_close(store);
	return tuple != NULL;
}

bytea *
subject_suppression_key(Snapshot snapshot)
{
	Store	   *store = store_open("ledger", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	HeapTuple	tuple = store_next(scan);
	bool		isnull;
	bytea	   *secret;

	if (!tuple)
		elog(ERROR, "there is no ledger");
	secret = DatumGetByteaPCopy(store_get(store, tuple, Anum_ledger_suppression_key, &isnull));
	store_end(scan);
	store_close(store);
	return secret;
}

static void
commit_under(bytea *secret, const cl_part *parts, int n, uint8 *out)
{
	if (cl_commit(VARDATA_ANY(secret), VARSIZE_ANY_EXHDR(secret), parts, n, out) != CL_OK)
		elog(ERROR, "could not compute an HMAC");
}

void
subject_suppression(bytea *secret, const char *key, size_t len, uint8 *hash)
{
	cl_part		parts[2] = {
		{CL_COMMIT_SUPPRESSION, strlen(CL_COMMIT_SUPPRESSION)},
		{key, len}
	};

	commit_under(secret, parts, lengthof(parts), hash);
}

void
subject_commit_suppression(bytea *secret, int64 subject_no, bytea *hash, uint8 *commitment)
{
	char	   *number = psprintf(INT64_FORMAT, subject_no);
	cl_part		parts[3] = {
		{CL_COMMIT_SUPPRESSED, strlen(CL_COMMIT_SUPPRESSED)},
		{number, strlen(number)},
		{VARDATA_ANY(hash), VARSIZE_ANY_EXHDR(hash)}
	};

	commit_under(secret, parts, lengthof(parts), commitment);
}

void
subject_commit_suppression_key(bytea *secret, const char *origin, uint8 *commitment)
{
	cl_part		parts[2] = {
		{CL_COMMIT_SUPPRESSION_KEY, strlen(CL_COMMIT_SUPPRESSION_KEY)},
		{origin, strlen(origin)}
	};

	commit_under(secret, parts, lengthof(parts), commitment);
}

bool
subject_was_known_as(Store *store, HeapTuple tuple, const char *key)
{
	uint8		hash[SUPPRESSION_BYTES];
	bool		isnull;
	Datum		stored = store_get(store, tuple, Anum_subject_suppression, &isnull);
	bytea	   *bytes;

	if (isnull)
		return false;
	bytes = DatumGetByteaPP(stored);
	subject_suppression(subject_suppression_key(GetActiveSnapshot()), key, strlen(key), hash);
	return VARSIZE_ANY_EXHDR(bytes) == sizeof(hash) &&
		memcmp(VARDATA_ANY(bytes), hash, sizeof(hash)) == 0;
}

/* Who was erased more than once is found as she was the last time. */
bool
subject_find_erased(const char *key, size_t len, Snapshot snapshot, SubjectRow *row)
{
	bytea	   *hash = palloc(VARHDRSZ + SUPPRESSION_BYTES);
	Store	   *store = store_open("subject", AccessShareLock);
	bool		found = false;
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;

	subject_suppression(subject_suppression_key(snapshot), key, len, (uint8 *) VARDATA(hash));
	SET_VARSIZE(hash, VARHDRSZ + SUPPRESSION_BYTES);
	store_key_bytea(&scankey, Anum_subject_suppression, hash);
	scan = store_scan(store, "subject_suppression", snapshot, 1, &scankey);
	while ((tuple = store_next(scan)) != NULL)
	{
		SubjectRow	other;

		subject_row_from_tuple(store, tuple, &other);
		if (!found || other.subject_no > row->subject_no)
			*row = other;
		found = true;
	}
	store_end(scan);
	store_close(store);
	if (found)
		row->erased = true;
	return found;
}

bool
subject_find(const char *key, size_t len, Snapshot snapshot, SubjectRow *row)
{
	return find_by_key(key, len, snapshot, row) ||
		(declared_get()->erased_subjects > 0 &&
		 subject_find_erased(key, len, snapshot, row));
}

bool
subject_is_erased(const Declared *d, const char *key)
{
	SubjectRow	row;

	return d->erased_subjects > 0 &&
		subject_find(key, strlen(key), GetActiveSnapshot(), &row) && row.erased;
}
