/* SPDX-License-Identifier: Apache-2.0
 * The master's sets of roles: the one that serves, during a reload a second one that has yet to
 * prove that it starts, and older ones that finish their mails. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"
#include "master_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"

/* Beyond the longest mail: sessions without a mail are waited for a little, too, and libmilter
 * takes seconds to stop. Below TimeoutStopSec of the unit. */
#define DRAIN_EXTRA_MSECS 25000

void vt_master_clear_set(struct vt_master_set *set)
{
    vt_roles_free(set->roles);
    vt_config_free(set->config);
    vt_mistakes_clear(&set->warnings);
    *set = (struct vt_master_set){0};
}

/* ---- starting a set ---- */

_Static_assert(VT_MASTER_MAX_SETS < VT_METRIC_LANES, "each set has gauges of its own");

static unsigned free_lane(const struct vt_master *master)
{
    bool is_taken[VT_METRIC_LANES] = {false};
    unsigned lane = 0;
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
        if (master->sets[i].roles != NULL)
            is_taken[master->sets[i].lane] = true;
    while (is_taken[lane])
        lane++;
    return lane;
}

enum vt_code vt_master_start_set(struct vt_master *master, struct vt_loaded *loaded,
                                 const struct vt_master_sockets *sockets, struct vt_master_set *out,
                                 struct vt_err *err)
{
    struct vt_roles_plan plan = {.config = loaded->config,
                                 .binary = master->binary,
                                 .milter_socket = sockets->milter,
                                 .web_socket = sockets->web,
                                 .metrics = &master->metrics,
                                 .lane = free_lane(master),
                                 .config_text = loaded->config_text,
                                 .policy_text = loaded->policy_text,
                                 .overrides = -1,
                                 .log_to_stderr = master->options->foreground};
    for (enum vt_role_id role = VT_ROLE_GATEWAY; role < VT_ROLES; role++) {
        plan.wanted[role] = vt_role_is_wanted(role, loaded->config);
        plan.change_user[role] = geteuid() == 0;
    }
    enum vt_code code = vt_loaded_prepare(loaded, err);
    if (code == VT_OK) {
        loaded->config_text = loaded->policy_text = -1;
        code = vt_roles_new(&plan, &out->roles, err);
    }
    if (code == VT_OK) {
        out->lane = plan.lane;
        out->config = loaded->config;
        loaded->config = NULL;
        out->warnings = loaded->mistakes;
        vt_mistakes_init(&loaded->mistakes);
        code = vt_roles_start(out->roles, err);
    }
    if (code != VT_OK) {
        vt_master_clear_set(out);
        vt_loaded_clear(loaded);
    }
    return code;
}

static void drain_set(const struct vt_master_set *set)
{
    if (set->roles != NULL)
        vt_roles_drain(set->roles,
                       vt_clock_monotonic_msecs() + set->config->total_msecs + DRAIN_EXTRA_MSECS);
}

void vt_master_stop(struct vt_master *master, const char *why)
{
    if (master->stopping) {
        vt_log(VT_LOG_WARNING, "%s again: ending without waiting for mails", why);
        master->over = true;
        return;
    }
    vt_log(VT_LOG_INFO, "%s: finishing the mails under way, then ending", why);
    vt_notify("STOPPING=1");
    master->stopping = true;
    for (size_t i = 0; i < VT_SET_FIRST_OLD; i++)
        drain_set(&master->sets[i]);
}

/* ---- reload ---- */

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

