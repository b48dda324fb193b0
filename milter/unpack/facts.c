/* SPDX-License-Identifier: Apache-2.0
 * Facts from the headers of the outermost mail: who says it is from whom, what it is about, and
 * whether a list or a program sent it (RFC 5322 3.6, RFC 2919, RFC 3834, RFC 8601). */
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "unpack/charset.h"
#include "unpack/mime.h"
#include "unpack/names.h"
#include "vanthu/secret.h"

#define MAX_TEXT_BYTES ((size_t)8 * 1024)
#define MAX_RESULTS_BYTES ((size_t)16 * 1024)
#define MAX_RESULTS 50
#define MAX_FROM_DEPTH 4

static char *text_of(struct vt_unpack_work *work, size_t index, const struct vt_header_field *field,
                     size_t max_bytes)
{
    if (field->value.len > max_bytes) {
        vt_work_limit(work, index, "A header field is too long; it was not read.");
        return NULL;
    }
    char *text = vt_charset_header_text(field->value);
    (void)vt_work_has(work, text);
    return text;
}

/* The first one is the subject. A mark counts in any of them, and in one that is too long: which of
 * them a program shows is not known. */
static void read_subject(struct vt_unpack_work *work, size_t index,
                         const struct vt_header_field *field)
{
    struct vt_unpacked *unpacked = work->unpacked;
    struct vt_header_field begin = {.name = field->name,
                                    .value = vt_bytes_slice(field->value, 0, MAX_TEXT_BYTES)};
    char *text = text_of(work, index, &begin, MAX_TEXT_BYTES);
    if (text != NULL) {
        char *decoded = g_mime_utils_header_decode_text(vt_entity_options(), text);
        bool is_marked = decoded != NULL && vt_secret_begins(vt_bytes_str(decoded));
        unpacked->is_marked_secret = unpacked->is_marked_secret || is_marked;
        if (unpacked->subject == NULL && begin.value.len == field->value.len)
            (void)vt_work_check(
                work, vt_name_text(work->arena, decoded, MAX_TEXT_BYTES, &unpacked->subject));
        g_free(decoded);
    }
    if (begin.value.len < field->value.len)
        vt_work_limit(work, index, "A header field is too long; it was not read.");
    free(text);
}

static void read_message_id(struct vt_unpack_work *work, size_t index,
                            const struct vt_header_field *field)
{
    struct vt_unpacked *unpacked = work->unpacked;
    char *text = unpacked->message_id == NULL ? text_of(work, index, field, MAX_TEXT_BYTES) : NULL;
    if (text != NULL)
        (void)vt_work_check(work,
                            vt_name_text(work->arena, text, MAX_TEXT_BYTES, &unpacked->message_id));
    free(text);
}

/* Mailboxes of a list, those of its groups too. *first: borrowed. */
static unsigned count_mailboxes(InternetAddressList *list, unsigned depth, const char **first)
{
    unsigned count = 0;
    for (int i = 0; list != NULL && i < internet_address_list_length(list); i++) {
        InternetAddress *address = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(address)) {
            const char *text = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address));
            if (*first == NULL)
                *first = text;
            count++;
        } else if (INTERNET_ADDRESS_IS_GROUP(address) && depth < MAX_FROM_DEPTH) {
            count +=
                count_mailboxes(internet_address_group_get_members(INTERNET_ADDRESS_GROUP(address)),
                                depth + 1, first);
        }
    }
    return count;
}

/* A From that cannot be read counts as one author who is not known. */
static void read_from(struct vt_unpack_work *work, size_t index,
                      const struct vt_header_field *field)
{
    struct vt_part *part = vt_work_part(work, index);
    char *text = text_of(work, index, field, MAX_TEXT_BYTES);
    InternetAddressList *list =
        text == NULL ? NULL : internet_address_list_parse(vt_entity_options(), text);
    const char *first = NULL;
    unsigned count = count_mailboxes(list, 0, &first);
    if (part->from_count == 0)
        (void)vt_work_check(work, vt_name_text(work->arena, first, MAX_TEXT_BYTES, &part->from));
    part->from_count += count > 0 ? count : 1;
    if (list != NULL)
        g_object_unref(list);
    free(text);
}

