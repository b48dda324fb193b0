/* SPDX-License-Identifier: Apache-2.0
 * The sealer's parts without an HSM: public keys as HSMs show them, URIs of keys, settings of keys,
 * what may be signed, signatures, quota, PINs and what is remembered of them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ui.h>
#include <openssl/x509.h>

#include "base/pkcs11_uri.h"
#include "seal/attributes.h"
#include "seal/hash.h"
#include "seal/login.h"
#include "seal/pkcs11.h"
#include "seal/rest.h"
#include "seal/state.h"
#include "vanthu/clock.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define NOW ((int64_t)1795338710)

/* ---- public keys of HSMs ---- */

static bool was_asked;
static int ask_person(UI *ui, UI_STRING *text)
{
    (void)ui, (void)text;
    was_asked = true;
    return 0;
}

/* A service that answers with an encrypted key asks nobody at a terminal. */
static void nobody_is_asked_for_a_password(void **state)
{
    (void)state;
    static const char pem[] = "-----BEGIN PUBLIC KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: "
                              "AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n"
                              "AAAAAAAAAAAAAAAAAAAAAA==\n-----END PUBLIC KEY-----\n";
    UI_METHOD *method = UI_create_method("a person");
    assert_int_equal(UI_method_set_reader(method, ask_person), 0);
    UI_set_default_method(method);
    assert_null(vt_rest_key_of_pem(vt_bytes_str(pem)));
    assert_false(was_asked);
    UI_set_default_method(NULL);
    UI_destroy_method(method);
}

/* A token with one key pair on P-256, and how it shows the point. */
static struct vt_bytes shown_point;

static CK_RV find_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *wanted, CK_ULONG count)
{
    (void)session, (void)wanted, (void)count;
    return CKR_OK;
}

static CK_RV find_objects(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *out, CK_ULONG max,
                          CK_ULONG *out_count)
{
    (void)session, (void)max;
    out[0] = 1;
    *out_count = 1;
    return CKR_OK;
}

static CK_RV find_final(CK_SESSION_HANDLE session)
{
    (void)session;
    return CKR_OK;
}

