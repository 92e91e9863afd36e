/* test_churn.c: the churn model on a lake in memory with a Gold made by hand: train, register, score, train again, and all that can go
 * wrong. */
#include "churn/internal.h"

#include "../fixture.h"
#include "../gold_parts.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "steps.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct Fixture {
    LakeFixture lake;
    LakeConn *conn; /* of `lake` */
    void *dir;
    ChurnOptions options;
} Fixture;

static int setup(void **state) {
    Fixture *f = xcalloc(1, sizeof *f);
    if (scratch_up(&f->dir) != 0) return -1;
    f->lake = open_migrated_lake(":memory:", NULL);
    f->conn = f->lake.conn;
    f->options = (ChurnOptions){.models_dir = path_join(f->dir, "models"), .label = CHURN_LABEL_RULE, .seed = 42, .rounds = 30};
    log_setup(LOG_ERROR, LOG_TEXT); /* the warnings here are provoked */
    *state = f;
    return 0;
}

static int teardown(void **state) {
    Fixture *f = *state;
    lake_fixture_done(&f->lake);
    churn_options_done(&f->options);
    int rc = scratch_down(&f->dir);
    free(f);
    return rc;
}

/* ---- shorthands ---- */

/* n subscribers; types as Gold has them, NULLs, a text and a time column that are no features. Those with signal < -90 or overdue > 30
 * churn. */
static void make_gold(Fixture *f, int n) {
    CLEANUP(free_text)
    char *sql =
        xasprintf("CREATE OR REPLACE TABLE gold_features_base AS "
                  "SELECT 'SUB-' || lpad(i::VARCHAR, 6, '0') AS subscriber_id, (2 + hash(i, 1) %% 50)::BIGINT AS total_events, "
                  "CASE WHEN hash(i, 2) %% 10 > 0 THEN (-60 - (hash(i, 3) %% 400) / 10.0)::DECIMAL(9, 1) END AS avg_signal_dbm, "
                  "(hash(i, 4) %% 40)::INTEGER AS max_days_overdue, (hash(i, 5) %% 1000)::DOUBLE / 7 AS avg_bill_zmw, 'x' AS a_text, "
                  "TIMESTAMP '2026-11-01' AS last_seen "
                  "FROM range(%d) t(i); "
                  "ALTER TABLE gold_features_base ADD COLUMN churn_label INTEGER; "
                  "UPDATE gold_features_base SET churn_label = (coalesce(avg_signal_dbm, 0) < -90 OR max_days_overdue > 30)::INTEGER; "
                  "ALTER TABLE gold_features_base ADD COLUMN refined_batch BIGINT DEFAULT 1; " GOLD_PARTS,
                  n);
    run(f->conn, sql);
}

static ChurnTraining train(Fixture *f) {
    return train_model(f->conn, &f->options);
}

static ChurnScores score(Fixture *f) {
    return score_all(f->conn, &f->options);
}

/* Trains and scores, and drops the results. */
static void train_and_score(Fixture *f) {
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_null(t.skipped);
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_null(s.skipped);
}

static bool is_due(Fixture *f, int64_t max_age_ms, const char *reason) {
    Error err = {0};
    bool due;
    CLEANUP(free_text) char *why = NULL;
    must(churn_is_due(f->conn, &f->options, max_age_ms, &due, &why, &err), &err);
    if (reason != NULL && strstr(why, reason) == NULL) fail_msg("'%s' does not say '%s'", why, reason);
    return due;
}

static char *write_file(Fixture *f, const char *name, const char *content) {
    char *path = path_join(f->dir, name);
    write_text(path, content);
    return path;
}

static char *model_path(Fixture *f, const char *sql) {
    CLEANUP(free_text) char *file = query_text(f->conn, sql);
    return path_join(f->options.models_dir, file);
}

/* ---- tests ---- */