static enum vt_code begin_reload(struct vt_master *master, struct vt_loaded *loaded,
                                 struct vt_err *err)
{
    struct vt_master_sockets sockets = {-1, -1};
    if (master->stopping || !master->serving || master->sets[VT_SET_PENDING].roles != NULL ||
        free_old_slot(master) == VT_MASTER_MAX_SETS)
        return vt_err_set(err, VT_E_BUSY, "a start, a reload or a drain is under way");
    enum vt_code code = vt_loaded_read(master->options->config_file, loaded, err);
    vt_mistakes_log(&loaded->mistakes);
    if (code == VT_OK)
        code = listen_anew(master, loaded->config, &sockets.milter, err);
    if (code == VT_OK)
        code = listen_to_web_anew(master, loaded->config, &sockets.web, err);
    if (code == VT_OK)
        code = vt_master_start_set(master, loaded, &sockets, &master->sets[VT_SET_PENDING], err);
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

void vt_master_reload(struct vt_master *master, int client)
{
    struct vt_err err = {0};
    struct vt_loaded loaded = {.config_text = -1, .policy_text = -1};
    if (begin_reload(master, &loaded, &err) == VT_OK) {
        char state[64];
        (void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%lld",
                       (long long)vt_clock_monotonic_msecs() * 1000);
        vt_notify(state);
        master->reloading_client = client;
    } else {
        count_reload(master, false);
        vt_log(VT_LOG_ERROR, "reload refused, everything stays as it was: %s", err.text);
        vt_control_answer(client, false, err.text, &loaded.mistakes, NULL);
    }
    vt_loaded_clear(&loaded);
}

void vt_master_answer(const struct vt_master *master, int client, bool ok, const char *text)
{
    const struct vt_master_set *set = &master->sets[VT_SET_CURRENT];
    struct vt_control_state state = {.mode = set->config == NULL ? NULL
                                                                 : vt_mode_name(set->config->mode),
                                     .socket = master->milter.address,
                                     .warnings = &set->warnings,
                                     .roles = set->roles};
    vt_control_answer(client, ok, text, NULL, &state);
}

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

static void switch_to_pending(struct vt_master *master)
{
    size_t old = free_old_slot(master);
    drain_set(&master->sets[VT_SET_CURRENT]);
    master->sets[old] = master->sets[VT_SET_CURRENT];
    master->sets[VT_SET_CURRENT] = master->sets[VT_SET_PENDING];
    master->sets[VT_SET_PENDING] = (struct vt_master_set){0};
    const struct vt_config *config = master->sets[VT_SET_CURRENT].config;
    vt_log_open("vanthu/master", config->log_to_syslog && !master->options->foreground,
                VT_LOG_INFO);
    switch_milter_socket(master);
    switch_web_socket(master);
    struct vt_err err = {0};
    if (vt_listen_adjust(config, &master->milter, &master->web, &err) != VT_OK)
        vt_log(VT_LOG_WARNING, "%s", err.text);
    finish_reload(master, true, "configuration and policy loaded");
}

static void drop_pending(struct vt_master *master)
{
    char text[160];
    const struct vt_roles *roles = master->sets[VT_SET_PENDING].roles;
    (void)snprintf(text, sizeof(text),
                   "the role %s does not start with the new configuration (status %d; its log says "
                   "why); everything stays as it was",
                   vt_roles_failed_name(roles), vt_roles_exit_status(roles));
    vt_master_clear_set(&master->sets[VT_SET_PENDING]);
    drop_next_sockets(master);
    finish_reload(master, false, text);
}

/* ---- what has become of the sets ---- */

void vt_master_complain(const struct vt_master *master, const char *text)
{
    vt_log(VT_LOG_ERROR, "%s", text);
    if (*master->started_fd >= 0 && master->log_to_syslog)
        fprintf(stderr, "vanthu-milter: %s\n", text);
}

static void first_start(struct vt_master *master)
{
    const struct vt_roles *roles = master->sets[VT_SET_CURRENT].roles;
    if (vt_roles_state(roles) == VT_ROLES_FAILED) {
        char text[160];
        (void)snprintf(text, sizeof(text),
                       "cannot start: the role %s has ended (status %d; its log says why)",
                       vt_roles_failed_name(roles), vt_roles_exit_status(roles));
        vt_master_complain(master, text);
        master->exit_status = vt_roles_exit_status(roles);
        if (master->exit_status == EX_OK)
            master->exit_status = EX_SOFTWARE;
        master->over = true;
    } else if (vt_roles_state(roles) == VT_ROLES_SERVING) {
        vt_log(VT_LOG_INFO, "serving on %s, mode %s", master->milter.address,
               vt_mode_name(master->sets[VT_SET_CURRENT].config->mode));
        master->serving = true;
        vt_notify("READY=1");
        vt_daemon_started(master->started_fd);
    }
}

void vt_master_look_at_sets(struct vt_master *master)
{
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
        if (master->sets[i].roles != NULL)
            vt_roles_tick(master->sets[i].roles);
    for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
        if (master->sets[i].roles != NULL && vt_roles_state(master->sets[i].roles) == VT_ROLES_GONE)
            vt_master_clear_set(&master->sets[i]);
    if (master->stopping) {
        bool left = false;
        for (size_t i = 0; i < VT_MASTER_MAX_SETS; i++)
            left = left || master->sets[i].roles != NULL;
        master->over = master->over || !left;
        return;
    }
    if (!master->serving)
        first_start(master);
    if (master->sets[VT_SET_PENDING].roles == NULL)
        return;
    enum vt_roles_state state = vt_roles_state(master->sets[VT_SET_PENDING].roles);
    if (state == VT_ROLES_SERVING)
        switch_to_pending(master);
    else if (state == VT_ROLES_FAILED)
        drop_pending(master);
}
