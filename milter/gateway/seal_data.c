/* SPDX-License-Identifier: Apache-2.0
 * What validates the seals of documents (B-LT): certificates, OCSP responses and CRLs of the own
 * chain and of the authority of the time stamps. Both are the same for all documents for a while:
 * they are found by inspections of their own and kept, so that no mail pays for them but the first.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/seal_run.h"
#include "vanthu/object.h"
#include "vanthu/seal_pdf.h"
#include "vanthu/wire.h"

/* As with own certificates: a revocation is noticed after this long, and what could not be had is
 * looked for again sooner. */
#define GOOD_MSECS (5 * 60 * 1000)
#define BAD_MSECS (20 * 1000)

/* Whose data are meant: a certificate, and what an inspection sees it by. */
struct subject {
    const char *certificate_sha256;
    bool is_token;
    struct vt_bytes bytes; /* the own chain, or a time stamp token */
};

void vt_kept_data_init(struct vt_kept_data *kept)
{
    *kept = (struct vt_kept_data){0};
    (void)pthread_mutex_init(&kept->lock, NULL);
}

/* ---- what is kept ---- */

static struct vt_kept_datum *find(struct vt_kept_data *kept, const char *certificate_sha256)
{
    for (size_t i = 0; i < kept->count; i++) {
        if (strcmp(kept->items[i].certificate_sha256, certificate_sha256) == 0)
            return &kept->items[i];
    }
    return NULL;
}

/* False: nothing is known that still holds. *out_fd: -1: it could not be had, *out_text says why.
 */
static bool recall(struct vt_work *work, const char *certificate_sha256, int *out_fd,
                   const char **out_text)
{
    struct vt_kept_data *kept = &work->gateway->kept_data;
    (void)pthread_mutex_lock(&kept->lock);
    const struct vt_kept_datum *item = find(kept, certificate_sha256);
    bool is_known = item != NULL && item->until_msecs > vt_clock_monotonic_msecs();
    if (is_known) {
        *out_fd = item->fd < 0 ? -1 : fcntl(item->fd, F_DUPFD_CLOEXEC, 0);
        *out_text = vt_arena_str(work->transaction->arena, item->text);
        is_known = item->fd < 0 || *out_fd >= 0;
    }
    (void)pthread_mutex_unlock(&kept->lock);
    return is_known;
}

/* A place for it: its own, a free one, or that of what ends first. */
static struct vt_kept_datum *place_of(struct vt_kept_data *kept, const char *certificate_sha256)
{
    struct vt_kept_datum *place = find(kept, certificate_sha256);
    if (place != NULL)
        return place;
    if (kept->count < VT_MAX_KEPT_DATA) {
        kept->items[kept->count] = (struct vt_kept_datum){.fd = -1};
        return &kept->items[kept->count++];
    }
    place = &kept->items[0];
    for (size_t i = 1; i < kept->count; i++) {
        if (kept->items[i].until_msecs < place->until_msecs)
            place = &kept->items[i];
    }
    return place;
}

static void keep(struct vt_work *work, const char *certificate_sha256, int fd, const char *text)
{
    struct vt_kept_data *kept = &work->gateway->kept_data;
    int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (fd >= 0 && own < 0)
        return;
    (void)pthread_mutex_lock(&kept->lock);
    struct vt_kept_datum *item = place_of(kept, certificate_sha256);
    if (item->fd >= 0)
        (void)close(item->fd);
    item->fd = own;
    item->until_msecs = vt_clock_monotonic_msecs() + (own >= 0 ? GOOD_MSECS : BAD_MSECS);
    (void)snprintf(item->certificate_sha256, sizeof(item->certificate_sha256), "%s",
                   certificate_sha256);
    (void)snprintf(item->text, sizeof(item->text), "%s", text);
    (void)pthread_mutex_unlock(&kept->lock);
}

/* ---- having it found ---- */

