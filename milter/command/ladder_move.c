/* SPDX-License-Identifier: Apache-2.0
 * Moving the mode: one line of vanthu.yaml, and milter_default_action of Postfix by postconf(1).
 * Nothing goes through a shell. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/yaml.h"
#include "command/ladder.h"
#include "command/run.h"
#include "vanthu/wire.h"

#define MAX_ARGUMENTS 8
#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

/* ---- Postfix ---- */

const char *vt_ladder_action(enum vt_mode mode)
{
    return mode == VT_MODE_OBSERVE ? "accept" : "tempfail";
}

/* A program of Postfix with its configuration: four arguments of its own at most. */
static bool run_postfix(const struct vt_ladder_postfix *postfix, const char *program,
                        const char *option, const char *argument, char out[VT_MAX_RUN_OUTPUT_BYTES])
{
    const char *arguments[MAX_ARGUMENTS] = {program};
    size_t count = 1;
    if (postfix->config_directory != NULL) {
        arguments[count++] = "-c";
        arguments[count++] = postfix->config_directory;
    }
    if (option != NULL)
        arguments[count++] = option;
    arguments[count++] = argument;
    return vt_command_run(arguments, out);
}

void vt_ladder_ask_postfix(struct vt_ladder_postfix *postfix)
{
    char text[VT_MAX_RUN_OUTPUT_BYTES];
    postfix->is_there = run_postfix(postfix, "postconf", "-h", "milter_default_action", text);
    if (!postfix->is_there)
        return;
    (void)vt_text_clean(postfix->action, sizeof(postfix->action), vt_bytes_str(text));
    if (!run_postfix(postfix, "postconf", "-h", "smtpd_milters", text))
        text[0] = '\0';
    (void)vt_text_clean(postfix->milters, sizeof(postfix->milters), vt_bytes_str(text));
    postfix->is_overridden = strstr(text, "default_action") != NULL;
}

enum vt_code vt_ladder_set_postfix(const struct vt_ladder_postfix *postfix, enum vt_mode mode,
                                   struct vt_err *err)
{
    char setting[64], text[VT_MAX_RUN_OUTPUT_BYTES];
    (void)snprintf(setting, sizeof(setting), "milter_default_action=%s", vt_ladder_action(mode));
    if (!run_postfix(postfix, "postconf", "-e", setting, text))
        return vt_err_set(err, VT_E_SYSTEM, "postconf -e %s: %.300s", setting,
                          text[0] != '\0' ? text : "it cannot be run");
    if (!run_postfix(postfix, "postfix", NULL, "reload", text))
        return vt_err_set(err, VT_E_SYSTEM, "postfix reload: %.300s",
                          text[0] != '\0' ? text : "it cannot be run");
    return VT_OK;
}

void vt_ladder_postfix_commands(const struct vt_ladder_postfix *postfix, enum vt_mode mode,
                                char *out, size_t out_bytes)
{
    const char *directory = postfix->config_directory;
    const char *option = directory != NULL ? " -c " : "";
    if (directory == NULL)
        directory = "";
    (void)snprintf(out, out_bytes, "postconf%s%s -e milter_default_action=%s\npostfix%s%s reload\n",
                   option, directory, vt_ladder_action(mode), option, directory);
}

/* ---- the configuration ---- */

struct span {
    size_t begin, end;
};

static struct span line_at(struct vt_bytes text, unsigned line)
{
    struct span span = {0, 0};
    for (unsigned i = 1; i < line && span.begin < text.len; i++) {
        const uint8_t *end = memchr(text.ptr + span.begin, '\n', text.len - span.begin);
        span.begin = end == NULL ? text.len : (size_t)(end - text.ptr) + 1;
    }
    const uint8_t *end =
        span.begin < text.len ? memchr(text.ptr + span.begin, '\n', text.len - span.begin) : NULL;
    span.end = end == NULL ? text.len : (size_t)(end - text.ptr);
    return span;
}

