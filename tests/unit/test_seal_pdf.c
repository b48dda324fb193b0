/* SPDX-License-Identifier: Apache-2.0
 * The seal of a PDF from inside: what is promised of its bytes, tokens, refusals; pictures and
 * fonts from the administrator that are not what they should be; places on turned pages; text found
 * by its letters. Other programs look at sealed files in tests/seal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/seal.h"
#include "seal/pdf_font.h"
#include "seal/pdf_words.h"

#define ENTRIES(table) (sizeof(table) / sizeof((table)[0]))
#define FONT_FILE "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"
#define PAGE                                                                                       \
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources "             \
    "<< /Font << /F 5 0 R >> /XObject << /X 6 0 R >> >> >>"

static struct vt_arena *arena;
static struct ts_seal seal;
static struct tc_entity tsa;

static int set_up(void **state)
{
    (void)state;
    arena = vt_arena_new((size_t)256 << 20);
    TC_CHECK(arena != NULL);
    seal = ts_make(arena, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA384);
    tsa = tc_leaf(arena, NULL, "TSA", &seal.ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    vt_arena_free(arena);
    return 0;
}

/* ---- a small file ---- */

/* Objects 1 up, each a body; the last NULL ends them. */
static struct vt_bytes make_pdf(const char *const *bodies)
{
    size_t offsets[32], count = 0;
    struct vt_buf out;
    vt_buf_init(&out, (size_t)1 << 20);
    assert_int_equal(vt_buf_addf(&out, "%%PDF-1.7\n"), VT_OK);
    for (; bodies[count] != NULL; count++) {
        offsets[count] = out.len;
        assert_int_equal(vt_buf_addf(&out, "%zu 0 obj\n%s\nendobj\n", count + 1, bodies[count]),
                         VT_OK);
    }
    size_t start = out.len;
    assert_int_equal(vt_buf_addf(&out, "xref\n0 %zu\n0000000000 65535 f \n", count + 1), VT_OK);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(vt_buf_addf(&out, "%010zu 00000 n \n", offsets[i]), VT_OK);
    assert_int_equal(vt_buf_addf(&out,
                                 "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n",
                                 count + 1, start),
                     VT_OK);
    struct vt_bytes pdf = vt_bytes_of(vt_arena_dup(arena, out.ptr, out.len), out.len);
    vt_buf_clear(&out);
    return pdf;
}

static const char *stream(const char *entries, const char *data)
{
    return vt_arena_printf(arena, "<< %s /Length %zu >>\nstream\n%s\nendstream", entries,
                           strlen(data), data);
}

static struct vt_bytes pdf_of(const char *page, const char *content, const char *form)
{
    const char *const bodies[] = {
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        page,
        stream("", content),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /FirstChar 32 /Widths [250] "
        "/Encoding << /Differences [128 /Dcroat /uni1ED0 /Aacute /uni00C1] >> >>",
        stream("/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Matrix [1 0 0 1 50 60]", form),
        NULL};
    return make_pdf(bodies);
}

static struct vt_bytes plain_pdf(void)
{
    return pdf_of(PAGE, "BT /F 12 Tf 72 700 Td (Xin chao) Tj ET", "");
}

static struct vt_seal_pdf_plan new_plan(void)
{
    return (struct vt_seal_pdf_plan){.identity = &seal.identity, .signing_time_utc_secs = TC_NOW};
}

static struct vt_seal_pdf prepare(struct vt_bytes pdf, const struct vt_seal_pdf_plan *plan)
{
    struct vt_seal_pdf sealing;
    struct vt_err err = {0};
    if (vt_seal_pdf_prepare(arena, pdf, plan, &sealing, &err) != VT_OK)
        fail_msg("%s", err.text);
    return sealing;
}

static struct vt_bytes whole(struct vt_bytes pdf, struct vt_bytes update)
{
    uint8_t *out = vt_arena_alloc(arena, pdf.len + update.len);
    memcpy(out, pdf.ptr, pdf.len);
    memcpy(out + pdf.len, update.ptr, update.len);
    return vt_bytes_of(out, pdf.len + update.len);
}

