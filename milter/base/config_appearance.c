/* SPDX-License-Identifier: Apache-2.0
 * seal.appearances of vanthu.yaml: what a sealed document shows and where, by names that rules of
 * the policy give (legal.md ). Pictures and fonts are read by others. */
#include <string.h>
#include <strings.h>

#include "base/config_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_PAGE 100000
/* A side of A0. */
#define MAX_MM 1189
#define MAX_TEXT_BYTES 200
#define MAX_NUMBER_SOURCES 4
/* Of fonts-liberation2: as wide as Times New Roman, free. */
#define DEFAULT_FONT "/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf"

/* Which key says something to which appearance. */
enum { OF_IMAGE = 1, OF_ANNEX = 2, OF_COPY = 4, OF_TEXT = OF_ANNEX | OF_COPY, SHOWN = 7, ANY = 15 };
static const struct {
    const char *name;
    unsigned of;
} keys[] = {{"show", ANY},       {"picture", OF_IMAGE}, {"width-mm", OF_IMAGE},
            {"font", OF_TEXT},   {"text", OF_TEXT},     {"kind", OF_COPY},
            {"agency", OF_COPY}, {"number", OF_ANNEX},  {"place", SHOWN},
            {"page", SHOWN},     {"left-mm", SHOWN},    {"top-mm", SHOWN},
            {"anchor", SHOWN},   {"field", ANY},        {"may-be-invisible", SHOWN}};
static const char *const shows[] = {"nothing", "image", "text"};
static const char *const texts[] = {"annex", "copy"};
static const char *const kinds[] = {"SAO Y", "SAO LỤC", "TRÍCH SAO"};
static const char *const places[VT_SEAL_PLACE_KINDS] = {
    [VT_SEAL_PLACE_TOP_RIGHT] = "top-right", [VT_SEAL_PLACE_PAGE] = "page",
    [VT_SEAL_PLACE_ANCHOR] = "anchor",       [VT_SEAL_PLACE_FIELD] = "field",
    [VT_SEAL_PLACE_SIGNATURE] = "signature",
};

/* One appearance that is being read. */
struct reader {
    struct vt_config_reader *config;
    const struct vt_yaml_node *node;
    struct vt_seal_appearance *out;
};

static bool lacks(struct reader *r, const char *key, const char *what)
{
    return vt_yaml_mistake(&r->config->yaml, r->node, "%s is missing: %s", key, what);
}

static bool read_word(struct reader *r, const char *key, const char *what, const char *const *words,
                      size_t count, unsigned *out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, key);
    return node == NULL || vt_yaml_word(&r->config->yaml, node, what, words, count, out);
}

static bool read_text(struct reader *r, const char *key, const char **out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, key);
    if (node == NULL)
        return true;
    if (!vt_yaml_text(&r->config->yaml, node, out))
        return false;
    return ((*out)[0] != '\0' && strlen(*out) <= MAX_TEXT_BYTES && vt_check_title(*out)) ||
           vt_yaml_mistake(&r->config->yaml, node, "%s is one line of 1 to %d bytes", key,
                           MAX_TEXT_BYTES);
}

/* min: 1 of a width, else 0; then what is to the left of an anchor, or above it, has a minus. */
static bool read_mm(struct reader *r, const char *key, int64_t min, int *out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, key);
    int64_t value = 0;
    if (node == NULL)
        return true;
    struct vt_yaml_node plain = *node;
    bool has_minus = node->kind == VT_YAML_SCALAR && node->text[0] == '-' && min == 0;
    if (has_minus)
        plain.text++;
    bool is_good = vt_yaml_number(&r->config->yaml, &plain, min, MAX_MM, &value);
    *out = has_minus ? -(int)value : (int)value;
    return is_good;
}

/* A file, whose mistakes stand where it is named. */
static bool read_file(struct reader *r, const char *key, const char **out)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, key);
    if (node == NULL)
        return true;
    r->out->file_line = node->line;
    r->out->file_column = node->column;
    return vt_config_read_path(r->config, node, out);
}

