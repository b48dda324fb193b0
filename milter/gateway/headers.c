/* SPDX-License-Identifier: Apache-2.0
 * Header values from evidence and decision. Text from mail or certificates is made ASCII, cut and
 * quoted, so that it can neither end a header nor look like one of our words. */
#include "gateway/headers.h"

#include <stdio.h>
#include <string.h>

#include "vanthu/site.h"

#define MAX_VALUE_BYTES 900
#define NAME_BYTES 160
/* With its prefix. */
#define MAX_SUBJECT_BYTES 3000

const char *vt_smime_result(enum vt_indication indication, enum vt_sub_indication sub)
{
    if (indication == VT_TOTAL_PASSED)
        return "pass";
    if (indication == VT_TOTAL_FAILED)
        return "fail";
    switch (sub) {
    case VT_SUB_SIGNED_DATA_NOT_FOUND:
    case VT_SUB_NO_SIGNING_CERTIFICATE_FOUND:
        return "permerror";
    case VT_SUB_TRY_LATER:
    case VT_SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE:
        return "temperror";
    case VT_SUB_SIG_CONSTRAINTS_FAILURE:
    case VT_SUB_CHAIN_CONSTRAINTS_FAILURE:
    case VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE:
    case VT_SUB_CRYPTO_CONSTRAINTS_FAILURE:
    case VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE:
    case VT_SUB_REVOKED_NO_POE:
    case VT_SUB_REVOKED_CA_NO_POE:
    case VT_SUB_OUT_OF_BOUNDS_NOT_REVOKED:
    case VT_SUB_OUT_OF_BOUNDS_NO_POE:
    case VT_SUB_NO_CERTIFICATE_CHAIN_FOUND:
    case VT_SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE:
        return "policy";
    default:
        return "neutral";
    }
}

/* A quoted-string (RFC 5322 3.2.4) of ASCII that needs no escapes and holds no encoded-word. */
static void quote(char *out, size_t out_bytes, const char *text)
{
    char ascii[NAME_BYTES];
    vt_text_ascii(ascii, sizeof(ascii), text);
    for (char *c = ascii; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            *c = '\'';
        else if (*c == '=' && c[1] == '?')
            *c = '-';
    }
    snprintf(out, out_bytes, "\"%s\"", ascii);
}

static enum vt_code add_reasons(struct vt_buf *value, vt_reasons reasons)
{
    enum vt_code code = VT_OK;
    const char *before = ";\n reasons=";
    for (unsigned i = 0; i < VT_REASON_COUNT && code == VT_OK; i++) {
        if ((reasons & VT_REASON_BIT(i)) == 0)
            continue;
        /* A fold after every code keeps lines short: a long list is legal, a long line is not. */
        code = vt_buf_addf(value, "%s%s", before, vt_reason_info(i)->code);
        before = ",\n ";
    }
    return code;
}

/* Take over what a buffer holds as one more header. A value that would be too long is cut where
 * it stopped: after a whole word. */
static enum vt_code keep(struct vt_arena *arena, struct vt_headers *headers, const char *name,
                         const struct vt_buf *value)
{
    struct vt_header *items =
        vt_arena_grow(arena, headers->items, headers->count, sizeof(*headers->items));
    char *text = vt_arena_dup(arena, value->ptr, value->len);
    if (items == NULL || text == NULL)
        return VT_E_NOMEM;
    headers->items = items;
    items[headers->count++] = (struct vt_header){name, text};
    return VT_OK;
}

/* The worst indication among the signatures of a document; false without signatures. */
static bool worst_of(const struct vt_document *document, enum vt_indication *out,
                     enum vt_sub_indication *out_sub)
{
    static const unsigned rank[] = {
        [VT_TOTAL_PASSED] = 0, [VT_INDETERMINATE] = 1, [VT_TOTAL_FAILED] = 2};
    for (size_t i = 0; i < document->signatures_count; i++) {
        const struct vt_signature *signature = &document->signatures[i];
        if (i == 0 || rank[signature->indication] > rank[*out]) {
            *out = signature->indication;
            *out_sub = signature->sub_indication;
        }
    }
    return document->signatures_count > 0;
}

