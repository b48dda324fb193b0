/* SPDX-License-Identifier: Apache-2.0
 * The role that speaks to the MTA. It may: accept on the milter socket it inherits, make threads,
 * memory files and files in the spool folder, ask the inspector, status and registrar roles. It may
 * not: use the network, read other files, start programs, hold keys. It parses no MIME. */
#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sysexits.h>

#include "gateway/callbacks.h"
#include "gateway/control.h"
#include "gateway/count.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

/* libmilter's callbacks after its end, as long as it gives them itself on an interrupt. */
#define LAST_CALLBACKS_MSECS 5000
/* A connection, a spool, two connections to other roles and their descriptors for each mail. */
#define OPEN_FILES 16384

static const struct vt_sandbox sandbox_without_folder = {
    .name = "gateway", .accept_sockets = true, .open_files = OPEN_FILES};

/* Everything this process is made of. */
struct parts {
    struct vt_gateway gateway;
    struct vt_listener listener;
    struct vt_control control;
    struct vt_policy *policy;
    struct vt_arena *arena;
};

/* libmilter's thread waits for HUP, TERM and INT by sigwait; no other thread takes a signal. */
static void block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
}

/* What the master has read and checked: a file that changed since has no effect. */
static enum vt_code load_policy(const struct vt_config *config, int policy_fd,
                                struct vt_policy **out, struct vt_err *err)
{
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = VT_E_INTERNAL;
    if (policy_fd < 0) {
        code = vt_policy_load(config->policy_file, out, &mistakes, err);
    } else {
        struct vt_bytes bundle;
        code = vt_memfd_map(policy_fd, VT_MAX_BUNDLE_BYTES, &bundle, err);
        if (code == VT_OK) {
            code = vt_policy_parse_bundle(bundle, config->policy_file, out, &mistakes, err);
            vt_memfd_unmap(bundle);
        }
    }
    vt_mistakes_log(&mistakes);
    vt_mistakes_clear(&mistakes);
    return code;
}

static enum vt_code make_tables(struct vt_gateway *gateway, struct vt_arena *arena,
                                struct vt_err *err)
{
    const struct vt_config *config = gateway->config;
    struct vt_err warning = {0};
    if (getrandom(gateway->hash_key, sizeof(gateway->hash_key), 0) !=
        (ssize_t)sizeof(gateway->hash_key))
        return vt_err_sys(err, "getrandom");
    enum vt_code code = vt_networks_parse(arena, &config->internal_networks, "networks.internal",
                                          &gateway->internal, err);
    if (code == VT_OK)
        code = vt_networks_parse(arena, &config->front_relays, "front-relays",
                                 &gateway->front_relays, err);
    if (code == VT_OK)
        code = vt_queue_init(&gateway->queue, config->parallel_inspections, err);
    if (code == VT_OK)
        code = vt_queue_init(&gateway->seal_queue, VT_SEAL_PLACES, err);
    if (code == VT_OK)
        code = vt_poison_init(&gateway->poison, config->poison_failures, config->poison_msecs);
    if (code == VT_OK && vt_reference_init(&gateway->reference, config->hostname,
                                           config->spool_directory, &warning) != VT_OK)
        vt_log(VT_LOG_WARNING, "references are unique for this process only: %s", warning.text);
    return code;
}

static enum vt_code open_brake(struct vt_gateway *gateway, int rules_fd, struct vt_err *err)
{
    enum vt_code code = vt_brake_open(&gateway->brake, gateway->config, rules_fd, err);
    if (code == VT_OK && gateway->brake.rules != NULL && gateway->brake.fd < 0)
        vt_log(VT_LOG_WARNING, "the refusal brake counts for this process only: %s", err->text);
    return code;
}

