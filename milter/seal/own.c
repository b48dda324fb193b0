/* SPDX-License-Identifier: Apache-2.0
 * Own certificates and seals, judged by the same inspection as those of others (legal.md R-24). */
#include <stdio.h>
#include <string.h>

#include "vanthu/sealing.h"
#include "vanthu/wire.h"

#define MAX_PEM_BYTES (VT_MAX_SEAL_CHAIN_BYTES * 2)

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

enum vt_code vt_seal_chain_file(struct vt_bytes chain, int *out_fd, struct vt_err *err)
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

/* Its status may not be known yet: that is no fault of the token. */
static bool is_useful(const struct vt_timestamp_facts *facts)
{
    return facts->integrity == VT_INTEGRITY_INTACT &&
           (facts->indication == VT_TOTAL_PASSED || facts->sub_indication == VT_SUB_TRY_LATER);
}

bool vt_stamp_is_good(const struct vt_signature *judged, struct vt_arena *arena,
                      const char **out_text)
{
    *out_text = "the sealed mail shows no time stamp";
    for (size_t i = 0; i < judged->timestamps_count; i++) {
        const struct vt_timestamp_facts *facts = &judged->timestamps[i];
        if (facts->kind == NULL || strcmp(facts->kind, "signature") != 0)
            continue;
        if (is_useful(facts))
            return true;
        const char *text = facts->findings_count > 0
                               ? facts->findings[facts->findings_count - 1]
                               : vt_sub_indication_name(facts->sub_indication);
        *out_text = vt_arena_str(arena, text);
    }
    return false;
}
