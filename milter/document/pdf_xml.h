/* SPDX-License-Identifier: Apache-2.0
 * Tags and texts of an XML document, as much of XML as programs write into metadata: no document
 * type, no comments, no CDATA, no names without a prefix in a namespace. Whatever else there is
 * ends the reading. Nothing is kept but the declarations of namespaces. */
#ifndef VT_DOCUMENT_PDF_XML_H
#define VT_DOCUMENT_PDF_XML_H

#include "document/pdf.h"

/* Real metadata have 20 of each. */
#define PDF_XML_MAX_NAMESPACES 64
#define PDF_XML_MAX_ATTRIBUTES 48
/* Of the prefix xml. */
#define PDF_XML_NS "http://www.w3.org/XML/1998/namespace"

struct pdf_xml_name {
    struct vt_bytes uri; /* empty: in no namespace */
    struct vt_bytes local;
};

struct pdf_xml_attribute {
    struct vt_bytes prefix;
    struct pdf_xml_name name;
    struct vt_bytes value;
};

struct pdf_xml_tag {
    struct vt_bytes raw; /* the name as written, with its prefix */
    struct pdf_xml_name name;
    struct pdf_xml_attribute attributes[PDF_XML_MAX_ATTRIBUTES]; /* without declarations */
    size_t count;
    bool closes;   /* </name>: no more is known of it than raw */
    bool is_empty; /* <name/> */
};

struct pdf_xml {
    struct pdf_reader *reader;
    struct vt_bytes text;
    size_t at;
    struct {
        struct vt_bytes prefix;
        struct vt_bytes uri;
    } namespaces[PDF_XML_MAX_NAMESPACES];
    size_t namespaces_count; /* whoever leaves an element sets it to what it was before */
};

bool pdf_xml_is(const struct pdf_xml_name *name, const char *uri, const char *local);
void pdf_xml_skip_space(struct pdf_xml *xml);
/* Move behind a word when it stands there. */
bool pdf_xml_take(struct pdf_xml *xml, const char *word);
/* Read the tag that begins here. False: there is none, or it is not well formed. */
bool pdf_xml_take_tag(struct pdf_xml *xml, struct pdf_xml_tag *out);
/* Read the end tag of an element. */
bool pdf_xml_take_end(struct pdf_xml *xml, const struct pdf_xml_tag *tag);
/* Does an end tag begin here? */
bool pdf_xml_is_at_end(const struct pdf_xml *xml);
/* Text with its references replaced, in the scratch memory. False: it holds a control character, or
 * a reference that is not known. */
bool pdf_xml_decode(struct pdf_xml *xml, struct vt_bytes raw, bool is_attribute,
                    struct vt_bytes *out);

#endif
