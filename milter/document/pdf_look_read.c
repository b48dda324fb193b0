/* SPDX-License-Identifier: Apache-2.0
 * The content of a field's appearance (see pdf_look.h), operator by operator (ISO 32000-1, 8.5 and
 * 9.4): a ground and a border, then the text. */
#include <math.h>
#include <string.h>

#include "document/pdf_glyphs.h"
#include "document/pdf_look.h"

#define MAX_LOOK_OPERATORS 20000
#define MAX_STATES 8
#define MAX_OPERANDS 6
/* Grounds and borders are painted along the rim of the box, that wide, and what part of one side
 * they reach over; what clips leaves that part of both free. */
#define MAX_GROUNDS 12
#define RIM 3.0
#define GROUND_PART 0.85
#define CLIP_PART 0.5
/* The smallest text that is read, in points; the lightest, 0 to 1; how far one letter is moved back
 * over the one before, in thousandths of the size (9.4.3); how far a text begins before the box. */
#define MIN_SIZE 3.0
#define MAX_LIGHT 0.65
#define MAX_BACK 500.0
#define MARGIN 2.0

struct state {
    struct pdf_matrix matrix;
    const struct pdf_glyphs *glyphs;
    double size, leading, light;
};

struct look {
    struct pdf_pair *pair;
    const struct pdf_value *fonts; /* of the form */
    double box[4];                 /* left, bottom, right, top */
    struct state states[MAX_STATES];
    size_t depth;
    struct pdf_matrix line; /* where the line begins, and the text */
    struct pdf_value operands[MAX_OPERANDS];
    double numbers[MAX_OPERANDS];
    size_t count;
    double at[2], low[2], high[2]; /* of the part of a path that is being built */
    size_t parts;                  /* of the path */
    bool is_astray;                /* a part of it is no ground and no border */
    bool clips;
    size_t grounds;
    double last_x, last_y; /* of the text before */
    uint32_t *letters;
    size_t letters_count;
};

static bool is_one_of(const struct pdf_value *word, const char *const *list)
{
    for (size_t i = 0; list[i] != NULL; i++) {
        if (pdf_keyword_is(word, list[i]))
            return true;
    }
    return false;
}

/* ---- ground and border ---- */

static double side(const struct look *look, size_t i)
{
    return look->box[i + 2] - look->box[i];
}

static bool is_along_rim(const struct look *look, const double to[2])
{
    for (size_t i = 0; i < 2; i++) {
        if ((fabs(to[i] - look->box[i]) <= RIM && fabs(look->at[i] - look->box[i]) <= RIM) ||
            (fabs(to[i] - look->box[i + 2]) <= RIM && fabs(look->at[i] - look->box[i + 2]) <= RIM))
            return true;
    }
    return false;
}

static void line_to(struct look *look, double x, double y)
{
    const struct pdf_matrix *m = &look->states[look->depth].matrix;
    double to[2];
    pdf_matrix_point(m, x, y, &to[0], &to[1]);
    look->is_astray = look->is_astray || !is_along_rim(look, to);
    for (size_t i = 0; i < 2; i++) {
        look->low[i] = fmin(look->low[i], to[i]);
        look->high[i] = fmax(look->high[i], to[i]);
    }
    memcpy(look->at, to, sizeof(to));
}

static void end_part(struct look *look)
{
    bool is_long = false;
    for (size_t i = 0; i < 2; i++)
        is_long = is_long || look->high[i] - look->low[i] >= GROUND_PART * side(look, i);
    look->is_astray = look->is_astray || (look->parts > 0 && !is_long);
}

static void begin_part(struct look *look, double x, double y)
{
    const struct pdf_matrix *m = &look->states[look->depth].matrix;
    double to[2];
    pdf_matrix_point(m, x, y, &to[0], &to[1]);
    end_part(look);
    look->parts++;
    memcpy(look->at, to, sizeof(to));
    memcpy(look->low, to, sizeof(to));
    memcpy(look->high, to, sizeof(to));
}

/* 8.5.2.1: straight lines. */
static bool build_path(struct look *look, const struct pdf_value *word, bool *out_known)
{
    const struct pdf_matrix *m = &look->states[look->depth].matrix;
    const double *n = look->numbers;
    *out_known = pdf_keyword_is(word, "m") || pdf_keyword_is(word, "l") ||
                 pdf_keyword_is(word, "h") || pdf_keyword_is(word, "re");
    if (!*out_known || m->b != 0 || m->c != 0 ||
        look->count != (pdf_keyword_is(word, "h")    ? 0u
                        : pdf_keyword_is(word, "re") ? 4u
                                                     : 2u))
        return false;
    if (pdf_keyword_is(word, "m"))
        begin_part(look, n[0], n[1]);
    if (pdf_keyword_is(word, "l"))
        line_to(look, n[0], n[1]);
    if (pdf_keyword_is(word, "re")) {
        begin_part(look, n[0], n[1]);
        line_to(look, n[0] + n[2], n[1]);
        line_to(look, n[0] + n[2], n[1] + n[3]);
        line_to(look, n[0], n[1] + n[3]);
        line_to(look, n[0], n[1]);
    }
    return look->parts > 0;
}

