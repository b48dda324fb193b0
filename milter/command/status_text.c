/* SPDX-License-Identifier: Apache-2.0
 * What runs and what is known about certificates, in Vietnamese or English: what needs an
 * administrator stands in capitals. */
#include "command/status_text.h"

#include <inttypes.h>
#include <string.h>

#include "command/print.h"
#include "command/status_seals.h"
#include "command/status_words.h"
#include "vanthu/clock.h"

struct printer {
    FILE *out;
    enum vt_language language;
    int64_t now;
};

/* Items of a part; what is beyond stands in --json. */
#define MAX_ITEMS 40
#define MAX_RECHECKS 10
#define MAX_REFERENCES 5

static const char *word(const struct printer *p, enum vt_status_word w)
{
    return vt_status_words[w][p->language];
}

static int64_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int64_t time_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : VT_TIME_NONE;
}

static void cell(const struct printer *p, const char *text, int width)
{
    vt_print_cell(p->out, text, width);
}

/* The clock in Vietnam, with its day when that is not today's. Returns out. */
static const char *when(const struct printer *p, char out[40], int64_t utc_secs)
{
    enum { DAY_SECS = 24 * 3600 };
    char text[VT_TIME_TEXT_BYTES];
    bool is_today = utc_secs != VT_TIME_NONE && (utc_secs + VT_VIETNAM_SECS) / DAY_SECS ==
                                                    (p->now + VT_VIETNAM_SECS) / DAY_SECS;
    if (!is_today)
        return vt_print_minute(p->language, out, utc_secs);
    (void)snprintf(out, 40, "%.5s", vt_time_rfc3339(text, utc_secs + VT_VIETNAM_SECS) + 11);
    return out;
}

/* "3 h", "12 min": as coarse as an age is read. Returns out. */
static const char *span(const struct printer *p, char out[40], int64_t secs)
{
    static const struct {
        int64_t secs;
        const char *name[2];
    } units[] = {{24 * 3600, {"ngày", "d"}}, {3600, {"giờ", "h"}}, {60, {"phút", "min"}}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (secs >= 2 * units[i].secs) {
            (void)snprintf(out, 40, "%" PRId64 " %s", secs / units[i].secs,
                           units[i].name[p->language]);
            return out;
        }
    }
    (void)snprintf(out, 40, "%" PRId64 " %s", secs < 0 ? 0 : secs,
                   p->language == VT_LANGUAGE_VIETNAMESE ? "giây" : "s");
    return out;
}

static const char *size_text(char out[40], int64_t bytes)
{
    if (bytes >= 10 * 1024 * 1024)
        (void)snprintf(out, 40, "%" PRId64 " MB", bytes / (1024 * 1024));
    else
        (void)snprintf(out, 40, "%" PRId64 " KB", (bytes + 1023) / 1024);
    return out;
}

static void title(const struct printer *p, enum vt_status_word w)
{
    fprintf(p->out, "\n%s\n", word(p, w));
}

/* ---- numbers ---- */

static void print_loader(const struct printer *p, const char *by)
{
    if (strcmp(by, "start") == 0)
        fprintf(p->out, " %s", word(p, W_BY_START));
    else if (by[0] != '\0')
        fprintf(p->out, " %s %s", word(p, W_BY), by);
    fputc('\n', p->out);
}

static void print_keeping(const struct printer *p, const json_t *policy)
{
    char at[40];
    int64_t until = time_of(policy, "keep_until_utc_secs");
    if (until != VT_TIME_NONE)
        fprintf(p->out, "%11s%s %s %s\n", "", word(p, W_GOES_BACK), when(p, at, until),
                word(p, W_UNLESS_KEPT));
    if (json_is_true(json_object_get(policy, "is_not_of_files")))
        fprintf(p->out, "%11s%s\n", "", word(p, W_NOT_OF_FILES));
}

static void print_braked(const struct printer *p, const json_t *rules)
{
    size_t i = 0;
    json_t *rule = NULL;
    char at[40];
    json_array_foreach(rules, i, rule) fprintf(
        p->out, "%11s%s: \"%s\", %s %s\n", "", word(p, W_BRAKED), vt_print_json(rule, "rule"),
        word(p, W_BRAKED_UNTIL), when(p, at, time_of(rule, "until_utc_secs")));
}

