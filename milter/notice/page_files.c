/* SPDX-License-Identifier: Apache-2.0
 * Blocks about one mail: files with their reasons, facts of signatures, recipients. */
#include <stdio.h>
#include <string.h>

#include "notice/page.h"

/* Valid files that are named in their one line. */
enum { VALID_NAMED = 5 };

const char *vt_page_file_name(struct vt_notice_page *page, const struct vt_document *document)
{
    const char *name = vt_notice_clean(page->arena, document->name, VT_NOTICE_NAME_BYTES);
    const char *path = vt_notice_clean(page->arena, document->path, VT_NOTICE_NAME_BYTES);
    if (name != NULL)
        return name;
    if (document->format == VT_FORMAT_SMIME)
        return vt_page_label(page, VT_LABEL_MESSAGE_SIGNATURE);
    if (path == NULL)
        return vt_page_label(page, VT_LABEL_UNNAMED_FILE);
    return vt_page_printf(page, "%s (%s)", vt_page_label(page, VT_LABEL_UNNAMED_FILE), path);
}

/* ---- {files} ---- */

/* Nothing is to be done about a mail that waits for a decision, and what the sender should do is
 * not for a recipient. */
static bool has_to_do(const struct vt_notice_page *page)
{
    enum vt_notice_kind kind = page->view->input->kind;
    return kind != VT_NOTICE_HELD && kind != VT_NOTICE_MARKED;
}

static void add_reasons(struct vt_notice_page *page, vt_reasons reasons,
                        const struct vt_document *document)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        vt_page_add(page, VT_NODE_PAIR, vt_page_label(page, VT_LABEL_REASON),
                    vt_page_reason(page, (enum vt_reason)i, document));
        if (has_to_do(page))
            vt_page_add(page, VT_NODE_PAIR, vt_page_label(page, VT_LABEL_TO_DO),
                        vt_page_to_do(page, (enum vt_reason)i, document));
    }
}

static void add_files(struct vt_notice_page *page, enum vt_notice_file_state state, size_t *number)
{
    const struct vt_notice_view *view = page->view;
    size_t left = 0;
    for (size_t i = 0; i < view->files_count; i++) {
        const struct vt_notice_file_view *file = &view->files[i];
        if (file->state != state)
            continue;
        if (*number == VT_NOTICE_FILES_SHOWN) {
            left++;
            continue;
        }
        const struct vt_document *document = &view->evidence->documents[file->index];
        vt_page_add_item(page, ++*number, vt_page_file_name(page, document));
        add_reasons(page, file->reasons, document);
    }
    if (left > 0 && state == VT_FILE_FAILING)
        vt_page_add(
            page, VT_NODE_PARAGRAPH, NULL,
            vt_page_printf(page, "%zu %s.", left, vt_page_label(page, VT_LABEL_MORE_FILES)));
}

/* "28/30 tệp có chữ ký số hợp lệ: a.pdf, b.pdf …" */
static void add_valid(struct vt_notice_page *page)
{
    const struct vt_notice_view *view = page->view;
    size_t count = view->state_counts[VT_FILE_VALID], named = 0;
    const char *line = vt_page_printf(page, "%zu/%zu %s", count, view->files_count,
                                      vt_page_label(page, VT_LABEL_VALID_FILES));
    for (size_t i = 0; i < view->files_count && named < VALID_NAMED; i++) {
        if (view->files[i].state == VT_FILE_VALID)
            line = vt_page_printf(
                page, "%s%s%s", line, named++ == 0 ? ": " : ", ",
                vt_page_file_name(page, &view->evidence->documents[view->files[i].index]));
    }
    if (count > 0)
        vt_page_add(page, VT_NODE_PARAGRAPH, NULL,
                    vt_page_printf(page, "%s%s", line, count > named ? " …" : "."));
}

/* Nothing of a file: the reason of the mail, of its rule, or of the policy. */
static void add_reason_alone(struct vt_notice_page *page)
{
    const char *to_do = vt_page_field(page, VT_FIELD_TO_DO);
    vt_page_add(page, VT_NODE_PAIR, vt_page_label(page, VT_LABEL_REASON),
                vt_page_field(page, VT_FIELD_REASON));
    if (has_to_do(page))
        vt_page_add(page, VT_NODE_PAIR, vt_page_label(page, VT_LABEL_TO_DO), to_do);
}

