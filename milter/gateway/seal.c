/* SPDX-License-Identifier: Apache-2.0
 * The steps of a seal: may it be, whose is it, what is signed, the signature, the finished mail.
 * What is finished was verified before it comes here; what fails leaves the mail as it is. */
#include "gateway/seal.h"

#include <string.h>
#include <strings.h>

#include "gateway/record.h"
#include "gateway/work.h"
#include "vanthu/log.h"
#include "vanthu/site.h"

/* What finishing and recording need after the signature. */
#define KEEP_MSECS 3000

const struct vt_seal_steps vt_seal_steps_real = {.identity = vt_sealer_identity,
                                                 .sign = vt_sealer_sign,
                                                 .prepare = vt_sealing_prepare,
                                                 .finish = vt_sealing_finish,
                                                 .stamp = vt_stamp_ask};

const char *vt_seal_result_name(enum vt_seal_result result)
{
    static const char *const names[] = {[VT_SEAL_RESULT_SEALED] = "sealed",
                                        [VT_SEAL_RESULT_LEFT] = "left-alone",
                                        [VT_SEAL_RESULT_FAILED] = "failed"};
    return result > VT_SEAL_RESULT_FAILED ? NULL : names[result];
}

/* ---- may it be ---- */

/* A login without a domain is given out by our server, for our domains. */
static bool is_login_of(const char *login, const char *address, const struct vt_config *config)
{
    size_t len = strlen(login);
    if (strchr(login, '@') != NULL)
        return strcasecmp(login, address) == 0;
    return strncasecmp(login, address, len) == 0 && address[len] == '@' &&
           vt_address_is_ours(address, config);
}

bool vt_seal_login_fits(const struct vt_mail *mail, const struct vt_site *site,
                        const struct vt_config *config)
{
    if (mail->authenticated == NULL || mail->from == NULL || mail->from_count != 1)
        return false;
    if (is_login_of(mail->authenticated, mail->from, config))
        return true;
    if (site == NULL || strchr(mail->authenticated, '@') == NULL)
        return false;
    const struct vt_site_agency *own = vt_site_agency_of_address(site, mail->authenticated);
    return own != NULL && own == vt_site_agency_of_address(site, mail->from);
}

