/* SPDX-License-Identifier: Apache-2.0
 * vanthu notice check: every mistake of the words of notices in one run. Exit status 0, or 78
 * (EX_CONFIG) when there is a mistake; warnings do not count. */
#include <getopt.h>
#include <jansson.h>
#include <string.h>
#include <sysexits.h>

#include "command/excerpt.h"
#include "command/notice_words.h"

/* 28 files of at most 64 KB. */
#define MAX_BUNDLE_BYTES (4u * 1024 * 1024)

enum vt_code vt_command_load_words(const char *folder, struct vt_notice_words **out,
                                   struct vt_mistakes *mistakes, struct vt_err *err)
{
    struct vt_buf bundle;
    vt_buf_init(&bundle, MAX_BUNDLE_BYTES);
    enum vt_code code = vt_notice_words_bundle(folder, &bundle, err);
    if (code == VT_OK)
        code = vt_notice_words_parse(vt_buf_bytes(&bundle), folder == NULL ? "built-in" : folder,
                                     out, mistakes, err);
    vt_buf_clear(&bundle);
    return code;
}

static void print_json(const char *folder, const struct vt_mistakes *mistakes, bool is_good)
{
    json_t *list = json_array();
    for (size_t i = 0; i < mistakes->count; i++) {
        const struct vt_mistake *mistake = &mistakes->items[i];
        (void)json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:b, s:s}", "file",
                                                    mistake->file, "line", (int)mistake->line,
                                                    "column", (int)mistake->column, "warning",
                                                    mistake->warning, "text", mistake->text));
    }
    json_t *line = json_pack("{s:s?, s:b, s:o}", "folder", folder, "ok", is_good, "mistakes", list);
    (void)json_dumpf(line, stdout, JSON_COMPACT);
    (void)fputc('\n', stdout);
    json_decref(line);
}

/* folder: NULL: what is built in. */
static int check_folder(const char *folder, bool json)
{
    struct vt_err err = {0};
    struct vt_mistakes mistakes;
    struct vt_notice_words *words = NULL;
    vt_mistakes_init(&mistakes);
    enum vt_code code = vt_command_load_words(folder, &words, &mistakes, &err);
    const char *name = folder == NULL ? "built-in" : folder;
    if (json)
        print_json(folder, &mistakes, code == VT_OK);
    else
        vt_excerpts_print(&mistakes, stderr);
    if (code != VT_OK)
        vt_excerpts_sum_up(name, &mistakes, "these words are not usable", &err);
    else if (!json)
        printf("%s: in order\n", name);
    vt_notice_words_free(words);
    vt_mistakes_clear(&mistakes);
    return vt_command_exit_status(code);
}

int vt_command_notice_check(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"config", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    struct vt_config *config = NULL;
    const char *config_file = NULL;
    bool json = false;
    int option = 0, status = EX_OK;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'c')
            config_file = optarg;
        else if (option == 'j')
            json = true;
        else
            return EX_USAGE;
    }
    if (argc - optind > 1) {
        fprintf(stderr, "%s: one folder at most\n", argv[0]);
        return EX_USAGE;
    }
    if (optind < argc)
        return check_folder(argv[optind], json);
    status = vt_command_load_config(config_file, &config);
    if (status == EX_OK)
        status = check_folder(config->notices.directory, json);
    vt_config_free(config);
    return status;
}
