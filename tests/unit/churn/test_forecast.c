/* test_forecast.c: a model of the future on a lake in memory, of a pipeline that is not of telecom (tests/pipelines/members): what is known
 * at a cut, what happened after it, and which model is used. Silver is made by hand; all tables and statements are those that the
 * declarations compile to. */
#include "churn/forecast.h"

#include "../fixture.h"
#include "base/checksum.h"
#include "base/clock.h"
#include "base/document.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "compile/compile.h"
#include "contract/pipeline.h"
#include "steps.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#define FIRST 20454 /* 2026-01-01 */
#define DAYS  260
#define CUT   20600 /* 2026-05-27 */

typedef struct Fixture {
    LakeFixture lake;
    LakeConn *conn; /* of `lake` */
    void *dir;
    Pipeline *pipeline;
    Compiled *compiled;
    ChurnOptions options;
} Fixture;

static void execute(Fixture *f, Statement statement, int64_t upto) {
    Error err = {0};
    const StatementText *text = compile_statement(f->compiled, statement, 0);
    const LakeBinding binding = {"upto", lake_int(upto)};
    bool plain = statement == SQL_GOLD_DECLARED || statement == SQL_MODEL_DECLARED;
    CLEANUP(free_text) char *sql = plain ? xstrdup(text->sql) : lake_sql_bind(text->sql, &binding, 1);
    must(lake_exec(f->conn, text->name, sql, &err), &err);
}

static int setup_with(void **state, Pipeline *(*load)(const Fixture *)) {
    static const Statement tables[] = {SQL_SILVER_TABLES, SQL_GOLD_TABLES, SQL_GOLD_FEATURES, SQL_GOLD_DECLARED, SQL_MODEL_DECLARED};
    Fixture *f = xcalloc(1, sizeof *f);
    if (scratch_up(&f->dir) != 0) return -1;
    f->lake = open_migrated_lake(":memory:", NULL);
    f->conn = f->lake.conn;
    f->pipeline = load(f);
    f->compiled = compile_new(f->pipeline, "");
    for (size_t i = 0; i < ARRAY_LEN(tables); i++) execute(f, tables[i], 0);
    f->options = (ChurnOptions){.models_dir = path_join(f->dir, "models"),
                                .label = CHURN_LABEL_DECLARED,
                                .seed = 42,
                                .rounds = 40,
                                .margin = 0.005,
                                .costs = {.contact = 1, .value = 20, .success = 0.3}};
    log_setup(LOG_ERROR, LOG_TEXT);
    *state = f;
    return 0;
}

static Pipeline *load_members(const Fixture *f) {
    (void)f;
    Error err = {0};
    Pipeline *p;
    must(pipeline_load_dir(SOURCE_ROOT "/tests/pipelines/members", &p, &err), &err);
    return p;
}

static int setup(void **state) {
    return setup_with(state, load_members);
}

/* The same pipeline without the feature that is a set: all others are merged in C (churn/rollup.h). */
static Pipeline *load_members_without_sets(const Fixture *f) {
    Error err = {0};
    Pipeline *p;
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(free_text) char *features = path_join(f->dir, "features.yaml");
    CLEANUP(free_text) char *contracts = path_join(f->dir, "contracts");
    must(file_read(SOURCE_ROOT "/tests/pipelines/members/features.yaml", &text, &err), &err);
    char *rooms = strstr(text.data, "    - {name: rooms,");
    assert_non_null(rooms);
    memset(rooms, ' ', strcspn(rooms, "\n"));
    must(file_write_atomic(features, text.data, text.len, &err), &err);
    assert_int_equal(symlink(SOURCE_ROOT "/tests/pipelines/members/contracts", contracts), 0);
    must(pipeline_load_dir(f->dir, &p, &err), &err);
    return p;
}

static int setup_merged(void **state) {
    return setup_with(state, load_members_without_sets);
}

static int teardown(void **state) {
    Fixture *f = *state;
    lake_fixture_done(&f->lake);
    compile_free(f->compiled);
    pipeline_free(f->pipeline);
    churn_options_done(&f->options);
    int rc = scratch_down(&f->dir);
    free(f);
    return rc;
}

/* ---- members and their visits ---- */

#define INTO_SILVER                                                                                                                        \
    "INSERT INTO silver_clean_events BY NAME SELECT 'e' || row_number() OVER () AS event_id, 'VISIT' AS event_type, 'gym' AS "             \
    "source_system, "

/* Member i visits on seven days of ten until it stops for good; most visit less in the twenty days before. Some who stay have such days
 * too. */
static void make_visits(Fixture *f, int members, int days) {
    CLEANUP(free_text)
    char *sql = xasprintf(
        INTO_SILVER
        "format('M{:05d}', i) AS member_id, moment AS event_timestamp, moment + INTERVAL 5 MINUTE AS kafka_timestamp, d // 10 + 1 AS batch_id, "
        "(10 + hash(i, d, 3) %% 110)::INTEGER AS visit_minutes, 'room ' || (hash(i, d, 4) %% 5) AS visit_room "
        "FROM (SELECT i, d, TIMESTAMP '2026-01-01' + INTERVAL (d * 1440 + hash(i, d, 2) %% 1440) MINUTE AS moment, "
        "40 + hash(i, 7) %% 400 AS leaves FROM range(%d) m(i), range(%d) t(d)) "
        "WHERE d < leaves AND hash(i, d, 1) %% 100 < CASE WHEN leaves - d <= 20 AND i %% 10 < 7 THEN 20 WHEN hash(i, d // 20, 5) %% 10 = 0 "
        "THEN 30 ELSE 70 END",
        members, days);
    run(f->conn, sql);
}

static ChurnDeclared declared(Fixture *f) {
    Error err = {0};
    ChurnDeclared d;
    must(churn_read_declared(f->conn, f->options.label, &d, &err), &err);
    return d;
}

static void update_days(Fixture *f, const ChurnDeclared *d, ChurnDays *ret) {
    Error err = {0};
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    must(churn_read_gold(f->conn, &gold, &err), &err);
    must(churn_update_days(f->conn, &gold, d, true, ret, &err), &err);
}

static ChurnTraining train(Fixture *f) {
    return train_model(f->conn, &f->options);
}

static ChurnScores score(Fixture *f) {
    return score_all(f->conn, &f->options);
}

static char *set_of(Fixture *f, const char *id, const char *file) {
    Error err = {0};
    CLEANUP(free_text) char *path = path_join(f->dir, file);
    CLEANUP(json_freep) json_t *ret = NULL;
    Buf text = {0};
    must(churn_export_set(f->conn, f->options.models_dir, id, path, &ret, &err), &err);
    must(file_read(path, &text, &err), &err);
    return buf_take(&text);
}

