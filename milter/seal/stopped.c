/* SPDX-License-Identifier: Apache-2.0
 * `vanthu seal stop`: a file, so that it holds over every restart and works without a sealer. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "seal/state.h"
#include "vanthu/clock.h"

static bool path_of(const char *directory, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/" VT_SEAL_STOPPED_FILE, directory);
    return len > 0 && len < PATH_MAX;
}

static void describe(const char *path, char text[VT_ERR_TEXT_BYTES])
{
    char when[64], by[80], why[256];
    json_t *state = json_load_file(path, 0, NULL);
    const char *who = json_string_value(json_object_get(state, "by"));
    const char *reason = json_string_value(json_object_get(state, "text"));
    const json_t *time = json_object_get(state, "utc_secs");
    (void)snprintf(
        text, VT_ERR_TEXT_BYTES, "sealing is stopped by %s%s%s, %s",
        vt_text_clean(by, sizeof(by), vt_bytes_str(who != NULL ? who : "an administrator")),
        reason != NULL ? ": " : "", vt_text_clean(why, sizeof(why), vt_bytes_str(reason)),
        vt_time_vietnam(when, json_is_integer(time) ? json_integer_value(time) : VT_TIME_NONE));
    json_decref(state);
}

bool vt_seal_is_stopped(const char *directory, char text[VT_ERR_TEXT_BYTES])
{
    char path[PATH_MAX];
    struct stat info;
    bool is_known = path_of(directory, path);
    if (is_known && stat(path, &info) != 0 && errno == ENOENT)
        return false;
    if (text != NULL)
        describe(path, text);
    return true;
}

enum vt_code vt_seal_stop(const char *directory, const char *by, const char *text,
                          int64_t now_utc_secs, struct vt_err *err)
{
    int fd = -1;
    json_t *state = NULL;
    enum vt_code code = vt_seal_state_open(directory, VT_SEAL_STOPPED_FILE, &fd, &state, err);
    if (code != VT_OK)
        return code;
    json_t *made =
        json_pack("{s:s, s:s*, s:I}", "by", by, "text", text, "utc_secs", (json_int_t)now_utc_secs);
    code = made == NULL ? vt_err_set(err, VT_E_NOMEM, "no memory")
                        : vt_seal_state_write(fd, made, true, err);
    json_decref(made);
    json_decref(state);
    (void)close(fd);
    return code;
}

enum vt_code vt_seal_resume(const char *directory, struct vt_err *err)
{
    char path[PATH_MAX];
    if (!path_of(directory, path))
        return vt_err_set(err, VT_E_CONFIG, "the name of seal.directory is too long");
    if (unlink(path) == 0)
        return VT_OK;
    return errno == ENOENT ? vt_err_set(err, VT_E_NOT_FOUND, "sealing was not stopped")
                           : vt_err_sys(err, "cannot remove %s", path);
}
