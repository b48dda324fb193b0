/* SPDX-License-Identifier: Apache-2.0
 * The fetch role: brings bytes from allowed hosts for status, and looks at none of them. May: its
 * network. May not: files, mail, keys. One loop drives all transfers, so that a slow host delays
 * nobody else; what is too much for one host waits for its turn there. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "courier/http.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/role.h"
#include "vanthu/wire.h"

/* As many as status asks for at once. */
#define MAX_PLACES 128
/* A host has so many transfers of one kind at a time: neither may it take the places of all others,
 * nor fill our memory with that many lists of 64 MB; and long lists do not hold up its OCSP. */
#define MAX_PER_HOST 8
#define REQUEST_MSECS 1000
#define ADDRESS_SPACE_BYTES ((size_t)3 * 1024 * 1024 * 1024)
#define MAX_POST_BYTES (64u * 1024)

/* What is fetched, how it is asked for, and how much of it may come. */
static const struct kind {
    const char *type;
    const char *content_type; /* of a POST */
    size_t max_bytes;
    int times; /* the time until it begins, for all of it */
} kinds[] = {
    {"ocsp", "application/ocsp-request", VT_MAX_OCSP_BYTES, 1},
    {"crl", NULL, VT_MAX_CRL_BYTES, VT_FETCH_LONG_TIMES},
    {"issuer", NULL, VT_MAX_CERTIFICATE_BYTES * 4, 1}, /* PEM, or a list of certificates */
};

/* One connection of the status role: waits for its request, its turn, then for its transfer. */
struct place {
    int fd;    /* -1: free */
    char *url; /* NULL: its request has not come */
    const struct kind *kind;
    struct vt_address address;
    bool fetching;
    int64_t request_until_msecs;
    struct vt_transfer transfer;
    struct vt_buf answer;
    struct vt_bytes post; /* mapped */
};

struct fetcher {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_courier *courier;
    CURLM *multi;
    struct place places[MAX_PLACES];
    struct vt_message message;
    bool ending;
};

/* ---- answers ---- */

static void close_place(struct fetcher *fetcher, struct place *place)
{
    if (place->fetching) {
        (void)curl_multi_remove_handle(fetcher->multi, place->transfer.easy);
        vt_transfer_abort(&place->transfer);
    }
    if (place->post.ptr != NULL)
        vt_memfd_unmap(place->post);
    vt_buf_clear(&place->answer);
    free(place->url);
    if (place->fd >= 0)
        (void)close(place->fd);
    *place = (struct place){.fd = -1};
}

/* FETCHED: {"http_status", "code", "error", "connected", "location"} and, when an answer came, its
 * bytes. */
static void answer(struct place *place, enum vt_code code, const struct vt_transfer_end *end,
                   const struct vt_err *err)
{
    struct vt_err own = {0};
    int fd = -1;
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-fetched", vt_buf_bytes(&place->answer), &fd, &own);
    json_t *body = json_pack("{s:i, s:i, s:s, s:b, s:s}", "http_status", (int)end->http_status,
                             "code", (int)code, "error", code == VT_OK ? "" : err->text,
                             "connected", (int)end->connected, "location", end->location);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    if (text != NULL && vt_wire_send(place->fd, VT_MSG_FETCHED, vt_bytes_str(text), &fd,
                                     fd >= 0 ? 1 : 0, vt_clock_monotonic_msecs(), &own) != VT_OK)
        vt_log(VT_LOG_DEBUG, "an answer could not be sent: %s", own.text);
    free(text);
    json_decref(body);
    if (fd >= 0)
        (void)close(fd);
}

/* ---- requests ---- */

static const struct kind *find_kind(const char *type)
{
    for (size_t i = 0; type != NULL && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].type, type) == 0)
            return &kinds[i];
    }
    return NULL;
}

static enum vt_code begin_transfer(struct fetcher *fetcher, struct place *place, struct vt_err *err)
{
    const struct kind *kind = place->kind;
    int64_t begin_msecs = fetcher->config->fetch_timeout_msecs;
    const struct vt_patience patience = {begin_msecs, begin_msecs * kind->times};
    vt_buf_init(&place->answer, kind->max_bytes);
    enum vt_code code = vt_transfer_begin(
        fetcher->courier, place->url, kind->content_type != NULL ? kind->content_type : "",
        place->post, &place->answer, patience, &place->transfer, err);
    if (code != VT_OK)
        return code;
    if (curl_multi_add_handle(fetcher->multi, place->transfer.easy) != CURLM_OK) {
        vt_transfer_abort(&place->transfer);
        return vt_err_set(err, VT_E_NOMEM, "libcurl cannot begin a transfer");
    }
    place->fetching = true;
    return VT_OK;
}

