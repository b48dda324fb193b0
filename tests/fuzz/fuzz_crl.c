/* SPDX-License-Identifier: Apache-2.0
 * CRLs: parsed to the end, indexed, asked for scope and entries, signed or not; and the same bytes
 * as a sealed list that somebody hostile sent. */
#include <unistd.h>

#include "../lib/read_crl.h"
#include "fixed_ca.h"
#include "vanthu/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What an index finds is what a walk finds. */
static void compare_index(struct vt_arena *arena, struct vt_bytes input,
                          const struct vt_certificate *certificate)
{
    struct vt_crl crl;
    struct vt_crl_index index;
    struct vt_crl_entry walked;
    struct vt_crl_entry found;
    struct vt_bytes serial = vt_certificate_serial(certificate);
    if (vt_crl_parse(input, &crl, NULL) != VT_OK)
        return;
    void *memory = vt_arena_alloc(arena, vt_crl_index_bytes(&crl));
    if (memory == NULL || vt_crl_index_build(&crl, memory, &index, NULL) != VT_OK)
        return;
    vt_crl_find(&crl, serial, &walked);
    vt_crl_index_find(&crl, &index, crl.issuer, serial, &found);
    if (crl.issuer_changes_count == 0 &&
        (walked.found != found.found || walked.reason != found.reason ||
         walked.revoked_at_utc_secs != found.revoked_at_utc_secs))
        abort();
}

static void ask(struct vt_arena *arena, const struct vt_crl_list *list,
                const struct fixed_ca *fixed)
{
    struct vt_status_fact fact = {0};
    struct vt_crl_entry entry;
    const char *why = NULL;
    unsigned reasons = vt_crl_list_scope(list, fixed->leaf.certificate, &why);
    if ((reasons == 0) != (why != NULL) || (reasons & ~VT_CRL_ALL_REASONS) != 0)
        abort();
    vt_crl_list_find(list, vt_crl_list_issuer_of(fixed->leaf.certificate),
                     vt_certificate_serial(fixed->leaf.certificate), &entry);
    (void)vt_crl_list_is_delta_of(list, list);
    if (vt_crl_list_fact(arena, list, fixed->leaf.certificate, fixed->ca.certificate, &fact,
                         NULL) == VT_OK &&
        fact.value != VT_STATUS_GOOD && fact.value != VT_STATUS_REVOKED &&
        fact.value != VT_STATUS_SUSPENDED)
        abort();
}

static void open_sealed(struct vt_arena *arena, struct vt_bytes input, const struct fixed_ca *fixed)
{
    int fd = -1;
    struct vt_crl_list *list = NULL;
    if (vt_memfd_seal("fuzz", input, &fd, NULL) != VT_OK)
        abort();
    if (vt_crl_list_open(fd, &list, NULL) == VT_OK)
        ask(arena, list, fixed);
    vt_crl_list_close(list);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fixed_ca fixed;
    struct vt_crl_list *list = NULL;
    struct vt_status_fact fact;
    if (fixed.arena == NULL)
        fixed_ca_make(&fixed);
    struct vt_arena *arena = vt_arena_new(1024 * 1024);
    struct vt_bytes input = vt_bytes_of(data, size);
    if (read_crl(arena, input, fixed.leaf.certificate, fixed.ca.certificate, "fuzz", &fact, NULL) ==
            VT_OK &&
        fact.source == NULL)
        abort();
    /* The same without a signature, which would stop every mutation. */
    if (vt_crl_list_over(arena, input, VT_ORIGIN_EMBEDDED, "fuzz", &list, NULL) == VT_OK)
        ask(arena, list, &fixed);
    compare_index(arena, input, fixed.leaf.certificate);
    open_sealed(arena, input, &fixed);
    vt_arena_free(arena);
    return 0;
}
