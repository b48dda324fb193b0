/* SPDX-License-Identifier: Apache-2.0
 * Taking a request: from a message to the certificates that are looked after. Those of strangers
 * are answered, and nothing is fetched for them. */
#include <stdio.h>
#include <string.h>

#include <jansson.h>
#include <openssl/x509v3.h>

#include "status/request_internal.h"

#define REQUEST_ARENA_BYTES ((size_t)64 * 1024 * 1024)
/* Issuers of one mail that were searched for in vain, before no other is searched for: the
 * inspector asks only about certificates that lead to an anchor. */
#define MAX_UNKNOWN_ISSUERS 8

struct vt_request_want *vt_request_add_want(struct vt_status_request *request,
                                            const struct vt_certificate *certificate,
                                            const struct vt_certificate *issuer)
{
    if (request->wants_count == VT_MAX_WANTED)
        return NULL;
    struct vt_request_want *want = &request->wants[request->wants_count++];
    *want = (struct vt_request_want){.certificate = certificate, .issuer = issuer};
    want->is_responder =
        issuer != NULL &&
        (X509_get_extended_key_usage(vt_certificate_x509(certificate)) & XKU_OCSP_SIGN) != 0 &&
        X509_get_extended_key_usage(vt_certificate_x509(certificate)) != UINT32_MAX;
    return want;
}

static bool is_among(const struct vt_certificate *certificate,
                     const struct vt_certificate *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i] == certificate)
            return true;
    }
    return false;
}

static bool is_named(const struct vt_certificate *issuer, const struct vt_certificate *const *items,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vt_certificate_names_issuer(items[i], issuer))
            return true;
    }
    return false;
}

/* Of those that were brought some day, which are more than one search takes, the ones that are
 * named as issuers, and their issuers. */
static size_t add_brought(const struct vt_status_request *request,
                          const struct vt_certificate *out[VT_MAX_CERTIFICATES], size_t count)
{
    const struct vt_certificate *brought[VT_MAX_STORE_ISSUERS];
    size_t brought_count = 0;
    size_t before = 0;
    for (size_t i = 0; i < vt_status_store_issuers(request->desk->store); i++) {
        if (vt_certificate_add(request->pool, vt_status_store_issuer(request->desk->store, i),
                               &brought[brought_count], NULL) == VT_OK)
            brought_count++;
    }
    while (before < count) {
        before = count;
        for (size_t i = 0; i < brought_count && count < VT_MAX_CERTIFICATES; i++) {
            if (!is_among(brought[i], out, count) && is_named(brought[i], out, count))
                out[count++] = brought[i];
        }
    }
    return count;
}

/* Others of the same mail may stand between a certificate and its anchor. */
static size_t gather_issuers(const struct vt_status_request *request,
                             const struct vt_certificate *out[VT_MAX_CERTIFICATES])
{
    size_t count = 0;
    for (size_t i = 0; i < request->wants_count && count < VT_MAX_CERTIFICATES; i++) {
        if (request->wants[i].issuer != NULL && !is_among(request->wants[i].issuer, out, count))
            out[count++] = request->wants[i].issuer;
    }
    return add_brought(request, out, count);
}

/* A CA, and one that leads to an anchor: each subscriber has a key that could sign certificates. */
static bool is_known_issuer(const struct vt_status_request *request,
                            const struct vt_certificate *issuer,
                            const struct vt_certificate *const *others, size_t count)
{
    return X509_check_ca(vt_certificate_x509(issuer)) > 0 &&
           vt_trust_has_path(request->desk->trust, issuer, others, count);
}

/* A search for a path costs some milliseconds: one for each issuer, and few in vain. */
static bool has_unknown_issuer(const struct vt_status_request *request, size_t index,
                               const struct vt_certificate *const *others, size_t count,
                               size_t *inout_unknown_count)
{
    const struct vt_request_want *want = &request->wants[index];
    for (size_t i = 0; i < index; i++) {
        if (request->wants[i].issuer == want->issuer)
            return request->wants[i].has_unknown_issuer;
    }
    if (*inout_unknown_count == MAX_UNKNOWN_ISSUERS)
        return true;
    bool is_unknown = !is_known_issuer(request, want->issuer, others, count);
    *inout_unknown_count += is_unknown;
    return is_unknown;
}

/* A stranger's certificate makes nobody fetch: it has to be signed by what leads to an anchor. No
 * signature is verified with the key of what does not. */
static void refuse_strangers(struct vt_status_request *request)
{
    const struct vt_certificate *others[VT_MAX_CERTIFICATES];
    size_t count = gather_issuers(request, others);
    size_t unknown_count = 0;
    for (size_t i = 0; i < request->wants_count; i++) {
        struct vt_request_want *want = &request->wants[i];
        if (want->issuer == NULL)
            continue;
        want->has_unknown_issuer = has_unknown_issuer(request, i, others, count, &unknown_count);
        if (!want->has_unknown_issuer &&
            vt_certificate_is_issued_by(want->certificate, want->issuer))
            continue;
        want->stage = STAGE_OVER;
        want->is_stranger = true;
        (void)snprintf(want->text, sizeof(want->text),
                       "it does not lead to a root that is configured here");
    }
}

