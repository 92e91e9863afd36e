/* judge_lines.c: judges events that are given line by line, for tests in another language (tests/judge/test_oracle.py).
 *
 *     judge_lines PIPELINE_DIR < events > verdicts
 *
 * A line of input is a JSON object of what Bronze has: id, source, type, subscriber, not_nfc, time_us, quality, payload and extra (texts of
 * JSON), payload_bytes, message_us, ingested_us. A line of output is {"ok", "values", "violations", "drift", "quality"}; numbers in values
 * are the integers of the columns. Chunks have the usual size, so that rows and texts live as long as they do in use. */
#include "base/document.h"
#include "base/memory.h"
#include "judge/judge.h"
#include <string.h>

typedef struct Lines {
    Judge *judge;
    const JudgeColumn *columns;
    size_t column_count;
    JudgeVector *vectors;
    json_t *inputs[JUDGE_ROWS], *outputs[JUDGE_ROWS]; /* owned */
    size_t count;
} Lines;

static Span span_at(const json_t *line, const char *key) {
    const json_t *value = json_object_get(line, key);
    return json_is_string(value) ? (Span){json_string_value(value), json_string_length(value)} : (Span){0};
}

static int64_t integer_at(const json_t *line, const char *key, int64_t otherwise) {
    const json_t *value = json_object_get(line, key);
    return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

static JudgeInput input_of(const json_t *line) {
    JudgeInput in = {.id = span_at(line, "id"),
                     .source = span_at(line, "source"),
                     .type = span_at(line, "type"),
                     .entity_id = span_at(line, "subscriber"),
                     .entity_not_nfc = json_is_true(json_object_get(line, "not_nfc")),
                     .has_time = json_is_integer(json_object_get(line, "time_us")),
                     .time_us = integer_at(line, "time_us", 0),
                     .has_quality = json_is_integer(json_object_get(line, "quality")),
                     .quality = (int32_t)integer_at(line, "quality", 0),
                     .payload = span_at(line, "payload"),
                     .extra = span_at(line, "extra"),
                     .message_us = integer_at(line, "message_us", 0),
                     .ingested_us = integer_at(line, "ingested_us", 0)};
    in.payload_bytes = (size_t)integer_at(line, "payload_bytes", (int64_t)in.payload.len);
    in.extra_bytes = in.extra.len;
    return in;
}

static json_t *text_or_null(Span text) {
    json_t *value = text.at == NULL ? json_null() : json_stringn(text.at, text.len);
    if (value == NULL) BUG("a text that is not UTF-8");
    return value;
}

static json_t *value_of(const JudgeColumn *column, const JudgeVector *vector, size_t row) {
    switch (column->store) {
    case JUDGE_INT8: return json_integer(((const int8_t *)vector->data)[row]);
    case JUDGE_INT16: return json_integer(((const int16_t *)vector->data)[row]);
    case JUDGE_INT32: return json_integer(((const int32_t *)vector->data)[row]);
    case JUDGE_INT64: return json_integer(((const int64_t *)vector->data)[row]);
    case JUDGE_BOOL: return json_boolean(((const bool *)vector->data)[row]);
    case JUDGE_TEXT: return text_or_null(((const Span *)vector->data)[row]);
    }
    BUG("a column of no known kind");
}

static json_t *values_of(const Lines *l, size_t row) {
    json_t *values = json_object();
    for (size_t i = 0; i < l->column_count; i++)
        if (l->vectors[i].valid[row / 64] >> (row % 64) & 1)
            json_object_set_new(values, l->columns[i].name, value_of(&l->columns[i], &l->vectors[i], row));
    return values;
}

static void judge_line(Lines *l, size_t row) {
    JudgeInput in = input_of(l->inputs[row]);
    JudgeVerdict v;
    bool ok = judge_event(l->judge, &in, row, &v);
    Span report = judge_violations_json(l->judge, &v);
    CLEANUP(json_freep) json_t *violations = json_loadb(report.at, report.len, JSON_ALLOW_NUL, NULL);
    json_t *drift = json_array();
    if (violations == NULL || json_array_size(violations) != v.violation_count) BUG("violations that are no JSON");
    for (size_t i = 0; i < v.drift_count; i++)
        json_array_append_new(drift, json_pack("[s,o,o]", v.drift[i].kind, text_or_null(v.drift[i].field), text_or_null(v.drift[i].value)));
    l->outputs[row] = json_pack("{sb sO so}", "ok", ok, "violations", violations, "drift", drift);
    if (v.has_quality) json_object_set_new(l->outputs[row], "quality", json_integer(v.quality));
}

/* Values are read when the whole chunk is there. */
static void judge_chunk(Lines *l) {
    judge_begin(l->judge, l->vectors);
    for (size_t i = 0; i < l->count; i++) judge_line(l, i);
    for (size_t i = 0; i < l->count; i++) {
        json_object_set_new(l->outputs[i], "values", values_of(l, i));
        if (json_dumpf(l->outputs[i], stdout, JSON_COMPACT) != 0 || putchar('\n') == EOF) BUG("cannot write");
        json_decref(l->inputs[i]);
        json_decref(l->outputs[i]);
    }
    l->count = 0;
}

static void make_vectors(Lines *l) {
    l->vectors = xcalloc(l->column_count, sizeof *l->vectors);
    for (size_t i = 0; i < l->column_count; i++)
        l->vectors[i] = (JudgeVector){xcalloc(JUDGE_ROWS, sizeof(Span)), xcalloc(JUDGE_ROWS / 64, sizeof(uint64_t))};
}

static void free_vectors(Lines *l) {
    for (size_t i = 0; i < l->column_count; i++) {
        free(l->vectors[i].data);
        free(l->vectors[i].valid);
    }
    free(l->vectors);
}

static void judge_lines(Lines *l) {
    char *line = NULL;
    size_t size = 0;
    for (ssize_t len; (len = getline(&line, &size, stdin)) > 0;) {
        l->inputs[l->count] = json_loadb(line, (size_t)len, JSON_ALLOW_NUL, NULL);
        if (l->inputs[l->count] == NULL) BUG("a line that is no JSON");
        if (++l->count == JUDGE_ROWS) judge_chunk(l);
    }
    judge_chunk(l);
    free(line);
}

int main(int argc, char **argv) {
    CLEANUP(pipeline_freep) Pipeline *pipeline = NULL;
    CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
    static Lines l;
    Error err = {0};
    if (argc != 2 || pipeline_load_dir(argv[1], &pipeline, &err) != 0 || judge_program_new(pipeline, &program, &err) != 0) {
        fprintf(stderr, "judge_lines: %s\n", err.text != NULL ? err.text : "which pipeline?");
        error_clear(&err);
        return 78;
    }
    l.judge = judge_new(program);
    l.column_count = judge_columns(program, &l.columns);
    make_vectors(&l);
    judge_lines(&l);
    free_vectors(&l);
    judge_free(l.judge);
    return 0;
}
