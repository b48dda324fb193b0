/* SPDX-License-Identifier: Apache-2.0
 * The fetch role: brings bytes from allowed hosts for status, and looks at none of them. May: its
 * network. May not: files, mail, keys. One loop drives all transfers, so that a slow host delays
 * nobody else; what is too much for one host waits for its turn there. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "base/server.h"
#include "courier/http.h"
#include "vanthu/clock.h"
#include "vanthu/log.h"
#include "vanthu/metrics.h"
#include "vanthu/role.h"
#include "vanthu/stamp.h"

/* As many as status asks for at once: for mails, and for time stamps. */
#define MAX_STAMPS 64
#define MAX_PLACES (128 + MAX_STAMPS)
/* A host has so many transfers of one kind at a time: neither may it take the places of all others,
 * nor fill our memory with that many lists of 64 MB; and long lists do not hold up its OCSP. Time
 * stamps are small, each has a mail that waits, and nobody else's places are meant for them. */
#define MAX_PER_HOST 8
#define ADDRESS_SPACE_BYTES ((size_t)3 * 1024 * 1024 * 1024)
#define MAX_POST_BYTES (64u * 1024)

/* What is fetched, how it is asked for, and how much of it may come. */
static const struct kind {
    const char *type;
    const char *content_type; /* of a POST */
    size_t max_bytes;
    int times;           /* the time until it begins, for all of it */
    size_t most_of_host; /* at a time */
} kinds[] = {
    {"ocsp", "application/ocsp-request", VT_MAX_OCSP_BYTES, 1, MAX_PER_HOST},
    {"crl", NULL, VT_MAX_CRL_BYTES, VT_FETCH_LONG_TIMES, MAX_PER_HOST},
    /* PEM, or a list of certificates */
    {"issuer", NULL, VT_MAX_CERTIFICATE_BYTES * 4, 1, MAX_PER_HOST},
    /* RFC 3161 3.4 */
    {"timestamp", "application/timestamp-query", VT_MAX_STAMP_ANSWER_BYTES, 1, MAX_STAMPS},
};

/* One request of the status role: waits for its turn, then for its transfer. */
struct place {
    char *url; /* NULL: there is none */
    const struct kind *kind;
    struct vt_address address;
    bool fetching;
    struct vt_transfer transfer;
    struct vt_buf answer;
    struct vt_bytes post; /* mapped */
};

struct fetcher {
    const struct vt_config *config;
    const struct vt_role_fds *fds;
    struct vt_courier *courier;
    CURLM *multi;
    struct vt_server *clients;
    struct place places[MAX_PLACES]; /* of the client of that number */
    struct vt_metrics *metrics;
    bool ending;
};

/* ---- answers ---- */

/* The connection ends. */
static void forget(void *context, size_t client)
{
    struct fetcher *fetcher = context;
    struct place *place = &fetcher->places[client];
    if (place->fetching) {
        (void)curl_multi_remove_handle(fetcher->multi, place->transfer.easy);
        vt_transfer_abort(&place->transfer);
    }
    if (place->post.ptr != NULL)
        vt_memfd_unmap(place->post);
    vt_buf_clear(&place->answer);
    free(place->url);
    *place = (struct place){0};
}

/* What was not even asked for is no transfer. */
static void count_transfer(const struct fetcher *fetcher, const struct place *place,
                           enum vt_code code)
{
    unsigned result = code == VT_OK ? VT_RESULT_OK : VT_RESULT_FAILED;
    if (place->kind == NULL)
        return;
    unsigned type = (unsigned)(place->kind - kinds);
    vt_metric_add(fetcher->metrics, VT_METRIC_TRANSFERS,
                  vt_metric_at(VT_METRIC_TRANSFERS, type, result, 0), 1);
    vt_metric_add(fetcher->metrics, VT_METRIC_TRANSFER_BYTES, type, place->answer.len);
}

static void count_active(const struct fetcher *fetcher)
{
    int64_t active = 0;
    for (size_t i = 0; i < MAX_PLACES; i++)
        active += fetcher->places[i].fetching;
    vt_metric_set(fetcher->metrics, VT_METRIC_TRANSFERS_ACTIVE, 0, active);
}

/* FETCHED: {"http_status", "code", "error", "connected", "location"} and, when an answer came, its
 * bytes. */