/* ---- where ---- */

static bool read_page(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "page");
    int64_t page = 1;
    bool is_last = node != NULL && node->kind == VT_YAML_SCALAR && strcmp(node->text, "last") == 0;
    bool is_good =
        node == NULL || is_last || vt_yaml_number(&r->config->yaml, node, 1, MAX_PAGE, &page);
    r->out->page = is_last ? 0 : (unsigned)page;
    return is_good;
}

static bool has_place(const struct vt_seal_appearance *out, enum vt_seal_place place)
{
    for (size_t i = 0; i < out->places_count; i++) {
        if (out->places[i] == place)
            return true;
    }
    return false;
}

static bool take_place(struct reader *r, const struct vt_yaml_node *node)
{
    unsigned place = 0;
    if (!vt_yaml_word(&r->config->yaml, node, "a place", places, ELEMENTS(places), &place))
        return false;
    if (has_place(r->out, (enum vt_seal_place)place))
        return vt_yaml_mistake(&r->config->yaml, node, "%s stands here before", places[place]);
    r->out->places[r->out->places_count++] = (enum vt_seal_place)place;
    return true;
}

static bool read_places(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "place");
    bool is_good = node == NULL || vt_yaml_is_list(&r->config->yaml, node, "places");
    for (size_t i = 0; is_good && node != NULL && i < vt_yaml_values_count(node); i++)
        is_good = take_place(r, vt_yaml_value_at(node, i));
    if (node == NULL && r->out->show == VT_SEAL_SHOW_NOTHING)
        r->out->places[0] = r->out->field != NULL ? VT_SEAL_PLACE_FIELD : VT_SEAL_PLACE_TOP_RIGHT;
    else if (node == NULL)
        r->out->places[0] =
            r->out->show == VT_SEAL_SHOW_IMAGE ? VT_SEAL_PLACE_SIGNATURE : VT_SEAL_PLACE_TOP_RIGHT;
    if (node == NULL)
        r->out->places_count = 1;
    return is_good;
}

/* Which of the places read a setting of a place. */
#define AT(place) (1u << VT_SEAL_PLACE_##place)
static const struct {
    const char *name;
    unsigned places;
    const char *needed;
} place_keys[] = {{"anchor", AT(ANCHOR), "anchor"},
                  {"field", AT(FIELD), "field"},
                  {"page", AT(PAGE), "page"},
                  {"left-mm", AT(PAGE) | AT(ANCHOR), "page or anchor"},
                  {"top-mm", AT(PAGE) | AT(ANCHOR), "page or anchor"}};

static bool check_place_keys(struct reader *r)
{
    struct vt_yaml *yaml = &r->config->yaml;
    unsigned is = 0;
    for (size_t i = 0; i < r->out->places_count; i++)
        is |= 1u << r->out->places[i];
    for (size_t i = 0; i < ELEMENTS(place_keys); i++) {
        const struct vt_yaml_node *node = vt_yaml_find(r->node, place_keys[i].name);
        if (node != NULL && (place_keys[i].places & is) == 0)
            return vt_yaml_mistake(yaml, node, "%s says nothing without place: %s",
                                   place_keys[i].name, place_keys[i].needed);
        bool is_outside = node != NULL && node->kind == VT_YAML_SCALAR && node->text[0] == '-';
        if (is_outside && (is & AT(ANCHOR)) == 0)
            return vt_yaml_mistake(yaml, node,
                                   "this is outside of the page; a minus is for place: anchor");
    }
    return true;
}

static bool check_places(struct reader *r)
{
    const struct vt_seal_appearance *out = r->out;
    if (has_place(out, VT_SEAL_PLACE_ANCHOR) && out->anchor == NULL)
        return lacks(r, "anchor", "a text of the page, such as \"Nơi nhận:\"");
    if (has_place(out, VT_SEAL_PLACE_FIELD) && out->field == NULL)
        return lacks(r, "field", "the full name of a signature field");
    return check_place_keys(r);
}

