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

static bool is_ours(const char *address, const struct vt_config *config)
{
    const char *domain = vt_address_domain(address);
    for (size_t i = 0; i < config->our_domains.count; i++) {
        if (vt_domain_is_under(domain, config->our_domains.items[i]))
            return true;
    }
    return false;
}

enum vt_direction vt_mail_direction(const struct vt_mail *mail, bool is_internal_client,
                                    const struct vt_config *config)
{
    if (!is_internal_client && !vt_mail_is_submission(mail, config))
        return VT_INBOUND;
    for (size_t i = 0; i < mail->recipients_count; i++) {
        if (!is_ours(mail->recipients[i], config))
            return VT_OUTBOUND;
    }
    return mail->recipients_count > 0 ? VT_INTERNAL : VT_OUTBOUND;
}

bool vt_mail_is_submission(const struct vt_mail *mail, const struct vt_config *config)
{
    return mail->authenticated != NULL || is_listed(mail->daemon_name, &config->outbound_daemons);
}
