// Package explain answers what an author asks of one file or address of a site:
// why it is not published, what made it, what links to it.
//
// What enters: a site as the pipeline left it, finished or not, the engine's
// account of it, and a path or address as somebody typed it. What leaves: an
// [Answer], which writes itself as text and encodes as JSON; or an [Unknown]
// with what is nearest. It builds nothing, changes nothing, and never guesses
// without saying so: where the build ended early, it tells what is not known.
package explain

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// An Engine tells what only it can know of a source file.
type Engine interface {
	// Role says what a file, by its absolute name, is to the engine.
	Role(filename string) pipeline.Role
	// Why says what keeps a content file from being published.
	Why(*pipeline.Content) []pipeline.Reason
}

// A Site is what questions are asked of.
type Site struct {
	*pipeline.Site
	Engine  Engine
	Account *pipeline.Account
	Trace   *pipeline.Trace
	// Markdown are the plugins that extend Markdown or render its code.
	Markdown []string
	// Public is the directory that a build publishes to, absolute.
	Public string
	// Decision is what the last build rendered; nil where there
	// was none.
	Decision *pipeline.Decision
	// Ended is the stage at which an error ended the build, empty if none did
	// before all files were there.
	Ended string

	addresses *addresses
	links     *linkIndex
	templates map[string][]*pipeline.Output // by file
	readers   map[string][]*pipeline.Output
}

// An Answer is what there is to say to one question.
type Answer struct {
	Asked string `json:"asked"`
	// What it is, such as "content file" or "output file".
	What string `json:"what"`
	// File is the source, relative to the site's directory.
	File string `json:"file,omitempty"`
	// Published says whether this build has a file for it.
	Published bool `json:"published"`
	// Summary is one sentence.
	Summary  string     `json:"summary"`
	Reasons  []Reason   `json:"reasons,omitempty"`
	Page     *Page      `json:"page,omitempty"`
	Metadata []Metadata `json:"metadata,omitempty"`
	// Form is where the metadata stand: toml, yaml, json, org, headings.
	Form         string   `json:"form,omitempty"`
	Tags         []Tag    `json:"tags,omitempty"`
	Translations []string `json:"translations,omitempty"`
	// Source and Markdown are the plugins between the file and the page.
	Source   []pipeline.Touch `json:"source_plugins,omitempty"`
	Markdown []string         `json:"markdown_plugins,omitempty"`
	Outputs  []Output         `json:"outputs,omitempty"`
	// Uses are output files that were made with a template or a resource.
	Uses []string `json:"uses,omitempty"`
	// Links is nil where nothing was published that could be linked to.
	Links *Links `json:"links,omitempty"`
	// Problems are those that the build reports of the file.
	Problems []pipeline.Problem `json:"problems,omitempty"`
	Notes    []string           `json:"notes,omitempty"`
}

// A Reason is one of the pipeline's.
type Reason = pipeline.Reason

// A Page as the engine has it.
type Page struct {
	Kind     string `json:"kind"`
	Title    string `json:"title"`
	Language string `json:"language"`
	Path     string `json:"path"`
	Render   string `json:"render"`
	List     string `json:"list"`
}

// Metadata is one key and where it stands.
type Metadata struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"col,omitempty"`
}

// A Tag of a content file.
type Tag struct {
	Written string `json:"written"`
	Title   string `json:"title"`
	Page    string `json:"page,omitempty"` // its output
	Why     string `json:"why,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"col,omitempty"`
}

