// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "CSpawn.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

int cspawn_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int cspawn_change_directory(posix_spawn_file_actions_t *actions, const char *path) {
  return posix_spawn_file_actions_addchdir_np(actions, path);
}

int cspawn_ended(pid_t child, int milliseconds) {
  // glibc knows pidfd_open(2) since 2.36 only.
  int descriptor = (int)syscall(SYS_pidfd_open, child, 0);
  if (descriptor < 0) return -1;
  struct pollfd ended = {.fd = descriptor, .events = POLLIN};
  int found = poll(&ended, 1, milliseconds);
  close(descriptor);
  return found;
}