static void print_policy(const struct printer *p, const json_t *answer)
{
    char at[40];
    const json_t *policy = json_object_get(answer, "policy");
    const json_t *reg = json_object_get(answer, "register");
    if (json_is_object(policy)) {
        cell(p, word(p, W_POLICY), 11);
        fprintf(p->out, "%s %s, %s %s", word(p, W_VERSION), vt_print_json(policy, "version"),
                word(p, W_LOADED), when(p, at, time_of(policy, "loaded_utc_secs")));
        print_loader(p, vt_print_json(policy, "by"));
        print_keeping(p, policy);
        print_braked(p, json_object_get(answer, "braked"));
    }
    if (json_is_object(reg)) {
        bool is_writable = json_is_true(json_object_get(reg, "writable"));
        cell(p, word(p, W_REGISTER), 11);
        fprintf(p->out, "%s\n", word(p, is_writable ? W_WRITABLE : W_NOT_WRITABLE));
    }
}

struct part {
    const char *key;
    enum vt_status_word word;
};

static void print_part_list(const struct printer *p, const json_t *counts, const struct part *parts,
                            size_t parts_count)
{
    for (size_t i = 0; i < parts_count; i++)
        fprintf(p->out, "%s%s %" PRId64, i > 0 ? ", " : "", word(p, parts[i].word),
                number_of(counts, parts[i].key));
    fputc('\n', p->out);
}

static void print_parts(const struct printer *p, enum vt_status_word name, const json_t *counts,
                        const struct part *parts, size_t parts_count)
{
    cell(p, word(p, name), 17);
    print_part_list(p, counts, parts, parts_count);
}

/* Of what went on in mode observe or tag, or by rules that only observe. */
static void print_would_be(const struct printer *p, const json_t *would_be)
{
    static const struct part parts[] = {
        {"tag", W_TAGGED}, {"hold", W_HELD}, {"reject", W_REFUSED}, {"tempfail", W_TEMPFAILED}};
    int64_t sum = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sum += number_of(would_be, parts[i].key);
    if (sum > 0)
        print_parts(p, W_WOULD, would_be, parts, sizeof(parts) / sizeof(parts[0]));
}

static void print_outcomes(const struct printer *p, enum vt_status_word name,
                           const json_t *outcomes)
{
    static const struct part parts[] = {{"accept", W_ACCEPTED},     {"tag", W_TAGGED},
                                        {"hold", W_HELD},           {"reject", W_REFUSED},
                                        {"tempfail", W_TEMPFAILED}, {"secret", W_SECRET}};
    if (!json_is_object(outcomes))
        return;
    print_parts(p, name, outcomes, parts, sizeof(parts) / sizeof(parts[0]));
    print_would_be(p, json_object_get(outcomes, "would_be"));
}

/* What never happens on a good day: only what is not 0 is shown. */
static void print_faults(const struct printer *p, const json_t *counted)
{
    const json_t *tempfails = json_object_get(counted, "tempfails");
    const struct {
        enum vt_status_word word;
        int64_t count;
    } parts[] = {{W_BY_INSPECTION, number_of(tempfails, "inspection")},
                 {W_BY_REGISTER, number_of(tempfails, "register")},
                 {W_BY_MTA, number_of(tempfails, "mta")},
                 {W_BY_SEAL, number_of(tempfails, "seal")},
                 {W_UNRECORDED, number_of(counted, "unrecorded")},
                 {W_POISON, number_of(counted, "poison")}};
    const char *before = word(p, W_OUR_FAULTS);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].count == 0)
            continue;
        fprintf(p->out, "%s%s %s %" PRId64, before, before == word(p, W_OUR_FAULTS) ? ":" : "",
                word(p, parts[i].word), parts[i].count);
        before = ",";
    }
    if (before != word(p, W_OUR_FAULTS))
        fputc('\n', p->out);
}

