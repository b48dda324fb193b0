/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust check: whether the sets will do their work tomorrow. Exit status 0 all is well, 1
 * something needs attention. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "command/trust.h"

/* Time enough for an office to get a new certificate and to tell everybody. */
#define WARN_DAYS 90
#define DAY_SECS (24 * 3600)

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
    (void)vt_command_day(desk->language, until, facts->not_after_utc_secs);
    if (left < 0)
        vt_trust_result(desk, "attention", facts,
                        vt_trust_word(desk, "hết hạn từ %s", "has expired on %s"), until);
    else
        vt_trust_result(
            desk, "attention", facts,
            vt_trust_word(desk, "hết hạn vào %s (còn %d ngày)", "expires on %s (in %d days)"),
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
            vt_command_moment(desk->language, from, status->this_update_utc_secs),
            vt_command_moment(desk->language, until, status->next_update_utc_secs));
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
        vt_command_moment(desk->language, text, now));
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
                        vt_command_set_name(desk->language, id));
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
