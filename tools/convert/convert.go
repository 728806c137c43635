// Package convert turns posts of other kinds into posts with front matter:
// those whose headings are their metadata, those of Jekyll, and plain Markdown.
//
// What enters: files of Markdown and what is known of the site that they are
// for. What leaves: a plan, which says what would be written where, what could
// not be converted and at which line; and, where that is asked, the files of
// the plan. It changes no byte of a text but those that it converts, never
// overwrites a file that it did not read, and does nothing where all is done.
package convert

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duskpress/tools/note"
	"duskpress/tools/pipeline"
)

// Options say what is to be converted, and for which site.
type Options struct {
	// Path is a file or a directory, absolute.
	Path string
	// Content is the directory of the site's content, absolute. What lies in it
	// is converted in place, the rest is copied to the directory To below it.
	Content, To string
	// Form of the front matter; empty leaves YAML as YAML and makes TOML of the
	// rest.
	Form note.Form
	// Section is where a title heading alone makes a post.
	Section string
	// Headings reads the headings at the top of a file, nil if they are none.
	Headings func([]byte) *Headings
	// Name is a file as the user would write it.
	Name func(string) string
}

// Headings are the metadata of a post that has no front matter.
type Headings struct {
	Title, Date, Description string
	Tags                     []string
	// Lines that they take, and how far the headings of the text move.
	Lines, Shift int
	Problems     []pipeline.Problem
}

// A Change is one file to be written.
type Change struct {
	From, To string // absolute; equal if converted in place
	Old, New []byte
	// Files are copied beside it: pictures, mostly.
	Files []Copy
	// Replaces says that From is to go: it is To in another form.
	Replaces bool
	// Done says that To is there and has these bytes.
	Done bool
}

// A Copy is a file that lies beside its page afterwards.
type Copy struct{ From, To string }

// A Plan is what is to be done.
type Plan struct {
	Changes []*Change
	// Problems are what could not be converted, sorted.
	Problems []pipeline.Problem
	// Passed counts files that have front matter already.
	Passed int
}

// Open lists the changes that are still to be made.
func (p *Plan) Open() []*Change {
	var open []*Change
	for _, c := range p.Changes {
		if !c.Done {
			open = append(open, c)
		}
	}
	return open
}

// A source is one file that is converted.
type source struct {
	file   string // absolute
	data   []byte
	kind   kind
	stem   string    // name without date and extension
	day    time.Time // in the name
	front  []byte
	form   note.Form
	text   []byte
	line   int // on which the text begins
	target string
	oldURL string
	fields *fields
	assets map[string]string // destination in the text to file on the disk
	names  map[string]string // file on the disk to name in the bundle
}

type kind int

const (
	plain kind = iota
	headingForm
	jekyll
)

// A work is a plan that is being made.
type work struct {
	Options
	root    string // of the Jekyll site or folder
	config  jekyllConfig
	sources []*source
	plan    *Plan
}

// Make reads what is at the path and plans what to do with it.
func Make(o Options) (*Plan, error) {
	w := &work{Options: o, plan: &Plan{}}
	info, err := os.Stat(o.Path)
	if err != nil {
		return nil, err
	}
	w.root = o.Path
	if !info.IsDir() {
		w.root = filepath.Dir(o.Path)
	}
	if dir, ok := above(w.root, "_posts", "_drafts"); ok {
		w.root = dir
	}
	if w.config, err = readJekyllConfig(w.root); err != nil {
		w.problem(filepath.Join(w.root, "_config.yml"), 1, "cannot be read: "+oneLine(err), "")
	}
	if inside(o.Path, o.Content) {
		err = w.inPlace()
	} else {
		err = w.fromElsewhere()
	}
	slices.SortStableFunc(w.plan.Problems, func(a, b pipeline.Problem) int {
		if d := strings.Compare(a.File, b.File); d != 0 {
			return d
		}
		return a.Line - b.Line
	})
	return w.plan, err
}

func (w *work) problem(file string, line int, message, hint string) {
	w.plan.Problems = append(w.plan.Problems, pipeline.Problem{
		File: w.Name(file), Line: line, Severity: pipeline.Warning, Rule: "import", Message: message, Hint: hint,
	})
}

