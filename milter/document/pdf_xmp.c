/* SPDX-License-Identifier: Apache-2.0
 * Reading an XMP packet (see pdf_xmp.h). Programs write the same in many ways: properties in
 * another order, as elements or as attributes (ISO 16684-1, 7.9). Of RDF as much is read as they
 * write. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_xmp.h"

#define MAX_LEVELS 24
#define MAX_LEAVES 8192
/* Paths and values of all leaves. */
#define MAX_TEXT_BYTES ((size_t)4 * 1024 * 1024)

#define NS_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define NS_META "adobe:ns:meta/"

static bool is(struct vt_bytes bytes, const char *text)
{
    return vt_bytes_equal(bytes, vt_bytes_str(text));
}

/* ---- leaves ---- */

static struct vt_bytes join(struct pdf_xmp *packet, struct vt_bytes path, const char *between,
                            struct vt_bytes more, struct vt_bytes rest)
{
    size_t mark = strlen(between), len = path.len + mark + more.len + rest.len;
    uint8_t *text =
        packet->text_bytes + len > MAX_TEXT_BYTES ? NULL : pdf_scratch(packet->xml.reader, len + 1);
    if (text == NULL)
        return (struct vt_bytes){0};
    packet->text_bytes += len;
    if (path.len > 0)
        memcpy(text, path.ptr, path.len);
    memcpy(text + path.len, between, mark);
    if (more.len > 0)
        memcpy(text + path.len + mark, more.ptr, more.len);
    if (rest.len > 0)
        memcpy(text + path.len + mark + more.len, rest.ptr, rest.len);
    return vt_bytes_of(text, len);
}

/* The path of a property below another one; empty: limits, or no property. */
static struct vt_bytes path_of(struct pdf_xmp *packet, struct vt_bytes path,
                               const struct pdf_xml_name *name)
{
    struct vt_bytes none = {0};
    if (name->uri.len == 0 || is(name->uri, NS_RDF) || is(name->uri, NS_META))
        return none;
    return join(packet, path, PDF_XMP_LEVEL, name->uri, name->local);
}

static bool add_leaf(struct pdf_xmp *packet, struct vt_bytes path, const char *kind,
                     struct vt_bytes value)
{
    struct vt_bytes leaf = join(packet, path, kind, value, (struct vt_bytes){0});
    if (path.len == 0 || leaf.len == 0 || packet->count == MAX_LEAVES)
        return false;
    packet->leaves[packet->count++] = leaf;
    return true;
}

/* 7.4: what stands in attributes of an element, its language included. */
static bool add_attributes(struct pdf_xmp *packet, const struct pdf_xml_tag *tag,
                           struct vt_bytes path, size_t *out_fields)
{
    *out_fields = 0;
    for (size_t i = 0; i < tag->count; i++) {
        const struct pdf_xml_attribute *attribute = &tag->attributes[i];
        if (is(attribute->name.uri, NS_RDF) || attribute->name.uri.len == 0)
            continue;
        *out_fields += !is(attribute->name.uri, PDF_XML_NS);
        if (!add_leaf(packet, path_of(packet, path, &attribute->name), PDF_XMP_VALUE,
                      attribute->value))
            return false;
    }
    return true;
}

static bool take_property(struct pdf_xmp *packet, struct vt_bytes path,
                          const struct pdf_xml_tag *tag, unsigned level);

/* Property elements up to the end tag. */
static bool take_properties(struct pdf_xmp *packet, struct vt_bytes path, unsigned level)
{
    struct pdf_xml *xml = &packet->xml;
    struct pdf_xml_tag tag;
    for (pdf_xml_skip_space(xml); !pdf_xml_is_at_end(xml); pdf_xml_skip_space(xml)) {
        size_t known = xml->namespaces_count;
        if (!pdf_xml_take_tag(xml, &tag) || tag.closes)
            return false;
        struct vt_bytes below = path_of(packet, path, &tag.name);
        if (below.len == 0 || !take_property(packet, below, &tag, level + 1))
            return false;
        xml->namespaces_count = known;
    }
    return true;
}

