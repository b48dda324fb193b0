/* SPDX-License-Identifier: Apache-2.0
 * A body without what no policy looks at: most of the time of reading it back goes into paths,
 * findings and the trace. Text that is not as bodies are written is left as it is, so that whoever
 * parses it finds what is wrong. */
#include <string.h>

#include "register/replay.h"

/* Arrays and objects of these keys are left out, wherever they stand. */
static const char *const unread[] = {"path",    "findings",   "timestamps", "policies", "notices",
                                     "objects", "first_seen", "msecs",      "site",     "marks"};
/* The trace tells what the rules asked for where the mode of the site bounded it. */
#define TRACE "trace"

struct reader {
    const char *next, *end;
};

/* Behind a string; next stands behind its opening quote. */
static void pass_string(struct reader *r)
{
    while (r->next < r->end && *r->next != '"')
        r->next += *r->next == '\\' && r->next + 1 < r->end ? 2 : 1;
    if (r->next < r->end)
        r->next++;
}

/* Behind an array or object that begins here. Brackets are counted, not matched: that it is well
 * formed matters to nobody when it is not read. */
static void pass_value(struct reader *r)
{
    size_t depth = 0;
    do {
        char c = *r->next++;
        if (c == '"')
            pass_string(r);
        else if (c == '[' || c == '{')
            depth++;
        else if (c == ']' || c == '}')
            depth--;
    } while (depth > 0 && r->next < r->end);
}

static bool is_unread(const char *key, size_t len, bool wants_trace)
{
    if (!wants_trace && len == strlen(TRACE) && memcmp(key, TRACE, len) == 0)
        return true;
    for (size_t i = 0; i < sizeof(unread) / sizeof(unread[0]); i++) {
        if (strlen(unread[i]) == len && memcmp(key, unread[i], len) == 0)
            return true;
    }
    return false;
}

/* From a string that has begun: true when it is the key of something that is left out, which *r
 * then stands before. */
static bool is_key_unread(struct reader *r, bool wants_trace)
{
    const char *begin = r->next;
    pass_string(r);
    if (r->end - r->next < 2 || r->next[0] != ':' || (r->next[1] != '[' && r->next[1] != '{') ||
        !is_unread(begin, (size_t)(r->next - begin) - 1, wants_trace))
        return false;
    r->next++;
    return true;
}

enum vt_code vt_replay_lean(struct vt_bytes body, bool wants_trace, struct vt_buf *out)
{
    const char *kept = (const char *)body.ptr;
    struct reader r = {kept, kept + body.len};
    enum vt_code code = VT_OK;
    out->len = 0;
    while (code == VT_OK && r.next < r.end) {
        const char *quote = memchr(r.next, '"', (size_t)(r.end - r.next));
        r.next = quote != NULL ? quote + 1 : r.end;
        if (quote == NULL || !is_key_unread(&r, wants_trace))
            continue;
        code = vt_buf_add(out, kept, (size_t)(r.next - kept));
        if (code == VT_OK)
            code = *r.next == '[' ? vt_buf_add(out, "[]", 2) : vt_buf_add(out, "null", 4);
        pass_value(&r);
        kept = r.next;
    }
    return code == VT_OK ? vt_buf_add(out, kept, (size_t)(r.end - kept)) : code;
}
