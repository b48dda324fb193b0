/* SPDX-License-Identifier: Apache-2.0
 * The first defer of the same documents between the same people under the same rule. */
#include "gateway/deferclock.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ENTRIES_COUNT 4096
#define LIFETIME_SECS (INT64_C(5) * 24 * 3600) /* how long a sending MTA tries */

enum vt_code vt_defer_clock_init(struct vt_defer_clock *clock,
                                 const uint8_t key[VT_SIPHASH_KEY_BYTES])
{
    memcpy(clock->key, key, sizeof(clock->key));
    clock->recent = vt_recent_new(ENTRIES_COUNT, LIFETIME_SECS);
    return clock->recent != NULL ? VT_OK : VT_E_NOMEM;
}

void vt_defer_clock_clear(struct vt_defer_clock *clock)
{
    vt_recent_free(clock->recent);
    clock->recent = NULL;
}

static int compare(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

/* The order in which a client names recipients is not a property of the mail. */
static void add_sorted(struct vt_siphash *hash, const char **texts, size_t count)
{
    if (count > 1)
        qsort(texts, count, sizeof(*texts), compare);
    for (size_t i = 0; i < count; i++) {
        /* Addresses are compared without case, as mail systems do. */
        for (const char *c = texts[i]; *c != '\0'; c++) {
            uint8_t lower = (uint8_t)(*c >= 'A' && *c <= 'Z' ? *c + ('a' - 'A') : *c);
            vt_siphash_add(hash, (struct vt_bytes){&lower, 1});
        }
        vt_siphash_add(hash, VT_BYTES("\0"));
    }
    vt_siphash_add(hash, VT_BYTES("\xff"));
}

enum vt_code vt_defer_clock_first(struct vt_defer_clock *clock, struct vt_arena *arena,
                                  const struct vt_evidence *evidence, const char *rule,
                                  int64_t now_utc_secs, int64_t *out_first_utc_secs)
{
    const struct vt_mail *mail = &evidence->mail;
    size_t recipients = mail->recipients_count, documents = evidence->documents_count;
    const char **texts = vt_arena_alloc(arena, (recipients + documents + 1) * sizeof(*texts));
    if (texts == NULL)
        return VT_E_NOMEM;
    struct vt_siphash hash;
    vt_siphash_init(&hash, clock->key);
    vt_siphash_add_text(&hash, rule);
    texts[0] = mail->sender != NULL ? mail->sender : "";
    add_sorted(&hash, texts, 1);
    if (recipients > 0)
        memcpy(texts, mail->recipients, recipients * sizeof(*texts));
    add_sorted(&hash, texts, recipients);
    for (size_t i = 0; i < documents; i++)
        texts[i] = evidence->documents[i].sha256;
    add_sorted(&hash, texts, documents);
    *out_first_utc_secs =
        vt_recent_touch(clock->recent, vt_siphash_get(&hash), now_utc_secs, 1).first;
    return VT_OK;
}
