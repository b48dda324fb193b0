/* SPDX-License-Identifier: Apache-2.0
 * The door of the room: a mail, a file, the content of a signature, the member of a container, all
 * onto one worklist with one set of totals. */
#include "vanthu/unpack.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "unpack/charset.h"
#include "unpack/mime.h"
#include "unpack/names.h"

/* GLib's warnings may quote the mail, which must not stand in a log; what its assertions and
 * its last words say is written in the libraries. */
static void keep_to_yourself(const gchar *domain, GLogLevelFlags level, const gchar *message,
                             gpointer unused)
{
    (void)unused;
    bool is_ours = (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL)) != 0;
    (void)fprintf(stderr, "%s: %s\n", domain != NULL ? domain : "GLib",
                  is_ours ? message : "a warning");
}

enum vt_code vt_unpack_warm(struct vt_err *err)
{
    (void)g_log_set_default_handler(keep_to_yourself, NULL);
    vt_entity_warm();
    vt_charset_warm();
    return vt_entity_options() != NULL
               ? VT_OK
               : vt_err_set(err, VT_E_INTERNAL, "GMime could not be started");
}

static enum vt_code report(const struct vt_unpack_work *work, struct vt_err *err)
{
    if (work->code == VT_E_NOMEM)
        return vt_err_set(err, VT_E_NOMEM,
                          "unpacking the mail needs more memory than one mail "
                          "may have");
    return work->code == VT_OK ? VT_OK : vt_err_set(err, work->code, "the mail was not unpacked");
}

/* The entity of the outermost mail, and its facts. */
static void open_outermost(struct vt_unpack_work *work, size_t index, struct vt_bytes mail)
{
    struct vt_part *part = vt_work_part(work, index);
    part->format = VT_FORMAT_MAIL;
    work->unpacked->is_mail = true;
    if (mail.len == 0)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED, "The mail is empty.");
    vt_facts_read(work, index, mail);
    vt_mime_push_root(work, index, mail, "", false, false);
}

static void open_input(struct vt_unpack_work *work, struct vt_bytes input, const char *name,
                       bool is_mail)
{
    struct vt_unpack_item item = {
        .kind = VT_UNPACK_FILE, .bytes = input, .parent = VT_NO_PART, .prefix = ""};
    size_t index = vt_work_add_part(work, &item);
    if (index == VT_NO_PART)
        return;
    work->places_count++;
    struct vt_part *part = vt_work_part(work, index);
    part->bytes = input;
    if (!vt_work_check(work, vt_name_clean(work->arena, name, &part->name)))
        return;
    if (is_mail || vt_unpack_identify(input, part->name) == VT_FORMAT_MAIL) {
        open_outermost(work, index, input);
        vt_mime_drain(work);
    } else {
        vt_leaf_classify(work, index, NULL);
    }
}

enum vt_code vt_unpack(struct vt_arena *arena, struct vt_bytes input, const char *name,
                       bool is_mail, struct vt_unpacked **out, struct vt_err *err)
{
    *out = NULL;
    if (input.len > VT_MAX_MAIL_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the input is larger than 64 MiB");
    enum vt_code code = vt_unpack_warm(err);
    if (code != VT_OK)
        return code;
    struct vt_unpacked *unpacked = vt_arena_alloc(arena, sizeof(*unpacked));
    struct vt_unpack_work *work = vt_arena_alloc(arena, sizeof(*work));
    if (unpacked == NULL || work == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a mail");
    work->arena = arena;
    work->unpacked = unpacked;
    unpacked->work = work;
    if (input.ptr == NULL)
        input = VT_BYTES("");
    open_input(work, input, name, is_mail);
    code = report(work, err);
    if (code == VT_OK)
        *out = unpacked;
    return code;
}

enum vt_code vt_unpack_entity(struct vt_arena *arena, struct vt_unpacked *unpacked, size_t parent,
                              struct vt_bytes entity, struct vt_err *err)
{
    struct vt_unpack_work *work = unpacked->work;
    if (work == NULL || work->arena != arena || parent >= unpacked->parts_count)
        return vt_err_set(err, VT_E_INTERNAL, "content of a part that was not unpacked");
    vt_mime_push_root(work, parent, entity, vt_work_prefix_inside(work, parent, "content"),
                      vt_work_part(work, parent)->nested, true);
    vt_mime_drain(work);
    return report(work, err);
}

/* "report.pdf.p7m" holds "report.pdf". */
static enum vt_code inner_name(struct vt_unpack_work *work, size_t parent, const char *name,
                               const char **out)
{
    const char *outer = vt_work_part(work, parent)->name;
    *out = NULL;
    if (name != NULL || !vt_name_has_extension(outer, ".p7m"))
        return vt_name_clean(work->arena, name, out);
    char *cut = vt_arena_dup(work->arena, outer, strlen(outer) - strlen(".p7m"));
    *out = cut;
    return cut == NULL ? VT_E_NOMEM : VT_OK;
}

/* The place of a member is that of the container and its own name. */
static const char *member_path(struct vt_unpack_work *work, size_t parent, const char *name)
{
    const char *outer = vt_work_part(work, parent)->path;
    if (name == NULL)
        name = "content";
    const char *path = *outer == '\0' ? vt_arena_str(work->arena, name)
                                      : vt_arena_printf(work->arena, "%s/%s", outer, name);
    (void)vt_work_has(work, path);
    return path;
}

enum vt_code vt_unpack_member(struct vt_arena *arena, struct vt_unpacked *unpacked, size_t parent,
                              struct vt_bytes bytes, const char *name, struct vt_err *err)
{
    struct vt_unpack_work *work = unpacked->work;
    if (work == NULL || work->arena != arena || parent >= unpacked->parts_count)
        return vt_err_set(err, VT_E_INTERNAL, "member of a part that was not unpacked");
    const struct vt_part *part = vt_work_part(work, parent);
    struct vt_unpack_item item = {
        .kind = VT_UNPACK_FILE,
        .bytes = bytes,
        .parent = parent,
        .depth = part->depth + 1,
        .nested = part->nested,
        .covered = part->covered_by_signature_of_parent,
    };
    if (vt_work_check(work, inner_name(work, parent, name, &item.name)))
        item.prefix = member_path(work, parent, item.name);
    if (work->code == VT_OK) {
        vt_work_push(work, &item);
        vt_mime_drain(work);
    }
    return report(work, err);
}
