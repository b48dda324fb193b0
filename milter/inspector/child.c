/* SPDX-License-Identifier: Apache-2.0
 * One inspector child: enter the strictest sandbox, read one INSPECT, run vt_inspect(), answer
 * INSPECTED with evidence, wants and objects as sealed memory files, end. Whatever goes wrong here
 * is one mail's. */
#include "inspector/child.h"
#include "inspector/seal_plan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* Four times the largest mail, its decoded parts and its arena would exceed the first: a mail that
 * needs more is answered with "out of memory". The lists of the generation, which all share, and
 * those of this mail's own answer come on top. */
#define MAIL_ADDRESS_SPACE_BYTES ((size_t)1024 * 1024 * 1024)
#define LISTS_ADDRESS_SPACE_BYTES ((size_t)512 * 1024 * 1024)
#define ANSWER_MSECS 5000
#define MAX_JSON_NAME_BYTES (4 * VT_MAX_NAME_BYTES)

struct request {
    struct vt_message message;
    int64_t now_utc_secs;
    const char *name;
    bool clock_is_wrong, is_mail, is_certificate, is_record, is_token, is_class_given;
    bool wants_objects;
    struct vt_bytes mail;
    const struct vt_mail *facts;
    struct vt_known known; /* that of the request and the generation's */
};

static enum vt_code enter_sandbox(const struct vt_child_context *context, struct vt_err *err)
{
    const struct vt_sandbox sandbox = {
        .name = "inspector child",
        .address_space_bytes = MAIL_ADDRESS_SPACE_BYTES + LISTS_ADDRESS_SPACE_BYTES,
        .cpu_secs = context->cpu_secs,
        /* Descriptors under way count for all processes of a user together. */
        .open_files = 4 * VT_WIRE_MAX_FDS + 4 * context->parallel,
        .file_bytes = context->seals ? VT_MAX_SEALED_MAIL_BYTES
                                     : VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES,
        .forbidden_kills = true,
    };
    return vt_sandbox_enter(&sandbox, err);
}

/* ---- the request ---- */

