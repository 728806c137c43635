package plugins

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"duskpress/tools/csp"
	"duskpress/tools/headers"
	"duskpress/tools/pipeline"
)

func init() {
	pipeline.Register(pipeline.Plugin{
		Name:    "redirects",
		Summary: "writes _redirects: a redirection for each page that only sends its reader elsewhere, such as an alias",
		After:   []string{"facts"},
		New: func(s *pipeline.Setup) (pipeline.Hooks, error) {
			if err := s.Decode(&struct{}{}); err != nil {
				return pipeline.Hooks{}, err
			}
			return pipeline.Hooks{Finish: redirects}, nil
		},
	})
}

// redirects lists aliases for hosts that know redirections. The pages stay, for
// those that do not; forced, a redirection comes before its page.
func redirects(_ context.Context, s *pipeline.Site) error {
	var list []headers.Redirect
	for _, f := range s.Files() {
		if f.Facts == nil || f.Facts.Refresh == "" || f.Kind == pipeline.Static {
			continue
		}
		to := f.Facts.Refresh
		if u, err := url.Parse(to); err != nil {
			continue
		} else if csp.Origin(to) == csp.Origin(s.BaseURL) {
			u.Scheme, u.Host, u.User = "", "", nil // in previews too
			to = u.String()
		}
		from := "/" + strings.TrimSuffix(f.Path, "index.html")
		r := headers.Redirect{From: escapeFrom(from), To: to, Status: 301, Force: true}
		if from == "/" {
			r.Status = 302 // the way to the default language, which may change
		}
		if strings.HasPrefix(to, "/") || csp.Origin(to) != "" {
			list = append(list, r)
		}
	}
	own := s.File(headers.RedirectsFile)
	if own == nil {
		if list == nil {
			return nil
		}
		return s.Add(headers.RedirectsFile, headers.FormatRedirects(list))
	}
	data, err := s.Read(headers.RedirectsFile)
	if err != nil {
		return err
	}
	theirs, faults := headers.ParseRedirects(data)
	report := fileProblems(own, s.Problems)
	for _, fault := range faults {
		report(fault)
	}
	for _, t := range theirs {
		list = slices.DeleteFunc(list, func(r headers.Redirect) bool {
			same := strings.TrimSuffix(t.From, "/") == strings.TrimSuffix(r.From, "/") && len(t.Query)+len(t.Conditions) == 0
			if same && strings.TrimSuffix(t.To, "/") != strings.TrimSuffix(r.To, "/") {
				report(headers.Fault{
					Line: t.Line, Column: t.Column, Message: fmt.Sprintf("this takes the place of a page's alias, which leads from %s to %s", r.From, r.To),
					Hint: "remove this line, or the alias",
				})
			}
			return same
		})
	}
	if len(list) == 0 {
		return nil
	}
	// The first that fits is taken: the author's.
	return s.Rewrite(own, slices.Concat(data, []byte("\n"), headers.FormatRedirects(list)))
}

// escapeFrom writes a path so that nothing in it is a wildcard or ends it.
func escapeFrom(p string) string {
	u := url.URL{Path: p}
	return strings.NewReplacer("*", "%2A", ":", "%3A").Replace(u.EscapedPath())
}
