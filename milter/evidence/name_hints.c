/* SPDX-License-Identifier: Apache-2.0
 * What a file name says of a document (legal.md ): the form of documents is not read, so
 * only plain words count, and where they are not plain nothing is said. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "evidence/expect.h"
#include "vanthu/limits.h"

/* Words, each with a space before and after: " phu luc 2 ". */
#define WORDS_BYTES (VT_MAX_NAME_BYTES + 3)

/* "123-QD.signed.signed" was signed twice (legal.md R-94). */
static void drop_signed(char *name)
{
    static const char mark[] = ".signed";
    size_t len = strlen(name);
    for (; len > sizeof(mark) - 1 && strcasecmp(name + len - (sizeof(mark) - 1), mark) == 0;
         len -= sizeof(mark) - 1)
        name[len - (sizeof(mark) - 1)] = '\0';
}

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
    drop_signed(part);
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
    vt_text_join_letters(out);
}

/* "123-QD-PL2" */
static bool ends_with_pl(const char *words)
{
    const char *last = strstr(words, " pl");
    for (const char *next = last; next != NULL; next = strstr(next + 1, " pl"))
        last = next;
    size_t digits = last == NULL ? 0 : strspn(last + 3, "0123456789");
    return digits > 0 && digits <= 2 && strcmp(last + 3 + digits, " ") == 0;
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
    return begins_with_pl(words) || ends_with_pl(words);
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

static bool stands_at_edge(const char *words, const char *mark)
{
    size_t len = strlen(mark), words_len = strlen(words);
    return words_len >= len &&
           (strncmp(words, mark, len) == 0 || strcmp(words + words_len - len, mark) == 0);
}

/* At the begin or the end: "SAO Y 123-QD.pdf", "123-QD (sao lục).pdf"; elsewhere only words that
 * mean nothing else. */
enum vt_copy vt_document_is_called_copy(const struct vt_document *document)
{
    static const struct {
        const char *words;
        enum vt_copy copy;
        bool is_anywhere;
    } marks[] = {
        {" sao y ", VT_COPY_SAO_Y, false},        {" saoy ", VT_COPY_SAO_Y, false},
        {" ban sao y ", VT_COPY_SAO_Y, true},     {" sao y ban chinh ", VT_COPY_SAO_Y, true},
        {" sao luc ", VT_COPY_SAO_LUC, false},    {" saoluc ", VT_COPY_SAO_LUC, false},
        {" ban sao luc ", VT_COPY_SAO_LUC, true}, {" trich sao ", VT_COPY_TRICH_SAO, false},
        {" trichsao ", VT_COPY_TRICH_SAO, false}, {" ban trich sao ", VT_COPY_TRICH_SAO, true}};
    char words[WORDS_BYTES];
    if (document->name == NULL)
        return VT_COPY_NONE;
    words_of(words, document->name, strlen(document->name));
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *mark = marks[i].words;
        if (stands_at_edge(words, mark) || (marks[i].is_anywhere && strstr(words, mark) != NULL))
            return marks[i].copy;
    }
    return VT_COPY_NONE;
}
