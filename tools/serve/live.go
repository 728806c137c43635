package serve

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// own is below the site's root and holds what keeps pages in a browser up to
// date. No file of a site has such a path: serve hides them.
const own = ".duskpress-live/"

//go:embed live.js
var script []byte

// A State is what the pages in a browser are told of the site.
type State struct {
	// Build counts the builds whose site is served.
	Build int `json:"build"`
	// Failed is set where the newest sources could not be built: what is served
	// is older than they are.
	Failed bool `json:"failed"`
	// Previewed is set where, all the same, pages that a browser shows are as
	// new as their sources.
	Previewed bool      `json:"previewed,omitempty"`
	Problems  []Problem `json:"problems"`
	// Changed are paths of the site that the newest build changed, other than
	// pages, and Go the address of a page that was edited.
	Changed []string `json:"changed,omitempty"`
	Go      string   `json:"go,omitempty"`
	// Marks are words for pages that would not be published, by path.
	Marks map[string]string `json:"-"`
}

// A Problem is one line of the panel.
type Problem struct {
	Place    string `json:"place"`
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
	Source   string `json:"source,omitempty"` // the line itself
	// Edit is an address that opens the place in an editor, if one is known.
	Edit string `json:"edit,omitempty"`
}

// Live serves a Site that is built again and again: each page has one script
// more, which shows problems and loads the page anew when it has changed.
type Live struct {
	// Navigate leads pages to the one that was edited.
	Navigate bool

	site *Site

	mu    sync.Mutex
	state State
	next  chan struct{}  // closed when the state changes
	open  map[string]int // paths of pages that a browser shows, and in how many tabs
}

// NewLive adds the script to what a site sends.
func NewLive(site *Site) *Live {
	l := &Live{site: site, next: make(chan struct{}), open: make(map[string]int)}
	site.rewrite = l.rewrite
	return l
}

// Set tells all pages of a new state.
func (l *Live) Set(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	close(l.next)
	l.next = make(chan struct{})
}

func (l *Live) get() (State, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state, l.next
}

// ServeHTTP implements http.Handler.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, l.site.prefix+own)
	if !ok {
		if s, _ := l.get(); s.Build == 0 {
			l.nothingYet(w, r)
			return
		}
		l.site.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch rest {
	case "live.js":
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(script) // fails only when the reader has gone
	case "events":
		l.events(w, r)
	case "page":
		l.page(w, r)
	default:
		http.NotFound(w, r)
	}
}

// nothingYet answers while no build has succeeded: a page that shows why.
func (l *Live) nothingYet(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", relax("default-src 'none'", l.address(r)))
	w.WriteHeader(http.StatusServiceUnavailable)
	data := []byte("<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n<meta name=viewport content=\"width=device-width\">\n<meta name=color-scheme content=\"light dark\">\n<title>Not built yet</title>\n<p>The site could not be built yet. This page is replaced when it could.\n")
	_, _ = w.Write(l.tagged(data, "", r))
}

