package explain

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"duskpress/tools/pipeline"
)

// addresses knows at which address each file of the site stands.
type addresses struct {
	site  *Site
	bases []base
}

type base struct {
	pipeline.Base
	url *url.URL
}

func newAddresses(s *Site) *addresses {
	a := &addresses{site: s}
	for _, b := range s.Account.Bases {
		u, err := url.Parse(b.Address)
		if err != nil {
			u = &url.URL{Path: "/"}
		}
		if u.Path == "" {
			u.Path = "/"
		}
		a.bases = append(a.bases, base{b, u})
	}
	if len(a.bases) == 0 {
		a.bases = []base{{url: &url.URL{Path: "/"}}}
	}
	return a
}

// baseOf is the base that a file lies below, and its path there.
func (a *addresses) baseOf(file string) (base, string) {
	for _, b := range a.bases {
		if b.Folder != "" {
			if rest, ok := strings.CutPrefix(file, b.Folder+"/"); ok {
				return b, rest
			}
		}
	}
	return a.bases[0], file
}

// urlOf is the address of a file.
func (a *addresses) urlOf(file string) *url.URL {
	b, rest := a.baseOf(file)
	if path.Base(rest) == "index.html" {
		rest = strings.TrimSuffix(rest, "index.html")
	}
	u := *b.url
	u.Path += rest
	u.RawPath = ""
	return &u
}

func (a *addresses) of(file string) string { return a.urlOf(file).String() }

// file is the output file that an address leads to, as a web host finds it; ""
// if the site has none. Files that were planned and not written count.
func (a *addresses) file(u *url.URL) string {
	for _, p := range a.candidates(u) {
		if a.has(p) {
			return p
		}
	}
	return ""
}

func (a *addresses) has(p string) bool {
	return a.site.File(p) != nil || a.site.Account.Outputs[p] != nil
}

// candidates are the files that an address may mean.
func (a *addresses) candidates(u *url.URL) []string {
	var list []string
	for _, b := range a.bases {
		if u.Host != "" && !strings.EqualFold(u.Host, b.url.Host) {
			continue
		}
		rest, ok := strings.CutPrefix(u.Path, b.url.Path)
		if !ok {
			if u.Path+"/" != b.url.Path {
				continue
			}
			rest = ""
		}
		trimmed := strings.Trim(path.Clean("/"+rest), "/")
		p := path.Join(b.Folder, trimmed)
		switch {
		case trimmed == "":
			list = append(list, path.Join(p, "index.html"))
		case strings.HasSuffix(rest, "/"):
			list = append(list, p+"/index.html")
		default:
			list = append(list, p, p+"/index.html", p+".html")
		}
	}
	return slices.Compact(list)
}

// local reports whether an absolute address is one of this site's hosts.
func (a *addresses) local(u *url.URL) bool {
	return slices.ContainsFunc(a.bases, func(b base) bool { return strings.EqualFold(u.Host, b.url.Host) })
}

// resolve is the file that a link on a page leads to, or "".
func (a *addresses) resolve(page *url.URL, link string) string {
	if link == "" {
		return ""
	}
	u, err := url.Parse(strings.TrimSpace(link))
	if err != nil || u.Opaque != "" || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return a.file(page.ResolveReference(u))
}