static void end_to_end(void **state) {
    Fixture *f = *state;
    make_gold(f, 2000);
    run(f->conn,
        "CREATE TABLE silver_clean_events AS SELECT TIMESTAMP '2026-11-20 10:00:00.5' AS event_timestamp; UPDATE refine_progress SET "
        "batch_id = 17");
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_null(t.skipped);
    assert_int_equal(t.rows, 2000);
    assert_int_equal(t.training_rows + t.holdout_rows, 2000);
    assert_int_equal(t.features, 4);
    assert_true(t.label_leaks);
    assert_true(t.metrics.auc > 0.98 && t.metrics.log_loss < t.metrics.log_loss_base);
    assert_true(strcmp(t.top[0].name, "max_days_overdue") == 0 || strcmp(t.top[0].name, "avg_signal_dbm") == 0);
    assert_int_equal(
        number(f->conn, "SELECT count(*) FROM models WHERE label_source = 'rule' AND watermark = TIMESTAMP '2026-11-20 10:00:00.5' AND "
                        "auc > 0.98 AND training_rows = 1600 AND (metadata->>'refined_batch')::INT = 17 AND file = model_id || '.json'"),
        1);

    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_null(s.advice);
    assert_int_equal(s.rows, 2000);
    assert_int_equal(s.by_band[0] + s.by_band[1] + s.by_band[2], 2000);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT subscriber_id) FROM subscriber_scores"), 2000);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores s JOIN models m USING (model_id)"), 2000);
    assert_int_equal(number(f->conn,
                            "SELECT count(*) FROM subscriber_scores WHERE risk_band <> CASE WHEN churn_probability >= 0.5 THEN 'high' WHEN "
                            "churn_probability >= 0.2 THEN 'medium' ELSE 'low' END"),
                     0);
    assert_true(
        number(
            f->conn,
            "SELECT count(*) FROM subscriber_scores s JOIN gold_subscriber_features g USING (subscriber_id) WHERE (s.risk_band = 'high') "
            "= (g.churn_label = 1)") > 1950);
}

static void reasons_name_features_values_and_weights(void **state) {
    Fixture *f = *state;
    make_gold(f, 1000);
    train_and_score(f);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores WHERE json_array_length(reasons) NOT BETWEEN 1 AND 3"), 0);
    run(f->conn,
        "CREATE TEMP TABLE reason AS SELECT subscriber_id, churn_probability, unnest(from_json(reasons, "
        "'[{\"feature\": \"VARCHAR\", \"value\": \"DOUBLE\", \"contribution\": \"DOUBLE\"}]'), recursive := true) FROM subscriber_scores");
    assert_int_equal(number(f->conn, "SELECT count(*) FROM reason WHERE contribution IS NULL OR contribution = 0 OR feature IS NULL"), 0);
    assert_int_equal(
        number(f->conn,
               "SELECT count(*) FROM reason JOIN gold_subscriber_features g USING (subscriber_id) WHERE value IS DISTINCT FROM CASE "
               "feature WHEN 'total_events' THEN total_events WHEN 'max_days_overdue' THEN max_days_overdue WHEN 'avg_signal_dbm' THEN "
               "avg_signal_dbm::DOUBLE ELSE value END"),
        0);
    assert_int_equal(
        number(f->conn,
               "SELECT count(*) FROM reason JOIN gold_subscriber_features USING (subscriber_id) WHERE feature = 'max_days_overdue' AND "
               "max_days_overdue > 32 AND contribution < 0"),
        0);
}

static void same_gold_same_model_and_scores(void **state) {
    Fixture *f = *state;
    make_gold(f, 800);
    CLEANUP(churn_training_done) ChurnTraining a = train(f);
    run(f->conn,
        "CREATE OR REPLACE TABLE gold_features_base AS SELECT churn_label, avg_bill_zmw, * EXCLUDE (churn_label, avg_bill_zmw) FROM "
        "gold_features_base ORDER BY hash(subscriber_id); " GOLD_PARTS); /* other rows first, other columns first */
    next_millisecond();
    CLEANUP(churn_training_done) ChurnTraining b = train(f);
    assert_true(a.metrics.auc == b.metrics.auc && a.metrics.log_loss == b.metrics.log_loss);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT metadata->>'sha256') FROM models"), 1);
    f->options.seed = 43;
    next_millisecond();
    CLEANUP(churn_training_done) ChurnTraining c = train(f);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT metadata->>'sha256') FROM models"), 2);
}

