/* SPDX-License-Identifier: Apache-2.0
 * The sealer role: signatures with keys in an HSM. May: its HSM, over the network or a unix socket
 * as the module needs, the PINs of it, a small folder, the register. May not: mail, other files.
 * Each key has a worker process that speaks with the HSM; this one decides what is signed, and
 * waits for nobody. */
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "seal/canary.h"
#include "seal/desk.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

#define OPEN_FILES 1024
#define MAX_READABLE 128
#define COUNT_MSECS 1000
#define LONGEST_TURN_MSECS VT_SERVER_REQUEST_MSECS

struct sealer {
    const struct vt_role_fds *fds;
    struct vt_policy *policy;
    struct vt_seal_desk desk;
    pid_t master;
    int64_t master_gone_msecs, count_at_msecs;
    /* control, three servers with their clients, a worker for each key and one on trial, records.
     */
    struct pollfd entries[1 + 3 + VT_SEAL_CLIENTS + VT_SEAL_NOTICES + VT_SEAL_ADMINS +
                          VT_MAX_SEAL_KEYS + 1 + VT_SEAL_JOBS];
};

/* ---- setting up ---- */

static enum vt_code load_policy(struct sealer *sealer, const struct vt_config *config,
                                struct vt_err *err)
{
    struct vt_mistakes mistakes;
    struct vt_bytes bundle;
    if (sealer->fds->policy < 0)
        return VT_OK;
    enum vt_code code = vt_memfd_map(sealer->fds->policy, VT_MAX_BUNDLE_BYTES, &bundle, err);
    if (code != VT_OK)
        return code;
    vt_mistakes_init(&mistakes);
    code = vt_policy_parse_bundle(bundle, config->policy_file, &sealer->policy, &mistakes, err);
    vt_mistakes_clear(&mistakes);
    vt_memfd_unmap(bundle);
    sealer->desk.site = code == VT_OK ? vt_policy_site(sealer->policy) : NULL;
    return code;
}

/* The folder of a PIN, because another file may take its place, and what the modules read. */
static enum vt_code close_sandbox(const struct vt_config *config, struct vt_err *err)
{
    const char *readable[MAX_READABLE];
    char *folders[2 * VT_MAX_SEAL_KEYS] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < config->seal_keys_count; i++) {
        const struct vt_seal_key *key = &config->seal_keys[i];
        folders[2 * i] = key->pin_file == NULL ? NULL : strdup(key->pin_file);
        folders[2 * i + 1] = key->secret_file == NULL ? NULL : strdup(key->secret_file);
        for (size_t k = 2 * i; k < 2 * i + 2; k++)
            if (folders[k] != NULL)
                readable[count++] = dirname(folders[k]);
        for (size_t k = 0; k < key->files.count && count < MAX_READABLE - 2 * VT_MAX_SEAL_KEYS; k++)
            readable[count++] = key->files.items[k];
    }
    const struct vt_sandbox sandbox = {.name = "sealer",
                                       .writable_directory = config->seal_directory,
                                       .readable_files = readable,
                                       .readable_count = count,
                                       .network = true,
                                       .fork = true,
                                       .open_files = OPEN_FILES};
    enum vt_code code = vt_sandbox_enter(&sandbox, err);
    for (size_t i = 0; i < 2 * VT_MAX_SEAL_KEYS; i++)
        free(folders[i]);
    return code;
}

static void forget_client(void *context, size_t client)
{
    struct vt_seal_desk *desk = context;
    vt_desk_forget(desk, desk->clients, client);
}

static void forget_notice(void *context, size_t client)
{
    struct vt_seal_desk *desk = context;
    vt_desk_forget(desk, desk->notices, client);
}

static void forget_admin(void *context, size_t client)
{
    struct vt_seal_desk *desk = context;
    vt_desk_forget(desk, desk->admins, client);
    if (desk->trial.is_under_way && desk->trial.client == client)
        vt_desk_forget_trial(desk);
}