static const char *why_not_good(struct vt_bytes pdf, struct vt_bytes sealed)
{
    struct vt_seal_pdf_check check;
    assert_int_equal(vt_seal_pdf_check(arena, pdf, sealed, &seal.identity, &check, NULL), VT_OK);
    assert_int_equal(check.is_good, check.why == NULL);
    return check.why;
}

/* ---- promises ---- */

static void test_bytes(void **state)
{
    (void)state;
    struct vt_bytes pdf = plain_pdf(), first, second;
    struct vt_seal_pdf_plan plan = new_plan();
    struct vt_seal_pdf a = prepare(pdf, &plan), b = prepare(pdf, &plan);
    assert_int_equal(a.word, VT_SEAL_PDF_READY);
    assert_true(vt_bytes_equal(a.attributes, b.attributes));
    struct vt_bytes signature = ts_sign(arena, &seal, a.attributes);
    assert_int_equal(vt_seal_pdf_finish(arena, &a, signature, TD_NONE, &first, NULL), VT_OK);
    assert_int_equal(vt_seal_pdf_finish(arena, &b, signature, TD_NONE, &second, NULL), VT_OK);
    assert_true(vt_bytes_equal(first, second));
    assert_null(why_not_good(pdf, whole(pdf, first)));
    /* EN 319 142-1 6.3: no signing-time; /M in Vietnamese time. */
    assert_int_equal(vt_bytes_find(a.attributes, VT_OID_SIGNING_TIME, 0), SIZE_MAX);
    assert_int_not_equal(vt_bytes_find(first, VT_BYTES("/M (D:20260601070000+07'00')"), 0),
                         SIZE_MAX);
    assert_int_not_equal(vt_bytes_find(first, VT_BYTES("/SubFilter /ETSI.CAdES.detached"), 0),
                         SIZE_MAX);
}

static void test_token(void **state)
{
    (void)state;
    struct vt_bytes pdf = plain_pdf(), update;
    struct vt_seal_pdf_plan plan = new_plan();
    for (unsigned with_room = 0; with_room < 2; with_room++) {
        plan.token_max_bytes = with_room * 4096;
        struct vt_seal_pdf sealing = prepare(pdf, &plan);
        struct vt_bytes signature = ts_sign(arena, &seal, sealing.attributes);
        struct tcms_stamp stamp = {.tsa = &tsa, .stamped = signature};
        struct vt_bytes token = tcms_token(arena, &stamp);
        enum vt_code code = vt_seal_pdf_finish(arena, &sealing, signature, token, &update, NULL);
        assert_int_equal(code, with_room ? VT_OK : VT_E_LIMIT);
        if (with_room)
            assert_null(why_not_good(pdf, whole(pdf, update)));
        stamp.stamped = VT_BYTES("other");
        token = tcms_token(arena, &stamp);
        if (!with_room)
            continue;
        assert_int_equal(vt_seal_pdf_finish(arena, &sealing, signature, token, &update, NULL),
                         VT_OK);
        assert_string_equal(why_not_good(pdf, whole(pdf, update)),
                            "The time stamp is not one of the seal.");
    }
}

static struct vt_bytes store(struct vt_bytes pdf, const struct vt_seal_pdf_data *data)
{
    struct vt_bytes update;
    struct vt_err err = {0};
    if (vt_seal_pdf_store(arena, pdf, data, &update, &err) != VT_OK)
        fail_msg("%s", err.text);
    return update;
}

/* Validation data: what is there is not repeated, what is too large is not put in, and the seal is
 * as good as before. */