static bool leaves_room(const struct look *look)
{
    return look->parts == 1 && look->high[0] - look->low[0] >= CLIP_PART * side(look, 0) &&
           look->high[1] - look->low[1] >= CLIP_PART * side(look, 1);
}

/* *out_known: it ends a path. */
static bool end_path(struct look *look, const struct pdf_value *word, bool *out_known)
{
    static const char *const paints[] = {"f", "F", "f*", "S", "s", "B", "B*", "b", "b*", NULL};
    bool is_painted = is_one_of(word, paints), ok = true;
    *out_known = is_painted || pdf_keyword_is(word, "n");
    if (!*out_known)
        return false;
    end_part(look);
    if (is_painted)
        ok = look->letters_count == 0 && ++look->grounds <= MAX_GROUNDS && !look->is_astray;
    if (look->clips)
        ok = ok && leaves_room(look);
    look->parts = 0;
    look->is_astray = false;
    look->clips = false;
    return ok;
}

/* ---- text ---- */

/* Each text stands behind or below the one before. */
static bool is_in_order(struct look *look, double x, double y, double size)
{
    bool is_first = look->letters_count == 0;
    bool ok = is_first || y < look->last_y - size * 0.3 ||
              (y <= look->last_y + size * 0.3 && x >= look->last_x);
    look->last_x = x;
    look->last_y = y;
    return ok;
}

static bool begin_text(struct look *look)
{
    const struct state *state = &look->states[look->depth];
    struct pdf_matrix at = pdf_matrix_times(&look->line, &state->matrix);
    double size = state->size * fabs(at.d);
    return state->glyphs != NULL && at.b == 0 && at.c == 0 && at.a > 0 && at.d > 0 &&
           size >= MIN_SIZE && at.a >= at.d / 2 && state->light <= MAX_LIGHT &&
           at.e >= look->box[0] - MARGIN && at.e <= look->box[2] && at.f >= look->box[1] - MARGIN &&
           at.f <= look->box[3] && is_in_order(look, at.e, at.f, size);
}

static bool show_string(struct look *look, const struct pdf_value *string)
{
    const struct state *state = &look->states[look->depth];
    if (string->kind != PDF_STRING && string->kind != PDF_HEX_STRING)
        return false;
    uint8_t *codes = pdf_scratch(look->pair->reader, string->text.len);
    return codes != NULL &&
           pdf_glyphs_decode(state->glyphs, vt_bytes_of(codes, pdf_string_decode(string, codes)),
                             look->letters, PDF_MAX_LOOK_LETTERS, &look->letters_count);
}

static bool show(struct look *look, const struct pdf_value *value)
{
    struct pdf_value item;
    if (!begin_text(look))
        return false;
    if (value->kind != PDF_ARRAY)
        return show_string(look, value);
    for (size_t at = 0; pdf_array_next(value, &at, &item);) {
        double back = 0;
        if (pdf_number_of(&item, &back) ? back > MAX_BACK : !show_string(look, &item))
            return false;
    }
    return true;
}

static void move_line(struct look *look, double x, double y)
{
    const struct pdf_matrix move = {1, 0, 0, 1, x, y};
    look->line = pdf_matrix_times(&move, &look->line);
}

static bool set_font(struct look *look)
{
    struct state *state = &look->states[look->depth];
    if (look->count != 2 || look->operands[0].kind != PDF_NAME)
        return false;
    struct pdf_value font = pdf_dict_find(look->fonts, &look->operands[0]);
    state->glyphs = font.kind == PDF_NONE ? NULL : pdf_glyphs_read(look->pair, &font);
    state->size = look->numbers[1];
    return state->glyphs != NULL;
}

static bool set_colour(struct state *state, const double *n, size_t count)
{
    state->light = count == 1   ? n[0]
                   : count == 3 ? 0.3 * n[0] + 0.59 * n[1] + 0.11 * n[2]
                   : count == 4 ? 1 - fmin(1, 0.3 * n[0] + 0.59 * n[1] + 0.11 * n[2] + n[3])
                                : 1;
    return count == 1 || count == 3 || count == 4;
}

