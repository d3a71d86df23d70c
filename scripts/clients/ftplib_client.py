"""One operation of python's ftplib: PORT OPERATION clear|tls passive|active."""

import ftplib
import socket
import ssl
import sys

port, operation, security, mode = sys.argv[1:]
if security == "tls":
    client = ftplib.FTP_TLS(context=ssl._create_unverified_context())
else:
    client = ftplib.FTP()
client.connect("127.0.0.1", int(port), timeout=30)
client.login("test", "test1234")
if security == "tls":
    client.prot_p()
client.set_pasv(mode == "passive")
match operation:
    case "list":
        client.retrlines("LIST")
    case "get":
        with open("down.bin", "wb") as file:
            client.retrbinary("RETR body.bin", file.write)
    case "put":
        with open("up.bin", "rb") as file:
            client.storbinary("STOR new.bin", file)
    case "resume":
        with open("down.bin", "ab") as file:
            client.retrbinary("RETR body.bin", file.write, rest=file.tell())
    case "rename":
        client.rename("old name.txt", "new name.txt")
    case "mkdir":
        client.mkd("made")
client.quit()
