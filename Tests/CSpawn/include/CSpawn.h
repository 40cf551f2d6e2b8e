// SPDX-License-Identifier: Apache-2.0
// What of posix_spawn(3) glibc keeps behind _GNU_SOURCE.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>
#include <sys/types.h>

int cspawn_close_from(posix_spawn_file_actions_t *actions, int first);
int cspawn_change_directory(posix_spawn_file_actions_t *actions, const char *path);
/// Waits without reaping it: 1 where the child ended, 0 where the time did, -1 where there is no such child (or no word of it).
int cspawn_ended(pid_t child, int milliseconds);

#endif
