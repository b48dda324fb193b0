/* SPDX-License-Identifier: Apache-2.0
 * Seals a second, and signatures a second of the same key over the same way to it.
 *   seal_bench mails CHANNEL KEY THREADS MSECS      whole mails of 10 KB sealed, each signed by the
 *                                                   sealer at the other end of descriptor CHANNEL
 *   seal_bench raw MODULE PIN LABEL THREADS MSECS   C_SignInit and C_Sign, a session for each
 * thread Prints how many a second. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include <p11-kit/pkcs11.h>

#include "../lib/seal.h"
#include "vanthu/clock.h"
#include "vanthu/seal_message.h"
#include "vanthu/unpack.h"

#define MAX_THREADS 64
#define MAIL_LINES 140

static struct {
    int64_t until_msecs;
    struct vt_bytes mail;
    int channel;
    const char *key;
    const CK_FUNCTION_LIST *calls;
    CK_OBJECT_HANDLE object;
    CK_SLOT_ID slot;
} site;

static void must(bool is_good, const char *what, const char *why)
{
    if (is_good)
        return;
    (void)fprintf(stderr, "seal_bench: %s: %s\n", what, why);
    exit(1);
}

/* ---- mails ---- */

static struct vt_bytes make_mail(struct vt_arena *arena)
{
    struct vt_buf mail;
    vt_buf_init(&mail, (size_t)1 << 20);
    static const char head[] =
        "From: vanthu@sonv.ninhbinh.gov.vn\r\nTo: a@example.vn\r\nSubject: x\r\n\r\n";
    static const char line[] =
        "Thuc hien quy dinh ve gui, nhan van ban dien tu va su dung chu ky so.\r\n";
    TC_CHECK(vt_buf_add(&mail, head, sizeof(head) - 1) == VT_OK);
    for (unsigned i = 0; i < MAIL_LINES; i++)
        TC_CHECK(vt_buf_add(&mail, line, sizeof(line) - 1) == VT_OK);
    return vt_bytes_of(vt_arena_dup(arena, mail.ptr, mail.len), mail.len);
}

static void seal_one(struct vt_arena *arena, const struct vt_seal_identity *identity,
                     const struct vt_sealer *sealer)
{
    struct vt_seal_message_plan plan = {.identity = identity,
                                        .signing_time_utc_secs = vt_clock_now_utc_secs()};
    struct vt_seal_message message;
    struct vt_sealed_message sealed;
    enum vt_seal_failure failure;
    struct vt_buf signature;
    struct vt_err err = {.text = ""};
    vt_buf_init(&signature, VT_MAX_SEAL_SIGNATURE_BYTES);
    must(vt_seal_message_prepare(arena, site.mail, &plan, &message, &err) == VT_OK &&
             message.word == VT_SEAL_MESSAGE_READY,
         "prepare", err.text);
    const struct vt_seal_request request = {.key = site.key,
                                            .purpose = VT_SEAL_FOR_MESSAGE,
                                            .attributes = message.attributes,
                                            .on_behalf = "vanthu@sonv.ninhbinh.gov.vn"};
    must(vt_sealer_sign(sealer, &request, &signature, &failure, &err) == VT_OK &&
             failure == VT_SEAL_DONE,
         "sign", err.text);
    must(vt_seal_message_finish(arena, &message, vt_buf_bytes(&signature), TD_NONE, &sealed,
                                &err) == VT_OK,
         "finish", err.text);
    vt_buf_clear(&signature);
}

static void *seal_mails(void *context)
{
    unsigned long *count = context;
    struct vt_arena *own = vt_arena_new((size_t)1 << 20);
    struct vt_sealer sealer = {.channel_fd = site.channel, .connection_fd = -1};
    struct vt_seal_identity identity;
    struct vt_err err = {.text = ""};
    sealer.deadline_msecs = vt_clock_monotonic_msecs() + 10000;
    must(vt_sealer_identity(own, &sealer, site.key, &identity, &err) == VT_OK, "identity",
         err.text);
    while (vt_clock_monotonic_msecs() < site.until_msecs) {
        struct vt_arena *arena = vt_arena_new((size_t)16 << 20);
        sealer.deadline_msecs = vt_clock_monotonic_msecs() + 10000;
        seal_one(arena, &identity, &sealer);
        vt_arena_free(arena);
        (*count)++;
    }
    vt_arena_free(own);
    return NULL;
}

