/* SPDX-License-Identifier: Apache-2.0
 * vanthu register recheck: judge the signatures of a record again, as of its time, from what was
 * kept with it and without the network (legal.md ). They are parsed and judged by the
 * sandboxed child that judged them then. Exit status 0 all agree, 1 one is judged otherwise, 2
 * something that is needed is missing. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "command/recheck.h"
#include "vanthu/clock.h"
#include "vanthu/verify.h"
#include "vanthu/wire.h"

enum { ALL_AGREE = 0, SOME_DIFFER = 1, SOME_MISSING = 2 };

#define MAX_RECHECK_ARENA_BYTES (512u * 1024 * 1024)
#define RECHECK_MSECS 120000

static bool in_vietnamese(const struct vt_recheck *recheck)
{
    return recheck->desk->language == VT_LANGUAGE_VIETNAMESE;
}

static int say(const struct vt_recheck *recheck, int status, const char *vietnamese,
               const char *english)
{
    fprintf(stderr, "%s: %s\n", recheck->desk->name, in_vietnamese(recheck) ? vietnamese : english);
    return status;
}

/* ---- then and now ---- */

/* What is known of a status; why it is not known may be another reason now. */
static enum vt_status_value decided(enum vt_status_value value)
{
    return value == VT_STATUS_GOOD || value == VT_STATUS_REVOKED || value == VT_STATUS_SUSPENDED ||
                   value == VT_STATUS_NOT_NEEDED
               ? value
               : VT_STATUS_UNKNOWN;
}

static bool statuses_differ(const struct vt_signature *then, const struct vt_signature *now)
{
    if (then->statuses_count != now->statuses_count)
        return true;
    for (size_t i = 0; i < then->statuses_count; i++) {
        const struct vt_status_facts *a = &then->statuses[i], *b = &now->statuses[i];
        enum vt_status_value value = decided(a->value);
        bool has_date = value == VT_STATUS_REVOKED || value == VT_STATUS_SUSPENDED;
        if (value != decided(b->value) ||
            (has_date && a->revoked_at_utc_secs != b->revoked_at_utc_secs))
            return true;
    }
    return false;
}

static bool paths_differ(const struct vt_signature *then, const struct vt_signature *now)
{
    const char *a = then->trust_set != NULL ? then->trust_set : "";
    const char *b = now->trust_set != NULL ? now->trust_set : "";
    if (strcmp(a, b) != 0 || then->path_count != now->path_count)
        return true;
    for (size_t i = 0; i < then->path_count; i++) {
        if (strcmp(then->path[i].sha256, now->path[i].sha256) != 0)
            return true;
    }
    return false;
}

static bool timestamps_differ(const struct vt_signature *then, const struct vt_signature *now)
{
    if (then->timestamps_count != now->timestamps_count)
        return true;
    for (size_t i = 0; i < then->timestamps_count; i++) {
        const struct vt_timestamp_facts *a = &then->timestamps[i], *b = &now->timestamps[i];
        if (strcmp(a->sha256, b->sha256) != 0 || a->time_utc_secs != b->time_utc_secs ||
            a->indication != b->indication || a->sub_indication != b->sub_indication)
            return true;
    }
    return false;
}

unsigned vt_recheck_compare(const struct vt_signature *then, const struct vt_signature *now)
{
    unsigned found = 0;
    if (then->indication != now->indication || then->sub_indication != now->sub_indication)
        found |= VT_DIFFERS_VERDICT;
    if (then->reasons != now->reasons)
        found |= VT_DIFFERS_REASONS;
    if (then->integrity != now->integrity)
        found |= VT_DIFFERS_INTEGRITY;
    if (paths_differ(then, now))
        found |= VT_DIFFERS_PATH;
    if (statuses_differ(then, now))
        found |= VT_DIFFERS_STATUS;
    if (then->signing_time_utc_secs != now->signing_time_utc_secs ||
        then->signing_time_source != now->signing_time_source)
        found |= VT_DIFFERS_TIME;
    if (timestamps_differ(then, now))
        found |= VT_DIFFERS_TIMESTAMPS;
    return found;
}

