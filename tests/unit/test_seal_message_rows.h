/* SPDX-License-Identifier: Apache-2.0
 * Mails that are hard to seal: what ordinary and careless programs send, and what becomes of it. */
#ifndef VANTHU_TESTS_SEAL_MESSAGE_ROWS_H
#define VANTHU_TESTS_SEAL_MESSAGE_ROWS_H

#include "vanthu/seal_message.h"

#define HEAD                                                                                       \
    "From: =?utf-8?Q?V=C4=83n_th=C6=B0?= <vanthu@sonoivu.ninhbinh.gov.vn>\r\n"                     \
    "To: b@example.vn\r\nSubject: =?utf-8?Q?C=C3=B4ng_v=C4=83n_12?=\r\n"                           \
    "Message-ID: <1@example.vn>\r\n"
#define MIME HEAD "MIME-Version: 1.0\r\n"
#define PLAIN MIME "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
#define MIXED MIME "Content-Type: multipart/mixed; boundary=\"b1\"\r\n"
#define HUNDRED                                                                                    \
    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901" \
    "23456789"
/* Stands for 1000 digits; string literals have to be short. */
#define THOUSAND "\x02"

struct ugly {
    const char *name;
    const char *mail;
    size_t mail_bytes;
    /* What the signed bytes have to hold; NULL: nothing in particular. */
    const char *inside;
    unsigned reencoded;
    enum vt_seal_message_word clear; /* without may_be_opaque */
};
#define UGLY(name, mail, inside, reencoded)                                                        \
    {                                                                                              \
        name, mail, sizeof(mail) - 1, inside, reencoded, VT_SEAL_MESSAGE_READY                     \
    }
#define FRAGILE(name, mail)                                                                        \
    {                                                                                              \
        name, mail, sizeof(mail) - 1, NULL, 0, VT_SEAL_MESSAGE_FRAGILE                             \
    }

