/*
 * report.c
 *		What a program says: findings, verdicts, explanations, progress.
 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/report.h"
#include "core/hash.h"

#define COLUMNS			79
#define FINDINGS_SHOWN	100		/* further ones are counted */
#define SHOWN_BYTES		600		/* of a text from outside */
#define SHOWN_AT_ONCE	8
#define MESSAGE_MAX		8192
#define UNIX_EPOCH_TO_2000 INT64_C(946684800)

static const char *program = "consent-verify";
static bool quiet;
static uint64_t n_bad;
static uint64_t n_unchecked;

void
report_as(const char *name)
{
	program = name;
}

void
report_quietly(bool be_quiet)
{
	quiet = be_quiet;
}

outcome
report_outcome(void)
{
	return n_bad > 0 ? BAD : n_unchecked > 0 ? UNCHECKED : GOOD;
}

/* ---- texts from outside ---- */

/* One of the buffers that are used in turn. */
static cl_buffer
next_buffer(void)
{
	static char buffers[SHOWN_AT_ONCE][SHOWN_BYTES + 32];
	static int	next = 0;

	next = (next + 1) % SHOWN_AT_ONCE;
	return (cl_buffer) {buffers[next], sizeof(buffers[next]), 0};
}

/* Is this a character that does more than to be seen? */
static bool
steers(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0xAD || c == 0x061C ||
		(c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
		(c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
		(c >= 0xE0000 && c <= 0xE0FFF);
}

const char *
shown(cl_value text)
{
	cl_buffer	b = next_buffer();
	uint32_t	c;
	size_t		n;

	for (size_t i = 0; i < text.len; i += n)
	{
		char		escape[16];

		if (b.len > SHOWN_BYTES)
		{
			cl_put_string(&b, " [...]");
			break;
		}
		n = cl_utf8_read(text.data + i, text.len - i, &c);
		if (n == 0)
		{
			n = 1;
			c = (uint8_t) text.data[i];
		}
		else if (!steers(c))
		{
			cl_put(&b, text.data + i, n);
			continue;
		}
		snprintf(escape, sizeof(escape), "\\u{%x}", (unsigned) c);
		cl_put_string(&b, escape);
	}
	cl_put_char(&b, '\0');
	return b.data;
}

cl_instant
instant_of_seconds(uint64_t seconds)
{
	int64_t		limit = CL_INSTANT_LIMIT / 1000000 + UNIX_EPOCH_TO_2000;

	return seconds < (uint64_t) limit ?
		((cl_instant) seconds - UNIX_EPOCH_TO_2000) * 1000000 : CL_INSTANT_OPEN;
}

const char *
shown_instant(cl_instant t)
{
	cl_buffer	b = next_buffer();

	if (!cl_instant_valid(t))
		return "a time beyond the year 9999";
	cl_instant_format(t, b.data);
	return b.data;
}

const char *
shown_time(uint64_t seconds)
{
	return shown_instant(instant_of_seconds(seconds));
}

const char *
shown_hash(const uint8_t *hash)
{
	cl_buffer	b = next_buffer();

	cl_base64_encode(hash, CL_HASH_BYTES, b.data);
	return b.data;
}

const char *
shown_number(int64_t n)
{
	cl_buffer	b = next_buffer();

	snprintf(b.data, b.cap, "%lld", (long long) n);
	return b.data;
}

const char *
counted(uint64_t n, const char *one, const char *many)
{
	cl_buffer	b = next_buffer();

	snprintf(b.data, b.cap, "%llu %s", (unsigned long long) n, n == 1 ? one : many);
	return b.data;
}

/* ---- lines ---- */

/* How many columns a text takes, near enough: its characters. */
static int
width(const char *s, size_t len)
{
	int			n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((uint8_t) s[i] & 0xC0) != 0x80;
	return n;
}

/* Print a word, a space, and a text in lines that are indented from the second on. */
static void
print_wrapped(FILE *to, const char *word, int indent, const char *text)
{
	int			column = (int) strlen(word) + 1;
	bool		begins = true;

	fprintf(to, "%s ", word);
	for (; *text; begins = false)
	{
		size_t		len = strcspn(text, " ");
		int			columns = width(text, len);

		if (!begins && column + 1 + columns > COLUMNS)
		{
			fprintf(to, "\n%*s", indent, "");
			column = indent;
		}
		else if (!begins)
		{
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, len, to);
		column += columns;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', to);
}

#define FORMATTED(message, format) \
	char		message[MESSAGE_MAX]; \
	va_list		args; \
	va_start(args, format); \
	vsnprintf(message, sizeof(message), format, args); \
	va_end(args)

void
report_bad(const char *format,...)
{
	FORMATTED(message, format);
	progress_end();
	if (++n_bad <= FINDINGS_SHOWN)
		print_wrapped(stdout, "BAD", 4, message);
	else if (n_bad == FINDINGS_SHOWN + 1)
		puts("BAD and more, which are not listed");
}

void
report_unchecked(const char *format,...)
{
	char		word[32];
	FORMATTED(message, format);

	snprintf(word, sizeof(word), "%s:", program);
	progress_end();
	if (++n_unchecked > FINDINGS_SHOWN)
		return;
	fflush(stdout);
	print_wrapped(stderr, word, 4, message);
}

void
report_verdict(const char *word, const char *format,...)
{
	FORMATTED(message, format);
	progress_end();
	if (!quiet)
		print_wrapped(stdout, word, 4, message);
}

void
report_heading(const char *heading)
{
	if (!quiet)
		printf("\n%s\n", heading);
}

void
report_sentence(const char *format,...)
{
	FORMATTED(message, format);
	if (!quiet)
		print_wrapped(stdout, "  *", 4, message);
}

void
report_detail(const char *name, cl_value value)
{
	if (!quiet)
		printf("  %-14s %s\n", name, value.len > 0 ? shown(value) : "(empty)");
}

void
report_row(const char *a, const char *b, const char *c, const char *d)
{
	if (!quiet)
		printf("  %-24s  %-24s  %-20s%s%s\n", a, b, c, *d ? "  " : "", d);
}

/* ---- progress ---- */

static const char *progress_what;
static uint64_t progress_total;
static bool progress_drawn;

void
progress_begin(const char *what, uint64_t total)
{
	progress_what = !quiet && isatty(STDERR_FILENO) ? what : NULL;
	progress_total = total;
}

/* True about ten times in a second. */
static bool
is_time(void)
{
	static struct timespec last;
	struct timespec now;
	int64_t		passed;

	if (clock_gettime(CLOCK_MONOTONIC, &now) != 0)
		return false;
	passed = (now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000;
	if (passed < 100)
		return false;
	last = now;
	return true;
}

void
progress_step(uint64_t done)
{
	int			filled;

	if (progress_what == NULL || !is_time())
		return;
	progress_drawn = true;
	if (progress_total == 0)
	{
		fprintf(stderr, "\r%s %llu", progress_what, (unsigned long long) done);
		return;
	}
	filled = (int) (40.0 * (double) done / (double) progress_total);
	fprintf(stderr, "\r%s [%.*s%*s] %llu of %llu", progress_what, filled,
			"########################################", 40 - filled, "",
			(unsigned long long) done, (unsigned long long) progress_total);
}

void
progress_end(void)
{
	if (progress_drawn)
		fputs("\r\033[K", stderr);
	progress_drawn = false;
}