// An Output is one file of the site.
type Output struct {
	Path    string `json:"path"`
	Address string `json:"address"`
	// Kind says where it comes from: page, alias, asset, bundle file and so on.
	Kind      string           `json:"kind"`
	Origin    string           `json:"origin,omitempty"`
	Format    string           `json:"format,omitempty"`
	Language  string           `json:"language,omitempty"`
	MediaType string           `json:"media_type,omitempty"`
	Template  string           `json:"template,omitempty"`
	Base      string           `json:"base_template,omitempty"`
	Used      []string         `json:"used_templates,omitempty"`
	Read      []string         `json:"read,omitempty"`
	Plugins   []pipeline.Touch `json:"plugins,omitempty"`
	Written   bool             `json:"written"`
	RawBytes  int64            `json:"bytes_before_minifying"`
	Bytes     int64            `json:"bytes"`
	SHA256    string           `json:"sha256,omitempty"`
	// Fingerprinted files have a hash in their name and are never changed.
	Fingerprinted bool `json:"fingerprinted"`
	// Public is how the published site has it: same, other, missing, or none
	// where nothing is published at all.
	Public string `json:"public"`
	// Rendered says whether the last build rendered it, and why.
	Rendered string   `json:"last_build,omitempty"`
	Reasons  []Reason `json:"reasons,omitempty"`
}

// Explain answers one question. The error is an *Unknown where nothing of the
// name is there.
func (s *Site) Explain(asked, workDir string) (*Answer, error) {
	s.index()
	to, err := s.find(asked, workDir)
	if err != nil {
		return nil, err
	}
	a := &Answer{Asked: asked}
	switch {
	case to.content != nil:
		s.content(a, to.content)
	case to.held != nil:
		s.held(a, to.held)
	case to.file != "":
		s.source(a, to.file)
	default:
		s.output(a, to.output)
	}
	a.Notes = append(to.notes, a.Notes...)
	if s.Ended != "" {
		a.Notes = append(a.Notes, fmt.Sprintf("an error ended the build in the stage %q: what comes after it is not known", s.Ended))
	}
	return a, nil
}

// index is made once, at the first question.
func (s *Site) index() {
	if s.addresses != nil {
		return
	}
	s.addresses = newAddresses(s)
	s.templates = make(map[string][]*pipeline.Output)
	s.readers = make(map[string][]*pipeline.Output)
	for _, p := range s.Account.Pages {
		for _, o := range p.Outputs {
			for _, t := range append([]*pipeline.Template{o.Template, o.Base}, o.Used...) {
				if t != nil && t.File != "" {
					s.templates[t.File] = append(s.templates[t.File], o)
				}
			}
			for _, f := range o.Read {
				s.readers[f] = append(s.readers[f], o)
			}
		}
	}
}

// describe says all of one output file, whether it was written or not.
func (s *Site) describe(path string) Output {
	d := Output{Path: path, Address: s.addresses.of(path), Public: "none"}
	planned := s.planned(path)
	if planned != nil {
		d.Kind, d.Format, d.Language, d.MediaType = "page", planned.Format, planned.Language, planned.MediaType
		if planned.Alias {
			d.Kind = "alias"
			d.Origin = "it leads to the page " + planned.Page.Path
			d.Template = templateName(planned.Template)
		} else {
			d.Template, d.Base = templateName(planned.Template), templateName(planned.Base)
			for _, t := range planned.Used {
				d.Used = append(d.Used, templateName(t))
			}
			d.Read = planned.Read
			if s.Decision != nil {
				d.Rendered = s.Decision.Of(planned.Path)
			}
		}
		if planned.Path != path {
			d.Origin = "a further part of the list that begins at " + planned.Path
		}
		if planned.Page.Content != nil && !planned.Alias {
			d.Origin = planned.Page.Content.Path
		}
	}
	f := s.File(path)
	if f == nil {
		if planned != nil && !planned.Alias {
			d.Reasons = s.whyNotWritten(planned)
		}
		return d
	}
	d.Written, d.Fingerprinted = true, f.Fingerprinted
	if planned == nil {
		d.MediaType, d.Kind, d.Origin = f.MediaType, f.Kind.String(), f.Origin
		if source := s.Account.Copied[path]; source != "" {
			d.Origin = source
		} else if f.Kind == pipeline.Asset {
			if likely := s.likelySource(path); likely != "" {
				d.Origin = likely + ", by its name"
			}
		} else if f.Facts != nil && f.Facts.Refresh != "" {
			d.Kind, d.Origin = "alias", "it leads to "+f.Facts.Refresh
		}
	}
	d.RawBytes, d.Bytes, d.SHA256 = f.RawSize, f.Size, hex.EncodeToString(f.SHA256[:])
	if s.Trace != nil {
		d.Plugins = s.Trace.File(path)
		if f.Kind == pipeline.Generated && len(d.Plugins) > 0 {
			d.Origin = "the plugin " + d.Plugins[0].Plugin
		}
	}
	d.Public = s.inPublic(f)
	return d
}

