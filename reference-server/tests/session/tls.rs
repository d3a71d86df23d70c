//! TLS on both connections (RFC 4217).

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rstest::rstest;
use rustls::client::{Resumption, Tls12Resumption};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, RootCertStore, StreamOwned, version};
use tempfile::TempDir;

use crate::client::{PATIENCE, Server, exactly, from_another_host, read_all};

type Secured = StreamOwned<ClientConnection, TcpStream>;

/// A certificate that clients trust.
struct Identity {
    directory: TempDir,
    certificate: CertificateDer<'static>,
}

impl Identity {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(directory.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { directory, certificate: made.cert.der().clone() }
    }

    fn server(&self, more: &[&str]) -> Server {
        let file = |name| self.directory.path().join(name).to_str().unwrap().to_owned();
        let (certificate, key) = (file("cert.pem"), file("key.pem"));
        Server::with(&[&["--tls-certificate", &certificate, "--tls-key", &key], more].concat())
    }

    fn configuration(&self, versions: &[&'static rustls::SupportedProtocolVersion]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

const BOTH: &[&rustls::SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

/// A client under TLS.
struct Client {
    control: Secured,
    configuration: Arc<ClientConfig>,
}

impl Client {
    fn auth(server: &Server, configuration: &Arc<ClientConfig>) -> Self {
        let mut clear = server.connect();
        clear.say_all(&[("AUTH TLS", "234")]);
        let configuration = Arc::clone(configuration);
        Self { control: secured(clear.stream, &configuration), configuration }
    }

    fn login(server: &Server, configuration: &Arc<ClientConfig>) -> Self {
        let mut client = Self::auth(server, configuration);
        client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")]);
        client
    }

    fn private(server: &Server, configuration: &Arc<ClientConfig>) -> Self {
        let mut client = Self::login(server, configuration);
        client.say_all(&[("PBSZ 0", "200"), ("PROT P", "200")]);
        client
    }

    fn reply(&mut self) -> String {
        reply(&mut self.control)
    }

    fn say(&mut self, line: &str) -> String {
        self.control.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.reply()
    }

    fn say_all(&mut self, dialogue: &[(&str, &str)]) {
        for (line, code) in dialogue {
            let reply = self.say(line);
            assert!(reply.starts_with(code), "{line}: {reply}");
        }
    }

    fn expect(&mut self, code: &str) {
        let reply = self.reply();
        assert!(reply.starts_with(code), "{code} was expected: {reply}");
    }

    fn open_passive(&mut self) -> TcpStream {
        connect(self.passive())
    }

    fn passive(&mut self) -> SocketAddr {
        let reply = self.say("EPSV");
        let port = reply.split("|||").nth(1).unwrap().split('|').next().unwrap().parse::<u16>().unwrap();
        SocketAddr::new(self.control.get_ref().peer_addr().unwrap().ip(), port)
    }

    fn open_secured(&mut self, command: &str) -> Secured {
        let data = self.open_passive();
        self.say_all(&[(command, "150")]);
        secured(data, &self.configuration)
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let data = TcpStream::connect(address).unwrap();
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    data
}

fn secured(stream: TcpStream, configuration: &Arc<ClientConfig>) -> Secured {
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = StreamOwned::new(ClientConnection::new(Arc::clone(configuration), name).unwrap(), stream);
    while stream.conn.is_handshaking() {
        stream.conn.complete_io(&mut stream.sock).unwrap();
    }
    stream
}

/// One reply of one or more lines; nothing behind it is read.
fn reply(stream: &mut impl Read) -> String {
    let mut reply = String::new();
    loop {
        let mut octet = [0];
        if stream.read(&mut octet).unwrap() == 0 {
            return reply;
        }
        reply.push(char::from(octet[0]));
        let last = reply.trim_end_matches("\r\n").rsplit("\r\n").next().unwrap();
        if reply.ends_with("\r\n") && last.as_bytes().get(3) == Some(&b' ') && reply.starts_with(&last[..3]) {
            return reply;
        }
    }
}

/// RFC 4217 says nothing of the order: some clients secure the connection before they say what is to be transferred.
#[rstest]
#[case::tls_1_2(&version::TLS12)]
#[case::tls_1_3(&version::TLS13)]
fn tls_may_begin_before_the_command(#[case] version: &'static rustls::SupportedProtocolVersion) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(&[version]));
    let body: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let mut data = secured(client.open_passive(), &client.configuration);
    // The control connection is heard meanwhile.
    client.say_all(&[("NOOP", "200"), ("STOR new", "150")]);
    data.write_all(&body).unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    drop(data);
    client.expect("226");
    let data = secured(client.open_passive(), &client.configuration);
    client.say_all(&[("RETR new", "150")]);
    assert!(read_all(data) == body, "other octets");
    client.expect("226");
}

/// Who finds the port before the client does not keep it from its TLS.
#[test]
fn a_stranger_at_the_port_delays_nobody() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    let address = client.passive();
    let stranger = from_another_host(address);
    let data = secured(connect(address), &client.configuration);
    client.say_all(&[("NLST", "150")]);
    assert_eq!(read_all(data), b"robots.txt\r\n");
    client.expect("226");
    assert_eq!(read_all(stranger), b"");
}

/// What went wrong before the command is told at the command, and at once.
#[rstest]
#[case::no_tls(b"GET / HTTP/1.1\r\n", &[])]
#[case::in_clear_since(b"", &[("PROT C", "200")])]
fn tls_that_fails_before_the_command_fails_the_transfer(#[case] said: &[u8], #[case] between: &[(&str, &str)]) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    let mut data = client.open_passive();
    let mut early = None;
    if said.is_empty() {
        early = Some(secured(data.try_clone().unwrap(), &client.configuration));
    } else {
        data.write_all(said).unwrap();
        // The alert: it has failed before anything is asked for.
        assert_eq!(exactly(&mut data, 1), [21]);
    }
    client.say_all(between);
    client.say_all(&[("NLST", "150")]);
    client.expect("522");
    drop((early, data));
    client.say_all(&[("PROT P", "200")]);
    let data = client.open_secured("NLST");
    assert_eq!(read_all(data), b"robots.txt\r\n");
    client.expect("226");
}

#[rstest]
#[case::tls_1_2(&version::TLS12, ProtocolVersion::TLSv1_2)]
#[case::tls_1_3(&version::TLS13, ProtocolVersion::TLSv1_3)]
fn a_session_and_its_data(#[case] version: &'static rustls::SupportedProtocolVersion, #[case] spoken: ProtocolVersion) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(&[version]));
    assert_eq!(client.control.conn.protocol_version(), Some(spoken));
    let body: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
    let mut data = client.open_secured("STOR new");
    data.write_all(&body).unwrap();
    data.conn.send_close_notify();
    data.flush().unwrap();
    assert_eq!(data.read(&mut [0]).unwrap(), 0, "the server ends TLS as well");
    drop(data);
    client.expect("226");
    assert!(std::fs::read(server.root().join("new")).unwrap() == body);
    let mut data = client.open_secured("RETR new");
    let mut octets = Vec::new();
    data.read_to_end(&mut octets).unwrap();
    assert!(octets == body);
    client.expect("226");
    let mut data = client.open_secured("LIST");
    data.read_to_end(&mut octets).unwrap();
    client.expect("226");
    client.say_all(&[("QUIT", "221")]);
    assert_eq!(client.control.read(&mut [0]).unwrap(), 0, "close_notify, then the end");
}

#[test]
fn a_file_that_ends_without_close_notify_is_not_complete() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    let mut data = client.open_secured("STOR new");
    data.write_all(b"half of it").unwrap();
    data.flush().unwrap();
    drop(data);
    client.expect("426");
}

/// In MODE B the end of a file is said; under TLS the connection ends with it all the same.
#[test]
fn blocks_under_tls() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    client.say_all(&[("TYPE I", "200"), ("MODE B", "200")]);
    let mut data = client.open_secured("STOR new");
    data.write_all(b"\x00\x00\x01a\x10\x00\x01m\x40\x00\x01b").unwrap();
    data.flush().unwrap();
    client.expect("110 MARK m = 1\r\n");
    client.expect("226");
    let mut data = client.open_secured("RETR new");
    let mut octets = Vec::new();
    data.read_to_end(&mut octets).unwrap();
    assert_eq!(octets, b"\x40\x00\x02ab");
    client.expect("226");
}

/// A connection that was left open in clear is not the one for a file that is to be protected.
#[test]
fn what_is_open_in_clear_stays_without_protected_files() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::login(&server, &identity.configuration(BOTH));
    client.say_all(&[("TYPE I", "200"), ("MODE B", "200")]);
    let mut data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    data.write_all(b"\x40\x00\x01a").unwrap();
    client.expect("250");
    client.say_all(&[("PBSZ 0", "200"), ("PROT P", "200"), ("RETR new", "1")]);
    // The default data port, where nobody listens.
    client.expect("425");
    assert_eq!(data.read(&mut [0]).unwrap(), 0);
}

/// As lftp does it: nothing is read, so that what the server sent would make of the end a reset.
#[test]
fn an_upload_that_reads_nothing_arrives() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let body = vec![7; 3 << 20];
    for _ in 0..20 {
        let mut client = Client::private(&server, &identity.configuration(BOTH));
        let mut data = client.open_secured("STOR new");
        data.write_all(&body).unwrap();
        data.conn.send_close_notify();
        data.flush().unwrap();
        drop(data);
        client.expect("226");
        assert_eq!(std::fs::metadata(server.root().join("new")).unwrap().len(), 3 << 20);
    }
}