/* From the days before it, which are read for it alone. */
static int make_rows(Fixture *f, const ChurnDeclared *d, int64_t day, int64_t upto, Error *err) {
    CLEANUP(rollup_history_freep) RollupHistory *history = NULL;
    if (churn_read_history(f->conn, d, day, day, FIRST, upto, &history, err) != 0) return -1;
    return churn_make_rows(f->conn, d, history, day, FIRST, upto, err);
}

/* The features as of the day, as one text. The caller frees. */
static char *rows_as_of(Fixture *f, int64_t day, bool by_event) {
    Error err = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    ChurnDays days;
    if (by_event) {
        free(d.as_of);
        d.as_of = xstrdup("event");
    }
    update_days(f, &d, &days);
    must(make_rows(f, &d, day, days.upto, &err), &err);
    return query_text(f->conn, "SELECT string_agg(r::VARCHAR, chr(10) ORDER BY member_id) FROM churn_rows AS r");
}

static void forget_days(Fixture *f) {
    run(f->conn, "UPDATE model_progress SET days_sha256 = NULL");
}

/* ---- learning ---- */

/* The rows of the test by the room of the last visit that was known at its cut, beside a query of its own. */
static void assert_segments(Fixture *f, const ChurnTraining *t) {
    const json_t *rooms = json_object_get(json_object_get(t->report, "segments"), "last_room"), *group;
    CLEANUP(free_text) char *set = set_of(f, t->model_id, "segments.csv");
    CLEANUP(free_text) char *path = path_join(f->dir, "segments.csv");
    CLEANUP(free_text)
    char *sql = xasprintf(
        "CREATE TEMP TABLE rooms AS SELECT arg_max(visit_room, event_timestamp) AS room, any_value(label) AS label, "
        "any_value(probability) AS probability FROM read_csv('%s') JOIN silver_clean_events ON member_id = id WHERE part = 'test' "
        "AND greatest(event_timestamp, kafka_timestamp) < DATE '1970-01-01' + cut_day::INTEGER GROUP BY id",
        path);
    size_t i;
    run(f->conn, sql);
    run(f->conn, "UPDATE rooms SET room = 'small' WHERE room IN (SELECT room FROM rooms GROUP BY 1 HAVING count(*) < 100)");
    assert_int_equal(json_array_size(rooms), number(f->conn, "SELECT count(DISTINCT room) FROM rooms"));
    json_array_foreach(rooms, i, group) {
        const char *room = json_string_value(json_object_get(group, "value"));
        CLEANUP(free_text)
        char *same = xasprintf(
            "SELECT count(*) FROM (SELECT count(*) AS n, sum(label) AS positives, avg(probability) AS mean FROM rooms WHERE room = '%s') "
            "WHERE n = %" JSON_INTEGER_FORMAT " AND positives = %" JSON_INTEGER_FORMAT " AND abs(mean - %.12g) < 1e-6",
            room != NULL ? room : "small", json_integer_value(json_object_get(group, "rows")),
            json_integer_value(json_object_get(group, "positives")), json_number_value(json_object_get(group, "mean_probability")));
        assert_int_equal(number(f->conn, same), 1);
    }
}

static void it_learns_scores_and_explains(void **state) {
    Fixture *f = *state;
    make_visits(f, 1000, DAYS);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    if (t.skipped != NULL || t.until != NULL) fail_msg("%s", t.skipped != NULL ? t.skipped : t.until);
    assert_string_equal(t.label_source, "stops");
    assert_false(t.label_leaks);
    assert_null(t.note);
    if (t.metrics.auc < 0.6 || t.metrics.auc > 0.97) fail_msg("AUC %f", t.metrics.auc);
    double over = json_number_value(json_object_get(json_object_get(t.report, "calibration"), "mean_over_rate"));
    if (over < 0.6 || over > 1.6) fail_msg("mean probability over rate %f", over);
    assert_non_null(json_object_get(json_object_get(t.report, "rivals"), "rule of thumb"));
    assert_segments(f, &t);
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_null(s.skipped);
    /* who has not come for two weeks has no score */
    assert_int_equal(s.rows,
                     number(f->conn,
                            "SELECT count(*) FROM (SELECT member_id FROM silver_clean_events WHERE event_timestamp < '2026-09-18' "
                            "GROUP BY 1 HAVING max(event_timestamp) >= '2026-09-04' AND count_if(event_timestamp >= '2026-08-19') >= 3)"));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM entity_scores WHERE abs(churn_probability - 1 / (1 + exp(-log_odds))) > 2e-6"),
                     0);
    run(f->conn,
        "CREATE TEMP TABLE sums AS SELECT log_odds, reasons_bias + reasons_rest + list_sum(from_json(reasons, '[{\"contribution\": \"DOUBLE\"}]').list_transform("
        "r -> r.contribution)) AS explained FROM entity_scores");
    assert_int_equal(number(f->conn, "SELECT count(*) FROM sums WHERE abs(explained - log_odds) > 1e-4 OR explained IS NULL"), 0);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM entity_scores WHERE json_extract_string(reasons, '$[0].title') IS NULL"), 0);
    CLEANUP(churn_scores_done) ChurnScores again = score(f); /* nothing until the next day */
    assert_int_equal(again.rows, 0);
    assert_int_equal(again.scored, s.scored);
}

/* Enough of it for the rule. */
static void make_gold(Fixture *f) {
    run(f->conn,
        "CREATE OR REPLACE TABLE gold_features_base AS SELECT format('M{:05d}', i) AS member_id, i AS visits, (i % 3)::DOUBLE AS visits_7d, "
        "(i % 3 < 2)::INTEGER AS rare, 1::BIGINT AS refined_batch FROM range(200) t(i); CREATE OR REPLACE TABLE gold_features_fresh AS FROM "
        "gold_features_base LIMIT 0; CREATE OR REPLACE VIEW gold_member_features AS SELECT * EXCLUDE (refined_batch) FROM gold_features_base");
}

static void the_first_day_is_a_history_too(void **state) {
    Fixture *f = *state;
    make_visits(f, 200, 1);
    make_gold(f);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_non_null(strstr(t.until, "has no whole day yet: first honest model on 2026-05-01"));
}

static void too_short_a_history_is_an_answer(void **state) {
    Fixture *f = *state;
    make_visits(f, 200, 110); /* 30 + 10 + 2 x 40 are needed */
    make_gold(f);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_string_equal(t.label_source, "rule");
    assert_non_null(strstr(t.until, "first honest model on 2026-05-01"));
    assert_true(t.label_leaks);
    Error err = {0};
    bool due;
    CLEANUP(free_text) char *why = NULL;
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &why, &err), &err);
    assert_false(due); /* the rule serves */
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_days"), 0);
    run(f->conn, "DELETE FROM silver_clean_events");
    forget_days(f);
    make_visits(f, 800, DAYS);
    CLEANUP(free_text) char *now = NULL;
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &now, &err), &err);
    assert_true(due);
    assert_non_null(strstr(now, "the label is now stops"));
    next_millisecond();
    CLEANUP(churn_training_done) ChurnTraining honest = train(f);
    assert_string_equal(honest.label_source, "stops");
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_string_equal(s.model_id, honest.model_id);
}

