package publish

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// To make a directory costs many times what a second name for a file does, and
// most of a site's files have a directory of their own. So the directories of a
// replaced site, empty, are kept for the next one. Nothing of their content is
// trusted, as they have none, and Commit removes those that the new site has no
// use for.

// shelf is where they are kept: one set for all destinations of a source.
func (s *Session) shelf() string { return s.state("directories") }

// Furnish gives Staging, into which nothing was written yet, the directories that
// were kept, if there are any that are as new ones would be.
func (s *Session) Furnish() {
	if s.lock == nil || s.furnished || !s.likeNew(s.shelf()) {
		return
	}
	if os.Remove(s.Staging()) != nil {
		return // something was written already
	}
	if err := os.Rename(s.shelf(), s.Staging()); err == nil {
		s.furnished = true
	} else if err := os.Mkdir(s.Staging(), 0o755); err != nil {
		s.log.Debug("staging cannot be made again", "stage", "publish", "err", err) // who writes there finds it missing
	}
}

// likeNew reports whether directories that were kept have the modes of new ones,
// and names that can only be meant as they are written.
func (s *Session) likeNew(dir string) bool {
	kept, err := os.Lstat(dir)
	if err != nil || !kept.IsDir() {
		return false
	}
	if exists(s.place(strings.ToUpper(newName))) {
		return false // a directory Tags would be taken for one that is to be called tags
	}
	fresh, err := os.Lstat(s.Staging())
	if err != nil || fresh.Mode() != kept.Mode() {
		return false
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) == 0 {
		return false
	}
	first, err := list[0].Info() // all have one mode: see strip
	if err != nil {
		return false
	}
	probe := s.place("probe")
	if os.Mkdir(probe, 0o777) != nil {
		return false
	}
	info, err := os.Lstat(probe)
	return errors.Join(err, os.Remove(probe)) == nil && info.Mode() == first.Mode()
}

// shelve keeps the directories of a tree for the next session, and reports whether
// it did. The tree's files are gone then.
func (s *Session) shelve(dir string) bool {
	if err := os.MkdirAll(filepath.Dir(s.shelf()), 0o755); err != nil {
		return false
	}
	if exists(s.shelf()) { // of another destination, say
		return false
	}
	var mode fs.FileMode
	if strip(dir, &mode) != nil || mode == 0 || s.step("shelve") != nil {
		return false
	}
	return os.Rename(dir, s.shelf()) == nil
}

// strip removes all files of a tree, and the directories that have another mode
// than the first.
func strip(dir string, mode *fs.FileMode) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, d := range list {
		name := filepath.Join(dir, d.Name())
		if !d.IsDir() {
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if *mode == 0 {
			*mode = info.Mode()
		}
		if info.Mode() == *mode {
			err = strip(name, mode)
		} else {
			err = removeAll(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// prune removes those directories of a tree, listed from the top down, that are
// above none of its files.
func prune(dir string, dirs []string, files []node) error {
	used := make(map[string]bool)
	for _, n := range files {
		for at := path.Dir(n.path); at != "." && !used[at]; at = path.Dir(at) {
			used[at] = true
		}
	}
	for _, at := range slices.Backward(dirs) {
		if !used[at] {
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(at))); err != nil {
				return err
			}
		}
	}
	return nil
}
