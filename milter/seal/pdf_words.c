/* SPDX-License-Identifier: Apache-2.0
 * The text of a page and where it stands (ISO 32000-1 9.4): content streams are followed as far as
 * they place text. Bounded in bytes, letters and depth. */
#include "seal/pdf_words.h"

#include <stdlib.h>
#include <string.h>

#define MAX_CONTENT_BYTES ((size_t)64 * 1024 * 1024)
#define MAX_LETTERS ((size_t)1000000)
#define MAX_STATES 32
#define MAX_FORMS 4
#define MAX_FORMS_OF_ALL 10000
#define MAX_OPERANDS 8

struct state {
    struct pdf_matrix ctm;
    const struct vt_pdf_coder *coder;
    double size, char_space, word_space, scale, leading, rise;
};
struct content {
    struct vt_pdf_words *words;
    struct pdf_value resources;
    struct state states[MAX_STATES];
    size_t depth;
    struct pdf_matrix text, line;
    struct pdf_value operands[MAX_OPERANDS];
    size_t operands_count;
    unsigned forms;
};

static struct state *now(struct content *content)
{
    return &content->states[content->depth];
}

/* The operand that stands back places before the operator; 0 when it is no number. */
static double operand(const struct content *content, size_t back)
{
    double number = 0;
    if (back < content->operands_count)
        (void)pdf_number_of(&content->operands[content->operands_count - 1 - back], &number);
    return number;
}

static struct pdf_matrix operand_matrix(const struct content *content)
{
    return (struct pdf_matrix){operand(content, 5), operand(content, 4), operand(content, 3),
                               operand(content, 2), operand(content, 1), operand(content, 0)};
}

static struct pdf_matrix moved(const struct pdf_matrix *matrix, double x, double y)
{
    const struct pdf_matrix move = {1, 0, 0, 1, x, y};
    return pdf_matrix_times(&move, matrix);
}

/* ---- letters ---- */

static void add_letter(struct vt_pdf_words *words, struct vt_pdf_letter letter)
{
    struct vt_pdf_letter *letters = NULL;
    if (words->count < MAX_LETTERS)
        letters = vt_arena_grow(words->source->reader.scratch, words->letters, words->count,
                                sizeof(*letters));
    if (letters == NULL)
        return;
    words->letters = letters;
    words->letters[words->count++] = letter;
}

/* Farther than any page is: matrices of a stranger may grow without end, or become no number. */
#define MAX_COORDINATE 1e6

static bool is_near(double number)
{
    return number >= -MAX_COORDINATE && number <= MAX_COORDINATE;
}

static void add_character(struct content *content, uint32_t character, double width)
{
    struct state *state = now(content);
    struct pdf_matrix place = pdf_matrix_times(&content->text, &state->ctm);
    uint32_t parts[4];
    if (character <= 32 || character == 0xa0)
        return;
    size_t count = vt_pdf_decompose(character, parts);
    double y = state->rise * place.d + place.f, end = width * place.a + place.e;
    double size = state->size * (place.d < 0 ? -place.d : place.d);
    if (size == 0)
        size = state->size * (place.b < 0 ? -place.b : place.b);
    if (!is_near(place.e) || !is_near(y) || !is_near(end) || !is_near(size))
        return;
    for (size_t i = 0; i < count; i++)
        add_letter(content->words, (struct vt_pdf_letter){.character = parts[i],
                                                          .x = (float)place.e,
                                                          .y = (float)y,
                                                          .x1 = (float)end,
                                                          .size = (float)size});
}

static void move_text(struct content *content, double x, double y)
{
    content->text = moved(&content->text, x, y);
}

/* 9.4.4: each glyph, then the displacement to the next. */
static void show(struct content *content, const struct pdf_value *string)
{
    struct state *state = now(content);
    const struct vt_pdf_coder *coder = state->coder;
    uint8_t *bytes = pdf_scratch(&content->words->source->reader, string->text.len + 1);
    if (coder == NULL || bytes == NULL)
        return;
    size_t len = pdf_string_decode(string, bytes), step = coder->is_wide ? 2 : 1;
    for (size_t i = 0; i + step <= len; i += step) {
        size_t code = coder->is_wide ? (size_t)bytes[i] << 8 | bytes[i + 1] : bytes[i];
        double width = (double)coder->widths[code] / 1000 * state->size * state->scale;
        double space = state->char_space + (step == 1 && code == 32 ? state->word_space : 0);
        add_character(content, coder->characters[code], width);
        move_text(content, width + space * state->scale, 0);
    }
}

