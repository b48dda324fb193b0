/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust path: the path and the status of certificates as the gateway would judge them for
 * a signature made now, by the same sandboxed child. Exit status per file: 0 valid, 1 refused, 2
 * undetermined; over several files the worst, in the order 1, 2, 0. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "command/trust.h"
#include "vanthu/wire.h"

#define FILE_BUDGET_MSECS 60000

struct paths {
    struct vt_check_options options;
    struct vt_config *config;
    struct vt_role_set *roles;
    enum vt_language language;
};

enum verdict { PATH_VALID = 0, PATH_REFUSED = 1, PATH_UNDETERMINED = 2 };

/* Refused: something is known that is wrong (RFC 5280 6.1). Undetermined: something is missing. */
static enum verdict verdict_of(const struct vt_evidence *evidence)
{
    const vt_reasons missing = VT_REASON_BIT(VT_REASON_STATUS_UNKNOWN) |
                               VT_REASON_BIT(VT_REASON_PATH_INCOMPLETE) |
                               VT_REASON_BIT(VT_REASON_NOT_CHECKED);
    if (evidence->documents_count == 0 || evidence->documents[0].signatures_count == 0)
        return PATH_UNDETERMINED;
    const struct vt_signature *judged = &evidence->documents[0].signatures[0];
    if (judged->indication == VT_TOTAL_PASSED)
        return PATH_VALID;
    return judged->indication == VT_TOTAL_FAILED || (judged->reasons & ~missing) != 0
               ? PATH_REFUSED
               : PATH_UNDETERMINED;
}

/* ---- printing ---- */

static const char *word(const struct paths *paths, const char *vietnamese, const char *english)
{
    return paths->language == VT_LANGUAGE_VIETNAMESE ? vietnamese : english;
}

static const char *verdict_word(const struct paths *paths, enum verdict verdict)
{
    return verdict == PATH_VALID     ? word(paths, "hợp lệ", "valid")
           : verdict == PATH_REFUSED ? word(paths, "KHÔNG HỢP LỆ", "REFUSED")
                                     : word(paths, "chưa xác định được", "undetermined");
}

static const char *status_word(const struct paths *paths, enum vt_status_value value)
{
    switch (value) {
    case VT_STATUS_GOOD:
        return word(paths, "còn hiệu lực", "good");
    case VT_STATUS_REVOKED:
        return word(paths, "ĐÃ BỊ THU HỒI", "REVOKED");
    case VT_STATUS_SUSPENDED:
        return word(paths, "TẠM DỪNG HIỆU LỰC", "SUSPENDED");
    case VT_STATUS_UNREACHABLE:
        return word(paths, "chưa biết, không kết nối được đến dịch vụ kiểm tra",
                    "unknown, no source could be reached");
    case VT_STATUS_STALE:
        return word(paths, "chưa biết, dữ liệu hiện có đã cũ", "unknown, what is at hand is stale");
    case VT_STATUS_NOT_NEEDED:
        return word(paths, "không cần kiểm tra", "not needed");
    default:
        return word(paths, "chưa biết", "unknown");
    }
}

static void print_status(const struct paths *paths, const struct vt_status_facts *status)
{
    char when[VT_TIME_TEXT_BYTES];
    printf("       %s: %s", word(paths, "tình trạng", "status"), status_word(paths, status->value));
    if (status->revoked_at_utc_secs != VT_TIME_NONE &&
        (status->value == VT_STATUS_REVOKED || status->value == VT_STATUS_SUSPENDED))
        printf(" %s%s%s%s", vt_command_moment(paths->language, when, status->revoked_at_utc_secs),
               status->revocation_reason ? " (" : "",
               status->revocation_reason ? status->revocation_reason : "",
               status->revocation_reason ? ")" : "");
    if (status->source != NULL && status->this_update_utc_secs != VT_TIME_NONE)
        printf(", %s %s, %s", status->source, status->origin ? status->origin : "",
               vt_command_moment(paths->language, when, status->this_update_utc_secs));
    printf("\n");
}

static void print_link(const struct paths *paths, const struct vt_signature *judged, size_t index)
{
    const struct vt_certificate_facts *facts = &judged->path[index];
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    printf("   %zu  %s\n", index + 1, facts->common_name ? facts->common_name : facts->subject);
    printf("       %s %s %s  %s  SHA-256 %.16s…\n",
           vt_command_day(paths->language, from, facts->not_before_utc_secs),
           word(paths, "đến", "to"),
           vt_command_day(paths->language, until, facts->not_after_utc_secs),
           facts->key_algorithm ? facts->key_algorithm : "", facts->sha256);
    for (size_t i = 0; i < facts->policies_count; i++)
        printf("       %s: %s\n", word(paths, "chính sách chứng thư", "policy"),
               facts->policies[i]);
    if (index < judged->statuses_count)
        print_status(paths, &judged->statuses[index]);
}

static void print_findings(const char *const *findings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        printf("   - %s\n", findings[i]);
}

