/* SPDX-License-Identifier: Apache-2.0
 * The files of an explanation and their signatures: whose, integrity, when they were made and how
 * that is known, revocation, conclusion. */
#include <string.h>

#include "command/explain_sheet.h"

/* Files that are shown without --all, whatever was found. */
#define SHOWN_FILES 5
#define LABEL_COLUMNS 9

/* ---- signatures ---- */

static void print_integrity(struct vt_sheet *s, const struct vt_signature *signature)
{
    bool is_intact = signature->integrity == VT_INTEGRITY_INTACT;
    bool is_broken = signature->integrity == VT_INTEGRITY_BROKEN;
    vt_sheet_text(s, is_intact ? vt_sheet_word(s, "toàn vẹn: CÒN NGUYÊN", "integrity: INTACT")
                     : is_broken
                         ? vt_sheet_word(s, "toàn vẹn: ĐÃ BỊ THAY ĐỔI", "integrity: BROKEN")
                         : vt_sheet_word(s, "toàn vẹn: chưa xác định", "integrity: undetermined"));
}

static void print_signing_time(struct vt_sheet *s, const struct vt_signature *signature)
{
    static const char *const sources[][2] = {
        [VT_TIME_SOURCE_NONE] = {"", ""},
        [VT_TIME_SOURCE_TIMESTAMP] = {"nguồn: dấu thời gian", "by a time stamp"},
        [VT_TIME_SOURCE_FIRST_SEEN] = {"nguồn: lần nhận đầu tiên", "by the first time it was seen"},
        [VT_TIME_SOURCE_CLAIMED] = {"nguồn: do người ký khai, không có dấu thời gian",
                                    "claimed by the signer, without a time stamp"},
    };
    char at[40];
    bool is_known = signature->signing_time_source != VT_TIME_SOURCE_NONE;
    vt_sheet_fact(s, "ký lúc", "signed");
    vt_sheet_text(s, "%s  %s",
                  is_known ? vt_print_minute(s->x->language, at, signature->signing_time_utc_secs)
                           : vt_sheet_word(s, "chưa xác định", "not known"),
                  sources[signature->signing_time_source][s->x->language]);
    vt_sheet_end(s);
}

/* The last part of an address, or "embedded". */
static void print_source(struct vt_sheet *s, const struct vt_status_facts *status)
{
    char at[64];
    const char *origin = vt_sheet_first_of(status->origin, NULL);
    vt_sheet_text(s, "(%s %s",
                  strcmp(vt_sheet_first_of(status->source, NULL), "ocsp") == 0 ? "OCSP" : "CRL",
                  vt_command_base_name(origin));
    if (status->this_update_utc_secs != VT_TIME_NONE)
        vt_sheet_text(s, vt_sheet_word(s, ", phát hành %s", ", of %s"),
                      vt_sheet_near_time(s, at, status->this_update_utc_secs));
    vt_sheet_text(s, ")");
}

static void print_revocation(struct vt_sheet *s, const struct vt_signature *signature)
{
    char at[40];
    for (size_t i = 0; i < signature->statuses_count; i++) {
        const struct vt_status_facts *status = &signature->statuses[i];
        if (status->value != VT_STATUS_REVOKED && status->value != VT_STATUS_SUSPENDED)
            continue;
        vt_sheet_fact(s, "thu hồi lúc", "revoked");
        vt_sheet_text(s, "%s  ",
                      status->revoked_at_utc_secs == VT_TIME_NONE
                          ? vt_sheet_word(s, "chưa rõ", "not known")
                          : vt_print_minute(s->x->language, at, status->revoked_at_utc_secs));
        print_source(s, status);
        vt_sheet_end(s);
    }
}

static void print_codes(struct vt_sheet *s, vt_reasons reasons)
{
    bool is_first = true;
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        vt_sheet_text(s, "%s%s", is_first ? "" : ", ", vt_reason_info((enum vt_reason)i)->code);
        is_first = false;
    }
}

static void print_conclusion(struct vt_sheet *s, const struct vt_signature *signature,
                             vt_reasons reasons)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    vt_sheet_fact(s, "kết luận", "conclusion");
    vt_sheet_text(s, "%s%s%s%s", vt_indication_name(signature->indication),
                  sub != NULL ? " / " : "", sub != NULL ? sub : "", reasons != 0 ? " → " : "");
    print_codes(s, reasons);
    vt_sheet_end(s);
}

