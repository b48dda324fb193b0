/* SPDX-License-Identifier: Apache-2.0
 * The refusals an office answers for (legal.md R-71), one row each. Nothing of a mail marked secret
 * stands here but that there was one. */
#include <inttypes.h>
#include <string.h>

#include "register/derive.h"
#include "register/internal.h"
#include "register/report_rows.h"

/* Names in one cell; the rest is a number. */
#define MAX_LISTED 10
#define MAX_CELL_BYTES 4096
/* The body of a record that took a decision back, or of a clerk's refusal. */
#define MAX_FOLLOWUP_ARENA_BYTES (4u * 1024 * 1024)

struct listing {
    struct vt_register *reg;
    struct vt_arena *arena;
    const struct vt_report_request *input;
    struct vt_report_section *section;
    size_t capacity;
    int64_t secret_count;
    struct vt_err *err;
};

/* Columns of the statement of mails. */
enum {
    M_SEQ = 0,
    M_REFERENCE,
    M_TIME,
    M_IS_SECRET,
    M_SENDER,
    M_AGENCY,
    M_REASON,
    M_RULE,
    M_ANSWER,
    M_OVERRULED,
    M_RETURNED,
    M_RETURNED_REASON
};

/* ---- lists in a cell ---- */

struct names {
    struct vt_buf text;
    size_t count, listed;
};

static enum vt_code add_name(struct names *names, const char *name)
{
    enum vt_code code = VT_OK;
    names->count++;
    if (names->listed < MAX_LISTED && names->text.len + strlen(name) + 64 < MAX_CELL_BYTES) {
        code = vt_buf_addf(&names->text, "%s%s", names->listed > 0 ? "; " : "",
                           name[0] != '\0' ? name : "(không tên)");
        names->listed++;
    }
    return code;
}

/* The first column of each row that a statement gives for a mail. */
static enum vt_code list_names(struct listing *list, const char *statement, int64_t seq,
                               const char **out)
{
    struct names names = {0};
    struct vt_sql *sql = NULL;
    bool has_row = false;
    vt_buf_init(&names.text, MAX_CELL_BYTES);
    enum vt_code code = vt_sql_get(list->reg->engine, statement, &sql, list->err);
    if (code == VT_OK) {
        vt_sql_bind_int(sql, 1, seq);
        code = vt_sql_step(sql, &has_row, list->err);
    }
    while (code == VT_OK && has_row) {
        code = add_name(&names, vt_sql_text(sql, 0));
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, list->err);
    }
    vt_sql_done(sql);
    if (code == VT_OK && names.count > names.listed)
        code = vt_buf_addf(&names.text, "; … (+%zu)", names.count - names.listed);
    if (code == VT_OK)
        code = vt_buf_add(&names.text, "", 1);
    *out = code == VT_OK ? vt_arena_str(list->arena, (const char *)names.text.ptr) : NULL;
    vt_buf_clear(&names.text);
    return code == VT_OK && *out == NULL ? VT_E_NOMEM : code;
}

/* ---- what followed ---- */

