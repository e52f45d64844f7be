/*
 * codec.c
 *		Manifest blocks: uses in order, delta-coded (docs/FORMAT.md).
 *
 * A block is a header, then groups of uses of one subject and one kind of key:
 *
 *	header		version, number of uses (2 bytes), first subject (8 bytes)
 *	group		head: code | kind << 4 | mixed << 6
 *				varint: subject less that of the group before
 *				varint: number of uses less one
 *				if mixed: codes of four bits each
 *				keys
 *
 * Since all uses of a subject have the same code most of the time, a group
 * costs three bytes, and a use what its key differs from the one before.
 */
#include "core/codec.h"

#include <string.h>

#include "core/encode.h"
#include "core/rule.h"

#define VERSION			1
#define HEADER_BYTES	11
#define COUNT_AT		1
#define SUBJECT_AT		3
#define VARINT_MAX		10
#define GROUP_MAX (1 + 2 * VARINT_MAX)	/* bytes of a group but its codes and keys */
#define CODE_MASK		0x0F
#define KIND_SHIFT		4
#define MIXED			0x40
#define RESERVED		0x80

bool
cl_use_code_valid(uint8_t code)
{
	return code < CL_USE_CODES && (code & ~CL_USE_PERMITTED) < CL_VERDICTS;
}

