/* SPDX-License-Identifier: Apache-2.0
 * What a page says of itself (see pdf_page.h). */
#include "document/pdf_page.h"

/* Parents of a page. */
#define MAX_PARENTS 32
#define A4 ((struct pdf_box){0, 0, 595, 842})

bool pdf_coordinate_of(const struct pdf_value *value, double *out)
{
    return pdf_number_of(value, out) && *out > -1e7 && *out < 1e7;
}

bool pdf_numbers_read(struct pdf_reader *reader, const struct pdf_value *array, double *out,
                      size_t wanted)
{
    struct pdf_value item;
    size_t count = 0;
    for (size_t at = 0; count < wanted && pdf_array_next(array, &at, &item); count++) {
        item = pdf_resolve(reader, item);
        if (!pdf_coordinate_of(&item, &out[count]))
            return false;
    }
    return count == wanted;
}

struct pdf_matrix pdf_matrix_read(struct pdf_reader *reader, const struct pdf_value *array)
{
    double n[6] = {1, 0, 0, 1, 0, 0};
    (void)pdf_numbers_read(reader, array, n, 6);
    return pdf_matrix_of(n);
}

bool pdf_box_read(struct pdf_reader *reader, const struct pdf_value *rectangle, struct pdf_box *out)
{
    double n[4];
    if (!pdf_numbers_read(reader, rectangle, n, 4))
        return false;
    *out = pdf_box_of(n);
    return true;
}

struct pdf_value pdf_page_inherited(struct pdf_reader *reader, const struct pdf_value *page,
                                    const char *key)
{
    struct pdf_value node = *page, found = {0};
    for (unsigned i = 0; i < MAX_PARENTS && node.kind == PDF_DICT; i++) {
        found = pdf_get(reader, &node, key);
        if (found.kind != PDF_NONE)
            break;
        node = pdf_get(reader, &node, "Parent");
    }
    return found;
}

struct pdf_box pdf_page_box(struct pdf_reader *reader, const struct pdf_value *page)
{
    static const char *const keys[] = {"CropBox", "MediaBox"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        struct pdf_value rectangle = pdf_page_inherited(reader, page, keys[i]);
        struct pdf_box box;
        if (pdf_box_read(reader, &rectangle, &box) && box.right - box.left > 1 &&
            box.top - box.bottom > 1)
            return box;
    }
    return A4;
}

unsigned pdf_page_turns(struct pdf_reader *reader, const struct pdf_value *page)
{
    struct pdf_value rotate = pdf_page_inherited(reader, page, "Rotate");
    return rotate.kind == PDF_INTEGER ? (unsigned)((rotate.integer / 90 % 4 + 4) % 4) : 0;
}

bool pdf_page_has_annotation(struct pdf_reader *reader, const struct pdf_value *page,
                             struct pdf_ref annotation)
{
    struct pdf_value annotations = pdf_get(reader, page, "Annots"), item;
    for (size_t at = 0; pdf_array_next(&annotations, &at, &item);) {
        if (item.kind == PDF_REF && pdf_is_same_ref(item.ref, annotation))
            return true;
    }
    return false;
}
