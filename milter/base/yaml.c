/* SPDX-License-Identifier: Apache-2.0
 * The tree of a YAML file, built from the events of libyaml: its document API gives no place for
 * anchors, which are refused here. After a syntax mistake the tree holds what came before it, so
 * that one run shows the other mistakes too. */
#include "base/yaml.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

/* Rules within any-of within not: deeper files are a mistake or an attack. */
#define MAX_DEPTH 16
/* A policy of 10 000 rules and a table of 100 000 certificates stay below; what they take in memory
 * is bounded by the arena. */
#define MAX_NODES 2000000
/* Duplicate keys are found by comparison. */
#define MAX_KEYS 200
/* A named pipe that nobody writes to is no reason for the service to stand still. */
#define PIPE_MSECS 5000

struct builder {
    struct vt_yaml *yaml;
    struct vt_bytes text;
    struct vt_yaml_node *root;
    struct vt_yaml_node *open[MAX_DEPTH];
    struct vt_yaml_node *key[MAX_DEPTH]; /* of the pair whose value comes next */
    unsigned depth;
    unsigned nodes_count;
    bool is_full; /* a limit was met: stop */
};

bool vt_yaml_mistake(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *format, ...)
{
    /* What ends in a syntax mistake has its message already, and what lacks may stand behind. */
    if (node->cut)
        return false;
    char text[VT_ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)vt_mistakes_add(yaml->mistakes, yaml->file, node->line, node->column, false, "%s", text);
    return false;
}

void vt_yaml_warning(struct vt_yaml *yaml, const struct vt_yaml_node *node, const char *format, ...)
{
    char text[VT_ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)vt_mistakes_add(yaml->mistakes, yaml->file, node->line, node->column, true, "%s", text);
}

static struct vt_yaml_node *new_node(struct builder *b, enum vt_yaml_kind kind, yaml_mark_t mark)
{
    struct vt_yaml_node *node = vt_arena_alloc(b->yaml->arena, sizeof(*node));
    if (node == NULL)
        return NULL;
    *node = (struct vt_yaml_node){.kind = kind,
                                  .line = (unsigned)mark.line + 1,
                                  .column = (unsigned)mark.column + 1,
                                  .text = ""};
    if (++b->nodes_count > MAX_NODES) {
        vt_yaml_mistake(b->yaml, node, "the file has more than %d values", MAX_NODES);
        b->is_full = true;
    }
    return node;
}

static enum vt_code add_entry(struct builder *b, struct vt_yaml_node *parent,
                              struct vt_yaml_node *key, struct vt_yaml_node *value)
{
    struct vt_yaml_entry *grown =
        vt_arena_grow(b->yaml->arena, parent->entries, parent->count, sizeof(*parent->entries));
    if (grown == NULL)
        return VT_E_NOMEM;
    parent->entries = grown;
    parent->entries[parent->count++] = (struct vt_yaml_entry){key, value};
    return VT_OK;
}

/* A node that could be a key. A bad key is reported and its value still read. */
static void take_key(struct builder *b, const struct vt_yaml_node *mapping,
                     struct vt_yaml_node *key)
{
    b->key[b->depth - 1] = key;
    if (key->kind != VT_YAML_SCALAR) {
        vt_yaml_mistake(b->yaml, key, "a key must be a word");
        return;
    }
    if (mapping->count == MAX_KEYS) {
        vt_yaml_mistake(b->yaml, key, "more than %d keys", MAX_KEYS);
        b->is_full = true;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        const struct vt_yaml_node *other = mapping->entries[i].key;
        if (other->kind == VT_YAML_SCALAR && strcmp(other->text, key->text) == 0)
            vt_yaml_mistake(b->yaml, key, "key \"%s\" stands here a second time, first in line %u",
                            key->text, other->line);
    }
}

/* Hang a complete scalar or a just opened collection into its parent. */
static enum vt_code place(struct builder *b, struct vt_yaml_node *node)
{
    if (b->depth == 0) {
        b->root = node;
        return VT_OK;
    }
    struct vt_yaml_node *parent = b->open[b->depth - 1];
    assert(parent != NULL); /* open at every depth */
    if (parent->kind == VT_YAML_SEQUENCE)
        return add_entry(b, parent, NULL, node);
    struct vt_yaml_node *key = b->key[b->depth - 1];
    if (key == NULL) {
        take_key(b, parent, node);
        return VT_OK;
    }
    b->key[b->depth - 1] = NULL;
    return add_entry(b, parent, key, node);
}

static void refuse_anchor_and_tag(struct builder *b, const struct vt_yaml_node *node,
                                  const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor != NULL)
        vt_yaml_mistake(b->yaml, node, "anchors (&name) are not allowed; write the value out");
    if (tag != NULL)
        vt_yaml_mistake(b->yaml, node, "tags (!name) are not allowed");
}

