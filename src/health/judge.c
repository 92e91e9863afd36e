/* judge.c: what the facts mean for each part, one function per part, and the sentences about it.
 *
 * A layer is late when work has waited for it longer than status.fresh_within; without work it is up to date, however long ago that was.
 * Invariant: a part whose facts are missing is never "ok". */
#include "health/internal.h"

#include <inttypes.h>
#include <string.h>

enum { QUARANTINE_PERCENT_MAX = 20 };

const char *state_name(State s) {
    static const char *const names[] = {"ok", "degraded", "down", "unknown"};
    return names[s];
}

static void put_int(Finding *r, const char *key, int64_t value) {
    json_object_set_new(r->more, key, json_integer(value));
}

static void put_text(Finding *r, const char *key, const char *value) {
    if (value != NULL) json_object_set_new(r->more, key, json_string(value));
}

static void put_copy(Finding *r, const Facts *f, const char *column) {
    json_t *value = json_object_get(f->row, column);
    if (value != NULL) json_object_set(r->more, column, value);
}

static int64_t age_of(const Facts *f, const char *column) {
    int64_t at = facts_time(f, column);
    return at > 0 ? f->now_us - at : INT64_MAX;
}

static int64_t fresh_within_us(const Facts *f) {
    return settings_int(f->settings, "status.fresh_within") * (USEC_PER_SEC / 1000);
}

/* How long events may wait for a step: what a contract promises, else status.fresh_within. */
static int64_t wait_allowed_us(const Facts *f) {
    const char *type;
    int64_t promised_us = promises_wait_us(f, &type);
    return promised_us > 0 ? promised_us : fresh_within_us(f);
}

/* Ends the sentence about what waits. `longer`: ", longer than", or a sentence of its own that goes on so. */
static void add_late(const Facts *f, Finding *r, bool late, const char *longer) {
    const char *type;
    if (!late)
        buf_add_char(&r->detail, '.');
    else if (promises_wait_us(f, &type) > 0)
        buf_addf(&r->detail, "%s the latency in the contract of %s allows.", longer, type);
    else
        buf_addf(&r->detail, "%s status.fresh_within allows.", longer);
    if (late && r->state == STATE_OK) r->state = STATE_DEGRADED;
}

static void add_age(Finding *r, const char *before, int64_t us, const char *after) {
    buf_add_str(&r->detail, before);
    format_age(&r->detail, us);
    buf_add_str(&r->detail, after);
}

/* What is known to be wrong with the lake, or NULL. */
static const char *lake_problem(const Facts *f) {
    return f->refused != NULL ? f->refused : f->lake != NULL ? f->lake->problem : NULL;
}

/* For the parts that are judged by the row: true, and unknown, when there is none. They are as old as the snapshot that it is of. */
static bool without_row(const Facts *f, Finding *r) {
    if (f->row == NULL) {
        r->state = STATE_UNKNOWN;
        buf_addf(&r->detail, "Cannot be judged: %s.", f->row_error);
        return true;
    }
    json_t *as_of = json_object_get(f->row, "as_of");
    if (!f->live && json_is_string(as_of)) json_object_set(r->more, "verified_at", as_of);
    return false;
}

/* Of a layer: nothing is known of it while the lake cannot be used; what was said is what the snapshot has. */
static void judge_by_lake(const Facts *f, Finding *r) {
    bool gone = f->lake_bytes < 0 && f->mark.commit > 0;
    if (lake_problem(f) == NULL && !gone) return;
    r->state = STATE_UNKNOWN;
    buf_addf(&r->detail, " The lake %s: this is what the snapshot has.", gone ? "is gone" : "cannot be used");
}

/* ---- Kafka ---- */

/* Events in Kafka that Bronze does not have; -1 when Kafka did not answer, or has none of the topics. */
static int64_t waiting_events(const Facts *f) {
    int64_t waiting = 0;
    bool known = false;
    for (size_t i = 0; f->kafka_error == NULL && i < f->topic_count; i++) {
        known = known || f->topics[i].kafka.exists;
        waiting += facts_topic_lag(f, &f->topics[i]);
    }
    return known ? waiting : -1;
}