/* Before the sandbox closes, because libmilter calls listen(2) on what it is given. */
static enum vt_code register_filter(struct parts *parts, struct vt_err *err)
{
    char connection[32];
    snprintf(connection, sizeof(connection), "fd:%d", parts->listener.number);
    if (smfi_setconn(connection) != MI_SUCCESS ||
        smfi_register(vt_callbacks_describe(&parts->gateway)) != MI_SUCCESS ||
        smfi_opensocket(false) != MI_SUCCESS)
        return vt_err_set(err, VT_E_SYSTEM, "libmilter does not take the milter socket");
    return VT_OK;
}

static enum vt_code prepare(struct parts *parts, const struct vt_config *config,
                            const struct vt_role_fds *fds, struct vt_err *err)
{
    struct vt_gateway *gateway = &parts->gateway;
    gateway->config = config;
    gateway->api = &vt_milter_api_real;
    gateway->inspect = vt_inspection_run;
    gateway->inspect_fd = fds->inspect;
    gateway->status_fd = fds->status;
    gateway->record_fd = fds->record;
    gateway->seal_fd = fds->seal;
    gateway->seal_steps = &vt_seal_steps_real;
    vt_own_seals_init(&gateway->own_seals);
    vt_kept_data_init(&gateway->kept_data);
    gateway->look = vt_registrar_look;
    gateway->record = vt_registrar_record;
    vt_teller_init(&gateway->teller, fds->record);
    vt_held_init(&gateway->held);
    parts->arena = vt_arena_new(VT_MAX_CONFIG_BYTES);
    if (parts->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory");
    enum vt_code code = load_policy(config, fds->policy, &parts->policy, err);
    gateway->policy = parts->policy;
    if (code == VT_OK)
        code = make_tables(gateway, parts->arena, err);
    if (code == VT_OK)
        code = open_brake(gateway, fds->rules, err);
    if (code == VT_OK)
        code =
            vt_metrics_open(fds->metrics, VT_ROLE_GATEWAY, fds->lane, NULL, &gateway->metrics, err);
    if (code == VT_OK)
        vt_count_start(gateway->metrics, gateway, parts->policy);
    if (code == VT_OK)
        code = vt_listener_prepare(&parts->listener, &gateway->kick, fds->milter_socket,
                                   config->spool_directory, err);
    if (code == VT_OK)
        code = register_filter(parts, err);
    return code;
}

static enum vt_code close_sandbox(const struct vt_config *config, struct vt_err *err)
{
    struct vt_sandbox sandbox = sandbox_without_folder;
    sandbox.writable_directory = config->spool_directory;
    return vt_sandbox_enter(&sandbox, err);
}

static int serve(struct parts *parts, const struct vt_role_fds *fds)
{
    struct vt_err err = {0};
    parts->control = (struct vt_control){&parts->gateway, &parts->listener, fds->control};
    if (vt_listener_take_thread(&parts->listener, &err) != VT_OK ||
        vt_teller_start(&parts->gateway.teller, &err) != VT_OK ||
        vt_control_start(&parts->control, &err) != VT_OK) {
        vt_log(VT_LOG_ERROR, "%s", err.text);
        return EX_OSERR;
    }
    int result = smfi_main();
    int64_t until = vt_clock_monotonic_msecs() + LAST_CALLBACKS_MSECS;
    if (!vt_control_wait_idle(&parts->gateway, until))
        vt_log(VT_LOG_WARNING, "ending with %u mails unfinished; their senders try again",
               atomic_load(&parts->gateway.judging_count));
    vt_teller_flush(&parts->gateway.teller);
    return result == MI_SUCCESS ? EX_OK : EX_SOFTWARE;
}

int vt_gateway_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    block_signals();
    struct vt_err err = {0};
    /* Not released at the end: threads of libmilter may still look at it until the process is
     * gone. Reachable, so that a leak checker is content. */
    static struct parts parts;
    enum vt_code code = prepare(&parts, config, fds, &err);
    if (code == VT_OK)
        code = close_sandbox(config, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the gateway cannot start: %s", err.text);
        return code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
    }
    return serve(&parts, fds);
}
