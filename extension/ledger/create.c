/*
 * create.c
 *		Start a ledger: what it is called, whose keys sign it, its first event.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/event.h"
#include "core/hash.h"
#include "core/seal.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_create_ledger);

static SubjectType
subject_type_argument(Oid type)
{
	switch (type)
	{
		case TEXTOID:
			return SUBJECT_TEXT;
		case INT8OID:
			return SUBJECT_BIGINT;
		case UUIDOID:
			return SUBJECT_UUID;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("subjects cannot be of type %s", format_type_be(type)),
					 errhint("Use text, bigint or uuid: the type of the application's own key.")));
	}
}

static void
check_origin(const char *origin)
{
	if (!cl_origin_valid(origin, strlen(origin)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" cannot be the origin of a ledger", origin),
				 errdetail("An origin is a name without white space or plus sign, of at most %d bytes, that does not begin with consent_ledger/ or cosignature/.",
						   CL_ORIGIN_MAX),
				 errhint("Use a name that you own, as example.org/consent.")));
}

static void
check_database(void)
{
	if (GetDatabaseEncoding() != PG_UTF8)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a consent ledger needs a database in UTF8"),
				 errdetail("This one is in %s.", GetDatabaseEncodingName())));
}

static void
refuse_second_ledger(Store *store)
{
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple = store_next(scan);
	bool		isnull;

	if (tuple)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("this database has a ledger already: \"%s\"",
						TextDatumGetCString(store_get(store, tuple, Anum_ledger_origin, &isnull)))));
	store_end(scan);
}

/*
 * The row that says what the ledger is.  Until its first declaration is
 * recorded it has a version that no other transaction can have used.
 */
static bytea *
insert_ledger(Store *store, const char *origin, SubjectType type, bool test)
{
	Datum		values[Natts_ledger];
	bool		isnull[Natts_ledger] = {0};
	bytea	   *key = palloc(VARHDRSZ + CL_SALT_BYTES);

	if (cl_random(VARDATA(key), CL_SALT_BYTES) != CL_OK)
		elog(ERROR, "no random bytes to be had");
	SET_VARSIZE(key, VARHDRSZ + CL_SALT_BYTES);
	values[Anum_ledger_suppression_key - 1] = PointerGetDatum(key);
	values[Anum_ledger_singleton - 1] = BoolGetDatum(true);
	values[Anum_ledger_origin - 1] = CStringGetTextDatum(origin);
	values[Anum_ledger_subject_type - 1] = CStringGetTextDatum(subject_type_name(type));
	values[Anum_ledger_test - 1] = BoolGetDatum(test);
	values[Anum_ledger_erased_subjects - 1] = Int64GetDatum(0);
	values[Anum_ledger_last_declaration - 1] = Int64GetDatum(-store_nextval(store_relid("seal_no_seq")));
	store_insert(store, values, isnull);
	return key;
}

static int64
record_creation(const char *origin, SubjectType type, bool test, char **vkeys, bytea *secret)
{
	uint8		commitment[CL_HASH_BYTES];
	char		secret_text[2 * CL_HASH_BYTES + 1];
	const char *type_name = subject_type_name(type);
	const char *test_text = test ? "true" : "false";
	cl_json_member members[] = {
		DETAIL("origin", origin),
		DETAIL("subject_type", type_name),
		DETAIL("test", test_text),
		DETAIL("key_checkpoint", vkeys[KEY_CHECKPOINT]),
		DETAIL("key_seal", vkeys[KEY_SEAL]),
		DETAIL("key_witness", vkeys[KEY_WITNESS]),
		{"suppression_key", strlen("suppression_key"), secret_text, 2 * CL_HASH_BYTES}
	};
	EventInput	event = {.kind = "ledger_created"};

	subject_commit_suppression_key(secret, origin, commitment);
	cl_hex_encode(commitment, CL_HASH_BYTES, secret_text);
	event.detail = detail_json(members, lengthof(members));
	return intake_record(SEAL_DECLARATIONS, &event).event_id;
}

static void
insert_keys(const char *origin, char **vkeys, int64 event_id)
{
	Store	   *store = store_open("key", RowExclusiveLock);

	for (int role = 0; role < KEY_ROLES; role++)
	{
		Datum		values[Natts_key];
		bool		isnull[Natts_key] = {0};

		values[Anum_key_key_no - 1] = Int32GetDatum(role + 1);
		values[Anum_key_name - 1] = CStringGetTextDatum(signer_key_name(origin, role));
		values[Anum_key_signs - 1] = CStringGetTextDatum(signer_role_name(role));
		values[Anum_key_vkey - 1] = CStringGetTextDatum(vkeys[role]);
		values[Anum_key_event_id - 1] = Int64GetDatum(event_id);
		store_insert(store, values, isnull);
	}
	store_close(store);
	signer_keys_changed();
}

Datum
consent_create_ledger(PG_FUNCTION_ARGS)
{
	char	   *origin = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SubjectType type = subject_type_argument(PG_GETARG_OID(1));
	bool		test = PG_GETARG_BOOL(2);
	char	   *vkeys[KEY_ROLES];
	bytea	   *secret;
	Store	   *store;
	int64		event_id;

	check_database();
	check_origin(origin);
	store = store_open("ledger", ShareRowExclusiveLock);
	store_push_latest_snapshot();
	refuse_second_ledger(store);
	secret = insert_ledger(store, origin, type, test);
	store_pop_snapshot();
	store_close(store);

	signer_create_keys(origin, test, vkeys);
	store_push_latest_snapshot();
	event_id = record_creation(origin, type, test, vkeys, secret);
	insert_keys(origin, vkeys, event_id);
	store_pop_snapshot();
	store_push_latest_snapshot();
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_TEXT_P(cstring_to_text(vkeys[KEY_CHECKPOINT]));
}