/* ---- signatures ---- */

static void done(CK_RV result, const char *what)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "0x%lx", result);
    must(result == CKR_OK, what, text);
}

static void open_key(const char *module, const char *pin, char *label)
{
    void *library = dlopen(module, RTLD_NOW);
    CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
    CK_FUNCTION_LIST *calls = NULL;
    must(library != NULL, "module", module);
    void *symbol = dlsym(library, "C_GetFunctionList");
    memcpy(&get_list, &symbol, sizeof(get_list));
    done(get_list(&calls), "C_GetFunctionList");
    site.calls = calls;
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_ULONG slots = 1, found = 0;
    CK_SESSION_HANDLE session;
    CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
    CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof(class)}, {CKA_LABEL, label, strlen(label)}};
    done(calls->C_Initialize(&arguments), "C_Initialize");
    done(calls->C_GetSlotList(CK_TRUE, &site.slot, &slots), "C_GetSlotList");
    done(calls->C_OpenSession(site.slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
         "C_OpenSession");
    done(calls->C_Login(session, CKU_USER, (CK_UTF8CHAR_PTR)(uintptr_t)pin, strlen(pin)),
         "C_Login");
    done(calls->C_FindObjectsInit(session, wanted, 2), "C_FindObjectsInit");
    done(calls->C_FindObjects(session, &site.object, 1, &found), "C_FindObjects");
    done(calls->C_FindObjectsFinal(session), "C_FindObjectsFinal");
    must(found == 1, "key", label);
}

static void *sign_raw(void *context)
{
    unsigned long *count = context;
    CK_MECHANISM mechanism = {.mechanism = CKM_RSA_PKCS};
    CK_SESSION_HANDLE session;
    uint8_t data[51] = {0x30, 0x31}, signature[1024];
    done(site.calls->C_OpenSession(site.slot, CKF_SERIAL_SESSION, NULL, NULL, &session),
         "C_OpenSession");
    while (vt_clock_monotonic_msecs() < site.until_msecs) {
        CK_ULONG len = sizeof(signature);
        data[50]++;
        done(site.calls->C_SignInit(session, &mechanism, site.object), "C_SignInit");
        done(site.calls->C_Sign(session, data, sizeof(data), signature, &len), "C_Sign");
        (*count)++;
    }
    return NULL;
}

/* ---- both ---- */

static void measure(void *(*work)(void *), unsigned threads, int64_t msecs)
{
    static unsigned long counts[MAX_THREADS][16]; /* a cache line for each */
    pthread_t ids[MAX_THREADS];
    unsigned long sum = 0;
    int64_t begun = vt_clock_monotonic_msecs();
    must(threads > 0 && threads <= MAX_THREADS, "threads", "1 to 64");
    site.until_msecs = begun + msecs;
    for (unsigned i = 0; i < threads; i++)
        must(pthread_create(&ids[i], NULL, work, counts[i]) == 0, "thread", "");
    for (unsigned i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
        sum += counts[i][0];
    }
    (void)printf("%.1f\n", 1000.0 * (double)sum / (double)(vt_clock_monotonic_msecs() - begun));
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "mails") == 0) {
        must(vt_unpack_warm(NULL) == VT_OK, "unpack", "warm");
        site.mail = make_mail(vt_arena_new((size_t)1 << 20));
        site.channel = atoi(argv[2]);
        site.key = argv[3];
        measure(seal_mails, (unsigned)atoi(argv[4]), atoll(argv[5]));
        return 0;
    }
    if (argc != 7 || strcmp(argv[1], "raw") != 0)
        return 2;
    open_key(argv[2], argv[3], argv[4]);
    measure(sign_raw, (unsigned)atoi(argv[5]), atoll(argv[6]));
    return 0;
}