static const char *reason_of(const json_t *stuck) {
    const char *reason = json_string_value(json_object_get(stuck, "reason"));
    return reason != NULL && reason[0] != '\0' ? reason : "no message and no reason came";
}

/* What ingest wrote into the mark about partitions that do not move although there is more of them. */
static void add_stuck(const Facts *f, Finding *r) {
    size_t i;
    json_t *stuck;
    json_array_foreach(f->mark.stuck, i, stuck) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, " Partition %d of %s does not move beyond offset %lld: %s.",
                 (int)json_integer_value(json_object_get(stuck, "partition")), json_string_value(json_object_get(stuck, "topic")),
                 (long long)json_integer_value(json_object_get(stuck, "offset")), reason_of(stuck));
    }
    if (json_array_size(f->mark.stuck) > 0) json_object_set(r->more, "stuck", f->mark.stuck);
}

/* Events that landed after the snapshot of the row was made: the mark has counted them. */
static int64_t newer_events(const Facts *f) {
    int64_t newer = f->mark_state == MARK_GOOD ? f->mark.landed - facts_int(f, "landed") : 0;
    return newer > 0 ? newer : 0;
}

static int64_t ingested_us(const Facts *f) {
    int64_t us = facts_time(f, "ingested_at");
    return newer_events(f) > 0 && f->mark.written_us > us ? f->mark.written_us : us;
}

/* A producer that died within a transaction stops all readers of its partitions until the transaction times out. */
static void add_transactions(const Facts *f, Finding *r) {
    int64_t behind = 0;
    for (size_t i = 0; i < f->topic_count; i++) behind += facts_topic_behind_transaction(&f->topics[i]);
    put_int(r, "behind_transactions", behind);
    if (behind == 0) return;
    buf_add_char(&r->detail, ' ');
    format_count(&r->detail, behind, "message waits", "messages wait");
    buf_add_str(&r->detail, " behind an open transaction.");
    if (f->now_us - ingested_us(f) > fresh_within_us(f)) r->state = STATE_DEGRADED;
}

static void add_unanswered(const KafkaTopic *topic, Finding *r) {
    if (topic->unanswered == 0) return;
    r->state = STATE_DEGRADED;
    buf_add_char(&r->detail, ' ');
    format_count(&r->detail, (int64_t)topic->unanswered, "of them gives no answer", "of them give no answer");
    buf_addf(&r->detail, ": %s.", topic->unanswered_reason != NULL ? topic->unanswered_reason : "the brokers do not name them");
}

/* `away`: why it is not read, with the next step; NULL: it is, or nothing is known of that. `gone`: it was there. */
static void describe_topic(const TopicFacts *t, const char *away, bool gone, Finding *r) {
    if (t->problem != NULL) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, " The topic %s cannot be described: %s.", t->name, t->problem);
    } else if (!t->kafka.exists) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail,
                 gone           ? " The topic %s does not exist any more; the lake keeps what was read of it."
                 : away != NULL ? " The topic %s does not exist."
                                : " The topic %s does not exist yet; `smelt produce` makes it.",
                 t->name);
    } else {
        buf_addf(&r->detail, " The topic %s has ", t->name);
        format_count(&r->detail, (int64_t)t->kafka.partition_count, "partition.", "partitions.");
        add_unanswered(&t->kafka, r);
    }
}