static enum vt_code read_facts(struct vt_arena *arena, int fd, struct request *request,
                               struct vt_err *err)
{
    struct vt_bytes json;
    struct vt_mail *facts = vt_arena_alloc(arena, sizeof(*facts));
    if (facts == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    enum vt_code code = vt_memfd_map(fd, VT_MAX_FACTS_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_mail_from_json(arena, json, facts, err);
    vt_memfd_unmap(json);
    if (code == VT_OK)
        request->facts = facts;
    return code;
}

static enum vt_code read_body(struct vt_arena *arena, struct request *request, bool *out_has_facts,
                              bool *out_has_known, struct vt_err *err)
{
    enum vt_code code = VT_E_FORMAT;
    json_t *body = json_loadb((const char *)request->message.body, request->message.body_len,
                              JSON_REJECT_DUPLICATES, NULL);
    const json_t *now = json_object_get(body, "now");
    const char *name = json_string_value(json_object_get(body, "name"));
    if (!json_is_integer(now) || (name != NULL && strlen(name) > MAX_JSON_NAME_BYTES)) {
        vt_err_set(err, VT_E_FORMAT, "a request for inspection is malformed");
        goto done;
    }
    request->now_utc_secs = json_integer_value(now);
    request->name = vt_arena_str(arena, name);
    request->is_mail = json_is_true(json_object_get(body, "is_mail"));
    request->clock_is_wrong = json_is_true(json_object_get(body, "clock_wrong"));
    request->is_certificate = json_is_true(json_object_get(body, "certificate"));
    request->is_record = json_is_true(json_object_get(body, "record"));
    request->is_token = json_is_true(json_object_get(body, "token"));
    request->wants_objects = json_is_true(json_object_get(body, "objects"));
    request->is_class_given = json_is_true(json_object_get(body, "class_given"));
    *out_has_facts = json_is_true(json_object_get(body, "facts"));
    *out_has_known = json_is_true(json_object_get(body, "known"));
    code = VT_OK;
done:
    json_decref(body);
    return code;
}

static enum vt_code read_request(struct vt_arena *arena, struct request *request,
                                 struct vt_err *err)
{
    bool has_facts = false, has_known = false, mapped = false;
    enum vt_code code = read_body(arena, request, &has_facts, &has_known, err);
    if (code != VT_OK)
        return code;
    size_t before = 1 + (has_facts ? 1u : 0u);
    size_t count = request->message.fds_count;
    if (request->message.type != VT_MSG_INSPECT || (has_known ? count <= before : count != before))
        return vt_err_set(err, VT_E_FORMAT, "a request for inspection has the wrong descriptors");
    const int *fds = request->message.fds;
    code = vt_input_read(fds[0], VT_MAX_MAIL_BYTES, &request->mail, &mapped, err);
    if (code == VT_OK && has_facts)
        code = read_facts(arena, fds[1], request, err);
    if (code == VT_OK && has_known)
        code = vt_known_open(arena, fds + before, count - before, &request->known, err);
    /* Mapping and memory stay until this process ends. */
    vt_message_close(&request->message);
    return code;
}

/* ---- the answer ---- */

static enum vt_code seal_evidence(const struct vt_evidence *evidence, int *out_fd,
                                  struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_evidence_to_json(evidence, 0, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-evidence", vt_bytes_of(text, len), out_fd, err);
    free(text);
    return code;
}

static enum vt_code seal_wants(const struct vt_wants *wants, int *out_fd, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_wants_to_json(wants, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-wants", vt_bytes_of(text, len), out_fd, err);
    free(text);
    return code;
}

/* used: NULL, or the objects to answer with. Of a mail marked secret there are none. */
static enum vt_code answer(int connection, const struct vt_evidence *evidence,
                           const struct vt_wants *wants, struct vt_object_list *used,
                           struct vt_err *err)
{
    int fds[VT_INSPECTED_MAX_FDS] = {-1, -1, -1};
    enum vt_code code = seal_evidence(evidence, &fds[0], err);
    if (code == VT_OK)
        code = seal_wants(wants, &fds[1], err);
    if (code == VT_OK && used != NULL) {
        bool is_secret =
            (vt_evidence_all_reasons(evidence) & VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0;
        code = vt_objects_seal(used->items, is_secret ? 0 : used->count, VT_MAX_OBJECTS_BYTES,
                               &fds[2], err);
    }
    if (code == VT_OK)
        code = vt_wire_send(connection, VT_MSG_INSPECTED, (struct vt_bytes){NULL, 0}, fds,
                            used != NULL ? 3 : 2, vt_clock_monotonic_msecs() + ANSWER_MSECS, err);
    return code;
}

static enum vt_code inspect(struct vt_arena *arena, const struct vt_child_context *context,
                            int connection, const struct vt_known *generation,
                            struct request *request, struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    struct vt_wants wants = {0};
    enum vt_code code = read_request(arena, request, err);
    /* What was asked for this mail stands first; the generation is shared and not touched. */
    if (code == VT_OK && generation != NULL)
        code = vt_known_join(arena, &request->known, generation, &request->known, err);
    if (code != VT_OK)
        return code;
    struct vt_object_list used = {.arena = arena};
    const struct vt_inspect_input input = {.bytes = request->mail,
                                           .name = request->name,
                                           .is_mail = request->is_mail,
                                           .is_certificate = request->is_certificate,
                                           .is_record = request->is_record,
                                           .is_token = request->is_token,
                                           .used = request->wants_objects ? &used : NULL,
                                           .mail = request->facts,
                                           .is_class_given = request->is_class_given,
                                           .now_utc_secs = request->now_utc_secs,
                                           .clock_is_wrong = request->clock_is_wrong,
                                           .known = &request->known};
    code = vt_inspect(arena, context->options, &input, &evidence, &wants, err);
    if (code == VT_OK)
        code = answer(connection, evidence, &wants, input.used, err);
    return code;
}

static enum vt_code serve(struct vt_arena *arena, const struct vt_child_context *context,
                          int connection, const struct vt_known *generation, struct vt_err *err)
{
    struct request *request = vt_arena_alloc(arena, sizeof(*request));
    if (request == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    struct vt_message *message = &request->message;
    enum vt_code code = vt_wire_receive(connection, message, VT_INSPECT_MAX_FDS,
                                        vt_clock_monotonic_msecs() + context->request_msecs, err);
    if (code != VT_OK)
        return code;
    bool is_seal = message->type == VT_MSG_SEAL_DOCUMENTS || message->type == VT_MSG_SEAL_PREPARE ||
                   message->type == VT_MSG_SEAL_FINISH;
    if (message->type == VT_MSG_SEAL_FILE && context->seals)
        return vt_child_seal_file(arena, context, connection, message, err);
    if (message->type == VT_MSG_SEAL_STORE && context->seals)
        return vt_child_seal_store(arena, connection, message, err);
    return is_seal && context->seals
               ? vt_child_seal(arena, context, connection, message, err)
               : inspect(arena, context, connection, generation, request, err);
}

int vt_child_serve(void *opaque, int connection, const struct vt_known *known)
{
    const struct vt_child_context *context = opaque;
    struct vt_err err = {0};
    enum vt_code code = enter_sandbox(context, &err);
    if (code != VT_OK) {
        fprintf(stderr, "%s\n", err.text); /* the zygote logs it */
        return EX_OSERR;
    }
    struct vt_arena *arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES);
    if (arena == NULL)
        return EX_TEMPFAIL;
    code = serve(arena, context, connection, known, &err);
    if (code == VT_OK)
        return EX_OK;
    if (code == VT_E_NOMEM)
        return EX_TEMPFAIL;
    const char *text = err.text[0] == '\0' ? vt_code_name(code) : err.text;
    code = vt_wire_send(connection, VT_MSG_ERROR, vt_bytes_str(text), NULL, 0,
                        vt_clock_monotonic_msecs() + ANSWER_MSECS, NULL);
    /* The arena and everything else ends with this process. */
    return code == VT_OK ? EX_OK : EX_SOFTWARE;
}
