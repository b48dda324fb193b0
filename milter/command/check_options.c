/* SPDX-License-Identifier: Apache-2.0
 * The command line of vanthu check, and of those that look at files as it does. Everything it names
 * is looked at before a role is started, so that a wrong path is a fault of the command and never a
 * verdict. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "command/check.h"
#include "evidence/names.h"

static int bad_usage(const struct vt_check_options *options, const char *text)
{
    fprintf(stderr, "%s: %s\n", options->command, text);
    return EX_USAGE;
}

static int cannot_read(const struct vt_check_options *options, const char *option, const char *file,
                       int error)
{
    size_t len = strlen(file);
    if (options->html && options->html_file == NULL && error == ENOENT && len > 5 &&
        strcmp(file + len - 5, ".html") == 0) {
        fprintf(stderr, "%s: to write the page into a file: --html=%s\n", options->command, file);
        return EX_USAGE;
    }
    fprintf(stderr, "%s: %s%s: cannot read: %s\n", options->command, option, file, strerror(error));
    return EX_NOINPUT;
}

static int add_trust(struct vt_check_options *options, const char *argument)
{
    for (int set = 0; set < VT_TRUST_SETS; set++) {
        const char *name = vt_trust_set_name((enum vt_trust_set_id)set);
        size_t len = strlen(name);
        if (strncmp(argument, name, len) != 0 || argument[len] != '=')
            continue;
        if (options->overrides.trust_count == VT_MAX_REPEATED_OPTIONS)
            return bad_usage(options, "--trust is repeated too often");
        if (access(argument + len + 1, R_OK) != 0)
            return cannot_read(options, "--trust ", argument, errno);
        options->trust[options->overrides.trust_count++] = (struct vt_trust_source){
            .set = (enum vt_trust_set_id)set, .anchors = argument + len + 1, .confirmed_all = true};
        return EX_OK;
    }
    return bad_usage(options, "--trust wants official=PATH or public=PATH");
}

/* A set that holds nothing, or what is no certificate, would only make every path unknown. */
static int check_trust(const struct vt_check_options *options, const struct vt_trust_source *source)
{
    struct vt_err err = {0};
    struct vt_trust_store *store = NULL;
    enum vt_code code = vt_trust_store_load(source, 1, &store, &err);
    if (code == VT_OK && vt_trust_store_anchors(store, source->set) == 0)
        code = vt_err_set(&err, VT_E_CONFIG, "there is no certificate (.pem, .crt, .cer, .der)");
    vt_trust_store_free(store);
    if (code == VT_OK)
        return EX_OK;
    fprintf(stderr, "%s: --trust %s=%s: %s\n", options->command, vt_trust_set_name(source->set),
            source->anchors, err.text);
    return vt_command_exit_status(code);
}

static int add_file(const struct vt_check_options *options, const char *option, const char *file,
                    size_t max_bytes, struct vt_buf *bufs, struct vt_bytes *views, size_t *count)
{
    struct vt_err err = {0};
    if (*count == VT_MAX_REPEATED_OPTIONS)
        return bad_usage(options, "an option is repeated too often");
    enum vt_code code = vt_command_read_file(file, max_bytes, &bufs[*count], &err);
    if (code != VT_OK) {
        fprintf(stderr, "%s: %s: %s\n", options->command, option, err.text);
        vt_buf_clear(&bufs[*count]);
        return code == VT_E_SYSTEM ? EX_NOINPUT : vt_command_exit_status(code);
    }
    views[*count] = vt_buf_bytes(&bufs[*count]);
    (*count)++;
    return EX_OK;
}

static int set_time(struct vt_check_options *options, const char *text)
{
    options->is_now_given = true;
    return vt_time_parse(text, &options->now_utc_secs) == VT_OK
               ? EX_OK
               : bad_usage(options,
                           "--at wants a time of RFC 3339, such as 2026-12-03T09:12:00+07:00");
}

