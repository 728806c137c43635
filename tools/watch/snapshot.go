package watch

import (
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// large files are compared by size and time alone.
const large = 4 << 20

// A snapshot is what a look found.
type snapshot struct {
	files map[string]file
	dirs  map[string]bool
}

type file struct {
	size int64
	time time.Time
	sum  [sha256.Size]byte // zero for a large one
	// young files were written so shortly before they were read that they may
	// have been written again within the clock's step.
	young bool
}

// young is how coarse the times of a file system may be.
const young = 2 * time.Second

// next looks at all files, and returns them and those that are not as they were.
func (s *snapshot) next(o Options, hinted map[string]bool) (*snapshot, []string) {
	n := &snapshot{files: make(map[string]file, len(s.files)), dirs: make(map[string]bool, len(s.dirs))}
	var changed []string
	for _, root := range o.Roots {
		if resolved, err := filepath.EvalSymlinks(root); err == nil {
			root = resolved
		}
		_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if name != root && o.Skip(name) {
				if d != nil && d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if err != nil {
				return nil // gone meanwhile, or not readable: a build will say so
			}
			if d.IsDir() {
				n.dirs[name] = true
				return nil
			}
			if _, known := n.files[name]; known {
				return nil // below two roots
			}
			was, known := s.files[name]
			now, ok := s.read(name, d, was, known && !hinted[name])
			if !ok {
				return nil
			}
			n.files[name] = now
			if s.files != nil && (!known || now.size != was.size || now.sum != was.sum || now.size > large && !now.time.Equal(was.time)) {
				changed = append(changed, name)
			}
			return nil
		})
	}
	for name := range s.files {
		if _, still := n.files[name]; !still {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return n, changed
}

// read is what a file is now. Where nothing hints at a change, one with the
// size and time that it had is what it was.
func (s *snapshot) read(name string, d fs.DirEntry, was file, believe bool) (file, bool) {
	info, err := d.Info()
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		info, err = os.Stat(name)
	}
	if err != nil || !info.Mode().IsRegular() {
		return file{}, false
	}
	now := file{size: info.Size(), time: info.ModTime()}
	if believe && !was.young && now.size == was.size && now.time.Equal(was.time) {
		return was, true
	}
	now.young = time.Since(now.time) < young
	if now.size > large {
		return now, true
	}
	f, err := os.Open(name)
	if err != nil {
		return now, true
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return now, true
	}
	sum.Sum(now.sum[:0])
	return now, true
}
