/*
 * track.c
 *		The trigger on an application's own settings column.
 *
 * Off is always a refusal.  On is an act where the application said whose act
 * it is, by acting() or in a column; otherwise it is a preset, since an
 * operator's UPDATE makes no consent.  A "yes" that goes away, with its row or
 * by NULL, is a refusal too: revoked.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "ledger/acting.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/moved.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"

#define DEFAULT_ACTOR "system"
#define DEFAULT_METHOD "setting"

/* A trigger's declaration, resolved in its table, and what a call records. */
typedef struct Tracking
{
	Relation	rel;
	const Declared *declared;
	AttrNumber	subject;
	Oid			subject_type;	/* text, bigint or uuid, or what is read as these */
	AttrNumber	choice;
	bool		boolean;
	char	   *purpose;		/* of a boolean */
	AttrNumber	actor;			/* 0: no such column */
	char	   *detail;
	MemoryContext row;			/* lives for one row */
	Intake	   *intake;			/* NULL until there is something to record */
} Tracking;

/* What one version of a row says. */
typedef struct Setting
{
	char	   *subject;		/* NULL: it speaks of nobody */
	cl_choice  *choices;
	int			n;
	char	   *actor;			/* NULL: not stated */
} Setting;

/* ---- the declaration ---- */

static AttrNumber
find_column(Tracking *t, const char *name)
{
	int			attno = SPI_fnumber(RelationGetDescr(t->rel), name);

	if (attno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("track(): there is no column \"%s\" in table \"%s\"",
						name, RelationGetRelationName(t->rel)),
				 errhint("The arguments are 'subject column', 'choice column' [, 'purpose' [, 'actor column']].")));
	return attno;
}

static Oid
column_type(Tracking *t, AttrNumber attno)
{
	return getBaseType(TupleDescAttr(RelationGetDescr(t->rel), attno - 1)->atttypid);
}

static void
refuse_column(Tracking *t, AttrNumber attno, const char *what, const char *hint)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(t->rel), attno - 1);

	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("track(): column \"%s\" of type %s cannot be %s",
					NameStr(att->attname), format_type_be(att->atttypid), what),
			 errhint("%s", hint)));
}

static Oid
consent_type(void)
{
	return GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("consent"),
						   ObjectIdGetDatum(get_namespace_oid(LEDGER_SCHEMA, false)));
}

static void
resolve_subject(Tracking *t, const char *column)
{
	t->subject = find_column(t, column);
	t->subject_type = column_type(t, t->subject);
	switch (t->subject_type)
	{
		case TEXTOID:
		case VARCHAROID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case UUIDOID:
			break;
		default:
			refuse_column(t, t->subject, "the subject",
						  "Subjects are text, bigint or uuid, as the ledger was made.");
	}
}

static void
resolve_choice(Tracking *t, const char *column, const char *purpose)
{
	Oid			type;

	t->choice = find_column(t, column);
	type = column_type(t, t->choice);
	t->boolean = type == BOOLOID;
	if (!t->boolean && type != consent_type())
		refuse_column(t, t->choice, "the choice", "It must be boolean or consent.consent.");
	if (t->boolean && !purpose)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("track(): a boolean column needs a purpose"),
				 errhint("Name what \"%s\" switches on as the third argument.", column)));
	if (!t->boolean && purpose)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("track(): column \"%s\" names its purposes itself", column),
				 errhint("Give '' as the third argument.")));
	if (t->boolean)
		t->purpose = pstrdup(declared_purpose(t->declared, purpose, strlen(purpose))->name);
}

static void
resolve_actor(Tracking *t, const char *column)
{
	Oid			type;

	t->actor = find_column(t, column);
	type = column_type(t, t->actor);
	if (type != TEXTOID && type != VARCHAROID)
		refuse_column(t, t->actor, "the actor", "It must be text: self, guardian or agent, or who else acted.");
}

/* What the event says of where it comes from. */
static char *
make_detail(Tracking *t)
{
	const char *column = NameStr(TupleDescAttr(RelationGetDescr(t->rel), t->choice - 1)->attname);
	const char *table = psprintf("%s.%s", get_namespace_name(RelationGetNamespace(t->rel)),
								 RelationGetRelationName(t->rel));
	cl_json_member members[] = {
		DETAIL("column", column),
		DETAIL("table", table)
	};

	return detail_json(members, lengthof(members));
}

