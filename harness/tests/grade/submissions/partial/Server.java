// Shows: half of the assignment: PASV but no PORT, no directories, one client at a time, a line is whatever one read gives.
import java.io.*;
import java.net.*;
import java.nio.file.*;

public class Server {
    static Path root = Paths.get("/tmp");
    static OutputStream out;
    static ServerSocket passive;
    static boolean loggedIn;

    static void say(String text) throws IOException {
        out.write((text + "\r\n").getBytes("UTF-8"));
    }

    /** Where the client connects to, once it was told by PASV. */
    static Socket data() throws IOException {
        passive.setSoTimeout(3000);
        Socket data = passive.accept();
        passive.close();
        passive = null;
        return data;
    }

    static void retr(String name) throws IOException {
        Path file = root.resolve(name);
        if (!Files.exists(file)) {
            say("550 No such file.");
            return;
        }
        if (passive == null) {
            say("425 Use PASV first.");
            return;
        }
        say("150 Opening BINARY mode data connection.");
        try (Socket data = data()) {
            Files.copy(file, data.getOutputStream());
            data.close();
            say("226 Transfer complete.");
        } catch (IOException problem) {
            say("426 Broken off.");
        }
    }

    static void stor(String name) throws IOException {
        if (passive == null) {
            say("425 Use PASV first.");
            return;
        }
        say("150 Opening BINARY mode data connection.");
        try (Socket data = data()) {
            Files.copy(data.getInputStream(), root.resolve(name), StandardCopyOption.REPLACE_EXISTING);
            say("226 Transfer complete.");
        } catch (IOException problem) {
            say("426 Broken off.");
        }
    }

    static void pasv(Socket control) throws IOException {
        if (passive != null) passive.close();
        passive = new ServerSocket(0, 1, control.getLocalAddress());
        int port = passive.getLocalPort();
        String host = control.getLocalAddress().getHostAddress().replace('.', ',');
        say("227 Entering Passive Mode (" + host + "," + port / 256 + "," + port % 256 + ")");
    }

    static void serve(Socket control) throws IOException {
        out = control.getOutputStream();
        loggedIn = false;
        say("220 ftp.ssast.org FTP server ready.");
        byte[] buffer = new byte[8192];
        int length;
        while ((length = control.getInputStream().read(buffer)) > 0) {
            String[] words = new String(buffer, 0, length, "UTF-8").trim().split(" ", 2);
            String argument = words.length > 1 ? words[1] : "";
            if (words[0].equals("QUIT")) {
                say("221 Goodbye.");
                return;
            } else if (words[0].equals("USER")) say("331 Guest login ok, send your complete e-mail address as password.");
            else if (words[0].equals("PASS")) {
                loggedIn = true;
                say("230 Guest login ok, access restrictions apply.");
            } else if (words[0].equals("SYST")) say("215 UNIX Type: L8");
            else if (words[0].equals("TYPE")) say("200 Type set to I.");
            else if (!loggedIn) say("530 Log in first.");
            else if (words[0].equals("PASV")) pasv(control);
            else if (words[0].equals("RETR")) retr(argument);
            else if (words[0].equals("STOR")) stor(argument);
            else say("502 Not implemented yet.");
        }
    }

    public static void main(String[] arguments) throws IOException {
        int port = 21;
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            if (arguments[i].equals("-port")) port = Integer.parseInt(arguments[i + 1]);
            if (arguments[i].equals("-root")) root = Paths.get(arguments[i + 1]);
        }
        ServerSocket server = new ServerSocket(port, 64);
        while (true) {
            try (Socket control = server.accept()) {
                serve(control);
            } catch (IOException gone) {
                // the next one
            }
        }
    }
}
