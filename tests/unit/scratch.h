/* scratch.h: a folder of its own for each test, removed afterwards: cmocka_unit_test_setup_teardown(test, scratch_up, scratch_down). The
 * test's `state` is the folder's path, which is also the working directory. */
#pragma once
#include "base/memory.h" /* paths in the folder are made with it */

int scratch_up(void **state);
int scratch_down(void **state);
