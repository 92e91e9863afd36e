/* with_duckdb.c: of a fuzzer of what DuckDB helps to judge: which bytes are UTF-8. It must be there. */
#include "lake/lake.h"

#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc, (void)argv;
    if (lake_engine_version()[0] == '(') abort(); /* not found */
    return 0;
}
