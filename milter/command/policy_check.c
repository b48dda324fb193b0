/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy check: every mistake of a policy file in one run. Exit status 0, or 78 (EX_CONFIG)
 * when there is a mistake; warnings do not count. */
#include <getopt.h>
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "command/excerpt.h"
#include "command/policy_observed.h"
#include "command/policy_seals.h"
#include "vanthu/role.h"

static json_t *codes_json(vt_reasons reasons)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            (void)json_array_append_new(list, json_string(vt_reason_info((enum vt_reason)i)->code));
    }
    return list;
}

/* policy: NULL when the file has mistakes. */
static json_t *report_json(const char *file, const struct vt_mistakes *mistakes,
                           const struct vt_policy *policy, const struct vt_config *config)
{
    json_t *list = json_array();
    struct vt_excerpts excerpts;
    vt_excerpts_init(&excerpts);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        char line[VT_EXCERPT_BYTES];
        unsigned caret = 0;
        bool has_line = vt_excerpt_of(&excerpts, mistake, line, &caret);
        (void)json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:b, s:s, s:s?}", "file",
                                                    mistake->file, "line", (int)mistake->line,
                                                    "column", (int)mistake->column, "warning",
                                                    mistake->warning, "text", mistake->text,
                                                    "excerpt", has_line ? line : NULL));
    }
    vt_excerpts_clear(&excerpts);
    return json_pack("{s:s, s:b, s:s?, s:o, s:o, s:o}", "file", file, "ok", policy != NULL,
                     "version", policy != NULL ? vt_policy_version(policy) : NULL, "mistakes", list,
                     "unhandled", codes_json(policy != NULL ? vt_policy_unhandled(policy) : 0),
                     "seals", vt_policy_seals_json(policy, config));
}

static void print_good(const char *file, const struct vt_policy *policy,
                       const struct vt_config *config)
{
    vt_reasons unhandled = vt_policy_unhandled(policy);
    printf("%s: in order (version %s)\n", file, vt_policy_version(policy));
    vt_policy_seals_print(file, policy, config);
    if (unhandled == 0)
        return;
    printf("%s: no rule names these reasons, nothing is done for them alone:", file);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((unhandled & VT_REASON_BIT(i)) != 0)
            printf(" %s", vt_reason_info((enum vt_reason)i)->code);
    }
    putchar('\n');
}

/* config: NULL, or the configuration whose policy it is. */
static int check_one(const char *file, const struct vt_config *config, bool json)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_policy *policy = NULL;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_policy_load(file, &policy, &mistakes, &err);
    if (code == VT_OK && config != NULL)
        vt_policy_check_observed(config, policy, &mistakes);
    if (code == VT_OK && config != NULL)
        vt_check_policy_seals(config, policy, &mistakes);
    if (code == VT_OK && mistakes.errors_count > 0)
        code = VT_E_CONFIG;
    if (json) {
        json_t *line = report_json(file, &mistakes, code == VT_OK ? policy : NULL, config);
        (void)json_dumpf(line, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(line);
    } else {
        vt_excerpts_print(&mistakes, stderr);
    }
    if (code != VT_OK)
        vt_excerpts_sum_up(file, &mistakes, "the policy is not usable", &err);
    else if (!json)
        print_good(file, policy, config);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
    return vt_command_exit_status(code);
}

/* The policy of the configuration. */
static int check_configured(const char *config_file, bool json)
{
    struct vt_config *config = NULL;
    int status = vt_command_load_config(config_file, &config);
    if (status == EX_OK)
        status = check_one(config->policy_file, config, json);
    vt_config_free(config);
    return status;
}

int vt_command_policy_check(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = "vanthu policy check";
    const char *config_file = NULL;
    bool json = false;
    int option = 0;
    argv[0] = name; /* in the messages of getopt_long(3) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            config_file = optarg;
        else if (option == 'j')
            json = true;
        else
            return EX_USAGE;
    }
    if (optind == argc)
        return check_configured(config_file, json);
    int status = EX_OK;
    for (int i = optind; i < argc; i++) {
        int one = check_one(argv[i], NULL, json);
        status = one > status ? one : status;
    }
    return status;
}
