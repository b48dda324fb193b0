/* SPDX-License-Identifier: Apache-2.0
 * Fields that a signature locks: by its FieldMDP transforms (ISO 32000-2, 12.8.2.4, table 259) and
 * by the lock of its field (12.7.5.5, table 236). Whatever one of them names is locked, and what
 * cannot be read locks everything. Names are compared as they are: those that are shown are cut. */
#include <string.h>

#include "document/pdf.h"

/* What looking at one name of a list costs: as much as reading so many bytes. */
#define ITEM_WORK_BYTES 64

void pdf_lock_add(struct pdf_permissions *permissions, struct pdf_value lock)
{
    if (permissions->locks_count == PDF_MAX_LOCKS)
        permissions->locks_all = true;
    else
        permissions->locks[permissions->locks_count++] = lock;
}

/* The field of that name, or one above it. */
static bool is_name_or_above(struct vt_bytes locked, struct vt_bytes name)
{
    return vt_bytes_equal(locked, name) ||
           (locked.len > 0 && locked.len < name.len && name.ptr[locked.len] == '.' &&
            memcmp(locked.ptr, name.ptr, locked.len) == 0);
}

/* unreadable: the answer where the list, or an item of it, says nothing. */
static bool is_listed(struct pdf_reader *reader, const struct pdf_value *list, struct vt_bytes name,
                      bool unreadable)
{
    struct pdf_text_room room;
    struct pdf_value item;
    if (list->kind != PDF_ARRAY)
        return unreadable;
    for (size_t at = 0; pdf_array_next(list, &at, &item);) {
        if (!pdf_work(reader, ITEM_WORK_BYTES))
            return unreadable;
        struct pdf_value text = pdf_resolve(reader, item);
        bool is_text = text.kind == PDF_STRING || text.kind == PDF_HEX_STRING;
        if (is_text ? is_name_or_above(pdf_text_exact(reader, &text, &room), name) : unreadable)
            return true;
    }
    return false;
}

static bool covers(struct pdf_reader *reader, const struct pdf_value *lock, struct vt_bytes name)
{
    struct pdf_value action = pdf_get(reader, lock, "Action");
    struct pdf_value list = pdf_get(reader, lock, "Fields");
    if (pdf_name_is(&action, "Include"))
        return is_listed(reader, &list, name, true);
    if (pdf_name_is(&action, "Exclude"))
        return !is_listed(reader, &list, name, false);
    return true; /* All, and what is not understood */
}

bool pdf_locks(struct pdf_reader *reader, const struct pdf_permissions *permissions,
               struct vt_bytes name)
{
    bool is_locked = permissions->locks_all;
    for (size_t i = 0; i < permissions->locks_count && !is_locked; i++)
        is_locked = covers(reader, &permissions->locks[i], name);
    return is_locked && !reader->over_limit; /* which accuses nobody */
}
