/* notes.h: what a contract's author should know, although it is no mistake. One thread. */
#pragma once
#include "contract/declarations.h"
#include "contract/node.h"

/* Adds a note at a place of the contract's file. */
void note_add(Pipeline *p, Contract *c, const DocNode *at, NoteKind kind, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* The same at `path` and `line`, before the notes of later lines; the texts are the pipeline's. */
void note_insert(Pipeline *p, Contract *c, const char *path, int line, const char *text);
/* Warns of checks of one property that no value, or no value but one, can pass together. */
void notes_warn(Pipeline *p, Contract *c, const DocNode *property, const Field *field);
