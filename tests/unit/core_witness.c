/*
 * core_witness.c
 *		C2SP tlog-witness: the example request, and what a witness answers to
 *		growth, forks, rollbacks, strangers and nonsense.
 */
#include "core/witness.h"
#include "ledger.h"

#define OLD		"old 20852014\n"
#define H1		"PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
#define HASHES	H1 \
				"jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n" \
				"5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n" \
				"/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n"
#define NOTE	"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" \
				"\xe2\x80\x94 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n" \
				"\xe2\x80\x94 example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
#define EXAMPLE OLD HASHES "\n" NOTE

static void
test_example(void)
{
	cl_add_checkpoint request;
	cl_value	origin;
	char		out[2048];

	ok(cl_add_checkpoint_parse(EXAMPLE, strlen(EXAMPLE), &request), "C2SP: the example is read");
	ok(request.old_size == 20852014 && request.path_len == 4, "size and hashes");
	is_text(request.checkpoint.data, request.checkpoint.len, NOTE, "the checkpoint, verbatim");
	is_text(out, cl_add_checkpoint_format(&request, out, sizeof(out)), EXAMPLE, "and written the same");
	ok(cl_add_checkpoint_format(&request, out, strlen(EXAMPLE)) == 0, "no room for the NUL is no room");
	ok(cl_add_checkpoint_format(&request, out, CL_ADD_CHECKPOINT_SIZE(4, strlen(NOTE))) > 0, "as much room as the header says");
	ok(cl_witness_origin(EXAMPLE, strlen(EXAMPLE), &origin), "it is about a log");
	is_text(origin.data, origin.len, "example.com/behind-the-sofa", "which one");
	ok(cl_add_checkpoint_parse("old 0\n\n" NOTE, strlen("old 0\n\n" NOTE), &request) && request.path_len == 0, "a first request has no hashes");
	ok(cl_add_checkpoint_parse(OLD HASHES "\nx", strlen(OLD HASHES "\nx"), &request) &&
	   !cl_witness_origin(OLD HASHES "\nx", strlen(OLD HASHES "\nx"), &origin), "what is no checkpoint has no origin");
}

static void
test_malformed(void)
{
	static const struct
	{
		cl_value	body;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES(HASHES "\n" NOTE), "no old size"},
		{BYTES("Old 1\n\n" NOTE), "upper case"},
		{BYTES("old\n\n" NOTE), "no number"},
		{BYTES("old  1\n\n" NOTE), "two spaces"},
		{BYTES("old 01\n\n" NOTE), "a leading zero"},
		{BYTES("old 00\n\n" NOTE), "two zeros"},
		{BYTES("old -1\n\n" NOTE), "a minus sign"},
		{BYTES("old 1 \n\n" NOTE), "a space after"},
		{BYTES("old 1\r\n\n" NOTE), "a carriage return"},
		{BYTES("old 9223372036854775808\n\n" NOTE), "a size beyond 63 bits"},
		{BYTES(OLD OLD HASHES "\n" NOTE), "two sizes"},
		{BYTES(OLD HASHES "x\n\n" NOTE), "a line that is no hash"},
		{BYTES(OLD "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkax=\n\n" NOTE), "bits beyond the last byte"},
		{BYTES(OLD HASHES NOTE), "no empty line"},
		{BYTES(OLD HASHES "\n"), "no checkpoint"},
		{BYTES(OLD HASHES), "nothing after the hashes"}
	};
	char		many[8192] = OLD;
	cl_add_checkpoint request;
	uint64_t	size;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cl_add_checkpoint_parse(bad[i].body.data, bad[i].body.len, &request), "refuse %s", bad[i].why);
	for (int i = 0; i < CL_CONSISTENCY_MAX; i++)
		strcat(many, H1);
	strcat(many, "\n" NOTE);
	ok(cl_add_checkpoint_parse(many, strlen(many), &request) && request.path_len == CL_CONSISTENCY_MAX, "63 hashes");
	memset(many, 0, sizeof(many));
	strcpy(many, OLD);
	for (int i = 0; i <= CL_CONSISTENCY_MAX; i++)
		strcat(many, H1);
	strcat(many, "\n" NOTE);
	ok(!cl_add_checkpoint_parse(many, strlen(many), &request), "64 hashes are refused");
	ok(cl_size_response_parse("20852014\n", 9, &size) && size == 20852014, "the size in a 409 is read");
	ok(cl_size_response_format(20852014, many) == 9 && strcmp(many, "20852014\n") == 0, "and written the same");
	ok(!cl_size_response_parse("20852014", 8, &size), "not without newline");
	ok(!cl_size_response_parse("20852014\n\n", 10, &size), "not with two");
	ok(!cl_size_response_parse("020852014\n", 10, &size), "not with a leading zero");
	ok(!cl_size_response_parse("9223372036854775808\n", 20, &size), "not beyond 63 bits");
	ok(cl_size_response_format(UINT64_MAX, many) == 21, "room for any size");
}