static void test_store(void **state)
{
    struct vt_bytes pdf = plain_pdf(), update;
    struct vt_seal_pdf_plan plan = new_plan();
    struct vt_seal_pdf sealing = prepare(pdf, &plan);
    struct vt_seal_pdf_check check;
    const struct vt_bytes certificates[] = {tsa.der, VT_BYTES("0\x01x"), tsa.der};
    const struct vt_bytes ocsps[] = {VT_BYTES("an OCSP response"), VT_BYTES("another one")};
    const struct vt_bytes large = {vt_arena_alloc(arena, VT_MAX_SEAL_CRL_BYTES + 1),
                                   VT_MAX_SEAL_CRL_BYTES + 1};
    struct vt_seal_pdf_data data = {
        .certificates = certificates, .certificates_count = 3, .ocsps = ocsps, .ocsps_count = 1};
    struct vt_signed_document *document = NULL;
    (void)state;
    assert_int_equal(vt_seal_pdf_finish(arena, &sealing, ts_sign(arena, &seal, sealing.attributes),
                                        (struct vt_bytes){0}, &update, NULL),
                     VT_OK);
    struct vt_bytes sealed = whole(pdf, update), stored = sealed;
    for (unsigned round = 0; round < 2; round++) {
        data.ocsps_count = round + 1;
        update = store(stored, &data);
        assert_true(update.len > 0);
        assert_true(vt_bytes_equal(update, store(stored, &data)));
        struct vt_bytes before = stored;
        stored = whole(stored, update);
        assert_int_equal(vt_seal_pdf_check_store(arena, before, stored, &check, NULL), VT_OK);
        assert_null(check.why);
        assert_int_equal(vt_document_read_pdf(arena, stored, &document, NULL), VT_OK);
        assert_int_equal(document->objects_count, 1);
        assert_int_equal(document->objects[0].changes_after, VT_CHANGES_PERMITTED);
        assert_int_equal(document->validation_data.certificates_count, 2);
        assert_int_equal(document->validation_data.ocsps_count, round + 1);
        assert_true(vt_bytes_equal(document->validation_data.certificates[0], tsa.der));
        assert_int_equal(store(stored, &data).len, 0);
    }
    data.crls = &large;
    data.crls_count = 1;
    assert_int_equal(vt_seal_pdf_store(arena, stored, &data, &update, NULL), VT_E_LIMIT);
    assert_int_equal(update.len, 0);
    assert_int_equal(vt_seal_pdf_store(arena, VT_BYTES("no PDF"), &data, &update, NULL),
                     VT_E_FORMAT);
    assert_int_equal(
        vt_seal_pdf_check_store(arena, sealed, whole(sealed, VT_BYTES("x")), &check, NULL), VT_OK);
    assert_false(check.is_good);
}

static void test_refused(void **state)
{
    (void)state;
    struct vt_bytes pdf = plain_pdf(), update;
    struct vt_seal_pdf_plan plan = new_plan();
    struct vt_seal_pdf sealing = prepare(pdf, &plan);
    struct vt_bytes wrong = ts_sign(arena, &seal, VT_BYTES("other"));
    assert_int_equal(vt_seal_pdf_finish(arena, &sealing, wrong, TD_NONE, &update, NULL),
                     VT_E_FORMAT);
    assert_int_equal(update.len, 0);
    struct vt_seal_pdf left = prepare(VT_BYTES("%PDF-1.7\nnothing\n"), &plan);
    assert_int_equal(left.word, VT_SEAL_PDF_DAMAGED);
    assert_non_null(left.why);
    assert_int_equal(left.attributes.len, 0);
    assert_int_equal(vt_seal_pdf_finish(arena, &left, wrong, TD_NONE, &update, NULL),
                     VT_E_INTERNAL);
    for (unsigned i = 0; i < VT_SEAL_PDF_WORDS; i++)
        assert_true(strlen(vt_seal_pdf_word_name((enum vt_seal_pdf_word)i)) > 3);
}

/* An object number that is referred to and not there is not taken: it would appear out of nothing.
 */
static void test_dangling(void **state)
{
    (void)state;
    struct vt_bytes pdf = pdf_of("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots "
                                 "[7 0 R 9 0 R] >>",
                                 "", ""),
                    update;
    struct vt_seal_pdf_plan plan = new_plan();
    struct vt_seal_pdf sealing = prepare(pdf, &plan);
    assert_int_equal(vt_seal_pdf_finish(arena, &sealing, ts_sign(arena, &seal, sealing.attributes),
                                        TD_NONE, &update, NULL),
                     VT_OK);
    assert_int_equal(vt_bytes_find(update, VT_BYTES("\n9 0 obj"), 0), SIZE_MAX);
    assert_int_equal(vt_bytes_find(update, VT_BYTES("7 0 obj"), 0), SIZE_MAX);
    assert_int_not_equal(vt_bytes_find(update, VT_BYTES("10 0 obj"), 0), SIZE_MAX);
}

