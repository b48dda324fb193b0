/* SPDX-License-Identifier: Apache-2.0
 * A sealed mail looked at before it leaves, by the ways of a receiver and not by those in which it
 * was made: unpacked, verified, and compared with the original part by part. */
#include <stdlib.h>
#include <string.h>

#include "seal/message.h"
#include "vanthu/document.h"
#include "vanthu/limits.h"
#include "vanthu/verify.h"
#include "verify/digest.h"

/* What has to be the same of a part. */
struct part_facts {
    char content_type[128];
    char name[VT_MAX_NAME_BYTES + 1];
    unsigned depth; /* below the root of what is signed */
    bool is_divided;
    struct vt_digest_value digest;
};
struct facts_list {
    struct part_facts *items; /* malloc'd: the arena they were read in does not stay */
    size_t count;
};

static bool is_divided(const struct vt_part *part)
{
    return part->format == VT_FORMAT_MULTIPART || part->format == VT_FORMAT_MAIL ||
           (part->content_type != NULL && strncmp(part->content_type, "multipart/", 10) == 0);
}

/* RFC 2045 5.2: what says nothing is text/plain. */
static enum vt_code read_part(const struct vt_part *part, unsigned root_depth,
                              const struct vt_seal_replacement *replaced, struct part_facts *out)
{
    const char *type = part->content_type != NULL ? part->content_type : "text/plain";
    *out = (struct part_facts){.depth = part->depth - root_depth, .is_divided = is_divided(part)};
    (void)snprintf(out->content_type, sizeof(out->content_type), "%s", type);
    (void)snprintf(out->name, sizeof(out->name), "%s", part->name != NULL ? part->name : "");
    if (out->is_divided)
        return VT_OK;
    /* Line ends of text are CRLF on the way (RFC 2046 4.1.1). */
    const struct vt_content content = {
        .ranges = {replaced != NULL ? replaced->content : part->bytes,
                   replaced != NULL ? replaced->more : (struct vt_bytes){0}},
        .count = 2,
        .canonical_text = strncmp(type, "text/", 5) == 0 || strncmp(type, "message/", 8) == 0};
    struct vt_arena *arena = vt_arena_new((size_t)1024 * 1024);
    struct vt_digest_cache *cache = arena == NULL ? NULL : vt_digest_cache_new(arena);
    enum vt_code code = cache == NULL
                            ? VT_E_NOMEM
                            : vt_digest_content(cache, vt_digest_sha256(), &content, &out->digest);
    vt_arena_free(arena);
    return code;
}

static const struct vt_seal_replacement *replacement_of(const struct vt_seal_message_plan *plan,
                                                        const struct vt_part *part)
{
    const struct vt_seal_replacement *found = NULL;
    for (size_t i = 0; plan != NULL && i < plan->replacements_count; i++) {
        if (strcmp(plan->replacements[i].path, part->path) == 0)
            found = &plan->replacements[i];
    }
    return found;
}

/* Parts first to end, the first being the root. plan: they are those of the original. */
static enum vt_code read_facts(const struct vt_unpacked *unpacked, size_t first, size_t end,
                               const struct vt_seal_message_plan *plan, struct facts_list *out)
{
    enum vt_code code = VT_OK;
    out->items = calloc(end > first ? end - first : 1, sizeof(*out->items));
    if (out->items == NULL)
        return VT_E_NOMEM;
    for (size_t i = first; i < end && code == VT_OK; i++)
        code = read_part(&unpacked->parts[i], unpacked->parts[first].depth,
                         replacement_of(plan, &unpacked->parts[i]), &out->items[i - first]);
    out->count = end - first;
    return code;
}

static bool is_same(const struct part_facts *a, const struct part_facts *b)
{
    return strcmp(a->content_type, b->content_type) == 0 && strcmp(a->name, b->name) == 0 &&
           a->depth == b->depth && a->is_divided == b->is_divided &&
           a->digest.len == b->digest.len &&
           memcmp(a->digest.bytes, b->digest.bytes, a->digest.len) == 0;
}

static const char *compare(const struct facts_list *original, const struct facts_list *sealed)
{
    if (original->count != sealed->count)
        return "The sealed mail has other parts than the original.";
    for (size_t i = 0; i < original->count; i++) {
        if (!is_same(&original->items[i], &sealed->items[i]))
            return "A part of the sealed mail is not the same as in the original.";
    }
    return NULL;
}

static enum vt_code read_original(struct vt_bytes mail, const struct vt_seal_message_plan *plan,
                                  struct facts_list *out, struct vt_err *err)
{
    struct vt_unpacked *unpacked = NULL;
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    enum vt_code code =
        arena == NULL ? VT_E_NOMEM : vt_unpack(arena, mail, NULL, true, &unpacked, err);
    if (code == VT_OK)
        code = read_facts(unpacked, 1, unpacked->parts_count > 1 ? unpacked->parts_count : 1, plan,
                          out);
    vt_arena_free(arena);
    return code;
}

/* ---- the seal ---- */

struct check_work {
    struct vt_arena *arena;
    struct vt_unpacked *unpacked;
    const struct vt_seal_identity *identity;
    struct vt_verified_list verified;
    const char *why;
};

/* The last element that begins the chain: the certificate of the seal. */
static bool is_own(const struct vt_seal_identity *identity, const struct vt_certificate *signer)
{
    return signer != NULL && vt_bytes_starts_with(identity->chain, vt_certificate_der(signer));
}

