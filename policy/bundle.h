/* SPDX-License-Identifier: Apache-2.0
 * A bundle: a policy and every file it names, as bytes that were read once. Whoever may read files
 * makes it (bundle_read.c); whoever may not parses it (bundle.c). A file that could not be read is
 * in it with the reason why, so that the one who parses tells it at the place of its name. */
#ifndef VANTHU_POLICY_BUNDLE_H
#define VANTHU_POLICY_BUNDLE_H

#include "base/yaml.h"

/* One named file; an agencies table of 100 000 certificates stays below. */
#define VT_MAX_NAMED_FILE_BYTES ((size_t)32 * 1024 * 1024)
#define VT_MAX_NAMED_FILES 100
/* The tree of the largest policy with what is made of it and of its files. */
#define VT_MAX_POLICY_ARENA_BYTES ((size_t)1024 * 1024 * 1024)

enum vt_bundle_kind {
    VT_BUNDLE_POLICY = 1,
    VT_BUNDLE_FILE,  /* its bytes */
    VT_BUNDLE_KEYS,  /* a lookup table: its keys, each with a newline behind it */
    VT_BUNDLE_FAULT, /* not read: why */
};

struct vt_bundle_file {
    enum vt_bundle_kind kind;
    const char *name; /* as the policy writes it */
    const char *path; /* where it was read, for messages */
    struct vt_bytes bytes;
};

struct vt_bundle {
    struct vt_bytes policy;
    struct vt_bundle_file *files;
    size_t files_count;
};

/* Take a bundle apart. Names in arena, bytes are views. VT_E_FORMAT, VT_E_NOMEM. */
enum vt_code vt_bundle_open(struct vt_arena *arena, struct vt_bytes packed, struct vt_bundle *out,
                            struct vt_err *err) VT_MUST_CHECK;
/* Begin a bundle, and add one file. VT_E_LIMIT, VT_E_NOMEM. */
enum vt_code vt_bundle_begin(struct vt_buf *packed) VT_MUST_CHECK;
enum vt_code vt_bundle_add(struct vt_buf *packed, const struct vt_bundle_file *file) VT_MUST_CHECK;
/* The file of a name that stands at node; NULL after a mistake there. */
const struct vt_bundle_file *vt_bundle_file(struct vt_yaml *yaml, const struct vt_bundle *bundle,
                                            const struct vt_yaml_node *node, const char *name);

#endif
