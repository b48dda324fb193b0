/* SPDX-License-Identifier: Apache-2.0
 * The strict part of the comparison of two states (see pdf_compare.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

static int severity(enum vt_changes result)
{
    return result == VT_CHANGES_FORBIDDEN      ? 3
           : result == VT_CHANGES_UNDETERMINED ? 2
           : result == VT_CHANGES_ADDED        ? 1
                                               : 0;
}

/* Room for a change of the page that is looked at: each kind once for a page, the worst of it, but
 * for signatures; where all is taken the mildest one gives way. NULL: there is none. */
static struct vt_document_change *room_for(struct pdf_pair *pair, enum vt_change_kind kind,
                                           enum vt_changes effect)
{
    struct pdf_step_changes *changes = &pair->changes;
    struct vt_document_change *mildest = changes->items;
    for (size_t i = 0; i < changes->count; i++) {
        struct vt_document_change *known = &changes->items[i];
        bool is_told = known->page == pair->page || pair->page == 0; /* with its page, or without */
        if (known->kind == kind && is_told && kind != VT_CHANGE_SIGNATURE_ADDED)
            return severity(known->effect) < severity(effect) ? known : NULL;
        if (severity(known->effect) < severity(mildest->effect))
            mildest = known;
    }
    if (changes->count < PDF_MAX_STEP_CHANGES)
        return &changes->items[changes->count++];
    return severity(mildest->effect) < severity(effect) ? mildest : NULL;
}

void pdf_pair_note(struct pdf_pair *pair, enum vt_change_kind kind, const char *what)
{
    struct vt_document_change *room = room_for(pair, kind, VT_CHANGES_PERMITTED);
    if (room != NULL)
        *room = (struct vt_document_change){
            .kind = kind, .effect = VT_CHANGES_PERMITTED, .page = pair->page, .what = what};
}

/* A sentence about a page begins with its number. */
static void put_sentence(const struct pdf_pair *pair, char out[PDF_WHY_BYTES], const char *sentence)
{
    if (pair->page == 0)
        (void)snprintf(out, PDF_WHY_BYTES, "%s", sentence);
    else
        (void)snprintf(out, PDF_WHY_BYTES, "page %u: %s", pair->page, sentence);
}

static void record(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, va_list args) VT_PRINTF(4, 0);
static void record(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, va_list args)
{
    char why[PDF_WHY_BYTES - 20], clean[PDF_WHY_BYTES - 20];
    struct vt_document_change *room = room_for(pair, kind, result);
    bool is_worst = severity(result) > severity(pair->result);
    bool is_first = result == VT_CHANGES_ADDED && pair->addition[0] == '\0';
    if (room == NULL && !is_worst && !is_first)
        return;
    (void)vsnprintf(why, sizeof(why), format, args);
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(why));
    if (room != NULL)
        *room = (struct vt_document_change){.kind = kind,
                                            .effect = result,
                                            .page = pair->page,
                                            .what = vt_arena_str(pair->reader->arena, clean)};
    if (room != NULL && room->what == NULL)
        pair->reader->out_of_memory = true;
    if (is_first)
        put_sentence(pair, pair->addition, clean);
    if (is_worst) {
        pair->result = result;
        put_sentence(pair, pair->why, clean);
    }
}

void pdf_pair_fail(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(pair, result, kind, format, args);
    va_end(args);
}

void pdf_pair_add(struct pdf_pair *pair, int needed, bool harmless, enum vt_change_kind kind,
                  const char *format, ...)
{
    va_list args;
    char why[PDF_WHY_BYTES];
    va_start(args, format);
    if (pair->docmdp != 0 && pair->docmdp < needed) {
        (void)vsnprintf(why, sizeof(why), format, args);
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, kind,
                      "%s, which the certification (/P %d) does not allow", why, pair->docmdp);
    } else {
        record(pair, pair->docmdp != 0 && harmless ? VT_CHANGES_PERMITTED : VT_CHANGES_ADDED, kind,
               format, args);
    }
    va_end(args);
}

