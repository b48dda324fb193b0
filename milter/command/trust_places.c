/* SPDX-License-Identifier: Apache-2.0
 * Where the certificates of a trust set are published (legal.md R-80), and reading from an address,
 * a file or a folder. */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "command/trust.h"

#define MAX_FILE_BYTES (4u * 1024 * 1024)
#define MAX_FILES 256
/* Links of one index page that are followed. */
#define MAX_LINKS 64
#define MAX_LINK_BYTES 128

/* An address that ends with "/" is an index page: the certificates beside it are fetched. Those
 * that are gone are told and passed over. */
static const char *const published[VT_TRUST_SETS][8] = {
    [VT_TRUST_OFFICIAL] =
        {
            "http://ca.gov.vn/pki/pub/crt/",           /* second generation */
            "http://ca.gov.vn/pki/pub/crt/cpcag2.crt", /* state agencies */
            "http://ca.gov.vn/pki/pub/cert/",          /* first generation */
            "http://ca.gov.vn/pki/pub/cert/cp.crt",    /* Government */
            "http://ca.gov.vn/pki/pub/cert/btc.crt",   /* Ministry of Finance */
        },
};

static const char *const published_crls[VT_TRUST_SETS][8] = {
    [VT_TRUST_OFFICIAL] =
        {
            "http://ca.gov.vn/pki/pub/crl/cpcag2.crl",
            "http://ca.gov.vn/pki/pub/crl/cp.crl",
            "http://ca.gov.vn/pki/pub/crl/btc.crl",
        },
};

const char *vt_trust_published_crl(enum vt_trust_set_id set, size_t index)
{
    return index < sizeof(published_crls[0]) / sizeof(published_crls[0][0])
               ? published_crls[set][index]
               : NULL;
}

/* ---- index pages ---- */

static bool is_certificate_name(const char *name)
{
    static const char *const endings[] = {".crt", ".cer", ".pem", ".der"};
    const char *dot = strrchr(name, '.');
    for (size_t i = 0; name[0] != '.' && dot != NULL && i < 4; i++) {
        if (strcasecmp(dot, endings[i]) == 0)
            return true;
    }
    return false;
}

/* The next href="NAME" that names a file beside the page. */
static bool next_link(struct vt_bytes page, size_t *from, char name[MAX_LINK_BYTES])
{
    const struct vt_bytes begin = VT_BYTES("href=\"");
    size_t at;
    while ((at = vt_bytes_find(page, begin, *from)) != SIZE_MAX) {
        size_t len = 0;
        at += begin.len;
        while (at + len < page.len && len + 1 < MAX_LINK_BYTES &&
               (isalnum(page.ptr[at + len]) || strchr("._-%", (char)page.ptr[at + len]) != NULL) &&
               page.ptr[at + len] != '\0') {
            name[len] = (char)page.ptr[at + len];
            len++;
        }
        name[len] = '\0';
        *from = at + len;
        if (at + len < page.len && page.ptr[at + len] == '"' && is_certificate_name(name))
            return true;
    }
    return false;
}

static bool is_page(struct vt_bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len && isspace(bytes.ptr[at]))
        at++;
    return at < bytes.len && bytes.ptr[at] == '<';
}

/* ---- addresses ---- */

static bool is_address(const char *from)
{
    return strncasecmp(from, "http://", 7) == 0 || strncasecmp(from, "https://", 8) == 0;
}

/* VT_E_NOMEM and faults of ours end everything; what is wrong with one place does not. */
static bool is_ours(enum vt_code code)
{
    return code == VT_E_NOMEM || code == VT_E_INTERNAL || code == VT_E_SYSTEM || code == VT_E_LIMIT;
}

static enum vt_code tell(struct vt_trust_desk *desk, enum vt_code code, const char *from,
                         const struct vt_err *err, size_t *failures)
{
    if (code == VT_OK || is_ours(code))
        return code;
    (*failures)++;
    vt_trust_result(desk, "failed", NULL, "%s: %s", from,
                    err->text[0] != '\0' ? err->text : vt_code_name(code));
    return VT_OK;
}

static enum vt_code gather_address(struct vt_trust_desk *desk, const char *url,
                                   struct vt_trust_items *items, struct vt_err *err);

