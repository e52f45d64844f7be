/*
 * core_codec.c
 *		Manifest blocks: what is written comes back, and nothing else is taken.
 */
#include "core/codec.h"
#include "core/rule.h"
#include "bytes.h"

static cl_block_writer writer;
static cl_block_reader reader;
static char text[CL_ROW_KEY_MAX];
static uint8_t block[CL_BLOCK_MAX];

static cl_use
use_int(int64_t subject, uint8_t code, int64_t number)
{
	return (cl_use) {.subject = subject, .code = code, .kind = CL_KEY_INT, .number = number};
}

static cl_use
use_text(int64_t subject, uint8_t code, const char *text)
{
	return (cl_use) {.subject = subject, .code = code, .kind = CL_KEY_TEXT,
		.bytes = text, .len = (int32_t) strlen(text)};
}

static cl_use
use_uuid(int64_t subject, uint8_t code, const char *bytes)
{
	return (cl_use) {.subject = subject, .code = code, .kind = CL_KEY_UUID,
		.bytes = bytes, .len = CL_UUID_BYTES};
}

/* Write uses into the block; its length, or 0 if one does not go in. */
static size_t
write_all(const cl_use *uses, int n)
{
	cl_block_begin(&writer, block, sizeof(block));
	for (int i = 0; i < n; i++)
		if (cl_block_append(&writer, &uses[i]) != CL_BLOCK_OK)
			return 0;
	return cl_block_end(&writer);
}

static bool
same(const cl_use *a, const cl_use *b)
{
	return cl_use_compare(a, b) == 0 && a->code == b->code && a->len == b->len;
}

/* True if the bytes hold exactly these uses. */
static bool
holds(const uint8_t *data, size_t len, const cl_use *uses, int n)
{
	cl_use		use;

	cl_block_open(&reader, data, len, text);
	for (int i = 0; i < n; i++)
		if (cl_block_next(&reader, &use) != 1 || !same(&use, &uses[i]))
			return false;
	return cl_block_next(&reader, &use) == 0 && cl_block_next(&reader, &use) == 0;
}

/* True if the bytes are taken from beginning to end. */
static bool
is_read(const uint8_t *data, size_t len)
{
	cl_use		use;
	int			result;

	cl_block_open(&reader, data, len, text);
	while ((result = cl_block_next(&reader, &use)) == 1)
		continue;
	return result == 0;
}

static void
round_trip(const cl_use *uses, int n, const char *hex, const char *name)
{
	size_t		len = write_all(uses, n);

	if (hex != NULL)
		is_hex(block, len, hex, name);
	ok(len > 0 && holds(block, len, uses, n), "%s: comes back", name);
}

/* These bytes stand in docs/FORMAT.md's terms, and must never change. */
static void
test_bytes(void)
{
	cl_use		integers[] = {use_int(7, 8, 1), use_int(7, 8, 2), use_int(7, 8, 300), use_int(9, 8, 200)};
	cl_use		mixed[] = {use_int(1, 8, -5), use_int(1, 1, 5), use_int(1, 8, 6)};
	cl_use		kinds[] = {
		use_int(1, 5, 0), use_uuid(1, 5, "0123456789abcdef"), use_text(1, 5, "ab"),
		use_text(1, 5, "abc"), use_text(2, 5, "abd"), use_text(2, 5, "b")
	};

	round_trip(integers, 4, "01" "0004" "0000000000000007"
			   "08" "00" "02" "02" "00" "a902"
			   "08" "02" "00" "8e03", "integers of two subjects");
	round_trip(mixed, 3, "01" "0003" "0000000000000001"
			   "40" "00" "02" "8180" "09" "09" "00", "codes that differ");
	round_trip(kinds, 6, "01" "0006" "0000000000000001"
			   "05" "00" "00" "00"
			   "15" "00" "00" "30313233343536373839616263646566"
			   "25" "00" "01" "00" "02" "6162" "02" "01" "63"
			   "25" "01" "01" "02" "01" "64" "00" "01" "62", "three kinds of keys");
}

