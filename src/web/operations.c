/* operations.c: see operations.h. A ring of places; a new operation takes the place of the oldest.
 *
 * Invariants: at most one operation is running, and it is the newest. What is kept of others does not change any more. */
#include "web/operations.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/work.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT_MAX = 256, KEPT_FOR_S = 24 * 3600 };

typedef struct Operation {
    uint64_t number; /* 0: the place is free */
    const char *kind;
    char *target, *by;
    char key[SHA256_TEXT_SIZE], asked[SHA256_TEXT_SIZE]; /* of the token and its key, "" for none; of what was asked for */
    json_t *args, *result;
    Error err;
    int64_t started_us, finished_us; /* 0: it runs */
    int64_t started_ns;
} Operation;

struct Operations {
    OperationRun run;
    void *arg;
    void (*on_end)(void *arg, const json_t *view);
    void *end_arg;
    Workers *worker;
    uint64_t process;     /* so that an id of an earlier process is not one of this */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t ended;
    uint64_t last;
    Operation kept[KEPT_MAX]; /* the place of number N is N modulo KEPT_MAX */
};

static void operation_done(Operation *op) {
    free(op->target);
    free(op->by);
    json_decref(op->args);
    json_decref(op->result);
    error_clear(&op->err);
    *op = (Operation){0};
}

static Operation *place_of(Operations *o, uint64_t number) {
    return &o->kept[number % KEPT_MAX];
}

static bool is_running(const Operation *op) {
    return op->number != 0 && op->finished_us == 0;
}

/* ---- views ---- */

static void format_id(const Operations *o, uint64_t number, char ret[OPERATION_ID_SIZE]) {
    snprintf(ret, OPERATION_ID_SIZE, "%08" PRIx64 "-%" PRIu64, o->process & UINT32_MAX, number);
}

/* Under lock. NULL: it is not kept, or never was. */
static Operation *find_id(Operations *o, const char *id) {
    char its[OPERATION_ID_SIZE];
    for (size_t i = 0; i < KEPT_MAX; i++) {
        if (o->kept[i].number == 0) continue;
        format_id(o, o->kept[i].number, its);
        if (strcmp(its, id) == 0) return &o->kept[i];
    }
    return NULL;
}

static json_t *time_json(int64_t wall_us) {
    char text[CLOCK_TEXT_SIZE];
    return wall_us != 0 ? json_string(clock_format(wall_us, text)) : json_null();
}

static json_t *error_json(const Error *err) {
    if (err->kind == ERR_NONE) return json_null();
    json_t *error = json_pack("{s:s, s:s}", "kind", error_kind_name(err->kind), "detail", err->text);
    return error != NULL ? error : json_pack("{s:s, s:s}", "kind", error_kind_name(err->kind), "detail", "The reason is not UTF-8.");
}

/* Under lock. */
static json_t *view(const Operations *o, const Operation *op) {
    char id[OPERATION_ID_SIZE];
    format_id(o, op->number, id);
    const char *state = is_running(op) ? "running" : op->err.kind == ERR_NONE ? "done" : "failed";
    return json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:o, s:o, s:o, s:o}", "id", id, "kind", op->kind, "target", op->target, "state", state,
                     "by", op->by, "started_at", time_json(op->started_us), "finished_at", time_json(op->finished_us), "result",
                     op->result != NULL ? json_incref(op->result) : json_null(), "error", error_json(&op->err));
}

json_t *operations_get(Operations *o, const char *id, int wait_ms, ErrorKind *ret_failed) {
    struct timespec until = clock_deadline(wait_ms);
    json_t *found = NULL;
    pthread_mutex_lock(&o->lock);
    Operation *op = find_id(o, id);
    for (bool late = wait_ms <= 0; op != NULL && is_running(op) && !late; op = find_id(o, id))
        late = pthread_cond_timedwait(&o->ended, &o->lock, &until) != 0;
    if (op != NULL) found = view(o, op);
    if (op != NULL && ret_failed != NULL) *ret_failed = op->err.kind;
    pthread_mutex_unlock(&o->lock);
    return found;
}

json_t *operations_list(Operations *o) {
    json_t *all = json_array();
    pthread_mutex_lock(&o->lock);
    for (uint64_t number = o->last; number > 0 && o->last - number < KEPT_MAX; number--)
        if (place_of(o, number)->number == number) json_array_append_new(all, view(o, place_of(o, number)));
    pthread_mutex_unlock(&o->lock);
    return all;
}

/* ---- doing ---- */

