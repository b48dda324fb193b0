/* SPDX-License-Identifier: Apache-2.0
 * vanthu site import: a spreadsheet that was filled in becomes part of the table of agencies. All
 * of its mistakes are told at once and nothing is written then; the file that stood there is kept
 * beside the new one. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/config_table.h"
#include "command/site.h"
#include "vanthu/wire.h"

#define TABLE_MODE 0644
#define KEPT ".old"
/* More than anybody repairs in one go. */
#define MAX_TOLD 100

enum change { CHANGE_NONE = 0, CHANGE_NEW, CHANGE_MOVED, CHANGE_KIND, CHANGES };

struct import {
    struct vt_site_desk *desk;
    const char *csv_file;
    struct vt_yaml_node *root, *agencies;
    struct vt_site *site;    /* as it was; NULL: there is none */
    int columns[VT_COLUMNS]; /* places in a row; -1: not there */
    size_t mistakes_count, new_agencies_count, confirmed_count, skipped_count;
    size_t counts[CHANGES];
    json_t *changes;
    void *seen; /* tsearch(3): fingerprints of the rows before */
    bool is_out_of_memory;
};

/* A fingerprint and the line it stands in. */
struct seen {
    char digest[65];
    unsigned line;
};

static const char *word(const struct import *im, const char *vietnamese, const char *english)
{
    return vt_site_word(im->desk, vietnamese, english);
}

static void mistake(struct import *im, const struct vt_csv_row *row, const char *format, ...)
    VT_PRINTF(3, 4);
static void mistake(struct import *im, const struct vt_csv_row *row, const char *format, ...)
{
    char text[VT_ERR_TEXT_BYTES], clean[VT_ERR_TEXT_BYTES];
    va_list args;
    if (im->mistakes_count++ >= MAX_TOLD)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "%s:%u: %s\n", im->csv_file, row->line,
            vt_text_clean(clean, sizeof(clean), vt_bytes_str(text)));
}

/* What a row has in a column, "" for nothing. */
static const char *cell(const struct import *im, const struct vt_csv_row *row,
                        enum vt_site_column column)
{
    int place = im->columns[column];
    return place < 0 || (size_t)place >= row->count ? "" : row->fields[place];
}

/* ---- titles ---- */

static bool is_title(const char *text, const struct vt_site_title *title)
{
    char a[128], b[128];
    vt_text_ascii(a, sizeof(a), text);
    vt_text_ascii(b, sizeof(b), title->vietnamese);
    return strcasecmp(a, b) == 0 || strcasecmp(a, title->english) == 0;
}

static bool find_columns(struct import *im, const struct vt_csv_row *titles)
{
    static const enum vt_site_column needed[] = {VT_COLUMN_SHA256, VT_COLUMN_KIND,
                                                 VT_COLUMN_AGENCY};
    for (size_t c = 0; c < VT_COLUMNS; c++) {
        im->columns[c] = -1;
        for (size_t i = 0; i < titles->count && im->columns[c] < 0; i++) {
            if (is_title(titles->fields[i], &vt_site_titles[c]))
                im->columns[c] = (int)i;
        }
    }
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        const struct vt_site_title *title = &vt_site_titles[needed[i]];
        if (im->columns[needed[i]] < 0)
            mistake(im, titles, "there is no column \"%s\" (\"%s\"): the first line has the titles",
                    title->vietnamese, title->english);
    }
    return im->mistakes_count == 0;
}

/* ---- the tree ---- */

static struct vt_yaml_node *scalar(struct import *im, const char *text)
{
    struct vt_yaml_node *node = vt_site_new_node(im->desk->arena, VT_YAML_SCALAR, text);
    im->is_out_of_memory = im->is_out_of_memory || node == NULL;
    return node;
}

static void set(struct import *im, struct vt_yaml_node *mapping, const char *key,
                struct vt_yaml_node *value)
{
    if (value == NULL || !vt_site_set(im->desk->arena, mapping, key, value))
        im->is_out_of_memory = true;
}

