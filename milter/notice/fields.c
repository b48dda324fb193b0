/* SPDX-License-Identifier: Apache-2.0
 * The table of fields: what frames may name, in both languages. */
#include <string.h>

#include "notice/words.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

const char *const vt_notice_language_names[VT_NOTICE_LANGUAGES] = {"vi", "en"};

#define KIND(name) (1u << VT_NOTICE_##name)
#define ALL ((1u << VT_NOTICE_KINDS) - 1)
#define MANY (KIND(LIST) | KIND(OFFICER))
#define MAIL (ALL & ~(MANY | KIND(DIGEST)))
#define PERSONS (KIND(RELEASED) | KIND(RETURNED) | KIND(CLERK) | KIND(CORRECTION) | KIND(OFFICER))

enum { NOT_SURE = 0, SURE = 1, INLINE = 0, BLOCK = 1 };
#define FIELD(vietnamese, english, kinds, block, sure, what)                                       \
    {                                                                                              \
        {vietnamese, english}, kinds, block, sure, what                                            \
    }

static const struct vt_notice_field_info fields[VT_FIELDS] = {
    [VT_FIELD_REFERENCE] =
        FIELD("mã", "reference", MAIL, INLINE, SURE, "the reference of the mail: 1831-0927-5569"),
    [VT_FIELD_SUBJECT] = FIELD("tiêu đề", "subject", MAIL, INLINE, NOT_SURE,
                               "the subject of the mail; never of one that is marked secret"),
    [VT_FIELD_SENDING_OFFICE] =
        FIELD("cơ quan gửi", "sending office", MAIL, INLINE, NOT_SURE,
              "the agency of the sender by the site's table, else the sender's address"),
    [VT_FIELD_SENDER] =
        FIELD("người gửi", "sender", MAIL, INLINE, NOT_SURE, "the address of the envelope sender"),
    [VT_FIELD_RECIPIENTS] = FIELD("nơi nhận", "recipients", MAIL, INLINE, NOT_SURE,
                                  "the recipient, or \"40 cơ quan, 200 hộp thư\""),
    [VT_FIELD_TIME] = FIELD("giờ", "time", MAIL, INLINE, SURE,
                            "when the mail came: 09:12 ngày 03/12/2026 (giờ Việt Nam)"),
    [VT_FIELD_REASON] = FIELD("lý do", "reason", MAIL, INLINE, SURE,
                              "the reason that decided, one sentence of reasons.yaml"),
    [VT_FIELD_TO_DO] = FIELD("việc cần làm", "to do", MAIL, INLINE, NOT_SURE,
                             "what to do about that reason, of reasons.yaml"),
    [VT_FIELD_LEGAL_BASIS] =
        FIELD("căn cứ", "legal basis", MAIL, INLINE, NOT_SURE,
              "the article that asks for the refusal; only with profile and regulation"),
    [VT_FIELD_FAILING_COUNT] = FIELD("số tệp lỗi", "failing count", MAIL, INLINE, NOT_SURE,
                                     "how many files are not in order"),
    [VT_FIELD_FILES_COUNT] =
        FIELD("số tệp", "file count", MAIL, INLINE, NOT_SURE, "how many files the mail has"),
    [VT_FIELD_COMMENT] = FIELD("ý kiến", "comment", PERSONS | KIND(RECHECK), INLINE, NOT_SURE,
                               "why, in the words of the person who did it"),
    [VT_FIELD_BY] = FIELD("người xử lý", "handled by", PERSONS, INLINE, NOT_SURE, "who did it"),
    [VT_FIELD_EARLIER_REFERENCE] =
        FIELD("mã trước", "earlier reference", KIND(CORRECTION), INLINE, NOT_SURE,
              "the reference of the notice that no longer holds"),
    [VT_FIELD_EARLIER_DATE] = FIELD("ngày trước", "earlier date", KIND(CORRECTION), INLINE,
                                    NOT_SURE, "the day of that notice: 02/12/2026"),
    [VT_FIELD_FROM] = FIELD("từ", "from", KIND(LIST) | KIND(DIGEST), INLINE, NOT_SURE,
                            "when the period of the list begins"),
    [VT_FIELD_UNTIL] =
        FIELD("đến", "until", KIND(LIST) | KIND(DIGEST), INLINE, NOT_SURE, "when it ends"),
    [VT_FIELD_MAILS_COUNT] =
        FIELD("số thư", "mail count", MANY, INLINE, SURE, "how many mails the list is of"),
    [VT_FIELD_ADDRESSEE] =
        FIELD("người nhận thông báo", "addressee", ALL, INLINE, SURE,
              "who gets the notice: the agency of the mailbox, else its address"),
    [VT_FIELD_OFFICE] =
        FIELD("đơn vị vận hành", "office", ALL, INLINE, NOT_SURE, "office-name of vanthu.yaml"),
    [VT_FIELD_HOST] = FIELD("máy chủ", "host", ALL, INLINE, SURE, "hostname of vanthu.yaml"),
    [VT_FIELD_CONTACT] = FIELD("liên hệ", "contact", ALL, INLINE, NOT_SURE,
                               "notices.contact of vanthu.yaml, else office-phone"),
    [VT_FIELD_FILES] = FIELD("các tệp", "files", MAIL, BLOCK, NOT_SURE,
                             "the files that are not in order, each with reason and what to do, at "
                             "most 10; how many others are valid"),
    [VT_FIELD_FACTS] = FIELD("thông tin chữ ký số", "facts", MAIL, BLOCK, NOT_SURE,
                             "the seven facts of each signature that is not in order"),
    [VT_FIELD_RECIPIENT_LIST] =
        FIELD("danh sách nơi nhận", "recipient list", MAIL, BLOCK, NOT_SURE,
              "the first five recipients of several; who got the mail and who did not"),
    [VT_FIELD_MAILS] =
        FIELD("danh sách thư", "mails", MANY, BLOCK, NOT_SURE, "the mails of the list"),
    [VT_FIELD_LINES] =
        FIELD("các mục", "lines", KIND(DIGEST), BLOCK, NOT_SURE, "what the digest is of"),
};

