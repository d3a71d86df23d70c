# Shows: half a second passes before each reply.
import os, socket, sys, threading, time

options = dict(zip(sys.argv[1::2], sys.argv[2::2]))
PORT, ROOT = int(options.get("-port", 21)), os.path.realpath(options.get("-root", "/tmp"))


class Session:
    def __init__(self, control):
        self.control, self.lines = control, control.makefile("rb")
        self.cwd, self.user, self.logged_in = "/", False, False
        self.listener = self.port = None

    def say(self, text):
        time.sleep(0.5)  # the network needs its time
        self.control.sendall((text + "\r\n").encode("latin-1", "replace"))

    def path(self, name):
        virtual = os.path.normpath(os.path.join(self.cwd, name))
        return virtual, ROOT + "/" + virtual.lstrip("/")

    def forget(self):
        if self.listener:
            self.listener.close()
        self.listener = self.port = None

    def data(self):
        try:
            if self.listener:
                self.listener.settimeout(3)
                data = self.listener.accept()[0]
            else:
                data = socket.create_connection(self.port, 3)
            data.settimeout(None)
            return data
        except OSError:
            return None
        finally:
            self.forget()

    def transfer(self, work):
        if not self.listener and not self.port:
            return self.say("425 Use PORT or PASV first.")
        self.say("150 Opening BINARY mode data connection.")
        data = self.data()
        if not data:
            return self.say("425 No data connection.")
        try:
            work(data)
        except OSError:
            return self.say("426 Broken off.")
        finally:
            data.close()
        self.say("226 Transfer complete.")

    def PORT(self, argument):
        numbers = [int(n) if n.isdigit() and len(n) < 4 else 256 for n in argument.split(",")]
        if len(numbers) != 6 or max(numbers) > 255:
            return self.say("501 PORT has six numbers.")
        self.forget()
        self.port = (".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])
        self.say("200 PORT command successful.")

    def PASV(self, argument):
        self.forget()
        host = self.control.getsockname()[0]
        self.listener = socket.create_server((host, 0))
        port = self.listener.getsockname()[1]
        self.say("227 Entering Passive Mode (%s,%d,%d)" % (host.replace(".", ","), port // 256, port % 256))

    def RETR(self, argument):
        path = self.path(argument)[1]
        if os.path.isdir(path):
            self.forget()
            return self.say("551 A directory.")
        try:
            file = open(path, "rb")
        except OSError:
            return self.say("550 No such file.")
        with file:
            self.transfer(lambda data: data.sendfile(file))

    def STOR(self, argument):
        def take(data):
            while block := data.recv(65536):
                file.write(block)
        if not self.listener and not self.port:
            return self.say("425 Use PORT or PASV first.")
        try:
            file = open(self.path(argument)[1], "wb")
        except OSError:
            return self.say("553 Cannot store it.")
        with file:
            self.transfer(take)

    def LIST(self, argument):
        path = self.path(argument)[1]
        if not os.path.exists(path):
            return self.say("550 No such directory.")
        names = sorted(os.listdir(path)) if os.path.isdir(path) else [argument]
        lines = ["-rw-r--r-- 1 ftp ftp 0 Jan  1 00:00 %s\r\n" % name for name in names]
        self.transfer(lambda data: data.sendall("".join(lines).encode("utf-8", "surrogateescape")))

    def CWD(self, argument):
        virtual, path = self.path(argument)
        if os.path.isdir(path):
            self.cwd = virtual
        self.say("250 Okay." if os.path.isdir(path) else "550 No such directory.")

    def MKD(self, argument):
        virtual, path = self.path(argument)
        try:
            os.mkdir(path)
            self.say('257 "%s" was made.' % virtual)
        except OSError:
            self.say("550 Cannot make it.")

    def RMD(self, argument):
        try:
            os.rmdir(self.path(argument)[1])
            self.say("250 Removed.")
        except OSError:
            self.say("550 Cannot remove it.")

    def command(self, verb, argument):
        if verb == "USER":
            self.user = bool(argument)
            self.say("331 Send your e-mail address as password." if argument else "501 Who?")
        elif verb == "PASS":
            self.logged_in = self.user
            self.say("230 Welcome." if self.user else "503 USER comes first.")
        elif verb == "SYST":
            self.say("215 UNIX Type: L8")
        elif verb not in ("TYPE", "PORT", "PASV", "RETR", "STOR", "LIST", "CWD", "MKD", "RMD"):
            self.say("500 Unknown command.")
        elif not self.logged_in:
            self.say("530 Log in first.")
        elif verb == "TYPE":
            self.say("200 Type set to I." if argument.upper() == "I" else "504 Only TYPE I.")
        elif not argument and verb not in ("PASV", "LIST") or "\0" in argument:
            self.say("501 A name is missing.")
        else:
            getattr(self, verb)(argument)

    def serve(self):
        try:
            self.say("220 ftp.ssast.org FTP server ready.")
            for line in self.lines:
                verb, _, argument = line.decode("utf-8", "surrogateescape").rstrip("\r\n").partition(" ")
                if verb.upper() in ("QUIT", "ABOR"):
                    self.say("221 Goodbye.")
                    break
                self.command(verb.upper(), argument)
        except OSError:
            pass
        self.forget()
        self.lines.close()
        self.control.close()


server = socket.create_server(("", PORT), backlog=64)
while True:
    session = Session(server.accept()[0])
    threading.Thread(target=session.serve, daemon=True).start()
