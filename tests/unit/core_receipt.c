/*
 * core_receipt.c
 *		Receipts and promises: good ones, and every corruption with what it is
 *		called.
 */
#include "core/receipt.h"
#include "ledger.h"

#define COSIGNED_AT 1730000000
#define INCLUDE_BY	INT64_C(781261200000000)

static test_ledger ledger;
static cl_policy policy;
static cl_receipt_trust trust;

/* A receipt and what its values point to. */
typedef struct sample
{
	char		note[TEST_NOTE_MAX];
	char		proof_text[2 * TEST_NOTE_MAX];
	char		key[32];
	cl_receipt	receipt;
	char		scratch[CL_EVENT_MAX];
	cl_receipt_result result;
} sample;

/* A receipt of event 2 of the 5 in seal 3 of 7, under a cosigned checkpoint. */
static void
begin(sample *s)
{
	size_t		len = test_cosign(&ledger, 0, COSIGNED_AT, s->note, test_checkpoint(&ledger, 7, s->note));
	cl_tlog_proof proof = test_proof(&ledger, 2, 7, s->note, len);

	s->receipt = test_receipt(&ledger, 2, 1);
	s->receipt.proof = (cl_value) {s->proof_text, cl_tlog_proof_format(&proof, s->proof_text, sizeof(s->proof_text))};
	need(s->receipt.proof.len > 0);
}

/* The same with a promise, which says what was made of the true one. */
static void
promise(sample *s, const cl_promise *promise)
{
	s->receipt = test_receipt(&ledger, 2, 1);
	s->receipt.promise = (cl_value) {s->note, test_promise(&ledger, promise, s->note)};
}

static void
identify(sample *s, int64_t subject)
{
	s->receipt.identifies = true;
	test_subject_key(subject, s->key);
	s->receipt.key = cl_string(s->key);
	test_salt(subject, s->receipt.salt);
}

static cl_receipt_status
verify(sample *s)
{
	return cl_receipt_verify(&s->receipt, &trust, s->scratch, &s->result);
}

/* What a receipt is called when verified; then it is whole again. */
static void
is_status(sample *s, cl_receipt_status expected, const char *name)
{
	cl_receipt_status status = verify(s);

	if (!ok(status == expected, "%s", name))
		printf("# got %s\n", cl_receipt_message(status));
	begin(s);
}

static void
test_good(sample *s)
{
	begin(s);
	ok(verify(s) == CL_RECEIPT_OK, "a receipt holds");
	ok(s->result.event.id == 3 * CL_SEAL_EVENTS + 1 && s->result.seal.number == 3 && s->result.proof.index == 2 && s->result.checkpoint.size == 7,
	   "event, seal and place in the log");
	ok(!s->result.promised && s->result.policy.time == COSIGNED_AT, "and by when");
	is_text(s->result.event.values[CL_M_CHOICES].data, s->result.event.values[CL_M_CHOICES].len,
			"-ai_training@2024-10-02T09:00:00Z as opted_out", "what was chosen");
	identify(s, 3 * CL_SEAL_EVENTS + 1);
	is_status(s, CL_RECEIPT_OK, "identified by key and salt");
	s->receipt.evidence = cl_string(TEST_EVIDENCE);
	test_salt(3 * CL_SEAL_EVENTS + 1, s->receipt.evidence_salt);
	is_status(s, CL_RECEIPT_OK, "with its evidence");
	s->receipt = test_receipt(&ledger, 0, 0);
	ok(s->receipt.path_len == 0, "the only event of a seal has no path");
}

