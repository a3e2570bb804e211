-- +goose Up

-- Events as before, with one action more and with what lets their words be erased. A row's words are vouched for by a salted hash: with
-- the words and the salt gone, the hash that is left (words) still fits into the chain and tells nothing (docs/decisions/0031-erasure.md).
CREATE TEMP TABLE events_before AS SELECT seq, at, number, actor, action, reason, detail FROM events;

DROP TABLE events;

CREATE TABLE events (
    seq    INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    number TEXT NOT NULL REFERENCES cards (number),
    actor  TEXT NOT NULL CHECK (actor <> ''),
    action TEXT NOT NULL CHECK (action IN
        ('planned', 'planned again', 'proved', 'issued', 'renewed', 'suspended', 'revoked', 'reinstated', 'superseded', 'issued anew', 'amended', 'erased')),
    reason TEXT NOT NULL CHECK (reason <> '' OR action IN ('planned', 'planned again', 'proved', 'issued', 'renewed')),
    detail TEXT NOT NULL,
    salt   BLOB CHECK (length(salt) = 16),  -- NULL once the words are erased
    words  BLOB CHECK (length(words) = 32), -- only then
    CHECK ((salt IS NULL) = (words IS NOT NULL))
) STRICT;

INSERT INTO events (seq, at, number, actor, action, reason, detail, salt)
    SELECT seq, at, number, actor, action, reason, detail, randomblob(16) FROM events_before ORDER BY seq;

DROP TABLE events_before;

CREATE INDEX events_number ON events (number);

