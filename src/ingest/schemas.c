/* schemas.c: which schema a message was written with. Ids never change their meaning, so what was found once holds for ever: in memory, and
 * in the lake, where a restart, a recovery and a restore find it when the registry is gone. Only that an id is unknown is asked again after
 * a while. */
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "ingest/schema_internal.h"
#include <inttypes.h>
#include <string.h>

#define ASK_AGAIN_NS (60 * NSEC_PER_SEC)

typedef struct KnownSchema {
    int64_t id;
    const MessageSchema *schema;
    int64_t until_ns; /* 0: for ever */
} KnownSchema;

struct Schemas {
    LakeConn *conn;
    Registry *registry;
    KnownSchema *known; /* by id */
    size_t count, last; /* last: where the one before was found */
    MessageSchema **owned;
    size_t owned_count;
};

static const MessageSchema no_schema_id = {.reject = "no_schema_id"}, unknown_schema = {.reject = "unknown_schema"},
                           unusable_schema = {.reject = "unusable_schema"};

/* ---- opening ---- */

static int check_registry(const Schemas *s, Error *err) {
    if (registry_check(s->registry, err) == 0) return 0;
    if (!error_is_retriable(err)) return -1;
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
        (KnownSchema){.id = id, .schema = schema, .until_ns = schema == &unknown_schema ? clock_coarse_ns() + ASK_AGAIN_NS : 0};
}

static bool is_current(const KnownSchema *k, int64_t id) {
    return k->id == id && (k->until_ns == 0 || clock_coarse_ns() < k->until_ns);
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

static const MessageSchema *make_schema(Schemas *s, int64_t id, const RegistrySchema *fetched) {
    AvroSchema *avro = NULL;
    Error why = {0};
    if (strcmp(fetched->type, "JSON") == 0) return keep(s, NULL);
    if (strcmp(fetched->type, "AVRO") != 0)
        error_set(&why, ERR_DATA, "it is of type %s, but the topic's format is avro", fetched->type);
    else if (parse_avro(fetched, &avro, &why) == 0)
        return keep(s, avro);
    return refuse(s, id, &why);
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

static int store(const Schemas *s, int64_t id, const RegistrySchema *schema, Error *err) {
    CLEANUP(free_text) char *references = json_text(schema->references);
    LakeValue row[] = {lake_text(registry_url(s->registry)), lake_int(id), lake_text(schema->type), lake_text(schema->text),
                       lake_text(references)};
    if (lake_exec_values(s->conn, "schemas/store", lake_sql("schemas/store"), row, ARRAY_LEN(row), NULL, err) != 0) return -1;
    log_info("ingest", "schema %" PRId64 " of %s: %s, kept in the lake", id, registry_url(s->registry), schema->type);
    return 0;
}

static int fetch(Schemas *s, int64_t id, const MessageSchema **ret, Error *err) {
    CLEANUP(registry_schema_done) RegistrySchema schema = {0};
    int found = read_stored(s, id, &schema, err);
    if (found == 0) {
        found = registry_fetch(s->registry, id, &schema, err);
        if (found > 0 && store(s, id, &schema, err) != 0) return -1;
    }
    if (found < 0 && err->kind != ERR_DATA) return -1;
    *ret = found < 0 ? refuse(s, id, err) : found == 0 ? &unknown_schema : make_schema(s, id, &schema);
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
        const MessageSchema *found;
        if (place == s->count || !is_current(&s->known[place], id)) {
            if (fetch(s, id, &found, err) != 0) return -1;
            remember(s, place, id, found);
        }
        s->last = place;
    }
    *ret = s->known[s->last].schema;
    return 0;
}
