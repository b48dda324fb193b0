/* SPDX-License-Identifier: Apache-2.0
 * The master's sets of roles: the one that serves, during a reload a second one that has yet to
 * prove that it starts, and older ones that finish their mails. How one follows another stands in
 * changes.c. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "check.h"
#include "daemon.h"
#include "master_internal.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

/* Beyond the longest mail: sessions without a mail are waited for a little, too, and libmilter
 * takes seconds to stop. Below TimeoutStopSec of the unit. */
#define DRAIN_EXTRA_MSECS 25000

void vt_master_clear_set(struct vt_master_set *set)
{
    vt_roles_free(set->roles);
    vt_config_free(set->config);
    vt_mistakes_clear(&set->warnings);
    json_decref(set->rules);
    if (set->config_text >= 0)
        (void)close(set->config_text);
    if (set->policy_text >= 0)
        (void)close(set->policy_text);
    vt_master_init_set(set);
}

void vt_master_init_set(struct vt_master_set *set)
{
    *set = (struct vt_master_set){.config_text = -1, .policy_text = -1};
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

/* Since when its rules are what they are, as a memory file for the gateway. */
static enum vt_code tell_rules(const struct vt_master *master, const struct vt_loaded *loaded,
                               json_t **out_rules, int *out_fd, struct vt_err *err)
{
    const struct vt_version *before = vt_versions_current(&master->versions);
    *out_rules = vt_version_rules(loaded->policy, &loaded->version, master->rules,
                                  before != NULL ? before->mode : loaded->version.mode);
    char *text = *out_rules == NULL ? NULL : json_dumps(*out_rules, JSON_COMPACT);
    enum vt_code code = text == NULL
                            ? vt_err_set(err, VT_E_NOMEM, "no memory for the rules of the policy")
                            : vt_memfd_seal("vanthu-rules", vt_bytes_str(text), out_fd, err);
    free(text);
    return code;
}

/* What outlives the roles. */
static enum vt_code keep_texts(const struct vt_loaded *loaded, struct vt_master_set *out,
                               struct vt_err *err)
{
    out->version = loaded->version;
    out->config_text = fcntl(loaded->config_text, F_DUPFD_CLOEXEC, 0);
    if (loaded->policy_text >= 0)
        out->policy_text = fcntl(loaded->policy_text, F_DUPFD_CLOEXEC, 0);
    bool is_kept = out->config_text >= 0 && (loaded->policy_text < 0 || out->policy_text >= 0);
    return is_kept ? VT_OK : vt_err_sys(err, "a descriptor for the configuration");
}

static void plan_roles(const struct vt_master *master, const struct vt_loaded *loaded,
                       struct vt_roles_plan *plan)
{
    for (enum vt_role_id role = VT_ROLE_GATEWAY; role < VT_ROLES; role++) {
        plan->wanted[role] = vt_role_is_wanted(role, loaded->config);
        plan->change_user[role] = geteuid() == 0;
    }
    plan->config = loaded->config;
    plan->binary = master->binary;
    plan->metrics = &master->metrics;
    plan->lane = free_lane(master);
    plan->log_to_stderr = master->options->foreground;
}

enum vt_code vt_master_start_set(struct vt_master *master, struct vt_loaded *loaded,
                                 const struct vt_master_sockets *sockets, struct vt_master_set *out,
                                 struct vt_err *err)
{
    struct vt_roles_plan plan = {.milter_socket = sockets->milter,
                                 .web_socket = sockets->web,
                                 .config_text = -1,
                                 .policy_text = -1,
                                 .notices_text = -1,
                                 .rules_text = -1,
                                 .looks_file = -1,
                                 .overrides = -1};
    plan_roles(master, loaded, &plan);
    enum vt_code code = vt_loaded_prepare(loaded, err);
    if (code == VT_OK)
        code = keep_texts(loaded, out, err);
    if (code == VT_OK)
        code = tell_rules(master, loaded, &out->rules, &plan.rules_text, err);
    if (code == VT_OK) {
        plan.config_text = loaded->config_text;
        plan.policy_text = loaded->policy_text;
        plan.notices_text = loaded->notices_text;
        plan.looks_file = loaded->looks_file;
        loaded->config_text = loaded->policy_text = loaded->notices_text = loaded->looks_file = -1;
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

void vt_master_drain_set(const struct vt_master_set *set)
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
        vt_master_drain_set(&master->sets[i]);
}

void vt_master_answer(const struct vt_master *master, int client, bool ok, const char *text)
{
    const struct vt_master_set *set = &master->sets[VT_SET_CURRENT];
    struct vt_control_state state = {.mode = set->config == NULL ? NULL
                                                                 : vt_mode_name(set->config->mode),
                                     .socket = master->milter.address,
                                     .warnings = &set->warnings,
                                     .roles = set->roles,
                                     .versions = &master->versions};
    vt_control_answer(client, ok, text, NULL, &state);
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
        vt_master_note_start(master);
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
        vt_master_switch_to_pending(master);
    else if (state == VT_ROLES_FAILED)
        vt_master_drop_pending(master);
}