static enum vt_code open_servers(struct sealer *sealer, struct vt_err *err)
{
    struct vt_seal_desk *desk = &sealer->desk;
    const struct vt_server_setup clients = {.channel = sealer->fds->seal,
                                            .places_count = VT_SEAL_CLIENTS,
                                            .take = vt_desk_take,
                                            .forget = forget_client,
                                            .context = desk};
    const struct vt_server_setup notices = {.channel = sealer->fds->seal_notice,
                                            .places_count = VT_SEAL_NOTICES,
                                            .take = vt_desk_take_notice,
                                            .forget = forget_notice,
                                            .context = desk};
    const struct vt_server_setup admins = {.channel = sealer->fds->seal_admin,
                                           .places_count = VT_SEAL_ADMINS,
                                           .take = vt_desk_take_admin,
                                           .forget = forget_admin,
                                           .context = desk};
    enum vt_code code = vt_server_new(&clients, &desk->clients, err);
    if (code == VT_OK)
        code = vt_server_new(&notices, &desk->notices, err);
    return code == VT_OK ? vt_server_new(&admins, &desk->admins, err) : code;
}

static enum vt_code set_up(struct sealer *sealer, const struct vt_config *config,
                           struct vt_err *err)
{
    struct vt_seal_desk *desk = &sealer->desk;
    desk->config = config;
    desk->record_channel = sealer->fds->record;
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        vt_desk_clear_job(&desk->jobs[i]);
    for (size_t i = 0; i < VT_SEAL_NOTES; i++)
        desk->notes[i].fd = -1;
    enum vt_code code = load_policy(sealer, config, err);
    for (size_t i = 0; code == VT_OK && i < config->seal_keys_count; i++)
        vt_hsm_init(&desk->hsms[desk->hsms_count++], config, &config->seal_keys[i]);
    if (code == VT_OK)
        code = vt_metrics_open(sealer->fds->metrics, VT_ROLE_SEALER, sealer->fds->lane,
                               &config->seal_names, &desk->metrics, err);
    if (code == VT_OK)
        code = close_sandbox(config, err);
    return code == VT_OK ? open_servers(sealer, err) : code;
}

/* ---- the loop ---- */

/* The master closes this after the gateway has ended. When the master itself is gone, the gateway
 * finishes its mails, and they may be sealed. */
static void note_master(struct sealer *sealer)
{
    int64_t now = vt_clock_monotonic_msecs();
    if (getppid() == sealer->master)
        sealer->desk.ending = true;
    if (sealer->master_gone_msecs == 0)
        sealer->master_gone_msecs = now;
    if (now - sealer->master_gone_msecs > sealer->desk.config->total_msecs)
        sealer->desk.ending = true;
}

static int wait_msecs(const struct sealer *sealer)
{
    const struct vt_seal_desk *desk = &sealer->desk;
    int64_t next = vt_desk_next_msecs(desk), canary = vt_canary_next_msecs(desk);
    next = canary < next ? canary : next;
    for (size_t i = 0; i < desk->hsms_count; i++) {
        int64_t due = vt_hsm_next_msecs(&desk->hsms[i]);
        next = due < next ? due : next;
    }
    if (desk->trial.is_under_way && vt_hsm_next_msecs(&desk->trial.hsm) < next)
        next = vt_hsm_next_msecs(&desk->trial.hsm);
    int left = next == INT64_MAX ? LONGEST_TURN_MSECS : vt_clock_left_msecs(next);
    return left < LONGEST_TURN_MSECS ? left : LONGEST_TURN_MSECS;
}

/* Sockets that are only woken by: what is there is found by asking everybody. */
static size_t add_others(struct sealer *sealer, size_t count)
{
    const struct vt_seal_desk *desk = &sealer->desk;
    for (size_t i = 0; i < desk->hsms_count; i++)
        sealer->entries[count++] =
            (struct pollfd){.fd = desk->hsms[i].worker.socket, .events = POLLIN};
    if (desk->trial.is_under_way)
        sealer->entries[count++] =
            (struct pollfd){.fd = desk->trial.hsm.worker.socket, .events = POLLIN};
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        if (desk->jobs[i].finish != NULL && desk->jobs[i].record_fd >= 0)
            sealer->entries[count++] =
                (struct pollfd){.fd = desk->jobs[i].record_fd, .events = POLLIN};
    return count;
}