static bool deserves_header(const struct vt_document *document, vt_reasons reasons)
{
    return document->signatures_count > 0 || document->expects_signature || reasons != 0;
}

/* TOTAL-FAILED/FORMAT_FAILURE; signatures=2; reasons=CONTENT_CHANGED; format=pdf; name="a.pdf" */
static enum vt_code document_verdict(struct vt_arena *arena, const struct vt_document *document,
                                     vt_reasons reasons, struct vt_headers *headers)
{
    enum vt_indication indication = VT_INDETERMINATE;
    enum vt_sub_indication sub = VT_SUB_NONE;
    struct vt_buf value;
    char name[NAME_BYTES + 8];
    vt_buf_init(&value, MAX_VALUE_BYTES);
    enum vt_code code = VT_OK;
    if (!worst_of(document, &indication, &sub))
        code = vt_buf_addf(&value, "%s",
                           vt_reasons_mean_read(document->reasons) ? "UNSIGNED" : "INDETERMINATE");
    else
        code = vt_buf_addf(&value, "%s%s%s; signatures=%zu", vt_indication_name(indication),
                           sub != VT_SUB_NONE ? "/" : "",
                           sub != VT_SUB_NONE ? vt_sub_indication_name(sub) : "",
                           document->signatures_count);
    if (code == VT_OK)
        code = vt_buf_addf(&value, ";\n format=%s", vt_format_name(document->format));
    quote(name, sizeof(name), document->name != NULL ? document->name : document->path);
    if (code == VT_OK && strcmp(name, "\"\"") != 0)
        code = vt_buf_addf(&value, ";\n name=%s", name);
    if (code == VT_OK)
        code = add_reasons(&value, reasons);
    if (code == VT_OK || code == VT_E_LIMIT)
        code = keep(arena, headers, "X-Vanthu-Verdict", &value);
    vt_buf_clear(&value);
    return code;
}

static enum vt_code verdicts(struct vt_arena *arena, const struct vt_evidence *evidence,
                             const struct vt_site_facts *site, struct vt_headers *headers)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        vt_reasons reasons = vt_site_document_reasons(evidence, site, i);
        if (!deserves_header(&evidence->documents[i], reasons))
            continue;
        if (shown == VT_MAX_VERDICT_HEADERS) {
            more++;
            continue;
        }
        shown++;
        enum vt_code code = document_verdict(arena, &evidence->documents[i], reasons, headers);
        if (code != VT_OK)
            return code;
    }
    if (more == 0)
        return VT_OK;
    struct vt_buf value;
    vt_buf_init(&value, MAX_VALUE_BYTES);
    enum vt_code code = vt_buf_addf(&value, "MORE; documents=%zu", more);
    if (code == VT_OK)
        code = keep(arena, headers, "X-Vanthu-Verdict", &value);
    vt_buf_clear(&value);
    return code;
}

/* Through a device in front: front-relay="10.0.0.5"; client="203.0.113.9" */
static enum vt_code add_way(struct vt_buf *value, const struct vt_mail *mail)
{
    char address[NAME_BYTES + 8];
    if (mail->front_relay == NULL)
        return VT_OK;
    quote(address, sizeof(address), mail->front_relay);
    enum vt_code code = vt_buf_addf(value, ";\n front-relay=%s", address);
    quote(address, sizeof(address),
          mail->client_address != NULL ? mail->client_address : "unknown");
    return code == VT_OK ? vt_buf_addf(value, ";\n client=%s", address) : code;
}

