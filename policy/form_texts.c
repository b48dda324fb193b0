/* SPDX-License-Identifier: Apache-2.0
 * Values that are texts, written in the rule or in a list: addresses, domains, names, logins,
 * fingerprints. A condition keeps them folded in a hash table. */
#include <stdio.h>
#include <string.h>

#include "base/config_table.h"
#include "rule.h"

/* ---- reading ---- */

static bool add_text(struct vt_reading *reading, const struct vt_yaml_node *node,
                     const struct vt_form *form, struct vt_set *set)
{
    char folded[VT_MAX_SET_TEXT_BYTES];
    const char *text = NULL;
    if (!vt_yaml_text(reading->yaml, node, &text))
        return false;
    if (!form->is_valid(text)) {
        size_t skip = strspn(text, "*.@=");
        if (form == &vt_form_domains && skip > 0 && vt_check_domain(text + skip))
            return vt_yaml_mistake(reading->yaml, node,
                                   "write \"%s\": it means the domain and everything below; "
                                   "\"=%s\" is the domain alone",
                                   text + skip, text + skip);
        if (vt_check_domain(text) && strchr(text, '.') != NULL &&
            (form == &vt_form_addresses || form == &vt_form_recipients))
            return vt_yaml_mistake(reading->yaml, node,
                                   "\"%s\" is a domain: the test of the same name with \"-domain\" "
                                   "takes it",
                                   text);
        return vt_wrong_value(reading, node, form->what);
    }
    if (!vt_set_fold(folded, text))
        return vt_yaml_mistake(reading->yaml, node, "the text is longer than %d bytes",
                               VT_MAX_SET_TEXT_BYTES);
    if (form == &vt_form_fingerprints)
        vt_set_strip_fingerprint(folded);
    if (vt_set_has(set, folded))
        return vt_yaml_mistake(reading->yaml, node, "\"%s\" stands here twice", text);
    const char *kept = vt_arena_str(reading->yaml->arena, folded);
    if (kept == NULL)
        return vt_no_memory(reading, node);
    vt_set_add(set, kept);
    return true;
}

static bool add_list(struct vt_reading *reading, const struct vt_yaml_node *node,
                     struct vt_condition *out)
{
    struct vt_list *list = vt_list_named(reading, node, out->test->form);
    if (list == NULL)
        return false;
    struct vt_list **grown =
        vt_arena_grow(reading->yaml->arena, out->lists, out->lists_count, sizeof(*grown));
    if (grown == NULL)
        return vt_no_memory(reading, node);
    out->lists = grown;
    out->lists[out->lists_count++] = list;
    return true;
}

static bool parse_texts(struct vt_reading *reading, const struct vt_yaml_node *node,
                        struct vt_condition *out)
{
    struct vt_arena *arena = reading->yaml->arena;
    size_t count = vt_yaml_values_count(node);
    if (node->kind == VT_YAML_SEQUENCE && count == 0)
        return vt_yaml_is_list(reading->yaml, node, out->test->form->what);
    out->own = vt_arena_alloc(arena, sizeof(*out->own));
    out->needs = vt_needs_of(arena, node);
    if (out->own == NULL || out->needs == NULL || vt_set_init(out->own, arena, count) != VT_OK)
        return vt_no_memory(reading, node);
    bool is_good = true;
    for (size_t i = 0; i < count; i++) {
        const struct vt_yaml_node *value = vt_yaml_value_at(node, i);
        bool is_list = value->kind == VT_YAML_MAPPING;
        is_good = (is_list ? add_list(reading, value, out)
                           : add_text(reading, value, out->test->form, out->own)) &&
                  is_good;
    }
    return is_good;
}

/* ---- matching ---- */

static bool is_in(const struct vt_condition *condition, const char *text)
{
    const struct vt_form *form = condition->test->form;
    if (form->is_in(condition->own, text))
        return true;
    for (size_t i = 0; i < condition->lists_count; i++) {
        if (form->is_in(&condition->lists[i]->set, text))
            return true;
    }
    return false;
}

/* All texts must be among the values, or any one; of no texts nothing is known. */
static enum vt_truth match_texts(const struct vt_condition *condition, const struct vt_scope *scope,
                                 vt_reasons *matched)
{
    const struct vt_test *test = condition->test;
    size_t count = test->texts_count == NULL ? 1 : test->texts_count(scope);
    enum vt_truth so_far = count == 0 ? VT_UNKNOWN : test->is_any ? VT_NO : VT_YES;
    (void)matched;
    for (size_t i = 0; i < count; i++) {
        const char *text = test->text(scope, i);
        bool is_unknown = text == NULL;
        bool found = !is_unknown && is_in(condition, text);
        if (!is_unknown && found == test->is_any)
            return found ? VT_YES : VT_NO;
        if (is_unknown)
            so_far = VT_UNKNOWN;
    }
    return so_far;
}

static void describe_texts(const struct vt_condition *condition, const struct vt_scope *scope,
                           char *out, size_t out_bytes)
{
    const struct vt_test *test = condition->test;
    size_t count = test->texts_count == NULL ? 1 : test->texts_count(scope);
    const char *text = count == 0 ? NULL : test->text(scope, 0);
    if (text == NULL)
        (void)snprintf(out, out_bytes, "%s", "");
    else if (count > 1)
        (void)snprintf(out, out_bytes, "\"%s\" and %zu more", text, count - 1);
    else
        (void)snprintf(out, out_bytes, "\"%s\"", text);
}