static void test_check_finds(void **state)
{
    (void)state;
    struct vt_bytes pdf = plain_pdf(), update;
    struct vt_seal_pdf_plan plan = new_plan();
    struct vt_seal_pdf sealing = prepare(pdf, &plan);
    assert_int_equal(vt_seal_pdf_finish(arena, &sealing, ts_sign(arena, &seal, sealing.attributes),
                                        TD_NONE, &update, NULL),
                     VT_OK);
    struct vt_bytes good = whole(pdf, update);
    assert_null(why_not_good(pdf, good));
    size_t gap = vt_bytes_find(good, VT_BYTES("/Contents <"), 0);
    size_t gap_end = vt_bytes_find(good, VT_BYTES("> >>"), gap);
    for (size_t at = 0; at < good.len; at += 37) {
        uint8_t *changed = vt_arena_dup(arena, good.ptr, good.len);
        changed[at] ^= 1;
        /* In the signature itself not all is signed: the certificates, the padding. */
        if (at > gap && at < gap_end)
            continue;
        if (why_not_good(pdf, vt_bytes_of(changed, good.len)) == NULL)
            fail_msg("octet %zu was changed and is not missed", at);
    }
    assert_non_null(why_not_good(pdf, whole(good, VT_BYTES("\n% more\n"))));
    assert_non_null(why_not_good(pdf, pdf));
    assert_non_null(why_not_good(good, good));
}

/* ---- places ---- */

static void test_page_as_shown(void **state)
{
    (void)state;
    for (int rotate = 0; rotate < 360; rotate += 90) {
        struct vt_pdf_page page = {.box = {10, 20, 605, 862}, .rotate = rotate, .unit = 2};
        double left, top, width, height;
        struct pdf_box rect = vt_pdf_page_rect(&page, 100, 50, 60, 30);
        vt_pdf_page_shown(&page, &rect, &left, &top, &width, &height);
        assert_int_equal((int)(left * 1000 + .5), 100000);
        assert_int_equal((int)(top * 1000 + .5), 50000);
        assert_int_equal((int)(width * 1000 + .5), 60000);
        assert_int_equal((int)(height * 1000 + .5), 30000);
        bool is_turned = rotate % 180 != 0;
        assert_int_equal((int)vt_pdf_page_width(&page), is_turned ? 1684 : 1190);
        assert_int_equal((int)vt_pdf_page_height(&page), is_turned ? 1190 : 1684);
        assert_true(rect.left >= 10 && rect.bottom >= 20 && rect.right <= 605 && rect.top <= 862);
    }
}

#define FARTHER "999999 0 0 999999 0 0 cm "
#define FARTHER_8 FARTHER FARTHER FARTHER FARTHER FARTHER FARTHER FARTHER FARTHER
#define BEYOND_NUMBERS                                                                             \
    FARTHER_8 FARTHER_8 FARTHER_8 FARTHER_8 FARTHER_8 FARTHER_8 FARTHER_8 FARTHER_8

