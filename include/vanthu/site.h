/* SPDX-License-Identifier: Apache-2.0
 * site: the table of agencies (agencies.yaml), and what it adds to evidence: whose certificates
 * these are, which effect the signatures of a document have (Article 15; legal.md
 * to R-62), whether signer and sender belong together. No certificate says "agency" or
 * "person", so what the table does not know stays unknown. Pure: nothing is read here but
 * the table's text. */
#ifndef VANTHU_SITE_H
#define VANTHU_SITE_H

#include "vanthu/policy.h"

/* Agencies, certificates and patterns of one table, and its text: 100 000 certificates take 10 MB.
 */
#define VT_MAX_SITE_AGENCIES 10000
#define VT_MAX_SITE_CERTIFICATES 100000
#define VT_MAX_SITE_PATTERNS 1000
#define VT_MAX_SITE_BYTES (32u * 1024 * 1024)

/* Whose key it is. Zero memory is unknown. */
enum vt_kind { VT_KIND_UNKNOWN = 0, VT_KIND_PERSON, VT_KIND_AGENCY, VT_KIND_DEVICE, VT_KINDS };

/* The effect of a document's valid signatures by Article 15. Unknown: a valid signature of unknown
 * kind would change it. */
enum vt_effect {
    VT_EFFECT_UNKNOWN = 0,
    VT_EFFECT_NONE,
    VT_EFFECT_SIGNATURE,
    VT_EFFECT_SEAL,
    VT_EFFECT_SIGNATURE_AND_SEAL,
    VT_EFFECTS
};

/* How the signer belongs to the sender of the mail: the same mailbox; an agency of the table that
 * both belong to; the same domain; none of these. Unknown: sender or signer is not known. */
enum vt_alignment {
    VT_ALIGNMENT_UNKNOWN = 0,
    VT_ALIGNMENT_NONE,
    VT_ALIGNMENT_DOMAIN,
    VT_ALIGNMENT_AGENCY,
    VT_ALIGNMENT_EXACT,
    VT_ALIGNMENTS
};

/* "no", "unknown", "yes"; "unknown", "person", "agency", "device"; "unknown", "none", "signature",
 * "seal", "signature-and-seal"; "unknown", "none", "domain", "agency", "exact". Never NULL. */
const char *vt_truth_name(enum vt_truth truth);
const char *vt_kind_name(enum vt_kind kind);
const char *vt_effect_name(enum vt_effect effect);
const char *vt_alignment_name(enum vt_alignment alignment);
/* Whose key it is, and whose valid signatures a document has: "cơ quan, tổ chức"; "chưa xác định"
 * of what is unknown. Never NULL. */
const struct vt_phrase *vt_kind_phrase(enum vt_kind kind);
const struct vt_phrase *vt_effect_phrase(enum vt_effect effect);
/* What a document may be, each a phrase of its own; hints->seal_page goes behind the last one when
 * it is not 0. Returns how many. */
#define VT_MAX_HINT_PHRASES 4
size_t vt_hint_phrases(const struct vt_document_hints *hints,
                       const struct vt_phrase *out[VT_MAX_HINT_PHRASES]);
/* What a signature may be for; NULL of what is unknown. */
const struct vt_phrase *vt_use_phrase(enum vt_use use);

/* A loaded table; immutable. */
struct vt_site;

/* Read a table. Every mistake is added to mistakes, with line and column. *out only without errors;
 * vt_site_free. VT_OK, VT_E_CONFIG, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_site_parse(struct vt_bytes text, const char *name, struct vt_site **out,
                           struct vt_mistakes *mistakes, struct vt_err *err) VT_MUST_CHECK;
/* The JSON Schema of the table for editors (malloc'd, NUL-terminated), made from the keys that the
 * parser knows. VT_E_NOMEM. */
enum vt_code vt_site_schema(char **out_text, size_t *out_len, struct vt_err *err) VT_MUST_CHECK;
/* NULL is allowed. */
void vt_site_free(struct vt_site *site);

