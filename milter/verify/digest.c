/* SPDX-License-Identifier: Apache-2.0
 * Digests of contents in ranges, with results and running prefixes remembered. */
#include "verify/digest.h"

#include <string.h>

#include <openssl/err.h>

/* Results that are kept: signatures of one mail times the algorithms in use. */
#define MAX_RESULTS 256
/* Documents of one mail whose prefix is kept open, times algorithms. */
#define MAX_PREFIXES 16
/* What is shorter is cheaper to hash again than to keep. */
#define MIN_PREFIX_BYTES 4096
#define MIN_RESULT_BYTES 4096

struct result {
    const struct vt_digest *digest;
    struct vt_content content;
    struct vt_digest_value value;
};

/* The digest of the first len bytes at ptr, still open. */
struct prefix {
    const struct vt_digest *digest;
    const uint8_t *ptr;
    size_t len;
    EVP_MD_CTX *context; /* owned by the arena */
};

struct vt_digest_cache {
    struct vt_arena *arena;
    struct result *results;
    size_t results_count;
    struct prefix prefixes[MAX_PREFIXES];
    size_t prefixes_count;
};

struct vt_digest_cache *vt_digest_cache_new(struct vt_arena *arena)
{
    struct vt_digest_cache *cache = vt_arena_alloc(arena, sizeof(*cache));
    if (cache != NULL)
        cache->arena = arena;
    return cache;
}

/* ---- running digests ---- */

static enum vt_code begin(const struct vt_digest *digest, EVP_MD_CTX **out)
{
    *out = NULL;
    if (digest->md == NULL)
        return VT_E_UNSUPPORTED;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL)
        return VT_E_NOMEM;
    if (EVP_DigestInit_ex(context, digest->md(), NULL) != 1) {
        ERR_clear_error();
        EVP_MD_CTX_free(context);
        return VT_E_UNSUPPORTED;
    }
    *out = context;
    return VT_OK;
}

static enum vt_code finish(EVP_MD_CTX *context, const struct vt_digest *digest,
                           struct vt_digest_value *out)
{
    unsigned len = 0;
    int done;
    if (digest->xof_bytes != 0) {
        len = digest->xof_bytes;
        done = EVP_DigestFinalXOF(context, out->bytes, len);
    } else {
        done = EVP_DigestFinal_ex(context, out->bytes, &len);
    }
    out->len = len;
    return done == 1 ? VT_OK : VT_E_INTERNAL;
}

static enum vt_code update(EVP_MD_CTX *context, struct vt_bytes bytes)
{
    return EVP_DigestUpdate(context, bytes.ptr, bytes.len) == 1 ? VT_OK : VT_E_INTERNAL;
}

/* ---- canonical text ---- */

struct canonical {
    EVP_MD_CTX *context;
    uint8_t buffer[8192];
    size_t used;
    uint8_t last;
};

static enum vt_code flush(struct canonical *text)
{
    enum vt_code code = update(text->context, vt_bytes_of(text->buffer, text->used));
    text->used = 0;
    return code;
}

static enum vt_code update_canonical(struct canonical *text, struct vt_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (text->used + 2 > sizeof(text->buffer) && flush(text) != VT_OK)
            return VT_E_INTERNAL;
        if (c == '\n' && text->last != '\r')
            text->buffer[text->used++] = '\r';
        text->buffer[text->used++] = c;
        text->last = c;
    }
    return VT_OK;
}

static enum vt_code hash_canonical(EVP_MD_CTX *context, const struct vt_content *content)
{
    struct canonical text = {.context = context};
    for (size_t i = 0; i < content->count; i++) {
        if (update_canonical(&text, content->ranges[i]) != VT_OK)
            return VT_E_INTERNAL;
    }
    return flush(&text);
}

bool vt_content_has_bare_lf(const struct vt_content *content)
{
    uint8_t last = 0;
    for (size_t i = 0; i < content->count; i++) {
        struct vt_bytes range = content->ranges[i];
        const uint8_t *end = range.ptr + range.len;
        const uint8_t *at = range.ptr;
        while (range.len > 0 && (at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            if ((at == range.ptr ? last : at[-1]) != '\r')
                return true;
            at++;
        }
        if (range.len > 0)
            last = end[-1];
    }
    return false;
}

void vt_digest_cache_next(struct vt_digest_cache *cache)
{
    cache->prefixes_count = 0;
}

/* ---- prefixes ---- */

static struct prefix *find_prefix(struct vt_digest_cache *cache, const struct vt_digest *digest,
                                  const uint8_t *ptr)
{
    for (size_t i = 0; i < cache->prefixes_count; i++) {
        if (cache->prefixes[i].digest == digest && cache->prefixes[i].ptr == ptr)
            return &cache->prefixes[i];
    }
    return NULL;
}

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static struct prefix *new_prefix(struct vt_digest_cache *cache, const struct vt_digest *digest,
                                 const uint8_t *ptr)
{
    if (cache->prefixes_count == MAX_PREFIXES)
        return NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || vt_arena_own(cache->arena, context, free_context) != VT_OK)
        return NULL;
    struct prefix *prefix = &cache->prefixes[cache->prefixes_count++];
    *prefix = (struct prefix){.digest = digest, .ptr = ptr, .context = context};
    return prefix;
}

