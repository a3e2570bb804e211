-- +goose Up

-- "CPrf": the number by which a register is told from a database of another program.
PRAGMA application_id = 1129345638;

CREATE TABLE batches (
    id          TEXT PRIMARY KEY COLLATE NOCASE CHECK (id <> ''), -- people type it
    roster      TEXT NOT NULL,
    actor       TEXT NOT NULL CHECK (actor <> ''),
    created_at  INTEGER NOT NULL,
    held        INTEGER NOT NULL CHECK (held IN (0, 1)), -- it was begun as one that waits for its release
    released_at INTEGER CHECK (released_at IS NULL OR held = 1)
) STRICT;

-- What the courses were when cards of them were planned. A course that changes gets another row, and issued cards keep theirs.
-- current marks the courses as the last batch found them: only that may change.
CREATE TABLE catalogue (
    id      INTEGER PRIMARY KEY,
    course  TEXT NOT NULL CHECK (course <> ''),
    title   TEXT NOT NULL,
    level   TEXT NOT NULL,
    trained TEXT NOT NULL,
    meets   TEXT NOT NULL CHECK (json_valid(meets) AND json_type(meets) = 'array'),
    entry   TEXT NOT NULL CHECK (entry = '' OR json_valid(entry)),
    current INTEGER NOT NULL DEFAULT 0 CHECK (current IN (0, 1)),
    UNIQUE (course, title, level, trained, meets, entry)
) STRICT;

CREATE UNIQUE INDEX catalogue_current ON catalogue (course) WHERE current = 1;

