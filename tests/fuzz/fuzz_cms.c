/* SPDX-License-Identifier: Apache-2.0
 * CMS, certificates and time stamps from hostile bytes. The first byte says how the rest is bound
 * to a fixed content. What comes out must be consistent, whatever goes in. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "vanthu/verify.h"

#define CONTENT VT_BYTES("Cong van so 12.\r\n")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void check_facts(const struct vt_certificate_pool *pool)
{
    for (size_t i = 0; i < vt_certificate_pool_count(pool); i++) {
        const struct vt_certificate *certificate = vt_certificate_pool_get(pool, i);
        const struct vt_certificate_facts *facts = vt_certificate_facts(certificate);
        require(facts->subject == NULL || vt_text_is_utf8(vt_bytes_str(facts->subject)));
        require(facts->serial != NULL && facts->key_algorithm != NULL);
        require(vt_certificate_x509(certificate) != NULL);
    }
}

static void check_item(const struct vt_verified *item)
{
    bool intact = item->integrity == VT_INTEGRITY_INTACT;
    require(!intact || item->signer != NULL);
    require(item->integrity != VT_INTEGRITY_BROKEN || item->sub_indication != VT_SUB_NONE);
    require(item->integrity != VT_INTEGRITY_BROKEN || item->reasons != 0);
    for (size_t i = 0; i < item->timestamps_count; i++)
        require(item->timestamps[i].integrity != VT_INTEGRITY_INTACT ||
                (item->timestamps[i].signer != NULL &&
                 item->timestamps[i].time_utc_secs != VT_TIME_NONE));
}

static void verify(struct vt_arena *arena, struct vt_bytes cms, uint8_t how)
{
    const struct vt_bytes candidates[] = {VT_BYTES("x"), CONTENT};
    struct vt_signed_object object = {
        .format = (how & 4) != 0 ? VT_SIGNATURE_SMIME : VT_SIGNATURE_CMS,
        .binding = (enum vt_binding)(how & 3),
        .ranges = {CONTENT},
        .ranges_count = (how & 8) != 0 ? 0 : 1,
    };
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    struct vt_verified_list list;
    bool has_content;
    require(pool != NULL);
    (void)vt_verify_identify_cms(arena, cms, &object.cms, &has_content);
    enum vt_code code = vt_verify_objects(arena, pool, &object, 1, candidates, 2, &list, NULL);
    require(code == VT_OK || code == VT_E_NOMEM);
    if (code != VT_OK)
        return;
    for (size_t i = 0; i < list.count; i++)
        check_item(&list.items[i]);
    check_facts(pool);
}

static void read_certificates(struct vt_arena *arena, struct vt_bytes file)
{
    const struct vt_certificate *out[4];
    size_t count;
    struct vt_certificate_pool *pool = vt_certificate_pool_new(arena, NULL);
    require(pool != NULL);
    (void)!vt_certificate_add_file(pool, file, out, 4, &count, NULL);
    require(count <= 4);
    check_facts(pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_arena *arena = vt_arena_new(64u << 20);
    if (arena == NULL || size == 0) {
        vt_arena_free(arena);
        return 0;
    }
    struct vt_bytes rest = vt_bytes_of(data + 1, size - 1);
    if ((data[0] & 0x80) != 0)
        read_certificates(arena, rest);
    else
        verify(arena, rest, data[0]);
    vt_arena_free(arena);
    return 0;
}
