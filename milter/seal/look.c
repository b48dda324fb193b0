/* SPDX-License-Identifier: Apache-2.0
 * Appearances: their files as 8 bytes length and the bytes of each, in the order of the
 * configuration, so that all roles have what was looked at; and their lines. */
#include "vanthu/seal_look.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vanthu/wire.h"

/* A picture of the largest size while it is looked at, or a font. */
#define MAX_LOOK_ARENA_BYTES (128u * 1024 * 1024)

static const char *file_of(const struct vt_seal_appearance *asked)
{
    return asked->show == VT_SEAL_SHOW_IMAGE  ? asked->picture
           : asked->show == VT_SEAL_SHOW_TEXT ? asked->font
                                              : NULL;
}

static enum vt_code read_look(struct vt_arena *arena, const struct vt_seal_appearance *asked,
                              struct vt_bytes file, struct vt_seal_look *out, struct vt_err *err)
{
    out->asked = asked;
    if (asked->show == VT_SEAL_SHOW_IMAGE)
        return vt_seal_image_read(arena, file, asked->width_mm, &out->image, err);
    return asked->show == VT_SEAL_SHOW_TEXT ? vt_seal_font_read(arena, file, &out->font, err)
                                            : VT_OK;
}

/* ---- when the configuration is loaded ---- */

static enum vt_code open_file(const char *file, struct vt_bytes *out, bool *out_mapped,
                              struct vt_err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return vt_err_sys(err, "cannot read %s", file);
    enum vt_code code = vt_input_read(fd, VT_MAX_SEAL_FONT_BYTES, out, out_mapped, err);
    (void)close(fd);
    return code == VT_OK ? VT_OK
                         : vt_err_set(err, code, "%s is not a file of at most 16 MiB", file);
}

static enum vt_code look_at(const struct vt_seal_appearance *asked, struct vt_bytes file,
                            struct vt_err *err)
{
    struct vt_seal_look look;
    struct vt_arena *arena = vt_arena_new(MAX_LOOK_ARENA_BYTES);
    enum vt_code code = arena == NULL ? VT_E_NOMEM : read_look(arena, asked, file, &look, err);
    vt_arena_free(arena);
    return code;
}

static enum vt_code add_bytes(struct vt_buf *out, struct vt_bytes bytes)
{
    uint64_t len = bytes.len;
    enum vt_code code = vt_buf_add(out, &len, sizeof(len));
    return code == VT_OK ? vt_buf_add(out, bytes.ptr, bytes.len) : code;
}

static enum vt_code add_file(const struct vt_seal_appearance *asked, struct vt_buf *out,
                             struct vt_err *err)
{
    struct vt_bytes file = {0};
    bool mapped = false;
    enum vt_code code = open_file(file_of(asked), &file, &mapped, err);
    if (code != VT_OK)
        return code;
    code = look_at(asked, file, err);
    if (code == VT_OK)
        code = add_bytes(out, file);
    if (code == VT_E_LIMIT && err->text[0] == '\0')
        vt_err_set(err, code, "pictures and fonts are larger than 64 MiB together");
    vt_input_release(file, mapped);
    return code;
}

enum vt_code vt_seal_looks_bundle(const struct vt_config *config, struct vt_buf *out,
                                  struct vt_mistakes *mistakes, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < config->seal_appearances_count && code == VT_OK; i++) {
        const struct vt_seal_appearance *asked = &config->seal_appearances[i];
        struct vt_err why = {.text = ""};
        code = file_of(asked) == NULL ? add_bytes(out, (struct vt_bytes){0})
                                      : add_file(asked, out, &why);
        if (code == VT_E_NOMEM)
            return vt_err_set(err, code, "no memory for the appearances of seals");
        if (code != VT_OK)
            code = vt_mistakes_add(mistakes, config->file, asked->file_line, asked->file_column,
                                   false, "%s", why.text);
    }
    return code;
}

/* ---- where they are used ---- */

enum vt_code vt_seal_looks_open(struct vt_arena *arena, const struct vt_config *config,
                                struct vt_bytes bundle, struct vt_seal_looks *out,
                                struct vt_err *err)
{
    enum vt_code code = VT_OK;
    size_t count = config->seal_appearances_count;
    struct vt_bytes rest = bundle;
    *out = (struct vt_seal_looks){0};
    struct vt_seal_look *items = vt_arena_alloc(arena, (count + 1) * sizeof(*items));
    if (items == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the appearances of seals");
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        uint64_t len = 0;
        if (rest.len < sizeof(len))
            return vt_err_set(err, VT_E_FORMAT, "the appearances of seals are not whole");
        memcpy(&len, rest.ptr, sizeof(len));
        rest = vt_bytes_slice(rest, sizeof(len), SIZE_MAX);
        if (len > rest.len)
            return vt_err_set(err, VT_E_FORMAT, "the appearances of seals are not whole");
        code = read_look(arena, &config->seal_appearances[i], vt_bytes_slice(rest, 0, (size_t)len),
                         &items[i], err);
        rest = vt_bytes_slice(rest, (size_t)len, SIZE_MAX);
    }
    if (code == VT_OK)
        *out = (struct vt_seal_looks){items, count};
    return code;
}

const struct vt_seal_look *vt_seal_look_find(const struct vt_seal_looks *looks, const char *name)
{
    for (size_t i = 0; looks != NULL && name != NULL && i < looks->count; i++) {
        if (strcmp(looks->items[i].asked->name, name) == 0)
            return &looks->items[i];
    }
    return NULL;
}

/* ---- lines ---- */

static const char *number_of(struct vt_arena *arena, const struct vt_seal_appearance *asked,
                             const struct vt_seal_words *words)
{
    const char *number = words->number;
    for (size_t i = 0; i < asked->number.count && number == NULL; i++) {
        const char *source = asked->number.items[i];
        bool is_file_name = strcmp(source, "file-name") == 0;
        const char *text = is_file_name                     ? words->file_name
                           : strcmp(source, "subject") == 0 ? words->subject
                           : words->header == NULL          ? NULL
                                                            : words->header(words->context, source);
        (void)vt_seal_number_find(arena, text, is_file_name, &number);
    }
    return number;
}

size_t vt_seal_look_lines(struct vt_arena *arena, const struct vt_seal_look *look,
                          const struct vt_seal_words *words, const char **lines,
                          const char **out_why)
{
    const struct vt_seal_appearance *asked = look->asked;
    size_t count = 0;
    *out_why = NULL;
    if (asked->text == VT_SEAL_TEXT_ANNEX) {
        const char *number = number_of(arena, asked, words);
        *out_why = number == NULL ? "Number and symbol of the document stand nowhere, or more than "
                                    "one of them."
                                  : NULL;
        if (number != NULL)
            count = vt_seal_annex_lines(arena, number, words->signing_time_utc_secs, lines);
    } else {
        const char *agency = asked->agency != NULL ? asked->agency : words->agency;
        *out_why = agency == NULL ? "The name of the agency is not known." : NULL;
        if (agency != NULL)
            count =
                vt_seal_copy_lines(arena, asked->kind, agency, words->signing_time_utc_secs, lines);
    }
    for (size_t i = 0; i < count; i++)
        count = lines[i] == NULL ? 0 : count;
    return count;
}
