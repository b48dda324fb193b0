/* SPDX-License-Identifier: Apache-2.0
 * seal: signatures with keys that are elsewhere (design.md 7; legal.md,
 * The sealer signs a DER set of CMS signed attributes and nothing else; mails and
 * documents are built by pure functions, in two steps: what is to be signed, and the whole with the
 * signature in it. */
#ifndef VANTHU_SEAL_H
#define VANTHU_SEAL_H

#include "vanthu/bytes.h"
#include "vanthu/error.h"

/* One set of signed attributes; real ones have a few hundred bytes. */
#define VT_MAX_SEAL_ATTRIBUTES_BYTES (8u * 1024)
#define VT_MAX_SEAL_SIGNATURE_BYTES 2048u
#define VT_MAX_SEAL_CHAIN_BYTES (32u * 1024)
/* A time stamp token with the certificates of its authority; real ones have 3 to 7 KB, and in a PDF
 * room is left for twice as many bytes. */
#define VT_MAX_SEAL_TOKEN_BYTES (16u * 1024)

enum vt_seal_scheme { VT_SEAL_RSA_PKCS1 = 0, VT_SEAL_RSA_PSS, VT_SEAL_ECDSA, VT_SEAL_SCHEMES };
enum vt_seal_hash { VT_SEAL_SHA256 = 0, VT_SEAL_SHA384, VT_SEAL_SHA512, VT_SEAL_HASHES };
/* What a signature is for: authorisations and quotas name it, and so does the record of its use. */
enum vt_seal_purpose {
    VT_SEAL_FOR_MESSAGE = 0,
    VT_SEAL_FOR_DOCUMENT,
    VT_SEAL_FOR_NOTICE,
    VT_SEAL_FOR_PROBE, /* only from the administrator's channel, and the canary */
    VT_SEAL_PURPOSES
};
/* "rsa-pkcs1", "rsa-pss", "ecdsa"; "sha256", …; "message", "document", "notice", "probe". */
const char *vt_seal_scheme_name(enum vt_seal_scheme scheme);
const char *vt_seal_hash_name(enum vt_seal_hash hash);
const char *vt_seal_purpose_name(enum vt_seal_purpose purpose);

/* Why nothing was signed. Zero memory is not a signature. */
enum vt_seal_failure {
    VT_SEAL_UNAVAILABLE = 0, /* HSM or sealer: down, late, left alone; it may work later */
    VT_SEAL_STOPPED,         /* vanthu seal stop */
    VT_SEAL_NOT_AUTHORISED,  /* no live authorisation for this key and purpose */
    VT_SEAL_QUOTA,           /* more signatures than the configuration allows */
    VT_SEAL_CREDENTIAL,      /* PIN or token was refused; not tried again until its file changes */
    VT_SEAL_CERTIFICATE,     /* own certificate expired, revoked, or not that of the key */
    VT_SEAL_MISUSE, /* what was to be signed is no set of attributes for this certificate */
    VT_SEAL_DONE
};
/* "unavailable", "stopped", … */
const char *vt_seal_failure_name(enum vt_seal_failure failure);

/* A certificate with its chain, own first, each DER; one behind the other in chain. */
struct vt_seal_identity {
    const char *key; /* its name in the configuration */
    struct vt_bytes chain;
    enum vt_seal_scheme scheme;
    enum vt_seal_hash hash;
};

/* Client of the sealer role: gateway, post, command. */
struct vt_sealer {
    int channel_fd;         /* client end of the channel, … */
    int connection_fd;      /* … or, with channel_fd -1, one connection that the master made */
    int64_t deadline_msecs; /* monotonic */
    void (*progress)(void *context);
    void *progress_context;
};
struct vt_seal_request {
    const char *key;
    enum vt_seal_purpose purpose;
    const char *reference; /* of the mail or notice; NULL: none */
    const char *on_behalf; /* who asked, as authenticated; stands in the record; NULL: nobody */
    const char *about;     /* what is signed, in a word for the record; NULL: nothing is said */
    struct vt_bytes attributes; /* DER SET OF Attribute (RFC 5652 5.4), with signing-certificate-v2
                                   (RFC 5035) that names the key's certificate */
};
/* Have it signed. The use is recorded before the signature is given, and the signature was verified
 * with the certificate. out: empty, the raw signature value (ECDSA: DER). VT_OK: also when nothing
 * was signed: *out_failure says why, err->text the same for an administrator; VT_E_PEER,
 * VT_E_TIMEOUT: as VT_SEAL_UNAVAILABLE. */