static bool is_passed(const struct vt_evidence *evidence, const struct subject *subject,
                      char text[VT_SEAL_TEXT_BYTES])
{
    const char *what =
        subject->is_token ? "the authority of the time stamp" : "the sealing certificate";
    if (evidence->documents_count > 0 && evidence->documents[0].signatures_count > 0)
        return vt_seal_verdict(&evidence->documents[0].signatures[0], what, text);
    (void)snprintf(text, VT_SEAL_TEXT_BYTES, "%s cannot be read", what);
    return false;
}

/* *out_fd: what its verdict rests on; -1: text says why not. */
static enum vt_code inspect(struct vt_work *work, const struct subject *subject, int *out_fd,
                            char text[VT_SEAL_TEXT_BYTES], struct vt_err *err)
{
    struct vt_evidence *evidence = NULL;
    int fd = -1;
    enum vt_code code = subject->is_token ? vt_memfd_seal("vanthu-token", subject->bytes, &fd, err)
                                          : vt_seal_chain_file(subject->bytes, &fd, err);
    *out_fd = -1;
    if (code != VT_OK)
        return code;
    struct vt_inspection inspection = vt_work_inspection(work, fd);
    inspection.is_mail = false;
    inspection.mail = NULL;
    inspection.is_certificate = !subject->is_token;
    inspection.is_token = subject->is_token;
    inspection.with_objects = true;
    inspection.deadline_msecs = vt_seal_last_moment(work);
    code = work->gateway->inspect(work->transaction->arena, &inspection, &evidence, err);
    (void)close(fd);
    bool is_good = code == VT_OK && is_passed(evidence, subject, text);
    if (is_good)
        *out_fd = inspection.objects_fd;
    else if (inspection.objects_fd >= 0)
        (void)close(inspection.objects_fd);
    if (is_good && *out_fd < 0)
        (void)snprintf(text, VT_SEAL_TEXT_BYTES, "nobody says what a verdict rests on");
    return code;
}

/* All of them, or it is not level B-LT. */
static bool has_all(const struct vt_object_list *list, char text[VT_SEAL_TEXT_BYTES])
{
    for (size_t i = 0; i < list->count; i++) {
        const struct vt_object *object = &list->items[i];
        bool is_crl = object->kind == VT_OBJECT_CRL;
        /* The size of what the status role told about is not known before it brings it. */
        size_t bytes = object->bytes.len > 0 ? object->bytes.len : object->size_bytes;
        if (!is_crl && object->kind != VT_OBJECT_OCSP)
            continue;
        if (bytes > (is_crl ? VT_MAX_SEAL_CRL_BYTES : VT_MAX_OCSP_BYTES))
            (void)snprintf(text, VT_SEAL_TEXT_BYTES, "%s of %zu bytes is not put into documents",
                           is_crl ? "a CRL" : "an OCSP response", bytes);
        else if (object->bytes.len == 0)
            (void)snprintf(text, VT_SEAL_TEXT_BYTES, "%s is not at hand",
                           is_crl ? "a CRL" : "an OCSP response");
        else
            continue;
        return false;
    }
    return true;
}

static enum vt_code read_file(struct vt_arena *arena, int fd, struct vt_object_list *list,
                              struct vt_bytes *out_mapped, struct vt_err *err)
{
    struct vt_object *objects = NULL;
    size_t count = 0;
    enum vt_code code =
        vt_memfd_map(fd, VT_MAX_OBJECTS_BYTES + VT_MAX_OBJECTS_HEAD_BYTES, out_mapped, err);
    if (code == VT_OK)
        code = vt_objects_read(arena, *out_mapped, &objects, &count, err);
    for (size_t i = 0; code == VT_OK && i < count; i++) {
        if (vt_object_list_add(list, &objects[i]) != VT_OK)
            code = vt_err_set(err, VT_E_NOMEM, "no memory for validation data");
    }
    return code;
}

