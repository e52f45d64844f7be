/*
 * erase.h
 *		Erasing who a subject is.
 */
#ifndef LEDGER_ERASE_H
#define LEDGER_ERASE_H

/*
 * Called before a subject's key and salt go, to keep what follows from the salt
 * and is needed still; set by the layer that has such things.
 */
typedef void (*EraseHook) (int64 subject_no, const uint8 *salt);
extern EraseHook erase_hook;

#endif
