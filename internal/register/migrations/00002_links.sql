-- +goose Up

-- Links to learners' pages. The secret itself is nowhere: hash is its SHA-256. learner_id, email and name_fold say whose the link is, as a
-- card's own columns do. The table is the record of who made and who ended a link, so nothing of it is ever deleted.
CREATE TABLE links (
    seq        INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    learner_id TEXT NOT NULL,
    email      TEXT NOT NULL,
    name_fold  TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL CHECK (created_by <> ''),
    revoked_at INTEGER,
    revoked_by TEXT CHECK (revoked_by <> ''),
    CHECK (learner_id <> '' OR (email <> '' AND name_fold <> '')),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
) STRICT;

-- A link that was revoked is not in it, and of one that is too old no row is read: a look-up takes for them what it takes for one that never was.
CREATE INDEX links_in_force ON links (hash, created_at) WHERE revoked_at IS NULL;
CREATE INDEX links_learner ON links (learner_id) WHERE learner_id <> '';
CREATE INDEX links_email ON links (email) WHERE email <> '';

-- The learners of an address, for those who ask for their links again.
CREATE INDEX cards_email ON cards (email) WHERE email <> '';

-- +goose StatementBegin
CREATE TRIGGER links_keep BEFORE UPDATE ON links
WHEN NEW.seq IS NOT OLD.seq OR NEW.hash IS NOT OLD.hash OR NEW.learner_id IS NOT OLD.learner_id OR NEW.email IS NOT OLD.email
    OR NEW.name_fold IS NOT OLD.name_fold OR NEW.created_at IS NOT OLD.created_at OR NEW.created_by IS NOT OLD.created_by
    OR OLD.revoked_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a link is revoked once, and never changed otherwise');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER links_stay BEFORE DELETE ON links
BEGIN
    SELECT RAISE(ABORT, 'links are never deleted');
END;
-- +goose StatementEnd

-- INSERT OR REPLACE deletes the row in its way, and fires no trigger for that.
-- +goose StatementBegin
CREATE TRIGGER links_once BEFORE INSERT ON links
WHEN NEW.revoked_at IS NOT NULL OR EXISTS (SELECT 1 FROM links WHERE seq = NEW.seq OR hash = NEW.hash)
BEGIN
    SELECT RAISE(ABORT, 'a link begins in force, once');
END;
-- +goose StatementEnd
