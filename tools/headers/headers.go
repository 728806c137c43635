// Package headers reads, writes and applies the two files that tell a static
// host more than files can: _headers and _redirects, as Netlify reads them.
//
// What enters: the bytes of such a file, the path of a request. What leaves:
// rules, their faults with lines, and what the rules say of that path. It opens
// no file and no connection, and knows nothing of a site.
//
// The syntax is Netlify's (https://docs.netlify.com/routing/headers/ and
// https://docs.netlify.com/routing/redirects/). Where its pages are silent, the
// packages follow its open parsers: a later rule's header replaces an earlier
// one's, a header that stands twice in one rule is joined with a comma.
package headers

import (
	"bytes"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// File and RedirectsFile are the names, at the root of a site.
const (
	File          = "_headers"
	RedirectsFile = "_redirects"
)

// A Rule gives the responses for some paths more headers.
type Rule struct {
	Path   string // begins with /; * and :name stand for something else
	Fields []Field
	Line   int // from 1; 0 where the rule was made
	Column int

	match func(string) bool
}

// A Field is one header.
type Field struct {
	Name, Value  string
	Line, Column int
}

// A Fault is a line that has no effect, or not the one that was meant.
type Fault struct {
	Line, Column  int
	Message, Hint string
}

func (f Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Message) }

// reserved are the headers that Netlify sets itself, whatever a rule says.
var reserved = []string{
	"Accept-Ranges", "Age", "Allow", "Alt-Svc", "Connection", "Content-Encoding", "Content-Length",
	"Content-Range", "Date", "Location", "Server", "Trailer", "Transfer-Encoding", "Upgrade",
}

// Reserved reports whether a host sets a header itself and ignores rules for it.
func Reserved(name string) bool {
	return slices.ContainsFunc(reserved, func(r string) bool { return strings.EqualFold(r, name) })
}

// CheckField says what is wrong with a header, or nothing.
func CheckField(name, value string) (message, hint string) {
	switch {
	case !httpguts.ValidHeaderFieldName(name):
		return fmt.Sprintf("%q is no name of a header", name), "a name has letters, digits and hyphens"
	case strings.TrimSpace(value) == "":
		return fmt.Sprintf("the header %s has no value", name), ""
	case !httpguts.ValidHeaderFieldValue(value):
		return fmt.Sprintf("the value of the header %s has a character that none may have", name), ""
	case Reserved(name):
		return fmt.Sprintf("the host sets the header %s itself and ignores this", name), "remove it; to send readers elsewhere, use " + RedirectsFile
	}
	return "", ""
}

// Parse reads a _headers file. Rules are in the order of the file, and those
// of faulty lines are left out.
func Parse(data []byte) (rules []Rule, faults []Fault) {
	bare := func(string, string) {} // tells of a path that no header follows
	for n, raw := range lines(data) {
		line := strings.TrimSpace(raw)
		fault := func(message, hint string) { faults = append(faults, Fault{n + 1, Indent(raw), message, hint}) }
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if strings.HasPrefix(line, "/") {
			bare("no header follows this path", "write one below it, such as X-Robots-Tag: noindex, or remove the path")
			bare = fault
			rules = append(rules, Rule{Path: line, Line: n + 1, Column: Indent(raw), match: matcher(line)})
			continue
		}
		bare = func(string, string) {}
		name, value, ok := strings.Cut(line, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch {
		case strings.HasPrefix(value, "//") && (name == "http" || name == "https"):
			fault("a rule is for a path, not for an address", "begin it with / and leave out the host")
			continue
		case !ok:
			fault("this is neither a path nor a header", "a path begins with /, a header is Name: value")
			continue
		case len(rules) == 0:
			fault("a header without a path above it", "write the path first, such as /*")
			continue
		}
		if message, hint := CheckField(name, value); message != "" {
			fault(message, hint)
			continue
		}
		last := &rules[len(rules)-1]
		i := slices.IndexFunc(last.Fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
		if i >= 0 {
			last.Fields[i].Value += "," + value
			continue
		}
		last.Fields = append(last.Fields, Field{name, value, n + 1, Indent(raw)})
	}
	bare("no header follows this path", "write one below it, such as X-Robots-Tag: noindex, or remove the path")
	return rules, faults
}

// Indent is the column, from 1, of the first character of a line that is no space.
func Indent(line string) int {
	return 1 + len(line) - len(strings.TrimLeft(line, " \t"))
}

func lines(data []byte) []string {
	return strings.Split(string(bytes.TrimPrefix(data, []byte("\ufeff"))), "\n")
}

// Format writes rules as Parse reads them. Rules without a header are left out.
func Format(rules []Rule) []byte {
	var b bytes.Buffer
	for _, r := range rules {
		if len(r.Fields) == 0 {
			continue
		}
		fmt.Fprintln(&b, r.Path)
		for _, f := range r.Fields {
			fmt.Fprintf(&b, "  %s: %s\n", f.Name, f.Value)
		}
	}
	return b.Bytes()
}

// Match reports whether a rule is for a path, which begins with / and has no
// escapes.
func (r Rule) Match(path string) bool {
	if r.match == nil {
		return matcher(r.Path)(path)
	}
	return r.match(path)
}

// Has reports whether a rule sets a header.
func (r Rule) Has(name string) bool {
	return slices.ContainsFunc(r.Fields, func(f Field) bool { return strings.EqualFold(f.Name, name) })
}

// Apply returns the headers that rules give a path.
func Apply(rules []Rule, path string) http.Header {
	h := make(http.Header)
	for _, r := range rules {
		if len(r.Fields) == 0 || !r.Match(path) {
			continue
		}
		for _, f := range r.Fields {
			if !Reserved(f.Name) {
				h.Set(f.Name, f.Value)
			}
		}
	}
	return h
}

// matcher compiles the path of a rule. Letter case and a slash at the end do
// not count. :name is one element, * is anything, slashes included, and an
// element that is * alone may be missing with the slash before it.
func matcher(path string) func(string) bool {
	var elements []string
	for e := range strings.SplitSeq(path, "/") {
		if e = strings.TrimRight(e, " \t\r"); e != "" {
			elements = append(elements, e)
		}
	}
	plain := !slices.ContainsFunc(elements, func(e string) bool { return e[0] == ':' || strings.Contains(e, "*") })
	if plain {
		want := "/" + strings.Join(elements, "/")
		return func(p string) bool {
			if len(p) > 1 {
				p = strings.TrimSuffix(p, "/")
			}
			return strings.EqualFold(p, want)
		}
	}
	for i, e := range elements {
		switch {
		case e[0] == ':':
			elements[i] = "[^/]+"
		case e == "*":
			elements[i] = "?.*"
		default:
			parts := strings.Split(e, "*")
			for j := range parts {
				parts[j] = regexp.QuoteMeta(parts[j])
			}
			elements[i] = strings.Join(parts, ".*")
		}
	}
	re, err := regexp.Compile("(?is)^/" + strings.Join(elements, "/") + "/?$")
	if err != nil { // too long for the package regexp, or not UTF-8
		return func(string) bool { return false }
	}
	return re.MatchString
}
