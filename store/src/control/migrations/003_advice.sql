-- What people said to be not useful of their own advice. Read and written on demand: it is in no snapshot and raises no version.
CREATE TABLE IF NOT EXISTS advice_feedback (
    person  TEXT NOT NULL,
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    said_at BIGINT NOT NULL, -- UTC milliseconds
    PRIMARY KEY (person, id)
);
