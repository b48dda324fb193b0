/* SPDX-License-Identifier: Apache-2.0
 * vanthu site import: a spreadsheet that was filled in becomes part of the table of agencies. All
 * of its mistakes are told at once and nothing is written then; the file that stood there is kept
 * beside the new one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/site_import.h"
#include "vanthu/wire.h"

#define TABLE_MODE 0644
#define KEPT ".old"

/* ---- titles ---- */

static bool is_title(const char *text, const struct vt_site_title *title)
{
    char a[128], b[128];
    vt_text_ascii(a, sizeof(a), text);
    vt_text_ascii(b, sizeof(b), title->vietnamese);
    return strcasecmp(a, b) == 0 || strcasecmp(a, title->english) == 0;
}

static bool find_columns(struct vt_site_import *im, const struct vt_csv_row *titles)
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
            vt_site_mistake(im, titles,
                            "there is no column \"%s\" (\"%s\"): the first line has the titles",
                            title->vietnamese, title->english);
    }
    return im->mistakes_count == 0;
}

/* ---- the whole ---- */

/* The tree of the table as it is, or of a new one. */
static int read_tree(struct vt_site_import *im)
{
    struct vt_arena *arena = im->desk->arena;
    struct vt_bytes text = {0};
    int status = vt_site_load(im->desk, true, &im->site, &text);
    if (status != EX_OK)
        return status;
    im->root = im->site != NULL ? vt_site_tree(im->desk, text)
                                : vt_site_new_node(arena, VT_YAML_MAPPING, NULL);
    if (im->root == NULL)
        return vt_command_fault(&(struct vt_err){0}, VT_E_NOMEM);
    im->agencies = vt_site_get(im->root, "agencies");
    if (im->agencies == NULL) {
        im->agencies = vt_site_new_node(arena, VT_YAML_SEQUENCE, NULL);
        if (im->agencies == NULL || !vt_site_set(arena, im->root, "agencies", im->agencies))
            return vt_command_fault(&(struct vt_err){0}, VT_E_NOMEM);
    }
    return EX_OK;
}

static enum vt_code make_text(struct vt_site_import *im, struct vt_buf *out)
{
    static const char head[] =
        "# yaml-language-server: $schema=agencies.schema.json\n"
        "# vanthu-agencies(5). `vanthu site import` writes this file and keeps no comments: what\n"
        "# people should know of a certificate stands in its note.\n";
    enum vt_code code = vt_buf_add(out, head, sizeof(head) - 1);
    return code == VT_OK ? vt_site_write_yaml(im->root, out) : code;
}

/* What was made must be a table. */
static int check_text(struct vt_site_import *im, struct vt_bytes text)
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

static void print_outcome(const struct vt_site_import *im, bool is_written)
{
    bool vi = im->desk->language == VT_LANGUAGE_VIETNAMESE;
    if (im->desk->json) {
        json_t *object = json_pack(
            "{s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:O}", "table", im->desk->table_file,
            "written", (int)is_written, "new_agencies", (json_int_t)im->new_agencies_count,
            "newly_confirmed", (json_int_t)im->confirmed_count, "added",
            (json_int_t)im->counts[VT_SITE_ADDED], "moved", (json_int_t)im->counts[VT_SITE_MOVED],
            "changed", (json_int_t)im->counts[VT_SITE_OTHER_KIND], "unchanged",
            (json_int_t)im->counts[VT_SITE_AS_IT_WAS], "skipped", (json_int_t)im->skipped_count,
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
        im->new_agencies_count, im->confirmed_count, im->counts[VT_SITE_ADDED],
        im->counts[VT_SITE_MOVED], im->counts[VT_SITE_OTHER_KIND], im->counts[VT_SITE_AS_IT_WAS],
        im->skipped_count);
    if (!is_written)
        printf(vi ? "Chưa ghi gì (--dry-run).\n" : "Nothing was written (--dry-run).\n");
    else
        printf(vi ? "Đã ghi %s; bản cũ: %s" KEPT ". Có hiệu lực sau: vanthu reload\n"
                  : "%s was written; the old one is %s" KEPT
                    ". It takes effect by: vanthu reload\n",
               im->desk->table_file, im->desk->table_file);
    vt_site_tell_unused(im->desk);
}

static int finish(struct vt_site_import *im)
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

static int import_rows(struct vt_site_import *im, struct vt_bytes bytes)
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
            vt_site_take_row(im, &csv.rows[i]);
    }
    return finish(im);
}

int vt_site_import(struct vt_site_desk *desk)
{
    struct vt_err err = {0};
    struct vt_buf bytes;
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL) {
        fprintf(stderr, "%s: which file?\n", desk->name);
        return EX_USAGE;
    }
    struct vt_site_import im = {
        .desk = desk, .csv_file = desk->arguments[0], .changes = json_array()};
    enum vt_code code = vt_command_read_file(im.csv_file, VT_MAX_CSV_BYTES, &bytes, &err);
    int status =
        code == VT_OK ? import_rows(&im, vt_buf_bytes(&bytes)) : vt_command_fault(&err, code);
    vt_buf_clear(&bytes);
    vt_site_forget_rows(&im);
    json_decref(im.changes);
    vt_site_free(im.site);
    return status;
}
