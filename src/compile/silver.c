/* silver.c: Silver's tables, and the fast path into them.
 *
 * Each event type is read on its own, so that its payload is parsed once into its own few fields, and rows of one type are stored together
 * in Silver: the columns of the other types are then constant NULL there and cost next to nothing.
 *
 * The proof that a row is clean is cheap: written back as JSON, the parsed fields give the payload byte for byte (same names, same types,
 * no other fields). Where they do not (another order of fields, spaces, a missing optional field), the JSON types are compared instead,
 * once for all fields. The other rows are suspects, judged slowly and exactly (suspects.c). A row that cannot be proved clean is a suspect;
 * a row that breaks its contract is never proved clean.
 *
 * random() >= 0 is always true; a volatile condition keeps DuckDB from computing the fields a second time for the filter. */
#include "compile/internal.h"

#include "base/memory.h"
#include <inttypes.h>
#include <string.h>

const CommonColumn envelope_columns_silver[ENVELOPE_COLUMNS] = {
    {"event_id", "VARCHAR", "The event's id; unique together with source_system and event_timestamp.", false},
    {"event_type", "VARCHAR", "The event type: which contract holds.", false},
    {"source_system", "VARCHAR", "The system that sent the event.", false},
    {"subscriber_id", "VARCHAR", "The subscriber.", false},
    {"event_timestamp", "TIMESTAMP", "When it happened, UTC.", true},
    {"quality_score", "INTEGER", "The sender's own estimate of the event's quality, 0 to 100.", false},
    {"ingested_at", "TIMESTAMP", "When it landed in Bronze, UTC.", true},
};

const CommonColumn lineage_columns_silver[LINEAGE_COLUMNS] = {
    {"kafka_topic", "VARCHAR", "The topic, or the file.", false},
    {"kafka_epoch", "INTEGER", "The incarnation of the topic.", false},
    {"kafka_partition", "INTEGER", "The partition.", false},
    {"kafka_offset", "BIGINT", "The offset: with topic, epoch and partition it names the message.", false},
    {"kafka_timestamp", "TIMESTAMP", "When the broker received it, UTC.", true},
    {"batch_id", "BIGINT", "The ingest commit that landed it.", false},
};

/* ---- columns ---- */

static bool has_column(const Compiled *c, const char *name) {
    for (size_t i = 0; i < c->column_count; i++)
        if (strcmp(c->columns[i].name, name) == 0) return true;
    return false;
}

static void add_column(Compiled *c, const char *name, const char *type, const char *description) {
    if (has_column(c, name)) return;
    c->columns = xrealloc(c->columns, c->column_count + 1, sizeof *c->columns);
    c->columns[c->column_count++] = (SilverColumn){name, type, description};
}

static void add_common(Compiled *c, const CommonColumn *columns, size_t n) {
    for (size_t i = 0; i < n; i++) add_column(c, columns[i].name, columns[i].type, columns[i].description);
}

void silver_columns(Compiled *c) {
    const Pipeline *p = c->pipeline;
    add_common(c, envelope_columns_silver, ENVELOPE_COLUMNS);
    for (size_t i = 0; i < p->contract_count; i++)
        for (size_t f = 0; f < p->contracts[i].field_count; f++) {
            const Field *field = &p->contracts[i].fields[f];
            add_column(c, field->column, field->sql_type, field->description);
        }
    add_common(c, lineage_columns_silver, LINEAGE_COLUMNS);
}

void silver_add_names(Buf *out, const Compiled *c) {
    bool first = true;
    for (size_t i = 0; i < c->column_count; i++) {
        sql_separate(out, &first, ", ");
        sql_name(out, c->columns[i].name);
    }
}

/* ---- tables ---- */

static void add_comment(Buf *out, const char *table, const char *suffix, const char *column, const char *description) {
    if (description[0] == '\0') return;
    buf_addf(out, "COMMENT ON COLUMN %s%s.", table, suffix);
    sql_name(out, column);
    buf_add_str(out, " IS ");
    sql_text(out, description);
    buf_add_str(out, ";\n");
}

static void add_clean_table(Buf *out, const Compiled *c) {
    buf_addf(out, "CREATE TABLE IF NOT EXISTS silver_clean_events%s (\n", c->suffix);
    for (size_t i = 0; i < c->column_count; i++) {
        buf_add_str(out, "    ");
        sql_name(out, c->columns[i].name);
        buf_addf(out, " %s%s\n", c->columns[i].type, i + 1 < c->column_count ? "," : "");
    }
    buf_add_str(out, ");\n");
    for (size_t i = 0; i < c->column_count; i++)
        add_comment(out, "silver_clean_events", c->suffix, c->columns[i].name, c->columns[i].description);
}