static void
test_seals(sample *s)
{
	char		note[TEST_NOTE_MAX];
	test_seal  *seal = &ledger.seals[2];

	begin(s);
	s->receipt.seal = cl_string("x");
	is_status(s, CL_RECEIPT_SEAL_MALFORMED, "no note for a seal");
	s->receipt.seal = (cl_value) {s->note, strlen(s->note)};
	is_status(s, CL_RECEIPT_SEAL_MALFORMED, "a checkpoint for a seal");
	memcpy(note, seal->note, seal->note_len);
	note[strlen("consent_ledger/seal/v1\norigin " TEST_ORIGIN "\nkind choices\nseal ")] = '4';
	s->receipt.seal = (cl_value) {note, seal->note_len};
	is_status(s, CL_RECEIPT_SEAL_FORGED, "another number in the seal");
	memcpy(note, seal->note, seal->note_len);
	note[strlen("consent_ledger/seal/v1\norigin ")] = 'E';
	s->receipt.seal = (cl_value) {note, seal->note_len};
	is_status(s, CL_RECEIPT_SEAL_STRANGER, "another origin in the seal, for which no key is trusted");
	trust.n_seals = 0;
	is_status(s, CL_RECEIPT_SEAL_STRANGER, "no seal key trusted");
	trust.n_seals = 1;
	trust.seals = &ledger.log.verifier;
	is_status(s, CL_RECEIPT_SEAL_STRANGER, "the log's key does not sign seals");
	trust.seals = &ledger.sealer.verifier;
	s->receipt.seal = (cl_value) {ledger.seals[3].note, ledger.seals[3].note_len};
	is_status(s, CL_RECEIPT_EVENT_ELSEWHERE, "another seal of the ledger");
}

/* Replace a word of the event by one as long. */
static void
alter_event(sample *s, char *copy, const char *from, const char *to)
{
	char	   *at;

	memcpy(copy, s->receipt.event.data, s->receipt.event.len);
	copy[s->receipt.event.len] = '\0';
	at = strstr(copy, from);
	need(at != NULL && strlen(from) == strlen(to));
	memcpy(at, to, strlen(to));
	s->receipt.event.data = copy;
}

static void
test_event_changed(sample *s)
{
	char		copy[2048];
	size_t		len = s->receipt.event.len;
	int			accepted = 0;

	begin(s);
	alter_event(s, copy, "opted_out", "withdrawn");
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "another act");
	alter_event(s, copy, "\"id\":\"12289\"", "\"id\":\"12290\"");
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "another place in the seal");
	alter_event(s, copy, "\"id\":\"12289\"", "\"id\":\"12293\"");
	is_status(s, CL_RECEIPT_EVENT_ELSEWHERE, "a place beyond the seal's count");
	alter_event(s, copy, "\"id\":\"12289\"", "\"id\":\"16385\"");
	is_status(s, CL_RECEIPT_EVENT_ELSEWHERE, "the id of another seal");
	alter_event(s, copy, "\"id\":\"12289\"", "\"id\":\"02289\"");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "an id with a leading zero");
	alter_event(s, copy, "\"kind\":\"choices\"", "\"kind\":\"Choices\"");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "what is not the name of a kind");
	alter_event(s, copy, "\"kind\":\"choices\"", "\"kind\":\"run_red\"");
	is_status(s, CL_RECEIPT_EVENT_MISPLACED, "a kind of runs");
	alter_event(s, copy, "\"kind\":\"choices\"", "\"kind\":\"chances\"");
	is_status(s, CL_RECEIPT_EVENT_MISPLACED, "a kind of declarations");
	alter_event(s, copy, "\"kind\":\"choices\",\"nonce\":\"068a5ea9d0", "\"kind\":\"run_opened\",\"nonce\":\"068a5ea");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "a short nonce");
	alter_event(s, copy, "\"recorded_at\":\"2024-10-02T", "\"recorded_at\":\"2024-10-02 ");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "an instant in another spelling");
	alter_event(s, copy, "\"subject_no\"", "\"subject_nr\"");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "an unknown member");
	alter_event(s, copy, "\"v\":\"1\"", "\"v\":\"2\"");
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "another version");
	s->receipt.event = (cl_value) {"{}", 2};
	is_status(s, CL_RECEIPT_EVENT_MALFORMED, "an empty event");
	s->receipt.event = cl_string(ledger.seals[2].events[2]);
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "the neighbour's event with this path");
	s->receipt.path_len--;
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "a hash less in the path");
	s->receipt.path_len++;
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "a hash more in the path");
	s->receipt.path[1][31] ^= 1;
	is_status(s, CL_RECEIPT_EVENT_NOT_SEALED, "a bit changed in the path");
	len = s->receipt.event.len;
	memcpy(copy, s->receipt.event.data, len);
	s->receipt.event.data = copy;
	for (size_t i = 0; i < len; i++)
	{
		copy[i] ^= 1;
		accepted += verify(s) == CL_RECEIPT_OK;
		copy[i] ^= 1;
	}
	ok(accepted == 0 && verify(s) == CL_RECEIPT_OK, "no event with a bit changed passes");
}

