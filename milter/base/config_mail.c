/* SPDX-License-Identifier: Apache-2.0
 * What the configuration says of one mail. */
#include <strings.h>

#include "vanthu/config.h"

static bool is_listed(const char *name, const struct vt_strings *names)
{
    for (size_t i = 0; name != NULL && i < names->count; i++) {
        if (strcasecmp(name, names->items[i]) == 0)
            return true;
    }
    return false;
}

bool vt_mail_is_submission(const struct vt_mail *mail, const struct vt_config *config)
{
    return mail->authenticated != NULL || is_listed(mail->daemon_name, &config->outbound_daemons);
}
