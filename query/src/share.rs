//! How much of something bounded each token uses right now, so that one client's haste is that client's to wait for (429)
//! before it becomes everybody's (503).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub struct Shares {
    each: usize,
    used: Mutex<HashMap<String, usize>>,
}

/// One use, given back when dropped.
pub struct Share {
    shares: Arc<Shares>,
    token: String,
}

impl Shares {
    pub fn new(each: usize) -> Arc<Shares> {
        Arc::new(Shares { each, used: Mutex::default() })
    }

    /// None when the token has its share in use already.
    pub fn take(self: &Arc<Self>, token: &str) -> Option<Share> {
        let mut used = self.lock();
        let count = used.get(token).copied().unwrap_or(0);
        if count >= self.each {
            return None;
        }
        used.insert(token.to_owned(), count + 1);
        Some(Share { shares: self.clone(), token: token.to_owned() })
    }

    pub fn each(&self) -> usize {
        self.each
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut used = self.shares.lock();
        if let Some(count) = used.get_mut(&self.token) {
            *count -= 1;
            if *count == 0 {
                used.remove(&self.token);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_has_its_own_share_and_gives_it_back() {
        let shares = Shares::new(2);
        let (a, b) = (shares.take("a"), shares.take("a"));
        assert!(a.is_some() && b.is_some() && shares.take("a").is_none());
        assert!(shares.take("b").is_some());
        drop(a);
        assert!(shares.take("a").is_some());
        drop(b);
        assert!(shares.lock().is_empty());
    }
}
