/* operator.c: generates the population from the seed, once.
 *
 * Each subscriber and each tower has its own random stream, keyed by its number: a larger population begins with the smaller one. One
 * hidden number, the tendency to churn, influences the observable values: signal and latency at home, payment delay, the bill relative to
 * the plan, activity. The rest is noise, so a model can predict most churn but never all of it.
 *
 * Invariant: the same seed gives the same operator on every machine (integers only). */
#include "telecom/internal.h"

#include "base/error.h"
#include "base/memory.h"
#include "telecom/digits.h"

static const Plan plans[] = {
    {"Prepaid Lite", 300, 4500, 700},     {"Prepaid Plus", 270, 9000, 1600}, {"Family Share", 160, 18000, 3200},
    {"Postpaid Smart", 140, 14000, 2600}, {"Business", 80, 32000, 4200},     {"Unlimited", 50, 26000, 6000},
};

static const City cities[] = {
    {"Lusaka", "LSK", 40, 370},    {"Kitwe", "KIT", 15, 130},  {"Ndola", "NDL", 14, 115},  {"Kabwe", "KBW", 8, 62},
    {"Livingstone", "LVS", 6, 48}, {"Chingola", "CHG", 6, 46}, {"Mufulira", "MUF", 5, 38}, {"Luanshya", "LUA", 4, 34},
    {"Chipata", "CHP", 5, 38},     {"Kasama", "KAS", 4, 30},   {"Solwezi", "SOL", 5, 36},  {"Mongu", "MON", 3, 20},
    {"Mansa", "MAN", 3, 18},       {"Choma", "CHO", 2, 15},
};

/* The order is from new to old; fixed sensors come last. */
static const Device devices[] = {
    {"5G", "4G", 120, 0}, {"4G", "3G", 520, 6}, {"3G", "2G", 200, 18}, {"2G", "2G", 60, 32}, {"NB-IoT", "NB-IoT", 100, 22},
};

/* The first entry at which the shares (in thousandths) reach `draw`. */
#define PICK_BY_SHARE(table, draw)                                                                                                         \
    ({                                                                                                                                     \
        size_t at_ = 0;                                                                                                                    \
        int left_ = (draw);                                                                                                                \
        while (at_ + 1 < ARRAY_LEN(table) && (left_ -= (table)[at_].share) >= 0) at_++;                                                    \
        &(table)[at_];                                                                                                                     \
    })

static int clamp(int value, int low, int high) {
    return value < low ? low : value > high ? high : value;
}

/* ---- towers ---- */

static Tower make_tower(uint64_t seed, const City *city, int number) {
    Random random = random_from(hash_of(seed, HASH_TOWER, (uint64_t)(city - cities), (uint64_t)number));
    return (Tower){
        .city = city, .number = number, .latency_ms = random_between(&random, 0, 30), .bad_days = random_between(&random, 30, 200)};
}

static void make_towers(Operator *op) {
    for (size_t c = 0; c < ARRAY_LEN(cities); c++) op->tower_count += cities[c].towers;
    op->towers = xcalloc((size_t)op->tower_count, sizeof *op->towers);
    int at = 0;
    for (size_t c = 0; c < ARRAY_LEN(cities); c++)
        for (int n = 1; n <= cities[c].towers; n++) op->towers[at++] = make_tower(op->seed, &cities[c], n);
}

static uint32_t first_tower_of(const City *city) {
    uint32_t first = 0;
    for (const City *c = cities; c < city; c++) first += (uint32_t)c->towers;
    return first;
}

/* ---- subscribers ---- */

static void assign_tower(Subscriber *s, Random *random) {
    const City *city = PICK_BY_SHARE(cities, (int)random_below(random, 1000));
    s->city_tower = first_tower_of(city);
    s->city_towers = (uint32_t)city->towers;
    s->home = s->city_tower + random_below(random, s->city_towers);
}

static void shape_service(Subscriber *s, Random *random) {
    int t = s->tendency;
    s->device = PICK_BY_SHARE(devices, (int)random_below(random, 1000));
    s->signal = (int16_t)clamp(-725 - t * 140 / 1000 + random_bell(random, 55), -1080, -520);
    s->latency_ms = (int16_t)clamp(30 + t * 66 / 1000 + random_bell(random, 14), 12, 260);
    s->battery_period_s = random_between(random, 18, 60) * 3600;
    s->battery_range = random_between(random, 45, 96);
}

static void shape_account(Subscriber *s, Random *random) {
    int t = s->tendency;
    s->plan = PICK_BY_SHARE(plans, (int)random_below(random, 1000));
    /* Bad payers are late by weeks, the others by days; squaring the tendency makes bad payers few. */
    s->delay_days = (int16_t)clamp(random_between(random, 0, 9) + t * t / 1000 * 42 / 1000, 0, 50);
    s->due_phase = (int16_t)random_between(random, 0, 29);
    s->bill_ngwee = s->plan->bill_ngwee / 1000 * (random_between(random, 800, 1200) + t * 250 / 1000);
    s->data_mb = s->plan->data_mb * random_between(random, 600, 1500) / 1000;
    s->activity = (int16_t)clamp(random_between(random, 450, 1000) - t * 150 / 1000, 200, 1000);
}

static void make_subscriber(const Operator *op, Subscriber *s, uint32_t number) {
    Random random = random_from(hash_of(op->seed, HASH_SUBSCRIBER, number, 0));
    int draw = (int)random_below(&random, 1001);
    s->number = number;
    s->tendency = (int16_t)(draw * draw / 1000); /* most subscribers stay: the mean is a third */
    s->cycle_days = random_between(&random, 120, 240);
    s->cycle_phase = random_between(&random, 0, 239);
    assign_tower(s, &random);
    shape_service(s, &random);
    shape_account(s, &random);
}

char *account_write_id(uint64_t account, bool lower, char *out) {
    return put_digits(put_text(out, lower ? "sub-" : "SUB-"), account, 6);
}

const Plan *plan_pick(uint64_t draw) {
    return &plans[draw % ARRAY_LEN(plans)];
}

const Plan *plan_next(const Plan *plan, int step) {
    ptrdiff_t at = plan - plans + step;
    return at < 0 || at >= (ptrdiff_t)ARRAY_LEN(plans) ? plan : &plans[at];
}

/* ---- new and free ---- */

Operator *operator_new_behaving(uint64_t seed, int subscribers, Behaviour behaviour) {
    BUG_IF(subscribers < 1 || subscribers > OPERATOR_MAX_SUBSCRIBERS);
    Operator *op = xcalloc(1, sizeof *op);
    op->seed = seed;
    op->behaviour = behaviour;
    op->subscriber_count = subscribers;
    op->subscribers = xcalloc((size_t)subscribers, sizeof *op->subscribers);
    make_towers(op);
    for (int i = 0; i < subscribers; i++) make_subscriber(op, &op->subscribers[i], (uint32_t)i + 1);
    return op;
}

Operator *operator_new(uint64_t seed, int subscribers) {
    return operator_new_behaving(seed, subscribers, BEHAVIOUR_SIMPLE);
}

void operator_free(Operator *op) {
    if (op == NULL) return;
    free(op->subscribers);
    free(op->towers);
    free(op);
}

int operator_subscribers(const Operator *op) {
    return op->subscriber_count;
}
