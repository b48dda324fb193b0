/* SPDX-License-Identifier: Apache-2.0
 * Excerpts: as a compiler shows them. */
#include "command/excerpt.h"

#include <string.h>
#include <sys/stat.h>

#include "base/yaml.h"
#include "command/command.h"

/* A long line is shown from so many characters before the place. */
#define BEFORE 60
#define MOST 110

void vt_excerpts_init(struct vt_excerpts *excerpts)
{
    *excerpts = (struct vt_excerpts){0};
    vt_buf_init(&excerpts->text, 0);
}

void vt_excerpts_clear(struct vt_excerpts *excerpts)
{
    vt_buf_clear(&excerpts->text);
}

/* A pipe has nothing to read any more, and would not say so. */
static bool is_regular(const char *file)
{
    struct stat info;
    return stat(file, &info) == 0 && S_ISREG(info.st_mode);
}

/* A file that went away since it was parsed has no excerpts. */
static bool read_file(struct vt_excerpts *excerpts, const char *file)
{
    if (excerpts->file != NULL && strcmp(excerpts->file, file) == 0)
        return excerpts->text.len > 0;
    vt_buf_clear(&excerpts->text);
    excerpts->file = file;
    if (is_regular(file) &&
        vt_command_read_file(file, VT_MAX_POLICY_BYTES, &excerpts->text, NULL) == VT_OK)
        return excerpts->text.len > 0;
    vt_buf_clear(&excerpts->text);
    return false;
}

static bool find_line(struct vt_bytes text, unsigned line, struct vt_bytes *out)
{
    size_t begin = 0;
    for (unsigned i = 1; i < line; i++) {
        size_t end = vt_bytes_find(text, VT_BYTES("\n"), begin);
        if (end == SIZE_MAX)
            return false;
        begin = end + 1;
    }
    size_t end = vt_bytes_find(text, VT_BYTES("\n"), begin);
    *out = vt_bytes_slice(text, begin, (end == SIZE_MAX ? text.len : end) - begin);
    return true;
}

/* Bytes of the first count characters of UTF-8. */
static size_t characters(struct vt_bytes text, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count && at < text.len; i++) {
        at++;
        while (at < text.len && (text.ptr[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

bool vt_excerpt_of(struct vt_excerpts *excerpts, const struct vt_mistake *mistake,
                   char out[VT_EXCERPT_BYTES], unsigned *out_caret)
{
    struct vt_bytes line;
    if (mistake->line == 0 || !read_file(excerpts, mistake->file) ||
        !find_line(vt_buf_bytes(&excerpts->text), mistake->line, &line))
        return false;
    unsigned caret = mistake->column > 0 ? mistake->column - 1 : 0;
    if (caret > BEFORE && line.len > MOST) {
        size_t skip = characters(line, caret - BEFORE);
        line = vt_bytes_slice(line, skip, line.len);
        caret = BEFORE;
    }
    line = vt_bytes_slice(line, 0, characters(line, MOST));
    vt_text_clean(out, VT_EXCERPT_BYTES, line);
    *out_caret = caret;
    return out[0] != '\0';
}

void vt_excerpts_print(const struct vt_mistakes *mistakes, FILE *stream)
{
    struct vt_excerpts excerpts;
    vt_excerpts_init(&excerpts);
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        char line[VT_EXCERPT_BYTES];
        unsigned caret = 0;
        fprintf(stream, "%s:%u:%u: %s%s\n", mistake->file, mistake->line, mistake->column,
                mistake->warning ? "warning: " : "", mistake->text);
        if (vt_excerpt_of(&excerpts, mistake, line, &caret))
            fprintf(stream, "%6u | %s\n       | %*s^\n", mistake->line, line, (int)caret, "");
    }
    vt_excerpts_clear(&excerpts);
}

void vt_excerpts_sum_up(const char *name, const struct vt_mistakes *mistakes, const char *meaning,
                        const struct vt_err *err)
{
    if (mistakes->errors_count == 0)
        vt_command_print_fault(err);
    else
        fprintf(stderr, "%s: %zu %s; %s\n", name, mistakes->errors_count,
                mistakes->errors_count == 1 ? "mistake" : "mistakes", meaning);
}