/* 7.6: an array, of which each item is like a property. */
static bool take_array(struct pdf_xmp *packet, struct vt_bytes path,
                       const struct pdf_xml_tag *array, unsigned level)
{
    struct pdf_xml *xml = &packet->xml;
    struct pdf_xml_tag item;
    struct vt_bytes none = {0};
    struct vt_bytes below = join(packet, path, PDF_XMP_LEVEL, array->name.local, none);
    if (array->count > 0 || !add_leaf(packet, below, PDF_XMP_VALUE, none))
        return false;
    if (array->is_empty)
        return true;
    for (pdf_xml_skip_space(xml); !pdf_xml_is_at_end(xml); pdf_xml_skip_space(xml)) {
        size_t known = xml->namespaces_count;
        if (!pdf_xml_take_tag(xml, &item) || item.closes || !pdf_xml_is(&item.name, NS_RDF, "li"))
            return false;
        below = join(packet, below, "+", none, none); /* as many as it is the first, second, … */
        if (below.len == 0 || !take_property(packet, below, &item, level + 1))
            return false;
        xml->namespaces_count = known;
    }
    return pdf_xml_take_end(xml, array);
}

/* 7.4, 7.5: the one element in a property, an array or a structure. */
static bool take_node(struct pdf_xmp *packet, struct vt_bytes path, unsigned level)
{
    struct pdf_xml_tag node;
    size_t fields = 0;
    if (!pdf_xml_take_tag(&packet->xml, &node) || node.closes || !is(node.name.uri, NS_RDF))
        return false;
    if (is(node.name.local, "Seq") || is(node.name.local, "Bag") || is(node.name.local, "Alt"))
        return take_array(packet, path, &node, level);
    for (size_t i = 0; i < node.count; i++) {
        if (is(node.attributes[i].name.uri, NS_RDF) || node.attributes[i].name.uri.len == 0)
            return false;
    }
    return is(node.name.local, "Description") && add_attributes(packet, &node, path, &fields) &&
           (node.is_empty ||
            (take_properties(packet, path, level + 1) && pdf_xml_take_end(&packet->xml, &node)));
}

/* 7.4: what says in which form the value of a property is written. False: it is not known. */
static bool read_form(const struct pdf_xml_tag *tag, bool *out_is_structure,
                      const struct vt_bytes **out_link)
{
    *out_is_structure = false;
    *out_link = NULL;
    for (size_t i = 0; i < tag->count; i++) {
        const struct pdf_xml_attribute *attribute = &tag->attributes[i];
        if (pdf_xml_is(&attribute->name, NS_RDF, "parseType") && is(attribute->value, "Resource"))
            *out_is_structure = true;
        else if (pdf_xml_is(&attribute->name, NS_RDF, "resource"))
            *out_link = &attribute->value;
        else if (is(attribute->name.uri, NS_RDF) || attribute->name.uri.len == 0)
            return false;
    }
    return true;
}

/* Behind the start tag of a property, or of an item: its value, and its end tag. */
static bool take_property(struct pdf_xmp *packet, struct vt_bytes path,
                          const struct pdf_xml_tag *tag, unsigned level)
{
    bool is_structure = false;
    const struct vt_bytes *link = NULL;
    size_t fields = 0, from = packet->xml.at;
    if (level > MAX_LEVELS || !read_form(tag, &is_structure, &link) ||
        !add_attributes(packet, tag, path, &fields))
        return false;
    if (tag->is_empty)
        return link != NULL
                   ? fields == 0 && !is_structure && add_leaf(packet, path, PDF_XMP_LINK, *link)
                   : fields > 0 || is_structure ||
                         add_leaf(packet, path, PDF_XMP_VALUE, (struct vt_bytes){0});
    if (link != NULL || fields > 0)
        return false;
    if (is_structure)
        return take_properties(packet, path, level) && pdf_xml_take_end(&packet->xml, tag);
    size_t end = vt_bytes_find(packet->xml.text, VT_BYTES("<"), from);
    struct vt_bytes value;
    if (end == SIZE_MAX)
        return false;
    packet->xml.at = end;
    if (pdf_xml_is_at_end(&packet->xml))
        return pdf_xml_decode(&packet->xml, vt_bytes_slice(packet->xml.text, from, end - from),
                              false, &value) &&
               add_leaf(packet, path, PDF_XMP_VALUE, value) && pdf_xml_take_end(&packet->xml, tag);
    packet->xml.at = from;
    pdf_xml_skip_space(&packet->xml);
    if (packet->xml.at != end || !take_node(packet, path, level + 1))
        return false;
    pdf_xml_skip_space(&packet->xml);
    return pdf_xml_take_end(&packet->xml, tag);
}

