/* xgb.c: loads libxgboost once per process.
 *
 * XGBoost's log lines go to our log at debug level, because it must not write to stdout or stderr itself. Callback and verbosity are
 * per-thread state in XGBoost, hence the thread-local flag.
 * Invariant: a table that xgb_load returned is complete and never changes. */
#include "model/xgb.h"

#include "base/log.h"
#include "base/memory.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

/* The first is the name of the ABI; builds from source install the second. */
static const char *const library_names[] = {"libxgboost.so.0", "libxgboost.so"};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static Xgb table;
static void (*omp_set_num_threads)(int); /* NULL: an XGBoost without OpenMP */
static char *problem;                    /* why the table is not complete; never freed */

static void *open_library(void) {
    for (size_t i = 0; i < ARRAY_LEN(library_names); i++) {
        void *library = dlopen(library_names[i], RTLD_NOW | RTLD_LOCAL);
        if (library != NULL) return library;
        if (problem == NULL) problem = xstrdup(dlerror());
    }
    return NULL;
}

static void load_once(void) {
    void *library = open_library();
    if (library == NULL) return;
    free(problem);
    problem = NULL;
    const struct {
        const char *name;
        void **target;
    } wanted[] = {
#define X(name) {#name, (void **)&table.name},
        XGB_FUNCTIONS(X)
#undef X
    };
    *(void **)&omp_set_num_threads = dlsym(library, "omp_set_num_threads");
    for (size_t i = 0; i < ARRAY_LEN(wanted) && problem == NULL; i++) {
        *wanted[i].target = dlsym(library, wanted[i].name);
        if (*wanted[i].target == NULL) problem = xasprintf("it has no function %s", wanted[i].name);
    }
}

static void forward_log(const char *line) {
    log_debug("model", "xgboost: %s", line);
}

/* When it reads a model, XGBoost ignores `nthread` and starts one OpenMP thread per core; each spins for milliseconds. */
static void set_up_this_thread(void) {
    static _Thread_local bool done;
    if (done) return;
    if (omp_set_num_threads != NULL) omp_set_num_threads(1);
    done = table.XGBRegisterLogCallback(forward_log) == 0 && table.XGBSetGlobalConfig("{\"verbosity\": 0}") == 0;
}

int xgb_load(const Xgb **ret, Error *err) {
    pthread_once(&once, load_once);
    if (problem != NULL)
        return error_set(err, ERR_CONFIG, "XGBoost is not usable (%s): install libxgboost 1.7 or newer (Debian: libxgboost0)", problem);
    set_up_this_thread();
    *ret = &table;
    return 0;
}

void xgb_use_threads(int n) {
    if (omp_set_num_threads != NULL) omp_set_num_threads(n);
}

int xgb_fail(const Xgb *xgb, ErrorKind kind, const char *doing, Error *err) {
    const char *text = xgb->XGBGetLastError();
    return error_set(err, kind, "%s: XGBoost: %.*s", doing, (int)strcspn(text, "\n"), text);
}
