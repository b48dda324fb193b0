/* SPDX-License-Identifier: Apache-2.0
 * Seals a mail with a software key in place of the sealer, and checks what came of it.
 *   seal_file KEY.pem CHAIN.pem IN OUT [opaque|headers|pss|also]…
 * Prints what became of it. Exit status: 0 sealed and good, 1 left alone, 2 anything else. */
#include <openssl/pem.h>

#include "../lib/seal.h"
#include "vanthu/limits.h"
#include "vanthu/seal_message.h"

static struct vt_bytes read_whole(struct vt_arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    TC_CHECK(file != NULL && fseek(file, 0, SEEK_END) == 0);
    long len = ftell(file);
    rewind(file);
    uint8_t *bytes = vt_arena_alloc(arena, (size_t)len + 1);
    TC_CHECK(bytes != NULL && fread(bytes, 1, (size_t)len, file) == (size_t)len);
    (void)fclose(file);
    return vt_bytes_of(bytes, (size_t)len);
}

static struct vt_bytes read_chain(struct vt_arena *arena, const char *path)
{
    struct vt_bytes certificates[VT_MAX_PATH];
    struct vt_buf chain;
    size_t count = 0;
    TC_CHECK(vt_certificate_file_split(arena, read_whole(arena, path), certificates, VT_MAX_PATH,
                                       &count, NULL) == VT_OK);
    vt_buf_init(&chain, VT_MAX_SEAL_CHAIN_BYTES);
    for (size_t i = 0; i < count; i++)
        TC_CHECK(vt_buf_add(&chain, certificates[i].ptr, certificates[i].len) == VT_OK);
    void *copy = vt_arena_dup(arena, chain.ptr, chain.len);
    struct vt_bytes bytes = vt_bytes_of(copy, chain.len);
    vt_buf_clear(&chain);
    return bytes;
}

static EVP_PKEY *read_key(const char *path)
{
    FILE *file = fopen(path, "r");
    EVP_PKEY *key = file == NULL ? NULL : PEM_read_PrivateKey(file, NULL, NULL, NULL);
    TC_CHECK(key != NULL);
    (void)fclose(file);
    return key;
}

static bool has_word(char **words, const char *word)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static int seal_mail(struct vt_arena *arena, EVP_PKEY *key, const struct vt_seal_identity *identity,
                     struct vt_bytes mail, const char *out_path, char **words)
{
    const struct vt_seal_message_plan plan = {
        .identity = identity,
        .signing_time_utc_secs = (int64_t)time(NULL),
        .form = has_word(words, "opaque") ? VT_SEAL_OPAQUE : VT_SEAL_CLEAR,
        .protects_headers = has_word(words, "headers"),
        .also = has_word(words, "also") ? ~0u : 0,
    };
    struct vt_seal_message message;
    struct vt_sealed_message sealed;
    struct vt_seal_check check;
    struct vt_err err = {0};
    if (vt_seal_message_prepare(arena, mail, &plan, &message, &err) != VT_OK)
        return (void)puts(err.text), 2;
    (void)printf("%s %s\n", vt_seal_message_word_name(message.word),
                 message.why != NULL ? message.why : "");
    if (message.word != VT_SEAL_MESSAGE_READY)
        return 1;
    struct vt_bytes signature = ts_sign_with(arena, key, identity, message.attributes);
    if (vt_seal_message_finish(arena, &message, signature, TD_NONE, &sealed, &err) != VT_OK ||
        vt_seal_message_check(arena, mail, sealed.mail, identity, &check, &err) != VT_OK)
        return (void)puts(err.text), 2;
    if (!check.is_good)
        return (void)puts(check.why), 2;
    FILE *file = fopen(out_path, "wb");
    TC_CHECK(file != NULL && fwrite(sealed.mail.ptr, 1, sealed.mail.len, file) == sealed.mail.len);
    return fclose(file) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    struct vt_arena *arena = vt_arena_new((size_t)1024 << 20);
    EVP_PKEY *key = read_key(argv[1]);
    const struct vt_seal_identity identity = {
        .key = "test",
        .chain = read_chain(arena, argv[2]),
        .scheme = !EVP_PKEY_is_a(key, "RSA")  ? VT_SEAL_ECDSA
                  : has_word(argv + 5, "pss") ? VT_SEAL_RSA_PSS
                                              : VT_SEAL_RSA_PKCS1,
    };
    int status = seal_mail(arena, key, &identity, read_whole(arena, argv[3]), argv[4], argv + 5);
    EVP_PKEY_free(key);
    vt_arena_free(arena);
    return status;
}