static void end(struct vt_work *work, enum vt_seal_result result, const char *why, const char *text)
{
    struct vt_sealed *sealed = &work->out->sealed;
    char clean[VT_ERR_TEXT_BYTES];
    sealed->result = result;
    sealed->why = why;
    sealed->text = text == NULL || text[0] == '\0'
                       ? NULL
                       : vt_arena_str(work->transaction->arena,
                                      vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
}

static bool fail(struct vt_work *work, const char *why, const char *text)
{
    end(work, VT_SEAL_RESULT_FAILED, why, text);
    return false;
}

static bool fail_for(struct vt_work *work, enum vt_seal_failure failure, const char *text)
{
    return fail(work, vt_seal_failure_name(failure), text);
}

static bool may_be_sealed(struct vt_work *work, const struct vt_seal_key **out_key)
{
    const struct vt_gateway *gateway = work->gateway;
    const struct vt_decision *decision = work->out->decision;
    const struct vt_mail *mail = &work->out->evidence->mail;
    *out_key = vt_seal_key_of_mails(gateway->config, decision->seal_key);
    if (*out_key == NULL)
        return fail(work, "no-key", "no key of the configuration seals this mail");
    work->out->sealed.key = (*out_key)->name;
    if (mail->authenticated == NULL)
        return fail(work, "not-authenticated", "only mail of a login is sealed");
    if (!vt_seal_login_fits(mail, vt_policy_site(gateway->policy), gateway->config))
        return fail(work, "login-not-from",
                    "the login is neither the address in From nor of its agency");
    if (work->mail_fd < 0)
        return fail(work, "not-inspected", "nobody looked into this mail");
    if ((work->session->actions & SMFIF_CHGBODY) == 0 ||
        (work->session->actions & SMFIF_CHGHDRS) == 0)
        return fail(work, "mta", "the mail server does not let its milter replace a body");
    return true;
}

/* ---- the steps ---- */

struct seal_run {
    struct vt_work *work;
    const struct vt_seal_key *key;
    struct vt_seal_identity identity;
    struct vt_seal_message_plan plan;
    struct vt_sealing sealing;
    struct vt_sealing_prepared prepared;
    struct vt_buf signature;
};

static int64_t step_deadline(const struct vt_work *work)
{
    int64_t until = vt_clock_monotonic_msecs() + work->gateway->config->inspection_msecs;
    return until < work->deadline_msecs ? until : work->deadline_msecs;
}

/* A mail that has to be sealed, and would not arrive in the clear form, goes in the other one. */
static void plan(struct seal_run *run)
{
    const struct vt_work *work = run->work;
    const struct vt_decision *decision = work->out->decision;
    const char *sender = work->transaction->mail.sender;
    run->plan = (struct vt_seal_message_plan){
        .identity = &run->identity,
        .signing_time_utc_secs = work->now_utc_secs,
        .form = decision->seal_is_opaque ? VT_SEAL_OPAQUE : VT_SEAL_CLEAR,
        .may_be_opaque = decision->seal == VT_SEAL_REQUIRED,
        .protects_headers = decision->seal_protects_headers,
        .has_null_sender = sender == NULL || sender[0] == '\0'};
}

static bool is_left_alone(enum vt_seal_message_word word)
{
    switch (word) {
    case VT_SEAL_MESSAGE_SIGNED:
    case VT_SEAL_MESSAGE_ENCRYPTED:
    case VT_SEAL_MESSAGE_LIST:
    case VT_SEAL_MESSAGE_REPORT:
    case VT_SEAL_MESSAGE_CALENDAR:
    case VT_SEAL_MESSAGE_AUTOMATIC:
        return true;
    default:
        return false;
    }
}

/* A child of the inspector, within the bound on them. */
static bool begin_step(struct seal_run *run)
{
    struct vt_err err = {0};
    if (vt_work_begin_pass(run->work, &err) != VT_OK)
        return fail_for(run->work, VT_SEAL_UNAVAILABLE, err.text);
    run->sealing.deadline_msecs = step_deadline(run->work);
    return true;
}

static bool prepare(struct seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_err err = {0};
    if (!begin_step(run))
        return false;
    enum vt_code code = work->gateway->seal_steps->prepare(work->transaction->arena, &run->sealing,
                                                           &run->prepared, &err);
    vt_work_end_pass(work);
    if (code != VT_OK)
        return fail_for(work, VT_SEAL_UNAVAILABLE, err.text);
    if (run->prepared.word == VT_SEAL_MESSAGE_READY)
        return true;
    end(work, is_left_alone(run->prepared.word) ? VT_SEAL_RESULT_LEFT : VT_SEAL_RESULT_FAILED,
        vt_seal_message_word_name(run->prepared.word), run->prepared.why);
    return false;
}

static enum vt_code ask_for_signature(struct seal_run *run, enum vt_seal_failure *out_failure,
                                      struct vt_err *err)
{
    struct vt_work *work = run->work;
    struct vt_gateway *gateway = work->gateway;
    int64_t until = vt_clock_monotonic_msecs() + gateway->config->hsm_msecs;
    if (until > work->deadline_msecs - KEEP_MSECS)
        until = work->deadline_msecs - KEEP_MSECS;
    const struct vt_sealer sealer = {.channel_fd = gateway->seal_fd,
                                     .connection_fd = -1,
                                     .deadline_msecs = until,
                                     .progress = vt_work_progress,
                                     .progress_context = work};
    const struct vt_seal_request request = {.key = run->key->name,
                                            .purpose = VT_SEAL_FOR_MESSAGE,
                                            .reference = work->transaction->mail.reference,
                                            .on_behalf = work->transaction->mail.authenticated,
                                            .attributes = run->prepared.attributes};
    *out_failure = VT_SEAL_UNAVAILABLE;
    enum vt_code code = vt_queue_enter(&gateway->seal_queue, until, vt_work_progress, work, err);
    if (code != VT_OK)
        return code;
    code = gateway->seal_steps->sign(&sealer, &request, &run->signature, out_failure, err);
    vt_queue_leave(&gateway->seal_queue);
    return code;
}

static bool have_signed(struct seal_run *run)
{
    struct vt_err err = {0};
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    int64_t begun = vt_clock_monotonic_msecs();
    enum vt_code code = ask_for_signature(run, &failure, &err);
    run->work->out->hsm_msecs = vt_clock_monotonic_msecs() - begun;
    if (code == VT_OK && failure == VT_SEAL_DONE)
        return true;
    return fail_for(run->work, code == VT_OK ? failure : VT_SEAL_UNAVAILABLE, err.text);
}

static bool have_stamped(struct seal_run *run)
{
    struct vt_work *work = run->work;
    return vt_work_stamp(work, run->key, vt_buf_bytes(&run->signature), &run->sealing.token) ||
           fail(work, "timestamp", work->out->sealed.unstamped);
}

static bool finish(struct seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_sealed *sealed = &work->out->sealed;
    struct vt_err err = {0};
    if (!begin_step(run))
        return false;
    enum vt_code code =
        work->gateway->seal_steps->finish(work->transaction->arena, &run->sealing,
                                          vt_buf_bytes(&run->signature), &sealed->mail, &err);
    vt_work_end_pass(work);
    if (code != VT_OK)
        return fail_for(work, VT_SEAL_UNAVAILABLE, err.text);
    if (sealed->mail.why == NULL)
        return true;
    return fail(work, "not-verified", sealed->mail.why);
}

/* The signature around the whole mail. */
static const struct vt_signature *outer_signature(const struct vt_evidence *evidence)
{
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (document->format == VT_FORMAT_SMIME && !document->nested &&
            document->signatures_count > 0)
            return &document->signatures[0];
    }
    return NULL;
}

