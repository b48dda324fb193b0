/* SPDX-License-Identifier: Apache-2.0
 * Asking the register for earlier failures of a mail. */
#include "gateway/failing.h"

#include <string.h>

#define DAY_SECS INT64_C(86400)

/* Failures are forgotten with their period: a program may send the same bytes every day. At the
 * turn of a period counting begins anew, which delays giving up once. */
static int64_t period_of(const struct vt_config *config, int64_t now_utc_secs)
{
    int64_t twice_secs = 2 * config->poison_msecs / 1000;
    return now_utc_secs / (twice_secs > DAY_SECS ? twice_secs : DAY_SECS);
}

/* The failures of a mail; number 0 are those that do not count. */
struct claims {
    const struct vt_transaction *transaction;
    const struct vt_registrar *registrar;
    char digest[65];
    int64_t period;
};

/* When the failure of this number was, VT_TIME_NONE: there was none. */
static enum vt_code ask(const struct claims *claims, unsigned number, char out_key[65],
                        int64_t *out_utc_secs, struct vt_err *err)
{
    const struct vt_gateway *gateway = claims->transaction->gateway;
    struct vt_looked looked;
    enum vt_code code = vt_register_failure_key(claims->digest, claims->period, number, out_key);
    if (code != VT_OK)
        return vt_err_set(err, code, "no key for a failure");
    const struct vt_look look = {.defer_key_sha256 = out_key};
    code = gateway->look(claims->transaction->arena, claims->registrar, &look, &looked, err);
    if (code == VT_OK)
        *out_utc_secs = looked.first_deferred_utc_secs;
    return code;
}

static void note_time(struct vt_failing *failing, int64_t utc_secs)
{
    if (utc_secs != VT_TIME_NONE &&
        (failing->first_utc_secs == VT_TIME_NONE || utc_secs < failing->first_utc_secs))
        failing->first_utc_secs = utc_secs;
}

/* Numbers are claimed one after the other: the first free one is that of this failure. */
static enum vt_code count(const struct claims *claims, struct vt_failing *out, char out_free[65],
                          struct vt_err *err)
{
    unsigned most = claims->transaction->gateway->config->poison_failures;
    while (out->failures_count < most) {
        int64_t utc_secs = VT_TIME_NONE;
        enum vt_code code = ask(claims, out->failures_count + 1, out_free, &utc_secs, err);
        if (code != VT_OK || utc_secs == VT_TIME_NONE)
            return code;
        note_time(out, utc_secs);
        out->failures_count++;
    }
    return VT_OK;
}

enum vt_code vt_failing_recall(const struct vt_transaction *transaction,
                               const struct vt_registrar *registrar, int64_t now_utc_secs,
                               bool counts, struct vt_failing *out, struct vt_err *err)
{
    const struct vt_config *config = transaction->gateway->config;
    const struct vt_spool *spool = &transaction->spool;
    struct claims claims = {.transaction = transaction,
                            .registrar = registrar,
                            .period = period_of(config, now_utc_secs)};
    char free_key[65], uncounted_key[65];
    int64_t utc_secs = VT_TIME_NONE;
    *out = (struct vt_failing){.first_utc_secs = VT_TIME_NONE};
    enum vt_code code = vt_register_failure_digest(spool->fd, spool->body_offset_bytes,
                                                   transaction->mail.sender, claims.digest, err);
    if (code == VT_OK)
        code = ask(&claims, 0, uncounted_key, &utc_secs, err);
    if (code != VT_OK)
        return code;
    note_time(out, utc_secs);
    code = count(&claims, out, free_key, err);
    if (code != VT_OK)
        return code;
    memcpy(out->claim_key_sha256, counts ? free_key : uncounted_key, sizeof(free_key));
    out->is_given_up = (counts && out->failures_count + 1 >= config->poison_failures) ||
                       (out->first_utc_secs != VT_TIME_NONE &&
                        now_utc_secs - out->first_utc_secs >= config->poison_msecs / 1000);
    return VT_OK;
}
