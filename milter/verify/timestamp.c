/* SPDX-License-Identifier: Apache-2.0
 * Time stamp tokens (RFC 3161 2.4.2, RFC 5816): the imprint is over the right bytes, and the
 * token's own signature is right. Whether the authority is trusted is asked elsewhere. */
#include "verify/timestamp.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "verify/der.h"
#include "verify/oid.h"

/* ---- TSTInfo ---- */

/* Accuracy ::= SEQUENCE { seconds INTEGER OPTIONAL, millis [0], micros [1] }; parts of a second
 * are less than what any clock here is asked for. */
static void read_accuracy(struct vt_bytes body, struct vt_token_info *out)
{
    struct vt_der seconds;
    uint32_t value = 0;
    if (vt_der_peek(body) == VT_DER_INTEGER && vt_der_next(&body, &seconds) == VT_OK)
        out->accuracy_secs = vt_der_small(seconds.body, &value) == VT_OK ? value : INT32_MAX;
}

/* accuracy OPTIONAL, ordering BOOLEAN DEFAULT FALSE, nonce INTEGER OPTIONAL, tsa [0] GeneralName
 * OPTIONAL, extensions [1] OPTIONAL */
static enum vt_code read_rest_of_info(struct vt_bytes rest, struct vt_token_info *out)
{
    struct vt_der part;
    bool present;
    if (vt_der_optional(&rest, VT_DER_SEQUENCE, &part, &present) != VT_OK)
        return VT_E_FORMAT;
    if (present)
        read_accuracy(part.body, out);
    if (vt_der_optional(&rest, VT_DER_BOOLEAN, &part, &present) != VT_OK ||
        vt_der_optional(&rest, VT_DER_INTEGER, &part, &present) != VT_OK)
        return VT_E_FORMAT;
    if (present)
        out->nonce = part.body;
    if (vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(0), &part, &present) != VT_OK)
        return VT_E_FORMAT;
    if (present)
        out->tsa = part.body;
    return vt_der_optional(&rest, VT_DER_CONTEXT_CONSTRUCTED(1), &part, &present) == VT_OK &&
                   rest.len == 0
               ? VT_OK
               : VT_E_FORMAT;
}

/* TSTInfo ::= SEQUENCE { version INTEGER { v1(1) }, policy OID, messageImprint SEQUENCE {
 * hashAlgorithm, hashedMessage OCTET STRING }, serialNumber INTEGER, genTime GeneralizedTime, … }
 * (RFC 3161 2.4.2) */
static enum vt_code parse_info(struct vt_bytes content, struct vt_token_info *out)
{
    struct vt_der info;
    struct vt_der version;
    struct vt_der policy;
    struct vt_der imprint;
    struct vt_der algorithm_der;
    struct vt_der hash;
    struct vt_der serial;
    struct vt_der time;
    struct vt_algorithm algorithm;
    uint32_t number;

    *out = (struct vt_token_info){.time_utc_secs = VT_TIME_NONE};
    if (vt_der_whole(content, VT_DER_SEQUENCE, &info) != VT_OK ||
        vt_der_expect(&info.body, VT_DER_INTEGER, &version) != VT_OK ||
        vt_der_small(version.body, &number) != VT_OK || number != 1 ||
        vt_der_expect(&info.body, VT_DER_OID, &policy) != VT_OK ||
        vt_der_expect(&info.body, VT_DER_SEQUENCE, &imprint) != VT_OK ||
        vt_der_expect(&imprint.body, VT_DER_SEQUENCE, &algorithm_der) != VT_OK ||
        vt_algorithm_parse(algorithm_der.body, &algorithm) != VT_OK ||
        vt_der_whole(imprint.body, VT_DER_OCTET_STRING, &hash) != VT_OK ||
        vt_der_expect(&info.body, VT_DER_INTEGER, &serial) != VT_OK ||
        vt_der_expect(&info.body, VT_DER_GENERALIZED_TIME, &time) != VT_OK ||
        vt_time_parse_asn1(time.body, true, &out->time_utc_secs) != VT_OK)
        return VT_E_FORMAT;
    out->digest = vt_digest_by_oid(algorithm.oid);
    out->imprint = hash.body;
    out->policy = policy.body;
    return read_rest_of_info(info.body, out);
}

