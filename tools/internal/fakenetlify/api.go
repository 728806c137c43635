package fakenetlify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An operation is one call of the API.
type operation struct {
	name    string // as faults name it
	method  string
	path    string // with {x}
	handler func(f *Fake, w *httptest.ResponseRecorder, r *http.Request, arg []string, body []byte)
	pattern *regexp.Regexp
}

var operations = []*operation{
	{name: "sites", method: "GET", path: "/sites", handler: (*Fake).listSites},
	{name: "site", method: "GET", path: "/sites/{site_id}", handler: (*Fake).getSite},
	{name: "files", method: "GET", path: "/sites/{site_id}/files", handler: (*Fake).listFiles},
	{name: "list", method: "GET", path: "/sites/{site_id}/deploys", handler: (*Fake).listDeploys},
	{name: "create", method: "POST", path: "/sites/{site_id}/deploys", handler: (*Fake).createDeploy},
	{name: "poll", method: "GET", path: "/sites/{site_id}/deploys/{deploy_id}", handler: (*Fake).getDeploy},
	{name: "manifest", method: "PUT", path: "/sites/{site_id}/deploys/{deploy_id}", handler: (*Fake).putManifest},
	{name: "restore", method: "POST", path: "/sites/{site_id}/deploys/{deploy_id}/restore", handler: (*Fake).restore},
	{name: "lock", method: "POST", path: "/deploys/{deploy_id}/lock", handler: (*Fake).lock},
	{name: "unlock", method: "POST", path: "/deploys/{deploy_id}/unlock", handler: (*Fake).unlock},
	{name: "upload", method: "PUT", path: "/deploys/{deploy_id}/files/{path}", handler: (*Fake).upload},
}

func init() {
	for _, o := range operations {
		p := regexp.QuoteMeta(o.path)
		p = strings.ReplaceAll(p, `\{path\}`, `(.+)`)
		p = regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(p, `([^/]+)`)
		o.pattern = regexp.MustCompile("^" + p + "$")
	}
}

func lookUp(method, path string) (*operation, []string) {
	for _, o := range operations {
		if o.method == method {
			if m := o.pattern.FindStringSubmatch(path); m != nil {
				return o, m[1:]
			}
		}
	}
	return nil, nil
}

func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), "/api/v1")
	op, arg := lookUp(r.Method, path)
	if !ok || op == nil {
		f.t.Errorf("the fake was asked for %s %s, which the API does not have", r.Method, r.URL)
		http.Error(w, "Not Found", http.StatusNotFound)
		return
	}
	body, berr := io.ReadAll(r.Body)
	f.mu.Lock()
	if f.limited(w.Header()) {
		f.mu.Unlock()
		rec := httptest.NewRecorder()
		fail(rec, 429, "Too Many Requests")
		send(w, rec, rec.Body.Len())
		return
	}
	f.counts[op.name]++
	n := f.counts[op.name]
	fault := f.due(op.name, n)
	if f.noIdle {
		w.Header().Set("Connection", "close")
	}
	f.mu.Unlock()
	ex := Exchange{Op: op.name, Method: r.Method, Path: path, Query: r.URL.RawQuery, Request: body, Faulted: fault != nil}
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		ex.Request = slices.Clone(ex.Request[:min(len(ex.Request), 1<<16)])
		f.exchange = append(f.exchange, ex)
	}()
	if fault != nil && !fault.after() {
		ex.Status = f.answerFault(w, r, fault)
		return
	}
	if berr != nil {
		return // the client broke the request off: nothing was taken
	}
	rec := httptest.NewRecorder()
	rec.Header().Set("X-Request-Id", fmt.Sprintf("req-%s-%d", op.name, n))
	switch {
	case r.Header.Get("Authorization") != "Bearer "+Token:
		fail(rec, 401, "Access Denied")
	case len(arg) > 0 && strings.HasPrefix(path, "/sites/") && arg[0] != SiteID && arg[0] != SiteName+".netlify.app":
		fail(rec, 404, "Not Found")
	default:
		for i := range arg {
			arg[i], _ = url.PathUnescape(arg[i])
		}
		f.mu.Lock()
		op.handler(f, rec, r, arg, body)
		f.mu.Unlock()
	}
	ex.Status, ex.Answer = rec.Code, rec.Body.Bytes()
	if err := f.validate(ex); err != nil {
		f.t.Errorf("%s %s does not agree with the API's description: %v", r.Method, path, err)
	}
	if fault != nil {
		if done := f.afterFault(w, r, rec, fault); done {
			return
		}
	}
	send(w, rec, len(rec.Body.Bytes()))
}