/* An event of a run in a seal of choices hides from who enumerates runs. */
static void
test_misplaced(void)
{
	static sample s;
	size_t		i = test_ledger_seal(&ledger, CL_SEAL_CHOICES, "run_opened", 1, NULL);

	s.receipt = test_receipt(&ledger, i, 0);
	s.receipt.proof = cl_string("x");
	ok(verify(&s) == CL_RECEIPT_EVENT_MISPLACED, "a run in a seal of choices");
	test_ledger_unseal(&ledger);
}

/* Use another proof in place of the good one. */
static void
use_proof(sample *s, const cl_tlog_proof *proof)
{
	char		text[2 * TEST_NOTE_MAX];
	size_t		len = cl_tlog_proof_format(proof, text, sizeof(text));

	need(len > 0);
	memcpy(s->proof_text, text, len);
	s->receipt.proof.len = len;
}

static void
test_proofs(sample *s)
{
	static test_ledger other;
	char		note[TEST_NOTE_MAX];
	cl_tlog_proof proof;
	size_t		len;
	cl_policy_error error;
	cl_policy	no_logs;

	begin(s);
	s->proof_text[0] = 'C';
	is_status(s, CL_RECEIPT_PROOF_MALFORMED, "no tlog-proof");
	need(cl_tlog_proof_parse(s->receipt.proof.data, s->receipt.proof.len, &proof));
	proof.extra = cl_string("AAAA");
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_PROOF_MALFORMED, "an extra line, which nothing vouches for");
	len = test_checkpoint(&ledger, 7, note);
	proof = test_proof(&ledger, 2, 7, note, len);
	proof.index = 3;
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NOT_INCLUDED, "another index");
	proof.index = 2;
	proof.path[0][0] ^= 1;
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NOT_INCLUDED, "a bit changed in the path");
	proof = test_proof(&ledger, 3, 7, note, len);
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NOT_INCLUDED, "the proof of another seal");
	proof = test_proof(&ledger, 2, 7, note, len);
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NO_QUORUM, "a checkpoint that nobody has cosigned");
	len = test_cosign(&ledger, 1, COSIGNED_AT, note, len);
	proof = test_proof(&ledger, 2, 7, note, len);
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NO_QUORUM, "one cosigned by somebody else");
	len = test_cosign(&ledger, 0, COSIGNED_AT, note, test_checkpoint(&ledger, 2, note));
	proof.checkpoint = (cl_value) {note, len};
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_NOT_INCLUDED, "a checkpoint before the seal");

	test_ledger_begin(&other);
	test_ledger_seal(&other, CL_SEAL_CHOICES, "choices", 1, NULL);
	proof.checkpoint = (cl_value) {note, test_checkpoint(&other, 1, note)};
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_CHECKPOINT_STRANGER, "signed by a key that is not trusted");
	test_ledger_end(&other);

	len = test_sign(&ledger, TEST_ORIGIN "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n",
					strlen(TEST_ORIGIN "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n"), note);
	proof.checkpoint = (cl_value) {note, len};
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_CHECKPOINT_MALFORMED, "a checkpoint with extension lines");
	proof.checkpoint = cl_string("x");
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_CHECKPOINT_MALFORMED, "no checkpoint");
	len = test_checkpoint(&ledger, 7, note);
	note[strlen(TEST_ORIGIN "\n")] = '8';
	proof.checkpoint = (cl_value) {note, len};
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_CHECKPOINT_FORGED, "another size in the checkpoint");
	need(cl_policy_parse("quorum none\n", 12, &no_logs, &error));
	trust.policy = &no_logs;
	is_status(s, CL_RECEIPT_CHECKPOINT_STRANGER, "no log trusted");
	trust.policy = NULL;
	is_status(s, CL_RECEIPT_CHECKPOINT_STRANGER, "no policy at all");
	trust.policy = &policy;
}

