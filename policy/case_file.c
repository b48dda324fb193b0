/* SPDX-License-Identifier: Apache-2.0
 * A file of cases: what it says for all of them, each case, and the evidence that it names in files
 * beside it. */
#include <stdio.h>
#include <string.h>

#include "case.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_ARENA_BYTES ((size_t)1024 * 1024 * 1024)

struct vt_case_file {
    struct vt_arena *arena;
    const char *path, *folder;
    struct vt_bytes text;
    struct vt_yaml_node *root;
    const char *policy; /* NULL: none is named */
    int64_t now_utc_secs;
    struct vt_site *site; /* owned; NULL: the file has no table of its own */
    struct vt_case *cases;
    size_t count;
};

/* ---- the file ---- */

static const char *join(struct vt_arena *arena, const char *folder, const char *name)
{
    return name[0] == '/' || folder[0] == '\0' ? vt_arena_str(arena, name)
                                               : vt_arena_printf(arena, "%s/%s", folder, name);
}

/* "evidence.json" beside the file. NULL: memory is out. */
static const char *beside(struct vt_case_reader *reader, const char *name)
{
    return join(reader->yaml.arena, reader->folder, name);
}

static const char *folder_of(struct vt_arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? "" : vt_arena_dup(arena, path, (size_t)(slash - path));
}

static enum vt_code told(const struct vt_mistakes *mistakes, size_t before, const char *path,
                         struct vt_err *err)
{
    size_t count = mistakes->errors_count - before;
    if (count == 0)
        return VT_OK;
    return vt_err_set(err, VT_E_CONFIG, "%s has %zu mistake%s", path, count, count == 1 ? "" : "s");
}

static void read_head(struct vt_case_file *file, struct vt_yaml *yaml)
{
    static const char *const keys[] = {"policy", "now", "agencies", "exemptions", "cases"};
    static const struct vt_yaml_node begin = {.line = 1, .column = 1};
    if (file->root == NULL) {
        if (yaml->mistakes->errors_count == 0)
            vt_yaml_mistake(yaml, &begin, "the file is empty: a file of cases has \"cases:\"");
        return;
    }
    if (!vt_yaml_is_mapping(yaml, file->root, "a file of cases"))
        return;
    vt_yaml_check_keys(yaml, file->root, keys, ELEMENTS(keys));
    const struct vt_yaml_node *policy = vt_yaml_find(file->root, "policy");
    const struct vt_yaml_node *now = vt_yaml_find(file->root, "now");
    const struct vt_yaml_node *cases = vt_yaml_find(file->root, "cases");
    const char *name = NULL;
    if (policy != NULL && vt_yaml_text(yaml, policy, &name))
        file->policy = join(file->arena, file->folder, name);
    if (now != NULL)
        (void)vt_yaml_time(yaml, now, &file->now_utc_secs);
    if (cases == NULL)
        vt_yaml_mistake(yaml, file->root, "a file of cases has \"cases:\"");
    else if (cases->kind != VT_YAML_SEQUENCE || cases->count > VT_MAX_CASES)
        vt_yaml_mistake(yaml, cases,
                        "cases is a list of at most %d: each begins with \"- name: …\"",
                        VT_MAX_CASES);
}

