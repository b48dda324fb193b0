/* SPDX-License-Identifier: Apache-2.0
 * The signature dictionary (ISO 32000-1, 12.8.1, table 252): what kind of signature it is, when it
 * claims to be from, what it forbids later. Bytes are checked in pdf_byterange.c. */
#include "document/pdf.h"

static const struct sub_filter {
    const char *name;
    enum vt_signature_format format;
    enum vt_binding binding;
} sub_filters[] = {
    {"adbe.pkcs7.detached", VT_SIGNATURE_PDF_PKCS7, VT_BINDING_DETACHED},
    {"adbe.pkcs7.sha1", VT_SIGNATURE_PDF_PKCS7, VT_BINDING_PDF_SHA1},
    {"ETSI.CAdES.detached", VT_SIGNATURE_PADES, VT_BINDING_DETACHED},
    {"ETSI.RFC3161", VT_SIGNATURE_DOCTIMESTAMP, VT_BINDING_TIMESTAMP},
};

static const char *clean_name(struct pdf_reader *reader, const struct pdf_value *name)
{
    char clean[64];
    struct vt_bytes text = vt_bytes_slice(name->text, 1, name->text.len - 1);
    const char *out = vt_arena_str(reader->arena, vt_text_clean(clean, sizeof(clean), text));
    if (out == NULL)
        reader->out_of_memory = true;
    return out;
}

static void read_sub_filter(struct pdf_reader *reader, struct pdf_signature *signature)
{
    struct pdf_value value = pdf_get(reader, &signature->dict, "SubFilter");
    signature->object.format = VT_SIGNATURE_UNKNOWN;
    if (value.kind != PDF_NAME) {
        pdf_signature_finding(reader, signature, VT_REASON_FORMAT_UNSUPPORTED,
                              "The signature dictionary has no /SubFilter that says what kind of "
                              "signature it holds.");
        return;
    }
    signature->object.sub_filter = clean_name(reader, &value);
    for (size_t i = 0; i < sizeof(sub_filters) / sizeof(sub_filters[0]); i++) {
        if (pdf_name_is(&value, sub_filters[i].name)) {
            signature->object.format = sub_filters[i].format;
            signature->object.binding = sub_filters[i].binding;
            return;
        }
    }
    pdf_signature_finding(reader, signature, VT_REASON_FORMAT_UNSUPPORTED,
                          "Signatures of kind %s are not supported; adbe.pkcs7.detached, "
                          "adbe.pkcs7.sha1, ETSI.CAdES.detached and ETSI.RFC3161 are.",
                          signature->object.sub_filter == NULL ? "?"
                                                               : signature->object.sub_filter);
}

static void read_time(struct pdf_reader *reader, struct pdf_signature *signature)
{
    struct pdf_value value = pdf_get(reader, &signature->dict, "M");
    bool zoneless = false;
    signature->object.claimed_time_utc_secs = VT_TIME_NONE;
    if (value.kind != PDF_STRING && value.kind != PDF_HEX_STRING)
        return;
    uint8_t *text = pdf_scratch(reader, value.text.len);
    if (text == NULL)
        return;
    if (!pdf_time_parse(vt_bytes_of(text, pdf_string_decode(&value, text)),
                        &signature->object.claimed_time_utc_secs, &zoneless))
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "The claimed signing time /M is not a date; it should be "
                              "D:YYYYMMDDHHmmSS+07'00'.");
    else if (zoneless)
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "The claimed signing time /M has no time zone and is taken as "
                              "Vietnamese time (+07:00).");
}

