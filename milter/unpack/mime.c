/* SPDX-License-Identifier: Apache-2.0
 * What becomes of one item of the worklist: a multipart yields its parts, a nested mail its
 * entity, anything else is a leaf (RFC 2045, RFC 2046). The structure is found by our own linear
 * scan, because GMime recurses and stops in silence; GMime reads the header values and is asked
 * again about everything that is signed. */
#include "unpack/mime.h"

#include <string.h>

#include "unpack/boundary.h"

void vt_mime_push_root(struct vt_unpack_work *work, size_t index, struct vt_bytes entity,
                       const char *prefix, bool nested, bool covered)
{
    struct vt_unpack_item item = {
        .kind = VT_UNPACK_ENTITY,
        .bytes = entity,
        .parent = index,
        .depth = vt_work_part(work, index)->depth + 1,
        .prefix = prefix,
        .number = 1,
        .is_root = true,
        .nested = nested,
        .covered = covered,
    };
    if (prefix != NULL)
        vt_work_push(work, &item);
}

/* ---- multipart ---- */

/* A boundary that an enclosing multipart has too cannot say which of them a line belongs to. */
static void check_enclosing(struct vt_unpack_work *work, size_t index)
{
    struct vt_bytes boundary = work->extras[index].boundary;
    for (size_t i = vt_work_part(work, index)->parent; i != VT_NO_PART;
         i = vt_work_part(work, i)->parent) {
        if (work->extras[i].boundary.len > 0 &&
            vt_boundary_is_ambiguous(boundary, work->extras[i].boundary)) {
            vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                    "A multipart has the boundary of one that it is part of; "
                                    "its parts cannot be told apart.");
            return;
        }
    }
}

/* RFC 2046 5.1.1: what follows the closing delimiter is to be ignored. A program that does not
 * would see parts there. */
static void check_epilogue(struct vt_unpack_work *work, size_t index, struct vt_bytes body,
                           size_t from)
{
    size_t end = 0, next = 0;
    if (vt_boundary_next(body, work->extras[index].boundary, from, &end, &next) !=
        VT_DELIMITER_NONE)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart goes on after its closing boundary; programs "
                                "disagree about what is part of it.");
}

static struct vt_unpack_item child_item(struct vt_unpack_work *work, size_t index,
                                        const struct vt_entity *entity, const char *prefix)
{
    const struct vt_part *part = vt_work_part(work, index);
    return (struct vt_unpack_item){
        .kind = VT_UNPACK_ENTITY,
        .parent = index,
        .depth = part->depth + 1,
        .prefix = prefix,
        .is_mail_by_default = vt_entity_is(entity, "multipart/digest"),
        .nested = part->nested,
        .covered = part->covered_by_signature_of_parent,
    };
}

/* multipart-body := [preamble CRLF] dash-boundary *LWSP CRLF body-part *encapsulation
 *                   close-delimiter *LWSP [CRLF epilogue] */
static void push_children(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity,
                          const char *prefix)
{
    struct vt_bytes body = entity->block.body, boundary = entity->boundary;
    struct vt_unpack_item child = child_item(work, index, entity, prefix);
    size_t end = 0, begin = 0;
    enum vt_delimiter found = vt_boundary_next(body, boundary, 0, &end, &begin);
    if (found != VT_DELIMITER_PART) {
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart does not contain its boundary; it has no parts.");
        return;
    }
    size_t places_before = 0;
    do {
        size_t next = 0;
        found = vt_boundary_next(body, boundary, begin, &end, &next);
        child.bytes = vt_bytes_slice(body, begin, end - begin);
        child.number++;
        places_before = work->places_count;
        vt_work_push(work, &child);
        begin = next;
    } while (found == VT_DELIMITER_PART && work->places_count > places_before);
    if (found == VT_DELIMITER_NONE)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "The closing boundary of a multipart is missing; the mail may "
                                "be cut off.");
    else if (found == VT_DELIMITER_CLOSE)
        check_epilogue(work, index, body, begin);
}

static const char *prefix_of_children(struct vt_unpack_work *work, size_t index,
                                      const struct vt_unpack_item *item)
{
    if (item->is_root)
        return item->prefix;
    const char *prefix = vt_arena_printf(work->arena, "%s.", vt_work_part(work, index)->path);
    (void)vt_work_has(work, prefix);
    return prefix;
}

/* The root multipart of a mail stands at the place of the mail itself. */
static const char *root_path(struct vt_unpack_work *work, const char *prefix)
{
    size_t len = strlen(prefix);
    char *path = vt_arena_dup(work->arena, prefix, len > 0 ? len - 1 : 0);
    (void)vt_work_has(work, path);
    return path;
}

static void open_multipart(struct vt_unpack_work *work, size_t index,
                           const struct vt_unpack_item *item, const struct vt_entity *entity)
{
    struct vt_part *part = vt_work_part(work, index);
    part->format = VT_FORMAT_MULTIPART;
    part->bytes = entity->block.body;
    work->extras[index].boundary = entity->boundary;
    if (item->is_root)
        part->path = root_path(work, item->prefix);
    const char *prefix = prefix_of_children(work, index, item);
    if (entity->encoding != VT_ENCODING_IDENTITY)
        vt_work_blame_structure(work, index, VT_REASON_MALFORMED,
                                "A multipart has a Content-Transfer-Encoding; RFC 2045 6.4 "
                                "allows none but 7bit, 8bit and binary.");
    if (work->code != VT_OK || !vt_work_take_scanned(work, index, entity->block.body.len))
        return;
    size_t first_item = work->items_count;
    if (entity->boundary.len > 0) {
        check_enclosing(work, index);
        push_children(work, index, entity, prefix);
    }
    if (vt_entity_is(entity, "multipart/signed"))
        vt_signed_begin(work, index, entity, first_item);
    vt_work_reverse(work, first_item);
}

