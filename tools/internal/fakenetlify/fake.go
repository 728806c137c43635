// Package fakenetlify is a stand-in for Netlify in tests: its API and the sites
// that it serves, over HTTP on this machine, with faults at any step.
//
// What enters: requests, [Fault]s. What leaves: answers of the shapes of the
// API's description, sites, and a record of all that was asked. It never leaves
// loopback and keeps nothing on the disk.
//
// # What it models
//
// Sites by id and by name; deploys with their states, drafts, aliases, titles;
// manifests compared with what was ever uploaded, at once or in the background;
// uploads checked against their sums; processing that takes a number of polls;
// publishing by restore, and by deploys that are no drafts; locks; lists in
// pages with Link; files of the live site; rate limits; an address for each
// deploy, its alias and the live site, with _headers and plain rules of
// _redirects.
//
// # What it does not
//
// Functions, builds from git, forms, teams, zip files, passwords of its own
// (a fault answers 401), certificates, expiry of old deploys (a fault removes
// them), placeholders and conditions in rules, the time that edges differ by
// region.
package fakenetlify

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"duskpress/tools/headers"
)

// SiteID and SiteName are of the one site.
const (
	SiteID   = "6c1f2a34-90ab-4cde-8f01-23456789abcd"
	SiteName = "notes-of-dusk"
)

// Token is the one that is let in.
const Token = "nfp_FakeTokenThatMustNeverBeSeenAnywhere42"

// A Fake is one account with one site.
type Fake struct {
	open atomic.Int64 // connections

	t testing.TB

	mu       sync.Mutex
	faults   []*Fault
	counts   map[string]int
	blobs    map[string][]byte // every file that was ever uploaded, by SHA-1
	deploys  []*Deploy         // oldest first
	live     string
	locked   bool
	seq      int
	noIdle   bool
	hidden   map[string]int // lists that do not show a deploy yet
	exchange []Exchange
	validate func(Exchange) error
	rules    map[string][]headers.Rule // by the SHA-1 of their file

	group    errgroup.Group
	server   *http.Server
	address  string
	listener net.Listener
	sites    map[string]*httptest.Server // by deploy, alias:NAME, or ""

	// ProcessingPolls is how many polls a deploy takes from complete to ready.
	ProcessingPolls int
	// Strange, unless empty, is the state of deploys that are processed.
	Strange string
	// ErrorText is what a deploy in the state error says.
	ErrorText string
	// AtOnce begins processing as soon as the last file is there.
	AtOnce bool
	// RefuseDrafts answers 422 to a restore of a draft that was never live.
	RefuseDrafts bool
	// GitOnly, PrettyURLs and Branch are settings of the site.
	GitOnly, PrettyURLs bool
	Branch              string

	// Limit, unless 0, is how many requests a second are answered; the others
	// get a 429 with the time of the next second. Limited counts those.
	Limit, Limited int
	second         int64
	asked          int

	// Uploads counts uploads by SHA-1, Repeated those of files that were known.
	Uploads  map[string]int
	Repeated []string
	// Published lists the deploys that became live, in their order.
	Published []string
}

// A Deploy is what the fake knows of one.
type Deploy struct {
	ID, Title, State, Error, Alias string
	Draft, Async                   bool
	Files                          map[string]string // path without slash, SHA-1
	Polls                          int
	Created                        time.Time
	PublishedAt                    time.Time
	Gone                           bool
	Frozen                         bool // never gets further

	left int // uploads until it may be whole: to look for it at each would take long
}

// An Exchange is one request to the API and its answer.
type Exchange struct {
	Op           string
	Method, Path string // below /api/v1
	Query        string
	Request      []byte
	Status       int
	Answer       []byte
	Faulted      bool
}

// New starts a fake. It ends with the test.
func New(t testing.TB) *Fake {
	f := &Fake{t: t, counts: make(map[string]int), blobs: make(map[string][]byte), hidden: make(map[string]int), rules: make(map[string][]headers.Rule), sites: make(map[string]*httptest.Server), Uploads: make(map[string]int)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.address = l.Addr().String()
	f.start(l)
	f.validate = validator(t)
	t.Cleanup(f.close)
	return f
}

// API is the address for NETLIFY_API_URL.
func (f *Fake) API() string { return "http://" + f.address + "/api/v1" }

func (f *Fake) start(l net.Listener) {
	f.listener = l
	f.server = &http.Server{Handler: http.HandlerFunc(f.serve), ReadHeaderTimeout: 10 * time.Second, ConnState: f.noteConn}
	s := f.server
	f.group.Go(func() error {
		_ = s.Serve(l) // ends when the server is closed
		return nil
	})
}

// noteConn counts the connections that are open.
func (f *Fake) noteConn(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		f.open.Add(1)
	case http.StateClosed, http.StateHijacked:
		f.open.Add(-1)
	}
}

