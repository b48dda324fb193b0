/* SPDX-License-Identifier: Apache-2.0
 * A worker: forked by the single-threaded sealer, never exec'd, because its sandbox has no exec.
 * Both ends are the same process image, so that structures travel as they are. */
#include "seal/worker.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vanthu/role.h"

#define WORKER_FD 3
#define OPEN_FILES 256

struct request {
    uint32_t id;
    enum vt_seal_scheme scheme;
    enum vt_seal_hash hash;
    uint32_t data_len;
    uint8_t data[VT_MAX_SEAL_ATTRIBUTES_BYTES];
};

/* One thread: waits for a request, has it signed. */
struct hand {
    const struct vt_backend *backend;
    void *session;
};

/* ---- the worker's side ---- */

static void say(const struct vt_worker_answer *answer)
{
    ssize_t sent = send(WORKER_FD, answer, sizeof(*answer), MSG_NOSIGNAL);
    if (sent != (ssize_t)sizeof(*answer))
        _exit(1); /* nobody is there who could hear why */
}

static void answer_request(const struct hand *hand, const struct request *request)
{
    struct vt_worker_answer answer = {.id = request->id, .fault = VT_FAULT_REFUSED};
    struct vt_err err = {.text = ""};
    struct vt_buf signature;
    vt_buf_init(&signature, sizeof(answer.signature));
    answer.fault =
        hand->backend->sign(hand->session, request->scheme, request->hash,
                            vt_bytes_of(request->data, request->data_len), &signature, &err);
    if (signature.len > 0)
        memcpy(answer.signature, signature.ptr, signature.len);
    answer.signature_len = (uint32_t)signature.len;
    vt_buf_clear(&signature);
    (void)vt_text_clean(answer.text, sizeof(answer.text), vt_bytes_str(err.text));
    say(&answer);
    if (vt_seal_fault_is_loss(answer.fault))
        _exit(0); /* its handles are of no use any more, in any thread */
}

/* The sealer notes the attempt on the disk before it is made. */
static bool may_log_in(void)
{
    const struct vt_worker_answer question = {.id = VT_WORKER_LOGIN};
    struct request answer;
    say(&question);
    ssize_t got = recv(WORKER_FD, &answer, sizeof(answer), 0);
    return got == (ssize_t)sizeof(answer) && answer.id == VT_WORKER_LOGIN;
}

static void *work(void *context)
{
    struct hand *hand = context;
    struct request request;
    for (;;) {
        ssize_t got = recv(WORKER_FD, &request, sizeof(request), 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof(request) || request.data_len > sizeof(request.data) ||
            request.scheme >= VT_SEAL_SCHEMES || request.hash >= VT_SEAL_HASHES)
            _exit(0);
        answer_request(hand, &request);
    }
}

static enum vt_seal_fault start_hands(const struct vt_backend *backend,
                                      const struct vt_seal_key *key, void *handle,
                                      struct hand *hands, struct vt_err *err)
{
    enum vt_seal_fault fault = VT_FAULT_NONE;
    for (unsigned i = 0; fault == VT_FAULT_NONE && i < key->parallel; i++) {
        hands[i].backend = backend;
        fault = backend->begin(handle, &hands[i].session, err);
    }
    return fault;
}

