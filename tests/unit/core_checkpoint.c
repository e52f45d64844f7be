/*
 * core_checkpoint.c
 *		Checkpoints: the example of C2SP tlog-checkpoint, what is none, and whose
 *		they are.
 */
#include "core/checkpoint.h"
#include "bytes.h"

#define ROOT	"CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="
#define EMPTY	"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define EXAMPLE "example.com/behind-the-sofa\n20852163\n" ROOT "\n"

/*
 * The key of the example is not published, so its signature is not checked
 * here; core_note.c has notes that can be.
 */
static void
test_example(void)
{
	cl_checkpoint checkpoint;
	char		out[CL_CHECKPOINT_MAX];

	ok(cl_checkpoint_parse(EXAMPLE, strlen(EXAMPLE), &checkpoint), "the example is read");
	ok(checkpoint.size == 20852163 && checkpoint.origin.len == 27 && checkpoint.extensions.len == 0, "what it says");
	is_text(out, cl_checkpoint_format(&checkpoint, out, sizeof(out)), EXAMPLE, "and written the same");
	ok(cl_checkpoint_format(&checkpoint, out, strlen(EXAMPLE)) == 0, "no room for the NUL is no room");
	ok(cl_checkpoint_parse(EXAMPLE "more\nand more\n", strlen(EXAMPLE) + 14, &checkpoint) && checkpoint.extensions.len == 14,
	   "lines of others' are kept apart");
	ok(cl_checkpoint_parse("x\n0\n" EMPTY "\n", 4 + strlen(EMPTY) + 1, &checkpoint), "the empty tree");
	ok(cl_checkpoint_parse("x\n9223372036854775807\n" ROOT "\n", 22 + strlen(ROOT) + 1, &checkpoint), "the largest");
}

static void
is_none(const char *text, const char *why)
{
	cl_checkpoint checkpoint;

	ok(!cl_checkpoint_parse(text, strlen(text), &checkpoint), "no checkpoint: %s", why);
}

static void
test_none(void)
{
	is_none("", "nothing");
	is_none("example.com\n", "one line");
	is_none("example.com\n1\n", "two lines");
	is_none("\n1\n" ROOT "\n", "an empty origin");
	is_none("x\n\n" ROOT "\n", "no size");
	is_none("x\n01\n" ROOT "\n", "a leading zero");
	is_none("x\n+1\n" ROOT "\n", "a sign");
	is_none("x\n9223372036854775808\n" ROOT "\n", "too large a size");
	is_none("x\n1 \n" ROOT "\n", "a space");
	is_none("x\n1\r\n" ROOT "\n", "a carriage return");
	is_none("x\n1\n" ROOT, "no last newline");
	is_none("x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "bits beyond the last byte");
	is_none("x\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n", "a short root");
	is_none("x\n0\n" ROOT "\n", "another root of the empty tree");
	is_none("x\n1\n" ROOT "\n\n", "an empty extension line");
	is_none("x\n1\n" ROOT "\nmore", "an extension line without end");
}

/* A note by a key of ours opens as a checkpoint only under its own name. */
static void
test_open(void)
{
	cl_key	   *key;
	uint8_t		public_key[CL_PUBLIC_BYTES];
	cl_verifier log;
	cl_verifier other;
	cl_checkpoint checkpoint;
	const char *text = "example.com/log\n1\n" ROOT "\n";
	const char *longer = "example.com/log\n1\n" ROOT "\nmore\n";
	char		note[1024];
	size_t		len;

	if (cl_key_generate(&key) != CL_KEY_OK || cl_key_public(key, public_key) != CL_KEY_OK)
	{
		ok(false, "a key");
		return;
	}
	ok(cl_verifier_make("example.com/log", 15, CL_NOTE_ED25519, public_key, &log) &&
	   cl_verifier_make("example.com/other", 17, CL_NOTE_ED25519, public_key, &other), "two names of one key");
	len = cl_note_sign(text, strlen(text), log.name, key, note, sizeof(note));
	ok(cl_checkpoint_open(note, len, &log, &checkpoint) && checkpoint.size == 1, "the log's own opens");
	ok(!cl_checkpoint_open(note, len, &other, &checkpoint), "not for another log");
	note[17] = '2';
	ok(!cl_checkpoint_open(note, len, &log, &checkpoint), "nor with another size");
	len = cl_note_sign(text, strlen(text), other.name, key, note, sizeof(note));
	ok(!cl_checkpoint_open(note, len, &other, &checkpoint), "nor signed under a name that is not the origin");
	len = cl_note_sign(longer, strlen(longer), log.name, key, note, sizeof(note));
	ok(!cl_checkpoint_open(note, len, &log, &checkpoint), "nor with more lines than ours have");
	cl_key_free(key);
}

static bool
is_log_of(const char *log, const char *ledger)
{
	return cl_log_is_of(cl_string(log), cl_string(ledger));
}

static void
test_continued(void)
{
	ok(is_log_of("example.com/log", "example.com/log"), "a ledger's log has its origin");
	ok(is_log_of("example.com/log/2", "example.com/log") && is_log_of("example.com/log/10", "example.com/log"),
	   "or is one that was continued");
	ok(!is_log_of("example.com/log/1", "example.com/log") && !is_log_of("example.com/log/0", "example.com/log"),
	   "the first has no number");
	ok(!is_log_of("example.com/log/02", "example.com/log") && !is_log_of("example.com/log/2/2", "example.com/log") &&
	   !is_log_of("example.com/log/", "example.com/log") && !is_log_of("example.com/log2", "example.com/log") &&
	   !is_log_of("example.com/log/seal", "example.com/log"), "nothing else");
	ok(!is_log_of("example.com/log", "example.com/log/2") && !is_log_of("example.com", "example.com/log") &&
	   !is_log_of("", "x"), "not the other way round");
}

int
main(void)
{
	test_example();
	test_continued();
	test_none();
	test_open();
	return done_testing();
}