/* A register that cannot be written stands in its own line already. */
static void print_problems(const struct printer *p, const json_t *problems)
{
    static const struct {
        const char *code;
        enum vt_status_word word;
    } known[] = {{"role-down", W_ROLE_DOWN},
                 {"register-hangs", W_REGISTER_HANGS},
                 {"disk-nearly-full", W_DISK_NEARLY_FULL},
                 {"trust-empty", W_TRUST_EMPTY},
                 {"clock-wrong", W_CLOCK_WRONG},
                 {"relay-away", W_RELAY_AWAY},
                 {"seal-stopped", W_SEAL_STOPPED},
                 {"seal-down", W_SEAL_DOWN},
                 {"seal-canary", W_SEAL_DOWN},
                 {"seal-certificate-ends", W_SEAL_ENDS},
                 {"held-too-long", W_HELD_TOO_LONG}};
    size_t i = 0;
    json_t *problem = NULL;
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        bool is_there = false;
        json_array_foreach(problems, i, problem) is_there =
            is_there || strcmp(vt_print_json(problem, "code"), known[k].code) == 0;
        if (is_there)
            fprintf(p->out, "%s\n", word(p, known[k].word));
    }
}

/* Those that are not sent yet, then what was done since the start; nothing where nobody was told of
 * anything. */
static void print_notices(const struct printer *p, const json_t *answer)
{
    static const struct part parts[] = {
        {"sent", W_SENT}, {"deferred", W_DEFERRED}, {"failed", W_NOT_TAKEN}};
    const json_t *notices = json_object_get(json_object_get(answer, "counted"), "notices");
    const json_t *owed = json_object_get(answer, "notices_owed");
    int64_t waiting =
        number_of(owed, "waiting") + number_of(owed, "ready") + number_of(owed, "sending");
    int64_t sum = waiting;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        sum += number_of(notices, parts[i].key);
    if (sum == 0)
        return;
    cell(p, word(p, W_NOTICES), 17);
    fprintf(p->out, "%s %" PRId64 ", ", word(p, W_OWED), waiting);
    print_part_list(p, notices, parts, sizeof(parts) / sizeof(parts[0]));
}

/* Nothing where nothing waits. */
static void print_holds(const struct printer *p, const json_t *holds)
{
    char at[40];
    if (number_of(holds, "waiting") == 0)
        return;
    cell(p, word(p, W_HOLDS), 17);
    fprintf(p->out, "%" PRId64 ", %s %s: vanthu hold list\n", number_of(holds, "waiting"),
            word(p, W_HELD_SINCE), when(p, at, time_of(holds, "oldest_utc_secs")));
}

static void print_numbers(const struct printer *p, const json_t *answer)
{
    const json_t *mails = json_object_get(answer, "mails");
    if (mails == NULL)
        return; /* of a reload */
    fputc('\n', p->out);
    if (json_is_null(mails))
        fprintf(p->out, "%s\n", word(p, W_NO_MAILS));
    print_outcomes(p, W_TODAY, json_object_get(mails, "today"));
    print_outcomes(p, W_LAST_HOUR, json_object_get(mails, "last_hour"));
    print_holds(p, json_object_get(answer, "holds"));
    print_notices(p, answer);
    vt_command_print_seals(p->out, p->language, json_object_get(answer, "seals"));
    print_faults(p, json_object_get(answer, "counted"));
}

/* ---- roles ---- */

static void print_roles(const struct printer *p, const json_t *answer)
{
    size_t i = 0;
    json_t *item = NULL;
    char since[40];
    if (*vt_print_json(answer, "mode") != '\0') {
        cell(p, word(p, W_MODE), 11);
        fprintf(p->out, "%s\n", vt_print_json(answer, "mode"));
    }
    if (*vt_print_json(answer, "socket") != '\0') {
        cell(p, word(p, W_SOCKET), 11);
        fprintf(p->out, "%s\n", vt_print_json(answer, "socket"));
    }
    print_policy(p, answer);
    json_array_foreach(json_object_get(answer, "roles"), i, item)
    {
        bool is_running = json_is_true(json_object_get(item, "running"));
        cell(p, vt_print_json(item, "role"), 11);
        cell(p, word(p, is_running ? W_RUNNING : W_DOWN), 11);
        fprintf(p->out, "pid %" PRId64 ", %s %s, %s: %" PRId64 "\n", number_of(item, "pid"),
                word(p, W_SINCE), when(p, since, time_of(item, "started_utc_secs")),
                word(p, W_RESTARTS), number_of(item, "restarts"));
    }
}

