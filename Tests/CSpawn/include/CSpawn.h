// SPDX-License-Identifier: Apache-2.0
// What of posix_spawn(3) glibc keeps behind _GNU_SOURCE.
#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>

int cspawn_close_from(posix_spawn_file_actions_t *actions, int first);
int cspawn_change_directory(posix_spawn_file_actions_t *actions, const char *path);

#endif
