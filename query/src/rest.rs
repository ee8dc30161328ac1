//! Figures over HTTP: of the caller (`me`, `outlook`), of teams and the organisation (`team`, `burnout`); advice (`advice`).

pub mod advice;
pub mod burnout;
pub mod me;
pub mod outlook;
pub mod span;
pub mod team;
