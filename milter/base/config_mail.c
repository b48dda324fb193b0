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

bool vt_address_is_ours(const char *address, const struct vt_config *config)
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
        if (!vt_address_is_ours(mail->recipients[i], config))
            return VT_OUTBOUND;
    }
    return mail->recipients_count > 0 ? VT_INTERNAL : VT_OUTBOUND;
}

/* A login that looks like an address is somebody's own; any other name is given out by our server,
 * for senders in our domains. */
static bool login_fits(const struct vt_mail *mail, const struct vt_config *config)
{
    const char *login = mail->authenticated;
    const char *domain = vt_address_domain(login);
    if (login == NULL || *login == '\0')
        return false;
    return domain == NULL ? vt_address_is_ours(mail->sender, config)
                          : strcasecmp(domain, vt_address_domain(mail->sender)) == 0;
}

enum vt_sender_proof vt_mail_sender_proof(const struct vt_mail *mail, bool is_internal_client,
                                          const struct vt_config *config)
{
    if (vt_address_domain(mail->sender) == NULL)
        return VT_PROOF_NONE;
    if (login_fits(mail, config))
        return VT_PROOF_LOGIN;
    bool is_direct = is_internal_client && mail->front_relay == NULL;
    return is_direct && vt_address_is_ours(mail->sender, config) ? VT_PROOF_NETWORK : VT_PROOF_NONE;
}

bool vt_mail_is_submission(const struct vt_mail *mail, const struct vt_config *config)
{
    return mail->authenticated != NULL || is_listed(mail->daemon_name, &config->outbound_daemons);
}