/* tag; mode=enforce; rule="status-unknown"; reasons=... (all of the mail) */
static enum vt_code action(struct vt_arena *arena, const struct vt_evidence *evidence,
                           const struct vt_decision *decision, struct vt_headers *headers)
{
    struct vt_buf value;
    char rule[NAME_BYTES + 8];
    vt_buf_init(&value, MAX_VALUE_BYTES);
    enum vt_code code = vt_buf_addf(&value, "%s", vt_action_name(decision->action));
    quote(rule, sizeof(rule), decision->rule != NULL ? decision->rule : "");
    if (code == VT_OK && decision->rule != NULL)
        code = vt_buf_addf(&value, ";\n rule=%s", rule);
    if (code == VT_OK)
        code = add_way(&value, &evidence->mail);
    if (code == VT_OK)
        code = add_reasons(&value, vt_site_all_reasons(evidence, decision->site));
    if (code == VT_OK || code == VT_E_LIMIT)
        code = keep(arena, headers, "X-Vanthu-Action", &value);
    vt_buf_clear(&value);
    return code;
}

/* One resinfo (RFC 8601 2.2) with the properties of RFC 7281 3.2.1. The smime-identifier and the
 * serial come from a certificate: quoted. */
static enum vt_code smime_result(struct vt_buf *value, const struct vt_document *document,
                                 const struct vt_signature *signature)
{
    char part[NAME_BYTES + 8], identifier[NAME_BYTES + 8], serial[NAME_BYTES + 8];
    quote(part, sizeof(part), document->path != NULL ? document->path : "");
    quote(identifier, sizeof(identifier),
          signature->signer.email != NULL ? signature->signer.email : "");
    quote(serial, sizeof(serial), signature->signer.serial != NULL ? signature->signer.serial : "");
    enum vt_code code = vt_buf_addf(
        value, ";\n smime=%s", vt_smime_result(signature->indication, signature->sub_indication));
    if (code == VT_OK && strlen(part) > 2)
        code = vt_buf_addf(value, "\n body.smime-part=%s", part);
    if (code == VT_OK && strlen(identifier) > 2)
        code = vt_buf_addf(value, "\n body.smime-identifier=%s", identifier);
    if (code == VT_OK && strlen(serial) > 2)
        code = vt_buf_addf(value, "\n body.smime-serial=%s", serial);
    return code;
}

/* What all signatures of documents came to; the numbers stand in a comment. */
static enum vt_code document_counts(struct vt_buf *value, const struct vt_evidence *evidence)
{
    size_t count[3] = {0}, documents = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (document->format == VT_FORMAT_SMIME || document->signatures_count == 0)
            continue;
        documents++;
        for (size_t j = 0; j < document->signatures_count; j++)
            count[document->signatures[j].indication]++;
    }
    if (documents == 0)
        return VT_OK;
    const char *result = count[VT_TOTAL_FAILED] > 0    ? "fail"
                         : count[VT_INDETERMINATE] > 0 ? "neutral"
                                                       : "pass";
    return vt_buf_addf(value,
                       ";\n x-vanthu=%s (documents %zu, signatures passed %zu,\n indeterminate "
                       "%zu, failed %zu)",
                       result, documents, count[VT_TOTAL_PASSED], count[VT_INDETERMINATE],
                       count[VT_TOTAL_FAILED]);
}

/* Room that the counts and a closing word may need after the message signatures. */
#define RESERVED_BYTES 160

static enum vt_code smime_results(struct vt_buf *value, const struct vt_evidence *evidence)
{
    size_t shown = 0;
    for (size_t i = 0; i < evidence->documents_count; i++) {
        const struct vt_document *document = &evidence->documents[i];
        if (document->format != VT_FORMAT_SMIME || document->nested)
            continue;
        for (size_t j = 0; j < document->signatures_count; j++) {
            size_t before = value->len;
            enum vt_code code = smime_result(value, document, &document->signatures[j]);
            if (code == VT_E_LIMIT || value->len > VT_MAX_RESULTS_BYTES - RESERVED_BYTES) {
                value->len = before;
                return vt_buf_addf(value, " (more message signatures)");
            }
            if (code != VT_OK)
                return code;
            shown++;
        }
    }
    return shown > 0 ? VT_OK : vt_buf_addf(value, ";\n smime=none");
}

