// SPDX-License-Identifier: Apache-2.0
// Preloaded into a process, counts its calls that change files under FAULT_DIR (several folders with colons between them),
// and makes one of them go wrong:
//   FAULT_AT=n     the n-th call (over all threads)
//   FAULT_KIND=    kill (before it), killafter, eio, enospc, short (half is written, then ENOSPC), emfile (of an open),
//                  erofs; "all-..." from the n-th call on; "read-eio", "read-kill": of the calls that read files
//   FAULT_CALL=    only calls of this name count
//   FAULT_DROP=dirsync|walsync|logsync|objectsync|filesync   a planted defect: these syncs are answered without being done
//                  (objectsync: of large objects' files; logsync: of
//                  the arrivals log; filesync: of objects' files, one by one or with the file system, before a segment of that log is used again)
//   FAULT_LOG=path at the fault, or at the end: the name and the number of the call, and the counts of all
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_int counted;
static const char *names[] = {"open", "write", "pwrite", "fsync", "fdatasync", "link", "rename", "unlink", "ftruncate",
                              "mkdir", "rmdir", "close", "syncfs", "fallocate", "read"};
enum { OPEN, WRITE, PWRITE, FSYNC, FDATASYNC, LINK, RENAME, UNLINK, FTRUNCATE, MKDIR, RMDIR, CLOSE, SYNCFS, FALLOCATE, READ,
       CALLS };
static atomic_int hits[CALLS];
static char under[65536];

static const char *env(const char *name) { const char *v = getenv(name); return v ? v : ""; }
static long number(const char *name) { return atol(env(name)); }
static int inside(const char *path) {
  for (const char *d = env("FAULT_DIR"); path && *d;) {
    size_t length = strcspn(d, ":");
    if (length && !strncmp(path, d, length) && (path[length] == 0 || path[length] == '/')) return 1;
    d += length + (d[length] == ':');
  }
  return 0;
}
static int marked(int fd) { return fd >= 0 && fd < (int)sizeof under && under[fd]; }

static void tell(const char *name, int at) {
  const char *path = env("FAULT_LOG");
  if (!*path) return;
  char text[1024];
  int length = snprintf(text, sizeof text, "{\"fault\": \"%s\", \"at\": %d", name, at);
  for (int i = 0; i < CALLS; i++)
    length += snprintf(text + length, sizeof text - length, ", \"%s\": %d", names[i], atomic_load(&hits[i]));
  length += snprintf(text + length, sizeof text - length, "}\n");
  static int (*real_open)(const char *, int, ...);
  static ssize_t (*real_write)(int, const void *, size_t);
  if (!real_open) real_open = dlsym(RTLD_NEXT, "open");
  if (!real_write) real_write = dlsym(RTLD_NEXT, "write");
  int fd = real_open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd >= 0) real_write(fd, text, length);
}

enum outcome { GO, FAIL, SHORT, DIE_AFTER };

static enum outcome judge(int call) {
  atomic_fetch_add(&hits[call], 1);
  const char *only = env("FAULT_CALL");
  // What reads changes nothing: it has a count of its own.
  if ((call == READ) != !strncmp(env("FAULT_KIND"), "read-", 5)) return GO;
  if (*only && strcmp(only, names[call])) return GO;
  int at = atomic_fetch_add(&counted, 1) + 1;
  long wanted = number("FAULT_AT");
  const char *kind = env("FAULT_KIND");
  int always = !strncmp(kind, "all-", 4);
  if (always) kind += 4;
  if (!strncmp(kind, "read-", 5)) kind += 5;
  if (!wanted || (always ? at < wanted : at != wanted)) return GO;
  if (!always || at == wanted) tell(names[call], at);
  if (!strcmp(kind, "kill")) { kill(getpid(), SIGKILL); pause(); }
  if (!strcmp(kind, "killafter")) return DIE_AFTER;
  if (!strcmp(kind, "emfile")) { if (call != OPEN) return GO; errno = EMFILE; return FAIL; }
  if (!strcmp(kind, "short")) { if (call == WRITE || call == PWRITE) return SHORT; errno = ENOSPC; return FAIL; }
  errno = !strcmp(kind, "enospc") ? ENOSPC : !strcmp(kind, "erofs") ? EROFS : EIO;
  return FAIL;
}

static void end(enum outcome outcome) { if (outcome == DIE_AFTER) { kill(getpid(), SIGKILL); pause(); } }

#define REAL(ret, name, args) static ret(*real) args; if (!real) real = dlsym(RTLD_NEXT, name)

static int opened(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode) {
  int ours = inside(path);
  enum outcome outcome = GO;
  // Opening to read changes nothing; it can fail for want of descriptors.
  if (ours && ((flags & O_CREAT) || !strcmp(env("FAULT_KIND"), "emfile"))) outcome = judge(OPEN);
  if (outcome == FAIL) return -1;
  int fd = real(path, flags, mode);
  if (fd >= 0 && fd < (int)sizeof under) under[fd] = ours;
  end(outcome);
  return fd;
}

