/* SPDX-License-Identifier: Apache-2.0
 * vanthu register list, search and show: records one after the other, so that memory is that of one
 * of them. Exit status 0, or 1 when there is nothing to show. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/register.h"
#include "vanthu/central.h"
#include "vanthu/clock.h"

enum { NOTHING_FOUND = 1 };

/* What the body of one record takes as structs. */
#define MAX_RECORD_ARENA_BYTES (256u * 1024 * 1024)
/* Records of one reference: a mail has two, and what followed. */
#define MAX_OF_REFERENCE 1000
/* Records read at once. */
#define PAGE 500
#define GATEWAY_COLUMNS 10

struct showing {
    const struct vt_register_desk *desk;
    bool whole; /* show, not list */
    size_t shown;
};

static bool in_vietnamese(const struct vt_register_desk *desk)
{
    return desk->language == VT_LANGUAGE_VIETNAMESE;
}

/* ---- one record ---- */

/* The body as it was stored; what was altered on disk and is JSON no longer is null. */
static json_t *body_json(const struct vt_register_entry *entry)
{
    json_t *body = entry->body.len == 0 ? NULL
                                        : json_loadb((const char *)entry->body.ptr, entry->body.len,
                                                     JSON_REJECT_DUPLICATES, NULL);
    return body != NULL ? body : json_null();
}

