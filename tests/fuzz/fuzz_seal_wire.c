/* SPDX-License-Identifier: Apache-2.0
 * Any bodies of the messages about seals: what gateway, post and an administrator ask of the
 * sealer, what the sealer answers them, and the plan that a child of the inspector gets with its
 * documents. The first byte says which, the second chooses among their types. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inspector/seal_plan.h"
#include "seal/desk.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define ARENA_BYTES ((size_t)8 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the sealer's side ---- */

static struct vt_seal_key key = {
    .name = "seal", .agency = "soxd", .uri = "pkcs11:", .parallel = 1, .purposes = ~0u};
/* Without a folder everything is stopped: nothing can be signed, and nothing is written. */
static struct vt_config config = {
    .seal_directory = "/nonexistent", .hsm_msecs = 1000, .seal_keys = &key, .seal_keys_count = 1};
static struct vt_seal_desk *desk;

static struct vt_server *make_server(size_t places)
{
    int pair[2];
    struct vt_server *server = NULL;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    const struct vt_server_setup setup = {.channel = pair[0], .places_count = places};
    if (vt_server_new(&setup, &server, NULL) != VT_OK)
        abort();
    return server;
}

static void make_desk(void)
{
    desk = calloc(1, sizeof(*desk));
    if (desk == NULL)
        abort();
    desk->config = &config;
    desk->record_channel = -1;
    desk->clients = make_server(1);
    desk->notices = make_server(1);
    desk->admins = make_server(1);
    desk->hsms[0] = (struct vt_hsm){.config = &config, .key = &key, .worker = {.socket = -1}};
    desk->hsms_count = 1;
}

static void ask(struct vt_message *message, uint8_t who, uint8_t type)
{
    static const enum vt_message_type of_gateway[] = {VT_MSG_SEAL_SIGN, VT_MSG_SEAL_IDENTITY};
    static const enum vt_message_type of_admin[] = {
        VT_MSG_SEAL_STATUS, VT_MSG_SEAL_PROBE, VT_MSG_SEAL_CSR,     VT_MSG_SEAL_STOP,
        VT_MSG_SEAL_RESUME, VT_MSG_SEAL_SIGN,  VT_MSG_SEAL_IDENTITY};
    struct vt_err err = {.text = ""};
    message->type = who == 'a' ? of_admin[type % 7] : of_gateway[type % 2];
    enum vt_code code = who == 'a'   ? vt_desk_take_admin(desk, 0, message, &err)
                        : who == 'n' ? vt_desk_take_notice(desk, 0, message, &err)
                                     : vt_desk_take(desk, 0, message, &err);
    if (desk->ending || (code != VT_OK && err.text[0] == '\0'))
        abort();
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        if (desk->jobs[i].step != VT_STEP_NONE)
            abort(); /* all is stopped */
}

/* ---- the other side ---- */

static void hear(struct vt_arena *arena, const struct vt_sealer *sealer, uint8_t type)
{
    static const enum vt_seal_wish_kind kinds[] = {VT_SEAL_WISH_STATUS, VT_SEAL_WISH_PROBE,
                                                   VT_SEAL_WISH_REQUEST, VT_SEAL_WISH_STOP};
    struct vt_err err = {.text = ""};
    struct vt_buf out;
    struct vt_seal_identity identity;
    enum vt_seal_failure failure = VT_SEAL_DONE;
    char *json = NULL;
    const struct vt_seal_request request = {.key = "seal", .attributes = vt_bytes_str("x")};
    const struct vt_seal_wish wish = {
        .kind = kinds[type % 4], .key = "seal", .by = "root", .pin_fd = -1};
    vt_buf_init(&out, VT_MAX_SEAL_SIGNATURE_BYTES);
    if (type % 3 == 0) {
        if (vt_sealer_sign(sealer, &request, &out, &failure, &err) == VT_OK &&
            (failure == VT_SEAL_DONE) != (out.len > 0))
            abort();
    } else if (type % 3 == 1) {
        if (vt_sealer_identity(arena, sealer, "seal", &identity, &err) == VT_OK &&
            (identity.chain.len == 0 || identity.chain.len > VT_MAX_SEAL_CHAIN_BYTES ||
             identity.scheme >= VT_SEAL_SCHEMES || identity.hash >= VT_SEAL_HASHES))
            abort();
    } else if (vt_sealer_wish(sealer, &wish, &json, &err) == VT_OK && json == NULL) {
        abort();
    }
    free(json);
    vt_buf_clear(&out);
}

static void answer(struct vt_arena *arena, struct vt_bytes body, uint8_t type)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        abort();
    const struct vt_sealer sealer = {.channel_fd = -1,
                                     .connection_fd = pair[0],
                                     .deadline_msecs = vt_clock_monotonic_msecs() + 1000};
    if (vt_wire_send(pair[1], (type & 0x80) != 0 ? VT_MSG_ERROR : VT_MSG_SEAL_ANSWER, body, NULL, 0,
                     sealer.deadline_msecs, NULL) == VT_OK)
        hear(arena, &sealer, type & 0x7f);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

static void plan(struct vt_arena *arena, const struct vt_message *message)
{
    struct vt_sealing first, second;
    struct vt_err err = {.text = ""};
    json_t *body = vt_seal_body(message);
    if (vt_seal_plan_from_json(arena, body, &first, &err) == VT_OK) {
        json_t *again = vt_seal_plan_to_json(&first);
        if (again != NULL && vt_seal_plan_from_json(arena, again, &second, &err) == VT_E_FORMAT)
            abort();
        const struct vt_seal_identity *identity = first.plan->identity;
        if (identity->scheme >= VT_SEAL_SCHEMES || identity->hash >= VT_SEAL_HASHES ||
            identity->chain.len > VT_MAX_SEAL_CHAIN_BYTES ||
            first.documents_count > VT_MAX_SEAL_DOCUMENTS ||
            first.data_fds_count > (first.documents_count > 0 ? VT_MAX_SEALING_DATA : 0))
            abort();
        json_decref(again);
    }
    json_decref(body);
}

/* The documents beside it; the octet says how many the plan promised. */
static void documents(struct vt_arena *arena, struct vt_bytes text, uint8_t count)
{
    struct vt_sealing sealing = {.documents_count = count % (VT_MAX_SEAL_DOCUMENTS + 1)};
    struct vt_sealing again = sealing;
    struct vt_err err = {.text = ""};
    if (vt_seal_documents_from_text(arena, text, &sealing, &err) != VT_OK)
        return;
    char *written = vt_seal_documents_to_text(&sealing);
    if (written != NULL &&
        vt_seal_documents_from_text(arena, vt_bytes_str(written), &again, &err) == VT_E_FORMAT)
        abort();
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct vt_message message;
    if (size < 2 || size - 2 > sizeof(message.body))
        return 0;
    if (desk == NULL) {
        vt_log_open("fuzz_seal_wire", false, VT_LOG_ALERT);
        make_desk();
    }
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return 0;
    message = (struct vt_message){.body_len = size - 2};
    memcpy(message.body, data + 2, size - 2);
    if (data[0] == 'p')
        plan(arena, &message);
    else if (data[0] == 'd')
        documents(arena, vt_bytes_of(data + 2, size - 2), data[1]);
    else if (data[0] == 'r')
        answer(arena, vt_bytes_of(data + 2, size - 2), data[1]);
    else
        ask(&message, data[0], data[1]);
    vt_arena_free(arena);
    return 0;
}
