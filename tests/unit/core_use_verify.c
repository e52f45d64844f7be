/*
 * core_use_verify.c
 *		Proofs of use with their receipts: a small ledger with a run, and what is
 *		wrong with each thing in turn.
 */
#include "core/use_verify.h"
#include "ledger.h"

/* Places in the log, and the subjects of the events there. */
#define PEOPLE	0				/* three choices */
#define OPENED	1
#define CLOSED	2
#define LATE	3				/* a choice */
#define USED	(1 * CL_SEAL_EVENTS)
#define UNUSED	(1 * CL_SEAL_EVENTS + 1)
#define LATER	(4 * CL_SEAL_EVENTS)
#define RUN		(2 * CL_SEAL_EVENTS)
#define TREE	20				/* leaves */

static test_ledger ledger;
static cl_policy policy;
static cl_receipt_trust trust;
static cl_prefix_leaf leaves[TREE];
static char rows[64];
static size_t rows_len;

/* A proof and what its values point to. */
typedef struct sample
{
	cl_use_proof proof;
	char		key[32];
	char		receipts[CL_USE_RECEIPTS][3 * TEST_NOTE_MAX];
	cl_use_verified verified;
	char	   *scratch;
} sample;

static int
by_position(const void *a, const void *b)
{
	return memcmp(((const cl_prefix_leaf *) a)->position, ((const cl_prefix_leaf *) b)->position, 32);
}

/* The tree of a run that used one row each of subject USED and of others. */
static void
make_tree(cl_hash root)
{
	cl_buffer	b = {rows, sizeof(rows), 0};

	cl_rows_put_table(&b, "public.message", 14);
	cl_rows_put_row(&b, 8, "17", 2);
	rows_len = b.len;
	for (int i = 0; i < TREE; i++)
	{
		uint8_t		salt[CL_SALT_BYTES];
		cl_hash		nonce;

		test_salt(i == 0 ? USED : 1000 + i, salt);
		need(cl_use_place(salt, cl_string(TEST_ORIGIN), RUN, leaves[i].position, nonce) == CL_OK);
		need(cl_rows_hash(nonce, rows, rows_len, leaves[i].value) == CL_OK);
	}
	qsort(leaves, TREE, sizeof(cl_prefix_leaf), by_position);
	need(cl_prefix_root(leaves, TREE, 0, root) == CL_OK);
}

static void
make_ledger(void)
{
	cl_hash		root;
	char		hex[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		detail[512];

	test_ledger_begin(&ledger);
	make_tree(root);
	cl_hex_encode(root, CL_HASH_BYTES, hex);
	snprintf(detail, sizeof(detail), "{\"count\":\"20\",\"draws\":\"%s\",\"hash\":\"%s\",\"missing\":\"0\",\"outcome\":\"completed\",\"parts\":\"1\","
			 "\"run\":\"%d\",\"subjects\":\"20\",\"tree\":\"%s\"}", hex, hex, RUN, hex);
	test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 3, NULL);
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_opened", 1, "{\"base_runs\":\"{}\",\"name\":\"spring\",\"purposes\":\"{ai_training}\"}");
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_closed", 1, detail);
	test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	policy.n_logs = 1;
	policy.logs[0] = ledger.log.verifier;
	policy.quorum = CL_POLICY_NONE;
	trust = (cl_receipt_trust) {&policy, &ledger.sealer.verifier, 1};
}

/* The receipt of an event under the checkpoint of the first seals. */
static cl_value
make_receipt(sample *s, cl_use_receipt which, size_t seal, int64_t place, size_t size)
{
	static char note[TEST_NOTE_MAX];
	static char text[2 * TEST_NOTE_MAX];
	size_t		len = test_checkpoint(&ledger, size, note);
	cl_tlog_proof proof = test_proof(&ledger, seal, size, note, len);
	cl_receipt	receipt = test_receipt(&ledger, seal, place);

	receipt.proof = (cl_value) {text, cl_tlog_proof_format(&proof, text, sizeof(text))};
	len = cl_receipt_format(&receipt, s->receipts[which], sizeof(s->receipts[which]));
	need(receipt.proof.len > 0 && len > 0 && len < sizeof(s->receipts[which]));
	return (cl_value) {s->receipts[which], len};
}

/* The same with a promise instead. */
static cl_value
make_promise(sample *s, cl_use_receipt which, size_t seal, int64_t place)
{
	static char note[TEST_NOTE_MAX];
	cl_promise	promise = test_promise_of(&ledger, seal, place, INT64_C(781261200000000));
	cl_receipt	receipt = test_receipt(&ledger, seal, place);
	size_t		len;

	receipt.promise = (cl_value) {note, test_promise(&ledger, &promise, note)};
	len = cl_receipt_format(&receipt, s->receipts[which], sizeof(s->receipts[which]));
	need(len > 0 && len < sizeof(s->receipts[which]));
	return (cl_value) {s->receipts[which], len};
}

/* A good proof about a subject, who has her event at a place of a seal. */
static void
begin(sample *s, int64_t subject, size_t seal, int64_t place)
{
	cl_hash		position;
	cl_hash		nonce;

	memset(&s->proof, 0, sizeof(s->proof));
	s->proof.origin = cl_string(TEST_ORIGIN);
	s->proof.run = RUN;
	s->proof.subject_no = subject;
	test_subject_key(subject, s->key);
	s->proof.key = cl_string(s->key);
	test_salt(subject, s->proof.salt);
	s->proof.opened = make_receipt(s, CL_USE_OPENED, OPENED, 0, 4);
	s->proof.closed = make_receipt(s, CL_USE_CLOSED, CLOSED, 0, 4);
	s->proof.event = make_receipt(s, CL_USE_EVENT, seal, place, 4);
	need(cl_use_place(s->proof.salt, s->proof.origin, RUN, position, nonce) == CL_OK);
	need(cl_prefix_go_down(leaves, TREE, position, &s->proof.tree) == CL_OK);
	if (s->proof.tree.end == CL_PREFIX_HERE)
		s->proof.rows = (cl_value) {rows, rows_len};
}

