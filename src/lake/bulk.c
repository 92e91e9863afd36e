/* bulk.c: rows from C as a DuckDB table function. Values are written into DuckDB's vectors without a copy in between, and DuckDB may scan
 * with several threads, so that the SQL over the rows runs in parallel.
 *
 * DuckDB keeps the first table function of a name for the life of the database, even when another one is registered. So a function is
 * registered once per name and finds by the connection of the query what it has to read. */
#include "lake/internal.h"
#include "lake/vectors.h"

#include "base/memory.h"
#include <stdatomic.h>
#include <string.h>

/* That a source of several threads has, for all that DuckDB knows: otherwise it takes it for the smallest table of a join. */
#define MANY_ROWS 1000000

typedef struct LakeFunction {
    struct LakeFunction *next;
    Lake *lake;
    char *name;               /* owned */
    const LakeConn *began_in; /* registered in a transaction of this connection that has not ended: a rollback takes it back too */
    bool is_gone;             /* taken back: to be registered again */
} LakeFunction;

typedef struct LakeSource {
    struct LakeSource *next;
    const LakeFunction *function;
    const LakeConn *conn; /* the connection that registered it */
    LakeColumn *columns;  /* owned; their texts are borrowed */
    size_t count;
    LakeFill fill;
    void *state;   /* of every thread; NULL: each has one of `states` */
    void **states; /* borrowed */
    size_t threads;
} LakeSource;

struct LakeChunk {
    duckdb_function_info info;
    struct {
        duckdb_vector vector;
        void *data;
        uint64_t *validity; /* NULL until a NULL is put */
    } columns[];
};

/* ---- types ---- */

static const struct {
    const char *name;
    LakeType type;
    duckdb_type duckdb;
} types[] = {
    {"BOOLEAN", LAKE_BOOL, DUCKDB_TYPE_BOOLEAN},   {"BIGINT", LAKE_INT, DUCKDB_TYPE_BIGINT},
    {"DOUBLE", LAKE_REAL, DUCKDB_TYPE_DOUBLE},     {"VARCHAR", LAKE_TEXT, DUCKDB_TYPE_VARCHAR},
    {"JSON", LAKE_JSON, DUCKDB_TYPE_VARCHAR},      {"BLOB", LAKE_BLOB, DUCKDB_TYPE_BLOB},
    {NULL, LAKE_TIME, DUCKDB_TYPE_TIMESTAMP_TZ},   {"TINYINT", LAKE_NULL, DUCKDB_TYPE_TINYINT},
    {"SMALLINT", LAKE_NULL, DUCKDB_TYPE_SMALLINT}, {"INTEGER", LAKE_NULL, DUCKDB_TYPE_INTEGER},
    {"DATE", LAKE_NULL, DUCKDB_TYPE_DATE},         {"TIMESTAMP", LAKE_NULL, DUCKDB_TYPE_TIMESTAMP},
    {"TIME", LAKE_NULL, DUCKDB_TYPE_TIME},
};

static duckdb_logical_type type_by_row(size_t i) {
    duckdb_logical_type type = duckdb.create_logical_type(types[i].duckdb);
    if (types[i].type == LAKE_JSON) duckdb.logical_type_set_alias(type, "JSON");
    return type;
}

static duckdb_logical_type type_by_name(const char *name) {
    unsigned width, scale;
    if (sscanf(name, "DECIMAL(%2u,%2u)", &width, &scale) == 2) return duckdb.create_decimal_type((uint8_t)width, (uint8_t)scale);
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].name != NULL && strcmp(types[i].name, name) == 0) return type_by_row(i);
    BUG(name);
}

static duckdb_logical_type type_of(const LakeColumn *column) {
    if (column->sql_type != NULL) return type_by_name(column->sql_type);
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i].type == column->type && column->type != LAKE_NULL) return type_by_row(i);
    BUG("a column needs a type");
}

/* ---- what DuckDB calls ---- */

static idx_t connection_id(duckdb_client_context context) {
    idx_t id = duckdb.client_context_get_connection_id(context);
    duckdb.destroy_client_context(&context);
    return id;
}

static LakeSource *find_source(const LakeFunction *function, idx_t connection) {
    LakeSource *source = function->lake->sources;
    while (source != NULL && (source->function != function || source->conn->id != connection)) source = source->next;
    return source;
}

