/* duckdb_api.h: DuckDB's C functions, loaded when a lake is opened and not when the process starts: mapping and relocating libduckdb takes
 * longer than all of `smelt --version`, and `produce` or `config` never need it. Call `duckdb.query(...)` for duckdb_query(...). */
#pragma once
#include "base/error.h"
#include <duckdb.h>

/* The formatter would put each on a line of its own. */
/* clang-format off */
#define DUCKDB_FUNCTIONS(X) \
    X(bind_add_result_column) X(bind_blob) X(bind_boolean) X(bind_double) X(bind_get_extra_info) X(bind_int64) X(bind_null) \
    X(bind_set_bind_data) X(bind_set_cardinality) X(bind_set_error) X(bind_timestamp_tz) X(bind_varchar_length) X(client_context_get_connection_id) X(close) \
    X(column_count) X(column_logical_type) X(column_name) X(connect) X(connection_get_client_context) X(create_config) \
    X(create_decimal_type) X(create_logical_type) X(create_table_function) X(data_chunk_get_size) X(data_chunk_get_vector) \
    X(data_chunk_set_size) X(decimal_internal_type) X(decimal_scale) X(destroy_client_context) X(destroy_config) X(destroy_data_chunk) \
    X(destroy_error_data) X(destroy_logical_type) X(destroy_prepare) X(destroy_result) X(destroy_table_function) X(disconnect) \
    X(execute_prepared) X(execute_prepared_streaming) X(fetch_chunk) X(free) X(function_get_bind_data) X(function_get_init_data) X(function_get_local_init_data) X(function_set_error) \
    X(get_type_id) X(hugeint_to_double) X(init_get_bind_data) X(init_set_init_data) X(init_set_max_threads) X(interrupt) X(library_version) \
    X(logical_type_get_alias) X(logical_type_set_alias) X(open_ext) X(prepare) X(prepare_error) X(prepared_statement_type) X(query) X(register_table_function) \
    X(result_error) X(result_error_type) X(rows_changed) X(set_config) X(string_t_data) X(string_t_length) \
    X(table_function_get_client_context) X(table_function_set_bind) X(table_function_set_extra_info) X(table_function_set_function) \
    X(table_function_set_init) X(table_function_set_local_init) X(table_function_set_name) X(unsafe_vector_assign_string_element_len) X(valid_utf8_check) \
    X(validity_row_is_valid) X(validity_set_row_invalid) X(vector_assign_string_element_len) X(vector_ensure_validity_writable) \
    X(vector_get_data) X(vector_get_validity) X(vector_size)
/* clang-format on */

typedef struct DuckdbApi {
#define X(name) __typeof__(&duckdb_##name) name;
    DUCKDB_FUNCTIONS(X)
#undef X
} DuckdbApi;

extern DuckdbApi duckdb; /* empty until duckdb_load */

#define LAKE_MORE_MEMORY "give this process more memory (the limit of its container, ulimit -v)"

/* Loads the functions from libduckdb.so in the binary's run path or where the system looks; does nothing when they are loaded. Any thread.
 * ERR_CONFIG says where to get the library, or that there is too little memory for it. */
int duckdb_load(Error *err) MUST_CHECK;
