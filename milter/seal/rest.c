/* SPDX-License-Identifier: Apache-2.0
 * One question to a service and its answer, by libcurl. */
#include "seal/rest.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vanthu/clock.h"

#define MAX_CA_BYTES ((size_t)1024 * 1024)
#define MAX_HEADER_BYTES ((size_t)32 * 1024)

/* ---- memory that is wiped ---- */

static void wipe_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

static void *wipe_realloc(void *memory, size_t bytes)
{
    if (memory == NULL)
        return malloc(bytes);
    size_t had = malloc_usable_size(memory);
    if (bytes > 0 && bytes <= had)
        return memory;
    void *fresh = bytes == 0 ? NULL : malloc(bytes);
    if (bytes > 0 && fresh == NULL)
        return NULL;
    if (fresh != NULL)
        memcpy(fresh, memory, had);
    wipe_free(memory);
    return fresh;
}

static bool begin_libraries(void)
{
    json_set_alloc_funcs(malloc, wipe_free);
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wipe_free, wipe_realloc, strdup,
                                calloc) == CURLE_OK;
}

/* ---- before the sandbox ---- */

static enum vt_code read_ca(const char *file, struct vt_bytes *out, struct vt_err *err)
{
    enum vt_code code = VT_E_CONFIG;
    char *text = malloc(MAX_CA_BYTES + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 || text == NULL ? -1 : pread(fd, text, MAX_CA_BYTES + 1, 0);
    if (text == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for tls-ca");
    else if (got < 0)
        (void)vt_err_sys(err, "tls-ca %s cannot be read", file);
    else if ((size_t)got > MAX_CA_BYTES ||
             memmem(text, (size_t)got, "-----BEGIN CERTIFICATE-----", 27) == NULL)
        (void)vt_err_set(err, VT_E_CONFIG, "tls-ca %s has to hold certificates in PEM", file);
    else
        code = VT_OK;
    *out = code == VT_OK ? vt_bytes_dup(vt_bytes_of(text, (size_t)got)) : (struct vt_bytes){0};
    if (code == VT_OK && out->ptr == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "no memory for tls-ca");
    if (fd >= 0)
        (void)close(fd);
    free(text);
    return code;
}

enum vt_code vt_rest_check_ca(const struct vt_seal_key *key, struct vt_err *err)
{
    struct vt_bytes ca = {0};
    enum vt_code code = key->tls_ca != NULL ? read_ca(key->tls_ca, &ca, err) : VT_OK;
    vt_bytes_free(ca);
    return code;
}

enum vt_code vt_rest_load(const struct vt_seal_key *key, void **out_module, struct vt_err *err)
{
    if (!begin_libraries())
        return vt_err_set(err, VT_E_SYSTEM, "libcurl cannot be initialised");
    struct vt_rest_module *module = calloc(1, sizeof(*module));
    if (module == NULL)
        return vt_err_set(err, VT_E_NOMEM, "no memory for a key");
    enum vt_code code = vt_rest_uri_parse(key->uri, &module->uri, err);
    if (code == VT_OK && key->tls_ca != NULL)
        code = read_ca(key->tls_ca, &module->ca, err);
    if (code == VT_OK)
        *out_module = module;
    else
        free(module);
    return code;
}

/* ---- a connection ---- */

/* Whom to believe. With the key of the service alone its name says nothing, and neither does who
 * certified it. */
static bool set_trust(const struct vt_rest *rest)
{
    CURL *easy = rest->easy;
    const struct vt_bytes ca = rest->module->ca;
    bool by_ca = ca.len > 0;
    struct curl_blob blob = {.data = (void *)(uintptr_t)ca.ptr, .len = ca.len};
    bool ok =
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, by_ca ? 1L : 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, by_ca ? 2L : 0L) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL) == CURLE_OK &&
        curl_easy_setopt(easy, CURLOPT_CAINFO, NULL) == CURLE_OK;
    if (by_ca)
        ok = ok && curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
    if (rest->key->tls_key != NULL)
        ok = ok && curl_easy_setopt(easy, CURLOPT_PINNEDPUBLICKEY, rest->key->tls_key) == CURLE_OK;
    return ok && (by_ca || rest->key->tls_key != NULL);
}

static bool set_manners(CURL *easy)
{
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "vanthu") == CURLE_OK &&
           /* The empty string keeps environment variables from choosing a proxy. */
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK;
}

enum vt_seal_fault vt_rest_init(const struct vt_rest_module *module, const struct vt_seal_key *key,
                                struct vt_rest *out, struct vt_err *err)
{
    *out = (struct vt_rest){.easy = curl_easy_init(), .module = module, .key = key};
    if (out->easy != NULL && set_manners(out->easy) && set_trust(out))
        return VT_FAULT_NONE;
    vt_rest_clear(out);
    (void)vt_err_set(err, VT_E_NOMEM, "libcurl cannot set a connection up");
    return VT_FAULT_LOST;
}

void vt_rest_clear(struct vt_rest *rest)
{
    curl_easy_cleanup(rest->easy);
    rest->easy = NULL;
}

/* ---- one question ---- */

/* What the callbacks of libcurl see. */
struct transfer {
    struct vt_buf *out;
    size_t header_bytes;
    bool is_too_large;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    enum vt_code code = vt_buf_add(transfer->out, bytes, size * count);
    transfer->is_too_large = code == VT_E_LIMIT;
    return code == VT_OK ? size * count : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    (void)bytes;
    transfer->header_bytes += size * count;
    transfer->is_too_large = transfer->header_bytes > MAX_HEADER_BYTES;
    return transfer->is_too_large ? 0 : size * count;
}

