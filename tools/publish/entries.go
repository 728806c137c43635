package publish

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A journal makes a swap entry by entry resumable. Its file is named for the
// phase, so that going to the next one is a rename, which needs no room. In phase
// out everything named in Old that is still in the destination is old; in phase
// in everything named in New that is no longer in transit is new. So a phase can
// be repeated from its start, by a session that knows no more, and undone to its
// start under the same journal.
type journal struct {
	Old   []string `json:"old"` // top-level names that leave
	New   []string `json:"new"` // top-level names that come
	phase string
}

const (
	phaseOut = "journal.out" // old entries leave
	phaseIn  = "journal.in"  // new entries come
)

// errInWay tells of an entry that is neither of the old nor of the new site.
var errInWay = errors.New("another program put it there while the site was being exchanged; move it away")

func (s *Session) inTransit(name string) string { return filepath.Join(s.transitDir(), name) }

// swapEntries replaces the entries of a destination that cannot be renamed. The
// new site is first brought onto its file system, which may take a copy.
func (s *Session) swapEntries(ctx context.Context) error {
	transitNew := s.inTransit(newName)
	err := os.Mkdir(s.transitDir(), 0o700) // not for readers of public/
	if err == nil {
		err = os.Mkdir(s.inTransit(oldName), 0o755)
	}
	if err == nil {
		err = s.step("transit")
	}
	if err == nil {
		if err = seam.rename(s.Staging(), transitNew); isCrossDevice(err) {
			err = copyTree(ctx, s.Staging(), transitNew)
		}
	}
	var j *journal
	if err == nil {
		j, err = s.newJournal()
	}
	if err == nil {
		err = s.writeJournal(j)
	}
	if err == nil {
		if err = s.moveEntries(j, true); err == nil {
			return nil
		}
		if j.phase != "" {
			return err // could not be undone; the next Open has the journal
		}
	}
	if !exists(s.Staging()) {
		_ = os.Rename(transitNew, s.Staging())
	}
	return errors.Join(err, s.removeTransit())
}

func (s *Session) newJournal() (*journal, error) {
	j := new(journal)
	list, err := os.ReadDir(s.inTransit(newName))
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		j.New = append(j.New, d.Name())
	}
	r, err := siteOf(s.dest)
	if err != nil {
		return nil, err
	}
	if list, err = os.ReadDir(s.dest); err != nil {
		return nil, err
	}
	for _, d := range list {
		name := d.Name()
		if name == receiptName || r.owns(name) || slices.Contains(j.New, name) {
			j.Old = append(j.Old, name)
		}
	}
	return j, nil
}

func (s *Session) writeJournal(j *journal) error {
	if err := s.step("journal"); err != nil {
		return err
	}
	data, err := json.Marshal(j)
	if err != nil {
		return err
	}
	if err := writeFile(s.inTransit(phaseOut), data); err != nil {
		return err
	}
	j.phase = phaseOut
	return nil
}

// readJournal returns nil if there is none.
func (s *Session) readJournal() (*journal, error) {
	for _, phase := range []string{phaseOut, phaseIn} {
		data, err := os.ReadFile(s.inTransit(phase))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		j := &journal{phase: phase}
		if err := json.Unmarshal(data, j); err != nil {
			return nil, fmt.Errorf("reading %s: %w", s.inTransit(phase), err)
		}
		return j, nil
	}
	return nil, nil
}

func (s *Session) setPhase(j *journal, phase string) error {
	if err := s.step(phase); err != nil {
		return err
	}
	if err := os.Rename(s.inTransit(j.phase), s.inTransit(phase)); err != nil {
		return err
	}
	syncDir(s.transitDir())
	j.phase = phase
	return nil
}

func (s *Session) dropJournal(j *journal) error {
	if err := s.step("done"); err != nil {
		return err
	}
	syncDir(s.dest)
	if err := os.Remove(s.inTransit(j.phase)); err != nil {
		return err
	}
	j.phase = ""
	return nil
}

// moveEntries goes on from the journal's phase. If it fails, it puts the
// destination back as it was before the first phase and drops the journal, or,
// if that fails too, leaves the journal for the next Open. fresh says that no
// killed session was here before, so that a name in the way can be told from an
// entry that is in place already.
func (s *Session) moveEntries(j *journal, fresh bool) error {
	if j.phase == phaseOut {
		err := s.moveAll(j.Old, s.dest, s.inTransit(oldName), false)
		for _, name := range j.New {
			if path := filepath.Join(s.dest, name); err == nil && fresh && exists(path) {
				err = fmt.Errorf("%s: %w", path, errInWay)
			}
		}
		if err == nil {
			err = s.setPhase(j, phaseIn)
		}
		if err != nil {
			return errors.Join(err, s.undoOut(j))
		}
	}
	err := s.moveAll(j.New, s.inTransit(newName), s.dest, false)
	if err == nil {
		err = s.dropJournal(j)
	}
	if err == nil {
		return nil
	}
	uerr := s.moveAll(j.New, s.dest, s.inTransit(newName), true)
	if uerr == nil {
		uerr = s.setPhase(j, phaseOut)
	}
	if uerr == nil {
		uerr = s.undoOut(j)
	}
	return errors.Join(err, uerr)
}

func (s *Session) undoOut(j *journal) error {
	if err := s.moveAll(j.Old, s.inTransit(oldName), s.dest, false); err != nil {
		return err
	}
	return s.dropJournal(j)
}

// moveAll moves entries between two directories, passing over those that are
// there already and, with skip, those that have something in their way.
func (s *Session) moveAll(names []string, from, to string, skip bool) error {
	for _, name := range names {
		if err := s.step("entry " + name); err != nil {
			return err
		}
		if err := s.merge(filepath.Join(from, name), filepath.Join(to, name), skip); err != nil {
			return err
		}
	}
	return nil
}

// merge moves one entry. A directory that cannot be renamed, as in a lower layer
// of an overlay, is moved file by file.
func (s *Session) merge(from, to string, skip bool) error {
	fi, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	ti, err := os.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		err := seam.rename(from, to)
		if !fi.IsDir() || !isCrossDevice(err) {
			return err
		}
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
	} else if err != nil {
		return err
	} else if !fi.IsDir() || !ti.IsDir() {
		if skip {
			return nil
		}
		return fmt.Errorf("%s: %w", to, errInWay)
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := s.step("part"); err != nil {
			return err
		}
		if err := s.merge(filepath.Join(from, d.Name()), filepath.Join(to, d.Name()), skip); err != nil {
			return err
		}
	}
	err = os.Remove(from)
	if skip && err != nil && exists(from) {
		return nil
	}
	return err
}

// removeTransit removes what is ours in the transit directory. An old tree in it
// has been retired before; if not, this fails.
func (s *Session) removeTransit() error {
	t := s.transitDir()
	if !exists(t) {
		return nil
	}
	if err := removeAll(s.inTransit(newName)); err != nil {
		return err
	}
	_ = os.Remove(s.inTransit(phaseOut + ".tmp"))
	_ = os.Remove(s.inTransit(oldName))
	return os.Remove(t)
}
