package hugo

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/gohugoio/hugo/hugofs"
	"github.com/spf13/afero"
)

// sourceFs is the file system that Hugo reads the site from. It is the real
// one, but for three things: content files are read through the Source plugins,
// files that plugins added are there though they lie on no disk, and what Hugo
// writes below resources/ goes to the cache instead.
type sourceFs struct {
	afero.Fs
	resources, overlay string // what is redirected, and where to
	reads              reads
	// looked is told of each name that is asked for by itself.
	looked func(name string)

	mu        sync.RWMutex
	transform func(filename string) ([]byte, bool, error)
	files     map[string][]byte          // virtual files by absolute name
	dirs      map[string]map[string]bool // their directories: child name -> is a directory
}

func newSourceFs(source, resourceDir, cacheDir, overlay string) *sourceFs {
	if !filepath.IsAbs(resourceDir) {
		resourceDir = filepath.Join(source, resourceDir)
	}
	return &sourceFs{
		Fs:        hugofs.Os,
		resources: filepath.Clean(resourceDir),
		overlay:   overlay,
		reads:     reads{source: filepath.Clean(source), cache: filepath.Clean(cacheDir)},
	}
}

// UnwrapFilesystem lets Hugo see that this is the operating system's.
func (s *sourceFs) UnwrapFilesystem() afero.Fs { return s.Fs }

// Name is for debugging.
func (s *sourceFs) Name() string { return "duskpress source" }

// setContent installs what the Source phase makes of content files and the
// virtual files. It is called once, before Hugo reads content.
func (s *sourceFs) setContent(transform func(string) ([]byte, bool, error), virtual map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transform = transform
	s.files = make(map[string][]byte)
	s.dirs = make(map[string]map[string]bool)
	for name, data := range virtual {
		if _, err := s.Fs.Stat(name); err == nil {
			continue // what lies on the disk wins
		}
		s.files[name] = data
		isDir := false
		for child := name; ; isDir = true {
			dir := filepath.Dir(child)
			if s.dirs[dir] == nil {
				s.dirs[dir] = make(map[string]bool)
			}
			s.dirs[dir][filepath.Base(child)] = isDir
			if _, err := s.Fs.Stat(dir); err == nil || dir == child {
				break
			}
			child = dir
		}
	}
}

func (s *sourceFs) Open(name string) (afero.File, error) {
	name = filepath.Clean(name)
	s.reads.note(name)
	s.mu.RLock()
	transform, data, children := s.transform, s.files[name], s.dirs[name]
	s.mu.RUnlock()
	if data != nil {
		return newMemoryFile(name, data), nil
	}
	if children != nil {
		return s.openDir(name, children)
	}
	if transform != nil {
		if data, ok, err := transform(name); err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: err}
		} else if ok {
			return newMemoryFile(name, data), nil
		}
	}
	if over, ok := s.redirect(name); ok {
		if f, err := s.Fs.Open(over); err == nil {
			return f, nil
		}
	}
	return s.Fs.Open(name)
}

func (s *sourceFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE|os.O_TRUNC) == 0 {
		return s.Open(name)
	}
	if over, ok := s.redirect(filepath.Clean(name)); ok {
		return s.Fs.OpenFile(over, flag, perm)
	}
	return s.Fs.OpenFile(name, flag, perm)
}

