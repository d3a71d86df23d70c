//! The subjects that the program carries, and those in files of its user.

use std::path::Path;

use include_dir::{Dir, include_dir};

use super::similar_name::did_you_mean;
use super::{Subject, SubjectError, file};

static SUBJECTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/subjects");

/// The subject of this name, or the one in the file at this path.
pub(super) fn find(name_or_file: &str) -> Result<Subject, SubjectError> {
    let embedded = SUBJECTS.get_file(format!("{name_or_file}.yaml")).and_then(|file| file.contents_utf8());
    if let Some(text) = embedded {
        return file::read(name_or_file, &format!("subjects/{name_or_file}.yaml"), text);
    }
    let path = Path::new(name_or_file);
    let is_path =
        name_or_file.contains('/') || path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
    if !is_path {
        return Err(SubjectError::Unknown {
            name: name_or_file.to_owned(),
            hint: did_you_mean(name_or_file, names()),
            known: names().join(", "),
        });
    }
    let unreadable = |source| SubjectError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    file::read(&name, name_or_file, &text)
}

/// The names of the subjects that the program carries, in order.
pub(super) fn names() -> Vec<&'static str> {
    let mut names: Vec<&'static str> =
        SUBJECTS.files().filter_map(|file| file.path().file_stem()).filter_map(|stem| stem.to_str()).collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{find, names};

    #[test]
    fn every_subject_that_is_carried_is_sound() {
        assert!(names().contains(&"reference-server"), "{:?}", names());
        for name in names() {
            let subject = find(name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(subject.name, name);
        }
    }

    #[rstest]
    #[case("pyftplib", "Did you mean `pyftpdlib`?")]
    #[case("nobody", "The subjects are ")]
    #[case("./none.yaml", "cannot read the subject's file ./none.yaml")]
    fn an_unknown_one_is_an_error(#[case] name: &str, #[case] message: &str) {
        let error = find(name).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}
