/* SPDX-License-Identifier: Apache-2.0
 * The seal of a mail that leaves: from what the policy asks for to the changes that the MTA makes.
 * A seal that cannot be set is a stated result, never a fault of the mail. */
#ifndef VANTHU_GATEWAY_SEAL_H
#define VANTHU_GATEWAY_SEAL_H

#include <pthread.h>

#include "gateway/headers.h"
#include "vanthu/config.h"
#include "vanthu/sealing.h"
#include "vanthu/stamp.h"

/* Mails that wait for their signature at the same time. */
#define VT_SEAL_PLACES 64

/* ---- what came of it ---- */

enum vt_seal_result {
    VT_SEAL_RESULT_NONE = 0, /* none was asked for */
    VT_SEAL_RESULT_SEALED,
    VT_SEAL_RESULT_LEFT,  /* nothing to be sealed: signed already, of a list, … */
    VT_SEAL_RESULT_FAILED /* preferred: it leaves without; required: it does not leave */
};
/* "sealed", "left-alone", "failed"; NULL for NONE. */
const char *vt_seal_result_name(enum vt_seal_result result);

/* A document that the rule means. All borrowed from evidence or in the arena of the mail. */
struct vt_sealed_document {
    const char *path;
    const char *name; /* or NULL */
    size_t evidence;  /* its index there */
    /* "sealed", "sealed-already" (as it came), "not-sealed" (nothing was tried), "not-verified", or
     * of vt_seal_pdf_word_name or vt_seal_failure_name */
    const char *word;
    const char *text;   /* more of it; or NULL */
    const char *sha256; /* of the sealed file; NULL unless sealed */
};

struct vt_sealed {
    enum vt_seal_result result;
    bool is_required;
    const char *key;       /* its name; NULL: none was found */
    const char *why;       /* one word: of vt_seal_failure_name, vt_seal_message_word_name,
                              "document-" with one of vt_seal_pdf_word_name, or
                              "not-authenticated", "login-not-from", "no-key", "not-inspected",
                              "mta", "not-verified", "timestamp", "validation-data",
                              "too-many-documents", "no-document", "sealed-already" */
    const char *text;      /* more for the log and the register; or NULL */
    const char *level;     /* of a sealed mail: "B-B", "B-T", of its documents also "B-LT"; NULL: no
                              time stamp was asked for */
    const char *authority; /* address of who gave the time stamp; NULL */
    const char *unstamped; /* why there is none, though one was asked for; NULL */
    const char *unstored;  /* why documents are without validation data, though these were asked
                              for; NULL */
    enum vt_seal_what what;
    struct vt_sealed_document *documents; /* in the arena of the mail */
    size_t documents_count;
    struct vt_sealing_finished mail;
};

/* ---- own certificates (legal.md R-24) ---- */

/* What is known of the keys: their certificates and whether these are good, for some minutes. */
struct vt_own_seals {
    pthread_mutex_t lock;
    struct vt_own_seal {
        const char *key;
        uint8_t *chain;
        size_t chain_bytes;
        enum vt_seal_scheme scheme;
        enum vt_seal_hash hash;
        bool is_good;
        char sha256[65];               /* of the certificate */
        char text[VT_SEAL_TEXT_BYTES]; /* why it is not */
        int64_t until_msecs;           /* monotonic */
    } items[VT_MAX_SEAL_KEYS];
    size_t count;
};
void vt_own_seals_init(struct vt_own_seals *own);

/* ---- what validates documents (B-LT) ---- */

/* Own chains and authorities of time stamps. */
#define VT_MAX_KEPT_DATA (VT_MAX_SEAL_KEYS + 8)

/* What verdicts on them rest on, for some minutes. */
struct vt_kept_data {
    pthread_mutex_t lock;
    struct vt_kept_datum {
        char certificate_sha256[65]; /* of the seal, or of the authority */
        int fd; /* a file of objects (vanthu/object.h); -1: not all of it … */
        char text[VT_SEAL_TEXT_BYTES]; /* … could be had, and why */
        int64_t until_msecs;           /* monotonic */
    } items[VT_MAX_KEPT_DATA];
    size_t count;
};
void vt_kept_data_init(struct vt_kept_data *kept);

