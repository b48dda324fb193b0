/* SPDX-License-Identifier: Apache-2.0
 * vanthu.yaml: defaults, every kind of value, all mistakes of a file with line and column, and
 * the YAML subset itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/config_table.h"

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static struct vt_config *parse(const char *text, struct vt_mistakes *mistakes)
{
    struct vt_config *config = NULL;
    struct vt_err err = {0};
    vt_mistakes_init(mistakes);
    enum vt_code code =
        vt_config_parse(vt_bytes_str(text), "/etc/vanthu/vanthu.yaml", &config, mistakes, &err);
    assert_true(code == VT_OK || code == VT_E_CONFIG);
    assert_true((code == VT_OK) == (config != NULL));
    assert_true((code == VT_OK) == (mistakes->errors_count == 0));
    return config;
}

static void defaults(void **state)
{
    (void)state;
    struct vt_config *c = NULL;
    assert_int_equal(vt_config_default(&c, NULL), VT_OK);
    assert_int_equal(c->mode, VT_MODE_OBSERVE);
    assert_non_null(c->hostname);
    assert_memory_equal(c->authserv_id, "vanthu.", 7);
    assert_string_equal(c->authserv_id + 7, c->hostname);
    assert_string_equal(c->socket, "unix:/run/vanthu/milter.sock");
    assert_int_equal(c->socket_mode, 0660);
    assert_null(c->socket_group);
    assert_null(c->office_phone);
    assert_null(c->office_name);
    assert_null(c->regulation);
    assert_int_equal(c->profile, VT_PROFILE_NONE);
    assert_true(c->log_to_syslog);
    assert_int_equal(c->internal_networks.count, 2);
    assert_string_equal(c->internal_networks.items[1], "::1/128");
    assert_int_equal(c->state_domains.count, 3);
    assert_int_equal(c->our_domains.count, 0);
    assert_int_equal(c->trust[VT_TRUST_PUBLIC].set, VT_TRUST_PUBLIC);
    assert_null(c->trust[VT_TRUST_OFFICIAL].anchors);
    assert_string_equal(strstr(c->trust[VT_TRUST_OFFICIAL].directory, "/trust/"),
                        "/trust/official");
    assert_string_equal(strstr(c->trust[VT_TRUST_PUBLIC].directory, "/trust/"), "/trust/public");
    assert_ptr_equal(c->trust[VT_TRUST_PUBLIC].rules, &c->trust_rules[VT_TRUST_PUBLIC]);
    assert_int_equal(c->trust_rules[VT_TRUST_PUBLIC].revocation_max_age_secs, 0);
    assert_int_equal(c->trust[VT_TRUST_OFFICIAL].confirmed_count, 0);
    assert_false(c->trust[VT_TRUST_OFFICIAL].confirmed_all);
    assert_int_equal(c->fetch_timeout_msecs, 3000);
    assert_int_equal(c->memory_spool_bytes, 256 * 1024);
    assert_int_equal(c->total_msecs, 60000);
    assert_int_equal(c->poison_msecs, 30 * 60000);
    assert_int_equal(c->poison_failures, 3);
    assert_null(c->notices.admin);
    assert_int_equal(c->notices.lists_at.count, 2);
    assert_int_equal(c->notices.lists_at.minutes[0], 11 * 60);
    assert_int_equal(c->notices.lists_at.minutes[1], 16 * 60);
    assert_int_equal(c->notices.digest_at_minutes, 7 * 60 + 30);
    assert_int_equal(c->notices.hold_remind.count, 2);
    assert_int_equal(c->notices.hold_remind.msecs[1], (int64_t)24 * 3600 * 1000);
    assert_int_equal(c->notices.hold_alarm_msecs, (int64_t)48 * 3600 * 1000);
    assert_string_equal(c->role_user[VT_ROLE_FETCH], "vanthu-fetch");
    assert_string_equal(c->role_user[VT_ROLE_REGISTRAR], "vanthu-registrar");
    assert_string_equal(c->role_user[VT_ROLE_WEB], "vanthu-web");
    assert_null(c->web_listen);
    assert_string_equal(c->register_directory, "/var/lib/vanthu-register");
    assert_int_equal(c->register_msecs, 10000);
    assert_int_equal(c->keep.refused_days, 3650);
    const char *file = strrchr(c->policy_file, '/');
    assert_non_null(file);
    assert_string_equal(file, "/policy.yaml");
    vt_config_free(c);
}

/* Every field from a file, other than its default. */
static void every_setting(void **state)
{
    (void)state;
    static const char text[] =
        "mode: enforce\n"
        "hostname: MX1.ninhbinh.gov.vn\n"
        "office-phone: 0229 387 1234\n"
        "office-name: Sở Khoa học và Công nghệ tỉnh Ninh Bình\n"
        "regulation: Quy chế quản lý, sử dụng chữ ký số\n"
        "profile: ninh-binh\n"
        "socket: inet:8891@127.0.0.1\n"
        "socket-mode: 0600\n"
        "socket-group: postfix\n"
        "control-socket: run/control.sock\n"
        "policy: /srv/policy.yaml\n"
        "spool-directory: spool\n"
        "state-directory: state\n"
        "log: stderr\n"
        "networks: {internal: [10.0.0.0/8, 2001:db8::/32, 192.0.2.7]}\n"
        "outbound-daemon-names: SUBMISSION\n"
        "our-domains: [NinhBinh.gov.vn]\n"
        "state-domains: []\n"
        "authserv-id: results.example\n"
        "trusted-authserv-ids: [mx1.example, mx2.example]\n"
        "trust:\n"
        "  official:\n"
        "    directory: kept\n"
        "    revocation-max-age: 36h\n"
        "    sha1-signatures-until: 2016-01-01\n"
        "    sha1-certificates-until: forever\n"
        "    rsa-below-2048-until: 2014-01-01T00:00:00+07:00\n"
        "    ec-below-256-until: 1970-01-01\n"
        "    anchors: trust/roots\n"
        "    intermediates: trust/cas\n"
        "    confirmed:\n"
        "      - 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:"
        "aa:bb:cc:dd:ee:ff\n"
        "  public: {anchors: /p, intermediates: /q, confirmed: "
        "\"0011223344556677 8899aabbccddeeff 0011223344556677 8899aabbccddeeff\"}\n"
        "fetch: {allowed-hosts: [ca.gov.vn, \"[2001:db8::1]:80\", \"127.0.0.1:8080\"], "
        "rewrite-hosts: {CA.btc: CA.gov.vn, \"b.btc:8080\": \"127.0.0.1:8080\"}, http-proxy: "
        "\"http://proxy:3128\", timeout: 500ms, host-down: 1h}\n"
        "notices: {senders: proven, remarks: [WEAK_ALGORITHM, CERT_SCOPE], "
        "remark-once-within: 1d, arrival: true}\n"
        "register: {directory: kept-register, central: \"host=db dbname=vanthu\", keep-passed: 0, "
        "keep-tagged: 1, keep-refused: 2, "
        "keep-secret: 3, keep-objects: 36500}\n"
        "users: {gateway: nobody, inspector: 1001, status: _s, fetch: f-1, registrar: r-1}\n"
        "limits: {memory-spool: 1M, parallel-inspections: 7, total: 2m, queue: 10s, "
        "inspection: 30s, status: 4s, register: 5s, poison-after: 1d, poison-failures: 9}\n";
    struct vt_mistakes mistakes;
    struct vt_config *c = parse(text, &mistakes);
    if (c == NULL)
        fail_msg("%u:%u: %s", mistakes.items[0].line, mistakes.items[0].column,
                 mistakes.items[0].text);
    assert_int_equal(c->mode, VT_MODE_ENFORCE);
    assert_string_equal(c->hostname, "mx1.ninhbinh.gov.vn");
    assert_string_equal(c->office_phone, "0229 387 1234");
    assert_string_equal(c->office_name, "Sở Khoa học và Công nghệ tỉnh Ninh Bình");
    assert_string_equal(c->regulation, "Quy chế quản lý, sử dụng chữ ký số");
    assert_int_equal(c->profile, VT_PROFILE_NINH_BINH);
    assert_string_equal(c->socket, "inet:8891@127.0.0.1");
    assert_int_equal(c->socket_mode, 0600);
    assert_string_equal(c->socket_group, "postfix");
    assert_string_equal(c->control_socket, "/etc/vanthu/run/control.sock");
    assert_string_equal(c->policy_file, "/srv/policy.yaml");
    assert_string_equal(c->spool_directory, "/etc/vanthu/spool");
    assert_string_equal(c->state_directory, "/etc/vanthu/state");
    assert_false(c->log_to_syslog);
    assert_int_equal(c->internal_networks.count, 3);
    assert_string_equal(c->outbound_daemons.items[0], "SUBMISSION");
    assert_string_equal(c->our_domains.items[0], "ninhbinh.gov.vn");
    assert_int_equal(c->state_domains.count, 0);
    assert_string_equal(c->authserv_id, "results.example");
    assert_int_equal(c->trusted_authserv_ids.count, 2);
    assert_string_equal(c->trust[VT_TRUST_OFFICIAL].directory, "/etc/vanthu/kept");
    const struct vt_trust_rules *rules = &c->trust_rules[VT_TRUST_OFFICIAL];
    assert_int_equal(rules->revocation_max_age_secs, 36 * 3600);
    assert_int_equal(rules->weak_from_utc_secs[VT_WEAK_SHA1_SIGNATURE], 1451581200);
    assert_true(rules->weak_from_utc_secs[VT_WEAK_SHA1_CERTIFICATE] == INT64_MAX);
    assert_int_equal(rules->weak_from_utc_secs[VT_WEAK_RSA_BELOW_2048], 1388509200);
    assert_int_equal(rules->weak_from_utc_secs[VT_WEAK_EC_BELOW_256], -25200);
    assert_string_equal(c->trust[VT_TRUST_OFFICIAL].anchors, "/etc/vanthu/trust/roots");
    assert_string_equal(c->trust[VT_TRUST_OFFICIAL].intermediates, "/etc/vanthu/trust/cas");
    assert_int_equal(c->trust[VT_TRUST_OFFICIAL].confirmed_count, 1);
    assert_string_equal(c->trust[VT_TRUST_PUBLIC].anchors, "/p");
    assert_int_equal(c->trust[VT_TRUST_PUBLIC].confirmed_count, 1);
    assert_int_equal(c->fetch_hosts.count, 3);
    assert_int_equal(c->fetch_rewrites.count, 2);
    assert_string_equal(c->fetch_rewrites.items[0].from, "ca.btc");
    assert_string_equal(c->fetch_rewrites.items[1].from, "b.btc:8080");
    assert_string_equal(c->fetch_rewrites.items[1].to, "127.0.0.1:8080");
    assert_int_equal(c->notices.senders, VT_SENDERS_PROVEN);
    assert_int_equal(c->notices.remarks,
                     VT_REASON_BIT(VT_REASON_WEAK_ALGORITHM) | VT_REASON_BIT(VT_REASON_CERT_SCOPE));
    assert_int_equal(c->notices.remark_once_within_msecs, 24 * 3600 * 1000);
    assert_true(c->notices.arrival);
    assert_string_equal(c->register_central, "host=db dbname=vanthu");
    assert_string_equal(c->role_user[VT_ROLE_SHIPPER], c->role_user[VT_ROLE_REGISTRAR]);
    assert_string_equal(c->http_proxy, "http://proxy:3128");
    assert_int_equal(c->fetch_timeout_msecs, 500);
    assert_int_equal(c->host_down_msecs, 3600000);
    assert_string_equal(c->role_user[VT_ROLE_GATEWAY], "nobody");
    assert_string_equal(c->role_user[VT_ROLE_INSPECTOR], "1001");
    assert_string_equal(c->role_user[VT_ROLE_STATUS], "_s");
    assert_string_equal(c->role_user[VT_ROLE_FETCH], "f-1");
    assert_int_equal(c->memory_spool_bytes, 1048576);
    assert_int_equal(c->parallel_inspections, 7);
    assert_int_equal(c->total_msecs, 120000);
    assert_int_equal(c->queue_msecs, 10000);
    assert_int_equal(c->inspection_msecs, 30000);
    assert_int_equal(c->status_msecs, 4000);
    assert_int_equal(c->register_msecs, 5000);
    assert_string_equal(c->role_user[VT_ROLE_REGISTRAR], "r-1");
    assert_string_equal(c->register_directory, "/etc/vanthu/kept-register");
    assert_int_equal(c->keep.passed_days, 0);
    assert_int_equal(c->keep.tagged_days, 1);
    assert_int_equal(c->keep.refused_days, 2);
    assert_int_equal(c->keep.secret_days, 3);
    assert_int_equal(c->keep.objects_days, 36500);
    assert_int_equal(c->poison_msecs, 86400000);
    assert_int_equal(c->poison_failures, 9);
    vt_config_free(c);
    vt_mistakes_clear(&mistakes);
}

