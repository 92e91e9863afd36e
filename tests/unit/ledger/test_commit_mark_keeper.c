/* test_commit_mark_keeper.c: whatever is taken back from the lake after a commit is noticed when it opens; a mark that is only late is not.
 */
#include "ledger/commit_mark_keeper.h"

#include "../fixture.h"
#include "ingest/bronze.h"

#include "base/files.h"
#include "lake/schema.h"
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOPIC "telecom.events"
#define MARK  "lake.mark"

typedef struct Writer {
    Lake *lake;
    LakeConn *conn;
    Bronze *bronze;
    CommitMarkKeeper *keeper;
} Writer;

static void open_file(Writer *f, const char *path) {
    Error err = {0};
    must(lake_open(path, &(LakeOptions){.threads = 1}, &f->lake, &err), &err);
    must(lake_connect(f->lake, &f->conn, &err), &err);
}

static const LedgerTopic topic = {.name = TOPIC, .topic_id = "id", .cluster_id = "cluster"};

/* As a writer does. */
static Writer open_writer(void) {
    CLEANUP(commit_mark_done) CommitMark lake = {0};
    Writer f = {0};
    Error err = {0};
    open_file(&f, "lake.duckdb");
    must(commit_mark_check(f.conn, MARK, &lake, &err), &err);
    must(lake_migrate(f.conn, &err), &err);
    must(commit_mark_keeper_open(f.conn, MARK, &lake, &f.keeper, &err), &err);
    must(bronze_open(f.lake, &f.bronze, &err), &err);
    return f;
}

static void close_writer(Writer *f) {
    commit_mark_keeper_freep(&f->keeper);
    bronze_freep(&f->bronze);
    lake_conn_freep(&f->conn);
    lake_freep(&f->lake);
}

/* Lands `n` events of partition 0 from `first` on. */
static void land(Writer *f, int64_t first, int n, bool marked) {
    CLEANUP(batch_freep) Batch *batch = batch_new(1000, 1 << 20);
    LedgerCounts counts = {0};
    Error err = {0};
    for (int i = 0; i < n; i++) {
        CLEANUP(free_text) char *text = xasprintf("{\"id\":\"e%" PRId64 "\",\"source\":\"s\"}", first + i);
        batch_add(batch, 0, first + i, INT64_MIN, text, strlen(text));
    }
    batch_add_position(batch, (Offsets){.next = first + n});
    must(bronze_stage(f->bronze, 0, &topic, batch, &err), &err);
    must(bronze_land(f->bronze, 0, &counts, &err), &err);
    CommitMarkBatch landed = {.topic = &topic, .batch_id = bronze_batch_id(f->bronze), .counts = counts};
    landed.positions = bronze_positions(f->bronze, 0, &landed.position_count);
    if (marked) commit_mark_keeper_landed(f->keeper, &landed);
}

static CommitMark load(void) {
    CommitMark mark = {0};
    CommitMarkState state;
    Error err = {0};
    must(commit_mark_load(MARK, &state, &mark, &err), &err);
    assert_int_equal(state, MARK_GOOD);
    return mark;
}

static void copy_file(const char *from, const char *to) {
    CLEANUP(buf_done) Buf bytes = {0};
    Error err = {0};
    must(file_read(from, &bytes, &err), &err);
    must(file_write_atomic(to, bytes.data, bytes.len, &err), &err);
}

static void assert_refused(const char *about) {
    CLEANUP(close_writer) Writer f = {0};
    CLEANUP(commit_mark_done) CommitMark lake = {0};
    Error err = {0};
    open_file(&f, "lake.duckdb");
    int rc = commit_mark_check(f.conn, MARK, &lake, &err);
    if (rc != 0) assert_non_null(strstr(err.text, "smelt recover"));
    assert_failed(rc, ERR_DATA, about, &err);
}

static void the_file_follows_each_commit(void **state) {
    (void)state;
    CLEANUP(close_writer) Writer f = open_writer();
    for (int i = 1; i <= 3; i++) {
        land(&f, (i - 1) * 10, 10, true);
        CLEANUP(commit_mark_done) CommitMark mark = load();
        assert_int_equal(mark.commit, i);
        assert_int_equal(mark.landed, 10 * i);
        const TopicOffsets *t = commit_mark_find(&mark, TOPIC, 0);
        assert_int_equal(topic_offsets_find(t, 0)->next, 10 * i);
        assert_string_equal(t->topic.topic_id, "id");
    }
}

/* As if killed between the commit and the mark. */
static void a_mark_that_is_late_is_brought_up_to_date(void **state) {
    (void)state;
    Writer f = open_writer();
    land(&f, 0, 10, true);
    land(&f, 10, 10, false);
    close_writer(&f);
    {
        CLEANUP(commit_mark_done) CommitMark mark = load();
        assert_int_equal(mark.commit, 1);
    }
    f = open_writer();
    close_writer(&f);
    CLEANUP(commit_mark_done) CommitMark mark = load();
    assert_int_equal(mark.commit, 2);
    assert_int_equal(mark.landed, 20);
    assert_int_equal(topic_offsets_find(commit_mark_find(&mark, TOPIC, 0), 0)->next, 20);
}

