/* SPDX-License-Identifier: Apache-2.0
 * What can be found out before anything is started, without changing anything: at every start, for
 * -t and before a reload takes over. */
#ifndef VANTHU_MASTER_CHECK_H
#define VANTHU_MASTER_CHECK_H

#include "vanthu/config.h"

/* ---- as_user.c ---- */

typedef enum vt_code vt_step(const void *context, struct vt_err *err);
/* Do a step in a child process that has become user; NULL: in this process. The result and what
 * stands in err are the step's. */
enum vt_code vt_as_user(const char *user, vt_step *step, const void *context,
                        struct vt_err *err) VT_MUST_CHECK;

/* ---- folders.c ---- */

/* Whether vt_folder_prepare would succeed. user: of the role that writes there; asked for by root
 * only, others stay who they are. */
enum vt_code vt_folder_check(const char *path, const char *user, struct vt_err *err) VT_MUST_CHECK;
/* Make the folder where it is missing. As root give it to user, with mode 0700, when it is new, or
 * root's own and empty; all others are left as they are. VT_E_CONFIG: user cannot write there. */
enum vt_code vt_folder_prepare(const char *path, const char *user,
                               struct vt_err *err) VT_MUST_CHECK;

/* ---- check_trust.c ---- */

/* Add to mistakes: trust files that cannot be read, roots and fingerprints that are of no use, and
 * what keeps mode enforce from starting. */
void vt_check_trust(const struct vt_config *config, struct vt_mistakes *mistakes);

/* ---- check_site.c ---- */

/* Add to mistakes: users that do not exist or are shared, trust files that they cannot read,
 * folders that they cannot write in, sockets that cannot be made. */
void vt_check_site(const struct vt_config *config, struct vt_mistakes *mistakes);
/* ---- check_seal.c ---- */

/* Add to mistakes: keys of which the sealer cannot read module, certificate or PIN; and as warnings
 * those that have no certificate or no authorisation in the table of agencies (NULL: none). */
struct vt_site;
void vt_check_seal(const struct vt_config *config, const struct vt_site *site,
                   struct vt_mistakes *mistakes);
/* One sentence about what nobody has checked, for people. */
const char *vt_check_left_out(void);

#endif
