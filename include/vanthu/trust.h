/* SPDX-License-Identifier: Apache-2.0
 * trust: path to one of the named trust sets, and the judgement at the best signing time that
 * gives indication and sub-indication (EN 319 102-1 5.3 to 5.5, RFC 5280 6; legal.md ).
 */
#ifndef VANTHU_TRUST_H
#define VANTHU_TRUST_H

#include "vanthu/object.h"
#include "vanthu/status.h"

enum vt_trust_set_id { VT_TRUST_OFFICIAL = 0, VT_TRUST_PUBLIC, VT_TRUST_SETS };

/* Anchors and intermediates by set. Immutable after load; owns its certificates. */
struct vt_trust_store;

/* What a set asks of signatures, by date and place (legal.md ). */
enum vt_weakness {
    VT_WEAK_SHA1_SIGNATURE = 0, /* the digest that ties signature and document */
    VT_WEAK_SHA1_CERTIFICATE,   /* the digest in a certificate that is not from the store */
    VT_WEAK_RSA_BELOW_2048,
    VT_WEAK_EC_BELOW_256,
    VT_WEAKNESSES
};
struct vt_trust_rules {
    /* Own revocation data older than this does not count, though it be in force; 0: as long as it
     * is in force. */
    int64_t revocation_max_age_secs;
    /* The moment from which each is no longer relied on; INT64_MAX: never. */
    int64_t weak_from_utc_secs[VT_WEAKNESSES];
};
extern const struct vt_trust_rules vt_trust_default_rules;

struct vt_trust_source {
    enum vt_trust_set_id set;
    const struct vt_trust_rules *rules; /* NULL: vt_trust_default_rules */
    /* Folder with anchors/, intermediates/ and the file confirmed, as `vanthu trust` keeps it;
     * NULL, or not there: none. */
    const char *directory;
    /* File or folder of certificates, NULL: none. A folder that has a folder anchors/ is taken for
     * a directory as above. */
    const char *anchors;
    const char *intermediates; /* file or folder, or NULL */
    /* SHA-256 fingerprints (hex, any case, colons and spaces allowed) an administrator confirmed.
     * An anchor that is not listed is not used. confirmed_all: given explicitly on a command line.
     */
    const char *const *confirmed;
    size_t confirmed_count;
    bool confirmed_all;
};

/* Read files (before the sandbox closes). An unreadable certificate is reported in err with its
 * file, and loading fails: VT_E_CONFIG, VT_E_SYSTEM, VT_E_NOMEM. An empty set is no error. */
enum vt_code vt_trust_store_load(const struct vt_trust_source *sources, size_t count,
                                 struct vt_trust_store **out, struct vt_err *err) VT_MUST_CHECK;
void vt_trust_store_free(struct vt_trust_store *store);
/* Parsed certificates of the store, base for the pools of mails. */
const struct vt_certificate_pool *vt_trust_store_pool(const struct vt_trust_store *store);
/* Never NULL. */
const struct vt_trust_rules *vt_trust_store_rules(const struct vt_trust_store *store,
                                                  enum vt_trust_set_id set);
/* Number of usable (confirmed) anchors of a set. */
size_t vt_trust_store_anchors(const struct vt_trust_store *store, enum vt_trust_set_id set);
/* The index-th anchor of a set that nobody confirmed, or NULL. */
const struct vt_certificate *vt_trust_store_unconfirmed(const struct vt_trust_store *store,
                                                        enum vt_trust_set_id set, size_t index);
/* True when a usable anchor of the set has this fingerprint, as people write it. */
bool vt_trust_store_has_anchor(const struct vt_trust_store *store, enum vt_trust_set_id set,
                               const char *fingerprint);
const char *vt_trust_set_name(enum vt_trust_set_id set); /* "official", "public" */
/* True when a fingerprint as people write it is this SHA-256 in lower-case hexadecimal. */
bool vt_trust_fingerprint_is(const char *written, const char *sha256);

/* One certificate of the store and where it stands; one that stands in two files is there twice. */
struct vt_trust_entry {
    const struct vt_certificate *certificate;
    enum vt_trust_set_id set;
    bool is_anchor;
    bool is_confirmed; /* an anchor that is used */
    const char *file;
};
/* In the order of reading; NULL behind the last. Lives as long as the store. */
const struct vt_trust_entry *vt_trust_store_entry(const struct vt_trust_store *store, size_t index);

/* True when certificate leads to a confirmed anchor of any set, by the store's intermediates and by
 * those given; periods and status are not asked. The status role asks it before anything is
 * fetched, so that a stranger's certificate cannot make it fetch. */
bool vt_trust_has_path(const struct vt_trust_store *store, const struct vt_certificate *certificate,
                       const struct vt_certificate *const *others, size_t others_count);

/* The document time stamps of one document, each judged once however many signatures it covers.
 * NULL when memory is out. */
struct vt_token_cache;
struct vt_token_cache *vt_token_cache_new(struct vt_arena *arena) VT_MUST_CHECK;

/* Everything the judgement of one signature needs; all borrowed. */
struct vt_trust_input {
    const struct vt_trust_store *store;
    struct vt_certificate_pool *pool;
    /* `vanthu trust`: the certificate is the question, and may be that of an authority. */
    bool is_certificate;
    const struct vt_signed_object *object;
    const struct vt_verified *verified;
    /* Validation data of the same document, or NULL. Document time stamps of *later* revisions of
     * it only, in the order of the revisions: each is taken to cover this signature, its tokens and
     * the document time stamps before it, and to prove that they existed then. */
    const struct vt_validation_data *validation_data;
    const struct vt_verified_timestamp *const *document_timestamps;
    size_t document_timestamps_count;
    /* Of an object with VT_CHANGES_ADDED: the judged signature, of the revision that brought the
     * additions or of a later one, that says most for them; NULL: nobody signed them. */
    const struct vt_signature *additions_signature;
    const struct vt_bytes *given_crls; /* `vanthu check --crl` */
    size_t given_crls_count;
    const struct vt_known *known;
    struct vt_status_cache *status_cache; /* shared by the signatures of a mail, or NULL */
    struct vt_token_cache *token_cache;   /* shared by the signatures of a document, or NULL */
    struct vt_object_list *used;          /* gathers what the verdict rests on, or NULL */
    int64_t first_seen_utc_secs;          /* of this signature over these bytes, VT_TIME_NONE */
    int64_t now_utc_secs;
    /* now_utc_secs is the clock's, and before vt_clock_is_sane: nothing is judged by it. */
    bool clock_is_wrong;
};

/* Judge one signature. *out: indication, sub-indication, reasons, findings, signer, times, path,
 * statuses and time stamps are filled from the input; the fields of the document (field,
 * sub_filter, revision, covers, changes_after, format, integrity) too. All failures are reported.
 * wants: what was missing is appended (arena). A claimed time never improves a verdict.
 * Returns VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_trust_judge(struct vt_arena *arena, const struct vt_trust_input *input,
                            struct vt_signature *out, struct vt_wants *wants,
                            struct vt_err *err) VT_MUST_CHECK;

/* Judge a time stamp token by itself, or a TimeStampResp that holds one, as a signature of its own:
 * a document time stamp of *out. input: as above, without object and verified. *out_imprint: as of
 * vt_verify_token. VT_OK, VT_E_NOMEM, VT_E_INTERNAL. */
enum vt_code vt_trust_judge_token(struct vt_arena *arena, const struct vt_trust_input *input,
                                  struct vt_bytes token, struct vt_signature *out,
                                  struct vt_bytes *out_imprint, struct vt_wants *wants,
                                  struct vt_err *err) VT_MUST_CHECK;

#endif