static void add_declarations(Buf *out, const CommonColumn *columns, size_t n) {
    for (size_t i = 0; i < n; i++) buf_addf(out, "    %s %s,\n", columns[i].name, columns[i].type);
}

static void add_quarantine_table(Buf *out, const Compiled *c) {
    buf_addf(out, "CREATE TABLE IF NOT EXISTS silver_quarantine%s (\n", c->suffix);
    add_declarations(out, envelope_columns_silver, ENVELOPE_COLUMNS);
    buf_add_str(out, "    rule VARCHAR,\n    field VARCHAR,\n    \"value\" VARCHAR,\n    reason VARCHAR,\n"
                     "    violations JSON,\n    raw_payload JSON,\n");
    add_declarations(out, lineage_columns_silver, LINEAGE_COLUMNS);
    buf_add_str(out, "    quarantined_at TIMESTAMP\n);\n");
    static const char *const comments[][2] = {
        {"rule", "The first rule that the event broke, in the order of its contract."},
        {"field", "The field that broke it."},
        {"value", "The field's value as text."},
        {"reason", "The rule in words."},
        {"violations", "All that it broke, when that is more than one: a list of rule, field, value, reason."},
        {"quarantined_at", "When the event came into the lake, UTC: a function of Bronze, so that a rebuild gives the same row."},
    };
    for (size_t i = 0; i < ARRAY_LEN(comments); i++) add_comment(out, "silver_quarantine", c->suffix, comments[i][0], comments[i][1]);
}

void silver_tables(Buf *out, const Compiled *c) {
    add_clean_table(out, c);
    add_quarantine_table(out, c);
    buf_addf(
        out,
        "CREATE TABLE IF NOT EXISTS silver_drift%s (\n    event_type VARCHAR,\n    field VARCHAR,\n    kind VARCHAR,\n    events BIGINT,\n"
        "    first_seen TIMESTAMP,\n    last_seen TIMESTAMP,\n    example VARCHAR\n);\n",
        c->suffix);
}

/* ---- the parsed payload ---- */

/* Wide enough to distinguish a value that does not fit the column from one that is absent. */
static const char *leaf_type(const Field *f) {
    switch (f->type) {
    case VALUE_INTEGER: return f->required ? f->sql_type : "HUGEINT";
    case VALUE_DECIMAL: return "DOUBLE";
    case VALUE_BOOLEAN: return "BOOLEAN";
    case VALUE_JSON: return "JSON";
    default: return "VARCHAR";
    }
}

static void add_structure(Buf *out, const Contract *contract) {
    CLEANUP(buf_done) Buf json = {0};
    for (size_t i = 0; i < contract->field_count; i++)
        buf_addf(&json, "%s\"%s\":\"%s\"", i > 0 ? "," : "{", contract->fields[i].name, leaf_type(&contract->fields[i]));
    buf_add_char(&json, '}');
    sql_text(out, json.data);
}

static void add_guarded_cast(Buf *out, const Field *f, const char *pattern) {
    buf_addf(out, "CASE WHEN regexp_full_match(");
    sql_payload_field(out, f->name);
    buf_addf(out, ", '%s') THEN ", pattern);
    if (f->type == VALUE_TIMESTAMP) buf_add_str(out, "make_timestamp(epoch_us(");
    buf_add_str(out, "TRY_CAST(");
    sql_payload_field(out, f->name);
    buf_addf(out, " AS %s)%s END", f->type == VALUE_DATE ? "DATE" : "TIMESTAMPTZ", f->type == VALUE_TIMESTAMP ? "))" : "");
}

/* The field as Silver has it. */
static void add_typed(Buf *out, const Field *f) {
    bool direct = f->type == VALUE_TEXT || f->type == VALUE_BOOLEAN || f->type == VALUE_JSON || (f->type == VALUE_INTEGER && f->required);
    if (f->type == VALUE_DATE)
        add_guarded_cast(out, f, PATTERN_DATE);
    else if (f->type == VALUE_TIMESTAMP)
        add_guarded_cast(out, f, PATTERN_TIMESTAMP);
    else {
        buf_add_str(out, direct ? "" : "TRY_CAST(");
        sql_payload_field(out, f->name);
        if (!direct) buf_addf(out, " AS %s)", f->sql_type);
    }
    buf_add_str(out, " AS ");
    sql_name(out, f->column);
}

/* ---- the proof ---- */

