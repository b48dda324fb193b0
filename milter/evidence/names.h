/* SPDX-License-Identifier: Apache-2.0
 * The words of the enums as arrays: the JSON form and the policy language share them. */
#ifndef VANTHU_EVIDENCE_NAMES_H
#define VANTHU_EVIDENCE_NAMES_H

#include "vanthu/site.h"

/* words[value] is the word of an enum value; NULL: the value has none. */
struct vt_words {
    const char *const *words;
    unsigned count;
};

extern const struct vt_words vt_words_indication;
extern const struct vt_words vt_words_sub_indication;
extern const struct vt_words vt_words_integrity;
extern const struct vt_words vt_words_covers;
extern const struct vt_words vt_words_changes;
extern const struct vt_words vt_words_change_kind;
extern const struct vt_words vt_words_signature_format;
extern const struct vt_words vt_words_time_source;
extern const struct vt_words vt_words_direction;
extern const struct vt_words vt_words_sender_class;
extern const struct vt_words vt_words_sender_proof;
extern const struct vt_words vt_words_automatic;
extern const struct vt_words vt_words_format;
extern const struct vt_words vt_words_status;
extern const struct vt_words vt_words_action;
extern const struct vt_words vt_words_mode;
extern const struct vt_words vt_words_truth;
extern const struct vt_words vt_words_kind;
extern const struct vt_words vt_words_effect;
extern const struct vt_words vt_words_alignment;
extern const struct vt_words vt_words_made;
extern const struct vt_words vt_words_copy;
extern const struct vt_words vt_words_use;
extern const struct vt_words vt_words_spot;

/* The value of a word, or words->count when there is none. */
unsigned vt_words_find(const struct vt_words *words, const char *word);

#endif
