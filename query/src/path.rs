//! The id in a path. One that is no UTF-8 once decoded is a problem like any other.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::Error;

pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Id, Error> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        id.map(|Path(id)| Id(id)).map_err(|e| Error::BadParameter {
            field: "id",
            message: format!("the id in the path cannot be read: {}", e.body_text()),
        })
    }
}