static CK_RV get_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *wanted,
                       CK_ULONG count)
{
    static const uint8_t curve[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
    struct vt_bytes value = wanted->type == CKA_EC_PARAMS  ? vt_bytes_of(curve, sizeof(curve))
                            : wanted->type == CKA_EC_POINT ? shown_point
                                                           : (struct vt_bytes){0};
    (void)session, (void)object, (void)count;
    if (value.len == 0)
        return CKR_ATTRIBUTE_TYPE_INVALID;
    assert_true(value.len <= wanted->ulValueLen);
    memcpy(wanted->pValue, value.ptr, value.len);
    wanted->ulValueLen = value.len;
    return CKR_OK;
}

/* As an OCTET STRING, and bare: the bare one here reads as a shorter OCTET STRING, with another
 * point of the curve in it. */
static void points_of_tokens(void **state)
{
    (void)state;
    static const uint8_t wrapped[67] = {
        0x04, 0x41, 0x04, 0x21, 0x03, 0x5b, 0x51, 0x4f, 0x64, 0xb1, 0x17, 0xf3, 0x54, 0x3e,
        0x00, 0xcf, 0xae, 0x2f, 0x7d, 0x39, 0x06, 0x1b, 0x9f, 0xe5, 0xb5, 0xc8, 0x35, 0xf3,
        0xd4, 0x07, 0x6d, 0xe3, 0x29, 0xbf, 0xf5, 0x9e, 0x13, 0x8b, 0x8f, 0x7c, 0x2d, 0x53,
        0x0c, 0xbc, 0xc0, 0x73, 0x9b, 0x08, 0x14, 0x11, 0xc6, 0x14, 0x05, 0xc0, 0x52, 0x74,
        0xee, 0xa5, 0x4d, 0x5f, 0x64, 0x64, 0x0c, 0xb4, 0x43, 0x0d, 0x59};
    CK_FUNCTION_LIST calls = {.C_FindObjectsInit = find_init,
                              .C_FindObjects = find_objects,
                              .C_FindObjectsFinal = find_final,
                              .C_GetAttributeValue = get_value};
    const struct vt_seal_key config = {.scheme = VT_SEAL_ECDSA};
    for (size_t bare = 0; bare < 2; bare++) {
        struct vt_pkcs11 module = {.calls = &calls, .config = &config};
        struct vt_seal_token token = {.label = ""};
        uint8_t point[65] = {0};
        size_t len = 0;
        shown_point = vt_bytes_of(wrapped + 2 * bare, 67 - 2 * bare);
        assert_int_equal(vt_pkcs11_find_key(&module, &token, NULL), VT_FAULT_NONE);
        const uint8_t *at = token.public_key;
        EVP_PKEY *found = d2i_PUBKEY(NULL, &at, (long)token.public_key_len);
        assert_non_null(found);
        assert_int_equal(EVP_PKEY_get_octet_string_param(found, OSSL_PKEY_PARAM_PUB_KEY, point,
                                                         sizeof(point), &len),
                         1);
        assert_int_equal(len, 65);
        assert_memory_equal(point, wrapped + 2, 65);
        EVP_PKEY_free(found);
    }
}

/* ---- URIs ---- */

static void good_uris(void **state)
{
    (void)state;
    struct vt_pkcs11_uri uri;
    assert_int_equal(vt_pkcs11_uri_parse("pkcs11:token=Con%20d%E1%BA%A5u;object=a%3Bb;id=%01%A0;"
                                         "type=private?module-path=/usr/lib/a%20b.so",
                                         &uri, NULL),
                     VT_OK);
    assert_string_equal(uri.token, "Con dấu");
    assert_string_equal(uri.object, "a;b");
    assert_int_equal(uri.id_len, 2);
    assert_memory_equal(uri.id, "\x01\xa0", 2);
    assert_string_equal(uri.module, "/usr/lib/a b.so");
    assert_int_equal(vt_pkcs11_uri_parse("pkcs11:serial=0123;id=%02?module-path=/m.so", &uri, NULL),
                     VT_OK);
    assert_string_equal(uri.serial, "0123");
    assert_string_equal(uri.token, "");
}

static void bad_uris(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *words;
    } cases[] = {
        {"", "begins with pkcs11:"},
        {"https://hsm/", "begins with pkcs11:"},
        {"pkcs11:token=a;object=b", "module-path="},
        {"pkcs11:token=a;object=b?module-path=lib.so", "from the root"},
        {"pkcs11:object=b?module-path=/m.so", "names no token"},
        {"pkcs11:token=a?module-path=/m.so", "names no key"},
        {"pkcs11:token=a;object=b?module-path=/m.so&pin-value=1234", "pin-file"},
        {"pkcs11:token=a;object=b?module-path=/m.so&pin-source=file:/x", "pin-file"},
        {"pkcs11:token=a;object=b;slot-id=3?module-path=/m.so", "change"},
        {"pkcs11:token=a;token=b;object=c?module-path=/m.so", "twice"},
        {"pkcs11:token=a;object=b;type=public?module-path=/m.so", "type=private"},
        {"pkcs11:token=a;object=b;label=c?module-path=/m.so", "no attribute"},
        {"pkcs11:token=a%2;object=b?module-path=/m.so", "wrong %"},
        {"pkcs11:token=%FF;object=b?module-path=/m.so", "UTF-8"},
        {"pkcs11:token=;object=b?module-path=/m.so", "empty"},
        {"pkcs11:token=a;object=b;id=%?module-path=/m.so", "as bytes"},
        {"pkcs11:token=a;object?module-path=/m.so", "without \"=\""},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_pkcs11_uri uri;
        struct vt_err err = {0};
        if (vt_pkcs11_uri_parse(cases[i].uri, &uri, &err) != VT_E_FORMAT ||
            strstr(err.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].uri, err.text);
    }
}

/* ---- settings ---- */

#define URI "uri: \"pkcs11:token=a;object=b?module-path=/m.so\""

