/*
 * core_json.c
 *		Canonical JSON (RFC 8785), and events in it.
 */
#include "core/event.h"
#include "core/json.h"
#include "bytes.h"

/* The bytes of a literal, and their number. */
#define STRING(literal) literal, sizeof(literal) - 1

static char scratch[70000];

static bool
reads(const char *text, size_t len)
{
	cl_json_member members[8];
	size_t		offset;

	return cl_json_read(text, len, members, 8, scratch, &offset) >= 0;
}

static void
is_written(const char *s, size_t s_len, const char *expected, const char *name)
{
	char		out[256];
	cl_buffer	b = {out, sizeof(out), 0};

	cl_json_put_string(&b, s, s_len);
	is_text(out, b.len, expected, name);
}

static void
test_escapes(void)
{
	is_written(STRING("\"\\/"), "\"\\\"\\\\/\"", "quote and backslash are escaped, the slash is not");
	is_written(STRING("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"", "short escapes");
	is_written(STRING("\x00\x01\x0b\x0e\x0f\x1a\x1f"), "\"\\u0000\\u0001\\u000b\\u000e\\u000f\\u001a\\u001f\"", "other controls in lower-case hex");
	is_written(STRING("\x7f\xc2\x80\xe2\x80\xa8\xe2\x80\xa9"), "\"\x7f\xc2\x80\xe2\x80\xa8\xe2\x80\xa9\"", "DEL, C1 controls and line separators are not escaped");
	/* RFC 8785 section 3.2.2.2, its example: \u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/ */
	is_written(STRING("\xe2\x82\xac$\x0f\nA'B\"\\\\\"/"), "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"", "RFC 8785: the example");
	is_written(STRING("\xf0\x9f\x98\x82"), "\"\xf0\x9f\x98\x82\"", "beyond the basic plane");
}

/* RFC 8785 section 3.2.3, the example of sorting. */
static void
test_sorting(void)
{
	cl_json_member members[] = {
		{STRING("\xe2\x82\xac"), STRING("Euro Sign")},
		{STRING("\r"), STRING("Carriage Return")},
		{STRING("\xef\xac\xb3"), STRING("Hebrew Letter Dalet With Dagesh")},
		{STRING("1"), STRING("One")},
		{STRING("\xf0\x9f\x98\x80"), STRING("Emoji: Grinning Face")},
		{STRING("\xc2\x80"), STRING("Control")},
		{STRING("\xc3\xb6"), STRING("Latin Small Letter O With Diaeresis")},
		{STRING("absent"), NULL, 0},
	};
	char		out[512];
	size_t		len = cl_json_write(members, 8, out, sizeof(out));
	cl_json_member back[8];
	size_t		offset;

	is_text(out, len, "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
			"\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
			"\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
			"\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}", "RFC 8785: names in the order of UTF-16");
	ok(cl_json_read(out, len, back, 8, scratch, &offset) == 7, "and it is read back");
	is_text(back[1].name, back[1].name_len, "1", "a name");
	is_text(back[1].value, back[1].value_len, "One", "its value");
	ok(cl_json_write(members, 8, out, len - 1) == len, "the length is told where there is too little room");
	ok(cl_json_read(out, len - 1, back, 8, scratch, &offset) == -1 && offset == len - 1, "where it ends too early is told");
}

static void
test_writing(void)
{
	cl_json_member twice[] = {{STRING("a"), STRING("1")}, {STRING("b"), STRING("2")}, {STRING("a"), STRING("3")}};
	cl_json_member bad_name[] = {{STRING("\xff"), STRING("1")}};
	cl_json_member bad_value[] = {{STRING("a"), STRING("\xc0\x80")}};
	char		out[64];

	is_text(out, cl_json_write(NULL, 0, out, sizeof(out)), "{}", "an empty object");
	ok(cl_json_write(twice, 3, out, sizeof(out)) == 0, "a name twice is refused");
	ok(cl_json_write(bad_name, 1, out, sizeof(out)) == 0, "a name that is not UTF-8 is refused");
	ok(cl_json_write(bad_value, 1, out, sizeof(out)) == 0, "a value that is not UTF-8 is refused");
}

static void
test_reading(void)
{
	static const struct
	{
		cl_value	text;
		const char *why;
	}			bad[] = {
		{BYTES(""), "nothing"},
		{BYTES("{"), "no end"},
		{BYTES("}"), "no beginning"},
		{BYTES("[]"), "an array"},
		{BYTES("null"), "null"},
		{BYTES("{} "), "a space after"},
		{BYTES(" {}"), "a space before"},
		{BYTES("{}{}"), "two objects"},
		{BYTES("{}\n"), "a newline after"},
		{BYTES("{}\0"), "a NUL after"},
		{BYTES("{ \"a\":\"b\"}"), "a space within"},
		{BYTES("{\"a\": \"b\"}"), "a space after the colon"},
		{BYTES("{\"a\" :\"b\"}"), "a space before the colon"},
		{BYTES("{\"a\":\"b\",}"), "a comma at the end"},
		{BYTES("{,\"a\":\"b\"}"), "a comma at the beginning"},
		{BYTES("{\"a\":\"b\"\"c\":\"d\"}"), "no comma"},
		{BYTES("{\"a\"\"b\"}"), "no colon"},
		{BYTES("{\"a\"}"), "no value"},
		{BYTES("{\"a\":}"), "an empty value"},
		{BYTES("{a:\"b\"}"), "a name without quotes"},
		{BYTES("{'a':'b'}"), "single quotes"},
		{BYTES("{\"a\":1}"), "a number"},
		{BYTES("{\"a\":true}"), "a truth value"},
		{BYTES("{\"a\":null}"), "a null"},
		{BYTES("{\"a\":{}}"), "an object within"},
		{BYTES("{\"a\":[\"b\"]}"), "an array within"},
		{BYTES("{\"b\":\"1\",\"a\":\"2\"}"), "names out of order"},
		{BYTES("{\"a\":\"1\",\"a\":\"2\"}"), "a name twice"},
		{BYTES("{\"\xef\xac\xb3\":\"1\",\"\xf0\x9f\x98\x80\":\"2\"}"), "names in the order of UTF-8"},
		{BYTES("{\"a\":\"\\/\"}"), "a slash escaped"},
		{BYTES("{\"a\":\"\\u0041\"}"), "a letter escaped"},
		{BYTES("{\"a\":\"\\u000A\"}"), "a newline in hex"},
		{BYTES("{\"a\":\"\\u000a\"}"), "a newline in lower-case hex"},
		{BYTES("{\"a\":\"\\u0008\"}"), "a backspace in hex"},
		{BYTES("{\"a\":\"\\u0022\"}"), "a quote in hex"},
		{BYTES("{\"a\":\"\\u005c\"}"), "a backslash in hex"},
		{BYTES("{\"a\":\"\\u001F\"}"), "hex in upper case"},
		{BYTES("{\"a\":\"\\U001f\"}"), "an upper-case U"},
		{BYTES("{\"a\":\"\\ud83d\\ude02\"}"), "surrogates escaped"},
		{BYTES("{\"a\":\"\\u20ac\"}"), "a euro sign escaped"},
		{BYTES("{\"a\":\"\\u00"), "an escape cut off"},
		{BYTES("{\"a\":\"\\"), "a backslash at the end"},
		{BYTES("{\"a\":\"\\x\"}"), "an unknown escape"},
		{BYTES("{\"a\":\"\\v\"}"), "an escape of C, not of JSON"},
		{BYTES("{\"a\":\"\n\"}"), "a newline as it is"},
		{BYTES("{\"a\":\"\0\"}"), "a NUL as it is"},
		{BYTES("{\"a\":\"\x1f\"}"), "a control as it is"},
		{BYTES("{\"a\":\"b"), "a string without end"},
		{BYTES("{\"a\":\"\x80\"}"), "UTF-8: a stray continuation"},
		{BYTES("{\"a\":\"\xc3\"}"), "UTF-8: cut off"},
		{BYTES("{\"a\":\"\xc0\xaf\"}"), "UTF-8: overlong"},
		{BYTES("{\"a\":\"\xe0\x80\xaf\"}"), "UTF-8: overlong in three"},
		{BYTES("{\"a\":\"\xed\xa0\x80\"}"), "UTF-8: a surrogate"},
		{BYTES("{\"a\":\"\xf4\x90\x80\x80\"}"), "UTF-8: beyond U+10FFFF"},
		{BYTES("{\"a\":\"\xff\"}"), "UTF-8: no such byte"},
		{BYTES("{\"\xc3\":\"b\"}"), "UTF-8: in a name"},
		{BYTES("\xef\xbb\xbf{}"), "a byte order mark"},
	};

	ok(reads("{}", 2), "an empty object is read");
	ok(reads("{\"\":\"\"}", 7), "an empty name and value are read");
	ok(reads("{\"a\":\"\\u0000\\u001f\\b\\\"\\\\\"}", 26), "canonical escapes are read");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!reads(bad[i].text.data, bad[i].text.len), "refuse %s", bad[i].why);
	ok(!reads("{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\",\"i\":\"\"}", 64), "refuse more members than there is room for");
}

static void
test_event(void)
{
	static const char expected[] =
		"{\"actor\":\"self\",\"choices\":\"+ai_training\",\"event_time\":\"2024-10-02T09:00:00Z\","
		"\"id\":\"4096\",\"kind\":\"choices\",\"nonce\":\"000102030405060708090a0b0c0d0e0f\","
		"\"row_key\":\"a\\\"b\",\"source\":\"\",\"subject_no\":\"7\",\"v\":\"1\"}";
	cl_value	values[CL_MEMBERS] = {
		[CL_M_ACTOR] = BYTES("self"),
		[CL_M_CHOICES] = BYTES("+ai_training"),
		[CL_M_EVENT_TIME] = BYTES("2024-10-02T09:00:00Z"),
		[CL_M_ID] = BYTES("4096"),
		[CL_M_KIND] = BYTES("choices"),
		[CL_M_NONCE] = BYTES("000102030405060708090a0b0c0d0e0f"),
		[CL_M_ROW_KEY] = BYTES("a\"b"),
		[CL_M_SOURCE] = BYTES(""),
		[CL_M_SUBJECT_NO] = BYTES("7"),
	};
	cl_value	back[CL_MEMBERS];
	char		out[512];
	char		other[512];
	size_t		len = cl_event_encode(values, out, sizeof(out));
	bool		same = true;

	is_text(out, len, expected, "an event's canonical bytes");
	ok(cl_event_encode(values, other, 10) == len, "the length is told where there is too little room");
	ok(cl_event_decode(out, len, back, scratch) == 0, "an event is read back");
	for (int m = 0; m < CL_MEMBERS; m++)
		if (m != CL_M_VERSION)
			same = same && cl_value_equal(values[m], back[m]) &&
				(values[m].data == NULL) == (back[m].data == NULL);
	ok(same, "with the same values");
	for (int m = 1; m < CL_MEMBERS; m++)
		ok(strcmp(cl_member_name(m - 1), cl_member_name(m)) < 0,
		   "%s is before %s", cl_member_name(m - 1), cl_member_name(m));
	values[CL_M_METHOD] = (cl_value) BYTES("\xed\xb0\x80");
	ok(cl_event_encode(values, other, sizeof(other)) == 0, "a value that is not UTF-8 is not encoded");
	ok(cl_event_decode("{\"v\":\"1\"}", 9, back, scratch) == 0, "a version is enough");
	ok(cl_event_decode("{}", 2, back, scratch) != 0, "refuse an event without version");
	ok(cl_event_decode("{\"v\":\"2\"}", 9, back, scratch) != 0, "refuse another version");
	ok(cl_event_decode("{\"v\":\"\"}", 8, back, scratch) != 0, "refuse an empty version");
	ok(cl_event_decode("{\"v\":\"1\",\"w\":\"\"}", 16, back, scratch) != 0, "refuse an unknown member");
	ok(cl_event_decode("{\"Actor\":\"\",\"v\":\"1\"}", 20, back, scratch) != 0, "names are spelt in lower case");
	ok(cl_event_decode("{\"kind\":\"a\",\"kind\":\"b\",\"v\":\"1\"}", 31, back, scratch) == 13, "refuse a member twice, and tell where");
	ok(cl_event_decode("{\"kind\":\"a\",\"id\":\"b\",\"v\":\"1\"}", 29, back, scratch) == 13, "refuse members out of order, and tell where");
}

/* What is written eight bytes at a time comes out as byte by byte. */
static void
test_every_byte_everywhere(void)
{
	int			wrong = 0;

	for (int c = 0; c < 256; c++)
		for (size_t len = 1; len < 26; len++)
			for (size_t at = 0; at < len; at++)
			{
				char		s[26];
				char		single[16];
				char		out[64];
				char		expected[64];
				cl_buffer	of_one = {single, sizeof(single), 0};
				cl_buffer	b = {out, sizeof(out), 0};
				cl_buffer	e = {expected, sizeof(expected), 0};
				bool		fine;

				memset(s, '~', len);
				s[at] = (char) c;
				fine = cl_json_put_string(&of_one, s + at, 1);
				cl_put(&e, "\"~~~~~~~~~~~~~~~~~~~~~~~~~", 1 + at);
				cl_put(&e, single + 1, of_one.len - 2);
				cl_put(&e, "~~~~~~~~~~~~~~~~~~~~~~~~~", len - at - 1);
				cl_put(&e, "\"", 1);
				if (fine != (c < 0x80) || cl_json_put_string(&b, s, len) != fine ||
					(fine && (b.len != e.len || memcmp(out, expected, b.len) != 0)))
					wrong++;
			}
	ok(wrong == 0, "each byte at each place of strings of up to 25 is written as when it is alone");
}

static void
test_event_size(void)
{
	static char text[CL_EVENT_MAX + 2];
	static char value[CL_EVENT_MAX];
	cl_value	values[CL_MEMBERS] = {[CL_M_DETAIL] = {value, CL_EVENT_MAX - 21}};
	cl_value	back[CL_MEMBERS];
	size_t		len;

	memset(value, 'x', sizeof(value));
	len = cl_event_encode(values, text, sizeof(text));
	ok(len == CL_EVENT_MAX && cl_event_decode(text, len, back, scratch) == 0, "the longest event");
	values[CL_M_DETAIL].len++;
	len = cl_event_encode(values, text, sizeof(text));
	ok(len == CL_EVENT_MAX + 1 && cl_event_decode(text, len, back, scratch) == len, "refuse a longer one");
}

int
main(void)
{
	test_escapes();
	test_sorting();
	test_writing();
	test_reading();
	test_event();
	test_event_size();
	test_every_byte_everywhere();
	return done_testing();
}
