/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy diff: what its parts share. */
#ifndef VANTHU_COMMAND_DIFF_H
#define VANTHU_COMMAND_DIFF_H

#include "command/command.h"
#include "command/replay.h"
#include "vanthu/policy_diff.h"

struct vt_diff_shown {
    enum vt_language language;
    const char *before_file, *after_file;
    const struct vt_policy *before, *after;
    const struct vt_policy_diff *diff;
    const struct vt_policy_examples *examples;
    size_t examples_most;          /* that the text shows */
    const struct vt_replay *mails; /* of the register; NULL: none were asked for */
    const struct vt_replay_item *items;
    size_t items_count;
};

/* Nothing differs, and no example was found. */
bool vt_diff_is_none(const struct vt_diff_shown *shown);
/* The first part of it: what stands in them otherwise; versions, examples and mails are not looked
 * at. And the same as an array. */
void vt_diff_print_differences(const struct vt_diff_shown *shown, FILE *out);
struct json_t *vt_diff_list_json(const struct vt_policy_diff *diff);
void vt_diff_print_text(const struct vt_diff_shown *shown, FILE *out);
/* One object. VT_E_NOMEM, VT_E_SYSTEM. */
enum vt_code vt_diff_print_json(const struct vt_diff_shown *shown, FILE *out,
                                struct vt_err *err) VT_MUST_CHECK;
/* Each example as evidence in a file of its own, and cases.yaml, which expects what the later
 * policy decides, into a folder that is made when it is not there. VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_diff_write_cases(const struct vt_diff_shown *shown, const char *folder,
                                 struct vt_err *err) VT_MUST_CHECK;
#endif
