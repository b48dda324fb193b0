/* SPDX-License-Identifier: Apache-2.0
 * The table filled with libmilter. Its prototypes take char * for what they only read. */
#include "gateway/milter_api.h"

#include <stdint.h>

/* A string that libmilter does not write to. */
static char *unchanged(const char *text)
{
    return (char *)(uintptr_t)text;
}

static const char *macro(SMFICTX *ctx, const char *name)
{
    return smfi_getsymval(ctx, unchanged(name));
}

static int ask_macros(SMFICTX *ctx, int stage, const char *names)
{
    return smfi_setsymlist(ctx, stage, unchanged(names));
}

static int set_reply(SMFICTX *ctx, const char *code, const char *enhanced, const char *const *lines,
                     size_t count)
{
    switch (count) {
    case 1:
        return smfi_setmlreply(ctx, code, enhanced, lines[0], (char *)NULL);
    case 2:
        return smfi_setmlreply(ctx, code, enhanced, lines[0], lines[1], (char *)NULL);
    case 3:
        return smfi_setmlreply(ctx, code, enhanced, lines[0], lines[1], lines[2], (char *)NULL);
    default:
        return MI_FAILURE;
    }
}

static int add_header(SMFICTX *ctx, const char *name, const char *value)
{
    return smfi_addheader(ctx, unchanged(name), unchanged(value));
}

static int insert_header(SMFICTX *ctx, int index, const char *name, const char *value)
{
    return smfi_insheader(ctx, index, unchanged(name), unchanged(value));
}

static int change_header(SMFICTX *ctx, const char *name, int index, const char *value)
{
    return smfi_chgheader(ctx, unchanged(name), index, unchanged(value));
}

static int delete_header(SMFICTX *ctx, const char *name, int index)
{
    return smfi_chgheader(ctx, unchanged(name), index, NULL);
}

/* libmilter takes what it sends as not constant, and cuts it into pieces itself. */
static int replace_body(SMFICTX *ctx, const uint8_t *bytes, size_t len)
{
    return smfi_replacebody(ctx, (unsigned char *)(uintptr_t)bytes, (int)len);
}

static int quarantine(SMFICTX *ctx, const char *reason)
{
    return smfi_quarantine(ctx, unchanged(reason));
}

const struct vt_milter_api vt_milter_api_real = {
    .get_private = smfi_getpriv,
    .set_private = smfi_setpriv,
    .macro = macro,
    .ask_macros = ask_macros,
    .set_reply = set_reply,
    .add_header = add_header,
    .insert_header = insert_header,
    .change_header = change_header,
    .delete_header = delete_header,
    .replace_body = replace_body,
    .quarantine = quarantine,
    .progress = smfi_progress,
};
