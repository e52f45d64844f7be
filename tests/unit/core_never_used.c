/*
 * core_never_used.c
 *		The proof that no run used a subject's rows, against a log in memory: what
 *		it says, and what an operator may not leave out.
 */
#include "core/never_used.h"
#include "ledger.h"

/* Places in the log. */
#define PEOPLE	0				/* choices, of subjects PERSON and USED */
#define SPRING	1				/* opened; two parts at 2; closed at 3 */
#define LATER	4				/* a choice of subject LATE */
#define SUMMER	5				/* opened; closed at 6, with a part missing */
#define AUTUMN	7				/* opened, and not closed */
#define SIZE	8
#define PERSON	(1 * CL_SEAL_EVENTS)
#define USED	(1 * CL_SEAL_EVENTS + 1)
#define LATE	(5 * CL_SEAL_EVENTS)
#define TREE	12				/* leaves */

static test_ledger ledger;
static cl_prefix_leaf leaves[3][TREE];	/* of spring, summer, and another run */
static char text[65536];
static size_t text_len;
static cl_never_run runs[16];
static char *scratch;
static cl_never_check check;

static int64_t
id_of(size_t seal)
{
	return ((int64_t) seal + 1) * CL_SEAL_EVENTS;
}

static int
by_position(const void *a, const void *b)
{
	return memcmp(((const cl_prefix_leaf *) a)->position, ((const cl_prefix_leaf *) b)->position, 32);
}

/* The tree of a run that used subject USED and others. */
static void
make_tree(int which, int64_t run, cl_hash root)
{
	for (int i = 0; i < TREE; i++)
	{
		cl_prefix_leaf *leaf = &leaves[which][i];
		uint8_t		salt[CL_SALT_BYTES];
		cl_hash		nonce;

		test_salt(i == 0 ? USED : 1000 + i, salt);
		need(cl_use_place(salt, cl_string(TEST_ORIGIN), run, leaf->position, nonce) == CL_OK);
		memset(leaf->value, i, CL_HASH_BYTES);
	}
	qsort(leaves[which], TREE, sizeof(cl_prefix_leaf), by_position);
	need(cl_prefix_root(leaves[which], TREE, 0, root) == CL_OK);
}

static void
open_run(const char *name)
{
	char		detail[128];

	snprintf(detail, sizeof(detail), "{\"base_runs\":\"{}\",\"name\":\"%s\",\"purposes\":\"{ai_training}\"}", name);
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_opened", 1, detail);
}

static void
close_run(int which, int64_t run, int parts, int missing)
{
	cl_hash		root;
	char		hex[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		detail[512];

	make_tree(which, run, root);
	cl_hex_encode(root, CL_HASH_BYTES, hex);
	snprintf(detail, sizeof(detail), "{\"count\":\"12\",\"draws\":\"%s\",\"hash\":\"%s\",\"missing\":\"%d\",\"outcome\":\"completed\",\"parts\":\"%d\","
			 "\"run\":\"%lld\",\"subjects\":\"12\",\"tree\":\"%s\"}", hex, hex, missing, parts, (long long) run, hex);
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_closed", 1, detail);
}

static void
make_ledger(void)
{
	char		part[512];
	char		zeros[65];

	test_ledger_begin(&ledger);
	test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 2, NULL);
	open_run("spring");
	memset(zeros, '0', 64);
	zeros[64] = '\0';
	snprintf(part, sizeof(part), "{\"blocks\":\"1\",\"count\":\"12\",\"hash\":\"%s\",\"part\":\"1\",\"run\":\"%lld\",\"tables\":\"{post}\"}",
			 zeros, (long long) id_of(SPRING));
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_part", 2, part);
	close_run(0, id_of(SPRING), 2, 0);
	test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	open_run("summer");
	close_run(1, id_of(SUMMER), 0, 2);
	open_run("autumn");
	need(ledger.n == SIZE);
}

/* ---- the text ---- */

static void
put(size_t len)
{
	need(len > 0 && len <= sizeof(text) - text_len);
	text_len += len;
}

static void
put_way(const uint8_t *salt, int which, int64_t run)
{
	cl_prefix_proof way = {0};
	cl_hash		position;
	cl_hash		nonce;

	need(cl_use_place(salt, cl_string(TEST_ORIGIN), run, position, nonce) == CL_OK);
	need(cl_prefix_go_down(leaves[which], TREE, position, &way) == CL_OK);
	if (way.end == CL_PREFIX_HERE)
		way.end = CL_PREFIX_EMPTY;	/* a lie */
	put(cl_never_put_way(run, &way, text + text_len, sizeof(text) - text_len));
}

