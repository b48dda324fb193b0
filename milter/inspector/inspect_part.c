/* SPDX-License-Identifier: Apache-2.0
 * One part of the mail: which signed objects it holds, their verification and judgement, and the
 * document of the evidence that says so. */
#include <string.h>
#include <strings.h>

#include "inspector/part_work.h"

/* Contents a detached signature is tried against when no name says which one is meant. */
#define MAX_CANDIDATES 16

static struct vt_part *part_of(const struct vt_part_work *work)
{
    return &work->run->unpacked->parts[work->index];
}

enum vt_code vt_part_no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "the mail needs more memory than one mail may have");
}

/* Pictures, text and structure are no documents; everything that might carry a signature is, and
 * whatever was given as an attachment, so that nothing is passed over in silence. */
static bool is_document(const struct vt_part *part)
{
    switch (part->format) {
    case VT_FORMAT_MULTIPART:
    case VT_FORMAT_MAIL:
        return part->reasons != 0;
    case VT_FORMAT_TEXT:
    case VT_FORMAT_HTML:
    case VT_FORMAT_IMAGE:
    case VT_FORMAT_EMPTY:
        return part->attachment || part->reasons != 0 || part->parent == VT_NO_PART;
    default:
        return true;
    }
}

static void begin_document(struct vt_part_work *work)
{
    const struct vt_part *part = part_of(work);
    work->document = (struct vt_document){
        .path = part->path,
        .name = part->name,
        .format = part->format,
        .size_bytes = part->bytes.len,
        .nested = part->nested,
        .attachment = part->attachment,
    };
}

enum vt_code vt_part_hash(struct vt_part_work *work, struct vt_err *err)
{
    const struct vt_part *part = part_of(work);
    if (work->document.sha256[0] != '\0')
        return VT_OK;
    struct vt_bytes hashed = part->format == VT_FORMAT_SMIME && part->signed_bytes.len > 0
                                 ? part->signed_bytes
                                 : part->bytes;
    enum vt_code code = vt_verify_file_sha256(work->run->pool, hashed, work->document.sha256);
    return code == VT_OK ? VT_OK : vt_part_no_memory(err);
}

/* What makes it uncertain that this is the file the reader will see, or that it was read whole. */
static vt_reasons doubts_about(const struct vt_unpacked *unpacked, size_t part)
{
    vt_reasons reasons = unpacked->reasons;
    for (size_t i = part; i != VT_NO_PART; i = unpacked->parts[i].parent)
        reasons |= unpacked->parts[i].reasons;
    return reasons;
}

void vt_inspect_doubts(struct vt_inspect_run *run)
{
    const vt_reasons doubtful = VT_REASON_BIT(VT_REASON_MALFORMED) |
                                VT_REASON_BIT(VT_REASON_FILE_UNREADABLE) |
                                VT_REASON_BIT(VT_REASON_TOO_LARGE);
    for (size_t d = 0; d < run->evidence->documents_count; d++) {
        struct vt_document *document = &run->evidence->documents[d];
        vt_reasons reasons =
            (document->reasons | doubts_about(run->unpacked, run->document_parts[d])) & doubtful;
        for (size_t i = 0; reasons != 0 && i < document->signatures_count; i++)
            vt_signature_worsen(&document->signatures[i], VT_SUB_SIG_CONSTRAINTS_FAILURE,
                                vt_reasons_first(reasons));
    }
}

/* Anybody gets a time stamp over any file: alone it says when, and nobody says what. */
static enum vt_code apply_absence_of_signer(struct vt_part_work *work)
{
    struct vt_document *document = &work->document;
    enum vt_code code = VT_OK;
    if (vt_document_is_signed(document))
        return VT_OK;
    for (size_t i = 0; code == VT_OK && i < document->signatures_count; i++) {
        struct vt_signature *signature = &document->signatures[i];
        vt_signature_worsen(signature, VT_SUB_SIG_CONSTRAINTS_FAILURE, VT_REASON_COUNT);
        code = vt_findings_add(work->run->arena, &signature->findings, &signature->findings_count,
                               "The file has time stamps only: nobody signed it.");
    }
    return code;
}

enum vt_code vt_part_find(struct vt_part_work *work, const char *text)
{
    return vt_findings_add(work->run->arena, &work->document.findings,
                           &work->document.findings_count, "%s", text);
}

