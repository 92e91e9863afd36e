/* program.c: see program.h. */
#include "judge/program.h"

#include "base/memory.h"
#include "judge/number.h"
#include "judge/tests.h"
#include <string.h>

const JudgeLimitInfo judge_limits[JUDGE_LIMITS] = {
    [LIMIT_BYTES] = {"too_large", "must have at most 16777216 bytes", 16 << 20},
    [LIMIT_DEPTH] = {"too_deep", "must have at most 100 levels of objects and lists", 100},
    [LIMIT_KEYS] = {"too_many_keys", "must have at most 10000 keys in an object", 10000},
    [LIMIT_VALUES] = {"too_many_values", "must have at most 1000000 keys and values", 1000000},
    [LIMIT_AHEAD] = {"impossible_time", "must be at most 366 days after the message", INT64_C(366) * 86400 * 1000000},
    [LIMIT_ID_LENGTH] = {"length", "must have at most 256 characters", 256},
};

/* ---- a value ---- */

static const struct {
    const char *sql_type;
    JudgeStore store;
    int64_t least, most;
} integers[] = {{"TINYINT", JUDGE_INT8, INT8_MIN, INT8_MAX},
                {"SMALLINT", JUDGE_INT16, INT16_MIN, INT16_MAX},
                {"INTEGER", JUDGE_INT32, INT32_MIN, INT32_MAX},
                {"BIGINT", JUDGE_INT64, INT64_MIN, INT64_MAX}};

static void set_integer(Node *node) {
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        if (strcmp(integers[i].sql_type, node->sql_type) != 0) continue;
        node->store = integers[i].store;
        node->least = integers[i].least;
        node->most = integers[i].most;
        return;
    }
    BUG("an integer of no known width");
}

static void set_decimal(Node *node, const Field *field) {
    enum { INT16_DIGITS = 4, INT32_DIGITS = 9 };
    node->any_size = field->precision == 0;
    node->scale = field->scale;
    node->store = field->precision <= INT16_DIGITS ? JUDGE_INT16 : field->precision <= INT32_DIGITS ? JUDGE_INT32 : JUDGE_INT64;
    node->most = 1;
    for (int i = 0; i < field->precision; i++) node->most *= 10;
    node->most--;
    node->least = -node->most;
}

static void set_type(Node *node, const Field *field) {
    node->type = field->type;
    node->array = field->array;
    node->sql_type = field->sql_type;
    switch (field->type) {
    case VALUE_TEXT:
    case VALUE_JSON: node->store = JUDGE_TEXT; return;
    case VALUE_INTEGER: set_integer(node); return;
    case VALUE_DECIMAL: set_decimal(node, field); return;
    case VALUE_BOOLEAN: node->store = JUDGE_BOOL; return;
    case VALUE_DATE: node->store = JUDGE_INT32; return;
    case VALUE_TIMESTAMP:
    case VALUE_TIME: node->store = JUDGE_INT64; return;
    }
}

static void init_members(Members *m, const Field *fields, size_t count) {
    m->count = count;
    m->nodes = xcalloc(count, sizeof *m->nodes);
    m->name_list = xcalloc(count, sizeof *m->name_list);
    for (size_t i = 0; i < count; i++) m->name_list[i] = (Span){fields[i].name, strlen(fields[i].name)};
    names_init(&m->names, m->name_list, count);
}

/* `node` may be half made when it fails: node_done frees it. */
static int node_init(Node *node, const Field *field, Error *err) {
    *node = (Node){.name = {field->name, strlen(field->name)},
                   .column_name = field->column,
                   .required = field->required,
                   .required_rule = field->required_rule != NULL ? field->required_rule : "required",
                   .column = -1};
    node->time_form = field->time_form;
    node->zone_s = field->zone_s;
    set_type(node, field);
    for (size_t i = 0; i < field->check_count; i++)
        if (test_add(node, &field->checks[i], err) != 0) return error_prefix(err, "property %s", field->name);
    if (field->items != NULL) {
        node->items = xcalloc(1, sizeof *node->items);
        if (node_init(node->items, field->items, err) != 0) return error_prefix(err, "items of %s", field->name);
    }
    if (field->property_count == 0) return 0;
    init_members(&node->members, field->properties, field->property_count);
    for (size_t i = 0; i < field->property_count; i++)
        if (node_init(&node->members.nodes[i], &field->properties[i], err) != 0) return error_prefix(err, "inside %s", field->name);
    return 0;
}

static void members_done(Members *m);

static void node_done(Node *node) {
    tests_done(node);
    members_done(&node->members);
    if (node->items != NULL) node_done(node->items);
    free(node->items);
}

static void members_done(Members *m) {
    for (size_t i = 0; m->nodes != NULL && i < m->count; i++) node_done(&m->nodes[i]);
    free(m->nodes);
    free(m->name_list);
    names_done(&m->names);
}

static size_t slots_of(const Members *m);

static size_t slots_of_node(const Node *node) {
    size_t members = slots_of(&node->members), items = node->items != NULL ? slots_of_node(node->items) : 0;
    return members > items ? members : items;
}

static size_t slots_of(const Members *m) {
    size_t most = 0;
    for (size_t i = 0; i < m->count; i++) {
        size_t inside = slots_of_node(&m->nodes[i]);
        if (inside > most) most = inside;
    }
    return m->count + most;
}

