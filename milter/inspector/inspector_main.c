/* SPDX-License-Identifier: Apache-2.0
 * The inspector role: read anchors and given files, warm what every child will need, give away its
 * rights, and be the zygote. May: fork. May not: network, files, keys, mail. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "inspector/child.h"
#include "inspector/given_crls.h"
#include "inspector/zygote.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* A child that is still at work at its deadline has this much longer until it is killed. */
#define GRACE_MSECS 1000
#define CHILDREN_PER_CORE 2
#define SETUP_ARENA_BYTES ((size_t)4 * 1024 * 1024)
#define MAX_WARMED_CERTIFICATES 64

/* Pictures of seals, packed, and what is made of fonts. */
#define LOOKS_ARENA_BYTES ((size_t)128 * 1024 * 1024)

struct setup {
    struct vt_arena *arena;
    struct vt_arena *looks_arena;
    struct vt_seal_looks looks;
    struct vt_role_overrides overrides;
    struct vt_trust_store *store;
    struct vt_metrics *metrics;
    const struct vt_bytes *crls; /* of the overrides, one by one */
    size_t crls_count;
};

/* To OpenSSL's callers a lack of memory looks like a wrong signature. So it ends the process
 * instead (as GLib does), and the mail is tried again; zygote.c knows the status. Nothing for a
 * size of 0 is what OpenSSL's own functions do. */
static void *resized_or_end(void *memory, size_t len, const char *file, int line)
{
    (void)file;
    (void)line;
    if (len == 0) {
        free(memory);
        return NULL;
    }
    void *resized = realloc(memory, len);
    if (resized == NULL)
        _exit(EX_TEMPFAIL);
    return resized;
}

static void *allocated_or_end(size_t len, const char *file, int line)
{
    return resized_or_end(NULL, len, file, line);
}

