/* SPDX-License-Identifier: Apache-2.0
 * An XMP packet as a tree of XML, walked as ISO 16684-1 section 7 says RDF is written in it. No
 * document type, so that nothing stands for something else. */
#include "document/pdf_xmp.h"

#include <libxml/parser.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LEVELS 24
#define MAX_LEAVES 8192
/* Paths and values of all leaves. */
#define MAX_TEXT_BYTES ((size_t)4 * 1024 * 1024)

#define NS_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define NS_META "adobe:ns:meta/"

static const struct vt_bytes nothing = {0};

static struct vt_bytes text_of(const xmlChar *text)
{
    return vt_bytes_str(text == NULL ? "" : (const char *)text);
}

static struct vt_bytes uri_of(const xmlNs *ns)
{
    return ns == NULL ? nothing : text_of(ns->href);
}

static bool is(struct vt_bytes bytes, const char *text)
{
    return vt_bytes_equal(bytes, vt_bytes_str(text));
}

static bool is_rdf(const xmlNode *node, const char *local)
{
    return is(uri_of(node->ns), NS_RDF) && is(text_of(node->name), local);
}

/* Of RDF, or of no vocabulary: what says how something is written, not what is. */
static bool is_syntax(const xmlAttr *attribute)
{
    struct vt_bytes uri = uri_of(attribute->ns);
    return uri.len == 0 || is(uri, NS_RDF);
}

/* The text in a node that holds nothing else. False: it does. */
static bool text_in(const xmlNode *first, struct vt_bytes *out)
{
    *out = first == NULL ? nothing : text_of(first->content);
    return first == NULL || (first->type == XML_TEXT_NODE && first->next == NULL);
}

/* The next element; NULL at the end. False: between there is something that says something. */
static bool next_element(const xmlNode **node)
{
    while (*node != NULL && (*node)->type == XML_TEXT_NODE && xmlIsBlankNode(*node))
        *node = (*node)->next;
    return *node == NULL || (*node)->type == XML_ELEMENT_NODE;
}

/* ---- leaves ---- */

static struct vt_bytes join(struct pdf_xmp *xmp, struct vt_bytes path, const char *between,
                            struct vt_bytes more, struct vt_bytes rest)
{
    const struct vt_bytes parts[] = {path, vt_bytes_str(between), more, rest};
    size_t len = path.len + parts[1].len + more.len + rest.len, at = 0;
    uint8_t *text =
        xmp->text_bytes + len > MAX_TEXT_BYTES ? NULL : pdf_scratch(xmp->reader, len + 1);
    if (text == NULL)
        return nothing;
    xmp->text_bytes += len;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].len > 0)
            memcpy(text + at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return vt_bytes_of(text, len);
}

/* The path of a property below another one; empty: limits, or no property. */
static struct vt_bytes path_of(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNs *ns,
                               const xmlChar *local)
{
    struct vt_bytes uri = uri_of(ns);
    if (uri.len == 0 || is(uri, NS_RDF) || is(uri, NS_META))
        return nothing;
    return join(xmp, path, PDF_XMP_LEVEL, uri, text_of(local));
}

static bool add_leaf(struct pdf_xmp *xmp, struct vt_bytes path, const char *mark,
                     struct vt_bytes value)
{
    struct vt_bytes leaf = join(xmp, path, mark, value, nothing);
    if (path.len == 0 || leaf.len == 0 || xmp->count == MAX_LEAVES)
        return false;
    xmp->leaves[xmp->count++] = leaf;
    return true;
}

/* 7.4: what stands in attributes of an element, its language included. */
static bool add_attributes(struct pdf_xmp *xmp, const xmlNode *element, struct vt_bytes path,
                           size_t *out_fields)
{
    struct vt_bytes value;
    *out_fields = 0;
    for (const xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next) {
        if (is_syntax(attribute))
            continue;
        *out_fields += !is(uri_of(attribute->ns), PDF_XMP_NS_XML);
        if (!text_in(attribute->children, &value) ||
            !add_leaf(xmp, path_of(xmp, path, attribute->ns, attribute->name), PDF_XMP_VALUE,
                      value))
            return false;
    }
    return true;
}

/* ---- properties ---- */

static bool take_property(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNode *element,
                          unsigned level);

static bool take_properties(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNode *node,
                            unsigned level)
{
    for (; next_element(&node); node = node->next) {
        if (node == NULL)
            return true;
        struct vt_bytes below = path_of(xmp, path, node->ns, node->name);
        if (below.len == 0 || !take_property(xmp, below, node, level + 1))
            return false;
    }
    return false;
}

