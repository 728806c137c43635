package probe

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"time"
)

// Options say where requests go.
type Options struct {
	// Base, unless empty, is the value of the variable base.
	Base string
	// Vars are the values of other variables.
	Vars map[string]string
	// Only, unless empty, are the names of the requests to send.
	Only []string
	// Timeout is for one request; 0 is 30 seconds.
	Timeout time.Duration
}

// An Exchange is one request and its answer.
type Exchange struct {
	Method, URL string
	Sent        http.Header
	SentBody    []byte
	Final       string // the address that answered, after redirections
	Proto       string
	Status      int
	Header      http.Header
	Body        []byte
	SHA256      string
	Times       Times
}

// Times are how long the parts of an exchange took.
type Times struct {
	DNS, Connect, TLS, First, Total time.Duration
}

// A Result is one request that was sent, or could not be.
type Result struct {
	File     string
	Request  *Request
	Exchange *Exchange // nil if nothing was sent
	Checks   []Check
	Err      error

	vars *vars
}

// OK reports whether everything that was expected was seen. A request without
// expectations has to be answered with a status below 400.
func (r *Result) OK() bool {
	if r.Err != nil {
		return false
	}
	for _, c := range r.Checks {
		if !c.OK {
			return false
		}
	}
	return len(r.Checks) > 0 || r.Exchange.Status < 400
}

// maxBody is as much of an answer as is looked at.
const maxBody = 32 << 20

// Run sends the requests of a file, one after the other. An error is a fault of
// the file; what goes wrong on the way is in the results.
func Run(ctx context.Context, f *File, o Options) ([]*Result, error) {
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	override := make(map[string]string, len(o.Vars)+1)
	for k, v := range o.Vars {
		override[k] = v
	}
	if o.Base != "" {
		override["base"] = o.Base
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableCompression = true
	defer transport.CloseIdleConnections()
	var results []*Result
	found := make(map[string]bool)
	for _, q := range f.Requests {
		if len(o.Only) > 0 && !contains(o.Only, q.Name) {
			continue
		}
		found[q.Name] = true
		if err := ctx.Err(); err != nil {
			return results, err
		}
		r := &Result{File: f.Name, Request: q, vars: newVars(f, override)}
		if err := r.send(ctx, transport, o.Timeout); err != nil {
			return results, err
		}
		results = append(results, r)
	}
	return results, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// send returns an error only for a fault of the file.
func (r *Result) send(ctx context.Context, transport *http.Transport, timeout time.Duration) error {
	q := r.Request
	address, err := r.vars.expand(q.URL, q.Line)
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return &Fault{File: r.File, Line: q.Line, Col: 1, Message: fmt.Sprintf("%q is no address", r.vars.redact(address)), Hint: "it begins with http:// or https://, or with {{base}}"}
	}
	body := q.bodyRaw
	if body == nil && q.Body != "" {
		text, err := r.vars.expand(q.Body, q.Line)
		if err != nil {
			return err
		}
		body = []byte(text)
	}
	x := &Exchange{Method: q.Method, URL: u.String(), Sent: make(http.Header), SentBody: body}
	for _, h := range q.Header {
		v, err := r.vars.expand(h.Value, h.Line)
		if err != nil {
			return err
		}
		x.Sent.Add(h.Name, v)
	}
	want := make([]string, len(q.Expect))
	for i, e := range q.Expect {
		if want[i], err = r.vars.expand(e.value, e.Line); err != nil {
			return err
		}
	}
	r.Exchange = x
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if r.Err = x.do(ctx, transport, q.Stay); r.Err != nil {
		return nil
	}
	for i, e := range q.Expect {
		r.Checks = append(r.Checks, e.check(x, want[i]))
	}
	return nil
}

func (x *Exchange) do(ctx context.Context, transport *http.Transport, stay bool) error {
	begin := time.Now()
	// A transport may still be connecting by another way when the answer is here.
	var mu sync.Mutex
	var times Times
	var dns, connect, shake time.Time
	note := func(f func()) { mu.Lock(); defer mu.Unlock(); f() }
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { note(func() { dns = time.Now() }) },
		DNSDone:              func(httptrace.DNSDoneInfo) { note(func() { times.DNS = time.Since(dns) }) },
		ConnectStart:         func(string, string) { note(func() { connect = time.Now() }) },
		ConnectDone:          func(string, string, error) { note(func() { times.Connect = time.Since(connect) }) },
		TLSHandshakeStart:    func() { note(func() { shake = time.Now() }) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { note(func() { times.TLS = time.Since(shake) }) },
		GotFirstResponseByte: func() { note(func() { times.First = time.Since(begin) }) },
	})
	defer func() {
		note(func() {
			x.Times = times
			x.Times.Total = time.Since(begin)
		})
	}()
	req, err := http.NewRequestWithContext(ctx, x.Method, x.URL, bytes.NewReader(x.SentBody))
	if err != nil {
		return err
	}
	for name, values := range x.Sent {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "duskpress-probe")
	}
	x.Sent = req.Header.Clone()
	client := &http.Client{Transport: transport}
	if stay {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	resp, err := client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			if u.Timeout() {
				return errors.New("no answer in time")
			}
			err = u.Err
		}
		return err
	}
	defer resp.Body.Close()
	x.Proto, x.Status, x.Header, x.Final = resp.Proto, resp.StatusCode, resp.Header, resp.Request.URL.String()
	if x.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody)); err != nil {
		return fmt.Errorf("the answer ends too early: %w", err)
	}
	sum := sha256.Sum256(x.Body)
	x.SHA256 = hex.EncodeToString(sum[:])
	return nil
}