static void settings(void **state)
{
    (void)state;
    struct vt_mistakes mistakes;
    struct vt_config *config = NULL;
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_config_parse(VT_BYTES("seal:\n  keys:\n"
                                              "    a: {agency: soxd, " URI ", purposes: notice}\n"
                                              "    b:\n"
                                              "      agency: sogd\n"
                                              "      identity: service\n"
                                              "      " URI "\n"
                                              "      certificate: b.pem\n"
                                              "      pin-file: /etc/pin\n"
                                              "      scheme: ecdsa\n"
                                              "      hash: sha384\n"
                                              "      purposes: [message, document]\n"
                                              "      per-hour: 5\n"
                                              "      parallel: 64\n"
                                              "      module-files: [/etc/hsm.conf, tls]\n"
                                              "      module-environment: {HSM: \"x y\"}\n"
                                              "      software-token: \"yes, without an HSM\"\n"),
                                     "/etc/vanthu/vanthu.yaml", &config, &mistakes, NULL),
                     VT_OK);
    assert_int_equal(config->seal_keys_count, 2);
    const struct vt_seal_key *a = vt_config_seal_key(config, "a"),
                             *b = vt_config_seal_key(config, "b");
    assert_int_equal(a->purposes, 1u << VT_SEAL_FOR_NOTICE | 1u << VT_SEAL_FOR_PROBE);
    assert_int_equal(a->per_hour, 1000);
    assert_int_equal(a->scheme, VT_SEAL_RSA_PKCS1);
    assert_false(a->is_service || a->may_be_software);
    assert_null(a->certificate);
    assert_string_equal(b->certificate, "/etc/vanthu/b.pem");
    assert_string_equal(b->files.items[1], "/etc/vanthu/tls");
    assert_string_equal(b->environment[0].value, "x y");
    assert_int_equal(b->hash, VT_SEAL_SHA384);
    assert_true(b->is_service && b->may_be_software);
    assert_null(vt_config_seal_key(config, "c"));
    assert_string_equal(config->seal_names.items[1], "b");
    vt_config_free(config);
    vt_mistakes_clear(&mistakes);
}

static void wrong_settings(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        unsigned line;
    } cases[] = {
        {"    A: {agency: x, " URI ", purposes: notice}\n", "small letters", 3},
        {"    a: {" URI ", purposes: notice}\n", "agency is missing", 3},
        {"    a: {agency: x, purposes: notice}\n", "uri is missing", 3},
        {"    a: {agency: x, " URI "}\n", "purposes is missing", 3},
        {"    a:\n      agency: x\n      uri: \"pkcs11:\"\n      purposes: notice\n", "module", 5},
        {"    a:\n      agency: x\n      " URI "\n      purposes: [notice, mails]\n", "mails", 6},
        {"    a: {agency: x, " URI ", purposes: notice, software-token: yes}\n",
         "yes, without an HSM", 3},
        {"    a: {agency: x, " URI ", purposes: notice, pin: 1234}\n", "pin", 3},
        {"    a: {agency: x, " URI ", purposes: notice, parallel: 65}\n", "65", 3},
        {"    a: {agency: x, " URI ", purposes: notice, module-environment: {LD_PRELOAD: x}}\n",
         "variable", 3},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_mistakes mistakes;
        struct vt_config *config = NULL;
        char text[1024];
        vt_mistakes_init(&mistakes);
        (void)snprintf(text, sizeof(text), "seal:\n  keys:\n%s", cases[i].text);
        assert_int_equal(
            vt_config_parse(vt_bytes_str(text), "vanthu.yaml", &config, &mistakes, NULL),
            VT_E_CONFIG);
        if (strstr(mistakes.items[0].text, cases[i].words) == NULL ||
            mistakes.items[0].line != cases[i].line)
            fail_msg("%s: line %u: %s", cases[i].text, mistakes.items[0].line,
                     mistakes.items[0].text);
        vt_mistakes_clear(&mistakes);
    }
}

/* ---- what may be signed ---- */

