/* SPDX-License-Identifier: Apache-2.0
 * Building small PDFs for the tests of the document room: objects, revisions with their
 * cross-reference tables, signature dictionaries whose /ByteRange is filled in afterwards. */
#ifndef TEST_DOCUMENT_BUILD_H
#define TEST_DOCUMENT_BUILD_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUILD_MAX_BYTES 65536
#define BUILD_MAX_OBJECTS 64
#define BUILD_HOLES "[0 ////////// ////////// //////////]"
#define BUILD_HEX_DIGITS 64

struct build {
    char bytes[BUILD_MAX_BYTES];
    size_t len;
    int ids[BUILD_MAX_OBJECTS]; /* of the revision that is being written */
    size_t offsets[BUILD_MAX_OBJECTS];
    int containers[BUILD_MAX_OBJECTS]; /* object streams; 0: none */
    size_t count;
    int highest;
    long prev;
    size_t range_at; /* of the signature that is not filled in yet; 0: none */
    size_t contents_at;
};

static inline void build_put(struct build *build, const char *format, ...)
    __attribute__((__format__(printf, 2, 3)));
static inline void build_put(struct build *build, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(build->bytes + build->len, sizeof(build->bytes) - build->len, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof(build->bytes) - build->len)
        abort();
    build->len += (size_t)len;
}

static inline void build_begin(struct build *build)
{
    *build = (struct build){.prev = -1};
    build_put(build, "%%PDF-1.7\n");
}

static inline void build_object(struct build *build, int id, const char *text)
{
    build->ids[build->count] = id;
    build->offsets[build->count++] = build->len;
    if (id > build->highest)
        build->highest = id;
    build_put(build, "%d 0 obj\n%s\nendobj\n", id, text);
}

static inline void build_stream(struct build *build, int id, const char *keys, const char *data)
{
    char text[4096];
    int len = snprintf(text, sizeof(text), "<<%s /Length %zu>>\nstream\n%s\nendstream", keys,
                       strlen(data), data);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort();
    build_object(build, id, text);
}

/* A signature dictionary; keys: more of it. build_seal fills it in. */
static inline void build_signature(struct build *build, int id, const char *keys)
{
    char text[1024], zeros[BUILD_HEX_DIGITS + 1];
    memset(zeros, '0', BUILD_HEX_DIGITS);
    zeros[BUILD_HEX_DIGITS] = '\0';
    int len =
        snprintf(text, sizeof(text),
                 "<</Type/Sig/Filter/Adobe.PPKLite %s /ByteRange " BUILD_HOLES " /Contents <%s>>>",
                 keys, zeros);
    if (len < 0 || (size_t)len >= sizeof(text))
        abort();
    size_t at = build->len;
    build_object(build, id, text);
    build->range_at = (size_t)(strstr(build->bytes + at, BUILD_HOLES) - build->bytes);
    build->contents_at = (size_t)(strstr(build->bytes + at, "/Contents <") - build->bytes) + 10;
}

/* The cross-reference table of the objects since the last one. */
static inline void build_end(struct build *build, const char *trailer_keys)
{
    size_t at = build->len;
    build_put(build, "xref\n");
    if (build->prev < 0)
        build_put(build, "0 1\n0000000000 65535 f \n");
    for (size_t i = 0; i < build->count; i++)
        build_put(build, "%d 1\n%010zu 00000 n \n", build->ids[i], build->offsets[i]);
    build_put(build, "trailer\n<</Size %d %s", build->highest + 1, trailer_keys);
    if (build->prev >= 0)
        build_put(build, " /Prev %ld", build->prev);
    build_put(build, ">>\nstartxref\n%zu\n%%%%EOF\n", at);
    build->prev = (long)at;
    build->count = 0;
}

/* An object of the next update that lies in an object stream. */
static inline void build_compressed(struct build *build, int id, int container)
{
    build->ids[build->count] = id;
    build->containers[build->count] = container;
    build->offsets[build->count++] = 0;
}

static inline void build_row(uint8_t out[5], uint8_t kind, size_t place)
{
    out[0] = kind;
    for (unsigned i = 1; i < 5; i++)
        out[i] = (uint8_t)(place >> (8 * (4 - i)));
}

static inline size_t build_number(char *out, size_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (char)(value >> 8 * (bytes - 1 - i) & 0xff);
    return bytes;
}

