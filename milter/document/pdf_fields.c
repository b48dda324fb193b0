/* SPDX-License-Identifier: Apache-2.0
 * Signature fields with a value (ISO 32000-1, 12.7.4.5): in the field tree of the AcroForm, among
 * the widgets of the pages (viewers show those too), and the certifying signature of /Perms. The
 * trees come from strangers: every object is entered once, depth and number are bounded. */
#include <string.h>

#include "document/pdf.h"

struct node {
    struct pdf_value value; /* PDF_REF or PDF_DICT */
    const char *name;       /* of the parent */
    bool is_signature;      /* /FT of the parent */
    unsigned depth;
};

struct walk {
    struct pdf_reader *reader;
    struct node *stack;
    size_t count;
    size_t capacity;
    struct pdf_set seen;
};

static bool make_room(struct walk *walk)
{
    if (walk->count < walk->capacity)
        return true;
    size_t capacity = walk->capacity == 0 ? 64 : walk->capacity * 2;
    struct node *stack = pdf_scratch(walk->reader, capacity * sizeof(*stack));
    if (stack == NULL)
        return false;
    if (walk->count > 0)
        memcpy(stack, walk->stack, walk->count * sizeof(*stack));
    walk->stack = stack;
    walk->capacity = capacity;
    return true;
}

static void push(struct walk *walk, struct pdf_value value, const char *name, bool is_signature,
                 unsigned depth)
{
    struct pdf_reader *reader = walk->reader;
    if (value.kind != PDF_REF && value.kind != PDF_DICT)
        return;
    if (depth > PDF_MAX_TREE_DEPTH) {
        reader->over_limit = true;
        return;
    }
    if (make_room(walk))
        walk->stack[walk->count++] = (struct node){value, name, is_signature, depth};
}

/* Push the elements of an array in reverse, so that they are popped in order. */
static void push_all(struct walk *walk, const struct pdf_value *array, const char *name,
                     bool is_signature, unsigned depth)
{
    struct pdf_value item;
    size_t first = walk->count;
    for (size_t at = 0; pdf_array_next(array, &at, &item);)
        push(walk, item, name, is_signature, depth);
    for (size_t low = first, high = walk->count; low + 1 < high; low++) {
        struct node swapped = walk->stack[low];
        walk->stack[low] = walk->stack[--high];
        walk->stack[high] = swapped;
    }
}

/* Pop the next node that was not entered before. */
static bool pop(struct walk *walk, struct node *out)
{
    while (walk->count > 0 && !walk->reader->over_limit) {
        *out = walk->stack[--walk->count];
        if (out->value.kind != PDF_REF ||
            pdf_set_add(walk->reader, &walk->seen, pdf_ref_key(out->value.ref)))
            return true;
    }
    return false;
}

/* The same, resolved; what is no dictionary is passed over. */
static bool pop_dict(struct walk *walk, struct node *out, struct pdf_value *out_dict)
{
    while (pop(walk, out)) {
        *out_dict = pdf_resolve(walk->reader, out->value);
        if (out_dict->kind == PDF_DICT)
            return true;
    }
    return false;
}

/* 12.7.3.2: the full name is the partial names of all ancestors, joined by periods. */
static const char *full_name(struct pdf_reader *reader, const char *parent,
                             const struct pdf_value *dict)
{
    struct pdf_value title = pdf_get(reader, dict, "T");
    if (title.kind == PDF_NONE)
        return parent;
    const char *own = pdf_text_string(reader, &title);
    if (parent[0] == '\0')
        return own;
    char clean[VT_MAX_NAME_BYTES + 1];
    const char *joined = vt_arena_printf(reader->arena, "%s.%s", parent, own);
    if (joined != NULL)
        joined =
            vt_arena_str(reader->arena, vt_text_clean(clean, sizeof(clean), vt_bytes_str(joined)));
    if (joined == NULL)
        reader->out_of_memory = true;
    return joined == NULL ? "" : joined;
}

