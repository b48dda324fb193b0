/* SPDX-License-Identifier: Apache-2.0
 * Claims, signed. What is signed: the id of the register, the number of the claim, then each
 * column: its kind, and a number or a length with bytes, big-endian; so that no two claims are the
 * same bytes. */
#include "register/claims.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vanthu/central.h"

#define MIN_KEY_BYTES 32
#define MAX_KEY_BYTES 4096

const int vt_claim_columns[VT_CLAIMS] = {3, 3, 3, VT_CLAIM_COLUMNS};

/* ---- the key ---- */

static enum vt_code hmac(struct vt_bytes key, struct vt_bytes text, uint8_t out[VT_CLAIM_MAC_BYTES],
                         struct vt_err *err)
{
    size_t len = 0;
    const uint8_t *made = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key.ptr, key.len, text.ptr,
                                    text.len, out, VT_CLAIM_MAC_BYTES, &len);
    return made != NULL && len == VT_CLAIM_MAC_BYTES
               ? VT_OK
               : vt_err_set(err, VT_E_INTERNAL, "register: no HMAC");
}

static enum vt_code read_secret(const char *file, uint8_t out[MAX_KEY_BYTES + 1], size_t *out_len,
                                struct vt_err *err)
{
    struct stat status;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int fault = errno;
        if (fd >= 0)
            (void)close(fd);
        return vt_err_set(err, VT_E_CONFIG, "%.160s: %s", file, strerror(fault));
    }
    ssize_t got = S_ISREG(status.st_mode) ? read(fd, out, MAX_KEY_BYTES + 1) : -1;
    (void)close(fd);
    if (got < 0)
        return vt_err_set(err, VT_E_CONFIG, "%.160s is no file that can be read", file);
    if ((status.st_mode & 077) != 0)
        return vt_err_set(err, VT_E_CONFIG,
                          "%.160s is open to others than its owner: no secret (chmod 0600)", file);
    *out_len = (size_t)got;
    return VT_OK;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

enum vt_code vt_claim_key_read(const char *file, struct vt_claim_key *out, struct vt_err *err)
{
    uint8_t secret[MAX_KEY_BYTES + 1], id[VT_CLAIM_MAC_BYTES];
    size_t len = 0;
    memset(out, 0, sizeof(*out));
    if (file == NULL)
        return VT_OK;
    enum vt_code code = read_secret(file, secret, &len, err);
    bool is_long = len > MAX_KEY_BYTES;
    while (len > 0 && is_space(secret[len - 1]))
        len--;
    if (code == VT_OK && (len < MIN_KEY_BYTES || is_long))
        code = vt_err_set(err, VT_E_CONFIG,
                          "%.160s is no key: it has to have %d to %d bytes, such as "
                          "\"openssl rand -base64 32\" makes",
                          file, MIN_KEY_BYTES, MAX_KEY_BYTES);
    if (code == VT_OK)
        code = hmac(vt_bytes_of(secret, len), VT_BYTES("vanthu claims"), out->key, err);
    if (code == VT_OK)
        code = hmac(vt_bytes_of(out->key, sizeof(out->key)), VT_BYTES("vanthu claims id"), id, err);
    if (code == VT_OK)
        memcpy(out->id, id, sizeof(out->id));
    OPENSSL_cleanse(secret, sizeof(secret));
    out->is_set = code == VT_OK;
    return code;
}

enum vt_code vt_central_check_key(const char *file, struct vt_err *err)
{
    struct vt_claim_key key;
    enum vt_code code = vt_claim_key_read(file, &key, err);
    OPENSSL_cleanse(&key, sizeof(key));
    return code;
}

/* ---- signing ---- */

static enum vt_code add_number(struct vt_buf *text, uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(number >> (8 * (sizeof(bytes) - 1 - i)));
    return vt_buf_add(text, bytes, sizeof(bytes));
}

static enum vt_code add_value(struct vt_buf *text, const struct vt_value *value)
{
    uint8_t kind = (uint8_t)value->kind;
    bool has_bytes = value->kind == VT_VALUE_TEXT || value->kind == VT_VALUE_BLOB;
    enum vt_code code = vt_buf_add(text, &kind, 1);
    if (code == VT_OK && value->kind == VT_VALUE_INT)
        code = add_number(text, (uint64_t)value->number);
    if (code == VT_OK && has_bytes)
        code = add_number(text, value->bytes.len);
    if (code == VT_OK && has_bytes && value->bytes.len > 0)
        code = vt_buf_add(text, value->bytes.ptr, value->bytes.len);
    return code;
}

#define MAX_SIGNED_BYTES 4096