enum vt_code vt_token_read(struct vt_arena *arena, struct vt_bytes token, struct vt_token_info *out)
{
    struct vt_cms *cms = vt_arena_alloc(arena, sizeof(*cms));
    enum vt_code code = cms == NULL ? VT_E_NOMEM : vt_cms_parse(arena, token, cms, NULL);
    *out = (struct vt_token_info){.time_utc_secs = VT_TIME_NONE};
    if (code != VT_OK)
        return code == VT_E_NOMEM ? code : VT_E_FORMAT;
    if (!cms->has_content || !vt_bytes_equal(cms->content_type, VT_OID_TST_INFO))
        return VT_E_FORMAT;
    return parse_info(cms->content, out);
}

int64_t vt_token_time(struct vt_arena *arena, struct vt_bytes token)
{
    struct vt_token_info info;
    return vt_token_read(arena, token, &info) == VT_OK ? info.time_utc_secs : VT_TIME_NONE;
}

static void unverified(const struct vt_signing *parent, struct vt_verified_timestamp *out,
                       const char *finding)
{
    out->reasons |= VT_REASON_BIT(VT_REASON_TIMESTAMP_UNVERIFIED);
    VT_NOTE(parent->arena, out, "%s", finding);
}

static void invalid(const struct vt_signing *parent, struct vt_verified_timestamp *out,
                    const char *finding)
{
    out->integrity = VT_INTEGRITY_BROKEN;
    out->reasons |= VT_REASON_BIT(VT_REASON_TIMESTAMP_INVALID);
    VT_NOTE(parent->arena, out, "%s", finding);
}

/* ---- the imprint ---- */

/* VT_OK with *out_right; VT_E_UNSUPPORTED: it cannot be computed, stamped->defect says why. */
static enum vt_code compare_imprint(const struct vt_signing *parent, struct vt_stamped *stamped,
                                    const struct vt_cms *token, const struct vt_token_info *info,
                                    bool *out_right)
{
    struct vt_digest_value value;
    enum vt_code code = VT_E_UNSUPPORTED;
    *out_right = false;
    if (info->digest != NULL && stamped->compare != NULL)
        code = stamped->compare(stamped, token, info, out_right);
    else if (info->digest != NULL) {
        code = vt_digest_content(parent->cache, info->digest, stamped->content, &value);
        *out_right = code == VT_OK && vt_digest_equal(&value, info->imprint);
    }
    if (code == VT_E_UNSUPPORTED && stamped->defect == NULL)
        stamped->defect = "The digest algorithm of the time stamp is not supported.";
    return code;
}

/* ---- the token's signature ---- */

static void take_inner(struct vt_verified_timestamp *out, const struct vt_verified *inner)
{
    out->signer = inner->signer;
    out->ess_bound = inner->ess_bound;
    out->carried_count = inner->carried_count;
    for (size_t i = 0; i < inner->carried_count; i++)
        out->carried[i] = inner->carried[i];
    out->reasons |= inner->reasons & VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM);
}

static void copy_findings(const struct vt_signing *parent, const struct vt_verified *inner,
                          struct vt_verified_timestamp *out)
{
    for (size_t i = 0; i < inner->findings_count; i++)
        VT_NOTE(parent->arena, out, "Time stamp: %s", inner->findings[i]);
}

