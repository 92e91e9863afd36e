/* test_diff.c: `contract diff` sees all that a contract means. Each member of each struct of the declarations is changed in memory, one at
 * a time, and each change must be named; a member that has no meaning for events says why. The members are read from declarations.h, so
 * that a new one fails here until diff.c knows it. */
#include "../scratch.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/diff.h"
#include "contract/pipeline.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const char contract[] =
    "apiVersion: v3.1.0\nkind: DataContract\nid: r\nversion: 1.0.0\nstatus: active\n"
    "servers: [{server: m, type: kafka, host: \"b:9092\", format: json}]\n"
    "slaProperties: [{property: freshness, value: 1, unit: h}, {property: latency, value: 2, unit: h}, {property: retention, value: 3, unit: h}]\n"
    "schema:\n"
    "  - name: T\n"
    "    physicalType: topic\n"
    "    physicalName: rides\n"
    "    customProperties: [{property: envelope, value: connect}]\n"
    "    quality: [{metric: rowCount, mustBeBetween: [1, 9], unit: rows}]\n"
    "    properties:\n"
    "      - {name: kind, physicalName: event_type}\n"
    "      - {name: key, physicalName: event_id}\n"
    "      - {name: from, physicalName: source_system}\n"
    "      - {name: score, logicalType: integer, physicalName: quality_score}\n"
    "      - {name: at, logicalType: timestamp, physicalName: event_timestamp, transformLogic: epoch_ms}\n"
    "      - {name: bike, logicalType: string, transformLogic: upper, required: true, customProperties: [{property: entity, value: bike}]}\n"
    "      - {name: n, logicalType: number, physicalType: \"DECIMAL(9,2)\", logicalTypeOptions: {minimum: 1}}\n"
    "      - {name: s, logicalType: string, logicalTypeOptions: {maxLength: 5}, customProperties: [{property: unit, value: kg}]}\n"
    "      - {name: u, logicalType: string, unique: true, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b]}}]}\n"
    "      - {name: w, logicalType: string, quality: [{metric: invalidValues, mustBeLessThan: 5, arguments: {validValues: [a, b]}}]}\n"
    "      - {name: t, logicalType: timestamp, transformLogic: epoch_s, required: true}\n"
    "      - {name: o, logicalType: object, properties: [{name: x, logicalType: integer}]}\n"
    "      - {name: l, logicalType: array, items: {logicalType: integer}}\n";
static const char features[] = "version: 1\nminimum_events: 1\nfeatures:\n  - {name: n, aggregate: count}\n";
enum { N, S, U, W, T, O, L }; /* the fields of the payload */

static Pipeline *load(const char *text) {
    CLEANUP(json_freep) json_t *mistakes = NULL;
    Pipeline *p = NULL;
    Error err = {0};
    if (dir_make("contracts", &err) != 0 || file_write_atomic("contracts/t.yml", text, strlen(text), &err) != 0 ||
        file_write_atomic("features.yaml", features, strlen(features), &err) != 0 ||
        pipeline_check_dir(".", NULL, &p, &mistakes, &err) != 0)
        fail_msg("%s", err.text);
    return p;
}

/* ---- members ---- */

typedef enum Kind { TEXT, BOOL, INT, WIDE, REAL, COUNT, GONE, NO_MEANING } Kind;

typedef struct Member {
    const char *name;
    size_t offset;
    Kind kind;
    const char *why; /* NO_MEANING */
} Member;