const struct vt_notice_field_info *vt_notice_field_info(enum vt_notice_field field)
{
    return &fields[field];
}

enum vt_code vt_notice_field_by_name(struct vt_bytes name, enum vt_notice_field *out)
{
    for (size_t i = 0; i < ELEMENTS(fields); i++) {
        for (size_t l = 0; l < VT_NOTICE_LANGUAGES; l++) {
            if (vt_bytes_equal(name, vt_bytes_str(fields[i].names[l]))) {
                *out = (enum vt_notice_field)i;
                return VT_OK;
            }
        }
    }
    return VT_E_NOT_FOUND;
}

/* By bytes: an accent that is missing counts as two or three edits. Without accents both are
 * compared once more. */
static unsigned distance(const char *a, const char *b, unsigned limit)
{
    char plain_a[64], plain_b[64];
    unsigned exact = vt_text_distance(a, b, limit);
    unsigned plain = vt_text_distance(vt_text_ascii(plain_a, sizeof(plain_a), a),
                                      vt_text_ascii(plain_b, sizeof(plain_b), b), limit);
    return plain < exact ? plain : exact;
}

const char *vt_notice_field_suggest(struct vt_bytes name, enum vt_notice_language language,
                                    enum vt_notice_kind kind)
{
    enum { FARTHEST = 3 };
    char word[64];
    const char *nearest = NULL;
    unsigned best = FARTHEST + 1;
    if (name.len >= sizeof(word))
        return NULL;
    (void)vt_text_clean(word, sizeof(word), name);
    for (size_t i = 0; i < ELEMENTS(fields); i++) {
        for (size_t l = 0; l < VT_NOTICE_LANGUAGES; l++) {
            unsigned found = distance(word, fields[i].names[l], FARTHEST);
            if ((fields[i].kinds & (1u << kind)) != 0 && found < best) {
                best = found;
                nearest = fields[i].names[language];
            }
        }
    }
    return nearest;
}
