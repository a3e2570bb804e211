package config

// File is a file that the configuration names, beside what lies in its folders.
type File struct {
	Path   string
	Secret bool // a private key or a password is in it, or may be
	TLS    bool // for the encryption of the public server: of the machine more than of the centre
}

// Files are the files that the configuration names: what the centre lives on, so that a backup has it, and nothing else is written there.
func (c *Config) Files() []File {
	files := []File{
		{Path: c.Brand.Logo}, {Path: c.Brand.Signature},
		{Path: c.S3.Roots}, {Path: c.Mail.Roots}, {Path: c.Mail.PasswordFile, Secret: true},
		{Path: c.Seal.Certificate, Secret: true}, // PKCS#12 has the key in it
		{Path: c.Seal.Key, Secret: true}, {Path: c.Seal.Roots}, {Path: c.Seal.TimestampRoots},
		{Path: c.Server.TLS.Certificate, TLS: true}, {Path: c.Server.TLS.Key, Secret: true, TLS: true}, {Path: c.Server.TLS.ACME.Roots, TLS: true},
	}
	if c.Design.IsFile() {
		files = append(files, File{Path: c.Design.Name})
	}
	named := files[:0]
	for _, f := range files {
		if f.Path != "" {
			named = append(named, f)
		}
	}
	return named
}
