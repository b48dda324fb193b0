/* SPDX-License-Identifier: Apache-2.0
 * Open addressing with linear probing at a load of one half. What is hashed is the serial number
 * and the number of its issuer among the names; what is stored is only where the entry stands, and
 * every comparison is made with the list itself. */
#include "status/crl_index.h"

#include <string.h>

#include <openssl/rand.h>
#include <openssl/x509.h>

#include "verify/der.h"

#define SLOTS_PER_ENTRY 2
/* A slot is the offset of an entry below a few bits of its hash, so that an entry of another serial
 * number is hardly ever looked at. */
#define OFFSET_BITS 26
_Static_assert(VT_MAX_CRL_BYTES <= 1u << OFFSET_BITS, "the offset of an entry fits a slot");
/* Entries between asking for a slot's memory and using it. */
#define AHEAD 16
/* Slots that a search looks at. At this load the longest run of 3 million entries has some hundred;
 * the seed is not known to who makes a list. */
#define MAX_PROBES 2048

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_of(uint64_t seed, uint32_t name, struct vt_bytes serial)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    struct vt_bytes rest = vt_der_trim_integer(serial);
    uint64_t hash = mix(seed ^ rest.len, odd ^ ((uint64_t)name << 32 | name));
    while (rest.len > 0) {
        uint64_t chunk = 0;
        size_t take = rest.len < sizeof(chunk) ? rest.len : sizeof(chunk);
        memcpy(&chunk, rest.ptr, take);
        hash = mix(hash ^ chunk, odd ^ seed);
        rest = vt_bytes_slice(rest, take, rest.len - take);
    }
    return mix(hash, odd);
}

/* A hash as one of count slots, without a division. */
static uint32_t slot_of(uint64_t hash, uint32_t count)
{
    return (uint32_t)(((hash >> 32) * count) >> 32);
}

static uint32_t tagged(uint64_t hash, uint32_t offset)
{
    return (uint32_t)hash << OFFSET_BITS | offset;
}

static uint32_t offset_of(uint32_t slot)
{
    return slot & ((1u << OFFSET_BITS) - 1);
}

static bool has_tag(uint32_t slot, uint64_t hash)
{
    return slot >> OFFSET_BITS == tagged(hash, 0) >> OFFSET_BITS;
}

static uint32_t slots_for(const struct vt_crl *crl)
{
    return (uint32_t)(SLOTS_PER_ENTRY * crl->entries_count);
}

/* Room for the names: that of the list, and one for each that entries could add. */
static size_t names_for(const struct vt_crl *crl)
{
    size_t names = crl->issuer_changes_count + 1;
    return names < VT_MAX_CRL_ISSUERS ? names : VT_MAX_CRL_ISSUERS;
}

size_t vt_crl_index_bytes(const struct vt_crl *crl)
{
    return slots_for(crl) * sizeof(uint32_t) +
           crl->issuer_changes_count * sizeof(struct vt_crl_change) +
           names_for(crl) * sizeof(struct vt_crl_name);
}

/* ---- names ---- */

static X509_NAME *decode_name(struct vt_bytes der)
{
    const unsigned char *cursor = der.ptr;
    X509_NAME *name = d2i_X509_NAME(NULL, &cursor, (long)der.len);
    if (name != NULL && cursor != der.ptr + der.len) {
        X509_NAME_free(name);
        name = NULL;
    }
    return name;
}

bool vt_crl_is_same_name(struct vt_bytes a, struct vt_bytes b)
{
    if (vt_bytes_equal(a, b))
        return true;
    X509_NAME *left = decode_name(a);
    X509_NAME *right = decode_name(b);
    bool same = left != NULL && right != NULL && X509_NAME_cmp(left, right) == 0;
    X509_NAME_free(left);
    X509_NAME_free(right);
    return same;
}

static struct vt_bytes name_at(const struct vt_crl *crl, const struct vt_crl_index *index,
                               size_t number)
{
    return vt_bytes_slice(crl->der, index->names[number].offset, index->names[number].len);
}

/* The name that the entry at this offset is meant for: that of the last change at or before it. */
static uint32_t name_for(const struct vt_crl_index *index, uint32_t entry)
{
    size_t low = 0;
    size_t high = index->changes_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->changes[middle].entry <= entry)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : index->changes[low - 1].name;
}

