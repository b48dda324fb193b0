/* SPDX-License-Identifier: Apache-2.0
 * What the seal of a case is put on, as the texts in which a file of cases writes it. */
#include "case.h"

/* Of documents that nothing is shown on. */
#define NOTHING "nothing"

const char *vt_case_seal_what(const struct vt_case_result *c)
{
    return c->decision->seal != VT_SEAL_NONE ? vt_seal_what_name(c->decision->seal_what)
                                             : VT_CASE_NONE;
}

/* One text of each document that is sealed: "a.pdf, b.pdf". */
static const char *list(const struct vt_case_result *c, bool of_names)
{
    const struct vt_decision *decision = c->decision;
    struct vt_seal_choice *choices = NULL;
    const char *all = "";
    size_t count = 0;
    struct vt_err err = {0};
    if (decision->seal == VT_SEAL_NONE || decision->seal_documents == NULL)
        return VT_CASE_NONE;
    if (vt_seal_choose(c->arena, decision->seal_documents, c->evidence, &choices, &count, &err) !=
        VT_OK)
        return NULL;
    for (size_t i = 0; i < count && all != NULL; i++) {
        const struct vt_document *document = &c->evidence->documents[choices[i].document];
        const char *name = document->name != NULL ? document->name : document->path;
        const char *shown = choices[i].appearance != NULL ? choices[i].appearance : NOTHING;
        all = vt_arena_printf(c->arena, "%s%s%s", all, i > 0 ? ", " : "", of_names ? name : shown);
    }
    return count == 0 ? VT_CASE_NONE : all;
}

const char *vt_case_seal_documents(const struct vt_case_result *c)
{
    return list(c, true);
}

const char *vt_case_seal_appearance(const struct vt_case_result *c)
{
    return list(c, false);
}
