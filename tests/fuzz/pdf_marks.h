/* SPDX-License-Identifier: Apache-2.0
 * A PDF as mutations see it: its objects, and every number that says where something stands or how
 * long it is. */
#ifndef VT_FUZZ_PDF_MARKS_H
#define VT_FUZZ_PDF_MARKS_H

#include "vanthu/bytes.h"

#define MAX_MARKS 512
#define MAX_OBJECTS 256

enum form { DECIMAL, TEN_DIGITS, BINARY };

/* A number at at that is the distance from base to target. */
struct mark {
    size_t at, len;
    size_t base, target;
    enum form form;
};

struct object {
    unsigned id;
    size_t body, head_end, end; /* head: all but the bytes of a stream */
    size_t data, data_end;      /* of the stream; 0: it is none */
};

struct file {
    struct vt_bytes bytes;
    size_t origin; /* of offsets */
    struct mark marks[MAX_MARKS];
    size_t marks_count;
    struct object objects[MAX_OBJECTS];
    size_t objects_count;
};

struct edit {
    size_t at, end; /* what is replaced */
    uint8_t *with;
    size_t len;
};

/* Views of data. */
void file_read(struct file *f, const uint8_t *data, size_t size);
/* Where a word stands in [from, to); SIZE_MAX. */
size_t file_find(const struct file *f, size_t from, size_t to, const char *word);
/* The number behind white space at *at, which moves behind it: its target. */
bool file_number(const struct file *f, size_t *at, struct mark *out);
/* The file after an edit, over data; what marks point at is followed. 0: it does not fit. */
size_t file_apply(struct file *f, const struct edit *edit, uint8_t *data, size_t max_size);

#endif