/* ---- nested mail ---- */

static bool is_nested_mail(const struct vt_entity *entity)
{
    return vt_entity_is(entity, "message/rfc822") || vt_entity_is(entity, "message/global") ||
           vt_entity_is(entity, "message/news");
}

static void open_mail(struct vt_unpack_work *work, size_t index, struct vt_bytes mail)
{
    struct vt_part *part = vt_work_part(work, index);
    part->format = VT_FORMAT_MAIL;
    part->bytes = mail;
    part->attachment = part->attachment || part->name != NULL;
    bool covered = part->covered_by_signature_of_parent;
    vt_facts_read_author(work, index, mail);
    vt_mime_push_root(work, index, mail, vt_work_prefix_inside(work, index, "message"), true,
                      covered);
}

/* ---- one item ---- */

static void copy_entity(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity)
{
    struct vt_part *part = vt_work_part(work, index);
    part->name = entity->name;
    part->content_type = entity->content_type;
    part->smime_type = entity->smime_type;
    part->raw = entity->block.entity;
    part->inline_disposition = entity->disposition == VT_DISPOSITION_INLINE;
    part->attachment = entity->disposition == VT_DISPOSITION_ATTACHMENT;
    work->extras[index].headers = entity->block.fields;
}

/* RFC 8551 3.2: the whole message is the signature; what is attached is a file. */
static void mark_opaque(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity)
{
    struct vt_part *part = vt_work_part(work, index);
    if (!vt_entity_is(entity, "application/pkcs7-mime") &&
        !vt_entity_is(entity, "application/x-pkcs7-mime"))
        return;
    if (part->format == VT_FORMAT_CMS)
        part->format = VT_FORMAT_SMIME;
    else if (part->format != VT_FORMAT_ENCRYPTED)
        vt_work_blame(work, index, VT_REASON_MALFORMED,
                      "The message is declared as application/pkcs7-mime and is no CMS "
                      "(RFC 8551 3.2).");
}

static void open_leaf(struct vt_unpack_work *work, size_t index, const struct vt_unpack_item *item,
                      const struct vt_entity *entity)
{
    vt_work_part(work, index)->bytes = vt_leaf_decode(work, index, entity);
    vt_leaf_classify(work, index, entity);
    struct vt_part *part = vt_work_part(work, index);
    if (part->format == VT_FORMAT_MAIL)
        open_mail(work, index, part->bytes);
    else if (item->is_root)
        mark_opaque(work, index, entity);
}

static void take_entity(struct vt_unpack_work *work, const struct vt_unpack_item *item)
{
    size_t index = vt_work_add_part(work, item);
    if (index == VT_NO_PART)
        return;
    if (item->is_signature)
        vt_work_part(work, item->parent)->signature_part = index;
    struct vt_entity entity;
    vt_entity_read(work, index, item, &entity);
    if (work->code != VT_OK)
        return;
    copy_entity(work, index, &entity);
    if (vt_entity_is_kind(&entity, "multipart/")) {
        open_multipart(work, index, item, &entity);
    } else if (is_nested_mail(&entity)) {
        struct vt_bytes mail = vt_leaf_decode(work, index, &entity);
        open_mail(work, index, mail);
    } else {
        open_leaf(work, index, item, &entity);
    }
}

/* A mail or a MIME entity that came as a file. */
static void open_file(struct vt_unpack_work *work, size_t index)
{
    struct vt_bytes bytes = vt_work_part(work, index)->bytes;
    if (vt_facts_is_mail(bytes)) {
        open_mail(work, index, bytes);
        return;
    }
    const struct vt_part *part = vt_work_part(work, index);
    vt_mime_push_root(work, index, bytes, vt_work_prefix_inside(work, index, "content"),
                      part->nested, part->covered_by_signature_of_parent);
}

static void take_file(struct vt_unpack_work *work, const struct vt_unpack_item *item)
{
    size_t index = vt_work_add_part(work, item);
    if (index == VT_NO_PART)
        return;
    struct vt_part *part = vt_work_part(work, index);
    part->name = item->name;
    part->bytes = item->bytes;
    vt_leaf_classify(work, index, NULL);
    if (vt_work_part(work, index)->format == VT_FORMAT_MAIL)
        open_file(work, index);
}

void vt_mime_drain(struct vt_unpack_work *work)
{
    size_t first = work->unpacked->parts_count;
    struct vt_unpack_item item;
    while (vt_work_pop(work, &item)) {
        if (item.kind == VT_UNPACK_ENTITY)
            take_entity(work, &item);
        else
            take_file(work, &item);
    }
    for (size_t i = first; i < work->unpacked->parts_count && work->code == VT_OK; i++) {
        if (vt_work_part(work, i)->signed_bytes.len > 0)
            vt_signed_check(work, i);
    }
}
