/* Shows: a submission that does all that the assignment asks for. A thread for each client. */
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_LEN 4096
#define DATA_TIMEOUT 3000 /* how long we wait for the client to connect, in milliseconds */

static char root[4096];

struct session {
    int control;
    int named, logged_in;
    char cwd[1024];           /* as the client sees it: "/" is the root */
    char in[LINE_MAX_LEN];    /* bytes that came and are no whole line yet */
    size_t have;
    int listener, passive;    /* PASV: the socket that listens, the connection if it was made */
    int port_set;
    struct sockaddr_in port_to;
    long bytes;
    int files;
};

static void reply(struct session *s, const char *format, ...) {
    char line[LINE_MAX_LEN];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 2, format, args);
    va_end(args);
    if (n > (int)sizeof line - 3) n = sizeof line - 3;
    memcpy(line + n, "\r\n", 2);
    send(s->control, line, n + 2, 0);
}

/* Reads one line. TCP is a stream, so a line may come in pieces and pieces may hold many lines. */
static int read_line(struct session *s, char *line) {
    int too_long = 0;
    for (;;) {
        char *end = memchr(s->in, '\n', s->have);
        if (end) {
            size_t length = end - s->in;
            memcpy(line, s->in, length);
            line[length && line[length - 1] == '\r' ? length - 1 : length] = 0;
            s->have -= length + 1;
            memmove(s->in, end + 1, s->have);
            if (!too_long) return 1;
            too_long = 0;
            reply(s, "500 Line too long.");
            continue;
        }
        if (s->have == sizeof s->in) { too_long = 1; s->have = 0; }
        ssize_t n = recv(s->control, s->in + s->have, sizeof s->in - s->have, 0);
        if (n <= 0) return 0;
        s->have += n;
    }
}

/* Makes a path below the root of what the client named. ".." never leads above it. */
static int resolve(struct session *s, const char *name, char *virtual, char *real) {
    char joined[LINE_MAX_LEN + 1100], copy[LINE_MAX_LEN + 1100], *part, *rest = copy;
    snprintf(joined, sizeof joined, "%s/%s", name[0] == '/' ? "" : s->cwd, name);
    strcpy(copy, joined);
    size_t length = 0;
    virtual[0] = 0;
    while ((part = strtok_r(rest, "/", &rest))) {
        if (!strcmp(part, ".")) continue;
        if (!strcmp(part, "..")) {
            char *up = strrchr(virtual, '/');
            if (up) *up = 0;
            length = strlen(virtual);
            continue;
        }
        if (length + strlen(part) + 2 > 1000) return 0;
        length += sprintf(virtual + length, "/%s", part);
    }
    snprintf(real, 8192, "%s%s", root, virtual);
    if (!virtual[0]) strcpy(virtual, "/");
    return 1;
}

static void forget_data(struct session *s) {
    if (s->listener >= 0) close(s->listener);
    if (s->passive >= 0) close(s->passive);
    s->listener = s->passive = -1;
    s->port_set = 0;
}

static void do_port(struct session *s, const char *argument) {
    unsigned h[6];
    char more;
    if (sscanf(argument, "%3u,%3u,%3u,%3u,%3u,%3u%c", &h[0], &h[1], &h[2], &h[3], &h[4], &h[5], &more) != 6) {
        reply(s, "501 PORT has six numbers: h1,h2,h3,h4,p1,p2.");
        return;
    }
    for (int i = 0; i < 6; i++)
        if (h[i] > 255) { reply(s, "501 Each number of PORT is at most 255."); return; }
    forget_data(s);
    memset(&s->port_to, 0, sizeof s->port_to);
    s->port_to.sin_family = AF_INET;
    s->port_to.sin_addr.s_addr = htonl(h[0] << 24 | h[1] << 16 | h[2] << 8 | h[3]);
    s->port_to.sin_port = htons(h[4] * 256 + h[5]);
    s->port_set = 1; /* only stored: we connect when RETR or STOR comes */
    reply(s, "200 PORT command successful.");
}

