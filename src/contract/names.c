/* names.c: see names.h. */
#include "contract/names.h"

#include "base/attr.h"
#include <string.h>

const char *value_type_name(ValueType type) {
    static const char *const names[] = {
        [VALUE_TEXT] = "text", [VALUE_INTEGER] = "integer",     [VALUE_DECIMAL] = "number", [VALUE_BOOLEAN] = "boolean",
        [VALUE_DATE] = "date", [VALUE_TIMESTAMP] = "timestamp", [VALUE_TIME] = "time",      [VALUE_JSON] = "JSON"};
    return names[type];
}

const char *const aggregate_names[MODEL_AGGREGATE_NAMES] = {
    [AGGREGATE_COUNT] = "count", [AGGREGATE_SUM] = "sum",     [AGGREGATE_AVG] = "avg",           [AGGREGATE_MIN] = "min",
    [AGGREGATE_MAX] = "max",     [AGGREGATE_LAST] = "last",   [AGGREGATE_RECENCY] = "recency",   [AGGREGATE_ACTIVE_DAYS] = "active_days",
    [AGGREGATE_GAP] = "gap",     [AGGREGATE_SLOPE] = "slope", [AGGREGATE_DISTINCT] = "distinct", [AGGREGATE_RATIO] = "ratio"};

const char *const comparison_names[COMPARISON_NAMES] = {
    [COMPARE_IN] = "in",           [COMPARE_NOT_IN] = "not_in",        [COMPARE_EQUAL] = "equals",     [COMPARE_LESS] = "less_than",
    [COMPARE_AT_MOST] = "at_most", [COMPARE_GREATER] = "greater_than", [COMPARE_AT_LEAST] = "at_least"};

static bool is_one_of(const char *const *names, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

bool is_silver_column(const char *name) {
    static const char *const names[] = {
        UNNAMED_KEY,   "event_id",     "event_type",  "source_system",   "subscriber_id", "event_timestamp", "quality_score",
        "ingested_at", "kafka_topic",  "kafka_epoch", "kafka_partition", "kafka_offset",  "kafka_timestamp", "batch_id",
        "raw_payload", "extra_fields", "violations",  "drift",           "clean",         "payload",         "rowid"};
    return is_one_of(names, ARRAY_LEN(names), name);
}

bool is_gold_column(const char *name) {
    static const char *const names[] = {"refined_batch", "churn_probability", "risk_band",    "reasons",     "model_id",
                                        "scored_at",     "log_odds",          "reasons_bias", "reasons_rest"};
    return is_one_of(names, ARRAY_LEN(names), name);
}

bool is_key_column(const char *name) {
    static const char *const others[] = {"band", "day", "known", "upto", "events_n", "rank", "generation", "risk", "features"};
    return !is_gold_column(name) && !is_one_of(others, ARRAY_LEN(others), name);
}