const char *vt_recheck_difference_name(unsigned bit)
{
    static const char *const names[VT_DIFFERENCES] = {
        "verdict", "reasons", "integrity", "path", "status", "signing_time", "timestamps"};
    return bit < VT_DIFFERENCES ? names[bit] : "";
}

static int result_of(const struct vt_recheck *recheck)
{
    const struct vt_evidence *then = recheck->record.decided->evidence;
    if (recheck->absent_count > 0)
        return SOME_MISSING;
    for (size_t d = 0; d < then->documents_count; d++) {
        for (size_t i = 0; i < then->documents[d].signatures_count; i++) {
            if (vt_recheck_compare(&then->documents[d].signatures[i],
                                   &recheck->now->documents[d].signatures[i]) != 0)
                return SOME_DIFFER;
        }
    }
    return ALL_AGREE;
}

/* ---- the record ---- */

struct finding {
    struct vt_recheck *recheck;
    bool is_found, is_destroyed;
};

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct finding *finding = context;
    finding->is_found = true;
    finding->is_destroyed = entry->is_destroyed;
    return entry->is_destroyed
               ? VT_OK
               : vt_register_read(finding->recheck->arena, entry, &finding->recheck->record, err);
}

static int find_record(struct vt_recheck *recheck, const char *text)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct finding finding = {.recheck = recheck};
    char reference[VT_REFERENCE_BYTES];
    struct vt_err err = {0};
    int64_t next = 0;
    if (vt_reference_parse(text, reference) != VT_OK)
        return vt_register_explain_reference(recheck->desk, text);
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    enum vt_code code =
        vt_register_find(recheck->desk->reg, &query, take_mail, &finding, &next, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (!finding.is_found)
        return say(recheck, EX_NOINPUT, "không có thư nào mang mã này trong sổ đăng ký",
                   "no mail of this register has this reference");
    if (finding.is_destroyed)
        return say(recheck, SOME_MISSING, "nội dung bản ghi đã hủy theo thời hạn lưu giữ",
                   "the contents of the record were destroyed, as retention asks");
    if (recheck->record.decided->is_secret)
        return say(recheck, SOME_MISSING,
                   "thư có dấu mật: không lưu gì ngoài thời điểm, không kiểm tra lại được",
                   "the mail was marked secret: nothing is kept but its time");
    if (recheck->record.decided->evidence == NULL)
        return say(recheck, SOME_MISSING, "bản ghi không có kết quả kiểm tra nào",
                   "the record has no evidence: the mail was not inspected");
    return EX_OK;
}

/* ---- the documents ---- */

static bool is_of_record(const struct vt_recheck *recheck, const char *sha256)
{
    const struct vt_evidence *then = recheck->record.decided->evidence;
    for (size_t i = 0; i < then->documents_count; i++) {
        if (strcmp(then->documents[i].sha256, sha256) == 0)
            return true;
    }
    return false;
}