/* libcurl copies none of these. A list without its first entries is a list, too. */
static struct curl_slist *link_headers(const struct vt_rest_call *call, struct curl_slist lines[3])
{
    static char json[] = "Content-Type: application/json";
    struct curl_slist *first = NULL;
    if (call->body != NULL) {
        lines[0] = (struct curl_slist){.data = json, .next = NULL};
        first = &lines[0];
    }
    for (size_t i = 0; i < 2; i++) {
        if (call->headers[i] == NULL || call->headers[i][0] == '\0')
            continue;
        lines[i + 1] =
            (struct curl_slist){.data = (char *)(uintptr_t)call->headers[i], .next = first};
        first = &lines[i + 1];
    }
    return first;
}

static bool set_question(CURL *easy, const struct vt_rest_call *call, const char *body,
                         const struct curl_slist *headers, struct transfer *transfer, char *why)
{
    int64_t left = call->until_msecs - vt_clock_monotonic_msecs();
    long msecs = left < 1 ? 1 : left > 600000 ? 600000 : (long)left;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, call->url) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, msecs) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, msecs) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
              curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why) == CURLE_OK;
    if (body == NULL)
        return ok && curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) == CURLE_OK;
    return ok && curl_easy_setopt(easy, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(body)) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body) == CURLE_OK;
}

static void host_of(const char *url, char out[VT_MAX_REST_HOST_BYTES])
{
    const char *begin = strstr(url, "://");
    begin = begin == NULL ? url : begin + 3;
    (void)vt_text_clean(out, VT_MAX_REST_HOST_BYTES, vt_bytes_of(begin, strcspn(begin, "/")));
}

/* A secret leaves with the request, after the service has shown who it is. */
static enum vt_seal_fault lost_or_away(CURL *easy)
{
    long sent_bytes = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent_bytes);
    return sent_bytes > 0 ? VT_FAULT_LOST : VT_FAULT_AWAY;
}

static enum vt_seal_fault explain(const struct vt_rest *rest, const char *url, CURLcode result,
                                  const struct transfer *transfer, const char *reason,
                                  struct vt_err *err)
{
    char host[VT_MAX_REST_HOST_BYTES], why[160];
    host_of(url, host);
    (void)vt_rest_shown(why, sizeof(why), reason[0] != '\0' ? reason : curl_easy_strerror(result));
    if (transfer->is_too_large) {
        (void)vt_err_set(err, VT_E_LIMIT, "%s answers with more than %zu bytes", host,
                         transfer->out->max);
        return VT_FAULT_REFUSED;
    }
    if (result == CURLE_SSL_PINNEDPUBKEYNOTMATCH) {
        (void)vt_err_set(err, VT_E_CONFIG,
                         "%s shows another TLS key than tls-key: if it was given a new one, "
                         "write its digest there; if not, somebody is in between",
                         host);
        return VT_FAULT_TOKEN;
    }
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE) {
        (void)vt_err_set(err, VT_E_CONFIG, "the TLS certificate of %s is not believed (%s): %s",
                         host, why,
                         rest->key->tls_ca != NULL ? "look at tls-ca and at the name in uri"
                                                   : "look at tls-key");
        return VT_FAULT_TOKEN;
    }
    if (result == CURLE_OPERATION_TIMEDOUT)
        (void)vt_err_set(err, VT_E_TIMEOUT, "%s did not answer in time", host);
    else
        (void)vt_err_set(err, VT_E_NETWORK, "%s is not reached: %s", host, why);
    return lost_or_away(rest->easy);
}

enum vt_seal_fault vt_rest_ask(struct vt_rest *rest, const struct vt_rest_call *call,
                               struct vt_rest_answer *out, struct vt_err *err)
{
    struct curl_slist lines[3];
    char why[CURL_ERROR_SIZE] = "";
    char *text = call->body != NULL ? json_dumps(call->body, JSON_COMPACT) : NULL;
    const char *body = text != NULL ? text : call->form;
    enum vt_seal_fault fault = VT_FAULT_NONE;
    *out = (struct vt_rest_answer){.status = 0};
    vt_buf_init(&out->bytes, VT_MAX_REST_ANSWER_BYTES);
    struct transfer transfer = {.out = &out->bytes};
    CURLcode result = CURLE_OUT_OF_MEMORY;
    if ((call->body == NULL || text != NULL) &&
        set_question(rest->easy, call, body, link_headers(call, lines), &transfer, why))
        result = curl_easy_perform(rest->easy);
    if (result == CURLE_OK)
        (void)curl_easy_getinfo(rest->easy, CURLINFO_RESPONSE_CODE, &out->status);
    else
        fault = explain(rest, call->url, result, &transfer, why, err);
    /* Nothing of this question stays in the connection. */
    (void)curl_easy_setopt(rest->easy, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(rest->easy, CURLOPT_POSTFIELDS, NULL);
    (void)curl_easy_setopt(rest->easy, CURLOPT_ERRORBUFFER, NULL);
    wipe_free(text);
    if (fault == VT_FAULT_NONE && out->bytes.len > 0)
        out->json =
            json_loadb((const char *)out->bytes.ptr, out->bytes.len, JSON_REJECT_DUPLICATES, NULL);
    return fault;
}

void vt_rest_answer_clear(struct vt_rest_answer *answer)
{
    json_decref(answer->json);
    if (answer->bytes.ptr != NULL)
        explicit_bzero(answer->bytes.ptr, answer->bytes.capacity);
    vt_buf_clear(&answer->bytes);
    *answer = (struct vt_rest_answer){.status = 0};
}

const char *vt_rest_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

char *vt_rest_shown(char *out, size_t out_bytes, const char *text)
{
    return vt_text_clean(out, out_bytes, vt_bytes_str(text));
}
