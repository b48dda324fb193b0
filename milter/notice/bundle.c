/* SPDX-License-Identifier: Apache-2.0
 * A folder of words in one piece, for roles that open no files: "vanthu-notices 1", then for each
 * file a line "vi/refused.txt 1234" and its bytes. Without a folder it has no files, and all words
 * are those that are built in. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "notice/bundle.h"

static const char begin_line[] = "vanthu-notices 1\n";
enum { MAX_FILES = 200 };

/* ---- writing ---- */

static enum vt_code add_file(const char *directory, const char *path, struct vt_buf *out,
                             struct vt_err *err)
{
    enum vt_code code = VT_E_INTERNAL;
    struct vt_bytes bytes = {0};
    char *whole = NULL;
    struct vt_arena *arena = vt_arena_new(4 * VT_MAX_NOTICE_FILE_BYTES);
    if (arena == NULL || asprintf(&whole, "%s/%s", directory, path) < 0) {
        code = vt_err_set(err, VT_E_NOMEM, "no memory for the words of notices");
        goto done;
    }
    code = vt_yaml_read_file(arena, whole, VT_MAX_NOTICE_FILE_BYTES, &bytes, err);
    if (code == VT_OK)
        code = vt_buf_addf(out, "%s %zu\n", path, bytes.len);
    if (code == VT_OK)
        code = vt_buf_add(out, bytes.ptr, bytes.len);
    if (code == VT_E_LIMIT && err != NULL && err->code == VT_OK)
        (void)vt_err_set(err, code, "%s: the words of notices are too large", directory);
done:
    free(whole);
    vt_arena_free(arena);
    return code;
}

/* Names that could be words: what begins with a dot or ends with a tilde is an editor's. */
static int is_words(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && entry->d_name[len - 1] != '~' &&
           strpbrk(entry->d_name, " \n\t") == NULL && len < 100;
}

static enum vt_code add_language(const char *directory, const char *language, struct vt_buf *out,
                                 size_t *count, struct vt_err *err)
{
    struct dirent **names = NULL;
    char *folder = NULL, path[300];
    enum vt_code code = VT_OK;
    if (asprintf(&folder, "%s/%s", directory, language) < 0)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the words of notices");
    int found = scandir(folder, &names, is_words, alphasort);
    if (found < 0 && errno != ENOENT)
        code = vt_err_sys(err, "%s", folder);
    for (int i = 0; i < found; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", language, names[i]->d_name);
        if (code == VT_OK && ++*count > MAX_FILES)
            code = vt_err_set(err, VT_E_LIMIT, "%s has more than %d files", directory, MAX_FILES);
        if (code == VT_OK)
            code = add_file(directory, path, out, err);
        free(names[i]);
    }
    free(names);
    free(folder);
    return code;
}

enum vt_code vt_notice_words_bundle(const char *directory, struct vt_buf *out, struct vt_err *err)
{
    size_t count = 0;
    enum vt_code code = vt_buf_add(out, begin_line, sizeof(begin_line) - 1);
    if (code != VT_OK)
        return vt_err_set(err, code, "no room for the words of notices");
    for (size_t i = 0; directory != NULL && code == VT_OK && i < VT_NOTICE_LANGUAGES; i++)
        code = add_language(directory, vt_notice_language_names[i], out, &count, err);
    if (code == VT_OK && directory != NULL && count == 0)
        return vt_err_set(err, VT_E_NOT_FOUND,
                          "%s has no words of notices: vi/refused.txt, en/reasons.yaml and so on, "
                          "see vanthu-notices(5)",
                          directory);
    return code;
}

/* ---- reading ---- */

static bool take_file(struct vt_arena *arena, struct vt_bytes *rest, struct vt_notice_file *out)
{
    size_t end = vt_bytes_find(*rest, VT_BYTES("\n"), 0);
    if (end == SIZE_MAX || end > 400)
        return false;
    char *line = vt_arena_dup(arena, rest->ptr, end);
    char *space = line == NULL ? NULL : strrchr(line, ' ');
    if (space == NULL)
        return false;
    *space = '\0';
    size_t len = (size_t)strtoul(space + 1, NULL, 10);
    *rest = vt_bytes_slice(*rest, end + 1, SIZE_MAX);
    if (len > rest->len)
        return false;
    *out = (struct vt_notice_file){line, vt_bytes_slice(*rest, 0, len)};
    *rest = vt_bytes_slice(*rest, len, SIZE_MAX);
    return true;
}

enum vt_code vt_notice_bundle_open(struct vt_arena *arena, struct vt_bytes bundle,
                                   struct vt_notice_file **out, size_t *out_count,
                                   struct vt_err *err)
{
    struct vt_notice_file *files = vt_arena_alloc(arena, MAX_FILES * sizeof(*files));
    size_t count = 0;
    if (files == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the words of notices");
    if (!vt_bytes_starts_with(bundle, vt_bytes_str(begin_line)))
        return vt_err_set(err, VT_E_FORMAT, "this is no bundle of the words of notices");
    struct vt_bytes rest = vt_bytes_slice(bundle, sizeof(begin_line) - 1, SIZE_MAX);
    while (rest.len > 0) {
        if (count == MAX_FILES || !take_file(arena, &rest, &files[count]))
            return vt_err_set(err, VT_E_FORMAT, "the words of notices are not whole");
        count++;
    }
    *out = files;
    *out_count = count;
    return VT_OK;
}