/* The word as it stands in its line, with quotes. */
static bool find_word(struct vt_bytes text, const struct vt_yaml_node *node, struct span *out)
{
    struct span line = line_at(text, node->line);
    const char *begin = (const char *)text.ptr + line.begin,
               *end = (const char *)text.ptr + line.end;
    const char *colon = memchr(begin, ':', (size_t)(end - begin));
    size_t len = strlen(node->text);
    const char *at = colon == NULL ? end : colon + 1;
    while (at < end && (*at == ' ' || *at == '\t'))
        at++;
    bool is_quoted = at < end && (*at == '"' || *at == '\'');
    size_t whole = len + (is_quoted ? 2 : 0);
    if ((size_t)(end - at) < whole || memcmp(at + is_quoted, node->text, len) != 0)
        return false;
    out->begin = (size_t)(at - (const char *)text.ptr);
    out->end = out->begin + whole;
    return true;
}

/* Behind the line that shows it as a comment, else at the end. */
static size_t place_for_line(struct vt_bytes text)
{
    static const char shown[] = "#mode:";
    struct span line = {0, 0};
    for (unsigned number = 1; line.end < text.len; number++) {
        line = line_at(text, number);
        if (line.end - line.begin >= sizeof(shown) - 1 &&
            memcmp(text.ptr + line.begin, shown, sizeof(shown) - 1) == 0)
            return line.end < text.len ? line.end + 1 : text.len;
    }
    return text.len;
}

static unsigned line_of(struct vt_bytes text, size_t place)
{
    unsigned line = 1;
    for (size_t i = 0; i < place; i++)
        line += text.ptr[i] == '\n';
    return line;
}

static enum vt_code put_in(struct vt_bytes text, struct span at, const char *word,
                           struct vt_buf *out)
{
    enum vt_code code = vt_buf_add(out, text.ptr, at.begin);
    if (code == VT_OK)
        code = vt_buf_add(out, word, strlen(word));
    return code == VT_OK ? vt_buf_add(out, text.ptr + at.end, text.len - at.end) : code;
}

static enum vt_code add_line(struct vt_bytes text, enum vt_mode mode, struct vt_buf *out,
                             unsigned *out_line)
{
    char line[32];
    size_t place = place_for_line(text);
    bool lacks_end = place > 0 && text.ptr[place - 1] != '\n';
    (void)snprintf(line, sizeof(line), "%smode: %s\n", lacks_end ? "\n" : "", vt_mode_name(mode));
    *out_line = line_of(text, place) + lacks_end;
    return put_in(text, (struct span){place, place}, line, out);
}

enum vt_code vt_ladder_edit(struct vt_bytes text, enum vt_mode mode, struct vt_buf *out,
                            unsigned *out_line, struct vt_err *err)
{
    struct vt_mistakes ignored;
    struct vt_yaml_node *root = NULL;
    struct span word;
    struct vt_arena *arena = vt_arena_new(ARENA_BYTES);
    if (arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the configuration");
    vt_mistakes_init(&ignored);
    struct vt_yaml yaml = {arena, "vanthu.yaml", &ignored};
    enum vt_code code = vt_yaml_parse(&yaml, text, &root, err);
    const struct vt_yaml_node *node = vt_yaml_find(root, "mode");
    bool is_flow = root != NULL && text.len > 0 && root->count > 0 && text.ptr[0] == '{';
    if (code == VT_OK && node == NULL && !is_flow) {
        code = add_line(text, mode, out, out_line);
    } else if (code == VT_OK && !is_flow && node->kind == VT_YAML_SCALAR &&
               find_word(text, node, &word)) {
        *out_line = node->line;
        code = put_in(text, word, vt_mode_name(mode), out);
    } else if (code == VT_OK) {
        code = vt_err_set(err, VT_E_UNSUPPORTED,
                          "the mode is written in a way that only a person should change");
    }
    vt_mistakes_clear(&ignored);
    vt_arena_free(arena);
    return code;
}

enum vt_code vt_ladder_write(const char *file, struct vt_bytes text, struct vt_err *err)
{
    char path[PATH_MAX];
    struct stat info;
    if (realpath(file, path) == NULL || stat(path, &info) != 0)
        return vt_err_sys(err, "%s", file);
    enum vt_code code = vt_output_replace(path, info.st_mode & 07777, text, err);
    if (code == VT_OK && (info.st_uid != geteuid() || info.st_gid != getegid()) &&
        chown(path, info.st_uid, info.st_gid) != 0)
        code = vt_err_sys(err, "giving %s back to its owner", path);
    return code;
}
