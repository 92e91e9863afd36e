/* framing.h: refuses requests that a proxy and this server could understand differently. libmicrohttpd lets some of them through: two
 * Content-Length, Content-Length beside Transfer-Encoding, NUL, folded lines, lines without a carriage return. Any thread. */
#pragma once
#include <microhttpd.h>
#include <stdbool.h>

typedef struct Framing {
    bool has_body;       /* announced; no address here takes one */
    const char *problem; /* one sentence, static; NULL: none */
} Framing;

/* To be called when the headers are complete; `target` as it came. After a problem or a body the connection is not to be used again. */
Framing framing_check(struct MHD_Connection *connection, const char *method, const char *target, const char *version);