static int set_sender_class(struct vt_check_options *options, const char *text)
{
    unsigned found = vt_words_find(&vt_words_sender_class, text);
    if (found >= vt_words_sender_class.count)
        return bad_usage(options, "--sender-class wants state or other");
    options->sender_class = (enum vt_sender_class)found;
    options->has_sender_class = true;
    return EX_OK;
}

static int set_direction(struct vt_check_options *options, const char *text)
{
    unsigned found = vt_words_find(&vt_words_direction, text);
    if (found >= vt_words_direction.count)
        return bad_usage(options, "--direction wants inbound, outbound or internal");
    options->direction = (enum vt_direction)found;
    options->has_direction = true;
    return EX_OK;
}

static int add_recipient(struct vt_check_options *options, const char *address)
{
    if (options->recipients_count == VT_MAX_REPEATED_OPTIONS)
        return bad_usage(options, "--to is repeated too often");
    options->recipients[options->recipients_count++] = address;
    return EX_OK;
}

/* The envelope. */
static int take_envelope(struct vt_check_options *options, int option)
{
    if (option == 't')
        return add_recipient(options, optarg);
    *(option == 'f'   ? &options->sender
      : option == 'i' ? &options->client
                      : &options->login) = optarg;
    return EX_OK;
}

static int take_option(struct vt_check_options *options, int option)
{
    switch (option) {
    case 'j':
        options->json = true;
        return EX_OK;
    case 'H':
        options->html = true;
        options->html_file = optarg != NULL && strcmp(optarg, "-") == 0 ? NULL : optarg;
        return EX_OK;
    case 'T':
        options->trace = true;
        return EX_OK;
    case 'o':
        options->offline = true;
        return EX_OK;
    case 'c':
        options->config_file = optarg;
        return EX_OK;
    case 'p':
        options->policy_file = optarg;
        return EX_OK;
    case 't':
        return add_trust(options, optarg);
    case 'r':
        return add_file(options, "--crl", optarg, VT_MAX_CRL_BYTES, options->crls,
                        options->crl_views, &options->overrides.crls_count);
    case 'd':
        return add_file(options, "--content", optarg, VT_MAX_MAIL_BYTES, options->contents,
                        options->content_views, &options->overrides.contents_count);
    case 'w':
        return add_file(options, "--with", optarg, VT_MAX_CERTIFICATES * VT_MAX_CERTIFICATE_BYTES,
                        options->contents, options->content_views,
                        &options->overrides.contents_count);
    case 'a':
        return set_time(options, optarg);
    case 's':
        return set_sender_class(options, optarg);
    case 'D':
        return set_direction(options, optarg);
    case 'A':
        options->all = true;
        return EX_OK;
    case 'F':
        return take_envelope(options, 'f');
    case 'R':
        return take_envelope(options, 't');
    case 'I':
        return take_envelope(options, 'i');
    case 'L':
        return take_envelope(options, 'l');
    default:
        return EX_USAGE;
    }
}

