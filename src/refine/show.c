/* show.c: see show.h. */
#include "refine/show.h"

#include "base/memory.h"
#include "compile/compile.h"
#include "judge/judge.h"
#include <string.h>

static const char program_name[] = "silver/judge";

static bool wanted(const char *name, const char *what) {
    size_t n = strlen(what);
    return strcmp(what, "all") == 0 || strcmp(name, what) == 0 || (strncmp(name, what, n) == 0 && name[n] == '/');
}

static void add(Buf *out, const char *name, const char *text) {
    buf_addf(out, "%s-- %s\n%s", out->len > 0 ? "\n" : "", name, text);
}

static int add_program(const Pipeline *p, Buf *out, Error *err) {
    CLEANUP(judge_program_freep) JudgeProgram *program = NULL;
    CLEANUP(buf_done) Buf text = {0};
    if (judge_program_new(p, &program, err) != 0) return -1;
    judge_program_print(program, &text);
    add(out, program_name, text.data);
    return 0;
}

int refine_show(const Pipeline *p, const char *what, char **ret, Error *err) {
    CLEANUP(compile_freep) Compiled *c = compile_new(p, "");
    CLEANUP(buf_done) Buf out = {0}, names = {0};
    if (wanted(program_name, what) && add_program(p, &out, err) != 0) return -1;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        for (size_t e = 0; e < (statement_is_of_entity((Statement)i) ? p->entity_count : 1); e++) {
            const StatementText *text = compile_statement(c, (Statement)i, e);
            buf_addf(&names, ", %s", text->name);
            if (wanted(text->name, what) && text->sql[0] != '\0') add(&out, text->name, text->sql);
        }
    if (out.len == 0)
        return error_set(err, ERR_USAGE, "nothing that is made of the declarations is called \"%s\"; there is: silver, gold, all, %s%s",
                         what, program_name, names.data);
    *ret = buf_take(&out);
    return 0;
}
