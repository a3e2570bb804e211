package assets

import _ "embed"

//go:embed config.yaml
var config []byte

//go:embed verify.yaml
var verifyConfig []byte

// Config is the documented default config.yaml, which a new training centre gets.
func Config() []byte { return append([]byte(nil), config...) }

// VerifyConfig is the documented default verify.yaml of the public server alone.
func VerifyConfig() []byte { return append([]byte(nil), verifyConfig...) }
