/* SPDX-License-Identifier: Apache-2.0
 * Does a page show an agency's seal (legal.md R-59: red, round, of its real size)? Circles are
 * looked for by a Hough transform over squares of 3 points. A circle is a seal when red stands on
 * nearly all its sides and next to nothing around it; when between its edge and its middle there
 * is lettering, which is red on nearly all sides and never full; and when it has no gold. A coat of
 * arms has gold and is full, a flag is no circle, a ring of a diagram is full, a circle drawn by
 * hand is empty. A signature, a name and a date may lie over it. */
#include "document/pdf_redseal.h"

#include <math.h>
#include <stdlib.h>

/* A seal has a diameter of 36 to 44 mm, that of a unit or a party cell is smaller; in points. */
#define LEAST_RADIUS 28
#define MOST_RADIUS 65
/* Ink that is faded on paper, and under black; of 255. */
#define LEAST_REDNESS 20
#define LEAST_LIGHT 90
/* Squares in which circles are looked for first. */
#define SQUARE 3
#define LEAST_RED_IN_SQUARE 2
/* A page with more red than this shows no seal that could be told. */
#define MOST_RED_PART 0.25
#define LEAST_VOTES 0.5
#define RADII ((MOST_RADIUS - LEAST_RADIUS) / SQUARE + 2)
#define CANDIDATES 24
#define MAX_OFFSETS 512
/* Around a circle. */
#define SECTORS 144
/* Circles about one: 9 by 9 middles, 10 radii. */
#define FITS (9 * 9 * 10)
#define LEAST_LETTERS 10

enum colour { NO_COLOUR = 0, RED, GOLD, OTHER };

struct page {
    size_t width, height;
    uint8_t *colours; /* enum colour, of every dot */
    size_t red;
};

struct squares {
    size_t width, height;
    uint8_t *is_red;
    uint16_t *votes;
};

struct candidate {
    struct pdf_circle circle;
    double votes; /* part of the circle that is red */
};

/* ---- colours ---- */

static int redness_of(const uint8_t rgb[3])
{
    return rgb[0] - (rgb[1] > rgb[2] ? rgb[1] : rgb[2]);
}

/* ground: how red the paper is, which has a colour of its own on a scan. */
static enum colour colour_of(const uint8_t rgb[3], int ground)
{
    int r = rgb[0], g = rgb[1], b = rgb[2], red = redness_of(rgb);
    int apart = g > b ? g - b : b - g;
    if (r >= LEAST_LIGHT && red >= ground + LEAST_REDNESS && apart <= 60 && apart <= red + 12)
        return RED;
    if (r >= 140 && g >= 90 && r - b >= 60 && g - b >= 50)
        return GOLD;
    return r >= 200 && g >= 180 ? NO_COLOUR : OTHER;
}

/* The redness that half of the dots have at most. */
static int ground_of(const struct pdf_canvas *canvas)
{
    size_t counts[256] = {0}, all = canvas->width * canvas->height, sum = 0;
    for (size_t i = 0; i < all; i++) {
        int red = redness_of(canvas->rgb + i * 3);
        counts[red < 0 ? 0 : red]++;
    }
    int ground = 0;
    for (; sum * 2 < all && ground < 255; ground++)
        sum += counts[ground];
    return ground > 0 ? ground - 1 : 0;
}

static bool look(const struct pdf_canvas *canvas, struct page *out)
{
    size_t count = canvas->width * canvas->height;
    *out = (struct page){.width = canvas->width, .height = canvas->height};
    out->colours = malloc(count);
    int ground = ground_of(canvas);
    for (size_t i = 0; out->colours != NULL && i < count; i++) {
        enum colour colour = colour_of(canvas->rgb + i * 3, ground);
        out->colours[i] = (uint8_t)colour;
        out->red += colour == RED;
    }
    return out->colours != NULL;
}

static enum colour colour_at(const struct page *page, double x, double y)
{
    if (!(x >= 0 && y >= 0 && x < (double)page->width && y < (double)page->height))
        return NO_COLOUR;
    return (enum colour)page->colours[(size_t)y * page->width + (size_t)x];
}

/* ---- where circles may be ---- */

static bool make_squares(const struct page *page, struct squares *out)
{
    *out = (struct squares){.width = page->width / SQUARE, .height = page->height / SQUARE};
    size_t count = out->width * out->height;
    out->is_red = calloc(count + 1, 1);
    out->votes = calloc(count + 1, sizeof(*out->votes));
    for (size_t i = 0; out->is_red != NULL && i < count; i++) {
        size_t left = i % out->width * SQUARE, top = i / out->width * SQUARE, red = 0;
        for (size_t k = 0; k < (size_t)SQUARE * SQUARE; k++)
            red += page->colours[(top + k / SQUARE) * page->width + left + k % SQUARE] == RED;
        out->is_red[i] = red >= LEAST_RED_IN_SQUARE;
    }
    return out->is_red != NULL && out->votes != NULL;
}