static void add_topic(const Facts *f, const TopicFacts *t, json_t *topics, Finding *r) {
    const char *away = facts_away(f, t), *problem = away != NULL ? away : t->problem;
    json_t *topic = json_pack("{ss sb si ss*}", "topic", t->name, "exists", t->kafka.exists, "partitions", (int)t->kafka.partition_count,
                              "problem", problem);
    describe_topic(t, away, facts_was_read(f, t), r);
    if (t->kafka.exists) {
        json_object_set_new(topic, "waiting_events", json_integer(facts_topic_lag(f, t)));
        json_object_set_new(topic, "behind_transactions", json_integer(facts_topic_behind_transaction(t)));
    }
    json_array_append_new(topics, topic);
    if (away == NULL) return;
    r->state = STATE_DEGRADED;
    buf_addf(&r->detail, " It is not read: %s.", away);
}

static void add_topics(const Facts *f, Finding *r) {
    json_t *topics = json_array();
    for (size_t i = 0; i < f->topic_count; i++) add_topic(f, &f->topics[i], topics, r);
    json_object_set_new(r->more, "topics", topics);
}

static bool judge_kafka(const Facts *f, Finding *r) {
    put_text(r, "bootstrap", settings_text(f->settings, "kafka.bootstrap"));
    if (f->kafka_error != NULL) {
        r->state = STATE_DOWN;
        bool answered = f->kafka.brokers > 0; /* but will not describe any topic */
        buf_addf(&r->detail, "%s: %s.", answered ? "The brokers answer, but no topic can be described" : "No answer to a metadata request",
                 f->kafka_error);
        return true;
    }
    put_int(r, "brokers", f->kafka.brokers);
    json_object_set_new(r->more, "latency_ms", json_real(f->kafka.latency_ms));
    format_count(&r->detail, f->kafka.brokers, "broker", "brokers");
    buf_addf(&r->detail, " answered a metadata request in %.1f ms.", f->kafka.latency_ms);
    add_topics(f, r);
    if (waiting_events(f) < 0) return true;
    add_stuck(f, r);
    add_transactions(f, r);
    put_int(r, "waiting_events", waiting_events(f));
    return true;
}

/* ---- lake ---- */

/* How much is known of the lake's state, and since when. */
static void describe_check(const Facts *f, Finding *r) {
    static const LakeCheck never = {0};
    const LakeCheck *c = f->lake != NULL ? f->lake : &never;
    char time[CLOCK_TEXT_SIZE];
    if (c->unknown != NULL) {
        r->state = f->writer != NULL ? STATE_DEGRADED : STATE_UNKNOWN;
        buf_addf(&r->detail, " It could not be verified now: %s.", c->unknown);
    }
    if (c->checked_us == 0) {
        if (f->writer == NULL) r->state = STATE_UNKNOWN;
        buf_add_str(&r->detail, f->writer != NULL ? " It compared the lake with its mark when it opened it." : " Not verified yet.");
        return;
    }
    put_text(r, "verified_at", clock_format(c->checked_us, time));
    json_object_set_new(r->more, "all_rows_read", json_boolean(c->all_read));
    add_age(r, c->all_read ? " Opened, compared with its mark and read to its end " : " Compared with its mark ", f->now_us - c->checked_us,
            " ago.");
    if (!c->all_read && f->writer == NULL) buf_add_str(&r->detail, " Not all rows were read then; `smelt audit` reads them.");
}

/* No writer begins a new lake then (recovery/backup.h). */
static bool has_only_a_backup(const Facts *f) {
    return f->mark.commit == 0 && f->backup_state == BACKUP_GOOD && f->backup.mark.landed > 0;
}

static bool judge_lake(const Facts *f, Finding *r) {
    if (f->lake_bytes >= 0) put_int(r, "bytes", f->lake_bytes);
    put_text(r, "writer", f->writer);
    r->state = STATE_DOWN;
    if (lake_problem(f) != NULL) {
        buf_addf(&r->detail, "%s.", lake_problem(f));
        return true;
    }
    if (f->lake_bytes < 0) {
        buf_addf(
            &r->detail,
            f->no_data_dir       ? "There is no lake at %s, nor the folder: is its volume mounted? `smelt ingest` makes both."
            : f->mark.commit > 0 ? "The lake %s is gone; `smelt recover` says what can be done."
            : has_only_a_backup(f)
                ? "There is no lake at %s, but backup.dir has the backup of one: is its volume mounted? `smelt restore` makes it again."
                : "There is no lake at %s; `smelt ingest` makes one.",
            f->lake_path);
        return true;
    }
    r->state = STATE_OK;
    format_bytes(&r->detail, f->lake_bytes);
    if (f->writer != NULL)
        buf_addf(&r->detail, "; %s is writing to it.", f->writer);
    else
        add_age(r, "; no process is writing to it, last changed ", f->now_us - f->lake_changed_us, " ago.");
    describe_check(f, r);
    return true;
}