/* What json_type returns for a value of this type; a regular expression. */
static const char *json_types(const Field *f) {
    switch (f->type) {
    case VALUE_INTEGER: return "U?BIGINT";
    case VALUE_DECIMAL: return "(?:DOUBLE|U?BIGINT)";
    case VALUE_BOOLEAN: return "BOOLEAN";
    case VALUE_JSON: return f->array ? "ARRAY" : "OBJECT";
    default: return "VARCHAR";
    }
}

static void add_paths(Buf *out, const Contract *contract) {
    for (size_t i = 0; i < contract->field_count; i++) buf_addf(out, "%s'$.\"%s\"'", i > 0 ? ", " : "", contract->fields[i].name);
}

static void add_type_pattern(Buf *out, const Contract *contract) {
    for (size_t i = 0; i < contract->field_count; i++) {
        const Field *f = &contract->fields[i];
        buf_add_str(out, i > 0 ? ", " : "");
        buf_addf(out, f->required ? "%s" : "(?:NULL|''NULL''|%s)", json_types(f));
    }
}

static void add_proof(Buf *out, const Contract *contract) {
    buf_add_str(out, "CASE WHEN to_json(payload) = raw_payload THEN true ELSE TRY(regexp_full_match(json_type(raw_payload, [");
    add_paths(out, contract);
    buf_add_str(out, "])::VARCHAR, '\\[");
    add_type_pattern(out, contract);
    buf_add_str(out, "\\]') AND list_has_all([");
    for (size_t i = 0; i < contract->field_count; i++) buf_addf(out, "%s'%s'", i > 0 ? ", " : "", contract->fields[i].name);
    buf_add_str(out, "], json_keys(raw_payload))) END");
}

static void add_comparison(Buf *out, const Check *check, const Field *f, const char *value, const char *comparator) {
    buf_addf(out, "%s %s ", value, comparator);
    if (f->type == VALUE_TIMESTAMP)
        buf_addf(out, "make_timestamp(%" PRId64 ")", check->number);
    else if (f->type == VALUE_DATE)
        buf_addf(out, "make_timestamp(%" PRId64 ")::DATE", check->number);
    else
        buf_add_str(out, check->text);
}

static void add_values(Buf *out, const Check *check, const Field *f, const char *value) {
    buf_addf(out, "%s IN (", value);
    for (size_t i = 0; i < check->value_count; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        if (f->type == VALUE_TEXT)
            sql_text(out, check->values[i]);
        else
            buf_add_str(out, check->values[i]);
    }
    buf_add_char(out, ')');
}

void silver_add_check(Buf *out, const Check *check, const Field *f, const char *value) {
    switch (check->kind) {
    case CHECK_MINIMUM: add_comparison(out, check, f, value, ">="); return;
    case CHECK_MAXIMUM: add_comparison(out, check, f, value, "<="); return;
    case CHECK_ABOVE: add_comparison(out, check, f, value, ">"); return;
    case CHECK_BELOW: add_comparison(out, check, f, value, "<"); return;
    case CHECK_MIN_LENGTH: buf_addf(out, "length(%s) >= %" PRId64, value, check->number); return;
    case CHECK_MAX_LENGTH: buf_addf(out, "length(%s) <= %" PRId64, value, check->number); return;
    case CHECK_PATTERN:
        buf_addf(out, "regexp_matches(%s, ", value);
        sql_text(out, check->text);
        buf_add_char(out, ')');
        return;
    case CHECK_VALUES: add_values(out, check, f, value); return;
    case CHECK_AHEAD:
        buf_addf(out, "epoch_us(%s) <= epoch_us(coalesce(kafka_timestamp, ingested_at)) + %" PRId64, value, check->number);
        return;
    }
}

static void add_checks(Buf *out, const Field *f, const char *name) {
    for (size_t i = 0; i < f->check_count; i++) {
        buf_add_str(out, i > 0 ? " AND " : "");
        silver_add_check(out, &f->checks[i], f, name);
    }
}

/* All conditions on a value, with AND in front. */
static void add_conditions(Buf *out, const Field *f) {
    CLEANUP(buf_done) Buf name = {0};
    sql_name(&name, f->column);
    if (!f->required && f->check_count == 0) return;
    buf_addf(out, "\n            AND %s", f->required ? "" : "(");
    buf_addf(out, f->required ? "%s IS NOT NULL" : "%s IS NULL OR (", name.data);
    buf_add_str(out, f->required && f->check_count > 0 ? " AND " : "");
    add_checks(out, f, name.data);
    buf_add_str(out, f->required ? "" : "))");
}

