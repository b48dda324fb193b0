/* SPDX-License-Identifier: Apache-2.0
 * Hints about a signature: where it shows, and what its names and its place say it is for
 * (legal.md ). The text that it shows is never read. */
#include <ctype.h>
#include <string.h>

#include "document/pdf_page.h"

/* Parts of the first page: its top, where number, date and the signatures of copies and annexes
 * stand, and its right half. One line of text is not higher. */
#define TOP_PART 0.35
#define LINE_POINTS 26.0

#define WORDS_BYTES 600

static const struct {
    const char *words; /* with a space before and after */
    enum vt_use use;
} marks[] = {
    {" sao y ", VT_USE_COPY},
    {" sao luc ", VT_USE_COPY},
    {" trich sao ", VT_USE_COPY},
    {" saoy ", VT_USE_COPY},
    {" saoluc ", VT_USE_COPY},
    {" trichsao ", VT_USE_COPY},
    {" van ban den ", VT_USE_INCOMING},
    {" cong van den ", VT_USE_INCOMING},
    {" dau den ", VT_USE_INCOMING},
    {" so den ", VT_USE_INCOMING},
    {" incoming ", VT_USE_INCOMING},
    {" phu luc ", VT_USE_ANNEX},
    {" phuluc ", VT_USE_ANNEX},
    {" tai lieu dinh kem ", VT_USE_ANNEX},
    {" appendix ", VT_USE_ANNEX},
    {" so van ban ", VT_USE_NUMBER_DATE},
    {" so hieu ", VT_USE_NUMBER_DATE},
    {" so ky hieu ", VT_USE_NUMBER_DATE},
    {" ngay van ban ", VT_USE_NUMBER_DATE},
    {" ngay thang ", VT_USE_NUMBER_DATE},
    {" ngay ban hanh ", VT_USE_NUMBER_DATE},
    {" so ngay ", VT_USE_NUMBER_DATE},
    {" document number ", VT_USE_NUMBER_DATE},
    {" doc number ", VT_USE_NUMBER_DATE},
};

/* Words in lower-case ASCII, also those of "SoVanBan1": a new word begins with a capital or ends
 * before a digit. */
static void add_words(char out[WORDS_BYTES], const char *text)
{
    char ascii[WORDS_BYTES / 3];
    size_t len = strlen(out);
    vt_text_ascii(ascii, sizeof(ascii), text);
    for (const char *c = ascii; *c != '\0' && len + 4 < WORDS_BYTES; c++) {
        bool begins = c > ascii && isupper((unsigned char)*c) && islower((unsigned char)c[-1]);
        if ((begins || !isalpha((unsigned char)*c)) && out[len - 1] != ' ')
            out[len++] = ' ';
        if (isalpha((unsigned char)*c))
            out[len++] = (char)tolower((unsigned char)*c);
    }
    if (out[len - 1] != ' ')
        out[len++] = ' ';
    out[len] = '\0';
}

static enum vt_use use_of_names(struct pdf_reader *reader, const struct pdf_signature *signature)
{
    char words[WORDS_BYTES] = " ";
    struct pdf_value reason = pdf_get(reader, &signature->dict, "Reason");
    add_words(words, signature->field->name);
    add_words(words, pdf_text_string(reader, &reason));
    vt_text_join_letters(words);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (strstr(words, marks[i].words) != NULL)
            return marks[i].use;
    }
    return VT_USE_UNKNOWN;
}

/* ---- place ---- */

/* The first page: the leaf that comes first. */
static struct pdf_value first_page(struct pdf_reader *reader)
{
    struct pdf_value node = pdf_get(reader, &reader->catalog, "Pages"), kid;
    for (unsigned depth = 0; depth < PDF_MAX_TREE_DEPTH; depth++) {
        struct pdf_value kids = pdf_get(reader, &node, "Kids");
        size_t at = 0;
        if (kids.kind != PDF_ARRAY)
            break;
        if (!pdf_array_next(&kids, &at, &kid))
            return (struct pdf_value){0};
        node = pdf_resolve(reader, kid);
    }
    return node;
}

static bool is_at_top(const struct pdf_box *box, const struct pdf_box *page)
{
    return box->bottom >= page->top - (page->top - page->bottom) * TOP_PART;
}

static void look_at_place(struct pdf_reader *reader, const struct pdf_value *page,
                          const struct pdf_box *page_box, const struct pdf_signature *signature,
                          struct vt_signature_hints *out)
{
    struct pdf_ref ref = signature->field->ref;
    struct pdf_value widget = {.kind = PDF_REF, .ref = ref}, kid;
    struct pdf_box box;
    size_t at = 0;
    if (ref.id == 0)
        return;
    widget = pdf_resolve(reader, widget);
    struct pdf_value rectangle = pdf_get(reader, &widget, "Rect");
    struct pdf_value kids = pdf_get(reader, &widget, "Kids");
    /* A field whose widget is an object of its own (12.7.4.1). */
    if (rectangle.kind == PDF_NONE && pdf_array_next(&kids, &at, &kid) && kid.kind == PDF_REF) {
        ref = kid.ref;
        widget = pdf_resolve(reader, kid);
        rectangle = pdf_get(reader, &widget, "Rect");
    }
    if (!pdf_box_read(reader, &rectangle, &box))
        return;
    bool is_shown = box.right - box.left >= 1 && box.top - box.bottom >= 1;
    out->spot = is_shown ? VT_SPOT_ELSEWHERE : VT_SPOT_INVISIBLE;
    if (!is_shown || !is_at_top(&box, page_box) || !pdf_page_has_annotation(reader, page, ref))
        return;
    double middle = (page_box->left + page_box->right) / 2;
    out->spot = (box.left + box.right) / 2 > middle ? VT_SPOT_TOP_RIGHT : VT_SPOT_TOP_LEFT;
    /* One line in the head of the document is its number or its date, put in after the leader
     * signed (legal.md R-66). */
    bool is_first = out == &reader->document->objects[0].hints;
    if (out->use == VT_USE_UNKNOWN && !is_first && box.top - box.bottom <= LINE_POINTS)
        out->use = VT_USE_NUMBER_DATE;
}

/* What was handed out of a signature. */
static struct vt_signature_hints *hints_of(const struct pdf_reader *reader,
                                           const struct pdf_signature *signature)
{
    struct vt_signed_document *document = reader->document;
    for (size_t i = 0; i < document->objects_count; i++) {
        if (document->objects[i].field == signature->object.field &&
            document->objects[i].cms.ptr == signature->object.cms.ptr)
            return &document->objects[i].hints;
    }
    return NULL;
}

void pdf_spots_read(struct pdf_reader *reader)
{
    struct pdf_value page = first_page(reader);
    struct pdf_box box = pdf_page_box(reader, &page);
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct pdf_signature *signature = &reader->signatures[i];
        struct vt_signature_hints *out = hints_of(reader, signature);
        if (signature->object.format == VT_SIGNATURE_DOCTIMESTAMP || out == NULL)
            continue;
        out->use = use_of_names(reader, signature);
        look_at_place(reader, &page, &box, signature, out);
    }
}
