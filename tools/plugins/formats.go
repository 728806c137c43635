package plugins

import (
	"context"
	"path"
	"strings"

	"duskpress/tools/formats"
	"duskpress/tools/page"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "formats",
		Summary: "checks feeds, sitemaps, JSON and XML, and what templates failed to fill in there",
		Alone:   true,
		After:   []string{"minify"},
		Compat:  true,
		Rules: map[string]string{
			"feed":    "a feed that its readers refuse or misread",
			"sitemap": "a sitemap that search engines refuse",
			"json":    "a file of JSON, or a script of data, that is none",
			"xml":     "a file of XML that is none",
		},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{
				File: func(_ context.Context, f *pipeline.File, _ *pipeline.Problems) error {
					f.Faults = append(f.Faults, formatFaults(f, f.Data)...)
					return nil
				},
				Cached: func(*pipeline.File) bool { return true },
				Check:  checkStatic,
			}, nil
		},
	})
}

// largestChecked is how many bytes of a file of static/ are looked at.
const largestChecked = 60 << 20

// checkStatic looks at the author's own files, which pass no File phase. There
// a file named .json may be of a dialect with comments: it is doubted, no more.
func checkStatic(_ context.Context, s *pipeline.Site) error {
	for _, f := range s.Files() {
		kind := kindOf(f)
		if f.Kind != pipeline.Static || kind == noFormat || f.Size > largestChecked || strings.HasPrefix(path.Base(f.Path), ".") {
			continue
		}
		data, err := s.Read(f.Path)
		if err != nil {
			return err
		}
		for _, x := range formatFaults(f, data) {
			if x.Rule != "unrendered" {
				s.Problems.Add(pipeline.Problem{File: f.Origin, Severity: pipeline.Warning, Rule: x.Rule, Message: x.Message})
			}
		}
	}
	return nil
}

type format int

const (
	noFormat format = iota
	jsonFormat
	xmlFormat
	textFormat
)

// kindOf tells what can be checked in a file. SVG is drawn by people and by
// programs, and browsers are as strict with it as this would be.
func kindOf(f *pipeline.File) format {
	m, ext := f.MediaType, path.Ext(f.Path)
	switch {
	case m == "text/html", m == "image/svg+xml", m == "application/xhtml+xml", ext == ".map":
		return noFormat
	case m == "application/json", strings.HasSuffix(m, "+json"), ext == ".json", ext == ".webmanifest", ext == ".geojson":
		return jsonFormat
	case m == "application/xml", m == "text/xml", strings.HasSuffix(m, "+xml"), ext == ".xml":
		return xmlFormat
	case m == "text/plain", m == "text/markdown", ext == ".txt", ext == ".md":
		return textFormat
	}
	return noFormat
}

func formatFaults(f *pipeline.File, data []byte) []pipeline.Fault {
	if f.Kind == pipeline.Bundled {
		return nil // an author's file, which its page may read in any way
	}
	var list []formats.Fault
	kind := kindOf(f)
	switch kind {
	case jsonFormat:
		list = formats.JSON(data)
	case xmlFormat:
		list = formats.XML(data)
	case noFormat:
		return nil
	}
	var faults []pipeline.Fault
	for _, x := range list {
		severity := pipeline.Warning
		if x.Fatal {
			severity = pipeline.Error
		}
		fault := pipeline.Fault{
			Rule: x.Rule, Severity: severity, Cause: path.Base(f.Path) + " " + x.Cause, Message: x.Message, Hint: x.Hint,
		}
		if x.Address != "" || x.Title != "" {
			fault.Subject, fault.Texts = pipeline.ItemSubject, []string{x.Address, x.Title}
		}
		faults = append(faults, fault)
	}
	if f.Kind != pipeline.Rendered {
		return faults
	}
	for _, x := range page.LeaksInFile(data, kind == xmlFormat) {
		// Shortcodes and actions of templates may be in what is not for readers:
		// Markdown as its author wrote it, and JSON for scripts.
		raw := kind == jsonFormat || path.Ext(f.Path) == ".md" || f.MediaType == "text/markdown"
		if !raw || !strings.HasPrefix(x.Cause, "{{") && x.Severity == pipeline.Error {
			faults = append(faults, x)
		}
	}
	return faults
}
