//! The program `ftpspec`.

fn main() {}
