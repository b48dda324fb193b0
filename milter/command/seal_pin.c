/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal rotate-pin: the new PIN logs in first, and only then takes the place of the old one;
 * the sealer reads it with its next login, and no service is started again. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "command/seal.h"
#include "vanthu/wire.h"

#define MAX_PIN_FILE_BYTES 1024

/* Owner and mode are those of the file before; a first one gets those of its folder's owner. */
static bool take_owner(int fd, const char *file)
{
    struct stat before;
    if (stat(file, &before) == 0)
        return fchmod(fd, before.st_mode & 0700) == 0 &&
               (geteuid() != 0 || fchown(fd, before.st_uid, before.st_gid) == 0);
    return errno == ENOENT && fchmod(fd, 0400) == 0;
}

static int put(const struct vt_seal_command *command, const char *file, struct vt_bytes pin)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof(path), "%s.new", file);
    int fd = len > 0 && (size_t)len < sizeof(path)
                 ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    bool is_good = fd >= 0 && write(fd, pin.ptr, pin.len) == (ssize_t)pin.len &&
                   take_owner(fd, file) && fsync(fd) == 0 && rename(path, file) == 0;
    if (!is_good)
        fprintf(stderr, "%s: %s: %s\n", command->name, path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    if (fd >= 0 && !is_good)
        (void)unlink(path);
    return is_good ? EX_OK : EX_CANTCREAT;
}

static int try_pin(const struct vt_seal_command *command, const char *key, struct vt_bytes pin)
{
    struct vt_err err = {0};
    struct vt_seal_wish wish = {
        .kind = VT_SEAL_WISH_PIN, .key = key, .by = command->by, .pin_fd = -1};
    json_t *answer = NULL;
    enum vt_code code = vt_memfd_seal("vanthu-pin", pin, &wish.pin_fd, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    int status = vt_seal_command_ask(command, &wish, &answer);
    (void)close(wish.pin_fd);
    if (status != EX_OK)
        return status;
    if (!json_is_true(json_object_get(answer, "good"))) {
        fprintf(stderr, "%s: %s\n", command->name, vt_print_json(answer, "text"));
        status = vt_seal_say(command, 1, "PIN đang dùng được giữ nguyên",
                             "the PIN that is in use stays");
    }
    json_decref(answer);
    return status;
}

int vt_seal_rotate_pin(const struct vt_seal_command *command)
{
    struct vt_err err = {0};
    struct vt_buf pin;
    const char *file = command->arguments[0];
    const char *name = file != NULL ? command->arguments[1] : NULL;
    const struct vt_seal_key *key = vt_config_seal_key(command->config, name);
    if (name == NULL || command->arguments[2] != NULL)
        return vt_seal_say(command, EX_USAGE, "tệp PIN mới nào, khóa nào?",
                           "which file with the new PIN, and which key?");
    if (key == NULL || key->pin_file == NULL)
        return vt_seal_say(command, EX_USAGE, "không có khóa này, hoặc khóa không có pin-file",
                           "there is no such key, or it has no pin-file");
    vt_buf_init(&pin, MAX_PIN_FILE_BYTES);
    enum vt_code code = vt_command_read_file(file, MAX_PIN_FILE_BYTES, &pin, &err);
    int status =
        code != VT_OK ? vt_command_fault(&err, code) : try_pin(command, name, vt_buf_bytes(&pin));
    if (status == EX_OK)
        status = put(command, key->pin_file, vt_buf_bytes(&pin));
    if (pin.ptr != NULL)
        explicit_bzero(pin.ptr, pin.capacity);
    vt_buf_clear(&pin);
    if (status == EX_OK && command->language == VT_LANGUAGE_VIETNAMESE)
        printf("HSM nhận PIN mới; đã thay %s. Xóa %s.\n", key->pin_file, file);
    else if (status == EX_OK)
        printf("The HSM takes the new PIN; %s has it. Remove %s.\n", key->pin_file, file);
    return status;
}
