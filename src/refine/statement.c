/* statement.c: running the SQL that was compiled from the declarations (compile/compile.h) and that of sql/. */
#include "refine/internal.h"

#include "base/memory.h"

int refine_exec(const Refine *r, Statement statement, const LakeBinding *bindings, size_t n, int64_t *ret_changed, Error *err) {
    const StatementText *text = compile_statement(r->sql, statement, r->entity);
    if (ret_changed != NULL) *ret_changed = 0;
    if (text->sql[0] == '\0') return 0; /* the declarations need no such state */
    CLEANUP(free_text) char *sql = lake_sql_bind(text->sql, bindings, n);
    if (ret_changed == NULL) return lake_exec(r->conn, text->name, sql, err);
    return lake_exec_values(r->conn, text->name, sql, NULL, 0, ret_changed, err);
}

int refine_query_int(const Refine *r, const char *name, GoldTable table, int64_t *ret, Error *err) {
    const LakeBinding names[] = {{"table", lake_name(compile_gold_table(r->live, r->entity, table))},
                                 {"key", lake_name(r->pipeline->entities[r->entity].key.name)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), names, ARRAY_LEN(names));
    return lake_query_int(r->conn, name, sql, NULL, 0, ret, err);
}

int refine_drop_tables(const Refine *r, const char *name, Statement made_by, Error *err) {
    for (const char *const *table = compile_statement(r->sql, made_by, r->entity)->tables; *table != NULL; table++) {
        CLEANUP(free_text) char *sql = xasprintf("DROP TABLE IF EXISTS %s%s", *table, r->suffix);
        if (lake_exec(r->conn, name, sql, err) != 0) return -1;
    }
    return 0;
}
