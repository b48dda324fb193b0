/* SPDX-License-Identifier: Apache-2.0
 * The steps of a seal: may it be, whose is it, what is signed, the signature, the finished mail.
 * What is finished was verified before it comes here; what fails leaves the mail as it is. */
#include <string.h>
#include <strings.h>

#include "gateway/record.h"
#include "gateway/seal_run.h"
#include "vanthu/log.h"
#include "vanthu/site.h"

/* What finishing and recording need after the signature. */
#define KEEP_MSECS 3000

const struct vt_seal_steps vt_seal_steps_real = {.identity = vt_sealer_identity,
                                                 .sign = vt_sealer_sign,
                                                 .documents = vt_sealing_documents,
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

bool vt_seal_fail(struct vt_work *work, const char *why, const char *text)
{
    end(work, VT_SEAL_RESULT_FAILED, why, text);
    return false;
}

bool vt_seal_leave(struct vt_work *work, const char *why, const char *text)
{
    end(work, VT_SEAL_RESULT_LEFT, why, text);
    return false;
}

static bool fail_for(struct vt_work *work, enum vt_seal_failure failure, const char *text)
{
    return vt_seal_fail(work, vt_seal_failure_name(failure), text);
}

static bool may_be_sealed(struct vt_work *work, const struct vt_seal_key **out_key)
{
    const struct vt_gateway *gateway = work->gateway;
    const struct vt_decision *decision = work->out->decision;
    const struct vt_mail *mail = &work->out->evidence->mail;
    *out_key = vt_seal_key_of_mails(gateway->config, decision->seal_key, decision->seal_what);
    if (*out_key == NULL)
        return vt_seal_fail(work, "no-key", "no key of the configuration seals this mail");
    work->out->sealed.key = (*out_key)->name;
    if (mail->authenticated == NULL)
        return vt_seal_fail(work, "not-authenticated", "only mail of a login is sealed");
    if (!vt_seal_login_fits(mail, vt_policy_site(gateway->policy), gateway->config))
        return vt_seal_fail(work, "login-not-from",
                            "the login is neither the address in From nor of its agency");
    if (work->mail_fd < 0)
        return vt_seal_fail(work, "not-inspected", "nobody looked into this mail");
    if ((work->session->actions & SMFIF_CHGBODY) == 0 ||
        (work->session->actions & SMFIF_CHGHDRS) == 0)
        return vt_seal_fail(work, "mta", "the mail server does not let its milter replace a body");
    return true;
}

/* ---- the steps ---- */

static int64_t step_deadline(const struct vt_work *work)
{
    int64_t until = vt_clock_monotonic_msecs() + work->gateway->config->inspection_msecs;
    return until < work->deadline_msecs ? until : work->deadline_msecs;
}

static enum vt_seal_form form_of(const struct vt_decision *decision)
{
    if (decision->seal_what == VT_SEAL_WHAT_DOCUMENTS)
        return VT_SEAL_BARE;
    return decision->seal_is_opaque ? VT_SEAL_OPAQUE : VT_SEAL_CLEAR;
}

/* A mail that has to be sealed, and would not arrive in the clear form, goes in the other one. */
static void plan(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    const struct vt_decision *decision = work->out->decision;
    const char *sender = work->transaction->mail.sender;
    const struct vt_site *site = vt_policy_site(work->gateway->policy);
    const struct vt_site_agency *agency =
        site == NULL || run->key->agency == NULL ? NULL : vt_site_agency(site, run->key->agency);
    run->plan =
        (struct vt_seal_message_plan){.identity = &run->identity,
                                      .signing_time_utc_secs = work->now_utc_secs,
                                      .form = form_of(decision),
                                      .may_be_opaque = decision->seal == VT_SEAL_REQUIRED,
                                      .protects_headers = decision->seal_protects_headers,
                                      .has_null_sender = sender == NULL || sender[0] == '\0'};
    run->sealing = (struct vt_sealing){.inspect_fd = work->gateway->inspect_fd,
                                       .mail_fd = work->mail_fd,
                                       .plan = &run->plan,
                                       .agency = agency != NULL ? agency->name : NULL,
                                       .progress = vt_work_progress,
                                       .progress_context = work};
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

bool vt_seal_begin_step(struct vt_seal_run *run)
{
    struct vt_err err = {0};
    if (vt_work_begin_pass(run->work, &err) != VT_OK)
        return fail_for(run->work, VT_SEAL_UNAVAILABLE, err.text);
    run->sealing.deadline_msecs = step_deadline(run->work);
    return true;
}

bool vt_seal_take_prepared(struct vt_seal_run *run, enum vt_code code, const struct vt_err *err)
{
    const struct vt_sealing_prepared *prepared = &run->prepared;
    const char *word = vt_seal_message_word_name(prepared->word);
    if (code != VT_OK)
        return fail_for(run->work, VT_SEAL_UNAVAILABLE, err->text);
    if (prepared->word == VT_SEAL_MESSAGE_READY)
        return true;
    return is_left_alone(prepared->word) ? vt_seal_leave(run->work, word, prepared->why)
                                         : vt_seal_fail(run->work, word, prepared->why);
}

static enum vt_code ask_for_signature(struct vt_seal_run *run,
                                      const struct vt_seal_request *request, struct vt_buf *out,
                                      enum vt_seal_failure *out_failure, struct vt_err *err)
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
    enum vt_code code = vt_queue_enter(&gateway->seal_queue, until, vt_work_progress, work, err);
    if (code != VT_OK)
        return code;
    code = gateway->seal_steps->sign(&sealer, request, out, out_failure, err);
    vt_queue_leave(&gateway->seal_queue);
    return code;
}

bool vt_seal_sign(struct vt_seal_run *run, enum vt_seal_purpose purpose, struct vt_bytes attributes,
                  struct vt_buf *out)
{
    struct vt_work *work = run->work;
    struct vt_err err = {0};
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    const struct vt_seal_request request = {.key = run->key->name,
                                            .purpose = purpose,
                                            .reference = work->transaction->mail.reference,
                                            .on_behalf = work->transaction->mail.authenticated,
                                            .attributes = attributes};
    int64_t begun = vt_clock_monotonic_msecs();
    enum vt_code code = ask_for_signature(run, &request, out, &failure, &err);
    work->out->hsm_msecs += vt_clock_monotonic_msecs() - begun;
    if (code == VT_OK && failure == VT_SEAL_DONE)
        return true;
    return fail_for(work, code == VT_OK ? failure : VT_SEAL_UNAVAILABLE, err.text);
}

/* Nothing of the message is signed in the bare form. */
static bool message_signed(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_err err = {0};
    if (run->plan.form == VT_SEAL_BARE)
        return true;
    if (!vt_seal_begin_step(run))
        return false;
    enum vt_code code = work->gateway->seal_steps->prepare(work->transaction->arena, &run->sealing,
                                                           &run->prepared, &err);
    vt_work_end_pass(work);
    return vt_seal_take_prepared(run, code, &err) &&
           vt_seal_sign(run, VT_SEAL_FOR_MESSAGE, run->prepared.attributes, &run->signature);
}

/* In the bare form there is nothing over the message that could be stamped. */
static bool message_stamped(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_stamped_answer answer;
    if (run->plan.form == VT_SEAL_BARE)
        return true;
    bool is_good = vt_work_stamp(work, run->key, vt_buf_bytes(&run->signature), &answer);
    run->sealing.token = answer.token;
    return is_good || vt_seal_fail(work, "timestamp", work->out->sealed.unstamped);
}

static bool finish(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_sealed *sealed = &work->out->sealed;
    struct vt_err err = {0};
    if (!vt_seal_begin_step(run))
        return false;
    enum vt_code code =
        work->gateway->seal_steps->finish(work->transaction->arena, &run->sealing,
                                          vt_buf_bytes(&run->signature), &sealed->mail, &err);
    vt_work_end_pass(work);
    if (code != VT_OK)
        return fail_for(work, VT_SEAL_UNAVAILABLE, err.text);
    if (sealed->mail.why == NULL)
        return true;
    return vt_seal_fail(work, "not-verified", sealed->mail.why);
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
static bool judge_sealed(struct vt_seal_run *run, const struct vt_signature **out_outer)
{
    struct vt_work *work = run->work;
    char text[VT_SEAL_TEXT_BYTES] = "the sealed mail shows no signature";
    struct vt_evidence *evidence = NULL;
    struct vt_err err = {0};
    enum vt_code code =
        vt_work_inspect_own(work, work->out->sealed.mail.mail_fd, false, &evidence, &err);
    if (code != VT_OK)
        return fail_for(work, VT_SEAL_UNAVAILABLE, err.text);
    bool is_bare = run->plan.form == VT_SEAL_BARE;
    const struct vt_signature *outer = *out_outer = is_bare ? NULL : outer_signature(evidence);
    if ((is_bare || (outer != NULL && vt_seal_verdict(outer, "the sealed mail", text))) &&
        vt_seal_documents_are_good(run, evidence, text))
        return true;
    return vt_seal_fail(work, "not-verified", text);
}

/* What the message was signed over has changed with its documents. */
static bool sign_message_again(struct vt_seal_run *run)
{
    if (run->documents_count == 0)
        return true;
    vt_buf_clear(&run->signature);
    vt_buf_init(&run->signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    return message_signed(run);
}

/* Documents that cannot take what validates them are sealed all the same. */
static bool has_level(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    if (run->bad_level != NULL)
        work->out->sealed.unstored = run->bad_level;
    return run->bad_level == NULL || !work->gateway->config->timestamp.is_required ||
           vt_seal_fail(work, "validation-data", run->bad_level);
}

static bool finish_and_judge(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    struct vt_sealed *sealed = &work->out->sealed;
    const struct vt_signature *outer = NULL;
    const char *text = NULL;
    if (!finish(run) || !judge_sealed(run, &outer))
        return false;
    text = run->bad_stamp;
    if (text == NULL &&
        (run->sealing.token.len == 0 || vt_stamp_is_good(outer, work->transaction->arena, &text)))
        return has_level(run);
    /* Its authority was revoked, say: no better than none. */
    sealed->unstamped = text;
    sealed->unstored = sealed->authority = NULL;
    if (work->gateway->config->timestamp.is_required)
        return vt_seal_fail(work, "timestamp", text);
    vt_seal_drop_stamps(run);
    vt_seal_data_drop(run);
    vt_sealing_finished_clear(&sealed->mail);
    return sign_message_again(run) && finish(run) && judge_sealed(run, &outer);
}

static const char *level_of(const struct vt_seal_run *run)
{
    const struct vt_sealed *sealed = &run->work->out->sealed;
    if (sealed->unstamped != NULL)
        return "B-B";
    if (sealed->authority == NULL)
        return NULL;
    return run->sealing.data_fds_count > 0 && run->bad_level == NULL ? "B-LT" : "B-T";
}

static void seal(struct vt_seal_run *run)
{
    struct vt_work *work = run->work;
    enum vt_seal_failure failure = VT_SEAL_UNAVAILABLE;
    const char *text = NULL;
    vt_own_seal_get(work, run->key, &run->identity, run->certificate_sha256, &failure, &text);
    if (failure != VT_SEAL_DONE) {
        (void)fail_for(work, failure, text);
        return;
    }
    plan(run);
    run->sealing.token_max_bytes =
        vt_work_wants_stamp(work, run->key) ? VT_MAX_SEAL_TOKEN_BYTES : 0;
    if (vt_seal_choose_documents(run) && vt_seal_documents_signed(run) && vt_seal_data_found(run) &&
        message_signed(run) && message_stamped(run) && finish_and_judge(run)) {
        work->out->sealed.level = level_of(run);
        end(work, VT_SEAL_RESULT_SEALED, NULL, NULL);
    } else {
        vt_seal_documents_forget(run);
        vt_sealing_finished_clear(&work->out->sealed.mail);
    }
}

/* ---- what others see of it ---- */

static size_t sealed_documents(const struct vt_sealed *sealed)
{
    size_t count = 0;
    for (size_t i = 0; i < sealed->documents_count; i++)
        count += sealed->documents[i].sha256 != NULL;
    return count;
}

/* ` NAME="TEXT"`, or nothing: names of files and words of an authority, whose quotes end no field.
 */
static const char *in_quotes(const struct vt_work *work, const char *name, const char *text)
{
    char shown[VT_ERR_TEXT_BYTES];
    const char *field = text == NULL ? NULL
                                     : vt_arena_printf(work->transaction->arena, " %s=\"%s\"", name,
                                                       vt_text_quoted(shown, sizeof(shown), text));
    return field != NULL ? field : "";
}

/* A mail that left without its seal, or did not leave: somebody has to know. */
static void tell(const struct vt_work *work)
{
    const struct vt_sealed *sealed = &work->out->sealed;
    const struct vt_mail *mail = &work->transaction->mail;
    bool is_incomplete = sealed->unstamped != NULL || sealed->unstored != NULL;
    vt_log(sealed->result == VT_SEAL_RESULT_FAILED ? VT_LOG_ALERT
           : is_incomplete                         ? VT_LOG_WARNING
                                                   : VT_LOG_INFO,
           "seal: queue-id=%s reference=%s key=%s what=%s documents=%zu/%zu "
           "result=%s%s%s%s%s%s%s%s",
           mail->queue_id != NULL ? mail->queue_id : "-", mail->reference,
           sealed->key != NULL ? sealed->key : "-", vt_seal_what_name(sealed->what),
           sealed_documents(sealed), sealed->documents_count, vt_seal_result_name(sealed->result),
           sealed->why != NULL ? " why=" : "", sealed->why != NULL ? sealed->why : "",
           in_quotes(work, "text", sealed->text), sealed->level != NULL ? " level=" : "",
           sealed->level != NULL ? sealed->level : "",
           in_quotes(work, "no-timestamp", sealed->unstamped),
           in_quotes(work, "no-validation-data", sealed->unstored));
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
    struct vt_seal_run run = {.work = work};
    if (out->is_inert || out->decision == NULL || out->evidence == NULL ||
        out->decision->seal == VT_SEAL_NONE || !passes(out->decision->action) ||
        out->is_register_silent)
        return;
    out->sealed.is_required = out->decision->seal == VT_SEAL_REQUIRED;
    out->sealed.what = out->decision->seal_what;
    vt_buf_init(&run.signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    if (!is_nobodys(work) && may_be_sealed(work, &run.key))
        seal(&run);
    vt_seal_data_drop(&run);
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
