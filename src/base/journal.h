/* journal.h: a file to which JSON objects are appended, one per line, by more than one process. What is in it is never changed.
 *
 * A line is in the file as a whole or not at all: a process that is killed while it writes leaves a part of a line, which readers skip and
 * the next writer ends. DuckDB reads such a file with read_json(PATH, format = 'newline_delimited', ignore_errors = true). Any thread. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stdint.h>

/* Durable on return. A new file is for its owner alone (0600). ERR_BUSY: others kept it locked for two seconds; ERR_IO, ERR_FULL: nothing
 * was added. */
int journal_append(const char *path, const json_t *object, Error *err) MUST_CHECK;

/* How far a reader has come. Zero: at the beginning. */
typedef struct JournalPlace {
    int64_t device, inode, bytes;
} JournalPlace;

typedef struct JournalReader {
    void (*forget)(void *arg);                     /* the file is another one: what was taken before is no more */
    void (*take)(void *arg, const json_t *object); /* borrowed for the call */
    void *arg;
} JournalReader;

/* Gives the reader the whole lines behind `place`, which moves behind them. Lines that are no JSON object are skipped. No file: no lines.
 * ERR_IO. */
int journal_read(const char *path, JournalPlace *place, const JournalReader *reader, Error *err) MUST_CHECK;