#[test]
fn no_tls_on_the_data_connection_is_522() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    let mut data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    data.write_all(b"this is no hello of TLS").unwrap();
    client.expect("522");
    assert!(!server.root().join("new").exists());
}

#[test]
fn a_client_that_says_nothing_of_tls_is_not_waited_for_without_end() {
    let identity = Identity::new();
    let server = identity.server(&["--data-timeout", "1"]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    let _data = client.open_passive();
    client.say_all(&[("RETR robots.txt", "150")]);
    client.expect("522");
}

#[test]
fn auth_begins_the_session_anew_and_data_in_clear() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut clear = server.login();
    clear.say_all(&[("CWD sub", "550"), ("AUTH TLS-C", "234")]);
    let configuration = identity.configuration(BOTH);
    let mut client = Client { control: secured(clear.stream, &configuration), configuration };
    client.say_all(&[("PWD", "530"), ("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200")]);
    let data = client.open_passive();
    client.say_all(&[("RETR robots.txt", "150")]);
    assert_eq!(read_all(data), b"User-agent: *\nDisallow: /\n");
    client.expect("226");
}

#[test]
fn what_is_said_in_clear_behind_auth_is_never_done() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = server.connect();
    client.send(b"AUTH TLS\r\nUSER u\r\nPASS p\r\nMKD forged\r\n");
    client.expect("234");
    let rest = client.reply();
    assert!(rest.starts_with("421"), "{rest}");
    assert_eq!(client.reply(), "");
    assert!(!server.root().join("forged").exists());
}

