// Package scantest holds the programs of scripts/scan-test, which damages pictures of cards and counts who still reads them. Its own test
// runs a short version.
package scantest