/* 7.6: an array, of which each item is like a property. */
static bool take_array(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNode *array,
                       unsigned level)
{
    struct vt_bytes below = join(xmp, path, PDF_XMP_LEVEL, text_of(array->name), nothing);
    if (array->properties != NULL || !add_leaf(xmp, below, PDF_XMP_VALUE, nothing))
        return false;
    for (const xmlNode *item = array->children; next_element(&item); item = item->next) {
        if (item == NULL)
            return true;
        /* As many as it is the first, second, … */
        below = join(xmp, below, "+", nothing, nothing);
        if (!is_rdf(item, "li") || below.len == 0 || !take_property(xmp, below, item, level + 1))
            return false;
    }
    return false;
}

/* 7.4, 7.5: the one element in a property, an array or a structure. */
static bool take_node(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNode *node,
                      unsigned level)
{
    size_t fields = 0;
    if (is_rdf(node, "Seq") || is_rdf(node, "Bag") || is_rdf(node, "Alt"))
        return take_array(xmp, path, node, level);
    for (const xmlAttr *attribute = node->properties; attribute != NULL;
         attribute = attribute->next) {
        if (is_syntax(attribute))
            return false;
    }
    return is_rdf(node, "Description") && add_attributes(xmp, node, path, &fields) &&
           take_properties(xmp, path, node->children, level + 1);
}

/* 7.4: what says in which form the value of a property is written. False: it is not known. */
static bool read_form(const xmlNode *element, bool *out_is_structure, bool *out_is_link,
                      struct vt_bytes *out_link)
{
    struct vt_bytes value;
    *out_is_structure = *out_is_link = false;
    for (const xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next) {
        bool is_of_rdf = is(uri_of(attribute->ns), NS_RDF);
        if (!is_syntax(attribute))
            continue;
        if (!is_of_rdf || !text_in(attribute->children, &value))
            return false;
        if (is(text_of(attribute->name), "parseType") && is(value, "Resource"))
            *out_is_structure = true;
        else if (is(text_of(attribute->name), "resource"))
            *out_is_link = true, *out_link = value;
        else
            return false;
    }
    return true;
}

/* The value of a property, or of an item of an array. */
static bool take_property(struct pdf_xmp *xmp, struct vt_bytes path, const xmlNode *element,
                          unsigned level)
{
    bool is_structure = false, is_link = false;
    struct vt_bytes link = nothing, value;
    size_t fields = 0;
    if (level > MAX_LEVELS || !read_form(element, &is_structure, &is_link, &link) ||
        !add_attributes(xmp, element, path, &fields))
        return false;
    const xmlNode *node = element->children;
    if (is_link)
        return node == NULL && fields == 0 && !is_structure &&
               add_leaf(xmp, path, PDF_XMP_LINK, link);
    if (fields > 0)
        return node == NULL;
    if (is_structure)
        return take_properties(xmp, path, node, level);
    if (text_in(node, &value))
        return add_leaf(xmp, path, PDF_XMP_VALUE, value);
    if (!next_element(&node) || node == NULL || !take_node(xmp, path, node, level + 1))
        return false;
    node = node->next;
    return next_element(&node) && node == NULL;
}

/* ---- the packet ---- */

/* 7.4: a description; all of a packet are of the same thing. */
static bool take_description(struct pdf_xmp *xmp, const xmlNode *element)
{
    struct vt_bytes value;
    size_t fields = 0;
    for (const xmlAttr *attribute = element->properties; attribute != NULL;
         attribute = attribute->next) {
        if (!is_syntax(attribute))
            continue;
        if (!is(text_of(attribute->name), "about") || !text_in(attribute->children, &value) ||
            (xmp->has_about && !vt_bytes_equal(xmp->about, value)))
            return false;
        xmp->about = join(xmp, value, "", nothing, nothing);
        xmp->has_about = true;
    }
    return add_attributes(xmp, element, nothing, &fields) &&
           take_properties(xmp, nothing, element->children, 1);
}

/* 7.3.3: RDF, bare or wrapped in one element. NULL: there is none, or something beside it. */
static const xmlNode *find_rdf(const xmlNode *root)
{
    if (!is(uri_of(root->ns), NS_META) || !is(text_of(root->name), "xmpmeta"))
        return root;
    for (const xmlAttr *attribute = root->properties; attribute != NULL;
         attribute = attribute->next) {
        if (!is(uri_of(attribute->ns), NS_META))
            return NULL;
    }
    const xmlNode *found = root->children;
    if (!next_element(&found) || found == NULL)
        return NULL;
    const xmlNode *behind = found->next;
    return next_element(&behind) && behind == NULL ? found : NULL;
}