/* What sealed documents show. */
static void appearances(void **state)
{
    (void)state;
    static const char text[] =
        "seal:\n"
        "  appearances:\n"
        "    con-dau: {show: image, picture: dau.png, width-mm: 36, place: [signature, anchor], "
        "anchor: \"Nơi nhận:\", left-mm: -40, top-mm: 5, may-be-invisible: true}\n"
        "    phu-luc: {show: text, text: annex, number: [X-So, subject, file-name]}\n"
        "    sao-y: {show: text, text: copy, kind: SAO LỤC, agency: Sở Nội vụ, font: f.ttf, place: "
        "page, page: last, left-mm: 120}\n"
        "    o-ky: {show: nothing, field: Cơ quan}\n";
    struct vt_mistakes mistakes;
    struct vt_config *c = parse(text, &mistakes);
    assert_non_null(c);
    assert_int_equal(c->seal_appearances_count, 4);
    const struct vt_seal_appearance *a = vt_config_appearance(c, "con-dau");
    assert_int_equal(a->show, VT_SEAL_SHOW_IMAGE);
    assert_string_equal(a->picture, "/etc/vanthu/dau.png");
    assert_int_equal(a->width_mm, 36);
    assert_int_equal(a->places_count, 2);
    assert_int_equal(a->places[1], VT_SEAL_PLACE_ANCHOR);
    assert_string_equal(a->anchor, "Nơi nhận:");
    assert_int_equal(a->left_mm, -40);
    assert_int_equal(a->top_mm, 5);
    assert_true(a->may_be_invisible);
    a = vt_config_appearance(c, "phu-luc");
    assert_int_equal(a->places[0], VT_SEAL_PLACE_TOP_RIGHT);
    assert_int_equal(a->number.count, 3);
    assert_non_null(strstr(a->font, "LiberationSerif-Regular.ttf"));
    a = vt_config_appearance(c, "sao-y");
    assert_string_equal(a->kind, "SAO LỤC");
    assert_string_equal(a->agency, "Sở Nội vụ");
    assert_int_equal(a->places[0], VT_SEAL_PLACE_PAGE);
    assert_int_equal(a->page, 0);
    assert_int_equal(a->left_mm, 120);
    a = vt_config_appearance(c, "o-ky");
    assert_int_equal(a->places[0], VT_SEAL_PLACE_FIELD);
    assert_null(vt_config_appearance(c, "khac"));
    vt_config_free(c);
    vt_mistakes_clear(&mistakes);
}