/* ---- contracts ---- */

static int add_column(JudgeProgram *p, const Node *node) {
    for (size_t i = 0; i < p->column_count; i++)
        if (strcmp(p->columns[i].name, node->column_name) == 0) return (int)i;
    p->columns = xrealloc(p->columns, p->column_count + 1, sizeof *p->columns);
    p->columns[p->column_count] = (JudgeColumn){node->column_name, node->sql_type, node->store};
    return (int)p->column_count++;
}

/* A field of the envelope that the contract may leave out: then the node has no name. */
static int init_listed(Node *node, const Field *field, Error *err) {
    *node = (Node){.column = -1};
    return field->name != NULL ? node_init(node, field, err) : 0;
}

static void add_measures(JudgeProgram *p, ContractProgram *c) {
    const Contract *contract = c->contract;
    c->first_measure = p->measure_count;
    p->measures = xrealloc(p->measures, p->measure_count + contract->measure_count + 1, sizeof *p->measures);
    for (size_t i = 0; i < contract->measure_count; i++) p->measures[p->measure_count++] = (JudgeMeasure){contract, &contract->measures[i]};
}

static int contract_init(JudgeProgram *p, ContractProgram *c, const Contract *contract, Error *err) {
    c->contract = contract;
    c->type = (Span){contract->event_type, strlen(contract->event_type)};
    add_measures(p, c);
    c->topic = (Span){contract->topic, contract->topic != NULL ? strlen(contract->topic) : 0};
    if (init_listed(&c->entity, &contract->entity, err) != 0 || node_init(&c->timestamp, &contract->timestamp, err) != 0 ||
        init_listed(&c->quality, &contract->quality, err) != 0)
        return -1;
    init_members(&c->payload, contract->fields, contract->field_count);
    for (size_t i = 0; i < contract->field_count; i++) {
        Node *node = &c->payload.nodes[i];
        if (node_init(node, &contract->fields[i], err) != 0) return -1;
        node->column = add_column(p, node);
    }
    size_t slots = slots_of(&c->payload);
    if (slots > p->slots) p->slots = slots;
    return 0;
}

/* Contracts of one event type, each of another topic, are a chain that begins with the first of them. */
static void init_types(JudgeProgram *p) {
    size_t count = 0;
    p->type_contracts = xcalloc(p->contract_count, sizeof *p->type_contracts);
    for (size_t i = 0; i < p->contract_count; i++) {
        ContractProgram *c = &p->contracts[i], **end = NULL;
        for (size_t k = 0; k < count && end == NULL; k++)
            if (c->type.len == p->type_list[k].len && memcmp(c->type.at, p->type_list[k].at, c->type.len) == 0)
                end = &p->type_contracts[k]->other_topic;
        if (end == NULL) {
            p->type_list[count] = c->type;
            p->type_contracts[count++] = c;
            continue;
        }
        while (*end != NULL) end = &(*end)->other_topic;
        *end = c;
    }
    names_init(&p->types, p->type_list, count);
}

bool judge_topics_matter(const JudgeProgram *p) {
    for (size_t i = 0; i < p->contract_count; i++)
        if (p->contracts[i].other_topic != NULL) return true;
    return false;
}

/* The unit in which ingest read the event's own time. */
static void set_event_time_form(ContractProgram *c, const Pipeline *pipeline) {
    const TopicEnvelope *envelope = pipeline_envelope_for(pipeline, c->contract->topic);
    if (envelope != NULL) c->timestamp.time_form = envelope->columns[ENVELOPE_TIME].time_form;
}

int judge_program_new(const Pipeline *pipeline, JudgeProgram **ret, Error *err) {
    CLEANUP(judge_program_freep) JudgeProgram *p = xcalloc(1, sizeof *p);
    p->contracts = xcalloc(pipeline->contract_count, sizeof *p->contracts);
    p->type_list = xcalloc(pipeline->contract_count, sizeof *p->type_list);
    while (p->contract_count < pipeline->contract_count) {
        const Contract *contract = &pipeline->contracts[p->contract_count];
        ContractProgram *c = &p->contracts[p->contract_count];
        p->contract_count++;
        if (contract_init(p, c, contract, err) != 0) return error_prefix(err, "%s: event type %s", contract->file, contract->event_type);
    }
    for (size_t i = 0; i < p->contract_count; i++) set_event_time_form(&p->contracts[i], pipeline);
    init_types(p);
    *ret = TAKE(p);
    return 0;
}

void judge_program_free(JudgeProgram *p) {
    for (size_t i = 0; i < p->contract_count; i++) {
        ContractProgram *c = &p->contracts[i];
        node_done(&c->entity);
        node_done(&c->timestamp);
        node_done(&c->quality);
        members_done(&c->payload);
    }
    free(p->contracts);
    free(p->type_list);
    free(p->type_contracts);
    names_done(&p->types);
    free(p->columns);
    free(p->measures);
    free(p);
}

size_t judge_measures(const JudgeProgram *p, const JudgeMeasure **ret) {
    *ret = p->measures;
    return p->measure_count;
}

size_t judge_columns(const JudgeProgram *p, const JudgeColumn **ret) {
    *ret = p->columns;
    return p->column_count;
}