static void a_history_is_known_before_its_days_are_made(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 100, 110);
    make_gold(f);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    ChurnDays known, made;
    must(churn_read_gold(f->conn, &gold, &err), &err);
    must(churn_know_history(f->conn, &gold, &d, true, &known, &err), &err);
    must(churn_update_days(f->conn, &gold, &d, false, &made, &err), &err); /* not due any more, and there are none */
    assert_int_equal(known.first, made.first);
    assert_int_equal(known.end, made.end);
    assert_int_equal(made.events, number(f->conn, "SELECT count(*) FROM silver_clean_events"));
    assert_int_equal(made.events, number(f->conn, "SELECT sum(events_n) FROM model_days"));
    must(churn_know_history(f->conn, &gold, &d, true, &known, &err), &err); /* from the days alone */
    assert_int_equal(known.first, made.first);
    assert_int_equal(known.end, made.end);
    assert_int_equal(known.upto, made.upto);
}

static void too_few_who_leave_are_not_tried_all_the_time(void **state) {
    Fixture *f = *state;
    Error err = {0};
    bool due;
    make_visits(f, 60, DAYS);
    make_gold(f);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_string_equal(t.label_source, "rule");
    assert_non_null(strstr(t.until, "who leave"));
    CLEANUP(free_text) char *why = NULL;
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &why, &err), &err);
    assert_false(due);
}

static void labels_that_mean_nothing_are_not_learned(void **state) {
    Fixture *f = *state;
    make_visits(f, 1500, DAYS);
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    CLEANUP(free_text)
    char *sql = xasprintf(
        "COPY (SELECT format('M{:05d}', i) AS member_id, TIMESTAMP '2026-01-01' + INTERVAL (hash(i, k, 11) %% 260) DAY + INTERVAL 1 HOUR AS "
        "left_at, left_at AS returned_at FROM range(1500) t(i), range(3) u(k)) TO '%s' (HEADER)",
        path);
    run(f->conn, sql);
    f->options.label = path;
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    if (t.skipped != NULL) fail_msg("%s", t.skipped);
    if (t.metrics.auc < 0.44 || t.metrics.auc > 0.56) fail_msg("AUC %f of random labels", t.metrics.auc);
    f->options.label = CHURN_LABEL_DECLARED;
}

/* ---- the same set again ---- */

static void a_set_is_the_same_when_more_has_come(void **state) {
    Fixture *f = *state;
    make_visits(f, 900, DAYS - 40);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    assert_null(t.until);
    CLEANUP(free_text) char *before = set_of(f, t.model_id, "before.csv");
    run(f->conn, INTO_SILVER
        "format('M{:05d}', i) AS member_id, moment AS event_timestamp, moment + INTERVAL (hash(i, d, 9) % 30) DAY AS kafka_timestamp, 99 AS "
        "batch_id, 700 AS visit_minutes, 'late' AS visit_room FROM (SELECT i, d, TIMESTAMP '2026-01-01 12:00' + INTERVAL (d) DAY AS moment "
        "FROM range(900) m(i), range(240) t(d) WHERE hash(i, d, 8) % 10 = 0)");
    CLEANUP(free_text) char *after = set_of(f, t.model_id, "after.csv");
    assert_string_equal(before, after);
    forget_days(f); /* as after `refine --full` */
    CLEANUP(free_text) char *anew = set_of(f, t.model_id, "anew.csv");
    assert_string_equal(before, anew);
}

static void what_came_after_a_cut_changes_nothing_at_it(void **state) {
    Fixture *f = *state;
    make_visits(f, 200, DAYS);
    run(f->conn, "UPDATE silver_clean_events SET kafka_timestamp = event_timestamp + INTERVAL (hash(event_id) % 60) HOUR");
    CLEANUP(free_text) char *all = rows_as_of(f, CUT, false);
    run(f->conn, "DELETE FROM silver_clean_events WHERE kafka_timestamp >= TIMESTAMP '2026-05-27'"); /* all that was not known then */
    forget_days(f);
    CLEANUP(free_text) char *known = rows_as_of(f, CUT, false);
    assert_string_equal(all, known);
}

/* A bill that is dated before the cut, comes three weeks after it, and only to those who leave. */
static void a_closing_bill_betrays_nothing(void **state) {
    Fixture *f = *state;
    make_visits(f, 200, DAYS);
    CLEANUP(free_text) char *before = rows_as_of(f, CUT, false), *events_before = rows_as_of(f, CUT, true);
    run(f->conn, INTO_SILVER
        "format('M{:05d}', i) AS member_id, TIMESTAMP '2026-05-26 23:00' AS event_timestamp, TIMESTAMP '2026-06-16' AS kafka_timestamp, "
        "18 AS batch_id, 999 AS visit_minutes, 'closing' AS visit_room FROM range(200) m(i) WHERE 40 + hash(i, 7) % 400 BETWEEN 146 AND 166");
    forget_days(f);
    CLEANUP(free_text) char *after = rows_as_of(f, CUT, false), *events_after = rows_as_of(f, CUT, true);
    assert_string_equal(before, after);
    assert_string_not_equal(events_before, events_after); /* as_of: event is betrayed */
}

/* ---- edges ---- */

static int64_t outcome_of(Fixture *f, const char *member, int64_t cut) {
    Error err = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    ChurnDays days;
    CLEANUP(free_text) char *sql = xasprintf("SELECT coalesce(max(outcome), -9) FROM churn_outcomes WHERE member_id = '%s'", member);
    must(churn_read_gold(f->conn, &gold, &err), &err);
    update_days(f, &d, &days);
    must(churn_make_outcomes(f->conn, &gold, &d, cut, days.upto, &err), &err);
    return number(f->conn, sql);
}

static void visit(Fixture *f, const char *member, const char *at) {
    CLEANUP(free_text)
    char *sql = xasprintf(INTO_SILVER
                          "'%s' AS member_id, TIMESTAMP '%s' AS event_timestamp, TIMESTAMP '%s' AS kafka_timestamp, 1 AS batch_id, 30 AS "
                          "visit_minutes, 'a' AS visit_room",
                          member, at, at);
    run(f->conn, sql);
    forget_days(f);
}

