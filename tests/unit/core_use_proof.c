/*
 * core_use_proof.c
 *		Proofs of use and of non-use: what good ones say, every corruption of
 *		them, and what they leave undecided.  Row keys and lists of rows.
 */
#include "core/event.h"
#include "core/row_key.h"
#include "core/use_proof.h"
#include "bytes.h"

#define ORIGIN "example.org/consent"
#define RUN 4096
#define SUBJECTS 40
#define ALICE 7					/* used */
#define CAROL 100				/* not used */

static cl_prefix_leaf leaves[SUBJECTS];
static cl_hash root;
static char rows[SUBJECTS][256];
static size_t rows_len[SUBJECTS];
static char opened[1024];
static char closed[2048];
static char event[1024];
static char scratch[CL_USE_SCRATCH];

/* ---- the run ---- */

static void
salt_of(int64_t subject_no, uint8_t *salt)
{
	memset(salt, (int) subject_no, CL_SALT_BYTES);
}

/* Her rows: one or two in each of two tables. */
static size_t
make_rows(int subject_no, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	cl_rows_put_table(&b, "public.message", 14);
	cl_rows_put_row(&b, 8, "1", 1);
	cl_rows_put_row(&b, 5, "20", 2);
	cl_rows_put_table(&b, "public.post", 11);
	cl_rows_put_row(&b, 9, subject_no % 2 ? "odd" : "even", subject_no % 2 ? 3 : 4);
	return b.len;
}

static int
by_position(const void *a, const void *b)
{
	return memcmp(((const cl_prefix_leaf *) a)->position, ((const cl_prefix_leaf *) b)->position, 32);
}

static void
make_tree(void)
{
	for (int i = 0; i < SUBJECTS; i++)
	{
		uint8_t		salt[CL_SALT_BYTES];
		cl_hash		nonce;

		salt_of(i, salt);
		cl_use_place(salt, cl_string(ORIGIN), RUN, leaves[i].position, nonce);
		rows_len[i] = make_rows(i, rows[i], sizeof(rows[i]));
		cl_rows_hash(nonce, rows[i], rows_len[i], leaves[i].value);
	}
	qsort(leaves, SUBJECTS, sizeof(cl_prefix_leaf), by_position);
	cl_prefix_root(leaves, SUBJECTS, 0, root);
}

/* Canonical bytes of an event, NUL-terminated. */
static void
make_event(const char *kind, const char *id, const char *detail, const char *subject_no,
		   const char *commitment, char *out, size_t cap)
{
	cl_value	values[CL_MEMBERS] = {0};

	values[CL_M_KIND] = cl_string(kind);
	values[CL_M_ID] = cl_string(id);
	values[CL_M_EVENT_TIME] = values[CL_M_RECORDED_AT] = cl_string("2024-10-02T09:00:00Z");
	values[CL_M_RECORDED_BY] = cl_string("trainer");
	values[CL_M_SOURCE] = cl_string("");
	values[CL_M_NONCE] = cl_string("068a5ea9d077021034abac2c7fbf6b14");
	if (detail)
		values[CL_M_DETAIL] = cl_string(detail);
	if (subject_no)
		values[CL_M_SUBJECT_NO] = cl_string(subject_no);
	if (commitment)
		values[CL_M_COMMITMENT] = cl_string(commitment);
	out[cl_event_encode(values, out, cap - 1)] = '\0';
}

static void
make_closed(const char *run, const char *missing)
{
	char		tree[65];
	char		detail[512];

	cl_hex_encode(root, 32, tree);
	snprintf(detail, sizeof(detail),
			 "{\"count\":\"120\",\"draws\":\"%s\",\"hash\":\"%s\",\"missing\":\"%s\",\"outcome\":\"completed\",\"parts\":\"1\","
			 "\"run\":\"%s\",\"subjects\":\"40\",\"tree\":\"%s\"}", tree, tree, missing, run, tree);
	make_event("run_closed", "40960", detail, NULL, NULL, closed, sizeof(closed));
}

/* An event of a subject, by her number; her key is "subject N". */
static void
make_her_event(int64_t subject_no)
{
	uint8_t		salt[CL_SALT_BYTES];
	char		number[8];
	char		key[32];
	cl_hash		hmac;
	char		commitment[65];

	snprintf(number, sizeof(number), "%d", (int) subject_no);
	snprintf(key, sizeof(key), "subject %d", (int) subject_no);
	salt_of(subject_no, salt);
	{
		cl_part		parts[] = {
			{CL_COMMIT_SUBJECT, strlen(CL_COMMIT_SUBJECT)}, {ORIGIN, strlen(ORIGIN)},
			{number, strlen(number)}, {key, strlen(key)}
		};

		cl_commit(salt, CL_SALT_BYTES, parts, 4, hmac);
	}
	cl_hex_encode(hmac, 32, commitment);
	make_event("choices", "8192", NULL, number, commitment, event, sizeof(event));
}

