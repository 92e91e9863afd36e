/* user_query.c: wraps a user's SQL in a SELECT, so that DuckDB accepts one query and nothing else; and rewrites DuckDB's errors, so that
 * they show the user's text without the SELECT around it.
 *
 * The user's text begins on the second line: DuckDB's column numbers are right as they are, its line numbers are one too high. */
#include "lake/lake.h"

#include "base/memory.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define OWN_END "\n) AS \"the query's row\""

char *lake_user_query(const char *columns, const char *sql, const char *end) {
    size_t n = strlen(sql);
    while (n > 0 && (sql[n - 1] == ';' || isspace((unsigned char)sql[n - 1]))) n--;
    return xasprintf("SELECT %s FROM (\n%.*s" OWN_END "%s", columns, (int)n, sql, end);
}

/* ---- statements that are no queries ---- */

#define MADE_BY_SMELT                                                                                                                          \
    "the tables are made of the events, by the contracts and features: change those and run `smelt refine --full`, or write into a copy of a " \
    "snapshot (data.dir/snapshots)"
#define NO_FILES    "a query has no access to other files or databases: open a copy of a snapshot (data.dir/snapshots) with DuckDB for that"
#define NO_SETTINGS "there is nothing to set: `smelt config` has the settings, SHOW TABLES and DESCRIBE what tables there are"
#define TO_A_FILE   "write the output of this command to a file, or ask the API for CSV or Parquet"

static const struct {
    const char *keyword, *advice;
} others[] = {
    {"drop", MADE_BY_SMELT},       {"create", MADE_BY_SMELT},   {"alter", MADE_BY_SMELT},
    {"insert", MADE_BY_SMELT},     {"update", MADE_BY_SMELT},   {"delete", MADE_BY_SMELT},
    {"merge", MADE_BY_SMELT},      {"truncate", MADE_BY_SMELT}, {"replace", MADE_BY_SMELT},
    {"comment", MADE_BY_SMELT},    {"vacuum", MADE_BY_SMELT},   {"analyze", MADE_BY_SMELT},
    {"checkpoint", MADE_BY_SMELT}, {"begin", MADE_BY_SMELT},    {"start", MADE_BY_SMELT},
    {"commit", MADE_BY_SMELT},     {"rollback", MADE_BY_SMELT}, {"attach", NO_FILES},
    {"detach", NO_FILES},          {"use", NO_FILES},           {"import", NO_FILES},
    {"install", NO_FILES},         {"load", NO_FILES},          {"copy", TO_A_FILE},
    {"export", TO_A_FILE},         {"set", NO_SETTINGS},        {"reset", NO_SETTINGS},
    {"pragma", NO_SETTINGS},       {"call", NO_SETTINGS},       {"prepare", NO_SETTINGS},
    {"execute", NO_SETTINGS},      {"deallocate", NO_SETTINGS}, {"explain", "ask for the rows instead"},
};

/* Behind blanks and comments. */
static const char *first_word(const char *sql) {
    for (;;) {
        while (isspace((unsigned char)*sql) || *sql == ';') sql++;
        bool is_line = strncmp(sql, "--", 2) == 0;
        const char *end = is_line ? strchr(sql, '\n') : strncmp(sql, "/*", 2) == 0 ? strstr(sql, "*/") : NULL;
        if (end == NULL) return is_line ? sql + strlen(sql) : sql;
        sql = end + (*end == '\n' ? 1 : 2);
    }
}

static size_t find_other(const char *word) {
    size_t len = 0, i = 0;
    while (isalpha((unsigned char)word[len])) len++;
    while (i < ARRAY_LEN(others) && (strlen(others[i].keyword) != len || strncasecmp(others[i].keyword, word, len) != 0)) i++;
    return i;
}

static int refuse_other(size_t other, Error *err) {
    CLEANUP(free_text) char *keyword = xstrdup(others[other].keyword);
    for (char *c = keyword; *c != '\0'; c++) *c = (char)toupper((unsigned char)*c);
    return error_set(err, err->kind, "%s is no query, and only queries are answered: %s", keyword, others[other].advice);
}

/* ---- where the error is ---- */

static long count_lines(const char *sql) {
    long n = 1;
    for (; *sql != '\0'; sql++) n += *sql == '\n';
    return n;
}

static int digits_of(long n) {
    return snprintf(NULL, 0, "%ld", n);
}

/* A comment or a dollar quote that is not closed has all that is behind it: in the quotes of "at or near" our own part too. */
static void cut_own_part(char *text) {
    char *own = strstr(text, OWN_END), *block = strstr(text, "\n\nLINE "), *end = NULL;
    if (own == NULL || (block != NULL && block < own)) return;
    end = block != NULL ? block : text + strlen(text);
    *own++ = '"';
    memmove(own, end, strlen(end) + 1);
}

/* "LINE 3: FROM nowhere\n             ^" as of the user's lines. What is behind them is our own. */
static int move_line(const char *text, const char *block, const char *sql, ErrorKind kind, Error *err) {
    char *rest;
    int head = (int)(block - text);
    long line = strtol(block + strlen("\nLINE "), &rest, 10) - 1;
    while (head > 0 && text[head - 1] == '\n') head--;
    if (line > count_lines(sql) || line < 1) {
        const char *syntax = strstr(text, "syntax error");
        if (syntax == NULL || syntax > block) return error_set(err, kind, "%.*s", head, text);
        return error_set(err, kind, "%.*ssyntax error at the end: is a quote or a parenthesis not closed, or closed once too often?",
                         (int)(syntax - text), text);
    }
    const char *caret = strchr(rest, '\n');
    int shorter = digits_of(line + 1) - digits_of(line), shown = caret != NULL ? (int)(caret - rest) + 1 : (int)strlen(rest);
    return error_set(err, kind, "%.*s\n\nLINE %ld%.*s%s", head, text, line, shown, rest, caret != NULL ? caret + 1 + shorter : "");
}

int lake_user_query_failed(const char *sql, Error *err) {
    const char *word = first_word(sql);
    size_t other = find_other(word);
    if (err->kind == ERR_STOPPED || err->kind == ERR_UNAVAILABLE || err->fatal) return -1;
    if (*word == '\0') return error_set(err, err->kind, "the query is empty");
    if (other < ARRAY_LEN(others)) return refuse_other(other, err);
    CLEANUP(free_text) char *text = xstrdup(err->text);
    cut_own_part(text);
    const char *block = strstr(text, "\nLINE ");
    if (block == NULL) error_set(err, err->kind, "%s", text);
    if (block != NULL) move_line(text, block, sql, err->kind, err);
    if (strstr(text, "at or near \";\"") != NULL) error_set(err, err->kind, "%s\nOnly one query is answered at a time", err->text);
    return -1;
}
