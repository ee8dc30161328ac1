//! One file per command.

pub mod check;
pub mod directory;
pub mod import;
pub mod model;
pub mod role;
pub mod simulate;
pub mod sql;
pub mod token;
pub mod train;
pub mod up;

use std::process::ExitCode;

use crate::problem::shown;
use crate::shutdown::End;
use crate::terminal::Terminal;

/// Says why what runs on is stopped, and gives the code to end with.
fn stopping(terminal: &Terminal, end: &End) -> ExitCode {
    match end {
        End::Signal(name) => {
            terminal.say("stopping", &format!("on {name}: finishing what is under way"));
            ExitCode::SUCCESS
        }
        End::Died(name, error) => {
            eprintln!("focusflow: {name} ended: {}", shown(error));
            ExitCode::FAILURE
        }
    }
}
