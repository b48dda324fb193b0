/* SPDX-License-Identifier: Apache-2.0
 * The settings of vanthu.yaml(5) as one table; manual, sample and tests are compared with it. */
#ifndef VANTHU_BASE_CONFIG_TABLE_H
#define VANTHU_BASE_CONFIG_TABLE_H

#include "base/yaml.h"
#include "vanthu/config.h"

/* Where values go, and where relative paths begin. */
struct vt_config_reader {
    struct vt_yaml yaml;
    struct vt_config *config;
    const char *folder; /* of the file, "" for the working directory */
};

struct vt_setting {
    const char *key; /* "limits.total" */
    /* Put the value of node into the field; false when a mistake was added or memory is out
     * (then no_memory is set). */
    bool (*set)(struct vt_config_reader *reader, const struct vt_setting *setting,
                const struct vt_yaml_node *node, void *field);
    size_t offset;            /* of the field in struct vt_config */
    const char *default_text; /* YAML; NULL: none, or computed */
    int64_t min, max;         /* numbers, durations, sizes */
    bool (*is_valid)(const char *text);
    const char *expected; /* what is_valid accepts, for messages */
};

extern const struct vt_setting vt_settings[];
extern const size_t vt_settings_count;

/* ---- config_seal.c ---- */

/* Names under seal.keys and seal.appearances: small letters, digits, hyphens, dots. */
bool vt_check_seal_name(const char *text);
/* A path; a relative one begins in the folder of the file. False: a mistake was added. */
bool vt_config_read_path(struct vt_config_reader *reader, const struct vt_yaml_node *node,
                         const char **out);
/* The mapping of seal.keys; the fields are those of the configuration. */
bool vt_config_read_seal_keys(struct vt_config_reader *reader, const struct vt_setting *setting,
                              const struct vt_yaml_node *node, void *field);
/* The level of keys that say nothing. */
void vt_seal_levels_complete(struct vt_config *config);

/* ---- config_appearance.c ---- */

/* The mapping of seal.appearances; the fields are those of the configuration. */
bool vt_config_read_appearances(struct vt_config_reader *reader, const struct vt_setting *setting,
                                const struct vt_yaml_node *node, void *field);

/* ---- what a text may be (config_check.c) ---- */

bool vt_check_domain(const char *text);    /* labels of letters, digits and hyphens */
bool vt_check_host_port(const char *text); /* "host", "host:port", "[v6]:port" */
bool vt_check_network(const char *text);   /* an address, or CIDR without bits below the mask */
bool vt_check_socket(const char *text);    /* unix:/path, inet:PORT@HOST, inet6:PORT@HOST */
/* The same, of this machine only: unix:, a loopback address or localhost. */
bool vt_check_local_socket(const char *text);
/* True for inet:HOST:PORT; out is the same as inet:PORT@HOST. */
bool vt_check_socket_of_postfix(const char *text, char *out, size_t out_bytes);
bool vt_check_relay(const char *text);       /* smtp:// or smtps:// with a host, without a user */
bool vt_check_proxy(const char *text);       /* http://host:port */
bool vt_check_central(const char *text);     /* a connection to PostgreSQL without a password */
bool vt_check_user(const char *text);        /* a name or number other than root's */
bool vt_check_path(const char *text);        /* neither empty nor absurdly long */
bool vt_check_word(const char *text);        /* printable ASCII without spaces */
bool vt_check_ascii(const char *text);       /* printable ASCII that may stand in an SMTP answer */
bool vt_check_title(const char *text);       /* one line of text in any language */
bool vt_check_address(const char *text);     /* local@domain: dot-atoms, ASCII (RFC 5321 4.1.2) */
bool vt_check_mailbox(const char *text);     /* local@domain, or Name <local@domain> */
bool vt_check_clock(const char *text);       /* "00:00" to "23:59" */
bool vt_check_url(const char *text);         /* http:// or https://, without a user */
bool vt_check_oid(const char *text);         /* "1.2.3" */
bool vt_check_fingerprint(const char *text); /* 64 hexadecimal digits, colons and spaces between */

/* ---- time stamps (config_stamp.c) ---- */

/* sha256, sha384, sha512. */
bool vt_set_hash(struct vt_config_reader *reader, const struct vt_setting *setting,
                 const struct vt_yaml_node *node, void *field);
/* seal, refuse. */
bool vt_set_without_stamp(struct vt_config_reader *reader, const struct vt_setting *setting,
                          const struct vt_yaml_node *node, void *field);
/* What does not go together. NULL, or the key within seal and a text, in arena. */
const char *vt_stamp_mistake(const struct vt_config *config, struct vt_arena *arena,
                             const char **out_key);

/* ---- the relay of notices (config_relay.c) ---- */

/* none, opportunistic, required. */
bool vt_set_relay_tls(struct vt_config_reader *reader, const struct vt_setting *setting,
                      const struct vt_yaml_node *node, void *field);
/* notices.tls where it says nothing. */
void vt_relay_complete(struct vt_config_notices *notices);
/* What does not go together; of the five settings of the relay. NULL, or the key and a text. */
const char *vt_relay_mistake(const struct vt_config_notices *notices, const char **out_key);

#endif
