/* SPDX-License-Identifier: Apache-2.0
 * Counting the signatures of a mail: by set, kind, organisation and algorithm, certificates that
 * expire soon, and offices of the state that sign with certificates of the public set. */
#include <string.h>

#include "register/report_pass.h"

#define DAY_SECS INT64_C(86400)

/* Columns of the statement of signatures. */
enum {
    S_SEQ = 0,
    S_CERTIFICATE,
    S_COMMON_NAME,
    S_ORGANIZATION,
    S_ISSUER,
    S_NOT_AFTER,
    S_KEY_ALGORITHM,
    S_KEY_BITS,
    S_KIND,
    S_TRUST_SET,
    S_INDICATION,
    S_DIGEST,
    S_ALGORITHM,
    S_AGENCY
};

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static enum vt_code add_certificate(struct vt_count_pass *pass, const struct vt_count_mail *mail,
                                    const char *set)
{
    struct vt_sql *sql = pass->signatures.sql;
    struct vt_bytes digest = vt_sql_blob(sql, S_CERTIFICATE);
    int64_t not_after = vt_sql_time(sql, S_NOT_AFTER), now = pass->out->input->now_utc_secs;
    char name[2 * VT_REGISTER_DIGEST_BYTES + 1];
    if (set[0] == '\0' || digest.len != VT_REGISTER_DIGEST_BYTES || not_after < now ||
        not_after >= now + VT_EXPIRY_DAYS * DAY_SECS)
        return VT_OK;
    struct vt_tally *tally = &pass->out->certificates;
    struct vt_tally_entry *entry = vt_tally_get(tally, vt_text_hex(name, digest));
    if (entry == NULL)
        return vt_count_no_memory(pass);
    entry->numbers[VT_CERTIFICATE_NOT_AFTER] = not_after;
    entry->numbers[VT_CERTIFICATE_USES]++;
    if (mail->time_utc_secs > entry->numbers[VT_CERTIFICATE_LAST])
        entry->numbers[VT_CERTIFICATE_LAST] = mail->time_utc_secs;
    const struct {
        size_t index;
        const char *text;
    } texts[] = {{VT_CERTIFICATE_NAME, vt_sql_text(sql, S_COMMON_NAME)},
                 {VT_CERTIFICATE_ORGANIZATION, vt_sql_text(sql, S_ORGANIZATION)},
                 {VT_CERTIFICATE_ISSUER, vt_sql_text(sql, S_ISSUER)},
                 {VT_CERTIFICATE_SET, set},
                 {VT_CERTIFICATE_AGENCY, vt_sql_text(sql, S_AGENCY)}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i].text[0] != '\0' &&
            vt_tally_text(tally, entry, texts[i].index, texts[i].text) != VT_OK)
            return vt_count_no_memory(pass);
    }
    return VT_OK;
}

/* Whether a signature of a mail is that of a state office: by the agency whose certificate it is,
 * or, if the table does not have it, by the sender. */
static bool is_of_state(const struct vt_count_pass *pass, const struct vt_count_mail *mail,
                        const char *agency)
{
    const struct vt_report_request *input = pass->out->input;
    const struct vt_site_agency *entry = agency[0] != '\0' && input->agency_by_id != NULL
                                             ? input->agency_by_id(input->context, agency)
                                             : NULL;
    return entry != NULL ? entry->class == VT_SENDER_STATE : mail->is_state;
}