// Settle waits, for a time, until what a process sent that is no more has been
// answered: on a busy machine a request may be read long after its sender's end, and
// later than the patience of the next run, which the tests make a hundred times
// shorter than it is.
func (f *Fake) Settle() {
	quiet := 0
	for end := time.Now().Add(5 * time.Second); quiet < 3 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if quiet++; f.open.Load() > 0 {
			quiet = 0
		}
	}
}

func (f *Fake) close() {
	f.mu.Lock()
	s, sites := f.server, f.sites
	f.mu.Unlock()
	if s != nil {
		s.Close()
	}
	for _, x := range sites {
		x.CloseClientConnections()
		x.Close()
	}
}

// Down stops listening: once it returns, connections are refused. Requests that
// are being answered are answered.
func (f *Fake) Down() {
	f.mu.Lock()
	f.server.SetKeepAlivesEnabled(false)
	f.listener.Close()
	f.mu.Unlock()
	// A process that a test is just starting holds the socket until it runs
	// another program: the system goes on connecting until then, and resets.
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		c, err := net.Dial("tcp", f.address)
		if err != nil {
			return
		}
		c.Close()
	}
	f.t.Errorf("%s still takes connections, though nobody listens", f.address)
}

// patience is for the system, on a machine that is very busy.
const patience = time.Minute

// Up listens again, at the same address.
func (f *Fake) Up() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.server.Close()
	for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
		l, err := net.Listen("tcp", f.address)
		if err == nil {
			f.start(l)
			return
		}
		if time.Since(begin) > patience {
			f.t.Errorf("listening again: %v", err) // a fault may call this: it must not end the goroutine
			return
		}
	}
}

// Live is the id of the deploy that is published, and its files.
func (f *Fake) Live() (string, map[string][]byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.live == "" {
		return "", nil
	}
	files := make(map[string][]byte)
	for p, sha := range f.find(f.live).Files {
		files[p] = f.blobs[sha]
	}
	return f.live, files
}

// Deploys are all, oldest first.
func (f *Fake) Deploys() []Deploy {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Deploy, len(f.deploys))
	for i, d := range f.deploys {
		list[i] = *d
	}
	return list
}

// Exchanges are all requests so far.
func (f *Fake) Exchanges() []Exchange {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.exchange)
}

// Count is how many requests of an operation there were.
func (f *Fake) Count(op string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[op]
}

// Reset forgets faults and counts, and keeps deploys and files.
func (f *Fake) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults, f.exchange = nil, nil
	clear(f.counts)
	clear(f.Uploads)
	f.Repeated, f.Published = nil, nil
}

// Heal forgets faults, lets stuck deploys go on, and listens again.
func (f *Fake) Heal() {
	f.mu.Lock()
	f.faults = nil
	for _, d := range f.deploys {
		d.Frozen = false
	}
	f.mu.Unlock()
	f.Up()
}

// Titled are the deploys whose title has a mark and that are neither gone nor
// failed.
func (f *Fake) Titled(mark string) (list []Deploy) {
	for _, d := range f.Deploys() {
		if !d.Gone && d.State != "error" && strings.Contains(d.Title, mark) {
			list = append(list, d)
		}
	}
	return list
}

// SetLocked locks or unlocks the site.
func (f *Fake) SetLocked(locked bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.locked = locked
}

// Publish makes a deploy of other content live, as another person would, and
// returns its id.
func (f *Fake) Publish(files map[string]string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.other(files)
}

func (f *Fake) other(files map[string]string) string {
	d := f.add("by another hand", false, "")
	d.Files = make(map[string]string)
	for p, text := range files {
		sha := sum([]byte(text))
		f.blobs[sha] = []byte(text)
		d.Files[p] = sha
	}
	d.State = "ready"
	f.publish(d)
	return d.ID
}

