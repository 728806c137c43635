package fakenetlify

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// A Kind is a way to fail.
type Kind string

// Faults of the API. Those of sites are below.
const (
	// Status answers with Fault.Status, and does nothing.
	Status Kind = "status"
	// StatusAfter acts, and then answers with Fault.Status.
	StatusAfter Kind = "status after acting"
	// DropBefore closes the connection, and does nothing.
	DropBefore Kind = "drop before acting"
	// DropAfter acts, and closes the connection without an answer.
	DropAfter Kind = "drop after acting"
	// Truncate acts, and sends half of the answer.
	Truncate Kind = "truncate"
	// Late acts, and answers after Fault.Delay.
	Late Kind = "late"
	// Refuse answers, and refuses connections from then on, until Up or Heal, or
	// for Fault.Delay.
	Refuse Kind = "refuse from then on"
	// Garbage acts, and answers 200 with something that is no JSON.
	Garbage Kind = "garbage"
	// Echo answers with Fault.Status and the token in its message.
	Echo Kind = "echo the token"
	// Call acts, and calls Fault.Do, then answers; CallBefore calls it first.
	Call       Kind = "call after acting"
	CallBefore Kind = "call before acting"
	// ErrorState puts the deploy into the state error, then answers.
	ErrorState Kind = "state error"
	// Stuck keeps the deploy in its state until Heal.
	Stuck Kind = "stuck"
	// UnknownSHA asks for a file that nobody has.
	UnknownSHA Kind = "unknown sha"
	// WrongSHA says that it took another file than was sent.
	WrongSHA Kind = "wrong sha"
	// Vanish removes the deploy, and answers 404.
	Vanish Kind = "vanish"
	// Hide leaves the deploy out of the next Fault.N lists.
	Hide Kind = "hide"
	// Lose forgets a file that was uploaded.
	Lose Kind = "lose the file"
	// Lower turns the paths of a manifest into lower case.
	Lower Kind = "lower-cased paths"
	// OtherWins publishes another deploy before, or after, this one is restored.
	OtherWins  Kind = "another deploy wins"
	OtherAfter Kind = "another deploy comes after"

	// Old serves what was live before; Rewrite changes HTML; Password answers
	// 401; StripHeaders leaves out what _headers gives, OtherHeaders gives other
	// values, MoreHeaders adds to them.
	Old          Kind = "old content"
	Rewrite      Kind = "rewritten HTML"
	Password     Kind = "password"
	StripHeaders Kind = "no headers"
	OtherHeaders Kind = "other headers"
	MoreHeaders  Kind = "more headers"
)

// A Fault is one thing that goes wrong.
type Fault struct {
	Op     string // of the API; "page" for what is live, "permalink" for deploys
	Nth    int    // the first request that it is for, from 1; 0 is the next one
	Times  int    // 0 is once, -1 for ever
	Kind   Kind
	Status int
	// Reset, of a 429, is when to come back; 0 gives no header.
	Reset time.Time
	Delay time.Duration
	N     int
	Do    func()

	used int
}

// Add places a fault.
func (f *Fake) Add(x Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if x.Nth == 0 {
		x.Nth = f.counts[x.Op] + 1
	}
	f.faults = append(f.faults, &x)
	// Without idle connections every later call has to make one.
	f.noIdle = f.noIdle || x.Kind == Refuse
}

// due is the fault for a request, or nil. The lock is held.
func (f *Fake) due(op string, n int) *Fault {
	for _, x := range f.faults {
		if x.Op != op || n < x.Nth || x.Times >= 0 && x.used >= max(x.Times, 1) {
			continue
		}
		x.used++
		return x
	}
	return nil
}

// Used reports how many faults have shown themselves.
func (f *Fake) Used() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, x := range f.faults {
		n += x.used
	}
	return n
}

// after reports whether the request is carried out before the fault.
func (x *Fault) after() bool {
	switch x.Kind {
	case Status, DropBefore, Echo, CallBefore, Vanish, OtherWins:
		return false
	}
	return true
}

