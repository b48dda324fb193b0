/* SPDX-License-Identifier: Apache-2.0
 * A PKCS #11 module around another one that adds flags to its tokens and gives its logins other
 * results, for what tokens in software never say. MODULE is the other one, by its path; the file
 * that FAULTY_FILE names holds lines of a word and a number: "flags 0x20000", "login 0xa4", "sign
 * 0x82". */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

static CK_FUNCTION_LIST *under, calls;

/* Of a word in the file; 0: it says nothing of it. */
static unsigned long number_of(const char *word)
{
    char line[128], found[32];
    unsigned long number = 0, value = 0;
    const char *path = getenv("FAULTY_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        if (sscanf(line, "%31s %lx", found, &value) == 2 && strcmp(found, word) == 0)
            number = value;
    if (file != NULL)
        (void)fclose(file);
    return number;
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_RV result = under->C_GetTokenInfo(slot, info);
    if (result == CKR_OK)
        info->flags |= number_of("flags");
    return result;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG len)
{
    CK_RV result = under->C_Login(session, user, pin, len);
    unsigned long other = number_of("login");
    return other != 0 ? other : result;
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG data_len, CK_BYTE *out,
                  CK_ULONG *out_len)
{
    CK_RV result = under->C_Sign(session, data, data_len, out, out_len);
    unsigned long other = number_of("sign");
    return other != 0 ? other : result;
}

static void *library;

/* Whoever loads this module has no files later. */
static void __attribute__((constructor)) load(void)
{
    library = dlopen(MODULE, RTLD_NOW | RTLD_LOCAL);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **out)
{
    CK_RV (*get_list)(CK_FUNCTION_LIST **) = NULL;
    void *symbol = library == NULL ? NULL : dlsym(library, "C_GetFunctionList");
    memcpy(&get_list, &symbol, sizeof(get_list));
    if (get_list == NULL || get_list(&under) != CKR_OK)
        return CKR_GENERAL_ERROR;
    calls = *under;
    calls.C_GetTokenInfo = get_token_info;
    calls.C_Login = login;
    calls.C_Sign = sign;
    *out = &calls;
    return CKR_OK;
}