static void on_bind(duckdb_bind_info info) {
    LakeFunction *function = duckdb.bind_get_extra_info(info);
    duckdb_client_context context = NULL;
    duckdb.table_function_get_client_context(info, &context);
    pthread_mutex_lock(&function->lake->sources_lock);
    LakeSource *source = find_source(function, connection_id(context));
    pthread_mutex_unlock(&function->lake->sources_lock);
    if (source == NULL) {
        duckdb.bind_set_error(info, "this connection has nothing to read there");
        return;
    }
    for (size_t i = 0; i < source->count; i++) {
        duckdb_logical_type type = type_of(&source->columns[i]);
        duckdb.bind_add_result_column(info, source->columns[i].name, type);
        duckdb.destroy_logical_type(&type);
    }
    duckdb.bind_set_bind_data(info, source, NULL);
    if (source->threads > 1) duckdb.bind_set_cardinality(info, MANY_ROWS, false);
}

static void on_init(duckdb_init_info info) {
    const LakeSource *source = duckdb.init_get_bind_data(info);
    duckdb.init_set_max_threads(info, (idx_t)source->threads);
    duckdb.init_set_init_data(info, xcalloc(1, sizeof(atomic_size_t)), free); /* states that threads of this query have */
}

/* Of one thread. */
typedef struct ScanThread {
    bool has_state;
    void *state;
} ScanThread;

static void on_thread(duckdb_init_info info) {
    duckdb.init_set_init_data(info, xcalloc(1, sizeof(ScanThread)), free);
}

static void *thread_state(duckdb_function_info info, const LakeSource *source) {
    ScanThread *thread = duckdb.function_get_local_init_data(info);
    if (source->state != NULL || thread->has_state) return source->state != NULL ? source->state : thread->state;
    size_t i = atomic_fetch_add((atomic_size_t *)duckdb.function_get_init_data(info), 1);
    BUG_IF(i >= source->threads);
    *thread = (ScanThread){true, source->states[i]};
    return thread->state;
}

static void on_scan(duckdb_function_info info, duckdb_data_chunk output) {
    const LakeSource *source = duckdb.function_get_bind_data(info);
    LakeChunk *chunk = xcalloc(1, sizeof *chunk + source->count * sizeof chunk->columns[0]);
    chunk->info = info;
    for (size_t i = 0; i < source->count; i++) {
        chunk->columns[i].vector = duckdb.data_chunk_get_vector(output, i);
        chunk->columns[i].data = duckdb.vector_get_data(chunk->columns[i].vector);
    }
    duckdb.data_chunk_set_size(output, source->fill(thread_state(info, source), chunk, duckdb.vector_size()));
    free(chunk);
}

/* ---- registering ---- */

void lake_conn_identify(LakeConn *conn) {
    duckdb_client_context context = NULL;
    duckdb.connection_get_client_context(conn->con, &context);
    conn->id = connection_id(context);
}

/* Those of the function of this name; NULL: all of the connection. */
static void forget_sources(LakeConn *conn, const char *name) {
    pthread_mutex_lock(&conn->lake->sources_lock);
    for (LakeSource **at = &conn->lake->sources; *at != NULL;) {
        LakeSource *source = *at;
        if (source->conn != conn || (name != NULL && strcmp(source->function->name, name) != 0)) {
            at = &source->next;
            continue;
        }
        *at = source->next;
        free(source->columns);
        free(source);
    }
    pthread_mutex_unlock(&conn->lake->sources_lock);
}

void lake_conn_forget_sources(LakeConn *conn) {
    forget_sources(conn, NULL);
    lake_conn_settle_functions(conn, false);
}

void lake_unregister_source(LakeConn *conn, const char *name) {
    forget_sources(conn, name);
}

void lake_functions_free(Lake *lake) {
    while (lake->functions != NULL) {
        LakeFunction *function = lake->functions;
        lake->functions = function->next;
        free(function->name);
        free(function);
    }
}

static int register_function(LakeConn *conn, LakeFunction *f) {
    duckdb_table_function function = duckdb.create_table_function();
    duckdb.table_function_set_name(function, f->name);
    duckdb.table_function_set_extra_info(function, f, NULL);
    duckdb.table_function_set_bind(function, on_bind);
    duckdb.table_function_set_init(function, on_init);
    duckdb.table_function_set_local_init(function, on_thread);
    duckdb.table_function_set_function(function, on_scan);
    duckdb_state state = duckdb.register_table_function(conn->con, function);
    duckdb.destroy_table_function(&function);
    return state == DuckDBSuccess ? 0 : -1;
}

static LakeFunction *add_function(LakeConn *conn, const char *name) {
    LakeFunction *f = xcalloc(1, sizeof *f);
    *f = (LakeFunction){.next = conn->lake->functions, .lake = conn->lake, .name = xstrdup(name), .is_gone = true};
    conn->lake->functions = f;
    return f;
}

