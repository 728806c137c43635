package fakenetlify

import (
	"bytes"
	"maps"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"duskpress/tools/headers"
)

func lower(s string) string { return strings.ToLower(s) }

// siteHandler serves a deploy, an alias, or, for "", what is live.
func (f *Fake) siteHandler(key string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if strings.Contains(r.Header.Get("Authorization"), Token) {
			f.t.Errorf("a page was asked for with a token: %s", r.URL)
		}
		op := "permalink"
		if key == "" || strings.HasPrefix(key, "alias:") {
			op = "page"
		}
		f.counts[op]++
		fault := f.due(op, f.counts[op])
		if fault != nil && fault.Kind == OtherAfter {
			f.other(otherSite)
		}
		id := key
		if key == "" {
			id = f.live
		} else if alias, ok := strings.CutPrefix(key, "alias:"); ok {
			for _, d := range f.deploys {
				if d.Alias == alias && d.State == "ready" {
					id = d.ID
				}
			}
		}
		if fault != nil {
			switch fault.Kind {
			case Password:
				http.Error(w, "password", http.StatusUnauthorized)
				return
			case Status:
				http.Error(w, "planted", fault.Status)
				return
			case DropBefore:
				drop(w)
				return
			case Old:
				if n := len(f.Published); n > 1 {
					id = f.Published[n-2]
				} else {
					id = ""
				}
			}
		}
		d := f.find(id)
		if d == nil || d.Files == nil {
			http.Error(w, "Not Found", 404)
			return
		}
		f.page(w, r, d, fault)
	})
}

func (f *Fake) page(w http.ResponseWriter, r *http.Request, d *Deploy, fault *Fault) {
	p := r.URL.Path
	for _, rule := range strings.Split(string(f.blobs[d.Files["_redirects"]]), "\n") {
		parts := strings.Fields(rule)
		if len(parts) >= 2 && parts[0] == p {
			status := 301
			if len(parts) > 2 {
				status, _ = strconv.Atoi(strings.TrimSuffix(parts[2], "!"))
			}
			w.Header().Set("Location", parts[1])
			w.WriteHeader(status)
			return
		}
	}
	name := trimSlash(p)
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	status := 200
	sha, ok := d.Files[name]
	if !ok || name == "_headers" || name == "_redirects" {
		sha, ok = d.Files["404.html"]
		status, name = 404, "404.html"
	}
	data := f.blobs[sha]
	if !ok {
		http.Error(w, "Not Found", 404)
		return
	}
	if fault == nil || fault.Kind != StripHeaders {
		f.headers(w, d, p)
	}
	if fault != nil && (fault.Kind == OtherHeaders || fault.Kind == MoreHeaders) {
		for name, values := range w.Header() {
			if fault.Kind == MoreHeaders {
				w.Header().Set(name, values[0]+", more")
				continue
			}
			w.Header().Set(name, "other")
		}
	}
	if fault != nil && fault.Kind == Rewrite && strings.HasSuffix(name, ".html") {
		data = append(bytes.Clone(data), "<!-- rewritten -->"...)
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", t)
	}
	w.Header().Set("Etag", strconv.Quote(sha[:8]+"-ssl"))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// headers are those that _headers gives a path.
func (f *Fake) headers(w http.ResponseWriter, d *Deploy, p string) {
	sha, ok := d.Files[headers.File]
	if !ok {
		return
	}
	if f.rules[sha] == nil {
		f.rules[sha], _ = headers.Parse(f.blobs[sha])
	}
	maps.Copy(w.Header(), headers.Apply(f.rules[sha], p))
}