-- The chain: one entry for each event of a card or a key, in the order in which they were written. hash covers the entry before it, the
-- event, and card, which is the salted hash of the card's whole row as it stood when the transaction of the event ended.
CREATE TABLE chain (
    seq   INTEGER PRIMARY KEY,
    log   TEXT NOT NULL CHECK (log IN ('events', 'key_events')),
    entry INTEGER NOT NULL, -- seq in that table
    card  BLOB CHECK (length(card) = 32),
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    CHECK ((card IS NULL) = (log = 'key_events'))
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER chain_stay BEFORE DELETE ON chain
BEGIN
    SELECT RAISE(ABORT, 'the chain is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER chain_keep BEFORE UPDATE ON chain
BEGIN
    SELECT RAISE(ABORT, 'the chain is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER chain_once BEFORE INSERT ON chain
WHEN EXISTS (SELECT 1 FROM chain WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'the chain is only added to');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are never deleted');
END;
-- +goose StatementEnd

-- The one door for an erasure: of a card whose history says that it was erased, the words of earlier events go, and with them their salt.
-- +goose StatementBegin
CREATE TRIGGER events_keep BEFORE UPDATE ON events
WHEN NOT (OLD.salt IS NOT NULL AND NEW.salt IS NULL AND NEW.seq IS OLD.seq AND NEW.at IS OLD.at AND NEW.number IS OLD.number
    AND NEW.actor IS OLD.actor AND NEW.action IS OLD.action AND NEW.detail = ''
    AND NEW.reason = CASE OLD.reason WHEN '' THEN '' ELSE '(erased)' END
    AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased' AND e.seq > OLD.seq))
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER events_once BEFORE INSERT ON events
WHEN NEW.salt IS NULL OR EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd

-- The same door for the card itself. What it may become is written out: a card whose details were erased, and nothing else. It is one
-- that was withdrawn or replaced before, so that nothing of it ever counts again.
DROP TRIGGER cards_keep_identity;

-- +goose StatementBegin
CREATE TRIGGER cards_keep_identity BEFORE UPDATE ON cards
WHEN NEW.seq IS NOT OLD.seq OR NEW.number IS NOT OLD.number
    OR NEW.course IS NOT OLD.course OR NEW.completed IS NOT OLD.completed
    OR NEW.recorded_at < OLD.recorded_at OR NEW.batch IS NOT OLD.batch OR NEW.replaces IS NOT OLD.replaces
    OR NEW.renews IS NOT OLD.renews
    OR ((NEW.name IS NOT OLD.name OR NEW.evidence IS NOT OLD.evidence) AND NOT (
        OLD.state IN ('revoked', 'superseded') AND NEW.name = '(erased)' AND NEW.name_fold = '(erased)' AND NEW.evidence = ''
        AND NEW.email = '' AND NEW.learner_id = '' AND NEW.digest = zeroblob(32)
        AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased')))
BEGIN
    SELECT RAISE(ABORT, 'a card keeps its number and its holder');
END;
-- +goose StatementEnd

DROP TRIGGER cards_keep_content;

-- +goose StatementBegin
CREATE TRIGGER cards_keep_content BEFORE UPDATE ON cards
WHEN OLD.state <> 'planned' AND (
    NEW.issuer IS NOT OLD.issuer OR NEW.issued_at IS NOT OLD.issued_at OR NEW.expires_at IS NOT OLD.expires_at
    OR NEW.not_before IS NOT OLD.not_before OR NEW.status_list IS NOT OLD.status_list
    OR NEW.status_idx IS NOT OLD.status_idx OR NEW.key_id IS NOT OLD.key_id
    OR NEW.catalogue IS NOT OLD.catalogue OR NEW.issued_on IS NOT OLD.issued_on OR NEW.expires_on IS NOT OLD.expires_on
    OR NEW.recorded_at IS NOT OLD.recorded_at OR NEW.instructor IS NOT OLD.instructor
    OR (OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS NOT OLD.replaced_by)
    OR ((NEW.digest IS NOT OLD.digest OR NEW.token IS NOT OLD.token OR NEW.sha256 IS NOT OLD.sha256) AND NOT (
        OLD.state IN ('revoked', 'superseded') AND NEW.state IS OLD.state AND NEW.name = '(erased)' AND NEW.digest = zeroblob(32)
        AND NEW.token = CASE OLD.token WHEN '' THEN '' ELSE '(erased)' END
        AND NEW.sha256 = CASE OLD.token WHEN '' THEN '' ELSE '0000000000000000000000000000000000000000000000000000000000000000' END
        AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased')))
)
BEGIN
    SELECT RAISE(ABORT, 'a card that is out keeps its content');
END;
-- +goose StatementEnd

-- No card takes the place of one whose holder nobody knows any more, and nobody's details come back.
-- +goose StatementBegin
CREATE TRIGGER cards_erased BEFORE UPDATE ON cards
WHEN OLD.name = '(erased)'
BEGIN
    SELECT RAISE(ABORT, 'a card that was erased stays so');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER cards_of_erased BEFORE INSERT ON cards
WHEN NEW.name = '(erased)' OR EXISTS (SELECT 1 FROM cards o WHERE o.number IN (NEW.replaces, NEW.renews) AND o.name = '(erased)')
BEGIN
    SELECT RAISE(ABORT, 'the card before it was erased');
END;
-- +goose StatementEnd

-- Links of an erased learner: revoked, and nobody's.
DROP TRIGGER links_keep;

-- +goose StatementBegin
CREATE TRIGGER links_keep BEFORE UPDATE ON links
WHEN NEW.seq IS NOT OLD.seq OR NEW.hash IS NOT OLD.hash OR NEW.created_at IS NOT OLD.created_at OR NEW.created_by IS NOT OLD.created_by
    OR ((NEW.learner_id IS NOT OLD.learner_id OR NEW.email IS NOT OLD.email OR NEW.name_fold IS NOT OLD.name_fold OR OLD.revoked_at IS NOT NULL)
        AND NOT (OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS OLD.revoked_at AND NEW.revoked_by IS OLD.revoked_by
            AND NEW.learner_id = '(erased)' AND NEW.email = '' AND NEW.name_fold = ''))
BEGIN
    SELECT RAISE(ABORT, 'a link is revoked once, and never changed otherwise');
END;
-- +goose StatementEnd

-- What a mail server said may name the address. It goes where the mail's own address is gone.
DROP TRIGGER mail_events_keep;

-- +goose StatementBegin
CREATE TRIGGER mail_events_keep BEFORE UPDATE ON mail_events
WHEN NOT (NEW.seq IS OLD.seq AND NEW.at IS OLD.at AND NEW.mail IS OLD.mail AND NEW.actor IS OLD.actor AND NEW.state IS OLD.state
    AND NEW.words = '' AND EXISTS (SELECT 1 FROM mails m WHERE m.id = OLD.mail AND m.address = ''))
BEGIN
    SELECT RAISE(ABORT, 'events are never changed');
END;
-- +goose StatementEnd
