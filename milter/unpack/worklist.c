/* SPDX-License-Identifier: Apache-2.0
 * The worklist of unpacking and its totals. What is over a limit is said aloud and left out. */
#include "unpack/worklist.h"

#include <string.h>

/* Boundaries are looked for in each level of a mail again; beyond this many bytes together the
 * nesting is made to cost time. */
#define MAX_SCANNED_BYTES ((size_t)8 * VT_MAX_MAIL_BYTES)

bool vt_work_check(struct vt_unpack_work *work, enum vt_code code)
{
    if (work->code == VT_OK)
        work->code = code;
    return work->code == VT_OK;
}

void vt_work_push(struct vt_unpack_work *work, const struct vt_unpack_item *item)
{
    if (item->depth > VT_MAX_DEPTH) {
        vt_work_limit(work, item->parent,
                      "Something is nested more than 32 levels deep; it was not looked at.");
        return;
    }
    if (work->places_count >= VT_MAX_PARTS) {
        vt_work_limit(work, item->parent,
                      "The mail has more than 1000 parts; the rest of them was not looked at.");
        return;
    }
    void *grown = vt_arena_grow(work->arena, work->items, work->items_count, sizeof(*work->items));
    if (!vt_work_has(work, grown))
        return;
    work->items = grown;
    work->items[work->items_count++] = *item;
    work->places_count++;
}

void vt_work_reverse(struct vt_unpack_work *work, size_t first)
{
    for (size_t last = work->items_count; first + 1 < last; first++) {
        last--;
        struct vt_unpack_item item = work->items[first];
        work->items[first] = work->items[last];
        work->items[last] = item;
    }
}

bool vt_work_pop(struct vt_unpack_work *work, struct vt_unpack_item *out)
{
    if (work->items_count == 0 || work->code != VT_OK)
        return false;
    *out = work->items[--work->items_count];
    return true;
}

static const char *path_of(struct vt_unpack_work *work, const struct vt_unpack_item *item)
{
    const char *path = item->number == 0
                           ? vt_arena_str(work->arena, item->prefix)
                           : vt_arena_printf(work->arena, "%s%u", item->prefix, item->number);
    (void)vt_work_has(work, path);
    return path;
}

size_t vt_work_add_part(struct vt_unpack_work *work, const struct vt_unpack_item *item)
{
    struct vt_unpacked *unpacked = work->unpacked;
    size_t index = unpacked->parts_count;
    void *parts = vt_arena_grow(work->arena, unpacked->parts, index, sizeof(*unpacked->parts));
    void *extras = vt_arena_grow(work->arena, work->extras, index, sizeof(*work->extras));
    const char *path = path_of(work, item);
    if (parts == NULL || extras == NULL)
        (void)vt_work_check(work, VT_E_NOMEM);
    if (work->code != VT_OK)
        return VT_NO_PART;
    unpacked->parts = parts;
    work->extras = extras;
    unpacked->parts[index] = (struct vt_part){
        .path = path,
        .parent = item->parent,
        .depth = item->depth,
        .nested = item->nested,
        .covered_by_signature_of_parent = item->covered,
        .signature_part = VT_NO_PART,
    };
    work->extras[index] = (struct vt_unpack_extra){0};
    unpacked->parts_count++;
    return index;
}

struct vt_part *vt_work_part(struct vt_unpack_work *work, size_t index)
{
    return &work->unpacked->parts[index];
}

void vt_work_blame(struct vt_unpack_work *work, size_t index, enum vt_reason reason,
                   const char *text)
{
    struct vt_part *part = vt_work_part(work, index);
    if (reason < VT_REASON_COUNT)
        part->reasons |= VT_REASON_BIT(reason);
    (void)vt_work_check(
        work, vt_findings_add(work->arena, &part->findings, &part->findings_count, "%s", text));
}

static void blame_mail(struct vt_unpack_work *work, size_t index, enum vt_reason reason,
                       const char *text)
{
    struct vt_unpacked *unpacked = work->unpacked;
    const char *path = vt_work_part(work, index)->path;
    if (reason < VT_REASON_COUNT)
        unpacked->reasons |= VT_REASON_BIT(reason);
    enum vt_code code = *path == '\0'
                            ? vt_findings_add(work->arena, &unpacked->findings,
                                              &unpacked->findings_count, "%s", text)
                            : vt_findings_add(work->arena, &unpacked->findings,
                                              &unpacked->findings_count, "Part %s: %s", path, text);
    (void)vt_work_check(work, code);
}

void vt_work_blame_structure(struct vt_unpack_work *work, size_t index, enum vt_reason reason,
                             const char *text)
{
    vt_work_blame(work, index, reason, text);
    work->extras[index].is_ambiguous = true;
    if (!vt_work_part(work, index)->nested)
        blame_mail(work, index, reason, text);
}

static bool has_finding(const struct vt_part *part, const char *text)
{
    for (size_t i = 0; i < part->findings_count; i++) {
        if (strcmp(part->findings[i], text) == 0)
            return true;
    }
    return false;
}

/* Once per part: a hundred thousand parts too many are one finding. */
void vt_work_limit(struct vt_unpack_work *work, size_t index, const char *text)
{
    work->limit_reached = true;
    if (index >= work->unpacked->parts_count || has_finding(vt_work_part(work, index), text))
        return;
    vt_work_blame(work, index, VT_REASON_TOO_LARGE, text);
    blame_mail(work, index, VT_REASON_TOO_LARGE, text);
}

bool vt_work_take_unpacked(struct vt_unpack_work *work, size_t index, size_t len)
{
    if (len > VT_MAX_UNPACKED_BYTES - work->unpacked_bytes) {
        vt_work_limit(work, index,
                      "Unpacked, the mail is larger than 192 MiB; this part was not decoded.");
        return false;
    }
    work->unpacked_bytes += len;
    return true;
}

bool vt_work_take_scanned(struct vt_unpack_work *work, size_t index, size_t len)
{
    if (len > MAX_SCANNED_BYTES - work->scanned_bytes) {
        vt_work_limit(work, index,
                      "The mail is too large for its nesting; this part was not divided.");
        return false;
    }
    work->scanned_bytes += len;
    return true;
}

const char *vt_work_prefix_inside(struct vt_unpack_work *work, size_t index,
                                  const char *name_when_none)
{
    const struct vt_part *part = vt_work_part(work, index);
    const char *name = part->name != NULL ? part->name : name_when_none;
    const char *prefix = *part->path == '\0'
                             ? vt_arena_printf(work->arena, "%s/", name)
                             : vt_arena_printf(work->arena, "%s/%s/", part->path, name);
    (void)vt_work_has(work, prefix);
    return prefix;
}