static void describe_mark(const Facts *f, Finding *r) {
    put_text(r, "lake_id", f->mark.lake_id);
    put_int(r, "lake_generation", f->mark.generation);
    put_int(r, "commit", f->mark.commit);
    if (f->lake_bytes < 0 && f->mark.commit > 0) {
        r->state = STATE_DOWN;
        buf_addf(&r->detail, "The lake is gone; it was at commit %" PRId64 " with ", f->mark.commit);
        format_count(&r->detail, f->mark.landed, "event", "events");
        buf_add_str(&r->detail, ". `smelt recover` says what can be done.");
        return;
    }
    buf_addf(&r->detail, "Commit %" PRId64 " with ", f->mark.commit);
    format_count(&r->detail, f->mark.landed, "event", "events");
    add_age(r, " is kept outside the lake, written ", f->now_us - f->mark.written_us, " ago.");
    if (f->live || facts_int(f, "landed") <= f->mark.landed) return;
    r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, " The snapshot has more, ");
    format_count(&r->detail, facts_int(f, "landed"), "event", "events");
    buf_add_str(
        &r->detail,
        ": an older lake, or another one, is in the place of the one that it was published from. Next: bring that one back, or let `smelt ingest` read again what Kafka still has.");
}

static bool judge_mark(const Facts *f, Finding *r) {
    if (f->mark_error != NULL) {
        r->state = STATE_UNKNOWN;
        buf_addf(&r->detail, "Cannot be read: %s.", f->mark_error);
        return true;
    }
    switch (f->mark_state) {
    case MARK_GOOD: describe_mark(f, r); return true;
    case MARK_DAMAGED:
        r->state = STATE_DEGRADED;
        buf_add_str(&r->detail, "Damaged, so it is not used. The next writer renames it and makes a new one.");
        return true;
    case MARK_NONE:
        if (f->lake_bytes < 0) return false;
        buf_add_str(&r->detail, "None yet. The next writer makes it.");
        return true;
    }
    BUG("unknown state of the mark");
}

static bool judge_backup(const Facts *f, Finding *r) {
    const char *dir = settings_text(f->settings, "backup.dir");
    int64_t age = f->now_us - f->backup.mark.written_us, interval_us = settings_int(f->settings, "backup.interval") * 1000;
    if (dir[0] == '\0') return false;
    if (f->backup_error != NULL || f->backup_state != BACKUP_GOOD) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, "No usable backup in %s: %s.", dir,
                 f->backup_error != NULL          ? f->backup_error
                 : f->backup_state == BACKUP_NONE ? "there is none yet"
                                                  : "its manifest is damaged");
        return true;
    }
    put_int(r, "commit", f->backup.mark.commit);
    format_count(&r->detail, f->backup.mark.landed, "event", "events");
    add_age(r, ", made ", age, " ago");
    bool late = f->mark.commit > f->backup.mark.commit && age > interval_us + fresh_within_us(f);
    if (late) r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, late ? "; newer events are not in it. Is `smelt up` or `smelt run` running with backup.dir?" : ".");
    return true;
}

/* ---- layers ---- */

static void add_newest_event(const Facts *f, Finding *r) {
    put_copy(r, f, "newest_event_at");
    if (facts_time(f, "newest_event_at") > 0) add_age(r, " The newest event is ", age_of(f, "newest_event_at"), " old.");
}

