/* test_credible.c: the credible behaviour: rates and shares on a fixed seed, events that agree with the truth, a ceiling that is
 * calibrated.
 */
#include "telecom/emitter.h"
#include "telecom/internal.h"

#include "../fixture.h"
#include "model/metrics.h"
#include <math.h>
#include <string.h>

#define DAY_US   (INT64_C(86400) * 1000000)
#define START_US (20513 * DAY_US) /* 2026-03-01 */
#define MANY     6000

static Operator *credible(uint64_t seed, int subscribers) {
    return operator_new_behaving(seed, subscribers, BEHAVIOUR_CREDIBLE);
}

/* ---- departures ---- */

typedef struct Shares {
    int there, left, silent, short_distress, long_distress, returned, tendency_high, tendency_high_left;
} Shares;

static void count_departure(Shares *shares, const SubscriberDeparture *d, bool high) {
    shares->left++;
    shares->tendency_high_left += high;
    shares->silent += d->distress_days == 0;
    shares->short_distress += d->distress_days > 0 && d->distress_days < 30;
    shares->long_distress += d->distress_days >= 30;
    shares->returned += d->returns;
}

static void add_shares(const Operator *op, int64_t at_us, Shares *shares) {
    SubscriberDeparture d;
    for (int i = 0; i < operator_subscribers(op); i++) {
        SubscriberTruth truth = operator_truth(op, i, at_us);
        if (truth.churned) continue;
        bool high = truth.tendency > 0.6;
        shares->there++;
        shares->tendency_high += high;
        if (operator_departure(op, i, at_us, at_us + 30 * DAY_US, &d)) count_departure(shares, &d, high);
    }
}

static void departures_have_credible_rates(void **state) {
    (void)state;
    Shares s = {0};
    for (uint64_t seed = 11; seed < 14; seed++) {
        CLEANUP(operator_freep) Operator *op = credible(seed, MANY);
        for (int day = 30; day <= 150; day += 40) add_shares(op, START_US + day * DAY_US, &s);
    }
    int asked = 3 * 4 * MANY;
    assert_in_range(s.there, asked / 1000 * 700, asked / 1000 * 800);
    assert_in_range(s.left * 1000 / s.there, 65, 100); /* 7% a month, and those of dated events */
    assert_in_range(s.silent * 1000 / s.left, 280, 330);
    assert_in_range(s.short_distress * 1000 / s.left, 260, 360);
    assert_in_range(s.long_distress * 1000 / s.left, 330, 430);
    assert_in_range(s.returned * 1000 / s.left, 380, 480);
    assert_true((double)s.tendency_high_left * s.there > 1.5 * s.left * s.tendency_high);
}

/* Departures in the 30 days after a dated event and in those before, of the subscribers whom it concerns. */
static void check_event(const Operator *op, DepartureCause cause, int64_t event) {
    int before = 0, after = 0, others = 0, there = 0;
    int64_t at_us = market_event_day(op, cause, event) * DAY_US;
    SubscriberDeparture d;
    for (int i = 0; i < operator_subscribers(op); i++) {
        if (!market_event_covers(op, cause, event, &op->subscribers[i])) {
            if (operator_departure(op, i, at_us, at_us + 30 * DAY_US, &d)) others += d.cause[0] == (cause == CAUSE_CAMPAIGN ? 'c' : 'p');
            continue;
        }
        there++;
        before += operator_departure(op, i, at_us - 30 * DAY_US, at_us, &d);
        after += operator_departure(op, i, at_us, at_us + 30 * DAY_US, &d);
    }
    if (there < MANY / 20) return; /* too few to judge */
    assert_int_equal(others, 0);
    assert_in_range(after * 100 / before, 140, 260);
}

static void dated_events_double_the_departures_of_those_concerned(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = credible(11, MANY);
    for (int64_t event = 170; event < 174; event++) {
        int64_t day = market_event_day(op, CAUSE_CAMPAIGN, event);
        assert_in_range(market_event_day(op, CAUSE_CAMPAIGN, event + 1) - day, 60, 180);
        assert_int_equal(market_event_before(op, CAUSE_CAMPAIGN, day), event);
        assert_int_equal(market_event_before(op, CAUSE_CAMPAIGN, day - 1), event - 1);
        check_event(op, CAUSE_CAMPAIGN, event);
        check_event(op, CAUSE_PRICE_RISE, event);
    }
}

