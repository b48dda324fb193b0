/* SPDX-License-Identifier: Apache-2.0
 * What a sealed PDF shows, by an appearance of the configuration, and where. */
#include "inspector/seal_plan.h"

static bool fill_lines(struct vt_arena *arena, const struct vt_seal_look *look,
                       struct vt_seal_words *words, struct vt_seal_pdf_plan *plan,
                       const char **out_why)
{
    const char **lines = vt_arena_alloc(arena, VT_MAX_SEAL_LINES * sizeof(*lines));
    const char *why = NULL;
    words->signing_time_utc_secs = plan->signing_time_utc_secs;
    plan->lines = lines;
    plan->lines_count = lines == NULL ? 0 : vt_seal_look_lines(arena, look, words, lines, &why);
    *out_why = why != NULL ? why : "There is no memory for what is shown.";
    return plan->lines_count > 0;
}

bool vt_child_look_fill(struct vt_arena *arena, const struct vt_seal_look *look,
                        struct vt_seal_words *words, struct vt_seal_pdf_plan *plan,
                        const char **out_why)
{
    if (look == NULL)
        return true;
    plan->show = look->asked->show;
    plan->image = look->image;
    plan->font = look->font;
    plan->page = look->asked->page;
    plan->left_mm = look->asked->left_mm;
    plan->top_mm = look->asked->top_mm;
    plan->anchor = look->asked->anchor;
    plan->field = look->asked->field;
    plan->may_be_invisible = look->asked->may_be_invisible;
    return plan->show != VT_SEAL_SHOW_TEXT || fill_lines(arena, look, words, plan, out_why);
}

enum vt_code vt_child_look_prepare(struct vt_arena *arena, struct vt_bytes pdf,
                                   const struct vt_seal_look *look, struct vt_seal_pdf_plan *plan,
                                   struct vt_seal_pdf *out, struct vt_err *err)
{
    size_t count = look == NULL ? 1 : look->asked->places_count;
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < count && code == VT_OK; i++) {
        plan->place = look == NULL ? VT_SEAL_PLACE_TOP_RIGHT : look->asked->places[i];
        code = vt_seal_pdf_prepare(arena, pdf, plan, out, err);
        if (out->word != VT_SEAL_PDF_PLACE && out->word != VT_SEAL_PDF_FIELD)
            break;
    }
    return code;
}
