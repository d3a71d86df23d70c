/* Shows: it binds its port and forgets listen(), so nobody can ever connect. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int port = 21, i;
    for (i = 1; i + 1 < argc; i += 2)
        if (!strcmp(argv[i], "-port")) port = atoi(argv[i + 1]);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons(port)};
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&here, sizeof here)) { perror("bind"); return 1; }
    printf("Server ready on port %d\n", port); /* as far as it knows */
    fflush(stdout);
    for (;;) {
        int client = accept(listener, NULL, NULL);
        if (client < 0) { sleep(1); continue; }
        send(client, "220 ftp.ssast.org FTP server ready.\r\n", 37, 0);
    }
}
