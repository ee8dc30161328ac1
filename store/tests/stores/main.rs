//! Tests of the stores from outside, in one program: each program links the whole query engine.

mod contract;
mod crashes;
mod faults;
mod model;
mod sql;
mod views;
