// Package deploy brings a finished site to a host and proves that it is live.
//
// What enters: the directory of a site, a [Host], the directory where state is
// kept. What leaves: an [Outcome], which always says whether readers now see
// something else; a journal, receipts, and the records of incidents. It never
// builds, never calls a success what it has not read back, and never writes a
// secret, because it never has one: tokens stay inside a host.
//
// # How it works
//
// An attempt is made where no reader sees it: an empty draft, then the list of
// its files, then the files that the host lacks. It is read back, byte by byte,
// at an address of its own, and only then published. Each attempt carries a
// fingerprint of what it holds in its title, so a later run finds it again,
// whatever happened to this one: the one call that is not safe to repeat, the
// creation, is never repeated before the host was asked for that fingerprint.
//
// Intents are in the journal before a call, results after it. The journal helps
// to be quick and to explain; the host decides what is true.
package deploy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A Host is a place that a site can be deployed to. Each method makes one call,
// or several that only read, and does not repeat it: what to do after a failure
// is decided here, from the [Failure] that it returns.
type Host interface {
	// Site says what is live.
	Site(ctx context.Context) (Site, error)
	// Find lists deploys whose title contains mark, newest first.
	Find(ctx context.Context, mark string) ([]Deploy, error)
	// Create makes an empty deploy. It is the one call that must not be repeated
	// unless Find says that it had no effect.
	Create(ctx context.Context, o Spec) (Deploy, error)
	// Offer tells the files of a deploy. It may be repeated.
	Offer(ctx context.Context, id string, m *Manifest, o Spec) (Deploy, error)
	// Upload sends one file. It may be repeated.
	Upload(ctx context.Context, id string, f File, body io.Reader) error
	// Get reads a deploy.
	Get(ctx context.Context, id string) (Deploy, error)
	// Publish makes a deploy that is ready the one that readers see.
	Publish(ctx context.Context, id string) error
	// Files lists what is live.
	Files(ctx context.Context) ([]Remote, error)
	// Fetch reads one file as a reader gets it.
	Fetch(ctx context.Context, r Request) (*Answer, error)
	// Lock keeps others from publishing, or allows it again.
	Lock(ctx context.Context, id string, locked bool) error
}

// A Site is what a host says of a site.
type Site struct {
	ID, Name string
	URL      string // where readers find it
	Live     string // the id of the published deploy, or ""
	Locked   bool   // nothing is published until it is unlocked
	Branch   string // the branch that publishes to production
	// Rewrites says that the host may change HTML on its way to readers.
	Rewrites bool
	// GitOnly says that production takes deploys from git alone.
	GitOnly bool
}

// A Spec says what kind of deploy is made.
type Spec struct {
	Title string
	// Draft deploys are seen at their own address alone until published.
	Draft bool
	// Alias names a second address that follows such deploys.
	Alias string
}

// A Call is a request that was made of a host: enough to make it again. It
// never has a token.
type Call struct {
	Method string // "" where the host takes no requests
	URL    string
	JSON   []byte // the body, or nil
	File   string // the file of the site that is the body, or ""
	Page   bool   // asked as a reader asks, without a token
}

// A Deploy is what a host says of a deploy.
type Deploy struct {
	ID, Title string
	State     State
	Raw       string // the state in the host's own words
	Error     string // why, if State is Failed
	Draft     bool
	URL       string   // its own address
	AliasURL  string   // the address of its alias
	Missing   []string // the SHA-1 of files that the host lacks, once Compared
	Created   time.Time
	Published time.Time // zero if it never was
	Asked     Call      // what shows it again
}

// A State is how far a deploy has come.
type State int

const (
	Unknown    State = iota // in words that we do not know: as Waiting
	Empty                   // it has no list of files
	Waiting                 // the host is comparing the list with what it has
	Compared                // Missing is true
	Processing              // every file is there
	Ready
	Failed // for good
)

// A Remote is a file that is live.
type Remote struct {
	Path, SHA1 string
	Size       int64
}

// A Request is for one file of a deploy, as a reader would get it.
type Request struct {
	At   string // the address of the deploy or of the live site
	File string // its name in the manifest
	Path string // the escaped path of its address
}

// An Answer is what a reader gets.
type Answer struct {
	URL    string
	Status int
	Header http.Header // nil if the host has none
	SHA1   string
	SHA256 string
	Size   int64
}

// A Kind of failure decides what may be done after it.
type Kind int

const (
	Unsent       Kind = iota + 1 // the host was not reached and knows nothing
	Lost                         // the host was reached; what it did is not known
	Throttled                    // the host asks to wait
	Unauthorised                 // the host does not let us
	Absent                       // what was asked for is not there
	Refused                      // the host will not do this, now or later
	Local                        // our own machine failed
)

// A Failure is a call that did not do its work.
type Failure struct {
	Kind    Kind
	Op      string // what was tried, such as "PUT the manifest"
	Status  int    // of HTTP, 0 without an answer
	Message string // the host's words
	Request string // the id that the host's support can find it by
	Wait    time.Duration
	Err     error
	Call    // that failed
}

func (f *Failure) Error() string {
	s := f.Op
	if f.Status != 0 {
		s += fmt.Sprintf(": %d", f.Status)
	}
	if f.Message != "" {
		s += fmt.Sprintf(" %q", f.Message)
	}
	if f.Err != nil {
		s += ": " + f.Err.Error()
	}
	if f.Request != "" {
		s += " (request " + f.Request + ")"
	}
	return s
}

func (f *Failure) Unwrap() error { return f.Err }

// failure is the failure in an error. Anything else is a fault of ours.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Kind: Local, Err: err}
}
