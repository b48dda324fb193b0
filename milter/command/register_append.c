/* SPDX-License-Identifier: Apache-2.0
 * vanthu undo and vanthu refuse: what a person decides about a mail after the fact. The register is
 * read here; the running registrar appends. Exit status 0 when it is recorded, 1 when there is no
 * such mail or nothing to undo, 69 (EX_UNAVAILABLE) when no registrar answers. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/owed.h"
#include "command/register.h"
#include "vanthu/clock.h"
#include "vanthu/exceptions.h"
#include "vanthu/hold.h"

enum { NOTHING_TO_DO = 1 };

#define MAX_MAIL_ARENA_BYTES (256u * 1024 * 1024)
#define DEFAULT_FOR_SECS (7 * 24 * 3600)
#define MAX_FOR_SECS (366LL * 24 * 3600)
#define MAX_TEXT_BYTES 1000

struct append_desk {
    struct vt_register_desk common;
    const char *reason, *text;
    int64_t for_secs; /* 0: no exception is made */
    bool all_like_this;
    char by[VT_PERSON_BYTES];
    struct vt_arena *arena;
    struct vt_register_record mail; /* the last DECIDED record of the reference */
    bool is_found, is_destroyed;
};

static bool in_vietnamese(const struct append_desk *desk)
{
    return desk->common.language == VT_LANGUAGE_VIETNAMESE;
}

static int say(const struct append_desk *desk, int status, const char *vietnamese,
               const char *english)
{
    fprintf(stderr, "%s: %s\n", desk->common.name, in_vietnamese(desk) ? vietnamese : english);
    return status;
}

/* ---- options ---- */

static int take_option(struct append_desk *desk, int option)
{
    switch (option) {
    case 'c':
        desk->common.config_file = optarg;
        return EX_OK;
    case 'r':
        desk->reason = optarg;
        return EX_OK;
    case 't':
        desk->text = optarg;
        return EX_OK;
    case 'a':
        desk->all_like_this = true;
        return EX_OK;
    case 'f':
        return vt_command_read_span(optarg, MAX_FOR_SECS, &desk->for_secs)
                   ? EX_OK
                   : say(desk, EX_USAGE, "--for cần một khoảng thời gian như 7d, 12h; 0: không đặt",
                         "--for wants a time such as 7d or 12h, at most 366d; 0 is none");
    default:
        return EX_USAGE;
    }
}

static int read_options(struct append_desk *desk, const struct option *options, int argc,
                        char **argv)
{
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(desk, option);
    desk->common.arguments = argv + optind;
    if (status == EX_OK && argc - optind != 1)
        return say(desk, EX_USAGE, "mã tra cứu nào?", "which reference?");
    if (status == EX_OK && (desk->reason == NULL || *desk->reason == '\0'))
        return say(desk, EX_USAGE, "vì sao? --reason", "why? --reason");
    if (status == EX_OK && (strlen(desk->reason) > MAX_TEXT_BYTES ||
                            (desk->text != NULL && strlen(desk->text) > MAX_TEXT_BYTES)))
        return say(desk, EX_USAGE, "nội dung quá dài", "the text is too long");
    return status;
}

/* ---- the mail ---- */

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct append_desk *desk = context;
    desk->is_found = true;
    desk->is_destroyed = entry->is_destroyed;
    return entry->is_destroyed ? VT_OK : vt_register_read(desk->arena, entry, &desk->mail, err);
}

static int find_mail(struct append_desk *desk, char reference[VT_REFERENCE_BYTES])
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct vt_err err = {0};
    int64_t next = 0;
    const char *text = desk->common.arguments[0];
    if (vt_reference_parse(text, reference) != VT_OK)
        return vt_register_explain_reference(&desk->common, text);
    desk->arena = vt_arena_new(MAX_MAIL_ARENA_BYTES);
    if (desk->arena == NULL)
        return vt_command_fault(&err, VT_E_NOMEM);
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    enum vt_code code = vt_register_find(desk->common.reg, &query, take_mail, desk, &next, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (!desk->is_found)
        return say(desk, NOTHING_TO_DO, "không có thư nào mang mã này trong sổ đăng ký",
                   "no mail of this register has this reference");
    if (desk->is_destroyed || desk->mail.decided->is_secret)
        return say(desk, NOTHING_TO_DO, "sổ đăng ký không còn giữ nội dung của thư này",
                   "the register has nothing of this mail but that it was");
    return EX_OK;
}

/* ---- recording ---- */

