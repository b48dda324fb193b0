/* SPDX-License-Identifier: Apache-2.0
 * The object around a CRL and its index, and how it travels in a sealed memory file. What the list
 * says is crl_scope.c's and crl.c's question. */
#include "status/crl_list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "status/crl_object.h"
#include "vanthu/wire.h"

/* A list over bytes is walked for the first lookups; then it is indexed, if it is a large one. */
#define LOOKUPS_BEFORE_INDEX 4
#define ENTRIES_WORTH_INDEX 256

static const uint8_t magic[8] = {'v', 't', '-', 'c', 'r', 'l', '\n', '1'};

/* The begin of the memory file; the parts follow in this order. It never leaves the machine, so
 * numbers are in its own order. */
struct header {
    uint8_t magic[8];
    uint64_t seed;
    int64_t fetched_utc_secs;
    uint32_t entries_count;
    uint32_t changes_count;
    uint32_t names_count;
    uint32_t signer_len;
    uint32_t origin_len; /* without the NUL that follows it */
    uint32_t crl_len;
    uint32_t unknown_critical;
    char data_sha256[65];
    char signer_key_sha256[65];
    char padding[6];
};

_Static_assert(sizeof(struct header) % 8 == 0, "the index behind the header is aligned");

/* ---- the object ---- */

/* DER of name and issuing distribution point as OpenSSL's objects, for comparisons. */
static enum vt_code decode(struct vt_crl_list *list, struct vt_err *err)
{
    const unsigned char *cursor = list->crl.issuer.ptr;
    list->issuer = d2i_X509_NAME(NULL, &cursor, (long)list->crl.issuer.len);
    if (list->issuer == NULL || cursor != list->crl.issuer.ptr + list->crl.issuer.len)
        return vt_err_set(err, VT_E_FORMAT, "the name of the CRL's issuer is malformed");
    if (list->crl.distribution_point.len == 0)
        return VT_OK;
    cursor = list->crl.distribution_point.ptr;
    list->point = d2i_ISSUING_DIST_POINT(NULL, &cursor, (long)list->crl.distribution_point.len);
    if (list->point == NULL)
        return vt_err_set(err, VT_E_FORMAT, "the CRL's issuing distribution point is malformed");
    if (list->point->distpoint != NULL && list->point->distpoint->type == 1 &&
        DIST_POINT_set_dpname(list->point->distpoint, list->issuer) != 1)
        return vt_err_set(err, VT_E_FORMAT,
                          "the name of the CRL's distribution point is malformed");
    return VT_OK;
}

static void release(void *object)
{
    struct vt_crl_list *list = object;
    X509_NAME_free(list->issuer);
    ISSUING_DIST_POINT_free(list->point);
    list->issuer = NULL;
    list->point = NULL;
}