/// The same where AUTH waited for a transfer, and where half a line came behind it.
#[rstest]
#[case::whole_lines(b"AUTH TLS\r\nMKD forged\r\nMKD forged\r\n")]
#[case::half_a_line(b"AUTH TLS\r\nMKD fo")]
fn auth_that_waited_for_a_transfer_takes_nothing_along(#[case] said: &[u8]) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let mut client = server.login();
    let data = client.open_passive();
    client.say_all(&[("STOR new", "150")]);
    // More than the queue of commands takes.
    client.send(&[b"NOOP\r\n".repeat(31), said.to_vec()].concat());
    drop(data);
    client.expect("226");
    for _ in 0..31 {
        client.expect("200");
    }
    client.expect("234");
    let rest = client.reply();
    assert!(rest.starts_with("421"), "{rest}");
    assert!(!server.root().join("forged").exists());
}

/// What is said behind CCC under TLS is dropped: it could not be answered, and must not pile up.
#[test]
fn commands_under_tls_behind_ccc_are_dropped() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-clear-control"]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    client.say_all(&[("CCC", "200")]);
    client.control.write_all(&b"MKD late\r\n".repeat(100)).unwrap();
    let mut stream = leave_tls(client.control);
    stream.write_all(b"NOOP\r\n").unwrap();
    assert_eq!(reply(&mut stream), "200 NOOP command successful.\r\n");
    assert!(!server.root().join("late").exists());
}

