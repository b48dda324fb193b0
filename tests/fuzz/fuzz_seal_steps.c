/* SPDX-License-Identifier: Apache-2.0
 * The steps of a seal between a role and a child of the inspector, on both sides: any plan for the
 * seal of a file, and any answer of a child to each question about a seal. The first byte says
 * which side, the second chooses; octets 0 divide a body from the contents of its descriptors. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inspector/child.h"
#include "inspector/seal_plan.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define ARENA_BYTES ((size_t)32 * 1024 * 1024)
#define PARTS 3
#define CALL_MSECS 2000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct parts {
    struct vt_bytes body;
    int fds[PARTS - 1];
    size_t fds_count;
};

static void take_parts(struct vt_bytes data, size_t most, struct parts *out)
{
    size_t end = vt_bytes_find(data, vt_bytes_of("", 1), 0);
    *out = (struct parts){.body = vt_bytes_slice(data, 0, end)};
    while (end != SIZE_MAX && out->fds_count < most) {
        data = vt_bytes_slice(data, end + 1, SIZE_MAX);
        end = out->fds_count + 1 < most ? vt_bytes_find(data, vt_bytes_of("", 1), 0) : SIZE_MAX;
        if (vt_memfd_seal("fuzz", vt_bytes_slice(data, 0, end), &out->fds[out->fds_count], NULL) !=
            VT_OK)
            abort();
        out->fds_count++;
    }
}

static void close_parts(struct parts *parts)
{
    while (parts->fds_count > 0)
        (void)close(parts->fds[--parts->fds_count]);
}

/* ---- in the child: the seal of a file ---- */

