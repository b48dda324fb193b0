/* SPDX-License-Identifier: Apache-2.0
 * Hybrid files (ISO 32000-1, 7.5.8.4): an update with a table for all readers and a stream for
 * those who know it. Ordinary writers list the same objects in both, or hide from older readers
 * what these could not read anyway. Whoever lists two objects under one number shows two documents
 * under one signature. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_xref_section.h"

static int by_id(const void *a, const void *b)
{
    uint32_t left = ((const struct pdf_entry *)a)->id, right = ((const struct pdf_entry *)b)->id;
    return left < right ? -1 : left > right;
}

/* The entries by object number. NULL: no memory, or one is listed twice. */
static const struct pdf_entry *sorted(struct pdf_reader *reader, const struct pdf_section *section)
{
    size_t bytes = section->entries_count * sizeof(*section->entries);
    struct pdf_entry *entries = pdf_scratch(reader, bytes + sizeof(*entries));
    if (entries == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(entries, section->entries, bytes);
    qsort(entries, section->entries_count, sizeof(*entries), by_id);
    for (size_t i = 1; i < section->entries_count; i++) {
        if (entries[i].id == entries[i - 1].id)
            return NULL;
    }
    return entries;
}

static bool is_same_entry(const struct pdf_entry *a, const struct pdf_entry *b)
{
    return a->type == b->type && a->gen == b->gen &&
           (a->type == PDF_ENTRY_FREE || a->place == b->place);
}

/* table: the entry of the table for the same object, or NULL. */
static void compare_entry(const struct pdf_entry *stream, const struct pdf_entry *table,
                          size_t second_at, struct pdf_split *out)
{
    bool is_itself = stream->type == PDF_ENTRY_OFFSET && stream->place == second_at;
    bool is_conflict = table != NULL && table->type != PDF_ENTRY_FREE;
    /* What is in an object stream older readers could not read: to them it is as it was before. */
    bool is_hidden = stream->type == PDF_ENTRY_COMPRESSED && !is_conflict;
    if (stream->id == 0 || is_hidden || (table == NULL && is_itself) ||
        (table != NULL && is_same_entry(stream, table)))
        return;
    if (out->id == 0 || (is_conflict && !out->is_conflict))
        *out = (struct pdf_split){.is_conflict = is_conflict, .id = stream->id};
}

/* 7.5.8.4: what decides about the document stands in the trailer; the stream may repeat it. */
static bool is_same_trailer(const struct pdf_section *section)
{
    static const char *const keys[] = {"Root", "Info", "Encrypt", "Prev"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct pdf_value own = pdf_dict_get(&section->second->trailer, keys[i]);
        struct pdf_value table = pdf_dict_get(&section->trailer, keys[i]);
        if (own.kind != PDF_NONE && (own.kind != table.kind || own.integer != table.integer ||
                                     own.ref.id != table.ref.id || own.ref.gen != table.ref.gen))
            return false;
    }
    return true;
}

const char *pdf_hybrid_compare(struct pdf_reader *reader, const struct pdf_section *section,
                               size_t from, size_t to, struct pdf_split *out)
{
    const struct pdf_section *second = section->second;
    *out = (struct pdf_split){0};
    if (second->at < from || second->end > to)
        return "/XRefStm of an update leads outside its own bytes";
    if (!is_same_trailer(section))
        return "the two cross-reference sections of an update are of different documents";
    const struct pdf_entry *table = sorted(reader, section);
    const struct pdf_entry *stream = sorted(reader, second);
    if (table == NULL || stream == NULL)
        return "an update lists an object twice";
    for (size_t i = 0, next = 0; i < second->entries_count; i++) {
        while (next < section->entries_count && table[next].id < stream[i].id)
            next++;
        bool is_listed = next < section->entries_count && table[next].id == stream[i].id;
        compare_entry(&stream[i], is_listed ? &table[next] : NULL, second->at, out);
    }
    return NULL;
}
