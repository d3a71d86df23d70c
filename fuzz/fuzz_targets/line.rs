//! Lines of the control connection, and the commands in them.

#![no_main]

use protocol::{Command, LineReader, Received};

/// Shorter than that of the server, so that it is met.
const LIMIT: usize = 64;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((cuts, octets)) = data.split_first_chunk::<4>() else { return };
    let (whole, cut) = (read([octets].into_iter()), read(fuzz::pieces(cuts, octets)));
    assert_eq!(whole, cut);
    for received in whole {
        if let Received::Line(line) = received {
            assert!(line.len() <= LIMIT && !line.contains(&b'\n'));
            command(&line);
        }
    }
});

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Received> {
    let (mut reader, mut all) = (LineReader::with_limit(LIMIT), Vec::new());
    for mut piece in pieces {
        while let Some(received) = reader.take(&mut piece) {
            all.push(received);
        }
        assert!(piece.is_empty());
    }
    all
}

/// What is a command is the same command when it is said again, and goes on one line.
fn command(line: &[u8]) {
    let Ok(command) = Command::parse(line) else { return };
    let said = command.to_bytes();
    let mut reader = LineReader::default();
    let mut octets = said.as_slice();
    let heard = reader.take(&mut octets);
    assert!(octets.is_empty());
    let Some(Received::Line(again)) = heard else { panic!("{} is no line", said.escape_ascii()) };
    let again = Command::parse(&again).expect("it was a command");
    assert_eq!((command.verb(), command.argument()), (again.verb(), again.argument()));
}
