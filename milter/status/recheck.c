/* SPDX-License-Identifier: Apache-2.0
 * The table of certificates that are asked for again, and its lines in the log. */
#include "status/recheck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "status/breaker.h"
#include "status/recheck_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/verify.h"

/* The first pause and the longest one. */
#define FIRST_SECS 300
#define LONGEST_SECS 3600

enum vt_code vt_recheck_new(uint64_t seed, struct vt_recheck **out, struct vt_err *err)
{
    struct vt_recheck *recheck = calloc(1, sizeof(*recheck));
    *out = recheck;
    if (recheck == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for checks to be repeated");
    recheck->seed = seed;
    return VT_OK;
}

static void clear_item(struct vt_recheck_item *item)
{
    vt_bytes_free(item->certificate);
    vt_bytes_free(item->issuer);
    free((void *)(uintptr_t)item->name);
    free((void *)(uintptr_t)item->issuer_name);
    free((void *)(uintptr_t)item->serial);
    *item = (struct vt_recheck_item){0};
}

void vt_recheck_free(struct vt_recheck *recheck)
{
    if (recheck == NULL)
        return;
    for (size_t i = 0; i < recheck->count; i++)
        clear_item(&recheck->items[i]);
    free(recheck->folder);
    free(recheck);
}

static void drop(struct vt_recheck *recheck, struct vt_recheck_item *item)
{
    clear_item(item);
    *item = recheck->items[--recheck->count];
    recheck->changed = true;
}

/* ---- putting down ---- */

static bool is_reference(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len < VT_RECHECK_REFERENCE_BYTES &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == len;
}

static void add_reference(struct vt_recheck *recheck, struct vt_recheck_item *item,
                          const char *reference)
{
    for (size_t i = 0; i < item->references_count; i++) {
        if (strcmp(item->references[i], reference) == 0)
            return;
    }
    if (item->references_count == VT_MAX_RECHECK_REFERENCES)
        return;
    (void)snprintf(item->references[item->references_count++], VT_RECHECK_REFERENCE_BYTES, "%s",
                   reference);
    recheck->changed = true;
}

static struct vt_recheck_item *find(struct vt_recheck *recheck,
                                    const struct vt_certificate *certificate)
{
    for (size_t i = 0; i < recheck->count; i++) {
        if (vt_bytes_equal(recheck->items[i].certificate, vt_certificate_der(certificate)))
            return &recheck->items[i];
    }
    return NULL;
}

/* What mail and certificate are called in the log. */
static void say_one(const struct vt_recheck_item *item, const char *reference, const char *what)
{
    vt_log(VT_LOG_INFO,
           "recheck: reference=%s certificate=\"%s\" serial=%s issuer=\"%s\" status=%s", reference,
           item->name, item->serial, item->issuer_name, what);
}

static void say(const struct vt_recheck_item *item, const char *what)
{
    for (size_t i = 0; i < item->references_count; i++)
        say_one(item, item->references[i], what);
}

static void make_room(struct vt_recheck *recheck)
{
    struct vt_recheck_item *oldest = &recheck->items[0];
    if (recheck->count < VT_MAX_RECHECKS)
        return;
    for (size_t i = 1; i < recheck->count; i++) {
        if (recheck->items[i].asked_utc_secs < oldest->asked_utc_secs)
            oldest = &recheck->items[i];
    }
    say(oldest, "unknown (given up: too many certificates are waited for)");
    drop(recheck, oldest);
}

/* A name for a line of the log: quotes would end it. */
static char *dup_name(const char *common_name, const char *whole_name)
{
    char text[160];
    const char *name = common_name != NULL && *common_name != '\0' ? common_name : whole_name;
    (void)vt_text_clean(text, sizeof(text), vt_bytes_str(name != NULL ? name : "?"));
    for (char *c = strchr(text, '"'); c != NULL; c = strchr(c, '"'))
        *c = '\'';
    return strdup(text);
}

/* A new one without times and references; NULL: out of memory. */
static struct vt_recheck_item *put(struct vt_recheck *recheck,
                                   const struct vt_certificate *certificate,
                                   const struct vt_certificate *issuer)
{
    const struct vt_certificate_facts *facts = vt_certificate_facts(certificate);
    make_room(recheck);
    struct vt_recheck_item item = {.id = ++recheck->last_id,
                                   .certificate = vt_bytes_dup(vt_certificate_der(certificate)),
                                   .issuer = vt_bytes_dup(vt_certificate_der(issuer)),
                                   .name = dup_name(facts->common_name, facts->subject),
                                   .issuer_name =
                                       dup_name(facts->issuer_common_name, facts->issuer),
                                   .serial = strdup(facts->serial != NULL ? facts->serial : "")};
    if (item.certificate.ptr == NULL || item.issuer.ptr == NULL || item.name == NULL ||
        item.issuer_name == NULL || item.serial == NULL) {
        clear_item(&item);
        return NULL;
    }
    recheck->changed = true;
    recheck->items[recheck->count] = item;
    return &recheck->items[recheck->count++];
}

void vt_recheck_add(struct vt_recheck *recheck, const struct vt_certificate *certificate,
                    const struct vt_certificate *issuer, const char *reference,
                    int64_t now_utc_secs)
{
    if (!is_reference(reference))
        return;
    struct vt_recheck_item *item = find(recheck, certificate);
    if (item == NULL) {
        item = put(recheck, certificate, issuer);
        if (item == NULL)
            return;
        item->asked_utc_secs = now_utc_secs;
        item->next_utc_secs = now_utc_secs + vt_jitter(&recheck->seed, FIRST_SECS);
    }
    add_reference(recheck, item, reference);
}

/* ---- trying ---- */

static void drop_old(struct vt_recheck *recheck, int64_t now)
{
    for (size_t i = recheck->count; i-- > 0;) {
        struct vt_recheck_item *item = &recheck->items[i];
        if (now - item->asked_utc_secs < VT_RECHECK_SECS)
            continue;
        say(item, "unknown (given up after 72 hours)");
        drop(recheck, item);
    }
}

const struct vt_recheck_item *vt_recheck_next(struct vt_recheck *recheck, int64_t now_utc_secs)
{
    struct vt_recheck_item *due = NULL;
    drop_old(recheck, now_utc_secs);
    for (size_t i = 0; i < recheck->count; i++) {
        struct vt_recheck_item *item = &recheck->items[i];
        /* A clock that was set back must not stop it for years. */
        if (item->next_utc_secs > now_utc_secs + 2 * (int64_t)LONGEST_SECS)
            item->next_utc_secs = now_utc_secs;
        if (item->next_utc_secs <= now_utc_secs &&
            (due == NULL || item->next_utc_secs < due->next_utc_secs))
            due = item;
    }
    if (due == NULL)
        return NULL;
    due->tries_count++;
    int64_t pause = (int64_t)FIRST_SECS << (due->tries_count < 8 ? due->tries_count : 8);
    due->next_utc_secs =
        now_utc_secs + vt_jitter(&recheck->seed, pause < LONGEST_SECS ? pause : LONGEST_SECS);
    recheck->changed = true;
    return due;
}

void vt_recheck_set_teller(struct vt_recheck *recheck,
                           bool (*tell)(void *context, const struct vt_rechecked *rechecked),
                           void *context)
{
    recheck->tell = tell;
    recheck->tell_context = context;
}

static bool describe(const struct vt_status_fact *fact, char *out, size_t out_bytes)
{
    char since[VT_TIME_TEXT_BYTES];
    vt_time_rfc3339(since, fact->revoked_at_utc_secs);
    if (fact->value == VT_STATUS_REVOKED)
        (void)snprintf(out, out_bytes, "revoked since=%s reason=%.40s", since,
                       fact->revocation_reason != NULL ? fact->revocation_reason : "-");
    else if (fact->value == VT_STATUS_SUSPENDED)
        (void)snprintf(out, out_bytes, "suspended since=%s", since);
    else if (fact->value == VT_STATUS_GOOD)
        (void)snprintf(out, out_bytes, "good");
    else
        return false;
    return true;
}

static bool tell_one(const struct vt_recheck *recheck, const struct vt_recheck_item *item,
                     const char *reference, const char *sha256, const struct vt_status_fact *fact)
{
    const struct vt_rechecked rechecked = {
        .reference = reference,
        .certificate_sha256 = sha256,
        .name = item->name,
        .serial = item->serial,
        .value = fact->value,
        .since_utc_secs = fact->value == VT_STATUS_GOOD ? VT_TIME_NONE : fact->revoked_at_utc_secs};
    return recheck->tell == NULL || recheck->tell(recheck->tell_context, &rechecked);
}

/* Those that were told go; the rest is told with the next try. */
static void tell_item(struct vt_recheck *recheck, struct vt_recheck_item *item,
                      const struct vt_status_fact *fact, const char *what)
{
    char sha256[65];
    size_t left = 0;
    if (vt_verify_sha256(item->certificate, sha256) != VT_OK)
        return;
    for (size_t i = 0; i < item->references_count; i++) {
        if (left == 0 && tell_one(recheck, item, item->references[i], sha256, fact)) {
            say_one(item, item->references[i], what);
            continue;
        }
        memmove(item->references[left++], item->references[i], VT_RECHECK_REFERENCE_BYTES);
    }
    item->references_count = left;
    recheck->changed = true;
    if (left == 0)
        drop(recheck, item);
}

void vt_recheck_tell(struct vt_recheck *recheck, uint64_t id, const struct vt_status_fact *fact)
{
    char what[160];
    for (size_t i = 0; i < recheck->count; i++) {
        if (recheck->items[i].id != id)
            continue;
        if (describe(fact, what, sizeof(what)))
            tell_item(recheck, &recheck->items[i], fact, what);
        return;
    }
}

const struct vt_recheck_item *vt_recheck_at(const struct vt_recheck *recheck, size_t index)
{
    return index < recheck->count ? &recheck->items[index] : NULL;
}
