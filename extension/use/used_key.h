/*
 * used_key.h
 *		The view consent.used_key.
 */
#ifndef USE_USED_KEY_H
#define USE_USED_KEY_H

extern void used_key_init(void);

#endif