static int stricter(int a, int b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int permission_of(struct pdf_reader *reader, const struct pdf_value *parms, int otherwise)
{
    struct pdf_value p = pdf_get(reader, parms, "P");
    if (p.kind == PDF_NONE)
        return otherwise;
    return p.kind == PDF_INTEGER && p.integer >= 1 && p.integer <= 3 ? (int)p.integer : 1;
}

/* 12.8.2, table 253: one signature reference dictionary. */
static void read_reference(struct pdf_reader *reader, struct pdf_signature *signature,
                           const struct pdf_value *reference)
{
    struct pdf_permissions *out = &signature->permissions;
    struct pdf_value method = pdf_get(reader, reference, "TransformMethod");
    struct pdf_value parms = pdf_get(reader, reference, "TransformParams");
    if (pdf_name_is(&method, "DocMDP")) {
        out->docmdp = stricter(out->docmdp, permission_of(reader, &parms, 2));
        signature->certifies = true;
    } else if (pdf_name_is(&method, "FieldMDP")) {
        pdf_lock_add(out, parms);
    }
}

/* Transform methods of the dictionary and the lock of its field (12.7.4.5, table 233). */
static void read_permissions(struct pdf_reader *reader, struct pdf_signature *signature)
{
    struct pdf_permissions *out = &signature->permissions;
    struct pdf_value references = pdf_get(reader, &signature->dict, "Reference");
    struct pdf_value item;
    size_t count = 0;
    if (references.kind == PDF_DICT) /* the array was left out around a single one */
        read_reference(reader, signature, &references);
    for (size_t at = 0; count <= PDF_MAX_TRANSFORMS && pdf_array_next(&references, &at, &item);
         count++) {
        struct pdf_value reference = pdf_resolve(reader, item);
        read_reference(reader, signature, &reference);
    }
    if (count > PDF_MAX_TRANSFORMS) { /* what the others forbid is not known: everything */
        out->docmdp = 1;
        out->locks_all = true;
    }
    if (signature->field->lock.kind == PDF_DICT) {
        out->docmdp = stricter(out->docmdp, permission_of(reader, &signature->field->lock, 0));
        pdf_lock_add(out, signature->field->lock);
    }
}

static struct pdf_signature *next_signature(struct pdf_reader *reader)
{
    if (reader->signatures_count >= VT_MAX_SIGNATURES) {
        if ((reader->document->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) == 0)
            pdf_finding(reader, VT_REASON_TOO_LARGE,
                        "The file has more than %d signatures; the others were not checked.",
                        VT_MAX_SIGNATURES);
        return NULL;
    }
    struct pdf_signature *signatures = vt_arena_grow(
        reader->scratch, reader->signatures, reader->signatures_count, sizeof(*reader->signatures));
    if (signatures == NULL) {
        reader->over_limit = true;
        return NULL;
    }
    reader->signatures = signatures;
    signatures[reader->signatures_count] = (struct pdf_signature){.boundary = SIZE_MAX};
    return &signatures[reader->signatures_count++];
}

static void say_where_from(struct pdf_reader *reader, struct pdf_signature *signature)
{
    bool is_large = (reader->document->reasons & VT_REASON_BIT(VT_REASON_TOO_LARGE)) != 0;
    enum vt_reason reason = is_large ? VT_REASON_TOO_LARGE : VT_REASON_MALFORMED;
    bool is_field =
        signature->field->origin == PDF_FROM_ACROFORM || signature->field->origin == PDF_FROM_PAGE;
    if (is_field && !signature->field->is_signature)
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "The field that holds the signature is no signature field (/FT); "
                              "readers do not show it.");
    switch (signature->field->origin) {
    case PDF_FROM_ACROFORM:
        break;
    case PDF_FROM_PAGE:
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "The signature field stands on a page only, not in the form of the "
                              "document; some readers do not show it.");
        break;
    case PDF_FROM_PERMS:
        pdf_signature_finding(reader, signature, VT_REASON_COUNT,
                              "The certifying signature belongs to no signature field; readers do "
                              "not show it.");
        break;
    case PDF_FROM_SCAN:
        pdf_signature_finding(reader, signature, reason,
                              "The signature was found in the bytes of a file that cannot be read "
                              "in the regular way; what else the file shows is not known.");
        break;
    }
}

void pdf_signature_add(struct pdf_reader *reader, const struct pdf_field *field, struct pdf_ref ref,
                       bool direct, struct pdf_value dict)
{
    struct pdf_signature *signature = next_signature(reader);
    if (signature == NULL)
        return;
    signature->field = field;
    signature->ref = ref;
    signature->direct = direct;
    signature->dict = dict;
    signature->object.field = field->name;
    say_where_from(reader, signature);
    read_sub_filter(reader, signature);
    read_time(reader, signature);
    read_permissions(reader, signature);
    pdf_byterange_check(reader, signature);
}

/* The same dictionary in a second field is the same signature. */
static bool is_repeated(struct pdf_reader *reader, const struct pdf_field *field)
{
    if (field->v.kind != PDF_REF)
        return false;
    for (size_t i = 0; i < reader->signatures_count; i++) {
        struct pdf_signature *known = &reader->signatures[i];
        if (known->direct || known->ref.id != field->v.ref.id || known->ref.gen != field->v.ref.gen)
            continue;
        if (!known->is_repeated)
            pdf_signature_finding(reader, known, VT_REASON_COUNT,
                                  "A second field, \"%s\", refers to the same signature.",
                                  field->name);
        known->is_repeated = true;
        return true;
    }
    return false;
}

void pdf_signatures_read(struct pdf_reader *reader)
{
    for (size_t i = 0; i < reader->fields_count; i++) {
        const struct pdf_field *field = &reader->fields[i];
        if (is_repeated(reader, field))
            continue;
        bool direct = field->v.kind != PDF_REF;
        struct pdf_value dict = pdf_resolve(reader, field->v);
        if (dict.kind == PDF_NONE)
            continue; /* /V null: not signed */
        pdf_signature_add(reader, field, direct ? field->ref : field->v.ref, direct, dict);
    }
}
