/* SPDX-License-Identifier: Apache-2.0
 * The states of a document (see pdf_history.h). What an incremental update redefines is taken from
 * our own reading of its cross-reference section; the objects themselves come from the library,
 * which reads the same bytes up to the end of the state. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_history.h"
#include "document/pdf_packed.h"
#include "document/pdf_xref_section.h"

/* Decoded content of one stream when two versions are compared. */
#define MAX_STREAM_BYTES ((size_t)64 * 1024 * 1024)
/* How far the numbers of an update may lie above those before it: a table that grows to millions is
 * not read by all readers. */
#define MAX_NUMBERS_SKIPPED 65536
/* "N G obj" before an object. */
#define MAX_HEADER_BYTES 64

/* ---- what a step redefines ---- */

/* 7.3.10: does the object that stands there have this number, written without a sign or a comment,
 * which not all readers read? The library looks only at those that are asked for. */
static bool is_numbered(struct vt_bytes bytes, const struct pdf_entry *entry)
{
    int64_t id = 0, gen = 0;
    size_t at = 0;
    bytes = vt_bytes_slice(bytes, entry->place, MAX_HEADER_BYTES);
    if (!pdf_next_header(bytes, &at, &id, &gen) || id != entry->id || gen != 0)
        return false;
    bytes = vt_bytes_slice(bytes, 0, at);
    return vt_bytes_find(bytes, VT_BYTES("+"), 0) == SIZE_MAX &&
           vt_bytes_find(bytes, VT_BYTES("%"), 0) == SIZE_MAX;
}

static const char *check_offset(struct vt_bytes bytes, const struct pdf_entry *entry, size_t from,
                                size_t to)
{
    if (entry->gen != 0)
        return "an update gives an object number a new generation";
    if (entry->place < from || entry->place >= to)
        return "an update refers to an object outside its own bytes";
    if (!is_numbered(vt_bytes_slice(bytes, 0, to), entry))
        return "an update lists an object under another number";
    return NULL;
}

/* Entries of one section: each object once, its bytes within [from, to). containers: numbers of the
 * object streams it uses. */
static const char *add_entries(struct pdf_reader *reader, struct pdf_step *step,
                               const struct pdf_section *section, size_t from, size_t to,
                               struct pdf_set *containers)
{
    struct pdf_set own = {0};
    for (size_t i = 0; i < section->entries_count; i++) {
        const struct pdf_entry *entry = &section->entries[i];
        if (entry->id == 0 && entry->type != PDF_ENTRY_FREE)
            return "an update lists object 0, which is none";
        if (entry->id == 0)
            continue; /* the head of the list of free objects */
        if (entry->id >= step->numbers_end)
            return "an update numbers objects far above those before it";
        if (!pdf_set_add(reader, &own, entry->id))
            return "an update lists an object twice";
        const char *defect =
            entry->type == PDF_ENTRY_OFFSET ? check_offset(reader->bytes, entry, from, to) : NULL;
        if (defect != NULL)
            return defect;
        if (entry->type == PDF_ENTRY_COMPRESSED)
            (void)pdf_set_add(reader, containers, entry->place);
        (void)pdf_set_add(reader, &step->redefined, entry->id);
    }
    return NULL;
}

/* Every object stream that an update uses must come with that update. */
static const char *check_containers(struct pdf_reader *reader, const struct pdf_section *section,
                                    const struct pdf_set *containers)
{
    struct pdf_set found = {0};
    for (; section != NULL; section = section->second) {
        for (size_t i = 0; i < section->entries_count; i++) {
            if (section->entries[i].type == PDF_ENTRY_OFFSET &&
                pdf_set_has(containers, section->entries[i].id))
                (void)pdf_set_add(reader, &found, section->entries[i].id);
        }
    }
    return found.count == containers->count ? NULL
                                            : "an update uses an object stream it does not bring";
}

/* Behind the numbers that a revision may use: /Size of the one before (7.5.5), its own new ones,
 * and some that it leaves out. */
