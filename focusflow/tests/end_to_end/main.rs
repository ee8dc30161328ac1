//! The real binary, from outside: processes, files, signals, HTTP.

mod kills;
mod machine;
mod settings;
mod ways_in;