/* ---- what a value may be ---- */

static bool is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    return at != NULL && at != text && vt_check_domain(at + 1);
}

static bool is_sender(const char *text)
{
    return text[0] == '\0' || strcmp(text, "<>") == 0 || is_address(text);
}

static bool is_domain(const char *text)
{
    return vt_check_domain(text[0] == '=' ? text + 1 : text);
}

/* As Postfix writes them, access(5). */
static bool is_domain_entry(const char *text)
{
    return is_domain(text) || (text[0] == '.' && vt_check_domain(text + 1));
}

static bool is_address_entry(const char *text)
{
    size_t len = strlen(text);
    return is_sender(text) || is_domain_entry(text) || (len > 1 && text[len - 1] == '@');
}

static bool is_name(const char *text)
{
    return text[0] != '\0' && strlen(text) <= VT_MAX_NAME_BYTES;
}

static bool is_file_name(const char *text)
{
    return is_name(text) && strchr(text, '/') == NULL;
}

#define TEXTS                                                                                      \
    .parse = parse_texts, .match = match_texts, .describe = describe_texts, .has_many = true

const struct vt_form vt_form_addresses = {
    TEXTS,
    .name = "sender",
    .what = "an address such as vanthu@soxd.ninhbinh.gov.vn, or \"\"",
    .pattern = "^([^@]+@[A-Za-z0-9.-]+|<>)?$",
    .is_valid = is_sender,
    .is_entry = is_address_entry,
    .is_in = vt_set_has_address};
const struct vt_form vt_form_recipients = {TEXTS,
                                           .name = "address",
                                           .what = "an address such as vanthu@soxd.ninhbinh.gov.vn",
                                           .pattern = "^[^@]+@[A-Za-z0-9.-]+$",
                                           .is_valid = is_address,
                                           .is_entry = is_address_entry,
                                           .is_in = vt_set_has_address};
const struct vt_form vt_form_names = {
    TEXTS,
    .name = "name",
    .what = "a name, in which * stands for any characters and ? for one",
    .pattern = "^.{1,255}$",
    .is_valid = is_name,
    .is_in = vt_set_has_name};
const struct vt_form vt_form_agencies = {TEXTS,
                                         .name = "agency",
                                         .what = "the identifier of an agency such as soxd",
                                         .pattern = "^[!-~]{1,255}$",
                                         .is_valid = vt_check_word,
                                         .is_in = vt_set_has_text};
const struct vt_form vt_form_file_names = {TEXTS,
                                           .name = "file-name",
                                           .what = "a file name such as *.signed.pdf",
                                           .pattern = "^[^/]{1,255}$",
                                           .is_valid = is_file_name,
                                           .is_in = vt_set_has_name};
const struct vt_form vt_form_exact = {TEXTS,
                                      .name = "text",
                                      .what = "a word without spaces",
                                      .pattern = "^[!-~]{1,255}$",
                                      .is_valid = vt_check_word,
                                      .is_in = vt_set_has_text};
const struct vt_form vt_form_fingerprints = {TEXTS,
                                             .name = "fingerprint",
                                             .what = "a SHA-256 of 64 hexadecimal digits",
                                             .pattern = "^([0-9A-Fa-f]{2}[: ]?){31}[0-9A-Fa-f]{2}$",
                                             .is_valid = vt_check_fingerprint,
                                             .is_in = vt_set_has_text};

const struct vt_form vt_form_domains = {
    TEXTS,
    .name = "domain",
    .what = "a domain such as ninhbinh.gov.vn (with all below) or =ninhbinh.gov.vn (alone)",
    .pattern = "^=?[A-Za-z0-9][A-Za-z0-9.-]*$",
    .is_valid = is_domain,
    .is_entry = is_domain_entry,
    .is_in = vt_set_has_domain};

/* ---- logins: true, false, or who ---- */

static bool parse_login(struct vt_reading *reading, const struct vt_yaml_node *node,
                        struct vt_condition *out)
{
    bool is_bool = node->kind == VT_YAML_SCALAR && !node->quoted &&
                   (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0);
    if (!is_bool)
        return parse_texts(reading, node, out);
    return vt_form_bool.parse(reading, node, out);
}

/* Whoever did not log in is nobody of those. */
static enum vt_truth match_login(const struct vt_condition *condition, const struct vt_scope *scope,
                                 vt_reasons *matched)
{
    const char *login = condition->test->text(scope, 0);
    (void)matched;
    if (condition->set != 0)
        return (condition->set >> (login != NULL ? 1 : 0) & 1) != 0 ? VT_YES : VT_NO;
    return login != NULL && is_in(condition, login) ? VT_YES : VT_NO;
}

static void describe_login(const struct vt_condition *condition, const struct vt_scope *scope,
                           char *out, size_t out_bytes)
{
    const char *login = condition->test->text(scope, 0);
    if (condition->set != 0)
        (void)snprintf(out, out_bytes, "%s", login != NULL ? "true" : "false");
    else
        (void)snprintf(out, out_bytes, "\"%s\"", login != NULL ? login : "");
}

const struct vt_form vt_form_login = {.name = "login",
                                      .what = "true, false, or a login",
                                      .parse = parse_login,
                                      .match = match_login,
                                      .describe = describe_login,
                                      .is_valid = vt_check_word,
                                      .is_in = vt_set_has_text,
                                      .has_many = true};