static int add_document(struct vt_recheck *recheck, const char *file)
{
    struct vt_object object = {.kind = VT_OBJECT_DOCUMENT};
    struct vt_err err = {0};
    struct vt_buf bytes;
    enum vt_code code = vt_command_read_file(file, VT_MAX_MAIL_BYTES, &bytes, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    object.bytes = vt_bytes_of(vt_arena_dup(recheck->arena, bytes.ptr, bytes.len), bytes.len);
    vt_buf_clear(&bytes);
    code = object.bytes.ptr == NULL ? VT_E_NOMEM : vt_verify_sha256(object.bytes, object.sha256);
    if (code == VT_OK && !is_of_record(recheck, object.sha256)) {
        fprintf(stderr,
                in_vietnamese(recheck)
                    ? "%s: %s không phải là tệp của thư này: SHA-256 của tệp là %s\n"
                    : "%s: %s is no file of this mail: its SHA-256 is %s\n",
                recheck->desk->name, file, object.sha256);
        return EX_DATAERR;
    }
    if (code == VT_OK)
        code = vt_object_list_add(&recheck->objects, &object);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    memcpy(recheck->documents[recheck->documents_count++], object.sha256, sizeof(object.sha256));
    return EX_OK;
}

/* ---- judging ---- */

static enum vt_code add_evidence(struct vt_recheck *recheck, struct vt_err *err)
{
    struct vt_object object = {.kind = VT_OBJECT_EVIDENCE};
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_evidence_to_json(recheck->record.decided->evidence, 0, &text, &len, err);
    if (code != VT_OK)
        return code;
    object.bytes = vt_bytes_of(vt_arena_dup(recheck->arena, text, len), len);
    free(text);
    if (object.bytes.ptr == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    code = vt_verify_sha256(object.bytes, object.sha256);
    return code == VT_OK ? vt_object_list_add(&recheck->objects, &object) : code;
}

/* The child answers with documents and signatures as the record has them. */
static bool is_same_shape(const struct vt_evidence *then, const struct vt_evidence *now)
{
    if (then->documents_count != now->documents_count)
        return false;
    for (size_t i = 0; i < then->documents_count; i++) {
        if (then->documents[i].signatures_count != now->documents[i].signatures_count)
            return false;
    }
    return true;
}

static enum vt_code judge(struct vt_recheck *recheck, struct vt_role_set *roles, struct vt_err *err)
{
    const struct vt_config *config = recheck->desk->config;
    struct vt_evidence *now = NULL;
    int fd = -1;
    enum vt_code code = vt_objects_seal(recheck->objects.items, recheck->objects.count,
                                        VT_MAX_MAIL_BYTES - VT_MAX_OBJECTS_HEAD_BYTES, &fd, err);
    if (code != VT_OK)
        return code;
    struct vt_inspection inspection = {
        .inspect_fd = vt_role_set_inspect_fd(roles),
        .status_fd = -1,
        .record_fd = -1,
        .mail_fd = fd,
        .is_record = true,
        .now_utc_secs = recheck->record.decided->evidence->inspected_at_utc_secs,
        .is_now_given = true,
        .deadline_msecs = vt_clock_monotonic_msecs() + RECHECK_MSECS,
        .inspection_msecs = config->inspection_msecs,
        .offline = true,
    };
    code = vt_inspection_run(recheck->arena, &inspection, &now, err);
    (void)close(fd);
    if (code == VT_OK && !is_same_shape(recheck->record.decided->evidence, now))
        code = vt_err_set(err, VT_E_PEER, "the inspector answered something else than asked");
    recheck->now = now;
    return code;
}

static int recheck_record(struct vt_recheck *recheck)
{
    struct vt_err err = {0};
    struct vt_role_set *roles = NULL;
    enum vt_code code = vt_recheck_gather(recheck, &err);
    if (code == VT_OK)
        code = add_evidence(recheck, &err);
    if (code == VT_OK)
        code = vt_role_set_start_local(recheck->desk->config, &recheck->desk->check->overrides,
                                       true, &roles, &err);
    if (code == VT_OK)
        code = judge(recheck, roles, &err);
    vt_role_set_stop(roles);
    if (code == VT_OK && recheck->desk->json)
        code = vt_recheck_print_json(recheck, &err);
    else if (code == VT_OK)
        vt_recheck_print_text(recheck, stdout);
    return code == VT_OK ? result_of(recheck) : vt_command_fault(&err, code);
}

int vt_register_recheck(struct vt_register_desk *desk)
{
    struct vt_recheck recheck = {.desk = desk};
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL)
        return say(&recheck, EX_USAGE, "mã tra cứu nào?", "which reference?");
    recheck.arena = vt_arena_new(MAX_RECHECK_ARENA_BYTES);
    if (recheck.arena == NULL)
        return EX_OSERR;
    recheck.objects.arena = recheck.arena;
    int status = find_record(&recheck, desk->arguments[0]);
    for (size_t i = 0; i < desk->documents_count && status == EX_OK; i++)
        status = add_document(&recheck, desk->document_files[i]);
    if (status == EX_OK)
        status = recheck_record(&recheck);
    vt_arena_free(recheck.arena);
    return status;
}