/* A good proof about somebody, and what its receipts say. */
static cl_use_proof
make_proof(int64_t subject_no, cl_use_facts *facts)
{
	static char key[32];
	cl_use_proof proof = {0};
	cl_hash		position;
	cl_hash		nonce;

	snprintf(key, sizeof(key), "subject %d", (int) subject_no);
	proof.origin = cl_string(ORIGIN);
	proof.run = RUN;
	proof.subject_no = subject_no;
	proof.key = cl_string(key);
	salt_of(subject_no, proof.salt);
	proof.opened = cl_string("receipt of the opening");
	proof.closed = cl_string("receipt of the closing");
	proof.event = cl_string("receipt of an event");
	cl_use_place(proof.salt, proof.origin, RUN, position, nonce);
	cl_prefix_go_down(leaves, SUBJECTS, position, &proof.tree);
	if (proof.tree.end == CL_PREFIX_HERE)
		proof.rows = (cl_value) {rows[subject_no], rows_len[subject_no]};
	make_event("run_opened", "4096", "{\"base_runs\":\"{}\",\"name\":\"spring\",\"purposes\":\"{ai_training}\",\"recipient\":\"Partner\"}",
			   NULL, NULL, opened, sizeof(opened));
	make_closed("4096", "0");
	make_her_event(subject_no);
	*facts = (cl_use_facts) {
		cl_string(ORIGIN), cl_string(opened), cl_string(closed), cl_string(event), true, 9, 4
	};
	return proof;
}

static cl_use_result
check(const cl_use_proof *proof, const cl_use_facts *facts)
{
	cl_use_result result;

	cl_use_proof_check(proof, facts, &result, scratch);
	return result;
}

/* The answer and reasons of a proof. */
static void
says(const cl_use_proof *proof, const cl_use_facts *facts, cl_use_answer answer, unsigned reasons,
	 const char *what)
{
	cl_use_result result = check(proof, facts);

	if (!ok(result.answer == answer && result.reasons == reasons, "%s", what))
		printf("# answer %d, reasons %x\n", result.answer, result.reasons);
}

/* ---- the text ---- */

static char text[8192];

static size_t
write_proof(const cl_use_proof *proof)
{
	size_t		len = cl_use_proof_write(proof, text, sizeof(text) - 1);

	if (len >= sizeof(text))
		abort();
	text[len] = '\0';
	return len;
}

static void
test_text(void)
{
	cl_use_facts facts;
	int64_t		who[] = {ALICE, CAROL};
	static char again[8192];
	static char memory[8192];

	for (int i = 0; i < 2; i++)
	{
		cl_use_proof proof = make_proof(who[i], &facts);
		cl_use_proof read;
		size_t		len = write_proof(&proof);
		int			cut = 0;

		ok(len > 0 && cl_use_proof_read(text, len, &read, memory), "%s: the text is read", i ? "not used" : "used");
		ok(cl_use_proof_write(&read, again, sizeof(again)) == len && memcmp(again, text, len) == 0, "and written the same");
		ok(cl_use_proof_write(&read, again, 10) == len, "without room it says how much it wants");
		ok((read.rows.data != NULL) == (i == 0), "it has rows if she was used");
		says(&read, &facts, i == 0 ? CL_USE_USED : CL_USE_NOT_USED, 0, "and it says so");
		for (size_t n = 0; n < len; n++)
			cut += cl_use_proof_read(text, n, &read, memory);
		ok(cut == 0, "no text cut off is taken for one");
		proof.event = (cl_value) {0};
		len = write_proof(&proof);
		ok(cl_use_proof_read(text, len, &read, memory) && read.event.data == NULL, "without an event of hers it is a text too");
	}
}

/* Replace the first occurrence of a piece of the text; false if it is not there. */
static bool
replace(const char *what, const char *with)
{
	char	   *at = strstr(text, what);
	size_t		old = strlen(what);
	size_t		new = strlen(with);

	if (!at || strlen(text) + new >= sizeof(text))
		return false;
	memmove(at + new, at + old, strlen(at + old) + 1);
	memcpy(at, with, new);
	return true;
}