static bool read_place(struct reader *r)
{
    bool is_good = read_text(r, "anchor", &r->out->anchor);
    is_good = read_text(r, "field", &r->out->field) && is_good;
    is_good = read_page(r) && is_good;
    is_good = read_mm(r, "left-mm", 0, &r->out->left_mm) && is_good;
    is_good = read_mm(r, "top-mm", 0, &r->out->top_mm) && is_good;
    return read_places(r) && is_good && check_places(r);
}

/* ---- what ---- */

/* What may hold number and symbol of a document: nothing is ever printed that stands in none. */
static bool is_number_source(const char *text)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strlen(text);
    return strcmp(text, "subject") == 0 || strcmp(text, "file-name") == 0 ||
           (strncasecmp(text, "X-", 2) == 0 && len > 2 && len <= 60 &&
            strspn(text, letters) == len);
}

static bool read_number_sources(struct reader *r)
{
    const struct vt_yaml_node *node = vt_yaml_find(r->node, "number");
    struct vt_yaml *yaml = &r->config->yaml;
    if (node == NULL)
        return lacks(r, "number",
                     "where number and symbol of the document stand: subject, file-name, or a "
                     "header such as X-So-Ky-Hieu");
    if (!vt_yaml_is_list(yaml, node, "places of number and symbol"))
        return false;
    size_t count = vt_yaml_values_count(node);
    const char **items = vt_arena_alloc(yaml->arena, count * sizeof(*items));
    if (items == NULL || count > MAX_NUMBER_SOURCES)
        return vt_yaml_mistake(yaml, node, "at most %d places", MAX_NUMBER_SOURCES);
    for (size_t i = 0; i < count; i++) {
        const struct vt_yaml_node *item = vt_yaml_value_at(node, i);
        if (!vt_yaml_text(yaml, item, &items[i]))
            return false;
        if (!is_number_source(items[i]))
            return vt_yaml_mistake(yaml, item,
                                   "number and symbol stand in subject, file-name, or a header "
                                   "such as X-So-Ky-Hieu");
    }
    r->out->number = (struct vt_strings){items, count};
    return true;
}

static bool read_kind(struct reader *r)
{
    unsigned kind = 0;
    if (vt_yaml_find(r->node, "kind") == NULL)
        return lacks(r, "kind", "SAO Y, SAO LỤC or TRÍCH SAO");
    if (!read_word(r, "kind", "a kind of copy", kinds, ELEMENTS(kinds), &kind))
        return false;
    r->out->kind = kinds[kind];
    return read_text(r, "agency", &r->out->agency);
}

static bool read_lines(struct reader *r)
{
    unsigned text = 0;
    r->out->font = DEFAULT_FONT;
    bool is_good = read_file(r, "font", &r->out->font);
    if (vt_yaml_find(r->node, "text") == NULL)
        return lacks(r, "text", "annex (number and symbol, time) or copy (kind, agency, time)");
    if (!read_word(r, "text", "a text", texts, ELEMENTS(texts), &text))
        return false;
    r->out->text = (enum vt_seal_text)text;
    return (text == VT_SEAL_TEXT_ANNEX ? read_number_sources(r) : read_kind(r)) && is_good;
}

static bool read_image(struct reader *r)
{
    if (vt_yaml_find(r->node, "picture") == NULL)
        return lacks(r, "picture", "a PNG of the seal, red and transparent, in its real size");
    bool is_good = read_file(r, "picture", &r->out->picture);
    return read_mm(r, "width-mm", 1, &r->out->width_mm) && is_good;
}

static const char *whose(unsigned of)
{
    return of == OF_IMAGE   ? "show: image"
           : of == OF_TEXT  ? "show: text"
           : of == OF_ANNEX ? "show: text and text: annex"
           : of == OF_COPY  ? "show: text and text: copy"
                            : "show: image or show: text";
}

