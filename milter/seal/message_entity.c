/* SPDX-License-Identifier: Apache-2.0
 * What is signed of a mail: its content with its MIME headers, so that it arrives with the same
 * bytes through every mail server (RFC 8551 3.1.1 to 3.1.3, RFC 2045 6.7, 6.8). The mail is walked
 * once from its begin to its end: what lies between parts (delimiters), their header blocks, their
 * bodies. Only parts that are not safe are encoded anew, and nothing that is signed itself. */
#include <stdlib.h>
#include <string.h>

#include "seal/message.h"
#include "unpack/decode.h"

struct entity_work {
    struct vt_arena *arena;
    struct vt_bytes mail;
    const struct vt_unpacked *unpacked;
    const struct vt_seal_message_plan *plan;
    struct vt_seal_entity *out;
    bool has_lf_lines; /* the mail is kept with LF alone */
    size_t at;         /* offset in the mail: what is before it has been taken */
    enum vt_code code;
};

/* ---- pieces ---- */

static void add_piece(struct entity_work *work, enum vt_piece_kind kind, enum vt_part_encoding from,
                      struct vt_bytes bytes)
{
    if (bytes.len == 0 || work->code != VT_OK)
        return;
    struct vt_piece *pieces =
        vt_arena_grow(work->arena, work->out->pieces, work->out->count, sizeof(*pieces));
    if (pieces == NULL) {
        work->code = VT_E_NOMEM;
        return;
    }
    pieces[work->out->count++] = (struct vt_piece){.kind = kind, .from = from, .bytes = bytes};
    work->out->pieces = pieces;
}

static void add_text(struct entity_work *work, struct vt_bytes text)
{
    add_piece(work, VT_PIECE_COPY, VT_PART_PLAIN, text);
}

static void add_lines(struct entity_work *work, struct vt_bytes bytes, const struct vt_lines *lines)
{
    add_piece(work, lines->has_bare_lf ? VT_PIECE_CANONICAL : VT_PIECE_COPY, VT_PART_PLAIN, bytes);
}

static void say_fragile(struct entity_work *work, const char *why)
{
    if (work->out->fragile == NULL)
        work->out->fragile = why;
}

/* ---- between parts: preambles, delimiters, epilogues ---- */

static struct vt_bytes take_line(struct vt_bytes *rest)
{
    const uint8_t *lf = rest->len == 0 ? NULL : memchr(rest->ptr, '\n', rest->len);
    struct vt_bytes line =
        vt_bytes_slice(*rest, 0, lf == NULL ? rest->len : (size_t)(lf - rest->ptr) + 1);
    *rest = vt_bytes_slice(*rest, line.len, SIZE_MAX);
    return line;
}

/* RFC 2046 5.1.1: what is no delimiter there is to be ignored, so that a line of it that would not
 * arrive can stay away. */
static void take_gap(struct entity_work *work, size_t end)
{
    struct vt_bytes gap = vt_bytes_slice(work->mail, work->at, end - work->at);
    struct vt_lines lines = vt_lines_look(gap);
    work->at = end;
    if (vt_lines_are_safe(&lines)) {
        add_lines(work, gap, &lines);
        return;
    }
    while (gap.len > 0) {
        struct vt_bytes line = take_line(&gap);
        lines = vt_lines_look(line);
        if (vt_lines_are_safe(&lines))
            add_lines(work, line, &lines);
        else if (vt_bytes_starts_with(line, VT_BYTES("--")))
            say_fragile(work, "A boundary of the message has 8-bit characters or is too long.");
    }
}

/* ---- header blocks ---- */

/* Of a part that is divided everything that is malformed is its structure. */
static void check_division(struct entity_work *work, const struct vt_part *part)
{
    if ((part->reasons & VT_REASON_BIT(VT_REASON_MALFORMED)) != 0)
        work->out->malformed = "The structure of a part can be read in more than one way.";
}

