-- Plain SQL that PostgreSQL takes as well. `changes` has one row: the version of everything, and the version at which
-- the directory last changed, so that a reader need not load it again for a new token.
CREATE TABLE IF NOT EXISTS changes (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    version   BIGINT NOT NULL,
    directory BIGINT NOT NULL
);
INSERT INTO changes (id, version, directory) VALUES (1, 0, 0) ON CONFLICT (id) DO NOTHING;

CREATE TABLE IF NOT EXISTS teams (
    position BIGINT PRIMARY KEY,
    id       TEXT NOT NULL UNIQUE,
    name     TEXT NOT NULL,
    parent   TEXT
);

-- One row per entry of a person's history; `position` keeps the order of the document.
CREATE TABLE IF NOT EXISTS people (
    position   BIGINT PRIMARY KEY,
    id         TEXT NOT NULL,
    name       TEXT,
    aliases    TEXT NOT NULL, -- JSON list
    team       TEXT,
    time_zone  TEXT NOT NULL,
    work_start TEXT NOT NULL,
    work_end   TEXT NOT NULL,
    work_days  TEXT NOT NULL, -- JSON list
    manager    BOOLEAN NOT NULL,
    valid_from TEXT
);
CREATE INDEX IF NOT EXISTS people_by_id ON people (id);

CREATE TABLE IF NOT EXISTS tokens (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    person     TEXT,
    hash       TEXT NOT NULL UNIQUE, -- SHA-256 of the secret, hex; the secret itself is nowhere
    created_at BIGINT NOT NULL,
    expires_at BIGINT
);

CREATE TABLE IF NOT EXISTS settings (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL -- JSON
);