-- Places in status lists. A place that was given out stays taken, whether or not its card was ever made.
CREATE TABLE status_slots (
    list INTEGER NOT NULL CHECK (list >= 1),
    idx  INTEGER NOT NULL CHECK (idx BETWEEN 0 AND 131071),
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

-- Times are seconds since 1970 in UTC, days are YYYY-MM-DD.
CREATE TABLE cards (
    seq           INTEGER PRIMARY KEY,
    number        TEXT NOT NULL UNIQUE CHECK (length(number) = 12),
    issuer        TEXT NOT NULL CHECK (issuer <> ''),
    issued_at     INTEGER NOT NULL,
    expires_at    INTEGER NOT NULL CHECK (expires_at > issued_at),
    not_before    INTEGER,
    name          TEXT NOT NULL CHECK (name <> ''),
    course        TEXT NOT NULL CHECK (course <> ''),
    status_list   INTEGER,
    status_idx    INTEGER,
    key_id        TEXT NOT NULL CHECK (key_id <> ''),
    digest        BLOB NOT NULL CHECK (length(digest) = 32),
    catalogue     INTEGER NOT NULL REFERENCES catalogue (id),
    completed     TEXT NOT NULL CHECK (completed GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    issued_on     TEXT NOT NULL CHECK (issued_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    expires_on    TEXT NOT NULL CHECK (expires_on GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
    instructor    TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('planned', 'issued', 'suspended', 'revoked', 'superseded')),
    changed_at    INTEGER NOT NULL,
    recorded_at   INTEGER NOT NULL,
    replaced_by   TEXT REFERENCES cards (number),
    learner_id    TEXT NOT NULL,
    email         TEXT NOT NULL,
    name_fold     TEXT NOT NULL CHECK (name_fold <> ''),
    batch         TEXT NOT NULL REFERENCES batches (id),
    class         TEXT NOT NULL,
    instructor_id TEXT NOT NULL,
    token         TEXT NOT NULL,
    sha256        TEXT NOT NULL,
    replaces      TEXT REFERENCES cards (number),
    renews        TEXT REFERENCES cards (number) CHECK (renews <> number),
    evidence      TEXT NOT NULL,
    FOREIGN KEY (status_list, status_idx) REFERENCES status_slots (list, idx),
    CHECK ((status_list IS NULL) = (status_idx IS NULL)),
    CHECK (state IN ('planned', 'revoked') OR token <> ''),
    CHECK ((token = '' AND sha256 = '') OR (token <> '' AND length(sha256) = 64)),
    CHECK ((state = 'superseded') = (replaced_by IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX cards_status ON cards (status_list, status_idx) WHERE status_list IS NOT NULL;
CREATE INDEX cards_learner ON cards (learner_id, course, completed) WHERE learner_id <> '';
CREATE INDEX cards_name ON cards (name_fold, email, course, completed);
-- A card that was revoked before it was issued has no token: it was given up, nobody ever had it, and it stands in nobody's way.
CREATE UNIQUE INDEX cards_replaces ON cards (replaces) WHERE replaces IS NOT NULL AND NOT (state = 'revoked' AND token = '');
CREATE UNIQUE INDEX cards_replaced_by ON cards (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX cards_renews ON cards (renews) WHERE renews IS NOT NULL;
CREATE INDEX cards_planned ON cards (seq) WHERE state = 'planned';
CREATE INDEX cards_class ON cards (class COLLATE NOCASE, course, completed) WHERE class <> '';
CREATE INDEX cards_completed ON cards (course, completed, email);
CREATE INDEX cards_given_up ON cards (seq) WHERE state = 'revoked' AND token = '';
-- With the columns behind the batch, counting all batches reads this index and no card.
CREATE INDEX cards_batch ON cards (batch, state, token = '', course, completed);

CREATE TABLE events (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    number TEXT NOT NULL REFERENCES cards (number),
    actor  TEXT NOT NULL CHECK (actor <> ''),
    action TEXT NOT NULL CHECK (action IN
        ('planned', 'planned again', 'proved', 'issued', 'renewed', 'suspended', 'revoked', 'reinstated', 'superseded', 'issued anew', 'amended')),
    reason TEXT NOT NULL CHECK (reason <> '' OR action IN ('planned', 'planned again', 'proved', 'issued', 'renewed')),
    detail TEXT NOT NULL
) STRICT;

CREATE INDEX events_number ON events (number);

-- What became of the keys. A revocation is believed wherever the key set says otherwise: an older copy of the set brings no key back.
CREATE TABLE key_events (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    key_id TEXT NOT NULL CHECK (key_id <> ''),
    actor  TEXT NOT NULL CHECK (actor <> ''),
    action TEXT NOT NULL CHECK (action IN ('in use', 'retired', 'revoked')),
    since  INTEGER NOT NULL, -- from when on it holds
    reason TEXT NOT NULL
) STRICT;

-- The same learner, course and day are the same card for ever, unless it was given up before it was issued. This is a
-- trigger rather than a unique index because the e-mail and the name decide only where one side has no learner ID, and
-- because the corrected name of a replacement counts as well. SQLite has one writer at a time, so that no second insert slips in between.
-- +goose StatementBegin
CREATE TRIGGER cards_one_for_each_learner BEFORE INSERT ON cards
WHEN NEW.replaces IS NULL AND (
    EXISTS (SELECT 1 FROM cards c WHERE c.learner_id <> '' AND c.learner_id = NEW.learner_id
        AND c.course = NEW.course AND c.completed = NEW.completed AND NOT (c.state = 'revoked' AND c.token = ''))
    OR EXISTS (SELECT 1 FROM cards c WHERE c.name_fold = NEW.name_fold AND c.email = NEW.email
        AND c.course = NEW.course AND c.completed = NEW.completed
        AND (c.learner_id = '' OR NEW.learner_id = '') AND NOT (c.state = 'revoked' AND c.token = ''))
)
BEGIN
    SELECT RAISE(ABORT, 'the learner has a card of this course and day');
END;
-- +goose StatementEnd

-- A revoked card is issued anew only if it was out, or was taken out by itself of a batch that waits no more, and only where its
-- learner has no other card of that course and day: else there would be two, or one that the second look took out would come back.
-- +goose StatementBegin
CREATE TRIGGER cards_anew BEFORE INSERT ON cards
WHEN EXISTS (SELECT 1 FROM cards o WHERE o.number = NEW.replaces AND o.state = 'revoked' AND (
    (o.token = '' AND (o.replaces IS NOT NULL
        OR NOT EXISTS (SELECT 1 FROM events e WHERE e.number = o.number AND e.action = 'revoked' AND e.detail = '')
        OR EXISTS (SELECT 1 FROM cards w WHERE w.batch = o.batch AND w.state = 'planned')))
    OR EXISTS (SELECT 1 FROM cards c WHERE c.learner_id <> '' AND c.learner_id IN (NEW.learner_id, o.learner_id)
        AND c.course = NEW.course AND c.completed = NEW.completed AND c.state IN ('planned', 'issued', 'suspended'))
    OR EXISTS (SELECT 1 FROM cards c WHERE c.name_fold IN (NEW.name_fold, o.name_fold) AND c.email = NEW.email
        AND c.course = NEW.course AND c.completed = NEW.completed AND c.state IN ('planned', 'issued', 'suspended')
        AND (c.learner_id = '' OR NEW.learner_id = ''))
))
BEGIN
    SELECT RAISE(ABORT, 'this revoked card is not issued anew');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cards_begin_as_planned BEFORE INSERT ON cards
WHEN NEW.state <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'a card begins as planned');
END;
-- +goose StatementEnd

-- Who the card is for stays, whatever its state. recorded_at, since when the register has held the digest, never goes back: a
-- revoked key is believed in what was recorded before.
-- +goose StatementBegin
CREATE TRIGGER cards_keep_identity BEFORE UPDATE ON cards
WHEN NEW.seq IS NOT OLD.seq OR NEW.number IS NOT OLD.number OR NEW.name IS NOT OLD.name
    OR NEW.course IS NOT OLD.course OR NEW.completed IS NOT OLD.completed
    OR NEW.recorded_at < OLD.recorded_at OR NEW.batch IS NOT OLD.batch OR NEW.replaces IS NOT OLD.replaces
    OR NEW.renews IS NOT OLD.renews OR NEW.evidence IS NOT OLD.evidence
BEGIN
    SELECT RAISE(ABORT, 'a card keeps its number and its holder');
END;
-- +goose StatementEnd

-- What was signed and printed stays, once the card is out.
-- +goose StatementBegin
CREATE TRIGGER cards_keep_content BEFORE UPDATE ON cards
WHEN OLD.state <> 'planned' AND (
    NEW.issuer IS NOT OLD.issuer OR NEW.issued_at IS NOT OLD.issued_at OR NEW.expires_at IS NOT OLD.expires_at
    OR NEW.not_before IS NOT OLD.not_before OR NEW.status_list IS NOT OLD.status_list
    OR NEW.status_idx IS NOT OLD.status_idx OR NEW.key_id IS NOT OLD.key_id OR NEW.digest IS NOT OLD.digest
    OR NEW.catalogue IS NOT OLD.catalogue OR NEW.issued_on IS NOT OLD.issued_on OR NEW.expires_on IS NOT OLD.expires_on
    OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.instructor IS NOT OLD.instructor
    OR NEW.token IS NOT OLD.token OR NEW.sha256 IS NOT OLD.sha256
    OR (OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS NOT OLD.replaced_by)
)
BEGIN
    SELECT RAISE(ABORT, 'a card that is out keeps its content');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cards_allowed_moves BEFORE UPDATE ON cards
WHEN NEW.state <> OLD.state AND NOT (
    (OLD.state = 'planned' AND NEW.state IN ('issued', 'revoked'))
    OR (OLD.state = 'issued' AND NEW.state IN ('suspended', 'revoked', 'superseded'))
    OR (OLD.state = 'suspended' AND NEW.state IN ('issued', 'revoked'))
)
BEGIN
    SELECT RAISE(ABORT, 'a card can not move to this state');
END;
-- +goose StatementEnd

-- A finished file belongs to what was planned: who plans it anew takes the file away.
-- +goose StatementBegin
CREATE TRIGGER cards_keep_what_is_proved BEFORE UPDATE ON cards
WHEN OLD.state = 'planned' AND NEW.token <> '' AND (
    NEW.issuer IS NOT OLD.issuer OR NEW.issued_at IS NOT OLD.issued_at OR NEW.expires_at IS NOT OLD.expires_at
    OR NEW.not_before IS NOT OLD.not_before OR NEW.status_list IS NOT OLD.status_list
    OR NEW.status_idx IS NOT OLD.status_idx OR NEW.key_id IS NOT OLD.key_id OR NEW.digest IS NOT OLD.digest
    OR NEW.catalogue IS NOT OLD.catalogue OR NEW.issued_on IS NOT OLD.issued_on OR NEW.expires_on IS NOT OLD.expires_on
    OR NEW.instructor IS NOT OLD.instructor
)
BEGIN
    SELECT RAISE(ABORT, 'a card that is planned anew has no file');
END;
-- +goose StatementEnd

-- A revoked card with a token was out. One that is given up before that has none, or it would be in its learner's way.
-- +goose StatementBegin
CREATE TRIGGER cards_given_up_without_file BEFORE UPDATE ON cards
WHEN OLD.state = 'planned' AND NEW.state = 'revoked' AND NEW.token <> ''
BEGIN
    SELECT RAISE(ABORT, 'a card that is given up has no token');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cards_wait_for_release BEFORE UPDATE ON cards
WHEN OLD.state = 'planned' AND NEW.state = 'issued'
    AND EXISTS (SELECT 1 FROM batches b WHERE b.id = OLD.batch AND b.held = 1 AND b.released_at IS NULL)
BEGIN
    SELECT RAISE(ABORT, 'a card of a held batch waits for its release');
END;
-- +goose StatementEnd

-- INSERT OR REPLACE deletes the row in its way, and fires no trigger for that.
-- +goose StatementBegin
CREATE TRIGGER cards_once BEFORE INSERT ON cards
WHEN EXISTS (SELECT 1 FROM cards WHERE number = NEW.number)
BEGIN
    SELECT RAISE(ABORT, 'a card has this number');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cards_stay BEFORE DELETE ON cards
BEGIN
    SELECT RAISE(ABORT, 'cards are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_keep BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER status_slots_stay BEFORE DELETE ON status_slots
BEGIN
    SELECT RAISE(ABORT, 'status slots are never given back');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER status_slots_keep BEFORE UPDATE ON status_slots
BEGIN
    SELECT RAISE(ABORT, 'status slots are never moved');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER batches_stay BEFORE DELETE ON batches
BEGIN
    SELECT RAISE(ABORT, 'batches are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER batches_keep BEFORE UPDATE ON batches
WHEN NEW.id IS NOT OLD.id OR NEW.roster IS NOT OLD.roster OR NEW.actor IS NOT OLD.actor OR NEW.created_at IS NOT OLD.created_at
    OR NEW.held IS NOT OLD.held OR OLD.released_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'batches are released once, and never changed otherwise');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER batches_once BEFORE INSERT ON batches
WHEN NEW.released_at IS NOT NULL OR EXISTS (SELECT 1 FROM batches WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'a batch has this name');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_once BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER catalogue_stay BEFORE DELETE ON catalogue
BEGIN
    SELECT RAISE(ABORT, 'what cards say of their courses is never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER catalogue_keep BEFORE UPDATE ON catalogue
WHEN NEW.id IS NOT OLD.id OR NEW.course IS NOT OLD.course OR NEW.title IS NOT OLD.title OR NEW.level IS NOT OLD.level
    OR NEW.trained IS NOT OLD.trained OR NEW.meets IS NOT OLD.meets OR NEW.entry IS NOT OLD.entry
BEGIN
    SELECT RAISE(ABORT, 'what cards say of their courses is never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER catalogue_once BEFORE INSERT ON catalogue
WHEN EXISTS (SELECT 1 FROM catalogue WHERE id = NEW.id)
    OR EXISTS (SELECT 1 FROM catalogue c WHERE c.course = NEW.course AND c.title = NEW.title AND c.level = NEW.level
        AND c.trained = NEW.trained AND c.meets = NEW.meets AND c.entry = NEW.entry)
    OR NEW.current = 1
BEGIN
    SELECT RAISE(ABORT, 'the catalogue has this entry');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER key_events_stay BEFORE DELETE ON key_events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER key_events_keep BEFORE UPDATE ON key_events
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER key_events_once BEFORE INSERT ON key_events
WHEN EXISTS (SELECT 1 FROM key_events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd
