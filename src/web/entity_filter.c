/* entity_filter.c: see entity_filter.h.
 *
 * Invariant: `columns` has every name that gets into the SQL, but for those of the words below. */
#include "web/entity_filter.h"

#include "base/document.h"
#include "base/memory.h"
#include "web/rows.h"
#include "web/scores.h"
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Words that are no columns, and what they are in sql/api/ranked.sql; sorted: also for those without a score. */
static const struct {
    const char *word, *column, *sorted;
} words[] = {{"risk", "churn_probability", "(risk)"}, {"value", "(value)", "(value)"}};

void entity_filter_done(EntityFilter *f) {
    for (size_t i = 0; i < f->text_count; i++) free(f->texts[i].equals);
    json_decref(f->columns);
    free(f->fields);
    free(f->noted);
    *f = (EntityFilter){0};
}

/* The id, and what snapshots have of the score beside the features. */
static bool is_apart(const GoldEntity *e, const char *name) {
    return (e->scored && is_score_column(name)) || strcmp(name, e->key) == 0;
}

static int read_columns(const Lease *lease, EntityFilter *f, Error *err) {
    LakeValue view = lake_text(f->entity->view);
    CLEANUP(lake_result_freep) LakeResult *rows = NULL;
    if (lake_query(lease->conn, "api/column_types", lake_sql("api/column_types"), &view, 1, &rows, err) != 0) return -1;
    int got;
    while ((got = lake_next(rows, err)) > 0) {
        const char *name = lake_col_text(rows, 0, NULL);
        if (!is_apart(f->entity, name))
            json_object_set_new(f->columns, name, lake_is_null(rows, 1) ? json_null() : json_string(lake_col_text(rows, 1, NULL)));
    }
    return got;
}

/* The column's own text, for as long as the filter, and the type it is compared as (NULL: its text). NULL: there is no such column. */
static const char *find_column(const EntityFilter *f, const char *name, size_t n, const char **ret_as) {
    const char *key;
    json_t *as;
    json_object_foreach(f->columns, key, as) {
        if (strlen(key) != n || memcmp(key, name, n) != 0) continue;
        *ret_as = json_string_value(as);
        return key;
    }
    return NULL;
}

static bool is_word(const char *word, const char *name, size_t n) {
    return strlen(word) == n && memcmp(word, name, n) == 0;
}

/* As find_column, or what a word stands for. */
static const char *find_word_too(const EntityFilter *f, const char *name, size_t n, bool sorting, const char **ret_as) {
    const char *column = find_column(f, name, n, ret_as);
    if (column != NULL) return column;
    *ret_as = "DOUBLE";
    for (size_t i = 0; f->has_risk && i < ARRAY_LEN(words); i++)
        if (is_word(words[i].word, name, n)) return sorting ? words[i].sorted : words[i].column;
    return NULL;
}

/* ---- sort, fields ---- */

static void read_sort(const Request *req, EntityFilter *f, Response *resp) {
    const char *text = request_param(req, "sort"), *as = "DOUBLE";
    f->sort = f->has_risk ? "(risk)" : "(id)";
    f->is_as_number = true;
    if (text == NULL) return;
    f->ascending = text[0] != '-';
    text += !f->ascending;
    f->sort = strcmp(text, "id") == 0 || strcmp(text, f->entity->key) == 0 ? "(id)" : find_word_too(f, text, strlen(text), true, &as);
    f->ids_down = f->sort != NULL && strcmp(f->sort, "(id)") == 0 && !f->ascending;
    f->is_as_number = as != NULL && strcmp(as, "TIMESTAMP") != 0 && strcmp(as, "BOOLEAN") != 0;
    if (f->sort == NULL)
        response_bad_param(resp, req, "sort",
                           "The parameter 'sort' has '%.64s', which is no column%s or id. It may have a minus before it.", text,
                           f->has_risk ? ", risk, value" : "");
}

static void add_field(Buf *out, const char *name) {
    buf_addf(out, "%s%s", out->len > 0 ? "," : "", name);
}

static void read_fields(const Request *req, EntityFilter *f, Response *resp) {
    const char *text = request_param(req, "fields"), *key, *ignored_type;
    json_t *ignored;
    Buf out = {0};
    buf_add_str(&out, text == NULL && f->entity->listed != NULL ? f->entity->listed : "");
    if (text != NULL && strcmp(text, "*") == 0) json_object_foreach(f->columns, key, ignored) add_field(&out, key);
    for (size_t n; text != NULL && strcmp(text, "*") != 0 && *text != '\0'; text += n + (text[n] == ',')) {
        n = strcspn(text, ",");
        const char *column = find_column(f, text, n, &ignored_type);
        if (column != NULL)
            add_field(&out, column);
        else if (resp->status == 0 && !is_word(f->entity->key, text, n)) /* the id is always there */
            response_bad_param(resp, req, "fields", "The parameter 'fields' has '%.*s', which is no column.", (int)(n < 64 ? n : 64), text);
    }
    f->fields = buf_take(&out);
}

/* ---- where ---- */

