/* SPDX-License-Identifier: Apache-2.0
 * Which files a role may reach: Landlock (landlock(7)) by raw system calls, because glibc has no
 * wrappers. The version of the kernel is asked at run time and what it does not know is masked:
 * Linux 6.1 has version 2 (files), 6.7 adds TCP (4), 6.12 signals and abstract sockets (6). */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers this is built with. */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* version 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* version 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)  /* version 4 */
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (UINT64_C(1) << 0) /* version 6 */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

/* landlock_ruleset_attr as of version 6. A kernel takes a longer one than it knows as long as what
 * it does not know is zero. */
struct ruleset_attributes {
    uint64_t handled_access_fs;
    uint64_t handled_access_net;
    uint64_t scoped;
};

#define FS_OF_VERSION_1 (LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1)
#define READ_FILES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define READ_WRITE_FILES                                                                           \
    (READ_FILES | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |                 \
     LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR |   \
     LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
/* What makes sense for something that is not a folder. */
#define FILE_RIGHTS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE)

/* What getaddrinfo(3) and the TLS library read while they work. A file that is replaced by another
 * (rename) is only seen after a reload; one that is rewritten in place is seen at once. */
static const char *const network_files[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/etc/ssl",
    "/etc/pki/tls",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/dev/null",
    "/dev/urandom",
};

static uint64_t rights_of_version(long version)
{
    uint64_t rights = FS_OF_VERSION_1;
    if (version >= 2)
        rights |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        rights |= FS_TRUNCATE;
    if (version >= 5)
        rights |= FS_IOCTL_DEV;
    return rights;
}

static struct ruleset_attributes attributes_for(const struct vt_sandbox *sandbox, long version)
{
    struct ruleset_attributes attributes = {.handled_access_fs = rights_of_version(version)};
    if (version >= 4)
        attributes.handled_access_net =
            sandbox->network ? NET_BIND_TCP : NET_BIND_TCP | NET_CONNECT_TCP;
    if (version >= 6)
        attributes.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
    return attributes;
}

static enum vt_code allow(int ruleset, const char *path, uint64_t rights, bool must_exist,
                          struct vt_err *err)
{
    enum vt_code code = VT_OK;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !must_exist)
        return VT_OK;
    if (fd < 0)
        return vt_err_sys(err, "cannot open the folder %s", path);
    struct stat info;
    if (fstat(fd, &info) != 0) {
        code = vt_err_sys(err, "fstat %s", path);
        goto done;
    }
    if (!S_ISDIR(info.st_mode))
        rights &= FILE_RIGHTS;
    struct landlock_path_beneath_attr rule = {.allowed_access = rights, .parent_fd = fd};
    if (syscall(__NR_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        code = vt_err_sys(err, "landlock_add_rule %s", path);
done:
    (void)close(fd);
    return code;
}

static enum vt_code allow_all(const struct vt_sandbox *sandbox, int ruleset, uint64_t handled,
                              struct vt_err *err)
{
    enum vt_code code = VT_OK;
    if (sandbox->writable_directory != NULL)
        code = allow(ruleset, sandbox->writable_directory, handled & READ_WRITE_FILES, true, err);
#ifdef VT_SANITIZE
    if (code == VT_OK)
        code = allow(ruleset, "/proc", handled & READ_FILES, true, err); /* LeakSanitizer */
#endif
    size_t count = sandbox->network ? sizeof(network_files) / sizeof(network_files[0]) : 0;
    for (size_t i = 0; code == VT_OK && i < sandbox->readable_count; i++)
        code = allow(ruleset, sandbox->readable_files[i], handled & READ_FILES, false, err);
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = allow(ruleset, network_files[i], handled & READ_FILES, false, err);
    return code;
}

enum vt_code vt_sandbox_landlock(const struct vt_sandbox *sandbox, struct vt_err *err)
{
    long version = syscall(__NR_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1 && (errno == ENOSYS || errno == EOPNOTSUPP))
        return vt_err_set(err, VT_E_SYSTEM,
                          "sandbox %s: this kernel has no Landlock, or it is switched off; Linux "
                          "5.13 or later with \"landlock\" in the lsm= boot parameter is needed",
                          sandbox->name);
    if (version < 1)
        return vt_err_sys(err, "sandbox %s: landlock_create_ruleset", sandbox->name);
    struct ruleset_attributes attributes = attributes_for(sandbox, version);
    int ruleset = (int)syscall(__NR_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    if (ruleset < 0)
        return vt_err_sys(err, "sandbox %s: landlock_create_ruleset", sandbox->name);
    enum vt_code code = allow_all(sandbox, ruleset, attributes.handled_access_fs, err);
    if (code == VT_OK && syscall(__NR_landlock_restrict_self, ruleset, 0) != 0)
        code = vt_err_sys(err, "sandbox %s: landlock_restrict_self", sandbox->name);
    (void)close(ruleset);
    return code;
}
