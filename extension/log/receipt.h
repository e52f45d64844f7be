/*
 * receipt.h
 *		Receipts of events, for people who do not trust the ledger.
 */
#ifndef LOG_RECEIPT_H
#define LOG_RECEIPT_H

/* Define the setting of promises; from _PG_init(). */
extern void receipt_init(void);

#endif
