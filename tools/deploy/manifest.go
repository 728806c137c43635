package deploy

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// BuildFile is the file that a deploy adds to a site. It carries the
// fingerprint, so that anybody can see which deploy a host shows.
const BuildFile = "build.json"

// A File is one file of a site.
type File struct {
	Path   string `json:"-"`
	SHA1   string `json:"sha1"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`

	data []byte // of a file that is not on the disk
}

// A Manifest is the frozen list of what is deployed.
type Manifest struct {
	Fingerprint string
	Files       map[string]File
	Bytes       int64
	// Skipped are entries of the directory that are not part of the site.
	Skipped []string

	root   *os.Root
	bySHA1 map[string]string // one path each, the first by name
	rules  map[string][]byte // of a manifest that is made from a receipt
}

// A FreezeOptions says what is deployed where.
type FreezeOptions struct {
	Dir string
	// Own reports whether an entry at the top, which begins with a dot, is part
	// of the site.
	Own    func(name string) bool
	Site   string // the host's id of the site
	Target string // production, draft, alias:NAME
}

// Freeze reads the directory once and remembers every file's size and sums.
// Later each file is compared with them while it is sent.
func Freeze(ctx context.Context, o FreezeOptions) (*Manifest, error) {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, bad("site", "there is no "+o.Dir, "build the site first, or leave out --no-build")
		}
		return nil, err
	}
	m := &Manifest{root: root, Files: make(map[string]File), bySHA1: make(map[string]string)}
	names, err := m.walk(o.Own)
	if err != nil {
		root.Close()
		return nil, err
	}
	if err := checkNames(names); err != nil {
		root.Close()
		return nil, err
	}
	if err := m.sum(ctx, names); err != nil {
		root.Close()
		return nil, err
	}
	m.finish(o)
	return m, nil
}

