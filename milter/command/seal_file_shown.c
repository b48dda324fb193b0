/* SPDX-License-Identifier: Apache-2.0
 * vanthu seal --appearance: what the seal of a PDF shows, as the configuration says it for mails;
 * pictures and fonts are read as the service reads them, but what a configuration of the person's
 * own names with their rights. */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/seal.h"
#include "vanthu/policy.h"
#include "vanthu/seal_look.h"
#include "vanthu/site.h"

static int no_such(const struct vt_sealed_file *file)
{
    const struct vt_config *config = file->command->config;
    char names[256] = "";
    size_t used = 0;
    if (config->seal_appearances_count == 0)
        return vt_seal_file_say(file, EX_CONFIG, "chưa khai báo hình thức nào (seal.appearances)",
                                "nothing is configured under seal.appearances", NULL);
    for (size_t i = 0; i < config->seal_appearances_count && used < sizeof(names); i++)
        used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                 config->seal_appearances[i].name);
    return vt_seal_file_say(file, EX_USAGE, "không có hình thức này trong seal.appearances; có",
                            "there is no such appearance under seal.appearances; there are", names);
}

/* What is printed on a document is what the rules of documents know. */
static int take_number(struct vt_sealed_file *file, const struct vt_seal_appearance *appearance)
{
    const char *given = file->command->number;
    if (given == NULL)
        return EX_OK;
    if (appearance->show != VT_SEAL_SHOW_TEXT || appearance->text != VT_SEAL_TEXT_ANNEX)
        return vt_seal_file_say(file, EX_USAGE, "hình thức này không ghi số, ký hiệu",
                                "this appearance shows no number", appearance->name);
    if (!vt_seal_number_find(file->arena, given, false, &file->number) ||
        strcmp(file->number, given) != 0)
        return vt_seal_file_say(file, EX_USAGE,
                                "--number là số và ký hiệu văn bản, ví dụ 2415/SNV-VTLT",
                                "--number is number and symbol, such as 2415/SNV-VTLT", given);
    return EX_OK;
}

/* A copy names who made it. Where nobody says so the child has a word for it. */
static int find_agency(struct vt_sealed_file *file, const struct vt_seal_appearance *appearance)
{
    const struct vt_config *config = file->command->config;
    struct vt_policy *policy = NULL;
    if (appearance->show != VT_SEAL_SHOW_TEXT || appearance->text != VT_SEAL_TEXT_COPY ||
        appearance->agency != NULL || file->key->agency == NULL || config->policy_file == NULL ||
        access(config->policy_file, R_OK) != 0)
        return EX_OK;
    int status = vt_command_load_policy(config->policy_file, false, &policy);
    if (status != EX_OK)
        return status;
    const struct vt_site *site = vt_policy_site(policy);
    const struct vt_site_agency *agency =
        site == NULL ? NULL : vt_site_agency(site, file->key->agency);
    file->agency = agency == NULL ? NULL : vt_arena_str(file->arena, agency->name);
    vt_policy_free(policy);
    return EX_OK;
}

static int read_looks(struct vt_sealed_file *file)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_seal_looks_bundle(file->command->config, &file->looks, &mistakes, &err);
    bool is_good = code == VT_OK && mistakes.errors_count == 0;
    vt_mistakes_print(&mistakes, stderr);
    vt_mistakes_clear(&mistakes);
    return is_good ? EX_OK : code != VT_OK ? vt_command_fault(&err, code) : EX_CONFIG;
}

int vt_seal_file_choose_appearance(struct vt_sealed_file *file)
{
    const struct vt_seal_command *command = file->command;
    if (command->appearance == NULL)
        return command->number == NULL
                   ? EX_OK
                   : vt_seal_file_say(file, EX_USAGE, "--number cần --appearance",
                                      "--number needs an --appearance that shows it", NULL);
    if (file->kind != VT_SEAL_FILE_PDF)
        return vt_seal_file_say(file, EX_USAGE, "--appearance chỉ dùng cho PDF được ký trong tệp",
                                "--appearance is for PDFs that are signed in the file", NULL);
    const struct vt_seal_appearance *appearance =
        vt_config_appearance(command->config, command->appearance);
    if (appearance == NULL)
        return no_such(file);
    int status = take_number(file, appearance);
    /* What a configuration of the person names is read with their rights, too. */
    bool is_theirs = command->config_file != NULL;
    if (status == EX_OK && is_theirs && !vt_command_put_off_root())
        return EX_NOPERM;
    if (status == EX_OK)
        status = find_agency(file, appearance);
    if (status == EX_OK)
        status = read_looks(file);
    return !is_theirs || vt_command_be_root_again() ? status : EX_NOPERM;
}