/* The squares of a circle around one, as steps from it. */
static size_t circle_steps(double radius, int steps[MAX_OFFSETS][2])
{
    size_t count = 0;
    int reach = (int)radius + 1;
    for (int y = -reach; y <= reach; y++) {
        for (int x = -reach; x <= reach; x++) {
            double far = sqrt((double)(x * x + y * y)) - radius;
            if (far < -0.5 || far >= 0.5 || count == MAX_OFFSETS)
                continue;
            steps[count][0] = x;
            steps[count++][1] = y;
        }
    }
    return count;
}

/* Every red square is on the circles around all that are as far from it as their radius. */
static size_t vote(const struct squares *squares, double radius)
{
    int steps[MAX_OFFSETS][2];
    size_t count = circle_steps(radius, steps), all = squares->width * squares->height;
    int width = (int)squares->width, height = (int)squares->height;
    for (size_t i = 0; i < all; i++)
        squares->votes[i] = 0;
    for (size_t i = 0; i < all; i++) {
        int x = (int)(i % squares->width), y = (int)(i / squares->width);
        for (size_t k = 0; squares->is_red[i] && k < count; k++) {
            int to_x = x + steps[k][0], to_y = y + steps[k][1];
            if (to_x >= 0 && to_y >= 0 && to_x < width && to_y < height)
                squares->votes[to_y * width + to_x]++;
        }
    }
    return count;
}

/* Keep the best ones, each place of a radius once. */
static void keep(struct candidate *candidates, size_t *count, const struct candidate *new)
{
    size_t at = *count;
    for (size_t i = 0; i < *count; i++) {
        const struct pdf_circle *a = &candidates[i].circle, *b = &new->circle;
        if (a->radius == b->radius && fabs(a->x - b->x) < 3 * SQUARE &&
            fabs(a->y - b->y) < 3 * SQUARE) {
            if (candidates[i].votes < new->votes)
                candidates[i] = *new;
            return;
        }
        if (at == *count && candidates[i].votes < new->votes)
            at = i;
    }
    if (at >= CANDIDATES)
        return;
    if (*count < CANDIDATES)
        ++*count;
    for (size_t i = *count - 1; i > at; i--)
        candidates[i] = candidates[i - 1];
    candidates[at] = *new;
}

static size_t find_candidates(const struct squares *squares, struct candidate *out)
{
    size_t count = 0;
    for (unsigned i = 0; i < RADII; i++) {
        double radius = (double)LEAST_RADIUS / SQUARE + i;
        size_t most = vote(squares, radius);
        for (size_t k = 0; k < squares->width * squares->height; k++) {
            size_t column = k % squares->width, row = k / squares->width;
            double votes = (double)squares->votes[k] / (double)most;
            const struct candidate new = {
                {((double)column + 0.5) * SQUARE, ((double)row + 0.5) * SQUARE, radius * SQUARE},
                votes};
            if (votes >= LEAST_VOTES)
                keep(out, &count, &new);
        }
    }
    return count;
}

/* ---- is it a seal ---- */

struct direction {
    double x, y;
};

static void make_directions(struct direction out[SECTORS])
{
    const double turn = 2 * 3.14159265358979323846;
    for (unsigned i = 0; i < SECTORS; i++)
        out[i] = (struct direction){cos(turn * i / SECTORS), sin(turn * i / SECTORS)};
}

/* Sectors that have red between two distances from the middle, in dots. */
static unsigned sectors_with_red(const struct page *page, const struct pdf_circle *circle,
                                 const struct direction *directions, double from, double to)
{
    unsigned count = 0;
    for (unsigned i = 0; i < SECTORS; i++) {
        bool has_red = false;
        for (unsigned k = 0; from + k <= to && !has_red; k++)
            has_red = colour_at(page, circle->x + (from + k) * directions[i].x,
                                circle->y + (from + k) * directions[i].y) == RED;
        count += has_red;
    }
    return count;
}

/* The circles about one to the dot, each with the number of its sides that are red. */
static struct pdf_circle circle_near(const struct pdf_circle *about, int i)
{
    int right = i % 9 - 4, down = i / 9 % 9 - 4, wider = i / 81 - 3;
    return (struct pdf_circle){about->x + right, about->y + down, about->radius + wider};
}

/* The same circle to the dot: of rings within each other, as seals have them, the outermost that is
 * nearly as red as the reddest. */