int open(const char *path, int flags, ...) {
  va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
  REAL(int, "open", (const char *, int, ...));
  return opened(real, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list list; va_start(list, flags); mode_t mode = va_arg(list, mode_t); va_end(list);
  REAL(int, "open64", (const char *, int, ...));
  return opened(real, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(ssize_t, "write", (int, const void *, size_t));
  enum outcome outcome = marked(fd) ? judge(WRITE) : GO;
  if (outcome == FAIL) return -1;
  if (outcome == SHORT) return count > 1 ? real(fd, bytes, count / 2) : (errno = ENOSPC, -1);
  ssize_t result = real(fd, bytes, count);
  end(outcome);
  return result;
}

static ssize_t pwritten(ssize_t (*real)(int, const void *, size_t, off_t), int fd, const void *b, size_t n, off_t o) {
  enum outcome outcome = marked(fd) ? judge(PWRITE) : GO;
  if (outcome == FAIL) return -1;
  if (outcome == SHORT) { real(fd, b, n / 2, o); errno = ENOSPC; return -1; }
  ssize_t result = real(fd, b, n, o);
  end(outcome);
  return result;
}

ssize_t pwrite(int fd, const void *b, size_t n, off_t o) {
  REAL(ssize_t, "pwrite", (int, const void *, size_t, off_t));
  return pwritten(real, fd, b, n, o);
}

ssize_t pwrite64(int fd, const void *b, size_t n, off_t o) {
  REAL(ssize_t, "pwrite64", (int, const void *, size_t, off_t));
  return pwritten(real, fd, b, n, o);
}

static int dropped(int fd) {
  const char *drop = env("FAULT_DROP");
  if (!*drop) return 0;
  struct stat status;
  if (!strcmp(drop, "dirsync")) return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  if (!strcmp(drop, "logsync")) return strstr(path, "/arrivals/") != 0;
  if (!strcmp(drop, "filesync")) return strstr(path, "/instances/") && strstr(path, ".dcm");
  // Of a large object's own file, which is open under the name that it arrives with.
  if (!strcmp(drop, "objectsync")) return strstr(path, "/incoming/") != 0;
  return !strcmp(drop, "walsync") && strstr(path, "-wal") != 0;
}

#define FALLOCATE_OF(name) \
  int name(int fd, off_t offset, off_t length) { \
    REAL(int, #name, (int, off_t, off_t)); \
    enum outcome outcome = marked(fd) ? judge(FALLOCATE) : GO; \
    if (outcome == FAIL || outcome == SHORT) return errno; \
    int result = real(fd, offset, length); \
    end(outcome); \
    return result; \
  }
FALLOCATE_OF(posix_fallocate)
FALLOCATE_OF(posix_fallocate64)

int fallocate(int fd, int mode, off_t offset, off_t length) {
  REAL(int, "fallocate", (int, int, off_t, off_t));
  enum outcome outcome = marked(fd) ? judge(FALLOCATE) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = real(fd, mode, offset, length);
  end(outcome);
  return result;
}

int syncfs(int fd) {
  REAL(int, "syncfs", (int));
  enum outcome outcome = marked(fd) ? judge(SYNCFS) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = !strcmp(env("FAULT_DROP"), "filesync") ? 0 : real(fd);
  end(outcome);
  return result;
}

int fsync(int fd) {
  REAL(int, "fsync", (int));
  enum outcome outcome = marked(fd) ? judge(FSYNC) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = dropped(fd) ? 0 : real(fd);
  end(outcome);
  return result;
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", (int));
  enum outcome outcome = marked(fd) ? judge(FDATASYNC) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = dropped(fd) ? 0 : real(fd);
  end(outcome);
  return result;
}

#define TWO_PATHS(name, call) \
  int name(const char *from, const char *to) { \
    REAL(int, #name, (const char *, const char *)); \
    enum outcome outcome = inside(from) || inside(to) ? judge(call) : GO; \
    if (outcome == FAIL || outcome == SHORT) return -1; \
    int result = real(from, to); \
    end(outcome); \
    return result; \
  }
TWO_PATHS(link, LINK)
TWO_PATHS(rename, RENAME)

int unlink(const char *path) {
  REAL(int, "unlink", (const char *));
  enum outcome outcome = inside(path) ? judge(UNLINK) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = real(path);
  end(outcome);
  return result;
}

int rmdir(const char *path) {
  REAL(int, "rmdir", (const char *));
  enum outcome outcome = inside(path) ? judge(RMDIR) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = real(path);
  end(outcome);
  return result;
}

ssize_t read(int fd, void *bytes, size_t count) {
  REAL(ssize_t, "read", (int, void *, size_t));
  return marked(fd) && judge(READ) == FAIL ? -1 : real(fd, bytes, count);
}

#define PREAD(name) \
  ssize_t name(int fd, void *bytes, size_t count, off_t offset) { \
    REAL(ssize_t, #name, (int, void *, size_t, off_t)); \
    return marked(fd) && judge(READ) == FAIL ? -1 : real(fd, bytes, count, offset); \
  }
PREAD(pread)
PREAD(pread64)

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", (const char *, mode_t));
  enum outcome outcome = inside(path) ? judge(MKDIR) : GO;
  if (outcome == FAIL || outcome == SHORT) return -1;
  int result = real(path, mode);
  end(outcome);
  return result;
}

#define TRUNCATE(name) \
  int name(int fd, off_t length) { \
    REAL(int, #name, (int, off_t)); \
    enum outcome outcome = marked(fd) ? judge(FTRUNCATE) : GO; \
    if (outcome == FAIL || outcome == SHORT) return -1; \
    int result = real(fd, length); \
    end(outcome); \
    return result; \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

int close(int fd) {
  REAL(int, "close", (int));
  int ours = marked(fd);
  if (ours) under[fd] = 0;
  enum outcome outcome = ours ? judge(CLOSE) : GO;
  int result = real(fd);
  end(outcome);
  // The descriptor is gone, whatever is said (close(2)).
  return outcome == FAIL || outcome == SHORT ? -1 : result;
}

__attribute__((destructor)) static void finish(void) { tell("none", atomic_load(&counted)); }
