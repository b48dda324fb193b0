/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust check and refresh: whether the sets will do their work tomorrow. Exit status 0 all
 * is well, 1 something needs attention. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/trust.h"
#include "vanthu/wire.h"

/* Time enough for an office to get a new certificate and to tell everybody. */
#define WARN_DAYS 90
#define DAY_SECS (24 * 3600)
#define IMPORT_MSECS 60000
#define MAX_CRLS 64

/* ---- one certificate ---- */

static int attention(const struct vt_trust_desk *desk, const struct vt_certificate_facts *facts,
                     const char *text)
{
    vt_trust_result(desk, "attention", facts, "%s", text);
    return VT_TRUST_ATTENTION;
}

static int check_period(const struct vt_trust_desk *desk, const struct vt_certificate_facts *facts,
                        int64_t now)
{
    char until[VT_TIME_TEXT_BYTES];
    int64_t left = facts->not_after_utc_secs - now;
    if (left >= (int64_t)WARN_DAYS * DAY_SECS)
        return EX_OK;
    (void)vt_time_rfc3339(until, facts->not_after_utc_secs);
    if (left < 0)
        vt_trust_result(desk, "attention", facts,
                        vt_trust_word(desk, "hết hạn từ %.10s", "has expired on %.10s"), until);
    else
        vt_trust_result(
            desk, "attention", facts,
            vt_trust_word(desk, "hết hạn vào %.10s (còn %d ngày)", "expires on %.10s (in %d days)"),
            until, (int)(left / DAY_SECS));
    return VT_TRUST_ATTENTION;
}

static bool is_first_of_its_kind(const struct vt_trust_desk *desk, size_t index)
{
    const struct vt_trust_entry *entry = vt_trust_store_entry(desk->store, index);
    for (size_t i = 0; i < index; i++) {
        const struct vt_trust_entry *other = vt_trust_store_entry(desk->store, i);
        if (other->certificate == entry->certificate && other->set == entry->set &&
            other->is_anchor == entry->is_anchor)
            return false;
    }
    return true;
}

/* The status of the certificate itself, as the service would get it: this reads the CRL or asks
 * the OCSP responder of its issuer once. */
