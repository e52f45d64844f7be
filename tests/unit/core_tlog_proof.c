/*
 * core_tlog_proof.c
 *		C2SP tlog-proof: the example, one spelling, and every corruption.
 */
#include "core/tlog_proof.h"
#include "ledger.h"

/*
 * The example of C2SP tlog-proof.  Its signatures are abbreviated there, and so
 * is its extra line, which is made whole here.
 */
#define FIRST	"c2sp.org/tlog-proof@v1\n"
#define EXTRA	"extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6\n"
#define INDEX	"index 73894\n"
#define H1		"gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
#define H2		"B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n"
#define H3		"EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\n"
#define H4		"RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n"
#define H5		"AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n"
#define HASHES	H1 H2 H3 H4 H5
#define NOTE	"example.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n" \
				"\xe2\x80\x94 example.com/fancylog hI2DJw==\n"
#define EXAMPLE FIRST EXTRA INDEX HASHES "\n" NOTE

static void
test_example(void)
{
	cl_tlog_proof proof;
	char		out[2048];

	ok(cl_tlog_proof_parse(EXAMPLE, strlen(EXAMPLE), &proof), "C2SP: the example is read");
	ok(proof.index == 73894 && proof.path_len == 5, "index and hashes");
	is_text(proof.extra.data, proof.extra.len, "YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6", "the extra line");
	is_text(proof.checkpoint.data, proof.checkpoint.len, NOTE, "the checkpoint, verbatim");
	is_text(out, cl_tlog_proof_format(&proof, out, sizeof(out)), EXAMPLE, "and written the same");
	ok(cl_tlog_proof_format(&proof, out, strlen(EXAMPLE)) == 0, "no room for the NUL is no room");
	ok(cl_tlog_proof_format(&proof, out, strlen(EXAMPLE) + 1) == strlen(EXAMPLE), "and with it there is");
	proof.extra.data = NULL;
	ok(cl_tlog_proof_format(&proof, out, CL_TLOG_PROOF_SIZE(5, strlen(NOTE))) > 0, "as much room as the header says");
	is_text(out, strlen(out), FIRST INDEX HASHES "\n" NOTE, "without extra");
	ok(cl_tlog_proof_parse(FIRST "index 0\n\n" NOTE, strlen(FIRST "index 0\n\n" NOTE), &proof) && proof.path_len == 0,
	   "the only entry of a log has no hashes");
	proof.extra = cl_string("AAA");
	ok(cl_tlog_proof_format(&proof, out, sizeof(out)) == 0, "what is not base64 is no extra");
}