static struct vt_yaml_node *find_agency(const struct import *im, const char *id)
{
    for (size_t i = 0; i < im->agencies->count; i++) {
        const struct vt_yaml_node *its = vt_site_get(im->agencies->entries[i].value, "id");
        if (its != NULL && strcmp(its->text, id) == 0)
            return im->agencies->entries[i].value;
    }
    return NULL;
}

static const char *nearest_agency(const struct import *im, const char *id)
{
    unsigned best = 3;
    const char *nearest = NULL;
    for (size_t i = 0; i < im->agencies->count; i++) {
        const struct vt_yaml_node *its = vt_site_get(im->agencies->entries[i].value, "id");
        unsigned distance = its == NULL ? best : vt_text_distance(id, its->text, best - 1);
        if (distance < best) {
            best = distance;
            nearest = its->text;
        }
    }
    return nearest;
}

static struct vt_yaml_node *add_agency(struct import *im, const struct vt_csv_row *row,
                                       const char *id)
{
    const char *name = cell(im, row, VT_COLUMN_AGENCY_NAME);
    const char *nearest = nearest_agency(im, id);
    if (name[0] == '\0') {
        mistake(im, row, "agency \"%s\" is not in the table%s%s%s: fill in its name to add it", id,
                nearest == NULL ? "" : " (did you mean \"", nearest == NULL ? "" : nearest,
                nearest == NULL ? "" : "\"?)");
        return NULL;
    }
    struct vt_yaml_node *agency = vt_site_new_node(im->desk->arena, VT_YAML_MAPPING, NULL);
    if (agency == NULL || !vt_site_append(im->desk->arena, im->agencies, agency)) {
        im->is_out_of_memory = true;
        return NULL;
    }
    set(im, agency, "id", scalar(im, id));
    set(im, agency, "name", scalar(im, name));
    im->new_agencies_count++;
    if (!im->desk->json)
        printf("+ %s  %s\n", id, name);
    return agency;
}

/* The agency of a row, made when the row names it; NULL: a mistake was told. */
static struct vt_yaml_node *agency_of(struct import *im, const struct vt_csv_row *row)
{
    const char *id = cell(im, row, VT_COLUMN_AGENCY);
    if (id[0] == '\0') {
        mistake(im, row, "a kind without an agency: fill in \"%s\"",
                word(im, vt_site_titles[VT_COLUMN_AGENCY].vietnamese,
                     vt_site_titles[VT_COLUMN_AGENCY].english));
        return NULL;
    }
    if (!vt_check_word(id)) {
        mistake(im, row, "\"%s\" is no id: a word of letters, digits and hyphens such as soxd", id);
        return NULL;
    }
    struct vt_yaml_node *agency = find_agency(im, id);
    return agency != NULL ? agency : add_agency(im, row, id);
}

static bool is_digest(const char *text, const char *digest)
{
    size_t used = 0;
    for (; *text != '\0'; text++) {
        if (*text == ':' || *text == ' ')
            continue;
        if (tolower((unsigned char)*text) != digest[used++])
            return false;
    }
    return used == 64;
}

/* The mapping of a certificate in the tree and the list it stands in; NULL: it has none. */
static struct vt_yaml_node *find_certificate(const struct import *im, const char *digest,
                                             struct vt_yaml_node **out_list, size_t *out_index)
{
    struct vt_certificate_facts facts = {0};
    struct vt_site_holder holder;
    (void)snprintf(facts.sha256, sizeof(facts.sha256), "%s", digest);
    if (!vt_site_holder(im->site, &facts, NULL, &holder))
        return NULL;
    struct vt_yaml_node *agency = find_agency(im, holder.agency->id);
    struct vt_yaml_node *list = agency == NULL ? NULL : vt_site_get(agency, "certificates");
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct vt_yaml_node *its = vt_site_get(list->entries[i].value, "sha256");
        if (its == NULL || !is_digest(its->text, digest))
            continue;
        *out_list = list;
        *out_index = i;
        return list->entries[i].value;
    }
    return NULL;
}

static void remove_entry(struct vt_yaml_node *list, size_t index)
{
    memmove(&list->entries[index], &list->entries[index + 1],
            (list->count - index - 1) * sizeof(*list->entries));
    list->count--;
}

