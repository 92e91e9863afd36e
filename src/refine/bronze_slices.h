/* bronze_slices.h: the rows of Bronze, cut into slices that can be read in bounded memory whatever their payloads are.
 *
 * One thread plans; several may take slices, each with a BronzeReader of its own. */
#pragma once
#include "refine/internal.h"

/* Half of one of DuckDB's row groups: fewer rows are one slice, unless payloads are large; more are read once for each type. */
#define BRONZE_PART_ROWS 61440

/* Rows of Bronze that one query reads. */
typedef struct BronzeSlice {
    int64_t after, upto; /* batches */
    int64_t first, last; /* rowid */
    int64_t bytes;       /* of its large payloads */
    bool by_type;        /* only the events of `type`; NULL: those that no contract has */
    const char *type;    /* of the pipeline */
} BronzeSlice;

typedef struct BronzeSlices BronzeSlices;
/* `parts`: in how many pieces many rows are cut, so that as many threads have something to read. Borrows the pipeline. */
int bronze_slices_new(Lake *lake, const Pipeline *pipeline, size_t parts, BronzeSlices **ret, Error *err) MUST_CHECK;
void bronze_slices_free(BronzeSlices *s);
DEFINE_CLEANUP(bronze_slices_free, BronzeSlices)
/* These batches, which are committed; they are borrowed until bronze_slices_end. */
int bronze_slices_begin(BronzeSlices *s, const Batches *batches, Error *err) MUST_CHECK;
void bronze_slices_end(BronzeSlices *s);
/* Goes to the next window: so many whole batches that memory allows. *ret_batches: how many; 0: there is none left. All slices of the
 * window before must have been taken. */
int bronze_slices_window(BronzeSlices *s, size_t *ret_batches, Error *err) MUST_CHECK;
/* Instead of a window: these rows, by their rowid in order. */
void bronze_slices_rows(BronzeSlices *s, const int64_t *rows, size_t n);
/* May several threads read at once? Not where payloads are large: each would need memory for its own. */
bool bronze_slices_are_small(const BronzeSlices *s);
/* The next slice, for whoever asks first. Any thread. False: all are taken. */
bool bronze_slices_take(BronzeSlices *s, BronzeSlice *ret);
bool bronze_slices_all_taken(const BronzeSlices *s);