static void
test_extremes(void)
{
	static char longest[CL_ROW_KEY_MAX + 2];
	cl_use		integers[] = {
		use_int(0, 0, INT64_MIN), use_int(0, 13, INT64_MAX),
		use_int(1, 0, INT64_MAX), use_int(2, 0, INT64_MIN), use_int(2, 0, -1), use_int(2, 0, 0),
		use_int(INT64_MAX, 0, 0)
	};
	cl_use		texts[] = {use_text(3, 2, ""), use_text(3, 2, "a"), use_text(3, 2, longest), use_text(4, 2, longest), use_text(5, 2, "")};
	cl_use		codes[CL_VERDICTS * 2];

	memset(longest, 'x', CL_ROW_KEY_MAX);
	texts[2].len = texts[3].len = CL_ROW_KEY_MAX;
	round_trip(integers, 7, NULL, "the greatest and the least integers");
	round_trip(texts, 5, NULL, "empty and longest texts");
	for (int i = 0; i < CL_VERDICTS * 2; i++)
		codes[i] = use_int(1, (uint8_t) (i % CL_VERDICTS | (i < CL_VERDICTS ? 0 : CL_USE_PERMITTED)), i);
	round_trip(codes, CL_VERDICTS * 2, NULL, "every code");
}

static void
test_writer_refuses(void)
{
	static const char uuid[CL_UUID_BYTES];
	static char longer[CL_ROW_KEY_MAX + 2];
	cl_use		last = use_text(5, 0, "key");
	cl_use		bad[] = {
		use_text(5, 0, "key"), use_text(5, 1, "key"), use_text(5, 0, "kex"), use_text(5, 0, "ke"),
		use_text(5, 0, ""), use_uuid(5, 0, uuid), use_int(5, 0, 9), use_text(4, 0, "z"),
		use_int(-1, 0, 0), use_int(6, 6, 0), use_int(6, 7, 0), use_int(6, 14, 0), use_int(6, 16, 0),
		use_int(6, 0, 0), use_uuid(6, 0, uuid), use_text(6, 0, longer), use_int(6, 0, 0)
	};
	cl_use		good = use_text(5, 0, "key!");
	int			taken = 0;

	memset(longer, 'x', CL_ROW_KEY_MAX + 1);
	bad[13].kind = 3;
	bad[14].len = 15;
	bad[15].len = CL_ROW_KEY_MAX + 1;
	bad[16].len = 1;
	cl_block_begin(&writer, block, sizeof(block));
	ok(cl_block_end(&writer) == 0, "there is no empty block");
	ok(cl_block_append(&writer, &last) == CL_BLOCK_OK, "a use");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		taken += cl_block_append(&writer, &bad[i]) != CL_BLOCK_REFUSED;
	ok(taken == 0, "uses out of order, twice, or malformed are refused");
	ok(cl_block_append(&writer, &good) == CL_BLOCK_OK, "a good one is taken after that");
	ok(holds(block, cl_block_end(&writer), (cl_use[]) {last, good}, 2), "and the block holds the good ones");
}

static void
test_full(void)
{
	static cl_use uses[CL_BLOCK_MAX];
	int			wrong = 0;
	int			n = 0;

	for (int i = 0; i < CL_BLOCK_MAX; i++)
		uses[i] = use_int(i / 9, (uint8_t) (i / 9 % 4 == 0 && i % 9 == 5), (int64_t) i * 77777);
	for (size_t cap = 0; cap < 600; cap++)
	{
		size_t		len;

		cl_block_begin(&writer, block, cap);
		for (n = 0; cl_block_append(&writer, &uses[n]) == CL_BLOCK_OK; n++)
			continue;
		wrong += cl_block_append(&writer, &uses[n]) != CL_BLOCK_FULL;
		len = cl_block_end(&writer);
		wrong += len > cap || (n > 0 && !holds(block, len, uses, n)) || (n == 0) != (len == 0);
		/* One byte more would have been needed for the next. */
		if (n > 0)
		{
			cl_block_begin(&writer, block, sizeof(block));
			for (int i = 0; i <= n; i++)
				cl_block_append(&writer, &uses[i]);
			wrong += cl_block_end(&writer) <= cap;
		}
	}
	ok(wrong == 0, "blocks of every size are as full as can be, and never fuller");
	cl_block_begin(&writer, block, SIZE_MAX);
	for (n = 0; n < CL_BLOCK_MAX; n++)
	{
		cl_use		dense = use_int(1, 0, n);

		if (cl_block_append(&writer, &dense) != CL_BLOCK_OK)
			break;
	}
	ok(n > CL_BLOCK_MAX - 32 && cl_block_end(&writer) <= CL_BLOCK_MAX && is_read(block, writer.len),
	   "the densest block holds %d", n);
}

