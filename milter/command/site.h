/* SPDX-License-Identifier: Apache-2.0
 * vanthu site: what its parts share. The table of agencies is filled in with a spreadsheet: suggest
 * writes one, import reads it back. */
#ifndef VANTHU_COMMAND_SITE_H
#define VANTHU_COMMAND_SITE_H

#include "base/yaml.h"
#include "command/command.h"
#include "vanthu/site.h"

struct vt_site_desk {
    const char *name; /* "vanthu site import", for messages */
    enum vt_language language;
    bool json, dry_run, all;
    const char *config_file;
    const char *table_file; /* --table, or what the policy names */
    const char *out_file;   /* NULL: standard output */
    int64_t since_utc_secs; /* VT_TIME_NONE: from the beginning */
    char *const *arguments; /* behind the options, up to NULL */
    struct vt_arena *arena;
    bool is_named; /* the policy names the table, or --table does */
};

/* Each returns the exit status. */
int vt_site_suggest(struct vt_site_desk *desk);
int vt_site_import(struct vt_site_desk *desk);
int vt_site_check(struct vt_site_desk *desk);
int vt_site_show(struct vt_site_desk *desk);

/* vi, en by the desk's language. */
const char *vt_site_word(const struct vt_site_desk *desk, const char *vietnamese,
                         const char *english);
/* Find the table and read it, telling its mistakes; EX_OK with *out, vt_site_free. Where there is
 * no file *out is NULL when it may be missing. text: NULL, or gets its bytes, in the desk's arena.
 */
int vt_site_load(struct vt_site_desk *desk, bool may_be_missing, struct vt_site **out,
                 struct vt_bytes *text);
/* Its bytes as a tree, in the desk's arena; they were a table already, so NULL: memory is out. */
struct vt_yaml_node *vt_site_tree(struct vt_site_desk *desk, struct vt_bytes text);
/* A line, where the policy does not name the table. */
void vt_site_tell_unused(const struct vt_site_desk *desk);

/* ---- CSV (RFC 4180) ---- */

struct vt_csv_row {
    const char **fields; /* UTF-8 without control characters */
    size_t count;
    unsigned line; /* of the file, from 1 */
};
struct vt_csv {
    struct vt_csv_row *rows;
    size_t count;
};
#define VT_MAX_CSV_BYTES (64u * 1024 * 1024)
#define VT_MAX_CSV_FIELDS 64
/* Read what a spreadsheet wrote: UTF-8 with or without BOM, UTF-16 with BOM; "," ";" or tab,
 * whichever the first line has, or "sep=;" before it; lines of both kinds. Rows without text are
 * left out. All of it in arena. VT_E_FORMAT with the line, VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_csv_read(struct vt_arena *arena, struct vt_bytes bytes, struct vt_csv *out,
                         struct vt_err *err) VT_MUST_CHECK;
/* One field in quotes; what a spreadsheet would take as a formula gets an apostrophe, which reading
 * takes away again; control characters become "?". NULL is empty. */
void vt_csv_put(FILE *out, const char *text);

/* ---- the columns of the spreadsheet ---- */

enum vt_site_column {
    VT_COLUMN_SHA256,
    VT_COLUMN_KIND,
    VT_COLUMN_AGENCY,
    VT_COLUMN_AGENCY_NAME,
    VT_COLUMN_DOMAINS,
    VT_COLUMN_CONFIRMED,
    VT_COLUMN_NOTE,
    VT_COLUMN_WHY, /* from here on for people: import does not read it */
    VT_COLUMN_COMMON_NAME,
    VT_COLUMN_ORGANIZATION,
    VT_COLUMN_UNIT,
    VT_COLUMN_EMAIL,
    VT_COLUMN_ISSUER,
    VT_COLUMN_SERIAL,
    VT_COLUMN_NOT_AFTER,
    VT_COLUMN_TRUST_SET,
    VT_COLUMN_SIGNATURES,
    VT_COLUMN_VALID,
    VT_COLUMN_LAST_SEEN,
    VT_COLUMN_SENDER,
    VT_COLUMNS
};
struct vt_site_title {
    const char *vietnamese, *english;
};
extern const struct vt_site_title vt_site_titles[VT_COLUMNS];
/* "agency" as people write it: "cơ quan", "agency". */
const char *vt_site_kind_word(const struct vt_site_desk *desk, enum vt_kind kind);
/* Without case and accents. VT_KIND_UNKNOWN: none of them. */
enum vt_kind vt_site_kind_of_word(const char *word);
/* "5F:2B:…": a spreadsheet takes it for no number. Returns out. */
const char *vt_site_colons(const char *hex, char out[100]);

/* ---- guessing ---- */

struct vt_site_guess {
    enum vt_kind kind;       /* VT_KIND_UNKNOWN: none */
    const char *agency;      /* id; NULL: none */
    const char *agency_name; /* of an agency that the table does not have */
    const char *domain;      /* of the same */
    const char *why;
};
/* sender: who sent most of its mails with a proven address; NULL: nobody. All in the desk's arena.
 * VT_E_NOMEM. */
enum vt_code vt_site_guess(const struct vt_site_desk *desk, const struct vt_site *site,
                           const struct vt_certificate_facts *certificate, const char *trust_set,
                           const char *sender, struct vt_site_guess *out) VT_MUST_CHECK;

/* ---- the table as a tree ---- */

/* Append the YAML of a tree. VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_site_write_yaml(const struct vt_yaml_node *root, struct vt_buf *out) VT_MUST_CHECK;
/* New nodes in arena; NULL: memory is out. */
struct vt_yaml_node *vt_site_new_node(struct vt_arena *arena, enum vt_yaml_kind kind,
                                      const char *text);
/* Put a value under a key, in the place of the one that is there. False: memory is out. */
bool vt_site_set(struct vt_arena *arena, struct vt_yaml_node *mapping, const char *key,
                 struct vt_yaml_node *value) VT_MUST_CHECK;
bool vt_site_append(struct vt_arena *arena, struct vt_yaml_node *sequence,
                    struct vt_yaml_node *value) VT_MUST_CHECK;
struct vt_yaml_node *vt_site_get(const struct vt_yaml_node *mapping, const char *key);
/* The agency of an id in the list of them; NULL: none, or agencies or id is NULL. */
struct vt_yaml_node *vt_site_find_agency(const struct vt_yaml_node *agencies, const char *id);
/* A fingerprint without colons and spaces, in lower case. False: it is none. */
bool vt_site_bare(const char *text, char out[65]);

#endif