#define M(type, member, kind)                                                                                                              \
    { #member, offsetof(type, member), kind, NULL }
#define NO(type, member, why)                                                                                                              \
    { #member, offsetof(type, member), NO_MEANING, why }
#define WITH(type, member, other)                                                                                                          \
    { #member, offsetof(type, member), NO_MEANING, "changes with " other }
#define PLACE  "where it stands"
#define PEOPLE "for people"

static const Member check_members[] = {M(Check, kind, INT),
                                       NO(Check, rule, "only its name"),
                                       M(Check, text, TEXT),
                                       M(Check, number, WIDE),
                                       WITH(Check, of_array, "the field's array"),
                                       WITH(Check, of_texts, "the field's type"),
                                       WITH(Check, values, "value_count"),
                                       M(Check, value_count, COUNT),
                                       M(Check, counted, COUNT)};

static const Member measure_members[] = {M(QualityMeasure, metric, INT),
                                         M(QualityMeasure, op, INT),
                                         M(QualityMeasure, low, REAL),
                                         M(QualityMeasure, high, REAL),
                                         M(QualityMeasure, percent, BOOL),
                                         M(QualityMeasure, warning, BOOL),
                                         NO(QualityMeasure, rule, "only its name"),
                                         M(QualityMeasure, field, TEXT),
                                         WITH(QualityMeasure, columns, "column_count"),
                                         M(QualityMeasure, column_count, COUNT)};

static const Member field_members[] = {M(Field, name, TEXT),
                                       WITH(Field, path, "the name"),
                                       M(Field, column, TEXT),
                                       M(Field, sql_type, TEXT),
                                       NO(Field, description, PEOPLE),
                                       M(Field, unit, TEXT),
                                       M(Field, type, INT),
                                       M(Field, array, BOOL),
                                       M(Field, precision, INT),
                                       M(Field, scale, INT),
                                       M(Field, time_form, INT),
                                       M(Field, zone_s, INT),
                                       M(Field, required, BOOL),
                                       NO(Field, derived, "the column counts"),
                                       NO(Field, settled, "the column counts"),
                                       NO(Field, written, "the column counts"),
                                       NO(Field, place, PLACE),
                                       NO(Field, required_rule, "only its name"),
                                       WITH(Field, checks, "check_count"),
                                       M(Field, check_count, COUNT),
                                       NO(Field, line, PLACE),
                                       WITH(Field, properties, "property_count"),
                                       M(Field, items, GONE),
                                       M(Field, property_count, COUNT)};

static const Member contract_members[] = {M(Contract, event_type, TEXT),
                                          NO(Contract, file, PLACE),
                                          NO(Contract, id, PEOPLE),
                                          NO(Contract, version, PEOPLE),
                                          NO(Contract, description, PEOPLE),
                                          NO(Contract, owner, PEOPLE),
                                          NO(Contract, data_product, PEOPLE),
                                          NO(Contract, domain, PEOPLE),
                                          NO(Contract, support, PEOPLE),
                                          M(Contract, freshness_s, WIDE),
                                          M(Contract, latency_s, WIDE),
                                          M(Contract, retention_s, WIDE),
                                          NO(Contract, position, "the order of the list"),
                                          WITH(Contract, topic, "that of its envelope"),
                                          M(Contract, entity_name, TEXT),
                                          M(Contract, upper_entity, BOOL),
                                          WITH(Contract, entity, "the members of a field"),
                                          WITH(Contract, timestamp, "the members of a field"),
                                          WITH(Contract, quality, "the members of a field"),
                                          NO(Contract, beside, "of the preset, whose paths count"),
                                          WITH(Contract, fields, "field_count"),
                                          M(Contract, field_count, COUNT),
                                          NO(Contract, unenforced, "not enforced"),
                                          NO(Contract, unenforced_count, "not enforced"),
                                          WITH(Contract, measures, "measure_count"),
                                          M(Contract, measure_count, COUNT),
                                          NO(Contract, notes, PEOPLE),
                                          NO(Contract, note_count, PEOPLE),
                                          NO(Contract, v3_0, "what was read counts"),
                                          NO(Contract, line, PLACE)};

static const Member envelope_members[] = {WITH(TopicEnvelope, topic, "that of its contracts"),
                                          NO(TopicEnvelope, preset, "its paths count"),
                                          WITH(TopicEnvelope, columns, "the members of a mapping"),
                                          M(TopicEnvelope, ignored, GONE),
                                          NO(TopicEnvelope, sha256, "made of the others"),
                                          M(TopicEnvelope, format, INT),
                                          NO(TopicEnvelope, transport, "of the preset, whose paths count"),
                                          NO(TopicEnvelope, transport_level, "of the preset, whose paths count"),
                                          NO(TopicEnvelope, format_file, PLACE),
                                          NO(TopicEnvelope, format_line, PLACE)};

static const Member mapping_members[] = {WITH(ColumnMapping, parts, "part_count"),
                                         M(ColumnMapping, part_count, COUNT),
                                         M(ColumnMapping, time_form, INT),
                                         M(ColumnMapping, kept, BOOL),
                                         M(ColumnMapping, name, TEXT),
                                         NO(ColumnMapping, file, PLACE),
                                         NO(ColumnMapping, line, PLACE)};

static const Member list_members[] = {WITH(OriginList, items, "count"), M(OriginList, count, COUNT), M(OriginList, optional, BOOL)};

static const Member origin_members[] = {M(ValueOrigin, kind, INT), M(ValueOrigin, keys, TEXT), M(ValueOrigin, key_count, COUNT),
                                        NO(ValueOrigin, text, "of a path there is none; test_a_constant_counts")};

/* ---- all members are listed ---- */

static bool is_listed(const Member *members, size_t n, const char *name, size_t len) {
    for (size_t i = 0; i < n; i++)
        if (strlen(members[i].name) == len && memcmp(members[i].name, name, len) == 0) return true;
    return false;
}

/* The names of one declaration: `const char *a, *b[4]`. */
static void check_declaration(const char *type, const char *text, size_t len, const Member *members, size_t n) {
    for (const char *at = text, *end = text + len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma != NULL ? comma : end, *name;
        const char *bracket = memchr(at, '[', (size_t)(stop - at));
        const char *last = bracket != NULL ? bracket : stop;
        while (last > at && isspace((unsigned char)last[-1])) last--;
        for (name = last; name > at && (isalnum((unsigned char)name[-1]) || name[-1] == '_');) name--;
        if (last > name && !is_listed(members, n, name, (size_t)(last - name)))
            fail_msg("%s.%.*s is in declarations.h and not in this test: does diff.c see it?", type, (int)(last - name), name);
        at = stop + 1;
    }
}

static void without_comments(const Buf *text, Buf *out) {
    for (const char *at = text->data; *at != '\0';) {
        const char *comment = strstr(at, "/*"), *end = comment != NULL ? strstr(comment, "*/") : NULL;
        buf_add(out, at, comment != NULL ? (size_t)(comment - at) : strlen(at));
        at = end != NULL ? end + 2 : at + strlen(at);
    }
}

static void check_struct(const char *type, const Member *members, size_t n) {
    CLEANUP(buf_done) Buf text = {0};
    CLEANUP(buf_done) Buf code = {0};
    CLEANUP(free_text) char *begin = xasprintf("typedef struct %s {", type);
    CLEANUP(free_text) char *end = xasprintf("} %s;", type);
    Error err = {0};
    if (file_read(SOURCE_ROOT "/src/contract/declarations.h", &text, &err) != 0) fail_msg("%s", err.text);
    without_comments(&text, &code);
    const char *at = strstr(code.data, begin), *stop = at != NULL ? strstr(at, end) : NULL;
    assert_non_null(stop);
    for (at += strlen(begin); at < stop;) {
        size_t len = strcspn(at, ";}");
        check_declaration(type, at, len, members, n);
        at += len + 1;
    }
}

/* ---- each change is named ---- */

/* Changes a member; the old bytes are in `old`. */
static void change(void *member, Kind kind, unsigned char old[8]) {
    static const char other[] = "77";
    size_t size = kind == BOOL ? sizeof(bool) : kind == INT ? sizeof(int) : 8;
    memcpy(old, member, size);
    switch (kind) {
    case TEXT: *(const char **)member = other; break;
    case BOOL: *(bool *)member ^= true; break;
    case INT: *(int *)member += *(int *)member == 0 ? 1 : -1; break;
    case WIDE: *(int64_t *)member += 1; break;
    case REAL: *(double *)member += 1; break;
    case COUNT: *(size_t *)member -= 1; break;
    case GONE: *(void **)member = NULL; break;
    case NO_MEANING: break;
    }
}

typedef struct Two {
    Pipeline *before, *after;
} Two;

static size_t count_changes(const Two *p) {
    CLEANUP(json_freep) json_t *changes = contracts_diff(p->before, p->after);
    return json_array_size(changes);
}

static void check_member(const Two *p, const char *type, void *object, const Member *m) {
    unsigned char old[8];
    void *member = (char *)object + m->offset;
    if (m->kind == NO_MEANING) return;
    change(member, m->kind, old);
    if (count_changes(p) == 0) fail_msg("%s.%s changed, and diff does not say it", type, m->name);
    memcpy(member, old, m->kind == BOOL ? sizeof(bool) : m->kind == INT ? sizeof(int) : 8);
    if (count_changes(p) != 0) fail_msg("%s.%s is as before, and diff says a change", type, m->name);
}

static void check_each(const Two *p, const char *type, void *object, const Member *members, size_t n) {
    for (size_t i = 0; i < n; i++) check_member(p, type, object, &members[i]);
}

static const Member *member(const Member *members, const char *name) {
    while (strcmp(members->name, name) != 0) members++;
    return members;
}

#define CHECK_ALL(p, type, object, members) check_each(p, #type, object, members, ARRAY_LEN(members))
#define CHECK_STRUCT(type, members)         check_struct(#type, members, ARRAY_LEN(members))

static void begin(Two *p) {
    *p = (Two){load(contract), load(contract)};
    assert_int_equal(count_changes(p), 0);
}

static void end(Two *p) {
    pipeline_free(p->before);
    pipeline_free(p->after);
}

static void test_every_member_is_listed(void **state) {
    (void)state;
    CHECK_STRUCT(Check, check_members);
    CHECK_STRUCT(QualityMeasure, measure_members);
    CHECK_STRUCT(Field, field_members);
    CHECK_STRUCT(Contract, contract_members);
    CHECK_STRUCT(TopicEnvelope, envelope_members);
    CHECK_STRUCT(ColumnMapping, mapping_members);
    CHECK_STRUCT(OriginList, list_members);
    CHECK_STRUCT(ValueOrigin, origin_members);
}

/* Each member of a field in one where it has a meaning. */
static void test_every_change_of_a_field_is_named(void **state) {
    static const struct {
        const char *name;
        int field;
    } where[] = {{"unit", S}, {"array", L}, {"time_form", T}, {"items", L}, {"property_count", O}};
    Two p;
    (void)state;
    begin(&p);
    for (const Member *m = field_members; m < field_members + ARRAY_LEN(field_members); m++) {
        int field = N;
        for (size_t i = 0; i < ARRAY_LEN(where); i++)
            if (strcmp(where[i].name, m->name) == 0) field = where[i].field;
        check_member(&p, "Field", &p.after->contracts[0].fields[field], m);
    }
    check_member(&p, "items", p.after->contracts[0].fields[L].items, member(field_members, "required"));
    check_member(&p, "properties", p.after->contracts[0].fields[O].properties, member(field_members, "time_form"));
    check_member(&p, "entity", &p.after->contracts[0].entity, member(field_members, "required"));
    check_member(&p, "entity", &p.after->contracts[0].entity, member(field_members, "column"));
    check_member(&p, "quality", &p.after->contracts[0].quality, member(field_members, "required"));
    end(&p);
}

static void test_every_change_of_a_rule_is_named(void **state) {
    Two p;
    (void)state;
    begin(&p);
    Contract *c = &p.after->contracts[0];
    check_member(&p, "Check", &c->fields[N].checks[0], member(check_members, "kind"));
    check_member(&p, "Check", &c->fields[N].checks[0], member(check_members, "text"));
    check_member(&p, "Check", &c->fields[S].checks[0], member(check_members, "number"));
    check_member(&p, "Check", &c->fields[U].checks[0], member(check_members, "value_count"));
    check_member(&p, "counted Check", &c->fields[W].checks[0], member(check_members, "value_count"));
    check_member(&p, "counted Check", &c->fields[W].checks[0], member(check_members, "counted"));
    for (size_t i = 0; i < c->measure_count; i++)
        for (const Member *m = measure_members; m < measure_members + ARRAY_LEN(measure_members); m++)
            if ((m->kind != COUNT || c->measures[i].column_count > 0) &&
                (strcmp(m->name, "high") != 0 || c->measures[i].op == MUST_BE_BETWEEN))
                check_member(&p, "QualityMeasure", &c->measures[i], m);
    end(&p);
}

static void test_every_change_of_a_contract_is_named(void **state) {
    Two p;
    (void)state;
    begin(&p);
    CHECK_ALL(&p, Contract, &p.after->contracts[0], contract_members);
    p.after->contracts[0].topic = p.after->envelopes[0].topic = "77";
    assert_true(count_changes(&p) > 0);
    end(&p);
}

static void test_every_change_of_the_envelope_is_named(void **state) {
    Two p;
    (void)state;
    begin(&p);
    TopicEnvelope *e = &p.after->envelopes[0];
    CHECK_ALL(&p, TopicEnvelope, e, envelope_members);
    for (EnvelopeColumn c = 0; c < ENVELOPE_COLUMNS; c++) {
        ColumnMapping *m = &e->columns[c];
        check_member(&p, "ColumnMapping", m, member(mapping_members, "part_count"));
        check_member(&p, "ColumnMapping", m, member(mapping_members, "time_form"));
        check_member(&p, "ColumnMapping", m, member(mapping_members, "kept"));
        m->parts[0].items[0].text = "x"; /* for the other kinds */
        CHECK_ALL(&p, OriginList, m->parts, list_members);
        CHECK_ALL(&p, ValueOrigin, m->parts[0].items, origin_members);
    }
    check_member(&p, "ColumnMapping", &e->columns[ENVELOPE_ENTITY], member(mapping_members, "name"));
    check_member(&p, "ColumnMapping", &e->columns[ENVELOPE_QUALITY], member(mapping_members, "name"));
    end(&p);
}

static void test_a_constant_counts(void **state) {
    static const char head[] =
        "apiVersion: v3.1.0\nkind: DataContract\nid: r\nversion: 1.0.0\nstatus: active\nschema:\n  - name: T\n    properties:\n"
        "      - {name: v, logicalType: string}\n      - {name: from, physicalName: source_system, transformLogic: \"'%s'\"}\n";
    CLEANUP(free_text) char *one = xasprintf("%.*s%s%s", (int)(strstr(head, "%s") - head), head, "a", strstr(head, "%s") + 2);
    CLEANUP(free_text) char *two = xasprintf("%.*s%s%s", (int)(strstr(head, "%s") - head), head, "b", strstr(head, "%s") + 2);
    (void)state;
    Two p = {load(one), load(two)};
    assert_int_equal(count_changes(&p), 1);
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_member_is_listed, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(test_every_change_of_a_field_is_named, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(test_every_change_of_a_rule_is_named, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(test_every_change_of_a_contract_is_named, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(test_every_change_of_the_envelope_is_named, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(test_a_constant_counts, scratch_up, scratch_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
