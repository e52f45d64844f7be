/*
 * encode.c
 *		Hex and base64 (RFC 4648), each with one spelling only.
 */
#include "core/encode.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
cl_hex_encode(const void *data, size_t len, char *out)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
	{
		out[2 * i] = hex_digits[bytes[i] >> 4];
		out[2 * i + 1] = hex_digits[bytes[i] & 0x0F];
	}
	out[2 * len] = '\0';
}

/* The value of a lower-case hex digit, or -1. */
static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
cl_hex_decode(const char *s, size_t len, void *out, size_t want)
{
	uint8_t    *bytes = out;

	if (len % 2 != 0 || len / 2 != want)
		return false;
	for (size_t i = 0; i < want; i++)
	{
		int			high = hex_value(s[2 * i]);
		int			low = hex_value(s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (uint8_t) (high << 4 | low);
	}
	return true;
}

size_t
cl_base64_encode(const void *data, size_t len, char *out)
{
	const uint8_t *bytes = data;
	const char *start = out;

	for (size_t i = 0; i < len; i += 3, out += 4)
	{
		size_t		left = len - i;
		uint32_t	v = (uint32_t) bytes[i] << 16 |
			(left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0) |
			(left > 2 ? bytes[i + 2] : 0);

		out[0] = base64_digits[v >> 18];
		out[1] = base64_digits[v >> 12 & 0x3F];
		out[2] = left > 1 ? base64_digits[v >> 6 & 0x3F] : '=';
		out[3] = left > 2 ? base64_digits[v & 0x3F] : '=';
	}
	*out = '\0';
	return (size_t) (out - start);
}

/* The value of a base64 digit, or -1. */
static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Read one group of four; pad is the number of '=' at its end. */
static bool
base64_quad(const char *s, size_t pad, uint32_t *v)
{
	*v = 0;
	for (size_t i = 0; i < 4; i++)
	{
		int			digit = i < 4 - pad ? base64_value(s[i]) : 0;

		if (digit < 0)
			return false;
		*v = *v << 6 | (uint32_t) digit;
	}
	/* The bits that padding leaves over are zero. */
	return (*v & ((UINT32_C(1) << (8 * pad)) - 1)) == 0;
}

long
cl_base64_decode(const char *s, size_t len, void *out, size_t cap)
{
	uint8_t    *bytes = out;
	size_t		pad = 0;
	size_t		n;

	if (len % 4 != 0)
		return -1;
	if (len > 0 && s[len - 1] == '=')
		pad = s[len - 2] == '=' ? 2 : 1;
	n = len / 4 * 3 - pad;
	if (out != NULL && n > cap)
		return -1;
	for (size_t i = 0, at = 0; i < len; i += 4)
	{
		uint32_t	v;

		if (!base64_quad(s + i, i + 4 == len ? pad : 0, &v))
			return -1;
		for (int shift = 16; out != NULL && shift >= 0 && at < n; shift -= 8)
			bytes[at++] = (uint8_t) (v >> shift);
	}
	return (long) n;
}
