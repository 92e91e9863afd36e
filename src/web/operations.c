/* operations.c: see operations.h. A ring of places; a new operation takes the place of the oldest. Those of before a restart are read from
 * the log (operation_log.h), where each is before it begins.
 *
 * Invariants: at most one operation is running, and it is the newest. What is kept of others does not change any more. */
#include "web/operations.h"

#include "base/checksum.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/memory.h"
#include "web/operation_log.h"
#include "web/work.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { KEPT_MAX = 256, KEPT_FOR_S = 24 * 3600 };

typedef struct Operation {
    uint64_t number; /* 0: the place is free */
    char id[OPERATION_ID_SIZE];
    char *kind, *target, *by;
    char key[SHA256_TEXT_SIZE], asked[SHA256_TEXT_SIZE]; /* of the token and its key, "" for none; of what was asked for */
    json_t *args, *result;
    Error err;
    int64_t started_us, finished_us; /* 0: it runs */
} Operation;

struct Operations {
    OperationRun run;
    void *arg;
    void (*on_end)(void *arg, const json_t *view);
    void *end_arg;
    char *log_path; /* NULL: there is no log */
    Workers *worker;
    uint64_t process;     /* so that an id of an earlier process is not one of this */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t ended;
    uint64_t last;
    Operation kept[KEPT_MAX]; /* the place of number N is N modulo KEPT_MAX */
};

