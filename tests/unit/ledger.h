/*
 * ledger.h
 *		A small ledger in memory, for tests of what strangers check: keys, events,
 *		seals, checkpoints with cosignatures, receipts.
 */
#ifndef TEST_LEDGER_H
#define TEST_LEDGER_H

#include "core/receipt.h"
#include "bytes.h"

#define TEST_ORIGIN		"example.org/consent"
#define TEST_WITNESSES	3
#define TEST_NOTE_MAX	4096

/* What cannot fail in a test, unless the test is worth nothing. */
static inline void
need(bool condition)
{
	if (!condition)
		abort();
}

typedef struct test_key
{
	cl_key	   *key;
	cl_verifier verifier;
} test_key;

static inline void
test_key_make(const char *name, uint8_t type, test_key *key)
{
	uint8_t		public_key[CL_PUBLIC_BYTES];

	need(cl_key_generate(&key->key) == CL_KEY_OK);
	need(cl_key_public(key->key, public_key) == CL_KEY_OK);
	need(cl_verifier_make(name, strlen(name), type, public_key, &key->verifier));
}

static inline size_t
test_vkey(const test_key *key, char out[CL_VKEY_SIZE])
{
	return cl_vkey_format(key->verifier.name, key->verifier.type, key->verifier.public_key, out);
}

/* A seal and its events. */
typedef struct test_seal
{
	cl_seal		seal;
	char	  **events;			/* C strings: their canonical bytes */
	uint8_t    *leaves;			/* their leaf hashes */
	char		note[TEST_NOTE_MAX];
	size_t		note_len;
} test_seal;

typedef struct test_ledger
{
	const char *origin;
	test_key	log;
	test_key	sealer;
	test_key	witnesses[TEST_WITNESSES];	/* w1, w2, w3 */
	test_seal  *seals;
	uint8_t    *leaves;			/* leaf hashes of the notes */
	size_t		n;
} test_ledger;

static inline void
test_ledger_begin(test_ledger *ledger)
{
	memset(ledger, 0, sizeof(*ledger));
	ledger->origin = TEST_ORIGIN;
	test_key_make(TEST_ORIGIN, CL_NOTE_ED25519, &ledger->log);
	test_key_make(TEST_ORIGIN "/seal", CL_NOTE_ED25519, &ledger->sealer);
	test_key_make("w1.example", CL_NOTE_COSIGNATURE, &ledger->witnesses[0]);
	test_key_make("w2.example", CL_NOTE_COSIGNATURE, &ledger->witnesses[1]);
	test_key_make("w3.example", CL_NOTE_COSIGNATURE, &ledger->witnesses[2]);
}

/* A salt, the same at every run, for a subject or an evidence. */
static inline void
test_salt(int64_t number, uint8_t salt[CL_SALT_BYTES])
{
	memset(salt, 0x5a, CL_SALT_BYTES);
	cl_put_big_endian(salt, (uint64_t) number, 8);
}

/* The subject of a number has this key. */
static inline void
test_subject_key(int64_t number, char out[32])
{
	snprintf(out, 32, "subject %lld", (long long) number);
}

/* Hex of the commitment to a subject. */
static inline void
test_commitment(const char *number, char hex[CL_HEX_SIZE(CL_HASH_BYTES)])
{
	char		key[32];
	uint8_t		salt[CL_SALT_BYTES];
	cl_hash		hash;
	cl_part		parts[] = {{CL_COMMIT_SUBJECT, strlen(CL_COMMIT_SUBJECT)}, {TEST_ORIGIN, strlen(TEST_ORIGIN)},
	{number, strlen(number)}, {key, 0}};

	test_subject_key(atoll(number), key);
	parts[3].len = strlen(key);
	test_salt(atoll(number), salt);
	need(cl_commit(salt, CL_SALT_BYTES, parts, 4, hash) == CL_OK);
	cl_hex_encode(hash, CL_HASH_BYTES, hex);
}

#define TEST_EVIDENCE "{\"page\": 3}"

/* Hex of the commitment to TEST_EVIDENCE under the salt of a number. */
static inline void
test_evidence(int64_t number, char hex[CL_HEX_SIZE(CL_HASH_BYTES)])
{
	uint8_t		salt[CL_SALT_BYTES];
	cl_hash		hash;
	cl_part		parts[] = {{CL_COMMIT_EVIDENCE, strlen(CL_COMMIT_EVIDENCE)}, {TEST_EVIDENCE, strlen(TEST_EVIDENCE)}};

	test_salt(number, salt);
	need(cl_commit(salt, CL_SALT_BYTES, parts, 2, hash) == CL_OK);
	cl_hex_encode(hash, CL_HASH_BYTES, hex);
}

