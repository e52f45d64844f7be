/*
 * ahead.c
 *		Who will most likely be asked about next.
 *
 * permits() is called row by row, and each call would wait for the one place
 * of a large table where its subject is.  But a scan of a table hands out the
 * rows of a page in the order of its line pointers, and a value of text or
 * uuid that it passes points into that page: so the row after this one can be
 * seen, and has its party most likely at the same offset.
 *
 * The page is pinned for as long as the value is good, and a row in a pinned
 * page stays where it is; line pointers may change.  So what is read is
 * copied once, and nothing beyond the page is touched, whatever was read.
 */
#include "postgres.h"

#include "storage/bufmgr.h"
#include "storage/bufpage.h"
#include "utils/uuid.h"

#include "gate/ahead.h"

/* How many rows a scan may skip and still be found without a search. */
#define MOST_SKIPPED 3

/* After so many more rows that were not found where they were expected, give up. */
#define MOST_ASTRAY 64

/* The page of the buffer pool that an address is in; NULL: it is elsewhere. */
static inline const char *
page_of(const char *address)
{
	uintptr_t	offset = (uintptr_t) address - (uintptr_t) BufferBlocks;

	return offset < (uintptr_t) NBuffers * BLCKSZ ? BufferBlocks + TYPEALIGN_DOWN(BLCKSZ, offset) : NULL;
}

/* The row of a line pointer, at its offset; 0 bytes where there is none. */
static inline int
row_at(const char *page, OffsetNumber line, int *offset)
{
	ItemIdData	id = *(const volatile ItemIdData *) &((const PageHeaderData *) page)->pd_linp[line - 1];

	*offset = ItemIdGetOffset(&id);
	return ItemIdIsNormal(&id) && *offset + ItemIdGetLength(&id) <= BLCKSZ ? ItemIdGetLength(&id) : 0;
}

static inline bool
row_holds(const char *page, OffsetNumber line, int offset, int *row)
{
	int			len = row_at(page, line, row);

	return offset > *row && offset < *row + len;
}

/* How many line pointers a page has. */
static inline OffsetNumber
lines_of(const char *page)
{
	LocationIndex lower = ((const volatile PageHeaderData *) page)->pd_lower;

	if (lower <= SizeOfPageHeaderData || lower > BLCKSZ)
		return 0;
	return (lower - SizeOfPageHeaderData) / sizeof(ItemIdData);
}

/*
 * Find the row that an offset is in: it is that of the last time, or comes
 * soon after it.  On a page that was not seen before it is among the first.
 */
static bool
find_row(Ahead *ahead, OffsetNumber lines, int offset, int *row)
{
	OffsetNumber line = Max(ahead->line, FirstOffsetNumber);
	OffsetNumber last = Min(lines, line + MOST_SKIPPED);

	for (; line <= last; line++)
		if (row_holds(ahead->page, line, offset, row))
		{
			ahead->line = line;
			ahead->astray -= ahead->astray > 0;
			return true;
		}
	ahead->astray += 2;
	for (line = FirstOffsetNumber; line <= lines; line++)
		if (row_holds(ahead->page, line, offset, row))
		{
			ahead->line = line;
			return true;
		}
	return false;
}

/* Is there a key of the same kind at an offset of a row that ends there? */
static bool
read_party(const char *page, int offset, int end, const GateParty *party, GateParty *next)
{
	const char *bytes = page + offset;
	unsigned char header;

	next->kind = party->kind;
	next->bytes = bytes;
	if (party->kind == GATE_UUID)
	{
		next->len = UUID_LEN;
		return offset + UUID_LEN <= end;
	}
	/* text of at most 126 bytes, whose length is in the byte before */
	header = bytes[-1];
	if (!VARATT_IS_1B(&header) || VARATT_IS_1B_E(&header))
		return false;
	next->len = VARSIZE_1B(&header) - VARHDRSZ_SHORT;
	return offset + next->len <= end;
}

/*
 * Where the next row has what this row has at an offset.  What stands between
 * two parties is taken to be of the same length in both rows, and so is what
 * stands before the first.
 */
static int
offset_ahead(const Ahead *ahead, int offset, int row, int next_row)
{
	if (ahead->end > row && ahead->end < offset)
		return ahead->next_end + offset - ahead->end;
	return next_row + offset - row;
}

bool
ahead_party(Ahead *ahead, const GateParty *party, GateParty *next)
{
	const char *page;
	OffsetNumber lines;
	int			offset;
	int			next_offset;
	int			row;
	int			next_row;
	int			next_len;

	if (ahead->astray > MOST_ASTRAY || (party->kind != GATE_TEXT && party->kind != GATE_UUID))
		return false;
	page = page_of(party->bytes);
	if (page == NULL)
	{
		ahead->astray++;
		return false;
	}
	if (page != ahead->page)
		*ahead = (Ahead) {.page = page, .astray = ahead->astray};
	lines = lines_of(page);
	offset = party->bytes - page;
	if (!find_row(ahead, lines, offset, &row) || ahead->line == lines)
		return false;
	next_len = row_at(page, ahead->line + 1, &next_row);
	next_offset = offset_ahead(ahead, offset, row, next_row);
	if (next_offset <= next_row || next_offset >= next_row + next_len ||
		!read_party(page, next_offset, next_row + next_len, party, next))
		return false;
	ahead->end = offset + party->len;
	ahead->next_end = next_offset + next->len;
	return true;
}
