/* pattern.c: see pattern.h.
 *
 * PCRE2 counts steps anew at each place where a match may begin, so the limit of one place is the limit of all divided by their number. A
 * step may run over the rest of the text without being counted: that is what the limit on the text's length is for. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "judge/pattern.h"

#include "base/memory.h"
#include <pcre2.h>
#include <stdbool.h>

#define HEAP_KIB 4096

struct Pattern {
    pcre2_code *code;
    bool anchored; /* a match can only begin at the beginning */
};

struct PatternScratch {
    pcre2_match_context *limits;
    pcre2_match_data *data;
};

static int compile_failed(int code, size_t at, Error *err) {
    PCRE2_UCHAR why[200] = "";
    pcre2_get_error_message(code, why, sizeof why);
    return error_set(err, ERR_CONFIG, "%s (at character %zu)", (char *)why, at + 1);
}

int pattern_new(const char *text, Pattern **ret, Error *err) {
    enum { OPTIONS = PCRE2_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY };
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    int code;
    PCRE2_SIZE at;
    uint32_t options = 0;
    if (context == NULL || pcre2_set_newline(context, PCRE2_NEWLINE_LF) != 0) BUG("pcre2");
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, OPTIONS, &code, &at, context);
    pcre2_compile_context_free(context);
    if (compiled == NULL) return compile_failed(code, at, err);
    if (pcre2_pattern_info(compiled, PCRE2_INFO_ALLOPTIONS, &options) != 0) BUG("pcre2");
    *ret = xmalloc(sizeof **ret);
    **ret = (Pattern){.code = compiled, .anchored = (options & PCRE2_ANCHORED) != 0};
    return 0;
}

void pattern_free(Pattern *p) {
    pcre2_code_free(p->code);
    free(p);
}

PatternScratch *pattern_scratch_new(void) {
    PatternScratch *s = xcalloc(1, sizeof *s);
    s->limits = pcre2_match_context_create(NULL);
    s->data = pcre2_match_data_create(1, NULL);
    if (s->limits == NULL || s->data == NULL || pcre2_set_heap_limit(s->limits, HEAP_KIB) != 0) BUG("pcre2");
    return s;
}

void pattern_scratch_free(PatternScratch *s) {
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->limits);
    free(s);
}

PatternOutcome pattern_match(const Pattern *p, PatternScratch *s, Span text) {
    if (text.len > PATTERN_TEXT_MAX) return PATTERN_GIVEN_UP;
    pcre2_set_match_limit(s->limits, (uint32_t)(p->anchored ? PATTERN_STEPS_MAX : PATTERN_STEPS_MAX / (text.len + 1)));
    int rc = pcre2_match(p->code, (PCRE2_SPTR)text.at, text.len, 0, 0, s->data, s->limits);
    if (rc >= 0) return PATTERN_MATCHES;
    return rc == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_GIVEN_UP;
}
