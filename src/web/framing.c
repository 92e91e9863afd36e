/* framing.c: see framing.h. */
#include "web/framing.h"

#include <string.h>

typedef struct Headers {
    int lengths, encodings, hosts;
    bool has_body, bad_length;
    size_t bytes; /* of the header lines as they were understood */
} Headers;

static enum MHD_Result count_header(void *cls, enum MHD_ValueKind kind, const char *key, size_t key_size, const char *value,
                                    size_t value_size) {
    (void)kind;
    Headers *h = cls;
    /* Both point into the buffer that was read, so their distance is the name, the colon and what blanks there were. */
    h->bytes += value != NULL ? (size_t)(value - key) + value_size + 2 : key_size + 3;
    if (value == NULL) value = "";
    if (strcasecmp(key, "Host") == 0) h->hosts++;
    if (strcasecmp(key, "Transfer-Encoding") == 0) h->encodings++, h->has_body = true;
    if (strcasecmp(key, "Content-Length") == 0) {
        h->lengths++;
        h->has_body |= strcmp(value, "0") != 0;
        h->bad_length |= value_size == 0 || strspn(value, "0123456789") != value_size;
    }
    return MHD_YES;
}

/* libmicrohttpd before 1.0 ends each line at a NUL and does not tell. So the bytes that it understood are counted against those that it
 * read: they differ when there was a NUL, a folded line or a line that ended without a carriage return. */
static bool has_hidden_bytes(struct MHD_Connection *connection, size_t understood) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info != NULL && strverscmp(MHD_get_version(), "1.0") < 0 && info->header_size != understood;
}

static const char *problem_of(const Headers *h) {
    if (h->lengths > 1 || h->bad_length) return "Content-Length must be one number.";
    if (h->lengths > 0 && h->encodings > 0) return "Content-Length and Transfer-Encoding exclude each other.";
    if (h->hosts > 1) return "There is more than one Host.";
    if (h->has_body) return "This address takes no body.";
    return NULL;
}

Framing framing_check(struct MHD_Connection *connection, const char *method, const char *target, const char *version) {
    static const char blanks_and_ends[] = "  \r\n\r\n"; /* of the request line, and the empty line behind the headers */
    Headers h = {0};
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, count_header, &h);
    const char *problem = problem_of(&h);
    if (has_hidden_bytes(connection, h.bytes + strlen(method) + strlen(target) + strlen(version) + sizeof blanks_and_ends - 1))
        problem = "The header has a NUL, a folded line, or a line without CR LF.";
    return (Framing){.has_body = h.has_body, .problem = problem};
}
