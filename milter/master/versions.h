/* SPDX-License-Identifier: Apache-2.0
 * The versions of configuration and policy that were loaded, so that the service can go back to
 * one without its files, and goes back by itself from one that nobody kept. State in memory, and a
 * folder of the master's own that no role may touch:
 *      state.json      which versions there are, which one serves, what is to be kept
 *      DIGEST.yaml     the configuration of a version
 *      DIGEST.policy   its policy with the files it names (vt_policy_bundle)
 *      DIGEST.rules    since when each of its rules is what it is */
#ifndef VANTHU_MASTER_VERSIONS_H
#define VANTHU_MASTER_VERSIONS_H

#include <jansson.h>

#include "vanthu/config.h"

#define VT_MAX_VERSIONS 10
#define VT_MAX_RULES_BYTES (16u * 1024 * 1024)
/* "root (an.nguyen)" */
#define VT_VERSION_BY_BYTES 96

struct vt_version {
    char digest[65];        /* SHA-256 over those of configuration and bundle */
    char policy[9];         /* vt_policy_version; "": there is no policy */
    char policy_sha256[65]; /* of the bundle */
    enum vt_mode mode;
    int64_t loaded_utc_secs;
    char by[VT_VERSION_BY_BYTES];
};

struct vt_versions {
    char folder[4096];                        /* "": there is none, nothing is kept */
    struct vt_version items[VT_MAX_VERSIONS]; /* in the order in which they served */
    size_t count, current;                    /* current: below count, if there is one */
    char kept[65];                            /* what is gone back to; "": nothing */
    char unkept[65];        /* not to be served by a start, although the files have it; "": none */
    int64_t until_utc_secs; /* when the one that serves is given up; 0: it stays */
};

/* ---- state ---- */

/* The version that serves, and the one that --previous goes back to; NULL: there is none. */
const struct vt_version *vt_versions_current(const struct vt_versions *versions);
const struct vt_version *vt_versions_previous(const struct vt_versions *versions);
const struct vt_version *vt_versions_find(const struct vt_versions *versions, const char *digest);
/* A version was loaded from the files. until_utc_secs: 0, or when it is given up unless somebody
 * keeps it. While another one waits to be kept, what is gone back to stays the same, and so does
 * the time unless a new one is given. */
void vt_versions_load(struct vt_versions *versions, const struct vt_version *loaded,
                      int64_t until_utc_secs);
/* It was gone back to a version that is known; the one that served is not served by a start. */
void vt_versions_go_back(struct vt_versions *versions, const struct vt_version *loaded);
/* What serves is kept. */
void vt_versions_keep(struct vt_versions *versions);
/* What a start is to serve instead of the files, of which this is the digest; NULL: the files. */
const struct vt_version *vt_versions_at_start(const struct vt_versions *versions,
                                              const char *digest);

/* ---- the folder ---- */

/* Make or check the folder and read the state. VT_E_CONFIG: the folder cannot be used, why in err;
 * versions are then known while this process lives and not kept. A state that cannot be read is
 * begun anew, with a warning in the log. */
enum vt_code vt_versions_open(const char *folder, struct vt_versions *out,
                              struct vt_err *err) VT_MUST_CHECK;
/* Write the state, and remove the files of versions that are no longer known. VT_E_SYSTEM,
 * VT_E_NOMEM. Without a folder VT_OK. */
enum vt_code vt_versions_save(const struct vt_versions *versions, struct vt_err *err) VT_MUST_CHECK;
/* Write the files of a version. */
struct vt_version_files {
    struct vt_bytes config, policy, rules;
};
enum vt_code vt_versions_store(const struct vt_versions *versions, const struct vt_version *version,
                               const struct vt_version_files *files,
                               struct vt_err *err) VT_MUST_CHECK;
/* Read them as sealed memory files, configuration and bundle compared with the digest: out_fds has
 * configuration, policy (-1: none) and rules (-1: not known). VT_E_NOT_FOUND, VT_E_FORMAT,
 * VT_E_SYSTEM, VT_E_NOMEM. */
enum { VT_VERSION_CONFIG, VT_VERSION_POLICY, VT_VERSION_RULES, VT_VERSION_FILES };
enum vt_code vt_versions_take(const struct vt_versions *versions, const char *digest,
                              int out_fds[VT_VERSION_FILES], struct vt_err *err) VT_MUST_CHECK;

/* ---- what a version is ---- */

/* Digest and policy_sha256 of *out. policy: empty for none. VT_E_INTERNAL. */
enum vt_code vt_version_digest(struct vt_bytes config, struct vt_bytes policy,
                               struct vt_version *out) VT_MUST_CHECK;
/* Since when the rules of a version are what they are, for the gateway and for DIGEST.rules:
 * {"v", "loaded", "by", "rules": {name: {"digest", "since"}}}. before: the same of the version that
 * served, NULL: nothing is known, every rule is new. When the site's mode becomes more severe all
 * rules are, too. NULL: no memory. */
json_t *vt_version_rules(const struct vt_policy *policy, const struct vt_version *version,
                         const json_t *before, enum vt_mode mode_before);
/* What DIGEST.rules has; NULL: it cannot be read. The descriptor is closed; -1: NULL. */
json_t *vt_version_read_rules(int fd);
/* For the answer of the control socket: {"version", "digest", "mode", "loaded_utc_secs", "by",
 * "previous", "keep_until_utc_secs", "goes_back_to", "is_not_of_files"}; NULL: nothing serves. */
json_t *vt_versions_to_json(const struct vt_versions *versions);

#endif