static void add_landed(const Facts *f, Finding *r) {
    char time[CLOCK_TEXT_SIZE];
    int64_t newer = newer_events(f), rows = facts_int(f, "landed") + newer;
    put_int(r, "rows", rows);
    put_text(r, "ingested_at", ingested_us(f) > 0 ? clock_format(ingested_us(f), time) : NULL);
    format_count(&r->detail, rows, "event", "events");
    if (newer > 0)
        buf_add_str(&r->detail, ", "), format_count(&r->detail, newer, "of them in no snapshot yet", "of them in no snapshot yet");
    buf_add_char(&r->detail, '.');
}

/* Messages that are no events: with a wrong serializer, all of them. */
static void add_rejects(const Facts *f, Finding *r) {
    int64_t rejected = facts_int(f, "rejected"), landed = facts_int(f, "landed") + newer_events(f);
    if (f->mark_state == MARK_GOOD && f->mark.rejected > rejected) rejected = f->mark.rejected;
    put_int(r, "rejected", rejected);
    if (rejected == 0) return;
    double percent = 100.0 * (double)rejected / (double)(landed + rejected);
    const json_t *most = json_array_get(json_object_get(f->row, "rejects"), 0);
    const char *reason = json_string_value(json_object_get(most, "reason")), *example = json_string_value(json_object_get(most, "example"));
    buf_add_char(&r->detail, ' ');
    format_count(&r->detail, rejected, "message was no event", "messages were no events");
    buf_addf(&r->detail, " (%.1f%%)", percent);
    if (percent <= QUARANTINE_PERCENT_MAX) {
        buf_add_char(&r->detail, '.');
        return;
    }
    r->state = STATE_DEGRADED;
    if (reason != NULL) buf_addf(&r->detail, ", most of them %s (%.200s)", reason, example != NULL ? example : "");
    buf_add_str(&r->detail, ": see `smelt quarantine list`.");
}

static bool judge_bronze(const Facts *f, Finding *r) {
    if (without_row(f, r)) return true;
    int64_t waiting = waiting_events(f), age = f->now_us - ingested_us(f);
    bool all_known = waiting >= 0 && facts_unanswered(f) == 0;
    bool late = age > wait_allowed_us(f) && (waiting != 0 || !all_known); /* also when Kafka does not answer */
    put_int(r, "waiting_events", waiting);
    add_landed(f, r);
    add_rejects(f, r);
    losses_judge(f, r);
    judge_by_lake(f, r);
    if (ingested_us(f) == 0) {
        if (r->state == STATE_OK) r->state = STATE_DEGRADED;
        buf_add_str(&r->detail, " Nothing was ingested yet; run `smelt ingest`.");
        return true;
    }
    add_newest_event(f, r);
    add_age(r, " Last ingest ", age, " ago");
    if (waiting > 0)
        buf_add_str(&r->detail, "; "), format_count(&r->detail, waiting, "event waits in Kafka", "events wait in Kafka");
    else if (waiting == 0)
        buf_add_str(&r->detail, all_known ? "; nothing waits in Kafka" : "; nothing waits in the partitions of Kafka that answer");
    else
        buf_add_str(&r->detail, "; how many events wait in Kafka is not known");
    add_late(f, r, late, waiting >= 0 ? ", longer than" : ". The last ingest is longer ago than");
    return true;
}

/* Silver and Gold change in one transaction, so one rule judges both. */
static void judge_refined(const Facts *f, Finding *r) {
    int64_t pending = facts_int(f, "pending_events");
    put_int(r, "pending_events", pending);
    put_copy(r, f, "refined_at");
    judge_by_lake(f, r);
    if (facts_time(f, "refined_at") == 0) {
        if (r->state == STATE_OK) r->state = STATE_DEGRADED;
        buf_add_str(&r->detail, " Nothing was refined yet; run `smelt refine`.");
        return;
    }
    add_age(r, " Refined ", age_of(f, "refined_at"), " ago");
    if (pending > 0)
        buf_add_str(&r->detail, "; "), format_count(&r->detail, pending, "event waits", "events wait");
    else if (newer_events(f) > 0)
        buf_add_str(&r->detail, "; "), format_count(&r->detail, newer_events(f), "event landed since", "events landed since");
    else
        buf_add_str(&r->detail, "; nothing waits");
    add_late(f, r, pending > 0 && age_of(f, "pending_since") > wait_allowed_us(f), ", longer than");
}