// fingerprint is what a deploy of these files to a target is known by.
func (m *Manifest) fingerprint(site, target string) string {
	h := sha256.New()
	fmt.Fprintf(h, "duskpress deploy 1\nsite %q\ntarget %q\n", site, target)
	for _, name := range m.Paths() {
		if name != BuildFile {
			fmt.Fprintf(h, "%q %s\n", name, m.Files[name].SHA1)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:40]
}

// manifest is made of what a receipt says.
func (r *Receipt) manifest() *Manifest {
	m := &Manifest{Fingerprint: r.Fingerprint, Files: r.Files, rules: r.Rules}
	for _, f := range r.Files {
		m.Bytes += f.Size
	}
	return m
}

// listed makes a manifest of what a host says is live.
func listed(list []Remote) *Manifest {
	m := &Manifest{Files: make(map[string]File, len(list))}
	for _, f := range list {
		m.Files[f.Path] = File{Path: f.Path, SHA1: f.SHA1, Size: f.Size}
		m.Bytes += f.Size
	}
	return m
}

// Close ends reading.
func (m *Manifest) Close() error {
	if m.root == nil {
		return nil
	}
	return m.root.Close()
}

func (m *Manifest) walk(own func(string) bool) ([]string, error) {
	var names []string
	err := fs.WalkDir(m.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if !strings.Contains(name, "/") && strings.HasPrefix(name, ".") && (own == nil || !own(name)) {
			m.Skipped = append(m.Skipped, name)
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		switch {
		case d.IsDir():
		case d.Type().IsRegular():
			names = append(names, name)
		default:
			return bad("path", name+" is no regular file", "a site has files and directories only")
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// checkNames refuses what no host, or not this one, can serve under its name.
func checkNames(names []string) error {
	var list []string
	lower := make(map[string]string)
	for _, name := range names {
		if strings.ContainsAny(name, "#?") {
			list = append(list, fmt.Sprintf("%s has a # or ? in its name", name))
		}
		if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' || r == '\ufffd' }) {
			list = append(list, fmt.Sprintf("%q has a character in its name that no address can have", name))
		}
		if other, ok := lower[strings.ToLower(name)]; ok {
			list = append(list, fmt.Sprintf("%s and %s differ in letter case alone", other, name))
		}
		lower[strings.ToLower(name)] = name
	}
	if len(list) > 0 {
		return bad("path", strings.Join(list, "; "), "rename the file, or the page that makes it")
	}
	if slices.Contains(names, BuildFile) {
		return bad("path", BuildFile+" is in the site already", "rename yours: a deploy adds a file of that name")
	}
	for _, need := range []string{"index.html", "404.html"} {
		if !slices.Contains(names, need) {
			return bad("site", "the site has no "+need, "without it readers get the host's own page")
		}
	}
	return nil
}

func (m *Manifest) sum(ctx context.Context, names []string) error {
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, name := range names {
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			f, err := m.root.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			s := newSums()
			n, err := io.Copy(s, f)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			m.Files[name] = s.file(name, n)
			return nil
		})
	}
	return g.Wait()
}

// finish makes the fingerprint and the file that carries it.
func (m *Manifest) finish(o FreezeOptions) {
	m.Fingerprint = m.fingerprint(o.Site, o.Target)
	data, _ := json.Marshal(map[string]any{"fingerprint": m.Fingerprint, "files": len(m.Files)})
	data = append(data, '\n')
	s := newSums()
	_, _ = s.Write(data)
	build := s.file(BuildFile, int64(len(data)))
	build.data = data
	m.Files[BuildFile] = build
	for _, name := range m.Paths() {
		f := m.Files[name]
		m.Bytes += f.Size
		if _, ok := m.bySHA1[f.SHA1]; !ok {
			m.bySHA1[f.SHA1] = name
		}
	}
}

// Paths are the files' names, sorted.
func (m *Manifest) Paths() []string {
	names := make([]string, 0, len(m.Files))
	for name := range m.Files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// read is a small file of the site, or nil.
func (m *Manifest) read(name string) []byte {
	if m.root == nil {
		return m.rules[name]
	}
	data, err := m.root.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}

// errChanged ends a deploy: what is sent has to be what was frozen.
var errChanged = errors.New("changed since the deploy began")

// Open returns the file's bytes. The reader holds the last ones back until it
// has compared the sum of all, so that a host never has the whole of another
// file, and ends with an error where they differ.
func (m *Manifest) Open(name string) (io.ReadCloser, error) {
	f, ok := m.Files[name]
	if !ok {
		return nil, fmt.Errorf("%s: not in the manifest", name)
	}
	if f.data != nil {
		return io.NopCloser(bytes.NewReader(f.data)), nil
	}
	file, err := m.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", name, errChanged, err)
	}
	return &checked{in: file, want: f, sums: newSums()}, nil
}

// checked delivers what it has read only after it has seen what follows.
type checked struct {
	in   io.ReadCloser
	want File
	sums *sums
	size int64

	held  []byte // read, not delivered
	spare []byte
	done  bool
	err   error
}

const chunk int64 = 64 << 10

func (c *checked) Read(p []byte) (int, error) {
	for {
		if c.err != nil {
			return 0, c.err
		}
		if c.done && len(c.held) == 0 {
			return 0, io.EOF
		}
		// Whatever is held may go but for its last byte, which waits for the end.
		if n := len(c.held); n > 1 || c.done && n > 0 {
			if !c.done {
				n--
			}
			n = copy(p, c.held[:n])
			c.held = c.held[n:]
			return n, nil
		}
		c.fill()
	}
}

func (c *checked) fill() {
	if c.spare == nil {
		c.spare = make([]byte, min(chunk, c.want.Size+1)+1)
	}
	kept := copy(c.spare, c.held)
	n, err := io.ReadFull(c.in, c.spare[kept:])
	_, _ = c.sums.Write(c.spare[kept : kept+n])
	c.size += int64(n)
	c.held = c.spare[:kept+n]
	switch {
	case err == nil && c.size <= c.want.Size:
		return
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		c.err = fmt.Errorf("%s: %w", c.want.Path, err)
		return
	}
	if got := c.sums.file(c.want.Path, c.size); got.SHA256 != c.want.SHA256 || got.Size != c.want.Size {
		c.err = fmt.Errorf("%s %w", c.want.Path, errChanged)
		return
	}
	c.done = true
}

func (c *checked) Close() error { return c.in.Close() }

// sums makes both sums in one pass: SHA-1 is what the host asks for, SHA-256
// what we trust.
type sums struct {
	one, two hash.Hash
}

func newSums() *sums { return &sums{sha1.New(), sha256.New()} }

func (s *sums) Write(p []byte) (int, error) {
	_, _ = s.one.Write(p)
	return s.two.Write(p)
}

func (s *sums) file(name string, size int64) File {
	return File{Path: name, Size: size, SHA1: hex.EncodeToString(s.one.Sum(nil)), SHA256: hex.EncodeToString(s.two.Sum(nil))}
}

// isPage reports whether a file is a page of HTML.
func isPage(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".html" || ext == ".htm"
}
