/* SPDX-License-Identifier: Apache-2.0
 * The result of vanthu register recheck, for a person and as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "command/recheck.h"
#include "evidence/record_json.h"

static bool in_vietnamese(const struct vt_recheck *recheck)
{
    return recheck->desk->language == VT_LANGUAGE_VIETNAMESE;
}

static const char *word(const struct vt_recheck *recheck, const char *vietnamese,
                        const char *english)
{
    return in_vietnamese(recheck) ? vietnamese : english;
}

/* ---- for a person ---- */

static void print_verdict(FILE *out, const struct vt_signature *signature)
{
    const char *sub = vt_sub_indication_name(signature->sub_indication);
    fprintf(out, "%s%s%s", vt_indication_name(signature->indication), sub != NULL ? " / " : "",
            sub != NULL ? sub : "");
    for (enum vt_reason reason = 0; reason < VT_REASON_COUNT; reason++) {
        if ((signature->reasons & VT_REASON_BIT(reason)) != 0)
            fprintf(out, "  %s", vt_reason_info(reason)->code);
    }
    fputc('\n', out);
}

static const char *difference_word(const struct vt_recheck *recheck, unsigned bit)
{
    static const char *const vietnamese[VT_DIFFERENCES] = {"kết luận",
                                                           "lý do",
                                                           "tính toàn vẹn",
                                                           "đường dẫn chứng thư",
                                                           "tình trạng chứng thư",
                                                           "thời điểm ký",
                                                           "dấu thời gian"};
    static const char *const english[VT_DIFFERENCES] = {
        "the verdict", "the reasons",      "integrity",  "the certificate path",
        "the status",  "the signing time", "time stamps"};
    return in_vietnamese(recheck) ? vietnamese[bit] : english[bit];
}

static void print_result(const struct vt_recheck *recheck, FILE *out,
                         const struct vt_signature *then, const struct vt_signature *now)
{
    unsigned differences = vt_recheck_compare(then, now);
    bool is_first = true;
    if (vt_recheck_lacks(recheck, then))
        fprintf(
            out, "      %s\n",
            word(recheck, "THIẾU dữ liệu để kết luận (xem cuối)", "DATA IS MISSING (see the end)"));
    else if (differences == 0)
        fprintf(out, "      %s\n", word(recheck, "trùng khớp", "agrees"));
    if (differences == 0)
        return;
    fprintf(out, "      %s", word(recheck, "KHÁC: ", "DIFFERS in "));
    for (unsigned bit = 0; bit < VT_DIFFERENCES; bit++) {
        if ((differences >> bit & 1) == 0)
            continue;
        fprintf(out, "%s%s", is_first ? "" : ", ", difference_word(recheck, bit));
        is_first = false;
    }
    fputc('\n', out);
    for (size_t i = 0; i < now->findings_count; i++)
        fprintf(out, "        - %s\n", now->findings[i]);
}

static void print_signature(const struct vt_recheck *recheck, FILE *out, size_t number,
                            const struct vt_signature *then, const struct vt_signature *now)
{
    char at[40];
    const char *name =
        then->signer.common_name != NULL ? then->signer.common_name : then->signer.subject;
    fprintf(out, "    %s %zu: %s\n", word(recheck, "chữ ký", "signature"), number,
            name != NULL ? name : "-");
    fprintf(out, "      %s", word(recheck, "khi đó  ", "then  "));
    print_verdict(out, then);
    fprintf(out, "      %s", word(recheck, "nay     ", "now   "));
    print_verdict(out, now);
    if (now->signing_time_source == VT_TIME_SOURCE_TIMESTAMP ||
        now->signing_time_source == VT_TIME_SOURCE_FIRST_SEEN)
        fprintf(out, "      %s %s\n",
                word(recheck, "tồn tại chậm nhất lúc", "existed at the latest at"),
                vt_print_minute(recheck->desk->language, at, now->signing_time_utc_secs));
    print_result(recheck, out, then, now);
}

static void print_absent(const struct vt_recheck *recheck, FILE *out)
{
    static const char *const vietnamese[] = {"không có trong sổ",
                                             "lớn hơn register.largest-object nên không được lưu",
                                             "ĐÃ BỊ SỬA ĐỔI: nội dung không đúng với mã băm"};
    static const char *const english[] = {"not in the register",
                                          "larger than register.largest-object, so not kept",
                                          "ALTERED: its bytes have another digest"};
    if (recheck->absent_count == 0)
        return;
    fprintf(out, "%s\n", word(recheck, "Thiếu:", "Missing:"));
    for (size_t i = 0; i < recheck->absent_count; i++) {
        const struct vt_absent *absent = &recheck->absent[i];
        fprintf(out, "  %-11s %s", vt_object_kind_name(absent->kind), absent->sha256);
        if (absent->size_bytes > 0)
            fprintf(out, "  %" PRId64 " %s", absent->size_bytes, word(recheck, "byte", "bytes"));
        fprintf(out, "\n    %s\n",
                in_vietnamese(recheck) ? vietnamese[absent->why] : english[absent->why]);
    }
}