static void show_array(struct content *content, const struct pdf_value *array)
{
    struct pdf_value item;
    double number = 0;
    for (size_t at = 0; pdf_array_next(array, &at, &item);) {
        if (vt_pdf_number(&item, &number))
            move_text(content, -number / 1000 * now(content)->size * now(content)->scale, 0);
        else
            show(content, &item);
    }
}

/* ---- operators ---- */

static void next_line(struct content *content, double x, double y)
{
    content->line = moved(&content->line, x, y);
    content->text = content->line;
}

static void set_font(struct content *content)
{
    struct pdf_reader *reader = &content->words->source->reader;
    struct pdf_value fonts = pdf_get(reader, &content->resources, "Font");
    now(content)->size = operand(content, 0);
    now(content)->coder = NULL;
    if (content->operands_count < 2)
        return;
    struct pdf_value font = pdf_dict_find(&fonts, &content->operands[content->operands_count - 2]);
    now(content)->coder = vt_pdf_coder_of(content->words, &font);
}

static void read_stream(struct content *content, struct pdf_ref ref);

/* A form XObject (8.10) with resources and a matrix of its own. */
static void do_form(struct content *content)
{
    struct pdf_reader *reader = &content->words->source->reader;
    struct pdf_value objects = pdf_get(reader, &content->resources, "XObject"), item;
    if (content->operands_count == 0 || content->forms >= MAX_FORMS ||
        content->words->forms_count >= MAX_FORMS_OF_ALL || content->depth + 1 >= MAX_STATES)
        return;
    struct pdf_value form =
        pdf_dict_find(&objects, &content->operands[content->operands_count - 1]);
    struct pdf_value dict = pdf_resolve(reader, form);
    struct pdf_value type = pdf_get(reader, &dict, "Subtype");
    if (form.kind != PDF_REF || !pdf_name_is(&type, "Form"))
        return;
    struct pdf_value matrix = pdf_get(reader, &dict, "Matrix");
    struct pdf_value own = pdf_get(reader, &dict, "Resources"), outer = content->resources;
    double numbers[6] = {1, 0, 0, 1, 0, 0};
    size_t at = 0;
    for (size_t i = 0; i < 6 && pdf_array_next(&matrix, &at, &item); i++)
        (void)pdf_number_of(&item, &numbers[i]);
    size_t depth = content->depth;
    content->states[depth + 1] = content->states[depth];
    content->depth++;
    const struct pdf_matrix own_matrix = pdf_matrix_of(numbers);
    now(content)->ctm = pdf_matrix_times(&own_matrix, &now(content)->ctm);
    content->resources = own.kind == PDF_DICT ? own : outer;
    content->forms++;
    content->words->forms_count++;
    read_stream(content, form.ref);
    content->forms--;
    content->resources = outer;
    content->depth = depth;
}

static void save(struct content *content)
{
    if (content->depth + 1 >= MAX_STATES)
        return;
    content->states[content->depth + 1] = content->states[content->depth];
    content->depth++;
}

static void change_matrix(struct content *content)
{
    const struct pdf_matrix change = operand_matrix(content);
    now(content)->ctm = pdf_matrix_times(&change, &now(content)->ctm);
}

static void set_state(struct content *content, const struct pdf_value *operator)
{
    struct state *state = now(content);
    if (pdf_keyword_is(operator, "Tc"))
        state->char_space = operand(content, 0);
    else if (pdf_keyword_is(operator, "Tw"))
        state->word_space = operand(content, 0);
    else if (pdf_keyword_is(operator, "Tz"))
        state->scale = operand(content, 0) / 100;
    else if (pdf_keyword_is(operator, "TL"))
        state->leading = operand(content, 0);
    else if (pdf_keyword_is(operator, "Ts"))
        state->rise = operand(content, 0);
    else if (pdf_keyword_is(operator, "Tf"))
        set_font(content);
}

