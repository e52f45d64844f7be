/*
 * receipt.c
 *		What a ledger hands out about one event: written and read.
 */
#include "core/receipt.h"

#include "core/json.h"

/* In the canonical order. */
typedef enum receipt_member
{
	R_EVENT,
	R_EVIDENCE,
	R_EVIDENCE_SALT,
	R_KEY,
	R_PATH,
	R_PROMISE,
	R_PROOF,
	R_SALT,
	R_SEAL,
	R_TEST,
	R_VERSION,
	R_MEMBERS
} receipt_member;

static const char *const names[R_MEMBERS] = {
	"event", "evidence", "evidence_salt", "key", "path", "promise", "proof", "salt", "seal",
	"test", "v"
};

#define PATH_TEXT_MAX (CL_SEAL_PATH_MAX * CL_BASE64_SIZE(CL_HASH_BYTES))

size_t
cl_receipt_format(const cl_receipt *receipt, char *out, size_t cap)
{
	cl_json_member members[R_MEMBERS];
	cl_value	values[R_MEMBERS] = {{NULL, 0}};
	char		path[PATH_TEXT_MAX];
	cl_buffer	path_text = {path, sizeof(path), 0};
	char		salt[CL_HEX_SIZE(CL_SALT_BYTES)];
	char		evidence_salt[CL_HEX_SIZE(CL_SALT_BYTES)];

	if ((receipt->proof.data != NULL) == (receipt->promise.data != NULL) ||
		receipt->path_len > CL_SEAL_PATH_MAX)
		return 0;
	values[R_EVENT] = receipt->event;
	cl_put_hashes(&path_text, receipt->path, receipt->path_len);
	values[R_PATH] = (cl_value) {path, path_text.len};
	values[R_PROMISE] = receipt->promise;
	values[R_PROOF] = receipt->proof;
	values[R_SEAL] = receipt->seal;
	values[R_VERSION] = cl_string(CL_RECEIPT_VERSION);
	if (receipt->identifies)
	{
		cl_hex_encode(receipt->salt, CL_SALT_BYTES, salt);
		values[R_KEY] = receipt->key;
		values[R_SALT] = cl_string(salt);
	}
	if (receipt->evidence.data != NULL)
	{
		cl_hex_encode(receipt->evidence_salt, CL_SALT_BYTES, evidence_salt);
		values[R_EVIDENCE] = receipt->evidence;
		values[R_EVIDENCE_SALT] = cl_string(evidence_salt);
	}
	if (receipt->test)
		values[R_TEST] = cl_string("true");
	for (int i = 0; i < R_MEMBERS; i++)
		members[i] = (cl_json_member) {names[i], strlen(names[i]), values[i].data, values[i].len};
	return cl_json_write(members, R_MEMBERS, out, cap);
}

static bool
read_path(cl_value text, cl_receipt *receipt)
{
	int			n = text.data == NULL ? -1 : cl_read_hashes(text, receipt->path, CL_SEAL_PATH_MAX);

	receipt->path_len = n < 0 ? 0 : (size_t) n;
	return n >= 0;
}

/* A text and the salt under which it opens a commitment come together. */
static bool
read_opening(cl_value text, cl_value salt_hex, uint8_t *salt)
{
	if (text.data == NULL)
		return salt_hex.data == NULL;
	return cl_hex_decode(salt_hex.data, salt_hex.len, salt, CL_SALT_BYTES);
}

bool
cl_receipt_parse(const char *text, size_t len, cl_receipt *receipt, char *scratch)
{
	cl_value	values[R_MEMBERS];

	memset(receipt, 0, sizeof(*receipt));
	if (len > CL_RECEIPT_MAX || !cl_json_read_known(text, len, names, R_MEMBERS, values, scratch))
		return false;
	receipt->event = values[R_EVENT];
	receipt->seal = values[R_SEAL];
	receipt->proof = values[R_PROOF];
	receipt->promise = values[R_PROMISE];
	receipt->key = values[R_KEY];
	receipt->identifies = values[R_KEY].data != NULL;
	receipt->evidence = values[R_EVIDENCE];
	receipt->test = values[R_TEST].data != NULL;
	return values[R_VERSION].data != NULL && values[R_EVENT].data != NULL && values[R_SEAL].data != NULL &&
		cl_value_equal(values[R_VERSION], cl_string(CL_RECEIPT_VERSION)) &&
		(values[R_PROOF].data != NULL) != (values[R_PROMISE].data != NULL) &&
		(!receipt->test || cl_value_equal(values[R_TEST], cl_string("true"))) &&
		read_path(values[R_PATH], receipt) &&
		read_opening(values[R_KEY], values[R_SALT], receipt->salt) &&
		read_opening(values[R_EVIDENCE], values[R_EVIDENCE_SALT], receipt->evidence_salt);
}