static int append(const struct append_desk *desk, const struct vt_register_record *record)
{
    return vt_command_record(desk->common.config->control_socket, record);
}

/* Options, register, mail; then what is to be done with it. */
static int run(struct append_desk *desk, const struct option *options, int argc, char **argv,
               int (*act)(struct append_desk *desk, const char *reference))
{
    char reference[VT_REFERENCE_BYTES];
    desk->common.language = vt_command_language();
    vt_command_person(desk->by);
    int status = read_options(desk, options, argc, argv);
    if (status == EX_OK)
        status = vt_command_open_register(desk->common.config_file, NULL, &desk->common.config,
                                          &desk->common.reg);
    if (status == EX_OK)
        status = find_mail(desk, reference);
    if (status == EX_OK)
        status = act(desk, reference);
    vt_arena_free(desk->arena);
    vt_register_close(desk->common.reg);
    vt_config_free(desk->common.config);
    return status;
}

/* ---- refuse ---- */

/* Those of a clerk, that no program can find (users.md 3). */
static int read_clerk_reason(const struct append_desk *desk, enum vt_reason *out)
{
    static const enum vt_reason all[] = {VT_REASON_INCOMPLETE, VT_REASON_WRONG_RECIPIENT,
                                         VT_REASON_RECALLED};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(vt_reason_info(all[i])->code, desk->reason) == 0) {
            *out = all[i];
            return EX_OK;
        }
    }
    return say(desk, EX_USAGE, "--reason là INCOMPLETE, WRONG_RECIPIENT hoặc RECALLED",
               "--reason is INCOMPLETE, WRONG_RECIPIENT or RECALLED");
}

static enum vt_code plan_refusal(struct append_desk *desk, enum vt_reason reason,
                                 struct vt_notice_plan *out, struct vt_err *err)
{
    const struct vt_register_decided *decided = desk->mail.decided;
    const struct vt_mail *mail =
        decided->evidence != NULL ? &decided->evidence->mail : decided->mail;
    const struct vt_mail nobody = {0};
    return vt_notice_plan_clerk(desk->arena, desk->common.config, mail != NULL ? mail : &nobody,
                                reason, out, err);
}

/* A clerk refuses what has arrived; of everything else the sender was told otherwise. */
static int check_arrived(const struct append_desk *desk, const char *reference)
{
    struct vt_hold_state held = {.step = VT_HOLD_RELEASED};
    struct vt_err err = {0};
    enum vt_register_outcome outcome = desk->mail.decided->answer.outcome;
    if (outcome == VT_OUTCOME_REJECT)
        return say(desk, NOTHING_TO_DO, "thư này đã bị từ chối, không đến nơi nhận",
                   "this mail was refused: it did not arrive");
    if (outcome == VT_OUTCOME_TEMPFAIL)
        return say(desk, NOTHING_TO_DO, "thư này chưa được nhận, máy chủ gửi sẽ gửi lại (451)",
                   "this mail did not arrive yet: its server was told to come again (451)");
    enum vt_code code = outcome == VT_OUTCOME_HOLD
                            ? vt_register_hold_state(desk->common.reg, reference, &held, &err)
                            : VT_OK;
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (held.step != VT_HOLD_RELEASED && held.step != VT_HOLD_RELEASING &&
        held.step != VT_HOLD_GONE)
        return say(desk, NOTHING_TO_DO,
                   "thư này bị tạm giữ, chưa đến nơi nhận: dùng vanthu hold return",
                   "this mail was held and did not arrive: that is vanthu hold return");
    return EX_OK;
}