#[test]
fn a_long_reply_comes_whole() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    for number in 0..2000 {
        std::fs::write(server.root().join(format!("a-name-that-is-not-short-{number}")), "").unwrap();
    }
    let mut client = Client::login(&server, &identity.configuration(BOTH));
    let listing = client.say("STAT /");
    assert!(listing.len() > 100_000 && listing.ends_with("213 End of status.\r\n"), "{}", listing.len());
}

#[test]
fn a_login_in_clear_behind_ccc_is_refused_where_tls_is_demanded() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-clear-control", "--tls-demand", "login"]);
    let mut client = Client::auth(&server, &identity.configuration(BOTH));
    client.say_all(&[("CCC", "200")]);
    let mut stream = leave_tls(client.control);
    stream.write_all(b"USER u\r\n").unwrap();
    assert!(reply(&mut stream).starts_with("530"));
}

#[test]
fn ccc_goes_on_in_clear() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-clear-control"]);
    let mut client = Client::private(&server, &identity.configuration(BOTH));
    client.say_all(&[("CCC", "200")]);
    let mut stream = leave_tls(client.control);
    stream.write_all(b"NOOP\r\nPROT C\r\nCCC\r\nQUIT\r\n").unwrap();
    for code in ["200", "503", "533", "221"] {
        let reply = reply(&mut stream);
        assert!(reply.starts_with(code), "{code} was expected: {reply}");
    }
}

#[test]
fn rein_goes_back_to_the_beginning() {
    let identity = Identity::new();
    let server = identity.server(&[]);
    let configuration = identity.configuration(BOTH);
    let mut client = Client::private(&server, &configuration);
    client.say_all(&[("REIN", "220")]);
    let mut stream = leave_tls(client.control);
    stream.write_all(b"PWD\r\nAUTH TLS\r\n").unwrap();
    assert!(reply(&mut stream).starts_with("530"));
    assert!(reply(&mut stream).starts_with("234"));
    let mut client = Client { control: secured(stream, &configuration), configuration };
    client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("PROT P", "503")]);
}

/// Says `close_notify` and reads that of the server; what comes then is in clear.
fn leave_tls(mut secured: Secured) -> TcpStream {
    secured.conn.send_close_notify();
    secured.flush().unwrap();
    assert_eq!(secured.read(&mut [0]).unwrap(), 0);
    secured.sock
}

#[rstest]
#[case::ticket(&version::TLS12, Tls12Resumption::SessionIdOrTickets)]
#[case::session_id(&version::TLS12, Tls12Resumption::SessionIdOnly)]
#[case::tls_1_3(&version::TLS13, Tls12Resumption::Disabled)]
fn a_data_connection_that_resumes_nothing_can_be_refused(
    #[case] version: &'static rustls::SupportedProtocolVersion,
    #[case] resumption: Tls12Resumption,
) {
    let identity = Identity::new();
    let server = identity.server(&["--tls-resume"]);
    let mut configuration = identity.configuration(&[version]);
    Arc::make_mut(&mut configuration).resumption = Resumption::in_memory_sessions(8).tls12_resumption(resumption);
    let mut client = Client::private(&server, &configuration);
    for _ in 0..3 {
        let mut data = client.open_secured("RETR robots.txt");
        assert_eq!(data.conn.handshake_kind(), Some(HandshakeKind::Resumed));
        let mut octets = Vec::new();
        data.read_to_end(&mut octets).unwrap();
        assert_eq!(octets, b"User-agent: *\nDisallow: /\n");
        client.expect("226");
    }
    // Nor is the session of another control connection the right one.
    client.configuration = identity.configuration(&[version]);
    let _other = Client::login(&server, &client.configuration);
    drop(client.open_secured("RETR robots.txt"));
    client.expect("522");
}

#[test]
fn what_is_demanded_is_refused_in_clear() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-demand", "data"]);
    let mut clear = server.connect();
    clear.say_all(&[("USER u", "530"), ("PASS p", "503"), ("PROT P", "503"), ("CCC", "533"), ("ENC x", "503")]);
    let mut client = Client::login(&server, &identity.configuration(BOTH));
    client.say_all(&[("EPSV", "229"), ("RETR robots.txt", "521"), ("CCC", "534"), ("ENC x", "537")]);
}

