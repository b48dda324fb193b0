/* SPDX-License-Identifier: Apache-2.0
 * CMS at a glance (RFC 5652 3): ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, ... } in
 * DER or BER, and the same as base64 or PEM (RFC 7468), as careless programs attach it. */
#include "unpack/identify.h"

/* Enough for SEQUENCE, its length, and the object identifier. */
#define GLANCE_BYTES 48

/* Content octets of the object identifiers and what they make of the file. Compressed, digested
 * and authenticated data are CMS too; which kind is found out when it is verified. */
static const struct {
    struct vt_bytes oid;
    enum vt_format format;
} contents[] = {
#define PKCS7(last, format)                                                                        \
    {                                                                                              \
        {(const uint8_t *)("\x2a\x86\x48\x86\xf7\x0d\x01\x07" last), 9}, format                    \
    }
#define SMIME(last, format)                                                                        \
    {                                                                                              \
        {(const uint8_t *)("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01" last), 11}, format           \
    }
    PKCS7("\x02", VT_FORMAT_CMS),       /* signedData */
    PKCS7("\x03", VT_FORMAT_ENCRYPTED), /* envelopedData */
    PKCS7("\x04", VT_FORMAT_ENCRYPTED), /* signedAndEnvelopedData, PKCS #7 1.5 */
    PKCS7("\x05", VT_FORMAT_CMS),       /* digestedData */
    PKCS7("\x06", VT_FORMAT_ENCRYPTED), /* encryptedData */
    SMIME("\x02", VT_FORMAT_CMS),       /* authData */
    SMIME("\x09", VT_FORMAT_CMS),       /* compressedData, RFC 3274 */
    SMIME("\x17", VT_FORMAT_ENCRYPTED), /* authEnvelopedData, RFC 5083 */
#undef PKCS7
#undef SMIME
};

/* Skip a BER length; the view of what follows, or nothing. */
static struct vt_bytes after_length(struct vt_bytes ber)
{
    if (ber.len == 0)
        return ber;
    size_t octets = ber.ptr[0] > 0x80 ? ber.ptr[0] & 0x7Fu : 0;
    return octets > 8 ? vt_bytes_slice(ber, ber.len, 0) : vt_bytes_slice(ber, 1 + octets, SIZE_MAX);
}

static enum vt_format by_object_identifier(struct vt_bytes ber)
{
    if (ber.len < 2 || ber.ptr[0] != 0x30)
        return VT_FORMAT_UNKNOWN;
    struct vt_bytes rest = after_length(vt_bytes_slice(ber, 1, SIZE_MAX));
    if (rest.len < 2 || rest.ptr[0] != 0x06)
        return VT_FORMAT_UNKNOWN;
    rest = after_length(vt_bytes_slice(rest, 1, SIZE_MAX));
    for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++) {
        if (vt_bytes_starts_with(rest, contents[i].oid))
            return contents[i].format;
    }
    return VT_FORMAT_UNKNOWN;
}

static bool is_white(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct vt_bytes skip_white(struct vt_bytes text)
{
    size_t i = vt_bytes_starts_with(text, VT_BYTES("\xef\xbb\xbf")) ? 3 : 0;
    while (i < text.len && is_white(text.ptr[i]))
        i++;
    return vt_bytes_slice(text, i, SIZE_MAX);
}

/* The first octets behind base64 text. */
static enum vt_format by_base64(struct vt_bytes text)
{
    uint8_t out[GLANCE_BYTES * 3 + 3];
    const char *defect = NULL;
    struct vt_bytes begin = vt_bytes_slice(skip_white(text), 0, GLANCE_BYTES * 3 / 2);
    /* A base64 SEQUENCE of this size begins with "MA" to "MI". */
    if (begin.len < 4 || begin.ptr[0] != 'M')
        return VT_FORMAT_UNKNOWN;
    size_t len = vt_base64_read(begin, out, &defect);
    return by_object_identifier(vt_bytes_of(out, len));
}

/* -----BEGIN label----- at the begin of a line; explanatory text may precede it (RFC 7468 5.2). */
static enum vt_format by_pem(const struct vt_sample *sample)
{
    const struct vt_bytes mark = VT_BYTES("-----BEGIN ");
    size_t at = vt_bytes_find(sample->head, mark, 0);
    if (at == SIZE_MAX || (at > 0 && sample->head.ptr[at - 1] != '\n'))
        return VT_FORMAT_UNKNOWN;
    size_t end = vt_bytes_find(vt_bytes_slice(sample->head, 0, at + 100), VT_BYTES("-----\n"),
                               at + mark.len);
    size_t end_crlf = vt_bytes_find(vt_bytes_slice(sample->head, 0, at + 100), VT_BYTES("-----\r"),
                                    at + mark.len);
    if (end_crlf < end)
        end = end_crlf;
    return end == SIZE_MAX ? VT_FORMAT_UNKNOWN
                           : by_base64(vt_bytes_slice(sample->head, end + 6, SIZE_MAX));
}

enum vt_format vt_identify_cms(const struct vt_sample *sample)
{
    enum vt_format format = by_object_identifier(vt_bytes_slice(sample->head, 0, GLANCE_BYTES));
    if (format == VT_FORMAT_UNKNOWN)
        format = by_base64(sample->head);
    return format == VT_FORMAT_UNKNOWN ? by_pem(sample) : format;
}
