// Package serve serves a published site as Netlify does, so that what a
// browser shows here is what readers will see.
//
// What enters: the directory of a site, requests. What leaves: its files, with
// the headers of its _headers, the redirections of its _redirects, addresses
// without .html or index.html, and 404.html where nothing is there. It never
// lists a directory, never leaves it, hides files whose names begin with a dot,
// asks no other server, and takes no content type from the machine it runs on.
package serve

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"duskpress/tools/headers"
)

// defaultCache is what Netlify says of files of which nobody else says more.
const defaultCache = "public, max-age=0, must-revalidate"

// A Site is one published site.
type Site struct {
	dir    atomic.Pointer[string]
	prefix string
	log    *slog.Logger
	// rewrite may give other bytes for a file, or none to leave it.
	rewrite func(r *http.Request, name string, f io.Reader, h http.Header) (io.ReadSeeker, error)

	mu        sync.Mutex
	headers   parsed[headers.Rule]
	redirects parsed[headers.Redirect]
}

// parsed is what a file meant when it had these bytes.
type parsed[T any] struct {
	data []byte
	list []T
}

// New returns a handler for the site in a directory, which may be made later.
// The address of the site's root is prefix, such as /notes/; empty is /. What
// is wrong with _headers and _redirects goes to log, which may be nil.
func New(dir, prefix string, log *slog.Logger) *Site {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Site{prefix: "/" + strings.Trim(prefix, "/"), log: log}
	if s.prefix != "/" {
		s.prefix += "/"
	}
	s.SetDir(dir)
	return s
}

// SetDir serves another directory from the next request on.
func (s *Site) SetDir(dir string) { s.dir.Store(&dir) }

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	p, ok := s.path(w, r)
	if !ok {
		return
	}
	// For each request anew: a build puts another directory in the place of this one.
	root, err := os.OpenRoot(*s.dir.Load())
	if err != nil {
		http.Error(w, "the site is not there", http.StatusServiceUnavailable)
		return
	}
	defer root.Close()
	rules := load(s, root, headers.File, &s.headers, headers.Parse)
	redirects := load(s, root, headers.RedirectsFile, &s.redirects, headers.ParseRedirects)

	name, slash := find(root, p)
	for _, rule := range redirects {
		if name != "" && !rule.Force {
			continue // the file shadows it
		}
		if to, ok := rule.Match(p, r.URL.Query()); ok {
			if s.redirect(w, r, root, rules, rule, to, p) {
				return
			}
		}
	}
	switch {
	case slash: // relative links on the page count on it
		s.move(w, r, r.URL.EscapedPath()+"/", http.StatusMovedPermanently)
	case name != "":
		s.send(w, r, root, name, headers.Apply(rules, p), http.StatusOK)
	default:
		s.notFound(w, r, root, headers.Apply(rules, p))
	}
}

// path is the path below the site's root that is asked for, clean and without
// escapes. Where there is none, it has answered.
func (s *Site) path(w http.ResponseWriter, r *http.Request) (string, bool) {
	p := r.URL.Path
	if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "\x00\\") {
		http.Error(w, "no such path", http.StatusBadRequest)
		return "", false
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	if clean != p {
		u := url.URL{Path: clean, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, u.String(), http.StatusMovedPermanently)
		return "", false
	}
	if rest, ok := strings.CutPrefix(p, s.prefix); ok {
		return "/" + rest, true
	}
	if p == "/" || p+"/" == s.prefix {
		http.Redirect(w, r, s.prefix, http.StatusFound)
		return "", false
	}
	http.Error(w, "the site begins at "+s.prefix, http.StatusNotFound)
	return "", false
}

// load reads one of the two files, and parses it when it has changed.
func load[T any](s *Site, root *os.Root, name string, last *parsed[T], parse func([]byte) ([]T, []headers.Fault)) []T {
	data, err := root.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Warn("reading", "file", name, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(data, last.data) {
		list, faults := parse(data)
		for _, f := range faults {
			s.log.Warn(f.Message, "file", name, "line", f.Line)
		}
		*last = parsed[T]{data, list}
	}
	return last.list
}

// hidden reports whether a path is not for readers.
func hidden(p string) bool {
	p = strings.TrimPrefix(p, "/")
	if p == headers.File || p == headers.RedirectsFile {
		return true
	}
	for e := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(e, ".") && e != ".well-known" {
			return true
		}
	}
	return false
}

