//! Files that have their name only when they are whole.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use super::place::position;
use super::{Attributes, Opening, Staging, Tree};
use crate::store::{Form, Landing, Location, Refused, Start, StoreError, Writing};

/// Opens a file to be received; what is kept of the one `before` is copied. That one stays as it is.
pub(super) fn write(
    tree: &impl Tree,
    name: &Location,
    form: Form,
    start: Start,
    before: Option<&Attributes>,
) -> Result<Writing, StoreError> {
    let Some(before) = before else {
        let (file, landing) = stage_new(tree, name, Staging::New)?;
        let room = tree.limits().allowance(|| tree.used())?.instead_of(0);
        return Ok(Writing { file, cut_to: None, is_new: true, room, landing });
    };
    // Opened to be written, though nothing is: who may not change a file may not replace it either.
    let mut old = tree.open(name, Opening::Write(start))?;
    let cut_to = match start {
        Start::Beginning | Start::End => None,
        Start::At(offset) => Some(position(&mut old, form, offset)?),
    };
    // Somebody may have replaced the one that was looked at.
    let size = old.metadata()?.len();
    let mut room = tree.limits().allowance(|| tree.used())?.instead_of(size);
    let (mut file, landing) = tree.stage(name, Staging::Replacing { mode: before.mode & 0o777 })?;
    if start != Start::Beginning {
        if room.take(usize::try_from(size).unwrap_or(usize::MAX)) as u64 != size {
            return Err(StoreError::NoSpace);
        }
        old.seek(SeekFrom::Start(0))?;
        // Inside of the system, and where the disk can do so without a second copy.
        std::io::copy(&mut old, &mut file)?;
    }
    if let Some(length) = cut_to {
        file.seek(SeekFrom::Start(length))?;
    }
    Ok(Writing { file, cut_to, is_new: false, room, landing: Some(landing) })
}

/// Makes a file whose name must be free.
pub(super) fn stage_new(
    tree: &impl Tree,
    name: &Location,
    staging: Staging,
) -> Result<(File, Option<Box<dyn Landing>>), StoreError> {
    // What is there and no file is a link that leads nowhere.
    free(tree, name)?;
    let (file, landing) = tree.stage(name, staging)?;
    if staging == Staging::Unique {
        // Who had the promise before may have landed since it was looked at.
        free(tree, name)?;
    }
    Ok((file, Some(landing)))
}

fn free(tree: &impl Tree, name: &Location) -> Result<(), StoreError> {
    match tree.itself(name) {
        Ok(_) => Err(Refused::Exists.into()),
        Err(StoreError::Refused(Refused::Missing)) => Ok(()),
        Err(error) => Err(error),
    }
}
