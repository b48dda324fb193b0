/* SPDX-License-Identifier: Apache-2.0
 * vanthu trust refresh: the published intermediates and revocation lists, now instead of when the
 * service would fetch them. Exit status 0 done, 1 something could not be had or was not taken. */
#include <getopt.h>
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "command/trust.h"

#define MAX_CRLS 64

struct crls {
    struct vt_trust_desk *desk;
    const char *urls[MAX_CRLS];
    bool is_published[MAX_CRLS]; /* a well-known place, which may have moved */
    size_t count;
    int status;
};

static void add_crl(struct crls *crls, const char *url, bool is_published)
{
    for (size_t i = 0; i < crls->count; i++) {
        if (strcmp(crls->urls[i], url) == 0)
            return;
    }
    if (crls->count == MAX_CRLS)
        return;
    crls->is_published[crls->count] = is_published;
    crls->urls[crls->count++] = url;
}

/* Those of the authorities' own certificates, and the published ones of what they issue. */
static void collect_crls(struct crls *crls)
{
    const struct vt_trust_entry *entry = NULL;
    const char *url = NULL;
    for (size_t i = 0; (entry = vt_trust_store_entry(crls->desk->store, i)) != NULL; i++) {
        for (size_t k = 0;
             (url = vt_certificate_address(entry->certificate, VT_ADDRESS_CRL, k)) != NULL; k++)
            add_crl(crls, url, false);
    }
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        if (vt_trust_store_anchors(crls->desk->store, (enum vt_trust_set_id)set) == 0)
            continue;
        for (size_t k = 0; (url = vt_trust_published_crl((enum vt_trust_set_id)set, k)) != NULL;
             k++)
            add_crl(crls, url, true);
    }
}

/* The running service verifies it and decides whether to keep it. */
static enum vt_code hand_over(struct vt_trust_desk *desk, struct vt_bytes crls, struct vt_err *err)
{
    size_t i = 0;
    json_t *answer = NULL, *crl = NULL;
    enum vt_code code = vt_command_import_crls(desk->config->control_socket, crls, &answer, err);
    if (code != VT_OK)
        return code;
    if (json_array_size(json_object_get(answer, "crls")) == 0)
        code = vt_err_set(err, VT_E_FORMAT, "it is no revocation list");
    json_array_foreach(json_object_get(answer, "crls"), i, crl)
    {
        const char *text = json_string_value(json_object_get(crl, "text"));
        if (!json_is_true(json_object_get(crl, "ok")))
            code = vt_err_set(err, VT_E_FORMAT, "not taken: %s", text != NULL ? text : "?");
    }
    json_decref(answer);
    return code;
}

static void refresh_crl(struct crls *crls, size_t index)
{
    const char *url = crls->urls[index];
    struct vt_err err = {0};
    struct vt_bytes bytes = {0};
    enum vt_code code = vt_trust_fetch(crls->desk, url, "crl", &bytes, &err);
    if (code == VT_OK)
        code = hand_over(crls->desk, bytes, &err);
    if (code == VT_OK) {
        vt_trust_result(crls->desk, "fetched", NULL, "%s (%zu bytes)", url, bytes.len);
        return;
    }
    vt_trust_result(crls->desk, "failed", NULL, "%s: %s", url,
                    err.text[0] != '\0' ? err.text : vt_code_name(code));
    if (!crls->is_published[index])
        crls->status = VT_TRUST_ATTENTION;
}

/* Roots are not for refreshing: a new one is a decision. */
static int refresh_intermediates(struct vt_trust_desk *desk, enum vt_trust_set_id set)
{
    struct vt_err err = {0};
    size_t failures = 0, kept = 0;
    struct vt_trust_items *items = vt_arena_alloc(desk->arena, sizeof(*items));
    desk->options.set = set;
    if (vt_trust_store_anchors(desk->store, set) == 0)
        return EX_OK;
    enum vt_code code =
        items == NULL ? VT_E_NOMEM : vt_trust_gather(desk, NULL, items, &failures, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    for (size_t i = 0; i < items->count; i++) {
        if (!items->list[i].facts.is_self_signed)
            items->list[kept++] = items->list[i];
    }
    items->count = kept;
    return vt_trust_take(desk, items, true);
}

int vt_trust_command_refresh(int argc, char **argv)
{
    struct vt_trust_desk desk;
    struct crls crls = {.desk = &desk};
    int status = vt_trust_desk_open(&desk, argc, argv, "");
    if (status == EX_OK && optind < argc)
        status = vt_trust_say(&desk, EX_USAGE, "refresh takes no argument");
    if (status == EX_OK && vt_trust_store_entry(desk.store, 0) == NULL)
        status =
            vt_trust_say(&desk, EX_CONFIG,
                         "there is nothing to refresh; vanthu trust setup official comes first");
    if (status != EX_OK)
        return vt_trust_desk_close(&desk, status);
    for (int set = 0; status < EX__BASE && set < VT_TRUST_SETS; set++) {
        int one = refresh_intermediates(&desk, (enum vt_trust_set_id)set);
        status = one > status ? one : status;
    }
    collect_crls(&crls);
    for (size_t i = 0; status < EX__BASE && i < crls.count; i++)
        refresh_crl(&crls, i);
    if (status < EX__BASE && crls.status > status)
        status = crls.status;
    return vt_trust_desk_close(&desk, status);
}
