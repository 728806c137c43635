package pipeline

import (
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
}

// NewDirStore returns a store in dir, which must exist and be empty.
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

func (s *DirStore) create(path string) (*os.File, error) {
	if !validPath(path) {
		return nil, &fs.PathError{Op: "create", Path: path, Err: errors.New("path leaves the site")}
	}
	name := filepath.Join(s.dir, filepath.FromSlash(path))
	dir := filepath.Dir(name)
	if _, ok := s.made.Load(dir); !ok {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		s.made.Store(dir, true)
	}
	return os.Create(name)
}