static struct vt_yaml_node *certificates_of(struct import *im, struct vt_yaml_node *agency)
{
    struct vt_yaml_node *list = vt_site_get(agency, "certificates");
    if (list == NULL) {
        list = vt_site_new_node(im->desk->arena, VT_YAML_SEQUENCE, NULL);
        set(im, agency, "certificates", list);
    }
    return list;
}

/* ---- one row ---- */

static int compare_seen(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;
    return strcmp(a->digest, b->digest);
}

/* False: it stands in a line before; the mistake was told. */
static bool is_first(struct import *im, const struct vt_csv_row *row, const char *digest)
{
    struct seen *its = vt_arena_alloc(im->desk->arena, sizeof(*its));
    if (its == NULL) {
        im->is_out_of_memory = true;
        return false;
    }
    (void)snprintf(its->digest, sizeof(its->digest), "%s", digest);
    its->line = row->line;
    struct seen *const *found = tsearch(its, &im->seen, compare_seen);
    if (found == NULL)
        im->is_out_of_memory = true;
    else if (*found != its)
        mistake(im, row, "this fingerprint stands in line %u already", (*found)->line);
    return found != NULL && *found == its;
}

static bool read_digest(struct import *im, const struct vt_csv_row *row, char out[65])
{
    const char *text = cell(im, row, VT_COLUMN_SHA256);
    size_t used = 0;
    if (!vt_check_fingerprint(text)) {
        mistake(im, row, "\"%.80s\" is no fingerprint: 64 hexadecimal digits", text);
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text != ':' && *text != ' ')
            out[used++] = (char)tolower((unsigned char)*text);
    }
    out[used] = '\0';
    return true;
}

static void note_change(struct import *im, enum change change, const char *digest,
                        const char *agency, enum vt_kind kind, const char *name)
{
    static const char *const words[] = {"unchanged", "added", "moved", "changed"};
    static const char signs[] = {'=', '+', '>', '~'};
    char colons[100];
    im->counts[change]++;
    if (im->desk->json)
        (void)json_array_append_new(
            im->changes, json_pack("{s:s, s:s, s:s, s:s}", "change", words[change], "sha256",
                                   digest, "agency", agency, "kind", vt_kind_name(kind)));
    else if (change != CHANGE_NONE)
        printf("%c %s  %-8s %.17s…  %s\n", signs[change], agency, vt_site_kind_word(im->desk, kind),
               vt_site_colons(digest, colons), name);
}

static void put_certificate(struct import *im, const struct vt_csv_row *row,
                            struct vt_yaml_node *agency, const char *digest, enum vt_kind kind)
{
    struct vt_yaml_node *old_list = NULL, *list = certificates_of(im, agency);
    size_t index = 0;
    if (list == NULL)
        return;
    struct vt_yaml_node *its = find_certificate(im, digest, &old_list, &index);
    const struct vt_yaml_node *old_kind = its == NULL ? NULL : vt_site_get(its, "kind");
    const char *note = cell(im, row, VT_COLUMN_NOTE);
    enum change change = its == NULL        ? CHANGE_NEW
                         : old_list != list ? CHANGE_MOVED
                         : old_kind == NULL || strcmp(old_kind->text, vt_kind_name(kind)) != 0
                             ? CHANGE_KIND
                             : CHANGE_NONE;
    if (change == CHANGE_MOVED)
        remove_entry(old_list, index);
    if (its == NULL)
        its = vt_site_new_node(im->desk->arena, VT_YAML_MAPPING, NULL);
    if (its == NULL || ((change == CHANGE_NEW || change == CHANGE_MOVED) &&
                        !vt_site_append(im->desk->arena, list, its))) {
        im->is_out_of_memory = true;
        return;
    }
    if (change == CHANGE_NEW)
        set(im, its, "sha256", scalar(im, digest));
    set(im, its, "kind", scalar(im, vt_kind_name(kind)));
    if (note[0] == '\0' && change == CHANGE_NEW)
        note = cell(im, row, VT_COLUMN_COMMON_NAME);
    if (note[0] != '\0')
        set(im, its, "note", scalar(im, note));
    const struct vt_yaml_node *id = vt_site_get(agency, "id");
    note_change(im, change, digest, id == NULL ? "" : id->text, kind,
                cell(im, row, VT_COLUMN_COMMON_NAME));
}

