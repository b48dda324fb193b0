/* SPDX-License-Identifier: Apache-2.0
 * Facts from the headers of the outermost mail: who says it is from whom, what it is about, and
 * whether a list or a program sent it (RFC 5322 3.6, RFC 2919, RFC 3834, RFC 8601).
 *
 * What forbids to answer a mail, by RFC 3834 2: any Auto-Submitted but "no" (5); an empty
 * Return-Path; the fields of lists; Precedence of bulk, list and junk. Beyond it: auto_reply, which
 * old responders write there; a report of another program; X-Loop, the mark of programs that
 * answer; X-Auto-Response-Suppress, unless it is about receipts alone. */
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
        if (!work->is_below_received)
            unpacked->authentication_results_above_count++;
    }
    free(text);
}

static void read_received(struct vt_unpack_work *work, size_t index,
                          const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    work->is_below_received = true;
}

/* ---- who should not be answered ---- */

/* The first in the order of the enum stays. */
static void note_automatic(struct vt_unpack_work *work, enum vt_automatic by)
{
    enum vt_automatic *known = &work->unpacked->automatic_by;
    if (*known == VT_AUTOMATIC_NOT || by < *known)
        *known = by;
}

/* The first word of a value: letters, digits and what stands between them. */
static struct vt_bytes first_word(struct vt_bytes value)
{
    size_t len = 0;
    while (len < value.len && value.ptr[len] > 32 && value.ptr[len] != ';' &&
           value.ptr[len] != '(' && value.ptr[len] != ',')
        len++;
    return vt_bytes_slice(value, 0, len);
}

static bool is_word(struct vt_bytes word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vt_bytes_equal_nocase(word, vt_bytes_str(words[i])))
            return true;
    }
    return false;
}

static void read_precedence(struct vt_unpack_work *work, size_t index,
                            const struct vt_header_field *field)
{
    static const char *const words[] = {"bulk", "list", "junk", "auto_reply", "auto-reply"};
    struct vt_bytes word = first_word(field->value);
    (void)index;
    if (is_word(word, words, 2))
        work->unpacked->is_list = true;
    if (is_word(word, words, sizeof(words) / sizeof(words[0])))
        note_automatic(work, VT_AUTOMATIC_PRECEDENCE);
}

static void read_list_field(struct vt_unpack_work *work, size_t index,
                            const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    note_automatic(work, VT_AUTOMATIC_LIST);
}

static void read_list_id(struct vt_unpack_work *work, size_t index,
                         const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    work->unpacked->is_list = true;
    note_automatic(work, VT_AUTOMATIC_LIST);
}

/* auto-submitted-field = "no" / "auto-generated" / "auto-replied" ..., then ";" parameters. */
static void read_auto_submitted(struct vt_unpack_work *work, size_t index,
                                const struct vt_header_field *field)
{
    (void)index;
    if (vt_bytes_equal_nocase(first_word(field->value), VT_BYTES("no")))
        return;
    work->unpacked->is_automatic = true;
    note_automatic(work, VT_AUTOMATIC_SUBMITTED);
}

static void read_content_type(struct vt_unpack_work *work, size_t index,
                              const struct vt_header_field *field)
{
    static const char *const reports[] = {"multipart/report", "message/delivery-status",
                                          "message/disposition-notification",
                                          "message/feedback-report"};
    (void)index;
    if (is_word(first_word(field->value), reports, sizeof(reports) / sizeof(reports[0])))
        note_automatic(work, VT_AUTOMATIC_REPORT);
}

/* path = "<>"; blanks and comments may stand around it (RFC 5322 3.6.7). */
static void read_return_path(struct vt_unpack_work *work, size_t index,
                             const struct vt_header_field *field)
{
    (void)index;
    if (vt_bytes_find(field->value, VT_BYTES("@"), 0) == SIZE_MAX)
        note_automatic(work, VT_AUTOMATIC_BOUNCE);
}

static void read_suppress(struct vt_unpack_work *work, size_t index,
                          const struct vt_header_field *field)
{
    static const char *const receipts[] = {"none", "DR", "RN", "NRN"};
    struct vt_bytes rest = field->value;
    (void)index;
    while (rest.len > 0) {
        struct vt_bytes word = first_word(rest);
        if (word.len > 0 && !is_word(word, receipts, sizeof(receipts) / sizeof(receipts[0])))
            note_automatic(work, VT_AUTOMATIC_SUPPRESS);
        rest = vt_bytes_slice(rest, word.len > 0 ? word.len : 1, SIZE_MAX);
    }
}

static void read_loop(struct vt_unpack_work *work, size_t index,
                      const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    note_automatic(work, VT_AUTOMATIC_LOOP);
}

static void read_own_notice(struct vt_unpack_work *work, size_t index,
                            const struct vt_header_field *field)
{
    (void)index;
    (void)field;
    note_automatic(work, VT_AUTOMATIC_OURS);
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
    {"List-Help", read_list_field},
    {"List-Unsubscribe", read_list_field},
    {"List-Subscribe", read_list_field},
    {"List-Post", read_list_field},
    {"List-Owner", read_list_field},
    {"List-Archive", read_list_field},
    {"Auto-Submitted", read_auto_submitted},
    {"Content-Type", read_content_type},
    {"Return-Path", read_return_path},
    {"X-Auto-Response-Suppress", read_suppress},
    {"X-Loop", read_loop},
    {"X-Vanthu-Notice", read_own_notice},
    {"Received", read_received},
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
