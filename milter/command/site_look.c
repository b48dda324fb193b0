/* SPDX-License-Identifier: Apache-2.0
 * vanthu site check and show: what a table of agencies has, and one agency of it. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "command/site.h"
#include "vanthu/clock.h"

/* ---- check ---- */

struct numbers {
    size_t agencies, confirmed, without_mail, kinds[VT_KINDS], expired;
};

/* The texts of the tree are counted: the table itself does not tell which ways it was written in.
 */
static void count_agency(const struct vt_yaml_node *agency, struct numbers *out)
{
    const struct vt_yaml_node *confirmed = vt_site_get(agency, "confirmed");
    const struct vt_yaml_node *certificates = vt_site_get(agency, "certificates");
    out->agencies++;
    out->confirmed += confirmed != NULL && strcmp(confirmed->text, "true") == 0;
    out->without_mail +=
        vt_site_get(agency, "domains") == NULL && vt_site_get(agency, "mailboxes") == NULL;
    for (size_t i = 0; certificates != NULL && i < certificates->count; i++) {
        const struct vt_yaml_node *kind = vt_site_get(certificates->entries[i].value, "kind");
        out->kinds[kind == NULL ? VT_KIND_UNKNOWN : vt_site_kind_of_word(kind->text)]++;
    }
}