static void
test_bad_texts(void)
{
	static const struct
	{
		int64_t		who;
		const char *what;
		const char *with;
		const char *why;
	}			bad[] = {
		{CAROL, "use_proof/v1", "use_proof/v2", "another version"},
		{CAROL, ",\"v\":\"consent_ledger/use_proof/v1\"", "", "no version"},
		{CAROL, "\"key\":\"subject 100\",", "", "no key"},
		{CAROL, "\"opened\":\"receipt of the opening\",", "", "no receipt of the opening"},
		{CAROL, "\"closed\":\"receipt of the closing\",", "", "no receipt of the closing"},
		{CAROL, "\"key\":", "\"kex\":\"\",\"key\":", "an unknown member"},
		{CAROL, "\"run\":\"4096\"", "\"run\":\"04096\"", "a number with a zero before it"},
		{CAROL, "\"run\":\"4096\"", "\"run\":\"0\"", "no run"},
		{CAROL, "\"run\":\"4096\"", "\"run\":\"9223372036854775808\"", "a run beyond 64 bits"},
		{CAROL, "\"subject_no\":\"100\"", "\"subject_no\":\"-100\"", "a negative number"},
		{CAROL, "\"salt\":\"64", "\"salt\":\"6", "half a byte of salt"},
		{CAROL, "\"salt\":\"64", "\"salt\":\"6464", "a salt too long"},
		{CAROL, "\"salt\":\"64", "\"salt\":\"6A", "hex in upper case"},
		{CAROL, "\"path\":\"", "\"path\":\" ", "a space before the path"},
		{CAROL, "= ", "=  ", "two spaces in the path"},
		{CAROL, "= ", "=", "no space in the path"},
		{CAROL, "=\",\"run\"", "= \",\"run\"", "a space after the path"},
		{CAROL, "\"path\":\"", "\"path\":\"AAAA ", "a hash too short"},
		{CAROL, "\"terminal\":\"", "\"terminal\":\"x", "an end that is none"},
		{CAROL, "\"run\":", "\"rows\":\"VAAAAAFhVQgAAAABMQ==\",\"run\":", "rows in a proof of non-use"},
		{ALICE, "\"v\":", "\"terminal\":\"empty\",\"v\":", "an end in a proof of use"},
		{ALICE, "\"rows\":\"", "\"rows\":\"A", "rows that are no base64"},
	};
	static char memory[8192];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		cl_use_facts facts;
		cl_use_proof proof = make_proof(bad[i].who, &facts);

		write_proof(&proof);
		ok(replace(bad[i].what, bad[i].with) && !cl_use_proof_read(text, strlen(text), &proof, memory), "refuse %s", bad[i].why);
	}
}

/* ---- what it proves ---- */

static void
test_undecided(void)
{
	cl_use_facts facts;
	cl_use_proof proof = make_proof(CAROL, &facts);

	says(&proof, &facts, CL_USE_NOT_USED, 0, "carol was not used");
	facts.event = (cl_value) {0};
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_NO_EVENT, "undecided without an event of hers");
	facts.event = cl_string(event);
	facts.event_index = facts.closed_index;
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_EVENT_TOO_LATE, "undecided if her event came too late");
	facts.event_index = 4;
	facts.in_log = false;
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_NOT_IN_LOG, "undecided while it is not in the log");
	facts.closed = (cl_value) {0};
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_NOT_CLOSED, "undecided if the closing is not proved");
	proof = make_proof(CAROL, &facts);
	make_closed("4096", "2");
	facts.closed = cl_string(closed);
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_MISSING_PARTS, "undecided where parts are missing");
	facts.event = (cl_value) {0};
	says(&proof, &facts, CL_USE_UNDECIDED, CL_USE_MISSING_PARTS | CL_USE_NO_EVENT, "for two reasons");
	proof = make_proof(ALICE, &facts);
	make_closed("4096", "2");
	facts.closed = cl_string(closed);
	says(&proof, &facts, CL_USE_USED, CL_USE_MISSING_PARTS, "alice was used all the same, perhaps with more");
	facts.event = (cl_value) {0};
	ok(check(&proof, &facts).present, "without an event of hers the tree shows her still");
}

