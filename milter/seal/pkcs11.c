/* SPDX-License-Identifier: Apache-2.0
 * PKCS #11: the module of a URI, its token by label and never by slot number, one login. All of it
 * runs in a worker, but for the loading of the module's code. */
#include "seal/pkcs11.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some HSMs show each partition of a cluster as a slot. */
#define MAX_SLOTS 1024
#define GET_LIST "C_GetFunctionList"

/* ---- the module ---- */

static enum vt_code load(const struct vt_seal_key *key, void **out_module, struct vt_err *err)
{
    struct vt_pkcs11_uri uri;
    enum vt_code code = vt_pkcs11_uri_parse(key->uri, &uri, err);
    if (code != VT_OK)
        return code;
    /* By its path: p11-kit's list of modules would bring in whatever else is installed. */
    void *library = dlopen(uri.module, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return vt_err_set(err, VT_E_CONFIG, "the module of the key cannot be loaded: %s",
                          dlerror());
    if (dlsym(library, GET_LIST) == NULL)
        return vt_err_set(err, VT_E_CONFIG, "%s is no PKCS #11 module: it has no " GET_LIST,
                          uri.module);
    *out_module = library;
    return VT_OK;
}

/* Not before the environment is set: p11-kit's client looks for its server with this call. */
static enum vt_seal_fault get_calls(struct vt_pkcs11 *module, void *library, struct vt_err *err)
{
    CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
    void *symbol = dlsym(library, GET_LIST);
    memcpy(&get_list, &symbol, sizeof(get_list));
    CK_RV result = get_list(&module->calls);
    if (result != CKR_OK)
        return vt_pkcs11_failed(GET_LIST, result, err);
    if (module->calls != NULL)
        return VT_FAULT_NONE;
    (void)vt_err_set(err, VT_E_PEER, "the module gave no list of functions (" GET_LIST ")");
    return VT_FAULT_LOST;
}

static enum vt_seal_fault initialise(struct vt_pkcs11 *module, struct vt_err *err)
{
    CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
    CK_RV result = module->calls->C_Initialize(&arguments);
    if (result == CKR_OK || result == CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return VT_FAULT_NONE;
    enum vt_seal_fault fault =
        vt_pkcs11_failed("the HSM is not reached (or the module cannot read its own files: name "
                         "them in module-files, readable for the user of the sealer), C_Initialize",
                         result, err);
    return fault == VT_FAULT_NONE ? VT_FAULT_LOST : fault;
}

/* ---- the token ---- */

static bool is_wanted(const char *wanted, const char *found)
{
    return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

static bool describe(const struct vt_pkcs11 *module, const CK_TOKEN_INFO *info,
                     struct vt_seal_token *out)
{
    vt_pkcs11_text(out->label, sizeof(out->label), info->label, sizeof(info->label));
    vt_pkcs11_text(out->manufacturer, sizeof(out->manufacturer), info->manufacturerID,
                   sizeof(info->manufacturerID));
    vt_pkcs11_text(out->model, sizeof(out->model), info->model, sizeof(info->model));
    vt_pkcs11_text(out->serial, sizeof(out->serial), info->serialNumber,
                   sizeof(info->serialNumber));
    return is_wanted(module->uri.token, out->label) && is_wanted(module->uri.serial, out->serial) &&
           is_wanted(module->uri.manufacturer, out->manufacturer) &&
           is_wanted(module->uri.model, out->model);
}

/* Names under which keys on a disk go; behind p11-kit's remoting they are the same. */
static bool is_software(const struct vt_seal_token *token)
{
    static const char *const names[] = {"SoftHSM",  "Soft Token",   "softtoken",
                                        "NSS",      "p11-kit",      "PKCS#11 Kit",
                                        "Kryoptic", "opencryptoki", "simulator"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcasestr(token->manufacturer, names[i]) != NULL ||
            strcasestr(token->model, names[i]) != NULL)
            return true;
    return false;
}

static void list_label(struct vt_err *err, const char *label, size_t index)
{
    size_t used = strlen(err->text);
    (void)snprintf(err->text + used, sizeof(err->text) - used, "%s\"%s\"", index == 0 ? "" : ", ",
                   label);
}

static enum vt_seal_fault find_token(struct vt_pkcs11 *module, struct vt_seal_token *out,
                                     struct vt_err *err)
{
    CK_SLOT_ID slots[MAX_SLOTS];
    CK_ULONG count = MAX_SLOTS;
    size_t others = 0;
    CK_RV result = module->calls->C_GetSlotList(CK_TRUE, slots, &count);
    if (result != CKR_OK)
        return vt_pkcs11_failed("C_GetSlotList", result, err);
    (void)vt_err_set(err, VT_E_NOT_FOUND, "the HSM has no token \"%.64s%.64s\"; there %s ",
                     module->uri.token, module->uri.token[0] == '\0' ? module->uri.serial : "",
                     count == 0 ? "is none at all" : "are:");
    for (CK_ULONG i = 0; i < count; i++) {
        CK_TOKEN_INFO info;
        struct vt_seal_token token = {.label = ""};
        result = module->calls->C_GetTokenInfo(slots[i], &info);
        if (result == CKR_TOKEN_NOT_PRESENT || result == CKR_TOKEN_NOT_RECOGNIZED)
            continue;
        if (result != CKR_OK)
            return vt_pkcs11_failed("C_GetTokenInfo", result, err);
        if (describe(module, &info, &token)) {
            token.is_software = is_software(&token);
            *out = token;
            module->slot = slots[i];
            module->info = info;
            return VT_FAULT_NONE;
        }
        list_label(err, token.label, others++);
    }
    /* A module without its HSM has no slots, too. */
    return count == 0 ? VT_FAULT_LOST : VT_FAULT_TOKEN;
}

/* ---- the login ---- */

static enum vt_seal_fault tell_login(CK_RV result, struct vt_err *err)
{
    char name[48];
    if (result == CKR_OK || result == CKR_USER_ALREADY_LOGGED_IN)
        return VT_FAULT_NONE;
    enum vt_seal_fault fault = vt_pkcs11_fault(result);
    if (fault == VT_FAULT_PIN_LOCKED)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the PIN of the token is locked: its security officer has to unlock it");
    else if (result == CKR_PIN_EXPIRED)
        (void)vt_err_set(err, VT_E_CONFIG,
                         "the HSM says that the PIN has expired: change it there, "
                         "then vanthu seal rotate-pin");
    else if (fault == VT_FAULT_PIN)
        (void)vt_err_set(err, VT_E_CONFIG, "the HSM refused the PIN (%s)",
                         vt_pkcs11_name(result, name));
    else
        return vt_pkcs11_failed("C_Login", result, err);
    return fault;
}

/* What the token says of attempts before ours. Where one is left before it locks, none is made:
 * only a person can know whose the others were. It is looked at again later, and the PIN stays
 * good. */
static enum vt_seal_fault look_at_attempts(CK_FLAGS flags, struct vt_seal_token *out,
                                           struct vt_err *err)
{
    out->had_wrong_pins = (flags & CKF_USER_PIN_COUNT_LOW) != 0;
    if ((flags & CKF_USER_PIN_LOCKED) != 0)
        return tell_login(CKR_PIN_LOCKED, err);
    if ((flags & CKF_USER_PIN_FINAL_TRY) == 0)
        return VT_FAULT_NONE;
    (void)vt_err_set(err, VT_E_CONFIG,
                     "the token takes one more wrong PIN and then locks, so nothing is tried: find "
                     "out who tried wrong ones, then log in once with the tool of the HSM");
    return VT_FAULT_TOKEN;
}

static enum vt_seal_fault log_in(struct vt_pkcs11 *module, const struct vt_seal_open *input,
                                 struct vt_seal_token *out, struct vt_err *err)
{
    CK_FLAGS flags = module->info.flags;
    if ((flags & CKF_LOGIN_REQUIRED) == 0 && input->pin.len == 0)
        return VT_FAULT_NONE;
    if (input->pin.len == 0) {
        (void)vt_err_set(err, VT_E_CONFIG, "the token wants a PIN, and the key has no pin-file");
        return VT_FAULT_PIN;
    }
    enum vt_seal_fault fault = look_at_attempts(flags, out, err);
    if (fault != VT_FAULT_NONE)
        return fault;
    if (!input->may_log_in()) {
        (void)vt_err_set(err, VT_E_BUSY, "the PIN is being tried for another key");
        return VT_FAULT_LOST;
    }
    /* C_Login takes the PIN without const, and only reads it. */
    CK_UTF8CHAR_PTR pin = (CK_UTF8CHAR_PTR)(uintptr_t)input->pin.ptr;
    return tell_login(
        module->calls->C_Login(module->session, CKU_USER, pin, (CK_ULONG)input->pin.len), err);
}

static enum vt_seal_fault refuse_software(const struct vt_seal_token *token, struct vt_err *err)
{
    (void)vt_err_set(err, VT_E_CONFIG,
                     "\"%s\" (%s %s) is a software token: the seal of an agency belongs into an "
                     "HSM; to try it all the same, software-token: \"yes, without an HSM\"",
                     token->label, token->manufacturer, token->model);
    return VT_FAULT_TOKEN;
}

static enum vt_seal_fault open_session(struct vt_pkcs11 *module, CK_SESSION_HANDLE *out,
                                       struct vt_err *err)
{
    CK_RV result = module->calls->C_OpenSession(module->slot, CKF_SERIAL_SESSION, NULL, NULL, out);
    return result == CKR_OK ? VT_FAULT_NONE : vt_pkcs11_failed("C_OpenSession", result, err);
}

static enum vt_seal_fault open_all(struct vt_pkcs11 *module, const struct vt_seal_open *input,
                                   struct vt_seal_token *out, struct vt_err *err)
{
    enum vt_seal_fault fault = get_calls(module, input->module, err);
    if (fault == VT_FAULT_NONE)
        fault = initialise(module, err);
    if (fault == VT_FAULT_NONE)
        fault = find_token(module, out, err);
    if (fault == VT_FAULT_NONE && out->is_software && !input->key->may_be_software)
        fault = refuse_software(out, err);
    if (fault == VT_FAULT_NONE)
        fault = open_session(module, &module->session, err);
    if (fault == VT_FAULT_NONE)
        fault = log_in(module, input, out, err);
    if (fault == VT_FAULT_NONE)
        fault = vt_pkcs11_find_key(module, out, err);
    return fault;
}

static enum vt_seal_fault open_module(const struct vt_seal_open *input, void **out_handle,
                                      struct vt_seal_token *out, struct vt_err *err)
{
    struct vt_pkcs11 *module = calloc(1, sizeof(*module));
    if (module == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    module->config = input->key;
    enum vt_seal_fault fault = VT_FAULT_TOKEN;
    if (vt_pkcs11_uri_parse(input->key->uri, &module->uri, err) == VT_OK)
        fault = open_all(module, input, out, err);
    if (fault == VT_FAULT_NONE)
        *out_handle = module;
    else
        free(module);
    return fault;
}

static enum vt_seal_fault begin(void *handle, void **out_session, struct vt_err *err)
{
    struct vt_pkcs11 *module = handle;
    struct vt_pkcs11_session *session = calloc(1, sizeof(*session));
    if (session == NULL) {
        (void)vt_err_set(err, VT_E_NOMEM, "no memory");
        return VT_FAULT_LOST;
    }
    session->module = module;
    enum vt_seal_fault fault = open_session(module, &session->handle, err);
    if (fault == VT_FAULT_NONE)
        *out_session = session;
    else
        free(session);
    return fault;
}

static void close_module(void *handle)
{
    struct vt_pkcs11 *module = handle;
    (void)module->calls->C_Finalize(NULL);
    free(module);
}

const struct vt_backend vt_backend_pkcs11 = {.uri_scheme = "pkcs11",
                                             .load = load,
                                             .open = open_module,
                                             .begin = begin,
                                             .sign = vt_pkcs11_sign,
                                             .close = close_module};
