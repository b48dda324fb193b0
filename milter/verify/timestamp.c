/* SPDX-License-Identifier: Apache-2.0
 * Time stamp tokens (RFC 3161 2.4.2, RFC 5816): the imprint is over the right bytes, and the
 * token's own signature is right. Whether the authority is trusted is asked elsewhere. */
#include "verify/signer.h"

#include "verify/der.h"
#include "verify/oid.h"

/* What matters of TSTInfo. */
struct token_info {
    const struct vt_digest *digest; /* NULL: not known */
    struct vt_bytes imprint;
    int64_t time_utc_secs;
};

/* TSTInfo ::= SEQUENCE { version INTEGER { v1(1) }, policy OID, messageImprint SEQUENCE {
 * hashAlgorithm, hashedMessage OCTET STRING }, serialNumber INTEGER, genTime GeneralizedTime,
 * accuracy OPTIONAL, ordering BOOLEAN DEFAULT FALSE, nonce INTEGER OPTIONAL, tsa [0] OPTIONAL,
 * extensions [1] OPTIONAL } */
static enum vt_code parse_info(struct vt_bytes content, struct token_info *out)
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

    *out = (struct token_info){.time_utc_secs = VT_TIME_NONE};
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
    return VT_OK;
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

/* VT_OK with *out_right; VT_E_UNSUPPORTED: a digest that cannot be computed. */
static enum vt_code compare_imprint(const struct vt_signing *parent,
                                    const struct vt_content *stamped, const struct token_info *info,
                                    bool *out_right)
{
    struct vt_digest_value value;
    *out_right = false;
    if (info->digest == NULL)
        return VT_E_UNSUPPORTED;
    enum vt_code code = vt_digest_content(parent->cache, info->digest, stamped, &value);
    if (code == VT_OK)
        *out_right = vt_digest_equal(&value, info->imprint);
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

static void judge(const struct vt_signing *parent, const struct token_info *info, bool comparable,
                  bool imprint_right, struct vt_verified *inner, struct vt_verified_timestamp *out)
{
    out->integrity = VT_INTEGRITY_UNDETERMINED;
    if (!comparable)
        unverified(parent, out, "The digest algorithm of the time stamp is not supported.");
    if (inner->integrity == VT_INTEGRITY_UNDETERMINED)
        unverified(parent, out, "The signature of the time stamp could not be verified.");
    if (comparable && !imprint_right) {
        invalid(parent, out, "The time stamp is not over these bytes.");
        vt_verified_fail(inner, VT_SUB_HASH_FAILURE, VT_REASON_CONTENT_CHANGED);
    }
    if (inner->integrity == VT_INTEGRITY_BROKEN)
        invalid(parent, out, "The signature of the time stamp is wrong.");
    if (comparable && imprint_right && inner->integrity == VT_INTEGRITY_INTACT)
        out->integrity = VT_INTEGRITY_INTACT;
    if (!inner->ess_bound)
        VT_NOTE(parent->arena, out,
                "The time stamp does not name its signer's certificate (RFC 3161 2.4.1).");
    if (info->digest != NULL && info->digest->strength != VT_STRENGTH_GOOD)
        out->reasons |= VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM);
}

/* A token has exactly one signature, the authority's (RFC 3161 2.4.2). */
static const char *defect_of(enum vt_code code, const struct vt_cms *cms,
                             struct token_info *out_info)
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

enum vt_code vt_timestamp_verify(const struct vt_signing *parent, struct vt_bytes token,
                                 const char *kind, const struct vt_content *stamped,
                                 struct vt_verified *out_inner, struct vt_verified_timestamp *out,
                                 struct vt_err *err)
{
    struct token_info info;
    bool imprint_right = false;
    struct vt_cms *cms = vt_arena_alloc(parent->arena, sizeof(*cms));