/* One wrong line each, and what is said about it. */
static void mistakes_of_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line, column;
        const char *wanted;
    } cases[] = {
        {"mod: tag\n", 1, 1, "unknown key \"mod\": did you mean \"mode\"?"},
        {"\nxyzzy: 1\n", 2, 1, "unknown key \"xyzzy\"; known here: mode, hostname,"},
        {"mode: enforced\n", 1, 7, "\"enforced\" is not a mode: did you mean \"enforce\"?"},
        {"mode: 7\n", 1, 7, "\"7\" is not a mode; one of: observe, tag or enforce"},
        {"mode:\n", 1, 6, "the value is missing"},
        {"mode: [tag]\n", 1, 7, "one value is expected here"},
        {"hostname: -a.vn\n", 1, 11, "is not a domain such as"},
        {"hostname: a..b\n", 1, 11, "is not a domain such as"},
        {"notices: {from: vanthu}\n", 1, 17, "is not a mailbox such as"},
        {"notices: {relay: mx.ninhbinh.gov.vn}\n", 1, 18, "such as smtp://127.0.0.1:25"},
        {"notices: {relay: \"smtp://u:p@mx.ninhbinh.gov.vn\"}\n", 1, 18, "is not a mail server"},
        {"notices: {relay: \"smtp://mx.ninhbinh.gov.vn/x\"}\n", 1, 18, "is not a mail server"},
        {"notices: {relay: \"http://mx.ninhbinh.gov.vn\"}\n", 1, 18, "is not a mail server"},
        {"notices: {tls: require}\n", 1, 16, "did you mean \"required\""},
        {"notices: {relay: \"smtps://mx.x.vn\", tls: opportunistic}\n", 1, 42, "begins with TLS"},
        {"notices: {sign-with: k}\n", 1, 22, "there is no key \"k\" under seal.keys"},
        {"seal: {appearances: {a: {}}}\n", 1, 25, "show is missing: image, text or nothing"},
        {"seal: {appearances: {a: {show: picture}}}\n", 1, 32,
         "\"picture\" is not what is shown; one of: nothing, image or text"},
        {"seal: {appearances: {a: {show: image}}}\n", 1, 25,
         "picture is missing: a PNG of the seal, red and transparent, in its real size"},
        {"seal: {appearances: {a: {show: image, picture: x.png, width-mm: 0}}}\n", 1, 65,
         "0 is not between 1 and 1189"},
        {"seal: {appearances: {a: {show: image, picture: x.png, width-mm: 36mm}}}\n", 1, 65,
         "\"36mm\" is not a number"},
        {"seal: {appearances: {a: {show: image, picture: x.png, text: annex}}}\n", 1, 61,
         "text says nothing without show: text"},
        {"seal: {appearances: {a: {show: text}}}\n", 1, 25,
         "text is missing: annex (number and symbol, time) or copy (kind, agency, time)"},
        {"seal: {appearances: {a: {show: text, text: anex}}}\n", 1, 44,
         "\"anex\" is not a text: did you mean \"annex\"?"},
        {"seal: {appearances: {a: {show: text, text: annex}}}\n", 1, 25,
         "number is missing: where number and symbol of the document stand: subject, file-name, or "
         "a header such as X-So-Ky-Hieu"},
        {"seal: {appearances: {a: {show: text, text: annex, number: Subject}}}\n", 1, 59,
         "number and symbol stand in subject, file-name, or a header such as X-So-Ky-Hieu"},
        {"seal: {appearances: {a: {show: text, text: annex, number: [subject, So-Ky-Hieu]}}}\n", 1,
         69, "number and symbol stand in subject, file-name, or a header such as X-So-Ky-Hieu"},
        {"seal: {appearances: {a: {show: text, text: annex, number: []}}}\n", 1, 59,
         "an empty list: write places of number and symbol, or leave the key out"},
        {"seal: {appearances: {a: {show: text, text: annex, number: [a,b,c,d,e]}}}\n", 1, 59,
         "at most 4 places"},
        {"seal: {appearances: {a: {show: text, text: copy}}}\n", 1, 25,
         "kind is missing: SAO Y, SAO LỤC or TRÍCH SAO"},
        {"seal: {appearances: {a: {show: text, text: copy, kind: sao y}}}\n", 1, 56,
         "\"sao y\" is not a kind of copy: did you mean \"SAO Y\"?"},
        {"seal: {appearances: {a: {show: text, text: copy, kind: SAO Y, number: subject}}}\n", 1,
         71, "number says nothing without show: text and text: annex"},
        {"seal: {appearances: {a: {show: text, text: copy, kind: SAO Y, agency: \"\"}}}\n", 1, 71,
         "agency is one line of 1 to 200 bytes"},
        {"seal: {appearances: {a: {show: nothing, place: page}}}\n", 1, 48,
         "place says nothing without show: image or show: text"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: anchor}}}\n", 1, 25,
         "anchor is missing: a text of the page, such as \"Nơi nhận:\""},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: field}}}\n", 1, 25,
         "field is missing: the full name of a signature field"},
        {"seal: {appearances: {a: {show: image, picture: x.png, anchor: \"Nơi nhận:\"}}}\n", 1, 63,
         "anchor says nothing without place: anchor"},
        {"seal: {appearances: {a: {show: image, picture: x.png, field: Con dau}}}\n", 1, 62,
         "field says nothing without place: field"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: [page, page]}}}\n", 1, 69,
         "page stands here before"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: []}}}\n", 1, 62,
         "an empty list: write places, or leave the key out"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: topright}}}\n", 1, 62,
         "\"topright\" is not a place: did you mean \"top-right\"?"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: page, page: 0}}}\n", 1, 74,
         "0 is not between 1 and 100000"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: page, page: first}}}\n", 1,
         74, "\"first\" is not a number"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: page, left-mm: 1190}}}\n", 1,
         77, "1190 is not between 0 and 1189"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: page, left-mm: -20}}}\n", 1,
         77, "this is outside of the page; a minus is for place: anchor"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: page, left-mm: 12.5}}}\n", 1,
         77, "\"12.5\" is not a number"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: top-right, left-mm: 20}}}\n",
         1, 82, "left-mm says nothing without place: page or anchor"},
        {"seal: {appearances: {a: {show: image, picture: x.png, place: top-right, page: 2}}}\n", 1,
         79, "page says nothing without place: page"},
        {"seal: {appearances: {a: {show: image, picture: x.png, may-be-invisible: yes}}}\n", 1, 73,
         "\"yes\" is not true or false"},
        {"seal: {appearances: {Con Dau: {show: nothing}}}\n", 1, 22,
         "an appearance has a name of small letters, digits, \"-\" and \".\", at most 32"},
        {"seal: {appearances: [a]}\n", 1, 21,
         "appearances by their names is written as \"key: value\" lines"},
        {"seal: {appearances: {a: image}}\n", 1, 25,
         "an appearance is written as \"key: value\" lines"},
        {"seal: {appearances: {a: {show: image, picture: x.png, colour: red}}}\n", 1, 55,
         "unknown key \"colour\"; known here: show, picture, width-mm, font, text, kind, agency, "
         "number, place, page, left-mm, top-mm, anchor, field or may-be-invisible"},
        {"seal: {appearances: {a: {show: nothing}, a: {show: nothing}}}\n", 1, 42,
         "key \"a\" stands here a second time, first in line 1"},
        {"seal: {timestamp: {url: \"http://tsa.ca.gov.vn\"}}\n", 1, 20,
         "unknown key \"url\": did you mean \"urls\"?"},
        {"seal: {timestamp: {hash: SHA-256}}\n", 1, 26,
         "\"SHA-256\" is not a hash; one of: sha256, sha384 or sha512"},
        {"seal: {timestamp: {timeout: 5}}\n", 1, 29,
         "\"5\" is not a duration such as 500ms, 3s, 15m, 2h or 7d"},
        {"seal: {timestamp: {timeout: 0s}}\n", 1, 29, "0s is not between 500ms and 5s"},
        {"seal: {timestamp: {timeout: 2h}}\n", 1, 29, "2h is not between 500ms and 5s"},
        {"seal: {timestamp: {without: defer}}\n", 1, 29,
         "\"defer\" is not what to do without a time stamp; one of: seal or refuse"},
        {"seal: {timestamp: {policy: any}}\n", 1, 28,
         "\"any\" is not an OID such as 1.3.6.1.4.1.4146.2.2"},
        {"seal: {timestamp: \"http://tsa.ca.gov.vn\"}\n", 1, 19,
         "this key is written as \"key: value\" lines"},
        {"seal: {timestamp: {urls: tsa.ca.gov.vn}}\n", 1, 26,
         "\"tsa.ca.gov.vn\" is not an address such as http://tsa.ca.gov.vn"},
        {"seal: {keys: {k: {agency: a, purposes: [documents], uri: "
         "\"pkcs11:token=t;object=o?module-path=/m.so\"}}}\n",
         1, 41, "\"documents\" is not a purpose: did you mean \"document\"?"},
        {"seal: {keys: {k: {agency: a, purposes: [document], level: B-T, uri: "
         "\"pkcs11:token=t;object=o?module-path=/m.so\"}}}\n",
         1, 14,
         "the key k asks for a time stamp (level), but seal.timestamp.urls names no authority"},
        {"seal: {keys: {k: {agency: a, purposes: [document], level: LT, uri: "
         "\"pkcs11:token=t;object=o?module-path=/m.so\"}}}\n",
         1, 59, "\"LT\" is not a level; one of: B-B, B-T or B-LT"},
        {"seal: {timestamp: {hash: sha1}}\n", 1, 26,
         "\"sha1\" is not a hash; one of: sha256, sha384 or sha512"},
        {"seal: {timestamp: {hash: sha-256}}\n", 1, 26, "did you mean \"sha256\"?"},
        {"seal: {timestamp: {urls: [\"http://tsa.other.vn/x\"]}}\n", 1, 19,
         "the host of http://tsa.other.vn/x is not in fetch.allowed-hosts: nobody may ask it"},
        {"seal: {timestamp: {urls: [\"http://tsa.ca.gov.vn:8080\"]}}\n", 1, 19,
         "the host of http://tsa.ca.gov.vn:8080 is not in fetch.allowed-hosts: nobody may ask it"},
        {"seal: {timestamp: {urls: [\"ftp://tsa.ca.gov.vn\"]}}\n", 1, 27,
         "\"ftp://tsa.ca.gov.vn\" is not an address such as http://tsa.ca.gov.vn"},
        {"seal: {timestamp: {urls: [\"http://u:p@tsa.ca.gov.vn\"]}}\n", 1, 27,
         "\"http://u:p@tsa.ca.gov.vn\" is not an address such as http://tsa.ca.gov.vn"},
        {"seal: {timestamp: {policy: \"1..2\"}}\n", 1, 28,
         "\"1..2\" is not an OID such as 1.3.6.1.4.1.4146.2.2"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"https://h.vn/k\"}}}\n", 1, 55,
         "has to begin with pkcs11:"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\"}}}\n", 1,
         18, "tls-ca is missing"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\", tls-ca: "
         "/c}}}\n",
         1, 18, "user is missing"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\", tls-ca: "
         "/c, user: u}}}\n",
         1, 18, "pin-file is missing"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: "
         "\"vault+https://h.vn/t/k?version=1\", tls-ca: /c}}}\n",
         1, 18, "pin-file is missing: a file with a token"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"csc+https://h.vn/v1#x\", tls-ca: "
         "/c, user: u}}}\n",
         1, 18, "secret-file is missing"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"csc+https://h.vn/v1#x\", tls-ca: "
         "/c, secret-file: /s}}}\n",
         1, 18, "user is missing"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\", "
         "tls-key: md5}}}\n",
         1, 89, "no digest of a public key"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"csc+https://h.vn/v1#x\", tls-ca: "
         "/c, token-url: \"http://x\"}}}\n",
         1, 103, "no address such as"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\", tls-ca: "
         "/c, secret-file: /s}}}\n",
         1, 105, "secret-file says nothing to a key"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: "
         "\"pkcs11:token=t;object=o?module-path=/m.so\", tls-ca: /c}}}\n",
         1, 108, "tls-ca says nothing to a key"},
        {"seal: {keys: {k: {agency: a, purposes: [notice], uri: \"nethsm+https://h.vn/k\", tls-ca: "
         "/c, module-files: [/x]}}}\n",
         1, 106, "module-files says nothing to a key"},
        {"notices: {user: u}\n", 1, 17, "needs notices.password-file"},
        {"notices: {password-file: /x}\n", 1, 26, "needs notices.user"},
        {"notices: {relay: \"smtp://mx.x.vn\", user: u, password-file: /x}\n", 1, 42,
         "write tls: required"},
        {"notices: {relay: \"smtp://mx.x.vn\", tls-ca: /x}\n", 1, 44, "with tls: required only"},
        {"notices: {from: Văn thư <vanthu@>}\n", 1, 17, "is not a mailbox such as"},
        {"notices: {admin: quantri}\n", 1, 18, "is not a mail"},
        {"notices: {digest-at: 24:00}\n", 1, 22, "is not a time of the day"},
        {"notices: {digest-at: 7:30}\n", 1, 22, "is not a time of the day"},
        {"notices: {lists-at: [16:00, 11:00]}\n", 1, 29, "in their order"},
        {"notices: {lists-at: [11:00, 11:60]}\n", 1, 29, "is not a time of the day"},
        {"notices: {hold-remind: [24h, 4h]}\n", 1, 30, "from the shortest"},
        {"notices: {hold-remind: [1h, 2h, 3h, 4h, 5h, 6h, 7h, 8h, 9h]}\n", 1, 24, "at most 8"},
        {"notices: {hold-alarm: 31d}\n", 1, 23, "is not between"},
        {"notices: {reply-to: a..b@x.gov.vn}\n", 1, 21, "is not a mailbox such as"},
        {"notices: {senders: all}\n", 1, 20,
         "\"all\" is not senders; one of: state, proven or none"},
        {"notices: {remarks: [WRONG_KND]}\n", 1, 21, "did you mean \"WRONG_KIND\"?"},
        {"notices: {remarks: NOT_CHECKED}\n", 1, 20, "it is not the sender's to mend"},
        {"notices: {arrival: yes}\n", 1, 20, "\"yes\" is not true or false"},
        {"office-phone: 10%\n", 1, 15, "is not at most 64 printable ASCII"},
        {"office-name: \"a\\u202Eb\"\n", 1, 14, "is not one line of text"},
        {"profile: hanoi\n", 1, 10, "\"hanoi\" is not a profile; one of: none, ninh-binh or"},
        {"profile: ninhbinh\n", 1, 10, "did you mean \"ninh-binh\"?"},
        {"socket: /run/x.sock\n", 1, 9, "\"/run/x.sock\" is not unix:/path, inet:PORT@HOST"},
        {"socket: inet:0@localhost\n", 1, 9, "is not unix:/path"},
        {"socket: inet:70000@localhost\n", 1, 9, "is not unix:/path"},
        {"socket: inet:127.0.0.1:8891\n", 1, 9, "did you mean \"inet:8891@127.0.0.1\"?"},
        {"socket: inet:mx1.vn:8891\n", 1, 9, "did you mean \"inet:8891@mx1.vn\"?"},
        {"socket: \"inet6:[::1]:8891\"\n", 1, 9, "did you mean \"inet6:8891@::1\"?"},
        {"socket: inet:127.0.0.1:0\n", 1, 9, "is not unix:/path"},
        {"socket: unix:x\n", 1, 9, "is not unix:/path"},
        {"socket-mode: 660\n", 1, 14, "is not a file mode such as 0660"},
        {"socket-mode: 07777\n", 1, 14, "is not a file mode such as 0660"},
        {"socket-group: Root Group\n", 1, 15, "is not the name or number of a group"},
        {"log: file\n", 1, 6, "\"file\" is not a place for the log; one of: stderr or syslog"},
        {"networks: [10.0.0.0/8]\n", 1, 11, "this key is written as \"key: value\" lines"},
        {"networks: {internal: 10.1.0.0/8}\n", 1, 22, "is not a network such as 10.0.0.0/8"},
        {"networks: {internal: [10.0.0.0/33]}\n", 1, 23, "is not a network"},
        {"networks: {internal: ca.gov.vn}\n", 1, 22, "is not a network"},
        {"trust: {oficial: {}}\n", 1, 9, "unknown key \"oficial\": did you mean \"official\"?"},
        {"trust: {official: {confirmed: [12:34]}}\n", 1, 32, "is not a SHA-256 fingerprint"},
        {"trust: {official: {revocation-max-age: soon}}\n", 1, 40,
         "\"soon\" is not until-next-update or a duration such as 7d"},
        {"trust: {official: {revocation-max-age: 7}}\n", 1, 40, "is not a duration"},
        {"trust: {official: {sha1-signatures-until: never}}\n", 1, 43,
         "may be meant in two ways: write forever"},
        {"trust: {public: {rsa-below-2048-until: 2025}}\n", 1, 40,
         "\"2025\" is not a day such as 2012-08-01, or forever"},
        {"fetch: {allowed-hosts: [\"http://ca.gov.vn\"]}\n", 1, 25, "is not a host such as"},
        {"fetch: {allowed-hosts: [\"ca.gov.vn:0\"]}\n", 1, 25, "is not a host such as"},
        {"fetch: {rewrite-hosts: ca.btc}\n", 1, 24, "is written as \"key: value\" lines"},
        {"fetch: {rewrite-hosts: {\"ca.btc:0\": ca.gov.vn}}\n", 1, 25, "is not a host such as"},
        {"fetch: {rewrite-hosts: {ca.btc: \"http://ca.gov.vn\"}}\n", 1, 33,
         "is not a host such as"},
        {"fetch: {rewrite-hosts: {ca.btc: evil.example}}\n", 1, 24,
         "evil.example is asked in the place of ca.btc, but is not in fetch.allowed-hosts"},
        {"fetch: {rewrite-hosts: {ca.btc: ca.gov.vn, ca.btc: pub.ca.gov.vn}}\n", 1, 44,
         "stands here a second time"},
        {"register: {central: \"host=db password=x\"}\n", 1, 21,
         "is not a connection to PostgreSQL without"},
        {"register: {central: \"postgres://vanthu:x@db/vanthu\"}\n", 1, 21, "without a password"},
        {"register: {central: db}\n", 1, 21, "such as \"host=db"},
        {"fetch: {http-proxy: proxy}\n", 1, 21, "is not a proxy such as http://"},
        {"fetch: {http-proxy: \"http://u:p@proxy:1\"}\n", 1, 21, "is not a proxy such as"},
        {"fetch: {timeout: 3}\n", 1, 18, "\"3\" is not a duration such as 500ms, 3s"},
        {"fetch: {timeout: 3 s}\n", 1, 18, "is not a duration"},
        {"fetch: {timeout: -3s}\n", 1, 18, "is not a duration"},
        {"fetch: {timeout: 2h}\n", 1, 18, "2h is not between 100ms and 1m"},
        {"fetch: {timeout: 99999999999999999999s}\n", 1, 18, "is not a duration"},
        {"web: {listen: inet:9631@0.0.0.0}\n", 1, 15, "listens on this machine only"},
        {"web: {listen: inet:9631@192.0.2.1}\n", 1, 15, "web server with TLS and passwords"},
        {"web: {listen: inet:9631@mx1.ninhbinh.gov.vn}\n", 1, 15, "127.0.0.1, ::1 or a unix"},
        {"web: {listen: \"inet6:9631@::\"}\n", 1, 15, "listens on this machine only"},
        {"web: {listen: \"inet:127.0.0.1:9631\"}\n", 1, 15,
         "did you mean \"inet:9631@127.0.0.1\"?"},
        {"web: {listen: \"9631\"}\n", 1, 15, "is not unix:/path, inet:PORT@HOST"},
        {"users: {gateway: root}\n", 1, 18, "is not the name or number of a user other than root"},
        {"users: {gateway: 0}\n", 1, 18, "other than root"},
        {"users: {gateway: 00}\n", 1, 18, "other than root"},
        {"limits: {memory-spool: 1T}\n", 1, 24, "is not a size such as 256k, 10M or 1G"},
        {"limits: {memory-spool: 1}\n", 1, 24, "1 is not between 4k and 64M"},
        {"limits: {poison-failures: many}\n", 1, 27, "\"many\" is not a number"},
        {"limits: {poison-failures: 0}\n", 1, 27, "0 is not between 1 and 100"},
        {"register: {keep-passed: 36501}\n", 1, 25, "36501 is not between 0 and 36500"},
        {"limits: {register: 0s}\n", 1, 20, "0s is not between 1s and 1m"},
        {"limits: {total: 10s}\n", 1, 17, "is shorter than queue, inspection, status and"},
        {"limits: {queue: 2m}\n", 1, 9, "is shorter than queue, inspection, status and"},
        {"mode: tag\nmode: tag\n", 2, 1, "key \"mode\" stands here a second time, first in line 1"},
        {"mode: &a tag\n", 1, 7, "anchors (&name) are not allowed"},
        {"mode: *a\n", 1, 7, "aliases (*name) are not allowed"},
        {"mode: !!str tag\n", 1, 7, "tags (!name) are not allowed"},
        {"mode: tag\n---\nmode: tag\n", 2, 1, "a second document"},
        {"limits:\n\ttotal: 60s\n", 2, 1, "a tab stands in the indentation: use spaces"},
        {"mode: [tag\nlog: stderr\n", 2, 4, "that begins in line 1"},
        {"mode: \"tag\\nx\"\n", 1, 7, "one line without control characters"},
        {"hostname: a\xFF\n", 1, 1, "is not UTF-8"},
        {"- mode\n", 1, 1, "the file is written as \"key: value\" lines"},
        {"? [a]\n: b\n", 1, 3, "a key must be a word"},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_mistakes mistakes;
        struct vt_config *c = parse(cases[i].text, &mistakes);
        if (c != NULL || mistakes.count == 0)
            fail_msg("%s is accepted", cases[i].text);
        const struct vt_mistake *m = &mistakes.items[0];
        if (strstr(m->text, cases[i].wanted) == NULL || m->line != cases[i].line ||
            m->column != cases[i].column)
            fail_msg("%s: %u:%u: %s", cases[i].text, m->line, m->column, m->text);
        assert_string_equal(m->file, "/etc/vanthu/vanthu.yaml");
        vt_mistakes_clear(&mistakes);
    }
}

