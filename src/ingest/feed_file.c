/* feed_file.c: a file of lines as a topic with one partition, 0; line n (from 0) is offset n. An empty line is an empty message. The last
 * line counts also without a newline at its end, unless it is the beginning of a JSON value: then its rest is still to be written, and both
 * are read the next time. With `follow` only lines that end with a newline count.
 *
 * A line may begin with the record's timestamp: 13 digits, milliseconds since 1970, and a tab. No JSON begins so. `smelt produce` writes
 * it, and kcat does with -f '%T\t%s\n'. The message is what follows; without it the timestamp is not known.
 *
 * Editors and shells of Windows put a byte order mark at the beginning of a file: that of UTF-8 is passed over. */
#include "base/counted.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "ingest/feed_internal.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yyjson.h>

#define READ_BUFFER      (1 << 20)
#define TIMESTAMP_DIGITS 13 /* from 2001 to 2286 */

typedef struct FileFeed {
    Feed feed;
    char *path;
    FILE *file;
    bool follow;
    bool at_end;  /* KAFKA_END was returned since the last line */
    bool is_cut;  /* read_line left an unfinished line where it is */
    bool told;    /* ... and the log says so */
    int64_t next; /* line number */
    char *line;   /* getline's buffer */
    size_t line_cap;
    char *counted_id;      /* file_describe: which file it was; NULL: none yet */
    int64_t counted_lines; /* ... the whole lines of it that were counted */
    off_t counted_to;      /* ... and where they end */
} FileFeed;

static void file_free(Feed *feed) {
    FileFeed *f = (FileFeed *)feed;
    if (f->file != NULL) fclose(f->file);
    free(f->line);
    free(f->path);
    free(f->counted_id);
    free(feed->topic);
    free(f);
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo; RFC 9923): enough to notice another file under the same name. */
static uint64_t fnv1a(const char *bytes, size_t n) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* The timestamp before the message, which then begins `*ret_skip` bytes later; INT64_MIN and 0: there is none. */
static int64_t read_timestamp(const char *line, size_t len, size_t *ret_skip) {
    int64_t ms = 0;
    *ret_skip = 0;
    if (len <= TIMESTAMP_DIGITS || line[TIMESTAMP_DIGITS] != '\t') return INT64_MIN;
    for (int i = 0; i < TIMESTAMP_DIGITS; i++) {
        if (line[i] < '0' || line[i] > '9') return INT64_MIN;
        ms = ms * 10 + (line[i] - '0');
    }
    *ret_skip = TIMESTAMP_DIGITS + 1;
    return ms * 1000;
}

size_t feed_line_head(const char *line, size_t len, bool first, int64_t *ret_timestamp_us) {
    size_t mark = first && len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, skip;
    *ret_timestamp_us = read_timestamp(line + mark, len - mark, &skip);
    return mark + skip;
}

/* Does JSON begin there that does not end? */
static bool is_cut_off(const char *line, size_t len, bool first) {
    yyjson_read_err problem;
    int64_t timestamp_us;
    size_t skip = feed_line_head(line, len, first, &timestamp_us);
    yyjson_doc *doc = yyjson_read_opts((char *)(uintptr_t)line + skip, len - skip, YYJSON_READ_NOFLAG, NULL, &problem);
    yyjson_doc_free(doc);
    return doc == NULL && problem.code == YYJSON_READ_ERROR_UNEXPECTED_END;
}

/* The next line into f->line. Its length without the newline; -1 at the end (an unfinished line under `follow` is the end too). */
static ssize_t read_line(FileFeed *f) {
    off_t at = ftello(f->file);
    clearerr(f->file);
    ssize_t n = getline(&f->line, &f->line_cap, f->file);
    if (n > 0 && f->line[n - 1] == '\n') return n - 1;
    if (n > 0 && !f->follow && !is_cut_off(f->line, (size_t)n, at == 0)) return n;
    f->is_cut = n > 0;
    if (n > 0) fseeko(f->file, at, SEEK_SET);
    return -1;
}