/* The horizon is 20 days, silence more than 20: the cut is 2026-05-27, its horizon ends on 2026-06-16. */
static void the_edges_of_a_cut(void **state) {
    Fixture *f = *state;
    for (int day = 20; day <= 26; day++) {
        CLEANUP(free_text) char *at = xasprintf("2026-05-%d 10:00", day);
        visit(f, "BEFORE", at);
        visit(f, "AT", at);
        visit(f, "LAST", at);
        visit(f, "AFTER", at);
        visit(f, "PAUSE", at);
        visit(f, "SILENT", at);
    }
    visit(f, "AT", "2026-05-27 00:00:00"); /* exactly at T: it is the first that may not be known, and the last sign of life */
    visit(f, "LAST", "2026-06-04 10:00");
    visit(f, "LAST", "2026-06-15 23:59:59.999999");
    visit(f, "AFTER", "2026-06-04 10:00");
    visit(f, "AFTER", "2026-06-16 00:00:00"); /* the end of the horizon: it stays longer */
    visit(f, "PAUSE", "2026-06-15 10:00");    /* 20 days without a visit in between, not 21 */
    visit(f, "PAUSE", "2026-07-01 10:00");
    visit(f, "SILENT", "2026-06-17 10:00");
    assert_int_equal(outcome_of(f, "BEFORE", CUT), -1);
    assert_int_equal(outcome_of(f, "AT", CUT), 1);
    assert_int_equal(outcome_of(f, "LAST", CUT), 1);
    assert_int_equal(outcome_of(f, "AFTER", CUT), 0);
    assert_int_equal(outcome_of(f, "PAUSE", CUT), 0);
    assert_int_equal(outcome_of(f, "SILENT", CUT), -1);
    CLEANUP(free_text) char *rows = rows_as_of(f, CUT, false);
    assert_int_equal(number(f->conn, "SELECT visits_7d FROM churn_rows WHERE member_id = 'AT'"), 7);
}

static void a_copy_that_came_twice_counts_when_it_came_first(void **state) {
    Fixture *f = *state;
    make_visits(f, 50, DAYS);
    CLEANUP(free_text) char *before = rows_as_of(f, CUT, false);
    /* Bronze keeps the first copy alone; its later one, the same id with another time, is another event and known later */
    run(f->conn, INTO_SILVER
        "member_id, event_timestamp - INTERVAL 1 HOUR AS event_timestamp, TIMESTAMP '2026-05-27 00:00:01' AS kafka_timestamp, 15 AS batch_id, "
        "visit_minutes, visit_room FROM silver_clean_events WHERE event_timestamp BETWEEN '2026-05-20' AND '2026-05-26'");
    forget_days(f);
    CLEANUP(free_text) char *after = rows_as_of(f, CUT, false);
    assert_string_equal(before, after);
}

static void the_far_future_moves_no_cut(void **state) {
    Fixture *f = *state;
    make_visits(f, 200, DAYS);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    ChurnDays before, after;
    update_days(f, &d, &before);
    for (int year = 2027; year < 2099; year++) {
        CLEANUP(free_text) char *at = xasprintf("%d-05-05 10:00", year);
        visit(f, "M00001", at);
    }
    visit(f, "M00001", "1999-01-01 10:00");
    update_days(f, &d, &after);
    assert_int_equal(before.first, FIRST);
    assert_int_equal(before.end, FIRST + DAYS);
    assert_int_equal(after.first, before.first);
    assert_int_equal(after.end, before.end);
}

static void cuts_that_betray_are_refused(void **state) {
    (void)state;
    Error err = {0};
    const ChurnDeclared d = {.horizon = 30, .silence = 30, .events_within = 30, .cuts = 4, .apart = 15};
    ChurnCuts cuts;
    int64_t from;
    assert_false(churn_choose_cuts(&d, 0, 164, &cuts, &from));
    assert_int_equal(from, 165);
    assert_true(churn_choose_cuts(&d, 0, 165, &cuts, &from));
    assert_int_equal(cuts.count, 2);
    assert_false(cuts.own_calibration);
    must(churn_check_cuts(&d, &cuts, 165, &err), &err);
    assert_failed(churn_check_cuts(&d, &cuts, 164, &err), ERR_CONFIG, "the history ends on", &err);
    cuts.training[1]++;
    assert_failed(churn_check_cuts(&d, &cuts, 165, &err), ERR_CONFIG, "it would betray the test", &err);
    cuts.training[1]--;
    cuts.calibration++;
    assert_failed(churn_check_cuts(&d, &cuts, 165, &err), ERR_CONFIG, "the calibration cut", &err);
    assert_true(churn_choose_cuts(&d, 0, 400, &cuts, &from));
    assert_true(cuts.own_calibration);
    assert_int_equal(cuts.count, 4);
    assert_int_equal(cuts.test, 340);
    assert_int_equal(cuts.calibration, 280);
    assert_int_equal(cuts.training[3], 220);
    assert_int_equal(cuts.training[0], 175);
}

static void who_has_left_before_is_left_out_and_counted(void **state) {
    Fixture *f = *state;
    make_visits(f, 600, DAYS);
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    CLEANUP(free_text)
    char *sql = xasprintf(
        "COPY (SELECT lower(format('M{:05d}', i)) AS member_id, TIMESTAMP '2026-01-01' + INTERVAL (40 + hash(i, 7) %% 400) DAY AS left_at, "
        "CASE WHEN i = 1 THEN left_at END AS \"Returned_At\" FROM range(600) t(i) UNION ALL SELECT 'M00000', '2026-01-03', NULL UNION ALL "
        "SELECT 'M00001', '2026-01-01', '2026-01-02') TO '%s' (HEADER)",
        path);
    run(f->conn, sql);
    f->options.label = path;
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    if (t.skipped != NULL) fail_msg("%s", t.skipped);
    const json_t *left = json_object_get(t.facts, "already_left");
    assert_true(json_integer_value(json_object_get(left, "test")) > 0);
    CLEANUP(free_text) char *set = set_of(f, t.model_id, "set.csv");
    assert_null(strstr(set, ",M00000,"));
    assert_non_null(strstr(set, ",M00001,"));
    f->options.label = CHURN_LABEL_DECLARED;
}

/* People export all customers, and the column is empty for those who are still here. */
static void who_is_in_the_table_and_has_not_left_stays(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 50, DAYS);
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    write_text(path, "member_id,left_at\nM00001,\nM00002,2026-01-05\nM00003,  \nM00004,\"\"\n");
    f->options.label = path;
    CLEANUP(churn_training_done) ChurnTraining t = {0};
    must(churn_train(f->conn, &f->options, &t, &err), &err);
    CLEANUP(lake_result_freep) LakeResult *r = NULL;
    must(lake_query(f->conn, "test", "SELECT count(*), count(left_us) FROM churn_left", NULL, 0, &r, &err), &err);
    assert_int_equal(lake_next(r, &err), 1);
    assert_int_equal(lake_col_int(r, 0), 4);
    assert_int_equal(lake_col_int(r, 1), 1);
    f->options.label = CHURN_LABEL_DECLARED;
}

