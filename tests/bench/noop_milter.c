/* SPDX-License-Identifier: Apache-2.0
 * A milter that decides nothing, to price what is not ours: the protocol and libmilter.
 *   noop_milter SOCKET idle    takes every callback and answers none before the end
 *   noop_milter SOCKET hash    the same, and hashes the base64 of the body as it passes: the least
 *                              that a verifier of everything has to do */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmilter/mfapi.h>
#include <openssl/evp.h>

#define NO_DIGIT UINT32_C(0x80000000)
#define PIECE_BYTES 65536
#define NOT_ANSWERED                                                                               \
    (SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |               \
     SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY)

/* One mail: the running digest and digits of a group that a chunk's end divided. */
struct mail {
    EVP_MD_CTX *digest;
    uint32_t bits;
    unsigned digits;
};

/* Filled once, before any thread. */
static uint32_t digit_values[256];
static bool hashing;

static void fill_table(void)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned c = 0; c < 256; c++)
        digit_values[c] = NO_DIGIT;
    for (uint32_t i = 0; i < 64; i++)
        digit_values[(unsigned char)alphabet[i]] = i;
}

static void drop(SMFICTX *context)
{
    struct mail *mail = smfi_getpriv(context);
    if (mail == NULL)
        return;
    EVP_MD_CTX_free(mail->digest);
    free(mail);
    (void)smfi_setpriv(context, NULL);
}

static struct mail *mail_of(SMFICTX *context)
{
    struct mail *mail = smfi_getpriv(context);
    if (mail != NULL)
        return mail;
    mail = calloc(1, sizeof(*mail));
    if (mail == NULL)
        return NULL;
    mail->digest = EVP_MD_CTX_new();
    if (mail->digest == NULL || EVP_DigestInit_ex(mail->digest, EVP_sha256(), NULL) != 1 ||
        smfi_setpriv(context, mail) != MI_SUCCESS) {
        EVP_MD_CTX_free(mail->digest);
        free(mail);
        return NULL;
    }
    return mail;
}

static size_t put_group(uint8_t *to, uint32_t bits)
{
    to[0] = (uint8_t)(bits >> 16);
    to[1] = (uint8_t)(bits >> 8);
    to[2] = (uint8_t)bits;
    return 3;
}

/* Whole groups at once; what stands between them digit by digit. */
static size_t decode(struct mail *mail, const unsigned char *at, size_t len, uint8_t *out)
{
    const unsigned char *end = at + len;
    size_t used = 0;
    while (at < end) {
        while (mail->digits == 0 && end - at >= 4) {
            uint32_t all = digit_values[at[0]] | digit_values[at[1]] | digit_values[at[2]] |
                           digit_values[at[3]];
            if ((all & NO_DIGIT) != 0)
                break;
            used += put_group(out + used, digit_values[at[0]] << 18 | digit_values[at[1]] << 12 |
                                              digit_values[at[2]] << 6 | digit_values[at[3]]);
            at += 4;
        }
        uint32_t value = at < end ? digit_values[*at++] : NO_DIGIT;
        if (value == NO_DIGIT)
            continue;
        mail->bits = mail->bits << 6 | value;
        if (++mail->digits == 4) {
            used += put_group(out + used, mail->bits);
            mail->bits = mail->digits = 0;
        }
    }
    return used;
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t len)
{
    uint8_t decoded[PIECE_BYTES];
    struct mail *mail = hashing && len <= PIECE_BYTES ? mail_of(context) : NULL;
    if (mail != NULL)
        (void)EVP_DigestUpdate(mail->digest, decoded, decode(mail, chunk, len, decoded));
    return SMFIS_NOREPLY;
}

static sfsistat on_connect(SMFICTX *context, char *host, struct sockaddr *address)
{
    (void)context, (void)host, (void)address;
    return SMFIS_NOREPLY;
}

static sfsistat on_word(SMFICTX *context, char *word)
{
    (void)context, (void)word;
    return SMFIS_NOREPLY;
}

static sfsistat on_words(SMFICTX *context, char **words)
{
    (void)context, (void)words;
    return SMFIS_NOREPLY;
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
    (void)context, (void)name, (void)value;
    return SMFIS_NOREPLY;
}

static sfsistat on_event(SMFICTX *context)
{
    (void)context;
    return SMFIS_NOREPLY;
}

static sfsistat on_end(SMFICTX *context)
{
    unsigned char value[EVP_MAX_MD_SIZE];
    struct mail *mail = smfi_getpriv(context);
    if (mail != NULL)
        (void)EVP_DigestFinal_ex(mail->digest, value, NULL);
    drop(context);
    return SMFIS_CONTINUE;
}

static sfsistat on_drop(SMFICTX *context)
{
    drop(context);
    return SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
                             unsigned long more, unsigned long rest, unsigned long *out_actions,
                             unsigned long *out_steps, unsigned long *out_more,
                             unsigned long *out_rest)
{
    (void)context, (void)actions, (void)more, (void)rest;
    *out_actions = *out_more = *out_rest = 0;
    *out_steps = steps & NOT_ANSWERED;
    return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
    struct smfiDesc description = {.xxfi_name = argv[0],
                                   .xxfi_version = SMFI_VERSION,
                                   .xxfi_connect = on_connect,
                                   .xxfi_helo = on_word,
                                   .xxfi_envfrom = on_words,
                                   .xxfi_envrcpt = on_words,
                                   .xxfi_header = on_header,
                                   .xxfi_eoh = on_event,
                                   .xxfi_body = on_body,
                                   .xxfi_eom = on_end,
                                   .xxfi_abort = on_drop,
                                   .xxfi_close = on_drop,
                                   .xxfi_data = on_event,
                                   .xxfi_negotiate = on_negotiate};
    if (argc != 3) {
        fprintf(stderr, "usage: noop_milter SOCKET idle|hash\n");
        return 64;
    }
    hashing = strcmp(argv[2], "hash") == 0;
    fill_table();
    if (smfi_setconn(argv[1]) != MI_SUCCESS || smfi_register(description) != MI_SUCCESS ||
        smfi_main() != MI_SUCCESS)
        return 1;
    return 0;
}
