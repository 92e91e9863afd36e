/* parquet.c: see parquet.h. DuckDB writes files, so an answer is one: under a name that nobody can guess, and without a name before its
 * first byte is sent; it goes when it was sent.
 *
 * Invariant: the text of a user is never in the statement that has a path. */
#include "web/parquet.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "web/tokens.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool parquet_is_wanted(const Request *req) {
    return strcmp(req->type, PARQUET_TYPE) == 0;
}

char *parquet_dir_make(void) {
    char *dir = temp_dir_name();
    if (mkdir(dir, 0700) == 0) return dir;
    log_warn("web", "no answer can be a Parquet file: cannot make %s: %s", dir, strerror(errno));
    free(dir);
    return NULL;
}

void parquet_dir_remove(char *dir) {
    if (dir != NULL) (void)rmdir(dir);
    free(dir);
}

/* Takes the name away from the file that it opens. */
static int open_nameless(const char *path, int64_t *ret_bytes, int *ret, Error *err) {
    struct stat st;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    int failed = file < 0 || fstat(file, &st) != 0 ? errno : 0;
    (void)unlink(path);
    if (failed != 0) {
        if (file >= 0) close(file);
        return error_errno(err, ERR_IO, failed, "cannot read the answer in %s", path);
    }
    *ret_bytes = st.st_size;
    *ret = file;
    return 0;
}

static int write_file(const Lease *lease, const char *path, const char *hidden, Error *err) {
    static const char name[] = "export/parquet";
    const LakeBinding bindings[] = {{"hidden", lake_text(hidden != NULL ? hidden : "")}, {"path", lake_text(path)}};
    CLEANUP(free_text) char *sql = lake_sql_bind(lake_sql(name), bindings, ARRAY_LEN(bindings));
    if (lake_exec(lease->conn, name, sql, err) == 0) return 0;
    (void)unlink(path);
    return -1;
}

static void answer_file(const Request *req, int file, int64_t bytes, Response *resp) {
    if (bytes > PARQUET_BYTES_MAX) {
        close(file);
        response_problem(resp, 422, req, "The answer has more than %d MiB: ask for less.", PARQUET_BYTES_MAX >> 20);
        return;
    }
    resp->status = 200;
    resp->content_type = PARQUET_TYPE;
    resp->file = file;
    resp->fixed_len = (size_t)bytes;
}

/* Of the table that export/begin made. */
static int answer_rows(const Service *s, const Request *req, const Lease *lease, const char *hidden, Response *resp, Error *err) {
    char word[SHA256_TEXT_SIZE];
    int64_t rows = 0, bytes = 0;
    int file = -1;
    if (lake_query_int(lease->conn, "export/count", lake_sql("export/count"), NULL, 0, &rows, err) != 0) return -1;
    if (rows > PARQUET_ROWS_MAX) {
        response_problem(resp, 422, req, "The answer has more than %d rows: give the query a LIMIT.", PARQUET_ROWS_MAX);
        return 0;
    }
    random_hex(word);
    CLEANUP(free_text) char *path = xasprintf("%s/%s", s->export_dir, word);
    if (write_file(lease, path, hidden, err) != 0 || open_nameless(path, &bytes, &file, err) != 0) return -1;
    answer_file(req, file, bytes, resp);
    return 0;
}

int parquet_answer(const Service *s, const Request *req, const Lease *lease, const char *name, const char *sql, const LakeValue *values,
                   size_t n, const char *hidden, Response *resp, Error *err) {
    CLEANUP(free_text) char *begin = xasprintf("%s\n%s", lake_sql("export/begin"), sql);
    Error ignored = {0};
    if (s->export_dir == NULL) return error_set(err, ERR_UNAVAILABLE, "there is no folder for Parquet files: set TMPDIR");
    if (lake_exec_values(lease->conn, name, begin, values, n, NULL, err) != 0) return -1;
    int rc = answer_rows(s, req, lease, hidden, resp, err);
    if (rc == 0 && lake_exec(lease->conn, "export/end", lake_sql("export/end"), &ignored) != 0) error_clear(&ignored);
    return rc; /* a connection on which something failed is not used again */
}