static void seal_file(struct vt_arena *arena, struct vt_bytes data)
{
    static const struct vt_inspect_options options;
    static const struct vt_child_context context = {.options = &options, .seals = true};
    static struct vt_message message, answer;
    struct parts parts;
    struct vt_err err = {.text = ""};
    int pair[2];
    if (vt_wire_pair(pair, NULL) != VT_OK)
        abort();
    take_parts(data, PARTS - 1, &parts);
    message = (struct vt_message){.type = VT_MSG_SEAL_FILE, .fds_count = parts.fds_count};
    message.body_len = parts.body.len < sizeof(message.body) ? parts.body.len : 0;
    if (message.body_len > 0)
        memcpy(message.body, parts.body.ptr, message.body_len);
    memcpy(message.fds, parts.fds,
           parts.fds_count * sizeof(parts.fds[0])); /* they are its own now */
    enum vt_code code = vt_child_seal_file(arena, &context, pair[0], &message, &err);
    bool is_answered = vt_wire_receive(pair[1], &answer, 1, 0, NULL) == VT_OK;
    if ((code == VT_OK) != is_answered || (code != VT_OK && err.text[0] == '\0'))
        abort();
    if (is_answered)
        vt_message_close(&answer);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* ---- the other side: a child that answers anything ---- */

struct child {
    int channel;
    enum vt_message_type type;
    struct parts parts;
};

static void *answer_once(void *context)
{
    static struct vt_message question;
    const struct child *child = context;
    int64_t until = vt_clock_monotonic_msecs() + CALL_MSECS;
    int fd = -1;
    if (vt_wire_accept(child->channel, until, &fd, NULL) != VT_OK)
        return NULL;
    if (vt_wire_receive(fd, &question, 4, until, NULL) == VT_OK) {
        vt_message_close(&question);
        if (vt_wire_send(fd, child->type, child->parts.body, child->parts.fds,
                         child->parts.fds_count, until, NULL) != VT_OK)
            abort();
    }
    (void)close(fd);
    return NULL;
}

static void check_prepared(const struct vt_sealing_prepared *prepared, bool of_documents)
{
    bool is_ready = prepared->word == VT_SEAL_MESSAGE_READY && !of_documents;
    if (prepared->word <= 0 || prepared->word >= VT_SEAL_MESSAGE_WORDS ||
        is_ready != (prepared->attributes.len > 0) ||
        prepared->attributes.len > VT_MAX_SEAL_ATTRIBUTES_BYTES)
        abort();
    for (size_t i = 0; i < prepared->parts_count; i++) {
        const struct vt_sealing_part *part = &prepared->parts[i];
        if (part->word >= VT_SEAL_PDF_WORDS ||
            (part->word == VT_SEAL_PDF_READY) != (part->attributes.len > 0))
            abort();
    }
}

/* What may leave is 7-bit unless it came otherwise, and of the header only what says how the
 * content is read changes. */
static void check_finished(const struct vt_sealing_finished *finished, bool is_bare)
{
    if (finished->mail_fd < 0 || finished->body.len == 0 ||
        finished->changes_count > VT_MAX_SEAL_CHANGES)
        abort();
    for (size_t i = 0; finished->why == NULL && !is_bare && i < finished->body.len; i++)
        if (finished->body.ptr[i] > 126 || finished->body.ptr[i] == '\0')
            abort();
    for (size_t i = 0; i < finished->changes_count; i++) {
        const struct vt_seal_change *change = &finished->changes[i];
        if (strpbrk(change->name, "\r\n: ") != NULL ||
            (change->value != NULL && strchr(change->value, '\r') != NULL))
            abort();
    }
}

static void ask_message(struct vt_arena *arena, struct vt_sealing *sealing, unsigned what)
{
    struct vt_err err = {.text = ""};
    struct vt_sealing_prepared prepared;
    struct vt_sealing_finished finished;
    enum vt_code code = VT_E_INTERNAL;
    if (what == 2) {
        code = vt_sealing_finish(arena, sealing, vt_bytes_str("s"), &finished, &err);
        if (code == VT_OK)
            check_finished(&finished, sealing->plan->form == VT_SEAL_BARE);
        vt_sealing_finished_clear(&finished);
    } else {
        code = what == 1 ? vt_sealing_documents(arena, sealing, &prepared, &err)
                         : vt_sealing_prepare(arena, sealing, &prepared, &err);
        if (code == VT_OK)
            check_prepared(&prepared, what == 1);
    }
    if (code != VT_OK && err.text[0] == '\0')
        abort();
}

static void ask_file(struct vt_arena *arena, const struct vt_sealing *sealing, unsigned what)
{
    const struct vt_sealing_file_plan plan = {.identity = sealing->plan->identity};
    struct vt_err err = {.text = ""};
    struct vt_sealing_file file;
    struct vt_bytes made = {0};
    const char *why = NULL;
    enum vt_code code = VT_E_INTERNAL;
    if (what == 3) {
        code = vt_sealing_file_prepare(arena, sealing, &plan, &file, &err);
        if (code == VT_OK &&
            (file.word == NULL || (strcmp(file.word, "ready") == 0) != (file.attributes.len > 0)))
            abort();
    } else {
        code = vt_sealing_file_finish(arena, sealing, &plan, vt_bytes_str("s"), &made, &why, &err);
        if (code == VT_OK && made.len == 0)
            abort();
    }
    if (code != VT_OK && err.text[0] == '\0')
        abort();
}

static void hear(struct vt_arena *arena, struct vt_bytes data, uint8_t type)
{
    static const enum vt_message_type answers[] = {VT_MSG_SEAL_PREPARED, VT_MSG_SEAL_DOCUMENTS_ARE,
                                                   VT_MSG_SEAL_FINISHED, VT_MSG_SEAL_FILE_IS,
                                                   VT_MSG_SEAL_FILE_IS};
    static const struct vt_sealing_document document = {.path = "2"};
    const struct vt_seal_identity identity = {.key = "seal", .chain = vt_bytes_str("x")};
    const struct vt_seal_message_plan plan = {
        .identity = &identity, .form = (type & 0x40) != 0 ? VT_SEAL_BARE : VT_SEAL_CLEAR};
    unsigned what = (type & 0x0f) % 5;
    struct child child = {.type = (type & 0x80) != 0   ? VT_MSG_ERROR
                                  : (type & 0x20) != 0 ? VT_MSG_DIED
                                                       : answers[what]};
    struct vt_sealing sealing = {.plan = &plan,
                                 .documents = &document,
                                 .documents_count = what == 1 || (type & 0x10) != 0,
                                 .deadline_msecs = vt_clock_monotonic_msecs() + CALL_MSECS};
    int pair[2];
    pthread_t thread;
    if (vt_wire_pair(pair, NULL) != VT_OK ||
        vt_memfd_seal("fuzz", vt_bytes_str("a mail"), &sealing.mail_fd, NULL) != VT_OK)
        abort();
    take_parts(data, PARTS - 1, &child.parts);
    child.channel = pair[0];
    sealing.inspect_fd = pair[1];
    if (pthread_create(&thread, NULL, answer_once, &child) != 0)
        abort();
    if (what < 3)
        ask_message(arena, &sealing, what);
    else
        ask_file(arena, &sealing, what);
    (void)pthread_join(thread, NULL);
    close_parts(&child.parts);
    (void)close(sealing.mail_fd);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool has_log;
    if (size < 2 || size > VT_MAX_MESSAGE_BYTES)
        return 0;
    if (!has_log)
        vt_log_open("fuzz_seal_steps", false, VT_LOG_ALERT);
    has_log = true;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return 0;
    if (data[0] == 'f')
        seal_file(arena, vt_bytes_of(data + 2, size - 2));
    else
        hear(arena, vt_bytes_of(data + 2, size - 2), data[1]);
    vt_arena_free(arena);
    return 0;
}