static enum vt_code show_json(const struct vt_register_entry *entry, struct vt_err *err)
{
    char digest[2 * VT_REGISTER_DIGEST_BYTES + 1], chain[2 * VT_REGISTER_DIGEST_BYTES + 1];
    char at[VT_TIME_TEXT_BYTES], reference[4 * VT_REFERENCE_BYTES];
    (void)vt_text_clean(reference, sizeof(reference), vt_bytes_str(entry->reference));
    (void)vt_text_hex(digest, vt_bytes_of(entry->body_digest, sizeof(entry->body_digest)));
    (void)vt_text_hex(chain, vt_bytes_of(entry->chain, sizeof(entry->chain)));
    json_t *object = json_pack(
        "{s:s*, s:I, s:s, s:s?, s:s, s:b, s:s, s:s, s:o}", "gateway",
        entry->gateway[0] != '\0' ? entry->gateway : NULL, "seq", (json_int_t)entry->seq, "kind",
        vt_register_kind_name(entry->kind), "reference", reference[0] != '\0' ? reference : NULL,
        "time", vt_time_rfc3339(at, entry->time_utc_secs), "destroyed", (int)entry->is_destroyed,
        "body_digest", digest, "chain", chain, "body", body_json(entry));
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    /* What plays with a terminal is written as its number: the same to a program. */
    if (text != NULL && !vt_register_is_clean(text)) {
        free(text);
        text = json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    }
    json_decref(object);
    if (text == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    printf("%s\n", text);
    free(text);
    return VT_OK;
}

static enum vt_code print_entry(const struct showing *showing, const struct vt_register_text *text,
                                const struct vt_register_entry *entry, struct vt_err *err)
{
    struct vt_register_record record;
    if (entry->is_destroyed) {
        if (showing->whole)
            vt_register_text_destroyed(text, entry);
        else
            vt_register_text_destroyed_line(text, entry);
        return VT_OK;
    }
    struct vt_arena *arena = vt_arena_new(MAX_RECORD_ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    enum vt_code code = vt_register_read(arena, entry, &record, err);
    if (code == VT_E_FORMAT || code == VT_E_LIMIT) {
        /* The others are shown all the same. */
        fprintf(text->out, "%s %lld: %s; vanthu register verify\n",
                in_vietnamese(showing->desk) ? "BẢN GHI HỎNG" : "DAMAGED RECORD",
                (long long)entry->seq, err->text);
        code = VT_OK;
    } else if (code == VT_OK && showing->whole) {
        vt_register_text_record(text, &record);
    } else if (code == VT_OK) {
        vt_register_text_line(text, &record);
    }
    vt_arena_free(arena);
    return code;
}

/* Whose record it is: in a list the first label of the host's name. */
static void put_gateway(const struct showing *showing, const struct vt_register_text *text,
                        const struct vt_register_entry *entry)
{
    char label[64];
    if (entry->gateway[0] == '\0')
        return;
    if (showing->whole) {
        fprintf(text->out, "%s %s\n", in_vietnamese(showing->desk) ? "Cổng thư" : "Gateway ",
                entry->gateway);
        return;
    }
    (void)snprintf(label, sizeof(label), "%.*s", (int)strcspn(entry->gateway, "."), entry->gateway);
    vt_print_cell(text->out, label, GATEWAY_COLUMNS);
}

static enum vt_code show_text(const struct showing *showing, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    char *bytes = NULL;
    size_t len = 0;
    const struct vt_register_text text = {open_memstream(&bytes, &len), showing->desk->language};
    if (text.out == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    put_gateway(showing, &text, entry);
    enum vt_code code = print_entry(showing, &text, entry, err);
    if (fclose(text.out) != 0 && code == VT_OK)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for a record");
    if (code == VT_OK && !vt_register_put_clean(stdout, bytes, len))
        code = vt_err_set(err, VT_E_SYSTEM, "a record cannot be written");
    free(bytes);
    return code;
}

static enum vt_code show_entry(void *context, const struct vt_register_entry *entry,
                               struct vt_err *err)
{
    struct showing *showing = context;
    showing->shown++;
    if (ferror(stdout))
        return vt_err_set(err, VT_E_SYSTEM, "standard output cannot be written");
    return showing->desk->json ? show_json(entry, err) : show_text(showing, entry, err);
}

/* ---- list and search ---- */

static int show_found(struct vt_register_desk *desk)
{
    struct showing showing = {.desk = desk};
    struct vt_err err = {0};
    enum vt_code code = VT_OK;
    bool is_first = true;
    while (code == VT_OK && (is_first || desk->query.before_seq > 0) &&
           (desk->limit == 0 || showing.shown < desk->limit)) {
        size_t left = desk->limit == 0 ? PAGE : desk->limit - showing.shown;
        desk->query.limit = left < PAGE ? left : PAGE;
        code = vt_register_find(desk->reg, &desk->query, show_entry, &showing,
                                &desk->query.before_seq, &err);
        is_first = false;
    }
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (showing.shown == 0) {
        fprintf(stderr, "%s: %s\n", desk->name,
                in_vietnamese(desk) ? "không có bản ghi nào" : "there is no such record");
        return NOTHING_FOUND;
    }
    if (desk->query.before_seq > 0 && !desk->json)
        fprintf(stderr,
                in_vietnamese(desk) ? "%s: mới hiện %zu bản ghi mới nhất; xem thêm: --limit\n"
                                    : "%s: the newest %zu are shown; more with --limit\n",
                desk->name, showing.shown);
    return EX_OK;
}

/* Answers stand beside their mails in show; here they would only double each line. */
#define LISTED_KINDS                                                                               \
    (VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED) | VT_REGISTER_KIND_BIT(VT_REGISTER_OVERRULED) |     \
     VT_REGISTER_KIND_BIT(VT_REGISTER_REFUSED) | VT_REGISTER_KIND_BIT(VT_REGISTER_DESTROYED) |     \
     VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT))

int vt_register_list(struct vt_register_desk *desk)
{
    desk->query.kinds = LISTED_KINDS;
    return show_found(desk);
}

int vt_register_search(struct vt_register_desk *desk)
{
    const struct vt_register_query *query = &desk->query;
    if (query->sender == NULL && query->recipient == NULL && query->domain == NULL &&
        query->agency == NULL && query->certificate_sha256 == NULL &&
        query->document_sha256 == NULL && query->reason == VT_REASON_COUNT) {
        fprintf(
            stderr,
            "%s: by what? --sender, --recipient, --domain, --agency, --certificate, --document or "
            "--reason\n",
            desk->name);
        return EX_USAGE;
    }
    desk->query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    return show_found(desk);
}

/* ---- references that were read wrongly ---- */

static enum vt_code count_one(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    (void)entry, (void)err;
    ++*(size_t *)context;
    return VT_OK;
}

static bool is_there(const struct vt_register_desk *desk, const char *reference)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct vt_err err = {0};
    size_t count = 0;
    int64_t next = 0;
    query.reference = reference;
    query.limit = 1;
    query.without_bodies = true;
    return vt_register_find(desk->reg, &query, count_one, &count, &next, &err) == VT_OK &&
           count > 0;
}

static void propose(const struct vt_register_desk *desk, const char *digits)
{
    char reference[VT_REFERENCE_BYTES];
    if (vt_reference_parse(digits, reference) == VT_OK && is_there(desk, reference))
        fprintf(stderr, in_vietnamese(desk) ? "  có phải là %s?\n" : "  did you mean %s?\n",
                reference);
}

/* Those in the register that one wrong digit, or two neighbours that changed places, lead to. */
static void propose_near(const struct vt_register_desk *desk, char *digits)
{
    for (size_t i = 0; i <= VT_REFERENCE_DIGITS; i++) {
        char kept = digits[i];
        for (int digit = 0; digit <= 9; digit++) {
            digits[i] = (char)('0' + digit);
            if (digits[i] != kept)
                propose(desk, digits);
        }
        digits[i] = kept;
    }
    for (size_t i = 0; i < VT_REFERENCE_DIGITS; i++) {
        char first = digits[i];
        if (first == digits[i + 1])
            continue;
        digits[i] = digits[i + 1];
        digits[i + 1] = first;
        propose(desk, digits);
        digits[i + 1] = digits[i];
        digits[i] = first;
    }
}

