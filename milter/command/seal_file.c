/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal FILE: a PDF gets a signature in it, a mail one around it, anything else one beside
 * it. The key is used by the running sealer, under its authorisation and quota and with a record of
 * who asked; the file is looked into in a sandboxed child, and what was made is written only after
 * our own verifier took it. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/seal_look.h"
#include "vanthu/wire.h"

/* A PDF may have something before its header (ISO 32000-1, Annex H.3, 13). */
#define PDF_HEADER_WITHIN 1024

int vt_seal_file_say(const struct vt_sealed_file *file, int status, const char *vietnamese,
                     const char *english, const char *more)
{
    fprintf(stderr, "%s: %s: %s%s%s\n", file->command->name, file->file,
            vt_seal_pick(file->command, vietnamese, english), more != NULL ? ": " : "",
            more != NULL ? more : "");
    return status;
}

/* ---- what it is, and where it goes ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len > end_len && strcasecmp(name + len - end_len, end) == 0;
}

static enum vt_seal_file_kind kind_of(const struct vt_sealed_file *file)
{
    struct vt_bytes head = vt_bytes_slice(vt_buf_bytes(&file->bytes), 0, PDF_HEADER_WITHIN);
    if (file->command->is_detached)
        return VT_SEAL_FILE_OTHER;
    if (head.len > 0 && memmem(head.ptr, head.len, "%PDF-", 5) != NULL)
        return VT_SEAL_FILE_PDF;
    return ends_with(file->file, ".eml") ? VT_SEAL_FILE_MAIL : VT_SEAL_FILE_OTHER;
}

/* "a.pdf" becomes "a.signed.pdf", "a.docx" gets "a.docx.p7s" beside it. */
static int name_out(struct vt_sealed_file *file)
{
    size_t len = strlen(file->file);
    const char *dot = strrchr(vt_command_base_name(file->file), '.');
    size_t stem = dot == NULL ? len : (size_t)(dot - file->file);
    file->out_file = file->command->out_file;
    if (file->out_file == NULL && file->kind == VT_SEAL_FILE_OTHER)
        file->out_file = vt_arena_printf(file->arena, "%s.p7s", file->file);
    else if (file->out_file == NULL)
        file->out_file =
            vt_arena_printf(file->arena, "%.*s.signed%s", (int)stem, file->file, file->file + stem);
    if (file->out_file == NULL)
        return EX_OSERR;
    if (strcmp(file->out_file, file->file) == 0)
        return vt_seal_file_say(file, EX_USAGE, "tệp kết quả không được là chính tệp này",
                                "the result cannot take the place of the file itself", NULL);
    return EX_OK;
}

static bool is_taken(const struct vt_sealed_file *file)
{
    struct stat status; /* access(2) would ask with root's rights */
    return !file->command->may_replace && strcmp(file->out_file, "-") != 0 &&
           lstat(file->out_file, &status) == 0;
}

/* Before the key is used: afterwards it would have been used for nothing. */
static int check_out(const struct vt_sealed_file *file)
{
    if (!vt_command_put_off_root())
        return EX_NOPERM;
    bool is_there = is_taken(file);
    if (!vt_command_be_root_again())
        return EX_NOPERM;
    return is_there ? vt_seal_file_say(file, EX_CANTCREAT, "đã có tệp này; ghi đè: --force",
                                       "is there already; --force replaces it", file->out_file)
                    : EX_OK;
}

static int read_file(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!vt_command_put_off_root())
        return vt_seal_file_say(file, EX_NOPERM, "không đọc được với quyền của người dùng",
                                "cannot be read with the rights of its person", NULL);
    enum vt_code code = vt_command_read_file(file->file, VT_MAX_MAIL_BYTES, &file->bytes, &err);
    if (!vt_command_be_root_again())
        return EX_NOPERM;
    if (code == VT_OK && file->bytes.len == 0)
        return vt_seal_file_say(file, EX_DATAERR, "tệp rỗng", "is empty", NULL);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-file", vt_buf_bytes(&file->bytes), &file->fd, &err);
    if (code == VT_OK &&
        EVP_Digest(file->bytes.ptr, file->bytes.len, digest, &len, EVP_sha256(), NULL) != 1)
        code = VT_E_INTERNAL;
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    (void)vt_text_hex(file->sha256, vt_bytes_of(digest, len));
    return EX_OK;
}

/* ---- by which key ---- */

static bool can(const struct vt_seal_key *key, enum vt_seal_purpose purpose)
{
    return key->certificate != NULL && (key->purposes & (1u << purpose)) != 0;
}

/* The one that is named, or the only one that can. */
static int choose_key(struct vt_sealed_file *file)
{
    const struct vt_config *config = file->command->config;
    const char *wanted = file->command->key;
    enum vt_seal_purpose purpose =
        file->kind == VT_SEAL_FILE_MAIL ? VT_SEAL_FOR_MESSAGE : VT_SEAL_FOR_DOCUMENT;
    char names[256] = "";
    size_t count = 0, used = 0;
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        const struct vt_seal_key *key = &config->seal_keys[i];
        if (!can(key, purpose))
            continue;
        count++;
        if (wanted == NULL || strcmp(wanted, key->name) == 0)
            file->key = key;
        if (used < sizeof(names))
            used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s",
                                     used > 0 ? ", " : "", key->name);
    }
    if (file->key != NULL && (wanted != NULL || count == 1))
        return EX_OK;
    if (count == 0)
        return vt_seal_file_say(file, EX_CONFIG,
                                "chưa có khóa nào trong seal.keys có chứng thư và purposes phù hợp",
                                "no key under seal.keys has a certificate and the purpose",
                                vt_seal_purpose_name(purpose));
    return vt_seal_file_say(file, EX_USAGE, "chọn một khóa bằng --key", "choose a key with --key",
                            names);
}