static void give_back(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* The first use of an algorithm costs more than the use: have it in the zygote, once. The keys of
 * the anchors tell which ones this site's signatures need. */
static void warm_openssl(const struct vt_trust_store *store)
{
    static const char *const digests[] = {"SHA1", "SHA256", "SHA384", "SHA512"};
    uint8_t digest[EVP_MAX_MD_SIZE];
    for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
        if (EVP_Q_digest(NULL, digests[i], NULL, "", 0, digest, NULL) != 1)
            vt_log(VT_LOG_WARNING, "OpenSSL here has no digest %s", digests[i]);
    const struct vt_certificate_pool *pool = vt_trust_store_pool(store);
    size_t count = vt_certificate_pool_count(pool);
    for (size_t i = 0; i < count && i < MAX_WARMED_CERTIFICATES; i++) {
        X509 *certificate = vt_certificate_x509(vt_certificate_pool_get(pool, i));
        EVP_PKEY *key = X509_get0_pubkey(certificate);
        /* False for what is not self-signed; the arithmetic is warm either way. */
        if (key != NULL && X509_verify(certificate, key) != 1)
            continue;
    }
}

static enum vt_code warm(const struct vt_trust_store *store, struct vt_err *err)
{
    enum vt_code code = vt_unpack_warm(err);
    if (code == VT_OK)
        code = vt_document_warm(err);
    if (code == VT_OK)
        warm_openssl(store);
    /* Otherwise the first child would look for the time zone in files. */
    tzset();
    return code;
}

/* Made once here and shared by all children; the mapping stays. */
static enum vt_code open_looks(const struct vt_config *config, int fd, struct setup *setup,
                               struct vt_err *err)
{
    struct vt_bytes bundle;
    if (fd < 0)
        return VT_OK;
    setup->looks_arena = vt_arena_new(LOOKS_ARENA_BYTES);
    if (setup->looks_arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the appearances of seals");
    enum vt_code code = vt_memfd_map(fd, VT_MAX_SEAL_LOOKS_BYTES, &bundle, err);
    return code == VT_OK
               ? vt_seal_looks_open(setup->looks_arena, config, bundle, &setup->looks, err)
               : code;
}

static enum vt_code prepare(const struct vt_config *config, const struct vt_role_fds *fds,
                            struct setup *setup, struct vt_err *err)
{
    setup->arena = vt_arena_new(SETUP_ARENA_BYTES);
    if (setup->arena == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for the inspector");
    enum vt_code code = vt_role_load_trust(setup->arena, config, fds->overrides, &setup->overrides,
                                           &setup->store, err);
    if (code == VT_OK)
        code = warm(setup->store, err);
    if (code == VT_OK)
        code = open_looks(config, fds->looks, setup, err);
    if (code != VT_OK)
        return code;
    code = vt_metrics_open(fds->metrics, VT_ROLE_INSPECTOR, fds->lane, NULL, &setup->metrics, err);
    if (code != VT_OK)
        return code;
    const struct vt_sandbox sandbox = {.name = "inspector", .fork = true};
    code = vt_sandbox_enter(&sandbox, err);
    return code == VT_OK ? vt_given_crls(setup->overrides.crls, setup->overrides.crls_count,
                                         &setup->crls, &setup->crls_count, err)
                         : code;
}

static unsigned parallel_of(const struct vt_config *config)
{
    if (config->parallel_inspections > 0)
        return config->parallel_inspections;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return CHILDREN_PER_CORE * (cores > 0 ? (unsigned)cores : 1);
}

static void forget(const struct setup *setup)
{
    vt_given_crls_free(setup->crls, setup->crls_count);
    vt_trust_store_free(setup->store);
    vt_arena_free(setup->looks_arena);
    vt_arena_free(setup->arena);
}

int vt_inspector_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    struct vt_err err = {0};
    struct setup setup = {0};
    /* Possible only before OpenSSL's first allocation. */
    if (CRYPTO_set_mem_functions(allocated_or_end, resized_or_end, give_back) != 1)
        vt_log(VT_LOG_WARNING, "OpenSSL keeps its own way with a lack of memory");
    unsigned parallel = parallel_of(config); /* reads a file */
    enum vt_code code = prepare(config, fds, &setup, &err);
    if (code != VT_OK) {
        vt_log(VT_LOG_ERROR, "the inspector cannot start: %s", err.text);
        forget(&setup);
        return code == VT_E_CONFIG ? EX_CONFIG : EX_OSERR;
    }
#ifdef VT_SANITIZE
    vt_log(VT_LOG_INFO, "sanitizer build: no limit of address space, no system call filter");
#endif
    const struct vt_inspect_options options = {
        .store = setup.store,
        .state_domains = config->state_domains.items,
        .state_domains_count = config->state_domains.count,
        .trusted_authserv_ids = config->trusted_authserv_ids.items,
        .trusted_authserv_ids_count = config->trusted_authserv_ids.count,
        .given_crls = setup.crls,
        .given_crls_count = setup.crls_count,
        .contents = setup.overrides.contents,
        .contents_count = setup.overrides.contents_count,
    };
    struct vt_child_context context = {
        .options = &options,
        .request_msecs = config->inspection_msecs,
        .cpu_secs = (unsigned)((config->inspection_msecs + GRACE_MSECS + 999) / 1000),
        .parallel = parallel,
        .seals = config->seal_keys_count > 0,
        .looks = &setup.looks};
    const struct vt_zygote_options zygote = {.control = fds->control,
                                             .inspect = fds->inspect,
                                             .generation = fds->generation,
                                             .parallel = parallel,
                                             .child_msecs = config->inspection_msecs,
                                             .grace_msecs = GRACE_MSECS,
                                             .serve = vt_child_serve,
                                             .metrics = setup.metrics,
                                             .context = &context};
    int status = vt_zygote_run(&zygote);
    vt_metrics_close(setup.metrics);
    forget(&setup);
    return status;
}
