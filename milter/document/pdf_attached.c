/* SPDX-License-Identifier: Apache-2.0
 * Files inside a document (ISO 32000-1, 7.11.4): of its name tree, of a portfolio (12.3.5), of
 * annotations (12.5.6.15) and those associated with the document, a page or an annotation
 * (ISO 32000-2, 14.13). A reader opens each as a file of its own, so each is handed out as one,
 * once. */
#include <stdlib.h>

#include "document/pdf.h"

/* Files of one document, and all of them unpacked. */
#define MAX_FILES 64
#define MAX_BYTES ((size_t)64 * 1024 * 1024)
/* Levels of a name tree (7.9.6). */
#define MAX_LEVELS 16

struct files {
    struct pdf_reader *reader;
    struct pdf_set specs; /* nodes, specifications and streams that were looked at */
    struct pdf_set streams;
    size_t bytes;
    bool is_cut;        /* too many, too deep or too large: the others are not looked at */
    bool is_unreadable; /* one of them */
};

/* Many pages may name one file. */
static void note(struct pdf_reader *reader, struct pdf_value spec)
{
    for (size_t i = 0; i < reader->noted_count; i++) {
        const struct pdf_value *known = &reader->noted[i];
        if (spec.kind == PDF_REF && known->kind == PDF_REF &&
            pdf_ref_key(known->ref) == pdf_ref_key(spec.ref))
            return;
    }
    if (reader->noted_count == PDF_MAX_NOTED)
        reader->noted_too_many = true;
    else
        reader->noted[reader->noted_count++] = spec;
}

void pdf_attached_note(struct pdf_reader *reader, const struct pdf_value *annotation)
{
    struct pdf_value subtype = pdf_dict_get(annotation, "Subtype");
    struct pdf_value spec = pdf_dict_get(annotation, "FS");
    struct pdf_value associated = pdf_get(reader, annotation, "AF");
    if (pdf_name_is(&subtype, "FileAttachment") && spec.kind != PDF_NONE)
        note(reader, spec);
    pdf_attached_associate(reader, &associated);
}

void pdf_attached_associate(struct pdf_reader *reader, const struct pdf_value *array)
{
    struct pdf_value item;
    for (size_t at = 0; !reader->noted_too_many && pdf_array_next(array, &at, &item);)
        note(reader, item);
}

static const char *name_of(struct pdf_reader *reader, const struct pdf_value *spec)
{
    static const char *const keys[] = {"UF", "F", "Unix", "Mac", "DOS"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct pdf_value value = pdf_get(reader, spec, keys[i]);
        const char *name = pdf_text_string(reader, &value);
        if (name[0] != '\0')
            return name;
    }
    return NULL;
}

static void hand_out(struct files *files, const char *name, const uint8_t *data, size_t len)
{
    struct vt_signed_document *document = files->reader->document;
    struct vt_attached_file *grown =
        vt_arena_grow(files->reader->arena, document->attached, document->attached_count,
                      sizeof(*document->attached));
    uint8_t *copy = vt_arena_dup(files->reader->arena, data, len);
    if (grown == NULL || copy == NULL) {
        files->reader->out_of_memory = true;
        return;
    }
    files->bytes += len;
    document->attached = grown;
    document->attached[document->attached_count++] =
        (struct vt_attached_file){.name = name, .bytes = vt_bytes_of(copy, len)};
}

/* What no reader can open is no file: a stream has to be there. */
static bool is_stream(struct pdf_reader *reader, struct pdf_ref ref)
{
    return pdf_doc_fetch(&reader->main, reader->scratch, ref).is_stream;
}

static void add_stream(struct files *files, const char *name, struct pdf_ref ref)
{
    struct pdf_reader *reader = files->reader;
    uint8_t *data = NULL;
    size_t len = 0, left = MAX_BYTES - files->bytes;
    if (files->is_cut || !pdf_set_add(reader, &files->streams, pdf_ref_key(ref)) ||
        !is_stream(reader, ref))
        return;
    bool has_room = reader->document->attached_count < MAX_FILES && pdf_visit(reader);
    if (has_room && pdf_doc_stream(&reader->main, ref, true, left, &data, &len))
        hand_out(files, name, data, len);
    else if (has_room && len <= left && !reader->main.exhausted)
        files->is_unreadable = true;
    else
        files->is_cut = true; /* the size is known only when it was unpacked: not once more */
    free(data);
}

/* 7.11.3: a file specification. Each platform may have a stream of its own. */
static void add_spec(struct files *files, const struct pdf_value *value)
{
    static const char *const keys[] = {"UF", "F", "Unix", "Mac", "DOS"};
    if (value->kind == PDF_REF &&
        !pdf_set_add(files->reader, &files->specs, pdf_ref_key(value->ref)))
        return;
    struct pdf_value spec = pdf_resolve(files->reader, *value);
    struct pdf_value embedded = pdf_get(files->reader, &spec, "EF");
    const char *name = embedded.kind == PDF_DICT ? name_of(files->reader, &spec) : NULL;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct pdf_value stream = pdf_dict_get(&embedded, keys[i]);
        if (stream.kind == PDF_REF)
            add_stream(files, name, stream.ref);
    }
}

static void walk_names(struct files *files, const struct pdf_value *node, unsigned level)
{
    struct pdf_reader *reader = files->reader;
    if (node->kind == PDF_NONE)
        return;
    files->is_cut |= level > MAX_LEVELS || reader->over_limit;
    if (files->is_cut ||
        (node->kind == PDF_REF && !pdf_set_add(reader, &files->specs, pdf_ref_key(node->ref))))
        return;
    struct pdf_value dict = pdf_resolve(reader, *node), item;
    struct pdf_value names = pdf_get(reader, &dict, "Names");
    struct pdf_value kids = pdf_get(reader, &dict, "Kids");
    for (size_t at = 0; pdf_array_next(&names, &at, &item);) {
        if (pdf_array_next(&names, &at, &item))
            add_spec(files, &item);
    }
    for (size_t at = 0; pdf_array_next(&kids, &at, &item);)
        walk_names(files, &item, level + 1);
}

/* A signature of the document holds for files in it, but whether they are signed themselves, and
 * by whom, is not known: the document was not checked whole. */
static void say_unread(const struct files *files)
{
    if (files->is_cut)
        pdf_finding(files->reader, VT_REASON_TOO_LARGE,
                    "Not all files inside the document were looked at: they are more than %d, or "
                    "larger than %zu MiB together.",
                    MAX_FILES, MAX_BYTES / 1024 / 1024);
    if (files->is_unreadable)
        pdf_finding(files->reader, VT_REASON_FILE_UNREADABLE,
                    "A file inside the document cannot be unpacked and was not checked.");
}

void pdf_attached_read(struct pdf_reader *reader)
{
    struct files files = {.reader = reader, .is_cut = reader->noted_too_many};
    bool was_over_limit = reader->over_limit;
    struct pdf_value names = pdf_get(reader, &reader->catalog, "Names");
    struct pdf_value tree = pdf_dict_get(&names, "EmbeddedFiles");
    struct pdf_value associated = pdf_get(reader, &reader->catalog, "AF"), item;
    walk_names(&files, &tree, 1);
    for (size_t at = 0; pdf_array_next(&associated, &at, &item);)
        add_spec(&files, &item);
    for (size_t i = 0; i < reader->noted_count; i++)
        add_spec(&files, &reader->noted[i]);
    files.is_cut |= reader->over_limit && !was_over_limit;
    say_unread(&files);
}
