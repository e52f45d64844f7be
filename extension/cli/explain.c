/*
 * explain.c
 *		What nothing here proves.
 */
#include "cli/explain.h"
#include "cli/report.h"

/* Indexed by limit. */
static const char *const limits[] = {
	"That the person acted, understood or validly consented. The ledger proves what its operator recorded, and a "
	"refusal that is missing from it may still have been made.",
	"That what only the operator can say is true: purpose, recipient, the times of use and of the event, actor, "
	"parties, when data was collected. Signing does not make it so.",
	"That nothing was read without being declared, copied, or used under another number.",
	"Anything about backups, replicas, trained models and other copies, which the ledger does not reach."
};

void
explain_limit(limit which)
{
	report_sentence("%s", limits[which]);
}
