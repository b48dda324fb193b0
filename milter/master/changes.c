/* SPDX-License-Identifier: Apache-2.0
 * How one version follows another: a reload, going back to a version that was kept, the time within
 * which a version has to be kept. All or nothing: the set that serves goes on until another one has
 * proven that it starts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "master_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/register.h"
#include "vanthu/wire.h"

/* A change that is under way ends soon; anything else that keeps it from going back is tried again
 * as often as somebody might mend it. */
#define BUSY_AGAIN_MSECS 1000
#define GO_BACK_AGAIN_MSECS 30000
#define BY_ITSELF "vanthu-milter"

/* ---- sockets ---- */

static size_t free_old_slot(const struct vt_master *master)
{
    for (size_t i = VT_SET_FIRST_OLD; i < VT_MASTER_MAX_SETS; i++)
        if (master->sets[i].roles == NULL)
            return i;
    return VT_MASTER_MAX_SETS;
}

static enum vt_code listen_anew(struct vt_master *master, const struct vt_config *config,
                                int *out_fd, struct vt_err *err)
{
    *out_fd = master->milter.fd;
    if (strcmp(config->socket, master->milter.address) == 0)
        return VT_OK;
    enum vt_code code = vt_listen_milter(config, &master->next_milter, err);
    *out_fd = master->next_milter.fd;
    return code;
}

static enum vt_code listen_to_web_anew(struct vt_master *master, const struct vt_config *config,
                                       int *out_fd, struct vt_err *err)
{
    *out_fd = -1;
    if (config->web_listen == NULL)
        return VT_OK;
    *out_fd = master->web.fd;
    if (master->web.fd >= 0 && strcmp(config->web_listen, master->web.address) == 0)
        return VT_OK;
    enum vt_code code = vt_listen_web(config, &master->next_web, err);
    *out_fd = master->next_web.fd;
    return code;
}

static void drop_next_sockets(struct vt_master *master)
{
    vt_bound_clear(&master->next_milter);
    vt_bound_clear(&master->next_web);
}

/* ---- the versions ---- */

static int64_t monotonic_of(int64_t utc_secs)
{
    int64_t left_secs = utc_secs - vt_clock_now_utc_secs();
    return vt_clock_monotonic_msecs() + (left_secs > 0 ? left_secs * 1000 : 0);
}