static void check_block(struct entity_work *work, const struct vt_header_block *block,
                        const struct vt_part_fields *fields)
{
    if (block->has_nul || block->has_bare_cr || block->has_bad_line || block->is_too_large ||
        fields->is_doubled)
        work->out->malformed = "The headers of a part can be read in more than one way.";
}

/* RFC 2045 5.2; what is no ASCII and says nothing of itself is named by what it can be (RFC 1428).
 */
static const char *missing_type(struct vt_bytes body)
{
    struct vt_lines lines = vt_lines_look(body);
    if (!lines.has_8bit)
        return "Content-Type: text/plain; charset=us-ascii\r\n";
    return vt_text_is_utf8(body) ? "Content-Type: text/plain; charset=utf-8\r\n"
                                 : "Content-Type: text/plain; charset=unknown-8bit\r\n";
}

/* Header block and empty line of a part, with the encoding its body will have. */
static void put_block(struct entity_work *work, bool is_root, const struct vt_header_block *block,
                      const struct vt_part_fields *fields, const char *encoding,
                      bool is_new_content)
{
    struct vt_fields_job job = {
        .is_new_content = is_new_content,
        .fields = block->fields,
        .encoding = encoding,
        .is_root = is_root,
        .protects_headers = is_root && work->plan->protects_headers,
        .more = is_root && !fields->says_type ? missing_type(block->body) : NULL,
    };
    struct vt_bytes text;
    bool is_fragile = false;
    if (work->code != VT_OK)
        return;
    work->code =
        vt_fields_write(work->arena, &job, &text, &is_fragile, &work->out->unprotected_count);
    if (work->code != VT_OK)
        return;
    if (is_fragile)
        say_fragile(work, "The headers of a part have raw 8-bit text or lines that are too long.");
    add_text(work, text);
    size_t separator = block->fields.len;
    struct vt_bytes between =
        vt_bytes_slice(block->entity, separator, block->entity.len - block->body.len - separator);
    if (is_root || between.len > 0)
        add_text(work, VT_BYTES("\r\n"));
}

/* ---- bodies ---- */

static bool is_kind(const struct vt_part *part, const char *kind)
{
    return part->content_type != NULL && strncmp(part->content_type, kind, strlen(kind)) == 0;
}

static bool is_mail(const struct vt_part *part)
{
    return part->content_type != NULL && (strcmp(part->content_type, "message/rfc822") == 0 ||
                                          strcmp(part->content_type, "message/global") == 0 ||
                                          strcmp(part->content_type, "message/news") == 0);
}

static bool is_text(const struct vt_part *part)
{
    return part->content_type == NULL || is_kind(part, "text/");
}

/* The shorter of both encodings, so that a Vietnamese text does not become twice as long. */
static enum vt_piece_kind encoding_of_text(struct vt_bytes text)
{
    struct vt_sink_digest count;
    vt_sink_digest_init(&count, NULL);
    vt_quoted_printable_put(text, &count.sink);
    return count.count_bytes <= vt_base64_lines_bytes(text.len) ? VT_PIECE_QUOTED_PRINTABLE
                                                                : VT_PIECE_BASE64_OF_TEXT;
}

/* How the body of a part that says no encoding is to travel; COPY: as it is. */
static enum vt_piece_kind choose_for_plain(const struct vt_part *part, struct vt_bytes body,
                                           const struct vt_lines *lines)
{
    /* A line end of text may become CRLF, an octet of a file may not. */
    bool has_own_lf = lines->has_bare_lf && !is_text(part);
    if (vt_lines_are_safe(lines) && !lines->has_delicate && !has_own_lf)
        return VT_PIECE_COPY;
    /* RFC 2046 5.2: nothing else is allowed there. */
    if (is_kind(part, "message/"))
        return VT_PIECE_COPY;
    return is_text(part) && !lines->has_nul ? encoding_of_text(body) : VT_PIECE_BASE64;
}