int vt_register_explain_reference(const struct vt_register_desk *desk, const char *text)
{
    char digits[VT_REFERENCE_DIGITS + 2], shown[64];
    size_t count = 0;
    bool has_other = false;
    for (const char *c = text; *c != '\0'; c++) {
        bool is_digit = *c >= '0' && *c <= '9';
        has_other = has_other || (!is_digit && *c != '-' && *c != ' ');
        if (is_digit && count <= VT_REFERENCE_DIGITS)
            digits[count] = *c;
        count += is_digit;
    }
    (void)vt_text_clean(shown, sizeof(shown), vt_bytes_str(text));
    if (has_other || count != VT_REFERENCE_DIGITS + 1) {
        fprintf(stderr,
                in_vietnamese(desk)
                    ? "%s: \"%s\" không phải là mã tra cứu: mã có 12 chữ số, ví dụ 1831-0927-5569\n"
                    : "%s: \"%s\" is not a reference: it has twelve digits, such as "
                      "1831-0927-5569\n",
                desk->name, shown);
        return EX_DATAERR;
    }
    fprintf(
        stderr,
        in_vietnamese(desk)
            ? "%s: \"%s\": chữ số kiểm tra (cuối cùng) không khớp: có chữ số bị đọc hoặc gõ sai\n"
            : "%s: \"%s\": the last digit, which checks the others, does not fit: a digit was "
              "read or typed wrongly\n",
        desk->name, shown);
    digits[count] = '\0';
    propose_near(desk, digits);
    return EX_DATAERR;
}

/* ---- show ---- */

struct numbers {
    struct vt_register *first;
    int64_t seqs[MAX_OF_REFERENCE];
    struct vt_register *registers[MAX_OF_REFERENCE];
    size_t count;
    bool has_decided, has_answered;
};

static enum vt_code note_number(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct numbers *numbers = context;
    struct vt_register *reg = numbers->first;
    (void)err;
    while (vt_register_next(reg) != NULL && vt_register_gateway(reg) != entry->gateway)
        reg = vt_register_next(reg);
    numbers->registers[numbers->count] = reg;
    numbers->seqs[numbers->count++] = entry->seq;
    numbers->has_decided = numbers->has_decided || entry->kind == VT_REGISTER_DECIDED;
    numbers->has_answered = numbers->has_answered || entry->kind == VT_REGISTER_ANSWERED;
    return VT_OK;
}

static int show_one(struct vt_register_desk *desk, const char *text)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    struct showing showing = {.desk = desk, .whole = true};
    struct numbers numbers = {.first = desk->reg};
    char reference[VT_REFERENCE_BYTES];
    struct vt_err err = {0};
    int64_t next = 0;
    if (vt_reference_parse(text, reference) != VT_OK)
        return vt_register_explain_reference(desk, text);
    query.reference = reference;
    query.limit = MAX_OF_REFERENCE;
    query.without_bodies = true;
    enum vt_code code = vt_register_find(desk->reg, &query, note_number, &numbers, &next, &err);
    for (size_t i = numbers.count; i > 0 && code == VT_OK; i--)
        code = vt_register_walk(numbers.registers[i - 1], numbers.seqs[i - 1] - 1, 1, show_entry,
                                &showing, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (numbers.count == 0) {
        fprintf(stderr,
                in_vietnamese(desk) ? "%s: không có thư nào mang mã %s trong sổ đăng ký này\n"
                                    : "%s: no mail of this register has the reference %s\n",
                desk->name, reference);
        return NOTHING_FOUND;
    }
    if (numbers.has_decided && !numbers.has_answered && !desk->json)
        printf("\n%s\n", in_vietnamese(desk) ? "Chưa ghi nhận trả lời cho máy chủ thư: kết nối kết "
                                               "thúc trước đó, hoặc thư đang được xử lý."
                                             : "No answer to the MTA is recorded: the connection "
                                               "ended before it, or it is being given.");
    return EX_OK;
}

int vt_register_show(struct vt_register_desk *desk)
{
    int status = EX_OK;
    if (*desk->arguments == NULL) {
        fprintf(stderr, "%s: which reference?\n", desk->name);
        return EX_USAGE;
    }
    for (char *const *text = desk->arguments; *text != NULL; text++) {
        if (text != desk->arguments && !desk->json)
            putchar('\n');
        int one = show_one(desk, *text);
        status = one > status ? one : status;
    }
    return status;
}
