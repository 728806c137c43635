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
	"strconv"
	"strings"
	"sync"

	"duskpress/tools/marks"
)

// A file of the new site that is as it was in the old one is not written: it is
// the same file, with a second name, so that it keeps its time and its number.
//
// Which bytes an old file has must be proven. The seal, written when a publish
// is over, has for each file what the system notes of it, the time of its last
// change among that, which no program can set. A file that is as the seal has it
// holds the bytes that were published; of any other the bytes are read.
//
// Nothing is ever written through a second name. Should another hand write into
// such a file while both names are there, Commit finds it and refuses the site.

// A sealed file is one of the published tree.
type sealed struct {
	marks.Mark
	sum sum
}

// old is the published tree that a session finds.
type old struct {
	once  sync.Once
	tree  string
	files map[string]sealed
	// proven reports whether marks are those of the seal.
	proven bool

	mu     sync.Mutex
	linked map[string]node
}

const sealHead = "Duskpress seal 1"

func (s *Session) sealPath(tree string) string { return filepath.Join(s.recordDir(), tree+".seal") }

// loadOld reads what is known of the published tree, once a session.
func (s *Session) loadOld() *old {
	s.old.once.Do(func() {
		s.old.linked = make(map[string]node)
		r, err := inspect(s.dest)
		if err != nil || r == nil {
			return
		}
		if s.old.files = s.loadSeal(r); s.old.files != nil {
			s.old.tree, s.old.proven = r.Tree, true
			return
		}
		s.old.files = make(map[string]sealed)
		for path, st := range s.loadRecord(r.Tree) {
			b, err := hex.DecodeString(st.SHA256)
			if err == nil && len(b) == sha256.Size {
				s.old.files[path] = sealed{marks.Mark{Size: st.Size, ModTime: st.ModTime}, sum(b)}
			}
		}
		s.old.tree = r.Tree
	})
	return &s.old
}

// loadSeal returns nil if there is no seal of the tree that can be trusted.
func (s *Session) loadSeal(r *receipt) map[string]sealed {
	data, err := os.ReadFile(s.sealPath(r.Tree))
	if err != nil {
		return nil
	}
	body, last, ok := cutLast(data)
	if got := sha256.Sum256(body); !ok || hex.EncodeToString(got[:]) != last {
		s.log.Debug("ignoring a damaged seal of the published files", "stage", "publish", "tree", r.Tree)
		return nil
	}
	text := string(body)
	first, rest, _ := strings.Cut(text, "\n")
	if first != sealHead+" "+r.Tree+" "+strconv.Quote(s.dest) {
		return nil
	}
	files := make(map[string]sealed, r.Files)
	for rest != "" {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		var f sealed
		var err error
		number := func() (n int64) {
			if err == nil {
				var word string
				word, line, _ = strings.Cut(line, " ")
				n, err = strconv.ParseInt(word, 36, 64)
			}
			return n
		}
		f.Size, f.ModTime, f.ChangeTime, f.Inode = number(), number(), number(), uint64(number())
		word, path, ok := strings.Cut(line, " ")
		if n, derr := hex.Decode(f.sum[:], []byte(word)); err != nil || derr != nil || n != len(f.sum) || !ok {
			return nil
		}
		files[path] = f
	}
	if len(files) != r.Files {
		return nil
	}
	return files
}

// cutLast cuts the last line off.
func cutLast(data []byte) (body []byte, last string, ok bool) {
	data, ok = bytes.CutSuffix(data, []byte("\n"))
	i := bytes.LastIndexByte(data, '\n')
	if !ok || i < 0 {
		return nil, "", false
	}
	return data[:i+1], string(data[i+1:]), true
}

// seal notes how the published files look now that all is over. Without it the
// next build has to read them, so it is no fault if it cannot be written.
func (s *Session) seal(tree string, files []File, want func(path string) (mtime int64, ok bool)) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s %s\n", sealHead, tree, strconv.Quote(s.dest))
	for _, f := range files {
		info, err := os.Lstat(filepath.Join(s.dest, filepath.FromSlash(f.Path)))
		if err != nil || strings.ContainsRune(f.Path, '\n') {
			return
		}
		m, ok := marks.Of(info)
		mtime, known := want(f.Path)
		if !ok || !known || !info.Mode().IsRegular() || m.Size != f.Size || m.ModTime != mtime {
			return // another hand was quick; nothing is proven
		}
		line := strconv.AppendInt(b.AvailableBuffer(), m.Size, 36)
		line = strconv.AppendInt(append(line, ' '), m.ModTime, 36)
		line = strconv.AppendInt(append(line, ' '), m.ChangeTime, 36)
		line = strconv.AppendInt(append(line, ' '), int64(m.Inode), 36)
		line = hex.AppendEncode(append(line, ' '), f.SHA256[:])
		line = append(append(append(line, ' '), f.Path...), '\n')
		b.Write(line)
	}
	end := sha256.Sum256(b.Bytes())
	fmt.Fprintf(&b, "%s\n", hex.EncodeToString(end[:]))
	if err := writeFile(s.sealPath(tree), b.Bytes()); err != nil {
		s.log.Debug("sealing the published files", "stage", "publish", "err", err)
	}
}

