// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

// Debian 12's headers know Landlock of 2022; these are the bits of all versions up to 2025 (linux/landlock.h).
struct ruleset {
  uint64_t files;
  uint64_t network;
  uint64_t scopes;
};
enum { LANDLOCK_CREATE = 444, LANDLOCK_RESTRICT = 446 };

/// Everything this kernel can forbid: rights on files 1 << 0 … 15, TCP bind and connect, abstract sockets and signals.
static int raise_landlock(void) {
  long version = syscall(LANDLOCK_CREATE, NULL, 0, 1);
  if (version < 1) return 0;
  static const int file_rights[] = {0, 13, 14, 15, 15, 16};
  struct ruleset rules = {0, 0, 0};
  rules.files = (1ull << file_rights[version < 5 ? version : 5]) - 1;
  size_t size = sizeof rules.files;
  if (version >= 4) {
    rules.network = 3;
    size += sizeof rules.network;
  }
  if (version >= 6) {
    rules.scopes = 3;
    size += sizeof rules.scopes;
  }
  int ruleset = (int)syscall(LANDLOCK_CREATE, &rules, size, 0);
  if (ruleset < 0) return -1;
  long restricted = syscall(LANDLOCK_RESTRICT, ruleset, 0);
  close(ruleset);
  return restricted == 0 ? CLINUX_LANDLOCK : -1;
}

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
#define ALLOW_CALL(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), ALLOW
// The low half of an argument stands first on every machine that is supported.
#define ALLOW_WITHOUT_EXECUTION(name)                                                                                   \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 4), LOAD(args[2]),                                                 \
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0), ALLOW, REFUSE

/// Reads and writes what is open, takes memory, tells the time, ends. Nothing can be opened, so that is all there is.
static int raise_seccomp(void) {
#ifndef OWN_ARCHITECTURE
  return 0;
#else
  struct sock_filter filter[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OWN_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
    ALLOW_CALL(read),
    ALLOW_CALL(write),
    ALLOW_CALL(futex),
    ALLOW_CALL(brk),
    ALLOW_CALL(munmap),
    ALLOW_CALL(mremap),
    ALLOW_CALL(madvise),
    ALLOW_CALL(close),
    ALLOW_CALL(clock_gettime),
    ALLOW_CALL(gettimeofday),
    ALLOW_CALL(getrandom),
    ALLOW_CALL(getpid),
    ALLOW_CALL(gettid),
    ALLOW_CALL(sched_yield),
    ALLOW_CALL(restart_syscall),
    ALLOW_CALL(rt_sigaction),
    ALLOW_CALL(rt_sigprocmask),
    ALLOW_CALL(rt_sigreturn),
    ALLOW_CALL(exit),
    ALLOW_CALL(exit_group),
    ALLOW_WITHOUT_EXECUTION(mmap),
    LOAD(nr),
    ALLOW_WITHOUT_EXECUTION(mprotect),
    LOAD(nr),
    // abort() signals itself, and only itself.
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_tgkill, 0, 3),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)getpid(), 0, 1),
    ALLOW,
    REFUSE,
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0) return CLINUX_SECCOMP;
  return errno == EINVAL ? 0 : -1;
#endif
}

static int limit(int resource, uint64_t most) {
  struct rlimit limit = {most, most};
  return setrlimit(resource, &limit);
}

int clinux_confine(uint64_t address_space, uint64_t processor_seconds) {
  int walls = 0;
  // No PR_SET_PDEATHSIG: it comes when the thread ends that started the process, and threads of a pool do.
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return -1;
  if (limit(RLIMIT_CORE, 0) || limit(RLIMIT_FSIZE, 0) || limit(RLIMIT_NPROC, 0) || limit(RLIMIT_MEMLOCK, 0)
      || limit(RLIMIT_AS, address_space) || limit(RLIMIT_CPU, processor_seconds)) {
    return -1;
  }
  walls |= CLINUX_LIMITS;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  walls |= CLINUX_NO_NEW_PRIVILEGES;
  int landlock = raise_landlock();
  if (landlock < 0) return -1;
  // Only now: Landlock needs a descriptor for a moment.
  if (limit(RLIMIT_NOFILE, 4) != 0) return -1;
  int seccomp = raise_seccomp();
  if (seccomp < 0) return -1;
  return walls | landlock | seccomp;
}
