/* SPDX-License-Identifier: Apache-2.0
 * The status role: CRL, OCSP and issuer certificates. Has fetch bring bytes, rebuilds the path
 * itself, verifies, keeps, publishes generations to the inspector. May: its folder. May not:
 * network, mail, keys. One loop serves all requests; none waits for another's slow host. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <openssl/rand.h>

#include "base/server.h"
#include "status/count.h"
#include "status/data.h"
#include "status/import.h"
#include "status/refresh.h"
#include "status/repeat.h"
#include "status/report.h"
#include "status/stamps.h"
#include "status/tell.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

#define MAX_CLIENTS 256
/* The answer must be there before the client's own deadline. */
#define MARGIN_MSECS 250
#define LEAST_BUDGET_MSECS 200
#define CLOCK_TOLD_MSECS 60000
/* The numbers of what is at hand are that old at most. */
#define COUNT_MSECS 1000
/* Of a turn for what was known before a restart. */
#define READ_MSECS 20
#define SETUP_ARENA_BYTES ((size_t)4 * 1024 * 1024)
/* Kept lists twice: a list that is verified stands beside the one it replaces. */
#define ADDRESS_SPACE_BYTES ((size_t)2 * 1024 * 1024 * 1024)
/* Descriptors under way count too: a generation, and answers with their lists. */
#define OPEN_FILES 4096

struct server {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_trust_store *trust;
    struct vt_status_desk desk;
    struct vt_breakers breakers;
    struct vt_repeats repeats;
    struct vt_teller teller;
    struct vt_stamp_desk *stamps;
    struct vt_server *clients;
    struct vt_status_request *requests[MAX_CLIENTS]; /* of the client of that number; NULL */
    struct vt_publisher publisher;
    struct vt_refresher *refresher;  /* NULL: nothing is refreshed */
    struct vt_status_folder *folder; /* NULL: all of it was read */
    int64_t clock_told_msecs;        /* when it was logged that the clock is behind */
    struct vt_metrics *metrics;
    int64_t counted_msecs; /* when the state was */
    bool ending;
};

/* ---- clients ---- */

/* The connection ends. */
static void forget(void *context, size_t client)
{
    struct server *server = context;
    vt_status_request_free(server->requests[client]);
    server->requests[client] = NULL;
    vt_stamps_forget(server->stamps, client);
}

static struct vt_moment moment(void)
{
    return (struct vt_moment){vt_clock_now_utc_secs(), vt_clock_monotonic_msecs()};
}

static void answer(struct server *server, size_t client)
{
    struct vt_known known;
    struct vt_err err = {0};
    int fds[1 + VT_MAX_ANSWER_LISTS];
    size_t count = 0;
    vt_status_request_answer(server->requests[client], moment(), &known);
    vt_status_request_count(server->requests[client], server->metrics);
    if (vt_known_seal(&known, VT_MAX_ANSWER_LISTS, fds, &count, &err) == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_STATUS_IS, (struct vt_bytes){0}, fds,
                        count);
    else
        vt_server_refuse(server->clients, client, &err);
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

/* vanthu status: told as it stands, and the connection is over. */
static enum vt_code report(struct server *server, size_t client, struct vt_err *err)
{
    char *text = NULL;
    int fd = -1;
    const struct vt_report_input input = {.desk = &server->desk,
                                          .breakers = &server->breakers,
                                          .hosts = &server->config->fetch_hosts,
                                          .publisher = &server->publisher,
                                          .stamps = server->stamps,
                                          .now = moment()};
    enum vt_code code = vt_report_write(&input, &text, err);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-report", vt_bytes_str(text), &fd, err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_STATUS_REPORTED, (struct vt_bytes){0}, &fd,
                        1);
    free(text);
    if (fd >= 0)
        (void)close(fd);
    return code;
}

static enum vt_code import(struct server *server, size_t client, struct vt_message *message,
                           struct vt_err *err)
{
    char *text = NULL;
    enum vt_code code =
        vt_status_import(server->desk.store, message, vt_clock_now_utc_secs(), &text, err);
    if (code == VT_OK)
        vt_server_reply(server->clients, client, VT_MSG_STATUS_IMPORTED, vt_bytes_str(text), NULL,
                        0);
    free(text);
    return code;
}

