/* SPDX-License-Identifier: Apache-2.0
 * Where a signature is expected, file by file (users' rules of what is due). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inspector/inspect_internal.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_FILES 3
#define MISSING VT_REASON_BIT(VT_REASON_NO_SIGNATURE)
#define REFERENCE VT_REASON_BIT(VT_REASON_UNSIGNED_COMPANION)
#define UNREADABLE VT_REASON_BIT(VT_REASON_FILE_UNREADABLE)

struct file {
    const char *name, *path;
    enum vt_format format;
    bool is_signed, is_inline, is_body;
    const char *content_type;
    vt_reasons reasons; /* that it has before */
};

#define FILE_OF(file_name, its_format)                                                             \
    {                                                                                              \
        .name = (file_name), .format = (its_format)                                                \
    }
#define PDF(file_name) FILE_OF(file_name, VT_FORMAT_PDF)
#define SIGNED_PDF(file_name)                                                                      \
    {                                                                                              \
        .name = (file_name), .format = VT_FORMAT_PDF, .is_signed = true                            \
    }
#define WORD(file_name) FILE_OF(file_name, VT_FORMAT_OOXML)

static const struct {
    const char *name;
    enum vt_sender_class class;
    enum vt_direction direction;
    struct file files[MAX_FILES]; /* the first one is looked at */
    bool is_expected;
    vt_reasons reasons;
} cases[] = {
    /* forms */
    {"PDF", VT_SENDER_STATE, VT_INBOUND, {PDF("a.pdf")}, true, MISSING},
    {"Word", VT_SENDER_STATE, VT_INBOUND, {WORD("a.docx")}, true, MISSING},
    {"ODF", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.odt", VT_FORMAT_ODF)}, true, MISSING},
    {"XML", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.xml", VT_FORMAT_XML)}, true, MISSING},
    {"PDF without a name", VT_SENDER_STATE, VT_INBOUND, {PDF(NULL)}, true, MISSING},
    {"signed", VT_SENDER_STATE, VT_INBOUND, {SIGNED_PDF("a.pdf")}, true, 0},
    {"not readable",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.pdf", .format = VT_FORMAT_PDF, .reasons = UNREADABLE}},
     true,
     UNREADABLE},
    {"picture", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.jpg", VT_FORMAT_IMAGE)}, false, 0},
    {"picture in XML", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.svg", VT_FORMAT_XML)}, false, 0},
    {"picture in XML by its type",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a", .format = VT_FORMAT_XML, .content_type = "image/svg+xml"}},
     false,
     0},
    {"calendar", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.ics", VT_FORMAT_TEXT)}, false, 0},
    {"calendar in XML",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.xml", .format = VT_FORMAT_XML, .content_type = "application/calendar+xml"}},
     false,
     0},
    {"card", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.vcf", VT_FORMAT_TEXT)}, false, 0},
    {"card in XML",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.xml", .format = VT_FORMAT_XML, .content_type = "application/vcard+xml"}},
     false,
     0},
    {"archive", VT_SENDER_STATE, VT_INBOUND, {FILE_OF("a.zip", VT_FORMAT_ZIP)}, false, 0},
    {"inline PDF",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.pdf", .format = VT_FORMAT_PDF, .is_inline = true}},
     false,
     0},
    {"no attachment",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.format = VT_FORMAT_PDF, .is_body = true}},
     false,
     0},
    /* class and direction */
    {"citizen's draft", VT_SENDER_OTHER, VT_INBOUND, {WORD("don.docx")}, false, 0},
    {"citizen's PDF", VT_SENDER_OTHER, VT_INBOUND, {PDF("don.pdf")}, false, 0},
    {"internal", VT_SENDER_STATE, VT_INTERNAL, {PDF("a.pdf")}, false, 0},
    {"outbound", VT_SENDER_STATE, VT_OUTBOUND, {PDF("a.pdf")}, false, 0},
    /* called signed */
    {"called signed", VT_SENDER_STATE, VT_INBOUND, {PDF("a.signed.pdf")}, true, MISSING},
    {"called signed, capitals", VT_SENDER_OTHER, VT_INBOUND, {PDF("A.SIGNED.PDF")}, true, MISSING},
    {"called signed by a citizen",
     VT_SENDER_OTHER,
     VT_INBOUND,
     {PDF("a.signed.pdf")},
     true,
     MISSING},
    {"called signed, internal", VT_SENDER_STATE, VT_INTERNAL, {PDF("a.signed.pdf")}, true, MISSING},
    {"called signed, outbound", VT_SENDER_STATE, VT_OUTBOUND, {PDF("a.signed.pdf")}, true, MISSING},
    {"called signed, inline",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.signed.pdf", .format = VT_FORMAT_PDF, .is_inline = true}},
     true,
     MISSING},
    {"called signed beside the signed one",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("a.signed.pdf"), SIGNED_PDF("a.pdf")},
     true,
     MISSING},
    /* companions */
    {"Word copy",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("123-QĐ.docx"), SIGNED_PDF("123-QĐ.signed.pdf")},
     false,
     REFERENCE},
    {"Excel copy, signed twice",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("b.xlsx"), SIGNED_PDF("b.signed.signed.pdf")},
     false,
     REFERENCE},
    {"Word copy in small letters",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("quyết định.docx"), SIGNED_PDF("QUYẾT ĐỊNH.signed.pdf")},
     false,
     REFERENCE},
    {"PDF before signing",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("a.pdf"), SIGNED_PDF("a.signed.pdf")},
     false,
     REFERENCE},
    {"another stem",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("phu luc.docx"), SIGNED_PDF("a.signed.pdf")},
     true,
     MISSING},
    {"beginning of a stem",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("a.docx"), SIGNED_PDF("ab.signed.pdf")},
     true,
     MISSING},
    {"a signed one inside of it",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.pdf", .path = "2", .format = VT_FORMAT_PDF},
      {.name = "a.signed.pdf",
       .path = "2/a.signed.pdf",
       .format = VT_FORMAT_PDF,
       .is_signed = true}},
     true,
     MISSING},
    {"a signed one inside of another",
     VT_SENDER_STATE,
     VT_INBOUND,
     {{.name = "a.docx", .path = "2", .format = VT_FORMAT_OOXML},
      {.name = "a.pdf", .path = "21/a.pdf", .format = VT_FORMAT_PDF, .is_signed = true}},
     false,
     REFERENCE},
    {"beside an unsigned one",
     VT_SENDER_STATE,
     VT_INBOUND,
     {WORD("a.docx"), PDF("a.pdf")},
     true,
     MISSING},
    {"citizen's companion",
     VT_SENDER_OTHER,
     VT_INBOUND,
     {WORD("a.docx"), SIGNED_PDF("a.signed.pdf")},
     false,
     0},
    /* signatures in files of their own */
    {"signature beside it",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("a.pdf"), {.name = "a.pdf.p7s", .format = VT_FORMAT_CMS, .is_signed = true}},
     false,
     0},
    {"signature beside it, called signed",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("a.signed.pdf"),
      {.name = "A.signed.pdf.p7s", .format = VT_FORMAT_CMS, .is_signed = true}},
     false,
     0},
    {"signature of another file",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("b.pdf"), {.name = "a.pdf.p7s", .format = VT_FORMAT_CMS, .is_signed = true}},
     true,
     MISSING},
    {"empty signature beside it",
     VT_SENDER_STATE,
     VT_INBOUND,
     {PDF("a.pdf"), {.name = "a.pdf.p7s", .format = VT_FORMAT_CMS}},
     true,
     MISSING},
};

