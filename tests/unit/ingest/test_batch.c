/* test_batch.c: a batch keeps its limits and its bytes; two batches go round between a reader and a lander, and neither waits for ever. */
#include "ingest/batch_queue.h"

#include "../fixture.h"
#include "base/clock.h"
#include "base/memory.h"
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

static void add(Batch *b, int64_t offset, const char *value) {
    batch_add(b, 0, offset, 1000, value, value != NULL ? strlen(value) : 0);
}

/* ---- one batch ---- */

static void it_is_full_at_its_rows_or_bytes(void **state) {
    (void)state;
    CLEANUP(batch_freep) Batch *b = batch_new(3, 10);
    assert_true(batch_is_empty(b));
    assert_false(batch_is_full_for(b, 1000)); /* an empty one takes any */
    add(b, 0, "12345");
    assert_false(batch_is_empty(b));
    assert_false(batch_is_full_for(b, 5));
    assert_true(batch_is_full_for(b, 6));
    add(b, 1, NULL);
    assert_false(batch_is_full_for(b, 0));
    add(b, 2, "");
    assert_true(batch_is_full_for(b, 0));
    batch_clear(b);
    assert_true(batch_is_empty(b));
    assert_false(batch_is_full_for(b, 5));
}

static void a_message_larger_than_the_limit_is_taken_alone(void **state) {
    (void)state;
    CLEANUP(batch_freep) Batch *b = batch_new(10, 10);
    CLEANUP(free_text) char *large = xcalloc(100001, 1);
    memset(large, 'x', 100000);
    add(b, 0, large);
    assert_true(batch_is_full_for(b, 0));
    assert_int_equal(b->bytes.len, 100000);
    assert_memory_equal(b->bytes.data, large, 100000);
}

static void large_messages_fill_it_sooner(void **state) {
    (void)state;
    CLEANUP(batch_freep) Batch *b = batch_new(1000, 30000);
    CLEANUP(free_text) char *large = xcalloc(2001, 1);
    memset(large, 'x', 2000);
    for (int i = 0; i < 5; i++) add(b, i, large);
    assert_true(batch_is_large(b));
    assert_true(batch_is_full_for(b, 1));
    for (int i = 0; i < 10; i++) add(b, i, "small");
    assert_false(batch_is_large(b));
    assert_false(batch_is_full_for(b, 1));
}

static void bytes_are_copied(void **state) {
    (void)state;
    CLEANUP(batch_freep) Batch *b = batch_new(100, 1000);
    char text[8] = "";
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "m%d", i);
        add(b, i, text);
    }
    for (int i = 0; i < 100; i++) {
        int n = snprintf(text, sizeof text, "m%d", i);
        assert_int_equal(b->messages[i].offset, i);
        assert_int_equal(b->messages[i].len, n);
        assert_memory_equal(b->bytes.data + b->messages[i].at, text, (size_t)n);
    }
}

static void a_gap_alone_is_something_to_land(void **state) {
    (void)state;
    CLEANUP(batch_freep) Batch *b = batch_new(10, 10);
    batch_add_position(b, (Offsets){.partition = 1, .next = 5});
    assert_true(batch_is_empty(b));
    batch_add_gap(b, (BatchGap){.first = 1, .next = 3, .reason = "test"});
    assert_false(batch_is_empty(b));
    assert_true(b->started_ns > 0);
    batch_clear(b);
    assert_int_equal(b->offsets.gap_count + b->offsets.position_count, 0);
}

/* ---- as a source ---- */

static Batch *large_batch(size_t rows) {
    Batch *b = batch_new(rows, 1 << 20);
    for (size_t i = 0; i < rows; i++) {
        char text[40];
        int n = snprintf(text, sizeof text, "%s message number %zu", i % 7 == 0 ? "\xff" : "a", i);
        batch_add(b, (int32_t)(i % 3), (int64_t)i, i % 5 == 0 ? INT64_MIN : (int64_t)i, i % 11 == 0 ? NULL : text, (size_t)n);
    }
    return b;
}