static bool has_control(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F)
            return true;
    }
    return false;
}

static enum vt_code take_scalar(struct builder *b, const yaml_event_t *event)
{
    struct vt_yaml_node *node = new_node(b, VT_YAML_SCALAR, event->start_mark);
    if (node == NULL)
        return VT_E_NOMEM;
    refuse_anchor_and_tag(b, node, event->data.scalar.anchor, event->data.scalar.tag);
    const char *text = (const char *)event->data.scalar.value;
    size_t len = event->data.scalar.length;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (has_control(text, len)) {
        vt_yaml_mistake(b->yaml, node, "a value is one line without control characters");
        return place(b, node);
    }
    node->text = vt_arena_dup(b->yaml->arena, text, len);
    return node->text == NULL ? VT_E_NOMEM : place(b, node);
}

static enum vt_code open_collection(struct builder *b, enum vt_yaml_kind kind,
                                    const yaml_event_t *event, const yaml_char_t *anchor,
                                    const yaml_char_t *tag)
{
    struct vt_yaml_node *node = new_node(b, kind, event->start_mark);
    if (node == NULL)
        return VT_E_NOMEM;
    refuse_anchor_and_tag(b, node, anchor, tag);
    enum vt_code code = place(b, node);
    if (code != VT_OK)
        return code;
    if (b->depth == MAX_DEPTH) {
        vt_yaml_mistake(b->yaml, node, "nested deeper than %d levels", MAX_DEPTH);
        node->cut = true;
        b->is_full = true;
        return VT_OK;
    }
    b->open[b->depth] = node;
    b->key[b->depth] = NULL;
    b->depth++;
    return VT_OK;
}

static enum vt_code take_alias(struct builder *b, const yaml_event_t *event)
{
    struct vt_yaml_node *node = new_node(b, VT_YAML_SCALAR, event->start_mark);
    if (node == NULL)
        return VT_E_NOMEM;
    vt_yaml_mistake(b->yaml, node, "aliases (*name) are not allowed; write the value out");
    node->cut = true;
    return place(b, node);
}

static enum vt_code take_event(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_collection(b, VT_YAML_SEQUENCE, event, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return open_collection(b, VT_YAML_MAPPING, event, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag);
    case YAML_ALIAS_EVENT:
        return take_alias(b, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return VT_OK;
    case YAML_DOCUMENT_START_EVENT:
        if (b->root != NULL) {
            struct vt_yaml_node here = {.line = (unsigned)event->start_mark.line + 1, .column = 1};
            vt_yaml_mistake(b->yaml, &here, "a second document (---) is not allowed");
            b->is_full = true;
        }
        return VT_OK;
    default:
        return VT_OK;
    }
}

/* The commonest cause of "cannot start any token". line counts from 0. */
static bool line_begins_with_tab(struct vt_bytes text, size_t line)
{
    size_t at = 0;
    while (line > 0 && at != SIZE_MAX) {
        at = vt_bytes_find(text, VT_BYTES("\n"), at);
        at = at == SIZE_MAX ? at : at + 1;
        line--;
    }
    while (at < text.len && text.ptr[at] == ' ')
        at++;
    return at < text.len && text.ptr[at] == '\t';
}

/* What to look for, in words that need no YAML. */
static const char *hint_of(const char *problem)
{
    static const char *const hints[][2] = {
        {"did not find expected '-' indicator", "; is the line indented as its neighbours are?"},
        {"did not find expected key", "; is the line indented as its neighbours are?"},
        {"mapping values are not allowed", "; is the line indented as its neighbours are? A text "
                                           "with \": \" in it stands in quotes"},
        {"did not find expected ','", "; a text with \": \" or \", \" in it stands in quotes"},
        {"could not find expected ':'", "; a key and its value are written \"key: value\""}};
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strncmp(problem, hints[i][0], strlen(hints[i][0])) == 0)
            return hints[i][1];
    }
    return "";
}

static void report_syntax(struct builder *b, const yaml_parser_t *parser)
{
    struct vt_yaml_node here = {.line = (unsigned)parser->problem_mark.line + 1,
                                .column = (unsigned)parser->problem_mark.column + 1};
    const char *problem = parser->problem == NULL ? "not readable" : parser->problem;
    if (line_begins_with_tab(b->text, parser->problem_mark.line))
        vt_yaml_mistake(b->yaml, &here, "a tab stands in the indentation: use spaces");
    else if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
        vt_yaml_mistake(b->yaml, &here, "syntax: %s %s that begins in line %zu%s", problem,
                        parser->context, parser->context_mark.line + 1, hint_of(problem));
    else if (parser->context != NULL)
        vt_yaml_mistake(b->yaml, &here, "syntax: %s %s%s", problem, parser->context,
                        hint_of(problem));
    else
        vt_yaml_mistake(b->yaml, &here, "syntax: %s%s", problem, hint_of(problem));
}

