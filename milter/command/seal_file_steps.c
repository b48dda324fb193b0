/* SPDX-License-Identifier: Apache-2.0
 * The steps of the seal of a file: own certificate, what is signed, the signature, the verdict. */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define STEP_MSECS 60000
#define ASK_MSECS 30000

static bool is_mail(const struct vt_sealed_file *file)
{
    return file->kind == VT_SEAL_FILE_MAIL;
}

/* ---- the verifier ---- */

/* name: NULL of a chain of certificates. objects_fd: NULL: what the verdict rests on is not asked.
 */
static enum vt_code inspect(const struct vt_sealed_file *file, int fd, const char *name,
                            int *objects_fd, struct vt_evidence **out, struct vt_err *err)
{
    const struct vt_config *config = file->command->config;
    bool is_certificate = name == NULL;
    static const struct vt_mail nobody = {.sender_class = VT_SENDER_OTHER};
    struct vt_inspection inspection = {.record_fd = -1,
                                       .inspect_fd = vt_role_set_inspect_fd(file->roles),
                                       .status_fd = vt_role_set_status_fd(file->roles),
                                       .mail_fd = fd,
                                       .objects_fd = -1,
                                       .with_objects = objects_fd != NULL,
                                       .is_certificate = is_certificate,
                                       .is_mail = !is_certificate && is_mail(file),
                                       .name = name,
                                       .mail = is_certificate ? NULL : &nobody,
                                       .now_utc_secs = vt_clock_now_utc_secs(),
                                       .deadline_msecs = vt_clock_monotonic_msecs() + STEP_MSECS,
                                       .inspection_msecs = config->inspection_msecs,
                                       .status_msecs = config->status_msecs};
    enum vt_code code = vt_inspection_run(file->arena, &inspection, out, err);
    if (objects_fd != NULL)
        *objects_fd = inspection.objects_fd;
    return code;
}

/* ---- whose seal it would be ---- */

static int connect_sealer(const struct vt_sealed_file *file, struct vt_sealer *out)
{
    struct vt_err err = {0};
    *out = (struct vt_sealer){.channel_fd = -1,
                              .connection_fd = -1,
                              .deadline_msecs = vt_clock_monotonic_msecs() + ASK_MSECS};
    enum vt_code code =
        vt_control_connect_sealer(file->command->config->control_socket, &out->connection_fd, &err);
    return code == VT_OK ? EX_OK
                         : vt_seal_file_say(file, EX_UNAVAILABLE, "sealer không trả lời",
                                            "no sealer answers", err.text);
}

static int ask_identity(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    struct vt_sealer sealer;
    int status = connect_sealer(file, &sealer);
    if (status != EX_OK)
        return status;
    enum vt_code code =
        vt_sealer_identity(file->arena, &sealer, file->key->name, &file->identity, &err);
    (void)close(sealer.connection_fd);
    if (code == VT_OK)
        return EX_OK;
    return vt_seal_file_say(file, code == VT_E_NOT_FOUND ? 1 : EX_UNAVAILABLE, "chưa ký được",
                            "not sealed", err.text);
}

enum vt_code vt_seal_file_judge_chain(struct vt_sealed_file *file, bool *out_is_good,
                                      char text[VT_SEAL_TEXT_BYTES], struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    int fd = -1;
    *out_is_good = false;
    (void)snprintf(text, VT_SEAL_TEXT_BYTES, "the certificate of the key cannot be read");
    enum vt_code code = vt_seal_chain_file(file->identity.chain, &fd, err);
    if (code != VT_OK)
        return code;
    code = inspect(file, fd, NULL, NULL, &evidence, err);
    (void)close(fd);
    if (code != VT_OK)
        return code;
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0)
        file->own = &evidence->documents[0].signatures[0];
    *out_is_good =
        file->own != NULL && vt_seal_verdict(file->own, "the certificate of the key", text);
    return VT_OK;
}

/* Validity, path and status before anything is signed (legal.md R-24). */
int vt_seal_file_judge_own(struct vt_sealed_file *file)
{
    char text[VT_SEAL_TEXT_BYTES];
    struct vt_err err = {0};
    bool is_good = false;
    int status = ask_identity(file);
    if (status != EX_OK)
        return status;
    if (vt_seal_file_judge_chain(file, &is_good, text, &err) != VT_OK)
        return vt_seal_file_say(file, EX_TEMPFAIL, "chưa kiểm tra được chứng thư của khóa",
                                "the certificate of the key could not be checked", err.text);
    if (is_good)
        return EX_OK;
    (void)vt_seal_file_say(file, 1, "không ký: chứng thư của khóa chưa đạt", "not sealed", text);
    fprintf(stderr, "%s: %s: vanthu trust path %s\n", file->command->name,
            vt_seal_pick(file->command, "vì sao", "why"), file->key->certificate);
    return 1;
}

