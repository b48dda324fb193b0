/* SPDX-License-Identifier: Apache-2.0
 * wire: framing, descriptors, deadlines, channels whose queue outlives a server; sealed memory
 * files and spool files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../lib/wire_client.h"
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/clock.h"
#include "vanthu/wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOTHING ((struct vt_bytes){NULL, 0})

static int64_t in_msecs(int64_t msecs)
{
    return vt_clock_monotonic_msecs() + msecs;
}

static size_t open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    assert_non_null(dir);
    size_t count = 0;
    while (readdir(dir) != NULL)
        count++;
    closedir(dir);
    return count;
}

static int count_before(void **state)
{
    static size_t before;
    before = open_descriptors();
    *state = &before;
    return 0;
}

static int no_descriptor_left(void **state)
{
    size_t before = *(size_t *)*state, after = open_descriptors();
    if (after != before)
        print_error("%zu descriptors before, %zu after\n", before, after);
    return after == before ? 0 : -1;
}

static void pair(int fds[2])
{
    assert_int_equal(vt_wire_pair(fds, NULL), VT_OK);
}

static void close_pair(int fds[2])
{
    for (size_t i = 0; i < 2; i++)
        if (fds[i] >= 0)
            assert_int_equal(close(fds[i]), 0);
}

static void a_file_is_replaced_whole(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_wire.XXXXXX", path[64], text[16] = "";
    static char long_path[5000];
    struct stat info;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    assert_int_equal(vt_output_replace(path, 0644, VT_BYTES("first"), NULL), VT_OK);
    mode_t umask_before = umask(077);
    assert_int_equal(vt_output_replace(path, 0644, VT_BYTES("second"), NULL), VT_OK);
    (void)umask(umask_before);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, text, sizeof(text)), 6);
    assert_int_equal(fstat(fd, &info), 0);
    assert_int_equal(close(fd), 0);
    assert_string_equal(text, "second");
    assert_int_equal(info.st_mode & 0777, 0644);
    assert_int_equal(unlink(path), 0);
    /* Nothing is left beside it, also where it fails. */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(vt_output_replace(path, 0600, VT_BYTES("x"), NULL), VT_E_SYSTEM);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(vt_output_replace(path, 0600, VT_BYTES("x"), NULL), VT_E_SYSTEM);
    memset(long_path, 'x', sizeof(long_path) - 1);
    assert_int_equal(vt_output_replace(long_path, 0600, VT_BYTES("x"), NULL), VT_E_LIMIT);
}

static void a_message_arrives_whole(void **state)
{
    (void)state;
    static uint8_t largest[VT_MAX_MESSAGE_BYTES + 1];
    memset(largest, 'x', sizeof(largest));
    static const size_t sizes[] = {0, 1, 100, VT_MAX_MESSAGE_BYTES};
    int fds[2];
    pair(fds);
    static struct vt_message got;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        assert_int_equal(vt_wire_send(fds[0], VT_MSG_STATUS, vt_bytes_of(largest, sizes[i]), NULL,
                                      0, in_msecs(1000), NULL),
                         VT_OK);
        assert_int_equal(vt_wire_receive(fds[1], &got, 0, in_msecs(1000), NULL), VT_OK);
        assert_int_equal(got.type, VT_MSG_STATUS);
        assert_int_equal(got.body_len, sizes[i]);
        assert_memory_equal(got.body, largest, sizes[i]);
    }
    assert_int_equal(vt_wire_send(fds[0], VT_MSG_STATUS, vt_bytes_of(largest, sizeof(largest)),
                                  NULL, 0, in_msecs(1000), NULL),
                     VT_E_LIMIT);
    close_pair(fds);
}

/* What a hostile or broken peer may put on the socket, byte by byte. */
static void a_bad_frame_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t type, body_len;
        size_t sent;
    } cases[] = {
        {"header cut short", VT_MSG_STATUS, 0, 5},
        {"length too small", VT_MSG_STATUS, 3, 12},
        {"length too large", VT_MSG_STATUS, 5, 12},
        {"length wraps", VT_MSG_STATUS, UINT32_MAX, 12},
        {"no type", VT_MSG_NONE, 4, 12},
        {"unknown type", VT_MSG_COUNT, 4, 12},
        {"negative type", UINT32_MAX, 4, 12},
        {"longer than the maximum", VT_MSG_STATUS, VT_MAX_MESSAGE_BYTES, VT_MAX_MESSAGE_BYTES + 9},
    };
    static uint8_t frame[VT_MAX_MESSAGE_BYTES + 9];
    static struct vt_message got;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int fds[2];
        pair(fds);
        memcpy(frame, &cases[i].type, 4);
        memcpy(frame + 4, &cases[i].body_len, 4);
        assert_int_equal(send(fds[0], frame, cases[i].sent, 0), cases[i].sent);
        enum vt_code code = vt_wire_receive(fds[1], &got, 0, in_msecs(1000), NULL);
        if (code != VT_E_FORMAT)
            fail_msg("%s: %s", cases[i].name, vt_code_name(code));
        close_pair(fds);
    }
}

