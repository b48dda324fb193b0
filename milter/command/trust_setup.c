/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust setup, add and remove: what stands in a set, by a person's decision. Exit status 0
 * done, 1 something was left out or could not be had. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/trust.h"

/* What comes next: the milter still has the old set. */
static void say_next(const struct vt_trust_desk *desk)
{
    if (!desk->options.json)
        fprintf(stderr, "%s\n",
                vt_trust_word(desk,
                              "Tiếp theo: vanthu reload (nếu vanthu-milter đang chạy), rồi "
                              "vanthu trust check.",
                              "Next: vanthu reload (if vanthu-milter is running), then vanthu "
                              "trust check."));
}

static int finish(struct vt_trust_desk *desk, int status)
{
    bool is_empty =
        desk->store != NULL && vt_trust_store_anchors(desk->store, desk->options.set) == 0;
    if (status < EX__BASE && is_empty) {
        vt_trust_result(desk, "attention", NULL,
                        vt_trust_word(desk,
                                      "bộ %s chưa có chứng thư gốc nào được xác nhận: chữ ký số "
                                      "chưa được kiểm tra (NOT_CHECKED)",
                                      "the set %s has no confirmed root: signatures are not "
                                      "checked by it (NOT_CHECKED)"),
                        vt_trust_set_name(desk->options.set));
        status = VT_TRUST_ATTENTION;
    }
    if (status < EX__BASE && !is_empty)
        say_next(desk);
    return vt_trust_desk_close(desk, status);
}

static int gather_and_take(struct vt_trust_desk *desk, const char *const *from, size_t count)
{
    struct vt_err err = {0};
    size_t failures = 0;
    struct vt_trust_items *items = vt_arena_alloc(desk->arena, sizeof(*items));
    enum vt_code code = items == NULL ? VT_E_NOMEM : VT_OK;
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = vt_trust_gather(desk, from[i], items, &failures, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (items->count == 0)
        return vt_trust_say(
            desk, EX_UNAVAILABLE, "%s",
            vt_trust_word(desk, "không lấy được chứng thư nào", "no certificate could be had"));
    int status = vt_trust_take(desk, items, true);
    /* A published place may have moved; one that was named is missed. */
    return status == EX_OK && failures > 0 && from[0] != NULL ? VT_TRUST_ATTENTION : status;
}

int vt_trust_command_setup(int argc, char **argv)
{
    struct vt_trust_desk desk;
    static const char *const nowhere[] = {NULL};
    int status = vt_trust_desk_open(&desk, argc, argv, "from confirm");
    const char *name = status == EX_OK && optind + 1 == argc ? argv[optind] : NULL;
    if (status == EX_OK && name == NULL)
        status = vt_trust_say(&desk, EX_USAGE, "which set? official or public");
    for (int set = 0; name != NULL; set++) {
        if (set == VT_TRUST_SETS) {
            status =
                vt_trust_say(&desk, EX_USAGE, "there is no set \"%s\": official or public", name);
            break;
        }
        desk.options.set = (enum vt_trust_set_id)set;
        if (strcmp(name, vt_trust_set_name(desk.options.set)) == 0)
            break;
    }
    if (status == EX_OK && desk.options.set == VT_TRUST_PUBLIC && desk.options.from_count == 0)
        status = vt_trust_say(&desk, EX_USAGE,
                              "no address of public roots is known for sure: --from FILE, folder "
                              "or address");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    bool is_named = desk.options.from_count > 0;
    status = gather_and_take(&desk, is_named ? desk.options.from : nowhere,
                             is_named ? desk.options.from_count : 1);
    return finish(&desk, status);
}

int vt_trust_command_add(int argc, char **argv)
{
    struct vt_trust_desk desk;
    int status = vt_trust_desk_open(&desk, argc, argv, "set confirm");
    if (status == EX_OK && optind == argc)
        status = vt_trust_say(&desk, EX_USAGE, "which file?");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    const char *files[VT_TRUST_MAX_OPTIONS];
    size_t count = 0;
    for (int i = optind; i < argc && count < VT_TRUST_MAX_OPTIONS; i++)
        files[count++] = argv[i];
    if ((size_t)(argc - optind) > count)
        return vt_trust_desk_close(&desk, vt_trust_say(&desk, EX_USAGE, "too many files"));
    return finish(&desk, gather_and_take(&desk, files, count));
}

/* ---- remove ---- */

/* Every place of one certificate; anchors lose their line first, so that they count no more. */
static int remove_entry(struct vt_trust_desk *desk, const struct vt_trust_entry *entry)
{
    struct vt_err err = {0};
    const struct vt_certificate_facts *facts = vt_certificate_facts(entry->certificate);
    const struct vt_trust_entry *other = NULL;
    size_t in_file = 0;
    if (!vt_trust_folder_holds(desk, entry->set, entry->file)) {
        vt_trust_result(desk, "left-out", facts,
                        vt_trust_word(desk, "%s không thuộc thư mục của bộ; gỡ ở đó",
                                      "%s is not in the directory of the set; remove it there"),
                        entry->file);
        return VT_TRUST_ATTENTION;
    }
    for (size_t i = 0; (other = vt_trust_store_entry(desk->store, i)) != NULL; i++)
        in_file += strcmp(other->file, entry->file) == 0;
    if (in_file > 1) {
        vt_trust_result(desk, "left-out", facts,
                        vt_trust_word(desk, "%s còn chứa chứng thư khác; sửa tệp đó",
                                      "%s holds other certificates too; edit that file"),
                        entry->file);
        return VT_TRUST_ATTENTION;
    }
    enum vt_code code = VT_OK;
    if (entry->is_anchor)
        code = vt_trust_folder_forget(desk, entry->set, facts->sha256, &err);
    if (code == VT_OK && unlink(entry->file) != 0)
        code = vt_err_sys(&err, "cannot remove %s", entry->file);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    vt_trust_result(desk, "removed", facts, "%s", entry->file);
    return EX_OK;
}

static int remove_fingerprint(struct vt_trust_desk *desk, const char *fingerprint)
{
    const struct vt_trust_entry *entry = NULL;
    int status = EX_OK;
    bool is_found = false;
    for (size_t i = 0; status < EX__BASE && (entry = vt_trust_store_entry(desk->store, i)) != NULL;
         i++) {
        if (!vt_trust_fingerprint_is(fingerprint, vt_certificate_sha256(entry->certificate)))
            continue;
        is_found = true;
        int one = remove_entry(desk, entry);
        status = one > status ? one : status;
    }
    return is_found ? status
                    : vt_trust_say(desk, EX_NOINPUT,
                                   "no certificate of the sets has the SHA-256 %s", fingerprint);
}

int vt_trust_command_remove(int argc, char **argv)
{
    struct vt_trust_desk desk;
    int status = vt_trust_desk_open(&desk, argc, argv, "");
    if (status == EX_OK && optind == argc)
        status = vt_trust_say(&desk, EX_USAGE, "which fingerprint? (vanthu trust list)");
    for (int i = optind; status < EX__BASE && i < argc; i++) {
        int one = remove_fingerprint(&desk, argv[i]);
        status = one > status ? one : status;
    }
    if (status < EX__BASE)
        say_next(&desk);
    return vt_trust_desk_close(&desk, status);
}