/* Nobody puts the seal of an agency on what is forged or broken. */
int vt_seal_file_look(struct vt_sealed_file *file)
{
    char text[VT_SEAL_TEXT_BYTES], what[VT_SEAL_TEXT_BYTES / 2];
    struct vt_evidence *evidence = NULL;
    struct vt_err err = {0};
    enum vt_code code =
        inspect(file, file->fd, vt_command_base_name(file->file), NULL, &evidence, &err);
    if (code != VT_OK)
        return vt_seal_file_say(file, EX_TEMPFAIL, "chưa kiểm tra được tệp",
                                "the file could not be checked", err.text);
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        for (size_t k = 0; k < document->signatures_count; k++) {
            const struct vt_signature *signature = &document->signatures[k];
            (void)snprintf(what, sizeof(what), "%.60s signature %zu",
                           document->name != NULL ? document->name : "the", k + 1);
            if (signature->indication != VT_TOTAL_FAILED || vt_seal_verdict(signature, what, text))
                continue;
            return vt_seal_file_say(file, 1, "không ký: chữ ký đã có không hợp lệ",
                                    "not sealed: a signature that it has is not valid", text);
        }
    }
    return EX_OK;
}

/* ---- what is signed ---- */

static struct vt_sealing sealing_of(const struct vt_sealed_file *file,
                                    const struct vt_seal_message_plan *plan)
{
    return (struct vt_sealing){.inspect_fd = vt_role_set_inspect_fd(file->roles),
                               .mail_fd = file->fd,
                               .plan = plan,
                               .token = file->token,
                               .deadline_msecs = vt_clock_monotonic_msecs() + STEP_MSECS};
}

static int fault(const struct vt_sealed_file *file, const struct vt_err *err)
{
    return vt_seal_file_say(file, EX_TEMPFAIL, "chưa ký được", "not sealed", err->text);
}

static int leave(const struct vt_sealed_file *file, const char *word, const char *why)
{
    fprintf(stderr, "%s: %s: %s (%s): %s\n", file->command->name, file->file,
            vt_seal_pick(file->command, "để nguyên, không ký", "left alone, not sealed"), word,
            why != NULL ? why : "-");
    return 1;
}

static int have_signed(struct vt_sealed_file *file, struct vt_bytes attributes)
{
    struct vt_err err = {0};
    struct vt_sealer sealer;
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    const char *about = vt_arena_printf(file->arena, "file:%s", file->sha256);
    const struct vt_seal_request request = {.key = file->key->name,
                                            .purpose = is_mail(file) ? VT_SEAL_FOR_MESSAGE
                                                                     : VT_SEAL_FOR_DOCUMENT,
                                            .on_behalf = file->command->by,
                                            .about = about,
                                            .attributes = attributes};
    int status = connect_sealer(file, &sealer);
    if (status != EX_OK)
        return status;
    enum vt_code code = vt_sealer_sign(&sealer, &request, &file->signature, &failure, &err);
    (void)close(sealer.connection_fd);
    if (code != VT_OK)
        return fault(file, &err);
    if (failure == VT_SEAL_DONE)
        return EX_OK;
    fprintf(stderr, "%s: %s: %s (%s): %s\n", file->command->name, file->file,
            vt_seal_pick(file->command, "chưa ký được", "not sealed"),
            vt_seal_failure_name(failure), err.text);
    return failure == VT_SEAL_UNAVAILABLE ? EX_TEMPFAIL : 1;
}

static int seal_mail(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    struct vt_sealing_prepared prepared;
    const struct vt_seal_message_plan plan = {.identity = &file->identity,
                                              .signing_time_utc_secs = file->now_utc_secs,
                                              .form = file->command->is_opaque ? VT_SEAL_OPAQUE
                                                                               : VT_SEAL_CLEAR,
                                              .protects_headers = file->command->protects_headers};
    struct vt_sealing sealing = sealing_of(file, &plan);
    if (vt_sealing_prepare(file->arena, &sealing, &prepared, &err) != VT_OK)
        return fault(file, &err);
    if (prepared.word != VT_SEAL_MESSAGE_READY)
        return leave(file, vt_seal_message_word_name(prepared.word), prepared.why);
    int status = have_signed(file, prepared.attributes);
    if (status == EX_OK)
        status = vt_seal_file_stamp(file);
    if (status != EX_OK)
        return status;
    sealing = sealing_of(file, &plan);
    if (vt_sealing_finish(file->arena, &sealing, vt_buf_bytes(&file->signature), &file->mail,
                          &err) != VT_OK)
        return fault(file, &err);
    return file->mail.why == NULL
               ? EX_OK
               : vt_seal_file_say(file, 1, "không ghi: kết quả chưa đạt kiểm tra",
                                  "not written: the result does not verify", file->mail.why);
}

