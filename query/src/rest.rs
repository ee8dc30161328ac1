//! Figures over HTTP: of the caller (`me`), of teams and the organisation (`team`, `burnout`); advice (`advice`).

pub mod advice;
pub mod burnout;
pub mod me;
pub mod span;
pub mod team;
