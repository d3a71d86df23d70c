//! Results as grading platforms read them: each form against what its platform documents, with what students can make of
//! their names, their replies and their builds.

#[cfg(test)]
mod autograder;
#[cfg(test)]
mod class;
#[cfg(test)]
mod classroom50;
#[cfg(test)]
mod command;
#[cfg(test)]
mod gradescope;
#[cfg(test)]
mod junit;
#[cfg(test)]
mod page;
#[cfg(test)]
mod prairielearn;
#[cfg(test)]
mod printed;
#[cfg(test)]
mod submitty;
