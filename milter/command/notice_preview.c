/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice preview: what a notice looks like, about a mail of the register, or about a sample
 * for a reason or a kind. Nothing is sent and nothing recorded. Exit status 0, or 1 when no mail
 * has the reference. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "command/excerpt.h"
#include "command/notice_words.h"
#include "command/register.h"
#include "vanthu/clock.h"

enum { NOTHING_FOUND = 1 };
enum format { FORMAT_TEXT, FORMAT_EML, FORMAT_HTML };

#define MAX_ARENA_BYTES (256u * 1024 * 1024)
#define MAX_PAGE_BYTES (4u * 1024 * 1024)

struct desk {
    struct vt_register_desk common; /* for messages about references */
    enum format format;
    const char *words_folder;
    bool has_kind;
    enum vt_notice_kind kind;
    struct vt_config *config;
    struct vt_config *register_config;
    struct vt_policy *policy; /* for its table of agencies, or NULL */
    struct vt_notice_words *words;
    struct vt_arena *arena;
    struct vt_notice_input input;
    struct vt_notice_mail mail;
};

/* ---- options ---- */

static bool take_word(const char *text, const char *const *words, unsigned count, unsigned *out)
{
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

static void print_kinds(const char *words)
{
    fputs(words, stderr);
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", vt_notice_kind_name((enum vt_notice_kind)i));
    fputc('\n', stderr);
}

static const char *nearest_kind(const char *word)
{
    enum { FARTHEST = 2 };
    const char *found = NULL;
    unsigned best = FARTHEST + 1;
    for (unsigned i = 0; i < VT_NOTICE_KINDS; i++) {
        const char *kind = vt_notice_kind_name((enum vt_notice_kind)i);
        unsigned distance = vt_text_distance(word, kind, FARTHEST);
        if (distance < best) {
            best = distance;
            found = kind;
        }
    }
    return found;
}

static int take_kind(struct desk *desk, const char *text)
{
    desk->has_kind = vt_notice_kind_by_name(text, &desk->kind) == VT_OK;
    if (desk->has_kind)
        return EX_OK;
    fprintf(stderr, "%s: ", desk->common.name);
    print_kinds("--kind wants one of");
    return EX_USAGE;
}

static int take_option(struct desk *desk, int option)
{
    static const char *const formats[] = {"text", "eml", "html"};
    static const char *const languages[] = {"both", "vi", "en"};
    unsigned value = 0;
    switch (option) {
    case 'c':
        desk->common.config_file = optarg;
        return EX_OK;
    case 'w':
        desk->words_folder = optarg;
        return EX_OK;
    case 'k':
        return take_kind(desk, optarg);
    case 'f':
        if (take_word(optarg, formats, 3, &value)) {
            desk->format = (enum format)value;
            return EX_OK;
        }
        fprintf(stderr, "%s: --format wants text, eml or html\n", desk->common.name);
        return EX_USAGE;
    case 'l':
        if (take_word(optarg, languages, 3, &value)) {
            desk->input.languages = (enum vt_notice_languages)value;
            return EX_OK;
        }
        fprintf(stderr, "%s: --language wants vi, en or both\n", desk->common.name);
        return EX_USAGE;
    default:
        return EX_USAGE;
    }
}

/* ---- a sample ---- */

static int make_sample(struct desk *desk, enum vt_reason reason)
{
    enum vt_notice_languages languages = desk->input.languages;
    bool vi = desk->common.language == VT_LANGUAGE_VIETNAMESE;
    if (vt_notice_sample(desk->arena, desk->kind, reason, vt_clock_now_utc_secs(), &desk->input) !=
        VT_OK)
        return EX_OSERR;
    desk->input.languages = languages;
    fprintf(stderr, "%s: %s\n", desk->common.name,
            vi ? "đây là mẫu, không phải thông báo về một thư có thật"
               : "this is a sample, not about a mail that there is");
    return EX_OK;
}

/* ---- a mail of the register ---- */

struct search {
    struct desk *desk;
    bool is_found;
};

static enum vt_code take_record(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct search *search = context;
    struct vt_register_record record;
    struct vt_notice_mail *mail = &search->desk->mail;
    if (search->is_found || entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(search->desk->arena, entry, &record, err);
    if (code != VT_OK)
        return code;
    search->is_found = true;
    *mail =
        (struct vt_notice_mail){.reference = vt_arena_str(search->desk->arena, entry->reference),
                                .time_utc_secs = record.time_utc_secs,
                                .evidence = record.decided->evidence,
                                .decision = record.decided->decision,
                                .answer = &record.decided->answer};
    return mail->reference == NULL ? VT_E_NOMEM : VT_OK;
}

static enum vt_notice_kind kind_of(const struct vt_notice_mail *mail)
{
    if (mail->answer->outcome == VT_OUTCOME_REJECT)
        return VT_NOTICE_REFUSED;
    return mail->answer->outcome == VT_OUTCOME_HOLD ? VT_NOTICE_HELD : VT_NOTICE_REMARK;
}

static void fill_input(struct desk *desk)
{
    const struct vt_evidence *evidence = desk->mail.evidence;
    struct vt_notice_input *input = &desk->input;
    struct vt_err err = {0};
    if (!desk->has_kind)
        desk->kind = kind_of(&desk->mail);
    input->recipient = evidence == NULL ? NULL : evidence->mail.sender;
    input->mails = &desk->mail;
    input->mails_count = 1;
    input->reason = desk->mail.decision == NULL ? VT_REASON_COUNT : desk->mail.decision->reason;
    input->from_utc_secs = input->until_utc_secs = input->earlier_utc_secs = VT_TIME_NONE;
    input->now_utc_secs = vt_clock_now_utc_secs();
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    /* Without the policy there are addresses in the place of agencies: no reason to say nothing. */
    if (vt_policy_load(desk->config->policy_file, &desk->policy, &mistakes, &err) == VT_OK)
        input->site = vt_policy_site(desk->policy);
    vt_mistakes_clear(&mistakes);
}

static int find_mail(struct desk *desk, const char *text)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct search search = {.desk = desk};
    struct vt_err err = {0};
    char reference[VT_REFERENCE_BYTES];
    enum vt_code code = VT_OK;
    int status = vt_command_open_register(desk->common.config_file, NULL, &desk->register_config,
                                          &desk->common.reg);
    if (status != EX_OK)
        return status;
    if (vt_reference_parse(text, reference) != VT_OK)
        return vt_register_explain_reference(&desk->common, text);
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    do {
        code = vt_register_find(desk->common.reg, &query, take_record, &search, &query.before_seq,
                                &err);
    } while (code == VT_OK && query.before_seq > 0 && !search.is_found);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (search.is_found) {
        fill_input(desk);
        return EX_OK;
    }
    bool vi = desk->common.language == VT_LANGUAGE_VIETNAMESE;
    fprintf(stderr, "%s: %s: %s\n", desk->common.name, reference,
            vi ? "không có thư nào mang mã này trong sổ đăng ký"
               : "no mail of the register has this reference");
    return NOTHING_FOUND;
}

/* A kind, a reason, or a reference; what is none of them begins with a digit or not. */
static int make_input(struct desk *desk, const char *what)
{
    enum vt_notice_kind kind;
    enum vt_reason reason;
    if (vt_notice_kind_by_name(what, &kind) == VT_OK) {
        desk->kind = kind;
        return make_sample(desk, VT_REASON_COUNT);
    }
    if (vt_reason_by_code(what, &reason) == VT_OK) {
        if (!desk->has_kind)
            desk->kind = vt_notice_sample_kind(reason);
        return make_sample(desk, reason);
    }
    if (strpbrk(what, "0123456789") != NULL)
        return find_mail(desk, what);
    const char *near = nearest_kind(what);
    if (near == NULL)
        near = vt_reason_suggest(what);
    fprintf(stderr, "%s: \"%s\" is neither a reason nor a kind of notice nor a reference",
            desk->common.name, what);
    if (near != NULL)
        fprintf(stderr, ": did you mean %s?\n", near);
    else
        print_kinds("; the kinds are");
    return EX_USAGE;
}

/* ---- printing ---- */

static int print(struct desk *desk)
{
    struct vt_err err = {0};
    struct vt_notice_message message = {0};
    struct vt_buf page;
    vt_buf_init(&page, MAX_PAGE_BYTES);
    desk->input.kind = desk->kind;
    desk->input.config = desk->config;
    desk->input.words = desk->words;
    enum vt_code code = desk->format == FORMAT_EML ? vt_notice_write(&desk->input, &message, &err)
                        : desk->format == FORMAT_HTML
                            ? vt_notice_write_html(&desk->input, &page, &err)
                            : vt_notice_write_text(&desk->input, &page, &err);
    struct vt_bytes out = vt_buf_bytes(desk->format == FORMAT_EML ? &message.bytes : &page);
    if (code == VT_OK)
        (void)fwrite(out.ptr, 1, out.len, stdout); /* main tells what could not be written */
    vt_notice_message_clear(&message);
    vt_buf_clear(&page);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int load(struct desk *desk)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    int status = vt_command_load_config(desk->common.config_file, &desk->config);
    if (status != EX_OK)
        return status;
    const char *folder =
        desk->words_folder != NULL ? desk->words_folder : desk->config->notices.directory;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_command_load_words(folder, &desk->words, &mistakes, &err);
    if (code != VT_OK)
        vt_excerpts_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_command_notice_preview(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},   {"words", required_argument, NULL, 'w'},
        {"kind", required_argument, NULL, 'k'},     {"format", required_argument, NULL, 'f'},
        {"language", required_argument, NULL, 'l'}, {NULL, 0, NULL, 0}};
    struct desk desk = {.common = {.name = argv[0], .language = vt_command_language()}};
    int option = 0, status = EX_OK;
    while (status == EX_OK && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
        status = take_option(&desk, option);
    if (status != EX_OK)
        return status;
    if (argc - optind != 1) {
        fprintf(stderr, "%s: which one: a reason, a kind of notice or a reference?\n", argv[0]);
        return EX_USAGE;
    }
    desk.arena = vt_arena_new(MAX_ARENA_BYTES);
    status = desk.arena == NULL ? EX_OSERR : load(&desk);
    if (status == EX_OK)
        status = make_input(&desk, argv[optind]);
    if (status == EX_OK)
        status = print(&desk);
    vt_register_close(desk.common.reg);
    vt_policy_free(desk.policy);
    vt_notice_words_free(desk.words);
    vt_config_free(desk.config);
    vt_config_free(desk.register_config);
    vt_arena_free(desk.arena);
    return status;
}
