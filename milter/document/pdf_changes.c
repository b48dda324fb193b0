/* SPDX-License-Identifier: Apache-2.0
 * What each signature covers and what came after it (ISO 32000-1, 12.8.1 and 7.5.6). Each signature
 * is judged against its own revision: the steps from one signed revision to the next are compared
 * once, and a signature gets the worst of all steps after it. What cannot be followed to the byte
 * is undetermined, never unchanged. */
#include <stdlib.h>
#include <string.h>

#include "document/pdf_compare.h"

/* Later signatures named at an earlier one. */
#define MAX_ADDED_SAID 10

struct judgement {
    struct pdf_reader *reader;
    struct pdf_chain *chain;
    struct pdf_history *history;
    enum vt_changes result[PDF_MAX_STEPS]; /* of the step that ends there */
    char why[PDF_MAX_STEPS][PDF_WHY_BYTES];
    char addition[PDF_MAX_STEPS][PDF_WHY_BYTES]; /* "": nothing was added */
    const char *added[PDF_MAX_STEPS][4];
    size_t added_count[PDF_MAX_STEPS];
    struct pdf_step_changes changes[PDF_MAX_STEPS];
};

static void unclear(struct judgement *judgement, struct pdf_signature *signature, const char *why)
{
    signature->object.changes_after = VT_CHANGES_UNDETERMINED;
    pdf_signature_finding(judgement->reader, signature, VT_REASON_CHANGE_UNCLEAR,
                          "It cannot be told what was changed after this signature: %s.", why);
}

/* Does %%EOF, and at most one end of line after it, end at a byte? */
static bool ends_with_eof_mark(struct vt_bytes bytes, size_t end)
{
    if (end > 0 && bytes.ptr[end - 1] == '\n')
        end--;
    if (end > 0 && bytes.ptr[end - 1] == '\r')
        end--;
    return end >= 5 && vt_bytes_equal(vt_bytes_slice(bytes, end - 5, 5), VT_BYTES("%%EOF"));
}

/* ---- coverage ---- */

/* Without a chain: the place among the signatures. */
static unsigned rank_of(const struct pdf_reader *reader, size_t end)
{
    unsigned rank = 1;
    for (size_t i = 0; i < reader->signatures_count; i++)
        rank += reader->signatures[i].has_range && reader->signatures[i].end < end;
    return rank;
}

static unsigned revision_number(const struct judgement *judgement,
                                const struct pdf_signature *signature)
{
    const struct pdf_chain *chain = judgement->chain;
    if (!signature->has_range || chain->revisions_count == 0)
        return rank_of(judgement->reader,
                       signature->has_range ? signature->end : judgement->reader->bytes.len + 1);
    size_t before = 0;
    while (before + 1 < chain->revisions_count && chain->revisions[before].end_eol < signature->end)
        before++;
    return (unsigned)before + 1;
}

static void judge_coverage(struct judgement *judgement, struct pdf_signature *signature)
{
    struct pdf_reader *reader = judgement->reader;
    const struct vt_bytes bytes = reader->bytes;
    signature->object.revision = revision_number(judgement, signature);
    signature->object.covers = VT_COVERS_PART;
    if (!signature->has_range)
        return;
    if (signature->end == bytes.len)
        signature->object.covers = VT_COVERS_WHOLE;
    else if (judgement->chain->defect == NULL
                 ? pdf_chain_revision_at(judgement->chain, signature->end) != SIZE_MAX
                 : ends_with_eof_mark(bytes, signature->end))
        signature->object.covers = VT_COVERS_REVISION;
    else
        pdf_signature_finding(reader, signature, VT_REASON_CHANGE_UNCLEAR,
                              "The signature covers the first %zu of %zu bytes, which is no whole "
                              "revision of the document.",
                              signature->end, bytes.len);
}

/* ---- steps ---- */

static int by_end(const void *a, const void *b)
{
    size_t left = *(const size_t *)a, right = *(const size_t *)b;
    return left < right ? -1 : left > right;
}

static bool is_compared(const struct pdf_signature *signature)
{
    return signature->object.covers != VT_COVERS_PART && !signature->object.structure_broken &&
           signature->field->origin != PDF_FROM_SCAN;
}

/* The signed revisions, and the end of the file behind them. False: too many. */
static bool make_steps(struct judgement *judgement)
{
    struct pdf_reader *reader = judgement->reader;
    struct pdf_history *history = judgement->history;
    size_t revisions[VT_MAX_SIGNATURES + 1], count = 0;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        if (is_compared(&reader->signatures[i]))
            revisions[count++] = pdf_chain_revision_at(judgement->chain, reader->signatures[i].end);
    }
    revisions[count++] = judgement->chain->revisions_count - 1;
    qsort(revisions, count, sizeof(revisions[0]), by_end);
    for (size_t i = 0; i < count; i++) {
        if (revisions[i] == SIZE_MAX || (i > 0 && revisions[i] == revisions[i - 1]))
            continue;
        if (history->count == PDF_MAX_STEPS)
            return false;
        history->steps[history->count++] = (struct pdf_step){
            .revision = revisions[i], .end = judgement->chain->revisions[revisions[i]].end_eol};
    }
    return true;
}

