/* SPDX-License-Identifier: Apache-2.0
 * vanthu site import: one row of a spreadsheet becomes a certificate of the tree, and an agency
 * that the tree does not have yet. */
#include <search.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/config_table.h"
#include "command/site_import.h"

/* More than anybody repairs in one go. */
#define MAX_TOLD 100

/* A fingerprint and the line it stands in. */
struct seen {
    char digest[65];
    unsigned line;
};

void vt_site_mistake(struct vt_site_import *im, const struct vt_csv_row *row, const char *format,
                     ...)
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
static const char *cell(const struct vt_site_import *im, const struct vt_csv_row *row,
                        enum vt_site_column column)
{
    int place = im->columns[column];
    return place < 0 || (size_t)place >= row->count ? "" : row->fields[place];
}

/* ---- the tree ---- */

static struct vt_yaml_node *scalar(struct vt_site_import *im, const char *text)
{
    struct vt_yaml_node *node = vt_site_new_node(im->desk->arena, VT_YAML_SCALAR, text);
    im->is_out_of_memory = im->is_out_of_memory || node == NULL;
    return node;
}

static void set(struct vt_site_import *im, struct vt_yaml_node *mapping, const char *key,
                struct vt_yaml_node *value)
{
    if (value == NULL || !vt_site_set(im->desk->arena, mapping, key, value))
        im->is_out_of_memory = true;
}

static const char *nearest_agency(const struct vt_site_import *im, const char *id)
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