static void do_pasv(struct session *s) {
    struct sockaddr_in own;
    socklen_t size = sizeof own;
    forget_data(s); /* a second PASV takes the place of the first */
    getsockname(s->control, (struct sockaddr *)&own, &size);
    own.sin_port = 0;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&own, sizeof own) < 0 || listen(s->listener, 1) < 0) {
        forget_data(s);
        reply(s, "425 Cannot listen.");
        return;
    }
    size = sizeof own;
    getsockname(s->listener, (struct sockaddr *)&own, &size);
    unsigned a = ntohl(own.sin_addr.s_addr), p = ntohs(own.sin_port);
    reply(s, "227 Entering Passive Mode (%u,%u,%u,%u,%u,%u)", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, p >> 8, p & 255);
}

/* The data connection of this transfer, or -1. PORT and PASV are good for one. */
static int open_data(struct session *s) {
    int data = -1;
    if (s->listener >= 0) {
        struct pollfd wait = {s->listener, POLLIN, 0};
        if (poll(&wait, 1, DATA_TIMEOUT) == 1) data = accept(s->listener, NULL, NULL);
    } else if (s->port_set) {
        data = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(data, (struct sockaddr *)&s->port_to, sizeof s->port_to) < 0) { close(data); data = -1; }
    }
    forget_data(s);
    return data;
}

static int send_all(int data, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = send(data, bytes, length, 0);
        if (n <= 0) return 0;
        bytes += n;
        length -= n;
    }
    return 1;
}

static void do_retr(struct session *s, const char *real, const char *name) {
    char block[65536];
    struct stat info;
    ssize_t n = 0;
    int file = open(real, O_RDONLY), ok = 1;
    if (file < 0) { reply(s, "550 %s: no such file.", name); return; }
    if (fstat(file, &info) < 0 || !S_ISREG(info.st_mode)) {
        close(file);
        forget_data(s);
        reply(s, "551 %s: not a plain file.", name);
        return;
    }
    if (s->listener < 0 && !s->port_set) { close(file); reply(s, "425 Use PORT or PASV first."); return; }
    reply(s, "150 Opening BINARY mode data connection for %s (%ld bytes).", name, (long)info.st_size);
    int data = open_data(s);
    if (data < 0) { close(file); reply(s, "425 Cannot open data connection."); return; }
    while (ok && (n = read(file, block, sizeof block)) > 0) {
        ok = send_all(data, block, n);
        if (ok) s->bytes += n;
    }
    close(file);
    close(data);
    if (!ok) { reply(s, "426 The connection was broken."); return; }
    if (n < 0) { reply(s, "451 The file cannot be read."); return; }
    s->files++;
    reply(s, "226 Transfer complete.");
}

static void do_stor(struct session *s, const char *real, const char *name) {
    char block[65536];
    ssize_t n, done = 0;
    if (s->listener < 0 && !s->port_set) { reply(s, "425 Use PORT or PASV first."); return; }
    int file = open(real, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) { forget_data(s); reply(s, "553 %s: cannot be stored.", name); return; }
    reply(s, "150 Opening BINARY mode data connection for %s.", name);
    int data = open_data(s);
    if (data < 0) { close(file); reply(s, "425 Cannot open data connection."); return; }
    while ((n = recv(data, block, sizeof block, 0)) > 0)
        if ((done = write(file, block, n)) != n) break;
    close(file);
    close(data);
    if (n < 0) { reply(s, "426 The connection was broken."); return; }
    if (n > 0) { reply(s, "452 The disk is full."); return; }
    s->files++;
    reply(s, "226 Transfer complete.");
}

static void list_one(char *out, size_t size, const char *name, const struct stat *info) {
    char when[32];
    struct tm parts;
    strftime(when, sizeof when, "%b %d %H:%M", localtime_r(&info->st_mtime, &parts));
    snprintf(out, size, "%crw-r--r-- 1 ftp ftp %10ld %s %s\r\n", S_ISDIR(info->st_mode) ? 'd' : '-', (long)info->st_size, when, name);
}