static enum vt_code verify_token(const struct vt_signing *parent, const struct vt_cms *cms,
                                 struct vt_verified *out_inner, struct vt_err *err)
{
    struct vt_content content = {.ranges = {cms->content}, .count = 1};
    struct vt_signing *signing = vt_arena_alloc(parent->arena, sizeof(*signing));
    if (signing == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    *signing = (struct vt_signing){
        .arena = parent->arena,
        .pool = parent->pool,
        .cache = parent->cache,
        .cms = cms,
        .contents = {.items = &content, .count = 1, .is_given = true},
        .is_timestamp = true,
    };
    enum vt_code code = vt_signing_begin(signing, err);
    return code == VT_OK ? vt_signer_verify(signing, 0, out_inner, err) : code;
}

/* RFC 3161 2.4.2: tsa must correspond to a name of the certificate. The certificate itself is bound
 * by its hash, so that a name which does not fit is worth a word and no more. */
static bool names_signer(struct vt_bytes tsa, const struct vt_certificate *signer)
{
    const unsigned char *at = tsa.ptr;
    GENERAL_NAME *name = d2i_GENERAL_NAME(NULL, &at, (long)tsa.len);
    X509 *x509 = vt_certificate_x509(signer);
    bool found = name != NULL && name->type == GEN_DIRNAME &&
                 X509_NAME_cmp(name->d.directoryName, X509_get_subject_name(x509)) == 0;
    GENERAL_NAMES *others = found ? NULL : X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; name != NULL && !found && i < sk_GENERAL_NAME_num(others); i++)
        found = GENERAL_NAME_cmp(name, sk_GENERAL_NAME_value(others, i)) == 0;
    GENERAL_NAMES_free(others);
    GENERAL_NAME_free(name);
    ERR_clear_error();
    return found;
}

static void note_names(const struct vt_signing *parent, const struct vt_token_info *info,
                       struct vt_verified_timestamp *out)
{
    if (!out->ess_bound)
        VT_NOTE(parent->arena, out,
                "The time stamp does not name its signer's certificate (RFC 3161 2.4.1).");
    if (info->tsa.len > 0 && out->signer != NULL && !names_signer(info->tsa, out->signer))
        VT_NOTE(parent->arena, out,
                "The name of the authority in the time stamp is none of the names in its "
                "certificate (RFC 3161 2.4.2).");
}

static void judge(const struct vt_signing *parent, const struct vt_stamped *stamped,
                  bool comparable, bool imprint_right, struct vt_verified *inner,
                  struct vt_verified_timestamp *out)
{
    bool differs = comparable && !imprint_right;
    out->integrity = VT_INTEGRITY_UNDETERMINED;
    if (!comparable)
        unverified(parent, out, stamped->defect);
    if (inner->integrity == VT_INTEGRITY_UNDETERMINED)
        unverified(parent, out, "The signature of the time stamp could not be verified.");
    if (differs && stamped->is_ambiguous)
        unverified(parent, out,
                   "The time stamp does not fit these bytes as they are put together here; other "
                   "tools may put them together in another way (TS 101 733 6.4.1).");
    else if (differs) {
        invalid(parent, out, "The time stamp is not over these bytes.");
        vt_verified_fail(inner, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED);
    }
    if (inner->integrity == VT_INTEGRITY_BROKEN)
        invalid(parent, out, "The signature of the time stamp is wrong.");
    if (comparable && imprint_right && inner->integrity == VT_INTEGRITY_INTACT)
        out->integrity = VT_INTEGRITY_INTACT;
}

static void take_digests(const struct vt_stamped *stamped, const struct vt_token_info *info,
                         const struct vt_verified *inner, struct vt_verified_timestamp *out)
{
    const struct vt_digest *used[] = {info->digest, stamped->index_digest};
    out->digest_algorithm = used[0] != NULL ? used[0]->name : NULL;
    out->index_digest_algorithm = used[1] != NULL ? used[1]->name : NULL;
    out->signature_digest_algorithm = inner->digest_algorithm;
    for (size_t i = 0; i < 2; i++) {
        if (used[i] != NULL && used[i]->strength != VT_STRENGTH_GOOD)
            out->reasons |= VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM);
    }
}

/* A token has exactly one signature, the authority's (RFC 3161 2.4.2). */
static const char *defect_of(enum vt_code code, const struct vt_cms *cms,
                             struct vt_token_info *out_info)
{
    if (code != VT_OK)
        return "The time stamp is not a CMS SignedData that can be read.";
    if (!vt_bytes_equal(cms->content_type, VT_OID_TST_INFO) || !cms->has_content ||
        parse_info(cms->content, out_info) != VT_OK)
        return "The time stamp does not hold a TSTInfo that can be read (RFC 3161 2.4.2).";
    if (cms->signers_count != 1)
        return "The time stamp does not have exactly one signature (RFC 3161 2.4.2).";
    return NULL;
}

