/* SPDX-License-Identifier: Apache-2.0
 * Parts without parts: their bytes without the transfer encoding, what they are by content, and
 * what of them is not read. "Not read" is never "holds no signature". */
#include <string.h>

#include "unpack/decode.h"
#include "unpack/mime.h"
#include "unpack/names.h"

/* ---- transfer encoding ---- */

static void blame_defect(struct vt_unpack_work *work, size_t index, const char *encoding,
                         const char *defect)
{
    const char *text =
        vt_arena_printf(work->arena, "The %s encoding of the part contains %s.", encoding, defect);
    if (vt_work_has(work, text))
        vt_work_blame(work, index, VT_REASON_MALFORMED, text);
}

static struct vt_bytes decode(struct vt_unpack_work *work, size_t index,
                              const struct vt_entity *entity)
{
    struct vt_bytes body = entity->block.body;
    bool is_base64 = entity->encoding == VT_ENCODING_BASE64;
    size_t max = is_base64 ? vt_base64_max(body.len) : body.len;
    if (body.len == 0 || !vt_work_take_unpacked(work, index, max))
        return (struct vt_bytes){0};
    uint8_t *out = vt_arena_alloc(work->arena, max);
    if (!vt_work_has(work, out))
        return (struct vt_bytes){0};
    const char *defect = NULL;
    size_t len = is_base64 ? vt_base64_read(body, out, &defect)
                           : vt_decode_quoted_printable(body, out, &defect);
    if (defect != NULL)
        blame_defect(work, index, is_base64 ? "base64" : "quoted-printable", defect);
    return vt_bytes_of(out, len);
}

struct vt_bytes vt_leaf_decode(struct vt_unpack_work *work, size_t index,
                               const struct vt_entity *entity)
{
    switch (entity->encoding) {
    case VT_ENCODING_BASE64:
    case VT_ENCODING_QUOTED_PRINTABLE:
        return decode(work, index, entity);
    case VT_ENCODING_UNKNOWN:
        vt_work_blame(work, index, VT_REASON_FORMAT_UNSUPPORTED,
                      "The Content-Transfer-Encoding is none of RFC 2045; the part was not "
                      "decoded.");
        break;
    case VT_ENCODING_IDENTITY:
        break;
    }
    return entity->block.body;
}

/* ---- what is not read ---- */

/* Formats that are recognised and not opened, and why. */
static const struct {
    enum vt_format format;
    enum vt_reason reason;
    const char *finding;
} unread[] = {
    {VT_FORMAT_OOXML, VT_REASON_FORMAT_UNSUPPORTED,
     "Signatures in Office Open XML files are not checked."},
    {VT_FORMAT_ODF, VT_REASON_FORMAT_UNSUPPORTED,
     "Signatures in OpenDocument files are not checked."},
    {VT_FORMAT_ASIC, VT_REASON_FORMAT_UNSUPPORTED,
     "Signatures in ASiC containers are not checked."},
    {VT_FORMAT_ZIP, VT_REASON_FORMAT_UNSUPPORTED, "The zip archive was not opened."},
    {VT_FORMAT_ARCHIVE, VT_REASON_FORMAT_UNSUPPORTED, "The archive was not opened."},
    {VT_FORMAT_OLE, VT_REASON_FORMAT_UNSUPPORTED,
     "Signatures in old Office files (OLE) are not checked."},
    {VT_FORMAT_TNEF, VT_REASON_FORMAT_UNSUPPORTED,
     "The files inside a winmail.dat (TNEF) were not looked at."},
    {VT_FORMAT_UNKNOWN, VT_REASON_FORMAT_UNSUPPORTED, "The format of the file is not known."},
    {VT_FORMAT_ENCRYPTED, VT_REASON_FILE_UNREADABLE,
     "The content is encrypted; signatures inside it cannot be seen."},
};

/* What a name promises; anything without a form of its own in such a file is damaged. */
static const char *const promises[] = {
    ".pdf", ".p7m", ".p7s", ".p7b", ".docx",  ".xlsx",  ".pptx", ".odt", ".ods",
    ".odp", ".zip", ".7z",  ".rar", ".asice", ".asics", ".sce",  ".scs", ".bdoc",
};

static bool breaks_promise(const struct vt_part *part)
{
    if (part->format != VT_FORMAT_UNKNOWN && part->format != VT_FORMAT_TEXT &&
        part->format != VT_FORMAT_HTML && part->format != VT_FORMAT_EMPTY)
        return false;
    for (size_t i = 0; i < sizeof(promises) / sizeof(promises[0]); i++) {
        if (vt_name_has_extension(part->name, promises[i]))
            return true;
    }
    return false;
}

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c >= 0x80;
}

/* "<Signature" or "<prefix:Signature", the end of the name after it. */
static bool is_signature_tag(struct vt_bytes xml, size_t at, size_t end)
{
    if (end < xml.len && (is_name_byte(xml.ptr[end]) || xml.ptr[end] == ':'))
        return false;
    if (at > 0 && xml.ptr[at - 1] == ':') {
        at--;
        while (at > 0 && is_name_byte(xml.ptr[at - 1]))
            at--;
    }
    return at > 0 && xml.ptr[at - 1] == '<';
}

/* True unless the XML plainly has no element of the name that XMLDSig gives a signature (XML
 * Signature 1.1, 4.2). Entities and UTF-16 can hide one. */
