package hugo

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gohugoio/hugo/resources/postpub"
	"github.com/gohugoio/hugo/tpl"
	"github.com/spf13/afero"
)

// destinationFs is the file system that Hugo publishes to. Nothing lies in it:
// each file goes to the sink, whole, when Hugo closes it. Files in which Hugo
// left a placeholder are held back, since Hugo reads and rewrites them at the
// end of its build.
type destinationFs struct {
	afero.Fs // panics on what Hugo never asks of it
	root     string

	mu      sync.Mutex
	sink    func(path string, data []byte) error
	written func(path string) ([]byte, error)
	held    map[string][]byte
	// twice is told of a path that is written again with other bytes.
	twice func(path string)
	sums  map[string]uint64
	// failed keeps the first error of the sink: Hugo drops those of Close.
	failed error
}

func newDestinationFs(root string) *destinationFs {
	return &destinationFs{root: filepath.Clean(root), held: make(map[string][]byte), sums: make(map[string]uint64)}
}

func (d *destinationFs) Name() string { return "duskpress destination" }

func (d *destinationFs) path(name string) string {
	name = filepath.Clean(name)
	if rest, ok := strings.CutPrefix(name, d.root+string(filepath.Separator)); ok {
		name = rest
	}
	return strings.TrimPrefix(filepath.ToSlash(name), "/")
}

func (d *destinationFs) Create(name string) (afero.File, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failed != nil {
		return nil, d.failed
	}
	return &sinkFile{destination: d, path: d.path(name)}, nil
}

func (d *destinationFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE) == 0 {
		return d.Open(name)
	}
	return d.Create(name)
}

func (d *destinationFs) Open(name string) (afero.File, error) {
	p := d.path(name)
	d.mu.Lock()
	data, ok := d.held[p]
	_, sent := d.sums[p]
	written := d.written
	d.mu.Unlock()
	if !ok && sent && written != nil {
		if b, err := written(p); err == nil {
			data, ok = b, true
		}
	}
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return newMemoryFile(name, data), nil
}

func (d *destinationFs) Stat(name string) (os.FileInfo, error) {
	p := d.path(name)
	d.mu.Lock()
	defer d.mu.Unlock()
	if data, ok := d.held[p]; ok {
		return memoryInfo{name: filepath.Base(name), size: int64(len(data))}, nil
	}
	if _, ok := d.sums[p]; ok {
		return memoryInfo{name: filepath.Base(name)}, nil
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
}

func (d *destinationFs) Mkdir(string, os.FileMode) error    { return nil }
func (d *destinationFs) MkdirAll(string, os.FileMode) error { return nil }

// Remove forgets a file that Hugo held; one that was sent stays, and Hugo has
// no reason to remove it.
func (d *destinationFs) Remove(name string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.held, d.path(name))
	return nil
}

var placeholders = [][]byte{[]byte(tpl.HugoDeferredTemplatePrefix), []byte(postpub.PostProcessPrefix)}

// closed takes the whole file.
func (d *destinationFs) closed(path string, data []byte) error {
	for _, p := range placeholders {
		if bytes.Contains(data, p) {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.held[path] = data
			return nil
		}
	}
	d.mu.Lock()
	if _, ok := d.held[path]; ok { // Hugo filled the placeholders in; more may follow
		d.held[path] = data
		d.mu.Unlock()
		return nil
	}
	d.mu.Unlock()
	return d.send(path, data)
}

func (d *destinationFs) send(path string, data []byte) error {
	sum := hash(data)
	d.mu.Lock()
	before, again := d.sums[path]
	d.sums[path] = sum
	sink := d.sink
	d.mu.Unlock()
	if again {
		if before != sum && d.twice != nil {
			d.twice(path)
		}
		return nil
	}
	err := sink(path, data)
	if err != nil {
		d.mu.Lock()
		if d.failed == nil {
			d.failed = err // it may be that of another file
		}
		d.mu.Unlock()
	}
	return err
}

// wrote reports whether a file was sent.
func (d *destinationFs) wrote(path string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.sums[path]
	return ok
}

// keep has a path count as written, though its file is from a build before.
func (d *destinationFs) keep(path string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sums[path] = 0
}

// failure is the first error of the sink.
func (d *destinationFs) failure() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.failed
}

// flush sends what was held, after Hugo's build.
func (d *destinationFs) flush() error {
	d.mu.Lock()
	held := d.held
	d.held = make(map[string][]byte)
	d.mu.Unlock()
	for path, data := range held {
		if err := d.send(path, data); err != nil {
			return err
		}
	}
	return d.failure()
}

// sinkFile collects what Hugo writes to one file.
type sinkFile struct {
	afero.File
	destination *destinationFs
	path        string
	buf         []byte
	closed      bool
}

func (f *sinkFile) Name() string { return f.path }

func (f *sinkFile) Write(p []byte) (int, error) {
	f.buf = append(f.buf, p...)
	return len(p), nil
}

func (f *sinkFile) WriteString(s string) (int, error) {
	f.buf = append(f.buf, s...)
	return len(s), nil
}

func (f *sinkFile) Sync() error { return nil }

func (f *sinkFile) Stat() (os.FileInfo, error) {
	return memoryInfo{name: filepath.Base(f.path), size: int64(len(f.buf))}, nil
}

func (f *sinkFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	return f.destination.closed(f.path, f.buf)
}