static void do_list(struct session *s, const char *real, const char *name) {
    char line[1024], path[8500];
    struct stat info;
    int ok = 1;
    if (stat(real, &info) < 0) { reply(s, "550 No such file or directory."); return; }
    if (s->listener < 0 && !s->port_set) { reply(s, "425 Use PORT or PASV first."); return; }
    reply(s, "150 Here comes the list.");
    int data = open_data(s);
    if (data < 0) { reply(s, "425 Cannot open data connection."); return; }
    DIR *dir = S_ISDIR(info.st_mode) ? opendir(real) : NULL;
    struct dirent *entry;
    if (!dir) {
        list_one(line, sizeof line, name, &info);
        ok = send_all(data, line, strlen(line));
    }
    while (dir && ok && (entry = readdir(dir))) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(path, sizeof path, "%s/%s", real, entry->d_name);
        if (stat(path, &info) < 0) continue;
        list_one(line, sizeof line, entry->d_name, &info);
        ok = send_all(data, line, strlen(line));
    }
    if (dir) closedir(dir);
    close(data);
    reply(s, ok ? "226 Transfer complete." : "426 The connection was broken.");
}

/* Does one command. Says 0 when the session is over. */
static int do_command(struct session *s, char *line) {
    char *argument = strchr(line, ' '), virtual[1100], real[8192];
    struct stat info;
    if (argument) *argument++ = 0;
    else argument = "";
    for (char *c = line; *c; c++) *c = toupper((unsigned char)*c);
#define IS(verb) (!strcmp(line, verb))
    if (IS("QUIT") || IS("ABOR")) {
        reply(s, "221-You have transferred %ld bytes in %d files.\r\n221 Goodbye.", s->bytes, s->files);
        return 0;
    }
    if (IS("USER")) {
        s->logged_in = 0;
        s->named = !strcmp(argument, "anonymous");
        reply(s, s->named ? "331 Guest login ok, send your complete e-mail address as password." : *argument ? "530 Only anonymous." : "501 USER needs a name.");
    } else if (IS("PASS")) {
        s->logged_in = s->named;
        reply(s, s->named ? "230 Guest login ok, access restrictions apply." : "503 USER comes first.");
    } else if (IS("SYST")) reply(s, "215 UNIX Type: L8");
    else if (!IS("TYPE") && !IS("PORT") && !IS("PASV") && !IS("RETR") && !IS("STOR") && !IS("LIST") && !IS("CWD") && !IS("MKD") && !IS("RMD"))
        reply(s, "500 Unknown command.");
    else if (!s->logged_in) reply(s, "530 Log in first.");
    else if (IS("TYPE")) reply(s, !strcasecmp(argument, "I") ? "200 Type set to I." : "504 Only TYPE I.");
    else if (IS("PORT")) do_port(s, argument);
    else if (IS("PASV")) do_pasv(s);
    else if (!*argument && !IS("LIST")) reply(s, "501 A name is missing.");
    else if (!resolve(s, argument, virtual, real)) reply(s, "550 The name is too long.");
    else if (IS("RETR")) do_retr(s, real, argument);
    else if (IS("STOR")) do_stor(s, real, argument);
    else if (IS("LIST")) do_list(s, real, argument);
    else if (IS("CWD")) {
        if (stat(real, &info) == 0 && S_ISDIR(info.st_mode)) { strcpy(s->cwd, virtual); reply(s, "250 Okay."); }
        else reply(s, "550 No such directory.");
    } else if (IS("MKD")) {
        if (mkdir(real, 0755) == 0) reply(s, "257 \"%s\" was made.", virtual);
        else reply(s, "550 Cannot make it.");
    } else reply(s, rmdir(real) == 0 ? "250 Removed." : "550 Cannot remove it.");
    return 1;
}

static void *serve(void *client) {
    char line[LINE_MAX_LEN];
    struct session *s = calloc(1, sizeof *s);
    s->control = (int)(long)client;
    s->listener = s->passive = -1;
    strcpy(s->cwd, "/");
    reply(s, "220 ftp.ssast.org FTP server ready.");
    while (read_line(s, line) && do_command(s, line)) continue;
    forget_data(s);
    close(s->control);
    free(s);
    return NULL;
}

int main(int argc, char **argv) {
    int port = 21, on = 1;
    strcpy(root, "/tmp");
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "-port")) port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "-root") && !realpath(argv[i + 1], root)) { perror(argv[i + 1]); return 1; }
    }
    signal(SIGPIPE, SIG_IGN); /* a client that leaves must not end us */
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, 64) < 0) { perror("bind"); return 1; }
    for (;;) {
        pthread_t thread;
        int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        if (pthread_create(&thread, NULL, serve, (void *)(long)client) == 0) pthread_detach(thread);
        else close(client);
    }
}
