/* SPDX-License-Identifier: Apache-2.0
 * Signed attributes: which must be there, once, and what they say (RFC 5652 5.3, 11; RFC 6211;
 * ESS signing-certificate of RFC 2634 5.4 and RFC 5035). */
#include "verify/signer.h"

#include <string.h>

#include "verify/der.h"
#include "verify/oid.h"

/* The directoryName [4] among GeneralNames; of an issuer there is one (RFC 5035 4). */
static struct vt_bytes directory_name(struct vt_bytes names)
{
    struct vt_der name;
    while (vt_der_next(&names, &name) == VT_OK) {
        if (name.tag == VT_DER_CONTEXT_CONSTRUCTED(4))
            return name.body;
    }
    return (struct vt_bytes){0};
}

/* Hash and serial of ESSCertID(v2); issuerSerial SEQUENCE { GeneralNames, serialNumber }. */
static enum vt_code read_ess_rest(struct vt_arena *arena, struct vt_bytes rest, struct vt_ess *out)
{
    struct vt_der hash;
    struct vt_der issuer_serial;
    struct vt_der issuer;
    struct vt_der serial;
    if (vt_der_next(&rest, &hash) != VT_OK ||
        (hash.tag != VT_DER_OCTET_STRING && hash.tag != VT_DER_CONSTRUCTED_OCTET_STRING))
        return VT_E_FORMAT;
    enum vt_code code = vt_der_octets(arena, &hash, &out->hash);
    if (code != VT_OK || rest.len == 0)
        return code;
    if (vt_der_whole(rest, VT_DER_SEQUENCE, &issuer_serial) != VT_OK ||
        vt_der_expect(&issuer_serial.body, VT_DER_SEQUENCE, &issuer) != VT_OK ||
        vt_der_expect(&issuer_serial.body, VT_DER_INTEGER, &serial) != VT_OK)
        return VT_E_FORMAT;
    out->serial = serial.body;
    out->issuer = directory_name(issuer.body);
    return VT_OK;
}

/* SigningCertificate(V2) ::= SEQUENCE { certs SEQUENCE OF ESSCertID(v2), policies OPTIONAL }.
 * ESSCertIDv2 begins with hashAlgorithm DEFAULT sha-256. The first one is the signer. */
static enum vt_code read_ess(struct vt_arena *arena, const struct vt_attribute *attribute,
                             bool is_v2, struct vt_ess *out)
{
    struct vt_der value;
    struct vt_der certs;
    struct vt_der first;
    out->present = true;
    if (vt_attribute_single(attribute, &value) != VT_OK || value.tag != VT_DER_SEQUENCE ||
        vt_der_expect(&value.body, VT_DER_SEQUENCE, &certs) != VT_OK ||
        vt_der_expect(&certs.body, VT_DER_SEQUENCE, &first) != VT_OK)
        return VT_E_FORMAT;
    out->digest = is_v2 ? vt_digest_sha256() : vt_digest_sha1();
    if (is_v2 && vt_der_peek(first.body) == VT_DER_SEQUENCE) {
        struct vt_der sequence;
        struct vt_algorithm algorithm;
        if (vt_der_next(&first.body, &sequence) != VT_OK ||
            vt_algorithm_parse(sequence.body, &algorithm) != VT_OK)
            return VT_E_FORMAT;
        out->digest = vt_digest_by_oid(algorithm.oid);
    }
    return read_ess_rest(arena, first.body, out);
}

/* ---- one attribute of a kind ---- */

static void malformed(struct vt_signer_work *work, bool is_unclear, const char *name,
                      const char *what)
{
    work->is_unclear = work->is_unclear || is_unclear;
    vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out, "The signed attribute %s %s.", name, what);
}

/* The attribute when it stands exactly once; NULL when it is missing. More than once is a
 * defect, and makes the result unclear when matters: which one holds? */
static const struct vt_attribute *find_once(struct vt_signer_work *work, struct vt_bytes oid,
                                            const char *name, bool matters)
{
    size_t count;
    const struct vt_attribute *attribute = vt_attributes_find(&work->attributes, oid, &count);
    if (count > 1)
        malformed(work, matters, name, "stands more than once (RFC 5652 11)");
    return attribute;
}

/* RFC 5652 11.1: must be there, with one value, equal to eContentType. */
static void read_content_type(struct vt_signer_work *work)
{
    const struct vt_attribute *attribute =
        find_once(work, VT_OID_CONTENT_TYPE, "content-type", true);
    struct vt_der value;
    if (attribute == NULL)
        malformed(work, true, "content-type", "is missing (RFC 5652 5.3)");
    else if (vt_attribute_single(attribute, &value) != VT_OK || value.tag != VT_DER_OID)
        malformed(work, true, "content-type", "does not hold one value (RFC 5652 11.1)");
    else if (!vt_bytes_equal(value.body, work->signing->cms->content_type))
        malformed(work, true, "content-type",
                  "differs from the type of the content "
                  "(RFC 5652 11.1)");
}

