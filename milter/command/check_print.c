/* SPDX-License-Identifier: Apache-2.0
 * Lines of evidence for a person (see check_print.h). */
#include "command/check_print.h"

#include "command/print.h"

void vt_checked_label(const struct vt_checked_printer *p, enum vt_checked_word word)
{
    const char *text = vt_checked_word(p, word);
    int pad = 24 - vt_print_columns(text);
    fprintf(p->out, "     %s%*s", text, pad > 1 ? pad : 1, "");
}

void vt_checked_line(const struct vt_checked_printer *p, enum vt_checked_word word,
                     const char *value)
{
    vt_checked_label(p, word);
    fprintf(p->out, "%s\n",
            value == NULL || *value == '\0' ? vt_checked_word(p, W_UNKNOWN) : value);
}

static void print_reason(const struct vt_checked_printer *p, enum vt_reason reason,
                         const struct vt_reason_fields *fields)
{
    const struct vt_reason_info *info = vt_reason_info(reason);
    bool vi = p->language == VT_LANGUAGE_VIETNAMESE;
    char text[VT_REASON_TEXT_BYTES];
    vt_checked_label(p, W_REASON);
    /* The milter asks and asks again; a command only where it may, and once. */
    bool is_status = reason == VT_REASON_STATUS_UNKNOWN, is_offline = p->text->offline;
    fprintf(
        p->out, "%s: %s\n", info->code,
        is_status && is_offline
            ? vt_checked_word(p, W_NOT_ASKED)
            : vt_reason_fill(text, sizeof(text), vi ? info->vietnamese : info->english, fields));
    vt_checked_line(p, W_TO_DO,
                    is_status ? vt_checked_word(p, is_offline ? W_ASK : W_ASK_LATER)
                              : vt_reason_fill(text, sizeof(text),
                                               vi ? info->vietnamese_to_do : info->english_to_do,
                                               fields));
}

void vt_checked_reasons(const struct vt_checked_printer *p, vt_reasons reasons,
                        const struct vt_reason_fields *fields)
{
    for (int i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) != 0)
            print_reason(p, (enum vt_reason)i, fields);
    }
}

const char *vt_checked_first_of(const char *a, const char *b)
{
    return a != NULL && *a != '\0' ? a : b;
}

void vt_checked_findings(const struct vt_checked_printer *p, const char *const *findings,
                         size_t count)
{
    for (size_t i = 0; i < count; i++)
        vt_checked_line(p, W_NOTE, findings[i]);
}