static const char *look_at_signature(const struct check_work *work)
{
    const struct vt_verified *signature = &work->verified.items[0];
    if (work->verified.count != 1)
        return "The sealed mail has not exactly one signature.";
    if (signature->integrity != VT_INTEGRITY_INTACT || signature->sub_indication != VT_SUB_NONE)
        return "The signature of the sealed mail is not intact.";
    if (!is_own(work->identity, signature->signer) || !signature->ess_bound)
        return "The signature of the sealed mail is not that of the seal's certificate.";
    for (size_t i = 0; i < signature->timestamps_count; i++) {
        if (signature->timestamps[i].integrity != VT_INTEGRITY_INTACT)
            return "The time stamp of the sealed mail is not one of its signature.";
    }
    return NULL;
}

static enum vt_code verify(struct check_work *work, const struct vt_signed_object *object,
                           struct vt_err *err)
{
    struct vt_certificate_pool *pool = vt_certificate_pool_new(work->arena, NULL);
    if (pool == NULL)
        return VT_E_NOMEM;
    return vt_verify_objects(work->arena, pool, object, 1, NULL, 0, &work->verified, err);
}

/* multipart/signed: the signed bytes to the octet, and the part that is the signature. */
static enum vt_code check_clear(struct check_work *work, const struct vt_part *root,
                                struct vt_err *err)
{
    if (root->signed_bytes.len == 0 || root->signature_part >= work->unpacked->parts_count ||
        (root->reasons & VT_REASON_BIT(VT_REASON_MALFORMED)) != 0) {
        work->why = "The structure of the sealed mail can be read in more than one way.";
        return VT_OK;
    }
    const struct vt_signed_object object = {
        .format = VT_SIGNATURE_SMIME,
        .ranges = {root->signed_bytes},
        .ranges_count = 1,
        .cms = work->unpacked->parts[root->signature_part].bytes,
    };
    return verify(work, &object, err);
}

/* application/pkcs7-mime: what is signed is inside and unpacked from there. */
static enum vt_code check_opaque(struct check_work *work, const struct vt_part *root,
                                 struct vt_err *err)
{
    const struct vt_signed_object object = {
        .format = VT_SIGNATURE_SMIME,
        .binding = VT_BINDING_ENCAPSULATED,
        .cms = root->bytes,
    };
    enum vt_code code = verify(work, &object, err);
    if (code != VT_OK || !work->verified.has_content)
        return code;
    return vt_unpack_entity(work->arena, work->unpacked, 1, work->verified.content, err);
}

static enum vt_code check_sealed(struct check_work *work, const struct facts_list *original,
                                 struct vt_err *err)
{
    const struct vt_part *root = work->unpacked->parts_count > 1 ? &work->unpacked->parts[1] : NULL;
    struct facts_list sealed = {0};
    if (root == NULL || root->format != VT_FORMAT_SMIME) {
        work->why = "The sealed mail is no S/MIME message.";
        return VT_OK;
    }
    bool is_clear = strcmp(root->content_type, "multipart/signed") == 0;
    enum vt_code code = is_clear ? check_clear(work, root, err) : check_opaque(work, root, err);
    if (code != VT_OK || work->why != NULL)
        return code;
    root = &work->unpacked->parts[1]; /* it may have moved */
    work->why =
        work->verified.count == 0 ? "The sealed mail has no signature." : look_at_signature(work);
    size_t end = is_clear ? root->signature_part : work->unpacked->parts_count;
    if (work->why == NULL && end < 3)
        work->why = "The sealed mail has nothing that is signed.";
    if (work->why != NULL)
        return VT_OK;
    code = read_facts(work->unpacked, 2, end, NULL, &sealed);
    if (code == VT_OK)
        work->why = compare(original, &sealed);
    free(sealed.items);
    return code;
}

/* Nothing is signed: the same parts, with what they were to get. */
static enum vt_code check_bare(struct check_work *work, const struct facts_list *original)
{
    struct facts_list replaced = {0};
    size_t end = work->unpacked->parts_count > 1 ? work->unpacked->parts_count : 1;
    enum vt_code code = read_facts(work->unpacked, 1, end, NULL, &replaced);
    if (code == VT_OK)
        work->why = compare(original, &replaced);
    free(replaced.items);
    return code;
}

/* ---- the lines ---- */

static const char *look_at_lines(struct vt_bytes mail)
{
    struct vt_header_block block;
    vt_header_split(mail, true, &block);
    struct vt_lines lines = vt_lines_look(block.body);
    if (!vt_lines_are_safe(&lines) || lines.has_bare_lf)
        return "The sealed mail has 8-bit characters, long lines or line ends that may be changed "
               "on its way.";
    return NULL;
}

enum vt_code vt_seal_message_check(struct vt_arena *arena, struct vt_bytes original,
                                   struct vt_bytes sealed, const struct vt_seal_message_plan *plan,
                                   struct vt_seal_check *out, struct vt_err *err)
{
    struct check_work work = {.arena = arena, .identity = plan->identity};
    struct facts_list facts = {0};
    *out = (struct vt_seal_check){.why = "The sealed mail was not checked."};
    bool is_bare = plan->form == VT_SEAL_BARE;
    work.why = is_bare ? NULL : look_at_lines(sealed);
    enum vt_code code = work.why != NULL ? VT_OK : read_original(original, plan, &facts, err);
    if (code == VT_OK && work.why == NULL)
        code = vt_unpack(arena, sealed, NULL, true, &work.unpacked, err);
    if (code == VT_OK && work.why == NULL)
        code = is_bare ? check_bare(&work, &facts) : check_sealed(&work, &facts, err);
    free(facts.items);
    if (code == VT_OK)
        *out = (struct vt_seal_check){.is_good = work.why == NULL, .why = work.why};
    return code == VT_E_NOMEM ? vt_err_set(err, code, "no memory to check a sealed mail") : code;
}
