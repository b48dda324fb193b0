/* SPDX-License-Identifier: Apache-2.0
 * Bounded HTTP by libcurl: http and https, allowed hosts only, no redirects, no credentials, no
 * compression, counted bytes, deadlines. One courier is used by one thread. */
#include "courier/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"

/* Hosts that are remembered as down; a site knows a dozen. */
#define MAX_DOWN_HOSTS 64
/* A host that cannot be connected to is down at once; one that is connected and silent may have
 * one bad page only, and is down when that happens so many times in a row. */
#define STRIKES_UNTIL_DOWN 3

struct down_host {
    char host[VT_MAX_HOST_BYTES];
    unsigned port;
    unsigned strikes;
    int64_t until_msecs;
};

struct vt_courier {
    const struct vt_config *config;
    struct down_host down[MAX_DOWN_HOSTS];
    size_t down_count;
};

enum vt_code vt_courier_new(const struct vt_config *config, struct vt_courier **out,
                            struct vt_err *err)
{
    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return vt_err_set(err, VT_E_SYSTEM, "libcurl cannot be initialised");
    struct vt_courier *courier = calloc(1, sizeof(*courier));
    if (courier == NULL)
        return vt_err_set(err, VT_E_NOMEM, "out of memory for the courier");
    courier->config = config;
    *out = courier;
    return VT_OK;
}

void vt_courier_free(struct vt_courier *courier)
{
    if (courier == NULL)
        return;
    free(courier);
    curl_global_cleanup();
}

/* ---- allowed, down ---- */

static bool is_allowed(const struct vt_courier *courier, const struct vt_address *address)
{
    const struct vt_strings *hosts = &courier->config->fetch_hosts;
    for (size_t i = 0; i < hosts->count; i++) {
        if (vt_address_matches(address, hosts->items[i]))
            return true;
    }
    return false;
}

static struct down_host *find_down(struct vt_courier *courier, const struct vt_address *address)
{
    for (size_t i = 0; i < courier->down_count; i++) {
        if (courier->down[i].port == address->port &&
            strcmp(courier->down[i].host, address->host) == 0)
            return &courier->down[i];
    }
    return NULL;
}

/* The entry of a host, a new one if need be; the one that ends first makes room. */
static struct down_host *make_down(struct vt_courier *courier, const struct vt_address *address)
{
    struct down_host *entry = find_down(courier, address);
    if (entry != NULL)
        return entry;
    entry = &courier->down[0];
    if (courier->down_count < MAX_DOWN_HOSTS) {
        entry = &courier->down[courier->down_count++];
    } else {
        for (size_t i = 1; i < MAX_DOWN_HOSTS; i++) {
            if (courier->down[i].until_msecs < entry->until_msecs)
                entry = &courier->down[i];
        }
    }
    *entry = (struct down_host){.port = address->port};
    (void)snprintf(entry->host, sizeof(entry->host), "%s", address->host);
    return entry;
}

static void remember_failure(struct vt_courier *courier, const struct vt_address *address,
                             bool connected)
{
    struct down_host *entry = make_down(courier, address);
    entry->strikes += connected ? 1 : STRIKES_UNTIL_DOWN;
    if (entry->strikes >= STRIKES_UNTIL_DOWN) {
        entry->strikes = 0;
        entry->until_msecs = vt_clock_monotonic_msecs() + courier->config->host_down_msecs;
    }
}

static void forget_failures(struct vt_courier *courier, const struct vt_address *address)
{
    struct down_host *entry = find_down(courier, address);
    if (entry != NULL) {
        entry->until_msecs = 0;
        entry->strikes = 0;
    }
}

/* ---- callbacks of libcurl ---- */

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct vt_transfer *transfer = context;
    enum vt_code code = vt_buf_add(transfer->out, bytes, size * count);
    transfer->too_large = code == VT_E_LIMIT;
    transfer->no_memory = code == VT_E_NOMEM;
    return code == VT_OK ? size * count : 0;
}

/* A name that an allowed host's owner lets point into our network is refused; an address that was
 * itself put on the list, and the configured proxy, are the administrator's word. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct vt_transfer *transfer = context;
    (void)purpose;
    bool ours = transfer->address.is_literal || transfer->courier->config->http_proxy != NULL;
    if (!ours && !vt_address_is_public(&address->addr, address->addrlen)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* ---- one transfer ---- */