struct pdf_value pdf_pair_resolve(struct pdf_pair *pair, size_t step, struct pdf_value value)
{
    if (value.kind == PDF_REF)
        value = pdf_history_object(pair->history, value.ref, step).value;
    if (value.kind == PDF_NULL)
        value.kind = PDF_NONE;
    return value;
}

struct pdf_value pdf_pair_get(struct pdf_pair *pair, size_t step, const struct pdf_value *dict,
                              const char *key)
{
    return pdf_pair_resolve(pair, step, pdf_dict_get(dict, key));
}

size_t pdf_pair_numbers(struct pdf_pair *pair, const struct pdf_value *array, double *out,
                        size_t max)
{
    struct pdf_value item;
    size_t count = 0;
    for (size_t at = 0; pdf_array_next(array, &at, &item); count++) {
        item = pdf_pair_resolve(pair, pair->b, item);
        if (count == max || !pdf_number_of(&item, &out[count]))
            return 0;
    }
    return count;
}

bool pdf_pair_box(struct pdf_pair *pair, const struct pdf_value *rectangle, struct pdf_box *out)
{
    double corners[4];
    if (pdf_pair_numbers(pair, rectangle, corners, 4) != 4)
        return false;
    *out = pdf_box_of(corners);
    return true;
}

bool pdf_pair_is_new(struct pdf_pair *pair, const struct pdf_value *value)
{
    return value->kind == PDF_REF && value->ref.gen == 0 &&
           pdf_history_object(pair->history, value->ref, pair->a).value.kind == PDF_NULL;
}

bool pdf_has_only_keys(const struct pdf_value *dict, const char *const *known)
{
    struct pdf_value key, value;
    for (size_t at = 0; pdf_dict_next(dict, &at, &key, &value);) {
        size_t i = 0;
        while (known[i] != NULL && !pdf_name_is(&key, known[i]))
            i++;
        if (known[i] == NULL)
            return false;
    }
    return dict->kind == PDF_DICT;
}

bool pdf_value_is_same(const struct pdf_value *a, const struct pdf_value *b)
{
    return a->kind == b->kind && (a->kind == PDF_NONE || vt_bytes_equal(a->text, b->text));
}

static void queue_ref(struct pdf_pair *pair, struct pdf_ref ref)
{
    if (!pdf_set_add(pair->reader, &pair->queued, pdf_ref_key(ref)))
        return;
    if (pair->queue_count == pair->queue_capacity) {
        size_t capacity = pair->queue_capacity == 0 ? 256 : pair->queue_capacity * 2;
        struct pdf_queued *queue = pdf_scratch(pair->reader, capacity * sizeof(*queue));
        if (queue == NULL)
            return;
        if (pair->queue_count > 0)
            memcpy(queue, pair->queue, pair->queue_count * sizeof(*queue));
        pair->queue = queue;
        pair->queue_capacity = capacity;
    }
    pair->queue[pair->queue_count++] = (struct pdf_queued){ref, pair->page};
}

void pdf_pair_queue(struct pdf_pair *pair, struct vt_bytes text)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_next_ref(text, &at, &ref);)
        queue_ref(pair, ref);
}

bool pdf_pair_strict(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b)
{
    if (!pdf_value_is_same(a, b))
        return false;
    if (a->kind != PDF_NONE)
        pdf_pair_queue(pair, a->text);
    return true;
}

static bool is_same_ref(const struct pdf_value *a, const struct pdf_value *b)
{
    return a->kind == PDF_REF && b->kind == PDF_REF && a->ref.id == b->ref.id &&
           a->ref.gen == b->ref.gen;
}