/* What unpacking found about the part, its content included. */
static enum vt_code take_findings_of_part(struct vt_part_work *work)
{
    const struct vt_part *part = part_of(work);
    enum vt_code code = VT_OK;
    work->document.reasons |= part->reasons;
    for (size_t i = 0; code == VT_OK && i < part->findings_count; i++)
        code = vt_part_find(work, part->findings[i]);
    return code;
}

static enum vt_code end_document(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    struct vt_evidence *evidence = run->evidence;
    size_t count = evidence->documents_count;
    if (take_findings_of_part(work) != VT_OK || apply_absence_of_signer(work) != VT_OK)
        return vt_part_no_memory(err);
    struct vt_document *documents =
        vt_arena_grow(run->arena, evidence->documents, count, sizeof(*documents));
    size_t *parts = vt_arena_grow(run->arena, run->document_parts, count, sizeof(*parts));
    if (documents == NULL || parts == NULL)
        return vt_part_no_memory(err);
    documents[count] = work->document;
    parts[count] = work->index;
    evidence->documents = documents;
    evidence->documents_count = count + 1;
    run->document_parts = parts;
    return VT_OK;
}

/* ---- the forms ---- */

/* Files inside a document are documents of their own. The signature of the document covers those
 * that were in it when it was signed, so none is expected on them. */
static enum vt_code unpack_attached(struct vt_part_work *work,
                                    const struct vt_signed_document *document, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < document->attached_count; i++)
        code = vt_unpack_member(work->run->arena, work->run->unpacked, work->index,
                                document->attached[i].bytes, document->attached[i].name, err);
    return code;
}

static enum vt_code inspect_pdf(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_signed_document *signed_document = NULL;
    enum vt_code code =
        vt_document_read_pdf(work->run->arena, part_of(work)->bytes, &signed_document, err);
    if (code != VT_OK)
        return code;
    work->document.reasons |= signed_document->reasons;
    work->document.hints = signed_document->hints;
    for (size_t i = 0; i < signed_document->findings_count; i++) {
        if (vt_part_find(work, signed_document->findings[i]) != VT_OK)
            return vt_part_no_memory(err);
    }
    work->document.revisions = signed_document->revisions;
    work->document.revisions_count = signed_document->revisions_count;
    work->document.changes = signed_document->changes;
    work->document.changes_count = signed_document->changes_count;
    work->objects = signed_document->objects;
    work->objects_count = signed_document->objects_count;
    work->validation_data = &signed_document->validation_data;
    code = vt_part_judge(work, err);
    return code == VT_OK ? unpack_attached(work, signed_document, err) : code;
}

/* A message signature covers the whole message when nothing but other message signatures stands
 * between it and the message. */
static enum vt_covers message_coverage(const struct vt_inspect_run *run, size_t index)
{
    for (size_t i = run->unpacked->parts[index].parent; i != VT_NO_PART;
         i = run->unpacked->parts[i].parent) {
        if (run->unpacked->parts[i].format == VT_FORMAT_MAIL)
            return VT_COVERS_WHOLE;
        if (run->unpacked->parts[i].format != VT_FORMAT_SMIME)
            return VT_COVERS_PART;
    }
    return VT_COVERS_WHOLE;
}

static struct vt_signed_object new_object(enum vt_signature_format format, struct vt_bytes cms)
{
    return (struct vt_signed_object){
        .format = format,
        .cms = cms,
        .covers = VT_COVERS_WHOLE,
        .changes_after = VT_CHANGES_NONE,
        .claimed_time_utc_secs = VT_TIME_NONE,
    };
}

static enum vt_code inspect_multipart_signed(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    const struct vt_part *part = part_of(work);
    if (part->signature_part >= run->unpacked->parts_count) {
        work->document.reasons |= VT_REASON_BIT(VT_REASON_MALFORMED);
        return VT_OK;
    }
    struct vt_bytes cms = run->unpacked->parts[part->signature_part].bytes, der;
    bool has_content = false;
    if (vt_verify_identify_cms(run->arena, cms, &der, &has_content) == VT_CMS_SIGNED)
        cms = der;
    run->part_is_consumed[part->signature_part] = true;
    struct vt_signed_object *object = vt_arena_alloc(run->arena, sizeof(*object));
    if (object == NULL)
        return vt_part_no_memory(err);
    *object = new_object(VT_SIGNATURE_SMIME, cms);
    object->binding = VT_BINDING_DETACHED;
    object->ranges[0] = part->signed_bytes;
    object->ranges_count = 1;
    object->covers = message_coverage(run, work->index);
    work->objects = object;
    work->objects_count = 1;
    return vt_part_judge(work, err);
}

