/* test_queue.c: order, bounds, and how a queue ends from either side, also under many threads. */
#include "base/queue.h"

#include "base/memory.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int items[8];

static void keeps_the_order(void **state) {
    (void)state;
    CLEANUP(queue_freep) Queue *q = queue_new(3);
    for (int round = 0; round < 5; round++) { /* more than the ring is long */
        assert_true(queue_put(q, &items[0], 0));
        assert_true(queue_put(q, &items[1], 0));
        assert_ptr_equal(queue_take(q, 0), &items[0]);
        assert_true(queue_put(q, &items[2], 0));
        assert_ptr_equal(queue_take(q, 0), &items[1]);
        assert_ptr_equal(queue_take(q, 0), &items[2]);
    }
    assert_null(queue_take(q, 0));
    assert_false(queue_ended(q));
}

static void is_bounded(void **state) {
    (void)state;
    CLEANUP(queue_freep) Queue *q = queue_new(2);
    assert_true(queue_put(q, &items[0], 0));
    assert_true(queue_put(q, &items[1], QUEUE_FOREVER));
    assert_false(queue_put(q, &items[2], 0));
    assert_false(queue_put(q, &items[2], 5)); /* the time passes */
    assert_ptr_equal(queue_take(q, QUEUE_FOREVER), &items[0]);
    assert_true(queue_put(q, &items[2], 0));
    assert_ptr_equal(queue_take(q, 0), &items[1]);
    assert_ptr_equal(queue_take(q, 0), &items[2]);
    assert_null(queue_take(q, 5));
}

static void closed_hands_out_what_is_left(void **state) {
    (void)state;
    CLEANUP(queue_freep) Queue *q = queue_new(2);
    assert_true(queue_put(q, &items[0], 0));
    queue_close(q);
    assert_false(queue_put(q, &items[1], QUEUE_FOREVER));
    assert_false(queue_ended(q));
    assert_ptr_equal(queue_take(q, QUEUE_FOREVER), &items[0]);
    assert_null(queue_take(q, QUEUE_FOREVER));
    assert_true(queue_ended(q));
    assert_false(queue_given_up(q));
}

static void given_up_hands_out_nothing(void **state) {
    (void)state;
    CLEANUP(queue_freep) Queue *q = queue_new(2);
    assert_true(queue_put(q, &items[0], 0));
    queue_give_up(q);
    assert_true(queue_given_up(q));
    assert_true(queue_ended(q));
    assert_false(queue_put(q, &items[1], QUEUE_FOREVER));
    assert_null(queue_take(q, QUEUE_FOREVER));
    assert_ptr_equal(queue_drain(q), &items[0]);
    assert_null(queue_drain(q));
}

/* ---- threads ---- */

static void *take_forever(void *queue) {
    return queue_take(queue, QUEUE_FOREVER);
}

static void *put_forever(void *queue) {
    return queue_put(queue, &items[1], QUEUE_FOREVER) ? &items[1] : NULL;
}

/* Whether the thread waits already or comes late makes no difference to what it returns. */
static void *result_of(void *(*fn)(void *), Queue *q, void (*meanwhile)(Queue *)) {
    pthread_t thread;
    void *result = NULL;
    assert_int_equal(pthread_create(&thread, NULL, fn, q), 0);
    meanwhile(q);
    assert_int_equal(pthread_join(thread, &result), 0);
    return result;
}

static void put_one(Queue *q) {
    assert_true(queue_put(q, &items[3], 0));
}

static void take_one(Queue *q) {
    assert_ptr_equal(queue_take(q, 0), &items[0]);
}

static void wakes_who_waits(void **state) {
    (void)state;
    static void (*const ends[])(Queue *) = {queue_close, queue_give_up};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        CLEANUP(queue_freep) Queue *empty = queue_new(1);
        assert_ptr_equal(result_of(take_forever, empty, put_one), &items[3]);
        assert_null(result_of(take_forever, empty, ends[i]));
        CLEANUP(queue_freep) Queue *full = queue_new(1);
        assert_true(queue_put(full, &items[0], 0));
        assert_ptr_equal(result_of(put_forever, full, take_one), &items[1]);
        assert_null(result_of(put_forever, full, ends[i]));
    }
}

enum { PRODUCERS = 3, CONSUMERS = 3, EACH = 2000 };
typedef struct Traffic {
    Queue *queue;
    atomic_uchar taken[PRODUCERS * EACH];
    atomic_int next_producer, unordered;
} Traffic;

static void *produce(void *arg) {
    Traffic *t = arg;
    int from = atomic_fetch_add(&t->next_producer, 1) * EACH;
    for (int i = from; i < from + EACH; i++)
        if (!queue_put(t->queue, &t->taken[i], QUEUE_FOREVER)) atomic_fetch_add(&t->unordered, 1);
    return NULL;
}

static void *consume(void *arg) {
    Traffic *t = arg;
    ptrdiff_t last[PRODUCERS] = {-1, -1, -1};
    for (atomic_uchar *item; (item = queue_take(t->queue, QUEUE_FOREVER)) != NULL;) {
        ptrdiff_t at = item - t->taken, producer = at / EACH;
        if (at <= last[producer]) atomic_fetch_add(&t->unordered, 1);
        last[producer] = at;
        atomic_fetch_add(item, 1);
    }
    return NULL;
}

static void every_item_is_taken_once_and_in_order(void **state) {
    (void)state;
    static Traffic t;
    pthread_t producers[PRODUCERS], consumers[CONSUMERS];
    t.queue = queue_new(4);
    for (int i = 0; i < CONSUMERS; i++) assert_int_equal(pthread_create(&consumers[i], NULL, consume, &t), 0);
    for (int i = 0; i < PRODUCERS; i++) assert_int_equal(pthread_create(&producers[i], NULL, produce, &t), 0);
    for (int i = 0; i < PRODUCERS; i++) pthread_join(producers[i], NULL);
    queue_close(t.queue);
    for (int i = 0; i < CONSUMERS; i++) pthread_join(consumers[i], NULL);
    queue_free(t.queue);
    assert_int_equal(t.unordered, 0);
    for (size_t i = 0; i < ARRAY_LEN(t.taken); i++) assert_int_equal(t.taken[i], 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(is_bounded),
        cmocka_unit_test(closed_hands_out_what_is_left),
        cmocka_unit_test(given_up_hands_out_nothing),
        cmocka_unit_test(wakes_who_waits),
        cmocka_unit_test(every_item_is_taken_once_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
