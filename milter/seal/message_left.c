/* SPDX-License-Identifier: Apache-2.0
 * Mails that are not sealed, and why: what another program has to read or change, and what
 * somebody else has sealed already. */
#include <string.h>

#include "seal/message.h"

static const char *const names[VT_SEAL_MESSAGE_WORDS] = {
    [VT_SEAL_MESSAGE_NOT] = "not-sealed",
    [VT_SEAL_MESSAGE_READY] = "ready",
    [VT_SEAL_MESSAGE_SIGNED] = "already-signed",
    [VT_SEAL_MESSAGE_ENCRYPTED] = "encrypted",
    [VT_SEAL_MESSAGE_LIST] = "list",
    [VT_SEAL_MESSAGE_REPORT] = "report",
    [VT_SEAL_MESSAGE_CALENDAR] = "calendar",
    [VT_SEAL_MESSAGE_AUTOMATIC] = "automatic",
    [VT_SEAL_MESSAGE_MALFORMED] = "malformed",
    [VT_SEAL_MESSAGE_FRAGILE] = "fragile",
    [VT_SEAL_MESSAGE_TOO_LARGE] = "too-large",
};

const char *vt_seal_message_word_name(enum vt_seal_message_word word)
{
    return (unsigned)word < VT_SEAL_MESSAGE_WORDS ? names[word] : "not-sealed";
}

static bool is_type(const struct vt_part *part, const char *type)
{
    return part->content_type != NULL && strcmp(part->content_type, type) == 0;
}

static bool is_pkcs7(const struct vt_part *part)
{
    return is_type(part, "application/pkcs7-mime") || is_type(part, "application/x-pkcs7-mime");
}

static bool is_signed(const struct vt_part *root)
{
    return is_type(root, "multipart/signed") ||
           (is_pkcs7(root) && root->format != VT_FORMAT_ENCRYPTED);
}

static bool is_encrypted(const struct vt_part *root)
{
    return is_type(root, "multipart/encrypted") || root->format == VT_FORMAT_ENCRYPTED;
}

static bool is_report(const struct vt_part *root)
{
    return is_type(root, "multipart/report") ||
           (root->content_type != NULL && strncmp(root->content_type, "message/", 8) == 0 &&
            !is_type(root, "message/rfc822") && !is_type(root, "message/global"));
}

/* RFC 6047 2.4: a calendar object that is to be acted upon has the parameter method. */
static bool has_invitation(const struct vt_unpacked *unpacked)
{
    for (size_t i = 1; i < unpacked->parts_count; i++) {
        const struct vt_part *part = &unpacked->parts[i];
        struct vt_header_block block;
        if (part->nested || !is_type(part, "text/calendar"))
            continue;
        vt_header_split(part->raw, false, &block);
        if (vt_part_fields_read(block.fields).has_method)
            return true;
    }
    return false;
}

enum vt_seal_message_word vt_seal_message_left(const struct vt_unpacked *unpacked,
                                               const struct vt_seal_message_plan *plan,
                                               const char **out_why)
{
    const unsigned may_be_asked_for =
        VT_SEAL_WORD_BIT(VT_SEAL_MESSAGE_LIST) | VT_SEAL_WORD_BIT(VT_SEAL_MESSAGE_REPORT) |
        VT_SEAL_WORD_BIT(VT_SEAL_MESSAGE_CALENDAR) | VT_SEAL_WORD_BIT(VT_SEAL_MESSAGE_AUTOMATIC);
    const struct vt_part none = {0};
    const struct vt_part *root = unpacked->parts_count > 1 ? &unpacked->parts[1] : &none;
    const struct {
        bool applies;
        enum vt_seal_message_word word;
        const char *why;
    } words[] = {
        {is_signed(root), VT_SEAL_MESSAGE_SIGNED, "The message is signed already."},
        {is_encrypted(root), VT_SEAL_MESSAGE_ENCRYPTED, "The message is encrypted."},
        {(unpacked->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0, VT_SEAL_MESSAGE_TOO_LARGE,
         "The message is larger than what can be read completely."},
        {root == &none || (unpacked->reasons & VT_REASON_BIT(VT_REASON_MALFORMED)) != 0,
         VT_SEAL_MESSAGE_MALFORMED,
         "The structure of the message can be read in more than one way."},
        {plan->has_null_sender || is_report(root), VT_SEAL_MESSAGE_REPORT,
         "The message is a report."},
        {unpacked->is_list, VT_SEAL_MESSAGE_LIST, "The message comes from a mailing list."},
        {has_invitation(unpacked), VT_SEAL_MESSAGE_CALENDAR,
         "The message is an invitation or another calendar message."},
        {unpacked->is_automatic, VT_SEAL_MESSAGE_AUTOMATIC,
         "The message was sent by a program, not by a person."},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!words[i].applies ||
            (plan->also & may_be_asked_for & VT_SEAL_WORD_BIT(words[i].word)) != 0)
            continue;
        *out_why = words[i].why;
        return words[i].word;
    }
    *out_why = NULL;
    return VT_SEAL_MESSAGE_READY;
}
