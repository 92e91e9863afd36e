/* ends.h: the least and the most that the checks of a field let pass, however they are written. Pure; any thread. */
#pragma once
#include "contract/declarations.h"

typedef enum EndsOf { ENDS_OF_VALUE, ENDS_OF_LENGTH, ENDS_OF_COUNT, ENDS_OF_LEAD, ENDS } EndsOf; /* lead: a timestamp before the message */

/* Without `low` (`high`) there is no least (most). A time is in microseconds, a text in characters. Of an integer the ends are whole and
 * pass themselves, however they are written: above 4 is at least 5. */
typedef struct Ends {
    long double least, most;
    bool above, below; /* the end itself does not pass */
    const Check *low, *high;
} Ends;

/* `counted`: 0 for the checks that decide about each event, n for those of Contract.measures[n - 1]. The checks are the field's. */
Ends ends_of(const Field *field, EndsOf of, size_t counted);
