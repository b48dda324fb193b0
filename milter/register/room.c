/* SPDX-License-Identifier: Apache-2.0
 * Room on the disk. Whoever sends mail chooses the certificates and time stamps that are kept with
 * it: they may fill a disk, but not to the point where nothing can be recorded. */
#include "register/room.h"

#include <sys/statvfs.h>

bool vt_room_is_short(uint64_t size_bytes, uint64_t free_bytes, bool was_short)
{
    uint64_t bound = size_bytes / 10 < VT_ROOM_BYTES ? size_bytes / 10 : VT_ROOM_BYTES;
    return free_bytes < (was_short ? bound + bound / 8 : bound);
}

/* What was destroyed left pages that the next records fill before the file grows. */
static enum vt_code free_inside(struct vt_register *reg, uint64_t *out_bytes, struct vt_err *err)
{
    struct vt_sql *sql = NULL;
    bool has_row = false;
    *out_bytes = 0;
    enum vt_code code = vt_sql_new(reg->engine,
                                   "SELECT freelist_count * page_size"
                                   " FROM pragma_freelist_count, pragma_page_size",
                                   &sql, err);
    if (code == VT_OK)
        code = vt_sql_step(sql, &has_row, err);
    if (code == VT_OK && has_row && vt_sql_int(sql, 0) > 0)
        *out_bytes = (uint64_t)vt_sql_int(sql, 0);
    vt_sql_done(sql);
    return code;
}

enum vt_code vt_room_look(struct vt_register *reg, const char *directory, bool *is_short,
                          struct vt_err *err)
{
    struct statvfs disk;
    uint64_t inside = 0;
    if (statvfs(directory, &disk) != 0)
        return vt_err_sys(err, "register: %s", directory);
    enum vt_code code = free_inside(reg, &inside, err);
    if (code != VT_OK)
        return code;
    *is_short = vt_room_is_short((uint64_t)disk.f_blocks * disk.f_frsize,
                                 (uint64_t)disk.f_bavail * disk.f_frsize + inside, *is_short);
    return VT_OK;
}