func (s *sourceFs) Create(name string) (afero.File, error) {
	return s.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

func (s *sourceFs) Stat(name string) (os.FileInfo, error) {
	name = filepath.Clean(name)
	s.reads.note(name)
	if s.looked != nil {
		s.looked(name)
	}
	if info := s.virtualInfo(name); info != nil {
		return info, nil
	}
	if over, ok := s.redirect(name); ok {
		if info, err := s.Fs.Stat(over); err == nil {
			return info, nil
		}
	}
	return s.Fs.Stat(name)
}

// LstatIfPossible implements afero.Lstater.
func (s *sourceFs) LstatIfPossible(name string) (os.FileInfo, bool, error) {
	name = filepath.Clean(name)
	s.reads.note(name)
	if s.looked != nil {
		s.looked(name)
	}
	if info := s.virtualInfo(name); info != nil {
		return info, true, nil
	}
	if over, ok := s.redirect(name); ok {
		if info, err := os.Lstat(over); err == nil {
			return info, true, nil
		}
	}
	info, err := os.Lstat(name)
	return info, true, err
}

func (s *sourceFs) virtualInfo(name string) os.FileInfo {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if data, ok := s.files[name]; ok {
		return memoryInfo{name: filepath.Base(name), size: int64(len(data))}
	}
	if _, ok := s.dirs[name]; ok {
		if _, err := s.Fs.Stat(name); err != nil {
			return memoryInfo{name: filepath.Base(name), dir: true}
		}
	}
	return nil
}

func (s *sourceFs) Mkdir(name string, perm os.FileMode) error {
	if over, ok := s.redirect(filepath.Clean(name)); ok {
		return s.Fs.MkdirAll(over, perm)
	}
	return s.Fs.Mkdir(name, perm)
}

func (s *sourceFs) MkdirAll(name string, perm os.FileMode) error {
	if over, ok := s.redirect(filepath.Clean(name)); ok {
		return s.Fs.MkdirAll(over, perm)
	}
	return s.Fs.MkdirAll(name, perm)
}

func (s *sourceFs) Remove(name string) error {
	if over, ok := s.redirect(filepath.Clean(name)); ok {
		return s.Fs.Remove(over)
	}
	return s.Fs.Remove(name)
}

func (s *sourceFs) RemoveAll(name string) error {
	if over, ok := s.redirect(filepath.Clean(name)); ok {
		return s.Fs.RemoveAll(over)
	}
	return s.Fs.RemoveAll(name)
}

func (s *sourceFs) Rename(from, to string) error {
	overFrom, ok1 := s.redirect(filepath.Clean(from))
	overTo, ok2 := s.redirect(filepath.Clean(to))
	if ok1 && ok2 {
		return s.Fs.Rename(overFrom, overTo)
	}
	return s.Fs.Rename(from, to)
}

func (s *sourceFs) redirect(name string) (string, bool) {
	if name == s.resources {
		return s.overlay, true
	}
	if rest, ok := strings.CutPrefix(name, s.resources+string(filepath.Separator)); ok {
		return filepath.Join(s.overlay, rest), true
	}
	return name, false
}

func (s *sourceFs) openDir(name string, children map[string]bool) (afero.File, error) {
	entries := make(map[string]os.FileInfo)
	if real, err := s.Fs.Open(name); err == nil {
		infos, err := real.Readdir(-1)
		real.Close()
		if err != nil {
			return nil, err
		}
		for _, info := range infos {
			entries[info.Name()] = info
		}
	}
	for child, isDir := range children {
		if _, ok := entries[child]; ok {
			continue
		}
		info := memoryInfo{name: child, dir: isDir}
		if !isDir {
			s.mu.RLock()
			info.size = int64(len(s.files[filepath.Join(name, child)]))
			s.mu.RUnlock()
		}
		entries[child] = info
	}
	d := &memoryDir{memoryFile: newMemoryFile(name, nil)}
	for _, info := range entries {
		d.entries = append(d.entries, info)
	}
	sort.Slice(d.entries, func(i, j int) bool { return d.entries[i].Name() < d.entries[j].Name() })
	return d, nil
}

// memoryFile is an open file whose bytes are in memory.
type memoryFile struct {
	*bytes.Reader
	name string
}

func newMemoryFile(name string, data []byte) *memoryFile {
	return &memoryFile{bytes.NewReader(data), name}
}

func (f *memoryFile) Name() string { return f.name }
func (f *memoryFile) Close() error { return nil }
func (f *memoryFile) Sync() error  { return nil }
func (f *memoryFile) Stat() (os.FileInfo, error) {
	return memoryInfo{name: filepath.Base(f.name), size: f.Size()}, nil
}
func (f *memoryFile) Readdir(int) ([]os.FileInfo, error)      { return nil, fs.ErrInvalid }
func (f *memoryFile) ReadDir(int) ([]fs.DirEntry, error)      { return nil, fs.ErrInvalid }
func (f *memoryFile) Readdirnames(int) ([]string, error)      { return nil, fs.ErrInvalid }
func (f *memoryFile) Truncate(int64) error                    { return fs.ErrPermission }
func (f *memoryFile) Write([]byte) (int, error)               { return 0, fs.ErrPermission }
func (f *memoryFile) WriteAt([]byte, int64) (int, error)      { return 0, fs.ErrPermission }
func (f *memoryFile) WriteString(string) (ret int, err error) { return 0, fs.ErrPermission }

// memoryDir is an open directory that virtual files were added to.
type memoryDir struct {
	*memoryFile
	entries []os.FileInfo
}

func (d *memoryDir) Stat() (os.FileInfo, error) {
	return memoryInfo{name: filepath.Base(d.name), dir: true}, nil
}

func (d *memoryDir) Readdir(n int) ([]os.FileInfo, error) {
	if n <= 0 {
		n = len(d.entries)
	} else if len(d.entries) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.entries))
	out := d.entries[:n]
	d.entries = d.entries[n:]
	return out, nil
}

func (d *memoryDir) ReadDir(n int) ([]fs.DirEntry, error) {
	infos, err := d.Readdir(n)
	var entries []fs.DirEntry
	for _, info := range infos {
		entries = append(entries, fs.FileInfoToDirEntry(info))
	}
	return entries, err
}

func (d *memoryDir) Readdirnames(n int) ([]string, error) {
	infos, err := d.Readdir(n)
	var names []string
	for _, info := range infos {
		names = append(names, info.Name())
	}
	return names, err
}

// memoryInfo describes a virtual file or directory. Its time is fixed: no
// clock may reach the site through it.
type memoryInfo struct {
	name string
	size int64
	dir  bool
}

func (i memoryInfo) Name() string       { return i.name }
func (i memoryInfo) Size() int64        { return i.size }
func (i memoryInfo) IsDir() bool        { return i.dir }
func (i memoryInfo) Sys() any           { return nil }
func (i memoryInfo) ModTime() time.Time { return time.Unix(0, 0).UTC() }
func (i memoryInfo) Mode() os.FileMode {
	if i.dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
