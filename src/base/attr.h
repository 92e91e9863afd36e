/* attr.h: compiler attributes that every module uses. */
#pragma once
#include <stddef.h>

#define MUST_CHECK             __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn)            __attribute__((cleanup(fn)))
#define ARRAY_LEN(a)           (sizeof(a) / sizeof *(a))

/* DEFINE_CLEANUP(thing_free, Thing): thing_freep(Thing **), for CLEANUP(thing_freep) on a local. It frees nothing when the variable is
 * NULL, and sets it to NULL, so that an early call does not lead to a double free. */
#define DEFINE_CLEANUP(free_fn, Type)                                                                                                      \
    static inline void free_fn##p(Type **p) {                                                                                              \
        if (*p != NULL) free_fn(*p);                                                                                                       \
        *p = NULL;                                                                                                                         \
    }

/* Takes the pointer out of a cleanup variable: the caller of the enclosing function owns it from here on. */
#define TAKE(p)                                                                                                                            \
    ({                                                                                                                                     \
        __typeof__(p) taken_ = (p);                                                                                                        \
        (p) = NULL;                                                                                                                        \
        taken_;                                                                                                                            \
    })