/* Random uses of a few subjects, sorted, each key once. */
static int
make_uses(cl_use *uses, int n)
{
	static char keys[600][CL_UUID_BYTES];
	int			kept = 0;

	for (int i = 0; i < n; i++)
	{
		cl_use	   *u = &uses[i];

		*u = use_int(next_random() % 40, next_random() % 2 ? 8 : (uint8_t) (next_random() % CL_VERDICTS),
					 (int32_t) (next_random() >> next_random() % 32));
		u->kind = (uint8_t) (next_random() % 3);
		if (u->kind == CL_KEY_INT)
			continue;
		u->number = 0;
		u->bytes = keys[i];
		u->len = u->kind == CL_KEY_UUID ? CL_UUID_BYTES : (int32_t) (next_random() % 9);
		for (int b = 0; b < u->len; b++)
			keys[i][b] = (char) (next_random() % (u->kind == CL_KEY_UUID ? 256 : 3));
	}
	qsort(uses, n, sizeof(*uses), (int (*) (const void *, const void *)) cl_use_compare);
	for (int i = 0; i < n; i++)
		if (kept == 0 || cl_use_compare(&uses[kept - 1], &uses[i]) != 0)
			uses[kept++] = uses[i];
	return kept;
}

static void
test_random(void)
{
	static cl_use uses[600];
	bool		all = true;

	for (int round = 0; round < 200; round++)
	{
		int			n = make_uses(uses, 1 + (int) (next_random() % 600));
		size_t		len = write_all(uses, n);

		all = all && (len == 0 || holds(block, len, uses, n));
	}
	ok(all, "random uses come back");
}

static void
test_seek(void)
{
	static cl_use uses[400];
	int			n = make_uses(uses, 400);
	size_t		len = write_all(uses, n);
	bool		right = len > 0;

	for (int64_t subject = 0; subject < 45; subject++)
	{
		cl_use		use;
		int			first = 0;
		int			found;

		while (first < n && uses[first].subject < subject)
			first++;
		cl_block_open(&reader, block, len, text);
		found = cl_block_seek(&reader, subject);
		right = right && found == (first < n);
		for (; first < n && right; first++)
			right = cl_block_next(&reader, &use) == 1 && same(&use, &uses[first]);
		right = right && cl_block_next(&reader, &use) == 0 && cl_block_seek(&reader, INT64_MAX) == 0;
	}
	ok(right, "seek finds each subject, or the next one, or the end");
	cl_block_open(&reader, block, len, text);
	ok(cl_block_seek(&reader, uses[0].subject) == 1 && cl_block_seek(&reader, 0) == 1, "seek does not go back");
	cl_block_open(&reader, block, len - 1, text);
	ok(cl_block_seek(&reader, INT64_MAX) == -1, "what is passed over is checked");
}

/* Does seek take what reading takes, and stand where reading comes to? */
static bool
seek_agrees(const void *data, size_t len, int64_t subject)
{
	static char read_text[CL_BLOCK_TEXT(CL_BLOCK_MAX)];
	static cl_block_reader read;
	cl_use		use;
	cl_use		found;
	int			result;

	cl_block_open(&read, data, len, read_text);
	do
		result = cl_block_next(&read, &use);
	while (result == 1 && use.subject < subject);
	cl_block_open(&reader, data, len, text);
	/* the head of a group is enough for seek: whether its keys are well-formed shows later */
	if (cl_block_seek(&reader, subject) != 1)
		return result != 1;
	return cl_block_next(&reader, &found) == result && (result != 1 || same(&found, &use));
}

