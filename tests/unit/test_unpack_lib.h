/* SPDX-License-Identifier: Apache-2.0
 * What the tests of unpack share: a mail written down as text, unpacked, and questions about it. */
#ifndef VANTHU_TEST_UNPACK_LIB_H
#define VANTHU_TEST_UNPACK_LIB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "vanthu/unpack.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(reason) VT_REASON_BIT(VT_REASON_##reason)

struct unpacked_mail {
    struct vt_arena *arena;
    struct vt_unpacked *unpacked;
};

static inline struct unpacked_mail unpack_bytes(struct vt_bytes input, const char *name,
                                                bool is_mail)
{
    struct unpacked_mail mail = {.arena = vt_arena_new(VT_MAX_MAIL_ARENA_BYTES)};
    struct vt_err err = {0};
    assert_non_null(mail.arena);
    assert_int_equal(vt_unpack(mail.arena, input, name, is_mail, &mail.unpacked, &err), VT_OK);
    assert_non_null(mail.unpacked);
    return mail;
}

static inline struct unpacked_mail unpack_text(const char *text)
{
    return unpack_bytes(vt_bytes_str(text), NULL, true);
}

static inline void release(struct unpacked_mail *mail)
{
    vt_arena_free(mail->arena);
    *mail = (struct unpacked_mail){0};
}

/* The last part at a place: of a root multipart and its mail the multipart. */
static inline const struct vt_part *part_at(const struct unpacked_mail *mail, const char *path)
{
    const struct vt_part *found = NULL;
    for (size_t i = 0; i < mail->unpacked->parts_count; i++) {
        if (strcmp(mail->unpacked->parts[i].path, path) == 0)
            found = &mail->unpacked->parts[i];
    }
    if (found == NULL)
        fail_msg("there is no part \"%s\"", path);
    return found;
}

static inline void assert_bytes(struct vt_bytes bytes, const char *text)
{
    if (!vt_bytes_equal(bytes, vt_bytes_str(text)))
        fail_msg("\"%.*s\" is not \"%s\"", (int)bytes.len, (const char *)bytes.ptr, text);
}

static inline vt_reasons all_reasons(const struct unpacked_mail *mail)
{
    vt_reasons reasons = mail->unpacked->reasons;
    for (size_t i = 0; i < mail->unpacked->parts_count; i++)
        reasons |= mail->unpacked->parts[i].reasons;
    return reasons;
}

static inline bool some_finding_has(const struct unpacked_mail *mail, const char *words)
{
    const struct vt_unpacked *unpacked = mail->unpacked;
    for (size_t i = 0; i < unpacked->findings_count; i++) {
        if (strstr(unpacked->findings[i], words) != NULL)
            return true;
    }
    for (size_t p = 0; p < unpacked->parts_count; p++) {
        for (size_t i = 0; i < unpacked->parts[p].findings_count; i++) {
            if (strstr(unpacked->parts[p].findings[i], words) != NULL)
                return true;
        }
    }
    return false;
}

#endif
