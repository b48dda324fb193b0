/* SPDX-License-Identifier: Apache-2.0
 * Makes the register that tests/command/test_policy_explain.py asks: two policies that were loaded
 * one after the other, then each case of a file as a mail that the second one decided about.
 *   make_explained DIRECTORY POLICY_BEFORE POLICY CASES     prints the references, one per line */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/register_mail.h"
#include "vanthu/case.h"

#define DAY_SECS (24 * 3600)

static void need(enum vt_code code, const struct vt_err *err)
{
    if (code == VT_OK)
        return;
    (void)fprintf(stderr, "make_explained: %s\n", err->text);
    exit(1);
}

static void append(struct vt_register *reg, struct vt_register_record *record)
{
    struct vt_err err = {0};
    need(vt_register_append(reg, record, 1, &err), &err);
}

/* The event that the master records once a policy serves. */
static void append_policy(struct vt_register *reg, const char *file, const char *by,
                          int64_t utc_secs, struct vt_policy **out)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_buf packed;
    char text[64];
    vt_mistakes_init(&mistakes);
    vt_buf_init(&packed, VT_MAX_CRL_BYTES);
    need(vt_policy_load(file, out, &mistakes, &err), &err);
    need(vt_policy_bundle(file, &packed, &err), &err);
    (void)snprintf(text, sizeof(text), "%s, 3 rules", vt_policy_version(*out));
    struct vt_register_object object = {.kind = vt_object_kind_name(VT_OBJECT_POLICY),
                                        .from = VT_OBJECT_GIVEN,
                                        .bytes = vt_buf_bytes(&packed)};
    struct vt_register_event event = {.what = VT_EVENT_POLICY_LOADED,
                                      .text = text,
                                      .by = by,
                                      .objects = &object,
                                      .objects_count = 1};
    struct vt_register_record record = {
        .kind = VT_REGISTER_EVENT, .time_utc_secs = utc_secs, .event = &event};
    append(reg, &record);
    vt_buf_clear(&packed);
    vt_mistakes_clear(&mistakes);
}

static void append_mail(struct vt_register *reg, const struct vt_policy *policy,
                        const struct vt_case *item, uint64_t number)
{
    struct vt_err err = {0};
    struct vt_decision *decision = NULL;
    struct vt_arena *arena = vt_arena_new(64 << 20);
    struct vt_policy_input input = item->input;
    char reference[VT_REFERENCE_BYTES];
    input.evidence = item->evidence;
    input.is_traced = false;
    need(vt_policy_evaluate(arena, policy, &input, &decision, &err), &err);
    made_reference(reference, number);
    item->evidence->mail.reference = reference;
    struct vt_register_decided decided = {.evidence = item->evidence,
                                          .decision = decision,
                                          .mode = input.site_mode,
                                          .answer = {.outcome = VT_OUTCOME_ACCEPT}};
    if (decision->action == VT_ACTION_REJECT)
        decided.answer = (struct vt_register_answer){
            .outcome = VT_OUTCOME_REJECT, .code = decision->code, .enhanced = "5.7.1"};
    struct vt_register_record record = {.kind = VT_REGISTER_DECIDED,
                                        .reference = reference,
                                        .time_utc_secs = input.now_utc_secs,
                                        .decided = &decided};
    append(reg, &record);
    (void)printf("%s\n", reference);
    vt_arena_free(arena);
}

int main(int argc, char **argv)
{
    struct vt_register *reg = NULL;
    struct vt_policy *before = NULL, *policy = NULL;
    struct vt_case_file *cases = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    if (argc != 5) {
        (void)fprintf(stderr, "usage: make_explained DIRECTORY POLICY_BEFORE POLICY CASES\n");
        return 64;
    }
    vt_mistakes_init(&mistakes);
    need(vt_register_open(argv[1], &reg, &err), &err);
    need(vt_case_file_open(argv[4], &cases, &mistakes, &err), &err);
    /* 2026-12-03T10:02:00+07:00, and 16:31 of the day before. */
    const int64_t now = 1796266920, loaded = now - 17 * 3600 - 31 * 60;
    append_policy(reg, argv[2], "cuong", loaded - 90 * (int64_t)DAY_SECS, &before);
    append_policy(reg, argv[3], "root", loaded, &policy);
    need(vt_case_file_read(cases, policy, &mistakes, &err), &err);
    for (size_t i = 0; i < vt_case_file_count(cases); i++)
        append_mail(reg, policy, vt_case_file_at(cases, i), i + 1);
    vt_case_file_free(cases);
    vt_policy_free(before);
    vt_policy_free(policy);
    vt_mistakes_clear(&mistakes);
    vt_register_close(reg);
    return 0;
}