static enum vt_code read_followup(struct listing *list, int64_t seq, struct vt_arena *arena,
                                  struct vt_register_record *out, bool *out_is_there)
{
    struct vt_sql *sql = NULL;
    struct vt_register_entry entry;
    bool has_row = false;
    *out_is_there = false;
    enum vt_code code =
        vt_sql_get(list->reg->engine, "SELECT " VT_ENTRY_COLUMNS " FROM record r WHERE r.seq = ?1",
                   &sql, list->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, seq);
    code = vt_sql_step(sql, &has_row, list->err);
    if (code == VT_OK && has_row && vt_entry_read(sql, &entry) && !entry.is_destroyed) {
        code = vt_register_read(arena, &entry, out, list->err);
        *out_is_there = code == VT_OK;
    }
    vt_sql_done(sql);
    /* A damaged body is what vt_register_verify tells. */
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static const char *or_none(const char *text)
{
    return text != NULL ? text : "";
}

/* "đã hủy 14:05 03/12/2026, root: đã đối chiếu bản giấy". */
static enum vt_code describe_followup(struct listing *list, int64_t seq, const char **out)
{
    static const struct vt_report_column moment = {.kind = VT_CELL_TIME};
    struct vt_register_record record;
    struct vt_arena *arena = vt_arena_new(MAX_FOLLOWUP_ARENA_BYTES);
    char at[32];
    bool is_there = false;
    *out = "";
    if (arena == NULL)
        return VT_E_NOMEM;
    enum vt_code code = read_followup(list, seq, arena, &record, &is_there);
    bool is_overruled = is_there && record.kind == VT_REGISTER_OVERRULED;
    if (is_there && (is_overruled || record.kind == VT_REGISTER_REFUSED)) {
        const struct vt_report_cell cell = {.number = record.time_utc_secs};
        *out = vt_arena_printf(
            list->arena, "%s %s, %s: %s", is_overruled ? "đã hủy" : "văn thư trả lại",
            vt_cell_text(&moment, &cell, false, at),
            or_none(is_overruled ? record.overruled->by : record.refused->by),
            or_none(is_overruled ? record.overruled->reason_text : record.refused->text));
        code = *out != NULL ? VT_OK : VT_E_NOMEM;
    }
    vt_arena_free(arena);
    return code;
}

/* ---- rows ---- */

static enum vt_code new_row(struct listing *list, struct vt_report_row **out)
{
    struct vt_report_section *section = list->section;
    if (section->rows_count == VT_MAX_REFUSALS)
        return vt_err_set(list->err, VT_E_LIMIT,
                          "more than %d refusals: ask for a shorter period or for one agency",
                          VT_MAX_REFUSALS);
    if (section->rows_count == list->capacity) {
        size_t capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        struct vt_report_row *rows = vt_arena_alloc(list->arena, capacity * sizeof(*rows));
        if (rows == NULL)
            return VT_E_NOMEM;
        if (section->rows_count > 0)
            memcpy(rows, section->rows, section->rows_count * sizeof(*rows));
        section->rows = rows;
        list->capacity = capacity;
    }
    *out = &section->rows[section->rows_count++];
    return VT_OK;
}

static void put_outcome(struct vt_sql *sql, struct vt_report_cell *cells)
{
    bool is_held = strcmp(vt_sql_text(sql, M_ANSWER), "hold") == 0;
    bool is_refused = is_held || strcmp(vt_sql_text(sql, M_ANSWER), "reject") == 0;
    bool is_overruled = is_refused && !vt_sql_is_null(sql, M_OVERRULED);
    cells[2].text = is_overruled ? "overruled"
                    : is_held    ? "held"
                    : is_refused ? "refused"
                                 : "returned";
    cells[3].text = is_overruled ? "Từ chối, đã hủy"
                    : is_held    ? "Tạm giữ"
                    : is_refused ? "Từ chối"
                                 : "Văn thư trả lại";
}

/* A clerk's reason, where nothing was refused before. */
static enum vt_code put_reason(struct listing *list, struct vt_sql *sql,
                               struct vt_report_cell *cells)
{
    bool is_returned = strcmp(cells[2].text, "returned") == 0;
    enum vt_reason reason = VT_REASON_COUNT;
    char *text = vt_arena_alloc(list->arena, VT_REASON_TEXT_BYTES);
    if (text == NULL)
        return VT_E_NOMEM;
    if (vt_reason_by_code(vt_sql_text(sql, is_returned ? M_RETURNED_REASON : M_REASON), &reason) !=
        VT_OK)
        return VT_OK;
    cells[4].text = vt_reason_info(reason)->code;
    cells[5].text = vt_rows_reason(text, reason);
    return VT_OK;
}

static enum vt_code put_mail(struct listing *list, struct vt_sql *sql, struct vt_report_cell *cells)
{
    const char *agency = vt_sql_text(sql, M_AGENCY);
    cells[0].text = vt_arena_str(list->arena, vt_sql_text(sql, M_REFERENCE));
    cells[1].number = vt_sql_int(sql, M_TIME);
    cells[6].text = vt_arena_str(list->arena, vt_sql_text(sql, M_SENDER));
    cells[10].text = vt_arena_str(list->arena, vt_sql_text(sql, M_RULE));
    if (agency[0] != '\0')
        cells[7].text = vt_arena_str(list->arena, vt_rows_agency_name(list->input, agency));
    bool is_whole = cells[0].text != NULL && cells[6].text != NULL && cells[10].text != NULL &&
                    (agency[0] == '\0' || cells[7].text != NULL);
    return is_whole ? VT_OK : VT_E_NOMEM;
}

static enum vt_code put_lists(struct listing *list, int64_t seq, struct vt_report_cell *cells)
{
    enum vt_code code = list_names(
        list, "SELECT address FROM recipient WHERE seq = ?1 ORDER BY ordinal", seq, &cells[8].text);
    if (code == VT_OK)
        code = list_names(list,
                          "SELECT name FROM document WHERE seq = ?1 AND (is_attachment <> 0"
                          " OR signatures_count > 0) ORDER BY CASE verdict WHEN 'failed' THEN 0"
                          " WHEN 'undetermined' THEN 1 WHEN 'unsigned' THEN 2 ELSE 3 END, ordinal",
                          seq, &cells[9].text);
    return code;
}

static enum vt_code put_followups(struct listing *list, struct vt_sql *sql,
                                  struct vt_report_cell *cells)
{
    const char *overruled = "", *returned = "";
    enum vt_code code = VT_OK;
    if (!vt_sql_is_null(sql, M_OVERRULED))
        code = describe_followup(list, vt_sql_int(sql, M_OVERRULED), &overruled);
    if (code == VT_OK && !vt_sql_is_null(sql, M_RETURNED))
        code = describe_followup(list, vt_sql_int(sql, M_RETURNED), &returned);
    if (code == VT_OK) {
        cells[11].text =
            vt_arena_printf(list->arena, "%s%s%s", overruled,
                            overruled[0] != '\0' && returned[0] != '\0' ? "; " : "", returned);
        code = cells[11].text != NULL ? VT_OK : VT_E_NOMEM;
    }
    return code;
}

static enum vt_code add_refusal(struct listing *list, struct vt_sql *sql)
{
    struct vt_report_row *row = NULL;
    if (vt_sql_int(sql, M_IS_SECRET) != 0) {
        list->secret_count++;
        return VT_OK;
    }
    enum vt_code code = new_row(list, &row);
    if (code != VT_OK)
        return code;
    put_outcome(sql, row->cells);
    code = put_mail(list, sql, row->cells);
    if (code == VT_OK)
        code = put_reason(list, sql, row->cells);
    if (code == VT_OK)
        code = put_lists(list, vt_sql_int(sql, M_SEQ), row->cells);
    return code == VT_OK ? put_followups(list, sql, row->cells) : code;
}

/* ---- the statement ---- */

#define MAILS                                                                                      \
    "SELECT m.seq, r.reference, m.time_utc_secs, m.is_secret, m.sender, m.agency, m.reason,"       \
    " m.rule, a.value, o.seq, c.seq, c.value FROM mail m JOIN record r ON r.seq = m.seq"           \
    " LEFT JOIN followup a ON a.decided = m.seq AND a.kind = 2"                                    \
    " LEFT JOIN followup o ON o.decided = m.seq AND o.kind = 3"                                    \
    " LEFT JOIN followup c ON c.decided = m.seq AND c.kind = 4"                                    \
    " WHERE m.time_utc_secs >= ?1 AND m.time_utc_secs < ?2"                                        \
    " AND (a.value IN ('reject', 'hold') OR c.seq IS NOT NULL)"
/* A secret mail has no recipients here, so that only its number is told to everybody. */
#define OF_AGENCY                                                                                  \
    " AND (m.is_secret <> 0 OR EXISTS (SELECT 1 FROM recipient_agency x WHERE x.seq = m.seq"       \
    " AND x.agency = ?3) OR EXISTS (SELECT 1 FROM recipient x WHERE x.seq = m.seq"                 \
    " AND substr(x.address, length(x.address) - length(?4), length(?4) + 1)"                       \
    " IN ('@' || ?4, '.' || ?4)))"
#define IN_ORDER " ORDER BY m.seq"

/* Agency by id, and what looks like a domain by that, too. */
static void bind_agency(struct vt_sql *sql, const char *agency, const char *domain)
{
    vt_sql_bind_text(sql, 3, vt_bytes_str(agency));
    vt_sql_bind_text(sql, 4, vt_bytes_str(strchr(domain, '.') != NULL ? domain : "/"));
}

static enum vt_code list_all(struct listing *list)
{
    const char *agency = list->input->agency;
    const char *domain = agency != NULL ? vt_derive_address(list->arena, agency) : NULL;
    struct vt_sql *sql = NULL;
    bool has_row = false;
    if (agency != NULL && domain == NULL)
        return VT_E_NOMEM;
    enum vt_code code =
        vt_sql_new(list->reg->engine, agency != NULL ? MAILS OF_AGENCY IN_ORDER : MAILS IN_ORDER,
                   &sql, list->err);
    if (code != VT_OK)
        return code;
    vt_sql_bind_int(sql, 1, list->input->period.from_utc_secs);
    vt_sql_bind_int(sql, 2, list->input->period.until_utc_secs);
    if (agency != NULL)
        bind_agency(sql, agency, domain);
    code = vt_sql_step(sql, &has_row, list->err);
    while (code == VT_OK && has_row) {
        code = add_refusal(list, sql);
        if (code == VT_OK)
            code = vt_sql_step(sql, &has_row, list->err);
    }
    vt_sql_done(sql);
    return code;
}

static enum vt_code put_secret_note(struct listing *list)
{
    if (list->secret_count == 0)
        return VT_OK;
    list->section->vietnamese_note = vt_arena_printf(
        list->arena,
        "Ngoài ra có %" PRId64 " thư có dấu chỉ độ mật không được tiếp nhận; nội dung không được "
        "lưu nên không liệt kê.",
        list->secret_count);
    list->section->english_note = vt_arena_printf(
        list->arena,
        "Beside these %" PRId64 " mails marked secret were not taken; nothing is kept of them.",
        list->secret_count);
    bool is_whole = list->section->vietnamese_note != NULL && list->section->english_note != NULL;
    return is_whole ? VT_OK : VT_E_NOMEM;
}

enum vt_code vt_report_refusals(struct vt_register *reg, struct vt_arena *arena,
                                const struct vt_report_request *input, struct vt_report **out,
                                struct vt_err *err)
{
    struct vt_report *report = vt_arena_alloc(arena, sizeof(*report));
    if (report == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a list of refusals");
    *report = (struct vt_report){
        .period = input->period, .made_at_utc_secs = input->now_utc_secs, .office = input->office};
    if (input->agency != NULL)
        report->agency = vt_rows_agency_name(input, input->agency);
    report->sections[VT_SECTION_REFUSALS] = vt_report_templates[VT_SECTION_REFUSALS];
    report->sections[VT_SECTION_REFUSALS].is_list = true;
    struct listing list = {.arena = arena,
                           .input = input,
                           .section = &report->sections[VT_SECTION_REFUSALS],
                           .err = err};
    enum vt_code code = VT_OK;
    /* Of a central database one gateway after the other. */
    for (list.reg = reg; list.reg != NULL && code == VT_OK; list.reg = list.reg->next) {
        code = vt_engine_begin(list.reg->engine, false, err);
        if (code != VT_OK)
            return code;
        code = list_all(&list);
        vt_engine_rollback(list.reg->engine);
    }
    if (code == VT_OK)
        code = put_secret_note(&list);
    if (code == VT_E_NOMEM)
        return vt_err_set(err, code, "no memory for a list of refusals");
    *out = code == VT_OK ? report : NULL;
    return code;
}
