/* pattern.h: regular expressions, by PCRE2 (the language: https://www.pcre.org/current/doc/html/pcre2pattern.html).
 *
 * Over UTF-8; \d, \w and \s are ASCII; $ is the very end of the text; . is any character but a newline; \C is refused. A match is sought
 * anywhere in the text, by an interpreter that counts its steps, so that the same text has the same fate on every machine. */
#pragma once
#include "base/error.h"
#include "base/span.h"

/* Longer texts, in bytes, are not tried; so many steps are made at most, over all places where a match may begin. */
#define PATTERN_TEXT_MAX  10000
#define PATTERN_STEPS_MAX 1000000

/* Read-only once made: any thread. */
typedef struct Pattern Pattern;
/* ERR_CONFIG: what is wrong, and at which character. The caller frees. */
int pattern_new(const char *text, Pattern **ret, Error *err) MUST_CHECK;
void pattern_free(Pattern *p);
DEFINE_CLEANUP(pattern_free, Pattern)

/* What matching needs beside the patterns: one for each thread. It grows to a few MiB at most, and keeps that. */
typedef struct PatternScratch PatternScratch;
PatternScratch *pattern_scratch_new(void) MUST_CHECK;
void pattern_scratch_free(PatternScratch *s);
DEFINE_CLEANUP(pattern_scratch_free, PatternScratch)

typedef enum PatternOutcome { PATTERN_MATCHES, PATTERN_DIFFERS, PATTERN_GIVEN_UP } PatternOutcome;
PatternOutcome pattern_match(const Pattern *p, PatternScratch *s, Span text) MUST_CHECK;