/* FETCH: {"url", "type"}, and for a POST its body as a memory file. */
static enum vt_code take_request(struct fetcher *fetcher, struct place *place, struct vt_err *err)
{
    struct vt_message *message = &fetcher->message;
    enum vt_code code = vt_wire_receive(place->fd, message, 1, vt_clock_monotonic_msecs(), err);
    if (code != VT_OK)
        return code;
    json_t *body =
        json_loadb((const char *)message->body, message->body_len, JSON_REJECT_DUPLICATES, NULL);
    const char *url = json_string_value(json_object_get(body, "url"));
    const struct kind *kind = find_kind(json_string_value(json_object_get(body, "type")));
    if (message->type != VT_MSG_FETCH || url == NULL || kind == NULL ||
        (message->fds_count == 1) != (kind->content_type != NULL))
        code = vt_err_set(err, VT_E_FORMAT, "the request to fetch is malformed");
    if (code == VT_OK && message->fds_count == 1)
        code = vt_memfd_map(message->fds[0], MAX_POST_BYTES, &place->post, err);
    if (code == VT_OK)
        code = vt_address_parse(url, &place->address, err);
    if (code == VT_OK) {
        place->kind = kind;
        place->url = strdup(url);
        code = place->url != NULL ? VT_OK : vt_err_set(err, VT_E_NOMEM, "out of memory");
    }
    json_decref(body);
    vt_message_close(message);
    return code;
}

static bool has_turn(const struct fetcher *fetcher, const struct place *place)
{
    size_t count = 0;
    for (size_t i = 0; i < MAX_PLACES; i++) {
        const struct place *other = &fetcher->places[i];
        count += other->fetching && other->kind == place->kind &&
                 other->address.port == place->address.port &&
                 strcmp(other->address.host, place->address.host) == 0;
    }
    return count < MAX_PER_HOST;
}

static void refuse(struct fetcher *fetcher, struct place *place, enum vt_code code,
                   const struct vt_err *err)
{
    answer(place, code, &(struct vt_transfer_end){0}, err);
    close_place(fetcher, place);
}

/* Whose host has become free, or has been all the time. */
static void begin_waiting(struct fetcher *fetcher)
{
    for (size_t i = 0; i < MAX_PLACES; i++) {
        struct place *place = &fetcher->places[i];
        struct vt_err err = {0};
        if (place->url == NULL || place->fetching || !has_turn(fetcher, place))
            continue;
        enum vt_code code = begin_transfer(fetcher, place, &err);
        if (code != VT_OK)
            refuse(fetcher, place, code, &err);
    }
}

static void serve_place(struct fetcher *fetcher, struct place *place)
{
    struct vt_err err = {0};
    /* Once its request has come only the end of its client makes a place readable. */
    if (place->url != NULL) {
        close_place(fetcher, place);
        return;
    }
    enum vt_code code = take_request(fetcher, place, &err);
    if (code == VT_OK)
        return;
    if (code != VT_E_PEER && code != VT_E_TIMEOUT)
        refuse(fetcher, place, code, &err);
    else
        close_place(fetcher, place);
}

static struct place *find_free(struct fetcher *fetcher)
{
    for (size_t i = 0; i < MAX_PLACES; i++) {
        if (fetcher->places[i].fd < 0)
            return &fetcher->places[i];
    }
    return NULL;
}

static void accept_one(struct fetcher *fetcher)
{
    struct vt_err err = {0};
    struct place *place = find_free(fetcher);
    int fd = -1;
    enum vt_code code = vt_wire_accept(fetcher->fds->fetch, vt_clock_monotonic_msecs(), &fd, &err);
    if (code == VT_E_PEER) {
        fetcher->ending = true;
    } else if (code == VT_OK && place != NULL) {
        place->fd = fd;
        place->request_until_msecs = vt_clock_monotonic_msecs() + REQUEST_MSECS;
    } else if (code != VT_E_TIMEOUT) {
        vt_log(VT_LOG_WARNING, "a connection was not accepted: %s", err.text);
    }
}

/* ---- the loop ---- */

