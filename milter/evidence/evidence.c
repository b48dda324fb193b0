/* SPDX-License-Identifier: Apache-2.0
 * What is common to everything that writes or reads evidence: the precedence of verdicts,
 * findings, and the exit status of a check. Sub-indications: ETSI EN 319 102-1 V1.3.1, table 6. */
#include "vanthu/evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evidence/expect.h"

/* What was not read completely: nothing can be said about signatures inside. */
#define UNREAD                                                                                     \
    (VT_REASON_BIT(VT_REASON_FILE_UNREADABLE) | VT_REASON_BIT(VT_REASON_FORMAT_UNSUPPORTED) |      \
     VT_REASON_BIT(VT_REASON_TOO_LARGE) | VT_REASON_BIT(VT_REASON_NOT_CHECKED) |                   \
     VT_REASON_BIT(VT_REASON_MALFORMED))

/* One finding: what a line of a log and a person can take. */
#define FINDING_BYTES 1024

enum vt_indication vt_sub_indication_of(enum vt_sub_indication sub)
{
    return sub >= VT_SUB_FORMAT_FAILURE && sub <= VT_SUB_NOT_YET_VALID ? VT_TOTAL_FAILED
                                                                       : VT_INDETERMINATE;
}

/* The enums are not in the order of badness: zero memory has to be INDETERMINATE. */
static unsigned badness(enum vt_indication indication)
{
    return indication == VT_TOTAL_FAILED ? 2 : indication == VT_TOTAL_PASSED ? 0 : 1;
}

void vt_signature_worsen(struct vt_signature *signature, enum vt_sub_indication sub,
                         enum vt_reason reason)
{
    if (reason < VT_REASON_COUNT)
        signature->reasons |= VT_REASON_BIT(reason);
    if (sub == VT_SUB_NONE || sub >= VT_SUB_COUNT)
        return;
    enum vt_indication indication = vt_sub_indication_of(sub);
    unsigned now = badness(signature->indication), asked = badness(indication);
    if (asked < now)
        return;
    bool is_first = asked > now || signature->sub_indication == VT_SUB_NONE;
    signature->indication = indication;
    if (is_first || sub < signature->sub_indication)
        signature->sub_indication = sub;
}

/* Append a copy of text. The last place is kept for the remark that there are more. */
static enum vt_code append(struct vt_arena *arena, const char ***findings, size_t *count,
                           const char *text)
{
    if (*count >= VT_MAX_FINDINGS)
        return VT_OK;
    if (*count == VT_MAX_FINDINGS - 1)
        text = "There are more findings than can be listed.";
    const char **grown = vt_arena_grow(arena, *findings, *count, sizeof(**findings));
    char *copy = vt_arena_str(arena, text);
    if (grown == NULL || copy == NULL)
        return VT_E_NOMEM;
    grown[*count] = copy;
    *findings = grown;
    (*count)++;
    return VT_OK;
}

enum vt_code vt_findings_add(struct vt_arena *arena, const char ***findings, size_t *count,
                             const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    if (len < 0)
        return VT_E_NOMEM;
    char clean[FINDING_BYTES];
    vt_text_clean(clean, sizeof(clean), vt_bytes_of(text, (size_t)len));
    free(text);
    return append(arena, findings, count, clean);
}

vt_reasons vt_evidence_all_reasons(const struct vt_evidence *evidence)
{
    vt_reasons all = evidence->reasons;
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        all |= document->reasons;
        for (size_t s = 0; s < document->signatures_count; s++)
            all |= document->signatures[s].reasons;
    }
    return all;
}

enum vt_exit { ALL_PASSED = 0, SOME_FAILED = 1, SOME_OPEN = 2, NO_SIGNATURE = 3 };

static enum vt_exit exit_of_signature(const struct vt_signature *signature)
{
    if (signature->indication == VT_TOTAL_FAILED ||
        signature->changes_after == VT_CHANGES_FORBIDDEN)
        return SOME_FAILED;
    return signature->indication == VT_TOTAL_PASSED ? ALL_PASSED : SOME_OPEN;
}

bool vt_mail_is_urgent(const struct vt_mail *mail)
{
    static const char *const marks[] = {"HỎA TỐC", "HOẢ TỐC", "THƯỢNG KHẨN", "KHẨN"};
    const char *subject = mail->subject;
    for (size_t i = 0; subject != NULL && i < sizeof(marks) / sizeof(marks[0]); i++) {
        const char *found = strstr(subject, marks[i]);
        if (found == subject || (found != NULL && (found[-1] == '[' || found[-1] == '(')))
            return true;
    }
    return false;
}

bool vt_reasons_mean_read(vt_reasons reasons)
{
    return (reasons & UNREAD) == 0;
}

/* The file that was given is a document itself, and signatures of files inside it are theirs. */
static bool is_unsigned_outside(const struct vt_evidence *evidence)
{
    const struct vt_document *outer = evidence->documents;
    return evidence->documents_count > 0 && outer->path != NULL && outer->path[0] == '\0' &&
           outer->is_official && !vt_document_is_signed(outer);
}

int vt_evidence_exit_status(const struct vt_evidence *evidence)
{
    vt_reasons unread = evidence->reasons;
    size_t signatures_count = 0;
    bool has_open = false;
    for (size_t d = 0; d < evidence->documents_count; d++) {
        const struct vt_document *document = &evidence->documents[d];
        unread |= document->reasons;
        for (size_t s = 0; s < document->signatures_count; s++) {
            enum vt_exit exit = exit_of_signature(&document->signatures[s]);
            if (exit == SOME_FAILED)
                return SOME_FAILED;
            has_open = has_open || exit == SOME_OPEN;
            signatures_count++;
        }
    }
    if (has_open || (unread & (UNREAD | VT_REASON_BIT(VT_REASON_CHANGE_UNCLEAR))) != 0)
        return SOME_OPEN;
    return signatures_count > 0 && !is_unsigned_outside(evidence) ? ALL_PASSED : NO_SIGNATURE;
}