/* Rules about many events that the last refine found not to hold. */
static void judge_quality(const Facts *f, Finding *r) {
    enum { NAMED = 3 };
    json_t *broken = json_object_get(f->row, "quality"), *rule;
    size_t i;
    if (json_array_size(broken) == 0) return;
    json_object_set(r->more, "quality", broken);
    buf_add_str(&r->detail, " ");
    format_count(&r->detail, (int64_t)json_array_size(broken), "rule about many events does not hold",
                 "rules about many events do not hold");
    json_array_foreach(broken, i, rule) {
        bool warning = strcmp(json_string_value(json_object_get(rule, "severity")), "warning") == 0;
        if (!warning && r->state == STATE_OK) r->state = STATE_DEGRADED;
        if (i >= NAMED) continue;
        buf_addf(&r->detail, "%s %s: %s, and is %g", i > 0 ? ";" : ":", json_string_value(json_object_get(rule, "event_type")),
                 json_string_value(json_object_get(rule, "must")), json_number_value(json_object_get(rule, "value")));
    }
    buf_add_char(&r->detail, '.');
}

static void judge_units(const Facts *f, Finding *r) {
    size_t i;
    json_t *found, *all = json_object_get(f->row, "other_units");
    json_array_foreach(all, i, found) buf_addf(&r->detail, " %s", json_string_value(json_object_get(found, "words")));
    if (json_array_size(all) == 0) return;
    buf_add_str(&r->detail, " Correct transformLogic in the contract.");
    json_object_set(r->more, "other_units", all);
    if (r->state == STATE_OK) r->state = STATE_DEGRADED;
}

static bool judge_silver(const Facts *f, Finding *r) {
    if (without_row(f, r)) return true;
    int64_t rows = facts_int(f, "silver"), bad = facts_int(f, "quarantined"), all = rows + bad;
    double percent = all > 0 ? 100.0 * (double)bad / (double)all : 0;
    put_int(r, "rows", rows);
    put_int(r, "quarantined", bad);
    format_count(&r->detail, rows, "clean event, ", "clean events, ");
    format_count(&r->detail, bad, "in quarantine", "in quarantine");
    buf_addf(&r->detail, " (%.1f%%).", percent);
    judge_refined(f, r);
    judge_quality(f, r);
    promises_judge(f, r);
    judge_units(f, r);
    if (percent <= QUARANTINE_PERCENT_MAX) return true;
    if (r->state == STATE_OK) r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, " That is unusually much in quarantine: see `smelt quarantine list`.");
    return true;
}

/* "1,000 bikes scored." */
static void format_entities(Buf *out, const Facts *f, const char *column, const char *end) {
    const char *one = facts_text(f, "entity_title"), *many = facts_text(f, "entity_titles");
    format_count(out, facts_int(f, column), one != NULL ? one : "row", many != NULL ? many : "rows");
    buf_add_str(out, end);
}

static bool judge_gold(const Facts *f, Finding *r) {
    if (without_row(f, r)) return true;
    put_int(r, "rows", facts_int(f, "entities"));
    format_entities(&r->detail, f, "entities", ".");
    judge_refined(f, r);
    return true;
}

/* ---- model, runs, snapshot, API ---- */

#define FORECAST_DAY_US (INT64_C(36) * 3600 * USEC_PER_SEC) /* a forecast is scored once a day */

