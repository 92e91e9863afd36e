/* silver.c: Silver's tables, and the statements around the judge.
 *
 * Events are judged in C (judge/judge.h), by one program made of the contracts. The SQL here reads Bronze for it, and stores what it found:
 * the functions judged(), quarantined() and drifted() return its rows (refine/silver.c, quarantine.c, drift.c). */
#include "compile/internal.h"

#include "base/memory.h"
#include <string.h>

/* Times are UTC. */
static const SilverColumn bronze_columns[BRONZE_STORED] = {
    [BRONZE_ID] = {"event_id", "VARCHAR", "The event's id; unique together with source_system and event_timestamp.", "fsst"},
    [BRONZE_TYPE] = {"event_type", "VARCHAR", "The event type: which contract holds.", "dictionary"},
    [BRONZE_SOURCE] = {"source_system", "VARCHAR", "The system that sent the event.", "dictionary"},
    [BRONZE_ENTITY] = {BRONZE_ENTITY_COLUMN, "VARCHAR", "", "fsst"},
    [BRONZE_TIME] = {"event_timestamp", "TIMESTAMP", "When it happened, UTC."},
    [BRONZE_QUALITY] = {"quality_score", "INTEGER", "The sender's own estimate of the event's quality, 0 to 100."},
    [BRONZE_INGESTED_AT] = {"ingested_at", "TIMESTAMP", "When it landed in Bronze, UTC."},
    [BRONZE_TOPIC] = {"kafka_topic", "VARCHAR", "The topic, or the file.", "dictionary"},
    [BRONZE_EPOCH] = {"kafka_epoch", "INTEGER", "The incarnation of the topic."},
    [BRONZE_PARTITION] = {"kafka_partition", "INTEGER", "The partition."},
    [BRONZE_OFFSET] = {"kafka_offset", "BIGINT", "The offset: with topic, epoch and partition it names the message."},
    [BRONZE_MESSAGE_TIME] = {"kafka_timestamp", "TIMESTAMP",
                             "When it was sent, as the producer says, or when the broker received it (LogAppendTime), UTC."},
    [BRONZE_BATCH] = {"batch_id", "BIGINT", "The ingest commit that landed it."},
};
#define LINEAGE BRONZE_TOPIC /* the first column of it; those before are the envelope's */

const SilverColumn *compile_bronze_column(BronzeColumn column) {
    return &bronze_columns[column];
}

/* ---- columns ---- */

static bool has_column(const Compiled *c, const char *name) {
    for (size_t i = 0; i < c->column_count; i++)
        if (strcmp(c->columns[i].name, name) == 0) return true;
    return false;
}

static void add_column(Compiled *c, SilverColumn column) {
    if (has_column(c, column.name)) return;
    c->columns = xrealloc(c->columns, c->column_count + 1, sizeof *c->columns);
    c->columns[c->column_count++] = column;
}

/* Under the name that the declarations give it. */
static void add_entity_column(Compiled *c) {
    const Entity *e = &c->pipeline->entities[0];
    SilverColumn column = bronze_columns[BRONZE_ENTITY];
    column.name = e->key.name;
    column.description = c->entity_description = xasprintf("The %s.", e->title);
    add_column(c, column);
}

static void add_common(Compiled *c, BronzeColumn from, BronzeColumn to) {
    for (BronzeColumn i = from; i < to; i++) {
        if (i == BRONZE_ENTITY)
            add_entity_column(c);
        else
            add_column(c, bronze_columns[i]);
    }
}

/* The contract lists all values of the text. */
static bool has_few_values(const Field *f) {
    for (size_t i = 0; f->type == VALUE_TEXT && i < f->check_count; i++)
        if (f->checks[i].kind == CHECK_VALUES) return true;
    return false;
}

void silver_columns(Compiled *c) {
    const Pipeline *p = c->pipeline;
    add_common(c, 0, LINEAGE);
    for (size_t i = 0; i < p->contract_count; i++)
        for (size_t f = 0; f < p->contracts[i].field_count; f++) {
            const Field *field = &p->contracts[i].fields[f];
            add_column(c, (SilverColumn){field->column, field->sql_type, field->description, has_few_values(field) ? "dictionary" : NULL});
        }
    add_common(c, LINEAGE, BRONZE_STORED);
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
        buf_addf(out, " %s", c->columns[i].type);
        if (c->columns[i].compression != NULL) buf_addf(out, " USING COMPRESSION %s", c->columns[i].compression);
        buf_add_str(out, i + 1 < c->column_count ? ",\n" : "\n");
    }
    buf_add_str(out, ");\n");
    for (size_t i = 0; i < c->column_count; i++)
        add_comment(out, "silver_clean_events", c->suffix, c->columns[i].name, c->columns[i].description);
}