/* Whose key it is, by the table of agencies. */
static void print_kind(struct vt_sheet *s, const struct vt_site_signature *its)
{
    if (its == NULL || its->kind == VT_KIND_UNKNOWN)
        return;
    vt_sheet_fact(s, "chủ thể", "whose");
    vt_sheet_text(s, "%s, %s", vt_kind_name(its->kind), vt_sheet_first_of(its->agency, NULL));
    vt_sheet_end(s);
}

static void print_signature(struct vt_sheet *s, const struct vt_signature *signature,
                            const struct vt_site_signature *its, size_t i, size_t count)
{
    const struct vt_certificate_facts *signer = &signature->signer;
    vt_sheet_begin(s, 2, 13);
    vt_sheet_text(s, "%s %zu/%zu  %s   ", vt_sheet_word(s, "chữ ký", "signature"), i + 1, count,
                  vt_sheet_first_of(signer->common_name, signer->subject));
    print_integrity(s, signature);
    vt_sheet_end(s);
    print_signing_time(s, signature);
    print_revocation(s, signature);
    print_kind(s, its);
    print_conclusion(s, signature, signature->reasons | (its == NULL ? 0 : its->reasons));
}

/* ---- files ---- */

static const struct vt_site_document *site_document(const struct vt_explained *x, size_t index)
{
    const struct vt_site_facts *site = x->decision->site;
    return site != NULL && index < site->documents_count ? &site->documents[index] : NULL;
}

static vt_reasons own_reasons(const struct vt_explained *x, size_t index)
{
    const struct vt_document *document = &x->evidence->documents[index];
    const struct vt_site_document *its = site_document(x, index);
    return its == NULL ? document->reasons : (document->reasons & ~its->excused) | its->reasons;
}

static bool has_findings(const struct vt_explained *x, size_t index)
{
    const struct vt_document *document = &x->evidence->documents[index];
    const struct vt_site_document *its = site_document(x, index);
    vt_reasons all = own_reasons(x, index);
    for (size_t i = 0; i < document->signatures_count; i++)
        all |= document->signatures[i].reasons |
               (its != NULL && i < its->signatures_count ? its->signatures[i].reasons : 0);
    return all != 0;
}

static void print_document(struct vt_sheet *s, size_t index)
{
    const struct vt_document *document = &s->x->evidence->documents[index];
    const struct vt_site_document *its = site_document(s->x, index);
    vt_reasons reasons = own_reasons(s->x, index);
    vt_sheet_begin(s, 0, LABEL_COLUMNS);
    vt_sheet_text(s, "%s %zu/%zu  %s", vt_sheet_word(s, "Tệp", "File"), index + 1,
                  s->x->evidence->documents_count, vt_sheet_document(s, index));
    if (document->signatures_count == 0)
        vt_sheet_text(s, "   %s", vt_sheet_word(s, "không có chữ ký số", "no signature"));
    vt_sheet_end(s);
    if (reasons != 0) {
        vt_sheet_fact(s, "nhận xét", "findings");
        print_codes(s, reasons);
        vt_sheet_end(s);
    }
    for (size_t i = 0; i < document->signatures_count; i++)
        print_signature(s, &document->signatures[i],
                        its != NULL && i < its->signatures_count ? &its->signatures[i] : NULL, i,
                        document->signatures_count);
}

/* That which decided, and those with findings; the others as a number. */
void vt_sheet_files(struct vt_sheet *s)
{
    const struct vt_explained *x = s->x;
    size_t count = x->evidence->documents_count, left = 0;
    bool all = x->options->all || count <= SHOWN_FILES;
    for (size_t i = 0; i < count; i++) {
        if (all || i == x->decision->document || has_findings(x, i))
            print_document(s, i);
        else
            left++;
    }
    if (left > 0)
        vt_sheet_line(s, 0,
                      vt_sheet_word(s, "và %zu tệp khác, không có nhận xét (--all)",
                                    "and %zu other files without findings (--all)"),
                      left);
    if (x->evidence->reasons != 0) {
        vt_sheet_begin(s, 0, LABEL_COLUMNS);
        vt_sheet_text(s, "%s  ", vt_sheet_word(s, "Cả thư", "The mail"));
        print_codes(s, x->evidence->reasons);
        vt_sheet_end(s);
    }
}
