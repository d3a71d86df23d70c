//! What is handed in as one file: zip, tar.gz, tar. An archive may be hostile: names that lead elsewhere, links, devices,
//! octets without end. What could do harm is refused with its name, so that a student who meant well can pack again.

mod place;

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::EntryType;

use self::place::{Ground, few_enough, is_neither};
use super::copy::CopyError;

/// The endings of what is taken for an archive, the longer before the shorter.
const ENDINGS: [&str; 15] = [
    ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tgz", ".tbz2", ".txz", ".tar", ".zip", ".rar", ".7z", ".gz",
    ".bz2", ".xz", ".zst",
];

/// However well an archive is packed, so much may come out of it.
const ANY_RATIO: u64 = 16 << 20;
/// Beyond that, so many times its length.
const RATIO: u64 = 100;
/// What a tar may hold besides what its files hold: headers, long names.
const HEADERS: u64 = 32 << 20;

/// The name of a file without the ending of an archive, if it has one.
pub fn stem(name: &[u8]) -> Option<&[u8]> {
    let ends = |ending: &&str| {
        let at = name.len().checked_sub(ending.len())?;
        let (stem, end) = name.split_at_checked(at)?;
        (!stem.is_empty() && end.eq_ignore_ascii_case(ending.as_bytes())).then_some(stem)
    };
    ENDINGS.iter().find_map(ends)
}

/// Unpacks an archive into a folder, which is made. No more octets come out of it than `most`.
pub(super) fn unpack(archive: &Path, to: &Path, most: u64) -> Result<(), CopyError> {
    let unreadable = |source| CopyError::Unreadable { path: archive.to_owned(), source };
    let mut file = File::open(archive).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > most {
        return Err(CopyError::too_much(most));
    }
    let kind = kind(&mut file).map_err(unreadable)?;
    let most = most.min(ANY_RATIO.saturating_add(RATIO.saturating_mul(length)));
    let mut ground = Ground::make(to, most)?;
    match kind {
        Some(Kind::Zip) => zip(file, &mut ground)?,
        Some(Kind::Gzip) => tar(MultiGzDecoder::new(BufReader::new(file)), &mut ground)?,
        Some(Kind::Tar) => tar(BufReader::new(file), &mut ground)?,
        None => return Err(fault("it is neither a zip nor a tar.gz; hand it in as one of these")),
    }
    ground.lay_links()
}

enum Kind {
    Zip,
    Gzip,
    Tar,
}

/// What an archive is. Its octets say it: many a zip is called tar.gz.
fn kind(file: &mut File) -> io::Result<Option<Kind>> {
    let mut head = Vec::new();
    file.take(512).read_to_end(&mut head)?;
    file.rewind()?;
    Ok(match head.as_slice() {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Kind::Zip),
        [0x1f, 0x8b, ..] => Some(Kind::Gzip),
        octets if octets.get(257..262) == Some(b"ustar") => Some(Kind::Tar),
        _ => None,
    })
}

fn fault(text: impl Into<String>) -> CopyError {
    CopyError::Archive(text.into())
}

fn zip(file: File, ground: &mut Ground<'_>) -> Result<(), CopyError> {
    let broken = |error: zip::result::ZipError| fault(format!("the zip is broken: {error}"));
    let mut counted = BufReader::new(&file);
    few_enough(entries_of_zip(&mut counted).map_err(CopyError::Own)?)?;
    (&file).rewind().map_err(CopyError::Own)?;
    let mut archive = zip::ZipArchive::new(BufReader::new(file)).map_err(broken)?;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(broken)?;
        let name = with_slashes(entry.name_raw());
        let Some(place) = ground.place(&name)? else { continue };
        let mode = entry.unix_mode().unwrap_or_default();
        match mode & FORMAT {
            LINK => {
                let mut target = Vec::new();
                entry.take(LONGEST_TARGET).read_to_end(&mut target).map_err(|error| fault(error.to_string()))?;
                ground.link(place, &target)?;
            }
            0 | FILE | FOLDER if entry.is_dir() || name.ends_with(b"/") => ground.folder(&place)?,
            0 | FILE => ground.file(&place, mode & 0o111 != 0, &mut entry)?,
            _ => return Err(is_neither(&name)),
        }
    }
    Ok(())
}

/// The kinds of files in `st_mode` (POSIX, sys/stat.h).
const FORMAT: u32 = 0o170_000;
const FILE: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;
const LINK: u32 = 0o120_000;

/// The longest target of a link.
const LONGEST_TARGET: u64 = 4096;

/// How many entries a zip may have: its list is read as a whole, so they are counted before. What only looks like one counts
/// as well.
fn entries_of_zip(file: &mut impl Read) -> io::Result<usize> {
    const MARK: [u8; 4] = [b'P', b'K', 1, 2];
    let mut seen = [0; 4];
    let mut count = 0;
    let mut block = [0; 8192];
    loop {
        let length = file.read(&mut block)?;
        if length == 0 {
            return Ok(count);
        }
        for octet in block.iter().take(length) {
            seen.rotate_left(1);
            if let Some(last) = seen.last_mut() {
                *last = *octet;
            }
            count += usize::from(seen == MARK);
        }
    }
}

/// Some programs of Windows write backslashes, though a zip has slashes (APPNOTE.TXT, 4.4.17.1).
fn with_slashes(name: &[u8]) -> Vec<u8> {
    if name.contains(&b'/') {
        return name.to_vec();
    }
    name.iter().map(|octet| if *octet == b'\\' { b'/' } else { *octet }).collect()
}

fn tar(stream: impl Read, ground: &mut Ground<'_>) -> Result<(), CopyError> {
    let broken = |error: io::Error| fault(format!("the archive is broken: {error}"));
    let mut archive = tar::Archive::new(stream.take(ground.most().saturating_add(HEADERS)));
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let kind = entry.header().entry_type();
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let name = entry.path_bytes().into_owned();
        let Some(place) = ground.place(&name)? else { continue };
        let target = entry.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default();
        if kind.is_dir() {
            ground.folder(&place)?;
        } else if kind.is_file() || matches!(kind, EntryType::Continuous | EntryType::GNUSparse) {
            let is_program = entry.header().mode().is_ok_and(|mode| mode & 0o111 != 0);
            ground.file(&place, is_program, &mut entry)?;
        } else if kind.is_symlink() {
            ground.link(place, &target)?;
        } else if kind.is_hard_link() {
            ground.second_name(&place, &target)?;
        } else {
            return Err(is_neither(&name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
