/* entities.c: see entities.h.
 *
 * Names of entities become names of tables (gold_<name>_features), addresses (/api/v1/<plural>), and keys of summaries: so they must not be
 * names that are there already. */
#include "contract/entities.h"

#include "base/memory.h"
#include "contract/columns.h"
#include "contract/feature.h"
#include "contract/gold_columns.h"
#include "contract/names.h"
#include "contract/reader.h"
#include "contract/text.h"
#include <string.h>

/* ---- names that are taken ---- */

static bool is_among(const char *const *names, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0) return true;
    return false;
}

/* Words that tables, the API and summaries use, so that no entity can have them. */
static bool is_reserved_word(const char *name) {
    static const char *const words[] = {"bronze",
                                        "silver",
                                        "gold",
                                        "quarantine",
                                        "quarantined",
                                        "drift",
                                        "drifted",
                                        "entity",
                                        "entities",
                                        "event",
                                        "events",
                                        "layer",
                                        "layers",
                                        "model",
                                        "models",
                                        "hour",
                                        "hours",
                                        "run",
                                        "runs",
                                        "status",
                                        "overview",
                                        "history",
                                        "changes",
                                        "quality",
                                        "rejects",
                                        "messages",
                                        "partitions",
                                        "throughput",
                                        "latency",
                                        "audit",
                                        "system",
                                        "snapshots",
                                        "pipeline",
                                        "operation",
                                        "operations",
                                        "generation",
                                        "live",
                                        "state",
                                        "states",
                                        "base",
                                        "features",
                                        "feature",
                                        "labels",
                                        "label",
                                        "columns",
                                        "column",
                                        "scored",
                                        "scores",
                                        "high",
                                        "medium",
                                        "low",
                                        "full",
                                        "seconds",
                                        "warning",
                                        "skipped",
                                        "unenforced",
                                        "columns_added",
                                        "contracts_changed",
                                        "features_rebuilt",
                                        "events_per_second"};
    static const char *const endings[] = {"_features", "_state", "_rebuild"};
    size_t n = strlen(name);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (n > strlen(endings[i]) && strcmp(name + n - strlen(endings[i]), endings[i]) == 0) return true;
    return is_among(words, ARRAY_LEN(words), name);
}

bool is_entity_name(const char *name) {
    CLEANUP(free_text) char *plural = xasprintf("%ss", name);
    return is_name(name) && is_name(plural) && !is_reserved_word(name) && !is_reserved_word(plural);
}

/* ---- the key ---- */

/* The id in the envelope, as the contracts say. */
static const Contract *contract_with_entity(const Pipeline *p) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->entity_name != NULL && c->entity.column[0] != '\0') return c;
    return NULL;
}

static bool names_an_entity(const Pipeline *p) {
    for (const Contract *c = p->contracts; c < p->contracts + p->contract_count; c++)
        if (c->entity.column[0] != '\0') return true;
    return false;
}

/* Where no contract names an entity, no event has an id of it: Silver's column is empty, and so is its Gold. */
static int read_first_key(Pipeline *p, const DocNode *node, Entity *e, Error *err) {
    const Contract *c = contract_with_entity(p);
    const char *column = c != NULL ? c->entity.column : UNNAMED_KEY;
    e->key = (Column){.name = column, .sql_type = "VARCHAR", .type = VALUE_TEXT};
    if (c == NULL && (p->columns_missing || names_an_entity(p))) return -1; /* the contracts have mistakes of their own */
    if (!node_exists(node)) return 0;
    if (c != NULL && json_is_string(node->value) && strcmp(json_string_value(node->value), column) == 0) return 0;
    const char *expected = c != NULL ? strings_format(p->strings, "%s, or leave this out", column)
                                     : "customProperties: [{property: entity, value: NAME}] at a property of a contract";
    return REFUSE(node, err, "the key of the first entity is the id that every event has; expected %s", expected);
}

static int read_other_key(Pipeline *p, const DocNode *node, Entity *e, Error *err) {
    e->key = (Column){.name = "", .sql_type = "VARCHAR", .type = VALUE_TEXT};
    if (!node_exists(node)) return REFUSE(node, err, "expected a column of Silver, the id of the entity");
    const char *name = json_string_value(node->value);
    const Contract *c = contract_with_entity(p);
    if (name != NULL && c != NULL && strcmp(name, c->entity.column) == 0)
        return REFUSE(node, err, "this is the key of the first entity; expected another column");
    if (column_find(p, node, name, &e->key, err) != 0) return -1;
    if (e->key.type != VALUE_TEXT && e->key.type != VALUE_INTEGER)
        return REFUSE(node, err, "this column is a %s; expected one of texts or integers", value_type_name(e->key.type));
    return is_key_column(e->key.name) ? 0 : REFUSE(node, err, "Gold uses this name itself; expected a column of another name");
}

/* ---- names ---- */

static bool is_used(const Pipeline *p, const char *word) {
    for (const Entity *e = p->entities; e < p->entities + p->entity_count; e++)
        if (strcmp(e->name, word) == 0 || strcmp(e->plural, word) == 0) return true;
    return false;
}

