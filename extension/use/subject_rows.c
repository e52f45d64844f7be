/*
 * subject_rows.c
 *		What a run used, subject after subject, over all tables and parts.
 *
 * One merge for each table stands at the first use that was not taken yet, so
 * each part is read once, from its beginning to its end.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "core/use_rows.h"
#include "use/subject_rows.h"
#include "use/union.h"

#define PIECE 8192				/* room for any table's name or row */

/* The uses of one table. */
typedef struct TableRows
{
	const char *name;
	UseMerge   *uses;
	UseEntry	entry;			/* the first one that was not taken */
	bool		ended;
} TableRows;

struct SubjectRows
{
	TableRows  *tables;
	int			ntables;
	int64		subject_no;		/* whose rows are next */
	int64		nread;
	TakePiece	take;			/* while rows are taken */
	void	   *arg;
	cl_buffer	piece;
	char		bytes[PIECE];
};

static void
advance(SubjectRows *rows, TableRows *table)
{
	table->ended = !merge_next(table->uses, &table->entry, NULL);
	if (++rows->nread % 4096 == 0)
		CHECK_FOR_INTERRUPTS();
}

SubjectRows *
subject_rows_begin(Store *blocks, int64 run_id, const RunPart *parts, int nparts,
				   int64 subject_no)
{
	SubjectRows *rows = palloc0(sizeof(SubjectRows));
	char	  **names = union_tables(parts, nparts, &rows->ntables);

	rows->tables = palloc0(Max(rows->ntables, 1) * sizeof(TableRows));
	rows->piece = (cl_buffer) {rows->bytes, PIECE, 0};
	for (int i = 0; i < rows->ntables; i++)
	{
		TableRows  *table = &rows->tables[i];

		table->name = names[i];
		table->uses = union_read(blocks, run_id, parts, nparts, names[i], subject_no);
		do
			advance(rows, table);
		while (!table->ended && table->entry.subject < subject_no);
	}
	return rows;
}

bool
subject_rows_next(SubjectRows *rows, int64 *subject_no)
{
	*subject_no = PG_INT64_MAX;
	for (int i = 0; i < rows->ntables; i++)
		if (!rows->tables[i].ended)
			*subject_no = Min(*subject_no, rows->tables[i].entry.subject);
	rows->subject_no = *subject_no;
	return *subject_no != PG_INT64_MAX;
}

/* Hand on what was put together. */
static void
flush(SubjectRows *rows)
{
	if (rows->piece.len > 0)
		rows->take(rows->bytes, rows->piece.len, rows->arg);
	rows->piece.len = 0;
}

/* Make room for so many bytes. */
static void
reserve(SubjectRows *rows, size_t len)
{
	if (len > PIECE)
		elog(ERROR, "a table's name or a row key is too long");
	if (rows->piece.len + len > PIECE)
		flush(rows);
}

static void
put_row(SubjectRows *rows, const UseEntry *entry)
{
	char		buf[ROW_KEY_TEXT_SIZE];
	int			len;
	const char *key = row_key_text(&entry->key, buf, &len);

	reserve(rows, CL_ROWS_ROW_HEAD + len);
	cl_rows_put_row(&rows->piece, entry->code, key, len);
}

void
subject_rows_take(SubjectRows *rows, TakePiece take, void *arg)
{
	rows->take = take;
	rows->arg = arg;
	for (int i = 0; i < rows->ntables; i++)
	{
		TableRows  *table = &rows->tables[i];
		size_t		len = strlen(table->name);

		if (table->ended || table->entry.subject != rows->subject_no)
			continue;
		reserve(rows, CL_ROWS_TABLE_HEAD + len);
		cl_rows_put_table(&rows->piece, table->name, len);
		do
		{
			put_row(rows, &table->entry);
			advance(rows, table);
		} while (!table->ended && table->entry.subject == rows->subject_no);
	}
	flush(rows);
}

int64
subject_rows_read(const SubjectRows *rows)
{
	return rows->nread;
}