static enum vt_piece_kind choose(const struct vt_part *part, const struct vt_part_fields *fields,
                                 struct vt_bytes body, const struct vt_lines *lines)
{
    bool is_safe = vt_lines_are_safe(lines) && !lines->has_delicate;
    switch (fields->encoding) {
    case VT_PART_PLAIN:
        return choose_for_plain(part, body, lines);
    case VT_PART_QUOTED_PRINTABLE:
        if (is_safe && (is_text(part) || !lines->has_bare_lf))
            return VT_PIECE_COPY;
        return is_text(part) ? VT_PIECE_QUOTED_PRINTABLE : VT_PIECE_BASE64;
    case VT_PART_BASE64:
        return is_safe ? VT_PIECE_COPY : VT_PIECE_BASE64;
    default:
        return VT_PIECE_COPY;
    }
}

/* A word for Content-Transfer-Encoding, NULL: what is said holds. Postfix encodes anew what says
 * 8bit when the next server does not take that, also where there is none. */
static const char *encoding_word(enum vt_piece_kind kind, const struct vt_part_fields *fields)
{
    switch (kind) {
    case VT_PIECE_QUOTED_PRINTABLE:
        return fields->encoding == VT_PART_QUOTED_PRINTABLE ? NULL : "quoted-printable";
    case VT_PIECE_BASE64:
    case VT_PIECE_BASE64_OF_TEXT:
        return fields->encoding == VT_PART_BASE64 ? NULL : "base64";
    default:
        return fields->says_wide ? "7bit" : NULL;
    }
}

/* A document that was sealed takes the place of what the part had. */
static bool replace_leaf(struct entity_work *work, const struct vt_part *part, bool is_root,
                         const struct vt_header_block *block, const struct vt_part_fields *fields)
{
    const struct vt_seal_replacement *found = NULL;
    for (size_t i = 0; i < work->plan->replacements_count; i++) {
        if (strcmp(work->plan->replacements[i].path, part->path) == 0)
            found = &work->plan->replacements[i];
    }
    if (found == NULL)
        return false;
    work->out->replaced_count++;
    work->out->is_root_replaced = is_root;
    if (!is_root || work->plan->form != VT_SEAL_BARE)
        put_block(work, is_root, block, fields, encoding_word(VT_PIECE_BASE64, fields), true);
    add_piece(work, VT_PIECE_BASE64, VT_PART_PLAIN, found->content);
    if (work->code == VT_OK && work->out->count > 0 && found->content.len > 0)
        work->out->pieces[work->out->count - 1].more = found->more;
    return true;
}

static void take_leaf(struct entity_work *work, const struct vt_part *part, bool is_root,
                      const struct vt_header_block *block, const struct vt_part_fields *fields)
{
    struct vt_bytes body = block->body;
    if (replace_leaf(work, part, is_root, block, fields))
        return;
    struct vt_lines lines = vt_lines_look(body);
    enum vt_piece_kind kind = choose(part, fields, body, &lines);
    /* In an encoding nobody knows a line end may be an octet of a file. */
    bool has_own_lf = lines.has_bare_lf && fields->encoding == VT_PART_OTHER && !is_text(part) &&
                      !is_kind(part, "message/");
    if (kind == VT_PIECE_COPY && (!vt_lines_are_safe(&lines) || has_own_lf))
        say_fragile(work, "A part that must not be encoded has 8-bit characters or long lines.");
    put_block(work, is_root, block, fields, encoding_word(kind, fields), false);
    if (kind == VT_PIECE_COPY && has_own_lf) {
        add_text(work, body);
    } else if (kind == VT_PIECE_COPY) {
        add_lines(work, body, &lines);
    } else {
        work->out->reencoded_count++;
        add_piece(work, kind, fields->encoding, body);
    }
}

/* ---- parts that stay as they are ---- */

