//! The scenario language: what an author writes, checked and made into steps.

pub mod tree;
