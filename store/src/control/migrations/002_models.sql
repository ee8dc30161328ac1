-- Learned models of burnout risk, and whose turn it is from which day on. Neither is ever changed or taken back, so that which model
-- told a risk can always be found out.
CREATE TABLE IF NOT EXISTS models (
    position BIGINT PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    added_at BIGINT NOT NULL,
    card     TEXT NOT NULL -- JSON
);

CREATE TABLE IF NOT EXISTS model_turns (
    position BIGINT PRIMARY KEY,
    turn     TEXT NOT NULL -- JSON
);
