/* suspects.c: the slow and exact path: each field of a suspect is judged on its own, by its JSON type and its text.
 *
 * A suspect is a row of Bronze that the fast path did not put into Silver. Here it gets typed columns, a list of violations (at most one
 * per field, in the order of the contract) and a list of what drifted (fields that no contract has, numbers in JSON strings). A suspect
 * without a violation goes to Silver. */
#include "compile/internal.h"

#include "base/memory.h"
#include "contract/names.h"
#include <inttypes.h>
#include <string.h>

#define PATTERN_INTEGER "-?(0|[1-9][0-9]*)"
#define PATTERN_NUMBER  PATTERN_INTEGER "([.][0-9]+)?"
#define VALUE_SHOWN     "200" /* characters of a value in quarantine and drift */

/* ---- typed fields: _k<i> is the JSON type, _x<i> the text ---- */

/* The fields as they were sent, by one JSON function for all of them: each call keeps what it parsed of a whole vector of rows, so that a
 * call per field would need hundreds of megabytes for payloads of some kilobytes. */
static void add_raw_fields(Buf *out, const Contract *contract) {
    buf_add_str(out, "json_extract(object, [");
    for (size_t i = 0; i < contract->field_count; i++) buf_addf(out, "%s'$.\"%s\"'", i > 0 ? ", " : "", contract->fields[i].name);
    buf_add_str(out, "]) AS _raw");
}

static void add_raw_field(Buf *out, size_t i) {
    buf_addf(out, "json_type(_raw[%zu]) AS _k%zu, json_extract_string(_raw[%zu], '$') AS _x%zu", i + 1, i, i + 1, i);
}

static void add_pattern_cast(Buf *out, size_t i, const char *pattern, const char *type) {
    buf_addf(out, "CASE WHEN regexp_full_match(_x%zu, '%s') THEN TRY_CAST(_x%zu AS %s) END", i, pattern, i, type);
}

static void add_decimal_pattern(Buf *out, const Field *f) {
    if (f->scale == 0)
        buf_add_str(out, PATTERN_INTEGER "([.]0+)?");
    else
        buf_addf(out, PATTERN_INTEGER "([.][0-9]{1,%d}0*)?", f->scale);
}

static void add_exact_type(Buf *out, size_t i, const Field *f) {
    CLEANUP(buf_done) Buf pattern = {0};
    switch (f->type) {
    case VALUE_TEXT: buf_addf(out, "CASE WHEN _k%zu = 'VARCHAR' THEN _x%zu END", i, i); break;
    case VALUE_INTEGER: add_pattern_cast(out, i, PATTERN_INTEGER, f->sql_type); break;
    case VALUE_DECIMAL:
        add_decimal_pattern(&pattern, f);
        add_pattern_cast(out, i, pattern.data, f->sql_type);
        break;
    case VALUE_BOOLEAN: buf_addf(out, "CASE WHEN _k%zu = 'BOOLEAN' THEN _x%zu = 'true' END", i, i); break;
    case VALUE_DATE: add_pattern_cast(out, i, PATTERN_DATE, "DATE"); break;
    case VALUE_TIMESTAMP:
        buf_add_str(out, "make_timestamp(epoch_us(");
        add_pattern_cast(out, i, PATTERN_TIMESTAMP, "TIMESTAMPTZ");
        buf_add_str(out, "))");
        break;
    case VALUE_JSON: buf_addf(out, "CASE WHEN _k%zu = '%s' THEN _raw[%zu] END", i, f->array ? "ARRAY" : "OBJECT", i + 1); break;
    }
    buf_add_str(out, " AS ");
    sql_name(out, f->column);
}

/* ---- violations ---- */

/* WHEN `condition` THEN {rule, field, value, reason}; `reason` is SQL. */
static void add_violation(Buf *out, const char *condition, const char *rule, const char *field, const char *value, const char *reason) {
    buf_addf(out, "\n                WHEN %s THEN {'rule': '%s', 'field': ", condition, rule);
    sql_text(out, field);
    buf_addf(out, ", 'value': %s, 'reason': %s}", value, reason);
}

