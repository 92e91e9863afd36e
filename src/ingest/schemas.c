/* schemas.c: which schema a message was written with. What was found once is kept in memory, and in the lake, where a restart, a recovery
 * and a restore find it when the registry is gone. That an id is unknown is asked again after a while.
 *
 * Ids never change their meaning, unless a registry was reset and gives them out anew. So the registry is asked now and then whether an id
 * still is what the lake has; one that is away is not waited for. When it is another schema, the registry is believed, as producers ask
 * it too, and the log says what happened: a message does not tell whether it was written before or after. */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/schema_internal.h"
#include <inttypes.h>
#include <string.h>

#define ASK_AGAIN_NS (60 * NSEC_PER_SEC)  /* for an id that is unknown; a registry that was away */
#define COMPARE_NS   (600 * NSEC_PER_SEC) /* a schema of the lake with the registry's */

typedef struct KnownSchema {
    int64_t id;
    const MessageSchema *schema;
    int64_t until_ns; /* then it is looked for again */
} KnownSchema;

struct Schemas {
    LakeConn *conn;
    Registry *registry;
    KnownSchema *known; /* by id */
    size_t count, last; /* last: where the one before was found */
    MessageSchema **owned;
    size_t owned_count;
    int unknown_named;     /* ids that the registry does not have, in the log */
    int64_t away_until_ns; /* the registry gave no answer: it is not asked to compare before */
};

static const MessageSchema no_schema_id = {.reject = "no_schema_id"}, unknown_schema = {.reject = "unknown_schema"},
                           unusable_schema = {.reject = "unusable_schema"};

/* ---- opening ---- */

static int check_registry(Schemas *s, Error *err) {
    if (registry_check(s->registry, err) == 0) return 0;
    if (!error_is_retriable(err)) return -1;
    s->away_until_ns = clock_coarse_ns() + ASK_AGAIN_NS;
    log_warn("ingest", "%s; schemas that the lake has can be used, for others ingest will wait", err->text);
    error_clear(err);
    return 0;
}

int schemas_open(Lake *lake, MessageFormat format, const RegistryOptions *options, const char *topic, Schemas **ret, Error *err) {
    *ret = NULL;
    if (format == FORMAT_JSON || strncmp(topic, "file:", 5) == 0) return 0;
    CLEANUP(schemas_freep) Schemas *s = xcalloc(1, sizeof *s);
    if (registry_open(options, &s->registry, err) != 0 || lake_connect(lake, &s->conn, err) != 0 || check_registry(s, err) != 0) return -1;
    *ret = TAKE(s);
    return 0;
}

void schemas_free(Schemas *s) {
    for (size_t i = 0; i < s->owned_count; i++) {
        avro_schema_freep(&s->owned[i]->avro);
        free(s->owned[i]);
    }
    free(s->owned);
    free(s->known);
    registry_freep(&s->registry);
    lake_conn_freep(&s->conn);
    free(s);
}

/* ---- memory ---- */

