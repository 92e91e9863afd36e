/* shape.c: see shape.h. Guesses by names and by what the values are; a person reads what came of it. */
#include "infer/shape.h"

#include "base/clock.h"
#include "base/memory.h"
#include <string.h>

/* ---- envelopes ---- */

/* Here and below, what is said of messages holds for nearly all of them. */
static bool is_always(const Profile *root, const char *name) {
    const Profile *p = profile_member(root, name);
    return p != NULL && nearly_all(p->seen - p->nulls, root->objects);
}

static bool is_object(const Profile *root, const char *name) {
    const Profile *p = profile_member(root, name);
    return p != NULL && p->objects > 0 && nearly_all(p->objects + p->nulls, p->seen);
}

/* In hardly any message is something beside the two. The schema is null where Connect has none. */
static bool is_wrapped(const Profile *root) {
    const Profile *schema = profile_member(root, "schema");
    if (schema == NULL || !nearly_all(schema->seen, root->objects) || !is_object(root, "payload") || !is_always(root, "payload"))
        return false;
    for (size_t i = 0; i < root->member_count; i++) {
        const char *name = root->members[i].name;
        bool one_of_them = strcmp(name, "schema") == 0 || strcmp(name, "payload") == 0;
        if (!one_of_them && !nearly_all(root->objects - root->members[i].profile->seen, root->objects)) return false;
    }
    return true;
}

static bool is_text(const Profile *root, const char *name) {
    const Profile *p = profile_member(root, name);
    return p != NULL && nearly_all(p->texts - p->no_ids, root->objects);
}

/* Absent, or what an id may be. */
static bool is_id(const Profile *p) {
    return p != NULL && nearly_all(p->seen - p->no_ids, p->seen);
}

static const Profile *member_of(const Profile *root, const char *object, const char *name) {
    const Profile *p = profile_member(root, object);
    return p != NULL ? profile_member(p, name) : NULL;
}

/* Each change says of which source and which table it is. */
static bool is_debezium(const Profile *root) {
    const Profile *source = profile_member(root, "source");
    return is_text(root, "op") && is_object(root, "source") && nearly_all(source->objects, root->objects) && is_text(source, "name") &&
           (is_text(source, "table") || is_text(source, "collection")) && (is_object(root, "after") || is_object(root, "before"));
}

static bool is_cloudevents(const Profile *root) {
    return is_always(root, "specversion") && is_text(root, "id") && is_text(root, "source") && is_text(root, "type") &&
           is_object(root, "data");
}

static bool is_smelt(const Profile *root) {
    const Profile *time = profile_member(root, "timestamp");
    return is_text(root, "id") && is_text(root, "type") && is_text(root, "source") && is_id(profile_member(root, "subscriber_id")) &&
           is_text(root, "timestamp") && nearly_all(time->forms[FORM_TIMESTAMP] + time->forms[FORM_DATE], time->texts) &&
           profile_member(root, "quality_score") != NULL && is_object(root, "payload");
}

/* ---- keys of a flat message ---- */

/* What can be an id: not empty, of 256 characters at most. */
static bool is_scalar(const Profile *p) {
    return nearly_all(p->texts + p->integers - p->no_ids, p->seen);
}

static bool is_nameable(const char *name) {
    return is_property_name((Span){name, strlen(name)});
}

/* The first key whose words are those of the list, and for which `fits`. */
static const char *find_by_words(const Profile *root, const char *const *list, size_t n,
                                 bool (*fits)(const Profile *root, const Profile *p)) {
    for (size_t i = 0; i < n; i++)
        for (size_t m = 0; m < root->member_count; m++) {
            CLEANUP(buf_done) Buf words = {0};
            name_words(root->members[m].name, &words);
            if (words.data != NULL && is_nameable(root->members[m].name) && strcmp(words.data, list[i]) == 0 &&
                fits(root, root->members[m].profile))
                return root->members[m].name;
        }
    return NULL;
}

static bool is_type(const Profile *root, const Profile *p) {
    int64_t named = 0;
    for (size_t i = 0; i < p->few_count; i++)
        if (is_property_name(p->few[i])) named += p->few_seen[i];
    return nearly_all(p->texts, p->seen) && nearly_all(named, root->objects) && !p->many;
}

static const char *find_type(const Profile *root) {
    static const char *const names[] = {"event type", "type", "event name", "event", "kind", "message type", "record type", "detail type"};
    return find_by_words(root, names, ARRAY_LEN(names), is_type);
}

