package register

import (
	"context"
	"database/sql"
	"errors"
)

// LanguageOf is the language in which whoever has an address is written to, by the newest of their cards that says one; empty where none
// does, or where learners who share the address want different ones.
func (l *Ledger) LanguageOf(ctx context.Context, email string) (code string, err error) {
	if err := l.check(); err != nil {
		return "", wrap("look up a language", err)
	}
	var several bool
	err = l.read.QueryRowContext(ctx, `WITH said AS (SELECT seq, name_fold, language FROM cards WHERE email <> '' AND email = ?1 AND language <> '')
		SELECT language, EXISTS (SELECT 1 FROM said o WHERE o.name_fold <> newest.name_fold AND o.language <> newest.language)
		FROM said newest ORDER BY seq DESC LIMIT 1`, foldEmail(email)).Scan(&code, &several)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err != nil:
		return "", wrap("look up a language", err)
	case several:
		return "", nil
	}
	return code, nil
}
