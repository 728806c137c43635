package netlify

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"duskpress/tools/deploy"
)

var _ deploy.Host = (*Client)(nil)

// asyncAbove is how many files the API compares while one waits. Requests are
// cut after 30 seconds.
const asyncAbove = 100

// most is how many pages of deploys Find reads, of 100 each: a site that takes
// ten deploys a day gets there in three years.
const most = 100

var (
	linkPattern = regexp.MustCompile(`<([^>]*)>([^<]*)`)
	nextRel     = regexp.MustCompile(`(?i);\s*rel="?next"?\s*([;,]|$)`)
)

var idPattern = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Site reads the site: by its id, or else by its exact name.
func (c *Client) Site(ctx context.Context) (deploy.Site, error) {
	if id := c.id.Load(); id != nil {
		s, err := c.siteByID(ctx, *id)
		if err == nil || !isAbsent(err) {
			return s, err
		}
		return deploy.Site{}, c.suggest(ctx, err)
	}
	if idPattern.MatchString(c.site) || strings.Contains(c.site, ".") {
		s, err := c.siteByID(ctx, c.site)
		if err == nil || !isAbsent(err) {
			return s, err
		}
	}
	s, err := c.siteByName(ctx)
	if !isAbsent(err) || idPattern.MatchString(c.site) {
		return s, err
	}
	// Ids of another form than those of today.
	if s, ierr := c.siteByID(ctx, c.site); ierr == nil {
		return s, nil
	}
	return s, err
}

func isAbsent(err error) bool {
	var f *deploy.Failure
	return errors.As(err, &f) && f.Kind == deploy.Absent
}

func (c *Client) siteByID(ctx context.Context, id string) (deploy.Site, error) {
	var s apiSite
	if _, err := c.do(ctx, call{op: "read the site", method: http.MethodGet, path: "/sites/" + url.PathEscape(id), out: &s}); err != nil {
		return deploy.Site{}, err
	}
	return c.remember(s)
}

// remember keeps the id, so that later calls are for the same site whatever
// name it takes.
func (c *Client) remember(s apiSite) (deploy.Site, error) {
	d := s.site()
	if d.ID == "" || d.URL == "" {
		return d, &deploy.Failure{Kind: deploy.Lost, Op: "read the site", Err: errors.New("the answer has no id or no address")}
	}
	c.id.Store(&d.ID)
	c.name.Store(&d.Name)
	return d, nil
}

func (c *Client) siteByName(ctx context.Context) (deploy.Site, error) {
	list, err := c.sitesLike(ctx)
	if err != nil {
		return deploy.Site{}, err
	}
	for _, s := range list {
		if s.Name == c.site || s.ID == c.site {
			return c.remember(s)
		}
	}
	return deploy.Site{}, &deploy.Failure{Kind: deploy.Absent, Op: "look for the site", Status: http.StatusNotFound, Message: c.unknown(list)}
}

func (c *Client) sitesLike(ctx context.Context) ([]apiSite, error) {
	var list []apiSite
	_, err := c.do(ctx, call{op: "look for the site by its name", method: http.MethodGet, path: "/sites", query: url.Values{"name": {c.site}, "filter": {"all"}}, out: &list})
	return list, err
}

// suggest makes the failure to find a site by id one that helps.
func (c *Client) suggest(ctx context.Context, err error) error {
	list, lerr := c.sitesLike(ctx)
	if lerr != nil {
		return lerr
	}
	var f *deploy.Failure
	errors.As(err, &f)
	f.Message = c.unknown(list)
	return f
}

func (c *Client) unknown(list []apiSite) string {
	s := fmt.Sprintf("no site has the id or name %s", c.site)
	var names []string
	for _, l := range list {
		if len(names) < 3 {
			names = append(names, l.Name)
		}
	}
	if len(names) > 0 {
		return s + "; did you mean " + strings.Join(names, ", ") + "?"
	}
	return s + "; the token may be of another account"
}