/* ---- the way of it ---- */

/* For a machine that has no way to the CAs, as of vanthu check. */
static int read_crls(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    enum vt_code code = VT_OK;
    if (!vt_command_put_off_root())
        return EX_NOPERM;
    while (code == VT_OK && file->crls_count < file->command->crls_count) {
        code = vt_command_read_file(file->command->crls[file->crls_count], VT_MAX_CRL_BYTES,
                                    &file->crls[file->crls_count], &err);
        file->crls_count++;
    }
    if (!vt_command_be_root_again())
        return EX_NOPERM;
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int start_with(struct vt_sealed_file *file, const struct vt_bytes *content)
{
    struct vt_err err = {0};
    struct vt_bytes crls[VT_MAX_SEAL_CRLS];
    for (size_t i = 0; i < file->crls_count; i++)
        crls[i] = vt_buf_bytes(&file->crls[i]);
    const struct vt_role_overrides overrides = {.crls = crls,
                                                .crls_count = file->crls_count,
                                                .config = vt_buf_bytes(&file->command->config_text),
                                                .contents = content,
                                                .contents_count = content != NULL,
                                                .looks = vt_buf_bytes(&file->looks)};
    enum vt_code code =
        vt_role_set_start_local(file->command->config, &overrides, false, &file->roles, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_seal_file_start_roles(struct vt_sealed_file *file)
{
    int status = read_crls(file);
    return status == EX_OK ? start_with(file, NULL) : status;
}

/* A signature beside a file is judged by an inspector that has the file at hand. */
static int give_content(struct vt_sealed_file *file)
{
    struct vt_bytes content = vt_buf_bytes(&file->bytes);
    if (file->kind != VT_SEAL_FILE_OTHER)
        return EX_OK;
    vt_role_set_stop(file->roles);
    file->roles = NULL;
    return start_with(file, &content);
}

static int seal(struct vt_sealed_file *file)
{
    static int (*const steps[])(struct vt_sealed_file * file) = {choose_key,
                                                                 vt_seal_file_choose_appearance,
                                                                 vt_seal_file_start_roles,
                                                                 vt_seal_file_judge_own,
                                                                 vt_seal_file_look,
                                                                 vt_seal_file_prepare_and_sign,
                                                                 give_content,
                                                                 vt_seal_file_judge,
                                                                 vt_seal_file_store};
    int status = read_file(file);
    if (status != EX_OK)
        return status;
    file->kind = kind_of(file);
    if (file->kind != VT_SEAL_FILE_MAIL &&
        (file->command->is_opaque || file->command->protects_headers))
        return vt_seal_file_say(file, EX_USAGE, "--opaque và --protect-headers chỉ dùng cho thư",
                                "--opaque and --protect-headers are for mails", NULL);
    status = name_out(file);
    if (status == EX_OK)
        status = check_out(file);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == EX_OK; i++)
        status = steps[i](file);
    if (status == EX_OK)
        status = vt_seal_file_write(file);
    return status == EX_OK ? vt_seal_file_tell(file) : status;
}

void vt_seal_file_begin(struct vt_sealed_file *file, const struct vt_seal_command *command)
{
    *file = (struct vt_sealed_file){.command = command,
                                    .fd = -1,
                                    .objects_fd = -1,
                                    .now_utc_secs = vt_clock_now_utc_secs(),
                                    .mail = {.mail_fd = -1}};
    vt_buf_init(&file->bytes, VT_MAX_MAIL_BYTES);
    vt_buf_init(&file->signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    vt_buf_init(&file->looks, VT_MAX_SEAL_LOOKS_BYTES);
}

void vt_seal_file_clear(struct vt_sealed_file *file)
{
    vt_role_set_stop(file->roles);
    vt_sealing_finished_clear(&file->mail);
    if (file->objects_fd >= 0)
        (void)close(file->objects_fd);
    if (file->fd >= 0)
        (void)close(file->fd);
    for (size_t i = 0; i < file->crls_count; i++)
        vt_buf_clear(&file->crls[i]);
    vt_buf_clear(&file->looks);
    vt_buf_clear(&file->signature);
    vt_buf_clear(&file->bytes);
    vt_arena_free(file->arena);
}

int vt_seal_file(const struct vt_seal_command *command)
{
    struct vt_sealed_file file;
    int status = EX_OSERR;
    vt_seal_file_begin(&file, command);
    file.file = command->arguments[0];
    file.arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (file.file == NULL || command->arguments[1] != NULL || strcmp(file.file, "-") == 0)
        status = vt_seal_say(command, EX_USAGE, "một tệp mỗi lần: tệp nào?",
                             "one file at a time: which?");
    else if (file.arena != NULL)
        status = seal(&file);
    vt_seal_file_clear(&file);
    return status;
}
