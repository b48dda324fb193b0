/* SPDX-License-Identifier: Apache-2.0
 * Our own certificate before a seal is set: its validity, its path and its status, by the
 * configured trust, judged as those of a signature that is made now (legal.md R-24). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/seal.h"
#include "gateway/work.h"

/* A revocation is noticed after this long; what is not good is looked at again sooner. */
#define GOOD_MSECS (5 * 60 * 1000)
#define BAD_MSECS (20 * 1000)
#define IDENTITY_MSECS 3000

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
                   struct vt_seal_identity *out, char out_sha256[65], bool *out_is_good,
                   const char **out_text)
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
        memcpy(out_sha256, item->sha256, sizeof(item->sha256));
        *out_is_good = item->is_good;
        *out_text = vt_arena_str(arena, item->text);
        is_known = out->chain.ptr != NULL;
    }
    (void)pthread_mutex_unlock(&own->lock);
    return is_known;
}

static void keep(struct vt_work *work, const struct vt_seal_key *key,
                 const struct vt_seal_identity *identity, const char *sha256, bool is_good,
                 const char *text)
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
        (void)snprintf(item->sha256, sizeof(item->sha256), "%s", sha256);
        (void)snprintf(item->text, sizeof(item->text), "%s", text);
        chain = NULL;
    }
    (void)pthread_mutex_unlock(&own->lock);
    free(chain);
}

/* ---- judging it ---- */

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

/* "the sealing certificate is INDETERMINATE: STATUS_UNKNOWN" */
static bool read_verdict(const struct vt_evidence *evidence, char out_sha256[65],
                         char text[VT_SEAL_TEXT_BYTES])
{
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0) {
        const struct vt_signature *own = &evidence->documents[0].signatures[0];
        memcpy(out_sha256, own->signer.sha256, sizeof(own->signer.sha256));
        return vt_seal_verdict(own, "the sealing certificate", text);
    }
    (void)snprintf(text, VT_SEAL_TEXT_BYTES, "the sealing certificate cannot be read");
    return false;
}

static enum vt_code judge(struct vt_work *work, const struct vt_seal_identity *identity,
                          char out_sha256[65], bool *out_is_good, char text[VT_SEAL_TEXT_BYTES],
                          struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    int fd = -1;
    enum vt_code code = vt_seal_chain_file(identity->chain, &fd, err);
    if (code != VT_OK)
        return code;
    code = vt_work_inspect_own(work, fd, true, &evidence, err);
    (void)close(fd);
    if (code == VT_OK)
        *out_is_good = read_verdict(evidence, out_sha256, text);
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
                     struct vt_seal_identity *out, char out_sha256[65],
                     enum vt_seal_failure *out_failure, const char **out_text)
{
    char text[VT_SEAL_TEXT_BYTES] = "";
    struct vt_err err = {0};
    bool is_good = false;
    *out_failure = VT_SEAL_UNAVAILABLE;
    *out_text = NULL;
    out_sha256[0] = '\0';
    if (!recall(work, key, out, out_sha256, &is_good, out_text)) {
        enum vt_code code = ask(work, key, out, &err);
        bool has_none = code == VT_E_NOT_FOUND;
        if (code == VT_OK)
            code = judge(work, out, out_sha256, &is_good, text, &err);
        if (code != VT_OK) {
            *out_failure = has_none ? VT_SEAL_CERTIFICATE : VT_SEAL_UNAVAILABLE;
            *out_text = vt_arena_str(work->transaction->arena, err.text);
            return;
        }
        keep(work, key, out, out_sha256, is_good, text);
        *out_text = vt_arena_str(work->transaction->arena, text);
    }
    *out_failure = is_good ? VT_SEAL_DONE : VT_SEAL_CERTIFICATE;
}
