// Package inputs tells whether all that a build read is as it was.
//
// What enters: the directories and files that a build may read. What leaves: a
// list of them with a sum of each, and later whether each is still the same. It
// never guesses: what it cannot look at, or cannot tell apart, counts as changed.
//
// A file whose mark is the same (see package marks) is not read again, unless it
// was changed so shortly before the list was made that the clock of the file
// system may not show a later change. Of any other file the bytes decide.
package inputs

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/marks"
)

// A Place says where inputs lie.
type Place struct {
	// Roots are directories, everything in which is an input.
	Roots []string
	// Except are files and directories that are none, by their whole path.
	Except []string
	// Files are further inputs; they may be missing, which then is what counts.
	Files []string
	// Strict has any change of what the system notes of a file count, though its
	// bytes may be the same.
	Strict bool
}

// A List is the inputs, and how each was. It may be used by one goroutine.
type List struct {
	Place Place
	taken int64 // when it was made
	files map[string]entry
}

// An entry is one file, directory or link. Of a directory only its name counts:
// what is in it has entries of its own.
type entry struct {
	kind byte // f file, d directory, l link, - missing
	mark marks.Mark
	sum  [sha256.Size]byte // of a file's bytes, or a link's target
}

// Most is how many inputs are looked at; a site with more is always built.
const Most = 500_000

// settle is how coarse the clock of a file system may be.
const settle = 2 * time.Second

// errChanged says that something is not as it was.
var errChanged = errors.New("changed")

// Take makes a list without sums: they come with Complete.
func Take(p Place) (*List, error) {
	l := &List{Place: Place{Except: p.Except, Strict: p.Strict}, taken: time.Now().UnixNano(), files: make(map[string]entry)}
	// What the walk comes by already is left out, so that each name comes once.
	roots := slices.Clone(p.Roots)
	slices.SortFunc(roots, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	for _, root := range roots {
		if _, err := os.Lstat(root); err != nil {
			p.Files = append(slices.Clip(p.Files), root)
		} else if !l.covers(root) {
			l.Place.Roots = append(l.Place.Roots, root)
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(p.Files))) {
		if !l.covers(name) {
			l.Place.Files = append(l.Place.Files, name)
		}
	}
	return l, l.walk(func(name string, e entry) error {
		l.files[name] = e
		if len(l.files) > Most {
			return fmt.Errorf("there are more than %d files", Most)
		}
		return nil
	})
}

// walk visits all inputs; links that lead elsewhere are an error.
func (l *List) walk(visit func(name string, e entry) error) error {
	for _, root := range l.Place.Roots {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if l.excepted(name) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			e := entry{kind: 'd'}
			if !d.IsDir() {
				if e, err = l.look(name); err != nil {
					return err
				}
			}
			return visit(name, e)
		})
		if err != nil {
			return err
		}
	}
	for _, name := range l.Place.Files {
		e, err := l.look(name)
		if err != nil {
			return err
		}
		if err := visit(name, e); err != nil {
			return err
		}
	}
	return nil
}

func (l *List) excepted(name string) bool { return slices.Contains(l.Place.Except, name) }

// look is the entry of one name, without the sum of a file.
func (l *List) look(name string) (entry, error) {
	info, err := os.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return entry{kind: '-'}, nil
	case err != nil:
		return entry{}, err
	case info.IsDir():
		return entry{kind: 'd'}, nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := filepath.EvalSymlinks(name)
		if err != nil {
			return entry{}, err
		}
		if !l.inside(target) {
			return entry{}, fmt.Errorf("%s is a link to %s, which is not looked at", name, target)
		}
		return entry{kind: 'l', sum: sha256.Sum256([]byte(target))}, nil
	case !info.Mode().IsRegular():
		return entry{}, fmt.Errorf("%s is no file", name)
	}
	e := entry{kind: 'f'}
	if m, ok := marks.Of(info); ok {
		e.mark = m
	} else {
		e.mark = marks.Mark{Size: info.Size(), ModTime: info.ModTime().UnixNano()}
	}
	return e, nil
}

