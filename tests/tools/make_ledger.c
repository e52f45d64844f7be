/*
 * make_ledger.c
 *		Write what a ledger hands out, for the tests of consent-verify: good
 *		things, and things that are wrong although they are signed.
 *
 * What is only changed after signing, the tests change themselves.
 */
#include "files.h"

#define SEALS		600			/* two complete bundles, and a partial one */
#define OLDER		300
#define REPLACED	(SEALS - 2)
#define DAY			INT64_C(86400000000)
#define INCLUDE_BY	INT64_C(783315200000000)	/* COSIGNED_AT as an instant */

/* ---- receipts ---- */

static void
save_receipt(const char *name, const cl_receipt *receipt)
{
	char		text[16384];
	size_t		len = cl_receipt_format(receipt, text, sizeof(text) - 1);

	need(len > 0 && len < sizeof(text));
	text[len] = '\n';
	save("", name, text, len + 1);
}

static void
save_receipts(const test_ledger *ledger)
{
	char		note[TEST_NOTE_MAX];
	char		text[2 * TEST_NOTE_MAX];
	char		key[32];
	cl_tlog_proof proof = test_proof(ledger, 2, SEALS, note, make_head(ledger, SEALS, note));
	cl_receipt	receipt = test_receipt(ledger, 2, 1);

	receipt.proof = (cl_value) {text, cl_tlog_proof_format(&proof, text, sizeof(text))};
	save("", "seal.tlog-proof", text, receipt.proof.len);
	save_receipt("receipt", &receipt);
	receipt.evidence = cl_string(TEST_EVIDENCE);
	test_salt(3 * CL_SEAL_EVENTS + 1, receipt.evidence_salt);
	receipt.identifies = true;
	test_subject_key(3 * CL_SEAL_EVENTS + 1, key);
	receipt.key = cl_string(key);
	test_salt(3 * CL_SEAL_EVENTS + 1, receipt.salt);
	save_receipt("receipt-identified", &receipt);
	receipt.salt[0] ^= 1;
	save_receipt("receipt-other-salt", &receipt);
	receipt = test_receipt(ledger, 2, 1);
	receipt.test = true;
	receipt.proof = (cl_value) {text, strlen(text)};
	save_receipt("receipt-test", &receipt);
	proof = test_proof(ledger, 2, SEALS, note, test_checkpoint(ledger, SEALS, note));
	receipt.test = false;
	receipt.proof.len = cl_tlog_proof_format(&proof, text, sizeof(text));
	save_receipt("receipt-unwitnessed", &receipt);
}

/* The promise of an event, kept by an instant; number and note may be changed. */
static void
save_promise(const test_ledger *ledger, const char *name, size_t i, cl_instant include_by)
{
	char		note[TEST_NOTE_MAX];
	cl_promise	promise = test_promise_of(ledger, i, 0, include_by);
	cl_receipt	receipt = test_receipt(ledger, i, 0);

	receipt.promise = (cl_value) {note, test_promise(ledger, &promise, note)};
	save_receipt(name, &receipt);
}

/* The ledger signs a seal that it then leaves out of the log, or puts another in its place. */
static void
save_promises(test_ledger *ledger)
{
	size_t		i;

	save_promise(ledger, "promise-kept", 2, INCLUDE_BY - DAY);
	save_promise(ledger, "promise-late", SEALS - 1, INCLUDE_BY - DAY);
	i = test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", 3, NULL);
	save_promise(ledger, "promise-broken", i, INCLUDE_BY - DAY);
	save_promise(ledger, "promise-not-due", i, INCLUDE_BY + DAY);
	test_ledger_unseal(ledger);
	/* Another seal of number 3, with four events. */
	i = test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", 4, NULL);
	for (int e = 0; e < 4; e++)
	{
		free(ledger->seals[i].events[e]);
		ledger->seals[i].events[e] = test_event("choices", 3 * CL_SEAL_EVENTS + e, NULL);
	}
	ledger->seals[i].seal.number = 3;
	test_seal_close(ledger, i);
	save_promise(ledger, "promise-replaced", i, INCLUDE_BY + DAY);
	test_ledger_unseal(ledger);
}

