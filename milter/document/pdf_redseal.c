/* SPDX-License-Identifier: Apache-2.0
 * Is a picture that of an agency's seal (legal.md R-59: red, round, of its real size)? Red lines on
 * a ring, nothing of them outside it, the circle not filled, hardly another colour than that of a
 * signature below; a coat of arms has gold, a flag is no circle, a logo is full or coloured. Only
 * pictures whose pixels the general-purpose filters give are looked at: of JPEG nothing is said. */
#include "document/pdf_redseal.h"

#include <stdlib.h>

/* A seal has a diameter of 36 mm, that of a commune's party cell or a unit is smaller; in points.
 */
#define LEAST_SIZE 56.0
#define MOST_SIZE 130.0
/* Width to height of what is red. */
#define MOST_OBLONG 1.15
#define MAX_SIDE 4000
#define MAX_PIXELS_BYTES ((size_t)48 * 1024 * 1024)
/* A picture is looked at in so many rows and columns. */
#define SIDE 160
#define SECTORS 36
#define LEAST_SECTORS 32
/* The ring, in squares of its radius; and how much of the circle may be red, in the same. */
#define RING_INSIDE 0.72
#define RING_OUTSIDE 1.12
#define MOST_FULL 2.0

struct pixels {
    struct pdf_reader *reader;
    size_t width, height, bits, parts;
    uint8_t *data;
    size_t len;
    uint8_t palette[256 * 3]; /* Indexed; parts is then 1 */
    bool is_indexed;
    uint8_t *alpha; /* one byte each; NULL: all is opaque */
    size_t alpha_width, alpha_height;
};

/* ---- pixels ---- */

static bool side_of(struct pdf_reader *reader, const struct pdf_value *dict, const char *key,
                    size_t *out)
{
    struct pdf_value value = pdf_get(reader, dict, key);
    *out = value.kind == PDF_INTEGER ? (size_t)value.integer : 0;
    return value.kind == PDF_INTEGER && value.integer >= 1 && value.integer <= MAX_SIDE;
}

/* Components of a colour space that is red, green and blue; 0: another one. */
static size_t parts_of(struct pdf_reader *reader, const struct pdf_value *space)
{
    struct pdf_value first = {0}, second = {0};
    size_t at = 0;
    if (pdf_name_is(space, "DeviceRGB"))
        return 3;
    if (space->kind != PDF_ARRAY || !pdf_array_next(space, &at, &first))
        return 0;
    if (pdf_name_is(&first, "CalRGB"))
        return 3;
    if (!pdf_name_is(&first, "ICCBased") || !pdf_array_next(space, &at, &second))
        return 0;
    second = pdf_resolve(reader, second);
    struct pdf_value count = pdf_get(reader, &second, "N");
    return count.kind == PDF_INTEGER && count.integer == 3 ? 3 : 0;
}

/* [/Indexed base highest lookup] (8.6.6.3). */
static bool read_palette(struct pixels *pixels, const struct pdf_value *space)
{
    struct pdf_value item[4] = {{0}};
    uint8_t *data = NULL;
    size_t len = 0, count = 0;
    for (size_t at = 0; count < 4 && pdf_array_next(space, &at, &item[count]);)
        count++;
    struct pdf_value base = pdf_resolve(pixels->reader, item[1]);
    if (count < 4 || !pdf_name_is(&item[0], "Indexed") || parts_of(pixels->reader, &base) != 3)
        return false;
    if (item[3].kind == PDF_REF &&
        pdf_doc_stream(&pixels->reader->main, item[3].ref, true, 4096, &data, &len)) {
        for (size_t i = 0; i < len && i < sizeof(pixels->palette); i++)
            pixels->palette[i] = data[i];
        free(data);
        return true;
    }
    struct pdf_value text = pdf_resolve(pixels->reader, item[3]);
    uint8_t *decoded = pdf_scratch(pixels->reader, text.text.len + 1);
    if (decoded == NULL || (text.kind != PDF_STRING && text.kind != PDF_HEX_STRING))
        return false;
    len = pdf_string_decode(&text, decoded);
    for (size_t i = 0; i < len && i < sizeof(pixels->palette); i++)
        pixels->palette[i] = decoded[i];
    return true;
}

