/* SPDX-License-Identifier: Apache-2.0
 * From certificates to the store: a root needs a person who compared its fingerprint with the
 * authority; what leads to such a root needs no question (users.md 2). */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/trust.h"

/* ---- one root ---- */

/* With whom to compare: never with the place it was fetched from. */
static const char *authority(const struct vt_trust_desk *desk)
{
    if (desk->options.set == VT_TRUST_OFFICIAL)
        return vt_trust_word(desk, "Cục Chứng thực số và Bảo mật thông tin, Ban Cơ yếu Chính phủ",
                             "Cục Chứng thực số và Bảo mật thông tin, Ban Cơ yếu Chính phủ "
                             "(Government Cipher Committee)");
    return vt_trust_word(desk,
                         "tổ chức cung cấp dịch vụ chứng thực chữ ký số; chứng thư gốc quốc gia: "
                         "Trung tâm Chứng thực điện tử quốc gia (NEAC)",
                         "the certification authority; of the national root: National Electronic "
                         "Authentication Centre (NEAC)");
}

static void show_root(const struct vt_trust_desk *desk, const struct vt_trust_item *item)
{
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES], grouped[VT_GROUPED_BYTES];
    const struct vt_certificate_facts *facts = &item->facts;
    (void)vt_command_day(desk->language, from, facts->not_before_utc_secs);
    (void)vt_command_day(desk->language, until, facts->not_after_utc_secs);
    fprintf(stderr, "\n%s  %s\n", vt_trust_word(desk, "Chứng thư gốc   ", "Root certificate"),
            vt_trust_name(facts));
    fprintf(stderr, "%s  %s\n", vt_trust_word(desk, "Tổ chức         ", "Organisation    "),
            facts->organization != NULL ? facts->organization : "-");
    fprintf(stderr, "%s  %s %s %s\n", vt_trust_word(desk, "Thời hạn        ", "Period          "),
            from, vt_trust_word(desk, "đến", "to"), until);
    fprintf(stderr, "%s  %s\n", vt_trust_word(desk, "Lấy từ          ", "From            "),
            item->origin);
    (void)vt_trust_grouped(grouped, facts->sha256);
    fprintf(stderr, "SHA-256           %.39s\n                  %s\n", grouped, grouped + 40);
    fprintf(stderr, "%s  %s\n", vt_trust_word(desk, "Đối chiếu với   ", "Compare it with "),
            authority(desk));
    fprintf(stderr, "                  %s\n",
            vt_trust_word(desk,
                          "qua số điện thoại và địa chỉ mà tổ chức này công bố, không lấy từ nơi "
                          "tải chứng thư",
                          "by the telephone number and address that it has made public, not by "
                          "one from the place of the certificate"));
}

/* "f04ba4b4": the first and the last four digits, or that all of it was compared. */
static bool is_yes(const char *answer, const char *sha256)
{
    char digits[16];
    size_t count = 0;
    for (; *answer != '\0'; answer++) {
        if (isspace((unsigned char)*answer) || *answer == ':' || *answer == '.')
            continue;
        if (count + 1 == sizeof(digits))
            return false;
        digits[count++] = (char)tolower((unsigned char)*answer);
    }
    digits[count] = '\0';
    if (strcmp(digits, "yes") == 0 || strcmp(digits, "có") == 0)
        return true;
    return count == 8 && memcmp(digits, sha256, 4) == 0 && memcmp(digits + 4, sha256 + 60, 4) == 0;
}

static bool ask(const struct vt_trust_desk *desk, const struct vt_trust_item *item)
{
    char answer[256];
    show_root(desk, item);
    fprintf(stderr, "%s: ",
            vt_trust_word(desk,
                          "Gõ 4 ký tự đầu và 4 ký tự cuối nghe được, hoặc \"có\" khi đã đối "
                          "chiếu tất cả; gõ khác đi là bỏ qua",
                          "Type the first four and the last four digits as they were read to you, "
                          "or \"yes\" when you compared them all; anything else leaves it out"));
    (void)fflush(stderr);
    return fgets(answer, sizeof(answer), stdin) != NULL && is_yes(answer, item->facts.sha256);
}

/* A person did: by --confirm, or asked at the terminal. */
static bool is_compared(struct vt_trust_desk *desk, const struct vt_trust_item *item)
{
    for (size_t i = 0; i < desk->options.confirm_count; i++) {
        if (vt_trust_fingerprint_is(desk->options.confirm[i], item->facts.sha256))
            return true;
    }
    /* Never by default, and never from a pipe. */
    if (isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1)
        return ask(desk, item);
    show_root(desk, item);
    return false;
}

/* ---- taking ---- */

static const struct vt_trust_entry *find_entry(const struct vt_trust_desk *desk,
                                               const struct vt_trust_item *item, bool is_anchor)
{
    const struct vt_trust_entry *entry = NULL;
    for (size_t i = 0; (entry = vt_trust_store_entry(desk->store, i)) != NULL; i++) {
        if (entry->set == desk->options.set && entry->is_anchor == is_anchor &&
            (!is_anchor || entry->is_confirmed) &&
            strcmp(vt_certificate_sha256(entry->certificate), item->facts.sha256) == 0)
            return entry;
    }
    return NULL;
}

