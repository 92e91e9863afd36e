/* bulk.c: rows from C as a DuckDB table function. Values go straight into DuckDB's vectors: no staging copy, and DuckDB may scan with
 * several threads, so that the SQL over the rows (parsing JSON) runs in parallel. */
#include "lake/internal.h"

#include "base/memory.h"
#include <string.h>

#define SOURCE_COLUMNS_MAX 16

/* DuckDB keeps the first table function of a name for the life of the database, whoever registers another. So the registration is ours: it
 * is made once, and what it points at is replaced. */
typedef struct LakeSource {
    struct LakeSource *next;
    char *name; /* owned */
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
    case LAKE_TEXT: return DUCKDB_TYPE_VARCHAR;
    case LAKE_BLOB: return DUCKDB_TYPE_BLOB;
    case LAKE_TIME: return DUCKDB_TYPE_TIMESTAMP_TZ;
    case LAKE_TIMES:
    case LAKE_NULL: break;
    }
    BUG("a column needs a type");
}

static void on_bind(duckdb_bind_info info) {
    const LakeSource *source = duckdb.bind_get_extra_info(info);
    for (size_t i = 0; i < source->count; i++) {
        duckdb_logical_type type = duckdb.create_logical_type(column_type(source->columns[i].type));
        duckdb.bind_add_result_column(info, source->columns[i].name, type);
        duckdb.destroy_logical_type(&type);
    }
}

static void on_init(duckdb_init_info info) {
    const LakeSource *source = duckdb.init_get_extra_info(info);
    duckdb.init_set_max_threads(info, (idx_t)source->threads);
}

static void on_scan(duckdb_function_info info, duckdb_data_chunk output) {
    const LakeSource *source = duckdb.function_get_extra_info(info);
    LakeChunk chunk = {0};
    for (size_t i = 0; i < source->count; i++) {
        chunk.vectors[i] = duckdb.data_chunk_get_vector(output, i);
        chunk.data[i] = duckdb.vector_get_data(chunk.vectors[i]);
    }
    duckdb.data_chunk_set_size(output, source->fill(source->state, &chunk, duckdb.vector_size()));
}

void lake_sources_free(Lake *lake) {
    while (lake->sources != NULL) {
        LakeSource *source = lake->sources;
        lake->sources = source->next;
        free(source->name);
        free(source);
    }
}

static LakeSource *find_source(Lake *lake, const char *name) {
    LakeSource *source = lake->sources;
    while (source != NULL && strcmp(source->name, name) != 0) source = source->next;
    return source;
}

static int register_function(LakeConn *conn, LakeSource *source) {
    duckdb_table_function function = duckdb.create_table_function();
    duckdb.table_function_set_name(function, source->name);
    duckdb.table_function_set_extra_info(function, source, NULL);
    duckdb.table_function_set_bind(function, on_bind);
    duckdb.table_function_set_init(function, on_init);
    duckdb.table_function_set_function(function, on_scan);
    duckdb_state state = duckdb.register_table_function(conn->con, function);
    duckdb.destroy_table_function(&function);
    return state == DuckDBSuccess ? 0 : -1;
}

int lake_register_source(LakeConn *conn, const char *name, const LakeColumn *columns, size_t n, int threads, LakeFill fill, void *state,
                         Error *err) {
    BUG_IF(n > SOURCE_COLUMNS_MAX);
    pthread_mutex_lock(&conn->lake->sources_lock);
    LakeSource *source = find_source(conn->lake, name);
    bool is_new = source == NULL;
    if (is_new) {
        source = xcalloc(1, sizeof *source);
        source->name = xstrdup(name);
        source->next = conn->lake->sources;
        conn->lake->sources = source;
    }
    source->count = n;
    source->threads = threads;
    source->fill = fill;
    source->state = state;
    memcpy(source->columns, columns, n * sizeof *columns);
    int rc = is_new ? register_function(conn, source) : 0;
    pthread_mutex_unlock(&conn->lake->sources_lock);
    return rc == 0 ? 0 : error_set(err, ERR_BUG, "the source %s() could not be registered", name);
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

bool lake_put_text(LakeChunk *chunk, size_t col, size_t row, const char *s, size_t n) {
    duckdb_error_data problem = duckdb.valid_utf8_check(s, n);
    if (problem != NULL) {
        duckdb.destroy_error_data(&problem);
        lake_put_null(chunk, col, row);
        return false;
    }
    duckdb.unsafe_vector_assign_string_element_len(chunk->vectors[col], row, s, n);
    return true;
}
