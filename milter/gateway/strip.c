/* SPDX-License-Identifier: Apache-2.0
 * Forged headers of ours: noticed while the header passes, removed at end of message. */
#include "gateway/strip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/authserv.h"

#define RESULTS "Authentication-Results"
#define OURS "X-Vanthu-"
/* Stays: it asks to answer nothing, and a notice that is forwarded has to say so to the next
 * gateway. Who forges it asks for no notices. */
#define NOTICE "X-Vanthu-Notice"

/* A space before the colon is obsolete syntax (RFC 5322 4.5.8) that some readers accept. */
static size_t name_len(const char *name)
{
    size_t len = strlen(name);
    while (len > 0 && (name[len - 1] == ' ' || name[len - 1] == '\t'))
        len--;
    return len;
}

enum vt_code vt_strip_see(struct vt_strip *strip, struct vt_arena *arena, const char *authserv_id,
                          const char *name, const char *value)
{
    bool is_results = name_len(name) == sizeof(RESULTS) - 1 &&
                      strncasecmp(name, RESULTS, sizeof(RESULTS) - 1) == 0;
    bool is_ours = strncasecmp(name, OURS, sizeof(OURS) - 1) == 0 &&
                   (name_len(name) != sizeof(NOTICE) - 1 ||
                    strncasecmp(name, NOTICE, sizeof(NOTICE) - 1) != 0);
    if (is_results) {
        strip->results_seen++;
        is_ours = vt_authserv_is(vt_bytes_str(value), authserv_id);
    }
    if (!is_ours)
        return VT_OK;
    if (strip->count >= VT_MAX_STRIPPED)
        return VT_E_LIMIT;
    struct vt_stripped *items =
        vt_arena_grow(arena, strip->items, strip->count, sizeof(*strip->items));
    char *copy = vt_arena_dup(arena, name, name_len(name));
    if (items == NULL || copy == NULL)
        return VT_E_NOMEM;
    strip->items = items;
    /* An X-Vanthu header is removed whatever it says, so its index is its place among those. */
    items[strip->count++] = (struct vt_stripped){copy, is_results ? strip->results_seen : 0};
    return VT_OK;
}

/* By name, then by the order of appearance, which is the order in memory before sorting. */
static int compare(const void *a, const void *b)
{
    const struct vt_stripped *x = a, *y = b;
    int by_name = strcasecmp(x->name, y->name);
    return by_name != 0 ? by_name : (x->index > y->index) - (x->index < y->index);
}

/* Headers that are all removed need no number of their own until here: one, two, three. */
static void number_ours(struct vt_strip *strip)
{
    int index = 0;
    for (size_t i = 0; i < strip->count; i++) {
        bool is_same = i > 0 && strcasecmp(strip->items[i].name, strip->items[i - 1].name) == 0;
        index = is_same ? index + 1 : 1;
        if (strip->items[i].index == 0)
            strip->items[i].index = index;
    }
}

enum vt_code vt_strip_remove(struct vt_strip *strip, const struct vt_milter_api *api, SMFICTX *ctx)
{
    if (strip->count == 0)
        return VT_OK;
    qsort(strip->items, strip->count, sizeof(*strip->items), compare);
    number_ours(strip);
    for (size_t i = strip->count; i-- > 0;) {
        if (api->delete_header(ctx, strip->items[i].name, strip->items[i].index) != MI_SUCCESS)
            return VT_E_SYSTEM;
    }
    return VT_OK;
}
