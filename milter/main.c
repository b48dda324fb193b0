/* SPDX-License-Identifier: Apache-2.0
 * vanthu-milter(8): options, then the master; or, exec'd by the master, one of its roles. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "master/master.h"
#include "vanthu/log.h"
#include "vanthu/role.h"

#ifndef VT_SYSCONFDIR
#define VT_SYSCONFDIR "/etc/vanthu"
#endif

static int usage(FILE *out, int status)
{
    fputs("usage: vanthu-milter [-f] [-c FILE]\n"
          "       vanthu-milter -t [-c FILE]\n"
          "       vanthu-milter --version\n"
          "  -c FILE  the configuration, " VT_SYSCONFDIR "/vanthu.yaml\n"
          "  -f       stay in the foreground, log to standard error\n"
          "  -t       check configuration and policy, and exit\n",
          out);
    return status;
}

int main(int argc, char **argv)
{
    int status = EX_SOFTWARE;
    if (vt_role_dispatch(argc, argv, &status))
        return status;
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("vanthu-milter %s\n", VT_VERSION);
        return EX_OK;
    }
    vt_log_open("vanthu/master", false, VT_LOG_INFO);
    struct vt_master_options options = {.config_file = VT_SYSCONFDIR "/vanthu.yaml"};
    bool check = false;
    int option = 0;
    while ((option = getopt(argc, argv, "c:fht")) != -1) {
        switch (option) {
        case 'c':
            options.config_file = optarg;
            break;
        case 'f':
            options.foreground = true;
            break;
        case 't':
            check = true;
            break;
        case 'h':
            return usage(stdout, EX_OK);
        default:
            return usage(stderr, EX_USAGE);
        }
    }
    if (optind != argc)
        return usage(stderr, EX_USAGE);
    return check ? vt_master_check(options.config_file) : vt_master_run(&options);
}
