/* test_reading.c: contracts as people have them: which type and which column a property gets when the contract leaves them open or names
 * them in the words of another system, what is said about it, and which rules contradict each other. */
#include "../one_contract.h"
#include "../scratch.h"
#include "base/document.h"
#include "base/files.h"
#include "base/memory.h"
#include "contract/explain.h"
#include "contract/pipeline.h"
#include "judge/pattern.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int check_pattern(const char *text, const char *value, Error *err) {
    CLEANUP(pattern_freep) Pattern *pattern = NULL;
    if (pattern_new(text, &pattern, err) != 0) return -1;
    if (value == NULL) return 0;
    CLEANUP(pattern_scratch_freep) PatternScratch *scratch = pattern_scratch_new();
    return pattern_match(pattern, scratch, (Span){value, strlen(value)}) == PATTERN_MATCHES ? 0 : 1;
}

/* One property in YAML's flow form, or several on lines of their own. */
static Pipeline *load(const char *version, const char *properties) {
    CLEANUP(buf_done) Buf contract = {0};
    CLEANUP(json_freep) json_t *mistakes = NULL;
    Pipeline *p = NULL;
    Error err = {0};
    buf_addf(&contract, "apiVersion: %s\n%s", version, ONE_CONTRACT_WITHOUT_VERSION);
    for (const char *line = properties; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n')
        buf_addf(&contract, "          - %.*s\n", (int)strcspn(line, "\n"), line);
    if (dir_make("contracts", &err) != 0 || file_write_atomic("contracts/t.yml", contract.data, contract.len, &err) != 0 ||
        file_write_atomic("features.yaml", ONE_FEATURE, strlen(ONE_FEATURE), &err) != 0 ||
        pipeline_check_dir(".", check_pattern, &p, &mistakes, &err) != 0)
        fail_msg("%s: %s", properties, err.text);
    return p;
}

/* "column TYPE" of each property; for one inside an object its name. */
static void add_fields(Buf *out, const Field *fields, size_t n) {
    for (const Field *f = fields; f < fields + n; f++) {
        buf_addf(out, "%s%s %s", out->len > 0 ? ", " : "", f->column != NULL ? f->column : f->name, f->sql_type);
        if (f->property_count > 0) add_fields(out, f->properties, f->property_count);
        if (f->items != NULL) buf_addf(out, " of %s", f->items->sql_type);
    }
}

/* The notes of one kind, "; " between them. */
static void add_notes(Buf *out, const Pipeline *p, NoteKind kind) {
    CLEANUP(json_freep) json_t *notes = pipeline_notes(p, kind);
    size_t i;
    json_t *note;
    json_array_foreach(notes, i, note) buf_addf(out, "%s%s", out->len > 0 ? "; " : "", json_string_value(json_object_get(note, "text")));
}

static void assert_text(const Buf *got, const char *expected, const char *of) {
    const char *text = got->data != NULL ? got->data : "";
    if (strcmp(text, expected) != 0) fail_msg("%s\nexpected: %s\ngot:      %s", of, expected, text);
}

static void assert_reads(const char *version, const char *properties, const char *fields, const char *notes) {
    CLEANUP(pipeline_freep) Pipeline *p = load(version, properties);
    CLEANUP(buf_done) Buf got = {0};
    CLEANUP(buf_done) Buf said = {0};
    add_fields(&got, p->contracts[0].fields, p->contracts[0].field_count);
    assert_text(&got, fields, properties);
    add_notes(&said, p, NOTE_READ_AS);
    assert_text(&said, notes, properties);
}

#define NO_SCALE "more decimals are no number of this column (rule scale); write DECIMAL(p,s) for another width"
#define NO_FORM  "its form is not checked: write logicalTypeOptions.pattern"

static void types_of_other_systems_are_understood(void **state) {
    (void)state;
    static const struct {
        const char *types, *sql_type; /* types: "a|b|c" */
    } rows[] = {
        {"string|text|VARCHAR|char|Character Varying|keyword|nvarchar", "VARCHAR"},
        {"int|Integer|INT4|serial", "INTEGER"},
        {"long|BIGINT|int8|bigserial|uint32", "BIGINT"},
        {"smallint|short|int2", "SMALLINT"},
        {"tinyint|byte", "TINYINT"},
        {"bool|BOOLEAN|bit", "BOOLEAN"},
        {"date", "DATE"},
        {"timestamp|timestamptz|datetime|TIMESTAMP_NTZ|timestamp(6)|timestamp (3) with time zone|instant", "TIMESTAMP"},
        {"time", "TIME"},
        {"json|jsonb|struct<a:int>|map<string,int>|array<string>|text[]|record", "JSON"},
        {"decimal(9,2)|NUMERIC(9, 2)|number( 9 , 2 )", "DECIMAL(9,2)"},
        {"number(9)", "DECIMAL(9,0)"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (const char *type = rows[i].types; *type != '\0'; type += strcspn(type, "|"), type += *type == '|') {
            CLEANUP(free_text) char *property = xasprintf("{name: v, physicalType: \"%.*s\"}", (int)strcspn(type, "|"), type);
            CLEANUP(free_text) char *expected = xasprintf("v %s", rows[i].sql_type);
            assert_reads("v3.1.0", property, expected, "");
        }
}

static void translations_are_said(void **state) {
    (void)state;
    assert_reads("v3.1.0", "{name: v, physicalType: double}", "v DECIMAL(18,6)", "double is read as DECIMAL(18,6): " NO_SCALE);
    assert_reads("v3.1.0", "{name: v, logicalType: number}", "v DECIMAL(18,6)", "a number is read as DECIMAL(18,6): " NO_SCALE);
    assert_reads("v3.1.0", "{name: v, logicalType: number, physicalType: float8}", "v DECIMAL(18,6)",
                 "float8 is read as DECIMAL(18,6): " NO_SCALE);
    assert_reads("v3.1.0", "{name: v, physicalType: \"decimal(38,10)\"}", "v DECIMAL(18,9)",
                 "decimal(38,10) is read as DECIMAL(18,9): " NO_SCALE);
    assert_reads("v3.1.0", "{name: v, physicalType: \"varchar(18)\"}", "v VARCHAR",
                 "varchar(18) is read as VARCHAR: the length is no rule, write logicalTypeOptions.maxLength");
    assert_reads("v3.1.0", "{name: v, logicalType: string, physicalType: UUID}", "v VARCHAR", "UUID is read as VARCHAR: " NO_FORM);
    assert_reads("v3.1.0", "{name: v, logicalType: integer, physicalType: hypercube}", "v INTEGER",
                 "hypercube is read as INTEGER: the logicalType integer decides");
    assert_reads("v3.1.0", "{name: v, logicalType: string, physicalType: int}", "v VARCHAR",
                 "int is read as VARCHAR: the logicalType string decides");
    assert_reads("v3.1.0", "{name: v, physicalType: ROWID}", "v VARCHAR",
                 "ROWID is read as string: no such type is known here, write a logicalType");
    assert_reads("v3.1.0", "{name: v}", "v VARCHAR", "no logicalType and no physicalType: it is read as string");
    assert_reads("v3.1.0", "{name: v, items: {logicalType: integer}}", "v JSON of BIGINT",
                 "no logicalType and no physicalType: it is read as array");
}

static void the_logical_type_decides_and_the_physical_one_refines(void **state) {
    (void)state;
    assert_reads("v3.1.0", "{name: v, logicalType: integer}", "v INTEGER", "");
    assert_reads("v3.1.0", "{name: v, logicalType: integer, physicalType: long}", "v BIGINT", "");
    assert_reads("v3.1.0", "{name: v, logicalType: number, physicalType: int}", "v INTEGER", "");
    assert_reads("v3.1.0", "{name: v, logicalType: time}", "v TIME", "");
    assert_reads("v3.0.2", "{name: v, logicalType: date, physicalType: datetime}", "v TIMESTAMP", "");
    assert_reads("v3.1.0", "{name: v, logicalType: object, properties: [{name: x, physicalType: double}, {name: y, logicalType: integer}]}",
                 "v JSON, x NUMBER, y BIGINT", "");
}

static void columns_are_made_of_names(void **state) {
    (void)state;
    assert_reads("v3.1.0", "{name: v1, logicalType: string}", "v1 VARCHAR", "");
    assert_reads("v3.1.0", "{name: orderId, logicalType: string}", "order_id VARCHAR", "its column is order_id");
    assert_reads("v3.1.0", "{name: \"Net price (EUR)\", logicalType: string}", "net_price_eur VARCHAR", "its column is net_price_eur");
    assert_reads("v3.1.0", "{name: 2nd, logicalType: string}", "c_2nd VARCHAR", "its column is c_2nd");
    assert_reads("v3.1.0", "{name: v, physicalName: dbo.CustID, logicalType: string}", "dbo_cust_id VARCHAR", "its column is dbo_cust_id");
    assert_reads("v3.1.0", "{name: event_id, logicalType: string}", "payload_event_id VARCHAR", "its column is payload_event_id");
    assert_reads("v3.1.0", "{name: order_id, logicalType: string}\n{name: orderId, logicalType: string}",
                 "order_id VARCHAR, order_id_2 VARCHAR", "its column is order_id_2");
    assert_reads("v3.1.0", "{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, logicalType: string}",
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_574c61e5 VARCHAR",
                 "its column is aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa_574c61e5");
}

/* "rule TEXT" of the checks of the first field. */
static void assert_checks(const char *version, const char *property, bool required, const char *expected) {
    CLEANUP(pipeline_freep) Pipeline *p = load(version, property);
    CLEANUP(buf_done) Buf got = {0};
    const Field *f = &p->contracts[0].fields[0];
    for (const Check *c = f->checks; c < f->checks + f->check_count; c++) {
        buf_addf(&got, "%s%s %d", got.len > 0 ? ", " : "", c->rule, (int)c->kind);
        for (size_t i = 0; i < c->value_count; i++) buf_addf(&got, " %s", c->values[i]);
        if (c->text != NULL) buf_addf(&got, " %s", c->text);
    }
    assert_text(&got, expected, property);
    assert_int_equal(f->required, required);
}

static void the_words_of_v3_0_are_understood(void **state) {
    (void)state;
    assert_checks("v3.0.2", "{name: v, logicalType: string, quality: [{type: library, rule: nullCheck}]}", true, "");
    assert_checks("v3.0.2", "{name: v, logicalType: string, quality: [{rule: validValues, validValues: [a, b], mustBe: 0, toolName: x}]}",
                  false, "allowed_values 7 a b");
    assert_checks("v3.0.2",
                  "{name: v, logicalType: integer, logicalTypeOptions: {minimum: 1, exclusiveMinimum: true, exclusiveMaximum: false}}",
                  false, "range 2 1");
    assert_checks("v3.1.0", "{name: v, logicalType: integer, logicalTypeOptions: {exclusiveMinimum: 1}}", false, "range 2 1");
}

static void contradictions_are_warnings(void **state) {
    (void)state;
    static const struct {
        const char *property, *warning;
    } rows[] = {
        {"{name: v, logicalType: integer, logicalTypeOptions: {minimum: 1, maximum: 1}}", ""},
        {"{name: v, logicalType: integer, logicalTypeOptions: {minimum: 2, maximum: 1}}",
         "no value is both at least 2 and at most 1, so no event can pass"},
        {"{name: v, logicalType: number, physicalType: \"DECIMAL(4,1)\", logicalTypeOptions: {exclusiveMinimum: 1.5, maximum: 1.5}}",
         "no value is both above 1.5 and at most 1.5, so no event can pass"},
        {"{name: v, logicalType: date, logicalTypeOptions: {minimum: \"2026-01-01\", maximum: \"2025-01-01\"}}",
         "no value is both at least 2026-01-01 and at most 2025-01-01, so no event can pass"},
        {"{name: v, logicalType: string, logicalTypeOptions: {minLength: 3, maxLength: 2}}",
         "minLength 3 is above maxLength 2, so no event can pass"},
        {"{name: v, logicalType: string, logicalTypeOptions: {pattern: \"^[A-Z]$\"}, "
         "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b]}}]}",
         "the pattern excludes every value of its list, so no event can pass"},
        {"{name: v, logicalType: string, logicalTypeOptions: {maxLength: 3}, "
         "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [abc, abcd]}}]}",
         "the length excludes \"abcd\", which its list allows"},
        {"{name: v, logicalType: integer, logicalTypeOptions: {maximum: 3}, "
         "quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [3, 4]}}]}",
         "the range excludes \"4\", which its list allows"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        CLEANUP(pipeline_freep) Pipeline *p = load("v3.1.0", rows[i].property);
        CLEANUP(buf_done) Buf got = {0};
        add_notes(&got, p, NOTE_WARNING);
        assert_text(&got, rows[i].warning, rows[i].property);
    }
}

/* The contract of event type `type` with one property, in contracts/<file>. */
static void write_type(const char *file, char type, const char *property) {
    CLEANUP(buf_done) Buf contract = {0};
    CLEANUP(free_text) char *path = xasprintf("contracts/%s", file);
    Error err = {0};
    buf_addf(&contract, ONE_CONTRACT "          - %s\n", property);
    char *name = strstr(contract.data, "name: T\n");
    assert_non_null(name);
    name[strlen("name: ")] = type;
    if (file_write_atomic(path, contract.data, contract.len, &err) != 0) fail_msg("%s", err.text);
}

static const Field *field_of(const Pipeline *p, const char *event_type) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (strcmp(c->event_type, event_type) == 0) return &c->fields[0];
    fail_msg("no contract of %s", event_type);
    return NULL;
}

/* Two contracts share the columns of Silver. */
static void assert_columns(const char *file, const char *property, const char *of_t, const char *of_u) {
    Error err = {0};
    pipeline_free(load("v3.1.0", "{name: status, logicalType: integer, unique: true}"));
    write_type(file, 'U', property);
    CLEANUP(pipeline_freep) Pipeline *p = NULL;
    if (pipeline_load_dir(".", &p, &err) != 0) fail_msg("%s", err.text);
    assert_string_equal(field_of(p, "T")->column, of_t);
    assert_string_equal(field_of(p, "U")->column, of_u);
    const Contract *t = strcmp(p->contracts[0].event_type, "T") == 0 ? &p->contracts[0] : &p->contracts[1];
    assert_string_equal(t->measures[0].columns[0], of_t);
}

static void the_same_name_of_another_type_is_another_column(void **state) {
    (void)state;
    assert_columns("u.yaml", "{name: status, logicalType: string}", "status", "u_status");
}

static void names_do_not_depend_on_files(void **state) {
    (void)state;
    assert_columns("a.yaml", "{name: status, logicalType: string}", "status", "u_status");
}

/* Whichever file is read first. */
static void a_name_that_a_contract_gives_comes_first(void **state) {
    (void)state;
    assert_columns("u.yaml", "{name: x, physicalName: status, logicalType: string}", "t_status", "status");
}

static void a_property_keeps_its_own_name(void **state) {
    (void)state;
    assert_reads("v3.1.0", "{name: a-b, logicalType: string}\n{name: a_b, logicalType: string}", "a_b_2 VARCHAR, a_b VARCHAR",
                 "its column is a_b_2");
    assert_reads("v3.1.0", "{name: a-b, logicalType: string}\n{name: x, physicalName: a_b, logicalType: string}",
                 "a_b_2 VARCHAR, a_b VARCHAR", "its column is a_b_2");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(types_of_other_systems_are_understood, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(translations_are_said, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(the_logical_type_decides_and_the_physical_one_refines, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(columns_are_made_of_names, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(the_words_of_v3_0_are_understood, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(contradictions_are_warnings, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(the_same_name_of_another_type_is_another_column, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(names_do_not_depend_on_files, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(a_name_that_a_contract_gives_comes_first, scratch_up, scratch_down),
        cmocka_unit_test_setup_teardown(a_property_keeps_its_own_name, scratch_up, scratch_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
