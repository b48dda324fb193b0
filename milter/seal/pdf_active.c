/* SPDX-License-Identifier: Apache-2.0
 * What of a PDF may look otherwise than when it was sealed, without a byte of it being changed:
 * scripts and actions (ISO 32000-1, 12.6.4), media (13), layers that are off or follow an event
 * (8.11.4), and what comes from other files or shows on paper only. A seal stands for what a reader
 * sees. Everything that the catalog leads to is looked at. */
#include "seal/pdf.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NESTING 32
/* Memory for texts of objects is given back after so many. */
#define OBJECTS_AT_ONCE 256
#define WORK_ARENA_BYTES ((size_t)96 * 1024 * 1024)
#define NO_VIEW_BUT_PRINT 36 /* 12.5.3, bits 3 and 6 */

static const char script[] = "The file has a script.";
static const char media[] = "The file has a film, a sound or a model in it.";
static const char outside[] = "The file shows what stands in another file.";
static const char layers[] = "The file has a layer that is hidden, or shown at times only.";
static const char paper[] = "The file shows on paper what is not seen on a screen.";

static const struct {
    const char *key, *name, *why;
} signs[] = {
    {"S", "JavaScript", script},
    {"S", "Launch", "The file starts a program or opens another file."},
    {"S", "ImportData", "The file has an action that fills it in."},
    {"S", "ResetForm", "The file has an action that fills it in."},
    {"S", "SetOCGState", "The file has an action that shows or hides something."},
    {"S", "Hide", "The file has an action that shows or hides something."},
    {"S", "Rendition", media},
    {"S", "Movie", media},
    {"S", "Sound", media},
    {"S", "GoTo3DView", media},
    {"S", "RichMediaExecute", media},
    {"Subtype", "Movie", media},
    {"Subtype", "Sound", media},
    {"Subtype", "Screen", media},
    {"Subtype", "3D", media},
    {"Subtype", "RichMedia", media},
};

struct walk {
    struct pdf_reader *reader;
    struct pdf_set seen;
    struct pdf_ref *queue;
    size_t count, capacity;
    const char *why; /* NULL: nothing was found */
};

/* ---- one dictionary ---- */

static bool shows_when_off(const struct pdf_value *dict)
{
    struct pdf_value type = pdf_dict_get(dict, "Type"), policy = pdf_dict_get(dict, "P");
    return pdf_name_is(&type, "OCMD") &&
           (pdf_name_is(&policy, "AnyOff") || pdf_name_is(&policy, "AllOff") ||
            pdf_dict_get(dict, "VE").kind != PDF_NONE);
}

static bool is_for_paper(const struct pdf_value *dict)
{
    struct pdf_value flags = pdf_dict_get(dict, "F");
    return pdf_dict_get(dict, "Rect").kind != PDF_NONE && flags.kind == PDF_INTEGER &&
           (flags.integer & NO_VIEW_BUT_PRINT) == NO_VIEW_BUT_PRINT;
}

static void look_at_dict(struct walk *walk, const struct pdf_value *dict, bool is_stream)
{
    struct pdf_value subtype = pdf_dict_get(dict, "Subtype");
    for (size_t i = 0; i < ELEMENTS(signs); i++) {
        struct pdf_value value = pdf_dict_get(dict, signs[i].key);
        if (value.kind == PDF_NAME && pdf_name_is(&value, signs[i].name))
            walk->why = signs[i].why;
    }
    if (pdf_dict_get(dict, "JS").kind != PDF_NONE)
        walk->why = script;
    if (is_stream &&
        (pdf_dict_get(dict, "F").kind != PDF_NONE ||
         (pdf_name_is(&subtype, "Form") && pdf_dict_get(dict, "Ref").kind != PDF_NONE)))
        walk->why = outside;
    if (is_stream && pdf_dict_get(dict, "Alternates").kind != PDF_NONE)
        walk->why = paper;
    if (shows_when_off(dict))
        walk->why = layers;
    if (is_for_paper(dict))
        walk->why = paper;
}

static void look_within(struct walk *walk, const struct pdf_value *value, bool is_stream,
                        unsigned nesting)
{
    struct pdf_value key, item;
    if (nesting > MAX_NESTING)
        walk->reader->over_limit = true;
    if (nesting > MAX_NESTING || walk->why != NULL)
        return;
    if (value->kind == PDF_DICT)
        look_at_dict(walk, value, is_stream);
    for (size_t at = 0; value->kind == PDF_DICT && pdf_dict_next(value, &at, &key, &item);)
        look_within(walk, &item, false, nesting + 1);
    for (size_t at = 0; value->kind == PDF_ARRAY && pdf_array_next(value, &at, &item);)
        look_within(walk, &item, false, nesting + 1);
}

/* ---- all of them ---- */