static void pages_of_subscribers(void **state) {
    Fixture *f = *state;
    make_gold(f, 70000); /* more than one page */
    f->options.rounds = 3;
    train_and_score(f);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT subscriber_id) FROM subscriber_scores"), 70000);
    run(f->conn, "DELETE FROM gold_features_base WHERE subscriber_id > 'SUB-000099'; UPDATE gold_base SET features_id = uuid()");
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores"), 100);
}

static size_t scored_now(Fixture *f) {
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_null(s.skipped);
    assert_int_equal(s.scored, number(f->conn, "SELECT count(*) FROM gold_subscriber_features"));
    return s.rows;
}

/* Whether a snapshot's copy of Gold's base with its scores is stale since the last call. Scoring never writes what refine writes. */
static bool base_changed(Fixture *f) {
    bool another =
        number(f->conn, "SELECT (SELECT scores_id FROM scores_progress) IS DISTINCT FROM (SELECT max(scores_id) FROM scores_before)") != 0;
    assert_int_equal(number(f->conn, "SELECT (SELECT base_id FROM gold_base) IS DISTINCT FROM (SELECT max(base_id) FROM base_before)"), 0);
    run(f->conn, "CREATE OR REPLACE TABLE scores_before AS FROM scores_progress");
    return another;
}

/* As refine does for `n` subscribers from `first` on: other features, computed by batch `batch`. */
static void update_delta(Fixture *f, int first, int n, int batch) {
    CLEANUP(free_text)
    char *sql = xasprintf(
        "DELETE FROM gold_features_fresh WHERE subscriber_id IN (SELECT 'SUB-' || lpad(i::VARCHAR, 6, '0') FROM range(%d, %d) t(i)); "
        "INSERT INTO gold_features_fresh BY NAME SELECT * REPLACE (-99 AS avg_signal_dbm, %d AS refined_batch) FROM gold_features_base "
        "WHERE subscriber_id IN (SELECT 'SUB-' || lpad(i::VARCHAR, 6, '0') FROM range(%d, %d) t(i))",
        first, first + n, batch, first, first + n);
    run(f->conn, sql);
}

static void scores_are_those_of_a_full_run(Fixture *f) {
    Error err = {0};
    ChurnScores s = {0};
    run(f->conn, "CREATE OR REPLACE TABLE kept AS SELECT * EXCLUDE (scored_at) FROM subscriber_scores");
    assert_int_equal(churn_score(f->conn, f->options.models_dir, true, &s, &err), 0);
    churn_scores_done(&s);
    assert_int_equal(number(f->conn,
                            "SELECT count(*) FROM ((FROM kept EXCEPT ALL SELECT * EXCLUDE (scored_at) FROM subscriber_scores) UNION ALL "
                            "(SELECT * EXCLUDE (scored_at) FROM subscriber_scores EXCEPT ALL FROM kept))"),
                     0);
}

static void only_what_changed_is_scored(void **state) {
    Fixture *f = *state;
    make_gold(f, 500);
    run(f->conn, "CREATE TABLE base_before AS FROM gold_base; CREATE TABLE scores_before AS FROM scores_progress");
    train_and_score(f);
    assert_true(base_changed(f));
    assert_int_equal(scored_now(f), 0);
    update_delta(f, 10, 20, 2);
    assert_int_equal(scored_now(f), 20);
    update_delta(f, 25, 20, 3); /* five of them again */
    assert_int_equal(scored_now(f), 20);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM scores_fresh"), 35);
    assert_false(base_changed(f));
    update_delta(f, 100, 40, 4);
    assert_int_equal(scored_now(f), 40);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM scores_fresh"), 0); /* too many: merged */
    assert_false(base_changed(f));
    update_delta(f, 7, 2, 5);
    run(f->conn,
        "CREATE OR REPLACE TABLE gold_features_base AS FROM gold_features_base ANTI JOIN gold_features_fresh USING (subscriber_id) "
        "UNION ALL "
        "FROM gold_features_fresh; DELETE FROM gold_features_fresh"); /* refine merged its delta before they were scored */
    assert_int_equal(scored_now(f), 2);
    assert_true(base_changed(f));
    scores_are_those_of_a_full_run(f);
    run(f->conn, "UPDATE gold_base SET features_id = uuid()"); /* refine recomputed the features of all */
    assert_int_equal(scored_now(f), 500);
    next_millisecond();
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_int_equal(scored_now(f), 500); /* by the new model */
}

