package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A Kind says what happened to a file since it was published.
type Kind string

const (
	Added    Kind = "added"
	Modified Kind = "changed"
	Removed  Kind = "removed"
	// Unknown: the tree is not what its receipt says, and as the record of its
	// files is missing, no file can be named. It stands alone, with no Path.
	Unknown Kind = "unknown"
)

// A Change is something that another hand did in the destination.
type Change struct {
	Kind Kind
	Path string // slash-separated, below the destination
	// Kept is where Commit put a copy; "" of a removed file and of one that is
	// the same in the new site. Of an Unknown it is the directory with copies of
	// all files that the new site does not hold as they were.
	Kept string
}

// A node is a file as the directory shows it.
type node struct {
	path  string
	size  int64
	mtime int64
	mode  fs.FileMode // type bits alone
}

// scan lists what is not a directory below dir, sorted, without the receipt and
// without the top-level entries that site does not claim.
func scan(dir string, site func(name string) bool) ([]node, error) {
	nodes, _, err := walk(dir, site)
	return nodes, err
}

// walk is scan, with the directories, each before what is in it.
func walk(dir string, site func(name string) bool) (nodes []node, dirs []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if filepath.Dir(rel) == "." && !site(rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			dirs = append(dirs, filepath.ToSlash(rel))
			return nil
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		nodes = append(nodes, node{filepath.ToSlash(rel), fi.Size(), fi.ModTime().UnixNano(), fi.Mode().Type()})
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) && !exists(dir) {
		return nil, nil, nil
	}
	return nodes, dirs, err
}

// findings are what examine saw: the differences, the files that carry them, all files.
type findings struct {
	changes []Change
	suspect []node
	nodes   []node
}

// examine compares dir, published with receipt r, to its record, or without one
// to the receipt's sum. Dot entries that only also claims count as added.
func (s *Session) examine(ctx context.Context, dir string, r, also *receipt) (*findings, error) {
	nodes, err := scan(dir, func(name string) bool { return r.owns(name) || also.owns(name) })
	if err != nil {
		return nil, err
	}
	f := &findings{nodes: nodes}
	rec := s.loadRecord(r.tree())
	if r != nil && rec == nil {
		sums := make(map[string]sum, len(nodes))
		for _, n := range nodes {
			if sums[n.path], err = s.sum(ctx, dir, n); err != nil {
				return nil, err
			}
		}
		if len(nodes) != r.Files || treeSum(sums) != r.Tree {
			f.changes = []Change{{Kind: Unknown}}
			f.suspect = nodes
		}
		return f, nil
	}
	found := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		found[n.path] = true
		was, ok := rec[n.path]
		kind := Added
		if ok {
			if n.mode == 0 && n.size == was.Size {
				if n.mtime == was.ModTime {
					continue
				}
				got, err := s.sum(ctx, dir, n)
				if err != nil {
					return nil, err
				}
				if hex.EncodeToString(got[:]) == was.SHA256 {
					continue
				}
			}
			kind = Modified
		}
		f.changes = append(f.changes, Change{Kind: kind, Path: n.path})
		f.suspect = append(f.suspect, n)
	}
	for path := range rec {
		if !found[path] {
			f.changes = append(f.changes, Change{Kind: Removed, Path: path})
		}
	}
	slices.SortFunc(f.changes, func(a, b Change) int { return strings.Compare(a.Path, b.Path) })
	return f, nil
}

// since lists the files of dir that are not as they were in f.
func (f *findings) since(dir string, r, also *receipt) (*findings, error) {
	nodes, err := scan(dir, func(name string) bool { return r.owns(name) || also.owns(name) })
	if err != nil {
		return nil, err
	}
	before := make(map[node]bool, len(f.nodes))
	paths := make(map[string]bool, len(f.nodes))
	for _, n := range f.nodes {
		before[n], paths[n.path] = true, true
	}
	late := &findings{nodes: nodes}
	for _, n := range nodes {
		if before[n] {
			continue
		}
		kind := Added
		if paths[n.path] {
			kind = Modified
		}
		late.changes = append(late.changes, Change{Kind: kind, Path: n.path})
		late.suspect = append(late.suspect, n)
	}
	return late, nil
}

// Changed lists what was added, changed or removed in the destination since it
// was published, sorted by path: by size and time, and where the time alone
// differs by sum. Foreign top-level dot entries are not looked at.
func (s *Session) Changed(ctx context.Context) ([]Change, error) {
	r, err := inspect(s.dest)
	if err != nil {
		return nil, err
	}
	f, err := s.examine(ctx, s.dest, r, nil)
	if err != nil {
		return nil, fmt.Errorf("looking for changes in %s: %w", s.dest, err)
	}
	return f.changes, nil
}

