/* SPDX-License-Identifier: Apache-2.0
 * What a file is, by its content. The name only breaks ties: a sender chooses it freely, and a
 * signed PDF named "scan.jpg" is a signed PDF. */
#include "unpack/identify.h"

#include <string.h>

#include "unpack/names.h"

/* A file that begins so, at a fixed offset, is of this format. */
static const struct {
    size_t offset;
    struct vt_bytes magic;
    enum vt_format format;
} magics[] = {
#define MAGIC(offset, text, format)                                                                \
    {                                                                                              \
        offset, {(const uint8_t *)(text), sizeof(text) - 1}, format                                \
    }
    MAGIC(0, "%PDF-", VT_FORMAT_PDF),
    MAGIC(0, "\x89PNG\r\n\x1a\n", VT_FORMAT_IMAGE),
    MAGIC(0, "\xff\xd8\xff", VT_FORMAT_IMAGE), /* JPEG */
    MAGIC(0, "GIF87a", VT_FORMAT_IMAGE),
    MAGIC(0, "GIF89a", VT_FORMAT_IMAGE),
    MAGIC(0, "II*\0", VT_FORMAT_IMAGE), /* TIFF */
    MAGIC(0, "MM\0*", VT_FORMAT_IMAGE),
    MAGIC(8, "WEBPVP8", VT_FORMAT_IMAGE),
    MAGIC(4, "ftyphei", VT_FORMAT_IMAGE), /* HEIF */
    MAGIC(4, "ftypmif1", VT_FORMAT_IMAGE),
    MAGIC(4, "ftypavif", VT_FORMAT_IMAGE),
    MAGIC(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", VT_FORMAT_OLE),
    MAGIC(0, "{\\rtf", VT_FORMAT_RTF),
    MAGIC(0, "\x78\x9f\x3e\x22", VT_FORMAT_TNEF),
    MAGIC(0, "7z\xbc\xaf\x27\x1c", VT_FORMAT_ARCHIVE),
    MAGIC(0, "Rar!\x1a\x07", VT_FORMAT_ARCHIVE),
    MAGIC(0, "MSCF\0\0\0\0", VT_FORMAT_ARCHIVE), /* cabinet */
    MAGIC(0, "\x1f\x8b\x08", VT_FORMAT_ARCHIVE), /* gzip */
    MAGIC(0, "\x1f\x9d", VT_FORMAT_ARCHIVE),     /* compress */
    MAGIC(0, "BZh", VT_FORMAT_ARCHIVE),
    MAGIC(0,
          "\xfd"
          "7zXZ\0",
          VT_FORMAT_ARCHIVE),
    MAGIC(0, "\x28\xb5\x2f\xfd", VT_FORMAT_ARCHIVE), /* zstd */
    MAGIC(0, "\x04\x22\x4d\x18", VT_FORMAT_ARCHIVE), /* lz4 */
    MAGIC(0, "\x60\xea", VT_FORMAT_ARCHIVE),         /* arj */
    MAGIC(0, "xar!", VT_FORMAT_ARCHIVE),
    MAGIC(2, "-lh", VT_FORMAT_ARCHIVE),
    MAGIC(257, "ustar", VT_FORMAT_ARCHIVE),
    MAGIC(32769, "CD001", VT_FORMAT_ARCHIVE), /* ISO 9660 */
#undef MAGIC
};

/* Readers accept "%PDF-" within the first 1024 bytes (ISO 32000-1 annex H, note 13). */
#define PDF_BEGIN_BYTES 1024

static bool window_has(const struct vt_sample *sample, struct vt_bytes word)
{
    return vt_bytes_find(sample->head, word, 0) != SIZE_MAX ||
           vt_bytes_find(sample->tail, word, 0) != SIZE_MAX;
}

/* "%PDF-" behind other bytes: a letter may speak of it too, so something else of a PDF has to be
 * there, or the name. */
static bool is_late_pdf(const struct vt_sample *sample)
{
    struct vt_bytes begin = vt_bytes_slice(sample->head, 0, PDF_BEGIN_BYTES + 5);
    if (vt_bytes_find(begin, VT_BYTES("%PDF-"), 0) == SIZE_MAX)
        return false;
    return vt_name_has_extension(sample->name, ".pdf") || window_has(sample, VT_BYTES(" obj")) ||
           window_has(sample, VT_BYTES("startxref")) || window_has(sample, VT_BYTES("%%EOF"));
}

static uint32_t little_endian_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* "BM" alone is too little: the size of the file stands behind it, then four zero bytes. */
static bool is_bmp(const struct vt_sample *sample)
{
    return sample->head.len >= 26 && vt_bytes_starts_with(sample->head, VT_BYTES("BM")) &&
           little_endian_32(sample->head.ptr + 6) == 0 &&
           little_endian_32(sample->head.ptr + 2) <= sample->file_len + 4;
}

static enum vt_format by_magic(const struct vt_sample *sample)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        struct vt_bytes at = vt_bytes_slice(sample->head, magics[i].offset, magics[i].magic.len);
        if (vt_bytes_equal(at, magics[i].magic))
            return magics[i].format;
    }
    return is_bmp(sample) ? VT_FORMAT_IMAGE : VT_FORMAT_UNKNOWN;
}

/* Binary OpenPGP has no magic: a packet tag (RFC 4880 4.2) under a name of its own. */
static bool is_binary_pgp(const struct vt_sample *sample)
{
    return (sample->head.ptr[0] & 0x80) != 0 && (vt_name_has_extension(sample->name, ".pgp") ||
                                                 vt_name_has_extension(sample->name, ".gpg"));
}

enum vt_format vt_unpack_identify(struct vt_bytes bytes, const char *name)
{
    if (bytes.len == 0)
        return VT_FORMAT_EMPTY;
    struct vt_sample sample = {
        .head = vt_bytes_slice(bytes, 0, VT_SAMPLE_BYTES),
        .file_len = bytes.len,
        .name = name,
    };
    size_t rest = bytes.len - sample.head.len;
    size_t tail_len = rest < VT_SAMPLE_BYTES ? rest : VT_SAMPLE_BYTES;
    sample.tail = vt_bytes_slice(bytes, bytes.len - tail_len, tail_len);
    /* A file that is two things at once is what its name opens it as. */
    if (vt_name_has_extension(name, ".pdf") && is_late_pdf(&sample))
        return VT_FORMAT_PDF;
    enum vt_format format = by_magic(&sample);
    if (format == VT_FORMAT_UNKNOWN)
        format = vt_identify_cms(&sample);
    if (format == VT_FORMAT_UNKNOWN)
        format = vt_identify_zip(&sample);
    if (format == VT_FORMAT_UNKNOWN && is_late_pdf(&sample))
        format = VT_FORMAT_PDF;
    if (format == VT_FORMAT_UNKNOWN && is_binary_pgp(&sample))
        format = VT_FORMAT_ENCRYPTED;
    return format == VT_FORMAT_UNKNOWN ? vt_identify_text(&sample) : format;
}
