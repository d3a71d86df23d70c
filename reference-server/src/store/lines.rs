//! A listing, line by line.

use std::fmt;
use std::io::{self, Read};

use super::StoreError;

/// The lines of a listing, each with its end, made as they are asked for: a directory may have more names than there is memory for.
pub(crate) struct Lines {
    left: Box<dyn Iterator<Item = Result<Vec<u8>, StoreError>> + Send + Sync>,
    /// What of the last line is not read yet.
    unread: io::Cursor<Vec<u8>>,
}

impl Lines {
    pub(crate) fn new(lines: impl Iterator<Item = Result<Vec<u8>, StoreError>> + Send + Sync + 'static) -> Self {
        Self { left: Box::new(lines), unread: io::Cursor::default() }
    }

    /// The same with every line changed.
    pub(crate) fn map(self, change: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::new(self.left.map(move |line| line.map(&change)))
    }

    /// All of them.
    pub(crate) fn text(self) -> Result<Vec<u8>, StoreError> {
        Ok(self.left.collect::<Result<Vec<_>, _>>()?.concat())
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut length = 0;
        while let Some(space) = buffer.get_mut(length..).filter(|space| !space.is_empty()) {
            let count = self.unread.read(space)?;
            length += count;
            if count == 0 {
                let Some(line) = self.left.next() else { break };
                self.unread = io::Cursor::new(line.map_err(io::Error::other)?);
            }
        }
        Ok(length)
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lines").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn lines(texts: &'static [&'static str]) -> Lines {
        Lines::new(texts.iter().map(|text| Ok(text.as_bytes().to_vec())))
    }

    #[rstest]
    #[case(&[], 4, "")]
    #[case(&["one\n", "", "two\n"], 1, "one\ntwo\n")]
    #[case(&["one\n", "", "two\n"], 3, "one\ntwo\n")]
    #[case(&["one\n", "", "two\n"], 100, "one\ntwo\n")]
    fn are_read_in_pieces_of_any_size(#[case] texts: &'static [&'static str], #[case] size: usize, #[case] all: &str) {
        let (mut lines, mut piece, mut read) = (lines(texts), vec![0; size], Vec::new());
        loop {
            let count = lines.read(&mut piece).unwrap();
            if count == 0 {
                break;
            }
            read.extend_from_slice(&piece[..count]);
        }
        assert_eq!(String::from_utf8(read).unwrap(), all);
    }

    #[test]
    fn an_error_ends_them() {
        let mut lines = Lines::new([Ok(b"one\n".to_vec()), Err(StoreError::Local)].into_iter());
        let mut text = Vec::new();
        assert_eq!(lines.read_to_end(&mut text).unwrap_err().to_string(), "Local error");
    }

    #[test]
    fn a_line_is_not_made_before_it_is_asked_for() {
        let mut endless = Lines::new(std::iter::repeat_with(|| Ok(b"again\n".to_vec())));
        let mut piece = [0; 12];
        endless.read_exact(&mut piece).unwrap();
        assert_eq!(&piece, b"again\nagain\n");
    }
}