/* RFC 5652 11.2 */
static enum vt_code read_message_digest(struct vt_signer_work *work)
{
    const struct vt_attribute *attribute =
        find_once(work, VT_OID_MESSAGE_DIGEST, "message-digest", true);
    struct vt_der value;
    if (attribute == NULL) {
        malformed(work, true, "message-digest", "is missing (RFC 5652 5.3)");
        return VT_OK;
    }
    if (vt_attribute_single(attribute, &value) != VT_OK ||
        (value.tag != VT_DER_OCTET_STRING && value.tag != VT_DER_CONSTRUCTED_OCTET_STRING)) {
        malformed(work, true, "message-digest", "does not hold one value (RFC 5652 11.2)");
        return VT_OK;
    }
    enum vt_code code = vt_der_octets(work->signing->arena, &value, &work->message_digest);
    if (code == VT_E_NOMEM)
        return code;
    if (code != VT_OK || work->message_digest.len == 0)
        malformed(work, true, "message-digest", "holds no digest (RFC 5652 11.2)");
    return VT_OK;
}

/* BER knows a time with an offset instead of Z (X.680 46.3, 47.3); tools that write local time use
 * it. */
static bool read_with_offset(const struct vt_der *value, int64_t *out_utc_secs)
{
    enum { OFFSET_LEN = 5 }; /* +hhmm */
    uint8_t copy[32];
    struct vt_bytes text = value->body;
    int digits[4] = {0};
    if (text.len <= OFFSET_LEN || text.len > sizeof(copy))
        return false;
    const uint8_t *offset = text.ptr + text.len - OFFSET_LEN;
    for (size_t i = 0; i < 4; i++) {
        if (offset[i + 1] < '0' || offset[i + 1] > '9')
            return false;
        digits[i] = offset[i + 1] - '0';
    }
    int64_t hours = digits[0] * 10 + digits[1];
    int64_t minutes = digits[2] * 10 + digits[3];
    if ((offset[0] != '+' && offset[0] != '-') || hours > 23 || minutes > 59)
        return false;
    size_t len = text.len - OFFSET_LEN;
    memcpy(copy, text.ptr, len);
    copy[len] = 'Z';
    if (vt_time_parse_asn1(vt_bytes_of(copy, len + 1), value->tag == VT_DER_GENERALIZED_TIME,
                           out_utc_secs) != VT_OK)
        return false;
    *out_utc_secs -= (hours * 3600 + minutes * 60) * (offset[0] == '-' ? -1 : 1);
    return true;
}

/* RFC 5652 11.3: UTCTime with seconds up to 2049, GeneralizedTime without fractions from 2050 on.
 * What differs and is clear all the same is worth a word. */
static void note_form(struct vt_signer_work *work, const struct vt_der *value)
{
    bool generalized = value->tag == VT_DER_GENERALIZED_TIME;
    size_t normal_len = generalized ? 15 : 13;
    int64_t from_2050 = vt_time_from_civil(2050, 1, 1, 0, 0, 0);
    const char *what = NULL;
    if (generalized && work->out->claimed_time_utc_secs < from_2050)
        what = "is a GeneralizedTime before 2050";
    else if (value->body.len < normal_len)
        what = "has no seconds";
    else if (value->body.len > normal_len)
        what = "is not of the usual length";
    if (what != NULL)
        VT_NOTE(work->signing->arena, work->out,
                "The signed attribute signing-time %s (RFC 5652 11.3); it was read all the same.",
                what);
}

/* RFC 5652 11.3. A time that cannot be read is no time: it could only make a verdict worse. */
static void read_signing_time(struct vt_signer_work *work)
{
    const struct vt_attribute *attribute =
        find_once(work, VT_OID_SIGNING_TIME, "signing-time", false);
    struct vt_der value;
    int64_t *out = &work->out->claimed_time_utc_secs;
    if (attribute == NULL)
        return;
    if (vt_attribute_single(attribute, &value) != VT_OK ||
        (value.tag != VT_DER_UTC_TIME && value.tag != VT_DER_GENERALIZED_TIME)) {
        malformed(work, false, "signing-time", "does not hold one time (RFC 5652 11.3)");
        return;
    }
    if (vt_time_parse_asn1(value.body, value.tag == VT_DER_GENERALIZED_TIME, out) == VT_OK ||
        read_with_offset(&value, out)) {
        note_form(work, &value);
        return;
    }
    *out = VT_TIME_NONE;
    malformed(work, false, "signing-time", "is not a time in UTC (RFC 5652 11.3)");
}

/* CMSAlgorithmProtection ::= SEQUENCE { digestAlgorithm, signatureAlgorithm [1] IMPLICIT,
 * macAlgorithm [2] IMPLICIT }: when it is there, it must name the algorithms that stand in the
 * SignerInfo (RFC 6211 3). */
