/*
 * subject_state.c
 *		What events change in the row of a subject.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "ledger/subject.h"
#include "ledger/subject_state.h"
#include "ledger/tables.h"
#include "type/consent.h"

SubjectState
subject_state_empty(void)
{
	return (SubjectState) {consent_empty(), NULL, 0, false};
}

bool
subject_state_merge_jurisdiction(SubjectState *s, char *jurisdiction, TimestampTz at)
{
	if (s->jurisdiction &&
		(s->jurisdiction_at > at ||
		 (s->jurisdiction_at == at && strcmp(s->jurisdiction, jurisdiction) >= 0)))
		return false;
	s->jurisdiction = jurisdiction;
	s->jurisdiction_at = at;
	return true;
}

bool
subject_state_merge(SubjectState *s, const SubjectState *what)
{
	Consent    *before = s->state;
	bool		changed = what->scoped && !s->scoped;

	s->scoped |= what->scoped;
	s->state = consent_merge2(s->state, what->state);
	if (what->jurisdiction)
		changed |= subject_state_merge_jurisdiction(s, what->jurisdiction, what->jurisdiction_at);
	return changed || !consent_equal(before, s->state);
}

int64
subject_state_number(Store *subjects, HeapTuple tuple)
{
	bool		isnull;

	return DatumGetInt64(store_get(subjects, tuple, Anum_subject_subject_no, &isnull));
}

void
subject_state_read(Store *subjects, HeapTuple tuple, SubjectState *s)
{
	SubjectRow	row;
	bool		isnull;

	subject_row_from_tuple(subjects, tuple, &row);
	s->state = row.state;
	s->jurisdiction = row.jurisdiction;
	s->scoped = row.scoped;
	if (row.jurisdiction)
		s->jurisdiction_at =
			DatumGetTimestampTz(store_get(subjects, tuple, Anum_subject_jurisdiction_at, &isnull));
}

void
subject_state_columns(const SubjectState *s, Datum *values, bool *isnull)
{
	values[Anum_subject_state - 1] = PointerGetDatum(s->state);
	isnull[Anum_subject_state - 1] = false;
	isnull[Anum_subject_jurisdiction - 1] = s->jurisdiction == NULL;
	isnull[Anum_subject_jurisdiction_at - 1] = s->jurisdiction == NULL;
	if (s->jurisdiction)
	{
		values[Anum_subject_jurisdiction - 1] = CStringGetTextDatum(s->jurisdiction);
		values[Anum_subject_jurisdiction_at - 1] = TimestampTzGetDatum(s->jurisdiction_at);
	}
	values[Anum_subject_scoped - 1] = BoolGetDatum(s->scoped);
	isnull[Anum_subject_scoped - 1] = false;
}

bool
subject_state_write(Store *subjects, HeapTuple tuple, const SubjectState *s)
{
	Datum		values[Natts_subject];
	bool		isnull[Natts_subject] = {0};
	bool		replace[Natts_subject] = {0};

	subject_state_columns(s, values, isnull);
	replace[Anum_subject_state - 1] = true;
	replace[Anum_subject_jurisdiction - 1] = true;
	replace[Anum_subject_jurisdiction_at - 1] = true;
	replace[Anum_subject_scoped - 1] = true;
	return store_update(subjects, tuple, values, isnull, replace);
}

void
subject_state_refuse_erased(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("subject was erased by another transaction meanwhile"),
			 errhint("Retry the transaction.")));
}
