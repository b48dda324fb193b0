/* SPDX-License-Identifier: Apache-2.0
 * Marks of secrecy: "[MẬT]", "[TỐI MẬT]", "[TUYỆT MẬT]" at the beginning of a subject or of a
 * file's name. Nothing else is a mark: the words are common in ordinary text, and a mail
 * without a mark is never said to be free of secrets. Of a marked mail neither subject nor names,
 * digests or content leave the inspection. */
#ifndef VANTHU_SECRET_H
#define VANTHU_SECRET_H

#include "vanthu/bytes.h"

/* True when the text begins with a mark, after blanks. utf8: decoded; capitals, with their
 * diacritics composed, decomposed or in part (all forms that are canonically equivalent, UAX 15),
 * and one space between two words. Zeros and invalid UTF-8 are no mark. */
bool vt_secret_begins(struct vt_bytes utf8);
/* The same of the value of a Subject header as it came: raw UTF-8, or encoded words (RFC 2047) in
 * UTF-8. Decodes no more than the first bytes; what it does not understand is no mark. For those
 * who do not parse MIME; the inspector reads other character sets, too. */
bool vt_secret_subject_begins(struct vt_bytes value);

#endif