static void hear_worker(struct vt_seal_desk *desk, struct vt_hsm *hsm)
{
    struct vt_worker_answer answer;
    bool is_lost = vt_hsm_tick(hsm, vt_clock_monotonic_msecs());
    enum vt_code code = VT_OK;
    while (hsm->worker.pid > 0 && code == VT_OK) {
        code = vt_hsm_hear(hsm, &answer);
        if (code == VT_OK)
            vt_desk_signed(desk, hsm, &answer);
    }
    if (is_lost || code == VT_E_PEER) {
        vt_metric_add(desk->metrics, VT_METRIC_SEAL_LOSSES, (unsigned)(hsm - desk->hsms), 1);
        vt_desk_lost(desk, hsm);
    }
}

/* Tokens fail now and then when several clients log in at the same time. */
static bool begins_elsewhere(const struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    for (size_t i = 0; i < desk->hsms_count; i++)
        if (&desk->hsms[i] != hsm && desk->hsms[i].state == VT_HSM_STARTING &&
            desk->hsms[i].module == hsm->module)
            return true;
    return false;
}

static void serve(struct sealer *sealer)
{
    struct vt_seal_desk *desk = &sealer->desk;
    vt_workers_reap();
    for (size_t i = 0; i < desk->hsms_count; i++) {
        desk->hsms[i].is_held = begins_elsewhere(desk, &desk->hsms[i]);
        hear_worker(desk, &desk->hsms[i]);
    }
    if (desk->trial.is_under_way)
        hear_worker(desk, &desk->trial.hsm);
    vt_desk_end_trial(desk);
    vt_canary_tick(desk, vt_clock_monotonic_msecs());
    vt_desk_advance(desk);
    vt_desk_tell_notes(desk, vt_clock_monotonic_msecs());
}

static void count_state(struct sealer *sealer)
{
    int64_t now_msecs = vt_clock_monotonic_msecs();
    if (now_msecs < sealer->count_at_msecs)
        return;
    sealer->count_at_msecs = now_msecs + COUNT_MSECS;
    vt_desk_count_state(&sealer->desk);
}

static void turn(struct sealer *sealer)
{
    struct pollfd *entries = sealer->entries;
    struct vt_seal_desk *desk = &sealer->desk;
    bool is_watched = sealer->master_gone_msecs == 0;
    entries[0] = (struct pollfd){.fd = is_watched ? sealer->fds->control : -1, .events = POLLIN};
    size_t notices = 1 + vt_server_poll(desk->clients, entries + 1);
    size_t admins = notices + vt_server_poll(desk->notices, entries + notices);
    size_t others = admins + vt_server_poll(desk->admins, entries + admins);
    size_t count = add_others(sealer, others);
    if (poll(entries, count, wait_msecs(sealer)) < 0)
        return; /* interrupted: the next turn */
    vt_server_polled(desk->clients, entries + 1);
    vt_server_polled(desk->notices, entries + notices);
    vt_server_polled(desk->admins, entries + admins);
    serve(sealer);
    count_state(sealer);
    desk->ending = desk->ending || vt_server_is_over(desk->clients);
    if (entries[0].revents != 0 || sealer->master_gone_msecs != 0)
        note_master(sealer);
}

static void end(struct sealer *sealer)
{
    struct vt_seal_desk *desk = &sealer->desk;
    vt_server_free(desk->clients);
    vt_server_free(desk->notices);
    vt_server_free(desk->admins);
    vt_desk_forget_trial(desk);
    vt_desk_forget_notes(desk);
    for (size_t i = 0; i < VT_SEAL_JOBS; i++)
        vt_desk_clear_job(&desk->jobs[i]);
    for (size_t i = 0; i < desk->hsms_count; i++)
        vt_hsm_clear(&desk->hsms[i]);
    vt_metrics_close(desk->metrics);
    vt_policy_free(sealer->policy);
    free(sealer);
}

int vt_sealer_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct sealer *sealer = calloc(1, sizeof(*sealer));
    if (sealer == NULL)
        return EX_OSERR;
    sealer->fds = fds;
    sealer->master = getppid();
    enum vt_code code = set_up(sealer, config, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the sealer cannot start: %s", err.text);
        status = code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
        goto done;
    }
    vt_role_ready(fds->control);
    while (!sealer->desk.ending)
        turn(sealer);
    status = EX_OK;
done:
    end(sealer);
    return status;
}