/* A log that the verifier also trusts has the seal of another ledger. */
static void
test_other_log(sample *s)
{
	test_ledger other = ledger;
	char		note[TEST_NOTE_MAX];
	cl_policy	both = policy;
	cl_tlog_proof proof;

	test_key_make("example.org/other", CL_NOTE_ED25519, &other.log);
	other.origin = "example.org/other";
	both.logs[both.n_logs++] = other.log.verifier;
	trust.policy = &both;
	proof = test_proof(&ledger, 2, 7, note, test_checkpoint(&other, 7, note));
	use_proof(s, &proof);
	is_status(s, CL_RECEIPT_OTHER_LOG, "the seal in another ledger's log");
	trust.policy = &policy;
	cl_key_free(other.log.key);
}

static void
test_openings(sample *s)
{
	cl_promise	unidentified;

	begin(s);
	identify(s, 1);
	is_status(s, CL_RECEIPT_NOT_HER, "another subject's key and salt");
	identify(s, 3 * CL_SEAL_EVENTS + 1);
	s->receipt.key.len--;
	is_status(s, CL_RECEIPT_NOT_HER, "a key cut off");
	identify(s, 3 * CL_SEAL_EVENTS + 1);
	s->receipt.salt[3] ^= 1;
	is_status(s, CL_RECEIPT_NOT_HER, "a bit changed in the salt");
	s->receipt.evidence = cl_string("{\"page\": 4}");
	test_salt(3 * CL_SEAL_EVENTS + 1, s->receipt.evidence_salt);
	is_status(s, CL_RECEIPT_NOT_THE_EVIDENCE, "other evidence");
	s->receipt.evidence = cl_string(TEST_EVIDENCE);
	memset(s->receipt.evidence_salt, 0, CL_SALT_BYTES);
	is_status(s, CL_RECEIPT_NOT_THE_EVIDENCE, "another salt of the evidence");
	unidentified = test_promise_of(&ledger, 0, 0, INCLUDE_BY);
	s->receipt = test_receipt(&ledger, 0, 0);
	s->receipt.promise = (cl_value) {s->note, test_promise(&ledger, &unidentified, s->note)};
	identify(s, 3 * CL_SEAL_EVENTS + 1);
	is_status(s, CL_RECEIPT_NOT_HER, "an event without a subject");
}

static void
is_promise_status(sample *s, cl_receipt_status expected, const char *name)
{
	cl_receipt_status status = verify(s);

	if (!ok(status == expected, "promise: %s", name))
		printf("# got %s\n", cl_receipt_message(status));
}

