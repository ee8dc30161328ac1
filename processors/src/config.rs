//! What can be set, with the defaults that go into the reference configuration.

use std::sync::Arc;
use std::time::Duration;

use schemas::Definition;
use schemas::category::Rules;

#[derive(Debug, Clone)]
pub struct Config {
    pub definition: Definition,
    /// Which category an activity has whose event names none.
    pub rules: Arc<Rules>,
    /// Log bytes taken in one commit, about.
    pub max_batch_bytes: usize,
    /// The same for a partition that is far behind.
    pub backlog_batch_bytes: usize,
    /// How long a read waits for the first record; also how often time moves in a silent partition.
    pub tick: Duration,
    /// Commits of a partition that keeps up are at least this far apart.
    pub min_commit_interval: Duration,
    /// A partition silent for this long follows the clock.
    pub idle_after: Duration,
    /// Of the whole process; partitions share it evenly.
    pub memory_bytes: usize,
    /// Events stay in memory this long after their UTC day ended for the watermark.
    pub keep_after_day: Duration,
    /// User-days that become final in one commit, at most.
    pub max_finalized_per_commit: usize,
    /// How long the store has the events: what lies further back is not computed again when the directory changes, as it would
    /// be computed from nothing. `None`: for good.
    pub events_kept: Option<Duration>,
    /// People recomputed in one commit after a change of the directory, at most.
    pub max_moved_per_commit: usize,
    /// Rows that are read for them, about: people with long histories come one by one.
    pub moved_rows_per_commit: usize,
    /// Where the store knows nothing of a partition and the log has lost its beginning: begins with the oldest record there is. Only
    /// where the log goes by age and not by what was released, or a store in the wrong place would cost what the log still has.
    pub begins_at_oldest: bool,
    /// The same wherever the log has deleted what was not processed: somebody decided to do without it.
    pub skips_deleted: bool,
    /// Wait before a failed read, load or commit is tried again: doubles from the first to the second.
    pub retry_from: Duration,
    pub retry_to: Duration,
    /// A partition that cannot go on is tried again so often, while the others go on: of several processes each would end with it in
    /// turn. `None`: the process ends.
    pub retry_stopped: Option<Duration>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            definition: Definition::default(),
            rules: Arc::new(Rules::default()),
            max_batch_bytes: 8 << 20,
            backlog_batch_bytes: 24 << 20,
            tick: Duration::from_millis(200),
            min_commit_interval: Duration::from_millis(25),
            idle_after: Duration::from_secs(10),
            memory_bytes: 512 << 20,
            keep_after_day: Duration::from_secs(42 * 3_600),
            max_finalized_per_commit: 2_000,
            events_kept: None,
            max_moved_per_commit: 20,
            moved_rows_per_commit: 250_000,
            begins_at_oldest: false,
            skips_deleted: false,
            retry_from: Duration::from_millis(50),
            retry_to: Duration::from_secs(5),
            retry_stopped: None,
        }
    }
}