// Open lists the files of the pages that a browser shows right now, sorted.
func (l *Live) Open() []string {
	root, err := os.OpenRoot(*l.site.dir.Load())
	if err != nil {
		return nil
	}
	defer root.Close()
	l.mu.Lock()
	paths := slices.Sorted(maps.Keys(l.open))
	l.mu.Unlock()
	var names []string
	for _, p := range paths {
		if name, _ := find(root, p); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// count notes that a page is shown, until the function that it returns is called.
func (l *Live) count(page string) (gone func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[page]++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.open[page]--; l.open[page] == 0 {
			delete(l.open, page)
		}
	}
}

// asked is the path of the site that a page says it is.
func (l *Live) asked(r *http.Request) string {
	return path.Clean("/" + strings.TrimPrefix(r.URL.Query().Get("path"), l.site.prefix))
}

// events sends each state as it comes, to the page whose path is given.
func (l *Live) events(w http.ResponseWriter, r *http.Request) {
	defer l.count(l.asked(r))()
	w.Header().Set("Content-Type", "text/event-stream")
	control := http.NewResponseController(w)
	for {
		s, next := l.get()
		if s.Problems == nil {
			s.Problems = []Problem{}
		}
		data, err := json.Marshal(s)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(w, "retry: 500\ndata: %s\n\n", data); err != nil {
			return
		}
		if err := control.Flush(); err != nil {
			return
		}
		select {
		case <-next:
		case <-r.Context().Done():
			return
		}
	}
}

// sheet finds the style sheets of a page in its HTML.
var sheet = regexp.MustCompile(`<link\b[^>]*\brel=["']?stylesheet\b[^>]*>`)

var hrefOf = regexp.MustCompile(`\shref=(?:"([^"]*)"|'([^']*)'|([^\s>]+))`)

var integrityOf = regexp.MustCompile(`\sintegrity=(?:"([^"]*)"|'([^']*)'|([^\s>]+))`)

// A sum of a page: of all of it, and of what is not a link to a style sheet.
type sums struct {
	Page   string  `json:"page"`
	Rest   string  `json:"rest"`
	Sheets []style `json:"sheets"`
}

type style struct {
	Href      string `json:"href"`
	Integrity string `json:"integrity,omitempty"`
}

func sumsOf(data []byte) sums {
	short := func(b []byte) string {
		sum := sha256.Sum256(b)
		return base64.RawURLEncoding.EncodeToString(sum[:12])
	}
	attr := func(tag []byte, find *regexp.Regexp) string {
		if m := find.FindSubmatch(tag); m != nil {
			return html.UnescapeString(string(slices.Concat(m[1], m[2], m[3])))
		}
		return ""
	}
	s := sums{Page: short(data), Sheets: []style{}}
	for _, tag := range sheet.FindAll(data, -1) {
		s.Sheets = append(s.Sheets, style{attr(tag, hrefOf), attr(tag, integrityOf)})
	}
	s.Rest = short(sheet.ReplaceAll(data, []byte("<link>")))
	return s
}

// page says what a page is now, so that one in a browser can see whether it is
// still that, or needs other style sheets alone.
func (l *Live) page(w http.ResponseWriter, r *http.Request) {
	root, err := os.OpenRoot(*l.site.dir.Load())
	if err != nil {
		http.Error(w, "the site is not there", http.StatusServiceUnavailable)
		return
	}
	defer root.Close()
	name, _ := find(root, l.asked(r))
	if name == "" {
		name = "404.html"
	}
	data, err := root.ReadFile(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(sumsOf(data)) // fails only when the reader has gone
}

// rewrite adds the script to a page, and to its policy what the script needs.
func (l *Live) rewrite(r *http.Request, name string, f io.Reader, h http.Header) (io.ReadSeeker, error) {
	if mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";"); mediaType != "text/html" {
		return nil, nil
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	for i, policy := range h["Content-Security-Policy"] {
		h["Content-Security-Policy"] = slices.Clone(h["Content-Security-Policy"])
		h["Content-Security-Policy"][i] = relax(policy, l.address(r))
	}
	h.Set("Cache-Control", "no-store")
	return bytes.NewReader(l.tagged(data, name, r)), nil
}

// address is where the script and what it asks for are, as a policy names it,
// which has no word for one address of IPv6.
func (l *Live) address(r *http.Request) string {
	if strings.HasPrefix(r.Host, "[") {
		return "'self'"
	}
	return "http://" + r.Host + l.site.prefix + own
}

func (l *Live) tagged(data []byte, name string, r *http.Request) []byte {
	s, _ := l.get()
	sum := sumsOf(data)
	tag := fmt.Sprintf("\n"+`<script src="%slive.js" data-page="%s" data-rest="%s" data-mark="%s" data-navigate="%t" async></script>`,
		html.EscapeString(l.site.prefix+own), sum.Page, sum.Rest, html.EscapeString(s.Marks[name]), l.Navigate)
	return append(slices.Clip(data), tag...)
}

// relax lets a policy have the script, and what it asks the server for.
func relax(policy, address string) string {
	var list []string
	sources := make(map[string][]string)
	for d := range strings.SplitSeq(policy, ";") {
		words := strings.Fields(d)
		if len(words) == 0 {
			continue
		}
		name := strings.ToLower(words[0])
		if _, twice := sources[name]; !twice { // the first one counts
			list = append(list, name)
			sources[name] = words[1:]
		}
	}
	allow := func(source string, names ...string) {
		for _, name := range names {
			old, ok := sources[name]
			if !ok {
				continue
			}
			if name != names[0] {
				name = names[0]
				list = append(list, name)
			}
			old = slices.DeleteFunc(slices.Clone(old), func(s string) bool { return strings.EqualFold(s, "'none'") })
			sources[name] = append(old, source)
			return
		}
	}
	live := address
	if live != "'self'" {
		live += "live.js"
	}
	allow(live, "script-src-elem", "script-src", "default-src")
	allow(address, "connect-src", "default-src")
	for i, name := range list {
		list[i] = strings.Join(append([]string{name}, sources[name]...), " ")
	}
	return strings.Join(list, "; ")
}
