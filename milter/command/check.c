/* SPDX-License-Identifier: Apache-2.0
 * vanthu check: what the gateway would find in a mail or a file, with the same sandboxed child.
 * Exit status per file: 0 signed and every signature passed, 1 one failed or was changed after
 * signing, 2 something undetermined or unread, 3 no signature; over several files the worst, in
 * the order 1, 2, 3, 0. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "command/check_html.h"
#include "command/inspect.h"

struct check {
    struct vt_check_options options;
    struct vt_config *config;
    struct vt_policy *policy;
    const char *policy_file; /* it was read from */
    struct vt_role_set *roles;
    struct vt_inspecting inspecting;
    struct vt_mail assumed;
    struct vt_check_html html;
    char *const *files; /* ends with NULL */
};

/* ---- policy, roles ---- */

static int load_policy(struct check *check)
{
    const char *file = check->options.policy_file;
    if (file == NULL && check->config->policy_file != NULL &&
        access(check->config->policy_file, R_OK) == 0)
        file = check->config->policy_file;
    if (file == NULL)
        return EX_OK;
    check->policy_file = file;
    return vt_command_load_policy(file, true, &check->policy);
}

static int start(struct check *check)
{
    struct vt_err err = {0};
    int status = vt_command_load_config(check->options.config_file, &check->config);
    if (status == EX_OK)
        status = load_policy(check);
    const struct vt_check_options *options = &check->options;
    if (status == EX_OK && options->html)
        status = vt_check_html_open(&check->html, options, check->config, check->files);
    if (status != EX_OK)
        return status;
    enum vt_code code = vt_role_set_start_local(check->config, &options->overrides,
                                                options->offline, &check->roles, &err);
    check->inspecting = (struct vt_inspecting){.config = check->config,
                                               .roles = check->roles,
                                               .now_utc_secs = options->now_utc_secs,
                                               .is_now_given = options->is_now_given,
                                               .is_class_given = options->has_sender_class,
                                               .offline = options->offline};
    check->assumed =
        (struct vt_mail){.direction = options->direction, .sender_class = options->sender_class};
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static void stop(struct check *check)
{
    vt_check_html_close(&check->html);
    vt_role_set_stop(check->roles);
    vt_policy_free(check->policy);
    vt_config_free(check->config);
    vt_check_options_clear(&check->options);
}

/* ---- one file ---- */

static enum vt_code decide(struct check *check, struct vt_arena *arena,
                           const struct vt_evidence *evidence, struct vt_decision **out,
                           struct vt_err *err)
{
    *out = NULL;
    if (check->policy == NULL)
        return VT_OK;
    struct vt_policy_input input = {
        .evidence = evidence,
        .site_mode = VT_MODE_ENFORCE,
        .first_deferred_utc_secs = VT_TIME_NONE,
        .now_utc_secs = check->options.now_utc_secs,
        .is_traced = check->options.trace,
    };
    return vt_policy_evaluate(arena, check->policy, &input, out, err);
}

/* One line: the evidence, with the file's name and policy's decision beside it. */
static enum vt_code print_json(const char *file, const struct vt_evidence *evidence,
                               const struct vt_decision *decision, struct vt_err *err)
{
    char *text = NULL, *decided = NULL;
    size_t len = 0, decided_len = 0;
    json_t *line = NULL;
    enum vt_code code = vt_evidence_to_json(evidence, 0, &text, &len, err);
    if (code == VT_OK && decision != NULL)
        code = vt_decision_to_json(decision, &decided, &decided_len, err);
    if (code != VT_OK)
        goto done;
    code = VT_E_NOMEM;
    line = json_loadb(text, len, 0, NULL);
    json_t *decision_value =
        decided == NULL ? json_null() : json_loadb(decided, decided_len, 0, NULL);
    json_t *file_value = json_string(file);
    if (file_value == NULL) /* a name that is no UTF-8 */
        file_value = json_null();
    if (line == NULL || json_object_set_new(line, "file", file_value) != 0 ||
        json_object_set_new(line, "decision", decision_value) != 0)
        goto done;
    if (json_dumpf(line, stdout, JSON_COMPACT) == 0 && fputc('\n', stdout) != EOF)
        code = VT_OK;
done:
    json_decref(line);
    free(decided);
    free(text);
    return code;
}

static struct vt_check_text text_of(const struct check *check, const char *file,
                                    const struct vt_decision *decision)
{
    return (struct vt_check_text){
        .language = vt_command_language(),
        .file = file,
        .policy_file = check->policy_file == NULL ? NULL : vt_command_base_name(check->policy_file),
        .facts = decision == NULL ? NULL : decision->site,
        .site = check->policy == NULL ? NULL : vt_policy_site(check->policy),
        .offline = check->options.offline,
    };
}

static enum vt_code print_one(struct check *check, const char *file,
                              const struct vt_evidence *evidence,
                              const struct vt_decision *decision, struct vt_err *err)
{
    const struct vt_check_text text = text_of(check, file, decision);
    if (check->options.json)
        return print_json(file, evidence, decision, err);
    if (check->options.html)
        return vt_check_html_add(&check->html, &text, evidence, decision, err);
    vt_command_print_evidence(stdout, &text, evidence, decision);
    return VT_OK;
}

static int check_file(struct check *check, const char *file)
{
    struct vt_err err = {0};
    struct vt_evidence *evidence = NULL;
    struct vt_decision *decision = NULL;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK)
        code =
            vt_command_inspect(&check->inspecting, arena, file, &check->assumed, &evidence, &err);
    if (code == VT_OK)
        code = decide(check, arena, evidence, &decision, &err);
    if (code == VT_OK)
        code = print_one(check, file, evidence, decision, &err);
    int status = code == VT_OK ? vt_evidence_exit_status(evidence) : vt_command_fault(&err, code);
    vt_arena_free(arena);
    return status;
}

static int worse(int a, int b)
{
    static const int severity[] = {[0] = 0, [1] = 3, [2] = 2, [3] = 1};
    if (a > 3 || b > 3)
        return a > b ? a : b;
    return severity[a] >= severity[b] ? a : b;
}

int vt_command_check(int argc, char **argv)
{
    static struct check check; /* large, and one run has one */
    static char name[] = "vanthu check";
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = vt_check_options_read(VT_CHECK_DOCUMENTS, argc, argv, &check.options);
    check.files = argv + optind;
    if (status == EX_OK)
        status = start(&check);
    for (int i = optind; status < EX__BASE && i < argc; i++)
        status =
            i == optind ? check_file(&check, argv[i]) : worse(status, check_file(&check, argv[i]));
    if (status < EX__BASE && check.options.html && !vt_check_html_write(&check.html))
        status = EX_IOERR;
    stop(&check);
    return status;
}