static struct pdf_circle fit(const struct page *page, const struct pdf_circle *about,
                             const struct direction *directions)
{
    uint8_t counts[FITS];
    struct pdf_circle best = *about;
    unsigned most = 0, best_count = 0;
    for (int i = 0; i < FITS; i++) {
        const struct pdf_circle circle = circle_near(about, i);
        counts[i] =
            (uint8_t)sectors_with_red(page, &circle, directions, circle.radius, circle.radius + 1);
        most = counts[i] > most ? counts[i] : most;
    }
    for (int i = 0; i < FITS; i++) {
        const struct pdf_circle circle = circle_near(about, i);
        bool is_wider = circle.radius > best.radius || best_count == 0;
        if (counts[i] * 10 >= most * 9 && (is_wider || counts[i] > best_count)) {
            best = circle;
            best_count = counts[i];
        }
    }
    return best;
}

/* How much of each colour lies in a ring, in parts of all. */
struct shares {
    double red, gold;
};

static struct shares shares_of(const struct page *page, const struct pdf_circle *circle,
                               double from, double to)
{
    size_t counts[OTHER + 1] = {0}, all = 0;
    int reach = (int)to + 1;
    for (int y = -reach; y <= reach; y++) {
        for (int x = -reach; x <= reach; x++) {
            double square = (double)(x * x + y * y);
            if (square < from * from || square >= to * to)
                continue;
            counts[colour_at(page, circle->x + x, circle->y + y)]++;
            all++;
        }
    }
    double total = all > 0 ? (double)all : 1;
    return (struct shares){(double)counts[RED] / total, (double)counts[GOLD] / total};
}

/* How much of a sector is red between two distances, in parts of all. */
static double red_in_sector(const struct page *page, const struct pdf_circle *circle,
                            const struct direction *at, double from, double to)
{
    unsigned red = 0, all = 0;
    for (; from + all <= to; all++)
        red += colour_at(page, circle->x + (from + all) * at->x,
                         circle->y + (from + all) * at->y) == RED;
    return all > 0 ? (double)red / all : 0;
}

/* How often around the circle much red follows upon little: of letters often, of rings never. */
static unsigned letters_of(const struct page *page, const struct pdf_circle *circle,
                           const struct direction *directions, double from, double to)
{
    double parts[SECTORS], mean = 0;
    unsigned count = 0;
    bool was_much = false;
    for (unsigned i = 0; i < SECTORS; i++) {
        parts[i] = red_in_sector(page, circle, &directions[i], from, to);
        mean += parts[i] / SECTORS;
    }
    for (unsigned i = 0; i < SECTORS; i++) {
        bool is_much = parts[i] > mean * 1.4 || (was_much && parts[i] >= mean * 0.6);
        count += is_much && !was_much;
        was_much = is_much;
    }
    return count;
}

static bool is_seal(const struct page *page, const struct pdf_circle *circle,
                    const struct direction *directions)
{
    double radius = circle->radius;
    struct shares around = shares_of(page, circle, radius + 4, radius * 1.12 + 4);
    struct shares letters = shares_of(page, circle, radius * 0.6, radius * 0.9);
    struct shares inside = shares_of(page, circle, 0, radius * 0.9);
    unsigned edge = sectors_with_red(page, circle, directions, radius - 2, radius + 2);
    unsigned lettered = sectors_with_red(page, circle, directions, radius * 0.6, radius * 0.88);
    return edge >= SECTORS * 8 / 10 && lettered >= SECTORS * 4 / 10 && around.red <= 0.06 &&
           letters.red >= 0.05 && letters.red <= 0.75 && inside.red <= 0.7 &&
           inside.gold <= inside.red / 15 &&
           letters_of(page, circle, directions, radius * 0.62, radius * 0.88) >= LEAST_LETTERS;
}

static bool is_known(const struct pdf_circle *circles, size_t count, const struct pdf_circle *new)
{
    for (size_t i = 0; i < count; i++) {
        if (fabs(circles[i].x - new->x) < LEAST_RADIUS &&
            fabs(circles[i].y - new->y) < LEAST_RADIUS)
            return true;
    }
    return false;
}

static size_t find_seals(const struct page *page, struct pdf_circle out[PDF_MAX_SEALS])
{
    struct squares squares;
    struct candidate candidates[CANDIDATES];
    struct direction directions[SECTORS];
    size_t count = 0, found = 0;
    make_directions(directions);
    if (make_squares(page, &squares))
        count = find_candidates(&squares, candidates);
    for (size_t i = 0; i < count && found < PDF_MAX_SEALS; i++) {
        const struct pdf_circle circle = fit(page, &candidates[i].circle, directions);
        if (is_seal(page, &circle, directions) && !is_known(out, found, &circle))
            out[found++] = circle;
    }
    free(squares.is_red);
    free(squares.votes);
    return found;
}

size_t pdf_red_seals(const struct pdf_canvas *canvas, struct pdf_circle out[PDF_MAX_SEALS])
{
    struct page page;
    size_t found = 0;
    if (look(canvas, &page) && page.red >= LEAST_RADIUS * 4 &&
        (double)page.red <= MOST_RED_PART * (double)(page.width * page.height))
        found = find_seals(&page, out);
    free(page.colours);
    return found;
}
