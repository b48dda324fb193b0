/* SPDX-License-Identifier: Apache-2.0
 * What a person decides, recorded by the running registrar with their name. */
#include <pwd.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/command.h"
#include "vanthu/clock.h"
#include "vanthu/registrar.h"
#include "vanthu/role.h"

#define RECORD_MSECS 15000

void vt_command_person(char out[VT_PERSON_BYTES])
{
    const char *login = getenv("SUDO_USER");
    const struct passwd *user = getpwuid(getuid());
    if (login == NULL || *login == '\0' || getuid() != 0)
        login = user != NULL ? user->pw_name : "-";
    (void)vt_text_clean(out, VT_PERSON_BYTES, vt_bytes_str(login));
}

int vt_command_record(const char *control_socket, const struct vt_register_record *record)
{
    struct vt_err err = {0};
    struct vt_registrar registrar = {.channel_fd = -1,
                                     .connection_fd = -1,
                                     .deadline_msecs = vt_clock_monotonic_msecs() + RECORD_MSECS};
    enum vt_code code =
        vt_control_connect_registrar(control_socket, &registrar.connection_fd, &err);
    if (code == VT_OK)
        code = vt_registrar_record(&registrar, record, &err);
    if (registrar.connection_fd >= 0)
        (void)close(registrar.connection_fd);
    if (code == VT_OK)
        return EX_OK;
    int status = vt_command_fault(&err, code);
    return code == VT_E_NOT_FOUND || code == VT_E_PEER || code == VT_E_TIMEOUT ? EX_UNAVAILABLE
                                                                               : status;
}
