# Shows: it accepts each client and never says a word, not even the greeting.
import socket, sys

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
server = socket.create_server(("", int(options.get("-port", 21))), backlog=64)
clients = []
while True:
    clients.append(server.accept()[0])  # TODO: greet them
