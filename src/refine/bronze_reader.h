/* bronze_reader.h: the rows of slices of Bronze, a chunk at a time.
 *
 * It reads on a connection of its own, while another one of the same lake writes. One thread. */
#pragma once
#include "lake/vectors.h"
#include "refine/bronze_slices.h"

typedef struct BronzeReader BronzeReader;
/* Borrows all three. */
int bronze_reader_new(Lake *lake, BronzeSlices *slices, const Compiled *sql, BronzeReader **ret, Error *err) MUST_CHECK;
void bronze_reader_free(BronzeReader *b);
DEFINE_CLEANUP(bronze_reader_free, BronzeReader)
/* Its transaction ends, so that a checkpoint can do its work. */
void bronze_reader_end(BronzeReader *b);
/* Is it in the middle of a slice? */
bool bronze_reader_is_reading(const BronzeReader *b);
/* 1: there are *ret_rows more rows, at most LAKE_ROWS, in any order; 0: all slices are taken, and its own are read; -1: error. The rows
 * before are not valid any more. */
int bronze_reader_next(BronzeReader *b, size_t *ret_rows, Error *err) MUST_CHECK;
LakeVector bronze_reader_column(const BronzeReader *b, BronzeColumn column);
