//! The forms that other programs read, by readers of their own.

#[cfg(test)]
mod readers;