static void set_boundaries(struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->reader->signatures_count; i++) {
        struct pdf_signature *signature = &judgement->reader->signatures[i];
        size_t revision = is_compared(signature)
                              ? pdf_chain_revision_at(judgement->chain, signature->end)
                              : SIZE_MAX;
        for (size_t s = 0; s < judgement->history->count; s++) {
            if (revision != SIZE_MAX && judgement->history->steps[s].revision == revision)
                signature->boundary = s;
        }
    }
}

static int docmdp_up_to(const struct pdf_reader *reader, size_t step)
{
    int strictest = 0;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct pdf_signature *signature = &reader->signatures[i];
        int own = signature->permissions.docmdp;
        if (signature->boundary <= step && own != 0 && (strictest == 0 || own < strictest))
            strictest = own;
    }
    return strictest;
}

/* A second certification, or one after other signatures, changes what is allowed (12.8.2.2). */
static bool certifies_late(const struct pdf_reader *reader, size_t step)
{
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct pdf_signature *signature = &reader->signatures[i];
        if (signature->boundary == step && signature->certifies)
            return true;
    }
    return false;
}

/* 7.5.8.4: a hybrid update is compared as newer readers read it; older ones must see the same. */
static void compare_readings(struct pdf_pair *pair, const struct pdf_split *split)
{
    if (split->id != 0 && split->is_conflict)
        pdf_pair_fail(pair, VT_CHANGES_FORBIDDEN, VT_CHANGE_OBJECT,
                      "object %u is not the same for all readers (/XRefStm)", (unsigned)split->id);
    else if (split->id != 0)
        pdf_pair_fail(pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED,
                      "object %u is not there for older readers (/XRefStm)", (unsigned)split->id);
}

static void compare_step(struct judgement *judgement, size_t step)
{
    struct pdf_history *history = judgement->history;
    struct pdf_pair pair = {.reader = judgement->reader,
                            .history = history,
                            .a = step - 1,
                            .b = step,
                            .result = VT_CHANGES_PERMITTED,
                            .docmdp = docmdp_up_to(judgement->reader, step - 1)};
    if (history->steps[step].defect != NULL) {
        pdf_pair_fail(&pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED, "%s",
                      history->steps[step].defect);
    } else {
        pdf_compare(&pair);
        compare_readings(&pair, &history->steps[step].split);
        if (history->defect_before != NULL)
            pdf_pair_fail(&pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED, "%s",
                          history->defect_before);
        if (history->steps[step].doubt != NULL)
            pdf_pair_fail(&pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_NOT_FOLLOWED, "%s",
                          history->steps[step].doubt);
        if (certifies_late(judgement->reader, step))
            pdf_pair_fail(&pair, VT_CHANGES_UNDETERMINED, VT_CHANGE_CERTIFIED_AGAIN,
                          "a later signature certifies the document anew");
    }
    judgement->result[step] = pair.result;
    memcpy(judgement->why[step], pair.why, PDF_WHY_BYTES);
    memcpy(judgement->addition[step], pair.addition, PDF_WHY_BYTES);
    judgement->added_count[step] = pair.added_count;
    for (size_t i = 0; i < pair.added_count; i++)
        judgement->added[step][i] = pair.added[i];
    judgement->changes[step] = pair.changes;
    for (size_t i = 0; i < pair.changes.count; i++)
        judgement->changes[step].items[i].revision = (unsigned)history->steps[step].revision + 1;
}

/* ---- one signature ---- */

/* *left: how many are still said; the others are signatures of their own anyway. */
static void say_what_was_added(struct judgement *judgement, struct pdf_signature *signature,
                               size_t step, size_t *left)
{
    for (size_t i = 0; i < judgement->added_count[step] && *left > 0; i++, (*left)--)
        pdf_signature_finding(judgement->reader, signature, VT_REASON_COUNT,
                              "Revision %zu added a signature in the field \"%s\".",
                              judgement->history->steps[step].revision + 1,
                              judgement->added[step][i]);
}

static int severity(enum vt_changes result)
{
    return result == VT_CHANGES_FORBIDDEN      ? 3
           : result == VT_CHANGES_UNDETERMINED ? 2
           : result == VT_CHANGES_ADDED        ? 1
                                               : 0;
}

/* Is there a signature at all that may answer for what a revision brought? */
static bool is_signed_since(const struct judgement *judgement, unsigned revision)
{
    const struct pdf_reader *reader = judgement->reader;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        const struct vt_signed_object *object = &reader->signatures[i].object;
        if (reader->signatures[i].boundary != SIZE_MAX && object->revision >= revision &&
            object->format != VT_SIGNATURE_DOCTIMESTAMP)
            return true;
    }
    return false;
}

