/* SPDX-License-Identifier: Apache-2.0
 * The stable words of the enums: JSON, policy and messages use the same ones. Indications and
 * sub-indications as ETSI EN 319 102-1 V1.3.1 tables 5 and 6 write them. */
#include "evidence/names.h"

#include <string.h>

#define WORDS(name, array)                                                                         \
    const struct vt_words vt_words_##name = {array, sizeof(array) / sizeof((array)[0])}

static const char *const indications[] = {
    [VT_INDETERMINATE] = "INDETERMINATE",
    [VT_TOTAL_PASSED] = "TOTAL-PASSED",
    [VT_TOTAL_FAILED] = "TOTAL-FAILED",
};
WORDS(indication, indications);

static const char *const sub_indications[VT_SUB_COUNT] = {
    [VT_SUB_FORMAT_FAILURE] = "FORMAT_FAILURE",
    [VT_SUB_HASH_FAILURE] = "HASH_FAILURE",
    [VT_SUB_SIG_CRYPTO_FAILURE] = "SIG_CRYPTO_FAILURE",
    [VT_SUB_REVOKED] = "REVOKED",
    [VT_SUB_EXPIRED] = "EXPIRED",
    [VT_SUB_NOT_YET_VALID] = "NOT_YET_VALID",
    [VT_SUB_SIG_CONSTRAINTS_FAILURE] = "SIG_CONSTRAINTS_FAILURE",
    [VT_SUB_SIGNED_DATA_NOT_FOUND] = "SIGNED_DATA_NOT_FOUND",
    [VT_SUB_NO_SIGNING_CERTIFICATE_FOUND] = "NO_SIGNING_CERTIFICATE_FOUND",
    [VT_SUB_CHAIN_CONSTRAINTS_FAILURE] = "CHAIN_CONSTRAINTS_FAILURE",
    [VT_SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE] = "CERTIFICATE_CHAIN_GENERAL_FAILURE",
    [VT_SUB_CRYPTO_CONSTRAINTS_FAILURE] = "CRYPTO_CONSTRAINTS_FAILURE",
    [VT_SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE] = "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
    [VT_SUB_TIMESTAMP_ORDER_FAILURE] = "TIMESTAMP_ORDER_FAILURE",
    [VT_SUB_REVOKED_NO_POE] = "REVOKED_NO_POE",
    [VT_SUB_REVOKED_CA_NO_POE] = "REVOKED_CA_NO_POE",
    [VT_SUB_OUT_OF_BOUNDS_NOT_REVOKED] = "OUT_OF_BOUNDS_NOT_REVOKED",
    [VT_SUB_OUT_OF_BOUNDS_NO_POE] = "OUT_OF_BOUNDS_NO_POE",
    [VT_SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE] = "REVOCATION_OUT_OF_BOUNDS_NO_POE",
    [VT_SUB_NO_CERTIFICATE_CHAIN_FOUND] = "NO_CERTIFICATE_CHAIN_FOUND",
    [VT_SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE] = "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
    [VT_SUB_NO_POE] = "NO_POE",
    [VT_SUB_TRY_LATER] = "TRY_LATER",
};
WORDS(sub_indication, sub_indications);

static const char *const integrities[] = {
    [VT_INTEGRITY_UNDETERMINED] = "undetermined",
    [VT_INTEGRITY_INTACT] = "intact",
    [VT_INTEGRITY_BROKEN] = "broken",
};
WORDS(integrity, integrities);

static const char *const coverages[] = {
    [VT_COVERS_PART] = "part",
    [VT_COVERS_REVISION] = "revision",
    [VT_COVERS_WHOLE] = "whole",
};
WORDS(covers, coverages);

static const char *const changes[] = {
    [VT_CHANGES_UNDETERMINED] = "undetermined",
    [VT_CHANGES_NONE] = "none",
    [VT_CHANGES_PERMITTED] = "permitted",
    [VT_CHANGES_FORBIDDEN] = "forbidden",
    [VT_CHANGES_ADDED] = "added",
};
WORDS(changes, changes);

static const char *const change_kinds[VT_CHANGE_KINDS] = {
    [VT_CHANGE_OTHER] = "other",
    [VT_CHANGE_SIGNATURE_ADDED] = "signature-added",
    [VT_CHANGE_VALIDATION_DATA] = "validation-data",
    [VT_CHANGE_PAGE_REPLACED] = "page-replaced",
    [VT_CHANGE_PAGE_REWRITTEN] = "page-rewritten",
    [VT_CHANGE_PAGE_HIDDEN] = "page-hidden",
    [VT_CHANGE_PAGE_OTHER] = "page-other",
    [VT_CHANGE_PAGES_REMOVED] = "pages-removed",
    [VT_CHANGE_PAGES_REORDERED] = "pages-reordered",
    [VT_CHANGE_FONT] = "font",
    [VT_CHANGE_IMAGE] = "image",
    [VT_CHANGE_OBJECT] = "object",
    [VT_CHANGE_ANNOTATION_ADDED] = "annotation-added",
    [VT_CHANGE_ANNOTATION_REMOVED] = "annotation-removed",
    [VT_CHANGE_FIELD_ADDED] = "field-added",
    [VT_CHANGE_FIELD_UNSIGNED] = "field-unsigned",
    [VT_CHANGE_FIELD_LOCKED] = "field-locked",
    [VT_CHANGE_FORM] = "form",
    [VT_CHANGE_NOT_ALLOWED] = "not-allowed",
    [VT_CHANGE_CERTIFIED_AGAIN] = "certified-again",
    [VT_CHANGE_METADATA] = "metadata",
    [VT_CHANGE_STRUCTURE] = "structure",
    [VT_CHANGE_CATALOG] = "catalog",
    [VT_CHANGE_NOT_FOLLOWED] = "not-followed",
    [VT_CHANGE_FORM_FILLED] = "form-filled",
    [VT_CHANGE_FILE_ADDED] = "file-added",
    [VT_CHANGE_ACTION] = "action",
};
WORDS(change_kind, change_kinds);