static void
test_promises(sample *s)
{
	cl_promise	truth = test_promise_of(&ledger, 2, 1, INCLUDE_BY);
	cl_promise	lie = truth;

	promise(s, &truth);
	is_promise_status(s, CL_RECEIPT_OK, "it holds");
	ok(s->result.promised && s->result.promise.include_by == INCLUDE_BY && s->result.promise.seal == 3, "what it says");
	trust.policy = NULL;
	is_promise_status(s, CL_RECEIPT_OK, "it needs no log's key");
	trust.policy = &policy;
	lie.leaf[0] ^= 1;
	promise(s, &lie);
	is_promise_status(s, CL_RECEIPT_PROMISE_OTHER, "of another event's leaf");
	lie = truth;
	lie.event++;
	promise(s, &lie);
	is_promise_status(s, CL_RECEIPT_PROMISE_OTHER, "of another event");
	lie = truth;
	lie.seal_leaf[31] ^= 1;
	promise(s, &lie);
	is_promise_status(s, CL_RECEIPT_PROMISE_OTHER, "of another seal's leaf");
	lie = truth;
	lie.seal = 4;
	lie.event = 4 * CL_SEAL_EVENTS;
	promise(s, &lie);
	is_promise_status(s, CL_RECEIPT_PROMISE_OTHER, "of another seal");
	lie = truth;
	lie.origin = cl_string("example.org/other");
	promise(s, &lie);
	is_promise_status(s, CL_RECEIPT_PROMISE_STRANGER, "of another ledger");
	promise(s, &truth);
	s->note[strlen("consent_ledger/promise/v1\norigin " TEST_ORIGIN "\nevent 1")] ^= 1;
	is_promise_status(s, CL_RECEIPT_PROMISE_FORGED, "changed after signing");
	promise(s, &truth);
	s->receipt.promise.len--;
	is_promise_status(s, CL_RECEIPT_PROMISE_MALFORMED, "cut off");
	s->receipt.promise = s->receipt.seal;
	is_promise_status(s, CL_RECEIPT_PROMISE_MALFORMED, "a seal for a promise");
}

#define LEAF	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define P1		"consent_ledger/promise/v1\norigin example.com/consent\n"
#define P2		"event 69633\n"
#define P3		"leaf " LEAF "\n"
#define P4		"seal 17 " LEAF "\n"
#define P5		"include_by 2024-10-03T09:00:00Z\n"

static void
test_promise_text(void)
{
	static const struct
	{
		cl_value	text;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES(P1 P2 P3 P4), "a line missing"},
		{BYTES(P1 P2 P3 P4 P5 "\n"), "a line more"},
		{BYTES(P1 P3 P2 P4 P5), "lines exchanged"},
		{BYTES("consent_ledger/promise/v2\norigin x\n" P2 P3 P4 P5), "another version"},
		{BYTES("consent_ledger/promise/v1\norigin consent_ledger/x\n" P2 P3 P4 P5), "an origin of ours"},
		{BYTES(P1 "event 069633\n" P3 P4 P5), "a leading zero"},
		{BYTES(P1 "event 73728\n" P3 P4 P5), "an event of another seal"},
		{BYTES(P1 "event 0\n" P3 "seal 0 " LEAF "\n" P5), "seal 0"},
		{BYTES(P1 P2 "leaf AAAA\n" P4 P5), "a short leaf"},
		{BYTES(P1 P2 P3 "seal 17\n" P5), "a seal without its leaf"},
		{BYTES(P1 P2 P3 P4 "include_by 2024-10-03 09:00:00Z\n"), "an instant in another spelling"},
		{BYTES(P1 P2 P3 P4 "include_by never\n"), "no instant"}
	};
	cl_promise	p;
	char		out[CL_PROMISE_MAX];
	char		origin[CL_ORIGIN_MAX];
	cl_promise	longest = {.origin = {origin, sizeof(origin)}, .seal = CL_SEAL_NUMBER_MAX,
	.event = INT64_MAX, .include_by = CL_INSTANT_LIMIT - 1};

	ok(cl_promise_parse(P1 P2 P3 P4 P5, strlen(P1 P2 P3 P4 P5), &p) && p.event == 69633 && p.seal == 17, "a promise is read");
	is_text(out, cl_promise_format(&p, out, sizeof(out)), P1 P2 P3 P4 P5, "and written the same");
	ok(cl_promise_format(&p, out, strlen(P1 P2 P3 P4 P5)) == 0, "no room for the NUL is no room");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cl_promise_parse(bad[i].text.data, bad[i].text.len, &p), "refuse %s", bad[i].why);
	memset(origin, 'o', sizeof(origin));
	ok(cl_promise_format(&longest, out, sizeof(out)) > 0, "the longest fits");
	longest.include_by = CL_INSTANT_OPEN;
	ok(cl_promise_format(&longest, out, sizeof(out)) == 0, "no promise without a time");
}