void pdf_pair_explain(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                      bool role)
{
    if (!is_same_ref(a, b))
        return;
    (void)pdf_set_add(pair->reader, &pair->explained, (uint64_t)(unsigned)a->ref.id);
    if (role)
        (void)pdf_set_add(pair->reader, &pair->handled, pdf_ref_key(a->ref));
}

/* ---- dictionaries ---- */

/* Entries that decide what a reader sees, or what is done when it opens the document: a proven
 * change of one is a change of what was signed. */
static const struct seen_entry {
    enum vt_change_kind where;
    const char *key;
    enum vt_change_kind kind;
} seen_entries[] = {
    {VT_CHANGE_PAGE_OTHER, "Resources", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "MediaBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "CropBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "Rotate", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "UserUnit", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "Group", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGE_OTHER, "AA", VT_CHANGE_ACTION},
    {VT_CHANGE_PAGES_REORDERED, "Count", VT_CHANGE_PAGES_REORDERED},
    {VT_CHANGE_PAGES_REORDERED, "Resources", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "MediaBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "CropBox", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_PAGES_REORDERED, "Rotate", VT_CHANGE_PAGE_OTHER},
    {VT_CHANGE_CATALOG, "OCProperties", VT_CHANGE_CATALOG},
    {VT_CHANGE_CATALOG, "OpenAction", VT_CHANGE_ACTION},
    {VT_CHANGE_CATALOG, "AA", VT_CHANGE_ACTION},
    {VT_CHANGE_FORM, "XFA", VT_CHANGE_FORM},
    {VT_CHANGE_FORM, "A", VT_CHANGE_ACTION},
    {VT_CHANGE_FORM, "AA", VT_CHANGE_ACTION},
};

static const struct seen_entry *seen_entry(enum vt_change_kind where, const struct pdf_value *key)
{
    for (size_t i = 0; i < sizeof(seen_entries) / sizeof(seen_entries[0]); i++) {
        if (seen_entries[i].where == where && pdf_name_is(key, seen_entries[i].key))
            return &seen_entries[i];
    }
    return NULL;
}

static void compare_key(struct pdf_pair *pair, const struct pdf_value *key,
                        const struct pdf_value *a, const struct pdf_value *b, pdf_key_rule rule,
                        void *context, enum vt_change_kind kind, const char *what)
{
    if (rule(pair, context, key, a, b) || pdf_pair_strict(pair, a, b))
        return;
    char name[48];
    const struct seen_entry *seen = seen_entry(kind, key);
    bool is_proven = seen != NULL && pdf_pair_differs(pair, a, b);
    vt_text_clean(name, sizeof(name), key->text);
    pdf_pair_fail(pair, is_proven ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                  seen != NULL ? seen->kind : kind, "%s of %s was changed", name, what);
}

void pdf_pair_dicts(struct pdf_pair *pair, const struct pdf_value *a, const struct pdf_value *b,
                    pdf_key_rule rule, void *context, enum vt_change_kind kind, const char *what)
{
    struct pdf_value key, value, other;
    bool same = pdf_value_is_same(a, b);
    for (size_t at = 0; pdf_dict_next(a, &at, &key, &value);) {
        if (!same && !pdf_work(pair->reader, b->text.len))
            return;
        other = same ? value : pdf_dict_find(b, &key);
        compare_key(pair, &key, &value, &other, rule, context, kind, what);
    }
    for (size_t at = 0; !same && pdf_dict_next(b, &at, &key, &value);) {
        if (!pdf_work(pair->reader, a->text.len))
            return;
        other = pdf_dict_find(a, &key);
        if (other.kind == PDF_NONE)
            compare_key(pair, &key, &other, &value, rule, context, kind, what);
    }
}

/* ---- everything else ---- */

static bool same_stream_bytes(struct pdf_pair *pair, struct pdf_ref ref)
{
    uint8_t *a = NULL, *b = NULL;
    size_t a_len = 0, b_len = 0;
    bool same = pdf_history_stream(pair->history, ref, pair->a, false, &a, &a_len) &&
                pdf_history_stream(pair->history, ref, pair->b, false, &b, &b_len) &&
                a_len == b_len && memcmp(a, b, a_len) == 0;
    free(a);
    free(b);
    return same;
}

/* An object that an update wrote again: is it the same as before? */
static bool is_rewritten_unchanged(struct pdf_pair *pair, struct pdf_ref ref)
{
    struct pdf_object a = pdf_history_object(pair->history, ref, pair->a);
    struct pdf_object b = pdf_history_object(pair->history, ref, pair->b);
    return a.value.kind != PDF_NONE && pdf_value_is_same(&a.value, &b.value) &&
           a.is_stream == b.is_stream && (!a.is_stream || same_stream_bytes(pair, ref));
}

/* What an object that was changed is for. */
static enum vt_change_kind kind_of_object(struct pdf_pair *pair, struct pdf_ref ref)
{
    struct pdf_value before = pdf_history_object(pair->history, ref, pair->a).value;
    struct pdf_value type = pdf_dict_get(&before, "Type");
    struct pdf_value subtype = pdf_dict_get(&before, "Subtype");
    if (pdf_name_is(&type, "Font") || pdf_name_is(&type, "FontDescriptor"))
        return VT_CHANGE_FONT;
    return pdf_name_is(&subtype, "Image") ? VT_CHANGE_IMAGE : VT_CHANGE_OBJECT;
}

/* An annotation was changed in what it shows, not only in what its window is like. */
static bool annotation_differs(struct pdf_pair *pair, const struct pdf_value *a,
                               const struct pdf_value *b)
{
    static const char *const shown[] = {"Subtype",  "Rect",       "F",  "AP", "AS",
                                        "Contents", "QuadPoints", "OC", "A",  "AA"};
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        struct pdf_value from = pdf_dict_get(a, shown[i]), to = pdf_dict_get(b, shown[i]);
        if (pdf_pair_differs(pair, &from, &to))
            return true;
    }
    return false;
}