static int refuse(struct append_desk *desk, const char *reference)
{
    struct vt_register_refused refused = {.text = desk->text, .by = desk->by};
    struct vt_notice_plan plan = {0};
    struct vt_err err = {0};
    int status = read_clerk_reason(desk, &refused.reason);
    if (status == EX_OK)
        status = check_arrived(desk, reference);
    if (status != EX_OK)
        return status;
    enum vt_code code = plan_refusal(desk, refused.reason, &plan, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    const struct vt_register_record record = {.kind = VT_REGISTER_REFUSED,
                                              .reference = reference,
                                              .notices = plan.items,
                                              .notices_count = plan.count,
                                              .refused = &refused};
    status = append(desk, &record);
    if (status != EX_OK)
        return status;
    printf(in_vietnamese(desk) ? "Đã ghi: thư %s được văn thư trả lại, lý do %s.\n"
                               : "Recorded: the mail %s is returned by the clerk, %s.\n",
           reference, desk->reason);
    vt_owed_print(stdout, desk->common.language, plan.items, plan.count, plan.why_not);
    return EX_OK;
}

int vt_command_refuse(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"reason", required_argument, NULL, 'r'},
                                            {"text", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = "vanthu refuse";
    struct append_desk desk = {.common.name = name};
    argv[0] = name; /* in the messages of getopt_long(3) */
    return run(&desk, options, argc, argv, refuse);
}

/* ---- undo ---- */

static bool was_adverse(const struct vt_register_decided *decided)
{
    enum vt_action action =
        decided->decision != NULL ? decided->decision->action : VT_ACTION_ACCEPT;
    return action == VT_ACTION_REJECT || action == VT_ACTION_HOLD || action == VT_ACTION_DEFER ||
           action == VT_ACTION_TAG;
}

static vt_reasons reasons_of(const struct vt_document *document)
{
    vt_reasons reasons = document->reasons;
    for (size_t i = 0; i < document->signatures_count; i++)
        reasons |= document->signatures[i].reasons;
    return reasons;
}

/* The documents that something is wrong with. */
static enum vt_code take_documents(struct append_desk *desk, struct vt_register_overruled *out)
{
    const struct vt_evidence *evidence = desk->mail.decided->evidence;
    size_t count = evidence != NULL ? evidence->documents_count : 0;
    const char **digests = vt_arena_alloc(desk->arena, (count + 1) * sizeof(*digests));
    if (digests == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (reasons_of(document) != 0 && document->sha256[0] != '\0')
            digests[out->documents_count++] = document->sha256;
    }
    out->documents_sha256 = digests;
    return VT_OK;
}

/* The signer whose signature had the reason of the decision. */
static bool take_signer(const struct append_desk *desk, struct vt_register_overruled *out)
{
    const struct vt_evidence *evidence = desk->mail.decided->evidence;
    enum vt_reason reason = desk->mail.decided->decision->reason;
    for (size_t d = 0;
         evidence != NULL && reason < VT_REASON_COUNT && d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        for (size_t s = 0; s < document->signatures_count; s++) {
            const struct vt_signature *signature = &document->signatures[s];
            if ((signature->reasons & VT_REASON_BIT(reason)) == 0 ||
                signature->signer.sha256[0] == '\0')
                continue;
            out->certificate_sha256 = signature->signer.sha256;
            out->reason = reason;
            return true;
        }
    }
    return false;
}

static int choose_exception(struct append_desk *desk, struct vt_register_overruled *out)
{
    struct vt_err err = {0};
    if (desk->for_secs == 0)
        return EX_OK;
    if (desk->all_like_this && !vt_exceptions_may_forgive(desk->mail.decided->decision->reason))
        return say(desk, NOTHING_TO_DO,
                   "lý do này nghĩa là văn bản không còn là văn bản người ký đã ký; ai cũng có thể "
                   "làm ra tệp như vậy: bỏ --all-like-this để đặt ngoại lệ cho chính các tệp của "
                   "thư",
                   "this reason says that it is not what the signer signed, and anybody can make "
                   "such a file: without --all-like-this the exception is for its files");
    if (desk->all_like_this && !take_signer(desk, out))
        return say(
            desk, NOTHING_TO_DO,
            "--all-like-this cần một chữ ký số có lý do của quyết định, mà thư này không có: "
            "bỏ lựa chọn này để đặt ngoại lệ cho chính các tệp của thư",
            "--all-like-this wants a signature with the reason of the decision; this mail "
            "has none: without it the exception is for its files");
    enum vt_code code = desk->all_like_this ? VT_OK : take_documents(desk, out);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (!desk->all_like_this && out->documents_count == 0)
        return say(desk, NOTHING_TO_DO,
                   "không có tệp nào để đặt ngoại lệ; chỉ hủy kết quả: --for 0",
                   "there is no file that an exception could be made for; --for 0 overrules only");
    out->until_utc_secs = vt_clock_now_utc_secs() + desk->for_secs;
    return EX_OK;
}

/* By their names, and the digests that the exception is for. */
static void print_documents(const struct append_desk *desk,
                            const struct vt_register_overruled *overruled)
{
    const struct vt_evidence *evidence = desk->mail.decided->evidence;
    for (size_t i = 0; i < overruled->documents_count; i++) {
        const char *sha256 = overruled->documents_sha256[i], *name = NULL;
        for (size_t d = 0; evidence != NULL && d < evidence->documents_count && name == NULL; d++)
            name = evidence->documents[d].sha256 == sha256 ? evidence->documents[d].name : NULL;
        char shown[256] = "-";
        if (name != NULL)
            (void)vt_text_clean(shown, sizeof(shown), vt_bytes_str(name));
        printf("  %s  (SHA-256 %s)\n", shown, sha256);
    }
}

static void print_undone(const struct append_desk *desk, const char *reference,
                         const struct vt_register_overruled *overruled)
{
    bool vi = in_vietnamese(desk);
    char at[40];
    printf(vi ? "Đã ghi: kết quả của thư %s được hủy.\n"
              : "Recorded: what was decided about the mail %s is overruled.\n",
           reference);
    if (overruled->until_utc_secs == VT_TIME_NONE)
        return;
    vt_print_minute(desk->common.language, at, overruled->until_utc_secs);
    if (overruled->certificate_sha256 != NULL)
        printf(vi ? "Đến %s, lý do %s không áp dụng cho chữ ký số của chứng thư\n  %s\n"
                  : "Until %s the reason %s is not held against signatures of the certificate\n  "
                    "%s\n",
               at, vt_reason_info(overruled->reason)->code, overruled->certificate_sha256);
    else
        printf(vi ? "Đến %s, các tệp sau được tiếp nhận khi gửi lại:\n"
                  : "Until %s these files are accepted when they are sent again:\n",
               at);
    print_documents(desk, overruled);
    printf(vi ? "Thư không được tự chuyển lại: đề nghị nơi gửi gửi lại.\nXem các ngoại lệ: vanthu "
                "policy exceptions\n"
              : "The mail is not sent again by this: its sender has to send it anew.\nExceptions "
                "are listed by vanthu policy exceptions\n");
}

/* Whoever was told gets a correction; which records mailboxes there are stands in the table that
 * the policy names. Without it the others are told all the same. */
static enum vt_code plan_corrections(struct append_desk *desk, struct vt_register_record *out,
                                     struct vt_err *err)
{
    struct vt_mistakes mistakes;
    struct vt_policy *policy = NULL;
    vt_mistakes_init(&mistakes);
    if (vt_policy_load(desk->common.config->policy_file, &policy, &mistakes, NULL) != VT_OK)
        (void)say(desk, EX_OK,
                  "không đọc được chính sách và bảng cơ quan: chưa đính chính đến văn thư nơi nhận",
                  "policy and table of agencies cannot be read: records mailboxes are not told");
    enum vt_code code = vt_notice_plan_correction(
        desk->arena, desk->common.config, policy != NULL ? vt_policy_site(policy) : NULL,
        &desk->mail, vt_clock_now_utc_secs(), &out->notices, &out->notices_count, err);
    for (size_t i = 0; i < out->notices_count && code == VT_OK; i++) {
        out->notices[i].recipient = vt_arena_str(desk->arena, out->notices[i].recipient);
        code = out->notices[i].recipient != NULL ? VT_OK : VT_E_NOMEM;
    }
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
    return code;
}

static int undo(struct append_desk *desk, const char *reference)
{
    struct vt_err err = {0};
    struct vt_register_overruled overruled = {.reason_text = desk->reason,
                                              .by = desk->by,
                                              .until_utc_secs = VT_TIME_NONE,
                                              .reason = VT_REASON_COUNT};
    struct vt_register_record record = {
        .kind = VT_REGISTER_OVERRULED, .reference = reference, .overruled = &overruled};
    if (!was_adverse(desk->mail.decided))
        return say(desk, NOTHING_TO_DO, "thư này đã được chuyển, không có gì để hủy",
                   "this mail was delivered without a remark: there is nothing to undo");
    int status = choose_exception(desk, &overruled);
    if (status != EX_OK)
        return status;
    enum vt_code code = plan_corrections(desk, &record, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    status = append(desk, &record);
    if (status != EX_OK)
        return status;
    print_undone(desk, reference, &overruled);
    vt_owed_print(stdout, desk->common.language, record.notices, record.notices_count,
                  VT_NO_NOTICE_NONE);
    return EX_OK;
}

int vt_command_undo(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"reason", required_argument, NULL, 'r'},
                                            {"for", required_argument, NULL, 'f'},
                                            {"all-like-this", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = "vanthu undo";
    struct append_desk desk = {.common.name = name, .for_secs = DEFAULT_FOR_SECS};
    argv[0] = name; /* in the messages of getopt_long(3) */
    return run(&desk, options, argc, argv, undo);
}
