/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust list and learn: what the sets hold, and what they lack that the service has met. */
#include <dirent.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/trust.h"

/* ---- list ---- */

static void list_json(const struct vt_trust_desk *desk, const struct vt_trust_entry *entry)
{
    char until[VT_TIME_TEXT_BYTES];
    const struct vt_certificate_facts *facts = vt_certificate_facts(entry->certificate);
    json_t *list = json_object_get(desk->report, "certificates");
    if (list == NULL) {
        list = json_array();
        (void)json_object_set_new(desk->report, "certificates", list);
    }
    (void)vt_time_rfc3339(until, facts->not_after_utc_secs);
    json_t *row =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:s}", "set", vt_trust_set_name(entry->set),
                  "kind", entry->is_anchor ? "anchor" : "intermediate", "name",
                  vt_trust_name(facts), "sha256", facts->sha256, "not_after", until, "confirmed",
                  (int)entry->is_confirmed, "file", entry->file);
    (void)json_array_append_new(list, row);
}

static void list_text(const struct vt_trust_desk *desk, const struct vt_trust_entry *entry)
{
    char until[VT_TIME_TEXT_BYTES], grouped[VT_GROUPED_BYTES];
    const struct vt_certificate_facts *facts = vt_certificate_facts(entry->certificate);
    (void)vt_command_day(desk->language, until, facts->not_after_utc_secs);
    printf("   %s  %s\n",
           entry->is_anchor ? vt_trust_word(desk, "gốc      ", "root        ")
                            : vt_trust_word(desk, "trung gian", "intermediate"),
           vt_trust_name(facts));
    printf("       %s %s%s\n", vt_trust_word(desk, "đến", "until"), until,
           !entry->is_anchor     ? ""
           : entry->is_confirmed ? vt_trust_word(desk, ", đã xác nhận", ", confirmed")
                                 : vt_trust_word(desk, ", CHƯA XÁC NHẬN, không được dùng",
                                                 ", NOT CONFIRMED, not used"));
    printf("       %s\n       %s\n", vt_trust_grouped(grouped, facts->sha256), entry->file);
}

int vt_trust_command_list(int argc, char **argv)
{
    struct vt_trust_desk desk;
    int status = vt_trust_desk_open(&desk, argc, argv, "");
    if (status == EX_OK && optind < argc)
        status = vt_trust_say(&desk, EX_USAGE, "list takes no argument");
    for (int set = 0; status == EX_OK && set < VT_TRUST_SETS; set++) {
        const struct vt_trust_entry *entry = NULL;
        if (!desk.options.json)
            printf("%s (%s)\n", vt_command_set_name(desk.language, (enum vt_trust_set_id)set),
                   desk.config->trust[set].directory);
        for (size_t i = 0; (entry = vt_trust_store_entry(desk.store, i)) != NULL; i++) {
            if ((int)entry->set != set)
                continue;
            if (desk.options.json)
                list_json(&desk, entry);
            else
                list_text(&desk, entry);
        }
    }
    return vt_trust_desk_close(&desk, status);
}

/* ---- learn ---- */

#define MAX_MET 512

static int is_issuer_file(const struct dirent *entry)
{
    return entry->d_type == DT_REG && strncmp(entry->d_name, "issuer-", 7) == 0 &&
           strchr(entry->d_name, '.') == NULL;
}

static bool is_in_store(const struct vt_trust_desk *desk, struct vt_bytes der)
{
    const struct vt_trust_entry *entry = NULL;
    for (size_t i = 0; (entry = vt_trust_store_entry(desk->store, i)) != NULL; i++) {
        if (vt_bytes_equal(vt_certificate_der(entry->certificate), der))
            return true;
    }
    return false;
}