static enum vt_code give_objects(struct server *server, size_t client,
                                 const struct vt_message *message, struct vt_err *err)
{
    int fd = -1;
    enum vt_code code = vt_status_objects(server->desk.store, message,
                                          server->config->largest_object_bytes, &fd, err);
    if (code != VT_OK)
        return code;
    vt_server_reply(server->clients, client, VT_MSG_OBJECTS_ARE, (struct vt_bytes){0}, &fd, 1);
    (void)close(fd);
    return VT_OK;
}

static void give_stamp(void *context, size_t client, const char *json)
{
    struct server *server = context;
    vt_server_reply(server->clients, client, VT_MSG_STAMPED, vt_bytes_str(json), NULL, 0);
}

static enum vt_code take(void *context, size_t client, struct vt_message *message,
                         struct vt_err *err)
{
    struct server *server = context;
    switch (message->type) {
    case VT_MSG_STATUS_IMPORT:
        return import(server, client, message, err);
    case VT_MSG_STATUS_REPORT:
        return report(server, client, err);
    case VT_MSG_OBJECTS:
        return give_objects(server, client, message, err);
    case VT_MSG_STAMP:
        return vt_stamps_take(server->stamps, client, message, moment(), err);
    default:
        return vt_status_request_new(&server->desk, message, moment(), &server->requests[client],
                                     err);
    }
}

static void on_job_done(void *context, const struct vt_job_result *result)
{
    struct server *server = context;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (server->requests[i] != NULL)
            vt_status_request_note(server->requests[i], result);
    }
    if (server->refresher != NULL)
        vt_refresher_note(server->refresher, result, moment());
    vt_repeats_note(&server->repeats, result);
}

static void advance_all(struct server *server)
{
    struct vt_moment now = moment();
    for (size_t i = 0; i < MAX_CLIENTS; i++)
        if (server->requests[i] != NULL && vt_status_request_advance(server->requests[i], now))
            answer(server, i);
}

static void watch_clock(struct server *server)
{
    struct vt_moment now = moment();
    if (!vt_status_store_clock_is_behind(server->desk.store, now.utc_secs) ||
        (server->clock_told_msecs > 0 &&
         now.monotonic_msecs - server->clock_told_msecs < CLOCK_TOLD_MSECS))
        return;
    server->clock_told_msecs = now.monotonic_msecs;
    vt_log(VT_LOG_ERROR,
           "the clock of this machine is more than a day behind what CAs have issued: "
           "no certificate is called good");
}

/* ---- what was known before ---- */

/* No mail waits until all of it is read. */
static void read_folder(struct server *server)
{
    if (server->folder == NULL ||
        !vt_status_folder_go_on(server->folder, vt_clock_monotonic_msecs() + READ_MSECS))
        return;
    vt_status_folder_close(server->folder);
    server->folder = NULL;
}

/* ---- the loop ---- */

static int next_wake_msecs(const struct server *server)
{
    int64_t wake = vt_clock_monotonic_msecs() + VT_SERVER_REQUEST_MSECS;
    if (server->folder != NULL)
        return 0;
    for (size_t i = 0; i < MAX_CLIENTS; i++) {
        if (server->requests[i] == NULL)
            continue;
        int64_t at = vt_status_request_wake_msecs(server->requests[i], moment());
        wake = at < wake ? at : wake;
    }
    return vt_clock_left_msecs(vt_stamps_wake_msecs(server->stamps, wake));
}

static void count(struct server *server)
{
    struct vt_moment now = moment();
    if (now.monotonic_msecs - server->counted_msecs < COUNT_MSECS && server->counted_msecs != 0)
        return;
    server->counted_msecs = now.monotonic_msecs;
    vt_count_state(server->metrics, &server->desk, &server->breakers, &server->config->fetch_hosts,
                   now.utc_secs);
}