// Link gives a path below Staging the file that the destination has at the same
// path, if that holds these bytes, and reports whether it did. Where the file
// system has no second names the file is copied, with its time. It may be called
// from several goroutines, for different paths whose directories are there.
func (s *Session) Link(path string, want [32]byte, size int64) bool {
	o := s.loadOld()
	f, ok := o.files[path]
	if !ok || f.sum != want || f.Size != size {
		return false
	}
	from, to := filepath.Join(s.dest, filepath.FromSlash(path)), filepath.Join(s.Staging(), filepath.FromSlash(path))
	info, err := os.Lstat(from)
	if err != nil || !s.holds(from, info, f) {
		return false
	}
	if exists(to) {
		if err := os.Remove(to); err != nil {
			return false
		}
	}
	if err := os.Link(from, to); err != nil {
		return copyExact(from, to, want) == nil
	}
	now, err := os.Lstat(to)
	if err != nil || !os.SameFile(info, now) || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime()) {
		_ = os.Remove(to)
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.linked[path] = node{path, now.Size(), now.ModTime().UnixNano(), now.Mode().Type()}
	return true
}

// holds reports whether a file has the bytes that were published.
func (s *Session) holds(name string, info fs.FileInfo, f sealed) bool {
	if !info.Mode().IsRegular() || info.Size() != f.Size {
		return false
	}
	if m, ok := marks.Of(info); ok && s.old.proven && m == f.Mark {
		return true
	}
	if info.ModTime().UnixNano() != f.ModTime {
		return false // another hand had it; it is to be found and told
	}
	got, err := sumOf(name)
	return err == nil && got == f.sum
}

// shared reports whether a path of staging is the destination's own file.
func (s *Session) shared(path string) bool {
	a, aerr := os.Lstat(filepath.Join(s.dest, filepath.FromSlash(path)))
	b, berr := os.Lstat(filepath.Join(s.Staging(), filepath.FromSlash(path)))
	return aerr == nil && berr == nil && os.SameFile(a, b)
}

func sumOf(name string) (got sum, err error) {
	f, err := os.Open(name)
	if err != nil {
		return got, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return got, err
	}
	h.Sum(got[:0])
	return got, nil
}

// copyExact copies a file with its time, and fails if it has not these bytes.
func copyExact(from, to string, want sum) error {
	if err := copyFile(from, to); err != nil {
		return err
	}
	if got, err := sumOf(to); err != nil || got != want {
		return errors.Join(err, os.Remove(to), errors.New("its bytes are others"))
	}
	return nil
}

// unshare gives the files of staging that the destination has too bytes of their
// own, since people may write into what is kept of a failed build.
func (s *Session) unshare() error {
	s.old.mu.Lock()
	defer s.old.mu.Unlock()
	for path := range s.old.linked {
		name := filepath.Join(s.Staging(), filepath.FromSlash(path))
		own := name + ".duskpress"
		if !s.shared(path) {
			continue
		}
		if err := copyFile(name, own); err != nil {
			return err
		}
		if err := os.Rename(own, name); err != nil {
			return err
		}
	}
	clear(s.old.linked)
	return nil
}

// Intact reports whether the destination holds exactly the tree, and nothing
// else but foreign dot entries: every file as it was sealed, or, where there is
// no seal, with the bytes that were published.
func (s *Session) Intact(ctx context.Context, tree string) bool {
	o := s.loadOld()
	if tree == "" || o.tree != tree || len(o.files) == 0 {
		return false
	}
	r, err := inspect(s.dest)
	if err != nil || r == nil || r.Tree != tree || r.Files != len(o.files) {
		return false
	}
	seen := 0
	err = filepath.WalkDir(s.dest, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == s.dest {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		rel := filepath.ToSlash(name[len(s.dest)+1:])
		if !strings.Contains(rel, "/") && !r.owns(rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		f, ok := o.files[rel]
		if !ok {
			return errors.New("a file that was not published")
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !s.holds(name, info, f) {
			return errors.New("a file that is not as it was")
		}
		seen++
		return nil
	})
	return err == nil && seen == len(o.files)
}