// sum reads a file at most once a session. What is no regular file has the sum of
// its type and target, which no published file can be expected to have.
func (s *Session) sum(ctx context.Context, dir string, n node) (sum, error) {
	if err := ctx.Err(); err != nil {
		return sum{}, err
	}
	if got, ok := s.sums[n]; ok {
		return got, nil
	}
	path := filepath.Join(dir, filepath.FromSlash(n.path))
	if n.mode != 0 {
		target, _ := os.Readlink(path)
		return sha256.Sum256([]byte(n.mode.String() + "\x00" + target)), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return sum{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum{}, err
	}
	got := sum(h.Sum(nil))
	s.sums[n] = got
	return got, nil
}

// keep copies the suspects in dir to the state directory, but for those that the
// new site has as they are, and notes where in the changes.
func (s *Session) keep(ctx context.Context, dir string, f *findings, site map[string]string) error {
	index := make(map[string]int, len(f.changes))
	for i, c := range f.changes {
		index[c.Path] = i
	}
	for _, n := range f.suspect {
		got, err := s.sum(ctx, dir, n)
		if err != nil {
			return err
		}
		if n.mode == 0 && site[n.path] == hex.EncodeToString(got[:]) {
			continue
		}
		if err := s.step("keep"); err != nil {
			return err
		}
		kept, err := s.keepFile(dir, n)
		if err != nil {
			return fmt.Errorf("keeping %s, which was changed by hand: %w", n.path, err)
		}
		if f.changes[0].Kind == Unknown {
			f.changes[0].Kept = s.state("changed")
		} else {
			f.changes[index[n.path]].Kept = kept
		}
	}
	return nil
}

// keepFile copies one file to changed/, or, so that no earlier copy is lost, to
// the first of changed.2/, changed.3/ ... where its place is free or holds the
// same bytes.
func (s *Session) keepFile(dir string, n node) (string, error) {
	from := filepath.Join(dir, filepath.FromSlash(n.path))
	if n.mode != 0 && n.mode != fs.ModeSymlink {
		return "", errors.New("it is neither a file, a directory nor a symbolic link; move it away")
	}
	for i := 1; i < 1000; i++ {
		root := "changed"
		if i > 1 {
			root = fmt.Sprintf("changed.%d", i)
		}
		to := s.state(root, filepath.FromSlash(n.path))
		err := os.MkdirAll(filepath.Dir(to), 0o755)
		if err == nil && !exists(to) {
			return to, copyFile(from, to)
		}
		if err == nil && sameContent(from, to) {
			return to, nil
		}
		if err != nil && !errors.Is(err, syscall.ENOTDIR) {
			return "", err
		}
	}
	return "", fmt.Errorf("%s is full of earlier copies; look at them and remove them", s.state("changed"))
}

func sameContent(a, b string) bool {
	ai, err := os.Lstat(a)
	if err != nil {
		return false
	}
	bi, err := os.Lstat(b)
	if err != nil || ai.Mode().Type() != bi.Mode().Type() {
		return false
	}
	if ai.Mode().Type() == fs.ModeSymlink {
		at, aerr := os.Readlink(a)
		bt, berr := os.Readlink(b)
		return aerr == nil && berr == nil && at == bt
	}
	if !ai.Mode().IsRegular() || ai.Size() != bi.Size() {
		return false
	}
	ab, aerr := os.ReadFile(a)
	bb, berr := os.ReadFile(b)
	return aerr == nil && berr == nil && bytes.Equal(ab, bb)
}

// copyFile copies a file, or a symbolic link as such, with its time. The name to
// appears when its bytes are complete.
func copyFile(from, to string) error {
	fi, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if fi.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.CreateTemp(filepath.Dir(to), ".duskpress-")
	if err != nil {
		return err
	}
	tmp := out.Name()
	_, err = io.Copy(out, in)
	err = errors.Join(err, out.Close())
	if err == nil {
		err = os.Chmod(tmp, fi.Mode().Perm())
	}
	if err == nil {
		err = os.Chtimes(tmp, time.Time{}, fi.ModTime())
	}
	if err == nil {
		err = os.Rename(tmp, to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return nil
}

// copyTree copies a directory of files and directories. It stops between two
// files when ctx ends.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		return copyFile(path, filepath.Join(to, rel))
	})
}
