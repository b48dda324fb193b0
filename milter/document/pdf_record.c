/* SPDX-License-Identifier: Apache-2.0
 * What a step changed, recorded (see pdf_pair.h): the worst of it in a sentence, and each kind of
 * change once for a page. */
#include <stdio.h>

#include "document/pdf_pair.h"

static int severity(enum vt_changes result)
{
    return result == VT_CHANGES_FORBIDDEN      ? 3
           : result == VT_CHANGES_UNDETERMINED ? 2
           : result == VT_CHANGES_ADDED        ? 1
                                               : 0;
}

/* Room for a change of the page that is looked at: each kind once for a page, the worst of it, but
 * for signatures; where all is taken the mildest one gives way. NULL: there is none. */
static struct vt_document_change *room_for(struct pdf_pair *pair, enum vt_change_kind kind,
                                           enum vt_changes effect)
{
    struct pdf_step_changes *changes = &pair->changes;
    struct vt_document_change *mildest = changes->items;
    for (size_t i = 0; i < changes->count; i++) {
        struct vt_document_change *known = &changes->items[i];
        bool is_told = known->page == pair->page || pair->page == 0; /* with its page, or without */
        if (known->kind == kind && is_told && kind != VT_CHANGE_SIGNATURE_ADDED)
            return severity(known->effect) < severity(effect) ? known : NULL;
        if (severity(known->effect) < severity(mildest->effect))
            mildest = known;
    }
    if (changes->count < PDF_MAX_STEP_CHANGES)
        return &changes->items[changes->count++];
    return severity(mildest->effect) < severity(effect) ? mildest : NULL;
}

void pdf_pair_note(struct pdf_pair *pair, enum vt_change_kind kind, const char *what)
{
    struct vt_document_change *room = room_for(pair, kind, VT_CHANGES_PERMITTED);
    if (room != NULL)
        *room = (struct vt_document_change){
            .kind = kind, .effect = VT_CHANGES_PERMITTED, .page = pair->page, .what = what};
}

/* A sentence about a page begins with its number. */
static void put_sentence(const struct pdf_pair *pair, char out[PDF_WHY_BYTES], const char *sentence)
{
    if (pair->page == 0)
        (void)snprintf(out, PDF_WHY_BYTES, "%s", sentence);
    else
        (void)snprintf(out, PDF_WHY_BYTES, "page %u: %s", pair->page, sentence);
}

static void record(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, va_list args) VT_PRINTF(4, 0);
static void record(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, va_list args)
{
    char why[PDF_WHY_BYTES - 20], clean[PDF_WHY_BYTES - 20];
    struct vt_document_change *room = room_for(pair, kind, result);
    bool is_worst = severity(result) > severity(pair->result);
    bool is_first = result == VT_CHANGES_ADDED && pair->addition[0] == '\0';
    if (room == NULL && !is_worst && !is_first)
        return;
    (void)vsnprintf(why, sizeof(why), format, args);
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(why));
    if (room != NULL)
        *room = (struct vt_document_change){.kind = kind,
                                            .effect = result,
                                            .page = pair->page,
                                            .what = vt_arena_str(pair->reader->arena, clean)};
    if (room != NULL && room->what == NULL)
        pair->reader->out_of_memory = true;
    if (is_first)
        put_sentence(pair, pair->addition, clean);
    if (is_worst) {
        pair->result = result;
        put_sentence(pair, pair->why, clean);
    }
}

void pdf_pair_fail(struct pdf_pair *pair, enum vt_changes result, enum vt_change_kind kind,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    record(pair, result, kind, format, args);
    va_end(args);
}

void pdf_pair_add(struct pdf_pair *pair, int needed, bool harmless, enum vt_change_kind kind,
                  const char *format, ...)
{
    va_list args;
    char why[PDF_WHY_BYTES];
    va_start(args, format);
    if (pair->docmdp != 0 && pair->docmdp < needed) {
        (void)vsnprintf(why, sizeof(why), format, args);
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, kind,
                      "%s, which the certification (/P %d) does not allow", why, pair->docmdp);
    } else {
        record(pair, pair->docmdp != 0 && harmless ? VT_CHANGES_PERMITTED : VT_CHANGES_ADDED, kind,
               format, args);
    }
    va_end(args);
}
