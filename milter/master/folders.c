/* SPDX-License-Identifier: Apache-2.0
 * The folders in which roles write: made where they are missing, and given away only while they
 * are nobody's, so that a wrong path in the configuration takes no folder from its owner. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "role_start.h"

enum plan { PLAN_LEAVE, PLAN_MAKE, PLAN_GIVE };

static enum vt_code try_writing(const void *context, struct vt_err *err)
{
    const char *path = context;
    if (faccessat(AT_FDCWD, path, R_OK | W_OK | X_OK, AT_EACCESS) == 0)
        return VT_OK;
    if (errno == EROFS)
        return vt_err_set(err, VT_E_UNSUPPORTED,
                          "cannot write in the folder %s: it is read-only here (ReadWritePaths= of "
                          "vanthu.service)",
                          path);
    return vt_err_sys(err, "cannot write in the folder %s", path);
}

static bool is_empty(const char *path)
{
    DIR *folder = opendir(path);
    bool empty = folder != NULL;
    for (struct dirent *entry = empty ? readdir(folder) : NULL; entry != NULL;
         entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            empty = false;
    if (folder != NULL)
        (void)closedir(folder);
    return empty;
}

static enum vt_code check_parent(const char *path, struct vt_err *err)
{
    char copy[PATH_MAX];
    struct stat info;
    int len = snprintf(copy, sizeof(copy), "%s", path);
    if (len < 0 || (size_t)len >= sizeof(copy))
        return vt_err_set(err, VT_E_CONFIG, "the name of the folder %.64s… is too long", path);
    const char *parent = dirname(copy);
    if (stat(parent, &info) != 0)
        return vt_err_sys(err, "cannot make the folder %s: the folder above it", path);
    if (!S_ISDIR(info.st_mode))
        return vt_err_set(err, VT_E_CONFIG, "cannot make the folder %s: %s is not a folder", path,
                          parent);
    if (faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) != 0)
        return vt_err_sys(err, "cannot make the folder %s%s", path,
                          geteuid() == 0 ? "" : " (start as root)");
    return VT_OK;
}

static enum vt_code look(const char *path, enum plan *out, struct vt_err *err)
{
    struct stat info;
    *out = PLAN_LEAVE;
    if (lstat(path, &info) != 0) {
        *out = PLAN_MAKE;
        return errno == ENOENT ? check_parent(path, err) : vt_err_sys(err, "the folder %s", path);
    }
    bool is_link = S_ISLNK(info.st_mode);
    if (is_link && stat(path, &info) != 0)
        return vt_err_sys(err, "the folder %s", path);
    if (!S_ISDIR(info.st_mode))
        return vt_err_set(err, VT_E_CONFIG, "%s is not a folder", path);
    if (!is_link && geteuid() == 0 && info.st_uid == 0 && is_empty(path))
        *out = PLAN_GIVE;
    return VT_OK;
}

/* Whose it is need not be said: chown names who it has to be. */
static enum vt_code check_writing(const char *path, const char *user, struct vt_err *err)
{
    struct vt_err inner = {0};
    enum vt_code code = vt_as_user(geteuid() == 0 ? user : NULL, try_writing, path, &inner);
    if (code == VT_OK)
        return VT_OK;
    if (code == VT_E_UNSUPPORTED)
        return vt_err_set(err, VT_E_CONFIG, "the user %s %s", user, inner.text);
    if (geteuid() != 0)
        return vt_err_set(err, VT_E_CONFIG, "%s; start as root", inner.text);
    return vt_err_set(err, VT_E_CONFIG, "the user %s %s; if it is meant for vanthu: chown %s %s",
                      user, inner.text, user, path);
}

enum vt_code vt_folder_check(const char *path, const char *user, struct vt_err *err)
{
    enum plan plan;
    enum vt_code code = look(path, &plan, err);
    return code == VT_OK && plan == PLAN_LEAVE ? check_writing(path, user, err) : code;
}

static enum vt_code give(const char *path, const char *user, struct vt_err *err)
{
    struct stat info;
    struct vt_role_user owner;
    enum vt_code code = vt_role_user_find(user, &owner, err);
    if (code != VT_OK)
        return code;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0 ||
        (info.st_uid == 0 && (fchown(fd, owner.uid, owner.gid) != 0 || fchmod(fd, 0700) != 0)))
        code = vt_err_sys(err, "cannot give the folder %s to the user %s", path, user);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

enum vt_code vt_folder_prepare(const char *path, const char *user, struct vt_err *err)
{
    enum plan plan;
    enum vt_code code = look(path, &plan, err);
    if (code == VT_OK && plan == PLAN_MAKE && mkdir(path, 0700) != 0)
        code = vt_err_sys(err, "cannot make the folder %s", path);
    if (code == VT_OK && plan != PLAN_LEAVE && geteuid() == 0)
        code = give(path, user, err);
    return code == VT_OK ? check_writing(path, user, err) : code;
}