static void check_algorithm_protection(struct vt_signer_work *work)
{
    const struct vt_attribute *attribute =
        find_once(work, VT_OID_ALGORITHM_PROTECTION, "CMS-algorithm-protection", true);
    struct vt_der value;
    struct vt_der digest;
    struct vt_der signature;
    struct vt_algorithm named_digest;
    struct vt_algorithm named_signature;
    if (attribute == NULL)
        return;
    if (vt_attribute_single(attribute, &value) != VT_OK || value.tag != VT_DER_SEQUENCE ||
        vt_der_expect(&value.body, VT_DER_SEQUENCE, &digest) != VT_OK ||
        vt_der_expect(&value.body, VT_DER_CONTEXT_CONSTRUCTED(1), &signature) != VT_OK ||
        vt_algorithm_parse(digest.body, &named_digest) != VT_OK ||
        vt_algorithm_parse(signature.body, &named_signature) != VT_OK) {
        malformed(work, true, "CMS-algorithm-protection", "cannot be read (RFC 6211 2)");
        return;
    }
    if (vt_algorithm_equal(&named_digest, &work->signer->digest) &&
        vt_algorithm_equal(&named_signature, &work->signer->signature))
        return;
    work->signature = VT_CHECK_WRONG;
    vt_verified_fail(work->out, VT_SUB_SIG_CRYPTO_FAILURE, VT_REASON_BAD_SIGNATURE);
    VT_NOTE(work->signing->arena, work->out,
            "The algorithms of the signature are not those the signer protected (RFC 6211 3).");
}

static enum vt_code read_ess_attributes(struct vt_signer_work *work)
{
    const struct {
        struct vt_bytes oid;
        const char *name;
    } kinds[2] = {{VT_OID_SIGNING_CERTIFICATE, "signing-certificate"},
                  {VT_OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2"}};
    for (size_t i = 0; i < 2; i++) {
        const struct vt_attribute *attribute = find_once(work, kinds[i].oid, kinds[i].name, true);
        if (attribute == NULL)
            continue;
        enum vt_code code = read_ess(work->signing->arena, attribute, i == 1, &work->ess[i]);
        if (code == VT_E_NOMEM)
            return code;
        if (code != VT_OK) {
            work->ess[i].present = false;
            malformed(work, true, kinds[i].name, "cannot be read (RFC 5035)");
        }
    }
    return VT_OK;
}

/* ---- attributes in the wrong set ---- */

/* RFC 5652 11.1 to 11.4: these must be signed, a countersignature must not be. */
static void check_places(struct vt_signer_work *work)
{
    const struct {
        struct vt_bytes oid;
        const char *name;
    } signed_only[] = {{VT_OID_CONTENT_TYPE, "content-type"},
                       {VT_OID_MESSAGE_DIGEST, "message-digest"},
                       {VT_OID_SIGNING_TIME, "signing-time"}};
    for (size_t i = 0; i < sizeof(signed_only) / sizeof(signed_only[0]); i++) {
        if (vt_attributes_find(&work->unsigned_attributes, signed_only[i].oid, NULL) != NULL)
            malformed(work, false, signed_only[i].name,
                      "stands among the unsigned ones (RFC 5652 11)");
    }
    if (vt_attributes_find(&work->attributes, VT_OID_COUNTERSIGNATURE, NULL) != NULL)
        malformed(work, false, "countersignature", "must not be signed (RFC 5652 11.4)");
}

/* ---- the set ---- */

static void note_other_repeats(struct vt_signer_work *work)
{
    const struct vt_attributes *set = &work->attributes;
    for (size_t i = 1; i < set->count; i++) {
        if (vt_attributes_find(set, set->items[i].oid, NULL) == &set->items[i])
            continue;
        VT_NOTE(work->signing->arena, work->out, "A signed attribute is repeated.");
        return;
    }
}

/* RFC 5652 5.3: without signed attributes the content must be of type id-data. */
static void check_absence(struct vt_signer_work *work)
{
    if (vt_bytes_equal(work->signing->cms->content_type, VT_OID_DATA))
        return;
    work->is_unclear = true;
    vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
    VT_NOTE(work->signing->arena, work->out,
            "Signed attributes are missing, which is allowed for plain data only "
            "(RFC 5652 5.3).");
}

enum vt_code vt_signer_read_attributes(struct vt_signer_work *work)
{
    const struct vt_cms_signer *signer = work->signer;
    if (vt_attributes_parse(signer->unsigned_attributes, &work->unsigned_attributes) != VT_OK)
        VT_NOTE(work->signing->arena, work->out,
                "The unsigned attributes are damaged or too many; not all were read.");
    if (!signer->has_signed_attributes) {
        check_absence(work);
        check_places(work);
        return VT_OK;
    }
    if (vt_attributes_parse(signer->signed_attributes, &work->attributes) != VT_OK) {
        work->is_unclear = true;
        vt_verified_fail(work->out, VT_SUB_FORMAT_FAILURE, VT_REASON_MALFORMED);
        VT_NOTE(work->signing->arena, work->out, "The signed attributes cannot be read.");
        work->attributes.count = 0;
        return VT_OK;
    }
    read_content_type(work);
    read_signing_time(work);
    check_algorithm_protection(work);
    note_other_repeats(work);
    check_places(work);
    enum vt_code code = read_message_digest(work);
    return code == VT_OK ? read_ess_attributes(work) : code;
}