static void all_mistakes_in_one_run(void **state)
{
    (void)state;
    static const char text[] = "mod: tag\n"
                               "log: file\n"
                               "limits:\n"
                               "  totl: 60s\n"
                               "  queue: soon\n"
                               "users:\n"
                               "  gateway: root\n"
                               "log: stderr\n"
                               "fetch: [\n";
    static const unsigned lines[] = {1, 2, 4, 5, 7, 8, 10};
    struct vt_mistakes mistakes;
    assert_null(parse(text, &mistakes));
    assert_int_equal(mistakes.count, ELEMENTS(lines));
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        assert_int_equal(mistakes.items[i].line, lines[i]);
    vt_mistakes_clear(&mistakes);
}

/* Mistakes that are found later stand where the setting does. */
static void settings_have_a_place(void **state)
{
    (void)state;
    struct vt_mistakes mistakes;
    struct vt_config *c = parse("mode: tag\ntrust:\n  public:\n    anchors: roots\n", &mistakes);
    assert_non_null(c);
    vt_config_mistake(c, &mistakes, "trust.public.anchors", false, "%s", "no such folder");
    vt_config_mistake(c, &mistakes, "policy", true, "not in the file");
    assert_int_equal(mistakes.count, 2);
    assert_int_equal(mistakes.errors_count, 1);
    assert_string_equal(mistakes.items[0].text, "no such folder");
    assert_int_equal(mistakes.items[0].line, 4);
    assert_int_equal(mistakes.items[0].column, 14);
    assert_true(mistakes.items[1].warning);
    assert_int_equal(mistakes.items[1].line, 1);
    assert_int_equal(mistakes.items[1].column, 1);
    vt_config_free(c);
    vt_mistakes_clear(&mistakes);
}