/* Nothing shows of a departure by an event before the event: it would be a look into the future. */
static void no_sign_comes_before_its_cause(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = credible(11, MANY);
    int seen = 0;
    for (int i = 0; i < MANY; i++) {
        SubscriberDeparture d;
        if (!operator_departure(op, i, START_US, START_US + 180 * DAY_US, &d) || strcmp(d.cause, "own") == 0) continue;
        DepartureCause cause = d.cause[0] == 'p' ? CAUSE_PRICE_RISE : CAUSE_CAMPAIGN;
        int64_t event = market_event_day(op, cause, market_event_before(op, cause, d.at_us / DAY_US));
        assert_true(d.at_us - d.distress_days * DAY_US >= event * DAY_US);
        seen++;
    }
    assert_true(seen > 50);
}

static void a_new_subscriber_has_a_new_id(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = credible(11, MANY);
    int replaced = 0, returned = 0;
    for (int i = 0; i < MANY; i++) {
        SubscriberDeparture d;
        if (!operator_departure(op, i, START_US, START_US + 180 * DAY_US, &d)) continue;
        SubscriberTruth before = operator_truth(op, i, d.at_us - 1000000), after = operator_truth(op, i, d.until_us);
        assert_string_equal(before.id, d.id);
        assert_false(before.churned || after.churned);
        assert_int_equal(strcmp(before.id, after.id) == 0, d.returns);
        returned += d.returns;
        replaced += !d.returns;
        assert_true(d.until_us - d.at_us > 29 * DAY_US);
    }
    assert_in_range(replaced * 100 / (replaced + returned), 50, 72);
}

/* ---- the ceiling ---- */

typedef struct Sums {
    double expected, happened, uncertain_expected, uncertain_happened;
} Sums;

static void add_cut(const Operator *op, int64_t at_us, Sums *sums) {
    static float p[MANY], y[MANY];
    size_t n = 0;
    for (int i = 0; i < MANY; i++) {
        SubscriberDeparture d;
        double ceiling = operator_ceiling(op, i, at_us, 30);
        assert_int_equal(isnan(ceiling), operator_truth(op, i, at_us).churned);
        if (isnan(ceiling)) continue;
        assert_true(ceiling >= 0 && ceiling <= 1);
        p[n] = (float)ceiling;
        y[n] = operator_departure(op, i, at_us, at_us + 30 * DAY_US, &d);
        bool uncertain = ceiling > 0 && ceiling < 1;
        sums->expected += ceiling;
        sums->happened += (double)y[n];
        sums->uncertain_expected += uncertain ? ceiling : 0;
        sums->uncertain_happened += uncertain ? (double)y[n] : 0;
        n++;
    }
    Metrics m = metrics_of(p, y, n);
    assert_true(m.auc > 0.89 && m.auc < 0.96);
}

/* Nobody knows of an event that has not begun: those cuts have more departures than expected. */
static bool event_begins_within(const Operator *op, int64_t day, int days) {
    for (int cause = CAUSE_PRICE_RISE; cause < CAUSES; cause++) {
        int64_t event = market_event_before(op, (DepartureCause)cause, day + days);
        if (market_event_day(op, (DepartureCause)cause, event) > day) return true;
    }
    return false;
}

static void the_ceiling_is_calibrated(void **state) {
    (void)state;
    Sums sums = {0};
    int cuts = 0;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        CLEANUP(operator_freep) Operator *op = credible(seed, MANY);
        for (int64_t day = 20513; day < 20513 + 365; day += 25) {
            if (event_begins_within(op, day, 30)) continue;
            add_cut(op, day * DAY_US, &sums);
            cuts++;
        }
    }
    assert_true(cuts > 10);
    assert_true(fabs(sums.expected / sums.happened - 1) < 0.03);
    assert_true(fabs(sums.uncertain_expected / sums.uncertain_happened - 1) < 0.05);
}