/* ---- hosts ---- */

static void print_why(const struct printer *p, const json_t *host)
{
    if (*vt_print_json(host, "why") != '\0')
        fprintf(p->out, " (%s)", vt_print_json(host, "why"));
}

static void print_host(const struct printer *p, const json_t *host)
{
    char at[40];
    const char *state = vt_print_json(host, "state");
    int64_t last_good = time_of(host, "last_good_utc_secs");
    fputs("  ", p->out);
    cell(p, vt_print_json(host, "host"), 28);
    if (strcmp(vt_print_json(host, "for"), "time-stamps") == 0)
        fprintf(p->out, "%s: ", word(p, W_FOR_STAMPS));
    if (strcmp(state, "ok") == 0 && last_good != VT_TIME_NONE) {
        fprintf(p->out, "%s, %s %s", word(p, W_OK), word(p, W_LAST_GOOD), when(p, at, last_good));
    } else if (strcmp(state, "ok") == 0) {
        fprintf(p->out, "%s", word(p, W_NEVER_GOOD));
    } else if (strcmp(state, "down") == 0) {
        fprintf(p->out, "%s %s", word(p, W_HOST_DOWN),
                when(p, at, time_of(host, "until_utc_secs")));
        print_why(p, host);
    } else if (strcmp(state, "to-be-tried") == 0) {
        fprintf(p->out, "%s", word(p, W_TO_BE_TRIED));
        print_why(p, host);
    } else {
        fprintf(p->out, "%s",
                word(p, strcmp(state, "not-allowed") == 0 ? W_NOT_ALLOWED : W_NEVER_ASKED));
    }
    if (strcmp(state, "ok") == 0 && number_of(host, "strikes") > 0) {
        fprintf(p->out, "; %s: %" PRId64, word(p, W_STRIKES), number_of(host, "strikes"));
        print_why(p, host);
    }
    fputc('\n', p->out);
}

static void print_stamp(const struct printer *p, const json_t *place)
{
    char at[40];
    const char *why = vt_print_json(place, "why");
    int64_t last_good = time_of(place, "last_good_utc_secs");
    bool was_asked = number_of(place, "asked") > 0;
    fprintf(p->out, "  %s: %s", vt_print_json(place, "url"),
            word(p, *why != '\0' ? W_STAMP_FAILED
                    : was_asked  ? W_OK
                                 : W_NEVER_ASKED));
    if (*why != '\0')
        fprintf(p->out, " (%s)", why);
    if (last_good != VT_TIME_NONE)
        fprintf(p->out, "; %s %s", word(p, W_LAST_GOOD), when(p, at, last_good));
    fputc('\n', p->out);
}

/* ---- lists ---- */

static void print_list(const struct printer *p, const json_t *list)
{
    char at[40];
    int64_t next = time_of(list, "next_update_utc_secs");
    int64_t issued = time_of(list, "this_update_utc_secs");
    bool has_ended = next != VT_TIME_NONE && next < p->now;
    fprintf(p->out, "  %s: %" PRId64 " %s%s%s, %s %s", vt_print_json(list, "issuer"),
            number_of(list, "entries"),
            word(p, number_of(list, "entries") == 1 ? W_ENTRY : W_ENTRIES),
            json_is_true(json_object_get(list, "delta")) ? ", " : "",
            json_is_true(json_object_get(list, "delta")) ? word(p, W_DELTA) : "", word(p, W_ISSUED),
            when(p, at, issued));
    fprintf(p->out, " (%s %s), ", span(p, at, p->now - issued), word(p, W_AGO));
    if (next == VT_TIME_NONE)
        fprintf(p->out, "%s", word(p, W_NO_END));
    else
        fprintf(p->out, "%s %s", word(p, has_ended ? W_ENDED : W_UNTIL), when(p, at, next));
    fprintf(p->out, "\n    %s, %s %s", vt_print_json(list, "origin"), word(p, W_FETCHED),
            when(p, at, time_of(list, "fetched_utc_secs")));
    if (time_of(list, "refresh_utc_secs") != VT_TIME_NONE)
        fprintf(p->out, ", %s %s", word(p, W_REFRESH),
                when(p, at, time_of(list, "refresh_utc_secs")));
    fputc('\n', p->out);
}

