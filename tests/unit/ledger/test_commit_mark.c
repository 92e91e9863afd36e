/* test_commit_mark.c: the mark is read as it was written or not at all, and a lake that lacks anything of it is told apart from one that
 * has more.
 */
#include "ledger/commit_mark.h"

#include "../fixture.h"
#include "base/files.h"
#include <string.h>

static CommitMark make(int64_t commit, int64_t next0, int64_t next1) {
    CommitMark m = {.lake_id = xstrdup("a-lake"), .generation = 2, .commit = commit, .landed = next0 + next1, .gaps = 3};
    commit_mark_put(&m, &(LedgerTopic){.name = "t", .topic_id = "id", .cluster_id = "c"}, 0, 0, next0);
    commit_mark_put(&m, &(LedgerTopic){.name = "t"}, 1, 10, next1);
    return m;
}

static void write_bytes(const char *path, const char *text, size_t n) {
    Error err = {0};
    must(file_write_atomic(path, text, n, &err), &err);
}

static CommitMarkState load(CommitMark *ret) {
    CommitMarkState state;
    Error err = {0};
    must(commit_mark_load("mark", &state, ret, &err), &err);
    return state;
}

static void it_is_read_as_it_was_written(void **state) {
    (void)state;
    CLEANUP(commit_mark_done) CommitMark out = make(7, 100, 50);
    CLEANUP(commit_mark_done) CommitMark in = {0};
    Error err = {0};
    assert_int_equal(load(&in), MARK_NONE);
    must(commit_mark_save("mark", &out, &err), &err);
    assert_int_equal(load(&in), MARK_GOOD);
    assert_string_equal(in.lake_id, "a-lake");
    assert_int_equal(in.generation, 2);
    assert_int_equal(in.commit, 7);
    assert_int_equal(in.landed, 150);
    assert_int_equal(in.gaps, 3);
    assert_int_equal(in.count, 1);
    const TopicOffsets *t = commit_mark_find(&in, "t", 0);
    assert_string_equal(t->topic.topic_id, "id");
    assert_string_equal(t->topic.cluster_id, "c");
    assert_int_equal(t->count, 2);
    assert_int_equal(topic_offsets_find(t, 0)->next, 100);
    assert_int_equal(topic_offsets_find(t, 1)->start, 10);
    assert_int_equal(topic_offsets_find(t, 1)->next, 50);
    assert_null(topic_offsets_find(t, 2));
    assert_null(commit_mark_find(&in, "t", 1));
    assert_null(commit_mark_find(&in, "u", 0));
}

static void any_other_byte_is_damage(void **state) {
    (void)state;
    CLEANUP(commit_mark_done) CommitMark out = make(7, 100, 50);
    CLEANUP(buf_done) Buf file = {0};
    Error err = {0};
    must(commit_mark_save("mark", &out, &err), &err);
    must(file_read("mark", &file, &err), &err);
    for (size_t i = 0; i < file.len; i++) {
        CommitMark in = {0};
        file.data[i] ^= 1;
        write_bytes("mark", file.data, file.len);
        file.data[i] ^= 1;
        CommitMarkState found = MARK_NONE;
        if (commit_mark_load("mark", &found, &in, &err) == 0) /* a format that is one more is for a newer smelt to read */
            assert_int_equal(found, MARK_DAMAGED);
        else
            assert_int_equal(err.kind, ERR_CONFIG);
        error_clear(&err);
        commit_mark_done(&in);
    }
}

static void any_other_length_is_damage(void **state) {
    (void)state;
    CLEANUP(commit_mark_done) CommitMark out = make(7, 100, 50);
    CLEANUP(buf_done) Buf file = {0};
    Error err = {0};
    must(commit_mark_save("mark", &out, &err), &err);
    must(file_read("mark", &file, &err), &err);
    for (size_t n = 0; n < file.len; n++) {
        CommitMark in = {0};
        write_bytes("mark", file.data, n);
        assert_int_equal(load(&in), MARK_DAMAGED);
        commit_mark_done(&in);
    }
    buf_add_char(&file, ' ');
    CommitMark in = {0};
    write_bytes("mark", file.data, file.len);
    assert_int_equal(load(&in), MARK_DAMAGED);
}

