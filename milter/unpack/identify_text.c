/* SPDX-License-Identifier: Apache-2.0
 * Text by its first words: XML, HTML, RTF, OpenPGP, mails, calendars and cards, plain text in any
 * character set. What has control characters that no text has is binary. */
#include <string.h>

#include "unpack/header.h"
#include "unpack/identify.h"

/* A text that begins so, white space and a byte order mark skipped, is of this format. */
static const struct {
    const char *begin; /* ASCII, any case */
    enum vt_format format;
} beginnings[] = {
    {"<?xml", VT_FORMAT_XML},
    {"<!doctype html", VT_FORMAT_HTML},
    {"<html", VT_FORMAT_HTML},
    {"<head", VT_FORMAT_HTML},
    {"<body", VT_FORMAT_HTML},
    {"<meta", VT_FORMAT_HTML},
    {"<!doctype", VT_FORMAT_XML},
    {"<svg", VT_FORMAT_XML},
    {"{\\rtf", VT_FORMAT_RTF},
    {"-----begin pgp message-----", VT_FORMAT_ENCRYPTED},
    {"begin:vcalendar", VT_FORMAT_TEXT},
    {"begin:vcard", VT_FORMAT_TEXT},
};

/* One of these among its header fields makes a text a mail (or a MIME entity). */
static const char *const mail_fields[] = {
    "From", "Received",   "MIME-Version", "Content-Type", "Subject",
    "Date", "Message-ID", "Return-Path",  "Delivered-To", "DKIM-Signature",
};

static bool is_usual(const struct vt_header_field *field)
{
    for (size_t i = 0; i < sizeof(mail_fields) / sizeof(mail_fields[0]); i++) {
        if (vt_header_name_is(field, mail_fields[i]))
            return true;
    }
    return false;
}

/* Nothing but header fields up to an empty line or the end of what is looked at. */
static bool is_mail(const struct vt_sample *sample)
{
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(sample->head, true, &block);
    bool is_cut = sample->file_len > sample->head.len && block.body.len < 1000;
    if (block.fields.len == 0 || (block.has_bad_line && !is_cut))
        return false;
    while (vt_header_next(&block.fields, &field)) {
        if (is_usual(&field))
            return true;
    }
    return false;
}

static bool is_white(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct vt_bytes first_words(struct vt_bytes text)
{
    size_t i = vt_bytes_starts_with(text, VT_BYTES("\xef\xbb\xbf")) ? 3 : 0;
    while (i < text.len && is_white(text.ptr[i]))
        i++;
    return vt_bytes_slice(text, i, SIZE_MAX);
}

/* "<name" or "<!--": an element without a prolog. */
static bool is_markup(struct vt_bytes text)
{
    uint8_t c = text.len > 1 ? text.ptr[1] : 0;
    return text.len > 2 && text.ptr[0] == '<' &&
           ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '!');
}

/* UTF-16 with a byte order mark, or without one before "<" and a digit of text. */
static enum vt_format by_utf16(struct vt_bytes head)
{
    bool little = vt_bytes_starts_with(head, VT_BYTES("\xff\xfe"));
    bool big = vt_bytes_starts_with(head, VT_BYTES("\xfe\xff"));
    if (vt_bytes_starts_with(head, VT_BYTES("<\0?\0")) ||
        vt_bytes_starts_with(head, VT_BYTES("\0<\0?")))
        return VT_FORMAT_XML;
    if (!little && !big)
        return VT_FORMAT_UNKNOWN;
    struct vt_bytes text = vt_bytes_slice(head, 2, SIZE_MAX);
    bool is_xml = vt_bytes_starts_with(text, little ? VT_BYTES("<\0?\0") : VT_BYTES("\0<\0?"));
    return is_xml ? VT_FORMAT_XML : VT_FORMAT_TEXT;
}

/* No text has these; escape and form feed do occur (ISO-2022-JP, listings). */
static bool is_binary(struct vt_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.ptr[i];
        if (c < 0x20 && !is_white(c) && c != 0x0B && c != 0x0C && c != 0x1B && c != 0x1A)
            return true;
    }
    return false;
}

/* Bodies of mails often lack their <html>. */
static bool is_html_fragment(struct vt_bytes text)
{
    static const char *const tags[] = {
        "<div", "<p>", "<p ", "<table", "<span", "<br",  "<font", "<style", "<center", "<a ",
        "<img", "<b>", "<h1", "<h2",    "<h3",   "<pre", "<ul",   "<title", "<!--"};
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (vt_bytes_starts_with_nocase(text, vt_bytes_str(tags[i])))
            return true;
    }
    return false;
}

static enum vt_format by_first_words(const struct vt_sample *sample)
{
    struct vt_bytes text = first_words(sample->head);
    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
        if (vt_bytes_starts_with_nocase(text, vt_bytes_str(beginnings[i].begin)))
            return beginnings[i].format;
    }
    if (!is_markup(text))
        return VT_FORMAT_UNKNOWN;
    struct vt_bytes begin = vt_bytes_slice(text, 0, 1024);
    for (size_t i = 0; i + 5 <= begin.len; i++) {
        if (vt_bytes_starts_with_nocase(vt_bytes_slice(begin, i, 5), VT_BYTES("<html")))
            return VT_FORMAT_HTML;
    }
    return is_html_fragment(text) ? VT_FORMAT_HTML : VT_FORMAT_XML;
}

enum vt_format vt_identify_text(const struct vt_sample *sample)
{
    enum vt_format format = by_utf16(sample->head);
    if (format == VT_FORMAT_UNKNOWN)
        format = by_first_words(sample);
    if (format == VT_FORMAT_UNKNOWN && is_mail(sample))
        format = VT_FORMAT_MAIL;
    if (format == VT_FORMAT_UNKNOWN && !is_binary(sample->head) && !is_binary(sample->tail))
        format = VT_FORMAT_TEXT;
    return format;
}
