/* backup.c: `smelt backup` and `smelt restore`. */
#include "recovery/backup.h"

#include "base/clock.h"
#include "base/counted.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/stop.h"
#include "commands/all.h"
#include "commands/app.h"
#include <inttypes.h>

enum { OPT_WAIT = 1, OPT_VERIFY, LOCK_PAUSE_MS = 200 };

typedef struct Options {
    const char *dir;
    int64_t wait_ms;
    BackupCheck check;
} Options;

static error_t parse_dir(int key, char *arg, const char **ret) {
    switch (key) {
    case ARGP_KEY_ARG:
        if (*ret != NULL) return ARGP_ERR_UNKNOWN;
        *ret = arg;
        return 0;
    default: return ARGP_ERR_UNKNOWN;
    }
}

/* Without DIR it is the one of the settings. */
static int find_dir(const App *app, const char **dir, Error *err) {
    if (*dir != NULL) return 0;
    *dir = settings_text(app->settings, "backup.dir");
    return (*dir)[0] != '\0' ? 0 : error_set(err, ERR_USAGE, "DIR is missing, and backup.dir is not set");
}

static error_t parse_backup(int key, char *arg, struct argp_state *state) {
    Options *o = state->input;
    Error err = {0};
    if (key == OPT_VERIFY) return o->check = BACKUP_CHECKSUMS, 0;
    if (key != OPT_WAIT) return parse_dir(key, arg, &o->dir);
    if (duration_parse_ms(arg, &o->wait_ms, &err) != 0) argp_error(state, "--wait: %s", err.text);
    return 0;
}

static error_t parse_restore(int key, char *arg, struct argp_state *state) {
    return parse_dir(key, arg, &((Options *)state->input)->dir);
}

static const struct argp backup_argp = {
    .options =
        (const struct argp_option[]){{"wait", OPT_WAIT, "DURATION", 0, "How long to wait while another process holds the lake lock (0)", 0},
                                     {"verify", OPT_VERIFY, NULL, 0, "Read every file of the backup and compare its checksum", 0},
                                     {0}},
    .parser = parse_backup,
    .args_doc = "[DIR]",
    .doc = "Adds the commits since the last backup to the one in DIR (without it, backup.dir): "
           "Bronze, rejects, duplicates, gaps, the ledger, the run history and the notes of people. "
           "A file of the backup that is missing or damaged is written again. "
           "It does not contain Silver and Gold: `smelt refine` computes them from Bronze. "
           "Only one process may hold the lake lock: while another one holds it, this ends with exit code 75, or waits (--wait). "
           "`smelt up` and `smelt run` make their own backups when backup.dir is set."
           "\vExamples:\n"
           "  smelt backup /var/backups/lake\n"
           "  smelt backup --wait 10m /var/backups/lake\n"
           "  smelt backup --verify /var/backups/lake\n"
           "  smelt up --set backup.dir=/var/backups/lake\n",
};

static const struct argp restore_argp = {
    .parser = parse_restore,
    .args_doc = "[DIR]",
    .doc = "Makes the lake in data.dir from the backup in DIR (without it, backup.dir). "
           "The lake appears only after every file matched its checksum and the audit succeeded. "
           "An existing lake is never overwritten. "
           "Events newer than the backup are read from Kafka again by the next ingest, "
           "or by `smelt recover` when a commit mark says that the lake had more."
           "\vExamples:\n"
           "  smelt restore /var/backups/lake\n"
           "  smelt restore /var/backups/lake && smelt ingest && smelt refine\n",
};

/* Opens the lake as its writer; waits up to `wait_ms` while another process holds the lake lock. */
static int open_within(App *app, int64_t wait_ms, Writer *w, Error *err) {
    int64_t began = clock_mono_ns();
    while (writer_open_existing(app->settings, "smelt backup", w, err) != 0) {
        if (err->kind != ERR_BUSY || (clock_mono_ns() - began) / 1000000 >= wait_ms) return -1;
        error_clear(err);
        if (stop_wait_ms(LOCK_PAUSE_MS)) return error_set(err, ERR_STOPPED, "stopped while waiting for the lake");
    }
    return 0;
}

/* The folder was given on the command line: a mistake in it is one of usage. */
static int check_place(const App *app, const char *dir, Error *err) {
    if (backup_check_place(dir, &app->layout, err) == 0) return 0;
    if (err->kind == ERR_CONFIG) err->kind = ERR_USAGE;
    return -1;
}

int command_backup(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(writer_done) Writer w = {0};
    BackupResult r;
    if (command_parse(app, &backup_argp, argc, argv, &o, err) != 0 || find_dir(app, &o.dir, err) != 0 ||
        check_place(app, o.dir, err) != 0 || open_within(app, o.wait_ms, &w, err) != 0)
        return -1;
    CLEANUP(free_text) char *notes = path_join(o.dir, "lake.notes");
    if (backup_run(w.conn, o.dir, o.check, &r, err) != 0 || backup_copy_notes(app->layout.notes_path, notes, err) != 0) return -1;
    say(app, "%s has everything up to commit %" PRId64 " (%" PRId64 " %s): %" PRId64 " %s, %.1f MB added in %.2f s%s\n", o.dir, r.commit,
        r.landed, counted(r.landed, "event", "events"), r.batches, counted(r.batches, "batch", "batches"), (double)r.bytes / 1e6, r.seconds,
        r.mended > 0 ? "; files that were missing or damaged are written again" : "");
    app->summary = json_pack("{ss sI sI sI sI sI sb sf}", "dir", o.dir, "commit", (json_int_t)r.commit, "landed", (json_int_t)r.landed,
                             "batches", (json_int_t)r.batches, "bytes", (json_int_t)r.bytes, "mended", (json_int_t)r.mended, "anew",
                             r.is_new, "seconds", r.seconds);
    return 0;
}

static int read_good(const App *app, const char *dir, Backup *ret, Error *err) {
    BackupState state;
    if (dir[0] == '\0') return error_set(err, ERR_USAGE, "the folder of the backup has no name: expected DIR as in `smelt backup DIR`");
    if (backup_is_of_lake(dir, &app->layout))
        return error_set(
            err, ERR_USAGE,
            "%s is data.dir itself, and a lake is not made beside the files of its backup: choose another data.dir, or move the "
            "backup to a folder of its own first",
            dir);
    if (backup_read(dir, &state, ret, err) != 0) return -1;
    if (state == BACKUP_NONE) return error_set(err, ERR_DATA, "there is no backup in %s: it has no MANIFEST.json", dir);
    if (state == BACKUP_DAMAGED)
        return error_set(err, ERR_DATA, "the backup in %s is damaged: its MANIFEST.json is truncated or changed", dir);
    return 0;
}

/* A mark of this lake is kept: `smelt recover` reads from it which commits the backup lacks. A mark of another lake is renamed. */
static int read_mark(App *app, const Backup *backup, CommitMark *ret, Error *err) {
    const char *path = app->layout.mark_path;
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    CLEANUP(free_text) char *aside = NULL;
    CommitMarkState state;
    if (commit_mark_load(path, &state, &mark, err) != 0) return -1;
    if (state != MARK_GOOD) return 0;
    if (commit_mark_compare(&mark, &backup->mark) != MARK_FOREIGN) {
        *ret = mark;
        mark = (CommitMark){0};
        return 0;
    }
    if (file_set_aside(path, &aside, err) != 0) return -1;
    log_warn("restore", "the commit mark was of another lake: it is kept as %s", aside);
    return 0;
}

static int restore(App *app, const Backup *backup, int64_t *ret_behind, Error *err) {
    CLEANUP(writer_done) Writer w = {0};
    CLEANUP(commit_mark_done) CommitMark mark = {0};
    const char *lake = app->layout.lake_path;
    LakeOptions options = writer_lake_options(app->settings);
    if (dir_make(app->layout.data_dir, err) != 0 || writer_lock(app->settings, "smelt restore", &w, err) != 0) return -1;
    if (file_exists(lake)) return error_set(err, ERR_DATA, "%s exists and is not overwritten: move it away first", lake);
    if (read_mark(app, backup, &mark, err) != 0 || backup_restore(backup, lake, &options, mark.generation, err) != 0) return -1;
    *ret_behind = commit_mark_offsets_behind(&mark, &backup->mark);
    return 0;
}

int command_restore(App *app, int argc, char **argv, Error *err) {
    Options o = {0};
    CLEANUP(backup_done) Backup b = {0};
    int64_t behind = 0;
    if (command_parse(app, &restore_argp, argc, argv, &o, err) != 0 || find_dir(app, &o.dir, err) != 0 ||
        read_good(app, o.dir, &b, err) != 0)
        return -1;
    CLEANUP(free_text) char *notes = path_join(o.dir, "lake.notes");
    if (restore(app, &b, &behind, err) != 0) return -1;
    if (!file_exists(app->layout.notes_path) && backup_copy_notes(notes, app->layout.notes_path, err) != 0) return -1;
    const char *next = behind > 0 ? "smelt recover" : "smelt ingest";
    say(app, "Restored: %" PRId64 " %s up to commit %" PRId64 ", every offset accounted for.\n", b.mark.landed,
        counted(b.mark.landed, "event", "events"), b.mark.commit);
    if (behind > 0) say(app, "By its commit mark the lake had %" PRId64 " %s more.\n", behind, counted(behind, "offset", "offsets"));
    say(app, "Next: `%s`, then `smelt refine`: Silver and Gold are made from Bronze.\n", next);
    app->summary = json_pack("{sI sI sI sI sI sI ss}", "commit", (json_int_t)b.mark.commit, "landed", (json_int_t)b.mark.landed,
                             "duplicates", (json_int_t)b.mark.duplicates, "rejected", (json_int_t)b.mark.rejected, "gaps",
                             (json_int_t)b.mark.gaps, "offsets_behind_mark", (json_int_t)behind, "next", next);
    return 0;
}