/* Fill in what every event has. */
static inline void
test_event_values(cl_value values[CL_MEMBERS], const char *kind, const char *id)
{
	memset(values, 0, CL_MEMBERS * sizeof(cl_value));
	values[CL_M_KIND] = cl_string(kind);
	values[CL_M_ID] = cl_string(id);
	values[CL_M_NONCE] = cl_string("068a5ea9d077021034abac2c7fbf6b14");
	values[CL_M_EVENT_TIME] = cl_string("2024-10-02T09:00:00Z");
	values[CL_M_RECORDED_AT] = cl_string("2024-10-02T09:00:01.500000Z");
	values[CL_M_RECORDED_BY] = cl_string("app");
	values[CL_M_SOURCE] = cl_string("");
}

static inline char *
test_event_encode(const cl_value values[CL_MEMBERS])
{
	size_t		len = cl_event_encode(values, NULL, 0);
	char	   *bytes = malloc(len + 1);

	need(len > 0 && bytes != NULL);
	cl_event_encode(values, bytes, len);
	bytes[len] = '\0';
	return bytes;
}

/* An event of a kind at a place; a choice is that of subject `id`. */
static inline char *
test_event(const char *kind, int64_t id, const char *detail)
{
	cl_value	values[CL_MEMBERS];
	char		number[24];
	char		commitment[CL_HEX_SIZE(CL_HASH_BYTES)];
	char		evidence[CL_HEX_SIZE(CL_HASH_BYTES)];

	snprintf(number, sizeof(number), "%lld", (long long) id);
	test_event_values(values, kind, number);
	if (strcmp(kind, "choices") == 0)
	{
		test_commitment(number, commitment);
		test_evidence(id, evidence);
		values[CL_M_ACTOR] = cl_string("self");
		values[CL_M_CHOICES] = cl_string("-ai_training@2024-10-02T09:00:00Z as opted_out");
		values[CL_M_COMMITMENT] = cl_string(commitment);
		values[CL_M_EVIDENCE] = cl_string(evidence);
		values[CL_M_SUBJECT_NO] = cl_string(number);
	}
	if (detail != NULL)
		values[CL_M_DETAIL] = cl_string(detail);
	return test_event_encode(values);
}

/* Sign a seal anew, after something in it was changed. */
static inline void
test_seal_sign(test_ledger *ledger, size_t i)
{
	test_seal  *seal = &ledger->seals[i];
	char		text[CL_SEAL_MAX];
	size_t		len = cl_seal_format(&seal->seal, text, sizeof(text));

	seal->note_len = cl_note_sign(text, len, ledger->sealer.verifier.name, ledger->sealer.key,
								  seal->note, sizeof(seal->note));
	need(seal->note_len > 0);
	need(cl_merkle_leaf(seal->note, seal->note_len, ledger->leaves + i * CL_HASH_BYTES) == CL_OK);
}

/* Hash the events of a seal anew, and sign it. */
static inline void
test_seal_close(test_ledger *ledger, size_t i)
{
	test_seal  *seal = &ledger->seals[i];
	size_t		n = (size_t) seal->seal.count;

	for (size_t e = 0; e < n; e++)
		need(cl_merkle_leaf(seal->events[e], strlen(seal->events[e]),
							seal->leaves + e * CL_HASH_BYTES) == CL_OK);
	need(cl_merkle_root(seal->leaves, n, seal->seal.root) == CL_OK);
	test_seal_sign(ledger, i);
}

/* Append a seal of so many events of a kind; its place in the log. */
static inline size_t
test_ledger_seal(test_ledger *ledger, cl_seal_kind seal_kind, const char *kind, int count,
				 const char *detail)
{
	size_t		i = ledger->n++;
	test_seal  *seal;

	if ((i & (i - 1)) == 0)
	{
		ledger->seals = realloc(ledger->seals, (i * 2 + 1) * sizeof(test_seal));
		ledger->leaves = realloc(ledger->leaves, (i * 2 + 1) * CL_HASH_BYTES);
	}
	need(ledger->seals != NULL && ledger->leaves != NULL);
	seal = &ledger->seals[i];
	memset(seal, 0, sizeof(*seal));
	seal->seal.origin = ledger->origin;
	seal->seal.origin_len = strlen(ledger->origin);
	seal->seal.kind = seal_kind;
	seal->seal.number = (int64_t) i + 1;
	seal->seal.count = count;
	seal->seal.time = INT64_C(781174801500000) + (int64_t) i * 1000000;
	need(cl_sha256(NULL, 0, seal->seal.checkpoint_root) == CL_OK);
	seal->events = calloc((size_t) count, sizeof(char *));
	seal->leaves = malloc((size_t) count * CL_HASH_BYTES);
	need(seal->events != NULL && seal->leaves != NULL);
	for (int e = 0; e < count; e++)
		seal->events[e] = test_event(kind, seal->seal.number * CL_SEAL_EVENTS + e, detail);
	test_seal_close(ledger, i);
	return i;
}

