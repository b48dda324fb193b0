/* SPDX-License-Identifier: Apache-2.0
 * Keys under which the register remembers that the inspection of a mail failed. */
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "register/chain.h"
#include "vanthu/register.h"

#define PIECE_BYTES 65536

/* Read by pread, because the file may still change hands; never mapped. */
static enum vt_code add_file(EVP_MD_CTX *context, int fd, uint64_t offset, struct vt_err *err)
{
    uint8_t piece[PIECE_BYTES];
    for (;;) {
        ssize_t got = pread(fd, piece, sizeof(piece), (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return vt_err_sys(err, "cannot read the mail");
        if (got == 0)
            return VT_OK;
        if (EVP_DigestUpdate(context, piece, (size_t)got) != 1)
            return vt_err_set(err, VT_E_INTERNAL, "the mail could not be digested");
        offset += (uint64_t)got;
    }
}

enum vt_code vt_register_failure_digest(int mail_fd, uint64_t body_offset_bytes, const char *sender,
                                        char out_sha256[65], struct vt_err *err)
{
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    unsigned len = 0;
    enum vt_code code = VT_E_NOMEM;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    /* The NUL of the sender is its end. */
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(context, sender, strlen(sender) + 1) != 1) {
        vt_err_set(err, code, "no memory to digest the mail");
        goto done;
    }
    code = add_file(context, mail_fd, body_offset_bytes, err);
    if (code == VT_OK && EVP_DigestFinal_ex(context, digest, &len) != 1)
        code = vt_err_set(err, VT_E_INTERNAL, "the mail could not be digested");
    if (code == VT_OK)
        vt_text_hex(out_sha256, vt_bytes_of(digest, sizeof(digest)));
done:
    EVP_MD_CTX_free(context);
    return code;
}

enum vt_code vt_register_failure_key(const char *digest_sha256, int64_t period, unsigned number,
                                     char out_sha256[65])
{
    char text[160];
    uint8_t digest[VT_REGISTER_DIGEST_BYTES];
    (void)snprintf(text, sizeof(text), "inspection failed\n%.64s\n%lld\n%u\n", digest_sha256,
                   (long long)period, number);
    enum vt_code code = vt_chain_sha256(vt_bytes_str(text), digest);
    if (code == VT_OK)
        vt_text_hex(out_sha256, vt_bytes_of(digest, sizeof(digest)));
    return code;
}
