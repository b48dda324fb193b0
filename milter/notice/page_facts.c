/* SPDX-License-Identifier: Apache-2.0
 * The seven facts of a signature (legal.md R-39), in their order. */
#include "notice/page.h"

const char *vt_page_first_of(struct vt_notice_page *page, const char *a, const char *b)
{
    const char *text = vt_notice_clean(page->arena, a, 2 * VT_NOTICE_NAME_BYTES);
    if (text == NULL)
        text = vt_notice_clean(page->arena, b, 2 * VT_NOTICE_NAME_BYTES);
    return text != NULL ? text : vt_page_label(page, VT_LABEL_NONE_KNOWN);
}

const char *vt_page_signing_time(struct vt_notice_page *page, const struct vt_signature *signature)
{
    static const enum vt_notice_label sources[] = {
        [VT_TIME_SOURCE_NONE] = VT_LABEL_NONE_KNOWN,
        [VT_TIME_SOURCE_TIMESTAMP] = VT_LABEL_BY_TIMESTAMP,
        [VT_TIME_SOURCE_FIRST_SEEN] = VT_LABEL_BY_FIRST_SEEN,
        [VT_TIME_SOURCE_CLAIMED] = VT_LABEL_CLAIMED,
    };
    const char *time = vt_page_time(page, signature->signing_time_utc_secs);
    if (time == NULL || signature->signing_time_source == VT_TIME_SOURCE_NONE)
        return vt_page_label(page, VT_LABEL_NONE_KNOWN);
    return vt_page_printf(page, "%s, %s", time,
                          vt_page_label(page, sources[signature->signing_time_source]));
}

static const char *period(struct vt_notice_page *page, const struct vt_certificate_facts *signer)
{
    const char *from = vt_page_day(page, signer->not_before_utc_secs);
    const char *until = vt_page_day(page, signer->not_after_utc_secs);
    if (signer->sha256[0] == '\0' || from == NULL || until == NULL)
        return vt_page_label(page, VT_LABEL_NONE_KNOWN);
    return vt_page_printf(page, "%s %s %s", from, vt_page_label(page, VT_LABEL_FROM_TO), until);
}

void vt_page_signature_facts(struct vt_notice_page *page, const struct vt_signature *signature,
                             struct vt_page_fact out[VT_PAGE_FACTS])
{
    const struct vt_certificate_facts *signer = &signature->signer;
    enum vt_notice_label integrity = signature->integrity == VT_INTEGRITY_BROKEN ||
                                             signature->changes_after == VT_CHANGES_FORBIDDEN
                                         ? VT_LABEL_BROKEN
                                     : signature->integrity == VT_INTEGRITY_INTACT
                                         ? VT_LABEL_INTACT
                                         : VT_LABEL_UNDETERMINED;
    enum vt_notice_label validity = signature->indication == VT_TOTAL_PASSED   ? VT_LABEL_VALID
                                    : signature->indication == VT_TOTAL_FAILED ? VT_LABEL_INVALID
                                                                               : VT_LABEL_UNPROVEN;
    const struct {
        enum vt_notice_label label;
        const char *text;
    } facts[VT_PAGE_FACTS] = {
        {VT_LABEL_ISSUER, vt_page_first_of(page, signer->issuer_common_name, signer->issuer)},
        {VT_LABEL_SIGNER, vt_page_first_of(page, signer->common_name, signer->subject)},
        {VT_LABEL_UNIT, vt_page_first_of(page, signer->organizational_unit, signer->organization)},
        {VT_LABEL_SIGNING_TIME, vt_page_signing_time(page, signature)},
        {VT_LABEL_INTEGRITY, vt_page_label(page, integrity)},
        {VT_LABEL_VALIDITY, vt_page_label(page, validity)},
        {VT_LABEL_PERIOD, period(page, signer)},
    };
    for (size_t i = 0; i < VT_PAGE_FACTS; i++)
        out[i] = (struct vt_page_fact){vt_page_label(page, facts[i].label), facts[i].text};
}