static void print_text(const struct paths *paths, const char *file,
                       const struct vt_evidence *evidence)
{
    const struct vt_signature *judged = NULL;
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0)
        judged = &evidence->documents[0].signatures[0];
    printf("%s: %s", file, verdict_word(paths, verdict_of(evidence)));
    if (judged != NULL && judged->trust_set != NULL)
        printf(" (%s)", judged->trust_set);
    printf("\n");
    print_findings(evidence->findings, evidence->findings_count);
    if (judged == NULL)
        return;
    for (size_t i = 0; i < judged->path_count; i++)
        print_link(paths, judged, i);
    for (enum vt_reason reason = 0; reason < VT_REASON_COUNT; reason++) {
        if ((judged->reasons & VT_REASON_BIT(reason)) != 0)
            printf("   %s\n", vt_reason_info(reason)->code);
    }
    print_findings(judged->findings, judged->findings_count);
}

/* The evidence of the signature that was assumed, with file and verdict beside it. */
static enum vt_code print_json(const char *file, const struct vt_evidence *evidence)
{
    static const char *const verdicts[] = {"valid", "refused", "undetermined"};
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_evidence_to_json(evidence, 0, &text, &len, NULL);
    if (code != VT_OK)
        return code;
    json_t *all = json_loadb(text, len, 0, NULL);
    free(text);
    json_t *judged = json_array_get(
        json_object_get(json_array_get(json_object_get(all, "documents"), 0), "signatures"), 0);
    json_t *line = json_object();
    json_t *name = json_string(file);
    int failed = json_object_set_new(line, "file", name != NULL ? name : json_null()) |
                 json_object_set_new(line, "verdict", json_string(verdicts[verdict_of(evidence)]));
    failed |= judged != NULL ? json_object_update(line, judged)
                             : json_object_set(line, "findings", json_object_get(all, "findings"));
    if (failed == 0 && (json_dumpf(line, stdout, JSON_COMPACT) != 0 || fputc('\n', stdout) == EOF))
        failed = -1;
    json_decref(line);
    json_decref(all);
    return failed == 0 ? VT_OK : VT_E_NOMEM;
}

/* ---- one file ---- */

static enum vt_code inspect_bytes(struct paths *paths, struct vt_arena *arena, struct vt_bytes file,
                                  struct vt_evidence **out, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_memfd_seal("vanthu-path", file, &fd, err);
    if (code != VT_OK)
        return code;
    struct vt_inspection inspection = {
        .record_fd = -1,
        .inspect_fd = vt_role_set_inspect_fd(paths->roles),
        .status_fd = vt_role_set_status_fd(paths->roles),
        .mail_fd = fd,
        .is_certificate = true,
        .now_utc_secs = paths->options.now_utc_secs,
        .is_now_given = paths->options.is_now_given,
        .deadline_msecs = vt_clock_monotonic_msecs() + FILE_BUDGET_MSECS,
        .inspection_msecs = paths->config->inspection_msecs,
        .status_msecs = paths->config->status_msecs,
        .offline = paths->options.offline,
    };
    code = vt_inspection_run(arena, &inspection, out, err);
    (void)close(fd);
    return code;
}

static int judge_file(struct paths *paths, const char *file)
{
    struct vt_err err = {0};
    struct vt_buf bytes;
    struct vt_evidence *evidence = NULL;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code = vt_command_read_file(
        file, (size_t)VT_MAX_CERTIFICATES * VT_MAX_CERTIFICATE_BYTES, &bytes, &err);
    if (code == VT_OK && arena == NULL)
        code = VT_E_NOMEM;
    if (code == VT_OK)
        code = inspect_bytes(paths, arena, vt_buf_bytes(&bytes), &evidence, &err);
    if (code == VT_OK && paths->options.json)
        code = print_json(file, evidence);
    else if (code == VT_OK)
        print_text(paths, file, evidence);
    int status = EX_DATAERR;
    if (code != VT_OK)
        status = vt_command_fault(&err, code);
    else if (evidence->documents_count > 0)
        status = (int)verdict_of(evidence);
    vt_buf_clear(&bytes);
    vt_arena_free(arena);
    return status;
}

static int worse(int a, int b)
{
    static const int severity[] = {[PATH_VALID] = 0, [PATH_REFUSED] = 2, [PATH_UNDETERMINED] = 1};
    if (a >= EX__BASE || b >= EX__BASE)
        return a > b ? a : b;
    return severity[a] >= severity[b] ? a : b;
}

int vt_trust_command_path(int argc, char **argv)
{
    static struct paths paths; /* large, and one run has one */
    struct vt_err err = {0};
    int status = vt_check_options_read(VT_CHECK_CERTIFICATES, argc, argv, &paths.options);
    paths.language = vt_command_language();
    if (status == EX_OK)
        status = vt_command_load_config(paths.options.config_file, &paths.config);
    if (status == EX_OK) {
        enum vt_code code = vt_role_set_start_local(paths.config, &paths.options.overrides,
                                                    paths.options.offline, &paths.roles, &err);
        status = code == VT_OK ? EX_OK : vt_command_fault(&err, code);
    }
    for (int i = optind; status < EX__BASE && i < argc; i++)
        status = worse(status, judge_file(&paths, argv[i]));
    vt_role_set_stop(paths.roles);
    vt_config_free(paths.config);
    vt_check_options_clear(&paths.options);
    return status;
}
