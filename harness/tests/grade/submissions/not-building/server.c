/* Shows: it does not compile: a semicolon is missing, and a function that nobody wrote is called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    int port = 21, i;
    char *root = "/tmp"
    for (i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "-port")) port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "-root")) root = argv[i + 1];
    }
    printf("Serving %s on port %d\n", root, port);
    return start_server(port, root);
}