static void turn(struct server *server)
{
    struct pollfd fds[1 + 1 + MAX_CLIENTS + VT_MAX_JOBS + VT_MAX_STAMPS];
    fds[0] = (struct pollfd){.fd = server->fds->control, .events = POLLIN};
    size_t clients = 1 + vt_server_poll(server->clients, fds + 1);
    size_t jobs = vt_jobs_poll(server->desk.jobs, fds + clients);
    size_t stamps = vt_stamps_poll(server->stamps, fds + clients + jobs);
    if (poll(fds, clients + jobs + stamps, next_wake_msecs(server)) < 0)
        return; /* interrupted: the next turn */
    vt_jobs_serve(server->desk.jobs, fds + clients, jobs, moment());
    vt_stamps_serve(server->stamps, fds + clients + jobs, stamps, moment());
    vt_server_polled(server->clients, fds + 1);
    /* The master is gone, or wants us gone. */
    server->ending = fds[0].revents != 0 || vt_server_is_over(server->clients);
    advance_all(server);
    vt_repeats_turn(&server->repeats, &server->desk, moment());
    if (server->refresher != NULL)
        vt_refresher_turn(server->refresher, moment());
    watch_clock(server);
    read_folder(server);
    vt_publisher_turn(&server->publisher, vt_clock_now_utc_secs());
    count(server);
}

/* ---- setting up ---- */

static bool is_folder(const char *path)
{
    struct stat status;
    return path != NULL && stat(path, &status) == 0 && S_ISDIR(status.st_mode) &&
           access(path, R_OK | W_OK | X_OK) == 0;
}

static enum vt_code load_trust(const struct vt_config *config, struct server *server,
                               struct vt_err *err)
{
    struct vt_role_overrides overrides;
    struct vt_arena *arena = vt_arena_new(SETUP_ARENA_BYTES);
    enum vt_code code = arena == NULL ? vt_err_set(err, VT_E_NOMEM, "out of memory")
                                      : vt_role_load_trust(arena, config, server->fds->overrides,
                                                           &overrides, &server->trust, err);
    vt_arena_free(arena);
    return code;
}

static uint64_t seed(void)
{
    uint64_t value = (uint64_t)vt_clock_monotonic_msecs();
    (void)RAND_bytes((unsigned char *)&value, sizeof(value));
    return value;
}

/* A command line's own roles end with it: there nothing is asked for again. */
static enum vt_code set_up_recheck(struct server *server, const char *folder, struct vt_err *err)
{
    if (server->fds->overrides >= 0)
        return VT_OK;
    enum vt_code code = vt_recheck_new(seed(), &server->desk.recheck, err);
    server->teller.channel_fd = server->fds->record;
    if (code == VT_OK && server->fds->record >= 0)
        vt_recheck_set_teller(server->desk.recheck, vt_tell_registrar, &server->teller);
    if (code == VT_OK && folder != NULL)
        vt_recheck_keep_in(server->desk.recheck, folder, vt_clock_now_utc_secs());
    return code;
}

static enum vt_code set_up_jobs(const struct vt_config *config, struct server *server,
                                struct vt_err *err)
{
    const struct vt_jobs_setup setup = {.fetch_channel = server->fds->fetch,
                                        .store = server->desk.store,
                                        .trust = server->trust,
                                        .rewrites = &config->fetch_rewrites,
                                        .hosts = &config->fetch_hosts,
                                        .breakers = &server->breakers,
                                        .timeout_msecs = config->fetch_timeout_msecs,
                                        .metrics = server->metrics,
                                        .failure_msecs = config->host_down_msecs};
    vt_breakers_init(&server->breakers, config->host_down_msecs, seed());
    return vt_jobs_new(&setup, on_job_done, server, &server->desk.jobs, err);
}

static enum vt_code set_up_stamps(const struct vt_config *config, struct server *server,
                                  struct vt_err *err)
{
    const struct vt_stamps_setup setup = {.fetch_channel = server->fds->fetch,
                                          .config = config,
                                          .trust = server->trust,
                                          .breakers = &server->breakers,
                                          .metrics = server->metrics,
                                          .done = give_stamp,
                                          .context = server};
    return vt_stamps_new(&setup, &server->stamps, err);
}