/* 9.4.2. */
static bool place_text(struct look *look, const struct pdf_value *word, bool *out_known)
{
    struct state *state = &look->states[look->depth];
    const double *n = look->numbers;
    *out_known = true;
    if (pdf_keyword_is(word, "BT")) {
        look->line = pdf_identity;
    } else if (pdf_keyword_is(word, "Td") || pdf_keyword_is(word, "TD")) {
        state->leading = pdf_keyword_is(word, "TD") ? -n[1] : state->leading;
        move_line(look, n[0], n[1]);
        return look->count == 2;
    } else if (pdf_keyword_is(word, "Tm")) {
        look->line = pdf_matrix_of(n);
        return look->count == 6;
    } else if (pdf_keyword_is(word, "T*") || pdf_keyword_is(word, "\'")) {
        move_line(look, 0, -state->leading);
        return pdf_keyword_is(word, "T*") || (look->count == 1 && show(look, &look->operands[0]));
    } else if (pdf_keyword_is(word, "Tj") || pdf_keyword_is(word, "TJ")) {
        return look->count == 1 && show(look, &look->operands[0]);
    } else if (pdf_keyword_is(word, "TL")) {
        state->leading = n[0];
    } else {
        *out_known = false;
        return false;
    }
    return true;
}

/* ---- the rest ---- */

static bool change_state(struct look *look, const struct pdf_value *word)
{
    static const char *const harmless[] = {"BMC", "EMC", "ET", "w",  "d", "J",  "j", "M",
                                           "i",   "ri",  "G",  "RG", "K", "Tw", NULL};
    static const char *const colours[] = {"g", "rg", "k", NULL};
    struct state *state = &look->states[look->depth];
    const double *n = look->numbers;
    if (pdf_keyword_is(word, "q") && look->depth + 1 < MAX_STATES) {
        look->states[look->depth + 1] = *state;
        look->depth++;
    } else if (pdf_keyword_is(word, "Q") && look->depth > 0) {
        look->depth--;
    } else if (pdf_keyword_is(word, "cm")) {
        const struct pdf_matrix m = pdf_matrix_of(n);
        state->matrix = pdf_matrix_times(&m, &state->matrix);
        return look->count == 6;
    } else if (is_one_of(word, colours)) {
        return set_colour(state, n, look->count);
    } else if (pdf_keyword_is(word, "Tf")) {
        return set_font(look);
    } else if (pdf_keyword_is(word, "Tr") || pdf_keyword_is(word, "Ts")) {
        return look->count == 1 && n[0] == 0;
    } else if (pdf_keyword_is(word, "Tc")) {
        return look->count == 1 && n[0] >= -0.5;
    } else if (pdf_keyword_is(word, "Tz")) {
        return look->count == 1 && n[0] >= 50 && n[0] <= 200;
    } else if (pdf_keyword_is(word, "W") || pdf_keyword_is(word, "W*")) {
        look->clips = true;
    } else {
        return is_one_of(word, harmless);
    }
    return true;
}

static bool operate(struct look *look, const struct pdf_value *word)
{
    bool is_known = false;
    bool ok = build_path(look, word, &is_known);
    if (!is_known)
        ok = end_path(look, word, &is_known);
    if (!is_known)
        ok = place_text(look, word, &is_known);
    return is_known ? ok : change_state(look, word);
}

static bool read_content(struct look *look, struct vt_bytes content)
{
    struct pdf_value value;
    size_t at = 0, operators = 0;
    while (pdf_next_value(content, &at, &value)) {
        if (value.kind == PDF_KEYWORD) {
            if (++operators > MAX_LOOK_OPERATORS || !operate(look, &value))
                return false;
            look->count = 0;
            memset(look->numbers, 0, sizeof(look->numbers));
        } else if (look->count == MAX_OPERANDS) {
            return false;
        } else {
            (void)pdf_number_of(&value, &look->numbers[look->count]);
            look->operands[look->count++] = value;
        }
    }
    return pdf_skip_space(content, at) == content.len;
}

bool pdf_look_read(struct pdf_pair *pair, const struct pdf_box *box, const struct pdf_value *fonts,
                   struct vt_bytes content, uint32_t *letters, size_t *out_count)
{
    struct look *look = pdf_scratch(pair->reader, sizeof(*look));
    if (look == NULL)
        return false;
    *look = (struct look){.pair = pair,
                          .fonts = fonts,
                          .box = {box->left, box->bottom, box->right, box->top},
                          .states = {{.matrix = pdf_identity}},
                          .letters = letters};
    bool is_read = read_content(look, content);
    *out_count = look->letters_count;
    return is_read;
}
