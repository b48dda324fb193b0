/* SPDX-License-Identifier: Apache-2.0
 * The state of a key as JSON, for vanthu seal check and vanthu status. No secret is in it. */
#include <stdio.h>
#include <string.h>

#include "base/rest_uri.h"
#include "seal/desk.h"
#include "vanthu/clock.h"

/* The hosts of a service, as its URI names them. Returns out, "" for a module. */
static const char *list_hosts(const struct vt_seal_key *key, char *out, size_t out_bytes)
{
    struct vt_rest_uri uri;
    size_t used = 0;
    out[0] = '\0';
    if (vt_rest_uri_parse(key->uri, &uri, NULL) != VT_OK)
        return out;
    for (size_t i = 0; i < uri.hosts_count && used < out_bytes; i++)
        used +=
            (size_t)snprintf(out + used, out_bytes - used, "%s%s", i > 0 ? ", " : "", uri.hosts[i]);
    return out;
}

static json_t *describe_token(const struct vt_seal_token *token)
{
    if (token->label[0] == '\0')
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "label", token->label, "manufacturer",
                     token->manufacturer, "model", token->model, "serial", token->serial,
                     "software", (int)token->is_software, "exportable", (int)token->is_exportable,
                     "wrong_pins", (int)token->had_wrong_pins);
}

static json_t *describe_certificate(const struct vt_hsm *hsm)
{
    const struct vt_own_certificate *own = &hsm->own;
    if (own->certificate.len == 0)
        return json_pack("{s:s}", "text", hsm->text_of_certificate);
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:b}", "subject", own->subject, "sha256",
                     own->sha256, "key_sha256", own->key_sha256, "not_before",
                     (json_int_t)own->not_before_utc_secs, "not_after",
                     (json_int_t)own->not_after_utc_secs, "other_key", (int)hsm->is_other_key);
}

/* Of each purpose that the key is for: by which permission, or why not. */
static json_t *describe_purposes(const struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < VT_SEAL_PURPOSES; i++) {
        char permission[VT_SEAL_PERMISSION_BYTES] = "";
        struct vt_err err = {.text = ""};
        if ((hsm->key->purposes & (1u << i)) == 0 || hsm->own.certificate.len == 0)
            continue;
        bool is_good = vt_seal_authorise(desk->site, hsm->key, &hsm->own, (enum vt_seal_purpose)i,
                                         vt_clock_now_utc_secs(), permission, &err) == VT_OK;
        (void)json_array_append_new(list, json_pack("{s:s, s:b, s:s}", "purpose",
                                                    vt_seal_purpose_name((enum vt_seal_purpose)i),
                                                    "authorised", (int)is_good, "text",
                                                    is_good ? permission : err.text));
    }
    return list;
}

static const char *pin_file_of(const struct vt_hsm *hsm)
{
    return hsm->key->pin_file != NULL ? hsm->key->pin_file : hsm->key->secret_file;
}

int64_t vt_desk_pin_since(const struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    return pin_file_of(hsm) == NULL ? VT_TIME_NONE
                                    : vt_login_since(desk->config->seal_directory, hsm->key);
}

static json_t *describe_pin(const struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    const char *file = pin_file_of(hsm);
    int64_t since = vt_desk_pin_since(desk, hsm);
    if (since == VT_TIME_NONE)
        return json_null();
    return json_pack("{s:s, s:I, s:b}", "file", file, "since", (json_int_t)since, "old",
                     (int)(vt_clock_now_utc_secs() - since >= VT_SEAL_OLD_PIN_SECS));
}

json_t *vt_desk_describe(const struct vt_seal_desk *desk, const struct vt_hsm *hsm)
{
    char hosts[VT_MAX_REST_HOSTS * (VT_MAX_REST_HOST_BYTES + 2)];
    const char *service = list_hosts(hsm->key, hosts, sizeof(hosts));
    return json_pack(
        "{s:s, s:s*, s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:{s:I, s:s}, s:i, s:I, s:I}",
        "key", hsm->key->name, "service", service[0] != '\0' ? service : NULL, "agency",
        hsm->key->agency, "identity", hsm->key->is_service ? "service" : "agency", "state",
        vt_hsm_state_name(hsm->state), "text", hsm->text, "since", (json_int_t)hsm->since_utc_secs,
        "token", describe_token(&hsm->token), "certificate", describe_certificate(hsm), "purposes",
        describe_purposes(desk, hsm), "pin", describe_pin(desk, hsm), "canary", "good",
        (json_int_t)hsm->canary.good_utc_secs, "text", hsm->canary.text, "losses", (int)hsm->losses,
        "recovery_msecs", (json_int_t)hsm->recovery_msecs, "per_hour",
        (json_int_t)hsm->key->per_hour);
}