/* Without the padding that a PDF puts behind it. */
static enum vt_code name_token(struct vt_bytes token, struct vt_verified_timestamp *out)
{
    struct vt_bytes rest = token;
    struct vt_der whole;
    if (vt_der_next(&rest, &whole) != VT_OK)
        return VT_OK;
    out->token = whole.raw;
    return vt_verify_sha256(whole.raw, out->sha256);
}

enum vt_code vt_timestamp_verify(const struct vt_signing *parent, struct vt_bytes token,
                                 struct vt_stamped *stamped, struct vt_verified *out_inner,
                                 struct vt_verified_timestamp *out, struct vt_err *err)
{
    struct vt_token_info info;
    bool imprint_right = false;
    struct vt_cms *cms = vt_arena_alloc(parent->arena, sizeof(*cms));

    *out = (struct vt_verified_timestamp){.kind = stamped->kind, .time_utc_secs = VT_TIME_NONE};
    *out_inner = (struct vt_verified){.claimed_time_utc_secs = VT_TIME_NONE};
    if (cms == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code = vt_cms_parse(parent->arena, token, cms, err);
    if (code == VT_E_NOMEM)
        return code;
    const char *defect = defect_of(code, cms, &info);
    code = name_token(token, out);
    if (code != VT_OK)
        return vt_err_set(err, code, "no digest of a time stamp");
    if (defect != NULL) {
        vt_verified_unreadable(out_inner);
        unverified(parent, out, defect);
        return VT_OK;
    }
    out->time_utc_secs = info.time_utc_secs;
    out->accuracy_secs = info.accuracy_secs;
    enum vt_code compared = compare_imprint(parent, stamped, cms, &info, &imprint_right);
    if (compared != VT_OK && compared != VT_E_UNSUPPORTED)
        return vt_err_set(err, compared, "the imprint of a time stamp could not be computed");
    code = verify_token(parent, cms, out_inner, err);
    if (code != VT_OK)
        return code;
    take_inner(out, out_inner);
    copy_findings(parent, out_inner, out);
    judge(parent, stamped, compared == VT_OK, imprint_right, out_inner, out);
    take_digests(stamped, &info, out_inner, out);
    note_names(parent, &info, out);
    out->covers = out->integrity == VT_INTEGRITY_INTACT ? stamped->covers : 0;
    return VT_OK;
}

/* ---- a token by itself ---- */

/* What it is over is known elsewhere. */
struct lone_token {
    struct vt_stamped stamped; /* first: compare is given this */
    struct vt_bytes imprint;
};

static enum vt_code take_imprint(struct vt_stamped *stamped, const struct vt_cms *token,
                                 const struct vt_token_info *info, bool *out_right)
{
    struct lone_token *lone = (struct lone_token *)stamped;
    (void)token;
    *out_right = true;
    if (info->digest == vt_digest_sha256())
        lone->imprint = info->imprint;
    return VT_OK;
}

/* TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }: where a
 * ContentInfo has its type there is a SEQUENCE. */
static struct vt_bytes token_of_reply(struct vt_bytes bytes)
{
    struct vt_bytes rest = bytes;
    struct vt_der reply, status, token;
    if (vt_der_next(&rest, &reply) != VT_OK || reply.tag != VT_DER_SEQUENCE ||
        vt_der_peek(reply.body) != VT_DER_SEQUENCE || vt_der_next(&reply.body, &status) != VT_OK ||
        vt_der_next(&reply.body, &token) != VT_OK)
        return bytes;
    return token.raw;
}

enum vt_code vt_verify_token(struct vt_arena *arena, struct vt_certificate_pool *pool,
                             struct vt_bytes bytes, const char *kind,
                             struct vt_verified_timestamp *out, struct vt_verified *out_inner,
                             struct vt_bytes *out_imprint, struct vt_err *err)
{
    struct lone_token lone = {.stamped = {.kind = kind, .compare = take_imprint}};
    const struct vt_signing parent = {.arena = arena,
                                      .pool = pool,
                                      .cache = vt_certificate_pool_digests(pool),
                                      .is_timestamp = true};
    *out_imprint = (struct vt_bytes){0};
    if (parent.cache == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code =
        vt_timestamp_verify(&parent, token_of_reply(bytes), &lone.stamped, out_inner, out, err);
    *out_imprint = lone.imprint;
    return code;
}
