// Package publish takes a finished site, written to a staging directory, and
// makes it the destination (public/) in one step.
//
// What enters: the files of a whole site, written by the caller under
// [Session.Staging], and their list with sizes and sums. What leaves: the
// destination, which is at every instant exactly the old or exactly the new
// site, also when the process is killed. It never reads content, never renders,
// never follows a symbolic link, and never replaces a directory that it did not
// publish itself, unless that is empty or holds nothing but .git.
//
// # Places
//
// For a destination P/public of a source S:
//
//	P/public/.duskpress       the receipt: format, number of files, tree sum,
//	                          own dot entries; the same site, the same bytes
//	P/.public.duskpress/      exists while a session is open or was killed
//	    lock                  held by flock; names the holder
//	    new/                  staging: an unfinished site, free to be removed
//	    swap/                 the finished new site before the exchange,
//	                          the old site after it
//	    old/                  the old site, where two renames had to do
//	    trash/                an old site whose changed files are kept already
//	P/public/.duskpress.tmp/  journal, new/, old/, trash/, where public/ itself
//	                          cannot be renamed (a mount point)
//	S/.duskpress/published/   size, time and sum of each published file, and a
//	                          seal: what the system notes of it (see reuse.go)
//	S/.duskpress/changed/     files that someone changed in public/, kept
//	S/.duskpress/failed/      the last failed build: site/ and report.txt
//	S/.duskpress/directories/ directories of a replaced site, empty, for the next
//	                          one (see directories.go)
//
// # How a site is swapped in
//
//   - A missing destination: one rename.
//   - Exchange: renameat2(RENAME_EXCHANGE) on Linux, renamex_np(RENAME_SWAP) on
//     macOS. There is no instant between old and new.
//   - Aside, where the system or the file system has no exchange (Windows, some
//     network file systems): the old directory is renamed away and the new one
//     in. Between the two renames the destination is missing; a kill right there
//     is completed by the next Open.
//   - Entries, where the destination cannot be renamed (a mount point, a layer of
//     an overlay): a journal is written, the old top-level entries move out, the
//     new ones in. A reader can meet a mixture while that lasts; after a kill the
//     next Open completes it, after an error it is undone.
//
// Top-level dot entries that no publish put there (.git) move from the old
// directory to the new one right after the swap, so they alone can be missing
// from the destination for a moment, and after a kill until the next Open. Open
// needs no record of how far a killed session came: the names above tell.
//
// # Limits
//
// SIGKILL is inside the promise, a power cut is not: data files are not synced,
// only the journal, the receipt and the records are. A site is the output of one
// command, and a sync of the file system (syncfs) doubled the time of publishing
// 10,000 files and waits for whatever else the machine is writing. A process that has public/ as its working
// directory, or as an open directory, keeps seeing the old one. Modes, owners and
// empty directories in public/ are not watched or kept, and public/ is a new
// directory after each publish. The lock keeps out other sessions, not other
// programs; what they change in the old site until it is removed is kept.
package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// Names beside and inside the destination. They are a format: a session killed
// under one version of this package is recovered under the next.
const (
	receiptName = ".duskpress"
	transitName = ".duskpress.tmp"
	gitName     = ".git"
	lockName    = "lock"
	newName     = "new"
	swapName    = "swap"
	oldName     = "old"
	trashName   = "trash"
)

// Options say what is published where.
type Options struct {
	Source      string       // the site's root; its .duskpress/ holds state
	Destination string       // a relative path is taken from the working directory
	Holder      string       // what a second comer is told holds the lock, such as "build"
	Log         *slog.Logger // nil discards
}

// A Session holds the lock on one destination, from Open to Close. It is not
// safe for concurrent use, but many goroutines may write below Staging.
type Session struct {
	source    string
	dest      string // absolute, parents free of symbolic links
	work      string // P/.public.duskpress
	lock      *lock
	log       *slog.Logger
	recovered string
	committed bool
	sums      map[node]sum // of files below dest, so that Commit need not repeat Changed
	old       old
	staged    map[string]node // the new site's files, as Commit found them
	furnished bool            // staging has directories of a site before
}

// seams are what tests replace to reach every branch and every instant.
type seams struct {
	step     func(s *Session, name string) error // before each change on disk
	exchange func(a, b string) error
	rename   func(from, to string) error // of the destination and its entries

	lockOpened func() // between opening and locking a lock file
}

var seam = seams{
	step:     func(*Session, string) error { return nil },
	exchange: exchange,
	rename:   rename,

	lockOpened: func() {},
}

// Open takes the lock on the destination, without waiting, completes or undoes
// what a killed session left, and makes an empty staging directory. It fails
// with a *LockedError or a *DestinationError where those apply. Before the lock
// is held nothing is changed but that missing parents are made.
func Open(ctx context.Context, o Options) (*Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	source, dest, err := resolve(o.Source, o.Destination)
	if err != nil {
		return nil, err
	}
	s := &Session{source: source, dest: dest, log: log, sums: map[node]sum{}}
	s.work = filepath.Join(filepath.Dir(dest), "."+filepath.Base(dest)+".duskpress")

	// Looked at before the lock, so that nothing is made beside a directory that
	// is not ours; a leftover of ours is judged after its recovery.
	if !exists(s.work) && !exists(s.transitDir()) {
		if _, err := inspect(dest); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return nil, unwritable(dest, filepath.Dir(dest), err)
	}
	if s.lock, err = acquire(s.work, o.Holder); err != nil {
		if le := new(LockedError); errors.As(err, &le) {
			return nil, err
		}
		return nil, unwritable(dest, filepath.Dir(dest), err)
	}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Session) open() error {
	if err := s.recover(); err != nil {
		return fmt.Errorf("recovering an interrupted publish of %s: %w", s.dest, err)
	}
	clear(s.sums)
	if _, err := inspect(s.dest); err != nil {
		return err
	}
	if exists(s.dest) {
		if err := writable(s.dest); err != nil {
			return unwritable(s.dest, s.dest, err)
		}
	}
	if err := os.Mkdir(s.Staging(), 0o755); err != nil {
		return unwritable(s.dest, s.work, err)
	}
	return nil
}

// Staging returns the directory to write the new site into. It lies beside the
// destination, on the same file system unless the destination is a mount point.
func (s *Session) Staging() string { return s.place(newName) }

// Destination returns the destination as it was resolved: absolute, symbolic
// links in its parents followed.
func (s *Session) Destination() string { return s.dest }

// Recovered returns a sentence if Open completed an interrupted publish, else "".
func (s *Session) Recovered() string { return s.recovered }

// Close removes what is left of the staging directory and releases the lock.
// Further calls do nothing.
func (s *Session) Close() error {
	if s.lock == nil {
		return nil
	}
	var err error
	if !s.furnished || !exists(s.Staging()) || !s.shelve(s.Staging()) {
		err = removeAll(s.Staging())
	}
	// The lock goes first and the work directory after it: see acquire.
	err = errors.Join(err, s.lock.release())
	s.lock = nil
	return err
}

func (s *Session) place(name string) string { return filepath.Join(s.work, name) }

func (s *Session) transitDir() string { return filepath.Join(s.dest, transitName) }

func (s *Session) step(name string) error { return seam.step(s, name) }

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// removeAll removes a tree of files that are ours. Directories that a plugin
// made unwritable do not stop it.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o755)
		}
		return nil
	})
	return os.RemoveAll(dir)
}
