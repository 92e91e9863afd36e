/* stopper.h: an end within seconds, also while one long statement runs: some time after a stop was requested, whatever runs on the lake is
 * interrupted, again and again until the stopper is freed. What was open is rolled back: nothing is half done. */
#pragma once
#include "lake/lake.h"

typedef struct Stopper Stopper;
/* `lake` is borrowed; free the stopper first. Without a thread to spare there is none (NULL): the work ends at its next border. */
Stopper *stopper_new(Lake *lake);
void stopper_free(Stopper *s);
DEFINE_CLEANUP(stopper_free, Stopper)