/* The index after the last part below part index. */
static size_t subtree_end(const struct vt_unpacked *unpacked, size_t index)
{
    size_t end = index + 1;
    while (end < unpacked->parts_count && unpacked->parts[end].depth > unpacked->parts[index].depth)
        end++;
    return end;
}

/* What is signed or encrypted by somebody: not an octet of it is changed but line ends of a mail
 * that is kept with LF, which is no change (RFC 8551 3.1.1). */
static void take_verbatim(struct entity_work *work, size_t index)
{
    const struct vt_unpacked *unpacked = work->unpacked;
    struct vt_bytes raw = unpacked->parts[index].raw;
    struct vt_lines lines = vt_lines_look(raw);
    bool is_safe = vt_lines_are_safe(&lines) && !(lines.has_bare_lf && !work->has_lf_lines);
    for (size_t i = index; i < subtree_end(unpacked, index); i++) {
        struct vt_header_block block;
        vt_header_split(unpacked->parts[i].raw, false, &block);
        struct vt_part_fields fields = vt_part_fields_read(block.fields);
        check_block(work, &block, &fields);
        if (is_kind(&unpacked->parts[i], "multipart/") || is_mail(&unpacked->parts[i]))
            check_division(work, &unpacked->parts[i]);
        is_safe = is_safe && !fields.says_wide;
    }
    if (!is_safe)
        say_fragile(work, "A part that is signed or encrypted itself has 8-bit characters or long "
                          "lines.");
    add_lines(work, raw, &lines);
}

/* ---- the walk ---- */

static bool is_verbatim(const struct vt_part *part)
{
    return part->content_type != NULL && (strcmp(part->content_type, "multipart/signed") == 0 ||
                                          strcmp(part->content_type, "multipart/encrypted") == 0);
}

static bool is_inside(const struct entity_work *work, struct vt_bytes view, size_t *out_offset)
{
    uintptr_t begin = (uintptr_t)work->mail.ptr, at = (uintptr_t)view.ptr;
    if (view.len == 0 || at < begin || at - begin < work->at || at - begin > work->mail.len ||
        view.len > work->mail.len - (at - begin))
        return false;
    *out_offset = at - begin;
    return true;
}

/* One part; returns the index of the part after it, or of its first child. */
static size_t take_part(struct entity_work *work, size_t index, bool is_root)
{
    const struct vt_part *part = &work->unpacked->parts[index];
    size_t offset = 0, after = subtree_end(work->unpacked, index);
    if (!is_inside(work, part->raw, &offset))
        return after;
    if (!is_root)
        take_gap(work, offset);
    if (is_verbatim(part) && !is_root) {
        take_verbatim(work, index);
        work->at = offset + part->raw.len;
        return after;
    }
    struct vt_header_block block;
    vt_header_split(part->raw, false, &block);
    struct vt_part_fields fields = vt_part_fields_read(block.fields);
    check_block(work, &block, &fields);
    bool is_divided = is_kind(part, "multipart/") ||
                      (is_mail(part) && fields.encoding == VT_PART_PLAIN && index + 1 < after);
    if (is_divided) {
        check_division(work, part);
        put_block(work, is_root, &block, &fields, fields.says_wide ? "7bit" : NULL, false);
        work->at = offset + part->raw.len - block.body.len;
        return index + 1;
    }
    take_leaf(work, part, is_root, &block, &fields);
    work->at = offset + part->raw.len;
    return after;
}