/* ">=", 2: of the operators that begin there, the longest. */
static size_t operator_at(const char *at) {
    if ((at[0] == '>' || at[0] == '<') && at[1] == '=') return 2;
    return at[0] == '>' || at[0] == '<' || at[0] == '=' ? 1 : 0;
}

/* The caller sets its ends. */
static FilterRange *add_range(EntityFilter *f, const char *column, const char *as) {
    FilterRange *range = &f->numbers[f->number_count++];
    *range = (FilterRange){.column = column, .as = as};
    return range;
}

static bool add_number(EntityFilter *f, const char *column, const char *op, size_t op_len, const char *text) {
    char *end;
    double v = strtod(text, &end);
    if (strspn(text, "+-.0123456789eE") != strlen(text) || end == text || *end != '\0' || !isfinite(v)) return false;
    double low = -HUGE_VAL, high = HUGE_VAL;
    if (op[0] != '<') low = op[0] == '>' && op_len == 1 ? nextafter(v, HUGE_VAL) : v;
    if (op[0] != '>') high = op[0] == '<' && op_len == 1 ? nextafter(v, -HUGE_VAL) : v;
    FilterRange *range = add_range(f, column, "DOUBLE");
    range->low = low;
    range->high = high;
    return true;
}

/* A whole number exactly: as doubles 2^53 and 2^53 + 1 are the same. */
static bool add_integer(EntityFilter *f, const char *column, const char *op, size_t op_len, const char *text) {
    bool is_strict = op_len == 1 && op[0] != '=';
    char *end;
    errno = 0;
    int64_t v = strtoll(text, &end, 10), low = INT64_MIN, high = INT64_MAX;
    bool is_whole = errno == 0 && end != text && *end == '\0' && strchr("+-0123456789", text[0]) != NULL;
    if (!is_whole || (is_strict && (v == INT64_MIN || v == INT64_MAX))) /* nothing is beyond these */
        return add_number(f, column, op, op_len, text);
    if (op[0] != '<') low = v + is_strict;
    if (op[0] != '>') high = v - is_strict;
    FilterRange *range = add_range(f, column, "BIGINT");
    snprintf(range->from, sizeof range->from, "%" PRId64, low);
    snprintf(range->to, sizeof range->to, "%" PRId64, high);
    return true;
}

static bool add_time(EntityFilter *f, const char *column, const char *op, size_t op_len, const char *text) {
    int64_t us, low = CLOCK_FIRST_US, high = CLOCK_LAST_US;
    if (clock_read((Span){text, strlen(text)}, &us) != CLOCK_READ) return false;
    if (op[0] != '<') low = us + (op[0] == '>' && op_len == 1);
    if (op[0] != '>') high = us - (op[0] == '<' && op_len == 1);
    FilterRange *range = add_range(f, column, "TIMESTAMP");
    clock_format(low, range->from);
    clock_format(high, range->to);
    return true;
}

static bool add_text(EntityFilter *f, const char *column, const char *op, const char *text) {
    if (op[0] != '=' || f->text_count == FILTER_TEXTS) return false;
    f->texts[f->text_count].column = column;
    f->texts[f->text_count++].equals = xstrdup(text);
    return true;
}

static bool add_condition(EntityFilter *f, const char *condition) {
    size_t n = strcspn(condition, "<>="), op_len = operator_at(condition + n);
    const char *op = condition + n, *as, *column = find_word_too(f, condition, n, false, &as);
    if (op_len == 0 || column == NULL) return false;
    if (as != NULL && strcmp(as, "BOOLEAN") == 0) /* as answers write it: another spelling would find no row, and say nothing */
        return (strcmp(op, "=true") == 0 || strcmp(op, "=false") == 0) && add_text(f, column, op, op + 1);
    if (as != NULL && f->number_count == FILTER_NUMBERS) return false;
    if (as != NULL && strcmp(as, "BIGINT") == 0) return add_integer(f, column, op, op_len, op + op_len);
    if (as != NULL) return (strcmp(as, "DOUBLE") == 0 ? add_number : add_time)(f, column, op, op_len, op + op_len);
    return add_text(f, column, op, op + 1);
}

/* The condition at *text, which then is at the one after it. A semicolon of a value has a backslash before it, and so has a backslash where
 * it would be taken for that. The caller frees. */
static char *next_condition(const char **text) {
    Buf out = {0};
    const char *at = *text;
    buf_add_str(&out, "");
    for (; *at != '\0' && *at != ';'; at++) {
        if (at[0] == '\\' && (at[1] == ';' || at[1] == '\\')) at++;
        buf_add(&out, at, 1);
    }
    *text = at + (*at == ';');
    return buf_take(&out);
}

static void read_where(const Request *req, EntityFilter *f, Response *resp) {
    const char *text = request_param(req, "where");
    while (text != NULL && *text != '\0' && resp->status == 0) {
        CLEANUP(free_text) char *condition = next_condition(&text);
        if (condition[0] != '\0' && !add_condition(f, condition))
            response_bad_param(
                resp, req, "where",
                "The parameter 'where' has '%.64s', which is no condition on a column: numbers and times by >=, <=, >, < and =, true or "
                "false and texts by =; at most %d of numbers and times, and %d of others.",
                condition, FILTER_NUMBERS, FILTER_TEXTS);
    }
}