// planned is the page's output at a path, or the one that a pager continues.
func (s *Site) planned(path string) *pipeline.Output {
	if o := s.Account.Outputs[path]; o != nil {
		return o
	}
	if s.File(path) == nil {
		return nil
	}
	// A pager: posts/page/2/index.html continues posts/index.html.
	parts := strings.Split(path, "/")
	for i := len(parts) - 2; i >= 1; i-- {
		if strings.Trim(parts[i], "0123456789") != "" {
			continue
		}
		first := strings.Join(append(slices.Clone(parts[:i-1]), parts[i+1:]...), "/")
		if o := s.Account.Outputs[first]; o != nil && !o.Alias && o.Kind != "page" {
			return o
		}
	}
	return nil
}

func templateName(t *pipeline.Template) string {
	switch {
	case t == nil:
		return ""
	case t.File == "":
		return "Hugo's own " + t.Name
	}
	return t.File
}

// whyNotWritten is for a page that has a place in the site and no file there.
func (s *Site) whyNotWritten(o *pipeline.Output) []Reason {
	if s.Ended != "" {
		return nil
	}
	if o.Template == nil {
		return []Reason{{
			Text: fmt.Sprintf("there is no template for pages of the kind %q in the format %q", o.Kind, o.Format),
			Hint: fmt.Sprintf("write layouts/%s.%s, or drop the format from outputs", o.Kind, extension(o.Path)),
		}}
	}
	return []Reason{{
		Text: "it was not rendered: a segment of the configuration leaves it out, or its template wrote nothing",
		Hint: "look at renderSegments, and at " + templateName(o.Template),
	}}
}

func extension(path string) string {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[i+1:]
	}
	return "html"
}

// inPublic compares a file with the one that is published now.
func (s *Site) inPublic(f *pipeline.File) string {
	data, err := os.ReadFile(filepath.Join(s.Public, filepath.FromSlash(f.Path)))
	switch {
	case err == nil && sha256.Sum256(data) == f.SHA256:
		return "same"
	case err == nil:
		return "other"
	}
	if _, err := os.Stat(s.Public); err != nil {
		return "none"
	}
	return "missing"
}

// likelySource is the file of assets/ or of a bundle that a published resource was made
// of: Hugo keeps the beginning of the name.
func (s *Site) likelySource(path string) string {
	best := ""
	for _, source := range s.sources() {
		if made(source.logical, path) && len(source.logical) > len(best) {
			best = source.file
		}
	}
	return best
}

// A resource is a file that templates read, and its name as they know it.
type resource struct{ file, logical string }

// sources are the resources that pages were made with.
func (s *Site) sources() []resource {
	var list []resource
	for file := range s.readers {
		list = append(list, resource{file, s.logical(file)})
	}
	slices.SortFunc(list, func(a, b resource) int { return cmp.Compare(a.file, b.file) })
	return list
}

// logical is the name of a resource as it would be published.
func (s *Site) logical(file string) string {
	for path, source := range s.Account.Copied {
		if source == file {
			return path
		}
	}
	return s.Engine.Role(s.absolute(file)).Logical
}

func (s *Site) absolute(file string) string {
	if name := filepath.FromSlash(file); filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.Settings.Source, filepath.FromSlash(file))
}

// made reports whether Hugo would give what it makes of a resource such a name:
// css/main.min.HASH.css of css/main.css, dusk_hu_HASH.webp of dusk.jpg.
func made(from, path string) bool {
	stem := strings.TrimSuffix(from, "."+extension(from))
	rest, ok := strings.CutPrefix(path, stem)
	return ok && stem != "" && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "_hu_"))
}
