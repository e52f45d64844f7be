/*
 * choice_packed.c
 *		The packed form of a consent value: what is stored, and what travels
 *		in binary.
 *
 *		byte 0		version, 1
 *		bytes 1, 2	number of choices
 *
 * then the choices in strictly ascending order of their keys:
 *
 *		byte 0		bits 0-1 stance (0 '+', 1 '-', 2 '~'), bit 2 since, bit 3
 *					until, bit 4 from, bit 5 to: which instants follow
 *		byte 1		act
 *		byte 2		length of the purpose
 *		byte 3		length of the notice, 0 if there is none
 *		the instants (8 bytes each), the purpose, the notice
 *
 * Numbers are little-endian on every machine.  A value has one packed form
 * only, so equal values are equal bytes.
 */
#include "core/choice.h"

#include <string.h>

#define HEAD_BYTES		4
#define STANCE_MASK		0x03
#define HAS_SINCE		0x04
#define HAS_UNTIL		0x08
#define HAS_FROM		0x10
#define HAS_TO			0x20
#define KNOWN_BITS		0x3F

static const char stances[] = {CL_GRANT, CL_REFUSAL, CL_PRESET};

static uint8_t
head_of(const cl_choice *c)
{
	uint8_t		head = c->stance == CL_GRANT ? 0 : c->stance == CL_REFUSAL ? 1 : 2;

	if (c->since != CL_INSTANT_NONE)
		head |= HAS_SINCE;
	if (c->until != CL_INSTANT_OPEN)
		head |= HAS_UNTIL;
	if (c->from != CL_INSTANT_NONE)
		head |= HAS_FROM;
	if (c->to != CL_INSTANT_OPEN)
		head |= HAS_TO;
	return head;
}

static size_t
instant_bytes(uint8_t head)
{
	size_t		n = 0;

	for (uint8_t bit = HAS_SINCE; bit <= HAS_TO; bit <<= 1)
		n += (head & bit) ? 8 : 0;
	return n;
}

static void
put_instant(char **out, cl_instant t)
{
	for (int i = 0; i < 8; i++)
		*(*out)++ = (char) ((uint64_t) t >> (8 * i));
}

/* Read an instant if its bit is set. */
static cl_instant
get_instant(const char **in, uint8_t head, uint8_t bit, cl_instant absent)
{
	uint64_t	t = 0;

	if ((head & bit) == 0)
		return absent;
	for (int i = 0; i < 8; i++)
		t |= (uint64_t) (unsigned char) (*in)[i] << (8 * i);
	*in += 8;
	return (cl_instant) t;
}

static void
put_bytes(char **out, const char *bytes, size_t len)
{
	if (len > 0)
		memcpy(*out, bytes, len);
	*out += len;
}

size_t
cl_choices_packed_size(const cl_choice *choices, size_t n)
{
	size_t		size = CL_PACKED_HEADER;

	for (size_t i = 0; i < n; i++)
		size += HEAD_BYTES + instant_bytes(head_of(&choices[i])) +
			choices[i].purpose_len + choices[i].notice_len;
	return size;
}

size_t
cl_choices_pack(const cl_choice *choices, size_t n, char *out)
{
	char	   *p = out;

	*p++ = CL_PACKED_VERSION;
	*p++ = (char) (n & 0xFF);
	*p++ = (char) (n >> 8);
	for (size_t i = 0; i < n; i++)
	{
		const cl_choice *c = &choices[i];
		uint8_t		head = head_of(c);

		*p++ = (char) head;
		*p++ = (char) c->act;
		*p++ = (char) c->purpose_len;
		*p++ = (char) c->notice_len;
		if (head & HAS_SINCE)
			put_instant(&p, c->since);
		if (head & HAS_UNTIL)
			put_instant(&p, c->until);
		if (head & HAS_FROM)
			put_instant(&p, c->from);
		if (head & HAS_TO)
			put_instant(&p, c->to);
		put_bytes(&p, c->purpose, c->purpose_len);
		put_bytes(&p, c->notice, c->notice_len);
	}
	return p - out;
}

int
cl_packed_count(const char *packed)
{
	return (unsigned char) packed[1] | (unsigned char) packed[2] << 8;
}

bool
cl_packed_next(const char *packed, size_t len, size_t *pos, cl_choice *c)
{
	const char *p = packed + *pos;
	uint8_t		head;

	if (*pos >= len)
		return false;
	head = (uint8_t) p[0];
	c->stance = stances[head & STANCE_MASK];
	c->act = (uint8_t) p[1];
	c->purpose_len = (uint8_t) p[2];
	c->notice_len = (uint8_t) p[3];
	p += HEAD_BYTES;
	c->has_range = (head & (HAS_FROM | HAS_TO)) != 0;
	c->since = get_instant(&p, head, HAS_SINCE, CL_INSTANT_NONE);
	c->until = get_instant(&p, head, HAS_UNTIL, CL_INSTANT_OPEN);
	c->from = get_instant(&p, head, HAS_FROM, CL_INSTANT_NONE);
	c->to = get_instant(&p, head, HAS_TO, CL_INSTANT_OPEN);
	c->purpose = p;
	p += c->purpose_len;
	c->notice = c->notice_len > 0 ? p : NULL;
	p += c->notice_len;
	*pos = p - packed;
	return true;
}

/* Is the choice at pos all there, with nothing set that we do not know? */
static const char *
check_frame(const char *packed, size_t len, size_t pos)
{
	uint8_t		head;

	if (len - pos < HEAD_BYTES)
		return "choice is cut off";
	head = (uint8_t) packed[pos];
	if ((head & ~KNOWN_BITS) != 0 || (head & STANCE_MASK) >= sizeof(stances))
		return "unknown bits in a choice";
	if (len - pos - HEAD_BYTES < instant_bytes(head) +
		(uint8_t) packed[pos + 2] + (uint8_t) packed[pos + 3])
		return "choice is cut off";
	return NULL;
}

/* Are the instants that are present ordinary ones? */
static const char *
check_present(const cl_choice *c, uint8_t head)
{
	if (head_of(c) != head)
		return "instant out of range";
	return cl_choice_check(c);
}

static const char *
check_header(const char *packed, size_t len)
{
	if (len < CL_PACKED_HEADER)
		return "value is cut off";
	if (packed[0] != CL_PACKED_VERSION)
		return "unknown version";
	return NULL;
}

bool
cl_packed_check(const char *packed, size_t len, cl_choice_error *err)
{
	size_t		pos = CL_PACKED_HEADER;
	int			n = 0;
	cl_choice	before;
	cl_choice	c;

	err->hint = NULL;
	err->offset = 0;
	if ((err->message = check_header(packed, len)) != NULL)
		return false;
	for (; pos < len; n++)
	{
		err->offset = pos;
		if ((err->message = check_frame(packed, len, pos)) != NULL)
			return false;
		cl_packed_next(packed, len, &pos, &c);
		err->message = check_present(&c, (uint8_t) packed[err->offset]);
		if (err->message == NULL && n > 0 && cl_choice_key_compare(&before, &c) >= 0)
			err->message = "choices are not in order";
		if (err->message != NULL)
			return false;
		before = c;
	}
	if (n != cl_packed_count(packed))
	{
		err->message = "number of choices does not match";
		err->offset = 1;
		return false;
	}
	return true;
}