static size_t numbers_end(const struct pdf_chain *chain, size_t index,
                          const struct pdf_section *section)
{
    const struct pdf_revision *before = &chain->revisions[index - 1];
    struct pdf_value size = pdf_dict_get(&chain->sections[before->newest].trailer, "Size");
    size_t used = size.kind == PDF_INTEGER && size.integer > 0 ? (size_t)size.integer : 0;
    return used + section->entries_count + MAX_NUMBERS_SKIPPED;
}

static const char *add_revision(struct pdf_history *history, struct pdf_step *step, size_t index)
{
    const struct pdf_revision *revision = &history->chain->revisions[index];
    struct pdf_section *section = &history->chain->sections[revision->newest];
    struct pdf_set containers = {0};
    if (revision->sections_count != 1)
        return "an update has more than one cross-reference section";
    if (!pdf_section_load(history->reader, section))
        return "the cross-reference section of an update cannot be read";
    step->numbers_end = numbers_end(history->chain, index, section);
    size_t from = history->chain->revisions[index - 1].end;
    if (section->at < from)
        return "the cross-reference section of an update lies before the update";
    if (section->is_loose)
        return "the cross-reference table of an update is written as not all readers read it";
    if (!pdf_section_is_plain(section) ||
        (section->second != NULL && !pdf_section_is_plain(section->second)))
        return "the cross-reference section of an update is written as not all readers read it";
    struct pdf_split split = {0};
    const char *defect = section->is_hybrid ? pdf_hybrid_compare(history->reader, section, from,
                                                                 revision->end, &split)
                                            : NULL;
    for (const struct pdf_section *part = section; part != NULL && defect == NULL;
         part = part->second)
        defect = add_entries(history->reader, step, part, from, revision->end, &containers);
    if (step->split.id == 0 || split.is_conflict)
        step->split = split;
    if (defect == NULL)
        defect = check_containers(history->reader, section, &containers);
    if (defect != NULL)
        return defect;
    return pdf_has_unlisted(history->reader, section, 1, from, revision->end, false)
               ? "an update brings an object that its cross-reference section does not list"
               : NULL;
}

static bool has_generation_of(const struct pdf_section *section, const struct pdf_set *ids)
{
    for (size_t i = 0; i < section->entries_count; i++) {
        const struct pdf_entry *entry = &section->entries[i];
        if (entry->type == PDF_ENTRY_OFFSET && entry->gen != 0 && pdf_set_has(ids, entry->id))
            return true;
    }
    return false;
}

/* An object that had a higher generation number before and is redefined as generation 0: readers
 * disagree whether references to the former still lead somewhere. */
static const char *check_generations(struct pdf_history *history, const struct pdf_step *step)
{
    for (size_t i = 0; i < history->chain->sections_count; i++) {
        struct pdf_section *section = &history->chain->sections[i];
        if (section->at >= step->end)
            continue;
        if (!pdf_section_load(history->reader, section))
            return "a cross-reference section cannot be read";
        for (const struct pdf_section *part = section; part != NULL; part = part->second) {
            if (has_generation_of(part, &step->redefined))
                return "an update uses the number of an object of a higher generation again";
        }
    }
    return NULL;
}

/* The same before the update: whatever was prepared there is found when an update makes a reader
 * build its own section. */
static const char *check_before(struct pdf_history *history)
{
    const struct pdf_chain *chain = history->chain;
    size_t end = history->steps[0].end, oldest = 0;
    while (oldest < chain->sections_count && chain->sections[oldest].at >= end)
        oldest++;
    for (size_t i = oldest; i < chain->sections_count; i++) {
        if (!pdf_section_load(history->reader, &chain->sections[i]))
            return "a cross-reference section cannot be read";
    }
    if (pdf_has_unlisted(history->reader, chain->sections + oldest, chain->sections_count - oldest,
                         0, end, true))
        return "what was signed holds an object that no cross-reference section lists, which some "
               "readers show after an update";
    return pdf_search_differs(history->reader, chain->sections + oldest,
                              chain->sections_count - oldest, end);
}

