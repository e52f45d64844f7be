/*
 * tile.c
 *		The log as files: paths, and bundles of entries.
 */
#include "core/tile.h"

#define DIGITS 1000				/* of one path element: three */

/* Append three digits. */
static void
put_element(cl_buffer *b, unsigned n)
{
	cl_put_char(b, '0' + n / 100);
	cl_put_char(b, '0' + n / 10 % 10);
	cl_put_char(b, '0' + n % 10);
}

/* Append an index in elements of three digits, all but the last begun by an x. */
static void
put_index(cl_buffer *b, uint64_t index)
{
	uint64_t	unit = 1;

	while (index / unit >= DIGITS)
		unit *= DIGITS;
	for (; unit > 1; unit /= DIGITS)
	{
		cl_put_char(b, 'x');
		put_element(b, index / unit % DIGITS);
		cl_put_char(b, '/');
	}
	put_element(b, index % DIGITS);
}

size_t
cl_tile_path(int level, uint64_t index, int width, char out[CL_TILE_PATH_MAX])
{
	cl_buffer	b = {out, CL_TILE_PATH_MAX, 0};

	cl_put_string(&b, "tile/");
	if (level == CL_TILE_ENTRIES)
		cl_put_string(&b, "entries");
	else
		cl_put_number(&b, (uint64_t) level);
	cl_put_char(&b, '/');
	put_index(&b, index);
	if (width < CL_TILE_WIDTH)
	{
		cl_put_string(&b, ".p/");
		cl_put_number(&b, (uint64_t) width);
	}
	cl_put_char(&b, '\0');
	return b.len - 1;
}

bool
cl_entry_put(cl_buffer *bundle, const void *entry, size_t len)
{
	uint8_t		prefix[2];

	if (len > CL_ENTRY_MAX)
		return false;
	cl_put_big_endian(prefix, len, sizeof(prefix));
	cl_put(bundle, prefix, sizeof(prefix));
	cl_put(bundle, entry, len);
	return true;
}

bool
cl_entry_take(cl_scanner *bundle, cl_value *entry)
{
	size_t		left = bundle->len - bundle->pos;
	size_t		len;

	if (left < 2)
		return false;
	len = cl_get_big_endian(bundle->data + bundle->pos, 2);
	if (len > left - 2)
		return false;
	*entry = (cl_value) {bundle->data + bundle->pos + 2, len};
	bundle->pos += 2 + len;
	return true;
}
