/* SPDX-License-Identifier: Apache-2.0
 * vanthu hold release and return. What is intended is recorded, then done, then recorded as done:
 * whatever dies between, the same command finishes it, and list shows what is unfinished. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/hold.h"
#include "command/owed.h"

/* There is no such mail, it is over, or it left the queue. */
enum { NOT_DONE = 1 };

/* One mail on its way. */
struct going {
    const struct vt_hold_desk *desk;
    char reference[VT_REFERENCE_BYTES];
    bool is_return;
    struct vt_hold_mail mail;
    struct vt_hold_state state;
    struct vt_hold_queued queued;
};

static int say(const struct going *going, int status, const char *vietnamese, const char *english)
{
    return vt_hold_say(going->desk, status, going->reference, vietnamese, english);
}

static int tell(const struct going *going, const char *vietnamese, const char *english)
{
    printf("%s: %s\n", going->reference, vt_hold_pick(going->desk, vietnamese, english));
    return EX_OK;
}

/* ---- records ---- */

/* Of a mail marked secret no words are kept. */
static int record(const struct going *going, const char *what, const struct vt_notice_plan *plan)
{
    const struct vt_hold_desk *desk = going->desk;
    const struct vt_register_event event = {
        .what = what, .text = going->mail.mail != NULL ? desk->reason : NULL, .by = desk->by};
    const struct vt_register_record record = {.kind = VT_REGISTER_EVENT,
                                              .reference = going->reference,
                                              .notices = plan != NULL ? plan->items : NULL,
                                              .notices_count = plan != NULL ? plan->count : 0,
                                              .event = &event};
    return vt_command_record(desk->config->control_socket, &record);
}