/* Content of a CMS: a MIME entity of an opaque message, or a file that was wrapped. */
static enum vt_code unpack_content(struct vt_part_work *work, struct vt_err *err)
{
    for (size_t i = 0; i < work->objects_count; i++) {
        if (!work->verified[i].has_content)
            continue;
        struct vt_bytes content = work->verified[i].content;
        return work->document.format == VT_FORMAT_SMIME
                   ? vt_unpack_entity(work->run->arena, work->run->unpacked, work->index, content,
                                      err)
                   : vt_unpack_member(work->run->arena, work->run->unpacked, work->index, content,
                                      NULL, err);
    }
    return VT_OK;
}

/* "report.pdf.p7s" signs "report.pdf" (validation.md 3, item 10). */
static bool is_named_after(const char *signature_name, const char *name)
{
    size_t len = name == NULL ? 0 : strlen(name);
    return len > 0 && signature_name != NULL && strncasecmp(signature_name, name, len) == 0 &&
           signature_name[len] == '.' && strchr(signature_name + len + 1, '.') == NULL;
}

static bool is_possible_content(const struct vt_part *part)
{
    return part->format != VT_FORMAT_CMS && part->format != VT_FORMAT_SMIME &&
           part->format != VT_FORMAT_MULTIPART && part->format != VT_FORMAT_MAIL;
}

/* The file of the mail that the signature is named after; *out stays NULL without one. Of two
 * different files of that name nobody can tell which one a reader opens. */
static enum vt_code find_named_content(struct vt_part_work *work, const struct vt_part **out,
                                       struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    for (size_t i = 0; i < run->unpacked->parts_count; i++) {
        const struct vt_part *part = &run->unpacked->parts[i];
        if (i == work->index || !is_possible_content(part) ||
            !is_named_after(work->document.name, part->name))
            continue;
        if (*out == NULL) {
            *out = part;
        } else if (!vt_bytes_equal((*out)->bytes, part->bytes)) {
            work->document.reasons |= VT_REASON_BIT(VT_REASON_MALFORMED);
            return vt_part_find(work, "Several files of the mail have the name that the signature "
                                      "is named after, and they differ.") == VT_OK
                       ? VT_OK
                       : vt_part_no_memory(err);
        }
    }
    return VT_OK;
}

/* What a detached signature may sign: what was given, the file of its name, else every other
 * file of the mail. */
static enum vt_code choose_candidates(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    if (run->options->contents_count > 0) {
        work->candidates = run->options->contents;
        work->candidates_count = run->options->contents_count;
        return VT_OK;
    }
    struct vt_bytes *found = vt_arena_alloc(run->arena, sizeof(*found) * MAX_CANDIDATES);
    if (found == NULL)
        return vt_part_no_memory(err);
    work->candidates = found;
    const struct vt_part *named = NULL;
    enum vt_code code = find_named_content(work, &named, err);
    if (code != VT_OK)
        return code;
    for (size_t i = 0; i < run->unpacked->parts_count; i++) {
        const struct vt_part *part = &run->unpacked->parts[i];
        if (i == work->index || !is_possible_content(part) || (named != NULL && named != part))
            continue;
        if (work->candidates_count < MAX_CANDIDATES)
            found[work->candidates_count++] = part->bytes;
    }
    return VT_OK;
}

/* "report.pdf.p7s" with a content of its own beside another "report.pdf": each is what it is, but
 * who sees both takes the file for the signed one. */
static enum vt_code compare_own_content(struct vt_part_work *work, struct vt_err *err)
{
    const struct vt_part *named = NULL;
    enum vt_code code = find_named_content(work, &named, err);
    if (code != VT_OK || named == NULL)
        return code;
    for (size_t i = 0; i < work->objects_count; i++) {
        if (!work->verified[i].has_content ||
            vt_bytes_equal(work->verified[i].content, named->bytes))
            continue;
        work->document.reasons |= VT_REASON_BIT(VT_REASON_MALFORMED);
        if (vt_part_find(work,
                         "The signature holds a content of its own that is not the file it is "
                         "named after; that file is not signed by it.") != VT_OK)
            return vt_part_no_memory(err);
    }
    return VT_OK;
}

/* Something was put beside a signed message, as a list puts its footer: mail programs show both as
 * the text of the mail. "letter.eml.p7m" is a file. */
