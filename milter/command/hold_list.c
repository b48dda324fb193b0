/* SPDX-License-Identifier: Apache-2.0
 * vanthu hold list: which mails wait for a decision, since when, whose it is, and whether they
 * still wait in the queue of the mail server. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/hold.h"
#include "command/print.h"
#include "vanthu/clock.h"

#define REFERENCE_COLUMNS 16
#define AGE_COLUMNS 8
#define STATE_COLUMNS 24
#define SUBJECT_BYTES 200
/* Mails that are read and asked about together. */
#define PAGE 1000

struct page {
    const struct vt_hold_desk *desk;
    struct vt_hold holds[PAGE];
    struct vt_hold_queued queued[PAGE];
    size_t count;
    int64_t now_utc_secs;
};

static enum vt_code take_hold(void *context, const struct vt_hold *hold, struct vt_err *err)
{
    struct page *page = context;
    struct vt_hold_mail mail;
    enum vt_code code = vt_hold_mail_read(page->desk, hold->reference, &mail, err);
    page->holds[page->count] = *hold;
    vt_hold_queued_init(&page->queued[page->count++], mail.queue_id, hold->time_utc_secs);
    vt_hold_mail_clear(&mail);
    return code;
}

/* ---- as text ---- */

/* "45m", "5h", "3d". */
static const char *age_text(char out[24], int64_t secs)
{
    long long minutes = (long long)(secs > 0 ? secs : 0) / 60;
    if (minutes < 120)
        (void)snprintf(out, 24, "%lldm", minutes);
    else if (minutes < 48 * 60)
        (void)snprintf(out, 24, "%lldh", minutes / 60);
    else
        (void)snprintf(out, 24, "%lldd", minutes / 60 / 24);
    return out;
}

/* Where it waits, and what was begun and not finished. */
static const char *state_text(const struct vt_hold_desk *desk, enum vt_hold_step step,
                              enum vt_hold_place place)
{
    if (step == VT_HOLD_RELEASING)
        return vt_hold_pick(desk, "CHUYỂN DỞ DANG", "RELEASE UNFINISHED");
    if (step == VT_HOLD_RETURNING)
        return vt_hold_pick(desk, "TRẢ LẠI DỞ DANG", "RETURN UNFINISHED");
    switch (place) {
    case VT_PLACE_HELD:
        return vt_hold_pick(desk, "đang giữ", "held");
    case VT_PLACE_QUEUE:
        return vt_hold_pick(desk, "KHÔNG CÒN GIỮ", "NOT HELD ANY MORE");
    case VT_PLACE_GONE:
        return vt_hold_pick(desk, "KHÔNG CÒN TRONG HÀNG ĐỢI", "NOT IN THE QUEUE");
    case VT_PLACE_UNKNOWN:
        break;
    }
    return vt_hold_pick(desk, "chưa rõ", "not known");
}

static void print_line(const struct vt_hold_desk *desk, const char *label, const char *text)
{
    char clean[SUBJECT_BYTES];
    printf("  ");
    vt_print_cell(stdout, label, REFERENCE_COLUMNS - 2);
    puts(vt_text_clean(clean, sizeof(clean), vt_bytes_str(text != NULL ? text : "-")));
    (void)desk;
}

static void print_text(const struct page *page, size_t index, const struct vt_hold_state *state,
                       const struct vt_hold_mail *mail)
{
    const struct vt_hold_desk *desk = page->desk;
    const struct vt_hold *hold = &page->holds[index];
    const struct vt_hold_queued *queued = &page->queued[index];
    char age[24];
    vt_print_cell(stdout, hold->reference, REFERENCE_COLUMNS);
    vt_print_cell(stdout, age_text(age, page->now_utc_secs - hold->time_utc_secs), AGE_COLUMNS);
    vt_print_cell(stdout, state_text(desk, state->step, queued->place), STATE_COLUMNS);
    puts(queued->queue_id[0] != '\0' ? queued->queue_id : "-");
    if (hold->is_secret) {
        print_line(desk, "", vt_hold_pick(desk, "thư có dấu chỉ độ mật", "marked secret"));
        return;
    }
    const struct vt_decision *decision =
        mail->is_found && !mail->is_destroyed ? mail->record.decided->decision : NULL;
    print_line(desk, vt_hold_pick(desk, "người xử lý", "officer"),
               decision != NULL ? decision->officer : NULL);
    print_line(desk, vt_hold_pick(desk, "từ", "from"),
               mail->mail != NULL && mail->mail->sender != NULL && mail->mail->sender[0] != '\0'
                   ? mail->mail->sender
                   : "<>");
    print_line(desk, vt_hold_pick(desk, "tiêu đề", "subject"),
               mail->mail != NULL ? mail->mail->subject : NULL);
    if (decision != NULL && decision->rule != NULL)
        print_line(desk, vt_hold_pick(desk, "quy tắc", "rule"), decision->rule);
}