// find is the file for a path: itself, with .html, or the index.html in it. A
// directory without a slash at its end is found with one.
func find(root *os.Root, p string) (name string, slash bool) {
	if hidden(p) {
		return "", false
	}
	p = strings.TrimPrefix(p, "/")
	dir := strings.TrimSuffix(p, "/")
	if p != "" && dir == p && isFile(root, p) {
		return p, false
	}
	if index := path.Join(dir, "index.html"); isFile(root, index) {
		return index, dir == p && p != ""
	}
	if dir != "" && isFile(root, dir+".html") {
		return dir + ".html", false
	}
	return "", false
}

func isFile(root *os.Root, name string) bool {
	info, err := root.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// redirect follows a rule. It reports false where the rule leads to a file that
// is not there, or to another host that it would have to ask.
func (s *Site) redirect(w http.ResponseWriter, r *http.Request, root *os.Root, rules []headers.Rule, rule headers.Redirect, to, p string) bool {
	switch rule.Status {
	case 301, 302, 303, 307, 308:
		if len(rule.Query) > 0 {
			r = r.Clone(r.Context())
			r.URL.RawQuery = "" // the rule has made use of all of it
		}
		s.move(w, r, to, rule.Status)
		return true
	}
	u, err := url.Parse(to)
	if err != nil || u.Host != "" {
		return false
	}
	below, ok := strings.CutPrefix(u.Path, s.prefix)
	if !ok {
		below = strings.TrimPrefix(u.Path, "/")
	}
	name, _ := find(root, "/"+below)
	if name == "" {
		return false
	}
	s.send(w, r, root, name, headers.Apply(rules, p), rule.Status)
	return true
}

// move sends the reader to another address, with the query of this one if that
// has none.
func (s *Site) move(w http.ResponseWriter, r *http.Request, to string, status int) {
	if r.URL.RawQuery != "" && !strings.Contains(to, "?") {
		at, fragment, found := strings.Cut(to, "#")
		if to = at + "?" + r.URL.RawQuery; found {
			to += "#" + fragment
		}
	}
	// Two slashes at the beginning would be another host.
	if strings.HasPrefix(to, "//") {
		to = "/" + strings.TrimLeft(to, "/")
	}
	w.Header().Set("Cache-Control", defaultCache)
	http.Redirect(w, r, to, status)
}

// send answers with a file.
func (s *Site) send(w http.ResponseWriter, r *http.Request, root *os.Root, name string, extra http.Header, status int) {
	f, err := root.Open(name)
	if err != nil {
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Cache-Control", defaultCache)
	for key, values := range extra {
		h[key] = values
	}
	var content io.ReadSeeker = f
	if s.rewrite != nil {
		other, rerr := s.rewrite(r, name, f, h)
		if err = rerr; other != nil {
			content = other
		}
	}
	sum := sha256.New()
	var n int64
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err == nil {
		n, err = io.Copy(sum, content)
	}
	if err == nil {
		_, err = content.Seek(0, io.SeekStart)
	}
	if err != nil {
		clear(h)
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	if h.Get("Etag") == "" {
		h.Set("Etag", fmt.Sprintf("%q", base64.RawURLEncoding.EncodeToString(sum.Sum(nil))))
	}
	if status == http.StatusOK {
		http.ServeContent(w, r, name, time.Time{}, content)
		return
	}
	h.Del("Etag") // a page about what is missing is not kept in the place of it
	h.Set("Content-Length", fmt.Sprint(n))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		// Fails only when the reader has gone.
		_, _ = io.Copy(w, content)
	}
}

func (s *Site) notFound(w http.ResponseWriter, r *http.Request, root *os.Root, extra http.Header) {
	// What rules say of the file that would be there is not for this page.
	for _, name := range []string{"Cache-Control", "Content-Type"} {
		extra.Del(name)
	}
	if isFile(root, "404.html") {
		s.send(w, r, root, "404.html", extra, http.StatusNotFound)
		return
	}
	for key, values := range extra {
		w.Header()[key] = slices.Clone(values)
	}
	http.Error(w, "not found", http.StatusNotFound)
}