/* Write, read and compare; then change the text in ways that must not be read. */
static void
test_text(sample *s)
{
	static char text[4 * TEST_NOTE_MAX];
	static char again[4 * TEST_NOTE_MAX];
	static char scratch[4 * TEST_NOTE_MAX];
	size_t		len;
	cl_receipt	read;
	int			accepted = 0;

	begin(s);
	identify(s, 3 * CL_SEAL_EVENTS + 1);
	s->receipt.evidence = cl_string(TEST_EVIDENCE);
	test_salt(3 * CL_SEAL_EVENTS + 1, s->receipt.evidence_salt);
	s->receipt.test = true;
	len = cl_receipt_format(&s->receipt, text, sizeof(text));
	ok(len > 0 && len < sizeof(text), "a receipt is written");
	ok(memchr(text, '\n', len) == NULL, "in one line");
	ok(cl_receipt_format(&s->receipt, NULL, 0) == len, "its length is told without room");
	ok(cl_receipt_parse(text, len, &read, scratch), "and read");
	ok(read.test && read.identifies && read.path_len == s->receipt.path_len && read.proof.len == s->receipt.proof.len, "what it says");
	ok(cl_receipt_format(&read, again, sizeof(again)) == len && memcmp(text, again, len) == 0, "and written the same");
	ok(cl_receipt_verify(&read, &trust, s->scratch, &s->result) == CL_RECEIPT_OK, "and it holds");
	for (size_t i = 0; i < len; i++)
	{
		accepted += cl_receipt_parse(text, i, &read, scratch);
		text[i] ^= 1;
		if (cl_receipt_parse(text, len, &read, scratch) && !read.test)
			accepted++;
		else if (cl_receipt_parse(text, len, &read, scratch))
			accepted += cl_receipt_verify(&read, &trust, s->scratch, &s->result) == CL_RECEIPT_OK;
		text[i] ^= 1;
	}
	ok(accepted == 0, "none cut off is read, and none with a bit changed holds");
	s->receipt.promise = s->receipt.seal;
	ok(cl_receipt_format(&s->receipt, text, sizeof(text)) == 0, "promise and proof together are refused");
	s->receipt.promise.data = s->receipt.proof.data = NULL;
	ok(cl_receipt_format(&s->receipt, text, sizeof(text)) == 0, "and neither of them");
	s->receipt.proof = cl_string("\xff");
	ok(cl_receipt_format(&s->receipt, text, sizeof(text)) == 0, "what is not UTF-8 is refused");
}

#define HASH	LEAF
#define V		"\"v\":\"consent_ledger/receipt/v1\"}"
#define SALT	"5534259dabfecd392a49c88779dcab90005e6fce265675cb842d0d86cdd76ec9"