/* Only opened: what it holds is read when its turn comes. */
static int check_readable(const struct vt_check_options *options, const char *file)
{
    struct stat status;
    if (strcmp(file, "-") == 0)
        return EX_OK;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int error = fd < 0 || fstat(fd, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? EISDIR : 0;
    if (fd >= 0)
        (void)close(fd);
    return error == 0 ? EX_OK : cannot_read(options, "", file, error);
}

/* What the options and arguments name is there. */
static int check_named(const struct vt_check_options *options, int argc, char **argv)
{
    int status = EX_OK;
    for (size_t i = 0; i < options->overrides.trust_count && status == EX_OK; i++)
        status = check_trust(options, &options->trust[i]);
    for (int i = optind; i < argc && status == EX_OK; i++)
        status = check_readable(options, argv[i]);
    return status;
}

int vt_check_options_add_trust(struct vt_check_options *options, const char *argument)
{
    int status = add_trust(options, argument);
    return status == EX_OK
               ? check_trust(options, &options->trust[options->overrides.trust_count - 1])
               : status;
}

/* ---- all of them ---- */

static const struct option of_documents[] = {
    {"json", no_argument, NULL, 'j'},
    {"html", optional_argument, NULL, 'H'},
    {"trace", no_argument, NULL, 'T'},
    {"config", required_argument, NULL, 'c'},
    {"policy", required_argument, NULL, 'p'},
    {"trust", required_argument, NULL, 't'},
    {"crl", required_argument, NULL, 'r'},
    {"at", required_argument, NULL, 'a'},
    {"offline", no_argument, NULL, 'o'},
    {"content", required_argument, NULL, 'd'},
    {"sender-class", required_argument, NULL, 's'},
    {"direction", required_argument, NULL, 'D'},
    {NULL, 0, NULL, 0},
};
static const struct option of_certificates[] = {
    {"json", no_argument, NULL, 'j'},        {"config", required_argument, NULL, 'c'},
    {"trust", required_argument, NULL, 't'}, {"crl", required_argument, NULL, 'r'},
    {"at", required_argument, NULL, 'a'},    {"offline", no_argument, NULL, 'o'},
    {"with", required_argument, NULL, 'w'},  {NULL, 0, NULL, 0},
};
static const struct option of_explain[] = {
    {"json", no_argument, NULL, 'j'},
    {"all", no_argument, NULL, 'A'},
    {"config", required_argument, NULL, 'c'},
    {"policy", required_argument, NULL, 'p'},
    {"trust", required_argument, NULL, 't'},
    {"crl", required_argument, NULL, 'r'},
    {"at", required_argument, NULL, 'a'},
    {"offline", no_argument, NULL, 'o'},
    {"content", required_argument, NULL, 'd'},
    {"sender-class", required_argument, NULL, 's'},
    {"direction", required_argument, NULL, 'D'},
    {"from", required_argument, NULL, 'F'},
    {"to", required_argument, NULL, 'R'},
    {"client", required_argument, NULL, 'I'},
    {"login", required_argument, NULL, 'L'},
    {NULL, 0, NULL, 0},
};
static const struct option of_cases[] = {
    {"json", no_argument, NULL, 'j'},         {"config", required_argument, NULL, 'c'},
    {"policy", required_argument, NULL, 'p'}, {"trust", required_argument, NULL, 't'},
    {"crl", required_argument, NULL, 'r'},    {NULL, 0, NULL, 0},
};
static const struct option *const options_of[] = {[VT_CHECK_DOCUMENTS] = of_documents,
                                                  [VT_CHECK_CERTIFICATES] = of_certificates,
                                                  [VT_CHECK_EXPLAIN] = of_explain,
                                                  [VT_CHECK_CASES] = of_cases};

int vt_check_options_read(enum vt_check_command command, int argc, char **argv,
                          struct vt_check_options *out)
{
    const struct option *known = options_of[command];
    bool is_of_files = command == VT_CHECK_DOCUMENTS || command == VT_CHECK_CERTIFICATES;
    int option = 0, status = EX_OK;
    out->command = argv[0];
    out->now_utc_secs = vt_clock_now_utc_secs();
    while (status == EX_OK && (option = getopt_long(argc, argv, "", known, NULL)) != -1)
        status = take_option(out, option);
    if (status == EX_OK && out->trace && !out->json)
        status = bad_usage(out, "--trace belongs to --json");
    if (status == EX_OK && out->html && out->json)
        status = bad_usage(out, "--html and --json exclude each other");
    if (status == EX_OK && optind == argc && is_of_files)
        status = bad_usage(out, "which file? (\"-\" is standard input)");
    if (status == EX_OK)
        status = check_named(out, is_of_files ? argc : optind, argv);
    out->overrides.trust = out->trust;
    out->overrides.crls = out->crl_views;
    out->overrides.contents = out->content_views;
    return status;
}

void vt_check_options_clear(struct vt_check_options *options)
{
    for (size_t i = 0; i < options->overrides.crls_count; i++)
        vt_buf_clear(&options->crls[i]);
    for (size_t i = 0; i < options->overrides.contents_count; i++)
        vt_buf_clear(&options->contents[i]);
}
