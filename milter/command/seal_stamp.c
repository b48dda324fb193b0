/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal check: a time stamp as seals get it, of something that nobody can use. */
#include <inttypes.h>
#include <unistd.h>

#include "command/print.h"
#include "command/seal.h"
#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/stamp.h"

#define ARENA_BYTES ((size_t)1024 * 1024)
#define GRACE_MSECS 2000

struct stamped {
    struct vt_stamped_answer answer;
    int64_t msecs;
};

static enum vt_code ask(const struct vt_seal_command *command, struct vt_arena *arena,
                        struct stamped *out, struct vt_err *err)
{
    static const char probe[] = "vanthu seal check";
    int fd = -1;
    enum vt_code code = vt_control_connect_status(command->config->control_socket, &fd, err);
    if (code != VT_OK)
        return code;
    int64_t begun = vt_clock_monotonic_msecs();
    const struct vt_stamper stamper = {
        .channel_fd = -1,
        .connection_fd = fd,
        .deadline_msecs = begun + command->config->timestamp.timeout_msecs + GRACE_MSECS};
    code = vt_stamp_ask(arena, &stamper, vt_bytes_str(probe), &out->answer, err);
    out->msecs = vt_clock_monotonic_msecs() - begun;
    (void)close(fd);
    return code;
}

static void print(const struct vt_seal_command *command, const struct stamped *stamped,
                  const char *why)
{
    char at[40];
    printf("%s  ", vt_seal_pick(command, "Dấu thời gian", "Time stamps"));
    if (why == NULL)
        printf("%s: %s, %s, %" PRId64 " ms\n", vt_seal_pick(command, "tốt", "good"),
               stamped->answer.url != NULL ? stamped->answer.url : "-",
               vt_print_minute(command->language, at, stamped->answer.time_utc_secs),
               stamped->msecs);
    else
        printf("%s: %s\n", vt_seal_pick(command, "KHÔNG CÓ", "NONE"), why);
}

bool vt_seal_check_stamp(const struct vt_seal_command *command, json_t *shown)
{
    struct stamped stamped = {.msecs = 0};
    struct vt_err err = {0};
    if (command->config->timestamp.urls.count == 0)
        return true;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    enum vt_code code = arena == NULL ? vt_err_set(&err, VT_E_NOMEM, "out of memory")
                                      : ask(command, arena, &stamped, &err);
    const char *why = code != VT_OK                   ? err.text
                      : stamped.answer.token.len == 0 ? stamped.answer.text
                                                      : NULL;
    if (!command->json)
        print(command, &stamped, why);
    else if (why != NULL)
        (void)json_array_append_new(shown,
                                    json_pack("{s:s, s:s}", "timestamp", "none", "text", why));
    else
        (void)json_array_append_new(shown, json_pack("{s:s, s:s*, s:I, s:I}", "timestamp", "good",
                                                     "url", stamped.answer.url, "time",
                                                     (json_int_t)stamped.answer.time_utc_secs,
                                                     "msecs", (json_int_t)stamped.msecs));
    vt_arena_free(arena);
    return why == NULL;
}