static bool is_message_in_part(const struct vt_part_work *work)
{
    const struct vt_part *part = part_of(work);
    const char *dot = part->name == NULL ? NULL : strchr(part->name, '.');
    bool is_declared =
        part->content_type != NULL && (strcmp(part->content_type, "application/pkcs7-mime") == 0 ||
                                       strcmp(part->content_type, "application/x-pkcs7-mime") == 0);
    return is_declared && work->document.format == VT_FORMAT_CMS &&
           (dot == NULL || strchr(dot + 1, '.') == NULL) &&
           vt_unpack_identify(work->verified[0].content, NULL) == VT_FORMAT_MAIL;
}

static enum vt_code judge_as_part(struct vt_part_work *work, struct vt_err *err)
{
    if (!is_message_in_part(work))
        return VT_OK;
    work->document.format = VT_FORMAT_SMIME;
    for (size_t i = 0; i < work->document.signatures_count; i++) {
        work->document.signatures[i].covers = VT_COVERS_PART;
        vt_signature_worsen(&work->document.signatures[i], VT_SUB_SIG_CONSTRAINTS_FAILURE,
                            VT_REASON_COUNT);
    }
    return vt_part_find(work,
                        "The signed message is only a part of the mail; what stands beside it "
                        "is not signed.") == VT_OK
               ? VT_OK
               : vt_part_no_memory(err);
}

/* An opaque message signature, or a .p7m or .p7s file. */
static enum vt_code inspect_cms(struct vt_part_work *work, struct vt_err *err)
{
    struct vt_inspect_run *run = work->run;
    struct vt_bytes der = part_of(work)->bytes;
    bool has_content = false;
    enum vt_cms_kind kind = vt_verify_identify_cms(run->arena, der, &der, &has_content);
    if (kind == VT_CMS_ENCRYPTED) {
        work->document.reasons |= VT_REASON_BIT(VT_REASON_FILE_UNREADABLE);
        return vt_part_find(work, "The content is encrypted; signatures inside it cannot be seen.");
    }
    if (kind != VT_CMS_SIGNED) {
        work->document.reasons |= VT_REASON_BIT(VT_REASON_MALFORMED);
        return vt_part_find(work, "The bytes are no CMS SignedData (RFC 5652) that can be read.");
    }
    struct vt_signed_object *object = vt_arena_alloc(run->arena, sizeof(*object));
    if (object == NULL)
        return vt_part_no_memory(err);
    bool is_message = work->document.format == VT_FORMAT_SMIME;
    *object = new_object(is_message ? VT_SIGNATURE_SMIME : VT_SIGNATURE_CMS, der);
    object->binding = has_content ? VT_BINDING_ENCAPSULATED : VT_BINDING_DETACHED;
    if (is_message)
        object->covers = message_coverage(run, work->index);
    work->objects = object;
    work->objects_count = 1;
    enum vt_code code = has_content ? VT_OK : choose_candidates(work, err);
    if (code == VT_OK)
        code = vt_part_judge(work, err);
    if (code == VT_OK && has_content)
        code = judge_as_part(work, err);
    if (code == VT_OK && has_content && vt_name_ends(work->document.name, ".p7s"))
        code = compare_own_content(work, err);
    return code == VT_OK && has_content ? unpack_content(work, err) : code;
}

static enum vt_code inspect_form(struct vt_part_work *work, struct vt_err *err)
{
    const struct vt_part *part = part_of(work);
    switch (part->format) {
    case VT_FORMAT_PDF:
        return inspect_pdf(work, err);
    case VT_FORMAT_CMS:
        return inspect_cms(work, err);
    case VT_FORMAT_SMIME:
        return part->content_type != NULL && strcmp(part->content_type, "multipart/signed") == 0
                   ? inspect_multipart_signed(work, err)
                   : inspect_cms(work, err);
    default:
        return VT_OK;
    }
}

enum vt_code vt_inspect_part(struct vt_inspect_run *run, size_t index, struct vt_err *err)
{
    struct vt_part_work work = {.run = run, .index = index};
    if (run->part_is_consumed[index] || !is_document(part_of(&work)))
        return VT_OK;
    begin_document(&work);
    enum vt_code code = inspect_form(&work, err);
    if (code == VT_OK)
        code = vt_part_hash(&work, err);
    return code == VT_OK ? end_document(&work, err) : code;
}