static int check_word(const Pipeline *p, const DocNode *node, const char *word, Error *err) {
    if (is_reserved_word(word)) return REFUSE(node, err, "the name %s is taken; expected another one", word);
    return is_used(p, word) ? REFUSE(node, err, "another entity has the name %s; expected another one", word) : 0;
}

static int read_one_name(Pipeline *p, const DocNode *node, const char *otherwise, const char **ret, Error *err) {
    *ret = otherwise;
    if (node_exists(node) && read_name(node, p->strings, ret, err) != 0) return -1;
    return check_word(p, node, *ret, err);
}

static int read_names(Pipeline *p, const DocNode *at, const char *name, Entity *e, Error *err) {
    DocNode entity = node_member(at, "entity"), plural = node_member(at, "plural");
    int rc = read_one_name(p, &entity, name, &e->name, err);
    rc |= read_one_name(p, &plural, strings_format(p->strings, "%ss", e->name), &e->plural, err);
    if (rc == 0 && strcmp(e->name, e->plural) == 0) rc = REFUSE(&plural, err, "expected another word than the entity's name");
    return rc;
}

static int read_title(Pipeline *p, const DocNode *at, const char *key, const char *otherwise, const char **ret, Error *err) {
    const char *title = NULL;
    *ret = otherwise;
    if (read_text(at, key, false, &title, err) != 0) return -1;
    if (title != NULL) *ret = strings_keep(p->strings, title);
    return 0;
}

static int read_titles(Pipeline *p, const DocNode *at, Entity *e, Error *err) {
    DocNode title = node_member(at, "title");
    bool unnamed = strcmp(e->name, UNNAMED_ENTITY) == 0;
    int rc = read_title(p, at, "title", unnamed ? "entity" : words_of_name(p->strings, e->name), &e->title, err);
    const char *plural = node_exists(&title) ? strings_format(p->strings, "%ss", e->title)
                         : unnamed           ? "entities"
                                             : words_of_name(p->strings, e->plural);
    rc |= read_title(p, at, "title_plural", plural, &e->title_plural, err);
    e->description = "";
    rc |= read_description(at, p->strings, &e->description, err);
    if (unnamed && e->description[0] == '\0') e->description = UNNAMED_HINT;
    return rc;
}

int entity_read_head(Pipeline *p, const DocNode *at, bool first, Entity *e, Error *err) {
    DocNode entity = node_member(at, "entity"), key = node_member(at, "key");
    const Contract *c = contract_with_entity(p);
    int rc = first ? read_first_key(p, &key, e, err) : read_other_key(p, &key, e, err);
    if (!first && !node_exists(&entity)) rc |= REFUSE(&entity, err, "expected a name, for example tower");
    rc |= read_names(p, at, first && c != NULL ? c->entity_name : UNNAMED_ENTITY, e, err);
    return rc | read_titles(p, at, e, err);
}

/* ---- lists ---- */

static int read_listed(const Entity *e, const DocNode *node, size_t *ret, Error *err) {
    const char *name = json_string_value(node->value);
    for (size_t i = 0; name != NULL && i < e->feature_count; i++) {
        *ret = i;
        if (strcmp(e->features[i].name, name) == 0) return 0;
    }
    if (name != NULL && e->features_missing) return -1; /* it may be the one that could not be read */
    return REFUSE(node, err, "expected the name of a feature");
}

int entity_read_list(Pipeline *p, const DocNode *at, Entity *e, Error *err) {
    DocNode list;
    if (read_list(at, "list", false, &list, err) != 0) return -1;
    size_t n = list.value != NULL ? json_array_size(list.value) : e->feature_count;
    int rc = 0;
    e->list = strings_array(p->strings, n + 1, sizeof *e->list);
    for (e->list_count = 0; e->list_count < n; e->list_count++) {
        DocNode node = node_item(&list, e->list_count);
        size_t *index = &e->list[e->list_count];
        *index = e->list_count;
        if (list.value != NULL) rc |= read_listed(e, &node, index, err);
    }
    return rc;
}

/* ---- where a row is ---- */

static int read_coordinate(const Entity *e, const DocNode *place, const char *key, const char **ret, Error *err) {
    DocNode node = node_member(place, key);
    size_t index = 0;
    if (!node_exists(&node)) return REFUSE(&node, err, "expected the name of a feature; a place is latitude and longitude, or x and y");
    if (read_listed(e, &node, &index, err) != 0) return -1;
    if (!feature_is_number(&e->features[index])) return REFUSE(&node, err, "this feature is no number; expected one that is");
    *ret = e->features[index].name;
    return 0;
}

int entity_read_place(const DocNode *at, Entity *e, Error *err) {
    DocNode place;
    if (read_object(at, "place", &place, err) != 0) return -1;
    if (place.value == NULL) return 0;
    DocNode latitude = node_member(&place, "latitude"), longitude = node_member(&place, "longitude");
    e->place.on_earth = node_exists(&latitude) || node_exists(&longitude);
    int rc = check_keys(&place, e->place.on_earth ? "latitude, longitude" : "x, y", err);
    rc |= read_coordinate(e, &place, e->place.on_earth ? "longitude" : "x", &e->place.x, err);
    return rc | read_coordinate(e, &place, e->place.on_earth ? "latitude" : "y", &e->place.y, err);
}
