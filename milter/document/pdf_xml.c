/* SPDX-License-Identifier: Apache-2.0
 * XML as programs write it into metadata (see pdf_xml.h): XML 1.0 and Namespaces in XML 1.0. */
#include <string.h>

#include "document/pdf_xml.h"

/* ---- text ---- */

static bool is(struct vt_bytes bytes, const char *text)
{
    return vt_bytes_equal(bytes, vt_bytes_str(text));
}

bool pdf_xml_is(const struct pdf_xml_name *name, const char *uri, const char *local)
{
    return is(name->uri, uri) && is(name->local, local);
}

static bool is_name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c >= 0x80;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void pdf_xml_skip_space(struct pdf_xml *xml)
{
    while (xml->at < xml->text.len && is_space(xml->text.ptr[xml->at]))
        xml->at++;
}

bool pdf_xml_take(struct pdf_xml *xml, const char *word)
{
    size_t len = strlen(word);
    if (!vt_bytes_equal(vt_bytes_slice(xml->text, xml->at, len), vt_bytes_str(word)))
        return false;
    xml->at += len;
    return true;
}

/* &name; and &#n; (XML 4.1), of which only what is a character of a text. 0: another one. */
static uint8_t reference_of(struct vt_bytes name)
{
    static const struct {
        const char *name;
        uint8_t c;
    } known[] = {{"amp", '&'},  {"lt", '<'},   {"gt", '>'},  {"quot", '"'}, {"apos", '\''},
                 {"#xA", '\n'}, {"#10", '\n'}, {"#9", '\t'}, {"#x9", '\t'}, {"#39", '\''},
                 {"#34", '"'},  {"#13", '\r'}, {"#xD", '\r'}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (is(name, known[i].name))
            return known[i].c;
    }
    return 0;
}

/* False: a control character, or a reference that is not known. */
bool pdf_xml_decode(struct pdf_xml *xml, struct vt_bytes raw, bool is_attribute,
                    struct vt_bytes *out)
{
    uint8_t *text = pdf_scratch(xml->reader, raw.len + 1);
    size_t len = 0;
    if (text == NULL)
        return false;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t c = raw.ptr[i];
        if (c == '&') {
            size_t end = vt_bytes_find(raw, VT_BYTES(";"), i);
            c = end == SIZE_MAX ? 0 : reference_of(vt_bytes_slice(raw, i + 1, end - i - 1));
            i = end;
        } else if (c == '\t' || c == '\n' || c == '\r') {
            if (c == '\r' && i + 1 < raw.len && raw.ptr[i + 1] == '\n')
                continue;
            c = is_attribute ? ' ' : c == '\r' ? '\n' : c; /* XML 2.11, 3.3.3 */
        } else if (c < 0x20) {
            c = 0;
        }
        if (c == 0)
            return false;
        text[len++] = c;
    }
    *out = vt_bytes_of(text, len);
    return true;
}

/* ---- tags ---- */

/* prefix:local or local. */
static bool take_name(struct pdf_xml *xml, struct vt_bytes *out_prefix, struct vt_bytes *out)
{
    size_t from = xml->at;
    *out_prefix = (struct vt_bytes){0};
    for (int part = 0; part < 2; part++) {
        while (xml->at < xml->text.len && is_name_char(xml->text.ptr[xml->at]))
            xml->at++;
        *out = vt_bytes_slice(xml->text, from, xml->at - from);
        if (part == 1 || !pdf_xml_take(xml, ":"))
            break;
        *out_prefix = *out;
        from = xml->at;
    }
    return out->len > 0;
}