static void send_raw_descriptors(int socket_fd, size_t count)
{
    uint32_t header[2] = {VT_MSG_STATUS, 0};
    struct iovec piece = {header, sizeof(header)};
    static _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(16 * sizeof(int))];
    memset(control, 0, sizeof(control));
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    struct cmsghdr *entry = CMSG_FIRSTHDR(&message);
    entry->cmsg_level = SOL_SOCKET;
    entry->cmsg_type = SCM_RIGHTS;
    entry->cmsg_len = CMSG_LEN(count * sizeof(int));
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < count; i++)
        memcpy(CMSG_DATA(entry) + i * sizeof(int), &fd, sizeof(int));
    assert_int_equal(sendmsg(socket_fd, &message, 0), sizeof(header));
    close(fd);
}

static void descriptors_are_counted_and_never_leak(void **state)
{
    (void)state;
    static const struct {
        size_t sent, allowed;
        enum vt_code want;
    } cases[] = {{0, 0, VT_OK},       {1, 1, VT_OK},       {4, 4, VT_OK},       {1, 0, VT_E_FORMAT},
                 {2, 1, VT_E_FORMAT}, {5, 4, VT_E_FORMAT}, {16, 4, VT_E_FORMAT}};
    static struct vt_message got;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int fds[2];
        pair(fds);
        if (cases[i].sent == 0)
            assert_int_equal(vt_wire_send(fds[0], VT_MSG_STATUS, NOTHING, NULL, 0, 0, NULL), VT_OK);
        else
            send_raw_descriptors(fds[0], cases[i].sent);
        enum vt_code code = vt_wire_receive(fds[1], &got, cases[i].allowed, in_msecs(1000), NULL);
        if (code != cases[i].want)
            fail_msg("case %zu: %s", i, vt_code_name(code));
        assert_int_equal(got.fds_count, code == VT_OK ? cases[i].sent : 0);
        for (size_t k = 0; k < got.fds_count; k++)
            assert_true((fcntl(got.fds[k], F_GETFD) & FD_CLOEXEC) != 0);
        vt_message_close(&got);
        close_pair(fds);
    }
}

static void a_late_peer_is_a_timeout(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    static struct vt_message got;
    int64_t start = vt_clock_monotonic_msecs();
    assert_int_equal(vt_wire_receive(fds[1], &got, 0, start + 60, NULL), VT_E_TIMEOUT);
    int64_t spent = vt_clock_monotonic_msecs() - start;
    assert_true(spent >= 60 && spent < 2000);
    /* A peer that does not read: sending ends by its deadline, too. */
    static uint8_t body[VT_MAX_MESSAGE_BYTES];
    enum vt_code code = VT_OK;
    for (size_t i = 0; i < 1000 && code == VT_OK; i++)
        code = vt_wire_send(fds[0], VT_MSG_STATUS, vt_bytes_of(body, sizeof(body)), NULL, 0,
                            in_msecs(30), NULL);
    assert_int_equal(code, VT_E_TIMEOUT);
    close_pair(fds);
}

static void on_alarm(int signal_number)
{
    (void)signal_number;
}

static void a_signal_does_not_shorten_the_wait(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_alarm}, before;
    sigaction(SIGALRM, &action, &before);
    int fds[2];
    pair(fds);
    static struct vt_message got;
    int64_t start = vt_clock_monotonic_msecs();
    ualarm(10000, 10000);
    enum vt_code code = vt_wire_receive(fds[1], &got, 0, start + 100, NULL);
    ualarm(0, 0);
    assert_int_equal(code, VT_E_TIMEOUT);
    assert_true(vt_clock_monotonic_msecs() - start >= 100);
    sigaction(SIGALRM, &before, NULL);
    close_pair(fds);
}

