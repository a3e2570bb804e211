//go:build !unix

package main

// disk says nothing where the system has no statfs(2).
func (c *checkup) disk() {}
