/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rest_uri.h"

static const struct good_row {
    const char *text;
    enum vt_rest_kind kind;
    size_t hosts;
    const char *host, *path, *key;
    unsigned version;
} good_rows[] = {
    {"nethsm+https://hsm.test/seal", VT_REST_NETHSM, 1, "hsm.test", "", "seal", 0},
    {"nethsm+https://a.test,b.test:8443,[::1]:1/Seal_1.x", VT_REST_NETHSM, 3, "[::1]:1", "",
     "Seal_1.x", 0},
    {"csc+https://s.test/csc/v1#arch/a b", VT_REST_CSC, 1, "s.test", "/csc/v1", "arch/a b", 1},
    {"csc+https://s.test:1/v2#x", VT_REST_CSC, 1, "s.test:1", "/v2", "x", 2},
    {"vault+https://v.test/transit/seal?version=3", VT_REST_VAULT, 1, "v.test", "/transit", "seal",
     3},
    {"vault+https://v.test/a/b/seal?namespace=so/xd&version=12&login=roles", VT_REST_VAULT, 1,
     "v.test", "/a/b", "seal", 12},
};

static const struct bad_row {
    const char *text, *words;
} bad_rows[] = {
    {"https://hsm.test/seal", "has to begin with"},
    {"nethsm+http://hsm.test/seal", "has to begin with"},
    {"nethsm+https:///seal", "no host"},
    {"nethsm+https://a,,b/seal", "no host"},
    {"nethsm+https://a:0/seal", "no host"},
    {"nethsm+https://a:65536/seal", "no host"},
    {"nethsm+https://a:1x/seal", "no host"},
    {"nethsm+https://[::1/seal", "no host"},
    {"nethsm+https://user:pw@a/seal", "do not stand in the URI"},
    {"nethsm+https://a,a,a,a,a,a,a,a,a/seal", "more than 8"},
    {"nethsm+https://a", "names no key"},
    {"nethsm+https://a/", "the id of the key"},
    {"nethsm+https://a/x/y", "the id of the key"},
    {"nethsm+https://a/.x", "the id of the key"},
    {"nethsm+https://a/x?y", "the id of the key"},
    {"nethsm+https://a/..%2fx", "the id of the key"},
    {"csc+https://a,b/csc/v1#x", "only a NetHSM"},
    {"csc+https://a/csc/v3#x", "v1 or v2"},
    {"csc+https://a/csc/xv1#x", "v1 or v2"},
    {"csc+https://a/../v1#x", "v1 or v2"},
    {"csc+https://a/csc/v1", "credential is missing"},
    {"csc+https://a/csc/v1#", "credential is missing"},
    {"vault+https://a/seal?version=1", "mount of Transit"},
    {"vault+https://a/transit/seal", "version of the key is missing"},
    {"vault+https://a/transit/seal?version=0", "version of the key is missing"},
    {"vault+https://a/transit/seal?version=latest", "version=NUMBER"},
    {"vault+https://a/transit/seal?version=1&x=y", "version=NUMBER"},
};

static void good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(good_rows) / sizeof(good_rows[0]); i++) {
        const struct good_row *row = &good_rows[i];
        struct vt_rest_uri uri;
        struct vt_err err = {.text = ""};
        if (vt_rest_uri_parse(row->text, &uri, &err) != VT_OK)
            fail_msg("%s: %s", row->text, err.text);
        assert_int_equal(uri.kind, row->kind);
        assert_int_equal(uri.hosts_count, row->hosts);
        assert_string_equal(uri.hosts[uri.hosts_count - 1], row->host);
        assert_string_equal(uri.path, row->path);
        assert_string_equal(uri.key, row->key);
        assert_int_equal(uri.version, row->version);
    }
}

static void of_vault(void **state)
{
    (void)state;
    struct vt_rest_uri uri;
    assert_int_equal(vt_rest_uri_parse(good_rows[4].text, &uri, NULL), VT_OK);
    assert_string_equal(uri.vault_login, "approle");
    assert_string_equal(uri.vault_namespace, "");
    assert_int_equal(vt_rest_uri_parse(good_rows[5].text, &uri, NULL), VT_OK);
    assert_string_equal(uri.vault_login, "roles");
    assert_string_equal(uri.vault_namespace, "so/xd");
}

static void bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad_rows) / sizeof(bad_rows[0]); i++) {
        struct vt_rest_uri uri;
        struct vt_err err = {.text = ""};
        if (vt_rest_uri_parse(bad_rows[i].text, &uri, &err) != VT_E_FORMAT)
            fail_msg("%s was taken", bad_rows[i].text);
        if (strstr(err.text, bad_rows[i].words) == NULL)
            fail_msg("%s: \"%s\" is not in \"%s\"", bad_rows[i].text, bad_rows[i].words, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),
        cmocka_unit_test(of_vault),
        cmocka_unit_test(bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
