/* SPDX-License-Identifier: Apache-2.0
 * What a file is, by its content; names break ties and nothing else. */
#include <stdlib.h>

#include "test_unpack_lib.h"

#define CONTENT(text)                                                                              \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }
/* SignedData and EnvelopedData at their begin: DER length, then the object identifier. */
#define OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07"
#define LOCAL(name_len, extra)                                                                     \
    "PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" name_len extra

static const struct {
    const char *what;
    struct vt_bytes bytes;
    const char *name;
    enum vt_format format;
} cases[] = {
    {"empty", CONTENT(""), "a.pdf", VT_FORMAT_EMPTY},
    {"PDF", CONTENT("%PDF-1.7\n%\xe2\xe3"), NULL, VT_FORMAT_PDF},
    {"PDF under another name", CONTENT("%PDF-1.7\n"), "a.png", VT_FORMAT_PDF},
    {"PDF behind other bytes", CONTENT("\r\n\0junk %PDF-1.4\n1 0 obj\n"), NULL, VT_FORMAT_PDF},
    {"PDF behind other bytes by name", CONTENT("hello %PDF-1.4 world"), "a.PDF", VT_FORMAT_PDF},
    {"text about PDF", CONTENT("It begins with %PDF-1.4, you know."), NULL, VT_FORMAT_TEXT},
    {"zip opened as a PDF", CONTENT("PK\x03\x04 %PDF-1.4"), "a.pdf", VT_FORMAT_PDF},
    {"SignedData, DER", CONTENT("\x30\x82\x10\x00" OID "\x02\xa0"), NULL, VT_FORMAT_CMS},
    {"SignedData, BER", CONTENT("\x30\x80" OID "\x02\xa0\x80"), "x.p7s", VT_FORMAT_CMS},
    {"SignedData, five octets of length", CONTENT("\x30\x85\0\0\0\x10\0" OID "\x02\xa0"), NULL,
     VT_FORMAT_CMS},
    {"EnvelopedData", CONTENT("\x30\x80" OID "\x03\xa0\x80"), "x.p7m", VT_FORMAT_ENCRYPTED},
    {"EncryptedData", CONTENT("\x30\x20" OID "\x06\xa0"), NULL, VT_FORMAT_ENCRYPTED},
    {"AuthEnvelopedData",
     CONTENT("\x30\x80\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17\xa0"), NULL,
     VT_FORMAT_ENCRYPTED},
    {"a SEQUENCE of something else", CONTENT("\x30\x03\x02\x01\x01"), NULL, VT_FORMAT_UNKNOWN},
    {"a SEQUENCE that is cut off", CONTENT("\x30\x82\x01"), NULL, VT_FORMAT_UNKNOWN},
    {"length of length absurd", CONTENT("\x30\xff" OID "\x02"), NULL, VT_FORMAT_UNKNOWN},
    {"SignedData in base64", CONTENT("MIAGCSqGSIb3DQEHAqCAMIACAQEx\r\n"), "a.p7m", VT_FORMAT_CMS},
    {"EnvelopedData in base64", CONTENT("\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAx\n"), NULL,
     VT_FORMAT_ENCRYPTED},
    {"SignedData in PEM",
     CONTENT("-----BEGIN PKCS7-----\nMIAGCSqGSIb3DQEHAqCAMIACAQEx\n-----END PKCS7-----\n"), NULL,
     VT_FORMAT_CMS},
    {"SignedData in PEM behind words",
     CONTENT("Signed by A\r\n-----BEGIN CMS-----\r\nMIAGCSqGSIb3DQEHAqCAMIACAQEx\r\n"), NULL,
     VT_FORMAT_CMS},
    {"certificate in PEM", CONTENT("-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIU\n"), NULL,
     VT_FORMAT_TEXT},
    {"a word in base64", CONTENT("MIAGhello"), NULL, VT_FORMAT_TEXT},
    {"zip", CONTENT(LOCAL("\5\0", "\0\0") "a.txthello"), "a.docx", VT_FORMAT_ZIP},
    {"OOXML", CONTENT(LOCAL("\x13\0", "\0\0") "[Content_Types].xml<"), "a.zip", VT_FORMAT_OOXML},
    {"OOXML by its directory",
     CONTENT(LOCAL("\1\0", "\0\0") "aPK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0[Content_Types].xml"),
     NULL, VT_FORMAT_OOXML},
    {"ODF", CONTENT(LOCAL("\x08\0", "\0\0") "mimetypeapplication/vnd.oasis.opendocument.text"),
     NULL, VT_FORMAT_ODF},
    {"ASiC-E", CONTENT(LOCAL("\x08\0", "\0\0") "mimetypeapplication/vnd.etsi.asic-e+zip"), NULL,
     VT_FORMAT_ASIC},
    {"ASiC by its signature", CONTENT(LOCAL("\x18\0", "\0\0") "META-INF/signatures0.xml"), NULL,
     VT_FORMAT_ASIC},
    {"name longer than the file", CONTENT(LOCAL("\xff\xff", "\xff\xff") "mimetype"), NULL,
     VT_FORMAT_ZIP},
    {"empty zip", CONTENT("PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL, VT_FORMAT_ZIP},
    {"program that is a zip", CONTENT("MZ\x90\0 ... PK\x05\x06\0\0\0\0"), NULL, VT_FORMAT_ZIP},
    {"7z", CONTENT("7z\xbc\xaf\x27\x1c\0\4"), NULL, VT_FORMAT_ARCHIVE},
    {"rar", CONTENT("Rar!\x1a\x07\x01\0"), NULL, VT_FORMAT_ARCHIVE},
    {"cabinet", CONTENT("MSCF\0\0\0\0\x10"), NULL, VT_FORMAT_ARCHIVE},
    {"gzip", CONTENT("\x1f\x8b\x08\0"), NULL, VT_FORMAT_ARCHIVE},
    {"bzip2", CONTENT("BZh91AY&SY"), NULL, VT_FORMAT_ARCHIVE},
    {"xz", CONTENT("\xfd\x37zXZ\0\0"), NULL, VT_FORMAT_ARCHIVE},
    {"zstd", CONTENT("\x28\xb5\x2f\xfd\x04"), NULL, VT_FORMAT_ARCHIVE},
    {"OLE", CONTENT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a.doc", VT_FORMAT_OLE},
    {"RTF", CONTENT("{\\rtf1\\ansi"), NULL, VT_FORMAT_RTF},
    {"TNEF", CONTENT("\x78\x9f\x3e\x22\1\0"), "winmail.dat", VT_FORMAT_TNEF},
    {"PNG", CONTENT("\x89PNG\r\n\x1a\n\0\0"), NULL, VT_FORMAT_IMAGE},
    {"JPEG", CONTENT("\xff\xd8\xff\xe0\0\x10JFIF"), "a.pdf", VT_FORMAT_IMAGE},
    {"GIF", CONTENT("GIF89a\1\0"), NULL, VT_FORMAT_IMAGE},
    {"TIFF", CONTENT("II*\0\x08\0"), NULL, VT_FORMAT_IMAGE},
    {"TIFF, big endian", CONTENT("MM\0*\0\0"), NULL, VT_FORMAT_IMAGE},
    {"BMP", CONTENT("BM\x1e\0\0\0\0\0\0\0\x1a\0\0\0\x0c\0\0\0\1\0\1\0\1\0\x18\0\0\0\0\0"), NULL,
     VT_FORMAT_IMAGE},
    {"WebP", CONTENT("RIFF\x10\0\0\0WEBPVP8 "), NULL, VT_FORMAT_IMAGE},
    {"text that begins as BMP", CONTENT("BMW is a maker of cars and more"), NULL, VT_FORMAT_TEXT},
    {"XML", CONTENT("<?xml version=\"1.0\"?><a/>"), NULL, VT_FORMAT_XML},
    {"XML with a byte order mark", CONTENT("\xef\xbb\xbf<?xml version=\"1.0\"?><a/>"), NULL,
     VT_FORMAT_XML},
    {"XML in UTF-16", CONTENT("\xff\xfe<\0?\0x\0m\0l\0"), NULL, VT_FORMAT_XML},
    {"XML without a prolog", CONTENT("<HDon xmlns='x'><a/></HDon>"), NULL, VT_FORMAT_XML},
    {"HTML", CONTENT("\n<!DOCTYPE html><title>"), NULL, VT_FORMAT_HTML},
    {"HTML of a mail", CONTENT("<div>hello</div>"), NULL, VT_FORMAT_HTML},
    {"calendar", CONTENT("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"), NULL, VT_FORMAT_TEXT},
    {"card", CONTENT("BEGIN:VCARD\r\nVERSION:3.0\r\n"), NULL, VT_FORMAT_TEXT},
    {"mail", CONTENT("Received: x\r\nSubject: y\r\n\r\nbody"), NULL, VT_FORMAT_MAIL},
    {"mail of an mbox", CONTENT("From a@x.vn Thu\nSubject: y\n\nbody"), NULL, VT_FORMAT_MAIL},
    {"MIME entity", CONTENT("Content-Type: text/plain\n\nbody"), NULL, VT_FORMAT_MAIL},
    {"fields of no mail", CONTENT("Name: x\nAge: y\n\nbody"), NULL, VT_FORMAT_TEXT},
    {"text with a colon", CONTENT("Subject: y\nand then words\n"), NULL, VT_FORMAT_TEXT},
    {"PGP", CONTENT("-----BEGIN PGP MESSAGE-----\n\nx"), NULL, VT_FORMAT_ENCRYPTED},
    {"binary PGP", CONTENT("\x85\x02\x0c\x03"), "a.pdf.gpg", VT_FORMAT_ENCRYPTED},
    {"text", CONTENT("hello"), NULL, VT_FORMAT_TEXT},
    {"Vietnamese text", CONTENT("Quy\xe1\xba\xbft \xc4\x91\xe1\xbb\x8bnh"), NULL, VT_FORMAT_TEXT},
    {"text of ISO-2022-JP", CONTENT("\x1b$B%F\x1b(B"), NULL, VT_FORMAT_TEXT},
    {"text in UTF-16", CONTENT("\xfe\xff\0a\0b"), NULL, VT_FORMAT_TEXT},
    {"binary", CONTENT("\x01\x02\x03"), NULL, VT_FORMAT_UNKNOWN},
    {"binary named as text", CONTENT("a\0b"), "a.txt", VT_FORMAT_UNKNOWN},
};

static void formats_by_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        /* In a block of its own, so that a sanitizer sees every byte too many. */
        uint8_t *copy = malloc(cases[i].bytes.len + (cases[i].bytes.len == 0));
        memcpy(copy, cases[i].bytes.ptr, cases[i].bytes.len);
        enum vt_format format =
            vt_unpack_identify(vt_bytes_of(copy, cases[i].bytes.len), cases[i].name);
        free(copy);
        if (format != cases[i].format)
            fail_msg("%s: %s", cases[i].what, vt_format_name(format));
    }
}

/* Every begin of every case: no byte beyond the end is looked at. */
static void truncated_files_are_safe(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        for (size_t len = 1; len < cases[i].bytes.len; len++) {
            uint8_t *copy = malloc(len);
            memcpy(copy, cases[i].bytes.ptr, len);
            assert_true(vt_unpack_identify(vt_bytes_of(copy, len), cases[i].name) <
                        VT_FORMAT_COUNT);
            free(copy);
        }
    }
}

static void large_files_are_seen_by_their_ends(void **state)
{
    (void)state;
    const size_t len = (size_t)1 << 20;
    uint8_t *bytes = calloc(1, len);
    memcpy(bytes, "PK\x03\x04", 4);
    static const char entry[] =
        "PK\1\2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x13\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
        "\0\0[Content_Types].xml";
    memcpy(bytes + len - 1000, entry, sizeof(entry) - 1);
    assert_int_equal(vt_unpack_identify(vt_bytes_of(bytes, len), NULL), VT_FORMAT_OOXML);
    memset(bytes, 'x', len);
    memcpy(bytes + len - 1000, entry, sizeof(entry) - 1);
    assert_int_equal(vt_unpack_identify(vt_bytes_of(bytes, len), NULL), VT_FORMAT_UNKNOWN);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_by_content),
        cmocka_unit_test(truncated_files_are_safe),
        cmocka_unit_test(large_files_are_seen_by_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