static char *quoted(const char *text) {
    Buf out = {0};
    sql_text(&out, text);
    return buf_take(&out);
}

static void add_length(Buf *out, const char *end, int64_t n) {
    buf_addf(out, "must have at %s %" PRId64 " character%s", end, n, n == 1 ? "" : "s");
}

static char *check_reason(const Check *check) {
    CLEANUP(buf_done) Buf text = {0};
    switch (check->kind) {
    case CHECK_MINIMUM: buf_addf(&text, "must be at least %s", check->text); break;
    case CHECK_MAXIMUM: buf_addf(&text, "must be at most %s", check->text); break;
    case CHECK_ABOVE: buf_addf(&text, "must be above %s", check->text); break;
    case CHECK_BELOW: buf_addf(&text, "must be below %s", check->text); break;
    case CHECK_MIN_LENGTH: add_length(&text, "least", check->number); break;
    case CHECK_MAX_LENGTH: add_length(&text, "most", check->number); break;
    case CHECK_PATTERN: buf_addf(&text, "must match %s", check->text); break;
    case CHECK_VALUES:
        buf_add_str(&text, "must be one of");
        for (size_t i = 0; i < check->value_count; i++) buf_addf(&text, "%s %s", i > 0 ? "," : "", check->values[i]);
        break;
    case CHECK_AHEAD: buf_addf(&text, "must be at most %g hours after the message", (double)check->number / 3.6e9); break;
    }
    return quoted(text.data);
}

static void add_check_violations(Buf *out, const Field *f, const char *column, const char *value) {
    for (size_t i = 0; i < f->check_count; i++) {
        CLEANUP(buf_done) Buf condition = {0};
        CLEANUP(free_text) char *reason = check_reason(&f->checks[i]);
        buf_add_str(&condition, "NOT (");
        silver_add_check(&condition, &f->checks[i], f, column);
        buf_add_char(&condition, ')');
        add_violation(out, condition.data, f->checks[i].rule, f->name, value, reason);
    }
}

static void add_envelope_violation(Buf *out, const Field *f) {
    CLEANUP(free_text) char *value = xasprintf("left(%s::VARCHAR, " VALUE_SHOWN ")", f->column);
    CLEANUP(free_text) char *missing = xasprintf("%s IS NULL", f->column);
    buf_add_str(out, "\n            CASE");
    add_violation(out, missing, "required", f->name, "NULL", "'is missing'");
    add_check_violations(out, f, f->column, value);
    buf_add_str(out, "\n            END");
}

static void add_payload_violation(Buf *out) {
    buf_add_str(out, "\n            CASE");
    add_violation(out, "raw_payload IS NULL", "required", "payload", "NULL", "'is missing'");
    add_violation(out, "object IS NULL", "type", "payload", "left(raw_payload::VARCHAR, " VALUE_SHOWN ")", "'must be a JSON object'");
    buf_add_str(out, "\n            END");
}

static const char json_word[] =
    "CASE _k%zu WHEN 'VARCHAR' THEN 'a text' WHEN 'BOOLEAN' THEN 'true or false' WHEN 'OBJECT' THEN 'an object' WHEN 'ARRAY' THEN 'a list' "
    "ELSE 'a number' END";

static void add_type_violation(Buf *out, size_t i, const Field *f, const char *column, const char *value) {
    CLEANUP(free_text) char *condition = xasprintf("%s IS NULL", column);
    CLEANUP(buf_done) Buf reason = {0};
    const char *article = f->type == VALUE_INTEGER ? "an" : "a";
    const char *what = f->type == VALUE_JSON ? (f->array ? "list" : "object") : value_type_name(f->type);
    buf_addf(&reason, "'must be %s %s, not ' || ", f->type == VALUE_JSON && !f->array ? "an" : article, what);
    buf_addf(&reason, json_word, i);
    add_violation(out, condition, "type", f->name, value, reason.data);
}

