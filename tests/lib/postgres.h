/* SPDX-License-Identifier: Apache-2.0
 * A PostgreSQL of one's own for a test program: in a temporary folder, on a socket there and on no
 * port, as a user without rights. It ends with the program. */
#ifndef VANTHU_TESTS_POSTGRES_H
#define VANTHU_TESTS_POSTGRES_H

#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libpq-fe.h>

struct test_postgres {
    char folder[128], binaries[200], connection[256];
    pid_t server;
};

static inline bool test_postgres_find(struct test_postgres *pg)
{
    glob_t found;
    bool is_found = glob("/usr/lib/postgresql/*/bin/postgres", 0, NULL, &found) == 0;
    if (is_found)
        (void)snprintf(pg->binaries, sizeof(pg->binaries), "%.*s",
                       (int)(strlen(found.gl_pathv[found.gl_pathc - 1]) - strlen("/postgres")),
                       found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return is_found;
}

/* PostgreSQL does not run as root. */
static inline void test_postgres_become(const struct test_postgres *pg, const char *log)
{
    const struct passwd *user = getpwnam("nobody");
    if (getuid() == 0 && (user == NULL || setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 ||
                          setuid(user->pw_uid) != 0))
        _exit(70);
    (void)prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (chdir(pg->folder) != 0 || freopen(log, "a", stdout) == NULL ||
        dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(70);
}

static inline bool test_postgres_init(const struct test_postgres *pg)
{
    char program[256], data[160];
    int status = 0;
    (void)snprintf(program, sizeof(program), "%s/initdb", pg->binaries);
    (void)snprintf(data, sizeof(data), "%s/data", pg->folder);
    pid_t child = fork();
    if (child == 0) {
        test_postgres_become(pg, "initdb.log");
        (void)execl(program, "initdb", "-D", data, "-U", "vanthu", "-A", "trust", "-E", "UTF8",
                    "--no-locale", "--no-sync", "--no-instructions", (char *)NULL);
        _exit(71);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}

static inline bool test_postgres_await(const struct test_postgres *pg)
{
    for (int i = 0; i < 200; i++) {
        PGconn *conn = PQconnectdb(pg->connection);
        bool is_there = PQstatus(conn) == CONNECTION_OK;
        PQfinish(conn);
        if (is_there)
            return true;
        (void)usleep(50000);
    }
    return false;
}

static inline int test_postgres_remove(const char *path, const struct stat *status, int type,
                                       struct FTW *place)
{
    (void)status, (void)type, (void)place;
    return remove(path);
}

static inline void test_postgres_stop(struct test_postgres *pg)
{
    if (pg->server > 0) {
        (void)kill(pg->server, SIGCONT);
        (void)kill(pg->server, SIGQUIT);
        (void)waitpid(pg->server, NULL, 0);
    }
    pg->server = 0;
    if (pg->folder[0] != '\0')
        (void)nftw(pg->folder, test_postgres_remove, 16, FTW_DEPTH | FTW_PHYS);
    pg->folder[0] = '\0';
}

static inline void test_postgres_run(struct test_postgres *pg)
{
    char program[256], data[160], socket[200];
    (void)snprintf(program, sizeof(program), "%s/postgres", pg->binaries);
    (void)snprintf(data, sizeof(data), "%s/data", pg->folder);
    (void)snprintf(socket, sizeof(socket), "unix_socket_directories=%s", pg->folder);
    pg->server = fork();
    if (pg->server != 0)
        return;
    test_postgres_become(pg, "server.log");
    (void)execl(program, "postgres", "-D", data, "-c", "listen_addresses=", "-c", socket, "-c",
                "fsync=off", "-c", "shared_buffers=16MB", (char *)NULL);
    _exit(71);
}

/* False: this machine has no PostgreSQL. In CI (CI=true) there must be one. */
static inline bool test_postgres_start(struct test_postgres *pg)
{
    const struct passwd *user = getpwnam("nobody");
    const char *base = getenv("TMPDIR"), *ci = getenv("CI");
    *pg = (struct test_postgres){.server = 0};
    bool is_there = test_postgres_find(pg);
    /* The name of a socket is short. */
    (void)snprintf(pg->folder, sizeof(pg->folder), "%s/vanthu-pg-XXXXXX",
                   base != NULL && strlen(base) < 60 ? base : "/tmp");
    if (is_there)
        is_there = mkdtemp(pg->folder) != NULL &&
                   (getuid() != 0 || chown(pg->folder, user->pw_uid, user->pw_gid) == 0);
    (void)snprintf(pg->connection, sizeof(pg->connection), "host=%s user=vanthu dbname=postgres",
                   pg->folder);
    if (is_there && test_postgres_init(pg)) {
        test_postgres_run(pg);
        if (test_postgres_await(pg))
            return true;
    }
    if (is_there)
        test_postgres_stop(pg);
    if (is_there || (ci != NULL && strcmp(ci, "true") == 0)) {
        fprintf(stderr, "PostgreSQL cannot be started; see initdb(1)\n");
        exit(1);
    }
    printf("SKIPPED on PostgreSQL: there is none on this machine (Debian: postgresql)\n");
    return false;
}

/* A new, empty database; connection has room for 256 bytes. */
static inline void test_postgres_database(const struct test_postgres *pg, char *connection)
{
    static unsigned count;
    char text[64];
    (void)snprintf(text, sizeof(text), "CREATE DATABASE d%u", ++count);
    PGconn *conn = PQconnectdb(pg->connection);
    PGresult *result = PQexec(conn, text);
    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fprintf(stderr, "%s: %s\n", text, PQerrorMessage(conn));
        exit(1);
    }
    PQclear(result);
    PQfinish(conn);
    (void)snprintf(connection, 256, "host=%s user=vanthu dbname=d%u", pg->folder, count);
}

#endif