/* Subjects of whom most have one use, a number, near or far. */
static void
test_seek_numbers(void)
{
	static cl_use uses[120];
	uint8_t		changed[sizeof(block)];
	int64_t		subject = 5;
	size_t		len;
	bool		all = true;

	for (int i = 0; i < 120; i++)
	{
		if (i % 9 != 1)
			subject += i % 17 == 2 ? 100 + i : 1 + (int64_t) (next_random() % 3);
		uses[i] = (cl_use) {.subject = subject, .code = i % 11 == 3 ? CL_USE_PERMITTED : 0, .kind = CL_KEY_INT,
		.number = (int64_t) (((uint64_t) next_random() << 31 ^ next_random()) >> next_random() % 63) * (i % 2 ? 1 : -1)};
		if (i % 9 == 1)
			uses[i].number = uses[i - 1].number < INT64_MAX ? uses[i - 1].number + 1 + (i % 2) : INT64_MAX;
	}
	len = write_all(uses, 120);
	for (int64_t at = 0; at <= subject + 1; at++)
		all = all && seek_agrees(block, len, at);
	ok(len > 0 && all, "seek passes over numbers as reading does");
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++)
		{
			memcpy(changed, block, len);
			changed[i] ^= (uint8_t) (1 << bit);
			for (int n = 0; n < 3; n++)
				all = all && seek_agrees(changed, len, (int64_t) (next_random() % (uint64_t) subject));
			all = all && seek_agrees(changed, len, INT64_MAX);
		}
	ok(all, "and finds wrong what reading finds wrong");
}

/*
 * Whatever is changed: refused, or other uses, of which the writer makes just
 * these bytes.  So no two blocks mean the same.
 */
static void
test_corruption(void)
{
	static cl_use uses[60];
	static uint8_t changed[CL_BLOCK_MAX];
	static cl_block_writer again;
	static uint8_t out[CL_BLOCK_MAX];
	size_t		len;
	int			wrong = 0;
	int			cut = 0;

	len = write_all(uses, make_uses(uses, 60));
	for (size_t i = 0; i < len * 255; i++)
	{
		cl_use		use;
		int			result;

		memcpy(changed, block, len);
		changed[i / 255] ^= (uint8_t) (i % 255 + 1);
		cl_block_open(&reader, changed, len, text);
		cl_block_begin(&again, out, sizeof(out));
		while ((result = cl_block_next(&reader, &use)) == 1)
			wrong += cl_block_append(&again, &use) != CL_BLOCK_OK;
		wrong += result == 0 && (cl_block_end(&again) != len || memcmp(out, changed, len) != 0);
	}
	ok(wrong == 0, "a changed byte is refused, or is other uses in their only spelling");
	for (size_t i = 0; i < len; i++)
		cut += is_read(block, i);
	ok(cut == 0, "a block cut off is refused, at every byte");
	memcpy(changed, block, len);
	changed[len] = 0;
	ok(!is_read(changed, len + 1), "a byte more is refused");
}

