package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// noFiles are the keys of one text each that name no file. The four folders are looked at by themselves.
const noFiles = `issuer.name issuer.url issuer.verify_url issuer.time_zone issuer.contact issuer.phone
data archive keys server.tls.acme.cache
s3.endpoint s3.region s3.profile register register_read
brand.id brand.address brand.primary brand.accent brand.signatory brand.signatory_title design.paper
seal.location seal.timestamp_url server.listen server.tls.acme.email server.tls.acme.directory server.tls.http_listen server.client_header server.monitor.listen
roster.date_order roster.name_order roster.encoding mail.host mail.tls mail.user mail.from mail.reply_to mail.language`

// A key that is added to the configuration and names a file has to be in Files, or it would be in no backup, and could be written over.
func TestFilesHasEveryFile(t *testing.T) {
	c := &Config{}
	want := map[string]bool{}
	fill(reflect.ValueOf(c).Elem(), "", want)
	for key := range strings.FieldsSeq(noFiles) {
		if !want["/"+key] {
			t.Errorf("%s is no key of one text any more: take it out of noFiles", key)
		}
		delete(want, "/"+key)
	}
	got := map[string]bool{}
	for _, f := range c.Files() {
		got[f.Path] = true
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
	if got := (&Config{Design: Design{Name: "harbour"}}).Files(); len(got) != 0 {
		t.Errorf("of an empty configuration: got %v", got)
	}
}

// fill gives every text of a configuration its key as a path, and notes it.
func fill(v reflect.Value, prefix string, noted map[string]bool) {
	for field, value := range v.Fields() {
		name, options, _ := strings.Cut(field.Tag.Get("mapstructure"), ",")
		switch {
		case name == "-":
		case options == "squash":
			fill(value, prefix, noted)
		case value.Kind() == reflect.Struct:
			fill(value, prefix+name+".", noted)
		case value.Kind() == reflect.String:
			value.SetString("/" + prefix + name)
			noted["/"+prefix+name] = true
		}
	}
}

func TestSecretFiles(t *testing.T) {
	c := &Config{}
	fill(reflect.ValueOf(c).Elem(), "", map[string]bool{})
	var got []string
	for _, f := range c.Files() {
		if f.Secret {
			got = append(got, f.Path)
		}
	}
	if want := []string{"/mail.password_file", "/seal.certificate", "/seal.key", "/server.tls.key"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
