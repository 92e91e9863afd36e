/* bronze_reader.h: the rows of Bronze, a chunk at a time, in bounded memory whatever their payloads are.
 *
 * It reads on a connection of its own, while another one of the same lake writes. One thread. */
#pragma once
#include "lake/vectors.h"
#include "refine/internal.h"

typedef struct BronzeReader BronzeReader;
/* Borrows all three. */
int bronze_reader_new(Lake *lake, const Pipeline *pipeline, const Compiled *sql, BronzeReader **ret, Error *err) MUST_CHECK;
void bronze_reader_free(BronzeReader *b);
DEFINE_CLEANUP(bronze_reader_free, BronzeReader)
/* These batches, which are committed; they are borrowed until bronze_reader_end. */
int bronze_reader_begin(BronzeReader *b, const Batches *batches, Error *err) MUST_CHECK;
/* Its transaction ends, so that a checkpoint can do its work. */
void bronze_reader_end(BronzeReader *b);
/* Goes to the next window: so many whole batches that memory allows. *ret_batches: how many; 0: there is none left. The rows of the window
 * before must have been read to their end. */
int bronze_reader_window(BronzeReader *b, size_t *ret_batches, Error *err) MUST_CHECK;
/* Instead of a window: these rows, by their rowid in order. */
void bronze_reader_rows(BronzeReader *b, const int64_t *rows, size_t n);
/* 1: the window has *ret_rows more rows, at most LAKE_ROWS, in any order; 0: the end; -1: error. The rows before are not valid any more. */
int bronze_reader_next(BronzeReader *b, size_t *ret_rows, Error *err) MUST_CHECK;
LakeVector bronze_reader_column(const BronzeReader *b, BronzeColumn column);
