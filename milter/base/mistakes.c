/* SPDX-License-Identifier: Apache-2.0
 * The mistakes of a configuration or policy file: all of one run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/yaml.h"
#include "vanthu/log.h"

/* More than anybody repairs in one go. Errors beyond are counted, not kept. */
#define MAX_MISTAKES 200

void vt_mistakes_init(struct vt_mistakes *mistakes)
{
    *mistakes = (struct vt_mistakes){0};
}

void vt_mistakes_clear(struct vt_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        free(mistakes->items[i].file);
        free(mistakes->items[i].text);
    }
    free(mistakes->items);
    *mistakes = (struct vt_mistakes){0};
}

static enum vt_code keep(struct vt_mistakes *mistakes, const struct vt_mistake *mistake)
{
    struct vt_mistake *grown =
        realloc(mistakes->items, (mistakes->count + 1) * sizeof(*mistakes->items));
    if (grown == NULL)
        return VT_E_NOMEM;
    mistakes->items = grown;
    mistakes->items[mistakes->count++] = *mistake;
    return VT_OK;
}

enum vt_code vt_mistakes_add(struct vt_mistakes *mistakes, const char *file, unsigned line,
                             unsigned column, bool warning, const char *format, ...)
{
    /* Counted first: without memory for its text a mistake still makes the file invalid. */
    if (!warning)
        mistakes->errors_count++;
    if (mistakes->count >= MAX_MISTAKES)
        return VT_OK;
    struct vt_mistake mistake = {.line = line, .column = column, .warning = warning};
    va_list args;
    va_start(args, format);
    int len = vasprintf(&mistake.text, format, args);
    va_end(args);
    if (len < 0)
        return VT_E_NOMEM;
    mistake.file = strdup(file);
    if (mistake.file == NULL || keep(mistakes, &mistake) != VT_OK) {
        free(mistake.file);
        free(mistake.text);
        return VT_E_NOMEM;
    }
    return VT_OK;
}

void vt_mistakes_log(const struct vt_mistakes *mistakes)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        vt_log(mistake->warning ? VT_LOG_WARNING : VT_LOG_ERROR, "%s:%u:%u: %s", mistake->file,
               mistake->line, mistake->column, mistake->text);
    }
}

void vt_mistakes_print(const struct vt_mistakes *mistakes, FILE *stream)
{
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        fprintf(stream, "%s:%u:%u: %s%s\n", mistake->file, mistake->line, mistake->column,
                mistake->warning ? "warning: " : "", mistake->text);
    }
}

static bool is_before(const struct vt_mistake *a, const struct vt_mistake *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* Where moved belongs among the count mistakes before it: in the group of its file, or last. */
static size_t place_of(const struct vt_mistake *items, size_t count, const struct vt_mistake *moved)
{
    size_t place = count;
    while (place > 0 && strcmp(items[place - 1].file, moved->file) != 0)
        place--;
    if (place == 0)
        return count;
    while (place > 0 && strcmp(items[place - 1].file, moved->file) == 0 &&
           is_before(moved, &items[place - 1]))
        place--;
    return place;
}

/* Insertion: few, nearly in order, and equal ones stay as they came. */
void vt_mistakes_sort(struct vt_mistakes *mistakes)
{
    for (size_t i = 1; i < mistakes->count; i++) {
        struct vt_mistake moved = mistakes->items[i];
        size_t place = place_of(mistakes->items, i, &moved);
        memmove(&mistakes->items[place + 1], &mistakes->items[place],
                (i - place) * sizeof(*mistakes->items));
        mistakes->items[place] = moved;
    }
}
