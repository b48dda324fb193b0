/* SPDX-License-Identifier: Apache-2.0
 * The web role: metrics and health for monitors of this machine. May: accept on the socket it
 * inherits, read the metrics of all roles. May not: connect anywhere, files, mail, keys, the
 * register, write any metrics but its own. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sysexits.h>

#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "web/server.h"

/* The master sends them when it has started this process. */
#define METRICS_MSECS 5000
#define ADDRESS_SPACE_BYTES ((size_t)256 * 1024 * 1024)
#define OPEN_FILES (VT_WEB_MAX_CONNECTIONS + 64)

struct web {
    struct vt_metrics_reader *reader;
    struct vt_metrics *metrics;
    struct vt_web_site site;
    struct vt_web_server *server;
};

static enum vt_code set_up(struct web *web, const struct vt_config *config,
                           const struct vt_role_fds *fds, struct vt_err *err)
{
    static const struct vt_sandbox sandbox = {.name = "web",
                                              .accept_sockets = true,
                                              .address_space_bytes = ADDRESS_SPACE_BYTES,
                                              .open_files = OPEN_FILES};
    unsigned lane = 0;
    enum vt_code code = vt_metrics_receive(fds->control, vt_clock_monotonic_msecs() + METRICS_MSECS,
                                           &web->reader, &lane, err);
    if (code == VT_OK)
        code = vt_metrics_open(fds->metrics, VT_ROLE_WEB, fds->lane, NULL, &web->metrics, err);
    if (code == VT_OK)
        code = vt_sandbox_enter(&sandbox, err);
    web->site = (struct vt_web_site){
        .reader = web->reader, .view = {.config = config, .lane = lane}, .metrics = web->metrics};
    if (code == VT_OK)
        code = vt_web_server_new(fds->web_socket, &web->site, &web->server, err);
    return code;
}

/* Until the master is gone, or wants us gone. */
static void serve(struct vt_web_server *server, int control)
{
    struct pollfd entries[] = {{.fd = control, .events = POLLIN},
                               {.fd = vt_web_server_poll_fd(server), .events = POLLIN}};
    while (entries[0].revents == 0) {
        if (poll(entries, 2, vt_web_server_wait_msecs(server)) < 0 && errno != EINTR)
            return;
        vt_web_server_turn(server);
    }
}

int vt_web_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct web web = {0};
    if (set_up(&web, config, fds, &err) == VT_OK) {
        vt_role_ready(fds->control);
        serve(web.server, fds->control);
        status = EX_OK;
    } else {
        vt_log(VT_LOG_ERROR, "web cannot start: %s", err.text);
    }
    vt_web_server_free(web.server);
    vt_metrics_reader_free(web.reader);
    vt_metrics_close(web.metrics);
    return status;
}
