/*
 * acting.c
 *		Whose act a tracked change of a subject is, for the rest of the
 *		transaction.
 *
 * Statements are kept newest first, each with the subtransaction that made
 * it; the rollback of a savepoint forgets those made after it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "ledger/acting.h"
#include "ledger/declared.h"
#include "ledger/intake.h"
#include "ledger/subject.h"

typedef struct Statement
{
	struct Statement *older;
	SubTransactionId subid;
	char	   *subject;
	Acting		acting;
} Statement;

static Statement *newest = NULL;	/* in TopTransactionContext */

const Acting *
acting_for(const char *subject)
{
	for (Statement *s = newest; s; s = s->older)
		if (strcmp(s->subject, subject) == 0)
			return &s->acting;
	return NULL;
}

bool
acting_is_person(const char *actor)
{
	return strcmp(actor, "self") == 0 || strcmp(actor, "guardian") == 0 ||
		strcmp(actor, "agent") == 0;
}

static char *
copy_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

PG_FUNCTION_INFO_V1(consent_acting);

/* SQL: acting(subject, actor, method, notice). */
Datum
consent_acting(PG_FUNCTION_ARGS)
{
	const Declared *declared = declared_get();
	MemoryContext old;
	Statement  *s;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("acting() needs a subject and an actor")));
	old = MemoryContextSwitchTo(TopTransactionContext);
	s = palloc0(sizeof(Statement));
	s->subject = intake_subject_argument(fcinfo, 0);
	s->acting.actor = copy_argument(fcinfo, 1);
	s->acting.method = copy_argument(fcinfo, 2);
	s->acting.notice = copy_argument(fcinfo, 3);
	MemoryContextSwitchTo(old);
	intake_check_actor(s->acting.actor);
	if (s->acting.notice)
		declared_notice(declared, s->acting.notice, strlen(s->acting.notice));
	s->subid = GetCurrentSubTransactionId();
	s->older = newest;
	newest = s;
	PG_RETURN_VOID();
}

/* Newer statements belong to younger or the same subtransactions. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (newest && newest->subid >= mySubid)
			newest = newest->older;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Statement *s = newest; s && s->subid >= mySubid; s = s->older)
			s->subid = parentSubid;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		newest = NULL;
}

void
acting_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