static void
put_seal(size_t seal)
{
	for (int64_t i = 0; i < ledger.seals[seal].seal.count; i++)
		put(cl_never_put_event((int64_t) seal, cl_string(ledger.seals[seal].events[i]),
							   text + text_len, sizeof(text) - text_len));
}

static void
put_head(int64_t subject, size_t seal, int64_t place)
{
	static char receipt_text[TEST_NOTE_MAX * 2];
	static char note[TEST_NOTE_MAX];
	char		key[32];
	cl_never_head head = {.origin = cl_string(TEST_ORIGIN), .subject_no = subject};

	head.checkpoint = (cl_value) {note, test_checkpoint(&ledger, SIZE, note)};
	test_subject_key(subject, key);
	head.key = cl_string(key);
	test_salt(subject, head.salt);
	if (seal < SIZE)
	{
		cl_receipt	receipt = test_receipt(&ledger, seal, place);

		receipt.promise = cl_string("whatever");
		head.event = (cl_value) {receipt_text, cl_receipt_format(&receipt, receipt_text, sizeof(receipt_text))};
	}
	text_len = 0;
	put(cl_never_put_head(&head, text, sizeof(text)));
}

/* A good text about a subject, whose event is at a place of a seal. */
static void
make_text(int64_t subject, size_t seal, int64_t place)
{
	uint8_t		salt[CL_SALT_BYTES];

	test_salt(subject, salt);
	put_head(subject, seal, place);
	put_seal(SPRING);
	put_seal(SPRING + 1);
	put_seal(SPRING + 2);
	put_way(salt, 0, id_of(SPRING));
	put_seal(SUMMER);
	put_seal(SUMMER + 1);
	put_way(salt, 1, id_of(SUMMER));
	put_seal(AUTUMN);
}

/* ---- checking ---- */

static bool
run_check(size_t entries, uint64_t size)
{
	free(scratch);
	scratch = malloc(cl_never_scratch(text_len));
	need(scratch != NULL);
	if (!cl_never_begin(&check, text, text_len, runs, sizeof(runs) / sizeof(runs[0]), scratch))
		return false;
	for (size_t i = 0; i < entries; i++)
		if (!cl_never_entry(&check, ledger.seals[i].note, ledger.seals[i].note_len))
			return false;
	return cl_never_end(&check, size);
}

static void
fails(cl_never_status status, const char *what)
{
	bool		held = run_check(SIZE, SIZE);

	if (!ok(!held && check.status == status, "%s", what))
		printf("# %s\n", cl_never_message(check.status));
}

static void
is_run(size_t i, size_t opened, cl_use_answer answer, unsigned reasons, const char *what)
{
	ok(i < check.nruns && runs[i].run == id_of(opened) && runs[i].opened_index == (int64_t) opened &&
	   runs[i].answer == answer && runs[i].reasons == reasons, "%s", what);
}

static void
test_good(void)
{
	static char opened[CL_NEVER_OPENED_SCRATCH];
	cl_run_event event;

	make_text(PERSON, PEOPLE, 0);
	ok(run_check(SIZE, SIZE) && check.nruns == 3, "a proof holds, and speaks of all runs");
	is_run(0, SPRING, CL_USE_NOT_USED, 0, "she was not used in spring");
	is_run(1, SUMMER, CL_USE_UNDECIDED, CL_USE_MISSING_PARTS, "in summer it is not decided, since parts are missing");
	is_run(2, AUTUMN, CL_USE_UNDECIDED, CL_USE_NOT_CLOSED, "in autumn neither, since it goes on");
	ok(runs[0].parts == 2 && runs[1].missing == 2 && runs[1].closed_index == SUMMER + 1 && runs[2].closed_index == -1 && check.event_index == PEOPLE, "with the particulars");
	ok(cl_never_opened(&runs[1], &event, opened), "each run can be read");
	is_text(event.name.data, event.name.len, "summer", "and has a name");
	ok(cl_never_runs_max(text, text_len) >= 5, "there is room");
}