/* As databases and pandas write them: an offset counts, and without one a time is UTC. */
static void departures_are_at_the_moment_that_is_written(void **state) {
    static const char *const same[] = {"2026-06-01T00:30:00+02:00", "2026-06-01 00:30:00+0200",   "2026-06-01 00:30:00.000000+02",
                                       "2026-05-31T22:30:00Z",      "2026-05-31 22:30:00 UTC",    "2026-05-31 22:30",
                                       "2026-05-31T12:30:00-10:00", "2026-06-01T12:30:00.0+14:00"};
    static const char *const wrong[] = {"2026-06-01T00:00:00+99:99", "infinity",   "epoch",     "290000-01-01",
                                        "0044-03-15 (BC)",           "01.06.2026", "1780272000"};
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 50, DAYS);
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    f->options.label = path;
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        CLEANUP(churn_training_done) ChurnTraining t = {0};
        CLEANUP(free_text) char *text = xasprintf("member_id,left_at\nM00001,%s\n", same[i]);
        CLEANUP(lake_result_freep) LakeResult *r = NULL;
        write_text(path, text);
        must(churn_train(f->conn, &f->options, &t, &err), &err);
        must(lake_query(f->conn, "test", "SELECT left_us FROM churn_left", NULL, 0, &r, &err), &err);
        assert_int_equal(lake_next(r, &err), 1);
        assert_int_equal(lake_col_int(r, 0), INT64_C(1780266600000000));
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        CLEANUP(churn_training_done) ChurnTraining t = {0};
        CLEANUP(free_text) char *text = xasprintf("member_id,left_at\nM00001,%s\n", wrong[i]);
        write_text(path, text);
        assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, wrong[i], &err);
    }
    f->options.label = CHURN_LABEL_DECLARED;
}

static void bad_departures(void **state) {
    Fixture *f = *state;
    Error err = {0};
    ChurnTraining t = {0};
    make_visits(f, 50, DAYS);
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    f->options.label = path;
    write_text(path, "member_id,left_at\nM00001,yesterday\n");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "M00001: left_at is yesterday", &err);
    write_text(path, "member_id,left_at,RETURNED_AT\nM00001,2026-05-01,soon\n");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "M00001: returned_at is soon, expected a time such as", &err);
    write_text(path, "member_id,left_at,returned_at\nM00001,2026-05-01,2026-04-30\n");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "M00001: returned_at 2026-04-30 is before left_at 2026-05-01",
                  &err);
    CLEANUP(free_text) char *pattern = path_join(f->dir, "l[e]ft.csv"); /* another file, not those that it would match */
    write_text(pattern, "member_id,left_at\nM00002,tomorrow\n");
    f->options.label = pattern;
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "M00002: left_at is tomorrow", &err);
    f->options.label = f->dir;
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_CONFIG, "model.label", &err);
    f->options.label = path;
    write_text(path, "member_id,left_at,returned_at\nM00001, ,2026-01-04\n");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "M00001: left_at is empty", &err);
    write_text(path, "id,left_at\nM00001,2026-05-01\n");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_DATA, "member_id and left_at is expected", &err);
    run(f->conn, "CREATE OR REPLACE VIEW model_declared AS SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS \"value\" WHERE false");
    assert_failed(churn_train(f->conn, &f->options, &t, &err), ERR_CONFIG, "features.yaml must name such a label", &err);
    f->options.label = CHURN_LABEL_DECLARED;
}

/* A notice for next month does not say who left this month. */
static void a_departure_to_come_makes_no_label_known(void **state) {
    Fixture *f = *state;
    Error err = {0};
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    CLEANUP(churn_declared_done) ChurnDeclared d = {0};
    CLEANUP(free_text) char *path = path_join(f->dir, "left.csv");
    int64_t known;
    make_visits(f, 50, DAYS);
    f->options.label = path;
    write_text(path, "member_id,left_at\nM00001,2026-05-01\nM00002,2099-01-01\n");
    d = declared(f);
    must(churn_read_gold(f->conn, &gold, &err), &err);
    must(churn_read_outcomes(f->conn, &gold, &d, FIRST + DAYS, &known, &err), &err);
    assert_int_equal(known, FIRST + 121); /* the day after 1 May */
    CLEANUP(free_text) char *unknown = NULL;
    write_text(path, "member_id,left_at\nX1,2026-05-01\nX0,2020-01-01\n");
    must(churn_read_outcomes(f->conn, &gold, &d, FIRST + DAYS, &known, &err), &err);
    must(churn_unknown_departures(f->conn, &gold, &d, FIRST, &unknown, &err), &err);
    assert_string_equal(unknown,
                        "1 of 1 departures since the beginning of the history are of ids that Gold does not have, as X1: nothing is "
                        "learned of them");
    write_text(path, "member_id,left_at\n");
    CLEANUP(churn_training_done) ChurnTraining none = {0};
    must(churn_train(f->conn, &f->options, &none, &err), &err);
    assert_non_null(strstr(none.skipped != NULL ? none.skipped : none.until, "has no departure before 2026-09-18"));
    write_text(path, "member_id,left_at\nM00001,2026-02-01\n");
    CLEANUP(churn_training_done) ChurnTraining early = {0};
    must(churn_train(f->conn, &f->options, &early, &err), &err);
    assert_non_null(strstr(early.skipped != NULL ? early.skipped : early.until, "says who left until 2026-02-01"));
    f->options.label = CHURN_LABEL_DECLARED;
}

static void unknown_arrivals_are_said(void **state) {
    Fixture *f = *state;
    ChurnDays days;
    make_visits(f, 50, 100);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    update_days(f, &d, &days);
    assert_null(churn_arrival_warning(&d, &days));
    run(f->conn,
        "UPDATE silver_clean_events SET kafka_timestamp = CASE WHEN batch_id = 3 THEN NULL WHEN batch_id = 4 THEN TIMESTAMP '2026-11-29' ELSE kafka_timestamp END");
    forget_days(f);
    update_days(f, &d, &days);
    CLEANUP(free_text) char *warning = churn_arrival_warning(&d, &days);
    assert_non_null(strstr(warning, "it is not known when they arrived"));
    assert_int_equal(days.without_arrival, number(f->conn, "SELECT count(*) FROM silver_clean_events WHERE batch_id = 3"));
    assert_int_equal(days.late, number(f->conn, "SELECT count(*) FROM silver_clean_events WHERE batch_id = 4"));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_days WHERE known > day + 1"), 0);
}

/* ---- every aggregate, against the events themselves ---- */

#define WINDOW(n) "event_timestamp >= TIMESTAMP '2026-05-27' - INTERVAL " #n " DAY"