static void add_model_words(const Facts *f, Finding *r) {
    const char *label = facts_text(f, "label_source"), *until = facts_text(f, "model_until"), *candidate = facts_text(f, "model_candidate");
    if (label != NULL && strcmp(label, "rule") == 0)
        buf_add_str(&r->detail, " It was trained on Gold's rule, so it can only repeat that rule.");
    if (until != NULL) buf_addf(&r->detail, " The rule serves because %s.", until);
    if (candidate != NULL) buf_addf(&r->detail, " The newest training is a candidate and not in use: %s.", candidate);
}

/* Of how long ago the scores may be, compared with Gold. */
static int64_t fresh_scores_us(const Facts *f) {
    const char *kind = facts_text(f, "model_kind");
    return kind != NULL && strcmp(kind, "forecast") == 0 ? FORECAST_DAY_US : fresh_within_us(f);
}

static bool judge_model(const Facts *f, Finding *r) {
    if (without_row(f, r)) return true;
    const char *model = facts_text(f, "model_id");
    static const char *const columns[] = {"model_id", "trained_at", "auc", "label_source", "scored_at", "scores"};
    for (size_t i = 0; i < ARRAY_LEN(columns); i++) put_copy(r, f, columns[i]);
    const char *wanted = settings_text(f->settings, "model.label");
    bool by_rule = strcmp(wanted, "rule") == 0 || strcmp(wanted, "declared") == 0;
    if (model == NULL && by_rule && json_is_false(json_object_get(f->row, "has_label"))) {
        buf_add_str(
            &r->detail,
            "No model, so no risk scores: Gold has no label. `smelt train` learns one of the future where features.yaml has it, else says what to write.");
        return true;
    }
    if (model == NULL) {
        r->state = STATE_DEGRADED;
        buf_add_str(&r->detail, "No model yet, so no risk scores; run `smelt train`.");
        return true;
    }
    buf_addf(&r->detail, "%s, trained ", model);
    format_age(&r->detail, age_of(f, "trained_at"));
    buf_add_str(&r->detail, " ago. ");
    format_entities(&r->detail, f, "scores", " scored");
    if (facts_time(f, "scored_at") > 0) add_age(r, " ", age_of(f, "scored_at"), " ago");
    buf_add_char(&r->detail, '.');
    add_model_words(f, r);
    int64_t behind = facts_time(f, "refined_at") - facts_time(f, "scored_at");
    if (f->model_problem != NULL) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, " Nothing can be scored with it any more: %s.", f->model_problem);
    }
    if (behind <= fresh_scores_us(f)) return true;
    r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, " Gold is newer; run `smelt score`.");
    return true;
}

static int64_t time_of(const json_t *object, const char *key) {
    int64_t us = 0;
    Error ignored = {0};
    const char *text = json_string_value(json_object_get(object, key));
    if (text != NULL && clock_parse(text, &us, &ignored) != 0) error_clear(&ignored);
    return us;
}

/* By the run record, which also has runs that published nothing; a lake that is older than the record has only its history. */
static bool judge_runs(const Facts *f, Finding *r) {
    const json_t *last = facts_last_run(f);
    const char *state = facts_run_state(f), *error = json_string_value(json_object_get(last, "error"));
    const char *id = json_string_value(json_object_get(last, "run_id"));
    int64_t started_us = time_of(last, "started_at");
    if (f->runs_error != NULL) {
        r->state = STATE_UNKNOWN;
        buf_addf(&r->detail, "%s.", f->runs_error);
        return true;
    }
    if (state == NULL) {
        state = facts_text(f, "run_state"), error = facts_text(f, "run_error"), id = facts_text(f, "run_id");
        started_us = facts_time(f, "run_started_at");
    }
    if (state == NULL) return false;
    put_text(r, "run_id", id);
    put_text(r, "run_state", state);
    buf_addf(&r->detail, "The last run (%s) ended as %s", id != NULL ? id : "it could not begin", state);
    add_age(r, ", started ", f->now_us - started_us, " ago");
    if (error != NULL || strcmp(state, "lost") == 0) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, ": %s", error != NULL ? error : "its process ended without recording a result");
    }
    buf_add_char(&r->detail, '.');
    return true;
}