/* ---- the packet ---- */

/* 7.4: a description of the document; all of them are of the same one. */
static bool take_description(struct pdf_xmp *packet)
{
    struct pdf_xml_tag tag;
    struct vt_bytes root = {0};
    size_t fields = 0, known = packet->xml.namespaces_count;
    if (!pdf_xml_take_tag(&packet->xml, &tag) || !pdf_xml_is(&tag.name, NS_RDF, "Description"))
        return false;
    for (size_t i = 0; i < tag.count; i++) {
        const struct pdf_xml_attribute *attribute = &tag.attributes[i];
        if (!is(attribute->name.uri, NS_RDF) && attribute->name.uri.len > 0)
            continue;
        if (!is(attribute->name.local, "about") ||
            (packet->has_about && !vt_bytes_equal(packet->about, attribute->value)))
            return false;
        packet->about = attribute->value;
        packet->has_about = true;
    }
    if (!add_attributes(packet, &tag, root, &fields))
        return false;
    if (!tag.is_empty &&
        (!take_properties(packet, root, 1) || !pdf_xml_take_end(&packet->xml, &tag)))
        return false;
    packet->xml.namespaces_count = known;
    return true;
}

/* <?xpacket …?> */
static bool skip_instructions(struct pdf_xmp *packet)
{
    for (pdf_xml_skip_space(&packet->xml); pdf_xml_take(&packet->xml, "<?");
         pdf_xml_skip_space(&packet->xml)) {
        size_t end = vt_bytes_find(packet->xml.text, VT_BYTES("?>"), packet->xml.at);
        if (end == SIZE_MAX)
            return false;
        packet->xml.at = end + 2;
    }
    return true;
}

static bool take_packet(struct pdf_xmp *packet)
{
    struct pdf_xml *xml = &packet->xml;
    struct pdf_xml_tag meta, rdf;
    (void)pdf_xml_take(xml, "\xEF\xBB\xBF");
    if (!skip_instructions(packet) || !pdf_xml_take_tag(xml, &meta))
        return false;
    bool is_wrapped = pdf_xml_is(&meta.name, NS_META, "xmpmeta");
    for (size_t i = 0; is_wrapped && i < meta.count; i++) {
        if (!is(meta.attributes[i].name.uri, NS_META))
            return false;
    }
    pdf_xml_skip_space(xml);
    if (!is_wrapped)
        rdf = meta;
    else if (!pdf_xml_take_tag(xml, &rdf))
        return false;
    if (!pdf_xml_is(&rdf.name, NS_RDF, "RDF") || rdf.closes || rdf.is_empty || rdf.count > 0)
        return false;
    for (pdf_xml_skip_space(xml); !pdf_xml_is_at_end(xml); pdf_xml_skip_space(xml)) {
        if (!take_description(packet))
            return false;
    }
    if (!pdf_xml_take_end(xml, &rdf))
        return false;
    pdf_xml_skip_space(xml);
    return (!is_wrapped || pdf_xml_take_end(xml, &meta)) && skip_instructions(packet) &&
           xml->at == xml->text.len;
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
    *out = (struct pdf_xmp){.xml = {.reader = reader, .text = text}};
    out->leaves = pdf_scratch(reader, MAX_LEAVES * sizeof(*out->leaves));
    if (out->leaves == NULL || !pdf_work(reader, text.len))
        return false;
    if (text.len > 0 && !take_packet(out))
        return false;
    forget_volatile(out);
    qsort(out->leaves, out->count, sizeof(*out->leaves), pdf_xmp_order);
    return !has_twice(out);
}
