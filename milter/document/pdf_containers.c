/* SPDX-License-Identifier: Apache-2.0
 * Object streams as all readers read them (ISO 32000-1, 7.5.7). Some find an object by its number
 * in the head of the stream, some by the index that the cross-reference stream gives; some take the
 * first of two with one number, some the last; some read up to where the next one begins; and who
 * builds a table of his own takes whatever is in such a stream. They find the same where head,
 * cross-reference stream and objects say the same. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_history.h"
#include "document/pdf_xref_section.h"

/* An object that a section says is in an object stream. */
struct packed {
    uint32_t container;
    uint32_t id;
    uint32_t index;
    bool is_current; /* no newer section says where the object is */
    bool is_found;
};

struct list {
    struct packed *items;
    size_t count;
    uint8_t *known; /* a bit for each object number that a newer section lists */
};

/* ---- what the sections of a step say ---- */

static bool is_new(struct list *list, uint32_t id)
{
    uint8_t bit = (uint8_t)(1u << id % 8);
    bool was_known = (list->known[id / 8] & bit) != 0;
    list->known[id / 8] |= bit;
    return !was_known;
}

/* 7.5.8.4: what the table of a hybrid section calls free, its stream may have. */
static void add_section(struct list *list, const struct pdf_section *section)
{
    for (const struct pdf_section *part = section; part != NULL; part = part->second) {
        for (size_t i = 0; i < part->entries_count; i++) {
            const struct pdf_entry *entry = &part->entries[i];
            if (entry->id >= PDF_MAX_SIZE ||
                (entry->type == PDF_ENTRY_FREE && part->second != NULL))
                continue;
            bool is_current = is_new(list, entry->id);
            if (entry->type == PDF_ENTRY_COMPRESSED && entry->place < PDF_MAX_SIZE)
                list->items[list->count++] = (struct packed){.container = (uint32_t)entry->place,
                                                             .id = entry->id,
                                                             .index = entry->gen,
                                                             .is_current = is_current};
        }
    }
}

static size_t count_packed(const struct pdf_section *section)
{
    size_t count = 0;
    for (; section != NULL; section = section->second) {
        for (size_t i = 0; i < section->entries_count; i++)
            count += section->entries[i].type == PDF_ENTRY_COMPRESSED;
    }
    return count;
}

static int by_place(const void *a, const void *b)
{
    const struct packed *left = a, *right = b;
    if (left->container != right->container)
        return left->container < right->container ? -1 : 1;
    if (left->id != right->id)
        return left->id < right->id ? -1 : 1;
    return (int)right->is_current - (int)left->is_current;
}

/* False: no memory. */
static bool list_packed(struct pdf_history *history, size_t step, struct list *out)
{
    const struct pdf_chain *chain = history->chain;
    size_t first = chain->revisions[history->steps[step].revision].newest, count = 0;
    size_t end = step == 0 ? chain->sections_count
                           : chain->revisions[history->steps[step - 1].revision].newest;
    for (size_t i = first; i < end; i++)
        count += count_packed(&chain->sections[i]);
    if (count == 0)
        return true;
    out->items = pdf_scratch(history->reader, count * sizeof(*out->items));
    out->known = pdf_scratch(history->reader, PDF_MAX_SIZE / 8);
    if (out->items == NULL || out->known == NULL)
        return false;
    for (size_t i = first; i < end; i++)
        add_section(out, &chain->sections[i]);
    qsort(out->items, out->count, sizeof(*out->items), by_place);
    return true;
}

/* ---- one object stream ---- */

static struct packed *find(struct packed *items, size_t count, uint32_t id)
{
    size_t low = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (items[low + half].id < id) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return &items[low];
}

