/* split.h: which rows are held out to measure the model. Pure; any thread.
 *
 * Stratified: the same share of each class. Rows are chosen by a hash of name and seed: a row is on the same side for any order of
 * the rows, and nearly always when other rows are added or removed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 64-bit FNV-1a of the text, starting from the seed, then the finalizer of MurmurHash3 (fmix64), so that similar ids get very different
 * hashes. */
uint64_t split_hash(const char *name, int64_t seed);
/* Sets ret_holdout[i] for n rows. Of each class, round(share * its rows) are held out, but at least one row stays on each side when the
 * class has two. */
void split_holdout(const char *const *names, const float *labels, size_t n, double share, int64_t seed, bool *ret_holdout);