/* "có", "yes", "x", "1", "true" and their opposites; blank leaves it as it is. */
static void put_confirmed(struct import *im, const struct vt_csv_row *row,
                          struct vt_yaml_node *agency)
{
    static const char *const yes[] = {"co", "yes", "x", "1", "true", "roi", "da xac nhan"};
    static const char *const no[] = {"khong", "no", "0", "false", "chua"};
    const char *text = cell(im, row, VT_COLUMN_CONFIRMED);
    char ascii[32];
    bool is_yes = false, is_no = false;
    vt_text_ascii(ascii, sizeof(ascii), text);
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        is_yes = is_yes || strcasecmp(ascii, yes[i]) == 0;
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        is_no = is_no || strcasecmp(ascii, no[i]) == 0;
    if (text[0] == '\0')
        return;
    if (!is_yes && !is_no) {
        mistake(im, row, "\"%.40s\" is neither yes nor no (có, không)", text);
        return;
    }
    const struct vt_yaml_node *old = vt_site_get(agency, "confirmed");
    im->confirmed_count += is_yes && (old == NULL || strcmp(old->text, "true") != 0);
    set(im, agency, "confirmed", scalar(im, is_yes ? "true" : "false"));
}

static bool has_text(const struct vt_yaml_node *node, const char *text)
{
    if (node->kind == VT_YAML_SCALAR)
        return strcasecmp(node->text, text) == 0;
    for (size_t i = 0; i < node->count; i++) {
        if (strcasecmp(node->entries[i].value->text, text) == 0)
            return true;
    }
    return false;
}

static void put_domain(struct import *im, struct vt_yaml_node *agency, const char *domain)
{
    struct vt_arena *arena = im->desk->arena;
    struct vt_yaml_node *old = vt_site_get(agency, "domains"), *list = old;
    if (old != NULL && has_text(old, domain))
        return;
    if (old == NULL || old->kind == VT_YAML_SCALAR) {
        list = vt_site_new_node(arena, VT_YAML_SEQUENCE, NULL);
        if (list == NULL || (old != NULL && !vt_site_append(arena, list, old))) {
            im->is_out_of_memory = true;
            return;
        }
        set(im, agency, "domains", list);
    }
    struct vt_yaml_node *value = scalar(im, domain);
    if (value == NULL || !vt_site_append(arena, list, value))
        im->is_out_of_memory = true;
}

/* Several are parted by spaces or semicolons. */
static void put_domains(struct import *im, const struct vt_csv_row *row,
                        struct vt_yaml_node *agency)
{
    char *text = vt_arena_str(im->desk->arena, cell(im, row, VT_COLUMN_DOMAINS)), *rest = NULL;
    for (char *at = text == NULL ? NULL : strtok_r(text, " ;,", &rest); at != NULL;
         at = strtok_r(NULL, " ;,", &rest)) {
        if (vt_check_domain(at[0] == '=' ? at + 1 : at))
            put_domain(im, agency, at);
        else
            mistake(im, row, "\"%.80s\" is no mail domain such as soxd.ninhbinh.gov.vn", at);
    }
}

static void take_row(struct import *im, const struct vt_csv_row *row)
{
    char digest[65];
    const char *text = cell(im, row, VT_COLUMN_KIND);
    /* Not filled in: the guess, or who fills it in, did not know. */
    if (text[0] == '\0') {
        im->skipped_count++;
        return;
    }
    enum vt_kind kind = vt_site_kind_of_word(text);
    if (kind == VT_KIND_UNKNOWN)
        mistake(im, row,
                "\"%.40s\" is no kind: agency, person, device (cơ quan, cá nhân, thiết bị)", text);
    bool ok = read_digest(im, row, digest) && is_first(im, row, digest) && kind != VT_KIND_UNKNOWN;
    struct vt_yaml_node *agency = ok ? agency_of(im, row) : NULL;
    if (agency == NULL)
        return;
    put_domains(im, row, agency);
    put_confirmed(im, row, agency);
    put_certificate(im, row, agency, digest, kind);
}

