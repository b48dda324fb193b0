/* SPDX-License-Identifier: Apache-2.0
 * What a file name says of a document (legal.md ): the form of documents is not read, so
 * only plain words count, and where they are not plain nothing is said. */
#include <ctype.h>
#include <string.h>

#include "evidence/expect.h"
#include "vanthu/limits.h"

/* Words, each with a space before and after: " phu luc 2 ". */
#define WORDS_BYTES (VT_MAX_NAME_BYTES + 3)

/* The words of one component of a path without its extension: ASCII, lower case. */
static void words_of(char out[WORDS_BYTES], const char *begin, size_t len)
{
    char part[VT_MAX_NAME_BYTES + 1], ascii[VT_MAX_NAME_BYTES + 1];
    if (len > VT_MAX_NAME_BYTES)
        len = VT_MAX_NAME_BYTES;
    memcpy(part, begin, len);
    part[len] = '\0';
    char *dot = strrchr(part, '.');
    if (dot != NULL && strlen(dot) <= 5)
        *dot = '\0';
    vt_text_ascii(ascii, sizeof(ascii), part);
    size_t used = 0;
    out[used++] = ' ';
    for (const char *at = ascii; *at != '\0'; at++) {
        if (isalnum((unsigned char)*at))
            out[used++] = (char)tolower((unsigned char)*at);
        else if (out[used - 1] != ' ')
            out[used++] = ' ';
    }
    if (out[used - 1] != ' ')
        out[used++] = ' ';
    out[used] = '\0';
}

/* "PL", "PL2", "PL 01" at the begin. */
static bool begins_with_pl(const char *words)
{
    if (strncmp(words, " pl", 3) != 0)
        return false;
    words += 3;
    words += strspn(words, "0123456789");
    return *words == ' ';
}

static bool says_annex(const char *words)
{
    static const char *const marks[] = {" phu luc ",  " phuluc ", " phu luc",  " phuluc",
                                        " kem theo ", " annex ",  " appendix "};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *found = strstr(words, marks[i]);
        size_t len = strlen(marks[i]);
        /* "phuluc1", but not a longer word that begins so. */
        if (found != NULL && (marks[i][len - 1] == ' ' || isdigit((unsigned char)found[len])))
            return true;
    }
    return begins_with_pl(words);
}

bool vt_document_is_called_annex(const struct vt_document *document)
{
    char words[WORDS_BYTES];
    if (document->name == NULL)
        return false;
    words_of(words, document->name, strlen(document->name));
    if (says_annex(words))
        return true;
    /* Archives around it; the last component is the name itself. */
    const char *at = document->path == NULL ? "" : document->path;
    for (const char *slash = strchr(at, '/'); slash != NULL; slash = strchr(at, '/')) {
        words_of(words, at, (size_t)(slash - at));
        if (says_annex(words))
            return true;
        at = slash + 1;
    }
    return false;
}

/* At the begin or the end: "SAO Y 123-QD.pdf", "123-QD (sao lục).pdf". */
enum vt_copy vt_document_is_called_copy(const struct vt_document *document)
{
    static const struct {
        const char *words;
        enum vt_copy copy;
    } marks[] = {{" sao y ", VT_COPY_SAO_Y},
                 {" sao luc ", VT_COPY_SAO_LUC},
                 {" trich sao ", VT_COPY_TRICH_SAO}};
    char words[WORDS_BYTES];
    if (document->name == NULL)
        return VT_COPY_NONE;
    words_of(words, document->name, strlen(document->name));
    size_t words_len = strlen(words);
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *mark = marks[i].words;
        size_t len = strlen(mark);
        if (words_len >= len &&
            (strncmp(words, mark, len) == 0 || strcmp(words + words_len - len, mark) == 0))
            return marks[i].copy;
    }
    return VT_COPY_NONE;
}
