/* fuzz_judge.c: any text as an event, judged by src/judge and by a second, slow judge (slow_judge.c): what they say must be the same, to
 * the byte. The first line is the subscriber, or (when it begins with '{') the unknown fields of an envelope without one; the rest is the
 * payload. */
#include "base/files.h"
#include "base/memory.h"
#include "judge/judge.h"
#include "slow_judge.h"
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795521600000000)

static const char contract[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: f\nversion: 1.0.0\nstatus: active\nschema:\n  - name: T\n    properties:\n"
    "      - {name: id, logicalType: string, physicalName: event_id, required: true}\n"
    "      - {name: type, logicalType: string, physicalName: event_type, required: true}\n"
    "      - {name: source, logicalType: string, physicalName: source_system, required: true}\n"
    "      - {name: subscriber_id, logicalType: string, physicalName: subscriber_id, required: true, logicalTypeOptions: {minLength: 1}}\n"
    "      - {name: timestamp, logicalType: timestamp, physicalName: event_timestamp, required: true}\n"
    "      - {name: quality_score, logicalType: integer, physicalName: quality_score, required: true}\n"
    "      - name: payload\n        logicalType: object\n        physicalName: raw_payload\n        required: true\n        properties:\n"
    "          - {name: s, logicalType: string, physicalName: s, required: true, logicalTypeOptions: {maxLength: 5, pattern: "
    "\"^[a-z]*$\"}}\n"
    "          - {name: v, logicalType: string, physicalName: v, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, "
    "\"\", é]}}]}\n"
    "          - {name: i, logicalType: integer, physicalName: i, physicalType: INTEGER, logicalTypeOptions: {minimum: -5.5}}\n"
    "          - {name: t, logicalType: integer, physicalName: t, physicalType: TINYINT}\n"
    "          - {name: b, logicalType: integer, physicalName: b, physicalType: BIGINT, quality: [{name: few, metric: invalidValues, "
    "mustBe: 0, arguments: {validValues: [1, -1, 100, 9007199254740993, 2.5]}}]}\n"
    "          - {name: d, logicalType: number, physicalName: d, physicalType: \"DECIMAL(18,2)\", logicalTypeOptions: {exclusiveMinimum: "
    "-0.005, maximum: 1000000}}\n"
    "          - {name: n, logicalType: number, physicalName: n, physicalType: \"DECIMAL(9,9)\"}\n"
    "          - {name: o, logicalType: boolean, physicalName: o}\n"
    "          - {name: day, logicalType: date, physicalName: day, logicalTypeOptions: {minimum: \"1969-12-31T12:00:00Z\"}}\n"
    "          - {name: at, logicalType: timestamp, physicalName: at, quality: [{name: early, type: custom, engine: smelt, implementation: "
    "{maximumAhead: 12h}}]}\n"
    "          - {name: x, logicalType: object, physicalName: x, logicalTypeOptions: {minProperties: 1, maxProperties: 3}}\n"
    "          - {name: l, logicalType: array, physicalName: l, logicalTypeOptions: {minItems: 1, maxItems: 9, uniqueItems: true}}\n"
    "          - {name: m, logicalType: integer, physicalName: m, physicalType: BIGINT, logicalTypeOptions: {multipleOf: 12}}\n"
    "          - {name: e, logicalType: number, physicalName: e, physicalType: \"DECIMAL(18,1)\", logicalTypeOptions: {multipleOf: 0.25}}\n"
    "          - name: f\n            logicalType: object\n            physicalName: f\n            properties:\n"
    "              - {name: date, logicalType: string, logicalTypeOptions: {format: date}}\n"
    "              - {name: time, logicalType: string, logicalTypeOptions: {format: time}}\n"
    "              - {name: at, logicalType: string, logicalTypeOptions: {format: date-time}}\n"
    "              - {name: mail, logicalType: string, logicalTypeOptions: {format: email}}\n"
    "              - {name: host, logicalType: string, logicalTypeOptions: {format: hostname}}\n"
    "              - {name: v4, logicalType: string, logicalTypeOptions: {format: ipv4}}\n"
    "              - {name: v6, logicalType: string, logicalTypeOptions: {format: ipv6}}\n"
    "              - {name: uri, logicalType: string, logicalTypeOptions: {format: uri}}\n"
    "              - {name: uuid, logicalType: string, logicalTypeOptions: {format: uuid}}\n"
    "              - {name: n, logicalType: number, logicalTypeOptions: {multipleOf: 0.3}}\n"
    "          - name: p\n            logicalType: object\n            physicalName: p\n            properties:\n"
    "              - {name: lat, logicalType: number, required: true, logicalTypeOptions: {minimum: -90, exclusiveMaximum: 90}}\n"
    "              - {name: k, logicalType: integer}\n"
    "          - {name: q, logicalType: array, physicalName: q, items: {logicalType: object, required: true, properties: [{name: sku, "
    "logicalType: string, required: true}, {name: a, logicalType: array, items: {logicalType: number, physicalType: "
    "\"DECIMAL(4,1)\"}}]}}\n";
static const char features[] = "version: 1\nminimum_events: 1\nfeatures:\n  - {name: n, aggregate: count}\n";

static Pipeline *pipeline;
static Judge *judge;
static const JudgeColumn *columns;
static JudgeVector vectors[64];
static size_t column_count;

/* ---- the judge ---- */

static void load(const char *dir) {
    Error err = {0};
    JudgeProgram *program;
    if (chdir(dir) != 0 || dir_make("contracts", &err) != 0 ||
        file_write_atomic("contracts/f.odcs.yaml", contract, strlen(contract), &err) != 0 ||
        file_write_atomic("features.yaml", features, strlen(features), &err) != 0 || pipeline_load_dir(".", &pipeline, &err) != 0 ||
        judge_program_new(pipeline, &program, &err) != 0) {
        fprintf(stderr, "%s\n", err.text != NULL ? err.text : dir);
        abort();
    }
    judge = judge_new(program);
    column_count = judge_columns(program, &columns);
    for (size_t i = 0; i < column_count; i++)
        vectors[i] = (JudgeVector){xcalloc(JUDGE_ROWS, sizeof(Span)), xcalloc(JUDGE_ROWS / 64, sizeof(uint64_t))};
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    char dir[] = "/tmp/fuzz-judge-XXXXXX", *here = getcwd(NULL, 0);
    (void)argc, (void)argv;
    if (here == NULL || mkdtemp(dir) == NULL) abort();
    load(dir);
    if (unlink("contracts/f.odcs.yaml") != 0 || unlink("features.yaml") != 0 || rmdir("contracts") != 0 || chdir(here) != 0 ||
        rmdir(dir) != 0)
        abort();
    free(here);
    return 0;
}

static void add_value(Buf *out, size_t i) {
    const void *data = vectors[i].data;
    switch (columns[i].store) {
    case JUDGE_INT8: buf_addf(out, "%d", *(const int8_t *)data); break;
    case JUDGE_INT16: buf_addf(out, "%d", *(const int16_t *)data); break;
    case JUDGE_INT32: buf_addf(out, "%d", *(const int32_t *)data); break;
    case JUDGE_INT64: buf_addf(out, "%" PRId64, *(const int64_t *)data); break;
    case JUDGE_BOOL: buf_add_str(out, *(const bool *)data ? "true" : "false"); break;
    case JUDGE_TEXT: buf_add(out, ((const Span *)data)->at, ((const Span *)data)->len); break;
    }
}

static void add_span(Buf *out, Span text, const char *behind) {
    if (text.at != NULL)
        buf_add(out, text.at, text.len);
    else
        buf_add_str(out, "(absent)");
    buf_add_str(out, behind);
}

static void say(const JudgeVerdict *v, Buf *out) {
    for (size_t i = 0; i < column_count; i++) {
        if ((vectors[i].valid[0] & 1) == 0) continue;
        if (v->violation_count > 0) abort();
        buf_addf(out, "column %s ", columns[i].name);
        add_value(out, i);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; i < v->violation_count; i++) {
        buf_addf(out, "broken %s ", v->violations[i].rule);
        add_span(out, v->violations[i].field, " ");
        add_span(out, v->violations[i].value, ": ");
        add_span(out, v->violations[i].reason, "\n");
    }
    for (size_t i = 0; i < v->drift_count; i++) {
        buf_addf(out, "drift %s ", v->drift[i].kind);
        add_span(out, v->drift[i].field, " ");
        add_span(out, v->drift[i].value, "\n");
    }
}

/* ---- both ---- */

/* The same lines in another order are the same: drift has none. */
static int compare_lines(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *sorted(const Buf *text) {
    char **lines = xcalloc(text->len + 1, sizeof *lines);
    size_t count = 0;
    CLEANUP(free_text) char *copy = xstrndup(text->data != NULL ? text->data : "", text->len);
    for (char *at = copy, *line; (line = strsep(&at, "\n")) != NULL;) lines[count++] = line;
    qsort(lines, count, sizeof *lines, compare_lines);
    Buf out = {0};
    for (size_t i = 0; i < count; i++) buf_addf(&out, "%s\n", lines[i]);
    free(lines);
    return buf_take(&out);
}

/* The slow judge has no NUL and no \1 in its paths. */
static void replace_odd(Buf *text) {
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '\0' || text->data[i] == '\1') text->data[i] = '?';
}

static void compare(Span subscriber, Span extra, Span payload) {
    CLEANUP(buf_done) Buf found = {0}, expected = {0};
    JudgeInput in = {.id = {"1", 1},
                     .source = {"s", 1},
                     .type = {"T", 1},
                     .entity_id = subscriber,
                     .has_time = true,
                     .has_quality = true,
                     .time_us = NOW,
                     .quality = 90,
                     .payload = payload,
                     .payload_bytes = payload.len,
                     .extra = extra,
                     .extra_bytes = extra.len,
                     .message_us = NOW,
                     .ingested_us = NOW};
    JudgeVerdict verdict;
    judge_begin(judge, vectors);
    if (judge_event(judge, &in, 0, &verdict) != (verdict.violation_count == 0)) abort();
    say(&verdict, &found);
    if (judge_violations_json(judge, &verdict).len < 2) abort();
    slow_judge(&pipeline->contracts[0], subscriber, extra, payload, NOW, &expected);
    replace_odd(&found);
    replace_odd(&expected);
    CLEANUP(free_text) char *a = sorted(&found), *b = sorted(&expected);
    if (strcmp(a, b) == 0) return;
    fprintf(stderr, "---- the judge:\n%s---- the slow judge:\n%s", a, b);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = memchr(data, '\n', size);
    size_t head = line != NULL ? (size_t)(line - data) : 0, from = line != NULL ? head + 1 : 0;
    char *bytes = xmalloc(size + 1); /* each text in a block of its own size: reading beyond it is seen */
    char *payload = xmalloc(size - from > 0 ? size - from : 1);
    memcpy(bytes, data, head);
    memcpy(payload, data + from, size - from);
    Span first = {bytes, head}, none = {0}, rest = {payload, size - from};
    if (!slow_is_utf8(first)) first.len = 0;
    bool extra = first.len > 0 && bytes[0] == '{';
    compare(extra ? none : first, extra ? first : none, rest);
    free(payload);
    free(bytes);
    return 0;
}
