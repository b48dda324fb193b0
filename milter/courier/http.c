/* SPDX-License-Identifier: Apache-2.0
 * Bounded HTTP by libcurl: http and https, allowed hosts only, no redirects, no credentials, no
 * compression, counted bytes, deadlines. One courier is used by one thread. */
#include "courier/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vanthu/clock.h"

struct vt_courier {
    const struct vt_config *config;
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

static bool is_allowed(const struct vt_courier *courier, const struct vt_address *address)
{
    const struct vt_strings *hosts = &courier->config->fetch_hosts;
    for (size_t i = 0; i < hosts->count; i++) {
        if (vt_address_matches(address, hosts->items[i]))
            return true;
    }
    return false;
}

/* ---- callbacks of libcurl ---- */

static size_t on_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct vt_transfer *transfer = context;
    enum vt_code code = vt_buf_add(transfer->out, bytes, size * count);
    transfer->begun = true;
    transfer->too_large = code == VT_E_LIMIT;
    transfer->no_memory = code == VT_E_NOMEM;
    return code == VT_OK ? size * count : 0;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *context)
{
    struct vt_transfer *transfer = context;
    (void)bytes;
    transfer->header_bytes += size * count;
    transfer->too_large = transfer->header_bytes > VT_MAX_HTTP_HEADER_BYTES;
    return transfer->too_large ? 0 : size * count;
}

/* The time until an answer begins; libcurl's own limit is for the whole. */
static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
    struct vt_transfer *transfer = context;
    (void)total;
    (void)up_total;
    (void)up_now;
    transfer->begun = transfer->begun || now > 0;
    transfer->begun_late =
        !transfer->begun && vt_clock_monotonic_msecs() > transfer->begin_until_msecs;
    return transfer->begun_late ? 1 : 0;
}

/* An address that was itself put on the list, and the configured proxy, are the administrator's
 * word. */
static bool is_trusted_place(const struct vt_transfer *transfer)
{
    return transfer->address.is_literal || transfer->courier->config->http_proxy != NULL;
}

/* A name that an allowed host's owner lets point into our network is refused. */
static curl_socket_t on_open(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct vt_transfer *transfer = context;
    (void)purpose;
    if (!is_trusted_place(transfer) && !vt_address_is_public(&address->addr, address->addrlen)) {
        transfer->address_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* Once more before anything is sent: what the socket is connected to, by getpeername(2), whether it
 * is new or was kept open. */
static int on_connected(void *context, char *peer, char *own, int peer_port, int own_port)
{
    struct vt_transfer *transfer = context;
    (void)own;
    (void)peer_port;
    (void)own_port;
    transfer->connected = true;
    if (is_trusted_place(transfer) || vt_address_text_is_public(peer))
        return CURL_PREREQFUNC_OK;
    transfer->address_refused = true;
    return CURL_PREREQFUNC_ABORT;
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

static bool set_callbacks(struct vt_transfer *transfer)
{
    CURL *easy = transfer->easy;
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, on_connected) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PREREQDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_bytes) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_XFERINFODATA, transfer) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer) == CURLE_OK;
}

/* The way there: what libcurl would do by itself or by the environment is switched off. */
static bool set_manners(struct vt_transfer *transfer)
{
    CURL *easy = transfer->easy;
    const char *proxy = transfer->courier->config->http_proxy;
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, NULL) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           /* Else giving up waits for the thread that asks a silent name server, and so would all
            * other transfers. */
           curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "vanthu") == CURLE_OK &&
           /* The empty string keeps environment variables from choosing a proxy. */
           curl_easy_setopt(easy, CURLOPT_PROXY, proxy != NULL ? proxy : "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOPROXY, "") == CURLE_OK;
}

static long bound_msecs(int64_t msecs)
{
    return msecs < 1 ? 1 : msecs > 600000 ? 600000 : (long)msecs;
}

static bool set_bounds(struct vt_transfer *transfer, struct vt_patience patience)
{
    CURL *easy = transfer->easy;
    transfer->begin_until_msecs = vt_clock_monotonic_msecs() + patience.begin_msecs;
    return curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)transfer->out->max) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, bound_msecs(patience.total_msecs)) ==
               CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, bound_msecs(patience.begin_msecs)) ==
               CURLE_OK;
}

void vt_transfer_abort(struct vt_transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    transfer->easy = NULL;
    transfer->headers = NULL;
}

static enum vt_code check_address(const struct vt_courier *courier, const char *url,
                                  struct vt_address *address, struct vt_err *err)
{
    enum vt_code code = vt_address_parse(url, address, err);
    if (code != VT_OK)
        return code;
    if (!is_allowed(courier, address))
        return vt_err_set(err, VT_E_CONFIG, "the host %s:%u is not in fetch.allowed-hosts",
                          address->host, address->port);
    return VT_OK;
}

enum vt_code vt_transfer_begin(struct vt_courier *courier, const char *url,
                               const char *content_type, struct vt_bytes body, struct vt_buf *out,
                               struct vt_patience patience, struct vt_transfer *transfer,
                               struct vt_err *err)
{
    *transfer = (struct vt_transfer){.courier = courier, .out = out};
    enum vt_code code = check_address(courier, url, &transfer->address, err);
    if (code != VT_OK)
        return code;
    transfer->easy = curl_easy_init();
    if (transfer->easy == NULL || !set_manners(transfer) || !set_bounds(transfer, patience) ||
        !set_callbacks(transfer) || !set_target(transfer, url, content_type, body)) {
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
    if (transfer->header_bytes > VT_MAX_HTTP_HEADER_BYTES)
        return vt_err_set(err, VT_E_LIMIT, "%s:%u sends more than %u bytes of headers",
                          address->host, address->port, VT_MAX_HTTP_HEADER_BYTES);
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
    if (result == CURLE_OPERATION_TIMEDOUT || transfer->begun_late)
        return vt_err_set(err, VT_E_TIMEOUT, "%s:%u did not answer in time", address->host,
                          address->port);
    if (result == CURLE_COULDNT_CONNECT)
        return vt_err_set(err, VT_E_NETWORK, "%s:%u cannot be connected to", address->host,
                          address->port);
    if (result == CURLE_COULDNT_RESOLVE_HOST)
        return vt_err_set(err, VT_E_NETWORK, "the name %s has no address", address->host);
    if (result == CURLE_COULDNT_RESOLVE_PROXY)
        return vt_err_set(err, VT_E_NETWORK, "the name of fetch.http-proxy has no address");
    return vt_err_set(err, VT_E_NETWORK, "%s:%u: %s", address->host, address->port,
                      why[0] != '\0' ? why : curl_easy_strerror(result));
}

enum vt_code vt_transfer_end(struct vt_transfer *transfer, CURLcode result,
                             struct vt_transfer_end *out, struct vt_err *err)
{
    enum vt_code code = VT_OK;
    curl_off_t connect_usecs = 0;
    const char *location = NULL;
    *out = (struct vt_transfer_end){0};
    (void)curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connect_usecs);
    /* A connection that was kept open took no time to make. */
    out->connected = transfer->connected || connect_usecs > 0;
    if (result != CURLE_OK) {
        code = explain(transfer, result, err);
    } else {
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &out->http_status);
        (void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
        (void)vt_text_clean(out->location, sizeof(out->location), vt_bytes_str(location));
        out->connected = true;
    }
    vt_transfer_abort(transfer);
    return code;
}
