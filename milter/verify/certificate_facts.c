/* SPDX-License-Identifier: Apache-2.0
 * What people are shown of a certificate: names as UTF-8 without characters that hide or turn text,
 * serial number, period, key. */
#include <stdio.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "verify/certificate.h"
#include "verify/der.h"
#include "verify/signature.h"

/* RFC 4514, but letters beyond ASCII as UTF-8 instead of \xx. */
#define NAME_FLAGS ((unsigned long)(XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB))
/* One name as text; real ones have 200 bytes. */
#define MAX_NAME_TEXT_BYTES 4096

/* A copy in the arena without what would lie to the reader, cut at a character border. Invalid
 * UTF-8 gives *out == NULL. */
static enum vt_code keep_text(struct vt_arena *arena, const uint8_t *text, size_t len,
                              const char **out)
{
    *out = NULL;
    if (len > MAX_NAME_TEXT_BYTES) {
        len = MAX_NAME_TEXT_BYTES;
        while (len > 0 && (text[len] & 0xc0) == 0x80)
            len--;
    }
    char *copy = vt_arena_alloc(arena, len + 1);
    if (copy == NULL)
        return VT_E_NOMEM;
    size_t used = 0;
    for (size_t i = 0; i < len;) {
        size_t skip = vt_text_unsafe(vt_bytes_of(text + i, len - i));
        if (skip == 0)
            copy[used++] = (char)text[i++];
        else
            i += skip;
    }
    if (used > 0 && vt_text_is_utf8(vt_bytes_of(copy, used)))
        *out = copy;
    return VT_OK;
}

/* ---- names ---- */

static enum vt_code name_text(struct vt_arena *arena, const X509_NAME *name, const char **out)
{
    enum vt_code code = VT_E_NOMEM;
    BIO *bio = BIO_new(BIO_s_mem());
    *out = NULL;
    if (bio == NULL)
        goto done;
    code = VT_OK;
    if (X509_NAME_print_ex(bio, name, 0, NAME_FLAGS) >= 0) {
        char *text;
        long len = BIO_get_mem_data(bio, &text);
        if (len > 0)
            code = keep_text(arena, (const uint8_t *)text, (size_t)len, out);
    }
done:
    BIO_free(bio);
    ERR_clear_error();
    return code;
}

/* The last attribute of a type: names go from the general to the special (X.501). */
static enum vt_code name_part(struct vt_arena *arena, const X509_NAME *name, int nid,
                              const char **out)
{
    int last = -1;
    *out = NULL;
    for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0;
         at = X509_NAME_get_index_by_NID(name, nid, at))
        last = at;
    if (last < 0)
        return VT_OK;
    unsigned char *text = NULL;
    int len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, last)));
    enum vt_code code = VT_OK;
    if (len > 0)
        code = keep_text(arena, text, (size_t)len, out);
    OPENSSL_free(text);
    ERR_clear_error();
    return code;
}

static enum vt_code read_names(struct vt_arena *arena, const struct vt_certificate *certificate,
                               struct vt_certificate_facts *facts)
{
    const X509_NAME *subject = X509_get_subject_name(certificate->x509);
    const X509_NAME *issuer = X509_get_issuer_name(certificate->x509);
    const struct {
        const X509_NAME *name;
        int nid;
        const char **out;
    } parts[] = {
        {subject, NID_commonName, &facts->common_name},
        {subject, NID_organizationName, &facts->organization},
        {subject, NID_organizationalUnitName, &facts->organizational_unit},
        {issuer, NID_commonName, &facts->issuer_common_name},
        {subject, NID_pkcs9_emailAddress, &facts->email},
    };
    if (name_text(arena, subject, &facts->subject) != VT_OK ||
        name_text(arena, issuer, &facts->issuer) != VT_OK)
        return VT_E_NOMEM;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (name_part(arena, parts[i].name, parts[i].nid, parts[i].out) != VT_OK)
            return VT_E_NOMEM;
    }
    if (certificate->emails_count > 0)
        facts->email = certificate->emails[0];
    return VT_OK;
}

/* ---- serial number, period, key ---- */