/* Registers it when it is new, or gone. NULL: DuckDB did not accept it. */
static LakeFunction *find_function(LakeConn *conn, const char *name) {
    LakeFunction *f = conn->lake->functions;
    while (f != NULL && strcmp(f->name, name) != 0) f = f->next;
    if (f == NULL) f = add_function(conn, name);
    if (!f->is_gone) return f;
    if (register_function(conn, f) != 0) return NULL;
    f->is_gone = false;
    f->began_in = conn->in_transaction ? conn : NULL;
    return f;
}

void lake_conn_settle_functions(LakeConn *conn, bool committed) {
    pthread_mutex_lock(&conn->lake->sources_lock);
    for (LakeFunction *f = conn->lake->functions; f != NULL; f = f->next) {
        if (f->began_in != conn) continue;
        f->began_in = NULL;
        f->is_gone = !committed;
    }
    pthread_mutex_unlock(&conn->lake->sources_lock);
}

static LakeSource *add_source(LakeConn *conn, const LakeFunction *function) {
    LakeSource *source = xcalloc(1, sizeof *source);
    source->next = conn->lake->sources;
    source->function = function;
    source->conn = conn;
    conn->lake->sources = source;
    return source;
}

/* Registers what `what` says, but its function, connection and columns. */
static int register_source(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, const LakeSource *what, Error *err) {
    pthread_mutex_lock(&conn->lake->sources_lock);
    LakeFunction *function = find_function(conn, name);
    if (function != NULL) {
        LakeSource *source = find_source(function, conn->id);
        if (source == NULL) source = add_source(conn, function);
        source->count = n;
        source->fill = what->fill;
        source->state = what->state;
        source->states = what->states;
        source->threads = what->threads;
        source->columns = xrealloc(source->columns, n, sizeof *columns);
        memcpy(source->columns, columns, n * sizeof *columns);
    }
    pthread_mutex_unlock(&conn->lake->sources_lock);
    return function != NULL ? 0 : error_set(err, ERR_BUG, "the source %s() could not be registered", name);
}

int lake_register_source(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, int threads, LakeFill fill, void *state,
                         Error *err) {
    BUG_IF(state == NULL);
    return register_source(conn, name, columns, n, &(LakeSource){.fill = fill, .state = state, .threads = (size_t)threads}, err);
}

int lake_register_streams(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, LakeFill fill, void **states,
                          size_t threads, Error *err) {
    return register_source(conn, name, columns, n, &(LakeSource){.fill = fill, .states = states, .threads = threads}, err);
}

/* ---- values ---- */

void lake_put_int(LakeChunk *chunk, size_t col, size_t row, int64_t v) {
    ((int64_t *)chunk->columns[col].data)[row] = v;
}

void lake_put_real(LakeChunk *chunk, size_t col, size_t row, double v) {
    ((double *)chunk->columns[col].data)[row] = v;
}

LakeVector lake_output(LakeChunk *chunk, size_t col) {
    if (chunk->columns[col].validity == NULL) {
        duckdb.vector_ensure_validity_writable(chunk->columns[col].vector);
        chunk->columns[col].validity = duckdb.vector_get_validity(chunk->columns[col].vector);
    }
    return (LakeVector){chunk->columns[col].data, chunk->columns[col].validity};
}

void lake_output_fail(LakeChunk *chunk, const char *why) {
    duckdb.function_set_error(chunk->info, why);
}

void lake_put_null(LakeChunk *chunk, size_t col, size_t row) {
    duckdb.validity_set_row_invalid(lake_output(chunk, col).valid, row);
}

void lake_put_blob(LakeChunk *chunk, size_t col, size_t row, const void *bytes, size_t n) {
    duckdb.vector_assign_string_element_len(chunk->columns[col].vector, row, bytes, n);
}

void lake_put_utf8(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n) {
    duckdb.unsafe_vector_assign_string_element_len(chunk->columns[col].vector, row, s, n);
}

bool lake_is_utf8(const char *s, size_t n) {
    duckdb_error_data problem = duckdb.valid_utf8_check(s, n);
    if (problem == NULL) return true;
    duckdb.destroy_error_data(&problem);
    return false;
}

bool lake_put_text(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n) {
    bool valid = lake_is_utf8(s, n);
    if (valid)
        lake_put_utf8(chunk, col, row, s, n);
    else
        lake_put_null(chunk, col, row);
    return valid;
}
