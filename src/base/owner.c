/* owner.c: see owner.h. The owner of the folder may put there what he likes: nothing is given to him that may be known elsewhere, by
 * another name or through a link. */
#include "base/owner.h"

#include "base/memory.h"
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static void give(int fd, const struct stat *folder) {
    struct stat st;
    if (fstat(fd, &st) != 0 || st.st_uid != 0 || !(S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && st.st_nlink == 1))) return;
    if (fchown(fd, folder->st_uid, folder->st_gid) != 0) return; /* a file system without owners, or a container without that right */
}

void owner_take(const char *path) {
    struct stat folder;
    if (geteuid() != 0) return;
    CLEANUP(free_text) char *copy = xstrdup(path);
    if (stat(dirname(copy), &folder) != 0 || folder.st_uid == 0) return;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    give(fd, &folder);
    close(fd);
}
