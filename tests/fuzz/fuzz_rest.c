/* SPDX-License-Identifier: Apache-2.0
 * Any answers of services that sign, through the back ends that read them. This file stands in the
 * place of libcurl's transfers. Input: which service, then for each question a status and a body,
 * which ends with a zero byte. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "seal/csc.h"
#include "seal/vault.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the network ---- */

static struct vt_bytes left;
static long status;
static unsigned inits_left;
static curl_write_callback write_bytes;
static void *write_data;
static char handle;

CURL *curl_easy_init(void)
{
    return inits_left > 0 && inits_left-- > 0 ? &handle : NULL;
}

void curl_easy_cleanup(CURL *easy)
{
    (void)easy;
}

#undef curl_easy_setopt
CURLcode curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
    va_list arguments;
    (void)easy;
    va_start(arguments, option);
    if (option == CURLOPT_WRITEFUNCTION)
        write_bytes = va_arg(arguments, curl_write_callback);
    if (option == CURLOPT_WRITEDATA)
        write_data = va_arg(arguments, void *);
    va_end(arguments);
    return CURLE_OK;
}

#undef curl_easy_getinfo
CURLcode curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
    va_list arguments;
    (void)easy;
    va_start(arguments, info);
    if (info == CURLINFO_RESPONSE_CODE)
        *va_arg(arguments, long *) = status;
    va_end(arguments);
    return CURLE_OK;
}

CURLcode curl_easy_perform(CURL *easy)
{
    static const long statuses[] = {200, 200, 200, 200, 202, 204, 302, 400,
                                    401, 403, 404, 412, 473, 500, 503};
    (void)easy;
    if (left.len < 1)
        return CURLE_COULDNT_CONNECT;
    status = statuses[left.ptr[0] % (sizeof(statuses) / sizeof(statuses[0]))];
    left = vt_bytes_of(left.ptr + 1, left.len - 1);
    const uint8_t *end = memchr(left.ptr, 0, left.len);
    size_t len = end == NULL ? left.len : (size_t)(end - left.ptr);
    char *copy = malloc(len + 1);
    if (copy == NULL)
        abort();
    if (len > 0)
        memcpy(copy, left.ptr, len);
    size_t taken = len == 0 ? 0 : write_bytes(copy, 1, len, write_data);
    free(copy);
    left = end == NULL ? (struct vt_bytes){0} : vt_bytes_of(end + 1, left.len - len - 1);
    return taken == len ? CURLE_OK : CURLE_WRITE_ERROR;
}

/* ---- the back ends ---- */

static bool may_log_in(void)
{
    return true;
}

static const struct service {
    const char *uri, *user;
    enum vt_seal_scheme scheme;
    const struct vt_backend *backend;
} services[] = {
    {"nethsm+https://a.test,b.test/seal", "gateway", VT_SEAL_RSA_PKCS1, &vt_backend_nethsm},
    {"nethsm+https://a.test/seal", "gateway", VT_SEAL_RSA_PSS, &vt_backend_nethsm},
    {"csc+https://a.test/csc/v1#x", NULL, VT_SEAL_ECDSA, &vt_backend_csc},
    {"csc+https://a.test/csc/v2#x", "gateway", VT_SEAL_RSA_PSS, &vt_backend_csc},
    {"vault+https://a.test/transit/seal?version=1", "gateway", VT_SEAL_ECDSA, &vt_backend_vault},
    {"vault+https://a.test/transit/seal?version=1", NULL, VT_SEAL_RSA_PKCS1, &vt_backend_vault},
};

static void sign(const struct service *service, void *session)
{
    struct vt_err err = {.text = ""};
    struct vt_buf out;
    vt_buf_init(&out, VT_MAX_SEAL_SIGNATURE_BYTES);
    enum vt_seal_fault fault = service->backend->sign(session, service->scheme, VT_SEAL_SHA256,
                                                      vt_bytes_str("attributes"), &out, &err);
    if (fault == VT_FAULT_NONE && out.len == 0)
        abort();
    if (fault != VT_FAULT_NONE && err.text[0] == '\0')
        abort();
    vt_buf_clear(&out);
}

static void open_and_sign(const struct service *service, const struct vt_seal_open *input)
{
    struct vt_seal_token token = {.label = ""};
    struct vt_err err = {.text = ""};
    void *opened = NULL, *session = NULL;
    enum vt_seal_fault fault = service->backend->open(input, &opened, &token, &err);
    if (token.public_key_len > sizeof(token.public_key) ||
        (fault == VT_FAULT_NONE && opened == NULL))
        abort();
    if (fault != VT_FAULT_NONE && err.text[0] == '\0')
        abort();
    if (opened == NULL)
        return;
    if (service->backend->begin(opened, &session, &err) == VT_FAULT_NONE)
        sign(service, session);
    free(session);
    service->backend->close(opened);
}

/* The key of Vault stays closed here, because a thread of its own renews its token. */
static void sign_with_vault(const struct service *service, const struct vt_seal_open *input)
{
    struct vt_vault vault = {
        .module = input->module, .key = input->key, .call_msecs = input->call_msecs};
    struct vt_vault_session session = {
        .vault = &vault, .rest = {.easy = &handle, .module = input->module, .key = input->key}};
    if (vt_pin_copy(input->pin, input->pin.len + 1, &vault.secret, NULL) != VT_OK)
        abort();
    (void)pthread_mutex_init(&vault.lock, NULL);
    sign(service, &session);
    vt_pin_wipe(&vault.secret);
    vt_pin_wipe(&vault.header);
    (void)pthread_mutex_destroy(&vault.lock);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vt_rest_module module = {.ca = {0}};
    struct vt_err err = {.text = ""};
    if (size < 1 || size > (size_t)1 << 20)
        return 0;
    unsigned which = data[0] % (unsigned)(2 * sizeof(services) / sizeof(services[0]));
    const struct service *service = &services[which / 2];
    bool is_vault = service->backend == &vt_backend_vault;
    const struct vt_seal_key key = {.name = "seal",
                                    .uri = service->uri,
                                    .user = service->user,
                                    .tls_key = "sha256//x",
                                    .scheme = service->scheme,
                                    .parallel = 1};
    if (vt_rest_uri_parse(key.uri, &module.uri, &err) != VT_OK)
        abort();
    const struct vt_seal_open input = {.module = &module,
                                       .key = &key,
                                       .pin = vt_bytes_str("1234"),
                                       .secret = vt_bytes_str("secret"),
                                       .call_msecs = 1000, /* too short for pauses */
                                       .may_log_in = may_log_in};
    left = vt_bytes_of(data + 1, size - 1);
    inits_left = is_vault ? 1 : 2;
    if (is_vault && which % 2 == 1)
        sign_with_vault(service, &input);
    else
        open_and_sign(service, &input);
    return 0;
}