/* What the inspector had, and what the status role has of the rest, in one file. */
static enum vt_code join(struct vt_work *work, int inspected_fd, int *out_fd,
                         char text[VT_SEAL_TEXT_BYTES], struct vt_err *err)
{
    struct vt_arena *arena = work->transaction->arena;
    struct vt_object_list list = {.arena = arena};
    struct vt_bytes mapped[2] = {{0}, {0}};
    int fetched_fd = -1;
    enum vt_code code = vt_sealing_fetched(arena, work->gateway->status_fd, inspected_fd,
                                           VT_MAX_SEAL_CRL_BYTES, &fetched_fd, err);
    if (code == VT_OK)
        code = read_file(arena, inspected_fd, &list, &mapped[0], err);
    if (code == VT_OK && fetched_fd >= 0)
        code = read_file(arena, fetched_fd, &list, &mapped[1], err);
    if (code == VT_OK && has_all(&list, text))
        code = vt_objects_seal(list.items, list.count, VT_MAX_OBJECTS_BYTES, out_fd, err);
    vt_memfd_unmap(mapped[0]);
    vt_memfd_unmap(mapped[1]);
    if (fetched_fd >= 0)
        (void)close(fetched_fd);
    return code;
}

static int gather(struct vt_work *work, const struct subject *subject,
                  char text[VT_SEAL_TEXT_BYTES])
{
    struct vt_err err = {0};
    int inspected_fd = -1, fd = -1;
    enum vt_code code = inspect(work, subject, &inspected_fd, text, &err);
    if (code == VT_OK && inspected_fd >= 0)
        code = join(work, inspected_fd, &fd, text, &err);
    if (inspected_fd >= 0)
        (void)close(inspected_fd);
    if (code != VT_OK)
        (void)snprintf(text, VT_SEAL_TEXT_BYTES, "%.*s", VT_SEAL_TEXT_BYTES - 1, err.text);
    return fd;
}

/* ---- for one mail ---- */

static bool add(struct vt_seal_run *run, const struct subject *subject)
{
    struct vt_work *work = run->work;
    char text[VT_SEAL_TEXT_BYTES] = "";
    const char *why = NULL;
    int fd = -1;
    if (run->sealing.data_fds_count == VT_MAX_SEALING_DATA) {
        work->out->sealed.unstored = "more authorities stamped the documents than are asked about";
        return false;
    }
    bool is_known = recall(work, subject->certificate_sha256, &fd, &why);
    if (!is_known && vt_seal_last_moment(work) <= vt_clock_monotonic_msecs()) {
        why = "the mail has waited long enough";
    } else if (!is_known) {
        fd = gather(work, subject, text);
        keep(work, subject->certificate_sha256, fd, text);
        why = vt_arena_str(work->transaction->arena, text);
    }
    if (fd >= 0)
        run->data_fds[run->sealing.data_fds_count++] = fd;
    else
        work->out->sealed.unstored = why != NULL ? why : "no memory";
    return fd >= 0;
}

/* One authority may have signed with several keys, and several may have been asked. */
static bool add_authorities(struct vt_seal_run *run)
{
    for (size_t i = 0; i < run->documents_count; i++) {
        const struct subject subject = {run->authorities_sha256[i], true, run->documents[i].token};
        bool is_new = true;
        for (size_t j = 0; j < i && is_new; j++)
            is_new = strcmp(run->authorities_sha256[j], subject.certificate_sha256) != 0;
        if (is_new && !add(run, &subject))
            return false;
    }
    return true;
}

bool vt_seal_data_found(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    const struct subject own = {run->certificate_sha256, false, run->identity.chain};
    if (!vt_seal_wants_data(run))
        return true;
    run->sealing.data_fds = run->data_fds;
    if (add(run, &own) && add_authorities(run))
        return true;
    vt_seal_data_drop(run);
    return !work->gateway->config->timestamp.is_required ||
           vt_seal_fail(work, "validation-data", work->out->sealed.unstored);
}

bool vt_seal_wants_data(const struct vt_seal_run *run)
{
    return run->key->level == VT_SEAL_LEVEL_LT && run->documents_count > 0 &&
           run->sealing.token_max_bytes > 0 && run->work->out->sealed.unstamped == NULL;
}

void vt_seal_data_drop(struct vt_seal_run *run)
{
    while (run->sealing.data_fds_count > 0)
        (void)close(run->data_fds[--run->sealing.data_fds_count]);
}