/* Additions are told besides what is worse: they must not hide behind it. */
static void say_additions(struct judgement *judgement, struct pdf_signature *signature)
{
    struct vt_signed_object *object = &signature->object;
    for (size_t step = signature->boundary + 1; step < judgement->history->count; step++) {
        if (judgement->addition[step][0] == '\0')
            continue;
        object->added_in = (unsigned)judgement->history->steps[step].revision + 1;
        pdf_signature_finding(judgement->reader, signature, VT_REASON_COUNT,
                              "Added in revision %u: %s.", object->added_in,
                              judgement->addition[step]);
    }
    if (object->added_in != 0 && object->changes_after != VT_CHANGES_ADDED &&
        !is_signed_since(judgement, object->added_in))
        object->reasons |= VT_REASON_BIT(VT_REASON_ADDED_AFTER_SIGNING);
}

static void fold(struct judgement *judgement, struct pdf_signature *signature)
{
    enum vt_changes worst = VT_CHANGES_PERMITTED;
    size_t where = 0, left = MAX_ADDED_SAID;
    for (size_t step = signature->boundary + 1; step < judgement->history->count; step++) {
        enum vt_changes result = judgement->result[step];
        if (severity(result) < severity(VT_CHANGES_UNDETERMINED))
            say_what_was_added(judgement, signature, step, &left);
        if (severity(result) > severity(worst)) {
            where = step;
            worst = result;
        }
    }
    signature->object.changes_after = worst;
    say_additions(judgement, signature);
    if (worst == VT_CHANGES_FORBIDDEN)
        pdf_signature_finding(judgement->reader, signature, VT_REASON_CONTENT_CHANGED,
                              "The document was changed after this signature: %s.",
                              judgement->why[where]);
    else if (worst == VT_CHANGES_UNDETERMINED)
        unclear(judgement, signature, judgement->why[where]);
}

/* Whatever needs no comparison. True when it is settled. */
static bool settle(struct judgement *judgement, struct pdf_signature *signature)
{
    struct pdf_reader *reader = judgement->reader;
    struct vt_signed_object *object = &signature->object;
    struct vt_bytes rest =
        vt_bytes_slice(reader->bytes, signature->end, reader->bytes.len - signature->end);
    if (signature->field->origin == PDF_FROM_SCAN)
        unclear(judgement, signature, "the file cannot be read in the regular way");
    else if (object->structure_broken || !signature->has_range)
        object->changes_after = VT_CHANGES_UNDETERMINED;
    else if (judgement->chain->other_start != NULL)
        unclear(judgement, signature, judgement->chain->other_start);
    else if (object->covers == VT_COVERS_PART)
        unclear(judgement, signature, "it covers no whole revision");
    else if (object->covers == VT_COVERS_WHOLE)
        object->changes_after = VT_CHANGES_NONE;
    else if (pdf_is_space_only(rest)) {
        object->changes_after = VT_CHANGES_NONE;
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "%zu bytes of white space follow the signed bytes.", rest.len);
    } else {
        return false;
    }
    return true;
}

static const char *tail_defect(const struct judgement *judgement)
{
    const struct pdf_chain *chain = judgement->chain;
    if (chain->defect != NULL)
        return chain->defect;
    size_t end = chain->revisions[chain->revisions_count - 1].end;
    struct vt_bytes bytes = judgement->reader->bytes;
    return pdf_is_space_only(vt_bytes_slice(bytes, end, bytes.len - end))
               ? NULL
               : "there are bytes behind the end of the document";
}

static void compare_all(struct judgement *judgement)
{
    const char *defect = tail_defect(judgement);
    if (defect == NULL && !make_steps(judgement))
        defect = "it has too many signed revisions to be compared";
    if (defect == NULL) {
        set_boundaries(judgement);
        pdf_history_open(judgement->history);
        for (size_t step = 1; step < judgement->history->count; step++)
            compare_step(judgement, step);
        pdf_tell_changes(judgement->reader, judgement->changes, judgement->history->count);
    }
    for (size_t i = 0; i < judgement->reader->signatures_count; i++) {
        struct pdf_signature *signature = &judgement->reader->signatures[i];
        if (signature->object.covers != VT_COVERS_REVISION || !is_compared(signature) ||
            signature->object.changes_after != VT_CHANGES_UNDETERMINED)
            continue;
        if (defect != NULL || signature->boundary == SIZE_MAX)
            unclear(judgement, signature, defect != NULL ? defect : "its revision was not found");
        else
            fold(judgement, signature);
    }
    pdf_history_close(judgement->history);
}

void pdf_changes_judge(struct pdf_reader *reader)
{
    struct judgement *judgement = pdf_scratch(reader, sizeof(*judgement));
    struct pdf_history *history = pdf_scratch(reader, sizeof(*history));
    bool compare = false;
    if (judgement == NULL || history == NULL || reader->chain == NULL ||
        reader->signatures_count == 0)
        return;
    judgement->reader = reader;
    judgement->history = history;
    judgement->chain = reader->chain;
    history->reader = reader;
    history->chain = judgement->chain;
    for (size_t i = 0; i < reader->signatures_count; i++)
        judge_coverage(judgement, &reader->signatures[i]);
    for (size_t i = 0; i < reader->signatures_count; i++)
        compare = !settle(judgement, &reader->signatures[i]) || compare;
    if (compare)
        compare_all(judgement);
    pdf_tell_revisions(reader, judgement->chain);
}
