/* SPDX-License-Identifier: Apache-2.0
 * Does a field show its value (ISO 32000-1, 12.7.3.3)? Whoever reads the page sees the appearance,
 * a program reads the value, and whoever fills in a form can write two things. What the appearance
 * shows is read by pdf_look_read.c. */
#include "document/pdf_look.h"

#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"
#include "document/pdf_glyphs.h"

#define MAX_LOOK_BYTES ((size_t)256 * 1024)
/* How much larger or smaller than its form an appearance is shown. */
#define MAX_FIT 2.0

/* What an appearance shows. */
struct shown {
    struct pdf_pair *pair;
    uint32_t *letters; /* without white space */
    size_t count;
};

/* Lines are broken as there is room: white space is not compared. */
static size_t without_space(uint32_t *letters, size_t count)
{
    size_t out = 0;
    for (size_t i = 0; i < count; i++) {
        if (letters[i] > 0x20 && letters[i] != 0xa0 && letters[i] != 0xad)
            letters[out++] = letters[i] == 0x2010 ? '-' : letters[i];
    }
    return out;
}

static bool is_shown(const struct shown *shown, const struct pdf_value *text)
{
    if (text->kind != PDF_STRING && text->kind != PDF_HEX_STRING)
        return false;
    uint8_t *bytes = pdf_scratch(shown->pair->reader, text->text.len);
    uint32_t *letters = pdf_scratch(shown->pair->reader, text->text.len * sizeof(*letters));
    if (bytes == NULL || letters == NULL)
        return false;
    size_t count = pdf_text_points(vt_bytes_of(bytes, pdf_string_decode(text, bytes)), letters);
    count = without_space(letters, count);
    return count == shown->count && memcmp(letters, shown->letters, count * sizeof(*letters)) == 0;
}

/* 12.7.4.4, table 231: an option that is exported by this value and shown by another text. */
static bool is_option_shown(const struct shown *shown, const struct pdf_value *options,
                            const struct pdf_value *value)
{
    struct pdf_value option, exported, text;
    for (size_t at = 0; pdf_array_next(options, &at, &option);) {
        size_t inner = 0;
        option = pdf_pair_resolve(shown->pair, shown->pair->b, option);
        if (pdf_array_next(&option, &inner, &exported) && pdf_array_next(&option, &inner, &text) &&
            !pdf_pair_differs(shown->pair, &exported, value) && is_shown(shown, &text))
            return true;
    }
    return false;
}

/* Not turned, and as large as it is. */
static bool is_upright(struct pdf_pair *pair, const struct pdf_value *form)
{
    struct pdf_value matrix = pdf_pair_get(pair, pair->b, form, "Matrix");
    double n[6];
    return matrix.kind == PDF_NONE || (pdf_pair_numbers(pair, &matrix, n, 6) == 6 && n[0] == 1 &&
                                       n[1] == 0 && n[2] == 0 && n[3] == 1);
}

/* 12.5.5: the box of the form is fitted into the rectangle, about as large as it is. */
static bool measure(struct pdf_pair *pair, const struct pdf_value *widget,
                    const struct pdf_value *form, struct pdf_box *out)
{
    struct pdf_value rectangle = pdf_pair_get(pair, pair->b, widget, "Rect");
    struct pdf_value bounds = pdf_pair_get(pair, pair->b, form, "BBox");
    struct pdf_box place;
    if (!pdf_pair_box(pair, &rectangle, &place) || !pdf_pair_box(pair, &bounds, out) ||
        !is_upright(pair, form))
        return false;
    double x = (place.right - place.left) / (out->right - out->left);
    double y = (place.top - place.bottom) / (out->top - out->bottom);
    return x >= 1 / MAX_FIT && x <= MAX_FIT && y >= 1 / MAX_FIT && y <= MAX_FIT;
}

/* form: the normal appearance. False: what it shows is not understood. */
static bool read_letters(struct shown *shown, const struct pdf_value *widget, struct pdf_ref form)
{
    struct pdf_pair *pair = shown->pair;
    struct pdf_value dict = pdf_history_object(pair->history, form, pair->b).value;
    struct pdf_value resources = pdf_pair_get(pair, pair->b, &dict, "Resources");
    struct pdf_value fonts = pdf_pair_get(pair, pair->b, &resources, "Font");
    struct pdf_box box;
    uint8_t *data = NULL;
    size_t len = 0;
    shown->letters = pdf_scratch(pair->reader, PDF_MAX_LOOK_LETTERS * sizeof(*shown->letters));
    bool is_read =
        shown->letters != NULL && measure(pair, widget, &dict, &box) &&
        pdf_history_stream(pair->history, form, pair->b, true, &data, &len) &&
        len <= MAX_LOOK_BYTES &&
        pdf_look_read(pair, &box, &fonts, vt_bytes_of(data, len), shown->letters, &shown->count);
    free(data);
    shown->count = is_read ? without_space(shown->letters, shown->count) : 0;
    return is_read;
}

enum pdf_shown pdf_look_shows(struct pdf_pair *pair, const struct pdf_value *widget,
                              const struct pdf_value *value, const struct pdf_value *options)
{
    struct shown shown = {.pair = pair};
    struct pdf_value looks = pdf_pair_get(pair, pair->b, widget, "AP");
    struct pdf_value normal = pdf_dict_get(&looks, "N");
    if (normal.kind != PDF_REF || !read_letters(&shown, widget, normal.ref))
        return PDF_SHOWN_UNKNOWN;
    if (value->kind == PDF_NONE)
        return shown.count == 0 ? PDF_SHOWN_SAME : PDF_SHOWN_OTHER;
    if (value->kind != PDF_STRING && value->kind != PDF_HEX_STRING)
        return PDF_SHOWN_UNKNOWN;
    return is_shown(&shown, value) || is_option_shown(&shown, options, value) ? PDF_SHOWN_SAME
                                                                              : PDF_SHOWN_OTHER;
}
