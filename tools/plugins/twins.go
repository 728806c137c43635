package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"path"
	"strings"

	"duskpress/tools/pipeline"
	"duskpress/tools/twin"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "twins",
		Summary: "gives the Markdown twin of a page its headings as the page has them, and whole addresses",
		Alone:   true,
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			// A twin's addresses are those of other pages.
			return pipeline.Hooks{File: mendTwin, Cached: func(f *pipeline.File) bool { return !isTwin(f) }}, nil
		},
	})
}

func isTwin(f *pipeline.File) bool {
	return f.Kind == pipeline.Rendered && f.MediaType == "text/markdown" && f.Content != nil && f.Resolve != nil
}

func mendTwin(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
	if !isTwin(f) {
		return nil
	}
	page, err := url.Parse(f.URL)
	if err != nil {
		return nil // Hugo made it; there is no author to tell
	}
	// What lies beside a page in its bundle is published in a folder of the
	// page's name, which is the page's own address unless addresses are ugly.
	folder := page
	if strings.HasPrefix(f.Content.Base(), "index.") && !strings.HasSuffix(page.Path, "/") {
		beside := *page
		beside.Path, beside.RawPath = strings.TrimSuffix(page.Path, path.Ext(page.Path))+"/", ""
		folder = &beside
	}
	var pictures map[string]string
	f.Data, pictures = cutPictures(f.Data)
	// An open parenthesis would have to be closed in there.
	escape := strings.NewReplacer("(", "%28", ")", "%29").Replace
	edit := twin.Edit{Shift: f.Content.HeadingShift, Address: func(written string) string {
		if to, ok := pictures[written]; ok {
			return escape(to)
		}
		u, err := url.Parse(written)
		if err != nil || u.Scheme != "" {
			return written
		}
		from := page
		if u.Host == "" && u.Path != "" {
			from = folder
		}
		if u.Host == "" && contentExt[strings.ToLower(path.Ext(u.Path))] {
			target, ok := f.Resolve(u.Path)
			if !ok {
				return written // the plugin links reports it
			}
			to, err := url.Parse(target)
			if err != nil {
				return written
			}
			to.RawQuery, to.Fragment = u.RawQuery, u.Fragment
			u = to
		}
		return escape(from.ResolveReference(u).String())
	}}
	f.Data = edit.Apply(f.Data)
	return nil
}

// cutPictures takes the last line off, where the theme says under which address
// pictures are that the author names by their place in the sources.
func cutPictures(data []byte) ([]byte, map[string]string) {
	const before, after = "\n<!-- duskpress:pictures ", " -->\n"
	at := bytes.LastIndex(data, []byte(before))
	if at < 0 || !bytes.HasSuffix(data, []byte(after)) {
		return data, nil
	}
	var pictures map[string]string
	if err := json.Unmarshal(data[at+len(before):len(data)-len(after)], &pictures); err != nil {
		return data, nil // an author's own words
	}
	return data[:at+1], pictures
}
