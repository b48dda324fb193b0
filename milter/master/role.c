/* SPDX-License-Identifier: Apache-2.0
 * The first thing both programs do: find out whether they were exec'd as a role, and if so read
 * the inherited configuration and become that role. */
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "role_table.h"
#include "vanthu/log.h"
#include "vanthu/wire.h"

struct birth {
    enum vt_role_id role;
    struct vt_role_fds fds;
    int config;
    const char *config_name;
    bool log_to_stderr;
    bool quiet;
};

static bool find_role(const char *name, enum vt_role_id *out)
{
    for (enum vt_role_id role = VT_ROLE_MASTER; role < VT_ROLES; role++)
        if (vt_role_kinds[role].run != NULL && strcmp(name, vt_role_name(role)) == 0) {
            *out = role;
            return true;
        }
    return false;
}

static bool take_fd(const char *argument, const char *prefix, int *out)
{
    size_t len = strlen(prefix);
    if (strncmp(argument, prefix, len) != 0)
        return false;
    char *end = NULL;
    long number = strtol(argument + len, &end, 10);
    if (end == argument + len || *end != '\0' || number < 3 || number > 1000)
        return false;
    *out = (int)number;
    return true;
}

static bool take_fds(struct birth *birth, const char *argument)
{
    if (take_fd(argument, "--fd-config=", &birth->config))
        return true;
    for (enum vt_role_fd i = VT_FD_CONTROL; i < VT_FDS; i++) {
        int fd = -1;
        if (take_fd(argument, vt_role_fd_kinds[i].option, &fd)) {
            vt_role_fds_set(&birth->fds, i, fd);
            return true;
        }
    }
    return false;
}

static bool take_lane(struct birth *birth, const char *argument)
{
    const char *digit = argument + strlen("--lane=");
    if (strncmp(argument, "--lane=", strlen("--lane=")) != 0 || *digit < '0' || *digit > '9' ||
        digit[1] != '\0')
        return false;
    birth->fds.lane = (unsigned)(*digit - '0');
    return true;
}

static bool read_arguments(int argc, char **argv, struct birth *birth)
{
    vt_role_fds_init(&birth->fds);
    birth->config = -1;
    if (!find_role(argv[1] + strlen("--role="), &birth->role))
        return false;
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--log-stderr") == 0)
            birth->log_to_stderr = true;
        else if (strcmp(argv[i], "--quiet") == 0)
            birth->quiet = true;
        else if (strcmp(argv[i], "--config-name") == 0 && i + 1 < argc)
            birth->config_name = argv[++i];
        else if (!take_lane(birth, argv[i]) && !take_fds(birth, argv[i]))
            return false;
    }
    return birth->fds.control >= 0;
}

/* The text was checked before it was handed over. */
static enum vt_code read_config(const struct birth *birth, struct vt_config **out,
                                struct vt_err *err)
{
    if (birth->config < 0)
        return vt_config_default(out, err);
    struct vt_bytes text;
    struct vt_mistakes mistakes;
    enum vt_code code = vt_memfd_map(birth->config, VT_MAX_CONFIG_BYTES, &text, err);
    if (code != VT_OK)
        return code;
    vt_mistakes_init(&mistakes);
    code = vt_config_parse(text, birth->config_name == NULL ? "" : birth->config_name, out,
                           &mistakes, err);
    vt_mistakes_clear(&mistakes);
    vt_memfd_unmap(text);
    (void)close(birth->config);
    return code;
}

static void close_to_others(const struct birth *birth)
{
    (void)prctl(PR_SET_NAME, vt_role_kinds[birth->role].process_name, 0, 0, 0);
    if (vt_role_kinds[birth->role].dies_with_parent)
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
#ifndef VT_SANITIZE
    /* No tracer and no core: mail is in this memory. LeakSanitizer is a tracer. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)umask(077);
}

static int live(const struct birth *birth)
{
    struct vt_config *config = NULL;
    struct vt_err err = {0};
    close_to_others(birth);
    /* From /dev/urandom, which the sandboxes close; jansson would take the clock there. */
    json_object_seed(0);
    vt_log_open(vt_role_kinds[birth->role].log_name, false, VT_LOG_INFO);
    enum vt_code code = read_config(birth, &config, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "cannot read the inherited configuration: %s", err.text);
        return code == VT_E_CONFIG ? EX_CONFIG : EX_SOFTWARE;
    }
    vt_log_open(vt_role_kinds[birth->role].log_name, config->log_to_syslog && !birth->log_to_stderr,
                birth->quiet ? VT_LOG_WARNING : VT_LOG_INFO);
    int status = vt_role_kinds[birth->role].run(config, &birth->fds);
    vt_config_free(config);
    return status;
}

bool vt_role_dispatch(int argc, char **argv, int *out_status)
{
    if (argc < 2 || strncmp(argv[1], "--role=", strlen("--role=")) != 0)
        return false;
    struct birth birth = {0};
    if (read_arguments(argc, argv, &birth)) {
        *out_status = live(&birth);
    } else {
        fprintf(stderr, "--role is for the processes that vanthu-milter starts itself\n");
        *out_status = EX_USAGE;
    }
    return true;
}

void vt_role_ready(int control)
{
    if (control < 0)
        return;
    struct vt_err err = {0};
    enum vt_code code =
        vt_wire_send(control, VT_MSG_READY, (struct vt_bytes){NULL, 0}, NULL, 0, 0, &err);
    /* A master that has gone is no news: the role will end for that. */
    if (code != VT_OK && code != VT_E_PEER)
        vt_log(VT_LOG_WARNING, "cannot tell the master that this role is ready: %s", err.text);
}