/* Order of two keys of a kind. */
static int
key_compare(const cl_use *a, const cl_use *b)
{
	int32_t		len = a->len < b->len ? a->len : b->len;
	int			order;

	if (a->kind == CL_KEY_INT)
		return a->number < b->number ? -1 : a->number > b->number;
	order = len > 0 ? memcmp(a->bytes, b->bytes, (size_t) len) : 0;
	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

int
cl_use_compare(const cl_use *a, const cl_use *b)
{
	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	return key_compare(a, b);
}

/* Small differences of either sign as small numbers. */
static uint64_t
zigzag(uint64_t n)
{
	return n << 1 ^ (0 - (n >> 63));
}

static uint64_t
unzigzag(uint64_t n)
{
	return n >> 1 ^ (0 - (n & 1));
}

/* The last key of a kind, as a use without subject. */
static cl_use
last_key(const cl_last_keys *last, uint8_t kind)
{
	cl_use		use = {.kind = kind, .number = last->number};

	if (kind == CL_KEY_UUID)
	{
		use.bytes = last->uuid;
		use.len = CL_UUID_BYTES;
	}
	else if (kind == CL_KEY_TEXT)
	{
		use.bytes = last->text;
		use.len = last->text_len;
	}
	return use;
}

/* How many bytes a text key shares with the last one. */
static int32_t
shared_prefix(const cl_last_keys *last, const cl_use *use)
{
	int32_t		n = 0;

	while (n < use->len && n < last->text_len && use->bytes[n] == last->text[n])
		n++;
	return n;
}

static size_t
codes_size(const cl_use_group *group)
{
	return group->mixed ? (group->n + 1) / 2 : 0;
}

/* ---- writing ---- */

static inline size_t
put_varint(uint8_t *out, uint64_t n)
{
	size_t		len = 0;

	for (; n >= 0x80; n >>= 7)
		out[len++] = (uint8_t) (n | 0x80);
	out[len++] = (uint8_t) n;
	return len;
}

static size_t
varint_size(uint64_t n)
{
	size_t		len = 1;

	for (; n >= 0x80; n >>= 7)
		len++;
	return len;
}

void
cl_block_begin(cl_block_writer *w, void *out, size_t cap)
{
	w->out = out;
	w->cap = cap < CL_BLOCK_MAX ? cap : CL_BLOCK_MAX;
	w->len = HEADER_BYTES;
	w->count = 0;
	w->closed_subject = 0;
	w->group.n = 0;
	w->keys_len = 0;
	w->last.base = 0;
	w->last.text = w->text;
	w->last.text_len = 0;
}

static bool
use_valid(const cl_use *use)
{
	switch (use->kind)
	{
		case CL_KEY_INT:
			return use->len == 0 && use->subject >= 0 && cl_use_code_valid(use->code);
		case CL_KEY_UUID:
			return use->len == CL_UUID_BYTES && use->subject >= 0 && cl_use_code_valid(use->code);
		case CL_KEY_TEXT:
			return use->len >= 0 && use->len <= CL_ROW_KEY_MAX && use->subject >= 0 &&
				cl_use_code_valid(use->code);
		default:
			return false;
	}
}

static inline bool
in_group(const cl_block_writer *w, const cl_use *use)
{
	return w->group.n > 0 && w->group.subject == use->subject && w->group.kind == use->kind;
}

/* True if the use comes after all there are. */
static bool
follows(const cl_block_writer *w, const cl_use *use)
{
	cl_use		last;

	if (w->group.n == 0)
		return true;
	if (w->group.subject != use->subject)
		return w->group.subject < use->subject;
	if (w->group.kind != use->kind)
		return w->group.kind < use->kind;
	if (use->kind == CL_KEY_INT)
		return w->last.number < use->number;
	last = last_key(&w->last, w->group.kind);
	return key_compare(&last, use) < 0;
}

/* Code a key, all but the bytes of its own that end it; returns the length. */
static size_t
code_key(const cl_block_writer *w, const cl_use *use, uint8_t *out, int32_t *own)
{
	uint64_t	number = (uint64_t) use->number;
	int32_t		prefix;
	size_t		len;

	*own = use->len;
	switch (use->kind)
	{
		case CL_KEY_INT:
			return put_varint(out, in_group(w, use) ? number - (uint64_t) w->last.number - 1 :
							  zigzag(number - (uint64_t) w->last.base));
		case CL_KEY_TEXT:
			prefix = shared_prefix(&w->last, use);
			*own -= prefix;
			len = put_varint(out, (uint64_t) prefix);
			return len + put_varint(out + len, (uint64_t) *own);
		default:
			return 0;
	}
}

/* Bytes of a group but its keys. */
static size_t
group_overhead(const cl_use_group *group, int64_t before)
{
	return 1 + varint_size((uint64_t) (group->subject - before)) +
		varint_size(group->n - 1) + codes_size(group);
}

/* Subject that the difference of the first group counts from: its own. */
static int64_t
subject_before(const cl_block_writer *w)
{
	return w->count == w->group.n ? w->group.subject : w->closed_subject;
}

/* Length of the block if it were finished now. */
static size_t
finished_len(const cl_block_writer *w)
{
	if (w->group.n == 0)
		return w->len;
	return w->len + group_overhead(&w->group, subject_before(w)) + w->keys_len;
}

/* Is there room for a use more, its key of so many bytes, whatever groups there are? */
static inline bool
has_ample_room(const cl_block_writer *w, size_t key_len)
{
	return w->len + w->keys_len + key_len + 2 * GROUP_MAX + (w->group.n + 2) / 2 <= w->cap;
}

/* Length of the block with a use more, its key of so many bytes. */
static size_t
grown_len(const cl_block_writer *w, const cl_use *use, size_t key_len)
{
	cl_use_group group = {use->subject, use->kind, false, 1};

	if (!in_group(w, use))
		return finished_len(w) + key_len +
			group_overhead(&group, w->count == 0 ? use->subject : w->group.subject);
	group = w->group;
	group.n++;
	group.mixed = group.mixed || use->code != w->codes[0];
	return w->len + group_overhead(&group, subject_before(w)) + w->keys_len + key_len;
}

static void
put_codes(cl_block_writer *w)
{
	for (uint32_t i = 0; i < w->group.n; i += 2)
		w->out[w->len++] = (uint8_t) (w->codes[i] << 4 |
									  (i + 1 < w->group.n ? w->codes[i + 1] : 0));
}

/* Write the open group. */
static void
close_group(cl_block_writer *w)
{
	const cl_use_group *group = &w->group;

	if (group->n == 0)
		return;
	w->out[w->len++] = (uint8_t) (group->kind << KIND_SHIFT |
								  (group->mixed ? MIXED : w->codes[0]));
	w->len += put_varint(w->out + w->len, (uint64_t) (group->subject - subject_before(w)));
	w->len += put_varint(w->out + w->len, group->n - 1);
	if (group->mixed)
		put_codes(w);
	memcpy(w->out + w->len, w->keys, w->keys_len);
	w->len += w->keys_len;
	w->closed_subject = group->subject;
	w->keys_len = 0;
}

/* Keep the key, to tell the next one apart from it. */
static void
remember(cl_last_keys *last, const cl_use *use, bool first)
{
	switch (use->kind)
	{
		case CL_KEY_INT:
			last->number = use->number;
			if (first)
				last->base = use->number;
			break;
		case CL_KEY_UUID:
			memcpy(last->uuid, use->bytes, CL_UUID_BYTES);
			break;
		default:
			if (use->len > 0)
				memmove(last->text, use->bytes, (size_t) use->len);
			last->text_len = use->len;
	}
}

/* Put the use into the open group, or open one for it. */
static void
put_use(cl_block_writer *w, const cl_use *use, const uint8_t *key, size_t key_len, int32_t own)
{
	bool		first = !in_group(w, use);

	if (first)
	{
		close_group(w);
		w->group = (cl_use_group) {use->subject, use->kind, false, 0};
	}
	if (w->count == 0)
		cl_put_big_endian(w->out + SUBJECT_AT, (uint64_t) use->subject, 8);
	memcpy(w->keys + w->keys_len, key, key_len);
	if (own > 0)
		memcpy(w->keys + w->keys_len + key_len, use->bytes + (use->len - own), (size_t) own);
	w->keys_len += key_len + (size_t) own;
	w->codes[w->group.n++] = use->code;
	w->group.mixed = w->group.mixed || use->code != w->codes[0];
	w->count++;
	remember(&w->last, use, first);
}

cl_block_status
cl_block_append(cl_block_writer *w, const cl_use *use)
{
	uint8_t		key[2 * VARINT_MAX];
	size_t		key_len;
	int32_t		own;

	if (!use_valid(use) || !follows(w, use))
		return CL_BLOCK_REFUSED;
	key_len = code_key(w, use, key, &own);
	if (!has_ample_room(w, key_len + (size_t) own) &&
		grown_len(w, use, key_len + (size_t) own) > w->cap)
		return CL_BLOCK_FULL;
	put_use(w, use, key, key_len, own);
	return CL_BLOCK_OK;
}

size_t
cl_block_end(cl_block_writer *w)
{
	if (w->count == 0)
		return 0;
	close_group(w);
	w->group.n = 0;
	w->out[0] = VERSION;
	cl_put_big_endian(w->out + COUNT_AT, w->count, 2);
	return w->len;
}

/* ---- reading ---- */

void
cl_block_open(cl_block_reader *r, const void *data, size_t len, char *text)
{
	const uint8_t *bytes = data;

	r->failed = len < HEADER_BYTES || len > CL_BLOCK_MAX || bytes[0] != VERSION;
	r->begun = false;
	r->place = 0;
	r->group.n = 0;
	r->last.base = 0;
	r->last.number = 0;
	r->last.text = text;
	r->last.text_len = 0;
	if (r->failed)
		return;
	r->at = bytes + HEADER_BYTES;
	r->end = bytes + len;
	r->left = (uint32_t) cl_get_big_endian(bytes + COUNT_AT, 2);
	r->group.subject = (int64_t) cl_get_big_endian(bytes + SUBJECT_AT, 8);
	r->failed = r->left == 0 || r->group.subject < 0;
}

/* Read a varint byte after byte, in its shortest form. */
static bool
get_bytewise(cl_block_reader *r, uint64_t *n)
{
	const uint8_t *at = r->at;
	const uint8_t *end = r->end;
	uint64_t	value = 0;

	for (int shift = 0; shift < 64 && at < end; shift += 7)
	{
		uint8_t		byte = *at++;

		value |= (uint64_t) (byte & 0x7F) << shift;
		if (byte >= 0x80)
			continue;
		r->at = at;
		*n = value;
		return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
	}
	return false;
}

/* Read a varint of several bytes; most have four at most, which go without a branch for each. */
static inline bool
get_long_varint(cl_block_reader *r, uint64_t *n)
{
	uint32_t	word;
	uint32_t	ends;
	int			last;			/* where the last byte is, in bits */

	if (r->end - r->at < 4)
		return get_bytewise(r, n);
	word = (uint32_t) r->at[0] | (uint32_t) r->at[1] << 8 |
		(uint32_t) r->at[2] << 16 | (uint32_t) r->at[3] << 24;
	ends = ~word & 0x80808080;
	if (ends == 0)
		return get_bytewise(r, n);
	last = __builtin_ctz(ends) - 7;
	r->at += last / 8 + 1;
	word &= ends ^ (ends - 1);
	*n = (word & 0x7F) | (word >> 1 & 0x7F << 7) | (word >> 2 & 0x7F << 14) | (word >> 3 & 0x7F << 21);
	return last == 0 || word >> last != 0;
}

/* Read a varint, which is mostly one byte. */
static inline bool
get_varint(cl_block_reader *r, uint64_t *n)
{
	if (r->at == r->end || *r->at >= 0x80)
		return get_long_varint(r, n);
	*n = *r->at++;
	return true;
}

static uint8_t
code_at(const uint8_t *codes, uint32_t i)
{
	return i % 2 == 0 ? codes[i / 2] >> 4 : codes[i / 2] & CODE_MASK;
}

/* Read the codes of a mixed group, which are not all the same. */
static bool
get_codes(cl_block_reader *r, const cl_use_group *group)
{
	size_t		size = codes_size(group);
	bool		differ = false;

	if (size > (size_t) (r->end - r->at))
		return false;
	for (uint32_t i = 0; i < group->n; i++)
	{
		if (!cl_use_code_valid(code_at(r->at, i)))
			return false;
		differ = differ || code_at(r->at, i) != code_at(r->at, 0);
	}
	if (!differ || (group->n % 2 == 1 && code_at(r->at, group->n) != 0))
		return false;
	r->codes = r->at;
	r->at += size;
	return true;
}

/* True if a group of this kind may come so many subjects after the last one. */
static bool
group_follows(const cl_block_reader *r, uint64_t distance, uint8_t kind)
{
	if (!r->begun)
		return distance == 0;
	if (distance == 0)
		return kind > r->group.kind;
	return distance <= (uint64_t) (INT64_MAX - r->group.subject);
}

/* Read what comes before the keys of a group. */
static bool
get_group(cl_block_reader *r)
{
	cl_use_group group;
	uint64_t	distance;
	uint64_t	more;
	uint8_t		head;

	if (r->at == r->end)
		return false;
	head = *r->at++;
	group.kind = head >> KIND_SHIFT & 3;
	group.mixed = (head & MIXED) != 0;
	r->code = head & CODE_MASK;
	if ((head & RESERVED) || group.kind > CL_KEY_TEXT ||
		(group.mixed ? r->code != 0 : !cl_use_code_valid(r->code)) ||
		!get_varint(r, &distance) || !group_follows(r, distance, group.kind) ||
		!get_varint(r, &more) || more >= r->left)
		return false;
	group.subject = r->group.subject + (int64_t) distance;
	group.n = (uint32_t) more + 1;
	if (group.mixed && !get_codes(r, &group))
		return false;
	r->group = group;
	r->left -= group.n;
	r->place = 0;
	r->begun = true;
	return true;
}

/* Read the next integer of the group. */
static inline bool
next_integer(cl_block_reader *r)
{
	cl_last_keys *last = &r->last;
	int64_t		before = last->number;
	uint64_t	n;

	if (!get_varint(r, &n))
		return false;
	if (r->place == 0)
	{
		last->base = last->number = (int64_t) (unzigzag(n) + (uint64_t) last->base);
		return true;
	}
	last->number = (int64_t) (n + 1 + (uint64_t) before);
	return last->number > before;
}

static inline bool
get_integer(cl_block_reader *r, cl_use *use)
{
	bool		ok = next_integer(r);

	use->number = r->last.number;
	return ok;
}

static bool
get_uuid(cl_block_reader *r, cl_use *use)
{
	if (r->end - r->at < CL_UUID_BYTES)
		return false;
	use->bytes = (const char *) r->at;
	use->len = CL_UUID_BYTES;
	r->at += CL_UUID_BYTES;
	return r->place == 0 || memcmp(use->bytes, r->last.uuid, CL_UUID_BYTES) > 0;
}

/* Read a text; the prefix must be all that it shares with the last one. */
static bool
get_text(cl_block_reader *r, cl_use *use)
{
	cl_last_keys *last = &r->last;
	uint64_t	prefix;
	uint64_t	own;

	if (!get_varint(r, &prefix) || !get_varint(r, &own) ||
		prefix > (uint64_t) last->text_len || own > CL_ROW_KEY_MAX - prefix ||
		own > (uint64_t) (r->end - r->at))
		return false;
	if (own > 0 && prefix < (uint64_t) last->text_len && last->text[prefix] == (char) *r->at)
		return false;
	if (r->place > 0 && (own == 0 || (prefix < (uint64_t) last->text_len &&
									  *r->at < (uint8_t) last->text[prefix])))
		return false;
	memcpy(last->text + prefix, r->at, own);
	r->at += own;
	use->bytes = last->text;
	use->len = (int32_t) (prefix + own);
	return true;
}

/* Read the next key of the group. */
static inline bool
get_key(cl_block_reader *r, cl_use *use)
{
	bool		ok;

	use->kind = r->group.kind;
	use->number = 0;
	use->bytes = NULL;
	use->len = 0;
	if (use->kind == CL_KEY_INT)
		return get_integer(r, use);
	ok = use->kind == CL_KEY_UUID ? get_uuid(r, use) : get_text(r, use);
	if (ok)
		remember(&r->last, use, r->place == 0);
	return ok;
}

/* Get to where a key is next: 1, 0 at the end, or -1. */
static inline int
reach_key(cl_block_reader *r)
{
	if (r->failed)
		return -1;
	if (r->place < r->group.n)
		return 1;
	if (r->left == 0 && r->at == r->end)
		return 0;
	r->failed = r->left == 0 || !get_group(r);
	return r->failed ? -1 : 1;
}

int
cl_block_next(cl_block_reader *r, cl_use *use)
{
	int			result = reach_key(r);

	if (result <= 0)
		return result;
	if (!get_key(r, use))
	{
		r->failed = true;
		return -1;
	}
	use->subject = r->group.subject;
	use->code = r->group.mixed ? code_at(r->codes, r->place) : r->code;
	r->place++;
	return 1;
}

/* Pass over what is left of a group. */
static bool
pass_group(cl_block_reader *r)
{
	cl_use		passed;

	for (; r->place < r->group.n; r->place++)
		if (r->group.kind == CL_KEY_INT ? !next_integer(r) : !get_key(r, &passed))
			return false;
	return true;
}

/* Eight bytes, the first is the lowest: written out, so that it is one load where it can be. */
static inline uint64_t
eight_bytes(const uint8_t *at)
{
	return (uint64_t) at[0] | (uint64_t) at[1] << 8 | (uint64_t) at[2] << 16 | (uint64_t) at[3] << 24 |
		(uint64_t) at[4] << 32 | (uint64_t) at[5] << 40 | (uint64_t) at[6] << 48 | (uint64_t) at[7] << 56;
}

/*
 * Pass over groups of one integer each, of subjects before this one: most are
 * such, and of eight bytes at most.  Stops before whatever else comes.
 */
static void
pass_integers(cl_block_reader *r, int64_t subject)
{
	const uint8_t *at = r->at;
	uint64_t	current = (uint64_t) r->group.subject;
	uint64_t	base = (uint64_t) r->last.base;
	uint32_t	left = r->left;

	for (; left > 1 && r->end - at >= 8; left--)
	{
		uint64_t	word = eight_bytes(at);
		uint64_t	distance = word >> 8 & 0x7F;
		uint64_t	key = word >> 24;
		uint64_t	ends = ~key & UINT64_C(0x8080808080);
		int			last;		/* where the last byte of the key is, in bits */

		/* an integer with one code; distance in one byte; one use */
		if ((word & (0xFF0000 | 0x8000 | (uint8_t) ~CODE_MASK)) != 0 || !cl_use_code_valid((uint8_t) (word & CODE_MASK)) ||
			distance == 0 || current + distance >= (uint64_t) subject || ends == 0)
			break;
		last = __builtin_ctzll(ends) - 7;
		key &= ends ^ (ends - 1);
		if (last > 0 && key >> last == 0)
			break;
		base += unzigzag((key & 0x7F) | (key >> 1 & 0x7F << 7) | (key >> 2 & 0x7F << 14) |
						 (key >> 3 & 0x7F << 21) | (key >> 4 & UINT64_C(0x7F) << 28));
		current += distance;
		at += 3 + last / 8 + 1;
	}
	if (at == r->at)
		return;
	r->at = at;
	r->left = left;
	r->group.subject = (int64_t) current;
	r->group.kind = CL_KEY_INT;
	r->group.mixed = false;
	r->group.n = r->place = 1;
	r->last.base = r->last.number = (int64_t) base;
}

int
cl_block_seek(cl_block_reader *r, int64_t subject)
{
	int			result;

	while ((result = reach_key(r)) == 1 && r->group.subject < subject)
	{
		r->failed = !pass_group(r);
		if (!r->failed)
			pass_integers(r, subject);
	}
	return result;
}