static struct vt_yaml_node *add_agency(struct vt_site_import *im, const struct vt_csv_row *row,
                                       const char *id)
{
    char clean[VT_ERR_TEXT_BYTES];
    const char *name = cell(im, row, VT_COLUMN_AGENCY_NAME);
    const char *nearest = nearest_agency(im, id);
    if (name[0] == '\0') {
        vt_site_mistake(im, row,
                        "agency \"%s\" is not in the table%s%s%s: fill in its name to add it", id,
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
        printf("+ %s  %s\n", id, vt_text_clean(clean, sizeof(clean), vt_bytes_str(name)));
    return agency;
}

/* The agency of a row, made when the row names it; NULL: a mistake was told. */
static struct vt_yaml_node *agency_of(struct vt_site_import *im, const struct vt_csv_row *row)
{
    const char *id = cell(im, row, VT_COLUMN_AGENCY);
    if (id[0] == '\0') {
        vt_site_mistake(im, row, "a kind without an agency: fill in \"%s\"",
                        vt_site_word(im->desk, vt_site_titles[VT_COLUMN_AGENCY].vietnamese,
                                     vt_site_titles[VT_COLUMN_AGENCY].english));
        return NULL;
    }
    if (!vt_check_word(id)) {
        vt_site_mistake(im, row,
                        "\"%s\" is no id: a word of letters, digits and hyphens such as soxd", id);
        return NULL;
    }
    struct vt_yaml_node *agency = vt_site_find_agency(im->agencies, id);
    return agency != NULL ? agency : add_agency(im, row, id);
}

/* The mapping of a certificate in the tree and the list it stands in; NULL: it has none. */
static struct vt_yaml_node *find_certificate(const struct vt_site_import *im, const char *digest,
                                             struct vt_yaml_node **out_list, size_t *out_index)
{
    struct vt_certificate_facts facts = {0};
    struct vt_site_holder holder;
    (void)snprintf(facts.sha256, sizeof(facts.sha256), "%s", digest);
    if (!vt_site_holder(im->site, &facts, NULL, &holder))
        return NULL;
    struct vt_yaml_node *agency = vt_site_find_agency(im->agencies, holder.agency->id);
    struct vt_yaml_node *list = agency == NULL ? NULL : vt_site_get(agency, "certificates");
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        const struct vt_yaml_node *its = vt_site_get(list->entries[i].value, "sha256");
        char bare[65];
        if (its == NULL || !vt_site_bare(its->text, bare) || strcmp(bare, digest) != 0)
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

static struct vt_yaml_node *certificates_of(struct vt_site_import *im, struct vt_yaml_node *agency)
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
static bool is_first(struct vt_site_import *im, const struct vt_csv_row *row, const char *digest)
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
        vt_site_mistake(im, row, "this fingerprint stands in line %u already", (*found)->line);
    return found != NULL && *found == its;
}

static bool read_digest(struct vt_site_import *im, const struct vt_csv_row *row, char out[65])
{
    const char *text = cell(im, row, VT_COLUMN_SHA256);
    if (vt_site_bare(text, out))
        return true;
    vt_site_mistake(im, row, "\"%.80s\" is no fingerprint: 64 hexadecimal digits", text);
    return false;
}

static void note_change(struct vt_site_import *im, enum vt_site_change change, const char *digest,
                        const char *agency, enum vt_kind kind, const char *name)
{
    static const char *const words[] = {"unchanged", "added", "moved", "changed"};
    static const char signs[] = {'=', '+', '>', '~'};
    char colons[100], clean[VT_ERR_TEXT_BYTES];
    im->counts[change]++;
    if (im->desk->json)
        (void)json_array_append_new(
            im->changes, json_pack("{s:s, s:s, s:s, s:s}", "change", words[change], "sha256",
                                   digest, "agency", agency, "kind", vt_kind_name(kind)));
    else if (change != VT_SITE_AS_IT_WAS)
        printf("%c %s  %-8s %.17s…  %s\n", signs[change], agency, vt_site_kind_word(im->desk, kind),
               vt_site_colons(digest, colons),
               vt_text_clean(clean, sizeof(clean), vt_bytes_str(name)));
}

static void put_certificate(struct vt_site_import *im, const struct vt_csv_row *row,
                            struct vt_yaml_node *agency, const char *digest, enum vt_kind kind)
{
    struct vt_yaml_node *old_list = NULL, *list = certificates_of(im, agency);
    size_t index = 0;
    if (list == NULL)
        return;
    struct vt_yaml_node *its = find_certificate(im, digest, &old_list, &index);
    const struct vt_yaml_node *old_kind = its == NULL ? NULL : vt_site_get(its, "kind");
    const char *note = cell(im, row, VT_COLUMN_NOTE);
    enum vt_site_change change =
        its == NULL                                                           ? VT_SITE_ADDED
        : old_list != list                                                    ? VT_SITE_MOVED
        : old_kind == NULL || strcmp(old_kind->text, vt_kind_name(kind)) != 0 ? VT_SITE_OTHER_KIND
                                                                              : VT_SITE_AS_IT_WAS;
    if (change == VT_SITE_MOVED)
        remove_entry(old_list, index);
    if (its == NULL)
        its = vt_site_new_node(im->desk->arena, VT_YAML_MAPPING, NULL);
    if (its == NULL || ((change == VT_SITE_ADDED || change == VT_SITE_MOVED) &&
                        !vt_site_append(im->desk->arena, list, its))) {
        im->is_out_of_memory = true;
        return;
    }
    if (change == VT_SITE_ADDED)
        set(im, its, "sha256", scalar(im, digest));
    set(im, its, "kind", scalar(im, vt_kind_name(kind)));
    if (note[0] == '\0' && change == VT_SITE_ADDED)
        note = cell(im, row, VT_COLUMN_COMMON_NAME);
    if (note[0] != '\0')
        set(im, its, "note", scalar(im, note));
    const struct vt_yaml_node *id = vt_site_get(agency, "id");
    note_change(im, change, digest, id == NULL ? "" : id->text, kind,
                cell(im, row, VT_COLUMN_COMMON_NAME));
}

/* "có", "yes", "x", "1", "true" and their opposites; blank leaves it as it is. */
static void put_confirmed(struct vt_site_import *im, const struct vt_csv_row *row,
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
        vt_site_mistake(im, row, "\"%.40s\" is neither yes nor no (có, không)", text);
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

static void put_domain(struct vt_site_import *im, struct vt_yaml_node *agency, const char *domain)
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
static void put_domains(struct vt_site_import *im, const struct vt_csv_row *row,
                        struct vt_yaml_node *agency)
{
    char *text = vt_arena_str(im->desk->arena, cell(im, row, VT_COLUMN_DOMAINS)), *rest = NULL;
    for (char *at = text == NULL ? NULL : strtok_r(text, " ;,", &rest); at != NULL;
         at = strtok_r(NULL, " ;,", &rest)) {
        if (vt_check_domain(at[0] == '=' ? at + 1 : at))
            put_domain(im, agency, at);
        else
            vt_site_mistake(im, row, "\"%.80s\" is no mail domain such as soxd.ninhbinh.gov.vn",
                            at);
    }
}

void vt_site_take_row(struct vt_site_import *im, const struct vt_csv_row *row)
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
        vt_site_mistake(im, row,
                        "\"%.40s\" is no kind: agency, person, device (cơ quan, cá nhân, thiết bị)",
                        text);
    bool ok = read_digest(im, row, digest) && is_first(im, row, digest) && kind != VT_KIND_UNKNOWN;
    struct vt_yaml_node *agency = ok ? agency_of(im, row) : NULL;
    if (agency == NULL)
        return;
    put_domains(im, row, agency);
    put_confirmed(im, row, agency);
    put_certificate(im, row, agency, digest, kind);
}

/* The arena has them. */
static void keep_it(void *node)
{
    (void)node;
}

void vt_site_forget_rows(struct vt_site_import *im)
{
    tdestroy(im->seen, keep_it);
    im->seen = NULL;
}