static void answer(struct fetcher *fetcher, size_t client, enum vt_code code,
                   const struct vt_transfer_end *end, const struct vt_err *err)
{
    struct vt_err own = *err;
    int fd = -1;
    count_transfer(fetcher, &fetcher->places[client], code);
    if (code == VT_OK)
        code = vt_memfd_seal("vanthu-fetched", vt_buf_bytes(&fetcher->places[client].answer), &fd,
                             &own);
    json_t *body = json_pack("{s:i, s:i, s:s, s:b, s:s}", "http_status", (int)end->http_status,
                             "code", (int)code, "error", code == VT_OK ? "" : own.text, "connected",
                             (int)end->connected, "location", end->location);
    char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : NULL;
    if (text != NULL)
        vt_server_reply(fetcher->clients, client, VT_MSG_FETCHED, vt_bytes_str(text), &fd,
                        fd >= 0 ? 1 : 0);
    else
        vt_server_close(fetcher->clients, client);
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
static enum vt_code read_request(const struct vt_message *message, struct place *place,
                                 struct vt_err *err)
{
    enum vt_code code = VT_OK;
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
    return code;
}

static void refuse(struct fetcher *fetcher, size_t client, enum vt_code code,
                   const struct vt_err *err)
{
    answer(fetcher, client, code, &(struct vt_transfer_end){0}, err);
}

/* What is wrong with a request is an answer, too. */
static enum vt_code take(void *context, size_t client, struct vt_message *message,
                         struct vt_err *err)
{
    struct fetcher *fetcher = context;
    enum vt_code code = read_request(message, &fetcher->places[client], err);
    if (code != VT_OK)
        refuse(fetcher, client, code, err);
    return VT_OK;
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
    return count < place->kind->most_of_host;
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
            refuse(fetcher, i, code, &err);
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
        size_t client = MAX_PLACES;
        struct vt_transfer_end end = {0};
        CURLcode result = done->data.result;
        CURL *easy = done->easy_handle;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
        for (size_t i = 0; i < MAX_PLACES; i++) {
            if (&fetcher->places[i].transfer == transfer)
                client = i;
        }
        (void)curl_multi_remove_handle(fetcher->multi, easy);
        if (client == MAX_PLACES)
            continue;
        enum vt_code code = vt_transfer_end(transfer, result, &end, &err);
        fetcher->places[client].fetching = false;
        if (code != VT_OK)
            vt_log(VT_LOG_INFO, "fetch: %s", err.text);
        answer(fetcher, client, code, &end, &err);
    }
}

/* libcurl waits for its transfers and for these; it knows no free entries. */
static bool wait_for(struct fetcher *fetcher, struct pollfd *fds, size_t count)
{
    struct curl_waitfd waits[2 + MAX_PLACES];
    size_t which[2 + MAX_PLACES];
    unsigned waits_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (fds[i].fd < 0)
            continue;
        which[waits_count] = i;
        waits[waits_count++] = (struct curl_waitfd){.fd = fds[i].fd, .events = CURL_WAIT_POLLIN};
    }
    if (curl_multi_poll(fetcher->multi, waits, waits_count, VT_SERVER_REQUEST_MSECS, NULL) !=
        CURLM_OK)
        return false;
    for (unsigned i = 0; i < waits_count; i++)
        fds[which[i]].revents = waits[i].revents;
    return true;
}

static void turn(struct fetcher *fetcher)
{
    struct pollfd fds[2 + MAX_PLACES];
    int running = 0;
    fds[0] = (struct pollfd){.fd = fetcher->fds->control, .events = POLLIN};
    size_t count = 1 + vt_server_poll(fetcher->clients, fds + 1);
    if (!wait_for(fetcher, fds, count)) {
        fetcher->ending = true;
        return;
    }
    vt_server_polled(fetcher->clients, fds + 1);
    /* The master is gone, or wants us gone. */
    fetcher->ending = fds[0].revents != 0 || vt_server_is_over(fetcher->clients);
    begin_waiting(fetcher);
    if (curl_multi_perform(fetcher->multi, &running) != CURLM_OK)
        fetcher->ending = true;
    finish_transfers(fetcher);
    begin_waiting(fetcher);
    count_active(fetcher);
}

static enum vt_code set_up(struct fetcher *fetcher, struct vt_err *err)
{
    static const struct vt_sandbox sandbox = {.name = "fetch",
                                              .network = true,
                                              .address_space_bytes = ADDRESS_SPACE_BYTES,
                                              .open_files = 1024};
    const struct vt_server_setup clients = {.channel = fetcher->fds->fetch,
                                            .places_count = MAX_PLACES,
                                            .take = take,
                                            .forget = forget,
                                            .context = fetcher};
    enum vt_code code = vt_courier_new(fetcher->config, &fetcher->courier, err);
    /* libcurl reads its certificates and resolver files inside the sandbox, which allows that. */
    if (code == VT_OK)
        code = vt_metrics_open(fetcher->fds->metrics, VT_ROLE_FETCH, fetcher->fds->lane, NULL,
                               &fetcher->metrics, err);
    if (code == VT_OK)
        code = vt_sandbox_enter(&sandbox, err);
    if (code == VT_OK)
        code = vt_server_new(&clients, &fetcher->clients, err);
    fetcher->multi = curl_multi_init();
    if (code == VT_OK && fetcher->multi == NULL)
        code = vt_err_set(err, VT_E_NOMEM, "out of memory");
    if (code == VT_OK)
        (void)curl_multi_setopt(fetcher->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)MAX_PLACES);
    return code;
}

int vt_fetch_main(const struct vt_config *config, const struct vt_role_fds *fds)
{
    int status = EX_OSERR;
    struct vt_err err = {0};
    struct fetcher *fetcher = calloc(1, sizeof(*fetcher));
    if (fetcher == NULL)
        return EX_OSERR;
    fetcher->config = config;
    fetcher->fds = fds;
    if (set_up(fetcher, &err) != VT_OK) {
        vt_log(VT_LOG_ERROR, "fetch cannot start: %s", err.text);
        goto done;
    }
    vt_role_ready(fds->control);
    while (!fetcher->ending)
        turn(fetcher);
    status = EX_OK;
done:
    vt_server_free(fetcher->clients);
    (void)curl_multi_cleanup(fetcher->multi);
    vt_courier_free(fetcher->courier);
    vt_metrics_close(fetcher->metrics);
    free(fetcher);
    return status;
}
