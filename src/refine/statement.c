/* statement.c: running the SQL that was compiled from the declarations (compile/compile.h) and that of sql/. */
#include "refine/internal.h"

#include "base/memory.h"

int refine_exec(const Refine *r, Statement statement, const LakeBinding *bindings, size_t n, int64_t *ret_changed, Error *err) {
    const char *name = statement_name(statement), *text = compile_sql(r->sql, statement);
    if (ret_changed != NULL) *ret_changed = 0;
    if (text[0] == '\0') return 0; /* the declarations need no such state */
    CLEANUP(free_text) char *sql = lake_sql_bind(text, bindings, n);
    return ret_changed != NULL ? lake_exec_values(r->conn, name, sql, NULL, 0, ret_changed, err) : lake_exec(r->conn, name, sql, err);
}

int refine_query_int(const Refine *r, const char *name, int64_t *ret, Error *err) {
    return lake_query_int(r->conn, name, lake_sql(name), NULL, 0, ret, err);
}

int refine_drop_tables(const Refine *r, const char *name, Statement made_by, Error *err) {
    for (const char *const *table = statement_tables(made_by); *table != NULL; table++) {
        CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s%s", *table, r->suffix);
        if (lake_exec(r->conn, name, sql, err) != 0) return -1;
    }
    return 0;
}