static void
resolve(Tracking *t, Trigger *trigger)
{
	char	  **args = trigger->tgargs;
	int			n = trigger->tgnargs;

	if (n < 2 || n > 4)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("track() takes two to four arguments, not %d", n),
				 errhint("They are 'subject column', 'choice column' [, 'purpose' [, 'actor column']].")));
	t->declared = declared_get();
	resolve_subject(t, args[0]);
	resolve_choice(t, args[1], n > 2 && args[2][0] != '\0' ? args[2] : NULL);
	if (n > 3)
		resolve_actor(t, args[3]);
	t->detail = make_detail(t);
}

/* ---- what a row says ---- */

static char *
read_subject(Tracking *t, TupleTableSlot *slot)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, t->subject, &isnull);

	if (isnull)
		return NULL;
	switch (t->subject_type)
	{
		case INT2OID:
			return subject_key_from_datum(t->declared, Int64GetDatum(DatumGetInt16(value)), INT8OID);
		case INT4OID:
			return subject_key_from_datum(t->declared, Int64GetDatum(DatumGetInt32(value)), INT8OID);
		case VARCHAROID:
			return subject_key_from_datum(t->declared, value, TEXTOID);
		default:
			return subject_key_from_datum(t->declared, value, t->subject_type);
	}
}

static void
read_boolean(Tracking *t, bool on, Setting *setting)
{
	cl_choice  *choice = palloc0(sizeof(cl_choice));

	choice->stance = on ? CL_GRANT : CL_REFUSAL;
	choice->purpose = t->purpose;
	choice->purpose_len = strlen(t->purpose);
	choice->since = CL_INSTANT_NONE;
	choice->until = CL_INSTANT_OPEN;
	choice->from = CL_INSTANT_NONE;
	choice->to = CL_INSTANT_OPEN;
	setting->choices = choice;
	setting->n = 1;
}

static void
read_setting(Tracking *t, TupleTableSlot *slot, Setting *setting)
{
	bool		isnull;
	Datum		value;

	memset(setting, 0, sizeof(*setting));
	setting->subject = read_subject(t, slot);
	value = slot_getattr(slot, t->choice, &isnull);
	if (!isnull && t->boolean)
		read_boolean(t, DatumGetBool(value), setting);
	else if (!isnull)
		setting->choices = consent_choices(DatumGetConsentPP(value), &setting->n);
	if (t->actor)
	{
		value = slot_getattr(slot, t->actor, &isnull);
		setting->actor = isnull ? NULL : TextDatumGetCString(value);
	}
}

/* ---- what changed ---- */

/* A "yes" that is gone. */
static cl_choice
revocation(const cl_choice *gone)
{
	cl_choice	c = *gone;

	c.stance = CL_REFUSAL;
	c.act = CL_ACT_REVOKED;
	c.since = CL_INSTANT_NONE;
	c.until = CL_INSTANT_OPEN;
	c.notice = NULL;
	c.notice_len = 0;
	return c;
}

/*
 * The choices that lead from one set to the other, both in the order of their
 * keys.  A refusal that is gone leads to none: silence is not a "yes".
 */
static int
find_changes(const Setting *old, const Setting *new, cl_choice *changes)
{
	int			i = 0,
				j = 0,
				n = 0;

	while (i < old->n || j < new->n)
	{
		int			order = i == old->n ? 1 : j == new->n ? -1 :
			cl_choice_key_compare(&old->choices[i], &new->choices[j]);

		if (order > 0)
			changes[n++] = new->choices[j++];
		else if (order < 0)
		{
			if (old->choices[i].stance != CL_REFUSAL)
				changes[n++] = revocation(&old->choices[i]);
			i++;
		}
		else
		{
			if (cl_choice_compare(&old->choices[i], &new->choices[j]) != 0)
				changes[n++] = new->choices[j];
			i++;
			j++;
		}
	}
	return n;
}

