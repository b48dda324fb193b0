/* SPDX-License-Identifier: Apache-2.0
 * A TCP relay on loopback that hands everything on half a round trip later, in each direction.
 *   slow_relay PORT TO_PORT MSECS */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 16
#define CHUNK_BYTES 16384

struct chunk {
    struct chunk *next;
    int64_t due_nsecs;
    ssize_t len;
    char bytes[CHUNK_BYTES];
};
/* What comes from one socket goes to the other one. */
struct way {
    int from, to;
    struct chunk *first, **last;
};

static struct way ways[2 * MAX_CONNECTIONS];
static size_t ways_count;

static int64_t now_nsecs(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(int result, const char *what)
{
    if (result >= 0)
        return;
    perror(what);
    exit(1);
}

static int make_socket(int *out)
{
    int on = 1;
    *out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(*out, "socket");
    (void)setsockopt(*out, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return setsockopt(*out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static struct sockaddr_in address(const char *port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

static void add_way(int from, int to)
{
    struct way *way = &ways[ways_count++];
    *way = (struct way){.from = from, .to = to};
    way->last = &way->first;
}

static void take_connection(int listener, const char *port)
{
    int on = 1, target, client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    const struct sockaddr_in to = address(port);
    must(client, "accept");
    (void)setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    must(make_socket(&target), "socket");
    if (ways_count + 2 > 2 * MAX_CONNECTIONS ||
        connect(target, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        (void)close(client);
        (void)close(target);
        return;
    }
    add_way(client, target);
    add_way(target, client);
}

/* An end travels like everything else. */
static void take_bytes(struct way *way, int64_t delay_nsecs)
{
    struct chunk *chunk = malloc(sizeof(*chunk));
    if (chunk == NULL)
        exit(1);
    chunk->next = NULL;
    chunk->len = read(way->from, chunk->bytes, sizeof(chunk->bytes));
    chunk->due_nsecs = now_nsecs() + delay_nsecs;
    if (chunk->len <= 0)
        way->from = -1;
    *way->last = chunk;
    way->last = &chunk->next;
}

static void hand_on(struct way *way, int64_t now)
{
    while (way->first != NULL && way->first->due_nsecs <= now) {
        struct chunk *chunk = way->first;
        if (chunk->len <= 0 || write(way->to, chunk->bytes, (size_t)chunk->len) != chunk->len)
            (void)shutdown(way->to, SHUT_WR);
        way->first = chunk->next;
        if (way->first == NULL)
            way->last = &way->first;
        free(chunk);
    }
}

static int64_t next_nsecs(void)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < ways_count; i++)
        if (ways[i].first != NULL && ways[i].first->due_nsecs < next)
            next = ways[i].first->due_nsecs;
    return next;
}

static void turn(int listener, const char *port, int64_t delay_nsecs)
{
    struct pollfd polled[2 * MAX_CONNECTIONS + 1] = {{.fd = listener, .events = POLLIN}};
    size_t count = ways_count;
    for (size_t i = 0; i < count; i++)
        polled[i + 1] = (struct pollfd){.fd = ways[i].from, .events = POLLIN};
    int64_t next = next_nsecs(), left = next == INT64_MAX ? 1000000000 : next - now_nsecs();
    struct timespec wait = {.tv_sec = left > 0 ? left / 1000000000 : 0,
                            .tv_nsec = left > 0 ? left % 1000000000 : 0};
    (void)ppoll(polled, count + 1, &wait, NULL);
    for (size_t i = 0; i < count; i++) {
        if (polled[i + 1].revents != 0)
            take_bytes(&ways[i], delay_nsecs);
        hand_on(&ways[i], now_nsecs());
    }
    if (polled[0].revents != 0)
        take_connection(listener, port);
}

int main(int argc, char **argv)
{
    int listener;
    if (argc != 4)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    const struct sockaddr_in own = address(argv[1]);
    must(make_socket(&listener), "socket");
    must(bind(listener, (const struct sockaddr *)&own, sizeof(own)), "bind");
    must(listen(listener, MAX_CONNECTIONS), "listen");
    for (;;)
        turn(listener, argv[2], (int64_t)(atof(argv[3]) * 500000));
}