/* A value that is a signature although the field does not say so. */
static bool looks_signed(struct pdf_reader *reader, struct pdf_value v)
{
    struct pdf_value dict = pdf_resolve(reader, v);
    return dict.kind == PDF_DICT && (pdf_dict_get(&dict, "ByteRange").kind != PDF_NONE ||
                                     pdf_dict_get(&dict, "SubFilter").kind != PDF_NONE);
}

static void add_field(struct pdf_reader *reader, struct pdf_field field)
{
    if (reader->fields_count >= PDF_MAX_FIELDS) {
        reader->over_limit = true;
        return;
    }
    struct pdf_field *fields = vt_arena_grow(reader->scratch, reader->fields, reader->fields_count,
                                             sizeof(*reader->fields));
    if (fields == NULL) {
        reader->over_limit = true;
        return;
    }
    reader->fields = fields;
    reader->fields[reader->fields_count++] = field;
}

/* Keep a field when its value is, or claims to be, a signature. */
static void consider(struct pdf_reader *reader, const struct node *node,
                     const struct pdf_value *dict, const char *name, bool is_signature,
                     enum pdf_origin origin)
{
    struct pdf_value v = pdf_dict_get(dict, "V");
    bool refers = v.kind == PDF_REF || v.kind == PDF_DICT;
    if (v.kind == PDF_NONE || (!is_signature && !(refers && looks_signed(reader, v))))
        return;
    struct pdf_field field = {.name = name, .is_signature = is_signature, .v = v, .origin = origin};
    if (node->value.kind == PDF_REF)
        field.ref = node->value.ref;
    field.lock = pdf_get(reader, dict, "Lock");
    add_field(reader, field);
}

static bool field_type_is_signature(struct pdf_reader *reader, const struct pdf_value *dict,
                                    bool inherited)
{
    struct pdf_value type = pdf_get(reader, dict, "FT");
    return type.kind == PDF_NONE ? inherited : pdf_name_is(&type, "Sig");
}

static void walk_fields(struct walk *walk)
{
    struct pdf_reader *reader = walk->reader;
    struct pdf_value form = pdf_get(reader, &reader->catalog, "AcroForm");
    struct pdf_value fields = pdf_get(reader, &form, "Fields");
    struct node node;
    struct pdf_value dict;
    push_all(walk, &fields, "", false, 1);
    while (pop_dict(walk, &node, &dict)) {
        const char *name = full_name(reader, node.name, &dict);
        bool is_signature = field_type_is_signature(reader, &dict, node.is_signature);
        consider(reader, &node, &dict, name, is_signature, PDF_FROM_ACROFORM);
        struct pdf_value kids = pdf_get(reader, &dict, "Kids");
        push_all(walk, &kids, name, is_signature, node.depth + 1);
    }
}

bool pdf_field_find(struct pdf_reader *reader, const char *name, struct pdf_field *out)
{
    struct walk walk = {.reader = reader};
    struct pdf_value form = pdf_get(reader, &reader->catalog, "AcroForm");
    struct pdf_value fields = pdf_get(reader, &form, "Fields"), dict;
    struct node node;
    push_all(&walk, &fields, "", false, 1);
    while (pop_dict(&walk, &node, &dict)) {
        const char *own = full_name(reader, node.name, &dict);
        bool is_signature = field_type_is_signature(reader, &dict, node.is_signature);
        struct pdf_value kids = pdf_get(reader, &dict, "Kids");
        if (is_signature && node.value.kind == PDF_REF && strcmp(own, name) == 0) {
            *out = (struct pdf_field){.ref = node.value.ref,
                                      .name = own,
                                      .is_signature = true,
                                      .v = pdf_get(reader, &dict, "V"),
                                      .lock = pdf_get(reader, &dict, "Lock")};
            return true;
        }
        push_all(&walk, &kids, own, is_signature, node.depth + 1);
    }
    return false;
}