static const char *const signature_formats[] = {
    [VT_SIGNATURE_PADES] = "pades",
    [VT_SIGNATURE_PDF_PKCS7] = "pdf-pkcs7",
    [VT_SIGNATURE_DOCTIMESTAMP] = "document-timestamp",
    [VT_SIGNATURE_CADES] = "cades",
    [VT_SIGNATURE_CMS] = "cms",
    [VT_SIGNATURE_SMIME] = "smime",
    [VT_SIGNATURE_UNKNOWN] = "unknown",
};
WORDS(signature_format, signature_formats);

static const char *const time_sources[] = {
    [VT_TIME_SOURCE_NONE] = "none",
    [VT_TIME_SOURCE_TIMESTAMP] = "timestamp",
    [VT_TIME_SOURCE_FIRST_SEEN] = "first-seen",
    [VT_TIME_SOURCE_CLAIMED] = "claimed",
};
WORDS(time_source, time_sources);

static const char *const directions[] = {
    [VT_INBOUND] = "inbound",
    [VT_OUTBOUND] = "outbound",
    [VT_INTERNAL] = "internal",
};
WORDS(direction, directions);

static const char *const sender_classes[] = {
    [VT_SENDER_OTHER] = "other",
    [VT_SENDER_STATE] = "state",
};
WORDS(sender_class, sender_classes);

static const char *const sender_proofs[] = {
    [VT_PROOF_NONE] = "none", [VT_PROOF_LOGIN] = "login", [VT_PROOF_NETWORK] = "network",
    [VT_PROOF_SPF] = "spf",   [VT_PROOF_DKIM] = "dkim",   [VT_PROOF_DMARC] = "dmarc",
};
WORDS(sender_proof, sender_proofs);

static const char *const automatics[] = {
    [VT_AUTOMATIC_NOT] = "no",
    [VT_AUTOMATIC_OURS] = "notice",
    [VT_AUTOMATIC_LIST] = "list",
    [VT_AUTOMATIC_PRECEDENCE] = "precedence",
    [VT_AUTOMATIC_SUBMITTED] = "auto-submitted",
    [VT_AUTOMATIC_REPORT] = "report",
    [VT_AUTOMATIC_BOUNCE] = "return-path",
    [VT_AUTOMATIC_LOOP] = "loop",
    [VT_AUTOMATIC_SUPPRESS] = "suppressed",
};
WORDS(automatic, automatics);

static const char *const formats[VT_FORMAT_COUNT] = {
    [VT_FORMAT_UNKNOWN] = "unknown",
    [VT_FORMAT_TEXT] = "text",
    [VT_FORMAT_HTML] = "html",
    [VT_FORMAT_IMAGE] = "image",
    [VT_FORMAT_MULTIPART] = "multipart",
    [VT_FORMAT_MAIL] = "mail",
    [VT_FORMAT_SMIME] = "smime",
    [VT_FORMAT_PDF] = "pdf",
    [VT_FORMAT_CMS] = "cms",
    [VT_FORMAT_ENCRYPTED] = "encrypted",
    [VT_FORMAT_XML] = "xml",
    [VT_FORMAT_OOXML] = "ooxml",
    [VT_FORMAT_ODF] = "odf",
    [VT_FORMAT_ASIC] = "asic",
    [VT_FORMAT_ZIP] = "zip",
    [VT_FORMAT_ARCHIVE] = "archive",
    [VT_FORMAT_OLE] = "ole",
    [VT_FORMAT_RTF] = "rtf",
    [VT_FORMAT_TNEF] = "tnef",
    [VT_FORMAT_EMPTY] = "empty",
};
WORDS(format, formats);

static const char *const statuses[] = {
    [VT_STATUS_UNKNOWN] = "unknown",         [VT_STATUS_GOOD] = "good",
    [VT_STATUS_REVOKED] = "revoked",         [VT_STATUS_SUSPENDED] = "suspended",
    [VT_STATUS_UNREACHABLE] = "unreachable", [VT_STATUS_STALE] = "stale",
    [VT_STATUS_NOT_NEEDED] = "not-needed",
};
WORDS(status, statuses);

