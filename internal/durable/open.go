package durable

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ErrNotRegular says that there is something else than a file: a pipe, a device or a folder.
var ErrNotRegular = errors.New("it is no regular file")

// OpenRegular opens a file to read, and waits for nobody: the opening of a named pipe would last until somebody writes into it. The error
// is ErrNotRegular, with the path, or that of os.OpenFile.
func OpenRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() { // a device may do something when it is opened
		return nil, fmt.Errorf("%s: %w", path, ErrNotRegular)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat() // it may have been exchanged meanwhile
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", path, ErrNotRegular)
	}
	if err != nil {
		file.Close() // nothing was read
		return nil, err
	}
	return file, nil
}
