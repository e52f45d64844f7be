/*
 * proof.h
 *		The proof that a seal is in the log, for people outside.
 */
#ifndef LOG_PROOF_H
#define LOG_PROOF_H

/*
 * The tlog-proof of a seal under the active snapshot, palloc'd; NULL while no
 * checkpoint covers it.  Of the checkpoints that do, the first that most
 * witnesses cosigned is taken, looking at those cosigned soon after; the newest
 * where none is cosigned.
 */
extern char *proof_of_seal(int64 seal_no);

#endif
