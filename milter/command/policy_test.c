/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy test: the cases that are kept beside a policy, as TAP (testanything.org). Exit
 * status 0 when all are as expected, 1 when some are not, 78 (EX_CONFIG) when a policy or a file of
 * cases has a mistake. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "command/check.h"
#include "command/excerpt.h"
#include "command/inspect.h"
#include "command/owed.h"
#include "vanthu/case.h"

enum { NOT_AS_EXPECTED = 1 };

#define MAX_FILES 10000
/* Rules that are shown of a case that went wrong. */
#define MAX_SHOWN_RULES 12

struct tests {
    struct vt_check_options options; /* --config, --policy, --trust, --json */
    struct vt_config *config;
    struct vt_arena *arena; /* names of files */
    const char **files;
    size_t files_count;
    struct vt_policy *policy; /* that of policy_file, loaded last */
    char *policy_file;
    struct vt_role_set *roles;                         /* started for the first mail */
    unsigned cases_count, wrong_count, mistaken_count; /* mistaken: files */
};

/* ---- which files ---- */

static int add_file(struct tests *tests, const char *folder, const char *name)
{
    const char **grown =
        vt_arena_grow(tests->arena, tests->files, tests->files_count, sizeof(*grown));
    const char *path = folder == NULL ? vt_arena_str(tests->arena, name)
                                      : vt_arena_printf(tests->arena, "%s/%s", folder, name);
    if (grown == NULL || path == NULL || tests->files_count >= MAX_FILES) {
        fprintf(stderr, "vanthu policy test: too many files\n");
        return EX_OSERR;
    }
    tests->files = grown;
    tests->files[tests->files_count++] = path;
    return EX_OK;
}

