/*
 * make_export.c
 *		Write full exports for the tests of consent-verify: a good one, and such
 *		as an operator with all keys might sign.
 */
#include "core/codec.h"
#include "files.h"

#define RUN_ID	(2 * CL_SEAL_EVENTS)	/* of the event that opened it */
#define USES	3000			/* of each part and table: several blocks */

/* What is wrong; the name is that of the folder. */
typedef enum flaw
{
	NOTHING,
	OTHER_EVENT,				/* in the file, than was sealed */
	OTHER_PERSON,				/* a number given to somebody else */
	OTHER_KIND,					/* a run in a seal of choices */
	LATE_EVENT,					/* recorded after its seal */
	OTHER_FIRST,				/* the ledger was not created first */
	OTHER_PLACE,				/* an event with the id of another place */
	PART_CHANGED,				/* the file of a part is not as sealed */
	PART_LESS,					/* closed with fewer parts than the log has */
	PART_AFTER,					/* a part after the closing */
	PART_TWICE,
	UNKNOWN_RUN,
	CLOSED_TWICE,
	OTHER_UNION,				/* the closing seals something else */
	OTHER_COUNT,
	OTHER_SUBJECTS,
	OTHER_SALT,					/* of the second part */
	UNORDERED,					/* blocks exchanged */
	OTHER_DRAWS,
	OTHER_MISSING,
	WRONG_PART_COUNT,
	NO_RUN_EVENT,				/* an event of a run that says nothing */
	FLAWS
} flaw;

static const char *const names[FLAWS] = {
	"good", "other-event", "other-person", "other-kind", "late-event", "other-first", "other-place", "part-changed",
	"part-less", "part-after", "part-twice", "unknown-run", "closed-twice", "other-union", "other-count", "other-subjects",
	"other-salt", "unordered", "other-draws", "other-missing", "wrong-part-count", "no-run-event"
};

/* Room for the largest file. */
static cl_buffer
big_buffer(void)
{
	size_t		cap = 4 * 1024 * 1024;
	cl_buffer	b = {malloc(cap), cap, 0};

	need(b.data != NULL);
	return b;
}

static void
put_number(cl_buffer *b, uint64_t n, int bytes)
{
	uint8_t		out[8];

	cl_put_big_endian(out, n, bytes);
	cl_put(b, out, (size_t) bytes);
}

static void
put_text(cl_buffer *b, const char *text)
{
	put_number(b, strlen(text), 4);
	cl_put_string(b, text);
}

static void
put_salt(cl_buffer *b, int which)
{
	for (int i = 0; i < CL_HASH_BYTES; i++)
		cl_put_char(b, (char) (which + i));
}

static void
hash_hex(const cl_buffer *b, char hex[CL_HEX_SIZE(CL_HASH_BYTES)])
{
	cl_part		part = {b->data, b->len};
	cl_hash		hash;

	need(b->len <= b->cap && cl_sha256(&part, 1, hash) == CL_OK);
	cl_hex_encode(hash, CL_HASH_BYTES, hex);
}

/*
 * The uses of a part in a table: of subject 4 + i / 10 row i, from the part's
 * own first row on.  The second part goes over some rows of the first again,
 * with another code.
 */
static cl_use
use_of(int part, int i)
{
	int			row = (part - 1) * USES / 2 + i;

	return (cl_use) {.subject = 4 + row / 10, .code = part == 1 ? 8 : 13, .kind = CL_KEY_INT, .number = row};
}

static void
put_block(cl_buffer *b, const char *table, int block_no, const uint8_t *block, size_t len)
{
	put_text(b, table);
	put_number(b, (uint64_t) block_no, 4);
	put_number(b, len, 4);
	cl_put(b, block, len);
}

/* Append the blocks of a table; their number. */
static int
put_table(cl_buffer *b, const char *table, int part, flaw wrong)
{
	static cl_block_writer writer;
	static uint8_t block[CL_BLOCK_MAX];
	int			n = 0;

	cl_block_begin(&writer, block, 2000);
	for (int i = 0; i < USES; i++)
	{
		cl_use		use = use_of(part, i);

		if (cl_block_append(&writer, &use) == CL_BLOCK_OK)
			continue;
		put_block(b, table, wrong == UNORDERED ? 1 - n : n, block, cl_block_end(&writer));
		n++;
		cl_block_begin(&writer, block, 2000);
		need(cl_block_append(&writer, &use) == CL_BLOCK_OK);
	}
	put_block(b, table, n, block, cl_block_end(&writer));
	return n + 1;
}