static void print_numbers(const struct vt_site_desk *desk, const struct numbers *n)
{
    if (desk->json) {
        json_t *object = json_pack(
            "{s:s, s:b, s:I, s:I, s:I, s:{s:I, s:I, s:I}, s:I, s:b}", "file", desk->table_file,
            "ok", 1, "agencies", (json_int_t)n->agencies, "confirmed", (json_int_t)n->confirmed,
            "without_mail", (json_int_t)n->without_mail, "certificates", "agency",
            (json_int_t)n->kinds[VT_KIND_AGENCY], "person", (json_int_t)n->kinds[VT_KIND_PERSON],
            "device", (json_int_t)n->kinds[VT_KIND_DEVICE], "expired_authorisations",
            (json_int_t)n->expired, "named_by_policy", (int)desk->is_named);
        (void)json_dumpf(object, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(object);
        return;
    }
    bool vi = desk->language == VT_LANGUAGE_VIETNAMESE;
    printf(vi ? "%s: hợp lệ. %zu cơ quan, %zu đã xác nhận; chứng thư: %zu của cơ quan, %zu của cá "
                "nhân, %zu của thiết bị\n"
              : "%s: in order. %zu agencies, %zu confirmed; certificates: %zu of agencies, %zu of "
                "persons, %zu of devices\n",
           desk->table_file, n->agencies, n->confirmed, n->kinds[VT_KIND_AGENCY],
           n->kinds[VT_KIND_PERSON], n->kinds[VT_KIND_DEVICE]);
    if (n->agencies > 0 && n->confirmed == 0)
        printf(
            vi ? "Chưa cơ quan nào được xác nhận → chưa xét \"thiếu chữ ký cơ quan\" (không phải "
                 "lỗi).\n"
               : "No agency is confirmed: that a signature is missing is told of none of them.\n");
    if (n->without_mail > 0)
        printf(vi ? "%zu cơ quan chưa có miền thư và hộp thư.\n"
                  : "%zu agencies have neither mail domain nor mailbox.\n",
               n->without_mail);
    if (n->expired > 0)
        printf(vi ? "%zu văn bản cho phép ký số tự động đã hết hạn.\n"
                  : "%zu authorisations to seal have ended.\n",
               n->expired);
    vt_site_tell_unused(desk);
}

int vt_site_check(struct vt_site_desk *desk)
{
    struct vt_site *site = NULL;
    struct vt_bytes text = {0};
    struct numbers numbers = {0};
    if (desk->arguments[0] != NULL && desk->arguments[1] == NULL)
        desk->table_file = desk->arguments[0];
    int status = vt_site_load(desk, false, &site, &text);
    if (status != EX_OK)
        return status;
    const struct vt_yaml_node *root = vt_site_tree(desk, text);
    const struct vt_yaml_node *agencies = root == NULL ? NULL : vt_site_get(root, "agencies");
    for (size_t i = 0; agencies != NULL && i < agencies->count; i++)
        count_agency(agencies->entries[i].value, &numbers);
    for (size_t i = 0; i < vt_site_authorisations_count(site); i++)
        numbers.expired +=
            vt_site_authorisation_at(site, i)->until_utc_secs <= vt_clock_now_utc_secs();
    vt_site_free(site);
    print_numbers(desk, &numbers);
    return EX_OK;
}

/* ---- show ---- */

static json_t *json_of(const struct vt_yaml_node *node)
{
    if (node->kind == VT_YAML_SCALAR)
        return strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0
                   ? json_boolean(node->text[0] == 't')
                   : json_string(node->text);
    json_t *out = node->kind == VT_YAML_SEQUENCE ? json_array() : json_object();
    for (size_t i = 0; i < node->count; i++) {
        if (node->kind == VT_YAML_SEQUENCE)
            (void)json_array_append_new(out, json_of(node->entries[i].value));
        else
            (void)json_object_set_new(out, node->entries[i].key->text,
                                      json_of(node->entries[i].value));
    }
    return out;
}

static int print_agency(const struct vt_site_desk *desk, const struct vt_yaml_node *agency)
{
    struct vt_buf out;
    vt_buf_init(&out, VT_MAX_SITE_BYTES);
    if (desk->json) {
        json_t *object = json_of(agency);
        (void)json_dumpf(object, stdout, JSON_COMPACT);
        (void)fputc('\n', stdout);
        json_decref(object);
        return EX_OK;
    }
    enum vt_code code = vt_site_write_yaml(agency, &out);
    if (code == VT_OK)
        (void)fwrite(out.ptr, 1, out.len, stdout);
    vt_buf_clear(&out);
    return code == VT_OK ? EX_OK : vt_command_fault(&(struct vt_err){0}, code);
}

/* The agency of an id, an address, or a fingerprint of certificate or key. *out_holder: of a
 * fingerprint. */
static const char *id_of(const struct vt_site *site, const char *text,
                         struct vt_site_holder *out_holder)
{
    struct vt_certificate_facts facts = {0};
    const struct vt_site_agency *agency = vt_site_agency(site, text);
    if (agency == NULL && strchr(text, '@') != NULL)
        agency = vt_site_agency_of_address(site, text);
    if (agency != NULL)
        return agency->id;
    if (!vt_site_bare(text, facts.sha256))
        return NULL;
    memcpy(facts.key_sha256, facts.sha256, sizeof(facts.key_sha256));
    return vt_site_holder(site, &facts, NULL, out_holder) ? out_holder->agency->id : NULL;
}

int vt_site_show(struct vt_site_desk *desk)
{
    enum { NOTHING_FOUND = 1 };
    struct vt_site *site = NULL;
    struct vt_bytes text = {0};
    struct vt_site_holder holder = {0};
    if (desk->arguments[0] == NULL || desk->arguments[1] != NULL) {
        fprintf(stderr, "%s: which agency, address or fingerprint?\n", desk->name);
        return EX_USAGE;
    }
    int status = vt_site_load(desk, false, &site, &text);
    if (status != EX_OK)
        return status;
    const struct vt_yaml_node *root = vt_site_tree(desk, text);
    const char *id = id_of(site, desk->arguments[0], &holder);
    const struct vt_yaml_node *agency =
        root == NULL ? NULL : vt_site_find_agency(vt_site_get(root, "agencies"), id);
    if (agency == NULL) {
        fprintf(stderr,
                desk->language == VT_LANGUAGE_VIETNAMESE ? "%s: trong bảng không có \"%s\"\n"
                                                         : "%s: the table has no \"%s\"\n",
                desk->name, desk->arguments[0]);
        status = NOTHING_FOUND;
    } else {
        if (holder.kind != VT_KIND_UNKNOWN && !desk->json)
            printf("# %s: %s\n", desk->arguments[0], vt_site_kind_word(desk, holder.kind));
        status = print_agency(desk, agency);
    }
    vt_site_free(site);
    return status;
}