static void too_little_is_skipped(void **state) {
    Fixture *f = *state;
    const struct {
        const char *change, *reason;
    } cases[] = {
        {"SELECT 1", "no Gold yet"}, /* before there is a table */
        {"CREATE OR REPLACE TABLE gold_features_base AS FROM made; " GOLD_PARTS, NULL},
        {"UPDATE gold_features_base SET churn_label = 0", "all 500 labelled subscribers stayed"},
        {"UPDATE gold_features_base SET churn_label = 1", "all 500 labelled subscribers churned"},
        {"UPDATE gold_features_base SET churn_label = (subscriber_id < 'SUB-000009')::INTEGER", "9 churned and 491 stayed"},
        {"UPDATE gold_features_base SET churn_label = NULL", "no subscriber has both"},
        {"DELETE FROM gold_features_base", "no subscriber has both"},
    };
    make_gold(f, 500);
    run(f->conn, "CREATE TABLE made AS FROM gold_features_base; DROP VIEW gold_subscriber_features");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        run(f->conn, cases[i].change);
        CLEANUP(churn_training_done) ChurnTraining t = train(f);
        CLEANUP(json_freep) json_t *summary = churn_training_json(&t);
        if (cases[i].reason == NULL) {
            assert_null(t.skipped);
            continue;
        }
        assert_non_null(t.skipped);
        if (strstr(t.skipped, cases[i].reason) == NULL) fail_msg("'%s' does not say '%s'", t.skipped, cases[i].reason);
        assert_true(json_is_null(json_object_get(summary, "model")));
        assert_non_null(json_object_get(summary, "skipped"));
    }
    assert_int_equal(number(f->conn, "SELECT count(*) FROM models"), 1);
}

static void nothing_to_score_with(void **state) {
    Fixture *f = *state;
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_non_null(strstr(s.skipped, "smelt train"));
    make_gold(f, 500);
    train_and_score(f);
    run(f->conn, "DROP VIEW gold_subscriber_features");
    CLEANUP(churn_scores_done) ChurnScores without_gold = score(f);
    assert_non_null(strstr(without_gold.skipped, "smelt refine"));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores"), 500);
}

static void labels_from_a_file(void **state) {
    Fixture *f = *state;
    make_gold(f, 400);
    CLEANUP(buf_done) Buf csv = {0};
    buf_add_str(&csv, "note,subscriber_id,churned\n");
    for (int i = 0; i < 300; i++) buf_addf(&csv, "\"a, b\", sub-%06d ,%s\n", i, i % 3 == 0 ? "1" : i % 3 == 1 ? "No" : "0");
    buf_add_str(&csv, "x,SOMEBODY-ELSE,1\n,SUB-000000,yes\n"); /* said twice, the same */
    CLEANUP(free_text) char *path = write_file(f, "labels.csv", csv.data);
    f->options.label = path;
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_null(t.skipped);
    assert_int_equal(t.rows, 300);
    assert_int_equal(t.positives, 100);
    assert_int_equal(t.labels_unused.count, 1);
    assert_false(t.label_leaks);
    assert_true(t.metrics.auc < 0.8); /* these labels have nothing to do with the features */
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_int_equal(s.rows, 400);
    CLEANUP(json_freep) json_t *summary = churn_training_json(&t);
    assert_true(json_is_false(json_object_get(summary, "label_leaks")));
    assert_null(json_object_get(summary, "warning"));
}