static bool is_unique(const Profile *root, const Profile *p) {
    return is_scalar(p) && nearly_all(p->seen, root->objects) && nearly_all((int64_t)p->distinct, root->objects);
}

static const char *find_id(const Profile *root) {
    static const char *const names[] = {"event id", "id", "message id", "event uuid", "uuid", "transaction id"};
    const char *named = find_by_words(root, names, ARRAY_LEN(names), is_unique);
    for (size_t i = 0; named == NULL && root->objects > 1 && i < root->member_count; i++)
        if (is_nameable(root->members[i].name) && ends_with_word(root->members[i].name, "id, uuid, guid") &&
            is_unique(root, root->members[i].profile))
            return root->members[i].name;
    return named;
}

/* ---- times ---- */

/* Of nearly all of these messages. */
static const char *epoch_form(const Profile *p, int64_t messages) {
    static const char *const forms[PROFILE_EPOCHS] = {"epoch_s", "epoch_ms", "epoch_us", "epoch_ns"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        if (nearly_all(p->epochs[i], messages)) return forms[i];
    return NULL;
}

/* When something happened: messages have it, and it is not of next year, as the end of a contract is. */
static bool is_moment(const Profile *root, const Profile *p) {
    return epoch_form(p, root->objects) != NULL || nearly_all(p->forms[FORM_TIMESTAMP] - p->ahead, root->objects);
}

static bool is_time(const Profile *root, const Profile *p) {
    return epoch_form(p, root->objects) != NULL || nearly_all(p->forms[FORM_TIMESTAMP] + p->forms[FORM_DATE] - p->ahead, root->objects);
}

/* A birthday, or the day on which something is due, is no time of an event, and a version is none at all. */
static bool is_of_something_else(const char *name) {
    return has_word(name,
                    "birth, birthday, birthdate, dob, born, expires, expiry, expiration, until, due, valid, deadline, eta, etd, planned, "
                    "scheduled, estimated, expected, version");
}

static bool has_time_name(const char *name) {
    return has_word(name, "timestamp, time, ts, at, datetime, created, occurred, sent, received, when") && !is_of_something_else(name);
}

static bool may_be_time(const char *name, const Profile *p) {
    return !is_of_something_else(name) && (p->forms[FORM_TIMESTAMP] + p->forms[FORM_DATE] > 0 || has_time_name(name));
}

static const char *find_time_of(const Profile *root, bool (*fits)(const Profile *root, const Profile *p)) {
    static const char *const names[] = {"event timestamp", "event time", "timestamp", "ts",   "time", "occurred at",
                                        "event ts",        "created at", "datetime",  "date", "at",   "created"};
    const char *named = find_by_words(root, names, ARRAY_LEN(names), fits);
    for (size_t i = 0; named == NULL && i < root->member_count; i++) {
        const Profile *p = root->members[i].profile;
        if (is_nameable(root->members[i].name) && fits(root, p) && may_be_time(root->members[i].name, p)) return root->members[i].name;
    }
    return named;
}

/* A day alone only where nothing says the time of day. */
static const char *find_time(const Profile *root) {
    const char *moment = find_time_of(root, is_moment);
    return moment != NULL ? moment : find_time_of(root, is_time);
}

const char *shape_time_left(const Profile *root) {
    for (size_t i = 0; i < root->member_count; i++)
        if (has_time_name(root->members[i].name) && root->members[i].profile->booleans == 0) return root->members[i].name;
    return NULL;
}

/* ---- the entity ---- */

static bool is_key(const char *name, const char *taken) {
    return taken == NULL || strcmp(name, taken) != 0;
}

static bool has_entity_name(const char *name) {
    return ends_with_word(name, "id, msisdn, imsi, account, customer, user, device, iban") && strcmp(name, "id") != 0;
}

bool shape_may_have_entity(const Profile *body) {
    for (size_t i = 0; i < body->member_count; i++)
        if (has_entity_name(body->members[i].name)) return true;
    return false;
}

bool shape_can_be_entity(const Profile *body, const char *key) {
    const Profile *p = profile_member(body, key);
    return has_entity_name(key) && is_nameable(key) && is_scalar(p) && nearly_all(p->seen, body->objects);
}

/* Some events have it, as those of customers who are signed in. */
static bool is_of_some(const Profile *body, const char *key) {
    const Profile *p = profile_member(body, key);
    int64_t values = p->seen - p->nulls;
    return has_entity_name(key) && is_nameable(key) && values * 5 >= body->objects && p->distinct < (size_t)values &&
           nearly_all(p->texts + p->integers - p->no_ids, values);
}

/* An id that comes again is of something that has several events. */
const char *shape_entity(const Profile *body, const char *id, const char *time) {
    const char *first = NULL, *of_some = NULL;
    for (size_t i = 0; i < body->member_count; i++) {
        const char *name = body->members[i].name;
        const Profile *p = body->members[i].profile;
        if (!is_key(name, id) || !is_key(name, time)) continue;
        if (of_some == NULL && is_of_some(body, name)) of_some = name;
        if (!shape_can_be_entity(body, name)) continue;
        if (p->distinct < (size_t)p->seen) return name;
        if (first == NULL) first = name;
    }
    return first != NULL ? first : of_some;
}

/* "bike", of a name that can be one: else "bike_id", else "thing". */
char *shape_entity_name(const char *key, bool (*is_free)(const char *name)) {
    CLEANUP(buf_done) Buf words = {0};
    name_words(key, &words);
    char *name = xstrdup(words.data != NULL ? words.data : "");
    for (char *c = name; *c != '\0'; c++)
        if (*c == ' ') *c = '_';
    size_t n = strlen(name), stem = n > 3 && strcmp(name + n - 3, "_id") == 0 ? n - 3 : n;
    char *shorter = xstrndup(name, stem);
    if (is_free(shorter)) {
        free(name);
        return shorter;
    }
    free(shorter);
    if (is_free(name)) return name;
    free(name);
    return xstrdup("thing");
}

/* ---- the whole ---- */

static void guess_flat(const Profile *root, Shape *s) {
    s->type = find_type(root);
    s->id = find_id(root);
    s->time = find_time(root);
    if (s->time != NULL) s->time_form = epoch_form(profile_member(root, s->time), root->objects);
    s->entity = shape_entity(root, s->id, s->time);
    if (s->entity != NULL && s->type != NULL && strcmp(s->entity, s->type) == 0) s->entity = NULL;
}

/* ---- an envelope of one's own ---- */

const Profile *shape_object(const Profile *root, const char *object) {
    return object != NULL ? profile_member(root, object) : root;
}

static bool is_whole_object(const Profile *root, const Profile *p) {
    return p->member_count > 0 && nearly_all(p->objects, root->objects);
}

/* In a path without brackets ($.header.id). */
static bool is_path_key(const char *name) {
    return name == NULL || strpbrk(name, ". '\"[]") == NULL;
}

static bool same_key(const char *a, const char *b) {
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Beside the payload is nothing that a person would miss as a column. */
static bool is_all_around(const Profile *root, const Shape *s, const char *meta) {
    static const char about_the_message[] = "version, schema, specversion, source, producer, account, region, environment, env, trace, "
                                            "correlation, causation, tenant, host, offset, partition";
    for (size_t i = 0; i < root->member_count; i++) {
        const char *name = root->members[i].name;
        const Profile *p = root->members[i].profile;
        bool used = same_key(name, s->body) || same_key(name, meta) || (s->type_in == NULL && same_key(name, s->type)) ||
                    (s->id_in == NULL && same_key(name, s->id)) || (s->time_in == NULL && same_key(name, s->time)) ||
                    (s->entity_in == NULL && same_key(name, s->entity));
        if (!used && p->texts + p->integers + p->decimals + p->booleans > 0 && !has_word(name, about_the_message)) return false;
    }
    return true;
}

/* The first of the objects in which it is. */
static const char *look_for(const Profile *root, const char *const *objects, size_t n, const char *(*find)(const Profile *),
                            const char **ret_object) {
    const char *found = NULL;
    for (size_t i = 0; i < n && found == NULL; i++) {
        if (i > 0 && objects[i] == NULL) continue;
        found = find(shape_object(root, objects[i]));
        *ret_object = objects[i];
    }
    return found;
}

/* Beside a payload an account is whose bus it is, as of EventBridge. */
static const char *find_entity(const Profile *object) {
    const char *found = shape_entity(object, find_id(object), find_time(object));
    return same_key(found, "account") ? NULL : found;
}

static bool guess_nested(const Profile *root, Shape *s) {
    static const char *const bodies[] = {"payload", "data", "body", "detail", "message"}, *const metas[] = {"header",   "headers",
                                                                                                            "meta",     "metadata",
                                                                                                            "envelope", "context"};
    Shape n = {.envelope = s->envelope, .body = find_by_words(root, bodies, ARRAY_LEN(bodies), is_whole_object)};
    const char *meta = find_by_words(root, metas, ARRAY_LEN(metas), is_whole_object), *objects[] = {NULL, meta, n.body};
    if (n.body == NULL || !is_path_key(n.body) || !is_path_key(meta)) return false;
    n.type = look_for(root, objects, 2, find_type, &n.type_in);
    n.id = look_for(root, objects, 2, find_id, &n.id_in);
    n.time = look_for(root, objects, 2, find_time, &n.time_in);
    if (n.type == NULL && n.time == NULL) return false; /* then it is an object as any other */
    if (n.time == NULL) n.time = look_for(root, objects, 3, find_time, &n.time_in);
    n.entity = look_for(root, objects, 3, find_entity, &n.entity_in);
    if (same_key(n.entity, n.type) && n.entity_in == n.type_in) n.entity = NULL;
    if (n.time != NULL) n.time_form = epoch_form(profile_member(shape_object(root, n.time_in), n.time), root->objects);
    bool paths = is_path_key(n.type) && is_path_key(n.id) && is_path_key(n.time) && is_path_key(n.entity);
    if (!paths || !is_all_around(root, &n, meta)) return false;
    *s = n;
    return true;
}

/* Where each change has it, or not all of them: then the record's. */
static void guess_debezium(const Profile *root, Shape *s) {
    const Profile *inner = member_of(root, "source", "ts_ms"), *outer = profile_member(root, "ts_ms");
    s->has_time = (inner != NULL && nearly_all(inner->integers, root->objects)) ||
                  (outer != NULL && inner == NULL && nearly_all(outer->integers, root->objects));
}

static void guess_cloudevents(const Profile *root, Shape *s) {
    const Profile *time = profile_member(root, "time");
    s->has_time = time != NULL && nearly_all(time->forms[FORM_TIMESTAMP] + time->forms[FORM_DATE], root->objects);
}

void shape_guess(const Profile *root, Shape *ret) {
    *ret = (Shape){.wrapped = is_wrapped(root)};
    if (ret->wrapped) root = profile_member(root, "payload");
    if (is_debezium(root)) {
        ret->envelope = ret->wrapped ? "connect+debezium" : "debezium";
        ret->entity = shape_entity(profile_member(root, is_object(root, "after") ? "after" : "before"), NULL, NULL);
        guess_debezium(root, ret);
    } else if (is_cloudevents(root)) {
        ret->envelope = ret->wrapped ? "connect+cloudevents" : "cloudevents";
        guess_cloudevents(root, ret);
    } else if (!ret->wrapped && is_smelt(root)) {
        ret->envelope = "smelt";
    } else {
        ret->envelope = ret->wrapped ? "connect" : "flat";
        if (ret->wrapped || !guess_nested(root, ret)) guess_flat(root, ret);
    }
}

const Profile *shape_row(const Shape *s, const Profile *root) {
    if (s->wrapped) root = profile_member(root, "payload");
    if (s->body != NULL) return shape_object(root, s->entity != NULL ? s->entity_in : s->body);
    return strstr(s->envelope, "debezium") == NULL ? root : profile_member(root, is_object(root, "after") ? "after" : "before");
}

static Span text_of(yyjson_val *value) {
    return yyjson_is_str(value) ? (Span){yyjson_get_str(value), yyjson_get_len(value)} : (Span){0};
}

bool shape_says_types(const Shape *s) {
    return s->type != NULL || (strcmp(s->envelope, "flat") != 0 && strcmp(s->envelope, "connect") != 0);
}

yyjson_val *shape_body(const Shape *s, yyjson_val *message, Span *ret_type) {
    yyjson_val *body = s->wrapped ? yyjson_obj_get(message, "payload") : message;
    *ret_type = (Span){0};
    if (strstr(s->envelope, "debezium") != NULL) {
        yyjson_val *source = yyjson_obj_get(body, "source"), *table = yyjson_obj_get(source, "table");
        *ret_type = text_of(table != NULL && !yyjson_is_null(table) ? table : yyjson_obj_get(source, "collection"));
        yyjson_val *after = yyjson_obj_get(body, "after");
        return yyjson_is_obj(after) ? after : yyjson_obj_get(body, "before");
    }
    if (strstr(s->envelope, "cloudevents") != NULL || strcmp(s->envelope, "smelt") == 0) {
        *ret_type = text_of(yyjson_obj_get(body, "type"));
        return yyjson_obj_get(body, strcmp(s->envelope, "smelt") == 0 ? "payload" : "data");
    }
    if (s->type != NULL) *ret_type = text_of(yyjson_obj_get(s->type_in != NULL ? yyjson_obj_get(body, s->type_in) : body, s->type));
    return s->body != NULL ? yyjson_obj_get(body, s->body) : body;
}
