/* profile.h: what the values of one property were, over many messages. One thread. */
#pragma once
#include "base/arena.h"
#include "infer/forms.h"
#include <stdint.h>
#include <yyjson.h>

#define PROFILE_FEW     12   /* distinct values that are kept */
#define PROFILE_MEMBERS 1000 /* of an object; more are no properties but keys of a map */
#define PROFILE_LEVELS  12

typedef struct Profile Profile;

/* A member of an object, in the order in which they came. */
typedef struct ProfileMember {
    const char *name; /* in the arena; a NUL in it became the character U+0001, which no property's name has either */
    Profile *profile;
} ProfileMember;

struct Profile {
    int64_t seen, nulls;                                          /* nulls: of `seen` */
    int64_t texts, integers, decimals, booleans, objects, arrays; /* the same */
    int64_t forms[TEXT_FORMS];                                    /* of texts */
    bool not_plain;                                               /* one of the texts is not (is_plain_text) */
    int64_t latest_us;                                            /* of texts that are dates or timestamps: wall time */
    size_t least_length, most_length;                             /* of texts, in characters */
    int64_t least, most;                                          /* of integers that fit 64 bits */
    bool too_large;                                               /* one does not */
    int whole_digits, scale;                                      /* of numbers: the most before and behind the point */
    bool negative;                                                /* of any number */
    Span few[PROFILE_FEW];                                        /* distinct texts and numbers as they came; in the arena */
    size_t few_count;
    bool many;        /* there are more of them */
    uint64_t *hashes; /* owned: of all distinct texts and numbers, an open table */
    size_t distinct, table_size;
    ProfileMember *members; /* owned */
    size_t member_count;
    bool too_many;  /* members */
    Profile *items; /* owned */
};

/* Counts one value; NULL is none. `level`: 0 for the whole message. */
void profile_add(Profile *p, Arena *texts, yyjson_val *value, int level);
void profile_free(Profile *p);
DEFINE_CLEANUP(profile_free, Profile)
/* NULL: no message had it. */
const Profile *profile_member(const Profile *p, const char *name);