static void
test_members(void)
{
	static const struct
	{
		const char *text;
		bool		good;
		const char *why;
	}			texts[] = {
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, true, "the least"},
		{"{\"event\":\"e\",\"path\":\"" HASH "\",\"promise\":\"p\",\"seal\":\"s\"," V, true, "a promise and a hash"},
		{"{\"event\":\"e\",\"path\":\"" HASH " " HASH "\",\"proof\":\"p\",\"seal\":\"s\"," V, true, "two hashes"},
		{"{\"event\":\"e\",\"path\":\"" HASH " \",\"proof\":\"p\",\"seal\":\"s\"," V, false, "a space after the path"},
		{"{\"event\":\"e\",\"path\":\" " HASH "\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "a space before it"},
		{"{\"event\":\"e\",\"path\":\"" HASH "  " HASH "\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "two spaces in it"},
		{"{\"event\":\"e\",\"path\":\"AAAA\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "a short hash"},
		{"{\"event\":\"e\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "no path"},
		{"{\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "no event"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\"," V, false, "no seal"},
		{"{\"event\":\"e\",\"path\":\"\",\"seal\":\"s\"," V, false, "no proof"},
		{"{\"event\":\"e\",\"path\":\"\",\"promise\":\"p\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "promise and proof"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\",\"v\":\"consent_ledger/receipt/v2\"}", false, "another version"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"}", false, "no version"},
		{"{\"event\":\"e\",\"origin\":\"o\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "an unknown member"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\",\"test\":\"true\"," V, true, "a test ledger's"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\",\"test\":\"false\"," V, false, "test, but false"},
		{"{\"event\":\"e\",\"key\":\"k\",\"path\":\"\",\"proof\":\"p\",\"salt\":\"" SALT "\",\"seal\":\"s\"," V, true, "key and salt"},
		{"{\"event\":\"e\",\"key\":\"k\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "a key without salt"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"salt\":\"" SALT "\",\"seal\":\"s\"," V, false, "a salt without key"},
		{"{\"event\":\"e\",\"key\":\"k\",\"path\":\"\",\"proof\":\"p\",\"salt\":\"55\",\"seal\":\"s\"," V, false, "a short salt"},
		{"{\"event\":\"e\",\"evidence\":\"x\",\"evidence_salt\":\"" SALT "\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, true, "evidence and salt"},
		{"{\"event\":\"e\",\"evidence\":\"x\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "evidence without salt"},
		{"{\"event\":\"e\",\"path\":\"\",\"proof\":\"p\",\"seal\":\"s\", " V, false, "white space"},
		{"{\"path\":\"\",\"event\":\"e\",\"proof\":\"p\",\"seal\":\"s\"," V, false, "members exchanged"}
	};
	char		scratch[2048];
	char		long_path[2048] = "{\"event\":\"e\",\"path\":\"" HASH;
	cl_receipt	receipt;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ok(cl_receipt_parse(texts[i].text, strlen(texts[i].text), &receipt, scratch) == texts[i].good,
		   "%s %s", texts[i].good ? "read" : "refuse", texts[i].why);
	for (int i = 1; i < CL_SEAL_PATH_MAX; i++)
		strcat(long_path, " " HASH);
	strcat(long_path, "\",\"proof\":\"p\",\"seal\":\"s\"," V);
	ok(cl_receipt_parse(long_path, strlen(long_path), &receipt, scratch) && receipt.path_len == CL_SEAL_PATH_MAX, "the longest path");
	strcpy(long_path, "{\"event\":\"e\",\"path\":\"" HASH);
	for (int i = 1; i <= CL_SEAL_PATH_MAX; i++)
		strcat(long_path, " " HASH);
	strcat(long_path, "\",\"proof\":\"p\",\"seal\":\"s\"," V);
	ok(!cl_receipt_parse(long_path, strlen(long_path), &receipt, scratch), "a longer one is refused");
}

static void
set_up(void)
{
	static char text[2048];
	cl_buffer	b = {text, sizeof(text), 0};
	char		vkey[CL_VKEY_SIZE];
	cl_policy_error error;

	test_ledger_begin(&ledger);
	test_ledger_seal(&ledger, CL_SEAL_DECLARATIONS, "ledger_created", 1, NULL);
	for (int i = 1; i < 7; i++)
		test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 5, NULL);
	cl_put_string(&b, "log ");
	cl_put(&b, vkey, test_vkey(&ledger.log, vkey));
	cl_put_string(&b, "\nwitness w1 ");
	cl_put(&b, vkey, test_vkey(&ledger.witnesses[0], vkey));
	cl_put_string(&b, "\nquorum w1\n");
	need(cl_policy_parse(text, b.len, &policy, &error));
	trust = (cl_receipt_trust) {&policy, &ledger.sealer.verifier, 1};
}

int
main(void)
{
	static sample s;

	set_up();
	test_good(&s);
	test_seals(&s);
	test_event_changed(&s);
	test_misplaced();
	test_proofs(&s);
	test_other_log(&s);
	test_openings(&s);
	test_promises(&s);
	test_promise_text();
	test_text(&s);
	test_members();
	test_ledger_end(&ledger);
	return done_testing();
}
