/* SPDX-License-Identifier: Apache-2.0
 * What a seal shows (ISO 32000-1 12.5.5, 8.10; legal.md R-59, R-61, R-62, R-65): a picture, or
 * lines of text in a font as wide as Times New Roman, size 10, upright, black. Kept upright on
 * turned pages, and in proportion within a given rectangle. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "seal/pdf.h"

#define VIETNAM_SECS (7 * 3600)

/* ---- the lines ---- */

/* ISO 8601 with +07:00 (R-65). */
static const char *time_text(struct vt_arena *arena, int64_t utc_secs)
{
    time_t when = (time_t)(utc_secs + VIETNAM_SECS);
    struct tm tm = {0};
    char text[64] = "";
    if (gmtime_r(&when, &tm) == NULL)
        return NULL;
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+07:00", &tm);
    return vt_arena_str(arena, text);
}

size_t vt_seal_annex_lines(struct vt_arena *arena, const char *number, int64_t utc_secs,
                           const char *lines[VT_MAX_SEAL_LINES])
{
    lines[0] = vt_arena_str(arena, number);
    lines[1] = time_text(arena, utc_secs);
    return 2;
}

size_t vt_seal_copy_lines(struct vt_arena *arena, const char *kind, const char *agency,
                          int64_t utc_secs, const char *lines[VT_MAX_SEAL_LINES])
{
    lines[0] = vt_arena_str(arena, kind);
    lines[1] = vt_arena_str(arena, agency);
    lines[2] = time_text(arena, utc_secs);
    return 3;
}

/* How much of a line, in octets, fits in width: up to a space, or all of it. */
static size_t fitting(struct vt_arena *arena, const struct vt_seal_font *font, const char *line,
                      double width)
{
    size_t found = 0, len = strlen(line);
    for (size_t i = 1; i <= len; i++) {
        if (line[i] != ' ' && line[i] != '\0')
            continue;
        const char *part = vt_arena_printf(arena, "%.*s", (int)i, line);
        if (part == NULL || (found > 0 && vt_pdf_font_width(font, part) > width))
            break;
        found = i;
    }
    return found > 0 ? found : len;
}

bool vt_pdf_lines_wrap(struct vt_arena *arena, struct vt_seal_pdf_plan *plan)
{
    size_t count = 0;
    const char **lines = vt_arena_alloc(arena, VT_MAX_SEAL_LINES * sizeof(*lines));
    if (lines == NULL || plan->show != VT_SEAL_SHOW_TEXT || plan->font == NULL)
        return lines != NULL;
    for (size_t i = 0; i < plan->lines_count && count < VT_MAX_SEAL_LINES; i++) {
        const char *rest = plan->lines[i];
        do {
            size_t later =
                plan->lines_count - i; /* the last one there is room for takes the rest */
            size_t len = count + later < VT_MAX_SEAL_LINES
                             ? fitting(arena, plan->font, rest, VT_SEAL_LINE_POINTS)
                             : strlen(rest);
            lines[count] = vt_arena_printf(arena, "%.*s", (int)len, rest);
            if (lines[count++] == NULL)
                return false;
            rest += len + (rest[len] == ' ' ? 1 : 0);
        } while (*rest != '\0');
    }
    plan->lines = lines;
    plan->lines_count = count;
    return true;
}

/* ---- sizes ---- */

void vt_pdf_appearance_size(const struct vt_seal_pdf_plan *plan, double *out_width,
                            double *out_height)
{
    *out_width = *out_height = 0;
    if (plan->show == VT_SEAL_SHOW_IMAGE && plan->image != NULL) {
        *out_width = plan->image->width;
        *out_height = plan->image->height;
    } else if (plan->show == VT_SEAL_SHOW_TEXT && plan->font != NULL) {
        for (size_t i = 0; i < plan->lines_count; i++) {
            double width = vt_pdf_font_width(plan->font, plan->lines[i]);
            *out_width = width > *out_width ? width : *out_width;
        }
        *out_height = VT_SEAL_FONT_LEADING * (double)plan->lines_count;
    }
}

/* ---- objects ---- */

static struct pdf_ref write_image(struct vt_pdf_update *update, const struct vt_seal_image *image)
{
    char entries[240], mask[40] = "";
    struct pdf_ref ref = vt_update_new_ref(update);
    if (image->alpha.len > 0) {
        struct pdf_ref alpha = vt_update_new_ref(update);
        (void)snprintf(entries, sizeof(entries),
                       "/Type /XObject /Subtype /Image /Width %u /Height %u /ColorSpace "
                       "/DeviceGray /BitsPerComponent 8 /Filter /FlateDecode",
                       image->width_pixels, image->height_pixels);
        vt_update_add_stream(update, alpha, entries, image->alpha);
        (void)snprintf(mask, sizeof(mask), " /SMask %d 0 R", alpha.id);
    }
    (void)snprintf(entries, sizeof(entries),
                   "/Type /XObject /Subtype /Image /Width %u /Height %u /ColorSpace /DeviceRGB "
                   "/BitsPerComponent 8 /Filter /FlateDecode%s",
                   image->width_pixels, image->height_pixels, mask);
    vt_update_add_stream(update, ref, entries, image->rgb);
    return ref;
}