/* The pairs in the head: digits and white space, nothing that is skipped by some readers only. */
static bool is_plain(struct vt_bytes head)
{
    for (size_t i = 0; i < head.len; i++) {
        uint8_t c = head.ptr[i];
        if ((c < '0' || c > '9') && c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return false;
    }
    return true;
}

static bool next_number(struct vt_bytes head, size_t *at, size_t *out)
{
    struct pdf_value value;
    if (!pdf_next_value(head, at, &value) || value.kind != PDF_INTEGER || value.integer < 0)
        return false;
    *out = (size_t)value.integer;
    return true;
}

/* Does the object that begins at from end before to? */
static bool ends_before(struct vt_bytes body, size_t from, size_t to)
{
    struct pdf_value value;
    return from <= to && pdf_next_value(vt_bytes_slice(body, 0, to), &from, &value);
}

/* items: those of this stream. */
static const char *check_pairs(struct packed *items, size_t items_count, struct vt_bytes data,
                               size_t first, size_t count)
{
    static const char other[] = "an object stream holds other objects than the cross-reference "
                                "stream says, or in another order";
    struct vt_bytes head = vt_bytes_slice(data, 0, first);
    struct vt_bytes body = vt_bytes_slice(data, first, data.len);
    size_t at = 0, id = 0, offset = 0, before = 0;
    if (first > data.len || !is_plain(head))
        return "the head of an object stream is not read by all readers alike";
    for (size_t i = 0; i < count; i++, before = offset) {
        if (!next_number(head, &at, &id) || !next_number(head, &at, &offset) || id >= PDF_MAX_SIZE)
            return "the head of an object stream cannot be read";
        struct packed *item = find(items, items_count, (uint32_t)id);
        if (item == items + items_count || item->id != id || item->is_found ||
            (item->is_current && item->index != i))
            return other;
        item->is_found = true;
        if (i > 0 && !ends_before(body, before, offset))
            return "objects of an object stream overlap";
    }
    for (size_t i = 0; i < items_count; i++) {
        if (items[i].is_current && !items[i].is_found)
            return other;
    }
    return NULL;
}

/* An entry of a stream's dictionary that is a number. */
static bool count_of(const struct pdf_value *dict, const char *key, size_t *out)
{
    struct pdf_value value = pdf_dict_get(dict, key);
    *out = (size_t)value.integer;
    return value.kind == PDF_INTEGER && value.integer >= 0;
}

static bool is_used(const struct packed *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].is_current)
            return true;
    }
    return false;
}

/* Of what was signed it is the same before and after. */
static bool is_plain_update(struct pdf_history *history, struct pdf_ref ref, size_t step,
                            const struct pdf_value *dict)
{
    uint8_t *raw = NULL;
    size_t len = 0;
    if (step == 0)
        return true;
    bool is_plain = pdf_history_stream(history, ref, step, false, &raw, &len) &&
                    pdf_stream_is_plain(dict, vt_bytes_of(raw, len));
    free(raw);
    return is_plain;
}

static const char *check_container(struct pdf_history *history, size_t step, struct packed *items,
                                   size_t items_count)
{
    struct pdf_ref ref = {.id = (int)items[0].container};
    struct pdf_object object = pdf_history_object(history, ref, step);
    size_t first = 0, count = 0, len = 0;
    uint8_t *data = NULL;
    if (!is_plain_update(history, ref, step, &object.value))
        return "an object stream of an update is not written as all readers read it";
    if (!count_of(&object.value, "First", &first) || !count_of(&object.value, "N", &count) ||
        !pdf_history_stream(history, ref, step, true, &data, &len))
        return is_used(items, items_count) ? "an object stream cannot be read" : NULL;
    const char *defect = check_pairs(items, items_count, vt_bytes_of(data, len), first, count);
    pdf_generations_collect(history, step, vt_bytes_of(data, len));
    free(data);
    return defect;
}

const char *pdf_containers_check(struct pdf_history *history, size_t step)
{
    struct list list = {0};
    const char *defect = NULL;
    if (!list_packed(history, step, &list))
        return "the file is too large to be compared";
    for (size_t i = 0, end = 0; i < list.count && defect == NULL; i = end) {
        while (end < list.count && list.items[end].container == list.items[i].container)
            end++;
        defect = check_container(history, step, &list.items[i], end - i);
    }
    return defect;
}
