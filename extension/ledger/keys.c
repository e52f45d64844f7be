/*
 * keys.c
 *		Give the ledger another key, and say of one up to where it is trusted.
 *
 * The order of things makes it decidable which key may have signed a seal: the
 * rotation waits for all transactions that have sealed and has its own number
 * afterwards, and whoever seals next draws a number when it is over.  So seals
 * up to that of the rotation are the old key's, and stand before it in the log.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/arguments.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/keys.h"
#include "ledger/leaves.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_rotate_key);
PG_FUNCTION_INFO_V1(consent_revoke_key);

/* Key numbers tell which key of a role is in force: the greatest. */
void
key_insert(KeyRole role, const char *name, const char *vkey, int64 event_id)
{
	Store	   *store = store_open("key", RowExclusiveLock);
	StoreScan  *scan = store_scan(store, "key_pkey", GetActiveSnapshot(), 0, NULL);
	HeapTuple	last = store_previous(scan);
	Datum		values[Natts_key];
	bool		isnull[Natts_key] = {0};
	bool		null;

	if (!last)
		elog(ERROR, "the ledger has no keys");
	values[Anum_key_key_no - 1] =
		Int32GetDatum(DatumGetInt32(store_get(store, last, Anum_key_key_no, &null)) + 1);
	values[Anum_key_name - 1] = CStringGetTextDatum(name);
	values[Anum_key_signs - 1] = CStringGetTextDatum(signer_role_name(role));
	values[Anum_key_vkey - 1] = CStringGetTextDatum(vkey);
	values[Anum_key_event_id - 1] = Int64GetDatum(event_id);
	store_end(scan);
	store_insert(store, values, isnull);
	store_close(store);
	signer_keys_changed();
}

static KeyRole
role_argument(const char *signs)
{
	for (int role = 0; role < KEY_ROLES; role++)
		if (strcmp(signs, signer_role_name(role)) == 0)
			return role;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("no key signs \"%s\"", signs),
			 errhint("A ledger has keys for checkpoint, seal and witness.")));
}

/* SQL: rotate_key(signs). */
Datum
consent_rotate_key(PG_FUNCTION_ARGS)
{
	char	   *signs = argument_required_text(fcinfo, 0, "signs");
	KeyRole		role = role_argument(signs);
	const Declared *d;
	EventInput	event = {.kind = "key_rotated"};
	char	   *name;
	char	   *vkey;
	char	   *change;
	int64		event_id;

	if (intake_innermost())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a key cannot be rotated by a statement that records"),
				 errhint("Call consent.rotate_key() by itself.")));
	d = ledger_lock_declarations();
	vkey = signer_rotate(d, role, &change);
	name = signer_vkey_name(vkey);
	event.detail = detail_json((cl_json_member[])
	{
		DETAIL("name", name), DETAIL("signs", signs), DETAIL("vkey", vkey), DETAIL("change", change)
	}, 4);
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	store_push_latest_snapshot();
	key_insert(role, name, vkey, event_id);
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_TEXT_P(cstring_to_text(vkey));
}

/* ---- revoking ---- */

/* Error unless the key is one of the ledger's, and another one is in force. */
static void
check_revocable(const Declared *d, const char *vkey)
{
	Store	   *store = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	bool		known = false;
	HeapTuple	row;
	bool		isnull;

	while (!known && (row = store_next(scan)) != NULL)
		known = strcmp(TextDatumGetCString(store_get(store, row, Anum_key_vkey, &isnull)), vkey) == 0;
	store_end(scan);
	store_close(store);
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("\"%s\" is not a key of this ledger", vkey),
				 errhint("The table consent.key lists them.")));
	for (int role = 0; role < KEY_ROLES; role++)
		if (d->vkeys[role] && strcmp(d->vkeys[role], vkey) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the key is in force"),
					 errhint("SELECT consent.rotate_key('%s') first, so that another one signs.", signer_role_name(role))));
}

/* Error if it was revoked before. */
static void
check_not_revoked(Store *store, const char *vkey)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;

	store_key_text(&key, Anum_key_revocation_vkey, vkey, strlen(vkey));
	scan = store_scan(store, "key_revocation_pkey", GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	if (row)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("the key is revoked already"),
				 errdetail("It is trusted up to a checkpoint of size " INT64_FORMAT ".",
						   DatumGetInt64(store_get(store, row, Anum_key_revocation_last_trusted_size, &isnull)))));
	store_end(scan);
}

/* SQL: revoke_key(vkey, last_trusted_size). */
Datum
consent_revoke_key(PG_FUNCTION_ARGS)
{
	char	   *vkey = argument_required_text(fcinfo, 0, "vkey");
	EventInput	event = {.kind = "key_revoked"};
	const Declared *d;
	Datum		values[Natts_key_revocation];
	bool		isnull[Natts_key_revocation] = {0};
	Store	   *store;
	int64		size;
	int64		event_id;

	argument_refuse_null(fcinfo, 1, "last_trusted_size");
	size = PG_GETARG_INT64(1);
	d = ledger_lock_declarations();
	store_push_latest_snapshot();
	check_revocable(d, vkey);
	if (size != 0)
		leaves_require(size);
	store = store_open("key_revocation", RowExclusiveLock);
	check_not_revoked(store, vkey);
	event.detail = detail_json((cl_json_member[])
	{
		DETAIL("vkey", vkey), DETAIL("last_trusted_size", psprintf(INT64_FORMAT, size))
	}, 2);
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	values[Anum_key_revocation_vkey - 1] = CStringGetTextDatum(vkey);
	values[Anum_key_revocation_last_trusted_size - 1] = Int64GetDatum(size);
	values[Anum_key_revocation_event_id - 1] = Int64GetDatum(event_id);
	store_insert(store, values, isnull);
	store_close(store);
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_INT64(event_id);
}