enum vt_code vt_claim_sign(const struct vt_claim_key *key, struct vt_bytes id, enum vt_claim claim,
                           const struct vt_value *values, size_t count,
                           uint8_t out[VT_CLAIM_MAC_BYTES], struct vt_err *err)
{
    struct vt_buf text;
    uint8_t number = (uint8_t)claim;
    vt_buf_init(&text, MAX_SIGNED_BYTES);
    enum vt_code code = vt_buf_add(&text, id.ptr, id.len);
    if (code == VT_OK)
        code = vt_buf_add(&text, &number, 1);
    for (size_t i = 0; i < count && code == VT_OK; i++)
        code = add_value(&text, &values[i]);
    if (code == VT_OK)
        code = hmac(vt_bytes_of(key->key, sizeof(key->key)), vt_buf_bytes(&text), out, err);
    else
        (void)vt_err_set(err, code, "register: a claim is too long, or there is no memory");
    vt_buf_clear(&text);
    return code;
}

bool vt_claim_is_signed(const struct vt_claim_key *key, struct vt_bytes id, enum vt_claim claim,
                        const struct vt_value *values, size_t count, struct vt_bytes mac)
{
    uint8_t right[VT_CLAIM_MAC_BYTES];
    return key->is_set && mac.len == sizeof(right) &&
           vt_claim_sign(key, id, claim, values, count, right, NULL) == VT_OK &&
           CRYPTO_memcmp(right, mac.ptr, sizeof(right)) == 0;
}

/* ---- columns ---- */

/* Which of them are numbers, and which texts; the others are digests. */
static const struct {
    unsigned numbers, texts;
} kinds[VT_CLAIMS] = {{1u << 0 | 1u << 2, 0},
                      {1u << 0 | 1u << 2, 0},
                      {1u << 0 | 1u << 2, 0},
                      {1u << 0 | 1u << 1 | 1u << 3 | 1u << 7, 1u << 2 | 1u << 6}};

static enum vt_value_kind kind_of(enum vt_claim claim, int column)
{
    return (kinds[claim].numbers >> column & 1) != 0 ? VT_VALUE_INT
           : (kinds[claim].texts >> column & 1) != 0 ? VT_VALUE_TEXT
                                                     : VT_VALUE_BLOB;
}

void vt_claim_read(struct vt_sql *sql, enum vt_claim claim, struct vt_value *out)
{
    for (int i = 0; i < vt_claim_columns[claim]; i++) {
        enum vt_value_kind kind = vt_sql_is_null(sql, i) ? VT_VALUE_NULL : kind_of(claim, i);
        out[i] = (struct vt_value){.kind = kind};
        if (kind == VT_VALUE_INT)
            out[i].number = vt_sql_int(sql, i);
        else if (kind != VT_VALUE_NULL)
            out[i].bytes = vt_sql_blob(sql, i);
    }
}

bool vt_claim_of_row(const struct vt_row *row, const char *reference, enum vt_claim *out_claim,
                     struct vt_value *out)
{
    const struct vt_value *given = row->values;
    switch (row->table) {
    case VT_TABLE_FIRST_SEEN:
    case VT_TABLE_NOTICE_KEY:
    case VT_TABLE_DEFER_CLOCK:
        *out_claim = row->table == VT_TABLE_FIRST_SEEN   ? VT_CLAIM_FIRST_SEEN
                     : row->table == VT_TABLE_NOTICE_KEY ? VT_CLAIM_NOTICE_KEY
                                                         : VT_CLAIM_DEFER_CLOCK;
        out[0] = given[1];
        out[1] = given[0];
        out[2] = given[row->table == VT_TABLE_DEFER_CLOCK ? 3 : 2];
        return true;
    case VT_TABLE_EXCEPTION:
        *out_claim = VT_CLAIM_EXCEPTION;
        out[0] = given[0];
        out[1] = given[1];
        out[2] = (struct vt_value){.kind = VT_VALUE_TEXT, .bytes = vt_bytes_str(reference)};
        out[3] = (struct vt_value){.kind = VT_VALUE_INT, .number = row->time_utc_secs};
        memcpy(out + 4, given + 2, 4 * sizeof(*out));
        return true;
    default:
        return false;
    }
}

static bool is_digest(const struct vt_value *value)
{
    return value->kind == VT_VALUE_BLOB && value->bytes.len == VT_REGISTER_DIGEST_BYTES;
}

static bool is_sound_exception(const struct vt_value *values)
{
    bool has_document = is_digest(&values[4]), has_certificate = is_digest(&values[5]);
    return values[1].kind == VT_VALUE_INT && values[2].kind == VT_VALUE_TEXT &&
           values[2].bytes.len < VT_REFERENCE_BYTES && values[3].kind == VT_VALUE_INT &&
           has_document != has_certificate && values[7].kind == VT_VALUE_INT &&
           values[3].number >= 0 && values[7].number > values[3].number &&
           values[7].number - values[3].number <= VT_MAX_EXCEPTION_SECS;
}

bool vt_claim_is_sound(enum vt_claim claim, const struct vt_value *values, int64_t after_seq,
                       int64_t until_seq)
{
    if (values[0].kind != VT_VALUE_INT || values[0].number <= after_seq ||
        values[0].number > until_seq)
        return false;
    return claim == VT_CLAIM_EXCEPTION
               ? is_sound_exception(values)
               : is_digest(&values[1]) && values[2].kind == VT_VALUE_INT && values[2].number >= 0;
}
