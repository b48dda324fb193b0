/* SPDX-License-Identifier: Apache-2.0
 * Which register a command reads: the one of this host, the central database of several gateways,
 * or one that is named. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/command.h"
#include "vanthu/central.h"

static bool is_connection(const char *text)
{
    return strstr(text, "://") != NULL || (text[0] != '/' && strchr(text, '=') != NULL);
}

static int open_central(const char *connection, struct vt_register **out)
{
    struct vt_err err = {0};
    enum vt_code code = vt_central_check(connection, &err);
    if (code == VT_OK)
        code = vt_central_open_read(connection, out, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

static int open_folder(const char *directory, struct vt_register **out)
{
    struct vt_err err = {0};
    enum vt_code code = vt_register_open_read(directory, out, &err);
    if (code == VT_OK)
        return EX_OK;
    int status = vt_command_fault(&err, code);
    if (code == VT_E_NOT_FOUND)
        fprintf(stderr, "vanthu: a register begins when vanthu-milter(8) starts; its folder is "
                        "register.directory of the configuration\n");
    return status;
}

int vt_command_open_register(const char *config_file, const struct vt_register_place *place,
                             struct vt_config **out_config, struct vt_register **out)
{
    static const struct vt_register_place here = {.is_central = false};
    place = place != NULL ? place : &here;
    int status = vt_command_load_config(config_file, out_config);
    if (status != EX_OK)
        return status;
    const struct vt_config *config = *out_config;
    if (place->is_central && place->name != NULL) {
        fprintf(stderr, "vanthu: either --central or --register\n");
        return EX_USAGE;
    }
    if (place->is_central && config->register_central == NULL) {
        fprintf(stderr, "vanthu: --central: there is no register.central in %s\n", config->file);
        return EX_CONFIG;
    }
    if (place->is_central)
        return open_central(config->register_central, out);
    if (place->name != NULL && is_connection(place->name))
        return open_central(place->name, out);
    return open_folder(place->name != NULL ? place->name : config->register_directory, out);
}
