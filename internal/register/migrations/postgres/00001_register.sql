-- The register on PostgreSQL 15 or newer: the tables of the SQLite migrations up to 00006, with the same names and rules, for the statements
-- of this package are the same for both. Texts compare by their bytes (COLLATE "C"), as there, and so no update of the system's collations
-- damages an index. The functions find the tables by the schema in which they were made, whatever search_path a session has.

-- +goose Up

-- What a rule about several cards needs: one writer at a time. It is taken at the begin of every writing transaction, and by the tables
-- themselves, for programs that know nothing of it. "CPrf" is the first key, the schema the second: each centre has its own.
-- +goose StatementBegin
CREATE FUNCTION register_lock() RETURNS void LANGUAGE sql VOLATILE SET search_path FROM CURRENT AS $$
    SELECT pg_advisory_xact_lock(1129345638, quote_ident(current_schema())::regnamespace::oid::integer)
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION one_writer() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM register_lock();
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- A history that has no gaps: a row of it goes behind the last one that is there, also where a transaction before was taken back. Of the
-- sequence, which remembers what was taken back, only the owner may change the count.
-- +goose StatementBegin
CREATE FUNCTION count_on() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    log text := format('%I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME);
BEGIN
    PERFORM register_lock();
    EXECUTE format('SELECT setval(pg_get_serial_sequence(%L, ''seq''), coalesce(max(seq), 0) + 1, false) FROM %s', log, log);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END
$$;
-- +goose StatementEnd

-- A key for texts that are too long for an index. What it calls is immutable in a database of one encoding.
-- +goose StatementBegin
CREATE FUNCTION digest_of(title text, level text, trained text, meets text, entry text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT sha256(convert_to(jsonb_build_array(title, level, trained, meets, entry)::text, 'UTF8'))
$$;
-- +goose StatementEnd

CREATE TABLE batches (
    rowid       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id          text COLLATE "C" PRIMARY KEY CHECK (id <> ''),
    roster      text COLLATE "C" NOT NULL,
    actor       text COLLATE "C" NOT NULL CHECK (actor <> ''),
    created_at  bigint NOT NULL,
    held        bigint NOT NULL CHECK (held IN (0, 1)), -- it was begun as one that waits for its release
    released_at bigint CHECK (released_at IS NULL OR held = 1)
);

CREATE UNIQUE INDEX batches_typed ON batches (lower(id)); -- people type it

-- What the courses were when cards of them were planned. A course that changes gets another row, and issued cards keep theirs.
-- current marks the courses as the last batch found them: only that may change.
CREATE TABLE catalogue (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    course  text COLLATE "C" NOT NULL CHECK (course <> ''),
    title   text COLLATE "C" NOT NULL,
    level   text COLLATE "C" NOT NULL,
    trained text COLLATE "C" NOT NULL,
    meets   text COLLATE "C" NOT NULL CHECK (json_typeof(meets::json) = 'array'),
    entry   text COLLATE "C" NOT NULL CHECK (CASE WHEN entry = '' THEN true ELSE json_typeof(entry::json) <> '' END),
    current bigint NOT NULL DEFAULT 0 CHECK (current IN (0, 1))
);

CREATE UNIQUE INDEX catalogue_says ON catalogue (course, digest_of(title, level, trained, meets, entry));
CREATE UNIQUE INDEX catalogue_current ON catalogue (course) WHERE current = 1;

-- Places in status lists. A place that was given out stays taken, whether or not its card was ever made.
CREATE TABLE status_slots (
    list bigint NOT NULL CHECK (list >= 1),
    idx  bigint NOT NULL CHECK (idx BETWEEN 0 AND 131071),
    PRIMARY KEY (list, idx)
);

-- Times are seconds since 1970 in UTC, days are YYYY-MM-DD.
CREATE TABLE cards (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number        text COLLATE "C" NOT NULL UNIQUE CHECK (length(number) = 12),
    issuer        text COLLATE "C" NOT NULL CHECK (issuer <> ''),
    issued_at     bigint NOT NULL,
    expires_at    bigint NOT NULL CHECK (expires_at > issued_at),
    not_before    bigint,
    name          text COLLATE "C" NOT NULL CHECK (name <> ''),
    course        text COLLATE "C" NOT NULL CHECK (course <> ''),
    status_list   bigint,
    status_idx    bigint,
    key_id        text COLLATE "C" NOT NULL CHECK (key_id <> ''),
    digest        bytea NOT NULL CHECK (length(digest) = 32),
    catalogue     bigint NOT NULL REFERENCES catalogue (id),
    completed     text COLLATE "C" NOT NULL CHECK (completed ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    issued_on     text COLLATE "C" NOT NULL CHECK (issued_on ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    expires_on    text COLLATE "C" NOT NULL CHECK (expires_on ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    instructor    text COLLATE "C" NOT NULL,
    state         text COLLATE "C" NOT NULL CHECK (state IN ('planned', 'issued', 'suspended', 'revoked', 'superseded')),
    changed_at    bigint NOT NULL,
    recorded_at   bigint NOT NULL,
    replaced_by   text COLLATE "C" REFERENCES cards (number),
    learner_id    text COLLATE "C" NOT NULL,
    email         text COLLATE "C" NOT NULL,
    name_fold     text COLLATE "C" NOT NULL CHECK (name_fold <> ''),
    batch         text COLLATE "C" NOT NULL REFERENCES batches (id),
    class         text COLLATE "C" NOT NULL,
    instructor_id text COLLATE "C" NOT NULL,
    token         text COLLATE "C" NOT NULL,
    sha256        text COLLATE "C" NOT NULL,
    replaces      text COLLATE "C" REFERENCES cards (number),
    renews        text COLLATE "C" REFERENCES cards (number) CHECK (renews <> number),
    evidence      text COLLATE "C" NOT NULL,
    language      text COLLATE "C" NOT NULL CHECK (language = '' OR language ~ '^[a-z][a-z]'),
    FOREIGN KEY (status_list, status_idx) REFERENCES status_slots (list, idx),
    CHECK ((status_list IS NULL) = (status_idx IS NULL)),
    CHECK (state IN ('planned', 'revoked') OR token <> ''),
    CHECK ((token = '' AND sha256 = '') OR (token <> '' AND length(sha256) = 64)),
    CHECK ((state = 'superseded') = (replaced_by IS NOT NULL))
);

-- By this a register is told from the tables of another program.
COMMENT ON TABLE cards IS 'CPrf: cards of Cardproof';

CREATE UNIQUE INDEX cards_status ON cards (status_list, status_idx) WHERE status_list IS NOT NULL;
CREATE INDEX cards_learner ON cards (learner_id, course, completed) WHERE learner_id <> '';
CREATE INDEX cards_name ON cards (name_fold, email, course, completed);
-- A card that was revoked before it was issued has no token: it was given up, nobody ever had it, and it stands in nobody's way.
CREATE UNIQUE INDEX cards_replaces ON cards (replaces) WHERE replaces IS NOT NULL AND NOT (state = 'revoked' AND token = '');
CREATE INDEX cards_before ON cards (replaces) WHERE replaces IS NOT NULL;
CREATE UNIQUE INDEX cards_replaced_by ON cards (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE INDEX cards_renews ON cards (renews) WHERE renews IS NOT NULL;
CREATE INDEX cards_planned ON cards (seq) WHERE state = 'planned';
CREATE INDEX cards_class ON cards (lower(class), course, completed) WHERE class <> '';
CREATE INDEX cards_completed ON cards (course, completed, email);
CREATE INDEX cards_given_up ON cards (seq) WHERE state = 'revoked' AND token = '';
CREATE INDEX cards_batch ON cards (batch, state, (token = ''), course, completed);
CREATE INDEX cards_key ON cards (key_id, state);
CREATE INDEX cards_email ON cards (email) WHERE email <> '';
CREATE INDEX cards_expires ON cards (expires_at) WHERE state = 'issued';

CREATE TABLE events (
    seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     bigint NOT NULL,
    number text COLLATE "C" NOT NULL REFERENCES cards (number),
    actor  text COLLATE "C" NOT NULL CHECK (actor <> ''),
    action text COLLATE "C" NOT NULL CHECK (action IN
        ('planned', 'planned again', 'proved', 'issued', 'renewed', 'suspended', 'revoked', 'reinstated', 'superseded', 'issued anew', 'amended', 'erased')),
    reason text COLLATE "C" NOT NULL CHECK (reason <> '' OR action IN ('planned', 'planned again', 'proved', 'issued', 'renewed')),
    detail text COLLATE "C" NOT NULL,
    salt   bytea CHECK (length(salt) = 16),  -- NULL once the words are erased
    words  bytea CHECK (length(words) = 32), -- only then
    CHECK ((salt IS NULL) = (words IS NOT NULL))
);

CREATE INDEX events_number ON events (number);

-- What became of the keys. A revocation is believed wherever the key set says otherwise: an older copy of the set brings no key back.
CREATE TABLE key_events (
    seq    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at     bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL CHECK (key_id <> ''),
    actor  text COLLATE "C" NOT NULL CHECK (actor <> ''),
    action text COLLATE "C" NOT NULL CHECK (action IN ('in use', 'retired', 'revoked')),
    since  bigint NOT NULL, -- from when on it holds
    reason text COLLATE "C" NOT NULL
);

-- The chain: one entry for each event of a card or a key, in the order in which they were written. hash covers the entry before it, the
-- event, and card, which is the salted hash of the card's whole row as it stood when the transaction of the event ended.
CREATE TABLE chain (
    seq   bigint PRIMARY KEY, -- the program counts
    log   text COLLATE "C" NOT NULL CHECK (log IN ('events', 'key_events')),
    entry bigint NOT NULL, -- seq in that table
    card  bytea CHECK (length(card) = 32),
    hash  bytea NOT NULL CHECK (length(hash) = 32),
    CHECK ((card IS NULL) = (log = 'key_events'))
);

-- Links to learners' pages. The secret itself is nowhere: hash is its SHA-256.
CREATE TABLE links (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash       bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    learner_id text COLLATE "C" NOT NULL,
    email      text COLLATE "C" NOT NULL,
    name_fold  text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL CHECK (created_by <> ''),
    revoked_at bigint,
    revoked_by text COLLATE "C" CHECK (revoked_by <> ''),
    CHECK (learner_id <> '' OR (email <> '' AND name_fold <> '')),
    CHECK ((revoked_at IS NULL) = (revoked_by IS NULL))
);

CREATE INDEX links_in_force ON links (hash, created_at) WHERE revoked_at IS NULL;
CREATE INDEX links_learner ON links (learner_id) WHERE learner_id <> '';
CREATE INDEX links_email ON links (email) WHERE email <> '';

-- One row for each mail that is owed, for ever.
CREATE TABLE mails (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event      text COLLATE "C" NOT NULL UNIQUE CHECK (event <> ''),
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('issued', 'replaced', 'reminder', 'links')),
    number     text COLLATE "C" REFERENCES cards (number), -- NULL where the mail is of no single card
    address    text COLLATE "C" NOT NULL,                  -- as used; empty where there is none
    language   text COLLATE "C" NOT NULL CHECK (language <> ''),
    state      text COLLATE "C" NOT NULL CHECK (state IN
        ('queued', 'sending', 'accepted', 'refused', 'given_up', 'no_address', 'unknown', 'stopped')),
    -- While it is sent: 'begun' until all but the final dot is with the server, then 'dot'. Up to the dot the server has no mail.
    phase      text COLLATE "C" NOT NULL CHECK (phase IN ('', 'begun', 'dot')),
    turn       bigint NOT NULL CHECK (turn >= 1), -- which job may send it; a person, or the recovery after a crash, begins the next
    copy       bigint NOT NULL CHECK (copy >= 0), -- how often a person had it sent again after the server had taken it
    attempts   bigint NOT NULL CHECK (attempts >= 0), -- of this turn
    words      text COLLATE "C" NOT NULL, -- what the server, or what stopped it, said last
    queued_at  bigint NOT NULL, -- of this turn
    changed_at bigint NOT NULL,
    CHECK ((kind = 'links') = (number IS NULL)),
    CHECK ((state = 'sending') = (phase <> '')),
    CHECK (address <> '' OR state = 'no_address')
);

CREATE INDEX mails_number ON mails (number) WHERE number IS NOT NULL;
CREATE INDEX mails_open ON mails (id) WHERE state IN ('queued', 'sending');

CREATE TABLE mail_events (
    seq   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at    bigint NOT NULL,
    mail  bigint NOT NULL REFERENCES mails (id),
    actor text COLLATE "C" NOT NULL CHECK (actor <> ''),
    state text COLLATE "C" NOT NULL CHECK (state <> ''),
    words text COLLATE "C" NOT NULL
);

CREATE INDEX mail_events_mail ON mail_events (mail);

-- Addresses that want no more reminders.
CREATE TABLE mail_stops (
    address text COLLATE "C" PRIMARY KEY CHECK (address <> ''),
    actor   text COLLATE "C" NOT NULL CHECK (actor <> ''),
    at      bigint NOT NULL
);

-- What the links of reminders stand for (RFC 8058). The secret itself is in the mail alone.
CREATE TABLE mail_stop_links (
    hash    bytea PRIMARY KEY CHECK (length(hash) = 32),
    address text COLLATE "C" NOT NULL CHECK (address <> ''),
    at      bigint NOT NULL
);

-- Whoever writes waits for the writer before. Sequences give their numbers behind that, so events appear in the order of theirs.
CREATE TRIGGER a_one_writer BEFORE INSERT OR UPDATE ON batches FOR EACH STATEMENT EXECUTE FUNCTION one_writer();
CREATE TRIGGER a_one_writer BEFORE INSERT OR UPDATE ON cards FOR EACH STATEMENT EXECUTE FUNCTION one_writer();
CREATE TRIGGER a_count_on BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION count_on();
CREATE TRIGGER a_count_on BEFORE INSERT ON key_events FOR EACH STATEMENT EXECUTE FUNCTION count_on();
CREATE TRIGGER a_one_writer BEFORE INSERT ON chain FOR EACH STATEMENT EXECUTE FUNCTION one_writer();
CREATE TRIGGER a_one_writer BEFORE INSERT ON status_slots FOR EACH STATEMENT EXECUTE FUNCTION one_writer();

-- The same learner, course and day are the same card for ever, unless it was given up before it was issued. A row sees those that the
-- same statement has put in before it. A plan that was made when the table was empty is kept for the session: with enable_seqscan it
-- would read the whole table for each of 100,000 cards.
-- +goose StatementBegin
CREATE FUNCTION cards_one_for_each_learner() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM cards c WHERE c.learner_id <> '' AND c.learner_id = NEW.learner_id
        AND c.course = NEW.course AND c.completed = NEW.completed AND NOT (c.state = 'revoked' AND c.token = ''))
    OR EXISTS (SELECT 1 FROM cards c WHERE c.name_fold = NEW.name_fold AND c.email = NEW.email
        AND c.course = NEW.course AND c.completed = NEW.completed
        AND (c.learner_id = '' OR NEW.learner_id = '') AND NOT (c.state = 'revoked' AND c.token = ''))
    THEN
        RAISE EXCEPTION 'the learner has a card of this course and day' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_one_for_each_learner BEFORE INSERT ON cards FOR EACH ROW
WHEN (NEW.replaces IS NULL) EXECUTE FUNCTION cards_one_for_each_learner();

-- A revoked card is issued anew only if it was out, or was taken out by itself of a batch that waits no more, and only where its
-- learner has no other card of that course and day: else there would be two, or one that the second look took out would come back.
-- +goose StatementBegin
CREATE FUNCTION cards_anew() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM cards o WHERE o.number = NEW.replaces AND o.state = 'revoked' AND (
        (o.token = '' AND (o.replaces IS NOT NULL
            OR NOT EXISTS (SELECT 1 FROM events e WHERE e.number = o.number AND e.action = 'revoked' AND e.detail = '')
            OR EXISTS (SELECT 1 FROM cards w WHERE w.batch = o.batch AND w.state = 'planned')))
        OR EXISTS (SELECT 1 FROM cards c WHERE c.learner_id <> '' AND c.learner_id IN (NEW.learner_id, o.learner_id)
            AND c.course = NEW.course AND c.completed = NEW.completed AND c.state IN ('planned', 'issued', 'suspended'))
        OR EXISTS (SELECT 1 FROM cards c WHERE c.name_fold IN (NEW.name_fold, o.name_fold) AND c.email = NEW.email
            AND c.course = NEW.course AND c.completed = NEW.completed AND c.state IN ('planned', 'issued', 'suspended')
            AND (c.learner_id = '' OR NEW.learner_id = ''))
    )) THEN
        RAISE EXCEPTION 'this revoked card is not issued anew' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_anew BEFORE INSERT ON cards FOR EACH ROW
WHEN (NEW.replaces IS NOT NULL) EXECUTE FUNCTION cards_anew();

CREATE TRIGGER cards_begin_as_planned BEFORE INSERT ON cards FOR EACH ROW
WHEN (NEW.state <> 'planned') EXECUTE FUNCTION refuse('a card begins as planned');

-- Who the card is for stays, whatever its state. recorded_at, since when the register has held the digest, never goes back: a
-- revoked key is believed in what was recorded before. The one door is for an erasure. What the card may become is written out: one whose
-- details were erased, and nothing else. It is one that was withdrawn or replaced before, so that nothing of it ever counts again.
-- +goose StatementBegin
CREATE FUNCTION cards_keep_identity() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF NEW.recorded_at < OLD.recorded_at OR (NEW.seq, NEW.number, NEW.course, NEW.completed, NEW.batch, NEW.replaces, NEW.renews)
        IS DISTINCT FROM (OLD.seq, OLD.number, OLD.course, OLD.completed, OLD.batch, OLD.replaces, OLD.renews)
    OR NOT (OLD.state IN ('revoked', 'superseded') AND NEW.name = '(erased)' AND NEW.name_fold = '(erased)' AND NEW.evidence = ''
        AND NEW.email = '' AND NEW.learner_id = '' AND NEW.digest = decode(repeat('00', 32), 'hex')
        AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased'))
    THEN
        RAISE EXCEPTION 'a card keeps its number and its holder' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_keep_identity BEFORE UPDATE ON cards FOR EACH ROW
WHEN (NEW.recorded_at < OLD.recorded_at OR (NEW.seq, NEW.number, NEW.name, NEW.course, NEW.completed, NEW.batch, NEW.replaces, NEW.renews, NEW.evidence)
    IS DISTINCT FROM (OLD.seq, OLD.number, OLD.name, OLD.course, OLD.completed, OLD.batch, OLD.replaces, OLD.renews, OLD.evidence))
EXECUTE FUNCTION cards_keep_identity();

-- What was signed and printed stays, once the card is out, with the same door.
-- +goose StatementBegin
CREATE FUNCTION cards_keep_content() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF (OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by)
    OR (NEW.issuer, NEW.issued_at, NEW.expires_at, NEW.not_before, NEW.status_list, NEW.status_idx, NEW.key_id, NEW.catalogue,
        NEW.issued_on, NEW.expires_on, NEW.recorded_at, NEW.instructor)
        IS DISTINCT FROM (OLD.issuer, OLD.issued_at, OLD.expires_at, OLD.not_before, OLD.status_list, OLD.status_idx, OLD.key_id, OLD.catalogue,
        OLD.issued_on, OLD.expires_on, OLD.recorded_at, OLD.instructor)
    OR NOT (OLD.state IN ('revoked', 'superseded') AND NEW.state = OLD.state AND NEW.name = '(erased)' AND NEW.digest = decode(repeat('00', 32), 'hex')
        AND NEW.token = CASE OLD.token WHEN '' THEN '' ELSE '(erased)' END
        AND NEW.sha256 = CASE OLD.token WHEN '' THEN '' ELSE repeat('0', 64) END
        AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased'))
    THEN
        RAISE EXCEPTION 'a card that is out keeps its content' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_keep_content BEFORE UPDATE ON cards FOR EACH ROW
WHEN (OLD.state <> 'planned' AND ((OLD.replaced_by IS NOT NULL AND NEW.replaced_by IS DISTINCT FROM OLD.replaced_by)
    OR (NEW.issuer, NEW.issued_at, NEW.expires_at, NEW.not_before, NEW.status_list, NEW.status_idx, NEW.key_id, NEW.digest, NEW.catalogue,
        NEW.issued_on, NEW.expires_on, NEW.recorded_at, NEW.instructor, NEW.token, NEW.sha256)
    IS DISTINCT FROM (OLD.issuer, OLD.issued_at, OLD.expires_at, OLD.not_before, OLD.status_list, OLD.status_idx, OLD.key_id, OLD.digest, OLD.catalogue,
        OLD.issued_on, OLD.expires_on, OLD.recorded_at, OLD.instructor, OLD.token, OLD.sha256)))
EXECUTE FUNCTION cards_keep_content();

-- No card takes the place of one whose holder nobody knows any more, and nobody's details come back.
CREATE TRIGGER a_erased BEFORE UPDATE ON cards FOR EACH ROW
WHEN (OLD.name = '(erased)') EXECUTE FUNCTION refuse('a card that was erased stays so');

-- +goose StatementBegin
CREATE FUNCTION cards_of_erased() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF NEW.name = '(erased)' OR EXISTS (SELECT 1 FROM cards o WHERE o.number IN (NEW.replaces, NEW.renews) AND o.name = '(erased)') THEN
        RAISE EXCEPTION 'the card before it was erased' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_of_erased BEFORE INSERT ON cards FOR EACH ROW
WHEN (NEW.name = '(erased)' OR NEW.replaces IS NOT NULL OR NEW.renews IS NOT NULL) EXECUTE FUNCTION cards_of_erased();

CREATE TRIGGER cards_allowed_moves BEFORE UPDATE ON cards FOR EACH ROW
WHEN (NEW.state <> OLD.state AND NOT (
    (OLD.state = 'planned' AND NEW.state IN ('issued', 'revoked'))
    OR (OLD.state = 'issued' AND NEW.state IN ('suspended', 'revoked', 'superseded'))
    OR (OLD.state = 'suspended' AND NEW.state IN ('issued', 'revoked'))))
EXECUTE FUNCTION refuse('a card can not move to this state');

-- A finished file belongs to what was planned: who plans it anew takes the file away.
CREATE TRIGGER cards_keep_what_is_proved BEFORE UPDATE ON cards FOR EACH ROW
WHEN (OLD.state = 'planned' AND NEW.token <> ''
    AND (NEW.issuer, NEW.issued_at, NEW.expires_at, NEW.not_before, NEW.status_list, NEW.status_idx, NEW.key_id, NEW.digest, NEW.catalogue,
        NEW.issued_on, NEW.expires_on, NEW.instructor)
    IS DISTINCT FROM (OLD.issuer, OLD.issued_at, OLD.expires_at, OLD.not_before, OLD.status_list, OLD.status_idx, OLD.key_id, OLD.digest, OLD.catalogue,
        OLD.issued_on, OLD.expires_on, OLD.instructor))
EXECUTE FUNCTION refuse('a card that is planned anew has no file');

-- A revoked card with a token was out. One that is given up before that has none, or it would be in its learner's way.
CREATE TRIGGER cards_given_up_without_file BEFORE UPDATE ON cards FOR EACH ROW
WHEN (OLD.state = 'planned' AND NEW.state = 'revoked' AND NEW.token <> '')
EXECUTE FUNCTION refuse('a card that is given up has no token');

-- +goose StatementBegin
CREATE FUNCTION cards_wait_for_release() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM batches b WHERE b.id = OLD.batch AND b.held = 1 AND b.released_at IS NULL) THEN
        RAISE EXCEPTION 'a card of a held batch waits for its release' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER cards_wait_for_release BEFORE UPDATE ON cards FOR EACH ROW
WHEN (OLD.state = 'planned' AND NEW.state = 'issued') EXECUTE FUNCTION cards_wait_for_release();

CREATE TRIGGER cards_stay BEFORE DELETE OR TRUNCATE ON cards EXECUTE FUNCTION refuse('cards are never deleted');
CREATE TRIGGER events_stay BEFORE DELETE OR TRUNCATE ON events EXECUTE FUNCTION refuse('events are never deleted');

-- The same door: of a card whose history says that it was erased, the words of earlier events go, and with them their salt.
-- +goose StatementBegin
CREATE FUNCTION events_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF NOT (OLD.salt IS NOT NULL AND NEW.salt IS NULL
        AND (NEW.seq, NEW.at, NEW.number, NEW.actor, NEW.action) IS NOT DISTINCT FROM (OLD.seq, OLD.at, OLD.number, OLD.actor, OLD.action)
        AND NEW.detail = '' AND NEW.reason = CASE OLD.reason WHEN '' THEN '' ELSE '(erased)' END
        AND EXISTS (SELECT 1 FROM events e WHERE e.number = OLD.number AND e.action = 'erased' AND e.seq > OLD.seq))
    THEN
        RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER events_keep BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_keep();
CREATE TRIGGER events_once BEFORE INSERT ON events FOR EACH ROW
WHEN (NEW.salt IS NULL) EXECUTE FUNCTION refuse('events are never changed');
CREATE TRIGGER chain_stay BEFORE DELETE OR TRUNCATE ON chain EXECUTE FUNCTION refuse('the chain is only added to');
CREATE TRIGGER chain_keep BEFORE UPDATE ON chain EXECUTE FUNCTION refuse('the chain is only added to');
CREATE TRIGGER status_slots_stay BEFORE DELETE OR TRUNCATE ON status_slots EXECUTE FUNCTION refuse('status slots are never given back');
CREATE TRIGGER status_slots_keep BEFORE UPDATE ON status_slots EXECUTE FUNCTION refuse('status slots are never moved');
CREATE TRIGGER key_events_stay BEFORE DELETE OR TRUNCATE ON key_events EXECUTE FUNCTION refuse('events are never deleted');
CREATE TRIGGER key_events_keep BEFORE UPDATE ON key_events EXECUTE FUNCTION refuse('events are never changed');

CREATE TRIGGER batches_stay BEFORE DELETE OR TRUNCATE ON batches EXECUTE FUNCTION refuse('batches are never deleted');
CREATE TRIGGER batches_keep BEFORE UPDATE ON batches FOR EACH ROW
WHEN (OLD.released_at IS NOT NULL OR (NEW.rowid, NEW.id, NEW.roster, NEW.actor, NEW.created_at, NEW.held)
    IS DISTINCT FROM (OLD.rowid, OLD.id, OLD.roster, OLD.actor, OLD.created_at, OLD.held))
EXECUTE FUNCTION refuse('batches are released once, and never changed otherwise');
CREATE TRIGGER batches_once BEFORE INSERT ON batches FOR EACH ROW
WHEN (NEW.released_at IS NOT NULL) EXECUTE FUNCTION refuse('a batch begins without its release');

CREATE TRIGGER catalogue_stay BEFORE DELETE OR TRUNCATE ON catalogue EXECUTE FUNCTION refuse('what cards say of their courses is never deleted');
CREATE TRIGGER catalogue_keep BEFORE UPDATE ON catalogue FOR EACH ROW
WHEN ((NEW.id, NEW.course, NEW.title, NEW.level, NEW.trained, NEW.meets, NEW.entry)
    IS DISTINCT FROM (OLD.id, OLD.course, OLD.title, OLD.level, OLD.trained, OLD.meets, OLD.entry))
EXECUTE FUNCTION refuse('what cards say of their courses is never changed');
CREATE TRIGGER catalogue_once BEFORE INSERT ON catalogue FOR EACH ROW
WHEN (NEW.current = 1) EXECUTE FUNCTION refuse('an entry of the catalogue begins as no current one');

CREATE TRIGGER links_stay BEFORE DELETE OR TRUNCATE ON links EXECUTE FUNCTION refuse('links are never deleted');
-- Links of an erased learner: revoked, and nobody's.
CREATE TRIGGER links_keep BEFORE UPDATE ON links FOR EACH ROW
WHEN ((NEW.seq, NEW.hash, NEW.created_at, NEW.created_by) IS DISTINCT FROM (OLD.seq, OLD.hash, OLD.created_at, OLD.created_by)
    OR ((OLD.revoked_at IS NOT NULL OR (NEW.learner_id, NEW.email, NEW.name_fold) IS DISTINCT FROM (OLD.learner_id, OLD.email, OLD.name_fold))
        AND NOT (OLD.revoked_at IS NOT NULL AND (NEW.revoked_at, NEW.revoked_by) IS NOT DISTINCT FROM (OLD.revoked_at, OLD.revoked_by)
            AND NEW.learner_id = '(erased)' AND NEW.email = '' AND NEW.name_fold = '')))
EXECUTE FUNCTION refuse('a link is revoked once, and never changed otherwise');
CREATE TRIGGER links_once BEFORE INSERT ON links FOR EACH ROW
WHEN (NEW.revoked_at IS NOT NULL) EXECUTE FUNCTION refuse('a link begins in force, once');

CREATE TRIGGER mails_allowed_moves BEFORE UPDATE ON mails FOR EACH ROW
WHEN ((NEW.id, NEW.event, NEW.kind, NEW.number) IS DISTINCT FROM (OLD.id, OLD.event, OLD.kind, OLD.number)
    OR NEW.turn < OLD.turn OR (NEW.turn = OLD.turn AND (NEW.address, NEW.copy) IS DISTINCT FROM (OLD.address, OLD.copy))
    OR (NEW.turn = OLD.turn AND NOT (
        (OLD.state = 'queued' AND NEW.state IN ('sending', 'given_up', 'refused', 'stopped'))
        OR (OLD.state = 'sending' AND OLD.phase = 'begun')
        OR (OLD.state = 'sending' AND OLD.phase = 'dot' AND NEW.state IN ('accepted', 'refused', 'given_up', 'unknown', 'queued'))))
    OR (NEW.turn > OLD.turn AND OLD.phase = 'dot'))
EXECUTE FUNCTION refuse('a mail can not move to this state');
CREATE TRIGGER mails_once BEFORE INSERT ON mails FOR EACH ROW
WHEN (NEW.state NOT IN ('queued', 'no_address')) EXECUTE FUNCTION refuse('a mail begins as queued, and once for its event');
CREATE TRIGGER mails_stay BEFORE DELETE OR TRUNCATE ON mails EXECUTE FUNCTION refuse('mails are never deleted');
CREATE TRIGGER mail_events_stay BEFORE DELETE OR TRUNCATE ON mail_events EXECUTE FUNCTION refuse('events are never deleted');

-- What a mail server said may name the address. It goes where the mail's own address is gone.
-- +goose StatementBegin
CREATE FUNCTION mail_events_keep() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
    IF NOT ((NEW.seq, NEW.at, NEW.mail, NEW.actor, NEW.state) IS NOT DISTINCT FROM (OLD.seq, OLD.at, OLD.mail, OLD.actor, OLD.state)
        AND NEW.words = '' AND EXISTS (SELECT 1 FROM mails m WHERE m.id = OLD.mail AND m.address = ''))
    THEN
        RAISE EXCEPTION 'events are never changed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER mail_events_keep BEFORE UPDATE ON mail_events FOR EACH ROW EXECUTE FUNCTION mail_events_keep();
