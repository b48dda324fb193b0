/* SPDX-License-Identifier: Apache-2.0
 * Arguments of MAIL and RCPT as Postfix (tok822) and Sendmail (prescan) read them. */
#include "gateway/path.h"

#include <string.h>

#include "vanthu/bytes.h"

/* No SMTP server takes longer lines (RFC 5321 4.5.3.1.4 has 512). */
#define MAX_ARGUMENT_BYTES 4096

/* An address while it is read: its characters without quotes, and where in them a part ends. */
struct path {
    char text[MAX_ARGUMENT_BYTES];
    size_t len;
    size_t at;   /* the last "@" that is not quoted, SIZE_MAX: none */
    size_t bang; /* the first "!" that is not quoted, SIZE_MAX: none */
    size_t percent;
};

static void add(struct path *path, char c)
{
    if (path->len < sizeof(path->text))
        path->text[path->len++] = c;
}

/* Comments nest (RFC 5322 3.2.2). Returns what follows. */
static const char *skip_comment(const char *text)
{
    unsigned depth = 0;
    for (; *text != '\0'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        else if (*text == '(')
            depth++;
        else if (*text == ')' && --depth == 0)
            return text + 1;
    }
    return text;
}

static const char *read_quoted(struct path *path, const char *text)
{
    for (; *text != '\0' && *text != '"'; text++) {
        if (*text == '\\' && text[1] != '\0')
            text++;
        add(path, *text);
    }
    return *text == '"' ? text + 1 : text;
}

static void note_special(struct path *path, char c)
{
    if (c == '@')
        path->at = path->len;
    else if (c == '!' && path->bang == SIZE_MAX)
        path->bang = path->len;
    else if (c == '%')
        path->percent = path->len;
}

static void read_path(struct path *path, const char *text, bool has_bracket)
{
    while (*text != '\0' && *text != '>' && (has_bracket || *text != ' ')) {
        if (*text == '(') {
            text = skip_comment(text);
        } else if (*text == '"') {
            text = read_quoted(path, text + 1);
        } else if (*text == ' ' || *text == '\t') {
            text++;
        } else if (*text == '\\' && text[1] != '\0') {
            add(path, text[1]);
            text += 2;
        } else {
            note_special(path, *text);
            add(path, *text++);
        }
    }
}

/* Postfix drops these, too. "." and "@" behind a quoted local part alone are none of a domain. */
static void drop_end(struct path *path)
{
    while (path->len > 0 && path->at != SIZE_MAX && path->len > path->at &&
           strchr(".@", path->text[path->len - 1]) != NULL) {
        path->len--;
        if (path->len == path->at) {
            path->at = SIZE_MAX;
            for (size_t i = path->len; i-- > 0 && path->at == SIZE_MAX;)
                path->at = path->text[i] == '@' ? i : SIZE_MAX;
        }
    }
}

/* "@a,@b:user@c" (RFC 5321 4.1.1.3): the route is ignored. */
static struct vt_bytes without_route(struct vt_bytes local)
{
    const uint8_t *colon =
        local.len > 0 && local.ptr[0] == '@' ? memrchr(local.ptr, ':', local.len) : NULL;
    return colon == NULL ? local : vt_bytes_slice(local, (size_t)(colon - local.ptr) + 1, SIZE_MAX);
}

/* atext and "." (RFC 5322 3.2.3), and what is not ASCII (RFC 6532 3.2). */
static bool needs_quotes(struct vt_bytes local)
{
    for (size_t i = 0; i < local.len; i++) {
        if (strchr("()<>[]:;@\\,\" ", local.ptr[i]) != NULL)
            return true;
    }
    return local.len == 0;
}

static size_t put(char *out, size_t used, struct vt_bytes bytes, bool is_quoted)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (is_quoted && (bytes.ptr[i] == '"' || bytes.ptr[i] == '\\'))
            out[used++] = '\\';
        out[used++] = (char)bytes.ptr[i];
    }
    return used;
}

static const char *write_address(struct vt_bytes local, struct vt_bytes domain,
                                 char out[VT_PATH_BYTES])
{
    char raw[VT_PATH_BYTES];
    size_t used = 0;
    local = vt_bytes_slice(without_route(local), 0, VT_MAX_PATH_LOCAL_BYTES);
    if (domain.len > VT_MAX_PATH_DOMAIN_BYTES)
        domain = vt_bytes_slice(domain, domain.len - VT_MAX_PATH_DOMAIN_BYTES, SIZE_MAX);
    bool is_quoted = needs_quotes(local) && (local.len > 0 || domain.len > 0);
    if (is_quoted)
        raw[used++] = '"';
    used = put(raw, used, local, is_quoted);
    if (is_quoted)
        raw[used++] = '"';
    if (domain.len > 0)
        raw[used++] = '@';
    used = put(raw, used, domain, false);
    return vt_text_clean(out, VT_PATH_BYTES, vt_bytes_of(raw, used));
}

const char *vt_path_address(const char *argument, char out[VT_PATH_BYTES])
{
    struct path path = {.at = SIZE_MAX, .bang = SIZE_MAX, .percent = SIZE_MAX};
    const char *begin = argument + strspn(argument, " \t");
    bool has_bracket = *begin == '<';
    read_path(&path, begin + (has_bracket ? 1 : 0), has_bracket);
    drop_end(&path);
    struct vt_bytes all = vt_bytes_of(path.text, path.len);
    bool has_site = path.at == SIZE_MAX && path.bang != SIZE_MAX && path.bang < path.len;
    size_t cut = has_site ? path.bang : path.at != SIZE_MAX ? path.at : path.percent;
    if (cut >= path.len)
        return write_address(all, (struct vt_bytes){0}, out);
    struct vt_bytes before = vt_bytes_slice(all, 0, cut);
    struct vt_bytes behind = vt_bytes_slice(all, cut + 1, SIZE_MAX);
    return has_site ? write_address(behind, before, out) : write_address(before, behind, out);
}
