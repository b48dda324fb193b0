/* SPDX-License-Identifier: Apache-2.0
 * Setters of the table of settings: each puts the value of a node into the field of one kind of
 * setting, or adds a mistake and is false (struct vt_setting). */
#ifndef VANTHU_BASE_CONFIG_SET_H
#define VANTHU_BASE_CONFIG_SET_H

#include "base/config_table.h"

typedef bool vt_config_set(struct vt_config_reader *reader, const struct vt_setting *setting,
                           const struct vt_yaml_node *node, void *field);

vt_config_set vt_set_age;
vt_config_set vt_set_clock;
vt_config_set vt_set_day_times;
vt_config_set vt_set_domain;
vt_config_set vt_set_domains;
vt_config_set vt_set_duration;
vt_config_set vt_set_file_mode;
vt_config_set vt_set_fingerprints;
vt_config_set vt_set_flag;
vt_config_set vt_set_local_socket;
vt_config_set vt_set_log;
vt_config_set vt_set_mode;
vt_config_set vt_set_number;
vt_config_set vt_set_path;
vt_config_set vt_set_profile;
vt_config_set vt_set_remarks;
vt_config_set vt_set_rewrites;
vt_config_set vt_set_senders;
vt_config_set vt_set_size;
vt_config_set vt_set_socket;
vt_config_set vt_set_socket_path;
vt_config_set vt_set_spans;
vt_config_set vt_set_text;
vt_config_set vt_set_texts;
vt_config_set vt_set_until;

#endif