static int is_of_cases(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL &&
           (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* Those of a folder by name; not of folders in it. */
static int add_folder(struct tests *tests, const char *folder)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, is_of_cases, alphasort), status = EX_OK;
    if (count < 0) {
        fprintf(stderr, "vanthu policy test: %s: %s\n", folder, strerror(errno));
        return EX_NOINPUT;
    }
    for (int i = 0; i < count; i++) {
        if (status == EX_OK)
            status = add_file(tests, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (count == 0)
        fprintf(stderr, "vanthu policy test: %s: no file of cases (*.yaml) is there\n", folder);
    return count == 0 ? EX_NOINPUT : status;
}

static int add_argument(struct tests *tests, const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        fprintf(stderr, "vanthu policy test: %s: %s\n", path, strerror(errno));
        return EX_NOINPUT;
    }
    return S_ISDIR(status.st_mode) ? add_folder(tests, path) : add_file(tests, NULL, path);
}

/* Without an argument the folder "policy-tests" beside the policy. */
static int find_files(struct tests *tests, int argc, char **argv)
{
    int status = EX_OK;
    for (int i = optind; i < argc && status == EX_OK; i++)
        status = add_argument(tests, argv[i]);
    if (optind < argc)
        return status;
    const char *policy = tests->options.policy_file != NULL ? tests->options.policy_file
                                                            : tests->config->policy_file;
    if (policy == NULL) {
        fprintf(stderr, "vanthu policy test: which cases?\n");
        return EX_USAGE;
    }
    size_t len = (size_t)(vt_command_base_name(policy) - policy);
    const char *folder = vt_arena_printf(tests->arena, "%.*spolicy-tests", (int)len, policy);
    int found = folder == NULL ? EX_OSERR : add_argument(tests, folder);
    if (found == EX_NOINPUT)
        fprintf(stderr, "Files of cases belong there: CASES in vanthu-policy(5); examples are in "
                        "share/doc/vanthu/examples/policy-tests\n");
    return found;
}

/* ---- one case ---- */

static enum vt_code start_roles(struct tests *tests, struct vt_err *err)
{
    if (tests->roles != NULL)
        return VT_OK;
    return vt_role_set_start_local(tests->config, &tests->options.overrides, true, &tests->roles,
                                   err);
}

static enum vt_code inspect(struct tests *tests, struct vt_arena *arena, struct vt_case *item,
                            struct vt_evidence **out, struct vt_err *err)
{
    *out = item->evidence;
    if (item->mail_file == NULL)
        return VT_OK;
    enum vt_code code = start_roles(tests, err);
    if (code != VT_OK)
        return code;
    const struct vt_inspecting how = {.config = tests->config,
                                      .roles = tests->roles,
                                      .now_utc_secs = item->input.now_utc_secs,
                                      .is_now_given = true,
                                      .is_class_given = item->is_class_given,
                                      .offline = true};
    if (item->envelope.sender_proof == VT_PROOF_NONE)
        item->envelope.sender_proof = vt_mail_sender_proof(&item->envelope, false, tests->config);
    code = vt_command_inspect(&how, arena, item->mail_file, &item->envelope, out, err);
    if (code == VT_OK)
        item->input.is_submission =
            item->input.is_submission || vt_mail_is_submission(&(*out)->mail, tests->config);
    return code;
}

/* What came of a case. */
struct result {
    const struct vt_evidence *evidence;
    const struct vt_decision *decision;
    struct vt_case_difference *differences;
    size_t count;
};

/* Who is told, with the notices of the configuration. */
static enum vt_code plan_notices(const struct tests *tests, struct vt_arena *arena,
                                 const struct vt_policy_input *input, struct vt_case_outcome *out,
                                 struct vt_err *err)
{
    struct vt_config config = *tests->config;
    struct vt_notice_plan plan;
    config.mode = input->site_mode;
    const vt_reasons secret = VT_REASON_BIT(VT_REASON_SECRET_MARK);
    const struct vt_notice_plan_input about = {
        .config = &config,
        .site = input->site != NULL ? input->site : vt_policy_site(tests->policy),
        .evidence = out->evidence,
        .decision = out->decision,
        .outcome = vt_owed_outcome(out->decision->action),
        .is_secret = (vt_evidence_all_reasons(out->evidence) & secret) != 0,
        .now_utc_secs = input->now_utc_secs};
    enum vt_code code = vt_notice_plan(arena, &about, &plan, err);
    if (code != VT_OK)
        return code;
    out->no_notice = vt_no_notice_name(plan.why_not);
    for (size_t i = 0; i < plan.count; i++) {
        if (i > 0 && strcmp(plan.items[i].kind, plan.items[i - 1].kind) == 0)
            continue;
        out->notice = vt_arena_printf(arena, "%s%s%s", out->notice != NULL ? out->notice : "",
                                      i > 0 ? ", " : "", plan.items[i].kind);
        if (out->notice == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for a case");
    }
    return VT_OK;
}

static enum vt_code run_case(struct tests *tests, struct vt_arena *arena, struct vt_case *item,
                             struct result *out, struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    struct vt_decision *decision = NULL;
    struct vt_case_outcome outcome = {0};
    enum vt_code code = inspect(tests, arena, item, &evidence, err);
    if (code != VT_OK)
        return code;
    struct vt_policy_input input = item->input;
    input.evidence = evidence;
    code = vt_policy_evaluate(arena, tests->policy, &input, &decision, err);
    outcome.evidence = out->evidence = evidence;
    outcome.decision = out->decision = decision;
    if (code == VT_OK)
        code = plan_notices(tests, arena, &input, &outcome, err);
    if (code == VT_OK)
        code = vt_case_compare(arena, item, &outcome, &out->differences, &out->count, err);
    return code;
}

/* ---- for people ---- */

/* A line of diagnostics: nothing of a mail plays with the terminal. */
static void VT_PRINTF(1, 2) say(const char *format, ...)
{
    char text[1024], clean[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printf("%s\n", vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
}

static const char *name_of(const struct vt_evidence *evidence, size_t document)
{
    if (document >= evidence->documents_count)
        return "mail";
    const struct vt_document *its = &evidence->documents[document];
    return its->name != NULL ? its->name : its->path;
}

/* What matched, and the rules that were expected to decide. */
static bool is_telling(const struct vt_trace *trace, const struct result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const struct vt_case_difference *difference = &result->differences[i];
        if (strcmp(difference->key, "rule") == 0 &&
            strcmp(difference->expected, trace->rule) == 0 &&
            (trace->document != SIZE_MAX || result->evidence->documents_count == 0))
            return true;
    }
    return trace->matched;
}

static void print_rules(const struct result *result)
{
    size_t shown = 0;
    for (size_t i = 0; i < result->decision->trace_count && shown < MAX_SHOWN_RULES; i++) {
        const struct vt_trace *trace = &result->decision->trace[i];
        if (!is_telling(trace, result))
            continue;
        shown++;
        say("#   line %u %s, %s: %s: %s%s%s", trace->line, trace->rule,
            name_of(result->evidence, trace->document),
            trace->matched      ? "matched"
            : trace->is_skipped ? "not tried"
                                : "not matched",
            trace->why, trace->matched ? " -> " : "",
            trace->matched ? vt_action_name(trace->action) : "");
    }
    if (shown == 0)
        say("#   no rule matched");
}

static void print_result(struct tests *tests, const char *file, const struct vt_case *item,
                         const struct result *result)
{
    say("%sok %u - %s", result->count == 0 ? "" : "not ", tests->cases_count, item->name);
    if (result->count == 0)
        return;
    say("#   %s:%u", file, item->line);
    for (size_t i = 0; i < result->count; i++)
        say("#   %s: expected %s", result->differences[i].key, result->differences[i].expected),
            say("#   %*s  got      %s", (int)strlen(result->differences[i].key), "",
                result->differences[i].got);
    print_rules(result);
}

/* ---- for programs ---- */

static json_t *differences_json(const struct result *result)
{
    json_t *array = json_array();
    for (size_t i = 0; i < result->count; i++) {
        const struct vt_case_difference *difference = &result->differences[i];
        (void)json_array_append_new(array, json_pack("{s:s, s:i, s:s, s:s}", "key", difference->key,
                                                     "line", (int)difference->line, "expected",
                                                     difference->expected, "got", difference->got));
    }
    return array;
}

static enum vt_code print_json(const struct tests *tests, const char *file,
                               const struct vt_case *item, const struct result *result,
                               struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_decision_to_json(result->decision, &text, &len, err);
    if (code != VT_OK)
        return code;
    json_t *line =
        json_pack("{s:s?, s:i, s:s, s:b, s:s, s:s, s:o, s:o}", "file", file, "line",
                  (int)item->line, "name", item->name, "ok", (int)(result->count == 0), "policy",
                  tests->policy_file, "version", vt_policy_version(tests->policy), "differences",
                  differences_json(result), "decision", json_loadb(text, len, 0, NULL));
    free(text);
    if (line == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a result");
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(line);
    return VT_OK;
}

static json_t *mistakes_json(const struct vt_mistakes *mistakes)
{
    json_t *array = json_array();
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        (void)json_array_append_new(array, json_pack("{s:s, s:i, s:i, s:b, s:s}", "file",
                                                     mistake->file, "line", (int)mistake->line,
                                                     "column", (int)mistake->column, "warning",
                                                     (int)mistake->warning, "text", mistake->text));
    }
    return array;
}

/* ---- one file ---- */

/* A file that cannot be used is a test that failed: nobody takes silence for success. */
static int mistaken(struct tests *tests, const char *file, const struct vt_mistakes *mistakes,
                    const struct vt_err *why, enum vt_code code)
{
    tests->cases_count++;
    tests->mistaken_count++;
    if (mistakes->errors_count == 0)
        vt_command_print_fault(why);
    if (!tests->options.json) {
        say("not ok %u - %s cannot be used", tests->cases_count, file);
    } else {
        json_t *line = json_pack("{s:s?, s:b, s:o}", "file", file, "ok", 0, "mistakes",
                                 mistakes_json(mistakes));
        (void)json_dumpf(line, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(line);
    }
    return vt_command_exit_status(code);
}

static int run_one(struct tests *tests, const char *file, struct vt_case *item)
{
    struct vt_err err = {0};
    struct result result = {.count = 0};
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : run_case(tests, arena, item, &result, &err);
    tests->cases_count++;
    tests->wrong_count += code != VT_OK || result.count > 0;
    if (code == VT_OK && tests->options.json)
        code = print_json(tests, file, item, &result, &err);
    else if (code == VT_OK)
        print_result(tests, file, item, &result);
    else if (!tests->options.json)
        say("not ok %u - %s", tests->cases_count, item->name);
    vt_arena_free(arena);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    return result.count == 0 ? EX_OK : NOT_AS_EXPECTED;
}

/* --policy, what the file names, or what is configured. */
static int need_policy(struct tests *tests, const struct vt_case_file *cases)
{
    const char *file = tests->options.policy_file;
    if (file == NULL)
        file = vt_case_file_policy(cases);
    if (file == NULL)
        file = tests->config->policy_file;
    if (file == NULL) {
        fprintf(stderr, "vanthu policy test: which policy? --policy\n");
        return EX_USAGE;
    }
    if (tests->policy != NULL && strcmp(tests->policy_file, file) == 0)
        return EX_OK;
    vt_policy_free(tests->policy);
    tests->policy = NULL;
    free(tests->policy_file);
    tests->policy_file = strdup(file);
    return tests->policy_file == NULL ? EX_OSERR
                                      : vt_command_load_policy(file, false, &tests->policy);
}

static int run_cases(struct tests *tests, const char *file, struct vt_case_file *cases,
                     struct vt_mistakes *mistakes)
{
    struct vt_err err = {0};
    int status = need_policy(tests, cases);
    if (status != EX_OK)
        return mistaken(tests, file, mistakes,
                        &(struct vt_err){.text = "its policy cannot be used"}, VT_E_CONFIG);
    enum vt_code code = vt_case_file_read(cases, tests->policy, mistakes, &err);
    vt_excerpts_print(mistakes, stderr);
    if (code != VT_OK)
        return mistaken(tests, file, mistakes, &err, code);
    if (!tests->options.json)
        say("# %s (%s, version %s)", file, tests->policy_file, vt_policy_version(tests->policy));
    for (size_t i = 0; i < vt_case_file_count(cases); i++) {
        int one = run_one(tests, file, vt_case_file_at(cases, i));
        status = one > status ? one : status;
    }
    return status;
}

static int run_file(struct tests *tests, const char *file)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_case_file *cases = NULL;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_case_file_open(file, &cases, &mistakes, &err);
    int status = EX_OK;
    if (code == VT_OK) {
        status = run_cases(tests, file, cases, &mistakes);
    } else {
        vt_excerpts_print(&mistakes, stderr);
        status = mistaken(tests, file, &mistakes, &err, code);
    }
    vt_case_file_free(cases);
    vt_mistakes_clear(&mistakes);
    return status;
}

/* ---- the command ---- */

static int run(struct tests *tests, int argc, char **argv)
{
    int status = vt_command_load_config(tests->options.config_file, &tests->config);
    tests->arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (status == EX_OK && tests->arena == NULL)
        status = EX_OSERR;
    if (status == EX_OK)
        status = find_files(tests, argc, argv);
    if (status != EX_OK)
        return status;
    if (!tests->options.json)
        puts("TAP version 13");
    for (size_t i = 0; i < tests->files_count; i++) {
        int one = run_file(tests, tests->files[i]);
        status = one > status ? one : status;
    }
    if (tests->options.json)
        return status;
    printf("1..%u\n# %u cases in %zu %s: %u as expected, %u not\n", tests->cases_count,
           tests->cases_count - tests->mistaken_count, tests->files_count,
           tests->files_count == 1 ? "file" : "files",
           tests->cases_count - tests->mistaken_count - tests->wrong_count, tests->wrong_count);
    if (tests->mistaken_count > 0)
        printf("# %u %s could not be used\n", tests->mistaken_count,
               tests->mistaken_count == 1 ? "file" : "files");
    return status;
}

int vt_command_policy_test(int argc, char **argv)
{
    static struct tests tests; /* large, and one run has one */
    static char name[] = "vanthu policy test";
    argv[0] = name; /* in the messages of getopt_long(3) */
    int status = vt_check_options_read(VT_CHECK_CASES, argc, argv, &tests.options);
    if (status == EX_OK)
        status = run(&tests, argc, argv);
    vt_role_set_stop(tests.roles);
    vt_policy_free(tests.policy);
    free(tests.policy_file);
    vt_arena_free(tests.arena);
    vt_config_free(tests.config);
    vt_check_options_clear(&tests.options);
    return status;
}
