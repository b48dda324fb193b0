/* SPDX-License-Identifier: Apache-2.0
 * The roles and the descriptors they are born with: plain tables. */
#include "role_table.h"

#include <stddef.h>
#include <string.h>

#include "roles.h"

static bool wants_web(const struct vt_config *config)
{
    return config->web_listen != NULL;
}

static bool has_central(const struct vt_config *config)
{
    return config->register_central != NULL;
}

static bool has_notices(const struct vt_config *config)
{
    return config->notices.is_enabled && config->mode != VT_MODE_OBSERVE;
}

static bool has_keys(const struct vt_config *config)
{
    return config->seal_keys_count > 0;
}

const struct vt_role_kind vt_role_kinds[VT_ROLES] = {
    [VT_ROLE_GATEWAY] = {"vanthu/gateway", "vt-gateway", vt_gateway_main, false, NULL},
    [VT_ROLE_INSPECTOR] = {"vanthu/inspector", "vt-inspector", vt_inspector_main, false, NULL},
    [VT_ROLE_STATUS] = {"vanthu/status", "vt-status", vt_status_main, true, NULL},
    [VT_ROLE_FETCH] = {"vanthu/fetch", "vt-fetch", vt_fetch_main, true, NULL},
    [VT_ROLE_REGISTRAR] = {"vanthu/registrar", "vt-registrar", vt_registrar_main, false, NULL},
    [VT_ROLE_WEB] = {"vanthu/web", "vt-web", vt_web_main, true, wants_web},
    [VT_ROLE_SHIPPER] = {"vanthu/shipper", "vt-shipper", vt_shipper_main, true, has_central},
    [VT_ROLE_POST] = {"vanthu/post", "vt-post", vt_post_main, true, has_notices},
    [VT_ROLE_SEALER] = {"vanthu/sealer", "vt-sealer", vt_sealer_main, false, has_keys},
};

bool vt_role_is_wanted(enum vt_role_id role, const struct vt_config *config)
{
    const struct vt_role_kind *kind = &vt_role_kinds[role];
    return kind->run != NULL && (kind->is_wanted == NULL || kind->is_wanted(config));
}

#define MASTER VT_ROLE_BIT(VT_ROLE_MASTER)
#define GATEWAY VT_ROLE_BIT(VT_ROLE_GATEWAY)
#define INSPECTOR VT_ROLE_BIT(VT_ROLE_INSPECTOR)
#define STATUS VT_ROLE_BIT(VT_ROLE_STATUS)
#define SEALER VT_ROLE_BIT(VT_ROLE_SEALER)
#define REGISTRAR VT_ROLE_BIT(VT_ROLE_REGISTRAR)
#define WEB VT_ROLE_BIT(VT_ROLE_WEB)
#define POST VT_ROLE_BIT(VT_ROLE_POST)
#define CHANNEL(option, field, server, clients)                                                    \
    {                                                                                              \
        option, offsetof(struct vt_role_fds, field), server, clients, 0                            \
    }
#define INHERITED(option, field, roles, plan_field)                                                \
    {                                                                                              \
        option, offsetof(struct vt_role_fds, field), VT_ROLE_MASTER, roles,                        \
            offsetof(struct vt_roles_plan, plan_field)                                             \
    }

const struct vt_role_fd_kind vt_role_fd_kinds[VT_FDS] = {
    /* One of its own for each process, made when that is started. */
    [VT_FD_CONTROL] = INHERITED("--fd-control=", control, 0, binary),
    [VT_FD_MILTER] = INHERITED("--fd-milter=", milter_socket, GATEWAY, milter_socket),
    [VT_FD_INSPECT] = CHANNEL("--fd-inspect=", inspect, VT_ROLE_INSPECTOR, GATEWAY | MASTER),
    [VT_FD_STATUS] = CHANNEL("--fd-status=", status, VT_ROLE_STATUS, GATEWAY | MASTER),
    [VT_FD_RECORD] = CHANNEL("--fd-record=", record, VT_ROLE_REGISTRAR,
                             GATEWAY | POST | SEALER | STATUS | MASTER),
    [VT_FD_FETCH] = CHANNEL("--fd-fetch=", fetch, VT_ROLE_FETCH, STATUS | MASTER),
    [VT_FD_GENERATION] = CHANNEL("--fd-generation=", generation, VT_ROLE_INSPECTOR, STATUS),
    [VT_FD_POLICY] = INHERITED("--fd-policy=", policy, GATEWAY | REGISTRAR | SEALER, policy_text),
    [VT_FD_NOTICES] = INHERITED("--fd-notices=", notices, REGISTRAR, notices_text),
    [VT_FD_RULES] = INHERITED("--fd-rules=", rules, GATEWAY, rules_text),
    [VT_FD_LOOKS] = INHERITED("--fd-looks=", looks, INSPECTOR, looks_file),
    /* That of the role. */
    [VT_FD_METRICS] = INHERITED("--fd-metrics=", metrics, 0, binary),
    [VT_FD_WEB] = INHERITED("--fd-web=", web_socket, WEB, web_socket),
    [VT_FD_OVERRIDES] = INHERITED("--fd-overrides=", overrides, INSPECTOR | STATUS, overrides),
    [VT_FD_SEAL] = CHANNEL("--fd-seal=", seal, VT_ROLE_SEALER, GATEWAY),
    /* Who speaks with a network has nothing signed but notices. */
    [VT_FD_SEAL_NOTICE] = CHANNEL("--fd-seal-notice=", seal_notice, VT_ROLE_SEALER, POST),
    /* What only an administrator may ask has a channel of its own. */
    [VT_FD_SEAL_ADMIN] = CHANNEL("--fd-seal-admin=", seal_admin, VT_ROLE_SEALER, MASTER),
};

void vt_role_fds_set(struct vt_role_fds *fds, enum vt_role_fd which, int fd)
{
    memcpy((char *)fds + vt_role_fd_kinds[which].offset, &fd, sizeof(fd));
}

int vt_role_fds_get(const struct vt_role_fds *fds, enum vt_role_fd which)
{
    int fd;
    memcpy(&fd, (const char *)fds + vt_role_fd_kinds[which].offset, sizeof(fd));
    return fd;
}

void vt_role_fds_init(struct vt_role_fds *fds)
{
    for (enum vt_role_fd i = VT_FD_CONTROL; i < VT_FDS; i++)
        vt_role_fds_set(fds, i, -1);
    fds->lane = 0;
}
