/* SPDX-License-Identifier: Apache-2.0
 * What agencies.yaml is in memory: agencies, whose certificates, and sorted indexes over both.
 * Names are kept folded (NFC, without case, single spaces), digests as lower-case hexadecimal. */
#ifndef VANTHU_POLICY_SITE_TABLE_H
#define VANTHU_POLICY_SITE_TABLE_H

#include "base/yaml.h"
#include "vanthu/site.h"

/* ---- an index: texts in order, each with a number and the place where it was written ---- */

struct vt_site_key {
    const char *text;
    size_t value;
    unsigned line, column;
};
struct vt_site_index {
    struct vt_site_key *keys;
    size_t count;
};
#define VT_SITE_NOTHING SIZE_MAX

/* text must live as long as the index. VT_OK, VT_E_NOMEM. */
enum vt_code vt_site_index_add(struct vt_arena *arena, struct vt_site_index *index,
                               const char *text, size_t value,
                               const struct vt_yaml_node *node) VT_MUST_CHECK;
/* Put it in order, of equal texts the one written first. */
void vt_site_index_sort(struct vt_site_index *index);
/* The number of a text in an index in order; VT_SITE_NOTHING: it is not there. */
size_t vt_site_index_find(const struct vt_site_index *index, const char *text);
/* The number of the longest entry that a domain in lower case is under; "=x" is x alone. */
size_t vt_site_index_find_domain(const struct vt_site_index *index, const char *domain);

/* ---- the table ---- */

/* A name from one time on until another; VT_TIME_NONE: open. */
struct vt_site_name {
    const char *folded;
    int64_t from_utc_secs, until_utc_secs;
};
struct vt_site_entry {
    struct vt_site_agency agency; /* first: a public agency is its entry */
    const char *folded;           /* the name */
    struct vt_site_name *aliases;
    size_t aliases_count;
    size_t parent; /* VT_SITE_NOTHING: none */
    unsigned line, column;
    unsigned parent_line, parent_column;
};
/* What is known of a key or certificate. */
struct vt_site_certificate {
    size_t agency;
    enum vt_kind kind;
    const char *note;
};
/* The parts of a subject that a pattern may name. */
enum { VT_SITE_COMMON_NAME, VT_SITE_ORGANIZATION, VT_SITE_UNIT, VT_SITE_EMAIL, VT_SITE_PARTS };
/* Certificates by their names: issuer always, and each part that is not NULL. Folded globs. */
struct vt_site_pattern {
    const char *issuer;
    const char *parts[VT_SITE_PARTS];
    size_t certificate;
};
struct vt_site_exemption {
    struct vt_site_index domains;
    size_t *agencies;
    size_t agencies_count;
    const char **documents; /* folded globs; none: all */
    size_t documents_count;
    int64_t until_utc_secs; /* VT_TIME_NONE: for ever */
};

struct vt_site {
    struct vt_arena *arena;
    struct vt_site_entry *entries;
    size_t entries_count;
    struct vt_site_certificate *certificates;
    size_t certificates_count;
    struct vt_site_pattern *patterns;
    size_t patterns_count;
    struct vt_site_exemption *exemptions;
    size_t exemptions_count;
    struct vt_site_authorisation *authorisations;
    size_t authorisations_count;
    struct vt_site_index ids, domains, mailboxes; /* of agencies */
    struct vt_site_index digests, keys, serials;  /* of certificates */
};

/* While a table is read. Nodes belong to tree, what is kept to the site. */
struct vt_site_reader {
    struct vt_yaml yaml;
    struct vt_site *site;
    bool is_out_of_memory;
};

/* ---- texts (site_text.c) ---- */

/* NFC, case folded, white space trimmed and single (legal.md R-88). NULL: memory is out. */
const char *vt_site_fold(struct vt_arena *arena, const char *text) VT_MUST_CHECK;
/* The same, to be freed by the caller. */
char *vt_site_fold_dup(const char *text) VT_MUST_CHECK;
/* 64 hexadecimal digits without the colons and spaces between them, in lower case. NULL: memory is
 * out; text is known to be a fingerprint. */