static enum vt_code store(const struct vt_master_set *set, const struct vt_versions *versions,
                          struct vt_err *err)
{
    struct vt_version_files files = {{0}, {0}, {0}};
    char *rules = json_dumps(set->rules, JSON_COMPACT);
    if (rules == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a version");
    files.rules = vt_bytes_str(rules);
    enum vt_code code = vt_memfd_map(set->config_text, VT_MAX_CONFIG_BYTES, &files.config, err);
    if (code == VT_OK && set->policy_text >= 0)
        code = vt_memfd_map(set->policy_text, VT_MAX_BUNDLE_BYTES, &files.policy, err);
    if (code == VT_OK)
        code = vt_versions_store(versions, &set->version, &files, err);
    if (code == VT_OK)
        code = vt_versions_save(versions, err);
    vt_memfd_unmap(files.config);
    vt_memfd_unmap(files.policy);
    free(rules);
    return code;
}

/* A version that is loaded once more is as old as it was. */
static void adopt_age(const struct vt_master *master, struct vt_version *version)
{
    const struct vt_version *current = vt_versions_current(&master->versions);
    if (current == NULL || strcmp(current->digest, version->digest) != 0)
        return;
    version->loaded_utc_secs = current->loaded_utc_secs;
    memcpy(version->by, current->by, sizeof(version->by));
}

static void date_version(const struct vt_master *master, struct vt_version *version, const char *by)
{
    version->loaded_utc_secs = vt_clock_now_utc_secs();
    (void)snprintf(version->by, sizeof(version->by), "%s", by);
    adopt_age(master, version);
}

static const char *shown(const struct vt_version *version)
{
    return version->policy[0] != '\0' ? version->policy : "-";
}

static void record_change(struct vt_master *master, const char *what, const char *why,
                          const char *by)
{
    char text[320], until[VT_TIME_TEXT_BYTES];
    const struct vt_version *version = &master->sets[VT_SET_CURRENT].version;
    int used =
        snprintf(text, sizeof(text), "%s, mode %s", shown(version), vt_mode_name(version->mode));
    if (master->versions.until_utc_secs != 0)
        used += snprintf(text + used, sizeof(text) - (size_t)used, ", goes back at %s unless kept",
                         vt_time_rfc3339(until, master->versions.until_utc_secs));
    if (why != NULL)
        (void)snprintf(text + used, sizeof(text) - (size_t)used, ": %s", why);
    vt_master_record_event(master, what, text, by, strcmp(what, VT_EVENT_POLICY_KEPT) != 0);
}

/* ---- beginning ---- */

static enum vt_code read_change(struct vt_master *master, const struct vt_change *change,
                                struct vt_loaded *loaded, struct vt_err *err)
{
    int fds[VT_VERSION_FILES] = {-1, -1, -1};
    enum vt_code code = VT_OK;
    if (change->back_to == NULL) {
        code = vt_loaded_read(master->options->config_file, loaded, err);
    } else {
        code = vt_versions_take(&master->versions, change->back_to, fds, err);
        if (code == VT_OK)
            code = vt_loaded_take(master->options->config_file, fds, loaded, err);
    }
    vt_mistakes_log(&loaded->mistakes);
    if (code == VT_OK && change->expected != NULL &&
        strcmp(change->expected, loaded->version.digest) != 0)
        return vt_err_set(err, VT_E_EXPIRED,
                          "configuration or policy were changed since they were looked at; look "
                          "again: vanthu reload");
    return code;
}

/* What is to be kept within a time is on disk before it serves: a master that is started anew
 * meanwhile does not serve it. */
static enum vt_code plan_versions(struct vt_master *master, const struct vt_change *change,
                                  const struct vt_version *version, struct vt_err *err)
{
    struct vt_versions *versions = &master->pending.versions;
    const struct vt_version *current = vt_versions_current(&master->versions);
    *versions = master->versions;
    master->pending.is_new = current == NULL || strcmp(current->digest, version->digest) != 0;
    if (master->pending.goes_back) {
        vt_versions_go_back(versions, version);
        return VT_OK;
    }
    if (change->confirm_secs > 0 && versions->folder[0] == '\0')
        return vt_err_set(err, VT_E_CONFIG,
                          "it cannot go back by itself: there is no folder for the versions "
                          "(history-directory)");
    vt_versions_load(versions, version,
                     change->confirm_secs > 0 ? vt_clock_now_utc_secs() + change->confirm_secs : 0);
    return VT_OK;
}

static enum vt_code begin_change(struct vt_master *master, const struct vt_change *change,
                                 struct vt_loaded *loaded, struct vt_err *err)
{
    struct vt_master_sockets sockets = {-1, -1};
    struct vt_master_set *set = &master->sets[VT_SET_PENDING];
    if (master->stopping || !master->serving || set->roles != NULL ||
        free_old_slot(master) == VT_MASTER_MAX_SETS)
        return vt_err_set(err, VT_E_BUSY, "a start, a reload or a drain is under way");
    master->pending.goes_back = change->back_to != NULL;
    master->pending.why = change->why;
    enum vt_code code = read_change(master, change, loaded, err);
    if (code == VT_OK) {
        date_version(master, &loaded->version, change->by);
        code = plan_versions(master, change, &loaded->version, err);
    }
    if (code == VT_OK)
        code = listen_anew(master, loaded->config, &sockets.milter, err);
    if (code == VT_OK)
        code = listen_to_web_anew(master, loaded->config, &sockets.web, err);
    if (code == VT_OK)
        code = vt_master_start_set(master, loaded, &sockets, set, err);
    if (code == VT_OK && master->pending.versions.until_utc_secs != 0) {
        code = store(set, &master->pending.versions, err);
        if (code != VT_OK)
            vt_master_clear_set(set);
    }
    if (code != VT_OK)
        drop_next_sockets(master);
    return code;
}

static void count_reload(const struct vt_master *master, bool good)
{
    const struct vt_roles *roles = master->sets[VT_SET_CURRENT].roles;
    if (roles != NULL)
        vt_roles_count_reload(roles, good);
}

static enum vt_code try_change(struct vt_master *master, int client, const struct vt_change *change)
{
    struct vt_err err = {0};
    struct vt_loaded loaded;
    vt_loaded_init(&loaded);
    enum vt_code code = begin_change(master, change, &loaded, &err);
    if (code == VT_OK) {
        char state[64];
        (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                       (long long)vt_clock_monotonic_msecs() * 1000);
        vt_notify(state);
        master->reloading_client = client;
    } else {
        if (code != VT_E_BUSY)
            count_reload(master, false);
        vt_log(code == VT_E_BUSY ? VT_LOG_INFO : VT_LOG_ERROR,
               "%s refused, everything stays as it was: %s",
               change->back_to != NULL ? "going back" : "reload", err.text);
        const struct vt_control_state state = {.is_busy = code == VT_E_BUSY};
        vt_control_answer(client, false, err.text, &loaded.mistakes, &state);
    }
    vt_loaded_clear(&loaded);
    return code;
}

void vt_master_change(struct vt_master *master, int client, const struct vt_change *change)
{
    (void)try_change(master, client, change);
}

void vt_master_previous(struct vt_master *master, int client, const char *by)
{
    const struct vt_version *previous = vt_versions_previous(&master->versions);
    if (previous == NULL) {
        vt_control_answer(client, false, "there is no version to go back to", NULL, NULL);
        return;
    }
    char digest[65];
    memcpy(digest, previous->digest, sizeof(digest));
    struct vt_change change = {.back_to = digest, .why = "asked for"};
    (void)snprintf(change.by, sizeof(change.by), "%s", by);
    vt_master_change(master, client, &change);
}

/* ---- ending ---- */

static void finish_reload(struct vt_master *master, bool good, const char *text)
{
    count_reload(master, good);
    vt_log(good ? VT_LOG_INFO : VT_LOG_ERROR, "%s", text);
    vt_notify("READY=1");
    vt_master_answer(master, master->reloading_client, good, text);
    master->reloading_client = -1;
}

static void switch_web_socket(struct vt_master *master)
{
    bool is_wanted = master->sets[VT_SET_CURRENT].config->web_listen != NULL;
    if (is_wanted && master->next_web.fd < 0)
        return;
    vt_bound_clear(&master->web);
    master->web = master->next_web;
    master->next_web = (struct vt_bound){.fd = -1};
}

static void switch_milter_socket(struct vt_master *master)
{
    if (master->next_milter.fd < 0)
        return;
    vt_log(VT_LOG_INFO, "now serving on %s (was %s)", master->next_milter.address,
           master->milter.address);
    vt_bound_clear(&master->milter);
    master->milter = master->next_milter;
    master->next_milter = (struct vt_bound){.fd = -1};
}

/* From now on this serves. A disk that does not take it does not take back the reload. */
static void note_served(struct vt_master *master)
{
    const struct vt_master_set *set = &master->sets[VT_SET_CURRENT];
    struct vt_err err = {0};
    json_decref(master->rules);
    master->rules = json_incref(set->rules);
    master->give_up_at_msecs = master->versions.until_utc_secs == 0
                                   ? INT64_MAX
                                   : monotonic_of(master->versions.until_utc_secs);
    if (store(set, &master->versions, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "this version is not kept for going back to it: %s", err.text);
}

static const char *served_text(const struct vt_master *master, char out[200])
{
    char until[VT_TIME_TEXT_BYTES];
    if (master->pending.goes_back)
        (void)snprintf(out, 200, "went back to version %s; the files are as they were",
                       shown(&master->sets[VT_SET_CURRENT].version));
    else if (master->versions.until_utc_secs != 0)
        (void)snprintf(out, 200,
                       "configuration and policy loaded; goes back at %s unless it is kept: vanthu "
                       "reload --keep",
                       vt_time_rfc3339(until, master->versions.until_utc_secs));
    else
        (void)snprintf(out, 200, "configuration and policy loaded");
    return out;
}

void vt_master_switch_to_pending(struct vt_master *master)
{
    char text[200];
    struct vt_err err = {0};
    size_t old = free_old_slot(master);
    vt_master_drain_set(&master->sets[VT_SET_CURRENT]);
    master->sets[old] = master->sets[VT_SET_CURRENT];
    master->sets[VT_SET_CURRENT] = master->sets[VT_SET_PENDING];
    vt_master_init_set(&master->sets[VT_SET_PENDING]);
    const struct vt_config *config = master->sets[VT_SET_CURRENT].config;
    vt_log_open("vanthu/master", config->log_to_syslog && !master->options->foreground,
                VT_LOG_INFO);
    switch_milter_socket(master);
    switch_web_socket(master);
    if (vt_listen_adjust(config, &master->milter, &master->web, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "%s", err.text);
    master->versions = master->pending.versions;
    note_served(master);
    if (master->pending.is_new)
        record_change(
            master, master->pending.goes_back ? VT_EVENT_POLICY_WENT_BACK : VT_EVENT_POLICY_LOADED,
            master->pending.why, master->sets[VT_SET_CURRENT].version.by);
    finish_reload(master, true, served_text(master, text));
}

void vt_master_drop_pending(struct vt_master *master)
{
    char text[160];
    struct vt_err err = {0};
    const struct vt_roles *roles = master->sets[VT_SET_PENDING].roles;
    (void)snprintf(text, sizeof(text),
                   "the role %s does not start with the new configuration (status %d; its log says "
                   "why); everything stays as it was",
                   vt_roles_failed_name(roles), vt_roles_exit_status(roles));
    vt_master_clear_set(&master->sets[VT_SET_PENDING]);
    drop_next_sockets(master);
    if (master->pending.versions.until_utc_secs != 0 &&
        vt_versions_save(&master->versions, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "%s", err.text);
    finish_reload(master, false, text);
}

/* ---- keeping ---- */

void vt_master_keep(struct vt_master *master, int client, const char *by)
{
    struct vt_err err = {0};
    struct vt_versions kept = master->versions;
    if (master->versions.until_utc_secs == 0) {
        vt_master_answer(master, client, true, "nothing waits to be kept");
        return;
    }
    if (master->sets[VT_SET_PENDING].roles != NULL) {
        vt_control_answer(client, false, "a reload is under way", NULL, NULL);
        return;
    }
    vt_versions_keep(&kept);
    if (vt_versions_save(&kept, &err) != VT_OK) {
        vt_control_answer(client, false, err.text, NULL, NULL);
        return;
    }
    master->versions = kept;
    master->give_up_at_msecs = INT64_MAX;
    vt_log(VT_LOG_INFO, "version %s is kept", shown(&master->sets[VT_SET_CURRENT].version));
    record_change(master, VT_EVENT_POLICY_KEPT, NULL, by);
    vt_master_answer(master, client, true, "it is kept");
}

void vt_master_look_at_clock(struct vt_master *master)
{
    if (master->stopping || vt_clock_left_msecs(master->give_up_at_msecs) > 0)
        return;
    char digest[65];
    memcpy(digest, master->versions.kept, sizeof(digest));
    struct vt_change change = {.back_to = digest, .why = "nobody kept the new one in time"};
    (void)snprintf(change.by, sizeof(change.by), "%s", BY_ITSELF);
    vt_log(VT_LOG_WARNING, "version %s was not kept in time: going back",
           shown(&master->sets[VT_SET_CURRENT].version));
    enum vt_code code = try_change(master, -1, &change);
    if (code != VT_OK && code != VT_E_BUSY)
        vt_log(VT_LOG_ALERT, "a policy that nobody kept still serves: it cannot go back");
    master->give_up_at_msecs =
        vt_clock_monotonic_msecs() + (code == VT_E_BUSY ? BUSY_AGAIN_MSECS : GO_BACK_AGAIN_MSECS);
}

/* ---- the start ---- */

/* The files have what nobody kept: the version that was kept serves. */
static enum vt_code take_kept(struct vt_master *master, const struct vt_version *kept,
                              struct vt_loaded *loaded, struct vt_err *err)
{
    int fds[VT_VERSION_FILES];
    struct vt_loaded taken;
    enum vt_code code = vt_versions_take(&master->versions, kept->digest, fds, err);
    if (code != VT_OK)
        return code;
    code = vt_loaded_take(master->options->config_file, fds, &taken, err);
    if (code == VT_OK) {
        vt_loaded_clear(loaded);
        *loaded = taken;
    } else {
        vt_loaded_clear(&taken);
    }
    return code;
}

void vt_master_open_versions(struct vt_master *master, struct vt_loaded *loaded)
{
    struct vt_err err = {0};
    if (vt_versions_open(loaded->config->history_directory, &master->versions, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "policies are not kept for going back to them: %s", err.text);
    const struct vt_version *current = vt_versions_current(&master->versions);
    const struct vt_version *kept = vt_versions_at_start(&master->versions, loaded->version.digest);
    if (kept != NULL && take_kept(master, kept, loaded, &err) == VT_OK) {
        master->pending.goes_back = true;
        vt_log(VT_LOG_WARNING, "the files have a version that nobody kept: version %s serves",
               shown(kept));
    } else if (kept != NULL) {
        vt_log(VT_LOG_ALERT, "the files have a version that nobody kept, and it cannot go back: %s",
               err.text);
    }
    int fds[VT_VERSION_FILES];
    if (current != NULL &&
        vt_versions_take(&master->versions, current->digest, fds, NULL) == VT_OK) {
        master->rules = vt_version_read_rules(fds[VT_VERSION_RULES]);
        (void)close(fds[VT_VERSION_CONFIG]);
        if (fds[VT_VERSION_POLICY] >= 0)
            (void)close(fds[VT_VERSION_POLICY]);
    }
    date_version(master, &loaded->version, master->pending.goes_back ? BY_ITSELF : "start");
}

void vt_master_note_start(struct vt_master *master)
{
    const struct vt_version *version = &master->sets[VT_SET_CURRENT].version;
    const struct vt_version *current = vt_versions_current(&master->versions);
    bool is_new = current == NULL || strcmp(current->digest, version->digest) != 0;
    if (master->pending.goes_back) {
        vt_versions_go_back(&master->versions, version);
    } else {
        master->versions.until_utc_secs = 0; /* the files are others than what waited */
        vt_versions_load(&master->versions, version, 0);
    }
    note_served(master);
    if (is_new && master->pending.goes_back)
        record_change(master, VT_EVENT_POLICY_WENT_BACK,
                      "the service was started before anybody kept the new one", version->by);
    else if (is_new)
        record_change(master, VT_EVENT_POLICY_LOADED, NULL, version->by);
}
