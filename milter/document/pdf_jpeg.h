/* SPDX-License-Identifier: Apache-2.0
 * JPEG (ISO/IEC 10918-1), as the DCTDecode filter of PDF has it (ISO 32000-1, 7.4.8). */
#ifndef VT_DOCUMENT_PDF_JPEG_H
#define VT_DOCUMENT_PDF_JPEG_H

#include "vanthu/bytes.h"

struct pdf_jpeg {
    size_t width, height;
    unsigned parts; /* 1: grey; 3: red, green, blue; 4: cyan, magenta, yellow, black */
    uint8_t *data;  /* malloc'd, parts bytes a pixel, rows without padding */
};

/* Decode a picture, made smaller by 2, 4 or 8 where it keeps least_width and least_height.
 * *pixels_left: what may be decoded yet; every pixel counts once, in a progressive picture once for
 * each scan, so that no file of a few kilobytes keeps the processor busy for minutes.
 * What is missing at the end of a picture that was cut off is grey. False: no JPEG, a damaged or
 * too large one, no memory. */
bool pdf_jpeg_decode(struct vt_bytes bytes, size_t least_width, size_t least_height,
                     size_t *pixels_left, struct pdf_jpeg *out);

#endif