static void
test_malformed(void)
{
	static const struct
	{
		const char *hex;
		const char *why;
	}			bad[] = {
		{"", "nothing"},
		{"0100010000000000000001", "a header alone"},
		{"0100000000000000000001", "no uses"},
		{"020001000000000000000108000002", "another version"},
		{"000001000000000000000108000002", "version 0"},
		{"010001800000000000000108000002", "a negative subject"},
		{"010001000000000000000188000002", "the reserved bit"},
		{"010001000000000000000138000002", "an unknown kind of key"},
		{"010001000000000000000106000002", "a verdict that there is not"},
		{"01000100000000000000010e000002", "a verdict that there is not, permitted"},
		{"010001000000000000000108010002", "a first group at a distance"},
		{"010001000000000000000108000102", "more uses than the header says"},
		{"010002000000000000000108000002", "fewer uses than the header says"},
		{"01000200000000000000010800010200" "00", "a byte after the last use"},
		{"0100010000000000000001080000" "8200", "a varint longer than it need be"},
		{"01000100000000000000010880000002", "a distance longer than it need be"},
		{"0100010000000000000001080000" "ffffffffffffffffff02", "a varint beyond 64 bits"},
		{"0100010000000000000001080000" "ffffffffffffffffffff01", "a varint of eleven bytes"},
		{"0100010000000000000001080000" "82", "a varint cut off"},
		{"0100010000000000000001" "48000002", "a mixed group with a code"},
		{"0100010000000000000001" "4000008002", "a mixed group of one"},
		{"0100020000000000000001" "400001880200", "a mixed group of equal codes"},
		{"0100020000000000000001" "400001860200", "a mixed group with a verdict that there is not"},
		{"0100030000000000000001" "40000281810200" "00", "a mixed group with a last nibble"},
		{"0100040000000000000001" "40000381", "codes cut off"},
		{"0100020000000000000001" "08000002" "08000004", "a subject's group in two"},
		{"0100020000000000000001" "18000030313233343536373839616263646566" "08000002", "kinds out of order"},
		{"0100027fffffffffffffff" "08000002" "08010002", "a subject beyond 63 bits"},
		{"0100020000000000000001" "08000102" "ffffffffffffffffff01", "an integer beyond 64 bits"},
		{"0100010000000000000001" "180000303132333435363738396162636465", "a uuid cut off"},
		{"0100020000000000000001" "180001" "30313233343536373839616263646566" "30313233343536373839616263646566", "a uuid twice"},
		{"0100020000000000000001" "180001" "31313233343536373839616263646566" "30313233343536373839616263646566", "uuids out of order"},
		{"0100010000000000000001" "280000" "010161", "a prefix of nothing"},
		{"0100010000000000000001" "280000" "000261", "a text cut off"},
		{"0100020000000000000001" "280001" "000161" "00026162", "a prefix shorter than it is"},
		{"0100020000000000000001" "280001" "000161" "0100", "a text twice"},
		{"0100020000000000000001" "280001" "00026162" "0100", "a text that begins the one before"},
		{"0100020000000000000001" "280001" "00026162" "010161", "texts out of order"},
		{"0100010000000000000001" "280000" "00d10f", "a text longer than one may be"},
	};
	uint8_t		data[256];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		size_t		len = from_hex(bad[i].hex, data);

		ok(!is_read(data, len), "refuse %s", bad[i].why);
	}
	ok(is_read(data, from_hex("010001000000000000000108000002", data)), "and take what they were made of");
	ok(is_read(data, from_hex("0100010000000000000001080000" "ffffffffffffffffff01", data)), "with the greatest varint");
	ok(is_read(data, from_hex("0100020000000000000001" "40000181" "0200", data)), "with codes that differ");
	cl_block_open(&reader, data, 3, text);
	ok(cl_block_seek(&reader, 1) == -1 && cl_block_next(&reader, &(cl_use) {0}) == -1, "what failed once goes on failing");
}

/* Rows of five million, nine of each subject: what a use costs. */
static void
test_density(void)
{
	size_t		bytes = 0;
	int			n = 0;

	cl_block_begin(&writer, block, 4000);
	for (int64_t subject = 1; subject <= 20000; subject++)
	{
		int64_t		number = 0;

		for (int i = 0; i < 9; i++)
		{
			cl_use		use;

			/* the gaps between nine numbers that are evenly spread */
			number += 1 + next_random() % 1000000;
			use = use_int(subject, 8, number);
			if (cl_block_append(&writer, &use) == CL_BLOCK_FULL)
			{
				bytes += cl_block_end(&writer);
				cl_block_begin(&writer, block, 4000);
				cl_block_append(&writer, &use);
			}
			n++;
		}
	}
	bytes += cl_block_end(&writer);
	ok(bytes * 2 <= (size_t) n * 7, "a use takes %.2f bytes", (double) bytes / n);
}

int
main(void)
{
	test_bytes();
	test_extremes();
	test_writer_refuses();
	test_full();
	test_random();
	test_seek();
	test_seek_numbers();
	test_corruption();
	test_malformed();
	test_density();
	return done_testing();
}