static char *identity(const char *line, ssize_t len) {
    return len >= 0 ? xasprintf("%016" PRIx64, fnv1a(line, (size_t)len)) : xstrdup("");
}

/* The file of that name as it is now, at its first line: what is read of `f` stays where it is. */
static int open_again(const FileFeed *f, FileFeed *ret, Error *err) {
    *ret = (FileFeed){.path = f->path, .file = fopen(f->path, "re"), .follow = f->follow};
    if (ret->file == NULL) return error_errno(err, ERR_DATA, errno, "cannot read %s any more", f->path);
    setvbuf(ret->file, NULL, _IOFBF, READ_BUFFER);
    return 0;
}

static void close_again(FileFeed *f) {
    free(f->line);
    if (f->file != NULL) fclose(f->file);
}

/* The lines of `now`. Those that were counted before are not read again: this is asked while a file grows. */
static int64_t count_lines(FileFeed *f, FileFeed *now) {
    int64_t lines = f->counted_lines;
    fseeko(now->file, f->counted_to, SEEK_SET);
    for (ssize_t n = read_line(now); n >= 0; n = read_line(now)) {
        lines++;
        if (now->line[n] != '\n') break; /* whole only when more has come */
        f->counted_lines = lines;
        f->counted_to = ftello(now->file);
    }
    return lines;
}

/* Warns that the last line of the file is not whole. With `follow` it is read once its rest is written, so there is nothing to warn of. */
static void tell_cut(FileFeed *f, const FileFeed *now, int64_t lines) {
    if (f->follow || !now->is_cut || f->told) return;
    log_warn("ingest",
             "line %" PRId64
             " of %s, the last one, is JSON that is cut off: it was not read. Run the command again when its rest is written; "
             "if nothing writes to the file any more, the rest of that event is lost",
             lines + 1, f->path);
    f->told = true;
}

static int file_describe(Feed *feed, int timeout_ms, KafkaTopic *ret, Error *err) {
    (void)timeout_ms;
    FileFeed *f = (FileFeed *)feed;
    CLEANUP(close_again) FileFeed now;
    if (open_again(f, &now, err) != 0) return -1;
    struct stat status = {0};
    ssize_t first = fstat(fileno(now.file), &status) == 0 ? read_line(&now) : -1;
    CLEANUP(free_text) char *topic_id = identity(now.line, first);
    if (f->counted_id == NULL || strcmp(f->counted_id, topic_id) != 0 || status.st_size < f->counted_to)
        f->counted_lines = f->counted_to = 0;
    free(f->counted_id);
    f->counted_id = xstrdup(topic_id);
    int64_t lines = count_lines(f, &now);
    if (ferror(now.file)) return error_errno(err, ERR_IO, errno, "cannot read %s", f->path);
    tell_cut(f, &now, lines);
    Offsets *partition = xcalloc(1, sizeof *partition);
    *partition = offsets_unknown(0);
    partition->start = 0;
    partition->end = lines;
    *ret =
        (KafkaTopic){.exists = true, .cluster_id = xstrdup(""), .topic_id = TAKE(topic_id), .partition_count = 1, .partitions = partition};
    return 0;
}

/* Log rotation replaces the file or empties it: so this opens the file of that name again instead of checking the one that is open. */
static int file_check(Feed *feed, const KafkaTopic *was, int timeout_ms, bool *ret_grown, Error *err) {
    (void)timeout_ms;
    FileFeed *f = (FileFeed *)feed;
    CLEANUP(close_again) FileFeed now;
    struct stat status;
    if (open_again(f, &now, err) != 0) return -1;
    if (fstat(fileno(now.file), &status) != 0) return error_errno(err, ERR_DATA, errno, "cannot read %s any more", f->path);
    ssize_t first = read_line(&now);
    CLEANUP(free_text) char *topic_id = identity(now.line, first);
    bool same = was->topic_id[0] == '\0' || strcmp(topic_id, was->topic_id) == 0;
    *ret_grown = false;
    if (same && status.st_size >= ftello(f->file)) return 0;
    return error_set(err, ERR_DATA, "%s was truncated or replaced while it was read. What was stored stays; nothing of the new one was",
                     f->path);
}

