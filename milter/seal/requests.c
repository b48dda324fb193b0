/* SPDX-License-Identifier: Apache-2.0
 * What gateway and post may ask: a signature, and whose it would be. Anything else is asked by a
 * process that was taken over, and ends the role: it is started again, and somebody is told. The
 * same two for an administrator's files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "seal/desk.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

#define ARENA_BYTES ((size_t)64 * 1024)
/* The answer must be there before the client's own deadline. */
#define MARGIN_MSECS 200

static const char *purpose_name(unsigned index)
{
    return vt_seal_purpose_name((enum vt_seal_purpose)index);
}

void vt_desk_answer(struct vt_server *server, size_t client, json_t *body)
{
    char *text = body == NULL ? NULL : json_dumps(body, JSON_COMPACT);
    if (text != NULL)
        vt_server_reply(server, client, VT_MSG_SEAL_ANSWER, vt_bytes_str(text), NULL, 0);
    else
        vt_server_close(server, client);
    free(text);
    json_decref(body);
}

static void answer_failure(struct vt_server *server, size_t client, enum vt_seal_failure failure,
                           const char *text)
{
    vt_desk_answer(server, client,
                   json_pack("{s:s, s:s}", "failure", vt_seal_failure_name(failure), "text", text));
}

/* The client's place is free again with the answer, and its job with it. */
static void finish(struct vt_seal_desk *desk, struct vt_seal_job *job, enum vt_seal_failure failure,
                   const char *text)
{
    (void)desk;
    struct vt_server *server = job->server;
    size_t client = job->client;
    json_t *body = json_pack("{s:s, s:s}", "failure", vt_seal_failure_name(failure), "text", text);
    if (failure == VT_SEAL_DONE && body != NULL &&
        json_object_set_new(body, "signature",
                            vt_seal_bytes_to_json(vt_buf_bytes(&job->signature))) != 0) {
        json_decref(body);
        body = NULL;
    }
    job->server = NULL; /* the end of the connection is no news to it */
    vt_desk_answer(server, client, body);
}

static void copy_text(char *out, size_t out_bytes, const json_t *text)
{
    const char *value = json_string_value(text);
    (void)vt_text_clean(out, out_bytes, vt_bytes_str(value));
}

/* What a channel may ask for. A probe is the administrator's, and the canary's. */
#define OF_POST (1u << VT_SEAL_FOR_NOTICE)
#define OF_ADMIN (1u << VT_SEAL_FOR_MESSAGE | 1u << VT_SEAL_FOR_DOCUMENT)
#define OF_GATEWAY (OF_POST | OF_ADMIN)

/* Who asks. */
struct asker {
    struct vt_server *server;
    size_t client;
    unsigned purposes;
};

static enum vt_code read_job(struct vt_seal_desk *desk, unsigned purposes, const json_t *body,
                             struct vt_seal_job *job, struct vt_err *err)
{
    struct vt_bytes attributes;
    const char *reference = json_string_value(json_object_get(body, "reference"));
    unsigned purpose =
        vt_seal_word(json_object_get(body, "purpose"), purpose_name, VT_SEAL_PURPOSES);
    job->hsm = vt_desk_hsm(desk, json_string_value(json_object_get(body, "key")));
    if ((purposes & (1u << purpose)) == 0 || job->hsm == NULL)
        return vt_err_set(err, VT_E_FORMAT, "no such key or purpose");
    if (reference != NULL && vt_reference_parse(reference, job->reference) != VT_OK)
        return vt_err_set(err, VT_E_FORMAT, "no such reference");
    job->purpose = (enum vt_seal_purpose)purpose;
    copy_text(job->on_behalf, sizeof(job->on_behalf), json_object_get(body, "on_behalf"));
    copy_text(job->about, sizeof(job->about), json_object_get(body, "about"));
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    enum vt_code code =
        arena == NULL
            ? VT_E_NOMEM
            : vt_seal_bytes_from_json(arena, json_object_get(body, "attributes"), &attributes);
    if (code == VT_OK)
        code = vt_buf_add(&job->data, attributes.ptr, attributes.len);
    vt_arena_free(arena);
    return code == VT_OK ? VT_OK : vt_err_set(err, VT_E_FORMAT, "no attributes to sign");
}