func send(w http.ResponseWriter, rec *httptest.ResponseRecorder, n int) {
	for k, v := range rec.Header() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Length", strconv.Itoa(rec.Body.Len()))
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()[:n])
}

func fail(w *httptest.ResponseRecorder, status int, message string) {
	reply(w, status, map[string]any{"code": status, "message": message})
}

func reply(w *httptest.ResponseRecorder, status int, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	data, _ := json.Marshal(v)
	w.Code = status
	w.Body.Reset()
	w.Body.Write(data)
}

func (f *Fake) siteJSON() map[string]any {
	m := map[string]any{
		"id": SiteID, "name": SiteName, "state": "current", "url": f.siteURL(""), "ssl_url": f.siteURL(""),
		"processing_settings": map[string]any{"html": map[string]any{"pretty_urls": f.PrettyURLs}},
		"build_settings":      map[string]any{"repo_branch": f.Branch},
	}
	if f.GitOnly {
		m["prevent_non_git_prod_deploys"] = true
	}
	if f.live != "" {
		d := f.find(f.live)
		m["published_deploy"] = f.deployJSON(d, false)
	}
	return m
}

func (f *Fake) deployJSON(d *Deploy, required bool) map[string]any {
	m := map[string]any{
		"id": d.ID, "site_id": SiteID, "name": SiteName, "state": d.State, "title": d.Title, "draft": d.Draft,
		"created_at": d.Created.Format(time.RFC3339), "url": f.siteURL(""), "ssl_url": f.siteURL(""),
		"locked": f.locked && f.live == d.ID, "links": map[string]any{"permalink": f.siteURL(d.ID)},
	}
	if d.Alias != "" {
		m["branch"] = d.Alias
		m["deploy_ssl_url"] = f.siteURL("alias:" + d.Alias)
	}
	if !d.PublishedAt.IsZero() {
		m["published_at"] = d.PublishedAt.Format(time.RFC3339)
	}
	if d.Error != "" {
		m["error_message"] = d.Error
	}
	if required && d.Files != nil && d.State != "preparing" {
		m["required"] = f.missing(d)
	}
	return m
}

func (f *Fake) listSites(w *httptest.ResponseRecorder, r *http.Request, _ []string, _ []byte) {
	list := []any{}
	if name := r.URL.Query().Get("name"); strings.Contains(SiteName, name) || len(name) > 3 && strings.HasPrefix(name, SiteName[:4]) {
		list = append(list, f.siteJSON())
	}
	reply(w, 200, list)
}

func (f *Fake) getSite(w *httptest.ResponseRecorder, _ *http.Request, _ []string, _ []byte) {
	reply(w, 200, f.siteJSON())
}

func (f *Fake) listFiles(w *httptest.ResponseRecorder, _ *http.Request, _ []string, _ []byte) {
	list := []any{}
	if d := f.find(f.live); d != nil {
		paths := make([]string, 0, len(d.Files))
		for p := range d.Files {
			paths = append(paths, p)
		}
		slices.Sort(paths)
		for _, p := range paths {
			list = append(list, f.fileJSON(p, d.Files[p]))
		}
	}
	reply(w, 200, list)
}

func (f *Fake) fileJSON(p, sha string) map[string]any {
	return map[string]any{"id": "/" + p, "path": "/" + p, "sha": sha, "size": len(f.blobs[sha]), "mime_type": "text/plain"}
}

func (f *Fake) listDeploys(w *httptest.ResponseRecorder, r *http.Request, _ []string, _ []byte) {
	per, page := 100, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("per_page")); err == nil && n > 0 {
		per = min(n, 100)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 0 {
		page = n
	}
	var all []*Deploy
	for _, d := range slices.Backward(f.deploys) {
		if d.Gone {
			continue
		}
		if f.hidden[d.ID] > 0 {
			f.hidden[d.ID]--
			continue
		}
		all = append(all, d)
	}
	list := []any{}
	for _, d := range all[min(len(all), (page-1)*per):min(len(all), page*per)] {
		list = append(list, f.deployJSON(d, false))
	}
	if page*per < len(all) {
		w.Header().Set("Link", fmt.Sprintf(`<%s/sites/%s/deploys?page=%d&per_page=%d>; rel="next"`, f.API(), SiteID, page+1, per))
	}
	reply(w, 200, list)
}

type manifest struct {
	Files  map[string]string `json:"files"`
	Draft  bool              `json:"draft"`
	Async  bool              `json:"async"`
	Branch string            `json:"branch"`
}