static void an_older_copy_of_the_lake_is_refused(void **state) {
    (void)state;
    Writer f = open_writer();
    land(&f, 0, 10, true);
    close_writer(&f);
    copy_file("lake.duckdb", "yesterday.duckdb");
    f = open_writer();
    land(&f, 10, 25, true);
    close_writer(&f);
    copy_file("yesterday.duckdb", "lake.duckdb");
    assert_refused("partition 0: 25 offsets (is at 10, was at 35)");
    assert_refused("behind"); /* still, however often one tries */
}

static void a_lake_without_tables_is_refused_too(void **state) {
    (void)state;
    Writer f = open_writer();
    land(&f, 0, 10, true);
    close_writer(&f);
    unlink("lake.duckdb");
    open_file(&f, "lake.duckdb");
    close_writer(&f);
    assert_refused("partition 0: 10 offsets");
}

static void a_lake_that_is_gone_is_missed(void **state) {
    (void)state;
    CommitMark lake = {0}; /* there is none to read */
    Error err = {0};
    must(commit_mark_check(NULL, MARK, &lake, &err), &err);
    Writer f = open_writer();
    must(commit_mark_check(NULL, MARK, &lake, &err), &err); /* nothing was in it */
    land(&f, 0, 10, true);
    close_writer(&f);
    assert_int_equal(commit_mark_check(NULL, MARK, &lake, &err), -1);
    assert_non_null(strstr(err.text, "10 events"));
    error_clear(&err);
}

static void another_lake_is_refused(void **state) {
    (void)state;
    Writer f = open_writer();
    land(&f, 0, 10, true);
    close_writer(&f);
    rename(MARK, "kept");
    unlink("lake.duckdb");
    f = open_writer();
    land(&f, 0, 20, true);
    close_writer(&f);
    rename("kept", MARK);
    assert_refused("another lake");
}

static void a_damaged_mark_is_set_aside_and_made_again(void **state) {
    (void)state;
    Writer f = open_writer();
    land(&f, 0, 10, true);
    close_writer(&f);
    write_text(MARK, "smelt-mark 1 x");
    f = open_writer();
    close_writer(&f);
    CLEANUP(commit_mark_done) CommitMark mark = load();
    assert_int_equal(mark.commit, 1);
    assert_int_equal(system("test $(ls | grep -c '^lake.mark.aside-') -eq 1"), 0);
}

static void a_mark_that_cannot_be_written_stops_nothing(void **state) {
    (void)state;
    CLEANUP(close_writer) Writer f = open_writer();
    land(&f, 0, 10, true);
    assert_int_equal(mkdir(MARK ".tmp", 0755), 0); /* in the way */
    land(&f, 10, 10, true);
    {
        CLEANUP(commit_mark_done) CommitMark mark = load();
        assert_int_equal(mark.commit, 1);
    }
    assert_int_equal(rmdir(MARK ".tmp"), 0);
    land(&f, 20, 10, true);
    CLEANUP(commit_mark_done) CommitMark mark = load();
    assert_int_equal(mark.commit, 3);
    assert_int_equal(mark.landed, 30);
}

static void expect_news(const char *stuck_of, size_t stuck, const char *away_of, size_t away) {
    CLEANUP(commit_mark_done) CommitMark mark = load();
    assert_int_equal(json_array_size(mark.stuck), stuck);
    assert_int_equal(json_array_size(mark.away), away);
    if (stuck == 1) assert_string_equal(json_string_value(json_object_get(json_array_get(mark.stuck, 0), "topic")), stuck_of);
    if (away == 1) assert_string_equal(json_string_value(json_object_get(json_array_get(mark.away, 0), "topic")), away_of);
}

/* What a topic says replaces what it said before, and nothing of the others. */
static void news_of_one_topic_keep_those_of_another(void **state) {
    (void)state;
    Writer f = open_writer();
    commit_mark_keeper_stuck(f.keeper, "a",
                             json_pack("[{s:s, s:i}, {s:s, s:i}]", "topic", "a", "partition", 0, "topic", "a", "partition", 1));
    commit_mark_keeper_stuck(f.keeper, "b", json_pack("[{s:s, s:i}]", "topic", "b", "partition", 0));
    commit_mark_keeper_away(f.keeper, "a", "it was recreated");
    commit_mark_keeper_away(f.keeper, "a", "it is missing");
    expect_news(NULL, 3, "a", 1);
    commit_mark_keeper_stuck(f.keeper, "a", json_array());
    commit_mark_keeper_away(f.keeper, "b", "it was recreated");
    commit_mark_keeper_away(f.keeper, "a", NULL);
    expect_news("b", 1, "b", 1);
    close_writer(&f);
    f = open_writer(); /* another process has not looked yet */
    expect_news(NULL, 0, NULL, 0);
    close_writer(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(the_file_follows_each_commit),
        IN_SCRATCH(a_mark_that_is_late_is_brought_up_to_date),
        IN_SCRATCH(an_older_copy_of_the_lake_is_refused),
        IN_SCRATCH(a_lake_without_tables_is_refused_too),
        IN_SCRATCH(a_lake_that_is_gone_is_missed),
        IN_SCRATCH(another_lake_is_refused),
        IN_SCRATCH(a_damaged_mark_is_set_aside_and_made_again),
        IN_SCRATCH(a_mark_that_cannot_be_written_stops_nothing),
        IN_SCRATCH(news_of_one_topic_keep_those_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
