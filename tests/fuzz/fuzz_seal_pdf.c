/* SPDX-License-Identifier: Apache-2.0
 * Sealing a PDF: whatever is sealed passes the check, and nothing crashes. The first octet of the
 * input says where the seal goes. */
#include <stdlib.h>
#include <string.h>

#include "../lib/seal.h"
#include "seal/pdf.h"
#include "vanthu/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vt_arena *keep;
static struct ts_seal seal;

static void seal_and_check(struct vt_arena *arena, struct vt_bytes pdf,
                           const struct vt_seal_pdf_plan *plan)
{
    struct vt_seal_pdf sealing;
    struct vt_seal_pdf_check check;
    struct vt_bytes update;
    struct vt_err err = {0};
    if (vt_seal_pdf_prepare(arena, pdf, plan, &sealing, &err) != VT_OK ||
        sealing.word != VT_SEAL_PDF_READY)
        return;
    struct vt_bytes signature = ts_sign(arena, &seal, sealing.attributes);
    TC_CHECK(vt_seal_pdf_finish(arena, &sealing, signature, TD_NONE, &update, &err) == VT_OK);
    uint8_t *whole = vt_arena_alloc(arena, pdf.len + update.len);
    memcpy(whole, pdf.ptr, pdf.len);
    memcpy(whole + pdf.len, update.ptr, update.len);
    TC_CHECK(vt_seal_pdf_check(arena, pdf, vt_bytes_of(whole, pdf.len + update.len), &seal.identity,
                               &check, &err) == VT_OK);
    /* Of a form or page that is part of something else too, say of a font, only a look at the
     * result tells that sealing changes that as well: it is not sealed then. */
    if (!check.is_good && strstr(check.why, "changes what an earlier signature covers") == NULL) {
        (void)fprintf(stderr, "%s\n", check.why);
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const words[] = {"Signature1", "Seal", "a"};
    if (keep == NULL) {
        keep = vt_arena_new((size_t)1 << 20);
        seal = ts_make(keep, VT_SEAL_ECDSA, VT_SEAL_SHA256);
    }
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (size > 0 && size <= 65536) {
        struct vt_bytes pixel = VT_BYTES("x\x9c\x63\x60\x60\x60\x00\x00\x00\x04\x00\x01");
        const struct vt_seal_image image = {
            .width_pixels = 1, .height_pixels = 1, .width = 40, .height = 40, .rgb = pixel};
        const struct vt_seal_pdf_plan plan = {
            .identity = &seal.identity,
            .signing_time_utc_secs = TC_NOW,
            .show = (data[0] & 1) != 0 ? VT_SEAL_SHOW_IMAGE : VT_SEAL_SHOW_NOTHING,
            .image = &image,
            .place = (enum vt_seal_place)((data[0] >> 1) % 5),
            .anchor = words[data[0] % 3],
            .field = words[data[0] % 3],
            .may_be_invisible = (data[0] & 16) != 0,
        };
        seal_and_check(arena, vt_bytes_of(data + 1, size - 1), &plan);
    }
    vt_arena_free(arena);
    return 0;
}