static void
test_undecided(void)
{
	make_text(PERSON, SIZE, 0);
	ok(run_check(SIZE, SIZE) && check.nruns == 3, "without an event of hers a proof holds too");
	is_run(0, SPRING, CL_USE_UNDECIDED, CL_USE_NO_EVENT, "but decides nothing");
	make_text(LATE, LATER, 0);
	ok(run_check(SIZE, SIZE), "so does one of somebody who came later");
	is_run(0, SPRING, CL_USE_UNDECIDED, CL_USE_EVENT_TOO_LATE, "but it decides nothing about what came before");
	is_run(1, SUMMER, CL_USE_UNDECIDED, CL_USE_MISSING_PARTS, "and has the reasons for what came after");
}

/* Remove the lines from `from` up to `to`, counted from 0. */
static void
cut_lines(int from, int to)
{
	size_t		start = 0;
	size_t		end = 0;
	size_t		at = 0;

	for (int line = 0; line < to; line++)
	{
		if (line == from)
			start = at;
		at += (size_t) ((char *) memchr(text + at, '\n', text_len - at) - (text + at)) + 1;
	}
	end = at;
	memmove(text + start, text + end, text_len - end);
	text_len -= end - start;
}

/*
 * Lines of a good text: 0 head, 1 spring opened, 2 and 3 a part, 4 closed, 5 way,
 * 6 summer opened, 7 closed, 8 way, 9 autumn opened.
 */
static void
test_left_out(void)
{
	static const struct
	{
		int			from;
		int			to;
		cl_never_status status;
		const char *what;
	}			cuts[] = {
		{0, 1, CL_NEVER_MALFORMED, "a text without head is none"},
		{1, 2, CL_NEVER_NOT_OPENED, "an opening cannot be left out"},
		{2, 3, CL_NEVER_NO_RUN, "nor one event of a part"},
		{2, 4, CL_NEVER_NOT_OPENED, "nor a part"},
		{4, 6, CL_NEVER_NOT_OPENED, "nor a closing"},
		{5, 6, CL_NEVER_MALFORMED, "nor a way"},
		{1, 6, CL_NEVER_NOT_OPENED, "nor a whole run"},
		{6, 10, CL_NEVER_NOT_OPENED, "nor all that follows"},
		{9, 10, CL_NEVER_NOT_OPENED, "nor the last run, that is still open"},
		{8, 10, CL_NEVER_MALFORMED, "nor the last way, and what follows"},
	};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
	{
		make_text(PERSON, PEOPLE, 0);
		cut_lines(cuts[i].from, cuts[i].to);
		fails(cuts[i].status, cuts[i].what);
	}
	make_text(PERSON, PEOPLE, 0);
	text_len--;
	fails(CL_NEVER_NOT_OPENED, "a last line without its end is none");
	make_text(PERSON, PEOPLE, 0);
	put_seal(AUTUMN);
	fails(CL_NEVER_LEFT_OVER, "nothing is left over");
	make_text(PERSON, PEOPLE, 0);
	ok(!run_check(SIZE - 1, SIZE) && check.status == CL_NEVER_OTHER_SIZE, "the log must be as long as the checkpoint says");
	ok(!run_check(SIZE - 1, SIZE - 1) && check.status == CL_NEVER_LEFT_OVER, "and a shorter one is another");
}

/* Replace a piece of the text, from a line on. */
static void
change(const char *what, const char *with)
{
	char	   *at;

	text[text_len] = '\0';
	at = strstr(text, what);
	need(at != NULL && strlen(what) == strlen(with));
	memcpy(at, with, strlen(with));
}

static void
test_changed(void)
{
	uint8_t		salt[CL_SALT_BYTES];

	make_text(PERSON, PEOPLE, 0);
	change("autumn", "winter");
	fails(CL_NEVER_NOT_OPENED, "an event cannot be changed");
	make_text(PERSON, PEOPLE, 0);
	change("\"index\":\"3\"", "\"index\":\"2\"");
	fails(CL_NEVER_NOT_OPENED, "nor put into another seal");
	make_text(PERSON, PEOPLE, 0);
	change("run_opened", "run_spread");
	fails(CL_NEVER_NO_RUN, "nor be of a kind that is none");
	make_text(PERSON, PEOPLE, 0);
	change("subject 4096", "subject 4098");
	fails(CL_NEVER_OTHER_SUBJECT, "her event is hers");
	make_text(PERSON, PEOPLE, 1);
	fails(CL_NEVER_OTHER_SUBJECT, "and not another's");
	make_text(USED, PEOPLE, 1);
	fails(CL_NEVER_BAD_WAY, "who was used is not shown to be absent");
	make_text(PERSON, PEOPLE, 0);
	cut_lines(8, 10);
	test_salt(PERSON, salt);
	put_way(salt, 0, id_of(SUMMER));
	put_seal(AUTUMN);
	fails(CL_NEVER_BAD_WAY, "a way leads to the tree of its run");
	make_text(PERSON, PEOPLE, 0);
	cut_lines(8, 10);
	put_way(salt, 1, id_of(SPRING));
	put_seal(AUTUMN);
	fails(CL_NEVER_MALFORMED, "and says of which");
}