static enum vt_code take_wants(struct vt_status_request *request, const struct vt_wants *wants)
{
    for (size_t i = 0; i < wants->status_count; i++) {
        const struct vt_certificate *certificate = NULL;
        const struct vt_certificate *issuer = NULL;
        enum vt_code code =
            vt_certificate_add(request->pool, wants->status[i].certificate, &certificate, NULL);
        if (code == VT_OK)
            code = vt_certificate_add(request->pool, wants->status[i].issuer, &issuer, NULL);
        if (code == VT_E_NOMEM)
            return code;
        if (code == VT_OK && vt_request_add_want(request, certificate, issuer) == NULL)
            break;
    }
    for (size_t i = 0; i < wants->issuer_of_count; i++) {
        const struct vt_certificate *certificate = NULL;
        enum vt_code code =
            vt_certificate_add(request->pool, wants->issuer_of[i], &certificate, NULL);
        if (code == VT_E_NOMEM)
            return code;
        if (code == VT_OK && vt_request_add_want(request, certificate, NULL) == NULL)
            break;
    }
    return VT_OK;
}

/* {"reference": "1831-0927-5569"}; no body: nobody is to be told later. */
static void read_reference(struct vt_status_request *request, const struct vt_message *message)
{
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *text = json_string_value(json_object_get(body, "reference"));
    if (text != NULL && strlen(text) < sizeof(request->reference))
        (void)snprintf(request->reference, sizeof(request->reference), "%s", text);
    json_decref(body);
}

static enum vt_code read_wants(struct vt_status_request *request, const struct vt_message *message,
                               struct vt_err *err)
{
    struct vt_bytes json = {0};
    struct vt_wants wants;
    if (message->type != VT_MSG_STATUS || message->fds_count != 1)
        return vt_err_set(err, VT_E_FORMAT, "a request for status is malformed");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_WANTS_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_wants_from_json(request->arena, json, &wants, err);
    if (code == VT_OK)
        code = take_wants(request, &wants);
    vt_memfd_unmap(json);
    read_reference(request, message);
    return code;
}

static struct vt_status_request *new_request(const struct vt_status_desk *desk,
                                             int64_t patience_msecs, struct vt_moment now,
                                             struct vt_err *err)
{
    struct vt_arena *arena = vt_arena_new(REQUEST_ARENA_BYTES);
    struct vt_status_request *request =
        arena != NULL ? vt_arena_alloc(arena, sizeof(*request)) : NULL;
    if (request != NULL)
        request->pool = vt_certificate_pool_new(arena, vt_trust_store_pool(desk->trust));
    if (request == NULL || request->pool == NULL) {
        vt_arena_free(arena);
        (void)vt_err_set(err, VT_E_NOMEM, "out of memory for a request");
        return NULL;
    }
    request->desk = desk;
    request->arena = arena;
    request->patience_msecs = patience_msecs;
    request->deadline_msecs = now.monotonic_msecs + patience_msecs;
    return request;
}

/* Start what has to be fetched, or give up. */
static enum vt_code begin(struct vt_status_request *request, enum vt_code code,
                          struct vt_moment now, struct vt_status_request **out)
{
    if (code != VT_OK) {
        vt_arena_free(request->arena);
        return code;
    }
    refuse_strangers(request);
    (void)vt_status_request_advance(request, now);
    *out = request;
    return VT_OK;
}

enum vt_code vt_status_request_new(const struct vt_status_desk *desk,
                                   const struct vt_message *message, struct vt_moment now,
                                   struct vt_status_request **out, struct vt_err *err)
{
    *out = NULL;
    struct vt_status_request *request = new_request(desk, desk->budget_msecs, now, err);
    return request != NULL ? begin(request, read_wants(request, message, err), now, out)
                           : VT_E_NOMEM;
}

enum vt_code vt_status_request_again(const struct vt_status_desk *desk, struct vt_bytes certificate,
                                     struct vt_bytes issuer, int64_t patience_msecs,
                                     struct vt_moment now, struct vt_status_request **out,
                                     struct vt_err *err)
{
    struct vt_want_status status = {.certificate = certificate, .issuer = issuer};
    const struct vt_wants wants = {.status = &status, .status_count = 1};
    *out = NULL;
    struct vt_status_request *request = new_request(desk, patience_msecs, now, err);
    return request != NULL ? begin(request, take_wants(request, &wants), now, out) : VT_E_NOMEM;
}

void vt_status_request_free(struct vt_status_request *request)
{
    if (request != NULL)
        vt_arena_free(request->arena);
}