static const struct {
    const char *content, *form, *anchor;
    int x, y; /* of its lower left corner, base line; -1: not found */
} anchors[] = {
    {"BT /F 10 Tf 72 700 Td (GIAM) Tj ET", "", "GIAM", 72, 700},
    {"BT /F 10 Tf 72 700 Td (GIAM) Tj ET", "", "giam", -1, 0},
    {"BT /F 10 Tf 72 700 Td (GIAM DOC GIAM) Tj ET", "", "GIAM", 112, 700},
    {"BT /F 10 Tf 72 700 Td (aa) Tj 0 -20 Td (bb) Tj ET", "", "aabb", 72, 700},
    {"BT /F 10 Tf 1 0 0 1 30 40 Tm [(G) 500 (I) -100 (A)] TJ (M) Tj ET", "", "A M", 36, 40},
    {"BT /F 10 Tf 12 TL 72 700 Td (x) Tj T* (GI) Tj (y) ' ET", "", "GI", 72, 688},
    {"2 0 0 2 5 5 cm BT /F 10 Tf 10 10 Td (GI) Tj ET", "", "GI", 25, 25},
    {"q 1 0 0 1 9 9 cm Q BT /F 10 Tf 10 10 Td (GI) Tj ET", "", "GI", 10, 10},
    {"/X Do", "BT /F 10 Tf 1 2 Td (GI) Tj ET", "GI", 51, 62},
    {"BT /F 10 Tf 72 700 Td (\200\201C) Tj ET", "", "ĐỐC", 72, 700},
    {"BT /F 10 Tf 72 700 Td (GI\202M) Tj ET", "", "GIÁM", 72, 700},
    {"BT /F 10 Tf 72 700 Td (GI\202M) Tj ET", "", "GIA\xcc\x81M", 72, 700},
    {"BT /F 10 Tf 72 700 Td (GI\202M) Tj ET", "", "GIAM", -1, 0},
    {"BI /W 1 /H 1 ID (GI EI BT /F 10 Tf 5 6 Td (GI) Tj ET", "", "GI", 5, 6},
    {"BT /None 10 Tf 72 700 Td (GIAM) Tj ET", "", "GIAM", -1, 0},
    {"Q Q Q ) > ET BT /F 10 Tf (GI) Tj", "", "GI", -1, 0},
    {"/X Do", "/X Do /X Do BT /F 10 Tf (GI) Tj ET", "nothing", -1, 0},
    {"BT /F 10 Tf 72 700 Td (GIAM) Tj ET", "", "", -1, 0},
    {FARTHER_8 "BT /F 10 Tf 72 700 Td (GIAM) Tj ET", "", "GIAM", -1, 0},
    {BEYOND_NUMBERS "BT /F 10 Tf 72 700 Td (GIAM) Tj ET", "", "GIAM", -1, 0},
};

static void test_anchor(void **state)
{
    (void)state;
    for (size_t i = 0; i < ENTRIES(anchors); i++) {
        struct vt_bytes pdf = pdf_of(PAGE, anchors[i].content, anchors[i].form);
        struct vt_pdf_source source;
        struct vt_pdf_page page;
        struct pdf_box rect = {0};
        assert_int_equal(vt_pdf_source_open(&source, arena, pdf, NULL), VT_OK);
        assert_int_equal(source.word, VT_SEAL_PDF_READY);
        bool found = vt_pdf_anchor_find(&source, anchors[i].anchor, &page, &rect);
        if (found != (anchors[i].x >= 0))
            fail_msg("anchor %zu: %s", i, found ? "found" : "not found");
        if (found && ((int)(rect.left + .5) != anchors[i].x ||
                      (int)(rect.bottom + 0.2 * (rect.top - rect.bottom) + .5) != anchors[i].y))
            fail_msg("anchor %zu: at %f %f", i, rect.left, rect.bottom);
        vt_pdf_source_close(&source);
    }
}

/* ---- what the administrator gives ---- */

static struct vt_bytes read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = vt_arena_alloc(arena, (size_t)4 << 20);
    if (file == NULL)
        return TD_NONE;
    size_t len = fread(bytes, 1, (size_t)4 << 20, file);
    (void)fclose(file);
    return vt_bytes_of(bytes, len);
}

