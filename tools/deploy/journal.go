package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// JournalName is the file of the journal in the state directory.
const JournalName = "journal.jsonl"

// An Entry is one line of the journal. An intent is written before a call, its
// result after it; after a kill an intent without a result is what may or may
// not have happened.
type Entry struct {
	Time        time.Time `json:"time"`
	Run         string    `json:"run"`
	Do          string    `json:"do"`             // run, create, offer, upload, wait, verify, publish, lock, end
	What        string    `json:"what"`           // intent, result
	Fingerprint string    `json:"fp,omitempty"`   //
	ID          string    `json:"id,omitempty"`   // of the deploy
	Host        string    `json:"host,omitempty"` // name of the host and id of the site
	State       string    `json:"state,omitempty"`
	Files       int       `json:"files,omitempty"`
	Bytes       int64     `json:"bytes,omitempty"`
	Error       string    `json:"error,omitempty"`
	Request     string    `json:"request,omitempty"` // the host's id of the failed call
	Exit        int       `json:"exit,omitempty"`
	Note        string    `json:"note,omitempty"`
}

const (
	intent = "intent"
	result = "result"
)

// A Journal is open for one run. Its lock is held by the caller.
type Journal struct {
	run string

	mu      sync.Mutex
	f       *os.File
	entries []Entry
}

// OpenJournal reads what is there and continues it. A last line without an end,
// which a kill or a full disk leaves, is cut off: it was never relied upon.
func OpenJournal(state string) (*Journal, error) {
	name := filepath.Join(state, JournalName)
	if err := os.MkdirAll(state, 0o777); err != nil {
		return nil, err
	}
	entries, good, err := readJournal(name)
	if err != nil {
		return nil, err
	}
	_, serr := os.Stat(name)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	if err := f.Truncate(good); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if _, err := f.Seek(good, 0); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	if serr != nil {
		syncDir(state)
	}
	return &Journal{run: fmt.Sprintf("%d-%d", time.Now().UnixMilli(), os.Getpid()), f: f, entries: entries}, nil
}

// ReadJournal is the journal as it stands, for those who do not write.
func ReadJournal(state string) ([]Entry, error) {
	entries, _, err := readJournal(filepath.Join(state, JournalName))
	return entries, err
}

// readJournal also returns where the last whole line ends. A line in the middle
// that cannot be read is passed over: it tells less, and the host decides.
func readJournal(name string) (entries []Entry, good int64, err error) {
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, err
	}
	good = int64(bytes.LastIndexByte(data, '\n') + 1)
	for line := range bytes.Lines(data[:good]) {
		var e Entry
		if json.Unmarshal(line, &e) == nil {
			entries = append(entries, e)
		}
	}
	return entries, good, nil
}

// Write appends an entry and waits until the disk has it.
func (j *Journal) Write(e Entry) error { return j.write(e, true) }

// Note appends an entry that may be lost: it only explains.
func (j *Journal) Note(e Entry) error { return j.write(e, false) }

func (j *Journal) write(e Entry, sync bool) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Time, e.Run = time.Now().UTC().Truncate(time.Millisecond), j.run
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	// One write a line: lines of others cannot come between.
	if _, err = j.f.Write(append(line, '\n')); err == nil && sync {
		err = j.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("writing the journal: %w", err)
	}
	j.entries = append(j.entries, e)
	return nil
}

// Close ends writing.
func (j *Journal) Close() error { return j.f.Close() }

// known are the ids of deploys with a fingerprint, newest first, without those
// that are gone or failed. open says that a creation has no result.
func known(entries []Entry, fp string) (ids []string, open bool) {
	gone := make(map[string]bool)
	for _, e := range entries {
		if e.Fingerprint != fp {
			continue
		}
		switch {
		case e.Do == "create" && e.What == intent:
			open = true
		case e.Do == "create":
			open = e.ID == "" && e.Error == lostWords
		}
		if dead(e) {
			gone[e.ID] = true
		}
	}
	seen := make(map[string]bool)
	for i := len(entries) - 1; i >= 0; i-- {
		e := entries[i]
		if e.Fingerprint == fp && e.ID != "" && !gone[e.ID] && !seen[e.ID] {
			seen[e.ID] = true
			ids = append(ids, e.ID)
		}
	}
	return ids, open
}

// dead reports that an entry says of a deploy that it is of no use any more.
func dead(e Entry) bool { return e.State == "gone" || e.State == "failed" || e.State == "spoilt" }

// isGone reports whether the journal has seen that a deploy cannot be used.
func isGone(entries []Entry, id string) bool {
	for _, e := range entries {
		if e.ID == id && dead(e) {
			return true
		}
	}
	return false
}

const lostWords = "no answer"

// writeFile replaces a file in one step, and waits until the disk has it.
func writeFile(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	syncDir(filepath.Dir(name))
	return nil
}

// syncDir makes a new name last. Where a directory cannot be synced (Windows),
// the system does it in its own time.
func syncDir(dir string) {
	if d, err := os.Open(dir); err == nil {
		_ = d.Sync()
		_ = d.Close()
	}
}
