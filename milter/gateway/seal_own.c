/* SPDX-License-Identifier: Apache-2.0
 * Our own certificate before a seal is set: its validity, its path and its status, by the
 * configured trust, judged as those of a signature that is made now (legal.md R-24). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/seal.h"
#include "gateway/work.h"
#include "vanthu/wire.h"

/* A revocation is noticed after this long; what is not good is looked at again sooner. */
#define GOOD_MSECS (5 * 60 * 1000)
#define BAD_MSECS (20 * 1000)
#define IDENTITY_MSECS 3000
#define MAX_PEM_BYTES (VT_MAX_SEAL_CHAIN_BYTES * 2)

void vt_own_seals_init(struct vt_own_seals *own)
{
    *own = (struct vt_own_seals){0};
    (void)pthread_mutex_init(&own->lock, NULL);
}

/* ---- what is kept ---- */

static struct vt_own_seal *find(struct vt_own_seals *own, const char *key)
{
    for (size_t i = 0; i < own->count; i++) {
        if (strcmp(own->items[i].key, key) == 0)
            return &own->items[i];
    }
    return NULL;
}

/* False: nothing is known that still holds. */
static bool recall(struct vt_work *work, const struct vt_seal_key *key,
                   struct vt_seal_identity *out, bool *out_is_good, const char **out_text)
{
    struct vt_own_seals *own = &work->gateway->own_seals;
    struct vt_arena *arena = work->transaction->arena;
    (void)pthread_mutex_lock(&own->lock);
    const struct vt_own_seal *item = find(own, key->name);
    bool is_known = item != NULL && item->until_msecs > vt_clock_monotonic_msecs();
    if (is_known) {
        *out = (struct vt_seal_identity){
            .key = key->name,
            .chain =
                vt_bytes_of(vt_arena_dup(arena, item->chain, item->chain_bytes), item->chain_bytes),
            .scheme = item->scheme,
            .hash = item->hash};
        *out_is_good = item->is_good;
        *out_text = vt_arena_str(arena, item->text);
        is_known = out->chain.ptr != NULL;
    }
    (void)pthread_mutex_unlock(&own->lock);
    return is_known;
}

static void keep(struct vt_work *work, const struct vt_seal_key *key,
                 const struct vt_seal_identity *identity, bool is_good, const char *text)
{
    struct vt_own_seals *own = &work->gateway->own_seals;
    uint8_t *chain = malloc(identity->chain.len);
    if (chain == NULL)
        return;
    memcpy(chain, identity->chain.ptr, identity->chain.len);
    (void)pthread_mutex_lock(&own->lock);
    struct vt_own_seal *item = find(own, key->name);
    if (item == NULL && own->count < VT_MAX_SEAL_KEYS)
        item = &own->items[own->count++];
    if (item != NULL) {
        free(item->chain);
        *item = (struct vt_own_seal){.key = key->name,
                                     .chain = chain,
                                     .chain_bytes = identity->chain.len,
                                     .scheme = identity->scheme,
                                     .hash = identity->hash,
                                     .is_good = is_good,
                                     .until_msecs = vt_clock_monotonic_msecs() +
                                                    (is_good ? GOOD_MSECS : BAD_MSECS)};
        (void)snprintf(item->text, sizeof(item->text), "%s", text);
        chain = NULL;
    }
    (void)pthread_mutex_unlock(&own->lock);
    free(chain);
}

/* ---- judging it ---- */

/* The length of the DER element that bytes begin with; 0: it is none. */
static size_t element_bytes(struct vt_bytes bytes)
{
    if (bytes.len < 2 || bytes.ptr[0] != 0x30)
        return 0;
    size_t len = bytes.ptr[1], head = 2;
    if (len > 0x80) {
        size_t octets = len & 0x7f;
        if (octets > 3 || bytes.len < 2 + octets)
            return 0;
        len = 0;
        for (size_t i = 0; i < octets; i++)
            len = len << 8 | bytes.ptr[2 + i];
        head += octets;
    }
    return len <= bytes.len - head ? head + len : 0;
}

static enum vt_code add_pem(struct vt_buf *out, struct vt_bytes der)
{
    enum vt_code code = vt_buf_addf(out, "-----BEGIN CERTIFICATE-----\n");
    if (code == VT_OK)
        code = vt_base64_add_lines(out, der);
    return code == VT_OK ? vt_buf_addf(out, "-----END CERTIFICATE-----\n") : code;
}