/* The bare form: all stays as it is but the parts that are replaced. */
static enum vt_code take_documents(struct entity_work *work)
{
    const struct vt_unpacked *unpacked = work->unpacked;
    size_t after = 0;
    for (size_t i = 1; i < unpacked->parts_count && work->code == VT_OK; i = after) {
        const struct vt_part *part = &unpacked->parts[i];
        struct vt_header_block block;
        size_t offset = 0, begin = work->at;
        after = i + 1;
        if (!is_inside(work, part->raw, &offset))
            continue;
        vt_header_split(part->raw, false, &block);
        if (i == 1)
            begin = work->at = offset + part->raw.len - block.body.len;
        if (is_verbatim(part) || is_kind(part, "multipart/") || is_mail(part)) {
            after = is_verbatim(part) ? subtree_end(unpacked, i) : after;
            continue;
        }
        struct vt_part_fields fields = vt_part_fields_read(block.fields);
        size_t pieces = work->out->count;
        add_text(work, vt_bytes_slice(work->mail, begin, i == 1 ? 0 : offset - begin));
        if (!replace_leaf(work, part, i == 1, &block, &fields)) {
            work->out->count = pieces;
            continue;
        }
        check_block(work, &block, &fields);
        work->at = offset + part->raw.len;
        after = subtree_end(unpacked, i);
    }
    add_text(work, vt_bytes_slice(work->mail, work->at, SIZE_MAX));
    return work->code;
}

enum vt_code vt_seal_entity_plan(struct vt_arena *arena, struct vt_bytes mail,
                                 const struct vt_unpacked *unpacked,
                                 const struct vt_seal_message_plan *plan,
                                 struct vt_seal_entity *out)
{
    struct entity_work work = {
        .arena = arena, .mail = mail, .unpacked = unpacked, .plan = plan, .out = out};
    const uint8_t *lf = mail.len == 0 ? NULL : memchr(mail.ptr, '\n', mail.len);
    *out = (struct vt_seal_entity){0};
    work.has_lf_lines = lf != NULL && (lf == mail.ptr || lf[-1] != '\r');
    if (plan->form == VT_SEAL_BARE)
        return take_documents(&work);
    for (size_t i = 1; i < unpacked->parts_count && work.code == VT_OK;)
        i = take_part(&work, i, i == 1);
    take_gap(&work, mail.len);
    return work.code;
}

/* ---- writing ---- */

static void put_encoded(const struct vt_piece *piece, struct vt_bytes bytes, struct vt_sink *sink)
{
    struct vt_sink_base64 base64;
    struct vt_sink_canonical canonical;
    if (piece->kind == VT_PIECE_QUOTED_PRINTABLE) {
        vt_quoted_printable_put(bytes, sink);
        return;
    }
    vt_sink_base64_init(&base64, sink);
    vt_sink_canonical_init(&canonical, &base64.sink);
    vt_sink_put(piece->kind == VT_PIECE_BASE64 ? &base64.sink : &canonical.sink, bytes);
    vt_sink_put(&base64.sink, piece->more);
    vt_sink_base64_end(&base64);
}

static enum vt_code put_decoded(const struct vt_piece *piece, struct vt_sink *sink)
{
    const char *defect = NULL;
    bool is_base64 = piece->from == VT_PART_BASE64;
    uint8_t *decoded = malloc(is_base64 ? vt_base64_max(piece->bytes.len) : piece->bytes.len);
    if (decoded == NULL)
        return VT_E_NOMEM;
    size_t len = is_base64 ? vt_base64_read(piece->bytes, decoded, &defect)
                           : vt_decode_quoted_printable(piece->bytes, decoded, &defect);
    put_encoded(piece, vt_bytes_of(decoded, len), sink);
    free(decoded);
    return VT_OK;
}

enum vt_code vt_seal_entity_put(const struct vt_seal_entity *entity, struct vt_sink *sink)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < entity->count && code == VT_OK; i++) {
        const struct vt_piece *piece = &entity->pieces[i];
        struct vt_sink_canonical canonical;
        if (piece->kind == VT_PIECE_COPY) {
            vt_sink_put(sink, piece->bytes);
        } else if (piece->kind == VT_PIECE_CANONICAL) {
            vt_sink_canonical_init(&canonical, sink);
            vt_sink_put(&canonical.sink, piece->bytes);
        } else if (piece->from == VT_PART_PLAIN) {
            put_encoded(piece, piece->bytes, sink);
        } else {
            code = put_decoded(piece, sink);
        }
    }
    return code;
}
