// SPDX-License-Identifier: Apache-2.0
// What is asked of Linux and Swift cannot say: seccomp, Landlock, sealed memory, a sync of a whole file system.
#ifndef COLLIMATOR_CLINUX_H
#define COLLIMATOR_CLINUX_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Which walls stand; a kernel that lacks one leaves its bit out.
enum {
  CLINUX_NO_NEW_PRIVILEGES = 1,
  CLINUX_LIMITS = 2,
  CLINUX_LANDLOCK = 4,
  CLINUX_SECCOMP = 8,
};

/// Gives up files, network, other processes and executable memory for good, of the calling thread: there must be no other.
/// No core is dumped, no file can grow, the address space ends at `address_space` bytes, and the process after
/// `processor_seconds`. Returns the walls that stand, or -1 where one could not be raised that should have been.
int clinux_confine(uint64_t address_space, uint64_t processor_seconds);

/// Memory to be shared, of a size that nobody can change any more; -1 on failure.
int clinux_sealed_memory(const char *name, uint64_t size);

/// Gives back the pages of shared memory; what is read afterwards is zero.
int clinux_release_pages(int memory, uint64_t offset, uint64_t size);

/// A pipe whose ends no other program inherits.
int clinux_pipe(int ends[2]);

/// Starts a program with these descriptors as 0, 1 and 3, 2 on /dev/null, and no other; signals as by default. 0 or an errno.
int clinux_spawn(
  int *process, const char *path, char *const arguments[], char *const environment[], int input, int output, int memory);

/// All that was written to the file system that a descriptor is of is on its disk; -1 and errno where not (since Linux 5.8
/// also for what was written back, and failed, before).
int clinux_sync_file_system(int descriptor);

#ifdef __cplusplus
}
#endif

#endif