/* 107 bytes, which is all that fits. */
#define LONG_PATH                                                                                  \
    "/0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890" \
    "123456789012345"

static void paths_of_sockets_are_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {"socket: unix:" LONG_PATH "\n", true},
        {"socket: unix:" LONG_PATH "7\n", false},
        {"control-socket: " LONG_PATH "\n", true},
        {"control-socket: " LONG_PATH "7\n", false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_mistakes mistakes;
        struct vt_config *c = parse(cases[i].text, &mistakes);
        assert_int_equal(c != NULL, cases[i].good);
        if (c == NULL)
            assert_non_null(strstr(mistakes.items[0].text, "too long: 109 bytes with its end, and "
                                                           "the kernel takes 108"));
        vt_config_free(c);
        vt_mistakes_clear(&mistakes);
    }
}

static void bounds_of_the_yaml_subset(void **state)
{
    (void)state;
    char *deep = calloc(1, 2000);
    char *wide = calloc(1, 20000);
    assert_non_null(deep);
    assert_non_null(wide);
    memset(deep, '[', 1000);
    char *at = wide;
    for (unsigned i = 0; i < 300; i++)
        at += sprintf(at, "key%u: 1\n", i);
    struct vt_mistakes mistakes;
    assert_null(parse(deep, &mistakes));
    assert_non_null(strstr(mistakes.items[0].text, "nested deeper than 16 levels"));
    vt_mistakes_clear(&mistakes);
    assert_null(parse(wide, &mistakes));
    assert_int_equal(mistakes.count, 200);
    assert_true(mistakes.errors_count >= 200);
    vt_mistakes_clear(&mistakes);
    free(deep);
    free(wide);
}