static void every_aggregate_is_what_the_events_say(void **state) {
    Fixture *f = *state;
    make_visits(f, 300, DAYS);
    run(f->conn,
        "UPDATE silver_clean_events SET kafka_timestamp = event_timestamp + INTERVAL (hash(event_id) % 50) HOUR, visit_room = CASE WHEN "
        "hash(event_id, 1) % 7 > 0 THEN visit_room END");
    CLEANUP(free_text) char *rows = rows_as_of(f, CUT, false);
    run(f->conn,
        "CREATE TEMP TABLE seen AS FROM silver_clean_events WHERE event_timestamp < '2026-05-27' AND kafka_timestamp < '2026-05-27' AND " WINDOW(
            30) ";"
                "CREATE TEMP TABLE days AS SELECT *, day - lag(day) OVER (PARTITION BY member_id ORDER BY day) AS gap FROM (SELECT DISTINCT member_id, "
                "event_timestamp::DATE AS day FROM seen);"
                "CREATE TEMP TABLE counts AS SELECT member_id, day::DATE AS day, count(event_id) AS n FROM (SELECT DISTINCT member_id FROM seen) CROSS JOIN "
                "(SELECT unnest(range(TIMESTAMP '2026-04-27', TIMESTAMP '2026-05-27', INTERVAL 1 DAY)) AS day) LEFT JOIN (SELECT member_id AS m, event_timestamp::DATE AS d, event_id "
                "FROM seen) ON m = member_id AND d = day GROUP BY ALL;"
                "CREATE TEMP TABLE expected AS SELECT * FROM (SELECT member_id, count(*) AS visits_30d, count_if(" WINDOW(
                    7) ") AS visits_7d, "
                       "round(avg(visit_minutes), 1) AS mean_30d, round(avg(visit_minutes) FILTER (" WINDOW(
                           7) "), 1) AS mean_7d, count_if(visit_minutes >= 60) AS long_30d, "
                              "sum(visit_minutes) AS minutes_30d, min(visit_minutes) FILTER (" WINDOW(
                                  7) ") AS least_7d, max(visit_minutes) AS most_30d, "
                                     "arg_max(visit_minutes, event_timestamp) AS last, count(DISTINCT visit_room) AS rooms_30d, count(DISTINCT visit_room) FILTER (" WINDOW(
                                         7) ") AS rooms_7d, "
                                            "(epoch_us(TIMESTAMP '2026-05-27') - epoch_us(max(event_timestamp))) / 86400000000 AS recency FROM seen GROUP BY 1) "
                                            "JOIN (SELECT member_id, count(*) AS active_30d, count_if(day >= '2026-05-20') AS active_7d, max(gap) AS gap_30d, max(gap) FILTER (day >= '2026-05-20') "
                                            "AS gap_7d FROM days GROUP BY 1) USING (member_id) JOIN (SELECT member_id, regr_slope(n, day - DATE '2026-01-01') AS slope_30d FROM counts GROUP BY 1) USING "
                                            "(member_id)");
    assert_true(number(f->conn, "SELECT count(*) FROM churn_rows") > 150);
    assert_int_equal(
        number(
            f->conn,
            "SELECT count(*) FROM churn_rows AS r JOIN expected AS e USING (member_id) WHERE r.visits_30d <> e.visits_30d OR r.visits_7d <> e.visits_7d OR "
            "r.mean_minutes_30d <> e.mean_30d OR r.mean_minutes_7d IS DISTINCT FROM e.mean_7d OR r.long_visits_30d <> e.long_30d OR r.minutes_30d <> "
            "e.minutes_30d OR r.least_minutes_7d IS DISTINCT FROM e.least_7d OR r.most_minutes_30d <> e.most_30d OR r.last_minutes <> e.last OR r.rooms_30d <> "
            "e.rooms_30d OR r.rooms_7d <> e.rooms_7d OR r.days_since_visit <> e.recency OR r.active_days_30d <> e.active_30d OR r.active_days_7d <> e.active_7d "
            "OR r.max_gap_30d IS DISTINCT FROM e.gap_30d OR r.max_gap_7d IS DISTINCT FROM e.gap_7d OR abs(r.slope_30d - e.slope_30d) > 1e-12 OR "
            "r.visits_7_30 <> (e.visits_7d / 7) / (e.visits_30d / 30) OR r.minutes_7_30 IS DISTINCT FROM e.mean_7d / e.mean_30d"),
        0);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM churn_rows ANTI JOIN expected USING (member_id)"), 0);
}

/* ---- which model is used ---- */

static json_t *described(Fixture *f) {
    Error err = {0};
    CLEANUP(json_freep) json_t *found = NULL;
    json_t *model = NULL;
    must(churn_find_model(f->conn, NULL, &found, &err), &err);
    must(churn_describe_model(f->options.models_dir, found, &model, &err), &err);
    return model;
}

static char *in_use(Fixture *f) {
    CLEANUP(json_freep) json_t *model = described(f);
    return xstrdup(json_string_value(json_object_get(model, "model_id")));
}

static void a_worse_model_stays_a_candidate(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 1000, DAYS);
    CLEANUP(churn_training_done) ChurnTraining good = train(f);
    assert_null(good.note);
    next_millisecond();
    f->options.rounds = 1; /* one small tree ranks worse */
    CLEANUP(churn_training_done) ChurnTraining poor = train(f);
    assert_non_null(strstr(poor.note, good.model_id));
    CLEANUP(free_text) char *used = in_use(f);
    assert_string_equal(used, good.model_id);
    bool due;
    CLEANUP(free_text) char *why = NULL;
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &why, &err), &err);
    assert_false(due); /* it was tried */
    next_millisecond();
    must(churn_promote(f->conn, f->options.models_dir, poor.model_id, false, &err), &err);
    CLEANUP(free_text) char *by_hand = in_use(f);
    assert_string_equal(by_hand, poor.model_id);
    CLEANUP(free_text) char *withdrawn = NULL;
    CLEANUP(free_text) char *back = NULL;
    must(churn_rollback(f->conn, f->options.models_dir, &withdrawn, &back, &err), &err);
    assert_string_equal(withdrawn, poor.model_id);
    assert_string_equal(back, good.model_id);
    CLEANUP(free_text) char *last = in_use(f);
    assert_string_equal(last, good.model_id);
    assert_failed(churn_promote(f->conn, f->options.models_dir, "churn-none", false, &err), ERR_CONFIG, "there is no model churn-none",
                  &err);
    assert_failed(churn_rollback(f->conn, f->options.models_dir, &withdrawn, &back, &err), ERR_DATA,
                  "there is no model that was in use before", &err);
}

/* A machine that began with a clock of next year trained a model by it. */
static void the_clock_was_set_back(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 1000, DAYS);
    CLEANUP(churn_training_done) ChurnTraining early = train(f);
    run(f->conn, "UPDATE models SET trained_at = trained_at + INTERVAL 1 YEAR, promoted_at = promoted_at + INTERVAL 1 YEAR");
    next_millisecond();
    f->options.force = true;
    CLEANUP(churn_training_done) ChurnTraining late = train(f);
    CLEANUP(free_text) char *used = in_use(f);
    assert_string_equal(used, late.model_id);
    bool due;
    CLEANUP(free_text) char *why = NULL;
    run(f->conn, "UPDATE refine_progress SET batch_id = batch_id + 1");
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &why, &err), &err);
    if (due) fail_msg("trained again: %s", why);
    must(churn_promote(f->conn, f->options.models_dir, early.model_id, false, &err), &err);
    CLEANUP(free_text) char *by_hand = in_use(f);
    assert_string_equal(by_hand, early.model_id);
    f->options.force = false;
}

