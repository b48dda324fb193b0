/* SPDX-License-Identifier: Apache-2.0
 * An XMP packet (ISO 16684-1) taken apart into leaves, each a path of names and a value, so that
 * two packets can be compared however they are written. */
#ifndef VT_DOCUMENT_PDF_XMP_H
#define VT_DOCUMENT_PDF_XMP_H

#include "document/pdf.h"

/* Between the names of a path, and before the value: no text of XML holds them. An item of an array
 * has the name of the array and as many + as it is the first, second, and so on. */
#define PDF_XMP_LEVEL "\x01"
#define PDF_XMP_VALUE "\x02"
#define PDF_XMP_LINK "\x03"

/* Of the prefix xml. */
#define PDF_XMP_NS_XML "http://www.w3.org/XML/1998/namespace"
#define PDF_XMP_NS "http://ns.adobe.com/xap/1.0/"
#define PDF_XMP_NS_MM "http://ns.adobe.com/xap/1.0/mm/"
#define PDF_XMP_NS_PDF "http://ns.adobe.com/pdf/1.3/"
#define PDF_XMP_NS_DC "http://purl.org/dc/elements/1.1/"

struct pdf_xmp {
    struct pdf_reader *reader;
    struct vt_bytes about; /* what all descriptions are about */
    bool has_about;
    struct vt_bytes *leaves; /* in order, without those that change with every save */
    size_t count;
    size_t text_bytes;
};

/* False: there is something in it that is not understood, or a property twice. An empty text is a
 * packet without leaves. */
bool pdf_xmp_read(struct pdf_reader *reader, struct vt_bytes text, struct pdf_xmp *out);
/* The order of two leaves, as qsort(3) asks for it. */
int pdf_xmp_order(const void *a, const void *b);

#endif
