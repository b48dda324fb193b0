/* SPDX-License-Identifier: Apache-2.0
 * Seals a mail or a PDF with a software key in place of the sealer, and checks what came of it.
 *   seal_file KEY.pem CHAIN.pem IN OUT [opaque|headers|also]… [SIGNING]
 *   seal_file KEY.pem CHAIN.pem IN OUT [image=PNG width=MM] [font=TTF] [line=TEXT]… [page=N]
 *             [left=MM] [top=MM] [anchor=TEXT] [field=NAME] [signature] [hide] [token=BYTES]
 *             [certificate=DER]… [ocsp=DER]… [crl=DER]… [unsealed] [SIGNING]
 *   SIGNING:  [pss] [hash=sha384|sha512] [stamp=COMMAND]; the command is given the name of a file
 *             and writes the time stamp token over it to the second one.
 * Prints what became of it. Exit status: 0 sealed and good, 1 left alone, 2 anything else. */
#include <openssl/pem.h>

#include "../lib/seal.h"
#include "vanthu/limits.h"
#include "vanthu/seal_message.h"
#include "vanthu/seal_pdf.h"

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

static const char *option(char **words, const char *name)
{
    for (; *words != NULL; words++) {
        if (strncmp(*words, name, strlen(name)) == 0 && (*words)[strlen(name)] == '=')
            return *words + strlen(name) + 1;
    }
    return NULL;
}

static double number(char **words, const char *name)
{
    return option(words, name) == NULL ? 0 : strtod(option(words, name), NULL);
}

static void read_shown(struct vt_arena *arena, char **words, struct vt_seal_pdf_plan *plan)
{
    const char **lines = vt_arena_alloc(arena, VT_MAX_SEAL_LINES * sizeof(*lines));
    struct vt_err err = {0};
    if (option(words, "image") != NULL) {
        plan->show = VT_SEAL_SHOW_IMAGE;
        TC_CHECK(vt_seal_image_read(arena, read_whole(arena, option(words, "image")),
                                    number(words, "width"), &plan->image, &err) == VT_OK);
    }
    if (option(words, "font") != NULL) {
        plan->show = VT_SEAL_SHOW_TEXT;
        TC_CHECK(vt_seal_font_read(arena, read_whole(arena, option(words, "font")), &plan->font,
                                   &err) == VT_OK);
    }
    plan->lines = lines;
    for (; *words != NULL; words++) {
        if (option(words, "line") == *words + 5 && plan->lines_count < VT_MAX_SEAL_LINES)
            lines[plan->lines_count++] = *words + 5;
    }
}

static void read_place(char **words, struct vt_seal_pdf_plan *plan)
{
    plan->page = (unsigned)number(words, "page");
    plan->left_mm = number(words, "left");
    plan->top_mm = number(words, "top");
    plan->anchor = option(words, "anchor");
    plan->field = option(words, "field");
    plan->place = plan->anchor != NULL            ? VT_SEAL_PLACE_ANCHOR
                  : plan->field != NULL           ? VT_SEAL_PLACE_FIELD
                  : has_word(words, "signature")  ? VT_SEAL_PLACE_SIGNATURE
                  : option(words, "page") != NULL ? VT_SEAL_PLACE_PAGE
                                                  : VT_SEAL_PLACE_TOP_RIGHT;
}

/* The token a time stamp authority gives over a signature; empty where none is asked. */
static struct vt_bytes stamp(struct vt_arena *arena, char **words, struct vt_bytes signature,
                             const char *out_path)
{
    const char *command = option(words, "stamp");
    if (command == NULL)
        return TD_NONE;
    const char *value = vt_arena_printf(arena, "%s.value", out_path);
    const char *token = vt_arena_printf(arena, "%s.token", out_path);
    FILE *file = fopen(value, "wb");
    TC_CHECK(file != NULL && fwrite(signature.ptr, 1, signature.len, file) == signature.len &&
             fclose(file) == 0);
    TC_CHECK(system(vt_arena_printf(arena, "%s '%s' '%s'", command, value, token)) == 0);
    return read_whole(arena, token);
}

/* The files of all options of a name. */
static const struct vt_bytes *read_each(struct vt_arena *arena, char **words, const char *name,
                                        size_t *out_count)
{
    struct vt_bytes *files = NULL;
    for (; *words != NULL; words++) {
        const char *path = option(words, name);
        if (path == NULL || path != *words + strlen(name) + 1)
            continue;
        files = vt_arena_grow(arena, files, *out_count, sizeof(*files));
        TC_CHECK(files != NULL);
        files[(*out_count)++] = read_whole(arena, path);
    }
    return files;
}