static enum vt_code follow_links(struct vt_trust_desk *desk, const char *url, struct vt_bytes page,
                                 struct vt_trust_items *items, size_t *failures, struct vt_err *err)
{
    char name[MAX_LINK_BYTES];
    size_t from = 0;
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < MAX_LINKS && next_link(page, &from, name); i++) {
        struct vt_err inner = {0};
        const char *link = vt_arena_printf(desk->arena, "%s%s", url, name);
        if (link == NULL)
            return vt_err_set(err, VT_E_NOMEM, "out of memory");
        code = tell(desk, gather_address(desk, link, items, &inner), link, &inner, failures);
        if (code != VT_OK)
            *err = inner;
    }
    return code;
}

static enum vt_code gather_address(struct vt_trust_desk *desk, const char *url,
                                   struct vt_trust_items *items, struct vt_err *err)
{
    struct vt_bytes bytes;
    size_t failures = 0;
    enum vt_code code = vt_trust_fetch(desk, url, "issuer", &bytes, err);
    if (code != VT_OK)
        return code;
    if (url[strlen(url) - 1] == '/' && is_page(bytes))
        return follow_links(desk, url, bytes, items, &failures, err);
    return vt_trust_items_add(desk, items, bytes, url, err);
}

/* ---- files ---- */

static enum vt_code gather_file(struct vt_trust_desk *desk, const char *file,
                                struct vt_trust_items *items, struct vt_err *err)
{
    struct vt_buf bytes;
    enum vt_code code = vt_command_read_file(file, MAX_FILE_BYTES, &bytes, err);
    /* A file that cannot be read is no fault of ours. */
    if (code == VT_E_SYSTEM || code == VT_E_LIMIT)
        code = VT_E_NOT_FOUND;
    if (code == VT_OK)
        code = vt_trust_items_add(desk, items, vt_buf_bytes(&bytes), file, err);
    vt_buf_clear(&bytes);
    return code;
}

static int choose(const struct dirent *entry)
{
    return is_certificate_name(entry->d_name);
}

/* A pipe in an unpacked archive has no end. */
static enum vt_code gather_entry(struct vt_trust_desk *desk, const char *file,
                                 struct vt_trust_items *items, struct vt_err *err)
{
    struct stat status;
    return stat(file, &status) == 0 && S_ISREG(status.st_mode)
               ? gather_file(desk, file, items, err)
               : vt_err_set(err, VT_E_NOT_FOUND, "it is no regular file");
}

static enum vt_code gather_folder(struct vt_trust_desk *desk, const char *folder,
                                  struct vt_trust_items *items, size_t *failures,
                                  struct vt_err *err)
{
    struct dirent **entries = NULL;
    enum vt_code code = VT_OK;
    int count = scandir(folder, &entries, choose, alphasort);
    if (count < 0)
        return vt_err_set(err, VT_E_NOT_FOUND, "the folder cannot be read");
    if (count > MAX_FILES)
        code = vt_err_set(err, VT_E_LIMIT, "%s has more than %d files", folder, MAX_FILES);
    for (int i = 0; i < count; i++) {
        struct vt_err inner = {0};
        const char *file = vt_arena_printf(desk->arena, "%s/%s", folder, entries[i]->d_name);
        if (code == VT_OK && file == NULL)
            code = vt_err_set(err, VT_E_NOMEM, "out of memory");
        if (code == VT_OK) {
            code = tell(desk, gather_entry(desk, file, items, &inner), file, &inner, failures);
            if (code != VT_OK)
                *err = inner;
        }
        free(entries[i]);
    }
    free(entries);
    if (code == VT_OK && count == 0)
        code = vt_err_set(err, VT_E_NOT_FOUND,
                          "the folder has no certificate (.pem, .crt, .cer, .der)");
    return code;
}

static enum vt_code gather_one(struct vt_trust_desk *desk, const char *from,
                               struct vt_trust_items *items, size_t *failures, struct vt_err *err)
{
    struct stat status;
    if (is_address(from))
        return gather_address(desk, from, items, err);
    if (stat(from, &status) == 0 && S_ISDIR(status.st_mode))
        return gather_folder(desk, from, items, failures, err);
    return gather_file(desk, from, items, err);
}

enum vt_code vt_trust_gather(struct vt_trust_desk *desk, const char *from,
                             struct vt_trust_items *items, size_t *failures, struct vt_err *err)
{
    const char *const *places = from != NULL ? &from : published[desk->options.set];
    size_t count = from != NULL ? 1 : sizeof(published[0]) / sizeof(published[0][0]);
    enum vt_code code = VT_OK;
    for (size_t i = 0; code == VT_OK && i < count && places[i] != NULL; i++) {
        struct vt_err inner = {0};
        code = tell(desk, gather_one(desk, places[i], items, failures, &inner), places[i], &inner,
                    failures);
        if (code != VT_OK)
            *err = inner;
    }
    return code;
}
