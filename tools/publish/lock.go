package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A LockedError says who holds the lock. PID is 0 if the holder has not yet
// written its name.
type LockedError struct {
	PID    int
	Since  time.Time
	Holder string
	Path   string // the lock file
	Hint   string
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "another process holds the lock " + e.Path
	}
	return fmt.Sprintf("another process holds the lock: pid %d (%s) since %s",
		e.PID, e.Holder, e.Since.Local().Format(time.DateTime))
}

// holder is the content of a lock file. It informs; the kernel's lock decides,
// so what a crashed process left there means nothing.
type holder struct {
	PID    int       `json:"pid"`
	Holder string    `json:"holder"`
	Since  time.Time `json:"since"`
}

var errLocked = errors.New("locked by another process")

type lock struct {
	f *os.File
}

// acquire makes work if needed and takes the lock in it at once.
//
// The holder unlinks the lock file before unlocking it, so that work can be
// removed. A second comer may therefore lock a file that has lost its name:
// after locking it compares identities and starts again. While a lock is held its
// file is the one at path, so two processes can never both pass that comparison.
func acquire(work, name string) (*lock, error) {
	path := filepath.Join(work, lockName)
	for range 1000 {
		if err := os.Mkdir(work, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if fi, err := os.Lstat(work); err == nil && !fi.IsDir() {
			return nil, fmt.Errorf("%s is in the way: not a directory", work)
		}
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the last holder just removed work
		}
		if err != nil {
			return nil, err
		}
		seam.lockOpened()
		if err := tryLock(f); err != nil {
			f.Close()
			if errors.Is(err, errLocked) {
				return nil, lockedBy(path)
			}
			return nil, fmt.Errorf("locking %s: %w", path, err)
		}
		if !sameFile(f, path) {
			f.Close()
			continue
		}
		l := &lock{f}
		data, _ := json.Marshal(holder{os.Getpid(), name, time.Now().UTC().Truncate(time.Second)})
		if err = f.Truncate(0); err == nil {
			_, err = f.WriteAt(append(data, '\n'), 0)
		}
		if err != nil {
			return nil, errors.Join(err, l.release())
		}
		return l, nil
	}
	return nil, fmt.Errorf("locking %s: it keeps being replaced", path)
}

// release removes the lock file, and its directory unless something is left in
// it, then unlocks. Where an open file cannot be removed (Windows), both stay.
func (l *lock) release() error {
	path := l.f.Name()
	if sameFile(l.f, path) {
		_ = os.Remove(path)
	}
	_ = os.Remove(filepath.Dir(path)) // a second comer may be in there already: then it stays
	return l.f.Close()
}

func lockedBy(path string) error {
	e := &LockedError{Path: path, Hint: "wait until it is done"}
	for range 20 { // the holder may be about to write its name
		var h holder
		if data, err := os.ReadFile(path); err == nil && json.Unmarshal(data, &h) == nil {
			e.PID, e.Holder, e.Since = h.PID, h.Holder, h.Since
			e.Hint = fmt.Sprintf("wait until it is done, or end process %d; a killed build is recovered by the next one", h.PID)
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	return e
}

func sameFile(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}