// inPlace converts posts whose headings are their metadata where they lie.
func (w *work) inPlace() error {
	files, err := markdownFiles(w.Path)
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if form, _, _ := note.Split(data); form != "" {
			w.plan.Passed++
			continue
		}
		rel, err := filepath.Rel(w.Content, file)
		if err != nil {
			return err
		}
		section, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
		h := w.Headings(data)
		if h == nil || h.Date == "" && len(h.Tags) == 0 && section != w.Section {
			w.problem(file, 1, "has neither front matter nor headings that are metadata", "a title (#), a date (####) or tags (######) on its first lines make a post of it")
			continue
		}
		change := &Change{From: file, To: file, Old: data}
		base := filepath.Base(file)
		if name, draft := strings.CutPrefix(base, "_"); draft && !strings.HasPrefix(base, "_index.") {
			stem, _, _ := strings.Cut(name, ".")
			if taken := takenBesides(filepath.Dir(file), stem, base); taken == "" {
				change.To, change.Replaces = filepath.Join(filepath.Dir(file), name), true
			}
		}
		if change.New = w.fromHeadings(file, data, h); change.New != nil {
			w.plan.Changes = append(w.plan.Changes, change)
		}
	}
	return nil
}

func takenBesides(dir, slug, base string) string {
	if taken := note.Taken(dir, slug); filepath.Base(taken) != base {
		return taken
	}
	return ""
}

// fromElsewhere plans copies of what lies outside of the site.
func (w *work) fromElsewhere() error {
	files, err := markdownFiles(w.Path)
	if err != nil {
		return err
	}
	isSite := w.config.found || exists(filepath.Join(w.root, "_posts"))
	for _, file := range files {
		rel, err := filepath.Rel(w.root, file)
		if err != nil {
			return err
		}
		parts := strings.Split(filepath.ToSlash(rel), "/")
		post := slices.Contains(parts, "_posts") || slices.Contains(parts, "_drafts")
		if isSite && !post {
			if file == w.Path {
				post = true // it was named
			} else {
				if ext := path.Ext(rel); ext == ".md" || ext == ".markdown" {
					w.problem(file, 1, "is a page and no post, and is not imported", "import it by its name: "+w.Name(file))
				}
				continue
			}
		}
		s := &source{file: file, line: 1}
		if s.data, err = os.ReadFile(file); err != nil {
			return err
		}
		s.kind = plain
		if post {
			s.kind = jekyll
		}
		w.read(s, rel)
	}
	w.target()
	for _, s := range w.sources {
		if err := w.finish(s); err != nil {
			return err
		}
	}
	return nil
}

// read cuts a file into its parts.
func (w *work) read(s *source, rel string) {
	if bytes.ContainsRune(s.data, 0) {
		w.problem(s.file, 1, "is no text, and is not imported", "")
		return
	}
	data := bytes.ReplaceAll(s.data, []byte("\r\n"), []byte("\n"))
	base := path.Base(filepath.ToSlash(rel))
	s.stem = strings.TrimSuffix(base, path.Ext(base))
	if m := datedName.FindStringSubmatch(s.stem); m != nil {
		if day, err := time.Parse("2006-1-2", m[1]); err == nil {
			s.day, s.stem = day, m[2]
		}
	}
	s.form, s.front, s.text = note.Split(data)
	s.line = 1 + bytes.Count(data[:len(data)-len(s.text)], []byte("\n"))
	if s.form == "" {
		if h := w.Headings(data); h != nil && (h.Date != "" || len(h.Tags) > 0) {
			s.kind = headingForm
		}
	}
	w.sources = append(w.sources, s)
}