/* What all readers have to read alike. */
static void check_readings(struct pdf_history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        struct pdf_step *step = &history->steps[i];
        const char **defect = i == 0 ? &history->defect_before : &step->doubt;
        size_t from = i == 0 ? 0 : history->steps[i - 1].end;
        pdf_generations_collect(history, i,
                                vt_bytes_slice(history->reader->bytes, from, step->end - from));
        if (*defect == NULL)
            *defect = pdf_containers_check(history, i);
        if (*defect == NULL)
            *defect = pdf_generations_check(history, i);
    }
}

void pdf_history_open(struct pdf_history *history)
{
    if (history->count == 1)
        return;
    history->defect_before = check_before(history);
    for (size_t i = 1; i < history->count; i++) {
        struct pdf_step *step = &history->steps[i];
        size_t first = history->steps[i - 1].revision + 1;
        for (size_t r = first; r <= step->revision && step->defect == NULL; r++)
            step->defect = add_revision(history, step, r);
        if (step->defect == NULL)
            step->defect = check_generations(history, step);
    }
    check_readings(history);
}

void pdf_history_close(struct pdf_history *history)
{
    for (size_t i = 0; i < history->count; i++)
        pdf_doc_close(&history->steps[i].doc);
}

bool pdf_history_is_redefined(const struct pdf_history *history, int id, size_t step)
{
    return pdf_set_has(&history->steps[step].redefined, (uint64_t)(unsigned)id);
}

/* ---- documents ---- */

static struct pdf_doc *doc_at(struct pdf_history *history, size_t index)
{
    struct pdf_step *step = &history->steps[index];
    if (step->open != NULL || step->unreadable)
        return step->open;
    if (index + 1 == history->count) {
        step->open = &history->reader->main;
    } else if (pdf_work(history->reader, history->reader->packed_bytes) && /* once more */
               pdf_doc_open(&step->doc, vt_bytes_slice(history->reader->bytes, 0, step->end)) ==
                   PDF_OPENED) {
        pdf_packed_decrypt(history->reader, &step->doc);
        step->open = &step->doc;
    } else {
        step->unreadable = true;
    }
    return step->open;
}

bool pdf_history_is_damaged(struct pdf_history *history, size_t step)
{
    struct pdf_doc *doc = doc_at(history, step);
    return doc == NULL || pdf_doc_is_damaged(doc);
}

/* The last step at which the version of an object at step is still the current one. The text is
 * taken there, because the library leaves out entries that refer to nothing: what a later update
 * puts in such a place must be seen. Never beyond an update that could not be followed. */
static size_t last_step_of(const struct pdf_history *history, int id, size_t step)
{
    while (step + 1 < history->count && history->steps[step + 1].defect == NULL &&
           !pdf_history_is_redefined(history, id, step + 1))
        step++;
    return step;
}

/* ---- cache ---- */

static size_t cache_slot(const struct pdf_history *history, uint64_t key)
{
    size_t mask = history->cache_capacity - 1;
    size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32) & mask;
    while (history->cache[slot].key != 0 && history->cache[slot].key != key)
        slot = (slot + 1) & mask;
    return slot;
}

static bool grow_cache(struct pdf_history *history)
{
    struct pdf_history old = *history;
    history->cache_capacity = old.cache_capacity == 0 ? 256 : old.cache_capacity * 2;
    history->cache =
        pdf_scratch(history->reader, history->cache_capacity * sizeof(*history->cache));
    if (history->cache == NULL) {
        history->cache = old.cache;
        history->cache_capacity = old.cache_capacity;
        return false;
    }
    for (size_t i = 0; i < old.cache_capacity; i++) {
        if (old.cache[i].key != 0)
            history->cache[cache_slot(history, old.cache[i].key)] = old.cache[i];
    }
    return true;
}

