/* SPDX-License-Identifier: Apache-2.0
 * Typed values of a YAML tree. The text of a message names what was found and what is expected. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/yaml.h"

/* How much of a wrong value a message repeats. */
#define SHOWN_BYTES 64

static const char *shown(char out[SHOWN_BYTES], const struct vt_yaml_node *node)
{
    return vt_text_clean(out, SHOWN_BYTES, vt_bytes_str(node->text));
}

const struct vt_yaml_node *vt_yaml_find(const struct vt_yaml_node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != VT_YAML_MAPPING)
        return NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->entries[i].key->text, key) == 0)
            return mapping->entries[i].value;
    }
    return NULL;
}

bool vt_yaml_is_mapping(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what)
{
    if (node->kind == VT_YAML_MAPPING)
        return true;
    return vt_yaml_mistake(yaml, node, "%s is written as \"key: value\" lines", what);
}

/* A slip of the pen keeps the number in a word; "sha1" for "sha512" is none. */
static bool has_same_digits(const char *a, const char *b)
{
    static const char digits[] = "0123456789";
    for (;; a++, b++) {
        a += strcspn(a, digits);
        b += strcspn(b, digits);
        if (*a != *b || *a == '\0')
            return *a == *b;
    }
}

/* The nearest of some words to a misspelt one, or NULL. Entries may be NULL. */
static const char *nearest_of(const char *word, const char *const *words, size_t count)
{
    /* Two edits, but not more than half of a short word. */
    unsigned limit = strlen(word) < 4 ? 1 : 2;
    unsigned best = limit + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++) {
        if (words[i] == NULL || !has_same_digits(word, words[i]))
            continue;
        /* "total-passed": meant, but not written so. */
        if (strcasecmp(word, words[i]) == 0)
            return words[i];
        unsigned distance = vt_text_distance(word, words[i], limit);
        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}

/* "a, b or c", as much as fits. */
static const char *listed(char *out, size_t out_bytes, const char *const *words, size_t count)
{
    size_t used = 0, left = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        left += words[i] != NULL;
    for (size_t i = 0; i < count && used + 1 < out_bytes; i++) {
        if (words[i] == NULL)
            continue;
        left--;
        int len = snprintf(out + used, out_bytes - used, "%s%s", words[i],
                           left > 1    ? ", "
                           : left == 1 ? " or "
                                       : "");
        if (len < 0 || (size_t)len >= out_bytes - used) {
            (void)snprintf(out + used, out_bytes - used, "%s", "…");
            break;
        }
        used += (size_t)len;
    }
    return out;
}

void vt_yaml_check_keys(struct vt_yaml *yaml, const struct vt_yaml_node *mapping,
                        const char *const *names, size_t count)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const struct vt_yaml_node *key = mapping->entries[i].key;
        char word[SHOWN_BYTES], all[VT_ERR_TEXT_BYTES - 128];
        bool is_known = key->kind != VT_YAML_SCALAR; /* reported by the parser */
        for (size_t n = 0; n < count && !is_known; n++)
            is_known = strcmp(key->text, names[n]) == 0;
        if (is_known)
            continue;
        const char *nearest = nearest_of(key->text, names, count);
        if (nearest != NULL)
            vt_yaml_mistake(yaml, key, "unknown key \"%s\": did you mean \"%s\"?", shown(word, key),
                            nearest);
        else
            vt_yaml_mistake(yaml, key, "unknown key \"%s\"; known here: %s", shown(word, key),
                            listed(all, sizeof(all), names, count));
    }
}

size_t vt_yaml_values_count(const struct vt_yaml_node *node)
{
    return node->kind == VT_YAML_SEQUENCE ? node->count : 1;
}

const struct vt_yaml_node *vt_yaml_value_at(const struct vt_yaml_node *node, size_t index)
{
    return node->kind == VT_YAML_SEQUENCE ? node->entries[index].value : node;
}

bool vt_yaml_is_list(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what)
{
    if (node->kind == VT_YAML_MAPPING)
        return vt_yaml_mistake(yaml, node, "%s or a list [a, b] of them is expected here", what);
    if (node->kind == VT_YAML_SEQUENCE && node->count == 0)
        return vt_yaml_mistake(yaml, node, "an empty list: write %s, or leave the key out", what);
    return true;
}

/* A scalar that is not empty. what: for the message. */
static bool is_scalar(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what)
{
    if (node->kind != VT_YAML_SCALAR)
        return vt_yaml_mistake(yaml, node, "one value is expected here: %s", what);
    if (node->text[0] == '\0' && !node->quoted)
        return vt_yaml_mistake(yaml, node, "the value is missing: %s", what);
    return true;
}

bool vt_yaml_text(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char **out)
{
    if (!is_scalar(yaml, node, "a text"))
        return false;
    *out = node->text;
    return true;
}

bool vt_yaml_bool(struct vt_yaml *yaml, const struct vt_yaml_node *node, bool *out)
{
    char word[SHOWN_BYTES];
    if (!is_scalar(yaml, node, "true or false"))
        return false;
    bool is_true = strcmp(node->text, "true") == 0;
    bool is_word = is_true || strcmp(node->text, "false") == 0;
    if (node->quoted && is_word)
        return vt_yaml_mistake(yaml, node, "write %s without quotes", node->text);
    if (!is_word)
        return vt_yaml_mistake(yaml, node, "\"%s\" is not true or false", shown(word, node));
    *out = is_true;
    return true;
}