static bool take_packet(struct pdf_xmp *xmp, const xmlDoc *document)
{
    const xmlNode *rdf = NULL;
    for (const xmlNode *node = document->children; node != NULL; node = node->next) {
        if (node->type == XML_ELEMENT_NODE)
            rdf = find_rdf(node);
        else if (node->type != XML_PI_NODE) /* <?xpacket …?> */
            return false;
    }
    if (rdf == NULL || !is_rdf(rdf, "RDF") || rdf->properties != NULL)
        return false;
    for (const xmlNode *node = rdf->children; next_element(&node); node = node->next) {
        if (node == NULL)
            return true;
        if (!is_rdf(node, "Description") || !take_description(xmp, node))
            return false;
    }
    return false;
}

/* The caller frees it. NULL: it is not well-formed XML in UTF-8, or has a document type. */
static xmlDoc *parse(struct vt_bytes text)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    if (parser == NULL || text.len > INT_MAX ||
        vt_bytes_find(text, VT_BYTES("<!DOCTYPE"), 0) != SIZE_MAX) {
        xmlFreeParserCtxt(parser);
        return NULL;
    }
    xmlDoc *document =
        xmlCtxtReadMemory(parser, (const char *)text.ptr, (int)text.len, NULL, "UTF-8",
                          XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!parser->nsWellFormed) { /* a prefix of nothing, or an attribute twice */
        xmlFreeDoc(document);
        document = NULL;
    }
    xmlFreeParserCtxt(parser);
    return document;
}

/* ---- the leaves of a packet ---- */

/* What changes with every save. */
static const char *const volatile_properties[] = {
    PDF_XMP_LEVEL PDF_XMP_NS "ModifyDate" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS "MetadataDate" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS_MM "InstanceID" PDF_XMP_VALUE,
    PDF_XMP_LEVEL PDF_XMP_NS_PDF "Producer" PDF_XMP_VALUE};

static bool begins(struct vt_bytes leaf, const char *path)
{
    return vt_bytes_equal(vt_bytes_slice(leaf, 0, strlen(path)), vt_bytes_str(path));
}

static bool is_volatile(struct vt_bytes leaf)
{
    for (size_t i = 0; i < sizeof(volatile_properties) / sizeof(volatile_properties[0]); i++) {
        if (begins(leaf, volatile_properties[i]))
            return true;
    }
    return false;
}

int pdf_xmp_order(const void *a, const void *b)
{
    const struct vt_bytes *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->ptr, right->ptr, len);
    return order != 0 ? order : left->len < right->len ? -1 : left->len > right->len;
}

static size_t path_bytes(struct vt_bytes leaf)
{
    size_t len = 0;
    while (len < leaf.len && leaf.ptr[len] != PDF_XMP_VALUE[0] && leaf.ptr[len] != PDF_XMP_LINK[0])
        len++;
    return len;
}

/* Of a property that is there twice, readers take the one or the other. */
static bool has_twice(const struct pdf_xmp *packet)
{
    for (size_t i = 1; i < packet->count; i++) {
        size_t len = path_bytes(packet->leaves[i]);
        if (len == path_bytes(packet->leaves[i - 1]) &&
            memcmp(packet->leaves[i].ptr, packet->leaves[i - 1].ptr, len) == 0)
            return true;
    }
    return false;
}

static void forget_volatile(struct pdf_xmp *packet)
{
    size_t left = 0;
    for (size_t i = 0; i < packet->count; i++) {
        if (!is_volatile(packet->leaves[i]))
            packet->leaves[left++] = packet->leaves[i];
    }
    packet->count = left;
}

bool pdf_xmp_read(struct pdf_reader *reader, struct vt_bytes text, struct pdf_xmp *out)
{
    *out = (struct pdf_xmp){.reader = reader};
    out->leaves = pdf_scratch(reader, MAX_LEAVES * sizeof(*out->leaves));
    if (out->leaves == NULL || !pdf_work(reader, text.len))
        return false;
    if (text.len == 0)
        return true;
    xmlDoc *document = parse(text);
    bool is_packet = document != NULL && take_packet(out, document);
    xmlFreeDoc(document);
    if (!is_packet)
        return false;
    forget_volatile(out);
    qsort(out->leaves, out->count, sizeof(*out->leaves), pdf_xmp_order);
    return !has_twice(out);
}
