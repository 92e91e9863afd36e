/* bodies.c: see bodies.h. A ring: few answers are asked all the time, so that looking through all of them is cheap.
 *
 * Invariant: what is kept is never changed, only replaced; who gets it gets a copy. */
#include "web/bodies.h"

#include "base/clock.h"
#include "base/memory.h"
#include <pthread.h>
#include <string.h>

typedef struct KeptBody {
    char *key; /* NULL: free */
    char etag[ETAG_SIZE];
    int status;
    uint64_t state;
    int64_t made_ns;
    bool is_renewed;                   /* who saw that it is too old makes the next one */
    const char *content_type, *coding; /* static */
    bool varies;
    int64_t total_rows;
    Buf body;
} KeptBody;

struct Bodies {
    pthread_mutex_t lock;
    KeptBody kept[BODIES_MAX];
    size_t next, bytes;
};

static void forget(Bodies *b, KeptBody *k) {
    b->bytes -= k->body.len;
    buf_done(&k->body);
    free(k->key);
    *k = (KeptBody){0};
}

Bodies *bodies_new(void) {
    Bodies *b = xcalloc(1, sizeof *b);
    pthread_mutex_init(&b->lock, NULL);
    return b;
}

void bodies_free(Bodies *b) {
    for (size_t i = 0; i < BODIES_MAX; i++) forget(b, &b->kept[i]);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

char *bodies_key(const Request *req) {
    const char *coding = response_coding(req);
    return xasprintf("%d %s %s %s", req->is_operator, req->type, coding != NULL ? coding : "-", req->target);
}

/* Under the lock. */
static KeptBody *find(Bodies *b, const char *key) {
    for (size_t i = 0; i < BODIES_MAX; i++)
        if (b->kept[i].key != NULL && strcmp(b->kept[i].key, key) == 0) return &b->kept[i];
    return NULL;
}

static void give(const KeptBody *k, Response *resp) {
    resp->status = k->status;
    resp->content_type = k->content_type;
    resp->coding = k->coding;
    resp->varies = k->varies;
    resp->total_rows = k->total_rows;
    memcpy(resp->etag, k->etag, sizeof resp->etag);
    buf_clear(&resp->body);
    buf_add(&resp->body, k->body.data, k->body.len);
}

/* Under the lock. One that took too long, or failed, is not waited for. */
static bool is_new_enough(KeptBody *k, int64_t most_ns, bool makes) {
    int64_t age_ns = clock_mono_ns() - k->made_ns;
    if (most_ns == 0 || age_ns <= most_ns) return true;
    if (age_ns > most_ns + BODIES_RENEW_NS) return false;
    if (k->is_renewed) return true;
    k->is_renewed = makes;
    return false;
}

bool bodies_get(Bodies *b, const Request *req, uint64_t state, int64_t most_ns, bool makes, Response *resp) {
    CLEANUP(free_text) char *key = bodies_key(req);
    pthread_mutex_lock(&b->lock);
    KeptBody *k = find(b, key);
    bool fits = k != NULL && k->state == state && is_new_enough(k, most_ns, makes);
    if (fits) give(k, resp);
    pthread_mutex_unlock(&b->lock);
    return fits;
}

void bodies_put(Bodies *b, const Request *req, uint64_t state, const Response *resp) {
    if ((resp->status != 200 && resp->status != 404) || resp->body.len == 0 || resp->body.len > BODY_KEEP_MAX) return;
    KeptBody made = {.key = bodies_key(req),
                     .status = resp->status,
                     .state = state,
                     .made_ns = clock_mono_ns(),
                     .content_type = resp->content_type,
                     .coding = resp->coding,
                     .varies = resp->varies,
                     .total_rows = resp->total_rows};
    memcpy(made.etag, resp->etag, sizeof made.etag);
    buf_add(&made.body, resp->body.data, resp->body.len);
    pthread_mutex_lock(&b->lock);
    KeptBody *place = find(b, made.key);
    if (place == NULL) place = &b->kept[b->next++ % BODIES_MAX];
    forget(b, place);
    while (b->bytes + made.body.len > BODIES_BYTES) forget(b, &b->kept[b->next++ % BODIES_MAX]);
    *place = made;
    b->bytes += made.body.len;
    pthread_mutex_unlock(&b->lock);
}
