/* profile.h: what the values of one property were, over many messages. One thread. */
#pragma once
#include "base/arena.h"
#include "infer/forms.h"
#include <stdint.h>
#include <yyjson.h>

#define PROFILE_FEW     12   /* distinct values that are kept */
#define PROFILE_MEMBERS 1000 /* of an object; more are no properties but keys of a map */
#define PROFILE_LEVELS  12
#define PROFILE_DIGITS  19
#define PROFILE_EPOCHS  4 /* units of a time since 1970: seconds, milliseconds, microseconds, nanoseconds */

/* A producer's rare faults must not decide what a field is: one value in 20 may be of another kind, missing or out of range. */
static inline bool nearly_all(int64_t some, int64_t all) {
    enum { ODD_ONE_IN = 20 };
    return all > 0 && (all - some) * ODD_ONE_IN <= all;
}

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
    int64_t no_ids;                                               /* of texts: empty, too long or not plain, what no id may be */
    int64_t ahead;                                                /* of texts that are dates or timestamps: of next year or later */
    int64_t epochs[PROFILE_EPOCHS];                               /* numbers, and texts of digits, that can be a time in this unit */
    size_t least_length, most_length;                             /* of texts, in characters */
    int64_t least, most;                                          /* of integers that fit 64 bits */
    int64_t too_large;                                            /* do not */
    int64_t wholes[PROFILE_DIGITS + 1],
        scales[PROFILE_DIGITS + 1]; /* numbers by their digits before and behind the point; the last: more */
    bool negative;                  /* of any number */
    Span few[PROFILE_FEW];          /* distinct texts and numbers as they came; in the arena */
    int64_t few_seen[PROFILE_FEW];  /* how often each of them came */
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