static bool may_be_signed_xml(struct vt_bytes xml)
{
    if (memchr(xml.ptr, 0, xml.len) != NULL ||
        vt_bytes_find(xml, VT_BYTES("<!ENTITY"), 0) != SIZE_MAX)
        return true;
    const struct vt_bytes word = VT_BYTES("Signature");
    size_t at = vt_bytes_find(xml, word, 0);
    while (at != SIZE_MAX) {
        if (is_signature_tag(xml, at, at + word.len))
            return true;
        at = vt_bytes_find(xml, word, at + word.len);
    }
    return false;
}

static void say_what_is_unread(struct vt_unpack_work *work, size_t index)
{
    const struct vt_part *part = vt_work_part(work, index);
    if (breaks_promise(part)) {
        vt_work_blame(work, index, VT_REASON_FILE_UNREADABLE,
                      "The content of the file is not what its name says; it is damaged or of "
                      "another kind.");
        return;
    }
    if (part->format == VT_FORMAT_XML && may_be_signed_xml(part->bytes)) {
        vt_work_blame(work, index, VT_REASON_FORMAT_UNSUPPORTED,
                      "Signatures in XML files are not checked.");
        return;
    }
    for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
        if (unread[i].format == part->format)
            vt_work_blame(work, index, unread[i].reason, unread[i].finding);
    }
}

/* A file that is two things at once: what is signed as a PDF or CMS is shown as what name or type
 * say. */
static bool is_shown_as_other(const struct vt_part *part, const struct vt_entity *entity)
{
    static const char *const others[] = {
        ".htm", ".html", ".xhtml", ".shtml", ".mht",   ".mhtml", ".svg",  ".xml",
        ".hta", ".zip",  ".docx",  ".docm",  ".xlsx",  ".xlsm",  ".pptx", ".pptm",
        ".odt", ".ods",  ".odp",   ".jar",   ".rar",   ".7z",    ".eml",  ".js",
        ".vbs", ".bat",  ".cmd",   ".asice", ".asics", ".iso",   ".img"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (vt_name_has_extension(part->name, others[i]))
            return true;
    }
    return entity != NULL &&
           (vt_entity_is_kind(entity, "text/") || vt_entity_is(entity, "application/xhtml+xml")) &&
           !(entity->disposition == VT_DISPOSITION_ATTACHMENT &&
             (vt_name_has_extension(part->name, ".pdf") ||
              vt_name_has_extension(part->name, ".p7m") ||
              vt_name_has_extension(part->name, ".p7s")));
}

static void say_two_kinds(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity)
{
    const struct vt_part *part = vt_work_part(work, index);
    if ((part->format == VT_FORMAT_PDF || part->format == VT_FORMAT_CMS) &&
        is_shown_as_other(part, entity))
        vt_work_blame(work, index, VT_REASON_MALFORMED,
                      "The file is of another kind than its name or its Content-Type say; programs "
                      "may show something else than what is signed.");
}

static void say_pgp(struct vt_unpack_work *work, size_t index)
{
    struct vt_bytes bytes = vt_work_part(work, index)->bytes;
    if (vt_bytes_starts_with(bytes, VT_BYTES("-----BEGIN PGP SIGNATURE-----")) ||
        vt_bytes_starts_with(bytes, VT_BYTES("-----BEGIN PGP SIGNED MESSAGE-----")))
        vt_work_blame(work, index, VT_REASON_FORMAT_UNSUPPORTED,
                      "Signatures by OpenPGP are not checked.");
}

/* ---- classification ---- */

/* A declared text is shown as text, whatever its first lines look like. */
static enum vt_format format_in_mail(const struct vt_part *part, const struct vt_entity *entity,
                                     enum vt_format format)
{
    bool is_declared_text = entity->content_type == NULL || vt_entity_is_kind(entity, "text/") ||
                            vt_entity_is_kind(entity, "message/");
    if (format == VT_FORMAT_MAIL && is_declared_text && !vt_name_has_extension(part->name, ".eml"))
        format = VT_FORMAT_TEXT;
    if ((format == VT_FORMAT_TEXT || format == VT_FORMAT_XML) && vt_entity_is(entity, "text/html"))
        format = VT_FORMAT_HTML;
    return format;
}

static bool is_text_body(const struct vt_part *part)
{
    return part->format == VT_FORMAT_TEXT || part->format == VT_FORMAT_HTML;
}

void vt_leaf_classify(struct vt_unpack_work *work, size_t index, const struct vt_entity *entity)
{
    struct vt_part *part = vt_work_part(work, index);
    part->format = vt_unpack_identify(part->bytes, part->name);
    if (entity != NULL)
        part->format = format_in_mail(part, entity, part->format);
    part->attachment = part->attachment || (part->name != NULL && !is_text_body(part));
    if (entity != NULL &&
        (vt_entity_is(entity, "message/partial") || vt_entity_is(entity, "message/external-body")))
        vt_work_blame(work, index, VT_REASON_FORMAT_UNSUPPORTED,
                      "The content of this part is not in the mail, or only a piece of it.");
    /* What could not be decoded has been named already. */
    if (entity != NULL && entity->block.body.len > 0 && part->bytes.len == 0 &&
        (part->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0)
        return;
    say_what_is_unread(work, index);
    say_pgp(work, index);
    say_two_kinds(work, index, entity);
}
