/* show.c: see show.h. */
#include "compile/show.h"

#include "base/memory.h"
#include "compile/internal.h"
#include <string.h>

static bool wanted(const char *name, const char *what) {
    size_t n = strlen(what);
    return strcmp(what, "all") == 0 || strcmp(name, what) == 0 || (strncmp(name, what, n) == 0 && name[n] == '/');
}

int compile_show(const Pipeline *p, const char *what, char **ret, Error *err) {
    CLEANUP(compile_freep) Compiled *c = compile_new(p, "");
    CLEANUP(buf_done) Buf out = {0}, names = {0};
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        const char *name = statement_name((Statement)i);
        buf_addf(&names, ", %s", name);
        if (wanted(name, what) && c->texts[i][0] != '\0') buf_addf(&out, "%s-- %s\n%s", out.len > 0 ? "\n" : "", name, c->texts[i]);
    }
    if (out.len == 0)
        return error_set(err, ERR_USAGE, "there is no compiled SQL called \"%s\"; there is: silver, gold, all%s", what, names.data);
    *ret = buf_take(&out);
    return 0;
}