/* A log, another one with other entries under the same key, and a witness of it. */
typedef struct witness_state
{
	test_ledger ledger;
	test_ledger fork;
	cl_witnessed known;
	cl_verifier trusted[2];
} witness_state;

/*
 * The body of a request from old_size to the ledger's first new_size entries;
 * its length.
 */
static size_t
request(const test_ledger *ledger, uint64_t old_size, size_t new_size, char *body)
{
	char		note[TEST_NOTE_MAX];
	cl_add_checkpoint request = {.old_size = old_size};
	cl_tree		tree = cl_tree_of(ledger->leaves, new_size);
	int			n = cl_consistency_path(&tree, old_size, request.path);

	request.path_len = n < 0 ? 0 : (size_t) n;
	request.checkpoint = (cl_value) {note, test_checkpoint(ledger, new_size, note)};
	return cl_add_checkpoint_format(&request, body, 3 * TEST_NOTE_MAX);
}

/* What the witness answers; it remembers what it cosigns. */
static int
answer_body(witness_state *s, const char *body, size_t len)
{
	cl_checkpoint checkpoint;
	int			status = (int) cl_witness_decide(body, len, s->trusted, 2, &s->known, &checkpoint);

	if (status == CL_WITNESS_COSIGN)
	{
		s->known.size = checkpoint.size;
		memcpy(s->known.root, checkpoint.root, CL_HASH_BYTES);
	}
	return status;
}

static int
answer(witness_state *s, const test_ledger *ledger, uint64_t old_size, size_t new_size)
{
	char		body[3 * TEST_NOTE_MAX];

	return answer_body(s, body, request(ledger, old_size, new_size, body));
}

