/* SPDX-License-Identifier: Apache-2.0
 * What the OCSP responses of one mail say, each question answered once. Reading one of 256 KB costs
 * milliseconds, and a document may carry many, about nobody of its own: they are looked through for
 * the serial number first, and all that together has an end. */
#include "status/ocsp_cache.h"

#include <stdio.h>
#include <string.h>

/* Questions of one mail, each a response and a certificate: a hundred signatures with a dozen
 * responses and five certificates each. */
#define MAX_QUESTIONS 8192
/* Slots for the first ones, a power of two; there are four times as many when half is taken. */
#define FIRST_SLOTS 64
/* Bytes that are looked through, and responses and bytes that are read. */
#define MAX_SEARCHED_BYTES ((size_t)512 * 1024 * 1024)
#define MAX_READ 1024
#define MAX_READ_BYTES ((size_t)32 * 1024 * 1024)

struct answer {
    const uint8_t *response; /* NULL: a free slot */
    const struct vt_certificate *certificate, *issuer;
    enum vt_code code;
    const struct vt_status_fact *fact; /* VT_OK */
    const char *why;                   /* NULL: the response is about another certificate */
};

struct vt_ocsp_cache {
    struct vt_arena *arena;
    struct answer *slots;
    size_t slots_count;
    size_t count;
    size_t searched_bytes;
    size_t read_count;
    size_t read_bytes;
};

struct vt_ocsp_cache *vt_ocsp_cache_new(struct vt_arena *arena)
{
    struct vt_ocsp_cache *cache = vt_arena_alloc(arena, sizeof(*cache));
    if (cache != NULL)
        cache->arena = arena;
    return cache;
}

static size_t hash_of(const struct answer *question)
{
    const uintptr_t places[] = {(uintptr_t)question->response, (uintptr_t)question->certificate,
                                (uintptr_t)question->issuer};
    uint64_t hash = 0;
    for (size_t i = 0; i < 3; i++)
        hash = (hash ^ (places[i] >> 3)) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 32);
}

/* The answer to this question, or the free slot for it. */
static struct answer *find_slot(struct vt_ocsp_cache *cache, const struct answer *question)
{
    size_t at = hash_of(question) & (cache->slots_count - 1);
    while (cache->slots[at].response != NULL &&
           (cache->slots[at].response != question->response ||
            cache->slots[at].certificate != question->certificate ||
            cache->slots[at].issuer != question->issuer))
        at = (at + 1) & (cache->slots_count - 1);
    return &cache->slots[at];
}

/* Half of the slots stays free. */
static enum vt_code make_room(struct vt_ocsp_cache *cache)
{
    struct vt_ocsp_cache grown = *cache;
    if (2 * cache->count < cache->slots_count)
        return VT_OK;
    grown.slots_count = cache->slots_count == 0 ? FIRST_SLOTS : 4 * cache->slots_count;
    grown.slots = vt_arena_alloc(cache->arena, grown.slots_count * sizeof(*grown.slots));
    if (grown.slots == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < cache->slots_count; i++) {
        if (cache->slots[i].response != NULL)
            *find_slot(&grown, &cache->slots[i]) = cache->slots[i];
    }
    *cache = grown;
    return VT_OK;
}

/* One with this number somewhere, or an error answer, which has none. */
static bool may_be_about(struct vt_ocsp_cache *cache, struct vt_bytes response,
                         const struct vt_certificate *certificate)
{
    struct vt_bytes serial = vt_certificate_serial(certificate);
    const size_t longest_error = 16;
    cache->searched_bytes += response.len;
    return response.len <= longest_error || serial.len == 0 ||
           memmem(response.ptr, response.len, serial.ptr, serial.len) != NULL;
}

static enum vt_code ask(struct vt_ocsp_cache *cache, struct vt_certificate_pool *pool,
                        struct vt_bytes response, struct answer *answer, struct vt_err *err)
{
    struct vt_err why = {0};
    struct vt_status_fact fact;
    if (!may_be_about(cache, response, answer->certificate))
        return answer->code =
                   vt_err_set(err, VT_E_NOT_FOUND, "the OCSP response is for another certificate");
    if (cache->read_count >= MAX_READ || cache->read_bytes > MAX_READ_BYTES)
        return VT_E_LIMIT;
    cache->read_count++;
    cache->read_bytes += response.len;
    answer->code =
        vt_status_read_ocsp(cache->arena, pool, response, answer->certificate, answer->issuer,
                            (struct vt_bytes){0}, "embedded", &fact, &why);
    if (answer->code == VT_E_LIMIT) /* a single one that is too large */
        answer->code = VT_E_UNSUPPORTED;
    if (answer->code == VT_OK) {
        answer->fact = vt_arena_dup(cache->arena, &fact, sizeof(fact));
        return answer->fact != NULL ? VT_OK : VT_E_NOMEM;
    }
    answer->why = vt_arena_str(cache->arena, why.text);
    return answer->why != NULL ? vt_err_set(err, answer->code, "%s", answer->why) : VT_E_NOMEM;
}

enum vt_code vt_ocsp_cache_read(struct vt_ocsp_cache *cache, struct vt_certificate_pool *pool,
                                struct vt_bytes response, const struct vt_certificate *certificate,
                                const struct vt_certificate *issuer, struct vt_status_fact *out,
                                struct vt_err *err)
{
    struct answer question = {
        .response = response.ptr, .certificate = certificate, .issuer = issuer};
    enum vt_code code = make_room(cache);
    if (code != VT_OK)
        return code;
    struct answer *slot = find_slot(cache, &question);
    code = VT_E_LIMIT;
    if (slot->response != NULL) {
        code = slot->code;
        if (code != VT_OK)
            (void)vt_err_set(err, code, "%s", slot->why != NULL ? slot->why : "");
    } else if (cache->count < MAX_QUESTIONS && cache->searched_bytes < MAX_SEARCHED_BYTES) {
        code = ask(cache, pool, response, &question, err);
        if (code == VT_E_NOMEM || code == VT_E_INTERNAL)
            return code;
    }
    if (code == VT_E_LIMIT)
        return vt_err_set(err, code, "the mail has more OCSP responses than are read");
    if (slot->response == NULL) {
        *slot = question;
        cache->count++;
    }
    if (code == VT_OK)
        *out = *slot->fact;
    return code;
}