func (c *Client) deploys() string { return "/sites/" + url.PathEscape(*c.id.Load()) + "/deploys" }

// read is what the API says of a deploy, as package deploy wants it.
func (c *Client) read(a apiDeploy) (deploy.Deploy, error) {
	if a.ID == "" {
		return deploy.Deploy{}, &deploy.Failure{Kind: deploy.Lost, Err: errors.New("the answer has no id")}
	}
	for _, s := range []*string{&a.Error, &a.State, &a.Title} {
		*s = c.clean(*s)
	}
	for i, sha := range a.Required {
		a.Required[i] = c.clean(sha)
	}
	d := a.deploy(*c.name.Load())
	d.Asked = deploy.Call{Method: http.MethodGet, URL: c.base.String() + c.deploys() + "/" + url.PathEscape(d.ID)}
	return d, nil
}

// Find reads the list from its newest end, until a page has what is looked for.
func (c *Client) Find(ctx context.Context, mark string) ([]deploy.Deploy, error) {
	var found []deploy.Deploy
	query := url.Values{"page": {"1"}, "per_page": {"100"}}
	seen := 0
	for n := 1; ; n++ {
		var list []apiDeploy
		header, err := c.do(ctx, call{op: "list the deploys", method: http.MethodGet, path: c.deploys(), query: query, out: &list})
		if err != nil {
			return nil, err
		}
		seen += len(list)
		whole := false // nothing better can come
		for _, a := range list {
			if !strings.Contains(a.Title, mark) {
				continue
			}
			d, err := c.read(a)
			if err != nil {
				return nil, err
			}
			found = append(found, d)
			whole = whole || d.State == deploy.Ready
		}
		next := nextPage(header.Values("Link"))
		if whole || len(list) == 0 || next == nil || next.Encode() == query.Encode() {
			return found, nil
		}
		if n == c.most {
			c.log.Warn("an earlier attempt is looked for among the newest deploys only", "deploys", seen, "mark", mark)
			return found, nil
		}
		query = next
	}
}

// nextPage is the query of the next page of a list, or nil. Of the address
// nothing else counts: the token stays with the API's.
func nextPage(links []string) url.Values {
	for _, link := range linkPattern.FindAllStringSubmatch(strings.Join(links, ","), -1) {
		if !nextRel.MatchString(link[2]) {
			continue
		}
		if u, err := url.Parse(link[1]); err == nil && u.RawQuery != "" {
			return u.Query()
		}
	}
	return nil
}

// Create makes a deploy without files.
func (c *Client) Create(ctx context.Context, o deploy.Spec) (deploy.Deploy, error) {
	var a apiDeploy
	if _, err := c.do(ctx, call{op: "create a deploy", method: http.MethodPost, path: c.deploys(),
		query: url.Values{"title": {o.Title}}, json: apiManifest{Draft: o.Draft, Branch: o.Alias}, out: &a}); err != nil {
		return deploy.Deploy{}, err
	}
	return c.read(a)
}

// Offer sends the manifest.
func (c *Client) Offer(ctx context.Context, id string, m *deploy.Manifest, o deploy.Spec) (deploy.Deploy, error) {
	files := make(map[string]string, len(m.Files))
	for name, f := range m.Files {
		files[name] = f.SHA1
	}
	async := len(files) > asyncAbove
	var a apiDeploy
	if _, err := c.do(ctx, call{op: "send the list of files", method: http.MethodPut, path: c.deploys() + "/" + url.PathEscape(id),
		json: apiManifest{Files: files, Draft: o.Draft, Async: async, Branch: o.Alias}, out: &a}); err != nil {
		return deploy.Deploy{}, err
	}
	d, err := c.read(a)
	if err == nil && !async && a.Required != nil && (d.State == deploy.Empty || d.State == deploy.Waiting || d.State == deploy.Unknown) {
		d.State = deploy.Compared // the answer is the comparison, whatever word it has
	}
	return d, err
}

