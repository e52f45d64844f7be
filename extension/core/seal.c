/*
 * seal.c
 *		The text of a seal.
 */
#include "core/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/note.h"

#define FIRST_LINE "consent_ledger/seal/v1"

static const char *const kinds[CL_SEAL_KINDS] = {"choices", "declarations", "run"};

const char *
cl_seal_kind_name(cl_seal_kind kind)
{
	return kinds[kind];
}

static bool
begins_with(const char *s, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && memcmp(s, prefix, strlen(prefix)) == 0;
}

bool
cl_origin_valid(const char *origin, size_t len)
{
	return len <= CL_ORIGIN_MAX && cl_key_name_valid(origin, len) &&
		!begins_with(origin, len, "consent_ledger/") &&
		!begins_with(origin, len, "cosignature/");
}

size_t
cl_seal_format(const cl_seal *seal, char *out, size_t cap)
{
	char		root[CL_BASE64_SIZE(CL_HASH_BYTES)];
	char		checkpoint[CL_BASE64_SIZE(CL_HASH_BYTES)];
	char		bound[CL_BASE64_SIZE(CL_HASH_BYTES)] = "none";
	char		time[CL_INSTANT_TEXT];
	int			n;

	cl_base64_encode(seal->root, CL_HASH_BYTES, root);
	cl_base64_encode(seal->checkpoint_root, CL_HASH_BYTES, checkpoint);
	if (seal->has_bound)
		cl_base64_encode(seal->bound, CL_HASH_BYTES, bound);
	cl_instant_format(seal->time, time);
	n = snprintf(out, cap,
				 FIRST_LINE "\norigin %.*s\nkind %s\nseal %" PRId64 "\ncount %" PRId64
				 "\nroot %s\ntime %s\ncheckpoint %" PRId64 " %s\nbound %s\n",
				 (int) seal->origin_len, seal->origin, kinds[seal->kind],
				 seal->number, seal->count, root, time,
				 seal->checkpoint_size, checkpoint, bound);
	return n > 0 && (size_t) n < cap ? (size_t) n : 0;
}

/* ---- reading: one labelled line after another ---- */

typedef struct lines
{
	const char *at;
	const char *end;
} lines;

/* The rest of the next line if it begins with the label and a space. */
static bool
next_line(lines *l, const char *label, const char **value, size_t *len)
{
	const char *newline = memchr(l->at, '\n', (size_t) (l->end - l->at));
	size_t		label_len = strlen(label);

	if (!newline || (size_t) (newline - l->at) < label_len ||
		memcmp(l->at, label, label_len) != 0)
		return false;
	*value = l->at + label_len;
	*len = (size_t) (newline - *value);
	l->at = newline + 1;
	return true;
}

static bool
parse_number(const char *s, size_t len, int64_t *number)
{
	int64_t		n = 0;

	if (len == 0 || len > 18 || (len > 1 && s[0] == '0'))
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (s[i] - '0');
	}
	*number = n;
	return true;
}

static bool
parse_hash(const char *s, size_t len, uint8_t *hash)
{
	return cl_base64_decode(s, len, hash, CL_HASH_BYTES) == CL_HASH_BYTES;
}

static bool
parse_kind(const char *s, size_t len, cl_seal_kind *kind)
{
	for (int k = 0; k < CL_SEAL_KINDS; k++)
		if (strlen(kinds[k]) == len && memcmp(kinds[k], s, len) == 0)
		{
			*kind = (cl_seal_kind) k;
			return true;
		}
	return false;
}

static bool
parse_checkpoint(const char *s, size_t len, cl_seal *seal)
{
	const char *space = memchr(s, ' ', len);
	size_t		size_len = space ? (size_t) (space - s) : 0;

	return space && parse_number(s, size_len, &seal->checkpoint_size) &&
		parse_hash(space + 1, len - size_len - 1, seal->checkpoint_root);
}

static bool
parse_bound(const char *s, size_t len, cl_seal *seal)
{
	seal->has_bound = !(len == 4 && memcmp(s, "none", 4) == 0);
	return !seal->has_bound || parse_hash(s, len, seal->bound);
}

bool
cl_seal_parse(const char *text, size_t len, cl_seal *seal)
{
	lines		l = {text, text + len};
	const char *s;
	size_t		n;
	char		time[CL_INSTANT_TEXT];

	memset(seal, 0, sizeof(*seal));
	if (!next_line(&l, FIRST_LINE, &s, &n) || n != 0 ||
		!next_line(&l, "origin ", &seal->origin, &seal->origin_len) ||
		!cl_origin_valid(seal->origin, seal->origin_len) ||
		!next_line(&l, "kind ", &s, &n) || !parse_kind(s, n, &seal->kind) ||
		!next_line(&l, "seal ", &s, &n) || !parse_number(s, n, &seal->number) ||
		!next_line(&l, "count ", &s, &n) || !parse_number(s, n, &seal->count) ||
		!next_line(&l, "root ", &s, &n) || !parse_hash(s, n, seal->root) ||
		!next_line(&l, "time ", &s, &n) ||
		cl_instant_parse(s, n, &seal->time) != n || n == 0 ||
		cl_instant_format(seal->time, time) != (int) n || memcmp(time, s, n) != 0 ||
		!next_line(&l, "checkpoint ", &s, &n) || !parse_checkpoint(s, n, seal) ||
		!next_line(&l, "bound ", &s, &n) || !parse_bound(s, n, seal))
		return false;
	return l.at == l.end;
}