static void files(void **state)
{
    (void)state;
    struct vt_config *c = NULL;
    struct vt_mistakes mistakes;
    struct vt_err err = {0};
    vt_mistakes_init(&mistakes);
    assert_int_equal(vt_config_load("/nonexistent/vanthu.yaml", &c, &mistakes, &err),
                     VT_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "/nonexistent/vanthu.yaml"));
    assert_int_equal(vt_config_load("/dev/zero", &c, &mistakes, &err), VT_E_LIMIT);
    assert_null(c);
    assert_int_equal(vt_config_load("conf/vanthu.yaml", &c, &mistakes, &err), VT_OK);
    assert_int_equal(mistakes.count, 0);
    assert_string_equal(c->policy_file, "conf/policy.yaml");
    vt_config_free(c);
    vt_mistakes_clear(&mistakes);
}

static void roles_have_names(void **state)
{
    (void)state;
    assert_string_equal(vt_role_name(VT_ROLE_MASTER), "master");
    assert_string_equal(vt_role_name(VT_ROLE_GATEWAY), "gateway");
    assert_string_equal(vt_role_name(VT_ROLE_INSPECTOR), "inspector");
    assert_string_equal(vt_role_name(VT_ROLE_STATUS), "status");
    assert_string_equal(vt_role_name(VT_ROLE_FETCH), "fetch");
    assert_string_equal(vt_role_name(VT_ROLE_REGISTRAR), "registrar");
    assert_string_equal(vt_role_name(VT_ROLE_WEB), "web");
    assert_string_equal(vt_role_name(VT_ROLE_POST), "post");
    assert_string_equal(vt_role_name(VT_ROLES), "unknown");
}