/* Verify it; what it says points into scratch until the next time. */
static bool
verify(sample *s)
{
	free(s->scratch);
	s->scratch = malloc(cl_use_verify_scratch(&s->proof));
	return cl_use_proof_verify(&s->proof, &trust, false, &s->verified, s->scratch);
}

static void
says(sample *s, cl_use_answer answer, unsigned reasons, const char *what)
{
	bool		verified = verify(s);

	if (!ok(verified && s->verified.result.answer == answer && s->verified.result.reasons == reasons, "%s", what))
		printf("# verified %d, answer %d, reasons %x\n", verified, s->verified.result.answer, s->verified.result.reasons);
}

/* A receipt that fails, and why. */
static void
fails(sample *s, cl_use_receipt which, bool malformed, cl_receipt_status status, const char *what)
{
	bool		verified = verify(s);

	ok(!verified && s->verified.failed && s->verified.which == which && s->verified.malformed == malformed &&
	   (malformed || s->verified.status == status), "%s", what);
}

static void
test_good(sample *s)
{
	begin(s, USED, PEOPLE, 0);
	says(s, CL_USE_USED, 0, "a proof of use holds");
	is_text(s->verified.result.opened.name.data, s->verified.result.opened.name.len, "spring", "and says in which run");
	ok(s->verified.receipts[CL_USE_CLOSED].proof.index == CLOSED && !s->verified.test, "and where in the log it was closed");
	begin(s, UNUSED, PEOPLE, 1);
	says(s, CL_USE_NOT_USED, 0, "a proof of non-use holds");
	is_string(cl_use_receipt_name(CL_USE_EVENT), "event", "receipts have the names of their members");
}

static void
test_undecided(sample *s)
{
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.event = (cl_value) {0};
	says(s, CL_USE_UNDECIDED, CL_USE_NO_EVENT, "undecided without an event of hers");
	begin(s, LATER, LATE, 0);
	says(s, CL_USE_UNDECIDED, CL_USE_EVENT_TOO_LATE, "undecided with an event that came later");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.event = make_promise(s, CL_USE_EVENT, PEOPLE, 1);
	says(s, CL_USE_UNDECIDED, CL_USE_NOT_IN_LOG, "undecided with the promise of an event");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.closed = make_promise(s, CL_USE_CLOSED, CLOSED, 0);
	says(s, CL_USE_UNDECIDED, CL_USE_NOT_IN_LOG, "undecided with the promise of a closing");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.event = make_receipt(s, CL_USE_EVENT, PEOPLE, 1, 3);
	says(s, CL_USE_UNDECIDED, CL_USE_NOT_IN_LOG, "undecided under two checkpoints");
	ok(s->verified.checkpoints_differ, "and that is said");
	ok(cl_use_proof_verify(&s->proof, &trust, true, &s->verified, s->scratch) &&
	   s->verified.result.answer == CL_USE_NOT_USED, "but not where they are known to be of one log");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.opened = make_receipt(s, CL_USE_OPENED, OPENED, 0, 3);
	says(s, CL_USE_NOT_USED, 0, "where the opening is does not matter");
}

static void
test_refused(sample *s)
{
	begin(s, UNUSED, PEOPLE, 0);
	says(s, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse the event of another subject");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.opened = make_receipt(s, CL_USE_OPENED, CLOSED, 0, 4);
	says(s, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse another event for the opening");
	begin(s, UNUSED, PEOPLE, 1);
	s->proof.origin = cl_string("example.com");
	says(s, CL_USE_REFUSED, CL_USE_OTHER_ORIGIN, "refuse another origin");
	begin(s, USED, PEOPLE, 0);
	s->proof.rows = (cl_value) {0};
	s->proof.tree.end = CL_PREFIX_EMPTY;
	says(s, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse a way that leads elsewhere");
}

static void
test_receipts(sample *s)
{
	begin(s, USED, PEOPLE, 0);
	s->proof.event = cl_string("not a receipt");
	fails(s, CL_USE_EVENT, true, CL_RECEIPT_OK, "refuse what is no receipt");
	begin(s, USED, PEOPLE, 0);
	s->proof.closed.len--;
	fails(s, CL_USE_CLOSED, true, CL_RECEIPT_OK, "refuse a receipt cut off");
	begin(s, USED, PEOPLE, 0);
	*strstr(s->receipts[CL_USE_OPENED], "spring") = 'S';
	fails(s, CL_USE_OPENED, false, CL_RECEIPT_EVENT_NOT_SEALED, "refuse an event that was changed");
	begin(s, USED, PEOPLE, 0);
	trust.n_seals = 0;
	fails(s, CL_USE_OPENED, false, CL_RECEIPT_SEAL_STRANGER, "refuse what nobody trusted has signed");
	trust.n_seals = 1;
}

int
main(void)
{
	sample	   *s = calloc(1, sizeof(sample));

	need(s != NULL);
	make_ledger();
	test_good(s);
	test_undecided(s);
	test_refused(s);
	test_receipts(s);
	free(s->scratch);
	free(s);
	test_ledger_end(&ledger);
	return done_testing();
}