enum vt_code vt_crl_list_over(struct vt_arena *arena, struct vt_bytes der,
                              enum vt_status_origin from, const char *origin,
                              struct vt_crl_list **out, struct vt_err *err)
{
    struct vt_crl_list *list = vt_arena_alloc(arena, sizeof(*list));
    struct vt_crl_asked *asked = vt_arena_alloc(arena, sizeof(*asked));
    if (list == NULL || asked == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a CRL");
    asked->arena = arena;
    list->fd = -1;
    list->asked = asked;
    list->from = from;
    list->origin = origin;
    list->fetched_utc_secs = VT_TIME_NONE;
    list->bytes = der.len;
    enum vt_code code = vt_arena_own(arena, list, release);
    if (code == VT_OK)
        code = vt_crl_parse(der, &list->crl, err);
    if (code == VT_OK)
        code = decode(list, err);
    if (code == VT_OK)
        code = vt_verify_sha256(der, list->data_sha256);
    if (code == VT_OK)
        *out = list;
    return code;
}

/* ---- sealing ---- */

static size_t total_bytes(const struct header *header, size_t index_bytes)
{
    return sizeof(*header) + index_bytes + header->signer_len + header->origin_len + 1 +
           header->crl_len;
}

/* Room of len bytes in a new memory file, mapped to be written. */
static enum vt_code make_room(size_t len, int *out_fd, uint8_t **out, struct vt_err *err)
{
    int fd = memfd_create("vanthu-crl", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        (void)vt_err_sys(err, "memfd_create");
        return VT_E_SYSTEM;
    }
    void *mapped = MAP_FAILED;
    if (ftruncate(fd, (off_t)len) == 0)
        mapped = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (mapped == MAP_FAILED) {
        (void)vt_err_sys(err, "a memory file of %zu bytes", len);
        (void)close(fd);
        return VT_E_SYSTEM;
    }
    *out_fd = fd;
    *out = mapped;
    return VT_OK;
}

static enum vt_code fill_header(const struct vt_crl *crl, const struct vt_certificate *signer,
                                const char *origin, int64_t fetched_utc_secs, struct header *out)
{
    *out = (struct header){.fetched_utc_secs = fetched_utc_secs,
                           .entries_count = (uint32_t)crl->entries_count,
                           .changes_count = (uint32_t)crl->issuer_changes_count,
                           .signer_len = (uint32_t)vt_certificate_der(signer).len,
                           .origin_len = (uint32_t)strlen(origin),
                           .crl_len = (uint32_t)crl->der.len,
                           .unknown_critical = crl->unknown_critical};
    memcpy(out->magic, magic, sizeof(magic));
    enum vt_code code = vt_verify_sha256(crl->der, out->data_sha256);
    return code == VT_OK
               ? vt_verify_sha256(vt_certificate_public_key_der(signer), out->signer_key_sha256)
               : code;
}

/* Write all parts. The index is made over the list that is parsed, whose offsets are the same in
 * the copy. */
static enum vt_code fill(const struct vt_crl *crl, const struct vt_certificate *signer,
                         const char *origin, struct header *header, uint8_t *room,
                         struct vt_err *err)
{
    struct vt_crl_index index;
    uint8_t *at = room + sizeof(*header);
    enum vt_code code = vt_crl_index_build(crl, at, &index, err);
    if (code != VT_OK)
        return code;
    header->seed = index.seed;
    header->names_count = index.names_count;
    memcpy(room, header, sizeof(*header));
    at += vt_crl_index_bytes(crl);
    memcpy(at, vt_certificate_der(signer).ptr, header->signer_len);
    at += header->signer_len;
    memcpy(at, origin, header->origin_len + 1);
    at += header->origin_len + 1;
    memcpy(at, crl->der.ptr, header->crl_len);
    return VT_OK;
}

enum vt_code vt_crl_list_seal(struct vt_bytes crl, const struct vt_certificate *signer,
                              const char *origin, int64_t fetched_utc_secs, int *out_fd,
                              struct vt_err *err)
{
    struct vt_crl parsed;
    struct header header;
    uint8_t *room = NULL;
    int fd = -1;
    /* The signature first: who only sends much must not have it all read. */
    enum vt_code code = vt_crl_parse_frame(crl, &parsed, err);
    if (code == VT_OK)
        code = vt_crl_verify(&parsed, signer, err);
    if (code == VT_OK)
        code = vt_crl_parse(crl, &parsed, err);
    if (code == VT_OK)
        code = fill_header(&parsed, signer, origin, fetched_utc_secs, &header);
    if (code != VT_OK)
        return code;
    size_t len = total_bytes(&header, vt_crl_index_bytes(&parsed));
    if (len > VT_MAX_CRL_LIST_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "the CRL and its index have more than %zu bytes",
                          VT_MAX_CRL_LIST_BYTES);
    code = make_room(len, &fd, &room, err);
    if (code != VT_OK)
        return code;
    code = fill(&parsed, signer, origin, &header, room, err);
    /* A memory file that is mapped to be written cannot be sealed. */
    (void)munmap(room, len);
    if (code == VT_OK &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
        code = vt_err_sys(err, "sealing a memory file");
    if (code == VT_OK)
        *out_fd = fd;
    else
        (void)close(fd);
    return code;
}

/* ---- opening ---- */

static bool is_digest(const char text[65])
{
    return text[64] == '\0' && strspn(text, "0123456789abcdef") == 64;
}

static bool fits(const struct header *header, size_t bytes)
{
    return memcmp(header->magic, magic, sizeof(magic)) == 0 && header->crl_len <= bytes &&
           header->signer_len <= VT_MAX_CERTIFICATE_BYTES && header->origin_len <= bytes &&
           header->entries_count <= header->crl_len &&
           header->changes_count <= header->entries_count && is_digest(header->data_sha256) &&
           is_digest(header->signer_key_sha256);
}

/* Take len bytes off *rest; what is missing shows at the end. */
static struct vt_bytes take(struct vt_bytes *rest, size_t len)
{
    struct vt_bytes part = vt_bytes_slice(*rest, 0, len);
    *rest = vt_bytes_slice(*rest, part.len, rest->len - part.len);
    return part;
}

/* The parts of a mapped file into list. */
static enum vt_code read_parts(const struct header *header, struct vt_crl_list *list,
                               struct vt_err *err)
{
    struct vt_bytes rest =
        vt_bytes_slice(list->mapped, sizeof(*header), list->mapped.len - sizeof(*header));
    struct vt_crl counts = {.entries_count = header->entries_count,
                            .issuer_changes_count = header->changes_count};
    struct vt_bytes index = take(&rest, vt_crl_index_bytes(&counts));
    list->signer = take(&rest, header->signer_len);
    struct vt_bytes origin = take(&rest, (size_t)header->origin_len + 1);
    struct vt_bytes der = take(&rest, header->crl_len);
    if (rest.len != 0 || der.len != header->crl_len || origin.len != header->origin_len + 1u ||
        memchr(origin.ptr, '\0', origin.len) != origin.ptr + header->origin_len)
        return vt_err_set(err, VT_E_FORMAT, "the parts of a sealed CRL do not fit its size");
    enum vt_code code = vt_crl_parse_frame(der, &list->crl, err);
    if (code != VT_OK)
        return code;
    list->crl.entries_count = header->entries_count;
    list->crl.issuer_changes_count = header->changes_count;
    list->crl.unknown_critical |= header->unknown_critical != 0;
    list->origin = (const char *)origin.ptr;
    list->from = strcmp(list->origin, "given") == 0 ? VT_ORIGIN_GIVEN : VT_ORIGIN_FETCHED;
    list->fetched_utc_secs = header->fetched_utc_secs;
    list->is_indexed = true;
    memcpy(list->data_sha256, header->data_sha256, sizeof(list->data_sha256));
    memcpy(list->signer_key_sha256, header->signer_key_sha256, sizeof(list->signer_key_sha256));
    code =
        vt_crl_index_open(&list->crl, header->seed, header->names_count, index, &list->index, err);
    return code == VT_OK ? decode(list, err) : code;
}

enum vt_code vt_crl_list_open(int fd, struct vt_crl_list **out, struct vt_err *err)
{
    struct header header;
    struct vt_crl_list *list = calloc(1, sizeof(*list));
    if (list == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a CRL");
    list->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    enum vt_code code = list->fd >= 0 ? vt_memfd_map(fd, VT_MAX_CRL_LIST_BYTES, &list->mapped, err)
                                      : vt_err_sys(err, "keeping a descriptor");
    if (code == VT_OK && list->mapped.len < sizeof(header))
        code = vt_err_set(err, VT_E_FORMAT, "a sealed CRL is cut short");
    if (code == VT_OK) {
        memcpy(&header, list->mapped.ptr, sizeof(header));
        list->bytes = list->mapped.len;
        code = fits(&header, list->mapped.len)
                   ? read_parts(&header, list, err)
                   : vt_err_set(err, VT_E_FORMAT, "a sealed CRL has a malformed header");
    }
    if (code == VT_OK)
        *out = list;
    else
        vt_crl_list_close(list);
    return code;
}

void vt_crl_list_close(struct vt_crl_list *list)
{
    if (list == NULL)
        return;
    release(list);
    vt_memfd_unmap(list->mapped);
    if (list->fd >= 0)
        (void)close(list->fd);
    free(list);
}

/* ---- asking ---- */

/* Index a list over bytes that is asked again and again, or that names issuers, of which walking
 * would compare each. Without memory it is walked. */
static void index_if_worth(const struct vt_crl_list *list)
{
    struct vt_crl_asked *asked = list->asked;
    bool worth =
        list->crl.issuer_changes_count > 0 ||
        (asked->lookups >= LOOKUPS_BEFORE_INDEX && list->crl.entries_count > ENTRIES_WORTH_INDEX);
    asked->lookups++;
    if (!worth || asked->tried)
        return;
    asked->tried = true;
    void *memory = vt_arena_alloc(asked->arena, vt_crl_index_bytes(&list->crl));
    asked->indexed =
        memory != NULL && vt_crl_index_build(&list->crl, memory, &asked->index, NULL) == VT_OK;
}

void vt_crl_list_find(const struct vt_crl_list *list, struct vt_bytes issuer,
                      struct vt_bytes serial, struct vt_crl_entry *out)
{
    *out = VT_CRL_ENTRY_NONE;
    if (list->asked != NULL)
        index_if_worth(list);
    if (list->is_indexed)
        vt_crl_index_find(&list->crl, &list->index, issuer, serial, out);
    else if (list->asked != NULL && list->asked->indexed)
        vt_crl_index_find(&list->crl, &list->asked->index, issuer, serial, out);
    else if (list->crl.issuer_changes_count > 0)
        out->unreadable = true;
    else if (vt_crl_is_same_name(list->crl.issuer, issuer))
        vt_crl_find(&list->crl, serial, out);
}

const struct vt_crl *vt_crl_list_crl(const struct vt_crl_list *list)
{
    return &list->crl;
}

struct vt_bytes vt_crl_list_signer(const struct vt_crl_list *list)
{
    return list->signer;
}

const char *vt_crl_list_signer_key_sha256(const struct vt_crl_list *list)
{
    return list->signer_key_sha256;
}

const char *vt_crl_list_data_sha256(const struct vt_crl_list *list)
{
    return list->data_sha256;
}

enum vt_status_origin vt_crl_list_from(const struct vt_crl_list *list)
{
    return list->from;
}

const char *vt_crl_list_origin(const struct vt_crl_list *list)
{
    return list->origin;
}

int64_t vt_crl_list_fetched_utc_secs(const struct vt_crl_list *list)
{
    return list->fetched_utc_secs;
}

int vt_crl_list_fd(const struct vt_crl_list *list)
{
    return list->fd;
}

size_t vt_crl_list_bytes(const struct vt_crl_list *list)
{
    return list->bytes;
}
