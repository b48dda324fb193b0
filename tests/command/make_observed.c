/* SPDX-License-Identifier: Apache-2.0
 * Makes the register that tests/command/test_policy_observed.py has looked at: policies that were
 * loaded, the oldest first, as the master records them.
 *   make_observed DIRECTORY {POLICY MODE DAYS_AGO}… */
#include <stdio.h>
#include <stdlib.h>

#include "vanthu/clock.h"
#include "vanthu/register.h"

#define DAY_SECS 86400

static void need(enum vt_code code, const struct vt_err *err)
{
    if (code == VT_OK)
        return;
    (void)fprintf(stderr, "make_observed: %s\n", err->text);
    exit(1);
}

static void append(struct vt_register *reg, const char *file, const char *mode, int64_t utc_secs)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_policy *policy = NULL;
    struct vt_buf packed;
    char text[64];
    vt_mistakes_init(&mistakes);
    vt_buf_init(&packed, VT_MAX_BUNDLE_BYTES);
    need(vt_policy_load(file, &policy, &mistakes, &err), &err);
    need(vt_policy_bundle(file, &packed, &err), &err);
    (void)snprintf(text, sizeof(text), "%s, mode %s", vt_policy_version(policy), mode);
    struct vt_register_object object = {.kind = vt_object_kind_name(VT_OBJECT_POLICY),
                                        .from = VT_OBJECT_GIVEN,
                                        .bytes = vt_buf_bytes(&packed)};
    const struct vt_register_event events[] = {
        {.what = VT_EVENT_POLICY_LOADED, .text = text, .objects = &object, .objects_count = 1},
        {.what = VT_EVENT_POLICY_KEPT, .text = text}};
    for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
        struct vt_register_record record = {
            .kind = VT_REGISTER_EVENT, .time_utc_secs = utc_secs, .event = &events[i]};
        need(vt_register_append(reg, &record, 1, &err), &err);
    }
    vt_buf_clear(&packed);
    vt_mistakes_clear(&mistakes);
    vt_policy_free(policy);
}

int main(int argc, char **argv)
{
    struct vt_register *reg = NULL;
    struct vt_err err = {0};
    if (argc < 2) {
        (void)fprintf(stderr, "usage: make_observed DIRECTORY {POLICY MODE DAYS_AGO}…\n");
        return 64;
    }
    need(vt_register_open(argv[1], &reg, &err), &err);
    for (int i = 2; i + 2 < argc; i += 3)
        append(reg, argv[i], argv[i + 1],
               vt_clock_now_utc_secs() - strtoll(argv[i + 2], NULL, 10) * DAY_SECS);
    vt_register_close(reg);
    return 0;
}