/// A session keeps what it has begun with, and its data connections have it too.
#[test]
fn a_certificate_that_is_read_again_is_that_of_the_next_session() {
    let (old, new) = (Identity::new(), Identity::new());
    let mut server = old.server(&[]);
    let mut before = Client::private(&server, &old.configuration(BOTH));
    for name in ["cert.pem", "key.pem"] {
        std::fs::copy(new.directory.path().join(name), old.directory.path().join(name)).unwrap();
    }
    server.hang_up();
    assert_eq!(server.message(), "the options were read again\n");
    Client::private(&server, &new.configuration(BOTH)).say_all(&[("NOOP", "200")]);
    let data = before.open_secured("RETR robots.txt");
    assert_eq!(read_all(data), b"User-agent: *\nDisallow: /\n");
    before.expect("226");
}

#[test]
fn tls_from_the_beginning() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-port", "0"]);
    let configuration = identity.configuration(BOTH);
    let stream = TcpStream::connect(server.implicit_address()).unwrap();
    let mut client = Client { control: secured(stream, &configuration), configuration };
    client.expect("220");
    client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("AUTH TLS", "534")]);
    let mut data = client.open_secured("NLST");
    let mut octets = Vec::new();
    data.read_to_end(&mut octets).unwrap();
    assert_eq!(octets, b"robots.txt\r\n");
    client.expect("226");
}

#[rstest]
#[case("AUTH X-NOSUCH", "504")]
#[case("AUTH", "501")]
#[case("ADAT AAAA", "503")]
#[case("PBSZ 0", "503")]
#[case("PROT C", "503")]
fn in_clear(#[case] line: &str, #[case] code: &str) {
    Identity::new().server(&[]).connect().say_all(&[(line, code)]);
}

#[rstest]
#[case("PBSZ x", "501")]
#[case("PBSZ 4294967296", "501")]
#[case("PBSZ 4294967295", "200 PBSZ=0")]
#[case("PROT P", "503")]
#[case("AUTH TLS", "534")]
#[case("ADAT AAAA", "503")]
fn under_tls(#[case] line: &str, #[case] code: &str) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    Client::auth(&server, &identity.configuration(BOTH)).say_all(&[(line, code)]);
}

#[rstest]
#[case("PROT S", "536")]
#[case("PROT X", "504")]
fn levels(#[case] line: &str, #[case] code: &str) {
    let identity = Identity::new();
    let server = identity.server(&[]);
    Client::private(&server, &identity.configuration(BOTH)).say_all(&[(line, code)]);
}

#[test]
fn octets_that_are_no_tls_end_the_connection() {
    let identity = Identity::new();
    let server = identity.server(&["--tls-port", "0"]);
    let mut stream = TcpStream::connect(server.implicit_address()).unwrap();
    stream.write_all(&[22, 3, 1, 0xff, 0xff, 1]).unwrap();
    let mut octets = Vec::new();
    match stream.read_to_end(&mut octets) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), io::ErrorKind::ConnectionReset),
    }
    server.connect();
}

/// RFC 7151 §3.2.2: HOST says what the TLS hello has said, and this client names `localhost` there.
#[test]
fn host_is_the_one_of_the_hello() {
    let identity = Identity::new();
    let server = identity.server(&["--host", "localhost"]);
    let mut client = Client::auth(&server, &identity.configuration(BOTH));
    client.say_all(&[
        ("HOST ftp.ssast.org", "504"),
        ("HOST 127.0.0.1", "504"),
        ("HOST LocalHost", "220 localhost FTP"),
    ]);
    client.say_all(&[("USER u", "331"), ("PASS p", "230")]);
}

/// RFC 7151 §3.2.2: what HOST has said before AUTH holds behind it.
#[test]
fn host_comes_before_auth() {
    let identity = Identity::new();
    let own = tempfile::tempdir().unwrap();
    std::fs::write(own.path().join("own"), "12345").unwrap();
    let server = identity.server(&["--host", &format!("localhost={}", own.path().display())]);
    let mut clear = server.connect();
    clear.say_all(&[("HOST localhost", "220"), ("AUTH TLS", "234")]);
    let configuration = identity.configuration(BOTH);
    let mut client = Client { control: secured(clear.stream, &configuration), configuration };
    client.say_all(&[("USER u", "331"), ("PASS p", "230"), ("TYPE I", "200"), ("SIZE own", "213 5")]);
}