static void tls_to_the_relay(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum vt_relay_tls tls;
    } cases[] = {
        {"{}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://127.9.9.9:2525\"}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://localhost\"}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://[::1]:25\"}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://[2001:db8::1]:25\"}", VT_RELAY_TLS_OPPORTUNISTIC},
        {"notices: {relay: \"smtp://128.0.0.1\"}", VT_RELAY_TLS_OPPORTUNISTIC},
        {"notices: {relay: \"smtp://localhost.evil.vn\"}", VT_RELAY_TLS_OPPORTUNISTIC},
        {"notices: {relay: \"smtp://mx.x.vn\", tls: none}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://127.0.0.1\", tls: opportunistic}", VT_RELAY_TLS_OPPORTUNISTIC},
        {"notices: {relay: \"smtps://127.0.0.1\"}", VT_RELAY_TLS_REQUIRED},
        {"notices: {user: u, password-file: p}", VT_RELAY_TLS_NONE},
        {"notices: {relay: \"smtp://mx.x.vn\", tls: required, tls-ca: ca.pem, user: u,\n"
         "          password-file: p}",
         VT_RELAY_TLS_REQUIRED},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        struct vt_mistakes mistakes;
        struct vt_config *c = parse(cases[i].text, &mistakes);
        if (c == NULL || c->notices.tls != cases[i].tls)
            fail_msg("%s", cases[i].text);
        vt_config_free(c);
        vt_mistakes_clear(&mistakes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_setting),
        cmocka_unit_test(appearances),
        cmocka_unit_test(mistakes_of_one_line),
        cmocka_unit_test(all_mistakes_in_one_run),
        cmocka_unit_test(settings_have_a_place),
        cmocka_unit_test(paths_of_sockets_are_bounded),
        cmocka_unit_test(bounds_of_the_yaml_subset),
        cmocka_unit_test(files),
        cmocka_unit_test(tls_to_the_relay),
        cmocka_unit_test(roles_have_names),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
