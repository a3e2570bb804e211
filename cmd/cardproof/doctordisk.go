//go:build unix

package main

import (
	"errors"
	"syscall"
)

const (
	littleRoom = 2 << 30   // bytes: some 20,000 cards with their copies, by the sizes of docs/operate.md
	noRoom     = 200 << 20 // bytes: a run may break off
)

// disk looks at the room that is left for register and cards.
func (c *checkup) disk() {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(c.config.Data, &fs); err != nil {
		c.fails("disk", err)
		return
	}
	if c.readOnly(c.config.Data) || c.readOnly(archivePlace(c.config)) {
		return
	}
	free := fs.Bavail * uint64(fs.Bsize)
	const do = "Make room, or move the data folder to a larger disk. A card takes 60 to 150 kB, its copy in the output folder included; docs/operate.md has the sizes."
	switch {
	case free < noRoom:
		c.problem(exitFailed, "disk", do, "%d MiB are free at %s", free>>20, c.config.Data)
	case free < littleRoom:
		c.warn("disk", do, "%d MiB are free at %s", free>>20, c.config.Data)
	default:
		c.ok("disk", "%d GiB are free at %s", free>>30, c.config.Data)
	}
}

// readOnly says so where a folder is on a disk that can only be read: often a disk that has failed. What is no folder is no matter here.
func (c *checkup) readOnly(folder string) bool {
	const writing = 2 // W_OK of access(2), which syscall does not name
	if err := syscall.Access(folder, writing); !errors.Is(err, syscall.EROFS) {
		return false
	}
	c.problem(exitFailed, "disk", "Mount it for writing. If the system has made it so by itself, see what it says of the disk: `dmesg`.", "%s can only be read: nothing can be issued or withdrawn", folder)
	return true
}