static bool judge_snapshot(const Facts *f, Finding *r) {
    put_int(r, "generation", f->generation);
    json_object_set_new(r->more, "live", json_boolean(f->live));
    if (f->live) {
        if (f->generation == 0)
            buf_add_str(&r->detail, "Serving live; no snapshot was published yet.");
        else
            buf_addf(&r->detail, "Serving live; the newest snapshot is generation %" PRId64 ".", f->generation);
        if (f->snapshot_touched) {
            r->state = STATE_DEGRADED;
            buf_add_str(&r->detail, " Its file was changed after it was published; `smelt publish --full` writes a new one.");
        }
        return true;
    }
    if (f->row == NULL) {
        r->state = STATE_DOWN;
        buf_addf(&r->detail, "Nothing to read: %s.", f->row_error);
        return true;
    }
    put_copy(r, f, "as_of");
    int64_t age = age_of(f, "as_of");
    char read_at[CLOCK_TEXT_SIZE];
    put_text(r, "verified_at", f->snapshot_read_us > 0 ? clock_format(f->snapshot_read_us, read_at) : NULL);
    if (f->snapshot_problem != NULL) {
        r->state = STATE_DEGRADED;
        buf_addf(&r->detail, "%s. Served instead: g", f->snapshot_problem);
    } else {
        buf_add_char(&r->detail, 'G');
    }
    buf_addf(&r->detail, "eneration %" PRId64 ", published ", f->generation);
    format_age(&r->detail, age);
    buf_add_str(&r->detail, " ago");
    bool late = age > fresh_within_us(f) && f->lake_changed_us > facts_time(f, "as_of") + USEC_PER_SEC;
    if (late) r->state = STATE_DEGRADED;
    buf_add_str(&r->detail, late ? "; the lake has changed since. Run `smelt publish`." : ".");
    return true;
}

/* The server answers its probes alone then. */
static void add_tokens(const Facts *f, Finding *r) {
    if (f->tokens_error == NULL) return;
    if (r->state == STATE_OK) r->state = STATE_DEGRADED;
    buf_addf(&r->detail,
             " Every request is refused, because the tokens cannot be read: %s. Next: bring the file back from a copy, or move it away "
             "and make new ones with `smelt token create`.",
             f->tokens_error);
}

static void add_audit_log(const Facts *f, Finding *r) {
    if (f->audit_log_error == NULL) return;
    if (r->state == STATE_OK) r->state = STATE_DEGRADED;
    buf_addf(&r->detail, " Who reads what is not written down: %s. Next: make space there, or set http.audit_log to another file.",
             f->audit_log_error);
}

static bool judge_api(const Facts *f, Finding *r) {
    if (f->ask_api) put_text(r, "url", f->api_url);
    if (!f->ask_api) {
        buf_add_str(&r->detail, "This answer came from it.");
    } else if (f->api_error == NULL) {
        buf_addf(&r->detail, "Alive at %s.", f->api_url);
    } else {
        r->state = STATE_DOWN;
        buf_addf(&r->detail, "Not running: %s.", f->api_error);
    }
    add_tokens(f, r);
    add_audit_log(f, r);
    return true;
}

const Component health_components[] = {
    {"kafka", "Kafka", judge_kafka},
    {"lake", "Lake", judge_lake},
    {"mark", "Mark", judge_mark},
    {"backup", "Backup", judge_backup},
    {"bronze", "Bronze", judge_bronze},
    {"silver", "Silver", judge_silver},
    {"gold", "Gold", judge_gold},
    {"model", "Model", judge_model},
    {"runs", "Runs", judge_runs},
    {"snapshot", "Snapshot", judge_snapshot},
    {"api", "API", judge_api},
    {"disk", "Disk", disk_judge},
    {NULL, NULL, NULL},
};
