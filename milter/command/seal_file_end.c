/* SPDX-License-Identifier: Apache-2.0
 * A sealed file written whole or not at all, and what is said of it. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/print.h"
#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/wire.h"

/* ---- writing ---- */

static enum vt_code write_parts(const struct vt_sealed_file *file, int fd, struct vt_err *err)
{
    struct vt_bytes first =
        file->kind == VT_SEAL_FILE_MAIL ? file->mail.mail : vt_buf_bytes(&file->bytes);
    enum vt_code code = VT_OK;
    if (file->kind != VT_SEAL_FILE_OTHER)
        code = vt_output_write(fd, first, err);
    if (code == VT_OK && file->kind != VT_SEAL_FILE_MAIL)
        code = vt_output_write(fd, file->made, err);
    return code;
}

/* Nothing that appeared there meanwhile is replaced, unless that was asked for. */
static bool put_in_place(const struct vt_sealed_file *file, const char *beside)
{
    if (file->command->may_replace)
        return rename(beside, file->out_file) == 0;
    if (renameat2(AT_FDCWD, beside, AT_FDCWD, file->out_file, RENAME_NOREPLACE) == 0)
        return true;
    if (errno != EINVAL && errno != ENOSYS) /* a file system that cannot */
        return false;
    return link(beside, file->out_file) == 0 && unlink(beside) == 0;
}

static int cannot(const struct vt_sealed_file *file)
{
    return vt_seal_file_say(file, EX_CANTCREAT, "đã ký nhưng chưa ghi được tệp kết quả",
                            "was sealed, but the result cannot be written", strerror(errno));
}

static int write_file(const struct vt_sealed_file *file)
{
    char beside[PATH_MAX];
    struct vt_err err = {0};
    int len = snprintf(beside, sizeof(beside), "%s.%ld.new", file->out_file, (long)getpid());
    errno = ENAMETOOLONG;
    int fd = len > 0 && (size_t)len < sizeof(beside)
                 ? open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666)
                 : -1;
    if (fd < 0)
        return cannot(file);
    bool is_good = write_parts(file, fd, &err) == VT_OK && fsync(fd) == 0;
    is_good = close(fd) == 0 && is_good;
    if (is_good && put_in_place(file, beside))
        return EX_OK;
    int status = cannot(file);
    (void)unlink(beside);
    return status;
}

int vt_seal_file_write(const struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    if (strcmp(file->out_file, "-") == 0)
        return write_parts(file, STDOUT_FILENO, &err) == VT_OK ? EX_OK : cannot(file);
    if (!vt_command_put_off_root())
        return cannot(file);
    int status = write_file(file);
    return vt_command_be_root_again() ? status : EX_NOPERM;
}

/* ---- telling ---- */

static const char *what(const struct vt_sealed_file *file)
{
    const struct vt_seal_command *command = file->command;
    switch (file->kind) {
    case VT_SEAL_FILE_PDF:
        return vt_seal_pick(command, "chữ ký trong tệp PDF (PAdES)",
                            "a signature in the PDF (PAdES)");
    case VT_SEAL_FILE_MAIL:
        return vt_seal_pick(command, "chữ ký của thư (S/MIME)", "a signature of the mail (S/MIME)");
    default:
        return vt_seal_pick(command, "chữ ký tách rời (CAdES)", "a signature beside it (CAdES)");
    }
}

static int tell_json(const struct vt_sealed_file *file)
{
    static const char *const kinds[] = {[VT_SEAL_FILE_OTHER] = "cades",
                                        [VT_SEAL_FILE_PDF] = "pades",
                                        [VT_SEAL_FILE_MAIL] = "smime"};
    const struct vt_signature *seal = file->found;
    char time[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    json_t *line = json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s*, s:s, s:s, s:{s:s*, s:s, s:s}}", "file", file->file, "out",
        file->out_file, "sha256", file->sha256, "format", kinds[file->kind], "key", file->key->name,
        "level", seal->level, "by", file->command->by, "signing_time",
        vt_time_rfc3339(time, file->now_utc_secs), "certificate", "subject",
        seal->signer.common_name != NULL ? seal->signer.common_name : seal->signer.subject,
        "sha256", seal->signer.sha256, "not_after",
        vt_time_rfc3339(until, seal->signer.not_after_utc_secs));
    (void)json_object_set_new(line, "timestamp", json_boolean(file->token.len > 0));
    if (file->is_shown)
        (void)json_object_set_new(line, "appearance", json_string(file->command->appearance));
    char *text = line == NULL ? NULL : json_dumps(line, JSON_COMPACT);
    json_decref(line);
    if (text == NULL)
        return EX_OSERR;
    printf("%s\n", text);
    free(text);
    return EX_OK;
}

static void tell_line(FILE *out, const struct vt_seal_command *command, const char *vietnamese,
                      const char *english, const char *value, const char *more)
{
    fputs("  ", out);
    vt_print_cell(out, vt_seal_pick(command, vietnamese, english), 13);
    fprintf(out, "%s%s%s\n", value, more[0] != '\0' ? ", " : "", more);
}

/* The appearance allows that. */
static const char *shown(const struct vt_sealed_file *file)
{
    return file->is_shown
               ? file->command->appearance
               : vt_seal_pick(file->command, "không: chứng nhận của tài liệu không cho phép",
                              "nothing: the certification of the document allows no more");
}

int vt_seal_file_tell(const struct vt_sealed_file *file)
{
    const struct vt_seal_command *command = file->command;
    const struct vt_certificate_facts *signer = &file->found->signer;
    char time[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES], end[VT_TIME_TEXT_BYTES + 32];
    /* The result itself may be what goes to standard output. */
    FILE *out = strcmp(file->out_file, "-") == 0 ? stderr : stdout;
    if (command->json && out == stdout)
        return tell_json(file);
    (void)snprintf(end, sizeof(end), "%s %s", vt_seal_pick(command, "hết hạn", "valid until"),
                   vt_command_day(command->language, until, signer->not_after_utc_secs));
    fprintf(out, "%s\n", file->out_file);
    tell_line(out, command, "Đã thêm", "Added", what(file),
              file->found->level != NULL ? file->found->level : "");
    if (command->appearance != NULL)
        tell_line(out, command, "Hiển thị", "Shown", shown(file), "");
    tell_line(out, command, "Chứng thư", "Certificate",
              signer->common_name != NULL ? signer->common_name : signer->subject, end);
    tell_line(out, command, "Khóa", "Key", file->key->name, "");
    tell_line(
        out, command, "Lúc", "Time", vt_command_moment(command->language, time, file->now_utc_secs),
        file->token.len == 0 ? "" : vt_seal_pick(command, "có dấu thời gian", "with a time stamp"));
    tell_line(out, command, "Kiểm tra", "Verified", vt_indication_name(file->found->indication),
              "");
    tell_line(out, command, "Ghi sổ", "Recorded", command->by, "");
    return EX_OK;
}