/* Like any mail that comes, by the whole of our verifier and in a child of its own: what we would
 * object to at the other end does not leave. */
static bool judge_sealed(struct seal_run *run, const struct vt_signature **out_outer)
{
    struct vt_work *work = run->work;
    char text[VT_SEAL_TEXT_BYTES] = "the sealed mail shows no signature";
    struct vt_evidence *evidence = NULL;
    struct vt_err err = {0};
    enum vt_code code =
        vt_work_inspect_own(work, work->out->sealed.mail.mail_fd, false, &evidence, &err);
    if (code != VT_OK)
        return fail_for(work, VT_SEAL_UNAVAILABLE, err.text);
    *out_outer = outer_signature(evidence);
    if (*out_outer != NULL && vt_seal_verdict(*out_outer, "the sealed mail", text))
        return true;
    return fail(work, "not-verified", text);
}

static bool finish_and_judge(struct seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_sealed *sealed = &work->out->sealed;
    const struct vt_signature *outer = NULL;
    const char *text = NULL;
    if (!finish(run) || !judge_sealed(run, &outer))
        return false;
    if (run->sealing.token.len == 0 || vt_stamp_is_good(outer, work->transaction->arena, &text))
        return true;
    /* Its authority was revoked, say: no better than none. */
    sealed->unstamped = text;
    sealed->authority = NULL;
    if (work->gateway->config->timestamp.is_required)
        return fail(work, "timestamp", text);
    run->sealing.token = (struct vt_bytes){0};
    vt_sealing_finished_clear(&sealed->mail);
    return finish(run) && judge_sealed(run, &outer);
}

static void seal(struct seal_run *run)
{
    struct vt_work *work = run->work;
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    const char *text = NULL;
    vt_own_seal_get(work, run->key, &run->identity, &failure, &text);
    if (failure != VT_SEAL_DONE) {
        (void)fail_for(work, failure, text);
        return;
    }
    plan(run);
    run->sealing = (struct vt_sealing){.inspect_fd = work->gateway->inspect_fd,
                                       .mail_fd = work->mail_fd,
                                       .plan = &run->plan,
                                       .progress = vt_work_progress,
                                       .progress_context = work};
    if (prepare(run) && have_signed(run) && have_stamped(run) && finish_and_judge(run)) {
        work->out->sealed.level = run->sealing.token.len > 0            ? "B-T"
                                  : work->out->sealed.unstamped != NULL ? "B-B"
                                                                        : NULL;
        end(work, VT_SEAL_RESULT_SEALED, NULL, NULL);
    } else
        vt_sealing_finished_clear(&work->out->sealed.mail);
}