static void
test_malformed(void)
{
	static const struct
	{
		cl_value	text;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES("c2sp.org/tlog-proof@v2\n" INDEX HASHES "\n" NOTE), "another version"},
		{BYTES("c2sp.org/tlog-proof@v1\r\n" INDEX HASHES "\n" NOTE), "a carriage return"},
		{BYTES(INDEX HASHES "\n" NOTE), "no first line"},
		{BYTES(" " EXAMPLE), "a space before"},
		{BYTES(FIRST EXTRA EXTRA INDEX HASHES "\n" NOTE), "two extra lines"},
		{BYTES(FIRST INDEX EXTRA HASHES "\n" NOTE), "extra after the index"},
		{BYTES(FIRST "extra \n" INDEX HASHES "\n" NOTE), "an empty extra line"},
		{BYTES(FIRST "extra AAA\n" INDEX HASHES "\n" NOTE), "an extra line without padding"},
		{BYTES(FIRST "extra  AAAA\n" INDEX HASHES "\n" NOTE), "two spaces"},
		{BYTES(FIRST HASHES "\n" NOTE), "no index"},
		{BYTES(FIRST INDEX INDEX HASHES "\n" NOTE), "two indexes"},
		{BYTES(FIRST "index 073894\n" HASHES "\n" NOTE), "a leading zero"},
		{BYTES(FIRST "index +73894\n" HASHES "\n" NOTE), "a plus sign"},
		{BYTES(FIRST "index -1\n" HASHES "\n" NOTE), "a minus sign"},
		{BYTES(FIRST "index \n" HASHES "\n" NOTE), "no number"},
		{BYTES(FIRST "index 73894 \n" HASHES "\n" NOTE), "a space after the index"},
		{BYTES(FIRST "index 9223372036854775808\n" HASHES "\n" NOTE), "an index beyond 63 bits"},
		{BYTES(FIRST "index 18446744073709625510\n" HASHES "\n" NOTE), "73894 beyond 64 bits"},
		{BYTES(FIRST INDEX "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlR=\n\n" NOTE), "bits beyond the last byte"},
		{BYTES(FIRST INDEX "gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcd\n\n" NOTE), "a short hash"},
		{BYTES(FIRST INDEX "AAAAgSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n\n" NOTE), "a long hash"},
		{BYTES(FIRST INDEX " " H1 "\n" NOTE), "a space before a hash"},
		{BYTES(FIRST INDEX H1 "x\n\n" NOTE), "a line that is no hash"},
		{BYTES(FIRST INDEX HASHES), "no empty line"},
		{BYTES(FIRST INDEX HASHES NOTE), "no empty line before the checkpoint"},
		{BYTES(FIRST INDEX HASHES "\n"), "no checkpoint"}
	};
	char		many[8192] = FIRST INDEX;
	cl_tlog_proof proof;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!cl_tlog_proof_parse(bad[i].text.data, bad[i].text.len, &proof), "refuse %s", bad[i].why);
	for (int i = 0; i < CL_INCLUSION_MAX; i++)
		strcat(many, H1);
	strcat(many, "\n" NOTE);
	ok(cl_tlog_proof_parse(many, strlen(many), &proof) && proof.path_len == CL_INCLUSION_MAX, "as many hashes as may be");
	memset(many, 0, sizeof(many));
	strcpy(many, FIRST INDEX);
	for (int i = 0; i <= CL_INCLUSION_MAX; i++)
		strcat(many, H1);
	strcat(many, "\n" NOTE);
	ok(!cl_tlog_proof_parse(many, strlen(many), &proof), "one more is refused");
}

static void
test_cut_off(void)
{
	size_t		head = strlen(FIRST EXTRA INDEX HASHES "\n");
	int			accepted = 0;
	cl_tlog_proof proof;

	for (size_t len = 0; len <= head; len++)
		accepted += cl_tlog_proof_parse(EXAMPLE, len, &proof);
	ok(accepted == 0, "no proof cut off before its checkpoint is taken for one");
}

/* Proofs of a log of ours hold, and no other index, leaf, hash or root does. */
static void
test_inclusion(void)
{
	test_ledger ledger;
	char		note[TEST_NOTE_MAX];
	size_t		len;
	cl_hash		root;
	int			wrong = 0;
	int			accepted = 0;

	test_ledger_begin(&ledger);
	for (int i = 0; i < 13; i++)
		test_ledger_seal(&ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	len = test_checkpoint(&ledger, 13, note);
	need(cl_merkle_root(ledger.leaves, 13, root) == CL_OK);
	for (size_t i = 0; i < 13; i++)
	{
		cl_tlog_proof proof = test_proof(&ledger, i, 13, note, len);
		const uint8_t *leaf = ledger.leaves + i * CL_HASH_BYTES;

		wrong += !cl_tlog_proof_includes(&proof, leaf, 13, root);
		accepted += cl_tlog_proof_includes(&proof, ledger.leaves + (i + 1) % 13 * CL_HASH_BYTES, 13, root);
		accepted += cl_tlog_proof_includes(&proof, leaf, 0, root) + cl_tlog_proof_includes(&proof, leaf, 13, leaf);
		proof.index ^= 1;
		accepted += cl_tlog_proof_includes(&proof, leaf, 13, root);
		proof.index ^= 1;
		proof.path_len--;
		accepted += cl_tlog_proof_includes(&proof, leaf, 13, root);
		proof.path_len += 2;
		accepted += cl_tlog_proof_includes(&proof, leaf, 13, root);
		proof.path_len--;
		for (size_t h = 0; h < proof.path_len; h++)
		{
			proof.path[h][h] ^= 0x10;
			accepted += cl_tlog_proof_includes(&proof, leaf, 13, root);
			proof.path[h][h] ^= 0x10;
		}
	}
	ok(wrong == 0, "each entry of a log is proved to be in it");
	ok(accepted == 0, "no corrupted proof is taken for one");
	test_ledger_end(&ledger);
}

int
main(void)
{
	test_example();
	test_malformed();
	test_cut_off();
	test_inclusion();
	return done_testing();
}