static void
test_facts(void)
{
	cl_use_facts facts;
	cl_use_proof proof = make_proof(ALICE, &facts);
	cl_use_result result = check(&proof, &facts);

	ok(result.answer == CL_USE_USED && result.reasons == 0, "alice was used, with these rows");
	is_text(result.opened.name.data, result.opened.name.len, "spring", "in this run");
	is_text(result.opened.recipient.data, result.opened.recipient.len, "Partner", "for a recipient");
	ok(result.opened.model.data == NULL && result.closed.subjects == SUBJECTS && result.closed.missing == 0, "as the events say");
	is_text(result.closed.outcome.data, result.closed.outcome.len, "completed", "with this outcome");
	facts.origin = cl_string("example.com");
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_ORIGIN, "refuse receipts of another ledger");
	facts.origin = cl_string(ORIGIN);
	facts.opened = cl_string(closed);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse another event for the opening");
	facts.opened = cl_string(opened);
	facts.closed = cl_string(opened);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse another event for the closing");
	facts.opened = facts.closed = cl_string(closed);
	facts.opened = (cl_value) {0};
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse a run that nothing opened");
	proof = make_proof(ALICE, &facts);
	make_closed("4097", "0");
	facts.closed = cl_string(closed);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse the closing of another run");
	proof = make_proof(ALICE, &facts);
	make_her_event(CAROL);
	facts.event = cl_string(event);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse an event of somebody else");
	facts.event = cl_string(closed);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse an event about nobody");
	proof = make_proof(ALICE, &facts);
	root[0] ^= 1;
	make_closed("4096", "0");
	root[0] ^= 1;
	facts.closed = cl_string(closed);
	says(&proof, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse a closing with another tree");
}

/* An operator who would like to say something else. */
static void
test_lies(void)
{
	cl_use_facts facts;
	cl_use_facts others;
	cl_use_proof alice = make_proof(ALICE, &facts);
	cl_use_proof carol = make_proof(CAROL, &others);
	cl_use_proof lie = alice;
	char		list[256];

	alice = make_proof(ALICE, &facts);
	lie = alice;
	lie.run++;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_OTHER_RUN, "refuse another run");
	lie = alice;
	lie.subject_no++;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse another number");
	lie = alice;
	lie.key = cl_string("subject 8");
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse another key");
	lie = alice;
	lie.rows = (cl_value) {0};
	lie.tree = carol.tree;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse carol's way for alice");
	lie = alice;
	lie.rows = (cl_value) {0};
	lie.tree.end = CL_PREFIX_EMPTY;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse to forget alice");
	lie.tree.end = CL_PREFIX_OTHER;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse to take alice for another");
	for (int salt = 200; salt < 256; salt++)
	{
		cl_hash		position;
		cl_hash		nonce;

		/* A salt made up afterwards, with which nobody is at her place. */
		lie = alice;
		lie.rows = (cl_value) {0};
		memset(lie.salt, salt, CL_SALT_BYTES);
		cl_use_place(lie.salt, lie.origin, RUN, position, nonce);
		lie.tree.depth = 0;
		cl_prefix_go_down(leaves, SUBJECTS, position, &lie.tree);
		if (check(&lie, &facts).answer != CL_USE_REFUSED)
			ok(false, "a salt made up afterwards is taken");
	}
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_OTHER_SUBJECT, "refuse a salt made up afterwards");

	/* Her rows, but for one, and other changes of the list. */
	for (size_t i = 0; i < rows_len[ALICE]; i++)
	{
		lie = alice;
		memcpy(list, rows[ALICE], rows_len[ALICE]);
		list[i] ^= 1;
		lie.rows = (cl_value) {list, rows_len[ALICE]};
		if (check(&lie, &facts).answer != CL_USE_REFUSED)
			ok(false, "byte %zu of the rows can be changed", i);
		lie.rows.len = i;
		if (check(&lie, &facts).answer != CL_USE_REFUSED)
			ok(false, "the rows can be cut off at %zu", i);
	}
	lie.rows = (cl_value) {rows[ALICE], 0};
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_ROWS, "refuse to have used her without a row");
	lie.rows.len = make_rows(ALICE + 1, list, sizeof(list));
	lie.rows.data = list;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse somebody else's rows");
	lie = alice;
	lie.tree.depth--;
	says(&lie, &facts, CL_USE_REFUSED, CL_USE_BAD_PATH, "refuse a hash too few");
}

/* ---- lists of rows ---- */

static bool
list_read(const char *list, size_t len, int *n)
{
	cl_rows_reader reader;
	cl_value	table;
	cl_value	key;
	uint8_t		code;
	int			status;

	cl_rows_begin(&reader, list, len);
	for (*n = 0; (status = cl_rows_next(&reader, &table, &code, &key)) == 1; (*n)++)
		;
	return status == 0 && cl_rows_next(&reader, &table, &code, &key) == 0;
}