static void bad_label_files(void **state) {
    Fixture *f = *state;
    const struct {
        const char *content, *says;
    } cases[] = {
        {"subscriber_id,churned\nSUB-000001,1\nSUB-000002,maybe\n", "churned is 'maybe' for SUB-000002"},
        {"subscriber_id,churned\nSUB-000001,1\nSUB-000001,0\n", "SUB-000001 is there with 0 and with 1"},
        {"subscriber_id,churned\nSUB-000001,\n", "churned is '' for SUB-000001"},
        {"subscriber,left\nSUB-000001,1\n", "subscriber_id and churned is expected"},
        {"", "subscriber_id and churned is expected"},
    };
    make_gold(f, 100);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        Error err = {0};
        ChurnTraining t = {0};
        CLEANUP(free_text) char *path = write_file(f, "labels.csv", cases[i].content);
        f->options.label = path;
        if (churn_train(f->conn, &f->options, &t, &err) == 0) fail_msg("case %zu was taken: %s", i, t.skipped);
        assert_int_equal(err.kind, ERR_DATA);
        assert_null(strchr(err.text, '\n'));
        if (strstr(err.text, cases[i].says) == NULL) fail_msg("'%s' does not say '%s'", err.text, cases[i].says);
        error_clear(&err);
    }
    Error err = {0};
    ChurnTraining t = {0};
    f->options.label = "rules"; /* a slip of the pen */
    if (churn_train(f->conn, &f->options, &t, &err) == 0) fail_msg("no such file");
    assert_int_equal(err.kind, ERR_CONFIG);
    error_clear(&err);
}

/* A second label, of any name, would tell the model what it has to find. */
static void no_label_is_a_feature(void **state) {
    Fixture *f = *state;
    Error err = {0};
    CLEANUP(churn_names_done) ChurnNames before = {0};
    CLEANUP(churn_names_done) ChurnNames features = {0};
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    make_gold(f, 300);
    must(churn_read_gold(f->conn, &gold, &err), &err);
    must(churn_read_features(f->conn, &gold, &before, &err), &err);
    run(f->conn,
        "ALTER TABLE gold_features_base ADD COLUMN \"will leave\" INTEGER; ALTER TABLE gold_features_base ADD COLUMN left_us INTEGER; "
        "UPDATE gold_features_base SET \"will leave\" = churn_label, left_us = churn_label;" GOLD_PARTS
        "CREATE VIEW gold_labels AS SELECT unnest(['churn_label', 'will leave', 'left_us']) AS name");
    must(churn_read_features(f->conn, &gold, &features, &err), &err);
    assert_int_equal(features.count, before.count);
    for (size_t i = 0; i < features.count; i++) assert_string_equal(features.at[i], before.at[i]);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_int_equal(t.features, before.count);
}

/* Training at the same moment twice, a clock that was set back, a file that a restored lake does not know. */
static void model_ids_are_never_the_same(void **state) {
    Fixture *f = *state;
    Error err = {0};
    CLEANUP(free_text) char *first = NULL;
    CLEANUP(free_text) char *second = NULL;
    CLEANUP(free_text) char *third = NULL;
    const int64_t now = INT64_C(1764000000123456);
    must(churn_make_model_id(f->conn, f->options.models_dir, now, &first, &err), &err);
    assert_string_equal(first, "churn-20251124T160000123Z");
    run(f->conn,
        "INSERT INTO models (model_id, trained_at, file, label_source, training_rows, auc, pr_auc, log_loss, watermark, metadata) VALUES ('churn-20251124T160000123Z', now(), 'x', 'rule', 10, 0.9, 0.8, 0.1, NULL, '{}')");
    must(churn_make_model_id(f->conn, f->options.models_dir, now, &second, &err), &err);
    assert_string_equal(second, "churn-20251124T160000123Z-2");
    must(dir_make(f->options.models_dir, &err), &err);
    CLEANUP(free_text) char *path = path_join(f->options.models_dir, "churn-20251124T160000123Z-2.json");
    must(file_write_atomic(path, "{}", 2, &err), &err);
    must(churn_make_model_id(f->conn, f->options.models_dir, now, &third, &err), &err);
    assert_string_equal(third, "churn-20251124T160000123Z-3");
}

