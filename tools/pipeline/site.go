package pipeline

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"duskpress/tools/cache"
)

// A Kind says where an output file comes from.
type Kind int

const (
	Rendered  Kind = iota // a template wrote it
	Asset                 // a resource that a template published
	Bundled               // a file of a page bundle, published as it is
	Static                // a file of static/, published as it is
	Generated             // a Generate plugin added it
)

func (k Kind) String() string {
	return [...]string{"page", "asset", "bundle file", "static file", "generated file"}[k]
}

// A File is one file of the site being made.
type File struct {
	Path      string // slash-separated, relative to the site
	Kind      Kind
	MediaType string
	// Fingerprinted files carry a hash of their bytes in their name and must
	// not be changed.
	Fingerprinted bool
	// Content is the content file that the page was made from, if any.
	Content *Content
	// URL is the whole address of the page that a rendered file belongs to: of
	// the page itself, also for its feed or Markdown twin.
	URL string
	// Resolve finds the page of another content file, as Content refers to it;
	// nil without Content.
	Resolve func(ref string) (target string, ok bool)
	// Origin names the source for messages: a content file, a template's page
	// kind, a static file.
	Origin string
	// RawSize and Size are the bytes before and after the File phase.
	RawSize, Size int64
	SHA256        [sha256.Size]byte
	// Data holds the bytes during the File phase, and is nil otherwise.
	Data []byte
	// Open reads a static file, which passes no File phase.
	Open func() (io.ReadCloser, error)
	// Facts are what the facts plugin found, nil for other than HTML.
	Facts *Facts
	// Faults are what is wrong with the file, for Check hooks to report.
	Faults []Fault
}

// Facts are what one parse of an HTML page found.
type Facts struct {
	Title string
	Lang  string
	IDs   []string
	Links []Link
	// Refresh is where a page sends its reader at once, with a meta element.
	Refresh string
	// Uses are what the page asks of a Content-Security-Policy, each once.
	Uses []Use
	// Base is what relative addresses of the page begin with, if it says so.
	Base string
	// Whole pages have a doctype or an element html, head or body; others are
	// parts that a script or another page takes in.
	Whole bool
	// Shows reports whether there is anything to see: text, a picture, a field.
	Shows bool
	// Images are the pictures of img elements, and Sheets the addresses of style
	// sheets.
	Images []Image
	Sheets []string
}

// An Image is the picture of an img element, as the page has it.
type Image struct {
	Src string
	// Width and Height are attributes, 0 where there is none that is a number.
	Width, Height int
	// Sized pictures have both attributes, or a style of their own.
	Sized bool
	// NoAlt is set where there is no attribute alt and nothing in its place.
	NoAlt bool
	// Chosen pictures are one of several, from which browsers choose.
	Chosen bool
}

// A Use is one thing in a page that a Content-Security-Policy decides on.
type Use struct {
	Directive string // that decides, such as img-src
	// Source is what the policy has to name: 'self', data:, an origin, a hash.
	// Nothing that a strict policy can name would allow a use without one.
	Source string
	// Address is written in the page, where another host is asked.
	Address string
	// Inline is the style, handler or script that stands in an attribute.
	Inline             string
	Element, Attribute string
}

// A Link is one reference out of a page, as it is written there. The attribute
// of a meta element is its property, such as og:image. Rel is that of an element
// link, in lower case.
type Link struct {
	Element, Attribute, URL string
	Rel                     string
}

// HasID reports whether an element of the page has the id.
func (f *Facts) HasID(id string) bool { return slices.Contains(f.IDs, id) }

// A Store keeps the bytes of a site being made. Write may be called in
// parallel, for different paths.
type Store interface {
	Write(path string, data []byte) error
	Copy(path string, r io.Reader) error
	Read(path string) ([]byte, error)
	Open(path string) (io.ReadCloser, error)
}

// A Site is the site being made: which files it has, and their facts.
type Site struct {
	Settings
	Problems   *Problems
	Collection *Collection
	// Pages is how many pages the engine rendered.
	Pages int
	// Cache keeps results between builds; see Pipeline. Both may be empty.
	Cache    *cache.Store
	Identity string

	store Store
	add   func(*File) error
	// touched is told of what whole-site hooks change; it may be nil.
	touched func(path string, before, after int)

	mu     sync.Mutex
	keys   map[string]cache.Key // of files in the cache
	files  map[string]*File
	sorted []*File // files by path; nil where one was added since
}

// Files returns the files, sorted by path.
func (s *Site) Files() []*File {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sorted == nil {
		// A dozen hooks ask for them, and of a large site there are many.
		s.sorted = slices.SortedFunc(maps.Values(s.files), func(a, b *File) int { return cmp.Compare(a.Path, b.Path) })
	}
	return slices.Clone(s.sorted)
}

// File returns the file at a path, or nil.
func (s *Site) File(path string) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.files[path]
}

// Read returns the bytes of a file as they would be published.
func (s *Site) Read(path string) ([]byte, error) { return s.store.Read(path) }

// Open opens a file as it would be published, for those that want its first
// bytes.
func (s *Site) Open(path string) (io.ReadCloser, error) { return s.store.Open(path) }

// Add gives the site a new file, which then passes the File phase. It is for
// Generate hooks, and for Finish hooks that add what no other hook has to see;
// a path that is taken is an error.
func (s *Site) Add(p string, data []byte) error {
	if !validPath(p) {
		return fmt.Errorf("adding %q: not a relative, clean, slash-separated path", p)
	}
	if f := s.File(p); f != nil {
		return fmt.Errorf("adding %s: the %s %s is there already", p, f.Kind, f.Origin)
	}
	if s.touched != nil {
		s.touched(p, 0, len(data))
	}
	return s.add(&File{Path: p, Kind: Generated, MediaType: mediaType(p), Origin: "a plugin", Data: data})
}

// Rewrite replaces the bytes of a file. It is for Finish hooks.
func (s *Site) Rewrite(f *File, data []byte) error {
	sum := sha256.Sum256(data)
	if !reuse(s.store, f.Path, sum, int64(len(data))) {
		if err := s.store.Write(f.Path, data); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.touched != nil {
		s.touched(f.Path, int(f.Size), len(data))
	}
	f.Size, f.SHA256 = int64(len(data)), sum
	return nil
}

// put records a file.
func (s *Site) put(f *File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[f.Path], s.sorted = f, nil
}

func validPath(p string) bool {
	return p != "" && p == path.Clean(p) && !strings.HasPrefix(p, "/") && p != ".." && !strings.HasPrefix(p, "../") && !strings.Contains(p, "\\")
}

// mediaType knows the types of files that plugins generate; the engine tells
// those of its own files.
func mediaType(p string) string {
	switch path.Ext(p) {
	case ".html":
		return "text/html"
	case ".json":
		return "application/json"
	case ".xml":
		return "application/xml"
	case ".svg":
		return "image/svg+xml"
	case ".css":
		return "text/css"
	case ".js":
		return "text/javascript"
	}
	return "application/octet-stream"
}
