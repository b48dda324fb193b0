/* SPDX-License-Identifier: Apache-2.0
 * A signature for a person: its seven facts in the order of legal.md R-39, then what was concluded
 * and why. */
#include <string.h>

#include "command/check_print.h"

/* The time in Vietnam: that of the clocks of nearly all who sign. out has room for 64 bytes. */
static const char *time_text(const struct vt_checked_printer *p, char out[64], int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    if (p->language == VT_LANGUAGE_VIETNAMESE || utc_secs == VT_TIME_NONE)
        return vt_time_vietnam(out, utc_secs);
    vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS);
    if (strcmp(text, "-") == 0)
        return vt_time_vietnam(out, utc_secs);
    (void)snprintf(out, 64, "%.10s %.5s +07:00", text, text + strlen("2026-08-14T"));
    return out;
}

static void print_signing_time(const struct vt_checked_printer *p,
                               const struct vt_signature *signature)
{
    static const enum vt_checked_word sources[] = {
        [VT_TIME_SOURCE_NONE] = W_UNKNOWN,
        [VT_TIME_SOURCE_TIMESTAMP] = W_SOURCE_TIMESTAMP,
        [VT_TIME_SOURCE_FIRST_SEEN] = W_SOURCE_FIRST_SEEN,
        [VT_TIME_SOURCE_CLAIMED] = W_SOURCE_CLAIMED,
    };
    char text[64];
    if (signature->signing_time_source == VT_TIME_SOURCE_NONE) {
        vt_checked_line(p, W_TIME, NULL);
        return;
    }
    vt_checked_label(p, W_TIME);
    fprintf(p->out, "%s, %s\n", time_text(p, text, signature->signing_time_utc_secs),
            vt_checked_word(p, sources[signature->signing_time_source]));
}

/* By what the verdict was reached, which is not what was claimed. */
static void print_best_time(const struct vt_checked_printer *p,
                            const struct vt_signature *signature)
{
    char text[64];
    enum vt_checked_word source =
        signature->signing_time_source == VT_TIME_SOURCE_TIMESTAMP    ? W_SOURCE_TIMESTAMP
        : signature->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN ? W_SOURCE_FIRST_SEEN
                                                                      : W_NOW;
    if (signature->format == VT_SIGNATURE_DOCTIMESTAMP)
        return;
    vt_checked_label(p, W_BEST_TIME);
    fprintf(p->out, "%s, %s\n", time_text(p, text, signature->judged_at_utc_secs),
            vt_checked_word(p, source));
}

static void print_stamp(const struct vt_checked_printer *p, const struct vt_timestamp_facts *stamp)
{
    char text[64];
    const char *tsa = stamp->path_count > 0 ? stamp->path[0].common_name : NULL;
    bool counts = stamp->indication == VT_TOTAL_PASSED;
    tsa = vt_checked_first_of(tsa, stamp->tsa);
    vt_checked_label(p, W_STAMP);
    fprintf(p->out, "%s, %s, %s: %s\n", vt_checked_phrase(p, vt_stamp_phrase(stamp->kind)),
            time_text(p, text, stamp->time_utc_secs),
            tsa != NULL ? tsa : vt_checked_word(p, W_UNKNOWN),
            vt_checked_word(p, counts ? W_COUNTS : W_COUNTS_NOT));
    vt_checked_findings(p, stamp->findings, stamp->findings_count);
}

static void print_period(const struct vt_checked_printer *p,
                         const struct vt_certificate_facts *signer)
{
    char from[64], until[64];
    if (signer->sha256[0] == '\0') {
        vt_checked_line(p, W_PERIOD, NULL);
        return;
    }
    vt_checked_label(p, W_PERIOD);
    fprintf(p->out, "%s %s %s\n", time_text(p, from, signer->not_before_utc_secs),
            vt_checked_word(p, W_TO), time_text(p, until, signer->not_after_utc_secs));
}

