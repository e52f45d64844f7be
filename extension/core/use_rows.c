/*
 * use_rows.c
 *		One subject in a run: position, nonce and list of rows.
 */
#include "core/use_rows.h"

#include "core/row_key.h"

#define POSITION_LABEL "consent_ledger/use/v1"
#define NONCE_LABEL "consent_ledger/use_nonce/v1"

static int
commit(const uint8_t *salt, const char *label, cl_value origin, cl_value run, uint8_t *out)
{
	cl_part		parts[] = {
		{label, strlen(label)}, {origin.data, origin.len}, {run.data, run.len}
	};

	return cl_commit(salt, CL_SALT_BYTES, parts, 3, out);
}

int
cl_use_place(const uint8_t salt[CL_SALT_BYTES], cl_value origin, int64_t run,
			 uint8_t *position, uint8_t *nonce)
{
	char		digits[20];
	cl_buffer	b = {digits, sizeof(digits), 0};
	cl_value	number;

	cl_put_number(&b, (uint64_t) run);
	number = (cl_value) {digits, b.len};
	if (commit(salt, POSITION_LABEL, origin, number, position) != CL_OK)
		return CL_ERROR;
	return commit(salt, NONCE_LABEL, origin, number, nonce);
}

static void
put_length(cl_buffer *b, size_t len)
{
	uint8_t		bytes[4];

	cl_put_big_endian(bytes, len, sizeof(bytes));
	cl_put(b, bytes, sizeof(bytes));
}

void
cl_rows_put_table(cl_buffer *b, const char *name, size_t len)
{
	cl_put_char(b, 'T');
	put_length(b, len);
	cl_put(b, name, len);
}

void
cl_rows_put_row(cl_buffer *b, uint8_t code, const char *key, size_t len)
{
	cl_put_char(b, 'U');
	cl_put_char(b, (char) code);
	put_length(b, len);
	cl_put(b, key, len);
}

/* ---- reading ---- */

void
cl_rows_begin(cl_rows_reader *r, const void *list, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->in = (cl_scanner) {list, len, 0};
	r->failed = len == 0;
}

static bool
take_bytes(cl_scanner *in, size_t len, cl_value *out)
{
	if (in->len - in->pos < len)
		return false;
	*out = (cl_value) {in->data + in->pos, len};
	in->pos += len;
	return true;
}

/* Read a length and as many bytes of UTF-8. */
static bool
take_text(cl_scanner *in, cl_value *out)
{
	cl_value	len;

	return take_bytes(in, 4, &len) &&
		take_bytes(in, (size_t) cl_get_big_endian(len.data, 4), out) &&
		cl_utf8_valid(out->data, out->len);
}

/* Order of two texts, bytewise, a prefix first. */
static int
compare_texts(cl_value a, cl_value b)
{
	int			order = memcmp(a.data, b.data, a.len < b.len ? a.len : b.len);

	return order != 0 ? order : a.len < b.len ? -1 : a.len > b.len;
}

/* Read a table, which comes after the last one and has a row. */
static bool
take_table(cl_rows_reader *r)
{
	cl_value	name;

	if (r->table_begins || !take_text(&r->in, &name) || name.len == 0 ||
		(r->table.data != NULL && compare_texts(r->table, name) >= 0))
		return false;
	r->table = name;
	r->table_begins = true;
	return true;
}

static bool
take_row(cl_rows_reader *r, uint8_t *code, cl_value *key)
{
	cl_value	byte;
	cl_use		use = {0};

	if (r->table.data == NULL || !take_bytes(&r->in, 1, &byte) || !take_text(&r->in, key))
		return false;
	*code = (uint8_t) byte.data[0];
	if (!cl_use_code_valid(*code) || !cl_row_key_read(key->data, key->len, r->uuid[r->turn], &use) ||
		(!r->table_begins && cl_use_compare(&r->last, &use) >= 0))
		return false;
	r->last = use;
	r->turn = !r->turn;
	r->table_begins = false;
	return true;
}

int
cl_rows_next(cl_rows_reader *r, cl_value *table, uint8_t *code, cl_value *key)
{
	if (r->failed)
		return -1;
	if (cl_at_end(&r->in) && !r->table_begins)
		return 0;
	if (cl_take(&r->in, "T") && !take_table(r))
		r->failed = true;
	else
		r->failed = !cl_take(&r->in, "U") || !take_row(r, code, key);
	*table = r->table;
	return r->failed ? -1 : 1;
}

int
cl_rows_hash(const uint8_t *nonce, const void *list, size_t len, uint8_t *out)
{
	cl_part		parts[] = {{CL_ROWS_PREFIX, 1}, {nonce, CL_HASH_BYTES}, {list, len}};

	return cl_sha256(parts, 3, out);
}
