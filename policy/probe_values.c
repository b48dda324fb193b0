/* SPDX-License-Identifier: Apache-2.0
 * The values worth trying for one test: those it names, and what stands just beside them. */
#include <arpa/inet.h>
#include <string.h>

#include "base/network.h"
#include "probe.h"

/* Entries that are tried of one list: all behave alike. */
#define TRIED_ENTRIES 6

struct trying {
    struct vt_arena *arena;
    const struct vt_condition *condition;
    enum vt_truth wants;
    size_t most;
    struct vt_facts *out;
    enum vt_code code;
};

static void add(struct trying *t, const struct vt_fact *fact)
{
    if (t->code == VT_OK)
        t->code = vt_facts_add(t->arena, t->out, fact, t->most);
}

static bool is_wanted(const struct trying *t, bool holds)
{
    return t->wants == VT_UNKNOWN || (t->wants == VT_YES) == holds;
}

static void add_number(struct trying *t, int64_t number, bool holds)
{
    const struct vt_fact fact = {
        .kind = VT_FACT_OF_TEST, .test = t->condition->test, .number = number};
    if (is_wanted(t, holds))
        add(t, &fact);
}

static void add_text(struct trying *t, const char *text, bool holds)
{
    const struct vt_fact fact = {.kind = VT_FACT_OF_TEST, .test = t->condition->test, .text = text};
    if (text == NULL)
        t->code = t->code == VT_OK ? VT_E_NOMEM : t->code;
    else if (is_wanted(t, holds))
        add(t, &fact);
}

/* ---- words ---- */

static void try_reasons(struct trying *t)
{
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        const struct vt_fact fact = {.kind = VT_FACT_REASON, .number = i};
        if ((t->condition->set >> i & 1) != 0 && is_wanted(t, true))
            add(t, &fact);
    }
}

/* All that are named, and the first that is not. */
static void try_words(struct trying *t)
{
    const struct vt_words *words = t->condition->test->words;
    unsigned count = words != NULL ? words->count : 2;
    bool has_other = false;
    for (unsigned i = 0; i < count; i++) {
        bool is_named = (t->condition->set >> i & 1) != 0;
        if ((words != NULL && words->words[i] == NULL) || (!is_named && has_other))
            continue;
        has_other |= !is_named;
        add_number(t, i, is_named);
    }
}

/* ---- texts ---- */

/* A text that the glob matches: "*" as a letter, "?" too. */
static const char *of_glob(struct vt_arena *arena, const char *glob)
{
    char *text = vt_arena_str(arena, glob);
    for (char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c == '*' || *c == '?')
            *c = 'x';
    }
    return text;
}

/* "x" is the domain and all below, "=x" the domain alone, ".x" all below alone. */
static void try_domain(struct trying *t, const char *key, const char *before)
{
    const char *domain = key + strspn(key, "=.");
    if (key[0] != '.')
        add_text(t, vt_arena_printf(t->arena, "%s%s", before, domain), true);
    add_text(t, vt_arena_printf(t->arena, "%sduoi.%s", before, domain), key[0] != '=');
}

static void try_address(struct trying *t, const char *key)
{
    size_t len = strlen(key);
    if (key[0] == '\0' || strcmp(key, "<>") == 0)
        add_text(t, "", true);
    else if (strchr(key, '@') == NULL)
        try_domain(t, key, "vanthu@");
    else
        add_text(t, key[len - 1] == '@' ? vt_arena_printf(t->arena, "%sexample.org", key) : key,
                 true);
}

static void try_text(struct trying *t, const char *key)
{
    const struct vt_form *form = t->condition->test->form;
    if (form == &vt_form_addresses || form == &vt_form_recipients)
        try_address(t, key);
    else if (form == &vt_form_domains)
        try_domain(t, key, "");
    else if (form == &vt_form_names || form == &vt_form_file_names)
        add_text(t, of_glob(t->arena, key), true);
    else
        add_text(t, key, true);
}

/* One that nobody names. */
static const char *stranger(const struct vt_form *form)
{
    if (form == &vt_form_addresses || form == &vt_form_recipients)
        return "nguoi-la@example.net";
    if (form == &vt_form_domains)
        return "example.net";
    if (form == &vt_form_fingerprints)
        return "00000000000000000000000000000000000000000000000000000000000000ff";
    if (form == &vt_form_networks)
        return "198.51.100.200";
    return "khac";
}

static void try_texts(struct trying *t)
{
    const struct vt_condition *condition = t->condition;
    for (size_t i = 0; condition->own != NULL && i < condition->own->count; i++)
        try_text(t, condition->own->keys[i]);
    for (size_t l = 0; l < condition->lists_count; l++) {
        const struct vt_set *set = &condition->lists[l]->set;
        for (size_t i = 0; i < set->count && i < TRIED_ENTRIES; i++)
            try_text(t, set->keys[i]);
    }
    add_text(t, stranger(condition->test->form), false);
}

/* The first address of each network. */
static void try_networks(struct trying *t)
{
    for (size_t i = 0; i < t->condition->networks_count && i < 4 * TRIED_ENTRIES; i++) {
        const struct vt_network *network = &t->condition->networks[i];
        char text[INET6_ADDRSTRLEN];
        bool is_four = network->prefix_bits >= 96 && network->address[10] == 0xff &&
                       network->address[11] == 0xff;
        if (inet_ntop(is_four ? AF_INET : AF_INET6, network->address + (is_four ? 12 : 0), text,
                      sizeof(text)) != NULL)
            add_text(t, vt_arena_str(t->arena, text), true);
    }
    add_text(t, stranger(&vt_form_networks), false);
}

/* ---- numbers ---- */

static void try_ranges(struct trying *t)
{
    for (size_t i = 0; i < t->condition->ranges_count; i++) {
        const struct vt_range *range = &t->condition->ranges[i];
        /* "Before" has no least one. */
        if (range->least > INT64_MIN + 1) {
            add_number(t, range->least, true);
            if (range->least > 0)
                add_number(t, range->least - 1, false);
        }
        if (range->most != INT64_MAX) {
            add_number(t, range->most, true);
            add_number(t, range->most + 1, false);
        }
    }
}

enum vt_code vt_facts_of_condition(struct vt_arena *arena, const struct vt_condition *condition,
                                   enum vt_truth wants, size_t most, struct vt_facts *out)
{
    struct trying t = {arena, condition, wants, most, out, VT_OK};
    const struct vt_form *form = condition->test->form;
    if (form == &vt_form_reasons)
        try_reasons(&t);
    else if (form == &vt_form_networks)
        try_networks(&t);
    else if (form->is_in != NULL && condition->set == 0)
        try_texts(&t);
    else if (condition->ranges_count > 0)
        try_ranges(&t);
    else if (condition->groups_count == 0)
        try_words(&t);
    return t.code == VT_E_LIMIT ? VT_OK : t.code;
}