/* How what has a natural size lies in a frame: not larger than it is, in proportion, centred. */
struct fit {
    double scale, left, bottom, width, height;
};

static struct fit fit_into(double width, double height, double frame_width, double frame_height)
{
    struct fit fit = {.scale = 1};
    if (width > frame_width)
        fit.scale = frame_width / width;
    if (height * fit.scale > frame_height)
        fit.scale = frame_height / height;
    fit.width = width * fit.scale;
    fit.height = height * fit.scale;
    fit.left = (frame_width - fit.width) / 2;
    fit.bottom = (frame_height - fit.height) / 2;
    return fit;
}

static void put_numbers(struct vt_pdf_update *update, const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vt_update_put_number(update, numbers[i]);
}

static void put_content(struct vt_pdf_update *update, const struct vt_seal_pdf_plan *plan,
                        const struct fit *fit)
{
    if (plan->show == VT_SEAL_SHOW_IMAGE) {
        vt_update_put(update, VT_BYTES("q "));
        put_numbers(update, (double[]){fit->width, 0, 0, fit->height, fit->left, fit->bottom}, 6);
        vt_update_put(update, VT_BYTES("cm /Seal Do Q\n"));
        return;
    }
    vt_update_put(update, VT_BYTES("q "));
    put_numbers(update, (double[]){fit->scale, 0, 0, fit->scale, fit->left, fit->bottom}, 6);
    vt_update_put(update, VT_BYTES("cm 0 g BT /Seal "));
    vt_update_put_number(update, VT_SEAL_FONT_SIZE);
    vt_update_put(update, VT_BYTES("Tf "));
    vt_update_put_number(update, VT_SEAL_FONT_LEADING);
    vt_update_put(update, VT_BYTES("TL 0 "));
    /* The descenders of the last line stay within. */
    vt_update_put_number(update,
                         VT_SEAL_FONT_LEADING * (double)plan->lines_count - VT_SEAL_FONT_SIZE + 1);
    vt_update_put(update, VT_BYTES("Td\n"));
    for (size_t i = 0; i < plan->lines_count; i++) {
        vt_pdf_font_show(update, plan->font, plan->lines[i]);
        vt_update_put(update, VT_BYTES(" Tj T*\n"));
    }
    vt_update_put(update, VT_BYTES("ET Q\n"));
}

/* The length of a stream stands before it: the content is written aside first. */
static struct vt_bytes make_content(struct vt_pdf_update *update,
                                    const struct vt_seal_pdf_plan *plan, const struct fit *fit)
{
    struct vt_pdf_update aside = {.arena = update->arena};
    vt_buf_init(&aside.bytes, (size_t)64 * 1024);
    put_content(&aside, plan, fit);
    void *copy = vt_arena_dup(update->arena, aside.bytes.ptr, aside.bytes.len);
    struct vt_bytes content = vt_bytes_of(copy, copy == NULL ? 0 : aside.bytes.len);
    if (update->code == VT_OK)
        update->code = copy == NULL ? VT_E_NOMEM : aside.code;
    vt_buf_clear(&aside.bytes);
    return content;
}

/* 12.5.5: the box, turned by /Matrix, is what is put into the rectangle of the widget. */
static const char *matrix_for(int rotate)
{
    switch (rotate) {
    case 90:
        return "[0 1 -1 0 0 0]";
    case 180:
        return "[-1 0 0 -1 0 0]";
    case 270:
        return "[0 -1 1 0 0 0]";
    default:
        return "[1 0 0 1 0 0]";
    }
}

struct pdf_ref vt_pdf_appearance_write(struct vt_pdf_update *update,
                                       const struct vt_seal_pdf_plan *plan,
                                       const struct vt_pdf_spot *spot)
{
    double left, top, frame_width, frame_height, width, height;
    vt_pdf_page_shown(&spot->page, &spot->rect, &left, &top, &frame_width, &frame_height);
    vt_pdf_appearance_size(plan, &width, &height);
    struct fit fit = fit_into(width, height, frame_width, frame_height);
    bool is_image = plan->show == VT_SEAL_SHOW_IMAGE;
    struct vt_bytes content = make_content(update, plan, &fit);
    struct pdf_ref shown =
        is_image ? write_image(update, plan->image)
                 : vt_pdf_font_write(update, plan->font, plan->lines, plan->lines_count);
    struct pdf_ref form = vt_update_new_ref(update);
    vt_update_begin(update, form);
    vt_update_put(update, VT_BYTES("<< /Type /XObject /Subtype /Form /FormType 1 /BBox [0 0 "));
    put_numbers(update, (double[]){frame_width, frame_height}, 2);
    vt_update_putf(update, "] /Matrix %s /Resources << /%s << /Seal %d 0 R >> >> /Length %zu >>",
                   matrix_for(spot->page.rotate), is_image ? "XObject" : "Font", shown.id,
                   content.len);
    vt_update_put(update, VT_BYTES("\nstream\n"));
    vt_update_put(update, content);
    vt_update_put(update, VT_BYTES("\nendstream"));
    vt_update_end(update);
    return form;
}
