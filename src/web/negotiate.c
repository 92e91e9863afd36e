/* negotiate.c: see negotiate.h. Of equals the first, and what is not mentioned is not refused (RFC 9110 12.4, 12.5). */
#include "web/negotiate.h"

#include <stdio.h>
#include <string.h>

/* ---- media types ---- */

/* How well a media range names the type: 3 "text/plain", 2 "text" + "/" + "*", 1 everything, 0 not at all. */
static int match_range(const char *range, size_t n, const char *type) {
    size_t len = strcspn(type, "; "), slash = strcspn(type, "/");
    if (n == 3 && memcmp(range, "*/*", 3) == 0) return 1;
    if (n == len && strncasecmp(range, type, len) == 0) return 3;
    return n == slash + 2 && strncasecmp(range, type, slash + 1) == 0 && range[n - 1] == '*' ? 2 : 0;
}

/* The quality that follows a range, in thousandths: ";q=0.5" is 500; without one 1000. */
static int quality_of(const char *params, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (params[i] != ';') continue;
        size_t at = i + 1;
        while (at < n && (params[at] == ' ' || params[at] == '\t')) at++;
        if (n - at < 3 || (params[at] != 'q' && params[at] != 'Q') || params[at + 1] != '=') continue;
        int quality = params[at + 2] == '1' ? 1000 : 0, digit = 100;
        for (at += 4; at < n && params[at] >= '0' && params[at] <= '9' && digit > 0; at++, digit /= 10)
            quality += (params[at] - '0') * digit;
        return quality < 1000 ? quality : 1000;
    }
    return 1000;
}

/* What the range that names the type best says of it; 0: not this one. */
static int quality_for(const char *accept, const char *type) {
    int best = 0, quality = 0;
    bool any = false;
    for (const char *at = accept; at != NULL && *at != '\0';) {
        size_t n = strcspn(at, ","), skip = strspn(at, " \t"), from = skip < n ? skip : n;
        size_t range = strcspn(at + from, "; \t,");
        int match = match_range(at + from, range, type), its = quality_of(at + from + range, n - from - range);
        any |= range > 0;
        if (match > best || (match > 0 && match == best && its > quality)) {
            best = match;
            quality = its;
        }
        at += n + (at[n] == ',');
    }
    return any ? quality : 1000;
}

bool negotiate_type(const char *accept, const char *types, char ret[RESPONSE_TYPE_SIZE]) {
    int best = 0;
    for (const char *type = types; *type != '\0';) {
        size_t n = strcspn(type, " ;");
        int quality = quality_for(accept, type);
        if (quality > best) snprintf(ret, RESPONSE_TYPE_SIZE, "%.*s", (int)n, type);
        best = quality > best ? quality : best;
        type += strcspn(type, " ");
        type += strspn(type, " ");
        if (strchr(types, ';') != NULL) break; /* one, with parameters */
    }
    return best > 0;
}

/* ---- codings ---- */

/* What the list says of the coding, by name or by "*"; 0: nothing, or not this one. */
static int quality_of_coding(const char *accept, const char *coding) {
    int named = -1, others = 0;
    for (const char *at = accept; *at != '\0';) {
        size_t n = strcspn(at, ","), skip = strspn(at, " \t"), from = skip < n ? skip : n, word = strcspn(at + from, "; \t,");
        int quality = quality_of(at + from + word, n - from - word);
        if (word == strlen(coding) && strncasecmp(at + from, coding, word) == 0) named = quality;
        if (word == 1 && at[from] == '*') others = quality;
        at += n + (at[n] == ',');
    }
    return named >= 0 ? named : others;
}

const char *negotiate_coding(const char *accept, const char *const *codings) {
    const char *best = NULL;
    int best_quality = 0;
    for (size_t i = 0; accept != NULL && codings[i] != NULL; i++) {
        int quality = quality_of_coding(accept, codings[i]);
        if (quality <= best_quality) continue;
        best_quality = quality;
        best = codings[i];
    }
    return best;
}