static void read_results(struct vt_unpack_work *work, size_t index,
                         const struct vt_header_field *field)
{
    struct vt_unpacked *unpacked = work->unpacked;
    if (unpacked->authentication_results_count >= MAX_RESULTS) {
        if (unpacked->authentication_results_count == MAX_RESULTS)
            vt_work_blame(work, index, VT_REASON_COUNT,
                          "There are more than 50 Authentication-Results headers; the rest of "
                          "them was not read.");
        return;
    }
    char *text = text_of(work, index, field, MAX_RESULTS_BYTES);
    const char *clean = NULL;
    void *grown = vt_arena_grow(work->arena, unpacked->authentication_results,
                                unpacked->authentication_results_count, sizeof(const char *));
    if (text != NULL && vt_work_has(work, grown) &&
        vt_work_check(work, vt_name_text(work->arena, text, MAX_RESULTS_BYTES * 4, &clean)) &&
        clean != NULL) {
        unpacked->authentication_results = grown;
        unpacked->authentication_results[unpacked->authentication_results_count++] = clean;
    }
    free(text);
}

static void read_precedence(struct vt_unpack_work *work, size_t index,
                            const struct vt_header_field *field)
{
    (void)index;
    if (vt_bytes_equal_nocase(field->value, VT_BYTES("bulk")) ||
        vt_bytes_equal_nocase(field->value, VT_BYTES("list")))
        work->unpacked->is_list = true;
}

static void read_list_id(struct vt_unpack_work *work, size_t index,
                         const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    work->unpacked->is_list = true;
}

/* auto-submitted-field = "no" / "auto-generated" / "auto-replied" ..., then ";" parameters. */
static void read_auto_submitted(struct vt_unpack_work *work, size_t index,
                                const struct vt_header_field *field)
{
    (void)index;
    size_t len = 0;
    while (len < field->value.len && field->value.ptr[len] > 32 && field->value.ptr[len] != ';' &&
           field->value.ptr[len] != '(')
        len++;
    if (!vt_bytes_equal_nocase(vt_bytes_slice(field->value, 0, len), VT_BYTES("no")))
        work->unpacked->is_automatic = true;
}

static const struct {
    const char *name;
    void (*read)(struct vt_unpack_work *work, size_t index, const struct vt_header_field *field);
} readers[] = {
    {"Subject", read_subject},
    {"Message-ID", read_message_id},
    {"From", read_from},
    {"Authentication-Results", read_results},
    {"Precedence", read_precedence},
    {"List-Id", read_list_id},
    {"Auto-Submitted", read_auto_submitted},
};

void vt_facts_read(struct vt_unpack_work *work, size_t index, struct vt_bytes mail)
{
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(mail, true, &block);
    while (work->code == VT_OK && vt_header_next(&block.fields, &field)) {
        for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
            if (vt_header_name_is(&field, readers[i].name))
                readers[i].read(work, index, &field);
        }
    }
    work->unpacked->from = vt_work_part(work, index)->from;
    work->unpacked->from_count = vt_work_part(work, index)->from_count;
}

void vt_facts_read_author(struct vt_unpack_work *work, size_t index, struct vt_bytes mail)
{
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(mail, true, &block);
    while (work->code == VT_OK && vt_header_next(&block.fields, &field)) {
        if (vt_header_name_is(&field, "From"))
            read_from(work, index, &field);
    }
}

bool vt_facts_is_mail(struct vt_bytes entity)
{
    static const char *const names[] = {"From",       "Received", "Date",       "Subject",
                                        "Message-ID", "To",       "Return-Path"};
    struct vt_header_block block;
    struct vt_header_field field;
    vt_header_split(entity, true, &block);
    while (vt_header_next(&block.fields, &field)) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            if (vt_header_name_is(&field, names[i]))
                return true;
        }
    }
    return false;
}