static enum vt_checked_word integrity_word(enum vt_integrity integrity)
{
    return integrity == VT_INTEGRITY_INTACT   ? W_INTACT
           : integrity == VT_INTEGRITY_BROKEN ? W_BROKEN
                                              : W_UNDETERMINED;
}

static enum vt_checked_word validity_word(enum vt_indication indication)
{
    return indication == VT_TOTAL_PASSED   ? W_VALID
           : indication == VT_TOTAL_FAILED ? W_INVALID
                                           : W_UNPROVEN;
}

static void print_conclusion(const struct vt_checked_printer *p,
                             const struct vt_signature *signature)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    vt_checked_label(p, W_CONCLUSION);
    fprintf(p->out, "%s", vt_indication_name(signature->indication));
    if (sub != NULL)
        fprintf(p->out, " / %s", sub);
    fprintf(p->out, " (%s)\n",
            vt_checked_word(p, signature->indication == VT_TOTAL_PASSED   ? W_PASSED
                               : signature->indication == VT_TOTAL_FAILED ? W_FAILED
                                                                          : W_INDETERMINATE));
}

/* Whose key it is by the table: "an agency, Sở Xây dựng tỉnh Ninh Bình (soxd)". */
static void print_kind(const struct vt_checked_printer *p, const struct vt_site_signature *its)
{
    if (its == NULL || its->agency == NULL)
        return;
    const struct vt_site_agency *agency = vt_site_agency(p->text->site, its->agency);
    vt_checked_label(p, W_KIND);
    if (agency != NULL)
        fprintf(p->out, "%s, %s (%s)\n", vt_checked_phrase(p, vt_kind_phrase(its->kind)),
                agency->name, its->agency);
    else
        fprintf(p->out, "%s, %s\n", vt_checked_phrase(p, vt_kind_phrase(its->kind)), its->agency);
}

/* its: NULL: the table was not asked. */
static void print_use(const struct vt_checked_printer *p, const struct vt_signature *signature,
                      const struct vt_site_signature *its)
{
    const struct vt_phrase *use = vt_use_phrase(its != NULL ? its->use : signature->hints.use);
    if (use != NULL)
        vt_checked_line(p, W_SEEMS_FOR, vt_checked_phrase(p, use));
}

void vt_checked_signature(const struct vt_checked_printer *p, const struct vt_document *document,
                          size_t index, const struct vt_site_signature *its)
{
    const struct vt_signature *signature = &document->signatures[index];
    char day[16];
    const struct vt_reason_fields fields = {.date = vt_signature_revoked_on(signature, day)};
    const struct vt_certificate_facts *signer = &signature->signer;
    fprintf(p->out, "   %s %zu/%zu  %s%s%s\n", vt_checked_word(p, W_SIGNATURE), index + 1,
            document->signatures_count, vt_signature_format_name(signature->format),
            signature->level == NULL ? "" : " ", signature->level == NULL ? "" : signature->level);
    vt_checked_line(p, W_ISSUER, vt_checked_first_of(signer->issuer_common_name, signer->issuer));
    vt_checked_line(p, W_SIGNER, vt_checked_first_of(signer->common_name, signer->subject));
    vt_checked_line(p, W_UNIT,
                    vt_checked_first_of(signer->organizational_unit, signer->organization));
    print_signing_time(p, signature);
    vt_checked_line(p, W_INTEGRITY, vt_checked_word(p, integrity_word(signature->integrity)));
    vt_checked_line(p, W_VALIDITY, vt_checked_word(p, validity_word(signature->indication)));
    print_period(p, signer);
    vt_checked_changes(p, document, signature);
    print_best_time(p, signature);
    for (size_t t = 0; t < signature->timestamps_count; t++)
        print_stamp(p, &signature->timestamps[t]);
    print_kind(p, its);
    print_use(p, signature, its);
    print_conclusion(p, signature);
    vt_checked_reasons(p, signature->reasons | (its == NULL ? 0 : its->reasons), &fields);
    vt_checked_findings(p, signature->findings, signature->findings_count);
}