/* What is open has no end. Nor has the last mapping of a list: a line with too few spaces closes it
 * and is the syntax mistake. */
static void cut_open(struct builder *b)
{
    for (unsigned i = 0; i < b->depth; i++) {
        assert(b->open[i] != NULL);
        b->open[i]->cut = true;
    }
    const struct vt_yaml_node *last = b->depth == 0 ? NULL : b->open[b->depth - 1];
    if (last == NULL || last->kind != VT_YAML_SEQUENCE || last->count == 0)
        return;
    struct vt_yaml_node *item = last->entries[last->count - 1].value;
    item->cut = item->cut || item->kind == VT_YAML_MAPPING;
}

static enum vt_code read_events(struct builder *b, yaml_parser_t *parser)
{
    bool is_end = false;
    while (!is_end && !b->is_full) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            if (parser->error == YAML_MEMORY_ERROR)
                return VT_E_NOMEM;
            report_syntax(b, parser);
            b->is_full = true;
            break;
        }
        is_end = event.type == YAML_STREAM_END_EVENT;
        enum vt_code code = take_event(b, &event);
        yaml_event_delete(&event);
        if (code != VT_OK)
            return code;
    }
    if (b->is_full)
        cut_open(b);
    return VT_OK;
}

/* libyaml gives only a byte offset for these, and reads UTF-16 too. */
static bool report_encoding(struct vt_yaml *yaml, struct vt_bytes text)
{
    struct vt_yaml_node here = {.line = 1, .column = 1};
    size_t begin = 0;
    while (begin < text.len) {
        size_t end = vt_bytes_find(text, VT_BYTES("\n"), begin);
        end = end == SIZE_MAX ? text.len : end;
        if (!vt_text_is_utf8(vt_bytes_slice(text, begin, end - begin)))
            return vt_yaml_mistake(yaml, &here, "the line is not UTF-8 text");
        here.line++;
        begin = end + 1;
    }
    return true;
}

enum vt_code vt_yaml_parse(struct vt_yaml *yaml, struct vt_bytes text,
                           struct vt_yaml_node **out_root, struct vt_err *err)
{
    struct builder b = {.yaml = yaml, .text = text};
    *out_root = NULL;
    if (!report_encoding(yaml, text))
        return VT_OK;
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return vt_err_set(err, VT_E_NOMEM, "no memory to read %s", yaml->file);
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, text.len == 0 ? (const unsigned char *)"" : text.ptr,
                                 text.len);
    enum vt_code code = read_events(&b, &parser);
    yaml_parser_delete(&parser);
    if (code != VT_OK)
        return vt_err_set(err, code, "no memory to read %s", yaml->file);
    *out_root = b.root;
    return VT_OK;
}

/* A pipe, which somebody may never write to. */
static bool is_soon_there(int fd)
{
    struct pollfd entry = {.fd = fd, .events = POLLIN};
    bool is_there = poll(&entry, 1, PIPE_MSECS) > 0;
    if (!is_there)
        errno = ETIMEDOUT;
    return is_there;
}

static enum vt_code read_all(int fd, struct vt_buf *buf)
{
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof(chunk));
        if (got < 0 && (errno == EINTR || (errno == EAGAIN && is_soon_there(fd))))
            continue;
        if (got <= 0)
            return got == 0 ? VT_OK : VT_E_SYSTEM;
        enum vt_code code = vt_buf_add(buf, chunk, (size_t)got);
        if (code != VT_OK)
            return code;
    }
}

enum vt_code vt_yaml_read_file(struct vt_arena *arena, const char *file, size_t max_bytes,
                               struct vt_bytes *out, struct vt_err *err)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT
                   ? vt_err_set(err, VT_E_NOT_FOUND, "cannot open %s: %s", file, strerror(errno))
                   : vt_err_sys(err, "cannot open %s", file);
    struct vt_buf buf;
    vt_buf_init(&buf, max_bytes);
    enum vt_code code = read_all(fd, &buf);
    if (code == VT_E_SYSTEM)
        vt_err_sys(err, "cannot read %s", file);
    else if (code == VT_E_LIMIT)
        vt_err_set(err, code, "%s is larger than %zu bytes", file, max_bytes);
    (void)close(fd);
    if (code == VT_OK) {
        const uint8_t *copy = vt_arena_dup(arena, buf.ptr, buf.len);
        *out = vt_bytes_of(copy, buf.len);
        if (copy == NULL)
            code = vt_err_set(err, VT_E_NOMEM, "no memory to read %s", file);
    }
    vt_buf_clear(&buf);
    return code;
}
