package plugins

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"slices"

	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "budget",
		Summary: "adds up what a reader of each page has to get: HTML, style sheets, scripts, pictures",
		After:   []string{"facts"},
		Compat:  true,
		Rules: map[string]string{
			"budget": "a page over its budget of bytes",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			b := budget{HTML: 1 << 20, CSS: 400 << 10, JS: 1 << 20, Images: 12 << 20}
			if err := s.Decode(&b); err != nil {
				return pipeline.Hooks{}, err
			}
			if min(b.HTML, b.CSS, b.JS, b.Images) < 0 {
				return pipeline.Hooks{}, errors.New("a budget is a number of bytes, or 0 for none")
			}
			return pipeline.Hooks{Check: b.check}, nil
		},
	})
}

// budget is the plugin and its configuration: bytes for each page, 0 for any
// number.
type budget struct {
	HTML   int64 `json:"html"`
	CSS    int64 `json:"css"`
	JS     int64 `json:"js"`
	Images int64 `json:"images"`
	// Gzip counts text as hosts send it.
	Gzip bool `json:"gzip"`
}

// A cost is what a page takes of one kind.
type cost struct {
	bytes int64
	files []*pipeline.File
}

func (c *cost) add(f *pipeline.File, n int64) {
	if f != nil && !slices.Contains(c.files, f) {
		c.bytes += n
		c.files = append(c.files, f)
	}
}

func (b *budget) check(_ context.Context, s *pipeline.Site) error {
	causes := newPlaces(s).causes()
	zipped := make(map[*pipeline.File]int64)
	size := func(f *pipeline.File) (int64, error) {
		if f == nil || !b.Gzip {
			return sizeOf(f), nil
		}
		if n, ok := zipped[f]; ok {
			return n, nil
		}
		n, err := zippedSize(s, f)
		zipped[f] = n
		return n, err
	}
	for _, f := range s.Files() {
		if f.Facts == nil || f.Kind == pipeline.Static || f.Facts.Refresh != "" {
			continue
		}
		html, err := size(f)
		if err != nil {
			return err
		}
		var css, js, images cost
		for _, address := range f.Facts.Sheets {
			file := localFile(s, f.Path, address)
			n, err := size(file)
			if err != nil {
				return err
			}
			css.add(file, n)
		}
		for _, l := range f.Facts.Links {
			if l.Element != "script" || l.Attribute != "src" {
				continue
			}
			file := localFile(s, f.Path, l.URL)
			n, err := size(file)
			if err != nil {
				return err
			}
			js.add(file, n)
		}
		for _, m := range f.Facts.Images {
			file := localFile(s, f.Path, m.Src)
			images.add(file, sizeOf(file))
		}
		b.compare(causes, f, "html", html, b.HTML, nil, "split the page, or let lists show summaries")
		b.compare(causes, f, "css", css.bytes, b.CSS, css.files, "leave out what no page uses")
		b.compare(causes, f, "js", js.bytes, b.JS, js.files, "load what few readers need when they ask for it")
		b.compare(causes, f, "images", images.bytes, b.Images, images.files, "make them smaller")
	}
	causes.Report(s.Problems)
	return nil
}

func sizeOf(f *pipeline.File) int64 {
	if f == nil {
		return 0
	}
	return f.Size
}

func zippedSize(s *pipeline.Site, f *pipeline.File) (int64, error) {
	data, err := s.Read(f.Path)
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err = w.Write(data)
	return int64(b.Len()), errors.Join(err, w.Close())
}

// compare adds a fault where a page takes more than it may. Style sheets and
// scripts are the template's, and so one cause for all pages; the text and the
// pictures of a page are its own.
func (b *budget) compare(causes *pipeline.Causes, f *pipeline.File, kind string, n, most int64, files []*pipeline.File, hint string) {
	if most == 0 || n <= most {
		return
	}
	names := map[string]string{"html": "HTML", "css": "style sheets", "js": "scripts", "images": "pictures"}
	x := pipeline.Fault{
		Rule: "budget", Severity: pipeline.Warning, Cause: kind, Hint: hint + fmt.Sprintf("; the budget is %s in [params.duskpress.plugins.budget]", kind),
		Message: fmt.Sprintf("the page takes %s of %s, and may take %s", bytesText(n), names[kind], bytesText(most)),
	}
	if kind == "html" || kind == "images" {
		x.Subject = pipeline.FirstSubject
	}
	if len(files) > 0 {
		largest := slices.MaxFunc(files, func(a, b *pipeline.File) int { return cmp.Compare(a.Size, b.Size) })
		x.Message += fmt.Sprintf("; the largest is %s", largest.Path)
		x.Needles = []string{"/" + largest.Path}
	}
	causes.Add(f, x)
}

func bytesText(n int64) string {
	if n < 10_000 {
		return fmt.Sprintf("%d bytes", n)
	}
	return megabytes(n)
}
