/* SPDX-License-Identifier: Apache-2.0
 * What a verdict rests on, gathered while it is made: certificates of every path, its signers' and
 * time stamp authorities' too, statements about them, tokens. What the status role fetched is named
 * only: it has the bytes. */
#include <string.h>

#include "trust/judge.h"
#include "vanthu/crl.h"

static enum vt_code add(const struct vt_judgement *judgement, enum vt_object_kind kind,
                        enum vt_status_origin from, const char *sha256, struct vt_bytes bytes)
{
    struct vt_object object = {
        .kind = kind, .from = (enum vt_object_from)from, .size_bytes = (uint32_t)bytes.len};
    memcpy(object.sha256, sha256, sizeof(object.sha256));
    if (from != VT_ORIGIN_FETCHED)
        object.bytes = bytes;
    return vt_object_list_add(judgement->input->used, &object);
}

enum vt_code vt_judge_used_certificate(const struct vt_judgement *judgement,
                                       const struct vt_certificate *certificate)
{
    return add(judgement, VT_OBJECT_CERTIFICATE, VT_ORIGIN_EMBEDDED,
               vt_certificate_sha256(certificate), vt_certificate_der(certificate));
}

enum vt_code vt_judge_used_path(const struct vt_judgement *judgement, const struct vt_path *path)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < path->count && code == VT_OK; i++)
        code = vt_judge_used_certificate(judgement, path->items[i]);
    return code;
}

enum vt_code vt_judge_used_token(const struct vt_judgement *judgement,
                                 const struct vt_verified_timestamp *token)
{
    return add(judgement, VT_OBJECT_TIMESTAMP, VT_ORIGIN_EMBEDDED, token->sha256, token->token);
}

enum vt_code vt_judge_used_fact(const struct vt_judgement *judgement,
                                const struct vt_status_fact *fact, struct vt_bytes response)
{
    bool is_crl = fact->source != NULL && strcmp(fact->source, "crl") == 0;
    return add(judgement, is_crl ? VT_OBJECT_CRL : VT_OBJECT_OCSP, fact->from, fact->data_sha256,
               response);
}

enum vt_code vt_judge_used_list(const struct vt_judgement *judgement,
                                const struct vt_crl_list *list)
{
    return add(judgement, VT_OBJECT_CRL, vt_crl_list_from(list), vt_crl_list_data_sha256(list),
               vt_crl_list_crl(list)->der);
}
