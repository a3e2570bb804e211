-- +goose Up

-- One row for each mail that is owed, for ever: what makes it owed is the event, such as "issued:" and a number. That there is
-- one row for an event, and that a row leaves "queued" once for each turn, is what keeps anybody from getting a mail twice.
CREATE TABLE mails (
    id         INTEGER PRIMARY KEY,
    event      TEXT NOT NULL UNIQUE CHECK (event <> ''),
    kind       TEXT NOT NULL CHECK (kind IN ('issued', 'replaced', 'reminder', 'links')),
    number     TEXT REFERENCES cards (number), -- NULL where the mail is of no single card
    address    TEXT NOT NULL,                  -- as used; empty where there is none
    language   TEXT NOT NULL CHECK (language <> ''),
    state      TEXT NOT NULL CHECK (state IN
        ('queued', 'sending', 'accepted', 'refused', 'given_up', 'no_address', 'unknown', 'stopped')),
    -- While it is sent: 'begun' until all but the final dot is with the server, then 'dot'. Up to the dot the server has no mail.
    phase      TEXT NOT NULL CHECK (phase IN ('', 'begun', 'dot')),
    turn       INTEGER NOT NULL CHECK (turn >= 1), -- which job may send it; a person, or the recovery after a crash, begins the next
    copy       INTEGER NOT NULL CHECK (copy >= 0), -- how often a person had it sent again after the server had taken it
    attempts   INTEGER NOT NULL CHECK (attempts >= 0), -- of this turn
    words      TEXT NOT NULL, -- what the server, or what stopped it, said last
    queued_at  INTEGER NOT NULL, -- of this turn
    changed_at INTEGER NOT NULL,
    CHECK ((kind = 'links') = (number IS NULL)),
    CHECK ((state = 'sending') = (phase <> '')),
    CHECK (address <> '' OR state = 'no_address')
) STRICT;

CREATE INDEX mails_number ON mails (number) WHERE number IS NOT NULL;
CREATE INDEX mails_open ON mails (id) WHERE state IN ('queued', 'sending');

-- For the reminders, which look for what ends soon.
CREATE INDEX cards_expires ON cards (expires_at) WHERE state = 'issued';

CREATE TABLE mail_events (
    seq   INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    mail  INTEGER NOT NULL REFERENCES mails (id),
    actor TEXT NOT NULL CHECK (actor <> ''),
    state TEXT NOT NULL CHECK (state <> ''),
    words TEXT NOT NULL
) STRICT;

CREATE INDEX mail_events_mail ON mail_events (mail);

-- Addresses that want no more reminders.
CREATE TABLE mail_stops (
    address TEXT PRIMARY KEY CHECK (address <> ''),
    actor   TEXT NOT NULL CHECK (actor <> ''),
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the links of reminders stand for (RFC 8058). The secret itself is in the mail alone.
CREATE TABLE mail_stop_links (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    address TEXT NOT NULL CHECK (address <> ''),
    at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER mails_allowed_moves BEFORE UPDATE ON mails
WHEN NEW.id IS NOT OLD.id OR NEW.event IS NOT OLD.event OR NEW.kind IS NOT OLD.kind OR NEW.number IS NOT OLD.number
    OR NEW.turn < OLD.turn OR (NEW.turn = OLD.turn AND (NEW.address IS NOT OLD.address OR NEW.copy IS NOT OLD.copy))
    OR (NEW.turn = OLD.turn AND NOT (
        (OLD.state = 'queued' AND NEW.state IN ('sending', 'given_up', 'refused', 'stopped'))
        OR (OLD.state = 'sending' AND OLD.phase = 'begun')
        OR (OLD.state = 'sending' AND OLD.phase = 'dot' AND NEW.state IN ('accepted', 'refused', 'given_up', 'unknown', 'queued'))))
    OR (NEW.turn > OLD.turn AND OLD.phase = 'dot')
BEGIN
    SELECT RAISE(ABORT, 'a mail can not move to this state');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER mails_once BEFORE INSERT ON mails
WHEN NEW.state NOT IN ('queued', 'no_address') OR EXISTS (SELECT 1 FROM mails WHERE id = NEW.id OR event = NEW.event)
BEGIN
    SELECT RAISE(ABORT, 'a mail begins as queued, and once for its event');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER mails_stay BEFORE DELETE ON mails
BEGIN
    SELECT RAISE(ABORT, 'mails are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER mail_events_stay BEFORE DELETE ON mail_events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER mail_events_keep BEFORE UPDATE ON mail_events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER mail_events_once BEFORE INSERT ON mail_events
WHEN EXISTS (SELECT 1 FROM mail_events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd
