/* backup_place.c: which folders can hold a backup, and of which lake; see backup.h. Paths are compared by what they lead to, not by their
 * text. */
#include "recovery/backup.h"

#include "base/counted.h"
#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_same(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* The path without links and dots; of what does not exist yet, the last names are left as they are. The caller frees. */
static char *resolve(const char *path) {
    char *real = realpath(path, NULL);
    if (real != NULL) return real;
    CLEANUP(free_text) char *at = xstrdup(path);
    for (size_t n = strlen(at); n > 1 && at[n - 1] == '/'; n--) at[n - 1] = '\0';
    if (strcmp(at, ".") == 0 || strcmp(at, "/") == 0) return xstrdup(at);
    const char *slash = strrchr(at, '/');
    CLEANUP(free_text) char *parent = path_parent(at);
    CLEANUP(free_text) char *before = resolve(parent);
    return path_join(before, slash != NULL ? slash + 1 : at);
}

static bool is_in(const char *path, const char *dir) {
    CLEANUP(free_text) char *inner = resolve(path);
    CLEANUP(free_text) char *outer = resolve(dir);
    size_t n = strlen(outer);
    return strncmp(inner, outer, n) == 0 && (inner[n] == '\0' || inner[n] == '/');
}

bool backup_is_of_lake(const char *dir, const Layout *layout) {
    return is_same(dir, layout->data_dir);
}

int backup_check_place(const char *dir, const Layout *layout, Error *err) {
    static const char next[] = "choose a folder outside of data.dir, best on another disk";
    if (dir[0] == '\0') return error_set(err, ERR_CONFIG, "the folder of the backup has no name: %s", next);
    if (is_same(dir, layout->data_dir))
        return error_set(err, ERR_CONFIG, "%s is data.dir itself, and what happens to the lake would happen to its backup: %s", dir, next);
    if (is_in(dir, layout->snapshots_dir) || is_in(dir, layout->models_dir))
        return error_set(err, ERR_CONFIG, "%s is in a folder of data.dir in which Smelt removes files: %s", dir, next);
    if (is_in(dir, layout->data_dir)) log_warn("backup", "%s is inside of data.dir: if that is lost, so is its backup", dir);
    return 0;
}

int backup_check_setting(const Settings *settings, Error *err) {
    const char *dir = settings_text(settings, "backup.dir");
    CLEANUP(layout_done) Layout layout = layout_of(settings);
    if (dir[0] == '\0' || backup_check_place(dir, &layout, err) == 0) return 0;
    return error_prefix(err, "backup.dir");
}

int backup_check_lake(const Backup *backup, const CommitMark *lake, Error *err) {
    if (lake->lake_id == NULL || strcmp(backup->mark.lake_id, lake->lake_id) == 0) return 0;
    return error_set(err, ERR_DATA, "%s holds the backup of another lake (%s; this one is %s): choose another folder", backup->dir,
                     backup->mark.lake_id, lake->lake_id);
}

int backup_check_new_lake(const Settings *settings, Error *err) {
    const char *dir = settings_text(settings, "backup.dir");
    CLEANUP(backup_done) Backup backup = {0};
    CLEANUP(error_clear) Error ignored = {0};
    BackupState state;
    if (dir[0] == '\0' || backup_read(dir, &state, &backup, &ignored) != 0 || state != BACKUP_GOOD || backup.mark.landed == 0) return 0;
    return error_set(err, ERR_DATA,
                     "there is no lake in %s, but backup.dir (%s) has the backup of one with %" PRId64
                     " %s: is the volume of data.dir mounted? Next: mount it, or `smelt restore`; to begin a new lake on purpose, choose "
                     "another backup.dir",
                     settings_text(settings, "data.dir"), dir, backup.mark.landed, counted(backup.mark.landed, "event", "events"));
}
