package public

import (
	"net/url"
	"strings"
)

// IsDatabase says whether a register's place is the URL of a PostgreSQL database, and no file.
func IsDatabase(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// CheckDatabase refuses the URL of a database that is none, or that holds a password: configurations are copied, printed and backed up.
// The error is an *Error without a file, and does not repeat the URL.
func CheckDatabase(key, where string) error {
	u, err := url.Parse(where)
	if err != nil {
		return Invalid(key, "is no URL of a PostgreSQL database", "Write it such as postgres://cardproof@db.example.org/cardproof; what is no letter or digit in a name has to be escaped.")
	}
	if _, has := u.User.Password(); has || u.Query().Has("password") {
		return Invalid(key, "holds a password", "Take it out, and write it into the file that PGPASSFILE names (~/.pgpass), or into PGPASSWORD.")
	}
	return nil
}