// target decides where each file goes, and which of them get a directory for
// what lies beside them. Links between them need all of that.
func (w *work) target() {
	taken := make(map[string]*source)
	w.sources = slices.DeleteFunc(w.sources, func(s *source) bool {
		switch s.kind {
		case jekyll:
			w.jekyllFields(s)
		case plain:
			w.plainFields(s)
		}
		dir := w.To
		if rel, err := filepath.Rel(w.root, filepath.Dir(s.file)); err == nil && s.kind != jekyll && rel != "." {
			for part := range strings.SplitSeq(filepath.ToSlash(rel), "/") {
				dir = path.Join(dir, note.Slug(part, ""))
			}
		}
		slug := note.Slug(strings.TrimPrefix(s.stem, "_"), "")
		if slug == "" {
			w.problem(s.file, 1, fmt.Sprintf("no file name can be made of %q", s.stem), "rename it")
			return true
		}
		w.findAssets(s)
		s.target = path.Join(dir, slug+".md")
		if len(s.assets) > 0 {
			s.target = path.Join(dir, slug, "index.md")
		}
		key := path.Join(dir, slug)
		if other := taken[key]; other != nil {
			w.problem(s.file, 1, fmt.Sprintf("would become %s, as %s does, and is not imported", s.target, w.Name(other.file)), "rename one of them")
			return true
		}
		taken[key] = s
		return false
	})
}

// finish makes the bytes of one file and compares them with what is there.
func (w *work) finish(s *source) error {
	to := filepath.Join(w.Content, filepath.FromSlash(s.target))
	change := &Change{From: s.file, To: to, Old: s.data}
	var err error
	if s.kind == headingForm {
		data := bytes.ReplaceAll(s.data, []byte("\r\n"), []byte("\n"))
		if change.New = w.fromHeadings(s.file, data, w.Headings(data)); change.New != nil {
			form, front, text := note.Split(change.New)
			change.New = note.Join(form, front, w.relink(s, text))
		}
	} else {
		change.New, err = w.join(s)
	}
	if err != nil {
		w.problem(s.file, 1, oneLine(err), "")
		return nil
	}
	if change.New == nil {
		return nil
	}
	for _, asset := range sortedValues(s.assets) {
		change.Files = append(change.Files, Copy{asset, filepath.Join(filepath.Dir(to), s.names[asset])})
	}
	there, err := os.ReadFile(to)
	switch {
	case err == nil && bytes.Equal(there, change.New):
		change.Done = true
		for _, f := range change.Files {
			if !sameFile(f.From, f.To) {
				change.Done = false
			}
		}
	case err == nil:
		w.problem(s.file, 1, fmt.Sprintf("%s is there already, with another text; it is left alone", w.Name(to)), "remove that file to import this one anew")
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		dir, slug := filepath.Dir(to), strings.TrimSuffix(filepath.Base(to), ".md")
		if slug == "index" {
			dir, slug = filepath.Dir(dir), filepath.Base(dir)
		}
		if taken := note.Taken(dir, slug); taken != "" {
			w.problem(s.file, 1, fmt.Sprintf("%s is in the place of %s; it is left alone", w.Name(taken), w.Name(to)), "remove or rename that file")
			return nil
		}
	}
	w.plan.Changes = append(w.plan.Changes, change)
	return nil
}

// markdownFiles lists the Markdown below a directory, or the file itself, but
// for what is hidden and what tools put there.
func markdownFiles(root string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != root && (strings.HasPrefix(base, ".") || base == "node_modules" || base == "vendor" || base == "_site" || base == "_layouts" || base == "_includes") {
				return filepath.SkipDir
			}
			return nil
		}
		switch strings.ToLower(filepath.Ext(base)) {
		case ".md", ".markdown", ".mdown", ".mkd":
			if !strings.HasPrefix(base, ".") && d.Type().IsRegular() {
				files = append(files, name)
			}
		}
		return nil
	})
	slices.Sort(files)
	return files, err
}

func inside(name, dir string) bool {
	rel, err := filepath.Rel(dir, name)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// above is the directory that holds the first of some names on the way up.
func above(dir string, names ...string) (string, bool) {
	for d := dir; d != filepath.Dir(d); d = filepath.Dir(d) {
		if slices.Contains(names, filepath.Base(d)) {
			return filepath.Dir(d), true
		}
	}
	return "", false
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func sameFile(a, b string) bool {
	x, err := os.ReadFile(a)
	if err != nil {
		return false
	}
	y, err := os.ReadFile(b)
	return err == nil && bytes.Equal(x, y)
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }

func sortedValues(m map[string]string) []string {
	var list []string
	for _, v := range m {
		list = append(list, v)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
