/* server.c: ClickHouse as a process, out of libchdb.so: what `clickhouse local` does with its command line, listeners included. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct result {
    char *text;
    size_t len;
    void *owner;
    double seconds;
    uint64_t rows, bytes;
    char *error;
};

extern struct result *chdb_query_cmdline(int argc, char **argv);

int main(int argc, char **argv) {
    struct result *r = chdb_query_cmdline(argc, argv);
    if (r == NULL || r->error == NULL) return r == NULL;
    fprintf(stderr, "%s\n", r->error);
    return 1;
}
