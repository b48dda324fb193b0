/* SPDX-License-Identifier: Apache-2.0
 * Do two XMP packets say the same (ISO 16684-1)? Programs that sign write the packet again in their
 * own way: properties in another order, as elements or as attributes (7.9). Each is taken apart
 * into leaves, a path of names and a value, and the leaves are compared. Of RDF as much is read as
 * such programs write; a packet with anything else says nothing that can be compared. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"
#include "document/pdf_xml.h"

#define MAX_LEVELS 24
#define MAX_LEAVES 8192
/* Paths and values of all leaves. */
#define MAX_TEXT_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_DATE_BYTES 40

/* Between the names of a path, and before the value: no text holds them. */
#define LEVEL "\x01"
#define VALUE "\x02"
#define LINK "\x03"

#define NS_RDF "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
#define NS_META "adobe:ns:meta/"
#define NS_XMP "http://ns.adobe.com/xap/1.0/"
#define NS_MM "http://ns.adobe.com/xap/1.0/mm/"
#define NS_PDF "http://ns.adobe.com/pdf/1.3/"
#define NS_DC "http://purl.org/dc/elements/1.1/"

struct packet {
    struct pdf_xml xml;
    struct vt_bytes about;
    bool has_about;
    struct vt_bytes *leaves;
    size_t count;
    size_t text_bytes;
};

static bool is(struct vt_bytes bytes, const char *text)
{
    return vt_bytes_equal(bytes, vt_bytes_str(text));
}

/* ---- leaves ---- */