/* Type and name of a widget outside the field tree, by its parents. */
static bool widget_is_signature(struct pdf_reader *reader, const struct pdf_value *widget,
                                const char **out_name)
{
    struct pdf_value dict = *widget;
    bool is_signature = false, known = false;
    *out_name = full_name(reader, "", &dict);
    for (unsigned depth = 0; depth < PDF_MAX_TREE_DEPTH && dict.kind == PDF_DICT; depth++) {
        struct pdf_value type = pdf_get(reader, &dict, "FT");
        if (type.kind != PDF_NONE && !known) {
            is_signature = pdf_name_is(&type, "Sig");
            known = true;
        }
        dict = pdf_get(reader, &dict, "Parent");
    }
    return is_signature;
}

static void walk_widgets(struct walk *walk, const struct pdf_value *annots)
{
    struct pdf_reader *reader = walk->reader;
    struct node node;
    struct pdf_value dict;
    struct walk widgets = {.reader = reader, .seen = walk->seen};
    push_all(&widgets, annots, "", false, 1);
    while (pop_dict(&widgets, &node, &dict)) {
        const char *name = "";
        pdf_attached_note(reader, &dict);
        if (pdf_dict_get(&dict, "V").kind == PDF_NONE)
            continue;
        bool is_signature = widget_is_signature(reader, &dict, &name);
        consider(reader, &node, &dict, name, is_signature, PDF_FROM_PAGE);
    }
    walk->seen = widgets.seen;
}

/* An entry of a page or of a node above it, resolved. Only the entry: pages refer to everything. */
static struct pdf_value node_entry(struct pdf_reader *reader, const struct node *node,
                                   const char *key)
{
    struct pdf_value none = {0};
    if (node->value.kind != PDF_REF)
        return pdf_get(reader, &node->value, key + 1);
    if (!pdf_visit(reader))
        return none;
    return pdf_resolve(reader,
                       pdf_doc_fetch_key(&reader->main, reader->scratch, node->value.ref, key));
}

/* 7.7.3.2: the page tree. A node with /Kids is no page whatever its /Type says. */
static void walk_pages(struct walk *walk)
{
    struct pdf_reader *reader = walk->reader;
    struct node node;
    push(walk, pdf_dict_get(&reader->catalog, "Pages"), "", false, 1);
    while (pop(walk, &node)) {
        struct pdf_value entry = node_entry(reader, &node, "/Kids");
        if (entry.kind == PDF_ARRAY) {
            push_all(walk, &entry, "", false, node.depth + 1);
        } else {
            entry = node_entry(reader, &node, "/Annots");
            walk_widgets(walk, &entry);
            entry = node_entry(reader, &node, "/AF");
            pdf_attached_associate(reader, &entry);
        }
    }
}

static bool is_known_value(const struct pdf_reader *reader, struct pdf_ref ref)
{
    for (size_t i = 0; i < reader->fields_count; i++) {
        const struct pdf_value *v = &reader->fields[i].v;
        if (v->kind == PDF_REF && pdf_is_same_ref(v->ref, ref))
            return true;
    }
    return false;
}

/* 12.8.4: the certifying signature is named by /Perms as well as by its field. */
static void look_at_permissions(struct pdf_reader *reader)
{
    struct pdf_value perms = pdf_get(reader, &reader->catalog, "Perms");
    struct pdf_value docmdp = pdf_dict_get(&perms, "DocMDP");
    if (docmdp.kind != PDF_REF || is_known_value(reader, docmdp.ref) ||
        pdf_resolve(reader, docmdp).kind != PDF_DICT)
        return;
    add_field(reader, (struct pdf_field){.name = "", .v = docmdp, .origin = PDF_FROM_PERMS});
}

void pdf_fields_find(struct pdf_reader *reader)
{
    struct walk walk = {.reader = reader};
    walk_fields(&walk);
    walk_pages(&walk);
    look_at_permissions(reader);
}