/* ---- heads ---- */

/* Write a consistency path, a hash in each line. */
static void
save_path(const test_ledger *ledger, const char *name, size_t older, size_t newer)
{
	cl_hash		path[CL_PATH_MAX];
	char		text[8192];
	cl_buffer	b = {text, sizeof(text), 0};
	cl_tree		tree = cl_tree_of(ledger->leaves, newer);
	int			n = cl_consistency_path(&tree, older, path);

	need(n >= 0);
	cl_put_path(&b, path, (size_t) n);
	save("", name, text, b.len);
}

static void
save_heads(const test_ledger *ledger, const test_ledger *fork)
{
	char		note[TEST_NOTE_MAX];

	save("", "head-0", note, make_head(ledger, 0, note));
	save("", "head-300", note, make_head(ledger, OLDER, note));
	save("", "head-600", note, make_head(ledger, SEALS, note));
	save("", "head-600-late", note, test_cosign(ledger, 1, COSIGNED_AT, note,
												test_cosign(ledger, 0, COSIGNED_AT + 5000000, note,
															test_checkpoint(ledger, SEALS, note))));
	save("", "head-600-unwitnessed", note, test_checkpoint(ledger, SEALS, note));
	save("", "fork-300", note, make_head(fork, OLDER, note));
	save("", "fork-600", note, make_head(fork, SEALS, note));
	save("", "head-extended", note, test_sign(ledger, TEST_ORIGIN "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n",
											  strlen(TEST_ORIGIN "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n"), note));
	save_path(ledger, "path-300-600", OLDER, SEALS);
	save_path(ledger, "path-299-600", OLDER - 1, SEALS);
	save("", "path-nonsense", "nonsense\n", strlen("nonsense\n"));
}

/* ---- logs that are wrong ---- */

/* Let the entry before the last be what the last seal became; write the log with it. */
static void
save_wrong(test_ledger *ledger, const char *folder)
{
	test_seal	kept = ledger->seals[REPLACED];
	cl_hash		leaf;

	memcpy(leaf, ledger->leaves + REPLACED * CL_HASH_BYTES, CL_HASH_BYTES);
	memcpy(ledger->leaves + REPLACED * CL_HASH_BYTES, ledger->leaves + (ledger->n - 1) * CL_HASH_BYTES, CL_HASH_BYTES);
	ledger->seals[REPLACED] = ledger->seals[ledger->n - 1];
	save_tree(ledger, SEALS, folder);
	ledger->seals[REPLACED] = kept;
	memcpy(ledger->leaves + REPLACED * CL_HASH_BYTES, leaf, CL_HASH_BYTES);
	test_ledger_unseal(ledger);
}

static test_seal *
another(test_ledger *ledger, size_t *i)
{
	*i = test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", 1, NULL);
	return &ledger->seals[*i];
}

static void
save_wrong_logs(test_ledger *ledger)
{
	size_t		i;
	test_seal  *seal = another(ledger, &i);
	char		text[CL_SEAL_MAX];
	char		note[TEST_NOTE_MAX];

	seal->seal.number = 17;
	test_seal_sign(ledger, i);
	save_wrong(ledger, "tree-twice");

	seal = another(ledger, &i);
	seal->seal.checkpoint_size = 100;
	test_seal_sign(ledger, i);
	save_wrong(ledger, "tree-never-had");

	seal = another(ledger, &i);
	seal->seal.checkpoint_size = SEALS;
	need(cl_merkle_root(ledger->leaves, SEALS, seal->seal.checkpoint_root) == CL_OK);
	test_seal_sign(ledger, i);
	save_wrong(ledger, "tree-early");

	seal = another(ledger, &i);
	seal->note_len = test_checkpoint(ledger, 100, seal->note);
	need(cl_merkle_leaf(seal->note, seal->note_len, ledger->leaves + i * CL_HASH_BYTES) == CL_OK);
	save_wrong(ledger, "tree-no-seal");

	/* Signed by the log's key, under the log's name. */
	seal = another(ledger, &i);
	seal->note_len = test_sign(ledger, text, cl_seal_format(&seal->seal, text, sizeof(text)), note);
	memcpy(seal->note, note, seal->note_len);
	need(cl_merkle_leaf(seal->note, seal->note_len, ledger->leaves + i * CL_HASH_BYTES) == CL_OK);
	save_wrong(ledger, "tree-stranger");
}

