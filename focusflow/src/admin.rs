//! The first administrator: the token the link of `up` signs in with.

use std::time::Duration;

use anyhow::{Context, Result};
use schemas::control::{Control, Role};
use store::control::{ControlStore, NewToken, Secret};

use crate::data_dir::DataDir;

const FROM_ENVIRONMENT: &str = "admin (FOCUSFLOW_ADMIN_TOKEN)";
/// Until another process's change is seen here.
const OTHERS_TAKE: Duration = Duration::from_secs(3);
const FROM_FILE: &str = "admin (first start)";

/// The secret of an administrator's token that holds: the one in FOCUSFLOW_ADMIN_TOKEN, else the one kept in the data
/// directory, else a new one, kept there.
pub async fn first_token(control: &dyn ControlStore, data: &DataDir) -> Result<String> {
    if let Some(secret) = given_token() {
        ensure(control, FROM_ENVIRONMENT, &secret).await.context("FOCUSFLOW_ADMIN_TOKEN")?;
        return Ok(secret);
    }
    if let Some(secret) = data.read_admin_token() {
        ensure(control, FROM_FILE, &secret).await.with_context(|| format!("{}", data.admin_token().display()))?;
        return Ok(secret);
    }
    // Somebody removed the file: its token goes with it.
    revoke(control, FROM_FILE).await?;
    let (_, secret) = control.create_token(NewToken::new(FROM_FILE, Role::Admin)).await?;
    data.keep_admin_token(secret.reveal())?;
    Ok(secret.reveal().to_owned())
}

/// On a cluster: only the one in FOCUSFLOW_ADMIN_TOKEN, which several processes may bring at the same time.
pub async fn given(control: &dyn ControlStore) -> Result<()> {
    let Some(secret) = given_token() else { return Ok(()) };
    let Err(error) = ensure(control, FROM_ENVIRONMENT, &secret).await else { return Ok(()) };
    let mut changes = control.watch();
    let others = changes.wait_for(|control| is_admin(control, &secret));
    match tokio::time::timeout(OTHERS_TAKE, others).await {
        Ok(Ok(_)) => Ok(()),
        _ => Err(error.context("FOCUSFLOW_ADMIN_TOKEN")),
    }
}

pub fn given_token() -> Option<String> {
    std::env::var("FOCUSFLOW_ADMIN_TOKEN").ok().filter(|secret| !secret.is_empty())
}

async fn ensure(control: &dyn ControlStore, name: &str, secret: &str) -> Result<()> {
    if is_admin(&control.watch().borrow(), secret) {
        return Ok(());
    }
    // Another secret under the same name is the one before: it ends here.
    revoke(control, name).await?;
    let token = NewToken { secret: Some(Secret::from_text(secret)), ..NewToken::new(name, Role::Admin) };
    control.create_token(token).await?;
    Ok(())
}

fn is_admin(control: &Control, secret: &str) -> bool {
    let now_ms = jiff::Timestamp::now().as_millisecond();
    control.tokens.authenticate(secret, now_ms).is_some_and(|token| token.role == Role::Admin)
}

async fn revoke(control: &dyn ControlStore, name: &str) -> Result<()> {
    let snapshot = control.watch().borrow().clone();
    for token in snapshot.tokens.iter().filter(|t| t.name == name && t.role == Role::Admin) {
        control.revoke_token(&token.id).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use store::control::MemoryControl;

    use super::*;

    #[tokio::test]
    async fn it_is_made_once_and_made_again_when_lost() {
        let dir = tempfile::tempdir().unwrap();
        let data = DataDir::open(dir.path()).unwrap();
        let control = MemoryControl::new();
        let first = first_token(&control, &data).await.unwrap();
        assert_eq!(first_token(&control, &data).await.unwrap(), first);
        assert_eq!(control.watch().borrow().tokens.iter().count(), 1);

        std::fs::remove_file(data.admin_token()).unwrap();
        let second = first_token(&control, &data).await.unwrap();
        assert_ne!(first, second);
        let snapshot = control.watch().borrow().clone();
        assert!(is_admin(&snapshot, &second) && !is_admin(&snapshot, &first));

        let fresh = MemoryControl::new();
        assert_eq!(first_token(&fresh, &data).await.unwrap(), second, "the file holds for new control data too");
        assert!(is_admin(&fresh.watch().borrow(), &second));
    }
}