/* A JSON number that the type cannot hold. */
static void add_number_violations(Buf *out, size_t i, const Field *f, const char *column, const char *value) {
    CLEANUP(buf_done) Buf pattern = {0};
    if (f->type == VALUE_INTEGER)
        buf_add_str(&pattern, PATTERN_INTEGER);
    else
        add_decimal_pattern(&pattern, f);
    CLEANUP(free_text) char *fits = xasprintf("%s IS NULL AND regexp_full_match(_x%zu, '%s')", column, i, pattern.data);
    CLEANUP(free_text) char *too_large = xasprintf("'does not fit %s'", f->sql_type);
    add_violation(out, fits, "range", f->name, value, too_large);
    if (f->type == VALUE_INTEGER) {
        CLEANUP(free_text) char *fraction = xasprintf("%s IS NULL AND _k%zu = 'DOUBLE'", column, i);
        add_violation(out, fraction, "type", f->name, value, "'must be an integer, not a number with decimals or an exponent'");
        return;
    }
    CLEANUP(free_text)
    char *digits = xasprintf("%s IS NULL AND (regexp_full_match(_x%zu, '" PATTERN_NUMBER
                             "') OR (_k%zu = 'DOUBLE' AND abs(TRY_CAST(_x%zu AS DOUBLE)) < 1e15))",
                             column, i, i, i);
    CLEANUP(free_text) char *too_fine = xasprintf("'must have at most %d decimals'", f->scale);
    add_violation(out, digits, "scale", f->name, value, too_fine);
}

static void add_field_violation(Buf *out, size_t i, const Field *f) {
    CLEANUP(buf_done) Buf column = {0};
    CLEANUP(free_text) char *value = xasprintf("left(_x%zu, " VALUE_SHOWN ")", i);
    CLEANUP(free_text) char *absent = xasprintf("object IS NOT NULL AND (_k%zu IS NULL OR _k%zu = 'NULL')", i, i);
    sql_name(&column, f->column);
    buf_add_str(out, "\n            CASE\n                WHEN object IS NULL THEN NULL");
    if (f->required)
        add_violation(out, absent, "required", f->name, "NULL", "'is missing'");
    else
        buf_addf(out, "\n                WHEN %s THEN NULL", absent);
    if (f->type == VALUE_INTEGER || f->type == VALUE_DECIMAL) add_number_violations(out, i, f, column.data, value);
    add_type_violation(out, i, f, column.data, value);
    add_check_violations(out, f, column.data, value);
    buf_add_str(out, "\n            END");
}

static void add_violations(Buf *out, const Contract *contract) {
    buf_add_str(out, "list_filter([");
    add_envelope_violation(out, &contract->subscriber);
    buf_add_char(out, ',');
    add_envelope_violation(out, &contract->timestamp);
    buf_add_char(out, ',');
    add_envelope_violation(out, &contract->quality);
    buf_add_char(out, ',');
    add_payload_violation(out);
    for (size_t i = 0; i < contract->field_count; i++) {
        buf_add_char(out, ',');
        add_field_violation(out, i, &contract->fields[i]);
    }
    buf_add_str(out, "\n        ], lambda v: v IS NOT NULL) AS violations");
}

/* ---- drift ---- */

/* A list of {field, kind, value} of the members of `object`: all of them, or those whose key is not one of the contract's. */
static void add_unknown_keys(Buf *out, const char *object, const Contract *known, const char *kind) {
    buf_addf(out, "list_transform(%slist_zip(json_keys(%s), json_extract(%s, '$.*'))", known != NULL ? "list_filter(" : "", object, object);
    for (size_t i = 0; known != NULL && i < known->field_count; i++)
        buf_addf(out, "%s'%s'", i > 0 ? ", " : ", lambda m: m[1] NOT IN (", known->fields[i].name);
    buf_addf(out, "%s, lambda m: {'field': m[1], 'kind': '%s', 'value': left(m[2]::VARCHAR, " VALUE_SHOWN ")})", known != NULL ? "))" : "",
             kind);
}