/* Only a person's "yes" is an act. */
static void
settle_stances(cl_choice *choices, int n, const char *actor)
{
	if (acting_is_person(actor))
		return;
	for (int i = 0; i < n; i++)
		if (choices[i].stance == CL_GRANT)
		{
			choices[i].stance = CL_PRESET;
			choices[i].act = CL_ACT_NONE;
		}
}

/* What is left in a table of somebody erased says nothing, unless she chooses anew. */
static bool
is_left_over(const char *subject, const Setting *new, const char *actor)
{
	return !(new->n > 0 && acting_is_person(actor)) &&
		subject_is_erased(declared_get(), subject);
}

/* Record what leads one subject from old to new; actor is what the row says. */
static void
record(Tracking *t, const char *subject, const Setting *old, const Setting *new,
	   const char *actor)
{
	const Acting *acting = acting_for(subject);
	cl_choice  *changes = palloc(sizeof(cl_choice) * (old->n + new->n + 1));
	int			n = find_changes(old, new, changes);
	EventInput	in = {0};

	if (n == 0)
		return;
	in.kind = "choices";
	in.subject = subject;
	in.actor = actor ? actor : acting ? acting->actor : DEFAULT_ACTOR;
	in.method = acting && acting->method ? acting->method : DEFAULT_METHOD;
	in.notice = acting ? acting->notice : NULL;
	in.detail = t->detail;
	if (is_left_over(subject, new, in.actor))
		return;
	settle_stances(changes, n, in.actor);
	in.choices = consent_build(changes, n);
	if (!t->intake)
		t->intake = intake_begin(SEAL_CHOICES);
	intake_add(t->intake, &in);
}

static const Setting nothing = {0};

/* What one row said, and what it says now: perhaps of somebody else. */
static void
record_change(Tracking *t, const Setting *old, const Setting *new)
{
	if (old->subject && new->subject && strcmp(old->subject, new->subject) == 0)
		record(t, new->subject, old, new, new->actor);
	else
	{
		if (old->subject)
			record(t, old->subject, old, &nothing, NULL);
		if (new->subject)
			record(t, new->subject, &nothing, new, new->actor);
	}
}

/* One row before and after; a slot is NULL where there is no such row. */
static void
record_row(Tracking *t, TupleTableSlot *old_slot, TupleTableSlot *new_slot)
{
	Setting		old = {0},
				new = {0};
	MemoryContext outer = MemoryContextSwitchTo(t->row);

	if (old_slot)
		read_setting(t, old_slot, &old);
	if (new_slot)
		read_setting(t, new_slot, &new);
	record_change(t, &old, &new);
	MemoryContextSwitchTo(outer);
	MemoryContextReset(t->row);
}

/* ---- rows that move to another partition ---- */

static Setting
setting_of_moved(const Moved *moved)
{
	Setting		setting = {.subject = moved->subject};

	setting.choices = consent_choices(moved->said, &setting.n);
	return setting;
}

/* No row followed in the other partition: it is as good as deleted. */
static void
record_vanished(const Moved *moved)
{
	Tracking	t = {.detail = moved->detail};
	Setting		old;

	store_push_latest_snapshot();
	old = setting_of_moved(moved);
	record(&t, moved->subject, &old, &nothing, NULL);
	if (t.intake)
		intake_end(t.intake);
	store_pop_snapshot();
}

/* A deleted row waits for the one that follows it, if it says of whom it speaks. */
static void
remember_moved(Tracking *t, TriggerData *trigger, TupleTableSlot *slot)
{
	Setting		old;
	Moved		moved;

	read_setting(t, slot, &old);
	if (!old.subject)
		return;
	moved.subject = old.subject;
	moved.said = consent_build(old.choices, old.n);
	moved.detail = t->detail;
	moved_remember(trigger, &moved);
}

/* An inserted row follows the deleted one. */
static void
record_moved(Tracking *t, const Moved *moved, TupleTableSlot *slot)
{
	Setting		old = setting_of_moved(moved);
	Setting		new;

	read_setting(t, slot, &new);
	record_change(t, &old, &new);
}

void
track_init(void)
{
	moved_init(record_vanished);
}

/* ---- the two forms of the trigger ---- */

static TupleTableSlot *
row_slot(Tracking *t, HeapTuple tuple)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(t->rel), &TTSOpsHeapTuple);

	ExecStoreHeapTuple(tuple, slot, false);
	return slot;
}