static void what_is_due(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vt_signature signature = {.format = VT_SIGNATURE_PADES};
        struct vt_part parts[MAX_FILES] = {0};
        struct vt_document documents[MAX_FILES] = {0};
        size_t places[MAX_FILES], count = 0;
        for (; count < MAX_FILES && cases[i].files[count].format != VT_FORMAT_UNKNOWN; count++) {
            const struct file *file = &cases[i].files[count];
            parts[count] = (struct vt_part){.name = file->name,
                                            .content_type = file->content_type,
                                            .format = file->format,
                                            .inline_disposition = file->is_inline};
            documents[count] = (struct vt_document){.name = file->name,
                                                    .path = file->path,
                                                    .format = file->format,
                                                    .attachment = !file->is_body,
                                                    .reasons = file->reasons,
                                                    .signatures = &signature,
                                                    .signatures_count = file->is_signed ? 1 : 0};
            places[count] = count;
        }
        struct vt_evidence evidence = {
            .mail = {.sender_class = cases[i].class, .direction = cases[i].direction},
            .documents = documents,
            .documents_count = count};
        struct vt_unpacked unpacked = {.parts = parts, .parts_count = count};
        struct vt_inspect_run run = {
            .evidence = &evidence, .unpacked = &unpacked, .document_parts = places};
        vt_inspect_expectations(&run);
        if (documents[0].expects_signature != cases[i].is_expected ||
            documents[0].reasons != cases[i].reasons)
            fail_msg("%s: expected %d, reasons %llx", cases[i].name, documents[0].expects_signature,
                     (unsigned long long)documents[0].reasons);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_due)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
