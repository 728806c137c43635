package pipeline

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// A DirStore keeps a site's files in a directory.
type DirStore struct {
	dir  string
	made sync.Map // directories that are known to be there

	// Link gives a path of the store the file of an earlier site that stood at
	// the same path, if that has these bytes. It may be nil.
	Link func(path string, sum [sha256.Size]byte, size int64) bool
}

// Reuse implements Reuser.
func (s *DirStore) Reuse(path string, sum [sha256.Size]byte, size int64) bool {
	if s.Link == nil || !validPath(path) {
		return false
	}
	if _, err := s.place(path); err != nil {
		return false
	}
	return s.Link(path, sum, size)
}

// NewDirStore returns a store in dir, which must exist and have no files.
func NewDirStore(dir string) *DirStore { return &DirStore{dir: dir} }

// Write implements Store.
func (s *DirStore) Write(path string, data []byte) error {
	f, err := s.create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// Copy implements Store.
func (s *DirStore) Copy(path string, r io.Reader) error {
	f, err := s.create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}

// Read implements Store.
func (s *DirStore) Read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(s.dir, filepath.FromSlash(path)))
}

// Open implements Store.
func (s *DirStore) Open(path string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(s.dir, filepath.FromSlash(path)))
}

// create makes a file of its own: what stands at the path may be one that an
// earlier site has too, and must not be written to.
func (s *DirStore) create(path string) (*os.File, error) {
	if !validPath(path) {
		return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("path leaves the site")}
	}
	name, err := s.place(path)
	if err != nil {
		return nil, err
	}
	const flags = os.O_RDWR | os.O_CREATE | os.O_EXCL
	f, err := os.OpenFile(name, flags, 0o666)
	if errors.Is(err, fs.ErrExist) {
		if err := clearPlace(name); err != nil {
			return nil, err
		}
		f, err = os.OpenFile(name, flags, 0o666)
	}
	return f, err
}

// clearPlace removes a file, or directories without one: a site before had them.
func clearPlace(name string) error {
	err := os.Remove(name)
	if list, rerr := os.ReadDir(name); err != nil && rerr == nil {
		for _, d := range list {
			if !d.IsDir() {
				return err
			}
			if err := clearPlace(filepath.Join(name, d.Name())); err != nil {
				return err
			}
		}
		return os.Remove(name)
	}
	return err
}

// place is where a path lies; its directory is made.
func (s *DirStore) place(path string) (string, error) {
	name := filepath.Join(s.dir, filepath.FromSlash(path))
	dir := filepath.Dir(name)
	if _, ok := s.made.Load(dir); !ok {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return "", err
		}
		s.made.Store(dir, true)
	}
	return name, nil
}
