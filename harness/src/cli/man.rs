//! `ftpspec man`: manual pages, from the definition of the command line.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::{Failure, Program};

/// Write the manual page of this program, or of a subcommand, to standard output.
///
/// `ftpspec man run | man -l -` shows it.
#[derive(Debug, Args)]
pub(super) struct Page {
    /// The subcommand; without one, the page is that of the program
    subcommand: Option<String>,
}

/// What clap does not know of, for the program.
const SECTIONS: &str = include_str!("man/sections.roff");
/// The reference server has a page of its own, for those who administer a machine.
const SERVER: &str = "serve";
/// These say what they can with --help.
const WITHOUT_A_PAGE: [&str; 2] = ["passwd", "client"];

impl Page {
    /// The command line that has the server write its page, where that is asked for.
    pub(super) fn of_server(&self) -> Option<[&'static str; 2]> {
        (self.subcommand.as_deref() == Some(SERVER)).then_some(["ftpspec serve", "--man"])
    }

    pub(super) fn run(&self, out: &mut dyn Write) -> Result<ExitCode, Failure> {
        let mut program = Program::command().disable_help_subcommand(true);
        program.build();
        match self.subcommand.as_deref() {
            None => whole(program, out)?,
            Some(name) if WITHOUT_A_PAGE.contains(&name) => {
                return Err(Failure::Usage(format!(
                    "there is no manual page of {name}. Type `ftpspec {name} --help`."
                )));
            }
            Some(name) => {
                let shown = || program.get_subcommands().filter(|command| !command.is_hide_set());
                let names = || shown().map(Command::get_name).collect::<Vec<_>>().join(", ");
                let found = program.find_subcommand(name);
                let found = found
                    .ok_or_else(|| Failure::Usage(format!("there is no such subcommand. Take one of: {}.", names())))?;
                beginning(found.clone(), out)?;
                writeln!(out, ".SH SEE ALSO\n.BR ftpspec (1)")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The page of the program.
fn whole(program: Command, out: &mut dyn Write) -> io::Result<()> {
    let mut subcommands = Vec::new();
    let man = beginning(program, out)?;
    man.render_subcommands_section(&mut subcommands)?;
    let mut subcommands = String::from_utf8_lossy(&subcommands).replace("\\-serve(1)", "\\-serve(8)");
    for name in WITHOUT_A_PAGE {
        subcommands = subcommands.replace(&format!("ftpspec\\-{name}(1)"), &format!("ftpspec {name}"));
    }
    out.write_all(subcommands.as_bytes())?;
    out.write_all(SECTIONS.as_bytes())
}

/// What a page begins with. It has no date: the same program says the same on every day.
fn beginning(command: Command, out: &mut dyn Write) -> io::Result<Man> {
    let title = command.get_display_name().unwrap_or_else(|| command.get_name()).replace('-', "\\-");
    // clap_mangen leaves an empty date out, and what stands behind it moves up.
    writeln!(out, ".TH {title} 1 \"\" \"ftpspec {}\"", env!("CARGO_PKG_VERSION"))?;
    let man = Man::new(command);
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    Ok(man)
}