void vt_page_files(struct vt_notice_page *page)
{
    const struct vt_notice_view *view = page->view;
    size_t number = 0;
    if (view->mail_reasons == 0 && view->state_counts[VT_FILE_FAILING] == 0 &&
        view->state_counts[VT_FILE_UNCHECKED] == 0) {
        add_reason_alone(page);
        return;
    }
    if (view->mail_reasons != 0) {
        vt_page_add_item(page, ++number, vt_page_label(page, VT_LABEL_WHOLE_MAIL));
        add_reasons(page, view->mail_reasons, NULL);
    }
    add_files(page, VT_FILE_FAILING, &number);
    add_files(page, VT_FILE_UNCHECKED, &number);
    add_valid(page);
}

/* ---- {facts} ---- */

static void add_signature(struct vt_notice_page *page, const struct vt_signature *signature)
{
    struct vt_page_fact facts[VT_PAGE_FACTS];
    vt_page_signature_facts(page, signature, facts);
    for (size_t i = 0; i < VT_PAGE_FACTS; i++)
        vt_page_add(page, VT_NODE_FACT, facts[i].label, facts[i].text);
}

static void add_signatures(struct vt_notice_page *page, const struct vt_document *document,
                           size_t *shown, size_t *left)
{
    for (size_t i = 0; i < document->signatures_count; i++) {
        if (!vt_notice_signature_is_shown(&document->signatures[i]))
            continue;
        if (*shown == VT_NOTICE_SIGNATURES_SHOWN) {
            (*left)++;
            continue;
        }
        ++*shown;
        vt_page_add(page, VT_NODE_TITLE, NULL,
                    vt_page_printf(page, "%s: %s, %s %zu/%zu", vt_page_label(page, VT_LABEL_FACTS),
                                   vt_page_file_name(page, document),
                                   vt_page_label(page, VT_LABEL_SIGNATURE), i + 1,
                                   document->signatures_count));
        add_signature(page, &document->signatures[i]);
    }
}

void vt_page_facts(struct vt_notice_page *page)
{
    const struct vt_notice_view *view = page->view;
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < view->files_count; i++) {
        if (view->files[i].state <= VT_FILE_UNCHECKED)
            add_signatures(page, &view->evidence->documents[view->files[i].index], &shown, &left);
    }
    if (left > 0)
        vt_page_add(
            page, VT_NODE_PARAGRAPH, NULL,
            vt_page_printf(page, "%zu %s.", left, vt_page_label(page, VT_LABEL_MORE_SIGNATURES)));
}

/* ---- {recipient list} ---- */

static void add_group(struct vt_notice_page *page, const char *label,
                      const struct vt_notice_group *group)
{
    const char *line = "";
    size_t shown =
        group->count < VT_NOTICE_RECIPIENTS_SHOWN ? group->count : VT_NOTICE_RECIPIENTS_SHOWN;
    for (size_t i = 0; i < shown; i++)
        line = vt_page_printf(page, "%s%s%s", line, i == 0 ? "" : ", ", group->addresses[i]);
    if (group->count == 0)
        return;
    if (group->count > shown)
        line = vt_page_printf(page, "%s %s", line, vt_page_label(page, VT_LABEL_OTHERS));
    vt_page_add(page, VT_NODE_PARAGRAPH, NULL,
                group->count == 1 ? vt_page_printf(page, "%s: %s.", label, line)
                                  : vt_page_printf(page, "%s %s: %s.", label,
                                                   vt_page_recipients_words(page, group), line));
}

/* One recipient stands in the sentence already; several, and different fates, do not. */
void vt_page_recipients(struct vt_notice_page *page)
{
    static const enum vt_notice_label fates[VT_OUTCOMES] = {
        [VT_OUTCOME_TEMPFAIL] = VT_LABEL_LATER,
        [VT_OUTCOME_REJECT] = VT_LABEL_NOT_DELIVERED,
        [VT_OUTCOME_HOLD] = VT_LABEL_HELD,
        [VT_OUTCOME_ACCEPT] = VT_LABEL_DELIVERED,
    };
    const struct vt_notice_view *view = page->view;
    if (view->is_mixed) {
        for (unsigned i = 0; i < VT_OUTCOMES; i++)
            add_group(page, vt_page_label(page, fates[i]), &view->groups[i]);
    } else if (view->all.count > 1) {
        add_group(page, vt_page_label(page, VT_LABEL_RECIPIENT), &view->all);
    }
}