/* An operator who closes a run twice, to have a tree for everybody. */
static void
test_twice(void)
{
	uint8_t		salt[CL_SALT_BYTES];

	make_text(PERSON, PEOPLE, 0);
	close_run(1, id_of(SUMMER), 0, 0);
	put_seal(SIZE);
	test_salt(PERSON, salt);
	put_way(salt, 1, id_of(SUMMER));
	ok(!run_check(SIZE + 1, SIZE + 1) && check.status == CL_NEVER_TWICE, "a run that was closed twice shows");
	test_ledger_unseal(&ledger);
	make_text(PERSON, PEOPLE, 0);
	close_run(2, 17, 0, 0);
	put_seal(SIZE);
	put_way(salt, 2, 17);
	ok(!run_check(SIZE + 1, SIZE + 1) && check.status == CL_NEVER_TWICE, "so does one that was never opened");
	test_ledger_unseal(&ledger);
}

/* One who closes a run with less than was sealed, or goes on after that. */
static void
test_parts(void)
{
	uint8_t		salt[CL_SALT_BYTES];
	char		part[512];

	test_salt(PERSON, salt);
	for (int parts = 0; parts <= 1; parts++)
	{
		make_text(PERSON, PEOPLE, 0);
		close_run(2, id_of(AUTUMN), 1 - parts, 0);
		put_seal(SIZE);
		put_way(salt, 2, id_of(AUTUMN));
		if (parts == 0)
		{
			ok(!run_check(SIZE + 1, SIZE + 1) && check.status == CL_NEVER_PARTS, "a run closed with a part that is not there shows");
			test_ledger_unseal(&ledger);
			continue;
		}
		snprintf(part, sizeof(part), "{\"blocks\":\"1\",\"count\":\"1\",\"hash\":\"%064d\",\"part\":\"1\",\"run\":\"%lld\",\"tables\":\"{post}\"}",
				 0, (long long) id_of(AUTUMN));
		test_ledger_seal(&ledger, CL_SEAL_RUN, "run_part", 1, part);
		put_seal(SIZE + 1);
		ok(!run_check(SIZE + 2, SIZE + 2) && check.status == CL_NEVER_PARTS, "so does one with a part that it was closed without");
		test_ledger_unseal(&ledger);
		test_ledger_unseal(&ledger);
	}
	make_text(PERSON, PEOPLE, 0);
	test_ledger_seal(&ledger, CL_SEAL_RUN, "run_part", 1, part);
	put_seal(SIZE);
	ok(run_check(SIZE + 1, SIZE + 1) && runs[2].parts == 1, "a part of a run that is open is one");
	close_run(2, id_of(AUTUMN), 1, 0);
	put_seal(SIZE + 1);
	put_way(salt, 2, id_of(AUTUMN));
	ok(run_check(SIZE + 2, SIZE + 2) && runs[2].answer == CL_USE_NOT_USED, "and closed with it, it is decided");
	test_ledger_unseal(&ledger);
	test_ledger_unseal(&ledger);
}

/* What a caller may get wrong. */
static void
test_limits(void)
{
	make_text(PERSON, PEOPLE, 0);
	need(cl_never_begin(&check, text, text_len, runs, 1, scratch));
	for (size_t i = 0; i < SIZE; i++)
		cl_never_entry(&check, ledger.seals[i].note, ledger.seals[i].note_len);
	ok(check.status == CL_NEVER_NO_ROOM, "more runs than room are refused");
	need(cl_never_begin(&check, text, text_len, runs, 16, scratch));
	ok(!cl_never_entry(&check, "no seal\n\n\xe2\x80\x94 x AAAAAAAA\n", 22) && check.status == CL_NEVER_NO_SEAL, "an entry must be a seal");
}

int
main(void)
{
	make_ledger();
	test_good();
	test_undecided();
	test_left_out();
	test_changed();
	test_twice();
	test_parts();
	test_limits();
	free(scratch);
	test_ledger_end(&ledger);
	return done_testing();
}