static struct vt_bytes join(struct packet *packet, struct vt_bytes path, const char *between,
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
static struct vt_bytes path_of(struct packet *packet, struct vt_bytes path,
                               const struct pdf_xml_name *name)
{
    struct vt_bytes none = {0};
    if (name->uri.len == 0 || is(name->uri, NS_RDF) || is(name->uri, NS_META))
        return none;
    return join(packet, path, LEVEL, name->uri, name->local);
}

static bool add_leaf(struct packet *packet, struct vt_bytes path, const char *kind,
                     struct vt_bytes value)
{
    struct vt_bytes leaf = join(packet, path, kind, value, (struct vt_bytes){0});
    if (path.len == 0 || leaf.len == 0 || packet->count == MAX_LEAVES)
        return false;
    packet->leaves[packet->count++] = leaf;
    return true;
}

/* 7.4: what stands in attributes of an element, its language included. */
static bool add_attributes(struct packet *packet, const struct pdf_xml_tag *tag,
                           struct vt_bytes path, size_t *out_fields)
{
    *out_fields = 0;
    for (size_t i = 0; i < tag->count; i++) {
        const struct pdf_xml_attribute *attribute = &tag->attributes[i];
        if (is(attribute->name.uri, NS_RDF) || attribute->name.uri.len == 0)
            continue;
        *out_fields += !is(attribute->name.uri, PDF_XML_NS);
        if (!add_leaf(packet, path_of(packet, path, &attribute->name), VALUE, attribute->value))
            return false;
    }
    return true;
}

static bool take_property(struct packet *packet, struct vt_bytes path,
                          const struct pdf_xml_tag *tag, unsigned level);

/* Property elements up to the end tag. */
static bool take_properties(struct packet *packet, struct vt_bytes path, unsigned level)
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
static bool take_array(struct packet *packet, struct vt_bytes path, const struct pdf_xml_tag *array,
                       unsigned level)
{
    struct pdf_xml *xml = &packet->xml;
    struct pdf_xml_tag item;
    struct vt_bytes none = {0};
    struct vt_bytes below = join(packet, path, LEVEL, array->name.local, none);
    if (array->count > 0 || !add_leaf(packet, below, VALUE, none))
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
static bool take_node(struct packet *packet, struct vt_bytes path, unsigned level)
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
static bool take_property(struct packet *packet, struct vt_bytes path,
                          const struct pdf_xml_tag *tag, unsigned level)
{
    bool is_structure = false;
    const struct vt_bytes *link = NULL;
    size_t fields = 0, from = packet->xml.at;
    if (level > MAX_LEVELS || !read_form(tag, &is_structure, &link) ||
        !add_attributes(packet, tag, path, &fields))
        return false;
    if (tag->is_empty)
        return link != NULL ? fields == 0 && !is_structure && add_leaf(packet, path, LINK, *link)
                            : fields > 0 || is_structure ||
                                  add_leaf(packet, path, VALUE, (struct vt_bytes){0});
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
               add_leaf(packet, path, VALUE, value) && pdf_xml_take_end(&packet->xml, tag);
    packet->xml.at = from;
    pdf_xml_skip_space(&packet->xml);
    if (packet->xml.at != end || !take_node(packet, path, level + 1))
        return false;
    pdf_xml_skip_space(&packet->xml);
    return pdf_xml_take_end(&packet->xml, tag);
}

/* ---- the packet ---- */

/* 7.4: a description of the document; all of them are of the same one. */
static bool take_description(struct packet *packet)
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
static bool skip_instructions(struct packet *packet)
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

static bool take_packet(struct packet *packet)
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

/* ---- what may differ ---- */

/* What changes with every save. */
static const char *const volatile_properties[] = {
    LEVEL NS_XMP "ModifyDate" VALUE, LEVEL NS_XMP "MetadataDate" VALUE,
    LEVEL NS_MM "InstanceID" VALUE, LEVEL NS_PDF "Producer" VALUE};

/* 14.3.3: the same property in the document information. Some programs write into each what is in
 * the other only. */
static const struct {
    const char *path;
    const char *key;
} told_by_info[] = {{LEVEL NS_DC "title" LEVEL "Alt+" VALUE, "Title"},
                    {LEVEL NS_DC "creator" LEVEL "Seq+" VALUE, "Author"},
                    {LEVEL NS_DC "description" LEVEL "Alt+" VALUE, "Subject"},
                    {LEVEL NS_PDF "Keywords" VALUE, "Keywords"},
                    {LEVEL NS_XMP "CreatorTool" VALUE, "Creator"},
                    {LEVEL NS_XMP "CreateDate" VALUE, "CreationDate"}};
/* And what is so of every PDF file, or says nothing without its text. */
static const char *const told_by_nature[] = {
    LEVEL NS_DC "format" VALUE "application/pdf",
    LEVEL NS_DC "title" LEVEL "Alt" VALUE,
    LEVEL NS_DC "title" LEVEL "Alt+" LEVEL PDF_XML_NS "lang" VALUE "x-default",
    LEVEL NS_DC "creator" LEVEL "Seq" VALUE,
    LEVEL NS_DC "description" LEVEL "Alt" VALUE,
    LEVEL NS_DC "description" LEVEL "Alt+" LEVEL PDF_XML_NS "lang" VALUE "x-default"};

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

/* D:20260105080000+07'00' and 2026-01-05T08:00:00+07:00 have the same digits (7.9.4). */
static bool is_same_date(struct vt_bytes xmp, struct vt_bytes info)
{
    char digits[2][MAX_DATE_BYTES] = {{0}};
    struct vt_bytes dates[] = {xmp, info};
    for (size_t which = 0; which < 2; which++) {
        size_t len = 0;
        for (size_t i = 0; i < dates[which].len && len + 1 < MAX_DATE_BYTES; i++) {
            uint8_t c = dates[which].ptr[i];
            if ((c >= '0' && c <= '9') || c == '+' || (c == '-' && len >= 14))
                digits[which][len++] = (char)c;
        }
        if (len == 19 && strcmp(digits[which] + 15, "0000") == 0)
            digits[which][14] = '\0'; /* Z */
    }
    return strlen(digits[0]) >= 14 && strcmp(digits[0], digits[1]) == 0;
}

/* Does the document information at step b, whose entries are the same as before, say it too? */
/* ---- the leaves of a packet ---- */

static int by_text(const void *a, const void *b)
{
    const struct vt_bytes *left = a, *right = b;
    size_t len = left->len < right->len ? left->len : right->len;
    int order = memcmp(left->ptr, right->ptr, len);
    return order != 0 ? order : left->len < right->len ? -1 : left->len > right->len;
}

static size_t path_bytes(struct vt_bytes leaf)
{
    size_t len = 0;
    while (len < leaf.len && leaf.ptr[len] != VALUE[0] && leaf.ptr[len] != LINK[0])
        len++;
    return len;
}

/* Of a property that is there twice, readers take the one or the other. */
static bool has_twice(const struct packet *packet)
{
    for (size_t i = 1; i < packet->count; i++) {
        size_t len = path_bytes(packet->leaves[i]);
        if (len == path_bytes(packet->leaves[i - 1]) &&
            memcmp(packet->leaves[i].ptr, packet->leaves[i - 1].ptr, len) == 0)
            return true;
    }
    return false;
}

static void forget_volatile(struct packet *packet)
{
    size_t left = 0;
    for (size_t i = 0; i < packet->count; i++) {
        if (!is_volatile(packet->leaves[i]))
            packet->leaves[left++] = packet->leaves[i];
    }
    packet->count = left;
}

/* The leaves in order, without those that change with every save. */
static bool read_packet(struct pdf_reader *reader, struct vt_bytes text, struct packet *out)
{
    *out = (struct packet){.xml = {.reader = reader, .text = text}};
    out->leaves = pdf_scratch(reader, MAX_LEAVES * sizeof(*out->leaves));
    if (out->leaves == NULL || !pdf_work(reader, text.len))
        return false;
    if (text.len > 0 && !take_packet(out))
        return false;
    forget_volatile(out);
    qsort(out->leaves, out->count, sizeof(*out->leaves), by_text);
    return !has_twice(out);
}

static bool info_tells(struct pdf_pair *pair, struct vt_bytes leaf, const struct pdf_value *info)
{
    for (size_t i = 0; i < sizeof(told_by_nature) / sizeof(told_by_nature[0]); i++) {
        if (is(leaf, told_by_nature[i]))
            return true;
    }
    for (size_t i = 0; i < sizeof(told_by_info) / sizeof(told_by_info[0]); i++) {
        if (!begins(leaf, told_by_info[i].path))
            continue;
        size_t skip = strlen(told_by_info[i].path);
        struct vt_bytes value = vt_bytes_slice(leaf, skip, leaf.len - skip);
        struct pdf_value entry = pdf_pair_get(pair, pair->a, info, told_by_info[i].key);
        struct vt_bytes said = vt_bytes_str(pdf_text_string(pair->reader, &entry));
        return strcmp(told_by_info[i].key, "CreationDate") == 0 ? is_same_date(value, said)
                                                                : vt_bytes_equal(value, said);
    }
    return false;
}

/* Had the packet this property before, in whatever form? */
static bool has_property(const struct packet *packet, struct vt_bytes leaf)
{
    size_t len = 1;
    while (len < leaf.len && leaf.ptr[len] > LINK[0])
        len++;
    for (size_t i = 0; i < packet->count; i++) {
        struct vt_bytes other = packet->leaves[i];
        if (other.len > len && memcmp(other.ptr, leaf.ptr, len) == 0 && other.ptr[len] <= LINK[0])
            return true;
    }
    return false;
}

bool pdf_xmp_says_the_same(struct pdf_pair *pair, struct vt_bytes a, struct vt_bytes b,
                           const struct pdf_value *info)
{
    struct packet from, to;
    size_t i = 0, j = 0;
    if (!read_packet(pair->reader, a, &from) || !read_packet(pair->reader, b, &to) ||
        !vt_bytes_equal(from.about, to.about))
        return false;
    while (i < from.count || j < to.count) {
        int order = i == from.count ? 1
                    : j == to.count ? -1
                                    : by_text(&from.leaves[i], &to.leaves[j]);
        if (order < 0)
            return false;
        if (order > 0 &&
            (has_property(&from, to.leaves[j]) || !info_tells(pair, to.leaves[j], info)))
            return false;
        i += order <= 0;
        j += order >= 0;
    }
    return true;
}

bool pdf_xmp_tells(struct pdf_pair *pair, struct vt_bytes xmp, const char *key,
                   const struct pdf_value *value)
{
    struct packet packet;
    struct vt_bytes said = vt_bytes_str(pdf_text_string(pair->reader, value));
    if (!read_packet(pair->reader, xmp, &packet))
        return false;
    for (size_t i = 0; i < sizeof(told_by_info) / sizeof(told_by_info[0]); i++) {
        if (strcmp(told_by_info[i].key, key) != 0)
            continue;
        struct vt_bytes leaf =
            join(&packet, vt_bytes_str(told_by_info[i].path), "", said, (struct vt_bytes){0});
        for (size_t l = 0; l < packet.count; l++) {
            if (vt_bytes_equal(packet.leaves[l], leaf))
                return true;
        }
    }
    return false;
}
