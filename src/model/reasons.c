/* reasons.c: k is small (3), so inserting into a short sorted list is faster than sorting all features.
 *
 * Invariant: ret is always sorted by descending absolute contribution. */
#include "model/reasons.h"

#include <math.h>

size_t reasons_top(const float *contributions, size_t n, size_t k, size_t *ret) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        float size = fabsf(contributions[i]);
        if (!(size > 0)) continue;
        size_t at = count;
        while (at > 0 && size > fabsf(contributions[ret[at - 1]])) at--;
        if (at == k) continue;
        if (count < k) count++;
        for (size_t j = count - 1; j > at; j--) ret[j] = ret[j - 1];
        ret[at] = i;
    }
    return count;
}