/* The transparency of a picture (11.6.5.3). Without one that can be read all is opaque. */
static void read_alpha(struct pixels *pixels, const struct pdf_value *dict)
{
    struct pdf_value ref = pdf_dict_get(dict, "SMask");
    struct pdf_value mask = pdf_resolve(pixels->reader, ref);
    struct pdf_value bits = pdf_get(pixels->reader, &mask, "BitsPerComponent");
    size_t len = 0;
    if (ref.kind != PDF_REF || bits.kind != PDF_INTEGER || bits.integer != 8 ||
        !side_of(pixels->reader, &mask, "Width", &pixels->alpha_width) ||
        !side_of(pixels->reader, &mask, "Height", &pixels->alpha_height) ||
        !pdf_doc_stream(&pixels->reader->main, ref.ref, true, MAX_PIXELS_BYTES, &pixels->alpha,
                        &len))
        return;
    if (len < pixels->alpha_width * pixels->alpha_height) {
        free(pixels->alpha);
        pixels->alpha = NULL;
    }
}

static bool read_pixels(struct pixels *pixels, struct pdf_ref ref)
{
    struct pdf_value whole =
        pdf_resolve(pixels->reader, (struct pdf_value){.kind = PDF_REF, .ref = ref});
    struct pdf_value space = pdf_get(pixels->reader, &whole, "ColorSpace");
    struct pdf_value bits = pdf_get(pixels->reader, &whole, "BitsPerComponent");
    if (bits.kind != PDF_INTEGER || !side_of(pixels->reader, &whole, "Width", &pixels->width) ||
        !side_of(pixels->reader, &whole, "Height", &pixels->height))
        return false;
    pixels->bits = (size_t)bits.integer;
    pixels->parts = parts_of(pixels->reader, &space);
    pixels->is_indexed = pixels->parts == 0 && read_palette(pixels, &space);
    if (pixels->is_indexed)
        pixels->parts = 1;
    bool is_known = pixels->is_indexed ? pixels->bits == 1 || pixels->bits == 2 ||
                                             pixels->bits == 4 || pixels->bits == 8
                                       : pixels->bits == 8;
    size_t row = (pixels->width * pixels->parts * pixels->bits + 7) / 8;
    if (!is_known || pixels->parts == 0 ||
        !pdf_doc_stream(&pixels->reader->main, ref, true, MAX_PIXELS_BYTES, &pixels->data,
                        &pixels->len))
        return false;
    if (pixels->len < row * pixels->height)
        return false;
    read_alpha(pixels, &whole);
    return true;
}

/* ---- colours ---- */

enum colour { NO_COLOUR = 0, RED, GOLD, OTHER };

static enum colour colour_of(const uint8_t rgb[3])
{
    int r = rgb[0], g = rgb[1], b = rgb[2];
    int lightest = g > b ? g : b, darkest = g < b ? g : b;
    if (r >= 225 && darkest >= 225)
        return NO_COLOUR;
    if (r >= 110 && r - lightest >= 50 && lightest - darkest <= 60)
        return RED;
    return r >= 140 && g >= 90 && r - b >= 60 && g - b >= 50 ? GOLD : OTHER;
}

static enum colour colour_at(const struct pixels *pixels, size_t row, size_t column)
{
    size_t x = column * pixels->width / SIDE, y = row * pixels->height / SIDE;
    size_t row_bytes = (pixels->width * pixels->parts * pixels->bits + 7) / 8;
    const uint8_t *begin = pixels->data + y * row_bytes;
    if (pixels->alpha != NULL) {
        size_t to_x = column * pixels->alpha_width / SIDE, to_y = row * pixels->alpha_height / SIDE;
        if (pixels->alpha[to_y * pixels->alpha_width + to_x] < 64)
            return NO_COLOUR;
    }
    if (!pixels->is_indexed)
        return colour_of(begin + x * 3);
    size_t bit = x * pixels->bits, shift = 8 - pixels->bits - bit % 8;
    size_t index = begin[bit / 8] >> shift & ((1u << pixels->bits) - 1);
    return colour_of(pixels->palette + index * 3);
}

/* ---- shape ---- */