// Begin adds an unfinished deploy of somebody else.
func (f *Fake) Begin(title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(title, true, "")
}

// Know takes content that a later deploy need not send.
func (f *Fake) Know(files map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, text := range files {
		f.blobs[sum([]byte(text))] = []byte(text)
	}
}

// Remove forgets a deploy.
func (f *Fake) Remove(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d := f.find(id); d != nil {
		d.Gone = true
	}
}

func (f *Fake) add(title string, draft bool, alias string) *Deploy {
	f.seq++
	d := &Deploy{ID: fmt.Sprintf("%024x", 0x65f0c1d2000000+f.seq), Title: title, State: "new", Draft: draft, Alias: alias,
		Created: time.Date(2026, 11, 3, 12, 0, f.seq, 0, time.UTC)}
	f.deploys = append(f.deploys, d)
	return d
}

// find is a deploy that is not gone, or nil.
func (f *Fake) find(id string) *Deploy {
	for _, d := range f.deploys {
		if d.ID == id && !d.Gone {
			return d
		}
	}
	return nil
}

// publish makes a deploy live, unless the site is locked.
func (f *Fake) publish(d *Deploy) {
	if f.locked || f.live == d.ID {
		return
	}
	f.live, d.PublishedAt = d.ID, time.Date(2026, 11, 3, 13, 0, f.seq, 0, time.UTC)
	f.Published = append(f.Published, d.ID)
}

// missing are the sums of a deploy's files that are not here.
func (f *Fake) missing(d *Deploy) []string {
	list := []string{}
	seen := make(map[string]bool)
	for _, sha := range d.Files {
		if _, ok := f.blobs[sha]; !ok && !seen[sha] {
			seen[sha] = true
			list = append(list, sha)
		}
	}
	slices.Sort(list)
	return list
}

// advance moves a deploy on by one look at it.
func (f *Fake) advance(d *Deploy) {
	if d.Frozen || d.State == "error" || d.State == "ready" || d.State == "new" {
		return
	}
	if d.State == "preparing" { // an async manifest is being compared
		if d.Polls--; d.Polls > 0 {
			return
		}
		d.State = "prepared"
		d.Polls = f.ProcessingPolls
		return
	}
	if len(f.missing(d)) > 0 {
		d.State = "uploading"
		return
	}
	switch {
	case d.State == "uploading" || d.State == "prepared":
		d.State, d.Polls = "uploaded", f.ProcessingPolls
	case d.Polls > 0:
		d.State = "processing"
		if f.Strange != "" {
			d.State = f.Strange
		}
		d.Polls--
	default:
		d.State = "ready"
		if !d.Draft && d.Alias == "" {
			f.publish(d)
		}
	}
}

// limited takes a request into account, and reports whether it is one too many.
// The lock is held.
func (f *Fake) limited(h http.Header) bool {
	if f.Limit == 0 {
		return false
	}
	if now := time.Now().Unix(); now != f.second {
		f.second, f.asked = now, 0
	}
	f.asked++
	h.Set("X-RateLimit-Limit", strconv.Itoa(f.Limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(f.Limit-f.asked, 0)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(f.second+1, 10))
	if f.asked > f.Limit {
		f.Limited++
		return true
	}
	return false
}

func sum(data []byte) string {
	s := sha1.Sum(data)
	return hex.EncodeToString(s[:])
}

func (f *Fake) siteURL(key string) string {
	s := f.sites[key]
	if s == nil {
		s = httptest.NewServer(f.siteHandler(key))
		f.sites[key] = s
	}
	return s.URL
}

// LiveURL is the address of the live site.
func (f *Fake) LiveURL() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.siteURL("")
}

// Env is the environment for a run against this fake, made hasty.
func (f *Fake) Env(haste int) []string {
	return []string{
		"NETLIFY_AUTH_TOKEN=" + Token, "NETLIFY_SITE_ID=" + SiteID, "NETLIFY_API_URL=" + f.API(),
		fmt.Sprintf("DUSKPRESS_DEPLOY_HASTE=%d", haste),
		"HTTP_PROXY=", "HTTPS_PROXY=", "http_proxy=", "https_proxy=",
	}
}

func trimSlash(p string) string { return strings.TrimPrefix(p, "/") }