static void a_dead_peer_is_told_at_once(void **state)
{
    (void)state;
    int fds[2];
    pair(fds);
    assert_false(vt_wire_peer_is_gone(fds[1]));
    pid_t child = fork();
    if (child == 0) {
        close(fds[1]);
        static struct vt_message taken;
        if (vt_wire_receive(fds[0], &taken, 0, in_msecs(5000), NULL) == VT_OK)
            raise(SIGKILL);
        pause();
    }
    close(fds[0]);
    static struct vt_message got;
    assert_int_equal(vt_wire_send(fds[1], VT_MSG_INSPECT, NOTHING, NULL, 0, in_msecs(1000), NULL),
                     VT_OK);
    int64_t start = vt_clock_monotonic_msecs();
    assert_int_equal(vt_wire_receive(fds[1], &got, 0, start + 5000, NULL), VT_E_PEER);
    assert_true(vt_clock_monotonic_msecs() - start < 3000);
    assert_true(vt_wire_peer_is_gone(fds[1]));
    /* No SIGPIPE either. */
    assert_int_equal(vt_wire_send(fds[1], VT_MSG_INSPECT, NOTHING, NULL, 0, in_msecs(1000), NULL),
                     VT_E_PEER);
    waitpid(child, NULL, 0);
    close(fds[1]);
}

/* Answer one request of a channel with the same type. */
static bool serve_one(int channel, int64_t deadline_msecs)
{
    int fd = -1;
    static struct vt_message got;
    if (vt_wire_accept(channel, deadline_msecs, &fd, NULL) != VT_OK)
        return false;
    bool served = vt_wire_receive(fd, &got, VT_WIRE_MAX_FDS, deadline_msecs, NULL) == VT_OK &&
                  vt_wire_send(fd, VT_MSG_STATUS_IS, vt_bytes_of(got.body, got.body_len), got.fds,
                               got.fds_count, deadline_msecs, NULL) == VT_OK;
    vt_message_close(&got);
    close(fd);
    return served;
}

static void a_successor_serves_the_queue(void **state)
{
    (void)state;
    int channel[2], waiting[3];
    pair(channel);
    for (size_t i = 0; i < COUNT(waiting); i++) {
        assert_int_equal(vt_wire_open(channel[0], in_msecs(1000), &waiting[i], NULL), VT_OK);
        assert_int_equal(vt_wire_send(waiting[i], VT_MSG_STATUS, vt_bytes_of(&i, sizeof(i)), NULL,
                                      0, in_msecs(1000), NULL),
                         VT_OK);
    }
    /* The first server dies after one answer; this process keeps both ends, as the master does. */
    pid_t first = fork();
    if (first == 0)
        _exit(serve_one(channel[1], in_msecs(5000)) ? 0 : 1);
    int status = 0;
    waitpid(first, &status, 0);
    assert_int_equal(status, 0);
    pid_t second = fork();
    if (second == 0)
        _exit(serve_one(channel[1], in_msecs(5000)) && serve_one(channel[1], in_msecs(5000)) ? 0
                                                                                             : 1);
    static struct vt_message got;
    for (size_t i = 0; i < COUNT(waiting); i++) {
        assert_int_equal(vt_wire_receive(waiting[i], &got, 0, in_msecs(5000), NULL), VT_OK);
        assert_memory_equal(got.body, &i, sizeof(i));
        close(waiting[i]);
    }
    waitpid(second, &status, 0);
    assert_int_equal(status, 0);
    close_pair(channel);
}

static void a_channel_takes_connections_only(void **state)
{
    (void)state;
    int channel[2], fd = -1;
    pair(channel);
    assert_int_equal(vt_wire_accept(channel[1], 0, &fd, NULL), VT_E_TIMEOUT);
    int other = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(vt_wire_send(channel[0], VT_MSG_CONNECT, NOTHING, &other, 1, 0, NULL), VT_OK);
    assert_int_equal(vt_wire_send(channel[0], VT_MSG_STATUS, NOTHING, NULL, 0, 0, NULL), VT_OK);
    assert_int_equal(vt_wire_accept(channel[1], 0, &fd, NULL), VT_E_FORMAT);
    assert_int_equal(vt_wire_accept(channel[1], 0, &fd, NULL), VT_E_FORMAT);
    assert_int_equal(vt_wire_accept(channel[1], 0, &fd, NULL), VT_E_TIMEOUT);
    close(other);
    close_pair(channel);
}

struct caller {
    int channel;
    uint32_t number;
    enum vt_code code;
    bool right;
};

static void *call_often(void *argument)
{
    struct caller *caller = argument;
    struct vt_message *answer = malloc(sizeof(*answer));
    caller->right = answer != NULL;
    for (uint32_t i = 0; caller->right && i < 50; i++) {
        uint32_t body[2] = {caller->number, i};
        caller->code = wire_call(caller->channel, VT_MSG_STATUS, vt_bytes_of(body, sizeof(body)),
                                 NULL, 0, answer, 0, in_msecs(10000), NULL);
        caller->right = caller->code == VT_OK && answer->body_len == sizeof(body) &&
                        memcmp(answer->body, body, sizeof(body)) == 0;
    }
    free(answer);
    return NULL;
}