/* With the simple behaviour distress tells all within 30 days. */
static void the_simple_ceiling_is_certain(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = operator_new(11, MANY);
    for (int i = 0; i < MANY; i++) {
        SubscriberDeparture d;
        double ceiling = operator_ceiling(op, i, START_US, 30);
        if (isnan(ceiling)) continue;
        assert_int_equal(ceiling > 0.5, operator_departure(op, i, START_US, START_US + 30 * DAY_US, &d));
    }
}

/* ---- events ---- */

typedef struct Counts {
    int events, after, in_time;
    int64_t mb, mb_events, mb_above; /* above twice the mean of the subscriber */
} Counts;

static void count_message(Counts *counts, const Operator *op, const EmitterMessage *message) {
    char key[SUBSCRIBER_ID_SIZE] = "";
    memcpy(key, message->key, message->key_len);
    int number = (int)(strtoull(key + 4, NULL, 10) % 10000000);
    SubscriberTruth truth = operator_truth(op, number - 1, message->at_us);
    assert_string_equal(truth.id, key);
    assert_true(message->arrived_us >= message->at_us);
    counts->events++;
    counts->after += truth.churned;
    counts->in_time += message->arrived_us - message->at_us < 5000000;
    const char *mb = memmem(message->value, message->value_len, "data_used_mb\":", 14);
    if (mb == NULL) return;
    int64_t value = strtoll(mb + 14, NULL, 10), usual = op->subscribers[number - 1].data_mb;
    counts->mb_events++;
    counts->mb += value * 1000 / usual;
    counts->mb_above += value > 2 * usual;
}

static void events_agree_with_the_truth(void **state) {
    (void)state;
    CLEANUP(operator_freep) Operator *op = credible(11, 2000);
    CLEANUP(emitter_freep) Emitter *emitter = emitter_new(op, &(EmitterOptions){.seed = 1});
    Counts counts = {0};
    EmitterMessage message;
    int64_t arrived_us = 0;
    emitter_window(emitter, START_US, START_US + 60 * DAY_US, 60000);
    while (emitter_next(emitter, &message)) {
        assert_true(message.arrived_us >= arrived_us);
        arrived_us = message.arrived_us;
        count_message(&counts, op, &message);
    }
    assert_int_equal(counts.events, 60000);
    assert_in_range(counts.after, 60, 1200); /* a quarter has left and sends 1 event in 100 */
    assert_in_range(counts.in_time, 60000 * 89 / 100, 60000 * 93 / 100);
    assert_in_range(counts.mb / counts.mb_events, 850, 1050);            /* distress and dips take some */
    assert_in_range(counts.mb_above * 1000 / counts.mb_events, 60, 130); /* log-normal; the simple behaviour has none */
}

static uint64_t fingerprint(uint64_t seed) {
    CLEANUP(operator_freep) Operator *op = credible(11, 300);
    CLEANUP(emitter_freep) Emitter *emitter = emitter_new(op, &(EmitterOptions){.seed = seed, .fault_rate = 0.05});
    uint64_t hash = 0;
    EmitterMessage message;
    emitter_window(emitter, START_US, START_US + 60 * DAY_US, 5000);
    while (emitter_next(emitter, &message)) {
        hash = hash_mix(hash + (uint64_t)message.arrived_us);
        for (size_t i = 0; i < message.value_len; i++) hash = hash * 31 + (unsigned char)message.value[i];
    }
    return hash;
}

static void the_same_seed_gives_the_same_bytes(void **state) {
    (void)state;
    assert_int_equal(fingerprint(1), fingerprint(1));
    assert_int_not_equal(fingerprint(1), fingerprint(2));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(departures_have_credible_rates), cmocka_unit_test(dated_events_double_the_departures_of_those_concerned),
        cmocka_unit_test(no_sign_comes_before_its_cause), cmocka_unit_test(a_new_subscriber_has_a_new_id),
        cmocka_unit_test(the_ceiling_is_calibrated),      cmocka_unit_test(the_simple_ceiling_is_certain),
        cmocka_unit_test(events_agree_with_the_truth),    cmocka_unit_test(the_same_seed_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