static void finish_transfers(struct fetcher *fetcher)
{
    int left = 0;
    const CURLMsg *done;
    while ((done = curl_multi_info_read(fetcher->multi, &left)) != NULL) {
        struct vt_err err = {0};
        struct vt_transfer *transfer = NULL;
        struct place *place = NULL;
        struct vt_transfer_end end = {0};
        CURLcode result = done->data.result;
        CURL *easy = done->easy_handle;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        for (size_t i = 0; i < MAX_PLACES; i++) {
            if (&fetcher->places[i].transfer == transfer)
                place = &fetcher->places[i];
        }
        (void)curl_multi_remove_handle(fetcher->multi, easy);
        if (place == NULL)
            continue;
        enum vt_code code = vt_transfer_end(&place->transfer, result, &end, &err);
        place->fetching = false;
        if (code != VT_OK)
            vt_log(VT_LOG_INFO, "fetch: %s", err.text);
        answer(place, code, &end, &err);
        close_place(fetcher, place);
    }
}

static void close_silent(struct fetcher *fetcher)
{
    int64_t now = vt_clock_monotonic_msecs();
    for (size_t i = 0; i < MAX_PLACES; i++) {
        struct place *place = &fetcher->places[i];
        if (place->fd >= 0 && place->url == NULL && now > place->request_until_msecs)
            close_place(fetcher, place);
    }
}

static void serve_ready(struct fetcher *fetcher, const struct curl_waitfd *waits,
                        struct place *const *owners, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (waits[i].revents == 0)
            continue;
        if (owners[i] != NULL)
            serve_place(fetcher, owners[i]);
        else if (waits[i].fd == fetcher->fds->fetch)
            accept_one(fetcher);
        else
            fetcher->ending = true; /* the master is gone, or wants us gone */
    }
}

static void turn(struct fetcher *fetcher)
{
    struct curl_waitfd waits[MAX_PLACES + 2];
    struct place *owners[MAX_PLACES + 2];
    unsigned count = 0;
    int running = 0;
    const short events = CURL_WAIT_POLLIN;
    memset(waits, 0, sizeof(waits));
    memset(owners, 0, sizeof(owners));
    if (fetcher->fds->control >= 0)
        waits[count++] = (struct curl_waitfd){.fd = fetcher->fds->control, .events = events};
    if (find_free(fetcher) != NULL)
        waits[count++] = (struct curl_waitfd){.fd = fetcher->fds->fetch, .events = events};
    for (size_t i = 0; i < MAX_PLACES; i++) {
        if (fetcher->places[i].fd < 0)
            continue;
        owners[count] = &fetcher->places[i];
        waits[count++] = (struct curl_waitfd){.fd = fetcher->places[i].fd, .events = events};
    }
    if (curl_multi_poll(fetcher->multi, waits, count, REQUEST_MSECS, NULL) != CURLM_OK) {
        fetcher->ending = true;
        return;
    }
    serve_ready(fetcher, waits, owners, count);
    begin_waiting(fetcher);
    if (curl_multi_perform(fetcher->multi, &running) != CURLM_OK)
        fetcher->ending = true;
    finish_transfers(fetcher);
    begin_waiting(fetcher);
    close_silent(fetcher);
}

static void run(struct fetcher *fetcher)
{
    for (size_t i = 0; i < MAX_PLACES; i++)
        fetcher->places[i].fd = -1;
    while (!fetcher->ending)
        turn(fetcher);
    for (size_t i = 0; i < MAX_PLACES; i++)
        close_place(fetcher, &fetcher->places[i]);
}

int vt_fetch_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    static const struct vt_sandbox sandbox = {.name = "fetch",
                                              .network = true,
                                              .address_space_bytes = ADDRESS_SPACE_BYTES,
                                              .open_files = 1024};
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
    /* libcurl reads its certificates and resolver files inside the sandbox, which allows that. */
    if (fetcher == NULL || vt_courier_new(config, &fetcher->courier, &err) != VT_OK ||
        vt_sandbox_enter(&sandbox, &err) != VT_OK) {
        vt_log(VT_LOG_ERROR, "fetch cannot start: %s", err.text);
        goto done;
    }
    fetcher->config = config;
    fetcher->fds = fds;
    fetcher->multi = curl_multi_init();
    if (fetcher->multi == NULL) {
        vt_log(VT_LOG_ERROR, "fetch cannot start: out of memory");
        goto done;
    }
    (void)curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_PLACES);
    vt_role_ready(fds->control);
    run(fetcher);
    status = EX_OK;
done:
    if (fetcher != NULL) {
        (void)curl_multi_cleanup(fetcher->multi);
        vt_courier_free(fetcher->courier);
    }
    free(fetcher);
    return status;
}