static void print_document(const struct vt_recheck *recheck, FILE *out,
                           const struct vt_document *then, const struct vt_document *now)
{
    const char *name = then->name != NULL ? then->name : then->path;
    fprintf(out, "  %s\n    %s\n",
            name != NULL && name[0] != '\0' ? name : vt_format_name(then->format),
            vt_recheck_is_given(recheck, then)
                ? word(recheck, "tệp được đưa vào đúng là tệp khi đó: kiểm tra lại toàn bộ",
                       "the file that was given is the one of then: verified whole")
                : word(recheck,
                       "tính toàn vẹn lấy từ bản ghi, vì tệp không được lưu (--document TỆP để "
                       "kiểm tra lại toàn bộ)",
                       "integrity is that of the record: the file is not kept (--document FILE "
                       "verifies it whole)"));
    for (size_t i = 0; i < then->signatures_count; i++)
        print_signature(recheck, out, i + 1, &then->signatures[i], &now->signatures[i]);
}

static void print_all(const struct vt_recheck *recheck, FILE *out)
{
    const struct vt_evidence *then = recheck->record.decided->evidence;
    char at[40];
    size_t signatures_count = 0;
    fprintf(out, "%s %s (%s %" PRId64 ", %s)\n", word(recheck, "Thư", "Mail"),
            recheck->record.reference, word(recheck, "bản ghi", "record"), recheck->record.seq,
            vt_print_minute(recheck->desk->language, at, recheck->record.time_utc_secs));
    for (size_t i = 0; i < then->documents_count; i++) {
        signatures_count += then->documents[i].signatures_count;
        if (then->documents[i].signatures_count > 0)
            print_document(recheck, out, &then->documents[i], &recheck->now->documents[i]);
    }
    if (signatures_count == 0)
        fprintf(out, "  %s\n", word(recheck, "Thư không có chữ ký số.", "It has no signature."));
    print_absent(recheck, out);
}

void vt_recheck_print_text(const struct vt_recheck *recheck, FILE *out)
{
    char *bytes = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&bytes, &len);
    if (memory == NULL)
        return;
    print_all(recheck, memory);
    if (fclose(memory) != 0 || !vt_register_put_clean(out, bytes, len))
        fprintf(stderr, "%s: the result cannot be written\n", recheck->desk->name);
    free(bytes);
}

/* ---- JSON ---- */

static json_t *reasons_json(vt_reasons reasons)
{
    json_t *array = json_array();
    for (enum vt_reason reason = 0; reason < VT_REASON_COUNT; reason++) {
        if ((reasons & VT_REASON_BIT(reason)) != 0)
            (void)json_array_append_new(array, json_string(vt_reason_info(reason)->code));
    }
    return array;
}

static json_t *verdict_json(const struct vt_signature *signature)
{
    return json_pack(
        "{s:s, s:s?, s:o, s:o, s:s?}", "indication", vt_indication_name(signature->indication),
        "sub_indication", vt_sub_indication_name(signature->sub_indication), "reasons",
        reasons_json(signature->reasons), "signing_time",
        vt_json_time(signature->signing_time_utc_secs), "trust_set", signature->trust_set);
}

static json_t *differences_json(unsigned differences)
{
    json_t *array = json_array();
    for (unsigned bit = 0; bit < VT_DIFFERENCES; bit++) {
        if ((differences >> bit & 1) != 0)
            (void)json_array_append_new(array, json_string(vt_recheck_difference_name(bit)));
    }
    return array;
}

static json_t *document_json(const struct vt_recheck *recheck, const struct vt_document *then,
                             const struct vt_document *now)
{
    json_t *signatures = json_array();
    for (size_t i = 0; i < then->signatures_count; i++) {
        const struct vt_signature *a = &then->signatures[i], *b = &now->signatures[i];
        unsigned differences = vt_recheck_compare(a, b);
        (void)json_array_append_new(
            signatures,
            json_pack("{s:o, s:o, s:b, s:o, s:b}", "then", verdict_json(a), "now", verdict_json(b),
                      "agrees", (int)(differences == 0), "differs", differences_json(differences),
                      "lacks", (int)vt_recheck_lacks(recheck, a)));
    }
    return json_pack("{s:o, s:o, s:s, s:s, s:o}", "path", vt_json_string(then->path), "name",
                     vt_json_string(then->name), "sha256", then->sha256, "integrity_from",
                     vt_recheck_is_given(recheck, then) ? "document" : "record", "signatures",
                     signatures);
}

static json_t *absent_json(const struct vt_recheck *recheck)
{
    static const char *const why[] = {"missing", "too-large", "altered"};
    json_t *array = json_array();
    for (size_t i = 0; i < recheck->absent_count; i++) {
        const struct vt_absent *absent = &recheck->absent[i];
        (void)json_array_append_new(
            array, json_pack("{s:s, s:s, s:s, s:o*}", "kind", vt_object_kind_name(absent->kind),
                             "sha256", absent->sha256, "why", why[absent->why], "size",
                             absent->size_bytes > 0 ? json_integer(absent->size_bytes) : NULL));
    }
    return array;
}

enum vt_code vt_recheck_print_json(const struct vt_recheck *recheck, struct vt_err *err)
{
    const struct vt_evidence *then = recheck->record.decided->evidence;
    json_t *documents = json_array();
    for (size_t i = 0; i < then->documents_count; i++)
        (void)json_array_append_new(
            documents, document_json(recheck, &then->documents[i], &recheck->now->documents[i]));
    json_t *root = json_pack("{s:s, s:I, s:o, s:o, s:o}", "reference", recheck->record.reference,
                             "seq", (json_int_t)recheck->record.seq, "time",
                             vt_json_time(recheck->record.time_utc_secs), "documents", documents,
                             "missing", absent_json(recheck));
    char *text = root != NULL ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a result");
    puts(text);
    free(text);
    return VT_OK;
}