/* ---- what others see of it ---- */

/* A mail that left without its seal, or did not leave: somebody has to know. */
static void tell(const struct vt_work *work)
{
    const struct vt_sealed *sealed = &work->out->sealed;
    const struct vt_mail *mail = &work->transaction->mail;
    vt_log(sealed->result == VT_SEAL_RESULT_FAILED ? VT_LOG_ALERT
           : sealed->unstamped != NULL             ? VT_LOG_WARNING
                                                   : VT_LOG_INFO,
           "seal: queue-id=%s reference=%s key=%s result=%s%s%s%s%s%s%s%s%s%s%s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference,
           sealed->key != NULL ? sealed->key : "-", vt_seal_result_name(sealed->result),
           sealed->why != NULL ? " why=" : "", sealed->why != NULL ? sealed->why : "",
           sealed->text != NULL ? " text=\"" : "", sealed->text != NULL ? sealed->text : "",
           sealed->text != NULL ? "\"" : "", sealed->level != NULL ? " level=" : "",
           sealed->level != NULL ? sealed->level : "",
           sealed->unstamped != NULL ? " no-timestamp=\"" : "",
           sealed->unstamped != NULL ? sealed->unstamped : "",
           sealed->unstamped != NULL ? "\"" : "");
}

/* What is held now may leave later, as it is then. */
static bool passes(enum vt_action action)
{
    return action == VT_ACTION_ACCEPT || action == VT_ACTION_NOTE || action == VT_ACTION_TAG ||
           action == VT_ACTION_HOLD;
}

/* A report has no login and no From of ours (RFC 3464, RFC 5321 4.5.5), and programs often have
 * none: it is not asked who may seal what nobody seals. */
static bool is_nobodys(struct vt_work *work)
{
    const struct vt_mail *mail = &work->out->evidence->mail;
    const char *sender = work->transaction->mail.sender;
    const char *why = NULL;
    if (sender == NULL || sender[0] == '\0')
        why = vt_seal_message_word_name(VT_SEAL_MESSAGE_REPORT);
    else if (mail->is_list)
        why = vt_seal_message_word_name(VT_SEAL_MESSAGE_LIST);
    else if (mail->is_automatic)
        why = vt_seal_message_word_name(VT_SEAL_MESSAGE_AUTOMATIC);
    if (why != NULL)
        end(work, VT_SEAL_RESULT_LEFT, why, NULL);
    return why != NULL;
}

void vt_work_seal(struct vt_work *work)
{
    struct vt_judgement *out = work->out;
    struct seal_run run = {.work = work};
    if (out->is_inert || out->decision == NULL || out->evidence == NULL ||
        out->decision->seal == VT_SEAL_NONE || !passes(out->decision->action) ||
        out->is_register_silent)
        return;
    out->sealed.is_required = out->decision->seal == VT_SEAL_REQUIRED;
    vt_buf_init(&run.signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    if (!is_nobodys(work) && may_be_sealed(work, &run.key))
        seal(&run);
    vt_buf_clear(&run.signature);
    tell(work);
}

enum vt_code vt_seal_mark(struct vt_arena *arena, const struct vt_sealed *sealed,
                          struct vt_headers *headers)
{
    if (sealed->result != VT_SEAL_RESULT_LEFT && sealed->result != VT_SEAL_RESULT_FAILED)
        return VT_OK;
    const char *value = vt_arena_printf(arena, "no; %s", sealed->why);
    struct vt_header *items =
        vt_arena_grow(arena, headers->items, headers->count, sizeof(*headers->items));
    if (value == NULL || items == NULL)
        return VT_E_NOMEM;
    headers->items = items;
    items[headers->count++] = (struct vt_header){"X-Vanthu-Seal", value};
    return VT_OK;
}