struct look {
    enum colour grid[SIDE][SIDE];
    size_t red, gold, other;
    size_t left, right, top, bottom; /* of what is red */
};

static void take_look(const struct pixels *pixels, struct look *out)
{
    *out = (struct look){.left = SIDE, .top = SIDE};
    for (size_t y = 0; y < SIDE; y++) {
        for (size_t x = 0; x < SIDE; x++) {
            enum colour colour = colour_at(pixels, y, x);
            out->grid[y][x] = colour;
            out->red += colour == RED;
            out->gold += colour == GOLD;
            out->other += colour == OTHER;
            if (colour != RED)
                continue;
            out->left = x < out->left ? x : out->left;
            out->right = x > out->right ? x : out->right;
            out->top = y < out->top ? y : out->top;
            out->bottom = y > out->bottom ? y : out->bottom;
        }
    }
}

/* What is red is as large and as wide as high as a seal. */
static bool has_size(const struct look *look, const struct pdf_box *box)
{
    if (look->right <= look->left || look->bottom <= look->top)
        return false;
    double width = (box->right - box->left) * (double)(look->right - look->left + 1) / SIDE;
    double height = (box->top - box->bottom) * (double)(look->bottom - look->top + 1) / SIDE;
    return width >= LEAST_SIZE && width <= MOST_SIZE && height >= LEAST_SIZE &&
           height <= MOST_SIZE && width <= height * MOST_OBLONG && height <= width * MOST_OBLONG;
}

static bool has_colours(const struct look *look)
{
    size_t all = look->red + look->gold + look->other;
    return look->red * 2 >= all && look->gold * 30 <= all;
}

/* Which of the sectors around the middle: an angle in all but its measure. */
static size_t sector_of(double dx, double dy)
{
    double sum = (dx < 0 ? -dx : dx) + (dy < 0 ? -dy : dy);
    double turn = sum == 0 ? 0 : dy / sum; /* -1 to 1 on either side */
    double part = dx >= 0 ? 1 + turn : 3 - turn;
    size_t sector = (size_t)(part / 4 * SECTORS);
    return sector < SECTORS ? sector : SECTORS - 1;
}

/* Red on every side of the ring, next to nothing outside it, and not all red inside it. */
static bool is_ring(const struct look *look)
{
    bool sectors[SECTORS] = {false};
    size_t outside = 0, inside = 0, sectors_count = 0;
    double across = (double)(look->right - look->left + 1) / 2;
    double down = (double)(look->bottom - look->top + 1) / 2;
    for (size_t y = look->top; y <= look->bottom; y++) {
        for (size_t x = look->left; x <= look->right; x++) {
            double dx = ((double)(x - look->left) + 0.5 - across) / across;
            double dy = ((double)(y - look->top) + 0.5 - down) / down;
            double square = dx * dx + dy * dy;
            if (look->grid[y][x] != RED)
                continue;
            outside += square > RING_OUTSIDE;
            inside += square <= RING_OUTSIDE;
            if (square > RING_INSIDE && square <= RING_OUTSIDE)
                sectors[sector_of(dx, dy)] = true;
        }
    }
    for (size_t i = 0; i < SECTORS; i++)
        sectors_count += sectors[i];
    return sectors_count >= LEAST_SECTORS && outside * 50 <= look->red &&
           (double)inside <= MOST_FULL * across * down;
}

bool pdf_is_red_seal(struct pdf_reader *reader, const struct pdf_picture *picture)
{
    struct pixels pixels = {.reader = reader};
    struct look *look = pdf_scratch(reader, sizeof(*look));
    double width = picture->box.right - picture->box.left;
    double height = picture->box.top - picture->box.bottom;
    bool is_seal = false;
    /* With a margin, or a signature beside it. */
    if (look == NULL || picture->ref.id == 0 || width < LEAST_SIZE || width > 3 * MOST_SIZE ||
        height < LEAST_SIZE || height > 3 * MOST_SIZE)
        return false;
    if (read_pixels(&pixels, picture->ref)) {
        take_look(&pixels, look);
        is_seal = has_size(look, &picture->box) && has_colours(look) && is_ring(look);
    }
    free(pixels.data);
    free(pixels.alpha);
    return is_seal;
}