static enum vt_code results(struct vt_arena *arena, const struct vt_evidence *evidence,
                            const char *authserv_id, struct vt_headers *headers)
{
    struct vt_buf value;
    vt_buf_init(&value, VT_MAX_RESULTS_BYTES);
    enum vt_code code = vt_buf_addf(&value, "%s", authserv_id);
    if (code == VT_OK)
        code = smime_results(&value, evidence);
    if (code == VT_OK)
        code = document_counts(&value, evidence);
    if (code == VT_OK)
        code = keep(arena, headers, "Authentication-Results", &value);
    vt_buf_clear(&value);
    return code;
}

static enum vt_code reference(struct vt_arena *arena, const struct vt_evidence *evidence,
                              struct vt_headers *headers)
{
    struct vt_buf value;
    vt_buf_init(&value, MAX_VALUE_BYTES);
    enum vt_code code = vt_buf_addf(
        &value, "%.20s", evidence->mail.reference != NULL ? evidence->mail.reference : "-");
    if (code == VT_OK)
        code = keep(arena, headers, "X-Vanthu-Reference", &value);
    vt_buf_clear(&value);
    return code;
}

/* The action alone, without the rule: its name would say why. */
static enum vt_code bare_action(struct vt_arena *arena, const struct vt_decision *decision,
                                struct vt_headers *headers)
{
    struct vt_buf value;
    vt_buf_init(&value, MAX_VALUE_BYTES);
    enum vt_code code = vt_buf_addf(&value, "%s", vt_action_name(decision->action));
    if (code == VT_OK)
        code = keep(arena, headers, "X-Vanthu-Action", &value);
    vt_buf_clear(&value);
    return code;
}

enum vt_code vt_headers_make(struct vt_arena *arena, const struct vt_evidence *evidence,
                             const struct vt_decision *decision, const char *authserv_id,
                             struct vt_headers *out)
{
    struct vt_headers headers = {0};
    enum vt_code code = reference(arena, evidence, &headers);
    bool is_secret =
        (vt_evidence_all_reasons(evidence) & VT_REASON_BIT(VT_REASON_SECRET_MARK)) != 0;
    if (evidence->mail.direction != VT_OUTBOUND && is_secret) {
        if (code == VT_OK)
            code = bare_action(arena, decision, &headers);
    } else if (evidence->mail.direction != VT_OUTBOUND) {
        if (code == VT_OK)
            code = results(arena, evidence, authserv_id, &headers);
        if (code == VT_OK)
            code = action(arena, evidence, decision, &headers);
        if (code == VT_OK)
            code = verdicts(arena, evidence, decision->site, &headers);
    }
    if (code == VT_OK)
        *out = headers;
    return code;
}

static enum vt_code change_subject(const struct vt_headers *headers, bool leading_space,
                                   const struct vt_milter_api *api, SMFICTX *ctx)
{
    char value[MAX_SUBJECT_BYTES];
    int len = snprintf(value, sizeof(value), "%s%s", leading_space ? " " : "", headers->subject);
    if (len < 0 || (size_t)len >= sizeof(value))
        return VT_OK;
    int result = headers->had_subject ? api->change_header(ctx, "Subject", 1, value)
                                      : api->add_header(ctx, "Subject", value);
    return result == MI_SUCCESS ? VT_OK : VT_E_SYSTEM;
}

enum vt_code vt_headers_add(const struct vt_headers *headers, bool leading_space,
                            const struct vt_milter_api *api, SMFICTX *ctx)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct vt_header *header = &headers->items[i];
        char value[MAX_VALUE_BYTES + 2];
        snprintf(value, sizeof(value), "%s%s", leading_space ? " " : "", header->value);
        /* Index 1 is below the Received line that this MTA writes, above all others. */
        int result = strcmp(header->name, "Authentication-Results") == 0
                         ? api->insert_header(ctx, 1, header->name, value)
                         : api->add_header(ctx, header->name, value);
        if (result != MI_SUCCESS)
            return VT_E_SYSTEM;
    }
    return headers->subject == NULL ? VT_OK : change_subject(headers, leading_space, api, ctx);
}