/* ---- the whole ---- */

/* The tree of the table as it is, or of a new one. */
static int read_tree(struct import *im)
{
    struct vt_arena *arena = im->desk->arena;
    struct vt_bytes text = {0};
    struct vt_mistakes ignored;
    int status = vt_site_load(im->desk, true, &im->site, &text);
    if (status != EX_OK)
        return status;
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {.arena = arena, .file = im->desk->table_file, .mistakes = &ignored};
    if (im->site != NULL && vt_yaml_parse(&yaml, text, &im->root, NULL) != VT_OK)
        im->is_out_of_memory = true;
    vt_mistakes_clear(&ignored);
    if (im->root == NULL)
        im->root = vt_site_new_node(arena, VT_YAML_MAPPING, NULL);
    if (im->root == NULL || im->is_out_of_memory)
        return vt_command_fault(&(struct vt_err){0}, VT_E_NOMEM);
    im->agencies = vt_site_get(im->root, "agencies");
    if (im->agencies == NULL) {
        im->agencies = vt_site_new_node(arena, VT_YAML_SEQUENCE, NULL);
        set(im, im->root, "agencies", im->agencies);
    }
    return EX_OK;
}

static enum vt_code make_text(struct import *im, struct vt_buf *out)
{
    static const char head[] =
        "# yaml-language-server: $schema=agencies.schema.json\n"
        "# vanthu-agencies(5). `vanthu site import` writes this file and keeps no comments: what\n"
        "# people should know of a certificate stands in its note.\n";
    enum vt_code code = vt_buf_add(out, head, sizeof(head) - 1);
    return code == VT_OK ? vt_site_write_yaml(im->root, out) : code;
}

/* What was made must be a table. */
static int check_text(struct import *im, struct vt_bytes text)
{
    struct vt_mistakes mistakes;
    struct vt_site *site = NULL;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_site_parse(text, im->desk->table_file, &site, &mistakes, &err);
    vt_mistakes_print(&mistakes, stderr);
    int status = mistakes.errors_count > 0 ? EX_DATAERR
                 : code != VT_OK           ? vt_command_fault(&err, code)
                                           : EX_OK;
    vt_mistakes_clear(&mistakes);
    vt_site_free(site);
    return status;
}

/* The old file gets a second name before the new one takes its place: at no moment is there none.
 */
static enum vt_code replace(const char *file, struct vt_bytes text, struct vt_err *err)
{
    char kept[4096];
    struct stat old = {.st_mode = TABLE_MODE};
    bool is_there = stat(file, &old) == 0;
    if ((size_t)snprintf(kept, sizeof(kept), "%s" KEPT, file) >= sizeof(kept))
        return vt_err_set(err, VT_E_LIMIT, "the path %.100s… is too long", file);
    if (is_there && unlink(kept) != 0 && errno != ENOENT)
        return vt_err_sys(err, "cannot replace %s", kept);
    if (is_there && link(file, kept) != 0)
        return vt_err_sys(err, "cannot keep the old table as %s", kept);
    return vt_output_replace(file, old.st_mode & 0777, text, err);
}

