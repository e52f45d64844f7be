/*
 * use.c
 *		consent-verify use: what one run, or all of them, used of one subject.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/never.h"
#include "cli/tree.h"
#include "core/rule.h"
#include "core/use_verify.h"

#define ROWS_SHOWN 1000
#define FILE_MAX ((size_t) 1 << 30)

/* Are the checkpoints of the receipts those of one log, the one in the tree? */
static bool
check_one_log(const options *o, const cl_use_verified *verified)
{
	tree	   *t = allocate(sizeof(tree));
	bool		good = tree_check(t, o, o->tree, NULL, NULL);

	for (int i = 0; i < CL_USE_RECEIPTS && good; i++)
	{
		const cl_receipt_result *receipt = &verified->receipts[i];

		if (receipt->seal.number > 0 && !receipt->promised)
			good = tree_has_head(t, &receipt->checkpoint, "the proof");
	}
	tree_close(t);
	free(t);
	return good;
}

static void
report_failure(const cl_use_verified *verified)
{
	const char *which = cl_use_receipt_name(verified->which);

	if (verified->malformed)
		report_bad("\"%s\" in the proof is not a receipt", which);
	else if (verified->status == CL_RECEIPT_CRYPTO)
		report_unchecked("%s", cl_receipt_message(verified->status));
	else
		report_bad("the receipt \"%s\" in the proof does not hold: %s", which, cl_receipt_message(verified->status));
}

/* ---- what it says ---- */

static void
explain_run(const cl_use_result *result)
{
	const cl_run_event *run = &result->opened;

	report_sentence("Run %lld was opened for %s, recorded on %s%s%s.", (long long) run->run,
					shown(run->purposes), shown(run->recorded_at),
					run->recipient.data != NULL ? ", with recipient " : "",
					run->recipient.data != NULL ? shown(run->recipient) : "");
	report_sentence("It was closed as %s, recorded on %s: %s of %s by %s.", shown(result->closed.outcome),
					shown(result->closed.recorded_at),
					counted((uint64_t) result->closed.count, "use", "uses"),
					counted((uint64_t) result->closed.subjects, "subject", "subjects"),
					counted((uint64_t) result->closed.parts, "transaction", "transactions"));
}

/* The rows that a proof of use shows. */
static void
list_rows(const cl_use_proof *proof)
{
	cl_rows_reader reader;
	cl_value	table;
	cl_value	key;
	uint8_t		code;
	uint64_t	n = 0;

	report_heading("The rows");
	cl_rows_begin(&reader, proof->rows.data, proof->rows.len);
	while (cl_rows_next(&reader, &table, &code, &key) == 1)
		if (++n <= ROWS_SHOWN)
			report_row(shown(table), shown(key), cl_verdict_name((cl_verdict) (code & ~CL_USE_PERMITTED)),
					   (code & CL_USE_PERMITTED) != 0 ? "permitted" : "not permitted");
	if (n > ROWS_SHOWN)
		report_sentence("And %s more.", counted(n - ROWS_SHOWN, "row", "rows"));
}

static void
explain_limits(const options *o, const cl_use_result *result)
{
	report_heading("Not proved");
	explain_limit(LIMIT_DECLARED);
	explain_limit(LIMIT_STATEMENTS);
	explain_limit(LIMIT_REACH);
	report_sentence("That the run was closed only once, and with all its parts: that shows in the whole log. See consent-verify "
					"export, or ask for the proof about all runs.");
	if ((result->reasons & CL_USE_MISSING_PARTS) != 0)
		report_sentence("That there are no more rows: %s began to use for the run, of which nothing was sealed.",
						counted((uint64_t) result->closed.missing, "transaction", "transactions"));
	explain_unwitnessed(o);
}

static void
explain_answer(const options *o, const cl_use_proof *proof, const cl_use_verified *verified)
{
	const cl_use_result *result = &verified->result;
	const cl_receipt_result *closed = &verified->receipts[CL_USE_CLOSED];
	head		h = {closed->checkpoint, closed->policy};

	report_heading("Proved");
	explain_run(result);
	if (result->answer == CL_USE_NOT_USED)
		report_sentence("Of subject number %lld, whose key is \"%s\", no row is in it.",
						(long long) proof->subject_no, shown(proof->key));
	else
		report_sentence("Of subject number %lld, whose key is \"%s\", %s these rows are in it.",
						(long long) proof->subject_no, shown(proof->key),
						(result->reasons & CL_USE_MISSING_PARTS) != 0 ? "at least" : "exactly");
	if (!closed->promised)
	{
		report_sentence("The closing is entry %llu of the log.", (unsigned long long) closed->proof.index);
		explain_head(o, &h);
	}
	if (result->answer == CL_USE_USED)
		list_rows(proof);
	explain_limits(o, result);
}

/* Say in a line what a proof that holds says. */
static void
report_answer(const cl_use_proof *proof, const cl_use_verified *verified)
{
	const cl_use_result *result = &verified->result;
	const char *key = shown(proof->key);
	const char *name = shown(result->opened.name);

	if (verified->test)
		report_verdict("TEST", "this proof is of a test ledger with throw-away keys: it proves nothing about the world");
	if (result->answer == CL_USE_USED)
		report_verdict("USED", "the run \"%s\" used rows of \"%s\"", name, key);
	else
		report_verdict("NOT USED", "the run \"%s\" used no row of \"%s\"", name, key);
}

static void
report_reasons(const cl_use_result *result)
{
	for (unsigned reason = 1; reason != 0 && reason <= result->reasons; reason <<= 1)
		if ((result->reasons & reason) == 0)
			continue;
		else if (result->answer == CL_USE_UNDECIDED || reason == CL_USE_CRYPTO)
			report_unchecked("the proof decides nothing: %s", cl_use_reason_text(reason));
		else
			report_bad("%s", cl_use_reason_text(reason));
}

/* ---- one run ---- */

static void
check_one_run(const options *o, const cl_use_proof *proof)
{
	cl_receipt_trust trust = options_trust(o);
	cl_use_verified *verified = allocate(sizeof(cl_use_verified));
	char	   *scratch = allocate(cl_use_verify_scratch(proof));
	bool		good = cl_use_proof_verify(proof, &trust, false, verified, scratch);

	if (!good)
		report_failure(verified);
	else if (o->tree != NULL && (good = check_one_log(o, verified)))
		good = cl_use_proof_verify(proof, &trust, true, verified, scratch);
	if (good && (verified->result.answer == CL_USE_USED || verified->result.answer == CL_USE_NOT_USED))
	{
		report_answer(proof, verified);
		explain_answer(o, proof, verified);
	}
	else if (good)
	{
		report_reasons(&verified->result);
		if (verified->checkpoints_differ && o->tree == NULL)
			report_unchecked("the receipts in the proof are for two heads: give the log by --tree to show that one extends the other");
	}
	free(scratch);
	free(verified);
}

/* A proof about one run is one line; one about all of them has a line that begins it. */
static void
check_text(const options *o, cl_value text)
{
	static cl_use_proof proof;
	char	   *scratch;

	if (memchr(text.data, '\n', text.len) != NULL || !never_is_one_run(text))
	{
		never_check(o, text);
		return;
	}
	scratch = allocate(text.len);
	if (cl_use_proof_read(text.data, text.len, &proof, scratch))
		check_one_run(o, &proof);
	else
		report_bad("this is not a proof of use or of non-use");
	free(scratch);
}

void
command_use(const options *o)
{
	input		in = {0};

	if (input_require(o->arguments[0], FILE_MAX, &in))
		check_text(o, input_trimmed(&in));
	input_free(&in);
}
