/* SPDX-License-Identifier: Apache-2.0
 * Mails that were to be sealed, out of metrics and register. */
#include "command/status_seals.h"

#include <inttypes.h>
#include <string.h>

#include "base/metrics.h"
#include "command/print.h"
#include "command/status_words.h"
#include "vanthu/clock.h"
#include "vanthu/register.h"

enum { DAY_SECS = 24 * 3600 };
#define MAX_SHOWN 5
/* Every use of a key is an event too: no more of them are looked through. */
#define MAX_EVENTS 2000
#define ARENA_BYTES ((size_t)16 * 1024 * 1024)

/* ---- what there is ---- */

struct search {
    struct vt_arena *arena;
    json_t *list;
};

static enum vt_code take(void *context, const struct vt_register_entry *entry, struct vt_err *err)
{
    struct search *search = context;
    struct vt_register_record record;
    if (entry->is_destroyed || json_array_size(search->list) == MAX_SHOWN)
        return VT_OK;
    enum vt_code code = vt_register_read(search->arena, entry, &record, err);
    if (code != VT_OK)
        return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
    if (record.event->what == NULL || strcmp(record.event->what, VT_EVENT_UNSEALED) != 0)
        return VT_OK;
    (void)json_array_append_new(
        search->list, json_pack("{s:I, s:s, s:s*}", "utc_secs", (json_int_t)record.time_utc_secs,
                                "reference", entry->reference, "text", record.event->text));
    return VT_OK;
}

static json_t *last_unsealed(const struct vt_config *config, int64_t now)
{
    struct vt_register *reg = NULL;
    struct search search = {.arena = vt_arena_new(ARENA_BYTES), .list = json_array()};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_EVENT);
    query.from_utc_secs = now - DAY_SECS;
    query.limit = MAX_EVENTS;
    if (search.arena == NULL ||
        vt_register_open_read(config->register_directory, &reg, NULL) != VT_OK ||
        vt_register_find(reg, &query, take, &search, &next, NULL) != VT_OK) {
        json_decref(search.list);
        search.list = json_null();
    }
    vt_register_close(reg);
    vt_arena_free(search.arena);
    return search.list;
}

static json_t *counted(const struct vt_metrics_reader *reader)
{
    const struct vt_metric_label *label = vt_metric_infos[VT_METRIC_MAIL_SEALS].labels[0];
    json_t *object = json_object();
    for (unsigned i = 0; i < label->count; i++)
        (void)json_object_set_new(
            object, label->value(i),
            json_integer((json_int_t)vt_metrics_count(reader, VT_METRIC_MAIL_SEALS, i)));
    return object;
}

static json_t *software(const struct vt_config *config, const struct vt_metrics_reader *reader,
                        unsigned lane)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < config->seal_keys_count; i++)
        if (vt_metrics_gauge(reader, VT_METRIC_SEAL_SOFTWARE, i, lane) == 1)
            (void)json_array_append_new(list, json_string(config->seal_keys[i].name));
    return list;
}

json_t *vt_command_seals(const struct vt_config *config, const struct vt_metrics_reader *reader,
                         unsigned lane, int64_t now_utc_secs)
{
    if (config->seal_keys_count == 0)
        return json_null();
    return json_pack("{s:o, s:o, s:o}", "counted", reader != NULL ? counted(reader) : json_null(),
                     "software", reader != NULL ? software(config, reader, lane) : json_null(),
                     "unsealed", last_unsealed(config, now_utc_secs));
}

/* ---- for people ---- */

static const char *word(enum vt_language language, enum vt_status_word w)
{
    return vt_status_words[w][language];
}

static void print_counts(FILE *out, enum vt_language language, const json_t *counts)
{
    const char *name = NULL;
    json_t *value = NULL;
    int64_t sealed = 0, left = 0, failed = 0;
    json_object_foreach((json_t *)(uintptr_t)counts, name, value)
    {
        int64_t *sum = strcmp(name, "sealed") == 0       ? &sealed
                       : strcmp(name, "left-alone") == 0 ? &left
                                                         : &failed;
        *sum += json_integer_value(value);
    }
    if (sealed + left + failed == 0)
        return;
    vt_print_cell(out, word(language, W_SEALS), 17);
    fprintf(out, "%s %" PRId64 ", %s %" PRId64, word(language, W_SEALED), sealed,
            word(language, W_LEFT_ALONE), left);
    if (failed > 0)
        fprintf(out, ", %s %" PRId64, word(language, W_NOT_SEALED), failed);
    fputc('\n', out);
}

void vt_command_print_seals(FILE *out, enum vt_language language, const json_t *seals)
{
    size_t i = 0;
    json_t *item = NULL;
    char when[40];
    const json_t *unsealed = json_object_get(seals, "unsealed");
    const json_t *keys = json_object_get(seals, "software");
    print_counts(out, language, json_object_get(seals, "counted"));
    if (json_array_size(unsealed) > 0)
        fprintf(out, "%s:\n", word(language, W_LAST_UNSEALED));
    json_array_foreach(unsealed, i, item) fprintf(
        out, "  %s  %s  %s\n",
        vt_print_minute(language, when, json_integer_value(json_object_get(item, "utc_secs"))),
        vt_print_json(item, "reference"), vt_print_json(item, "text"));
    if (json_array_size(keys) > 0)
        fputs(word(language, W_SOFTWARE_TOKEN), out);
    json_array_foreach(keys, i, item)
        fprintf(out, "%s %s", i > 0 ? "," : "", json_string_value(item));
    if (json_array_size(keys) > 0)
        fputc('\n', out);
}
