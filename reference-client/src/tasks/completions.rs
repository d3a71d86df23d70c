//! What is made of the table of arguments: completions, and the man page.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::problem::Problem;

pub(super) fn print(shell: Shell) -> Result<(), Problem> {
    let mut script = Vec::new();
    generate(shell, &mut Arguments::command(), "reference-client", &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// One page for all: each task has its sections behind what all of them have.
pub(super) fn print_man_page() -> Result<(), Problem> {
    let mut command = Arguments::command();
    command.build();
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    for task in command.get_subcommands().filter(|task| !task.is_hide_set()) {
        let task = Man::new(task.clone());
        task.render_name_section(&mut page)?;
        task.render_synopsis_section(&mut page)?;
        task.render_options_section(&mut page)?;
    }
    Ok(io::stdout().write_all(&page)?)
}
