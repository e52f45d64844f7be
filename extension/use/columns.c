/*
 * columns.c
 *		Rows to be asked about.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "gate/apart.h"
#include "ledger/arguments.h"
#include "ledger/subject.h"
#include "use/columns.h"

static void
make_codes(AskRow *row)
{
	row->codes = palloc0(Max(row->nparties, 1) * sizeof(UseCode));
}

static void
set_table(AskRow *row, const ProtectedTable *table)
{
	row->row.table = table;
	row->rule = table->rule;
}

static void
set_key_text(AskRow *row, const char *key, int len)
{
	row->row.row_key = key;
	row->row.row_key_len = len;
	row_key_parse(key, len, row->key_scratch, &row->key);
}

static void
set_key_number(AskRow *row, int64 number)
{
	row->key.kind = ROW_KEY_INT;
	row->key.number = number;
	row->key.bytes = NULL;
	row->key.len = 0;
	row->row.row_key_len = pg_lltoa(number, row->key_scratch);
	row->row.row_key = row->key_scratch;
}

void
row_from_arguments(FunctionCallInfo fcinfo, int n, bool apart, AskRow *row)
{
	const Declared *d = gate_ready();
	text	   *name;

	argument_refuse_null(fcinfo, n, "table_name");
	argument_refuse_null(fcinfo, n + 1, "row_key");
	argument_refuse_null(fcinfo, n + 2, "parties");
	name = PG_GETARG_TEXT_PP(n);
	set_table(row, declared_table(d, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name)));
	if (get_fn_expr_argtype(fcinfo->flinfo, n + 1) == INT8OID)
		set_key_number(row, PG_GETARG_INT64(n + 1));
	else
	{
		text	   *key = PG_GETARG_TEXT_PP(n + 1);

		set_key_text(row, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	}
	row->parties = apart ? apart_parties(d, fcinfo, n + 2, NULL, &row->nparties) :
		gate_parties(d, PG_GETARG_ARRAYTYPE_P(n + 2), NULL, &row->nparties);
	row->row.has_collected = !PG_ARGISNULL(n + 3);
	row->row.collected = row->row.has_collected ? PG_GETARG_TIMESTAMPTZ(n + 3) : 0;
	make_codes(row);
}

void
row_from_item(Datum record, AskRow *row)
{
	GateItem	item;

	gate_take_item(gate_ready(), record, &item);
	row->row = item.row;
	row->rule = item.row.table->rule;
	row->parties = item.parties;
	row->nparties = item.nparties;
	if (!item.row.row_key)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a row of protected table \"%s\" has no key", item.row.table->known_as),
				 errdetail("A column of its row key is NULL.")));
	set_key_text(row, item.row.row_key, item.row.row_key_len);
	make_codes(row);
}

void
row_from_found(const ProtectedTable *table, const FoundRow *found, AskRow *row)
{
	const Declared *d = gate_ready();

	set_table(row, table);
	set_key_text(row, found->row_key, found->row_key_len);
	row->row.has_collected = found->has_collected;
	row->row.collected = found->collected;
	row->nparties = found->nparties;
	row->parties = palloc0(Max(found->nparties, 1) * sizeof(GateParty));
	for (int i = 0; i < found->nparties; i++)
	{
		GateParty  *party = &row->parties[i];

		party->kind = found->parties[i] ? GATE_TEXT : GATE_NOBODY;
		if (!found->parties[i])
			continue;
		party->bytes = found->parties[i];
		party->len = strlen(party->bytes);
		subject_check_key(d, party->bytes, party->len);
	}
	make_codes(row);
}

void
row_uses(const AskRow *row, UseCallback use, void *arg)
{
	UseEntry	entry;

	entry.key = row->key;
	for (int i = 0; i < Max(row->nparties, 1); i++)
	{
		const GateParty *party = i < row->nparties ? &row->parties[i] : NULL;
		const char *key = NULL;

		entry.subject = party ? party->subject_no : NO_PARTY;
		entry.code = row->codes[i];
		if (party && party->subject_no == 0)
			key = gate_party_key(party);
		use(&entry, key, arg);
	}
}
