/* SPDX-License-Identifier: Apache-2.0
 * Which function makes the fact of which test so. */
#include <string.h>

#include "probe_make.h"

static const struct {
    const char *key;
    enum vt_level level;
    vt_make_function *set;
} setters[] = {
    {"indication", VT_OF_SIGNATURE, vt_make_indication},
    {"sub-indication", VT_OF_SIGNATURE, vt_make_sub_indication},
    {"integrity", VT_OF_SIGNATURE, vt_make_integrity},
    {"covers", VT_OF_SIGNATURE, vt_make_covers},
    {"changes-after", VT_OF_SIGNATURE, vt_make_changes},
    {"signature-format", VT_OF_SIGNATURE, vt_make_signature_format},
    {"level", VT_OF_SIGNATURE, vt_make_level},
    {"signing-time", VT_OF_SIGNATURE, vt_make_signing_time},
    {"signed-before", VT_OF_SIGNATURE, vt_make_proven_time},
    {"age", VT_OF_SIGNATURE, vt_make_age},
    {"local-time-as-utc", VT_OF_SIGNATURE, vt_make_local_time},
    {"source-down", VT_OF_SIGNATURE, vt_make_source_down},
    {"trust-set", VT_OF_SIGNATURE, vt_make_trust_set},
    {"signer", VT_OF_SIGNATURE, vt_make_signer},
    {"signer-organization", VT_OF_SIGNATURE, vt_make_organization},
    {"signer-email", VT_OF_SIGNATURE, vt_make_email},
    {"signer-fingerprint", VT_OF_SIGNATURE, vt_make_fingerprint},
    {"signer-kind", VT_OF_SIGNATURE, vt_make_kind},
    {"signer-agency", VT_OF_SIGNATURE, vt_make_signer_agency},
    {"signature-use", VT_OF_SIGNATURE, vt_make_use},
    {"alignment", VT_OF_SIGNATURE, vt_make_alignment},
    {"issuer", VT_OF_SIGNATURE, vt_make_issuer},
    {"digest-algorithm", VT_OF_SIGNATURE, vt_make_digest_algorithm},
    {"signature-algorithm", VT_OF_SIGNATURE, vt_make_signature_algorithm},
    {"key-algorithm", VT_OF_SIGNATURE, vt_make_key_algorithm},
    {"key-bits", VT_OF_SIGNATURE, vt_make_key_bits},
    {"direction", VT_OF_MAIL, vt_make_direction},
    {"sender", VT_OF_MAIL, vt_make_sender},
    {"sender-domain", VT_OF_MAIL, vt_make_sender_domain},
    {"sender-class", VT_OF_MAIL, vt_make_sender_class},
    {"sender-agency", VT_OF_MAIL, vt_make_sender_agency},
    {"from", VT_OF_MAIL, vt_make_from},
    {"from-domain", VT_OF_MAIL, vt_make_from_domain},
    {"aligned", VT_OF_MAIL, vt_make_aligned},
    {"authenticated", VT_OF_MAIL, vt_make_login},
    {"recipient", VT_OF_MAIL, vt_make_recipient},
    {"recipient-domain", VT_OF_MAIL, vt_make_recipient_domain},
    {"recipient-agency", VT_OF_MAIL, vt_make_recipient_agency},
    {"any-recipient", VT_OF_MAIL, vt_make_recipient},
    {"any-recipient-domain", VT_OF_MAIL, vt_make_recipient_domain},
    {"client", VT_OF_MAIL, vt_make_client},
    {"client-name", VT_OF_MAIL, vt_make_client_name},
    {"helo", VT_OF_MAIL, vt_make_helo},
    {"daemon-name", VT_OF_MAIL, vt_make_daemon_name},
    {"list", VT_OF_MAIL, vt_make_list},
    {"automatic", VT_OF_MAIL, vt_make_automatic},
    {"urgent", VT_OF_MAIL, vt_make_urgent},
    {"time", VT_OF_MAIL, vt_make_clock},
    {"date", VT_OF_MAIL, vt_make_date},
    {"weekday", VT_OF_MAIL, vt_make_weekday},
    {"size", VT_OF_MAIL, vt_make_mail_size},
    {"recipients", VT_OF_MAIL, vt_make_recipients},
    {"documents", VT_OF_MAIL, vt_make_documents},
    {"signatures", VT_OF_MAIL, vt_make_signatures},
    {"format", VT_OF_DOCUMENT, vt_make_format},
    {"nested", VT_OF_DOCUMENT, vt_make_nested},
    {"effect", VT_OF_DOCUMENT, vt_make_effect},
    {"lacks", VT_OF_DOCUMENT, vt_make_lacks},
    {"seems", VT_OF_DOCUMENT, vt_make_seems},
    {"expects-signature", VT_OF_DOCUMENT, vt_make_expects},
    {"name", VT_OF_DOCUMENT, vt_make_name},
    {"sha256", VT_OF_DOCUMENT, vt_make_sha256},
    {"attachment", VT_OF_DOCUMENT, vt_make_attachment},
    {"signed", VT_OF_DOCUMENT, vt_make_signed},
    {"signatures", VT_OF_DOCUMENT, vt_make_signatures},
    {"size", VT_OF_DOCUMENT, vt_make_document_size},
};

static vt_make_function *setter_of(const struct vt_test *test)
{
    for (size_t i = 0; i < sizeof(setters) / sizeof(setters[0]); i++) {
        if (setters[i].level == test->level && strcmp(setters[i].key, test->key) == 0)
            return setters[i].set;
    }
    return NULL;
}

bool vt_probe_can_set(const struct vt_test *test)
{
    return test->form == &vt_form_reasons || setter_of(test) != NULL;
}

bool vt_probe_set(struct vt_probe *probe, const struct vt_fact *fact)
{
    vt_make_function *set = NULL;
    switch (fact->kind) {
    case VT_FACT_OF_TEST:
        set = setter_of(fact->test);
        return set != NULL && set(probe, fact);
    case VT_FACT_REASON:
        return vt_make_of_reason(probe, (enum vt_reason)fact->number);
    case VT_FACT_NOW:
        probe->now_utc_secs = fact->number;
        return true;
    case VT_FACT_WAITED:
        probe->first_deferred_utc_secs = probe->now_utc_secs - fact->number;
        return true;
    case VT_FACT_OTHER_SIGNER:
        probe->has_other_signature = true;
        return true;
    case VT_FACT_NONE:
        break;
    }
    return false;
}