static int seal_file(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    struct vt_sealing_file prepared;
    const char *why = NULL;
    const struct vt_sealing_file_plan plan = {
        .form = file->kind == VT_SEAL_FILE_PDF ? VT_SEALING_PDF : VT_SEALING_DETACHED,
        .identity = &file->identity,
        .signing_time_utc_secs = file->now_utc_secs,
        .reason = file->command->reason,
        .appearance = file->command->appearance,
        .number = file->number,
        .file_name = vt_command_base_name(file->file),
        .agency = file->agency,
        .has_stamp = vt_seal_file_wants_stamp(file)};
    struct vt_sealing sealing = sealing_of(file, NULL);
    if (vt_sealing_file_prepare(file->arena, &sealing, &plan, &prepared, &err) != VT_OK)
        return fault(file, &err);
    if (prepared.attributes.len == 0)
        return leave(file, prepared.word, prepared.why);
    file->is_shown = prepared.is_shown;
    int status = have_signed(file, prepared.attributes);
    if (status == EX_OK)
        status = vt_seal_file_stamp(file);
    if (status != EX_OK)
        return status;
    sealing = sealing_of(file, NULL);
    if (vt_sealing_file_finish(file->arena, &sealing, &plan, vt_buf_bytes(&file->signature),
                               &file->made, &why, &err) != VT_OK)
        return fault(file, &err);
    return why == NULL ? EX_OK
                       : vt_seal_file_say(file, 1, "không ghi: kết quả chưa đạt kiểm tra",
                                          "not written: the result does not verify", why);
}

int vt_seal_file_prepare_and_sign(struct vt_sealed_file *file)
{
    return is_mail(file) ? seal_mail(file) : seal_file(file);
}

/* ---- the verdict ---- */

/* The last signature of our certificate in the file itself: of a mail the one around it. */
static const struct vt_signature *find_seal(const struct vt_sealed_file *file,
                                            const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (is_mail(file) ? document->nested || document->format != VT_FORMAT_SMIME
                          : document->path == NULL || document->path[0] != '\0')
            continue;
        for (size_t k = document->signatures_count; k-- > 0;)
            if (strcmp(document->signatures[k].signer.sha256, file->own->signer.sha256) == 0)
                return &document->signatures[k];
    }
    return NULL;
}

/* Like any file that comes: what we would object to at the other end is not written. */
int vt_seal_file_judge(struct vt_sealed_file *file)
{
    if (file->objects_fd >= 0)
        (void)close(file->objects_fd);
    file->objects_fd = -1;
    char text[VT_SEAL_TEXT_BYTES] = "it shows no signature of the key";
    const char *why = NULL;
    struct vt_evidence *evidence = NULL;
    struct vt_err err = {0};
    const struct vt_bytes parts[] = {vt_buf_bytes(&file->bytes), file->made};
    int fd = is_mail(file) ? file->mail.mail_fd : -1;
    enum vt_code code = VT_OK;
    if (!is_mail(file)) /* a signature beside the file stands for itself */
        code =
            vt_memfd_seal_parts("vanthu-sealed", file->kind == VT_SEAL_FILE_PDF ? parts : parts + 1,
                                file->kind == VT_SEAL_FILE_PDF ? 2 : 1, &fd, &err);
    if (code == VT_OK)
        code = inspect(file, fd, vt_command_base_name(file->out_file), &file->objects_fd, &evidence,
                       &err);
    if (!is_mail(file) && fd >= 0)
        (void)close(fd);
    if (code != VT_OK)
        return fault(file, &err);
    const struct vt_signature *seal = find_seal(file, evidence);
    if (seal == NULL || !vt_seal_verdict(seal, "it", text))
        return vt_seal_file_say(file, 1, "không ghi: kết quả chưa đạt kiểm tra",
                                "not written: the result does not verify", text);
    file->found = seal;
    return file->token.len == 0 || vt_stamp_is_good(seal, file->arena, &why)
               ? EX_OK
               : vt_seal_file_say(file, 1, "không ghi: dấu thời gian không có giá trị",
                                  "not written: the time stamp does not count", why);
}
