/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy explain: why a mail was decided as it was, rule by rule; by its reference from the
 * register, or as a file that is inspected now. Exit status 0, or 1 when no mail has the reference.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/network.h"
#include "command/explain.h"
#include "command/inspect.h"
#include "command/owed.h"
#include "command/register.h"

enum { NOTHING_FOUND = 1 };

#define NAME "vanthu policy explain"

struct desk {
    struct vt_check_options options;
    struct vt_register_desk common; /* for messages about references */
    struct vt_config *config;
    struct vt_policy *policy; /* the current one, or --policy */
    const char *policy_file;
    struct vt_config *register_config;
    struct vt_register *reg;   /* opened for the first reference */
    struct vt_role_set *roles; /* started for the first file */
};

/* ---- what both need ---- */

static int need_policy(struct desk *desk)
{
    if (desk->policy != NULL)
        return EX_OK;
    desk->policy_file =
        desk->options.policy_file != NULL ? desk->options.policy_file : desk->config->policy_file;
    if (desk->policy_file != NULL)
        return vt_command_load_policy(desk->policy_file, false, &desk->policy);
    fprintf(stderr, NAME ": which policy? --policy\n");
    return EX_USAGE;
}

static enum vt_code decide(const struct desk *desk, struct vt_explained *explained,
                           enum vt_mode mode, int64_t first_deferred_utc_secs, struct vt_err *err)
{
    struct vt_decision *decision = NULL;
    const struct vt_policy_input input = {
        .evidence = explained->evidence,
        .site_mode = mode,
        .first_deferred_utc_secs = first_deferred_utc_secs,
        .now_utc_secs = explained->time_utc_secs,
        .is_submission = vt_mail_is_submission(&explained->evidence->mail, desk->config),
        .is_traced = true,
    };
    enum vt_code code =
        vt_policy_evaluate(explained->arena, explained->policy, &input, &decision, err);
    explained->decision = decision;
    return code;
}