/* Decimal digits at the beginning of text; more than 15 digits are no number anybody means. */
static size_t digits_of(const char *text, int64_t *out)
{
    size_t len = strspn(text, "0123456789");
    int64_t value = 0;
    for (size_t i = 0; i < len && i < 15; i++)
        value = value * 10 + (text[i] - '0');
    *out = value;
    return len > 15 ? 0 : len;
}

bool vt_yaml_number(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min, int64_t max,
                    int64_t *out)
{
    char word[SHOWN_BYTES];
    int64_t value = 0;
    if (!is_scalar(yaml, node, "a number"))
        return false;
    size_t len = digits_of(node->text, &value);
    if (len == 0 || node->text[len] != '\0')
        return vt_yaml_mistake(yaml, node, "\"%s\" is not a number", shown(word, node));
    if (value < min || value > max)
        return vt_yaml_mistake(yaml, node, "%s is not between %lld and %lld", shown(word, node),
                               (long long)min, (long long)max);
    *out = value;
    return true;
}

bool vt_yaml_octal(struct vt_yaml *yaml, const struct vt_yaml_node *node, unsigned max,
                   unsigned *out)
{
    char word[SHOWN_BYTES];
    if (!is_scalar(yaml, node, "a file mode such as 0660"))
        return false;
    size_t len = strspn(node->text, "01234567");
    unsigned long value = strtoul(node->text, NULL, 8);
    if (node->text[0] != '0' || len < 4 || len > 5 || node->text[len] != '\0' || value > max)
        return vt_yaml_mistake(yaml, node, "\"%s\" is not a file mode such as 0660",
                               shown(word, node));
    *out = (unsigned)value;
    return true;
}

struct unit {
    const char *name;
    int64_t factor;
};

/* A number with a unit. Returns false when it is none; no mistake is added. */
static bool with_unit(const char *text, const struct unit *units, size_t count, int64_t *out)
{
    int64_t value = 0;
    size_t len = digits_of(text, &value);
    for (size_t i = 0; i < count && len > 0; i++) {
        if (strcmp(text + len, units[i].name) == 0)
            return !__builtin_mul_overflow(value, units[i].factor, out);
    }
    return false;
}

/* The value in its largest unit that leaves no rest. */
static const char *in_units(char out[32], int64_t value, const struct unit *units, size_t count)
{
    size_t best = 0;
    if (value == 0)
        return "0";
    for (size_t i = 0; i < count; i++) {
        if (value % units[i].factor == 0 && units[i].factor > units[best].factor)
            best = i;
    }
    (void)snprintf(out, 32, "%lld%s", (long long)(value / units[best].factor), units[best].name);
    return out;
}

static bool measure(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what,
                    const struct unit *units, size_t count, const int64_t range[2], int64_t *out)
{
    char word[SHOWN_BYTES], least[32], most[32];
    int64_t value = 0;
    if (!is_scalar(yaml, node, what))
        return false;
    if (!with_unit(node->text, units, count, &value))
        return vt_yaml_mistake(yaml, node, "\"%s\" is not %s", shown(word, node), what);
    if (value < range[0] || value > range[1])
        return vt_yaml_mistake(yaml, node, "%s is not between %s and %s", shown(word, node),
                               in_units(least, range[0], units, count),
                               in_units(most, range[1], units, count));
    *out = value;
    return true;
}

bool vt_yaml_duration(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min,
                      int64_t max, int64_t *out_msecs)
{
    static const struct unit units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    return measure(yaml, node, "a duration such as 500ms, 3s, 15m, 2h or 7d", units,
                   sizeof(units) / sizeof(units[0]), (const int64_t[]){min, max}, out_msecs);
}

bool vt_yaml_size(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t min, int64_t max,
                  int64_t *out_bytes)
{
    static const struct unit units[] = {{"", 1}, {"k", 1024}, {"M", 1048576}, {"G", 1073741824}};
    return measure(yaml, node, "a size such as 256k, 10M or 1G", units,
                   sizeof(units) / sizeof(units[0]), (const int64_t[]){min, max}, out_bytes);
}

bool vt_yaml_word(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *what,
                  const char *const *words, size_t count, unsigned *out)
{
    char word[SHOWN_BYTES], all[VT_ERR_TEXT_BYTES - 192];
    if (!is_scalar(yaml, node, listed(all, sizeof(all), words, count)))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (words[i] != NULL && strcmp(words[i], node->text) == 0) {
            *out = (unsigned)i;
            return true;
        }
    }
    const char *nearest = nearest_of(node->text, words, count);
    if (nearest != NULL)
        return vt_yaml_mistake(yaml, node, "\"%s\" is not %s: did you mean \"%s\"?",
                               shown(word, node), what, nearest);
    return vt_yaml_mistake(yaml, node, "\"%s\" is not %s; one of: %s", shown(word, node), what,
                           listed(all, sizeof(all), words, count));
}

bool vt_yaml_time(struct vt_yaml *yaml, const struct vt_yaml_node *node, int64_t *out_utc_secs)
{
    char word[SHOWN_BYTES];
    if (!is_scalar(yaml, node, "a date such as 2026-12-31"))
        return false;
    if (vt_time_parse_vietnam(node->text, out_utc_secs) == VT_OK)
        return true;
    return vt_yaml_mistake(yaml, node, "\"%s\" is not a date such as 2026-12-31",
                           shown(word, node));
}
