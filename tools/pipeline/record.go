package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"duskpress/tools/cache"
)

// A Record is what a build leaves for the next one to render only what changed:
// the files that it made, and what it is known to have read for each.
// incremental.md has the argument why that is enough.
type Record struct {
	// Asked says that the site's configuration asks for it, and not a flag.
	Asked bool `json:"asked"`
	// Sources are content files; others here name them by their number.
	Sources []string `json:"sources"`
	// Pages counts the pages that were rendered.
	Pages int `json:"pages"`
	// Files are those that the engine made, but for static ones, by path.
	Files map[string]*FileRecord `json:"files"`
	// Outputs are the files of pages, by path.
	Outputs map[string]*OutputRecord `json:"outputs"`
	// Standalone are those of pages in no list, such as 404.html. They are always
	// rendered.
	Standalone map[string]*OutputRecord `json:"standalone"`
	// Visible sums what of a content file is seen without its body, and Values
	// what is made of the body, by name, as HTML has it.
	Visible map[string]string            `json:"visible"`
	Values  map[string]map[string]string `json:"values"`
	// Publishing are the content files whose body may publish a file that no page
	// owns.
	Publishing []int `json:"publishing,omitempty"`
	// Front sums front matter as it is written, to be compared early.
	Front map[string]string `json:"front"`
}

// A FileRecord is one file.
type FileRecord struct {
	Kind      Kind   `json:"kind"`
	MediaType string `json:"type"`
	URL       string `json:"url,omitempty"`
	Origin    string `json:"origin,omitempty"`
	RawSize   int64  `json:"raw"`
	// Key is that of what the File phase made of it, in the cache.
	Key string `json:"key"`
	// Owner is the output that it belongs to, by path: itself, or that of which it
	// is a pager's page, an alias, a file of the bundle. Assets have none.
	Owner string `json:"owner,omitempty"`
	// Publishers are the outputs, one of which published an asset first.
	Publishers []string `json:"publishers,omitempty"`
}

// An OutputRecord is what is known to have been read for one output.
type OutputRecord struct {
	Page   string `json:"page"` // its logical path
	Format string `json:"format"`
	HTML   bool   `json:"html,omitempty"`
	Source int    `json:"source"` // its content file, or -1
	// Names are the content files whose pages a template called a method of.
	Names []int `json:"names,omitempty"`
	// Body are the values made of a body that the templates it was made with name,
	// and Keys those by which they may have pages chosen or sorted.
	Body []string `json:"body,omitempty"`
	Keys []string `json:"keys,omitempty"`
}

// A Partial asks an engine to render only what a change of bodies changes.
type Partial struct {
	Before  *Record
	Changed map[string]bool // content files
	// Carry takes a file over from the build before. The engine has filled in
	// all but what the File phase finds.
	Carry func(*File) error
	// Rendered are the outputs that the engine chose to render, and why.
	Rendered map[string]string
}

// A Decision is what a build rendered and why, for a reader.
type Decision struct {
	// Whole says why everything was rendered, unless it is empty.
	Whole    string            `json:"whole,omitempty"`
	Changed  []string          `json:"changed,omitempty"`
	Rendered map[string]string `json:"rendered,omitempty"`
}

// Of is a sentence on one output.
func (d *Decision) Of(path string) string {
	switch why, ok := d.Rendered[path]; {
	case d.Whole != "":
		return "rendered, as everything was: " + d.Whole
	case ok:
		return "rendered: " + why
	}
	return "taken over: nothing that it is known to read is made of what changed in " + strings.Join(d.Changed, ", ")
}

// A DoubtError ends a build that cannot tell whether what it leaves out would be
// the same. Then everything has to be rendered.
type DoubtError struct{ Why string }

func (e *DoubtError) Error() string { return "not certain: " + e.Why }

// Doubtf makes a DoubtError.
func Doubtf(format string, args ...any) error { return &DoubtError{fmt.Sprintf(format, args...)} }

// seeded is a line of the rule that is switched off. Nothing but the linker sets it,
// for a test that shows that the oracle sees each line missing.
var seeded string

// Seeded reports whether a line of the rule is switched off.
func Seeded(line string) bool { return seeded == line }

// A Recorder is an engine that knows what it read.
type Recorder interface {
	// Record is for after Render. It fills in all but Files' keys.
	Record() (*Record, error)
}

// carried are the files of a build before, taken over.
type carried struct {
	pipeline *Pipeline
	site     *Site
	before   *Record
}

func (c *carried) take(f *File) error {
	was := c.before.Files[f.Path]
	if was == nil {
		return Doubtf("%s is in no record", f.Path)
	}
	if was.Kind != f.Kind || was.MediaType != f.MediaType || was.URL != f.URL || was.Origin != f.Origin {
		return Doubtf("%s is made of something else", f.Path)
	}
	key, ok := parseKey(was.Key)
	f.RawSize = was.RawSize
	if !ok || !c.pipeline.recall(c.site, f, key) {
		return Doubtf("%s is not in the cache, or not published any more", f.Path)
	}
	c.site.setKey(f.Path, key)
	c.site.put(f)
	return nil
}