/* The chain as a file of certificates. */
static enum vt_code seal_chain(struct vt_bytes chain, int *out_fd, struct vt_err *err)
{
    struct vt_buf pem;
    enum vt_code code = VT_OK;
    vt_buf_init(&pem, MAX_PEM_BYTES);
    while (chain.len > 0 && code == VT_OK) {
        size_t len = element_bytes(chain);
        code = len == 0 ? VT_E_FORMAT : add_pem(&pem, vt_bytes_slice(chain, 0, len));
        chain = vt_bytes_slice(chain, len, SIZE_MAX);
    }
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-own", vt_buf_bytes(&pem), out_fd, err);
    else
        vt_err_set(err, code, "the chain of the sealing certificate cannot be read");
    vt_buf_clear(&pem);
    return code;
}

enum vt_code vt_work_inspect_own(struct vt_work *work, int fd, bool is_certificate,
                                 struct vt_evidence **out, struct vt_err *err)
{
    struct vt_inspection inspection = vt_work_inspection(work, fd);
    if (is_certificate) {
        inspection.is_certificate = true;
        inspection.is_mail = false;
        inspection.mail = NULL;
    }
    return work->gateway->inspect(work->transaction->arena, &inspection, out, err);
}

bool vt_seal_verdict(const struct vt_signature *judged, const char *what,
                     char text[VT_SEAL_TEXT_BYTES])
{
    if (judged->indication == VT_TOTAL_PASSED)
        return true;
    size_t used = (size_t)snprintf(text, VT_SEAL_TEXT_BYTES, "%s is %s:", what,
                                   vt_indication_name(judged->indication));
    for (unsigned i = 0; i < VT_REASON_COUNT && used < VT_SEAL_TEXT_BYTES; i++) {
        if ((judged->reasons & VT_REASON_BIT(i)) != 0)
            used += (size_t)snprintf(text + used, VT_SEAL_TEXT_BYTES - used, " %s",
                                     vt_reason_info((enum vt_reason)i)->code);
    }
    return false;
}

/* "the sealing certificate is INDETERMINATE: STATUS_UNKNOWN" */
static bool read_verdict(const struct vt_evidence *evidence, char text[VT_SEAL_TEXT_BYTES])
{
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0)
        return vt_seal_verdict(&evidence->documents[0].signatures[0], "the sealing certificate",
                               text);
    (void)snprintf(text, VT_SEAL_TEXT_BYTES, "the sealing certificate cannot be read");
    return false;
}

static enum vt_code judge(struct vt_work *work, const struct vt_seal_identity *identity,
                          bool *out_is_good, char text[VT_SEAL_TEXT_BYTES], struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    int fd = -1;
    enum vt_code code = seal_chain(identity->chain, &fd, err);
    if (code != VT_OK)
        return code;
    code = vt_work_inspect_own(work, fd, true, &evidence, err);
    (void)close(fd);
    if (code == VT_OK)
        *out_is_good = read_verdict(evidence, text);
    return code;
}

static enum vt_code ask(struct vt_work *work, const struct vt_seal_key *key,
                        struct vt_seal_identity *out, struct vt_err *err)
{
    int64_t until = vt_clock_monotonic_msecs() + IDENTITY_MSECS;
    const struct vt_sealer sealer = {
        .channel_fd = work->gateway->seal_fd,
        .connection_fd = -1,
        .deadline_msecs = until < work->deadline_msecs ? until : work->deadline_msecs,
        .progress = vt_work_progress,
        .progress_context = work};
    return work->gateway->seal_steps->identity(work->transaction->arena, &sealer, key->name, out,
                                               err);
}

void vt_own_seal_get(struct vt_work *work, const struct vt_seal_key *key,
                     struct vt_seal_identity *out, enum vt_seal_failure *out_failure,
                     const char **out_text)
{
    char text[VT_SEAL_TEXT_BYTES] = "";
    struct vt_err err = {0};
    bool is_good = false;
    *out_failure = VT_SEAL_UNAVAILABLE;
    *out_text = NULL;
    if (!recall(work, key, out, &is_good, out_text)) {
        enum vt_code code = ask(work, key, out, &err);
        bool has_none = code == VT_E_NOT_FOUND;
        if (code == VT_OK)
            code = judge(work, out, &is_good, text, &err);
        if (code != VT_OK) {
            *out_failure = has_none ? VT_SEAL_CERTIFICATE : VT_SEAL_UNAVAILABLE;
            *out_text = vt_arena_str(work->transaction->arena, err.text);
            return;
        }
        keep(work, key, out, is_good, text);
        *out_text = vt_arena_str(work->transaction->arena, text);
    }
    *out_failure = is_good ? VT_SEAL_DONE : VT_SEAL_CERTIFICATE;
}
