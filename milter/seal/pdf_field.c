/* SPDX-License-Identifier: Apache-2.0
 * What a signature writes into a document (ISO 32000-1 12.7, 12.8): its dictionary with room for
 * the signature, its field with the widget, the page's list of annotations, and the form. Objects
 * that were there are written again with one entry changed. */
#include <string.h>

#include "seal/pdf.h"

/* Print and Locked (12.5.3). */
#define WIDGET_FLAGS 132
/* SignaturesExist and AppendOnly (12.7.2, table 219). */
#define SIG_FLAGS 3

struct field_work {
    struct vt_pdf_update *update;
    struct vt_pdf_source *source;
    const struct vt_pdf_signature_plan *plan;
    struct pdf_ref value;
    struct pdf_ref field;
};

static void put_ref(struct vt_pdf_update *update, struct pdf_ref ref)
{
    vt_update_putf(update, "%d %d R ", ref.id, ref.gen);
}

static void put_rect(struct vt_pdf_update *update, const struct pdf_box *rect)
{
    vt_update_put(update, VT_BYTES("/Rect ["));
    vt_update_put_number(update, rect->left);
    vt_update_put_number(update, rect->bottom);
    vt_update_put_number(update, rect->right);
    vt_update_put_number(update, rect->top);
    vt_update_put(update, VT_BYTES("] "));
}

/* ---- the signature dictionary ---- */

/* 12.7.4.5, table 233: what the field's lock says is repeated as a transform, which is signed. */
static void put_lock(struct field_work *work)
{
    struct pdf_reader *reader = &work->source->reader;
    struct pdf_value ref = {.kind = PDF_REF, .ref = work->plan->spot->field};
    struct pdf_value field = pdf_resolve(reader, ref);
    struct pdf_value lock = pdf_get(reader, &field, "Lock");
    struct pdf_value action = pdf_get(reader, &lock, "Action");
    struct pdf_value fields = pdf_get(reader, &lock, "Fields");
    if (!work->plan->spot->has_field || action.kind != PDF_NAME)
        return;
    vt_update_put(work->update,
                  VT_BYTES("/Reference [<< /Type /SigRef /TransformMethod /FieldMDP "
                           "/TransformParams << /Type /TransformParams /V /1.2 /Action "));
    vt_update_put(work->update, action.text);
    if (fields.kind == PDF_ARRAY) {
        vt_update_put(work->update, VT_BYTES(" /Fields "));
        vt_update_put(work->update, fields.text);
    }
    vt_update_put(work->update, VT_BYTES(" >> >>] "));
}

static void put_words(struct field_work *work)
{
    const struct vt_seal_pdf_plan *plan = work->plan->plan;
    if (plan->name != NULL) {
        vt_update_put(work->update, VT_BYTES("/Name "));
        vt_update_put_text(work->update, plan->name);
        vt_update_put(work->update, VT_BYTES(" "));
    }
    if (plan->reason != NULL) {
        vt_update_put(work->update, VT_BYTES("/Reason "));
        vt_update_put_text(work->update, plan->reason);
        vt_update_put(work->update, VT_BYTES(" "));
    }
}

