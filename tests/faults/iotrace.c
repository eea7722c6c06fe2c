/* SPDX-License-Identifier: Apache-2.0
 *
 * Stands between a program and the C library's file calls (LD_PRELOAD): writes down every write, truncation, sync,
 * rename and unlink under one directory, in the order in which they happened, and lets the n-th of them fail; or the
 * n-th read there.
 *
 * IOTRACE_DIR: only paths that begin with it. IOTRACE_LOG: where the record goes (none: nothing is recorded).
 * Record: op (1 byte), length of the path (2), offset (8), length of the data (4), path, data; little-endian.
 * A sync is written down after it returned and nothing else runs meanwhile, so what stands before it is covered by it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { OP_WRITE = 'w', OP_TRUNCATE = 't', OP_SYNC = 's', OP_RENAME = 'r', OP_UNLINK = 'u' };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char directory[PATH_MAX];
static int log_file = -2; /* -2: not looked up yet, -1: nothing is recorded */
static long calls, fail_at, fail_count, fail_errno;
static long reads, read_fail_at, read_fail_count, read_fail_errno;

/* Called by the test through ctypes: calls at..at+count-1 from now on fail with `error`; at 0: none fails. */
void iotrace_fail(long at, long count, long error)
{
    pthread_mutex_lock(&lock);
    calls = 0, fail_at = at, fail_count = count, fail_errno = error;
    pthread_mutex_unlock(&lock);
}

/* The same for reads (pread64), which are counted apart. */
void iotrace_fail_reads(long at, long count, long error)
{
    pthread_mutex_lock(&lock);
    reads = 0, read_fail_at = at, read_fail_count = count, read_fail_errno = error;
    pthread_mutex_unlock(&lock);
}

/* How many reads under the directory since iotrace_fail_reads. */
long iotrace_reads(void)
{
    return reads;
}

/* How many calls under the directory since iotrace_fail. */
long iotrace_calls(void)
{
    return calls;
}

static void look_up(void)
{
    const char *log = getenv("IOTRACE_LOG"), *dir = getenv("IOTRACE_DIR");
    strncpy(directory, dir ? dir : "/nowhere", sizeof directory - 1);
    log_file = log ? (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
}

static int ours(const char *path)
{
    if (log_file == -2)
        look_up();
    return path && !strncmp(path, directory, strlen(directory));
}

static const char *path_of(int fd, char *buffer)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, PATH_MAX - 1);
    if (length < 0)
        return NULL;
    buffer[length] = 0;
    return buffer;
}

static int fails(void)
{
    calls++;
    return fail_at && calls >= fail_at && calls < fail_at + fail_count;
}

static void note(char op, const char *path, uint64_t offset, const void *data, uint32_t size)
{
    if (log_file < 0)
        return;
    uint16_t length = strlen(path);
    char *record = malloc(15 + length + size);
    record[0] = op;
    memcpy(record + 1, &length, 2);
    memcpy(record + 3, &offset, 8);
    memcpy(record + 11, &size, 4);
    memcpy(record + 15, path, length);
    if (size)
        memcpy(record + 15 + length, data, size);
    if (syscall(SYS_write, log_file, record, 15 + length + size) != 15 + length + (ssize_t)size)
        abort();
    free(record);
}

/* With the lock held. A failing write first puts half of its bytes down, as a full medium does. */
static ssize_t do_write(int fd, const char *path, const void *data, size_t size, off_t offset)
{
    if (fails()) {
        if (fail_errno == ENOSPC && size > 512 && calls == fail_at) {
            ssize_t half = syscall(SYS_pwrite64, fd, data, size / 2 / 512 * 512, offset);
            if (half > 0)
                note(OP_WRITE, path, offset, data, half);
            return half;
        }
        errno = fail_errno;
        return -1;
    }
    ssize_t done = syscall(SYS_pwrite64, fd, data, size, offset);
    if (done > 0)
        note(OP_WRITE, path, offset, data, done);
    return done;
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    char buffer[PATH_MAX];
    if (!ours(path_of(fd, buffer)))
        return syscall(SYS_pread64, fd, data, size, offset);
    pthread_mutex_lock(&lock);
    reads++;
    int failing = read_fail_at && reads >= read_fail_at && reads < read_fail_at + read_fail_count;
    pthread_mutex_unlock(&lock);
    if (failing) {
        errno = (int)read_fail_errno;
        return -1;
    }
    return syscall(SYS_pread64, fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    char buffer[PATH_MAX];
    const char *path = path_of(fd, buffer);
    if (!ours(path))
        return syscall(SYS_pwrite64, fd, data, size, offset);
    pthread_mutex_lock(&lock);
    ssize_t done = do_write(fd, path, data, size, offset);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite64(fd, data, size, offset);
}

ssize_t write(int fd, const void *data, size_t size)
{
    char buffer[PATH_MAX];
    const char *path = path_of(fd, buffer);
    if (!ours(path))
        return syscall(SYS_write, fd, data, size);
    pthread_mutex_lock(&lock);
    off_t end = lseek(fd, 0, SEEK_CUR);
    ssize_t done = do_write(fd, path, data, size, end);
    int error = errno;
    if (done > 0)
        lseek(fd, end + done, SEEK_SET);
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

static int do_call(char op, const char *path, uint64_t offset, const char *data, long number, long a, long b)
{
    pthread_mutex_lock(&lock);
    int done = -1, error;
    if (fails())
        errno = fail_errno;
    else if (!(done = (int)syscall(number, a, b)))
        note(op, path, offset, data, data ? (uint32_t)strlen(data) : 0);
    error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

static int sync_file(int fd, long number)
{
    char buffer[PATH_MAX];
    const char *path = path_of(fd, buffer);
    return ours(path) ? do_call(OP_SYNC, path, 0, NULL, number, fd, 0) : (int)syscall(number, fd);
}

int fdatasync(int fd)
{
    return sync_file(fd, SYS_fdatasync);
}

int fsync(int fd)
{
    return sync_file(fd, SYS_fsync);
}

int ftruncate64(int fd, off64_t size)
{
    char buffer[PATH_MAX];
    const char *path = path_of(fd, buffer);
    if (!ours(path) || strstr(path, "-shm")) /* the shared-memory index is made anew after a crash */
        return (int)syscall(SYS_ftruncate, fd, size);
    return do_call(OP_TRUNCATE, path, size, NULL, SYS_ftruncate, fd, size);
}

int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

int rename(const char *old, const char *new)
{
    if (!ours(old))
        return (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (fails())
        errno = fail_errno;
    else if (!(done = (int)syscall(SYS_renameat2, AT_FDCWD, old, AT_FDCWD, new, 0)))
        note(OP_RENAME, old, 0, new, strlen(new));
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}

int unlink(const char *path)
{
    if (!ours(path))
        return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    pthread_mutex_lock(&lock);
    int done = -1;
    if (fails())
        errno = fail_errno;
    else if (!(done = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0)))
        note(OP_UNLINK, path, 0, NULL, 0);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return done;
}
