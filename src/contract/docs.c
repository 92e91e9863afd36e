/* docs.c: see docs.h. */
#include "contract/docs.h"

#include "base/memory.h"
#include "contract/names.h"
#include "contract/words.h"
#include <string.h>

/* In a cell: no line breaks, and no bars that end it. */
static void add_cell(Buf *out, const char *text) {
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '|' || *c == '\\' || *c == '<') buf_add_char(out, '\\');
        buf_add_char(out, *c == '\n' || *c == '\r' ? ' ' : *c);
    }
}

static void add_limit(Buf *out, const QualityMeasure *m) {
    CLEANUP(buf_done) Buf words = {0};
    measure_words(m, &words);
    add_cell(out, m->rule);
    buf_add_str(out, ", counted: ");
    add_cell(out, words.data);
}

static void add_rules(Buf *out, const Contract *of, const Field *f) {
    if (f->required) buf_add_str(out, "required");
    for (const Check *c = f->checks; c < f->checks + f->check_count; c++) {
        CLEANUP(buf_done) Buf words = {0};
        check_words(c, &words);
        if (f->required || c > f->checks) buf_add_str(out, "; ");
        add_cell(out, words.data);
        buf_add_str(out, " (");
        if (c->counted > 0)
            add_limit(out, &of->measures[c->counted - 1]);
        else
            add_cell(out, c->rule);
        buf_add_char(out, ')');
    }
}

static void add_field(Buf *out, const Contract *of, const char *path, const Field *f) {
    buf_add_str(out, "| ");
    add_cell(out, path);
    buf_addf(out, " | %s | %s | ", f->column != NULL ? f->column : "", f->sql_type);
    add_rules(out, of, f);
    buf_add_str(out, " | ");
    if (f->unit != NULL) add_cell(out, f->unit);
    buf_add_str(out, " | ");
    add_cell(out, f->description != NULL ? f->description : "");
    buf_add_str(out, " |\n");
    for (const Field *inside = f->properties; inside < f->properties + f->property_count; inside++) {
        CLEANUP(free_text) char *name = xasprintf("%s.%s", path, inside->name);
        add_field(out, of, name, inside);
    }
    if (f->items == NULL) return;
    CLEANUP(free_text) char *items = xasprintf("%s[]", path);
    add_field(out, of, items, f->items);
}

static void add_line(Buf *out, const char *what, const char *text) {
    if (text == NULL || text[0] == '\0') return;
    buf_addf(out, "- %s: ", what);
    add_cell(out, text);
    buf_add_char(out, '\n');
}

/* Of the envelope, which a contract may leave out. */
static void add_part(Buf *out, const Contract *of, const Field *f) {
    if (f->name != NULL && f->sql_type != NULL) add_field(out, of, f->name, f);
}

/* Those that are no check of a value. */
static void add_measures(Buf *out, const Contract *c) {
    bool any = false;
    for (const QualityMeasure *m = c->measures; m < c->measures + c->measure_count; m++) {
        if (m->metric != MEASURE_ROWS && m->metric != MEASURE_DUPLICATES) continue;
        buf_add_str(out, any ? "- " : "\n- ");
        add_limit(out, m);
        buf_add_char(out, '\n');
        any = true;
    }
}

static void add_contract(Buf *out, const Contract *c) {
    buf_add_str(out, "\n## ");
    add_cell(out, c->event_type);
    buf_add_str(out, "\n\n");
    if (c->description[0] != '\0') {
        add_cell(out, c->description);
        buf_add_str(out, "\n\n");
    }
    buf_addf(out, "- Contract: %s %s, %s\n", c->id, c->version, c->file);
    add_line(out, "Owner", c->owner);
    add_line(out, "Support", c->support);
    add_line(out, "Data product", c->data_product);
    add_line(out, "Domain", c->domain);
    buf_add_str(out, "\n| field | column | type | rules | unit | description |\n|---|---|---|---|---|---|\n");
    add_part(out, c, &c->entity);
    add_part(out, c, &c->timestamp);
    add_part(out, c, &c->quality);
    for (const Field *f = c->fields; f < c->fields + c->field_count; f++) add_field(out, c, f->name, f);
    add_measures(out, c);
}

/* ---- features ---- */

static void add_source(Buf *out, const Feature *f) {
    buf_addf(out, "%s of %s", aggregate_names[f->aggregate], f->column.name != NULL ? f->column.name : "events");
    if (f->where_count > 0) buf_add_str(out, ", of some");
    for (size_t i = 0; i < f->window_count; i++) buf_addf(out, "%s%d", i == 0 ? "; also over days: " : ", ", f->windows[i]);
}

static void add_feature(Buf *out, const Feature *f) {
    buf_addf(out, "| %s | ", f->name);
    add_source(out, f);
    buf_add_str(out, " | ");
    add_cell(out, f->unit);
    buf_addf(out, " | %s | ", f->worse != NULL ? f->worse : "");
    add_cell(out, f->description);
    buf_add_str(out, " |\n");
}

static void add_entity(Buf *out, const Entity *e) {
    buf_add_str(out, "\n## Features of a ");
    add_cell(out, e->title);
    buf_add_str(out, "\n\n");
    add_line(out, "What it is", e->description);
    if (e->place.x != NULL)
        buf_addf(out, "- Place: %s %s, %s\n", e->place.on_earth ? "longitude and latitude" : "x and y", e->place.x, e->place.y);
    if (e->description[0] != '\0' || e->place.x != NULL) buf_add_char(out, '\n');
    buf_add_str(out, "| feature | from | unit | worse when | description |\n|---|---|---|---|---|\n");
    for (const Feature *f = e->features; f < e->features + e->feature_count; f++) add_feature(out, f);
}

void contracts_document(const Pipeline *p, Buf *out) {
    buf_add_str(out, "# Data contracts\n\nAn event that breaks a rule is in quarantine, with the rule's name.\n");
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++) add_contract(out, c);
    for (const Entity *e = p->entities; e < p->entities + p->entity_count; e++) add_entity(out, e);
}