/* Who asks for it is told; a pipeline goes on, and publishes. */
static void without_a_label_training_is_not_due(void **state) {
    Fixture *f = *state;
    Error err = {0};
    CLEANUP(churn_training_done) ChurnTraining t = {0};
    make_gold(f, 100);
    run(f->conn, "ALTER TABLE gold_features_base DROP COLUMN churn_label; " GOLD_PARTS);
    must(churn_train_when_due(f->conn, &f->options, 0, &t, &err), &err);
    assert_non_null(strstr(t.skipped, "model.label"));
}

static void gold_without_the_rule(void **state) {
    Fixture *f = *state;
    Error err = {0};
    ChurnTraining t = {0};
    make_gold(f, 100);
    run(f->conn, "ALTER TABLE gold_features_base DROP COLUMN churn_label; " GOLD_PARTS);
    if (churn_train(f->conn, &f->options, &t, &err) == 0) fail_msg("there is no label");
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "model.label"));
    error_clear(&err);
}

static void the_rule_says_that_it_leaks(void **state) {
    Fixture *f = *state;
    make_gold(f, 500);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    CLEANUP(json_freep) json_t *summary = churn_training_json(&t);
    assert_true(json_is_true(json_object_get(summary, "label_leaks")));
    const char *warning = json_string_value(json_object_get(summary, "warning"));
    assert_non_null(strstr(warning, "Gold's churn_label, a rule over the same features"));
    assert_non_null(strstr(warning, "a CSV file with subscriber_id,churned"));
    static const char *const keys[] = {"model",     "auc",     "pr_auc",       "log_loss",    "rows",
                                       "positives", "seconds", "label_source", "top_features"};
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (json_object_get(summary, keys[i]) == NULL) fail_msg("the summary has no %s", keys[i]);
}

static void gold_gained_and_lost_columns(void **state) {
    Fixture *f = *state;
    make_gold(f, 500);
    train_and_score(f);
    run(f->conn,
        "ALTER TABLE gold_features_base DROP COLUMN avg_bill_zmw; ALTER TABLE gold_features_base ADD COLUMN events_7d BIGINT; " GOLD_PARTS);
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_int_equal(s.rows, 500);
    assert_non_null(strstr(s.advice, "lost avg_bill_zmw"));
    assert_non_null(strstr(s.advice, "gained events_7d"));
    assert_true(is_due(f, INT64_MAX, "other features"));
    run(f->conn, "CREATE OR REPLACE TABLE gold_features_base AS SELECT subscriber_id, 1 AS something_else, churn_label, refined_batch FROM "
                 "gold_features_base; " GOLD_PARTS);
    Error err = {0};
    ChurnScores none = {0};
    if (churn_score(f->conn, f->options.models_dir, false, &none, &err) == 0) fail_msg("scored without a single feature");
    assert_int_equal(err.kind, ERR_DATA);
    error_clear(&err);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores"), 500);
}

static void a_damaged_model_steps_aside(void **state) {
    Fixture *f = *state;
    make_gold(f, 500);
    train_and_score(f);
    next_millisecond();
    train_and_score(f);
    Error err = {0};
    CLEANUP(free_text) char *newest = model_path(f, "SELECT file FROM models ORDER BY trained_at DESC LIMIT 1");
    CLEANUP(free_text) char *oldest = model_path(f, "SELECT file FROM models ORDER BY trained_at LIMIT 1");
    assert_int_equal(file_write_atomic(newest, "{\"learner\":", 11, &err), 0);
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    CLEANUP(free_text) char *old_id = query_text(f->conn, "SELECT model_id FROM models ORDER BY trained_at LIMIT 1");
    assert_string_equal(s.model_id, old_id);

    assert_int_equal(unlink(oldest), 0); /* now there is none */
    ChurnScores none = {0};
    if (churn_score(f->conn, f->options.models_dir, false, &none, &err) == 0) fail_msg("scored with a damaged model");
    assert_int_equal(err.kind, ERR_DATA);
    assert_non_null(strstr(err.text, newest));
    assert_non_null(strstr(err.text, "smelt train"));
    error_clear(&err);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM subscriber_scores"), 500); /* as they were */
    assert_true(is_due(f, INT64_MAX, "is truncated"));
    next_millisecond();
    train_and_score(f);
}

