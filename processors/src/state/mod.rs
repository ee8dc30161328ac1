//! What a partition's owner keeps in memory: all of it can be rebuilt from the store.

pub mod blocks;
pub mod chunk;
pub mod context;
pub mod emitted;
pub mod hash;
pub mod id;
pub mod slots;
pub mod symbols;
pub mod user;