/* A label that a feature knows: who visits room 9 leaves within the horizon, always. */
static void too_good_to_be_true(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 600, DAYS);
    run(f->conn, INTO_SILVER
        "format('M{:05d}', i) AS member_id, moment AS event_timestamp, moment AS kafka_timestamp, d // 10 + 1 AS batch_id, 990 AS visit_minutes, "
        "'room 9' AS visit_room FROM (SELECT i, d, TIMESTAMP '2026-01-01 20:00' + INTERVAL (d) DAY AS moment, 40 + hash(i, 7) % 400 AS leaves "
        "FROM range(600) m(i), range(260) t(d)) WHERE d < leaves AND leaves - d <= 21");
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    if (t.skipped != NULL) fail_msg("%s", t.skipped);
    assert_true(t.metrics.auc > 0.97);
    assert_non_null(strstr(t.note, "knows the outcome"));
    CLEANUP(json_freep) json_t *model = NULL;
    assert_failed(churn_find_model(f->conn, NULL, &model, &err), ERR_DATA, "no model is in use", &err);
    assert_failed(churn_promote(f->conn, f->options.models_dir, t.model_id, false, &err), ERR_DATA, "--force", &err);
    next_millisecond();
    f->options.force = true;
    CLEANUP(churn_training_done) ChurnTraining forced = train(f);
    assert_null(forced.note);
    CLEANUP(free_text) char *used = in_use(f);
    assert_string_equal(used, forced.model_id);
}

/* Predictions of a day are compared with what happened once that is known; the scores of another kind of members have drifted. */
static void predictions_are_followed(void **state) {
    Fixture *f = *state;
    Error err = {0};
    make_visits(f, 1000, 200);
    CLEANUP(churn_training_done) ChurnTraining t = train(f);
    if (t.skipped != NULL || t.until != NULL) fail_msg("%s", t.skipped != NULL ? t.skipped : t.until);
    CLEANUP(churn_scores_done) ChurnScores s = score(f);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_predictions WHERE as_of = 20454 + 200"), s.rows);
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_drift WHERE feature = '' AND psi < 0.2"), 1);
    run(f->conn, "DELETE FROM silver_clean_events");
    make_visits(f, 1000, 245);
    run(f->conn, "UPDATE silver_clean_events SET visit_minutes = visit_minutes + 500 WHERE event_timestamp > '2026-07-20'");
    forget_days(f);
    CLEANUP(churn_scores_done) ChurnScores later = score(f);
    CLEANUP(json_freep) json_t *model = described(f);
    const json_t *row = json_array_get(json_object_get(model, "outcomes"), 0);
    assert_int_equal(json_array_size(json_object_get(model, "outcomes")), 1);
    assert_string_equal(json_string_value(json_object_get(row, "as_of")), "2026-07-20");
    assert_true(json_number_value(json_object_get(row, "auc")) > 0.6);
    assert_true(json_integer_value(json_object_get(row, "rows")) <= (json_int_t)s.rows);
    assert_true(10 * json_integer_value(json_object_get(row, "decile_positives")) > json_integer_value(json_object_get(row, "positives")));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_predictions WHERE as_of = 20454 + 200"), 0);
    assert_int_equal(
        number(f->conn, "SELECT count(*) FROM model_drift WHERE feature = 'mean_minutes_7d' AND psi > 0.25 AND as_of = 20454 + 245"), 1);
    run(f->conn, "UPDATE model_drift SET psi = 0.4 WHERE feature = ''; UPDATE refine_progress SET batch_id = 77");
    bool due;
    CLEANUP(free_text) char *why = NULL;
    must(churn_is_due(f->conn, &f->options, 3600000, &due, &why, &err), &err);
    assert_true(due);
    assert_non_null(strstr(why, "the scores have drifted"));
}

static void same_data_same_bytes(void **state) {
    Fixture *f = *state;
    make_visits(f, 600, DAYS);
    CLEANUP(churn_training_done) ChurnTraining a = train(f);
    next_millisecond();
    CLEANUP(churn_training_done) ChurnTraining b = train(f);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT metadata->>'sha256') FROM models"), 1);
    assert_int_equal(number(f->conn, "SELECT count(DISTINCT metadata->>'$.training_set.sha256') FROM models"), 1);
    assert_true(json_equal(a.report, b.report));
}

/* ---- merged in C, and by DuckDB ---- */

#define DAYS_AS_TEXT                                                                                                                       \
    "SELECT string_agg(r::VARCHAR, chr(10) ORDER BY r::VARCHAR) FROM (SELECT member_id, day, known, events_n FROM model_days) AS r"

/* Messages that came late, that came together, and that have less than others. */
static void make_odd_visits(Fixture *f) {
    run(f->conn,
        INTO_SILVER "format('M{:05d}', i) AS member_id, TIMESTAMP '2026-05-20' + INTERVAL (i % 3) DAY AS event_timestamp, "
                    "TIMESTAMP '2026-05-20' + INTERVAL (i % 11) DAY AS kafka_timestamp, 100 + i % 2 AS batch_id, "
                    "CASE WHEN i % 4 > 0 THEN (hash(i, j, 1) % 2000)::INTEGER - 1000 END AS visit_minutes, "
                    "CASE WHEN i % 5 > 0 THEN 'room ' || j || repeat('!', j * 3) END AS visit_room FROM range(300) m(i), range(4) t(j)");
    run(f->conn, "UPDATE silver_clean_events SET event_id = hash(event_id)::VARCHAR, source_system = 'gym ' || (hash(event_id, 1) % 3) "
                 "WHERE batch_id >= 100; UPDATE silver_clean_events SET kafka_timestamp = NULL WHERE hash(event_id) % 50 = 0");
}

static char *segments_as_of(Fixture *f, const ChurnDeclared *d, int64_t upto) {
    CLEANUP(rollup_history_freep) RollupHistory *history = NULL;
    Error err = {0};
    must(churn_read_history(f->conn, d, CUT, CUT, FIRST, upto, &history, &err), &err);
    must(churn_make_segments(f->conn, d, history, CUT, FIRST, upto, &err), &err);
    return query_text(f->conn, "SELECT string_agg(r::VARCHAR, chr(10) ORDER BY member_id) FROM churn_segments AS r");
}

static void free_plans(ChurnDeclared *d) {
    rollup_plan_freep(&d->days_plan);
    rollup_plan_freep(&d->sums_plan);
    rollup_plan_freep(&d->segments_plan);
}

