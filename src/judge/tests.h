/* tests.h: the checks of a field as tests of its values. Internal to the judge. */
#pragma once
#include "judge/program.h"

/* Appends the test of one check. ERR_CONFIG: a pattern that is none. */
int test_add(Node *node, const Check *check, Error *err) MUST_CHECK;
void tests_done(Node *node);
