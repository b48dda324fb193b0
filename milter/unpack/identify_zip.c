/* SPDX-License-Identifier: Apache-2.0
 * Zip archives by the names of their members, from local headers and central directory entries
 * that stand in the first and last bytes (APPNOTE 4.3.7, 4.3.12). Nothing is inflated. */
#include "unpack/identify.h"

#include <string.h>

/* Local file header: signature, name length at 26, extra length at 28, name at 30. */
#define LOCAL_BYTES 30
/* Central directory entry: signature, name length at 28, name at 46. */
#define CENTRAL_BYTES 46

/* What the names in an archive say of it. */
struct zip_names {
    bool has_content_types;
    bool has_odf_content;
    bool has_asic_signature;
    enum vt_format mimetype; /* by the member "mimetype", stored as the first one */
};

static size_t little_endian_16(const uint8_t *at)
{
    return (size_t)at[0] | (size_t)at[1] << 8;
}

static bool contains(struct vt_bytes text, struct vt_bytes word)
{
    return vt_bytes_find(text, word, 0) != SIZE_MAX;
}

static void note_name(struct vt_bytes name, struct zip_names *names)
{
    if (vt_bytes_equal(name, VT_BYTES("[Content_Types].xml")))
        names->has_content_types = true;
    else if (vt_bytes_equal(name, VT_BYTES("META-INF/manifest.xml")))
        names->has_odf_content = true;
    else if (vt_bytes_starts_with_nocase(name, VT_BYTES("META-INF/")) &&
             (contains(name, VT_BYTES("signature")) || contains(name, VT_BYTES("timestamp")) ||
              contains(name, VT_BYTES(".p7s"))))
        names->has_asic_signature = true;
}

/* OpenDocument 1.2 part 3, 3.3; ETSI EN 319 162-1 4.3.3: "mimetype" is first and stored, so its
 * content can be read in place. */
static void note_mimetype(struct vt_bytes content, struct zip_names *names)
{
    if (vt_bytes_starts_with(content, VT_BYTES("application/vnd.oasis.opendocument.")))
        names->mimetype = VT_FORMAT_ODF;
    else if (vt_bytes_starts_with(content, VT_BYTES("application/vnd.etsi.asic-")))
        names->mimetype = VT_FORMAT_ASIC;
}

static void note_local(struct vt_bytes at, struct zip_names *names)
{
    if (at.len < LOCAL_BYTES)
        return;
    size_t name_len = little_endian_16(at.ptr + 26), extra_len = little_endian_16(at.ptr + 28);
    struct vt_bytes name = vt_bytes_slice(at, LOCAL_BYTES, name_len);
    note_name(name, names);
    if (vt_bytes_equal(name, VT_BYTES("mimetype")) && names->mimetype == VT_FORMAT_UNKNOWN)
        note_mimetype(vt_bytes_slice(at, LOCAL_BYTES + name_len + extra_len, 100), names);
}

static void note_central(struct vt_bytes at, struct zip_names *names)
{
    if (at.len >= CENTRAL_BYTES)
        note_name(vt_bytes_slice(at, CENTRAL_BYTES, little_endian_16(at.ptr + 28)), names);
}

static void note_window(struct vt_bytes window, struct zip_names *names)
{
    size_t at = 0;
    while ((at = vt_bytes_find(window, VT_BYTES("PK"), at)) != SIZE_MAX) {
        struct vt_bytes rest = vt_bytes_slice(window, at, SIZE_MAX);
        if (vt_bytes_starts_with(rest, VT_BYTES("PK\x03\x04")))
            note_local(rest, names);
        else if (vt_bytes_starts_with(rest, VT_BYTES("PK\x01\x02")))
            note_central(rest, names);
        at += 2;
    }
}

/* A zip begins with a member, is empty, or (behind a program that unpacks it) ends as one. */
static bool is_zip(const struct vt_sample *sample)
{
    struct vt_bytes end = sample->tail.len > 0 ? sample->tail : sample->head;
    return vt_bytes_starts_with(sample->head, VT_BYTES("PK\x03\x04")) ||
           vt_bytes_starts_with(sample->head, VT_BYTES("PK\x05\x06")) ||
           vt_bytes_starts_with(sample->head, VT_BYTES("PK\x07\x08PK")) ||
           contains(end, VT_BYTES("PK\x05\x06"));
}

enum vt_format vt_identify_zip(const struct vt_sample *sample)
{
    if (!is_zip(sample))
        return VT_FORMAT_UNKNOWN;
    struct zip_names names = {0};
    note_window(sample->head, &names);
    note_window(sample->tail, &names);
    if (names.mimetype != VT_FORMAT_UNKNOWN)
        return names.mimetype;
    if (names.has_content_types)
        return VT_FORMAT_OOXML;
    if (names.has_asic_signature)
        return VT_FORMAT_ASIC;
    return names.has_odf_content ? VT_FORMAT_ODF : VT_FORMAT_ZIP;
}