static void
track_row(Tracking *t, TriggerData *trigger)
{
	TupleTableSlot *old = NULL,
			   *new = NULL;
	Moved		moved;
	bool		follows = moved_take(trigger, &moved);

	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		new = row_slot(t, trigger->tg_trigtuple);
	else
		old = row_slot(t, trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		new = row_slot(t, trigger->tg_newtuple);
	if (follows && old)
		record_vanished(&moved);
	if (moved_away(trigger))
		remember_moved(t, trigger, old);
	else if (follows && new)
		record_moved(t, &moved, new);
	else
		record_row(t, old, new);
	if (old)
		ExecDropSingleTupleTableSlot(old);
	if (new)
		ExecDropSingleTupleTableSlot(new);
}

/* A transition table, read with a position of our own. */
typedef struct Transition
{
	Tuplestorestate *rows;
	int			position;
	TupleTableSlot *slot;
} Transition;

static void
begin_transition(Tracking *t, Tuplestorestate *rows, Transition *table)
{
	if (!rows)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("track() FOR EACH STATEMENT needs transition tables"),
				 errhint("Add REFERENCING OLD TABLE AS o NEW TABLE AS n, or what the event has of these.")));
	table->rows = rows;
	table->position = tuplestore_alloc_read_pointer(rows, EXEC_FLAG_REWIND);
	tuplestore_select_read_pointer(rows, table->position);
	tuplestore_rescan(rows);
	table->slot = MakeSingleTupleTableSlot(RelationGetDescr(t->rel), &TTSOpsMinimalTuple);
}

static bool
next_transition(Transition *table)
{
	if (!table->rows)
		return false;
	tuplestore_select_read_pointer(table->rows, table->position);
	return tuplestore_gettupleslot(table->rows, true, false, table->slot);
}

static void
end_transition(Transition *table)
{
	if (!table->rows)
		return;
	ExecDropSingleTupleTableSlot(table->slot);
	tuplestore_select_read_pointer(table->rows, 0);
}

/*
 * An UPDATE adds a row to both tables at a time, also when it moves the row to
 * another partition: unless a trigger there made the row vanish.
 */
static void
track_statement(Tracking *t, TriggerData *trigger)
{
	Transition	old = {0},
				new = {0};
	bool		has_old = false,
				has_new = false;

	if (!TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		begin_transition(t, trigger->tg_oldtable, &old);
	if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		begin_transition(t, trigger->tg_newtable, &new);
	for (;;)
	{
		has_old = next_transition(&old);
		has_new = next_transition(&new);
		if (!has_old && !has_new)
			break;
		if (old.rows && new.rows && has_old != has_new)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("track() cannot tell which rows of \"%s\" were updated to which",
							RelationGetRelationName(t->rel)),
					 errdetail("Rows vanished while they were moved to another partition."),
					 errhint("Have no BEFORE trigger on the partitions drop rows.")));
		record_row(t, has_old ? old.slot : NULL, has_new ? new.slot : NULL);
	}
	end_transition(&old);
	end_transition(&new);
}

static void
check_form(TriggerData *trigger)
{
	if (!TRIGGER_FIRED_AFTER(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("track() must be fired AFTER the change"),
				 errhint("Create the trigger AFTER INSERT OR UPDATE OR DELETE.")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("TRUNCATE of \"%s\" is refused: its settings are tracked",
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail("TRUNCATE does not say whose settings go away."),
				 errhint("Use DELETE.")));
}

PG_FUNCTION_INFO_V1(consent_track);

/* SQL: the trigger function track(). */
Datum
consent_track(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	Tracking	t = {0};

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("track() must be called as a trigger")));
	check_form(trigger);
	t.rel = trigger->tg_relation;
	resolve(&t, trigger->tg_trigger);
	t.row = AllocSetContextCreate(CurrentMemoryContext, "consent track",
								  ALLOCSET_DEFAULT_SIZES);
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		track_row(&t, trigger);
	else
		track_statement(&t, trigger);
	if (t.intake)
		intake_end(t.intake);
	MemoryContextDelete(t.row);
	return PointerGetDatum(NULL);
}