/* On the worker. The operation's place stays its own while it runs. */
static void do_one(void *arg, size_t worker, void *job) {
    Operations *o = arg;
    Operation *op = job;
    Error err = {0};
    json_t *result = NULL;
    (void)worker;
    int rc = o->run(o->arg, op->kind, op->args, &result, &err);
    pthread_mutex_lock(&o->lock);
    op->result = rc == 0 ? result : NULL;
    if (rc != 0) error_move(&op->err, &err);
    if (rc != 0 && op->err.kind == ERR_BUSY) op->key[0] = '\0';
    op->finished_us = clock_wall_us();
    json_t *its = view(o, op);
    pthread_cond_broadcast(&o->ended);
    pthread_mutex_unlock(&o->lock);
    if (o->on_end != NULL) o->on_end(o->end_arg, its);
    json_decref(its);
}

/* Of texts that may be NULL, which is another one than "". */
static void hash_texts(const char *a, const char *b, const char *c, char ret[SHA256_TEXT_SIZE]) {
    CLEANUP(json_freep) json_t *list = json_pack("[s?, s?, s?]", a, b, c);
    CLEANUP(free_text) char *text = json_text(list);
    sha256_hex(text, strlen(text), ret);
}

/* Under lock. NULL: none that is still kept for it. */
static const Operation *find_key(const Operations *o, const char *key) {
    for (size_t i = 0; i < KEPT_MAX; i++) {
        const Operation *op = &o->kept[i];
        if (op->number != 0 && strcmp(op->key, key) == 0 && clock_seconds_since(op->started_ns) < KEPT_FOR_S) return op;
    }
    return NULL;
}

/* Under lock. */
static Operation *begin(Operations *o, const OperationRequest *request, const char *key, const char *asked) {
    Operation *op = place_of(o, ++o->last);
    operation_done(op);
    *op = (Operation){.number = o->last,
                      .kind = request->kind,
                      .target = request->target != NULL ? xstrdup(request->target) : NULL,
                      .by = request->by != NULL ? xstrdup(request->by) : NULL,
                      .args = json_deep_copy(request->args),
                      .started_us = clock_wall_us(),
                      .started_ns = clock_mono_ns()};
    snprintf(op->key, sizeof op->key, "%s", key);
    snprintf(op->asked, sizeof op->asked, "%s", asked);
    return op;
}

OperationStart operations_begin(Operations *o, const OperationRequest *request, char ret_id[OPERATION_ID_SIZE]) {
    char key[SHA256_TEXT_SIZE] = "", asked[SHA256_TEXT_SIZE];
    CLEANUP(free_text) char *args = json_dumps(request->args, JSON_COMPACT | JSON_SORT_KEYS);
    OperationStart start = OPERATION_BEGUN;
    hash_texts(request->kind, request->target, args, asked);
    if (request->key != NULL) hash_texts("key", request->by, request->key, key);
    pthread_mutex_lock(&o->lock);
    const Operation *op = request->key != NULL ? find_key(o, key) : NULL, *newest = place_of(o, o->last);
    if (op != NULL) {
        start = strcmp(op->asked, asked) == 0 ? OPERATION_REPEATED : OPERATION_OTHER_KIND;
    } else if (is_running(newest)) {
        op = newest;
        start = OPERATION_REFUSED;
    } else {
        Operation *begun = begin(o, request, key, asked);
        if (!workers_push(o->worker, begun)) { /* the server ends */
            error_set(&begun->err, ERR_STOPPED, "the server is being stopped");
            begun->finished_us = clock_wall_us();
        }
        op = begun;
    }
    format_id(o, op->number, ret_id);
    pthread_mutex_unlock(&o->lock);
    return start;
}

/* ---- life ---- */

Operations *operations_new(OperationRun run, void *arg, void (*on_end)(void *arg, const json_t *view), void *end_arg) {
    Operations *o = xcalloc(1, sizeof *o);
    *o = (Operations){.run = run, .arg = arg, .on_end = on_end, .end_arg = end_arg, .process = (uint64_t)clock_wall_us() / 1000};
    pthread_mutex_init(&o->lock, NULL);
    clock_cond_init(&o->ended);
    o->worker = workers_start(1, 1, do_one, o);
    return o;
}

void operations_free(Operations *o) {
    workers_stop(o->worker);
    workers_free(o->worker);
    for (size_t i = 0; i < KEPT_MAX; i++) operation_done(&o->kept[i]);
    pthread_cond_destroy(&o->ended);
    pthread_mutex_destroy(&o->lock);
    free(o);
}