/* Is it proven that what a reader sees, or a file inside the document, is another? */
static bool is_seen_change(struct pdf_pair *pair, struct pdf_ref ref)
{
    static const char *const types[] = {"Font", "FontDescriptor", "XObject",  "OCG",
                                        "OCMD", "EmbeddedFile",   "ExtGState"};
    struct pdf_value value = {.kind = PDF_REF, .ref = ref};
    struct pdf_value a = pdf_history_object(pair->history, ref, pair->a).value;
    struct pdf_value b = pdf_history_object(pair->history, ref, pair->b).value;
    struct pdf_value type = pdf_dict_get(&a, "Type"), subtype = pdf_dict_get(&a, "Subtype");
    bool shows = pair->page != 0 || pdf_name_is(&subtype, "Image") || pdf_name_is(&subtype, "Form");
    if (ref.gen != 0 || a.kind == PDF_NONE || b.kind == PDF_NONE || b.kind == PDF_NULL)
        return false;
    if (pdf_dict_get(&a, "Rect").kind != PDF_NONE)
        return pair->docmdp != 3 && annotation_differs(pair, &a, &b);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        shows = shows || pdf_name_is(&type, types[i]);
    return shows && !pdf_name_is(&type, "StructElem") && pdf_pair_differs(pair, &value, &value);
}

static void say_changed(struct pdf_pair *pair, struct pdf_ref ref, const char *which)
{
    pdf_pair_fail(pair, is_seen_change(pair, ref) ? VT_CHANGES_FORBIDDEN : VT_CHANGES_UNDETERMINED,
                  kind_of_object(pair, ref), "object %d%s was changed", ref.id, which);
}