static void print_outcome(const struct import *im, bool is_written)
{
    bool vi = im->desk->language == VT_LANGUAGE_VIETNAMESE;
    if (im->desk->json) {
        json_t *object = json_pack(
            "{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "table", im->desk->table_file,
            "written", (int)is_written, "new_agencies", (json_int_t)im->new_agencies_count,
            "newly_confirmed", (json_int_t)im->confirmed_count, "added",
            (json_int_t)im->counts[CHANGE_NEW], "moved", (json_int_t)im->counts[CHANGE_MOVED],
            "changed", (json_int_t)im->counts[CHANGE_KIND], "unchanged",
            (json_int_t)im->counts[CHANGE_NONE], "skipped", (json_int_t)im->skipped_count,
            "changes", im->changes);
        (void)json_dumpf(object, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(object);
        return;
    }
    printf(
        vi ? "%zu cơ quan mới, %zu cơ quan mới xác nhận; chứng thư: %zu thêm, %zu chuyển cơ quan, "
             "%zu đổi loại, %zu giữ nguyên, %zu dòng chưa điền\n"
           : "%zu new agencies, %zu newly confirmed; certificates: %zu added, %zu moved, %zu of "
             "another kind, %zu as they were, %zu rows not filled in\n",
        im->new_agencies_count, im->confirmed_count, im->counts[CHANGE_NEW],
        im->counts[CHANGE_MOVED], im->counts[CHANGE_KIND], im->counts[CHANGE_NONE],
        im->skipped_count);
    if (!is_written)
        printf(vi ? "Chưa ghi gì (--dry-run).\n" : "Nothing was written (--dry-run).\n");
    else
        printf(vi ? "Đã ghi %s; bản cũ: %s" KEPT ". Có hiệu lực sau: vanthu reload\n"
                  : "%s was written; the old one is %s" KEPT
                    ". It takes effect by: vanthu reload\n",
               im->desk->table_file, im->desk->table_file);
    if (!im->desk->is_named)
        printf(vi ? "Chính sách chưa dùng bảng này: thêm \"agencies: agencies.yaml\" vào "
                    "policy.yaml.\n"
                  : "The policy does not use this table: add \"agencies: agencies.yaml\" to "
                    "policy.yaml.\n");
}

static int finish(struct import *im)
{
    struct vt_err err = {0};
    struct vt_buf text;
    if (im->mistakes_count > 0) {
        fprintf(stderr,
                im->desk->language == VT_LANGUAGE_VIETNAMESE
                    ? "%s: %zu lỗi; chưa ghi gì\n"
                    : "%s: %zu mistakes; nothing was written\n",
                im->csv_file, im->mistakes_count);
        return EX_DATAERR;
    }
    vt_buf_init(&text, VT_MAX_SITE_BYTES);
    enum vt_code code = im->is_out_of_memory ? VT_E_NOMEM : make_text(im, &text);
    int status = code == VT_OK ? check_text(im, vt_buf_bytes(&text)) : vt_command_fault(&err, code);
    if (status == EX_OK && !im->desk->dry_run) {
        code = replace(im->desk->table_file, vt_buf_bytes(&text), &err);
        status = code == VT_OK ? EX_OK : vt_command_fault(&err, code);
    }
    if (status == EX_OK)
        print_outcome(im, !im->desk->dry_run);
    vt_buf_clear(&text);
    return status;
}

static int import_rows(struct import *im, struct vt_bytes bytes)
{
    struct vt_err err = {0};
    struct vt_csv csv = {0};
    enum vt_code code = vt_csv_read(im->desk->arena, bytes, &csv, &err);
    if (code != VT_OK) {
        fprintf(stderr, "%s: %s\n", im->csv_file, err.text);
        return vt_command_exit_status(code);
    }
    if (csv.count == 0) {
        fprintf(stderr, "%s: the file is empty\n", im->csv_file);
        return EX_DATAERR;
    }
    int status = read_tree(im);
    if (status != EX_OK)
        return status;
    if (find_columns(im, &csv.rows[0])) {
        for (size_t i = 1; i < csv.count && !im->is_out_of_memory; i++)
            take_row(im, &csv.rows[i]);
    }
    return finish(im);
}

/* The arena has them. */
static void keep_it(void *node)
{
    (void)node;
}

int vt_site_import(struct vt_site_desk *desk)
{
    struct vt_err err = {0};
    struct vt_buf bytes;
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL) {
        fprintf(stderr, "%s: which file?\n", desk->name);
        return EX_USAGE;
    }
    struct import im = {.desk = desk, .csv_file = desk->arguments[0], .changes = json_array()};
    enum vt_code code = vt_command_read_file(im.csv_file, VT_MAX_CSV_BYTES, &bytes, &err);
    int status =
        code == VT_OK ? import_rows(&im, vt_buf_bytes(&bytes)) : vt_command_fault(&err, code);
    vt_buf_clear(&bytes);
    tdestroy(im.seen, keep_it);
    json_decref(im.changes);
    vt_site_free(im.site);
    return status;
}
