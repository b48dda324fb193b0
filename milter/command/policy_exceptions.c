/* SPDX-License-Identifier: Apache-2.0
 * vanthu policy exceptions: what vanthu undo excepted, from what, by whom and why, until when, and
 * how often it was used. Those that other gateways made are known while they are in force, without
 * who and why, which stand in the register there. */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command/register.h"
#include "vanthu/clock.h"

/* Records with their texts; the list of one office is far below. */
#define MAX_LIST_ARENA_BYTES (64u * 1024 * 1024)
#define MAX_MAIL_ARENA_BYTES (256u * 1024 * 1024)
#define PAGE 500
#define MAX_FILES_SHOWN 10

struct exception {
    const char *reference, *gateway; /* gateway: NULL: this one */
    const char *why, *by;            /* NULL: not known here */
    int64_t made_utc_secs, until_utc_secs;
    const char *const *documents_sha256;
    const char **documents; /* their names, as far as they are known */
    size_t documents_count;
    const char *certificate_sha256; /* NULL: it is for documents */
    enum vt_reason reason;
    int64_t uses_count, last_use_utc_secs;
    struct exception *next;
};

struct list {
    struct vt_register_desk desk;
    struct vt_arena *arena;
    struct exception *first, **end;
    int64_t now_utc_secs, first_seq;
};

static bool in_vietnamese(const struct list *list)
{
    return list->desk.language == VT_LANGUAGE_VIETNAMESE;
}

/* ---- what the register has ---- */

static enum vt_code no_memory(struct vt_err *err)
{
    return vt_err_set(err, VT_E_NOMEM, "no memory for the exceptions");
}

static struct exception *add_exception(struct list *list, const char *reference)
{
    struct exception *item = vt_arena_alloc(list->arena, sizeof(*item));
    if (item == NULL)
        return NULL;
    item->reference = vt_arena_str(list->arena, reference);
    item->reason = VT_REASON_COUNT;
    *list->end = item;
    list->end = &item->next;
    return item->reference != NULL ? item : NULL;
}

/* One record of vanthu undo. */
static enum vt_code take_record(void *context, const struct vt_register_entry *entry,
                                struct vt_err *err)
{
    struct list *list = context;
    struct vt_register_record record;
    if (entry->is_destroyed)
        return VT_OK;
    enum vt_code code = vt_register_read(list->arena, entry, &record, err);
    if (code != VT_OK)
        return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
    const struct vt_register_overruled *overruled = record.overruled;
    if (overruled->until_utc_secs == VT_TIME_NONE)
        return VT_OK;
    struct exception *item = add_exception(list, entry->reference);
    if (item == NULL)
        return no_memory(err);
    item->why = overruled->reason_text;
    item->by = overruled->by;
    item->made_utc_secs = record.time_utc_secs;
    item->until_utc_secs = overruled->until_utc_secs;
    item->documents_sha256 = overruled->documents_sha256;
    item->documents_count = overruled->documents_count;
    item->certificate_sha256 = overruled->certificate_sha256;
    item->reason = overruled->reason;
    if (list->first_seq == 0 || entry->seq < list->first_seq)
        list->first_seq = entry->seq;
    return VT_OK;
}

/* One document or certificate that another gateway excepts. */
static enum vt_code take_peer(void *context, const struct vt_register_exception *peer,
                              struct vt_err *err)
{
    struct list *list = context;
    if (peer->gateway[0] == '\0')
        return VT_OK;
    struct exception *item = add_exception(list, peer->reference);
    const char **digest = vt_arena_alloc(list->arena, sizeof(*digest));
    if (item == NULL || digest == NULL)
        return no_memory(err);
    item->gateway = vt_arena_str(list->arena, peer->gateway);
    item->made_utc_secs = VT_TIME_NONE;
    item->until_utc_secs = peer->until_utc_secs;
    item->reason = peer->reason;
    bool is_of_document = peer->document_sha256[0] != '\0';
    *digest = vt_arena_str(list->arena,
                           is_of_document ? peer->document_sha256 : peer->certificate_sha256);
    if (item->gateway == NULL || *digest == NULL)
        return no_memory(err);
    item->documents_sha256 = digest;
    item->documents_count = is_of_document;
    item->certificate_sha256 = is_of_document ? NULL : *digest;
    return VT_OK;
}

static enum vt_code take_use(void *context, const struct vt_register_use *use, struct vt_err *err)
{
    struct list *list = context;
    (void)err;
    for (struct exception *item = list->first; item != NULL; item = item->next) {
        if (strcmp(item->reference, use->reference) != 0)
            continue;
        item->uses_count = use->mails_count;
        item->last_use_utc_secs = use->last_utc_secs;
    }
    return VT_OK;
}

/* ---- names of documents ---- */

struct naming {
    struct list *list;
    struct exception *item;
};

