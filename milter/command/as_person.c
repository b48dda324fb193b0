/* SPDX-License-Identifier: Apache-2.0
 * The rights of the person who became root by sudo(8): what they hand in is read, and what is made
 * of it written, with theirs. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "command/command.h"

/* SUDO_UID can only take rights away: a root who sets it to something else is root already. */
static const struct passwd *who_became_root(void)
{
    const char *text = getenv("SUDO_UID");
    char *end = NULL;
    if (getuid() != 0 || text == NULL || *text < '0' || *text > '9')
        return NULL;
    errno = 0;
    unsigned long uid = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && uid > 0 && uid < UINT_MAX ? getpwuid((uid_t)uid) : NULL;
}

bool vt_command_put_off_root(void)
{
    const struct passwd *person = who_became_root();
    return person == NULL || (initgroups(person->pw_name, person->pw_gid) == 0 &&
                              setegid(person->pw_gid) == 0 && seteuid(person->pw_uid) == 0);
}

bool vt_command_be_root_again(void)
{
    return who_became_root() == NULL ||
           (seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0);
}
