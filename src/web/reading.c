/* reading.c: how far the topics were read, how fast, how long that takes, and what became of every offset. */
#include "base/files.h"
#include "base/memory.h"
#include "web/rows.h"
#include "web/time_range.h"
#include <inttypes.h>
#include <string.h>

const ParamSpec range_params[] = {
    TIME_RANGE_PARAMS,
    {.name = NULL},
};

/* ---- partitions ---- */

static bool has_label(const json_t *labels, const char *name, const char *value) {
    const char *text = json_string_value(json_object_get(labels, name));
    return text != NULL && strcmp(text, value) == 0;
}

/* The sample of a metric for a partition, as a whole number; JSON null: not known. */
static json_t *sample_of(const json_t *samples, const char *metric, const json_t *row) {
    char number[24];
    size_t i;
    const json_t *sample;
    snprintf(number, sizeof number, "%" PRId64, (int64_t)json_integer_value(json_object_get(row, "partition")));
    json_array_foreach(samples, i, sample) {
        const json_t *labels = json_array_get(sample, 2);
        if (strcmp(json_string_value(json_array_get(sample, 0)), metric) != 0) continue;
        if (has_label(labels, "topic", json_string_value(json_object_get(row, "topic"))) && has_label(labels, "partition", number))
            return json_integer((json_int_t)json_number_value(json_array_get(sample, 1)));
    }
    return json_null();
}

/* Where the partition ends was asked some seconds ago, what was read is known now: the end is at least there. */
static void add_end(json_t *row, json_t *end) {
    json_int_t next = json_integer_value(json_object_get(row, "next_offset"));
    if (json_is_integer(end) && json_integer_value(end) < next) json_integer_set(end, next);
    json_object_set_new(row, "lag", json_is_integer(end) ? json_integer(json_integer_value(end) - next) : json_null());
    json_object_set_new(row, "end_offset", end);
}

int handle_partitions(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    LakeValue with_paths = lake_bool(req->is_operator);
    CLEANUP(json_freep) json_t *samples = s->samples != NULL ? s->samples(s->samples_arg) : json_array();
    json_t *rows, *row;
    size_t i;
    if (rows_query(lease->conn, "api/partitions", &with_paths, 1, &rows, err) != 0) return -1;
    json_array_foreach(rows, i, row) add_end(row, sample_of(samples, "smelt_partition_end_offset", row));
    response_json(resp, 200, json_pack("{sI so}", "generation", (json_int_t)lease->generation, "partitions", rows));
    return 0;
}

/* ---- over time ---- */

/* The rows of sql/<name>.sql over the range of the request, which the answer describes too. Answers when the range is wrong. */
static int query_range(const Request *req, const Lease *lease, const char *name, int64_t usual_s, json_t **ret, Response *resp,
                       Error *err) {
    TimeRange range;
    json_t *rows;
    *ret = NULL;
    if (!time_range_read(req, usual_s, 60, &range, resp)) return 0;
    const LakeValue values[] = {lake_time(range.from_us), lake_time(range.to_us), lake_int(range.step_s)};
    if (rows_query(lease->conn, name, values, ARRAY_LEN(values), &rows, err) != 0) return -1;
    *ret = json_pack("{sI so}", "generation", (json_int_t)lease->generation, "points", rows);
    time_range_describe(&range, *ret);
    return 0;
}

int handle_throughput(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    json_t *out;
    if (query_range(req, lease, "api/throughput", 6 * 3600, &out, resp, err) != 0) return -1;
    if (out != NULL) response_json(resp, 200, out);
    return 0;
}

int handle_latency(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)s;
    json_t *out;
    if (query_range(req, lease, "api/latency", 86400, &out, resp, err) != 0) return -1;
    if (out == NULL) return 0;
    const json_t *points = json_object_get(out, "points");
    json_t *last = json_array_get(points, json_array_size(points) - 1);
    json_object_set(out, "last", last != NULL ? last : json_null());
    response_json(resp, 200, out);
    return 0;
}

/* ---- the proof ---- */

/* What `smelt audit` found last; JSON null: it was not asked yet, or its file cannot be read here. The caller owns it. */
static json_t *read_audit(const Service *s) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(error_clear) Error ignored = {0};
    json_t *last =
        s->audit_path != NULL && file_read(s->audit_path, &text, &ignored) == 0 ? json_loadb(text.data, text.len, 0, NULL) : NULL;
    return last != NULL ? last : json_null();
}

int handle_audit(Service *s, const Request *req, const Lease *lease, Response *resp, Error *err) {
    (void)req;
    enum { NEWEST = 20 };
    json_t *losses;
    CLEANUP(json_freep) json_t *balance = NULL;
    LakeValue most = lake_int(NEWEST);
    if (row_query(lease->conn, "api/balance", NULL, 0, &balance, err) != 0) return -1;
    if (rows_query(lease->conn, "serving/losses", &most, 1, &losses, err) != 0) return -1;
    response_json(resp, 200,
                  json_pack("{sI sO so so}", "generation", (json_int_t)lease->generation, "balance", balance, "losses", losses, "last",
                            read_audit(s)));
    return 0;
}