/* Roles of a command line end with it: they fetch what their files need, and nothing ahead. */
static enum vt_code set_up_refresh(const struct vt_config *config, struct server *server,
                                   struct vt_err *err)
{
    const struct vt_refresh_setup setup = {.store = server->desk.store,
                                           .trust = server->trust,
                                           .jobs = server->desk.jobs,
                                           .rewrites = &config->fetch_rewrites};
    return server->fds->overrides >= 0
               ? VT_OK
               : vt_refresher_new(&setup, moment(), &server->refresher, err);
}

/* What is kept over a restart, verified again. */
static enum vt_code load_folder(const struct vt_config *config, const char *folder,
                                struct server *server, struct vt_err *err)
{
    if (folder != NULL) {
        struct vt_err why = {0};
        if (vt_status_folder_open(folder, server->desk.store, server->trust,
                                  vt_clock_now_utc_secs(), &server->folder, &why) != VT_OK)
            vt_log(VT_LOG_WARNING, "what was known before is not: %s", why.text);
        return vt_status_store_keep_in(server->desk.store, folder, err);
    }
    if (server->fds->overrides < 0 && config->state_directory != NULL)
        vt_log(VT_LOG_WARNING, "status keeps nothing over a restart: %s is no writable folder",
               config->state_directory);
    return VT_OK;
}

static enum vt_code set_up(const struct vt_config *config, struct server *server,
                           struct vt_err *err)
{
    /* The folder belongs to the service: a set of a command line keeps nothing. */
    bool keeps = server->fds->overrides < 0 && is_folder(config->state_directory);
    const char *folder = keeps ? config->state_directory : NULL;
    const struct vt_sandbox sandbox = {.name = "status",
                                       .writable_directory = folder,
                                       .address_space_bytes = ADDRESS_SPACE_BYTES,
                                       .open_files = OPEN_FILES};
    const struct vt_server_setup clients = {.channel = server->fds->status,
                                            .places_count = MAX_CLIENTS,
                                            .take = take,
                                            .forget = forget,
                                            .context = server};
    int64_t budget = config->status_msecs - MARGIN_MSECS;
    server->desk.budget_msecs = budget > LEAST_BUDGET_MSECS ? budget : LEAST_BUDGET_MSECS;
    enum vt_code code = load_trust(config, server, err);
    if (code == VT_OK)
        code = vt_metrics_open(server->fds->metrics, VT_ROLE_STATUS, server->fds->lane,
                               &config->fetch_hosts, &server->metrics, err);
    if (code == VT_OK)
        code = vt_sandbox_enter(&sandbox, err);
    if (code == VT_OK)
        code = vt_status_store_new(&server->desk.store, err);
    if (code == VT_OK)
        vt_status_store_set_trust(server->desk.store, server->trust);
    if (code == VT_OK)
        code = load_folder(config, folder, server, err);
    if (code == VT_OK)
        code = set_up_jobs(config, server, err);
    if (code == VT_OK)
        code = set_up_stamps(config, server, err);
    if (code == VT_OK)
        code = set_up_recheck(server, folder, err);
    if (code == VT_OK)
        code = set_up_refresh(config, server, err);
    if (code == VT_OK)
        code = vt_server_new(&clients, &server->clients, err);
    server->desk.trust = server->trust;
    server->publisher =
        (struct vt_publisher){.channel = server->fds->generation, .store = server->desk.store};
    return code;
}

int vt_status_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return EX_OSERR;
    server->config = config;
    server->fds = fds;
    enum vt_code code = set_up(config, server, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "status cannot start: %s", err.text);
        status = code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
        goto done;
    }
    count(server);
    vt_role_ready(fds->control);
    while (!server->ending)
        turn(server);
    status = EX_OK;
done:
    vt_server_free(server->clients);
    vt_repeats_clear(&server->repeats);
    if (server->desk.recheck != NULL)
        vt_recheck_save(server->desk.recheck);
    vt_recheck_free(server->desk.recheck);
    vt_refresher_free(server->refresher);
    vt_status_folder_close(server->folder);
    vt_jobs_free(server->desk.jobs);
    vt_stamps_free(server->stamps);
    vt_status_store_free(server->desk.store);
    vt_trust_store_free(server->trust);
    vt_metrics_close(server->metrics);
    free(server);
    return status;
}