// end looks for anchors that are gone: pages that were taken over and link to one
// have to be told so.
func (c *carried) end(rendered map[string]string) error {
	for _, p := range slices.Sorted(maps.Keys(rendered)) {
		was, now := c.before.Files[p], c.site.File(p)
		if was == nil || now == nil || now.Facts == nil {
			continue // it printed nothing, or is no page in HTML
		}
		key, ok := parseKey(was.Key)
		facts, found := c.pipeline.factsOf(key)
		if !ok || !found {
			return Doubtf("what %s had is not in the cache", p)
		}
		if facts == nil {
			continue
		}
		for _, id := range facts.IDs {
			if !now.Facts.HasID(id) && !Seeded("anchors") {
				return Doubtf("the anchor %q of %s is gone", id, p)
			}
		}
	}
	return nil
}

// factsOf are the facts that are kept with a file.
func (p *Pipeline) factsOf(key cache.Key) (*Facts, bool) {
	data, ok := p.Cache.Again(FileKind, key)
	if !ok {
		return nil, false
	}
	d := newDecoder(data)
	d.take(sha256.Size)
	d.int()
	facts := d.facts()
	d.faults()
	d.problems()
	return facts, d.end() == nil
}

// setKey notes under which key the cache has what the File phase made of a file.
func (s *Site) setKey(path string, key cache.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = make(map[string]cache.Key)
	}
	s.keys[path] = key
}

// key is that key in hexadecimal digits, empty where nothing is kept.
func (s *Site) key(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key, ok := s.keys[path]; ok {
		return hex.EncodeToString(key[:])
	}
	return ""
}

func parseKey(s string) (key cache.Key, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(key) {
		return key, false
	}
	copy(key[:], b)
	return key, true
}

// Record is what the next build may need, or the reason why it may not have it.
func (p *Pipeline) Record(engine Engine, site *Site) (*Record, error) {
	r, ok := engine.(Recorder)
	if !ok || !p.caching() || p.settledFiles == "" {
		return nil, Doubtf("nothing is kept")
	}
	if p.unquiet != "" {
		return nil, Doubtf("%s", p.unquiet)
	}
	record, err := r.Record()
	if err != nil {
		return nil, err
	}
	for _, s := range p.steps {
		if h := s.hooks; !s.Alone && (h.Source != nil || h.Markdown != nil || h.Code != nil || h.File != nil) {
			return nil, Doubtf("the plugin %s does not say that it looks at one page alone", s.Name)
		}
	}
	record.Pages = site.Pages
	for _, f := range site.Files() {
		if f.Kind == Static || f.Kind == Generated {
			continue
		}
		rec := record.Files[f.Path]
		if rec == nil {
			rec = &FileRecord{}
			record.Files[f.Path] = rec
		}
		rec.Kind, rec.MediaType, rec.URL, rec.Origin, rec.RawSize, rec.Key = f.Kind, f.MediaType, f.URL, f.Origin, f.RawSize, site.key(f.Path)
	}
	return record, nil
}

// quiet looks for what was told while pages were rendered: a page that is left
// out would not tell it again.
func (p *Pipeline) quiet() string {
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	for _, x := range p.problems.Sorted() {
		y := x
		y.Severity = 0
		if !p.told[y] && !Seeded("quiet") {
			return fmt.Sprintf("the rule %s was told of while pages were rendered", x.Rule)
		}
	}
	if p.problems.anyAllowed() && !Seeded("allowed") {
		return "a comment allows a problem"
	}
	return ""
}

func (p *Pipeline) noteTold(list []Problem) {
	if len(list) == 0 || !p.Recording {
		return
	}
	p.toldMu.Lock()
	defer p.toldMu.Unlock()
	if p.told == nil {
		p.told = make(map[Problem]bool)
	}
	for _, x := range list {
		x.Severity = 0
		p.told[x] = true
	}
}

// anyAllowed reports whether any file that was looked at has a comment that lets
// a problem stand.
func (ps *Problems) anyAllowed() bool {
	ps.allowed.mu.Lock()
	defer ps.allowed.mu.Unlock()
	for _, list := range ps.allowed.files {
		if len(list) > 0 {
			return true
		}
	}
	return false
}

// Converts reports whether rendering an output may convert the body of a page.
func (o *OutputRecord) Converts(source int) bool {
	_, names := slices.BinarySearch(o.Names, source)
	return names || o.Source == source || len(o.Keys) > 0
}

// Changes is the rule: why an output has to be rendered, given for each content
// file that changed the values of its page that did. Empty is that it need not.
func (r *Record) Changes(o *OutputRecord, changed map[int]map[string]bool) string {
	if _, own := changed[o.Source]; own {
		return "it is made of " + r.Sources[o.Source]
	}
	for _, source := range slices.Sorted(maps.Keys(changed)) {
		values := changed[source]
		// What Go code read of any page left no note.
		for _, key := range o.Keys {
			if (values[key] || !o.HTML) && !Seeded("keys") {
				return fmt.Sprintf("its templates may choose or sort pages by %s, and that of %s changed", key, r.Sources[source])
			}
		}
		if _, names := slices.BinarySearch(o.Names, source); !names || Seeded("names") {
			continue
		}
		for _, name := range o.Body {
			// Other formats may have other values: they were not compared.
			if values[name] || !o.HTML && !Seeded("formats") {
				return fmt.Sprintf("it reads the page of %s, and its templates %s, which may have changed", r.Sources[source], name)
			}
		}
	}
	return ""
}
