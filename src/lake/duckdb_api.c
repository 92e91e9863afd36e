/* duckdb_api.c: see duckdb_api.h. */
#include "lake/duckdb_api.h"

#include "base/memory.h"
#include "lake/terminate.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

DuckdbApi duckdb;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char *problem; /* NULL: loaded */

static void *find(void *library, const char *name) {
    void *function = dlsym(library, name);
    if (function == NULL && problem == NULL) problem = xasprintf("it has no function %s", name);
    return function;
}

/* With RTLD_DEEPBIND the library looks for its own symbols first. Otherwise each of tens of thousands is searched for in everything that
 * smelt is linked with, which takes 10 ms of each start. Not where functions are replaced on purpose (LD_PRELOAD, sanitizers). */
static int binding(void) {
#ifdef __SANITIZE_ADDRESS__
    return 0;
#else
    const char *preload = getenv("LD_PRELOAD");
    return preload == NULL || preload[0] == '\0' ? RTLD_DEEPBIND : 0;
#endif
}

static void load(void) {
    void *library = dlopen("libduckdb.so", RTLD_LAZY | RTLD_LOCAL | binding());
    if (library == NULL) {
        problem = xstrdup(dlerror());
        return;
    }
#define X(name) *(void **)&duckdb.name = find(library, "duckdb_" #name);
    DUCKDB_FUNCTIONS(X)
#undef X
    terminate_prepare(library);
}

int duckdb_load(Error *err) {
    pthread_once(&once, load);
    if (problem == NULL) return 0;
    bool memory = strstr(problem, "failed to map segment") != NULL || strstr(problem, "annot allocate memory") != NULL;
    const char *next = memory ? LAKE_MORE_MEMORY : "`tools/bootstrap build` fetches the right one";
    return error_set(err, ERR_CONFIG, "libduckdb.so cannot be used: %s. Next: %s", problem, next);
}