/* A setting that nothing reads is a misunderstanding. */
static bool check_strangers(struct reader *r)
{
    const struct vt_seal_appearance *out = r->out;
    unsigned is = out->show == VT_SEAL_SHOW_NOTHING ? 8u
                  : out->show == VT_SEAL_SHOW_IMAGE ? OF_IMAGE
                  : out->text == VT_SEAL_TEXT_ANNEX ? OF_ANNEX
                                                    : OF_COPY;
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        const struct vt_yaml_node *node = vt_yaml_find(r->node, keys[i].name);
        if (node != NULL && (keys[i].of & is) == 0)
            return vt_yaml_mistake(&r->config->yaml, node, "%s says nothing without %s",
                                   keys[i].name, whose(keys[i].of));
    }
    return true;
}

static bool read_content(struct reader *r)
{
    struct vt_seal_appearance *out = r->out;
    const struct vt_yaml_node *invisible = vt_yaml_find(r->node, "may-be-invisible");
    unsigned show = 0;
    if (vt_yaml_find(r->node, "show") == NULL)
        return lacks(r, "show", "image, text or nothing");
    if (!read_word(r, "show", "what is shown", shows, ELEMENTS(shows), &show))
        return false;
    out->show = (enum vt_seal_show)show;
    bool is_good = out->show == VT_SEAL_SHOW_NOTHING ||
                   (out->show == VT_SEAL_SHOW_IMAGE ? read_image(r) : read_lines(r));
    is_good =
        (invisible == NULL || vt_yaml_bool(&r->config->yaml, invisible, &out->may_be_invisible)) &&
        is_good;
    return is_good && check_strangers(r);
}

static bool read_appearance(struct vt_config_reader *config, const struct vt_yaml_entry *entry,
                            struct vt_seal_appearance *out)
{
    struct reader r = {config, entry->value, out};
    const char *names[ELEMENTS(keys)];
    if (!vt_yaml_text(&config->yaml, entry->key, &out->name))
        return false;
    if (!vt_check_seal_name(out->name))
        return vt_yaml_mistake(&config->yaml, entry->key,
                               "an appearance has a name of small letters, digits, \"-\" and "
                               "\".\", at most 32");
    if (!vt_yaml_is_mapping(&config->yaml, entry->value, "an appearance"))
        return false;
    out->line = out->file_line = entry->key->line;
    out->column = out->file_column = entry->key->column;
    for (size_t i = 0; i < ELEMENTS(keys); i++)
        names[i] = keys[i].name;
    vt_yaml_check_keys(&config->yaml, entry->value, names, ELEMENTS(names));
    return read_content(&r) && read_place(&r);
}

bool vt_config_read_appearances(struct vt_config_reader *reader, const struct vt_setting *setting,
                                const struct vt_yaml_node *node, void *field)
{
    struct vt_config *config = reader->config;
    (void)setting;
    (void)field;
    if (!vt_yaml_is_mapping(&reader->yaml, node, "appearances by their names"))
        return false;
    if (node->count > VT_MAX_SEAL_APPEARANCES)
        return vt_yaml_mistake(&reader->yaml, node, "more than %d appearances",
                               VT_MAX_SEAL_APPEARANCES);
    struct vt_seal_appearance *items =
        vt_arena_alloc(config->arena, (node->count + 1) * sizeof(*items));
    if (items == NULL)
        return vt_yaml_mistake(&reader->yaml, node, "out of memory");
    bool is_good = true;
    for (size_t i = 0; i < node->count; i++)
        is_good = read_appearance(reader, &node->entries[i], &items[i]) && is_good;
    config->seal_appearances = items;
    config->seal_appearances_count = is_good ? node->count : 0;
    return is_good;
}

const struct vt_seal_appearance *vt_config_appearance(const struct vt_config *config,
                                                      const char *name)
{
    for (size_t i = 0; name != NULL && i < config->seal_appearances_count; i++)
        if (strcmp(config->seal_appearances[i].name, name) == 0)
            return &config->seal_appearances[i];
    return NULL;
}