/* The file of a part, and its number of blocks. */
static int
make_part(cl_buffer *b, int part, flaw wrong)
{
	int			n;

	b->len = 0;
	put_salt(b, wrong == OTHER_SALT && part == 2 ? 99 : 1);
	n = put_table(b, "public.letter", part, wrong);
	return n + put_table(b, "public.message", part, NOTHING);
}

/* What the union of both parts is hashed over. */
static int64_t
make_union(cl_buffer *b)
{
	static const char *const tables[] = {"public.letter", "public.message"};
	int64_t		n = 0;

	b->len = 0;
	put_salt(b, 1);
	for (int t = 0; t < 2; t++)
	{
		cl_put_char(b, 'T');
		put_text(b, tables[t]);
		for (int row = 0; row < USES * 3 / 2; row++, n++)
		{
			cl_use		use = use_of(1, row);
			char		key[24];

			cl_put_char(b, 'U');
			put_number(b, (uint64_t) use.subject, 8);
			put_number(b, row < USES ? 8 : 13, 1);
			snprintf(key, sizeof(key), "%d", row);
			put_text(b, key);
		}
	}
	return n;
}

/* Both parts, and a third transaction that sealed nothing. */
static void
make_draws(cl_buffer *b)
{
	b->len = 0;
	put_salt(b, 1);
	for (int draw = 1; draw <= 3; draw++)
	{
		put_number(b, (uint64_t) draw, 8);
		put_number(b, 700 + (uint64_t) draw, 8);
		put_text(b, "2024-10-02T09:00:00Z");
		put_text(b, "trainer");
	}
}

/* ---- the log ---- */

