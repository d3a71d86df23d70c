//! `--man`: the manual page, from the definition of the options.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_mangen::Man;

use super::Arguments;

/// What clap does not know of. `PROGRAM` stands for the command, `PASSWD` for the one that writes users.
const SECTIONS: &str = include_str!("man/sections.roff");

/// Writes the page of a server that goes by this name: `reference-server`, or `ftpspec serve`. It has no date: the same program
/// says the same on every day.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(program: &OsStr, out: &mut dyn Write) -> io::Result<()> {
    let called = Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned();
    let name = called.replace(' ', "-");
    let usage = format!(
        "{called} --root DIR [OPTION]...\n{called} --memory [OCTETS] [OPTION]...\n{called} --config FILE [OPTION]..."
    );
    let command = Arguments::command().bin_name(&called).display_name(&name).override_usage(usage);
    let man = Man::new(command);
    // clap_mangen leaves an empty date out, and what stands behind it moves up.
    writeln!(out, ".TH {} 8 \"\" \"ftpspec {}\"", escaped(&name), env!("CARGO_PKG_VERSION"))?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    let passwd = called.strip_suffix(" serve").map_or_else(|| format!("{called} passwd"), |of| format!("{of} passwd"));
    out.write_all(SECTIONS.replace("PROGRAM", &escaped(&called)).replace("PASSWD", &escaped(&passwd)).as_bytes())
}

/// In roff a dash may be shown as a hyphen, which nobody can paste into a shell; and a backslash begins a request.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