static int64_t deadline_of(const struct vt_seal_desk *desk, const json_t *body)
{
    int64_t msecs = desk->config->hsm_msecs;
    const json_t *left = json_object_get(body, "msecs");
    if (json_is_integer(left) && json_integer_value(left) < msecs)
        msecs = json_integer_value(left);
    msecs = msecs > 2 * MARGIN_MSECS ? msecs - MARGIN_MSECS : msecs / 2;
    return vt_clock_monotonic_msecs() + (msecs < 0 ? 0 : msecs);
}

static enum vt_code take_sign(struct vt_seal_desk *desk, const struct asker *asker,
                              const json_t *body, struct vt_err *err)
{
    struct vt_seal_job *job = vt_desk_job(desk);
    if (job == NULL) {
        answer_failure(asker->server, asker->client, VT_SEAL_UNAVAILABLE,
                       "too many requests at once");
        return VT_OK;
    }
    enum vt_code code = read_job(desk, asker->purposes, body, job, err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ALERT, "seal: a request to sign is malformed: %s", err->text);
        vt_desk_clear_job(job);
        answer_failure(asker->server, asker->client, VT_SEAL_MISUSE, err->text);
        return VT_OK;
    }
    job->finish = finish;
    job->server = asker->server;
    job->client = asker->client;
    job->deadline_msecs = deadline_of(desk, body);
    enum vt_seal_failure failure = vt_desk_may(desk, job, err);
    if (failure == VT_SEAL_DONE) {
        vt_desk_begin(desk, job);
        return VT_OK;
    }
    vt_log(VT_LOG_WARNING, "seal: key=%s purpose=%s not signed: %s: %s", job->hsm->key->name,
           vt_seal_purpose_name(job->purpose), vt_seal_failure_name(failure), err->text);
    vt_desk_count(desk, job, failure);
    finish(desk, job, failure, err->text);
    vt_desk_clear_job(job);
    return VT_OK;
}

static void take_identity(struct vt_seal_desk *desk, const struct asker *asker, const json_t *body)
{
    const char *name = json_string_value(json_object_get(body, "key"));
    const struct vt_hsm *hsm = vt_desk_hsm(desk, name);
    if (hsm == NULL || hsm->own.chain.len == 0) {
        vt_desk_answer(
            asker->server, asker->client,
            json_pack("{s:s}", "text",
                      hsm == NULL ? "no such key under seal.keys" : hsm->text_of_certificate));
        return;
    }
    vt_desk_answer(asker->server, asker->client,
                   json_pack("{s:o, s:s, s:s}", "chain", vt_seal_bytes_to_json(hsm->own.chain),
                             "scheme", vt_seal_scheme_name(hsm->key->scheme), "hash",
                             vt_seal_hash_name(hsm->key->hash)));
}

static enum vt_code take(struct vt_seal_desk *desk, const struct asker *asker,
                         const struct vt_message *message, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    if ((message->type != VT_MSG_SEAL_SIGN && message->type != VT_MSG_SEAL_IDENTITY) ||
        message->fds_count > 0) {
        vt_log(VT_LOG_ALERT, "seal: a request of type %d is none of the sealer's: it ends",
               (int)message->type);
        desk->ending = true;
        return vt_err_set(err, VT_E_FORMAT, "this is no request to the sealer");
    }
    json_t *body = vt_seal_body(message);
    if (body == NULL)
        code = vt_err_set(err, VT_E_FORMAT, "the request to the sealer is malformed");
    else if (message->type == VT_MSG_SEAL_SIGN)
        code = take_sign(desk, asker, body, err);
    else
        take_identity(desk, asker, body);
    json_decref(body);
    return code;
}

enum vt_code vt_desk_take(void *context, size_t client, struct vt_message *message,
                          struct vt_err *err)
{
    struct vt_seal_desk *desk = context;
    const struct asker gateway = {desk->clients, client, OF_GATEWAY};
    return take(desk, &gateway, message, err);
}

enum vt_code vt_desk_take_notice(void *context, size_t client, struct vt_message *message,
                                 struct vt_err *err)
{
    struct vt_seal_desk *desk = context;
    const struct asker post = {desk->notices, client, OF_POST};
    return take(desk, &post, message, err);
}

enum vt_code vt_desk_take_seal(struct vt_seal_desk *desk, size_t client,
                               const struct vt_message *message, const json_t *body,
                               struct vt_err *err)
{
    const struct asker admin = {desk->admins, client, OF_ADMIN};
    if (message->type == VT_MSG_SEAL_SIGN)
        return take_sign(desk, &admin, body, err);
    take_identity(desk, &admin, body);
    return VT_OK;
}