static void a_scan_gives_each_message_once(void **state) {
    enum { ROWS = 50001 };
    LakeConn *conn = conn_of(state);
    CLEANUP(batch_freep) Batch *b = large_batch(ROWS);
    Error err = {0};
    must(lake_register_source(conn, "source", batch_columns, ARRAY_LEN(batch_columns), 2, batch_fill, b, &err), &err);
    for (int round = 0; round < 2; round++) { /* again after a rewind */
        batch_rewind(b);
        run(conn, "CREATE OR REPLACE TABLE t AS FROM source()");
        assert_int_equal(number(conn, "SELECT count(*) FROM t"), ROWS);
        assert_int_equal(number(conn, "SELECT count(DISTINCT kafka_offset) FROM t"), ROWS);
        assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE kafka_partition <> kafka_offset % 3"), 0);
        assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE (kafka_timestamp IS NULL) <> (kafka_offset % 5 = 0) OR "
                                      "epoch_us(kafka_timestamp) <> kafka_offset"),
                         0);
        assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE reject_reason <> CASE WHEN kafka_offset % 11 = 0 THEN 'tombstone' "
                                      "WHEN kafka_offset % 7 = 0 THEN 'not_utf8' ELSE 'not_json' END"),
                         0);
        assert_int_equal(number(conn, "SELECT count(*) FROM t WHERE raw_value IS DISTINCT FROM CASE WHEN kafka_offset % 11 <> 0 THEN "
                                      "(CASE WHEN kafka_offset % 7 = 0 THEN '\\xFF'::BLOB ELSE 'a'::BLOB END) || "
                                      "encode(' message number ' || kafka_offset) END"),
                         0);
    }
}

/* ---- the queue ---- */

#define MESSAGES 100000

/* Fills batches with the numbers from 0 on. */
static void *read_numbers(void *arg) {
    BatchQueue *q = arg;
    Batch *b = batch_queue_take_empty(q, true);
    for (int64_t i = 0; i < MESSAGES && b != NULL; i++) {
        if (batch_is_full_for(b, 1)) {
            Batch *next = batch_queue_take_empty(q, true);
            if (next == NULL) break;
            batch_queue_put_full(q, b);
            b = next;
        }
        batch_add(b, 0, i, 0, "x", 1);
    }
    if (b != NULL) batch_queue_put_full(q, b);
    batch_queue_close(q);
    return NULL;
}

static void every_batch_comes_once_and_in_order(void **state) {
    (void)state;
    CLEANUP(batch_pool_freep) BatchPool *pool = batch_pool_new(37, 1000, 1);
    CLEANUP(batch_queue_freep) BatchQueue *q = batch_queue_new(pool);
    pthread_t reader;
    int64_t expected = 0;
    assert_int_equal(pthread_create(&reader, NULL, read_numbers, q), 0);
    for (bool closed = false; !closed;) {
        Batch *b = batch_queue_take_full(q, 1000, &closed);
        if (b == NULL) continue;
        assert_false(closed);
        for (size_t i = 0; i < b->count; i++) assert_int_equal(b->messages[i].offset, expected++);
        batch_queue_put_empty(q, b);
    }
    pthread_join(reader, NULL);
    assert_int_equal(expected, MESSAGES);
}

static size_t extend_to_the_end(BatchQueue *q, Batch *b) {
    while (batch_queue_extend(q, b)) {
    }
    return b->max_rows;
}

/* Whatever the number of topics, all batches together have the room of two; an idle topic lends its part, and gets it back. */
static void the_topics_share_the_memory_of_two_batches(void **state) {
    (void)state;
    enum { TOPICS = 3, ROWS = 600, BYTES = 12000 };
    CLEANUP(batch_pool_freep) BatchPool *pool = batch_pool_new(ROWS, BYTES, TOPICS);
    BatchQueue *queues[TOPICS];
    Batch *batches[TOPICS][2];
    size_t rows = 0;
    for (int i = 0; i < TOPICS; i++) {
        queues[i] = batch_queue_new(pool);
        for (int j = 0; j < 2; j++) batches[i][j] = batch_queue_take_empty(queues[i], true);
        assert_int_equal(batches[i][0]->max_rows, ROWS / 6);
        assert_int_equal(batches[i][0]->max_bytes, BYTES / 6);
    }
    assert_int_equal(extend_to_the_end(queues[0], batches[0][0]), ROWS);
    assert_int_equal(batches[0][0]->max_bytes, BYTES);
    for (int i = 0; i < TOPICS; i++)
        for (int j = 0; j < 2; j++) rows += extend_to_the_end(queues[i], batches[i][j]);
    assert_int_equal(rows, 2 * ROWS);
    assert_false(batch_queue_extend(queues[2], batches[2][0]));
    for (int j = 0; j < 2; j++) batch_queue_put_empty(queues[0], batches[0][j]);
    assert_int_equal(batches[0][0]->max_rows, ROWS / 6);
    assert_true(batch_queue_extend(queues[2], batches[2][0]));
    for (int i = 1; i < TOPICS; i++)
        for (int j = 0; j < 2; j++) batch_queue_put_empty(queues[i], batches[i][j]);
    for (int i = 0; i < TOPICS; i++) batch_queue_free(queues[i]);
}