static int check_status(struct vt_trust_desk *desk, const struct vt_trust_entry *entry)
{
    struct vt_err err = {0};
    struct vt_signature *judged = NULL;
    char from[VT_TIME_TEXT_BYTES], until[VT_TIME_TEXT_BYTES];
    const struct vt_certificate_facts *facts = vt_certificate_facts(entry->certificate);
    enum vt_code code =
        vt_trust_look(desk, vt_certificate_der(entry->certificate), true, &judged, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (judged->trust_set == NULL)
        return attention(desk, facts,
                         vt_trust_word(desk, "không dẫn tới chứng thư gốc nào đã xác nhận",
                                       "leads to no confirmed root"));
    const struct vt_status_facts *status = judged->statuses_count > 0 ? &judged->statuses[0] : NULL;
    if (status != NULL && status->value == VT_STATUS_GOOD) {
        vt_trust_result(
            desk, "ok", facts,
            vt_trust_word(desk, "%s %s, phát hành %s, kế tiếp %s", "%s %s, issued %s, next %s"),
            status->source, status->origin ? status->origin : "",
            vt_time_rfc3339(from, status->this_update_utc_secs),
            vt_time_rfc3339(until, status->next_update_utc_secs));
        return EX_OK;
    }
    if (status != NULL && status->value == VT_STATUS_NOT_NEEDED)
        return EX_OK;
    for (size_t i = 0; i < judged->findings_count; i++)
        vt_trust_result(desk, "note", facts, "%s", judged->findings[i]);
    bool is_revoked = status != NULL &&
                      (status->value == VT_STATUS_REVOKED || status->value == VT_STATUS_SUSPENDED);
    return attention(
        desk, facts,
        is_revoked ? vt_trust_word(desk, "đã bị thu hồi hoặc tạm dừng", "was revoked or suspended")
                   : vt_trust_word(desk,
                                   "chưa biết tình trạng thu hồi: không lấy được CRL, OCSP nào còn "
                                   "hiệu lực",
                                   "its status is not known: no CRL or OCSP response that is in "
                                   "force could be had"));
}

static int check_entry(struct vt_trust_desk *desk, size_t index, int64_t now)
{
    const struct vt_trust_entry *entry = vt_trust_store_entry(desk->store, index);
    const struct vt_certificate_facts *facts = vt_certificate_facts(entry->certificate);
    if (!is_first_of_its_kind(desk, index)) {
        vt_trust_result(desk, "note", facts,
                        vt_trust_word(desk, "có hai lần, cũng ở %s", "is there twice, also in %s"),
                        entry->file);
        return EX_OK;
    }
    int status = check_period(desk, facts, now);
    if (entry->is_anchor && !entry->is_confirmed)
        status = attention(desk, facts,
                           vt_trust_word(desk, "chưa được xác nhận nên không được dùng",
                                         "is not confirmed, and so not used"));
    if (entry->is_anchor)
        return status;
    int asked = check_status(desk, entry);
    return asked > status ? asked : status;
}

/* ---- the machine and the sets ---- */

static int check_clock(const struct vt_trust_desk *desk, int64_t now)
{
    char text[VT_TIME_TEXT_BYTES];
    if (!vt_clock_is_synchronised())
        vt_trust_result(desk, "note", NULL, "%s",
                        vt_trust_word(desk, "đồng hồ máy này chưa được đồng bộ (NTP)",
                                      "the clock of this machine is not synchronised (NTP)"));
    if (vt_clock_is_sane(now))
        return EX_OK;
    vt_trust_result(
        desk, "attention", NULL,
        vt_trust_word(desk, "đồng hồ máy này sai: %s", "the clock of this machine is wrong: %s"),
        vt_time_rfc3339(text, now));
    return VT_TRUST_ATTENTION;
}

static int check_sets(const struct vt_trust_desk *desk)
{
    int status = EX_OK;
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        enum vt_trust_set_id id = (enum vt_trust_set_id)set;
        if (vt_trust_store_anchors(desk->store, id) > 0)
            continue;
        /* A site may do without the public one. */
        bool is_needed = id == VT_TRUST_OFFICIAL;
        vt_trust_result(desk, is_needed ? "attention" : "note", NULL,
                        vt_trust_word(desk, "bộ %s: chưa có chứng thư gốc nào được xác nhận",
                                      "set %s: no confirmed root"),
                        vt_trust_set_name(id));
        status = is_needed ? VT_TRUST_ATTENTION : status;
    }
    return status;
}

int vt_trust_command_check(int argc, char **argv)
{
    struct vt_trust_desk desk;
    int64_t now = vt_clock_now_utc_secs();
    int status = vt_trust_desk_open(&desk, argc, argv, "");
    if (status == EX_OK && optind < argc)
        status = vt_trust_say(&desk, EX_USAGE, "check takes no argument");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    status = check_clock(&desk, now);
    int sets = check_sets(&desk);
    status = sets > status ? sets : status;
    for (size_t i = 0; status < EX__BASE && vt_trust_store_entry(desk.store, i) != NULL; i++) {
        int one = check_entry(&desk, i, now);
        status = one > status ? one : status;
    }
    return vt_trust_desk_close(&desk, status);
}

/* ---- refresh ---- */

struct crls {
    struct vt_trust_desk *desk;
    const char *urls[MAX_CRLS];
    size_t count;
    int status;
};

static void add_crl(struct crls *crls, const char *url)
{
    for (size_t i = 0; i < crls->count; i++) {
        if (strcmp(crls->urls[i], url) == 0)
            return;
    }
    if (crls->count < MAX_CRLS)
        crls->urls[crls->count++] = url;
}

/* Those of the authorities' own certificates, and the published ones of what they issue. */
static void collect_crls(struct crls *crls)
{
    const struct vt_trust_entry *entry = NULL;
    const char *url = NULL;
    for (size_t i = 0; (entry = vt_trust_store_entry(crls->desk->store, i)) != NULL; i++) {
        for (size_t k = 0;
             (url = vt_certificate_address(entry->certificate, VT_ADDRESS_CRL, k)) != NULL; k++)
            add_crl(crls, url);
    }
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        if (vt_trust_store_anchors(crls->desk->store, (enum vt_trust_set_id)set) == 0)
            continue;
        for (size_t k = 0; (url = vt_trust_published_crl((enum vt_trust_set_id)set, k)) != NULL;
             k++)
            add_crl(crls, url);
    }
}

