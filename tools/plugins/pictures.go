package plugins

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"duskpress/tools/csp"
	"duskpress/tools/imagesize"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "pictures",
		Summary: "reports pictures without a text in their place, without a size, and far larger than they are shown",
		After:   []string{"facts"},
		Compat:  true,
		Rules: map[string]string{
			"image-alt":   "a picture without alt: those who do not see it hear the name of its file",
			"image-size":  "a picture without width and height: what is below it moves when it comes",
			"image-large": "a picture that is far larger than it is shown",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			p := pictures{Largest: 2 << 20}
			if err := s.Decode(&p); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Check: p.check}, nil
		},
	})
}

// pictures is the plugin and its configuration.
type pictures struct {
	// Largest is how many bytes a picture may have that browsers cannot choose a
	// smaller form of.
	Largest int64 `json:"largest"`
}

// A picture may have this many pixels for each that is shown: two for screens
// with small ones, and some more. Below this many bytes nobody waits.
const (
	pixelsPerPixel = 2.5
	fewBytes       = 100 << 10
)

func (p *pictures) check(_ context.Context, s *pipeline.Site) error {
	at := newPlaces(s)
	causes := at.causes()
	widths := make(map[*pipeline.File]int)
	for _, f := range s.Files() {
		if f.Facts == nil || f.Kind == pipeline.Static {
			continue
		}
		for _, m := range f.Facts.Images {
			add := func(rule, message, hint string) {
				x := pipeline.Fault{
					Rule: rule, Severity: pipeline.Warning, Cause: "template", Message: message, Hint: hint, Texts: []string{"<img"},
					Example: func(f *pipeline.File) pipeline.Found { return at.picture(f, m.Src) },
				}
				// What Markdown makes is the template's; HTML is its author's, one by
				// one, and so is what a template has word for word.
				if rule != "image-size" || at.isRaw(f.Content, m.Src) {
					own := x
					own.Cause, own.Subject, own.Texts = m.Src, pipeline.ImageSubject, at.written(m.Src)
					own.Needles = append([]string{`src="` + m.Src + `"`}, own.Texts...)
					if at.find(f, own).Content != nil || slices.ContainsFunc(own.Texts, at.inTemplate) || at.inContent(m.Src) {
						x = own
					}
				}
				causes.Add(f, x)
			}
			if m.NoAlt {
				add("image-alt", fmt.Sprintf("the picture %s has no alt", short(m.Src)), `say what it shows, or alt="" if it only decorates`)
			}
			// Nobody can know the size of what lies elsewhere.
			if missing(s, f.Path, m.Src) {
				continue // the rule link says so
			}
			if !m.Sized && m.Src != "" && m.Src != "data:" && csp.Source(m.Src) == csp.Self || !m.Sized && strings.HasPrefix(m.Src, s.BaseURL) && s.BaseURL != "" {
				add("image-size", fmt.Sprintf("the picture %s has no width and height", short(m.Src)), "write both, in pixels; style sheets may still scale it")
			}
			if m.Chosen || m.Src == "" || m.Src == "data:" {
				continue
			}
			file := localFile(s, f.Path, m.Src)
			if file == nil || file.Size < fewBytes || strings.HasSuffix(file.Path, ".svg") {
				continue
			}
			if file.Size > p.Largest && p.Largest > 0 {
				add("image-large", fmt.Sprintf("the picture %s has %s, and browsers can choose no smaller one", short(m.Src), megabytes(file.Size)), "make it smaller, or let the template offer several sizes in srcset")
				continue
			}
			width, err := p.width(s, file, widths)
			if err != nil {
				return err
			}
			if m.Width > 0 && float64(width) > pixelsPerPixel*float64(m.Width) {
				add("image-large", fmt.Sprintf("the picture %s is %d pixels wide and shown with %d", short(m.Src), width, m.Width), fmt.Sprintf("%d pixels are enough for every screen", 2*m.Width))
			}
		}
	}
	causes.Report(s.Problems)
	return nil
}

// missing reports whether a picture would be a file of the site and is none.
func missing(s *pipeline.Site, from, src string) bool {
	own := csp.Source(src) == csp.Self || s.BaseURL != "" && strings.HasPrefix(src, s.BaseURL)
	return own && localFile(s, from, src) == nil
}

// width reads the head of a picture, once. What is no picture has none.
func (p *pictures) width(s *pipeline.Site, file *pipeline.File, known map[*pipeline.File]int) (int, error) {
	if w, ok := known[file]; ok {
		return w, nil
	}
	r, err := s.Open(file.Path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	w, _, _ := imagesize.Read(r)
	known[file] = w
	return w, nil
}

// isRaw reports whether a content file has a picture as HTML, or as a parameter
// of a shortcode, and not as Markdown.
func (p *places) isRaw(c *pipeline.Content, src string) bool {
	if c == nil || len(src) < 2 {
		return false
	}
	if !bytes.Contains(p.source(c), []byte("<img")) {
		return false
	}
	for _, t := range p.written(src) {
		if bytes.Contains(p.source(c), []byte(t)) {
			return !bytes.Contains(p.source(c), []byte("]("+t))
		}
	}
	return false
}

// written are the ways in which an address may stand in a source: Hugo puts the
// site's own before it where canonifyURLs says so, or the path of that.
func (p *places) written(address string) []string {
	all := []string{address}
	if rest, ok := strings.CutPrefix(address, p.site.BaseURL); ok && p.site.BaseURL != "" && rest != "" {
		all = append(all, "/"+rest, rest)
	} else if u, err := url.Parse(p.site.BaseURL); err == nil && len(u.Path) > 1 {
		if rest, ok := strings.CutPrefix(address, u.Path); ok && rest != "" {
			all = append(all, "/"+rest, rest)
		}
	}
	return all
}

// picture finds a picture of Markdown.
func (p *places) picture(f *pipeline.File, src string) pipeline.Found {
	if f.Content == nil {
		return pipeline.Found{}
	}
	m := p.sourceMap(f.Content)
	for _, t := range p.written(src) {
		if at := m.Image(t); len(at) > 0 {
			return found(f.Content, at, 0)
		}
	}
	if base := path.Base(src); len(base) > 3 { // it was written relative to something
		return found(f.Content, m.Ending(base), 0)
	}
	return pipeline.Found{}
}

// inTemplate reports whether one template has a text.
func (p *places) inTemplate(text string) bool {
	c := p.site.Collection
	if c == nil || c.Template == nil || len(text) < 4 {
		return false
	}
	_, ok := c.Template(text)
	return ok
}

// inContent reports whether the picture of an address stands as HTML in any
// content file: a list that shows a whole post has the post's pictures.
func (p *places) inContent(src string) bool {
	known, ok := p.pictures[src]
	if !ok {
		for _, t := range p.written(src) {
			known = known || len(t) >= 2 && p.anywhere(t, func(c *pipeline.Content) bool { return len(p.sourceMap(c).Value(t)) > 0 })
		}
		if p.pictures == nil {
			p.pictures = make(map[string]bool)
		}
		p.pictures[src] = known
	}
	return known
}

// short quotes an address, and cuts a long one.
func short(address string) string {
	if r := []rune(address); len(r) > 60 {
		address = string(r[:25]) + "…" + string(r[len(r)-30:])
	}
	return fmt.Sprintf("%q", address)
}

func megabytes(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}
