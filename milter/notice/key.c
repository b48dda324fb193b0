/* SPDX-License-Identifier: Apache-2.0
 * Keys of notices: SHA-256 over parts, each with its length before it, so that no two lists of
 * parts read the same. */
#include "notice/owed.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DIGEST_BYTES 32

static bool digest_parts(const char *const *parts, size_t count, uint8_t out[DIGEST_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_good = context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; is_good && i < count; i++) {
        char head[24];
        size_t len = strlen(parts[i]);
        int head_len = snprintf(head, sizeof(head), "%zu:", len);
        is_good = EVP_DigestUpdate(context, head, (size_t)head_len) == 1 &&
                  EVP_DigestUpdate(context, parts[i], len) == 1;
    }
    is_good = is_good && EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context);
    return is_good;
}

void vt_notice_key_of(const char *const *parts, size_t count, char out_sha256[65])
{
    uint8_t digest[DIGEST_BYTES] = {0};
    /* Without memory a key of its own: told twice is better than not told. */
    if (!digest_parts(parts, count, digest))
        (void)!getrandom(digest, sizeof(digest), GRND_NONBLOCK);
    vt_text_hex(out_sha256, vt_bytes_of(digest, sizeof(digest)));
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum vt_code vt_notice_key(struct vt_arena *arena, const struct vt_evidence *evidence,
                           char out_sha256[65])
{
    enum { HEAD = 3 };
    const struct vt_mail *mail = &evidence->mail;
    const char **parts = vt_arena_alloc(arena, (evidence->documents_count + HEAD) * sizeof(*parts));
    const char *sender = vt_owed_lower(arena, mail->sender);
    size_t count = HEAD;
    if (parts == NULL || sender == NULL)
        return VT_E_NOMEM;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        if (evidence->documents[i].sha256[0] != '\0')
            parts[count++] = evidence->documents[i].sha256;
    }
    bool has_id = mail->message_id != NULL && mail->message_id[0] != '\0';
    if (!has_id && count == HEAD) {
        const char *const alone[] = {"reference", mail->reference != NULL ? mail->reference : ""};
        vt_notice_key_of(alone, 2, out_sha256);
        return VT_OK;
    }
    parts[0] = "mail";
    parts[1] = sender;
    parts[2] = has_id ? mail->message_id : "";
    qsort(parts + HEAD, count - HEAD, sizeof(*parts), compare);
    vt_notice_key_of(parts, count, out_sha256);
    return VT_OK;
}
