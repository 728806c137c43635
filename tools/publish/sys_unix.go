//go:build unix

package publish

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

func tryLock(f *os.File) error {
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return errLocked
		default:
			return err
		}
	}
}

// writable reports, before a long build, what would stop its publishing.
func writable(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

func rename(from, to string) error { return os.Rename(from, to) }
