package headers

import (
	"bytes"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Redirect sends the requests for some paths elsewhere: to another address,
// or, with a status that is no redirection, to another file of the site.
type Redirect struct {
	From   string // a path; * at its end and :name stand for something else
	To     string // a path or an address, with :splat and :name
	Status int
	// Force holds even where the site has a file for the path.
	Force bool
	// Query are the parameters that a request must have, and no others; a value
	// :name takes any. Without one a request may have what it likes.
	Query map[string]string
	// Conditions, such as Country or Language, are for the host to judge.
	Conditions   map[string]string
	Line, Column int
}

var statusPart = regexp.MustCompile(`^(\d{3})(!?)$`)

// redirectStatuses are those that Netlify knows. Its documentation says of 307
// that it is not supported.
var redirectStatuses = []int{200, 301, 302, 303, 308, 404, 410, 451}

// ParseRedirects reads a _redirects file.
func ParseRedirects(data []byte) (list []Redirect, faults []Fault) {
	for n, raw := range lines(data) {
		parts := strings.Fields(raw)
		if i := slices.IndexFunc(parts, func(s string) bool { return s[0] == '#' }); i >= 0 {
			parts = parts[:i]
		}
		if len(parts) == 0 {
			continue
		}
		r, message, hint := parseRedirect(parts)
		if message != "" {
			faults = append(faults, Fault{n + 1, Indent(raw), message, hint})
			continue
		}
		r.Line, r.Column = n+1, Indent(raw)
		list = append(list, r)
	}
	return list, faults
}

// parseRedirect reads: from [query=value…] [to] [status[!]] [condition=value…].
// A rule such as /admin/* 200 Role=admin leads to where it comes from.
func parseRedirect(parts []string) (r Redirect, message, hint string) {
	r = Redirect{From: parts[0], Status: 301}
	if !isTarget(r.From) {
		return r, "a redirect begins with a path", "such as /old /new 301"
	}
	if strings.HasPrefix(r.From, "/.netlify") {
		return r, "the host keeps paths that begin with /.netlify to itself", "take another path"
	}
	parts = parts[1:]
	to := slices.IndexFunc(parts, isTarget)
	if dir, ok := strings.CutSuffix(r.From, "/*"); ok && len(parts) > 0 && (parts[0] == "200" || parts[0] == "200!") {
		parts, to = slices.Insert(parts, 0, dir+"/:splat"), 0
	}
	if to < 0 {
		return r, "a redirect needs a path or an address to lead to", "such as /old /new 301"
	}
	r.To = parts[to]
	var bad string
	if r.Query, bad = pairs(parts[:to]); bad != "" {
		return r, fmt.Sprintf("%q is no parameter of a query", bad), "write name=value or name=:placeholder"
	}
	parts = parts[to+1:]
	if len(parts) > 0 {
		if m := statusPart.FindStringSubmatch(parts[0]); m != nil {
			r.Status, _ = strconv.Atoi(m[1])
			r.Force = m[2] != ""
			if r.Status == 307 {
				return r, "the host has no redirect with status 307", "use 302"
			}
			if !slices.Contains(redirectStatuses, r.Status) {
				return r, fmt.Sprintf("%d is no status of a redirect", r.Status), "it is 301, 302, 200 or 404, most of the time"
			}
			parts = parts[1:]
		}
	}
	if r.Conditions, bad = pairs(parts); bad != "" {
		return r, fmt.Sprintf("%q is neither a status nor a condition", bad), "write 301, 301! or Name=value"
	}
	if path := strings.TrimSuffix(r.From, "/*"); strings.Contains(path, "*") {
		return r, "a * in the middle of a redirect's path", "it stands at the end, as in /old/*; use :name for one element"
	}
	return r, "", ""
}

func isTarget(s string) bool {
	return strings.HasPrefix(s, "/") || strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

func pairs(list []string) (m map[string]string, bad string) {
	for _, s := range list {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return nil, s
		}
		if m == nil {
			m = make(map[string]string)
		}
		m[key] = value
	}
	return m, ""
}

// FormatRedirects writes redirects as ParseRedirects reads them.
func FormatRedirects(list []Redirect) []byte {
	var b bytes.Buffer
	for _, r := range list {
		b.WriteString(r.From)
		writePairs(&b, r.Query)
		fmt.Fprintf(&b, " %s %d", r.To, r.Status)
		if r.Force {
			b.WriteByte('!')
		}
		writePairs(&b, r.Conditions)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

func writePairs(b *bytes.Buffer, m map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(b, " %s=%s", key, m[key])
	}
}

// Match reports whether a redirect is for a path, which begins with / and has
// no escapes, and where it leads, escaped. One that has conditions, or is for
// another host, never is: who could judge them is the host.
func (r Redirect) Match(path string, query url.Values) (to string, ok bool) {
	if len(r.Conditions) > 0 || !strings.HasPrefix(r.From, "/") {
		return "", false
	}
	found := make(map[string]string)
	want := strings.Split(strings.Trim(r.From, "/"), "/")
	have := strings.Split(strings.Trim(path, "/"), "/")
	if want[len(want)-1] == "*" {
		want = want[:len(want)-1]
		if len(have) < len(want) {
			return "", false
		}
		found["splat"] = strings.Join(have[len(want):], "/")
		have = have[:len(want)]
	}
	if len(have) != len(want) {
		return "", false
	}
	for i, w := range want {
		if name, ok := strings.CutPrefix(w, ":"); ok && name != "" && have[i] != "" {
			found[name] = have[i]
			continue
		}
		if u, err := url.PathUnescape(w); err == nil {
			w = u
		}
		if w != have[i] {
			return "", false
		}
	}
	if len(r.Query) > 0 && len(query) != len(r.Query) {
		return "", false // one with more parameters is another rule's
	}
	for key, value := range r.Query {
		if !query.Has(key) {
			return "", false
		}
		if name, ok := strings.CutPrefix(value, ":"); ok {
			found[name] = query.Get(key)
		} else if value != query.Get(key) {
			return "", false
		}
	}
	return fill(r.To, found), true
}

var placeholder = regexp.MustCompile(`:[A-Za-z_][A-Za-z0-9_]*`)

// fill puts what a path had into the target of its redirect.
func fill(to string, found map[string]string) string {
	scheme := ""
	if i := strings.Index(to, "://"); i >= 0 {
		scheme, to = to[:i+3], to[i+3:]
	}
	return scheme + placeholder.ReplaceAllStringFunc(to, func(name string) string {
		value, ok := found[name[1:]]
		if !ok {
			return name
		}
		u := url.URL{Path: value}
		return strings.TrimPrefix(u.EscapedPath(), "./")
	})
}