/* The same as build_end with a cross-reference stream. */
static inline void build_end_stream(struct build *build, const char *trailer_keys)
{
    char data[BUILD_MAX_OBJECTS * 5], index[1024];
    size_t data_len = 0, index_len = 0, at = build->len;
    int id = ++build->highest;
    build->ids[build->count] = id;
    build->containers[build->count] = 0;
    build->offsets[build->count++] = at;
    for (size_t i = 0; i < build->count; i++) {
        int container = build->containers[i];
        size_t place = container != 0 ? (size_t)container : build->offsets[i];
        data_len += build_number(data + data_len, container != 0 ? 2 : 1, 1);
        data_len += build_number(data + data_len, place, 4);
        index_len +=
            (size_t)snprintf(index + index_len, sizeof(index) - index_len, "%d 1 ", build->ids[i]);
        build->containers[i] = 0;
    }
    build_put(build, "%d 0 obj\n<</Type/XRef/W[1 4 0]/Index[%s]/Length %zu/Size %d %s", id, index,
              data_len, build->highest + 1, trailer_keys);
    if (build->prev >= 0)
        build_put(build, "/Prev %ld", build->prev);
    build_put(build, ">>\nstream\n");
    if (data_len > sizeof(build->bytes) - build->len)
        abort();
    memcpy(build->bytes + build->len, data, data_len);
    build->len += data_len;
    build_put(build, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", at);
    build->prev = (long)at;
    build->count = 0;
}

/* Fill in the last signature so that it covers everything up to here. */
static inline void build_seal(struct build *build)
{
    char range[64], hex[BUILD_HEX_DIGITS + 1];
    size_t behind = build->contents_at + BUILD_HEX_DIGITS + 2;
    int len = snprintf(range, sizeof(range), "[0 %zu %zu %zu", build->contents_at, behind,
                       build->len - behind);
    memset(build->bytes + build->range_at, ' ', sizeof(BUILD_HOLES) - 1);
    memcpy(build->bytes + build->range_at, range, (size_t)len);
    build->bytes[build->range_at + sizeof(BUILD_HOLES) - 2] = ']';
    memset(hex, '0', BUILD_HEX_DIGITS);
    (void)snprintf(hex, sizeof(hex), "3003%06zX", build->len & 0xffffff);
    memset(hex + 10, '0', BUILD_HEX_DIGITS - 10);
    memcpy(build->bytes + build->contents_at + 1, hex, BUILD_HEX_DIGITS);
}

#define BUILD_DETACHED "/SubFilter/ETSI.CAdES.detached /M (D:20261203091200+07'00')"
#define BUILD_TRAILER "/Root 1 0 R /Info 12 0 R /ID [<01><02>]"
#define BUILD_XMP(modified, title)                                                                 \
    "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"                                                         \
    "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"                            \
    "<rdf:Description rdf:about='' xmlns:xmp='http://ns.adobe.com/xap/1.0/'"                       \
    " xmlns:dc='http://purl.org/dc/elements/1.1/'><xmp:ModifyDate>" modified                       \
    "</xmp:ModifyDate><dc:title>" title "</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>"
#define BUILD_WIDGET "/Type/Annot/Subtype/Widget/FT/Sig/F 132/Rect[0 0 0 0]/P 3 0 R"

/* What build_signed writes but for the form of its cross-reference. compressed: the font lies in
 * the object stream 18. */
static inline void build_objects(struct build *build, const char *signature_keys, bool compressed);

static inline void build_signed(struct build *build, const char *signature_keys)
{
    build_objects(build, signature_keys, false);
    build_end(build, BUILD_TRAILER);
    build_seal(build);
}

static inline void build_signed_compressed(struct build *build, const char *signature_keys)
{
    build_objects(build, signature_keys, true);
    build_end_stream(build, BUILD_TRAILER);
    build_seal(build);
}

/* One page, an empty signature field "later" and a field "first" that is signed by the whole file.
 * Objects: 1 catalog, 2 page tree, 3 page, 4 content, 5 form, 6 field first, 7 its signature,
 * 8 field later, 9 font, 10 metadata, 11 an array used as contents of a second page, 12
 * information, 13 second page, 15 structure tree, 16 its element. 14 does not exist but is referred
 * to. */
static inline void build_objects(struct build *build, const char *signature_keys, bool compressed)
{
    build_begin(build);
    build_object(build, 1,
                 "<</Type/Catalog/Pages 2 0 R/AcroForm 5 0 R/Metadata 10 0 R/Later 14 0 R"
                 "/StructTreeRoot 15 0 R>>");
    build_object(build, 2, "<</Type/Pages/Kids[3 0 R 13 0 R]/Count 2>>");
    build_object(build, 3,
                 "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F 9 0 R>>>>"
                 "/Contents 4 0 R/Annots[6 0 R 8 0 R]>>");
    build_stream(build, 4, "", "BT /F 9 Tf (signed) Tj ET");
    build_object(build, 5, "<</Fields[6 0 R 8 0 R]/SigFlags 3>>");
    build_object(build, 6, "<<" BUILD_WIDGET "/T(first)/V 7 0 R>>");
    build_signature(build, 7, signature_keys);
    build_object(build, 8, "<<" BUILD_WIDGET "/T(later)>>");
    if (compressed) {
        build_stream(build, 18, "/Type/ObjStm/N 1/First 4",
                     "9 0 <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
        build_compressed(build, 9, 18);
    } else {
        build_object(build, 9, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>");
    }
    build_stream(build, 10, "/Type/Metadata/Subtype/XML", BUILD_XMP("2026-12-03", "A"));
    build_object(build, 11, "[4 0 R]");
    build_object(build, 12, "<</Title(A)/Producer(B)/ModDate(D:20261203)>>");
    build_object(build, 13, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 11 0 R>>");
    build_object(build, 15, "<</Type/StructTreeRoot/K 16 0 R/ParentTree<</Nums[0[16 0 R]]>>>>");
    build_object(build, 16, "<</Type/StructElem/S/Document/P 15 0 R/K[0]>>");
}

#endif