static void many_threads_share_a_channel(void **state)
{
    (void)state;
    int channel[2];
    pair(channel);
    pid_t server = fork();
    if (server == 0) {
        close(channel[0]);
        while (serve_one(channel[1], in_msecs(5000)))
            continue;
        _exit(0);
    }
    struct caller callers[8];
    pthread_t threads[COUNT(callers)];
    for (uint32_t i = 0; i < COUNT(callers); i++) {
        callers[i] = (struct caller){.channel = channel[0], .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (size_t i = 0; i < COUNT(callers); i++) {
        pthread_join(threads[i], NULL);
        if (!callers[i].right)
            fail_msg("caller %zu: %s", i, vt_code_name(callers[i].code));
    }
    close_pair(channel);
    waitpid(server, NULL, 0);
}

static void sealed_memory_cannot_change(void **state)
{
    (void)state;
    int fd = -1;
    assert_int_equal(vt_memfd_seal("test", VT_BYTES("evidence"), &fd, NULL), VT_OK);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(ftruncate(fd, 0), -1);
    struct vt_bytes got;
    assert_int_equal(vt_memfd_map(fd, 7, &got, NULL), VT_E_LIMIT);
    assert_int_equal(vt_memfd_map(fd, 8, &got, NULL), VT_OK);
    assert_true(vt_bytes_equal(got, VT_BYTES("evidence")));
    vt_memfd_unmap(got);
    close(fd);
    assert_int_equal(vt_memfd_seal("empty", NOTHING, &fd, NULL), VT_OK);
    assert_int_equal(vt_memfd_map(fd, 0, &got, NULL), VT_OK);
    assert_int_equal(got.len, 0);
    vt_memfd_unmap(got);
    close(fd);
}

static void unsealed_memory_is_not_mapped(void **state)
{
    (void)state;
    static const int seals[] = {
        0, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, F_SEAL_SEAL | F_SEAL_GROW | F_SEAL_WRITE,
        F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_WRITE, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW};
    for (size_t i = 0; i < COUNT(seals); i++) {
        int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        assert_int_equal(write(fd, "abc", 3), 3);
        assert_int_equal(fcntl(fd, F_ADD_SEALS, seals[i]), 0);
        struct vt_bytes got;
        assert_int_equal(vt_memfd_map(fd, 100, &got, NULL), VT_E_FORMAT);
        close(fd);
    }
}

static void spool_files_are_read_whole(void **state)
{
    (void)state;
    char path[] = "/tmp/test_wire_XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, "Subject: x\r\n", 12), 12);
    struct vt_bytes got;
    bool mapped = true;
    assert_int_equal(vt_input_read(fd, 11, &got, &mapped, NULL), VT_E_LIMIT);
    assert_int_equal(vt_input_read(fd, 12, &got, &mapped, NULL), VT_OK);
    assert_false(mapped);
    assert_true(vt_bytes_equal(got, VT_BYTES("Subject: x\r\n")));
    vt_input_release(got, mapped);
    close(fd);
    int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(vt_input_read(directory, 100, &got, &mapped, NULL), VT_E_FORMAT);
    close(directory);
    assert_int_equal(vt_memfd_seal("mail", VT_BYTES("x"), &fd, NULL), VT_OK);
    assert_int_equal(vt_input_read(fd, 12, &got, &mapped, NULL), VT_OK);
    assert_true(mapped);
    vt_input_release(got, mapped);
    close(fd);
}

#define CLEAN(test) cmocka_unit_test_setup_teardown(test, count_before, no_descriptor_left)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLEAN(a_file_is_replaced_whole),         CLEAN(a_message_arrives_whole),
        CLEAN(a_bad_frame_is_refused),           CLEAN(descriptors_are_counted_and_never_leak),
        CLEAN(a_late_peer_is_a_timeout),         CLEAN(a_signal_does_not_shorten_the_wait),
        CLEAN(a_dead_peer_is_told_at_once),      CLEAN(a_successor_serves_the_queue),
        CLEAN(a_channel_takes_connections_only), CLEAN(many_threads_share_a_channel),
        CLEAN(sealed_memory_cannot_change),      CLEAN(unsealed_memory_is_not_mapped),
        CLEAN(spool_files_are_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