/* One agency of the table, as reports and notices need it. Strings are the table's. */
struct vt_site_agency {
    const char *id;              /* "soxd": stays the same over renamings */
    const char *name;            /* "Sở Xây dựng tỉnh Ninh Bình" */
    const char *parent;          /* id; NULL: none */
    const char *records_mailbox; /* NULL: none */
    bool is_confirmed;           /* reasons that depend on kind are raised for it */
    enum vt_sender_class class;  /* state, or other: an enterprise, an association */
};
/* NULL: no such agency. site, id: may be NULL. */
const struct vt_site_agency *vt_site_agency(const struct vt_site *site, const char *id);
size_t vt_site_agencies_count(const struct vt_site *site);
const struct vt_site_agency *vt_site_agency_at(const struct vt_site *site, size_t index);
/* The agency of a mail address, by its box, else by the longest domain; NULL: none. */
const struct vt_site_agency *vt_site_agency_of_address(const struct vt_site *site,
                                                       const char *address);
/* Whose certificate it is. trust_set: the one its path leads to; without it patterns of names do
 * not count, for anybody can write a name. False: not in the table, *out is zero. */
struct vt_site_holder {
    enum vt_kind kind;
    const struct vt_site_agency *agency;
    const char *note; /* what the table says of it; NULL: nothing */
};
bool vt_site_holder(const struct vt_site *site, const struct vt_certificate_facts *certificate,
                    const char *trust_set, struct vt_site_holder *out);

/* An authorisation to seal: the written permission for an unattended key. */
struct vt_site_authorisation {
    const char *agency;             /* id */
    const char *certificate_sha256; /* NULL: by key */
    const char *key_sha256;         /* NULL: by certificate */
    const char *holder;             /* the person or the system that seals */
    const char *document;           /* number and date of the permission */
    int64_t from_utc_secs, until_utc_secs;
};
size_t vt_site_authorisations_count(const struct vt_site *site);
const struct vt_site_authorisation *vt_site_authorisation_at(const struct vt_site *site,
                                                             size_t index);

/* What the table says of the signatures, documents and sender of one mail: same order and counts as
 * in its evidence. */
struct vt_site_signature {
    enum vt_kind kind;
    const char *agency; /* id; NULL: not in the table */
    enum vt_alignment alignment;
    /* A hint: that of the evidence; or, of an agency that signed what another agency's signature
     * stands in, its copy or its stamp of what came in. */
    enum vt_use use;
    vt_reasons reasons; /* WRONG_KIND, NAME_MISMATCH */
};
struct vt_site_document {
    enum vt_effect effect;
    /* It should have one and has none. Unknown: a body text or picture, a valid signature of
     * unknown kind, a signature that could not be judged, a PDF that may be a scan. */
    enum vt_truth lacks_agency_signature, lacks_person_signature;
    bool expects_signature; /* that of the evidence, with what the table says of the sender */
    vt_reasons reasons; /* NO_AGENCY_SIG, NO_PERSON_SIG, ANNEX_UNSIGNED, COPY_INVALID; for senders
                           that are of the state by the table NO_SIGNATURE, IMAGE_ONLY,
                           UNSIGNED_COMPANION */
    vt_reasons excused; /* of the evidence's reasons: does not hold (exempt, or told better) */
    struct vt_site_signature *signatures;
    size_t signatures_count;
};
struct vt_site_facts {
    const char *sender_agency;         /* id, by box, then by domain; NULL: not in the table. The
                                          address is proven only if the mail is aligned */
    enum vt_sender_class sender_class; /* that of the evidence, or state by the table */
    const char **recipient_agencies;   /* ids, each once */
    size_t recipient_agencies_count;
    struct vt_site_document *documents;
    size_t documents_count;
};

struct vt_site_input {
    const struct vt_evidence *evidence;
    const struct vt_site *site; /* NULL: there is no table, all is unknown */
    int64_t now_utc_secs;
    /* From this time on certificates of the public set are of the wrong kind for offices of the
     * state; VT_TIME_NONE: never. */
    int64_t official_only_since_utc_secs;
};
/* *out lives in arena, its strings are the table's. VT_OK or VT_E_NOMEM. */
enum vt_code vt_site_judge(struct vt_arena *arena, const struct vt_site_input *input,
                           struct vt_site_facts **out, struct vt_err *err) VT_MUST_CHECK;

/* The reasons of a document and its signatures, and of the whole mail, as the policy sees them: the
 * evidence's without what is excused, with the table's. facts: NULL: the evidence's alone. */
vt_reasons vt_site_document_reasons(const struct vt_evidence *evidence,
                                    const struct vt_site_facts *facts, size_t index);
vt_reasons vt_site_all_reasons(const struct vt_evidence *evidence,
                               const struct vt_site_facts *facts);

#endif