static void add_declarations(Buf *out, BronzeColumn from, BronzeColumn to) {
    for (BronzeColumn i = from; i < to; i++) buf_addf(out, "    %s %s,\n", bronze_columns[i].name, bronze_columns[i].type);
}

static void add_quarantine_table(Buf *out, const Compiled *c) {
    buf_addf(out, "CREATE TABLE IF NOT EXISTS silver_quarantine%s (\n", c->suffix);
    add_declarations(out, 0, LINEAGE);
    buf_add_str(out, "    rule VARCHAR,\n    field VARCHAR,\n    \"value\" VARCHAR,\n    reason VARCHAR,\n"
                     "    violations JSON,\n    raw_payload JSON,\n");
    add_declarations(out, LINEAGE, BRONZE_STORED);
    buf_add_str(out, "    quarantined_at TIMESTAMP,\n    corrected_by VARCHAR\n);\n");
    static const char *const comments[][2] = {
        {"rule", "The first rule that the event broke, in the order of its contract."},
        {"field", "The field that broke it."},
        {"value", "The field's value, as it came: its first 200 characters."},
        {"reason", "The rule in words."},
        {"violations", "All that it broke, when that is more than one: a list of rule, field, value, reason."},
        {"quarantined_at", "When the event came into the lake, UTC: a function of Bronze, so that a rebuild gives the same row."},
        {"corrected_by", "The message (topic, partition and offset) with the same source, id and time that is in Silver instead."},
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

/* ---- reading Bronze ---- */

static void add_entity(Buf *out, const Pipeline *p) {
    size_t upper = 0;
    for (size_t i = 0; i < p->contract_count; i++) upper += p->contracts[i].upper_entity;
    if (upper == 0) {
        buf_add_str(out, BRONZE_ENTITY_COLUMN);
        return;
    }
    bool first = true;
    if (upper < p->contract_count) buf_add_str(out, "CASE WHEN event_type IN (");
    for (size_t i = 0; upper < p->contract_count && i < p->contract_count; i++) {
        if (p->contracts[i].upper_entity) continue;
        sql_separate(out, &first, ", ");
        sql_text(out, p->contracts[i].event_type);
    }
    buf_add_str(out, upper < p->contract_count ? ") THEN " BRONZE_ENTITY_COLUMN " ELSE upper(" BRONZE_ENTITY_COLUMN ") END"
                                               : "upper(" BRONZE_ENTITY_COLUMN ")");
}

/* {{all}}: of every type; {{other}}: of those that no contract has; or of one. */
static void add_types(Buf *out, const Pipeline *p) {
    buf_add_str(out, "({{all}} OR event_type = {{type}} OR ({{other}} AND (event_type IS NULL OR event_type NOT IN (");
    for (size_t i = 0; i < p->contract_count; i++) {
        buf_add_str(out, i > 0 ? ", " : "");
        sql_text(out, p->contracts[i].event_type);
    }
    buf_add_str(out, "))))");
}

/* In the order of BronzeColumn. An event of no contract has its entity in capitals when any contract wants them. */
void silver_read(Buf *out, const Compiled *c) {
    buf_add_str(out, "SELECT ");
    for (BronzeColumn i = 0; i < BRONZE_STORED; i++)
        buf_addf(out, "%s%s", i > 0 ? ", " : "", i == BRONZE_ENTITY ? "entity_id" : bronze_columns[i].name);
    buf_add_str(out, ",\n    raw_payload, extra_fields, entity_id <> nfc_normalize(entity_id) AS not_nfc, conflict\nFROM (SELECT *, ");
    add_entity(out, c->pipeline);
    buf_add_str(out, " AS entity_id FROM bronze_raw_events\n"
                     "    WHERE batch_id > {{after}} AND batch_id <= {{upto}} AND rowid >= {{first}} AND rowid <= {{last}}\n    AND ");
    add_types(out, c->pipeline);
    buf_add_str(out, ")\n");
}

/* ---- what was judged ---- */

void silver_clean(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO silver_clean_events%s BY NAME SELECT * FROM judged()\n", c->suffix);
}

void silver_quarantine(Buf *out, const Compiled *c) {
    buf_addf(out, "INSERT INTO silver_quarantine%s BY NAME SELECT * FROM quarantined()\n", c->suffix);
}

/* What changes is deleted and inserted: an update would wait for a checkpoint which runs beside (lake/checkpoint.c). Materialized: all of
 * it is read before the first row is deleted. */
void silver_drift(Buf *out, const Compiled *c) {
    buf_addf(
        out,
        "MERGE INTO silver_drift%s AS old USING (\n"
        "    WITH added AS MATERIALIZED (\n"
        "        SELECT event_type, field, kind, coalesce(known.events, 0) + found.events AS events,\n"
        "            least(known.first_seen, found.first_seen) AS first_seen, greatest(known.last_seen, found.last_seen) AS last_seen,\n"
        "            least(known.example, found.example) AS example\n"
        "        FROM drifted() AS found LEFT JOIN silver_drift%s AS known USING (event_type, field, kind)\n"
        "    )\n"
        "    SELECT true AS is_old, * FROM added UNION ALL SELECT false, * FROM added\n"
        ") AS new ON new.is_old AND old.event_type = new.event_type AND old.field = new.field AND old.kind = new.kind\n"
        "WHEN MATCHED THEN DELETE\n"
        "WHEN NOT MATCHED AND NOT new.is_old THEN INSERT (event_type, field, kind, events, first_seen, last_seen, example)\n"
        "    VALUES (new.event_type, new.field, new.kind, new.events, new.first_seen, new.last_seen, new.example)\n",
        c->suffix, c->suffix);
}

/* ---- conflicts ---- */

#define SAME_MESSAGE(a, b)                                                                                                                 \
    a ".kafka_offset = " b ".kafka_offset AND " a ".kafka_partition = " b ".kafka_partition AND " a ".kafka_epoch = " b                    \
      ".kafka_epoch AND " a ".kafka_topic = " b ".kafka_topic"
#define CONFLICTS "rule = 'conflict' AND batch_id > {{after}} AND batch_id <= {{upto}}"

/* The first good one of an identity that Silver does not have. */
void silver_corrections(Buf *out, const Compiled *c) {
    buf_addf(out,
             "SELECT b.rowid FROM (\n    SELECT * FROM silver_quarantine%s WHERE " CONFLICTS "\n"
             "    QUALIFY row_number() OVER (PARTITION BY source_system, event_id, event_timestamp"
             " ORDER BY batch_id, kafka_partition, kafka_offset) = 1\n) q\n"
             "    ANTI JOIN silver_clean_events%s s USING (event_timestamp, event_id, source_system)\n"
             "    JOIN bronze_raw_events b ON " SAME_MESSAGE(
                 "b", "q") "\n"
                           "WHERE b.batch_id > {{after}} AND b.batch_id <= {{upto}} ORDER BY b.rowid\n",
             c->suffix, c->suffix);
}

void silver_corrected(Buf *out, const Compiled *c) {
    buf_addf(out,
             "CREATE OR REPLACE TEMP TABLE refine_corrections AS SELECT q.* FROM silver_quarantine%s q\n"
             "    SEMI JOIN silver_clean_events%s s ON " SAME_MESSAGE("q", "s") "\nWHERE " CONFLICTS ";\n",
             c->suffix, c->suffix);
    buf_addf(
        out,
        "DELETE FROM silver_quarantine%s AS q USING refine_corrections c WHERE " SAME_MESSAGE(
            "q",
            "c") ";\n"
                 "UPDATE silver_quarantine%s AS q SET corrected_by = c.kafka_topic || '[' || c.kafka_partition || ']@' || c.kafka_offset\n"
                 "FROM refine_corrections c\nWHERE q.source_system = c.source_system AND q.event_id = c.event_id AND"
                 " q.event_timestamp = c.event_timestamp AND q.corrected_by IS NULL\n"
                 "    AND (q.batch_id, q.kafka_partition, q.kafka_offset) < (c.batch_id, c.kafka_partition, c.kafka_offset);\n"
                 "DROP TABLE refine_corrections;\n",
        c->suffix, c->suffix);
}
