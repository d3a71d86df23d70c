//! Bodies: what the contents of a scenario are, octet by octet.
