/* SPDX-License-Identifier: Apache-2.0
 * References with a generation number that no object has (ISO 32000-1, 7.3.10). The library takes
 * them for null and leaves out what refers to nothing; other readers look at the object number
 * alone. So they are looked for in the bytes, and an update may neither bring what they lead to nor
 * bring such references. */
#include "document/pdf_history.h"

/* Digits of a number with a sign, that ends before end. Returns where it begins, or end. */
static size_t number_begin(struct vt_bytes text, size_t end)
{
    size_t begin = end;
    while (begin > 0 && text.ptr[begin - 1] >= '0' && text.ptr[begin - 1] <= '9')
        begin--;
    bool is_signed = begin < end && begin > 0 && text.ptr[begin - 1] == '+';
    return begin - is_signed;
}

static bool read_reference(struct vt_bytes text, size_t begin, struct pdf_ref *out)
{
    struct pdf_value id, gen;
    if (!pdf_next_value(text, &begin, &id) || id.kind == PDF_REF)
        *out = id.ref;
    else if (!pdf_next_value(text, &begin, &gen) || id.kind != PDF_INTEGER ||
             gen.kind != PDF_INTEGER || id.integer > PDF_MAX_SIZE)
        return false;
    else
        *out = (struct pdf_ref){(int)id.integer,
                                gen.integer < UINT16_MAX ? (int)gen.integer : UINT16_MAX};
    return out->id > 0 && out->gen != 0;
}

/* at: of an R. */
static bool reference_before(struct vt_bytes text, size_t at, struct pdf_ref *out)
{
    size_t begin = at;
    struct pdf_value word;
    size_t behind = at;
    if (at == 0 || !pdf_is_space(text.ptr[at - 1]) || !pdf_next_value(text, &behind, &word) ||
        !pdf_keyword_is(&word, "R"))
        return false;
    for (int number = 0; number < 2; number++) {
        size_t end = pdf_before_space(text, 0, begin);
        begin = end < begin ? number_begin(text, end) : end;
        if (begin == end)
            return false;
    }
    return read_reference(vt_bytes_slice(text, 0, at + 1), begin, out);
}

void pdf_generations_collect(struct pdf_history *history, size_t step, struct vt_bytes text)
{
    struct pdf_ref ref;
    for (size_t at = 0; (at = vt_bytes_find(text, VT_BYTES("R"), at)) != SIZE_MAX; at++) {
        if (reference_before(text, at, &ref))
            (void)pdf_set_add(history->reader, &history->steps[step].odd_refs, pdf_ref_key(ref));
    }
}

/* Does a section list an object with this number and generation? */
static bool is_listed(struct pdf_reader *reader, const struct pdf_chain *chain, uint64_t key)
{
    for (size_t i = 0; i < chain->sections_count; i++) {
        for (const struct pdf_section *part = &chain->sections[i]; part != NULL;
             part = part->second) {
            if (!pdf_work(reader, part->entries_count))
                return false;
            for (size_t e = 0; e < part->entries_count; e++) {
                struct pdf_ref ref = {(int)part->entries[e].id, (int)part->entries[e].gen};
                if (part->entries[e].type == PDF_ENTRY_OFFSET && pdf_ref_key(ref) == key)
                    return true;
            }
        }
    }
    return false;
}

const char *pdf_generations_check(struct pdf_history *history, size_t step)
{
    uint64_t key = 0;
    for (size_t before = 0; before < step; before++) {
        for (size_t at = 0; pdf_set_next(&history->steps[before].odd_refs, &at, &key);) {
            if (pdf_set_has(&history->steps[step].redefined, key >> 16))
                return "an update brings an object that was referred to with another generation "
                       "number, at which not all readers look";
        }
    }
    for (size_t at = 0; pdf_set_next(&history->steps[step].odd_refs, &at, &key);) {
        if (!is_listed(history->reader, history->chain, key))
            return "an update refers to an object with a generation number that it does not have";
    }
    return NULL;
}