/* The running service verifies it and decides whether to keep it. */
static enum vt_code hand_over(struct vt_trust_desk *desk, const char *url, struct vt_bytes crl,
                              struct vt_err *err)
{
    int connection = -1, fd = -1;
    struct vt_message *answer = vt_arena_alloc(desk->arena, sizeof(*answer));
    int64_t deadline = vt_clock_monotonic_msecs() + IMPORT_MSECS;
    json_t *root = json_pack("{s:s}", "origin", url);
    char *body = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    enum vt_code code = answer == NULL || body == NULL ? VT_E_NOMEM : VT_OK;
    if (code == VT_OK)
        code = vt_control_connect_status(desk->config->control_socket, &connection, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-crl", crl, &fd, err);
    if (code == VT_OK)
        code = vt_wire_send(connection, VT_MSG_STATUS_IMPORT, vt_bytes_str(body), &fd, 1, deadline,
                            err);
    if (code == VT_OK)
        code = vt_wire_receive(connection, answer, 0, deadline, err);
    if (code == VT_OK && answer->type != VT_MSG_STATUS_IMPORTED)
        code = vt_err_set(err, VT_E_PEER, "%.*s", (int)answer->body_len, (char *)answer->body);
    if (fd >= 0)
        (void)close(fd);
    if (connection >= 0)
        (void)close(connection);
    free(body);
    json_decref(root);
    return code;
}

static void refresh_crl(struct crls *crls, const char *url)
{
    struct vt_err err = {0};
    struct vt_bytes bytes = {0};
    enum vt_code code = vt_trust_fetch(crls->desk, url, "crl", &bytes, &err);
    if (code == VT_OK)
        code = hand_over(crls->desk, url, bytes, &err);
    if (code == VT_OK) {
        vt_trust_result(crls->desk, "fetched", NULL, "%s (%zu bytes)", url, bytes.len);
        return;
    }
    vt_trust_result(crls->desk, "failed", NULL, "%s: %s", url,
                    err.text[0] != '\0' ? err.text : vt_code_name(code));
    crls->status = VT_TRUST_ATTENTION;
}

/* Roots are not for refreshing: a new one is a decision. */
static int refresh_intermediates(struct vt_trust_desk *desk, enum vt_trust_set_id set)
{
    struct vt_err err = {0};
    size_t failures = 0, kept = 0;
    struct vt_trust_items *items = vt_arena_alloc(desk->arena, sizeof(*items));
    desk->options.set = set;
    if (vt_trust_store_anchors(desk->store, set) == 0)
        return EX_OK;
    enum vt_code code =
        items == NULL ? VT_E_NOMEM : vt_trust_gather(desk, NULL, items, &failures, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    for (size_t i = 0; i < items->count; i++) {
        if (!items->list[i].facts.is_self_signed)
            items->list[kept++] = items->list[i];
    }
    items->count = kept;
    return vt_trust_take(desk, items, true);
}

int vt_trust_command_refresh(int argc, char **argv)
{
    struct vt_trust_desk desk;
    struct crls crls = {.desk = &desk};
    int status = vt_trust_desk_open(&desk, argc, argv, "");
    if (status == EX_OK && optind < argc)
        status = vt_trust_say(&desk, EX_USAGE, "refresh takes no argument");
    if (status == EX_OK && vt_trust_store_entry(desk.store, 0) == NULL)
        status =
            vt_trust_say(&desk, EX_CONFIG,
                         "there is nothing to refresh; vanthu trust setup official comes first");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    for (int set = 0; status < EX__BASE && set < VT_TRUST_SETS; set++) {
        int one = refresh_intermediates(&desk, (enum vt_trust_set_id)set);
        status = one > status ? one : status;
    }
    collect_crls(&crls);
    for (size_t i = 0; status < EX__BASE && i < crls.count; i++)
        refresh_crl(&crls, crls.urls[i]);
    if (status < EX__BASE && crls.status > status)
        status = crls.status;
    return vt_trust_desk_close(&desk, status);
}
