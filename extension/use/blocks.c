/*
 * blocks.c
 *		Entries in delta-coded blocks: the codec of core, in the server's terms.
 */
#include "postgres.h"

#include "core/codec.h"
#include "use/blocks.h"

StaticAssertDecl(ROW_KEY_MAX == CL_ROW_KEY_MAX, "row keys are as long as the codec takes them");
StaticAssertDecl(USE_PERMITTED == CL_USE_PERMITTED && USE_CODE_LIMIT == CL_USE_CODES,
				 "codes are those of the codec");
StaticAssertDecl((int) ROW_KEY_INT == CL_KEY_INT && (int) ROW_KEY_UUID == CL_KEY_UUID &&
				 (int) ROW_KEY_TEXT == CL_KEY_TEXT, "kinds of row keys are those of the codec");

struct BlockWriter
{
	cl_block_writer coder;
	BlockInfo	info;
	char		data[CL_BLOCK_MAX];
};

struct BlockReader
{
	cl_block_reader coder;
	MemoryContext context;
	int			room;			/* for a text key */
	char	   *text;
};

BlockWriter *
block_writer(void)
{
	return palloc(sizeof(BlockWriter));
}

void
block_begin(BlockWriter *writer, int cap)
{
	Assert(cap <= CL_BLOCK_MAX);
	memset(&writer->info, 0, sizeof(writer->info));
	cl_block_begin(&writer->coder, writer->data, cap);
}

bool
block_put(BlockWriter *writer, const UseEntry *entry)
{
	cl_use		use;

	use.subject = entry->subject;
	use.code = entry->code;
	use.kind = entry->key.kind;
	use.len = entry->key.len;
	use.number = entry->key.number;
	use.bytes = entry->key.bytes;
	switch (cl_block_append(&writer->coder, &use))
	{
		case CL_BLOCK_OK:
			break;
		case CL_BLOCK_FULL:
			return false;
		default:
			elog(ERROR, "a use comes out of order");
	}
	if (writer->info.entries++ == 0)
		writer->info.first_subject = entry->subject;
	writer->info.last_subject = entry->subject;
	return true;
}

const char *
block_end(BlockWriter *writer, BlockInfo *info)
{
	*info = writer->info;
	info->len = cl_block_end(&writer->coder);
	return writer->data;
}

BlockReader *
block_reader(void)
{
	BlockReader *reader = palloc0(sizeof(BlockReader));

	reader->context = CurrentMemoryContext;
	return reader;
}

/* Many readers may be at work in the parts of a run: give each no more than it needs. */
static void
make_room(BlockReader *reader, int room)
{
	if (room <= reader->room)
		return;
	if (reader->text)
		pfree(reader->text);
	reader->text = NULL;
	reader->room = 0;
	reader->text = MemoryContextAlloc(reader->context, room);
	reader->room = room;
}

void
block_open(BlockReader *reader, const char *data, int len)
{
	make_room(reader, CL_BLOCK_TEXT(len));
	cl_block_open(&reader->coder, data, len, reader->text);
}

static void
refuse_malformed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("a block of uses is malformed")));
}

void
block_seek(BlockReader *reader, int64 subject)
{
	if (cl_block_seek(&reader->coder, subject) < 0)
		refuse_malformed();
}

bool
block_get(BlockReader *reader, UseEntry *entry)
{
	cl_use		use;
	int			result = cl_block_next(&reader->coder, &use);

	if (result == 0)
		return false;
	if (result < 0)
		refuse_malformed();
	entry->subject = use.subject;
	entry->code = use.code;
	entry->key.kind = use.kind;
	entry->key.len = use.len;
	entry->key.number = use.number;
	entry->key.bytes = use.bytes;
	return true;
}
