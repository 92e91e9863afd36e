/* note_store.h: what people wrote about rows of entities and about groups of bad events: a journal beside the lake (base/journal.h), and in
 * memory what is asked for. Each call first reads what this or another process has added. Any thread.
 *
 * A line of the journal has kind, at, by (the name of the token; null: none was asked for) and text; of the kind "note" entity, id and
 * outcome; of the kind "group" layer, rule, field ("": of the whole message), state, and events: how many the group had then. */
#pragma once
#include "base/error.h"
#include <jansson.h>
#include <stddef.h>

typedef struct NoteStore NoteStore;
NoteStore *note_store_new(const char *path) MUST_CHECK;
void note_store_free(NoteStore *s);

/* Appends a line, durable on return; sets its `at`. Borrowed. ERR_UNAVAILABLE: it cannot be written now. */
int note_store_add(NoteStore *s, json_t *line, Error *err) MUST_CHECK;

/* The notes of one row: [{at, by, outcome, text}, ...], newest first, at most `most`. ERR_UNAVAILABLE: the journal cannot be read. */
int note_store_of(NoteStore *s, const char *entity, const char *id, size_t id_len, size_t most, json_t **ret, size_t *ret_total,
                  Error *err) MUST_CHECK;
/* The newest note of each of the ids that have some: [{id, notes, last}, ...]. */
int note_store_last(NoteStore *s, const char *entity, const json_t *ids, json_t **ret, Error *err) MUST_CHECK;
/* The ids of an entity that have notes, as a list; `outcome`: only those whose newest note has it. NULL: any. */
int note_store_noted(NoteStore *s, const char *entity, const char *outcome, json_t **ret, Error *err) MUST_CHECK;
/* The newest line of each group, by note_store_group_key; the caller owns it. */
int note_store_groups(NoteStore *s, json_t **ret, Error *err) MUST_CHECK;
/* The caller frees. */
char *note_store_group_key(const char *layer, const char *rule, const char *field) MUST_CHECK;
