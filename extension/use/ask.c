/*
 * ask.c
 *		The verdicts of a row's parties, under every purpose of a run.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "use/ask.h"

struct Ask
{
	int			npurposes;
	char	  **names;
	int			ntimes;
	GateTime	times[2];
	const Declared *declared;	/* what the purposes below come from */
	int64		version;
	const Purpose **purposes;
};

/* The verdict that counts so far, and whether all permitted. */
typedef struct Worst
{
	cl_verdict	verdict;
	bool		permitted;
} Worst;

Ask *
ask_create(char **purposes, int npurposes)
{
	Ask		   *ask = palloc0(sizeof(Ask));

	ask->npurposes = npurposes;
	ask->names = purposes;
	ask->purposes = palloc(Max(npurposes, 1) * sizeof(Purpose *));
	ask->ntimes = 1;
	return ask;
}

void
ask_past(Ask *ask, TimestampTz from, TimestampTz last)
{
	ask->ntimes = from == last ? 1 : 2;
	ask->times[0].has_at = true;
	ask->times[0].at = from;
	ask->times[1].has_at = true;
	ask->times[1].at = last;
}

/* Purposes must be those of the latest gate_ready(). */
static void
prepare(Ask *ask)
{
	const Declared *d = gate_ready();

	if (ask->declared == d && ask->version == d->version)
		return;
	for (int i = 0; i < ask->npurposes; i++)
		ask->purposes[i] = declared_purpose(d, ask->names[i], strlen(ask->names[i]));
	ask->declared = d;
	ask->version = d->version;
}

/* What does not permit is worse than what does, whatever its verdict. */
static void
worsen(Worst *worst, cl_verdict verdict, bool permitted)
{
	if (worst->permitted == permitted)
		worst->verdict = Max(worst->verdict, verdict);
	else if (!permitted)
		worst->verdict = verdict;
	worst->permitted &= permitted;
}

/* One purpose at one time; the row as a whole. */
static bool
ask_once(const Purpose *purpose, const GateTime *time, AskRow *row, Worst *worst)
{
	gate_ask(purpose, &row->row, time, row->parties, row->nparties);
	for (int i = 0; i < row->nparties; i++)
		worsen(&worst[i], row->parties[i].verdict,
			   cl_verdict_permits(row->parties[i].verdict, purpose->opt_out));
	if (row->nparties == 0)
		worsen(&worst[0], CL_UNKNOWN, cl_verdict_permits(CL_UNKNOWN, purpose->opt_out));
	return cl_verdict_permits(gate_combine(row->rule, row->parties, row->nparties),
							  purpose->opt_out);
}

bool
ask_row(Ask *ask, AskRow *row)
{
	int			n = Max(row->nparties, 1);
	Worst		room[8];
	Worst	   *worst = n <= (int) lengthof(room) ? room : palloc(n * sizeof(Worst));
	bool		permitted = true;

	prepare(ask);
	for (int i = 0; i < n; i++)
	{
		worst[i].verdict = CL_GRANTED;
		worst[i].permitted = true;
	}
	for (int p = 0; p < ask->npurposes; p++)
		for (int t = 0; t < ask->ntimes; t++)
			permitted &= ask_once(ask->purposes[p], &ask->times[t], row, worst);
	for (int i = 0; i < n; i++)
		row->codes[i] = use_code(worst[i].verdict, worst[i].permitted ||
								 (row->rule != PARTY_ALL && permitted));
	return permitted;
}

bool
ask_permits_all_of(Ask *ask, int64 subject_no)
{
	static const GateRow no_row;
	GateParty	party = {.kind = GATE_SUBJECT_NO, .number = subject_no};

	prepare(ask);
	for (int p = 0; p < ask->npurposes; p++)
		for (int t = 0; t < ask->ntimes; t++)
		{
			gate_ask(ask->purposes[p], &no_row, &ask->times[t], &party, 1);
			if (party.by_row || !cl_verdict_permits(party.verdict, ask->purposes[p]->opt_out))
				return false;
		}
	return true;
}

const Whole *
ask_whole(Ask *ask, double questions)
{
	prepare(ask);
	return gate_whole(ask->purposes, ask->npurposes, questions);
}

bool
ask_permits(Ask *ask, const ProtectedTable *table, UseCode code)
{
	int			opt_out = 0;

	if (!use_code_permitted(code))
		return false;
	prepare(ask);
	for (int i = 0; i < ask->npurposes; i++)
		opt_out += ask->purposes[i]->opt_out;
	if (opt_out > 0 && opt_out < ask->npurposes && table && table->rule == PARTY_ALL)
		return true;
	return cl_verdict_permits(use_code_verdict(code), opt_out == ask->npurposes);
}