static void place_text(struct content *content, const struct pdf_value *operator)
{
    if (pdf_keyword_is(operator, "BT"))
        content->text = content->line = pdf_identity;
    else if (pdf_keyword_is(operator, "Tm"))
        content->text = content->line = operand_matrix(content);
    else if (pdf_keyword_is(operator, "TD"))
        now(content)->leading = -operand(content, 0);
    if (pdf_keyword_is(operator, "Td") || pdf_keyword_is(operator, "TD"))
        next_line(content, operand(content, 1), operand(content, 0));
    else if (pdf_keyword_is(operator, "T*") || pdf_keyword_is(operator, "'") ||
             pdf_keyword_is(operator, "\""))
        next_line(content, 0, -now(content)->leading);
}

static void apply(struct content *content, const struct pdf_value *operator, size_t bottom)
{
    const struct pdf_value *last =
        content->operands_count > 0 ? &content->operands[content->operands_count - 1] : NULL;
    set_state(content, operator);
    place_text(content, operator);
    if (pdf_keyword_is(operator, "q"))
        save(content);
    else if (pdf_keyword_is(operator, "Q"))
        content->depth -= content->depth > bottom ? 1 : 0;
    else if (pdf_keyword_is(operator, "cm"))
        change_matrix(content);
    else if (pdf_keyword_is(operator, "Do"))
        do_form(content);
    else if (last != NULL && (pdf_keyword_is(operator, "Tj") || pdf_keyword_is(operator, "'") ||
                              pdf_keyword_is(operator, "\"")))
        show(content, last);
    else if (last != NULL && pdf_keyword_is(operator, "TJ"))
        show_array(content, last);
}

static void read_content(struct content *content, struct vt_bytes bytes)
{
    struct pdf_value value;
    size_t bottom = content->depth;
    content->operands_count = 0;
    for (size_t at = 0; pdf_next_value(bytes, &at, &value);) {
        if (value.kind != PDF_KEYWORD) {
            if (content->operands_count == MAX_OPERANDS)
                memmove(&content->operands[0], &content->operands[1],
                        --content->operands_count * sizeof(value));
            content->operands[content->operands_count++] = value;
            continue;
        }
        if (!pdf_keyword_is(&value, "ID"))
            apply(content, &value, bottom);
        else if (!pdf_skip_image(bytes, &at))
            at = bytes.len;
        content->operands_count = 0;
    }
    content->depth = bottom;
}

/* The bytes are kept until the page was read: operands are views of them. */
static bool fetch(struct vt_pdf_words *words, struct pdf_ref ref, uint8_t **out, size_t *out_len)
{
    size_t left = MAX_CONTENT_BYTES - words->content_bytes;
    if (!pdf_visit(&words->source->reader) ||
        !pdf_doc_stream(&words->source->reader.main, ref, true, left, out, out_len))
        return false;
    words->content_bytes += *out_len;
    return true;
}

static void read_stream(struct content *content, struct pdf_ref ref)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    if (!fetch(content->words, ref, &bytes, &len))
        return;
    read_content(content, vt_bytes_of(bytes, len));
    content->operands_count = 0;
    free(bytes);
}

/* 7.7.3.3: the streams of an array are one content, cut anywhere between tokens. */
static void read_contents(struct content *content, const struct pdf_value *contents)
{
    struct pdf_value item;
    struct vt_buf joined;
    vt_buf_init(&joined, MAX_CONTENT_BYTES);
    enum vt_code code = VT_OK;
    for (size_t at = 0; code == VT_OK && pdf_array_next(contents, &at, &item);) {
        uint8_t *bytes = NULL;
        size_t len = 0;
        if (item.kind != PDF_REF || !fetch(content->words, item.ref, &bytes, &len))
            continue;
        code = vt_buf_add(&joined, bytes, len);
        if (code == VT_OK)
            code = vt_buf_add(&joined, "\n", 1);
        free(bytes);
    }
    read_content(content, vt_buf_bytes(&joined));
    vt_buf_clear(&joined);
}

void vt_pdf_words_read(struct vt_pdf_words *words, const struct vt_pdf_page *page)
{
    struct content *content = pdf_scratch(&words->source->reader, sizeof(*content));
    struct pdf_value contents = pdf_dict_get(&page->dict, "Contents");
    words->letters = NULL;
    words->count = 0;
    if (content == NULL)
        return;
    content->words = words;
    content->resources = page->resources;
    content->states[0] = (struct state){.ctm = pdf_identity, .scale = 1};
    struct pdf_value array = pdf_resolve(&words->source->reader, contents);
    if (array.kind == PDF_ARRAY)
        read_contents(content, &array);
    else if (contents.kind == PDF_REF)
        read_stream(content, contents.ref);
}
