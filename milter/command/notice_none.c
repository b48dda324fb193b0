/* SPDX-License-Identifier: Apache-2.0
 * Why there is no notice about a mail: for whoever is called by its sender. The record of the
 * decision says it. */
#include "command/notice.h"
#include "command/owed.h"
#include "command/register.h"

/* Of the evidence of one mail. */
#define MAX_MAIL_ARENA_BYTES (256u * 1024 * 1024)

struct answer {
    struct vt_arena *arena;
    bool is_found, is_destroyed;
    const char *why; /* the word of the record; NULL: the sender is owed one */
};

static enum vt_code take_record(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct answer *answer = context;
    struct vt_register_record record;
    answer->is_found = true;
    answer->is_destroyed = entry->is_destroyed;
    if (entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(answer->arena, entry, &record, err);
    if (code == VT_OK)
        answer->why = record.decided->no_notice;
    return code;
}

static void print(FILE *out, enum vt_language language, const struct answer *answer)
{
    bool vi = language == VT_LANGUAGE_VIETNAMESE;
    if (!answer->is_found)
        fprintf(out, "%s\n",
                vi ? "Sổ đăng ký không có thư nào mang mã này."
                   : "No mail of the register has this reference.");
    else if (answer->is_destroyed)
        fprintf(out, "%s\n",
                vi ? "Sổ đăng ký không còn giữ nội dung của thư này."
                   : "The register has nothing of this mail but that it was.");
    else if (answer->why != NULL)
        fprintf(out, "%s: %s.\n",
                vi ? "Khi xét thư này, người gửi không được gửi thông báo"
                   : "When it was decided, its sender was owed no notice",
                vt_owed_why_not_by_name(language, answer->why));
}

enum vt_code vt_notice_print_none(FILE *out, enum vt_language language, struct vt_register *reg,
                                  const char *reference, struct vt_err *err)
{
    struct answer answer = {.arena = vt_arena_new(MAX_MAIL_ARENA_BYTES)};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    if (answer.arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a mail");
    query.reference = reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    enum vt_code code = vt_register_find(reg, &query, take_record, &answer, &next, err);
    if (code == VT_OK)
        print(out, language, &answer);
    vt_arena_free(answer.arena);
    return code;
}
