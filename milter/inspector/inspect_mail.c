/* SPDX-License-Identifier: Apache-2.0
 * Facts of the mail as a whole: who sent it, and whether that is proven. Only the results of
 * authentication services that the configuration names are believed (RFC 8601 section 5). */
#include <string.h>
#include <strings.h>

#include "inspector/inspect_internal.h"

/* A longer Authentication-Results is not believed: cut, "header.d=a.vn.evil.net" would prove a.vn.
 * Real ones stay below 2 KB. */
#define MAX_RESULTS_BYTES 8192

/* Two domains are aligned when they are the same or one is above the other and has at least two
 * labels: the relaxed mode of RFC 7489 3.1 without a list of public suffixes. */
static bool is_aligned(const char *from_domain, const char *proven_domain)
{
    if (from_domain == NULL || proven_domain == NULL)
        return false;
    if (strcasecmp(from_domain, proven_domain) == 0)
        return true;
    return (strchr(proven_domain, '.') != NULL && vt_domain_is_under(from_domain, proven_domain)) ||
           (strchr(from_domain, '.') != NULL && vt_domain_is_under(proven_domain, from_domain));
}

/* What a quoted string may hold and a token may not: a stranger's words in a result that somebody
 * else gives must not look like results of their own. */
static char quoted_char(char c)
{
    return strchr("; \t\r\n=", c) != NULL ? '_' : c;
}

/* RFC 8601 2.2: CFWS may stand between all tokens. Comments go, quoted strings lose their quotes.
 */
static void strip_comments(char *text)
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
}

static char *skip_spaces(char *text)
{
    return text + strspn(text, " ");
}

static bool is_trusted_service(const struct vt_inspect_options *options, const char *id)
{
    for (size_t i = 0; i < options->trusted_authserv_ids_count; i++) {
        if (strcasecmp(options->trusted_authserv_ids[i], id) == 0)
            return true;
    }
    return false;
}

/* methods whose pass proves a domain, and the property that names it */
static const struct {
    const char *method, *property;
} proofs[] = {
    {"dkim", "header.d"},
    {"dkim", "header.i"},
    {"dmarc", "header.from"},
    {"spf", "smtp.mailfrom"},
};

/* RFC 8601 2.2: resinfo = [CFWS] ";" methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ] */
static bool result_proves(char *resinfo, const char *from_domain)
{
    char *rest = NULL;
    char *method = strtok_r(resinfo, " ", &rest);
    char *equals = method == NULL ? NULL : strchr(method, '=');
    if (equals == NULL || strcasecmp(equals + 1, "pass") != 0)
        return false;
    *equals = '\0';
    for (char *word = strtok_r(NULL, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '=');
        if (value == NULL)
            continue;
        *value++ = '\0';
        const char *domain = vt_address_domain(value);
        for (size_t i = 0; i < sizeof(proofs) / sizeof(proofs[0]); i++) {
            if (strcasecmp(method, proofs[i].method) == 0 &&
                strcasecmp(word, proofs[i].property) == 0 &&
                is_aligned(from_domain, domain == NULL ? value : domain))
                return true;
        }
    }
    return false;
}

static bool results_prove(struct vt_inspect_run *run, const char *value, const char *from_domain)
{
    size_t len = strlen(value);
    char *copy = len <= MAX_RESULTS_BYTES ? vt_arena_dup(run->arena, value, len) : NULL;
    if (copy == NULL)
        return false;
    strip_comments(copy);
    char *rest = NULL;
    char *head = strtok_r(copy, ";", &rest);
    if (head == NULL)
        return false;
    head = skip_spaces(head);
    head[strcspn(head, " ")] = '\0'; /* the version may follow */
    if (!is_trusted_service(run->options, head))
        return false;
    for (char *info = strtok_r(NULL, ";", &rest); info != NULL; info = strtok_r(NULL, ";", &rest)) {
        if (result_proves(info, from_domain))
            return true;
    }
    return false;
}

static bool sender_is_aligned(struct vt_inspect_run *run, const struct vt_mail *mail)
{
    const char *from_domain = vt_address_domain(mail->from);
    if (from_domain == NULL || mail->from_count != 1)
        return false;
    if (mail->authenticated != NULL && *mail->authenticated != '\0')
        return true;
    for (size_t i = 0; i < run->unpacked->authentication_results_count; i++) {
        if (results_prove(run, run->unpacked->authentication_results[i], from_domain))
            return true;
    }
    return false;
}

static enum vt_sender_class class_of(const struct vt_inspect_run *run, const struct vt_mail *mail)
{
    const char *domain = vt_address_domain(mail->from);
    for (size_t i = 0; mail->sender_aligned && i < run->options->state_domains_count; i++) {
        if (vt_domain_is_under(domain, run->options->state_domains[i]))
            return VT_SENDER_STATE;
    }
    return VT_SENDER_OTHER;
}

void vt_inspect_mail_facts(struct vt_inspect_run *run)
{
    struct vt_mail *mail = &run->evidence->mail;
    const struct vt_unpacked *unpacked = run->unpacked;
    if (run->input->mail != NULL)
        *mail = *run->input->mail;
    mail->message_id = unpacked->message_id;
    mail->subject = unpacked->subject;
    mail->from = unpacked->from;
    mail->from_count = unpacked->from_count;
    mail->is_list = unpacked->is_list;
    mail->is_automatic = unpacked->is_automatic;
    mail->size_bytes = run->input->bytes.len;
    mail->sender_aligned = unpacked->is_mail && sender_is_aligned(run, mail);
    /* An office of the state is one whose domain is proven. */
    if (!run->input->is_class_given)
        mail->sender_class = class_of(run, mail);
    else if (mail->sender_class == VT_SENDER_STATE)
        mail->sender_aligned = true;
}

/* ---- message signatures ---- */

/* The mail, outermost or nested, that a message signature speaks of. NULL for a lone entity. */
static const struct vt_part *mail_of(const struct vt_unpacked *unpacked, size_t index)
{
    const struct vt_part *parts = unpacked->parts;
    for (size_t i = parts[index].parent; i != VT_NO_PART; i = parts[i].parent) {
        if (parts[i].format == VT_FORMAT_MAIL)
            return &parts[i];
    }
    return NULL;
}

bool vt_inspect_signer_is_sender(const struct vt_unpacked *unpacked, size_t index,
                                 const struct vt_certificate *signer)
{
    const struct vt_part *mail = mail_of(unpacked, index);
    size_t count = 0;
    if (mail == NULL)
        return true;
    for (const char *email; (email = vt_certificate_email(signer, count)) != NULL; count++) {
        if (mail->from != NULL && mail->from_count == 1 && strcasecmp(email, mail->from) == 0)
            return true;
    }
    /* RFC 8551 3: a certificate without an address is not compared. */
    return count == 0;
}
