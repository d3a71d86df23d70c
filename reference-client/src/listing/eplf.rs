//! A line of EPLF: `+`, facts with commas, a tab, a name (D. J. Bernstein, anonftpd).

use super::{Entry, Kind, Modified, Precision, number};

pub(super) fn read(line: &[u8]) -> Option<Entry> {
    let line = line.strip_prefix(b"+")?;
    let tab = line.iter().position(|&octet| octet == b'\t')?;
    let (facts, name) = (line.get(..tab)?, line.get(tab + 1..)?);
    let mut entry = Entry { name: name.to_vec(), kind: Kind::Other, size: None, modified: None };
    for fact in facts.split(|&octet| octet == b',') {
        match fact {
            b"/" => entry.kind = Kind::Directory,
            b"r" => entry.kind = Kind::File,
            [b's', digits @ ..] => entry.size = number(digits),
            [b'm', digits @ ..] => {
                let seconds = number::<i64>(digits);
                entry.modified = seconds.map(|seconds| Modified { seconds, precision: Precision::Second });
            }
            _ => {}
        }
    }
    (!name.is_empty()).then_some(entry)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("+i8388621.29609,m824255902,/,\tdev", "dev", Kind::Directory, None, Some(824_255_902))]
    #[case("+i8388621.44468,m839956783,r,s10376,\tRFC EPLF", "RFC EPLF", Kind::File, Some(10376), Some(839_956_783))]
    #[case("+,\tx", "x", Kind::Other, None, None)]
    fn lines(
        #[case] line: &str,
        #[case] name: &str,
        #[case] kind: Kind,
        #[case] size: Option<u64>,
        #[case] modified: Option<i64>,
    ) {
        let entry = read(line.as_bytes()).unwrap();
        assert_eq!((entry.name.as_slice(), entry.kind, entry.size), (name.as_bytes(), kind, size));
        assert_eq!(entry.modified.map(|modified| modified.seconds), modified);
    }

    #[rstest]
    #[case("+r,s1")]
    #[case("+r,s1\t")]
    fn no_lines(#[case] line: &str) {
        assert_eq!(read(line.as_bytes()), None);
    }
}
