/* ends.c: see ends.h. A long double holds each 64-bit integer exactly. */
#include "contract/ends.h"

#include <math.h>
#include <stdlib.h>

static bool is_number(const Field *field) {
    return field->type == VALUE_INTEGER || field->type == VALUE_DECIMAL;
}

static bool is_low(const Check *c) {
    return c->kind == CHECK_MINIMUM || c->kind == CHECK_ABOVE || c->kind == CHECK_MIN_LENGTH || c->kind == CHECK_MIN_ITEMS;
}

static bool is_end(const Check *c, EndsOf of) {
    switch (of) {
    case ENDS_OF_VALUE: return c->kind <= CHECK_BELOW;
    case ENDS_OF_LENGTH: return c->kind == CHECK_MIN_LENGTH || c->kind == CHECK_MAX_LENGTH;
    case ENDS_OF_COUNT: return c->kind == CHECK_MIN_ITEMS || c->kind == CHECK_MAX_ITEMS;
    case ENDS_OF_LEAD: return c->kind == CHECK_AHEAD;
    case ENDS: break;
    }
    return false;
}

static bool is_same(long double a, long double b) {
    return !(a < b) && !(a > b);
}

/* Of two with the same number the one that does not let it pass. */
static bool is_tighter(bool low, long double limit, bool open, long double than, bool than_open) {
    if (is_same(limit, than)) return open && !than_open;
    return (limit > than) == low;
}

static void narrow(Ends *e, const Field *field, const Check *c) {
    bool low = is_low(c), open = c->kind == CHECK_ABOVE || c->kind == CHECK_BELOW;
    long double limit = is_number(field) && c->text != NULL ? strtold(c->text, NULL) : (long double)c->number;
    if (field->type == VALUE_INTEGER) {
        long double whole = low ? ceill(limit) : floorl(limit);
        if (open && is_same(whole, limit)) whole += low ? 1 : -1;
        limit = whole;
        open = false;
    }
    if (low && (e->low == NULL || is_tighter(true, limit, open, e->least, e->above))) {
        e->least = limit;
        e->above = open;
        e->low = c;
    }
    if (!low && (e->high == NULL || is_tighter(false, limit, open, e->most, e->below))) {
        e->most = limit;
        e->below = open;
        e->high = c;
    }
}

Ends ends_of(const Field *field, EndsOf of, size_t counted) {
    Ends e = {.low = NULL};
    for (const Check *c = field->checks; c < field->checks + field->check_count; c++)
        if (c->counted == counted && is_end(c, of)) narrow(&e, field, c);
    return e;
}