static int print(const struct vt_explained *explained)
{
    struct vt_err err = {0};
    enum vt_code code = explained->options->json ? vt_explain_print_json(explained, &err)
                                                 : vt_explain_print(explained, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

/* ---- a reference ---- */

struct search {
    struct vt_explained *explained;
    bool is_found, is_destroyed;
};

/* The newest decision, and what was done about it since. */
static enum vt_code take_record(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct search *search = context;
    struct vt_explained *explained = search->explained;
    struct vt_register_record record;
    if (search->is_found || (entry->kind != VT_REGISTER_DECIDED && entry->is_destroyed))
        return VT_OK;
    search->is_found = entry->kind == VT_REGISTER_DECIDED;
    search->is_destroyed = search->is_found && entry->is_destroyed;
    if (search->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(explained->arena, entry, &record, err);
    if (code == VT_OK && entry->kind == VT_REGISTER_OVERRULED && explained->overruled == NULL) {
        explained->overruled = record.overruled;
        explained->overruled_utc_secs = record.time_utc_secs;
    } else if (code == VT_OK && entry->kind == VT_REGISTER_DECIDED) {
        explained->then = record.decided;
        explained->evidence = record.decided->evidence;
        explained->is_secret = record.decided->is_secret;
        explained->time_utc_secs = record.time_utc_secs;
        explained->notices = record.notices;
        explained->notices_count = record.notices_count;
        explained->no_notice = record.decided->no_notice;
    }
    return code;
}

static int say(const struct desk *desk, const char *vietnamese, const char *english,
               const char *reference)
{
    bool vi = desk->common.language == VT_LANGUAGE_VIETNAMESE;
    fprintf(stderr, NAME ": %s: %s\n", reference, vi ? vietnamese : english);
    return NOTHING_FOUND;
}

static int find_record(struct desk *desk, struct vt_explained *explained)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct search search = {.explained = explained};
    struct vt_err err = {0};
    enum vt_code code = VT_OK;
    query.reference = explained->reference;
    query.kinds =
        VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED) | VT_REGISTER_KIND_BIT(VT_REGISTER_OVERRULED);
    do {
        code = vt_register_find(desk->reg, &query, take_record, &search, &query.before_seq, &err);
    } while (code == VT_OK && query.before_seq > 0 && !search.is_found);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (!search.is_found)
        return say(desk, "không có thư nào mang mã này trong sổ đăng ký",
                   "no mail of the register has this reference", explained->reference);
    if (search.is_destroyed)
        return say(desk, "nội dung đã được hủy theo thời hạn lưu giữ",
                   "its contents were destroyed, as retention asks", explained->reference);
    if (!explained->is_secret && (explained->evidence == NULL || explained->then->decision == NULL))
        return say(desk, "thư này chưa kiểm tra được nên không có quy tắc nào được xét",
                   "the mail could not be inspected, so no rule was tried", explained->reference);
    return EX_OK;
}

/* The policy of that time if the register has it, else the current one; --policy before both. */
static enum vt_code choose_policy(struct desk *desk, struct vt_explained *explained,
                                  struct vt_err *err)
{
    const char *version = explained->then->decision->policy_version;
    enum vt_code code = vt_explain_policy_of_then(desk->reg, explained, err);
    if (code != VT_OK)
        return code;
    bool is_asked = desk->options.policy_file != NULL;
    explained->policy = explained->of_then != NULL && !is_asked ? explained->of_then : desk->policy;
    explained->is_as_then =
        version != NULL && strcmp(vt_policy_version(explained->policy), version) == 0;
    return VT_OK;
}

static enum vt_code explain_record(struct desk *desk, struct vt_explained *explained,
                                   struct vt_err *err)
{
    int64_t first = VT_TIME_NONE;
    const char *key = explained->then->defer_key_sha256;
    enum vt_code code = choose_policy(desk, explained, err);
    if (code == VT_OK && key != NULL && key[0] != '\0')
        code = vt_register_first_deferred(desk->reg, key, &first, err);
    if (first != VT_TIME_NONE && first > explained->time_utc_secs)
        first = explained->time_utc_secs;
    if (code == VT_OK)
        code = decide(desk, explained, explained->then->mode, first, err);
    return code == VT_OK ? vt_explain_recent(desk->reg, explained, err) : code;
}

static int open_register(struct desk *desk)
{
    if (desk->reg != NULL)
        return EX_OK;
    return vt_command_open_register(desk->options.config_file, NULL, &desk->register_config,
                                    &desk->reg);
}

static int explain_reference(struct desk *desk, struct vt_explained *explained, const char *text)
{
    struct vt_err err = {0};
    int status = open_register(desk);
    desk->common.reg = desk->reg;
    if (status == EX_OK && vt_reference_parse(text, explained->reference) != VT_OK)
        return vt_register_explain_reference(&desk->common, text);
    if (status == EX_OK)
        status = find_record(desk, explained);
    if (status == EX_OK && !explained->is_secret)
        status = need_policy(desk);
    if (status != EX_OK)
        return status;
    explained->policy_file = desk->policy_file;
    enum vt_code code = explained->is_secret ? VT_OK : explain_record(desk, explained, &err);
    return code == VT_OK ? print(explained) : vt_command_fault(&err, code);
}

/* ---- a file ---- */

static bool is_internal(const struct vt_config *config, const char *address)
{
    struct vt_network client, network;
    if (address == NULL || !vt_network_parse_address(address, &client))
        return false;
    for (size_t i = 0; i < config->internal_networks.count; i++) {
        if (vt_network_parse(config->internal_networks.items[i], &network) &&
            vt_network_has(&network, &client))
            return true;
    }
    return false;
}

/* What the command line says of the envelope; its direction follows, unless it is said. */
static struct vt_mail envelope_of(struct desk *desk)
{
    const struct vt_check_options *options = &desk->options;
    struct vt_mail mail = {.sender = options->sender,
                           .recipients = desk->options.recipients,
                           .recipients_count = options->recipients_count,
                           .client_address = options->client,
                           .authenticated = options->login,
                           .sender_class = options->sender_class,
                           .direction = options->direction};
    bool is_ours = is_internal(desk->config, options->client);
    if (!options->has_direction)
        mail.direction = vt_mail_direction(&mail, is_ours, desk->config);
    mail.sender_proof = vt_mail_sender_proof(&mail, is_ours, desk->config);
    return mail;
}

/* Who would be told with the site in enforce; a file without an envelope has nobody. */
static enum vt_code plan_notices(const struct desk *desk, struct vt_explained *explained,
                                 struct vt_err *err)
{
    struct vt_config config = *desk->config;
    struct vt_notice_plan plan;
    const char *sender = explained->evidence->mail.sender;
    const struct vt_notice_plan_input input = {.config = &config,
                                               .site = vt_policy_site(desk->policy),
                                               .evidence = explained->evidence,
                                               .decision = explained->decision,
                                               .outcome =
                                                   vt_owed_outcome(explained->decision->action),
                                               .is_secret = explained->is_secret,
                                               .now_utc_secs = explained->time_utc_secs};
    config.mode = VT_MODE_ENFORCE;
    if (sender == NULL)
        return VT_OK;
    enum vt_code code = vt_notice_plan(explained->arena, &input, &plan, err);
    if (code != VT_OK)
        return code;
    explained->notices = plan.items;
    explained->notices_count = plan.count;
    explained->no_notice = vt_no_notice_name(plan.why_not);
    return VT_OK;
}

static int start_roles(struct desk *desk)
{
    struct vt_err err = {0};
    if (desk->roles != NULL)
        return EX_OK;
    enum vt_code code = vt_role_set_start_local(desk->config, &desk->options.overrides,
                                                desk->options.offline, &desk->roles, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int explain_file(struct desk *desk, struct vt_explained *explained)
{
    const struct vt_check_options *options = &desk->options;
    struct vt_err err = {0};
    struct vt_evidence *evidence = NULL;
    int status = need_policy(desk);
    if (status == EX_OK)
        status = start_roles(desk);
    if (status != EX_OK)
        return status;
    const struct vt_inspecting how = {.config = desk->config,
                                      .roles = desk->roles,
                                      .now_utc_secs = options->now_utc_secs,
                                      .is_now_given = options->is_now_given,
                                      .is_class_given = options->has_sender_class,
                                      .offline = options->offline};
    const struct vt_mail mail = envelope_of(desk);
    enum vt_code code =
        vt_command_inspect(&how, explained->arena, explained->file, &mail, &evidence, &err);
    explained->evidence = evidence;
    explained->policy = desk->policy;
    explained->policy_file = desk->policy_file;
    explained->is_as_then = true;
    explained->time_utc_secs = options->now_utc_secs;
    if (code == VT_OK)
        explained->is_secret = (evidence->reasons & VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0;
    if (code == VT_OK)
        code = decide(desk, explained, VT_MODE_ENFORCE, VT_TIME_NONE, &err);
    if (code == VT_OK)
        code = plan_notices(desk, explained, &err);
    return code == VT_OK ? print(explained) : vt_command_fault(&err, code);
}

/* ---- the command ---- */

static int explain_one(struct desk *desk, const char *argument)
{
    struct vt_explained explained = {.options = &desk->options,
                                     .language = desk->common.language,
                                     .arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES),
                                     .now_utc_secs = desk->options.now_utc_secs,
                                     .loaded = {.loaded_utc_secs = VT_TIME_NONE}};
    struct vt_err err = {0};
    bool is_file = strcmp(argument, "-") == 0 || access(argument, F_OK) == 0;
    if (explained.arena == NULL)
        return vt_command_fault(&err, VT_E_NOMEM);
    explained.file = is_file ? argument : NULL;
    int status =
        is_file ? explain_file(desk, &explained) : explain_reference(desk, &explained, argument);
    vt_policy_free(explained.of_then);
    vt_arena_free(explained.arena);
    return status;
}

static int run(struct desk *desk, int argc, char **argv)
{
    int status = vt_command_load_config(desk->options.config_file, &desk->config);
    if (status == EX_OK && optind == argc) {
        fprintf(stderr, NAME ": which reference, or which file?\n");
        return EX_USAGE;
    }
    for (int i = optind; i < argc && status < EX__BASE; i++) {
        if (i > optind && !desk->options.json)
            putchar('\n');
        int one = explain_one(desk, argv[i]);
        status = one > status ? one : status;
    }
    return status;
}

int vt_command_policy_explain(int argc, char **argv)
{
    static struct desk desk; /* large, and one run has one */
    static char name[] = NAME;
    argv[0] = name; /* in the messages of getopt_long(3) */
    desk.common = (struct vt_register_desk){.name = name, .language = vt_command_language()};
    int status = vt_check_options_read(VT_CHECK_EXPLAIN, argc, argv, &desk.options);
    if (status == EX_OK)
        status = run(&desk, argc, argv);
    vt_role_set_stop(desk.roles);
    vt_register_close(desk.reg);
    vt_policy_free(desk.policy);
    vt_config_free(desk.register_config);
    vt_config_free(desk.config);
    vt_check_options_clear(&desk.options);
    return status;
}