// Upload sends one file.
func (c *Client) Upload(ctx context.Context, id string, f deploy.File, body io.Reader) error {
	elements := strings.Split(f.Path, "/")
	for i, e := range elements {
		elements[i] = url.PathEscape(e)
	}
	var a apiFile
	if _, err := c.do(ctx, call{op: "send " + f.Path, method: http.MethodPut, path: "/deploys/" + url.PathEscape(id) + "/files/" + strings.Join(elements, "/"),
		body: body, file: f.Path, size: f.Size, out: &a}); err != nil {
		return err
	}
	if a.SHA != "" && !strings.EqualFold(a.SHA, f.SHA1) {
		return &deploy.Failure{Kind: deploy.Lost, Op: "send " + f.Path, Err: fmt.Errorf("the host has taken a file with SHA-1 %s, sent was %s", a.SHA, f.SHA1)}
	}
	return nil
}

// Get reads a deploy.
func (c *Client) Get(ctx context.Context, id string) (deploy.Deploy, error) {
	var a apiDeploy
	if _, err := c.do(ctx, call{op: "read deploy " + id, method: http.MethodGet, path: c.deploys() + "/" + url.PathEscape(id), out: &a}); err != nil {
		return deploy.Deploy{}, err
	}
	return c.read(a)
}

// Publish restores a deploy, which is the API's word for making it live.
func (c *Client) Publish(ctx context.Context, id string) error {
	_, err := c.do(ctx, call{op: "publish deploy " + id, method: http.MethodPost, path: c.deploys() + "/" + url.PathEscape(id) + "/restore", out: new(apiDeploy)})
	return err
}

// Files lists what is live.
func (c *Client) Files(ctx context.Context) ([]deploy.Remote, error) {
	var list []apiFile
	if _, err := c.do(ctx, call{op: "list the files that are live", method: http.MethodGet, path: "/sites/" + url.PathEscape(*c.id.Load()) + "/files", out: &list}); err != nil {
		return nil, err
	}
	files := make([]deploy.Remote, 0, len(list))
	for _, f := range list {
		files = append(files, deploy.Remote{Path: strings.TrimPrefix(f.Path, "/"), SHA1: f.SHA, Size: f.Size})
	}
	return files, nil
}

// Lock locks or unlocks the site to a deploy.
func (c *Client) Lock(ctx context.Context, id string, locked bool) error {
	word := "unlock"
	if locked {
		word = "lock"
	}
	_, err := c.do(ctx, call{op: word + " deploy " + id, method: http.MethodPost, path: "/deploys/" + url.PathEscape(id) + "/" + word, out: new(apiDeploy)})
	return err
}

// Fetch reads a page as a reader does, without a token and without compression.
func (c *Client) Fetch(ctx context.Context, r deploy.Request) (*deploy.Answer, error) {
	address := r.At + r.Path
	fail := &deploy.Failure{Kind: deploy.Unsent, Op: "read " + address, Call: deploy.Call{Method: http.MethodGet, URL: address, Page: true}}
	req, err := http.NewRequestWithContext(trace(ctx, fail), http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set("Cache-Control", "no-cache")
	resp, err := c.pages.Do(req)
	if err != nil {
		fail.Err = errors.New(reason(err))
		return nil, fail
	}
	defer resp.Body.Close()
	fail.Kind, fail.Status = deploy.Lost, resp.StatusCode
	one, two := sha1.New(), sha256.New()
	n, err := io.Copy(io.MultiWriter(one, two), resp.Body)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests:
		fail.Kind, fail.Wait = deploy.Throttled, resetAfter(resp.Header)
		return nil, fail
	case resp.StatusCode >= 500:
		return nil, fail
	case err != nil:
		fail.Err = fmt.Errorf("the answer ends too early: %s", reason(err))
		return nil, fail
	}
	return &deploy.Answer{URL: address, Status: resp.StatusCode, Header: resp.Header, Size: n,
		SHA1: hex.EncodeToString(one.Sum(nil)), SHA256: hex.EncodeToString(two.Sum(nil))}, nil
}