static const struct vt_bytes own = {(const uint8_t *)"a certificate", 13};

/* A probe is what the sealer itself would sign, with every hash; each byte of it counts. */
static void attributes(void **state)
{
    (void)state;
    for (unsigned hash = 0; hash < VT_SEAL_HASHES; hash++) {
        struct vt_buf set;
        struct vt_err err = {0};
        vt_buf_init(&set, VT_MAX_SEAL_ATTRIBUTES_BYTES);
        assert_int_equal(vt_seal_attributes_probe(own, (enum vt_seal_hash)hash, &set, NULL), VT_OK);
        if (vt_seal_attributes_check(vt_buf_bytes(&set), own, (enum vt_seal_hash)hash, NOW, &err) !=
            VT_OK)
            fail_msg("%s: %s", vt_seal_hash_name((enum vt_seal_hash)hash), err.text);
        assert_int_equal(vt_seal_attributes_check(vt_buf_bytes(&set), VT_BYTES("another"),
                                                  (enum vt_seal_hash)hash, NOW, NULL),
                         VT_E_FORMAT);
        assert_int_equal(vt_seal_attributes_check(vt_buf_bytes(&set), own,
                                                  (enum vt_seal_hash)((hash + 1) % VT_SEAL_HASHES),
                                                  NOW, NULL),
                         VT_E_FORMAT);
        for (size_t len = 0; len < set.len; len++)
            assert_int_equal(vt_seal_attributes_check(vt_bytes_of(set.ptr, len), own,
                                                      (enum vt_seal_hash)hash, NOW, NULL),
                             VT_E_FORMAT);
        vt_buf_clear(&set);
    }
}

/* Only the digest of the content may be any bytes. */
static void changed_attributes(void **state)
{
    (void)state;
    struct vt_buf set;
    size_t good = 0;
    vt_buf_init(&set, VT_MAX_SEAL_ATTRIBUTES_BYTES);
    assert_int_equal(vt_seal_attributes_probe(own, VT_SEAL_SHA256, &set, NULL), VT_OK);
    for (size_t i = 0; i < set.len; i++) {
        set.ptr[i] ^= 0x55;
        good +=
            vt_seal_attributes_check(vt_buf_bytes(&set), own, VT_SEAL_SHA256, NOW, NULL) == VT_OK;
        set.ptr[i] ^= 0x55;
    }
    assert_int_equal(good, 32);
    vt_buf_clear(&set);
}

static void signatures(void **state)
{
    (void)state;
    EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048),
             *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    uint8_t value[512];
    size_t len = sizeof(value);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, rsa), 1);
    assert_int_equal(EVP_DigestSign(context, value, &len, (const uint8_t *)"data", 4), 1);
    struct vt_bytes signature = vt_bytes_of(value, len);
    assert_true(
        vt_seal_is_signature(rsa, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA256, VT_BYTES("data"), signature));
    assert_false(
        vt_seal_is_signature(rsa, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA256, VT_BYTES("date"), signature));
    assert_false(
        vt_seal_is_signature(rsa, VT_SEAL_RSA_PSS, VT_SEAL_SHA256, VT_BYTES("data"), signature));
    assert_false(
        vt_seal_is_signature(rsa, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA384, VT_BYTES("data"), signature));
    assert_false(
        vt_seal_is_signature(ec, VT_SEAL_ECDSA, VT_SEAL_SHA256, VT_BYTES("data"), signature));
    assert_false(vt_seal_is_signature(rsa, VT_SEAL_RSA_PKCS1, VT_SEAL_SHA256, VT_BYTES("data"),
                                      (struct vt_bytes){0}));
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

/* ---- what is remembered ---- */

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    (void)strcpy(folder, "/tmp/vanthu-seal-XXXXXX");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[96];
    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const struct vt_seal_key some_key = {
    .name = "a", .uri = "pkcs11:token=a;object=b?module-path=/m.so", .per_hour = 10};