static void test_font(void **state)
{
    (void)state;
    struct vt_bytes file = read_file(FONT_FILE);
    const struct vt_seal_font *font = NULL;
    struct vt_err err = {0};
    if (file.len == 0) {
        print_message("skipped: package fonts-liberation2 is not installed\n");
        skip();
    }
    assert_int_equal(vt_seal_font_read(arena, file, &font, &err), VT_OK);
    /* As wide as Times New Roman: space 250, A 722, a 444, đ 500 thousandths. */
    assert_int_equal((int)(vt_pdf_font_width(font, " Aa\xc4\x91") * 100 + .5), 1916);
    assert_int_not_equal(vt_font_glyph(font, 0x1ec7), 0);
    assert_int_equal(vt_font_glyph(font, 0x1f600), 0);
    /* Cut or overwritten anywhere it is read within its bounds or refused. */
    uint8_t *copy = vt_arena_dup(arena, file.ptr, file.len);
    for (size_t at = 0; at < 4096; at += 3) {
        const struct vt_seal_font *damaged = NULL;
        uint8_t was = copy[at];
        copy[at] = 0xff;
        if (vt_seal_font_read(arena, vt_bytes_of(copy, file.len), &damaged, NULL) == VT_OK)
            (void)vt_pdf_font_width(damaged, "Sở Nội vụ tỉnh Ninh Bình");
        copy[at] = was;
    }
    for (size_t len = 0; len < file.len; len += 4099)
        (void)!vt_seal_font_read(arena, vt_bytes_slice(file, 0, len), &font, NULL);
    assert_int_equal(vt_seal_font_read(arena, VT_BYTES("OTTO"), &font, NULL), VT_E_UNSUPPORTED);
    assert_int_equal(vt_seal_font_read(arena, VT_BYTES("no font"), &font, NULL), VT_E_FORMAT);
    assert_int_equal(vt_seal_font_read(arena, TD_NONE, &font, NULL), VT_E_FORMAT);
}

/* 1 by 1, grey with alpha, without a resolution. */
static const uint8_t png[] = {
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48,
    0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x04, 0x00, 0x00,
    0x00, 0xb5, 0x1c, 0x0c, 0x02, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78,
    0x9c, 0x63, 0x48, 0x49, 0x00, 0x00, 0x01, 0x2b, 0x00, 0xc5, 0xda, 0xf0, 0x49, 0x5b,
    0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static void test_picture(void **state)
{
    (void)state;
    const struct vt_seal_image *image = NULL;
    struct vt_bytes file = vt_bytes_of(png, sizeof(png));
    assert_int_equal(vt_seal_image_read(arena, file, 36, &image, NULL), VT_OK);
    assert_int_equal(image->width_pixels, 1);
    assert_int_equal((int)(image->width * 100 + .5), 10205);
    assert_int_equal(vt_seal_image_read(arena, file, 0, &image, NULL), VT_E_UNSUPPORTED);
    assert_int_equal(vt_seal_image_read(arena, file, 500, &image, NULL), VT_E_LIMIT);
    assert_int_equal(vt_seal_image_read(arena, VT_BYTES("GIF89a"), 36, &image, NULL), VT_E_FORMAT);
    assert_int_equal(vt_seal_image_read(arena, TD_NONE, 36, &image, NULL), VT_E_FORMAT);
    for (size_t len = 0; len + 12 < file.len; len++)
        assert_int_not_equal(
            vt_seal_image_read(arena, vt_bytes_slice(file, 0, len), 36, &image, NULL), VT_OK);
}

static void test_lines(void **state)
{
    (void)state;
    const char *lines[VT_MAX_SEAL_LINES];
    assert_int_equal(vt_seal_annex_lines(arena, "12/QĐ-SNV", TC_NOW, lines), 2);
    assert_string_equal(lines[0], "12/QĐ-SNV");
    assert_string_equal(lines[1], "2026-06-01T07:00:00+07:00");
    assert_int_equal(vt_seal_copy_lines(arena, "SAO Y", "Sở Nội vụ", TC_NOW, lines), 3);
    assert_string_equal(lines[1], "Sở Nội vụ");
    assert_string_equal(lines[2], "2026-06-01T07:00:00+07:00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),         cmocka_unit_test(test_token),
        cmocka_unit_test(test_store),         cmocka_unit_test(test_refused),
        cmocka_unit_test(test_dangling),      cmocka_unit_test(test_check_finds),
        cmocka_unit_test(test_page_as_shown), cmocka_unit_test(test_anchor),
        cmocka_unit_test(test_font),          cmocka_unit_test(test_picture),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