/* EN 319 142-1 6.3: SubFilter, /M, /Contents in hexadecimal, padded with zeros. */
static void write_value(struct field_work *work, size_t *out_range_at, size_t *out_contents_at)
{
    static const char digits[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct vt_pdf_update *update = work->update;
    vt_update_begin(update, work->value);
    vt_update_put(update, VT_BYTES("<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter "
                                   "/ETSI.CAdES.detached /M "));
    vt_update_put_date(update, work->plan->plan->signing_time_utc_secs);
    vt_update_put(update, VT_BYTES(" "));
    put_words(work);
    put_lock(work);
    vt_update_put(update, VT_BYTES("/ByteRange "));
    *out_range_at = update->bytes.len;
    vt_update_putf(update, "%*s", VT_PDF_RANGE_CHARS, "");
    vt_update_put(update, VT_BYTES(" /Contents "));
    *out_contents_at = update->bytes.len;
    vt_update_put(update, VT_BYTES("<"));
    for (size_t left = 2 * work->plan->contents_bytes; left > 0;) {
        size_t len = left < sizeof(digits) - 1 ? left : sizeof(digits) - 1;
        vt_update_put(update, vt_bytes_of(digits, len));
        left -= len;
    }
    vt_update_put(update, VT_BYTES("> >>"));
    vt_update_end(update);
}

/* ---- the field ---- */

static void put_appearance(struct field_work *work)
{
    if (work->plan->appearance.id == 0)
        return;
    vt_update_put(work->update, VT_BYTES("/AP << /N "));
    put_ref(work->update, work->plan->appearance);
    vt_update_put(work->update, VT_BYTES(">> "));
}

static void write_new_field(struct field_work *work)
{
    struct vt_pdf_update *update = work->update;
    vt_update_begin(update, work->field);
    vt_update_putf(update, "<< /Type /Annot /Subtype /Widget /FT /Sig /F %d /T ", WIDGET_FLAGS);
    vt_update_put_text(update, work->plan->name);
    vt_update_put(update, VT_BYTES(" /V "));
    put_ref(update, work->value);
    vt_update_put(update, VT_BYTES("/P "));
    put_ref(update, work->plan->spot->page.ref);
    put_rect(update, &work->plan->spot->rect);
    put_appearance(work);
    vt_update_put(update, VT_BYTES(">>"));
    vt_update_end(update);
}

/* A dictionary that was there, without what is put anew by the caller until write_end. */
static void begin_again(struct field_work *work, struct pdf_ref ref, const char *const *without)
{
    struct pdf_value value = {.kind = PDF_REF, .ref = ref};
    struct pdf_value dict = pdf_resolve(&work->source->reader, value);
    vt_update_begin(work->update, ref);
    vt_update_put(work->update, VT_BYTES("<< "));
    vt_update_put_entries(work->update, &dict, without);
}

static void end_again(struct field_work *work)
{
    vt_update_put(work->update, VT_BYTES(">>"));
    vt_update_end(work->update);
}

/* Without an appearance of ours the one that is there stays. */
static void fill_field(struct field_work *work)
{
    static const char *const value[] = {"V", NULL};
    static const char *const value_and_appearance[] = {"V", "AP", NULL};
    begin_again(work, work->plan->spot->field,
                work->plan->appearance.id != 0 ? value_and_appearance : value);
    vt_update_put(work->update, VT_BYTES("/V "));
    put_ref(work->update, work->value);
    put_appearance(work);
    end_again(work);
}

/* ---- page and form ---- */

/* An array that was there and one reference more. */
static void put_longer(struct field_work *work, const struct pdf_value *array)
{
    vt_update_put(work->update, VT_BYTES("["));
    if (array->kind == PDF_ARRAY && array->text.len >= 2) {
        vt_update_put(work->update, vt_bytes_slice(array->text, 1, array->text.len - 2));
        vt_update_put(work->update, VT_BYTES(" "));
    }
    put_ref(work->update, work->field);
    vt_update_put(work->update, VT_BYTES("] "));
}

static void write_longer(struct field_work *work, struct pdf_ref ref)
{
    struct pdf_value value = {.kind = PDF_REF, .ref = ref};
    struct pdf_value array = pdf_resolve(&work->source->reader, value);
    vt_update_begin(work->update, ref);
    put_longer(work, &array);
    vt_update_end(work->update);
}

static void extend_page(struct field_work *work)
{
    static const char *const without[] = {"Annots", NULL};
    const struct vt_pdf_page *page = &work->plan->spot->page;
    struct pdf_value annots = pdf_dict_get(&page->dict, "Annots");
    struct pdf_value array = pdf_resolve(&work->source->reader, annots);
    if (annots.kind == PDF_REF && array.kind == PDF_ARRAY) {
        write_longer(work, annots.ref);
        return;
    }
    begin_again(work, page->ref, without);
    vt_update_put(work->update, VT_BYTES("/Annots "));
    put_longer(work, &array);
    end_again(work);
}

/* The entries of a form with our field; is_new: it is not in the list. */
static void put_form(struct field_work *work, const struct pdf_value *form, bool is_new)
{
    static const char *const without[] = {"Fields", "SigFlags", NULL};
    struct pdf_reader *reader = &work->source->reader;
    struct pdf_value fields = pdf_dict_get(form, "Fields");
    struct pdf_value flags = pdf_get(reader, form, "SigFlags");
    int64_t known = flags.kind == PDF_INTEGER && flags.integer > 0 ? flags.integer & 0xff : 0;
    vt_update_put_entries(work->update, form, without);
    vt_update_putf(work->update, "/SigFlags %d /Fields ", (int)known | SIG_FLAGS);
    if (!is_new || fields.kind == PDF_REF) {
        vt_update_put(work->update, fields.text);
        vt_update_put(work->update, VT_BYTES(" "));
    } else {
        put_longer(work, &fields);
    }
}

static bool has_flags(struct pdf_reader *reader, const struct pdf_value *form)
{
    struct pdf_value flags = pdf_get(reader, form, "SigFlags");
    return flags.kind == PDF_INTEGER && (flags.integer & SIG_FLAGS) == SIG_FLAGS;
}

static void write_catalog(struct field_work *work, const struct pdf_value *form, bool is_new)
{
    static const char *const without[] = {"AcroForm", NULL};
    begin_again(work, work->source->root, without);
    vt_update_put(work->update, VT_BYTES("/AcroForm << "));
    put_form(work, form, is_new);
    vt_update_put(work->update, VT_BYTES(">> "));
    end_again(work);
}

/* The smallest object that has to change: the list of fields, the form, or the catalog. */
static void extend_form(struct field_work *work)
{
    struct pdf_reader *reader = &work->source->reader;
    struct pdf_value place = pdf_dict_get(&reader->catalog, "AcroForm");
    struct pdf_value form = pdf_resolve(reader, place);
    struct pdf_value fields = pdf_dict_get(&form, "Fields");
    bool is_new = !work->plan->spot->has_field;
    if (is_new && fields.kind == PDF_REF)
        write_longer(work, fields.ref);
    if (has_flags(reader, &form) && (!is_new || fields.kind == PDF_REF))
        return;
    if (place.kind != PDF_REF || form.kind != PDF_DICT) {
        write_catalog(work, &form, is_new);
        return;
    }
    vt_update_begin(work->update, place.ref);
    vt_update_put(work->update, VT_BYTES("<< "));
    put_form(work, &form, is_new);
    end_again(work);
}

const char *vt_pdf_new_field_name(struct vt_pdf_source *source)
{
    struct pdf_reader *reader = &source->reader;
    struct pdf_value form = pdf_get(reader, &reader->catalog, "AcroForm");
    struct pdf_value fields = pdf_get(reader, &form, "Fields"), item;
    struct pdf_set used = {0};
    for (size_t at = 0; pdf_array_next(&fields, &at, &item);) {
        struct pdf_value field = pdf_resolve(reader, item);
        struct pdf_value title = pdf_get(reader, &field, "T");
        const char *name = pdf_text_string(reader, &title);
        unsigned number = 0;
        if (strncmp(name, "Seal", 4) == 0 && strlen(name) < 12) {
            for (const char *digit = name + 4; *digit >= '0' && *digit <= '9'; digit++)
                number = number * 10 + (unsigned)(*digit - '0');
            (void)pdf_set_add(reader, &used, number);
        }
    }
    unsigned number = 1;
    while (pdf_set_has(&used, number))
        number++;
    return vt_arena_printf(reader->scratch, "Seal%u", number);
}

void vt_pdf_signature_write(struct vt_pdf_update *update, struct vt_pdf_source *source,
                            const struct vt_pdf_signature_plan *plan, size_t *out_range_at,
                            size_t *out_contents_at)
{
    struct field_work work = {.update = update, .source = source, .plan = plan};
    work.value = vt_update_new_ref(update);
    work.field = plan->spot->has_field ? plan->spot->field : vt_update_new_ref(update);
    write_value(&work, out_range_at, out_contents_at);
    if (plan->spot->has_field) {
        fill_field(&work);
    } else {
        write_new_field(&work);
        extend_page(&work);
    }
    extend_form(&work);
}
