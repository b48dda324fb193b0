/* SPDX-License-Identifier: Apache-2.0
 * Held mails in the queue of Postfix (postqueue(1), postsuper(1)) or Sendmail (mailq(1), op.me
 * 2.3.6). A queue id comes from a record: it is taken only if it has the form of one, acted upon
 * only when the queue itself shows it as held, and never seen by a shell. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "command/hold.h"
#include "command/run.h"

/* A mail of many recipients is one line. */
#define MAX_LINE_BYTES ((size_t)16 * 1024 * 1024)
#define MAX_ARGUMENTS 10
/* A queue id of Postfix is given again some day. The mail came before its record, and not long. */
#define EARLIEST_SECS ((int64_t)24 * 3600)
#define LATEST_SECS 2

const char *vt_hold_place_name(enum vt_hold_place place)
{
    static const char *const names[] = {[VT_PLACE_UNKNOWN] = "unknown",
                                        [VT_PLACE_HELD] = "held",
                                        [VT_PLACE_QUEUE] = "queue",
                                        [VT_PLACE_GONE] = "gone"};
    return names[place];
}

void vt_hold_queued_init(struct vt_hold_queued *out, const char *queue_id, int64_t held_utc_secs)
{
    static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    size_t len = strlen(queue_id);
    *out = (struct vt_hold_queued){.held_utc_secs = held_utc_secs};
    /* "ALL" is every mail to postsuper(1). */
    if (len > 3 && len < sizeof(out->queue_id) && strspn(queue_id, allowed) == len)
        memcpy(out->queue_id, queue_id, len + 1);
}

/* ---- programs ---- */

static size_t begin(const struct vt_hold_mta *mta, const char *program,
                    const char *arguments[MAX_ARGUMENTS], char config[300])
{
    size_t count = 0;
    arguments[count++] = program;
    if (!mta->is_sendmail && mta->postfix_config != NULL) {
        arguments[count++] = "-c";
        arguments[count++] = mta->postfix_config;
    } else if (mta->is_sendmail && mta->sendmail_config != NULL) {
        (void)snprintf(config, 300, "-C%.290s", mta->sendmail_config);
        arguments[count++] = config;
    }
    return count;
}

/* A program with at most five words of its own, the last NULL. */
static enum vt_code run(const struct vt_hold_mta *mta, const char *program,
                        const char *const words[], struct vt_err *err)
{
    const char *arguments[MAX_ARGUMENTS];
    char config[300], said[VT_MAX_RUN_OUTPUT_BYTES], clean[300];
    size_t count = begin(mta, program, arguments, config);
    for (size_t i = 0; words[i] != NULL && count < MAX_ARGUMENTS - 1; i++)
        arguments[count++] = words[i];
    arguments[count] = NULL;
    if (vt_command_run(arguments, said))
        return VT_OK;
    (void)vt_text_clean(clean, sizeof(clean), vt_bytes_str(said));
    return vt_err_set(err, VT_E_SYSTEM, "%s: %s", program,
                      clean[0] != '\0' ? clean : "it cannot be run");
}

void vt_hold_mta_find(struct vt_hold_mta *mta)
{
    static const char *const words[] = {"-h", "queue_directory", NULL};
    mta->is_sendmail = mta->sendmail_config != NULL;
    if (!mta->is_sendmail && mta->postfix_config == NULL)
        mta->is_sendmail = run(mta, "postconf", words, NULL) != VT_OK;
}

/* ---- looking ---- */

struct look {
    struct vt_hold_queued *items;
    size_t count;
    enum vt_hold_place place; /* of Sendmail: what the listing is of */
    char folder[300];         /* and in which */
    char fault[200];          /* a line that is none of a listing */
};

static struct vt_hold_queued *find(struct look *look, const char *queue_id, size_t len)
{
    for (size_t i = 0; i < look->count; i++) {
        struct vt_hold_queued *item = &look->items[i];
        if (len > 0 && strlen(item->queue_id) == len && memcmp(item->queue_id, queue_id, len) == 0)
            return item;
    }
    return NULL;
}

static void take_postfix_line(void *context, const char *line)
{
    struct look *look = context;
    json_t *mail = json_loads(line, 0, NULL);
    const char *queue_id = json_string_value(json_object_get(mail, "queue_id"));
    const char *queue = json_string_value(json_object_get(mail, "queue_name"));
    int64_t arrived = json_integer_value(json_object_get(mail, "arrival_time"));
    struct vt_hold_queued *item = queue_id != NULL ? find(look, queue_id, strlen(queue_id)) : NULL;
    if (item != NULL && queue != NULL && arrived <= item->held_utc_secs + LATEST_SECS &&
        arrived >= item->held_utc_secs - EARLIEST_SECS)
        item->place = strcmp(queue, "hold") == 0 ? VT_PLACE_HELD : VT_PLACE_QUEUE;
    if (mail == NULL)
        (void)vt_text_clean(look->fault, sizeof(look->fault), vt_bytes_str(line));
    json_decref(mail);
}

/* "\t\t/var/spool/mqueue (2 requests)", then for each mail a line that begins with its id; a mark
 * may follow that. */
