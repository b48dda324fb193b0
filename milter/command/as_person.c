/* SPDX-License-Identifier: Apache-2.0
 * The rights of the person who became root by sudo(8): what they hand in is read, and what is made
 * of it written, with theirs. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"

/* SUDO_UID can only take rights away: a root who sets it to something else is root already. */
static bool became_root(const char **out_uid)
{
    *out_uid = getenv("SUDO_UID");
    return getuid() == 0 && *out_uid != NULL && strcmp(*out_uid, "0") != 0;
}

/* NULL: whoever it is, nothing is known of their rights. */
static const struct passwd *find_person(const char *text)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return NULL;
    errno = 0;
    unsigned long uid = strtoul(text, &end, 10);
    return errno == 0 && *end == '\0' && uid > 0 && uid < UINT_MAX ? getpwuid((uid_t)uid) : NULL;
}

bool vt_command_put_off_root(void)
{
    const char *uid = NULL;
    if (!became_root(&uid))
        return true;
    const struct passwd *person = find_person(uid);
    return person != NULL && initgroups(person->pw_name, person->pw_gid) == 0 &&
           setegid(person->pw_gid) == 0 && seteuid(person->pw_uid) == 0;
}

bool vt_command_be_root_again(void)
{
    const char *uid = NULL;
    return !became_root(&uid) || (seteuid(0) == 0 && setegid(0) == 0 && setgroups(0, NULL) == 0);
}
