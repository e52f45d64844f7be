/*
 * keys.c
 *		The ledger's public keys, as the log uses them.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/keys.h"

void
keys_find(const char *origin, KeyRole role, cl_verifier *verifier)
{
	char	   *name = signer_key_name(origin, role);
	Store	   *store = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(store, "key_pkey", GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple;
	bool		isnull;
	char	   *vkey = NULL;

	while (!vkey && (tuple = store_previous(scan)) != NULL)
		if (strcmp(TextDatumGetCString(store_get(store, tuple, Anum_key_name, &isnull)), name) == 0)
			vkey = TextDatumGetCString(store_get(store, tuple, Anum_key_vkey, &isnull));
	store_end(scan);
	store_close(store);
	if (!vkey || !cl_vkey_parse(vkey, strlen(vkey), verifier))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the ledger has no public key \"%s\"", name),
				 errhint("SELECT * FROM consent.verify() tells what was changed.")));
}