static void
test_lists(void)
{
	static const struct
	{
		cl_value	list;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES("T\0\0\0\1a"), "a table without rows"},
		{BYTES("U\x08\0\0\0\1" "1"), "a row without table"},
		{BYTES("T\0\0\0\0U\x08\0\0\0\1" "1"), "a table without name"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1" "1T\0\0\0\1aU\x08\0\0\0\1" "2"), "a table twice"},
		{BYTES("T\0\0\0\1bU\x08\0\0\0\1" "1T\0\0\0\1aU\x08\0\0\0\1" "2"), "tables out of order"},
		{BYTES("T\0\0\0\2abU\x08\0\0\0\1" "1T\0\0\0\1aU\x08\0\0\0\1" "2"), "a name before its prefix"},
		{BYTES("T\0\0\0\1aT\0\0\0\1bU\x08\0\0\0\1" "1"), "a table without rows before another"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1" "2U\x08\0\0\0\1" "1"), "rows out of order"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1" "1U\x00\0\0\0\1" "1"), "a row twice"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1xU\x08\0\0\0\1" "1"), "a text before an integer"},
		{BYTES("T\0\0\0\1aU\x06\0\0\0\1" "1"), "a verdict that is none"},
		{BYTES("T\0\0\0\1aU\x10\0\0\0\1" "1"), "a code that is none"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\2" "1"), "a key cut off"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0"), "a length cut off"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1" "1X"), "a byte more"},
		{BYTES("T\0\0\0\1aU\x08\0\0\0\1\xFF"), "a key that is not UTF-8"},
	};
	cl_value	good = BYTES("T\0\0\0\1aU\x08\0\0\0\1" "2U\x00\0\0\0\2" "10U\x08\0\0\0\1xT\0\0\0\2abU\x0D\0\0\0\0");
	int			n;

	ok(list_read(good.data, good.len, &n) && n == 4, "a list is read");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!list_read(bad[i].list.data, bad[i].list.len, &n), "refuse %s", bad[i].why);
}

/* ---- row keys ---- */

static void
test_row_keys(void)
{
	static const struct
	{
		const char *text;
		cl_key_kind kind;
	}			keys[] = {
		{"0", CL_KEY_INT}, {"7", CL_KEY_INT}, {"-7", CL_KEY_INT}, {"1234567890", CL_KEY_INT},
		{"9223372036854775807", CL_KEY_INT}, {"-9223372036854775808", CL_KEY_INT},
		{"9223372036854775808", CL_KEY_TEXT}, {"-9223372036854775809", CL_KEY_TEXT},
		{"18446744073709551616", CL_KEY_TEXT}, {"-0", CL_KEY_TEXT}, {"-07", CL_KEY_TEXT},
		{"07", CL_KEY_TEXT}, {"+7", CL_KEY_TEXT}, {" 7", CL_KEY_TEXT}, {"7 ", CL_KEY_TEXT}, {"-", CL_KEY_TEXT}, {"", CL_KEY_TEXT},
		{"6d2e9f2c-5a0b-4b1e-9a57-3f1f0b6d7c88", CL_KEY_UUID},
		{"6D2e9f2c-5a0b-4b1e-9a57-3f1f0b6d7c88", CL_KEY_TEXT},
		{"6d2e9f2c5a0b-4b1e-9a57-3f1f0b6d7c88-", CL_KEY_TEXT},
		{"6d2e9f2c-5a0b-4b1e-9a57-3f1f0b6d7c8", CL_KEY_TEXT},
		{"{1,2}", CL_KEY_TEXT}, {"key", CL_KEY_TEXT}
	};
	static char longest[CL_ROW_KEY_MAX + 1];
	char		uuid[CL_UUID_BYTES];
	cl_use		use = {0};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
	{
		char		buf[CL_ROW_KEY_TEXT_SIZE];
		size_t		len = 0;
		const char *again = "";

		if (cl_row_key_read(keys[i].text, strlen(keys[i].text), uuid, &use))
			again = cl_row_key_text(&use, buf, &len);
		ok(use.kind == keys[i].kind && len == strlen(keys[i].text) && memcmp(again, keys[i].text, len) == 0,
		   "\"%s\" is of kind %d, and its text is the same", keys[i].text, keys[i].kind);
	}
	memset(longest, 'k', sizeof(longest));
	ok(cl_row_key_read(longest, CL_ROW_KEY_MAX, uuid, &use) && !cl_row_key_read(longest, CL_ROW_KEY_MAX + 1, uuid, &use),
	   "longer ones are refused");
}

int
main(void)
{
	make_tree();
	test_text();
	test_bad_texts();
	test_facts();
	test_undecided();
	test_lies();
	test_lists();
	test_row_keys();
	return done_testing();
}
