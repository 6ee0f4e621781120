/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that others must neither read nor choose for us. */
#pragma once

/*
 * Open a file for writing, empty, mode 0600, made if it is not there. What is there must be ours,
 * with one name; a device is taken as it is. The file itself is never a symbolic link, and none is
 * followed in a directory that somebody else but root may write. A descriptor, or negative errno:
 * -ELOOP for such a link, -EEXIST for a file that is not ours alone, -EINVAL for what is no file.
 */
int file_create_private(const char *path);
