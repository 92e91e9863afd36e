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

/* How many messages of so many bytes a batch takes. */
static size_t messages_until_full(size_t len, size_t max_rows, size_t max_bytes) {
    static const char text[1024];
    CLEANUP(batch_freep) Batch *b = batch_new(max_rows, max_bytes);
    while (!batch_is_full_for(b, len)) batch_add(b, 0, (int64_t)b->count, 0, text, len);
    return b->count;
}

/* See ROW_GROUP in batch.c. */
static void it_ends_with_a_row_group_rather_than_with_a_small_rest(void **state) {
    (void)state;
    enum { GROUP = 122880, ROWS = GROUP * 8 / 5, BYTES = 48 << 20 };
    assert_int_equal(messages_until_full(10, ROWS, BYTES), ROWS); /* a rest of more than a half */
    assert_int_equal(messages_until_full(237, ROWS, BYTES), ROWS);
    assert_int_equal(messages_until_full(300, ROWS, BYTES), GROUP);       /* instead of 167,772 */
    assert_int_equal(messages_until_full(400, ROWS, BYTES), GROUP);       /* instead of 125,829 */
    assert_int_equal(messages_until_full(420, ROWS, BYTES), BYTES / 420); /* less than a group */
    assert_int_equal(messages_until_full(10, GROUP + 5, BYTES), GROUP);
    assert_int_equal(messages_until_full(10, 2 * GROUP + 5, BYTES), 2 * GROUP);
    assert_int_equal(messages_until_full(10, 2 * GROUP, BYTES), 2 * GROUP);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_full_at_its_rows_or_bytes),
        cmocka_unit_test(a_message_larger_than_the_limit_is_taken_alone),
        cmocka_unit_test(large_messages_fill_it_sooner),
        cmocka_unit_test(it_ends_with_a_row_group_rather_than_with_a_small_rest),
        cmocka_unit_test(bytes_are_copied),
        cmocka_unit_test(a_gap_alone_is_something_to_land),
        cmocka_unit_test(every_batch_comes_once_and_in_order),
        cmocka_unit_test(the_topics_share_the_memory_of_two_batches),
        cmocka_unit_test(a_reader_that_waits_is_told_that_the_lander_gave_up),
        cmocka_unit_test(a_lander_waits_only_so_long),
        cmocka_unit_test(what_was_handed_over_before_the_end_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
