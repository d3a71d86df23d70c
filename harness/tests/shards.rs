//! `ftpspec grade --shard` and `ftpspec merge`, as many machines use them.

#[cfg(test)]
#[path = "shards/class.rs"]
mod class;
#[cfg(test)]
#[path = "shards/refused.rs"]
mod refused;
#[cfg(test)]
#[path = "shards/whole.rs"]
mod whole;
