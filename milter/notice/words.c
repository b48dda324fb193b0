/* SPDX-License-Identifier: Apache-2.0
 * All words of notices from one bundle, what it does not have from what is built in. */
#include <string.h>

#include "base/yaml.h"
#include "notice/bundle.h"

/* Frames as pieces: the shipped ones take 200 KB. */
#define MAX_WORDS_ARENA (16u * 1024 * 1024)

struct loader {
    struct vt_notice_words *words;
    const char *name; /* of the folder, for messages */
    struct vt_notice_file *files;
    size_t files_count;
    struct vt_mistakes *mistakes;
    struct vt_err *err;
};

static const struct vt_notice_file *find(const struct loader *l, const char *path)
{
    for (size_t i = 0; i < l->files_count; i++) {
        if (strcmp(l->files[i].path, path) == 0)
            return &l->files[i];
    }
    return NULL;
}

static struct vt_bytes without_mark(struct vt_bytes text)
{
    struct vt_bytes mark = VT_BYTES("\xEF\xBB\xBF");
    return vt_bytes_starts_with(text, mark) ? vt_bytes_slice(text, mark.len, SIZE_MAX) : text;
}

/* The source of one file: the site's, else what is built in. */
static enum vt_code open_source(const struct loader *l, const char *path,
                                enum vt_notice_language language, struct vt_notice_source *out)
{
    const struct vt_notice_file *own = find(l, path);
    *out = (struct vt_notice_source){.text = own != NULL ? without_mark(own->bytes)
                                                         : vt_notice_builtin(path),
                                     .language = language,
                                     .mistakes = l->mistakes,
                                     .arena = l->words->arena};
    out->file = vt_arena_printf(l->words->arena, "%s/%s", own != NULL ? l->name : "built-in", path);
    return out->file == NULL ? VT_E_NOMEM : VT_OK;
}

static enum vt_code read_frame(const struct loader *l, enum vt_notice_language language,
                               enum vt_notice_kind kind)
{
    char path[64];
    struct vt_notice_source source;
    (void)snprintf(path, sizeof(path), "%s/%s.txt", vt_notice_language_names[language],
                   vt_notice_kind_name(kind));
    enum vt_code code = open_source(l, path, language, &source);
    if (code != VT_OK || !vt_notice_text_check(&source))
        return code;
    return vt_notice_frame_parse(&source, kind, &l->words->frames[language][kind]);
}

static enum vt_code read_reasons(const struct loader *l, enum vt_notice_language language)
{
    char path[64];
    struct vt_notice_source source;
    struct vt_notice_reason_words *out = l->words->reasons[language];
    (void)snprintf(path, sizeof(path), "%s/reasons.yaml", vt_notice_language_names[language]);
    enum vt_code code = open_source(l, path, language, &source);
    if (code == VT_OK && vt_notice_text_check(&source))
        code = vt_notice_reasons_parse(&source, out, l->err);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_reason_info *info = vt_reason_info((enum vt_reason)i);
        bool is_vietnamese = language == VT_NOTICE_VIETNAMESE;
        if (out[i].reason == NULL)
            out[i].reason = is_vietnamese ? info->vietnamese : info->english;
        if (out[i].to_do == NULL)
            out[i].to_do = is_vietnamese ? info->vietnamese_to_do : info->english_to_do;
    }
    return code;
}

/* ---- files that are not there, or should not be ---- */

static const char *nearest(const char *path)
{
    enum { FARTHEST = 4 };
    const char *found = NULL, *one;
    unsigned best = FARTHEST + 1;
    for (size_t i = 0; (one = vt_notice_builtin_path(i)) != NULL; i++) {
        unsigned distance = vt_text_distance(path, one, FARTHEST);
        if (distance < best) {
            best = distance;
            found = one;
        }
    }
    return found;
}

static void tell(const struct loader *l, const char *path, const char *before, const char *name,
                 const char *behind)
{
    char file[512];
    (void)snprintf(file, sizeof(file), "%s/%s", l->name, path);
    (void)vt_mistakes_add(l->mistakes, file, 1, 1, true, "%s%s%s", before, name, behind);
}

static void check_names(const struct loader *l)
{
    for (size_t i = 0; i < l->files_count; i++) {
        const char *path = l->files[i].path;
        const char *near = nearest(path);
        if (vt_notice_builtin(path).ptr != NULL)
            continue;
        if (near != NULL)
            tell(l, path, "no notice has words of this name: did you mean ", near, "?");
        else
            tell(l, path, "no notice has words of this name: it is not read", "", "");
    }
}

/* A notice says the same in both languages: who changes one changes the other. */
static void check_translations(const struct loader *l)
{
    for (size_t i = 0; i < l->files_count; i++) {
        const char *path = l->files[i].path;
        char other[128];
        if (vt_notice_builtin(path).ptr == NULL)
            continue;
        bool is_vietnamese = strncmp(path, "vi/", 3) == 0;
        (void)snprintf(other, sizeof(other), "%s%s", is_vietnamese ? "en" : "vi", path + 2);
        if (find(l, other) == NULL)
            tell(l, other, "the translation of ", path,
                 " is missing: what is built in will be said");
    }
}

/* ---- all of it ---- */

static enum vt_code read_all(const struct loader *l)
{
    enum vt_code code = VT_OK;
    for (unsigned language = 0; language < VT_NOTICE_LANGUAGES; language++) {
        for (unsigned kind = 0; code == VT_OK && kind < VT_NOTICE_KINDS; kind++)
            code = read_frame(l, (enum vt_notice_language)language, (enum vt_notice_kind)kind);
        if (code == VT_OK)
            code = read_reasons(l, (enum vt_notice_language)language);
    }
    check_names(l);
    check_translations(l);
    vt_mistakes_sort(l->mistakes);
    return code;
}

enum vt_code vt_notice_words_parse(struct vt_bytes bundle, const char *name,
                                   struct vt_notice_words **out, struct vt_mistakes *mistakes,
                                   struct vt_err *err)
{
    size_t errors_before = mistakes->errors_count;
    struct vt_arena *arena = vt_arena_new(MAX_WORDS_ARENA);
    struct vt_notice_words *words = arena == NULL ? NULL : vt_arena_alloc(arena, sizeof(*words));
    struct loader l = {.words = words, .name = name, .mistakes = mistakes, .err = err};
    *out = NULL;
    enum vt_code code = words == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK) {
        words->arena = arena;
        code = vt_notice_bundle_open(arena, bundle, &l.files, &l.files_count, err);
    }
    if (code == VT_OK)
        code = read_all(&l);
    if (code == VT_OK && mistakes->errors_count > errors_before)
        code = vt_err_set(err, VT_E_CONFIG, "%s: %zu mistakes in the words of notices", name,
                          mistakes->errors_count - errors_before);
    if (code == VT_E_NOMEM)
        (void)vt_err_set(err, code, "no memory for the words of notices");
    if (code == VT_OK)
        *out = words;
    else
        vt_arena_free(arena);
    return code;
}

void vt_notice_words_free(struct vt_notice_words *words)
{
    if (words != NULL)
        vt_arena_free(words->arena);
}
