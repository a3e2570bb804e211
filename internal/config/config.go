// Package config reads the issuer's configuration into one typed struct that is checked before anything opens.
//
// The comments of config.yaml (assets/config.yaml, which `cardproof init` writes) are its manual. Together with its
// subpackage public, which reads the public server's file, it is the only code that knows viper.
package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cardproof/cardproof/internal/config/public"
	"github.com/cardproof/cardproof/issuer/course"
	"github.com/cardproof/cardproof/issuer/roster/sheet"
)

// Error is a configuration that can't be used; its Hint says what to do.
type Error = public.Error

// Server is the HTTP server's part of the configuration.
type Server = public.Server

// Config is the issuer's configuration after every check. Paths are absolute.
type Config struct {
	Issuer  Issuer    `mapstructure:"issuer"`
	Data    string    `mapstructure:"data"`    // folder of the register, and of the finished cards where archive is empty
	Archive string    `mapstructure:"archive"` // another folder, or a bucket, for the finished cards
	S3      public.S3 `mapstructure:"s3"`      // where a bucket is
	// Register is the URL of the register's database; empty for the file in Data. ReadFrom is that of a database that follows it.
	Register string          `mapstructure:"register"`
	ReadFrom string          `mapstructure:"register_read"`
	Keys     string          `mapstructure:"keys"` // folder of the keys
	Card     Card            `mapstructure:"card"`
	Brand    Brand           `mapstructure:"brand"`
	Design   Design          `mapstructure:"design"`
	Seal     Seal            `mapstructure:"seal"`
	Server   Server          `mapstructure:"server"`
	Lists    StatusList      `mapstructure:"status_list"`
	Learner  public.Learner  `mapstructure:"learner"`
	Roster   Roster          `mapstructure:"roster"`
	Mail     Mail            `mapstructure:"mail"`
	Keep     Retention       `mapstructure:"retention"`
	Courses  []course.Course `mapstructure:"courses"`

	Catalogue *course.Catalogue `mapstructure:"-"` // Courses, checked
}

// Issuer is the training centre as the issuing side knows it.
type Issuer struct {
	public.Issuer `mapstructure:",squash"`
	Phone         string `mapstructure:"phone"` // printed; may be empty
}

// Card is what holds for every card that is issued.
type Card struct {
	StatusList bool `mapstructure:"status_list"` // whether cards carry a Token Status List entry
}

// Roster settles what rosters leave open. Every member may be empty.
type Roster struct {
	DateOrder string   `mapstructure:"date_order"` // of dates in figures: dmy, mdy, ymd
	NameOrder string   `mapstructure:"name_order"` // of a column of whole names: first-last, or last-first as in "Müller, Jürgen"
	Encoding  string   `mapstructure:"encoding"`   // of text files: a label of the WHATWG Encoding Standard
	Columns   []string `mapstructure:"columns"`    // "Heading=column", as the flag --map takes them
}

// Load reads the configuration, with CARDPROOF_* of the environment (as os.Environ gives it) above it: the key
// server.rate_limit.per_client is CARDPROOF_SERVER_RATE_LIMIT_PER_CLIENT. Paths in it count from its own folder.
// The error is an *Error.
func Load(path string, env []string) (*Config, error) {
	c := &Config{
		Issuer: Issuer{Issuer: public.Issuer{TimeZone: "UTC"}},
		Data:   "data", Keys: "keys", S3: public.DefaultS3(),
		Card:   Card{StatusList: true},
		Design: Design{Name: "harbour", Pages: []string{"wallet"}, Paper: "a4"},
		Seal:   Seal{TimestampTimeout: 10 * time.Second},
		Server: public.DefaultServer(),
		Lists:  StatusList{TTL: 5 * time.Minute, Lifetime: 24 * time.Hour},
		Mail:   defaultMail(),
	}
	if err := public.Read(path, env, c, "Run `cardproof init` to write one, or name one with --config."); err != nil {
		var bad *Error
		if errors.As(err, &bad) && (bad.Key == "brand.primary" || bad.Key == "brand.accent") {
			bad.Hint = colourHint
		}
		return nil, err
	}
	if err := c.validate(); err != nil {
		err.File = path
		return nil, err
	}
	paths := map[string]*string{"data": &c.Data, "keys": &c.Keys}
	if c.Archive != "" && !public.IsBucket(c.Archive) {
		paths["archive"] = &c.Archive
	}
	if c.S3.Roots != "" {
		paths["s3.roots"] = &c.S3.Roots
	}
	if err := public.Absolute(path, paths); err != nil {
		return nil, err
	}
	if err := c.Server.Absolute(path); err != nil {
		return nil, err
	}
	if err := c.absolutePictures(path); err != nil {
		return nil, err
	}
	if err := c.Mail.absolute(path); err != nil {
		return nil, err
	}
	return c, c.Seal.absolute(path)
}