/* The entry of one version of an object; NULL when limits are reached. */
static struct pdf_cached *cached(struct pdf_history *history, struct pdf_ref ref, size_t version)
{
    if (history->cache_count * 2 >= history->cache_capacity && !grow_cache(history))
        return NULL;
    uint64_t key = (pdf_ref_key(ref) << 8 | version) + 1;
    struct pdf_cached *entry = &history->cache[cache_slot(history, key)];
    if (entry->key == 0) {
        if (!pdf_visit(history->reader))
            return NULL;
        entry->key = key;
        history->cache_count++;
    }
    return entry;
}

static bool lists(const struct pdf_section *section, uint32_t id)
{
    for (; section != NULL; section = section->second) {
        for (size_t i = 0; i < section->entries_count; i++) {
            if (section->entries[i].id == id && section->entries[i].type != PDF_ENTRY_FREE)
                return true;
        }
    }
    return false;
}

/* 7.5.4, 7.3.10: a number that no section lists is free, and what refers to it refers to nothing.
 * A cross-reference stream need not list itself; the library has it because it stands there. */
static bool is_free_section(struct pdf_history *history, struct pdf_ref ref, size_t end,
                            const struct pdf_object *object)
{
    struct pdf_value type = pdf_dict_get(&object->value, "Type");
    if (!object->is_stream || !pdf_name_is(&type, "XRef"))
        return false;
    for (size_t i = 0; i < history->chain->sections_count; i++) {
        struct pdf_section *section = &history->chain->sections[i];
        if (section->at >= end)
            continue;
        if (!pdf_section_load(history->reader, section) ||
            !pdf_work(history->reader, section->entries_count) || lists(section, (uint32_t)ref.id))
            return false;
    }
    return true;
}

struct pdf_object pdf_history_object(struct pdf_history *history, struct pdf_ref ref, size_t step)
{
    struct pdf_object none = {0};
    size_t version = last_step_of(history, ref.id, step);
    struct pdf_cached *entry = cached(history, ref, version);
    struct pdf_doc *doc = doc_at(history, version);
    if (entry == NULL || doc == NULL)
        return none;
    if (!entry->has_object) {
        entry->object = pdf_doc_fetch(doc, history->reader->scratch, ref);
        entry->has_object = true;
        if (entry->object.value.kind == PDF_NONE)
            history->reader->over_limit = true;
        if (is_free_section(history, ref, history->steps[version].end, &entry->object))
            entry->object = (struct pdf_object){.value = {.kind = PDF_NULL}};
    }
    return entry->object;
}

const struct pdf_ref *pdf_history_refs(struct pdf_history *history, struct pdf_ref ref, size_t step,
                                       size_t *out_count)
{
    size_t version = last_step_of(history, ref.id, step);
    struct pdf_cached *entry = cached(history, ref, version);
    struct pdf_doc *doc = doc_at(history, version);
    *out_count = 0;
    if (entry == NULL || doc == NULL)
        return NULL;
    if (!entry->has_refs) {
        if (!pdf_doc_fetch_refs(doc, history->reader->scratch, ref, &entry->refs,
                                &entry->refs_count))
            history->reader->over_limit = true;
        entry->has_refs = true;
    }
    *out_count = entry->refs_count;
    return entry->refs;
}

struct pdf_value pdf_history_trailer(struct pdf_history *history, size_t step)
{
    struct pdf_value none = {0};
    struct pdf_doc *doc = doc_at(history, step);
    return doc == NULL ? none : pdf_doc_trailer(doc, history->reader->scratch).value;
}

bool pdf_history_stream(struct pdf_history *history, struct pdf_ref ref, size_t step, bool decode,
                        uint8_t **out, size_t *out_len)
{
    struct pdf_doc *doc = doc_at(history, step);
    if (doc == NULL)
        return false;
    bool ok = pdf_doc_stream(doc, ref, decode, MAX_STREAM_BYTES, out, out_len);
    if (doc->exhausted)
        history->reader->over_limit = true;
    /* Bytes that were too many were unpacked too. */
    if (pdf_work(history->reader, *out_len))
        return ok;
    if (ok)
        free(*out);
    *out = NULL;
    return false;
}
