/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust: certificates that came from elsewhere. The fetch role brings them, the sandboxed
 * child looks into them; this process only takes off the armour of PEM and compares digests. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/trust.h"
#include "vanthu/wire.h"

#define LOOK_MSECS 60000
#define FETCH_MSECS 60000
#define PER_FILE 64

/* Roles of one's own over the store as it is on disk, unless they run. */
static enum vt_code start_roles(struct vt_trust_desk *desk, struct vt_err *err)
{
    return desk->roles != NULL
               ? VT_OK
               : vt_role_set_start_local(desk->config, NULL, false, &desk->roles, err);
}

/* The signature of the evidence that stands for the certificate. */
static enum vt_code take_answer(const struct vt_evidence *evidence, struct vt_signature **out,
                                struct vt_err *err)
{
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0) {
        *out = &evidence->documents[0].signatures[0];
        return VT_OK;
    }
    return vt_err_set(err, VT_E_FORMAT, "%s",
                      evidence->findings_count > 0 ? evidence->findings[0]
                                                   : "it is no certificate");
}

enum vt_code vt_trust_look(struct vt_trust_desk *desk, struct vt_bytes der, bool ask,
                           struct vt_signature **out, struct vt_err *err)
{
    int fd = -1;
    struct vt_evidence *evidence = NULL;
    *out = NULL;
    enum vt_code code = start_roles(desk, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-trust", der, &fd, err);
    if (code != VT_OK)
        return code;
    struct vt_inspection inspection = {
        .record_fd = -1,
        .inspect_fd = vt_role_set_inspect_fd(desk->roles),
        .status_fd = vt_role_set_status_fd(desk->roles),
        .mail_fd = fd,
        .is_certificate = true,
        .now_utc_secs = vt_clock_now_utc_secs(),
        .is_now_given = true, /* that the clock is wrong is told by itself */
        .deadline_msecs = vt_clock_monotonic_msecs() + LOOK_MSECS,
        .inspection_msecs = desk->config->inspection_msecs,
        .status_msecs = LOOK_MSECS,
        .offline = !ask,
    };
    code = vt_inspection_run(desk->arena, &inspection, &evidence, err);
    (void)close(fd);
    return code == VT_OK ? take_answer(evidence, out, err) : code;
}

/* ---- fetching ---- */

static enum vt_code ask_fetch(int fd, const char *url, const char *type, struct vt_message *answer,
                              struct vt_err *err)
{
    int64_t deadline = vt_clock_monotonic_msecs() + FETCH_MSECS;
    json_t *root = json_pack("{s:s, s:s}", "url", url, "type", type);
    char *body = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (body == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the address is not UTF-8");
    enum vt_code code = vt_wire_send(fd, VT_MSG_FETCH, vt_bytes_str(body), NULL, 0, deadline, err);
    free(body);
    return code == VT_OK ? vt_wire_receive(fd, answer, 1, deadline, err) : code;
}

static enum vt_code read_fetched(struct vt_trust_desk *desk, const struct vt_message *answer,
                                 struct vt_bytes *out, struct vt_err *err)
{
    struct vt_bytes mapped;
    char why[VT_ERR_TEXT_BYTES / 2];
    json_t *body = answer->type == VT_MSG_FETCHED
                       ? json_loadb((const char *)answer->body, answer->body_len, 0, NULL)
                       : NULL;
    const char *error = json_string_value(json_object_get(body, "error"));
    int http = (int)json_integer_value(json_object_get(body, "http_status"));
    enum vt_code code = VT_E_NETWORK;
    if (body == NULL || answer->fds_count != 1) {
        (void)vt_text_clean(why, sizeof(why), vt_bytes_str(error));
        (void)vt_err_set(err, code, "%s", why[0] != '\0' ? why : "it could not be fetched");
        goto done;
    }
    if (http != 200) {
        (void)vt_err_set(err, code, "the server answers %d", http);
        goto done;
    }
    code = vt_memfd_map(answer->fds[0], VT_MAX_CRL_BYTES, &mapped, err);
    if (code != VT_OK)
        goto done;
    void *copy = vt_arena_dup(desk->arena, mapped.ptr, mapped.len);
    *out = vt_bytes_of(copy, mapped.len);
    vt_memfd_unmap(mapped);
    code = copy != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory");
done:
    json_decref(body);
    return code;
}

enum vt_code vt_trust_fetch(struct vt_trust_desk *desk, const char *url, const char *type,
                            struct vt_bytes *out, struct vt_err *err)
{
    int fd = -1;
    struct vt_message *answer = vt_arena_alloc(desk->arena, sizeof(*answer));
    if (answer == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory");
    enum vt_code code = start_roles(desk, err);
    if (code == VT_OK)
        code = vt_wire_open(vt_role_set_fetch_fd(desk->roles),
                            vt_clock_monotonic_msecs() + FETCH_MSECS, &fd, err);
    if (code != VT_OK)
        return code;
    code = ask_fetch(fd, url, type, answer, err);
    if (code == VT_OK) {
        code = read_fetched(desk, answer, out, err);
        vt_message_close(answer);
    }
    (void)close(fd);
    return code;
}

/* ---- items ---- */

static bool has_item(const struct vt_trust_items *items, struct vt_bytes der)
{
    for (size_t i = 0; i < items->count; i++) {
        if (vt_bytes_equal(items->list[i].der, der))
            return true;
    }
    return false;
}

static enum vt_code add_item(struct vt_trust_desk *desk, struct vt_trust_items *items,
                             struct vt_bytes der, const char *origin, struct vt_err *err)
{
    char sha256[65];
    struct vt_signature *judged = NULL;
    if (has_item(items, der))
        return VT_OK;
    if (items->count == VT_TRUST_MAX_ITEMS)
        return vt_err_set(err, VT_E_LIMIT, "there are more than %d certificates",
                          VT_TRUST_MAX_ITEMS);
    enum vt_code code = vt_trust_look(desk, der, false, &judged, err);
    if (code == VT_OK)
        code = vt_verify_sha256(der, sha256);
    /* What is shown and compared has to be what is written. */
    if (code == VT_OK && strcmp(sha256, judged->signer.sha256) != 0)
        code = vt_err_set(err, VT_E_PEER, "the inspector looked at something else");
    if (code == VT_OK)
        items->list[items->count++] = (struct vt_trust_item){
            .der = der, .origin = vt_arena_str(desk->arena, origin), .facts = judged->signer};
    return code;
}

enum vt_code vt_trust_items_add(struct vt_trust_desk *desk, struct vt_trust_items *items,
                                struct vt_bytes file, const char *origin, struct vt_err *err)
{
    struct vt_bytes ders[PER_FILE];
    size_t count = 0;
    enum vt_code code = vt_certificate_file_split(desk->arena, file, ders, PER_FILE, &count, err);
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        void *copy = vt_arena_dup(desk->arena, ders[i].ptr, ders[i].len);
        code = copy != NULL ? add_item(desk, items, vt_bytes_of(copy, ders[i].len), origin, err)
                            : VT_E_NOMEM;
    }
    return code;
}