func (c *Config) validate() *Error {
	for _, err := range []error{
		c.Issuer.Validate(),
		c.Issuer.validatePrinted(),
		c.validateRegister(),
		c.Server.Validate(),
		c.Lists.validate(),
		c.Learner.Validate(),
		c.S3.Validate(c.Archive),
		c.Seal.validate(),
		c.Brand.validate(),
		c.Design.validate(),
		c.Roster.validate(),
		c.Mail.validate(),
		c.Keep.validate(),
		c.validateCourses(),
	} {
		if err == nil {
			continue
		}
		var e *Error
		if errors.As(err, &e) {
			return e
		}
		return &Error{Text: "can't be used", Err: err}
	}
	return nil
}

// validatePrinted checks what only printed cards need.
func (i *Issuer) validatePrinted() error { return public.CheckText("issuer.phone", i.Phone, 40) }

func (c *Config) validateRegister() error {
	for _, one := range []struct{ key, value string }{{"register", c.Register}, {"register_read", c.ReadFrom}} {
		if one.value == "" {
			continue
		}
		if !public.IsDatabase(one.value) {
			return public.Invalid(one.key, "is no URL of a PostgreSQL database", "Write it such as postgres://cardproof@db.example.org/cardproof, or leave it empty for the file in the data folder.")
		}
		if err := public.CheckDatabase(one.key, one.value); err != nil {
			return err
		}
	}
	if c.ReadFrom != "" && c.Register == "" {
		return public.Invalid("register_read", "stands alone", "Name the database that it follows as register.")
	}
	return nil
}

func (r Roster) validate() error {
	if !slices.Contains([]string{"", "dmy", "mdy", "ymd"}, r.DateOrder) {
		return public.Invalid("roster.date_order", fmt.Sprintf("is %q", r.DateOrder), "Write dmy, mdy or ymd, or leave it empty, so that a date which could be read in two ways is refused.")
	}
	if !slices.Contains([]string{"", "first-last", "last-first"}, r.NameOrder) {
		return public.Invalid("roster.name_order", fmt.Sprintf("is %q", r.NameOrder), "Write first-last, or last-first if your lists write names such as Müller, Jürgen; or leave it empty.")
	}
	if r.Encoding != "" && !sheet.IsEncoding(r.Encoding) {
		return public.Invalid("roster.encoding", fmt.Sprintf("is %q, which is no encoding of text", r.Encoding), "Write a name such as utf-8, windows-1252 or windows-1250, or leave it empty.")
	}
	seen := map[string]bool{}
	for i, one := range r.Columns {
		key := fmt.Sprintf("roster.columns[%d]", i)
		at := strings.LastIndexByte(one, '=') // a heading may have one of its own, a column has none
		if at < 0 || strings.TrimSpace(one[:at]) == "" {
			return public.Invalid(key, fmt.Sprintf("is %q", one), `Write the heading as it stands in the file, =, and the column, such as "Exam %=score".`)
		}
		heading := strings.ToLower(strings.TrimSpace(one[:at]))
		if seen[heading] {
			return public.Invalid(key, fmt.Sprintf("names the heading %q a second time", strings.TrimSpace(one[:at])), "Take one of the two out.")
		}
		seen[heading] = true
	}
	return nil
}

func (c *Config) validateCourses() error {
	catalogue, err := course.New(c.Courses)
	var invalid *course.InvalidError
	if errors.As(err, &invalid) {
		return public.Invalid(invalid.Key, invalid.Reason, "Mend that course in the catalogue; the comments above it say what each key means.")
	}
	c.Catalogue = catalogue
	return err
}
