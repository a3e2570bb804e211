-- +goose Up

-- The language in which the card's learner is written to: a code such as "de", or empty for that of the centre. It is private, like the
-- address, stands on no card, and may change.
ALTER TABLE cards ADD COLUMN language TEXT NOT NULL DEFAULT '' CHECK (language = '' OR language GLOB '[a-z][a-z]*');
