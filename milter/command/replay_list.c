/* SPDX-License-Identifier: Apache-2.0
 * The mails that a replay lists: a heap of so many, the least important one on top, so that memory
 * does not grow with the number of mails decided otherwise. */
#include <stdlib.h>
#include <string.h>

#include "command/replay.h"

struct vt_replay_list {
    struct vt_replay_item *items;
    size_t count, room, most;
};

struct vt_replay_list *vt_replay_list_new(size_t most)
{
    struct vt_replay_list *list = calloc(1, sizeof(*list));
    if (list != NULL)
        list->most = most < VT_MAX_REPLAY_LIST ? most : VT_MAX_REPLAY_LIST;
    return list;
}

void vt_replay_list_free(struct vt_replay_list *list)
{
    for (size_t i = 0; list != NULL && i < list->count; i++)
        free(list->items[i].texts);
    if (list != NULL)
        free(list->items);
    free(list);
}

/* ---- what comes first ---- */

static int rank_of(const struct vt_replay_item *item)
{
    enum vt_action then = item->then_action, now = item->now_action;
    if (then == now)
        return 0;
    if (now > then)
        return now == VT_ACTION_REJECT ? 6 : now == VT_ACTION_HOLD ? 5 : 4;
    return then == VT_ACTION_REJECT ? 3 : then == VT_ACTION_HOLD ? 2 : 1;
}

/* Below 0: a comes before b. */
static int compare(const void *a, const void *b)
{
    const struct vt_replay_item *x = a, *y = b;
    int rank = rank_of(y) - rank_of(x);
    if (rank != 0)
        return rank;
    return (x->time_utc_secs < y->time_utc_secs) - (x->time_utc_secs > y->time_utc_secs);
}

static void swap(struct vt_replay_item *a, struct vt_replay_item *b)
{
    struct vt_replay_item kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct vt_replay_list *list)
{
    size_t place = 0;
    for (;;) {
        size_t last = place;
        for (size_t child = 2 * place + 1; child <= 2 * place + 2 && child < list->count; child++) {
            if (compare(&list->items[child], &list->items[last]) > 0)
                last = child;
        }
        if (last == place)
            return;
        swap(&list->items[place], &list->items[last]);
        place = last;
    }
}

static void rise(struct vt_replay_list *list)
{
    for (size_t place = list->count - 1; place > 0; place = (place - 1) / 2) {
        if (compare(&list->items[place], &list->items[(place - 1) / 2]) <= 0)
            return;
        swap(&list->items[place], &list->items[(place - 1) / 2]);
    }
}

/* ---- copies ---- */

static const char *name_of(const struct vt_replay_change *change, size_t document)
{
    return document < change->evidence->documents_count ? change->evidence->documents[document].name
                                                        : NULL;
}

/* The document that decides now, else the one that decided then. */
static const char *document_of(const struct vt_replay_change *change)
{
    const char *now = name_of(change, change->now->document);
    return now != NULL ? now : name_of(change, change->then->document);
}

/* Copy the texts into one block that the item owns. */
static bool keep_texts(struct vt_replay_item *item)
{
    const char **texts[] = {&item->reference, &item->gateway,  &item->sender,      &item->document,
                            &item->then_rule, &item->now_rule, &item->then_version};
    enum { TEXTS = sizeof(texts) / sizeof(texts[0]) };
    size_t bytes = 1;
    for (size_t i = 0; i < TEXTS; i++)
        bytes += *texts[i] != NULL ? strlen(*texts[i]) + 1 : 0;
    char *end = item->texts = malloc(bytes);
    for (size_t i = 0; i < TEXTS && end != NULL; i++) {
        if (*texts[i] == NULL)
            continue;
        size_t len = strlen(*texts[i]) + 1;
        *texts[i] = memcpy(end, *texts[i], len);
        end += len;
    }
    return item->texts != NULL;
}

static struct vt_replay_item item_of(const struct vt_replay_change *change)
{
    return (struct vt_replay_item){.reference = change->reference,
                                   .gateway = change->gateway,
                                   .sender = change->evidence->mail.sender,
                                   .document = document_of(change),
                                   .then_rule = change->then->rule,
                                   .now_rule = change->now->rule,
                                   .then_line = change->then->rule_line,
                                   .now_line = change->now->rule_line,
                                   .then_version = change->then->policy_version,
                                   .then_action = change->then_action,
                                   .now_action = change->now_action,
                                   .then_reason = change->then->reason,
                                   .now_reason = change->now->reason,
                                   .time_utc_secs = change->time_utc_secs};
}

/* ---- the list ---- */

static bool has_room(struct vt_replay_list *list)
{
    if (list->count < list->room)
        return true;
    size_t room = list->room == 0 ? 16 : list->room * 2;
    struct vt_replay_item *grown = realloc(list->items, room * sizeof(*grown));
    if (grown == NULL)
        return false;
    list->items = grown;
    list->room = room;
    return true;
}

enum vt_code vt_replay_list_add(struct vt_replay_list *list, const struct vt_replay_change *change,
                                struct vt_err *err)
{
    struct vt_replay_item item = item_of(change);
    bool is_full = list->count == list->most;
    if (change->is_repeated || list->most == 0 || (is_full && compare(&item, &list->items[0]) >= 0))
        return VT_OK;
    if ((!is_full && !has_room(list)) || !keep_texts(&item))
        return vt_err_set(err, VT_E_NOMEM, "no memory for the list of mails");
    if (is_full) {
        free(list->items[0].texts);
        list->items[0] = item;
        sink(list);
    } else {
        list->items[list->count++] = item;
        rise(list);
    }
    return VT_OK;
}

size_t vt_replay_list_end(struct vt_replay_list *list, const struct vt_replay_item **out)
{
    if (list->count > 1)
        qsort(list->items, list->count, sizeof(*list->items), compare);
    *out = list->items;
    return list->count;
}