// inside reports whether the walk comes by a file.
func (l *List) inside(name string) bool {
	for _, root := range l.Place.Roots {
		real, err := filepath.EvalSymlinks(root)
		if err != nil || !strings.HasPrefix(name, real+string(filepath.Separator)) {
			continue
		}
		for at := name; at != real && at != filepath.Dir(at); at = filepath.Dir(at) {
			if l.excepted(at) {
				return false
			}
		}
		return true
	}
	return false
}

// sure reports whether a file's mark alone shows that it is as it was.
func (l *List) sure(e entry) bool {
	return e.mark.ChangeTime != 0 && max(e.mark.ChangeTime, e.mark.ModTime)+int64(settle) < l.taken
}

// Complete is for the end of a build: it makes sure that no input has changed
// since the list was taken, takes further files in, and sums the bytes of all.
// Sums are taken from a list of before where a mark is the same.
func (l *List) Complete(before *List, place Place) (*List, error) {
	done, err := Take(place)
	if err != nil {
		return nil, err
	}
	for name, e := range done.files {
		was, ok := l.files[name]
		if !ok && (l.covers(name) || e.kind == 'f' && (e.mark.ChangeTime == 0 || e.mark.ChangeTime >= l.taken-int64(settle))) {
			return nil, fmt.Errorf("%s: %w", name, errChanged)
		}
		if ok && (was.kind != e.kind || was.mark != e.mark || e.kind == 'l' && was.sum != e.sum) {
			return nil, fmt.Errorf("%s: %w", name, errChanged)
		}
	}
	for name := range l.files {
		if _, ok := done.files[name]; !ok && done.covers(name) {
			return nil, fmt.Errorf("%s: %w", name, errChanged)
		}
	}
	done.taken = l.taken
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	sums := make(map[string]entry)
	for name, e := range done.files {
		if e.kind != 'f' {
			continue
		}
		if before != nil {
			if was, ok := before.files[name]; ok && was.kind == 'f' && was.mark == e.mark && before.sure(was) {
				e.sum = was.sum
				mu.Lock()
				sums[name] = e
				mu.Unlock()
				continue
			}
		}
		g.Go(func() error {
			var err error
			if e.sum, err = sumOf(name); err != nil {
				return err
			}
			again, err := done.look(name)
			if err != nil || again.mark != e.mark {
				return fmt.Errorf("%s: %w", name, errChanged)
			}
			mu.Lock()
			defer mu.Unlock()
			sums[name] = e
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for name, e := range sums {
		done.files[name] = e
	}
	return done, nil
}

// covers reports whether a walk of the roots would come by a name.
func (l *List) covers(name string) bool {
	for _, root := range l.Place.Roots {
		if name != root && !strings.HasPrefix(name, root+string(filepath.Separator)) {
			continue
		}
		for at := name; len(at) >= len(root); at = filepath.Dir(at) {
			if l.excepted(at) {
				return false
			}
			if at == filepath.Dir(at) {
				break
			}
		}
		return true
	}
	return false
}

// Changed lists the files whose bytes are not as the list has them. It is not ok
// where anything else differs: a file that came, went or became something else.
func (l *List) Changed() (names []string, ok bool) {
	seen := 0
	var read []string
	err := l.walk(func(name string, e entry) error {
		was, ok := l.files[name]
		if !ok || was.kind != e.kind || e.kind == 'l' && was.sum != e.sum {
			return errChanged
		}
		seen++
		switch {
		case e.kind != 'f':
		case l.Place.Strict && e.mark != was.mark:
			names = append(names, name)
		case e.mark != was.mark || !l.sure(was):
			read = append(read, name)
		}
		return nil
	})
	if err != nil || seen < len(l.files) {
		return nil, false
	}
	for _, name := range read {
		sum, err := sumOf(name)
		if err != nil {
			return nil, false
		}
		if sum != l.files[name].sum {
			names = append(names, name)
		}
	}
	return names, true
}

// Same reports whether all inputs are as the list has them, and if not what is
// the first that is not.
func (l *List) Same() (changed string, same bool) {
	seen := 0
	var mu sync.Mutex
	var read []string
	err := l.walk(func(name string, e entry) error {
		was, ok := l.files[name]
		if !ok || was.kind != e.kind || e.kind == 'l' && was.sum != e.sum {
			changed = name
			return errChanged
		}
		seen++
		if e.kind == 'f' {
			if e.mark.Size != was.mark.Size || l.Place.Strict && e.mark != was.mark {
				changed = name
				return errChanged
			}
			if e.mark != was.mark || !l.sure(was) {
				read = append(read, name)
			}
		}
		return nil
	})
	if err == nil && seen < len(l.files) {
		return l.missing(), false
	}
	if err != nil {
		if changed == "" {
			changed = err.Error()
		}
		return changed, false
	}
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range read {
		g.Go(func() error {
			got, err := sumOf(name)
			if err == nil && got != l.files[name].sum {
				err = errChanged
			}
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				if changed == "" || name < changed {
					changed = name
				}
			}
			return err
		})
	}
	return changed, g.Wait() == nil
}

// missing is the first input that is gone.
func (l *List) missing() string {
	first := ""
	for name, e := range l.files {
		if _, err := os.Lstat(name); err != nil && e.kind != '-' && (first == "" || name < first) {
			first = name
		}
	}
	return first
}

func sumOf(name string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

const listHead = "Duskpress inputs 1"

// Bytes is the list as it is kept.
func (l *List) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\ntaken %d\nstrict %t\n", listHead, l.taken, l.Place.Strict)
	for _, part := range []struct {
		key  string
		list []string
	}{{"root", l.Place.Roots}, {"except", l.Place.Except}, {"file", l.Place.Files}} {
		for _, name := range part.list {
			fmt.Fprintf(&b, "%s %s\n", part.key, strconv.Quote(name))
		}
	}
	for name, e := range l.files {
		line := append(b.AvailableBuffer(), e.kind)
		for _, n := range []int64{e.mark.Size, e.mark.ModTime, e.mark.ChangeTime, int64(e.mark.Inode)} {
			line = strconv.AppendInt(append(line, ' '), n, 36)
		}
		line = hex.AppendEncode(append(line, ' '), e.sum[:])
		line = append(strconv.AppendQuote(append(line, ' '), name), '\n')
		b.Write(line)
	}
	return b.Bytes()
}

// Parse reads a list; whether its bytes are whole is for the caller to know.
func Parse(data []byte) (*List, error) {
	l := &List{files: make(map[string]entry)}
	text := string(data)
	line, text, _ := strings.Cut(text, "\n")
	if line != listHead {
		return nil, errors.New("no list of inputs")
	}
	for text != "" {
		line, text, _ = strings.Cut(text, "\n")
		key, rest, _ := strings.Cut(line, " ")
		var err error
		switch key {
		case "taken":
			l.taken, err = strconv.ParseInt(rest, 10, 64)
		case "strict":
			l.Place.Strict, err = strconv.ParseBool(rest)
		case "root", "except", "file":
			var name string
			name, err = strconv.Unquote(rest)
			list := map[string]*[]string{"root": &l.Place.Roots, "except": &l.Place.Except, "file": &l.Place.Files}[key]
			*list = append(*list, name)
		case "f", "d", "l", "-":
			err = l.parseEntry(key[0], rest)
		default:
			err = errors.New("an unknown line")
		}
		if err != nil {
			return nil, fmt.Errorf("a list of inputs, at %q: %w", line, err)
		}
	}
	return l, nil
}

func (l *List) parseEntry(kind byte, rest string) error {
	e := entry{kind: kind}
	var numbers [4]int64
	for i := range numbers {
		word, more, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseInt(word, 36, 64)
		if err != nil {
			return err
		}
		numbers[i], rest = n, more
	}
	e.mark = marks.Mark{Size: numbers[0], ModTime: numbers[1], ChangeTime: numbers[2], Inode: uint64(numbers[3])}
	word, quoted, _ := strings.Cut(rest, " ")
	if n, err := hex.Decode(e.sum[:], []byte(word)); err != nil || n != len(e.sum) {
		return errors.New("a bad sum")
	}
	name, err := strconv.Unquote(quoted)
	l.files[name] = e
	return err
}