struct vt_work;
/* Inspect what is ours within the time of a mail: a certificate with its chain, or a mail. *out in
 * the arena of the mail. */
enum vt_code vt_work_inspect_own(struct vt_work *work, int fd, bool is_certificate,
                                 struct vt_evidence **out, struct vt_err *err) VT_MUST_CHECK;
/* The identity of a key whose certificate was judged lately, by path and status; asked for and
 * judged now when it was not. *out lives in the arena of the mail. *out_failure: VT_SEAL_DONE when
 * it may be used, else why not, with a text in arena. out_sha256: of its certificate. */
void vt_own_seal_get(struct vt_work *work, const struct vt_seal_key *key,
                     struct vt_seal_identity *out, char out_sha256[65],
                     enum vt_seal_failure *out_failure, const char **out_text);

/* ---- the steps ---- */

/* What others do for the seal; a table, so that tests stand in for them. */
struct vt_seal_steps {
    enum vt_code (*identity)(struct vt_arena *arena, const struct vt_sealer *sealer,
                             const char *key, struct vt_seal_identity *out, struct vt_err *err);
    enum vt_code (*sign)(const struct vt_sealer *sealer, const struct vt_seal_request *request,
                         struct vt_buf *out, enum vt_seal_failure *out_failure, struct vt_err *err);
    enum vt_code (*documents)(struct vt_arena *arena, const struct vt_sealing *sealing,
                              struct vt_sealing_prepared *out, struct vt_err *err);
    enum vt_code (*prepare)(struct vt_arena *arena, const struct vt_sealing *sealing,
                            struct vt_sealing_prepared *out, struct vt_err *err);
    enum vt_code (*finish)(struct vt_arena *arena, const struct vt_sealing *sealing,
                           struct vt_bytes signature, struct vt_sealing_finished *out,
                           struct vt_err *err);
    enum vt_code (*stamp)(struct vt_arena *arena, const struct vt_stamper *stamper,
                          struct vt_bytes value, struct vt_stamped_answer *out, struct vt_err *err);
};
extern const struct vt_seal_steps vt_seal_steps_real;

/* Seal the mail as its decision asks; the result is in out->sealed of the work. Never in observe
 * mode, nor of a mail that does not pass. */
void vt_work_seal(struct vt_work *work);
/* Until when (monotonic) a mail may wait for time stamps and validation data: an authority that is
 * slow for each of many documents costs these and not the seal. */
int64_t vt_seal_last_moment(const struct vt_work *work);
/* Whether the level of the key asks for a time stamp, and there is an authority. */
bool vt_work_wants_stamp(const struct vt_work *work, const struct vt_seal_key *key);
/* Have a signature of the key stamped where its level asks for that. *out: in the arena of the
 * mail; without a token: sealed.unstamped says why if one was asked for. False: without one no seal
 * is to be set. */
bool vt_work_stamp(struct vt_work *work, const struct vt_seal_key *key, struct vt_bytes signature,
                   struct vt_stamped_answer *out) VT_MUST_CHECK;
/* The mail leaves without the seal that was asked for, or does not leave: an event in the register,
 * after the mail's own record. Of a mail marked secret nothing is said. */
void vt_work_tell_unsealed(struct vt_work *work);
/* The login is the address in From, or a mailbox of the same agency. */
bool vt_seal_login_fits(const struct vt_mail *mail, const struct vt_site *site,
                        const struct vt_config *config);
/* X-Vanthu-Seal of a mail that leaves without one: "no; login-not-from". In arena. VT_E_NOMEM. */
enum vt_code vt_seal_mark(struct vt_arena *arena, const struct vt_sealed *sealed,
                          struct vt_headers *headers) VT_MUST_CHECK;

/* The changes of the header, in one run. leading_space: as vt_headers_add. VT_E_SYSTEM. */
enum vt_code vt_seal_change_headers(const struct vt_sealed *sealed, bool leading_space,
                                    const struct vt_milter_api *api, SMFICTX *ctx) VT_MUST_CHECK;
/* The body; nothing may change the header after it. VT_E_SYSTEM. */
enum vt_code vt_seal_replace_body(const struct vt_sealed *sealed, const struct vt_milter_api *api,
                                  SMFICTX *ctx) VT_MUST_CHECK;

#endif