/* Put away the last seal. */
static inline void
test_ledger_unseal(test_ledger *ledger)
{
	test_seal  *seal = &ledger->seals[--ledger->n];

	for (int64_t e = 0; e < seal->seal.count; e++)
		free(seal->events[e]);
	free(seal->events);
	free(seal->leaves);
}

static inline void
test_ledger_end(test_ledger *ledger)
{
	while (ledger->n > 0)
		test_ledger_unseal(ledger);
	free(ledger->seals);
	free(ledger->leaves);
	cl_key_free(ledger->log.key);
	cl_key_free(ledger->sealer.key);
	for (int i = 0; i < TEST_WITNESSES; i++)
		cl_key_free(ledger->witnesses[i].key);
}

/* Sign a text as the log; the length of the note. */
static inline size_t
test_sign(const test_ledger *ledger, const char *text, size_t len, char note[TEST_NOTE_MAX])
{
	size_t		note_len = cl_note_sign(text, len, ledger->log.verifier.name, ledger->log.key, note, TEST_NOTE_MAX);

	need(note_len > 0);
	return note_len;
}

/* Sign the head of the first `size` seals. */
static inline size_t
test_checkpoint(const test_ledger *ledger, size_t size, char note[TEST_NOTE_MAX])
{
	cl_checkpoint checkpoint = {.origin = cl_string(ledger->origin), .size = size};
	char		text[CL_CHECKPOINT_MAX];

	need(cl_merkle_root(ledger->leaves, size, checkpoint.root) == CL_OK);
	return test_sign(ledger, text, cl_checkpoint_format(&checkpoint, text, sizeof(text)), note);
}

/* Add the cosignature of a witness; the length of the note is then. */
static inline size_t
test_cosign(const test_ledger *ledger, int witness, uint64_t time, char note[TEST_NOTE_MAX], size_t len)
{
	const test_key *key = &ledger->witnesses[witness];
	size_t		line = cl_note_cosign(note, cl_note_text(note, len), key->verifier.name, key->key, time,
									  note + len, TEST_NOTE_MAX - len);

	need(line > 0);
	return len + line;
}

/*
 * The proof that a seal is under a checkpoint of the first `size` seals.  The
 * proof's checkpoint points to `note`, and so to nothing but it.
 */
static inline cl_tlog_proof
test_proof(const test_ledger *ledger, size_t i, size_t size, const char *note, size_t note_len)
{
	cl_tlog_proof proof = {.index = i, .checkpoint = {note, note_len}};
	cl_tree		tree = cl_tree_of(ledger->leaves, size);
	int			n = cl_inclusion_path(&tree, i, proof.path);

	need(n >= 0);
	proof.path_len = (size_t) n;
	return proof;
}

/* What a receipt of an event says without proof or promise. */
static inline cl_receipt
test_receipt(const test_ledger *ledger, size_t i, int64_t place)
{
	const test_seal *seal = &ledger->seals[i];
	cl_receipt	receipt = {.event = cl_string(seal->events[place]), .seal = {seal->note, seal->note_len}};
	cl_tree		tree = cl_tree_of(seal->leaves, (uint64_t) seal->seal.count);
	int			n = cl_inclusion_path(&tree, (uint64_t) place, receipt.path);

	need(n >= 0);
	receipt.path_len = (size_t) n;
	return receipt;
}

/* Sign the promise of an event, which may lie; the length of the note. */
static inline size_t
test_promise(const test_ledger *ledger, const cl_promise *promise, char note[TEST_NOTE_MAX])
{
	char		text[CL_PROMISE_MAX];
	size_t		len = cl_promise_format(promise, text, sizeof(text));

	need(len > 0);
	len = cl_note_sign(text, len, ledger->sealer.verifier.name, ledger->sealer.key, note, TEST_NOTE_MAX);
	need(len > 0);
	return len;
}

/* A true promise of an event, to be kept by an instant. */
static inline cl_promise
test_promise_of(const test_ledger *ledger, size_t i, int64_t place, cl_instant include_by)
{
	const test_seal *seal = &ledger->seals[i];
	cl_promise	promise = {.origin = cl_string(ledger->origin), .event = seal->seal.number * CL_SEAL_EVENTS + place,
	.seal = seal->seal.number, .include_by = include_by};

	memcpy(promise.leaf, seal->leaves + place * CL_HASH_BYTES, CL_HASH_BYTES);
	memcpy(promise.seal_leaf, ledger->leaves + i * CL_HASH_BYTES, CL_HASH_BYTES);
	return promise;
}

#endif