static enum vt_code open_in(struct vt_arena *arena, const char *path, struct vt_case_file **out,
                            struct vt_mistakes *mistakes, struct vt_err *err)
{
    struct vt_case_file *file = vt_arena_alloc(arena, sizeof(*file));
    struct vt_yaml yaml = {arena, vt_arena_str(arena, path), mistakes};
    size_t before = mistakes->errors_count;
    if (file == NULL || yaml.file == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for cases");
    *file = (struct vt_case_file){.arena = arena,
                                  .path = yaml.file,
                                  .folder = folder_of(arena, path),
                                  .now_utc_secs = VT_TIME_NONE};
    enum vt_code code = vt_yaml_read_file(arena, path, VT_MAX_CASE_FILE_BYTES, &file->text, err);
    if (code == VT_OK)
        code = vt_yaml_parse(&yaml, file->text, &file->root, err);
    if (code != VT_OK)
        return code;
    read_head(file, &yaml);
    code = told(mistakes, before, path, err);
    if (code == VT_OK)
        *out = file;
    return code;
}

enum vt_code vt_case_file_open(const char *path, struct vt_case_file **out,
                               struct vt_mistakes *mistakes, struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(MAX_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for cases");
    enum vt_code code = open_in(arena, path, out, mistakes, err);
    if (code != VT_OK)
        vt_arena_free(arena);
    return code;
}

const char *vt_case_file_policy(const struct vt_case_file *file)
{
    return file->policy;
}

void vt_case_file_free(struct vt_case_file *file)
{
    if (file == NULL)
        return;
    vt_site_free(file->site);
    vt_arena_free(file->arena);
}

/* ---- its table of agencies ---- */

/* The lines of the file that are the table, at their places, so that its mistakes have theirs. */
static struct vt_bytes table_lines(struct vt_case_reader *reader, const struct vt_case_file *file)
{
    char *text = vt_arena_dup(file->arena, (const char *)file->text.ptr, file->text.len);
    unsigned line = 1;
    bool is_table = false;
    for (size_t i = 0, next = 0; text != NULL && i < file->text.len; i++) {
        for (; next < file->root->count && file->root->entries[next].key->line <= line; next++) {
            const struct vt_yaml_node *key = file->root->entries[next].key;
            is_table = strcmp(key->text, "agencies") == 0 || strcmp(key->text, "exemptions") == 0;
            if (is_table && key->column != 1)
                vt_yaml_mistake(&reader->yaml, key, "write \"%s\" at the beginning of a line",
                                key->text);
        }
        if (text[i] == '\n')
            line++;
        else if (!is_table)
            text[i] = ' ';
    }
    return text == NULL ? vt_bytes_of("", 0) : vt_bytes_of(text, file->text.len);
}

static enum vt_code read_table(struct vt_case_reader *reader, struct vt_case_file *file,
                               struct vt_err *err)
{
    const struct vt_yaml_node *agencies = vt_yaml_find(file->root, "agencies");
    const struct vt_yaml_node *exemptions = vt_yaml_find(file->root, "exemptions");
    const char *name = file->path;
    struct vt_bytes text;
    struct vt_err why = {0};
    if (agencies == NULL && exemptions == NULL)
        return VT_OK;
    if (agencies != NULL && agencies->kind == VT_YAML_SCALAR) {
        name = beside(reader, agencies->text);
        if (name == NULL)
            return vt_err_set(err, VT_E_NOMEM, "no memory for cases");
        if (vt_yaml_read_file(file->arena, name, VT_MAX_SITE_BYTES, &text, &why) != VT_OK) {
            vt_yaml_mistake(&reader->yaml, agencies, "%s", why.text);
            return VT_OK;
        }
    } else {
        text = table_lines(reader, file);
    }
    enum vt_code code = vt_site_parse(text, name, &file->site, reader->yaml.mistakes, err);
    reader->site = file->site;
    return code == VT_E_CONFIG ? VT_OK : code;
}

/* ---- evidence of a file ---- */

/* What is printed of a mail: evidence itself, or a record of the register that has it in its body.
 */
static const json_t *evidence_in(const json_t *line)
{
    const json_t *body = json_object_get(line, "body");
    const json_t *inner = json_object_get(body, "evidence");
    if (inner != NULL)
        return inner;
    inner = json_object_get(line, "evidence");
    return inner != NULL ? inner : json_object_get(line, "documents") != NULL ? line : NULL;
}

/* The first line, or the whole file, that holds evidence. */
static struct vt_evidence *take_evidence(struct vt_case_reader *reader,
                                         const struct vt_yaml_node *node, struct vt_bytes text)
{
    struct vt_evidence *evidence = NULL;
    struct vt_err why = {.text = "no evidence stands in it; `vanthu check --json` and `vanthu "
                                 "register show --json` print some"};
    size_t at = 0;
    while (evidence == NULL && at < text.len) {
        json_t *line =
            json_loadb((const char *)text.ptr + at, text.len - at,
                       JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES, &(json_error_t){0});
        const json_t *found = evidence_in(line);
        enum vt_code code =
            found == NULL ? VT_OK
                          : vt_evidence_from_object(reader->yaml.arena, found, &evidence, &why);
        json_decref(line);
        size_t end = vt_bytes_find(text, VT_BYTES("\n"), at);
        at = code != VT_OK || end == SIZE_MAX ? text.len : end + 1;
    }
    if (evidence == NULL)
        vt_yaml_mistake(&reader->yaml, node, "%s: %s", node->text, why.text);
    return evidence;
}

static struct vt_evidence *read_evidence_file(struct vt_case_reader *reader,
                                              const struct vt_yaml_node *node)
{
    const char *name = NULL;
    struct vt_bytes text;
    struct vt_err why = {0};
    if (!vt_yaml_text(&reader->yaml, node, &name))
        return NULL;
    const char *path = beside(reader, name);
    if (path == NULL ||
        vt_yaml_read_file(reader->yaml.arena, path, VT_MAX_EVIDENCE_BYTES, &text, &why) != VT_OK) {
        vt_yaml_mistake(&reader->yaml, node, "%s", why.text[0] != '\0' ? why.text : "no memory");
        return NULL;
    }
    return take_evidence(reader, node, text);
}

/* ---- one case ---- */

static bool read_envelope(struct vt_case_reader *reader, const struct vt_yaml_node *given,
                          struct vt_case *out)
{
    const struct vt_yaml_node *envelope = vt_yaml_find(given, "envelope");
    struct vt_mail *mail = out->evidence != NULL ? &out->evidence->mail : &out->envelope;
    return envelope == NULL || vt_case_mail(reader, envelope, mail, &out->is_class_given);
}

/* Evidence of a file, or a mail that is inspected. */
static bool read_given_file(struct vt_case_reader *reader, const struct vt_yaml_node *given,
                            const struct vt_yaml_node *node, bool is_mail, struct vt_case *out)
{
    static const char *const of_evidence[] = {"evidence", "envelope"};
    static const char *const of_mail[] = {"mail", "envelope"};
    vt_yaml_check_keys(&reader->yaml, given, is_mail ? of_mail : of_evidence, 2);
    if (!is_mail) {
        out->evidence = read_evidence_file(reader, node);
        return out->evidence != NULL && read_envelope(reader, given, out);
    }
    out->mail_file = beside(reader, node->text);
    FILE *there = out->mail_file == NULL ? NULL : fopen(out->mail_file, "rbe");
    if (there == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "cannot open \"%s\"", node->text);
    (void)fclose(there);
    return read_envelope(reader, given, out);
}

static bool read_given(struct vt_case_reader *reader, const struct vt_yaml_node *given,
                       struct vt_case *out)
{
    if (!vt_yaml_is_mapping(&reader->yaml, given, "what is given"))
        return false;
    const struct vt_yaml_node *evidence = vt_yaml_find(given, "evidence");
    const struct vt_yaml_node *mail = vt_yaml_find(given, "mail");
    if (evidence != NULL)
        return read_given_file(reader, given, evidence, false, out);
    if (mail != NULL && mail->kind == VT_YAML_SCALAR)
        return read_given_file(reader, given, mail, true, out);
    out->evidence = vt_case_evidence(reader, given);
    return out->evidence != NULL;
}

static void read_circumstances(struct vt_case_reader *reader, const struct vt_yaml_node *node,
                               struct vt_case *out)
{
    const struct vt_yaml_node *deferred = vt_yaml_find(node, "first-deferred");
    const struct vt_yaml_node *submission = vt_yaml_find(node, "submission");
    const struct vt_yaml_node *mode = vt_yaml_find(node, "mode");
    unsigned word = VT_MODE_ENFORCE;
    if (deferred != NULL)
        (void)vt_yaml_time(&reader->yaml, deferred, &out->input.first_deferred_utc_secs);
    if (submission != NULL)
        (void)vt_yaml_bool(&reader->yaml, submission, &out->input.is_submission);
    if (mode != NULL)
        (void)vt_yaml_word(&reader->yaml, mode, "a mode", vt_words_mode.words, vt_words_mode.count,
                           &word);
    out->input.site_mode = (enum vt_mode)word;
}

static void read_name(struct vt_case_reader *reader, const struct vt_case_file *file,
                      const struct vt_yaml_node *node, struct vt_case *out)
{
    const struct vt_yaml_node *name = vt_yaml_find(node, "name");
    out->name = "-";
    if (name == NULL) {
        vt_yaml_mistake(&reader->yaml, node, "the case has no \"name\"");
        return;
    }
    if (!vt_yaml_text(&reader->yaml, name, &out->name))
        return;
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->cases[i].name, out->name) == 0)
            vt_yaml_mistake(&reader->yaml, name, "a case of this name stands in line %u already",
                            file->cases[i].line);
    }
}

