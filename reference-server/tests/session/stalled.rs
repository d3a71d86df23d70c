//! Clients that move nothing, or little.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::client::{Client, PATIENCE, Server, read_all};

const BIG: usize = 64 << 20;

fn with_a_big_file(arguments: &[&str]) -> Server {
    let server = Server::with(arguments);
    std::fs::File::create(server.root().join("big")).unwrap().set_len(BIG as u64).unwrap();
    server
}

/// With little room on this side, so that the server soon waits for every read.
fn open_narrow(client: &mut Client) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(64 << 10).unwrap();
    socket.connect(&client.passive().into()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.into()
}

/// Three times as long as a transfer may stand still, and a session may say nothing.
#[test]
fn a_slow_transfer_goes_on() {
    let server = with_a_big_file(&["--stall-timeout", "1", "--idle-timeout", "1"]);
    let mut client = server.login();
    let mut data = open_narrow(&mut client);
    client.say_all(&[("RETR big", "150")]);
    // Nobody sends here; it is a clock.
    let (_clock, ticks) = mpsc::channel::<()>();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(3) {
        data.read_exact(&mut [0; 16 << 10]).unwrap();
        assert!(ticks.recv_timeout(Duration::from_millis(100)).is_err());
    }
    client.say_all(&[("ABOR", "426")]);
    client.expect("226");
}

/// One reads nothing in the middle of a file, one sends nothing of a file, one dribbles octets of a command, one has never said
/// anything, and one waits for a data connection that does not come.
#[test]
fn others_finish_while_some_stand_still() {
    const OTHERS: usize = 8;
    let server = with_a_big_file(&[]);
    let (mut reader, mut writer, mut waiting) = (server.login(), server.login(), server.login());
    let (mut half_read, half_written) = (open_narrow(&mut reader), writer.open_passive());
    reader.say_all(&[("RETR big", "150")]);
    half_read.read_exact(&mut [0; 1000]).unwrap();
    writer.say_all(&[("STOR half", "150")]);
    waiting.passive();
    waiting.say_all(&[("LIST", "150")]);
    let mut dribbling = server.login();
    dribbling.send(b"RET");
    let silent = TcpStream::connect(server.address).unwrap();
    thread::scope(|scope| {
        for number in 0..OTHERS {
            let server = &server;
            scope.spawn(move || {
                let mut client = server.login();
                assert_eq!(client.retrieve("big").len(), BIG);
                client.store(&format!("STOR new-{number}"), &vec![b'x'; 1 << 20]);
                client.say_all(&[("PWD", "257"), ("MLST big", "250")]);
            });
        }
    });
    // They were all there to the end.
    dribbling.send(b"R robots.txt\r\n");
    dribbling.expect("150");
    (&half_written).write_all(b"all").unwrap();
    drop(half_written);
    writer.expect("226");
    assert_eq!(read_all(half_read).len(), BIG - 1000);
    reader.expect("226");
    waiting.say_all(&[("ABOR", "426")]);
    drop(silent);
}