static void due_when(void **state) {
    Fixture *f = *state;
    make_gold(f, 500);
    assert_true(is_due(f, INT64_MAX, "no model yet"));
    train_and_score(f);
    next_millisecond();
    assert_false(is_due(f, 0, NULL)); /* old, but nothing new */
    run(f->conn, "UPDATE refine_progress SET batch_id = batch_id + 1");
    assert_true(is_due(f, 0, "there is new data"));
    assert_false(is_due(f, 3600 * 1000, NULL));
    f->options.rounds++;
    assert_true(is_due(f, INT64_MAX, "rounds"));
    f->options.rounds--;
    f->options.label = "labels.csv";
    assert_true(is_due(f, INT64_MAX, "the label is now labels.csv"));
}

static char *report_path(const Fixture *f, const char *model_id) {
    CLEANUP(free_text) char *name = xasprintf("%s.report.json", model_id);
    return path_join(f->options.models_dir, name);
}

static void a_training_leaves_its_report(void **state) {
    Fixture *f = *state;
    make_gold(f, 300);
    f->options.costs = (ProfitCosts){.contact = 1, .value = 20, .success = 0.3};
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    CLEANUP(free_text) char *path = report_path(f, t.model_id);
    json_t *stored = json_load_file(path, 0, NULL), *rivals = json_object_get(t.report, "rivals");
    assert_non_null(stored);
    assert_int_equal(json_integer_value(json_object_get(stored, "rows")), t.holdout_rows);
    assert_true(json_number_value(json_object_get(json_object_get(stored, "auc"), "value")) == t.metrics.auc);
    assert_non_null(json_object_get(rivals, "logistic regression"));
    json_decref(stored);
}

static void old_models_lose_their_files(void **state) {
    Fixture *f = *state;
    make_gold(f, 300);
    f->options.rounds = 2;
    CLEANUP(free_text) char *first_report = NULL;
    for (int i = 0; i < CHURN_MODEL_FILES_KEPT + 2; i++) {
        CLEANUP(churn_training_done) ChurnTraining t = train(f);
        if (i == 0) first_report = report_path(f, t.model_id);
        next_millisecond();
    }
    assert_false(file_exists(first_report));
    CLEANUP(free_text) char *third = model_path(f, "SELECT file FROM models ORDER BY trained_at LIMIT 1 OFFSET 2");
    CLEANUP(free_text) char *second = model_path(f, "SELECT file FROM models ORDER BY trained_at LIMIT 1 OFFSET 1");
    assert_true(file_exists(third));
    assert_false(file_exists(second));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM models"), CHURN_MODEL_FILES_KEPT + 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(end_to_end, setup, teardown),
        cmocka_unit_test_setup_teardown(reasons_name_features_values_and_weights, setup, teardown),
        cmocka_unit_test_setup_teardown(same_gold_same_model_and_scores, setup, teardown),
        cmocka_unit_test_setup_teardown(pages_of_subscribers, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_changed_is_scored, setup, teardown),
        cmocka_unit_test_setup_teardown(too_little_is_skipped, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_to_score_with, setup, teardown),
        cmocka_unit_test_setup_teardown(labels_from_a_file, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_label_files, setup, teardown),
        cmocka_unit_test_setup_teardown(no_label_is_a_feature, setup, teardown),
        cmocka_unit_test_setup_teardown(model_ids_are_never_the_same, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_label_training_is_not_due, setup, teardown),
        cmocka_unit_test_setup_teardown(gold_without_the_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(the_rule_says_that_it_leaks, setup, teardown),
        cmocka_unit_test_setup_teardown(gold_gained_and_lost_columns, setup, teardown),
        cmocka_unit_test_setup_teardown(a_damaged_model_steps_aside, setup, teardown),
        cmocka_unit_test_setup_teardown(due_when, setup, teardown),
        cmocka_unit_test_setup_teardown(a_training_leaves_its_report, setup, teardown),
        cmocka_unit_test_setup_teardown(old_models_lose_their_files, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