static enum vt_code name_documents(struct naming *naming, const struct vt_evidence *evidence)
{
    struct exception *item = naming->item;
    for (size_t i = 0; i < item->documents_count; i++) {
        for (size_t d = 0; d < evidence->documents_count; d++) {
            const struct vt_document *document = &evidence->documents[d];
            if (document->name == NULL || strcmp(document->sha256, item->documents_sha256[i]) != 0)
                continue;
            item->documents[i] = vt_arena_str(naming->list->arena, document->name);
            if (item->documents[i] == NULL)
                return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

static enum vt_code take_mail(void *context, const struct vt_register_entry *entry,
                              struct vt_err *err)
{
    struct naming *naming = context;
    struct vt_register_record record;
    if (entry->is_destroyed)
        return VT_OK;
    struct vt_arena *arena = vt_arena_new(MAX_MAIL_ARENA_BYTES);
    if (arena == NULL)
        return no_memory(err);
    enum vt_code code = vt_register_read(arena, entry, &record, err);
    if (code == VT_OK && record.decided->evidence != NULL)
        code = name_documents(naming, record.decided->evidence);
    vt_arena_free(arena);
    return code == VT_E_FORMAT || code == VT_E_LIMIT ? VT_OK : code;
}

static enum vt_code find_names(struct list *list, struct exception *item, struct vt_err *err)
{
    struct naming naming = {list, item};
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    int64_t next = 0;
    item->documents = vt_arena_alloc(list->arena, (item->documents_count + 1) * sizeof(char *));
    if (item->documents == NULL)
        return no_memory(err);
    if (item->gateway != NULL || item->documents_count == 0)
        return VT_OK;
    query.reference = item->reference;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_DECIDED);
    query.limit = 1;
    return vt_register_find(list->desk.reg, &query, take_mail, &naming, &next, err);
}

static enum vt_code read_all(struct list *list, struct vt_err *err)
{
    struct vt_register_query query = VT_REGISTER_QUERY_ANY;
    enum vt_code code = VT_OK;
    query.kinds = VT_REGISTER_KIND_BIT(VT_REGISTER_OVERRULED);
    query.limit = PAGE;
    do {
        code = vt_register_find(list->desk.reg, &query, take_record, list, &query.before_seq, err);
    } while (code == VT_OK && query.before_seq > 0);
    if (code == VT_OK)
        code = vt_register_exceptions(list->desk.reg, list->now_utc_secs, take_peer, list, err);
    if (code == VT_OK && list->first_seq > 0)
        code = vt_register_exception_uses(list->desk.reg, list->first_seq, take_use, list, err);
    for (struct exception *item = list->first; item != NULL && code == VT_OK; item = item->next)
        code = find_names(list, item, err);
    return code;
}

/* ---- for people ---- */

static void print_subject(const struct list *list, const struct exception *item, FILE *out)
{
    bool vi = in_vietnamese(list);
    if (item->certificate_sha256 != NULL)
        fprintf(
            out,
            vi ? "    chứng thư     %s\n    không xét     %s đối với chữ ký số của chứng thư này\n"
               : "    certificate   %s\n    not held      %s against its signatures\n",
            item->certificate_sha256,
            item->reason < VT_REASON_COUNT ? vt_reason_info(item->reason)->code
            : vi                           ? "mọi lý do"
                                           : "every reason");
    for (size_t i = 0; i < item->documents_count && i < MAX_FILES_SHOWN; i++)
        fprintf(out,
                vi ? "    tệp           %s  (SHA-256 %.16s…)\n"
                   : "    file          %s  (SHA-256 %.16s…)\n",
                item->documents[i] != NULL ? item->documents[i] : "-", item->documents_sha256[i]);
    if (item->documents_count > MAX_FILES_SHOWN)
        fprintf(out, vi ? "    và %zu tệp khác\n" : "    and %zu more files\n",
                item->documents_count - MAX_FILES_SHOWN);
}

static void print_use(const struct list *list, const struct exception *item, FILE *out)
{
    char at[40];
    bool vi = in_vietnamese(list);
    if (item->uses_count == 0)
        fprintf(out, vi ? "    đã dùng       chưa có thư nào được nhận chỉ nhờ ngoại lệ này\n"
                        : "    used          no mail passed by it alone\n");
    else
        fprintf(out,
                vi ? "    đã dùng       %lld thư được nhận nhờ ngoại lệ này, lần cuối %s\n"
                : item->uses_count == 1
                    ? "    used          %lld mail passed by it, %s\n"
                    : "    used          %lld mails passed by it, the last one %s\n",
                (long long)item->uses_count,
                vt_print_minute(list->desk.language, at, item->last_use_utc_secs));
}

static void print_item(const struct list *list, const struct exception *item, FILE *out)
{
    char until[40], made[40];
    bool vi = in_vietnamese(list), is_over = item->until_utc_secs <= list->now_utc_secs;
    (void)vt_print_minute(list->desk.language, until, item->until_utc_secs);
    fprintf(out, "%s  %s %s\n", item->reference,
            vi ? (is_over ? "hết hạn" : "đến") : (is_over ? "ended" : "until"), until);
    if (item->gateway != NULL) {
        fprintf(out,
                vi ? "    lập tại       %s (người lập, lý do: xem sổ đăng ký ở đó)\n"
                   : "    made at       %s (who and why: the register there)\n",
                item->gateway);
    } else {
        fprintf(out, vi ? "    người lập     %s, %s\n" : "    made by       %s, %s\n",
                item->by != NULL ? item->by : "-",
                vt_print_minute(list->desk.language, made, item->made_utc_secs));
        fprintf(out, vi ? "    vì            %s\n" : "    because       %s\n",
                item->why != NULL ? item->why : "-");
    }
    print_subject(list, item, out);
    if (item->gateway == NULL)
        print_use(list, item, out);
}

static size_t print_some(const struct list *list, bool is_over, FILE *out)
{
    static const char *const titles[2][2] = {{"Ngoại lệ đang có hiệu lực", "Exceptions in force"},
                                             {"Ngoại lệ đã hết hạn", "Exceptions that ended"}};
    size_t count = 0;
    for (const struct exception *item = list->first; item != NULL; item = item->next) {
        if ((item->until_utc_secs <= list->now_utc_secs) != is_over)
            continue;
        if (count++ == 0)
            fprintf(out, "%s\n", titles[is_over][list->desk.language]);
        print_item(list, item, out);
    }
    if (count > 0)
        fputc('\n', out);
    return count;
}

static enum vt_code print_all(const struct list *list, struct vt_err *err)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (out == NULL)
        return no_memory(err);
    size_t count = print_some(list, false, out);
    if (count == 0)
        fputs(in_vietnamese(list) ? "Không có ngoại lệ nào đang có hiệu lực.\n"
                                  : "No exception is in force.\n",
              out);
    (void)print_some(list, true, out);
    enum vt_code code = fclose(out) == 0 ? VT_OK : no_memory(err);
    if (code == VT_OK && !vt_register_put_clean(stdout, text, len))
        code = vt_err_sys(err, "the exceptions cannot be written");
    free(text);
    return code;
}

/* ---- for programs ---- */

static json_t *time_json(int64_t utc_secs)
{
    char text[VT_TIME_TEXT_BYTES];
    return utc_secs == VT_TIME_NONE ? json_null() : json_string(vt_time_rfc3339(text, utc_secs));
}

static json_t *documents_json(const struct exception *item)
{
    json_t *array = json_array();
    for (size_t i = 0; i < item->documents_count; i++)
        (void)json_array_append_new(array, json_pack("{s:s?, s:s}", "name", item->documents[i],
                                                     "sha256", item->documents_sha256[i]));
    return array;
}

static enum vt_code print_json(const struct list *list, struct vt_err *err)
{
    for (const struct exception *item = list->first; item != NULL; item = item->next) {
        bool has_reason = item->reason < VT_REASON_COUNT, is_own = item->gateway == NULL;
        json_t *object = json_pack(
            "{s:s, s:b, s:s?, s:s?, s:s?, s:o, s:o, s:o, s:s?, s:s?, s:o, s:o}", "reference",
            item->reference, "in_force", (int)(item->until_utc_secs > list->now_utc_secs),
            "gateway", item->gateway, "by", item->by, "why", item->why, "made",
            time_json(item->made_utc_secs), "until", time_json(item->until_utc_secs), "documents",
            documents_json(item), "certificate", item->certificate_sha256, "reason",
            has_reason ? vt_reason_info(item->reason)->code : NULL, "mails",
            is_own ? json_integer(item->uses_count) : json_null(), "last_mail",
            is_own && item->uses_count > 0 ? time_json(item->last_use_utc_secs) : json_null());
        char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
        json_decref(object);
        if (text == NULL)
            return no_memory(err);
        printf("%s\n", text);
        free(text);
    }
    return VT_OK;
}

static int run(struct list *list)
{
    struct vt_err err = {0};
    int status =
        vt_command_open_register(list->desk.config_file, NULL, &list->desk.config, &list->desk.reg);
    if (status != EX_OK)
        return status;
    list->arena = vt_arena_new(MAX_LIST_ARENA_BYTES);
    enum vt_code code = list->arena != NULL ? read_all(list, &err) : no_memory(&err);
    if (code == VT_OK)
        code = list->desk.json ? print_json(list, &err) : print_all(list, &err);
    return code == VT_OK ? EX_OK : vt_command_fault(&err, code);
}

int vt_command_policy_exceptions(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    static char name[] = "vanthu policy exceptions";
    struct list list = {.desk = {.name = name, .language = vt_command_language()},
                        .now_utc_secs = vt_clock_now_utc_secs()};
    int option = 0;
    list.end = &list.first;
    argv[0] = name; /* in the messages of getopt_long(3) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'j')
            list.desk.json = true;
        else if (option == 'c')
            list.desk.config_file = optarg;
        else
            return EX_USAGE;
    }
    if (optind < argc) {
        fprintf(stderr, "%s: what is \"%s\" for?\n", name, argv[optind]);
        return EX_USAGE;
    }
    int status = run(&list);
    vt_arena_free(list.arena);
    vt_register_close(list.desk.reg);
    vt_config_free(list.desk.config);
    return status;
}