static const char *const actions[] = {
    [VT_ACTION_ACCEPT] = "accept", [VT_ACTION_NOTE] = "note", [VT_ACTION_TAG] = "tag",
    [VT_ACTION_DEFER] = "defer",   [VT_ACTION_HOLD] = "hold", [VT_ACTION_REJECT] = "reject",
};
WORDS(action, actions);

static const char *const modes[] = {
    [VT_MODE_OBSERVE] = "observe",
    [VT_MODE_TAG] = "tag",
    [VT_MODE_ENFORCE] = "enforce",
};
WORDS(mode, modes);

static const char *const truths[] = {
    [VT_NO] = "no",
    [VT_UNKNOWN] = "unknown",
    [VT_YES] = "yes",
};
WORDS(truth, truths);

static const char *const kinds[VT_KINDS] = {
    [VT_KIND_UNKNOWN] = "unknown",
    [VT_KIND_PERSON] = "person",
    [VT_KIND_AGENCY] = "agency",
    [VT_KIND_DEVICE] = "device",
};
WORDS(kind, kinds);

static const char *const effects[VT_EFFECTS] = {
    [VT_EFFECT_UNKNOWN] = "unknown",
    [VT_EFFECT_NONE] = "none",
    [VT_EFFECT_SIGNATURE] = "signature",
    [VT_EFFECT_SEAL] = "seal",
    [VT_EFFECT_SIGNATURE_AND_SEAL] = "signature-and-seal",
};
WORDS(effect, effects);

static const char *const alignments[VT_ALIGNMENTS] = {
    [VT_ALIGNMENT_UNKNOWN] = "unknown", [VT_ALIGNMENT_NONE] = "none",
    [VT_ALIGNMENT_DOMAIN] = "domain",   [VT_ALIGNMENT_AGENCY] = "agency",
    [VT_ALIGNMENT_EXACT] = "exact",
};
WORDS(alignment, alignments);

/* Hints: none is null, not a word. */
static const char *const ways_made[] = {
    [VT_MADE_SCAN] = "scan",
    [VT_MADE_ELECTRONIC] = "electronic",
};
WORDS(made, ways_made);

static const char *const copies[] = {
    [VT_COPY_SAO_Y] = "sao-y",
    [VT_COPY_SAO_LUC] = "sao-luc",
    [VT_COPY_TRICH_SAO] = "trich-sao",
};
WORDS(copy, copies);

static const char *const uses[VT_USES] = {
    [VT_USE_NUMBER_DATE] = "number-date",
    [VT_USE_COPY] = "copy",
    [VT_USE_ANNEX] = "annex",
    [VT_USE_INCOMING] = "incoming",
};
WORDS(use, uses);

static const char *const spots[] = {
    [VT_SPOT_INVISIBLE] = "invisible",
    [VT_SPOT_TOP_LEFT] = "top-left",
    [VT_SPOT_TOP_RIGHT] = "top-right",
    [VT_SPOT_ELSEWHERE] = "elsewhere",
};
WORDS(spot, spots);

unsigned vt_words_find(const struct vt_words *words, const char *word)
{
    for (unsigned i = 0; i < words->count; i++) {
        if (words->words[i] != NULL && strcmp(words->words[i], word) == 0)
            return i;
    }
    return words->count;
}

/* A value from outside of its enum is named, not read past the array. */
static const char *word_of(const struct vt_words *words, unsigned value)
{
    return value < words->count && words->words[value] != NULL ? words->words[value] : "unknown";
}

const char *vt_indication_name(enum vt_indication indication)
{
    return word_of(&vt_words_indication, indication);
}

const char *vt_sub_indication_name(enum vt_sub_indication sub)
{
    return sub < VT_SUB_COUNT ? sub_indications[sub] : NULL;
}

const char *vt_signature_format_name(enum vt_signature_format format)
{
    return word_of(&vt_words_signature_format, format);
}

const char *vt_change_name(enum vt_change_kind kind)
{
    return word_of(&vt_words_change_kind, kind);
}

const char *vt_direction_name(enum vt_direction direction)
{
    return word_of(&vt_words_direction, direction);
}

const char *vt_sender_class_name(enum vt_sender_class class)
{
    return word_of(&vt_words_sender_class, class);
}

const char *vt_sender_proof_name(enum vt_sender_proof proof)
{
    return word_of(&vt_words_sender_proof, proof);
}

const char *vt_automatic_name(enum vt_automatic automatic)
{
    return word_of(&vt_words_automatic, automatic);
}

const char *vt_format_name(enum vt_format format)
{
    return word_of(&vt_words_format, format);
}

const char *vt_action_name(enum vt_action action)
{
    return word_of(&vt_words_action, action);
}

const char *vt_mode_name(enum vt_mode mode)
{
    return word_of(&vt_words_mode, mode);
}

const char *vt_truth_name(enum vt_truth truth)
{
    return word_of(&vt_words_truth, truth);
}

const char *vt_kind_name(enum vt_kind kind)
{
    return word_of(&vt_words_kind, kind);
}

const char *vt_effect_name(enum vt_effect effect)
{
    return word_of(&vt_words_effect, effect);
}

const char *vt_alignment_name(enum vt_alignment alignment)
{
    return word_of(&vt_words_alignment, alignment);
}
