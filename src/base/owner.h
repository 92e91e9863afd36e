/* owner.h: files that root makes in a folder of another user. Any thread. */
#pragma once

/* As root: gives a file or folder of root's to the owner of the folder that it is in, so that `sudo smelt backup`, run once, does not keep
 * the pipeline's own user from its files. What cannot be given away stays root's. */
void owner_take(const char *path);