/* The first that is not below `id`. */
static size_t find_place(const Schemas *s, int64_t id) {
    size_t from = 0, to = s->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (s->known[middle].id < id)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static void remember(Schemas *s, size_t place, int64_t id, const MessageSchema *schema) {
    if (place == s->count || s->known[place].id != id) {
        s->known = xrealloc(s->known, s->count + 1, sizeof *s->known);
        memmove(s->known + place + 1, s->known + place, (s->count - place) * sizeof *s->known);
        s->count++;
    }
    s->known[place] =
        (KnownSchema){.id = id, .schema = schema, .until_ns = clock_coarse_ns() + (schema == &unknown_schema ? ASK_AGAIN_NS : COMPARE_NS)};
}

static bool is_current(const KnownSchema *k, int64_t id) {
    return k->id == id && clock_coarse_ns() < k->until_ns;
}

/* ---- from what was fetched ---- */

static int parse_avro(const RegistrySchema *fetched, AvroSchema **ret, Error *err) {
    size_t n = json_array_size(fetched->references);
    Span *texts = xcalloc(n + 1, sizeof *texts);
    for (size_t i = 0; i < n; i++) {
        const json_t *text = json_array_get(fetched->references, i);
        texts[i] = json_is_string(text) ? (Span){json_string_value(text), json_string_length(text)} : (Span){"", 0};
    }
    texts[n] = (Span){fetched->text, strlen(fetched->text)};
    int rc = avro_schema_parse(texts, n + 1, ret, err);
    free(texts);
    return rc;
}

static const MessageSchema *keep(Schemas *s, AvroSchema *avro) {
    MessageSchema *schema = xcalloc(1, sizeof *schema);
    schema->avro = avro;
    s->owned = xrealloc(s->owned, s->owned_count + 1, sizeof *s->owned);
    s->owned[s->owned_count++] = schema;
    return schema;
}

static const MessageSchema *refuse(const Schemas *s, int64_t id, Error *why) {
    log_error("ingest", "the schema %" PRId64 " of %s cannot be used, its messages are rejected: %s", id, registry_url(s->registry),
              why->text);
    error_clear(why);
    return &unusable_schema;
}

/* What its serializer writes is JSON; anything else behind such an id is not_json without another word. */
static const MessageSchema *make_json(Schemas *s, int64_t id) {
    log_warn("ingest",
             "the schema %" PRId64
             " of %s is of type JSON, and the format of the topic is avro: its messages are read as JSON, and rejected "
             "when they are none. Next: if they are Avro, they were written with ids of another registry: is registry.url that of the "
             "producers?",
             id, registry_url(s->registry));
    return keep(s, NULL);
}

static const MessageSchema *make_schema(Schemas *s, int64_t id, const RegistrySchema *fetched) {
    AvroSchema *avro = NULL;
    Error why = {0};
    if (strcmp(fetched->type, "JSON") == 0) return make_json(s, id);
    if (strcmp(fetched->type, "AVRO") != 0)
        error_set(
            &why, ERR_DATA,
            "it is of type %s, and the format of the topic is avro. Next: let the producers write Avro or JSON, or is registry.url that "
            "of another registry?",
            fetched->type);
    else if (parse_avro(fetched, &avro, &why) == 0)
        return keep(s, avro);
    return refuse(s, id, &why);
}

static const MessageSchema *make_unknown(Schemas *s, int64_t id) {
    enum { NAMED = 10 }; /* any bytes may be an id */
    if (s->unknown_named == NAMED) return &unknown_schema;
    s->unknown_named++;
    log_warn("ingest",
             "the schema registry %s has no schema with the id %" PRId64
             ", its messages are rejected (unknown_schema). Next: is registry.url "
             "that of the producers?%s",
             registry_url(s->registry), id, s->unknown_named == NAMED ? " More ids are not named here" : "");
    return &unknown_schema;
}

/* ---- the lake and the registry ---- */

/* 1: the lake has it; 0: it has not. */
static int read_stored(const Schemas *s, int64_t id, RegistrySchema *ret, Error *err) {
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    LakeValue key[] = {lake_text(registry_url(s->registry)), lake_int(id)};
    if (lake_query(s->conn, "schemas/find", lake_sql("schemas/find"), key, ARRAY_LEN(key), &rows, err) != 0) return -1;
    int got = lake_next(rows, err);
    if (got <= 0) return got;
    size_t len;
    const char *references = lake_col_text(rows, 2, &len);
    if (json_parse(references, len, "schemas.reference_texts", &ret->references, err) != 0) return -1;
    ret->type = xstrdup(lake_col_text(rows, 0, NULL));
    ret->text = xstrdup(lake_col_text(rows, 1, NULL));
    return 1;
}

static int store(const Schemas *s, int64_t id, const RegistrySchema *schema, const char *statement, Error *err) {
    CLEANUP(free_text) char *references = json_text(schema->references);
    LakeValue row[] = {lake_text(registry_url(s->registry)), lake_int(id), lake_text(schema->type), lake_text(schema->text),
                       lake_text(references)};
    if (lake_exec_values(s->conn, statement, lake_sql(statement), row, ARRAY_LEN(row), NULL, err) != 0) return -1;
    log_info("ingest", "schema %" PRId64 " of %s: %s, kept in the lake", id, registry_url(s->registry), schema->type);
    return 0;
}

/* Whether they say the same, in whatever order and with whatever blanks. */
static bool is_same_text(const char *a, const char *b) {
    Error ignored = {0};
    CLEANUP(json_freep) json_t *x = NULL;
    CLEANUP(json_freep) json_t *y = NULL;
    if (strcmp(a, b) == 0) return true;
    bool same =
        json_parse(a, strlen(a), "schema", &x, &ignored) == 0 && json_parse(b, strlen(b), "schema", &y, &ignored) == 0 && json_equal(x, y);
    error_clear(&ignored);
    return same;
}

static bool is_same(const RegistrySchema *a, const RegistrySchema *b) {
    bool same = strcmp(a->type, b->type) == 0 && json_array_size(a->references) == json_array_size(b->references);
    for (size_t i = 0; same && i < json_array_size(a->references); i++) {
        const char *x = json_string_value(json_array_get(a->references, i)), *y = json_string_value(json_array_get(b->references, i));
        same = x != NULL && y != NULL && is_same_text(x, y);
    }
    return same && is_same_text(a->text, b->text);
}

/* Of an id that the lake has. 1: the registry has another schema, which is now in *schema and in the lake; 0: the same, or no answer. */
static int compare(Schemas *s, int64_t id, RegistrySchema *schema, Error *err) {
    CLEANUP(registry_schema_done) RegistrySchema now = {0};
    Error away = {0};
    if (clock_coarse_ns() < s->away_until_ns) return 0;
    int found = registry_fetch(s->registry, id, &now, &away);
    if (found < 0) s->away_until_ns = clock_coarse_ns() + ASK_AGAIN_NS;
    error_clear(&away);
    if (found <= 0 || is_same(schema, &now)) return 0;
    log_error("ingest",
              "the schema registry %s has another schema under the id %" PRId64
              " than the lake got from it: was it reset? From here on messages "
              "of this id are decoded by the new schema; those that were written before and are read only now may be rejected or misread",
              registry_url(s->registry), id);
    if (store(s, id, &now, "schemas/replace", err) != 0) return -1;
    registry_schema_done(schema);
    *schema = now;
    now = (RegistrySchema){0};
    return 1;
}

/* `known`: what was found before, or NULL. */
static int fetch(Schemas *s, int64_t id, const MessageSchema *known, const MessageSchema **ret, Error *err) {
    CLEANUP(registry_schema_done) RegistrySchema schema = {0};
    int found = read_stored(s, id, &schema, err);
    if (found == 0) {
        known = NULL;
        found = registry_fetch(s->registry, id, &schema, err);
        if (found > 0 && store(s, id, &schema, "schemas/store", err) != 0) return -1;
    } else if (found > 0) {
        int changed = compare(s, id, &schema, err);
        if (changed < 0) return -1;
        if (changed == 0 && known != NULL) {
            *ret = known;
            return 0;
        }
    }
    if (found < 0 && err->kind != ERR_DATA) return -1;
    *ret = found < 0 ? refuse(s, id, err) : found == 0 ? make_unknown(s, id) : make_schema(s, id, &schema);
    return 0;
}

int schemas_find(Schemas *s, Span message, const MessageSchema **ret, Error *err) {
    const unsigned char *bytes = (const unsigned char *)message.at;
    if (message.len < SCHEMA_PREFIX || bytes[0] != 0) {
        *ret = &no_schema_id;
        return 0;
    }
    int64_t id = (int64_t)bytes[1] << 24 | bytes[2] << 16 | bytes[3] << 8 | bytes[4];
    if (s->last >= s->count || !is_current(&s->known[s->last], id)) {
        size_t place = find_place(s, id);
        const MessageSchema *found, *known = place < s->count && s->known[place].id == id ? s->known[place].schema : NULL;
        if (place == s->count || !is_current(&s->known[place], id)) {
            if (fetch(s, id, known, &found, err) != 0) return -1;
            remember(s, place, id, found);
        }
        s->last = place;
    }
    *ret = s->known[s->last].schema;
    return 0;
}
