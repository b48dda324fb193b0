/* SPDX-License-Identifier: Apache-2.0
 * Authentication-Results (RFC 8601 2.2). Only the services that the configuration names are
 * believed (section 5); what a stranger writes into an address, a reason or a comment is no result.
 */
#include "inspector/results.h"

#include <string.h>
#include <strings.h>

/* A longer Authentication-Results is not believed: cut, "header.d=a.vn.evil.net" would prove a.vn.
 * Real ones stay below 2 KB. */
#define MAX_VALUE_BYTES 8192

/* The state of one mail. */
struct reading {
    struct vt_inspect_run *run;
    struct vt_results *out;
    bool is_above;   /* the header stands above every Received */
    unsigned met;    /* bit of each method that an earlier header has spoken of */
    unsigned spoken; /* and this one */
};

/* ---- tokens ---- */

/* What a quoted string may hold and a token may not: a stranger's words in a result that somebody
 * else gives must not look like results of their own. */
static char quoted_char(char c)
{
    return strchr("; \t\r\n=", c) != NULL ? '_' : c;
}

/* RFC 8601 2.2: CFWS may stand between all tokens. Comments go, quoted strings lose their quotes.
 * False when one of them does not end. */
static bool strip_comments(char *text)
{
    char *out = text;
    unsigned depth = 0;
    bool quoted = false;
    for (const char *in = text; *in != '\0'; in++) {
        if (*in == '\\' && in[1] != '\0' && (quoted || depth > 0)) {
            in++;
            if (depth == 0)
                *out++ = quoted_char(*in);
        } else if (quoted && *in != '"') {
            *out++ = quoted_char(*in);
        } else if (depth == 0 && *in == '"') {
            quoted = !quoted;
        } else if (!quoted && *in == '(') {
            depth++;
        } else if (!quoted && depth > 0 && *in == ')') {
            depth--;
        } else if (depth == 0) {
            *out++ = *in == '\t' || *in == '\r' || *in == '\n' ? ' ' : *in;
        }
    }
    *out = '\0';
    return depth == 0 && !quoted;
}

static bool is_trusted_service(const struct vt_inspect_options *options, const char *id)
{
    for (size_t i = 0; i < options->trusted_authserv_ids_count; i++) {
        if (strcasecmp(options->trusted_authserv_ids[i], id) == 0)
            return true;
    }
    return false;
}

/* ---- one result ---- */

/* Methods whose pass proves a domain, and the properties that name it. */
static const struct {
    enum vt_result_method method;
    const char *name, *properties[2];
} methods[] = {
    {VT_RESULT_DKIM, "dkim", {"header.d", "header.i"}},
    {VT_RESULT_DMARC, "dmarc", {"header.from", NULL}},
    {VT_RESULT_SPF, "spf", {"smtp.mailfrom", NULL}},
};
#define METHODS (sizeof(methods) / sizeof(methods[0]))
#define PROPERTIES 2

static void add(struct reading *reading, enum vt_result_method method, const char *value)
{
    struct vt_results *out = reading->out;
    const char *domain = vt_address_domain(value);
    if (domain == NULL)
        domain = value;
    if (*domain == '\0' || out->count == VT_MAX_RESULTS)
        return;
    out->items[out->count++] =
        (struct vt_result){.method = method,
                           .domain = domain,
                           .is_first = reading->is_above && (reading->met & 1u << method) == 0};
}

/* propspec = ptype "." property "=" pvalue. */
static void read_properties(struct reading *reading, size_t m, char **rest)
{
    const char *values[PROPERTIES] = {NULL};
    for (char *word; (word = strtok_r(NULL, " ", rest)) != NULL;) {
        char *value = strchr(word, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        for (size_t p = 0; p < PROPERTIES && methods[m].properties[p] != NULL; p++) {
            if (strcasecmp(word, methods[m].properties[p]) != 0)
                continue;
            if (values[p] != NULL)
                return;
            values[p] = value;
        }
    }
    for (size_t p = 0; p < PROPERTIES; p++) {
        if (values[p] != NULL)
            add(reading, methods[m].method, values[p]);
    }
}

/* RFC 8601 2.2: resinfo = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ] */
static void read_result(struct reading *reading, char *resinfo)
{
    char *rest = NULL;
    char *method = strtok_r(resinfo, " ", &rest);
    char *equals = method == NULL ? NULL : strchr(method, '=');
    if (equals == NULL)
        return;
    *equals = '\0';
    for (size_t m = 0; m < METHODS; m++) {
        if (strcasecmp(method, methods[m].name) != 0)
            continue;
        reading->spoken |= 1u << methods[m].method;
        if (strcasecmp(equals + 1, "pass") == 0)
            read_properties(reading, m, &rest);
    }
}

/* ---- one header ---- */

static void read_header(struct reading *reading, const char *value)
{
    size_t len = strlen(value);
    char *copy = len <= MAX_VALUE_BYTES ? vt_arena_dup(reading->run->arena, value, len) : NULL;
    if (copy == NULL || !strip_comments(copy))
        return;
    char *rest = NULL;
    char *head = strtok_r(copy, ";", &rest);
    if (head == NULL)
        return;
    head += strspn(head, " ");
    head[strcspn(head, " ")] = '\0'; /* the version may follow */
    if (!is_trusted_service(reading->run->options, head))
        return;
    reading->spoken = 0;
    for (char *info = strtok_r(NULL, ";", &rest); info != NULL; info = strtok_r(NULL, ";", &rest))
        read_result(reading, info);
    reading->met |= reading->spoken;
}

void vt_results_read(struct vt_inspect_run *run, struct vt_results *out)
{
    const struct vt_unpacked *unpacked = run->unpacked;
    struct reading reading = {.run = run, .out = out};
    out->count = 0;
    for (size_t i = 0; i < unpacked->authentication_results_count; i++) {
        reading.is_above = i < unpacked->authentication_results_above_count;
        read_header(&reading, unpacked->authentication_results[i]);
    }
}