static void take_sendmail_line(void *context, const char *line)
{
    struct look *look = context;
    const char *path = strchr(line, '/'), *end = strstr(line, " (");
    size_t len = strspn(line, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    struct vt_hold_queued *item = find(look, line, len);
    if (path != NULL && end != NULL && path < end && strspn(line, "\t ") == (size_t)(path - line))
        (void)snprintf(look->folder, sizeof(look->folder), "%.*s", (int)(end - path), path);
    if (item == NULL)
        return;
    item->place = look->place;
    memcpy(item->folder, look->folder, sizeof(item->folder));
}

static bool list(const struct vt_hold_mta *mta, const char *const words[], struct look *look)
{
    const char *arguments[MAX_ARGUMENTS];
    char config[300];
    size_t count = begin(mta, mta->is_sendmail ? "sendmail" : "postqueue", arguments, config);
    for (size_t i = 0; words[i] != NULL; i++)
        arguments[count++] = words[i];
    arguments[count] = NULL;
    return vt_command_run_lines(arguments, MAX_LINE_BYTES,
                                mta->is_sendmail ? take_sendmail_line : take_postfix_line, look);
}

enum vt_code vt_hold_mta_look(const struct vt_hold_mta *mta, struct vt_hold_queued *items,
                              size_t count, struct vt_err *err)
{
    static const char *const postfix[] = {"-j", NULL}, *const all[] = {"-bp", NULL},
                             *const held[] = {"-bp", "-qQ", NULL};
    struct look look = {.items = items, .count = count, .place = VT_PLACE_QUEUE};
    for (size_t i = 0; i < count; i++)
        items[i].place = VT_PLACE_GONE;
    bool is_good = list(mta, mta->is_sendmail ? all : postfix, &look);
    if (is_good && mta->is_sendmail) {
        look.place = VT_PLACE_HELD;
        is_good = list(mta, held, &look);
    }
    for (size_t i = 0; i < count; i++) {
        if (!is_good || items[i].queue_id[0] == '\0')
            items[i].place = VT_PLACE_UNKNOWN;
    }
    return is_good ? VT_OK
                   : vt_err_set(err, VT_E_SYSTEM, "the queue of the mail server cannot be read: %s",
                                look.fault[0] != '\0' ? look.fault
                                : mta->is_sendmail    ? "sendmail -bp failed"
                                                      : "postqueue -j failed");
}

/* ---- acting ---- */

/* Never postsuper -r: that has the filters see it again, as mail of this host. What follows only
 * makes it fast: else it waits for the next run of the queue. */
static enum vt_code release_postfix(const struct vt_hold_mta *mta, const char *queue_id,
                                    struct vt_err *err)
{
    const char *const words[] = {"-H", queue_id, NULL}, *const now[] = {"-i", queue_id, NULL};
    enum vt_code code = run(mta, "postsuper", words, err);
    if (code == VT_OK && run(mta, "postqueue", now, NULL) != VT_OK)
        return VT_OK;
    return code;
}

static enum vt_code release_sendmail(const struct vt_hold_mta *mta, const char *queue_id,
                                     struct vt_err *err)
{
    char match[48];
    (void)snprintf(match, sizeof(match), "-qI%s", queue_id);
    const char *const words[] = {"-qQ", "-Q", match, NULL}, *const now[] = {match, NULL};
    enum vt_code code = run(mta, "sendmail", words, err);
    if (code == VT_OK && run(mta, "sendmail", now, NULL) != VT_OK)
        return VT_OK;
    return code;
}

enum vt_code vt_hold_mta_release(const struct vt_hold_mta *mta, const struct vt_hold_queued *item,
                                 struct vt_err *err)
{
    if (item->place != VT_PLACE_HELD)
        return vt_err_set(err, VT_E_INTERNAL, "a mail that is not held cannot be released");
    return mta->is_sendmail ? release_sendmail(mta, item->queue_id, err)
                            : release_postfix(mta, item->queue_id, err);
}

/* The file of a mail, in its folder or in one of the folders that Sendmail tells kinds of files
 * apart by. */
static enum vt_code remove_file(const struct vt_hold_queued *item, const char *kind,
                                const char *below, struct vt_err *err)
{
    char file[400];
    const char *const folders[] = {"", below};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(file, sizeof(file), "%s/%s%s%s", item->folder, folders[i], kind,
                       item->queue_id);
        if (unlink(file) == 0)
            return VT_OK;
        if (errno != ENOENT)
            return vt_err_sys(err, "%s", file);
    }
    return vt_err_set(err, VT_E_SYSTEM, "%s/%s%s: it is not there", item->folder, kind,
                      item->queue_id);
}

/* Sendmail has no command for it; it does not look at a quarantined mail on its own. */
static enum vt_code delete_sendmail(const struct vt_hold_queued *item, struct vt_err *err)
{
    if (item->folder[0] != '/')
        return vt_err_set(err, VT_E_SYSTEM, "mailq -qQ does not say in which folder %s is",
                          item->queue_id);
    enum vt_code code = remove_file(item, "hf", "qf/", err);
    return code == VT_OK ? remove_file(item, "df", "df/", err) : code;
}

enum vt_code vt_hold_mta_delete(const struct vt_hold_mta *mta, const struct vt_hold_queued *item,
                                struct vt_err *err)
{
    const char *const words[] = {"-d", item->queue_id, "hold", NULL};
    if (item->place != VT_PLACE_HELD)
        return vt_err_set(err, VT_E_INTERNAL, "a mail that is not held is not deleted");
    return mta->is_sendmail ? delete_sendmail(item, err) : run(mta, "postsuper", words, err);
}
