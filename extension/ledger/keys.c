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
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_rotate_key);

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

static void
check_role(const char *signs)
{
	if (strcmp(signs, signer_role_name(KEY_SEAL)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the key \"%s\" cannot be rotated", signs),
				 errdetail("The key that can is the one for seals, \"%s\".", signer_role_name(KEY_SEAL))));
}

/* SQL: rotate_key(signs). */
Datum
consent_rotate_key(PG_FUNCTION_ARGS)
{
	char	   *signs = argument_required_text(fcinfo, 0, "signs");
	const Declared *d;
	EventInput	event = {.kind = "key_rotated"};
	char	   *name;
	char	   *vkey;
	char	   *change;
	int64		event_id;

	check_role(signs);
	if (intake_innermost())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("a key cannot be rotated by a statement that records"),
				 errhint("Call consent.rotate_key() by itself.")));
	d = ledger_lock_declarations();
	name = signer_key_name(d->origin, KEY_SEAL);
	vkey = signer_rotate_seal_key(d, &change);
	event.detail = detail_json((cl_json_member[])
	{
		DETAIL("name", name), DETAIL("signs", signs), DETAIL("vkey", vkey), DETAIL("change", change)
	}, 4);
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	store_push_latest_snapshot();
	key_insert(KEY_SEAL, name, vkey, event_id);
	ledger_declared(event_id);
	store_pop_snapshot();
	PG_RETURN_TEXT_P(cstring_to_text(vkey));
}
