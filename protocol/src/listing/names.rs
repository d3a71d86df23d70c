//! NLST: a pathname a line, and nothing else.

/// Appends `name`, as it is seen from `directory`, and its line end.
///
/// RFC 1123 §4.1.2.7: each line must be usable as it stands as the argument of RETR. So the directory that NLST was asked
/// for stands before the name; it is empty when NLST had no argument. A name that holds a CR, LF or NUL could not be said
/// in a command, and would look like two names here: it is left out.
///
/// ```
/// use protocol::listing::names::append;
///
/// let mut text = Vec::new();
/// append(&mut text, b"", b"a");
/// append(&mut text, b"sub", b"b");
/// append(&mut text, b"/", b"c");
/// append(&mut text, b"", b"two\r\nlines");
/// assert_eq!(text, b"a\r\nsub/b\r\n/c\r\n");
/// ```
pub fn append(text: &mut Vec<u8>, directory: &[u8], name: &[u8]) {
    if name.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
        return;
    }
    text.extend_from_slice(directory);
    if !directory.is_empty() && !directory.ends_with(b"/") {
        text.push(b'/');
    }
    text.extend_from_slice(name);
    text.extend_from_slice(b"\r\n");
}
