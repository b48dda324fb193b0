/* SPDX-License-Identifier: Apache-2.0
 * The other side of an inspection: ask, have status and registrar bring what is wanted within
 * their budgets, and ask once more with it. An issuer that had to be fetched may itself have wants,
 * hence a third pass. Used by many threads at once: all state is the caller's. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inspector/child.h"
#include "vanthu/clock.h"
#include "vanthu/registrar.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

#define MAX_PASSES 3
/* The zygote kills a child a second after its deadline and says so: be there to hear it. */
#define HEARING_MSECS 2500

struct run {
    struct vt_arena *arena;
    struct vt_inspection *inspection;
    int facts_fd; /* -1: none */
    int known_fd; /* -1: nothing known yet */
    int list_fds[VT_MAX_ANSWER_LISTS];
    size_t lists_count;
    struct vt_known known;
    int wants_fd;
    int objects_fd; /* of the last pass; -1: none */
    struct vt_wants wants;
    struct vt_message message;
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

/* ---- asking the inspector ---- */

static char *request_body(const struct run *run)
{
    const struct vt_inspection *inspection = run->inspection;
    bool clock_is_wrong = !inspection->is_now_given && !vt_clock_is_sane(inspection->now_utc_secs);
    json_t *body = json_object();
    int failed =
        json_object_set_new(body, "now", json_integer(inspection->now_utc_secs)) |
        json_object_set_new(body, "clock_wrong", json_boolean(clock_is_wrong)) |
        json_object_set_new(body, "is_mail", json_boolean(inspection->is_mail)) |
        json_object_set_new(body, "certificate", json_boolean(inspection->is_certificate)) |
        json_object_set_new(body, "record", json_boolean(inspection->is_record)) |
        json_object_set_new(body, "token", json_boolean(inspection->is_token)) |
        json_object_set_new(body, "objects", json_boolean(inspection->with_objects)) |
        json_object_set_new(body, "class_given", json_boolean(inspection->is_class_given)) |
        json_object_set_new(body, "facts", json_boolean(run->facts_fd >= 0)) |
        json_object_set_new(body, "known", json_boolean(run->known_fd >= 0));
    /* A name that is no UTF-8 says nothing about the file. */
    if (inspection->name != NULL && vt_text_is_utf8(vt_bytes_str(inspection->name)) &&
        strlen(inspection->name) <= VT_MAX_NAME_BYTES)
        failed |= json_object_set_new(body, "name", json_string(inspection->name));
    char *text = failed == 0 ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

/* {"why": "…"} of the zygote, or the text of a fault: both are shown, so both are cleaned. */
static enum vt_code died(const struct vt_message *message, struct vt_err *err)
{
    char why[VT_ERR_TEXT_BYTES / 2];
    struct vt_bytes body = vt_bytes_of(message->body, message->body_len);
    if (message->type == VT_MSG_ERROR) {
        (void)vt_text_clean(why, sizeof(why), body);
        return vt_err_set(err, VT_E_PEER, "the inspector reports: %s", why);
    }
    json_t *root = json_loadb((const char *)body.ptr, body.len, 0, NULL);
    const char *text = json_string_value(json_object_get(root, "why"));
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(text == NULL ? "unknown cause" : text));
    json_decref(root);
    return vt_err_set(err, VT_E_PEER, "the inspection did not finish: %s", why);
}

static enum vt_code read_evidence(struct run *run, struct vt_evidence **out, struct vt_err *err)
{
    struct vt_bytes json;
    enum vt_code code = vt_memfd_map(run->message.fds[0], VT_MAX_EVIDENCE_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_evidence_from_json(run->arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

static enum vt_code read_wants(struct run *run, struct vt_err *err)
{
    struct vt_bytes json;
    enum vt_code code = vt_memfd_map(run->message.fds[1], VT_MAX_WANTS_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    run->wants = (struct vt_wants){0};
    code = vt_wants_from_json(run->arena, json, &run->wants, err);
    vt_memfd_unmap(json);
    if (code == VT_OK) {
        close_fd(&run->wants_fd);
        run->wants_fd = run->message.fds[1];
        run->message.fds_count = 1;
    }
    return code;
}

static enum vt_code read_answer(struct run *run, struct vt_evidence **out, struct vt_err *err)
{
    struct vt_message *message = &run->message;
    if (message->type == VT_MSG_DIED || message->type == VT_MSG_ERROR)
        return died(message, err);
    bool has_objects = run->inspection->with_objects;
    if (message->type != VT_MSG_INSPECTED || message->fds_count != (has_objects ? 3 : 2))
        return vt_err_set(err, VT_E_PEER, "the inspector answered something else than asked");
    if (has_objects) {
        close_fd(&run->objects_fd);
        run->objects_fd = message->fds[2];
        message->fds_count = 2;
    }
    enum vt_code code = read_evidence(run, out, err);
    if (code == VT_OK)
        code = read_wants(run, err);
    /* A child that was taken over may answer nonsense; that is its fault, not the mail's. */
    return code == VT_OK || code == VT_E_NOMEM ? code : VT_E_PEER;
}

static enum vt_code inspect_once(struct run *run, struct vt_evidence **out, struct vt_err *err)
{
    struct vt_inspection *inspection = run->inspection;
    char *body = request_body(run);
    if (body == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a request");
    int fds[VT_INSPECT_MAX_FDS] = {inspection->mail_fd};
    size_t count = 1;
    if (run->facts_fd >= 0)
        fds[count++] = run->facts_fd;
    if (run->known_fd >= 0) {
        fds[count++] = run->known_fd;
        for (size_t i = 0; i < run->lists_count; i++)
            fds[count++] = run->list_fds[i];
    }
    enum vt_code code = inspection->begin_pass != NULL
                            ? inspection->begin_pass(inspection->progress_context, err)
                            : VT_OK;
    if (code != VT_OK) {
        free(body);
        return code;
    }
    int64_t start = vt_clock_monotonic_msecs();
    int64_t deadline =
        earlier(inspection->deadline_msecs, start + inspection->inspection_msecs + HEARING_MSECS);
    const struct vt_wire_ask ask = {.type = VT_MSG_INSPECT,
                                    .body = vt_bytes_str(body),
                                    .fds = fds,
                                    .fds_count = count,
                                    .max_fds = VT_INSPECTED_MAX_FDS,
                                    .deadline_msecs = deadline,
                                    .progress = inspection->progress,
                                    .progress_context = inspection->progress_context};
    code = vt_wire_ask(inspection->inspect_fd, &ask, &run->message, err);
    free(body);
    if (inspection->end_pass != NULL)
        inspection->end_pass(inspection->progress_context);
    if (code == VT_OK)
        code = read_answer(run, out, err);
    vt_message_close(&run->message);
    inspection->spent_inspection_msecs += vt_clock_monotonic_msecs() - start;
    inspection->passes++;
    return code;
}

/* ---- asking status ---- */

static enum vt_code remember(struct run *run, const struct vt_known *fresh, struct vt_err *err)
{
    enum vt_code code = vt_known_join(run->arena, fresh, &run->known, &run->known, err);
    if (code != VT_OK)
        return code;
    char *text = NULL;
    size_t len = 0;
    int fd = -1;
    code = vt_known_to_json(&run->known, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-known", vt_bytes_of(text, len), &fd, err);
    free(text);
    if (code == VT_OK) {
        close_fd(&run->known_fd);
        run->known_fd = fd;
    }
    return code;
}

/* Lists are handed on unread: the inspector maps them. The newest first, the rest is closed. */
static void keep_lists(struct run *run)
{
    struct vt_message *message = &run->message;
    int all[2 * VT_MAX_ANSWER_LISTS];
    size_t count = 0;
    for (size_t i = 1; i < message->fds_count; i++)
        all[count++] = message->fds[i];
    message->fds_count = 1;
    for (size_t i = 0; i < run->lists_count; i++)
        all[count++] = run->list_fds[i];
    run->lists_count = count < VT_MAX_ANSWER_LISTS ? count : VT_MAX_ANSWER_LISTS;
    for (size_t i = 0; i < count; i++) {
        if (i < VT_MAX_ANSWER_LISTS)
            run->list_fds[i] = all[i];
        else
            close_fd(&all[i]);
    }
}

static enum vt_code read_status(struct run *run, struct vt_known *out, struct vt_err *err)
{
    struct vt_bytes json;
    const struct vt_message *message = &run->message;
    if (message->type != VT_MSG_STATUS_IS || message->fds_count == 0)
        return vt_err_set(err, VT_E_PEER, "status answered something else than asked");
    enum vt_code code = vt_memfd_map(message->fds[0], VT_MAX_KNOWN_BYTES, &json, err);
    if (code != VT_OK)
        return code;
    code = vt_known_from_json(run->arena, json, out, err);
    vt_memfd_unmap(json);
    return code;
}

/* The reference of the mail, so that it can be named when what is unknown now is known later; a
 * file of a command line has none. */
static char *status_body(const struct vt_mail *mail)
{
    const char *reference = mail != NULL ? mail->reference : NULL;
    json_t *body = reference != NULL ? json_pack("{s:s}", "reference", reference) : NULL;
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    json_decref(body);
    return text;
}

/* True when something new is known, so that another pass may say more. A status role that is down
 * or late leaves STATUS_UNKNOWN in the evidence, which is the answer then. */
static bool ask_status(struct run *run)
{
    struct vt_inspection *inspection = run->inspection;
    if (inspection->offline || inspection->status_fd < 0 ||
        run->wants.status_count + run->wants.issuer_of_count == 0)
        return false;
    int64_t start = vt_clock_monotonic_msecs();
    int64_t budget = inspection->status_msecs - inspection->spent_status_msecs;
    if (budget <= 0)
        return false;
    struct vt_known fresh = {0};
    struct vt_err err = {0};
    char *body = status_body(inspection->mail);
    const struct vt_wire_ask ask = {.type = VT_MSG_STATUS,
                                    .body = vt_bytes_str(body),
                                    .fds = &run->wants_fd,
                                    .fds_count = 1,
                                    .max_fds = 1 + VT_MAX_ANSWER_LISTS,
                                    .deadline_msecs =
                                        earlier(start + budget, inspection->deadline_msecs),
                                    .progress = inspection->progress,
                                    .progress_context = inspection->progress_context};
    enum vt_code code = vt_wire_ask(inspection->status_fd, &ask, &run->message, &err);
    free(body);
    if (code == VT_OK)
        code = read_status(run, &fresh, &err);
    size_t lists_count = code == VT_OK ? run->message.fds_count - 1 : 0;
    if (code == VT_OK)
        keep_lists(run);
    vt_message_close(&run->message);
    inspection->spent_status_msecs += vt_clock_monotonic_msecs() - start;
    return code == VT_OK &&
           fresh.facts_count + lists_count + fresh.issuers_count + fresh.no_issuer_of_count > 0 &&
           remember(run, &fresh, &err) == VT_OK;
}

/* ---- asking the registrar ---- */

/* Those that were seen before. VT_E_NOMEM. */
static enum vt_code take_seen(struct run *run, const int64_t *times_utc_secs,
                              struct vt_known *fresh)
{
    for (size_t i = 0; i < run->wants.first_seen_count; i++) {
        if (times_utc_secs[i] == VT_TIME_NONE)
            continue;
        struct vt_first_seen *grown =
            vt_arena_grow(run->arena, fresh->first_seen, fresh->first_seen_count, sizeof(*grown));
        if (grown == NULL)
            return VT_E_NOMEM;
        fresh->first_seen = grown;
        grown[fresh->first_seen_count] = (struct vt_first_seen){.time_utc_secs = times_utc_secs[i]};
        (void)snprintf(grown[fresh->first_seen_count++].digest_sha256, sizeof(grown->digest_sha256),
                       "%s", run->wants.first_seen[i]);
    }
    return VT_OK;
}

/* True when one of the signatures was seen before, so that another pass may say more. Once for a
 * mail: later passes find the same signatures. */
static bool ask_first_seen(struct run *run)
{
    struct vt_inspection *inspection = run->inspection;
    const struct vt_look look = {.first_seen = run->wants.first_seen,
                                 .first_seen_count = run->wants.first_seen_count};
    if (inspection->offline || inspection->record_fd < 0 || inspection->passes > 1 ||
        look.first_seen_count == 0)
        return false;
    int64_t start = vt_clock_monotonic_msecs();
    struct vt_registrar registrar = {
        .channel_fd = inspection->record_fd,
        .deadline_msecs = earlier(start + inspection->register_msecs, inspection->deadline_msecs),
        .progress = inspection->progress,
        .progress_context = inspection->progress_context};
    struct vt_looked looked = {0};
    struct vt_known fresh = {0};
    struct vt_err err = {0};
    enum vt_code code = vt_registrar_look(run->arena, &registrar, &look, &looked, &err);
    if (code == VT_OK)
        code = take_seen(run, looked.first_seen_utc_secs, &fresh);
    if (code == VT_OK && fresh.first_seen_count > 0)
        code = remember(run, &fresh, &err);
    inspection->spent_register_msecs += vt_clock_monotonic_msecs() - start;
    inspection->is_register_silent = code != VT_OK;
    return code == VT_OK && fresh.first_seen_count > 0;
}

/* True when another pass may say more. */
static bool learn(struct run *run)
{
    bool was_seen = ask_first_seen(run);
    return ask_status(run) || was_seen;
}

static enum vt_code seal_facts(const struct vt_mail *mail, int *out_fd, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    enum vt_code code = vt_mail_to_json(mail, &text, &len, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-facts", vt_bytes_of(text, len), out_fd, err);
    free(text);
    return code;
}

enum vt_code vt_inspection_run(struct vt_arena *arena, struct vt_inspection *inspection,
                               struct vt_evidence **out_evidence, struct vt_err *err)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for an inspection");
    run->arena = arena;
    run->inspection = inspection;
    run->facts_fd = run->known_fd = run->wants_fd = run->objects_fd = -1;
    inspection->objects_fd = -1;
    inspection->passes = 0;
    inspection->spent_inspection_msecs = inspection->spent_status_msecs = 0;
    inspection->spent_register_msecs = 0;
    inspection->is_register_silent = false;
    inspection->not_seen = NULL;
    inspection->not_seen_count = 0;
    enum vt_code code =
        inspection->mail == NULL ? VT_OK : seal_facts(inspection->mail, &run->facts_fd, err);
    struct vt_evidence *evidence = NULL;
    if (code == VT_OK)
        code = inspect_once(run, &evidence, err);
    while (code == VT_OK && inspection->passes < MAX_PASSES && learn(run)) {
        code = inspect_once(run, &evidence, err);
        if (code != VT_E_TIMEOUT && code != VT_E_BUSY)
            continue;
        /* No time for another pass: the one before stands, with the status unknown. */
        code = VT_OK;
        break;
    }
    close_fd(&run->facts_fd);
    close_fd(&run->known_fd);
    close_fd(&run->wants_fd);
    for (size_t i = 0; i < run->lists_count; i++)
        close_fd(&run->list_fds[i]);
    if (code == VT_OK) {
        *out_evidence = evidence;
        inspection->not_seen = run->wants.first_seen;
        inspection->not_seen_count = run->wants.first_seen_count;
        inspection->objects_fd = run->objects_fd;
        run->objects_fd = -1;
    }
    close_fd(&run->objects_fd);
    free(run);
    return code;
}