enum vt_code vt_sealer_sign(const struct vt_sealer *sealer, const struct vt_seal_request *request,
                            struct vt_buf *out, enum vt_seal_failure *out_failure,
                            struct vt_err *err) VT_MUST_CHECK;
/* The identity of a key as the sealer has it. *out lives in arena. VT_E_NOT_FOUND, VT_E_PEER, … */
enum vt_code vt_sealer_identity(struct vt_arena *arena, const struct vt_sealer *sealer,
                                const char *key, struct vt_seal_identity *out,
                                struct vt_err *err) VT_MUST_CHECK;

/* ---- what an administrator asks ---- */

enum vt_seal_wish_kind {
    VT_SEAL_WISH_STATUS = 0,
    VT_SEAL_WISH_PROBE,   /* key: sign something that nobody can use, and say how it is */
    VT_SEAL_WISH_PIN,     /* key: log in with the PIN of pin_fd, whatever was refused before */
    VT_SEAL_WISH_REQUEST, /* key: a certificate request; text: its subject, "/C=VN/CN=…", or NULL */
    VT_SEAL_WISH_STOP,    /* all sealing; text: why, or NULL */
    VT_SEAL_WISH_RESUME,
};
struct vt_seal_wish {
    enum vt_seal_wish_kind kind;
    const char *key, *text;
    const char *by; /* who asks, as the register shows it */
    int pin_fd;     /* a memory file; borrowed */
};
/* Ask over a connection of vt_control_connect_sealer. *out_json: the answer, malloc'd:
 * STATUS {"stopped": text or absent, "keys": […]};
 * PROBE one key: {"key", "service" (hosts; absent for a module), "agency", "identity", "state",
 * "text", "since", "token": {"label", …}, "certificate": {"subject", "not_after", … or "text"},
 * "purposes": [{"purpose", "authorised", "text"}], "pin": {"since", "old"}, "canary": {"good",
 * "text"}, "losses", "recovery_msecs", "probe": name of a failure or "done", "probe_text",
 * "probe_msecs"}; PIN {"good", "text"}; REQUEST {"failure", "text", "pem"}; STOP, RESUME {"good"}.
 * VT_E_PEER: why it cannot be done is in err->text; others as vt_sealer_sign. */
enum vt_code vt_sealer_wish(const struct vt_sealer *sealer, const struct vt_seal_wish *wish,
                            char **out_json, struct vt_err *err) VT_MUST_CHECK;
/* Stop all sealing without a sealer: it finds the file of seal.directory when it starts, and a
 * running one with its next request. VT_E_SYSTEM, VT_E_NOMEM. */
enum vt_code vt_seal_stop(const char *directory, const char *by, const char *text,
                          int64_t now_utc_secs, struct vt_err *err) VT_MUST_CHECK;
/* The other way. VT_E_NOT_FOUND: it was not stopped. */
enum vt_code vt_seal_resume(const char *directory, struct vt_err *err) VT_MUST_CHECK;

/* ---- what can be seen of a key without its HSM ---- */

struct vt_seal_key;
struct vt_site;
/* Whether this process can read what the configuration names: module, certificate, PIN. VT_E_CONFIG
 * with the first that it cannot. */
enum vt_code vt_seal_check_files(const struct vt_seal_key *key, struct vt_err *err) VT_MUST_CHECK;
/* Whether the key could be used now: its certificate, and a permission for each purpose by the
 * table of agencies (NULL: none). VT_E_EXPIRED, VT_E_NOT_FOUND with what is missing. */
enum vt_code vt_seal_check_use(const struct vt_seal_key *key, const struct vt_site *site,
                               int64_t now_utc_secs, struct vt_err *err) VT_MUST_CHECK;

#endif