int entity_filter_read(const Request *req, const Lease *lease, const GoldEntity *e, bool has_risk, EntityFilter *ret, Response *resp,
                       Error *err) {
    *ret = (EntityFilter){.entity = e, .has_risk = has_risk, .columns = json_object()};
    bool plain = request_param(req, "sort") == NULL && request_param(req, "where") == NULL && request_param(req, "fields") == NULL;
    if (!plain && read_columns(lease, ret, err) != 0) return -1;
    read_sort(req, ret, resp);
    if (resp->status == 0) read_fields(req, ret, resp);
    if (resp->status == 0) read_where(req, ret, resp);
    return 0;
}

/* ---- noted ---- */

int entity_filter_read_noted(Service *s, const Request *req, EntityFilter *f, Response *resp, Error *err) {
    const char *wanted = request_param(req, "noted");
    CLEANUP(json_freep) json_t *ids = NULL;
    if (wanted == NULL || note_refuse_without_store(s, req, resp)) return 0;
    bool any = strcmp(wanted, "no") == 0 || strcmp(wanted, "yes") == 0;
    if (note_store_noted(s->notes, f->entity->name, any ? NULL : wanted, &ids, err) != 0) return -1;
    f->noted = json_text(ids);
    f->noted_in = strcmp(wanted, "no") != 0;
    return 0;
}

bool entity_filter_is_narrow(const EntityFilter *f) {
    return f->number_count > 0 || f->text_count > 0 || f->noted != NULL;
}

/* ---- SQL ---- */

/* Names of placeholders, from slots and endings: "number3_unused". Owned by the caller. */
typedef struct Slots {
    LakeBinding items[FILTER_BINDINGS];
    char names[FILTER_BINDINGS][24];
    size_t count;
} Slots;

static void put(Slots *s, LakeValue value, const char *name, size_t i, const char *ending) {
    snprintf(s->names[s->count], sizeof s->names[0], "%s%zu%s", name, i, ending);
    s->items[s->count] = (LakeBinding){s->names[s->count], value};
    s->count++;
}

static void put_slots(const EntityFilter *f, Slots *s) {
    for (size_t i = 0; i < FILTER_NUMBERS; i++) {
        bool used = i < f->number_count, as_text = used && strcmp(f->numbers[i].as, "DOUBLE") != 0;
        put(s, used ? lake_name(f->numbers[i].column) : lake_null(), "number", i, "");
        put(s, lake_bool(!used), "number", i, "_unused");
        put(s, lake_name(used ? f->numbers[i].as : "DOUBLE"), "as", i, "");
        put(s, as_text ? lake_text(f->numbers[i].from) : lake_real(used ? f->numbers[i].low : 0), "low", i, "");
        put(s, as_text ? lake_text(f->numbers[i].to) : lake_real(used ? f->numbers[i].high : 0), "high", i, "");
    }
    for (size_t i = 0; i < FILTER_TEXTS; i++) {
        bool used = i < f->text_count;
        put(s, used ? lake_name(f->texts[i].column) : lake_null(), "text", i, "");
        put(s, lake_bool(!used), "text", i, "_unused");
        put(s, lake_text(used ? f->texts[i].equals : NULL), "equals", i, "");
    }
    s->items[s->count++] = (LakeBinding){"sort", lake_name(f->sort)};
    s->items[s->count++] = (LakeBinding){"sign", lake_int(f->ascending ? -1 : 1)};
    s->items[s->count++] = (LakeBinding){"fields", lake_text(f->fields)};
    s->items[s->count++] = (LakeBinding){"noted", lake_text(f->noted)};
    s->items[s->count++] = (LakeBinding){"noted_in", lake_bool(f->noted_in)};
}

/* sql/<head>.sql, in which a column that is no number is sorted by the order of its values. The caller frees. */
static char *head_sql(const EntityFilter *f, const char *head) {
    static const char as_number[] = "{{sort}}::DOUBLE";
    const char *text = lake_sql(head), *at = strstr(text, as_number);
    if (f->is_as_number || at == NULL) return xstrdup(text);
    return xasprintf("%.*s\n%s%s", (int)(at - text), text, lake_sql("api/order_of_others"), at + strlen(as_number));
}

char *entity_filter_sql(const EntityFilter *f, const char *head, const char *middle, const char *tail) {
    Slots slots = {.count = 0};
    put_slots(f, &slots);
    CLEANUP(free_text) char *first = head_sql(f, head);
    CLEANUP(free_text)
    char *text = xasprintf("%s\n%s\n%s\n%s", first, lake_sql(middle), f->noted != NULL ? lake_sql("api/where_noted") : "",
                           tail != NULL ? lake_sql(tail) : "");
    return gold_entity_text(f->entity, text, slots.items, slots.count);
}