static void operation_done(Operation *op) {
    free(op->kind);
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
    for (size_t i = 0; i < KEPT_MAX; i++)
        if (o->kept[i].number != 0 && strcmp(o->kept[i].id, id) == 0) return &o->kept[i];
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
static json_t *view(const Operation *op) {
    const char *state = is_running(op) ? "running" : op->err.kind == ERR_NONE ? "done" : "failed";
    return json_pack("{s:s, s:s, s:s?, s:s, s:s?, s:o, s:o, s:o, s:o}", "id", op->id, "kind", op->kind, "target", op->target, "state",
                     state, "by", op->by, "started_at", time_json(op->started_us), "finished_at", time_json(op->finished_us), "result",
                     op->result != NULL ? json_incref(op->result) : json_null(), "error", error_json(&op->err));
}

json_t *operations_get(Operations *o, const char *id, int wait_ms, ErrorKind *ret_failed) {
    struct timespec until = clock_deadline(wait_ms);
    json_t *found = NULL;
    pthread_mutex_lock(&o->lock);
    Operation *op = find_id(o, id);
    for (bool late = wait_ms <= 0; op != NULL && is_running(op) && !late; op = find_id(o, id))
        late = pthread_cond_timedwait(&o->ended, &o->lock, &until) != 0;
    if (op != NULL) found = view(op);
    if (op != NULL && ret_failed != NULL) *ret_failed = op->err.kind;
    pthread_mutex_unlock(&o->lock);
    return found;
}

json_t *operations_list(Operations *o) {
    json_t *all = json_array();
    pthread_mutex_lock(&o->lock);
    for (uint64_t number = o->last; number > 0 && o->last - number < KEPT_MAX; number--)
        if (place_of(o, number)->number == number) json_array_append_new(all, view(place_of(o, number)));
    pthread_mutex_unlock(&o->lock);
    return all;
}

/* ---- doing ---- */

/* What is done at most once has to be known after a restart. */
static void log_operation(const Operations *o, const Operation *op, const json_t *its) {
    if (o->log_path != NULL) operation_log_write(o->log_path, op->key, op->asked, its);
}

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
    json_t *its = view(op);
    log_operation(o, op, its);
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

static bool is_recent(int64_t started_us) {
    return clock_wall_us() - started_us < KEPT_FOR_S * USEC_PER_SEC;
}

/* Under lock. NULL: none that is still kept for it. */
static const Operation *find_key(const Operations *o, const char *key) {
    for (size_t i = 0; i < KEPT_MAX; i++) {
        const Operation *op = &o->kept[i];
        if (op->number != 0 && strcmp(op->key, key) == 0 && is_recent(op->started_us)) return op;
    }
    return NULL;
}

/* Under lock. */
static Operation *begin(Operations *o, const OperationRequest *request, const char *key, const char *asked) {
    Operation *op = place_of(o, ++o->last);
    operation_done(op);
    *op = (Operation){.number = o->last,
                      .kind = xstrdup(request->kind),
                      .target = request->target != NULL ? xstrdup(request->target) : NULL,
                      .by = request->by != NULL ? xstrdup(request->by) : NULL,
                      .args = json_deep_copy(request->args),
                      .started_us = clock_wall_us()};
    format_id(o, op->number, op->id);
    snprintf(op->key, sizeof op->key, "%s", key);
    snprintf(op->asked, sizeof op->asked, "%s", asked);
    CLEANUP(json_freep) json_t *its = view(op);
    log_operation(o, op, its);
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
    snprintf(ret_id, OPERATION_ID_SIZE, "%s", op->id);
    pthread_mutex_unlock(&o->lock);
    return start;
}

/* ---- after a restart ---- */

static int64_t time_of(const json_t *its, const char *name) {
    const char *text = json_string_value(json_object_get(its, name));
    int64_t us = 0;
    Error ignored = {0};
    if (text != NULL && clock_parse(text, &us, &ignored) != 0) error_clear(&ignored);
    return us;
}

/* One that has no end was under way when its server ended. */
static void take_end(Operation *op, const json_t *its) {
    const json_t *error = json_object_get(its, "error");
    const char *kind = json_string_value(json_object_get(error, "kind")), *detail = json_string_value(json_object_get(error, "detail"));
    op->finished_us = time_of(its, "finished_at");
    if (op->finished_us == 0) {
        op->finished_us = op->started_us;
        error_set(&op->err, ERR_STOPPED,
                  "The server ended while this was under way: it may have been done or not. Look, then ask with a new key.");
    } else if (kind != NULL && detail != NULL) {
        error_set(&op->err, error_kind_of(kind), "%s", detail);
    } else if (json_object_get(its, "result") != NULL) {
        op->result = json_deep_copy(json_object_get(its, "result"));
    }
    if (op->err.kind == ERR_BUSY) op->key[0] = '\0';
}

static char *text_of(const json_t *its, const char *name) {
    const char *text = json_string_value(json_object_get(its, name));
    return text != NULL ? xstrdup(text) : NULL;
}

/* A line of the log: a new operation, or the end of one that was read before. */
static void take_logged(void *arg, const char *key, const char *asked, const json_t *its) {
    Operations *o = arg;
    const char *id = json_string_value(json_object_get(its, "id"));
    int64_t started_us = time_of(its, "started_at");
    if (id == NULL || strlen(id) >= OPERATION_ID_SIZE || json_string_value(json_object_get(its, "kind")) == NULL || !is_recent(started_us))
        return;
    Operation *op = find_id(o, id);
    uint64_t number = op != NULL ? op->number : ++o->last;
    if (op == NULL) op = place_of(o, number);
    operation_done(op);
    *op = (Operation){.number = number,
                      .kind = text_of(its, "kind"),
                      .target = text_of(its, "target"),
                      .by = text_of(its, "by"),
                      .started_us = started_us};
    snprintf(op->id, sizeof op->id, "%s", id);
    snprintf(op->key, sizeof op->key, "%s", key);
    snprintf(op->asked, sizeof op->asked, "%s", asked);
    take_end(op, its);
}

/* ---- life ---- */

Operations *operations_new(OperationRun run, void *arg, const char *log_path, void (*on_end)(void *arg, const json_t *view),
                           void *end_arg) {
    Operations *o = xcalloc(1, sizeof *o);
    *o = (Operations){.run = run, .arg = arg, .on_end = on_end, .end_arg = end_arg, .process = (uint64_t)clock_wall_us() / 1000};
    pthread_mutex_init(&o->lock, NULL);
    clock_cond_init(&o->ended);
    if (log_path != NULL) operation_log_read(log_path, take_logged, o);
    o->log_path = log_path != NULL ? xstrdup(log_path) : NULL;
    o->worker = workers_start(1, 1, do_one, o);
    return o;
}

void operations_free(Operations *o) {
    workers_stop(o->worker);
    workers_free(o->worker);
    for (size_t i = 0; i < KEPT_MAX; i++) operation_done(&o->kept[i]);
    pthread_cond_destroy(&o->ended);
    pthread_mutex_destroy(&o->lock);
    free(o->log_path);
    free(o);
}