/* A state office that signs with a certificate of a public CA. */
static enum vt_code add_public(struct vt_count_pass *pass, const struct vt_count_mail *mail,
                               const char *set)
{
    const char *agency = vt_sql_text(pass->signatures.sql, S_AGENCY);
    char name[sizeof(mail->agency)];
    if (strcmp(set, "public") != 0 || !is_of_state(pass, mail, agency))
        return VT_OK;
    struct vt_tally *tally = &pass->out->publics;
    vt_count_agency(name, sizeof(name), agency, mail->domain);
    struct vt_tally_entry *entry = vt_tally_get(tally, name);
    if (entry == NULL)
        return vt_count_no_memory(pass);
    entry->numbers[VT_PUBLIC_SIGNATURES]++;
    entry->numbers[VT_PUBLIC_MAILS] += entry->numbers[VT_PUBLIC_LAST_MAIL] != mail->ordinal;
    entry->numbers[VT_PUBLIC_LAST_MAIL] = mail->ordinal;
    if (mail->time_utc_secs > entry->numbers[VT_PUBLIC_LAST])
        entry->numbers[VT_PUBLIC_LAST] = mail->time_utc_secs;
    enum vt_code code =
        vt_tally_text(tally, entry, 0, vt_sql_text(pass->signatures.sql, S_COMMON_NAME));
    return code == VT_OK ? VT_OK : vt_count_no_memory(pass);
}

static const char *algorithm_name(struct vt_sql *sql, char *out, size_t out_bytes)
{
    char copy[3][64];
    vt_count_copy(copy[0], sizeof(copy[0]), or_dash(vt_sql_text(sql, S_DIGEST)));
    vt_count_copy(copy[1], sizeof(copy[1]), or_dash(vt_sql_text(sql, S_ALGORITHM)));
    vt_count_copy(copy[2], sizeof(copy[2]), or_dash(vt_sql_text(sql, S_KEY_ALGORITHM)));
    (void)snprintf(out, out_bytes, "%s / %s / %s %lld", copy[0], copy[1], copy[2],
                   (long long)vt_sql_int(sql, S_KEY_BITS));
    return out;
}

static enum vt_code add_signature(struct vt_count_pass *pass, const struct vt_count_mail *mail)
{
    struct vt_sql *sql = pass->signatures.sql;
    struct vt_counted *out = pass->out;
    char algorithm[256], set[16];
    vt_count_copy(set, sizeof(set), vt_sql_text(sql, S_TRUST_SET));
    const char *indication = vt_sql_text(sql, S_INDICATION);
    const int64_t numbers[VT_SIGNATURE_NUMBERS] = {1, strcmp(indication, "TOTAL-PASSED") == 0,
                                                   strcmp(indication, "TOTAL-FAILED") == 0,
                                                   strcmp(indication, "INDETERMINATE") == 0};
    out->totals.signatures_count++;
    out->totals.passed_count += numbers[VT_SIGNATURE_PASSED];
    const struct {
        struct vt_tally *tally;
        const char *name;
    } groups[] = {{&out->trust_sets, or_dash(set)},
                  {&out->kinds, or_dash(vt_sql_text(sql, S_KIND))},
                  {&out->organizations, or_dash(vt_sql_text(sql, S_ORGANIZATION))},
                  {&out->algorithms, algorithm_name(sql, algorithm, sizeof(algorithm))}};
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]) && code == VT_OK; i++)
        code = vt_count_add(pass, groups[i].tally, groups[i].name, numbers, VT_SIGNATURE_NUMBERS);
    if (code == VT_OK)
        code = add_certificate(pass, mail, set);
    return code == VT_OK ? add_public(pass, mail, set) : code;
}

enum vt_code vt_count_signatures(struct vt_count_pass *pass, const struct vt_count_mail *mail)
{
    enum vt_code code = vt_count_seek(pass, &pass->signatures, mail->seq);
    while (code == VT_OK && pass->signatures.seq == mail->seq) {
        code = add_signature(pass, mail);
        if (code == VT_OK)
            code = vt_count_advance(pass, &pass->signatures);
    }
    return code;
}

enum vt_code vt_count_open_signatures(struct vt_count_pass *pass)
{
    return vt_count_open(pass, &pass->signatures,
                         "SELECT seq, certificate, common_name, organization, issuer,"
                         " not_after_utc_secs, key_algorithm, key_bits, kind, trust_set,"
                         " indication, digest_algorithm, signature_algorithm, agency FROM signature"
                         " WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq, ordinal");
}
