//! Builds the suite in again when a file of it comes or goes.

fn main() {
    println!("cargo:rerun-if-changed=../scenarios");
    println!("cargo:rerun-if-changed=mutants");
    println!("cargo:rerun-if-changed=build.rs");
}