static bool enqueue(struct walk *walk, struct pdf_ref ref)
{
    if (!pdf_set_add(walk->reader, &walk->seen, pdf_ref_key(ref)))
        return !walk->reader->over_limit;
    if (walk->count == walk->capacity) {
        size_t capacity = walk->capacity == 0 ? 1024 : walk->capacity * 2;
        struct pdf_ref *grown = pdf_scratch(walk->reader, capacity * sizeof(*grown));
        if (grown == NULL)
            return false;
        for (size_t i = 0; i < walk->count; i++)
            grown[i] = walk->queue[i];
        walk->queue = grown;
        walk->capacity = capacity;
    }
    walk->queue[walk->count++] = ref;
    return true;
}

static bool enqueue_all(struct walk *walk, const struct pdf_value *value)
{
    struct pdf_ref ref;
    for (size_t at = 0; pdf_next_ref(value->text, &at, &ref);) {
        if (!enqueue(walk, ref))
            return false;
    }
    return true;
}

static void walk_all(struct walk *walk)
{
    struct vt_arena *arena = NULL;
    for (size_t i = 0; i < walk->count && walk->why == NULL && !walk->reader->over_limit; i++) {
        if (i % OBJECTS_AT_ONCE == 0) {
            vt_arena_free(arena);
            arena = vt_arena_new(WORK_ARENA_BYTES);
        }
        struct pdf_object object = {0};
        if (arena != NULL && pdf_visit(walk->reader))
            object = pdf_doc_fetch(&walk->reader->main, arena, walk->queue[i]);
        if (object.value.kind == PDF_NONE) {
            walk->reader->over_limit = true;
            break;
        }
        look_within(walk, &object.value, object.is_stream, 0);
        (void)enqueue_all(walk, &object.value);
    }
    vt_arena_free(arena);
}

/* 8.11.4.4: does a group say that it is on for this use, or nothing of it? */
static bool stays_on(struct pdf_reader *reader, const struct pdf_value *group,
                     const struct pdf_value *use)
{
    static const struct {
        const char *use, *state;
    } known[] = {{"View", "ViewState"}, {"Print", "PrintState"}, {"Export", "ExportState"}};
    struct pdf_value dict = pdf_resolve(reader, *group);
    struct pdf_value usage = pdf_get(reader, &dict, "Usage");
    struct pdf_value said = pdf_dict_find(&usage, use);
    said = pdf_resolve(reader, said);
    if (said.kind == PDF_NONE)
        return true;
    for (size_t i = 0; i < ELEMENTS(known); i++) {
        struct pdf_value state = pdf_get(reader, &said, known[i].state);
        if (pdf_name_is(use, known[i].use))
            return state.kind == PDF_NONE || pdf_name_is(&state, "ON");
    }
    return false; /* by zoom, language, user */
}

/* 8.11.4.5: events that turn groups on and off. Acrobat writes them with every watermark, for
 * groups that are on for all of them. */
static bool events_change(struct pdf_reader *reader, const struct pdf_value *events)
{
    struct pdf_value event, use, group;
    for (size_t at = 0; pdf_array_next(events, &at, &event);) {
        event = pdf_resolve(reader, event);
        struct pdf_value uses = pdf_get(reader, &event, "Category");
        struct pdf_value groups = pdf_get(reader, &event, "OCGs");
        for (size_t u = 0; pdf_array_next(&uses, &u, &use);) {
            for (size_t g = 0; pdf_array_next(&groups, &g, &group);) {
                if (!pdf_visit(reader) || !stays_on(reader, &group, &use))
                    return true;
            }
        }
    }
    return false;
}

/* The state in which a file opens must be the only one that it takes by itself. */
static bool has_hidden_layers(struct pdf_reader *reader)
{
    struct pdf_value properties = pdf_get(reader, &reader->catalog, "OCProperties"), item;
    struct pdf_value usual = pdf_get(reader, &properties, "D");
    struct pdf_value state = pdf_get(reader, &usual, "BaseState");
    struct pdf_value off = pdf_get(reader, &usual, "OFF"), events = pdf_get(reader, &usual, "AS");
    size_t at = 0;
    return (state.kind != PDF_NONE && !pdf_name_is(&state, "ON")) ||
           pdf_array_next(&off, &at, &item) || events_change(reader, &events);
}

void vt_pdf_check_active(struct vt_pdf_source *source)
{
    struct pdf_reader *reader = &source->reader;
    struct walk walk = {.reader = reader};
    struct pdf_value form = pdf_get(reader, &reader->catalog, "AcroForm");
    if (source->word != VT_SEAL_PDF_READY)
        return;
    if (pdf_get(reader, &form, "XFA").kind != PDF_NONE)
        vt_pdf_refuse(source, VT_SEAL_PDF_FORM,
                      "The file has a second form (XFA) that some programs show in the place of "
                      "its pages.");
    if (has_hidden_layers(reader))
        walk.why = layers;
    look_within(&walk, &reader->catalog, false, 0);
    if (walk.why == NULL && enqueue_all(&walk, &reader->catalog))
        walk_all(&walk);
    if (walk.why != NULL)
        vt_pdf_refuse(source, VT_SEAL_PDF_ACTIVE, walk.why);
}
