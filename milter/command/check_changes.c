/* SPDX-License-Identifier: Apache-2.0
 * What a signature covers and what came after it, for a person. */
#include "command/check_print.h"

static enum vt_checked_word changes_word(enum vt_changes changes)
{
    static const enum vt_checked_word all[] = {
        [VT_CHANGES_UNDETERMINED] = W_CHANGES_UNDETERMINED,
        [VT_CHANGES_NONE] = W_CHANGES_NONE,
        [VT_CHANGES_PERMITTED] = W_CHANGES_PERMITTED,
        [VT_CHANGES_FORBIDDEN] = W_CHANGES_FORBIDDEN,
        [VT_CHANGES_ADDED] = W_CHANGES_ADDED,
    };
    return all[changes];
}

/* "Nội dung của trang đã bị thay (phiên bản 3, trang 2)" */
static void print_change(const struct vt_checked_printer *p,
                         const struct vt_document_change *change)
{
    fprintf(p->out, "%s (%s %u", vt_checked_phrase(p, vt_change_phrase(change->kind)),
            vt_checked_word(p, W_REVISION), change->revision);
    if (change->page > 0)
        fprintf(p->out, ", %s %u", vt_checked_word(p, W_PAGE), change->page);
    fputc(')', p->out);
}

/* Whose signature it is, or who signed it afterwards. */
static void print_permitted(const struct vt_checked_printer *p, const struct vt_document *document,
                            const struct vt_document_change *change)
{
    const struct vt_signature *added = vt_change_signature(document, change);
    const struct vt_signature *by = vt_change_signed_by(document, change);
    vt_checked_label(p, W_PERMITTED);
    print_change(p, change);
    if (added != NULL)
        fprintf(p->out, ": %s",
                vt_checked_first_of(added->signer.common_name, added->signer.subject));
    if (by != NULL)
        fprintf(p->out, "; %s %s%s", vt_checked_word(p, W_SIGNED_BY),
                vt_checked_first_of(by->signer.common_name, by->signer.subject),
                vt_checked_word(p, W_SIGNED_BY_END));
    fputc('\n', p->out);
}

/* What came after a signature, what was not permitted first. */
static void print_changes(const struct vt_checked_printer *p, const struct vt_document *document,
                          const struct vt_signature *signature)
{
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision <= signature->revision || change->effect == VT_CHANGES_PERMITTED)
            continue;
        vt_checked_label(p, W_CHANGED);
        print_change(p, change);
        fprintf(p->out, ": %s\n", vt_checked_phrase(p, vt_changes_phrase(change->effect)));
    }
    for (size_t i = 0; i < document->changes_count; i++) {
        const struct vt_document_change *change = &document->changes[i];
        if (change->revision > signature->revision && change->effect == VT_CHANGES_PERMITTED)
            print_permitted(p, document, change);
    }
}

/* Of what has no revisions only that it is not all. */
static void print_coverage(const struct vt_checked_printer *p, const struct vt_document *document,
                           const struct vt_signature *signature)
{
    if (document->revisions_count == 0 && signature->covers != VT_COVERS_PART)
        return;
    vt_checked_label(p, W_COVERS);
    fputs(vt_checked_phrase(p, vt_covers_phrase(signature->covers)), p->out);
    if (signature->covers == VT_COVERS_REVISION)
        fprintf(p->out, " %u", signature->revision);
    fputc('\n', p->out);
}

void vt_checked_changes(const struct vt_checked_printer *p, const struct vt_document *document,
                        const struct vt_signature *signature)
{
    print_coverage(p, document, signature);
    vt_checked_line(p, W_CHANGES, vt_checked_word(p, changes_word(signature->changes_after)));
    print_changes(p, document, signature);
}
