/* owner.h: files that root makes in a folder of another user. Any thread. */
#pragma once

/* Of root alone: gives the file or folder at `path`, when it is root's, to the owner of the folder that it is in: what was done once as
 * root
 * (`sudo smelt backup`) locks the user of the pipeline out of nothing. What cannot be given away stays root's. */
void owner_take(const char *path);
