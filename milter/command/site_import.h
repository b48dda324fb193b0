/* SPDX-License-Identifier: Apache-2.0
 * vanthu site import: what reading a spreadsheet and putting its rows into the tree share. */
#ifndef VANTHU_COMMAND_SITE_IMPORT_H
#define VANTHU_COMMAND_SITE_IMPORT_H

#include <jansson.h>

#include "command/site.h"

/* What becomes of a certificate. */
enum vt_site_change {
    VT_SITE_AS_IT_WAS = 0,
    VT_SITE_ADDED,
    VT_SITE_MOVED,
    VT_SITE_OTHER_KIND,
    VT_SITE_CHANGES
};

struct vt_site_import {
    struct vt_site_desk *desk;
    const char *csv_file;
    struct vt_yaml_node *root, *agencies;
    struct vt_site *site;    /* as it was; NULL: there is none */
    int columns[VT_COLUMNS]; /* places in a row; -1: not there */
    size_t mistakes_count, new_agencies_count, confirmed_count, skipped_count;
    size_t counts[VT_SITE_CHANGES];
    json_t *changes;
    void *seen; /* tsearch(3): fingerprints of the rows before */
    bool is_out_of_memory;
};

/* Tell a mistake of a row on standard error, with its file and line; beyond MAX_TOLD it only
 * counts. */
void vt_site_mistake(struct vt_site_import *im, const struct vt_csv_row *row, const char *format,
                     ...) VT_PRINTF(3, 4);
/* Put one row into the tree; its mistakes are told. */
void vt_site_take_row(struct vt_site_import *im, const struct vt_csv_row *row);
/* What the rows needed beside the arena. */
void vt_site_forget_rows(struct vt_site_import *im);

#endif