/* ---- as JSON ---- */

static json_t *clean_text(const char *text)
{
    char clean[1000];
    return text == NULL ? json_null()
                        : json_string(vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
}

static void print_json(const struct page *page, size_t index, const struct vt_hold_state *state,
                       const struct vt_hold_mail *mail)
{
    const struct vt_hold *hold = &page->holds[index];
    const struct vt_hold_queued *queued = &page->queued[index];
    char held[VT_TIME_TEXT_BYTES];
    const struct vt_decision *decision = mail->is_found && !mail->is_destroyed && !hold->is_secret
                                             ? mail->record.decided->decision
                                             : NULL;
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:b}", "reference", hold->reference, "queue_id",
                  queued->queue_id, "held", vt_time_rfc3339(held, hold->time_utc_secs), "age_secs",
                  (json_int_t)(page->now_utc_secs - hold->time_utc_secs), "step",
                  vt_hold_step_name(state->step), "queue", vt_hold_place_name(queued->place),
                  "secret", hold->is_secret);
    if (!hold->is_secret) {
        const struct vt_mail *facts = mail->mail;
        json_t *rest = json_pack("{s:o, s:o, s:o, s:o}", "officer",
                                 clean_text(decision != NULL ? decision->officer : NULL), "sender",
                                 clean_text(facts != NULL ? facts->sender : NULL), "subject",
                                 clean_text(facts != NULL ? facts->subject : NULL), "rule",
                                 clean_text(decision != NULL ? decision->rule : NULL));
        (void)json_object_update(root, rest);
        json_decref(rest);
    }
    char *text = json_dumps(root, JSON_COMPACT);
    puts(text != NULL ? text : "{}");
    free(text);
    json_decref(root);
}

/* ---- all of it ---- */

static enum vt_code print_one(const struct page *page, size_t index, struct vt_err *err)
{
    struct vt_hold_mail mail;
    struct vt_hold_state state;
    const char *reference = page->holds[index].reference;
    enum vt_code code = vt_hold_mail_read(page->desk, reference, &mail, err);
    if (code == VT_OK)
        code = vt_register_hold_state(page->desk->reg, reference, &state, err);
    if (code == VT_OK && page->desk->json)
        print_json(page, index, &state, &mail);
    else if (code == VT_OK)
        print_text(page, index, &state, &mail);
    vt_hold_mail_clear(&mail);
    return code;
}

static enum vt_code print_page(struct page *page, struct vt_err *err)
{
    struct vt_err unread = {0};
    enum vt_code code = VT_OK;
    if (page->count > 0 &&
        vt_hold_mta_look(&page->desk->mta, page->queued, page->count, &unread) != VT_OK)
        vt_command_print_fault(&unread);
    for (size_t i = 0; i < page->count && code == VT_OK; i++)
        code = print_one(page, i, err);
    return code;
}

int vt_hold_list(struct vt_hold_desk *desk)
{
    struct vt_err err = {0};
    struct page *page = calloc(1, sizeof(*page));
    int64_t after_seq = 0, total = 0;
    enum vt_code code = page != NULL ? VT_OK : VT_E_NOMEM;
    while (code == VT_OK) {
        *page = (struct page){.desk = desk, .now_utc_secs = vt_clock_now_utc_secs()};
        code = vt_register_holds(desk->reg, after_seq, PAGE, take_hold, page, &err);
        if (code == VT_OK)
            code = print_page(page, &err);
        total += (int64_t)page->count;
        if (page->count < PAGE)
            break;
        after_seq = page->holds[PAGE - 1].seq;
    }
    free(page);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (total == 0 && !desk->json)
        puts(vt_hold_pick(desk, "Không có thư nào đang được tạm giữ.", "No mail is held."));
    return EX_OK;
}