const char *vt_site_digest(struct vt_arena *arena, const char *text) VT_MUST_CHECK;
/* A serial number in lower case without colons, spaces, "0x" and leading zeros; NULL with *out_ok
 * false: it is none. */
const char *vt_site_serial(struct vt_arena *arena, const char *text, bool *out_ok) VT_MUST_CHECK;
/* The key of the index of serial numbers. issuer is folded. */
const char *vt_site_serial_key(struct vt_arena *arena, const char *serial,
                               const char *issuer) VT_MUST_CHECK;

/* ---- reading (site_parse.c, site_parse_certificate.c, site_parse_rest.c, site_check.c) ---- */

/* What keys stand in. */
enum vt_site_object {
    VT_SITE_OF_TABLE = 0,
    VT_SITE_OF_AGENCY,
    VT_SITE_OF_ALIAS,
    VT_SITE_OF_CERTIFICATE,
    VT_SITE_OF_AUTHORISATION,
    VT_SITE_OF_EXEMPTION,
    VT_SITE_OBJECTS
};
/* Add a mistake for every key that does not belong there (site_schema.c). */
void vt_site_check_keys(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                        enum vt_site_object of);
/* A copy in the site's arena; out of memory is remembered. */
const char *vt_site_keep(struct vt_site_reader *reader, const char *text);
/* A day begins at midnight in Vietnam (+07:00), as offices count it. */
bool vt_site_date(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                  int64_t *out_utc_secs);
/* The texts of one value or a list, each given to take. */
void vt_site_each(struct vt_site_reader *reader, const struct vt_yaml_node *node, const char *what,
                  void (*take)(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                               size_t agency),
                  size_t agency);
/* "certificates" and "authorisations" of one agency. */
void vt_site_read_certificates(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                               size_t agency);
void vt_site_read_authorisations(struct vt_site_reader *reader, const struct vt_yaml_node *node,
                                 size_t agency);
/* "exemptions" of the table; the ids are in order by then. */
void vt_site_read_exemptions(struct vt_site_reader *reader, const struct vt_yaml_node *node);
/* Put the indexes in order; what stands twice, unknown parents and loops of them are mistakes. */
void vt_site_check_table(struct vt_site_reader *reader);

/* ---- finding (site_find.c) ---- */

/* The agency of an address; NULL: none. */
const struct vt_site_entry *vt_site_entry_of_address(const struct vt_site *site,
                                                     const char *address);
/* One of them is above the other, or both are the same. NULL is related to nobody. */
bool vt_site_is_related(const struct vt_site *site, const struct vt_site_entry *a,
                        const struct vt_site_entry *b);
/* One of the names in a certificate of an agency is the agency's at that time: equal, or one goes
 * on where the other ends ("Sở Xây dựng", "Sở Xây dựng tỉnh Ninh Bình"). Out of memory: true. */
bool vt_site_is_named(const struct vt_site_entry *entry,
                      const struct vt_certificate_facts *certificate, int64_t utc_secs);
/* No signature is asked of this document of this sender. domain: lower case, NULL: not known. */
bool vt_site_is_exempt(const struct vt_site *site, const struct vt_site_entry *sender,
                       const char *address, const struct vt_document *document,
                       int64_t now_utc_secs);

/* ---- judging (site_judge.c, site_document.c) ---- */

struct vt_site_work {
    const struct vt_site_input *input;
    const struct vt_evidence *evidence;
    const struct vt_site *site;         /* may be NULL */
    const struct vt_site_entry *sender; /* NULL: not in the table */
    const char *sender_address;         /* NULL: not known */
    struct vt_site_facts *facts;
    bool is_forward; /* the mail says that it passes on what others wrote */
};
/* Reasons that depend on kind may be raised for what this sender sends: it is of the state, and
 * confirmed; of internal mail only what is broken is told (users.md 1). */
bool vt_site_is_asked(const struct vt_site_work *work);
/* An exemption of the table is for this document; one for a sender only if he is proven, or one of
 * us. */
bool vt_site_is_excused(const struct vt_site_work *work, const struct vt_document *document);
/* Effect and what is lacking, then the reasons, which need those of all documents. */
void vt_site_judge_effect(const struct vt_site_work *work, size_t index);
void vt_site_judge_document(const struct vt_site_work *work, size_t index);

#endif
