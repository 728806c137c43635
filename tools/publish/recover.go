package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// recover brings the destination from whatever a killed session left to exactly
// the old or exactly the new site, with its dot entries. It reads the state off
// the names in the work directory, each of which has one meaning, so it can
// itself be killed anywhere and repeated.
func (s *Session) recover() error {
	ready, old := s.place(swapName), s.place(oldName)
	found, moved := exists(ready) || exists(old), false

	if exists(s.transitDir()) {
		var err error
		if moved, err = s.recoverEntries(); err != nil {
			return err
		}
		found = found || moved
	}
	if r, err := siteOf(s.dest); found && err == nil && r == nil && !moved {
		// An empty directory is no loss: some tool made it where the destination
		// was missing, or the first site was about to replace it.
		if err := os.Remove(s.dest); err != nil && exists(s.dest) && exists(old) {
			return &DestinationError{
				Path:   s.dest,
				Reason: "it was made while " + old + " and " + ready + " held the old and the new site",
				Hint:   "move it away; the next build puts the new site there",
				Err:    err,
			}
		}
	}
	if found && !exists(s.dest) {
		if err := s.step("restore"); err != nil {
			return err
		}
		from := ready
		if !exists(ready) {
			from = old
		}
		if err := seam.rename(from, s.dest); err != nil {
			return err
		}
	}
	if found {
		if _, err := inspect(s.dest); err != nil {
			return err // made by someone else meanwhile; both sites stay where they are
		}
		s.recovered = s.describe(ready, old, s.Staging(), s.inTransit(newName))
	}
	for _, dir := range []string{ready, old} {
		if exists(dir) {
			if _, err := s.carry(dir, s.dest); err != nil {
				return err
			}
		}
	}
	kept, err := s.retireAll(context.Background(), nil)
	if err != nil {
		return err
	}
	if n := len(kept); n > 0 && found {
		s.recovered += fmt.Sprintf("; files changed by hand in the other one are in %s (%d)", s.state("changed"), n)
	}
	if found {
		if r, err := siteOf(s.dest); err == nil && r != nil {
			s.pruneRecords(r.Tree)
		}
	}
	return removeAll(s.Staging())
}

// recoverEntries completes or undoes a swap entry by entry, and reports whether
// there was one.
func (s *Session) recoverEntries() (moved bool, err error) {
	j, err := s.readJournal()
	if err != nil {
		return false, err
	}
	moved = j != nil || exists(s.inTransit(oldName))
	if j != nil {
		// An error puts the destination back, or leaves the journal for the next try.
		if err := s.moveEntries(j, false); err != nil {
			return moved, err
		}
	} else if _, err := inspect(s.dest); err != nil {
		return false, err // not a directory of ours, so neither is what is in it
	}
	return moved, nil
}

// describe says which site is in place. The receipt of the new one was written last.
func (s *Session) describe(others ...string) string {
	which := "one whole site"
	if here, err := os.Stat(filepath.Join(s.dest, receiptName)); err == nil {
		which = "the new site"
		for _, dir := range others {
			if there, err := os.Stat(filepath.Join(dir, receiptName)); err == nil && there.ModTime().After(here.ModTime()) {
				which = "the old site"
			}
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		which = "what was there before"
	}
	return fmt.Sprintf("an earlier publish was interrupted; %s holds %s, whole", s.dest, which)
}

// retireAll removes the trees that the destination has replaced, wherever the
// swap left them, and returns what had to be kept. before is what this session
// saw in the old one, or nil.
func (s *Session) retireAll(ctx context.Context, before *findings) (kept []Change, err error) {
	for _, at := range []struct{ dir, trash string }{
		{s.place(swapName), s.place(trashName)},
		{s.place(oldName), s.place(trashName)},
		{s.inTransit(oldName), s.inTransit(trashName)},
	} {
		// A trash from before a kill makes room first.
		if err := s.removeTrash(at.trash); err != nil {
			return kept, err
		}
		if !exists(at.dir) {
			continue
		}
		changes, err := s.retire(ctx, at.dir, before)
		kept = append(kept, changes...)
		if err != nil {
			return kept, err
		}
		if err := s.step("trash"); err != nil {
			return kept, err
		}
		if err := os.Rename(at.dir, at.trash); err != nil {
			return kept, err
		}
		if err := s.removeTrash(at.trash); err != nil {
			return kept, err
		}
	}
	return kept, s.removeTransit()
}

// retire keeps what another hand changed in a replaced tree. It fails if there is
// a dot entry that is neither site's: such a tree is not removed.
func (s *Session) retire(ctx context.Context, dir string, before *findings) ([]Change, error) {
	here, err := siteOf(s.dest)
	if err != nil {
		return nil, err
	}
	r, err := siteOf(dir)
	if err != nil {
		return nil, err
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		if name := d.Name(); name != receiptName && !r.owns(name) && !here.owns(name) {
			return nil, fmt.Errorf("%s is not part of a site; it is not removed", filepath.Join(dir, name))
		}
	}
	var f *findings
	if before != nil {
		f, err = before.since(dir, r, here)
	} else {
		f, err = s.examine(ctx, dir, r, here)
	}
	if err != nil {
		return nil, err
	}
	site := map[string]string{}
	if len(f.suspect) > 0 {
		for path, st := range s.loadRecord(here.tree()) {
			site[path] = st.SHA256
		}
	}
	if err := s.keep(ctx, dir, f, site); err != nil {
		return nil, err
	}
	var kept []Change
	for _, c := range f.changes {
		if c.Kept != "" {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

// removeTrash removes a tree that has been retired, or all of it but its
// directories. It would rather fail than remove a .git.
func (s *Session) removeTrash(dir string) error {
	list, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range list {
		if strings.EqualFold(d.Name(), gitName) {
			return fmt.Errorf("%s is not removed; move it away", filepath.Join(dir, d.Name()))
		}
	}
	if s.shelve(dir) {
		return nil
	}
	for _, d := range list {
		if err := s.step("remove " + d.Name()); err != nil {
			return err
		}
		if err := removeAll(filepath.Join(dir, d.Name())); err != nil {
			return err
		}
	}
	return removeAll(dir)
}
