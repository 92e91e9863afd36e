/* bulk.c: rows from C as a DuckDB table function. Values are written into DuckDB's vectors without a copy in between, and DuckDB may scan
 * with several threads, so that the SQL over the rows runs in parallel.
 *
 * DuckDB keeps the first table function of a name for the life of the database, even when another one is registered. So a function is
 * registered once per name and finds by the connection of the query what it has to read. */
#include "lake/internal.h"

#include "base/memory.h"
#include <string.h>

#define SOURCE_COLUMNS_MAX 16

typedef struct LakeFunction {
    struct LakeFunction *next;
    Lake *lake;
    char *name; /* owned */
} LakeFunction;

typedef struct LakeSource {
    struct LakeSource *next;
    const LakeFunction *function;
    const LakeConn *conn; /* the connection that registered it */
    LakeColumn columns[SOURCE_COLUMNS_MAX];
    size_t count;
    int threads;
    LakeFill fill;
    void *state;
} LakeSource;

struct LakeChunk {
    duckdb_vector vectors[SOURCE_COLUMNS_MAX];
    void *data[SOURCE_COLUMNS_MAX];
    uint64_t *validity[SOURCE_COLUMNS_MAX]; /* NULL until a NULL is put */
};

static duckdb_type column_type(LakeType type) {
    switch (type) {
    case LAKE_BOOL: return DUCKDB_TYPE_BOOLEAN;
    case LAKE_INT: return DUCKDB_TYPE_BIGINT;
    case LAKE_REAL: return DUCKDB_TYPE_DOUBLE;
    case LAKE_TEXT:
    case LAKE_JSON: return DUCKDB_TYPE_VARCHAR;
    case LAKE_BLOB: return DUCKDB_TYPE_BLOB;
    case LAKE_TIME: return DUCKDB_TYPE_TIMESTAMP_TZ;
    case LAKE_TIMES:
    case LAKE_NULL: break;
    }
    BUG("a column needs a type");
}

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
        duckdb_logical_type type = duckdb.create_logical_type(column_type(source->columns[i].type));
        if (source->columns[i].type == LAKE_JSON) duckdb.logical_type_set_alias(type, "JSON");
        duckdb.bind_add_result_column(info, source->columns[i].name, type);
        duckdb.destroy_logical_type(&type);
    }
    duckdb.bind_set_bind_data(info, source, NULL);
}

static void on_init(duckdb_init_info info) {
    const LakeSource *source = duckdb.init_get_bind_data(info);
    duckdb.init_set_max_threads(info, (idx_t)source->threads);
}

static void on_scan(duckdb_function_info info, duckdb_data_chunk output) {
    const LakeSource *source = duckdb.function_get_bind_data(info);
    LakeChunk chunk = {0};
    for (size_t i = 0; i < source->count; i++) {
        chunk.vectors[i] = duckdb.data_chunk_get_vector(output, i);
        chunk.data[i] = duckdb.vector_get_data(chunk.vectors[i]);
    }
    duckdb.data_chunk_set_size(output, source->fill(source->state, &chunk, duckdb.vector_size()));
}

void lake_conn_identify(LakeConn *conn) {
    duckdb_client_context context = NULL;
    duckdb.connection_get_client_context(conn->con, &context);
    conn->id = connection_id(context);
}

void lake_conn_forget_sources(LakeConn *conn) {
    pthread_mutex_lock(&conn->lake->sources_lock);
    for (LakeSource **at = &conn->lake->sources; *at != NULL;) {
        LakeSource *source = *at;
        if (source->conn != conn) {
            at = &source->next;
            continue;
        }
        *at = source->next;
        free(source);
    }
    pthread_mutex_unlock(&conn->lake->sources_lock);
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
    duckdb.table_function_set_function(function, on_scan);
    duckdb_state state = duckdb.register_table_function(conn->con, function);
    duckdb.destroy_table_function(&function);
    return state == DuckDBSuccess ? 0 : -1;
}

/* Registers it when it is new. NULL: DuckDB did not accept it. */
static LakeFunction *find_function(LakeConn *conn, const char *name) {
    LakeFunction *f = conn->lake->functions;
    while (f != NULL && strcmp(f->name, name) != 0) f = f->next;
    if (f != NULL) return f;
    f = xcalloc(1, sizeof *f);
    *f = (LakeFunction){.next = conn->lake->functions, .lake = conn->lake, .name = xstrdup(name)};
    conn->lake->functions = f;
    return register_function(conn, f) == 0 ? f : NULL;
}

static LakeSource *add_source(LakeConn *conn, const LakeFunction *function) {
    LakeSource *source = xcalloc(1, sizeof *source);
    source->next = conn->lake->sources;
    source->function = function;
    source->conn = conn;
    conn->lake->sources = source;
    return source;
}

int lake_register_source(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, int threads, LakeFill fill, void *state,
                         Error *err) {
    BUG_IF(n > SOURCE_COLUMNS_MAX);
    pthread_mutex_lock(&conn->lake->sources_lock);
    LakeFunction *function = find_function(conn, name);
    if (function != NULL) {
        LakeSource *source = find_source(function, conn->id);
        if (source == NULL) source = add_source(conn, function);
        source->count = n;
        source->threads = threads;
        source->fill = fill;
        source->state = state;
        memcpy(source->columns, columns, n * sizeof *columns);
    }
    pthread_mutex_unlock(&conn->lake->sources_lock);
    return function != NULL ? 0 : error_set(err, ERR_BUG, "the source %s() could not be registered", name);
}

void lake_put_int(LakeChunk *chunk, size_t col, size_t row, int64_t v) {
    ((int64_t *)chunk->data[col])[row] = v;
}

void lake_put_real(LakeChunk *chunk, size_t col, size_t row, double v) {
    ((double *)chunk->data[col])[row] = v;
}

void lake_put_null(LakeChunk *chunk, size_t col, size_t row) {
    if (chunk->validity[col] == NULL) {
        duckdb.vector_ensure_validity_writable(chunk->vectors[col]);
        chunk->validity[col] = duckdb.vector_get_validity(chunk->vectors[col]);
    }
    duckdb.validity_set_row_invalid(chunk->validity[col], row);
}

void lake_put_blob(LakeChunk *chunk, size_t col, size_t row, const void *bytes, size_t n) {
    duckdb.vector_assign_string_element_len(chunk->vectors[col], row, bytes, n);
}

void lake_put_utf8(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n) {
    duckdb.unsafe_vector_assign_string_element_len(chunk->vectors[col], row, s, n);
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