/* ---- keys ---- */

/* Who is trusted: a line for each, as the options want it, and policies. */
static void
save_keys(const test_ledger *ledger, const test_ledger *other)
{
	char		vkey[CL_VKEY_SIZE];
	char		policy[4096];
	char		keys[4096];
	cl_buffer	b = {keys, sizeof(keys), 0};
	cl_buffer	p = {policy, sizeof(policy), 0};
	const test_key *all[] = {&ledger->log, &ledger->sealer, &ledger->witnesses[0], &ledger->witnesses[1],
	&ledger->witnesses[2], &other->log, &other->sealer};
	static const char *const names[] = {"log", "seal", "w1", "w2", "w3", "other_log", "other_seal"};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
	{
		test_vkey(all[i], vkey);
		cl_put_string(&b, names[i]);
		cl_put_char(&b, ' ');
		cl_put_string(&b, vkey);
		cl_put_char(&b, '\n');
		if (i == 0)
			cl_put_string(&p, "# whom we trust\nlog ");
		else if (i >= 2 && i <= 4)
		{
			cl_put_string(&p, "witness ");
			cl_put_string(&p, names[i]);
			cl_put_char(&p, ' ');
		}
		else
			continue;
		cl_put_string(&p, vkey);
		cl_put_char(&p, '\n');
	}
	save("", "keys", keys, b.len);
	cl_put_string(&p, "group two 2 w1 w2 w3\nquorum two\n");
	save("", "policy", policy, p.len);
	cl_put_string(&p, "quorum w3\n");
	save("", "policy-wrong", policy, p.len);
}

/* Seals 10 and later name a head, as those do that a sequencer has run before. */
static void
fill(test_ledger *ledger, bool fork)
{
	cl_hash		root;

	test_ledger_seal(ledger, CL_SEAL_DECLARATIONS, "ledger_created", 1, NULL);
	while (ledger->n < SEALS)
	{
		size_t		i = test_ledger_seal(ledger, CL_SEAL_CHOICES, "choices", fork && ledger->n == 200 ? 2 : ledger->n < 5 ? 3 : 1, NULL);
		cl_seal    *seal = &ledger->seals[i].seal;

		if (i < 10)
			continue;
		if (i % 10 == 0)
			need(cl_merkle_root(ledger->leaves, i - 3, root) == CL_OK);
		seal->checkpoint_size = (int64_t) (i / 10 * 10 - 3);
		memcpy(seal->checkpoint_root, root, CL_HASH_BYTES);
		test_seal_sign(ledger, i);
	}
}

int
main(int argc, char **argv)
{
	static test_ledger ledger;
	static test_ledger fork;
	static test_ledger other;

	if (argc != 2)
		return 2;
	top = argv[1];
	test_ledger_begin(&ledger);
	test_ledger_begin(&other);
	fork = ledger;
	fill(&ledger, false);
	fill(&fork, true);
	test_ledger_seal(&other, CL_SEAL_CHOICES, "choices", 1, NULL);
	save_keys(&ledger, &other);
	save_receipts(&ledger);
	save_heads(&ledger, &fork);
	save_promises(&ledger);
	save_tree(&ledger, SEALS, "tree");
	save_tree(&ledger, OLDER, "tree-300");
	save_tree(&ledger, 256, "tree-256");
	save_tree(&ledger, 0, "tree-0");
	save_tree(&fork, SEALS, "fork");
	save_wrong_logs(&ledger);
	return 0;
}