static const struct ugly uglies[] = {
    UGLY("plain", PLAIN "7bit\r\n\r\nXin chao.\r\n", "Content-Transfer-Encoding: 7bit\r\n\r\nXin",
         0),
    UGLY("8bit subject and body",
         "From: a@b.vn\r\nSubject: Công văn số 12\r\nMIME-Version: 1.0\r\nContent-Type: "
         "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKính gửi các đơn "
         "vị.\r\n",
         "Content-Transfer-Encoding: ", 1),
    UGLY("mostly ASCII becomes quoted-printable", PLAIN "8bit\r\n\r\n" HUNDRED "\r\nKính = gui\r\n",
         "K=C3=ADnh =3D gui\r\n", 1),
    UGLY("10 000 characters in a line",
         PLAIN "7bit\r\n\r\n" THOUSAND THOUSAND THOUSAND THOUSAND THOUSAND THOUSAND THOUSAND
             THOUSAND THOUSAND THOUSAND "\r\nend\r\n",
         "quoted-printable\r\n\r\n0123456789", 1),
    UGLY("998 and no more",
         PLAIN
         "7bit\r\n\r\n" HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
         "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
         "901234567\r\n",
         "7bit\r\n", 0),
    UGLY("999", PLAIN "7bit\r\n\r\n" THOUSAND "\r\n", "quoted-printable\r\n", 1),
    UGLY("empty body", PLAIN "7bit\r\n\r\n", NULL, 0),
    UGLY("no body at all", HEAD, "Content-Type: text/plain; charset=us-ascii\r\n\r\n", 0),
    UGLY("no MIME-Version, ASCII", HEAD "\r\nXin chao.\r\n",
         "Content-Type: text/plain; charset=us-ascii\r\n\r\nXin chao.\r\n", 0),
    UGLY("no MIME-Version, UTF-8", HEAD "\r\nXin chào.\r\n",
         "Content-Type: text/plain; charset=utf-8\r\n", 1),
    UGLY("no MIME-Version, something", HEAD "\r\nXin ch\xe0o.\r\n",
         "Content-Type: text/plain; charset=unknown-8bit\r\n", 1),
    UGLY("binary attachment",
         MIXED "\r\n--b1\r\nContent-Type: text/plain\r\n\r\nHi\r\n--b1\r\nContent-Type: "
               "application/octet-stream; name=a.bin\r\nContent-Transfer-Encoding: "
               "binary\r\n\r\n\x01\xff\n\r\r\n\0\x80\r\n--b1--\r\n",
         "Content-Transfer-Encoding: base64\r\n\r\nAf8KDQ0KAIA=\r\n--b1--\r\n", 1),
    UGLY("NUL in a text", PLAIN "8bit\r\n\r\na\0b\r\n", "base64\r\n\r\nYQBiDQo=", 1),
    UGLY("bare CR in a text", PLAIN "7bit\r\n\r\na\rb\r\n", "a=0Db\r\n", 1),
    UGLY("delicate lines",
         PLAIN "7bit\r\n\r\n" HUNDRED "\r\nFrom here\r\n.\r\n..x\r\n-- \r\ntab\t\r\n",
         "=46rom here\r\n=2E\r\n=2E.x\r\n=2D-=20\r\ntab=09\r\n", 1),
    UGLY("dots that are stuffed on the way", PLAIN "7bit\r\n\r\n.begin\r\n..x\r\n",
         "\r\n\r\n.begin\r\n..x\r\n", 0),
    UGLY("quoted-printable with From",
         PLAIN "quoted-printable\r\n\r\n"
               "From =C3=A1=\r\nb  \r\nx\r\n",
         "=46rom =C3=A1b\r\nx\r\n", 1),
    UGLY("raw 8bit in quoted-printable", PLAIN "quoted-printable\r\n\r\nKính =C3=A1\r\n",
         "K=C3=ADnh =C3=A1\r\n", 1),
    UGLY("base64 in one line of 1368",
         MIXED "\r\n--b1\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: "
               "base64\r\n\r\n" THOUSAND HUNDRED HUNDRED HUNDRED "\r\n--b1--\r\n",
         "base64\r\n\r\n0123456789012345", 1),
    UGLY("base64 as it should be",
         MIXED "\r\n--b1\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: "
               "base64\r\n\r\nJVBERi0=\r\n--b1--\r\n",
         "\r\n\r\nJVBERi0=\r\n--b1--", 0),
    UGLY("raw UTF-8 file name",
         MIXED "\r\n--b1\r\nContent-Type: application/pdf; name=\"Công văn.pdf\"\r\n"
               "Content-Disposition: attachment;\r\n filename=\"Công văn.pdf\"; size=12\r\n"
               "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0=\r\n--b1--\r\n",
         "filename*=utf-8''C%C3%B4ng%20v%C4%83n.pdf; size=12\r\n", 0),
    UGLY("raw UTF-8 description",
         MIXED "\r\n--b1\r\nContent-Type: text/plain\r\nContent-Description: Phụ lục kèm theo "
               "công văn của Sở Nội vụ\r\n\r\nHi\r\n--b1--\r\n",
         "Content-Description: =?utf-8?B?", 0),
    UGLY("says 8bit and is not",
         MIXED "Content-Transfer-Encoding: 8bit\r\n\r\n--b1\r\nContent-Type: text/plain\r\n"
               "content-transfer-encoding: 8BIT\r\n\r\nHi\r\n--b1--\r\n",
         "Content-Type: text/plain\r\nContent-Transfer-Encoding: 7bit\r\n\r\nHi", 0),
    UGLY("preamble that would not arrive",
         MIXED "\r\nĐây là thư\r\nkeep me\r\n--b1\r\n\r\nHi\r\n--b1--\r\nepilogue\r\n" THOUSAND
               "\r\n",
         "\r\n\r\nkeep me\r\n--b1\r\n\r\nHi\r\n--b1--\r\nepilogue\r\n", 0),
    UGLY("nested mail, 8bit inside",
         MIXED "\r\n--b1\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
               "From: c@d.vn\r\nSubject: Trả lời\r\nContent-Type: text/plain; "
               "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nKính gửi\r\n--b1--\r\n",
         "Subject: =?utf-8?B?VHLhuqMgbOG7nWk=?=\r\n", 1),
    UGLY("nested in nested",
         MIXED "\r\n--b1\r\nContent-Type: message/rfc822\r\n\r\nSubject: 1\r\nContent-Type: "
               "multipart/mixed; boundary=b2\r\n\r\n--b2\r\nContent-Type: message/rfc822\r\n\r\n"
               "Subject: 2\r\n\r\n.\r\n--b2--\r\n\r\n--b1--\r\n",
         "Subject: 2\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=2E\r\n--b2--", 1),
    UGLY("digest",
         MIME "Content-Type: multipart/digest; boundary=b1\r\n\r\n--b1\r\n\r\nSubject: "
              "1\r\n\r\nKính\r\n--b1--\r\n",
         "Content-Transfer-Encoding: ", 1),
    UGLY("empty part and empty nested mail",
         MIXED "\r\n--b1\r\n\r\n\r\n--b1\r\nContent-Type: message/rfc822\r\n\r\n\r\n--b1--\r\n",
         NULL, 0),
    UGLY("UTF-16",
         MIXED "\r\n--b1\r\nContent-Type: text/plain; charset=utf-16le\r\n"
               "Content-Transfer-Encoding: binary\r\n\r\nH\0i\0\r\0\n\0\r\n--b1--\r\n",
         "base64\r\n\r\nSABpAA0ACgA=\r\n--b1--", 1),
    UGLY("white space at the ends of header lines",
         MIXED
         "\r\n--b1\r\nContent-Type: text/plain; \r\n\tcharset=us-ascii\r\n\r\nHi\r\n--b1--\r\n",
         "Content-Type: text/plain;\r\n\tcharset=us-ascii\r\n\r\nHi", 0),
    UGLY("what looks like a boundary in a soft break",
         PLAIN "8bit\r\n\r\n" HUNDRED HUNDRED "--=_vanthu_--b1--é" HUNDRED "\r\n--b1\r\n--b1--\r\n",
         "=2D-b1\r\n=2D-b1--\r\n", 1),
    UGLY("all Content fields",
         MIME "Content-Type: text/html\r\nContent-Language: vi\r\nContent-ID: <x@y>\r\n"
              "Content-Disposition: inline\r\nContent-Length: 12\r\nX-Mailer: m\r\n\r\n<p>\r\n",
         "Content-Type: text/html\r\nContent-Language: vi\r\nContent-ID: <x@y>\r\n"
         "Content-Disposition: inline\r\n\r\n<p>\r\n",
         0),
    UGLY("signed part inside, safe",
         MIXED "\r\n--b1\r\nContent-Type: multipart/signed; boundary=s; protocol=\"application/"
               "pgp-signature\"\r\n\r\n--s\r\n\r\nFrom me \r\n--s\r\nContent-Type: "
               "application/pgp-signature\r\n\r\nx\r\n--s--\r\n\r\n--b1--\r\n",
         "--s\r\n\r\nFrom me \r\n--s\r\n", 0),
    FRAGILE("signed part inside, 8bit",
            MIXED "\r\n--b1\r\nContent-Type: multipart/signed; boundary=s; protocol=\"application/"
                  "pgp-signature\"\r\n\r\n--s\r\n\r\nKính\r\n--s\r\nContent-Type: "
                  "application/pgp-signature\r\n\r\nx\r\n--s--\r\n\r\n--b1--\r\n"),
    FRAGILE("signed part inside that says 8bit",
            MIXED "\r\n--b1\r\nContent-Type: multipart/signed; boundary=s; protocol=\"application/"
                  "pgp-signature\"\r\n\r\n--s\r\nContent-Transfer-Encoding: "
                  "8bit\r\n\r\nKinh\r\n--s\r\nContent-Type: "
                  "application/pgp-signature\r\n\r\nx\r\n--s--\r\n\r\n--b1--\r\n"),
    FRAGILE("nested mail from a raw name", MIXED
            "\r\n--b1\r\nContent-Type: message/rfc822\r\n\r\nFrom: Bình <c@d.vn>\r\n\r\nHi\r\n"
            "--b1--\r\n"),
    FRAGILE("file name in no character set",
            MIXED "\r\n--b1\r\nContent-Type: application/pdf; name=\"C\xf4ng.pdf\"\r\n\r\nx\r\n"
                  "--b1--\r\n"),
    FRAGILE("encoding nobody knows",
            MIME "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uue\r\n\r\n\xff\r\n"),
    FRAGILE("piece of a mail", MIXED "\r\n--b1\r\nContent-Type: message/partial; id=x; number=1; "
                                     "total=2\r\n\r\nKính\r\n--b1--\r\n"),
};

#endif
