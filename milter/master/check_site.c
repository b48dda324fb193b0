/* SPDX-License-Identifier: Apache-2.0
 * Whether this machine has what the configuration names: users, folders, places for sockets. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "master.h"
#include "role_start.h"
#include "role_table.h"
#include "vanthu/central.h"

#define MAX_CENTRAL_BYTES (64u * 1024)

static bool is_same_user(const char *a, const char *b)
{
    struct vt_role_user found_a, found_b;
    if (strcmp(a, b) == 0)
        return true;
    return vt_role_user_find(a, &found_a, NULL) == VT_OK &&
           vt_role_user_find(b, &found_b, NULL) == VT_OK && found_a.uid == found_b.uid;
}

static void blame_user(const struct vt_config *config, enum vt_role_id role, bool warning,
                       const char *text, struct vt_mistakes *mistakes)
{
    char key[64];
    (void)snprintf(key, sizeof(key), "users.%s", vt_role_name(role));
    vt_config_mistake(config, mistakes, key, warning, "%s", text);
}

static void check_apart(const struct vt_config *config, enum vt_role_id a, enum vt_role_id b,
                        struct vt_mistakes *mistakes)
{
    char text[VT_ERR_TEXT_BYTES];
    if (!is_same_user(config->role_user[a], config->role_user[b]))
        return;
    (void)snprintf(text, sizeof(text),
                   "the roles %s and %s run as the same user %s: an attacker in one of them "
                   "reaches the other",
                   vt_role_name(a), vt_role_name(b), config->role_user[b]);
    blame_user(config, b, true, text, mistakes);
}

/* Only root changes users; others need none. */
static void check_users(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    for (enum vt_role_id role = VT_ROLE_GATEWAY; role < VT_ROLES; role++) {
        struct vt_role_user found;
        struct vt_err err = {0};
        if (geteuid() == 0 && vt_role_is_wanted(role, config) &&
            vt_role_user_find(config->role_user[role], &found, &err) != VT_OK)
            blame_user(config, role, false, err.text, mistakes);
    }
    for (enum vt_role_id a = VT_ROLE_GATEWAY; a < VT_ROLES; a++)
        for (enum vt_role_id b = a + 1; b < VT_ROLES; b++)
            /* The shipper shares the folder of the registrar, and so its user. */
            if (vt_role_is_wanted(a, config) && vt_role_is_wanted(b, config) &&
                b != VT_ROLE_SHIPPER)
                check_apart(config, a, b, mistakes);
}

static void check_folder(const struct vt_config *config, const char *key, const char *path,
                         enum vt_role_id role, struct vt_mistakes *mistakes)
{
    struct vt_role_user found;
    struct vt_err err = {0};
    const char *user = config->role_user[role];
    if (path == NULL || (geteuid() == 0 && vt_role_user_find(user, &found, NULL) != VT_OK))
        return;
    if (vt_folder_check(path, user, &err) != VT_OK)
        vt_config_mistake(config, mistakes, key, false, "%s", err.text);
}

/* What a setting names must be there for the one who reads it. */
static void check_file(const struct vt_config *config, const char *key, const char *file,
                       enum vt_role_id role, struct vt_mistakes *mistakes)
{
    struct stat status;
    struct vt_role_user found;
    const char *user = config->role_user[role];
    if (stat(file, &status) != 0)
        vt_config_mistake(config, mistakes, key, false, "%s: %s", file, strerror(errno));
    else if (geteuid() == 0 && vt_role_user_find(user, &found, NULL) == VT_OK &&
             status.st_uid != found.uid && (status.st_mode & 077) == 0)
        vt_config_mistake(config, mistakes, key, false, "%s must belong to %s, who reads it", file,
                          user);
}

/* Without it a central database could say anything, so nothing that it says is believed. */
static void check_peer_key(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    struct vt_err err = {0};
    const char *file = config->register_peer_key;
    if (file == NULL)
        vt_config_mistake(config, mistakes, "register.central", true,
                          "without register.peer-key nothing is believed of other gateways: what "
                          "they saw first, deferred or excepted (vanthu undo) does not hold here");
    else if (vt_central_check_key(file, &err) != VT_OK)
        vt_config_mistake(config, mistakes, "register.peer-key", false, "%s", err.text);
    else
        check_file(config, "register.peer-key", file, VT_ROLE_SHIPPER, mistakes);
}

static void check_central(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    const char *const *files = NULL;
    size_t count = 0;
    struct vt_err err = {0};
    if (config->register_central == NULL)
        return;
    struct vt_arena *arena = vt_arena_new(MAX_CENTRAL_BYTES);
    enum vt_code code =
        arena == NULL ? vt_err_set(&err, VT_E_NOMEM, "no memory")
                      : vt_central_files(arena, config->register_central, &files, &count, &err);
    if (code != VT_OK)
        vt_config_mistake(config, mistakes, "register.central", false, "%s", err.text);
    for (size_t i = 0; i < count; i++)
        check_file(config, "register.central", files[i], VT_ROLE_SHIPPER, mistakes);
    check_peer_key(config, mistakes);
    vt_arena_free(arena);
}

/* post, too, uses no password that others can read; it says so only when it is to send. */
static void check_relay(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    struct stat status;
    const char *ca = config->notices.tls_ca, *password = config->notices.password_file;
    if (!vt_role_is_wanted(VT_ROLE_POST, config))
        return;
    if (ca != NULL)
        check_file(config, "notices.tls-ca", ca, VT_ROLE_POST, mistakes);
    if (password == NULL)
        return;
    check_file(config, "notices.password-file", password, VT_ROLE_POST, mistakes);
    if (stat(password, &status) == 0 && (status.st_mode & 077) != 0)
        vt_config_mistake(config, mistakes, "notices.password-file", false,
                          "%s is open to others than its owner: no secret (chmod 0600)", password);
}

void vt_check_site(const struct vt_config *config, struct vt_mistakes *mistakes)
{
    check_users(config, mistakes);
    check_folder(config, "spool-directory", config->spool_directory, VT_ROLE_GATEWAY, mistakes);
    check_folder(config, "state-directory", config->state_directory, VT_ROLE_STATUS, mistakes);
    check_folder(config, "register.directory", config->register_directory, VT_ROLE_REGISTRAR,
                 mistakes);
    if (config->seal_keys_count > 0)
        check_folder(config, "seal.directory", config->seal_directory, VT_ROLE_SEALER, mistakes);
    check_central(config, mistakes);
    check_relay(config, mistakes);
    vt_listen_check(config, mistakes);
}

const char *vt_check_left_out(void)
{
    return geteuid() == 0
               ? "not checked: whether the sockets are free, whether the relay of notices takes "
                 "mail, "
                 "and whether the kernel has what the sandboxes need"
               : "not checked: the users of the roles and what they may read and write (only root "
                 "can), whether the sockets are free, whether the relay of notices takes mail, and "
                 "whether the kernel has what the sandboxes need";
}
