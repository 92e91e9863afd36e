/* contracts.c: see contracts.h. A document has general keys and one or more event types, each with the properties of the event
 * (envelope.c). */
#include "contract/contracts.h"

#include "contract/checks.h"
#include "contract/envelope.h"
#include "contract/measures.h"
#include "contract/notes.h"
#include "contract/reader.h"
#include "contract/sla.h"
#include "contract/text.h"
#include "contract/topic.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- an event type ---- */

static bool is_same_topic(const Contract *a, const Contract *b) {
    return a->topic == b->topic || (a->topic != NULL && b->topic != NULL && strcmp(a->topic, b->topic) == 0);
}

static int check_new_type(const Pipeline *p, const Contract *c, const DocNode *name, Error *err) {
    for (const Contract *other = p->contracts; other < p->contracts + p->contract_count; other++)
        if (other != c && strcmp(other->event_type, c->event_type) == 0 && is_same_topic(other, c))
            return REFUSE(name, err, "this event type has a contract already, in %s:%d", other->file, other->line);
    return 0;
}

static int read_event_type(Pipeline *p, Contract *c, const DocNode *object, Error *err) {
    static const char known[] = "id, name, logicalType, physicalName, physicalType, description, businessName, tags, customProperties, "
                                "authoritativeDefinitions, dataGranularityDescription, properties, relationships, quality";
    DocNode properties, name = node_member(object, "name");
    c->line = node_line(object);
    c->event_type = "";
    int rc = checks_known_keys(p, c, object, known, err);
    rc |= topic_read(p, c, object, err);
    if (read_message_name(&name, p->strings, &c->event_type, err) != 0 || check_new_type(p, c, &name, err) != 0) {
        p->columns_missing = true;
        rc = -1;
    }
    rc |= read_description(object, p->strings, &c->description, err);
    checks_note_keys(p, c, object, "relationships");
    if (read_list(object, "properties", false, &properties, err) == 0) {
        if (!node_exists(&properties))
            note_add(p, c, object, NOTE_READ_AS, "it lists no properties: the payload is kept, and has no columns");
        rc |= envelope_read(p, c, &properties, err);
        return rc | measures_read(p, c, object, err);
    }
    p->columns_missing = true;
    return -1;
}

/* ---- the document ---- */

/* customProperties: [{property: position, value: N}] */
static int read_position(const DocNode *document, int64_t *ret, Error *err) {
    DocNode custom;
    if (read_list(document, "customProperties", false, &custom, err) != 0) return -1;
    for (size_t i = 0; i < json_array_size(custom.value); i++) {
        DocNode entry = node_item(&custom, i);
        const char *property = json_string_value(json_object_get(entry.value, "property"));
        if (property != NULL && strcmp(property, "position") == 0) return read_integer(&entry, "value", 0, INT32_MAX, ret, err);
    }
    return 0;
}

/* A contract that is not in force is applied as any other. */
static void note_status(Pipeline *p, Contract *c, const DocNode *document) {
    DocNode status = node_member(document, "status");
    const char *text = json_string_value(status.value);
    if (node_exists(&status) && (text == NULL || strcmp(text, "active") != 0)) checks_note_unenforced(p, c, &status);
}

/* ---- who answers for it ---- */

static const char *keep(Pipeline *p, const json_t *text) {
    return json_is_string(text) && json_string_length(text) > 0 ? strings_keep(p->strings, json_string_value(text)) : NULL;
}

/* The member whose role is the owner's, else the first. v3.1 has them in an object, v3.0 in a list. */
static const char *read_owner(Pipeline *p, const json_t *team) {
    const json_t *members = json_is_array(team) ? team : json_object_get(team, "members"), *chosen = json_array_get(members, 0);
    size_t i;
    json_t *member;
    json_array_foreach(members, i, member) {
        const char *role = json_string_value(json_object_get(member, "role"));
        if (role != NULL && strcasecmp(role, "owner") == 0) chosen = member;
    }
    const char *name = keep(p, json_object_get(chosen, "name"));
    return name != NULL ? name : keep(p, json_object_get(chosen, "username"));
}

static void read_people(Pipeline *p, const DocNode *document, Contract *c) {
    const json_t *team = json_object_get(document->value, "team"),
                 *support = json_array_get(json_object_get(document->value, "support"), 0);
    c->owner = keep(p, json_object_get(team, "name"));
    if (c->owner == NULL) c->owner = read_owner(p, team);
    c->support = keep(p, json_object_get(support, "url"));
    if (c->support == NULL) c->support = keep(p, json_object_get(support, "channel"));
    c->data_product = keep(p, json_object_get(document->value, "dataProduct"));
    c->domain = keep(p, json_object_get(document->value, "domain"));
}

/* ---- the head ---- */

static int read_head(Pipeline *p, const DocNode *document, Contract *c, Error *err) {
    static const char known[] = "apiVersion, kind, id, name, version, status, domain, dataProduct, tenant, tags, description, servers, "
                                "schema, support, price, team, roles, slaProperties, slaDefaultElement, authoritativeDefinitions, "
                                "customProperties, contractCreatedTs";
    static const char *const versions[] = {"v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0"}, *const kinds[] = {"DataContract"};
    DocNode version = node_member(document, "apiVersion"), kind = node_member(document, "kind");
    size_t index;
    c->v3_0 = json_is_string(version.value) && strncmp(json_string_value(version.value), "v3.0.", 5) == 0;
    int rc = checks_known_keys(p, c, document, known, err);
    rc |= read_choice(&version, versions, ARRAY_LEN(versions), &index, err);
    rc |= read_choice(&kind, kinds, ARRAY_LEN(kinds), &index, err);
    rc |= read_text(document, "id", true, &c->id, err);
    rc |= read_text(document, "version", true, &c->version, err);
    rc |= read_position(document, &c->position, err);
    c->file = strings_keep(p->strings, document_name(document->document));
    c->id = strings_keep(p->strings, c->id);
    c->version = strings_keep(p->strings, c->version);
    note_status(p, c, document);
    rc |= sla_note(p, c, document, err);
    read_people(p, document, c);
    return rc;
}

int contracts_read(Pipeline *p, const DocNode *document, Error *err) {
    DocNode schema;
    Contract head = {.id = "", .version = "", .position = INT32_MAX, .entity.column = "", .timestamp.column = "", .quality.column = ""};
    int rc = read_head(p, document, &head, err);
    if (read_list(document, "schema", true, &schema, err) != 0 || json_array_size(schema.value) == 0) p->columns_missing = true;
    if (!json_is_array(schema.value)) return -1;
    if (json_array_size(schema.value) == 0) return REFUSE(&schema, err, "expected one or more event types");
    for (size_t i = 0; i < json_array_size(schema.value); i++) {
        DocNode object = node_item(&schema, i);
        p->contracts = strings_grow(p->strings, p->contracts, p->contract_count, sizeof *p->contracts);
        Contract *c = &p->contracts[p->contract_count++];
        *c = head;
        sla_apply(c, document, &object);
        rc |= read_event_type(p, c, &object, err);
    }
    return rc;
}

/* ---- order ---- */

static int compare_contracts(const void *a, const void *b) {
    const Contract *x = a, *y = b;
    if (x->position != y->position) return x->position < y->position ? -1 : 1;
    int by_file = strcmp(x->file, y->file);
    return by_file != 0 ? by_file : strcmp(x->event_type, y->event_type);
}

void contracts_sort(Pipeline *p) {
    if (p->contract_count > 0) qsort(p->contracts, p->contract_count, sizeof *p->contracts, compare_contracts);
}
