/* csv.h: rows as CSV (RFC 4180), for spreadsheets. */
#pragma once
#include "lake/lake.h"
#include "web/response.h"

/* Appends a field in quotes: the text after `before`. */
void csv_add_quoted(Buf *out, const char *before, const char *text, size_t n);

/* Answers with a line of names and at most `limit` rows; without the column `hidden`. A text that a spreadsheet would take for a formula
 * gets an apostrophe before it; a plain number with its sign stays as it is. */
int csv_answer(Response *resp, LakeResult *rows, size_t limit, const char *hidden, Error *err) MUST_CHECK;