static enum vt_code take_root(struct vt_trust_desk *desk, const struct vt_trust_item *item,
                              int *status, struct vt_err *err)
{
    const struct vt_trust_entry *there = find_entry(desk, item, true);
    const char *why = NULL;
    if (there != NULL) {
        vt_trust_result(desk, "there", &item->facts, "%s", there->file);
        return VT_OK;
    }
    if (!item->facts.is_ca)
        why = vt_trust_word(desk, "không phải chứng thư của tổ chức chứng thực",
                            "it is not the certificate of an authority");
    else if (!is_compared(desk, item))
        why = vt_trust_word(desk, "chưa có ai đối chiếu (ở thiết bị đầu cuối, hoặc --confirm)",
                            "nobody compared its fingerprint (at a terminal, or by --confirm)");
    if (why != NULL) {
        vt_trust_result(desk, "left-out", &item->facts, "%s", why);
        *status = VT_TRUST_ATTENTION;
        return VT_OK;
    }
    enum vt_code code = vt_trust_folder_add(desk, item, true, err);
    if (code == VT_OK)
        vt_trust_result(desk, "added", &item->facts, "%s",
                        vt_trust_word(desk, "chứng thư gốc, đã xác nhận", "root, confirmed"));
    return code;
}

/* The child's word with the store as it is now: signatures up to a confirmed root of this set. */
static enum vt_code leads(struct vt_trust_desk *desk, const struct vt_trust_item *item, bool *out,
                          struct vt_err *err)
{
    struct vt_signature *judged = NULL;
    enum vt_code code = vt_trust_look(desk, item->der, false, &judged, err);
    *out = code == VT_OK && item->facts.is_ca && judged->trust_set != NULL &&
           strcmp(judged->trust_set, vt_trust_set_name(desk->options.set)) == 0 &&
           (judged->reasons & VT_REASON_BIT(VT_REASON_CERT_REVOKED)) == 0;
    return code;
}

/* Certificates that become links themselves may be what another one was waiting for. */
static enum vt_code take_links(struct vt_trust_desk *desk, const struct vt_trust_items *items,
                               bool taken[VT_TRUST_MAX_ITEMS], bool *out_any, struct vt_err *err)
{
    *out_any = false;
    for (size_t i = 0; i < items->count; i++) {
        const struct vt_trust_item *item = &items->list[i];
        bool is_good = false;
        if (taken[i])
            continue;
        enum vt_code code = leads(desk, item, &is_good, err);
        if (code == VT_OK && is_good)
            code = vt_trust_folder_add(desk, item, false, err);
        if (code != VT_OK)
            return code;
        if (!is_good)
            continue;
        taken[i] = *out_any = true;
        vt_trust_result(
            desk, "added", &item->facts, "%s",
            vt_trust_word(desk, "dẫn tới chứng thư gốc đã xác nhận", "leads to a confirmed root"));
    }
    return VT_OK;
}

static enum vt_code take_all(struct vt_trust_desk *desk, const struct vt_trust_items *items,
                             bool taken[VT_TRUST_MAX_ITEMS], int *status, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    bool any = true;
    for (size_t i = 0; code == VT_OK && i < items->count; i++) {
        const struct vt_trust_item *item = &items->list[i];
        taken[i] = item->facts.is_self_signed || find_entry(desk, item, false) != NULL;
        if (item->facts.is_self_signed)
            code = take_root(desk, item, status, err);
        else if (taken[i])
            vt_trust_result(desk, "there", &item->facts, "%s", find_entry(desk, item, false)->file);
    }
    while (code == VT_OK && any && *status < EX__BASE) {
        int reloaded = vt_trust_desk_reload(desk);
        if (reloaded != EX_OK)
            *status = reloaded;
        else
            code = take_links(desk, items, taken, &any, err);
    }
    return code;
}

int vt_trust_take(struct vt_trust_desk *desk, const struct vt_trust_items *items, bool has_to_lead)
{
    bool taken[VT_TRUST_MAX_ITEMS] = {false};
    int status = EX_OK;
    struct vt_err err = {0};
    enum vt_code code = take_all(desk, items, taken, &status, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    for (size_t i = 0; has_to_lead && i < items->count; i++) {
        if (taken[i])
            continue;
        vt_trust_result(desk, "left-out", &items->list[i].facts, "%s",
                        items->list[i].facts.is_ca
                            ? vt_trust_word(desk, "không dẫn tới chứng thư gốc nào đã xác nhận",
                                            "it leads to no confirmed root")
                            : vt_trust_word(desk, "không phải chứng thư của tổ chức chứng thực",
                                            "it is not the certificate of an authority"));
        status = status == EX_OK ? VT_TRUST_ATTENTION : status;
    }
    return status;
}
