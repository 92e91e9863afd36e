/* stream.h: what /api/v1/stream says: events of this server, numbered, the last of them kept so that a client that was away goes on where
 * it was (server-sent events, WHATWG HTML 9.2). Any thread. */
#pragma once
#include "web/handlers.h"

enum { STREAMS_MAX = 64 }; /* clients at a time */

typedef struct Stream Stream;
Stream *stream_new(void) MUST_CHECK;
void stream_free(Stream *s);
/* Makes an event of each thing that has changed; at most once a second. To be called a few times a second, by one thread. */
void stream_look(Stream *s, Service *service);
/* Appends the events behind number `*seen`, as text, and sets it. 0: of each kind the newest. */
void stream_read(Stream *s, uint64_t *seen, Buf *out);
/* The number in a Last-Event-ID of this process; 0 for any other, whose events are not known here. */
uint64_t stream_parse_id(Stream *s, const char *id);
/* A client comes, or goes. False: there are STREAMS_MAX already. */
bool stream_enter(Stream *s) MUST_CHECK;
void stream_leave(Stream *s);
