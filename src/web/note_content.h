/* note_content.h: what people may write: the content of the addresses that keep notes (note_store.h) is read and judged here. Each returns
 * false after it has answered why not. Any thread. */
#pragma once
#include "web/handlers.h"
#include "web/note_store.h"

enum { NOTE_CHARACTERS_MAX = 1000 };
#define NOTE_OUTCOMES "reached|not_reached|stays|leaves|other"

/* True: this server keeps none, and the answer says so. */
bool note_refuse_without_store(const Service *s, const Request *req, Response *resp);
/* A JSON object with no other members than `names`, which end with NULL; the caller owns it. */
bool note_read_content(const Request *req, const char *const *names, json_t **ret, Response *resp) MUST_CHECK;
/* Is the member one of "one|two|three"? */
bool note_check_choice(const Request *req, const json_t *content, const char *name, const char *choices, Response *resp) MUST_CHECK;
/* Is `text`, where there is one, short enough and without control characters besides line ends and tabs? */
bool note_check_text(const Request *req, const json_t *content, Response *resp) MUST_CHECK;
/* The checked text; "": none. Valid as long as the content. */
const char *note_text(const json_t *content);
