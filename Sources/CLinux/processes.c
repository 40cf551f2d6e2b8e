// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <unistd.h>

int clinux_sealed_memory(const char *name, uint64_t size) {
  int memory = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (memory < 0) return -1;
  if (ftruncate(memory, (off_t)size) == 0
      && fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    return memory;
  }
  close(memory);
  return -1;
}

int clinux_release_pages(int memory, uint64_t offset, uint64_t size) {
  return fallocate(memory, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size);
}

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

static int fill(posix_spawn_file_actions_t *actions, int input, int output, int memory) {
  int failure = posix_spawn_file_actions_adddup2(actions, input, 0);
  if (failure == 0) failure = posix_spawn_file_actions_adddup2(actions, output, 1);
  if (failure == 0) failure = posix_spawn_file_actions_adddup2(actions, memory, 3);
  if (failure == 0) failure = posix_spawn_file_actions_addopen(actions, 2, "/dev/null", O_WRONLY, 0);
  if (failure == 0) failure = posix_spawn_file_actions_addclosefrom_np(actions, 4);
  return failure;
}

/// dup2 must not overwrite a descriptor that a later one still needs.
static int above(int descriptor) { return fcntl(descriptor, F_DUPFD_CLOEXEC, 10); }

int clinux_spawn(
  int *process, const char *path, char *const arguments[], char *const environment[], int input, int output, int memory) {
  int sources[3] = {above(input), above(output), above(memory)};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int failure = sources[0] < 0 || sources[1] < 0 || sources[2] < 0 ? errno : 0;
  if (failure == 0) failure = posix_spawn_file_actions_init(&actions);
  if (failure == 0) {
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
      sigset_t none, all;
      sigemptyset(&none);
      sigfillset(&all);
      posix_spawnattr_setsigmask(&attributes, &none);
      posix_spawnattr_setsigdefault(&attributes, &all);
      posix_spawnattr_setpgroup(&attributes, 0);
      posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
      failure = fill(&actions, sources[0], sources[1], sources[2]);
      if (failure == 0) failure = posix_spawn(process, path, &actions, &attributes, arguments, environment);
      posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
  }
  for (int index = 0; index < 3; index++) {
    if (sources[index] >= 0) close(sources[index]);
  }
  return failure;
}