/* ---- building ---- */

struct building {
    const struct vt_crl *crl;
    uint32_t *slots;
    struct vt_crl_change *changes;
    struct vt_crl_name *names;
    struct vt_crl_index index; /* of what is there so far */
};

static uint32_t offset_in(const struct vt_crl *crl, struct vt_bytes view)
{
    return (uint32_t)(view.ptr - crl->der.ptr);
}

/* The number of a name, which is new or not. False: there are too many. */
static bool number_of(struct building *building, struct vt_bytes name, uint32_t *out)
{
    struct vt_crl_index *index = &building->index;
    for (uint32_t i = 0; i < index->names_count; i++) {
        if (vt_bytes_equal(name_at(building->crl, index, i), name)) {
            *out = i;
            return true;
        }
    }
    if (index->names_count >= names_for(building->crl))
        return false;
    building->names[index->names_count] =
        (struct vt_crl_name){offset_in(building->crl, name), (uint32_t)name.len};
    *out = index->names_count++;
    return true;
}

/* Read the entry at an offset; false: there is none. */
static bool entry_at(const struct vt_crl *crl, uint32_t offset, struct vt_crl_raw_entry *out)
{
    size_t from = (size_t)(crl->entries.ptr - crl->der.ptr);
    if (offset < from || offset - from >= crl->entries.len)
        return false;
    struct vt_bytes rest =
        vt_bytes_slice(crl->entries, offset - from, crl->entries.len - (offset - from));
    return vt_crl_next_entry(&rest, out);
}

/* Of several entries for one certificate the final revocation counts before a hold. */
static bool is_better(const struct building *building, uint32_t offset,
                      const struct vt_crl_raw_entry *before)
{
    struct vt_crl_raw_entry entry;
    return !vt_crl_entry_is_final(&before->entry) && entry_at(building->crl, offset, &entry) &&
           vt_crl_entry_is_final(&entry.entry);
}

/* An entry on its way into the table. */
struct waiting {
    uint64_t hash;
    struct vt_bytes serial;
    uint32_t offset;
    uint32_t name;
};

static bool insert(struct building *building, const struct waiting *new)
{
    const struct vt_crl_index *index = &building->index;
    uint32_t at = slot_of(new->hash, index->slots_count);
    for (unsigned probes = 0; probes < MAX_PROBES; probes++) {
        uint32_t *slot = &building->slots[at];
        struct vt_crl_raw_entry before;
        if (*slot == 0) {
            *slot = tagged(new->hash, new->offset);
            return true;
        }
        if (has_tag(*slot, new->hash) && entry_at(building->crl, offset_of(*slot), &before) &&
            vt_crl_is_same_serial(before.serial, new->serial) &&
            name_for(index, offset_of(*slot)) == new->name) {
            if (is_better(building, new->offset, &before))
                *slot = tagged(new->hash, new->offset);
            return true;
        }
        at = at + 1 == index->slots_count ? 0 : at + 1;
    }
    return false;
}

/* Note the issuer that an entry of an indirect CRL names; it holds for those that follow. */
static bool take_issuer(struct building *building, struct vt_bytes at, uint32_t *name)
{
    struct vt_crl_raw_entry entry;
    uint32_t offset = offset_in(building->crl, at);
    if (!vt_crl_next_entry(&at, &entry))
        return false;
    if (!entry.names_issuer)
        return true;
    struct vt_bytes issuer = entry.issuer.len > 0 ? entry.issuer : building->crl->issuer;
    if (!number_of(building, issuer, name))
        return false;
    building->changes[building->index.changes_count++] = (struct vt_crl_change){offset, *name};
    return true;
}

/* Memory answers late: each entry waits until its slot has come. */
static bool insert_all(struct building *building)
{
    const struct vt_crl *crl = building->crl;
    const struct vt_crl_index *index = &building->index;
    struct waiting ring[AHEAD];
    size_t count = 0;
    size_t done = 0;
    uint32_t name = 0;
    struct vt_bytes rest = crl->entries;
    while (rest.len > 0) {
        struct vt_bytes entry;
        struct waiting *new = &ring[count % AHEAD];
        if (count - done == AHEAD && !insert(building, &ring[done++ % AHEAD]))
            return false;
        if (!vt_crl_next_serial(&rest, &entry, &new->serial) ||
            (crl->issuer_changes_count > 0 && !take_issuer(building, entry, &name)))
            return false;
        new->offset = offset_in(crl, entry);
        new->name = name;
        new->hash = hash_of(index->seed, name, new->serial);
        __builtin_prefetch(&building->slots[slot_of(new->hash, index->slots_count)], 1);
        count++;
    }
    while (done < count) {
        if (!insert(building, &ring[done++ % AHEAD]))
            return false;
    }
    return true;
}