static void add_text_numbers(Buf *out, const Contract *contract) {
    bool first = true;
    buf_add_str(out, "list_filter([");
    for (size_t i = 0; i < contract->field_count; i++) {
        const Field *f = &contract->fields[i];
        if (f->type != VALUE_INTEGER && f->type != VALUE_DECIMAL) continue;
        sql_separate(out, &first, ", ");
        buf_addf(out, "CASE WHEN _k%zu = 'VARCHAR' AND ", i);
        sql_name(out, f->column);
        buf_addf(out, " IS NOT NULL THEN {'field': '%s', 'kind': 'number_as_text', 'value': left(_x%zu, " VALUE_SHOWN ")} END", f->name, i);
    }
    buf_add_str(out, first ? "NULL::STRUCT(field VARCHAR, kind VARCHAR, \"value\" VARCHAR)" : "");
    buf_add_str(out, "], lambda d: d IS NOT NULL)");
}

static void add_drift(Buf *out, const Contract *contract) {
    buf_add_str(out, "list_concat(\n            ");
    add_unknown_keys(out, "object", contract, "unknown_field");
    buf_add_str(out, ",\n            ");
    add_unknown_keys(out, "extra_fields", NULL, "unknown_envelope_field");
    buf_add_str(out, ",\n            ");
    add_text_numbers(out, contract);
    buf_add_str(out, ") AS drift");
}

/* ---- the table ---- */

static void add_common(Buf *out, bool upper) {
    bool first = true;
    for (size_t i = 0; i < ENVELOPE_COLUMNS + LINEAGE_COLUMNS; i++) {
        const CommonColumn *column = i < ENVELOPE_COLUMNS ? &envelope_columns_silver[i] : &lineage_columns_silver[i - ENVELOPE_COLUMNS];
        sql_separate(out, &first, ", ");
        if (column->time)
            buf_addf(out, "make_timestamp(epoch_us(%s)) AS %s", column->name, column->name);
        else if (upper && strcmp(column->name, "subscriber_id") == 0)
            buf_add_str(out, "upper(subscriber_id) AS subscriber_id");
        else
            buf_add_str(out, column->name);
    }
}

/* The rows of Bronze that the fast path did not put into Silver. Lineage identifies a message, so an anti-join on it finds them. */
static void add_left_over(Buf *out, const Compiled *c) {
    buf_addf(out,
             "CREATE OR REPLACE TEMP TABLE refine_left_over AS\n"
             "SELECT * FROM bronze_raw_events\n"
             "ANTI JOIN (SELECT kafka_offset, kafka_partition, kafka_epoch, kafka_topic FROM silver_clean_events%s\n"
             "    WHERE batch_id > {{after}} AND batch_id <= {{upto}}) USING (kafka_offset, kafka_partition, kafka_epoch, kafka_topic)\n"
             "WHERE " BRONZE_SLICE ";\n",
             c->suffix);
}

static void add_suspects_of(Buf *out, const Contract *contract) {
    buf_add_str(out, "SELECT * EXCLUDE (object, _raw),\n        ");
    add_violations(out, contract);
    buf_add_str(out, ",\n        ");
    add_drift(out, contract);
    buf_add_str(out, "\nFROM (\n    SELECT *");
    for (size_t i = 0; i < contract->field_count; i++) {
        buf_add_str(out, ",\n        ");
        add_exact_type(out, i, &contract->fields[i]);
    }
    buf_add_str(out, "\n    FROM (\n        SELECT *");
    for (size_t i = 0; i < contract->field_count; i++) {
        buf_add_str(out, ",\n            ");
        add_raw_field(out, i);
    }
    buf_add_str(out, "\n        FROM (\n            SELECT *, ");
    add_raw_fields(out, contract);
    buf_add_str(out, "\n            FROM (SELECT ");
    add_common(out, contract->upper_subscriber);
    buf_add_str(
        out,
        ", raw_payload, extra_fields,\n                CASE WHEN TRY(json_type(raw_payload)) = 'OBJECT' THEN raw_payload END AS object\n"
        "                FROM refine_left_over WHERE event_type = ");
    sql_text(out, contract->event_type);
    buf_add_str(out, "))))\n");
}