/* A sliding hour: what was used before its half counts by half. */
static void quota(void **state)
{
    (void)state;
    int64_t hour = NOW - NOW % 3600;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + i, NULL), VT_OK);
    assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + 3599, NULL), VT_E_BUSY);
    assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + 3600, NULL), VT_E_BUSY);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + 5400, NULL), VT_OK);
    assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + 5400, NULL), VT_E_BUSY);
    /* A clock that is set back gives nothing. */
    assert_int_equal(vt_seal_quota_take(folder, &some_key, hour - 7200, NULL), VT_E_BUSY);
    assert_int_equal(vt_seal_quota_take(folder, &some_key, hour + 3 * 3600, NULL), VT_OK);
    assert_int_equal(vt_seal_quota_take("/nowhere", &some_key, hour, NULL), VT_E_SYSTEM);
}

static void stopped(void **state)
{
    (void)state;
    char text[VT_ERR_TEXT_BYTES];
    assert_false(vt_seal_is_stopped(folder, text));
    assert_int_equal(vt_seal_stop(folder, "an", "mất thẻ", NOW, NULL), VT_OK);
    assert_true(vt_seal_is_stopped(folder, text));
    assert_non_null(strstr(text, "an: mất thẻ"));
    assert_int_equal(vt_seal_resume(folder, NULL), VT_OK);
    assert_false(vt_seal_is_stopped(folder, text));
    assert_int_equal(vt_seal_resume(folder, NULL), VT_E_NOT_FOUND);
}

static void pins(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        const char *wanted; /* NULL: refused */
    } cases[] = {{"1234\n", 0400, "1234"}, {"1234", 0600, "1234"},  {"12 34\r\n", 0600, "12 34"},
                 {"1234\n", 0440, NULL},   {"1234\n", 0604, NULL},  {"", 0600, NULL},
                 {"\n", 0600, NULL},       {"12\n34\n", 0600, NULL}};
    char file[96];
    struct vt_pin pin = {0};
    (void)snprintf(file, sizeof(file), "%s/pin", folder);
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        (void)unlink(file);
        FILE *out = fopen(file, "w");
        assert_non_null(out);
        (void)fputs(cases[i].text, out);
        (void)fclose(out);
        assert_int_equal(chmod(file, cases[i].mode), 0);
        enum vt_code code = vt_pin_read_file(file, &pin, NULL);
        assert_int_equal(code, cases[i].wanted != NULL ? VT_OK : VT_E_CONFIG);
        if (cases[i].wanted != NULL)
            assert_true(vt_bytes_equal(vt_pin_bytes(&pin), vt_bytes_str(cases[i].wanted)));
        vt_pin_wipe(&pin);
        assert_null(pin.page);
    }
}

static enum vt_login_answer ask(const char *digest, bool is_attempt)
{
    struct vt_login login;
    assert_int_equal(vt_login_begin(folder, &some_key, digest, is_attempt, 60000, &login, NULL),
                     VT_OK);
    return login.answer;
}

static void told(const char *digest, enum vt_seal_fault fault)
{
    assert_int_equal(
        vt_login_end(folder, &some_key, digest, fault, "the HSM refused the PIN", NULL), VT_OK);
}