static void lay_out(const struct vt_crl *crl, const uint8_t *memory, struct vt_crl_index *out)
{
    const void *slots = memory;
    const void *changes = memory + slots_for(crl) * sizeof(uint32_t);
    const void *names =
        (const uint8_t *)changes + crl->issuer_changes_count * sizeof(struct vt_crl_change);
    out->slots = slots;
    out->slots_count = slots_for(crl);
    out->changes = changes;
    out->names = names;
}

enum vt_code vt_crl_index_build(const struct vt_crl *crl, void *memory, struct vt_crl_index *out,
                                struct vt_err *err)
{
    struct building building = {.crl = crl, .slots = memory};
    lay_out(crl, memory, &building.index);
    /* The same places, to write. */
    building.changes = (void *)((uint8_t *)memory + slots_for(crl) * sizeof(uint32_t));
    building.names = (void *)((uint8_t *)building.changes +
                              crl->issuer_changes_count * sizeof(struct vt_crl_change));
    building.names[0] =
        (struct vt_crl_name){offset_in(crl, crl->issuer), (uint32_t)crl->issuer.len};
    building.index.names_count = 1;
    if (RAND_bytes((unsigned char *)&building.index.seed, sizeof(building.index.seed)) != 1)
        return vt_err_set(err, VT_E_INTERNAL, "no random number for the index of a CRL");
    if (!insert_all(&building))
        return vt_err_set(err, VT_E_LIMIT, "the CRL names more than %d issuers",
                          VT_MAX_CRL_ISSUERS);
    *out = building.index;
    return VT_OK;
}

enum vt_code vt_crl_index_open(const struct vt_crl *crl, uint64_t seed, size_t names_count,
                               struct vt_bytes memory, struct vt_crl_index *out, struct vt_err *err)
{
    /* Both counts are below a byte of the list each, so that nothing overflows. */
    if (crl->entries_count > crl->entries.len || crl->issuer_changes_count > crl->entries_count ||
        names_count == 0 || names_count > names_for(crl) || memory.len != vt_crl_index_bytes(crl))
        return vt_err_set(err, VT_E_FORMAT, "the index of a CRL does not fit its list");
    *out = (struct vt_crl_index){.seed = seed,
                                 .changes_count = (uint32_t)crl->issuer_changes_count,
                                 .names_count = (uint32_t)names_count};
    lay_out(crl, memory.ptr, out);
    return VT_OK;
}

/* ---- asking ---- */

static void find_under(const struct vt_crl *crl, const struct vt_crl_index *index, uint32_t name,
                       struct vt_bytes serial, struct vt_crl_entry *out)
{
    uint64_t hash = hash_of(index->seed, name, serial);
    uint32_t at = slot_of(hash, index->slots_count);
    for (unsigned probes = 0; probes < MAX_PROBES && index->slots[at] != 0; probes++) {
        uint32_t slot = index->slots[at];
        struct vt_crl_raw_entry entry;
        if (has_tag(slot, hash) && entry_at(crl, offset_of(slot), &entry) &&
            vt_crl_is_same_serial(entry.serial, serial) &&
            name_for(index, offset_of(slot)) == name) {
            if (!out->found || vt_crl_entry_is_final(&entry.entry))
                *out = entry.entry;
            return;
        }
        at = at + 1 == index->slots_count ? 0 : at + 1;
    }
}

void vt_crl_index_find(const struct vt_crl *crl, const struct vt_crl_index *index,
                       struct vt_bytes issuer, struct vt_bytes serial, struct vt_crl_entry *out)
{
    *out = VT_CRL_ENTRY_NONE;
    if (index->slots_count == 0 || serial.len == 0)
        return;
    for (uint32_t i = 0; i < index->names_count; i++) {
        if (vt_crl_is_same_name(name_at(crl, index, i), issuer))
            find_under(crl, index, i, serial, out);
    }
}