/* The same with the notice to the sender; whether he is told is said before anything is done. */
static int record_telling(const struct going *going, const char *what, enum vt_notice_kind kind)
{
    struct vt_notice_plan plan = {0};
    struct vt_err err = {0};
    enum vt_code code = vt_notice_plan_held(going->mail.arena, going->desk->config,
                                            going->mail.mail, kind, &plan, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    printf("%s: ", going->reference);
    vt_owed_print(stdout, going->desk->language, plan.items, plan.count, plan.why_not);
    (void)fflush(stdout);
    return record(going, what, &plan);
}

/* ---- what it comes to ---- */

static int finish(const struct going *going)
{
    int status = going->is_return
                     ? record(going, VT_EVENT_HOLD_RETURNED, NULL)
                     : record_telling(going, VT_EVENT_HOLD_RELEASED, VT_NOTICE_RELEASED);
    if (status != EX_OK)
        return say(going, status,
                   "đã thực hiện ở máy chủ thư nhưng chưa ghi được vào sổ: chạy lại lệnh này",
                   "it is done in the mail server and not recorded: run this command again");
    return going->is_return ? tell(going, "đã trả lại, thư đã được xóa khỏi hàng đợi",
                                   "returned: it is deleted from the queue")
                            : tell(going, "đã chuyển đi", "released: it is being delivered");
}

static int lose(const struct going *going)
{
    int status = record(going, VT_EVENT_HOLD_GONE, NULL);
    if (status != EX_OK)
        return status;
    return going->queued.place == VT_PLACE_QUEUE
               ? say(going, NOT_DONE,
                     "máy chủ thư không còn giữ thư này (đã được cho đi bằng tay); đã ghi vào sổ",
                     "the mail server does not hold it any more (let go by hand); recorded")
               : say(going, NOT_DONE,
                     "thư này không còn trong hàng đợi của máy chủ thư; đã ghi vào sổ",
                     "it is not in the queue of the mail server any more; recorded as gone");
}

/* What was intended and is true by now has been done, by this command before it died. */
static int conclude(const struct going *going)
{
    bool is_deleted = going->queued.place == VT_PLACE_GONE;
    bool is_done = going->is_return ? going->state.step == VT_HOLD_RETURNING && is_deleted
                                    : going->state.step == VT_HOLD_RELEASING;
    return is_done ? finish(going) : lose(going);
}

static int act(const struct going *going)
{
    struct vt_err err = {0};
    struct vt_hold_queued after = going->queued;
    enum vt_code code = going->is_return
                            ? vt_hold_mta_delete(&going->desk->mta, &going->queued, &err)
                            : vt_hold_mta_release(&going->desk->mta, &going->queued, &err);
    /* postsuper(1) is content with having done nothing. */
    if (code == VT_OK)
        code = vt_hold_mta_look(&going->desk->mta, &after, 1, &err);
    if (code == VT_OK && after.place == VT_PLACE_HELD)
        code = vt_err_set(&err, VT_E_SYSTEM, "the mail server still holds %s", after.queue_id);
    if (code == VT_OK)
        return finish(going);
    vt_command_print_fault(&err);
    return say(going, EX_TEMPFAIL,
               "ý định đã được ghi, máy chủ thư chưa thực hiện được: chạy lại lệnh này",
               "what is intended is recorded, the mail server could not do it: run this again");
}

static int begin(const struct going *going)
{
    enum vt_hold_step intended = going->is_return ? VT_HOLD_RETURNING : VT_HOLD_RELEASING;
    if (!going->is_return && going->state.step == VT_HOLD_RETURNING)
        return say(going, NOT_DONE,
                   "thư này đang được trả lại và nơi gửi có thể đã được báo: chạy vanthu hold "
                   "return để hoàn tất",
                   "it is being returned, and its sender may have been told: finish that with "
                   "vanthu hold return");
    if (going->state.step == intended)
        return act(going);
    int status = going->is_return
                     ? record_telling(going, VT_EVENT_HOLD_RETURNING, VT_NOTICE_RETURNED)
                     : record(going, VT_EVENT_HOLD_RELEASING, NULL);
    return status == EX_OK ? act(going) : status;
}

/* ---- before that ---- */

static int over(const struct going *going)
{
    char at[VT_TIME_TEXT_BYTES];
    enum vt_hold_step step = going->state.step;
    bool is_as_wished = step == (going->is_return ? VT_HOLD_RETURNED : VT_HOLD_RELEASED);
    fprintf(
        is_as_wished ? stdout : stderr, "%s: %s, %s, %s\n", going->reference,
        step == VT_HOLD_RELEASED
            ? vt_hold_pick(going->desk, "đã được chuyển đi trước đó", "was released before")
        : step == VT_HOLD_RETURNED
            ? vt_hold_pick(going->desk, "đã được trả lại trước đó", "was returned before")
            : vt_hold_pick(going->desk, "đã rời hàng đợi trước đó", "had left the queue before"),
        vt_command_moment(going->desk->language, at, going->state.step_utc_secs),
        going->state.by[0] != '\0' ? going->state.by : "-");
    return is_as_wished ? EX_OK : NOT_DONE;
}

static int go(struct going *going)
{
    struct vt_err err = {0};
    enum vt_hold_step step = going->state.step;
    if (step == VT_HOLD_RELEASED || step == VT_HOLD_RETURNED)
        return over(going);
    vt_hold_queued_init(&going->queued, going->mail.queue_id, going->mail.record.time_utc_secs);
    enum vt_code code = vt_hold_mta_look(&going->desk->mta, &going->queued, 1, &err);
    if (code != VT_OK) {
        vt_command_print_fault(&err);
        return say(going, EX_TEMPFAIL, "chưa làm gì", "nothing is done");
    }
    switch (going->queued.place) {
    case VT_PLACE_HELD:
        return begin(going);
    case VT_PLACE_QUEUE:
    case VT_PLACE_GONE:
        return step == VT_HOLD_GONE ? over(going) : conclude(going);
    case VT_PLACE_UNKNOWN:
        break;
    }
    return say(going, NOT_DONE, "sổ đăng ký không có mã hàng đợi của thư này",
               "the register does not have the queue id of this mail");
}

static int read_reference(struct going *going, const char *text)
{
    struct vt_err err = {0};
    if (vt_reference_parse(text, going->reference) != VT_OK) {
        char shown[64];
        fprintf(stderr, "%s: %s: %s\n", going->desk->name,
                vt_text_clean(shown, sizeof(shown), vt_bytes_str(text)),
                vt_hold_pick(going->desk, "không phải là mã tra cứu, hoặc có chữ số sai",
                             "is no reference, or has a wrong digit"));
        return EX_DATAERR;
    }
    enum vt_code code = vt_hold_mail_read(going->desk, going->reference, &going->mail, &err);
    if (code == VT_OK)
        code = vt_register_hold_state(going->desk->reg, going->reference, &going->state, &err);
    if (code != VT_OK)
        return vt_command_fault(&err, code);
    if (!going->mail.is_found)
        return say(going, NOT_DONE, "không có thư nào mang mã này trong sổ đăng ký",
                   "no mail of this register has this reference");
    if (going->mail.is_destroyed)
        return say(going, NOT_DONE, "sổ đăng ký không còn giữ nội dung của thư này",
                   "the register has nothing of this mail but that it was");
    if (going->mail.record.decided->answer.outcome != VT_OUTCOME_HOLD)
        return say(going, NOT_DONE, "thư này không bị tạm giữ", "this mail was not held");
    return EX_OK;
}

static int decide_one(const struct vt_hold_desk *desk, bool is_return, const char *text)
{
    struct going going = {.desk = desk, .is_return = is_return};
    int status = read_reference(&going, text);
    if (status == EX_OK)
        status = go(&going);
    vt_hold_mail_clear(&going.mail);
    (void)fflush(stdout);
    return status;
}

/* Each on its own; the gravest status of all. */
static int decide(const struct vt_hold_desk *desk, bool is_return)
{
    int gravest = EX_OK;
    for (char *const *text = desk->arguments; *text != NULL; text++) {
        int status = decide_one(desk, is_return, *text);
        gravest = status > gravest ? status : gravest;
    }
    return gravest;
}

int vt_hold_release(struct vt_hold_desk *desk)
{
    return decide(desk, false);
}

int vt_hold_return(struct vt_hold_desk *desk)
{
    return decide(desk, true);
}