// answerFault answers a request that is not carried out. CallBefore and
// OtherWins go on without an answer from the server: the caller has what it
// wanted.
func (f *Fake) answerFault(w http.ResponseWriter, r *http.Request, x *Fault) int {
	rec := httptest.NewRecorder()
	switch x.Kind {
	case CallBefore:
		x.Do()
		drop(w)
		return 0
	case DropBefore:
		drop(w)
		return 0
	case Echo:
		fail(rec, x.Status, "the token "+Token+" is not good")
	case Vanish:
		_, arg := lookUp(r.Method, r.URL.EscapedPath()[len("/api/v1"):])
		if id := deployArg(r, arg); id != f.liveID() {
			f.Remove(id)
		}
		fail(rec, 404, "Not Found")
	case OtherWins:
		f.Publish(otherSite)
		drop(w)
		return 0
	default:
		if x.Status == 404 {
			rec.Code = 404
			rec.Body.WriteString("Not Found")
		} else {
			fail(rec, x.Status, "planted "+strconv.Itoa(x.Status))
		}
		if x.Status == 429 && !x.Reset.IsZero() {
			rec.Header().Set("X-RateLimit-Remaining", "0")
			rec.Header().Set("X-RateLimit-Reset", strconv.FormatInt(x.Reset.Unix(), 10))
		}
	}
	send(w, rec, rec.Body.Len())
	return rec.Code
}

func (f *Fake) liveID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live
}

// otherSite is what another person publishes.
var otherSite = map[string]string{"index.html": "<!doctype html><title>other</title>", "404.html": "none"}

func deployArg(r *http.Request, arg []string) string {
	if len(arg) > 1 && len(r.URL.Path) > len("/api/v1/sites/") && r.URL.Path[:len("/api/v1/sites/")] == "/api/v1/sites/" {
		return arg[1]
	}
	return arg[0]
}

// afterFault does what follows the action, and reports whether it has answered.
func (f *Fake) afterFault(w http.ResponseWriter, r *http.Request, rec *httptest.ResponseRecorder, x *Fault) bool {
	_, arg := lookUp(r.Method, r.URL.EscapedPath()[len("/api/v1"):])
	switch x.Kind {
	case StatusAfter:
		fail(rec, x.Status, "planted "+strconv.Itoa(x.Status))
	case DropAfter:
		drop(w)
		return true
	case Truncate:
		send(w, rec, rec.Body.Len()/2)
		drop(w)
		return true
	case Late:
		select {
		case <-time.After(x.Delay):
		case <-r.Context().Done():
		}
	case Refuse:
		f.Down()
		if x.Delay > 0 {
			time.AfterFunc(x.Delay, f.Up)
		}
	case Garbage:
		rec.Body.Reset()
		rec.Body.WriteString("<html>welcome to the hotel's network</html>")
	case Call:
		x.Do()
	case Hide:
		f.mu.Lock()
		f.hidden[f.deploys[len(f.deploys)-1].ID] = x.N
		f.mu.Unlock()
		drop(w)
		return true
	case OtherAfter:
		f.Publish(otherSite)
	case ErrorState, Stuck, UnknownSHA, WrongSHA, Lose, Lower:
		f.distort(rec, deployArg(r, arg), arg, x)
	}
	return false
}

// distort changes a deploy, and the answer with it.
func (f *Fake) distort(rec *httptest.ResponseRecorder, id string, arg []string, x *Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	d := f.find(id)
	if d == nil || d.ID == f.live {
		return
	}
	m := f.deployJSON(d, true)
	switch x.Kind {
	case ErrorState:
		d.State, d.Error = "error", "planted failure of processing"
		if f.ErrorText != "" {
			d.Error = f.ErrorText
		}
		m = f.deployJSON(d, true)
	case Stuck:
		d.Frozen = true
		return
	case UnknownSHA:
		m["required"] = []string{sum([]byte("nobody has this"))}
	case WrongSHA:
		m = f.fileJSON(arg[1], sum([]byte("something else")))
		delete(f.blobs, d.Files[arg[1]])
		d.State = "uploading"
	case Lose:
		for p, sha := range d.Files {
			if p == arg[1] {
				delete(f.blobs, sha)
			}
		}
		d.State = "uploading"
		return
	case Lower:
		for p, sha := range d.Files {
			delete(d.Files, p)
			d.Files[lower(p)] = sha
		}
		return
	}
	reply(rec, rec.Code, m)
}

// drop breaks the connection.
func drop(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}