/* Excludes what the cast may have hidden: digits that were rounded away, a value that did not fit. */
static void add_cast_proof(Buf *out, const Field *f) {
    enum { EXACT_DIGITS = 15 }; /* of a double */
    CLEANUP(buf_done) Buf leaf = {0}, name = {0};
    sql_payload_field(&leaf, f->name);
    sql_name(&name, f->column);
    const char *absent = f->required ? "" : " IS NULL OR ";
    if (f->type == VALUE_DECIMAL) {
        buf_addf(out, "\n            AND (%s%s%s::DOUBLE = %s)", f->required ? "" : leaf.data, absent, name.data, leaf.data);
        if (f->precision - f->scale >= EXACT_DIGITS) buf_addf(out, " AND coalesce(abs(%s) < 1e15, true)", leaf.data);
    } else if (!f->required && f->type != VALUE_TEXT && f->type != VALUE_BOOLEAN && f->type != VALUE_JSON)
        buf_addf(out, "\n            AND (%s IS NULL OR %s IS NOT NULL)", leaf.data, name.data);
}

/* ---- one event type ---- */

static void add_common_raw(Buf *out, const Contract *contract) {
    for (size_t i = 0; i < ENVELOPE_COLUMNS + LINEAGE_COLUMNS; i++) {
        const CommonColumn *column = i < ENVELOPE_COLUMNS ? &envelope_columns_silver[i] : &lineage_columns_silver[i - ENVELOPE_COLUMNS];
        buf_add_str(out, i > 0 ? ", " : "");
        if (column->time)
            buf_addf(out, "make_timestamp(epoch_us(%s)) AS %s", column->name, column->name);
        else if (contract->upper_subscriber && strcmp(column->name, "subscriber_id") == 0)
            buf_add_str(out, "upper(subscriber_id) AS subscriber_id");
        else
            buf_add_str(out, column->name);
    }
}

static bool contract_has(const Contract *contract, const char *column) {
    for (size_t i = 0; i < contract->field_count; i++)
        if (strcmp(contract->fields[i].column, column) == 0) return true;
    return false;
}

static bool is_common(const char *column) {
    for (size_t i = 0; i < ENVELOPE_COLUMNS; i++)
        if (strcmp(envelope_columns_silver[i].name, column) == 0) return true;
    for (size_t i = 0; i < LINEAGE_COLUMNS; i++)
        if (strcmp(lineage_columns_silver[i].name, column) == 0) return true;
    return false;
}

/* Silver's columns in order; those of other event types are NULL. */
static void add_select_list(Buf *out, const Compiled *c, const Contract *contract) {
    bool first = true;
    for (size_t i = 0; i < c->column_count; i++) {
        const char *name = c->columns[i].name;
        sql_separate(out, &first, ", ");
        if (!is_common(name) && !contract_has(contract, name))
            buf_addf(out, "NULL::%s", c->columns[i].type);
        else
            sql_name(out, name);
    }
}

static void add_clean_type(Buf *out, const Compiled *c, const Contract *contract) {
    buf_add_str(out, "SELECT ");
    add_select_list(out, c, contract);
    buf_add_str(out, "\nFROM (\n    SELECT *, random() >= 0 AND extra_fields IS NULL");
    add_conditions(out, &contract->subscriber);
    add_conditions(out, &contract->timestamp);
    add_conditions(out, &contract->quality);
    for (size_t i = 0; i < contract->field_count; i++) {
        add_conditions(out, &contract->fields[i]);
        add_cast_proof(out, &contract->fields[i]);
    }
    buf_add_str(out, "\n            AND ");
    add_proof(out, contract);
    buf_add_str(out, " AS clean\n    FROM (\n        SELECT ");
    add_common_raw(out, contract);
    buf_add_str(out, ", raw_payload, extra_fields, payload");
    for (size_t i = 0; i < contract->field_count; i++) {
        buf_add_str(out, ",\n            ");
        add_typed(out, &contract->fields[i]);
    }
    buf_add_str(out, "\n        FROM (\n            SELECT *, TRY(from_json(raw_payload, ");
    add_structure(out, contract);
    buf_add_str(out, ")) AS payload FROM bronze_raw_events\n            WHERE " BRONZE_SLICE " AND event_type = ");
    sql_text(out, contract->event_type);
    buf_add_str(out, ")))\nWHERE clean\n");
}

void silver_clean(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO silver_clean_events%s (", c->suffix);
    silver_add_names(out, c);
    buf_add_str(out, ")\n");
    for (size_t i = 0; i < c->pipeline->contract_count; i++) {
        buf_add_str(out, i > 0 ? "UNION ALL\n" : "");
        add_clean_type(out, c, &c->pipeline->contracts[i]);
    }
}