/* As of every tenth day, so that the values of single days matter; of one history. */
static char *rows_as_of_many_days(Fixture *f, const ChurnDeclared *d, int64_t upto) {
    static const char columns[] = "SELECT string_agg(r::VARCHAR, chr(10) ORDER BY member_id) FROM churn_rows AS r";
    CLEANUP(rollup_history_freep) RollupHistory *history = NULL;
    Error err = {0};
    Buf all = {0};
    must(churn_read_history(f->conn, d, CUT - 30, CUT, FIRST, upto, &history, &err), &err);
    for (int64_t day = CUT - 30; day <= CUT; day += 10) {
        must(churn_make_rows(f->conn, d, history, day, FIRST, upto, &err), &err);
        CLEANUP(free_text) char *rows = query_text(f->conn, columns);
        buf_addf(&all, "%s\n", rows);
    }
    return buf_take(&all);
}

/* A training ended with the batch: the days after it are made in a chunk of their own. */
static void keep_batch(Fixture *f, int64_t batch) {
    CLEANUP(free_text)
    char *sql = xasprintf("INSERT INTO models (model_id, trained_at, file, label_source, training_rows, metadata) VALUES ('m', now(), 'x', "
                          "'x', 1, '{\"training_set\": {\"upto_batch\": %lld}}')",
                          (long long)batch);
    run(f->conn, sql);
}

/* The days are made again where the others were: they are kept otherwise. */
static void merging_gives_what_the_database_gives(void **state) {
    Fixture *f = *state;
    ChurnDays days;
    make_visits(f, 300, 180);
    make_odd_visits(f);
    keep_batch(f, 100);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    assert_non_null(d.days_plan);
    assert_non_null(d.sums_plan);
    assert_non_null(d.segments_plan);
    update_days(f, &d, &days);
    CLEANUP(free_text) char *merged_days = query_text(f->conn, DAYS_AS_TEXT);
    CLEANUP(free_text) char *merged_segments = segments_as_of(f, &d, days.upto);
    CLEANUP(free_text) char *merged = rows_as_of_many_days(f, &d, days.upto);
    free_plans(&d);
    update_days(f, &d, &days);
    CLEANUP(free_text) char *aggregated_days = query_text(f->conn, DAYS_AS_TEXT);
    CLEANUP(free_text) char *aggregated = rows_as_of_many_days(f, &d, days.upto);
    CLEANUP(free_text) char *segments = segments_as_of(f, &d, days.upto);
    assert_true(strlen(aggregated) > 40000);
    assert_string_equal(merged_days, aggregated_days);
    assert_string_equal(merged, aggregated);
    assert_string_equal(merged_segments, segments);
}

/* The plans of a lake that a version with other statements made are not used. */
static void plans_of_an_earlier_version_are_left_alone(void **state) {
    Fixture *f = *state;
    run(f->conn,
        "CREATE TABLE said AS SELECT * FROM model_declared; CREATE OR REPLACE VIEW model_declared AS SELECT * FROM said WHERE name <> "
        "'days_packed'");
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    assert_null(d.days_plan);
    assert_null(d.sums_plan);
    assert_null(d.segments_plan);
}

static void a_damaged_record_is_an_error(void **state) {
    Fixture *f = *state;
    Error err = {0};
    ChurnDays days;
    make_odd_visits(f);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    update_days(f, &d, &days);
    run(f->conn, "UPDATE model_days SET record = record[:octet_length(record) - 1] WHERE day = (SELECT min(day) FROM model_days)");
    assert_int_equal(make_rows(f, &d, CUT, days.upto, &err), -1);
    assert_int_equal(err.kind, ERR_DATA);
    assert_non_null(strstr(err.text, "damaged record"));
    error_clear(&err);
}

static void a_sum_that_does_not_fit_is_an_error(void **state) {
    Fixture *f = *state;
    Error err = {0};
    ChurnDays days;
    CLEANUP(churn_gold_done) ChurnGold gold = {0};
    make_odd_visits(f);
    CLEANUP(churn_declared_done) ChurnDeclared d = declared(f);
    must(churn_read_gold(f->conn, &gold, &err), &err);
    char *huge = strstr(d.days_events, "visit_minutes::BIGINT");
    assert_non_null(huge);
    static const char number_as_long[] = "9223372036854775000  ";
    memcpy(huge, number_as_long, sizeof number_as_long - 1);
    assert_int_equal(churn_update_days(f->conn, &gold, &d, true, &days, &err), -1);
    assert_non_null(strstr(err.text, "does not fit in 64 bits"));
    assert_int_equal(number(f->conn, "SELECT count(*) FROM model_days"), 0);
    error_clear(&err);
}

#define MERGED_TEST(test)   cmocka_unit_test_setup_teardown(test, setup_merged, teardown)
#define FORECAST_TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        FORECAST_TEST(it_learns_scores_and_explains),
        FORECAST_TEST(the_first_day_is_a_history_too),
        FORECAST_TEST(too_short_a_history_is_an_answer),
        FORECAST_TEST(a_history_is_known_before_its_days_are_made),
        FORECAST_TEST(too_few_who_leave_are_not_tried_all_the_time),
        FORECAST_TEST(labels_that_mean_nothing_are_not_learned),
        FORECAST_TEST(a_set_is_the_same_when_more_has_come),
        FORECAST_TEST(what_came_after_a_cut_changes_nothing_at_it),
        FORECAST_TEST(a_closing_bill_betrays_nothing),
        FORECAST_TEST(the_edges_of_a_cut),
        FORECAST_TEST(a_copy_that_came_twice_counts_when_it_came_first),
        FORECAST_TEST(the_far_future_moves_no_cut),
        FORECAST_TEST(cuts_that_betray_are_refused),
        FORECAST_TEST(who_has_left_before_is_left_out_and_counted),
        FORECAST_TEST(who_is_in_the_table_and_has_not_left_stays),
        FORECAST_TEST(departures_are_at_the_moment_that_is_written),
        FORECAST_TEST(bad_departures),
        FORECAST_TEST(a_departure_to_come_makes_no_label_known),
        FORECAST_TEST(unknown_arrivals_are_said),
        FORECAST_TEST(every_aggregate_is_what_the_events_say),
        FORECAST_TEST(a_worse_model_stays_a_candidate),
        FORECAST_TEST(the_clock_was_set_back),
        FORECAST_TEST(too_good_to_be_true),
        FORECAST_TEST(predictions_are_followed),
        FORECAST_TEST(same_data_same_bytes),
        MERGED_TEST(merging_gives_what_the_database_gives),
        MERGED_TEST(plans_of_an_earlier_version_are_left_alone),
        MERGED_TEST(a_damaged_record_is_an_error),
        MERGED_TEST(a_sum_that_does_not_fit_is_an_error),
        MERGED_TEST(it_learns_scores_and_explains),
        MERGED_TEST(a_set_is_the_same_when_more_has_come),
        MERGED_TEST(what_came_after_a_cut_changes_nothing_at_it),
        MERGED_TEST(a_closing_bill_betrays_nothing),
        MERGED_TEST(the_edges_of_a_cut),
        MERGED_TEST(a_copy_that_came_twice_counts_when_it_came_first),
        MERGED_TEST(unknown_arrivals_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