/* Remember the digest of the first range. Failing to remember costs time only. */
static void keep_prefix(struct vt_digest_cache *cache, const struct vt_digest *digest,
                        struct vt_bytes range, const EVP_MD_CTX *context)
{
    struct prefix *prefix = find_prefix(cache, digest, range.ptr);
    if (prefix == NULL)
        prefix = new_prefix(cache, digest, range.ptr);
    if (prefix == NULL || range.len <= prefix->len)
        return;
    prefix->len = EVP_MD_CTX_copy_ex(prefix->context, context) == 1 ? range.len : 0;
}

/* Hash the first range, from where an earlier revision left off when there was one. */
static enum vt_code hash_first(struct vt_digest_cache *cache, const struct vt_digest *digest,
                               struct vt_bytes range, EVP_MD_CTX *context)
{
    const struct prefix *prefix = find_prefix(cache, digest, range.ptr);
    size_t from = 0;
    if (prefix != NULL && prefix->len > 0 && prefix->len <= range.len &&
        EVP_MD_CTX_copy_ex(context, prefix->context) == 1)
        from = prefix->len;
    if (update(context, vt_bytes_slice(range, from, range.len - from)) != VT_OK)
        return VT_E_INTERNAL;
    if (range.len >= MIN_PREFIX_BYTES)
        keep_prefix(cache, digest, range, context);
    return VT_OK;
}

static enum vt_code hash_ranges(struct vt_digest_cache *cache, const struct vt_digest *digest,
                                const struct vt_content *content, EVP_MD_CTX *context)
{
    if (content->canonical_text)
        return hash_canonical(context, content);
    for (size_t i = 0; i < content->count; i++) {
        enum vt_code code = i == 0 ? hash_first(cache, digest, content->ranges[0], context)
                                   : update(context, content->ranges[i]);
        if (code != VT_OK)
            return code;
    }
    return VT_OK;
}

/* ---- results ---- */

static bool same_content(const struct vt_content *a, const struct vt_content *b)
{
    if (a->count != b->count || a->canonical_text != b->canonical_text)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        if (a->ranges[i].ptr != b->ranges[i].ptr || a->ranges[i].len != b->ranges[i].len)
            return false;
    }
    return true;
}

static const struct result *find_result(const struct vt_digest_cache *cache,
                                        const struct vt_digest *digest,
                                        const struct vt_content *content)
{
    for (size_t i = 0; i < cache->results_count; i++) {
        if (cache->results[i].digest == digest && same_content(&cache->results[i].content, content))
            return &cache->results[i];
    }
    return NULL;
}

static void keep_result(struct vt_digest_cache *cache, const struct result *result)
{
    size_t len = 0;
    for (size_t i = 0; i < result->content.count; i++)
        len += result->content.ranges[i].len;
    if (cache->results_count == MAX_RESULTS || len < MIN_RESULT_BYTES)
        return;
    struct result *results =
        vt_arena_grow(cache->arena, cache->results, cache->results_count, sizeof(*results));
    if (results == NULL)
        return;
    results[cache->results_count++] = *result;
    cache->results = results;
}

enum vt_code vt_digest_content(struct vt_digest_cache *cache, const struct vt_digest *digest,
                               const struct vt_content *content, struct vt_digest_value *out)
{
    EVP_MD_CTX *context;
    const struct result *known = find_result(cache, digest, content);
    if (known != NULL) {
        *out = known->value;
        return VT_OK;
    }
    enum vt_code code = begin(digest, &context);
    if (code != VT_OK)
        return code;
    struct result result = {.digest = digest, .content = *content};
    code = hash_ranges(cache, digest, content, context);
    if (code == VT_OK)
        code = finish(context, digest, &result.value);
    EVP_MD_CTX_free(context);
    if (code != VT_OK)
        return code;
    keep_result(cache, &result);
    *out = result.value;
    return VT_OK;
}

enum vt_code vt_digest_bytes(const struct vt_digest *digest, struct vt_bytes bytes,
                             struct vt_digest_value *out)
{
    EVP_MD_CTX *context;
    enum vt_code code = begin(digest, &context);
    if (code != VT_OK)
        return code;
    code = update(context, bytes);
    if (code == VT_OK)
        code = finish(context, digest, out);
    EVP_MD_CTX_free(context);
    return code;
}

enum vt_code vt_digest_pieces(const struct vt_digest *digest, const struct vt_bytes *pieces,
                              size_t count, struct vt_digest_value *out)
{
    EVP_MD_CTX *context;
    enum vt_code code = begin(digest, &context);
    for (size_t i = 0; code == VT_OK && i < count; i++)
        code = update(context, pieces[i]);
    if (code == VT_OK)
        code = finish(context, digest, out);
    EVP_MD_CTX_free(context);
    return code;
}

bool vt_digest_equal(const struct vt_digest_value *value, struct vt_bytes expected)
{
    return expected.len != 0 && vt_bytes_equal(vt_bytes_of(value->bytes, value->len), expected);
}