/* Nothing of the sealer's but the one socket: a module must not reach the register. */
static void keep_only(int socket)
{
    (void)prctl(PR_SET_NAME, "vt-sealer-hsm", 0, 0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    (void)dup2(socket, WORKER_FD);
    (void)close_range(WORKER_FD + 1, ~0U, 0);
}

static bool set_environment(const struct vt_seal_key *key)
{
    bool is_good = true;
    for (size_t i = 0; i < key->environment_count; i++)
        is_good = setenv(key->environment[i].name, key->environment[i].value, 1) == 0 && is_good;
    return is_good;
}

static void wipe(struct vt_bytes secret)
{
    if (secret.len > 0)
        explicit_bzero((void *)(uintptr_t)secret.ptr, secret.len);
}

static enum vt_seal_fault open_key(const struct vt_backend *backend,
                                   const struct vt_seal_open *open, struct hand *hands,
                                   struct vt_worker_answer *answer, struct vt_err *err)
{
    void *handle = NULL;
    enum vt_seal_fault fault = backend->open(open, &handle, &answer->token, err);
    /* The pages are this process's own copies. */
    wipe(open->pin);
    wipe(open->secret);
    return fault == VT_FAULT_NONE ? start_hands(backend, open->key, handle, hands, err) : fault;
}

static _Noreturn void live(const struct vt_backend *backend, const struct vt_seal_open *open)
{
    static struct hand hands[VT_MAX_SEAL_PARALLEL];
    struct vt_worker_answer answer = {.id = 0};
    struct vt_err err = {.text = ""};
    struct vt_seal_open input = *open;
    input.may_log_in = may_log_in;
    const struct vt_sandbox sandbox = {.name = "sealer worker",
                                       .network = true,
                                       .readable_files = open->key->files.items,
                                       .readable_count = open->key->files.count,
                                       .open_files = OPEN_FILES};
    if (open->pin.len > 0)
        (void)mlock(open->pin.ptr, open->pin.len);
    if (open->secret.len > 0)
        (void)mlock(open->secret.ptr, open->secret.len);
    if (!set_environment(open->key))
        (void)vt_err_set(&err, VT_E_NOMEM, "no memory");
    else if (vt_sandbox_enter(&sandbox, &err) == VT_OK)
        answer.fault = open_key(backend, &input, hands, &answer, &err);
    (void)vt_text_clean(answer.text, sizeof(answer.text), vt_bytes_str(err.text));
    say(&answer);
    if (answer.fault != VT_FAULT_NONE)
        _exit(0);
    for (unsigned i = 1; i < open->key->parallel; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, work, &hands[i]) != 0)
            break; /* the others do its work */
    }
    (void)work(&hands[0]);
    _exit(0);
}

/* ---- the sealer's side ---- */

enum vt_code vt_worker_start(struct vt_worker *worker, const struct vt_backend *backend,
                             const struct vt_seal_open *open, struct vt_err *err)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return vt_err_sys(err, "socketpair");
    pid_t pid = fork();
    if (pid == 0) {
        keep_only(pair[1]);
        live(backend, open);
    }
    enum vt_code code = pid < 0 ? vt_err_sys(err, "fork") : VT_OK;
    (void)close(pair[1]);
    if (code != VT_OK) {
        (void)close(pair[0]);
        return code;
    }
    *worker = (struct vt_worker){.pid = pid, .socket = pair[0]};
    return VT_OK;
}

void vt_worker_kill(struct vt_worker *worker)
{
    if (worker->pid > 0)
        (void)kill(worker->pid, SIGKILL);
    if (worker->socket >= 0)
        (void)close(worker->socket);
    *worker = (struct vt_worker){.socket = -1};
}

void vt_workers_reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

enum vt_code vt_worker_ask(const struct vt_worker *worker, uint32_t id, enum vt_seal_scheme scheme,
                           enum vt_seal_hash hash, struct vt_bytes data, struct vt_err *err)
{
    struct request request = {.id = id, .scheme = scheme, .hash = hash};
    if (data.len > sizeof(request.data))
        return vt_err_set(err, VT_E_LIMIT, "%zu bytes are too much to sign", data.len);
    if (data.len > 0)
        memcpy(request.data, data.ptr, data.len);
    request.data_len = (uint32_t)data.len;
    if (send(worker->socket, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) ==
        (ssize_t)sizeof(request))
        return VT_OK;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return vt_err_set(err, VT_E_BUSY, "the worker has enough to do");
    return vt_err_set(err, VT_E_PEER, "the worker has ended");
}

enum vt_code vt_worker_hear(const struct vt_worker *worker, struct vt_worker_answer *out,
                            struct vt_err *err)
{
    ssize_t got = recv(worker->socket, out, sizeof(*out), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return VT_E_TIMEOUT;
    if (got <= 0)
        return vt_err_set(err, VT_E_PEER, "the worker has ended");
    out->text[sizeof(out->text) - 1] = '\0';
    out->token.label[sizeof(out->token.label) - 1] = '\0';
    out->token.manufacturer[sizeof(out->token.manufacturer) - 1] = '\0';
    out->token.model[sizeof(out->token.model) - 1] = '\0';
    out->token.serial[sizeof(out->token.serial) - 1] = '\0';
    if (got != (ssize_t)sizeof(*out) || out->signature_len > sizeof(out->signature) ||
        (unsigned)out->fault >= VT_FAULTS ||
        out->token.public_key_len > sizeof(out->token.public_key))
        return vt_err_set(err, VT_E_FORMAT, "the worker answers nonsense");
    return VT_OK;
}