/* With validation data where some are given (B-LT). */
static struct vt_bytes store(struct vt_arena *arena, char **words, struct vt_bytes sealed)
{
    struct vt_seal_pdf_data data = {0};
    struct vt_seal_pdf_check check;
    struct vt_bytes update;
    struct vt_err err = {0};
    data.certificates = read_each(arena, words, "certificate", &data.certificates_count);
    data.ocsps = read_each(arena, words, "ocsp", &data.ocsps_count);
    data.crls = read_each(arena, words, "crl", &data.crls_count);
    if (data.certificates_count + data.ocsps_count + data.crls_count == 0)
        return sealed;
    TC_CHECK(vt_seal_pdf_store(arena, sealed, &data, &update, &err) == VT_OK);
    uint8_t *whole = vt_arena_alloc(arena, sealed.len + update.len);
    memcpy(whole, sealed.ptr, sealed.len);
    memcpy(whole + sealed.len, update.ptr, update.len);
    struct vt_bytes stored = vt_bytes_of(whole, sealed.len + update.len);
    TC_CHECK(vt_seal_pdf_check_store(arena, sealed, stored, &check, &err) == VT_OK &&
             check.is_good);
    return stored;
}

static void write_whole(const char *path, struct vt_bytes bytes)
{
    FILE *file = fopen(path, "wb");
    TC_CHECK(file != NULL && fwrite(bytes.ptr, 1, bytes.len, file) == bytes.len &&
             fclose(file) == 0);
}

static int seal_pdf(struct vt_arena *arena, EVP_PKEY *key, const struct vt_seal_identity *identity,
                    struct vt_bytes pdf, const char *out_path, char **words)
{
    struct vt_seal_pdf_plan plan = {.identity = identity,
                                    .signing_time_utc_secs = (int64_t)time(NULL),
                                    .name = "Sở Nội vụ tỉnh Ninh Bình",
                                    .may_be_invisible = has_word(words, "hide"),
                                    .token_max_bytes = (size_t)number(words, "token")};
    struct vt_seal_pdf seal;
    struct vt_seal_pdf_check check;
    struct vt_bytes update;
    struct vt_err err = {0};
    if (has_word(words, "unsealed"))
        return write_whole(out_path, store(arena, words, pdf)), 0;
    read_shown(arena, words, &plan);
    read_place(words, &plan);
    if (vt_seal_pdf_prepare(arena, pdf, &plan, &seal, &err) != VT_OK)
        return (void)puts(err.text), 2;
    (void)printf("%s %s\n", vt_seal_pdf_word_name(seal.word), seal.why != NULL ? seal.why : "");
    if (seal.word != VT_SEAL_PDF_READY)
        return 1;
    struct vt_bytes signature = ts_sign_with(arena, key, identity, seal.attributes);
    struct vt_bytes token = stamp(arena, words, signature, out_path);
    if (vt_seal_pdf_finish(arena, &seal, signature, token, &update, &err) != VT_OK)
        return (void)puts(err.text), 2;
    uint8_t *whole = vt_arena_alloc(arena, pdf.len + update.len);
    memcpy(whole, pdf.ptr, pdf.len);
    memcpy(whole + pdf.len, update.ptr, update.len);
    struct vt_bytes sealed = vt_bytes_of(whole, pdf.len + update.len);
    write_whole(out_path, store(arena, words, sealed));
    if (vt_seal_pdf_check(arena, pdf, sealed, identity, &check, &err) != VT_OK)
        return (void)puts(err.text), 2;
    return check.is_good ? 0 : ((void)puts(check.why), 2);
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
    struct vt_bytes token = stamp(arena, words, signature, out_path);
    if (vt_seal_message_finish(arena, &message, signature, token, &sealed, &err) != VT_OK ||
        vt_seal_message_check(arena, mail, sealed.mail, &plan, &check, &err) != VT_OK)
        return (void)puts(err.text), 2;
    if (!check.is_good)
        return (void)puts(check.why), 2;
    FILE *file = fopen(out_path, "wb");
    TC_CHECK(file != NULL && fwrite(sealed.mail.ptr, 1, sealed.mail.len, file) == sealed.mail.len);
    return fclose(file) == 0 ? 0 : 2;
}

static enum vt_seal_hash hash_of(char **words)
{
    const char *name = option(words, "hash");
    return name == NULL                  ? VT_SEAL_SHA256
           : strcmp(name, "sha384") == 0 ? VT_SEAL_SHA384
                                         : VT_SEAL_SHA512;
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
        .hash = hash_of(argv + 5),
    };
    struct vt_bytes input = read_whole(arena, argv[3]);
    int status = vt_bytes_find(vt_bytes_slice(input, 0, 1024), VT_BYTES("%PDF-"), 0) != SIZE_MAX
                     ? seal_pdf(arena, key, &identity, input, argv[4], argv + 5)
                     : seal_mail(arena, key, &identity, input, argv[4], argv + 5);
    EVP_PKEY_free(key);
    vt_arena_free(arena);
    return status;
}