static void
add_part(test_ledger *ledger, const char *folder, int part, flaw wrong)
{
	cl_buffer	b = big_buffer();
	int			blocks = make_part(&b, part, wrong);
	char		hash[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		detail[512];
	char		name[64];

	hash_hex(&b, hash);
	if (wrong == PART_CHANGED)
		b.data[b.len / 2] ^= 1;
	snprintf(name, sizeof(name), "manifests/%d/%d", RUN_ID, part);
	save(folder, name, b.data, b.len);
	snprintf(detail, sizeof(detail), "{\"blocks\":\"%d\",\"count\":\"%d\",\"hash\":\"%s\",\"part\":\"%d\",\"run\":\"%d\",\"tables\":\"{public.letter,public.message}\"}",
			 blocks + (wrong == WRONG_PART_COUNT), 2 * USES, hash, part, wrong == UNKNOWN_RUN ? 1 : RUN_ID);
	test_ledger_seal(ledger, CL_SEAL_RUN, "run_part", 1, detail);
	free(b.data);
}

static void
add_closing(test_ledger *ledger, const char *folder, flaw wrong)
{
	cl_buffer	b = big_buffer();
	int64_t		count = make_union(&b);
	char		hash[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		draws[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		detail[1024];
	char		name[64];

	hash_hex(&b, hash);
	if (wrong == OTHER_UNION)
		hash[0] = hash[0] == '0' ? '1' : '0';
	make_draws(&b);
	hash_hex(&b, draws);
	if (wrong == OTHER_DRAWS)
		b.data[40] ^= 1;
	snprintf(name, sizeof(name), "manifests/%d/draws", RUN_ID);
	save(folder, name, b.data, b.len);
	snprintf(detail, sizeof(detail), "{\"count\":\"%lld\",\"draws\":\"%s\",\"hash\":\"%s\",\"missing\":\"%d\",\"outcome\":\"completed\",\"parts\":\"%d\","
			 "\"run\":\"%d\",\"subjects\":\"%d\",\"tree\":\"%s\"}", (long long) count + (wrong == OTHER_COUNT), draws, hash,
			 wrong == OTHER_MISSING ? 0 : 1, wrong == PART_LESS ? 1 : 2, RUN_ID,
			 USES * 3 / 2 / 10 + (wrong == OTHER_SUBJECTS), hash);
	test_ledger_seal(ledger, CL_SEAL_RUN, "run_closed", 1, detail);
	free(b.data);
}

/* Replace the event of a one-event seal, and sign that. */
static void
replace_event(test_ledger *ledger, size_t i, char *event)
{
	free(ledger->seals[i].events[0]);
	ledger->seals[i].events[0] = event;
	test_seal_close(ledger, i);
}

/* A choice of a subject whose commitment is that of somebody else. */
static char *
choice_of_other(int64_t id)
{
	cl_value	values[CL_MEMBERS];
	char		number[24];
	char		subject[24];
	char		commitment[CL_HEX_SIZE(CL_HASH_BYTES)];

	snprintf(number, sizeof(number), "%lld", (long long) id);
	snprintf(subject, sizeof(subject), "%d", 6 * CL_SEAL_EVENTS);
	test_event_values(values, "choices", number);
	test_commitment("5", commitment);
	values[CL_M_CHOICES] = cl_string("-ai_training@2024-10-02T09:00:00Z");
	values[CL_M_COMMITMENT] = cl_string(commitment);
	values[CL_M_SUBJECT_NO] = cl_string(subject);
	return test_event_encode(values);
}

static void
add_run(test_ledger *ledger, const char *folder, flaw wrong)
{
	test_ledger_seal(ledger, CL_SEAL_RUN, "run_opened", 1,
					 "{\"base_runs\":\"{}\",\"name\":\"spring\",\"purposes\":\"{ai_training}\"}");
	add_part(ledger, folder, 1, wrong);
	if (wrong != PART_AFTER)
		add_part(ledger, folder, wrong == PART_TWICE ? 1 : 2, wrong);
	add_closing(ledger, folder, wrong == PART_AFTER ? PART_LESS : wrong);
	if (wrong == PART_AFTER)
		add_part(ledger, folder, 2, wrong);
	if (wrong == CLOSED_TWICE)
		add_closing(ledger, folder, wrong);
}

/* People's choices, among them a full bundle. */
static void
add_choices(test_ledger *ledger, flaw wrong)
{
	size_t		i;

	while (ledger->n < 6)
		test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", 300, NULL);
	i = test_ledger_seal(ledger, wrong == OTHER_KIND ? CL_SEAL_DECLARATIONS : CL_SEAL_CHOICES, "choices", 1, NULL);
	if (wrong == OTHER_PERSON)
		replace_event(ledger, i, choice_of_other(ledger->seals[i].seal.number * CL_SEAL_EVENTS));
	if (wrong == OTHER_PLACE)
		replace_event(ledger, i, test_event("choices", ledger->seals[i].seal.number * CL_SEAL_EVENTS + 1, NULL));
	if (wrong == LATE_EVENT)
	{
		ledger->seals[i].seal.time = INT64_C(781174801000000);
		test_seal_sign(ledger, i);
	}
	if (wrong == NO_RUN_EVENT)
		test_ledger_seal(ledger, CL_SEAL_RUN, "run_paused", 1, "{}");
}

/* Write one export, under the keys that all of them have. */
static void
write_export(test_ledger *ledger, flaw wrong)
{
	char	   *changed = test_event("choices", 6 * CL_SEAL_EVENTS, "{}");

	test_ledger_seal(ledger, CL_SEAL_DECLARATIONS, wrong == OTHER_FIRST ? "purpose_defined" : "ledger_created", 1, NULL);
	add_run(ledger, names[wrong], wrong);
	add_choices(ledger, wrong);
	save_tree(ledger, ledger->n, names[wrong]);
	save_events(ledger, names[wrong], 5, 0, wrong == OTHER_EVENT ? changed : NULL);
	free(changed);
	while (ledger->n > 0)
		test_ledger_unseal(ledger);
}

int
main(int argc, char **argv)
{
	static test_ledger ledger;
	char		keys[1024];
	char		vkey[CL_VKEY_SIZE];
	cl_buffer	b = {keys, sizeof(keys), 0};

	if (argc != 2)
		return 2;
	top = argv[1];
	test_ledger_begin(&ledger);
	for (int wrong = 0; wrong < FLAWS; wrong++)
		write_export(&ledger, (flaw) wrong);
	cl_put_string(&b, "log ");
	cl_put(&b, vkey, test_vkey(&ledger.log, vkey));
	cl_put_string(&b, "\nseal ");
	cl_put(&b, vkey, test_vkey(&ledger.sealer, vkey));
	cl_put_char(&b, '\n');
	save("", "keys", keys, b.len);
	test_ledger_end(&ledger);
	return 0;
}