static void a_reader_that_waits_is_told_that_the_lander_gave_up(void **state) {
    (void)state;
    CLEANUP(batch_pool_freep) BatchPool *pool = batch_pool_new(10, 1000, 1);
    CLEANUP(batch_queue_freep) BatchQueue *q = batch_queue_new(pool);
    pthread_t reader;
    bool closed;
    assert_false(batch_queue_given_up(q));
    assert_int_equal(pthread_create(&reader, NULL, read_numbers, q), 0);
    Batch *b = batch_queue_take_full(q, 10000, &closed); /* kept: the reader runs out of batches */
    assert_non_null(b);
    batch_queue_give_up(q);
    pthread_join(reader, NULL); /* the test hangs here when it is not told */
    assert_true(batch_queue_given_up(q));
    assert_null(batch_queue_take_empty(q, true));
    assert_null(batch_queue_take_empty(q, false));
    batch_queue_put_empty(q, b);
}

static void a_lander_waits_only_so_long(void **state) {
    (void)state;
    CLEANUP(batch_pool_freep) BatchPool *pool = batch_pool_new(10, 1000, 1);
    CLEANUP(batch_queue_freep) BatchQueue *q = batch_queue_new(pool);
    bool closed = true;
    int64_t began = clock_mono_ns();
    assert_null(batch_queue_take_full(q, 30, &closed));
    assert_false(closed);
    assert_true(clock_seconds_since(began) >= 0.03);
    batch_queue_close(q);
    assert_null(batch_queue_take_full(q, 600000, &closed)); /* closed: no waiting */
    assert_true(closed);
}

static void what_was_handed_over_before_the_end_is_taken(void **state) {
    (void)state;
    CLEANUP(batch_pool_freep) BatchPool *pool = batch_pool_new(10, 1000, 1);
    CLEANUP(batch_queue_freep) BatchQueue *q = batch_queue_new(pool);
    bool closed = true;
    Batch *b = batch_queue_take_empty(q, true);
    batch_add(b, 0, 7, 0, "x", 1);
    batch_queue_put_full(q, b);
    batch_queue_close(q);
    assert_ptr_equal(batch_queue_take_full(q, 0, &closed), b);
    assert_false(closed);
    batch_queue_put_empty(q, b);
    assert_null(batch_queue_take_full(q, 0, &closed));
    assert_true(closed);
}

static void what_is_too_large_is_rejected_with_its_beginning(void **state) {
    LakeConn *conn = conn_of(state);
    CLEANUP(batch_freep) Batch *b = batch_new(10, 1 << 20);
    CLEANUP(free_text) char *large = xcalloc(1, BATCH_MESSAGE_MAX + 1);
    memset(large, 'x', BATCH_MESSAGE_MAX + 1);
    batch_add(b, 0, 0, 0, large, BATCH_MESSAGE_MAX + 1);
    batch_add(b, 0, 1, 0, large, BATCH_MESSAGE_KEPT + 1);
    assert_true(b->bytes.len < BATCH_MESSAGE_MAX);
    Error err = {0};
    must(lake_register_source(conn, "batch", batch_columns, BATCH_COLUMNS, 1, batch_fill, b, &err), &err);
    run(conn, "CREATE TABLE t AS SELECT kafka_offset, reject_reason, octet_length(raw_value) AS bytes FROM batch()");
    assert_int_equal(number(conn, "SELECT bytes FROM t WHERE reject_reason = 'too_large'"), (int64_t)BATCH_MESSAGE_KEPT);
    assert_int_equal(number(conn, "SELECT bytes FROM t WHERE kafka_offset = 1"), (int64_t)BATCH_MESSAGE_KEPT + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_full_at_its_rows_or_bytes),
        cmocka_unit_test(a_message_larger_than_the_limit_is_taken_alone),
        cmocka_unit_test(large_messages_fill_it_sooner),
        cmocka_unit_test(bytes_are_copied),
        WITH_EMPTY_LAKE(what_is_too_large_is_rejected_with_its_beginning),
        cmocka_unit_test(a_gap_alone_is_something_to_land),
        WITH_EMPTY_LAKE(a_scan_gives_each_message_once),
        cmocka_unit_test(every_batch_comes_once_and_in_order),
        cmocka_unit_test(the_topics_share_the_memory_of_two_batches),
        cmocka_unit_test(a_reader_that_waits_is_told_that_the_lander_gave_up),
        cmocka_unit_test(a_lander_waits_only_so_long),
        cmocka_unit_test(what_was_handed_over_before_the_end_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
