/*
 * tables.h
 *		Columns of the stored tables of runs, in the order of schema/use.sql.
 */
#ifndef USE_TABLES_H
#define USE_TABLES_H

enum
{
	Anum_run_run_id = 1,
	Anum_run_name,
	Anum_run_purposes,
	Anum_run_recipient,
	Anum_run_model,
	Anum_run_base_runs,
	Anum_run_used_at,
	Anum_run_source,
	Anum_run_external_id,
	Anum_run_opened_at,
	Anum_run_opened_by,
	Anum_run_closed_event,
	Anum_run_outcome,
	Anum_run_closed_at,
	Anum_run_dataset_sha256,
	Anum_run_parts,
	Anum_run_missing,
	Anum_run_uses,
	Anum_run_hash,
	Anum_run_subjects,
	Anum_run_tree,
	Natts_run = Anum_run_tree
};

enum
{
	Anum_run_salt_run_id = 1,
	Anum_run_salt_salt,
	Natts_run_salt = Anum_run_salt_salt
};

enum
{
	Anum_run_draw_run_id = 1,
	Anum_run_draw_draw_no,
	Anum_run_draw_drawn_at,
	Anum_run_draw_drawn_by,
	Anum_run_draw_xid,
	Natts_run_draw = Anum_run_draw_xid
};

enum
{
	Anum_run_part_run_id = 1,
	Anum_run_part_part,
	Anum_run_part_event_id,
	Anum_run_part_tables,
	Anum_run_part_uses,
	Anum_run_part_blocks,
	Anum_run_part_hash,
	Anum_run_part_recorded_at,
	Natts_run_part = Anum_run_part_recorded_at
};

enum
{
	Anum_manifest_block_run_id = 1,
	Anum_manifest_block_part,
	Anum_manifest_block_table_name,
	Anum_manifest_block_block_no,
	Anum_manifest_block_first_subject,
	Anum_manifest_block_last_subject,
	Anum_manifest_block_entries,
	Anum_manifest_block_data,
	Natts_manifest_block = Anum_manifest_block_data
};

enum
{
	Anum_run_subtree_run_id = 1,
	Anum_run_subtree_bucket,
	Anum_run_subtree_leaves,
	Anum_run_subtree_hash,
	Anum_run_subtree_subjects,
	Natts_run_subtree = Anum_run_subtree_subjects
};

enum
{
	Anum_erased_use_run_id = 1,
	Anum_erased_use_subject_no,
	Anum_erased_use_position,
	Anum_erased_use_nonce,
	Natts_erased_use = Anum_erased_use_nonce
};

#endif
