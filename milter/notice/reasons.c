/* SPDX-License-Identifier: Apache-2.0
 * reasons.yaml: for each code a sentence and what to do; and what every file of words must be:
 * UTF-8 in NFC without characters that nobody sees. */
#include <stdlib.h>
#include <string.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/yaml.h"
#include "notice/words.h"

/* ---- characters ---- */

static bool is_hidden(struct vt_bytes text)
{
    return vt_text_unsafe(text) > 0 && memchr("\n\t\r", text.ptr[0], 3) == NULL;
}

static bool say(const struct vt_notice_source *source, unsigned line, unsigned column,
                const char *format, ...) VT_PRINTF(4, 5);
static bool say(const struct vt_notice_source *source, unsigned line, unsigned column,
                const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)vt_mistakes_add(source->mistakes, source->file, line, column, false, "%s", text);
    return false;
}

/* Of a line: its own, or how the file was saved, which its other lines have as well. */
enum fault { FAULT_NONE, FAULT_OF_LINE, FAULT_OF_FILE };

static enum fault check_characters(const struct vt_notice_source *source, struct vt_bytes line,
                                   unsigned number)
{
    unsigned column = 1;
    for (size_t i = 0; i < line.len; column++) {
        ucs4_t c = 0;
        int len = u8_mbtoucr(&c, line.ptr + i, line.len - i);
        if (len <= 0) {
            (void)say(source, number, column, "byte 0x%02X is no UTF-8: save the file as UTF-8",
                      line.ptr[i]);
            return FAULT_OF_FILE;
        }
        if (is_hidden(vt_bytes_slice(line, i, (size_t)len))) {
            (void)say(source, number, column, "U+%04X is a character that nobody sees: take it out",
                      (unsigned)c);
            return FAULT_OF_LINE;
        }
        i += (size_t)len;
    }
    return FAULT_NONE;
}

static enum fault check_form(const struct vt_notice_source *source, struct vt_bytes line,
                             unsigned number)
{
    size_t normal_len = 0;
    uint8_t *normal = u8_normalize(UNINORM_NFC, line.ptr, line.len, NULL, &normal_len);
    bool is_normal = normal != NULL && vt_bytes_equal(vt_bytes_of(normal, normal_len), line);
    size_t same = 0;
    while (!is_normal && normal != NULL && same < line.len && same < normal_len &&
           normal[same] == line.ptr[same])
        same++;
    free(normal);
    if (is_normal)
        return FAULT_NONE;
    (void)say(source, number, (unsigned)u8_mbsnlen(line.ptr, same) + 1,
              "accents stand apart from their letters (Unicode NFD): save the file in NFC");
    return FAULT_OF_FILE;
}

bool vt_notice_text_check(const struct vt_notice_source *source)
{
    struct vt_bytes rest = source->text;
    bool is_good = true;
    enum fault fault = FAULT_NONE;
    for (unsigned number = 1; rest.len > 0 && fault != FAULT_OF_FILE; number++) {
        size_t end = vt_bytes_find(rest, VT_BYTES("\n"), 0);
        size_t len = end == SIZE_MAX ? rest.len : end;
        struct vt_bytes line = vt_bytes_slice(rest, 0, len);
        fault = check_characters(source, line, number);
        if (fault == FAULT_NONE)
            fault = check_form(source, line, number);
        is_good = is_good && fault == FAULT_NONE;
        rest = vt_bytes_slice(rest, len + 1, SIZE_MAX);
    }
    return is_good;
}

/* ---- reasons.yaml ---- */

/* Fields of a reason, as vt_reason_fill has them. */
static void check_fields(struct vt_yaml *yaml, const struct vt_yaml_node *node)
{
    static const char *const known[] = {"ngày", "tệp", "Quy chế", "date", "file", "regulation"};
    for (const char *open = strchr(node->text, '{'); open != NULL; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        size_t i = 0;
        size_t len = close == NULL ? 0 : (size_t)(close - open) - 1;
        while (i < 6 &&
               !(close != NULL && strlen(known[i]) == len && memcmp(known[i], open + 1, len) == 0))
            i++;
        if (i == 6)
            (void)vt_yaml_mistake(yaml, node,
                                  "the fields of a reason are {ngày}, {tệp} and {Quy chế}, in "
                                  "English {date}, {file} and {regulation}");
    }
}

static const char *take_text(struct vt_yaml *yaml, const struct vt_yaml_node *entry,
                             const char *code, const char *key)
{
    const char *text = NULL;
    const struct vt_yaml_node *node = vt_yaml_find(entry, key);
    if (node == NULL) {
        (void)vt_yaml_mistake(yaml, entry, "%s has no \"%s\"", code, key);
        return NULL;
    }
    if (!vt_yaml_text(yaml, node, &text))
        return NULL;
    if (text[0] == '\0' || strlen(text) >= VT_REASON_TEXT_BYTES / 2)
        (void)vt_yaml_mistake(yaml, node, "a sentence of 1 to %d bytes is expected",
                              VT_REASON_TEXT_BYTES / 2);
    if (strstr(text, "giá trị pháp lý") != NULL)
        (void)vt_yaml_mistake(yaml, node, "a notice never says \"giá trị pháp lý\"");
    check_fields(yaml, node);
    return text;
}

static void take_entry(struct vt_yaml *yaml, const struct vt_yaml_entry *entry,
                       struct vt_notice_reason_words out[VT_REASON_COUNT])
{
    static const char *const keys[] = {"reason", "to-do"};
    const char *code = entry->key->text;
    enum vt_reason reason;
    if (vt_reason_by_code(code, &reason) != VT_OK) {
        const char *near = vt_reason_suggest(code);
        (void)vt_yaml_mistake(yaml, entry->key, "\"%.64s\" is not a reason code%s%s%s", code,
                              near == NULL ? "" : ": did you mean \"", near == NULL ? "" : near,
                              near == NULL ? "" : "\"?");
        return;
    }
    if (!vt_yaml_is_mapping(yaml, entry->value, "a reason"))
        return;
    vt_yaml_check_keys(yaml, entry->value, keys, 2);
    out[reason].reason = take_text(yaml, entry->value, code, keys[0]);
    out[reason].to_do = take_text(yaml, entry->value, code, keys[1]);
}

enum vt_code vt_notice_reasons_parse(const struct vt_notice_source *source,
                                     struct vt_notice_reason_words out[VT_REASON_COUNT],
                                     struct vt_err *err)
{
    struct vt_yaml yaml = {source->arena, source->file, source->mistakes};
    struct vt_yaml_node *root = NULL;
    enum vt_code code = vt_yaml_parse(&yaml, source->text, &root, err);
    if (code != VT_OK || root == NULL || !vt_yaml_is_mapping(&yaml, root, "the table of reasons"))
        return code;
    for (size_t i = 0; i < root->count; i++)
        take_entry(&yaml, &root->entries[i], out);
    for (unsigned i = 0; i < VT_REASON_COUNT; i++) {
        if (out[i].reason == NULL && source->mistakes->errors_count == 0)
            vt_yaml_warning(&yaml, root, "%s is missing: what is built in will be said",
                            vt_reason_info((enum vt_reason)i)->code);
    }
    return VT_OK;
}