static bool take_attribute(struct pdf_xml *xml, struct pdf_xml_attribute *out)
{
    if (!take_name(xml, &out->prefix, &out->name.local))
        return false;
    pdf_xml_skip_space(xml);
    if (!pdf_xml_take(xml, "="))
        return false;
    pdf_xml_skip_space(xml);
    const char *quote = pdf_xml_take(xml, "\"") ? "\"" : pdf_xml_take(xml, "'") ? "'" : NULL;
    if (quote == NULL)
        return false;
    size_t end = vt_bytes_find(xml->text, vt_bytes_str(quote), xml->at);
    if (end == SIZE_MAX)
        return false;
    struct vt_bytes raw = vt_bytes_slice(xml->text, xml->at, end - xml->at);
    xml->at = end + 1;
    return memchr(raw.ptr, '<', raw.len) == NULL && pdf_xml_decode(xml, raw, true, &out->value);
}

/* Namespaces in XML 6.1; a name without a prefix is in none. */
static bool resolve(struct pdf_xml *xml, struct vt_bytes prefix, struct pdf_xml_name *name)
{
    if (prefix.len == 0)
        return true;
    if (is(prefix, "xml")) {
        name->uri = vt_bytes_str(PDF_XML_NS);
        return true;
    }
    for (size_t i = xml->namespaces_count; i > 0; i--) {
        if (vt_bytes_equal(xml->namespaces[i - 1].prefix, prefix)) {
            name->uri = xml->namespaces[i - 1].uri;
            return name->uri.len > 0;
        }
    }
    return false;
}

/* Declarations of a tag go to the list, and out of its attributes. */
static bool declare(struct pdf_xml *xml, struct pdf_xml_tag *tag)
{
    size_t left = 0;
    for (size_t i = 0; i < tag->count; i++) {
        struct pdf_xml_attribute *attribute = &tag->attributes[i];
        if (attribute->prefix.len == 0 && is(attribute->name.local, "xmlns"))
            return false;
        if (!is(attribute->prefix, "xmlns")) {
            tag->attributes[left++] = *attribute;
            continue;
        }
        if (xml->namespaces_count == PDF_XML_MAX_NAMESPACES)
            return false;
        xml->namespaces[xml->namespaces_count].prefix = attribute->name.local;
        xml->namespaces[xml->namespaces_count++].uri = attribute->value;
    }
    tag->count = left;
    return true;
}

static bool is_twice(const struct pdf_xml_tag *tag, size_t which)
{
    for (size_t i = 0; i < which; i++) {
        if (vt_bytes_equal(tag->attributes[i].name.uri, tag->attributes[which].name.uri) &&
            vt_bytes_equal(tag->attributes[i].name.local, tag->attributes[which].name.local))
            return true;
    }
    return false;
}

bool pdf_xml_take_tag(struct pdf_xml *xml, struct pdf_xml_tag *out)
{
    struct vt_bytes prefix;
    *out = (struct pdf_xml_tag){0};
    if (!pdf_xml_take(xml, "<"))
        return false;
    out->closes = pdf_xml_take(xml, "/");
    size_t from = xml->at;
    if (!take_name(xml, &prefix, &out->name.local))
        return false;
    out->raw = vt_bytes_slice(xml->text, from, xml->at - from);
    for (pdf_xml_skip_space(xml); !pdf_xml_take(xml, ">"); pdf_xml_skip_space(xml)) {
        out->is_empty = pdf_xml_take(xml, "/");
        if (out->is_empty)
            continue;
        if (out->closes || out->count == PDF_XML_MAX_ATTRIBUTES ||
            !take_attribute(xml, &out->attributes[out->count++]))
            return false;
    }
    if (out->closes)
        return out->count == 0 && !out->is_empty;
    if (!declare(xml, out) || !resolve(xml, prefix, &out->name))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        if (!resolve(xml, out->attributes[i].prefix, &out->attributes[i].name) || is_twice(out, i))
            return false;
    }
    return true;
}

bool pdf_xml_take_end(struct pdf_xml *xml, const struct pdf_xml_tag *tag)
{
    struct pdf_xml_tag end;
    return pdf_xml_take_tag(xml, &end) && end.closes && vt_bytes_equal(end.raw, tag->raw);
}

bool pdf_xml_is_at_end(const struct pdf_xml *xml)
{
    return vt_bytes_equal(vt_bytes_slice(xml->text, xml->at, 2), VT_BYTES("</"));
}