/* ---- what is asked for again ---- */

static void print_recheck(const struct printer *p, const json_t *item)
{
    char at[40];
    size_t i = 0;
    json_t *reference = NULL;
    const json_t *references = json_object_get(item, "references");
    fprintf(p->out, "  %s; %s\n    serial %s, ", vt_print_json(item, "certificate"),
            vt_print_json(item, "issuer"), vt_print_json(item, "serial"));
    fprintf(p->out, "%s %s, ", word(p, W_ASKED), when(p, at, time_of(item, "asked_utc_secs")));
    fprintf(p->out, "%s %" PRId64 ", %s %s; %s", word(p, W_TRIES), number_of(item, "tries"),
            word(p, W_NEXT), when(p, at, time_of(item, "next_utc_secs")), word(p, W_MAILS));
    json_array_foreach(references, i, reference)
    {
        if (i < MAX_REFERENCES)
            fprintf(p->out, " %s", json_string_value(reference));
    }
    if (json_array_size(references) > MAX_REFERENCES)
        fprintf(p->out, " %s %zu", word(p, W_MORE), json_array_size(references) - MAX_REFERENCES);
    fputc('\n', p->out);
}

/* ---- all of it ---- */

static void print_items(const struct printer *p, const json_t *items, enum vt_status_word none,
                        size_t most, void (*print_one)(const struct printer *, const json_t *))
{
    size_t i = 0;
    json_t *item = NULL;
    if (json_array_size(items) == 0)
        fprintf(p->out, "  %s\n", word(p, none));
    json_array_foreach(items, i, item)
    {
        if (i < most)
            print_one(p, item);
    }
    if (json_array_size(items) > most)
        fprintf(p->out, "  %s %zu (--json)\n", word(p, W_MORE), json_array_size(items) - most);
}

static void print_cache(const struct printer *p, const json_t *report)
{
    char text[40];
    const json_t *cache = json_object_get(report, "cache");
    const json_t *generation = json_object_get(report, "generation");
    fprintf(p->out, "\n%s: %" PRId64 " %s, %" PRId64 " %s (%s), %" PRId64 " %s\n", word(p, W_CACHE),
            number_of(cache, "facts"), word(p, W_FACTS), number_of(cache, "lists"),
            word(p, W_LISTS_SHORT), size_text(text, number_of(cache, "lists_bytes")),
            number_of(cache, "issuers"), word(p, W_ISSUERS));
    if (json_is_object(generation))
        fprintf(p->out, "%s: %s %s\n", word(p, W_GENERATION),
                span(p, text, number_of(generation, "age_secs")), word(p, W_AGO));
    else
        fprintf(p->out, "%s: %s\n", word(p, W_GENERATION), word(p, W_NO_GENERATION));
}

void vt_command_print_status(FILE *out, enum vt_language language, const json_t *answer,
                             int64_t now_utc_secs)
{
    const struct printer p = {out, language, now_utc_secs};
    const json_t *report = json_object_get(answer, "status");
    print_problems(&p, json_object_get(answer, "problems"));
    print_roles(&p, answer);
    vt_command_print_central(out, language, answer);
    print_numbers(&p, answer);
    if (!json_is_object(report)) {
        if (report != NULL)
            fprintf(out, "\n%s\n", word(&p, W_NO_REPORT));
        return;
    }
    if (json_array_size(json_object_get(report, "timestamps")) > 0) {
        title(&p, W_STAMPS);
        print_items(&p, json_object_get(report, "timestamps"), W_NEVER_ASKED, MAX_ITEMS,
                    print_stamp);
    }
    title(&p, W_HOSTS);
    print_items(&p, json_object_get(report, "hosts"), W_NEVER_ASKED, MAX_ITEMS, print_host);
    title(&p, W_LISTS);
    print_items(&p, json_object_get(report, "lists"), W_NO_LISTS, MAX_ITEMS, print_list);
    print_cache(&p, report);
    title(&p, W_RECHECKS);
    print_items(&p, json_object_get(report, "rechecks"), W_NO_RECHECKS, MAX_RECHECKS,
                print_recheck);
}