/* What the status role kept; a file that is damaged is passed over, as it would itself. */
static enum vt_code take_met(struct vt_trust_desk *desk, const char *file,
                             struct vt_trust_items *items, struct vt_err *err)
{
    struct vt_bytes der = {0};
    struct vt_buf bytes;
    enum vt_code code = vt_command_read_file(file, 4u * VT_MAX_CERTIFICATE_BYTES, &bytes, err);
    if (code == VT_OK)
        code = vt_status_kept_issuer(vt_buf_bytes(&bytes), &der);
    if (code == VT_OK && !is_in_store(desk, der) && items->count < VT_TRUST_MAX_ITEMS)
        code = vt_trust_items_add(desk, items, der, file, err);
    vt_buf_clear(&bytes);
    return code == VT_E_FORMAT || code == VT_E_NOT_FOUND || code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code read_met(struct vt_trust_desk *desk, struct vt_trust_items *items,
                             struct vt_err *err)
{
    struct dirent **entries = NULL;
    const char *folder = desk->config->state_directory;
    enum vt_code code = VT_OK;
    int count = scandir(folder, &entries, is_issuer_file, alphasort);
    if (count < 0)
        return vt_err_sys(err, "the folder %s cannot be read", folder);
    for (int i = 0; i < count; i++) {
        const char *file = vt_arena_printf(desk->arena, "%s/%s", folder, entries[i]->d_name);
        if (code == VT_OK && i < MAX_MET)
            code = file != NULL ? take_met(desk, file, items, err) : VT_E_NOMEM;
        free(entries[i]);
    }
    free(entries);
    return code;
}

static enum vt_code propose(struct vt_trust_desk *desk, const struct vt_trust_items *items,
                            size_t *out_count, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < items->count; i++) {
        const struct vt_trust_item *item = &items->list[i];
        struct vt_signature *judged = NULL;
        code = vt_trust_look(desk, item->der, false, &judged, err);
        if (code != VT_OK || judged->trust_set == NULL || !item->facts.is_ca)
            continue;
        (*out_count)++;
        vt_trust_result(desk, "proposed", &item->facts, "%s, SHA-256 %s", judged->trust_set,
                        item->facts.sha256);
    }
    return code;
}

static int take_learned(struct vt_trust_desk *desk, const struct vt_trust_items *items)
{
    int status = EX_OK;
    for (int set = 0; status < EX__BASE && set < VT_TRUST_SETS; set++) {
        desk->options.set = (enum vt_trust_set_id)set;
        status = vt_trust_take(desk, items, false);
    }
    return status;
}

/* A root is never learned: somebody has to compare it. */
static void drop_roots(struct vt_trust_items *items)
{
    size_t kept = 0;
    for (size_t i = 0; i < items->count; i++) {
        if (!items->list[i].facts.is_self_signed)
            items->list[kept++] = items->list[i];
    }
    items->count = kept;
}

int vt_trust_command_learn(int argc, char **argv)
{
    struct vt_trust_desk desk;
    struct vt_err err = {0};
    size_t count = 0;
    int status = vt_trust_desk_open(&desk, argc, argv, "yes");
    if (status == EX_OK && optind < argc)
        status = vt_trust_say(&desk, EX_USAGE, "learn takes no argument");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    struct vt_trust_items *items = vt_arena_alloc(desk.arena, sizeof(*items));
    enum vt_code code = items == NULL ? VT_E_NOMEM : read_met(&desk, items, &err);
    if (code == VT_OK) {
        drop_roots(items);
        code = desk.options.yes ? VT_OK : propose(&desk, items, &count, &err);
    }
    if (code != VT_OK)
        status = vt_command_fault(&err, code);
    else if (desk.options.yes)
        status = take_learned(&desk, items);
    else if (count == 0 && !desk.options.json)
        fprintf(
            stderr, "%s\n",
            vt_trust_word(&desk, "Không có chứng thư nào cần thêm.", "There is nothing to learn."));
    else if (count > 0 && !desk.options.json)
        fprintf(stderr, "%s\n",
                vt_trust_word(&desk, "Thêm tất cả: vanthu trust learn --yes",
                              "To take them: vanthu trust learn --yes"));
    return vt_trust_desk_close(&desk, status);
}
