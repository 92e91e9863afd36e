/* backup_notes.c: what people wrote (lake.notes) goes with the lake into its backup, and comes back with it. */
#include "recovery/backup.h"

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include <unistd.h>

/* Lines are only ever added: a longer copy holds what is not here any more. */
static int keep_longer(const char *to, int64_t bytes, Error *err) {
    CLEANUP(free_text) char *aside = NULL;
    if (file_stamp(to).bytes <= bytes) return 0;
    if (file_set_aside(to, &aside, err) != 0) return -1;
    log_warn("backup", "%s had more notes than there are now: it is kept as %s", to, aside);
    return 0;
}

int backup_copy_notes(const char *from, const char *to, Error *err) {
    CLEANUP(free_text) char *tmp = xasprintf("%s.tmp", to);
    FileStamp stamp = file_stamp(from);
    if (!file_exists(from) || stamp.bytes == file_stamp(to).bytes) return 0;
    if (keep_longer(to, stamp.bytes, err) != 0) return -1;
    unlink(tmp); /* of a copy that was interrupted */
    return file_copy(from, tmp, err) == 0 ? file_publish(tmp, to, err) : -1;
}