static int file_seek(Feed *feed, int32_t partition, int64_t offset, Error *err) {
    FileFeed *f = (FileFeed *)feed;
    BUG_IF(partition != 0);
    rewind(f->file);
    for (f->next = 0; f->next < offset; f->next++)
        if (read_line(f) < 0)
            return error_set(err, ERR_DATA, "%s has %" PRId64 " %s, %" PRId64 " %s read before", f->path, f->next,
                             counted(f->next, "line", "lines"), offset, counted(offset, "was", "were"));
    f->at_end = false;
    return 0;
}

static int file_start(Feed *feed, const Offsets *partitions, size_t n, Error *err) {
    BUG_IF(n != 1);
    return file_seek(feed, partitions[0].partition, partitions[0].next, err);
}

static int file_poll(Feed *feed, int timeout_ms, KafkaEvent *ret, Error *err) {
    FileFeed *f = (FileFeed *)feed;
    ssize_t n = read_line(f);
    if (n < 0 && ferror(f->file)) return error_errno(err, ERR_IO, errno, "cannot read %s", f->path);
    if (n < 0) {
        if (f->at_end) stop_wait_ms(timeout_ms);
        *ret = (KafkaEvent){.kind = f->at_end ? KAFKA_NOTHING : KAFKA_END, .offset = f->next};
        f->at_end = true;
        return 0;
    }
    f->at_end = false;
    int64_t timestamp_us;
    size_t skip = feed_line_head(f->line, (size_t)n, f->next == 0, &timestamp_us);
    *ret = (KafkaEvent){.kind = KAFKA_MESSAGE,
                        .offset = f->next++,
                        .leader_epoch = LEADER_EPOCH_UNKNOWN,
                        .timestamp_us = timestamp_us,
                        .value = f->line + skip,
                        .len = (size_t)n - skip};
    return 0;
}

static void file_report(Feed *feed, const Offsets *partitions, size_t n) {
    (void)feed, (void)partitions, (void)n;
}

static const FeedOps file_ops = {file_free, file_describe, file_check, file_start, file_poll, file_seek, NULL, file_report};

static int refuse_stream(const char *path, const char *why, Error *err) {
    return error_set(err, ERR_DATA, "%s: %s. It is read more than once, also by later runs: write it to a file first", path, why);
}

/* `real` NULL: there is none. */
static int check_file(const char *path, const char *real, Error *err) {
    struct stat st;
    if (strcmp(path, "-") == 0) return refuse_stream(path, "standard input is no file", err);
    if (real == NULL || stat(real, &st) != 0) { /* of /dev/stdin, what it stands for has no path when it is a pipe */
        if (stat(path, &st) != 0) return error_errno(err, ERR_DATA, errno, "cannot read %s", path);
        return refuse_stream(path, "what the shell gives is no file", err);
    }
    if (S_ISDIR(st.st_mode)) return error_set(err, ERR_DATA, "%s is a folder, expected a file", path);
    if (S_ISREG(st.st_mode)) return 0;
    return refuse_stream(path, S_ISFIFO(st.st_mode) ? "it is a named pipe" : "it is a device", err);
}

int feed_open_file(const char *path, bool follow, Feed **ret, Error *err) {
    CLEANUP(free_text) char *real = realpath(path, NULL);
    if (check_file(path, real, err) != 0) return -1;
    FILE *file = fopen(real, "re");
    if (file == NULL) return error_errno(err, ERR_DATA, errno, "cannot read %s", path);
    setvbuf(file, NULL, _IOFBF, READ_BUFFER);
    FileFeed *f = xcalloc(1, sizeof *f);
    f->feed = (Feed){.ops = &file_ops, .topic = xasprintf("file:%s", real)};
    f->path = TAKE(real);
    f->file = file;
    f->follow = follow;
    *ret = &f->feed;
    return 0;
}