static void compare_object(struct pdf_pair *pair, struct pdf_ref ref)
{
    size_t count = 0;
    if (pdf_set_has(&pair->handled, pdf_ref_key(ref)) || !pdf_visit(pair->reader))
        return;
    if (pdf_history_is_redefined(pair->history, ref.id, pair->b)) {
        /* With a generation number other than that of the update readers disagree. */
        if (ref.gen != 0 || !is_rewritten_unchanged(pair, ref)) {
            say_changed(pair, ref, ", which the signed revision uses,");
            return;
        }
        (void)pdf_set_add(pair->reader, &pair->explained, (uint64_t)(unsigned)ref.id);
    }
    const struct pdf_ref *refs = pdf_history_refs(pair->history, ref, pair->b, &count);
    for (size_t i = 0; i < count; i++)
        queue_ref(pair, refs[i]);
}

/* An appearance that something else uses too was not the field's to replace. */
static void compare_retired(struct pdf_pair *pair)
{
    for (size_t i = 0; i < pair->retired.capacity; i++) {
        if (pair->retired.slots[i] != 0 && pdf_set_has(&pair->queued, pair->retired.slots[i] - 1))
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_ANNOTATION_REMOVED,
                          "signing or filling in a field replaced an appearance that is used "
                          "elsewhere too");
    }
}

/* An object that existed before and was redefined must have been seen, or be the same. */
static void compare_unseen(struct pdf_pair *pair)
{
    const struct pdf_set *redefined = &pair->history->steps[pair->b].redefined;
    for (size_t i = 0; i < redefined->capacity && !pair->reader->over_limit; i++) {
        uint64_t id = redefined->slots[i] - 1;
        if (redefined->slots[i] == 0 || id > INT32_MAX)
            continue;
        struct pdf_ref ref = {.id = (int)id};
        struct pdf_value a = pdf_history_object(pair->history, ref, pair->a).value;
        if (a.kind == PDF_NULL)
            continue;
        struct pdf_value b = pdf_history_object(pair->history, ref, pair->b).value;
        if (b.kind == PDF_NULL || b.kind == PDF_NONE)
            pdf_pair_fail(pair,
                          pdf_set_has(&pair->queued, pdf_ref_key(ref)) ? VT_CHANGES_FORBIDDEN
                                                                       : VT_CHANGES_UNDETERMINED,
                          kind_of_object(pair, ref), "object %d of the signed revision was removed",
                          ref.id);
        else if (!pdf_set_has(&pair->explained, id) && !is_rewritten_unchanged(pair, ref))
            say_changed(pair, ref, " of the signed revision");
    }
}

/* An object stream that is replaced changes objects that no update lists (7.5.7). */
static void compare_containers(struct pdf_pair *pair)
{
    const struct pdf_set *redefined = &pair->history->steps[pair->b].redefined;
    for (size_t i = 0; i < redefined->capacity && !pair->reader->over_limit; i++) {
        uint64_t id = redefined->slots[i] - 1;
        if (redefined->slots[i] == 0 || id > INT32_MAX)
            continue;
        struct pdf_ref ref = {.id = (int)id};
        struct pdf_object a = pdf_history_object(pair->history, ref, pair->a);
        struct pdf_value type = pdf_dict_get(&a.value, "Type");
        if (a.is_stream && pdf_name_is(&type, "ObjStm"))
            pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_OBJECT,
                          "the object stream %d of the signed revision was replaced", ref.id);
    }
}

void pdf_compare(struct pdf_pair *pair)
{
    compare_containers(pair);
    pdf_compare_trailers(pair);
    while (pair->queue_count > 0 && !pair->reader->over_limit) {
        struct pdf_queued next = pair->queue[--pair->queue_count];
        pair->page = next.page;
        compare_object(pair, next.ref);
    }
    pair->page = 0;
    compare_retired(pair);
    compare_unseen(pair);
    if (pair->reader->over_limit)
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "the file is too large to be compared");
    if (pdf_history_is_damaged(pair->history, pair->a) ||
        pdf_history_is_damaged(pair->history, pair->b))
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "an object in it is damaged");
}