static void a_newer_format_is_refused(void **state) {
    (void)state;
    CommitMark in = {0};
    CommitMarkState found = MARK_NONE;
    Error err = {0};
    static const char text[] = "smelt-mark 2 0123\nwhatever\n";
    write_bytes("mark", text, sizeof text - 1);
    assert_int_equal(commit_mark_load("mark", &found, &in, &err), -1);
    assert_int_equal(err.kind, ERR_CONFIG);
    assert_non_null(strstr(err.text, "newer smelt"));
    error_clear(&err);
}

/* A lake at (commit, next0, next1) against a mark at (7, 100, 50). */
static void assert_verdict(int64_t commit, int64_t next0, int64_t next1, CommitMarkVerdict verdict, int64_t behind) {
    CLEANUP(commit_mark_done) CommitMark mark = make(7, 100, 50);
    CLEANUP(commit_mark_done) CommitMark lake = make(commit, next0, next1);
    assert_int_equal(commit_mark_compare(&mark, &lake), verdict);
    assert_int_equal(commit_mark_offsets_behind(&mark, &lake), behind);
}

static void a_lake_that_lacks_anything_is_behind(void **state) {
    (void)state;
    assert_verdict(7, 100, 50, MARK_REACHED, 0);
    assert_verdict(9, 130, 50, MARK_REACHED, 0); /* killed before the mark was written */
    assert_verdict(6, 100, 50, MARK_BEHIND, 0);
    assert_verdict(7, 99, 50, MARK_BEHIND, 1);
    assert_verdict(9, 90, 60, MARK_BEHIND, 10); /* what one partition has more does not make up for the other */
}

static void another_lake_and_an_older_one_are_told(void **state) {
    (void)state;
    CLEANUP(commit_mark_done) CommitMark mark = make(7, 100, 50);
    CLEANUP(commit_mark_done) CommitMark lake = make(7, 100, 50);
    lake.generation = 1; /* a copy from before a recovery */
    assert_int_equal(commit_mark_compare(&mark, &lake), MARK_BEHIND);
    lake.generation = 3;
    assert_int_equal(commit_mark_compare(&mark, &lake), MARK_REACHED);
    lake.lake_id[0] = 'b';
    assert_int_equal(commit_mark_compare(&mark, &lake), MARK_FOREIGN);
    free(lake.lake_id);
    lake.lake_id = NULL; /* from before there were ids */
    assert_int_equal(commit_mark_compare(&mark, &lake), MARK_BEHIND);
}

static void the_words_name_each_partition(void **state) {
    (void)state;
    CLEANUP(commit_mark_done) CommitMark mark = make(7, 100, 50);
    CLEANUP(commit_mark_done) CommitMark lake = make(5, 60, 50);
    CLEANUP(buf_done) Buf words = {0};
    commit_mark_describe(&mark, &lake, &words);
    assert_string_equal(words.data, "t partition 0: 40 offsets (is at 60, was at 100)");
    buf_clear(&words);
    for (int i = 2; i < 30; i++) commit_mark_put(&mark, &(LedgerTopic){.name = "t"}, i, 5, 9);
    commit_mark_describe(&mark, &lake, &words);
    assert_non_null(strstr(words.data, "t partition 2: 4 offsets (is at 5, was at 9)")); /* a partition that the lake does not know */
    assert_non_null(strstr(words.data, "; 13 more partitions"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(it_is_read_as_it_was_written),
        IN_SCRATCH(any_other_byte_is_damage),
        IN_SCRATCH(any_other_length_is_damage),
        IN_SCRATCH(a_newer_format_is_refused),
        cmocka_unit_test(a_lake_that_lacks_anything_is_behind),
        cmocka_unit_test(another_lake_and_an_older_one_are_told),
        cmocka_unit_test(the_words_name_each_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