static void read_case(struct vt_case_reader *reader, const struct vt_case_file *file,
                      const struct vt_yaml_node *node, struct vt_case *out)
{
    static const char *const keys[] = {"name",       "given", "now",   "first-deferred",
                                       "submission", "mode",  "expect"};
    *out = (struct vt_case){.line = node->line,
                            .input = {.first_deferred_utc_secs = VT_TIME_NONE,
                                      .now_utc_secs = file->now_utc_secs,
                                      .is_traced = true,
                                      .site = file->site}};
    if (!vt_yaml_is_mapping(&reader->yaml, node, "a case"))
        return;
    vt_yaml_check_keys(&reader->yaml, node, keys, ELEMENTS(keys));
    read_name(reader, file, node, out);
    const struct vt_yaml_node *given = vt_yaml_find(node, "given");
    const struct vt_yaml_node *now = vt_yaml_find(node, "now");
    const struct vt_yaml_node *expect = vt_yaml_find(node, "expect");
    if (now != NULL)
        (void)vt_yaml_time(&reader->yaml, now, &out->input.now_utc_secs);
    reader->now_utc_secs =
        out->input.now_utc_secs != VT_TIME_NONE ? out->input.now_utc_secs : vt_clock_now_utc_secs();
    if (given == NULL)
        vt_yaml_mistake(&reader->yaml, node, "the case has no \"given\"");
    else if (read_given(reader, given, out))
        out->input.is_submission =
            out->evidence != NULL && out->evidence->mail.authenticated != NULL;
    read_circumstances(reader, node, out);
    if (expect == NULL)
        vt_yaml_mistake(&reader->yaml, node, "the case has no \"expect\"");
    else
        out->expected = vt_case_expected_read(reader, expect);
    /* What was inspected once is judged at that time. */
    if (out->input.now_utc_secs == VT_TIME_NONE)
        out->input.now_utc_secs =
            out->evidence != NULL ? out->evidence->inspected_at_utc_secs : reader->now_utc_secs;
    if (out->input.now_utc_secs == VT_TIME_NONE)
        out->input.now_utc_secs = reader->now_utc_secs;
}

enum vt_code vt_case_file_read(struct vt_case_file *file, const struct vt_policy *policy,
                               struct vt_mistakes *mistakes, struct vt_err *err)
{
    const struct vt_yaml_node *cases = vt_yaml_find(file->root, "cases");
    size_t before = mistakes->errors_count;
    struct vt_case_reader reader = {.yaml = {file->arena, file->path, mistakes},
                                    .folder = file->folder,
                                    .site = vt_policy_site(policy)};
    file->cases = vt_arena_alloc(file->arena, (cases->count + 1) * sizeof(*file->cases));
    if (file->cases == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for cases");
    enum vt_code code = read_table(&reader, file, err);
    for (size_t i = 0; i < cases->count && code == VT_OK; i++) {
        read_case(&reader, file, cases->entries[i].value, &file->cases[i]);
        file->count++;
    }
    vt_mistakes_sort(mistakes);
    return code == VT_OK ? told(mistakes, before, file->path, err) : code;
}

size_t vt_case_file_count(const struct vt_case_file *file)
{
    return file->count;
}

struct vt_case *vt_case_file_at(struct vt_case_file *file, size_t index)
{
    return &file->cases[index];
}