static void add_unknown_types(Buf *out, const Pipeline *p) {
    buf_add_str(out, "SELECT ");
    add_common(out, false);
    buf_add_str(out,
                ", raw_payload, extra_fields,\n    [{'rule': 'unknown_type', 'field': 'type', 'value': left(event_type, " VALUE_SHOWN
                "), 'reason': 'no contract has this event type'}] AS violations\nFROM refine_left_over WHERE coalesce(event_type NOT IN (");
    for (size_t i = 0; i < p->contract_count; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        sql_text(out, p->contracts[i].event_type);
    }
    buf_add_str(out, "), true)");
}

void silver_suspects(Buf *out, const Compiled *c) {
    add_left_over(out, c);
    buf_add_str(out, "CREATE OR REPLACE TEMP TABLE refine_suspects AS\n");
    for (size_t i = 0; i < c->pipeline->contract_count; i++) {
        add_suspects_of(out, &c->pipeline->contracts[i]);
        buf_add_str(out, "UNION ALL BY NAME\n");
    }
    add_unknown_types(out, c->pipeline);
    buf_add_str(out, ";\n");
}

/* ---- where suspects go ---- */

void silver_accept(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO silver_clean_events%s (", c->suffix);
    silver_add_names(out, c);
    buf_add_str(out, ")\nSELECT ");
    silver_add_names(out, c);
    buf_add_str(out, "\nFROM refine_suspects WHERE len(violations) = 0\n");
}

static void add_common_names(Buf *out, const CommonColumn *columns, size_t n) {
    for (size_t i = 0; i < n; i++) buf_addf(out, "%s%s", i > 0 ? ", " : "", columns[i].name);
}

void silver_quarantine(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO silver_quarantine%s BY NAME\nSELECT ", c->suffix);
    add_common_names(out, envelope_columns_silver, ENVELOPE_COLUMNS);
    buf_add_str(out, ",\n    violations[1].rule AS rule, violations[1].field AS field, violations[1].\"value\" AS \"value\", "
                     "violations[1].reason AS reason,\n"
                     "    CASE WHEN len(violations) > 1 THEN to_json(violations) END AS violations, raw_payload,\n    ");
    add_common_names(out, lineage_columns_silver, LINEAGE_COLUMNS);
    buf_add_str(out, ", ingested_at AS quarantined_at\nFROM refine_suspects WHERE len(violations) > 0\n");
}

void silver_drift(Buf *out, const Compiled *c) {
    buf_addf(out,
             "MERGE INTO silver_drift%s AS old USING (\n"
             "    SELECT event_type, d.field AS field, d.kind AS kind, count(*) AS events,"
             " min(ingested_at) AS first_seen, max(ingested_at) AS last_seen,\n"
             "        min(d.\"value\") AS example\n"
             "    FROM (SELECT event_type, ingested_at, unnest(drift) AS d FROM refine_suspects) GROUP BY ALL\n"
             ") AS new ON old.event_type = new.event_type AND old.field = new.field AND old.kind = new.kind\n"
             "WHEN MATCHED THEN UPDATE SET events = old.events + new.events, first_seen = least(old.first_seen, new.first_seen),\n"
             "    last_seen = greatest(old.last_seen, new.last_seen), example = least(old.example, new.example)\n"
             "WHEN NOT MATCHED THEN INSERT VALUES"
             " (new.event_type, new.field, new.kind, new.events, new.first_seen, new.last_seen, new.example)\n",
             c->suffix);
}