func (f *Fake) createDeploy(w *httptest.ResponseRecorder, r *http.Request, _ []string, body []byte) {
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		fail(w, 400, "Invalid JSON")
		return
	}
	if f.GitOnly && !m.Draft && m.Branch == "" {
		fail(w, 422, "Production deploys come from git alone")
		return
	}
	d := f.add(r.URL.Query().Get("title"), m.Draft, m.Branch)
	reply(w, 200, f.deployJSON(d, true))
}

// arrived is called with the deploy of a request.
func (f *Fake) arrived(w *httptest.ResponseRecorder, id string) *Deploy {
	d := f.find(id)
	if d == nil {
		fail(w, 404, "Not Found")
	}
	return d
}

func (f *Fake) putManifest(w *httptest.ResponseRecorder, _ *http.Request, arg []string, body []byte) {
	d := f.arrived(w, arg[1])
	if d == nil {
		return
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil || m.Files == nil {
		fail(w, 400, "Invalid JSON")
		return
	}
	if d.State == "ready" || d.State == "error" || d.State == "processing" {
		fail(w, 422, "Deploy is already "+d.State)
		return
	}
	for p, sha := range m.Files {
		if strings.ContainsAny(p, "#?") || len(sha) != 40 {
			fail(w, 422, "Invalid path or sha: "+p)
			return
		}
	}
	if len(m.Files) > 100 && !m.Async {
		fail(w, 422, "too many files for a synchronous deploy")
		return
	}
	d.Files = make(map[string]string)
	for p, sha := range m.Files {
		d.Files[trimSlash(p)] = sha
	}
	d.Async, d.left = m.Async, len(f.missing(d))
	d.Polls = f.ProcessingPolls
	switch {
	case m.Async:
		d.State, d.Polls = "preparing", 2
	case len(f.missing(d)) > 0:
		d.State = "uploading"
	default:
		d.State = "uploaded"
	}
	reply(w, 200, f.deployJSON(d, true))
}

func (f *Fake) upload(w *httptest.ResponseRecorder, r *http.Request, arg []string, body []byte) {
	d := f.arrived(w, arg[0])
	if d == nil {
		return
	}
	if got := r.Header.Get("Content-Type"); got != "application/octet-stream" {
		fail(w, 400, "Content-Type "+got)
		return
	}
	p, sha := trimSlash(arg[1]), sum(body)
	if d.State == "ready" || d.State == "error" {
		fail(w, 422, "Deploy is already "+d.State)
		return
	}
	if want, ok := d.Files[p]; !ok || want != sha {
		fail(w, 422, fmt.Sprintf("%s is not in the manifest with this content", p))
		return
	}
	f.Uploads[sha]++
	if _, ok := f.blobs[sha]; ok {
		f.Repeated = append(f.Repeated, p)
	}
	f.blobs[sha] = bytes.Clone(body)
	reply(w, 200, f.fileJSON(p, sha))
	if d.left--; d.left <= 0 && len(f.missing(d)) == 0 && d.State != "preparing" && !d.Frozen {
		d.State = "uploaded"
		if f.AtOnce {
			d.State = "processing"
		}
	}
}

func (f *Fake) getDeploy(w *httptest.ResponseRecorder, _ *http.Request, arg []string, _ []byte) {
	d := f.arrived(w, arg[1])
	if d == nil {
		return
	}
	f.advance(d)
	reply(w, 200, f.deployJSON(d, true))
}

func (f *Fake) restore(w *httptest.ResponseRecorder, _ *http.Request, arg []string, _ []byte) {
	d := f.arrived(w, arg[1])
	switch {
	case d == nil:
		return
	case d.State != "ready":
		fail(w, 422, "Deploy is not ready")
		return
	case f.RefuseDrafts && d.Draft && d.PublishedAt.IsZero():
		fail(w, 422, "Cannot restore a draft")
		return
	case f.locked && f.live != d.ID:
		fail(w, 422, "Site is locked")
		return
	}
	f.publish(d)
	reply(w, 201, f.deployJSON(d, false))
}

func (f *Fake) lock(w *httptest.ResponseRecorder, _ *http.Request, arg []string, _ []byte) {
	if d := f.arrived(w, arg[0]); d != nil {
		f.locked = true
		reply(w, 200, f.deployJSON(d, false))
	}
}

func (f *Fake) unlock(w *httptest.ResponseRecorder, _ *http.Request, arg []string, _ []byte) {
	if d := f.arrived(w, arg[0]); d != nil {
		f.locked = false
		reply(w, 200, f.deployJSON(d, false))
	}
}
