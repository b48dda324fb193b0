/* SPDX-License-Identifier: Apache-2.0
 * Recognisers that need more than a fixed string; each looks at the windows of vt_sample only. */
#ifndef VANTHU_UNPACK_IDENTIFY_H
#define VANTHU_UNPACK_IDENTIFY_H

#include "vanthu/unpack.h"

/* What of a file is looked at. */
#define VT_SAMPLE_BYTES ((size_t)64 * 1024)

struct vt_sample {
    struct vt_bytes head; /* the first bytes */
    struct vt_bytes tail; /* the last bytes that are not in head */
    size_t file_len;
    const char *name; /* or NULL */
};

/* CMS by its outer object identifier: VT_FORMAT_CMS, VT_FORMAT_ENCRYPTED, or VT_FORMAT_UNKNOWN.
 * DER and BER; PEM or bare base64 of them. */
enum vt_format vt_identify_cms(const struct vt_sample *sample);
/* A zip archive by the names of its members: OOXML, ODF, ASIC or ZIP; UNKNOWN when it is none. */
enum vt_format vt_identify_zip(const struct vt_sample *sample);
/* Text by its first words: XML, HTML, RTF, a mail, PGP, plain text; UNKNOWN when it is binary. */
enum vt_format vt_identify_text(const struct vt_sample *sample);

#endif
