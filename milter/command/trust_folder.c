/* SPDX-License-Identifier: Apache-2.0
 * The directory of a trust set: one certificate a file, and the file confirmed. Every file is
 * written beside its place, flushed and renamed, so that whoever reads finds the old or the new one
 * whole. All of it is public; it is readable for the roles. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/trust.h"
#include "vanthu/wire.h"

#define FILE_MODE 0644
#define FOLDER_MODE 0755
#define MAX_CONFIRMED_BYTES (1024u * 1024)
#define MAX_SLUG_BYTES 48

/* ---- writing ---- */

static enum vt_code make_folder(const char *path, struct vt_err *err)
{
    if (mkdir(path, FOLDER_MODE) != 0)
        return errno == EEXIST ? VT_OK : vt_err_sys(err, "cannot make the folder %s", path);
    /* Whatever the caller's umask is. */
    return chmod(path, FOLDER_MODE) == 0 ? VT_OK : vt_err_sys(err, "chmod %s", path);
}

/* The directory and what it stands in, as far as missing. */
static enum vt_code make_folders(struct vt_trust_desk *desk, const char *path, struct vt_err *err)
{
    char *copy = vt_arena_str(desk->arena, path);
    if (copy == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    for (char *at = copy + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        enum vt_code code = make_folder(copy, err);
        if (code != VT_OK)
            return code;
        *at = '/';
    }
    return make_folder(copy, err);
}

static enum vt_code sync_folder_of(struct vt_trust_desk *desk, const char *path, struct vt_err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = vt_arena_dup(desk->arena, path, slash != NULL ? (size_t)(slash - path) : 0);
    if (folder == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    int fd = open(folder[0] != '\0' ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return is_synced ? VT_OK : vt_err_sys(err, "fsync %s", folder);
}

static enum vt_code write_whole(struct vt_trust_desk *desk, const char *path, struct vt_bytes bytes,
                                struct vt_err *err)
{
    enum vt_code code = vt_output_replace(path, FILE_MODE, bytes, err);
    return code == VT_OK ? sync_folder_of(desk, path, err) : code;
}

/* ---- certificates ---- */

/* "RootCA chuyên dùng Chính phủ G2" gives "rootca-chuyen-dung-chinh-phu-g2". */
static void make_slug(char out[MAX_SLUG_BYTES], const char *name)
{
    char ascii[MAX_SLUG_BYTES];
    size_t len = 0;
    (void)vt_text_ascii(ascii, sizeof(ascii), name);
    for (const char *at = ascii; *at != '\0'; at++) {
        char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (is_letter)
            out[len++] = c;
        else if (len > 0 && out[len - 1] != '-')
            out[len++] = '-';
    }
    while (len > 0 && out[len - 1] == '-')
        len--;
    out[len] = '\0';
}

/* PEM, which every tool reads, with the subject above it for people. */
static enum vt_code write_certificate(struct vt_trust_desk *desk, const char *folder,
                                      const struct vt_trust_item *item, struct vt_err *err)
{
    char slug[MAX_SLUG_BYTES];
    struct vt_buf text;
    make_slug(slug, vt_trust_name(&item->facts));
    const char *path =
        vt_arena_printf(desk->arena, "%s/%s-%.8s.pem", folder, slug, item->facts.sha256);
    if (path == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    vt_buf_init(&text, 4u * VT_MAX_CERTIFICATE_BYTES);
    enum vt_code code = vt_buf_addf(&text, "%s\n-----BEGIN CERTIFICATE-----\n",
                                    item->facts.subject != NULL ? item->facts.subject : "");
    if (code == VT_OK)
        code = vt_base64_add_lines(&text, item->der);
    if (code == VT_OK)
        code = vt_buf_addf(&text, "-----END CERTIFICATE-----\n");
    code = code == VT_OK ? write_whole(desk, path, vt_buf_bytes(&text), err)
                         : vt_err_set(err, code, "a certificate cannot be written");
    vt_buf_clear(&text);
    return code;
}

/* ---- confirmed ---- */

static const char *confirmed_path(const struct vt_trust_desk *desk, enum vt_trust_set_id set)
{
    return vt_arena_printf(desk->arena, "%s/confirmed", desk->config->trust[set].directory);
}

static enum vt_code read_confirmed(const char *path, struct vt_buf *out, struct vt_err *err)
{
    enum vt_code code = vt_command_read_file(path, MAX_CONFIRMED_BYTES, out, err);
    return code == VT_E_NOT_FOUND ? VT_OK : code;
}

/* Two commands at once: what is read, changed and written again belongs to one of them. *out_fd: to
 * be closed. */
static enum vt_code lock(const char *directory, int *out_fd, struct vt_err *err)
{
    *out_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out_fd >= 0 && flock(*out_fd, LOCK_EX) == 0)
        return VT_OK;
    return vt_err_sys(err, "cannot lock %s", directory);
}

static void unlock(int fd)
{
    if (fd >= 0)
        (void)close(fd);
}

/* Whoever sits at the terminal, also behind sudo(8). */
static const char *who(struct vt_trust_desk *desk)
{
    const struct passwd *entry = getpwuid(getuid());
    const char *name = entry != NULL ? entry->pw_name : "?";
    const char *behind = getenv("SUDO_USER");
    char clean[64];
    if (behind == NULL || strcmp(behind, name) == 0)
        return vt_arena_str(desk->arena, name);
    return vt_arena_printf(desk->arena, "%s (%s)", name,
                           vt_text_clean(clean, sizeof(clean), vt_bytes_str(behind)));
}

static enum vt_code confirm(struct vt_trust_desk *desk, const struct vt_trust_item *item,
                            struct vt_err *err)
{
    static const char header[] =
        "# Roots whose SHA-256 was compared with the authority, one in each line (vanthu trust).\n";
    char now[VT_TIME_TEXT_BYTES];
    int held = -1;
    struct vt_buf text = {0};
    const char *path = confirmed_path(desk, desk->options.set), *person = who(desk);
    if (path == NULL || person == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    enum vt_code code = lock(desk->config->trust[desk->options.set].directory, &held, err);
    if (code == VT_OK)
        code = read_confirmed(path, &text, err);
    if (code == VT_OK && text.len == 0)
        code = vt_buf_addf(&text, "%s", header);
    else if (code == VT_OK && text.ptr[text.len - 1] != '\n')
        code = vt_buf_addf(&text, "\n");
    if (code == VT_OK)
        code =
            vt_buf_addf(&text, "%s # %s, %s, %s\n", item->facts.sha256, vt_trust_name(&item->facts),
                        vt_time_rfc3339(now, vt_clock_now_utc_secs()), person);
    if (code == VT_OK)
        code = write_whole(desk, path, vt_buf_bytes(&text), err);
    unlock(held);
    vt_buf_clear(&text);
    return code;
}

/* The line without its end names this fingerprint. */
static bool is_line_of(struct vt_bytes line, const char *sha256)
{
    char written[128];
    size_t len = vt_bytes_find(line, VT_BYTES("#"), 0);
    len = len < line.len ? len : line.len;
    if (len == 0 || len >= sizeof(written))
        return false;
    memcpy(written, line.ptr, len);
    while (len > 0 && strchr(" \t\r", written[len - 1]) != NULL)
        len--;
    written[len] = '\0';
    return vt_trust_fingerprint_is(written, sha256);
}

enum vt_code vt_trust_folder_forget(struct vt_trust_desk *desk, enum vt_trust_set_id set,
                                    const char *sha256, struct vt_err *err)
{
    int held = -1;
    struct vt_buf text = {0}, kept;
    const char *path = confirmed_path(desk, set);
    if (path == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    vt_buf_init(&kept, MAX_CONFIRMED_BYTES);
    enum vt_code code = lock(desk->config->trust[set].directory, &held, err);
    if (code == VT_OK)
        code = read_confirmed(path, &text, err);
    struct vt_bytes rest = vt_buf_bytes(&text);
    while (code == VT_OK && rest.len > 0) {
        size_t end = vt_bytes_find(rest, VT_BYTES("\n"), 0);
        size_t len = end == SIZE_MAX ? rest.len : end + 1;
        if (!is_line_of(vt_bytes_slice(rest, 0, end), sha256))
            code = vt_buf_add(&kept, rest.ptr, len);
        rest = vt_bytes_slice(rest, len, SIZE_MAX);
    }
    if (code == VT_OK && kept.len != text.len)
        code = write_whole(desk, path, vt_buf_bytes(&kept), err);
    unlock(held);
    vt_buf_clear(&text);
    vt_buf_clear(&kept);
    return code;
}

/* ---- both ---- */

enum vt_code vt_trust_folder_add(struct vt_trust_desk *desk, const struct vt_trust_item *item,
                                 bool is_anchor, struct vt_err *err)
{
    const char *directory = desk->config->trust[desk->options.set].directory;
    const char *folder =
        vt_arena_printf(desk->arena, "%s/%s", directory, is_anchor ? "anchors" : "intermediates");
    if (folder == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    enum vt_code code = make_folders(desk, folder, err);
    if (code == VT_OK)
        code = write_certificate(desk, folder, item, err);
    if (code == VT_OK && is_anchor)
        code = confirm(desk, item, err);
    return code;
}

bool vt_trust_folder_holds(const struct vt_trust_desk *desk, enum vt_trust_set_id set,
                           const char *file)
{
    const char *directory = desk->config->trust[set].directory;
    size_t len = strlen(directory);
    return strncmp(file, directory, len) == 0 && file[len] == '/';
}