/* A Time that breaks RFC 5280 4.1.2.5 is not known: such a certificate has no period. */
static int64_t read_time(struct vt_bytes element)
{
    struct vt_der time;
    int64_t utc_secs = VT_TIME_NONE;
    if (vt_der_next(&element, &time) != VT_OK)
        return VT_TIME_NONE;
    bool generalized = time.tag == VT_DER_GENERALIZED_TIME;
    if ((!generalized && time.tag != VT_DER_UTC_TIME) ||
        vt_time_parse_asn1(time.body, generalized, &utc_secs) != VT_OK)
        return VT_TIME_NONE;
    return utc_secs;
}

static enum vt_code read_serial(struct vt_arena *arena, struct vt_bytes serial, const char **out)
{
    struct vt_bytes digits = vt_der_trim_integer(serial);
    char *text = vt_arena_alloc(arena, 2 * digits.len + 1);
    if (text == NULL)
        return VT_E_NOMEM;
    *out = vt_text_hex(text, digits);
    return VT_OK;
}

/* The names of NIST for the curves that have one. */
static const char *curve_name(const char *group)
{
    static const struct {
        const char *openssl;
        const char *nist;
    } curves[] = {{"prime256v1", "P-256"},
                  {"secp384r1", "P-384"},
                  {"secp521r1", "P-521"},
                  {"secp224r1", "P-224"},
                  {"prime192v1", "P-192"}};
    for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
        if (strcmp(group, curves[i].openssl) == 0)
            return curves[i].nist;
    }
    return group;
}

static enum vt_code read_key(struct vt_arena *arena, const struct vt_certificate *certificate,
                             struct vt_certificate_facts *facts)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
    char group[80];
    if (key == NULL) {
        facts->key_algorithm = "unreadable";
        ERR_clear_error();
        return VT_OK;
    }
    facts->key_bits = (unsigned)EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "EC") &&
        EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                       NULL) == 1) {
        facts->key_algorithm = vt_arena_printf(arena, "EC %s", curve_name(group));
    } else {
        const char *name = EVP_PKEY_get0_type_name(key);
        facts->key_algorithm = vt_arena_str(arena, name != NULL ? name : "unknown");
    }
    ERR_clear_error();
    return facts->key_algorithm != NULL ? VT_OK : VT_E_NOMEM;
}

/* Equal names alone prove nothing: the own key must have signed it. */
static bool is_self_signed(const struct vt_certificate *certificate)
{
    if (!vt_bytes_equal(certificate->subject, certificate->issuer))
        return false;
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);
    bool verified = key != NULL && vt_key_is_usual(key) && X509_verify(certificate->x509, key) == 1;
    ERR_clear_error();
    return verified;
}

/* The whole SubjectPublicKeyInfo, as `openssl pkey -pubin -outform DER` has it. */
static bool digest_key(const struct vt_certificate *certificate, struct vt_certificate_facts *facts)
{
    uint8_t sha256[32];
    struct vt_bytes key = certificate->public_key;
    if (EVP_Digest(key.ptr, key.len, sha256, NULL, EVP_sha256(), NULL) != 1) {
        ERR_clear_error();
        return false;
    }
    vt_text_hex(facts->key_sha256, vt_bytes_of(sha256, sizeof(sha256)));
    return true;
}

enum vt_code vt_certificate_read_facts(struct vt_arena *arena, struct vt_certificate *certificate)
{
    struct vt_certificate_facts *facts = &certificate->facts;
    vt_text_hex(facts->sha256, vt_bytes_of(certificate->sha256, sizeof(certificate->sha256)));
    if (!digest_key(certificate, facts))
        return VT_E_NOMEM;
    facts->not_before_utc_secs = read_time(certificate->not_before);
    facts->not_after_utc_secs = read_time(certificate->not_after);
    if (read_serial(arena, certificate->serial, &facts->serial) != VT_OK ||
        read_names(arena, certificate, facts) != VT_OK ||
        read_key(arena, certificate, facts) != VT_OK)
        return VT_E_NOMEM;
    facts->is_self_signed = is_self_signed(certificate);
    facts->is_ca = certificate->is_ca;
    facts->policies = certificate->policies_count > 0 ? certificate->policies : NULL;
    facts->policies_count = certificate->policies_count;
    return VT_OK;
}
