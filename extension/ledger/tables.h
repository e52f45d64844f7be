/*
 * tables.h
 *		Columns of the stored tables, in the order of schema/ledger.sql and, at
 *		the end, of schema/log.sql.
 */
#ifndef LEDGER_TABLES_H
#define LEDGER_TABLES_H

#define LEDGER_SCHEMA "consent"

enum
{
	Anum_ledger_singleton = 1,
	Anum_ledger_origin,
	Anum_ledger_subject_type,
	Anum_ledger_test,
	Anum_ledger_erased_subjects,
	Anum_ledger_last_declaration,
	Anum_ledger_suppression_key,
	Natts_ledger = Anum_ledger_suppression_key
};

enum
{
	Anum_key_key_no = 1,
	Anum_key_name,
	Anum_key_signs,
	Anum_key_vkey,
	Anum_key_event_id,
	Natts_key = Anum_key_event_id
};

enum
{
	Anum_purpose_name = 1,
	Anum_purpose_parents,
	Anum_purpose_regime,
	Anum_purpose_title,
	Anum_purpose_since,
	Anum_purpose_event_id,
	Natts_purpose = Anum_purpose_event_id
};

enum
{
	Anum_notice_label = 1,
	Anum_notice_name,
	Anum_notice_version,
	Anum_notice_sha256,
	Anum_notice_body,
	Anum_notice_purposes,
	Anum_notice_stated_on,
	Anum_notice_zone,
	Anum_notice_published_at,
	Anum_notice_language,
	Anum_notice_url,
	Anum_notice_recorded_at,
	Anum_notice_event_id,
	Natts_notice = Anum_notice_event_id
};

enum
{
	Anum_preset_rule_event_id = 1,
	Anum_preset_rule_ends,
	Anum_preset_rule_choices,
	Anum_preset_rule_purpose,
	Anum_preset_rule_jurisdiction,
	Anum_preset_rule_notice,
	Anum_preset_rule_event_time,
	Anum_preset_rule_recorded_at,
	Natts_preset_rule = Anum_preset_rule_recorded_at
};

enum
{
	Anum_protected_table_known_as = 1,
	Anum_protected_table_event_id,
	Anum_protected_table_schema_name,
	Anum_protected_table_table_name,
	Anum_protected_table_parties,
	Anum_protected_table_row_key,
	Anum_protected_table_collected_at,
	Anum_protected_table_rule,
	Natts_protected_table = Anum_protected_table_rule
};

enum
{
	Anum_subject_subject_no = 1,
	Anum_subject_key,
	Anum_subject_salt,
	Anum_subject_commitment,
	Anum_subject_state,
	Anum_subject_jurisdiction,
	Anum_subject_jurisdiction_at,
	Anum_subject_scoped,
	Anum_subject_suppression,
	Natts_subject = Anum_subject_suppression
};

enum
{
	Anum_scope_state_subject_no = 1,
	Anum_scope_state_table_name,
	Anum_scope_state_row_key,
	Anum_scope_state_state,
	Natts_scope_state = Anum_scope_state_state
};

enum
{
	Anum_event_log_event_id = 1,
	Anum_event_log_kind,
	Anum_event_log_subject_no,
	Anum_event_log_commitment,
	Anum_event_log_choices,
	Anum_event_log_event_time,
	Anum_event_log_recorded_at,
	Anum_event_log_recorded_by,
	Anum_event_log_actor,
	Anum_event_log_method,
	Anum_event_log_notice,
	Anum_event_log_jurisdiction,
	Anum_event_log_evidence_hmac,
	Anum_event_log_source,
	Anum_event_log_external_id,
	Anum_event_log_table_name,
	Anum_event_log_row_key,
	Anum_event_log_detail,
	Anum_event_log_nonce,
	Natts_event_log = Anum_event_log_nonce
};

enum
{
	Anum_evidence_event_id = 1,
	Anum_evidence_salt,
	Anum_evidence_body,
	Natts_evidence = Anum_evidence_body
};

enum
{
	Anum_seal_seal_no = 1,
	Anum_seal_kind,
	Anum_seal_count,
	Anum_seal_root,
	Anum_seal_note,
	Natts_seal = Anum_seal_note
};

enum
{
	Anum_seal_pending_seal_no = 1,
	Natts_seal_pending = Anum_seal_pending_seal_no
};

enum
{
	Anum_leaf_leaf_index = 1,
	Anum_leaf_seal_no,
	Natts_leaf = Anum_leaf_seal_no
};

enum
{
	Anum_tile_level = 1,
	Anum_tile_tile_index,
	Anum_tile_root,
	Anum_tile_hashes,
	Natts_tile = Anum_tile_hashes
};

enum
{
	Anum_checkpoint_size = 1,
	Anum_checkpoint_root,
	Anum_checkpoint_note,
	Anum_checkpoint_signed_at,
	Natts_checkpoint = Anum_checkpoint_signed_at
};

enum
{
	Anum_cosignature_bound_no = 1,
	Anum_cosignature_size,
	Anum_cosignature_kind,
	Anum_cosignature_name,
	Anum_cosignature_stated_time,
	Anum_cosignature_evidence,
	Anum_cosignature_hash,
	Anum_cosignature_accepted_at,
	Natts_cosignature = Anum_cosignature_accepted_at
};

enum
{
	Anum_witness_vkey = 1,
	Anum_witness_name,
	Anum_witness_url,
	Anum_witness_event_id,
	Natts_witness = Anum_witness_event_id
};

enum
{
	Anum_witness_quorum_event_id = 1,
	Anum_witness_quorum_quorum,
	Anum_witness_quorum_witnesses,
	Natts_witness_quorum = Anum_witness_quorum_witnesses
};

enum
{
	Anum_witnessed_log_vkey = 1,
	Anum_witnessed_log_origin,
	Anum_witnessed_log_event_id,
	Natts_witnessed_log = Anum_witnessed_log_event_id
};

enum
{
	Anum_witnessed_origin = 1,
	Anum_witnessed_size,
	Anum_witnessed_root,
	Anum_witnessed_note,
	Anum_witnessed_stored_at,
	Natts_witnessed = Anum_witnessed_stored_at
};

enum
{
	Anum_key_revocation_vkey = 1,
	Anum_key_revocation_last_trusted_size,
	Anum_key_revocation_event_id,
	Natts_key_revocation = Anum_key_revocation_event_id
};

enum
{
	Anum_timestamp_authority_name = 1,
	Anum_timestamp_authority_certificate,
	Anum_timestamp_authority_event_id,
	Natts_timestamp_authority = Anum_timestamp_authority_event_id
};

#endif
