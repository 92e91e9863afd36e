/* terminate.c: see terminate.h.
 *
 * When a commit fails, DuckDB 1.5 undoes it in a function that is declared noexcept. If undoing throws, C++ calls std::terminate on that
 * thread, and no error reaches the caller. What was committed is safe, since nothing is closed: the file and its log stay as they are. The
 * handler of the C++ library prints the exception, and aborts. */
#include "lake/terminate.h"

#include "base/error.h"
#include "base/log.h"
#include <dlfcn.h>
#include <signal.h>
#include <unistd.h>

typedef void (*Handler)(void);

static Handler print_and_abort;
static int exit_code;

static void leave(int number) {
    (void)number;
    _exit(exit_code);
}

static void say_and_leave(void) {
    log_error("lake",
              "DuckDB has ended this process; the exception follows. Everything committed is safe. Next: look for errors of the disk in "
              "the system's log, then run it again");
    log_end(); /* the thread that writes the log ends with the process */
    signal(SIGABRT, leave);
    if (print_and_abort != NULL) print_and_abort();
    leave(SIGABRT);
}

void terminate_prepare(void *library) {
    Handler (*set_terminate)(Handler) = NULL;
    *(void **)&set_terminate = dlsym(library, "_ZSt13set_terminatePFvvE"); /* std::set_terminate */
    if (set_terminate == NULL) return;
    exit_code = error_exit_code(ERR_IO);
    print_and_abort = set_terminate(say_and_leave);
}
