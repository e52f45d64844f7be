/*
 * core_tile.c
 *		Where tiles are found, how wide they are, and bundles of entries: the
 *		examples of C2SP tlog-tiles.
 */
#include "core/tile.h"
#include "bytes.h"

static void
path_is(int level, uint64_t index, int width, const char *expected)
{
	char		path[CL_TILE_PATH_MAX];
	size_t		len = cl_tile_path(level, index, width, path);

	is_string(path, expected, "a path");
	ok(len == strlen(expected), "of that length");
}

static void
test_paths(void)
{
	path_is(0, 0, 256, "tile/0/000");
	path_is(0, 273, 112, "tile/0/273.p/112");
	path_is(1, 1, 17, "tile/1/001.p/17");
	path_is(2, 0, 1, "tile/2/000.p/1");
	path_is(0, 999, 256, "tile/0/999");
	path_is(0, 1000, 256, "tile/0/x001/000");
	path_is(0, 1234067, 256, "tile/0/x001/x234/067");
	path_is(CL_TILE_ENTRIES, 1234067, 255, "tile/entries/x001/x234/067.p/255");
	path_is(0, (UINT64_C(1) << 55) - 1, 255, "tile/0/x036/x028/x797/x018/x963/967.p/255");
}

/* A tree of 70,000 has these and no others, says the specification. */
static void
test_widths(void)
{
	int			wide = 0;

	for (uint64_t i = 0; i < 273; i++)
		wide += cl_tile_width(70000, 0, i) == 256;
	ok(wide == 273, "273 complete tiles at level 0");
	ok(cl_tile_width(70000, 0, 273) == 112 && cl_tile_width(70000, 0, 274) == 0, "and one of width 112");
	ok(cl_tile_width(70000, 1, 0) == 256 && cl_tile_width(70000, 1, 1) == 17 && cl_tile_width(70000, 1, 2) == 0, "level 1");
	ok(cl_tile_width(70000, 2, 0) == 1 && cl_tile_width(70000, 2, 1) == 0 && cl_tile_width(70000, 3, 0) == 0, "level 2, and none above");
	ok(cl_tile_width(70000, CL_TILE_ENTRIES, 273) == 112, "bundles are as wide as tiles of level 0");
	ok(cl_tile_width(256, 0, 0) == 256 && cl_tile_width(256, 0, 1) == 0 && cl_tile_width(256, 1, 0) == 1, "a tree of 256");
	ok(cl_tile_width(0, 0, 0) == 0, "an empty tree has no tile");
	ok(cl_tile_width(INT64_MAX, 7, 0) == 127 && cl_tile_width(INT64_MAX, 8, 0) == 0, "the largest tree ends at level 7");
	ok(cl_tile_width(INT64_MAX, 0, UINT64_MAX) == 0, "an index beyond all");
}

static void
test_entries(void)
{
	char		bytes[32];
	cl_buffer	b = {bytes, sizeof(bytes), 0};
	cl_scanner	in;
	cl_value	entry;

	ok(cl_entry_put(&b, "abc", 3) && cl_entry_put(&b, "", 0) && cl_entry_put(&b, "d", 1), "three entries are put");
	ok(b.len == 10 && memcmp(bytes, "\0\3abc\0\0\0\1d", 10) == 0, "each after its length");
	ok(!cl_entry_put(&b, bytes, CL_ENTRY_MAX + 1) && b.len == 10, "one that is too long is not");
	in = (cl_scanner) {bytes, b.len, 0};
	ok(cl_entry_take(&in, &entry) && entry.len == 3 && memcmp(entry.data, "abc", 3) == 0, "the first is taken");
	ok(cl_entry_take(&in, &entry) && entry.len == 0 && cl_entry_take(&in, &entry) && entry.len == 1, "and the others");
	ok(cl_at_end(&in) && !cl_entry_take(&in, &entry), "then there is none");
	in = (cl_scanner) {bytes, 4, 0};
	ok(!cl_entry_take(&in, &entry) && in.pos == 0, "one that is cut off is not taken");
	in = (cl_scanner) {bytes, 1, 0};
	ok(!cl_entry_take(&in, &entry), "nor half a length");
}

int
main(void)
{
	test_paths();
	test_widths();
	test_entries();
	return done_testing();
}