/* Let the fork have the same entries up to one that differs. */
static void
begin(witness_state *s)
{
	memset(s, 0, sizeof(*s));
	test_ledger_begin(&s->ledger);
	test_ledger_begin(&s->fork);
	cl_key_free(s->fork.log.key);
	s->fork.log = s->ledger.log;
	for (int i = 0; i < 20; i++)
	{
		test_ledger_seal(&s->ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
		test_ledger_seal(&s->fork, CL_SEAL_CHOICES, "choices", i < 6 ? 1 : 2, NULL);
		if (i < 6)
			memcpy(s->fork.leaves + i * CL_HASH_BYTES, s->ledger.leaves + i * CL_HASH_BYTES, CL_HASH_BYTES);
	}
	s->trusted[0] = s->ledger.witnesses[0].verifier;	/* of another type and name */
	s->trusted[1] = s->ledger.log.verifier;
}

static void
end(witness_state *s)
{
	s->fork.log.key = NULL;
	test_ledger_end(&s->fork);
	test_ledger_end(&s->ledger);
}

static void
test_growth(void)
{
	witness_state s;

	begin(&s);
	ok(answer(&s, &s.ledger, 3, 5) == 409, "a size that the witness does not know");
	ok(answer(&s, &s.ledger, 0, 5) == 200, "the first checkpoint");
	ok(answer(&s, &s.ledger, 5, 8) == 200, "growth");
	ok(answer(&s, &s.ledger, 8, 8) == 200, "the same checkpoint again");
	ok(answer(&s, &s.ledger, 8, 20) == 200, "more growth");
	ok(answer(&s, &s.ledger, 8, 20) == 409, "the same request again");
	ok(answer(&s, &s.ledger, 0, 20) == 409, "a request from zero once more is known");
	ok(answer(&s, &s.ledger, 0, 3) == 409, "an older checkpoint as if it were the first");
	ok(answer(&s, &s.ledger, 8, 9) == 409, "an older checkpoint that did not come");
	ok(answer(&s, &s.ledger, 20, 19) == 400, "a checkpoint that shrinks");
	ok(answer(&s, &s.ledger, 20, 20) == 200 && s.known.size == 20, "nothing of that has changed what is known");
	end(&s);
}

static void
test_forks(void)
{
	witness_state s;
	char		body[3 * TEST_NOTE_MAX];
	char		note[TEST_NOTE_MAX];
	size_t		len;
	cl_add_checkpoint honest;

	begin(&s);
	ok(answer(&s, &s.ledger, 0, 8) == 200, "a checkpoint");
	ok(answer(&s, &s.fork, 8, 8) == 422, "another root of the same size");
	ok(answer(&s, &s.fork, 8, 12) == 422, "a fork that grows");
	len = request(&s.ledger, 8, 12, body);
	need(cl_add_checkpoint_parse(body, len, &honest));
	honest.path_len--;
	len = cl_add_checkpoint_format(&honest, note, sizeof(note));
	ok(answer_body(&s, note, len) == 422, "a proof that lacks a hash");
	honest.path_len += 2;
	len = cl_add_checkpoint_format(&honest, note, sizeof(note));
	ok(answer_body(&s, note, len) == 422, "a proof with a hash too many");
	honest.path_len--;
	honest.path[0][7] ^= 1;
	len = cl_add_checkpoint_format(&honest, note, sizeof(note));
	ok(answer_body(&s, note, len) == 422, "a proof with a bit changed");
	ok(s.known.size == 8, "nothing of that is remembered");
	memset(&s.known, 0, sizeof(s.known));
	honest.old_size = 0;
	len = cl_add_checkpoint_format(&honest, note, sizeof(note));
	ok(answer_body(&s, note, len) == 422, "a first request with hashes");
	end(&s);
}

/* Send a text that the log has signed, whatever it says. */
static int
answer_text(witness_state *s, uint64_t old_size, const char *text, size_t len)
{
	char		note[4 * TEST_NOTE_MAX];
	char		body[5 * TEST_NOTE_MAX];
	cl_add_checkpoint request = {.old_size = old_size};
	size_t		note_len = cl_note_sign(text, len, s->ledger.log.verifier.name, s->ledger.log.key, note, sizeof(note));

	need(note_len > 0);
	request.checkpoint = (cl_value) {note, note_len};
	return answer_body(s, body, cl_add_checkpoint_format(&request, body, sizeof(body)));
}

#define ROOT	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define EMPTY	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

static void
test_checkpoints(void)
{
	witness_state s;
	char		text[2 * TEST_NOTE_MAX] = TEST_ORIGIN "\n1\n" ROOT;
	size_t		head = strlen(text);

	begin(&s);
	ok(answer_text(&s, 0, TEST_ORIGIN "\n0\n" ROOT, strlen(TEST_ORIGIN "\n0\n" ROOT)) == 422, "an empty tree with a root that it cannot have");
	ok(answer_text(&s, 0, TEST_ORIGIN "\n0\n" EMPTY, strlen(TEST_ORIGIN "\n0\n" EMPTY)) == 200, "the empty tree");
	ok(answer_text(&s, 0, TEST_ORIGIN "\n00\n" EMPTY, strlen(TEST_ORIGIN "\n00\n" EMPTY)) == 400, "no checkpoint");
	ok(answer_text(&s, 1, TEST_ORIGIN "\n0\n" EMPTY, strlen(TEST_ORIGIN "\n0\n" EMPTY)) == 400, "an old size beyond the checkpoint");
	ok(answer_text(&s, 0, "example.org/other\n1\n" ROOT, strlen("example.org/other\n1\n" ROOT)) == 404, "an origin that no key is for");
	ok(answer_text(&s, 0, "w1.example\n1\n" ROOT, strlen("w1.example\n1\n" ROOT)) == 404, "a witness's key is for no origin");
	ok(answer_text(&s, 0, TEST_ORIGIN "\n1\n" ROOT "more\n", strlen(TEST_ORIGIN "\n1\n" ROOT "more\n")) == 200, "extension lines are cosigned with the rest");
	s.known.size = 0;
	memset(text + head, 'x', sizeof(text) - head);
	text[CL_COSIGNED_MAX - 1] = '\n';
	ok(answer_text(&s, 0, text, CL_COSIGNED_MAX) == 200, "as long a text as is cosigned");
	s.known.size = 0;
	text[CL_COSIGNED_MAX - 1] = 'x';
	text[CL_COSIGNED_MAX] = '\n';
	ok(answer_text(&s, 0, text, CL_COSIGNED_MAX + 1) == 400, "a longer one");
	ok(answer_body(&s, "old 0\n\nx", 8) == 400, "a body without a note");
	end(&s);
}

static void
test_signatures(void)
{
	witness_state s;
	test_ledger stranger;
	char		body[3 * TEST_NOTE_MAX];
	size_t		len;
	cl_checkpoint checkpoint;

	begin(&s);
	test_ledger_begin(&stranger);
	test_ledger_seal(&stranger, CL_SEAL_CHOICES, "choices", 1, NULL);
	ok(answer(&s, &stranger, 0, 1) == 403, "signed by another key of the same name");
	stranger.log.verifier.id = s.ledger.log.verifier.id;
	len = request(&s.ledger, 0, 5, body);
	body[len - 10] ^= 1;
	ok(answer_body(&s, body, len) == 403 || answer_body(&s, body, len) == 400, "a signature with a bit changed");
	len = request(&s.ledger, 0, 5, body);
	body[strlen("old 0\n\n" TEST_ORIGIN "\n")] = '6';
	ok(answer_body(&s, body, len) == 403, "a size changed after signing");
	len = request(&s.ledger, 0, 5, body);
	ok(cl_witness_decide(body, len, s.trusted, 1, &s.known, &checkpoint) == CL_WITNESS_UNKNOWN_LOG, "a log that is not trusted");
	s.trusted[0] = stranger.log.verifier;
	s.trusted[0].id++;
	ok(answer_body(&s, body, len) == 200, "of two keys for the origin, one suffices");
	test_ledger_end(&stranger);
	end(&s);
}

int
main(void)
{
	test_example();
	test_malformed();
	test_growth();
	test_forks();
	test_checkpoints();
	test_signatures();
	return done_testing();
}