    *out = (struct vt_verified_timestamp){.kind = kind, .time_utc_secs = VT_TIME_NONE};
    *out_inner = (struct vt_verified){.claimed_time_utc_secs = VT_TIME_NONE};
    if (cms == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    enum vt_code code = vt_cms_parse(parent->arena, token, cms, err);
    if (code == VT_E_NOMEM)
        return code;
    const char *defect = defect_of(code, cms, &info);
    if (defect != NULL) {
        vt_verified_unreadable(out_inner);
        unverified(parent, out, defect);
        return VT_OK;
    }
    out->time_utc_secs = info.time_utc_secs;
    out->digest_algorithm = info.digest != NULL ? info.digest->name : NULL;
    enum vt_code compared = compare_imprint(parent, stamped, &info, &imprint_right);
    if (compared != VT_OK && compared != VT_E_UNSUPPORTED)
        return vt_err_set(err, compared, "the imprint of a time stamp could not be computed");
    code = verify_token(parent, cms, out_inner, err);
    if (code != VT_OK)
        return code;
    take_inner(out, out_inner);
    copy_findings(parent, out_inner, out);
    judge(parent, &info, compared == VT_OK, imprint_right, out_inner, out);
    return VT_OK;
}

/* ---- tokens among the attributes ---- */

static void take_revocations(struct vt_verified *out, const struct vt_verified *inner)
{
    for (size_t i = 0; i < inner->crls_count && out->crls_count < VT_MAX_REVOCATIONS; i++)
        out->crls[out->crls_count++] = inner->crls[i];
    for (size_t i = 0; i < inner->ocsps_count && out->ocsps_count < VT_MAX_REVOCATIONS; i++)
        out->ocsps[out->ocsps_count++] = inner->ocsps[i];
}

static enum vt_code add_token(struct vt_signer_work *work, struct vt_bytes token, const char *kind,
                              const struct vt_content *stamped, struct vt_err *err)
{
    struct vt_arena *arena = work->signing->arena;
    struct vt_verified *out = work->out;
    struct vt_verified *inner = vt_arena_alloc(arena, sizeof(*inner));
    struct vt_verified_timestamp *grown =
        vt_arena_grow(arena, out->timestamps, out->timestamps_count, sizeof(*grown));
    if (inner == NULL || grown == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    out->timestamps = grown;
    enum vt_code code = vt_timestamp_verify(work->signing, token, kind, stamped, inner,
                                            &grown[out->timestamps_count], err);
    if (code != VT_OK)
        return code;
    out->timestamps_count++;
    take_revocations(out, inner);
    return VT_OK;
}

/* Every value of every attribute of the type: several tokens are allowed. */
static enum vt_code add_tokens(struct vt_signer_work *work, const struct vt_attributes *set,
                               struct vt_bytes oid, const char *kind,
                               const struct vt_content *stamped, struct vt_err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        struct vt_bytes values = set->items[i].values;
        struct vt_der token;
        if (!vt_bytes_equal(set->items[i].oid, oid))
            continue;
        while (vt_der_next(&values, &token) == VT_OK) {
            if (work->out->timestamps_count == VT_MAX_TIMESTAMPS) {
                VT_NOTE(work->signing->arena, work->out,
                        "There are more time stamps than the %d that were verified.",
                        VT_MAX_TIMESTAMPS);
                return VT_OK;
            }
            enum vt_code code = add_token(work, token.raw, kind, stamped, err);
            if (code != VT_OK)
                return code;
        }
    }
    return VT_OK;
}

static void note_unused(struct vt_signer_work *work)
{
    const struct {
        struct vt_bytes oid;
        const char *what;
    } kinds[] = {{VT_OID_COUNTERSIGNATURE, "countersignature"},
                 {VT_OID_ESC_TIME_STAMP, "CAdES-C time stamp"},
                 {VT_OID_ARCHIVE_TIME_STAMP_V2, "archive time stamp"},
                 {VT_OID_ARCHIVE_TIME_STAMP_V3, "archive time stamp"}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t count;
        vt_attributes_find(&work->unsigned_attributes, kinds[i].oid, &count);
        if (count > 0)
            VT_NOTE(work->signing->arena, work->out,
                    "%zu attribute%s of the kind %s found; not verified.", count,
                    count == 1 ? "" : "s", kinds[i].what);
    }
}

enum vt_code vt_timestamps_verify(struct vt_signer_work *work, struct vt_err *err)
{
    struct vt_content *value = vt_arena_alloc(work->signing->arena, sizeof(*value));
    if (value == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a time stamp");
    value->ranges[0] = work->signer->signature_value;
    value->count = 1;
    note_unused(work);
    enum vt_code code = add_tokens(work, &work->unsigned_attributes, VT_OID_TIME_STAMP_TOKEN,
                                   "signature", value, err);
    if (code != VT_OK || work->matched_content == NULL)
        return code;
    return add_tokens(work, &work->attributes, VT_OID_CONTENT_TIME_STAMP, "content",
                      work->matched_content, err);
}