static bool set_target(struct vt_transfer *transfer, const char *url, const char *content_type,
                       struct vt_bytes body)
{
    char header[128];
    CURL *easy = transfer->easy;
    bool ok = curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
    if (body.len > 0) {
        (void)snprintf(header, sizeof(header), "Content-Type: %.100s", content_type);
        transfer->headers = curl_slist_append(NULL, header);
        ok =
            ok && transfer->headers != NULL &&
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
            curl_easy_setopt(easy, CURLOPT_POSTFIELDS, (const char *)body.ptr) == CURLE_OK;
    }
    return ok;
}

static bool set_bounds(struct vt_transfer *transfer, int64_t timeout_msecs)
{
    CURL *easy = transfer->easy;
    const char *proxy = transfer->courier->config->http_proxy;
    long timeout = timeout_msecs < 1 ? 1 : timeout_msecs > 600000 ? 600000 : (long)timeout_msecs;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* The empty string keeps environment variables from choosing a proxy. */
           curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->out->max) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "vanthu") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK;
}

void vt_transfer_abort(struct vt_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    transfer->easy = NULL;
    transfer->headers = NULL;
}

static enum vt_code check_address(struct vt_courier *courier, const char *url,
                                  struct vt_address *address, struct vt_err *err)
{
    enum vt_code code = vt_address_parse(url, address, err);
    if (code != VT_OK)
        return code;
    if (!is_allowed(courier, address))
        return vt_err_set(err, VT_E_CONFIG, "the host %s:%u is not in fetch.allowed-hosts",
                          address->host, address->port);
    const struct down_host *down = find_down(courier, address);
    if (down != NULL && vt_clock_monotonic_msecs() < down->until_msecs)
        return vt_err_set(err, VT_E_NETWORK, "the host %s:%u did not answer a moment ago",
                          address->host, address->port);
    return VT_OK;
}

enum vt_code vt_transfer_begin(struct vt_courier *courier, const char *url,
                               const char *content_type, struct vt_bytes body, struct vt_buf *out,
                               int64_t timeout_msecs, struct vt_transfer *transfer,
                               struct vt_err *err)
{
    *transfer = (struct vt_transfer){.courier = courier, .out = out};
    enum vt_code code = check_address(courier, url, &transfer->address, err);
    if (code != VT_OK)
        return code;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_bounds(transfer, timeout_msecs) ||
        !set_target(transfer, url, content_type, body)) {
        vt_transfer_abort(transfer);
        return vt_err_set(err, VT_E_NOMEM, "libcurl cannot set a transfer up");
    }
    return VT_OK;
}

static enum vt_code explain(const struct vt_transfer *transfer, CURLcode result, struct vt_err *err)
{
    const struct vt_address *address = &transfer->address;
    char why[CURL_ERROR_SIZE];
    (void)vt_text_clean(why, sizeof(why), vt_bytes_str(transfer->error));
    if (transfer->too_large || result == CURLE_FILESIZE_EXCEEDED)
        return vt_err_set(err, VT_E_LIMIT, "%s:%u sends more than %zu bytes", address->host,
                          address->port, transfer->out->max);
    if (transfer->no_memory || result == CURLE_OUT_OF_MEMORY)
        return vt_err_set(err, VT_E_NOMEM, "out of memory while fetching from %s", address->host);
    if (transfer->address_refused)
        return vt_err_set(err, VT_E_CONFIG,
                          "the name %s leads to a private address; to allow that, put the address "
                          "itself into fetch.allowed-hosts",
                          address->host);
    if (result == CURLE_OPERATION_TIMEDOUT)
        return vt_err_set(err, VT_E_TIMEOUT, "%s:%u did not answer in time", address->host,
                          address->port);
    return vt_err_set(err, VT_E_NETWORK, "%s:%u: %s", address->host, address->port,
                      why[0] != '\0' ? why : curl_easy_strerror(result));
}

enum vt_code vt_transfer_end(struct vt_transfer *transfer, CURLcode result, long *out_http_status,
                             struct vt_err *err)
{
    enum vt_code code = VT_OK;
    curl_off_t connect_usecs = 0;
    *out_http_status = 0;
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, out_http_status);
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connect_usecs);
    if (result != CURLE_OK) {
        code = explain(transfer, result, err);
        *out_http_status = 0;
    }
    if (code == VT_E_NETWORK || code == VT_E_TIMEOUT)
        remember_failure(transfer->courier, &transfer->address, connect_usecs > 0);
    else if (code == VT_OK)
        forget_failures(transfer->courier, &transfer->address);
    vt_transfer_abort(transfer);
    return code;
}
