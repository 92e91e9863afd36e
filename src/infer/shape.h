/* shape.h: where in its messages a topic has what every event has: its type, id, time and entity. Internal to infer. Any thread. */
#pragma once
#include "infer/profile.h"

/* All borrowed from the profile, or static; NULL: none. */
typedef struct Shape {
    const char
        *envelope; /* "smelt", "flat", "cloudevents", "debezium", the last three also after "connect+"; "connect" is flat inside it */
    const char *time_form;                 /* "epoch_s", "epoch_ms", ...; NULL: a text */
    const char *type, *id, *time, *entity; /* keys of a flat message; of a change event the entity alone */
    /* Of a flat message whose properties are in one object beside them, like {"header": {...}, "data": {...}}: the key of that object, and
     * of the objects that have the four above; NULL: the message itself. */
    const char *body, *type_in, *id_in, *time_in, *entity_in;
    bool has_time;      /* of cloudevents and debezium: each message has it where the preset says */
    bool entity_is_key; /* no property says what events are about: the record's key does */
    bool wrapped;       /* in {"schema", "payload"} of Kafka Connect */
} Shape;

/* `root`: of all messages, which are objects. */
void shape_guess(const Profile *root, Shape *ret);
/* Whether messages say which event they are: one that does not is none of them. */
bool shape_says_types(const Shape *s);
/* The object with the properties of one message; NULL: it has none. `ret_type`: its event type; absent: it does not say one. */
yyjson_val *shape_body(const Shape *s, yyjson_val *message, Span *ret_type);
/* What an object of the message has, or the message itself (NULL). */
const Profile *shape_object(const Profile *root, const char *object);
/* Of messages without a time that contracts can read: the property that has the name of one; NULL: none. */
const char *shape_time_left(const Profile *root);
/* The properties that may have the entity's id: of the message, of the row of a change. */
const Profile *shape_row(const Shape *s, const Profile *root);
bool shape_can_be_entity(const Profile *body, const char *key);
/* The key of the entity's id among properties; NULL: none. */
const char *shape_entity(const Profile *body, const char *id, const char *time);
/* Whether some of them have a property with the name of an entity's id: it may be that, and a person must say so. */
bool shape_may_have_entity(const Profile *body);
/* "bike" of "bikeId", if it `is_free`; the caller frees. */
char *shape_entity_name(const char *key, bool (*is_free)(const char *name)) MUST_CHECK;