static void logins(void **state)
{
    (void)state;
    static const char one[] = "1111", two[] = "2222";
    assert_int_equal(ask(one, false), VT_LOGIN_YES);
    assert_int_equal(ask(one, true), VT_LOGIN_YES);
    assert_int_equal(ask(one, true), VT_LOGIN_WAIT); /* another key tries it right now */
    told(one, VT_FAULT_PIN);
    assert_int_equal(ask(one, true), VT_LOGIN_NO);
    assert_int_equal(ask(two, true), VT_LOGIN_YES);
    told(two, VT_FAULT_NONE);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ask(two, true), VT_LOGIN_YES);
        told(two, VT_FAULT_LOST); /* a PIN that was good is tried again */
    }
    assert_int_equal(ask(one, true),
                     VT_LOGIN_NO); /* another key may name it; it is refused still */
    assert_int_equal(ask("3333", true), VT_LOGIN_YES);
    told("3333", VT_FAULT_LOST);
    assert_int_equal(ask("3333", true), VT_LOGIN_YES);
    told("3333", VT_FAULT_LOST);
    assert_int_equal(ask("3333", true), VT_LOGIN_NO); /* the HSM may have counted both */
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(ask("5555", true), VT_LOGIN_YES);
        told("5555", VT_FAULT_AWAY); /* nobody looked at it */
    }
    assert_int_equal(ask("5555", true), VT_LOGIN_YES);
    told("5555", VT_FAULT_LOST);
    assert_int_equal(ask("5555", true), VT_LOGIN_YES);
    told("5555", VT_FAULT_AWAY); /* the one before may have been counted still */
    assert_int_equal(ask("5555", true), VT_LOGIN_YES);
    told("5555", VT_FAULT_LOST);
    assert_int_equal(ask("5555", true), VT_LOGIN_NO);
    assert_int_equal(ask("4444", true), VT_LOGIN_YES);
    told("4444", VT_FAULT_KEY); /* it was taken, or nobody counted it */
    assert_int_equal(ask("4444", true), VT_LOGIN_YES);
    told("4444", VT_FAULT_PIN_LOCKED);
    assert_int_equal(ask("4444", true), VT_LOGIN_NO);
    assert_int_equal(vt_login_forget(folder, &some_key, "4444", NULL), VT_OK);
    assert_int_equal(ask("4444", true), VT_LOGIN_YES); /* a person wants it */
}

static void set_since(int64_t utc_secs)
{
    json_t *state = NULL;
    int fd = -1;
    size_t index = 0;
    json_t *version = NULL;
    DIR *found = opendir(folder);
    assert_non_null(found);
    for (const struct dirent *entry = readdir(found); entry != NULL; entry = readdir(found)) {
        if (strncmp(entry->d_name, "login-", 6) != 0)
            continue;
        assert_int_equal(vt_seal_state_open(folder, entry->d_name, &fd, &state, NULL), VT_OK);
        json_array_foreach(json_object_get(state, "met"), index, version)(void)
            json_object_set_new(version, "since", json_integer(utc_secs));
        assert_int_equal(vt_seal_state_write(fd, state, false, NULL), VT_OK);
        json_decref(state);
        (void)close(fd);
    }
    (void)closedir(found);
}

/* A trial says nothing about the PIN that is in use: not its age, and not how it went. */
static void trials(void **state)
{
    (void)state;
    static const char used[] = "1111", wrong[] = "2222", right[] = "3333";
    assert_int_equal(vt_login_since(folder, &some_key), VT_TIME_NONE);
    assert_int_equal(ask(used, true), VT_LOGIN_YES);
    told(used, VT_FAULT_NONE);
    set_since(1000);
    assert_int_equal(ask(wrong, true), VT_LOGIN_YES);
    told(wrong, VT_FAULT_PIN);
    assert_int_equal(vt_login_since(folder, &some_key), 1000);
    assert_int_equal(ask(used, true), VT_LOGIN_YES);
    assert_int_equal(vt_login_since(folder, &some_key), 1000);
    told(used, VT_FAULT_NONE);
    assert_int_equal(ask(right, true), VT_LOGIN_YES);
    told(right, VT_FAULT_NONE);
    told(used, VT_FAULT_PIN); /* the connection that was there uses the old one, once more */
    assert_int_equal(ask(right, true), VT_LOGIN_YES);
    assert_int_equal(ask(used, true), VT_LOGIN_NO);
    assert_true(vt_login_since(folder, &some_key) > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_asked_for_a_password),
        cmocka_unit_test(points_of_tokens),
        cmocka_unit_test(good_uris),
        cmocka_unit_test(bad_uris),
        cmocka_unit_test(settings),
        cmocka_unit_test(wrong_settings),
        cmocka_unit_test(attributes),
        cmocka_unit_test(changed_attributes),
        cmocka_unit_test(signatures),
        cmocka_unit_test_setup_teardown(quota, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(stopped, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(pins, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(logins, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(trials, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
