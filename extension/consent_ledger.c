/*
 * consent_ledger.c
 *		Load the library: settings, and what listens to transactions.
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "utils/guc.h"

#include "gate/gate.h"
#include "ledger/acting.h"
#include "ledger/declared.h"
#include "ledger/guard.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/snapkey.h"
#include "log/receipt.h"
#include "log/worker.h"
#include "settings.h"
#include "use/pending.h"
#include "use/places.h"
#include "use/used_key.h"

PG_MODULE_MAGIC;

char	   *setting_key_directory = NULL;
int			setting_max_lateness = 86400;
int			setting_lookup = LOOKUP_AUTO;

static const struct config_enum_entry lookup_ways[] = {
	{"auto", LOOKUP_AUTO, false},
	{"single", LOOKUP_SINGLE, false},
	{"cached", LOOKUP_CACHED, false},
	{"loaded", LOOKUP_LOADED, false},
	{NULL, 0, false}
};

void		_PG_init(void);

void
_PG_init(void)
{
	DefineCustomStringVariable("consent_ledger.key_directory",
							   "Directory of the ledger's private keys.",
							   "Empty: a directory consent_ledger beside the data directory.",
							   &setting_key_directory, "",
							   PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("consent_ledger.max_lateness",
							"How long before its recording an event may lie that a recorder records.",
							"Older ones are late, and only an importer may record them.",
							&setting_max_lateness, 86400, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomEnumVariable("consent_ledger.lookup",
							 "How the gate looks subjects up.",
							 "For tests and measurements: the answers are the same.",
							 &setting_lookup, LOOKUP_AUTO, lookup_ways,
							 PGC_USERSET, GUC_NOT_IN_SAMPLE, NULL, NULL, NULL);
	worker_init();
	receipt_init();
	MarkGUCPrefixReserved("consent_ledger");

	snapkey_init();
	signer_init();
	intake_init();
	acting_init();
	track_init();
	guard_init();
	gate_init();
	pending_init();
	places_init();
	used_key_init();
}
